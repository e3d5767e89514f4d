//! The key checks, over every class of key and every way of not reading one.

use super::made_key::*;

use super::policy_text::{PolicyText, with_none};
use super::truth_table::{Column, hold, words};
use crate::clock::Timestamp;
use crate::model::Organization;
use crate::model::*;

type Unread<T> = (&'static str, fn() -> Reading<T>);

/// Every reading that is not a value, by its *read* word.
fn unread<T>() -> [Unread<T>; 10] {
    [
        ("absent", || Reading::Absent),
        ("gone", || Reading::Gone),
        ("denied", || Reading::Unread(Fault::new(FaultKind::Denied))),
        ("throttled", || Reading::Unread(Fault::new(FaultKind::Throttled))),
        ("transport", || Reading::Unread(Fault::new(FaultKind::Transport))),
        ("service", || Reading::Unread(Fault::new(FaultKind::Service))),
        ("protocol", || Reading::Unread(Fault::new(FaultKind::Protocol))),
        ("identity", || Reading::Unread(Fault::new(FaultKind::Identity))),
        ("unavailable", || Reading::Unread(Fault::new(FaultKind::Unavailable))),
        ("not_asked", || Reading::NotAsked(NotAsked::DependencyUnread)),
    ]
}

/// A column with all that is no value.
fn or_unread<T: 'static>(column: Column<Case>, set: fn(&mut Case, Reading<T>)) -> Column<Case> {
    unread().into_iter().fold(column, |column, (word, reading)| {
        column.value(word, move |case: &mut Case| set(case, reading()))
    })
}

fn describe() -> Column<Case> {
    let column = Column::new("describe").value("known", |_| {});
    unread().into_iter().fold(column, |column, (word, reading)| {
        column.end(word, move |case: &mut Case| case.key.describe.reading = reading())
    })
}

/// Texts of AWS's; those after a tilde are of the class of another.
fn texts(
    name: &'static str,
    values: &'static [&'static str],
    field: fn(&mut KeyMetadata) -> &mut Option<String>,
) -> Column<Case> {
    let set = move |case: &mut Case, value: Option<&str>| {
        if let Some(metadata) = metadata(case) {
            *field(metadata) = value.map(str::to_owned);
        }
    };
    let column = Column::new(name);
    let column = values.iter().fold(column, |column, value| match value.strip_prefix('~') {
        Some(value) => column.alike(value, move |case| set(case, Some(value))),
        None => column.value(*value, move |case| set(case, Some(value))),
    });
    column.value("not told", move |case| set(case, None))
}

fn manager() -> Column<Case> {
    texts("manager", &["CUSTOMER", "AWS"], |m| &mut m.manager)
}

fn origin() -> Column<Case> {
    const ORIGINS: &[&str] = &["AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE", "~YET_TO_COME"];
    texts("origin", ORIGINS, |m| &mut m.origin)
}

/// States that rotation and age ask for, and one for all others.
fn few_states() -> Column<Case> {
    const STATES: &[&str] =
        &["Enabled", "Disabled", "PendingDeletion", "~PendingReplicaDeletion", "PendingImport"];
    texts("state", STATES, |m| &mut m.state)
}

fn few_specs() -> Column<Case> {
    texts("spec", &["SYMMETRIC_DEFAULT", "RSA_4096", "~ML_DSA_65", "~HMAC_256", "~YET_TO_COME"], |m| {
        &mut m.spec
    })
}

fn state() -> Column<Case> {
    const STATES: &[&str] = &[
        "~Creating",
        "Enabled",
        "Disabled",
        "PendingDeletion",
        "PendingImport",
        "~PendingReplicaDeletion",
        "~Unavailable",
        "~Updating",
        "~YetToCome",
    ];
    texts("state", STATES, |m| &mut m.state)
}

