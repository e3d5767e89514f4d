//! What a log is to be published as and judged by, and how that may fail: the words that the passes
//! over a log share.

use super::Loss;
use crate::clock::Timestamp;
use crate::lake::Changed;
use crate::lake::{EncodeError, LakeError, PublishError, StoreError};
use crate::log::LogError;
use crate::model::{Exceptions, RunId, Standard};
use crate::standard::Tie;

/// A run that could not be finalized.
#[derive(Debug, thiserror::Error)]
pub enum FinalizeError {
    /// The log has no sealed account list: the scan has not come that far.
    #[error(
        "failed to finalize run {0}: its log has no sealed account list; continue it with `atrest scan --run {0}`"
    )]
    NoAccountList(RunId),
    /// Another process committed the run by other rules.
    #[error("run {0} was committed by another process, by other rules")]
    CommittedByAnother(RunId),
    /// The run's publish was begun by other rules.
    #[error(
        "failed to publish run {run_id}: its publish was begun with another {what}, by a process that still runs or \
         was cut short; wait until it has ended, or start the same run again as it was begun; else start a new run"
    )]
    BegunOtherwise {
        /// The run.
        run_id: RunId,
        /// `--standard`, `--exceptions`, …
        what: &'static str,
    },
    /// Two entries of the standard name an account equally closely.
    #[error(transparent)]
    Standard(#[from] Tie),
    /// The standard or an exception is not what the lake's last run knew under the same name.
    #[error(transparent)]
    Changed(#[from] Changed),
    /// What a run is judged by has no text to keep, or one of another hash.
    #[error("failed to keep {what}: its text is not that of its hash, {sha256}")]
    Text {
        /// `the standard`, `the exceptions`.
        what: &'static str,
        /// The hash.
        sha256: String,
    },
    /// Too many of the accounts that the last census reached are not reached any more.
    #[error(
        "failed to publish run {run_id}: of the accounts that census {previous} reached, {loss}; that is more than \
         --max-lost {max_lost} (percent) allows: nothing is published, and complete accounts are kept"
    )]
    Lost {
        /// The run.
        run_id: RunId,
        /// The last census.
        previous: RunId,
        /// What was lost.
        loss: Loss,
        /// The share that may be.
        max_lost: u8,
    },
    /// A log that names one thing twice, which would be counted twice.
    #[error(
        "failed to publish: the table {table} would have a row twice, of {key}; nothing is published. Scan again under \
         a new run id"
    )]
    Twice {
        /// The table.
        table: &'static str,
        /// What of.
        key: String,
    },
    /// A log that cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A committed run is not there as it was committed.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// The lake could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A row could not be encoded.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The tables could not be published.
    #[error(transparent)]
    Publish(#[from] PublishError),
}

/// What to publish a log as, and what to judge it by.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// The run whose log is judged.
    pub observed_run_id: RunId,
    /// The run that is published: the same, or a new `rejudged` one.
    pub run_id: RunId,
    /// The instant that exceptions and dates are judged at; the log's start where none is given.
    pub as_of: Option<Timestamp>,
    /// When it is judged.
    pub judged_at: Timestamp,
    /// The version of this tool.
    pub tool_version: String,
    /// The hex SHA-256 of this program's file; none where bytes must not depend on the build.
    pub build_sha256: Option<String>,
    /// What the organization asks for.
    pub standard: Standard,
    /// What it accepts for a time.
    pub exceptions: Exceptions,
    /// The share of the accounts that the last census reached, in percent, that a census may lose.
    pub max_lost: u8,
}
