//! What holds the schema still: the contract as text, and a row of every table.

use super::{accounts, buckets, calls, coverage, keys, *};
use crate::clock::Timestamp;
use crate::model::*;

/// `contract.md` §3, without the words that a column may hold; a count has its type written out.
const CONTRACT: &[(&str, &str)] = &[
    (
        "accounts",
        "org_id, account_id, account_name, ou_ids array<string>, ou_names array<string>, state, joined_at, \
         access_path, scan_status, scan_reason, regions array<string>, regions_disabled array<string>, \
         buckets bigint, keys bigint, calls bigint, started_at, finished_at",
    ),
    (
        "buckets",
        "aws_partition, account_id, region, bucket, bucket_arn, bucket_type, created_at, encryption, \
         encryption_read, sse_algorithm, kms_key_ref, kms_key_ref_kind, kms_key_arn, kms_key_account_id, \
         kms_key_link, kms_key_manager, kms_key_origin, kms_key_state, kms_key_rotation, \
         kms_key_rotation_reason, bucket_key_enabled boolean, blocked_encryption_types array<string>, \
         sse_c_blocked boolean, tls_only, policy_read, policy_sha256, observed_at",
    ),
    (
        "keys",
        "aws_partition, account_id, region, key_id, key_arn, aliases array<string>, aliases_read, key_manager, \
         key_origin, key_spec, key_usage, key_state, created_at, deletion_at, multi_region, primary_key_arn, \
         custom_key_store_id, material_expires_at, describe_read, rotation, rotation_reason, rotation_read, \
         rotation_period_days int, next_rotation_at, last_rotation_at, last_rotation_type, \
         on_demand_rotations int, policy_read, policy_sha256, default_key_of_buckets bigint, \
         default_key_of_accounts bigint, observed_at",
    ),
    (
        "findings",
        "finding_uid, account_id, region, resource_type, resource_arn, related_arn, check_id, check_params, \
         check_version int, category, severity, verdict, verdict_before_exception, reason_code, reason, \
         exception_id, exception_expires_at, remedy, observed_at, subject",
    ),
    (
        "checks",
        "check_id, check_params, check_version int, title, question, category, severity, remedy, severity_max, \
         rationale, documentation",
    ),
    (
        "controls",
        "check_id, check_params, framework, framework_version, control_id, control_title, relation, source, \
         condition, note",
    ),
    (
        "coverage",
        "account_id, region, operation, asked bigint, known bigint, absent bigint, gone bigint, denied bigint, \
         throttled bigint, transport bigint, service bigint, protocol bigint, identity bigint, \
         unavailable bigint, not_asked bigint, complete boolean, accepted_gap boolean, denied_by, deny_type, \
         sample_code, sample_message",
    ),
    (
        "calls",
        "service, operation, calls bigint, retries bigint, throttles bigint, p50_ms bigint, p99_ms bigint",
    ),
    (
        "runs",
        "kind, org_id, management_account_id, started_at, finished_at, status, source, observed_run_id, as_of, \
         judged_at, previous_run_id, tool_version, schema_version int, accounts_listed bigint, \
         accounts_complete bigint, accounts_partial bigint, accounts_unreachable bigint, \
         accounts_not_scanned bigint, buckets bigint, keys bigint, findings_fail bigint, \
         findings_unknown bigint, calls bigint, settings_sha256, standard_sha256, exceptions_sha256, \
         manifest_key, manifest_sha256",
    ),
];

/// A column as the contract writes it: `name`, or `name type`; every `*_at` is a timestamp and all
/// else that has no type is a string.
fn as_written(column: &str) -> (String, String) {
    let (name, kind) = column.trim().split_once(' ').unwrap_or((column.trim(), ""));
    let kind = match kind {
        "" if name.ends_with("_at") => "timestamp",
        "" => "string",
        written => written,
    };
    (name.to_owned(), kind.to_owned())
}

#[test]
fn the_tables_are_the_contracts() {
    assert_eq!(TABLES.len(), CONTRACT.len());
    for (table, (name, columns)) in TABLES.iter().zip(CONTRACT) {
        assert_eq!(table.name, *name);
        let written: Vec<_> = std::iter::once("run_id").chain(columns.split(',')).map(as_written).collect();
        let built: Vec<_> =
            table.columns().iter().map(|c| (c.name.to_owned(), c.kind.word().to_owned())).collect();
        assert_eq!(built, written, "{name}");
    }
}

