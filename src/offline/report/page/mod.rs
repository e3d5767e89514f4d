//! What a page says of a run, as plain data: gathered from the lake's rows once, in bounded memory.
//!
//! Rows are streamed, and what is kept is counts, and of each kind as many by name as a person would
//! read; the rest is said as a number with the query that lists it. The order of walks is the order of
//! needs: findings say which keys fail, keys say what is wrong with them, buckets say what depends on them.

pub mod accounts;
pub mod buckets;
pub mod controls;
pub mod coverage;
pub mod findings;
pub mod fix;
pub mod inventory;
pub mod keys;
pub mod owner;
#[cfg(test)]
mod tests;
pub mod trend;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::ReportError;
use super::change::{Comparison, since_last_census};
use super::rows::{
    AccountRow, BucketRow, CallsRow, CheckRow, ControlRow, CoverageRow, FindingRow, KeyRow, RunRow,
};
use crate::clock::Timestamp;
use crate::lake::{CommittedRun, Manifest};

use accounts::{Accounts, Unit};
use buckets::Buckets;
use controls::{Controls, Judged};
use coverage::Coverage;
use findings::{Findings, Instance};
use fix::AuditRole;
use inventory::Inventory;
use keys::Keys;
use trend::Trend;

/// What a page is a view of.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum View {
    /// The whole run.
    Whole,
    /// The whole run on two sheets of paper.
    Summary,
    /// All that the run has of one account.
    Account(String),
    /// What the run has of the accounts under one organizational unit.
    Unit(Unit),
}

/// A page.
#[derive(Debug)]
pub struct Page {
    /// What it is a view of.
    pub view: View,
    /// The run.
    pub run: Arc<Run>,
    /// The accounts.
    pub accounts: Arc<Accounts>,
    /// What was read and what was not.
    pub coverage: Coverage,
    /// The findings.
    pub findings: Findings,
    /// The keys.
    pub keys: Keys,
    /// The buckets.
    pub buckets: Buckets,
    /// The check instances that ran, by what tells them apart.
    pub checks: Arc<BTreeMap<Instance, Check>>,
    /// What changed since the census before.
    pub comparison: Comparison,
    /// The nights before.
    pub trend: Trend,
    /// Every bucket and key, on the page of an account.
    pub inventory: Inventory,
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
    /// How bad a fail is, as the standard says.
    pub severity: String,
    /// How bad a fail can be; none in runs of before that was kept.
    pub severity_max: Option<String>,
    /// Why it matters.
    pub rationale: Option<String>,
    /// The page of AWS's documentation.
    pub documentation: Option<String>,
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

/// Gathers a page of the whole run.
pub async fn gather(run: &CommittedRun, view: View) -> Result<Page, ReportError> {
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
    findings.finish();
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
        view,
        comparison,
        trend: trend::read(run).await?,
        run: Arc::new(head(run).await?),
        accounts: Arc::new(accounts),
        coverage,
        findings,
        keys,
        buckets,
        checks: Arc::new(checks),
        inventory: Inventory::default(),
        controls,
        calls,
    })
}

impl Page {
    /// Whether it is a page for print, which has no part that opens and none that is looked up.
    pub fn is_summary(&self) -> bool {
        self.view == View::Summary
    }

    /// The account that it is of, where it is of one.
    pub fn account_id(&self) -> Option<&str> {
        match &self.view {
            View::Account(account_id) => Some(account_id),
            View::Whole | View::Summary | View::Unit(_) => None,
        }
    }

    /// The part of the organization that it is of, where it is not of the whole run.
    pub fn part(&self) -> Option<String> {
        match &self.view {
            View::Account(account_id) => Some(self.accounts.name_of(account_id).to_owned()),
            View::Unit(unit) => Some(unit.path.clone()),
            View::Whole | View::Summary => None,
        }
    }

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
        let kept = |value: Option<&str>| value.map(str::to_owned);
        let check = Check {
            title: text(row.title),
            question: text(row.question),
            remedy: text(row.remedy),
            severity: text(row.severity),
            severity_max: kept(row.severity_max),
            rationale: kept(row.rationale),
            documentation: kept(row.documentation),
        };
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