fn multi_region() -> Column<Case> {
    fn of(case: &mut Case, key_type: &str, primary: Option<&str>) {
        if let Some(metadata) = metadata(case) {
            metadata.multi_region = Some(MultiRegion {
                key_type: Some(key_type.to_owned()),
                primary_key_arn: primary.map(str::to_owned),
            });
        }
    }
    Column::new("multi_region")
        .value("none", |_| {})
        .alike("primary", |case| of(case, "PRIMARY", Some(KEY_ARN)))
        .alike("replica, primary not read", |case| of(case, "REPLICA", Some(PRIMARY_ARN)))
        .value("replica, primary read", |case| {
            of(case, "REPLICA", Some(PRIMARY_ARN));
            case.primary = Some(key(PRIMARY_ARN));
        })
        .alike("replica, primary not named", |case| of(case, "REPLICA", None))
}

fn rotation() -> Column<Case> {
    let known = |enabled, period| {
        move |case: &mut Case| case.key.rotation.reading = Reading::Known(status(enabled, period))
    };
    let column = Column::new("rotation")
        .alike("enabled, 90 days", known(true, Some(90)))
        .value("enabled, 365 days", known(true, Some(365)))
        .alike("enabled, 366 days", known(true, Some(366)))
        .value("enabled, period not told", known(true, None))
        .value("disabled", known(false, None));
    or_unread(column, |case, reading| case.key.rotation.reading = reading)
}

fn created() -> Column<Case> {
    let at = |at: Option<Timestamp>| {
        move |case: &mut Case| {
            if let Some(metadata) = metadata(case) {
                metadata.created_at = at;
            }
        }
    };
    Column::new("created")
        .alike("after as_of", at(Some(ago(-1, 0))))
        .value("365 days ago", at(Some(ago(365, 0))))
        .value("365 days and 1 ms ago", at(Some(ago(365, 1))))
        .value("not told", at(None))
}

fn completed(dates: &[Option<Timestamp>]) -> Reading<Vec<CompletedRotation>> {
    let on_demand =
        |at: &Option<Timestamp>| CompletedRotation { at: *at, rotation_type: Some("ON_DEMAND".to_owned()) };
    Reading::Known(dates.iter().map(on_demand).collect())
}

fn rotated(dates: &'static [Option<(i64, i64)>]) -> impl Fn(&mut Case) {
    move |case| {
        let date = |date: &Option<(i64, i64)>| date.map(|(days, millis)| ago(days, millis));
        case.key.rotations.reading = completed(&dates.iter().map(date).collect::<Vec<_>>());
    }
}

/// A history for each way in which it can decide.
fn few_rotations() -> Column<Case> {
    Column::new("rotations")
        .value("none", rotated(&[]))
        .alike("last 365 days ago", rotated(&[Some((900, 0)), Some((365, 0))]))
        .value("denied", |case| case.key.rotations.reading = Reading::Unread(Fault::new(FaultKind::Denied)))
}

fn rotations() -> Column<Case> {
    let column = Column::new("rotations")
        .value("none", rotated(&[]))
        .value("last 365 days ago", rotated(&[Some((900, 0)), Some((365, 0))]))
        .value("last 365 days and 1 ms ago", rotated(&[Some((365, 1)), Some((900, 0))]))
        .value("one without a date", rotated(&[None, Some((900, 0))]));
    or_unread(column, |case, reading| case.key.rotations.reading = reading)
}

fn limit(limits: &[i64]) -> Column<Case> {
    let column = Column::new("limit");
    limits.iter().fold(column, |column, limit| {
        let limit = *limit;
        column.value(limit.to_string(), move |case: &mut Case| case.limit = limit)
    })
}

fn used() -> Column<Case> {
    Column::new("buckets")
        .value("0", |_| {})
        .value("1", |case: &mut Case| (case.buckets, case.named) = (1, vec!["logs".to_owned()]))
        .value("12", |case| {
            (case.buckets, case.named) = (12, ["a", "b", "c"].map(str::to_owned).to_vec());
        })
}

fn every_key(check_id: &str, columns: Vec<Column<Case>>) {
    hold(check_id, vec![("every key", case(), columns)]);
}

#[test]
fn kms_rotation_enabled() {
    let columns = vec![describe(), manager(), multi_region(), state(), few_specs(), origin(), rotation()];
    every_key("kms_rotation_enabled", columns);
}

