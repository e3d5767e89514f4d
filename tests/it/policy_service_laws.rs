//! For whom services get in by a policy, against every service's request of a small world.

use std::collections::BTreeMap;

use atrest::model::AccountId;
use atrest::policy::{Policy, services_of_key};
use proptest::prelude::*;

use crate::support::iam::{
    KEY, Key, Request, Statement, TEXT, VARIABLE, allowed, config, statement, text, worlds,
};

const A: &str = "444455556666";
const B: &str = "777788889999";
const NAMED_BUCKET: &str = "arn:aws:s3:::named";
const SERVICE: &str = "logging.s3.amazonaws.com";
const FRESH: [&str; 2] = ["400000000000", "500000000000"];

const SERVICE_KEYS: &[Key] = &[
    Key { name: "aws:SourceAccount", operators: TEXT, values: &[A, B, "4*", VARIABLE], requests: &[] },
    Key { name: "aws:SourceOrgID", operators: TEXT, values: &["o-named", "o-*"], requests: &[] },
    Key {
        name: "aws:SourceArn",
        operators: &["ArnLike", "ArnNotLike", "ArnLikeIfExists", "StringLike", "StringNotLike"],
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
        // A name that its owner chooses may be an account's number.
        let topics = of_account.into_iter().flat_map(|id| {
            ["t".to_owned(), format!("{A}:t")].map(|name| Some(format!("arn:aws:sns:r:{id}:{name}")))
        });
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
        let unbound = [&found.with_everyone, &found.for_anyone, &found.without_source, &found.by_bucket_name];
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
}
