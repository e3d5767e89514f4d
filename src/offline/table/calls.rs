//! `calls`: what the night cost in attempts and in time, by API.
//!
//! It counts attempts, so it differs between two scans of one world; every other table does not.

use super::{Column, Kind, Table};
use crate::model::CallTally;

/// One row: the attempts of one API in the whole run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallsRow {
    /// `service:Operation`, such as `s3:GetBucketEncryption`.
    pub operation: String,
    /// The counts.
    pub tally: CallTally,
}

impl CallsRow {
    /// `s3` of `s3:GetBucketEncryption`; none where no service is named.
    fn service(&self) -> Option<&str> {
        self.operation.split_once(':').map(|(service, _)| service)
    }

    /// `GetBucketEncryption` of `s3:GetBucketEncryption`.
    fn name(&self) -> &str {
        self.operation.split_once(':').map_or(self.operation.as_str(), |(_, name)| name)
    }
}

/// The table.
pub static TABLE: Table<CallsRow> = Table {
    name: "calls",
    doc: "The attempts of one API in the whole run: attempts, not logical reads.",
    columns: &[
        Column {
            name: "service",
            kind: Kind::String,
            doc: "The service, such as `s3`, `kms` or `organizations`.",
            value: |row| row.service().into(),
        },
        Column {
            name: "operation",
            kind: Kind::String,
            doc: "The API, such as `GetBucketEncryption`.",
            value: |row| row.name().into(),
        },
        Column {
            name: "calls",
            kind: Kind::Bigint,
            doc: "Attempts sent, a count; pages and retries included.",
            value: |row| row.tally.calls.into(),
        },
        Column {
            name: "retries",
            kind: Kind::Bigint,
            doc: "Attempts after the first of their request, a count.",
            value: |row| row.tally.retries.into(),
        },
        Column {
            name: "throttles",
            kind: Kind::Bigint,
            doc: "Attempts that AWS answered with a throttle, a count.",
            value: |row| row.tally.throttles.into(),
        },
        Column {
            name: "p50_ms",
            kind: Kind::Bigint,
            doc: "The median latency of an attempt in milliseconds, rounded up to two significant digits. NULL without attempts.",
            value: |row| row.tally.percentile_ms(0.5).into(),
        },
        Column {
            name: "p99_ms",
            kind: Kind::Bigint,
            doc: "The latency that 99 % of the attempts did not exceed, in milliseconds, rounded up to two significant digits. NULL without attempts.",
            value: |row| row.tally.percentile_ms(0.99).into(),
        },
    ],
};
