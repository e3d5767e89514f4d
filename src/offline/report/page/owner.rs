//! The pages of owners: of each account, or of each organizational unit, gathered for many in one walk.
//!
//! What a page says is read in walks over the whole run, each for as many pages as have so many findings
//! together: memory follows from that bound, or from the largest account where that has more, and the walks
//! from the size of the organization. A page of an account names everything; one of a unit, which may be the
//! whole organization, names as much as the page of the run does. An account is under every unit above it, as
//! in the question `posture_by_ou`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::ReportError;
use super::super::rows::{
    AccountRow, BucketRow, ControlRow, CoverageRow, FindingAccountRow, FindingRow, KeyRow,
};
use super::accounts::{Accounts, NO_UNITS, Unit};
use super::buckets::Buckets;
use super::controls::{Controls, Judged};
use super::coverage::Coverage;
use super::findings::{Findings, Instance, Resources};
use super::inventory::Inventory;
use super::keys::Keys;
use super::trend::Trend;
use super::{Check, Page, Run, View, checks, head};
use crate::lake::CommittedRun;
use crate::report::Split;
use crate::report::change::Comparison;

/// Findings that are in memory at the same time.
pub const AT_ONCE: u64 = 100_000;

/// What all pages share, and how the run is read for them.
#[derive(Debug)]
pub struct Owners {
    /// What has a page.
    pub split: Split,
    /// The run.
    pub run: Arc<Run>,
    /// The accounts.
    pub accounts: Arc<Accounts>,
    checks: Arc<BTreeMap<Instance, Check>>,
    /// The pages that each account is on.
    views: BTreeMap<String, Vec<View>>,
    walks: Vec<Vec<View>>,
}

/// A page in the index.
#[derive(Debug)]
pub struct Line {
    /// What the page is of.
    pub view: View,
    /// The accounts that it is of.
    pub accounts: Vec<String>,
    /// Their resources.
    pub resources: Resources,
}

/// What the index says.
#[derive(Debug, Default)]
pub struct Lines {
    /// Each page.
    pub lines: Vec<Line>,
    /// The resources of each account, whatever number of pages it is on.
    pub accounts: BTreeMap<String, Resources>,
}

impl Owners {
    /// Reads the accounts, and how many findings each has.
    pub async fn of(run: &CommittedRun, split: Split, at_once: u64) -> Result<Self, ReportError> {
        let mut accounts = Accounts::default();
        AccountRow::each(run, |row| accounts.add(&row)).await?;
        let mut findings: BTreeMap<String, u64> = accounts.by_id.keys().map(|id| (id.clone(), 0)).collect();
        FindingAccountRow::each(run, |row| {
            let account_id = row.account_id.unwrap_or_default();
            match findings.get_mut(account_id) {
                Some(count) => *count += 1,
                None => drop(findings.insert(account_id.to_owned(), 1)),
            }
            Ok::<(), ReportError>(())
        })
        .await?;
        let mut views = BTreeMap::new();
        let mut counts: BTreeMap<View, u64> = BTreeMap::new();
        for (account_id, count) in findings {
            let on = views_of(&accounts, split, &account_id);
            for view in &on {
                *counts.entry(view.clone()).or_default() += count;
            }
            views.insert(account_id, on);
        }
        Ok(Self {
            split,
            run: Arc::new(head(run).await?),
            accounts: Arc::new(accounts),
            checks: Arc::new(checks(run).await?),
            views,
            walks: walks(counts, at_once),
        })
    }

    /// Gives every page, in the order of the index.
    pub async fn each<F>(&self, run: &CommittedRun, mut page: F) -> Result<Lines, ReportError>
    where
        F: FnMut(&Page) -> Result<(), ReportError>,
    {
        let mut index = Lines::default();
        for walk in &self.walks {
            for finished in self.walk(run, walk).await? {
                page(&finished)?;
                let mut resources = Resources::default();
                for (account_id, of_account) in finished.findings.resources {
                    resources.merge(&of_account);
                    index.accounts.insert(account_id, of_account);
                }
                let accounts = self.views.iter().filter(|(_, views)| views.contains(&finished.view));
                let accounts = accounts.map(|(id, _)| id.clone()).collect();
                index.lines.push(Line { view: finished.view, accounts, resources });
            }
        }
        Ok(index)
    }

