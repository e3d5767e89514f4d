//! The organization's accounts, and the names of its units.

mod places;

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_organizations::operation::list_accounts::ListAccountsOutput;
use aws_sdk_organizations::operation::list_organizational_units_for_parent::ListOrganizationalUnitsForParentOutput;
use aws_sdk_organizations::types::{Account as Entry, OrganizationalUnit as Unit};

use self::places::{is_unit, units_of};
use super::instant;
use crate::aws::call::Door;
use crate::aws::clients::Client;
use crate::aws::walk::{Most, Page, TOO_LONG, Walk, told, word};
use crate::log::Entries;
use crate::model::{
    Account, Arn, Fault, FaultKind, NotAsked, Observation, OrganizationIdentity, OrganizationalUnit, Reading,
    Region,
};
use crate::operation::{LIST_ACCOUNTS, LIST_ORGANIZATIONAL_UNITS};

pub use self::places::{Unplaced, agree};

/// A client of AWS Organizations.
pub type OrganizationsClient = Client<aws_sdk_organizations::Client>;

/// Every root has this name; no API gives it another.
const ROOT_NAME: &str = "Root";

/// The names of all units are no longer than this: AWS allows 2,000 units, of which a page has 20.
const MOST_UNITS: Most = Most { pages: 5_000, entries: 20_000 };

/// Lists the accounts, page by page. Accounts whose place in the organization is not understood are noted.
pub async fn list_accounts(
    door: &Door,
    client: &OrganizationsClient,
    home: &Region,
    unplaced: &mut Unplaced,
    mut take: impl AsyncFnMut(Vec<Account>),
) -> (Observation<()>, Entries) {
    let (mut walk, mut organization) = (Walk::default(), None);
    while walk.goes_on() {
        let token = walk.token();
        // 20 is the API's maximum.
        let send = || client.sdk.list_accounts().max_results(20).set_next_token(token.clone()).send();
        let answer = door.call(&LIST_ACCOUNTS, home, &client.endpoint, send).await;
        let page_of = |output: ListAccountsOutput| Page {
            entries: output.accounts,
            next: output.next_token,
            goes_on: None,
            count: None,
        };
        let understand = |entry| account_of(entry, &mut organization, unplaced);
        let page = walk.take(answer.observation, page_of, understand, |account| account.id.to_string());
        take(page).await;
    }
    let (mut observation, listed) = walk.end();
    observation.region = Region::global();
    (observation, listed)
}

/// An account whose ARN names it and its organization, which is that of the accounts before it. One whose path is not
/// understood is an account all the same.
fn account_of(
    entry: Entry,
    organization: &mut Option<OrganizationIdentity>,
    unplaced: &mut Unplaced,
) -> Result<Account, String> {
    let (given, arn) = (told("Id", entry.id.as_deref()), told("Arn", entry.arn.as_deref()));
    let Some(id) = entry.id.as_deref().and_then(|id| id.parse().ok()) else {
        return Err(format!("an account with {given}"));
    };
    let status = entry.status.map(|status| word(status.as_str()));
    let mut account = Account {
        id,
        arn: entry.arn,
        name: entry.name,
        ou_ids: None,
        state: entry.state.map(|state| word(state.as_str())).or(status),
        joined_at: instant("JoinedTimestamp", entry.joined_timestamp.as_ref())?,
    };
    let identity = identity_of(&account).filter(|identity| identity.management_account_id.is_some());
    let of = match identity {
        Some(identity) if *organization.get_or_insert_with(|| identity.clone()) == identity => identity,
        Some(_) => return Err(format!("an account of another organization, with {given} and {arn}")),
        None => return Err(format!("an account with {given} and {arn}")),
    };
    if let Some(paths) = entry.paths.filter(|paths| !paths.is_empty()) {
        let units = units_of(&paths, of.org_id.as_deref().unwrap_or_default(), id);
        account.ou_ids = units.map_err(|why| unplaced.note(id, why)).ok();
    }
    Ok(account)
}

/// Reads the organization and the management account from an account's own ARN:
/// `arn:aws:organizations::<management>:account/<o-…>/<account>`.
pub fn identity_of(account: &Account) -> Option<OrganizationIdentity> {
    let arn = Arn::parse(account.arn.as_deref()?)?;
    let [kind, org_id, id] = arn.resource.split('/').collect::<Vec<_>>()[..] else { return None };
    let is_its = kind == "account" && org_id.starts_with("o-") && id.parse() == Ok(account.id);
    if !is_its {
        return None;
    }
    Some(OrganizationIdentity {
        org_id: Some(org_id.to_owned()),
        management_account_id: arn.account.parse().ok(),
    })
}

