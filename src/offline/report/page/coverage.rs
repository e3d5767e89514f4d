//! The coverage of a page: every read that failed or never went out, with who is missing by it.

use std::collections::{BTreeMap, BTreeSet};

use super::super::ReportError;
use super::super::rows::CoverageRow;
use super::fix::{Cause, cause};
use super::{count, text};

/// What reads with the same failure have in common. Gaps that the standard does not accept come first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// Whether the standard accepts it.
    pub accepted: bool,
    /// `s3:GetBucketEncryption`.
    pub operation: String,
    /// `denied`, `throttled`, … or `not_asked`.
    pub word: &'static str,
    /// Who denied, from AWS's message.
    pub denied_by: Option<String>,
    /// `explicit` or `implicit`.
    pub deny_type: Option<String>,
    /// AWS's code.
    pub code: Option<String>,
    /// What AWS's message says beyond all of these.
    pub cause: Option<Cause>,
}

/// How many, and where.
#[derive(Debug, Clone, Default)]
pub struct Extent {
    /// Reads.
    pub reads: u64,
    /// One of AWS's messages.
    pub message: Option<String>,
    /// Accounts with the Regions.
    pub places: BTreeMap<String, BTreeSet<String>>,
}

/// The coverage.
#[derive(Debug, Default)]
pub struct Coverage {
    /// Reads that were sent or tried.
    pub asked: u64,
    /// Of these: answered with a value, with "not configured", or of what was gone.
    pub answered: u64,
    /// Of these: failed.
    pub failed: u64,
    /// Reads that the plan called for and that were not sent.
    pub not_asked: u64,
    /// Reads that `--region` left out of the plan.
    pub left_out: u64,
    /// What failed and what was not sent. What `--region` left out is no gap.
    pub gaps: BTreeMap<Gap, Extent>,
}

impl Coverage {
    /// Counts a row.
    pub fn add(&mut self, row: &CoverageRow<'_>) -> Result<(), ReportError> {
        self.asked += count(row.asked);
        self.answered += [row.known, row.absent, row.gone].map(count).iter().sum::<u64>();
        match row.complete {
            Some(true) => self.left_out += count(row.not_asked),
            _ => self.not_asked += count(row.not_asked),
        }
        let faults = [
            ("denied", row.denied),
            ("throttled", row.throttled),
            ("transport", row.transport),
            ("service", row.service),
            ("protocol", row.protocol),
            ("identity", row.identity),
            ("unavailable", row.unavailable),
        ];
        self.failed += faults.iter().map(|(_, reads)| count(*reads)).sum::<u64>();
        if row.complete == Some(true) {
            return Ok(());
        }
        // The row has one code, of most of its failed reads: with a second kind of fault it is not every one's.
        let is_alone = faults.iter().filter(|(_, reads)| count(*reads) > 0).count() == 1;
        for (word, reads) in faults.into_iter().chain([("not_asked", row.not_asked)]) {
            if count(reads) > 0 {
                self.gap(row, word, count(reads), is_alone);
            }
        }
        Ok(())
    }

    fn gap(&mut self, row: &CoverageRow<'_>, word: &'static str, reads: u64, is_alone: bool) {
        let denied = word == "denied";
        // Of the same reads as the code.
        let message = row.sample_message.filter(|_| is_alone && word != "not_asked");
        let gap = Gap {
            accepted: row.accepted_gap == Some(true),
            operation: text(row.operation),
            word,
            denied_by: row.denied_by.filter(|_| denied).map(str::to_owned),
            deny_type: row.deny_type.filter(|_| denied).map(str::to_owned),
            code: row.sample_code.filter(|_| is_alone && word != "not_asked").map(str::to_owned),
            cause: message.and_then(|message| cause(&text(row.operation), row.sample_code, message)),
        };
        let extent = self.gaps.entry(gap).or_default();
        extent.reads += reads;
        if let Some(message) = message
            && extent.message.as_deref().is_none_or(|held| message < held)
        {
            extent.message = Some(message.to_owned());
        }
        extent.places.entry(text(row.account_id)).or_default().insert(text(row.region));
    }

    /// Accounts with a gap that the standard does not accept.
    pub fn accounts_with_gaps(&self) -> BTreeSet<&str> {
        let open = self.gaps.iter().filter(|(gap, _)| !gap.accepted);
        open.flat_map(|(_, extent)| extent.places.keys().map(String::as_str)).collect()
    }
}
