//! The organization's tree, told in ways that are none: cycles, units that are their own parents, endless depth, a unit
//! under two parents, an account in two places, pages without end.
//!
//! The law: the night ends with a census of every account, in a bounded number of calls. An account's units are those of
//! its path, where that is a path and no other one contradicts it, and not known elsewhere. A name is one that an answer
//! gave to that unit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use atrest::sim::World;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestRunner;
use serde_json::json;

use crate::answers_law::config;
use crate::support::night::{Morning, NOW, Night, only_regions};
use crate::support::wire::{Reply, Wire};

const ROOT: &str = "r-ab12";
/// Accounts beside the management account.
const ACCOUNTS: usize = 4;
/// Units that there are.
const UNITS: usize = 5;

fn unit(n: usize) -> String {
    format!("ou-ab12-0000000{n}")
}

/// What the path of an account is.
#[derive(Debug, Clone)]
enum Path {
    /// From the root through these units.
    Through(Vec<usize>),
    /// Of a tree that all accounts with such a path agree on: each unit lies below the one before it.
    InTree(usize),
    /// So many levels.
    Deep(usize),
    OfAnother(&'static str),
    Two(Vec<usize>, Vec<usize>),
    Twice(usize),
    Odd(&'static str),
    None,
}

fn path() -> impl Strategy<Value = Path> {
    let units = || proptest::collection::vec(0..UNITS, 0..5);
    prop_oneof![
        3 => units().prop_map(Path::Through),
        4 => (0..=UNITS).prop_map(Path::InTree),
        1 => select(vec![14_usize, 15, 16, 500]).prop_map(Path::Deep),
        1 => select(vec!["o-other", "account"]).prop_map(Path::OfAnother),
        1 => (units(), units()).prop_map(|(one, other)| Path::Two(one, other)),
        1 => (0..=UNITS).prop_map(Path::Twice),
        1 => select(vec!["", "/", "//", "r-ab12", "\u{e9}", "a/b/c", "\u{1b}[2J"]).prop_map(Path::Odd),
        1 => Just(Path::None),
    ]
}

/// What an answer to `ListOrganizationalUnitsForParent` has.
#[expect(clippy::struct_excessive_bools, reason = "each is a fault of its own")]
#[derive(Debug, Clone)]
struct Answer {
    /// Units by their numbers, with one of a few names.
    entries: Vec<(usize, usize)>,
    own_parent: bool,
    odd: bool,
    /// It goes on: with a new token, or with the same one.
    goes_on: bool,
    with_new_token: bool,
}

fn answer() -> impl Strategy<Value = Answer> {
    let seldom = || prop::bool::weighted(0.1);
    // A unit has one name in most answers.
    let entry = (0..UNITS, prop_oneof![9 => Just(0_usize), 1 => Just(1_usize)]);
    let entries = proptest::collection::vec(entry, 0..6);
    (entries, seldom(), seldom(), seldom(), any::<bool>()).prop_map(
        |(entries, own_parent, odd, goes_on, with_new_token)| Answer {
            entries,
            own_parent,
            odd,
            goes_on,
            with_new_token,
        },
    )
}

fn name(unit: usize, other: usize) -> String {
    format!("Unit {unit}{}", if other == 0 { "" } else { " as it was" })
}

impl Path {
    fn texts(&self, org: &str, account: &str) -> Option<Vec<String>> {
        let of = |org: &str, units: &[String], account: &str| {
            let units: Vec<String> = units.iter().map(|unit| format!("{unit}/")).collect();
            format!("{org}/{ROOT}/{}{account}/", units.concat())
        };
        let named = |units: &[usize]| units.iter().map(|n| unit(*n)).collect::<Vec<_>>();
        Some(match self {
            Self::Through(units) => vec![of(org, &named(units), account)],
            Self::InTree(depth) => vec![of(org, &named(&(0..*depth).collect::<Vec<_>>()), account)],
            Self::Deep(levels) => {
                let units: Vec<String> = (0..*levels).map(|n| format!("ou-ab12-1{n:07}")).collect();
                vec![of(org, &units, account)]
            }
            Self::OfAnother("account") => vec![of(org, &[], "444455556666")],
            Self::OfAnother(org) => vec![of(org, &[], account)],
            Self::Two(one, other) => vec![of(org, &named(one), account), of(org, &named(other), account)],
            Self::Twice(n) => vec![of(org, &named(&(0..*n).collect::<Vec<_>>()), account); 2],
            Self::Odd(text) => vec![(*text).to_owned()],
            Self::None => return None,
        })
    }

    /// The units that it leads through, where it is a path by itself.
    fn read(&self) -> Option<Vec<String>> {
        let through = |units: &[usize]| {
            let is_once = units.iter().collect::<BTreeSet<_>>().len() == units.len();
            is_once.then(|| units.iter().map(|n| unit(*n)).collect::<Vec<_>>())
        };
        let units = match self {
            Self::Through(units) => through(units)?,
            Self::Two(one, other) if one == other => through(one)?,
            Self::InTree(depth) | Self::Twice(depth) => through(&(0..*depth).collect::<Vec<_>>())?,
            Self::Deep(levels) if *levels < 16 => (0..*levels).map(|n| format!("ou-ab12-1{n:07}")).collect(),
            _ => return None,
        };
        Some([vec![ROOT.to_owned()], units].concat())
    }
}

/// The naive reading: what each account's units are, where they are known.
fn expected(paths: &[Path]) -> Vec<Option<Vec<String>>> {
    let read: Vec<Option<Vec<String>>> = paths.iter().map(Path::read).collect();
    let mut parents: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for units in read.iter().flatten() {
        for (at, unit) in units.iter().enumerate().skip(1) {
            parents.entry(unit).or_default().insert(&units[at - 1]);
        }
    }
    let agrees = |units: &Vec<String>| {
        units.iter().all(|unit| parents.get(unit.as_str()).is_none_or(|them| them.len() == 1))
    };
    read.iter().map(|units| units.clone().filter(agrees)).collect()
}

struct Stage {
    world: World,
    accounts: Vec<String>,
}

impl Stage {
    fn new() -> Self {
        let mut world = World::new(NOW);
        let accounts = (0..ACCOUNTS).map(|n| world.add_account(&format!("a-{n}")).to_string()).collect();
        for account in world.accounts.values_mut() {
            account.joined_at = NOW.plus_millis(-400 * 86_400_000);
            account.regions.retain(|name, _| name.as_str() == "eu-west-1");
        }
        Self { world, accounts }
    }

    fn list_accounts(&self, paths: &[Path]) -> String {
        let (management, org) = (self.world.organization.management_account, &self.world.organization.id);
        let row = |id: &str, paths: Option<Vec<String>>| {
            let arn = format!("arn:aws:organizations::{management}:account/{org}/{id}");
            json!({ "Id": id, "Arn": arn, "State": "ACTIVE", "Paths": paths })
        };
        let own = management.to_string();
        let first = row(&own, Some(vec![format!("{org}/{ROOT}/{own}/")]));
        let others = self.accounts.iter().zip(paths).map(|(id, path)| row(id, path.texts(org, id)));
        json!({ "Accounts": std::iter::once(first).chain(others).collect::<Vec<_>>() }).to_string()
    }

    /// A night in which each parent is told these units; the parents that were asked.
    fn night(
        &self,
        paths: &[Path],
        units: impl Fn(&str, usize) -> String + Send + Sync + 'static,
    ) -> (Morning, Vec<String>) {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (noted, accounts) = (Arc::clone(&asked), self.list_accounts(paths));
        let mut night = Night::over(self.world.clone()).filtered(only_regions(&[]));
        night.wire = Some(Wire::answering(move |asked| {
            let body = match asked.operation.as_str() {
                "ListAccounts" => accounts.clone(),
                "ListOrganizationalUnitsForParent" => {
                    let request: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
                    let parent = request["ParentId"].as_str().unwrap().to_owned();
                    let mut noted = noted.lock().unwrap();
                    noted.push(parent.clone());
                    units(&parent, noted.len())
                }
                _ => return None,
            };
            Some(Reply { status: Some(200), ..Reply::with(body) })
        }));
        let morning = night.run();
        let asked = asked.lock().unwrap().clone();
        (morning, asked)
    }

    fn units_of(&self, morning: &Morning, n: usize) -> (Option<String>, Option<String>) {
        let row = morning.account(self.accounts[n].parse().unwrap());
        (row["ou_ids"].clone(), row["ou_names"].clone())
    }
}

fn body(answer: &Answer, parent: &str, request: usize) -> String {
    let entry = |(n, other): &(usize, usize)| json!({ "Id": unit(*n), "Name": name(*n, *other) });
    let mut entries: Vec<_> = answer.entries.iter().map(entry).collect();
    if answer.own_parent {
        entries.push(json!({ "Id": parent, "Name": "itself" }));
    }
    if answer.odd {
        entries.push(json!({ "Id": "ou-../../x", "Name": "odd" }));
    }
    let token = if answer.with_new_token { format!("t-{request}") } else { "t".to_owned() };
    match answer.goes_on {
        true => json!({ "OrganizationalUnits": entries, "NextToken": token }).to_string(),
        false => json!({ "OrganizationalUnits": entries }).to_string(),
    }
}

/// A parent whose pages bring nothing new is asked for some hundred of them.
const MOST_CALLS: usize = (UNITS + 20) * 110;

#[test]
fn whatever_the_tree_is_said_to_be_the_night_ends_and_knows_what_is_known() {
    let stage = Stage::new();
    let mut runner = TestRunner::new(config(120, 20_261_170));
    let paths = proptest::collection::vec(path(), ACCOUNTS);
    let answers = proptest::collection::vec(answer(), UNITS + 1);
    let (known, unknown) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(0)));
    let outcome = runner.run(&(paths, answers), |(paths, answers)| {
        let by_parent = answers.clone();
        let (morning, asked) = stage.night(&paths, move |parent, request| {
            let at = (0..UNITS).find(|n| unit(*n) == parent).map_or(0, |n| n + 1);
            body(&by_parent[at], parent, request)
        });
        morning.census();
        prop_assert_eq!(morning.rows("accounts").len(), ACCOUNTS + 1);
        prop_assert!(asked.len() <= MOST_CALLS, "{} calls", asked.len());
        let given = |n: usize| -> BTreeSet<String> {
            let entries = answers.iter().flat_map(|answer| &answer.entries);
            entries.filter(|(unit, _)| *unit == n).map(|(unit, other)| name(*unit, *other)).collect()
        };
        for (n, expected) in expected(&paths).into_iter().enumerate() {
            let (ids, names) = stage.units_of(&morning, n);
            *if expected.is_some() { known.lock().unwrap() } else { unknown.lock().unwrap() } += 1;
            let shown = expected.as_ref().map(|units| format!("[{}]", units.join(", ")));
            prop_assert_eq!(&ids, &shown, "{:?}", paths);
            prop_assert_eq!(names.is_some(), expected.is_some());
            let names = names.unwrap_or_default();
            let names: Vec<&str> = names.trim_matches(['[', ']']).split(", ").collect();
            for (unit_id, name) in expected.iter().flatten().zip(names).skip(1) {
                let of = (0..UNITS).find(|n| unit(*n) == *unit_id);
                let may_be = of.map(given).unwrap_or_default();
                prop_assert!(
                    name == "∅" || name == "itself" || name.is_empty() || may_be.contains(name),
                    "{} {}",
                    unit_id,
                    name
                );
                prop_assert!(name != "itself", "a unit is its own parent");
            }
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    let (known, unknown) = (*known.lock().unwrap(), *unknown.lock().unwrap());
    println!("the units of {known} accounts were known, of {unknown} not");
    assert!(known > 100 && unknown > 100, "{known} {unknown}");
}

/// The calls of a night for the names of units, whatever is answered: `MOST_UNITS` in `aws/service/organizations.rs`.
const MOST_PAGES: usize = 5_000;

#[test]
fn units_without_end_end_all_the_same() {
    let stage = Stage::new();
    let paths = [Path::InTree(3), Path::InTree(2), Path::InTree(1), Path::InTree(0)];
    // New units on each page, and a new token.
    let (morning, asked) = stage.night(&paths, |_, request| {
        let entry = json!({ "Id": format!("ou-ab12-2{request:07}"), "Name": "another" });
        json!({ "OrganizationalUnits": [entry], "NextToken": format!("t-{request}") }).to_string()
    });
    morning.census();
    assert_eq!(asked.len(), MOST_PAGES);
    let shown = Some(format!("[{ROOT}, {}, {}, {}]", unit(0), unit(1), unit(2)));
    assert_eq!(stage.units_of(&morning, 0).0, shown);
    // The names are not known, and the rest of the night is as ever.
    assert_eq!(
        morning.account(stage.accounts[0].parse().unwrap())["scan_status"].as_deref(),
        Some("complete")
    );
}
