//! `atrest finalize`: publish the log of a run again, without AWS but for a lake on `s3://`.

use super::args::FinalizeArgs;
use super::error::CliError;
use super::exit::Exit;
use super::rules::Rules;
use super::work::Work;
use super::{committed, future, loss, print, summary};
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::lake::{CommittedRun, Hold, Lake, Published};
use crate::log;
use crate::model::{RunId, RunStatus};
use crate::publish::{self, Judgement};

/// Publishes an uncommitted run as it is, and a committed one as a new `rejudged` run.
pub async fn run(args: &FinalizeArgs, work: &Work) -> Result<Exit, CliError> {
    let rules = Rules::read(&args.rules)?;
    let lake = super::lake_uri::read(args.lake.open(args.tuning.tuning(), work).await?, work).await?;
    let now = SystemClock.now();
    let _alone = alone(&lake, &args.run)?;
    // A run that was judged again has no log of its own: its manifest names the run that has it.
    let (observed_run_id, run_id) = match lake.committed(&args.run) {
        true => {
            let run = CommittedRun::open(&lake, &args.run).await?;
            super::lake_uri::tell_passed_over(&lake);
            (run.manifest().observed_run_id.clone(), rejudged_id(now))
        }
        false => {
            for note in lake.notes() {
                print::say(format!("note: {note}"));
            }
            scanned(&lake, &args.run).await?;
            future::refuse(&args.run, now, args.future.allow_future_run)?;
            (args.run.clone(), args.run.clone())
        }
    };
    // What is judged again is no census, and takes no other's place.
    if run_id == observed_run_id {
        future::tell_newer(&lake, &run_id, now).await;
    }
    let judgement = Judgement {
        observed_run_id,
        run_id,
        as_of: args.as_of,
        judged_at: now,
        tool_version: super::VERSION.to_owned(),
        build_sha256: super::build::sha256(),
        standard: rules.standard,
        exceptions: rules.exceptions,
        max_lost: args.loss.max_lost,
    };
    work.does(format!("judging and publishing run {}", judgement.run_id));
    let census = publish::finalize_unless(&lake, &judgement, work.publish()).await;
    let census = committed::unless_by_another(census);
    let census =
        census.map_err(|error| work.or_interrupted(loss::refused(error, &args.lake, &args.rules)))?;
    let Some(census) = census else {
        return committed::tell(&lake, &judgement.run_id, None).await.map(|told| told.exit(false));
    };
    if matches!(census.published, Published::Committed { by_another: true, .. }) {
        committed::tell_same(&census.run.run_id);
    }
    summary::tell_not_compared(&census);
    print::say(summary::render(&census, &summary::Next::Lake(args.lake.uri.as_str())));
    Ok(if census.run.status == RunStatus::Partial { Exit::Partial } else { Exit::Done })
}

/// Refuses a run of which the lake has nothing: whatever else is wrong with its id, it is the wrong one.
async fn scanned(lake: &Lake, run_id: &RunId) -> Result<(), CliError> {
    if !lake.store().list(&log::prefix(run_id)).await?.is_empty() {
        return Ok(());
    }
    let message =
        format!("failed to finalize run {run_id}: {} has no log of it, and no committed run", lake.uri());
    let hint = match lake.runs().next_back() {
        Some(newest) => format!("correct --run; the newest committed run is {newest}"),
        None => "correct --run or --lake; `atrest scan` writes a run's log".to_owned(),
    };
    Err(CliError::usage(message).hint(hint))
}

/// What an interruption leaves.
pub fn left(args: &FinalizeArgs) -> String {
    format!("nothing is published, and the log of run {} is kept; run the same command again", args.run)
}

/// A log that is still written is no run to be published: what is sealed later would be missing from it.
fn alone(lake: &Lake, run_id: &RunId) -> Result<Option<Hold>, CliError> {
    if lake.committed(run_id) {
        return Ok(None);
    }
    let hold = lake.store().hold(run_id, false)?;
    let in_the_way = || {
        CliError::usage(format!(
            "failed to finalize run {run_id}: another atrest process scans or publishes it"
        ))
        .hint("wait until it has ended: it publishes the run itself. If it hangs, end it first")
    };
    hold.map(Some).ok_or_else(in_the_way)
}

fn rejudged_id(now: Timestamp) -> RunId {
    RunId::new(now, super::random_u32())
}
