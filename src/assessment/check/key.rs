//! What the checks of keys have in common: a key's description, why there may be none, and its use by buckets.

use super::days::counted;
use super::support::{Decided, told};
use super::{KeySubject, Outcome, Reason};
use crate::model::{KeyMetadata, Undecided};

/// The key's metadata were not read.
pub static KEY_NOT_READ: Reason = Reason::unknown("key_not_read", "The key could not be described.");
/// The key was there when it was listed, and not when it was read.
pub static KEY_GONE: Reason =
    Reason::unknown("key_gone", "The key was deleted between its listing and its reading.");
/// The answer lacks who manages the key.
pub static MANAGER_NOT_TOLD: Reason =
    Reason::unknown("key_manager_not_told", "KMS did not say whether AWS or the customer manages the key.");
/// The key material comes from a place of a later day.
pub static ORIGIN_NOT_KNOWN: Reason = Reason::unknown(
    "key_origin_not_known",
    "The key material has an origin that this version of the tool does not know.",
);
/// The answer lacks where the key material comes from.
pub static ORIGIN_NOT_TOLD: Reason =
    Reason::unknown("key_origin_not_told", "KMS did not say where the key material comes from.");
/// The answer lacks the kind of key.
pub static SPEC_NOT_TOLD: Reason =
    Reason::unknown("key_spec_not_told", "KMS did not say what kind of key it is.");
/// The answer lacks the key's state.
pub static STATE_NOT_TOLD: Reason =
    Reason::unknown("key_state_not_told", "KMS did not say which state the key is in.");
/// The state is none that KMS documents.
pub static STATE_UNRECOGNIZED: Reason =
    Reason::unknown("key_state_unrecognized", "The key is in a state that this version does not know.");
/// The key is disabled.
pub static KEY_DISABLED: Reason = Reason::fail("key_disabled", "The key is disabled.")
    .with_remedy(
        "Enable the key with kms:EnableKey. Before you delete it instead, settle with its owner what is still encrypted under it.",
    );
/// The key waits for its deletion, and another check judges that.
pub static PENDING_DELETION: Reason = Reason::not_applicable(
    "pending_deletion",
    "The key is scheduled for deletion, which a check of its own judges.",
);

/// The key's metadata, where they were read.
pub fn metadata<'a>(key: &KeySubject<'a>) -> Decided<&'a KeyMetadata> {
    match key.facts.observation.describe.reading.settled() {
        Ok(Some(metadata)) => Ok(metadata),
        Ok(None) | Err(Undecided::Gone) => Err(Outcome::from(&KEY_GONE)),
        Err(why) => {
            Err(Outcome::from(&KEY_NOT_READ).saying(format!("The key was not described: {}.", why.spoken())))
        }
    }
}

/// Every state of a key (KMS API reference, KeyMetadata, KeyState).
const STATES: [&str; 8] = [
    "Creating",
    "Enabled",
    "Disabled",
    "PendingDeletion",
    "PendingImport",
    "PendingReplicaDeletion",
    "Unavailable",
    "Updating",
];

/// Why nothing follows from a state: it is not told, or none that KMS has.
pub fn state_unknown(state: Option<&str>) -> Option<&'static Reason> {
    match state {
        None => Some(&STATE_NOT_TOLD),
        Some(state) => (!STATES.contains(&state)).then_some(&STATE_UNRECOGNIZED),
    }
}

/// The key's state, where it is one that KMS has: nothing follows from another one.
pub fn state(metadata: &KeyMetadata) -> Decided<&str> {
    let state = told(metadata.state.as_ref(), &STATE_NOT_TOLD)?;
    if STATES.contains(&state) {
        return Ok(state);
    }
    Err(Outcome::from(&STATE_UNRECOGNIZED)
        .saying(format!("The key's state is \"{state}\", which this version of the tool does not know.")))
}

/// Key material from a place of a later day, which is named.
pub fn origin_not_known(origin: &str) -> Outcome {
    Outcome::from(&ORIGIN_NOT_KNOWN)
        .saying(format!("The key's origin is {origin}, which this version of the tool does not know."))
}

/// Whether a key in this state is scheduled for deletion, at once or after its replicas.
pub fn is_pending_deletion(state: &str) -> bool {
    matches!(state, "PendingDeletion" | "PendingReplicaDeletion")
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
