//! The question that is asked of a key's policy for the buckets of another account: may principals of that account
//! encrypt and decrypt with the key through S3.
//!
//! A key of another account needs a permission in its own policy and one in the IAM policies of the caller's account
//! (AWS KMS Developer Guide, "Allowing users in other accounts to use a KMS key"). S3 asks with the caller's
//! permissions: `kms:GenerateDataKey` to write, `kms:Decrypt` to read and to complete a multipart upload (Amazon S3
//! User Guide, "Using server-side encryption with AWS KMS keys"). The answer is about the account, not about one
//! principal of it: whom its own policies let use the key, and grants, are not seen.

use std::collections::BTreeSet;

use super::budget::Budget;
use super::condition::Test;
use super::cover::{Class, Known, Passed, passing_known};
use super::glob::Glob;
use super::parse::{Effect, Policy, Statement};
use super::principal::{Caller, Principal, callers};
use super::refusal::doubts;
use super::request::{self, like};
use super::values::Domain;
use crate::model::{AccountId, Arn, Membership};

/// What S3 needs, in lower case as it is weighed, and as AWS writes it.
const ACTIONS: [(&str, &str); 2] =
    [("kms:generatedatakey", "kms:GenerateDataKey"), ("kms:decrypt", "kms:Decrypt")];

/// S3 encrypts with the ARN of the object, or of the bucket where it has an S3 Bucket Key, as context.
const CONTEXT: &str = "kms:encryptioncontext:aws:s3:arn";

/// Who asks for the use of a key.
#[derive(Debug, Clone, Copy)]
pub struct KeyUse<'a> {
    /// The key.
    pub key_arn: &'a str,
    /// The account whose principals ask.
    pub account_id: AccountId,
    /// Where that account is in the organization.
    pub membership: Membership<'a>,
    /// For which bucket.
    pub bucket: UsedBy<'a>,
}

/// The bucket that a key is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UsedBy<'a> {
    /// Some bucket of the account.
    Any,
    /// A bucket by its ARN, with its S3 Bucket Key on.
    WithBucketKey(&'a str),
    /// The same without it.
    WithoutBucketKey(&'a str),
}

/// Whether a key's policy admits the use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyUseAnswer {
    /// It does, for some principal.
    Admits,
    /// It does not, whoever asks; the text says what stands in the way.
    Bars(String),
    /// That depends on something that the policy alone does not say; the text says on what.
    Undecided(String),
}

/// Weighs the policy, which is settled for the key. What was not read of the organization, or of the key, decides
/// nothing.
pub fn key_use(policy: &Policy, asked: &KeyUse<'_>) -> KeyUseAnswer {
    let principals = policy.statements.iter().map(|it| &it.principals);
    let Ok(callers) = callers(principals) else {
        return KeyUseAnswer::Undecided("its principals have more combinations than are weighed".to_owned());
    };
    let of_account = callers.into_iter().filter(|caller| caller.account == Some(asked.account_id));
    let question = Question {
        policy,
        asked,
        denies: policy.with(Effect::Deny),
        callers: of_account.chain([Caller::of(asked.account_id)]).collect(),
        budget: Budget::of_question(),
    };
    let answers = ACTIONS.map(|(action, name)| (name, question.weigh(action, &question.denies)));
    if let Some((name, _)) = answers.iter().find(|(_, passed)| !passed.some && !passed.in_doubt) {
        return KeyUseAnswer::Bars(question.bar(name));
    }
    if answers.iter().all(|(_, passed)| passed.some) {
        return KeyUseAnswer::Admits;
    }
    let statements: Vec<&Statement> = policy.statements.iter().collect();
    KeyUseAnswer::Undecided(question.not_read().unwrap_or_else(|| doubts(&statements)))
}

/// Whether the policy asks for which bucket, or object, the key is used.
pub fn tells_buckets_apart(policy: &Policy) -> bool {
    policy.statements.iter().any(|statement| statement.asks_for(CONTEXT))
}

struct Question<'a> {
    policy: &'a Policy,
    asked: &'a KeyUse<'a>,
    denies: Vec<&'a Statement>,
    callers: BTreeSet<Caller>,
    budget: Budget,
}

