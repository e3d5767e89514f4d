//! KMS keys and aliases: what was observed, and what follows after the org-wide join.

use serde::{Deserialize, Serialize};

use super::policy::PolicyHash;
use super::reading::words;
use super::{AccountId, Ended, Observation, Partition, Reading, Region, Undecided};
use crate::clock::Timestamp;

/// A key as it was listed and read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyObservation {
    /// The Region whose listing has it.
    pub region: Region,
    /// The key id, `mrk-…` for multi-Region keys.
    pub key_id: String,
    /// The key ARN, from the listing.
    pub key_arn: String,
    /// `DescribeKey`.
    pub describe: Observation<KeyMetadata>,
    /// `GetKeyRotationStatus`.
    pub rotation: Observation<RotationStatus>,
    /// `ListKeyRotations`.
    pub rotations: Observation<Vec<CompletedRotation>>,
    /// `GetKeyPolicy`: the hash of the text, which the segment keeps once.
    pub policy: Observation<PolicyHash>,
}

/// An alias as it was listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AliasObservation {
    /// The Region whose listing has it.
    pub region: Region,
    /// `alias/…`.
    pub name: String,
    /// The key; predefined aliases have none until their key is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_key_id: Option<String>,
}

/// What `DescribeKey` says. Texts are AWS's own: every set is open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyMetadata {
    /// `KeyManager`: `AWS` or `CUSTOMER`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manager: Option<String>,
    /// `Origin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// `KeySpec`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spec: Option<String>,
    /// `KeyUsage`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<String>,
    /// `KeyState`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// `CreationDate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// `DeletionDate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion_at: Option<Timestamp>,
    /// `MultiRegionConfiguration`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multi_region: Option<MultiRegion>,
    /// `CustomKeyStoreId`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custom_key_store_id: Option<String>,
    /// `ValidTo`: the earliest expiry of imported material.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub material_expires_at: Option<Timestamp>,
}

/// `MultiRegionConfiguration`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MultiRegion {
    /// `MultiRegionKeyType`: `PRIMARY` or `REPLICA`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_type: Option<String>,
    /// `PrimaryKey.Arn`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary_key_arn: Option<String>,
}

/// What `GetKeyRotationStatus` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotationStatus {
    /// `KeyRotationEnabled`.
    pub enabled: bool,
    /// `RotationPeriodInDays`: 90 to 2,560 (KMS API reference, EnableKeyRotation).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period_days: Option<i32>,
    /// `NextRotationDate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_rotation_at: Option<Timestamp>,
    /// `OnDemandRotationStartDate`, only while one is in progress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_demand_started_at: Option<Timestamp>,
}

/// One entry of `ListKeyRotations`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompletedRotation {
    /// `RotationDate`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// `RotationType`: `AUTOMATIC` or `ON_DEMAND`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation_type: Option<String>,
}

words! {
    /// A key's automatic rotation.
    KeyRotation {
        /// It rotates by itself.
        Enabled = "enabled",
        /// It could, and does not.
        Disabled = "disabled",
        /// Automatic rotation cannot apply.
        NotApplicable = "not_applicable",
    }
}

words! {
    /// Why a key's rotation is what it is, where `GetKeyRotationStatus` is not the reason.
    RotationReason {
        /// AWS rotates AWS managed keys every year (KMS Developer Guide, "Rotating AWS KMS keys").
        AwsManagedYearly = "aws_managed_yearly",
        /// The key, or its replica, waits for deletion.
        PendingDeletion = "pending_deletion",
        /// The key is asymmetric.
        Asymmetric = "asymmetric",
        /// The key is an HMAC key.
        Hmac = "hmac",
        /// The key lives in a custom key store.
        CustomKeyStore = "custom_key_store",
        /// The key's material was imported.
        ImportedMaterial = "imported_material",
        /// A replica's rotation is its primary's.
        ReplicaOfPrimary = "replica_of_primary",
    }
}

/// How a key's rotation is decided before anything is asked about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RotationRule {
    /// `GetKeyRotationStatus` tells.
    Ask,
    /// A replica: its primary tells.
    Primary,
    /// An AWS managed key: always, every year.
    AwsManaged,
    /// Automatic rotation cannot apply.
    NotApplicable(RotationReason),
}

impl KeyMetadata {
    /// Whether the key is AWS's own.
    pub fn is_aws_managed(&self) -> bool {
        self.manager.as_deref() == Some("AWS")
    }

    /// Whether the key with this ARN is a multi-Region replica: its primary is another key. The
    /// stated type is asked only where no primary is named.
    pub fn is_replica(&self, key_arn: &str) -> bool {
        self.multi_region.as_ref().is_some_and(|multi| match &multi.primary_key_arn {
            Some(primary) => primary != key_arn,
            None => multi.key_type.as_deref() == Some("REPLICA"),
        })
    }

    /// Who decides the key's rotation: the contract's precedence, in one place for the collector,
    /// which asks only where asking can tell, and for the join, which explains the rest.
    pub fn rotation_rule(&self, key_arn: &str) -> RotationRule {
        if self.is_aws_managed() {
            return RotationRule::AwsManaged;
        }
        if self.is_replica(key_arn) {
            return RotationRule::Primary;
        }
        match self.no_rotation_reason() {
            Some(reason) => RotationRule::NotApplicable(reason),
            None => RotationRule::Ask,
        }
    }

