//! What the checks of buckets have in common: a bucket's default encryption and its key, why they may not be
//! known, and how they are spoken of.

use super::policy_reading::{self, POLICY_UNDECIDED};
use super::support::Decided;
use super::{BucketSubject, Outcome, PolicyReading, Reason};
use crate::model::{
    AccountId, Arn, BucketEncryption, BucketFacts, Encryption, KeyJoin, KeyLink, Region, Undecided,
};
use crate::policy::Policy;

/// The bucket's configuration was not read.
pub static ENCRYPTION_NOT_READ: Reason =
    Reason::unknown("encryption_not_read", "The bucket's encryption configuration could not be read.");
/// The bucket was there when it was listed, and not when it was read.
pub static BUCKET_GONE: Reason =
    Reason::unknown("bucket_gone", "The bucket was deleted between its listing and its reading.");
/// There is no policy that could refuse anything.
pub static NO_POLICY: Reason = Reason::fail("no_policy", "The bucket has no policy.");
/// The default encryption needs no KMS key.
pub static NO_KMS_KEY: Reason =
    Reason::not_applicable("no_kms_key", "The default encryption uses no KMS key.");
/// The key is AWS's own.
pub static AWS_MANAGED_KEY: Reason =
    Reason::pass("aws_managed_key", "The default encryption uses an AWS managed key, aws/s3 as a rule.");
/// AWS makes each account its own key for S3, and no other account can use it.
pub static AWS_MANAGED_OF_OTHER_ACCOUNT: Reason = Reason::fail(
    "aws_managed_of_other_account",
    "The key is an AWS managed key of another account, which works for that account only.",
)
.with_remedy("Name a customer managed key whose policy admits the bucket's account with PutBucketEncryption, or none for aws/s3.");
/// KMS keys serve their own Region.
pub static KEY_IN_OTHER_REGION: Reason = Reason::fail(
    "key_in_other_region",
    "The key is in another Region than the bucket.",
)
.with_remedy(
    "Name a key in the bucket's Region with PutBucketEncryption; of a multi-Region key, its replica there.",
);
/// Partitions share nothing.
pub static KEY_IN_OTHER_PARTITION: Reason = Reason::fail(
    "key_in_other_partition",
    "The reference names another AWS partition than the bucket's, and no request reaches a key there.",
)
.with_remedy("Name a key of the bucket's partition and Region with PutBucketEncryption.");
/// Where the bucket is, decides which keys it can have.
pub static BUCKET_REGION: Reason = Reason::unknown(
    "bucket_region_not_read",
    "The bucket's Region is not known, so that the key's cannot be compared with it.",
);
/// An algorithm of a later day is neither weaker nor stronger than what is known.
pub static ALGORITHM_NOT_KNOWN: Reason = Reason::unknown(
    "algorithm_not_known",
    "The default encryption uses an algorithm that this version of the tool does not know.",
);
/// The listing of the owner's keys has no such key.
pub static KEY_MISSING: Reason =
    Reason::fail("key_missing", "The complete listing of its account's keys does not have the key.")
    .with_remedy(
        "Name a key that exists with PutBucketEncryption. A deleted key does not come back: what is stored under it cannot be read any more.",
    );
/// What the key is cannot be said.
pub static KEY_UNPROVEN: Reason =
    Reason::unknown("key_unproven", "What the key is cannot be said: its account's keys were not all read.");
/// Keys of other organizations are not read.
pub static KEY_NOT_VISIBLE: Reason = Reason::unknown(
    "outside_key_not_visible",
    "The key belongs to an account outside the organization, whose keys cannot be read.",
)
    .with_remedy(
        "Ask the owner of the key's account for its state, or name a key of the organization with PutBucketEncryption.",
    );

/// The bucket's default encryption, where it was read.
pub fn default_encryption<'a>(bucket: &BucketSubject<'a>) -> Result<&'a BucketEncryption, Outcome> {
    bucket.facts.default_encryption().map_err(|why| match why {
        Undecided::Gone => Outcome::from(&BUCKET_GONE),
        why => Outcome::from(&ENCRYPTION_NOT_READ)
            .saying(format!("The bucket's encryption configuration was not read: {}.", why.spoken())),
    })
}

/// The bucket's default mode, where it was read.
pub fn mode(bucket: &BucketSubject<'_>) -> Decided<Encryption> {
    default_encryption(bucket).map(|default| default.mode)
}

