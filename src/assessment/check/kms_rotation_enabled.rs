//! Whether a key rotates by itself.

use super::days::days;
use super::key::{
    KEY_GONE, KEY_NOT_READ, MANAGER_NOT_TOLD, ORIGIN_NOT_TOLD, PENDING_DELETION, SPEC_NOT_TOLD,
    STATE_NOT_TOLD, STATE_UNRECOGNIZED, metadata,
};
use super::rotation::{
    ASYMMETRIC, AWS_MANAGED_YEARLY, CUSTOM_KEY_STORE, HMAC, IMPORTED_MATERIAL, REPLICA_OF_PRIMARY,
    ROTATION_DISABLED, ROTATION_ENABLED, ROTATION_NOT_READ, ROTATION_STATE_NOT_KNOWN, ROTATION_SUSPENDED,
    ROTATION_UNSUPPORTED, suspended_note, switched_on,
};
use super::support::{Decided, decided, told};
use super::{Check, Context, Judge, KeySubject, Outcome};
use crate::model::{Category, RotationFacts, Severity};

/// The check.
pub static CHECK: Check = Check {
    id: "kms_rotation_enabled",
    version: 2,
    title: "KMS keys rotate automatically",
    question: "Is automatic rotation on, for every key that KMS can rotate automatically?",
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
        &ROTATION_UNSUPPORTED,
        &REPLICA_OF_PRIMARY,
        &ROTATION_STATE_NOT_KNOWN,
        &ROTATION_NOT_READ,
        &MANAGER_NOT_TOLD,
        &STATE_NOT_TOLD,
        &STATE_UNRECOGNIZED,
        &SPEC_NOT_TOLD,
        &ORIGIN_NOT_TOLD,
        &KEY_NOT_READ,
        &KEY_GONE,
    ],
    rationale: concat!(
        "Rotation limits how much data one piece of key material protects. KMS can rotate symmetric \
         encryption keys whose material it made itself (AWS KMS Developer Guide, \"Rotate AWS KMS \
         keys\"). ",
        suspended_note!(),
        rotation_footnote!(),
    ),
    remedy: "Turn automatic rotation on with kms:EnableKeyRotation, for a multi-Region key on its primary key.",
    judge: Judge::Key(judge),
};

fn judge(key: &KeySubject<'_>, _: &Context<'_>) -> Outcome {
    decided(rotation(key))
}

fn rotation(key: &KeySubject<'_>) -> Decided {
    let metadata = metadata(key)?;
    told(metadata.manager.as_ref(), &MANAGER_NOT_TOLD)?;
    if metadata.is_aws_managed() {
        return Ok(Outcome::from(&AWS_MANAGED_YEARLY));
    }
    Ok(match switched_on(key, metadata)? {
        true => Outcome::from(&ROTATION_ENABLED).saying(enabled(&key.facts.rotation)),
        false => Outcome::from(&ROTATION_DISABLED),
    })
}

fn enabled(rotation: &RotationFacts) -> String {
    let period = rotation.period_days.map(|period| format!(", every {}", days(period.into())));
    let next = rotation.next_rotation_at.map(|next| format!(", next on {}", next.date()));
    format!("Automatic rotation is on{}{}.", period.unwrap_or_default(), next.unwrap_or_default())
}
