//! What could not be seen: it is listed and marked, and never makes an answer look clean.

use std::collections::BTreeSet;

use atrest::model::{AccountId, Verdict};
use atrest::query;
use atrest::sim::Schedule;
use atrest::sim::world::AccountState;
use serde_json::Value;

use super::{Lake, Nights, arn, denied, night, rotating_key, said, text, with};
use crate::support::night::{Night, Rules, excepting, exception};
use crate::support::python::venv;
use crate::support::worlds::healthy;

const BUCKETS_UNLISTED: &str = "unknown: the buckets were not listed";
const UNASKED: &str = "The standard does not ask this check there, of so many ";
const KEYS_UNLISTED: &str = "unknown: the keys were not listed";

/// Questions that list resources, each with what makes it list as little as it can.
const LISTS: &[&str] = &[
    "buckets_below_standard",
    "buckets_with_keys_of_others",
    "buckets_without_rotating_customer_key",
    "keys_by_reach --param at_least=1000000",
    "keys_going_away_in_use",
    "keys_last_rotation",
    "keys_material_expiring --param days=0",
    "keys_rotation_due --param days=0",
];

// What could not be read

#[test]
fn a_key_that_was_not_read_is_in_every_list_of_keys() {
    let venv = venv();
    let here = healthy();
    let id = rotating_key(&here);
    let key = arn(here.one, "eu-west-1", &id);
    let lists = [
        "keys_by_reach",
        "keys_going_away_in_use",
        "keys_last_rotation",
        "keys_material_expiring",
        "keys_rotation_due --param days=0",
    ];
    let clean = night(&venv, &here.world, []);
    for list in lists {
        let rows = clean.ask(list);
        let of_key = with(&rows, "key_arn", &key);
        assert!(of_key.iter().all(|row| !text(row, "why").starts_with("unknown: ")), "{list}: {of_key:?}");
    }
    assert_eq!(said(&clean.ask("keys_last_rotation"), "key_arn", &key), "never rotated/");
    let undescribed = night(&venv, &here.world, [denied("kms:DescribeKey").resource(&id)]);
    for list in lists {
        let rows = undescribed.ask(list);
        assert_eq!(said(&rows, "key_arn", &key), "unknown: the key was not read/denied", "{list}");
    }
    let unknown_rotation = night(&venv, &here.world, [denied("kms:GetKeyRotationStatus").resource(&id)]);
    for list in ["keys_last_rotation", "keys_rotation_due --param days=0"] {
        let rows = unknown_rotation.ask(list);
        assert_eq!(said(&rows, "key_arn", &key), "unknown: the rotation was not read/denied", "{list}");
    }
    let unknown_history = night(&venv, &here.world, [denied("kms:ListKeyRotations").resource(&id)]);
    let rows = unknown_history.ask("keys_last_rotation");
    assert_eq!(said(&rows, "key_arn", &key), "unknown: the history was not read/");
}

#[test]
fn a_bucket_that_was_not_read_is_in_every_list_of_buckets() {
    let venv = venv();
    let here = healthy();
    let rule = denied("s3:GetBucketEncryption").resource("kms-no-key");
    let lake = night(&venv, &here.world, [rule]);
    let not_read = "unknown: the configuration was not read/denied";
    for list in [
        "buckets_with_keys_of_others",
        "buckets_with_keys_of_others --param link=outside_org",
        "buckets_without_rotating_customer_key",
    ] {
        assert_eq!(said(&lake.ask(list), "bucket", "kms-no-key"), not_read, "{list}");
    }
    // The key that it stands on may be any.
    for list in ["keys_by_reach --param at_least=1000000", "keys_going_away_in_use"] {
        let rows = lake.ask(list);
        let row = with(&rows, "why", "unknown: the configuration was not read")[0];
        assert_eq!((text(row, "read"), row["default_key_of_buckets"].as_u64()), ("denied", Some(1)));
    }
    let rows = lake.ask("buckets_below_standard");
    let row = with(&rows, "bucket", "kms-no-key")[0];
    assert_eq!((text(row, "verdict"), text(row, "reason_code")), ("unknown", "encryption_not_read"));
    let clean = night(&venv, &here.world, []).ask("buckets_below_standard");
    assert!(with(&clean, "bucket", "kms-no-key").is_empty(), "it meets the standard where it was read");
}

