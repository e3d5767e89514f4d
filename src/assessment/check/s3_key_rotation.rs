//! Whether the key of the default encryption rotates by itself, wherever it lives.

use super::bucket::{
    ALGORITHM_NOT_KNOWN, BUCKET_GONE, BUCKET_REGION, ENCRYPTION_NOT_READ, KEY_NOT_VISIBLE, KEY_UNPROVEN,
    NO_KMS_KEY, about_key, is_aws_managed, is_usable_aws_key, key_in_use, key_name, key_not_visible,
    key_unproven, misplaced, missing_text, no_kms_key,
};
use super::key::{
    MANAGER_NOT_TOLD, ORIGIN_NOT_TOLD, PENDING_DELETION, SPEC_NOT_TOLD, STATE_NOT_TOLD, STATE_UNRECOGNIZED,
    state_unknown,
};
use super::rotation::{
    ASYMMETRIC, AWS_MANAGED_YEARLY, CUSTOM_KEY_STORE, HMAC, IMPORTED_MATERIAL, REPLICA_OF_PRIMARY,
    ROTATION_DISABLED, ROTATION_ENABLED, ROTATION_NOT_READ, ROTATION_STATE_NOT_KNOWN, ROTATION_SUSPENDED,
    ROTATION_UNSUPPORTED, cannot_rotate, rotates_in, suspended_note,
};
use super::support::decided;
use super::{BucketSubject, Check, Context, Judge, Outcome, ROTATION_FOOTNOTE, Reason};
use crate::model::{BucketFacts, Category, KeyJoin, KeyLink, KeyRotation, RotationReason, Severity};

static MISSING: Reason =
    Reason::unknown("rotation_of_missing_key", "The key is missing, so that its rotation cannot be read.");
static UNUSABLE: Reason = Reason::not_applicable(
    "rotation_of_unusable_key",
    "The key is an AWS managed key that S3 cannot use for the bucket, which a check of its own judges.",
);

/// The check.
pub static CHECK: Check = Check {
    id: "s3_key_rotation",
    version: 2,
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
        &ROTATION_SUSPENDED,
        &PENDING_DELETION,
        &ASYMMETRIC,
        &HMAC,
        &CUSTOM_KEY_STORE,
        &IMPORTED_MATERIAL,
        &REPLICA_OF_PRIMARY,
        &ROTATION_UNSUPPORTED,
        &UNUSABLE,
        &MISSING,
        &ROTATION_STATE_NOT_KNOWN,
        &ROTATION_NOT_READ,
        &MANAGER_NOT_TOLD,
        &STATE_NOT_TOLD,
        &STATE_UNRECOGNIZED,
        &SPEC_NOT_TOLD,
        &ORIGIN_NOT_TOLD,
        &KEY_UNPROVEN,
        &BUCKET_REGION,
        &KEY_NOT_VISIBLE,
        &ALGORITHM_NOT_KNOWN,
        &NO_KMS_KEY,
        &ENCRYPTION_NOT_READ,
        &BUCKET_GONE,
    ],
    rationale: concat!(
        "Rotation limits how much data one piece of key material protects (AWS KMS Developer Guide, \
         \"Rotate AWS KMS keys\"). Judged at the bucket, so that the owner of the data sees it also \
         where the key is in another account. ",
        suspended_note!(),
        rotation_footnote!(),
    ),
    remedy: "Let the key's owner turn automatic rotation on with kms:EnableKeyRotation; for a multi-Region key, at the \
             primary key.",
    judge: Judge::Bucket(judge),
};

fn judge(bucket: &BucketSubject<'_>, _: &Context<'_>) -> Outcome {
    decided(key_in_use(bucket).and_then(|key| {
        let facts = bucket.facts;
        if is_aws_managed(facts) && misplaced(facts).is_some() {
            return Ok(unusable(facts));
        }
        match key.link {
            KeyLink::None => Ok(no_kms_key(facts)),
            KeyLink::AwsManaged if !is_usable_aws_key(facts, key)? => Ok(unusable(facts)),
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

fn unusable(facts: &BucketFacts) -> Outcome {
    let text =
        format!("The key {} is an AWS managed key that S3 cannot use for the bucket.", key_name(facts));
    about_key(facts, &UNUSABLE, text)
}

/// A key whose rotation is on: what else must be known before it passes, and whether it rotates in its state.
fn switched_on(key: &KeyJoin) -> Result<(), &'static Reason> {
    let told = [
        (key.manager.is_some(), &MANAGER_NOT_TOLD),
        (key.is_for_s3.is_some(), &SPEC_NOT_TOLD),
        (key.origin.is_some(), &ORIGIN_NOT_TOLD),
    ];
    match told.into_iter().find(|(is_told, _)| !is_told) {
        Some((_, not_told)) => Err(not_told),
        None => rotates_in(key.state.as_deref()).and_then(|()| rotates_in(key.rotating_state.as_deref())),
    }
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
        Some(Ok(KeyRotation::Enabled)) => {
            let seen = format!("Automatic rotation of {whose}the key {name}{owner} is on");
            match switched_on(key) {
                Ok(()) => about(&ROTATION_ENABLED, format!("{seen}.")),
                Err(reason) => about(reason, format!("{seen}; {}.", whether(reason, key))),
            }
        }
        Some(Ok(KeyRotation::Disabled)) => {
            let seen = format!("Automatic rotation of {whose}the key {name}{owner} is off.");
            // Another word may stand for a key that waits for deletion, which cannot rotate.
            if let Some(reason) = state_unknown(key.state.as_deref()) {
                let text =
                    format!("{seen} The key's state is not known, and it may be one that cannot rotate.");
                return about(reason, text);
            }
            about(&ROTATION_DISABLED, format!("{seen} {ROTATION_FOOTNOTE}"))
        }
        Some(Ok(KeyRotation::NotApplicable)) => {
            let why = cannot(key.rotation_reason);
            about(
                cannot_rotate(key.rotation_reason),
                format!("Automatic rotation cannot apply to the key {name}{owner}: {why}."),
            )
        }
        Some(Err(_)) | None => about(
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

/// What stands in the way of a rotation that is on.
fn whether(reason: &'static Reason, key: &KeyJoin) -> String {
    let (own, primary) = match key.rotation_reason {
        Some(RotationReason::ReplicaOfPrimary) => ("the replica", "the primary key"),
        _ => ("it", "it"),
    };
    let states = [(own, key.state.as_ref()), (primary, key.rotating_state.as_ref())];
    let state = states
        .into_iter()
        .filter_map(|(of, state)| Some((of, state?)))
        .find(|(_, state)| rotates_in(Some(state.as_str())).is_err());
    match (reason.code, state) {
        ("rotation_suspended", Some((of, _))) => format!("KMS does not rotate {of} while it is disabled"),
        ("rotation_in_state_not_known", Some((of, state))) => {
            format!("whether KMS rotates {of} in the state {state} is not known")
        }
        _ => "what KMS did not tell of the key may speak against it".to_owned(),
    }
}
