//! Evidence obeys the conditions of the control map, whatever the organization's standard asks for.

use std::collections::BTreeMap;

use atrest::model::{Condition, Encryption, Subject, Verdict};
use serde_json::Value;

use super::{Lake, Nights, text};
use crate::support::night::{Morning, Night, Row, Rules};
use crate::support::python::venv;
use crate::support::shell::Shell;
use crate::support::worlds::{healthy, troubled};

/// The words of a resource as evidence, each a column of `evidence_by_control`.
const WORDS: [&str; 6] = ["pass", "fail", "exempt", "unknown", "not_applicable", "not_evidence"];

/// The built-in standard with another requirement.
fn asking_for(minimum_mode: Encryption, customer_managed_key: bool) -> Rules {
    let mut rules = Rules::default();
    for entry in &mut rules.standard.encryption {
        entry.requirement.minimum_mode = minimum_mode;
        entry.requirement.customer_managed_key = customer_managed_key;
    }
    rules
}

fn cell<'a>(row: &'a Row, column: &str) -> &'a str {
    row[column].as_deref().unwrap_or_default()
}

/// The rows of a control by one check, in whatever framework.
fn of_control<'a>(rows: &'a [Value], control_id: &str, check_id: &str) -> Vec<&'a Value> {
    let found =
        rows.iter().filter(|row| text(row, "control_id") == control_id && text(row, "check_id") == check_id);
    let found: Vec<&Value> = found.collect();
    assert!(!found.is_empty(), "{control_id} {check_id}");
    found
}

/// Counts by what names a row of the control map.
type Counts = BTreeMap<String, BTreeMap<&'static str, u64>>;

fn asked(rows: &[Value]) -> Counts {
    let columns = ["framework", "framework_version", "control_id", "check_id", "check_params"];
    let name = |row: &Value| columns.map(|column| text(row, column).to_owned()).join("|");
    rows.iter().map(|row| (name(row), WORDS.map(|word| (word, row[word].as_u64().unwrap())).into())).collect()
}

/// The same from the rows of the lake and the condition's own law.
fn counted(morning: &Morning) -> Counts {
    let columns = ["framework", "framework_version", "control_id", "check_id", "check_params"];
    let findings = morning.rows("findings");
    let mut counts = Counts::new();
    for control in morning.rows("controls") {
        let name = columns.map(|column| cell(&control, column).to_owned()).join("|");
        let condition =
            control["condition"].as_deref().map(|json| serde_json::from_str::<Condition>(json).unwrap());
        let count = counts.entry(name).or_insert_with(|| WORDS.map(|word| (word, 0)).into());
        for finding in &findings {
            if finding["check_id"] == control["check_id"]
                && finding["check_params"] == control["check_params"]
            {
                let verdict = Verdict::from_word(cell(finding, "verdict")).unwrap();
                let subject = finding["subject"].as_deref().map(|word| Subject::from_word(word).unwrap());
                *count.get_mut(Condition::evidence(condition.as_ref(), verdict, subject).word()).unwrap() +=
                    1;
            }
        }
    }
    counts
}

#[test]
fn the_question_and_the_condition_agree_under_every_standard() {
    let venv = venv();
    let standards = [
        Rules::default(),
        asking_for(Encryption::SseS3, false),
        asking_for(Encryption::SseKms, true),
        asking_for(Encryption::DsseKms, true),
    ];
    for (at, rules) in standards.into_iter().enumerate() {
        let world = if at % 2 == 0 { healthy().world } else { troubled(at as u64) };
        let mut nights = Nights::new();
        let morning = nights.then(Night::over(world).judged_by(rules));
        let asked = asked(&nights.lake(&venv).ask("evidence_by_control"));
        let counted = counted(&morning);
        assert_eq!(asked.len(), counted.len());
        for (name, counts) in &counted {
            assert_eq!(asked[name], *counts, "{at}: {name}");
        }
        assert!(asked.values().any(|counts| counts["not_evidence"] > 0), "{at}");
    }
}

