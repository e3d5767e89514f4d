//! Verdicts of policies that are easily taken for others: whom `NotPrincipal` spares, what networks come to together,
//! whom a statement for everyone lets in, and keys that say whose a request is in other words.

use atrest::clock::Timestamp;
use atrest::model::Membership;
use atrest::policy::{
    KeyUse, KeyUseAnswer, LogBucket, Policy, Refusal, Resource, Setting, UsedBy, admitted, key_use,
    plain_http, services_of_bucket, services_of_key, sse_s3_only_writers,
};

const OWN: &str = "111122223333";
const OTHER: &str = "444455556666";
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const BUCKET: &str = "arn:aws:s3:::amzn-s3-demo-bucket";

fn membership() -> Membership<'static> {
    let management_account_id = "999988887777".parse().ok();
    Membership { org_id: Some("o-own1234567"), management_account_id, ..Membership::default() }
}

fn settled(statements: &[String], resource: Resource<'_>) -> Policy {
    let text = format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, statements.join(","));
    let setting = Setting {
        account_id: OWN.parse().unwrap(),
        region: Some("eu-west-1"),
        membership: membership(),
        resource,
        as_of: Timestamp::parse("2026-11-21T03:00:00Z").unwrap(),
    };
    let policy = Policy::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    policy.settled(&setting).into_owned()
}

fn of_key(statements: &[String]) -> Policy {
    settled(statements, Resource::Key(None))
}

/// A statement on everything; `who` is Principal or `NotPrincipal`.
fn statement(effect: &str, who: &str, condition: &str) -> String {
    format!(
        r#"{{"Effect":"{effect}",{who},"Action":["kms:*","s3:*"],"Resource":"*","Condition":{{{condition}}}}}"#
    )
}

