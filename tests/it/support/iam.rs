//! A second evaluator of policies, written from IAM's rules for one request at a time, and policies to hold
//! the first one to it.

use std::collections::{BTreeMap, BTreeSet};

use atrest::policy::Refusal;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{Config, RngSeed};
use serde_json::{Map, Value, json};

pub const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/k";
pub const VARIABLE: &str = "${aws:username}";
pub const RESOURCE_ACCOUNT: &str = "${aws:ResourceAccount}";

pub fn config() -> Config {
    Config {
        cases: 500,
        rng_seed: RngSeed::Fixed(20_261_121),
        failure_persistence: None,
        ..Config::default()
    }
}

// ---- policies ----

/// `Action` or `NotAction`, and so on.
pub type Scope = (bool, Vec<&'static str>);

#[derive(Debug, Clone)]
pub struct Condition {
    pub operator: String,
    pub key: &'static str,
    pub values: Vec<&'static str>,
}

#[derive(Debug, Clone)]
pub struct Statement {
    pub deny: bool,
    pub principal: Scope,
    pub action: Scope,
    pub resource: Scope,
    pub conditions: Vec<Condition>,
}

/// `"*"` on its own, or a map of services and the others.
pub fn principals(entries: &[&str]) -> Value {
    let (service, aws): (Vec<&str>, Vec<&str>) = entries.iter().partition(|it| it.contains(".amazonaws."));
    let mut map = Map::new();
    for (kind, entries) in [("Service", service), ("AWS", aws)] {
        if !entries.is_empty() {
            map.insert(kind.to_owned(), json!(entries));
        }
    }
    Value::Object(map)
}

pub fn text(statements: &[Statement]) -> String {
    let scope = |(negated, entries): &Scope, name: &str, map: &mut Map<String, Value>| {
        let value = if name == "Principal" { principals(entries) } else { json!(entries) };
        map.insert(if *negated { format!("Not{name}") } else { name.to_owned() }, value);
    };
    let one = |statement: &Statement| {
        let mut map = Map::new();
        map.insert("Effect".to_owned(), json!(if statement.deny { "Deny" } else { "Allow" }));
        scope(&statement.principal, "Principal", &mut map);
        scope(&statement.action, "Action", &mut map);
        scope(&statement.resource, "Resource", &mut map);
        let mut conditions: BTreeMap<&str, BTreeMap<&str, &[&str]>> = BTreeMap::new();
        for condition in &statement.conditions {
            conditions.entry(&condition.operator).or_default().insert(condition.key, &condition.values);
        }
        map.insert("Condition".to_owned(), json!(conditions));
        Value::Object(map)
    };
    json!({"Version": "2012-10-17", "Statement": statements.iter().map(one).collect::<Vec<_>>()}).to_string()
}

/// A map has each key once an operator: the last one stays, as in [`text`].
pub fn without_twins(mut statement: Statement) -> Statement {
    let mut seen = BTreeMap::new();
    for condition in statement.conditions {
        seen.insert((condition.operator.clone(), condition.key), condition);
    }
    statement.conditions = seen.into_values().collect();
    statement
}

pub fn scope(all: &'static [&'static str]) -> impl Strategy<Value = Scope> {
    (prop::bool::weighted(0.2), subsequence(all, 1..=2))
}

/// A key of the small world: the operators and values that go with it, and what requests have.
pub struct Key {
    pub name: &'static str,
    pub operators: &'static [&'static str],
    pub values: &'static [&'static str],
    pub requests: &'static [&'static [&'static str]],
}

pub const TEXT: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringLike",
    "StringNotLike",
    "StringEqualsIfExists",
    "StringNotEqualsIfExists",
    "StringEqualsIgnoreCase",
];

pub fn condition(keys: &'static [Key]) -> impl Strategy<Value = Condition> {
    let of_key = |key: &'static Key| {
        let plain = (select(key.operators), subsequence(key.values, 1..=key.values.len().min(2)));
        let null = (Just("Null"), subsequence(&["true", "false"][..], 1));
        prop_oneof![5 => plain.boxed(), 1 => null.boxed()].prop_map(|(operator, values)| Condition {
            operator: operator.to_owned(),
            key: key.name,
            values,
        })
    };
    (0..keys.len()).prop_flat_map(move |at| of_key(&keys[at]))
}

