//! What a bucket's or a key's own policy lets happen, by IAM's rules and from its text alone.
//!
//! A few questions, each about a class of requests: does the policy refuse all plain HTTP, which
//! uploads does it refuse, whom may a key's policy let in. They are answered by weighing every kind
//! of request that the statements can tell apart (`cover`), not by looking for statements of a known
//! shape: two halves of a Deny count as a whole, and one condition too many shows. What a policy
//! leaves open (a policy variable, an operator that is not known) makes an answer undecided only
//! where it decides.
//!
//! An answer errs to one side. "Every" and "none" are said where they hold for every request; a Deny
//! in parts that only the real world fits together (say, a role's ARN once as a principal and once in
//! `aws:PrincipalArn`) is a part. Whoever may get in to a key is named, or said to be undecided.
//! Other policies (of identities, of the organization, of VPC endpoints) and grants are not seen.

mod bucket;
mod budget;
mod candidate;
mod condition;
mod cover;
mod exercise;
mod glob;
#[cfg(test)]
mod hostile;
mod index;
mod json;
mod key;
mod key_use;
mod kleene;
mod log_paths;
mod log_writer;
mod network;
mod operator;
mod parse;
mod principal;
mod refusal;
mod request;
mod service;
mod settle;
mod values;

pub use bucket::{KeyChoice, UploadHeader, plain_http, sse_c_replicas, sse_c_uploads, tls_only, uploads};
#[doc(hidden)]
pub use exercise::exercise;
pub use key::{Admitted, admitted};
pub use key_use::{KeyUse, KeyUseAnswer, UsedBy, key_use, tells_buckets_apart};
pub use log_writer::{LogBucket, LogWriter, sse_s3_only_writers};
pub use parse::{Policy, PolicyError};
pub use refusal::Refusal;
pub use service::{AdmittedService, ServiceAccess, services_of_bucket, services_of_key};
pub use settle::{Resource, Setting};