/// What the join says of the bucket's key, where the configuration was read.
pub fn key_of<'a>(bucket: &BucketSubject<'a>) -> Decided<&'a KeyJoin> {
    default_encryption(bucket).map(|default| &default.key)
}

/// The same for what a check asks of the key: an algorithm that is not known may use a key without naming it.
pub fn key_in_use<'a>(bucket: &BucketSubject<'a>) -> Decided<&'a KeyJoin> {
    let default = default_encryption(bucket)?;
    match (default.mode, default.key.link) {
        (Encryption::Other, KeyLink::None) => Err(algorithm_not_known(bucket.facts)),
        _ => Ok(&default.key),
    }
}

/// An algorithm of which nothing can be said.
pub fn algorithm_not_known(facts: &BucketFacts) -> Outcome {
    let seen = spoken_default(facts);
    let text = format!("The default encryption is {seen}, which this version of the tool does not know.");
    about_key(facts, &ALGORITHM_NOT_KNOWN, text)
}

/// The bucket's policy, where it was read and understood; none where there is none.
pub fn policy(reading: PolicyReading<'_>) -> Decided<Option<&Policy>> {
    policy_reading::policy(reading, "bucket", &BUCKET_GONE)
}

/// A policy that leaves the question open, and why.
pub fn undecided(why: &str) -> Outcome {
    Outcome::from(&POLICY_UNDECIDED)
        .saying(format!("It cannot be said what the bucket policy refuses: {}.", why.trim_end_matches('.')))
}

/// The default encryption in a few words.
pub fn spoken_default(facts: &BucketFacts) -> String {
    match facts.default_encryption() {
        Err(_) => "not known".to_owned(),
        Ok(BucketEncryption { mode: Encryption::NotConfigured, .. }) => "not configured".to_owned(),
        Ok(BucketEncryption { mode: Encryption::Other, sse_algorithm, .. }) => {
            format!("the algorithm {}", sse_algorithm.as_deref().unwrap_or("of another name"))
        }
        Ok(known) => known.mode.spoken().to_owned(),
    }
}

/// The bucket's key as a person names it: its ARN, else the reference as configured.
pub fn key_name(facts: &BucketFacts) -> &str {
    let arn = facts.key().and_then(|key| key.key_arn.as_deref());
    arn.or(facts.kms_key_ref()).unwrap_or("aws/s3")
}

/// The default encryption uses no KMS key.
pub fn no_kms_key(facts: &BucketFacts) -> Outcome {
    Outcome::from(&NO_KMS_KEY).saying(match facts.default_encryption() {
        Ok(BucketEncryption { mode: Encryption::NotConfigured, .. }) => {
            "No default encryption is configured, and so no KMS key.".to_owned()
        }
        _ => format!("The default encryption is {}, and names no KMS key.", spoken_default(facts)),
    })
}

/// An outcome about the bucket's key, standing on that key.
pub fn about_key(facts: &BucketFacts, reason: &'static Reason, text: String) -> Outcome {
    let arn = facts.key().and_then(|key| key.key_arn.as_deref());
    Outcome::from(reason).saying(text).related(arn)
}

/// A key that the complete listing of its account's keys does not have.
pub fn missing_text(facts: &BucketFacts) -> String {
    let owner = facts.key().and_then(|key| key.account_id);
    let owner = owner.map_or_else(|| "its account".to_owned(), |id| format!("account {id}"));
    let named = facts.kms_key_ref().and_then(reference_arn).map(|arn| arn.region);
    let region = named.or(facts.region.as_ref().map(Region::as_str));
    let place = region.map_or_else(String::new, |region| format!(" in {region}"));
    format!("The key {} is not in the complete listing of the keys of {owner}{place}.", key_name(facts))
}

/// A key of which nothing can be said, for its account's keys were not all read.
pub fn key_unproven(facts: &BucketFacts) -> Outcome {
    let owner = facts.key().and_then(|key| key.account_id);
    let why = match owner {
        Some(id) => format!("the keys of account {id} were not all read"),
        None => "the reference is no ARN of a KMS key".to_owned(),
    };
    about_key(facts, &KEY_UNPROVEN, format!("What the key {} is cannot be said: {why}.", key_name(facts)))
}

