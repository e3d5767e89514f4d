//! Those who may ask a key for something, and what their requests can say of them.
//!
//! Of everybody whom a policy does not name, one stands for all: a principal of a fresh account and
//! organization, in a network of its own. What a caller can choose (tags, `kms:ViaService`, the
//! encryption context, its user name) is free for everyone.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::condition::Test;
use super::glob::{Glob, OfAccount, Syntax};
use super::index::accounts_in;
use super::network::Networks;
use super::operator::Value;
use super::parse::{Effect, Policy};
use super::request::{self, in_account};
use super::values::{Bounds, Domain, InAccounts};
use crate::model::{AccountId, Arn};

const ORGANIZATION_KEYS: [&str; 4] =
    ["aws:principalorgid", "aws:principalorgpaths", "aws:sourceorgid", "aws:sourceorgpaths"];

/// Characters of a unique id that no other principal can get.
const UNIQUE: usize = 16;

/// Whom one question is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Candidate {
    /// A caller whom the policy does not name, in a network that it does not name.
    Outsider,
    /// The same, by its account; in whatever network, with whatever user id.
    Unnamed,
    /// A caller in that account, in no organization that the policy names.
    Account(AccountId),
    /// A caller in that account, which belongs to that organization.
    Member(AccountId, String),
    /// A caller in that organization, in an account that the policy does not name.
    Organization(String),
}

impl Candidate {
    /// The account, where it is known.
    pub(super) const fn account(&self) -> Option<AccountId> {
        match self {
            Self::Account(id) | Self::Member(id, _) => Some(*id),
            Self::Outsider | Self::Unnamed | Self::Organization(_) => None,
        }
    }

    /// The organization, where it is known.
    fn organization(&self) -> Option<&String> {
        match self {
            Self::Organization(id) | Self::Member(_, id) => Some(id),
            Self::Outsider | Self::Unnamed | Self::Account(_) => None,
        }
    }
}

/// All that a policy names.
pub(super) struct Named<'a> {
    pub(super) accounts: BTreeSet<AccountId>,
    pub(super) organizations: BTreeSet<String>,
    policy: &'a Policy,
    key_account: Option<AccountId>,
    /// The accounts that the tests of a key name.
    tested: BTreeMap<&'a str, Tested>,
    /// What is named by the tests of a key that none is about.
    nothing: Tested,
    /// An account that the policy does not name.
    fresh: Option<AccountId>,
}

/// What the tests of a condition key name, and how.
#[derive(Debug)]
struct Tested {
    accounts: Rc<BTreeSet<AccountId>>,
    /// Those in patterns that take some accounts by their digits.
    in_part: BTreeSet<AccountId>,
    /// Whether no pattern takes accounts by their digits: all that are not named are then alike, and hundreds of them
    /// are weighed as one.
    takes_whole: bool,
    /// Whether each value is one text.
    is_texts: bool,
}

impl Default for Tested {
    fn default() -> Self {
        Self { accounts: Rc::default(), in_part: BTreeSet::new(), takes_whole: true, is_texts: true }
    }
}

impl Tested {
    fn add(&mut self, test: &Test) {
        Rc::make_mut(&mut self.accounts).extend(accounts_of(test));
        for glob in test.patterns() {
            if glob.account() == OfAccount::Some {
                self.takes_whole = false;
                self.in_part.extend(accounts_in(glob.text()));
            }
        }
        let is_text = |value: &Value| matches!(value, Value::Pattern(glob) if glob.is_one_text());
        self.is_texts &= test.is_null() || test.values.iter().all(is_text);
    }
}

impl<'a> Named<'a> {
    pub(super) fn of(policy: &'a Policy, key_arn: &str) -> Self {
        let key_account = Arn::parse(key_arn).and_then(|arn| arn.account.parse().ok());
        let mut accounts: BTreeSet<AccountId> = key_account.into_iter().collect();
        let (mut organizations, mut tested) = (BTreeSet::new(), BTreeMap::<&str, Tested>::new());
        for statement in &policy.statements {
            accounts.extend(statement.principals.entries.iter().filter_map(|entry| entry.account()));
            for test in &statement.tests {
                tested.entry(&test.key).or_default().add(test);
                organizations.extend(organizations_of(test));
            }
        }
        accounts.extend(tested.values().flat_map(|tested| tested.accounts.iter()));
        let fresh = unnamed(&accounts);
        Self { accounts, organizations, policy, key_account, tested, nothing: Tested::default(), fresh }
    }