impl Question<'_> {
    /// Whether some principal of the account may do it, past those Deny statements. Each by itself: what its
    /// request says of it depends on who it is.
    fn weigh(&self, action: &str, denies: &[&Statement]) -> Passed {
        let mut all = Passed::default();
        for allow in self.policy.with(Effect::Allow) {
            let known = Known::default();
            for caller in &self.callers {
                let class = Class {
                    callers: BTreeSet::from([caller.clone()]),
                    actions: vec![action.to_owned()],
                    resources: vec![self.asked.key_arn.to_owned()],
                    domain: &|key| self.domain(caller, key),
                    budget: &self.budget,
                };
                all = all.or(passing_known(Some(allow), denies, &class, &known));
                if all.some {
                    return all;
                }
            }
        }
        all
    }

    /// The first key of a test that depends on what was not read.
    fn not_read(&self) -> Option<String> {
        let caller = Caller::of(self.asked.account_id);
        let tests = self.policy.statements.iter().flat_map(|statement| &statement.tests);
        let test = tests.into_iter().find(|test| self.domain(&caller, &test.key) == Domain::not_read())?;
        Some(format!("it tests {}, whose value was not read", test.name()))
    }

    /// What prevents an action that no principal may do.
    fn bar(&self, name: &str) -> String {
        let without_denies = self.weigh(&name.to_ascii_lowercase(), &[]);
        match without_denies.some {
            true => format!("its Deny statements refuse {name} to every principal of the account"),
            false => format!("no statement allows {name} to a principal of the account"),
        }
    }

    /// What a condition key of such a request may be. What the caller can choose is free.
    fn domain(&self, caller: &Caller, key: &str) -> Domain {
        if request::is_not_read(key) {
            return Domain::not_read();
        }
        if let Some(decided) = request::of_principal_through_service(key) {
            return decided;
        }
        let KeyUse { key_arn, account_id, membership, .. } = *self.asked;
        let read = |value: Option<&str>| value.map_or_else(Domain::not_read, Domain::always);
        match key {
            "aws:principalaccount" | "kms:calleraccount" => Domain::always(&account_id.to_string()),
            "aws:principalarn" => self.principal_arn(caller),
            "aws:principalorgid" => read(membership.org_id),
            "aws:principalorgpaths" => self.principal_path(),
            "aws:principalorgmasteraccountid" => {
                read(membership.management_account_id.map(|id| id.to_string()).as_deref())
            }
            // The key's, where it was not settled.
            "aws:resourceorgid" | "aws:resourceorgpaths" => Domain::not_read(),
            "kms:viaservice" => Arn::parse(key_arn).map_or_else(|| Domain::free(key), |arn| via_s3(&arn)),
            // Of grants, which are none of the actions.
            _ if key.starts_with("kms:grant") || key == "kms:retiringprincipal" => Domain::never(),
            // A key that S3 can use is symmetric.
            "kms:encryptionalgorithm" => Domain::always("SYMMETRIC_DEFAULT"),
            "kms:encryptioncontextkeys" => Domain::always("aws:s3:arn"),
            CONTEXT => self.context(),
            _ => Domain::free(key),
        }
    }

    /// The unit of the account. Where it was not told, the organization is enough for a pattern that takes all of it.
    fn principal_path(&self) -> Domain {
        let Membership { org_id, path, .. } = self.asked.membership;
        let Some(org_id) = org_id else { return Domain::not_read() };
        let whole = format!("{org_id}/*");
        let of_other = |glob: &Glob| glob.fixed_start().split_once('/').is_some_and(|(id, _)| id != org_id);
        let tests = self.policy.statements.iter().flat_map(|statement| &statement.tests);
        let mut patterns = tests.filter(|test| test.key == "aws:principalorgpaths").flat_map(Test::patterns);
        match path {
            Some(path) => Domain::always(path),
            None if patterns.all(|glob| glob.text() == whole || of_other(glob)) => like(Glob::wild(&whole)),
            None => Domain::not_read(),
        }
    }

    fn principal_arn(&self, caller: &Caller) -> Domain {
        let identity = |name: &Principal| match name {
            Principal::Aws(arn) if arn.contains(":role/") || arn.contains(":user/") => Some(arn.clone()),
            _ => None,
        };
        match caller.names.iter().find_map(identity) {
            Some(arn) => Domain::always(&arn),
            None => request::identity_of(self.asked.account_id),
        }
    }

    fn context(&self) -> Domain {
        match self.asked.bucket {
            UsedBy::Any => like(Glob::wild("arn:*:s3:::?*")),
            UsedBy::WithBucketKey(arn) => Domain::always(arn),
            UsedBy::WithoutBucketKey(arn) => like(Glob::wild(&format!("{arn}/?*"))),
        }
    }
}

