//! A whole organization from a seed and four sizes, with trouble of every kind in it.
//!
//! An account is a function of seed, sizes and its index alone ([`account`]): references from one to
//! another are computed and not looked up, so that a world too large to hold can be made account by
//! account. What is in a place follows from its index by a cycle and not by chance, so that a small
//! world has every kind too.

mod buckets;
pub mod heavy;
mod keys;
mod nights;
mod people;
mod policies;
mod profile;
mod story;

use std::collections::BTreeSet;

pub use nights::on_night;
use profile::Profile;

use super::hash::mix;
use super::world::{
    Account, AccountState, Actions, Caller, DEFAULT_ROLE_NAME, Denial, OptStatus, Organization,
    OrganizationalUnit, PageSizes, RegionState, Role, World,
};
use atrest_core::clock::Timestamp;
use atrest_core::{AccountId, Partition, Region};

/// The seed and the sizes of a generated organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// Another seed, other ids, names and dates; the kinds stay where they are.
    pub seed: u64,
    /// Accounts of every state; 12 and more have every kind of trouble.
    pub accounts: usize,
    /// Buckets in the accounts that can be read.
    pub buckets: usize,
    /// Customer managed keys in the accounts that can be read, replicas apart.
    pub keys: usize,
    /// Regions that every account has.
    pub regions: usize,
}

impl Default for Shape {
    fn default() -> Self {
        Self { seed: 0, accounts: 12, buckets: 300, keys: 120, regions: 3 }
    }
}

/// The first Regions, in this order; the rest of the partition's default ones follow.
const FIRST_REGIONS: [&str; 3] = ["eu-west-1", "us-east-1", "eu-central-1"];

/// A Region that no account has opted into.
const DISABLED_REGION: &str = "af-south-1";

/// Milliseconds in a day.
const DAY: i64 = 86_400_000;

/// The account whose keys others share.
const HUB: usize = 2;

/// What an account weighs that is none of the first twelve.
const LATER_WEIGHT: usize = 4;

/// The account of the acquired company.
const ACQUIRED: usize = 3;

/// Days since the acquired company's account joined, and half a day more.
const ACQUIRED_DAYS: i64 = 15;

impl Shape {
    fn partition() -> Partition {
        "aws".parse().expect("a partition")
    }

    /// The Regions of every account.
    pub fn region_names(&self) -> Vec<Region> {
        let first = FIRST_REGIONS.iter().map(|name| name.parse().expect("a Region's name"));
        let mut regions: Vec<Region> = first.collect();
        for region in Self::partition().default_regions() {
            if !regions.contains(&region) {
                regions.push(region);
            }
        }
        regions.truncate(self.regions.max(1));
        regions
    }

    /// The id of the account at an index: scattered, and never the same twice.
    pub fn account_id(&self, index: usize) -> AccountId {
        // The step has no factor in common with the span, so the ids do not repeat within it.
        const SPAN: u64 = 900_000_000_000;
        const STEP: u64 = 7_919_000_003;
        let offset = mix(self.seed, &["accounts"]) % SPAN;
        let scattered = (u128::from(STEP) * index as u128 + u128::from(offset)) % u128::from(SPAN);
        format!("{:012}", scattered + 100_000_000_000).parse().expect("twelve digits")
    }

    fn trouble(index: usize) -> Trouble {
        match index {
            8 => Trouble::Closing,
            9 => Trouble::JoinedRecently,
            10 => Trouble::RoleNotAssumable,
            11 => Trouble::Suspended,
            _ if index > 11 && index % 97 == 50 => Trouble::RoleNotAssumable,
            _ => Trouble::None,
        }
    }

    /// How many of the accounts from the thirteenth on, up to the first `count`, can be read.
    fn readable_later(count: usize) -> usize {
        let unreadable = if count > 50 { (count - 51) / 97 + 1 } else { 0 };
        count.saturating_sub(12) - unreadable
    }

    /// The weight of the first `count` accounts together: the first twelve have their profile's, all
    /// later ones the same, so that an account's portion is known without looking at the others.
    fn weight(count: usize, of: fn(&Profile) -> usize) -> usize {
        let readable = |index: &usize| Self::trouble(*index) == Trouble::None;
        let first: usize = (0..count.min(12)).filter(readable).map(|index| of(profile::of(index))).sum();
        first + LATER_WEIGHT * Self::readable_later(count)
    }

    /// How many of `total` things an account has.
    fn portion(&self, total: usize, index: usize, of: fn(&Profile) -> usize) -> usize {
        if Self::trouble(index) != Trouble::None {
            // A few that no scan sees, for others to refer to.
            return 3;
        }
        let (before, with) = (Self::weight(index, of), Self::weight(index + 1, of));
        let all = Self::weight(self.accounts, of).max(1);
        total * with / all - total * before / all
    }
}

/// What is wrong with a whole account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    None,
    Closing,
    JoinedRecently,
    RoleNotAssumable,
    Suspended,
}

/// One account on its way into being.
#[derive(Debug, Clone, Copy)]
struct Site<'a> {
    shape: &'a Shape,
    /// The shape's Regions, made once an account.
    regions: &'a [Region],
    index: usize,
    id: AccountId,
    now: Timestamp,
}

