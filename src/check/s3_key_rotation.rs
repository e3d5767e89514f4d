//! Whether the key of the default encryption rotates by itself, wherever it lives.

use super::bucket::{
    KEY_NOT_VISIBLE, KEY_UNPROVEN, NO_KMS_KEY, about_key, key_name, key_not_visible, key_unproven,
    missing_text, no_kms_key,
};
use super::support::{BUCKET_GONE, ENCRYPTION_NOT_READ, decided, key_of};
use super::{BucketSubject, Check, Context, Judge, Outcome, ROTATION_FOOTNOTE, Reason};
use crate::model::{BucketFacts, Category, KeyJoin, KeyLink, KeyRotation, RotationReason, Severity};

static ENABLED: Reason = Reason::pass("rotation_enabled", "The key rotates automatically.");
static AWS_MANAGED: Reason =
    Reason::pass("aws_managed_yearly", "AWS rotates its own managed keys every year.");
static DISABLED: Reason = Reason::fail("rotation_disabled", "Automatic rotation is off.");
static PENDING_DELETION: Reason =
    Reason::not_applicable("pending_deletion", "The key waits for its deletion, and does not rotate.");
static ASYMMETRIC: Reason = Reason::not_applicable("asymmetric", "KMS does not rotate asymmetric keys.");
static HMAC: Reason = Reason::not_applicable("hmac", "KMS does not rotate HMAC keys.");
static CUSTOM_KEY_STORE: Reason =
    Reason::not_applicable("custom_key_store", "KMS does not rotate keys in custom key stores.");
static IMPORTED: Reason = Reason::not_applicable(
    "imported_material",
    "KMS does not automatically rotate imported key material; it can be rotated on demand.",
);
static REPLICA: Reason = Reason::not_applicable(
    "replica_of_primary",
    "The key is a replica, and automatic rotation cannot apply to its primary.",
);
static UNSUPPORTED: Reason =
    Reason::not_applicable("rotation_unsupported", "KMS says that it does not rotate the key.");
static MISSING: Reason =
    Reason::unknown("rotation_of_missing_key", "The key is missing, so that its rotation cannot be read.");
static NOT_READ: Reason = Reason::unknown("rotation_not_read", "The key's rotation could not be read.");

/// The check.
pub static CHECK: Check = Check {
    id: "s3_key_rotation",
    version: 1,
    title: "The key of the default encryption rotates automatically",
    question: "Does the AWS KMS key that the bucket's default encryption names rotate automatically, in whichever \
               account it is?",
    category: Category::Security,
    severity: Severity::Medium,
    parameters: &[],
    reasons: &[
        &ENABLED,
        &AWS_MANAGED,
        &DISABLED,
        &PENDING_DELETION,
        &ASYMMETRIC,
        &HMAC,
        &CUSTOM_KEY_STORE,
        &IMPORTED,
        &REPLICA,
        &UNSUPPORTED,
        &MISSING,
        &NOT_READ,
        &KEY_UNPROVEN,
        &KEY_NOT_VISIBLE,
        &NO_KMS_KEY,
        &ENCRYPTION_NOT_READ,
        &BUCKET_GONE,
    ],
    rationale: "Rotation limits how much data one piece of key material protects (AWS KMS Developer Guide, \"Rotate \
                AWS KMS keys\"). Judged at the bucket, so that the owner of the data sees it also where the key is in \
                another account. Rotation adds key material for what is encrypted from then on; it does not re-encrypt \
                stored data.",
    remedy: "Let the key's owner turn automatic rotation on with kms:EnableKeyRotation; for a multi-Region key, at the \
             primary key.",
    judge: Judge::Bucket(judge),
};

fn judge(bucket: &BucketSubject<'_>, _: &Context<'_>) -> Outcome {
    decided(key_of(bucket).and_then(|key| {
        let facts = bucket.facts;
        match key.link {
            KeyLink::None => Ok(no_kms_key(facts)),
            KeyLink::AwsManaged => {
                let text =
                    format!("The key {} is an AWS managed key: AWS rotates it every year.", key_name(facts));
                Ok(about_key(facts, &AWS_MANAGED, text))
            }
            KeyLink::Missing => Err(about_key(facts, &MISSING, missing_text(facts))),
            KeyLink::Unproven => Err(key_unproven(facts)),
            KeyLink::OutsideOrg => Err(key_not_visible(facts)),
            KeyLink::SameAccount | KeyLink::SameOrg => Ok(rotation(facts, key)),
        }
    }))
}

fn rotation(facts: &BucketFacts, key: &KeyJoin) -> Outcome {
    let name = key_name(facts);
    let owner = key.account_id.map(|id| format!(" in account {id}")).unwrap_or_default();
    let whose = match key.rotation_reason {
        Some(RotationReason::ReplicaOfPrimary) => "the primary key of ",
        _ => "",
    };
    let about = |reason, text| about_key(facts, reason, text);
    match key.rotation {
        Some(KeyRotation::Enabled) => {
            about(&ENABLED, format!("Automatic rotation of {whose}the key {name}{owner} is on."))
        }
        Some(KeyRotation::Disabled) => {
            let seen = format!("Automatic rotation of {whose}the key {name}{owner} is off.");
            about(&DISABLED, format!("{seen} {ROTATION_FOOTNOTE}"))
        }
        Some(KeyRotation::NotApplicable) => {
            let (reason, why) = cannot(key.rotation_reason);
            about(reason, format!("Automatic rotation cannot apply to the key {name}{owner}: {why}."))
        }
        Some(KeyRotation::Unknown) | None => about(
            &NOT_READ,
            format!("Whether {whose}the key {name}{owner} rotates automatically was not read."),
        ),
    }
}

fn cannot(why: Option<RotationReason>) -> (&'static Reason, &'static str) {
    match why {
        Some(RotationReason::PendingDeletion) => (&PENDING_DELETION, "it is scheduled for deletion"),
        Some(RotationReason::Asymmetric) => (&ASYMMETRIC, "it is asymmetric"),
        Some(RotationReason::Hmac) => (&HMAC, "it is an HMAC key"),
        Some(RotationReason::CustomKeyStore) => (&CUSTOM_KEY_STORE, "it is in a custom key store"),
        Some(RotationReason::ImportedMaterial) => (&IMPORTED, "its key material was imported"),
        Some(RotationReason::ReplicaOfPrimary) => {
            (&REPLICA, "it is a replica, and its primary key cannot rotate")
        }
        Some(RotationReason::AwsManagedYearly) | None => (&UNSUPPORTED, "KMS says that it is not supported"),
    }
}
