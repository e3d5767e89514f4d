//! Whether the default encryption names its key so that it means the same key to every requester.

use super::bucket::{
    BUCKET_GONE, ENCRYPTION_NOT_READ, NO_KMS_KEY, about_key, default_encryption, is_own_aws_s3_alias,
    no_kms_key,
};
use super::support::decided;
use super::{BucketSubject, Check, Context, Judge, Outcome, Reason};
use crate::model::{AccountId, Arn, Category, KeyLink, KeyRefKind, Region, Severity};

static KEY_ARN: Reason = Reason::pass("key_named_by_arn", "The key is named by its ARN.");
static ALIAS_ARN: Reason = Reason::fail(
    "alias_arn_not_key_arn",
    "The key is named by the ARN of an alias, which fixes the account and the Region, and not the key.",
);
static ALIAS_NAME: Reason = Reason::fail(
    "alias_resolves_in_requesters_account",
    "The key is named by a bare alias, which S3 resolves in the account of whoever sends the request.",
);
static KEY_ID: Reason = Reason::fail(
    "key_id_without_account",
    "The key is named by a bare key id, which says nothing of its account and Region.",
);
static MALFORMED: Reason =
    Reason::fail("reference_malformed", "The reference is no ARN of a KMS key or of an alias.").with_remedy(
        "Set the default encryption again with PutBucketEncryption, with the ARN of a key that exists.",
    );

/// The check.
pub static CHECK: Check = Check {
    id: "s3_key_reference_by_arn",
    version: 2,
    title: "The default encryption names its key by key ARN",
    question: "Does the bucket's default encryption name its AWS KMS key by key ARN, which means the same key to every \
               requester and at any time?",
    category: Category::Availability,
    severity: Severity::Low,
    parameters: &[],
    reasons: &[
        &KEY_ARN,
        &ALIAS_ARN,
        &ALIAS_NAME,
        &KEY_ID,
        &MALFORMED,
        &NO_KMS_KEY,
        &ENCRYPTION_NOT_READ,
        &BUCKET_GONE,
    ],
    rationale: "A bare alias is resolved in the requester's account, so that a writer of another account may encrypt \
                with a key of its own, or fail; a bare key id works for requesters of the key's own account only, and \
                some services cannot deliver logs under it (Amazon S3 API Reference, \"PutBucketEncryption\" and \
                \"ServerSideEncryptionByDefault\"). AWS's pages do not agree whether the ARN of an alias works: the S3 \
                API Reference lists key id, key ARN and alias name (\"ServerSideEncryptionByDefault\"), and AWS KMS \
                takes an alias ARN wherever a key is used (AWS KMS Developer Guide, \"Key identifiers (KeyId)\"). It \
                fails here because it is not the fully qualified key ARN that the former recommends, and asks for \
                where the key is another account's: whoever may change the alias changes the key. \
                aws/s3 is left out, for every account has its own.",
    remedy: "Name the key by its key ARN with PutBucketEncryption.",
    judge: Judge::Bucket(judge),
};

fn judge(bucket: &BucketSubject<'_>, _: &Context<'_>) -> Outcome {
    let facts = bucket.facts;
    decided(default_encryption(bucket).map(|default| {
        let reference = default.kms_key_ref.as_deref().unwrap_or_default();
        if default.key.link == KeyLink::None || reference.is_empty() {
            return no_kms_key(facts);
        }
        // By the text alone: what an alias points to may not have been read.
        if is_own_aws_s3_alias(facts, reference) {
            let text = format!(
                "The reference {reference} is the alias of the AWS managed key that every account has."
            );
            return Outcome::from(&NO_KMS_KEY).saying(text);
        }
        let about =
            |reason, form: &str| about_key(facts, reason, format!("The key is named {form}: {reference}."));
        match default.kms_key_ref_kind {
            KeyRefKind::AliasName => {
                about(&ALIAS_NAME, "by a bare alias, which S3 resolves in each requester's account")
            }
            KeyRefKind::KeyId => about(&KEY_ID, "by a bare key id, without its account and Region"),
            _ if !is_kms_arn(reference) => about(&MALFORMED, "by what is no ARN of a KMS key or of an alias"),
            KeyRefKind::AliasArn => {
                about(&ALIAS_ARN, "by the ARN of an alias, which fixes the account and not the key")
            }
            _ => about(&KEY_ARN, "by its ARN"),
        }
    }))
}

fn is_kms_arn(reference: &str) -> bool {
    Arn::parse(reference).is_some_and(|arn| {
        let names = |kind| arn.resource.strip_prefix(kind).is_some_and(|name| !name.is_empty());
        arn.service == "kms"
            && arn.account.parse::<AccountId>().is_ok()
            && arn.region.parse::<Region>().is_ok()
            && (names("key/") || names("alias/"))
    })
}
