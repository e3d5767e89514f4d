//! S3 buckets: what was observed, and what follows after the org-wide join.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::key::{KeyRotation, RotationReason};
use super::policy::PolicyHash;
use super::reading::words;
use super::{AccountId, Observation, Partition, Reading, Region, Undecided};
use crate::clock::Timestamp;

/// A bucket as it was listed and read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BucketObservation {
    /// The bucket's name.
    pub name: String,
    /// From the listing, or from `GetBucketLocation`; none where neither told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Region>,
    /// `CreationDate`. It changes when the policy is edited, so it is no identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// The fall-back read of the Region, where the listing gave none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Observation<Region>>,
    /// `GetBucketEncryption`.
    pub encryption: Observation<EncryptionConfiguration>,
    /// `GetBucketPolicy`: the hash of the text, which the segment keeps once.
    pub policy: Observation<PolicyHash>,
}

/// A bucket's server-side encryption configuration, as the API puts it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncryptionConfiguration {
    /// The rules. S3 keeps one; all that come are kept.
    pub rules: Vec<EncryptionRule>,
}

impl EncryptionConfiguration {
    /// A configuration of these rules, which must say something, and the same thing: an error says what is
    /// wrong.
    pub fn of(rules: Vec<EncryptionRule>) -> Result<Self, &'static str> {
        let says = |rule: &EncryptionRule| rule.default.is_some() || rule.blocked_encryption_types.is_some();
        if rules.is_empty() || !rules.iter().all(says) {
            return Err("a rule has neither a default encryption nor blocked encryption types");
        }
        if !agree(rules.iter().map(|rule| rule.default.as_ref()))
            || !agree(rules.iter().map(|rule| rule.bucket_key_enabled.as_ref()))
            || !agree(rules.iter().map(|rule| rule.blocked_encryption_types.as_ref()))
        {
            return Err("the rules contradict each other");
        }
        Ok(Self { rules })
    }

    /// Whether SSE-C is blocked by the setting; none where that is not told, or in words that S3 does not have.
    pub fn sse_c_blocked(&self) -> Option<bool> {
        let lists = self.rules.iter().filter_map(|rule| rule.blocked_encryption_types.as_ref());
        let mut words: Vec<&str> = lists.flatten().map(String::as_str).collect();
        words.sort_unstable();
        words.dedup();
        match words[..] {
            ["NONE"] => Some(false),
            ["SSE-C"] => Some(true),
            // A list that grew: what it blocks, it blocks.
            [..] => (words.contains(&"SSE-C") && !words.contains(&"NONE")).then_some(true),
        }
    }
}

/// Whether those that are there are one and the same.
fn agree<'a, T: PartialEq + 'a>(values: impl Iterator<Item = Option<&'a T>>) -> bool {
    let mut there = values.flatten();
    there.next().is_none_or(|first| there.all(|other| other == first))
}

/// One rule of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EncryptionRule {
    /// `ApplyServerSideEncryptionByDefault`; a rule may hold only blocked types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<DefaultEncryption>,
    /// `BucketKeyEnabled`, which the API puts on the rule and not in the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket_key_enabled: Option<bool>,
    /// `BlockedEncryptionTypes`, verbatim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked_encryption_types: Option<Vec<String>>,
}

/// `ApplyServerSideEncryptionByDefault`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefaultEncryption {
    /// `SSEAlgorithm`, verbatim: the set is open.
    pub sse_algorithm: String,
    /// `KMSMasterKeyID`, verbatim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key_ref: Option<String>,
}

words! {
    /// A bucket's default encryption mode. Of one that was not read the lake says `unknown`.
    Encryption {
        /// No default is configured. Never "objects unencrypted".
        NotConfigured = "not_configured",
        /// SSE-S3, `AES256`.
        SseS3 = "sse_s3",
        /// SSE-KMS, `aws:kms`.
        SseKms = "sse_kms",
        /// DSSE-KMS, `aws:kms:dsse`.
        DsseKms = "dsse_kms",
        /// An algorithm that this version does not know; its text is kept.
        Other = "other",
    }
}

/// What the lake says of a mode that was not read.
pub const MODE_UNKNOWN: &str = "unknown";

impl Encryption {
    /// The mode of the lake's word; none where the configuration was not read. A word to come is an algorithm that this
    /// version does not know.
    pub fn of_lake(word: Option<&str>) -> Option<Self> {
        match word {
            Some(MODE_UNKNOWN) => None,
            word => Some(word.and_then(Self::from_word).unwrap_or(Self::Other)),
        }
    }