/// The name that S3 has for KMS in a Region; in China it may end in `.cn`.
fn via_s3(key: &Arn<'_>) -> Domain {
    let name = format!("s3.{}.amazonaws.com", key.region);
    match key.partition {
        "aws-cn" => like(Glob::wild(&format!("{name}*"))),
        _ => Domain::always(&name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::model::KeyMetadata;
    use crate::policy::{Resource, Setting};

    const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    const OTHER: &str = "444455556666";
    const BOTH: &str = r#"["kms:GenerateDataKey*","kms:Decrypt"]"#;
    const ROOT: &str = r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}"#;

    const PATH: &str = "o-abcdefghij/r-ab12/ou-ab12-11111111/";

    fn membership(path: Option<&'static str>) -> Membership<'static> {
        let management_account_id = "999988887777".parse().ok();
        Membership { org_id: Some("o-abcdefghij"), path, management_account_id }
    }

    fn asked(bucket: UsedBy<'_>) -> KeyUse<'_> {
        let account_id = OTHER.parse().unwrap();
        KeyUse { key_arn: KEY, account_id, membership: membership(Some(PATH)), bucket }
    }

    fn setting() -> Setting<'static> {
        Setting {
            account_id: "111122223333".parse().unwrap(),
            region: Some("eu-west-1"),
            membership: membership(None),
            resource: Resource::Key(None),
            as_of: Timestamp::parse("2026-11-21T03:00:00Z").unwrap(),
        }
    }

    fn answer(statements: &str, bucket: UsedBy<'_>) -> &'static str {
        let text = format!(r#"{{"Version":"2012-10-17","Statement":[{ROOT},{statements}]}}"#);
        match key_use(&Policy::parse_of_key(&text).unwrap().settled(&setting()), &asked(bucket)) {
            KeyUseAnswer::Admits => "admits",
            KeyUseAnswer::Bars(why) if why.contains("Deny") => "denies",
            KeyUseAnswer::Bars(_) => "bars",
            KeyUseAnswer::Undecided(_) => "undecided",
        }
    }

    fn allow(principal: &str, actions: &str, condition: &str) -> String {
        format!(
            r#"{{"Effect":"Allow","Principal":{principal},"Action":{actions},"Resource":"*","Condition":{{{condition}}}}}"#
        )
    }

    fn deny(principal: &str, actions: &str, condition: &str) -> String {
        allow(principal, actions, condition).replacen("Allow", "Deny", 1)
    }

    #[test]
    fn a_policy_admits_an_account_by_what_reaches_it() {
        let other = r#"{"AWS":"444455556666"}"#;
        let role = r#"{"AWS":"arn:aws:iam::444455556666:role/writer"}"#;
        let account = r#""StringEquals":{"kms:CallerAccount":"444455556666"}"#;
        let via =
            |region: &str| format!(r#""StringEquals":{{"kms:ViaService":"s3.{region}.amazonaws.com"}}"#);
        let org = |id: &str| format!(r#""StringEquals":{{"aws:PrincipalOrgID":"{id}"}}"#);
        let until = |day: &str| format!(r#""DateLessThan":{{"aws:CurrentTime":"{day}T00:00:00Z"}}"#);
        let cases = [
            ("the account", allow(other, BOTH, ""), "admits"),
            ("its root", allow(r#"{"AWS":"arn:aws:iam::444455556666:root"}"#, r#""kms:*""#, ""), "admits"),
            ("a role of it", allow(role, BOTH, ""), "admits"),
            ("a third account", allow(r#"{"AWS":"777788889999"}"#, BOTH, ""), "bars"),
            ("the key's own alone", ROOT.to_owned(), "bars"),
            ("everyone", allow(r#""*""#, BOTH, ""), "admits"),
            ("everyone of the account", allow(r#""*""#, BOTH, account), "admits"),
            ("everyone of a third", allow(r#""*""#, BOTH, &account.replace("4444", "7777")), "bars"),
            ("everyone through S3", allow(r#""*""#, BOTH, &via("eu-west-1")), "admits"),
            ("through S3 elsewhere", allow(r#""*""#, BOTH, &via("us-east-1")), "bars"),
            ("the organization", allow(r#""*""#, BOTH, &org("o-abcdefghij")), "admits"),
            ("another organization", allow(r#""*""#, BOTH, &org("o-zzzzzzzzzz")), "bars"),
            ("only writing", allow(other, r#""kms:GenerateDataKey""#, ""), "bars"),
            ("only reading", allow(other, r#""kms:Decrypt""#, ""), "bars"),
            ("a service", allow(r#"{"Service":"s3.amazonaws.com"}"#, BOTH, ""), "bars"),
            (
                "another key",
                allow(other, BOTH, "").replace(r#""*""#, r#""arn:aws:kms:eu-west-1:111122223333:key/x""#),
                "bars",
            ),
            ("until a day to come", allow(other, BOTH, &until("2027-01-01")), "admits"),
            ("until a day gone by", allow(other, BOTH, &until("2026-01-01")), "bars"),
            (
                "what cannot be decided",
                allow(other, BOTH, r#""StringFoo":{"aws:PrincipalTag/team":"a"}"#),
                "undecided",
            ),
            (
                "a role that is another",
                allow(
                    role,
                    BOTH,
                    r#""ArnEquals":{"aws:PrincipalArn":"arn:aws:iam::444455556666:role/reader"}"#,
                ),
                "bars",
            ),
            (
                "a Deny of it",
                format!("{},{}", allow(other, BOTH, ""), deny(other, r#""kms:Decrypt""#, "")),
                "denies",
            ),
            (
                "a Deny of all but one role of it",
                format!(
                    "{},{}",
                    allow(other, BOTH, ""),
                    deny(
                        r#""*""#,
                        r#""kms:*""#,
                        r#""ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::444455556666:role/w"}"#
                    )
                ),
                "admits",
            ),
            (
                "a Deny of all but the key's account",
                format!(
                    "{},{}",
                    allow(other, BOTH, ""),
                    deny(
                        r#""*""#,
                        r#""kms:*""#,
                        r#""StringNotEquals":{"aws:PrincipalAccount":"111122223333"}"#
                    )
                ),
                "denies",
            ),
        ];
        for (name, statements, expected) in cases {
            assert_eq!(answer(&statements, UsedBy::Any), expected, "{name}");
        }
    }

    #[test]
    fn an_organization_that_is_not_known_decides_nothing() {
        let org = r#""StringEquals":{"aws:PrincipalOrgID":"o-abcdefghij"}"#;
        let by_name = allow(r#"{"AWS":"444455556666"}"#, BOTH, "");
        let table = [
            (allow(r#""*""#, BOTH, org), false),
            (
                format!("{by_name},{}", deny(r#""*""#, r#""kms:*""#, &org.replace("Equals", "NotEquals"))),
                false,
            ),
            (by_name, true),
        ];
        for (statements, is_decided) in table {
            let policy = Policy::parse(&format!(r#"{{"Statement":[{statements}]}}"#)).unwrap();
            let answer =
                key_use(&policy, &KeyUse { membership: Membership::default(), ..asked(UsedBy::Any) });
            let expected = answer == KeyUseAnswer::Admits;
            assert_eq!(expected, is_decided, "{answer:?}");
            assert_eq!(matches!(answer, KeyUseAnswer::Undecided(_)), !is_decided, "{answer:?}");
        }
    }

    #[test]
    fn a_condition_holds_what_it_holds_of_the_account_and_the_key() {
        let metadata = KeyMetadata {
            spec: Some("SYMMETRIC_DEFAULT".to_owned()),
            origin: Some("AWS_KMS".to_owned()),
            usage: Some("ENCRYPT_DECRYPT".to_owned()),
            ..KeyMetadata::default()
        };
        let answer = |condition: &str, path: Option<&'static str>| {
            let allow = allow(r#""*""#, BOTH, condition);
            let policy =
                Policy::parse(&format!(r#"{{"Version":"2012-10-17","Statement":[{allow}]}}"#)).unwrap();
            let setting = Setting { resource: Resource::Key(Some(&metadata)), ..setting() };
            let asked = KeyUse { membership: membership(path), ..asked(UsedBy::Any) };
            match key_use(&policy.settled(&setting), &asked) {
                KeyUseAnswer::Admits => "admits",
                KeyUseAnswer::Bars(_) => "bars",
                KeyUseAnswer::Undecided(_) => "undecided",
            }
        };
        let path = |pattern: &str| {
            format!(r#""ForAnyValue:StringLike":{{"aws:PrincipalOrgPaths":"o-abcdefghij/{pattern}"}}"#)
        };
        let equals = |key: &str, value: &str| format!(r#""StringEquals":{{"{key}":"{value}"}}"#);
        let cases = [
            (path("*"), "admits"),
            (path("r-ab12/ou-ab12-11111111/*"), "admits"),
            (path("r-ab12/ou-ab12-22222222/*"), "bars"),
            (equals("aws:PrincipalOrgMasterAccountId", "999988887777"), "admits"),
            (equals("aws:PrincipalOrgMasterAccountId", "444455556666"), "bars"),
            (equals("kms:KeySpec", "SYMMETRIC_DEFAULT"), "admits"),
            (equals("kms:KeySpec", "RSA_2048"), "bars"),
            (equals("kms:KeyOrigin", "EXTERNAL"), "bars"),
            (equals("kms:EncryptionAlgorithm", "RSAES_OAEP_SHA_1"), "bars"),
            (r#""Bool":{"kms:MultiRegion":"true"}"#.to_owned(), "bars"),
            (r#""Bool":{"kms:MultiRegion":"false"}"#.to_owned(), "admits"),
            (r#""Bool":{"kms:GrantIsForAWSResource":"true"}"#.to_owned(), "bars"),
            (equals("aws:ResourceTag/team", "a"), "undecided"),
            (equals("aws:PrincipalTag/team", "a"), "admits"),
            (r#""Bool":{"aws:PrincipalIsAWSService":"true"}"#.to_owned(), "bars"),
        ];
        for (condition, expected) in &cases {
            assert_eq!(answer(condition, Some(PATH)), *expected, "{condition}");
        }
        // Where the unit was not told, a pattern of the whole organization is still decided.
        assert_eq!(answer(&path("*"), None), "admits");
        assert_eq!(answer(&path("r-ab12/ou-ab12-11111111/*"), None), "undecided");
        assert_eq!(answer(&path("*").replace("o-abcdefghij", "o-zzzzzzzzzz"), None), "bars");
    }

    #[test]
    fn a_policy_may_name_the_bucket() {
        let context = |value: &str| {
            allow(
                r#"{"AWS":"444455556666"}"#,
                BOTH,
                &format!(r#""StringLike":{{"kms:EncryptionContext:aws:s3:arn":"{value}"}}"#),
            )
        };
        let (this, that) = ("arn:aws:s3:::this", "arn:aws:s3:::that");
        let table = [
            ("arn:aws:s3:::this", UsedBy::WithBucketKey(this), "admits"),
            ("arn:aws:s3:::this", UsedBy::WithoutBucketKey(this), "bars"),
            ("arn:aws:s3:::this/*", UsedBy::WithBucketKey(this), "bars"),
            ("arn:aws:s3:::this/*", UsedBy::WithoutBucketKey(this), "admits"),
            ("arn:aws:s3:::this*", UsedBy::WithBucketKey(that), "bars"),
            ("arn:aws:s3:::this*", UsedBy::Any, "admits"),
        ];
        for (value, bucket, expected) in table {
            assert_eq!(answer(&context(value), bucket), expected, "{value} {bucket:?}");
        }
        let parse = |statements: &str| Policy::parse(&format!(r#"{{"Statement":[{statements}]}}"#)).unwrap();
        assert!(tells_buckets_apart(&parse(&context(this))) && !tells_buckets_apart(&parse(ROOT)));
    }
}
