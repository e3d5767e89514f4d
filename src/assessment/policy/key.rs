//! The question that is asked of a key's policy: whom may it let in.

use std::collections::{BTreeMap, BTreeSet};

use super::budget::Budget;
use super::candidate::{Candidate, Named, accounts_of, organizations_of};
use super::condition::some_of;
use super::cover::{Class, Known, Passed, passing_known};
use super::glob::{Glob, samples};
use super::kleene::Kleene;
use super::parse::{Effect, Policy, Statement};
use super::principal::{Caller, Principal, callers};
use super::refusal::doubts;
use super::values::Domain;
use crate::model::AccountId;

/// Whom a key's policy may let in, for any operation of KMS; each with the statement that does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Admitted {
    /// A caller of an account and organization that the policy does not name.
    pub anyone: Option<String>,
    /// The accounts that are let in by name, the key's own too.
    pub accounts: BTreeMap<AccountId, String>,
    /// The accounts that are let in by name, and only as members of an organization (`o-…`): where an
    /// account does not belong to it, the policy keeps the account out.
    pub members: BTreeMap<(AccountId, String), String>,
    /// The organizations (`o-…`) that are let in as a whole.
    pub organizations: BTreeMap<String, String>,
    /// There may be others: what decides is not in the policy.
    pub undecided: Option<String>,
}

/// Whom a key's policy may let in. Services act only for the accounts and organizations
/// that a statement names as their source.
pub fn admitted(policy: &Policy, key_arn: &str) -> Admitted {
    let globs: Vec<&Glob> = policy.statements.iter().flat_map(|it| &it.actions.entries).collect();
    let budget = Budget::of_question();
    let too_many = |what: &str| {
        let undecided = Some(format!("its {what} have more combinations than are weighed"));
        Admitted { undecided, ..Admitted::default() }
    };
    let Ok(actions) = samples(&globs, "kms:", &budget) else { return too_many("actions") };
    let principals = policy.statements.iter().map(|it| &it.principals);
    let Ok(callers) = callers(principals) else { return too_many("principals") };
    let denies = policy.with(Effect::Deny);
    let door = Door {
        excepted: Naming::all_excepted(&denies),
        denies,
        services: services_among(&callers),
        callers: by_account(callers),
        named: Named::of(policy, key_arn),
        actions,
        key_arn,
        budget,
    };
    let mut admitted = Admitted::default();
    // Whom the policy does not name comes first: should the budget not last, the widest is known.
    for allow in policy.with(Effect::Allow) {
        door.outsiders(allow, &mut admitted);
    }
    for allow in policy.with(Effect::Allow) {
        door.let_in(allow, &mut admitted);
    }
    admitted
}

/// What every request to one key has to pass.
struct Door<'a> {
    denies: Vec<&'a Statement>,
    /// Whom a Deny excepts.
    excepted: Naming,
    services: BTreeSet<Caller>,
    /// The others, by their account.
    callers: BTreeMap<AccountId, BTreeSet<Caller>>,
    named: Named<'a>,
    actions: Vec<String>,
    key_arn: &'a str,
    budget: Budget,
}

