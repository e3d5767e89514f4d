//! The bucket checks' truth tables.

use super::bucket_policies::{ALLOW, ALLOW_LOGS, policies};
use super::made_bucket::*;
use super::truth_table::{Column, UNREAD, hold, undecided, unread, words};
use crate::model::{Encryption, KeyAdmission, KeyLink, KeyRotation, Reading, RotationReason};

/// Every mode, and every *read* word.
pub(super) fn encryptions() -> Column<MadeBucket> {
    use Encryption::{DsseKms, NotConfigured, Other, SseKms, SseS3};
    let known = [
        ("not_configured", NotConfigured),
        ("sse_s3", SseS3),
        ("sse_kms", SseKms),
        ("dsse_kms", DsseKms),
        ("other", Other),
    ];
    let known = known.map(|(name, mode)| (name, Reading::Known(mode)));
    let words = [&["gone"][..], &UNREAD].concat();
    let unread = words.into_iter().map(|read| (read, unread(read)));
    let all = known.into_iter().chain([("absent", Reading::Absent)]).chain(unread);
    Column::of("encryption", all, |made: &mut MadeBucket, encryption| {
        made.algorithm = (encryption == Reading::Known(Other)).then_some("aws:fsx");
        made.encryption = encryption;
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
    use KeyRotation::{Disabled, Enabled, NotApplicable};
    use RotationReason::{
        Asymmetric, CustomKeyStore, Hmac, ImportedMaterial, PendingDeletion, ReplicaOfPrimary,
    };
    let reasons = [PendingDeletion, Asymmetric, Hmac, CustomKeyStore, ImportedMaterial];
    let plain = [
        (Ok(Enabled), None),
        (Ok(Enabled), Some(ReplicaOfPrimary)),
        (Ok(Disabled), None),
        (Ok(Disabled), Some(ReplicaOfPrimary)),
        (Ok(NotApplicable), None),
        (Ok(NotApplicable), Some(ReplicaOfPrimary)),
        (Err(undecided("denied")), None),
        (Err(undecided("denied")), Some(ReplicaOfPrimary)),
    ];
    let all = plain.into_iter().chain(reasons.map(|reason| (Ok(NotApplicable), Some(reason))));
    let word = |rotation: Result<KeyRotation, _>| rotation.map_or("unknown", KeyRotation::word);
    let name = |(rotation, reason): (Result<KeyRotation, _>, Option<RotationReason>)| match reason {
        Some(reason) => format!("{} {}", word(rotation), reason.word()),
        None => word(rotation).to_owned(),
    };
    Column::of("rotation", all.map(|it| (name(it), it)), |made: &mut MadeBucket, rotation| {
        made.rotation = rotation;
    })
}

pub(super) fn minimums() -> Column<MadeBucket> {
    let all = [Encryption::SseS3, Encryption::SseKms, Encryption::DsseKms];
    Column::of("asked", all.map(|mode| (mode.word(), mode)), |made: &mut MadeBucket, mode| {
        made.minimum = mode;
    })
}

pub(super) fn customer_managed() -> Column<MadeBucket> {
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
    let unread = UNREAD.map(|read| (read, KeyAdmission::NotRead(undecided(read))));
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
fn references_in_words() {
    let named = |reference, link| MadeBucket { reference, link, ..bucket() };
    let owners = vec![
        ("a key", named(Reference::KeyId, KeyLink::SameAccount)),
        ("no key", named(Reference::KeyId, KeyLink::Missing)),
        ("a missing key by its ARN", named(Reference::KeyArn, KeyLink::Missing)),
        ("an alias of which nothing is known", named(Reference::AliasName, KeyLink::Unproven)),
        ("another partition", named(Reference::OtherPartition, KeyLink::OutsideOrg)),
    ];
    let replica = |state, primary_state| MadeBucket {
        rotation: (Ok(KeyRotation::Enabled), Some(RotationReason::ReplicaOfPrimary)),
        state: Some(state),
        primary_state: Some(primary_state),
        ..bucket()
    };
    let rotating = vec![
        ("a disabled replica", replica("Disabled", "Enabled")),
        ("a replica of a disabled primary", replica("Enabled", "Disabled")),
        ("another partition", named(Reference::OtherPartition, KeyLink::OutsideOrg)),
    ];
    let texts = [words("s3_key_in_org", owners), words("s3_key_rotation", rotating)];
    insta::assert_snapshot!(texts.join("\n"));
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
            ("what else is known about the key", bucket(), vec![rotations(), managers(), kinds(), origins()]),
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

/// How the standard lists the bucket as a destination.
pub(super) fn listings() -> Column<MadeBucket> {
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
pub(super) fn writers() -> Column<MadeBucket> {
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
    let sse_s3 = MadeBucket { encryption: Reading::Known(Encryption::SseS3), ..bucket() };
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
