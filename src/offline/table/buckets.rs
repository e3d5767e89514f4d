//! `buckets`: a bucket's default encryption, and what the key behind it is to the organization.
//!
//! The `kms_key_*` columns come from the org-wide join, not from the bucket's own account alone.

use super::keys::rotation_word;
use super::{Column, Kind, Table, Value};
use crate::model::{BucketEncryption, BucketFacts, MODE_UNKNOWN, TlsOnly};

/// The table.
pub static TABLE: Table<BucketFacts> = Table {
    name: "buckets",
    doc: "A general purpose bucket that was listed; one that is gone when it is read keeps its row.",
    columns: &[
        Column {
            name: "aws_partition",
            kind: Kind::String,
            doc: "The partition: `aws`, `aws-cn`, `aws-us-gov`, …",
            value: |row| (&row.partition).into(),
        },
        Column {
            name: "account_id",
            kind: Kind::String,
            doc: "The account that owns the bucket: the one whose s3:ListBuckets has it.",
            value: |row| row.account_id.into(),
        },
        Column {
            name: "region",
            kind: Kind::String,
            doc: "The bucket's Region: s3:ListBuckets `BucketRegion`, or s3:GetBucketLocation `LocationConstraint` where the listing gives none. NULL where neither has it.",
            value: |row| row.region.as_ref().into(),
        },
        Column {
            name: "bucket",
            kind: Kind::String,
            doc: "The bucket's name: s3:ListBuckets `Name`.",
            value: |row| (&row.name).into(),
        },
        Column {
            name: "bucket_arn",
            kind: Kind::String,
            doc: "The bucket's ARN, `arn:<partition>:s3:::<bucket>`, made from the partition and the name.",
            value: |row| Value::printed(row.arn()),
        },
        Column {
            name: "bucket_type",
            kind: Kind::String,
            doc: "`general_purpose`: the only type that is seen.",
            value: |_| "general_purpose".into(),
        },
        Column {
            name: "created_at",
            kind: Kind::Timestamp,
            doc: "s3:ListBuckets `CreationDate`. S3 moves it when the bucket's policy is edited, so it is no identity.",
            value: |row| row.created_at.into(),
        },
        Column {
            name: "encryption",
            kind: Kind::String,
            doc: "The default for new objects whose request names none: `not_configured`, `sse_s3`, `sse_kms`, `dsse_kms`, `other` or `unknown` (not read). It does not show how stored objects are encrypted. From s3:GetBucketEncryption `ApplyServerSideEncryptionByDefault`.",
            value: |row| row.default_encryption().map_or(MODE_UNKNOWN, |default| default.mode.word()).into(),
        },
        Column {
            name: "encryption_read",
            kind: Kind::String,
            doc: "The result of s3:GetBucketEncryption: a *read* word.",
            value: |row| row.encryption.word().into(),
        },
        Column {
            name: "sse_algorithm",
            kind: Kind::String,
            doc: "s3:GetBucketEncryption `SSEAlgorithm`, verbatim.",
            value: |row| default(row).and_then(|it| it.sse_algorithm.as_deref()).into(),
        },
        Column {
            name: "kms_key_ref",
            kind: Kind::String,
            doc: "The key as configured: s3:GetBucketEncryption `KMSMasterKeyID`, verbatim. NULL where none is named.",
            value: |row| row.kms_key_ref().into(),
        },
        Column {
            name: "kms_key_ref_kind",
            kind: Kind::String,
            doc: "The form of `kms_key_ref`: `none`, `key_id`, `key_arn`, `alias_name` or `alias_arn`. NULL where the configuration was not read.",
            value: |row| default(row).map(|it| it.kms_key_ref_kind.word()).into(),
        },
        Column {
            name: "kms_key_arn",
            kind: Kind::String,
            doc: "The key that the reference resolves to: the ARN as named, else the ARN in kms:ListKeys. NULL where it does not resolve.",
            value: |row| row.key().and_then(|key| key.key_arn.as_deref()).into(),
        },
        Column {
            name: "kms_key_account_id",
            kind: Kind::String,
            doc: "The account that the reference names; the bucket's own for a bare id or alias and for an AWS managed key.",
            value: |row| row.key().and_then(|key| key.account_id).into(),
        },
        Column {
            name: "kms_key_link",
            kind: Kind::String,
            doc: "What the key is to the bucket: `none`, `aws_managed`, `same_account`, `same_org`, `outside_org`, `missing` (a complete listing does not have it) or `unproven`. NULL where the configuration was not read.",
            value: |row| row.key().map(|key| key.link.word()).into(),
        },
        Column {
            name: "kms_key_manager",
            kind: Kind::String,
            doc: "Who manages the key, `AWS` or `CUSTOMER`: kms:DescribeKey `KeyManager`.",
            value: |row| row.key().and_then(|key| key.manager.as_deref()).into(),
        },
        Column {
            name: "kms_key_origin",
            kind: Kind::String,
            doc: "Where the key's material comes from: kms:DescribeKey `Origin`.",
            value: |row| row.key().and_then(|key| key.origin.as_deref()).into(),
        },
        Column {
            name: "kms_key_state",
            kind: Kind::String,
            doc: "The key's state: kms:DescribeKey `KeyState`.",
            value: |row| row.key().and_then(|key| key.state.as_deref()).into(),
        },
        Column {
            name: "kms_key_rotation",
            kind: Kind::String,
            doc: "The key's automatic rotation: `enabled`, `disabled`, `not_applicable` or `unknown`. From kms:GetKeyRotationStatus `KeyRotationEnabled`, or from what the key is.",
            value: |row| row.key().and_then(|key| key.rotation).map(rotation_word).into(),
        },
        Column {
            name: "kms_key_rotation_reason",
            kind: Kind::String,
            doc: "Why the rotation is what it is, where kms:GetKeyRotationStatus is not the reason; the words of `keys.rotation_reason`.",
            value: |row| row.key().and_then(|key| key.rotation_reason).map(|reason| reason.word()).into(),
        },
        Column {
            name: "bucket_key_enabled",
            kind: Kind::Boolean,
            doc: "s3:GetBucketEncryption `BucketKeyEnabled`, the flag on the rule. NULL where it is not set.",
            value: |row| default(row).and_then(|it| it.bucket_key_enabled).into(),
        },
        Column {
            name: "blocked_encryption_types",
            kind: Kind::StringArray,
            doc: "s3:GetBucketEncryption `BlockedEncryptionTypes`, verbatim. NULL where not reported.",
            value: |row| default(row).and_then(|it| it.blocked_encryption_types.as_ref()).into(),
        },
        Column {
            name: "sse_c_blocked",
            kind: Kind::Boolean,
            doc: "Whether writes with customer-provided keys are blocked: `SSE-C` in `blocked_encryption_types`. NULL where not reported.",
            value: |row| default(row).and_then(|it| it.sse_c_blocked).into(),
        },
        Column {
            name: "tls_only",
            kind: Kind::String,
            doc: "Whether the bucket's policy (s3:GetBucketPolicy) refuses plain HTTP: `enforced` (every request by anyone), `partial`, `absent` or `unknown`. Never NULL.",
            value: |row| row.tls_only.known().unwrap_or(&TlsOnly::Unknown).word().into(),
        },
        Column {
            name: "policy_read",
            kind: Kind::String,
            doc: "The result of s3:GetBucketPolicy: a *read* word.",
            value: |row| row.policy.word().into(),
        },
        Column {
            name: "policy_sha256",
            kind: Kind::String,
            doc: "The lower-case hex SHA-256 of s3:GetBucketPolicy `Policy` as returned; the text is in the observation log. NULL where there is none or it was not read.",
            value: |row| row.policy.known().map(|hash| hash.0.as_str()).into(),
        },
        Column {
            name: "observed_at",
            kind: Kind::Timestamp,
            doc: "When s3:GetBucketEncryption was answered, by the scanner's clock. NULL where it was not sent.",
            value: |row| row.observed_at.into(),
        },
    ],
};

fn default(row: &BucketFacts) -> Option<&BucketEncryption> {
    row.default_encryption().ok()
}
