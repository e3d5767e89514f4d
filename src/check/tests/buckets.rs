//! The bucket checks' truth tables.

use super::made_bucket::*;

use super::policy_text::{PolicyText, or_none};
use super::truth_table::{Column, UNREAD, hold};
use crate::model::{Encryption, KeyAdmission, KeyLink, KeyRotation, RotationReason};

/// Every mode, and every *read* word.
fn encryptions() -> Column<MadeBucket> {
    use Encryption::{DsseKms, NotConfigured, Other, SseKms, SseS3, Unknown};
    let known = [
        ("not_configured", NotConfigured),
        ("sse_s3", SseS3),
        ("sse_kms", SseKms),
        ("dsse_kms", DsseKms),
        ("other", Other),
    ];
    let known = known.map(|(name, mode)| (name, (mode, "known")));
    let unread = [&["gone"][..], &UNREAD].concat();
    let unread = unread.into_iter().map(|read| (read, (Unknown, read)));
    let all = known.into_iter().chain([("absent", (NotConfigured, "absent"))]).chain(unread);
    Column::of("encryption", all, |made: &mut MadeBucket, encryption| {
        made.encryption = encryption;
        made.algorithm = (encryption.0 == Other).then_some("aws:fsx");
    })
}

/// Every link of a default that names a customer's key, with an account that goes with it.
fn links() -> Column<MadeBucket> {
    let links = [
        (KeyLink::AwsManaged, HOME),
        (KeyLink::SameAccount, HOME),
        (KeyLink::SameOrg, MEMBER),
        (KeyLink::OutsideOrg, OUTSIDE),
        (KeyLink::Missing, HOME),
        (KeyLink::Unproven, HOME),
    ];
    Column::of(
        "key",
        links.map(|(link, owner)| (link.word(), (link, owner))),
        |made: &mut MadeBucket, key| {
            (made.link, made.owner) = key;
        },
    )
}

fn references() -> Column<MadeBucket> {
    let all = [
        ("none", Reference::None),
        ("alias/aws/s3", Reference::AwsS3),
        ("arn alias/aws/s3", Reference::AwsS3Arn),
        ("key_id", Reference::KeyId),
        ("key_arn", Reference::KeyArn),
        ("alias_name", Reference::AliasName),
        ("alias_arn", Reference::AliasArn),
        ("arn of a bucket", Reference::NoKmsArn),
        ("arn without account", Reference::NoAccountArn),
        ("arn of another partition", Reference::OtherPartition),
        ("alias/aws/ebs", Reference::AwsEbs),
    ];
    Column::of("reference", all, |made: &mut MadeBucket, reference| made.reference = reference)
}

/// Whether the default names a key at all.
fn named_or_not() -> Column<MadeBucket> {
    let all = [("none", Reference::None), ("key_arn", Reference::KeyArn)];
    Column::of("reference", all, |made: &mut MadeBucket, reference| made.reference = reference)
}

fn regions() -> Column<MadeBucket> {
    let all = [("same", Some("eu-west-1")), ("other", Some("eu-central-1")), ("not read", None)];
    Column::of("region", all, |made: &mut MadeBucket, region| made.region = region)
}

fn states() -> Column<MadeBucket> {
    let all = [
        "Enabled",
        "Updating",
        "Disabled",
        "PendingDeletion",
        "PendingReplicaDeletion",
        "PendingImport",
        "Unavailable",
        "Creating",
        "SomethingNew",
    ];
    let all = all.map(|state| (state, Some(state))).into_iter().chain([("not read", None)]);
    Column::of("state", all, |made: &mut MadeBucket, state| made.state = state)
}

fn primary_states() -> Column<MadeBucket> {
    let all = ["Enabled", "Updating", "Disabled", "Creating"].map(|state| (state, Some(state)));
    let all = all.into_iter().chain([("not read", None)]);
    Column::of("primary's state", all, |made: &mut MadeBucket, state| made.primary_state = state)
}

