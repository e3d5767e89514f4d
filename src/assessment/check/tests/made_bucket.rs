//! A bucket made for the truth tables: every part of it that a check may ask for, and what a fault takes.

use std::collections::BTreeSet;

use super::Surroundings;
use super::policy_text::PolicyText;
use super::truth_table::{Made, undecided, unread};
use crate::check::{BucketSubject, Check, Judge, Outcome, PolicyReading};
use crate::clock::Timestamp;
use crate::model::{
    AccountId, BucketEncryption, BucketFacts, DestinationService, Encryption, EncryptionRequirement,
    HeldDestination, KeyAdmission, KeyJoin, KeyLink, KeyRefKind, KeyRotation, Organization, Reading,
    RotationReason, Scope, ServiceDestination, TlsOnly, TrustedAccount, Undecided,
};
use crate::policy;

pub(super) const HOME: &str = "111111111111";
pub(super) const MEMBER: &str = "222222222222";
pub(super) const OUTSIDE: &str = "999999999999";

/// A bucket with all that a check may ask of it. [`MadeBucket::facts`] joins the parts as the join does.
#[derive(Clone, PartialEq)]
pub(super) struct MadeBucket {
    pub(super) encryption: Reading<Encryption>,
    pub(super) algorithm: Option<&'static str>,
    pub(super) region: Option<&'static str>,
    pub(super) reference: Reference,
    pub(super) link: KeyLink,
    /// The account and Region of the key.
    pub(super) owner: &'static str,
    pub(super) key_region: &'static str,
    pub(super) manager: Option<&'static str>,
    pub(super) state: Option<&'static str>,
    /// The state of the primary of a replica.
    pub(super) primary_state: Option<&'static str>,
    /// What the policy of a key of another account says.
    pub(super) admission: KeyAdmission,
    pub(super) origin: Option<&'static str>,
    pub(super) is_for_s3: Option<bool>,
    pub(super) rotation: (Result<KeyRotation, Undecided>, Option<RotationReason>),
    pub(super) bucket_key: Option<bool>,
    pub(super) sse_c_blocked: Option<bool>,
    pub(super) policy: PolicyText,
    pub(super) tls_only: Reading<TlsOnly>,
    pub(super) listed: Listed,
    pub(super) minimum: Encryption,
    pub(super) customer_managed: bool,
    pub(super) approved: Approved,
    pub(super) org_id: Option<&'static str>,
    pub(super) members: &'static [&'static str],
    pub(super) members_complete: bool,
    pub(super) trust: Option<&'static str>,
}

/// How the default names its key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reference {
    None,
    AwsS3,
    AwsS3Arn,
    KeyId,
    KeyArn,
    AliasName,
    AliasArn,
    NoKmsArn,
    NoAccountArn,
    /// The key's ARN with another partition.
    OtherPartition,
    /// The AWS managed key of another service.
    AwsEbs,
}

/// How the standard lists the bucket as a destination of server access logs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Listed {
    No,
    InForce,
    Ended,
    /// For a unit in which the account may be.
    Perhaps,
    ForBalancers,
}

/// What the standard's lists of keys have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Approved {
    Any,
    TheKey,
    KeyBesideIt,
    KeyElsewhere,
    AliasName,
    AliasArn,
    HomeAccount,
    MemberAccount,
}

/// What the policy says of plain HTTP, as the join asks it.
pub(super) fn tls_only(policy: &PolicyText) -> Reading<TlsOnly> {
    match policy.reading() {
        PolicyReading::Known(policy) => Reading::Known(policy::tls_only(policy, "arn:aws:s3:::data").into()),
        PolicyReading::Absent => Reading::Known(TlsOnly::Absent),
        PolicyReading::Unparsed(_) => Reading::Known(TlsOnly::Unknown),
        PolicyReading::Unread(why) => why.into(),
    }
}

/// A bucket with SSE-KMS under an enabled, rotating key of its own account.
pub(super) fn bucket() -> MadeBucket {
    MadeBucket {
        encryption: Reading::Known(Encryption::SseKms),
        algorithm: None,
        region: Some("eu-west-1"),
        reference: Reference::KeyArn,
        link: KeyLink::SameAccount,
        owner: HOME,
        key_region: "eu-west-1",
        manager: Some("CUSTOMER"),
        state: Some("Enabled"),
        primary_state: Some("Enabled"),
        admission: KeyAdmission::Admits,
        origin: Some("AWS_KMS"),
        is_for_s3: Some(true),
        rotation: (Ok(KeyRotation::Enabled), None),
        bucket_key: Some(true),
        sse_c_blocked: Some(true),
        policy: PolicyText::Absent,
        tls_only: Reading::Known(TlsOnly::Absent),
        listed: Listed::No,
        minimum: Encryption::SseKms,
        customer_managed: false,
        approved: Approved::Any,
        org_id: Some("o-own1234567"),
        members: &[HOME, MEMBER],
        members_complete: true,
        trust: None,
    }
}

