//! The questions that are asked of a bucket policy.

use std::collections::BTreeSet;

use super::budget::{Budget, TooMany};
use super::cover::Class;
use super::glob::{Glob, samples};
use super::parse::{Effect, Policy, Statement};
use super::principal::{Caller, callers};
use super::refusal::{Refusal, refusal};
use super::values::{Bounds, Domain};

pub(super) const TLS: &str = "aws:securetransport";
const TLS_VERSION: &str = "s3:tlsversion";
pub(super) const CUSTOMER_KEY: &str = "s3:x-amz-server-side-encryption-customer-algorithm";
pub(super) const ENCRYPTION: &str = "s3:x-amz-server-side-encryption";
pub(super) const KEY_ID: &str = "s3:x-amz-server-side-encryption-aws-kms-key-id";
/// Multipart uploads, copies and forms need it, too.
pub(super) const PUT_OBJECT: &str = "s3:putobject";
/// What replication into a bucket needs instead.
const REPLICATE_OBJECT: &str = "s3:replicateobject";

/// The header's values that have a meaning of their own here.
const ENCRYPTIONS: [&str; 3] = ["AES256", "aws:kms", "aws:kms:dsse"];

/// The key that an upload names in `x-amz-server-side-encryption-aws-kms-key-id`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum KeyChoice {
    /// None: the AWS managed key.
    Unnamed,
    /// One that the policy names, as it is written there.
    Named(String),
    /// Any other.
    Other,
}

/// What an upload says in `x-amz-server-side-encryption`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum UploadHeader {
    /// Nothing: the bucket's default applies.
    Missing,
    /// `AES256`.
    SseS3,
    /// `aws:kms`.
    SseKms(KeyChoice),
    /// `aws:kms:dsse`.
    DsseKms(KeyChoice),
    /// Anything else, such as `aws:fsx`.
    Other,
}

/// How much of all plain-HTTP requests, by anyone, on the bucket and its objects is refused.
pub fn plain_http(policy: &Policy, bucket_arn: &str) -> Refusal {
    refused_plain_http(policy, bucket_arn, &Budget::of_question())
}

fn refused_plain_http(policy: &Policy, bucket_arn: &str, budget: &Budget) -> Refusal {
    let domain = |key: &str| match key {
        TLS => Domain::always("false"),
        TLS_VERSION => Domain::never(),
        _ => Domain::free(key),
    };
    let actions = samples(&globs(policy, |it| &it.actions.entries), "s3:", budget);
    match (anyone(policy), actions, objects(policy, bucket_arn, budget)) {
        (Ok(callers), Ok(actions), Ok(mut resources)) => {
            resources.insert(0, bucket_arn.to_owned());
            refusal(policy, &Class { callers, actions, resources, domain: &domain, budget })
        }
        _ => too_many(),
    }
}

/// How far the policy holds the bucket and its objects to TLS.
///
/// That is [`plain_http`], where statements about the transport have a part in it. A Deny of something
/// else, of deleting the bucket, say, refuses it over plain HTTP too, and makes nothing of TLS.
pub fn tls_only(policy: &Policy, bucket_arn: &str) -> Refusal {
    let budget = Budget::of_question();
    let all = refused_plain_http(policy, bucket_arn, &budget);
    if all == Refusal::Every {
        return all;
    }
    let about_transport = |statement: &&Statement| statement.asks_for(TLS) || statement.asks_for(TLS_VERSION);
    let statements = policy.statements.iter().filter(about_transport).cloned().collect();
    match (
        refused_plain_http(&Policy { statements, untimed: None, ignored: Vec::new() }, bucket_arn, &budget),
        all,
    ) {
        (Refusal::None, _) => Refusal::None,
        (_, undecided @ Refusal::Undecided(_)) => undecided,
        (of_transport, _) => of_transport,
    }
}

/// How much of all uploads with a key of the customer's own (SSE-C), by anyone, is refused.
///
/// Such an upload has no `x-amz-server-side-encryption`: S3 takes one of the two. And it comes over TLS:
/// S3 rejects every other, so that a Deny of plain HTTP refuses none of them.
pub fn sse_c_uploads(policy: &Policy, bucket_arn: &str) -> Refusal {
    Uploads::of(policy, bucket_arn).refused(&with_customer_key)
}

/// How much of all replicas of objects with a key of the customer's own is refused. Whether S3 tells their
/// encryption in the request is not documented: a Deny that asks for it may refuse none.
pub fn sse_c_replicas(policy: &Policy, bucket_arn: &str) -> Refusal {
    let may_be_told = |key: &str| match key {
        CUSTOMER_KEY => Domain::always("AES256").or_absent(),
        _ => with_customer_key(key),
    };
    Uploads { action: REPLICATE_OBJECT, ..Uploads::of(policy, bucket_arn) }.refused(&may_be_told)
}

fn with_customer_key(key: &str) -> Domain {
    match key {
        CUSTOMER_KEY => Domain::always("AES256"),
        ENCRYPTION | KEY_ID => Domain::never(),
        TLS => Domain::always("true"),
        TLS_VERSION => Domain::within(Bounds::default()),
        _ => Domain::free(key),
    }
}

