//! Where an account is in the organization: its units, as its path tells them, held against what all paths tell.
//!
//! AWS's units are a tree: each has one parent, and AWS bounds how deep they lie. A path that says otherwise gives no
//! place. The account's units are then not known, and a rule or an exception for a unit decides nothing by them; the
//! account itself is scanned as any other. Pure: paths in, units or a sentence out.

use std::collections::{BTreeMap, BTreeSet};

use crate::aws::walk::told;
use crate::model::{Account, AccountId};

/// The root and the units above an account. AWS allows five levels of units below a root; more is no unit's depth, even
/// where AWS comes to allow some more.
const MOST_LEVELS: usize = 16;
/// The longest part of an id: AWS's own rule is `ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}`.
const LONGEST: usize = 32;

/// Accounts whose place is not understood.
#[derive(Debug, Default)]
pub struct Unplaced {
    count: usize,
    first: Option<String>,
}

impl Unplaced {
    /// Notes one.
    pub(super) fn note(&mut self, account: AccountId, why: String) {
        self.count += 1;
        self.first.get_or_insert(format!("{account}: {why}"));
    }

    /// What is to be said of them, if there are any.
    pub fn sentence(&self) -> Option<String> {
        let first = self.first.as_ref()?;
        let accounts = if self.count == 1 { "account is" } else { "accounts are" };
        Some(format!(
            "the place of {} {accounts} not known, because the answer of ListAccounts contradicts itself or has paths that \
             are none; the first: {first}",
            self.count
        ))
    }
}

/// Whether a text is the id of a unit.
pub(super) fn is_unit(id: &str) -> bool {
    id.strip_prefix("ou-")
        .and_then(|rest| rest.split_once('-'))
        .is_some_and(|(root, own)| is_part(root) && is_part(own))
}

fn is_root(id: &str) -> bool {
    id.strip_prefix("r-").is_some_and(is_part)
}

fn is_part(part: &str) -> bool {
    let is_of_it = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=LONGEST).contains(&part.len()) && part.bytes().all(is_of_it)
}

/// The units of an account from the root to its parent, by its paths: `o-…/r-…/ou-…/…/<account>/`.
pub(super) fn units_of(paths: &[String], org_id: &str, account: AccountId) -> Result<Vec<String>, String> {
    let (first, others) = paths.split_first().ok_or("no path")?;
    if let Some(other) = others.iter().find(|other| *other != first) {
        let (first, other) = (told("Path", Some(first)), told("Path", Some(other)));
        return Err(format!("it is in two places, {first} and {other}"));
    }
    let strange = |why: &str| format!("{}, {why}", told("Path", Some(first)));
    let own = account.to_string();
    let inner = first.strip_suffix('/').unwrap_or(first).strip_prefix(org_id);
    let inner = inner.and_then(|rest| rest.strip_prefix('/')).and_then(|rest| rest.strip_suffix(&own));
    let Some(inner) = inner.and_then(|rest| rest.strip_suffix('/')) else {
        return Err(strange("which does not lead from the organization to the account"));
    };
    let units: Vec<&str> = inner.split('/').take(MOST_LEVELS + 1).collect();
    if units.len() > MOST_LEVELS {
        return Err(strange("which is deeper than any organization of AWS"));
    }
    let (root, below) = units.split_first().ok_or_else(|| strange("which has no root"))?;
    if !is_root(root) || !below.iter().all(|unit| is_unit(unit)) {
        return Err(strange("in which there is something other than a root and organizational units"));
    }
    if below.iter().collect::<BTreeSet<_>>().len() < below.len() {
        return Err(strange("in which an organizational unit lies below itself"));
    }
    Ok(units.into_iter().map(str::to_owned).collect())
}

