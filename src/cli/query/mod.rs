//! `atrest query`: the shipped questions, or a statement of one's own, over a lake in a folder.
//!
//! What the caller has wrong is said before the lake is opened, and with the question's own header beside
//! it. Rows go to stdout as they come, words to stderr.

mod cache;
mod links;
mod lost;
mod stage;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use self::stage::Stage;
use super::args::{QueryArgs, QueryFormat};
use super::error::CliError;
use super::exit::Exit;
use super::lake_uri::LakeUri;
use super::work::Work;
use super::{children, future, print};
use crate::clock::{Clock, SystemClock};
use crate::lake::{HeldFolder, Lake, LakeError};
use crate::query::{
    self, Duckdb, DuckdbError, Format, Need, Parameter, ParameterError, Process, QUERIES, Query, schema,
};
use crate::spelling::nearest;

/// Lists the questions, or answers one.
pub async fn run(args: &QueryArgs, work: &Work) -> Result<Exit, CliError> {
    let given = given(&args.param)?;
    let sql = match (&args.name, &args.sql) {
        (Some(name), _) => question(name, &given)?,
        (None, Some(sql)) => own(sql, &given)?,
        (None, None) => {
            print::data(&listing())?;
            return Ok(Exit::Done);
        }
    };
    let Some(lake) = &args.lake else { return Err(no_lake(args.name.as_deref())) };
    work.does(format!("reading what the lake {} holds", lake.as_str()));
    let stage = staged(lake, &sql, args).await?;
    work.unfinished(stage.path().into());
    stage.say();
    work.does("waiting for duckdb");
    let script = format!("{}{sql};\n", schema::prelude(&stage.path(), &sql, |name| stage.has(name)));
    let (format, mut lines, mut has_rows) = (format(args.format), 0, false);
    let mut watch = None;
    let answered = Duckdb::at(&args.duckdb).run(
        &script,
        format,
        |process| watch = Some(end_with(work.stop().clone(), process)),
        end,
        |line| {
            has_rows |= format.tells_of_rows(lines, line);
            lines += 1;
            print::line(line)
        },
    );
    // Its number may be another's from now on.
    watch.inspect(JoinHandle::abort);
    match answered {
        _ if work.is_stopped() => return Err(work.interrupted()),
        Err(DuckdbError::Answer(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            return Ok(Exit::Done);
        }
        answered => answered.map_err(|error| refused(error, args, lake, &stage.path()))?,
    }
    print::flushed()?;
    if schema::reads_trail(&sql) {
        print::say("note: a lake in a folder has no CloudTrail: `cloudtrail_logs` is empty here; ask Athena");
    } else if !has_rows {
        print::say(no_rows(&given));
    }
    Ok(Exit::Done)
}

/// Ends the process when the caller stops.
fn end_with(stop: CancellationToken, process: Process) -> JoinHandle<()> {
    tokio::spawn(async move {
        stop.cancelled().await;
        end(process);
    })
}

/// Ends all that was started. What left the process's group is found by its parent, while that lives.
fn end(process: Process) {
    children::end();
    process.end();
}

/// Nothing found, or nothing that could be: a value that is written otherwise than in the lake finds nothing.
fn no_rows(given: &BTreeMap<String, String>) -> String {
    if given.is_empty() {
        return "no rows".to_owned();
    }
    let values: Vec<String> = given.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("no rows; values are compared as they are written, here {}", values.join(", "))
}

fn format(format: QueryFormat) -> Format {
    match format {
        QueryFormat::Table => Format::Table,
        QueryFormat::Csv => Format::Csv,
        QueryFormat::Json => Format::Json,
    }
}

/// The values of `--param`, by name.
fn given(params: &[String]) -> Result<BTreeMap<String, String>, CliError> {
    let mut given = BTreeMap::new();
    for param in params {
        let Some((name, value)) = param.split_once('=') else {
            return Err(CliError::usage(format!("--param {param} has no value: write --param NAME=VALUE")));
        };
        if given.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(CliError::usage(format!("--param {name} is given twice")));
        }
    }
    Ok(given)
}

/// The statement of a shipped question.
fn question(name: &str, given: &BTreeMap<String, String>) -> Result<String, CliError> {
    let Some(query) = query::find(name) else {
        let error = CliError::usage(format!("there is no query `{name}`"));
        return Err(match nearest(name, QUERIES.iter().map(|query| query.name)) {
            Some(near) => error.hint(format!("did you mean `{near}`? `atrest query` lists them all")),
            None => error.hint("`atrest query` lists them"),
        });
    };
    let parameters = query.header().parameters;
    query::fill(query.text, &parameters, given).map_err(|error| {
        print::say(detail(query));
        let near = match &error {
            ParameterError::Unknown(name) => {
                nearest(name, parameters.iter().map(|known| known.name.as_str()))
            }
            ParameterError::Missing(_) | ParameterError::IllFormed { .. } => None,
        };
        let error = CliError::usage(format!("failed to ask {name}: {error}"));
        match near {
            Some(near) => error.hint(format!("did you mean `{near}`?")),
            None => error,
        }
    })
}

/// A statement of the caller's own.
fn own(sql: &str, given: &BTreeMap<String, String>) -> Result<String, CliError> {
    let sql = sql.trim().trim_end_matches(';').trim_end();
    if let Some(name) = given.keys().next() {
        return Err(CliError::usage(format!("--param {name} goes with the name of a query, not with --sql")));
    }
    if sql.is_empty() || sql.starts_with('.') || sql.contains('\0') {
        return Err(
            CliError::usage("--sql takes an SQL statement").hint("such as --sql 'SELECT * FROM runs'")
        );
    }
    Ok(sql.to_owned())
}

