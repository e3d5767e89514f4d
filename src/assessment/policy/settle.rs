//! What is known of every request to one resource at one instant, put into its policy.
//!
//! A policy may ask for things that are the same in all requests to a resource: its account, its
//! Region, its organization, and the time. Their tests are decided once, before any question is
//! asked: a test that holds goes, and a statement with a test that does not hold goes as a whole. So
//! every question is asked of a policy that has no such test left. Policy variables of the same
//! values are replaced; every other variable stays, and leaves open what depends on it.
//!
//! S3 and KMS send `aws:ResourceAccount`, `aws:ResourceOrgID`, `aws:ResourceOrgPaths` and
//! `aws:RequestedRegion` in every request to a bucket or a key (IAM User Guide, "AWS global condition
//! context keys"), S3 sends `s3:ResourceAccount`, and KMS sends what `DescribeKey` tells of a key (AWS KMS
//! Developer Guide, "AWS KMS condition keys"; Service Authorization Reference, "AWS Key Management Service").

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::condition::Test;
use super::glob::{Glob, Syntax};
use super::kleene::Kleene;
use super::parse::{Policy, Statement};
use crate::clock::Timestamp;
use crate::model::{AccountId, KeyMetadata, KeyObservation, Membership, Organization, Region};

/// The keys that hold the time of the request.
const TIME: [&str; 2] = ["aws:currenttime", "aws:epochtime"];

/// The keys that hold the same for every request to a resource.
const PLACE: [&str; 10] = [
    "aws:resourceaccount",
    "aws:requestedregion",
    "aws:resourceorgid",
    "aws:resourceorgpaths",
    "s3:resourceaccount",
    "kms:keyspec",
    "kms:keyusage",
    "kms:keyorigin",
    "kms:multiregion",
    "kms:multiregionkeytype",
];

/// A key of requests about grants alone, and those requests (AWS KMS Developer Guide, "AWS KMS condition keys").
const OF_GRANTS: &str = "kms:grantisforawsresource";
const GRANTS: [&str; 3] = ["kms:creategrant", "kms:listgrants", "kms:revokegrant"];

/// The keys of who belongs to an organization.
const MANAGEMENT_ACCOUNT: &str = "aws:principalorgmasteraccountid";
const ORGANIZATION: &str = "aws:principalorgid";

/// Later instants of one policy that are looked at.
const LATER: usize = 8;

/// What a policy is of.
#[derive(Debug, Clone, Copy)]
pub enum Resource<'a> {
    /// A bucket.
    Bucket,
    /// A key, with what `DescribeKey` told of it.
    Key(Option<&'a KeyMetadata>),
}

/// What is known of every request to a resource.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// The resource.
    pub resource: Resource<'a>,
    /// The account that owns the resource.
    pub account_id: AccountId,
    /// The resource's Region, where it is known.
    pub region: Option<&'a str>,
    /// Where the account is in its organization.
    pub membership: Membership<'a>,
    /// The instant that the policy is judged at.
    pub as_of: Timestamp,
}

impl<'a> Setting<'a> {
    /// A bucket's, where its account belongs to an organization.
    pub fn of_bucket(
        account_id: AccountId,
        region: Option<&'a Region>,
        organization: &'a Organization,
        as_of: Timestamp,
    ) -> Self {
        Self {
            resource: Resource::Bucket,
            account_id,
            region: region.map(Region::as_str),
            membership: organization.membership_of(account_id),
            as_of,
        }
    }

    /// A key's, where its account belongs to an organization.
    pub fn of_key(
        account_id: AccountId,
        key: &'a KeyObservation,
        organization: &'a Organization,
        as_of: Timestamp,
    ) -> Self {
        Self {
            resource: Resource::Key(key.describe.reading.known()),
            account_id,
            region: Some(key.region.as_str()),
            membership: organization.membership_of(account_id),
            as_of,
        }
    }

    /// What a key, in any case, holds for the resource; none where that is not known.
    fn of_place(&self, key: &str) -> Option<String> {
        let key = key.to_ascii_lowercase();
        let known = match (key.as_str(), self.resource) {
            ("aws:resourceaccount", _) | ("s3:resourceaccount", Resource::Bucket) => {
                return Some(self.account_id.to_string());
            }
            ("aws:requestedregion", _) => self.region,
            ("aws:resourceorgid", _) => self.membership.org_id,
            ("aws:resourceorgpaths", _) => self.membership.path,
            (key, Resource::Key(Some(metadata))) => of_key(metadata, key),
            _ => None,
        };
        known.map(str::to_owned)
    }
}

/// What a condition key holds of a KMS key.
fn of_key<'a>(metadata: &'a KeyMetadata, key: &str) -> Option<&'a str> {
    match key {
        "kms:keyspec" => metadata.spec.as_deref(),
        "kms:keyusage" => metadata.usage.as_deref(),
        "kms:keyorigin" => metadata.origin.as_deref(),
        "kms:multiregion" => Some(if metadata.multi_region.is_some() { "true" } else { "false" }),
        "kms:multiregionkeytype" => metadata.multi_region.as_ref()?.key_type.as_deref(),
        _ => None,
    }
}

/// What a key holds at an instant.
fn of_time(key: &str, at: Timestamp) -> Option<String> {
    match key {
        "aws:currenttime" => Some(at.whole_seconds().to_string()),
        "aws:epochtime" => Some(at.millis().div_euclid(1000).to_string()),
        _ => None,
    }
}

