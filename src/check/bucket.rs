//! What the checks of buckets have in common: a bucket's default encryption and its key, why they may not be
//! known, and how they are spoken of.

use super::policy_reading::{self, POLICY_UNDECIDED};
use super::support::spoken;
use super::{BucketSubject, Outcome, PolicyReading, Reason};
use crate::model::{BucketFacts, Encryption, KeyJoin};
use crate::policy::Policy;

/// The bucket's configuration was not read.
pub static ENCRYPTION_NOT_READ: Reason =
    Reason::unknown("encryption_not_read", "The bucket's encryption configuration could not be read.");
/// The bucket was there when it was listed, and not when it was read.
pub static BUCKET_GONE: Reason =
    Reason::unknown("bucket_gone", "The bucket was deleted between its listing and its reading.");
/// There is no policy that could refuse anything.
pub static NO_POLICY: Reason = Reason::fail("no_policy", "The bucket has no policy.");
/// The default encryption needs no KMS key.
pub static NO_KMS_KEY: Reason =
    Reason::not_applicable("no_kms_key", "The default encryption uses no KMS key.");
/// The key is AWS's own.
pub static AWS_MANAGED_KEY: Reason =
    Reason::pass("aws_managed_key", "The default encryption uses an AWS managed key, aws/s3 as a rule.");
/// The listing of the owner's keys has no such key.
pub static KEY_MISSING: Reason =
    Reason::fail("key_missing", "The complete listing of its account's keys does not have the key.")
    .with_remedy(
        "Name a key that exists with PutBucketEncryption. A deleted key does not come back: what is stored under it cannot be read any more.",
    );
/// What the key is cannot be said.
pub static KEY_UNPROVEN: Reason =
    Reason::unknown("key_unproven", "What the key is cannot be said: its account's keys were not all read.");
/// Keys of other organizations are not read.
pub static KEY_NOT_VISIBLE: Reason = Reason::unknown(
    "outside_key_not_visible",
    "The key belongs to an account outside the organization, whose keys cannot be read.",
)
    .with_remedy(
        "Ask the owner of the key's account for its state, or name a key of the organization with PutBucketEncryption.",
    );

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

/// The bucket's policy, where it was read and understood; none where there is none.
pub fn policy(reading: PolicyReading<'_>) -> Result<Option<&Policy>, Outcome> {
    policy_reading::policy(reading, "bucket", &BUCKET_GONE)
}

/// A policy that leaves the question open, and why.
pub fn undecided(why: &str) -> Outcome {
    Outcome::from(&POLICY_UNDECIDED)
        .saying(format!("It cannot be said what the bucket policy refuses: {}.", why.trim_end_matches('.')))
}

/// The default encryption in a few words.
pub fn spoken_default(facts: &BucketFacts) -> String {
    match facts.encryption {
        Encryption::NotConfigured => "not configured".to_owned(),
        Encryption::Other => {
            format!("the algorithm {}", facts.sse_algorithm.as_deref().unwrap_or("of another name"))
        }
        Encryption::Unknown => "not known".to_owned(),
        known => known.spoken().to_owned(),
    }
}

/// The bucket's key as a person names it: its ARN, else the reference as configured.
pub fn key_name(facts: &BucketFacts) -> &str {
    let arn = facts.key.as_ref().and_then(|key| key.key_arn.as_deref());
    arn.or(facts.kms_key_ref.as_deref()).unwrap_or("aws/s3")
}

/// The default encryption uses no KMS key.
pub fn no_kms_key(facts: &BucketFacts) -> Outcome {
    Outcome::from(&NO_KMS_KEY).saying(match facts.encryption {
        Encryption::NotConfigured => "No default encryption is configured, and so no KMS key.".to_owned(),
        _ => format!("The default encryption is {}, and names no KMS key.", spoken_default(facts)),
    })
}

/// An outcome about the bucket's key, standing on that key.
pub fn about_key(facts: &BucketFacts, reason: &'static Reason, text: String) -> Outcome {
    let arn = facts.key.as_ref().and_then(|key| key.key_arn.as_deref());
    Outcome::from(reason).saying(text).related(arn)
}

/// A key that the complete listing of its account's keys does not have.
pub fn missing_text(facts: &BucketFacts) -> String {
    let owner = facts.key.as_ref().and_then(|key| key.account_id);
    let owner = owner.map_or_else(|| "its account".to_owned(), |id| format!("account {id}"));
    format!("The key {} is not in the complete listing of the keys of {owner}.", key_name(facts))
}

/// A key of which nothing can be said, for its account's keys were not all read.
pub fn key_unproven(facts: &BucketFacts) -> Outcome {
    let owner = facts.key.as_ref().and_then(|key| key.account_id);
    let why = match owner {
        Some(id) => format!("the keys of account {id} were not all read"),
        None => "the reference is no ARN of a KMS key".to_owned(),
    };
    about_key(facts, &KEY_UNPROVEN, format!("What the key {} is cannot be said: {why}.", key_name(facts)))
}

/// A key of an account outside the organization, of which nothing can be read.
pub fn key_not_visible(facts: &BucketFacts) -> Outcome {
    let owner = facts.key.as_ref().and_then(|key| key.account_id);
    let owner = owner.map_or_else(|| "an account".to_owned(), |id| format!("account {id}"));
    let text = format!(
        "The key {} belongs to {owner}, outside the organization: it cannot be read.",
        key_name(facts)
    );
    about_key(facts, &KEY_NOT_VISIBLE, text)
}

/// Whether a reference names the AWS managed key aws/s3 by its alias.
pub fn is_aws_s3_alias(reference: &str) -> bool {
    reference == "alias/aws/s3" || (reference.starts_with("arn:") && reference.ends_with(":alias/aws/s3"))
}