#[test]
fn where_nothing_was_listed_every_list_says_so() {
    let venv = venv();
    let mut here = healthy();
    let closed = here.world.add_account("closed");
    here.world.account_mut(closed).state = AccountState::Suspended;
    let lake = night(
        &venv,
        &here.world,
        [
            denied("kms:ListKeys").account(here.one).region("us-east-1"),
            denied("s3:ListBuckets").account(here.one),
            denied("sts:AssumeRole").account(here.two),
        ],
    );
    let unlisted = lake.sql(
        "SELECT account_id, region, resource_type, read FROM unlisted_latest \
         ORDER BY account_id, resource_type DESC, region NULLS LAST",
    );
    let expect = |account: AccountId, place: Value, kind: &str, read: &str| {
        serde_json::json!({
            "account_id": account.to_string(), "region": place, "resource_type": kind, "read": read,
        })
    };
    let mut expected = vec![
        expect(here.one, Value::Null, "AWS::S3::Bucket", "denied"),
        expect(here.one, "us-east-1".into(), "AWS::KMS::Key", "denied"),
    ];
    for account in [here.two, closed] {
        expected.push(expect(account, Value::Null, "AWS::S3::Bucket", "not_asked"));
        expected.push(expect(account, Value::Null, "AWS::KMS::Key", "not_asked"));
    }
    expected.sort_by_key(|row| text(row, "account_id").to_owned());
    assert_eq!(unlisted, expected);
    let told = |rows: &[Value], why: &str| -> BTreeSet<String> {
        let found = rows.iter().filter(|row| text(row, "why") == why);
        found.map(|row| format!("{} {}", text(row, "account_id"), text(row, "read"))).collect()
    };
    let expected = BTreeSet::from([
        format!("{} denied", here.one),
        format!("{} not_asked", here.two),
        format!("{closed} not_asked"),
    ]);
    for list in [
        "buckets_with_keys_of_others --param link=same_org",
        "buckets_without_rotating_customer_key",
        "keys_by_reach",
        "keys_going_away_in_use",
    ] {
        assert_eq!(told(&lake.ask(list), BUCKETS_UNLISTED), expected, "{list}");
    }
    for list in ["keys_last_rotation", "keys_material_expiring", "keys_rotation_due"] {
        assert_eq!(told(&lake.ask(list), KEYS_UNLISTED), expected, "{list}");
    }
    let below = lake.ask("buckets_below_standard");
    let rows = with(&below, "bucket", "");
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| text(row, "verdict") == "unknown"));
    let rows = lake.ask(&format!("buckets_below_standard --param account_id={}", here.two));
    assert_eq!(rows.len(), 1);
    assert_eq!(text(&rows[0], "reason"), "The buckets of the account were not listed: not_asked.");
    let gaps = lake.ask(&format!("coverage_gaps --param account_id={closed}"));
    assert_eq!(gaps.len(), 1);
    assert_eq!((text(&gaps[0], "scan_status"), text(&gaps[0], "operation")), ("not_scanned", ""));
    let plain = lake.ask("buckets_open_to_plain_http");
    assert_eq!(with(&plain, "bucket", "").len(), 3);
    assert!(with(&plain, "bucket", "").iter().all(|row| text(row, "tls_only") == "unknown"));
    let open = lake.ask("keys_open_to_others");
    assert_eq!(text(with(&open, "reason", "The keys were not listed: denied.")[0], "region"), "us-east-1");
    assert_eq!(with(&open, "key_arn", "").len(), 3);
    // In a healthy organization there is nothing to say.
    let clean = night(&venv, &healthy().world, []);
    assert!(clean.sql("SELECT * FROM unlisted_latest").is_empty());
    for list in LISTS {
        assert!(clean.ask(list).iter().all(|row| subject(row).is_some()), "{list}");
    }
}

/// Where the Regions could not be listed, there may be keys in one that nobody knows of.
#[test]
fn regions_that_were_not_listed_may_hold_keys() {
    let venv = venv();
    let here = healthy();
    let lake = night(&venv, &here.world, [denied("account:ListRegions").account(here.one)]);
    let unlisted = lake.sql("SELECT * FROM unlisted_latest WHERE region IS NULL");
    let expected = serde_json::json!({
        "account_id": here.one.to_string(), "region": null, "resource_type": "AWS::KMS::Key", "read": "denied",
    });
    assert_eq!(unlisted, [expected]);
    let rows = lake.ask("keys_rotation_due --param days=0");
    assert!(with(&rows, "why", KEYS_UNLISTED).iter().any(|row| text(row, "read") == "denied"));
}

