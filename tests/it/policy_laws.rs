//! What is said of a policy, against all requests there are in a small world.
//!
//! A second evaluator, written from IAM's rules for one request at a time, decides every request of a
//! world in which each pattern of the generated policies tells some texts from others. Where the
//! world has every kind of request, the answers have to be the same; a policy variable is tried with
//! several texts, and "undecided" is for such policies alone.

use std::collections::{BTreeMap, BTreeSet};

use atrest::clock::Timestamp;
use atrest::model::{AccountId, Membership};
use atrest::policy::{
    KeyChoice, Policy, Resource, Setting, UploadHeader, admitted, plain_http, sse_c_uploads, uploads,
};
use proptest::prelude::*;

use crate::support::iam::{
    Condition, KEY, Key, RESOURCE_ACCOUNT, Request, Statement, TEXT, VARIABLE, allowed, check, config,
    contexts, statement, text, worlds,
};

const BUCKET: &str = "arn:aws:s3:::b";

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

// ---- what is known of a resource ----

const AS_OF: &str = "2026-11-21T03:00:00Z";

const KNOWN: &[Key] = &[
    VPCE,
    Key {
        name: "aws:ResourceAccount",
        operators: TEXT,
        values: &[A, B, "4*", RESOURCE_ACCOUNT],
        requests: &[&[A]],
    },
    Key {
        name: "aws:CurrentTime",
        operators: &["DateLessThan", "DateGreaterThanEquals", "DateLessThanIfExists"],
        values: &["2020-01-01T00:00:00Z", AS_OF, "2030-01-01T00:00:00Z"],
        requests: &[&[AS_OF]],
    },
];

fn known_statement() -> impl Strategy<Value = Statement> {
    statement(prop::bool::weighted(0.9), BUCKET_PRINCIPALS, ACTION_PATTERNS, RESOURCE_PATTERNS, KNOWN)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn what_is_known_of_a_resource_decides(
        statements in prop::collection::vec(known_statement(), 1..=3),
    ) {
        let policy = Policy::parse(&text(&statements)).unwrap();
        let as_of = Timestamp::parse(AS_OF).unwrap();
        let membership = Membership::default();
        let account_id = A.parse().unwrap();
        let setting = Setting { resource: Resource::Bucket, account_id, region: None, membership, as_of };
        let resources = [&[BUCKET], OBJECTS].concat();
        // The variable is known where its key is.
        let mut all = requests(&statements, KNOWN, ACTIONS, &resources);
        for request in &mut all {
            request.context.insert("aws:ResourceAccount", vec![A]);
        }
        check(&plain_http(&policy.settled(&setting), BUCKET), &statements, &all)?;
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