impl MadeBucket {
    fn key_arn(&self, id: &str) -> String {
        format!("arn:aws:kms:{}:{}:key/{id}", self.key_region, self.owner)
    }

    /// The ARN of the key as it is listed; a bare reference leads to the bucket's own account and Region.
    fn listed_arn(&self) -> Option<String> {
        match self.reference {
            Reference::KeyArn | Reference::AliasArn => Some(self.key_arn("k1")),
            _ => self.region.map(|region| format!("arn:aws:kms:{region}:{HOME}:key/k1")),
        }
    }

    fn reference(&self) -> Option<String> {
        Some(match self.reference {
            Reference::None => return None,
            Reference::AwsS3 => "alias/aws/s3".to_owned(),
            Reference::AwsS3Arn => format!("arn:aws:kms:{}:{}:alias/aws/s3", self.key_region, self.owner),
            Reference::NoKmsArn => "arn:aws:s3:::data".to_owned(),
            Reference::NoAccountArn => "arn:aws:kms:eu-west-1:none:alias/data".to_owned(),
            Reference::OtherPartition => self.key_arn("k1").replacen("arn:aws:", "arn:aws-cn:", 1),
            Reference::AwsEbs => "alias/aws/ebs".to_owned(),
            Reference::KeyId => "k1".to_owned(),
            Reference::AliasName => "alias/data".to_owned(),
            Reference::KeyArn => self.key_arn("k1"),
            Reference::AliasArn => format!("arn:aws:kms:{}:{}:alias/data", self.key_region, self.owner),
        })
    }

    fn kind(&self) -> KeyRefKind {
        match self.reference {
            Reference::None => KeyRefKind::None,
            Reference::AwsS3 | Reference::AwsEbs | Reference::AliasName => KeyRefKind::AliasName,
            Reference::AwsS3Arn | Reference::AliasArn | Reference::NoAccountArn => KeyRefKind::AliasArn,
            Reference::KeyId => KeyRefKind::KeyId,
            Reference::KeyArn | Reference::OtherPartition | Reference::NoKmsArn => KeyRefKind::KeyArn,
        }
    }

    /// The mode, where it was read.
    fn mode(&self) -> Option<Encryption> {
        self.encryption.settled().ok().map(|mode| mode.copied().unwrap_or(Encryption::NotConfigured))
    }

    /// Whether the reference is to aws/s3 of the bucket's own account and Region.
    fn names_aws_s3(&self) -> bool {
        let is_here = self.owner == HOME && self.region == Some(self.key_region);
        matches!(self.reference, Reference::None | Reference::AwsS3)
            || (self.reference == Reference::AwsS3Arn && is_here)
    }

    /// Whether the key that a listing has by that reference is AWS's.
    fn is_of_aws(&self) -> bool {
        matches!(self.reference, Reference::AwsS3Arn | Reference::AwsEbs)
    }

    fn is_malformed(&self) -> bool {
        matches!(self.reference, Reference::NoKmsArn | Reference::NoAccountArn)
    }

    /// The link as the join can find it.
    fn link(&self) -> KeyLink {
        match self.mode() {
            Some(Encryption::Other) if self.reference == Reference::None => KeyLink::None,
            Some(Encryption::SseKms | Encryption::DsseKms | Encryption::Other) => match self.link {
                _ if self.names_aws_s3() => KeyLink::AwsManaged,
                _ if self.is_malformed() => KeyLink::Unproven,
                _ if self.reference == Reference::OtherPartition => KeyLink::OutsideOrg,
                KeyLink::SameAccount if self.is_of_aws() => KeyLink::AwsManaged,
                _ if self.listed_arn().is_none() => KeyLink::Unproven,
                link => link,
            },
            _ => KeyLink::None,
        }
    }

