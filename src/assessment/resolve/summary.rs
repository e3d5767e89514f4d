//! What a person wants to read first of a census: counts, and what could not be seen. Bounded,
//! whatever the organization's size. The worst fails by name are the judge's.

use std::collections::BTreeMap;

use crate::model::{
    AccountId, BucketFacts, CoverageRow, DeniedBy, Encryption, FaultKind, KeyFacts, KeyLink, KeyRotation,
    Region, Tally,
};

/// Places of one gap that are kept by name; the rest are counted.
const NAMED: usize = 5;

/// What could not be seen, by what AWS said.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gaps(BTreeMap<(String, &'static str, Option<DeniedBy>), Gap>);

/// Reads of one operation that failed in one way.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Gap {
    /// Reads.
    pub reads: u64,
    /// Accounts.
    pub accounts: u64,
    /// Some of the places.
    pub places: Vec<(AccountId, Region)>,
    last_account: Option<AccountId>,
}

impl Gaps {
    fn add(&mut self, row: &CoverageRow) {
        for kind in FaultKind::ALL {
            let denied_by = match kind {
                FaultKind::Denied => row.tally.denial().map(|(by, _)| by),
                _ => None,
            };
            self.add_reads(row, kind.word(), denied_by, row.tally.faults_of(*kind));
        }
        if !row.tally.complete() {
            self.add_reads(row, "not_asked", None, row.tally.not_asked());
        }
    }

    fn add_reads(&mut self, row: &CoverageRow, word: &'static str, denied_by: Option<DeniedBy>, reads: u64) {
        if reads == 0 {
            return;
        }
        let gap = self.0.entry((row.operation.clone(), word, denied_by)).or_default();
        gap.reads += reads;
        gap.accounts += u64::from(gap.last_account != Some(row.account_id));
        gap.last_account = Some(row.account_id);
        if gap.places.len() < NAMED {
            gap.places.push((row.account_id, row.region.clone()));
        }
    }

    /// The gaps: operation, *read* word, who denied, and how many.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &'static str, Option<DeniedBy>, &Gap)> {
        self.0.iter().map(|((operation, word, by), gap)| (operation.as_str(), *word, *by, gap))
    }

    /// Whether everything was seen.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The counts of a census.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Buckets by default encryption mode, where it was read.
    pub encryption: BTreeMap<Encryption, u64>,
    /// The others.
    pub encryption_unread: u64,
    /// Buckets by what their key is to them.
    pub links: BTreeMap<KeyLink, u64>,
    /// Keys by automatic rotation, where it was read.
    pub rotation: BTreeMap<KeyRotation, u64>,
    /// The others.
    pub rotation_unread: u64,
    /// Customer managed keys among them.
    pub customer_keys: u64,
    /// What came of the reads.
    pub reads: Tally,
    /// What could not be seen.
    pub gaps: Gaps,
}

impl Summary {
    /// Counts a bucket.
    pub fn bucket(&mut self, bucket: &BucketFacts) {
        match bucket.default_encryption() {
            Ok(default) => {
                *self.encryption.entry(default.mode).or_default() += 1;
                *self.links.entry(default.key.link).or_default() += 1;
            }
            Err(_) => self.encryption_unread += 1,
        }
    }

    /// Counts a key.
    pub fn key(&mut self, key: &KeyFacts) {
        match key.rotation.rotation {
            Ok(rotation) => *self.rotation.entry(rotation).or_default() += 1,
            Err(_) => self.rotation_unread += 1,
        }
        let metadata = key.observation.describe.reading.known();
        self.customer_keys += u64::from(metadata.is_some_and(|metadata| !metadata.is_aws_managed()));
    }

    /// Counts a coverage row.
    pub fn coverage(&mut self, row: &CoverageRow) {
        self.reads.merge(&row.tally);
        self.gaps.add(row);
    }
}
