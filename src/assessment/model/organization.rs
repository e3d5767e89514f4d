//! Who belongs to the organization, and where each account is in it.

use std::collections::{BTreeMap, BTreeSet};

use super::account::{Account, membership};
use super::{AccountId, OrganizationIdentity};

/// Who belongs to the organization.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Organization {
    /// `o-…`; none where no organization could be read.
    pub org_id: Option<String>,
    /// The management account.
    pub management_account_id: Option<AccountId>,
    /// The accounts that were listed.
    pub members: BTreeSet<AccountId>,
    /// Whether these are all.
    pub members_complete: bool,
    /// The path of each account whose units are known, `o-…/r-…/ou-…/`: what `aws:PrincipalOrgPaths` holds
    /// (IAM User Guide, "AWS global condition context keys").
    pub paths: BTreeMap<AccountId, String>,
}

/// Where an account is in an organization, as far as it is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Membership<'a> {
    /// `o-…`.
    pub org_id: Option<&'a str>,
    /// The path from the organization to the account's unit, `o-…/r-…/ou-…/`.
    pub path: Option<&'a str>,
    /// The organization's management account.
    pub management_account_id: Option<AccountId>,
}

impl Organization {
    /// The organization of the accounts that were listed.
    pub fn of(identity: &OrganizationIdentity, accounts: &[Account], complete: bool) -> Self {
        let path = |account: &Account| {
            let (org_id, units) = (identity.org_id.as_deref()?, account.ou_ids.as_deref()?);
            let path = [&[org_id.to_owned()], units].concat().join("/");
            (!units.is_empty()).then(|| (account.id, format!("{path}/")))
        };
        Self {
            org_id: identity.org_id.clone(),
            management_account_id: identity.management_account_id,
            members: accounts.iter().map(|account| account.id).collect(),
            members_complete: complete,
            paths: accounts.iter().filter_map(path).collect(),
        }
    }

    /// Whether an account belongs to it; none where that cannot be said.
    pub fn is_member(&self, account_id: AccountId) -> Option<bool> {
        membership(&self.members, self.members_complete, account_id)
    }

    /// Where an account is in it: nothing is known of an account that is not known to belong to it.
    pub fn membership_of(&self, account_id: AccountId) -> Membership<'_> {
        if self.is_member(account_id) != Some(true) {
            return Membership::default();
        }
        Membership {
            org_id: self.org_id.as_deref(),
            path: self.paths.get(&account_id).map(String::as_str),
            management_account_id: self.management_account_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_the_path_that_aws_sends_for_it() {
        let id = |text: &str| text.parse::<AccountId>().unwrap();
        let account = |text: &str, units: Option<&[&str]>| Account {
            ou_ids: units.map(|units| units.iter().map(|unit| (*unit).to_owned()).collect()),
            ..Account::unlisted(id(text))
        };
        let identity = OrganizationIdentity {
            org_id: Some("o-abcdefghij".to_owned()),
            management_account_id: Some(id("111122223333")),
        };
        let accounts = [
            account("111122223333", Some(&["r-ab12"])),
            account("222233334444", Some(&["r-ab12", "ou-ab12-11111111"])),
            account("333344445555", None),
        ];
        let organization = Organization::of(&identity, &accounts, false);
        let path = |text: &str| organization.membership_of(id(text)).path;
        assert_eq!(path("111122223333"), Some("o-abcdefghij/r-ab12/"));
        assert_eq!(path("222233334444"), Some("o-abcdefghij/r-ab12/ou-ab12-11111111/"));
        assert_eq!(path("333344445555"), None);
        assert_eq!(organization.membership_of(id("333344445555")).org_id, Some("o-abcdefghij"));
        assert_eq!(organization.membership_of(id("444455556666")), Membership::default());
    }
}
