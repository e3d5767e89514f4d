//! `atrest report`: a committed run as what its reader opens.

use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::args::{ReportArgs, ReportFormat};
use super::error::CliError;
use super::exit::Exit;
use super::folder::Folder;
use super::output::Output;
use super::print;
use super::work::Work;
use crate::clock::{Clock, SystemClock};
use crate::lake::{CommittedRun, LakeError};
use crate::report::{self, Format, INDEX, ReportError, SCOPE, Split};
use crate::table::{self, TableInfo};

/// Writes the report. What can be refused is refused before the lake is read.
pub async fn run(args: &ReportArgs, work: &Work) -> Result<Exit, CliError> {
    let format = format(args)?;
    if let Some(by) = args.split_by {
        return split(args, by.split(), work).await;
    }
    let output = open(args.output.clone(), work).await?;
    if let Some(path) = output.unfinished() {
        work.unfinished(path.to_owned());
    }
    let run = committed(args, work).await?;
    work.does(format!("reading run {}, and writing the report", run.manifest().run_id));
    if output.unfinished().is_none() {
        report::hold(&run, format).await.map_err(|error| failed(args, error))?;
    }
    let mut output = Told { output, work };
    match report::write(&run, format, &mut output).await {
        // `| head` has what it wanted.
        Err(ReportError::Write(error)) if error.kind() == ErrorKind::BrokenPipe => return Ok(Exit::Done),
        written => written.map_err(|error| failed(args, error))?,
    }
    let output = output.output;
    let name = output.name();
    work.finishes();
    output.finish()?;
    print::say(format!("run {} as {} in {name}", run.manifest().run_id, args.format.word()));
    // A page has it in its text; a file of rows has no place for it.
    if args.format != ReportFormat::Html {
        print::say(print::wrapped(SCOPE, ""));
    }
    Ok(Exit::Done)
}

/// An output of which an interruption leaves what was written, where it is printed and no file of its own.
struct Told<'a> {
    output: Output,
    work: &'a Work,
}

impl Write for Told<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.output.unfinished().is_none() {
            self.work.leaves("what was printed is not the whole report; run it again");
        }
        self.output.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

/// A page for each part of the run, into a folder that is there whole or not at all.
async fn split(args: &ReportArgs, by: Split, work: &Work) -> Result<Exit, CliError> {
    let mut folder = Folder::open(&args.output, by)?;
    work.unfinished(folder.unfinished().to_owned());
    let run = committed(args, work).await?;
    work.does(format!("reading run {}, and writing the pages", run.manifest().run_id));
    report::write_split(&run, by, &mut folder).await.map_err(|error| failed(args, error))?;
    work.finishes();
    let pages = folder.finish()?;
    let (run_id, shown) = (&run.manifest().run_id, args.output.display());
    print::say(format!("run {run_id} as {pages} pages in {shown}; begin with {shown}/{INDEX}"));
    Ok(Exit::Done)
}

async fn committed(args: &ReportArgs, work: &Work) -> Result<CommittedRun, CliError> {
    let lake = super::lake_uri::read(args.lake.open(args.tuning.tuning(), work).await?, work).await?;
    let run = match &args.run {
        Some(run_id) => CommittedRun::open(&lake, run_id).await?,
        None => {
            super::future::tell_latest(&lake, SystemClock.now()).await;
            CommittedRun::newest(&lake).await.map_err(newest)?
        }
    };
    super::lake_uri::tell_passed_over(&lake);
    Ok(run)
}

/// The newest night is not passed over in silence: an older one is reported when it is asked for.
fn newest(error: LakeError) -> CliError {
    let is_lost = error.is_lost_night();
    let error = CliError::from(error);
    if is_lost { error.hint("`--run` reports an older night") } else { error }
}

/// Opens the output. A pipe waits for who reads it, and Ctrl-C must not wait with it.
async fn open(path: PathBuf, work: &Work) -> Result<Output, CliError> {
    tracing::info!("opening {}", path.display());
    work.does(format!("waiting for who reads {}", path.display()));
    let opened = tokio::task::spawn_blocking(move || Output::open(&path));
    opened.await.map_err(CliError::internal)?
}

fn format(args: &ReportArgs) -> Result<Format, CliError> {
    let table = |format: fn(&'static TableInfo) -> Format| match &args.table {
        Some(name) => Ok(format(table::find(name).expect("clap knows the tables"))),
        None => Err(CliError::usage(format!("--format {} needs --table", args.format.word()))
            .hint(format!("the tables: {}", names().join(", ")))),
    };
    let whole = |format: Format| match &args.table {
        None => Ok(format),
        Some(_) => Err(CliError::usage(format!(
            "--table goes with --format csv and json; {} is of the whole run",
            args.format.word()
        ))),
    };
    if args.format != ReportFormat::Html && (args.summary || args.split_by.is_some()) {
        let flag = if args.summary { "--summary" } else { "--split-by" };
        return Err(CliError::usage(format!("{flag} goes with --format html")));
    }
    match args.format {
        ReportFormat::Html if args.summary => whole(Format::HtmlSummary),
        ReportFormat::Html => whole(Format::Html),
        ReportFormat::Ocsf => whole(Format::Ocsf),
        ReportFormat::S3AuditCsv => whole(Format::S3AuditCsv),
        ReportFormat::Csv => table(Format::Csv),
        ReportFormat::Json => table(Format::Json),
    }
}

/// The names of the tables.
pub fn names() -> Vec<&'static str> {
    table::TABLES.iter().map(|table| table.name).collect()
}

fn failed(args: &ReportArgs, error: ReportError) -> CliError {
    match error {
        ReportError::Lake(error) => error.into(),
        ReportError::Write(error) if args.output == Path::new("-") => print::not_written(&error),
        ReportError::Write(error) => {
            CliError::usage(format!("failed to write {}: {error}", args.output.display()))
        }
        ReportError::Word { .. } => CliError::usage(error),
    }
}
