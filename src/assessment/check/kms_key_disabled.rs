//! Whether a key is disabled.

use super::key::{
    KEY_DISABLED, KEY_GONE, KEY_NOT_READ, PENDING_DELETION, STATE_NOT_TOLD, STATE_UNRECOGNIZED,
    buckets_in_words, is_pending_deletion, metadata, state,
};
use super::support::{Decided, decided};
use super::{Check, Context, Judge, KeySubject, Outcome, Reason};
use crate::model::{Category, Severity};

static NOT_DISABLED: Reason = Reason::pass("not_disabled", "The key is not disabled.");
static IN_USE: Reason =
    Reason::fail("key_disabled_in_use", "The key is disabled, and is the default encryption key of buckets.")
    .with_remedy(
        "Enable the key with kms:EnableKey, or name another key in the default encryption of the buckets; the objects that are stored under it need it still.",
    )
    .at_most(Severity::High);

/// The check.
pub static CHECK: Check = Check {
    id: "kms_key_disabled",
    version: 2,
    title: "KMS keys are not disabled",
    question: "Is the key not disabled?",
    category: Category::Availability,
    severity: Severity::Low,
    parameters: &[],
    reasons: &[
        &NOT_DISABLED,
        &KEY_DISABLED,
        &IN_USE,
        &PENDING_DELETION,
        &STATE_NOT_TOLD,
        &STATE_UNRECOGNIZED,
        &KEY_NOT_READ,
        &KEY_GONE,
    ],
    rationale: "A disabled key neither encrypts nor decrypts: objects under it cannot be read, and uploads to a \
                bucket whose default encryption names it are refused; KMS does not rotate it either (AWS KMS \
                Developer Guide, \"Key states of AWS KMS keys\"). A key that is disabled costs its monthly price all \
                the same. Only the default encryption of buckets is counted as use.",
    remedy: "Enable the key with kms:EnableKey, or name another key in the default encryption of the buckets and \
             settle with the key's owner what is still encrypted under it.",
    judge: Judge::Key(judge),
};

fn judge(key: &KeySubject<'_>, _: &Context<'_>) -> Outcome {
    decided(disabled(key))
}

fn disabled(key: &KeySubject<'_>) -> Decided {
    let state = state(metadata(key)?)?;
    if is_pending_deletion(state) {
        return Ok(Outcome::from(&PENDING_DELETION));
    }
    if state != "Disabled" {
        return Ok(
            Outcome::from(&NOT_DISABLED).saying(format!("The key is not disabled; its state is {state}."))
        );
    }
    Ok(match buckets_in_words(key) {
        Some(buckets) => Outcome::from(&IN_USE)
            .at_least(Severity::High)
            .saying(format!("The key is disabled, and is the default encryption key of {buckets}.")),
        None => Outcome::from(&KEY_DISABLED),
    })
}
