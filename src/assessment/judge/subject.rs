//! What a finding is about, in the few words that the conditions of controls ask in.
//!
//! It is judged once, from the facts, and kept with the finding: so the lake's questions, the page and
//! OCSF decide what counts for a control from the same word, and need no join to buckets and keys.

use crate::check::is_aws_managed;
use crate::model::{BucketFacts, Encryption, KeyFacts, Reading, Subject};

/// A bucket by its default encryption.
pub(super) fn of_bucket(facts: &BucketFacts) -> Subject {
    match facts.encryption {
        Encryption::NotConfigured => Subject::NotConfigured,
        Encryption::SseS3 => Subject::SseS3,
        Encryption::SseKms | Encryption::DsseKms => match &facts.key {
            // AWS's own aliases tell it of a key that no listing has.
            _ if is_aws_managed(facts) => Subject::AwsManagedKey,
            key => managed_by(key.as_ref().and_then(|key| key.manager.as_deref())),
        },
        Encryption::Other | Encryption::Unknown => Subject::Unknown,
    }
}

/// A key by who manages it.
pub(super) fn of_key(facts: &KeyFacts) -> Subject {
    match &facts.observation.describe.reading {
        Reading::Known(metadata) => managed_by(metadata.manager.as_deref()),
        _ => Subject::KmsKey,
    }
}

/// A word of KMS that is not known means no manager.
fn managed_by(manager: Option<&str>) -> Subject {
    match manager {
        Some("AWS") => Subject::AwsManagedKey,
        Some("CUSTOMER") => Subject::CustomerManagedKey,
        _ => Subject::KmsKey,
    }
}