#[test]
fn kms_rotation_period() {
    let columns = vec![
        describe(),
        manager(),
        limit(&[364, 365]),
        multi_region(),
        few_states(),
        few_specs(),
        origin(),
        rotation(),
    ];
    every_key("kms_rotation_period", columns);
}

/// Kinds of keys that are replaced rather than rotated, by specification, usage and origin.
fn replaced_kinds() -> Column<Case> {
    let kinds = [
        ("RSA that signs", ("RSA_4096", Some("SIGN_VERIFY"), "AWS_KMS")),
        ("ML-DSA that signs, imported", ("ML_DSA_65", Some("SIGN_VERIFY"), "EXTERNAL")),
        ("RSA that encrypts", ("RSA_4096", Some("ENCRYPT_DECRYPT"), "AWS_KMS")),
        ("ECC that agrees on keys", ("ECC_NIST_P256", Some("KEY_AGREEMENT"), "AWS_KMS")),
        ("ECC of no told usage", ("ECC_NIST_P256", None, "AWS_KMS")),
        ("HMAC", ("HMAC_256", Some("GENERATE_VERIFY_MAC"), "AWS_KMS")),
        ("symmetric in CloudHSM", ("SYMMETRIC_DEFAULT", Some("ENCRYPT_DECRYPT"), "AWS_CLOUDHSM")),
    ];
    Column::of("kind", kinds, |case: &mut Case, (spec, usage, origin)| {
        if let Some(metadata) = metadata(case) {
            metadata.spec = Some(spec.to_owned());
            metadata.usage = usage.map(str::to_owned);
            metadata.origin = Some(origin.to_owned());
        }
    })
}

#[test]
fn kms_key_material_age() {
    let columns = vec![
        describe(),
        manager(),
        multi_region(),
        few_states(),
        few_specs(),
        origin(),
        created(),
        few_rotations(),
    ];
    let imported = vec![few_states(), multi_region(), created(), rotations()];
    let days = [365, 730, 1095];
    let ages = days.into_iter().flat_map(|days| [(days, 0), (days, 1)]).map(|(days, millis)| {
        let more = if millis == 0 { "" } else { " and a moment" };
        (format!("{days} days{more} ago"), ago(days, millis))
    });
    let ages = Column::of("created", ages.collect::<Vec<_>>(), |case: &mut Case, at| {
        if let Some(metadata) = metadata(case) {
            metadata.created_at = Some(at);
        }
    });
    hold(
        "kms_key_material_age",
        vec![
            ("every key", case(), columns),
            ("every history of imported material", described(self::imported), imported),
            (
                "every kind that can only be replaced",
                case(),
                vec![replaced_kinds(), limit(&[365, 1000]), ages],
            ),
        ],
    );
}

#[test]
fn kms_key_pending_deletion() {
    let columns =
        vec![describe(), manager(), origin(), few_specs(), multi_region(), state(), deletion(), used()];
    every_key("kms_key_pending_deletion", columns);
}

#[test]
fn kms_key_disabled() {
    let columns = vec![describe(), manager(), origin(), few_specs(), multi_region(), state(), used()];
    every_key("kms_key_disabled", columns);
}

#[test]
fn kms_material_expiring() {
    let columns = vec![describe(), manager(), few_specs(), origin(), state(), expires()];
    every_key("kms_material_expiring", columns);
}

#[test]
fn kms_policy_public() {
    every_key("kms_policy_public", vec![describe(), manager(), state(), policy()]);
}

#[test]
fn kms_policy_outside_org() {
    let columns = vec![describe(), manager(), policy(), organization(), trust()];
    every_key("kms_policy_outside_org", columns);
}

#[test]
fn kms_policy_service_confused_deputy() {
    let columns = vec![describe(), manager(), policies_of(&SERVICE_POLICIES), organization(), trust()];
    every_key("kms_policy_service_confused_deputy", columns);
}

