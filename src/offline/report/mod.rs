//! What readers open: a page for people, files for machines, all from the rows of one committed run.
//!
//! A report is a pure function of the lake's rows, its manifests among them: the same run, the same
//! bytes. So nothing here asks for the time, the machine or the version of this program; what a page
//! says of dates is as of the run.

pub mod change;
mod dump;
mod html;
mod ocsf;
pub mod page;
pub mod rows;
mod s3_audit;

pub use html::INDEX;

use std::io::{self, Write};

use page::View;

use crate::lake::{CommittedRun, LakeError};
use crate::table::TableInfo;

/// The contract's scope sentence: in the README, the manual, the summary and every report.
pub const SCOPE: &str = "Judged: S3 general purpose buckets and KMS keys. Not seen: directory, table and \
                         vector buckets, Outposts, client-side encryption. Default encryption applies to new \
                         objects whose request names no encryption; it does not show how stored objects are \
                         encrypted.";

/// What a report is.
#[derive(Debug, Clone, Copy)]
pub enum Format {
    /// One page for people.
    Html,
    /// The same on two sheets of paper.
    HtmlSummary,
    /// A table as RFC 4180 CSV.
    Csv(&'static TableInfo),
    /// A table as one JSON array.
    Json(&'static TableInfo),
    /// Findings as OCSF Compliance Findings.
    Ocsf,
    /// The report of aws-samples' S3 default encryption audit.
    S3AuditCsv,
}

/// Writes a report of a run.
pub async fn write(run: &CommittedRun, format: Format, out: &mut dyn Write) -> Result<(), ReportError> {
    match format {
        Format::Html => html::write(run, View::Whole, out).await,
        Format::HtmlSummary => html::write(run, View::Summary, out).await,
        Format::Csv(table) => dump::csv(run, table, out).await,
        Format::Json(table) => dump::json(run, table, out).await,
        Format::Ocsf => ocsf::write(run, out).await,
        Format::S3AuditCsv => s3_audit::write(run, out).await,
    }
}

/// Refuses what [`write()`] would find out after a part of the report was written: where it is printed, nothing takes
/// that part back. The files of the one table that is written as it is read are compared with their hashes.
pub async fn hold(run: &CommittedRun, format: Format) -> Result<(), ReportError> {
    let table = match format {
        // A page is written once all is read.
        Format::Html | Format::HtmlSummary => return Ok(()),
        Format::Csv(table) | Format::Json(table) => table.name,
        Format::Ocsf => "findings",
        Format::S3AuditCsv => "buckets",
    };
    Ok(run.hold_rest(table).await?)
}

/// Where a report of many files goes.
pub trait Files {
    /// Takes a file, which is written at once.
    fn file(
        &mut self,
        name: &str,
        write: &mut dyn FnMut(&mut dyn Write) -> Result<(), ReportError>,
    ) -> Result<(), ReportError>;
}

/// What has a page of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Split {
    /// Each account.
    Account,
    /// Each organizational unit, with the accounts of the units below it.
    Unit,
}

impl Split {
    /// How an index says what it is, for who would replace it.
    pub const fn mark(self) -> &'static str {
        match self {
            Self::Account => "<meta name=\"generator\" content=\"atrest report --split-by account\">",
            Self::Unit => "<meta name=\"generator\" content=\"atrest report --split-by ou\">",
        }
    }

    /// What a page is of, in words.
    pub const fn spoken(self) -> &'static str {
        match self {
            Self::Account => "account",
            Self::Unit => "organizational unit",
        }
    }
}

/// Writes a page for each part of a run, complete in itself, and an index over them.
pub async fn write_split(run: &CommittedRun, split: Split, files: &mut dyn Files) -> Result<(), ReportError> {
    html::write_split(run, split, files).await
}

/// A report that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The lake cannot be read.
    #[error(transparent)]
    Lake(#[from] LakeError),
    /// The report cannot be written.
    #[error("failed to write the report: {0}")]
    Write(#[from] io::Error),
    /// A row has a word that this version does not know: a newer tool wrote it.
    #[error("failed to read {table}.{column}: this atrest does not know the word `{word}`; update it")]
    Word {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The word.
        word: String,
    },
}
