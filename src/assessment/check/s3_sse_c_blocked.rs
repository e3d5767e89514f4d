//! Whether uploads with customer-provided keys (SSE-C) are refused.

use super::bucket::{BUCKET_GONE, ENCRYPTION_NOT_READ, default_encryption, policy, undecided};
use super::policy_reading::{POLICY_NOT_READ, POLICY_NOT_UNDERSTOOD, POLICY_UNDECIDED};
use super::support::{Decided, decided};
use super::{BucketSubject, Check, Context, Judge, Outcome, Reason};
use crate::model::{Category, Severity};
use crate::policy::{Refusal, sse_c_replicas, sse_c_uploads};

static BY_SETTING: Reason = Reason::pass(
    "blocked_by_setting",
    "The bucket's encryption configuration blocks new objects with SSE-C; what is stored with SSE-C can still be read.",
);
static BY_POLICY: Reason = Reason::pass(
    "blocked_by_policy",
    "The bucket's policy refuses every upload with SSE-C, multipart uploads and copies among them; what is stored with \
     SSE-C can still be read.",
);
static PARTLY: Reason = Reason::fail(
    "partly_blocked_by_policy",
    "The encryption configuration does not block SSE-C, and the bucket's policy refuses only some such uploads.",
)
    .with_remedy(
        "Once no application writes with SSE-C, block it with PutBucketEncryption: send the default encryption as it is, with BlockedEncryptionTypes SSE-C on the rule. The policy's Deny can then go.",
    );
static NOT_BLOCKED: Reason = Reason::fail(
    "sse_c_not_blocked",
    "The encryption configuration says that SSE-C is not blocked, and no policy refuses it.",
);
static NOT_REPORTED: Reason = Reason::unknown(
    "sse_c_block_not_reported",
    "The encryption configuration says nothing of blocked encryption types, and no policy refuses SSE-C.",
);

/// The check.
pub static CHECK: Check = Check {
    id: "s3_sse_c_blocked",
    version: 2,
    title: "Uploads with customer-provided keys (SSE-C) are blocked",
    question: "Does the bucket refuse uploads that are encrypted with a key that the requester provides (SSE-C), by its \
               encryption configuration or by its policy?",
    category: Category::Security,
    severity: Severity::Medium,
    parameters: &[],
    reasons: &[
        &BY_SETTING,
        &BY_POLICY,
        &PARTLY,
        &NOT_BLOCKED,
        &NOT_REPORTED,
        &POLICY_UNDECIDED,
        &POLICY_NOT_READ,
        &POLICY_NOT_UNDERSTOOD,
        &ENCRYPTION_NOT_READ,
        &BUCKET_GONE,
    ],
    rationale: "With SSE-C whoever writes holds the key: stolen credentials are enough to encrypt a bucket's objects \
                over and demand a ransom. Since April 2026 new general purpose buckets have SSE-C blocked, and \
                existing ones only in accounts that had no object with SSE-C (Amazon S3 User Guide, \"Default SSE-C \
                setting for new buckets FAQ\" and \"Blocking or unblocking SSE-C for a general purpose bucket\"). A \
                block refuses what is written from then on; objects already stored with SSE-C can still be read with \
                their key. The setting refuses PutObject, CopyObject, PostObject, multipart uploads and replication. \
                Of a policy, s3:PutObject is judged, which all but replication need; the reason says whether the \
                policy refuses replicas (s3:ReplicateObject) as well. Denies in policies of the organization, such \
                as resource control policies, are not seen.",
    remedy: "Once no application writes with SSE-C, block it with PutBucketEncryption: send the default encryption as \
             it is, with BlockedEncryptionTypes SSE-C on the rule. Reads of objects stored with SSE-C go on; to end \
             them, store the objects again without SSE-C.",
    judge: Judge::Bucket(judge),
};

fn judge(bucket: &BucketSubject<'_>, _: &Context<'_>) -> Outcome {
    let set = default_encryption(bucket).map(|default| default.sse_c_blocked);
    if set == Ok(Some(true)) {
        return Outcome::from(&BY_SETTING);
    }
    decided(refused(bucket).and_then(|refusal| {
        // Where the configuration was not read, only a policy that refuses all says something.
        let setting = match refusal {
            Refusal::Every => return Ok(by_policy(bucket)),
            _ => set?,
        };
        match (refusal, setting) {
            (Refusal::Undecided(why), _) => Err(undecided(&why)),
            // What the configuration does not say could be a block.
            (_, None) => Ok(Outcome::from(&NOT_REPORTED)),
            (Refusal::Part(which), _) => Ok(Outcome::from(&PARTLY).saying(format!(
                "The encryption configuration does not block SSE-C, and the policy refuses such uploads in part: {}.",
                which.trim_end_matches('.')
            ))),
            (_, Some(_)) => Ok(Outcome::from(&NOT_BLOCKED)),
        }
    }))
}

/// A policy that refuses every upload: what it says of replicas, which need another permission, is reported and not
/// judged.
fn by_policy(bucket: &BucketSubject<'_>) -> Outcome {
    let arn = bucket.facts.arn();
    let replicas = policy(bucket.policy).ok().flatten().map(|policy| sse_c_replicas(policy, &arn));
    match replicas {
        Some(Refusal::Every) => Outcome::from(&BY_POLICY),
        told => {
            let refuses = match told {
                Some(Refusal::None) => "refuses no replica",
                _ => "may not refuse every replica",
            };
            Outcome::from(&BY_POLICY).saying(format!(
                "{} Unlike a block in the encryption configuration, it {refuses} of an object with SSE-C \
                 (s3:ReplicateObject).",
                BY_POLICY.meaning
            ))
        }
    }
}

/// How much of the uploads with SSE-C the bucket's policy refuses.
fn refused(bucket: &BucketSubject<'_>) -> Decided<Refusal> {
    let arn = bucket.facts.arn();
    Ok(policy(bucket.policy)?.map_or(Refusal::None, |policy| sse_c_uploads(policy, &arn)))
}