impl<'a> Site<'a> {
    fn at(shape: &'a Shape, regions: &'a [Region], index: usize, now: Timestamp) -> Self {
        Self { shape, regions, index, id: shape.account_id(index), now }
    }

    /// Another account of the same organization.
    fn elsewhere(&self, index: usize) -> Self {
        Self::at(self.shape, self.regions, index, self.now)
    }

    /// What the account is like.
    fn profile(&self) -> &'static Profile {
        profile::of(self.index)
    }

    fn name(&self) -> String {
        people::name_and_unit(self.index).0
    }

    /// The account whose keys others share; in the smallest organizations the last one.
    fn hub(&self) -> usize {
        HUB.min(self.shape.accounts.max(1) - 1)
    }

    /// A number for some words, different in every account.
    fn number(&self, words: &[&str]) -> u64 {
        let index = self.index.to_string();
        let all: Vec<&str> = [index.as_str()].into_iter().chain(words.iter().copied()).collect();
        mix(self.shape.seed, &all)
    }

    /// An instant between `least` and `most` days ago.
    fn days_ago(&self, words: &[&str], least: u64, most: u64) -> Timestamp {
        let days = least + self.number(words) % (most - least + 1);
        let seconds = self.number(&[words, &["second"]].concat()) % 86_400;
        let back = i64::try_from(days * 86_400 + seconds).unwrap_or(0) * 1000;
        self.now.whole_seconds().plus_millis(-back)
    }
}

/// The whole organization.
pub fn world(shape: &Shape, now: Timestamp) -> World {
    let mut world = frame(shape, now);
    world.accounts = (0..shape.accounts.max(1))
        .map(|index| account(shape, index, now))
        .map(|account| (account.id, account))
        .collect();
    world
}

/// The organization without its accounts.
pub fn frame(shape: &Shape, now: Timestamp) -> World {
    let management = shape.account_id(0);
    let partition = Shape::partition();
    World {
        caller: Caller {
            account: management,
            arn: format!("arn:{partition}:iam::{management}:user/atrest"),
            actions: Actions::All,
        },
        partition,
        organization: Organization {
            id: organization_id(shape),
            root: root(shape),
            management_account: management,
            delegated_administrators: BTreeSet::new(),
            units: people::UNITS
                .iter()
                .map(|unit| OrganizationalUnit {
                    id: unit_id(shape, unit.name),
                    name: unit.name.to_owned(),
                    parent: unit.parent.map_or_else(|| root(shape), |parent| unit_id(shape, parent)),
                })
                .collect(),
            in_use: true,
            sends_status: true,
            sends_paths: true,
        },
        accounts: std::collections::BTreeMap::new(),
        role_name: DEFAULT_ROLE_NAME.to_owned(),
        pages: PageSizes { empty_first_accounts_page: true, ..PageSizes::default() },
        made_at: now,
    }
}

fn organization_id(shape: &Shape) -> String {
    format!("o-{}", letters(mix(shape.seed, &["organization"]), 10))
}

fn root(shape: &Shape) -> String {
    format!("r-{}", letters(mix(shape.seed, &["root"]), 4))
}

fn unit_id(shape: &Shape, name: &str) -> String {
    let root = root(shape);
    format!("ou-{}-{}", root.trim_start_matches("r-"), letters(mix(shape.seed, &["unit", name]), 8))
}

fn letters(mut number: u64, length: usize) -> String {
    const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut text = String::with_capacity(length);
    for _ in 0..length {
        text.push(char::from(ALPHABET[(number % 36) as usize]));
        number /= 36;
    }
    text
}

/// The account at an index, whole.
pub fn account(shape: &Shape, index: usize, now: Timestamp) -> Account {
    let region_names = shape.region_names();
    let site = Site::at(shape, &region_names, index, now);
    let (name, unit) = people::name_and_unit(index);
    let trouble = Shape::trouble(index);
    let joined_at = match trouble {
        Trouble::JoinedRecently => now.whole_seconds().plus_millis(-2 * 3_600_000),
        _ if index == ACQUIRED => now.whole_seconds().plus_millis(-ACQUIRED_DAYS * DAY - DAY / 2),
        _ => site.days_ago(&["joined"], 200, 2000),
    };
    let mut account = Account {
        id: site.id,
        email: format!("aws+{name}@example.com"),
        parent: unit.map_or_else(|| root(shape), |unit| unit_id(shape, unit)),
        state: match trouble {
            Trouble::Closing => AccountState::PendingClosure,
            Trouble::Suspended => AccountState::Suspended,
            _ => AccountState::Active,
        },
        name,
        joined_at,
        regions: regions(&region_names),
        buckets: std::collections::BTreeMap::new(),
        roles: roles(index, trouble),
        denials: denials(&region_names, index),
    };
    keys::fill(&site, &mut account);
    buckets::fill(&site, &mut account);
    account
}

