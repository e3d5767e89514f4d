//! The shell: flags, environment, terminal, exit codes. No other room knows of any of these.

mod args;
mod build;
mod checks;
mod committed;
mod config;
#[cfg(feature = "sim")]
mod demo;
mod doctor;
mod edge;
mod error;
mod estimate;
mod exit;
mod expiry;
mod finalize;
mod folder;
mod future;
mod iam;
mod lake;
mod loss;
mod output;
mod print;
mod progress;
mod query;
mod report;
mod rules;
mod scan;
#[cfg(feature = "sim")]
mod simulate;
mod summary;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use tokio::runtime::{Builder, Runtime};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use args::{Cli, Command};
use config::ParseError;
use error::CliError;
use exit::Exit;

/// This atrest's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Parses, runs, and says how it ended.
pub fn main() -> ExitCode {
    #[expect(clippy::disallowed_methods, reason = "the shell is where arguments are read")]
    let arguments = std::env::args_os().collect();
    let cli = match config::parse(arguments)
        .and_then(|matches| Cli::from_arg_matches(&matches).map_err(ParseError::Usage))
    {
        Ok(cli) => cli,
        Err(error) => return refuse(error),
    };
    init_log(cli.verbose);
    match run(cli.command) {
        Ok(exit) => exit.into(),
        Err(error) => {
            print::say(&error);
            error.exit.into()
        }
    }
}

fn refuse(error: ParseError) -> ExitCode {
    let (error, file) = match error {
        ParseError::Config(error) => {
            print::say(&error);
            return error.exit.into();
        }
        ParseError::Usage(error) => (error, None),
        ParseError::UsageOverFile(error, path) => (error, Some(path)),
    };
    let printed = error.print().and_then(|()| io::stdout().flush());
    // clap prints help to stdout and mistakes to stderr, after which there is no place left to write to.
    if !error.use_stderr()
        && let Err(failed) = print::written(printed)
    {
        print::say(&failed);
        return failed.exit.into();
    }
    if let Some(path) = file.filter(|_| error.use_stderr()) {
        print::say(format!("  note: values may also come from the settings file {}", path.display()));
    }
    if error.use_stderr() { Exit::Usage.into() } else { Exit::Done.into() }
}

fn init_log(verbose: u8) {
    let level = match verbose {
        // Other crates' warnings repeat what the error says.
        0 => "error,atrest=warn",
        1 => "warn,atrest=info",
        _ => "warn,atrest=debug",
    };
    let filter = tracing_subscriber::EnvFilter::new(level);
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| print::Log).init();
}

fn run(command: Command) -> Result<Exit, CliError> {
    match command {
        #[cfg(feature = "sim")]
        Command::Demo(args) => demo::run(&args),
        Command::Doctor(args) => runtime()?.block_on(doctor::run(&args)),
        Command::Scan(args) => {
            let runtime = runtime()?;
            let exit = runtime.block_on(async {
                let stop = stop_on_signals(
                    "stopping: accounts in flight are dropped, what is sealed is kept; once more aborts",
                )?;
                Box::pin(scan::run(&args, &stop)).await
            });
            // Blocked look-ups of names must not hold the exit back.
            runtime.shutdown_background();
            exit
        }
        Command::Finalize(args) => runtime()?.block_on(finalize::run(&args)),
        Command::Report(args) => {
            let runtime = runtime()?;
            let exit = runtime.block_on(async {
                let stop = stop_on_signals("stopping")?;
                report::run(&args, &stop).await
            });
            // A pipe that nobody reads must not hold the exit back.
            runtime.shutdown_background();
            exit
        }
        Command::Query(args) => runtime()?.block_on(async {
            let stop = stop_on_signals("stopping")?;
            stop_with_the_terminal(&stop)?;
            query::run(&args, &stop).await
        }),
        Command::Checks(args) => checks::run(&args).map(|()| Exit::Done),
        Command::Iam(args) => iam::run(&args).map(|()| Exit::Done),
        #[cfg(feature = "sim")]
        Command::Simulate(args) => runtime()?.block_on(async {
            let stop = stop_on_signals("stopping")?;
            simulate::run(&args, &stop).await
        }),
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "atrest", &mut text);
            print::data(&String::from_utf8_lossy(&text)).map(|()| Exit::Done)
        }
    }
}

fn runtime() -> Result<Runtime, CliError> {
    Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::internal(format!("failed to start the runtime: {error}")))
}

/// The first Ctrl-C or SIGTERM stops in good order; a second one aborts.
fn stop_on_signals(said: &'static str) -> Result<CancellationToken, CliError> {
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    let stop = CancellationToken::new();
    let token = stop.clone();
    tokio::spawn(async move {
        next_of(&mut interrupt, &mut terminate).await;
        print::say(said);
        token.cancel();
        next_of(&mut interrupt, &mut terminate).await;
        abort();
    });
    Ok(stop)
}

/// Stops when the terminal is closed: what was started in a group of its own would stay.
fn stop_with_the_terminal(stop: &CancellationToken) -> Result<(), CliError> {
    let (mut hangup, token) = (listen(SignalKind::hangup())?, stop.clone());
    tokio::spawn(async move {
        hangup.recv().await;
        token.cancel();
    });
    Ok(())
}

fn listen(kind: SignalKind) -> Result<Signal, CliError> {
    signal(kind).map_err(|error| CliError::internal(format!("failed to listen for signals: {error}")))
}

async fn next_of(interrupt: &mut Signal, terminate: &mut Signal) {
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
}

#[expect(clippy::disallowed_methods, clippy::exit, reason = "a second signal means now")]
fn abort() -> ! {
    std::process::exit(i32::from(Exit::Interrupted.code()))
}

/// A random number for a new run's id: told apart, not secret.
#[expect(clippy::disallowed_methods, reason = "a new run's id is the one thing that must not repeat")]
fn random_u32() -> u32 {
    fastrand::Rng::new().u32(..)
}
