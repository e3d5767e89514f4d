//! The shell: flags, environment, terminal, exit codes. No other room knows of any of these.

mod args;
mod build;
mod checks;
mod children;
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
mod given;
mod iam;
mod inherited;
mod lake_uri;
mod loss;
mod man;
mod not_text;
mod output;
mod print;
mod progress;
mod query;
mod report;
mod rules;
mod scan;
mod schema;
mod signals;
#[cfg(feature = "sim")]
mod simulate;
mod summary;
mod work;

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{CommandFactory, FromArgMatches};
use tokio::runtime::Builder;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use args::{Cli, Command};
use config::ParseError;
use error::CliError;
use exit::Exit;
use work::Work;

/// This atrest's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Listens for signals, parses, runs, and says how it ended.
pub fn main() -> ExitCode {
    // To read a file that the command line names may wait for another program, for ever.
    let work = Arc::new(Work::new("nothing was begun; run it again"));
    if let Err(error) = signals::watch(&work) {
        print::say(&error);
        return error.exit.into();
    }
    #[expect(clippy::disallowed_methods, reason = "the shell is where arguments are read")]
    let arguments = std::env::args_os().collect();
    let cli = match config::parse(arguments)
        .and_then(|matches| Cli::from_arg_matches(&matches).map_err(ParseError::Usage))
    {
        Ok(cli) => cli,
        Err(error) => return refuse(error),
    };
    init_log(cli.verbose);
    match run(cli.command, &work) {
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
    let (others, ours) = match verbose {
        // Other crates' warnings repeat what the error says.
        0 => (LevelFilter::ERROR, LevelFilter::WARN),
        1 => (LevelFilter::WARN, LevelFilter::INFO),
        _ => (LevelFilter::WARN, LevelFilter::DEBUG),
    };
    // The SDK tells the external id of a profile with what it could not do by it, and the error says that, too.
    let targets = [("atrest", ours), ("aws_config", LevelFilter::OFF)];
    let filter = Targets::new().with_default(others).with_targets(targets);
    let lines = tracing_subscriber::fmt::layer().with_writer(|| print::Log);
    tracing_subscriber::registry().with(lines).with(filter).init();
}

fn run(command: Command, work: &Arc<Work>) -> Result<Exit, CliError> {
    if work.is_stopped() {
        return Err(work.interrupted());
    }
    work.leaves(left(&command));
    let ended = begin(command, work);
    if ended.as_ref().map_or(true, |exit| *exit == Exit::Interrupted) {
        children::end();
    }
    ended
}

/// What an interruption leaves before a command has begun, and how to go on.
fn left(command: &Command) -> String {
    match command {
        #[cfg(feature = "sim")]
        Command::Demo(_) => "no census is published; `atrest demo` begins again".to_owned(),
        #[cfg(feature = "sim")]
        Command::Simulate(_) => "the simulator did not begin to listen".to_owned(),
        Command::Scan(args) => scan::left(args),
        Command::Finalize(args) => finalize::left(args),
        Command::Doctor(_) => "what is not listed above was not tried; run it again".to_owned(),
        Command::Report(_) => "no report was written; run it again".to_owned(),
        Command::Query(_) => "the answer is not complete; ask again".to_owned(),
        Command::Checks(_) | Command::Iam(_) | Command::Schema(_) | Command::Completions { .. } => {
            "the output is not complete; run it again".to_owned()
        }
        Command::Man { .. } => "the manual pages are not complete; run it again".to_owned(),
    }
}

fn begin(command: Command, work: &Arc<Work>) -> Result<Exit, CliError> {
    match command {
        #[cfg(feature = "sim")]
        Command::Demo(args) => demo::run(&args, work),
        Command::Doctor(args) => block_on(work, doctor::run(&args, work)),
        Command::Scan(args) => block_on(work, Box::pin(scan::run(&args, work))),
        Command::Finalize(args) => block_on(work, finalize::run(&args, work)),
        Command::Report(args) => block_on(work, report::run(&args, work)),
        Command::Query(args) => block_on(work, query::run(&args, work)),
        Command::Checks(args) => checks::run(&args).map(|()| Exit::Done),
        Command::Iam(args) => iam::run(&args).map(|()| Exit::Done),
        Command::Schema(args) => schema::run(&args).map(|()| Exit::Done),
        #[cfg(feature = "sim")]
        Command::Simulate(args) => block_on(work, simulate::run(&args, work)),
        Command::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "atrest", &mut text);
            print::data(&String::from_utf8_lossy(&text)).map(|()| Exit::Done)
        }
        Command::Man { folder } => man::run(&folder).map(|()| Exit::Done),
    }
}

fn block_on(work: &Work, command: impl Future<Output = Result<Exit, CliError>>) -> Result<Exit, CliError> {
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::internal(format!("failed to start the runtime: {error}")))?;
    let ended = runtime.block_on(work.race(command));
    // Neither the blocked look-up of a name nor a pipe that is not read delays the exit.
    runtime.shutdown_background();
    ended
}

/// A random number for a new run's id: told apart, not secret.
#[expect(clippy::disallowed_methods, reason = "a new run's id is the one thing that must not repeat")]
fn random_u32() -> u32 {
    fastrand::Rng::new().u32(..)
}
