//! The pages of accounts: all that a run has of each, gathered for many accounts in one walk.
//!
//! What an account has is read in walks over the whole run, each for as many accounts as have so many
//! findings together: memory follows from that bound, or from the largest account where that has more, and
//! the walks from the size of the organization.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::ReportError;
use super::super::rows::{AccountRow, BucketRow, CoverageRow, FindingAccountRow, FindingRow, KeyRow};
use super::accounts::Accounts;
use super::buckets::Buckets;
use super::controls::Controls;
use super::coverage::Coverage;
use super::findings::{Findings, Instance, Resources};
use super::inventory::Inventory;
use super::keys::Keys;
use super::trend::Trend;
use super::{Check, Page, Run, View, checks, head};
use crate::report::change::Comparison;
use crate::sink::CommittedRun;

/// Findings that are in memory at the same time.
pub const AT_ONCE: u64 = 100_000;

/// What all pages share, and how the accounts are read.
#[derive(Debug)]
pub struct Owners {
    /// The run.
    pub run: Arc<Run>,
    /// The accounts.
    pub accounts: Arc<Accounts>,
    checks: Arc<BTreeMap<Instance, Check>>,
    walks: Vec<Vec<String>>,
}

/// An account in the index.
#[derive(Debug)]
pub struct Line {
    /// The account.
    pub account_id: String,
    /// Its resources.
    pub resources: Resources,
}

impl Owners {
    /// Reads the accounts, and how many findings each has.
    pub async fn of(run: &CommittedRun, at_once: u64) -> Result<Self, ReportError> {
        let mut accounts = Accounts::default();
        AccountRow::each(run, |row| accounts.add(&row)).await?;
        let mut counts: BTreeMap<String, u64> = accounts.by_id.keys().map(|id| (id.clone(), 0)).collect();
        FindingAccountRow::each(run, |row| {
            let account_id = row.account_id.unwrap_or_default();
            match counts.get_mut(account_id) {
                Some(count) => *count += 1,
                None => drop(counts.insert(account_id.to_owned(), 1)),
            }
            Ok::<(), ReportError>(())
        })
        .await?;
        Ok(Self {
            run: Arc::new(head(run).await?),
            accounts: Arc::new(accounts),
            checks: Arc::new(checks(run).await?),
            walks: walks(counts, at_once),
        })
    }

    /// Gives every account's page, by id.
    pub async fn each<F>(&self, run: &CommittedRun, mut page: F) -> Result<Vec<Line>, ReportError>
    where
        F: FnMut(&Page) -> Result<(), ReportError>,
    {
        let mut lines = Vec::new();
        for walk in &self.walks {
            for (account_id, gathered) in self.walk(run, walk).await? {
                let mut finished = gathered;
                page(&finished)?;
                let resources = finished.findings.resources.remove(&account_id).unwrap_or_default();
                lines.push(Line { account_id, resources });
            }
        }
        Ok(lines)
    }

    async fn walk(&self, run: &CommittedRun, ids: &[String]) -> Result<BTreeMap<String, Page>, ReportError> {
        let as_of = run.manifest().as_of;
        let mut found: BTreeMap<&str, Findings> =
            ids.iter().map(|id| (id.as_str(), Findings::naming(usize::MAX))).collect();
        FindingRow::each(run, |row| match found.get_mut(row.account_id.unwrap_or_default()) {
            Some(findings) => findings.add(&row),
            None => Ok(()),
        })
        .await?;
        let mut pages: BTreeMap<String, Page> = BTreeMap::new();
        for (id, mut findings) in found {
            findings.finish();
            pages.insert(id.to_owned(), self.page(id, Keys::naming(as_of, &findings, usize::MAX), findings));
        }
        let mut of = |id: Option<&str>, with: &mut dyn FnMut(&mut Page) -> Result<(), ReportError>| {
            pages.get_mut(id.unwrap_or_default()).map_or(Ok(()), with)
        };
        KeyRow::each(run, |row| {
            of(row.account_id, &mut |page| {
                page.inventory.key(&row);
                page.keys.add(&row)
            })
        })
        .await?;
        BucketRow::each(run, |row| {
            of(row.account_id, &mut |page| {
                page.inventory.bucket(&row);
                page.buckets.add(&row, &self.accounts, &page.findings, &mut page.keys)
            })
        })
        .await?;
        CoverageRow::each(run, |row| of(row.account_id, &mut |page| page.coverage.add(&row))).await?;
        Ok(pages)
    }

    fn page(&self, account_id: &str, keys: Keys, findings: Findings) -> Page {
        Page {
            view: View::Account(account_id.to_owned()),
            run: Arc::clone(&self.run),
            accounts: Arc::clone(&self.accounts),
            coverage: Coverage::default(),
            findings,
            keys,
            buckets: Buckets::default(),
            checks: Arc::clone(&self.checks),
            comparison: Comparison::First,
            trend: Trend::default(),
            inventory: Inventory::default(),
            controls: Controls::default(),
            calls: Vec::new(),
        }
    }
}

/// The accounts of each walk, in their order: together they have no more findings than that, or it is one.
fn walks(counts: BTreeMap<String, u64>, at_once: u64) -> Vec<Vec<String>> {
    let mut walks: Vec<Vec<String>> = Vec::new();
    let mut findings = u64::MAX;
    for (account_id, count) in counts {
        findings = findings.saturating_add(count);
        match walks.last_mut() {
            Some(walk) if findings <= at_once => walk.push(account_id),
            _ => {
                findings = count;
                walks.push(vec![account_id]);
            }
        }
    }
    walks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_has_no_more_findings_than_fit_or_one_account() {
        let counts = [("1", 4), ("2", 5), ("3", 2), ("4", 30), ("5", 0), ("6", 10)];
        let counts = counts.into_iter().map(|(id, count)| (id.to_owned(), count)).collect();
        assert_eq!(walks(counts, 10), [&["1", "2"][..], &["3"], &["4"], &["5", "6"]]);
        assert!(walks(BTreeMap::new(), 10).is_empty());
    }
}
