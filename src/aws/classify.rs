//! What an unsuccessful answer means: a pure function over plain values, driven by the operations
//! table. It goes by AWS's error code and never by the text, with one exception that decides
//! nothing: who denied is read from the message, and the message is kept, for the reader's sake.

use super::message;
use super::unreached::Existence;
use crate::advice::{CLOCK_DIFFERS, who_denied};
use crate::model::{Fault, FaultKind};
use crate::operation::{Operation, Service};

/// An unsuccessful attempt, freed of the SDK's types.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Failure {
    /// How far the attempt got.
    pub stage: Stage,
    /// AWS's error code.
    pub code: Option<String>,
    /// AWS's message, or the credential provider's, as it came.
    pub message: Option<String>,
    /// Seconds that this host's clock is ahead of the answer's date.
    pub clock_ahead: Option<i64>,
    /// The HTTP status.
    pub status: Option<u16>,
    /// AWS's request id.
    pub request_id: Option<String>,
    /// `x-amz-bucket-region`: where S3 says that the bucket is.
    pub bucket_region: Option<String>,
    /// Another attempt would meet the same: a proxy's password, a certificate that is not trusted, an answer
    /// that lacks what the API promises.
    pub stays: bool,
    /// What it says of the host's being there at all.
    pub existence: Existence,
}

/// How far an attempt got.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Stage {
    /// The service answered with an error.
    #[default]
    Answered,
    /// No answer came, or not all of it: connection, TLS, DNS, time-out, a body cut short.
    NotAnswered,
    /// An answer came that is not what the API promises.
    NotUnderstood,
    /// The request could not be built: a fault of ours or of the input, never worth a retry.
    NotSent,
    /// The credential provider had none to sign with: a session that is over, a process that failed,
    /// a container's endpoint that is gone.
    NoCredentials,
}

/// What to make of a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// Nothing is configured.
    Absent,
    /// The resource is not there.
    Gone,
    /// The read failed.
    Fault {
        /// The class.
        kind: FaultKind,
        /// Whether another attempt may do better.
        retry: bool,
    },
}

/// AWS's "not you": never retried. From the services' common-error pages.
const DENIED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "AccessDeniedForDependencyException",
    "AllAccessDisabled",
    "Forbidden",
    "NotAuthorized",
    "UnauthorizedAccess",
    "UnauthorizedOperation",
    "AccountProblem",
];

/// AWS's "slower": the SDK's own list (aws-runtime, retries/classifiers.rs), without
/// `LimitExceededException`, which on no read of ours means a pace.
const THROTTLED: &[&str] = &[
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottled",
    "RequestThrottledException",
    "TooManyRequestsException",
    "TooManyRequests",
    "RequestLimitExceeded",
    "BandwidthLimitExceeded",
    "ProvisionedThroughputExceededException",
    "TransactionInProgressException",
    "PriorRequestNotComplete",
    "SlowDown",
    "EC2ThrottledException",
];

/// AWS's "who are you": credentials that are expired, unknown or not valid here.
const IDENTITY: &[&str] = &[
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "InvalidToken",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "NotSignedUp",
    "RequestExpired",
    "RequestInTheFuture",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
    "UnrecognizedClientException",
];

/// The Region or the service is not there for this account.
const UNAVAILABLE: &[&str] = &[
    "OptInRequired",
    "RegionDisabledException",
    "SubscriptionRequiredException",
    "IllegalLocationConstraintException",
];

/// The service failed for a moment, whatever the status.
const TRANSIENT: &[&str] = &[
    "DependencyTimeoutException",
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "InternalServerException",
    "InternalException",
    "KMSInternalException",
    "OperationAborted",
    "ServiceException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
];

/// Whether the service says by this code that it failed for a moment.
pub fn is_transient_code(code: &str) -> bool {
    TRANSIENT.contains(&code)
}

/// Says what a failure means for this operation.
pub fn classify(operation: &Operation, failure: &Failure) -> Meaning {
    match failure.stage {
        Stage::NotAnswered => fault(FaultKind::Transport, !failure.stays),
        Stage::NotSent => fault(FaultKind::Protocol, false),
        Stage::NoCredentials => fault(FaultKind::Identity, false),
        Stage::NotUnderstood if failure.stays => fault(FaultKind::Protocol, false),
        Stage::NotUnderstood => without_code(failure.status),
        Stage::Answered => match failure.code.as_deref() {
            Some(code) => with_code(operation, code, failure.status),
            None => without_code(failure.status),
        },
    }
}