// Below the standard

#[test]
fn what_the_standard_does_not_ask_is_not_taken_for_a_pass() {
    let venv = venv();
    let here = healthy();
    let mut rules = Rules::default();
    let off = ["kms_policy_outside_org", "kms_policy_public", "s3_encryption_standard"];
    rules.standard.checks.retain(|entry| !off.contains(&entry.check_id));
    let tls = rules.standard.checks.iter_mut().find(|entry| entry.check_id == "s3_tls_only").unwrap();
    tls.scope.accounts = [here.one].into();
    let lake = Lake::of(Night::over(here.world.clone()).judged_by(rules), &venv);
    let counts = lake.sql(
        "SELECT count(*) AS buckets, count(*) FILTER (WHERE account_id <> (SELECT account_id FROM \
         accounts_latest WHERE account_name = 'one')) AS elsewhere, (SELECT count(*) FROM keys_latest) AS keys \
         FROM buckets_latest",
    );
    let told = |question: &str| -> i64 {
        let rows = lake.ask(question);
        assert!(rows.iter().all(|row| text(row, "verdict") == "unknown"), "{question}: {rows:?}");
        let said = rows.iter().filter_map(|row| text(row, "reason").strip_prefix(UNASKED));
        said.map(|of| of.trim_end_matches('.').rsplit(' ').next().unwrap().parse::<i64>().unwrap()).sum()
    };
    assert_eq!(told("buckets_below_standard"), counts[0]["buckets"]);
    assert_eq!(told("keys_open_to_others"), 2 * counts[0]["keys"].as_i64().unwrap());
    let by_check = lake.ask("posture_by_check");
    let judged = with(&by_check, "check_id", "s3_tls_only")[0];
    assert_eq!(judged["not_judged"], counts[0]["elsewhere"], "{judged}");
    let whole = with(&by_check, "check_id", "s3_default_encryption")[0];
    assert_eq!(whole["not_judged"], 0);
    for row in lake.ask("evidence_by_control") {
        let expected = if text(&row, "check_id") == "s3_tls_only" {
            &counts[0]["elsewhere"]
        } else {
            &whole["not_judged"]
        };
        assert_eq!(&row["not_judged"], expected, "{row}");
    }
}

#[test]
fn an_exempt_bucket_is_below_the_standard_too() {
    let venv = venv();
    let here = healthy();
    let records = vec![exception("E-1", "s3_encryption_standard", "no_default_configured")];
    let exceptions = excepting(records);
    let rules = Rules { exceptions, ..Rules::default() };
    let plain = night(&venv, &here.world, []).ask("buckets_below_standard");
    let morning = Night::over(here.world.clone()).judged_by(rules).run();
    let excepted = Lake::holding(&morning.store, &venv).ask("buckets_below_standard");
    let buckets = |rows: &[Value]| -> BTreeSet<String> {
        rows.iter().map(|row| text(row, "bucket").to_owned()).collect()
    };
    assert_eq!(buckets(&plain), buckets(&excepted));
    let exempt = with(&excepted, "verdict", "exempt");
    assert!(!exempt.is_empty());
    assert!(
        exempt.iter().all(|row| text(row, "exception_id") == "E-1" && !row["exception_expires_at"].is_null())
    );
}

// Units

/// `account path` of each row of an answer.
fn places(lake: &Lake, ou: &str) -> BTreeSet<String> {
    let rows = lake.ask(&format!("buckets_without_rotating_customer_key --param ou={ou}"));
    rows.iter().map(|row| format!("{} {}", text(row, "account_name"), text(row, "ou_path"))).collect()
}

fn set(texts: &[&str]) -> BTreeSet<String> {
    texts.iter().map(|it| (*it).to_owned()).collect()
}

