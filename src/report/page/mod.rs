//! What a page says of a run, as plain data: gathered from the lake's rows once, in bounded memory.
//!
//! Rows are streamed, and what is kept is counts, and of each kind as many by name as a person would
//! read; the rest is said as a number with the query that lists it. The order of walks is the order of
//! needs: findings say which keys fail, keys say what is wrong with them, buckets say what hangs on them.

pub mod accounts;
pub mod buckets;
pub mod controls;
pub mod coverage;
pub mod findings;
pub mod fix;
pub mod keys;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::ReportError;
use super::change::{Comparison, since_last_census};
use super::rows::{
    AccountRow, BucketRow, CallsRow, CheckRow, ControlRow, CoverageRow, FindingRow, KeyRow, RunRow,
};
use crate::clock::Timestamp;
use crate::sink::{CommittedRun, Manifest};

use accounts::Accounts;
use buckets::Buckets;
use controls::{Controls, Judged};
use coverage::Coverage;
use findings::{Findings, Instance};
use fix::AuditRole;
use keys::Keys;

/// A page.
#[derive(Debug)]
pub struct Page {
    /// The run.
    pub run: Run,
    /// The accounts.
    pub accounts: Accounts,
    /// What was read and what was not.
    pub coverage: Coverage,
    /// The findings.
    pub findings: Findings,
    /// The keys.
    pub keys: Keys,
    /// The buckets.
    pub buckets: Buckets,
    /// The check instances that ran, by what tells them apart.
    pub checks: BTreeMap<Instance, Check>,
    /// What changed since the census before.
    pub comparison: Comparison,
    /// What they are evidence for.
    pub controls: Controls,
    /// The attempts.
    pub calls: Vec<Calls>,
}

/// The run itself.
#[derive(Debug)]
pub struct Run {
    /// What it wrote and what it was made from.
    pub manifest: Manifest,
    /// The hash of that.
    pub manifest_sha256: String,
    /// When the last account's scan ended.
    pub finished_at: Option<Timestamp>,
    /// When the log was judged.
    pub judged_at: Option<Timestamp>,
}

/// A check instance in words.
#[derive(Debug, Clone)]
pub struct Check {
    /// What is so where it passes.
    pub title: String,
    /// What it asks.
    pub question: String,
    /// What to do about a fail.
    pub remedy: String,
}

/// The attempts of an operation.
#[derive(Debug, Clone)]
pub struct Calls {
    /// `s3:GetBucketEncryption`.
    pub operation: String,
    /// Attempts, retries, and answers that asked for a slower pace.
    pub attempts: [u64; 3],
    /// The median and the 99th percentile of the time to an answer, in milliseconds.
    pub latency_ms: [Option<u64>; 2],
}

/// Gathers a page.
pub async fn gather(run: &CommittedRun) -> Result<Page, ReportError> {
    let as_of = run.manifest().as_of;
    let mut accounts = Accounts::default();
    AccountRow::each(run, |row| accounts.add(&row)).await?;
    let mut findings = Findings::default();
    let mut judged = Judged::default();
    FindingRow::each(run, |row| {
        judged.add(&row)?;
        findings.add(&row)
    })
    .await?;
    let mut keys = Keys::new(as_of, &findings);
    KeyRow::each(run, |row| keys.add(&row)).await?;
    let mut buckets = Buckets::default();
    BucketRow::each(run, |row| buckets.add(&row, &accounts, &findings, &mut keys)).await?;
    let mut coverage = Coverage::default();
    CoverageRow::each(run, |row| coverage.add(&row)).await?;
    let checks = checks(run).await?;
    let mut controls = Controls::default();
    ControlRow::each(run, |row| controls.add(&row, &judged)).await?;
    let calls = calls(run).await?;
    let comparison = since_last_census(run).await?;
    Ok(Page {
        comparison,
        run: head(run).await?,
        accounts,
        coverage,
        findings,
        keys,
        buckets,
        checks,
        controls,
        calls,
    })
}

impl Page {
    /// The audit role, in one account or in any.
    pub fn audit_role(&self, account_id: Option<&str>) -> AuditRole {
        let partition = self.buckets.partition.as_deref().or(self.keys.partition.as_deref());
        let name = self.run.manifest.settings["role_name"].as_str();
        AuditRole {
            partition: partition.unwrap_or("aws").to_owned(),
            account_id: account_id.map(str::to_owned),
            name: name.unwrap_or("atrest-audit").to_owned(),
            has_external_id: self.run.manifest.settings["external_id_sha256"].is_string(),
        }
    }
}

async fn head(run: &CommittedRun) -> Result<Run, ReportError> {
    let mut head = Run {
        manifest: run.manifest().clone(),
        manifest_sha256: run.manifest_sha256().to_owned(),
        finished_at: None,
        judged_at: None,
    };
    RunRow::each(run, |row| {
        (head.finished_at, head.judged_at) = (row.finished_at, row.judged_at);
        Ok::<(), ReportError>(())
    })
    .await?;
    Ok(head)
}

async fn checks(run: &CommittedRun) -> Result<BTreeMap<Instance, Check>, ReportError> {
    let mut checks = BTreeMap::new();
    CheckRow::each(run, |row| {
        let check = Check { title: text(row.title), question: text(row.question), remedy: text(row.remedy) };
        checks.insert(Instance::of(row.check_id, row.check_params), check);
        Ok::<(), ReportError>(())
    })
    .await?;
    Ok(checks)
}

async fn calls(run: &CommittedRun) -> Result<Vec<Calls>, ReportError> {
    let mut calls = Vec::new();
    CallsRow::each(run, |row| {
        calls.push(Calls {
            operation: format!("{}:{}", row.service.unwrap_or_default(), row.operation.unwrap_or_default()),
            attempts: [row.calls, row.retries, row.throttles].map(count),
            latency_ms: [row.p50_ms, row.p99_ms].map(|ms| ms.map(|ms| count(Some(ms)))),
        });
        Ok::<(), ReportError>(())
    })
    .await?;
    Ok(calls)
}

/// A text of a row that is kept.
fn text(value: Option<&str>) -> String {
    value.unwrap_or_default().to_owned()
}

/// A count of a row; the lake has none below 0.
fn count(value: Option<i64>) -> u64 {
    value.and_then(|count| u64::try_from(count).ok()).unwrap_or_default()
}
