//! `atrest finalize`: publish the log of a run again, without AWS but for a lake on `s3://`.

use super::args::FinalizeArgs;
use super::error::CliError;
use super::exit::Exit;
use super::rules::Rules;
use super::{loss, print, summary};
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::model::{RunId, RunStatus};
use crate::sink::{self, CommittedRun, Judgement};

/// Publishes an uncommitted run as it is, and a committed one as a new `rejudged` run.
pub async fn run(args: &FinalizeArgs) -> Result<Exit, CliError> {
    let rules = Rules::read(&args.rules)?;
    let lake = super::lake::opened(args.lake.open(args.tuning.tuning()).await?).await?;
    let now = SystemClock.now();
    // A run that was judged again has no log of its own: its manifest names the run that has it.
    let (observed_run_id, run_id) = match lake.committed(&args.run) {
        true => {
            let run = CommittedRun::open(&lake, &args.run).await?;
            (run.manifest().observed_run_id.clone(), rejudged_id(now))
        }
        false => (args.run.clone(), args.run.clone()),
    };
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
    let census = sink::finalize(&lake, &judgement).await;
    let census = census.map_err(|error| loss::refused(error, &args.lake, &args.rules))?;
    summary::tell_not_compared(&census);
    print::say(summary::render(&census, &summary::Next::Lake(args.lake.uri.as_str())));
    Ok(if census.run.status == RunStatus::Partial { Exit::Partial } else { Exit::Done })
}

fn rejudged_id(now: Timestamp) -> RunId {
    RunId::new(now, super::random_u32())
}
