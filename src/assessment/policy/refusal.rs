//! How much of a class of requests Deny statements refuse, and in which words.

use super::condition::{Test, some_of};
use super::cover::{Class, passing};
use super::kleene::Kleene;
use super::parse::Effect;
use super::parse::{Policy, Statement};
use super::principal::Principal;
use super::values::outcomes;
use crate::model::TlsOnly;

/// How much of a class of requests the Deny statements of a policy refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// All of it, whoever asks.
    Every,
    /// Some of it; the text says what narrows the statements.
    Part(String),
    /// Nothing of it.
    None,
    /// That depends on something that the policy alone does not say; the text says on what.
    Undecided(String),
}

/// Of all plain HTTP, in the lake's words.
impl From<Refusal> for TlsOnly {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Every => Self::Enforced,
            Refusal::Part(_) => Self::Partial,
            Refusal::None => Self::Absent,
            Refusal::Undecided(_) => Self::Unknown,
        }
    }
}

/// Weighs the Deny statements against a class of requests.
pub(super) fn refusal(policy: &Policy, class: &Class<'_>) -> Refusal {
    let denies = policy.with(Effect::Deny);
    let passed = passing(None, &denies, class);
    match (passed.some, passed.not_all) {
        (true, true) => Refusal::Part(narrowings(&denies, class)),
        _ if passed.in_doubt => Refusal::Undecided(doubts(&denies)),
        (true, false) => Refusal::None,
        (false, true) => Refusal::Every,
        // A class without requests; nothing of it is refused.
        (false, false) => Refusal::None,
    }
}

/// Why statements cannot be decided.
pub(super) fn doubts(statements: &[&Statement]) -> String {
    let known = statements.iter().find_map(|statement| statement.doubt());
    known.unwrap_or_else(|| "its statements have more combinations than are weighed".to_owned())
}

/// What narrows the statements that refuse some of a class.
fn narrowings(denies: &[&Statement], class: &Class<'_>) -> String {
    let applying: Vec<&&Statement> =
        denies.iter().filter(|deny| passing(None, &[**deny], class).not_all).collect();
    if applying.is_empty() {
        return "in more ways than are weighed".to_owned();
    }
    let [only] = applying[..] else {
        let each = |deny: &&Statement| format!("{} {}", deny.place, narrowing(deny, class));
        let all: Vec<String> = applying.into_iter().map(each).collect();
        return all.join("; ");
    };
    narrowing(only, class)
}

fn narrowing(deny: &Statement, class: &Class<'_>) -> String {
    let parts = [principals(deny), actions(deny, class), resources(deny, class), conditions(deny, class)];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { "for all of it".to_owned() } else { parts.join(", ") }
}

/// "only" what is named, or "not" what is excepted.
fn word(negated: bool) -> &'static str {
    if negated { "not" } else { "only" }
}

fn principals(deny: &Statement) -> Option<String> {
    let scope = &deny.principals;
    let everyone = scope.entries.contains(&Principal::Everyone) && !scope.negated;
    let named: Vec<String> = scope.entries.iter().map(ToString::to_string).collect();
    (!everyone).then(|| format!("{} for Principal {}", word(scope.negated), some_of(&named)))
}

fn actions(deny: &Statement, class: &Class<'_>) -> Option<String> {
    let all = class.actions.iter().all(|action| deny.is_of_action(action) == Kleene::True);
    let named: Vec<&str> = deny.actions.entries.iter().map(|it| it.text()).collect();
    (!all).then(|| format!("{} {}", word(deny.actions.negated), some_of(&named)))
}

fn resources(deny: &Statement, class: &Class<'_>) -> Option<String> {
    let reached = |resource: &&String| deny.acts_on(resource) == Kleene::True;
    let is_object = |resource: &&String| resource.contains('/');
    let (objects, buckets): (Vec<&String>, Vec<&String>) = class.resources.iter().partition(is_object);
    let all_objects = objects.iter().all(reached);
    let named: Vec<&str> = deny.resources.entries.iter().map(|it| it.text()).collect();
    match (buckets.iter().any(reached), objects.iter().any(reached)) {
        (true, false) => Some("only on the bucket, not on its objects".to_owned()),
        (false, _) if all_objects && !buckets.is_empty() => {
            Some("only on objects, not on the bucket".to_owned())
        }
        _ if all_objects => None,
        _ => Some(format!("{} on {}", word(deny.resources.negated), some_of(&named))),
    }
}

fn conditions(deny: &Statement, class: &Class<'_>) -> Option<String> {
    let narrows = |test: &&Test| {
        let results = outcomes(&test.key, &[test], &(class.domain)(&test.key), class.budget);
        results.map_or(true, |rows| rows.iter().flatten().any(|result| *result != Kleene::True))
    };
    let tests: Vec<String> = deny.tests.iter().filter(narrows).map(ToString::to_string).collect();
    (!tests.is_empty()).then(|| format!("only where {}", tests.join(" and ")))
}