/// How much of each class of uploads without a key of the customer's own is refused: one class for
/// every value of the encryption header, and for every key that the policy tells from others.
pub fn uploads(policy: &Policy, bucket_arn: &str) -> Vec<(UploadHeader, Refusal)> {
    let named = named_keys(policy);
    let keys = [KeyChoice::Unnamed, KeyChoice::Other].into_iter();
    let keys: BTreeSet<KeyChoice> = keys.chain(named.iter().cloned().map(KeyChoice::Named)).collect();
    let mut headers = vec![UploadHeader::Missing, UploadHeader::SseS3];
    headers.extend(keys.iter().cloned().map(UploadHeader::SseKms));
    headers.extend(keys.iter().cloned().map(UploadHeader::DsseKms));
    headers.push(UploadHeader::Other);
    let every = Uploads::of(policy, bucket_arn);
    let weigh = |header: UploadHeader| {
        let refusal = every.refused(&|key| header.domain(key, &named));
        (header, refusal)
    };
    headers.into_iter().map(weigh).collect()
}

impl UploadHeader {
    fn domain(&self, key: &str, named: &BTreeSet<String>) -> Domain {
        match key {
            CUSTOMER_KEY => Domain::never(),
            ENCRYPTION => self.encryption(),
            KEY_ID => self.key_id(named),
            _ => Domain::free(key),
        }
    }

    fn encryption(&self) -> Domain {
        match self {
            Self::Missing => Domain::never(),
            Self::SseS3 => Domain::always("AES256"),
            Self::SseKms(_) => Domain::always("aws:kms"),
            Self::DsseKms(_) => Domain::always("aws:kms:dsse"),
            Self::Other => Domain::within(other_than(ENCRYPTIONS)),
        }
    }

    fn key_id(&self, named: &BTreeSet<String>) -> Domain {
        match self {
            Self::Missing | Self::SseS3 => Domain::never(),
            Self::SseKms(choice) | Self::DsseKms(choice) => match choice {
                KeyChoice::Unnamed => Domain::never(),
                KeyChoice::Named(key) => Domain::always(key),
                KeyChoice::Other => Domain::within(other_than(named.iter().map(String::as_str))),
            },
            Self::Other => Domain::free(KEY_ID),
        }
    }
}

/// Any text but those, and not nothing.
fn other_than<'a>(texts: impl IntoIterator<Item = &'a str>) -> Bounds {
    let unlike = texts.into_iter().map(Glob::plain).collect();
    Bounds { like: vec![Glob::wild("?*")], unlike, ..Bounds::default() }
}

/// The keys that Deny statements name whole.
fn named_keys(policy: &Policy) -> BTreeSet<String> {
    let tests = policy.with(Effect::Deny).into_iter().flat_map(|deny| &deny.tests);
    let patterns = tests.filter(|test| test.key == KEY_ID).flat_map(|test| test.patterns());
    patterns.filter_map(Glob::literal).filter(|key| !key.is_empty()).collect()
}

/// All uploads to a bucket, whatever their headers.
struct Uploads<'a> {
    policy: &'a Policy,
    action: &'static str,
    callers: Result<BTreeSet<Caller>, TooMany>,
    objects: Result<Vec<String>, TooMany>,
    budget: Budget,
}

impl<'a> Uploads<'a> {
    fn of(policy: &'a Policy, bucket_arn: &str) -> Self {
        let budget = Budget::of_question();
        let objects = objects(policy, bucket_arn, &budget);
        Self { policy, action: PUT_OBJECT, callers: anyone(policy), objects, budget }
    }

    fn refused(&self, domain: &dyn Fn(&str) -> Domain) -> Refusal {
        let (Ok(callers), Ok(resources), false) = (&self.callers, &self.objects, self.budget.is_spent())
        else {
            return too_many();
        };
        let (callers, resources) = (callers.clone(), resources.clone());
        let (actions, budget) = (vec![self.action.to_owned()], &self.budget);
        refusal(self.policy, &Class { callers, actions, resources, domain, budget })
    }
}

fn too_many() -> Refusal {
    Refusal::Undecided("its patterns have more combinations than are weighed".to_owned())
}

/// Everybody whom the policy can tell apart.
fn anyone(policy: &Policy) -> Result<BTreeSet<Caller>, TooMany> {
    callers(policy.with(Effect::Deny).into_iter().map(|deny| &deny.principals))
}

fn globs(policy: &Policy, of: impl Fn(&Statement) -> &Vec<Glob>) -> Vec<&Glob> {
    policy.statements.iter().flat_map(of).collect()
}

/// Objects of the bucket, one of every kind that the policy can tell apart.
pub(super) fn objects(policy: &Policy, bucket_arn: &str, budget: &Budget) -> Result<Vec<String>, TooMany> {
    samples(&globs(policy, |it| &it.resources.entries), &format!("{bucket_arn}/"), budget)
}