    fn join(&self) -> KeyJoin {
        use KeyLink::{AwsManaged, SameAccount, SameOrg};
        let link = self.link();
        let described = matches!(link, SameAccount | SameOrg);
        let listed = described || (link == AwsManaged && self.state.is_some());
        let by_key_arn = matches!(self.reference, Reference::KeyArn | Reference::OtherPartition);
        let named = link != KeyLink::None && by_key_arn;
        let text = |text: Option<&str>| text.filter(|_| described).map(str::to_owned);
        let of_aws = link == AwsManaged || (described && self.is_of_aws());
        let manager = if of_aws { Some("AWS".to_owned()) } else { text(self.manager) };
        let rotation = match of_aws {
            true => (Ok(KeyRotation::Enabled), Some(RotationReason::AwsManagedYearly)),
            false => self.rotation,
        };
        let rotating_state = match rotation.1 {
            Some(RotationReason::ReplicaOfPrimary) => self.primary_state,
            _ => self.state,
        };
        let is_for_s3 = match self.reference {
            _ if self.names_aws_s3() => Some(true),
            Reference::AwsS3Arn => Some(true),
            Reference::AwsEbs => Some(false),
            _ => self.is_for_s3,
        };
        let account = match link {
            KeyLink::None => None,
            _ if self.is_malformed() => None,
            AwsManaged => Some(HOME),
            _ => Some(self.owner),
        };
        KeyJoin {
            link,
            key_arn: match self.reference {
                Reference::OtherPartition => self.reference(),
                _ => self.listed_arn().filter(|_| named || listed),
            },
            account_id: account.map(|id| id.parse().unwrap()),
            manager,
            origin: text(self.origin),
            state: text(self.state),
            is_for_s3: is_for_s3.filter(|_| described || link == AwsManaged),
            rotation: (described || of_aws).then_some(rotation.0),
            rotation_reason: rotation.1.filter(|_| described || of_aws),
            rotating_state: text(rotating_state),
            admission: (link == SameOrg && !of_aws).then(|| self.admission.clone()),
        }
    }

    fn facts(&self) -> BucketFacts {
        let reference = self.reference().filter(|_| self.link() != KeyLink::None);
        let encryption = self.encryption.clone().map(|mode| BucketEncryption {
            mode,
            sse_algorithm: self.algorithm.map(str::to_owned),
            kms_key_ref_kind: reference.as_ref().map_or(KeyRefKind::None, |_| self.kind()),
            kms_key_ref: reference,
            key: self.join(),
            bucket_key_enabled: self.bucket_key,
            blocked_encryption_types: None,
            sse_c_blocked: self.sse_c_blocked,
        });
        BucketFacts {
            partition: "aws".parse().unwrap(),
            account_id: HOME.parse().unwrap(),
            region: self.region.map(|region| region.parse().unwrap()),
            name: "data".to_owned(),
            created_at: None,
            encryption,
            tls_only: self.tls_only.clone(),
            policy: Reading::Absent,
            observed_at: None,
        }
    }

    fn requirement(&self) -> EncryptionRequirement {
        let set = |has: bool, text: String| has.then_some(text).into_iter().collect::<BTreeSet<String>>();
        let key = match self.approved {
            Approved::KeyBesideIt => self.key_arn("k2"),
            Approved::KeyElsewhere => format!("arn:aws:kms:us-east-1:{MEMBER}:key/k3"),
            _ => self.key_arn("k1"),
        };
        let named =
            matches!(self.approved, Approved::TheKey | Approved::KeyBesideIt | Approved::KeyElsewhere);
        let alias = match self.approved {
            Approved::AliasName => Some("alias/data".to_owned()),
            Approved::AliasArn => Some(format!("arn:aws:kms:{}:{}:alias/data", self.key_region, self.owner)),
            _ => None,
        };
        let account: Option<AccountId> = match self.approved {
            Approved::HomeAccount => HOME.parse().ok(),
            Approved::MemberAccount => MEMBER.parse().ok(),
            _ => None,
        };
        EncryptionRequirement {
            minimum_mode: self.minimum,
            customer_managed_key: self.customer_managed,
            approved_keys: set(named, key),
            approved_aliases: alias.into_iter().collect(),
            approved_key_accounts: account.into_iter().collect(),
        }
    }

    fn organization(&self) -> Organization {
        Organization {
            org_id: self.org_id.map(str::to_owned),
            members: self.members.iter().map(|id| id.parse().unwrap()).collect(),
            members_complete: self.members_complete,
            ..Organization::default()
        }
    }

