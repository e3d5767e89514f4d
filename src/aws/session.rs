//! Sessions: the audit role assumed in an account, renewed before it ends.
//!
//! One session an account, shared by its clients of every Region. Renewal is single-flight, by
//! generation: the first call that sees an expired token renews it, the others find the new one.
//! The role is narrowed by an inline session policy to the audit actions, whatever the role may do,
//! unless the caller says that STS has no room for it.

use std::fmt;
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard};
use std::time::SystemTime;

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};
use aws_sdk_sts::operation::assume_role::AssumeRoleOutput;
use aws_sdk_sts::types::AssumedRoleUser;
use futures::future::BoxFuture;

use super::call::Door;
use super::clients::Client;
use super::endpoint::Endpoint;
use super::secrets::Known;
use super::walk::told;
use super::{message, provider};
use crate::clock::{SharedClock, Timestamp};
use crate::model::{AccountId, Arn, ExternalId, Fault, FaultKind, Observation, Partition, Reading, Region};
use crate::operation::{ASSUME_ROLE, GET_CALLER_IDENTITY, session_policy};

/// Role chaining's limit: a role that assumes a role gets one hour (IAM User Guide, "Role chaining").
const DURATION_SECONDS: i32 = 3_600;
/// A session is renewed this long before it ends.
const RENEW_BEFORE_MS: i64 = 300_000;

/// Which role to assume, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleSettings {
    /// The role's name, with its path if it has one: `atrest-audit`, `security/atrest-audit`.
    pub role_name: String,
    /// The external id that the role's trust policy asks for.
    pub external_id: Option<ExternalId>,
    /// The role session name: names the run in every CloudTrail event.
    pub session_name: String,
    /// Whether the session is narrowed to the audit actions, whatever the role may do.
    pub session_policy: bool,
}

impl RoleSettings {
    /// The role's ARN in an account.
    pub fn arn(&self, partition: &Partition, account_id: AccountId) -> String {
        format!("arn:{partition}:iam::{account_id}:role/{}", self.role_name)
    }
}

/// What assumes roles: the STS client of the caller.
#[derive(Clone)]
pub struct RoleAssumer {
    pub(super) client: aws_sdk_sts::Client,
    pub(super) endpoint: Endpoint,
    pub(super) door: Arc<Door>,
    pub(super) region: Region,
    pub(super) settings: Arc<RoleSettings>,
    pub(super) clock: SharedClock,
    /// The first time that the caller's own credentials were not taken.
    doubted: Arc<OnceLock<Fault>>,
}

impl fmt::Debug for RoleAssumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RoleAssumer").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl RoleAssumer {
    /// Assumes roles at the Region's own STS endpoint.
    pub fn new(
        client: Client<aws_sdk_sts::Client>,
        door: Arc<Door>,
        region: Region,
        settings: RoleSettings,
    ) -> Self {
        let clock = Arc::clone(&door.shared().clock);
        let Client { sdk, endpoint } = client;
        let (settings, doubted) = (Arc::new(settings), Arc::default());
        Self { client: sdk, endpoint, door, region, settings, clock, doubted }
    }

    /// The same, through another door, which tallies the calls of one account.
    pub fn through(&self, door: Arc<Door>) -> Self {
        Self { door, doubted: Arc::default(), ..self.clone() }
    }

    /// What the caller's own credentials were refused with, through this door: roles are assumed by them.
    pub fn doubted(&self) -> Option<&Fault> {
        self.doubted.get()
    }

    fn doubt(&self, fault: &Fault) {
        // The first one is reported.
        let _ = self.doubted.set(fault.clone());
    }

    /// Which role, and how.
    pub fn settings(&self) -> &RoleSettings {
        &self.settings
    }

    /// The role's ARN in an account.
    pub fn role_arn(&self, partition: &Partition, account_id: AccountId) -> String {
        self.settings.arn(partition, account_id)
    }

    /// Assumes the role; the observation says what STS answered, without the credentials.
    pub async fn assume(&self, role_arn: &str) -> (Observation<()>, Option<Credentials>) {
        let send = || {
            self.client
                .assume_role()
                .role_arn(role_arn)
                .role_session_name(&self.settings.session_name)
                .set_external_id(self.settings.external_id.as_ref().map(|id| id.expose().to_owned()))
                .duration_seconds(DURATION_SECONDS)
                .set_policy(self.settings.session_policy.then(session_policy))
                .send()
        };
        let answer = self.door.call(&ASSUME_ROLE, &self.region, &self.endpoint, send).await;
        let mut credentials = None;
        let mut observation = answer.observation.and_then(|output| match credentials_of(&output, role_arn) {
            Ok(given) => {
                credentials = Some(given);
                Reading::Known(())
            }
            Err(why) => Reading::Unread(Fault::saying(FaultKind::Protocol, message::kept(&why))),
        });
        observation.region = Region::global();
        if let Reading::Unread(fault) = &observation.reading
            && fault.kind == FaultKind::Identity
        {
            self.doubt(fault);
        }
        (observation, credentials)
    }
}

