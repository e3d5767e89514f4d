//! `keys`: a KMS key, its rotation, and how many bucket defaults stand on it.
//!
//! What `DescribeKey` answers is NULL where that call was not answered; `describe_read` says why.

use super::{Column, Kind, Table, Value};
use crate::model::{KeyFacts, KeyMetadata, KeyRotation, MultiRegion, Undecided};

/// The table.
pub static TABLE: Table<KeyFacts> = Table {
    name: "keys",
    doc: "A KMS key that was listed, AWS managed keys included; each replica of a multi-Region key is a row.",
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
            doc: "The account that owns the key: the one whose kms:ListKeys has it.",
            value: |row| row.account_id.into(),
        },
        Column {
            name: "region",
            kind: Kind::String,
            doc: "The Region whose kms:ListKeys has the key.",
            value: |row| (&row.observation.region).into(),
        },
        Column {
            name: "key_id",
            kind: Kind::String,
            doc: "The key's id, `mrk-…` for multi-Region keys: kms:ListKeys `KeyId`.",
            value: |row| (&row.observation.key_id).into(),
        },
        Column {
            name: "key_arn",
            kind: Kind::String,
            doc: "The key's ARN: kms:ListKeys `KeyArn`.",
            value: |row| (&row.observation.key_arn).into(),
        },
        Column {
            name: "aliases",
            kind: Kind::StringArray,
            doc: "The key's aliases, `alias/…`, sorted: kms:ListAliases `AliasName`. NULL where the Region's aliases were not read.",
            value: |row| row.aliases.known().into(),
        },
        Column {
            name: "aliases_read",
            kind: Kind::String,
            doc: "The result of the Region's kms:ListAliases: a *read* word.",
            value: |row| row.aliases.word().into(),
        },
        Column {
            name: "key_manager",
            kind: Kind::String,
            doc: "Who manages the key, `AWS` or `CUSTOMER`: kms:DescribeKey `KeyManager`.",
            value: |row| described(row).and_then(|key| key.manager.as_deref()).into(),
        },
        Column {
            name: "key_origin",
            kind: Kind::String,
            doc: "Where the key's material comes from: kms:DescribeKey `Origin`.",
            value: |row| described(row).and_then(|key| key.origin.as_deref()).into(),
        },
        Column {
            name: "key_spec",
            kind: Kind::String,
            doc: "The key's type: kms:DescribeKey `KeySpec`.",
            value: |row| described(row).and_then(|key| key.spec.as_deref()).into(),
        },
        Column {
            name: "key_usage",
            kind: Kind::String,
            doc: "What the key may be used for: kms:DescribeKey `KeyUsage`.",
            value: |row| described(row).and_then(|key| key.usage.as_deref()).into(),
        },
        Column {
            name: "key_state",
            kind: Kind::String,
            doc: "The key's state: kms:DescribeKey `KeyState`.",
            value: |row| described(row).and_then(|key| key.state.as_deref()).into(),
        },
        Column {
            name: "created_at",
            kind: Kind::Timestamp,
            doc: "When the key was made: kms:DescribeKey `CreationDate`.",
            value: |row| described(row).and_then(|key| key.created_at).into(),
        },
        Column {
            name: "deletion_at",
            kind: Kind::Timestamp,
            doc: "When the key will be deleted: kms:DescribeKey `DeletionDate`. NULL where no deletion is scheduled.",
            value: |row| described(row).and_then(|key| key.deletion_at).into(),
        },
        Column {
            name: "multi_region",
            kind: Kind::String,
            doc: "`none`, `primary` or `replica`: kms:DescribeKey `MultiRegionConfiguration.MultiRegionKeyType`. NULL where kms:DescribeKey was not read.",
            value: multi_region,
        },
        Column {
            name: "primary_key_arn",
            kind: Kind::String,
            doc: "The primary of a multi-Region key, the key itself where it is the primary: kms:DescribeKey `MultiRegionConfiguration.PrimaryKey.Arn`.",
            value: |row| configuration(row).and_then(|it| it.primary_key_arn.as_deref()).into(),
        },
        Column {
            name: "custom_key_store_id",
            kind: Kind::String,
            doc: "The custom key store that holds the key: kms:DescribeKey `CustomKeyStoreId`.",
            value: |row| described(row).and_then(|key| key.custom_key_store_id.as_deref()).into(),
        },
        Column {
            name: "material_expires_at",
            kind: Kind::Timestamp,
            doc: "When imported material expires, the earliest: kms:DescribeKey `ValidTo`. NULL where it does not.",
            value: |row| described(row).and_then(|key| key.material_expires_at).into(),
        },
        Column {
            name: "describe_read",
            kind: Kind::String,
            doc: "The result of kms:DescribeKey: a *read* word.",
            value: |row| row.observation.describe.reading.word().into(),
        },
        Column {
            name: "rotation",
            kind: Kind::String,
            doc: "Automatic rotation: `enabled`, `disabled`, `not_applicable` or `unknown`. From kms:GetKeyRotationStatus `KeyRotationEnabled`, or from what the key is; a replica carries its primary's.",
            value: |row| rotation_word(row.rotation.rotation).into(),
        },
        Column {
            name: "rotation_reason",
            kind: Kind::String,
            doc: "Why, where kms:GetKeyRotationStatus is not the reason: `aws_managed_yearly`, `pending_deletion`, `asymmetric`, `hmac`, `custom_key_store`, `imported_material` or `replica_of_primary`.",
            value: |row| row.rotation.reason.map(|reason| reason.word()).into(),
        },
        Column {
            name: "rotation_read",
            kind: Kind::String,
            doc: "The result of kms:GetKeyRotationStatus: a *read* word.",
            value: |row| row.rotation.read.word().into(),
        },
        Column {
            name: "rotation_period_days",
            kind: Kind::Int,
            doc: "Days between automatic rotations: kms:GetKeyRotationStatus `RotationPeriodInDays`.",
            value: |row| row.rotation.period_days.into(),
        },
        Column {
            name: "next_rotation_at",
            kind: Kind::Timestamp,
            doc: "The next automatic rotation: kms:GetKeyRotationStatus `NextRotationDate`.",
            value: |row| row.rotation.next_rotation_at.into(),
        },
        Column {
            name: "last_rotation_at",
            kind: Kind::Timestamp,
            doc: "The last completed rotation: the latest kms:ListKeyRotations `RotationDate`.",
            value: |row| row.rotation.last_rotation_at.into(),
        },
        Column {
            name: "last_rotation_type",
            kind: Kind::String,
            doc: "`AUTOMATIC` or `ON_DEMAND`: kms:ListKeyRotations `RotationType` of the last completed rotation.",
            value: |row| row.rotation.last_rotation_type.as_deref().into(),
        },
        Column {
            name: "on_demand_rotations",
            kind: Kind::Int,
            doc: "Completed on-demand rotations, a count over kms:ListKeyRotations. NULL where they were not read.",
            value: |row| row.rotation.on_demand_rotations.into(),
        },
        Column {
            name: "policy_read",
            kind: Kind::String,
            doc: "The result of kms:GetKeyPolicy: a *read* word.",
            value: |row| row.observation.policy.reading.word().into(),
        },
        Column {
            name: "policy_sha256",
            kind: Kind::String,
            doc: "The lower-case hex SHA-256 of kms:GetKeyPolicy `Policy` as returned; the text is in the observation log. NULL where it was not read.",
            value: |row| row.observation.policy.reading.known().map(|hash| &hash.0).into(),
        },
        Column {
            name: "default_key_of_buckets",
            kind: Kind::Bigint,
            doc: "Buckets of the organization whose default encryption names this key, a count. 0 never means unused.",
            value: |row| row.default_key_of_buckets.into(),
        },
        Column {
            name: "default_key_of_accounts",
            kind: Kind::Bigint,
            doc: "Accounts that own those buckets, a count.",
            value: |row| row.default_key_of_accounts.into(),
        },
        Column {
            name: "observed_at",
            kind: Kind::Timestamp,
            doc: "When kms:DescribeKey was answered, by the scanner's clock. NULL where it was not sent.",
            value: |row| row.observation.describe.at.into(),
        },
    ],
};

fn described(row: &KeyFacts) -> Option<&KeyMetadata> {
    row.observation.describe.reading.known()
}

fn configuration(row: &KeyFacts) -> Option<&MultiRegion> {
    described(row)?.multi_region.as_ref()
}

/// A replica is recognized by its primary, which is another key, before it is recognized by its stated type.
fn multi_region(row: &KeyFacts) -> Value<'_> {
    let Some(metadata) = described(row) else {
        return Value::Null;
    };
    let Some(configuration) = &metadata.multi_region else {
        return "none".into();
    };
    match (metadata.is_replica(&row.observation.key_arn), &configuration.key_type) {
        (true, _) => "replica".into(),
        (false, None) if configuration.primary_key_arn.is_none() => Value::Null,
        (false, _) => "primary".into(),
    }
}

/// The word of a rotation that may not be known.
pub(super) fn rotation_word(rotation: Result<KeyRotation, Undecided>) -> &'static str {
    rotation.map_or("unknown", KeyRotation::word)
}