/// Reads the names of the units that hold accounts, level by level from the root.
///
/// Only parents that lead to an account are asked: a unit without accounts costs nothing. All of it is no longer than
/// an organization's units are, whatever the answers say.
pub async fn unit_names(
    door: &Door,
    client: &OrganizationsClient,
    home: &Region,
    accounts: &[Account],
) -> (Vec<OrganizationalUnit>, Vec<(Observation<()>, Entries)>) {
    let (mut names, mut listings, mut left) = (BTreeMap::new(), Vec::new(), MOST_UNITS);
    for parent in parents_of(accounts) {
        if left.is_spent() {
            listings.push((endless(), Entries::default()));
            break;
        }
        let mut walk = Walk::within(left);
        while walk.goes_on() {
            let token = walk.token();
            let send = || {
                let request = client.sdk.list_organizational_units_for_parent().parent_id(parent);
                request.max_results(20).set_next_token(token.clone()).send()
            };
            let answer = door.call(&LIST_ORGANIZATIONAL_UNITS, home, &client.endpoint, send).await;
            let page_of = |output: ListOrganizationalUnitsForParentOutput| Page {
                entries: output.organizational_units,
                next: output.next_token,
                goes_on: None,
                count: None,
            };
            let understand = |unit| unit_of(unit, parent, &names);
            let page = walk.take(answer.observation, page_of, understand, |unit| unit.id.clone());
            // A unit that moves between two parents' listings is in both.
            names.extend(page.into_iter().map(|unit| (unit.id, unit.name)));
        }
        left = left.after(&walk);
        listings.push(walk.end());
    }
    let roots: BTreeSet<&str> =
        accounts.iter().filter_map(|a| a.ou_ids.as_ref()?.first()).map(String::as_str).collect();
    let roots = roots.into_iter().map(|id| (id.to_owned(), ROOT_NAME.to_owned()));
    let units = roots.chain(names).map(|(id, name)| OrganizationalUnit { id, name });
    (units.collect(), listings)
}

/// A unit below this parent, which is no unit of another name elsewhere.
fn unit_of(unit: Unit, parent: &str, names: &BTreeMap<String, String>) -> Result<OrganizationalUnit, String> {
    let (id, name) = match (unit.id, unit.name) {
        (Some(id), Some(name)) if is_unit(&id) && !name.is_empty() => (id, name),
        (id, name) => {
            let (id, name) = (told("Id", id.as_deref()), told("Name", name.as_deref()));
            return Err(format!("an organizational unit with {id} and {name}"));
        }
    };
    if id == parent {
        return Err(format!("the organizational unit {id} is listed as its own parent"));
    }
    match names.get(&id) {
        Some(other) if *other != name => {
            let (name, other) = (told("Name", Some(&name)), told("Name", Some(other)));
            Err(format!("the organizational unit {id} has {name} here and {other} elsewhere"))
        }
        _ => Ok(OrganizationalUnit { id, name }),
    }
}

/// What is not asked any more, because an organization has no more units than were listed.
fn endless() -> Observation<()> {
    let fault = Fault::saying(FaultKind::Protocol, Some(TOO_LONG.to_owned()));
    let not_asked =
        Observation::not_asked(LIST_ORGANIZATIONAL_UNITS.id, Region::global(), NotAsked::DependencyUnread);
    Observation { reading: Reading::Unread(fault), ..not_asked }
}

/// The units and roots that are the parent of another unit on an account's path.
fn parents_of(accounts: &[Account]) -> BTreeSet<&str> {
    let paths = accounts.iter().filter_map(|account| account.ou_ids.as_ref());
    paths.flat_map(|path| path.iter().take(path.len().saturating_sub(1))).map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arn_names_organization_and_management_account() {
        let mut account = Account::unlisted("111122223333".parse().unwrap());
        account.arn = Some("arn:aws-cn:organizations::999988887777:account/o-ex/111122223333".into());
        let identity = identity_of(&account).unwrap();
        assert_eq!(identity.org_id.as_deref(), Some("o-ex"));
        assert_eq!(identity.management_account_id, "999988887777".parse().ok());
    }

    #[test]
    fn an_account_is_named_by_its_arn_and_of_one_organization() {
        const ARN: &str = "arn:aws:organizations::999988887777:account/o-ex/111122223333";
        let entry = |id: Option<&str>, arn: Option<&str>| {
            Entry::builder().set_id(id.map(str::to_owned)).set_arn(arn.map(str::to_owned)).build()
        };
        let mut organization = None;
        let mut unplaced = Unplaced::default();
        let mut read =
            |id, arn| account_of(entry(id, arn), &mut organization, &mut unplaced).map(|account| account.id);
        assert_eq!(read(Some("111122223333"), Some(ARN)), Ok("111122223333".parse().unwrap()));
        for id in [
            None,
            Some(""),
            Some("12345"),
            Some("33333333333x"),
            Some(" 111122223333"),
            Some("１１１１２２２２３３３３"),
        ] {
            assert!(read(id, Some(ARN)).is_err(), "{id:?}");
        }
        for arn in [
            None,
            Some("x"),
            Some("arn:aws:organizations::999988887777:account/o-ex/444455556666"),
            Some("arn:aws:organizations::999988887777:account/111122223333"),
            Some("arn:aws:organizations:::account/o-ex/111122223333"),
            Some("arn:aws:organizations::999988887777:account/o-other/111122223333"),
            Some("arn:aws:organizations::444455556666:account/o-ex/111122223333"),
        ] {
            assert!(read(Some("111122223333"), arn).is_err(), "{arn:?}");
        }
    }
}