fn no_lake(name: Option<&str>) -> CliError {
    if let Some(query) = name.and_then(query::find) {
        print::say(detail(query));
    }
    CliError::usage("it needs --lake DIR, the folder of a lake")
        .hint("`atrest demo` makes one: ./atrest-demo/lake")
}

/// The files that a statement reads. A lake without a committed run is an error, and so is one without a census
/// where a shipped question looks for the newest.
async fn staged(lake: &LakeUri, sql: &str, args: &QueryArgs) -> Result<Stage, CliError> {
    let (Some(store), Some(folder)) = (lake.open_folder(false).transpose()?, lake.folder()) else {
        let message = format!("{} is on S3, and duckdb reads a folder", lake.as_str());
        return Err(CliError::usage(message).hint(format!(
            "ask Athena, for which the same queries are shipped (queries/), or copy the lake first: aws s3 sync {} lake",
            lake.as_str()
        )));
    };
    let opened = Lake::open(store).await?;
    if opened.runs().next().is_none() {
        return Err(LakeError::NoRun { uri: opened.uri().to_owned() }.into());
    }
    future::tell_latest(&opened, SystemClock.now()).await;
    let stage = match args.no_verify {
        true => Stage::unverified(&opened, folder, sql).await?,
        false => {
            let (memories, now) = (cache::folder(), SystemClock.now());
            let held = HeldFolder::new(&opened, folder, memories.as_deref(), now);
            let mut held = held.map_err(|error| unreadable(folder, &error))?;
            Stage::verified(&opened, &mut held, sql, args.name.is_some()).await?
        }
    };
    if !stage.has_census() && schema::reads_censuses(sql) {
        let newest = opened.newest().map_or_else(
            || "no run has a manifest that can be read".to_owned(),
            |newest| format!("its newest run, {}, is {}", newest.run_id, newest.kind.word()),
        );
        let message = format!("{} holds no census: {newest}, and `…_latest` would be empty", lake.as_str());
        match &args.name {
            Some(_) => {
                return Err(CliError::usage(message).hint(
                    "a scan without --account, --exclude-account, --ou and --region is a census; \
                     `atrest report` and `query runs_of_period` show other runs, too",
                ));
            }
            None => print::say(format!("note: {message}")),
        }
    }
    Ok(stage)
}

fn unreadable(folder: &Path, error: &io::Error) -> CliError {
    CliError::internal(format!("failed to read the lake's folder {}: {error}", folder.display()))
}

fn refused(error: DuckdbError, args: &QueryArgs, lake: &LakeUri, stage: &str) -> CliError {
    let said = match &error {
        DuckdbError::NotFound(_) | DuckdbError::NotStarted { .. } | DuckdbError::NotDuckdb { .. } => {
            return CliError::usage(error).hint(
                "get one with `pip install duckdb-cli` or from https://duckdb.org/install, and name it with \
                 --duckdb where it is not on the PATH",
            );
        }
        DuckdbError::Answer(error) => return print::not_written(error),
        DuckdbError::Pipe(_) | DuckdbError::Died(_) => return CliError::internal(error),
        DuckdbError::Refused(said) => said.replace(stage, lake.as_str()),
    };
    let first = said.lines().next().unwrap_or_default();
    match file(&said, lake.as_str()) {
        Some(file) => CliError::internal(format!("failed to read {file}: {first}"))
            .hint("restore the file from its copy; a file that no run wrote does not belong there"),
        None if args.sql.is_some() => CliError::usage(format!("failed to run --sql: {said}")),
        None => CliError::internal(format!("failed to ask duckdb: {first}"))
            .hint("the queries need DuckDB 1.3 or later; `duckdb --version` says which it is"),
    }
}

/// The file of the lake that a message names.
fn file<'a>(said: &'a str, lake: &str) -> Option<&'a str> {
    const ENDING: &str = ".parquet";
    let named = &said[said.find(&format!("{lake}/"))?..];
    let file = &named[..named.find(ENDING)? + ENDING.len()];
    (!file.contains('*')).then_some(file)
}

/// Every question by topic.
fn listing() -> String {
    let mut text = "Ask with: atrest query --lake DIR NAME [--param NAME=VALUE]…\n".to_owned();
    let mut topic = "";
    for query in QUERIES {
        if query.topic != topic {
            topic = query.topic;
            let _ = writeln!(text, "\n{topic}");
        }
        let header = query.header();
        let _ = writeln!(text, "  {}", query.name);
        text.push_str(&print::wrapped(&header.question, "      "));
        text.push('\n');
        let needed = header.parameters.iter().filter(|it| it.need == Need::Required);
        let names: Vec<String> = needed.map(|it| format!("--param {}={}", it.name, it.kind.word())).collect();
        if !names.is_empty() {
            text.push_str(&print::wrapped(&names.join(" "), "      needs "));
            text.push('\n');
        }
    }
    text
}

/// One question, in full.
fn detail(query: &Query) -> String {
    let header = query.header();
    let mut lines = vec![format!("{}: {}", query.name, header.title), print::wrapped(&header.question, "  ")];
    lines.extend(header.parameters.iter().map(of_parameter));
    lines.push(print::wrapped(&header.columns.join(", "), "  columns: "));
    lines.join("\n")
}

fn of_parameter(parameter: &Parameter) -> String {
    let need = match &parameter.need {
        Need::Required => "required".to_owned(),
        Need::Any => "any, unless given".to_owned(),
        Need::Default(value) => format!("{value}, unless given"),
    };
    let example =
        parameter.example.as_ref().map(|example| format!("; such as {example}")).unwrap_or_default();
    let about = format!("{} ({}; {need}{example})", parameter.doc, parameter.kind.asked());
    print::wrapped(&about, &format!("  --param {}=", parameter.name))
}
