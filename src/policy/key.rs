//! The question that is asked of a key's policy: whom may it let in.

use std::collections::{BTreeMap, BTreeSet};

use super::budget::Budget;
use super::candidate::{Candidate, Named};
use super::condition::some_of;
use super::cover::{Class, Passed, passing};
use super::glob::{Glob, samples};
use super::parse::{Effect, Policy, Statement};
use super::principal::{Caller, Principal, callers};
use super::refusal::doubts;
use super::values::Domain;
use crate::model::AccountId;

/// Whom a key's policy may let in, for any operation of KMS; each with the statement that does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Admitted {
    /// Somebody of an account and organization that the policy does not name.
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

/// Whom a key's policy may let in. Services come in for nobody but the accounts and organizations
/// that a statement names as their source.
pub fn admitted(policy: &Policy, key_arn: &str) -> Admitted {
    let globs: Vec<&Glob> = policy.statements.iter().flat_map(|it| &it.actions.entries).collect();
    let budget = Budget::of_question();
    let too_many = |what: &str| {
        let undecided = Some(format!("its {what} have more combinations than are weighed"));
        Admitted { undecided, ..Admitted::default() }
    };
    let Ok(actions) = samples(&globs, "kms:", &budget) else { return too_many("actions") };
    let principals = policy.statements.iter().flat_map(|it| &it.principals.entries);
    let Ok(callers) = callers(principals) else { return too_many("principals") };
    let door = Door {
        denies: policy.with(Effect::Deny),
        callers,
        named: Named::of(policy, key_arn),
        actions,
        key_arn,
        budget,
    };
    let mut admitted = Admitted::default();
    for allow in policy.with(Effect::Allow) {
        door.let_in(allow, &mut admitted);
    }
    admitted
}

/// What every request to one key has to pass.
struct Door<'a> {
    denies: Vec<&'a Statement>,
    callers: BTreeSet<Caller>,
    named: Named<'a>,
    actions: Vec<String>,
    key_arn: &'a str,
    budget: Budget,
}

impl Door<'_> {
    fn let_in(&self, allow: &Statement, admitted: &mut Admitted) {
        self.outsiders(allow, admitted);
        self.nameless(allow, admitted);
        for id in &self.named.accounts {
            let anyhow = self.named(allow, &Candidate::Account(*id), admitted, |admitted, text| {
                admitted.accounts.entry(*id).or_insert(text);
            });
            for organization in self.named.organizations.iter().filter(|_| !anyhow) {
                let who = Candidate::Member(*id, organization.clone());
                self.named(allow, &who, admitted, |admitted, text| {
                    admitted.members.entry((*id, organization.clone())).or_insert(text);
                });
            }
        }
        for id in &self.named.organizations {
            self.named(allow, &Candidate::Organization(id.clone()), admitted, |admitted, text| {
                admitted.organizations.entry(id.clone()).or_insert(text);
            });
        }
    }

    /// Somebody whom a statement names, by itself or through a service that acts for it; whether it is
    /// let in for certain.
    fn named(
        &self,
        allow: &Statement,
        who: &Candidate,
        admitted: &mut Admitted,
        record: impl FnOnce(&mut Admitted, String),
    ) -> bool {
        if self.budget.take(self.naming(allow)).is_err() {
            let in_doubt = Passed { in_doubt: true, ..Passed::default() };
            self.note(allow, in_doubt, admitted, |_| {});
            return false;
        }
        let by_test = self.test_of(allow, who);
        let Some(name) = self.entry_of(allow, who).or_else(|| by_test.clone()) else { return false };
        let mut passed = self.principals(allow, who, self.inside(who));
        if by_test.is_some() {
            passed = passed.or(self.services(allow, who));
        }
        self.note(allow, passed, admitted, |it| record(it, format!("{}, by {name}", allow.place)));
        passed.some
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
        let nobody = || BTreeSet::from([Caller::default()]);
        let anyone = self.principals(allow, &Candidate::Outsider, nobody());
        self.note(allow, anyone, admitted, |admitted| {
            admitted.anyone.get_or_insert_with(|| widest(allow));
        });
        if !anyone.some && self.principals(allow, &Candidate::Unnamed, nobody()).some {
            admitted.undecided.get_or_insert_with(|| {
                let by: Vec<String> = allow.tests.iter().map(ToString::to_string).collect();
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
            let passed = self.principals(allow, &Candidate::Unnamed, caller);
            if passed.some || passed.in_doubt {
                let text = || format!("{} lets in {entry}, whose account it does not say", allow.place);
                admitted.undecided.get_or_insert_with(text);
            }
        }
    }

    /// The work of finding who is named where.
    fn naming(&self, allow: &Statement) -> usize {
        let size = |it: &Statement| {
            let values = it.tests.iter().map(|test| test.values.len()).sum::<usize>();
            1 + it.principals.entries.len() + values
        };
        [allow].into_iter().chain(self.denies.iter().copied()).map(size).sum::<usize>() + self.callers.len()
    }

    fn inside(&self, who: &Candidate) -> BTreeSet<Caller> {
        let Some(id) = who.account() else { return BTreeSet::from([Caller::default()]) };
        let named = self.callers.iter().filter(|caller| caller.account == Some(id));
        named.cloned().chain([Caller::of(id)]).collect()
    }

    fn principals(&self, allow: &Statement, who: &Candidate, callers: BTreeSet<Caller>) -> Passed {
        self.passing(allow, callers, &|key| self.named.of_principal(who, key))
    }

    fn services(&self, allow: &Statement, who: &Candidate) -> Passed {
        let is_service = |caller: &&Caller| caller.names.iter().all(|it| matches!(it, Principal::Service(_)));
        let services = self.callers.iter().filter(|it| it.account.is_none()).filter(is_service);
        self.passing(allow, services.cloned().collect(), &|key| self.named.of_service(who, key))
    }

    fn passing(
        &self,
        allow: &Statement,
        callers: BTreeSet<Caller>,
        domain: &dyn Fn(&str) -> Domain,
    ) -> Passed {
        if self.budget.is_spent() {
            return Passed { in_doubt: true, ..Passed::default() };
        }
        let resources = vec![self.key_arn.to_owned()];
        let (actions, budget) = (self.actions.clone(), &self.budget);
        let class = Class { callers, actions, resources, domain, budget };
        passing(Some(allow), &self.denies, &class)
    }

    /// The principal that names somebody: of the Allow, or excepted from a Deny.
    fn entry_of(&self, allow: &Statement, who: &Candidate) -> Option<String> {
        let entry = |statement: &Statement, excepted: bool| {
            let entries = &statement.principals.entries;
            let found = entries.iter().find(|it| who.is_named_by(it));
            found.filter(|_| statement.principals.negated == excepted).map(|it| format!("Principal {it}"))
        };
        entry(allow, false).or_else(|| self.excepted(|deny| entry(deny, true)))
    }

    /// The test that names somebody, likewise.
    fn test_of(&self, allow: &Statement, who: &Candidate) -> Option<String> {
        let test = |statement: &Statement, excepted: bool| {
            let mut tests = statement.tests.iter().filter(|it| it.negated == excepted);
            tests.find(|it| who.is_tested_by(it)).map(ToString::to_string)
        };
        test(allow, false).or_else(|| self.excepted(|deny| test(deny, true)))
    }

    fn excepted(&self, name: impl Fn(&Statement) -> Option<String>) -> Option<String> {
        self.denies
            .iter()
            .find_map(|deny| Some(format!("the exception from {}, {}", deny.place, name(deny)?)))
    }
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
