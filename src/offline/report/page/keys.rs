//! The keys of a page: how old their material is, and which of them have a date with trouble.

use std::collections::{BTreeMap, BTreeSet};

use super::super::ReportError;
use super::super::rows::{BucketRow, KeyRow};
use super::findings::{Findings, KeyFault};
use super::{count, text};
use crate::clock::{DAY_MS, Timestamp};

/// Failing keys that are kept, the worst of them, with so many of the buckets of each, and so many dates, the
/// nearest of them; past them they are counted.
pub const NAMED: usize = 500;
/// Material that expires later than this many days from now is not news.
const EXPIRING_DAYS: i64 = 90;
/// The upper ends of the age groups, in days.
const AGES: [(i64, &str); 4] = [
    (90, "rotated in the last 90 days"),
    (180, "91 to 180 days ago"),
    (365, "181 to 365 days ago"),
    (730, "1 to 2 years ago"),
];

/// A date on which something stops working.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expiry {
    /// When. A primary key that waits for its replicas to go has no date yet.
    pub at: Option<Timestamp>,
    /// What.
    pub kind: ExpiryKind,
    /// The key.
    pub key_arn: String,
    /// The key's aliases.
    pub aliases: Vec<String>,
    /// Buckets whose default it is, and their accounts.
    pub buckets: u64,
    /// Accounts of those buckets.
    pub accounts: u64,
}

/// What happens on that date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExpiryKind {
    /// The key is deleted.
    Deletion,
    /// Its imported material expires.
    MaterialExpires,
}

/// A key that fails, with what depends on it.
#[derive(Debug, Clone, Default)]
pub struct FailingKey {
    /// Why, the worst first.
    pub faults: BTreeSet<KeyFault>,
    /// Its state, where it was read.
    pub state: Option<String>,
    /// Its aliases.
    pub aliases: Vec<String>,
    /// When it is deleted.
    pub deletion_at: Option<Timestamp>,
    /// Buckets whose default it is.
    pub buckets: u64,
    /// The first of them: account, Region, name.
    pub named: Vec<[String; 3]>,
}

/// An account outside the organization whose keys buckets depend on.
#[derive(Debug, Clone, Default)]
pub struct Outside {
    /// Buckets.
    pub buckets: u64,
    /// Their accounts.
    pub accounts: BTreeSet<String>,
}

/// How long ago a key's material was made, in the order of the page.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Age {
    place: usize,
    /// The words.
    pub words: String,
}

/// The keys.
#[derive(Debug)]
pub struct Keys {
    as_of: Timestamp,
    /// Failing keys, buckets of each, and dates that are kept.
    named_most: usize,
    /// The partition of the first key.
    pub partition: Option<String>,
    /// Keys whose description was read.
    pub described: u64,
    /// Keys by who manages them.
    pub by_manager: BTreeMap<String, u64>,
    /// Customer managed keys by the age of their material.
    pub ages: BTreeMap<Age, u64>,
    /// Dates, the nearest first, and before them what has none yet.
    pub expiries: BTreeSet<Expiry>,
    /// All dates, those that are not kept among them.
    pub expiries_total: u64,
    /// Keys to be deleted that no bucket's default names.
    pub deleted_unnamed: u64,
    /// Outside accounts.
    pub outside: BTreeMap<String, Outside>,
    /// Keys that fail, by ARN, or by what buckets call them where there is none.
    pub failing: BTreeMap<String, FailingKey>,
    /// All keys that fail, those that are not kept among them.
    pub failing_total: u64,
    /// Names of keys without an ARN that were counted.
    unnamed: BTreeSet<String>,
}

impl Keys {
    /// None yet but those that the findings say fail.
    pub fn new(as_of: Timestamp, findings: &Findings) -> Self {
        Self::naming(as_of, findings, NAMED)
    }

    /// The same, with so many kept by name.
    pub fn naming(as_of: Timestamp, findings: &Findings, named: usize) -> Self {
        let failing = |(arn, faults): (&String, &BTreeSet<KeyFault>)| {
            (arn.clone(), FailingKey { faults: faults.clone(), ..FailingKey::default() })
        };
        Self {
            failing: findings.worst_keys(named).into_iter().map(failing).collect(),
            failing_total: findings.failing_keys.len() as u64,
            unnamed: BTreeSet::new(),
            expiries_total: 0,
            as_of,
            named_most: named,
            partition: None,
            described: 0,
            by_manager: BTreeMap::new(),
            ages: BTreeMap::new(),
            expiries: BTreeSet::new(),
            deleted_unnamed: 0,
            outside: BTreeMap::new(),
        }
    }

