//! `coverage`: what the plan asked of AWS, and what came of it: the table that earns every "none".
//!
//! `asked = known + absent + gone + denied + … + unavailable` always, because `asked` is that sum.

use super::{Column, Kind, Table};
use crate::model::{CoverageRow, FaultKind};

/// One row: the counts, and whether the standard accepts what is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoverageFacts {
    /// The counts of the log.
    pub row: CoverageRow,
    /// Whether an accepted gap of the standard covers the shortfall. It changes `runs.status` and
    /// the exit code, and nothing else.
    pub accepted_gap: bool,
}

/// The table.
pub static TABLE: Table<CoverageFacts> = Table {
    name: "coverage",
    doc: "The reads of one operation in one Region of one account, where any was asked or should have been.",
    columns: &[
        Column {
            name: "account_id",
            kind: Kind::String,
            doc: "The account that was read.",
            value: |facts| facts.row.account_id.into(),
        },
        Column {
            name: "region",
            kind: Kind::String,
            doc: "The Region that was asked; `global` for account-wide operations.",
            value: |facts| (&facts.row.region).into(),
        },
        Column {
            name: "operation",
            kind: Kind::String,
            doc: "The API, `service:Operation`, such as `s3:GetBucketEncryption`.",
            value: |facts| (&facts.row.operation).into(),
        },
        Column {
            name: "asked",
            kind: Kind::Bigint,
            doc: "Logical reads that were sent or tried, a count: the sum of the ten columns that follow.",
            value: |facts| facts.row.tally.asked().into(),
        },
        Column {
            name: "known",
            kind: Kind::Bigint,
            doc: "Reads that gave a value, a count.",
            value: |facts| facts.row.tally.known.into(),
        },
        Column {
            name: "absent",
            kind: Kind::Bigint,
            doc: "Reads that the service answered with \"not configured\", a count.",
            value: |facts| facts.row.tally.absent.into(),
        },
        Column {
            name: "gone",
            kind: Kind::Bigint,
            doc: "Reads of a resource that was no longer there, a count.",
            value: |facts| facts.row.tally.gone.into(),
        },
        Column {
            name: "denied",
            kind: Kind::Bigint,
            doc: "Reads that AWS refused to this principal, a count.",
            value: |facts| facts.row.tally.faults_of(FaultKind::Denied).into(),
        },
        Column {
            name: "throttled",
            kind: Kind::Bigint,
            doc: "Reads that AWS throttled on every attempt, a count.",
            value: |facts| facts.row.tally.faults_of(FaultKind::Throttled).into(),
        },
        Column {
            name: "transport",
            kind: Kind::Bigint,
            doc: "Reads without an answer (connection, TLS, DNS, time-out, a body cut short), a count.",
            value: |facts| facts.row.tally.faults_of(FaultKind::Transport).into(),
        },
        Column {
            name: "service",
            kind: Kind::Bigint,
            doc: "Reads where the service failed or gave a code that this version does not know, a count.",
            value: |facts| facts.row.tally.faults_of(FaultKind::Service).into(),
        },
        Column {
            name: "protocol",
            kind: Kind::Bigint,
            doc: "Reads whose answer is not what the API promises, a count.",
            value: |facts| facts.row.tally.faults_of(FaultKind::Protocol).into(),
        },
        Column {
            name: "identity",
            kind: Kind::Bigint,
            doc: "Reads whose credentials were not accepted, a count.",
            value: |facts| facts.row.tally.faults_of(FaultKind::Identity).into(),
        },
        Column {
            name: "unavailable",
            kind: Kind::Bigint,
            doc: "Reads in a Region that is not there for this account while its session works elsewhere, a count.",
            value: |facts| facts.row.tally.faults_of(FaultKind::Unavailable).into(),
        },
        Column {
            name: "not_asked",
            kind: Kind::Bigint,
            doc: "Reads that the plan called for and that were never sent, a count; not in `asked`.",
            value: |facts| facts.row.tally.not_asked().into(),
        },
        Column {
            name: "complete",
            kind: Kind::Boolean,
            doc: "Whether every read that the plan called for was answered. What `--region` left out does not stand against it.",
            value: |facts| facts.row.tally.complete().into(),
        },
        Column {
            name: "accepted_gap",
            kind: Kind::Boolean,
            doc: "Whether an accepted gap of the standard covers the shortfall.",
            value: |facts| facts.accepted_gap.into(),
        },
        Column {
            name: "denied_by",
            kind: Kind::String,
            doc: "The kind of policy that denied most of `denied`, from AWS's message: `identity`, `resource_policy`, `scp`, `rcp`, `boundary`, `session`, `vpc_endpoint` or `unstated`. Helps a reader; decides nothing. NULL where nothing was denied.",
            value: |facts| facts.row.tally.denial().map(|(by, _)| by.word()).into(),
        },
        Column {
            name: "deny_type",
            kind: Kind::String,
            doc: "`explicit` (a Deny statement matched) or `implicit` (no statement allowed), from AWS's message. NULL where it does not say.",
            value: |facts| facts.row.tally.denial().and_then(|(_, how)| how).map(|how| how.word()).into(),
        },
        Column {
            name: "sample_code",
            kind: Kind::String,
            doc: "AWS's error code of most of the failed reads.",
            value: |facts| facts.row.tally.sample_code().into(),
        },
        Column {
            name: "sample_message",
            kind: Kind::String,
            doc: "One of AWS's messages for the reads with `sample_code`, or a message of the credential provider: one line of at most 1 KiB, without secrets. NULL where there is none, and in runs from before it was stored.",
            value: |facts| facts.row.tally.sample_message().into(),
        },
    ],
};
