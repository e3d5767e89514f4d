//! What to do about a fault that is no refusal: a pure function over its class.
//!
//! What AWS's own message tells is [`crate::advice`]'s; here is what remains where it says nothing: the class of the
//! fault, and for a network that failed the sentence that [`unreached`] wrote.

use super::classify::is_transient_code;
use super::unreached;
use crate::advice::RENEW;
use crate::model::{Fault, FaultKind};

/// What to do about a fault that is no refusal, by its class: AWS did not refuse where it was busy, out of reach, or
/// did not know the caller. None where AWS said no, or something that its code alone tells.
pub fn by_class(operation: &str, fault: &Fault) -> Option<&'static str> {
    let network = || fault.message.as_deref().and_then(unreached::advice);
    match fault.kind {
        FaultKind::Denied => None,
        FaultKind::Throttled => Some(
            "AWS throttled every attempt: run again later. If other programs in the account make calls at the same \
             time, lower --quota-share and --accounts-in-flight",
        ),
        FaultKind::Transport => {
            Some(network().unwrap_or("check the network, AWS_REGION and AWS_ENDPOINT_URL"))
        }
        FaultKind::Identity => Some(network().unwrap_or(RENEW)),
        FaultKind::Unavailable if operation.starts_with("sts:") => Some(
            "STS is not active in this Region for the account: activate it (IAM console, Account settings), or set \
             AWS_REGION to a Region where it is active",
        ),
        FaultKind::Unavailable => Some(
            "the service is not active in this Region for the account: set AWS_REGION to a Region where it is active",
        ),
        FaultKind::Service if fault.code.is_none() => Some(
            "the answer has no error code, but every error from AWS has one: check the network, AWS_REGION and \
             AWS_ENDPOINT_URL, and any proxy between this host and AWS",
        ),
        FaultKind::Service if is_transient(fault) => Some(
            "the service failed, and permissions are not the cause: run again; if it fails again, check the service's \
             health in this Region",
        ),
        FaultKind::Service => None,
        FaultKind::Protocol => Some(
            "the answer is not a valid answer of the AWS API: check AWS_ENDPOINT_URL and the profile's \
             endpoint_url, and any proxy between this host and AWS",
        ),
    }
}

fn is_transient(fault: &Fault) -> bool {
    fault.status.is_some_and(|status| status >= 500) || fault.code.as_deref().is_some_and(is_transient_code)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first accounts' common answer may be of any class: the role is to blame for a refusal alone.
    #[test]
    fn a_fault_that_is_no_refusal_has_the_advice_of_its_class() {
        let fault = |kind, code: &str, status, message: &str| Fault {
            code: (!code.is_empty()).then(|| code.to_owned()),
            status,
            message: (!message.is_empty()).then(|| message.to_owned()),
            ..Fault::new(kind)
        };
        let refused = "h:443 refused the connection";
        let gone = "the credentials' endpoint 169.254.170.2:80 refused the connection";
        for (fault, words) in [
            (fault(FaultKind::Throttled, "Throttling", Some(400), ""), Some("--quota-share")),
            (fault(FaultKind::Service, "ServiceUnavailable", Some(503), ""), Some("run again")),
            (fault(FaultKind::Service, "InternalFailure", None, ""), Some("run again")),
            (fault(FaultKind::Service, "", Some(502), ""), Some("AWS_ENDPOINT_URL")),
            (
                fault(FaultKind::Unavailable, "RegionDisabledException", Some(403), ""),
                Some("STS is not active"),
            ),
            (fault(FaultKind::Identity, "ExpiredToken", Some(403), ""), Some("renew the credentials")),
            (fault(FaultKind::Identity, "", None, "the session is over"), Some("renew the credentials")),
            (fault(FaultKind::Identity, "", None, gone), Some("AWS_CONTAINER_CREDENTIALS_FULL_URI")),
            (fault(FaultKind::Transport, "", None, refused), Some("a server listens there")),
            (fault(FaultKind::Transport, "", None, ""), Some("check the network")),
            (fault(FaultKind::Protocol, "", Some(200), ""), Some("AWS_ENDPOINT_URL")),
            (fault(FaultKind::Denied, "AccessDenied", Some(403), ""), None),
            (fault(FaultKind::Service, "AWSOrganizationsNotInUseException", Some(400), ""), None),
            (fault(FaultKind::Service, "ValidationError", Some(400), ""), None),
        ] {
            let advice = by_class("sts:AssumeRole", &fault);
            match words {
                Some(words) => {
                    assert!(advice.is_some_and(|advice| advice.contains(words)), "{fault:?}: {advice:?}");
                }
                None => assert_eq!(advice, None, "{fault:?}"),
            }
        }
    }
}
