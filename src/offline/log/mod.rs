//! The observation log: the only thing between the network and everything after it.
//!
//! A run's log is one file for the organization (the account list) and one segment an account,
//! `observations/<run_id>/<account_id>.jsonl.zst`: JSON lines in one zstd frame. First a header;
//! then keys and aliases, then buckets, then coverage and calls; last a footer with counts and the
//! SHA-256 of all that stands before it. **A segment with a good footer is sealed. Anything else is
//! ignored and scanned again**, which is all that resuming needs. What is sealed is never replaced: an account
//! that refused, and gives a session to a continued run, has a second segment beside the first.

mod belongs;
mod lines;
mod malformed;
mod read;
mod reason;
mod write;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{
    Account, AccountId, AccountScan, AliasObservation, BucketObservation, CallTally, CoverageRow,
    KeyObservation, Observation, OrganizationIdentity, OrganizationalUnit, Region, RunHeader, RunId, Witness,
};

pub use malformed::malformed;
pub use read::{Line, LogError, Place, Segment, digest};
pub use reason::Reason;
pub use write::{OrganizationWriter, SegmentWriter};

/// The version of the log's format. A reader refuses a newer one.
pub const LOG_VERSION: u32 = 1;

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
pub enum Record {
    /// The first line.
    Header(Box<Header>),
    /// One listing or account-wide read, and what came of it.
    Listing(Listing),
    /// An account that the organization listed.
    Account(Account),
    /// An organizational unit's name.
    OrganizationalUnit(OrganizationalUnit),
    /// A key.
    Key(Box<KeyObservation>),
    /// An alias.
    Alias(AliasObservation),
    /// A bucket.
    Bucket(Box<BucketObservation>),
    /// A policy's text, once a segment, before the first record that names its hash.
    Policy(PolicyText),
    /// One row of coverage.
    Coverage(CoverageRow),
    /// What the calls of one API cost.
    Calls(CallsOf),
    /// The last line.
    Footer(Footer),
}

/// The first line of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// [`LOG_VERSION`] of the writer.
    pub log_version: u32,
    /// The run.
    #[serde(flatten)]
    pub run: RunHeader,
    /// The organization, as far as it was known.
    pub organization: OrganizationIdentity,
    /// The account's scan; none in the organization's own log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scan: Option<AccountScan>,
    /// Who observed. Empty in logs of before it was kept.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub witness: Witness,
}

fn is_empty(witness: &Witness) -> bool {
    *witness == Witness::default()
}

/// A listing: how many entries it gave, or why it gave none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// The read, with the count of entries that it gave.
    #[serde(flatten)]
    pub observation: Observation<u64>,
    /// Entries that were kept: those of the pages that came before a fault, too.
    pub entries: u64,
    /// Entries that came again, on the same page or another. None in logs of before they were counted.
    #[serde(default, skip_serializing_if = "is_none")]
    pub repeated: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if passes a reference")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

/// What a listing gave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Entries {
    /// Entries, each counted once.
    pub kept: u64,
    /// Entries that came again.
    pub repeated: u64,
}

impl From<u64> for Entries {
    fn from(kept: u64) -> Self {
        Self { kept, repeated: 0 }
    }
}

/// A policy's text by its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyText {
    /// The lower-case hex SHA-256 of `text`.
    pub sha256: String,
    /// The policy as the service returned it.
    pub text: String,
}

/// What the calls of one API cost in this log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallsOf {
    /// `service:Operation`.
    pub operation: String,
    /// The counts.
    #[serde(flatten)]
    pub tally: CallTally,
}

/// The last line of a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Footer {
    /// Records before the footer, by kind.
    pub records: BTreeMap<String, u64>,
    /// The lower-case hex SHA-256 of every byte before the footer's line.
    pub sha256: String,
}

/// The key of the organization's log.
pub fn organization_key(run_id: &RunId) -> String {
    format!("observations/{run_id}/organization.jsonl.zst")
}

/// The key of an account's segment.
pub fn segment_key(run_id: &RunId, account_id: AccountId) -> String {
    format!("observations/{run_id}/{account_id}.jsonl.zst")
}

/// The key of a later segment of an account: of one that refused the role, and gave a session to a continued run.
pub fn later_segment_key(run_id: &RunId, account_id: AccountId, nth: u32) -> String {
    match nth {
        0 => segment_key(run_id, account_id),
        nth => format!("observations/{run_id}/{account_id}-{nth}.jsonl.zst"),
    }
}

/// The account that a segment's name says, and which of its segments it is; none for any other key.
pub fn account_of(run_id: &RunId, key: &str) -> Option<(AccountId, u32)> {
    let name = key.strip_prefix(prefix(run_id).as_str())?.strip_suffix(".jsonl.zst")?;
    let (account_id, nth) = name.split_once('-').map_or(Some((name, 0)), |(account_id, nth)| {
        Some((account_id, nth.parse().ok().filter(|nth| *nth > 0)?))
    })?;
    Some((account_id.parse().ok()?, nth))
}

/// The prefix of a run's log.
pub fn prefix(run_id: &RunId) -> String {
    format!("observations/{run_id}/")
}

impl Listing {
    /// Whether the listing ran to its end, so that what it does not have is not there.
    pub fn is_complete(&self) -> bool {
        self.observation.reading.known().is_some()
    }

    /// The Region that was listed.
    pub fn region(&self) -> &Region {
        &self.observation.region
    }
}