fn managers() -> Column<MadeBucket> {
    let all = [("CUSTOMER", Some("CUSTOMER")), ("not told", None)];
    Column::of("manager", all, |made: &mut MadeBucket, manager| made.manager = manager)
}

fn origins() -> Column<MadeBucket> {
    let all = ["AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE", "YET_TO_COME"];
    let all = all.map(|origin| (origin, Some(origin))).into_iter().chain([("not read", None)]);
    Column::of("origin", all, |made: &mut MadeBucket, origin| made.origin = origin)
}

fn kinds() -> Column<MadeBucket> {
    let all = [("symmetric", Some(true)), ("other", Some(false)), ("not read", None)];
    Column::of("kind", all, |made: &mut MadeBucket, is_for_s3| made.is_for_s3 = is_for_s3)
}

fn rotations() -> Column<MadeBucket> {
    use KeyRotation::{Disabled, Enabled, NotApplicable, Unknown};
    use RotationReason::{
        Asymmetric, CustomKeyStore, Hmac, ImportedMaterial, PendingDeletion, ReplicaOfPrimary,
    };
    let reasons = [PendingDeletion, Asymmetric, Hmac, CustomKeyStore, ImportedMaterial];
    let plain = [
        (Enabled, None),
        (Enabled, Some(ReplicaOfPrimary)),
        (Disabled, None),
        (Disabled, Some(ReplicaOfPrimary)),
        (NotApplicable, None),
        (NotApplicable, Some(ReplicaOfPrimary)),
        (Unknown, None),
        (Unknown, Some(ReplicaOfPrimary)),
    ];
    let all = plain.into_iter().chain(reasons.map(|reason| (NotApplicable, Some(reason))));
    let name = |(rotation, reason): (KeyRotation, Option<RotationReason>)| match reason {
        Some(reason) => format!("{} {}", rotation.word(), reason.word()),
        None => rotation.word().to_owned(),
    };
    Column::of("rotation", all.map(|it| (name(it), it)), |made: &mut MadeBucket, rotation| {
        made.rotation = rotation;
    })
}

fn minimums() -> Column<MadeBucket> {
    let all = [Encryption::SseS3, Encryption::SseKms, Encryption::DsseKms];
    Column::of("asked", all.map(|mode| (mode.word(), mode)), |made: &mut MadeBucket, mode| {
        made.minimum = mode;
    })
}

fn customer_managed() -> Column<MadeBucket> {
    Column::of("key asked", [("any", false), ("customer managed", true)], |made: &mut MadeBucket, asked| {
        made.customer_managed = asked;
    })
}

fn approvals() -> Column<MadeBucket> {
    let all = [
        ("any", Approved::Any),
        ("the key's ARN", Approved::TheKey),
        ("a key beside it", Approved::KeyBesideIt),
        ("a key elsewhere", Approved::KeyElsewhere),
        ("alias name", Approved::AliasName),
        ("alias ARN", Approved::AliasArn),
        ("bucket's account", Approved::HomeAccount),
        ("other account", Approved::MemberAccount),
    ];
    Column::of("approved", all, |made: &mut MadeBucket, approved| made.approved = approved)
}

#[test]
fn s3_default_encryption() {
    hold("s3_default_encryption", vec![("every default", bucket(), vec![encryptions()])]);
}

#[test]
fn s3_key_usable() {
    let of_member = MadeBucket { link: KeyLink::SameOrg, owner: MEMBER, ..bucket() };
    let by_arn = MadeBucket { link: KeyLink::AwsManaged, ..bucket() };
    hold(
        "s3_key_usable",
        vec![
            ("every default", bucket(), vec![encryptions(), named_or_not()]),
            ("every reference, link and Region", bucket(), vec![references(), links(), regions()]),
            ("every key of the organization", bucket(), vec![kinds(), regions(), states(), origins()]),
            ("every policy of a key of another account", of_member, vec![admissions(), states(), origins()]),
            ("an AWS managed key by its ARN", by_arn, vec![kinds(), regions()]),
        ],
    );
}

