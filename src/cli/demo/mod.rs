//! `atrest demo`: the main job on a simulated organization, to the byte the same each time.
//!
//! The scan is the real one: the real SDK signs, pages and parses; only the HTTP connector is the
//! simulator's. So is everything after it. The lake holds a month of nights, so that trends, changes
//! and dates have something to show. Time is tokio's paused clock, and wall time is frozen, so that the
//! same seed gives the same bytes.

mod folder;
mod more;
mod night;

use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use tokio::runtime::{Builder, Runtime};

use self::folder::PAGE;
use self::night::{Plan, Scanned};
use super::args::{DemoArgs, ShapeArgs};
use super::error::CliError;
use super::exit::Exit;
use super::output::Output;
use super::progress::Nights;
use super::work::Work;
use super::{print, summary};
use crate::clock::{DAY_MS, Timestamp};
use crate::lake::{CommittedRun, FolderStore, Lake};
use crate::model::RunId;
use crate::publish::Census;
use crate::report::{self, Format};
use crate::sim::{Shape, World};

/// The instant of every demo's last night: 2026-11-21T03:00:00Z.
const FROZEN: Timestamp = Timestamp::from_millis(1_795_230_000_000);

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
pub fn run(args: &DemoArgs, work: &Work) -> Result<Exit, CliError> {
    let (nights, shape) = (nights(args.nights), args.shape.shape());
    let runs: Vec<RunId> = nights.iter().map(|at| night::run_id(&shape, *at)).collect();
    let (lake, rules) = folder::prepare(&args.out, &runs)?;
    let plan = Plan { lake, shape, rules };
    work.does("making the organization");
    let census = censuses(&plan, &nights, work).map_err(|error| work.or_interrupted(error))?;
    let page = args.out.join(PAGE);
    let written = runtime()?.block_on(write_page(&plan.lake, &page));
    let (lake, page) = (plan.lake.display().to_string(), page.display().to_string());
    let earlier = nights.split_last().and_then(|(_, earlier)| Some((earlier.first()?, earlier.last()?)));
    let earlier = earlier.map(|(first, last)| (nights.len() - 1, first.date(), last.date()));
    print::say(summary::render(&census, &summary::Next::Demo { lake: &lake, page: &page, earlier }));
    // The lake is published, and that is what a demo ends with.
    if let Err(error) = written {
        print::say(error);
    }
    Ok(Exit::Done)
}

/// The nights, the last one at the frozen instant and each a day after the one before.
fn nights(count: u16) -> Vec<Timestamp> {
    (0..i64::from(count)).rev().map(|back| FROZEN.plus_millis(-back * DAY_MS)).collect()
}

/// A night that was scanned, or why it was not.
type Night = Result<Scanned, CliError>;

/// Threads that scan, each every second night: one alone would keep the judgement waiting.
const SCANNERS: usize = 2;

/// Takes the census of every night, in order; gives the last one.
///
/// A night's scan needs nothing of the night before, and its judgement does: nights are scanned beside
/// each other, while this thread judges and publishes them one after the other.
fn censuses(plan: &Plan, nights: &[Timestamp], work: &Work) -> Result<Census, CliError> {
    let progress = Nights::start(nights, work);
    let organization = plan.organization(FROZEN);
    let census = thread::scope(|scope| {
        let scanned: Vec<Receiver<Night>> = (0..SCANNERS)
            .map(|first| {
                // A scanner is at most one night ahead.
                let (sender, receiver) = sync_channel(1);
                let own = nights.iter().skip(first).step_by(SCANNERS);
                let organization = &organization;
                scope.spawn(move || scan(plan, organization, own, &sender, work));
                receiver
            })
            .collect();
        publish(plan, nights, &scanned, &progress, work)
    });
    progress.end();
    census
}

/// Scans some nights, until one fails or the next is not waited for.
fn scan<'a>(
    plan: &Plan,
    organization: &World,
    nights: impl Iterator<Item = &'a Timestamp>,
    scanned: &SyncSender<Night>,
    work: &Work,
) {
    for at in nights {
        let night = runtime().and_then(|it| it.block_on(night::scan(plan, organization, *at, work.stop())));
        let failed = night.is_err();
        if scanned.send(night).is_err() || failed {
            return;
        }
    }
}

fn publish(
    plan: &Plan,
    nights: &[Timestamp],
    scanned: &[Receiver<Night>],
    progress: &Nights<'_>,
    work: &Work,
) -> Result<Census, CliError> {
    let runtime = runtime()?;
    let mut last = None;
    for (at, scanned) in (1..).zip(scanned.iter().cycle()).take(nights.len()) {
        let night = scanned.recv().map_err(|_| CliError::internal("a night was not scanned"))??;
        last = Some(runtime.block_on(night::publish(plan, &night, work.publish()))?);
        progress.one_more();
        work.publish().again();
        work.leaves(format!(
            "{at} of {} censuses are published, and no page is written; `atrest demo` begins again",
            nights.len()
        ));
        if work.is_stopped() {
            return Err(work.interrupted());
        }
    }
    last.ok_or_else(|| CliError::internal("a demo has at least one night"))
}

/// One thread with tokio's paused clock: a new one for each scan, so that each begins at the same time.
fn runtime() -> Result<Runtime, CliError> {
    Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .map_err(|error| CliError::internal(format!("failed to start the runtime: {error}")))
}

async fn write_page(folder: &Path, page: &Path) -> Result<(), CliError> {
    let lake = Lake::open(std::sync::Arc::new(FolderStore::open(folder, false)?)).await?;
    let run = CommittedRun::newest(&lake).await?;
    let mut output = Output::open(page)?;
    report::write(&run, Format::Html, &mut output).await.map_err(CliError::internal)?;
    output.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_frozen_instant_is_what_it_says() {
        assert_eq!(FROZEN.to_string(), "2026-11-21T03:00:00Z");
    }

    #[test]
    fn a_month_of_nights_ends_with_the_frozen_one() {
        let all: Vec<String> = nights(31).iter().map(ToString::to_string).collect();
        assert_eq!(all.len(), 31);
        assert_eq!((all[0].as_str(), all[30].as_str()), ("2026-10-22T03:00:00Z", "2026-11-21T03:00:00Z"));
        assert_eq!(nights(1), [FROZEN]);
    }
}
