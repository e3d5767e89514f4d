//! What is said of a policy, against all requests there are in a small world.
//!
//! A second evaluator, written from IAM's rules for one request at a time, decides every request of a
//! world in which each pattern of the generated policies tells some texts from others. Where the
//! world has every kind of request, the answers have to be the same; a policy variable is tried with
//! several texts, and "undecided" is for such policies alone.

use std::collections::{BTreeMap, BTreeSet};

use atrest::model::AccountId;
use atrest::policy::{
    KeyChoice, Policy, Refusal, UploadHeader, admitted, plain_http, services_of_key, sse_c_uploads, uploads,
};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{Config, RngSeed};
use serde_json::{Map, Value, json};

const BUCKET: &str = "arn:aws:s3:::b";
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/k";
const VARIABLE: &str = "${aws:username}";

fn config() -> Config {
    Config {
        cases: 500,
        rng_seed: RngSeed::Fixed(20_261_121),
        failure_persistence: None,
        ..Config::default()
    }
}

// ---- policies ----

/// `Action` or `NotAction`, and so on.
type Scope = (bool, Vec<&'static str>);

#[derive(Debug, Clone)]
struct Condition {
    operator: String,
    key: &'static str,
    values: Vec<&'static str>,
}

#[derive(Debug, Clone)]
struct Statement {
    deny: bool,
    principal: Scope,
    action: Scope,
    resource: Scope,
    conditions: Vec<Condition>,
}

/// `"*"` on its own, or a map of services and the others.
fn principals(entries: &[&str]) -> Value {
    let (service, aws): (Vec<&str>, Vec<&str>) = entries.iter().partition(|it| it.contains(".amazonaws."));
    let mut map = Map::new();
    for (kind, entries) in [("Service", service), ("AWS", aws)] {
        if !entries.is_empty() {
            map.insert(kind.to_owned(), json!(entries));
        }
    }
    Value::Object(map)
}

fn text(statements: &[Statement]) -> String {
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
fn without_twins(mut statement: Statement) -> Statement {
    let mut seen = BTreeMap::new();
    for condition in statement.conditions {
        seen.insert((condition.operator.clone(), condition.key), condition);
    }
    statement.conditions = seen.into_values().collect();
    statement
}

fn scope(all: &'static [&'static str]) -> impl Strategy<Value = Scope> {
    (prop::bool::weighted(0.2), subsequence(all, 1..=2))
}

/// A key of the small world: the operators and values that go with it, and what requests have.
struct Key {
    name: &'static str,
    operators: &'static [&'static str],
    values: &'static [&'static str],
    requests: &'static [&'static [&'static str]],
}

const TEXT: &[&str] = &[
    "StringEquals",
    "StringNotEquals",
    "StringLike",
    "StringNotLike",
    "StringEqualsIfExists",
    "StringNotEqualsIfExists",
    "StringEqualsIgnoreCase",
];

fn condition(keys: &'static [Key]) -> impl Strategy<Value = Condition> {
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

fn statement(
    deny: impl Strategy<Value = bool>,
    principals: &'static [&'static str],
    actions: &'static [&'static str],
    resources: &'static [&'static str],
    keys: &'static [Key],
) -> impl Strategy<Value = Statement> {
    let conditions = prop::collection::vec(condition(keys), 0..=2);
    (deny, scope(principals), scope(actions), scope(resources), conditions).prop_map(
        |(deny, principal, action, resource, conditions)| {
            without_twins(Statement { deny, principal, action, resource, conditions })
        },
    )
}

// ---- the second evaluator ----

/// One request. A key that is not in the context is absent.
#[derive(Debug, Clone)]
struct Request<'a> {
    /// Every entry of a policy that means this caller.
    caller: &'a [&'a str],
    action: &'a str,
    resource: &'a str,
    context: BTreeMap<&'a str, Vec<&'a str>>,
}

fn like(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) if like(rest, text) => true,
        (Some((b'*', _)), Some((_, text))) => like(pattern, text),
        (Some((b'?', rest)), Some((_, text))) => like(rest, text),
        (Some((one, rest)), Some((other, text))) if one == other => like(rest, text),
        _ => false,
    }
}