/// What the policy of another account's key can say.
fn admissions() -> Column<MadeBucket> {
    let why = || "statement 1 tests what is not known".into();
    let all = [
        ("admits", KeyAdmission::Admits),
        ("bars", KeyAdmission::Bars("no statement allows kms:Decrypt to a principal of the account".into())),
        ("undecided", KeyAdmission::Undecided(why())),
        ("not understood", KeyAdmission::NotUnderstood("it is no JSON".into())),
    ];
    let unread = UNREAD.map(|read| (read, KeyAdmission::NotRead(read)));
    Column::of("key policy", all.into_iter().chain(unread), |made: &mut MadeBucket, admission| {
        made.admission = admission;
    })
}

#[test]
fn s3_key_in_org() {
    let owners =
        Column::of("owner", [("bucket's account", HOME), ("member", MEMBER), ("no member", OUTSIDE)], {
            |made: &mut MadeBucket, owner| made.owner = owner
        });
    let links = [KeyLink::SameOrg, KeyLink::OutsideOrg, KeyLink::Missing, KeyLink::Unproven];
    let links = Column::of("key", links.map(|link| (link.word(), link)), |made: &mut MadeBucket, link| {
        made.link = link;
    });
    let members: [(_, (&'static [&'static str], bool)); 3] =
        [("all", (&[HOME, MEMBER], true)), ("some", (&[HOME, MEMBER], false)), ("none", (&[], false))];
    let members = Column::of("accounts listed", members, |made: &mut MadeBucket, members| {
        (made.members, made.members_complete) = members;
    });
    let trust = [
        ("none", None),
        ("until later", Some("2026-11-21T00:00:00.001Z")),
        ("until now", Some("2026-11-21T00:00:00Z")),
    ];
    let trust = Column::of("trust in no member", trust, |made: &mut MadeBucket, trust| made.trust = trust);
    hold(
        "s3_key_in_org",
        vec![
            ("every default", bucket(), vec![encryptions(), named_or_not()]),
            ("every reference and link", bucket(), vec![references(), self::links()]),
            ("every owner", bucket(), vec![owners, links, members, trust]),
        ],
    );
}

#[test]
fn s3_key_rotation() {
    hold(
        "s3_key_rotation",
        vec![
            ("every default", bucket(), vec![encryptions(), named_or_not()]),
            ("every link", bucket(), vec![references(), links(), regions()]),
            (
                "every rotation of a key of the organization",
                bucket(),
                vec![rotations(), states(), primary_states()],
            ),
            ("what else of the key was told", bucket(), vec![rotations(), managers(), kinds(), origins()]),
        ],
    );
}

#[test]
fn s3_key_reference_by_arn() {
    hold(
        "s3_key_reference_by_arn",
        vec![
            ("every default", bucket(), vec![encryptions(), named_or_not()]),
            ("every reference and link", bucket(), vec![references(), links()]),
        ],
    );
}

