//! Exceptions, as plain data: a fail that the organization accepts for a time, and who said so.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::reading::words;
use super::standard::Scope;
use crate::clock::Timestamp;

/// One dated exception.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// Its id, which means the same record for ever.
    pub id: String,
    /// The check.
    pub check_id: &'static str,
    /// The reason codes that it accepts.
    pub accepts: BTreeSet<String>,
    /// The accounts; empty with `resources`: any.
    pub scope: Scope,
    /// ARNs or bucket names, with `*` and `?`; empty with `scope`: any.
    pub resources: Vec<String>,
    /// More matches than this, and it applies to none.
    pub max_matches: u64,
    /// Why.
    pub reason: String,
    /// What is done instead.
    pub compensating_control: Option<String>,
    /// Who answers for it.
    pub owner: String,
    /// Who asked for it.
    pub requested_by: String,
    /// Who approved it: neither of the two.
    pub approved_by: String,
    /// When.
    pub approved_at: Timestamp,
    /// Where it was discussed.
    pub ticket: String,
    /// From when on it holds.
    pub starts: Timestamp,
    /// From when on it holds no more: its own end, or the start of what supersedes it.
    pub expires: Timestamp,
    /// The exception that it takes the place of.
    pub supersedes: Option<String>,
    /// Whether it came from a list that had no end for it: its end is the latest that was allowed.
    pub imported_without_expiry: bool,
    /// The hex SHA-256 of the record: it never changes under its id.
    pub sha256: String,
}

impl Exception {
    /// Whether it holds at that instant: `[starts, expires)`.
    pub fn is_active(&self, at: Timestamp) -> bool {
        self.starts <= at && at < self.expires
    }
}

/// All exceptions of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exceptions {
    /// The records, by id.
    pub records: Vec<Exception>,
    /// The hex SHA-256 of the file; none where there is none.
    pub sha256: Option<String>,
    /// The file as it was read; none where there is none.
    pub text: Option<String>,
}

words! {
    /// What an exception came to in a run.
    ExceptionState {
        /// It makes findings exempt.
        Used = "used",
        /// It is in force, and nothing matches it.
        Unused = "unused",
        /// Rejected: it matches more findings than was agreed, and applies to none.
        TooManyMatches = "too_many_matches",
        /// Rejected: it lasts longer than findings of such a severity may be exempt.
        TooLong = "too_long",
        /// It has not begun.
        NotYet = "not_yet",
        /// It has ended.
        Expired = "expired",
    }
}

/// An exception and what it came to in a run: what its manifest keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExceptionUse {
    /// Its id.
    pub id: String,
    /// The hash of the record.
    pub sha256: String,
    /// The check.
    pub check_id: String,
    /// Who answers for it. Empty in manifests of before it was kept.
    #[serde(default)]
    pub owner: String,
    /// Where it was discussed; the same.
    #[serde(default)]
    pub ticket: String,
    /// Who asked for it. Empty, as all that follow to `state`, in manifests of before it was kept.
    #[serde(default)]
    pub requested_by: String,
    /// Who approved it.
    #[serde(default)]
    pub approved_by: String,
    /// When.
    #[serde(default)]
    pub approved_at: Option<Timestamp>,
    /// Why it was given.
    #[serde(default)]
    pub reason: String,
    /// What is done instead.
    #[serde(default)]
    pub compensating_control: Option<String>,
    /// The exception that it takes the place of.
    #[serde(default)]
    pub supersedes: Option<String>,
    /// Whether it came from a list that had no end for it.
    #[serde(default)]
    pub imported_without_expiry: bool,
    /// What it came to.
    pub state: ExceptionState,
    /// Findings that it matches.
    pub matches: u64,
    /// The most that was agreed.
    pub max_matches: u64,
    /// From when on it holds.
    pub starts: Timestamp,
    /// From when on it holds no more.
    pub expires: Timestamp,
}