impl Door<'_> {
    fn let_in(&self, allow: &Statement, admitted: &mut Admitted) {
        self.nameless(allow, admitted);
        let naming = Naming::of(allow, false, &|text| text);
        let known = [Known::default(), Known::default()];
        let question = Question { door: self, allow, naming: &naming, known: &known };
        for id in &self.named.accounts {
            let anyhow = question.named(&Candidate::Account(*id), admitted, |admitted, text| {
                admitted.accounts.entry(*id).or_insert(text);
            });
            for organization in self.named.organizations.iter().filter(|_| !anyhow) {
                let who = Candidate::Member(*id, organization.clone());
                question.named(&who, admitted, |admitted, text| {
                    admitted.members.entry((*id, organization.clone())).or_insert(text);
                });
            }
        }
        for id in &self.named.organizations {
            question.named(&Candidate::Organization(id.clone()), admitted, |admitted, text| {
                admitted.organizations.entry(id.clone()).or_insert(text);
            });
        }
    }

    fn note(
        &self,
        allow: &Statement,
        passed: Passed,
        admitted: &mut Admitted,
        record: impl FnOnce(&mut Admitted),
    ) {
        if passed.some {
            record(admitted);
        } else if passed.in_doubt {
            let statements: Vec<&Statement> =
                [allow].into_iter().chain(self.denies.iter().copied()).collect();
            admitted.undecided.get_or_insert_with(|| doubts(&statements));
        }
    }

    /// Those whom the policy does not name: anyone, or those whom a network or a user id lets in.
    fn outsiders(&self, allow: &Statement, admitted: &mut Admitted) {
        let unknown = || BTreeSet::from([Caller::default()]);
        let anyone = self.principals(allow, &Candidate::Outsider, unknown(), &Known::default());
        self.note(allow, anyone, admitted, |admitted| {
            admitted.anyone.get_or_insert_with(|| widest(allow));
        });
        if !anyone.some && self.principals(allow, &Candidate::Unnamed, unknown(), &Known::default()).some {
            admitted.undecided.get_or_insert_with(|| {
                // Where it has no condition, an exception of a Deny is what lets in.
                let denies = self.denies.iter().filter(|_| allow.tests.is_empty());
                let tests = [allow].into_iter().chain(denies.copied()).flat_map(|it| &it.tests);
                let by: Vec<String> = tests.map(ToString::to_string).collect();
                format!("{} lets in by {}, which names no account", allow.place, some_of(&by))
            });
        }
    }

    /// Principals that say nothing of their account.
    fn nameless(&self, allow: &Statement, admitted: &mut Admitted) {
        let nameless = |entry: &&Principal| match entry {
            Principal::Aws(_) | Principal::Federated(_) => entry.account().is_none(),
            Principal::CanonicalUser(_) => true,
            _ => false,
        };
        for entry in allow.principals.entries.iter().filter(nameless) {
            let caller = BTreeSet::from([Caller::by(entry)]);
            let passed = self.principals(allow, &Candidate::Unnamed, caller, &Known::default());
            if passed.some || passed.in_doubt {
                let text = || format!("{} lets in {entry}, whose account it does not say", allow.place);
                admitted.undecided.get_or_insert_with(text);
            }
        }
    }

    fn inside(&self, who: &Candidate) -> BTreeSet<Caller> {
        let Some(id) = who.account() else { return BTreeSet::from([Caller::default()]) };
        let named = self.callers.get(&id).into_iter().flatten();
        named.cloned().chain([Caller::of(id)]).collect()
    }

    fn principals(
        &self,
        allow: &Statement,
        who: &Candidate,
        callers: BTreeSet<Caller>,
        known: &Known,
    ) -> Passed {
        self.passing(allow, callers, &|key| self.named.of_principal(who, key), known)
    }

    fn services(&self, allow: &Statement, who: &Candidate, known: &Known) -> Passed {
        self.passing(allow, self.services.clone(), &|key| self.named.of_service(who, key), known)
    }

    fn passing(
        &self,
        allow: &Statement,
        callers: BTreeSet<Caller>,
        domain: &dyn Fn(&str) -> Domain,
        known: &Known,
    ) -> Passed {
        if self.budget.is_spent() {
            return Passed { in_doubt: true, ..Passed::default() };
        }
        if callers.iter().all(|caller| allow.names(caller) == Kleene::False) {
            return Passed { not_all: true, ..Passed::default() };
        }
        let resources = vec![self.key_arn.to_owned()];
        let (actions, budget) = (self.actions.clone(), &self.budget);
        let class = Class { callers, actions, resources, domain, budget };
        passing_known(Some(allow), &self.denies, &class, known)
    }
}

/// One Allow and whom it names.
struct Question<'a> {
    door: &'a Door<'a>,
    allow: &'a Statement,
    naming: &'a Naming,
    /// What was found of requests by principals, and by services.
    known: &'a [Known; 2],
}

