//! A key made for the truth tables, as the census reads one; the facts are the join's own.

use std::collections::BTreeSet;

use super::Surroundings;
use super::policy_text::PolicyText;
use super::truth_table::Made;
use crate::check::{Check, Judge, KeyAnswers, KeySubject, Outcome, Parameter};
use crate::clock::{DAY_MS, Timestamp};
use crate::model::*;
use crate::resolve::{KeyIndex, key_facts};

pub(super) const KEY_ARN: &str = "arn:aws:kms:eu-west-1:111122223333:key/mrk-1";
pub(super) const PRIMARY_ARN: &str = "arn:aws:kms:us-east-1:111122223333:key/mrk-1";

/// A key and its surroundings as the census read them; the facts are the join's own.
#[derive(Clone, PartialEq)]
pub(super) struct Case {
    pub(super) key: KeyObservation,
    pub(super) primary: Option<KeyObservation>,
    pub(super) buckets: u64,
    pub(super) named: Vec<String>,
    pub(super) limit: i64,
    pub(super) policy: PolicyText,
    pub(super) organization: Organization,
    pub(super) trusted_until: Option<Timestamp>,
}

pub(super) const OWN_ORGANIZATION: &str = "o-own1234567";

pub(super) const AS_OF: &str = "2026-11-21T03:00:00Z";

/// So many days before the instant of judgement, and so many milliseconds before that.
pub(super) fn ago(days: i64, millis: i64) -> Timestamp {
    Timestamp::parse(AS_OF).unwrap().plus_millis(-days * DAY_MS - millis)
}

pub(super) fn observed<T>(reading: Reading<T>) -> Observation<T> {
    let region = "eu-west-1".parse().unwrap();
    Observation { reading, ..Observation::not_asked("kms:Read", region, NotAsked::DoesNotApply) }
}

pub(super) fn key(key_arn: &str) -> KeyObservation {
    KeyObservation {
        region: key_arn.split(':').nth(3).unwrap().parse().unwrap(),
        key_id: "mrk-1".to_owned(),
        key_arn: key_arn.to_owned(),
        describe: observed(Reading::Known(KeyMetadata {
            manager: Some("CUSTOMER".to_owned()),
            origin: Some("AWS_KMS".to_owned()),
            spec: Some("SYMMETRIC_DEFAULT".to_owned()),
            usage: Some("ENCRYPT_DECRYPT".to_owned()),
            state: Some("Enabled".to_owned()),
            created_at: Some(ago(100, 0)),
            ..KeyMetadata::default()
        })),
        rotation: observed(Reading::Known(status(true, Some(365)))),
        rotations: observed(Reading::NotAsked(NotAsked::DoesNotApply)),
        policy: observed(Reading::NotAsked(NotAsked::DoesNotApply)),
    }
}

pub(super) fn case() -> Case {
    Case {
        key: key(KEY_ARN),
        primary: None,
        buckets: 0,
        named: Vec::new(),
        limit: 365,
        policy: PolicyText::Unread("not_asked"),
        organization: Organization {
            org_id: Some(OWN_ORGANIZATION.to_owned()),
            management_account_id: None,
            members: ["111122223333", "222233334444"].map(|id| id.parse().unwrap()).into(),
            members_complete: true,
            ..Organization::default()
        },
        trusted_until: None,
    }
}

pub(super) fn status(enabled: bool, period_days: Option<i32>) -> RotationStatus {
    RotationStatus { enabled, period_days, next_rotation_at: None, on_demand_started_at: None }
}

pub(super) fn account_id() -> AccountId {
    "111122223333".parse().unwrap()
}

impl Made for Case {
    fn judge(&self, check: &'static Check) -> Outcome {
        let mut index = KeyIndex::new([account_id()].into(), true);
        index.add_key(account_id(), &self.key);
        if let Some(primary) = &self.primary {
            index.add_key(account_id(), primary);
        }
        let aliases = index.aliases_of(account_id(), &self.key.region);
        let partition = self.key.region.partition();
        let mut facts = key_facts(&index, &aliases, &partition, account_id(), self.key.clone());
        facts.default_key_of_buckets = self.buckets;
        let as_of = Timestamp::parse(AS_OF).unwrap();
        let policy = self.policy.reading().of_key_at(&facts, &self.organization, as_of);
        let answers = KeyAnswers::default();
        let subject =
            KeySubject { facts: &facts, policy: policy.reading(), buckets: &self.named, answers: &answers };
        let trusted = self.trusted_until.map(|expires| TrustedAccount {
            account_id: "999988887777".parse().unwrap(),
            owner: "payments".to_owned(),
            reason: "backups".to_owned(),
            expires,
        });
        let limit = |parameter: &Parameter| (parameter.name.to_owned(), self.limit);
        let surroundings = Surroundings {
            parameters: check.parameters.iter().filter(|parameter| !parameter.optional).map(limit).collect(),
            organization: self.organization.clone(),
            trusted_accounts: trusted.into_iter().collect(),
            ..Surroundings::at(AS_OF)
        };
        match check.judge {
            Judge::Key(judge) => judge(&subject, &surroundings.context()),
            _ => panic!("{} is not about keys", check.id),
        }
    }