fn allow(principal: &str, condition: &str) -> String {
    statement("Allow", &format!(r#""Principal":{principal}"#), condition)
}

const EVERYONE: &str = r#""*""#;

/// Whom a key's policy lets in.
fn door(statements: &[String]) -> String {
    let found = admitted(&of_key(statements), KEY);
    let anyone = found.anyone.map(|_| "anyone".to_owned());
    let members = found.members.keys().map(|(id, organization)| format!("{id}@{organization}"));
    let accounts = found.accounts.keys().map(ToString::to_string);
    let words = anyone.into_iter().chain(accounts).chain(members).chain(found.organizations.into_keys());
    words.chain(found.undecided.map(|_| "?".to_owned())).collect::<Vec<_>>().join(" ")
}

/// IAM User Guide, "AWS JSON policy elements: `NotPrincipal`": the account is to be named too, else AWS may deny it and
/// all who are in it; and a session's role.
#[test]
fn a_deny_spares_those_who_are_named_with_all_that_they_belong_to() {
    let account = "arn:aws:iam::444455556666:root";
    let role = "arn:aws:iam::444455556666:role/team/app";
    let session = "arn:aws:sts::444455556666:assumed-role/app/one";
    let user = "arn:aws:iam::444455556666:user/bob";
    let aws = |names: &[&str]| format!(r#"{{"AWS":["{}"]}}"#, names.join(r#"",""#));
    for (allowed, spared, expected) in [
        (role, &[role][..], "?"),
        (role, &[role, account], "444455556666"),
        (role, &[account], "444455556666"),
        (role, &["444455556666"], "444455556666"),
        (role, &[role, "arn:aws:iam::111122223333:root"], "?"),
        (role, &["arn:aws:iam::111122223333:root"], ""),
        (user, &[user], "?"),
        (user, &[user, account], "444455556666"),
        (session, &[session], "?"),
        (session, &[session, account], "?"),
        (session, &[session, role], "?"),
        (session, &[session, role, account], "444455556666"),
        (session, &[session, "arn:aws:iam::444455556666:role/other", account], "?"),
        (account, &[role], "?"),
        (account, &[role, account], "444455556666"),
        ("arn:aws:iam::444455556666:role/b", &[role, account], "?"),
        (role, &["*"], "444455556666"),
    ] {
        let deny = statement("Deny", &format!(r#""NotPrincipal":{}"#, aws(spared)), "");
        let found = door(&[allow(&aws(&[allowed]), ""), deny.clone()]);
        assert_eq!(found, expected, "{allowed} where {spared:?} are spared");
        let account_id = OTHER.parse().unwrap();
        let asked = KeyUse { key_arn: KEY, account_id, membership: membership(), bucket: UsedBy::Any };
        let word = match key_use(&of_key(&[allow(&aws(&[allowed]), ""), deny]), &asked) {
            KeyUseAnswer::Admits => OTHER,
            KeyUseAnswer::Bars(_) => "",
            KeyUseAnswer::Undecided(why) => {
                assert!(why.contains("NotPrincipal names a"), "{why}");
                "?"
            }
        };
        assert_eq!(word, expected, "use by {allowed} where {spared:?} are spared");
    }
    let http = |spared: &[&str]| {
        let who = format!(r#""NotPrincipal":{}"#, aws(spared));
        let deny = statement("Deny", &who, r#""Bool":{"aws:SecureTransport":"false"}"#);
        plain_http(&settled(&[deny], Resource::Bucket), BUCKET)
    };
    assert!(matches!(http(&[role]), Refusal::Undecided(why) if why.contains("without its account")));
    assert!(matches!(http(&[role, account]), Refusal::Part(_)));
    assert!(matches!(http(&[account]), Refusal::Part(_)));
    let allowing = statement("Allow", &format!(r#""NotPrincipal":{}"#, aws(&[role])), "");
    assert!(door(&[allowing]).starts_with("anyone"), "of an Allow nothing else is documented");
    let service = r#""NotPrincipal":{"Service":"s3.amazonaws.com"}"#;
    let s3 = allow(r#"{"Service":"s3.amazonaws.com"}"#, "");
    let found = services_of_key(&of_key(&[s3, statement("Deny", service, "")]), KEY);
    assert_eq!((found.for_anyone.len(), found.undecided), (1, None), "a service belongs to nothing");
}

/// Ranges of eight bits.
fn eights(which: std::ops::Range<u32>) -> String {
    which.map(|at| format!(r#""{at}.0.0.0/8""#)).collect::<Vec<_>>().join(",")
}

#[test]
fn networks_say_who_is_in_them_while_they_are_few_together() {
    let by = |operator: &str, nets: &str| format!(r#""{operator}":{{"aws:SourceIp":[{nets}]}}"#);
    let only = |operator: &str, nets: &str| vec![allow(EVERYONE, &by(operator, nets))];
    let but = |operator: &str, nets: &str| {
        let deny = statement("Deny", r#""Principal":"*""#, &by(operator, nets));
        vec![allow(EVERYONE, ""), deny]
    };
    let office = r#""203.0.113.0/24""#;
    let halves = r#""0.0.0.0/1","128.0.0.0/1""#;
    let private = r#""10.0.0.0/8","172.16.0.0/12","192.168.0.0/16","203.0.113.0/24""#;
    let all_but_some =
        (0..8).map(|bit| format!(r#""{}.0.0.0/{}""#, 1 << (7 - bit), bit + 1)).collect::<Vec<_>>();
    let all_but_some = format!(r#"{},"::/0""#, all_but_some.join(","));
    let (allowed, refused) = ("IpAddress", "NotIpAddress");
    let told = |mut statements: Vec<String>| {
        statements.push(statement("Deny", r#""Principal":"*""#, r#""Null":{"aws:SourceIp":"true"}"#));
        statements
    };
    for (statements, is_anyone) in [
        (only(allowed, office), false),
        (only(allowed, &eights(0..256)), true),
        (only(allowed, &eights(20..40)), true),
        (only(allowed, &eights(20..21)), false),
        (only(allowed, private), false),
        (only(allowed, halves), true),
        (only(allowed, r#""2001:db8::/32""#), false),
        (only(allowed, r#""2001:db8::/32","2001:db9::/32""#), true),
        (only(allowed, r#""203.0.113.0/24","::/0""#), true),
        (only(refused, office), true),
        // 0.0.0.0/8 alone is left, and a request that comes by a VPC endpoint and tells no address.
        (only(refused, &all_but_some), true),
        (told(only(refused, &all_but_some)), false),
        (told(only(refused, &eights(0..256))), true),
        (told(only(refused, &format!(r#"{},"::/0""#, eights(1..256)))), false),
        (told(only(refused, &format!(r#"{},"::/0""#, eights(0..200)))), true),
        (but(refused, office), false),
        (but(refused, &eights(0..256)), true),
        (but(refused, &eights(20..40)), true),
        (but(allowed, office), true),
        (but(allowed, &eights(20..200)), true),
        (but(allowed, &all_but_some), true),
        (told(but(allowed, &all_but_some)), false),
        // Each statement has a few, and together they are many.
        ((20..40).map(|at| allow(EVERYONE, &by(allowed, &eights(at..at + 1)))).collect(), true),
        // What a Deny refuses makes the office no wider.
        (
            vec![
                allow(EVERYONE, &by(allowed, office)),
                statement("Deny", r#""Principal":"*""#, &by(allowed, &eights(20..40))),
            ],
            false,
        ),
    ] {
        let found = admitted(&of_key(&statements), KEY);
        assert_eq!(found.anyone.is_some(), is_anyone, "{statements:?}");
        assert_eq!(found.undecided.is_some(), !is_anyone, "{statements:?}");
    }
    let service = r#"{"Service":"sns.amazonaws.com"}"#;
    let of_service = |nets: &str| services_of_key(&of_key(&[allow(service, &by(allowed, nets))]), KEY);
    assert!(of_service(office).for_anyone.is_empty());
    assert_eq!(of_service(&eights(0..256)).for_anyone.len(), 1);
}

/// A statement that admits everyone admits services too, and is no deputy's fault alone.
#[test]
fn services_come_in_with_everyone() {
    let word = |statements: &[String]| {
        let of_key = services_of_key(&of_key(statements), KEY);
        let of_bucket = services_of_bucket(&settled(statements, Resource::Bucket), BUCKET);
        assert_eq!(of_key.with_everyone, of_bucket.with_everyone, "{statements:?}");
        assert_eq!(of_key.for_anyone, of_bucket.for_anyone, "{statements:?}");
        let alone = of_key.for_anyone.len() + of_key.without_source.len();
        (of_key.with_everyone.len(), alone, of_key.undecided)
    };
    let is_service = r#""Bool":{"aws:PrincipalIsAWSService":"true"}"#;
    let perimeter = r#""StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-own1234567"},"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}"#;
    let deny = |condition: &str| statement("Deny", r#""Principal":"*""#, condition);
    let own = r#""StringEquals":{"aws:SourceAccount":"111122223333"}"#;
    let s3 = allow(r#"{"Service":"s3.amazonaws.com"}"#, "");
    for (statements, with_everyone, alone) in [
        (vec![allow(EVERYONE, "")], 1, 0),
        (vec![allow(r#"{"AWS":"*"}"#, "")], 1, 0),
        (vec![allow(EVERYONE, r#""Bool":{"aws:SecureTransport":"true"}"#)], 1, 0),
        (vec![allow(EVERYONE, &own.replace("StringEquals", "StringEqualsIfExists"))], 1, 0),
        (vec![allow(EVERYONE, is_service)], 0, 1),
        (vec![allow(EVERYONE, ""), deny(perimeter)], 0, 1),
        (vec![allow(EVERYONE, ""), deny(is_service)], 0, 0),
        (vec![allow(EVERYONE, ""), s3.clone()], 1, 1),
        (vec![s3], 0, 1),
        (vec![allow(EVERYONE, &format!("{is_service},{own}"))], 0, 0),
    ] {
        assert_eq!(word(&statements), (with_everyone, alone, None), "{statements:?}");
    }
}

/// An organization has one management account: a test of the one is a test of the other.
#[test]
fn a_management_account_stands_for_its_organization() {
    let of = |id: &str| format!(r#""StringEquals":{{"aws:PrincipalOrgMasterAccountId":"{id}"}}"#);
    let not = |id: &str| of(id).replace("StringEquals", "StringNotEquals");
    let other = r#"{"AWS":"arn:aws:iam::444455556666:role/x"}"#;
    let deny = |condition: &str| statement("Deny", r#""Principal":"*""#, condition);
    for (statements, expected) in [
        (vec![allow(EVERYONE, &of("999988887777"))], "o-own1234567"),
        (vec![allow(other, &of("999988887777"))], "444455556666@o-own1234567"),
        (vec![allow(other, ""), deny(&not("999988887777"))], "444455556666@o-own1234567"),
        (vec![allow(EVERYONE, ""), deny(&not("999988887777"))], "o-own1234567"),
        (
            vec![
                allow(EVERYONE, &of("999988887777")),
                deny(r#""StringNotEquals":{"aws:PrincipalOrgID":"o-own1234567"}"#),
            ],
            "o-own1234567",
        ),
        (vec![allow(other, &of("777788889999"))], "444455556666@777788889999"),
        (vec![allow(EVERYONE, &not("999988887777"))], "anyone"),
    ] {
        assert_eq!(door(&statements), expected, "{statements:?}");
    }
}

/// Amazon `CloudWatch` Logs User Guide, "Enable logging from AWS services"; Amazon `DynamoDB` Developer Guide,
/// "`DynamoDB` encryption context".
#[test]
fn an_encryption_context_of_a_service_binds_it() {
    let bound = |context: &str, operator: &str, value: &str| {
        let condition = format!(r#""{operator}":{{"kms:EncryptionContext:{context}":"{value}"}}"#);
        let found = services_of_key(&of_key(&[allow(r#"{"Service":"a.amazonaws.com"}"#, &condition)]), KEY);
        assert_eq!(found.undecided, None, "{condition}");
        let any = (!found.for_anyone.is_empty()).then(|| "any".to_owned());
        let untold = (!found.without_source.is_empty()).then(|| "untold".to_owned());
        let words = any.into_iter().chain(untold).chain(found.accounts.keys().map(ToString::to_string));
        words.collect::<Vec<_>>().join(" ")
    };
    let logs = "arn:aws:logs:eu-west-1:111122223333:*";
    for (context, operator, value, expected) in [
        ("SourceArn", "StringEquals", logs, OWN),
        ("SourceArn", "StringLike", logs, OWN),
        ("SourceArn", "ArnLike", logs, OWN),
        ("SourceArn", "StringLike", "arn:aws:logs:*:111122223333:*", OWN),
        ("SourceArn", "StringLike", "arn:aws:logs:*:*:*", "any"),
        ("SourceArn", "StringEqualsIfExists", logs, "untold"),
        ("SourceArn", "StringLike", "arn:aws:logs:eu-west-1:444455556666:*", OTHER),
        ("aws:dynamodb:subscriberId", "StringEquals", OWN, OWN),
        ("aws:dynamodb:subscriberId", "StringEqualsIfExists", OWN, "untold"),
        ("aws:dynamodb:subscriberId", "StringNotEquals", OWN, "any"),
        ("aws:dynamodb:subscriberId", "StringLike", "*", "any"),
        ("aws:dynamodb:tableName", "StringEquals", "books", "any"),
        ("team", "StringEquals", OWN, "any"),
    ] {
        assert_eq!(bound(context, operator, value), expected, "{context} {operator} {value}");
    }
}

/// An ARN of a bucket names no account. One name is somebody's bucket; a name that anyone may give a bucket is anyone's
/// (Amazon S3 User Guide, "Blocking public access", "The meaning of public": a value with a wildcard is not fixed).
#[test]
fn a_source_without_an_account_is_anyones_unless_it_is_one() {
    for (condition, expected) in [
        (r#""ArnLike":{"aws:SourceArn":"arn:aws:s3:::amzn-s3-demo-bucket"}"#, "?"),
        (
            r#""ArnLike":{"aws:SourceArn":["arn:aws:s3:::amzn-s3-demo-bucket","arn:aws:s3:::amzn-s3-demo-two"]}"#,
            "?",
        ),
        (r#""ArnLike":{"aws:SourceArn":"arn:aws:s3:::*"}"#, "anyone"),
        (r#""StringLike":{"aws:SourceArn":"arn:aws:s3:::*"}"#, "anyone"),
        (r#""ArnLike":{"aws:SourceArn":"arn:aws:s3:*:*:*"}"#, "anyone"),
        (r#""ArnLike":{"aws:SourceArn":"arn:aws:s3:::amzn-s3-demo-*"}"#, "anyone"),
        (r#""ArnEquals":{"aws:SourceArn":"arn:aws:s3:::amzn-?3-demo-bucket"}"#, "anyone"),
        (
            r#""ArnLike":{"aws:SourceArn":"arn:aws:s3:::*"},"StringEquals":{"aws:SourceAccount":"444455556666"}"#,
            "444455556666",
        ),
        (
            r#""ArnLike":{"aws:SourceArn":"arn:aws:s3:::*"},"StringEquals":{"aws:SourceAccount":"111122223333"}"#,
            OWN,
        ),
        (
            r#""ArnLike":{"aws:SourceArn":"arn:aws:s3:::*"},"NumericEquals":{"aws:SourceAccount":"111122223333"}"#,
            OWN,
        ),
        (r#""NumericEquals":{"aws:SourceAccount":"444455556666"}"#, OTHER),
        (r#""NumericEquals":{"aws:SourceAccount":"012345678901"}"#, "012345678901"),
        (r#""NumericNotEquals":{"aws:SourceAccount":"444455556666"}"#, "anyone"),
    ] {
        assert_eq!(door(&[allow(EVERYONE, condition)]), expected, "{condition}");
    }
}

/// An account's number is twelve digits, so that nothing else begins with it.
#[test]
fn a_path_of_load_balancers_may_end_with_the_account() {
    let delivers = |principal: &str, name: &str| {
        let text = format!(
            r#"{{"Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"s3:PutObject","Resource":"{BUCKET}/{name}"}}]}}"#
        );
        let policy = Policy::parse(&text).unwrap();
        let account_id = OWN.parse().unwrap();
        let bucket = LogBucket { arn: BUCKET, account_id, region: Some("eu-west-1"), org_id: None };
        let writers = sse_s3_only_writers(&policy, &bucket);
        let access = services_of_bucket(&policy, BUCKET);
        let accounts: Vec<String> = access.accounts.keys().map(ToString::to_string).collect();
        (writers.first().and_then(|writer| writer.delivers), accounts.join(" "), access.for_anyone.len())
    };
    let service = r#"{"Service":"logdelivery.elasticloadbalancing.amazonaws.com"}"#;
    let ireland = r#"{"AWS":"arn:aws:iam::156460612806:root"}"#;
    for (name, account) in [
        ("AWSLogs/111122223333/*", OWN),
        ("AWSLogs/111122223333*", OWN),
        ("alb/AWSLogs/444455556666*", OTHER),
        ("AWSLogs/444455556666/elasticloadbalancing*", OTHER),
        ("*/AWSLogs/111122223333/*", OWN),
    ] {
        assert_eq!(delivers(service, name), (Some(true), account.to_owned(), 0), "{name}");
        assert_eq!(delivers(ireland, name).0, Some(true), "{name}");
    }
    assert_eq!(delivers(service, "AWSLogs/1111*").2, 1, "of many accounts");
    assert_eq!(delivers(service, "AWSLogs/444455556666/vpcflowlogs*").0, Some(false));
}
