//! Automatic rotation: what KMS can rotate and what not, whoever asks it of a key.

use super::key::{KEY_GONE, ORIGIN_NOT_TOLD, PENDING_DELETION, SPEC_NOT_TOLD, STATE_NOT_TOLD, state};
use super::support::{Decided, told};
use super::{KeySubject, Outcome, Reason};
use crate::model::{KeyMetadata, KeyRotation, RotationReason, Undecided};

/// It is on.
pub static ROTATION_ENABLED: Reason = Reason::pass("rotation_enabled", "Automatic rotation is on.");
/// AWS rotates what it manages.
pub static AWS_MANAGED_YEARLY: Reason =
    Reason::pass("aws_managed_yearly", "The key is an AWS managed key, which AWS rotates every year.");
/// It could be on, and is not.
pub static ROTATION_DISABLED: Reason = Reason::fail("rotation_disabled", "Automatic rotation is off.");
/// A disabled key is not rotated, and nothing is encrypted under it either.
pub static ROTATION_SUSPENDED: Reason = Reason::not_applicable(
    "rotation_suspended",
    "Automatic rotation is on, and the key is disabled: KMS rotates it once it is enabled again. A check of its own \
     judges that the key is disabled.",
);
/// Of most states AWS does not document whether a key rotates in them.
pub static ROTATION_STATE_NOT_KNOWN: Reason = Reason::unknown(
    "rotation_in_state_not_known",
    "Automatic rotation is on, and the key is in a state in which it may not rotate.",
);
/// The key's rotation status was not read.
pub static ROTATION_NOT_READ: Reason =
    Reason::unknown("rotation_not_read", "The key's rotation status could not be read.");
/// A replica has its primary's material.
pub static REPLICA_OF_PRIMARY: Reason = Reason::not_applicable(
    "replica_of_primary",
    "The key is a multi-Region replica: its key material and rotation are its primary key's, and are judged there.",
);
/// KMS rotates symmetric keys only.
pub static ASYMMETRIC: Reason =
    Reason::not_applicable("asymmetric", "The key is asymmetric, and KMS cannot rotate asymmetric keys.");
/// KMS rotates encryption keys only.
pub static HMAC: Reason =
    Reason::not_applicable("hmac", "The key is an HMAC key, and KMS cannot rotate HMAC keys.");
/// KMS rotates in its own key store only.
pub static CUSTOM_KEY_STORE: Reason = Reason::not_applicable(
    "custom_key_store",
    "The key is in a custom key store, where KMS cannot rotate keys.",
);
/// KMS rotates by itself only what it made itself.
pub static IMPORTED_MATERIAL: Reason = Reason::not_applicable(
    "imported_material",
    "The key has imported key material, which KMS does not rotate automatically.",
);
/// KMS said so, and nothing that is known of the key says why.
pub static ROTATION_UNSUPPORTED: Reason = Reason::not_applicable(
    "rotation_unsupported",
    "KMS answered that this key does not support automatic rotation.",
);

/// Said wherever a disabled key is spared. Two of AWS's own sources look at the setting alone (AWS Config,
/// cmk-backing-key-rotation-enabled, behind Security Hub KMS.4 and CIS), and would pass it.
macro_rules! suspended_note {
    () => {
        "KMS does not rotate a key while it is disabled, though its rotation status stays what it was; it rotates the \
         key once it is enabled again, if a rotation is due by then (AWS KMS API Reference, \
         GetKeyRotationStatus). Such a key neither passes nor fails here, as one that is scheduled for deletion does not: \
         nothing is encrypted under it meanwhile. Off is a fail in every state. "
    };
}
pub(super) use suspended_note;

/// Whether a key whose rotation is on rotates in this state: the primary's, for a replica. An error where it does
/// not, or where that is not known.
pub fn rotates_in(state: Option<&str>) -> Result<(), &'static Reason> {
    match state {
        Some("Enabled" | "Updating") => Ok(()),
        Some("Disabled") => Err(&ROTATION_SUSPENDED),
        Some(_) => Err(&ROTATION_STATE_NOT_KNOWN),
        None => Err(&STATE_NOT_TOLD),
    }
}

/// Whether automatic rotation is on, where KMS can rotate a customer managed key; else what there is to say.
pub fn switched_on(key: &KeySubject<'_>, metadata: &KeyMetadata) -> Decided<bool> {
    if metadata.is_replica(&key.facts.observation.key_arn) {
        return Err(Outcome::from(&REPLICA_OF_PRIMARY));
    }
    let rotation = &key.facts.rotation;
    let rotation = match (rotation.rotation, rotation.reason) {
        (Err(why), _) => return Err(rotation_not_read(why)),
        (Ok(KeyRotation::NotApplicable), Some(reason)) => {
            return Err(Outcome::from(cannot_rotate(Some(reason))));
        }
        (Ok(rotation), _) => rotation,
    };
    // What was missing here may be what makes a rotation impossible.
    told(metadata.state.as_ref(), &STATE_NOT_TOLD)?;
    told(metadata.spec.as_ref(), &SPEC_NOT_TOLD)?;
    told(metadata.origin.as_ref(), &ORIGIN_NOT_TOLD)?;
    match rotation {
        KeyRotation::Enabled => rotates_in(metadata.state.as_deref()).map(|()| true).map_err(Outcome::from),
        // Another word may stand for a key that waits for deletion, which cannot rotate.
        KeyRotation::Disabled => state(metadata).map(|_| false),
        KeyRotation::NotApplicable => Err(Outcome::from(cannot_rotate(None))),
    }
}

/// The reason why KMS cannot rotate a key automatically.
pub fn cannot_rotate(why: Option<RotationReason>) -> &'static Reason {
    match why {
        Some(RotationReason::PendingDeletion) => &PENDING_DELETION,
        Some(RotationReason::Asymmetric) => &ASYMMETRIC,
        Some(RotationReason::Hmac) => &HMAC,
        Some(RotationReason::CustomKeyStore) => &CUSTOM_KEY_STORE,
        Some(RotationReason::ImportedMaterial) => &IMPORTED_MATERIAL,
        Some(RotationReason::ReplicaOfPrimary) => &REPLICA_OF_PRIMARY,
        Some(RotationReason::AwsManagedYearly) | None => &ROTATION_UNSUPPORTED,
    }
}

fn rotation_not_read(why: Undecided) -> Outcome {
    match why {
        Undecided::Gone => Outcome::from(&KEY_GONE),
        why => Outcome::from(&ROTATION_NOT_READ)
            .saying(format!("The key's rotation status was not read: {}.", why.spoken())),
    }
}