    /// Keeps of a key what the page shows.
    pub fn add(&mut self, row: &KeyRow<'_>) -> Result<(), ReportError> {
        if self.partition.is_none() {
            self.partition = row.aws_partition.map(str::to_owned);
        }
        self.described += u64::from(row.describe_read == Some("known"));
        let manager = row.key_manager.unwrap_or("unknown");
        *self.by_manager.entry(manager.to_owned()).or_default() += 1;
        if row.key_manager == Some("CUSTOMER") {
            *self.ages.entry(self.age(row)).or_default() += 1;
        }
        self.expiry(row);
        if let Some(failing) = self.failing.get_mut(row.key_arn.unwrap_or_default()) {
            failing.state = row.key_state.map(str::to_owned);
            failing.aliases = aliases(row);
            failing.deletion_at = row.deletion_at;
        }
        Ok(())
    }

    /// Counts a bucket to the key that its default names.
    pub fn bucket(&mut self, row: &BucketRow<'_>, findings: &Findings) {
        let (account, most) = (row.account_id.unwrap_or_default(), self.named_most);
        if row.kms_key_link == Some("outside_org") {
            let outside = self.outside.entry(text(row.kms_key_account_id)).or_default();
            outside.buckets += 1;
            outside.accounts.insert(account.to_owned());
        }
        let key = match (row.kms_key_arn, findings.failing_unnamed.get(row.bucket_arn.unwrap_or_default())) {
            (Some(arn), _) => self.failing.get_mut(arn),
            (None, Some(fault)) => self.unnamed(row, fault),
            (None, None) => None,
        };
        let Some(key) = key else { return };
        key.buckets += 1;
        if key.named.len() < most {
            key.named.push([account.to_owned(), text(row.region), text(row.bucket)]);
        }
    }

    /// The key that an alias or id means in the bucket's account and Region, and that is not there.
    fn unnamed(&mut self, row: &BucketRow<'_>, fault: &KeyFault) -> Option<&mut FailingKey> {
        let part = |part: Option<&str>| part.unwrap_or("?").to_owned();
        let name =
            format!("{} in {} {}", part(row.kms_key_ref), part(row.kms_key_account_id), part(row.region));
        if self.unnamed.insert(name.clone()) {
            self.failing_total += 1;
        }
        if !self.failing.contains_key(&name) && self.failing.len() >= self.named_most.saturating_mul(2) {
            return None;
        }
        let key = self.failing.entry(name).or_default();
        key.faults.insert(fault.clone());
        Some(key)
    }

    fn age(&self, row: &KeyRow<'_>) -> Age {
        let words = |place: usize, words: &str| Age { place, words: words.to_owned() };
        let last = AGES.len();
        if let Some(at) = row.last_rotation_at {
            let days = (self.as_of.millis() - at.millis()) / DAY_MS;
            return match AGES.iter().position(|(end, _)| days <= *end) {
                Some(place) => words(place, AGES[place].1),
                None => words(last, "more than 2 years ago"),
            };
        }
        match (row.rotation, row.rotation_reason) {
            // The count of rotations on demand is of the same listing: without it, none was read.
            (Some("enabled"), _) if row.on_demand_rotations.is_none() => {
                words(last + 2, "automatic rotation is on; last rotation not read")
            }
            (Some("enabled"), _) => words(last + 1, "automatic rotation is on; no rotation yet"),
            (Some("disabled"), _) => words(last + 3, "automatic rotation is off"),
            (Some("not_applicable"), Some(reason)) => {
                let why = reason.replace('_', " ");
                words(last + 4, &format!("cannot rotate automatically: {why}"))
            }
            _ => words(last + 5, "unknown"),
        }
    }

    fn expiry(&mut self, row: &KeyRow<'_>) {
        let buckets = count(row.default_key_of_buckets);
        let mut dated = |kind: ExpiryKind, at: Option<Timestamp>| {
            self.expiries_total += 1;
            self.expiries.insert(Expiry {
                at,
                kind,
                key_arn: text(row.key_arn),
                aliases: aliases(row),
                buckets,
                accounts: count(row.default_key_of_accounts),
            });
            if self.expiries.len() > self.named_most {
                self.expiries.pop_last();
            }
        };
        let is_going =
            row.key_state.is_some_and(|state| ["PendingDeletion", "PendingReplicaDeletion"].contains(&state));
        if (is_going || row.deletion_at.is_some()) && buckets > 0 {
            dated(ExpiryKind::Deletion, row.deletion_at);
        }
        let soon = self.as_of.plus_millis(EXPIRING_DAYS * DAY_MS);
        if let Some(at) = row.material_expires_at.filter(|at| *at <= soon) {
            dated(ExpiryKind::MaterialExpires, Some(at));
        }
        self.deleted_unnamed += u64::from((is_going || row.deletion_at.is_some()) && buckets == 0);
    }
}

fn aliases(row: &KeyRow<'_>) -> Vec<String> {
    row.aliases.iter().flatten().flatten().map(|alias| (*alias).to_owned()).collect()
}