/// The status with which a service says that something is not there: S3 is REST, and the JSON protocols have one
/// status for every error of the client's.
fn not_there(service: Service) -> u16 {
    if service == Service::S3 { 404 } else { 400 }
}

fn with_code(operation: &Operation, code: &str, status: Option<u16>) -> Meaning {
    let (absent, gone) = (operation.absent_codes.contains(&code), operation.gone_codes.contains(&code));
    if absent || gone {
        match status {
            Some(status) if status == not_there(operation.service) => {
                if absent {
                    Meaning::Absent
                } else {
                    Meaning::Gone
                }
            }
            Some(500..) => fault(FaultKind::Service, true),
            _ => fault(FaultKind::Protocol, false),
        }
    } else if DENIED.contains(&code) {
        fault(FaultKind::Denied, false)
    } else if THROTTLED.contains(&code) {
        fault(FaultKind::Throttled, true)
    } else if IDENTITY.contains(&code) {
        fault(FaultKind::Identity, false)
    } else if UNAVAILABLE.contains(&code) {
        fault(FaultKind::Unavailable, false)
    } else if code == "RequestTimeout" || code == "RequestTimeoutException" {
        fault(FaultKind::Transport, true)
    } else {
        // A code that this version does not know is an error with its code, never "absent".
        let transient = is_transient_code(code) || status.is_some_and(|s| s >= 500 || s == 429);
        fault(FaultKind::Service, transient)
    }
}

/// No code to go by: a proxy's page, an empty body, a body cut short.
fn without_code(status: Option<u16>) -> Meaning {
    match status {
        Some(429) => fault(FaultKind::Throttled, true),
        Some(500..) => fault(FaultKind::Service, true),
        // A page that some other server keeps for this path: it will not change.
        Some(400..) => fault(FaultKind::Protocol, false),
        _ => fault(FaultKind::Protocol, true),
    }
}

fn fault(kind: FaultKind, retry: bool) -> Meaning {
    Meaning::Fault { kind, retry }
}

/// The fault as the log keeps it.
pub fn fault_of(kind: FaultKind, failure: &Failure) -> Fault {
    let (denied_by, deny_type) = match kind {
        FaultKind::Denied => who_denied(failure.message.as_deref().unwrap_or_default()),
        _ => (None, None),
    };
    let is_far = |ahead: &i64| kind == FaultKind::Identity && ahead.unsigned_abs() >= CLOCK_DIFFERS;
    Fault {
        kind,
        code: failure.code.as_deref().and_then(code_kept),
        status: failure.status,
        denied_by,
        deny_type,
        message: failure.message.as_deref().and_then(message::kept),
        clock_ahead_seconds: failure.clock_ahead.filter(is_far),
    }
}

/// The longest code that is kept whole; AWS's have fewer than 64 letters.
const LONGEST_CODE: usize = 128;

/// A code as AWS has them. Of anything else that stands in its place what may be kept of a message, if anything.
fn code_kept(code: &str) -> Option<String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._:-#".contains(&byte);
    if code.len() <= LONGEST_CODE && code.bytes().all(is_plain) {
        return Some(message::without_secrets(code).into_owned());
    }
    let kept = message::kept(code)?;
    Some(kept[..kept.floor_char_boundary(LONGEST_CODE)].to_owned())
}

