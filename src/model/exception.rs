//! Exceptions, as plain data: a fail that the organization accepts for a time, and who said so.

use std::collections::BTreeSet;

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
}