fn in_network(address: &str, network: &str) -> bool {
    match network {
        "10.0.0.0/8" => address.starts_with("10."),
        "10.1.0.0/16" => address.starts_with("10.1."),
        "0.0.0.0/0" => address.contains('.'),
        other => panic!("{other}"),
    }
}

/// The operator without `Not`, `IfExists` and a quantifier.
fn compare(operator: &str, given: &str, named: &str) -> bool {
    let numbers = || (given.parse::<f64>().unwrap(), named.parse::<f64>().unwrap());
    match operator {
        "StringEquals" | "Bool" => given == named,
        "StringLike" | "ArnLike" => like(named.as_bytes(), given.as_bytes()),
        "StringEqualsIgnoreCase" => given.to_lowercase() == named.to_lowercase(),
        "IpAddress" => in_network(given, named),
        "NumericLessThan" => numbers().0 < numbers().1,
        "NumericGreaterThanEquals" => numbers().0 >= numbers().1,
        other => panic!("{other}"),
    }
}

fn holds(condition: &Condition, request: &Request<'_>, variable: &str) -> bool {
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
    let named = condition.values.iter().map(|value| if *value == VARIABLE { variable } else { value });
    let one = |given: &&str| named.clone().any(|named| compare(positive, given, named)) != negated;
    match quantifier {
        "ForAllValues" => given.iter().all(one),
        "ForAnyValue" => given.iter().any(one),
        _ if negated => given.iter().all(one),
        _ => given.iter().any(one),
    }
}

fn applies(statement: &Statement, request: &Request<'_>, variable: &str) -> bool {
    let glob = |entries: &[&str], text: &str| {
        entries.iter().any(|entry| like(entry.to_lowercase().as_bytes(), text.to_lowercase().as_bytes()))
    };
    let (principal, action, resource) = (&statement.principal, &statement.action, &statement.resource);
    principal.1.iter().any(|entry| *entry == "*" || request.caller.contains(entry)) != principal.0
        && glob(&action.1, request.action) != action.0
        && glob(&resource.1, request.resource) != resource.0
        && statement.conditions.iter().all(|condition| holds(condition, request, variable))
}

fn denied(statements: &[Statement], request: &Request<'_>, variable: &str) -> bool {
    statements.iter().any(|it| it.deny && applies(it, request, variable))
}

fn allowed(statements: &[Statement], request: &Request<'_>, variable: &str) -> bool {
    statements.iter().any(|it| !it.deny && applies(it, request, variable))
        && !denied(statements, request, variable)
}

/// Every context of the keys that the policy tests.
fn contexts<'a>(statements: &[Statement], keys: &'a [Key]) -> Vec<BTreeMap<&'a str, Vec<&'a str>>> {
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
fn worlds(statements: &[Statement]) -> &'static [&'static str] {
    let has = statements.iter().flat_map(|it| &it.conditions).any(|it| it.values.contains(&VARIABLE));
    if has { &["v1", "w", "nobody"] } else { &[""] }
}

fn word(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::Every => "every",
        Refusal::Part(_) => "part",
        Refusal::None => "none",
        Refusal::Undecided(_) => "undecided",
    }
}