/// Whether a fresh session may help: the token has run out, as against a Region that never took it.
pub fn is_expiry(code: Option<&str>) -> bool {
    matches!(code, Some("ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::{GET_BUCKET_ENCRYPTION, GET_BUCKET_POLICY, GET_KEY_ROTATION_STATUS, OPERATIONS};

    fn answered(code: &str, status: u16) -> Failure {
        Failure { code: Some(code.into()), status: Some(status), ..Failure::default() }
    }

    #[test]
    fn only_the_operations_own_codes_mean_absent_or_gone() {
        let not_found = answered("ServerSideEncryptionConfigurationNotFoundError", 404);
        assert_eq!(classify(&GET_BUCKET_ENCRYPTION, &not_found), Meaning::Absent);
        assert_eq!(classify(&GET_BUCKET_POLICY, &not_found), fault(FaultKind::Service, false));
        assert_eq!(classify(&GET_BUCKET_POLICY, &answered("NoSuchBucket", 404)), Meaning::Gone);
        let unsupported = answered("UnsupportedOperationException", 400);
        assert_eq!(classify(&GET_KEY_ROTATION_STATUS, &unsupported), Meaning::Absent);
    }

    #[test]
    fn absent_and_gone_have_a_status_of_their_own() {
        for (operation, code) in OPERATIONS.iter().flat_map(|operation| {
            let codes = operation.absent_codes.iter().chain(operation.gone_codes);
            codes.map(move |code| (*operation, *code))
        }) {
            for status in [200, 301, 400, 403, 404, 409, 412] {
                let meaning = classify(operation, &answered(code, status));
                let is_fault = meaning == fault(FaultKind::Protocol, false);
                assert_eq!(
                    is_fault,
                    status != not_there(operation.service),
                    "{} {code} {status}",
                    operation.id
                );
            }
            assert_eq!(classify(operation, &answered(code, 503)), fault(FaultKind::Service, true));
        }
    }

    #[test]
    fn an_answer_that_lacks_something_is_not_asked_for_again() {
        let lacks = Failure {
            stage: Stage::NotUnderstood,
            status: Some(200),
            stays: true,
            message: Some("the answer lacks KeyRotationEnabled".into()),
            ..Failure::default()
        };
        assert_eq!(classify(&GET_KEY_ROTATION_STATUS, &lacks), fault(FaultKind::Protocol, false));
        let cut = Failure { stays: false, ..lacks };
        assert_eq!(classify(&GET_KEY_ROTATION_STATUS, &cut), fault(FaultKind::Protocol, true));
    }

    #[test]
    fn an_unknown_code_is_never_absent_whatever_its_status() {
        for operation in OPERATIONS {
            for status in [200, 301, 400, 403, 404, 409, 418, 429, 500, 503] {
                let meaning = classify(operation, &answered("CodeOfTheFuture", status));
                let retry = status >= 500 || status == 429;
                assert_eq!(meaning, fault(FaultKind::Service, retry), "{} {status}", operation.id);
                let nameless = Failure { status: Some(status), ..Failure::default() };
                assert!(matches!(classify(operation, &nameless), Meaning::Fault { .. }));
            }
        }
    }

    #[test]
    fn classes_follow_the_code() {
        for (code, status, kind, retry) in [
            ("AccessDenied", 403, FaultKind::Denied, false),
            ("AccessDeniedException", 400, FaultKind::Denied, false),
            ("SlowDown", 503, FaultKind::Throttled, true),
            ("ThrottlingException", 400, FaultKind::Throttled, true),
            ("ExpiredToken", 400, FaultKind::Identity, false),
            ("UnrecognizedClientException", 400, FaultKind::Identity, false),
            ("OptInRequired", 403, FaultKind::Unavailable, false),
            ("KMSInternalException", 500, FaultKind::Service, true),
            ("KMSInvalidStateException", 400, FaultKind::Service, false),
            ("RequestTimeout", 400, FaultKind::Transport, true),
        ] {
            assert_eq!(classify(&GET_BUCKET_POLICY, &answered(code, status)), fault(kind, retry), "{code}");
        }
    }

    #[test]
    fn without_credentials_it_is_identity_and_the_message_is_kept_without_secrets() {
        let failure = Failure {
            stage: Stage::NoCredentials,
            message: Some("the process said AKIAIOSFODNN7EXAMPLE\nhas expired".into()),
            clock_ahead: Some(-4_500),
            ..Failure::default()
        };
        assert_eq!(classify(&GET_BUCKET_POLICY, &failure), fault(FaultKind::Identity, false));
        let kept = fault_of(FaultKind::Identity, &failure);
        assert_eq!(kept.message.as_deref(), Some("the process said [removed] has expired"));
        assert_eq!(kept.clock_ahead_seconds, Some(-4_500));
        assert_eq!(fault_of(FaultKind::Denied, &failure).clock_ahead_seconds, None);
        let near = Failure { clock_ahead: Some(299), ..failure };
        assert_eq!(fault_of(FaultKind::Identity, &near).clock_ahead_seconds, None);
    }

    #[test]
    fn what_stays_as_it_is_is_not_tried_again() {
        let failure = Failure { stage: Stage::NotAnswered, ..Failure::default() };
        assert_eq!(classify(&GET_BUCKET_POLICY, &failure), fault(FaultKind::Transport, true));
        let stays = Failure { stays: true, message: Some("the proxy".into()), ..failure };
        assert_eq!(classify(&GET_BUCKET_POLICY, &stays), fault(FaultKind::Transport, false));
        assert_eq!(fault_of(FaultKind::Transport, &stays).message.as_deref(), Some("the proxy"));
    }
}