/// 54 of a demo's passes were those of buckets with SSE-S3.
#[test]
fn where_the_standard_admits_sse_s3_a_control_of_kms_keys_does_not() {
    let venv = venv();
    let mut nights = Nights::new();
    let morning = nights.then(Night::over(healthy().world).judged_by(asking_for(Encryption::SseS3, false)));
    let rows = nights.lake(&venv).ask("evidence_by_control");
    let buckets: BTreeMap<String, Row> =
        morning.rows("buckets").into_iter().map(|row| (cell(&row, "bucket_arn").to_owned(), row)).collect();
    let findings = morning.rows("findings");
    let passes = |of: &dyn Fn(&Row) -> bool| {
        let passes = findings.iter().filter(|row| {
            cell(row, "check_id") == "s3_encryption_standard" && cell(row, "verdict") == "pass"
        });
        passes.filter(|row| of(&buckets[cell(row, "resource_arn")])).count() as u64
    };
    assert!(passes(&|bucket| cell(bucket, "encryption") == "sse_s3") > 0, "the standard admits it");
    let under_kms = passes(&|bucket| matches!(cell(bucket, "encryption"), "sse_kms" | "dsse_kms"));
    let under_customers = passes(&|bucket| cell(bucket, "kms_key_manager") == "CUSTOMER");
    assert!(under_customers > 0 && under_customers < under_kms, "{under_customers} of {under_kms}");
    for (control_id, expected) in [
        ("S3.17", under_kms),
        ("SC-28(3)", under_kms),
        ("3.6.1.2", under_kms),
        ("CCC.Core.CN11.AR03", under_customers),
        ("SA-9(6)", under_customers),
        ("SC-28", passes(&|_| true)),
    ] {
        for row in of_control(&rows, control_id, "s3_encryption_standard") {
            assert_eq!(row["pass"].as_u64(), Some(expected), "{row}");
        }
    }
}

/// The same with the fails of a standard that asks for more than the control does.
#[test]
fn where_the_standard_asks_for_more_a_fail_is_no_evidence_against_the_control() {
    let venv = venv();
    let mut nights = Nights::new();
    let morning = nights.then(Night::over(healthy().world).judged_by(asking_for(Encryption::DsseKms, true)));
    let rows = nights.lake(&venv).ask("evidence_by_control");
    let without_kms = morning
        .rows("buckets")
        .iter()
        .filter(|row| matches!(cell(row, "encryption"), "sse_s3" | "not_configured"))
        .count() as u64;
    let fails = morning
        .rows("findings")
        .iter()
        .filter(|row| cell(row, "check_id") == "s3_encryption_standard" && cell(row, "verdict") == "fail")
        .count() as u64;
    assert!(without_kms < fails, "buckets with SSE-KMS fail, too");
    for row in of_control(&rows, "S3.17", "s3_encryption_standard") {
        assert!(row["fail"].as_u64().unwrap() <= without_kms, "{row}");
        assert!(row["not_evidence"].as_u64().unwrap() > 0, "{row}");
    }
}

#[test]
fn a_control_of_customer_keys_counts_them_alone() {
    let venv = venv();
    let shell = Shell::new().asking(&venv);
    shell.atrest("demo --nights 1 --out d").succeeded();
    std::fs::rename(shell.path("d/lake"), shell.path("lake")).unwrap();
    let lake = Lake(shell);
    let facts = lake.sql(
        "SELECT coalesce(k.key_manager, 'unknown') AS manager, f.verdict, count(*) AS n \
         FROM findings_latest f JOIN keys_latest k ON k.key_arn = f.resource_arn AND k.account_id = f.account_id \
         WHERE f.check_id = 'kms_rotation_enabled' GROUP BY 1, 2",
    );
    let of = |manager: &str, verdict: &str| {
        let found =
            facts.iter().find(|row| text(row, "manager") == manager && text(row, "verdict") == verdict);
        found.map_or(0, |row| row["n"].as_u64().unwrap())
    };
    assert!(of("AWS", "pass") > 0 && of("CUSTOMER", "pass") > 0 && of("CUSTOMER", "fail") > 0, "{facts:?}");
    let rows = lake.ask("evidence_by_control");
    let mut seen = 0;
    for control_id in ["KMS.4", "3.6", "3.8", "4.6"] {
        for row in of_control(&rows, control_id, "kms_rotation_enabled") {
            assert_eq!(row["pass"].as_u64(), Some(of("CUSTOMER", "pass")), "{row}");
            assert_eq!(row["fail"].as_u64(), Some(of("CUSTOMER", "fail")), "{row}");
            assert_eq!(row["not_evidence"].as_u64(), Some(of("AWS", "pass")), "{row}");
            seen += 1;
        }
    }
    assert_eq!(seen, 9, "KMS.4, and a recommendation of each version of CIS");
}