/// What holds of the requests in each world; "undecided" will do where a variable decides.
fn check(refusal: &Refusal, statements: &[Statement], requests: &[Request<'_>]) -> Result<(), TestCaseError> {
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

// ---- buckets ----

const ROLE: &str = "arn:aws:iam::111122223333:role/x";
const CALLERS: &[&[&str]] = &[&[], &["111122223333"], &["111122223333", ROLE], &["logging.s3.amazonaws.com"]];
const BUCKET_PRINCIPALS: &[&str] = &["*", "*", "111122223333", ROLE, "logging.s3.amazonaws.com"];
const ACTION_PATTERNS: &[&str] = &["*", "s3:*", "S3:Put*", "s3:*Object", "s3:GetObject", "iam:*"];
const ACTIONS: &[&str] = &["s3:PutObject", "s3:GetObject", "s3:PutX", "s3:XObject", "s3:X"];
const RESOURCE_PATTERNS: &[&str] =
    &["*", "arn:aws:s3:::b", "arn:aws:s3:::b/*", "arn:aws:s3:::b/a*", "arn:aws:s3:::b/*z", "arn:aws:s3:::c"];
const OBJECTS: &[&str] =
    &["arn:aws:s3:::b/az", "arn:aws:s3:::b/ay", "arn:aws:s3:::b/bz", "arn:aws:s3:::b/by"];

const VPCE: Key = Key {
    name: "aws:SourceVpce",
    operators: TEXT,
    values: &["v1", "V2", "v*", "*1", VARIABLE],
    requests: &[
        &[],
        &["v1"],
        &["V1"],
        &["V2"],
        &["v2"],
        &["v3"],
        &["v31"],
        &["w1"],
        &["w"],
        &["v*"],
        &["V*"],
        &["*1"],
    ],
};

const FREE: &[Key] = &[
    VPCE,
    Key {
        name: "aws:TagKeys",
        operators: &[
            "ForAllValues:StringEquals",
            "ForAnyValue:StringEquals",
            "ForAllValues:StringNotEquals",
            "ForAnyValue:StringNotEquals",
            "ForAnyValue:StringLikeIfExists",
        ],
        values: &["a", "b"],
        requests: &[&[], &["a"], &["b"], &["c"], &["a", "b"], &["a", "c"], &["b", "c"], &["a", "b", "c"]],
    },
    Key {
        name: "s3:max-keys",
        operators: &["NumericLessThan", "NumericGreaterThanEquals", "NumericLessThanIfExists"],
        values: &["5", "10"],
        requests: &[&[], &["4"], &["5"], &["7.5"], &["10"], &["11"]],
    },
    Key {
        name: "aws:SourceIp",
        operators: &["IpAddress", "NotIpAddress", "NotIpAddressIfExists"],
        values: &["10.0.0.0/8", "10.1.0.0/16", "0.0.0.0/0"],
        requests: &[&[], &["10.1.2.3"], &["10.2.2.3"], &["11.1.2.3"], &["::1"]],
    },
    Key {
        name: "aws:SecureTransport",
        operators: &["Bool", "BoolIfExists"],
        values: &["true", "false"],
        requests: &[&["false"]],
    },
    Key {
        name: "s3:TlsVersion",
        operators: &["NumericLessThan", "NumericLessThanIfExists"],
        values: &["1.2"],
        requests: &[&[]],
    },
];

fn http_statement() -> impl Strategy<Value = Statement> {
    statement(prop::bool::weighted(0.9), BUCKET_PRINCIPALS, ACTION_PATTERNS, RESOURCE_PATTERNS, FREE)
}

/// All requests there are.
fn requests<'a>(
    statements: &[Statement],
    keys: &'a [Key],
    actions: &'a [&'a str],
    resources: &[&'a str],
) -> Vec<Request<'a>> {
    let mut all = Vec::new();
    for context in contexts(statements, keys) {
        for caller in CALLERS {
            for action in actions {
                for resource in resources {
                    all.push(Request { caller, action, resource, context: context.clone() });
                }
            }
        }
    }
    all
}

/// At most two keys a policy, so that all its requests can be asked for.
fn with_few_keys(statements: Vec<Statement>) -> Vec<Statement> {
    let mut kept: Vec<&str> = Vec::new();
    let mut keep = |condition: &Condition| {
        if kept.len() < 2 && !kept.contains(&condition.key) {
            kept.push(condition.key);
        }
        kept.contains(&condition.key)
    };
    let few = |mut statement: Statement| {
        statement.conditions.retain(&mut keep);
        statement
    };
    statements.into_iter().map(few).collect()
}

const UPLOADS: &[Key] = &[
    Key {
        name: "s3:x-amz-server-side-encryption",
        operators: TEXT,
        values: &["aws:kms", "AES256", "aws:*", "aws:kms:dsse"],
        requests: &[
            &[],
            &["AES256"],
            &["aws:kms"],
            &["aws:kms:dsse"],
            &["aws:fsx"],
            &["aes256"],
            &["AWS:KMS"],
            &["AWS:KMS:DSSE"],
            &["aws:*"],
            &["AWS:*"],
            &["aws:KMS"],
            &["aws:KMS:DSSE"],
            &["x"],
        ],
    },
    Key {
        name: "s3:x-amz-server-side-encryption-aws-kms-key-id",
        operators: TEXT,
        values: &["k1", "k2", "k*"],
        requests: &[&[], &["k1"], &["k2"], &["K1"], &["K2"], &["k9"], &["z"], &["k*"], &["K*"]],
    },
    Key {
        name: "s3:x-amz-server-side-encryption-customer-algorithm",
        operators: TEXT,
        values: &["AES256", "A*"],
        requests: &[&[], &["AES256"]],
    },
];