    /// A policy takes longer to judge than to tell apart.
    fn seen(&self) -> Option<String> {
        let context = (&self.organization, self.trusted_until, self.buckets, &self.named, self.limit);
        let PolicyText::Read(_) = self.policy else { return None };
        Some(format!("{:?} {:?} {:?} {context:?}", self.key, self.primary, self.policy))
    }

    fn losses(&self) -> Vec<(&'static str, Self)> {
        let mut losses = Vec::new();
        let mut lose = |what: &'static str, change: &dyn Fn(&mut Self)| {
            let mut less = self.clone();
            change(&mut less);
            losses.push((what, less));
        };
        for fault in faults() {
            lose("DescribeKey", &|case| case.key.describe.reading = fault.clone());
        }
        for fault in faults() {
            lose("GetKeyRotationStatus", &|case| case.key.rotation.reading = fault.clone());
        }
        for fault in faults() {
            lose("ListKeyRotations", &|case| case.key.rotations.reading = fault.clone());
        }
        for fault in faults() {
            lose("the primary's rotation", &|case| {
                if let Some(primary) = &mut case.primary {
                    primary.rotation.reading = fault.clone();
                }
            });
        }
        lose("the primary", &|case| case.primary = None);
        for word in ["denied", "gone", "not_asked"] {
            lose("GetKeyPolicy", &|case| case.policy = PolicyText::Unread(word));
        }
        lose("the organization", &|case| case.organization = Organization::default());
        lose("the organization's id", &|case| case.organization.org_id = None);
        lose("some accounts", &|case| {
            (case.organization.members, case.organization.members_complete) = (BTreeSet::new(), false);
        });
        lose("the end of the accounts", &|case| case.organization.members_complete = false);
        lose("the buckets", &|case| (case.buckets, case.named) = (0, Vec::new()));
        lose("KeyManager", &|case| metadata(case).into_iter().for_each(|m| m.manager = None));
        lose("Origin", &|case| metadata(case).into_iter().for_each(|m| m.origin = None));
        lose("KeySpec", &|case| metadata(case).into_iter().for_each(|m| m.spec = None));
        lose("KeyState", &|case| metadata(case).into_iter().for_each(|m| m.state = None));
        lose("CreationDate", &|case| metadata(case).into_iter().for_each(|m| m.created_at = None));
        lose("DeletionDate", &|case| metadata(case).into_iter().for_each(|m| m.deletion_at = None));
        lose("RotationPeriodInDays", &|case| {
            if let Reading::Known(status) = &mut case.key.rotation.reading {
                status.period_days = None;
            }
        });
        losses
    }
}

/// What a fault leaves behind: no answer, or none to be trusted, or none asked for.
pub(super) fn faults<T>() -> [Reading<T>; 3] {
    let denied = Reading::Unread(Fault::new(FaultKind::Denied));
    [denied, Reading::Gone, Reading::NotAsked(NotAsked::DependencyUnread)]
}

pub(super) fn metadata(case: &mut Case) -> Option<&mut KeyMetadata> {
    match &mut case.key.describe.reading {
        Reading::Known(metadata) => Some(metadata),
        _ => None,
    }
}

pub(super) fn with(change: impl FnOnce(&mut Case)) -> Case {
    let mut case = case();
    change(&mut case);
    case
}

pub(super) fn described(change: impl FnOnce(&mut KeyMetadata)) -> Case {
    with(|case| change(metadata(case).unwrap()))
}

pub(super) fn imported(m: &mut KeyMetadata) {
    (m.origin, m.created_at) = (Some("EXTERNAL".to_owned()), Some(ago(800, 0)));
}

pub(super) fn in_state(m: &mut KeyMetadata, state: &str) {
    m.state = Some(state.to_owned());
}

pub(super) fn used_by(case: &mut Case, all: u64, named: &[&str]) {
    (case.buckets, case.named) = (all, named.iter().map(|name| (*name).to_owned()).collect());
}
