//! What a resource policy says to a few questions. The evaluator is to come; until then nothing is decided.

use std::collections::BTreeMap;

use crate::model::AccountId;

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy(());

/// A text that is no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the policy cannot be read")]
pub struct PolicyError;

impl Policy {
    /// Reads a policy.
    pub fn parse(_text: &str) -> Result<Self, PolicyError> {
        Ok(Self(()))
    }
}

/// How much of a class of requests Deny statements refuse.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// All.
    Every,
    /// Some, and which.
    Part(String),
    /// None.
    None,
    /// It cannot be said, and why.
    Undecided(String),
}

/// The key that an upload names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyChoice {
    /// None.
    Unnamed,
    /// One that the policy names.
    Named(String),
    /// Any other.
    Other,
}

/// The encryption header of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadHeader {
    /// None.
    Missing,
    /// `AES256`.
    SseS3,
    /// `aws:kms`.
    SseKms(KeyChoice),
    /// `aws:kms:dsse`.
    DsseKms(KeyChoice),
    /// Anything else.
    Other,
}

/// Whom a key policy may let in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Admitted {
    /// Anyone, and why.
    pub anyone: Option<String>,
    /// Accounts by name, and by which principal or condition.
    pub accounts: BTreeMap<AccountId, String>,
    /// Organizations by id.
    pub organizations: BTreeMap<String, String>,
    /// What could not be decided.
    pub undecided: Option<String>,
}

fn undecided() -> Refusal {
    Refusal::Undecided("policies are not evaluated yet".to_owned())
}

/// Every plain-HTTP request by anyone, on the bucket and its objects.
pub fn plain_http(_policy: &Policy, _bucket_arn: &str) -> Refusal {
    undecided()
}

/// Every upload with a customer-provided key.
pub fn sse_c_uploads(_policy: &Policy, _bucket_arn: &str) -> Refusal {
    undecided()
}

/// Uploads by their header.
pub fn uploads(_policy: &Policy, _bucket_arn: &str) -> Vec<(UploadHeader, Refusal)> {
    Vec::new()
}

/// The service that writes here and takes SSE-S3 only.
pub fn sse_s3_only_writer(_policy: &Policy, _bucket_arn: &str) -> Option<String> {
    None
}

/// Whom a key policy may let in.
pub fn admitted(_policy: &Policy, _key_arn: &str) -> Admitted {
    Admitted { undecided: Some("policies are not evaluated yet".to_owned()), ..Admitted::default() }
}
