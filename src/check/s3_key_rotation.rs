//! Whether the key of the default encryption rotates by itself, wherever it lives.

use super::bucket::{
    BUCKET_GONE, ENCRYPTION_NOT_READ, KEY_NOT_VISIBLE, KEY_UNPROVEN, NO_KMS_KEY, about_key, key_name,
    key_not_visible, key_of, key_unproven, missing_text, no_kms_key,
};
use super::key::PENDING_DELETION;
use super::rotation::{
    ASYMMETRIC, AWS_MANAGED_YEARLY, CUSTOM_KEY_STORE, HMAC, IMPORTED_MATERIAL, REPLICA_OF_PRIMARY,
    ROTATION_DISABLED, ROTATION_ENABLED, ROTATION_NOT_READ, ROTATION_UNSUPPORTED, cannot_rotate,
};
use super::support::decided;
use super::{BucketSubject, Check, Context, Judge, Outcome, ROTATION_FOOTNOTE, Reason};
use crate::model::{BucketFacts, Category, KeyJoin, KeyLink, KeyRotation, RotationReason, Severity};

static MISSING: Reason =
    Reason::unknown("rotation_of_missing_key", "The key is missing, so that its rotation cannot be read.");

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
        &ROTATION_ENABLED,
        &AWS_MANAGED_YEARLY,
        &ROTATION_DISABLED,
        &PENDING_DELETION,
        &ASYMMETRIC,
        &HMAC,
        &CUSTOM_KEY_STORE,
        &IMPORTED_MATERIAL,
        &REPLICA_OF_PRIMARY,
        &ROTATION_UNSUPPORTED,
        &MISSING,
        &ROTATION_NOT_READ,
        &KEY_UNPROVEN,
        &KEY_NOT_VISIBLE,
        &NO_KMS_KEY,
        &ENCRYPTION_NOT_READ,
        &BUCKET_GONE,
    ],
    rationale: concat!(
        "Rotation limits how much data one piece of key material protects (AWS KMS Developer Guide, \
         \"Rotate AWS KMS keys\"). Judged at the bucket, so that the owner of the data sees it also \
         where the key is in another account. ",
        rotation_footnote!(),
    ),
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
                Ok(about_key(facts, &AWS_MANAGED_YEARLY, text))
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
            about(&ROTATION_ENABLED, format!("Automatic rotation of {whose}the key {name}{owner} is on."))
        }
        Some(KeyRotation::Disabled) => {
            let seen = format!("Automatic rotation of {whose}the key {name}{owner} is off.");
            about(&ROTATION_DISABLED, format!("{seen} {ROTATION_FOOTNOTE}"))
        }
        Some(KeyRotation::NotApplicable) => {
            let why = cannot(key.rotation_reason);
            about(
                cannot_rotate(key.rotation_reason),
                format!("Automatic rotation cannot apply to the key {name}{owner}: {why}."),
            )
        }
        Some(KeyRotation::Unknown) | None => about(
            &ROTATION_NOT_READ,
            format!("Whether {whose}the key {name}{owner} rotates automatically was not read."),
        ),
    }
}

fn cannot(why: Option<RotationReason>) -> &'static str {
    match why {
        Some(RotationReason::PendingDeletion) => "it is scheduled for deletion",
        Some(RotationReason::Asymmetric) => "it is asymmetric",
        Some(RotationReason::Hmac) => "it is an HMAC key",
        Some(RotationReason::CustomKeyStore) => "it is in a custom key store",
        Some(RotationReason::ImportedMaterial) => "its key material was imported",
        Some(RotationReason::ReplicaOfPrimary) => "it is a replica, and its primary key cannot rotate",
        Some(RotationReason::AwsManagedYearly) | None => "KMS says that it is not supported",
    }
}
