//! Whether no request can store an object below the standard, whatever its headers say.

use super::bucket::{
    ALGORITHM_NOT_KNOWN, BUCKET_GONE, ENCRYPTION_NOT_READ, KEY_NOT_VISIBLE, KEY_UNPROVEN, NO_POLICY,
    is_aws_alias, policy, spoken_default, undecided,
};
use super::policy_reading::{POLICY_NOT_READ, POLICY_NOT_UNDERSTOOD, POLICY_UNDECIDED};
use super::requirement::{Approval, NamedKey, asks_for_key, judge_default};
use super::service_destination::{Destination, SERVICE_REQUIRES_SSE_S3, destination};
use super::support::{Decided, decided};
use super::{BucketSubject, Check, Context, Judge, Outcome, Reason, SCOPE_NOT_KNOWN};
use crate::model::{BucketFacts, Category, Encryption, EncryptionRequirement, Severity, Verdict};
use crate::policy::{KeyChoice, Refusal, UploadHeader, uploads};

static ENFORCED: Reason = Reason::pass(
    "uploads_enforced",
    "The policy refuses every upload whose encryption headers ask for less than the standard.",
);
static NOTHING_BELOW: Reason = Reason::pass(
    "nothing_below_standard",
    "The standard asks for SSE-S3 and no key: S3 stores no new object with less.",
);
static NOT_ENFORCED: Reason = Reason::fail(
    "uploads_not_enforced",
    "The policy lets uploads through whose encryption headers ask for less than the standard.",
);
static PARTLY: Reason = Reason::fail(
    "uploads_partly_enforced",
    "The policy refuses only some of the uploads whose encryption headers ask for less than the standard.",
);
static AWS_KEY_BY_NAME: Reason = Reason::fail(
    "aws_managed_key_can_be_named",
    "The policy pins no keys, so that an upload can name the AWS managed key aws/s3 by its own ARN.",
);

/// The check.
pub static CHECK: Check = Check {
    id: "s3_upload_encryption_enforced",
    version: 2,
    title: "Uploads below the standard are refused",
    question: "Can no upload be stored with less than the standard asks for, whatever encryption its headers name?",
    category: Category::Security,
    severity: Severity::Medium,
    parameters: &[],
    reasons: &[
        &ENFORCED,
        &NOTHING_BELOW,
        &NOT_ENFORCED,
        &PARTLY,
        &AWS_KEY_BY_NAME,
        &NO_POLICY,
        &SERVICE_REQUIRES_SSE_S3,
        &SCOPE_NOT_KNOWN,
        &POLICY_UNDECIDED,
        &POLICY_NOT_READ,
        &POLICY_NOT_UNDERSTOOD,
        &ALGORITHM_NOT_KNOWN,
        &KEY_UNPROVEN,
        &KEY_NOT_VISIBLE,
        &ENCRYPTION_NOT_READ,
        &BUCKET_GONE,
    ],
    rationale: "A default encryption is only what an upload gets that names none; the header \
                x-amz-server-side-encryption overrides it (Amazon S3 User Guide, \"Setting default server-side \
                encryption behavior for Amazon S3 buckets\"). Only a Deny refuses an upload that names less: another \
                mode, no key (which means aws/s3), or a key that is not approved. An upload without the header must \
                be refused, unless the default meets the standard. Values that S3 itself refuses are left out, and \
                uploads with SSE-C are judged by s3_sse_c_blocked. A key that the policy names is taken for a \
                customer managed key, unless it is aws/s3 by its alias. Denies in policies of the organization, such \
                as resource control policies, are not seen.",
    remedy: "Deny s3:PutObject on the bucket's objects to every principal, with StringNotEquals, where \
             s3:x-amz-server-side-encryption is not what the standard asks for, and where \
             s3:x-amz-server-side-encryption-aws-kms-key-id is not an approved key. Where the default meets the \
             standard, add the condition Null s3:x-amz-server-side-encryption false to each, so that uploads without \
             headers still work (StringNotEqualsIfExists refuses them, too).",
    judge: Judge::Bucket(judge),
};

fn judge(bucket: &BucketSubject<'_>, context: &Context<'_>) -> Outcome {
    decided(enforced(bucket, context))
}

/// Whether a kind of upload, where it is not refused, ends below the standard.
enum Below {
    No,
    Yes,
    /// Where it names a key that the standard does not approve; the policy names no key of these.
    BySomeKey,
    /// Where it names the AWS managed key by its own ARN.
    ByAwsKey,
    /// It cannot be said, and the outcome that says why.
    Unsaid(Outcome),
}