pub fn statement(
    deny: impl Strategy<Value = bool>,
    principals: &'static [&'static str],
    actions: &'static [&'static str],
    resources: &'static [&'static str],
    keys: &'static [Key],
) -> impl Strategy<Value = Statement> {
    let conditions = prop::collection::vec(condition(keys), 0..=2);
    (deny, scope(principals), scope(actions), scope(resources), conditions).prop_map(
        |(deny, principal, action, resource, conditions)| {
            let principal = if deny { fully_named(principal) } else { principal };
            without_twins(Statement { deny, principal, action, resource, conditions })
        },
    )
}

/// `NotPrincipal` of a Deny with accounts for roles: whether a role is spared whose account is not named, AWS leaves open.
fn fully_named((negated, entries): Scope) -> Scope {
    let account = |entry: &'static str| entry.split(':').nth(4).filter(|_| negated).unwrap_or(entry);
    (negated, entries.into_iter().map(account).collect())
}

// ---- the second evaluator ----

/// One request. A key that is not in the context is absent.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// Every entry of a policy that means this caller.
    pub caller: &'a [&'a str],
    pub action: &'a str,
    pub resource: &'a str,
    pub context: BTreeMap<&'a str, Vec<&'a str>>,
}

/// Each of an ARN's first five parts is matched for itself.
fn arn_like(pattern: &str, text: &str) -> bool {
    let parts = |arn: &str| arn.splitn(6, ':').map(str::to_owned).collect::<Vec<_>>();
    let (patterns, texts) = (parts(pattern), parts(text));
    let pairs = patterns.iter().zip(&texts);
    patterns.len() == texts.len() && pairs.into_iter().all(|(it, of)| like(it.as_bytes(), of.as_bytes()))
}

pub fn like(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) if like(rest, text) => true,
        (Some((b'*', _)), Some((_, text))) => like(pattern, text),
        (Some((b'?', rest)), Some((_, text))) => like(rest, text),
        (Some((one, rest)), Some((other, text))) if one == other => like(rest, text),
        _ => false,
    }
}

pub fn in_network(address: &str, network: &str) -> bool {
    match network {
        "10.0.0.0/8" => address.starts_with("10."),
        "10.1.0.0/16" => address.starts_with("10.1."),
        "0.0.0.0/0" => address.contains('.'),
        other => panic!("{other}"),
    }
}

/// The operator without `Not`, `IfExists` and a quantifier.
pub fn compare(operator: &str, given: &str, named: &str) -> bool {
    let numbers = || (given.parse::<f64>().unwrap(), named.parse::<f64>().unwrap());
    match operator {
        "StringEquals" | "Bool" => given == named,
        // All of one form, so that their texts are in the order of their instants.
        "DateLessThan" => given < named,
        "DateGreaterThanEquals" => given >= named,
        "StringLike" => like(named.as_bytes(), given.as_bytes()),
        "ArnLike" => arn_like(named, given),
        "StringEqualsIgnoreCase" => given.to_lowercase() == named.to_lowercase(),
        "IpAddress" => in_network(given, named),
        "NumericLessThan" => numbers().0 < numbers().1,
        "NumericGreaterThanEquals" => numbers().0 >= numbers().1,
        other => panic!("{other}"),
    }
}

