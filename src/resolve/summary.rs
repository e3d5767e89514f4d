//! What a person wants to read first of a census: counts, the worst problems by name, and what
//! could not be seen. Bounded, whatever the organization's size.

use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::model::{
    AccountId, BucketFacts, CoverageRow, DeniedBy, Encryption, FaultKind, KeyFacts, KeyLink, KeyRotation,
    Region,
};

/// Problems of one kind that are kept by name; the rest are counted.
const NAMED: usize = 5;

/// A kind of problem, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Problem {
    /// The key of a bucket's default does not exist: writes fail, and reads of what it encrypted.
    KeyMissing,
    /// A key that buckets use waits for deletion.
    KeyPendingDeletion,
    /// The key of a bucket's default cannot be used.
    KeyNotUsable,
    /// A bucket's default names a key of an account outside the organization.
    KeyOutsideOrganization,
    /// Imported key material expires.
    MaterialExpires,
    /// A bucket's default encryption could not be read.
    EncryptionNotRead,
    /// A key that buckets use does not rotate.
    RotationDisabled,
}

impl Problem {
    /// The problem, in words, of `count` resources.
    pub fn title(self) -> &'static str {
        match self {
            Self::KeyMissing => "bucket default names a KMS key that does not exist",
            Self::KeyPendingDeletion => "KMS key in use is scheduled for deletion",
            Self::KeyNotUsable => "bucket default names a KMS key that cannot be used",
            Self::KeyOutsideOrganization => "bucket default names a KMS key outside the organization",
            Self::MaterialExpires => "imported key material expires",
            Self::EncryptionNotRead => "bucket encryption could not be read",
            Self::RotationDisabled => "KMS key in use does not rotate",
        }
    }
}

/// One problem, by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Example {
    /// The resource's account.
    pub account_id: AccountId,
    /// The bucket, or the key's ARN.
    pub resource: String,
    /// What there is to say of it.
    pub detail: String,
}

/// Problems by kind: how many, and some by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems(BTreeMap<Problem, (u64, Vec<Example>)>);

impl Problems {
    fn add(&mut self, problem: Problem, account_id: AccountId, resource: &str, detail: String) {
        let (count, examples) = self.0.entry(problem).or_default();
        *count += 1;
        if examples.len() < NAMED {
            examples.push(Example { account_id, resource: resource.to_owned(), detail });
        }
    }

    /// The problems, the worst first.
    pub fn iter(&self) -> impl Iterator<Item = (Problem, u64, &[Example])> {
        self.0.iter().map(|(problem, (count, examples))| (*problem, *count, examples.as_slice()))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

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

/// The counts and names of a census.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Buckets by default encryption mode.
    pub encryption: BTreeMap<Encryption, u64>,
    /// Buckets by what their key is to them.
    pub links: BTreeMap<KeyLink, u64>,
    /// Keys by automatic rotation.
    pub rotation: BTreeMap<KeyRotation, u64>,
    /// Customer managed keys among them.
    pub customer_keys: u64,
    /// The worst problems by name.
    pub problems: Problems,
    /// What could not be seen.
    pub gaps: Gaps,
}

impl Summary {
    /// Counts a bucket.
    pub fn bucket(&mut self, bucket: &BucketFacts) {
        *self.encryption.entry(bucket.encryption).or_default() += 1;
        let unread = !matches!(bucket.encryption_read, "gone" | "not_asked");
        if bucket.encryption == Encryption::Unknown && unread {
            let detail = bucket.encryption_read.to_owned();
            self.problems.add(Problem::EncryptionNotRead, bucket.account_id, &bucket.name, detail);
        }
        let Some(key) = &bucket.key else { return };
        *self.links.entry(key.link).or_default() += 1;
        let reference = bucket.kms_key_ref.clone().unwrap_or_default();
        let problem = match (key.link, key.state.as_deref()) {
            (KeyLink::Missing, _) => Some((Problem::KeyMissing, reference)),
            (KeyLink::OutsideOrg, _) => Some((Problem::KeyOutsideOrganization, reference)),
            (_, Some(state @ ("Disabled" | "PendingImport" | "Unavailable"))) => {
                Some((Problem::KeyNotUsable, format!("{reference} is {state}")))
            }
            _ => None,
        };
        if let Some((problem, detail)) = problem {
            self.problems.add(problem, bucket.account_id, &bucket.name, detail);
        }
    }

    /// Counts a key. Dates are told as they are, and not against a clock.
    pub fn key(&mut self, key: &KeyFacts) {
        *self.rotation.entry(key.rotation.rotation).or_default() += 1;
        let observation = &key.observation;
        let Some(metadata) = observation.describe.reading.known() else { return };
        self.customer_keys += u64::from(!metadata.is_aws_managed());
        let used = format!("default key of {} bucket(s)", key.default_key_of_buckets);
        let mut add = |problem, detail| {
            self.problems.add(problem, key.account_id, &observation.key_arn, detail);
        };
        let in_use = key.default_key_of_buckets > 0;
        if in_use && matches!(metadata.state.as_deref(), Some("PendingDeletion" | "PendingReplicaDeletion")) {
            add(Problem::KeyPendingDeletion, format!("{used}{}", on(", deleted", metadata.deletion_at)));
        }
        if let Some(expires) = metadata.material_expires_at {
            add(Problem::MaterialExpires, format!("on {}", expires.date()));
        }
        if in_use && key.rotation.rotation == KeyRotation::Disabled {
            add(Problem::RotationDisabled, used);
        }
    }

    /// Counts a coverage row.
    pub fn coverage(&mut self, row: &CoverageRow) {
        self.gaps.add(row);
    }
}

fn on(what: &str, at: Option<Timestamp>) -> String {
    at.map(|at| format!("{what} on {}", at.date())).unwrap_or_default()
}