fn upload_statement() -> impl Strategy<Value = Statement> {
    statement(
        prop::bool::weighted(0.9),
        &["*", "*", "111122223333"],
        ACTION_PATTERNS,
        RESOURCE_PATTERNS,
        UPLOADS,
    )
}

/// The requests of the uploads that a class means.
fn of_class(header: &UploadHeader, named: &BTreeSet<&str>, request: &Request<'_>) -> bool {
    let given = |key: usize| request.context.get(UPLOADS[key].name).map(|values| values[0]);
    let key_id = |choice: &KeyChoice| match (choice, given(1)) {
        (KeyChoice::Unnamed, id) => id.is_none(),
        (KeyChoice::Named(name), id) => id == Some(name),
        (KeyChoice::Other, id) => id.is_some_and(|id| !named.contains(id)),
    };
    given(2).is_none()
        && match (header, given(0)) {
            (UploadHeader::Missing, None) | (UploadHeader::SseS3, Some("AES256")) => given(1).is_none(),
            (UploadHeader::SseKms(choice), Some("aws:kms")) => key_id(choice),
            (UploadHeader::DsseKms(choice), Some("aws:kms:dsse")) => key_id(choice),
            (UploadHeader::Other, Some(other)) => !["AES256", "aws:kms", "aws:kms:dsse"].contains(&other),
            _ => false,
        }
}

/// All contexts of all keys, whether the policy tests them or not: the classes are told by them.
fn upload_requests(statements: &[Statement]) -> Vec<Request<'static>> {
    let mut all = statements.to_vec();
    let every_key = |key: &Key| Condition { operator: "Null".to_owned(), key: key.name, values: vec![] };
    all.push(Statement { conditions: UPLOADS.iter().map(every_key).collect(), ..statements[0].clone() });
    requests(&all, UPLOADS, &ACTIONS[..1], OBJECTS)
}

// ---- keys ----

const A: &str = "444455556666";
const B: &str = "777788889999";

const KEY_KEYS: &[Key] = &[
    Key { name: "kms:CallerAccount", operators: TEXT, values: &[A, B, "4*", VARIABLE], requests: &[] },
    Key { name: "aws:PrincipalOrgID", operators: TEXT, values: &["o-named", "o-*"], requests: &[] },
    Key {
        name: "aws:PrincipalArn",
        operators: &["ArnLike", "ArnNotLike"],
        values: &["arn:aws:iam::444455556666:role/*", "arn:aws:iam::*:role/x"],
        requests: &[],
    },
    Key {
        name: "kms:ViaService",
        operators: TEXT,
        values: &["s3.eu-west-1.amazonaws.com"],
        requests: &[&[], &["s3.eu-west-1.amazonaws.com"], &["other"]],
    },
    Key {
        name: "aws:SourceVpce",
        operators: TEXT,
        values: &["v1"],
        requests: &[&[], &["v1"], &["V1"], &["w"]],
    },
];

fn key_statement() -> impl Strategy<Value = Statement> {
    statement(
        prop::bool::weighted(0.4),
        &["*", "*", A, "arn:aws:iam::777788889999:role/x", "logging.s3.amazonaws.com"],
        &["kms:*", "kms:Decrypt", "s3:*"],
        &["*", KEY],
        KEY_KEYS,
    )
}

/// Somebody who asks the key for something.
struct Asker {
    account: &'static str,
    organization: Option<&'static str>,
    arn: String,
    entries: Vec<String>,
}

