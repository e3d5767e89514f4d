//! Whether the key of the default encryption belongs to the organization, or to a trusted account.

use super::bucket::{
    ALGORITHM_NOT_KNOWN, AWS_MANAGED_KEY, BUCKET_GONE, ENCRYPTION_NOT_READ, NO_KMS_KEY, about_key,
    key_in_use, key_name, no_kms_key, reference_arn,
};
use super::support::{MEMBERSHIP_UNPROVEN, decided};
use super::{BucketSubject, Check, Context, Judge, Outcome, Reason};
use crate::model::{AccountId, Category, KeyLink, Severity};

static IN_ORG: Reason = Reason::pass("key_in_org", "The key's account is a member of the organization.");
static TRUSTED: Reason = Reason::pass(
    "trusted_account",
    "The key's account is outside the organization, and the standard trusts it with keys.",
);
static TRUST_EXPIRED: Reason = Reason::grave(
    "trust_expired",
    "The key's account is outside the organization, and the standard's trust in it has ended.",
)
    .with_remedy(
        "Renew the account's entry among the trusted accounts of the standard, or set a key of the organization with PutBucketEncryption and re-encrypt what is stored under the other (UpdateObjectEncryption or S3 Batch Operations).",
    );
static OUTSIDE: Reason = Reason::grave("key_outside_org", "The key's account is outside the organization.");

/// The check.
pub static CHECK: Check = Check {
    id: "s3_key_in_org",
    version: 2,
    title: "The key of the default encryption belongs to the organization",
    question: "Is the AWS KMS key that the bucket's default encryption names in an account of the organization, or in \
               one that the standard trusts?",
    category: Category::Security,
    severity: Severity::Critical,
    parameters: &[],
    reasons: &[
        &IN_ORG,
        &AWS_MANAGED_KEY,
        &TRUSTED,
        &TRUST_EXPIRED,
        &OUTSIDE,
        &MEMBERSHIP_UNPROVEN,
        &ALGORITHM_NOT_KNOWN,
        &NO_KMS_KEY,
        &ENCRYPTION_NOT_READ,
        &BUCKET_GONE,
    ],
    rationale: "Whoever owns the key decides whether the data can be read: another organization can disable or delete \
                it, and hold the data to ransom (FINOS Common Cloud Controls, Object Storage CN01: requests that use \
                an untrusted KMS key are prevented). Whether the key is still there does not matter here: its owner \
                is part of the reference.",
    remedy: "Set a key of the organization with PutBucketEncryption and re-encrypt what is stored under the other \
             (UpdateObjectEncryption or S3 Batch Operations); ask who set it. Where the account is known and \
             trusted, enter it in the standard with an owner, a reason and an end.",
    judge: Judge::Bucket(judge),
};

fn judge(bucket: &BucketSubject<'_>, context: &Context<'_>) -> Outcome {
    decided(key_in_use(bucket).map(|key| match (key.link, key.account_id) {
        (KeyLink::None, _) => no_kms_key(bucket.facts),
        (KeyLink::AwsManaged, _) => {
            let text = format!("The key {} is an AWS managed key.", key_name(bucket.facts));
            about_key(bucket.facts, &AWS_MANAGED_KEY, text)
        }
        (_, None) => {
            let text = format!("The reference {} names no account.", key_name(bucket.facts));
            about_key(bucket.facts, &MEMBERSHIP_UNPROVEN, text)
        }
        (link, Some(owner)) => owned(bucket, context, link, owner),
    }))
}

fn owned(bucket: &BucketSubject<'_>, context: &Context<'_>, link: KeyLink, owner: AccountId) -> Outcome {
    let reference = bucket.facts.kms_key_ref().and_then(reference_arn);
    let name = key_name(bucket.facts);
    let seen = match (&reference, link) {
        (Some(_), _) | (None, KeyLink::SameAccount | KeyLink::SameOrg) => {
            format!("The key {name} belongs to account {owner}")
        }
        // No such key was seen: only the account is known.
        (None, _) => format!("The reference {name} is looked up in account {owner}"),
    };
    let about = |reason, rest: String| about_key(bucket.facts, reason, format!("{seen}{rest}."));
    // An organization has its accounts in one partition; no trust reaches over its border.
    if let Some(arn) = reference.filter(|arn| arn.partition != bucket.facts.partition.as_str()) {
        let rest = format!(" of the partition {}, which is outside the organization", arn.partition);
        return about(&OUTSIDE, rest);
    }
    match context.organization.is_member(owner) {
        Some(true) => return about(&IN_ORG, ", a member of the organization".to_owned()),
        None => {
            let why = ", and not all accounts of the organization could be listed";
            return about(&MEMBERSHIP_UNPROVEN, why.to_owned());
        }
        Some(false) => {}
    }
    match context.trust_in(owner) {
        None => about(&OUTSIDE, ", which is outside the organization".to_owned()),
        Some(trust) if context.as_of < trust.expires => {
            let why = trust.reason.trim_end_matches('.');
            about(&TRUSTED, format!(", which {} trusts until {}: {why}", trust.owner, trust.expires))
        }
        Some(trust) => about(
            &TRUST_EXPIRED,
            format!(", outside the organization; the trust in it ended at {}", trust.expires),
        ),
    }
}
