//! For whom policies let AWS services in, policy by policy; whom a data perimeter keeps out; and what is
//! known of a resource and of the time.

use std::borrow::Cow;

use atrest::clock::Timestamp;
use atrest::model::Membership;
use atrest::policy::{
    Admitted, Policy, Refusal, Resource, ServiceAccess, Setting, admitted, plain_http, services_of_bucket,
    services_of_key, tls_only,
};

const OWN: &str = "111122223333";
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const BUCKET: &str = "arn:aws:s3:::amzn-s3-demo-bucket";
const AS_OF: &str = "2026-11-21T03:00:00Z";

/// Statements in short: `BUCKET` is the bucket, `OWN` the account and `ORG` the organization.
fn text(statements: &str) -> String {
    let statements = statements.replace("BUCKET", BUCKET).replace("OWN", OWN).replace("ORG", "o-own1234567");
    format!(r#"{{"Version": "2012-10-17", "Statement": [{statements}]}}"#)
}

fn policy(statements: &str) -> Policy {
    let text = text(statements);
    Policy::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn setting() -> Setting<'static> {
    Setting {
        account_id: OWN.parse().unwrap(),
        region: Some("eu-west-1"),
        membership: Membership { org_id: Some("o-own1234567"), ..Membership::default() },
        resource: Resource::Key(None),
        as_of: Timestamp::parse(AS_OF).unwrap(),
    }
}

/// An answer in a line: `all`, `any`, `untold` and `bucket` with the services that are not bound, then the
/// accounts and organizations that they are bound to, then `?`.
fn line(access: &ServiceAccess) -> String {
    let name = |it: &atrest::policy::AdmittedService| it.name.clone().unwrap_or_else(|| "*".to_owned());
    let mut words = Vec::new();
    for (word, services) in [
        ("all", &access.with_everyone),
        ("any", &access.for_anyone),
        ("untold", &access.without_source),
        ("bucket", &access.by_bucket_name),
    ] {
        words.extend(services.iter().map(|it| format!("{word}:{}", name(it).replace(".amazonaws.com", ""))));
    }
    words.extend(access.accounts.keys().map(ToString::to_string));
    words.extend(access.members.keys().map(|(id, organization)| format!("{id}@{organization}")));
    words.extend(access.organizations.keys().cloned());
    words.extend(access.by_log_path.iter().map(|_| "by_log_path".to_owned()));
    words.extend(access.undecided.iter().map(|_| "?".to_owned()));
    words.join(" ")
}

fn of_key(statements: &str) -> String {
    line(&services_of_key(&policy(statements).settled(&setting()), KEY))
}

fn of_bucket(statements: &str) -> String {
    line(&services_of_bucket(&policy(statements).settled(&setting()), BUCKET))
}

/// An Allow to a principal under a condition.
fn allow(principal: &str, condition: &str) -> String {
    format!(
        r#"{{"Effect":"Allow","Principal":{principal},"Action":["kms:Decrypt","kms:GenerateDataKey*"],"Resource":"*","Condition":{{{condition}}}}}"#
    )
}

const S3: &str = r#"{"Service":"s3.amazonaws.com"}"#;

#[test]
fn a_condition_binds_a_service_or_does_not() {
    for (condition, expected) in [
        // No source at all.
        ("", "any:s3"),
        (r#""StringEquals":{"kms:EncryptionContext:team":"a"}"#, "any:s3"),
        (r#""StringEquals":{"kms:ViaService":"s3.eu-west-1.amazonaws.com"}"#, "any:s3"),
        (r#""Bool":{"aws:SecureTransport":"true"}"#, "any:s3"),
        (r#""Bool":{"aws:PrincipalIsAWSService":"true"}"#, "any:s3"),
        (r#""Bool":{"aws:PrincipalIsAWSService":"false"}"#, ""),
        (r#""StringEquals":{"aws:PrincipalOrgID":"ORG"}"#, ""),
        // The account.
        (r#""StringEquals":{"aws:SourceAccount":"OWN"}"#, "111122223333"),
        (r#""StringEquals":{"AWS:SourceAccount":["OWN","444455556666"]}"#, "111122223333 444455556666"),
        (r#""StringLike":{"aws:SourceAccount":"OWN"}"#, "111122223333"),
        (r#""StringLike":{"aws:SourceAccount":"*"}"#, "any:s3"),
        (r#""StringLike":{"aws:SourceAccount":"1111*"}"#, "any:s3"),
        (r#""StringLike":{"aws:SourceAccount":"????????????"}"#, "any:s3"),
        (r#""StringNotEquals":{"aws:SourceAccount":"OWN"}"#, "any:s3"),
        (r#""StringNotEquals":{"aws:SourceAccount":""}"#, "any:s3"),
        (r#""StringEqualsIfExists":{"aws:SourceAccount":"OWN"}"#, "untold:s3"),
        (r#""ForAllValues:StringEquals":{"aws:SourceAccount":"OWN"}"#, "untold:s3"),
        (r#""ForAnyValue:StringEquals":{"aws:SourceAccount":"OWN"}"#, "111122223333"),
        (r#""Null":{"aws:SourceAccount":"false"}"#, "any:s3"),
        (r#""Null":{"aws:SourceAccount":"true"}"#, "untold:s3"),
        (
            r#""Null":{"aws:SourceAccount":"false"},"StringEqualsIfExists":{"aws:SourceAccount":"OWN"}"#,
            "111122223333",
        ),
        (r#""StringEquals":{"aws:SourceAccount":"${aws:ResourceAccount}"}"#, "111122223333"),
        (r#""StringEquals":{"aws:SourceAccount":"${aws:PrincipalAccount}"}"#, "?"),
        (r#""StringEquals":{"aws:ResourceAccount":"${aws:SourceAccount}"}"#, "111122223333"),
        (r#""StringEquals":{"aws:ResourceAccount":"OWN"}"#, "any:s3"),
        (r#""StringEquals":{"aws:ResourceAccount":"444455556666"}"#, ""),
        // The ARN.
        (r#""ArnLike":{"aws:SourceArn":"arn:aws:sns:eu-west-1:OWN:topic"}"#, "111122223333"),
        (r#""ArnLike":{"aws:SourceArn":"arn:aws:*:*:OWN:*"}"#, "111122223333"),
        (r#""StringLike":{"aws:SourceArn":"arn:aws:cloudtrail:*:OWN:trail/*"}"#, "111122223333"),
        // The star of StringLike takes colons: a state machine, a log group may be called like the account.
        (r#""StringLike":{"aws:SourceArn":"*:OWN:*"}"#, "any:s3"),
        (r#""StringLike":{"aws:SourceArn":"arn:*:OWN:*"}"#, "any:s3"),
        (r#""StringLike":{"aws:SourceArn":"arn:aws:logs:*:OWN:*"}"#, "any:s3"),
        (r#""StringLike":{"aws:SourceArn":"arn:aws:logs:*:OWN:log-group:*"}"#, "111122223333"),
        (r#""StringLike":{"aws:SourceArn":"arn:aws:logs:eu-west-1:OWN:*"}"#, "111122223333"),
        (r#""StringLike":{"aws:SourceArn":"arn:aws:sns:*:OWN:topic"}"#, "111122223333"),
        (r#""StringLike":{"aws:SourceArn":"arn:aws:cloudtrail:*:OWN:*"}"#, "111122223333"),
        (r#""StringLike":{"aws:SourceArn":"*:OWN:log-group:*"}"#, "any:s3"),
        (r#""StringLike":{"aws:SourceArn":"arn:aws:*:*:OWN:execution*"}"#, "any:s3"),
        (r#""StringLike":{"aws:userid":"AROAEXAMPLEEXAMPLE123:*"}"#, ""),
        (r#""StringEquals":{"s3:DataAccessPointAccount":"OWN"}"#, "111122223333"),
        (r#""StringNotEquals":{"s3:DataAccessPointAccount":"OWN"}"#, "any:s3"),
        (r#""StringEquals":{"aws:SourceArn":"arn:aws:cloudtrail:*:*:trail/*"}"#, ""),
        (r#""StringEquals":{"aws:SourceArn":"arn:aws:s3:::*"}"#, ""),
        (r#""StringEqualsIgnoreCase":{"aws:SourceArn":"ARN:AWS:LOGS:eu-west-1:OWN:x"}"#, "111122223333"),
        (r#""Bool":{"kms:GrantIsForAWSResource":"true"}"#, ""),
        (r#""DateLessThan":{"aws:TokenIssueTime":"2030-01-01T00:00:00Z"}"#, ""),
        (r#""StringLike":{"kms:EncryptionContext:aws:logs:arn":"arn:aws:logs:*:OWN:*"}"#, "any:s3"),
        (r#""ArnLike":{"aws:SourceArn":"arn:*:*:*:OWN:*"}"#, "111122223333"),
        (r#""ArnLike":{"aws:SourceArn":"arn:aws:sns:eu-west-1:*:topic"}"#, "any:s3"),
        (r#""ArnLike":{"aws:SourceArn":"arn:aws:sns:*:11112222????:topic"}"#, "any:s3"),
        (r#""ArnNotLike":{"aws:SourceArn":"arn:aws:sns:*:OWN:*"}"#, "any:s3"),
        (r#""ArnLikeIfExists":{"aws:SourceArn":"arn:aws:sns:*:OWN:*"}"#, "untold:s3"),
        (r#""ArnLike":{"aws:SourceArn":"arn:aws:s3:::a-bucket"}"#, "bucket:s3"),
        (r#""ArnLike":{"aws:SourceArn":"arn:aws:s3:::a-*"}"#, "any:s3"),
        (
            r#""ArnLike":{"aws:SourceArn":"arn:aws:s3:::a-bucket"},"StringEquals":{"aws:SourceAccount":"OWN"}"#,
            "111122223333",
        ),
        (
            r#""ArnLike":{"aws:SourceArn":"arn:aws:s3:::*"},"StringEquals":{"aws:SourceAccount":"444455556666"}"#,
            "444455556666",
        ),
        (
            r#""ArnLike":{"aws:SourceArn":"arn:aws:sns:*:*:*"},"StringLike":{"aws:SourceAccount":"*"}"#,
            "any:s3",
        ),
        // The organization.
        (r#""StringEquals":{"aws:SourceOrgID":"ORG"}"#, "o-own1234567"),
        (r#""StringEquals":{"aws:SourceOrgID":"${aws:ResourceOrgID}"}"#, "o-own1234567"),
        (r#""StringEquals":{"aws:SourceOrgID":"o-other12345"}"#, "o-other12345"),
        (r#""StringLike":{"aws:SourceOrgID":"o-*"}"#, "any:s3"),
        (r#""StringEqualsIfExists":{"aws:SourceOrgID":"ORG"}"#, "any:s3"),
        (
            r#""ForAnyValue:StringLike":{"aws:SourceOrgPaths":"ORG/r-ab12/ou-ab12-11111111/*"}"#,
            "o-own1234567",
        ),
        (r#""ForAllValues:StringLike":{"aws:SourceOrgPaths":"ORG/*"}"#, "any:s3"),
        (
            r#""StringEquals":{"aws:SourceOrgID":"ORG","aws:SourceAccount":"444455556666"}"#,
            "444455556666@o-own1234567",
        ),
        (
            r#""StringEquals":{"aws:SourceOrgID":"ORG"},"ArnLike":{"aws:SourceArn":"arn:aws:s3:::a-bucket"}"#,
            "o-own1234567",
        ),
        // Through another service, for an account.
        (
            r#""StringEquals":{"kms:ViaService":"s3.eu-west-1.amazonaws.com","kms:CallerAccount":"OWN"}"#,
            "111122223333",
        ),
        (
            r#""StringEquals":{"kms:ViaService":"s3.eu-west-1.amazonaws.com"},"StringEqualsIfExists":{"kms:CallerAccount":"OWN"}"#,
            "any:s3",
        ),
        // What the service itself puts into the encryption context.
        (
            r#""ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:aws:logs:eu-west-1:OWN:log-group:*"}"#,
            "111122223333",
        ),
        (
            r#""StringLike":{"kms:EncryptionContext:aws:cloudtrail:arn":"arn:aws:cloudtrail:*:*:trail/*"}"#,
            "any:s3",
        ),
        (r#""StringEquals":{"kms:EncryptionContext:account":"OWN"}"#, "any:s3"),
    ] {
        assert_eq!(of_key(&allow(S3, condition)), expected, "{condition}");
    }
}

#[test]
fn services_are_named_in_many_ways() {
    let service = r#""Bool":{"aws:PrincipalIsAWSService":"true"}"#;
    for (statement, expected) in [
        (allow(r#"{"Service":["s3.amazonaws.com","sns.amazonaws.com"]}"#, ""), "any:s3 any:sns"),
        (allow(r#""*""#, service), "any:*"),
        (allow(r#"{"AWS":"*"}"#, service), "any:*"),
        (allow(r#""*""#, &format!(r#"{service},"StringEquals":{{"aws:SourceAccount":"OWN"}}"#)), OWN),
        (allow(r#""*""#, ""), "all:*"),
        (allow(r#""*""#, r#""StringEquals":{"aws:PrincipalOrgID":"ORG"}"#), ""),
        (allow(r#""*""#, r#""StringEquals":{"aws:PrincipalAccount":"OWN"}"#), ""),
        (
            allow(
                r#""*""#,
                r#""StringEquals":{"kms:CallerAccount":"OWN","kms:ViaService":"s3.eu-west-1.amazonaws.com"}"#,
            ),
            "",
        ),
        (allow(r#""*""#, r#""StringEquals":{"aws:SourceVpce":"vpce-1"}"#), ""),
        (allow(r#""*""#, r#""IpAddress":{"aws:SourceIp":"203.0.113.0/24"}"#), ""),
        (allow(r#""*""#, r#""ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/x"}"#), ""),
        (allow(r#""*""#, r#""StringEquals":{"aws:PrincipalServiceName":"sns.amazonaws.com"}"#), "any:sns"),
        (allow(r#""*""#, r#""StringLike":{"aws:PrincipalServiceName":"*.amazonaws.com"}"#), "any:*"),
        (
            allow(
                r#""*""#,
                r#""ForAnyValue:StringEquals":{"aws:PrincipalServiceNamesList":"logs.eu-west-1.amazonaws.com"}"#,
            ),
            "any:logs.eu-west-1",
        ),
        (
            allow(
                r#"{"Service":"logs.eu-west-1.amazonaws.com"}"#,
                r#""ForAnyValue:StringEquals":{"aws:PrincipalServiceNamesList":"logs.amazonaws.com"}"#,
            ),
            "any:logs.eu-west-1",
        ),
        (allow(S3, r#""StringEquals":{"aws:PrincipalServiceName":"sns.amazonaws.com"}"#), ""),
        (allow(r#"{"AWS":"arn:aws:iam::OWN:root"}"#, ""), ""),
        (allow(r#"{"AWS":"arn:aws:iam::444455556666:root","Service":"s3.amazonaws.com"}"#, ""), "any:s3"),
        (allow(r#"{"Service":"*.amazonaws.com"}"#, ""), "?"),
        (
            r#"{"Effect":"Allow","NotPrincipal":{"AWS":"OWN"},"Action":"kms:*","Resource":"*"}"#.to_owned(),
            "all:*",
        ),
        (
            r#"{"Effect":"Allow","NotPrincipal":{"Service":"s3.amazonaws.com"},"Action":"kms:*","Resource":"*"}"#
                .to_owned(),
            "all:*",
        ),
        (allow(S3, "").replace("kms:", "s3:"), ""),
    ] {
        assert_eq!(of_key(&statement), expected, "{statement}");
    }
}

#[test]
fn a_deny_shuts_services_out_as_far_as_it_reaches() {
    let deny = |rest: &str| {
        format!(r#"{},{{"Effect":"Deny","Action":"kms:*","Resource":"*",{rest}}}"#, allow(S3, ""))
    };
    for (rest, expected) in [
        (r#""Principal":"*""#, ""),
        (r#""Principal":{"Service":"s3.amazonaws.com"}"#, ""),
        (r#""Principal":{"Service":"sns.amazonaws.com"}"#, "any:s3"),
        (r#""NotPrincipal":{"AWS":"OWN"}"#, ""),
        (r#""Principal":"*","Condition":{"StringNotEquals":{"aws:SourceAccount":"OWN"}}"#, OWN),
        (r#""Principal":"*","Condition":{"StringNotEqualsIfExists":{"aws:SourceAccount":"OWN"}}"#, OWN),
        (
            r#""Principal":"*","Condition":{"StringNotEquals":{"aws:SourceOrgID":"ORG"},"Bool":{"aws:PrincipalIsAWSService":"true"}}"#,
            "o-own1234567",
        ),
        // The perimeter of identities makes an exception for services.
        (
            r#""Principal":"*","Condition":{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"ORG"},"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}}"#,
            "any:s3",
        ),
        // The perimeter of sources, as AWS publishes it, leaves a request that tells none.
        (
            r#""Principal":"*","Condition":{"StringNotEqualsIfExists":{"aws:SourceOrgID":"ORG","aws:SourceAccount":["444455556666"]},"Null":{"aws:SourceAccount":"false"},"Bool":{"aws:PrincipalIsAWSService":"true"}}"#,
            "untold:s3",
        ),
        (r#""Principal":"*","Condition":{"StringNotEquals":{"aws:SourceAccount":"${aws:username}"}}"#, "?"),
        (r#""Principal":"*","Condition":{"StringEquals":{"aws:SourceAccount":"444455556666"}}"#, "any:s3"),
    ] {
        assert_eq!(of_key(&deny(rest)), expected, "{rest}");
    }
    let halves = format!(
        r#"{},{{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*","Condition":{{"Null":{{"aws:SourceOrgID":"true"}}}}}},{{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*","Condition":{{"StringNotEqualsIfExists":{{"aws:SourceOrgID":"ORG"}}}}}}"#,
        allow(S3, "")
    );
    assert_eq!(of_key(&halves), "o-own1234567", "two statements count together");
}

#[test]
fn delivering_services_are_bound_in_bucket_policies_too() {
    let put = |service: &str, resource: &str, condition: &str| {
        format!(
            r#"{{"Effect":"Allow","Principal":{{"Service":"{service}.amazonaws.com"}},"Action":"s3:PutObject","Resource":"{resource}","Condition":{{{condition}}}}}"#
        )
    };
    let account = r#""StringEquals":{"aws:SourceAccount":"OWN"}"#;
    for service in ["logging.s3", "delivery.logs", "cloudtrail", "config", "serverlessrepo", "s3"] {
        assert_eq!(of_bucket(&put(service, "BUCKET/*", "")), format!("any:{service}"));
        assert_eq!(of_bucket(&put(service, "BUCKET/AWSLogs/OWN/*", "")), format!("any:{service}"));
        assert_eq!(of_bucket(&put(service, "BUCKET/*", account)), OWN);
        assert_eq!(of_bucket(&put(service, "arn:aws:s3:::other/*", "")), "", "of another bucket");
    }
    let elb = "logdelivery.elasticloadbalancing";
    for (resource, expected) in [
        ("BUCKET/AWSLogs/OWN/*", "111122223333 by_log_path"),
        ("BUCKET/a/b/AWSLogs/OWN/*", "111122223333 by_log_path"),
        ("BUCKET/AWSLogs/444455556666/*", "444455556666 by_log_path"),
        ("BUCKET/*/AWSLogs/OWN/*", "111122223333 by_log_path"),
        ("BUCKET/AWSLogs/*", "any:logdelivery.elasticloadbalancing"),
        ("BUCKET/*", "any:logdelivery.elasticloadbalancing"),
        ("BUCKET", "any:logdelivery.elasticloadbalancing"),
        ("BUCKET/OWN/*", "any:logdelivery.elasticloadbalancing"),
    ] {
        assert_eq!(of_bucket(&put(elb, resource, "")), expected, "{resource}");
    }
    let arn = r#""ArnLike":{"aws:SourceArn":"arn:aws:elasticloadbalancing:eu-west-1:OWN:loadbalancer/*"}"#;
    assert_eq!(of_bucket(&put(elb, "BUCKET/*", arn)), OWN);
    let front = r#""StringEquals":{"AWS:SourceArn":"arn:aws:cloudfront::OWN:distribution/EDFDVBD6EXAMPLE"}"#;
    assert_eq!(of_bucket(&put("cloudfront", "BUCKET/*", front)), OWN);
    let from_bucket = r#""ArnLike":{"aws:SourceArn":"arn:aws:s3:::source"}"#;
    assert_eq!(of_bucket(&put("logging.s3", "BUCKET/*", from_bucket)), "bucket:logging.s3");
    let region =
        |name: &str| put("s3", "BUCKET/*", &format!(r#""StringEquals":{{"aws:RequestedRegion":"{name}"}}"#));
    assert_eq!(
        (of_bucket(&region("eu-west-1")), of_bucket(&region("us-east-1"))),
        ("any:s3".into(), String::new())
    );
}

/// Whom a key policy lets in, beside services.
fn door(statements: &str) -> String {
    let policy = policy(statements);
    let Admitted { anyone, accounts, members, organizations, undecided } =
        admitted(&policy.settled(&setting()), KEY);
    let mut words: Vec<String> = anyone.into_iter().map(|_| "anyone".to_owned()).collect();
    words.extend(accounts.keys().map(ToString::to_string));
    words.extend(members.keys().map(|(id, organization)| format!("{id}@{organization}")));
    words.extend(organizations.into_keys());
    words.extend(undecided.map(|_| "?".to_owned()));
    words.join(" ")
}

/// `aws-samples/data-perimeter-policy-examples`, resource-based policies.
#[test]
fn a_data_perimeter_keeps_outside_accounts_out() {
    let perimeter = |condition: &str| {
        format!(
            r#"{{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*","Condition":{{{condition}}}}}"#
        )
    };
    let published = r#""StringNotEqualsIfExists":{"aws:PrincipalOrgID":"ORG"},"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}"#;
    let with_third = r#""StringNotEqualsIfExists":{"aws:PrincipalOrgID":"ORG","aws:PrincipalAccount":["777788889999"]},"BoolIfExists":{"aws:PrincipalIsAWSService":"false"}"#;
    let everyone = allow(r#""*""#, "");
    let outsider = allow(r#"{"AWS":"arn:aws:iam::444455556666:root"}"#, "");
    for (allow, condition, expected) in [
        (&everyone, published, "o-own1234567"),
        (&everyone, r#""StringNotEquals":{"aws:PrincipalOrgID":"ORG"}"#, "o-own1234567"),
        (&everyone, r#""StringNotEquals":{"aws:PrincipalOrgID":"${aws:ResourceOrgID}"}"#, "o-own1234567"),
        (&everyone, r#""BoolIfExists":{"aws:PrincipalIsAWSService":"false"}"#, ""),
        (&everyone, with_third, "777788889999 o-own1234567"),
        // A negated key that must be there: a principal without an organization is not refused.
        (
            &everyone,
            r#""StringNotEquals":{"aws:PrincipalOrgID":"ORG"},"Null":{"aws:PrincipalOrgID":"false"}"#,
            "anyone o-own1234567",
        ),
        (&everyone, r#""StringEquals":{"aws:PrincipalOrgID":"o-other12345"}"#, "anyone"),
        (&outsider, published, "444455556666@o-own1234567"),
        (&outsider, with_third, "444455556666@o-own1234567"),
        (
            &outsider,
            r#""StringNotEqualsIfExists":{"aws:PrincipalOrgID":["ORG","o-other12345"]}"#,
            "444455556666@o-other12345 444455556666@o-own1234567",
        ),
        (&outsider, r#""StringNotEqualsIfExists":{"aws:PrincipalAccount":"444455556666"}"#, "444455556666"),
        (
            &outsider,
            r#""ForAllValues:StringNotLike":{"aws:PrincipalOrgPaths":"ORG/*"}"#,
            "444455556666@o-own1234567",
        ),
    ] {
        let found = door(&format!("{allow},{}", perimeter(condition)));
        assert_eq!(found, expected, "{allow}\n{condition}");
    }
}

#[test]
fn what_is_known_of_a_key_is_no_longer_open() {
    for (condition, expected) in [
        (r#""StringEquals":{"aws:PrincipalOrgID":"${aws:ResourceOrgID}"}"#, "o-own1234567"),
        (r#""StringEquals":{"aws:PrincipalOrgID":"${AWS:ResourceOrgId}"}"#, "o-own1234567"),
        (r#""StringEquals":{"aws:PrincipalAccount":"${aws:ResourceAccount}"}"#, OWN),
        (
            r#""StringEquals":{"aws:PrincipalAccount":["444455556666","${aws:ResourceAccount}"]}"#,
            "111122223333 444455556666",
        ),
        (r#""StringEquals":{"aws:ResourceAccount":"${aws:PrincipalAccount}"}"#, OWN),
        (r#""StringLike":{"aws:ResourceAccount":["4444*","${aws:PrincipalAccount}"]}"#, OWN),
        (r#""StringEquals":{"aws:ResourceOrgID":"${aws:PrincipalOrgID}"}"#, "o-own1234567"),
        // A request that lacks the key, or the variable, is not told the same way: it stays open.
        (r#""StringNotEquals":{"aws:ResourceAccount":"${aws:PrincipalAccount}"}"#, "?"),
        (r#""StringEqualsIfExists":{"aws:ResourceAccount":"${aws:PrincipalAccount}"}"#, "?"),
        (r#""StringEquals":{"aws:ResourceAccount":"1${aws:PrincipalAccount}"}"#, "?"),
        (r#""StringEquals":{"aws:PrincipalTag/team":"${aws:ResourceTag/team}"}"#, "?"),
        (r#""StringEquals":{"aws:ResourceAccount":"OWN"}"#, "anyone"),
        (r#""StringNotEquals":{"aws:ResourceAccount":"OWN"}"#, ""),
        (r#""Null":{"aws:ResourceAccount":"true"}"#, ""),
        (r#""StringEquals":{"aws:ResourceOrgID":"o-other12345"}"#, ""),
        (r#""StringEquals":{"aws:RequestedRegion":"us-east-1"}"#, ""),
        (r#""StringLike":{"aws:RequestedRegion":"eu-*"}"#, "anyone"),
        // The time is the run's.
        (r#""DateLessThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}"#, ""),
        (r#""DateLessThan":{"aws:CurrentTime":"2026-11-21T03:00:00Z"}"#, ""),
        (r#""DateLessThanEquals":{"aws:CurrentTime":"2026-11-21T03:00:00Z"}"#, "anyone"),
        (r#""DateGreaterThan":{"aws:CurrentTime":"2027-01-01T00:00:00Z"}"#, ""),
        (r#""NumericLessThan":{"aws:EpochTime":"1577836800"}"#, ""),
        (r#""DateLessThan":{"aws:EpochTime":"1577836800"}"#, ""),
        (r#""NumericGreaterThan":{"aws:EpochTime":1577836800}"#, "anyone"),
        (r#""DateLessThan":{"aws:TokenIssueTime":"2020-01-01T00:00:00Z"}"#, "anyone"),
        (r#""DateLessThan":{"aws:CurrentTime":"soon"}"#, "?"),
    ] {
        assert_eq!(door(&allow(r#""*""#, condition)), expected, "{condition}");
    }
    let ended = r#"{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"DateLessThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}}}"#;
    assert_eq!(
        door(&format!("{},{ended}", allow(r#""*""#, ""))),
        "anyone",
        "a Deny that ended denies nothing"
    );
}

#[test]
fn without_an_organization_its_variable_stays_open() {
    let statements = allow(r#""*""#, r#""StringEquals":{"aws:PrincipalOrgID":"${aws:ResourceOrgID}"}"#);
    let parsed = policy(&statements);
    let alone = parsed.settled(&Setting { membership: Membership::default(), ..setting() });
    assert!(matches!(alone, Cow::Owned(_)));
    assert!(admitted(&alone, KEY).undecided.is_some());
    let plain = policy(&allow(r#""*""#, ""));
    assert!(matches!(plain.settled(&setting()), Cow::Borrowed(_)), "nothing to settle, nothing is copied");
    let old = format!(
        r#"{{"Version":"2008-10-17","Statement":[{}]}}"#,
        allow(r#""*""#, r#""StringEquals":{"aws:PrincipalAccount":"${aws:ResourceAccount}"}"#)
    );
    let old = Policy::parse(&old).unwrap();
    let found = admitted(&old.settled(&setting()), KEY);
    assert!(
        found.accounts.is_empty() && found.undecided.is_none(),
        "2008's language has no variables: {found:?}"
    );
}

#[test]
fn later_instants_are_those_that_the_policy_names() {
    let statements = [
        allow(r#""*""#, r#""DateGreaterThan":{"aws:CurrentTime":"2027-01-01T00:00:00Z"}"#),
        allow(r#""*""#, r#""NumericLessThan":{"aws:EpochTime":"1577836800"}"#),
    ];
    let parsed = policy(&statements.join(","));
    let now = parsed.settled(&setting());
    assert_eq!(admitted(&now, KEY), Admitted::default());
    let later = now.later(setting().as_of);
    let [(at, then)] = &later[..] else { panic!("{later:?}") };
    assert_eq!(at.to_string(), "2027-01-01T00:00:00Z");
    assert!(admitted(then, KEY).anyone.is_some());
    assert!(
        parsed.later(setting().as_of).is_empty(),
        "of a policy that is not settled there is nothing to say"
    );
}

#[test]
fn plain_http_is_refused_at_an_instant_and_in_a_region() {
    let deny = |condition: &str| {
        policy(&format!(
            r#"{{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["BUCKET","BUCKET/*"],"Condition":{{"Bool":{{"aws:SecureTransport":"false"}},{condition}}}}}"#
        ))
    };
    for (condition, refused) in [
        (r#""DateLessThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}"#, false),
        (r#""DateGreaterThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}"#, true),
        (r#""DateGreaterThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"}"#, false),
        (r#""StringEquals":{"aws:ResourceAccount":"OWN"}"#, true),
        (r#""StringEquals":{"aws:ResourceAccount":"${aws:ResourceAccount}"}"#, true),
        (r#""StringNotEquals":{"aws:ResourceOrgID":"ORG"}"#, false),
        (r#""StringEquals":{"aws:RequestedRegion":["us-east-1","eu-west-1"]}"#, true),
    ] {
        let expected = if refused { Refusal::Every } else { Refusal::None };
        let policy = deny(condition);
        let settled = policy.settled(&setting());
        assert_eq!(plain_http(&settled, BUCKET), expected, "{condition}");
        assert_eq!(tls_only(&settled, BUCKET), expected, "{condition}");
    }
}

/// KMS API Reference, `CreateKey`: since August 2025 such statements are refused; those of before have no
/// effect.
#[test]
fn a_statement_of_a_key_policy_without_resource_or_action_has_no_effect() {
    let root = r#"{"Effect":"Allow","Principal":{"AWS":"OWN"},"Action":"kms:*","Resource":"*"}"#;
    let public = r#"{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}"#;
    for broken in [
        r#"{"Effect":"Allow","Principal":"*","Action":"kms:*"}"#,
        r#"{"Effect":"Allow","Principal":"*","Resource":"*"}"#,
        r#"{"Effect":"Deny","Principal":"*","Action":"kms:*"}"#,
        r#"{"Effect":"Deny","Principal":"*"}"#,
    ] {
        let read = |other: &str| Policy::parse_of_key(&text(&format!("{other},{broken}"))).unwrap();
        assert!(admitted(&read(root), KEY).anyone.is_none(), "{broken}");
        assert!(admitted(&read(public), KEY).anyone.is_some(), "{broken}");
        assert!(Policy::parse(&text(broken)).is_err(), "of a bucket policy it is an error: {broken}");
    }
    for wrong in [
        r#"{"Effect":"Allow","Action":"kms:*","Resource":"*"}"#,
        r#"{"Effect":"Allow","Principal":"*","Action":[],"Resource":"*"}"#,
        r#"{"Effect":"Allow","Principal":"*","Action":"kms:*","Conditions":{}}"#,
        r#"{"Effect":"Allow","Principal":"*","Action":"kms:*","NotAction":"kms:*"}"#,
    ] {
        assert!(Policy::parse_of_key(&text(wrong)).is_err(), "{wrong}");
    }
}
