//! The organization: its ids, its root, its units, and who may list its accounts.

use std::collections::BTreeSet;

use serde::Serialize;

use super::World;
use atrest_core::AccountId;

/// The organization itself.
#[derive(Debug, Clone, Serialize)]
pub struct Organization {
    /// `o-…`.
    pub id: String,
    /// `r-…`.
    pub root: String,
    /// The management account.
    pub management_account: AccountId,
    /// Accounts that may call the Organizations API although they do not manage.
    pub delegated_administrators: BTreeSet<AccountId>,
    /// Units in any order; the tree is in their `parent`.
    pub units: Vec<OrganizationalUnit>,
    /// False: every call answers AWSOrganizationsNotInUseException.
    pub in_use: bool,
    /// Whether `Status`, retired on 2026-09-09, is still sent beside `State`.
    pub sends_status: bool,
    /// Whether `Paths` is sent, as AWS does since 2026-03-31 and moto 5.2.5 does not.
    pub sends_paths: bool,
}

/// An organizational unit.
#[derive(Debug, Clone, Serialize)]
pub struct OrganizationalUnit {
    /// `ou-…`.
    pub id: String,
    /// Its name, unique among its siblings only.
    pub name: String,
    /// The unit or root that holds it.
    pub parent: String,
}

impl Organization {
    /// The ids from the root to `parent`, both included.
    pub fn ancestry(&self, parent: &str) -> Vec<String> {
        let mut path = vec![parent.to_owned()];
        // A loop in a hand-built tree ends once every unit has been seen.
        while path.len() <= self.units.len() {
            let child = path.last().expect("never empty");
            let Some(unit) = self.units.iter().find(|unit| unit.id == *child) else { break };
            path.push(unit.parent.clone());
        }
        path.reverse();
        path
    }

    /// Whether that account may read the organization.
    pub fn admits(&self, account: AccountId) -> bool {
        account == self.management_account || self.delegated_administrators.contains(&account)
    }
}

impl World {
    /// An account's path as ListAccounts reports it, `o-…/r-…/ou-…/<account>/`.
    pub fn account_path(&self, account: AccountId) -> Option<String> {
        let parent = &self.accounts.get(&account)?.parent;
        let units = self.organization.ancestry(parent).join("/");
        Some(format!("{}/{units}/{account}/", self.organization.id))
    }
}
