//! Whether an S3 Bucket Key saves most of the requests to KMS.

use super::bucket::{
    ALGORITHM_NOT_KNOWN, BUCKET_GONE, ENCRYPTION_NOT_READ, about_key, algorithm_not_known,
    default_encryption, spoken_default,
};
use super::support::decided;
use super::{BucketSubject, Check, Context, Judge, Outcome, Reason};
use crate::model::{Category, Encryption, Severity};

static ON: Reason = Reason::pass("bucket_key_on", "The S3 Bucket Key is on.");
static OFF: Reason = Reason::fail("bucket_key_off", "The S3 Bucket Key is off.");
static NOT_SSE_KMS: Reason = Reason::not_applicable(
    "bucket_key_needs_sse_kms",
    "An S3 Bucket Key serves SSE-KMS, which is not the default encryption.",
);

/// The check.
pub static CHECK: Check = Check {
    id: "s3_bucket_key",
    version: 2,
    title: "Buckets with SSE-KMS use an S3 Bucket Key",
    question: "Is the S3 Bucket Key on, where the bucket's default encryption is SSE-KMS?",
    category: Category::Cost,
    severity: Severity::Low,
    parameters: &[],
    reasons: &[&ON, &OFF, &NOT_SSE_KMS, &ALGORITHM_NOT_KNOWN, &ENCRYPTION_NOT_READ, &BUCKET_GONE],
    rationale: "Without it every object costs requests to AWS KMS, which are paid for and count against the request \
                quota of the account; with it S3 asks for a bucket-level key that serves many objects for a limited \
                time, which cuts the cost of requests to AWS KMS by up to 99 percent (Amazon S3 User Guide, \
                \"Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys\"). DSSE-KMS does not support it, and \
                SSE-S3 does not need it.",
    remedy: "Turn the S3 Bucket Key on with PutBucketEncryption (BucketKeyEnabled true on the rule), for new objects. \
             First see that no key policy and no IAM policy stands on the encryption context of single objects: with \
             an S3 Bucket Key it is the bucket's ARN; and AWS CloudTrail shows fewer KMS events.",
    judge: Judge::Bucket(judge),
};

fn judge(bucket: &BucketSubject<'_>, _: &Context<'_>) -> Outcome {
    let facts = bucket.facts;
    decided(default_encryption(bucket).map(|default| match (default.mode, default.bucket_key_enabled) {
        (Encryption::SseKms, Some(true)) => Outcome::from(&ON),
        (Encryption::SseKms, set) => {
            let how = if set.is_some() { "off" } else { "not set, and so off" };
            about_key(
                facts,
                &OFF,
                format!(
                    "The default encryption is SSE-KMS, and the S3 Bucket Key is {how}: each object \
                     costs requests to AWS KMS."
                ),
            )
        }
        (Encryption::Other, _) => algorithm_not_known(facts),
        _ => Outcome::from(&NOT_SSE_KMS).saying(format!(
            "An S3 Bucket Key serves SSE-KMS; the default encryption is {}.",
            spoken_default(facts)
        )),
    }))
}