#[test]
fn every_table_and_column_says_what_it_means() {
    for table in TABLES {
        assert!(table.doc.ends_with('.'), "{}", table.name);
        let columns = table.columns();
        for (at, column) in columns.iter().enumerate() {
            let name = format!("{}.{}", table.name, column.name);
            assert!(column.doc.len() > 20, "{name} needs more than `{}`", column.doc);
            assert!(column.doc.ends_with(['.', '…', '*']), "{name} ends without a full stop");
            assert!(!columns[..at].iter().any(|other| other.name == column.name), "{name} is there twice");
            assert!(column.name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'));
        }
    }
}

#[test]
fn no_table_is_forgotten() {
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/table")).unwrap();
    let mut names: Vec<String> = files
        .filter_map(|file| file.unwrap().file_name().to_str()?.strip_suffix(".rs").map(str::to_owned))
        .filter(|name| !matches!(name.as_str(), "mod" | "tests" | "value"))
        .collect();
    names.sort();
    let mut listed: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
    listed.sort_unstable();
    assert_eq!(names, listed);
}

#[test]
fn markdown_has_a_line_for_each_column() {
    let text = markdown();
    let columns: usize = TABLES.iter().map(|table| table.columns().len()).sum();
    assert_eq!(text.lines().filter(|line| line.starts_with("| `")).count(), columns);
    assert!(text.contains("| `run_id` | `string` | ") && text.contains("## coverage\n"));
    assert!(text.ends_with("|\n") && !text.contains("\n\n\n"));
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn account_id() -> AccountId {
    "000011112222".parse().unwrap()
}

fn region() -> Region {
    "eu-west-1".parse().unwrap()
}

/// A row's value by its column's name; every value of the row must be of its column's kind.
fn value<'a, R>(table: &'static Table<R>, row: &'a R, name: &str) -> Value<'a> {
    for column in table.columns {
        assert!((column.value)(row).fits(column.kind), "{}.{}", table.name, column.name);
    }
    let column = table.columns.iter().find(|column| column.name == name);
    (column.unwrap_or_else(|| panic!("no column {name}")).value)(row)
}

fn answered<T>(operation: &'static str, reading: Reading<T>) -> Observation<T> {
    let mut observation = Observation::not_asked(operation, region(), NotAsked::TurnedOff);
    observation.reading = reading;
    observation.at = Some(at("2026-11-21T03:00:01Z"));
    observation
}

fn key(describe: Reading<KeyMetadata>) -> KeyFacts {
    KeyFacts {
        partition: "aws".parse().unwrap(),
        account_id: account_id(),
        observation: KeyObservation {
            region: region(),
            key_id: "mrk-1".into(),
            key_arn: "arn:aws:kms:eu-west-1:000011112222:key/mrk-1".into(),
            describe: answered("kms:DescribeKey", describe),
            rotation: answered("kms:GetKeyRotationStatus", Reading::Absent),
            rotations: answered("kms:ListKeyRotations", Reading::Absent),
            policy: answered("kms:GetKeyPolicy", Reading::Known(PolicyHash("ab".into()))),
        },
        aliases: Reading::Known(vec!["alias/a".into()]),
        rotation: RotationFacts {
            rotation: Ok(KeyRotation::Enabled),
            reason: None,
            state: None,
            read: Ended::Known,
            period_days: Some(365),
            next_rotation_at: None,
            last_rotation_at: None,
            last_rotation_type: None,
            on_demand_rotations: Some(0),
        },
        default_key_of_buckets: 2,
        default_key_of_accounts: 1,
    }
}

#[test]
fn multi_region_is_null_only_where_it_is_not_known() {
    let word = |describe| match value(&keys::TABLE, &key(describe), "multi_region") {
        Value::Text(text) => Some(text.into_owned()),
        other => {
            assert_eq!(other, Value::Null);
            None
        }
    };
    let of_type = |key_type: Option<&str>| {
        let configuration = MultiRegion { key_type: key_type.map(str::to_owned), primary_key_arn: None };
        Reading::Known(KeyMetadata { multi_region: Some(configuration), ..KeyMetadata::default() })
    };
    assert_eq!(word(Reading::Known(KeyMetadata::default())).as_deref(), Some("none"));
    assert_eq!(word(of_type(Some("PRIMARY"))).as_deref(), Some("primary"));
    assert_eq!(word(of_type(Some("REPLICA"))).as_deref(), Some("replica"));
    assert_eq!(word(of_type(None)), None);
    assert_eq!(word(Reading::Gone), None);
    let gone = key(Reading::Gone);
    assert_eq!(value(&keys::TABLE, &gone, "describe_read"), "gone".into());
    assert_eq!(value(&keys::TABLE, &gone, "policy_sha256"), "ab".into());
    assert_eq!(value(&keys::TABLE, &gone, "observed_at"), at("2026-11-21T03:00:01Z").into());
}

#[test]
fn an_account_that_was_not_tried_knows_no_regions() {
    let mut row = AccountFacts {
        org_id: None,
        account: Account::unlisted(account_id()),
        ou_names: Some(vec![Some("Root".into()), None]),
        scan: None,
        status: ScanStatus::NotScanned,
        reason: Some(ScanReason::NotActive),
        buckets: None,
        keys: None,
        calls: 0,
        gaps_accepted: false,
    };
    for name in ["regions", "regions_disabled", "started_at", "buckets"] {
        assert_eq!(value(&accounts::TABLE, &row, name), Value::Null, "{name}");
    }
    assert_eq!(value(&accounts::TABLE, &row, "account_id"), "000011112222".into());
    assert_eq!(value(&accounts::TABLE, &row, "ou_names"), Value::Texts(vec![Some("Root".into()), None]));
    let mut scan = AccountScan {
        account_id: account_id(),
        role_arn: None,
        access_path: Some(AccessPath::Caller),
        regions: vec![region()],
        regions_disabled: Vec::new(),
        regions_from: RegionsFrom::Fallback,
        started_at: at("2026-11-21"),
        finished_at: at("2026-11-21"),
    };
    row.scan = Some(scan.clone());
    assert_eq!(value(&accounts::TABLE, &row, "regions"), Value::texts(["eu-west-1"]));
    assert_eq!(value(&accounts::TABLE, &row, "access_path"), "caller".into());
    assert_eq!(value(&accounts::TABLE, &row, "regions_disabled"), Value::Null, "the fall-back cannot tell");
    scan.regions_from = RegionsFrom::Listed;
    row.scan = Some(scan);
    assert_eq!(
        value(&accounts::TABLE, &row, "regions_disabled"),
        Value::texts([]),
        "none, and that is known"
    );
}

#[test]
fn a_bucket_that_was_not_read_has_no_key_columns() {
    let row = BucketFacts {
        partition: "aws-cn".parse().unwrap(),
        account_id: account_id(),
        region: None,
        name: "logs".into(),
        created_at: None,
        encryption: Reading::Unread(Fault::new(FaultKind::Denied)),
        tls_only: Reading::Unread(Fault::new(FaultKind::Denied)),
        policy: Reading::Unread(Fault::new(FaultKind::Denied)),
        observed_at: None,
    };
    assert_eq!(value(&buckets::TABLE, &row, "bucket_arn"), "arn:aws-cn:s3:::logs".into());
    assert_eq!(value(&buckets::TABLE, &row, "tls_only"), "unknown".into());
    for column in buckets::TABLE.columns.iter().filter(|column| column.name.starts_with("kms_key_")) {
        assert_eq!((column.value)(&row), Value::Null, "{}", column.name);
    }
}

#[test]
fn coverage_counts_add_up_in_the_table() {
    let mut tally = Tally::default();
    tally.add(&Reading::Known(()));
    for kind in FaultKind::ALL {
        let denied_by = (*kind == FaultKind::Denied).then_some(DeniedBy::Scp);
        let fault =
            Fault { code: Some("X".into()), denied_by, message: Some("x".into()), ..Fault::new(*kind) };
        tally.add(&Reading::<()>::Unread(fault));
    }
    tally.add_not_asked(NotAsked::NoSession, 7);
    let row =
        CoverageRow { account_id: account_id(), region: Region::global(), operation: "s3:X".into(), tally };
    let facts = coverage::CoverageFacts { row, accepted_gap: true };
    let count = |name| match value(&coverage::TABLE, &facts, name) {
        Value::Integer(count) => count,
        other => panic!("{name}: {other:?}"),
    };
    let parts = [
        "known",
        "absent",
        "gone",
        "denied",
        "throttled",
        "transport",
        "service",
        "protocol",
        "identity",
        "unavailable",
    ];
    assert_eq!(parts.map(count).iter().sum::<i64>(), count("asked"));
    assert_eq!((count("asked"), count("not_asked")), (8, 7));
    assert_eq!(value(&coverage::TABLE, &facts, "denied_by"), "scp".into());
    assert_eq!(value(&coverage::TABLE, &facts, "deny_type"), Value::Null);
    assert_eq!(value(&coverage::TABLE, &facts, "sample_message"), "x".into());
    assert_eq!(value(&coverage::TABLE, &facts, "complete"), false.into());
}

#[test]
fn an_operation_is_split_at_its_colon() {
    let row = |operation: &str| calls::CallsRow { operation: operation.into(), tally: CallTally::default() };
    let split = row("s3:GetBucketEncryption");
    assert_eq!(value(&calls::TABLE, &split, "service"), "s3".into());
    assert_eq!(value(&calls::TABLE, &split, "operation"), "GetBucketEncryption".into());
    assert_eq!(value(&calls::TABLE, &split, "p50_ms"), Value::Null);
    let bare = row("Odd");
    assert_eq!(value(&calls::TABLE, &bare, "service"), Value::Null);
    assert_eq!(value(&calls::TABLE, &bare, "operation"), "Odd".into());
}

#[test]
fn the_table_of_controls_shows_every_row() {
    for control in crate::control::built_in().controls {
        let name = format!("{} {} {}", control.framework, control.control_id, control.check_id);
        for column in controls::TABLE.columns {
            let value = (column.value)(&control);
            assert!(value.fits(column.kind), "{name}: {}", column.name);
            let none = match column.name {
                "check_params" => control.parameters.is_empty(),
                "condition" => control.condition.is_none(),
                "note" => control.note.is_none(),
                _ => false,
            };
            assert_eq!(value == Value::Null, none, "{name}: {}", column.name);
        }
    }
}
