//! Whether a key waits for its deletion.

use super::days::{days, days_between};
use super::key::{
    KEY_GONE, KEY_NOT_READ, STATE_NOT_TOLD, STATE_UNRECOGNIZED, buckets_in_words, is_pending_deletion,
    metadata, state,
};
use super::support::{Decided, decided};
use super::{Check, Context, Judge, KeySubject, Outcome, Reason};
use crate::clock::Timestamp;
use crate::model::{Category, KeyMetadata, Severity};

static NOT_PENDING: Reason = Reason::pass("not_pending_deletion", "The key is not scheduled for deletion.");
static NOT_IN_USE: Reason = Reason::fail(
    "pending_deletion_not_in_use",
    "The key is scheduled for deletion, and is the default encryption key of no bucket that is known.",
);
static IN_USE: Reason = Reason::grave(
    "pending_deletion_in_use",
    "The key is scheduled for deletion, and is the default encryption key of buckets.",
)
    .with_remedy(
        "Cancel the deletion with kms:CancelKeyDeletion and enable the key with kms:EnableKey before the date; then name another key in the default encryption of the buckets if it is to go.",
    )
    .at_most(Severity::Critical);

/// The check.
pub static CHECK: Check = Check {
    id: "kms_key_pending_deletion",
    version: 2,
    title: "KMS keys are not scheduled for deletion",
    question: "Is the key not scheduled for deletion?",
    category: Category::Availability,
    severity: Severity::Medium,
    parameters: &[],
    reasons: &[
        &NOT_PENDING,
        &NOT_IN_USE,
        &IN_USE,
        &STATE_NOT_TOLD,
        &STATE_UNRECOGNIZED,
        &KEY_NOT_READ,
        &KEY_GONE,
    ],
    rationale: "Once a key is deleted, what was encrypted under it cannot be recovered, not even by AWS. The waiting \
                period of 7 to 30 days is the last time to cancel; during it the key encrypts and decrypts nothing \
                (AWS KMS Developer Guide, \"Delete an AWS KMS key\"). Only the default encryption of buckets is \
                counted as use: a key that no bucket names can still be needed by stored objects or by other \
                services.",
    remedy: "Cancel with kms:CancelKeyDeletion and enable the key with kms:EnableKey, unless its owner has shown that \
             nothing is encrypted under it any more.",
    judge: Judge::Key(judge),
};

fn judge(key: &KeySubject<'_>, context: &Context<'_>) -> Outcome {
    decided(pending(key, context.as_of))
}

fn pending(key: &KeySubject<'_>, as_of: Timestamp) -> Decided {
    let metadata = metadata(key)?;
    if !is_pending_deletion(state(metadata)?) {
        return Ok(Outcome::from(&NOT_PENDING));
    }
    let when = when(metadata, as_of);
    Ok(match buckets_in_words(key) {
        Some(buckets) => Outcome::from(&IN_USE).at_least(Severity::Critical).saying(format!(
            "The key is scheduled for deletion{when}, and is the default encryption key of {buckets}."
        )),
        None => Outcome::from(&NOT_IN_USE).saying(format!(
            "The key is scheduled for deletion{when}; no known bucket has it as its default encryption key."
        )),
    })
}

fn when(metadata: &KeyMetadata, as_of: Timestamp) -> String {
    match metadata.deletion_at {
        Some(at) if at > as_of => {
            format!(" on {}, with {} left", at.date(), days(days_between(as_of, at)))
        }
        Some(at) => format!(", due since {}, {} ago", at.date(), days(days_between(at, as_of))),
        // A multi-Region primary's waiting period begins with the end of its last replica.
        None if metadata.state.as_deref() == Some("PendingReplicaDeletion") => {
            " as soon as its replicas are deleted and a waiting period is over".to_owned()
        }
        None => " on a date that KMS did not tell".to_owned(),
    }
}