fn regions(names: &[Region]) -> std::collections::BTreeMap<Region, RegionState> {
    let enabled = names.iter().cloned().map(|name| (name, OptStatus::EnabledByDefault));
    let disabled = (DISABLED_REGION.parse().expect("a Region's name"), OptStatus::Disabled);
    enabled.chain([disabled]).map(|(name, status)| (name, RegionState::new(status))).collect()
}

fn roles(index: usize, trouble: Trouble) -> std::collections::BTreeMap<String, Role> {
    let role = match (index, trouble) {
        // Service-managed StackSets do not deploy to the management account (StackSets user guide).
        (0, _) | (_, Trouble::JoinedRecently) => None,
        (_, Trouble::RoleNotAssumable) => Some(Role { trusts_callers: false, ..Role::default() }),
        _ => Some(Role::default()),
    };
    role.map(|role| (DEFAULT_ROLE_NAME.to_owned(), role)).into_iter().collect()
}

/// One account, and later one in fifty, has its last Region closed in the way of Control Tower.
fn denials(names: &[Region], index: usize) -> Vec<Denial> {
    let closed = names.len() > 1 && (index == 6 || (index > 11 && index % 50 == 6));
    names.last().filter(|_| closed).map(|last| Denial::of_region(last.clone())).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::now;

    #[test]
    fn an_account_is_the_same_alone_and_in_the_world() {
        let shape = Shape { seed: 42, ..Shape::default() };
        let whole = world(&shape, now());
        for index in 0..shape.accounts {
            let alone = serde_json::to_string(&account(&shape, index, now())).unwrap();
            let inside = serde_json::to_string(&whole.accounts[&shape.account_id(index)]).unwrap();
            assert_eq!(alone, inside);
        }
        assert_eq!(whole.to_json(), world(&shape, now()).to_json());
        assert_ne!(whole.to_json(), world(&Shape { seed: 43, ..shape }, now()).to_json());
    }

    #[test]
    fn sizes_are_kept() {
        for (accounts, buckets, keys) in [(12, 300, 120), (1, 10, 5), (300, 1000, 900), (3, 0, 0)] {
            let shape = Shape { accounts, buckets, keys, ..Shape::default() };
            let world = world(&shape, now());
            assert_eq!(world.accounts.len(), accounts);
            let readable = world.accounts.values().filter(|account| {
                let role = account.roles.get(DEFAULT_ROLE_NAME);
                account.id == world.caller.account
                    || account.state == AccountState::Active && role.is_some_and(|role| role.trusts_callers)
            });
            let found: usize = readable.map(|account| account.buckets.len()).sum();
            assert_eq!(found, buckets, "{accounts}");
        }
    }

    #[test]
    fn bucket_names_are_unique_and_lawful() {
        let world = world(&Shape { accounts: 300, buckets: 3000, ..Shape::default() }, now());
        let mut seen = BTreeSet::new();
        for name in world.accounts.values().flat_map(|account| account.buckets.keys()) {
            assert!(seen.insert(name.clone()), "{name}");
            let lawful = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'.';
            assert!((3..=63).contains(&name.len()) && name.bytes().all(lawful), "{name}");
        }
    }

    #[test]
    fn every_kind_is_in_the_default_world() {
        let world = world(&Shape::default(), now());
        let keys: Vec<_> = world
            .accounts
            .values()
            .flat_map(|account| account.regions.values())
            .flat_map(|region| region.keys.values())
            .collect();
        let any = |test: fn(&crate::world::Key) -> bool| assert!(keys.iter().any(|key| test(key)));
        for origin in ["AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE"] {
            assert!(keys.iter().any(|key| key.origin == origin), "{origin}");
        }
        for state in ["Enabled", "Disabled", "PendingDeletion", "PendingImport", "Unavailable"] {
            assert!(keys.iter().any(|key| key.state == state), "{state}");
        }
        for days in [90, 180, 365, 2560] {
            assert!(keys.iter().any(|key| key.rotation.period_days == Some(days)), "{days}");
        }
        any(|key| key.manager == "AWS");
        any(|key| !key.admits_account);
        any(|key| key.multi_region.is_some() && !key.is_primary());
        any(|key| key.rotation.on_demand_started_at.is_some());
        any(|key| key.history.iter().any(|rotation| rotation.kind == "ON_DEMAND"));
        let buckets: Vec<_> = world.accounts.values().flat_map(|account| account.buckets.values()).collect();
        assert!(buckets.iter().any(|bucket| bucket.vanished));
        assert!(buckets.iter().any(|bucket| !bucket.denied_actions.is_empty()));
        assert!(buckets.iter().any(|bucket| bucket.encryption.is_none()));
        assert!(buckets.iter().any(|bucket| bucket.policy.is_none()));
        for algorithm in ["AES256", "aws:kms", "aws:kms:dsse", "aws:future"] {
            let uses = |bucket: &&crate::world::Bucket| {
                let rules = bucket.encryption.iter().flat_map(|encryption| &encryption.rules);
                rules.flat_map(|rule| &rule.default).any(|default| default.algorithm == algorithm)
            };
            assert!(buckets.iter().any(uses), "{algorithm}");
        }
    }
}
