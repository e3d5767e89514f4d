//! The checks of key policies, over policies by what they do and every way of not reading one.

use super::keys::{describe, every_key, manager, state};
use super::made_key::*;
use super::policy_text::{PolicyText, with_none};
use super::truth_table::{Column, words};
use crate::model::Organization;

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
const SERVICE_POLICIES: [(&str, &str); 30] = [
    ("own account", r#"{"Statement": {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*", "Resource": "*"}}"#),
    ("services beside the own account", r#"{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*", "Resource": "*"}, {"Sid": "Logs", "Effect": "Allow", "Principal": {"Service": ["s3.amazonaws.com", "sns.amazonaws.com"]}, "Action": "kms:Decrypt", "Resource": "*"}]}"#),
    ("ViaService only", r#"{"Statement": {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "kms:Decrypt", "Resource": "*", "Condition": {"StringEquals": {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}}}}"#),
    ("any service", r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*", "Condition": {"Bool": {"aws:PrincipalIsAWSService": "true"}}}}"#),
    ("everyone", r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}}"#),
    ("everyone, and a service", r#"{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:Decrypt", "Resource": "*"}, {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "kms:Decrypt", "Resource": "*"}]}"#),
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
    ("two services alike", r#"{"Statement": {"Effect": "Allow", "Principal": {"Service": ["s3.amazonaws.com", "sns.amazonaws.com"]}, "Action": "kms:Decrypt", "Resource": "*", "Condition": {"StringEquals": {"aws:SourceAccount": "444455556666"}}}}"#),
    ("StringEquals with a star", r#"{"Statement": {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "kms:Decrypt", "Resource": "*", "Condition": {"StringEquals": {"aws:SourceArn": "arn:aws:s3:::*"}}}}"#),
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
