//! How a check reaches a value: through a `Result` whose error is an outcome of verdict `unknown`.

use super::{BucketSubject, KeySubject, Outcome, PolicyReading, Reason};
use crate::clock::Timestamp;
use crate::model::{Encryption, KeyJoin, KeyMetadata, KeyRotation, Reading, RotationReason};
use crate::policy::{self, Admitted};

/// The bucket's configuration was not read.
pub static ENCRYPTION_NOT_READ: Reason =
    Reason::unknown("encryption_not_read", "The bucket's encryption configuration could not be read.");
/// The bucket was there when it was listed, and not when it was read.
pub static BUCKET_GONE: Reason =
    Reason::unknown("bucket_gone", "The bucket was deleted between its listing and its reading.");
/// The key's metadata were not read.
pub static KEY_NOT_READ: Reason = Reason::unknown("key_not_read", "The key could not be described.");
/// The key was there when it was listed, and not when it was read.
pub static KEY_GONE: Reason =
    Reason::unknown("key_gone", "The key was deleted between its listing and its reading.");

/// The bucket's default mode, where it was read.
pub fn mode(bucket: &BucketSubject<'_>) -> Result<Encryption, Outcome> {
    let facts = bucket.facts;
    match (facts.encryption, facts.encryption_read) {
        (Encryption::Unknown, "gone") => Err(Outcome::from(&BUCKET_GONE)),
        (Encryption::Unknown, read) => Err(Outcome::from(&ENCRYPTION_NOT_READ)
            .saying(format!("The bucket's encryption configuration was not read: {}.", spoken(read)))),
        (mode, _) => Ok(mode),
    }
}

/// What the join says of the bucket's key, where the configuration was read.
pub fn key_of<'a>(bucket: &BucketSubject<'a>) -> Result<&'a KeyJoin, Outcome> {
    mode(bucket)?;
    bucket.facts.key.as_ref().ok_or_else(|| Outcome::from(&ENCRYPTION_NOT_READ))
}

/// The key's metadata, where they were read.
pub fn metadata<'a>(key: &KeySubject<'a>) -> Result<&'a KeyMetadata, Outcome> {
    match &key.facts.observation.describe.reading {
        Reading::Known(metadata) => Ok(metadata),
        Reading::Gone | Reading::Absent => Err(Outcome::from(&KEY_GONE)),
        unread => Err(Outcome::from(&KEY_NOT_READ)
            .saying(format!("The key was not described: {}.", spoken(unread.word())))),
    }
}

/// A *read* word as a person says it.
pub fn spoken(read: &str) -> &'static str {
    match read {
        "denied" => "access was denied",
        "throttled" => "AWS throttled every attempt",
        "transport" => "no answer came",
        "service" => "the service failed",
        "protocol" => "the answer was not what the API promises",
        "identity" => "the credentials were not accepted",
        "unavailable" => "the Region is not available to the account",
        "not_asked" => "the read was not sent",
        "gone" => "it was gone",
        "absent" => "there is none",
        _ => "it is not known",
    }
}

/// The first of the two that decides: lets a check use `?` on what was not read.
pub fn decided(outcome: Result<Outcome, Outcome>) -> Outcome {
    outcome.unwrap_or_else(|unknown| unknown)
}

/// The answer lacks who manages the key.
pub static MANAGER_NOT_TOLD: Reason =
    Reason::unknown("key_manager_not_told", "KMS did not say whether AWS or the customer manages the key.");
/// The answer lacks where the key material comes from.
pub static ORIGIN_NOT_TOLD: Reason =
    Reason::unknown("key_origin_not_told", "KMS did not say where the key material comes from.");
/// The answer lacks the kind of key.
pub static SPEC_NOT_TOLD: Reason =
    Reason::unknown("key_spec_not_told", "KMS did not say what kind of key it is.");
/// The answer lacks the key's state.
pub static STATE_NOT_TOLD: Reason =
    Reason::unknown("key_state_not_told", "KMS did not say which state the key is in.");
/// The key's rotation status was not read.
pub static ROTATION_NOT_READ: Reason =
    Reason::unknown("rotation_not_read", "The key's rotation status could not be read.");

/// The key waits for its deletion, and another check judges that.
pub static PENDING_DELETION: Reason = Reason::not_applicable(
    "pending_deletion",
    "The key is scheduled for deletion, which a check of its own judges.",
);
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
/// What `DescribeKey` promises to tell, where it did.
pub fn told<'a>(value: Option<&'a String>, not_told: &'static Reason) -> Result<&'a str, Outcome> {
    value.map(String::as_str).ok_or_else(|| Outcome::from(not_told))
}

/// Whether a key in this state is scheduled for deletion, at once or after its replicas.
pub fn is_pending_deletion(state: &str) -> bool {
    matches!(state, "PendingDeletion" | "PendingReplicaDeletion")
}

/// Whether automatic rotation is on, where KMS can rotate a customer managed key; else what there is to say.
pub fn switched_on(key: &KeySubject<'_>, metadata: &KeyMetadata) -> Result<bool, Outcome> {
    if metadata.is_replica(&key.facts.observation.key_arn) {
        return Err(Outcome::from(&REPLICA_OF_PRIMARY));
    }
    let rotation = &key.facts.rotation;
    match (rotation.rotation, rotation.reason) {
        (KeyRotation::Unknown, _) => return Err(rotation_not_read(rotation.read)),
        (KeyRotation::NotApplicable, Some(reason)) => return Err(no_rotation(reason)),
        _ => {}
    }
    // What was missing here may be what makes a rotation impossible.
    told(metadata.state.as_ref(), &STATE_NOT_TOLD)?;
    told(metadata.spec.as_ref(), &SPEC_NOT_TOLD)?;
    told(metadata.origin.as_ref(), &ORIGIN_NOT_TOLD)?;
    match rotation.rotation {
        KeyRotation::Enabled => Ok(true),
        KeyRotation::Disabled => Ok(false),
        KeyRotation::NotApplicable | KeyRotation::Unknown => Err(Outcome::from(&ROTATION_UNSUPPORTED)),
    }
}