#[test]
fn services_in_words() {
    let case = |text: &str| with(|case| case.policy = PolicyText::parsed_of_key(text));
    let all = || SERVICE_POLICIES.iter().map(|(name, text)| (*name, case(text)));
    let some = ["any service", "services beside the own account", "a public statement that begins later"];
    let some = || all().filter(|(name, _)| some.contains(name)).collect();
    let texts = [
        words("kms_policy_public", some()),
        words("kms_policy_outside_org", some()),
        words("kms_policy_service_confused_deputy", all().collect()),
    ];
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn policies_in_words() {
    let cases = |named: &[&'static str]| {
        let of = |name: &&'static str| {
            let (_, text) = POLICIES.iter().find(|(label, _)| label == name).unwrap();
            (*name, with(|case| case.policy = PolicyText::parsed(text)))
        };
        named.iter().map(of).collect::<Vec<_>>()
    };
    let mut public = cases(&["anyone", "ViaService", "SourceVpc"]);
    public.push(("not understood", with(|case| case.policy = PolicyText::parsed("[]"))));
    public.push(("denied", with(|case| case.policy = PolicyText::Unread("denied"))));
    let mut outside = cases(&["anyone", "outsiders and another organization", "many outsiders"]);
    let trusted = |name, until| {
        let mut case = cases(&["trusted"]).remove(0).1;
        case.trusted_until = Some(until);
        (name, case)
    };
    outside.push(trusted("trusted", ago(-30, 0)));
    outside.push(trusted("trusted no more", ago(30, 0)));
    let lost = |(name, mut case): (&'static str, Case)| {
        case.organization = Organization::default();
        (name, case)
    };
    outside.extend(cases(&["member", "other organization"]).into_iter().map(lost));
    let texts = [words("kms_policy_public", public), words("kms_policy_outside_org", outside)];
    insta::assert_snapshot!(texts.join("\n"));
}

