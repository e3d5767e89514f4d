//! Whether the bucket refuses every request over plain HTTP.

use super::bucket::{BUCKET_GONE, NO_POLICY, policy, undecided};
use super::policy_reading::{POLICY_NOT_READ, POLICY_NOT_UNDERSTOOD, POLICY_UNDECIDED};
use super::support::decided;
use super::{BucketSubject, Check, Context, Judge, Outcome, Reason};
use crate::model::{Category, Severity, TlsOnly};
use crate::policy::{self, Refusal};

static REFUSED: Reason = Reason::pass(
    "plain_http_refused",
    "The policy refuses every request over plain HTTP, on the bucket and on its objects.",
);
static PARTLY: Reason =
    Reason::fail("plain_http_partly_refused", "The policy refuses only some requests over plain HTTP.")
    .with_remedy(
        "Widen the Deny in the bucket's policy to s3:* for every principal, on the bucket's ARN and on its ARN followed by /*, with the condition Bool aws:SecureTransport false and no other.",
    );
static NOT_REFUSED: Reason =
    Reason::fail("plain_http_not_refused", "The policy refuses no request over plain HTTP.");

/// The check.
pub static CHECK: Check = Check {
    id: "s3_tls_only",
    version: 2,
    title: "Buckets refuse plain HTTP",
    question: "Does the bucket's policy refuse every request that does not come over TLS, by anyone, on the bucket and \
               on its objects?",
    category: Category::Security,
    severity: Severity::Medium,
    parameters: &[],
    reasons: &[
        &REFUSED,
        &PARTLY,
        &NOT_REFUSED,
        &NO_POLICY,
        &POLICY_UNDECIDED,
        &POLICY_NOT_READ,
        &POLICY_NOT_UNDERSTOOD,
        &BUCKET_GONE,
    ],
    rationale: "S3 answers plain HTTP as well as HTTPS, and what is encrypted at rest then travels in the clear. A \
                statement with effect Deny, principal *, action s3:* and the condition aws:SecureTransport false, on \
                the ARN of the bucket and of its objects, refuses it (Amazon S3 User Guide, \"Security best \
                practices for Amazon S3\"). An Allow with aws:SecureTransport true is not enough: another Allow may \
                admit the same request. Denies in policies of the organization, such as resource control \
                policies, are not seen.",
    remedy: "Add to the bucket's policy a Deny of s3:* for every principal, on the bucket's ARN and on its ARN \
             followed by /*, with the condition Bool aws:SecureTransport false and no other.",
    judge: Judge::Bucket(judge),
};

fn judge(bucket: &BucketSubject<'_>, _: &Context<'_>) -> Outcome {
    let ask = |policy| policy::tls_only(policy, &bucket.facts.arn());
    decided(policy(bucket.policy).and_then(|policy| {
        let refuses = bucket.facts.tls_only.settled().map_err(|_| Outcome::from(&POLICY_NOT_READ))?;
        Ok(match (refuses.copied().unwrap_or(TlsOnly::Absent), policy) {
            (TlsOnly::Enforced, _) => Outcome::from(&REFUSED),
            (TlsOnly::Partial, Some(policy)) => match ask(policy) {
                Refusal::Part(which) => Outcome::from(&PARTLY).saying(format!(
                    "The policy refuses requests over plain HTTP in part: {}.",
                    which.trim_end_matches('.')
                )),
                _ => Outcome::from(&PARTLY),
            },
            (TlsOnly::Partial, None) => Outcome::from(&PARTLY),
            (TlsOnly::Absent, None) => {
                Outcome::from(&NO_POLICY).saying("The bucket has no policy, and so refuses no plain HTTP.")
            }
            (TlsOnly::Absent, Some(_)) => Outcome::from(&NOT_REFUSED),
            (TlsOnly::Unknown, policy) => match policy.map(ask) {
                Some(Refusal::Undecided(why)) => undecided(&why),
                _ => Outcome::from(&POLICY_UNDECIDED),
            },
        })
    }))
}
