//! Whether an encryption meets what the standard asks for: a bucket's default, or what an upload names.
//!
//! A key list is held against what can be seen of a key from its reference alone, where its account's
//! keys were not read. [`Approval::Not`] is said only where no reading could make it otherwise, and
//! [`Approval::Yes`] of a key of which nothing is known decides nothing: see [`judge_default`].

use std::collections::BTreeSet;

use super::bucket::{
    KEY_MISSING, about_key, algorithm_not_known, is_aws_managed, key_name, key_not_visible, key_of,
    key_unproven, missing_text, mode, spoken_default,
};
use super::support::Decided;
use super::{BucketSubject, Outcome, Reason};
use crate::model::{
    AccountId, Arn, BucketFacts, Encryption, EncryptionRequirement, KeyJoin, KeyLink, Partition, Region,
    Verdict,
};

pub static MEETS: Reason =
    Reason::pass("default_meets_standard", "The default encryption is what the standard asks for.");
pub static NO_DEFAULT: Reason = Reason::fail("no_default_configured", "No default encryption is configured.");
pub static MODE_BELOW: Reason =
    Reason::fail("mode_below_standard", "The default encryption is weaker than the standard asks for.");
pub static KEY_REQUIRED: Reason =
    Reason::fail("kms_key_required", "The standard asks for certain KMS keys, and SSE-S3 uses none.");
pub static NOT_CUSTOMER_MANAGED: Reason = Reason::fail(
    "key_not_customer_managed",
    "The standard asks for a customer managed key, and the key is an AWS managed key.",
)
    .with_remedy(
        "Name a customer managed key with PutBucketEncryption, with its key policy open to those who write: kms:GenerateDataKey, and kms:Decrypt for multipart uploads. PutBucketEncryption replaces the whole rule: send the S3 Bucket Key setting and the blocked encryption types with it.",
    );
pub static NOT_APPROVED: Reason =
    Reason::fail("key_not_approved", "The key is not one that the standard approves.")
    .with_remedy(
        "Name a key that the standard approves with PutBucketEncryption, or have this one entered in the standard. PutBucketEncryption replaces the whole rule: send the S3 Bucket Key setting and the blocked encryption types with it.",
    );

/// What a key list says of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approval {
    /// It has the key.
    Yes,
    /// It has not, whatever the key turns out to be.
    Not,
    /// Its account's keys would tell.
    Unproven,
}

/// A key by the text that names it, and by what else is known of it.
#[derive(Debug, Clone, Copy)]
pub struct NamedKey<'a> {
    /// The reference as configured; none for aws/s3.
    pub reference: Option<&'a str>,
    /// The key's ARN, where it is known.
    pub arn: Option<&'a str>,
    /// Where a bare id or alias resolves.
    pub partition: &'a Partition,
    /// The same.
    pub account_id: AccountId,
    /// The same.
    pub region: Option<&'a Region>,
    /// The ARN of a key that it is not.
    pub is_not: Option<&'a str>,
}

impl<'a> NamedKey<'a> {
    /// The key of a bucket's default.
    fn of_default(facts: &'a BucketFacts) -> Self {
        let arn = facts.key().and_then(|key| key.key_arn.as_deref());
        Self { arn, is_not: None, ..Self::of_upload(facts, facts.kms_key_ref()) }
    }

    /// The key that an upload to the bucket names. Where it names none, it is not the customer managed
    /// key that the bucket's default is known to have.
    pub fn of_upload(facts: &'a BucketFacts, reference: Option<&'a str>) -> Self {
        let arn = reference.filter(|reference| reference.contains(":key/"));
        let customer_managed = |key: &&KeyJoin| matches!(key.link, KeyLink::SameAccount | KeyLink::SameOrg);
        let default = facts.key().filter(customer_managed).and_then(|key| key.key_arn.as_deref());
        let is_not = if reference.is_none() { default } else { None };
        let BucketFacts { partition, account_id, region, .. } = facts;
        Self { reference, arn, partition, account_id: *account_id, region: region.as_ref(), is_not }
    }

    /// The account and Region that the reference points to; none where it is an ARN that names no account of the
    /// partition.
    fn place(&self) -> Option<(AccountId, Option<Region>)> {
        match self.reference {
            Some(arn) if arn.starts_with("arn:") => {
                let arn = Arn::parse(arn).filter(|arn| arn.partition == self.partition.as_str())?;
                Some((arn.account.parse().ok()?, Some(arn.region.parse().ok()?)))
            }
            _ => Some((self.account_id, self.region.cloned())),
        }
    }