/// Key policies by what they do. The key's account is 111122223333; 222233334444 is a member.
#[rustfmt::skip]
const POLICIES: &[(&str, &str)] = &[
    ("own account", r#"{"Statement": {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*", "Resource": "*"}}"#),
    ("member", r#"{"Statement": {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::222233334444:role/app"}, "Action": "kms:Decrypt", "Resource": "*"}}"#),
    ("own organization", r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-own1234567"}}}}"#),
    ("own CallerAccount", r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*", "Condition": {"StringEquals": {"kms:CallerAccount": "111122223333", "kms:ViaService": "s3.eu-west-1.amazonaws.com"}}}}"#),
    ("member PrincipalAccount", r#"{"Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalAccount": ["222233334444"]}}}}"#),
    ("service", r#"{"Statement": {"Effect": "Allow", "Principal": {"Service": "logs.eu-west-1.amazonaws.com"}, "Action": "kms:GenerateDataKey*", "Resource": "*"}}"#),
    ("no statement", r#"{"Version": "2012-10-17", "Statement": []}"#),
    ("outsider", r#"{"Statement": {"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "kms:Decrypt", "Resource": "*"}}"#),
    ("outside CallerAccount", r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*", "Condition": {"StringEquals": {"kms:CallerAccount": "444455556666"}}}}"#),
    ("outsider for a service", r#"{"Statement": {"Effect": "Allow", "Principal": {"Service": "logs.eu-west-1.amazonaws.com"}, "Action": "kms:GenerateDataKey*", "Resource": "*", "Condition": {"StringEquals": {"aws:SourceAccount": "444455556666"}}}}"#),
    ("trusted", r#"{"Statement": {"Effect": "Allow", "Principal": {"AWS": "999988887777"}, "Action": "kms:Decrypt", "Resource": "*"}}"#),
    ("trusted and outsider", r#"{"Statement": {"Effect": "Allow", "Principal": {"AWS": ["999988887777", "444455556666"]}, "Action": "kms:Decrypt", "Resource": "*"}}"#),
    ("many outsiders", r#"{"Statement": {"Effect": "Allow", "Principal": {"AWS": ["444455556661", "444455556662", "444455556663", "444455556664", "444455556665", "444455556666", "444455556667"]}, "Action": "kms:Decrypt", "Resource": "*"}}"#),
    ("other organization", r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": ["o-own1234567", "o-other12345"]}}}}"#),
    ("outsiders and another organization", r#"{"Statement": [{"Effect": "Allow", "Principal": {"AWS": ["444455556666", "777788889999"]}, "Action": "kms:Decrypt", "Resource": "*"}, {"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-other12345"}}}]}"#),
    ("anyone", r#"{"Statement": {"Sid": "Open", "Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}}"#),
    ("ViaService", r#"{"Statement": {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:*", "Resource": "*", "Condition": {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}}}"#),
    ("anyone, denied outside the organization", r#"{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}, {"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*", "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-own1234567"}}}]}"#),
    ("SourceVpc", r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*", "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-12345678"}}}}"#),
    ("outsider, kept out by a perimeter", r#"{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "kms:*", "Resource": "*"}, {"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*", "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-own1234567"}, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}}]}"#),
    ("outsider, in another organization only", r#"{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "kms:*", "Resource": "*"}, {"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*", "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-other12345"}}}]}"#),
    ("outsider until 2020", r#"{"Statement": {"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "kms:*", "Resource": "*", "Condition": {"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}}}"#),
    ("anyone from 2030", r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*", "Condition": {"DateGreaterThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}}}"#),
    ("own organization by variable", r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}}}}"#),
    ("anyone, and a statement without Resource", r#"{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*"}, {"Effect": "Deny", "Principal": "*", "Action": "kms:*"}]}"#),
    ("outsider and SourceVpc", r#"{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "444455556666"}, "Action": "kms:Decrypt", "Resource": "*"}, {"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*", "Condition": {"StringEquals": {"aws:SourceVpc": "vpc-12345678"}}}]}"#),
];

/// Key policies by what they let services do; accounts and organizations as above.
#[rustfmt::skip]
const SERVICE_POLICIES: [(&str, &str); 26] = [
    ("own account", r#"{"Statement": {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*", "Resource": "*"}}"#),
    ("services beside the own account", r#"{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*", "Resource": "*"}, {"Sid": "Logs", "Effect": "Allow", "Principal": {"Service": ["s3.amazonaws.com", "sns.amazonaws.com"]}, "Action": "kms:Decrypt", "Resource": "*"}]}"#),
    ("ViaService only", r#"{"Statement": {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "kms:Decrypt", "Resource": "*", "Condition": {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}}}"#),
    ("any service", r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*", "Condition": {"Bool": {"aws:PrincipalIsAWSService": "true"}}}}"#),
    ("not the own account", r#"{"Statement": {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "kms:Decrypt", "Resource": "*", "Condition": {"StringNotEquals": {"aws:SourceAccount": "111122223333"}}}}"#),
    ("IfExists", r#"{"Statement": {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "kms:Decrypt", "Resource": "*", "Condition": {"StringEqualsIfExists": {"aws:SourceAccount": "111122223333"}}}}"#),
    ("a bucket's ARN", r#"{"Statement": {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "kms:Decrypt", "Resource": "*", "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:s3:::a-bucket"}}}}"#),
    ("EventBridge", r#"{"Statement": {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "kms:Decrypt", "Resource": "*"}}"#),
    ("EventBridge and SNS", r#"{"Statement": {"Effect": "Allow", "Principal": {"Service": ["events.amazonaws.com", "sns.amazonaws.com"]}, "Action": "kms:Decrypt", "Resource": "*"}}"#),
    ("own SourceAccount", r#"{"Statement": {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "kms:Decrypt", "Resource": "*", "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}}}"#),
    ("a member's SourceArn", r#"{"Statement": {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "kms:Decrypt", "Resource": "*", "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:222233334444:*"}}}}"#),
    ("own SourceOrgID", r#"{"Statement": {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "kms:Decrypt", "Resource": "*", "Condition": {"StringEquals": {"aws:SourceOrgID": "o-own1234567"}}}}"#),
    ("own ResourceOrgID", r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "kms:Decrypt", "Resource": "*", "Condition": {"StringEquals": {"aws:SourceOrgID": "${aws:ResourceOrgID}"}}}}"#),
    ("an outsider in the own organization", r#"{"Statement": {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "kms:Decrypt", "Resource": "*", "Condition": {"StringEquals": {"aws:SourceOrgID": "o-own1234567", "aws:SourceAccount": "444455556666"}}}}"#),
    ("outsider", r#"{"Statement": {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "kms:Decrypt", "Resource": "*", "Condition": {"StringEquals": {"aws:SourceAccount": "444455556666"}}}}"#),
    ("trusted", r#"{"Statement": {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "kms:Decrypt", "Resource": "*", "Condition": {"StringEquals": {"aws:SourceAccount": ["111122223333", "999988887777"]}}}}"#),
    ("other organization", r#"{"Statement": {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "kms:Decrypt", "Resource": "*", "Condition": {"StringEquals": {"aws:SourceOrgID": "o-other12345"}}}}"#),
    ("a member in another organization", r#"{"Statement": {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "kms:Decrypt", "Resource": "*", "Condition": {"StringEquals": {"aws:SourceOrgID": "o-other12345", "aws:SourceAccount": "222233334444"}}}}"#),
    ("CallerAccount and ViaService", r#"{"Statement": {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "kms:Decrypt", "Resource": "*", "Condition": {"StringEquals": {"kms:CallerAccount": "111122223333", "kms:ViaService": "s3.eu-west-1.amazonaws.com"}}}}"#),
    ("encryption context", r#"{"Statement": {"Effect": "Allow", "Principal": {"Service": "logs.eu-west-1.amazonaws.com"}, "Action": "kms:Decrypt", "Resource": "*", "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": "arn:aws:logs:eu-west-1:111122223333:log-group:*"}}}}"#),
    ("any account, denied outside the organization", r#"{"Statement": [{"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "kms:*", "Resource": "*"}, {"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*", "Condition": {"StringNotEquals": {"aws:SourceOrgID": "o-own1234567"}}}]}"#),
    ("a variable", r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "kms:Decrypt", "Resource": "*", "Condition": {"StringEquals": {"aws:SourceAccount": "${aws:PrincipalTag/account}"}}}}"#),
    ("any account until 2020", r#"{"Statement": {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "kms:Decrypt", "Resource": "*", "Condition": {"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}}}"#),
    ("any account from 2030", r#"{"Statement": {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "kms:Decrypt", "Resource": "*", "Condition": {"DateGreaterThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}}}"#),
    ("a public statement that begins later", r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*", "Condition": {"NumericGreaterThan": {"aws:EpochTime": "1893456000"}}}}"#),
    ("no Resource", r#"{"Statement": {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "kms:Decrypt"}}"#),
];

fn policy() -> Column<Case> {
    policies_of(POLICIES)
}

fn policies_of(policies: &[(&'static str, &str)]) -> Column<Case> {
    let policies = policies.iter().map(|(name, text)| (*name, PolicyText::parsed_of_key(text)));
    Column::of("policy", with_none(policies), |case: &mut Case, policy| case.policy = policy)
}

fn organization() -> Column<Case> {
    Column::new("organization")
        .value("known", |_| {})
        .value("accounts incomplete", |case: &mut Case| case.organization.members_complete = false)
        .value("id not known", |case| case.organization.org_id = None)
        .value("not known", |case| case.organization = Organization::default())
}

fn trust() -> Column<Case> {
    Column::new("999988887777")
        .value("not trusted", |_: &mut Case| {})
        .value("trusted until 1 ms after as_of", |case| case.trusted_until = Some(ago(0, -1)))
        .alike("trusted until as_of", |case| case.trusted_until = Some(ago(0, 0)))
}

fn deletion() -> Column<Case> {
    let at = |at: Option<Timestamp>| {
        move |case: &mut Case| {
            if let Some(metadata) = metadata(case) {
                metadata.deletion_at = at;
            }
        }
    };
    Column::new("deletion")
        .value("in 7 days", at(Some(ago(-7, 0))))
        .value("past", at(Some(ago(2, 0))))
        .value("not told", at(None))
}

fn expires() -> Column<Case> {
    let at = |at: Option<Timestamp>| {
        move |case: &mut Case| {
            if let Some(metadata) = metadata(case) {
                metadata.material_expires_at = at;
            }
        }
    };
    Column::new("expires")
        .value("never", at(None))
        .value("past", at(Some(ago(3, 0))))
        .value("at as_of", at(Some(ago(0, 0))))
        .value("in 1 ms", at(Some(ago(0, -1))))
        .value("in 365 days", at(Some(ago(-365, 0))))
        .value("in 365 days and 1 ms", at(Some(ago(-365, -1))))
}

#[test]
fn rotation_in_words() {
    let mut rotating = status(true, Some(365));
    rotating.next_rotation_at = Some(ago(-30, 0));
    let cases = vec![
        ("enabled", with(|case| case.key.rotation.reading = Reading::Known(rotating.clone()))),
        ("denied", with(|case| case.key.rotation.reading = Reading::Unread(Fault::new(FaultKind::Denied)))),
    ];
    let enabled = words("kms_rotation_enabled", cases);
    let aws_managed = |case: &mut Case| {
        (case.limit, metadata(case).unwrap().manager) = (90, Some("AWS".to_owned()));
    };
    let cases = vec![("too long", with(|case| case.limit = 90)), ("AWS managed", with(aws_managed))];
    insta::assert_snapshot!([enabled, words("kms_rotation_period", cases)].join("\n"));
}

#[test]
fn material_in_words() {
    let history = |reading: Reading<Vec<CompletedRotation>>| {
        with(|case| {
            imported(metadata(case).unwrap());
            case.key.rotations.reading = reading;
        })
    };
    let cases = vec![
        ("history not asked", described(imported)),
        ("history denied", history(Reading::Unread(Fault::new(FaultKind::Denied)))),
        ("history without a date", history(completed(&[None]))),
        ("rotated", history(completed(&[Some(ago(1, 0))]))),
        ("HMAC", described(|m| (m.spec, m.created_at) = (Some("HMAC_256".to_owned()), Some(ago(366, 0))))),
        ("an origin to come", described(|m| m.origin = Some("YET_TO_COME".to_owned()))),
    ];
    let age = words("kms_key_material_age", cases);
    let expiring = |at: Timestamp| {
        described(|m| {
            imported(m);
            m.material_expires_at = Some(at);
        })
    };
    let cases = vec![
        ("past", expiring(ago(3, 0))),
        ("soon", expiring(ago(-1, 0))),
        ("later", expiring(ago(-400, 0))),
    ];
    insta::assert_snapshot!([age, words("kms_material_expiring", cases)].join("\n"));
}

#[test]
fn states_in_words() {
    let pending = |at: Option<Timestamp>| {
        described(|m| {
            in_state(m, "PendingDeletion");
            m.deletion_at = at;
        })
    };
    let mut in_use = pending(Some(ago(-7, 0)));
    used_by(&mut in_use, 12, &["a", "b", "c"]);
    let cases = vec![
        ("a date to come", pending(Some(ago(-7, 0)))),
        ("less than a day to come", pending(Some(ago(0, -1)))),
        ("a date gone by", pending(Some(ago(2, 0)))),
        ("no date", pending(None)),
        ("after its replicas", described(|m| in_state(m, "PendingReplicaDeletion"))),
        ("in use", in_use),
    ];
    let deletion = words("kms_key_pending_deletion", cases);
    let disabled = |all, named: &[&str]| {
        let mut case = described(|m| in_state(m, "Disabled"));
        used_by(&mut case, all, named);
        case
    };
    let cases = vec![
        ("not", described(|m| in_state(m, "Unavailable"))),
        ("in use", disabled(1, &["logs"])),
        ("in use, no name at hand", disabled(3, &[])),
    ];
    insta::assert_snapshot!([deletion, words("kms_key_disabled", cases)].join("\n"));
}