pub fn holds(condition: &Condition, request: &Request<'_>, variable: &str) -> bool {
    let given = request.context.get(condition.key);
    if condition.operator == "Null" {
        return condition.values.iter().any(|value| (*value == "true") == given.is_none());
    }
    let (quantifier, operator) = condition.operator.split_once(':').unwrap_or(("", &condition.operator));
    let (operator, if_exists) = operator.strip_suffix("IfExists").map_or((operator, false), |it| (it, true));
    let (positive, negated) = match operator {
        "StringNotEquals" => ("StringEquals", true),
        "StringNotLike" => ("StringLike", true),
        "NotIpAddress" => ("IpAddress", true),
        "ArnNotLike" => ("ArnLike", true),
        other => (other, false),
    };
    let Some(given) = given else {
        return if_exists || quantifier == "ForAllValues" || (quantifier.is_empty() && negated);
    };
    let named = condition.values.iter().map(|value| match *value {
        VARIABLE => variable,
        RESOURCE_ACCOUNT => request.context["aws:ResourceAccount"][0],
        value => value,
    });
    let one = |given: &&str| named.clone().any(|named| compare(positive, given, named)) != negated;
    match quantifier {
        "ForAllValues" => given.iter().all(one),
        "ForAnyValue" => given.iter().any(one),
        _ if negated => given.iter().all(one),
        _ => given.iter().any(one),
    }
}

pub fn applies(statement: &Statement, request: &Request<'_>, variable: &str) -> bool {
    let glob = |entries: &[&str], text: &str| {
        entries.iter().any(|entry| like(entry.to_lowercase().as_bytes(), text.to_lowercase().as_bytes()))
    };
    let (principal, action, resource) = (&statement.principal, &statement.action, &statement.resource);
    principal.1.iter().any(|entry| *entry == "*" || request.caller.contains(entry)) != principal.0
        && glob(&action.1, request.action) != action.0
        && glob(&resource.1, request.resource) != resource.0
        && statement.conditions.iter().all(|condition| holds(condition, request, variable))
}

pub fn denied(statements: &[Statement], request: &Request<'_>, variable: &str) -> bool {
    statements.iter().any(|it| it.deny && applies(it, request, variable))
}

pub fn allowed(statements: &[Statement], request: &Request<'_>, variable: &str) -> bool {
    statements.iter().any(|it| !it.deny && applies(it, request, variable))
        && !denied(statements, request, variable)
}

/// Every context of the keys that the policy tests.
pub fn contexts<'a>(statements: &[Statement], keys: &'a [Key]) -> Vec<BTreeMap<&'a str, Vec<&'a str>>> {
    let tested: BTreeSet<&str> =
        statements.iter().flat_map(|it| &it.conditions).map(|condition| condition.key).collect();
    let mut all = vec![BTreeMap::new()];
    for key in keys.iter().filter(|key| tested.contains(key.name)) {
        let with = |context: &BTreeMap<&'a str, Vec<&'a str>>, given: &&'a [&'a str]| {
            let mut context = context.clone();
            if !given.is_empty() {
                context.insert(key.name, given.to_vec());
            }
            context
        };
        all = all.iter().flat_map(|context| key.requests.iter().map(move |it| with(context, it))).collect();
    }
    all
}

/// Texts that a policy variable may stand for.
pub fn worlds(statements: &[Statement]) -> &'static [&'static str] {
    let has = statements.iter().flat_map(|it| &it.conditions).any(|it| it.values.contains(&VARIABLE));
    if has { &["v1", "w", "nobody"] } else { &[""] }
}

pub fn word(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Every => "every",
        Refusal::Part(_) => "part",
        Refusal::None => "none",
        Refusal::Undecided(_) => "undecided",
    }
}

/// What holds of the requests in each world; "undecided" will do where a variable decides.
pub fn check(
    refusal: &Refusal,
    statements: &[Statement],
    requests: &[Request<'_>],
) -> Result<(), TestCaseError> {
    let worlds = worlds(statements);
    let truths: BTreeSet<&str> = worlds
        .iter()
        .map(|variable| {
            let denied = requests.iter().filter(|it| denied(statements, it, variable)).count();
            match denied {
                0 => "none",
                all if all == requests.len() => "every",
                _ => "part",
            }
        })
        .collect();
    let found = word(refusal);
    if found == "undecided" {
        prop_assert!(worlds.len() > 1, "there is no variable: {refusal:?}");
    } else {
        prop_assert_eq!(BTreeSet::from([found]), truths, "{:?}\n{}", refusal, text(statements));
    }
    Ok(())
}