    /// Whether the requirement's lists have the key. An alias is held against the reference as configured.
    pub fn approval(&self, requirement: &EncryptionRequirement) -> Approval {
        let in_list =
            |list: &BTreeSet<String>, text: Option<&str>| text.is_some_and(|text| list.contains(text));
        let alias = self.reference.or(Some("alias/aws/s3"));
        let place = self.place();
        let in_approved_account =
            place.as_ref().is_some_and(|(owner, _)| requirement.approved_key_accounts.contains(owner));
        if !requirement.names_keys()
            || in_approved_account
            || in_list(&requirement.approved_aliases, alias)
            || in_list(&requirement.approved_keys, self.arn)
        {
            return Approval::Yes;
        }
        let could_be = |key: &String| match (&place, Arn::parse(key)) {
            _ if self.is_not == Some(key.as_str()) => false,
            (Some((owner, region)), Some(key)) => {
                key.account == owner.to_string()
                    && region.as_ref().is_none_or(|region| key.region == region.as_str())
            }
            _ => false,
        };
        match self.arn.is_none() && requirement.approved_keys.iter().any(could_be) {
            true => Approval::Unproven,
            false => Approval::Not,
        }
    }
}

/// Whether the requirement asks for anything of the key.
pub fn asks_for_key(requirement: &EncryptionRequirement) -> bool {
    requirement.customer_managed_key || requirement.names_keys()
}

/// Whether a bucket's default meets the requirement.
///
/// A key whose account's keys were not read passes no rule about keys, for it could be an AWS managed
/// key, or not there; it fails where its reference shows that no list has it.
pub fn judge_default(bucket: &BucketSubject<'_>, requirement: &EncryptionRequirement) -> Decided {
    let facts = bucket.facts;
    let seen = spoken_default(facts);
    match mode(bucket)? {
        Encryption::NotConfigured => return Ok(Outcome::from(&NO_DEFAULT)),
        // Whether it is weaker cannot be said; that the key which it names is not one to use, can.
        Encryption::Other => {
            let by_key = facts.kms_key_ref().and_then(|_| judge_key(bucket, requirement).ok());
            let fails = by_key.filter(|outcome| outcome.reason.verdict == Verdict::Fail);
            return fails.ok_or_else(|| algorithm_not_known(facts));
        }
        weaker if weaker < requirement.minimum_mode => {
            let asked = requirement.minimum_mode.spoken();
            let text = format!("The default encryption is {seen}; the standard asks for {asked} at least.");
            return Ok(about_key(facts, &MODE_BELOW, text));
        }
        Encryption::SseS3 if asks_for_key(requirement) => return Ok(Outcome::from(&KEY_REQUIRED)),
        _ => {}
    }
    judge_key(bucket, requirement)
}

/// Whether the key of a default, whose mode is good enough, is one that the requirement asks for.
fn judge_key(bucket: &BucketSubject<'_>, requirement: &EncryptionRequirement) -> Decided {
    let facts = bucket.facts;
    let seen = spoken_default(facts);
    let meets = |what: String| about_key(facts, &MEETS, what);
    if !asks_for_key(requirement) {
        return Ok(meets(format!("The default encryption is {seen}, which the standard accepts.")));
    }
    let key = key_of(bucket)?;
    let name = key_name(facts);
    if requirement.customer_managed_key && is_aws_managed(facts) {
        let text = format!("The standard asks for a customer managed key; {name} is an AWS managed key.");
        return Ok(about_key(facts, &NOT_CUSTOMER_MANAGED, text));
    }
    match (NamedKey::of_default(facts).approval(requirement), key.link) {
        (Approval::Not, _) => {
            let text = format!("The key {name} is not one that the standard approves.");
            Ok(about_key(facts, &NOT_APPROVED, text))
        }
        // A key ARN does not tell who manages the key, unless the standard names the key itself.
        (_, KeyLink::OutsideOrg) if requirement.customer_managed_key && !requirement.names_keys() => {
            Err(key_not_visible(facts))
        }
        (_, KeyLink::Missing) => Ok(about_key(facts, &KEY_MISSING, missing_text(facts))),
        (Approval::Unproven, _) | (_, KeyLink::Unproven) => Err(key_unproven(facts)),
        (Approval::Yes, _) => Ok(meets(format!(
            "The default encryption is {seen} with the key {name}, which the standard accepts."
        ))),
    }
}
