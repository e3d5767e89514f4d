//! The truth tables of the checks of bucket policies.

use super::buckets::{customer_managed, encryptions, listings, minimums, writers};
use super::made_bucket::*;
use super::policy_text::{PolicyText, or_none};
use super::truth_table::{Column, hold, undecided, unread};
use crate::model::{Encryption, KeyLink, Reading};

/// A Deny to everyone of an action on resources under a condition, all in JSON.
fn deny(action: &str, resources: &str, condition: &str) -> String {
    format!(
        r#"{{"Effect":"Deny","Principal":"*","Action":"{action}","Resource":{resources},"Condition":{{{condition}}}}}"#
    )
}

/// A Deny of uploads to the whole bucket.
fn deny_put(condition: &str) -> String {
    deny("s3:PutObject", OBJECTS, condition)
}

/// Policies of these statements on the bucket `data`, and what there can be instead of one.
pub(super) fn policies(known: impl IntoIterator<Item = (&'static str, String)>) -> Column<MadeBucket> {
    policy_column(or_none(known.into_iter().map(|(name, statements)| (name, policy_of(&statements)))))
}

fn policy_of(statements: &str) -> String {
    format!(r#"{{"Version":"2012-10-17","Statement":[{statements}]}}"#)
}

fn policy_column(policies: Vec<(&'static str, PolicyText)>) -> Column<MadeBucket> {
    let all = policies.into_iter().map(|(name, policy)| (name, (tls_only(&policy), policy)));
    Column::of("policy", all, |made: &mut MadeBucket, (tls_only, policy)| {
        (made.tls_only, made.policy) = (tls_only, policy);
    })
}

const BOTH: &str = r#"["arn:aws:s3:::data","arn:aws:s3:::data/*"]"#;
const OBJECTS: &str = r#""arn:aws:s3:::data/*""#;
const FOLDER: &str = r#""arn:aws:s3:::data/in/*""#;
pub(super) const ALLOW: &str = r#"{"Effect":"Allow","Principal":{"AWS":"222222222222"},"Action":"s3:*","Resource":"arn:aws:s3:::data/*"}"#;
pub(super) const ALLOW_LOGS: &str = r#"{"Effect":"Allow","Principal":{"Service":"logging.s3.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::data/*"}"#;
const MODE: &str = "s3:x-amz-server-side-encryption";
const KEY: &str = "s3:x-amz-server-side-encryption-aws-kms-key-id";
/// What the policies on uploads refuse.
const UPLOAD_POLICIES: &str = "the policies
  kms         any header but aws:kms and aws:kms:dsse, and none
  kms?        any header but aws:kms and aws:kms:dsse
  k1          as kms, and any key but k1, and none
  k1?         as kms?, and with a header any key but k1, and none
  key?        as kms?, and with a header no key
  key*?       as kms?, and with a header any key but those of the bucket's account
  folder ...  the same for some objects

every mode";
/// A condition for which it is not known whom it holds for.
const WHO_KNOWS: &str = r#","StringFoo":{"aws:PrincipalTag/team":"a"}"#;

#[test]
fn s3_sse_c_blocked() {
    let condition = r#""Null":{"s3:x-amz-server-side-encryption-customer-algorithm":"false"}"#;
    let replicas = deny("s3:ReplicateObject", OBJECTS, "");
    let policies = policies([
        ("refuses all uploads", deny_put(condition)),
        ("refuses all uploads and replicas", format!("{},{replicas}", deny_put(condition))),
        ("refuses some", deny("s3:PutObject", FOLDER, condition)),
        ("refuses none", ALLOW.to_owned()),
        ("undecided", deny_put(&format!("{condition}{WHO_KNOWS}"))),
    ]);
    let settings = [("blocked", Some(true)), ("not blocked", Some(false)), ("not reported", None)];
    let settings =
        Column::of("setting", settings, |made: &mut MadeBucket, setting| made.sse_c_blocked = setting);
    hold("s3_sse_c_blocked", vec![("every default", bucket(), vec![encryptions(), settings, policies])]);
}

#[test]
fn s3_tls_only() {
    let condition = r#""Bool":{"aws:SecureTransport":"false"}"#;
    let policies = policies([
        ("refuses all", deny("s3:*", BOTH, condition)),
        ("refuses on objects", deny("s3:*", OBJECTS, condition)),
        ("refuses none", ALLOW.to_owned()),
        ("undecided", deny("s3:*", BOTH, &format!("{condition}{WHO_KNOWS}"))),
    ]);
    hold("s3_tls_only", vec![("every policy", bucket(), vec![policies])]);
}

#[test]
fn s3_policy_service_confused_deputy() {
    let put = |service: &str, condition: &str| {
        format!(
            r#"{{"Effect":"Allow","Principal":{{"Service":"{service}.amazonaws.com"}},"Action":"s3:PutObject","Resource":{OBJECTS},"Condition":{{{condition}}}}}"#
        )
    };
    let account = |id: &str| format!(r#""StringEquals":{{"aws:SourceAccount":"{id}"}}"#);
    let organization = r#""StringEquals":{"aws:SourceOrgID":"o-other12345"}"#;
    let balancer = r#"{"Effect":"Allow","Principal":{"Service":"logdelivery.elasticloadbalancing.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::data/AWSLogs/111111111111/*"}"#;
    let statements = [
        ("an account", ALLOW.to_owned()),
        ("CloudTrail", put("cloudtrail", "")),
        ("server access logs", ALLOW_LOGS.to_owned()),
        ("everyone", ALLOW.replace(r#"{"AWS":"222222222222"}"#, r#""*""#)),
        ("IfExists", put("config", &account(HOME).replace("StringEquals", "StringEqualsIfExists"))),
        ("a bucket's ARN", put("logging.s3", r#""ArnLike":{"aws:SourceArn":"arn:aws:s3:::source"}"#)),
        ("own account", put("delivery.logs", &account(HOME))),
        ("member", put("delivery.logs", &account(MEMBER))),
        ("outside", put("delivery.logs", &account(OUTSIDE))),
        ("an organization", put("delivery.logs", organization)),
        ("load balancers' path", balancer.to_owned()),
        ("until 2020", put("config", r#""DateLessThan":{"aws:CurrentTime":"2020-01-01T00:00:00Z"}"#)),
        ("undecided", put("config", &format!("{}{WHO_KNOWS}", account(HOME)))),
    ];
    let trust = [
        ("not trusted", None),
        ("trusted", Some("2027-01-01T00:00:00Z")),
        ("ended", Some("2026-01-01T00:00:00Z")),
    ];
    let trust = Column::of(OUTSIDE, trust, |made: &mut MadeBucket, trust| made.trust = trust);
    let listed = [("complete", true), ("not complete", false)];
    let listed = Column::of("accounts", listed, |made: &mut MadeBucket, all| made.members_complete = all);
    let ids = [("known", Some("o-own1234567")), ("not known", None)];
    let ids = Column::of("organization", ids, |made: &mut MadeBucket, id| made.org_id = id);
    let columns = vec![policies(statements), trust, listed, ids];
    hold("s3_policy_service_confused_deputy", vec![("every policy", bucket(), columns)]);
}

#[test]
fn s3_upload_encryption_enforced() {
    let k1 = "arn:aws:kms:eu-west-1:111111111111:key/k1";
    let there = format!(r#""Null":{{"{MODE}":"false"}}"#);
    let not_kms = format!(r#""StringNotEquals":{{"{MODE}":["aws:kms","aws:kms:dsse"]}}"#);
    let not_k1 = format!(r#""StringNotEquals":{{"{KEY}":"{k1}"}}"#);
    let not_home = format!(r#""StringNotLike":{{"{KEY}":"arn:aws:kms:*:{HOME}:key/*"}}"#);
    let no_key = format!(r#""Null":{{"{MODE}":"false","{KEY}":"true"}}"#);
    let if_kms = deny_put(&format!("{there},{not_kms}"));
    let if_k1 = |resources| {
        let conditions = [&not_kms, &not_k1];
        conditions.map(|not| deny("s3:PutObject", resources, &format!("{there},{not}"))).join(",")
    };
    let about_keys = [
        ("kms", deny_put(&not_kms)),
        ("kms?", if_kms.clone()),
        ("k1", format!("{},{}", deny_put(&not_kms), deny_put(&not_k1))),
        ("k1?", if_k1(OBJECTS)),
        ("key?", format!("{if_kms},{}", deny_put(&no_key))),
        ("key*?", format!("{if_kms},{}", deny_put(&format!("{there},{not_home}")))),
        ("folder kms", deny("s3:PutObject", FOLDER, &not_kms)),
        ("folder k1?", if_k1(FOLDER)),
        ("refuses none", ALLOW.to_owned()),
    ];
    let about_keys = about_keys.map(|(name, text)| (name, PolicyText::parsed(&policy_of(&text))));
    let some_policies = about_keys.iter().cloned().chain([("no policy", PolicyText::Absent)]).collect();
    let more = [
        ("undecided", deny_put(&format!("{not_kms}{WHO_KNOWS}"))),
        ("logs are written", ALLOW_LOGS.to_owned()),
    ];
    let more = or_none(more.map(|(name, statements)| (name, policy_of(&statements))));
    let all = policy_column(about_keys.into_iter().chain(more).collect());
    let lists = [
        ("any", Approved::Any),
        ("k1", Approved::TheKey),
        ("k2", Approved::KeyBesideIt),
        ("bucket's account", Approved::HomeAccount),
    ];
    let lists = Column::of("approved", lists, |made: &mut MadeBucket, approved| made.approved = approved);
    let sse_s3 = ("sse_s3", (Reading::Known(Encryption::SseS3), Reference::None, KeyLink::None));
    let with_kms = [
        ("sse_kms aws/s3", (Reading::Known(Encryption::SseKms), Reference::None, KeyLink::None)),
        ("sse_kms k1", (Reading::Known(Encryption::SseKms), Reference::KeyArn, KeyLink::SameAccount)),
        ("sse_kms k1 unproven", (Reading::Known(Encryption::SseKms), Reference::KeyArn, KeyLink::Unproven)),
        ("sse_kms k1 outside", (Reading::Known(Encryption::SseKms), Reference::KeyArn, KeyLink::OutsideOrg)),
        ("denied", (unread("denied"), Reference::None, KeyLink::None)),
    ];
    let gone = ("gone", (Reading::Gone, Reference::None, KeyLink::None));
    let other = ("other", (Reading::Known(Encryption::Other), Reference::None, KeyLink::None));
    let defaults = |defaults: Vec<(&'static str, _)>| {
        Column::of("default", defaults, |made: &mut MadeBucket, (read, reference, link)| {
            (made.encryption, made.reference, made.link) = (read, reference, link);
        })
    };
    // What is not looked at is not there from the start: there are fewer losses to go through.
    let start = MadeBucket {
        manager: None,
        state: None,
        primary_state: None,
        origin: None,
        is_for_s3: None,
        rotation: (Err(undecided("denied")), None),
        members: &[],
        members_complete: false,
        ..bucket()
    };
    let without_region = MadeBucket { region: None, ..start.clone() };
    let every_default = defaults([sse_s3].into_iter().chain(with_kms.clone()).chain([other, gone]).collect());
    let rules = vec![customer_managed(), lists, defaults(with_kms.into()), policy_column(some_policies)];
    hold(
        "s3_upload_encryption_enforced",
        vec![
            (UPLOAD_POLICIES, without_region, vec![minimums(), every_default, all]),
            ("every rule about keys, with SSE-KMS asked", start.clone(), rules),
            ("every destination of logs", start, vec![listings(), writers()]),
        ],
    );
}