/// Everybody; with those, too, whose `aws:PrincipalArn` is not the ARN that they are named by: what is
/// said does not put the two together, and so may let in one too many.
fn askers() -> Vec<(bool, Asker)> {
    let mut all = Vec::new();
    for account in [A, B, "400000000000", "500000000000"] {
        for organization in [None, Some("o-named"), Some("o-fresh"), Some("o-*")] {
            for (one, other) in ["role/x", "role/y", "user/x"]
                .iter()
                .flat_map(|it| ["role/x", "role/y"].map(|other| (*it, other)).into_iter().chain([(*it, *it)]))
            {
                let arn = |resource: &str| format!("arn:aws:iam::{account}:{resource}");
                let entries = vec![account.to_owned(), arn(other)];
                all.push((one == other, Asker { account, organization, arn: arn(one), entries }));
            }
        }
    }
    all
}

/// Whether somebody of that account and organization gets in, in some world.
fn gets_in(statements: &[Statement], asker: &Asker) -> bool {
    let entries: Vec<&str> = asker.entries.iter().map(String::as_str).collect();
    let mut context = BTreeMap::from([
        ("kms:CallerAccount", vec![asker.account]),
        ("aws:PrincipalArn", vec![asker.arn.as_str()]),
    ]);
    context.extend(asker.organization.map(|organization| ("aws:PrincipalOrgID", vec![organization])));
    is_let_in(statements, &entries, &context)
}

/// Whether a service does, on somebody's behalf.
fn service_gets_in(statements: &[Statement]) -> bool {
    [&["logging.s3.amazonaws.com"][..], &[]].into_iter().any(|entries| {
        let accounts = [A, B, "400000000000", "500000000000"]
            .map(|it| BTreeMap::from([("kms:CallerAccount", vec![it])]));
        accounts.into_iter().chain([BTreeMap::new()]).any(|it| is_let_in(statements, entries, &it))
    })
}

fn is_let_in(statements: &[Statement], caller: &[&str], identity: &BTreeMap<&str, Vec<&str>>) -> bool {
    contexts(statements, &KEY_KEYS[3..]).into_iter().any(|around| {
        let context: BTreeMap<&str, Vec<&str>> = around.into_iter().chain(identity.clone()).collect();
        ["kms:Decrypt", "kms:X"].into_iter().any(|action| {
            let request = Request { caller, action, resource: KEY, context: context.clone() };
            worlds(statements).iter().any(|variable| allowed(statements, &request, variable))
        })
    })
}

// ---- services ----

const NAMED_BUCKET: &str = "arn:aws:s3:::named";
const SERVICE: &str = "logging.s3.amazonaws.com";
const FRESH: [&str; 2] = ["400000000000", "500000000000"];

const SERVICE_KEYS: &[Key] = &[
    Key { name: "aws:SourceAccount", operators: TEXT, values: &[A, B, "4*", VARIABLE], requests: &[] },
    Key { name: "aws:SourceOrgID", operators: TEXT, values: &["o-named", "o-*"], requests: &[] },
    Key {
        name: "aws:SourceArn",
        operators: &["ArnLike", "ArnNotLike", "ArnLikeIfExists"],
        values: &["arn:aws:sns:*:444455556666:*", "arn:aws:sns:*:*:*", NAMED_BUCKET],
        requests: &[],
    },
    Key {
        name: "aws:PrincipalIsAWSService",
        operators: &["Bool", "BoolIfExists"],
        values: &["true", "false"],
        requests: &[],
    },
    Key { name: "aws:PrincipalOrgID", operators: TEXT, values: &["o-named"], requests: &[] },
];

fn service_statement() -> impl Strategy<Value = Statement> {
    statement(
        prop::bool::weighted(0.4),
        &["*", SERVICE, A],
        &["kms:*", "kms:Decrypt", "s3:*"],
        &["*", KEY],
        SERVICE_KEYS,
    )
}

/// On whose behalf a service asks, as its request tells it.
#[derive(Debug, Clone)]
struct Source {
    account: Option<&'static str>,
    organization: Option<&'static str>,
    arn: Option<String>,
}

impl Source {
    /// The account that the request tells in one way or the other.
    fn told_account(&self) -> Option<&str> {
        let of_arn = self.arn.as_deref().and_then(|arn| arn.split(':').nth(4)).filter(|id| !id.is_empty());
        self.account.or(of_arn)
    }

    fn is_told(&self) -> bool {
        self.account.is_some() && self.arn.is_some()
    }