impl Question<'_> {
    /// A caller whom a statement names, by itself or through a service that acts for it; whether it is
    /// let in for certain.
    fn named(
        &self,
        who: &Candidate,
        admitted: &mut Admitted,
        record: impl FnOnce(&mut Admitted, String),
    ) -> bool {
        let (door, allow) = (self.door, self.allow);
        let first = |of: fn(&Naming, &Candidate) -> Option<String>| {
            of(self.naming, who).or_else(|| of(&door.excepted, who))
        };
        let by_test = first(Naming::test_of);
        let Some(name) = first(Naming::entry_of).or_else(|| by_test.clone()) else { return false };
        let mut passed = door.principals(allow, who, door.inside(who), &self.known[0]);
        if by_test.is_some() {
            passed = passed.or(door.services(allow, who, &self.known[1]));
        }
        door.note(allow, passed, admitted, |it| record(it, format!("{}, by {name}", allow.place)));
        passed.some
    }
}

/// Whom statements name, each with the words for what names it first. Made once a statement: lists of hundreds are
/// common, and each that they name is weighed by itself.
#[derive(Debug, Default)]
struct Naming {
    entries: BTreeMap<AccountId, String>,
    accounts: BTreeMap<AccountId, String>,
    organizations: BTreeMap<String, String>,
}

impl Naming {
    /// Those of one statement: whom it names, or whom it excepts.
    fn of(statement: &Statement, excepted: bool, wording: &dyn Fn(String) -> String) -> Self {
        let mut naming = Self::default();
        if statement.principals.negated == excepted {
            for entry in &statement.principals.entries {
                if let Some(id) = entry.account() {
                    naming.entries.entry(id).or_insert_with(|| wording(format!("Principal {entry}")));
                }
            }
        }
        for test in statement.tests.iter().filter(|test| test.negated == excepted) {
            for id in accounts_of(test) {
                naming.accounts.entry(id).or_insert_with(|| wording(test.to_string()));
            }
            for id in organizations_of(test) {
                naming.organizations.entry(id).or_insert_with(|| wording(test.to_string()));
            }
        }
        naming
    }

    /// Those whom the Deny statements except.
    fn all_excepted(denies: &[&Statement]) -> Self {
        let mut all = Self::default();
        for deny in denies {
            let wording = |text: String| format!("the exception from {}, {text}", deny.place);
            let more = Self::of(deny, true, &wording);
            let Self { entries, accounts, organizations } = more;
            // What an earlier Deny says stays.
            all.entries = entries.into_iter().chain(all.entries).collect();
            all.accounts = accounts.into_iter().chain(all.accounts).collect();
            all.organizations = organizations.into_iter().chain(all.organizations).collect();
        }
        all
    }

    /// The principal that names a caller.
    fn entry_of(&self, who: &Candidate) -> Option<String> {
        self.entries.get(&who.account()?).cloned()
    }

    /// The test that names a caller.
    fn test_of(&self, who: &Candidate) -> Option<String> {
        match who {
            Candidate::Account(id) | Candidate::Member(id, _) => self.accounts.get(id).cloned(),
            Candidate::Organization(id) => self.organizations.get(id).cloned(),
            Candidate::Outsider | Candidate::Unnamed => None,
        }
    }
}

fn by_account(callers: BTreeSet<Caller>) -> BTreeMap<AccountId, BTreeSet<Caller>> {
    let mut all: BTreeMap<AccountId, BTreeSet<Caller>> = BTreeMap::new();
    for caller in callers {
        if let Some(id) = caller.account {
            all.entry(id).or_default().insert(caller);
        }
    }
    all
}

/// Those that may be services: no account, and no name of another kind.
fn services_among(callers: &BTreeSet<Caller>) -> BTreeSet<Caller> {
    let is_service = |caller: &&Caller| caller.names.iter().all(|it| matches!(it, Principal::Service(_)));
    callers.iter().filter(|it| it.account.is_none()).filter(is_service).cloned().collect()
}

/// How wide a statement is that lets in anyone.
fn widest(allow: &Statement) -> String {
    let named: Vec<String> = allow.principals.entries.iter().map(ToString::to_string).collect();
    let whom = if allow.principals.negated { "all but " } else { "Principal " };
    let tests: Vec<String> = allow.tests.iter().map(ToString::to_string).collect();
    let narrows = if tests.is_empty() {
        String::new()
    } else {
        format!(", and {} alone keeps out no account", some_of(&tests))
    };
    format!("{} lets in {whom}{}{narrows}", allow.place, some_of(&named))
}
