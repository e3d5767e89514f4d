//! `runs`: one row a run, written last: the row is the commit.
//!
//! A run that has no row here did not happen, whatever files there are of it.

use super::{Column, Kind, Table, Value};
use crate::model::RunFacts;

/// The table.
pub static TABLE: Table<RunFacts> = Table {
    name: "runs",
    doc: "A committed run. Rows of the other tables count only where their `run_id` is here.",
    columns: &[
        Column {
            name: "kind",
            kind: Kind::String,
            doc: "`census` (the whole organization), `filtered` (a part of it) or `rejudged` (an old log judged again).",
            value: |row| row.kind.word().into(),
        },
        Column {
            name: "org_id",
            kind: Kind::String,
            doc: "The organization, `o-…`, from the ARNs of organizations:ListAccounts. NULL where no organization could be read.",
            value: |row| row.organization.org_id.as_deref().into(),
        },
        Column {
            name: "management_account_id",
            kind: Kind::String,
            doc: "The organization's management account, from the ARNs of organizations:ListAccounts.",
            value: |row| row.organization.management_account_id.into(),
        },
        Column {
            name: "started_at",
            kind: Kind::Timestamp,
            doc: "When the scan began, by the scanner's clock.",
            value: |row| row.started_at.into(),
        },
        Column {
            name: "finished_at",
            kind: Kind::Timestamp,
            doc: "When the last account's scan ended, by the scanner's clock.",
            value: |row| row.finished_at.into(),
        },
        Column {
            name: "status",
            kind: Kind::String,
            doc: "`complete`, `complete_with_accepted_gaps` (every shortfall matches an accepted gap) or `partial`.",
            value: |row| row.status.word().into(),
        },
        Column {
            name: "source",
            kind: Kind::String,
            doc: "Where the answers came from: `aws`, `endpoint` (any endpoint override) or `simulator` (in process).",
            value: |row| row.source.word().into(),
        },
        Column {
            name: "observed_run_id",
            kind: Kind::String,
            doc: "The run whose observation log was judged; the run itself, unless it is `rejudged`.",
            value: |row| (&row.observed_run_id).into(),
        },
        Column {
            name: "as_of",
            kind: Kind::String,
            doc: "The instant that exceptions and dates are judged at, RFC 3339 in UTC.",
            value: |row| Value::printed(row.as_of),
        },
        Column {
            name: "judged_at",
            kind: Kind::Timestamp,
            doc: "When the log was judged, by the scanner's clock.",
            value: |row| row.judged_at.into(),
        },
        Column {
            name: "previous_run_id",
            kind: Kind::String,
            doc: "The committed run before this one. NULL for a lake's first.",
            value: |row| row.previous_run_id.as_ref().into(),
        },
        Column {
            name: "tool_version",
            kind: Kind::String,
            doc: "The version of atrest that published.",
            value: |row| (&row.tool_version).into(),
        },
        Column {
            name: "schema_version",
            kind: Kind::Int,
            doc: "The version of these tables.",
            value: |row| row.schema_version.into(),
        },
        Column {
            name: "accounts_listed",
            kind: Kind::Bigint,
            doc: "Accounts that the organization listed, a count: the sum of the four columns that follow.",
            value: |row| row.totals.accounts_listed.into(),
        },
        Column {
            name: "accounts_complete",
            kind: Kind::Bigint,
            doc: "Accounts whose `scan_status` is `complete`, a count.",
            value: |row| row.totals.accounts_complete.into(),
        },
        Column {
            name: "accounts_partial",
            kind: Kind::Bigint,
            doc: "Accounts whose `scan_status` is `partial`, a count.",
            value: |row| row.totals.accounts_partial.into(),
        },
        Column {
            name: "accounts_unreachable",
            kind: Kind::Bigint,
            doc: "Accounts whose `scan_status` is `unreachable`, a count.",
            value: |row| row.totals.accounts_unreachable.into(),
        },
        Column {
            name: "accounts_not_scanned",
            kind: Kind::Bigint,
            doc: "Accounts whose `scan_status` is `not_scanned`, a count.",
            value: |row| row.totals.accounts_not_scanned.into(),
        },
        Column {
            name: "buckets",
            kind: Kind::Bigint,
            doc: "Rows of `buckets`, a count.",
            value: |row| row.totals.buckets.into(),
        },
        Column {
            name: "keys",
            kind: Kind::Bigint,
            doc: "Rows of `keys`, a count.",
            value: |row| row.totals.keys.into(),
        },
        Column {
            name: "findings_fail",
            kind: Kind::Bigint,
            doc: "Findings whose verdict is `fail`, a count.",
            value: |row| row.totals.findings_fail.into(),
        },
        Column {
            name: "findings_unknown",
            kind: Kind::Bigint,
            doc: "Findings whose verdict is `unknown`, a count.",
            value: |row| row.totals.findings_unknown.into(),
        },
        Column {
            name: "calls",
            kind: Kind::Bigint,
            doc: "Logical reads that were sent, a count.",
            value: |row| row.totals.calls.into(),
        },
        Column {
            name: "settings_sha256",
            kind: Kind::String,
            doc: "The lower-case hex SHA-256 of the settings in canonical JSON.",
            value: |row| (&row.settings_sha256).into(),
        },
        Column {
            name: "standard_sha256",
            kind: Kind::String,
            doc: "The lower-case hex SHA-256 of the standard; the manifest has its id and version.",
            value: |row| row.standard_sha256.as_deref().into(),
        },
        Column {
            name: "exceptions_sha256",
            kind: Kind::String,
            doc: "The lower-case hex SHA-256 of the exceptions. NULL where there were none.",
            value: |row| row.exceptions_sha256.as_deref().into(),
        },
        Column {
            name: "manifest_key",
            kind: Kind::String,
            doc: "The manifest's key in the lake, `manifests/<run_id>.json`.",
            value: |row| (&row.manifest_key).into(),
        },
        Column {
            name: "manifest_sha256",
            kind: Kind::String,
            doc: "The lower-case hex SHA-256 of the manifest's bytes.",
            value: |row| (&row.manifest_sha256).into(),
        },
    ],
};
