//! What a lake's refusal means, and what to do about it: a pure function over the answer.
//!
//! S3 answers many mistakes with one code. What tells them apart is AWS's message, what the request
//! asked for, and, where S3 says "Access Denied" and no more, what the same request without a condition
//! came to ([`Cause`]).

use super::super::class_advice::by_class;
use super::super::unreached;
use super::settings::LakeSettings;
use crate::advice::{self, Said};
use crate::lake::StoreFault;
use crate::model::{DeniedBy, DenyType, Fault, FaultKind};
use crate::operation::{GET_OBJECT, LIST_OBJECTS, PUT_OBJECT};

/// A request to the lake that was refused.
#[derive(Debug)]
pub struct Refusal<'a> {
    /// `read`, `write`, `list`.
    pub action: &'static str,
    /// What the door made of it.
    pub fault: &'a Fault,
    /// What the request carried.
    pub settings: &'a LakeSettings,
    /// What was found out about a bare "Access Denied".
    pub cause: Cause,
    /// The host that was asked, where it is known.
    pub host: Option<String>,
}

/// Why S3 may have said "Access Denied" and no more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Cause {
    /// Nothing was found out.
    #[default]
    Unknown,
    /// The same request without the owner's condition is answered: the bucket is another account's.
    OtherOwner,
    /// The same request is answered where the requester pays.
    RequesterPays,
    /// It is answered without the owner's condition where the requester pays.
    OtherOwnerAndPays,
}

/// A refusal in words.
#[derive(Debug, PartialEq, Eq)]
pub struct Explained {
    /// What S3 said.
    pub reason: String,
    /// What to do, where that is known.
    pub advice: Option<String>,
    /// Whether the caller can correct it.
    pub by_user: bool,
    /// What kind of trouble it is.
    pub fault: StoreFault,
}

/// What a code means: advice, and whether the caller can correct it.
type Meaning = (String, bool);

/// Says what a refusal means.
pub fn explain(refusal: &Refusal<'_>) -> Explained {
    let fault = refusal.fault;
    let code = fault.code_or_class();
    let (advice, by_user) = meaning(refusal, code);
    let advice = Some(advice).filter(|advice| !advice.is_empty());
    Explained { reason: answered(refusal), advice, by_user, fault: class(fault, code) }
}

/// What came: AWS's code, where there is one.
fn answered(refusal: &Refusal<'_>) -> String {
    let (fault, settings) = (refusal.fault, refusal.settings);
    match (&fault.code, fault.kind, fault.status) {
        (Some(_), _, _) => format!("S3 answered {}", fault.said()),
        (None, FaultKind::Identity, None) => {
            let why = fault.message.as_deref().map(|message| format!(": {message}")).unwrap_or_default();
            format!("the caller's credentials cannot be loaded{why}")
        }
        (None, FaultKind::Transport, _) => fault.message.clone().unwrap_or_else(|| {
            format!("no complete answer came from {}", settings.endpoint.as_deref().unwrap_or("S3"))
        }),
        (None, FaultKind::Protocol, _) if fault.message.is_some() => format!(
            "the answer of {} to {} is not a valid answer of the S3 API: {}",
            refusal.host.as_deref().unwrap_or("S3"),
            operation(refusal),
            fault.message.as_deref().unwrap_or_default()
        ),
        (None, _, Some(status)) => format!("S3 answered HTTP {status} without an error code"),
        (None, kind, None) => format!("S3's answer was not understood ({})", kind.word()),
    }
}

fn class(fault: &Fault, code: &str) -> StoreFault {
    match code {
        "InvalidObjectState" => StoreFault::Archived,
        _ if fault.kind == FaultKind::Identity => StoreFault::Caller,
        _ if fault.kind == FaultKind::Denied || code.starts_with("KMS.") => StoreFault::Denied,
        _ if is_unanswered(fault) => StoreFault::Unanswered,
        _ => StoreFault::Other,
    }
}

/// Whether the request may have done its work all the same: its answer was lost, was none, or tells of a server that
/// failed on the way (S3's `InternalError`). A redirect, a refusal (4xx), "not implemented" and "no space" say that it
/// did none.
fn is_unanswered(fault: &Fault) -> bool {
    match fault.status {
        Some(300..=499 | 501 | 507) => false,
        Some(500..) => true,
        _ => matches!(fault.kind, FaultKind::Transport | FaultKind::Protocol | FaultKind::Service),
    }
}

