//! What a finding is about, in the few words that the conditions of controls ask in.
//!
//! It is judged once, from the facts, and kept with the finding: so the lake's questions, the page and
//! OCSF decide what counts for a control from the same word, and need no join to buckets and keys.

use crate::check::is_aws_managed;
use crate::model::{BucketFacts, Encryption, KeyFacts, Reading, Subject};

/// A bucket by its default encryption.
pub(super) fn of_bucket(facts: &BucketFacts) -> Subject {
    let Ok(default) = facts.default_encryption() else { return Subject::Unknown };
    match default.mode {
        Encryption::NotConfigured => Subject::NotConfigured,
        Encryption::SseS3 => Subject::SseS3,
        // AWS's own aliases tell it of a key that no listing has.
        Encryption::SseKms | Encryption::DsseKms if is_aws_managed(facts) => Subject::AwsManagedKey,
        Encryption::SseKms | Encryption::DsseKms => managed_by(default.key.manager.as_deref()),
        Encryption::Other => Subject::Unknown,
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