    pub(super) fn tests(&self, key: &str) -> impl Iterator<Item = &'a Test> {
        let tests = self.policy.statements.iter().flat_map(|statement| &statement.tests);
        tests.filter(move |test| test.key == key)
    }

    pub(super) fn patterns(&self, key: &str, which: impl Fn(&Glob) -> bool) -> Bounds {
        let patterns = self.tests(key).flat_map(|test| test.patterns());
        let named = patterns.filter(|glob| which(glob)).map(|glob| glob.clone().ignoring_case());
        Bounds { unlike: named.collect(), ..Bounds::default() }
    }

    /// What a condition key of a request by an AWS principal may be.
    pub(super) fn of_principal(&self, who: &Candidate, key: &str) -> Domain {
        if let Some(decided) = request::of_principal(key) {
            return decided;
        }
        match key {
            "aws:principalaccount" | "kms:calleraccount" => self.account(who, key),
            "aws:principalarn" => self.arn(who, key),
            "aws:principalorgid" | "aws:principalorgpaths" => self.organization(who, key),
            _ => self.around(who, key),
        }
    }

    /// The same for a request that a service sends on a caller's behalf.
    pub(super) fn of_service(&self, who: &Candidate, key: &str) -> Domain {
        if let Some(decided) = request::of_service(key) {
            return decided;
        }
        match key {
            "aws:sourceaccount" | "aws:sourceowner" => self.account(who, key).or_absent(),
            _ => self.around(who, key),
        }
    }

    pub(super) fn account(&self, who: &Candidate, key: &str) -> Domain {
        let tested = self.tested(key);
        let of = |id: AccountId| Domain::always(&id.to_string());
        let by_number = |id: &AccountId| tested.accounts.contains(id) || !tested.is_texts;
        match who.account().filter(by_number).or(self.fresh.filter(|_| tested.is_texts)) {
            Some(id) => of(id),
            None => Domain::within(Bounds {
                like: vec![Glob::wild("????????????")],
                unlike: tested.accounts.iter().map(|id| Glob::plain(&id.to_string())).collect(),
                ..Bounds::default()
            }),
        }
    }

    fn arn(&self, who: &Candidate, key: &str) -> Domain {
        let tested = self.tested(key);
        let by_number = |id: &AccountId| tested.accounts.contains(id) || !tested.takes_whole;
        let nameless = self.fresh.filter(|_| tested.takes_whole);
        let mut bounds = match who.account().filter(by_number).or(nameless) {
            Some(id) => Bounds {
                like: vec![in_account(&id.to_string())],
                accounts: Some(InAccounts { id: Some(id), none_of: Rc::default() }),
                ..Bounds::default()
            },
            None => Bounds { like: vec![in_account("????????????")], ..self.arns_of_others(who, key) },
        };
        if !tested.takes_whole {
            bounds.unlike.push(with_colons());
        }
        Domain::within(bounds)
    }

    /// Nothing in the accounts of others. Those that the key's tests do not name need not be told: no value that stands
    /// for a kind of values has a number that no test has.
    pub(super) fn arns_of_others(&self, who: &Candidate, key: &str) -> Bounds {
        let tested = self.tested(key);
        let in_part = tested.in_part.iter().filter(|id| who.account() != Some(**id));
        Bounds {
            unlike: in_part.map(|id| in_account(&id.to_string()).ignoring_case()).collect(),
            accounts: Some(InAccounts { id: who.account(), none_of: tested.accounts.clone() }),
            ..Bounds::default()
        }
    }

    fn tested(&self, key: &str) -> &Tested {
        self.tested.get(key).unwrap_or(&self.nothing)
    }

    pub(super) fn organization(&self, who: &Candidate, key: &str) -> Domain {
        let paths = key.ends_with("paths");
        match who.organization() {
            Some(id) if paths => {
                Domain::within(Bounds { like: vec![Glob::wild(&format!("{id}/*"))], ..Bounds::default() })
            }
            Some(id) => Domain::always(id),
            None => {
                let of = |id: &String| if paths { Glob::wild(&format!("{id}/*")) } else { Glob::plain(id) };
                let unlike = self.organizations.iter().map(|id| of(id).ignoring_case()).collect();
                Domain::within(Bounds { unlike, ..Bounds::default() }).or_absent()
            }
        }
    }

    /// Keys that say where a request comes from, and for whom.
    pub(super) fn around(&self, who: &Candidate, key: &str) -> Domain {
        let outsider = *who == Candidate::Outsider;
        match key {
            "aws:sourceaccount" | "aws:sourceowner" if who.account().is_none() => {
                self.account(who, key).or_absent()
            }
            "aws:sourceorgid" | "aws:sourceorgpaths" => self.organization(who, key).or_absent(),
            "aws:sourcearn" => self.source_arn(who, key),
            "aws:sourcevpc" | "aws:sourcevpce" if outsider => {
                Domain::within(self.patterns(key, |glob| glob.literal().is_some())).or_absent()
            }
            "aws:vpceaccount" | "aws:vpceorgid" | "aws:vpceorgpaths" | "aws:sourcevpcarn" if outsider => {
                let names = |glob: &Glob| {
                    glob.literal().is_some()
                        || accounts_in(glob.text()).next().is_some()
                        || glob.fixed_start().contains('/')
                };
                Domain::within(self.patterns(key, names)).or_absent()
            }
            "aws:sourceip" if outsider => {
                Domain::within(Bounds { outside: self.networks(key), ..Bounds::default() }).or_absent()
            }
            "aws:userid" if outsider => {
                Domain::within(self.patterns(key, |glob| glob.fixed_start().len() >= UNIQUE))
            }
            // The management account of an organization that the policy does not name is not named either.
            "aws:principalorgmasteraccountid" if who.account().is_none() => {
                self.account(&Candidate::Unnamed, key).or_absent()
            }
            "aws:resourceaccount" => {
                self.key_account.map_or_else(|| Domain::free(key), |id| Domain::always(&id.to_string()))
            }
            _ => Domain::free(key),
        }
    }

    /// One source that names no account (a bucket's ARN) has an owner all the same. A pattern has none: anyone may
    /// give a bucket a name that matches.
    fn source_arn(&self, who: &Candidate, key: &str) -> Domain {
        let mut bounds = self.arns_of_others(who, key);
        if *who == Candidate::Outsider {
            let is_one = |glob: &Glob| {
                glob.literal().is_some() && Arn::parse(glob.text()).is_some_and(|arn| arn.account.is_empty())
            };
            bounds.unlike.extend(self.patterns(key, is_one).unlike);
        }
        Domain::within(bounds).or_absent()
    }

    /// Networks that say who is in them. Those that Allow statements let in count together.
    fn networks(&self, key: &str) -> Networks {
        let (mut let_in, mut others) = (Vec::new(), Vec::new());
        for statement in &self.policy.statements {
            for test in statement.tests.iter().filter(|test| test.key == key) {
                let (named, rest) = (test.networks().narrow(), test.networks().others().narrow());
                let (matching, not_matching) = if test.negated { (rest, named) } else { (named, rest) };
                match statement.effect {
                    Effect::Allow => let_in.extend(matching.iter()),
                    Effect::Deny => others.extend(matching.iter()),
                }
                others.extend(not_matching.iter());
            }
        }
        Networks::of(others.into_iter().chain(Networks::of(let_in).narrow().iter()))
    }
}