    fn context(&self) -> BTreeMap<&str, Vec<&str>> {
        let told = [
            ("aws:SourceAccount", self.account),
            ("aws:SourceOrgID", self.organization),
            ("aws:SourceArn", self.arn.as_deref()),
            ("aws:PrincipalIsAWSService", Some("true")),
        ];
        told.into_iter().filter_map(|(key, value)| Some((key, vec![value?]))).collect()
    }
}

/// Every source there is; the account of an ARN is the one that is told beside it.
fn sources() -> Vec<Source> {
    let mut all = Vec::new();
    for account in [None, Some(A), Some(B), Some(FRESH[0]), Some(FRESH[1])] {
        let of_account = account.map_or(vec![A, B, FRESH[0], FRESH[1]], |id| vec![id]);
        let topics = of_account.into_iter().map(|id| Some(format!("arn:aws:sns:r:{id}:t")));
        let buckets = [NAMED_BUCKET, "arn:aws:s3:::other"].map(|arn| Some(arn.to_owned()));
        for arn in topics.chain(buckets).chain([None]) {
            for organization in [None, Some("o-named"), Some("o-fresh"), Some("o-*")] {
                all.push(Source { account, organization, arn: arn.clone() });
            }
        }
    }
    all
}

fn source_gets_in(statements: &[Statement], source: &Source) -> bool {
    [&[SERVICE][..], &[]].into_iter().any(|caller| {
        ["kms:Decrypt", "kms:X"].into_iter().any(|action| {
            let request = Request { caller, action, resource: KEY, context: source.context() };
            worlds(statements).iter().any(|variable| allowed(statements, &request, variable))
        })
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn for_whomever_a_service_gets_in_is_said(
        statements in prop::collection::vec(service_statement(), 1..=3),
    ) {
        let text = text(&statements);
        let found = services_of_key(&Policy::parse(&text).unwrap(), KEY);
        let inside: Vec<Source> =
            sources().into_iter().filter(|source| source_gets_in(&statements, source)).collect();
        let unbound = [&found.for_anyone, &found.without_source, &found.by_bucket_name];
        let is_unbound = unbound.iter().any(|services| !services.is_empty());
        for source in &inside {
            let account: Option<AccountId> = source.told_account().map(|id| id.parse().unwrap());
            let organization = source.organization;
            let by_account = account.is_some_and(|id| found.accounts.contains_key(&id));
            let by_organization = organization.is_some_and(|it| found.organizations.contains_key(it));
            let as_member = account.zip(organization).is_some_and(|(id, organization)| {
                found.members.contains_key(&(id, organization.to_owned()))
            });
            let said = is_unbound || by_account || by_organization || as_member || found.undecided.is_some();
            prop_assert!(said, "{source:?} gets in: {found:?}\n{text}");
        }
        if found.undecided.is_none() || worlds(&statements).len() == 1 {
            prop_assert!(found.undecided.is_none(), "there is no variable: {found:?}\n{text}");
            let is_named = |id: Option<&str>| id.is_some_and(|id| text.contains(id));
            let fresh = |source: &&Source| !is_named(source.told_account()) && !is_named(source.organization);
            let strangers: Vec<&Source> = inside.iter().filter(fresh).collect();
            let is_bucket = |source: &&&Source| source.arn.as_deref() == Some(NAMED_BUCKET);
            let named = |source: &&&Source| is_bucket(source) && text.contains(NAMED_BUCKET);
            if !found.for_anyone.is_empty() {
                let told = strangers.iter().filter(|source| source.is_told() && !named(source)).count();
                prop_assert!(told > 0, "no stranger that is told gets in: {found:?}\n{text}");
            }
            if !found.without_source.is_empty() {
                let untold = strangers.iter().filter(|source| !source.is_told()).count();
                prop_assert!(untold > 0, "no source gets in without being told: {found:?}\n{text}");
            }
            if !found.by_bucket_name.is_empty() {
                prop_assert!(strangers.iter().any(|it| is_bucket(&it)), "no bucket: {found:?}\n{text}");
            }
            for (id, organization) in found.members.keys() {
                let one = inside.iter().any(|it| {
                    it.told_account().is_none_or(|told| told == id.to_string())
                        && it.organization.is_none_or(|told| told == organization)
                });
                prop_assert!(one, "{id} of {organization} does not get in: {found:?}\n{text}");
            }
            for id in found.accounts.keys() {
                let one = inside.iter().any(|it| it.told_account().is_none_or(|told| told == id.to_string()));
                prop_assert!(one, "{id} does not get in: {found:?}\n{text}");
            }
            for id in found.organizations.keys() {
                let one = inside.iter().any(|it| it.organization.is_none_or(|told| told == id));
                prop_assert!(one, "{id} does not get in: {found:?}\n{text}");
            }
        }
    }

    #[test]
    fn plain_http_is_refused_as_far_as_is_said(
        statements in prop::collection::vec(http_statement(), 1..=3).prop_map(with_few_keys),
    ) {
        let policy = Policy::parse(&text(&statements)).unwrap();
        let resources = [&[BUCKET], OBJECTS].concat();
        check(&plain_http(&policy, BUCKET), &statements, &requests(&statements, FREE, ACTIONS, &resources))?;
    }

    #[test]
    fn uploads_are_refused_as_far_as_is_said(statements in prop::collection::vec(upload_statement(), 1..=3)) {
        let policy = Policy::parse(&text(&statements)).unwrap();
        let all = upload_requests(&statements);
        let classes = uploads(&policy, BUCKET);
        let named = |header: &UploadHeader| match header {
            UploadHeader::SseKms(KeyChoice::Named(key)) => ["k1", "k2", "k*"].into_iter().find(|it| it == key),
            _ => None,
        };
        let named: BTreeSet<&str> = classes.iter().filter_map(|(header, _)| named(header)).collect();
        for (header, refusal) in &classes {
            let of_class: Vec<_> = all.iter().filter(|it| of_class(header, &named, it)).cloned().collect();
            check(refusal, &statements, &of_class)?;
        }
        let customer = |it: &&Request<'_>| {
            it.context.keys().copied().eq([UPLOADS[2].name])
        };
        let of_customers: Vec<_> = all.iter().filter(customer).cloned().collect();
        check(&sse_c_uploads(&policy, BUCKET), &statements, &of_customers)?;
    }

    #[test]
    fn whoever_gets_in_is_said_to(statements in prop::collection::vec(key_statement(), 1..=3)) {
        let text = text(&statements);
        let found = admitted(&Policy::parse(&text).unwrap(), KEY);
        let inside: Vec<_> = askers().into_iter().filter(|(_, it)| gets_in(&statements, it)).collect();
        for (_, asker) in inside.iter().filter(|(real, _)| *real) {
            let id: AccountId = asker.account.parse().unwrap();
            let as_member =
                asker.organization.is_some_and(|it| found.members.contains_key(&(id, it.to_owned())));
            let by_account = found.accounts.contains_key(&id) || as_member;
            let by_organization = asker.organization.is_some_and(|it| found.organizations.contains_key(it));
            let said = found.anyone.is_some() || found.undecided.is_some() || by_account || by_organization;
            prop_assert!(said, "{} of {:?} gets in: {found:?}\n{text}", asker.arn, asker.organization);
        }
        let is_named = |name: &str| text.contains(name);
        if found.undecided.is_none() || worlds(&statements).len() == 1 {
            let inside: Vec<Asker> = inside.into_iter().map(|(_, asker)| asker).collect();
            let fresh = |it: &&Asker| !is_named(it.account) && it.organization.is_none_or(|it| !is_named(it));
            if found.anyone.is_some() {
                prop_assert!(inside.iter().any(|it| fresh(&it)), "nobody unnamed gets in: {found:?}\n{text}");
            }
            let by_service = service_gets_in(&statements);
            for id in found.accounts.keys() {
                let one = inside.iter().any(|it| it.account == id.to_string());
                prop_assert!(one || by_service, "nobody of {id} gets in: {found:?}\n{text}");
            }
            for (id, organization) in found.members.keys() {
                let one = inside.iter().any(|it| {
                    it.account == id.to_string() && it.organization == Some(organization)
                });
                prop_assert!(one || by_service, "nobody of {id} in {organization} gets in: {found:?}\n{text}");
            }
            for id in found.organizations.keys() {
                let one = inside.iter().any(|it| it.organization == Some(id));
                prop_assert!(one || by_service, "nobody of {id} gets in: {found:?}\n{text}");
            }
        }
    }
}