    /// A mode, or that it is not known, as a person says it.
    pub fn spoken_of(mode: Option<Self>) -> &'static str {
        mode.map_or("unknown: not read", Self::spoken)
    }

    /// The mode as a person says it, in AWS's own name where it has one.
    pub const fn spoken(self) -> &'static str {
        match self {
            Self::NotConfigured => "no default configured",
            Self::SseS3 => "SSE-S3",
            Self::SseKms => "SSE-KMS",
            Self::DsseKms => "DSSE-KMS",
            Self::Other => "another algorithm",
        }
    }
}

words! {
    /// The form in which a bucket names its key.
    KeyRefKind {
        /// No key is named.
        None = "none",
        /// A bare key id.
        KeyId = "key_id",
        /// A key ARN.
        KeyArn = "key_arn",
        /// A bare alias.
        AliasName = "alias_name",
        /// An alias ARN.
        AliasArn = "alias_arn",
    }
}

words! {
    /// What the key of a bucket's default is to the bucket and to the organization.
    KeyLink {
        /// There is no KMS key.
        None = "none",
        /// An AWS managed key, `aws/s3` as a rule.
        AwsManaged = "aws_managed",
        /// A key of the bucket's own account.
        SameAccount = "same_account",
        /// A key of another account of the organization.
        SameOrg = "same_org",
        /// The key's account is not in the organization.
        OutsideOrg = "outside_org",
        /// A complete listing of the owner's keys does not have it.
        Missing = "missing",
        /// It cannot be said whether the key is there.
        Unproven = "unproven",
    }
}

words! {
    /// Whether a bucket refuses plain HTTP.
    TlsOnly {
        /// Every plain-HTTP request by anyone is refused, on the bucket and its objects.
        Enforced = "enforced",
        /// Some of them are.
        Partial = "partial",
        /// None is.
        Absent = "absent",
        /// The policy was read, and does not decide it. The lake says the same of a policy that was not read.
        Unknown = "unknown",
    }
}

/// A bucket after the join: what the `buckets` table says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketFacts {
    /// The partition.
    pub partition: Partition,
    /// The owner.
    pub account_id: AccountId,
    /// The Region, where it is known.
    pub region: Option<Region>,
    /// The bucket's name.
    pub name: String,
    /// `CreationDate`.
    pub created_at: Option<Timestamp>,
    /// The default encryption: see [`BucketFacts::default_encryption`].
    pub encryption: Reading<BucketEncryption>,
    /// Whether plain HTTP is refused, as far as the policy was read.
    pub tls_only: Reading<TlsOnly>,
    /// The policy, by its hash.
    pub policy: Reading<PolicyHash>,
    /// When the configuration was read.
    pub observed_at: Option<Timestamp>,
}

/// A bucket's default encryption after the join.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketEncryption {
    /// The default mode.
    pub mode: Encryption,
    /// `SSEAlgorithm`, verbatim.
    pub sse_algorithm: Option<String>,
    /// The key as configured.
    pub kms_key_ref: Option<String>,
    /// The form of the reference.
    pub kms_key_ref_kind: KeyRefKind,
    /// The join's result.
    pub key: KeyJoin,
    /// `BucketKeyEnabled` on the rule.
    pub bucket_key_enabled: Option<bool>,
    /// `BlockedEncryptionTypes`; none where they are not reported.
    pub blocked_encryption_types: Option<Vec<String>>,
    /// Whether SSE-C writes are blocked by the setting.
    pub sse_c_blocked: Option<bool>,
}

impl BucketEncryption {
    /// What S3 says by answering that nothing is configured.
    pub const NOT_CONFIGURED: Self = Self {
        mode: Encryption::NotConfigured,
        sse_algorithm: None,
        kms_key_ref: None,
        kms_key_ref_kind: KeyRefKind::None,
        key: KeyJoin::linked(KeyLink::None, None),
        bucket_key_enabled: None,
        blocked_encryption_types: None,
        sse_c_blocked: None,
    };
}

impl BucketFacts {
    /// The default encryption, where it was read. That none is configured is an answer, too.
    pub fn default_encryption(&self) -> Result<&BucketEncryption, Undecided> {
        static NONE: BucketEncryption = BucketEncryption::NOT_CONFIGURED;
        Ok(self.encryption.settled()?.unwrap_or(&NONE))
    }

    /// The key as configured, where the configuration was read and names one.
    pub fn kms_key_ref(&self) -> Option<&str> {
        self.default_encryption().ok()?.kms_key_ref.as_deref()
    }

    /// What the join says of the key, where the configuration was read.
    pub fn key(&self) -> Option<&KeyJoin> {
        Some(&self.default_encryption().ok()?.key)
    }

