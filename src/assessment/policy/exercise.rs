//! Every question on any bytes, with what must hold of the answers whatever the bytes are.
//!
//! A fuzzer calls it for as long as it likes, and a test with a fixed seed for a moment. A policy is
//! text from other people: it may be refused, and must never cause a panic, a hang or a changed answer.

use std::borrow::Cow;

use super::{
    Admitted, KeyUse, KeyUseAnswer, LogBucket, LogWriter, Policy, PolicyError, Refusal, Resource,
    ServiceAccess, Setting, UploadHeader, UsedBy,
};
use crate::clock::Timestamp;
use crate::model::{AccountId, Membership};

const BUCKET: &str = "arn:aws:s3:::b";
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// The answers to all questions.
#[derive(Debug, PartialEq, Eq)]
struct Answers {
    plain_http: Refusal,
    sse_c: Refusal,
    uploads: Vec<(UploadHeader, Refusal)>,
    writers: Vec<LogWriter>,
    admitted: Admitted,
    services: [ServiceAccess; 2],
    key_use: KeyUseAnswer,
}

fn answers(policy: &Policy) -> Answers {
    Answers {
        plain_http: super::plain_http(policy, BUCKET),
        sse_c: super::sse_c_uploads(policy, BUCKET),
        uploads: super::uploads(policy, BUCKET),
        writers: super::sse_s3_only_writers(policy, &log_bucket()),
        admitted: super::admitted(policy, KEY),
        services: [super::services_of_key(policy, KEY), super::services_of_bucket(policy, BUCKET)],
        key_use: super::key_use(policy, &key_use()),
    }
}

fn account() -> AccountId {
    "111122223333".parse().expect("twelve digits")
}

fn log_bucket() -> LogBucket<'static> {
    LogBucket { arn: BUCKET, account_id: account(), region: Some("eu-west-1"), org_id: None }
}

/// Some account asks for the key.
fn key_use() -> KeyUse<'static> {
    KeyUse {
        key_arn: KEY,
        account_id: account(),
        membership: Membership::default(),
        bucket: UsedBy::WithBucketKey(BUCKET),
    }
}

/// The answers to the policy as it holds for a resource, now and later, where that is another policy.
fn settled(policy: &Policy) -> Option<Vec<Answers>> {
    let account_id = "111122223333".parse().ok()?;
    let as_of = Timestamp::from_millis(1_795_230_000_000);
    let membership = Membership { org_id: Some("o-abcdefghij"), ..Membership::default() };
    let resource = Resource::Key(None);
    let setting = Setting { resource, account_id, region: Some("eu-west-1"), membership, as_of };
    let Cow::Owned(now) = policy.settled(&setting) else { return None };
    let later = now.later(as_of).into_iter().take(1).map(|(_, policy)| answers(&policy));
    Some([answers(&now)].into_iter().chain(later).collect())
}

/// Parses the bytes and asks everything; whether they were a policy.
///
/// # Panics
///
/// Where an answer is not the same for the same policy, however its text is laid out.
pub fn exercise(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else { return false };
    let parsed = Policy::parse(text);
    assert_eq!(parsed, Policy::parse(text), "the same text gives the same policy");
    let Ok(policy) = parsed else { return false };
    let found = (answers(&policy), settled(&policy));
    let again = serde_json::from_str::<serde_json::Value>(text).map(|json| json.to_string());
    let again: Result<Policy, PolicyError> =
        again.map_or_else(|error| Err(PolicyError::Json(error.to_string())), |text| Policy::parse(&text));
    let again = again.as_ref().map(|policy| (answers(policy), settled(policy)));
    assert_eq!(again.as_ref(), Ok(&found), "the same policy in another layout");
    assert!(found.0.uploads.len() >= 7, "every class of uploads has an answer");
    let of_key = Policy::parse_of_key(text);
    assert_eq!(of_key.as_ref(), Ok(&policy), "what is a bucket policy reads the same as a key policy");
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words of the policy language, so that what chance puts together is often nearly a policy.
    const WORDS: &[&str] = &[
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"Version\":\"2012-10-17\",",
        "\"Statement\":",
        "\"Effect\":\"Deny\",",
        "\"Effect\":\"Allow\",",
        "\"Principal\":\"*\",",
        "\"NotPrincipal\":{\"AWS\":\"111122223333\"},",
        "\"Action\":\"s3:*\",",
        "\"Action\":[\"s3:Put*\",\"kms:*\"],",
        "\"NotAction\":\"s3:GetObject\",",
        "\"Resource\":\"*\"",
        "\"Resource\":[\"arn:aws:s3:::b\",\"arn:aws:s3:::b/*\"]",
        ",\"Condition\":",
        "{\"Bool\":{\"aws:SecureTransport\":false}}",
        "{\"StringLike\":{\"aws:PrincipalOrgID\":[\"o-*\",\"${x}\"]}}",
        "{\"ForAllValues:ArnLike\":{\"aws:PrincipalArn\":\"arn:aws:iam::*:role/?\"}}",
        "{\"NumericLessThan\":{\"s3:TlsVersion\":1.2},\"Null\":{\"k\":true}}",
        "{\"DateGreaterThan\":{\"aws:CurrentTime\":[\"2020-01-01\",\"2999-01-01T00:00:00Z\",1e300]}}",
        "{\"NumericLessThan\":{\"aws:EpochTime\":[1e300,\"-1e300\",9999999999]}}",
        "{\"StringEquals\":{\"aws:SourceAccount\":\"${aws:ResourceAccount}\",\"aws:ResourceAccount\":\"${x}\"}}",
        "null",
        "1e9",
        "\"\\ud83d\\ude00*\"",
        "{\"NotIpAddressIfExists\":{\"aws:SourceIp\":[\"10.0.0.0/8\",\"::/0\"]}}",
        "${*}",
        "\u{e000}",
    ];

    fn statement(random: &mut fastrand::Rng, words: &mut Vec<&'static str>) {
        words.push("{");
        for from in [8..10, 10..12, 12..15, 15..17] {
            words.push(WORDS[random.usize(from)]);
        }
        if random.bool() {
            words.extend([WORDS[17], *random.choice(&WORDS[18..25]).unwrap()]);
        }
        words.push("}");
    }

    fn text(random: &mut fastrand::Rng) -> String {
        let mut words = vec!["{", WORDS[6], WORDS[7], "["];
        for number in 0..random.usize(1..4) {
            words.extend((number > 0).then_some(","));
            statement(random, &mut words);
        }
        words.extend(["]", "}"]);
        for _ in 0..random.usize(0..3) {
            let at = random.usize(0..words.len());
            words[at] = random.choice(WORDS).unwrap();
        }
        words.concat()
    }

    #[test]
    fn nothing_that_chance_writes_breaks_it() {
        let mut random = fastrand::Rng::with_seed(20_261_121);
        let policies = (0..3_000).filter(|_| exercise(text(&mut random).as_bytes())).count();
        assert!(policies > 300, "only {policies} were policies");
        for bytes in [&b"\xff"[..], b"", b"{}", b"\"\\ud800\""] {
            assert!(!exercise(bytes));
        }
    }

    #[test]
    fn bytes_that_flip_break_nothing() {
        let mut random = fastrand::Rng::with_seed(3);
        for _ in 0..3_000 {
            let mut bytes = text(&mut random).into_bytes();
            let at = random.usize(0..bytes.len());
            bytes[at] = random.u8(..);
            exercise(&bytes);
        }
    }
}
