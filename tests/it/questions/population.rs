//! The population adds up or says where not, and evidence counts it once.

use std::collections::BTreeSet;
use std::sync::Arc;

use atrest::sim::{Effect, Rule, Schedule};
use serde_json::Value;

use super::{Lake, line, lines};
use crate::support::night::Night;
use crate::support::python::venv;
use crate::support::shell::files;
use crate::support::worlds::{healthy, troubled};

// The population

/// The counts that do not add up, as `counted expected_by`.
fn apart(rows: Vec<Value>) -> Vec<String> {
    assert_eq!(rows.len(), 15, "{rows:?}");
    let apart: Vec<Value> = rows.into_iter().filter(|row| row["adds_up"] != true).collect();
    lines(&apart, &["counted", "expected_by"])
}

#[test]
fn every_night_adds_up_whatever_went_wrong() {
    let venv = venv();
    for seed in 0..3 {
        let schedule = Schedule::random(seed, 0.3, None);
        let lake = Lake::of(Night::over(troubled(seed)).with(schedule), &venv);
        assert_eq!(apart(lake.ask("population")), [""; 0], "{seed}");
    }
}

#[test]
fn a_table_that_lost_its_rows_does_not_add_up() {
    let venv = venv();
    // A denied policy makes verdicts that are `unknown`, and accounts that are `partial`.
    let denied = Schedule::of([Rule::always(Effect::AccessDenied).on("s3:GetBucketPolicy")]);
    let night = Night::over(healthy().world).with(denied);
    for (table, expected) in [
        ("buckets", &["buckets runs.buckets", "buckets accounts.buckets", "judged_buckets findings"][..]),
        ("keys", &["keys runs.keys", "keys accounts.keys", "judged_keys findings"]),
        ("findings", &["findings_fail runs.findings_fail", "findings_unknown runs.findings_unknown"]),
        ("coverage", &["calls runs.calls"]),
        (
            "accounts",
            &[
                "accounts runs.accounts_listed",
                "accounts_partial runs.accounts_partial",
                "buckets accounts.buckets",
                "keys accounts.keys",
                "judged_accounts findings",
            ],
        ),
    ] {
        let lake = Lake::of(night.clone().on(&Arc::default()), &venv);
        for (_, part) in files(&lake.0.path("lake").join(table)) {
            let script = format!("COPY (FROM '{}' LIMIT 0) TO 'none.parquet'", part.display());
            lake.0.duckdb(&venv, &script);
            std::fs::rename(lake.0.path("none.parquet"), part).unwrap();
        }
        assert_eq!(apart(lake.ask_unheld("population")), expected, "{table}");
    }
}

#[test]
fn a_population_says_whose_lists_it_lacks() {
    let venv = venv();
    let healthy = healthy();
    let denied = |operation: &str, account| Rule::always(Effect::AccessDenied).on(operation).account(account);
    let blind = Schedule::of([
        denied("s3:ListBuckets", healthy.one),
        denied("kms:ListKeys", healthy.one).region("us-east-1"),
        denied("sts:AssumeRole", healthy.two),
    ]);
    let unlisted = |lake: &Lake| {
        let rows = lake.ask("population");
        assert!(rows.iter().all(|row| row["adds_up"] == true), "{rows:?}");
        let counted = |what: &str| {
            let row = rows.iter().find(|row| row["counted"] == what).unwrap();
            row["accounts_not_listed"].as_u64().unwrap()
        };
        [counted("buckets"), counted("keys")]
    };
    assert_eq!(unlisted(&Lake::of(Night::over(healthy.world.clone()), &venv)), [0, 0]);
    assert_eq!(unlisted(&Lake::of(Night::over(healthy.world.clone()).with(blind), &venv)), [2, 2]);
}

// Evidence

#[test]
fn two_sources_of_one_control_are_two_rows_of_the_same_counts() {
    let venv = venv();
    let lake = Lake::of(Night::over(healthy().world), &venv);
    let counts =
        ["control_id", "check_id", "check_params", "pass", "fail", "exempt", "unknown", "not_applicable"];
    let before = lake.ask("evidence_by_control");
    assert!(before.iter().any(|row| row["fail"].as_u64() > Some(0)), "{before:?}");
    let (_, part) = files(&lake.0.path("lake/controls")).pop().unwrap();
    let also = "SELECT * FROM part UNION ALL SELECT * REPLACE ('Another document' AS source) FROM part";
    let script = format!(
        "COPY (WITH part AS (SELECT * FROM read_parquet('{part}', hive_partitioning = false)) {also}) TO 'two.parquet'",
        part = part.display()
    );
    lake.0.duckdb(&venv, &script);
    std::fs::rename(lake.0.path("two.parquet"), part).unwrap();
    let after = lake.ask_unheld("evidence_by_control");
    let (other, own): (Vec<Value>, Vec<Value>) =
        after.into_iter().partition(|row| row["source"] == "Another document");
    assert_eq!(lines(&own, &counts), lines(&before, &counts));
    assert_eq!(lines(&other, &counts), lines(&before, &counts));
}

#[test]
fn evidence_says_that_something_was_not_seen() {
    let venv = venv();
    let healthy = healthy();
    let status = |schedule: Schedule| {
        let rows =
            Lake::of(Night::over(healthy.world.clone()).with(schedule), &venv).ask("evidence_by_control");
        rows.iter().map(|row| line(row, &["run_status"])).collect::<BTreeSet<_>>()
    };
    let denied = Rule::always(Effect::AccessDenied).on("s3:ListBuckets").account(healthy.one);
    assert_eq!(status(Schedule::none()), BTreeSet::from(["complete".to_owned()]));
    assert_eq!(status(Schedule::of([denied])), BTreeSet::from(["partial".to_owned()]));
}