    /// The bucket's ARN.
    pub fn arn(&self) -> String {
        Self::arn_of(&self.partition, &self.name)
    }

    /// The ARN of a bucket: S3 puts neither Region nor account in it.
    pub fn arn_of(partition: &Partition, name: &str) -> String {
        format!("arn:{partition}:s3:::{name}")
    }
}

/// What the join says of the key of a bucket's default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyJoin {
    /// What the key is to the bucket.
    pub link: KeyLink,
    /// The key ARN as named, or as listed.
    pub key_arn: Option<String>,
    /// The account that the reference names, or the bucket's own.
    pub account_id: Option<AccountId>,
    /// `KeyManager`.
    pub manager: Option<String>,
    /// `Origin`.
    pub origin: Option<String>,
    /// `KeyState`.
    pub state: Option<String>,
    /// Whether S3 can encrypt under a key of its kind: symmetric, for encryption, and of AWS's own the one of S3.
    /// No column.
    pub is_for_s3: Option<bool>,
    /// The key's automatic rotation; none where there is no key, or none that was listed.
    pub rotation: Option<Result<KeyRotation, Undecided>>,
    /// Why rotation is what it is.
    pub rotation_reason: Option<RotationReason>,
    /// The state of the key whose rotation it is: the primary's for a replica. No column.
    pub rotating_state: Option<String>,
    /// What the key's policy says of the bucket, where the key is another account's. No column.
    pub admission: Option<KeyAdmission>,
}

impl KeyJoin {
    /// A link of which nothing more is known.
    pub const fn linked(link: KeyLink, account_id: Option<AccountId>) -> Self {
        Self {
            link,
            key_arn: None,
            account_id,
            manager: None,
            origin: None,
            state: None,
            is_for_s3: None,
            rotation: None,
            rotation_reason: None,
            rotating_state: None,
            admission: None,
        }
    }
}

/// Whether a key's policy lets principals of another account encrypt and decrypt with it through S3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyAdmission {
    /// Some of them.
    Admits,
    /// None; the text says what stands in the way.
    Bars(Arc<str>),
    /// The policy does not decide it; the text says on what it hangs.
    Undecided(Arc<str>),
    /// The policy was read and is not understood; the text says why.
    NotUnderstood(Arc<str>),
    /// The policy was not read.
    NotRead(Undecided),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(algorithm: Option<&str>, blocked: &[&str]) -> EncryptionRule {
        EncryptionRule {
            default: algorithm.map(|algorithm| DefaultEncryption {
                sse_algorithm: algorithm.to_owned(),
                kms_key_ref: None,
            }),
            bucket_key_enabled: None,
            blocked_encryption_types: (!blocked.is_empty())
                .then(|| blocked.iter().map(|word| (*word).to_owned()).collect()),
        }
    }

    #[test]
    fn rules_say_something_and_the_same() {
        let of = |rules: &[EncryptionRule]| EncryptionConfiguration::of(rules.to_vec());
        let (kms, aes, blocked) =
            (rule(Some("aws:kms"), &[]), rule(Some("AES256"), &[]), rule(None, &["SSE-C"]));
        assert!(of(std::slice::from_ref(&kms)).is_ok() && of(std::slice::from_ref(&blocked)).is_ok());
        assert!(of(&[kms.clone(), kms.clone(), blocked]).is_ok());
        for wrong in
            [vec![], vec![rule(None, &[])], vec![kms.clone(), aes.clone()], vec![aes, rule(None, &[])]]
        {
            assert!(of(&wrong).is_err(), "{wrong:?}");
        }
        let keyed = |enabled| EncryptionRule { bucket_key_enabled: Some(enabled), ..kms.clone() };
        assert!(of(&[keyed(true), keyed(false)]).is_err());
        assert!(of(&[rule(None, &["NONE"]), rule(None, &["SSE-C"])]).is_err());
    }

    #[test]
    fn only_the_words_that_s3_has_decide_whether_sse_c_is_blocked() {
        for (words, blocked) in [
            (&["SSE-C"][..], Some(true)),
            (&["NONE"], Some(false)),
            (&["NONE", "NONE"], Some(false)),
            (&["SSE-C", "SSE-X"], Some(true)),
            (&["SSE-C", "NONE"], None),
            (&["sse-c"], None),
            (&["SSE-X"], None),
            (&[""], None),
            (&[], None),
        ] {
            let configuration = EncryptionConfiguration { rules: vec![rule(Some("AES256"), words)] };
            assert_eq!(configuration.sse_c_blocked(), blocked, "{words:?}");
        }
    }
}
