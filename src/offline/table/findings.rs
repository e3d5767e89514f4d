//! `findings`: a check instance's verdict on a resource, one row each, whatever the verdict.

use super::{Column, Kind, Table};
use crate::model::{Finding, Subject};

/// The table.
pub static TABLE: Table<Finding> = Table {
    name: "findings",
    doc: "A check instance's verdict on a resource: passes, fails, and what cannot be said, side by side.",
    columns: &[
        Column {
            name: "finding_uid",
            kind: Kind::String,
            doc: "The same night after night for the same organization, check instance and resource: 32 lower-case hex digits of a SHA-256.",
            value: |row| (&row.uid).into(),
        },
        Column {
            name: "account_id",
            kind: Kind::String,
            doc: "The account of the resource that is judged.",
            value: |row| row.account_id.into(),
        },
        Column {
            name: "region",
            kind: Kind::String,
            doc: "The resource's Region. NULL for accounts, and where it is not known.",
            value: |row| row.region.as_ref().into(),
        },
        Column {
            name: "resource_type",
            kind: Kind::String,
            doc: "`AWS::S3::Bucket`, `AWS::KMS::Key` or `AWS::Organizations::Account`.",
            value: |row| row.resource_type.word().into(),
        },
        Column {
            name: "resource_arn",
            kind: Kind::String,
            doc: "The ARN of the resource that is judged.",
            value: |row| row.resource_arn.as_ref().into(),
        },
        Column {
            name: "related_arn",
            kind: Kind::String,
            doc: "Another resource that the verdict depends on, usually a bucket's key. NULL where there is none.",
            value: |row| row.related_arn.as_deref().into(),
        },
        Column {
            name: "check_id",
            kind: Kind::String,
            doc: "The check; see the table `checks`.",
            value: |row| row.check_id.into(),
        },
        Column {
            name: "check_params",
            kind: Kind::String,
            doc: "The check instance's parameters, canonical JSON such as `{\"max_days\":90}`. NULL where the check has none.",
            value: |row| row.check_params.as_deref().into(),
        },
        Column {
            name: "check_version",
            kind: Kind::Int,
            doc: "The version of the check's logic: it is raised when the same facts would get another verdict.",
            value: |row| row.check_version.into(),
        },
        Column {
            name: "category",
            kind: Kind::String,
            doc: "`security`, `availability`, `cost` or `evidence`.",
            value: |row| row.category.word().into(),
        },
        Column {
            name: "severity",
            kind: Kind::String,
            doc: "How bad a fail is here: `informational`, `low`, `medium`, `high` or `critical`. From the standard, and raised where the resource is in use.",
            value: |row| row.severity.word().into(),
        },
        Column {
            name: "verdict",
            kind: Kind::String,
            doc: "`pass`, `fail`, `unknown` (it cannot be said), `not_applicable` or `exempt` (a fail that a dated exception accepts).",
            value: |row| row.verdict.word().into(),
        },
        Column {
            name: "verdict_before_exception",
            kind: Kind::String,
            doc: "The verdict before exceptions were looked at.",
            value: |row| row.verdict_before_exception.word().into(),
        },
        Column {
            name: "reason_code",
            kind: Kind::String,
            doc: "Which of the check's reasons decided; `atrest checks` lists them.",
            value: |row| row.reason_code.into(),
        },
        Column {
            name: "reason",
            kind: Kind::String,
            doc: "The reason in words, with what was seen.",
            value: |row| row.reason.as_ref().into(),
        },
        Column {
            name: "exception_id",
            kind: Kind::String,
            doc: "The exception that makes a fail `exempt`. NULL where none applies.",
            value: |row| row.exception_id.as_deref().into(),
        },
        Column {
            name: "exception_expires_at",
            kind: Kind::Timestamp,
            doc: "When that exception ends, and the fail is back.",
            value: |row| row.exception_expires_at.into(),
        },
        Column {
            name: "remedy",
            kind: Kind::String,
            doc: "What to do. NULL where there is nothing to do.",
            value: |row| row.remedy.into(),
        },
        Column {
            name: "observed_at",
            kind: Kind::Timestamp,
            doc: "When the fact was read, by the scanner's clock. NULL where it was not.",
            value: |row| row.observed_at.into(),
        },
        Column {
            name: "subject",
            kind: Kind::String,
            doc: "What is judged, in the words of `controls.condition`: `not_configured`, `sse_s3`, `aws_managed_key`, `customer_managed_key`, `kms_key` (who manages the key is not known) or `unknown` (not read); a bucket by its default encryption, a key by who manages it. NULL for accounts.",
            value: |row| row.subject.map(Subject::word).into(),
        },
    ],
};
