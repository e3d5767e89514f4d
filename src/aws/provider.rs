//! What a credential provider said, where there were no credentials to sign with: a session that is over,
//! a process that failed, a container's endpoint that is gone.

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::error::SdkError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::causes::{chain, telling};
use super::classify::{Failure, Stage, fault_of};
use super::unreached::Unreached;
use crate::model::{Fault, FaultKind};

type AnyError = dyn std::error::Error + 'static;

/// What the provider said, where a request was not sent for want of credentials.
pub(super) fn refusal<E>(error: &SdkError<E, HttpResponse>) -> Option<String>
where
    E: std::error::Error + Send + Sync + 'static,
{
    if !matches!(error, SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_)) {
        return None;
    }
    let first = chain(error).find(|link| link.is::<CredentialsError>());
    // The cache of credentials gives up after a while, with an error of its own that has no public type.
    let is_time_out = |error: &&AnyError| {
        error.source().is_none() && error.to_string().starts_with("identity resolver timed out")
    };
    first.or_else(|| chain(error).find(is_time_out)).map(reason)
}

/// The fault of a credential provider that was asked by us, and not by a client.
pub(super) fn fault(error: &CredentialsError) -> Fault {
    let failure = Failure { stage: Stage::NoCredentials, message: Some(reason(error)), ..Failure::default() };
    fault_of(FaultKind::Identity, &failure)
}

/// Why a provider gave none. Where the network's client met it, that is its sentence. Else the last error
/// says most, and the one above it what was tried.
pub fn reason(error: &AnyError) -> String {
    if let Some(unreached) = Unreached::find(error) {
        return unreached.to_string();
    }
    // `CredentialsError` itself says no more than that there was one.
    match &telling(error, |link| link.is::<CredentialsError>())[..] {
        [] => error.to_string(),
        [one] => one.clone(),
        [.., tried, last] => format!("{tried}: {last}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::call::failure_of;
    use super::*;
    use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityError;
    use aws_smithy_runtime_api::client::result::ConnectorError;

    fn unsent(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failure {
        let error = ConnectorError::other(source.into(), None);
        failure_of(&SdkError::<GetCallerIdentityError, HttpResponse>::dispatch_failure(error))
    }

    /// As the SDK's client gives it: a provider's error in a provider's error, as if it were the network's.
    #[test]
    fn a_provider_that_fails_is_no_network_that_fails() {
        let inner = CredentialsError::provider_error("the SSO session has expired");
        let failure = unsent(CredentialsError::provider_error(inner));
        assert_eq!(failure.stage, Stage::NoCredentials);
        assert_eq!(failure.message.as_deref(), Some("the SSO session has expired"));
        let failure = unsent(CredentialsError::provider_timed_out(Duration::from_secs(5)));
        assert_eq!(failure.stage, Stage::NoCredentials);
        assert_eq!(failure.message.as_deref(), Some("credentials provider timed out after 5 seconds"));
        let failure = unsent("identity resolver timed out after 5s");
        assert_eq!(failure.stage, Stage::NoCredentials, "of the cache, whose error has no public type");
        let failure = unsent("connection refused");
        assert_eq!(failure, Failure { stage: Stage::NotAnswered, ..Failure::default() });
    }
}