fn no_credentials() -> Fault {
    Fault::new(FaultKind::Identity)
}

/// The credentials of an answer, which says whose they are: those of another account would make its buckets this
/// account's. What cannot be sent is the account's trouble, and not the caller's.
fn credentials_of(output: &AssumeRoleOutput, role_arn: &str) -> Result<Credentials, String> {
    let assumed = output.assumed_role_user().map(AssumedRoleUser::arn);
    let account = |arn| Arn::parse(arn).map(|arn| arn.account);
    let given = match (output.credentials(), assumed.and_then(account)) {
        (Some(given), Some(owner)) if account(role_arn) == Some(owner) => given,
        _ => return Err(format!("the answer is about another role, {}", told("Arn", assumed))),
    };
    let expiry = SystemTime::try_from(*given.expiration()).ok();
    let token = Some(given.session_token().to_owned());
    let credentials =
        Credentials::new(given.access_key_id(), given.secret_access_key(), token, expiry, "AssumeRole");
    match provider::unsendable(&credentials) {
        Some(what) => Err(format!(
            "the {what} in the answer from STS has a character that is not allowed (only \
                                   visible ASCII characters are)"
        )),
        None => Ok(credentials),
    }
}

/// One account's session.
pub struct Session {
    state: RwLock<State>,
    renewing: tokio::sync::Mutex<()>,
    renewal: Renewal,
    assumer: RoleAssumer,
    probe: Probe,
}

struct State {
    generation: u64,
    credentials: Credentials,
    /// What is secret of them, and of those before: their calls may still be answered. Made when a call fails.
    known: OnceLock<Known>,
    before: Option<Credentials>,
    /// When to renew ahead of time. None where the credentials were as good as expired when they
    /// came: then the clocks disagree, and AWS's own answer tells.
    renew_at: Option<Timestamp>,
    works: Option<bool>,
}

/// Where a session's next credentials come from.
pub enum Renewal {
    /// The audit role, by its ARN.
    Role(String),
    /// The caller's own credentials.
    Caller(SharedCredentialsProvider),
}

/// Makes the client that asks "who am I" with a session's credentials.
pub type Probe = Box<dyn Fn(SessionCredentials) -> (aws_sdk_sts::Client, Endpoint) + Send + Sync>;

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}

impl Session {
    /// A session that begins with these credentials.
    pub fn new(assumer: RoleAssumer, renewal: Renewal, credentials: Credentials, probe: Probe) -> Self {
        let state = State::new(1, credentials, None, assumer.clock.now());
        Self { state: RwLock::new(state), renewing: tokio::sync::Mutex::new(()), renewal, assumer, probe }
    }

    fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The text without what is secret of this session.
    pub fn removed_from(&self, text: &str) -> String {
        let state = self.state();
        let all = || [&state.credentials].into_iter().chain(&state.before);
        state.known.get_or_init(|| Known::of_credentials(all())).removed_from(text)
    }

    /// The generation of credentials that are good for a while yet, renewed if need be.
    pub async fn fresh(&self) -> Result<u64, Fault> {
        let (generation, renew_at) = {
            let state = self.state();
            (state.generation, state.renew_at)
        };
        match renew_at {
            Some(at) if at <= self.assumer.clock.now() => self.renew(generation).await,
            _ => Ok(generation),
        }
    }

    /// Renews credentials of this generation, unless another call did so meanwhile.
    ///
    /// Boxed, because a renewal is itself a call through the door.
    pub fn renew(&self, seen: u64) -> BoxFuture<'_, Result<u64, Fault>> {
        Box::pin(async move {
            let _renewing = self.renewing.lock().await;
            let generation = self.state().generation;
            if generation != seen {
                return Ok(generation);
            }
            let credentials = self.next_credentials().await?;
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            let before = Some(state.credentials.clone());
            *state = State::new(generation + 1, credentials, before, self.assumer.clock.now());
            Ok(generation + 1)
        })
    }

    async fn next_credentials(&self) -> Result<Credentials, Fault> {
        let role_arn = match &self.renewal {
            Renewal::Role(role_arn) => role_arn,
            Renewal::Caller(provider) => {
                let given = provider.provide_credentials().await;
                return given.map_err(|error| {
                    let fault = provider::fault(&error, &self.assumer.door.shared().secrets);
                    self.assumer.doubt(&fault);
                    fault
                });
            }
        };
        match self.assumer.assume(role_arn).await {
            (_, Some(credentials)) => Ok(credentials),
            (Observation { reading: Reading::Unread(fault), .. }, None) => {
                Err(Fault { kind: FaultKind::Identity, ..fault })
            }
            _ => Err(no_credentials()),
        }
    }

    /// Notes that this session's credentials were not taken. Where they are the caller's own, or this host's
    /// clock is wrong, that is the caller's trouble and not the account's.
    pub fn refused(&self, fault: &Fault, by_clock: bool) {
        if by_clock || matches!(self.renewal, Renewal::Caller(_)) {
            self.assumer.doubt(fault);
        }
    }

    /// Whether the session is good at home: asked of STS once a generation.
    pub fn works(self: &Arc<Self>) -> BoxFuture<'_, bool> {
        Box::pin(async move {
            let (generation, known) = {
                let state = self.state();
                (state.generation, state.works)
            };
            if let Some(works) = known {
                return works;
            }
            let (client, endpoint) = (self.probe)(SessionCredentials(Arc::clone(self)));
            let send = || client.get_caller_identity().send();
            let door = &self.assumer.door;
            let answer = door.call(&GET_CALLER_IDENTITY, &self.assumer.region, &endpoint, send).await;
            let works = answer.observation.reading.known().is_some();
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            if state.generation == generation {
                state.works = Some(works);
            }
            works
        })
    }
}

impl State {
    fn new(generation: u64, credentials: Credentials, before: Option<Credentials>, now: Timestamp) -> Self {
        let renew_at = credentials
            .expiry()
            .and_then(|expiry| expiry.duration_since(SystemTime::UNIX_EPOCH).ok())
            .and_then(|since| i64::try_from(since.as_millis()).ok())
            .map(|millis| Timestamp::from_millis(millis).plus_millis(-RENEW_BEFORE_MS))
            .filter(|at| *at > now);
        Self { generation, credentials, known: OnceLock::new(), before, renew_at, works: None }
    }
}

/// Gives a session's present credentials to the SDK, which keeps no copy of its own.
#[derive(Debug, Clone)]
pub struct SessionCredentials(pub Arc<Session>);

impl ProvideCredentials for SessionCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Ok(self.0.state().credentials.clone()))
    }
}