fn no_rotation(reason: RotationReason) -> Outcome {
    Outcome::from(match reason {
        RotationReason::PendingDeletion => &PENDING_DELETION,
        RotationReason::Asymmetric => &ASYMMETRIC,
        RotationReason::Hmac => &HMAC,
        RotationReason::CustomKeyStore => &CUSTOM_KEY_STORE,
        RotationReason::ImportedMaterial => &IMPORTED_MATERIAL,
        RotationReason::ReplicaOfPrimary => &REPLICA_OF_PRIMARY,
        RotationReason::AwsManagedYearly => &ROTATION_UNSUPPORTED,
    })
}

fn rotation_not_read(read: &str) -> Outcome {
    match read {
        "gone" => Outcome::from(&KEY_GONE),
        read => Outcome::from(&ROTATION_NOT_READ)
            .saying(format!("The key's rotation status was not read: {}.", spoken(read))),
    }
}

/// A day in milliseconds.
pub const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Whole days from one instant to a later one; negative where it is an earlier one.
pub fn days_between(from: Timestamp, to: Timestamp) -> i64 {
    to.millis().saturating_sub(from.millis()).div_euclid(DAY_MS)
}

/// Whether no more than so many days lie between the two, to the millisecond.
pub fn within_days(from: Timestamp, to: Timestamp, days: i64) -> bool {
    to.millis().saturating_sub(from.millis()) <= days.saturating_mul(DAY_MS)
}

/// `1 day`, `90 days`.
pub fn days(count: i64) -> String {
    counted(count, "day")
}

/// A count and its noun.
pub fn counted(count: impl Into<i128>, noun: &str) -> String {
    let count = count.into();
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// The buckets whose default names the key, in words; none where no known bucket does.
pub fn buckets_in_words(key: &KeySubject<'_>) -> Option<String> {
    let all = key.facts.default_key_of_buckets;
    if all == 0 {
        return None;
    }
    let more = all.saturating_sub(key.buckets.len() as u64);
    let counted = counted(all, "bucket");
    Some(match (key.buckets, more) {
        ([], _) => counted,
        (named, 0) => format!("{counted}: {}", named.join(", ")),
        (named, more) => format!("{counted}: {} and {more} more", named.join(", ")),
    })
}

/// The customer sets no policy on a key of AWS's.
pub static AWS_MANAGED_POLICY: Reason = Reason::not_applicable(
    "aws_managed_policy",
    "The key is an AWS managed key, and AWS alone sets its key policy.",
);
/// Nothing keeps out somebody whom nobody knows.
pub static POLICY_ADMITS_ANYONE: Reason =
    Reason::grave("policy_admits_anyone", "The key policy admits anyone in any AWS account.");
/// The key's policy was not read.
pub static POLICY_NOT_READ: Reason = Reason::unknown("policy_not_read", "The key policy could not be read.");
/// Every key has a policy; an answer that has none says nothing.
pub static POLICY_ABSENT: Reason =
    Reason::unknown("policy_absent", "KMS gave no key policy, and every KMS key has one.");
/// The text is not a policy as AWS would take it.
pub static POLICY_NOT_UNDERSTOOD: Reason =
    Reason::unknown("policy_not_understood", "The key policy was read and not understood.");
/// What decides is not in the policy.
pub static POLICY_UNDECIDED: Reason = Reason::unknown(
    "policy_undecided",
    "Whom the key policy admits depends on what the policy does not say.",
);

/// Whom the policy of a customer managed key admits; else what there is to say.
pub fn admitted(key: &KeySubject<'_>) -> Result<Admitted, Outcome> {
    let metadata = metadata(key)?;
    told(metadata.manager.as_ref(), &MANAGER_NOT_TOLD)?;
    if metadata.is_aws_managed() {
        return Err(Outcome::from(&AWS_MANAGED_POLICY));
    }
    match key.policy {
        PolicyReading::Known(policy) => Ok(policy::admitted(policy, &key.facts.observation.key_arn)),
        PolicyReading::Absent => Err(Outcome::from(&POLICY_ABSENT)),
        PolicyReading::Unparsed(error) => Err(Outcome::from(&POLICY_NOT_UNDERSTOOD)
            .saying(format!("The key policy was read and not understood: {error}."))),
        PolicyReading::Unread("gone") => Err(Outcome::from(&KEY_GONE)),
        PolicyReading::Unread(read) => {
            Err(Outcome::from(&POLICY_NOT_READ)
                .saying(format!("The key policy was not read: {}.", spoken(read))))
        }
    }
}

/// The policy admits anyone, if it does.
pub fn anyone(admitted: &Admitted) -> Option<Outcome> {
    let why = admitted.anyone.as_ref()?;
    Some(
        Outcome::from(&POLICY_ADMITS_ANYONE)
            .saying(format!("The key policy admits anyone in any AWS account: {why}.")),
    )
}

/// The policy may admit more than it names, if it may.
pub fn undecided(admitted: &Admitted) -> Option<Outcome> {
    let why = admitted.undecided.as_ref()?;
    Some(
        Outcome::from(&POLICY_UNDECIDED)
            .saying(format!("Whom the key policy admits depends on what the policy does not say: {why}.")),
    )
}