fn meaning(refusal: &Refusal<'_>, code: &str) -> Meaning {
    let kind = refusal.fault.kind;
    let message = refusal.fault.message.as_deref().unwrap_or_default();
    let correct = |advice: &str| (advice.to_owned(), true);
    if code.starts_with("KMS.") {
        return (key(code, refusal), true);
    }
    if let Some(clock @ advice::Cause::Clock(_)) = told(refusal) {
        return (clock.advice(operation(refusal)), true);
    }
    if kind == FaultKind::Denied {
        return (denied(refusal, message), true);
    }
    if is_full(code, refusal.fault.status) {
        return correct(
            "the lake's storage is full: free space or raise its quota, then continue the same run",
        );
    }
    match code {
        "NoSuchBucket" => correct("create the bucket first, or correct the lake's URI"),
        "InvalidBucketName" => correct("correct the lake's URI: this is not the name of a bucket"),
        "NoSuchAccessPoint" | "NoSuchAccessPointAlias" | "InvalidAccessPointAliasError" => {
            correct("create the access point first, or name the bucket in the lake's URI")
        }
        // A retry may meet a server that is done: that is no mistake of the caller's.
        "ConditionalRequestConflict" | "OperationAborted" => (
            "another request keeps writing the same object: if another atrest process publishes this run, wait \
             until it has ended; then start the same run again"
                .to_owned(),
            false,
        ),
        "InvalidObjectState" => correct(
            "the object is archived: restore it (`aws s3api restore-object`), and see deploy/README.md for which \
             parts of a lake may be archived",
        ),
        "PermanentRedirect"
        | "TemporaryRedirect"
        | "AuthorizationHeaderMalformed"
        | "IllegalLocationConstraintException" => (elsewhere(refusal.settings), true),
        "InvalidArgument" | "InvalidRequest" | "InvalidEncryptionAlgorithmError" | "NotImplemented"
            if asks_for_encryption(refusal, message) =>
        {
            correct(
                "correct --lake-sse and --lake-kms-key: the server must support the algorithm, and the key must be \
                 a symmetric key in the bucket's Region",
            )
        }
        "NotImplemented" => correct(
            "this server does not support the request: a lake needs PutObject with If-None-Match, which makes sure \
             that a run is committed once",
        ),
        "InvalidRequest" | "MissingContentMD5" if message.contains("Object Lock") => correct(
            "the bucket's default retention (Object Lock) requires a checksum with each object. atrest sends one \
             (x-amz-checksum-crc32): a proxy or gateway between this host and the server removes it",
        ),
        _ if kind == FaultKind::Identity => {
            correct(by_class(operation(refusal), refusal.fault).unwrap_or(advice::RENEW))
        }
        _ if kind == FaultKind::Transport => (
            unreached::advice(message).unwrap_or_default().to_owned(),
            // A server of the user's own choice is the user's to correct.
            refusal.settings.endpoint.is_some() && unreached::advice(message).is_some(),
        ),
        _ => (String::new(), kind == FaultKind::Unavailable),
    }
}

/// Whether a write that asks for an encryption was refused for it.
fn asks_for_encryption(refusal: &Refusal<'_>, message: &str) -> bool {
    let message = message.to_lowercase();
    let is_about_it = ["encryption", "kms", "sse"].iter().any(|word| message.contains(word));
    refusal.action == "write" && refusal.settings.algorithm().is_some() && is_about_it
}

/// Servers that are not AWS's have quotas: Ceph says `QuotaExceeded`, MinIO its own codes, others HTTP 507.
fn is_full(code: &str, status: Option<u16>) -> bool {
    code.contains("QuotaExceeded") || code.contains("StorageFull") || status == Some(507)
}

fn elsewhere(settings: &LakeSettings) -> String {
    match &settings.endpoint {
        Some(endpoint) => {
            format!("the bucket is in another Region than {endpoint}: give --lake-endpoint of the bucket's Region")
        }
        None => "the bucket is in another Region, which S3 did not name: set AWS_REGION to the bucket's Region, or \
                 give --lake-endpoint of that Region"
            .to_owned(),
    }
}

