//! Whether the default encryption is what the standard asks for.

use super::bucket::{
    ALGORITHM_NOT_KNOWN, BUCKET_GONE, ENCRYPTION_NOT_READ, KEY_MISSING, KEY_NOT_VISIBLE, KEY_UNPROVEN, mode,
};
use super::policy_reading::{POLICY_NOT_READ, POLICY_NOT_UNDERSTOOD, POLICY_UNDECIDED};
use super::requirement::{
    KEY_REQUIRED, MEETS, MODE_BELOW, NO_DEFAULT, NOT_APPROVED, NOT_CUSTOMER_MANAGED, judge_default,
};
use super::service_destination::{Destination, PERHAPS, SERVICE_REQUIRES_SSE_S3, destination};
use super::support::decided;
use super::{BucketSubject, Check, Context, Judge, Outcome, SCOPE_NOT_KNOWN};
use crate::model::{Category, Encryption, Severity, Verdict};

/// The check.
pub static CHECK: Check = Check {
    id: "s3_encryption_standard",
    version: 2,
    title: "Default encryption meets the organization's standard",
    question: "Is the bucket's default encryption at least the mode, and under a key, that the standard asks for?",
    category: Category::Security,
    severity: Severity::Medium,
    parameters: &[],
    reasons: &[
        &MEETS,
        &NO_DEFAULT,
        &MODE_BELOW,
        &KEY_REQUIRED,
        &NOT_CUSTOMER_MANAGED,
        &NOT_APPROVED,
        &KEY_MISSING,
        &PERHAPS,
        &SERVICE_REQUIRES_SSE_S3,
        &SCOPE_NOT_KNOWN,
        &POLICY_UNDECIDED,
        &ALGORITHM_NOT_KNOWN,
        &KEY_UNPROVEN,
        &KEY_NOT_VISIBLE,
        &POLICY_NOT_READ,
        &POLICY_NOT_UNDERSTOOD,
        &ENCRYPTION_NOT_READ,
        &BUCKET_GONE,
    ],
    rationale: "With SSE-KMS and DSSE-KMS a reader needs permission to use the key as well as to read the object, and \
                AWS CloudTrail shows each use; a customer managed key can also be disabled, and its key policy says \
                who may use it (Amazon S3 User Guide, \"Using server-side encryption with AWS KMS keys\"). Which \
                mode and which keys are asked for is the standard's to say. A key counts as approved where its ARN \
                is listed, where its alias is listed as the bucket names it, or where its account is. Not judged \
                where a service delivers that takes SSE-S3 only, such as the access logs of an Application Load \
                Balancer, for with any other default the logs would stop: the bucket's policy must show it as AWS \
                documents it, and the standard must list the bucket ([[service_destination]]). By the policy alone \
                any bucket could be spared.",
    remedy: "Set the default encryption that the standard asks for with PutBucketEncryption. It replaces the whole \
             rule, so send the S3 Bucket Key setting and the blocked encryption types with it. Let those who write \
             use the key in its key policy first: kms:GenerateDataKey, and kms:Decrypt for multipart uploads.",
    judge: Judge::Bucket(judge),
};

fn judge(bucket: &BucketSubject<'_>, context: &Context<'_>) -> Outcome {
    decided(judge_default(bucket, context.encryption).and_then(|outcome| {
        let more_is_asked = mode(bucket)? == Encryption::SseS3 && outcome.reason.verdict == Verdict::Fail;
        if !more_is_asked {
            return Ok(outcome);
        }
        Ok(match destination(bucket, context)? {
            Destination::No => outcome,
            Destination::Perhaps(also) => Outcome::from(&PERHAPS).saying(format!("{} {also}", outcome.text)),
            Destination::Listed(spared) => spared,
        })
    }))
}