    fn destinations(&self) -> Vec<HeldDestination> {
        let held = |service, expires: &str, scope_known| HeldDestination {
            destination: ServiceDestination {
                scope: Scope::default(),
                buckets: vec!["data".to_owned()],
                service,
                reason: "It takes the logs of the shop.".to_owned(),
                owner: "Data Platform".to_owned(),
                approver: "Risk Board".to_owned(),
                expires: Timestamp::parse(expires).unwrap(),
            },
            scope_known,
        };
        let (s3, later) = (DestinationService::S3ServerAccessLogs, "2027-01-01");
        match self.listed {
            Listed::No => Vec::new(),
            Listed::InForce => vec![held(s3, later, true)],
            Listed::Ended => vec![held(s3, "2026-11-21T00:00:00Z", true)],
            Listed::Perhaps => vec![held(s3, later, false)],
            Listed::ForBalancers => vec![held(DestinationService::ElbAccessLogs, later, true)],
        }
    }

    fn trusted(&self) -> Vec<TrustedAccount> {
        let trust = |expires: &str| TrustedAccount {
            account_id: OUTSIDE.parse().unwrap(),
            owner: "Data Platform".to_owned(),
            reason: "Holds the keys of the joint venture.".to_owned(),
            expires: Timestamp::parse(expires).unwrap(),
        };
        self.trust.map(trust).into_iter().collect()
    }
}

impl Made for MadeBucket {
    /// A bare key id or alias leads to no other account.
    fn can_be(&self) -> bool {
        self.owner == HOME
            || !matches!(self.reference, Reference::KeyId | Reference::AliasName | Reference::AwsEbs)
    }

    fn seen(&self) -> Option<String> {
        let organization = (self.org_id, self.members, self.members_complete, self.trust);
        let standard = (self.requirement(), self.destinations());
        Some(format!("{:?} {:?} {standard:?} {organization:?}", self.facts(), self.policy))
    }

    fn judge(&self, check: &'static Check) -> Outcome {
        let Judge::Bucket(judge) = check.judge else { panic!("{} judges no buckets", check.id) };
        let facts = self.facts();
        let surroundings = Surroundings {
            encryption: self.requirement(),
            organization: self.organization(),
            trusted_accounts: self.trusted(),
            ..Surroundings::at("2026-11-21T00:00:00Z")
        };
        let destinations = self.destinations();
        let destinations: Vec<&HeldDestination> = destinations.iter().collect();
        let policy = self.policy.reading();
        let policy = policy.of_bucket_at(&facts, &surroundings.organization, surroundings.as_of);
        let subject = BucketSubject { facts: &facts, policy: policy.reading(), destinations: &destinations };
        judge(&subject, &surroundings.context())
    }

    fn losses(&self) -> Vec<(&'static str, Self)> {
        let mut losses = Vec::new();
        let mut lose = |name, change: &dyn Fn(&mut Self)| {
            let mut less = self.clone();
            change(&mut less);
            losses.push((name, less));
        };
        let unlisted = |made: &mut Self| {
            (made.state, made.primary_state) = (None, None);
            if !matches!(made.link, KeyLink::None | KeyLink::OutsideOrg) {
                made.link = KeyLink::Unproven;
            }
        };
        let unlisted_accounts = |made: &mut Self| {
            made.members_complete = false;
            if made.link == KeyLink::OutsideOrg {
                made.link = KeyLink::Unproven;
            }
        };
        lose("the encryption", &|made| made.encryption = unread("denied"));
        lose("the bucket", &|made| made.encryption = Reading::Gone);
        lose("the policy", &|made| {
            (made.policy, made.tls_only) = (PolicyText::Unread("denied"), unread("denied"));
        });
        lose("the listing of keys", &unlisted);
        lose("the key's description", &|made| {
            (made.manager, made.state, made.origin, made.is_for_s3) = (None, None, None, None);
            made.rotation = (Err(undecided("denied")), None);
        });
        lose("the manager", &|made| made.manager = None);
        lose("the state", &|made| made.state = None);
        lose("the primary's state", &|made| made.primary_state = None);
        lose("the key's policy", &|made| made.admission = KeyAdmission::NotRead(undecided("denied")));
        lose("the origin", &|made| made.origin = None);
        lose("the specification", &|made| made.is_for_s3 = None);
        lose("the rotation", &|made| made.rotation = (Err(undecided("denied")), None));
        lose("the end of the accounts", &unlisted_accounts);
        lose("the accounts", &|made| {
            made.members = &[];
            unlisted(made);
            unlisted_accounts(made);
        });
        lose("the organization's id", &|made| made.org_id = None);
        lose("the Region", &|made| made.region = None);
        losses
    }
}
