//! What holds the schema still: the contract as text, a snapshot, and a row of every table.

use super::*;

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
        "coverage",
        "account_id, region, operation, asked bigint, known bigint, absent bigint, gone bigint, denied bigint, \
         throttled bigint, transport bigint, service bigint, protocol bigint, identity bigint, \
         unavailable bigint, not_asked bigint, complete boolean, accepted_gap boolean, denied_by, deny_type, \
         sample_code",
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
fn the_schema_is_the_snapshot() {
    let mut text = format!("schema_version {SCHEMA_VERSION}\n");
    for table in TABLES {
        for column in table.columns() {
            writeln!(text, "{}.{} {}", table.name, column.name, column.kind).unwrap();
        }
    }
    insta::assert_snapshot!("schema", text);
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
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/table")).unwrap();
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
    assert!(text.contains("| `run_id` | string | ") && text.contains("### coverage\n"));
    assert!(text.ends_with("|\n") && !text.contains("\n\n\n"));
}
