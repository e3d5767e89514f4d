//! Whether a bucket's policy lets AWS services in on behalf of any account.

use super::bucket::{BUCKET_GONE, policy};
use super::outsiders::ORGANIZATION_NOT_KNOWN;
use super::policy_reading::{POLICY_NOT_READ, POLICY_NOT_UNDERSTOOD, POLICY_UNDECIDED, now_and_later};
use super::service_deputy::{
    self, BY_BUCKET_NAME, FOR_ANYONE, FOR_OTHER_ORGANIZATION, FOR_OUTSIDE_ACCOUNT, NO_SERVICE, Of,
    SERVICES_BOUND, SERVICES_BOUND_TO_TRUSTED, SOURCE_MAY_BE_ABSENT, WITH_EVERYONE,
};
use super::support::{MEMBERSHIP_UNPROVEN, decided};
use super::{BucketSubject, Check, Context, Judge, Outcome, Reason};
use crate::model::{Category, Severity};
use crate::policy::services_of_bucket;

static NO_BUCKET_POLICY: Reason =
    Reason::pass("no_bucket_policy", "The bucket has no policy, and so admits no AWS service.");

/// The check.
pub static CHECK: Check = Check {
    id: "s3_policy_service_confused_deputy",
    version: 1,
    title: "Bucket policies admit AWS services only on behalf of accounts that are known",
    question: "Does the bucket policy bind each AWS service that it admits to the organization, to accounts of it, or \
               to accounts that the standard trusts?",
    category: Category::Security,
    severity: Severity::Medium,
    parameters: &[],
    reasons: &[
        &NO_SERVICE,
        &NO_BUCKET_POLICY,
        &SERVICES_BOUND,
        &SERVICES_BOUND_TO_TRUSTED,
        &FOR_ANYONE,
        &WITH_EVERYONE,
        &SOURCE_MAY_BE_ABSENT,
        &BY_BUCKET_NAME,
        &FOR_OUTSIDE_ACCOUNT,
        &FOR_OTHER_ORGANIZATION,
        &POLICY_UNDECIDED,
        &MEMBERSHIP_UNPROVEN,
        &ORGANIZATION_NOT_KNOWN,
        &POLICY_NOT_READ,
        &POLICY_NOT_UNDERSTOOD,
        &BUCKET_GONE,
    ],
    rationale: "An AWS service acts for every customer, and a customer can have it write into or read a bucket that the \
                customer may not use: the service is a confused deputy (IAM User Guide, \"The confused deputy \
                problem\"). The conditions aws:SourceAccount, aws:SourceArn, aws:SourceOrgID and aws:SourceOrgPaths \
                bind a service to a source; an ARN without an account, as of a bucket, needs aws:SourceAccount beside \
                it. An operator with IfExists, and one that negates, admit a request that does not tell its source. \
                Elastic Load Balancing writes access logs only under AWSLogs/ and the account of the load balancer, \
                so that a statement on such a path is bound by it. A statement that admits everyone, as of a public \
                bucket, admits services too, which is a reason of its own; whether a bucket is public hangs on S3 Block \
                Public Access too, and no check judges it: IAM Access Analyzer for S3 does. All statements of the \
                bucket policy count together; policies of the organization and access point policies are not seen.",
    remedy: "Add to the statement a condition StringEquals on aws:SourceAccount or aws:SourceOrgID, or ArnLike on \
             aws:SourceArn with the account in it; where the ARN is a bucket's, both.",
    judge: Judge::Bucket(judge),
};

fn judge(bucket: &BucketSubject<'_>, context: &Context<'_>) -> Outcome {
    let of = Of {
        resource: "bucket",
        public: "Whether the bucket is public hangs on S3 Block Public Access too, which is not judged.",
        account_id: bucket.facts.account_id,
        sends_no_source: &|_| None,
    };
    let bucket_arn = bucket.facts.arn();
    decided(policy(bucket.policy).map(|policy| match policy {
        Some(policy) => now_and_later(policy, context.as_of, &|policy| {
            service_deputy::judge(&services_of_bucket(policy, &bucket_arn), &of, context)
        }),
        None => Outcome::from(&NO_BUCKET_POLICY),
    }))
}
