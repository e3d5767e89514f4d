//! Policies within AWS's size limits that were written to be dear to weigh: they end, and most undecided.

use super::{Policy, Refusal, admitted, plain_http, services_of_bucket, services_of_key, uploads};

const BUCKET: &str = "arn:aws:s3:::b";
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn list(count: usize, of: impl Fn(usize) -> String) -> String {
    (0..count).map(|n| format!("\"{}\"", of(n))).collect::<Vec<_>>().join(",")
}

fn policy(longest: usize, statements: &[String]) -> Policy {
    let text = format!("{{\"Version\":\"2012-10-17\",\"Statement\":[{}]}}", statements.join(","));
    assert!(text.len() <= longest, "{} bytes", text.len());
    Policy::parse(&text).unwrap()
}

/// Patterns of which a text can match any set.
fn patterns() -> String {
    list(4, |n| format!("*{n:02}?*a{n:02}*"))
}

#[test]
fn many_principals_of_every_kind_are_not_multiplied() {
    let roles = list(80, |n| format!("arn:aws:iam::111122223333:role/r{n}"));
    let canonical = list(80, |n| format!("{n:064}"));
    let federated = list(80, |n| format!("f{n}.example"));
    let named = |federated: &str| {
        policy(
            20 * 1024,
            &[format!(
                r#"{{"Effect":"Deny","Principal":{{"AWS":[{roles}],"CanonicalUser":[{canonical}]{federated}}},
                    "Action":"s3:*","Resource":"*"}}"#
            )],
        )
    };
    assert!(matches!(plain_http(&named(""), BUCKET), Refusal::Part(_)));
    let all = named(&format!(r#","Federated":[{federated}]"#));
    assert!(matches!(plain_http(&all, BUCKET), Refusal::Part(_)), "the same statement has all of them");
}

#[test]
fn every_named_key_is_part_of_one_budget() {
    let (keys, patterns) = (list(800, |n| format!("k{n}")), patterns());
    let all = policy(
        20 * 1024,
        &[format!(
            r#"{{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{{
                "StringNotEquals":{{"s3:x-amz-server-side-encryption-aws-kms-key-id":[{keys}]}},
                "StringLike":{{"aws:userid":[{patterns}]}}}}}}"#
        )],
    );
    let answers = uploads(&all, BUCKET);
    assert_eq!(answers.len(), 2 * 802 + 3);
    assert!(matches!(answers.last(), Some((_, Refusal::Undecided(_)))), "{:?}", answers.last());
}

#[test]
fn every_named_account_is_part_of_one_budget() {
    let (accounts, patterns) = (list(700, |n| format!("{:012}", 100_000_000_000 + n)), patterns());
    let all = policy(
        32 * 1024,
        &[
            format!(
                r#"{{"Effect":"Allow","Principal":{{"AWS":[{accounts}]}},"Action":"kms:*","Resource":"*"}}"#
            ),
            format!(
                r#"{{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*","Condition":{{
                    "StringNotLike":{{"aws:PrincipalArn":[{patterns}]}}}}}}"#
            ),
        ],
    );
    let found = admitted(&all, KEY);
    assert!(found.undecided.is_some() && found.accounts.len() < 700, "{}", found.accounts.len());
}

#[test]
fn every_service_and_every_source_is_part_of_one_budget() {
    let (services, patterns) = (list(200, |n| format!("s{n}.amazonaws.com")), patterns());
    let accounts = list(700, |n| format!("{:012}", 100_000_000_000 + n));
    let organizations = list(60, |n| format!("o-{n:010}"));
    let all = policy(
        32 * 1024,
        &[
            format!(
                r#"{{"Effect":"Allow","Principal":{{"Service":[{services}]}},"Action":["kms:*","s3:*"],
                    "Resource":"*","Condition":{{"StringEquals":{{"aws:SourceAccount":[{accounts}]}}}}}}"#
            ),
            format!(
                r#"{{"Effect":"Deny","Principal":"*","Action":["kms:*","s3:*"],"Resource":"*","Condition":{{
                    "StringNotEquals":{{"aws:SourceOrgID":[{organizations}]}},
                    "StringNotLike":{{"aws:userid":[{patterns}]}}}}}}"#
            ),
        ],
    );
    assert!(services_of_key(&all, KEY).undecided.is_some());
    assert!(services_of_bucket(&all, BUCKET).undecided.is_some());
}