/// S3 passes KMS's own refusals on: `KMS.DisabledException` and the like (S3 API reference, "Error responses").
fn key(code: &str, refusal: &Refusal<'_>) -> String {
    let which = match (&refusal.settings.kms_key, refusal.action) {
        (Some(key), "write") => format!("the lake's KMS key {key}"),
        (None, "write") => "the KMS key of the bucket's default encryption".to_owned(),
        _ => "the KMS key that encrypts the object".to_owned(),
    };
    match code {
        "KMS.DisabledException" => format!("{which} is disabled: enable it (`aws kms enable-key`)"),
        "KMS.NotFoundException" => format!(
            "{which} does not exist in this Region and account: correct --lake-kms-key or the bucket's default \
             encryption"
        ),
        "KMS.KMSInvalidStateException" | "KMS.InvalidStateException" => format!(
            "{which} cannot be used in its present state: cancel its deletion, or import its key material again"
        ),
        "KMS.InvalidKeyUsageException" => {
            format!("{which} is not a symmetric encryption key, which S3 needs: name another")
        }
        _ => format!("KMS did not let S3 use {which}"),
    }
}

fn denied(refusal: &Refusal<'_>, message: &str) -> String {
    let owner = refusal.settings.owner.map(|owner| owner.to_string()).unwrap_or_default();
    match refusal.cause {
        Cause::OtherOwner => return other_owner(&owner),
        Cause::RequesterPays => return REQUESTER_PAYS.to_owned(),
        Cause::OtherOwnerAndPays => return format!("{}. And {REQUESTER_PAYS}", other_owner(&owner)),
        Cause::Unknown => {}
    }
    if message.contains("kms:") {
        return "KMS denied it: to write and read a lake that a KMS key encrypts, the caller needs \
                kms:GenerateDataKey and kms:Decrypt on that key. `atrest iam --role lake --lake-kms-key ARN` prints \
                the statement; the \
                key's own policy must allow them too"
            .to_owned();
    }
    let by_bucket = refusal.fault.denied_by == Some(DeniedBy::ResourcePolicy)
        && refusal.fault.deny_type == Some(DenyType::Explicit);
    match (refusal.action, told(refusal)) {
        ("write", _) if by_bucket => match refusal.settings.algorithm() {
            None => "the bucket policy denies it: if it requires an encryption header, give --lake-sse (such as \
                     --lake-sse aws:kms) and --lake-kms-key ARN"
                .to_owned(),
            Some(sse) => format!(
                "the bucket policy denies it: it may require another encryption header than {}, another key than \
                 --lake-kms-key, or something else in the request",
                sse.word()
            ),
        },
        (_, Some(cause)) => cause.advice(operation(refusal)),
        ("write", None) => "`atrest iam --role lake` prints the permissions that a lake needs, with those on its KMS \
                            key (kms:GenerateDataKey, kms:Decrypt); where the bucket policy demands an encryption \
                            header, give --lake-sse and --lake-kms-key"
            .to_owned(),
        (_, None) => "`atrest iam --role lake` prints the permissions that a lake needs; where the bucket belongs to \
                      another account, give --lake-owner"
            .to_owned(),
    }
}

const REQUESTER_PAYS: &str = "the bucket makes the requester pay, which atrest does not accept for a lake: turn \
                              Requester Pays off, or choose another bucket";

fn other_owner(owner: &str) -> String {
    format!(
        "the bucket does not belong to account {owner}, as the request requires: correct the lake's URI; if the \
         bucket of another account is meant, name that account with --lake-owner"
    )
}

/// Why AWS refused, as its own answer tells.
fn told(refusal: &Refusal<'_>) -> Option<advice::Cause> {
    advice::cause(Said::of(operation(refusal), refusal.fault))
}

fn operation(refusal: &Refusal<'_>) -> &'static str {
    match refusal.action {
        "write" => PUT_OBJECT.id,
        "list" => LIST_OBJECTS.id,
        _ => GET_OBJECT.id,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_code_is_told_as_what_came() {
        let told = |fault: Fault, endpoint: Option<&str>| {
            let settings = LakeSettings { endpoint: endpoint.map(str::to_owned), ..LakeSettings::default() };
            let (action, cause) = ("read", Cause::Unknown);
            explain(&Refusal { action, fault: &fault, settings: &settings, cause, host: None }).reason
        };
        let silent = Fault::new(FaultKind::Transport);
        assert_eq!(told(silent.clone(), None), "no complete answer came from S3");
        assert_eq!(told(silent, Some("http://minio:9000")), "no complete answer came from http://minio:9000");
        let page = Fault { status: Some(403), ..Fault::new(FaultKind::Protocol) };
        assert_eq!(told(page, None), "S3 answered HTTP 403 without an error code");
    }
}