/// Holds all paths against each other: a unit that has two parents is in no place that is known, and neither is what
/// lies below it. A cycle of two paths is two parents of a unit, too.
pub fn agree(accounts: &mut [Account], unplaced: &mut Unplaced) {
    let mut parents: BTreeMap<&str, &str> = BTreeMap::new();
    let mut torn: BTreeMap<String, (String, String)> = BTreeMap::new();
    for units in accounts.iter().filter_map(|account| account.ou_ids.as_deref()) {
        for pair in units.windows(2) {
            let (parent, unit) = (pair[0].as_str(), pair[1].as_str());
            let known = *parents.entry(unit).or_insert(parent);
            if known != parent {
                torn.entry(unit.to_owned()).or_insert_with(|| (known.to_owned(), parent.to_owned()));
            }
        }
    }
    for account in accounts {
        let torn_of = |units: &Vec<String>| units.iter().find_map(|unit| torn.get_key_value(unit));
        if let Some((unit, (one, other))) = account.ou_ids.as_ref().and_then(torn_of) {
            let why = format!("its unit {unit} lies below {one} in one path and below {other} in another");
            unplaced.note(account.id, why);
            account.ou_ids = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "111122223333";

    fn id() -> AccountId {
        ID.parse().unwrap()
    }

    fn read(path: &str) -> Result<Vec<String>, String> {
        units_of(&[path.to_owned()], "o-ex", id())
    }

    #[test]
    fn a_path_gives_the_units_from_root_to_parent() {
        let ids = read("o-ex/r-ab12/ou-ab12-1/ou-ab12-2/111122223333/").unwrap();
        assert_eq!(ids, ["r-ab12", "ou-ab12-1", "ou-ab12-2"]);
        assert_eq!(read("o-ex/r-ab12/111122223333/").unwrap(), ["r-ab12"]);
        assert_eq!(read("o-ex/r-ab12/111122223333").unwrap(), ["r-ab12"]);
        let twice = ["o-ex/r-ab12/111122223333/".to_owned(), "o-ex/r-ab12/111122223333/".to_owned()];
        assert_eq!(units_of(&twice, "o-ex", id()).unwrap(), ["r-ab12"]);
    }

    #[test]
    fn a_path_that_is_none_is_told() {
        let deep = |levels: u32| {
            let units: Vec<String> = (0..levels).map(|n| format!("ou-ab12-{n}/")).collect();
            format!("o-ex/r-ab12/{}{ID}/", units.concat())
        };
        assert_eq!(read(&deep(15)).unwrap().len(), 16);
        for (path, words) in [
            (deep(16), "deeper than any"),
            (deep(100_000), "deeper than any"),
            (String::new(), "does not lead"),
            (ID.to_owned(), "does not lead"),
            (format!("o-ex/{ID}/"), "does not lead"),
            (format!("o-other/r-ab12/{ID}/"), "does not lead"),
            (format!("o-ex2/r-ab12/{ID}/"), "does not lead"),
            ("o-ex/r-ab12/444455556666/".to_owned(), "does not lead"),
            (format!("o-ex/r-ab12/{ID}/ou-ab12-1/"), "does not lead"),
            (format!("o-ex/r-ab12//{ID}/"), "something other"),
            (format!("o-ex/ou-ab12-1/{ID}/"), "something other"),
            (format!("o-ex/r-ab12/r-ab12/{ID}/"), "something other"),
            (format!("o-ex/r-ab12/ou-ab12/{ID}/"), "something other"),
            (format!("o-ex/r-ab12/ou-AB12-1/{ID}/"), "something other"),
            (format!("o-ex/r-ab12/ou-ab12-1-2/{ID}/"), "something other"),
            (format!("o-ex/r-ab12/ou-ab12-1/ou-ab12-2/ou-ab12-1/{ID}/"), "below itself"),
            (format!("o-ex/r-ab12/ou-ab12-1/ou-ab12-1/{ID}/"), "below itself"),
        ] {
            let why = read(&path).unwrap_err();
            assert!(why.contains(words) && why.len() < 400, "{path}: {why}");
        }
        let two = [format!("o-ex/r-ab12/{ID}/"), format!("o-ex/r-ab12/ou-ab12-1/{ID}/")];
        assert!(units_of(&two, "o-ex", id()).unwrap_err().contains("in two places"));
    }

    #[test]
    fn a_unit_with_two_parents_is_in_no_place_that_is_known() {
        let account = |n: u64, units: &[&str]| {
            let mut account = Account::unlisted(format!("{n:012}").parse().unwrap());
            account.ou_ids = (!units.is_empty()).then(|| units.iter().map(|it| (*it).to_owned()).collect());
            account
        };
        let mut accounts = [
            account(1, &["r-1", "ou-1-a", "ou-1-b"]),
            account(2, &["r-1", "ou-1-b"]),
            account(3, &["r-1", "ou-1-a"]),
            account(4, &["r-1", "ou-1-b", "ou-1-c"]),
            account(5, &[]),
        ];
        let mut unplaced = Unplaced::default();
        agree(&mut accounts, &mut unplaced);
        let known: Vec<bool> = accounts.iter().map(|account| account.ou_ids.is_some()).collect();
        assert_eq!(known, [false, false, true, false, false]);
        let said = unplaced.sentence().unwrap();
        assert!(said.contains("of 3 accounts are not known"), "{said}");
        assert!(said.ends_with(
            "000000000001: its unit ou-1-b lies below ou-1-a in one path and below r-1 in another"
        ));
        // A cycle.
        let mut accounts =
            [account(1, &["r-1", "ou-1-a", "ou-1-b"]), account(2, &["r-1", "ou-1-b", "ou-1-a"])];
        agree(&mut accounts, &mut unplaced);
        assert!(accounts.iter().all(|account| account.ou_ids.is_none()));
        assert_eq!(Unplaced::default().sentence(), None);
    }
}