impl Policy {
    /// The policy as it holds for a resource at an instant.
    pub fn settled(&self, setting: &Setting<'_>) -> Cow<'_, Self> {
        let placed = match self.statements.iter().any(hangs_on_place) {
            true => Cow::Owned(self.decided(&|statement, test| placed(statement, test, setting), &|text| {
                replaced(text, setting)
            })),
            false => Cow::Borrowed(self),
        };
        if !placed.statements.iter().any(hangs_on_time) {
            return placed;
        }
        let mut timed = placed.at(setting.as_of);
        timed.untimed = Some(Box::new(placed.into_owned()));
        Cow::Owned(timed)
    }

    /// The policy as it will hold after each later instant that it names, the first few of them. Only
    /// of a settled policy.
    pub fn later(&self, than: Timestamp) -> Vec<(Timestamp, Self)> {
        let Some(untimed) = &self.untimed else { return Vec::new() };
        let tests = untimed.statements.iter().flat_map(|statement| &statement.tests);
        let dates = tests.filter(|test| TIME.contains(&test.key.as_str())).flat_map(Test::instants);
        let later: BTreeSet<Timestamp> = dates.filter(|date| *date > than).collect();
        // A second on, so that "after" and "not before" are both so.
        later.into_iter().take(LATER).map(|at| (at, untimed.at(at.plus_millis(1000)))).collect()
    }

    fn at(&self, at: Timestamp) -> Self {
        let known = |_: &Statement, test: &Test| match of_time(&test.key, at) {
            Some(value) => settle(test, Some(&value)),
            None => Settled::Open(test.clone()),
        };
        self.decided(&known, &|_| None)
    }

    /// The statements whose tests may all hold, with the tests that are left.
    fn decided(
        &self,
        weigh: &dyn Fn(&Statement, &Test) -> Settled,
        replace: &dyn Fn(&str) -> Option<String>,
    ) -> Self {
        let decide = |statement: &Statement| {
            let mut tests = Vec::new();
            for test in &statement.tests {
                match weigh(statement, test) {
                    Settled::Never => return None,
                    Settled::Always => {}
                    Settled::Open(test) => tests.push(test),
                }
            }
            let mut resources = statement.resources.clone();
            for glob in resources.entries.iter_mut().filter(|glob| glob.variable().is_some()) {
                if let Some(text) = replace(glob.text()) {
                    *glob = Glob::new(&text, Syntax::Wild, true);
                }
            }
            let Statement { place, effect, principals, actions, .. } = statement.clone();
            Some(Statement { place, effect, principals, actions, resources, tests })
        };
        let statements = self.statements.iter().filter_map(decide).collect();
        Self { statements, untimed: None, ignored: self.ignored.clone() }
    }
}

/// What a test comes to.
enum Settled {
    Always,
    Never,
    Open(Test),
}

fn hangs_on_place(statement: &Statement) -> bool {
    let mut keys = statement.tests.iter().map(|test| test.key.as_str());
    keys.any(|key| PLACE.contains(&key) || [OF_GRANTS, MANAGEMENT_ACCOUNT].contains(&key))
        || statement.tests.iter().any(|test| test.patterns().any(|glob| glob.variable().is_some()))
        || statement.resources.entries.iter().any(|glob| glob.variable().is_some())
}

fn hangs_on_time(statement: &Statement) -> bool {
    statement.tests.iter().any(|test| TIME.contains(&test.key.as_str()))
}

fn placed(statement: &Statement, test: &Test, setting: &Setting<'_>) -> Settled {
    if test.key == OF_GRANTS && !GRANTS.iter().any(|it| statement.is_of_action(it) != Kleene::False) {
        return settle(test, None);
    }
    let test = test.with_texts(&|text| replaced(text, setting)).unwrap_or_else(|| test.clone());
    let test = of_organization(&test, setting).unwrap_or(test);
    match setting.of_place(&test.key) {
        Some(value) => settle(&test, Some(&value)),
        None => Settled::Open(test),
    }
}

/// A test of the management account of the organization, as one of the organization: each has one.
fn of_organization(test: &Test, setting: &Setting<'_>) -> Option<Test> {
    let Membership { org_id, management_account_id, .. } = setting.membership;
    let (id, account) = (org_id?, management_account_id?.to_string());
    let same = |text: &str| if text == account { id.to_owned() } else { text.to_owned() };
    if test.key == MANAGEMENT_ACCOUNT { test.of_key(ORGANIZATION, &same) } else { None }
}

/// What a test comes to where its key holds that value, or is absent.
fn settle(test: &Test, value: Option<&str>) -> Settled {
    let given = value.map(|value| [value.to_owned()]);
    match test.weigh(given.as_ref().map(<[String; 1]>::as_slice)) {
        Kleene::True => Settled::Always,
        Kleene::False => Settled::Never,
        Kleene::Unknown => {
            Settled::Open(value.and_then(|value| test.turned(value)).unwrap_or_else(|| test.clone()))
        }
    }
}

/// The text with each policy variable that is known for its value; none where there is none.
fn replaced(text: &str, setting: &Setting<'_>) -> Option<String> {
    let (mut whole, mut rest, mut any) = (String::new(), text, false);
    while let Some(next) = rest.chars().next() {
        if let Some((name, after)) = super::glob::variable(rest) {
            // A default value, after a comma, is for a key that is absent.
            let key = name.split_once(',').map_or(name, |(key, _)| key).trim();
            match setting.of_place(key) {
                Some(value) => {
                    whole.push_str(&value);
                    any = true;
                }
                None => whole.push_str(&rest[..rest.len() - after.len()]),
            }
            rest = after;
            continue;
        }
        whole.push(next);
        rest = &rest[next.len_utf8()..];
    }
    any.then_some(whole)
}