#[test]
fn s3_bucket_key() {
    let flags = [("true", Some(true)), ("false", Some(false)), ("unset", None)];
    let flags = Column::of("bucket key", flags, |made: &mut MadeBucket, flag| made.bucket_key = flag);
    hold("s3_bucket_key", vec![("every default", bucket(), vec![encryptions(), flags])]);
}

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
fn policies(known: impl IntoIterator<Item = (&'static str, String)>) -> Column<MadeBucket> {
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
const ALLOW: &str = r#"{"Effect":"Allow","Principal":{"AWS":"222222222222"},"Action":"s3:*","Resource":"arn:aws:s3:::data/*"}"#;
const ALLOW_LOGS: &str = r#"{"Effect":"Allow","Principal":{"Service":"logging.s3.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::data/*"}"#;
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
/// A condition of which nobody can say for whom it holds.
const WHO_KNOWS: &str = r#","StringFoo":{"aws:PrincipalTag/team":"a"}"#;

/// How the standard lists the bucket as a destination.
fn listings() -> Column<MadeBucket> {
    let all = [
        ("no", Listed::No),
        ("in force", Listed::InForce),
        ("ended", Listed::Ended),
        ("perhaps", Listed::Perhaps),
        ("for another service", Listed::ForBalancers),
    ];
    Column::of("listed", all, |made: &mut MadeBucket, listed| made.listed = listed)
}

/// What a policy can let a service do that takes SSE-S3 only.
fn writers() -> Column<MadeBucket> {
    let in_doubt = format!(
        r#"{},"Condition":{{"StringFoo":{{"aws:SourceAccount":"1"}}}}}}"#,
        ALLOW_LOGS.strip_suffix('}').unwrap()
    );
    policies([
        ("logs are delivered", ALLOW_LOGS.to_owned()),
        ("the service writes one object", ALLOW_LOGS.replace("data/*", "data/report.csv")),
        ("logs may be delivered", in_doubt),
        ("no logs", ALLOW.to_owned()),
    ])
}

#[test]
fn s3_encryption_standard() {
    let logs = || policies([("logs are delivered", ALLOW_LOGS.to_owned()), ("no logs", ALLOW.to_owned())]);
    let sse_s3 = MadeBucket { encryption: (Encryption::SseS3, "known"), ..bucket() };
    let aws_managed = MadeBucket { reference: Reference::None, ..bucket() };
    let lists = || {
        let lists = [("any", Approved::Any), ("the key's ARN", Approved::TheKey)];
        Column::of("approved", lists, |made: &mut MadeBucket, approved| made.approved = approved)
    };
    let some_references = || {
        let some = [("key_arn", Reference::KeyArn), ("alias_name", Reference::AliasName)];
        Column::of("reference", some, |made: &mut MadeBucket, reference| made.reference = reference)
    };
    hold(
        "s3_encryption_standard",
        vec![
            ("every default", bucket(), vec![encryptions(), minimums(), customer_managed(), lists(), logs()]),
            ("every destination of logs", sse_s3, vec![listings(), writers()]),
            ("every key reference", aws_managed, vec![customer_managed(), approvals(), references()]),
            ("every link", bucket(), vec![customer_managed(), lists(), some_references(), links()]),
            ("", bucket(), vec![customer_managed(), approvals(), references(), links(), regions()]),
        ],
    );
}

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
    let sse_s3 = ("sse_s3", (Encryption::SseS3, "known", Reference::None, KeyLink::None));
    let with_kms = [
        ("sse_kms aws/s3", (Encryption::SseKms, "known", Reference::None, KeyLink::None)),
        ("sse_kms k1", (Encryption::SseKms, "known", Reference::KeyArn, KeyLink::SameAccount)),
        ("sse_kms k1 unproven", (Encryption::SseKms, "known", Reference::KeyArn, KeyLink::Unproven)),
        ("sse_kms k1 outside", (Encryption::SseKms, "known", Reference::KeyArn, KeyLink::OutsideOrg)),
        ("denied", (Encryption::Unknown, "denied", Reference::None, KeyLink::None)),
    ];
    let gone = ("gone", (Encryption::Unknown, "gone", Reference::None, KeyLink::None));
    let other = ("other", (Encryption::Other, "known", Reference::None, KeyLink::None));
    let defaults = |defaults: Vec<(&'static str, _)>| {
        Column::of("default", defaults, |made: &mut MadeBucket, (mode, read, reference, link)| {
            (made.encryption, made.reference, made.link) = ((mode, read), reference, link);
        })
    };
    // What is not looked at is not there from the start: there are fewer losses to go through.
    let start = MadeBucket {
        manager: None,
        state: None,
        primary_state: None,
        origin: None,
        is_for_s3: None,
        rotation: (KeyRotation::Unknown, None),
        members: &[],
        members_complete: false,
        ..bucket()
    };
    let without_region = MadeBucket { region: None, ..start.clone() };
    let every_default = defaults([sse_s3].into_iter().chain(with_kms).chain([other, gone]).collect());
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
