//! What the standard asks of each account, worked out once a run.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{Account, AccountId, Place, Standard};
use crate::standard::{Effective, Instance, Tie, effective};

/// One account, and what holds in it.
#[derive(Debug, Clone)]
pub struct AccountRules {
    /// The account.
    pub account_id: AccountId,
    /// Its units from the root to its parent.
    pub ou_ids: Vec<String>,
    /// Their names.
    pub ou_names: Vec<Option<String>>,
    /// Whether its units were reported.
    pub path_known: bool,
    /// What the standard asks; one value for all accounts of which it asks the same.
    pub effective: Arc<Effective>,
}

impl AccountRules {
    /// The account as a scope sees it.
    pub fn place(&self) -> Place<'_> {
        Place {
            account_id: self.account_id,
            ou_ids: &self.ou_ids,
            ou_names: &self.ou_names,
            path_known: self.path_known,
        }
    }
}

/// What holds in each account of the organization.
#[derive(Debug, Clone, Default)]
pub struct Rules(BTreeMap<AccountId, AccountRules>);

impl Rules {
    /// Works the standard out for each account. Two entries that name one account equally closely
    /// are an error, because it is not clear which one applies.
    pub fn of<'a>(
        standard: &Standard,
        accounts: impl IntoIterator<Item = &'a Account>,
        unit_names: &BTreeMap<String, String>,
    ) -> Result<Self, Tie> {
        let mut distinct: Vec<Arc<Effective>> = Vec::new();
        let mut rules = BTreeMap::new();
        for account in accounts {
            let ou_ids = account.ou_ids.clone().unwrap_or_default();
            let ou_names: Vec<_> = ou_ids.iter().map(|id| unit_names.get(id).cloned()).collect();
            let path_known = account.ou_ids.is_some();
            let place = Place { account_id: account.id, ou_ids: &ou_ids, ou_names: &ou_names, path_known };
            let asked = effective(standard, &place)?;
            let effective = match distinct.iter().find(|held| is_same(held, &asked)) {
                Some(held) => Arc::clone(held),
                None => {
                    distinct.push(Arc::new(asked));
                    Arc::clone(&distinct[distinct.len() - 1])
                }
            };
            let account_id = account.id;
            rules.insert(account_id, AccountRules { account_id, ou_ids, ou_names, path_known, effective });
        }
        Ok(Self(rules))
    }

    /// What holds in an account; none where the organization did not list it.
    pub fn get(&self, account_id: AccountId) -> Option<&AccountRules> {
        self.0.get(&account_id)
    }
}

fn is_same(one: &Effective, other: &Effective) -> bool {
    let key = |instance: &Instance| {
        (instance.check.id, instance.parameters.clone(), instance.severity, instance.scope_known)
    };
    one.encryption == other.encryption
        && one.destinations == other.destinations
        && one.instances.iter().map(key).eq(other.instances.iter().map(key))
}