#[test]
fn a_filter_by_unit_keeps_what_may_be_under_it() {
    let venv = venv();
    let mut here = healthy();
    let workloads = here.world.account_mut(here.one).parent.clone();
    let root = here.world.organization.root.clone();
    let other = here.world.add_unit("Sandbox", &root);
    let nested = here.world.add_unit("Inner", &other);
    here.world.account_mut(here.two).parent.clone_from(&nested);
    let (one, two) = ("one Root/Workloads", "two Root/Sandbox/Inner");
    let lake = night(&venv, &here.world, []);
    assert_eq!(places(&lake, &root).len(), 3);
    for (ou, expected) in [
        ("Workloads", set(&[one])),
        (workloads.as_str(), set(&[one])),
        ("Inner", set(&[two])),
        (other.as_str(), set(&[two])),
        ("Nowhere", set(&[])),
    ] {
        assert_eq!(places(&lake, ou), expected, "{ou}");
    }
    // Names of units under this one were not read: by its name, `Inner` is whatever they hold.
    let unnamed = denied("organizations:ListOrganizationalUnitsForParent").resource(&other);
    let lake = night(&venv, &here.world, [unnamed]);
    let two = "two Root/Sandbox/(not read)";
    for (ou, expected) in [
        ("Workloads", set(&[one, two])),
        (workloads.as_str(), set(&[one])),
        ("Inner", set(&[two])),
        (nested.as_str(), set(&[two])),
        ("Nowhere", set(&[two])),
    ] {
        assert_eq!(places(&lake, ou), expected, "{ou}");
    }
    // Without paths an account may be anywhere.
    here.world.organization.sends_paths = false;
    let lake = night(&venv, &here.world, []);
    let rows = lake.ask("buckets_without_rotating_customer_key --param ou=Nowhere");
    assert_eq!(rows, lake.ask("buckets_without_rotating_customer_key"));
    assert!(!rows.is_empty() && rows.iter().all(|row| row["ou_path"].is_null()));
}

// Posture

#[test]
fn a_count_that_is_not_known_is_no_zero() {
    let venv = venv();
    let mut here = healthy();
    let root = here.world.organization.root.clone();
    let alone = here.world.add_unit("Alone", &root);
    here.world.account_mut(here.two).parent.clone_from(&alone);
    let lake = night(
        &venv,
        &here.world,
        [
            denied("sts:AssumeRole").account(here.two),
            denied("kms:ListKeys").account(here.one).region("us-east-1"),
        ],
    );
    let units = lake.ask("posture_by_ou");
    let columns =
        ["accounts", "accounts_with_unlisted_buckets", "accounts_with_unlisted_keys", "buckets", "keys"];
    let of_unit = |name: &str| {
        let row = with(&units, "ou_name", name)[0];
        columns.map(|column| row[column].as_u64())
    };
    assert_eq!(of_unit("Alone"), [Some(1), Some(1), Some(1), None, None]);
    assert_eq!(of_unit("Workloads"), [Some(1), Some(0), Some(1), Some(12), Some(3)]);
    assert_eq!(of_unit("Root"), [Some(3), Some(1), Some(2), Some(13), Some(3)]);
    let accounts = lake.ask("posture_by_account");
    let of_account = |name: &str| {
        let row = with(&accounts, "account_name", name)[0];
        ["buckets_listed", "keys_listed", "buckets", "keys"].map(|column| row[column].to_string())
    };
    assert_eq!(of_account("two"), ["false", "false", "null", "null"]);
    assert_eq!(of_account("one"), ["true", "false", "12", "3"]);
    let standing = |name: &str| with(&accounts, "account_name", name)[0]["buckets_clean"].is_null();
    assert!(standing("two") && !standing("one"), "of what nobody listed nothing is said");
}