    async fn walk(&self, run: &CommittedRun, views: &[View]) -> Result<Vec<Page>, ReportError> {
        let as_of = run.manifest().as_of;
        let on = self.places(views);
        let mut found: Vec<(Findings, Judged)> =
            views.iter().map(|view| (findings_of(view), Judged::default())).collect();
        FindingRow::each(run, |row| {
            for at in on.of(row.account_id) {
                let (findings, judged) = &mut found[*at];
                judged.add(&row)?;
                findings.add(&row)?;
            }
            Ok::<(), ReportError>(())
        })
        .await?;
        let (mut pages, mut judged): (Vec<Page>, Vec<Judged>) = (Vec::new(), Vec::new());
        for (view, (mut findings, of_view)) in views.iter().zip(found) {
            findings.finish();
            let keys = match view {
                View::Account(_) => Keys::naming(as_of, &findings, usize::MAX),
                _ => Keys::new(as_of, &findings),
            };
            pages.push(self.page(view.clone(), keys, findings));
            judged.push(of_view);
        }
        KeyRow::each(run, |row| {
            on.of(row.account_id).iter().try_for_each(|at| {
                let page = &mut pages[*at];
                if page.account_id().is_some() {
                    page.inventory.key(&row);
                }
                page.keys.add(&row)
            })
        })
        .await?;
        BucketRow::each(run, |row| {
            on.of(row.account_id).iter().try_for_each(|at| {
                let page = &mut pages[*at];
                if page.account_id().is_some() {
                    page.inventory.bucket(&row);
                }
                page.buckets.add(&row, &self.accounts, &page.findings, &mut page.keys)
            })
        })
        .await?;
        CoverageRow::each(run, |row| {
            on.of(row.account_id).iter().try_for_each(|at| pages[*at].coverage.add(&row))
        })
        .await?;
        // An account's owner reads what to change; the frameworks are for who answers for many accounts.
        if self.split == Split::Unit {
            ControlRow::each(run, |row| {
                let mut both = pages.iter_mut().zip(&judged);
                both.try_for_each(|(page, judged)| page.controls.add(&row, judged))
            })
            .await?;
        }
        Ok(pages)
    }

    /// Where in a walk the pages of each account are.
    fn places(&self, views: &[View]) -> Places<'_> {
        let places = |on: &Vec<View>| {
            let here = views.iter().enumerate().filter(|(_, view)| on.contains(view));
            here.map(|(at, _)| at).collect()
        };
        Places(self.views.iter().map(|(id, on)| (id.as_str(), places(on))).collect())
    }

    fn page(&self, view: View, keys: Keys, findings: Findings) -> Page {
        Page {
            view,
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

/// None yet, with as many to be named as the page has room for.
fn findings_of(view: &View) -> Findings {
    match view {
        View::Account(_) => Findings::naming(usize::MAX),
        _ => Findings::default(),
    }
}

/// The places of a walk's pages, by account.
struct Places<'a>(BTreeMap<&'a str, Vec<usize>>);

impl Places<'_> {
    fn of(&self, account_id: Option<&str>) -> &[usize] {
        self.0.get(account_id.unwrap_or_default()).map_or(&[], Vec::as_slice)
    }
}

/// The pages that an account is on.
fn views_of(accounts: &Accounts, split: Split, account_id: &str) -> Vec<View> {
    let not_reported = || vec![Unit { path: NO_UNITS.to_owned(), id: None }];
    match split {
        Split::Account => vec![View::Account(account_id.to_owned())],
        Split::Unit => {
            let units = accounts.by_id.get(account_id).map_or_else(not_reported, |it| it.units.clone());
            units.into_iter().map(View::Unit).collect()
        }
    }
}

/// The pages of each walk, in their order: together they have no more findings than that, or it is one.
fn walks<T>(counts: BTreeMap<T, u64>, at_once: u64) -> Vec<Vec<T>> {
    let mut walks: Vec<Vec<T>> = Vec::new();
    let mut findings = u64::MAX;
    for (of, count) in counts {
        findings = findings.saturating_add(count);
        match walks.last_mut() {
            Some(walk) if findings <= at_once => walk.push(of),
            _ => {
                findings = count;
                walks.push(vec![of]);
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
        assert!(walks(BTreeMap::<String, u64>::new(), 10).is_empty());
    }
}