/// A key of an account outside the organization, of which nothing can be read.
pub fn key_not_visible(facts: &BucketFacts) -> Outcome {
    let owner = facts.key().and_then(|key| key.account_id);
    let owner = owner.map_or_else(|| "an account".to_owned(), |id| format!("account {id}"));
    let reference = facts.kms_key_ref().and_then(reference_arn);
    let place = match reference.filter(|arn| arn.partition != facts.partition.as_str()) {
        Some(arn) => format!("{owner} of the partition {}", arn.partition),
        None => format!("{owner}, outside the organization"),
    };
    let text = format!("The key {} belongs to {place}: it cannot be read.", key_name(facts));
    about_key(facts, &KEY_NOT_VISIBLE, text)
}

/// Whether a reference names an AWS managed key by its alias: no other alias begins so (AWS KMS API Reference,
/// CreateAlias).
pub fn is_aws_alias(reference: &str) -> bool {
    let name = Arn::parse(reference).filter(|arn| arn.service == "kms").map_or(reference, |arn| arn.resource);
    name.starts_with("alias/aws/")
}

/// Whether a reference names the AWS managed key aws/s3 of the bucket's own account and Region by its alias.
pub fn is_own_aws_s3_alias(facts: &BucketFacts, reference: &str) -> bool {
    const NAME: &str = "alias/aws/s3";
    let is_here = |arn: Arn<'_>| {
        let region = facts.region.as_ref().is_none_or(|region| arn.region == region.as_str());
        arn.resource == NAME && region && is_of_account(facts, &arn)
    };
    reference == NAME || reference_arn(reference).is_some_and(is_here)
}

/// Whether the key is one of AWS's own, as far as that is known.
pub fn is_aws_managed(facts: &BucketFacts) -> bool {
    let by_aws = |key: &KeyJoin| key.link == KeyLink::AwsManaged || key.manager.as_deref() == Some("AWS");
    facts.key().is_some_and(by_aws) || facts.kms_key_ref().is_some_and(is_aws_alias)
}

/// Why S3 cannot use the key for this bucket wherever the key is and whoever may use it: the reference points to
/// another partition, to another account's AWS managed key, or to another Region.
pub fn misplaced(facts: &BucketFacts) -> Option<Outcome> {
    let arn = reference_arn(facts.kms_key_ref()?)?;
    let name = key_name(facts);
    let about = |reason, text| Some(about_key(facts, reason, text));
    if arn.partition != facts.partition.as_str() {
        let text = format!(
            "The reference {name} names the partition {}, and the bucket is in {}: no request reaches a key there.",
            arn.partition, facts.partition
        );
        return about(&KEY_IN_OTHER_PARTITION, text);
    }
    if is_aws_managed(facts) && !is_of_account(facts, &arn) {
        let text = format!(
            "The key {name} is an AWS managed key of account {}: it works for that account only, and the bucket \
             belongs to account {}.",
            arn.account, facts.account_id
        );
        return about(&AWS_MANAGED_OF_OTHER_ACCOUNT, text);
    }
    let region = facts.region.as_ref().filter(|region| region.as_str() != arn.region)?;
    let text = format!(
        "The key {name} is in {}, and the bucket is in {region}; S3 needs a key of the same Region.",
        arn.region
    );
    about(&KEY_IN_OTHER_REGION, text)
}

/// Whether an AWS managed key of the bucket's own account is the one that S3 uses for it: not another service's. An
/// error where that, or the bucket's Region, which must be the key's, is not known.
pub fn is_usable_aws_key(facts: &BucketFacts, key: &KeyJoin) -> Decided<bool> {
    let name = key_name(facts);
    let names_region = facts.kms_key_ref().and_then(reference_arn).is_some();
    if names_region && facts.region.is_none() {
        let text = format!(
            "The key {name} is an AWS managed key; whether it is of the bucket's Region is not known."
        );
        return Err(about_key(facts, &BUCKET_REGION, text));
    }
    key.is_for_s3.ok_or_else(|| {
        let text = format!(
            "The key {name} is an AWS managed key; the aliases, which tell of which service, were not read."
        );
        about_key(facts, &KEY_UNPROVEN, text)
    })
}

/// The ARN of a key or alias.
pub fn reference_arn(reference: &str) -> Option<Arn<'_>> {
    let is_of_kms = |arn: &Arn<'_>| {
        arn.service == "kms" && !arn.region.is_empty() && arn.account.parse::<AccountId>().is_ok()
    };
    Arn::parse(reference).filter(is_of_kms)
}

fn is_of_account(facts: &BucketFacts, arn: &Arn<'_>) -> bool {
    arn.partition == facts.partition.as_str() && arn.account.parse() == Ok(facts.account_id)
}
