//! The organization's accounts, and the names of its units.

use std::collections::BTreeSet;

use aws_sdk_organizations::operation::list_accounts::ListAccountsOutput;
use aws_sdk_organizations::operation::list_organizational_units_for_parent::ListOrganizationalUnitsForParentOutput;
use aws_sdk_organizations::types::{Account as Entry, OrganizationalUnit as Unit};

use super::instant;
use crate::aws::call::Door;
use crate::aws::clients::Client;
use crate::aws::walk::{Page, Walk, told, word};
use crate::log::Entries;
use crate::model::{Account, Arn, Observation, OrganizationIdentity, OrganizationalUnit, Region};
use crate::operation::{LIST_ACCOUNTS, LIST_ORGANIZATIONAL_UNITS};

/// A client of AWS Organizations.
pub type OrganizationsClient = Client<aws_sdk_organizations::Client>;

/// Every root has this name; no API gives it another.
const ROOT_NAME: &str = "Root";

/// Lists the accounts, page by page.
pub async fn list_accounts(
    door: &Door,
    client: &OrganizationsClient,
    home: &Region,
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
        let understand = |entry| account_of(entry, &mut organization);
        let page = walk.take(answer.observation, page_of, understand, |account| account.id.to_string());
        take(page).await;
    }
    let (mut observation, listed) = walk.end();
    observation.region = Region::global();
    (observation, listed)
}

/// An account whose ARN names it and its organization, which is that of the accounts before it.
fn account_of(entry: Entry, organization: &mut Option<OrganizationIdentity>) -> Result<Account, String> {
    let (given, arn) = (told("Id", entry.id.as_deref()), told("Arn", entry.arn.as_deref()));
    let Some(id) = entry.id.as_deref().and_then(|id| id.parse().ok()) else {
        return Err(format!("an account with {given}"));
    };
    let status = entry.status.map(|status| word(status.as_str()));
    let account = Account {
        id,
        arn: entry.arn,
        name: entry.name,
        ou_ids: entry.paths.and_then(|paths| ou_ids_of(paths.first()?)),
        state: entry.state.map(|state| word(state.as_str())).or(status),
        joined_at: instant("JoinedTimestamp", entry.joined_timestamp.as_ref())?,
    };
    let identity = identity_of(&account).filter(|identity| identity.management_account_id.is_some());
    match identity {
        Some(identity) if *organization.get_or_insert_with(|| identity.clone()) == identity => Ok(account),
        Some(_) => Err(format!("an account of another organization, with {given} and {arn}")),
        None => Err(format!("an account with {given} and {arn}")),
    }
}

/// `o-…/r-…/ou-…/…/<account>/` without its ends: from the root to the parent.
fn ou_ids_of(path: &str) -> Option<Vec<String>> {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let units: Vec<String> = parts
        .into_iter()
        .filter(|part| part.starts_with("r-") || part.starts_with("ou-"))
        .map(str::to_owned)
        .collect();
    (!units.is_empty()).then_some(units)
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
/// Only parents that lead to an account are asked: a unit without accounts costs nothing.
pub async fn unit_names(
    door: &Door,
    client: &OrganizationsClient,
    home: &Region,
    accounts: &[Account],
) -> (Vec<OrganizationalUnit>, Vec<(Observation<()>, Entries)>) {
    let (mut units, mut listings) = (Vec::new(), Vec::new());
    let roots: BTreeSet<&str> =
        accounts.iter().filter_map(|a| a.ou_ids.as_ref()?.first()).map(String::as_str).collect();
    units.extend(roots.iter().map(|id| OrganizationalUnit { id: (*id).to_owned(), name: ROOT_NAME.into() }));
    for parent in parents_of(accounts) {
        let mut walk = Walk::default();
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
            let understand = |unit: Unit| match (unit.id, unit.name) {
                (Some(id), Some(name)) if id.starts_with("ou-") => Ok(OrganizationalUnit { id, name }),
                (id, name) => {
                    let (id, name) = (told("Id", id.as_deref()), told("Name", name.as_deref()));
                    Err(format!("an organizational unit with {id} and {name}"))
                }
            };
            units.extend(walk.take(answer.observation, page_of, understand, |unit| unit.id.clone()));
        }
        listings.push(walk.end());
    }
    // A unit that moves between two parents' listings is in both.
    let mut known = BTreeSet::new();
    units.retain(|unit| known.insert(unit.id.clone()));
    (units, listings)
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
    fn a_path_gives_the_units_from_root_to_parent() {
        let ids = ou_ids_of("o-ex/r-ab/ou-ab-1/ou-ab-2/111122223333/").unwrap();
        assert_eq!(ids, ["r-ab", "ou-ab-1", "ou-ab-2"]);
        assert_eq!(ou_ids_of("o-ex/r-ab/111122223333/").unwrap(), ["r-ab"]);
        assert_eq!(ou_ids_of(""), None);
    }

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
        let mut read = |id, arn| account_of(entry(id, arn), &mut organization).map(|account| account.id);
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
