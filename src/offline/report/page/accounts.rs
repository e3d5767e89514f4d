//! The accounts of a page: their names, their units, and what became of each.

use std::collections::{BTreeMap, BTreeSet};

use super::super::ReportError;
use super::super::rows::AccountRow;
use super::{count, text};

/// Said where AWS Organizations did not report an account's path.
pub const NO_UNITS: &str = "units not reported";

/// An organizational unit, or the root of the organization.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unit {
    /// Its names from the root down: `Root / Prod / EU`.
    pub path: String,
    /// Its id. None: the unit of all accounts whose units were not reported.
    pub id: Option<String>,
}

/// An account.
#[derive(Debug, Clone)]
pub struct Account {
    /// Its name, which its owner chose.
    pub name: String,
    /// `Root / Prod / EU`.
    pub unit: String,
    /// The units that it is under, from the root down.
    pub units: Vec<Unit>,
    /// `complete`, `partial`, `unreachable` or `not_scanned`.
    pub status: String,
    /// Why, where it is not complete.
    pub reason: Option<String>,
    /// Its buckets; none where they were not listed.
    pub buckets: Option<u64>,
    /// Its keys; none where they were not listed.
    pub keys: Option<u64>,
}

/// The accounts, by their id.
#[derive(Debug, Default)]
pub struct Accounts {
    /// By id.
    pub by_id: BTreeMap<String, Account>,
    /// Accounts that were read with the caller's own credentials.
    pub by_caller: u64,
    /// Regions that were scanned in some account.
    pub regions: BTreeSet<String>,
    /// Regions that some account has disabled.
    pub regions_disabled: BTreeSet<String>,
}

impl Accounts {
    /// Keeps an account.
    pub fn add(&mut self, row: &AccountRow<'_>) -> Result<(), ReportError> {
        let units = units(row);
        let account = Account {
            name: text(row.account_name),
            unit: units.last().map(|unit| unit.path.clone()).unwrap_or_default(),
            units,
            status: text(row.scan_status),
            reason: row.scan_reason.map(str::to_owned),
            buckets: row.buckets.map(|buckets| count(Some(buckets))),
            keys: row.keys.map(|keys| count(Some(keys))),
        };
        self.by_caller += u64::from(row.access_path == Some("caller"));
        self.by_id.insert(text(row.account_id), account);
        keep(&mut self.regions, row.regions.as_ref());
        keep(&mut self.regions_disabled, row.regions_disabled.as_ref());
        Ok(())
    }

    /// The path of an account's units.
    pub fn unit_of(&self, account_id: &str) -> &str {
        self.by_id.get(account_id).map_or(NO_UNITS, |account| &account.unit)
    }

    /// The name of an account; its id alone where it has none.
    pub fn name_of<'a>(&'a self, account_id: &'a str) -> &'a str {
        match self.by_id.get(account_id) {
            Some(account) if !account.name.is_empty() => &account.name,
            _ => account_id,
        }
    }
}

/// The units from the root down; a unit whose name was not read goes by its id.
fn units(row: &AccountRow<'_>) -> Vec<Unit> {
    let ids: Vec<&str> = row.ou_ids.iter().flatten().map(|id| id.unwrap_or("?")).collect();
    if ids.is_empty() {
        return vec![Unit { path: NO_UNITS.to_owned(), id: None }];
    }
    let names = row.ou_names.as_deref().unwrap_or_default();
    let name = |at: usize| names.get(at).copied().flatten().unwrap_or(ids[at]);
    let names: Vec<&str> = (0..ids.len()).map(name).collect();
    let unit = |at: usize| Unit { path: names[..=at].join(" / "), id: Some(ids[at].to_owned()) };
    (0..ids.len()).map(unit).collect()
}

fn keep(set: &mut BTreeSet<String>, regions: Option<&Vec<Option<&str>>>) {
    set.extend(regions.into_iter().flatten().flatten().map(|region| (*region).to_owned()));
}
