//! What a credential provider said, where there were no credentials to sign with: a session that is over,
//! a process that failed, a container's endpoint that is gone.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::{CredentialsError, TokenError};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_s3::error::SdkError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::error::ErrorMetadata;
use tokio::time::Instant;

use super::caught::{Caught, Panicked};
use super::causes::{chain, telling};
use super::classify::{Failure, Stage, fault_of};
use super::secrets::Secrets;
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
pub(super) fn fault(error: &CredentialsError, secrets: &Secrets) -> Fault {
    let message = Some(reason_without(secrets, error));
    let failure = Failure { stage: Stage::NoCredentials, message, ..Failure::default() };
    fault_of(FaultKind::Identity, &failure)
}

/// The SDK's words for the kind of an error.
const KINDS: [&str; 4] = ["dispatch failure", "response error", "service error", "unhandled error"];

/// Why a provider gave none. Where the network's client met it, that is its sentence; where AWS refused, its code
/// and message. Else the last error says most, and the one above it what was tried.
pub fn reason(error: &AnyError) -> String {
    if let Some(unreached) = Unreached::find(error) {
        return unreached.to_string();
    }
    if let Some(refused) = chain(error).find_map(|link| link.downcast_ref::<ErrorMetadata>())
        && let Some(code) = refused.code()
    {
        return format!("{code}: {}", refused.message().unwrap_or("AWS does not say why"));
    }
    // These say no more than that there was one, as do the SDK's words for the kind of an error.
    let says_nothing = |link: &AnyError| {
        link.is::<CredentialsError>() || link.is::<TokenError>() || KINDS.contains(&&*link.to_string())
    };
    let reason = match &telling(error, says_nothing)[..] {
        [] => error.to_string(),
        // The SDK's words for an answer that is not JSON.
        [.., last] if last.starts_with("Error at offset ") => {
            "the answer is not a valid answer of the AWS API: it may be a proxy's page".to_owned()
        }
        [one] => one.clone(),
        // Behind a colon, what follows the word token would be taken for one.
        [.., tried, last] => format!("{tried} ({last})"),
    };
    // What a process prints for a person may be its secret.
    let told = reason.split("Stderr:").next().unwrap_or_default().trim();
    told.to_owned()
}

/// The same without what is secret of what a server repeats. The network's sentences are our own, and name hosts.
pub fn reason_without(secrets: &Secrets, error: &AnyError) -> String {
    let reason = reason(error);
    if Unreached::find(error).is_some() { reason } else { secrets.removed_from(&reason) }
}

/// Whether a file is not there that a login leaves.
pub fn is_not_there(error: &AnyError) -> bool {
    let is_missing = |error: &io::Error| error.kind() == io::ErrorKind::NotFound;
    chain(error).filter_map(|link| link.downcast_ref::<io::Error>()).any(is_missing)
}

/// Credentials that can be sent. The SDK panics on what a header cannot hold: the end of a line in a mounted
/// secret, or in a file with Windows' line ends.
pub fn usable(credentials: Credentials) -> Result<Credentials, CredentialsError> {
    match unsendable(&credentials) {
        None => Ok(credentials),
        Some(what) => Err(CredentialsError::invalid_configuration(format!(
            "the {what} has a character that is not allowed, such as a blank, a line end or a letter with an \
             accent: only visible ASCII characters are allowed. Check how it is written where it is stored"
        ))),
    }
}

/// What of the credentials cannot be sent.
pub(super) fn unsendable(credentials: &Credentials) -> Option<&'static str> {
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic());
    let token = credentials.session_token();
    [
        ("access key id", Some(credentials.access_key_id())),
        ("secret access key", Some(credentials.secret_access_key())),
        ("session token", token),
    ]
    .into_iter()
    .find(|(_, value)| value.is_some_and(|value| !is_plain(value)))
    .map(|(what, _)| what)
}

/// How long a provider may take at the start: a login may ask another server, and a person, but no night waits for
/// either.
pub const GIVEN_WITHIN: Duration = Duration::from_secs(50);
/// The same where it renews them: a little less than the door waits for an answer, so that a login that hangs is
/// reported as one. The SDK's own bound is 6 s, which a login that asks another server may take.
pub const RENEWED_WITHIN: Duration = Duration::from_secs(13);

/// Credentials that can be sent, within a bound: a process and a server may hang, and the SDK waits for some of them
/// without end.
pub async fn given(
    provider: &impl ProvideCredentials,
    within: Duration,
) -> Result<Credentials, CredentialsError> {
    match tokio::time::timeout(within, Caught::of(provider.provide_credentials())).await {
        Ok(Ok(given)) => usable(given?),
        Ok(Err(Panicked)) => Err(CredentialsError::invalid_configuration(
            "the credentials that assume the profile's role cannot be sent: they may have a character that is not \
             allowed, such as a line end (only visible ASCII characters are allowed)",
        )),
        Err(_) => Err(CredentialsError::provider_timed_out(within)),
    }
}

