//! `atrest demo`: the main job on a simulated organization, to the byte the same each time.
//!
//! The scan is the real one: the real SDK signs, pages and parses; only the HTTP connector is the
//! simulator's. Time is tokio's paused clock on one thread, and wall time is frozen, so that the
//! same seed gives the same bytes in a second or two.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::runtime::Builder;
use tokio_util::sync::CancellationToken;

use super::args::{DemoArgs, ShapeArgs};
use super::error::CliError;
use super::exit::Exit;
use super::output::{Output, UNFINISHED};
use super::{VERSION, print, scan::header, summary};
use crate::aws::environment::{Environment, Tuning};
use crate::clock::{FrozenClock, Timestamp};
use crate::log;
use crate::model::{Exceptions, Reading, RotationHistory, RunId, ScanFilter, ScanSettings, Source};
use crate::report::{self, Format};
use crate::scan::{self, Edge, Limits, Silent};
use crate::sim::{self, Schedule, Shape, Simulator};
use crate::sink::{self, Census, CommittedRun, FolderStore, Judgement, Lake};
use crate::standard;

/// The instant of every demo: 2026-11-21T03:00:00Z.
const FROZEN: Timestamp = Timestamp::from_millis(1_795_230_000_000);
/// The file that says that a folder holds a demo and nothing else.
const MARKER: &str = ".atrest-demo";
/// The page, beside the lake.
const PAGE: &str = "report.html";

impl ShapeArgs {
    /// The shape that the simulator generates.
    pub fn shape(&self) -> Shape {
        Shape {
            seed: self.seed,
            accounts: self.accounts as usize,
            buckets: self.buckets as usize,
            keys: self.keys as usize,
            ..Shape::default()
        }
    }
}

/// Runs the demo.
pub fn run(args: &DemoArgs) -> Result<Exit, CliError> {
    let folder = prepare(&args.out)?;
    let shape = args.shape.shape();
    let runtime = Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .map_err(|error| CliError::internal(format!("failed to start the runtime: {error}")))?;
    let census = runtime.block_on(census(&folder, shape))?;
    let page = args.out.join(PAGE);
    let written = runtime.block_on(write_page(&folder, &page));
    let (lake, page) = (folder.display().to_string(), page.display().to_string());
    print::say(summary::render(&census, &summary::Next::Demo { lake: &lake, page: &page }));
    // The lake is published, and that is what a demo ends with.
    if let Err(error) = written {
        print::say(error);
    }
    Ok(Exit::Done)
}

async fn census(folder: &Path, shape: Shape) -> Result<Census, CliError> {
    let clock = Arc::new(FrozenClock(FROZEN));
    let world = sim::generate::world(&shape, FROZEN);
    let home = shape.region_names()[0].clone();
    let simulator = Simulator::new(world, Schedule::none(), clock.clone()).with_seed(shape.seed);
    let base = Arc::new(simulator).configuration(&home);
    let aws = Environment::new(&base, clock, Tuning::default(), Source::Simulator, home, shape.seed);
    let Reading::Known(caller) = aws.identify().await.reading else {
        return Err(CliError::internal("the simulator does not know its own caller"));
    };
    let settings = ScanSettings {
        role_name: "atrest-audit".to_owned(),
        external_id_sha256: None,
        filter: ScanFilter::default(),
        history: RotationHistory::default(),
    };
    let run = header(run_id(&shape), FROZEN, settings, Source::Simulator);
    let edge = Edge::new(aws, caller, None, &run, Limits::default());
    let lake = Lake::open(Arc::new(FolderStore::open(folder, true)?)).await?;
    scan::scan(&edge, &lake, &run, &Silent, &CancellationToken::new()).await?;
    let judgement = Judgement {
        observed_run_id: run.run_id.clone(),
        run_id: run.run_id.clone(),
        as_of: None,
        judged_at: FROZEN,
        tool_version: VERSION.to_owned(),
        // The same bytes from every build of this version.
        build_sha256: None,
        standard: standard::built_in(),
        exceptions: Exceptions::default(),
    };
    Ok(sink::finalize(&lake, &judgement).await?)
}

async fn write_page(folder: &Path, page: &Path) -> Result<(), CliError> {
    let lake = Lake::open(Arc::new(FolderStore::open(folder, false)?)).await?;
    let run = CommittedRun::newest(&lake).await?;
    let mut output = Output::open(page)?;
    report::write(&run, Format::Html, &mut output).await.map_err(CliError::internal)?;
    output.finish()
}

/// From seed, sizes and the frozen instant, and not from the path (contract §1).
fn run_id(shape: &Shape) -> RunId {
    let Shape { seed, accounts, buckets, keys, regions } = shape;
    let text = format!("demo\n{seed}\n{accounts}\n{buckets}\n{keys}\n{regions}\n{FROZEN}");
    let hash = log::digest(text.as_bytes());
    RunId::new(FROZEN, u32::from_str_radix(&hash[..8], 16).expect("a hash is hex"))
}

/// Empties a folder that holds only a demo, and refuses any other.
fn prepare(out: &Path) -> Result<PathBuf, CliError> {
    let shown = out.display();
    let failed =
        |what: &str, error: std::io::Error| CliError::usage(format!("failed to {what} {shown}: {error}"));
    if out.is_file() {
        return Err(CliError::usage(format!("{shown} is a file: give a folder with --out")));
    }
    if out.exists() && !is_empty(out).map_err(|error| failed("read", error))? {
        if !out.join(MARKER).is_file() || !holds_only_a_demo(out).map_err(|error| failed("read", error))? {
            return Err(CliError::usage(format!("{shown} holds more than a demo, and is left alone"))
                .hint("give another folder with --out"));
        }
        std::fs::remove_dir_all(out).map_err(|error| failed("empty", error))?;
    }
    std::fs::create_dir_all(out).map_err(|error| failed("make", error))?;
    std::fs::write(out.join(MARKER), "made by `atrest demo`, which replaces this folder\n")
        .map_err(|error| failed("write to", error))?;
    Ok(out.join("lake"))
}

fn is_empty(folder: &Path) -> std::io::Result<bool> {
    Ok(std::fs::read_dir(folder)?.next().is_none())
}

fn holds_only_a_demo(folder: &Path) -> std::io::Result<bool> {
    let known = [MARKER, "lake", PAGE];
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        // A page that a killed demo did not end lies under a name of its own.
        let is_left_over = name.as_encoded_bytes().starts_with(UNFINISHED.as_bytes());
        if !is_left_over && !known.iter().any(|known| name == *known) {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frozen_instant_is_what_it_says() {
        assert_eq!(FROZEN.to_string(), "2026-11-21T03:00:00Z");
    }
}