    fn no_rotation_reason(&self) -> Option<RotationReason> {
        let state = self.state.as_deref().unwrap_or_default();
        let origin = self.origin.as_deref().unwrap_or_default();
        if matches!(state, "PendingDeletion" | "PendingReplicaDeletion") {
            Some(RotationReason::PendingDeletion)
        } else if self.is_asymmetric() {
            Some(RotationReason::Asymmetric)
        } else if self.is_hmac() {
            Some(RotationReason::Hmac)
        } else if matches!(origin, "AWS_CLOUDHSM" | "EXTERNAL_KEY_STORE") {
            Some(RotationReason::CustomKeyStore)
        } else if origin == "EXTERNAL" {
            Some(RotationReason::ImportedMaterial)
        } else {
            None
        }
    }

    /// Whether S3 can encrypt under a key of this kind: symmetric and for encryption (Amazon S3 User Guide,
    /// "Using server-side encryption with AWS KMS keys"). None where the specification is not told, or is one that
    /// this version does not know.
    pub fn is_for_s3(&self) -> Option<bool> {
        let spec = self.spec.as_deref()?;
        match self.is_asymmetric() || self.is_hmac() {
            true => Some(false),
            false => (spec == "SYMMETRIC_DEFAULT").then_some(true),
        }
    }

    /// By the families of `KeySpec`, and by `KeyUsage` for specs that are yet to come.
    fn is_asymmetric(&self) -> bool {
        const FAMILIES: [&str; 5] = ["RSA_", "ECC_", "SM2", "ML_DSA_", "ML_KEM_"];
        let spec = self.spec.as_deref().unwrap_or_default();
        let usage = self.usage.as_deref().unwrap_or_default();
        FAMILIES.iter().any(|family| spec.starts_with(family))
            || matches!(usage, "SIGN_VERIFY" | "KEY_AGREEMENT" | "ENCAPSULATE_DECAPSULATE")
    }

    fn is_hmac(&self) -> bool {
        self.spec.as_deref().is_some_and(|spec| spec.starts_with("HMAC_"))
            || self.usage.as_deref() == Some("GENERATE_VERIFY_MAC")
    }
}

/// A key after the join: what the `keys` table says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFacts {
    /// The partition.
    pub partition: Partition,
    /// The owner.
    pub account_id: AccountId,
    /// As observed.
    pub observation: KeyObservation,
    /// `alias/…`, sorted, where the aliases of the Region were read to the end of their listing.
    pub aliases: Reading<Vec<String>>,
    /// The rotation, the primary's for a replica.
    pub rotation: RotationFacts,
    /// Buckets of the organization whose default names this key.
    pub default_key_of_buckets: u64,
    /// Accounts that own those buckets.
    pub default_key_of_accounts: u64,
}

/// What is known of a key's rotation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotationFacts {
    /// Automatic rotation.
    pub rotation: Result<KeyRotation, Undecided>,
    /// Why, where it was not simply read.
    pub reason: Option<RotationReason>,
    /// The state of the key whose rotation it is: the primary's for a replica. KMS does not rotate a key while it
    /// is disabled, whatever its rotation status says.
    pub state: Option<String>,
    /// How the key's own `GetKeyRotationStatus` ended; the primary's for a replica.
    pub read: Ended,
    /// Days between automatic rotations.
    pub period_days: Option<i32>,
    /// The next automatic rotation.
    pub next_rotation_at: Option<Timestamp>,
    /// The last completed rotation.
    pub last_rotation_at: Option<Timestamp>,
    /// `AUTOMATIC` or `ON_DEMAND`.
    pub last_rotation_type: Option<String>,
    /// Completed on-demand rotations.
    pub on_demand_rotations: Option<i32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(manager: &str, origin: &str, spec: &str, state: &str) -> KeyMetadata {
        KeyMetadata {
            manager: Some(manager.into()),
            origin: Some(origin.into()),
            spec: Some(spec.into()),
            state: Some(state.into()),
            ..KeyMetadata::default()
        }
    }

    #[test]
    fn rotation_is_asked_only_where_it_can_apply() {
        use RotationReason::*;
        use RotationRule::*;
        let table = [
            (key("CUSTOMER", "AWS_KMS", "SYMMETRIC_DEFAULT", "Enabled"), Ask),
            (key("CUSTOMER", "AWS_KMS", "SYMMETRIC_DEFAULT", "Disabled"), Ask),
            (key("CUSTOMER", "AWS_KMS", "SYMMETRIC_2030", "Enabled"), Ask),
            (key("AWS", "AWS_KMS", "SYMMETRIC_DEFAULT", "Enabled"), AwsManaged),
            (key("CUSTOMER", "EXTERNAL", "RSA_2048", "PendingDeletion"), NotApplicable(PendingDeletion)),
            (key("CUSTOMER", "AWS_KMS", "X", "PendingReplicaDeletion"), NotApplicable(PendingDeletion)),
            (key("CUSTOMER", "EXTERNAL", "ML_DSA_65", "Enabled"), NotApplicable(Asymmetric)),
            (key("CUSTOMER", "EXTERNAL", "HMAC_256", "Enabled"), NotApplicable(Hmac)),
            (key("CUSTOMER", "AWS_CLOUDHSM", "SYMMETRIC_DEFAULT", "Enabled"), NotApplicable(CustomKeyStore)),
            (
                key("CUSTOMER", "EXTERNAL", "SYMMETRIC_DEFAULT", "PendingImport"),
                NotApplicable(ImportedMaterial),
            ),
        ];
        for (metadata, rule) in table {
            assert_eq!(metadata.rotation_rule("arn"), rule, "{metadata:?}");
        }
    }
}
