//! How a check reaches a value: through a `Result` whose error is an outcome of verdict `unknown`.

use super::{BucketSubject, KeySubject, Outcome, Reason};
use crate::model::{Encryption, KeyJoin, KeyMetadata, Reading};

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
