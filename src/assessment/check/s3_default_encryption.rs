//! Whether a default encryption is configured at all.

use super::bucket::{BUCKET_GONE, ENCRYPTION_NOT_READ, mode, spoken_default};
use super::requirement::NO_DEFAULT;
use super::support::decided;
use super::{BucketSubject, Check, Context, Judge, Outcome, Reason};
use crate::model::{Category, Encryption, Severity};

static CONFIGURED: Reason = Reason::pass("default_configured", "A default encryption is configured.");

/// The check.
pub static CHECK: Check = Check {
    id: "s3_default_encryption",
    version: 1,
    title: "Buckets have a default encryption",
    question: "Is a default encryption configured on the bucket?",
    category: Category::Security,
    severity: Severity::Informational,
    parameters: &[],
    reasons: &[&CONFIGURED, &NO_DEFAULT, &ENCRYPTION_NOT_READ, &BUCKET_GONE],
    rationale: "Since 2023-01-05 S3 encrypts every new object, and answers GetBucketEncryption with SSE-S3 where \
                nothing else was set (Amazon S3 User Guide, \"Setting default server-side encryption behavior for \
                Amazon S3 buckets\"). The check is kept for what other endpoints and older partitions answer, and for \
                the auditor who asks. Default encryption applies to new objects whose request names no encryption; it \
                does not show how stored objects are encrypted.",
    remedy: "Set a default encryption with PutBucketEncryption (permission s3:PutEncryptionConfiguration).",
    judge: Judge::Bucket(judge),
};

fn judge(bucket: &BucketSubject<'_>, _: &Context<'_>) -> Outcome {
    decided(mode(bucket).map(|mode| {
        match mode {
            Encryption::NotConfigured => Outcome::from(&NO_DEFAULT).saying(
                "No default encryption is configured; since 2023-01-05 S3 encrypts every new object with \
                 SSE-S3 all the same.",
            ),
            _ => Outcome::from(&CONFIGURED)
                .saying(format!("The default encryption is {}.", spoken_default(bucket.facts))),
        }
    }))
}