fn enforced(bucket: &BucketSubject<'_>, context: &Context<'_>) -> Decided {
    let requirement = context.encryption;
    if requirement.minimum_mode == Encryption::SseS3 && !asks_for_key(requirement) {
        return Ok(Outcome::from(&NOTHING_BELOW));
    }
    if let Destination::Listed(spared) = destination(bucket, context)? {
        return Ok(spared);
    }
    let Some(policy) = policy(bucket.policy)? else {
        return Ok(Outcome::from(&NO_POLICY).saying("The bucket has no policy, and so refuses no upload."));
    };
    let (mut through, mut partly, mut by_aws_key, mut open) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let classes = uploads(policy, &bucket.facts.arn());
    let names_all_approved = names_all_approved(requirement, &classes);
    for (header, refusal) in &classes {
        let words = spoken(bucket.facts, header);
        match (below(bucket, requirement, header), refusal) {
            (Below::No, _) | (_, Refusal::Every) => {}
            (_, Refusal::Undecided(why)) => open.push(undecided(&format!("{words}: {why}"))),
            (Below::Unsaid(outcome), _) => open.push(outcome),
            (Below::Yes | Below::BySomeKey, Refusal::None) => through.push(words),
            (Below::ByAwsKey, Refusal::None) => by_aws_key.push(words),
            (Below::BySomeKey, Refusal::Part(which)) if names_all_approved => {
                partly.push(format!("{words} ({which})"));
            }
            // The keys of the part that gets through may all be good.
            (Below::BySomeKey | Below::ByAwsKey, Refusal::Part(which)) => {
                open.push(undecided(&format!("{words}: which keys get through is not weighed ({which})")));
            }
            (Below::Yes, Refusal::Part(which)) => partly.push(format!("{words} ({which})")),
        }
    }
    if !through.is_empty() {
        let text = format!("The policy lets uploads through with {}.", list(&through));
        return Ok(Outcome::from(&NOT_ENFORCED).saying(text));
    }
    if !partly.is_empty() {
        let text = format!("The policy refuses only some of the uploads with {}.", list(&partly));
        return Ok(Outcome::from(&PARTLY).saying(text));
    }
    if !by_aws_key.is_empty() {
        let text = format!(
            "The policy lets uploads through with {}, and so with the AWS managed key aws/s3 by its own ARN.",
            list(&by_aws_key)
        );
        return Ok(Outcome::from(&AWS_KEY_BY_NAME).saying(text));
    }
    open.into_iter().next().map_or_else(|| Ok(Outcome::from(&ENFORCED)), Err)
}

/// Whether no key beside those that the policy names is approved.
fn names_all_approved(requirement: &EncryptionRequirement, classes: &[(UploadHeader, Refusal)]) -> bool {
    let named = |key: &String| {
        classes.iter().any(
            |(header, _)| matches!(header, UploadHeader::SseKms(KeyChoice::Named(named)) if named == key),
        )
    };
    requirement.approved_key_accounts.is_empty()
        && requirement.approved_keys.iter().chain(&requirement.approved_aliases).all(named)
}

fn below(bucket: &BucketSubject<'_>, requirement: &EncryptionRequirement, header: &UploadHeader) -> Below {
    let mode_or_key = |mode, key: &KeyChoice| match mode < requirement.minimum_mode {
        true => Below::Yes,
        false => below_by_key(bucket.facts, requirement, key),
    };
    match header {
        UploadHeader::Missing => {
            let default = decided(judge_default(bucket, requirement));
            match default.reason.verdict {
                Verdict::Pass => Below::No,
                Verdict::Unknown => Below::Unsaid(default),
                _ => Below::Yes,
            }
        }
        // What needs no key meets no rule about keys.
        UploadHeader::SseS3 => Below::Yes,
        UploadHeader::SseKms(key) => mode_or_key(Encryption::SseKms, key),
        UploadHeader::DsseKms(key) => mode_or_key(Encryption::DsseKms, key),
        // S3 stores nothing under a value that it does not know.
        UploadHeader::Other => Below::No,
    }
}

fn below_by_key(facts: &BucketFacts, requirement: &EncryptionRequirement, key: &KeyChoice) -> Below {
    if !asks_for_key(requirement) {
        return Below::No;
    }
    let reference = match key {
        KeyChoice::Unnamed => None,
        KeyChoice::Named(key) => Some(key.as_str()),
        KeyChoice::Other if requirement.names_keys() => return Below::BySomeKey,
        KeyChoice::Other => return Below::ByAwsKey,
    };
    if requirement.customer_managed_key && reference.is_none_or(is_aws_alias) {
        return Below::Yes;
    }
    match NamedKey::of_upload(facts, reference).approval(requirement) {
        Approval::Yes => Below::No,
        Approval::Not => Below::Yes,
        Approval::Unproven => Below::Unsaid(Outcome::from(&KEY_UNPROVEN).saying(format!(
            "What key an upload gets that names {} cannot be said without its account's keys.",
            reference.unwrap_or("none")
        ))),
    }
}

/// The first of them, and how many more there are.
fn list(words: &[String]) -> String {
    let (shown, more) = words.split_at(words.len().min(4));
    let more = if more.is_empty() { String::new() } else { format!("; and {} more", more.len()) };
    format!("{}{more}", shown.join("; "))
}

/// An upload in words.
fn spoken(facts: &BucketFacts, header: &UploadHeader) -> String {
    let with = |mode: &str, key: &KeyChoice| match key {
        KeyChoice::Unnamed => format!("`{mode}` and no key"),
        KeyChoice::Named(key) => format!("`{mode}` and the key {key}"),
        KeyChoice::Other => format!("`{mode}` and a key that the policy does not name"),
    };
    match header {
        UploadHeader::Missing => {
            format!("no encryption header, which get the default: {}", spoken_default(facts))
        }
        UploadHeader::SseS3 => "`AES256`".to_owned(),
        UploadHeader::SseKms(key) => with("aws:kms", key),
        UploadHeader::DsseKms(key) => with("aws:kms:dsse", key),
        UploadHeader::Other => "a value that S3 does not know".to_owned(),
    }
}
