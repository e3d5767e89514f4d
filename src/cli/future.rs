//! Runs of the future. Run ids are ordered by their instants, and readers take the newest committed census for the
//! latest: a run of 2099, or of a clock that is a year ahead, hides every night until then.

use super::error::CliError;
use super::print;
use crate::clock::{DAY_MS, Timestamp};
use crate::lake::Lake;
use crate::lake::committed::commit_key;
use crate::model::{AwsClock, RunId, RunKind, Source};

/// The flag that permits it.
const FLAG: &str = "--allow-future-run";

/// Seconds of a day.
const DAY_SECONDS: i64 = DAY_MS / 1_000;

/// Refuses a run whose id is more than a day ahead of the clock.
pub fn refuse(run_id: &RunId, now: Timestamp, is_allowed: bool) -> Result<(), CliError> {
    if is_allowed || !is_ahead(run_id, now) {
        return Ok(());
    }
    let message = format!(
        "run {run_id} is dated {}, and the clock says {now}: a census would stay the latest until then",
        run_id.at()
    );
    Err(CliError::usage(message).hint(format!(
        "correct --run (ATREST_RUN), or the clock of this machine; {FLAG} publishes it in spite of that"
    )))
}

/// Refuses a clock that AWS's own differs from by more than a day, in every answer so far.
pub fn refuse_clock(aws: Option<AwsClock>, now: Timestamp, is_allowed: bool) -> Result<(), CliError> {
    let Some(aws) = aws.filter(|aws| !is_allowed && is_of_another_day(*aws)) else { return Ok(()) };
    let message = format!(
        "the clock of this machine says {now}, and AWS's answers are dated {}: the run would have a wrong date",
        aws.last
    );
    Err(CliError::usage(message).hint(format!(
        "correct the clock of this machine (let it follow NTP); {FLAG} publishes the run in spite of that"
    )))
}

const fn is_of_another_day(aws: AwsClock) -> bool {
    aws.least_ahead_seconds > DAY_SECONDS || aws.most_ahead_seconds < -DAY_SECONDS
}

fn is_ahead(run_id: &RunId, now: Timestamp) -> bool {
    run_id.at() > now.plus_millis(DAY_MS)
}

/// Says which committed census stays the latest beside the run that is published.
pub async fn tell_newer(lake: &Lake, run_id: &RunId, now: Timestamp) {
    if let Some(newer) = newest_census_after(lake, run_id.at()).await {
        print::say(format!("note: {}", newer_than(lake.uri(), newer, run_id, now)));
    }
}

/// The newest census that is later than an instant. Runs of other kinds hide no night; a manifest that cannot
/// be read is reported where the lake is opened.
async fn newest_census_after(lake: &Lake, at: Timestamp) -> Option<&RunId> {
    for run_id in lake.runs().rev().take_while(|run_id| run_id.at() > at) {
        if lake.manifest(run_id).await.is_ok_and(|manifest| manifest.kind == RunKind::Census) {
            return Some(run_id);
        }
    }
    None
}

fn newer_than(uri: &str, newer: &RunId, run_id: &RunId, now: Timestamp) -> String {
    let stays = format!(
        "run {newer}, dated {}, is newer than this run, {run_id}, and stays the latest census: `report` and \
         `…_latest` read it",
        newer.at()
    );
    match is_ahead(newer, now) {
        true => format!("{stays}. {}", to_take_back(uri, newer, now)),
        false => stays,
    }
}

/// Says to whoever reads a lake that its latest census is of the future. Simulated organizations have dates of their
/// own.
pub async fn tell_latest(lake: &Lake, now: Timestamp) {
    if lake.newest().is_some_and(|newest| newest.source == Source::Simulator) {
        return;
    }
    if let Some(newest) = newest_census_after(lake, now.plus_millis(DAY_MS)).await {
        let to_take_back = to_take_back(lake.uri(), newest, now);
        print::say(format!(
            "note: run {newest} is dated {}, and stays the latest census until then. {to_take_back}",
            newest.at()
        ));
    }
}

fn to_take_back(uri: &str, run_id: &RunId, now: Timestamp) -> String {
    format!(
        "The clock says {now}. If that run was a mistake, delete {uri}/{}, which commits it; until then \
         `report --run` reads another run",
        commit_key(run_id)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn run(text: &str) -> RunId {
        text.parse().unwrap()
    }

    #[test]
    fn a_run_may_be_a_day_ahead_and_no_more() {
        let now = at("2026-11-21T03:00:00Z");
        for (run_id, fits) in [
            ("20201121T030000Z-0badcafe", true),
            ("20261122T030000Z-0badcafe", true),
            ("20261122T030001Z-0badcafe", false),
            ("20990101T000000Z-0badcafe", false),
        ] {
            assert_eq!(refuse(&run(run_id), now, false).is_ok(), fits, "{run_id}");
            assert!(refuse(&run(run_id), now, true).is_ok());
        }
        let error = refuse(&run("20990101T000000Z-0badcafe"), now, false).unwrap_err();
        assert!(
            error.message.contains("20990101T000000Z-0badcafe")
                && error.message.contains("2026-11-21T03:00:00")
        );
    }

    #[test]
    fn a_clock_that_every_answer_of_aws_contradicts_is_refused() {
        let now = at("2026-11-21T03:00:00Z");
        let seen = |date: &str| AwsClock::of(at(date), now);
        let right = seen("2026-11-21T03:00:01Z");
        for (aws, fits) in [
            (None, true),
            (Some(right), true),
            (Some(seen("2026-11-22T03:00:00Z")), true),
            (Some(seen("2026-11-22T03:00:01Z")), false),
            (Some(seen("2025-10-01T03:00:00Z")), false),
            (Some(seen("2025-10-01T03:00:00Z").and(right)), true),
        ] {
            assert_eq!(refuse_clock(aws, now, false).is_ok(), fits, "{aws:?}");
            assert!(refuse_clock(aws, now, true).is_ok());
        }
    }

    #[test]
    fn a_newer_run_is_named_and_one_of_the_future_with_what_to_do() {
        let now = at("2026-11-21T03:00:00Z");
        let ours = run("20261121T030000Z-0badcafe");
        let near = newer_than("lake", &run("20261121T040000Z-0badbeef"), &ours, now);
        assert!(near.contains("20261121T040000Z-0badbeef") && !near.contains("delete"));
        let far = newer_than("lake", &run("20990101T000000Z-0badbeef"), &ours, now);
        assert!(
            far.contains("delete lake/runs/dt=2099-01-01/20990101T000000Z-0badbeef-00000.parquet"),
            "{far}"
        );
    }
}