/// An ARN whose resource has a colon, as of no identity: the star of `StringLike` takes colons too, and finds none.
pub(super) fn with_colons() -> Glob {
    Glob::new("arn:*:*:*:*:*:*", Syntax::Arn, false)
}

/// The first account of a row that is not among them.
fn unnamed(accounts: &BTreeSet<AccountId>) -> Option<AccountId> {
    let mut row = (400_000_000_000_u64..).map_while(|number| number.to_string().parse().ok());
    row.find(|id| !accounts.contains(id))
}

/// The accounts in a test's values: twelve digits on their own, or in an ARN, and as a number.
pub(super) fn accounts_of(test: &Test) -> BTreeSet<AccountId> {
    let as_text = test.patterns().flat_map(|glob| accounts_in(glob.text()));
    as_text.chain(test.numbers().filter_map(|number| format!("{number:012}").parse().ok())).collect()
}

/// The organizations that a test of an organization key names; their ids are in lower case.
pub(super) fn organizations_of(test: &Test) -> BTreeSet<String> {
    let known = ORGANIZATION_KEYS.contains(&test.key.as_str());
    let patterns = test.patterns().filter(|_| known);
    let starts = patterns.map(|glob| (glob.fixed_start(), glob.literal().is_some()));
    let whole = starts.filter_map(|(start, literal)| match start.split_once('/') {
        Some((id, _)) => Some(id.to_ascii_lowercase()),
        None => literal.then(|| start.to_ascii_lowercase()),
    });
    whole.filter(|id| !id.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(key: &str, value: &str) -> Test {
        Test::new("StringLike", key, vec![value.to_owned()], true)
    }

    #[test]
    fn accounts_are_twelve_digits_on_their_own() {
        let of =
            |value: &str| accounts_of(&test("aws:PrincipalArn", value)).into_iter().map(|id| id.to_string());
        assert!(of("arn:aws:iam::444455556666:role/777788889999-x").eq(["444455556666", "777788889999"]));
        assert!(of("4444555566667").chain(of("4444*")).next().is_none());
    }

    #[test]
    fn organizations_are_read_from_their_own_keys() {
        let of = |key: &str, value: &str| Vec::from_iter(organizations_of(&test(key, value)));
        assert_eq!(of("aws:PrincipalOrgID", "o-ABCDEFGHIJ"), ["o-abcdefghij"]);
        assert_eq!(of("aws:PrincipalOrgPaths", "o-abcdefghij/r-ab12/*"), ["o-abcdefghij"]);
        assert!(
            of("aws:PrincipalOrgID", "o-abc*").is_empty() && of("aws:PrincipalTag/x", "o-abc").is_empty()
        );
    }
}