/// For how long a provider that hung is not asked again: every account in flight would wait for it anew.
const TIRED: Duration = Duration::from_secs(60);

/// The caller's provider, with what can be sent alone, and never waited for without end.
#[derive(Debug)]
pub(super) struct Usable {
    provider: SharedCredentialsProvider,
    hung_at: Mutex<Option<Instant>>,
    /// What it gave.
    secrets: Secrets,
}

impl Usable {
    pub(super) fn new(provider: SharedCredentialsProvider, secrets: Secrets) -> Self {
        Self { provider, hung_at: Mutex::default(), secrets }
    }

    fn hung_at(&self) -> MutexGuard<'_, Option<Instant>> {
        self.hung_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn renewed(&self) -> Result<Credentials, CredentialsError> {
        if self.hung_at().is_some_and(|at| at.elapsed() < TIRED) {
            return Err(CredentialsError::provider_timed_out(RENEWED_WITHIN));
        }
        let given = given(&self.provider, RENEWED_WITHIN).await;
        let is_hung = matches!(given, Err(CredentialsError::ProviderTimedOut(_)));
        *self.hung_at() = is_hung.then(Instant::now);
        if let Ok(credentials) = &given {
            self.secrets.learn_credentials(credentials);
        }
        given
    }
}

impl ProvideCredentials for Usable {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.renewed())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
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

    /// As the SDK's client for the SSO portal and for `aws login` gives it.
    #[test]
    fn a_refusal_of_aws_is_told_by_its_code_and_a_page_as_one() {
        #[derive(Debug, thiserror::Error)]
        #[error("unhandled error")]
        struct Kind(#[source] Box<dyn std::error::Error + Send + Sync>);
        let refused = ErrorMetadata::builder().code("ForbiddenException").message("No access").build();
        let error = CredentialsError::provider_error(Kind(refused.into()));
        assert_eq!(reason(&error), "ForbiddenException: No access");
        let page = CredentialsError::provider_error(Kind("Error at offset 0: unexpected token '<'".into()));
        assert_eq!(
            reason(&page),
            "the answer is not a valid answer of the AWS API: it may be a proxy's page"
        );
        let process = CredentialsError::provider_error("process exited with 3. Stderr: hunter2\nhunter3");
        assert_eq!(reason(&process), "process exited with 3.");
    }

    /// Hangs, and counts how often it was asked.
    #[derive(Debug, Clone, Default)]
    struct Hangs(Arc<AtomicUsize>);

    impl ProvideCredentials for Hangs {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            self.0.fetch_add(1, Ordering::Relaxed);
            future::ProvideCredentials::new(std::future::pending())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_provider_that_hangs_is_not_waited_for_without_end() {
        let begun = Instant::now();
        let error = given(&Hangs::default(), GIVEN_WITHIN).await.unwrap_err();
        assert!(matches!(error, CredentialsError::ProviderTimedOut(_)), "{error:?}");
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_provider_that_hung_is_waited_for_once_a_minute_by_all() {
        let hangs = Hangs::default();
        let provider = Usable::new(SharedCredentialsProvider::new(hangs.clone()), Secrets::default());
        let begun = Instant::now();
        for _ in 0..40 {
            let error = provider.provide_credentials().await.unwrap_err();
            assert!(matches!(error, CredentialsError::ProviderTimedOut(_)), "{error:?}");
        }
        assert_eq!((begun.elapsed(), hangs.0.load(Ordering::Relaxed)), (RENEWED_WITHIN, 1));
        tokio::time::advance(TIRED).await;
        assert!(provider.provide_credentials().await.is_err());
        assert_eq!(hangs.0.load(Ordering::Relaxed), 2);
    }

    /// Of STS's answers, too, which no header could hold.
    #[test]
    fn credentials_that_cannot_be_sent_are_none() {
        let of = |id: &str, token: &str| Credentials::new(id, "secret", Some(token.to_owned()), None, "test");
        assert_eq!(unsendable(&of("AKIDEXAMPLE", "IQoJ/+=")), None);
        for odd in ["x\n", "x\r", "x y", "x\u{e9}", "\0"] {
            assert_eq!(unsendable(&of(odd, "t")), Some("access key id"));
            assert_eq!(unsendable(&of("id", odd)), Some("session token"));
            assert!(usable(of("id", odd)).is_err());
        }
    }
}