#[test]
fn a_resource_is_counted_once_in_the_posture_however_many_checks_it_fails() {
    let venv = venv();
    let mut nights = Nights::new();
    let here = healthy();
    let exceptions = excepting([exception("E-1", "s3_tls_only", "no_policy")]);
    let rules = Rules { exceptions, ..Rules::default() };
    let denied = Schedule::of([denied("s3:GetBucketPolicy").account(here.two)]);
    let morning = nights.then(Night::over(here.world).with(denied).judged_by(rules));
    let posture = morning.census().findings.posture();
    assert!(posture.buckets.fails > 0 && posture.buckets.unknown > 0, "{posture:?}");
    let lake = nights.lake(&venv);
    let sum = |rows: &[Value], column: &str| rows.iter().filter_map(|row| row[column].as_u64()).sum::<u64>();
    let accounts = lake.ask("posture_by_account");
    let units = lake.ask("posture_by_ou");
    let root = with(&units, "ou_name", "Root")[0].clone();
    let buckets = posture.buckets;
    for (column, count) in [
        ("buckets_clean", buckets.clean),
        ("buckets_fail", buckets.fails),
        ("buckets_unknown", buckets.unknown),
        ("buckets_exempt", buckets.exempt),
        ("buckets_not_judged", buckets.not_judged),
        ("buckets_meet_default_encryption", posture.default_encryption[&Verdict::Pass]),
    ] {
        assert_eq!(sum(&accounts, column), count, "{column}");
        assert_eq!(root[column].as_u64(), Some(count), "{column}");
    }
    let worst = ["critical", "high", "medium", "low", "informational"];
    let failing: u64 = worst.iter().map(|word| sum(&accounts, &format!("fails_{word}"))).sum();
    let resources = lake
        .sql("SELECT count(DISTINCT resource_arn) AS failing FROM findings_latest WHERE verdict = 'fail'");
    assert_eq!(resources[0]["failing"].as_u64(), Some(failing));
    assert_eq!(root["fails"].as_u64(), Some(failing));
}

#[test]
fn accounts_whose_units_were_not_reported_are_counted_and_under_no_unit() {
    let venv = venv();
    let mut here = healthy();
    here.world.organization.sends_paths = false;
    let lake = night(&venv, &here.world, []);
    let units = lake.ask("posture_by_ou");
    assert_eq!(units.len(), 1);
    assert_eq!((text(&units[0], "ou_id"), &units[0]["accounts"]), ("not_reported", &3.into()));
    assert!(lake.ask("posture_by_account").iter().all(|row| row["ou_path"].is_null()));
}

// The law

/// What a row is about; none for one that stands for what was not read or listed.
fn subject(row: &Value) -> Option<&str> {
    ["bucket", "key_arn", "kms_key_ref"].iter().find_map(|column| row.get(*column)?.as_str())
}

/// Whether one row stands for what another one was about. A bucket may stand on a key of any account, and so may
/// one whose key is unproven.
fn stands_for(row: &Value, lost: &Value) -> bool {
    let of_buckets = row.get("kms_key_ref").is_some() && row.get("bucket").is_none();
    let covers = |column: &str| {
        row[column].is_null() || row[column] == lost[column] || (column == "account_id" && of_buckets)
    };
    match subject(row) {
        None => covers("account_id") && covers("region"),
        Some(_) => of_buckets && row["why"] == "unknown: the key is unproven",
    }
}

/// Faults hide nothing: what a question lists where all could be read, it lists also where it could not, or there
/// is a row that stands for what is missing.
#[test]
fn a_fault_takes_no_row_without_a_row_that_says_so() {
    let venv = venv();
    let world = healthy().world;
    let clean = night(&venv, &world, []);
    let clean: Vec<Vec<Value>> = LISTS.iter().map(|list| clean.ask(list)).collect();
    let mut nights: Vec<Schedule> = [
        &["kms:DescribeKey"][..],
        &["kms:ListAliases", "kms:GetKeyRotationStatus"],
        &["kms:ListKeys"],
        &["s3:GetBucketEncryption"],
        &["s3:ListBuckets"],
    ]
    .map(|operations| Schedule::of(operations.iter().map(|operation| denied(operation))))
    .to_vec();
    nights.push(Schedule::random(1, 0.3, None));
    for schedule in nights {
        let morning = Night::over(world.clone()).with(schedule.clone()).run();
        let Some(Ok(_)) = morning.census else { continue };
        let lake = Lake::holding(&morning.store, &venv);
        for (list, clean) in LISTS.iter().zip(&clean) {
            let faulty = lake.ask(list);
            for row in clean {
                let is_there =
                    faulty.iter().any(|other| subject(other) == subject(row) || stands_for(other, row));
                assert!(is_there, "{list}, {schedule:?}: {row}");
            }
        }
    }
}

#[test]
fn every_question_with_a_why_has_its_read_beside_it() {
    for query in query::QUERIES {
        let columns = query.header().columns;
        let at = |name: &str| columns.iter().position(|column| column == name);
        if let Some(why) = at("why") {
            assert_eq!(at("read"), Some(why + 1), "{}", query.name);
            let question = query.header().question;
            assert!(question.contains("`read`") && question.contains("the result of"), "{}", query.name);
        }
    }
}
