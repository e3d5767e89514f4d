//! Whether the default encryption is what the standard asks for.

use super::bucket::{BUCKET_GONE, ENCRYPTION_NOT_READ, KEY_MISSING, KEY_UNPROVEN};
use super::policy_reading::{POLICY_NOT_READ, POLICY_NOT_UNDERSTOOD};
use super::requirement::{
    KEY_REQUIRED, MEETS, MODE_BELOW, NO_DEFAULT, NOT_APPROVED, NOT_CUSTOMER_MANAGED, NOT_IN_STANDARD,
    SERVICE_REQUIRES_SSE_S3, judge_default, sse_s3_only,
};
use super::support::decided;
use super::{BucketSubject, Check, Context, Judge, Outcome};
use crate::model::{Category, Encryption, Severity, Verdict};

/// The check.
pub static CHECK: Check = Check {
    id: "s3_encryption_standard",
    version: 1,
    title: "Default encryption meets the organization's standard",
    question: "Is the bucket's default encryption at least the mode, and under a key, that the standard asks for?",
    category: Category::Security,
    severity: Severity::Medium,
    parameters: &[],
    reasons: &[
        &MEETS,
        &NO_DEFAULT,
        &MODE_BELOW,
        &NOT_IN_STANDARD,
        &KEY_REQUIRED,
        &NOT_CUSTOMER_MANAGED,
        &NOT_APPROVED,
        &KEY_MISSING,
        &SERVICE_REQUIRES_SSE_S3,
        &KEY_UNPROVEN,
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
                where the bucket's policy lets a service write that takes SSE-S3 only, such as the access logs of \
                an Application Load Balancer: with any other default the logs would stop.",
    remedy: "Set the default encryption that the standard asks for with PutBucketEncryption. It replaces the whole \
             rule, so send the S3 Bucket Key setting and the blocked encryption types with it. Let those who write \
             use the key in its key policy first: kms:GenerateDataKey, and kms:Decrypt for multipart uploads.",
    judge: Judge::Bucket(judge),
};

fn judge(bucket: &BucketSubject<'_>, context: &Context<'_>) -> Outcome {
    decided(judge_default(bucket, context.encryption).and_then(|outcome| {
        let more_is_asked =
            bucket.facts.encryption == Encryption::SseS3 && outcome.reason.verdict == Verdict::Fail;
        let exempt = if more_is_asked { sse_s3_only(bucket)? } else { None };
        Ok(exempt.unwrap_or(outcome))
    }))
}
