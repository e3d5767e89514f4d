//! The one door to AWS: pace, send, classify, adapt, retry, tally.
//!
//! SDK retries are off. The SDK keeps one retry quota for the whole process per service and Region
//! (aws-smithy-runtime, client/retries/strategy/standard.rs), so that one sick account would spend
//! every other's; here each read has its own attempts, and an API that keeps failing in one account
//! soon gets only one attempt a read.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_types::request_id::RequestId;
use tokio::time::Instant;

use super::classify::{Failure, Meaning, Stage, classify, fault_of, is_expiry};
use super::endpoint::{self, Endpoint, Tries};
use super::pace::Pacer;
use super::promise::Broken;
use super::secrets::Secrets;
use super::session::Session;
use super::unreached::Unreached;
use super::{causes, dates, provider};
use crate::advice::{Cause, Said, cause};
use crate::clock::SharedClock;
use crate::model::{AwsClock, Calls, Fault, FaultKind, Observation, Reading, Region};
use crate::operation::{Grant, Operation, QuotaOwner};

/// The first backoff, and the least of every later one.
const BACKOFF_BASE: Duration = Duration::from_millis(200);
/// The longest backoff: the SDK's own default.
const BACKOFF_CAP: Duration = Duration::from_secs(20);
/// How long one attempt may take. The SDK has no default; S3 and KMS answer reads in milliseconds.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);
/// The same for the lake's objects, which may be large.
const LAKE_TIMEOUT: Duration = Duration::from_mins(5);
/// "Gone" is believed when it is said again after this long.
const CONFIRM_GONE: Duration = Duration::from_secs(1);
/// AWS's request ids have 16 to 36 characters, the extended ones of S3 76.
const LONGEST_ID: usize = 128;
/// Reads of one API that failed on every attempt, in a row, before its reads get one attempt.
const TIRED_AFTER: u32 = 20;

/// What every door of a run shares.
#[derive(Debug)]
pub struct Shared {
    /// Wall time, for the log.
    pub clock: SharedClock,
    /// Attempts a read, the first included.
    pub max_attempts: u32,
    /// Jitter's randomness; seeded, so that a simulated night repeats.
    pub random: Mutex<fastrand::Rng>,
    /// The calling account's limits.
    pub caller: Arc<Pacer>,
    /// The external id and the caller's credentials: what a server repeats of them is not kept.
    pub secrets: Secrets,
}

/// The door for the reads of one account.
#[derive(Debug)]
pub struct Door {
    shared: Arc<Shared>,
    member: Arc<Pacer>,
    session: Option<Arc<Session>>,
    calls: Mutex<Calls>,
    failing: Mutex<HashMap<(&'static str, Region), u32>>,
}

/// One read's answer, and where S3 says that the bucket really is.
#[derive(Debug)]
pub struct Answer<T> {
    /// The read.
    pub observation: Observation<T>,
    /// Another Region, where S3 named one.
    pub bucket_region: Option<Region>,
}

/// What is known of a read while its attempts go on.
struct Attempts {
    sent: u32,
    host: Tries,
    gone_before: bool,
    backoff: Duration,
    request_id: Option<String>,
    bucket_region: Option<Region>,
}

/// What to do after a failed attempt.
enum Next<T> {
    Stop(Reading<T>),
    Again(Duration),
}

impl Door {
    /// A door to an account through its session.
    pub fn new(shared: Arc<Shared>, member: Arc<Pacer>, session: Option<Arc<Session>>) -> Self {
        Self { shared, member, session, calls: Mutex::default(), failing: Mutex::default() }
    }

    /// A door for the caller's own work: Organizations, STS, the lake.
    pub fn caller(shared: Arc<Shared>) -> Self {
        let member = Arc::clone(&shared.caller);
        Self::new(shared, member, None)
    }

    /// What every door of the run shares.
    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The attempts so far, by API.
    pub fn take_calls(&self) -> Calls {
        std::mem::take(&mut *self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Sends one read until it is answered, or may not be tried again.
    pub async fn call<T, E, F>(
        &self,
        operation: &'static Operation,
        region: &Region,
        endpoint: &Endpoint,
        send: impl Fn() -> F,
    ) -> Answer<T>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        T: RequestId,
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let mut attempts = Attempts {
            sent: 0,
            host: endpoint.tries(),
            gone_before: false,
            backoff: BACKOFF_BASE,
            request_id: None,
            bucket_region: None,
        };
        let reading = loop {
            let generation = match self.fresh_session().await {
                Ok(generation) => generation,
                Err(fault) => break Reading::Unread(fault),
            };
            let failure = match self.attempt(operation, region, &mut attempts, &send).await {
                Ok(output) => {
                    attempts.request_id = output.request_id().and_then(|id| self.request_id_kept(id));
                    self.answered(operation, region);
                    break Reading::Known(output);
                }
                Err(failure) => failure,
            };
            if let Some(pause) = self.at_another_host(operation, region, endpoint, &mut attempts, &failure) {
                tokio::time::sleep(pause).await;
                continue;
            }
            match self.after(operation, region, &mut attempts, &failure, generation).await {
                Next::Stop(reading) => break reading,
                Next::Again(pause) => tokio::time::sleep(pause).await,
            }
        };
        let observation = Observation {
            operation: operation.id.into(),
            region: region.clone(),
            at: Some(self.shared.clock.now()),
            endpoint: endpoint.host().map(str::to_owned),
            request_id: attempts.request_id,
            attempts: attempts.sent,
            reading,
        };
        tracing::debug!(
            operation = operation.id,
            region = %region,
            attempts = observation.attempts,
            request_id = observation.request_id.as_deref(),
            read = observation.reading.word(),
            code = fault_in(&observation.reading).and_then(|fault| fault.code.as_deref()),
            aws.message = fault_in(&observation.reading).and_then(|fault| fault.message.as_deref()),
        );
        Answer { observation, bucket_region: attempts.bucket_region }
    }

    async fn fresh_session(&self) -> Result<u64, Fault> {
        match &self.session {
            Some(session) => session.fresh().await,
            None => Ok(0),
        }
    }

    async fn attempt<T, E, F>(
        &self,
        operation: &'static Operation,
        region: &Region,
        attempts: &mut Attempts,
        send: &impl Fn() -> F,
    ) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let pacer = match operation.owner {
            QuotaOwner::Member => &self.member,
            QuotaOwner::Caller => &self.shared.caller,
        };
        let admission = pacer.admit(operation, region).await;
        attempts.sent += 1;
        attempts.host.sent += 1;
        let started = Instant::now();
        let result = match tokio::time::timeout(timeout_of(operation), send()).await {
            Ok(result) => result.map_err(|error| self.dated(&error)),
            Err(_) => Err(too_slow(operation)),
        };
        let throttled = result.as_ref().is_err_and(|failure| is_throttle(operation, failure));
        if throttled {
            admission.throttled();
        } else {
            drop(admission);
        }
        self.tally(operation, attempts.sent, throttled, started.elapsed());
        result
    }

    /// The failure, beside this host's clock.
    fn dated<E>(&self, error: &SdkError<E, HttpResponse>) -> Failure
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let date = error.raw_response().and_then(|raw| raw.headers().get("date"));
        let ahead = date
            .and_then(dates::read)
            .map(|date| -AwsClock::of(date, self.shared.clock.now()).least_ahead_seconds);
        let failure = failure_of(error);
        if Unreached::find(error).is_some() {
            // The network's sentence is our own, and names hosts.
            return Failure { clock_ahead: ahead, ..failure };
        }
        let shown = |text: Option<String>| text.map(|text| self.without_secrets(&text));
        let request_id = failure.request_id.as_deref().and_then(|id| self.request_id_kept(id));
        let (code, message) = (shown(failure.code), shown(failure.message));
        Failure { clock_ahead: ahead, code, message, request_id, ..failure }
    }

    /// The text without what is secret of a call.
    fn without_secrets(&self, text: &str) -> String {
        let text = self.shared.secrets.removed_from(text);
        match &self.session {
            Some(session) => session.removed_from(&text),
            None => text,
        }
    }

    /// A request id as the log keeps it; none of what is no id of AWS's.
    fn request_id_kept(&self, id: &str) -> Option<String> {
        let is_id = (1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
        is_id.then(|| self.without_secrets(id))
    }

    fn tally(&self, operation: &Operation, sent: u32, throttled: bool, elapsed: Duration) {
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        let tally = calls.of(operation.id);
        tally.calls += 1;
        tally.retries += u64::from(sent > 1);
        tally.throttles += u64::from(throttled);
        tally.add_latency(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX));
    }

    async fn after<T>(
        &self,
        operation: &'static Operation,
        region: &Region,
        attempts: &mut Attempts,
        failure: &Failure,
        generation: u64,
    ) -> Next<T> {
        attempts.request_id.clone_from(&failure.request_id);
        let elsewhere = failure.bucket_region.as_deref().and_then(|r| r.parse::<Region>().ok());
        attempts.bucket_region = elsewhere.filter(|r| r != region);
        match classify(operation, failure) {
            Meaning::Absent => Next::Stop(Reading::Absent),
            Meaning::Gone if operation.confirm_gone && !attempts.gone_before => {
                attempts.gone_before = true;
                Next::Again(CONFIRM_GONE)
            }
            Meaning::Gone => Next::Stop(Reading::Gone),
            Meaning::Fault { kind: FaultKind::Identity, .. } => {
                self.after_identity(operation, region, attempts, failure, generation).await
            }
            Meaning::Fault { kind, retry } => {
                self.after_fault(operation, region, attempts, failure, kind, retry)
            }
        }
    }

    /// When to try again a read that did not reach its host, as another host will do. A host that does not
    /// exist costs no attempt.
    fn at_another_host(
        &self,
        operation: &'static Operation,
        region: &Region,
        endpoint: &Endpoint,
        attempts: &mut Attempts,
        failure: &Failure,
    ) -> Option<Duration> {
        match endpoint.after(&mut attempts.host, failure.existence, self.allowed(operation, region)) {
            endpoint::Next::AsEver => None,
            endpoint::Next::Again => Some(self.jitter(BACKOFF_BASE)),
            endpoint::Next::Another { is_news } => {
                let fips = attempts.host.variant.fips;
                let why = failure.message.as_deref().unwrap_or_default();
                if is_news {
                    tracing::warn!(
                        fips,
                        "{why}: another host of the service is used instead, because `prefer` \
                                          allows it"
                    );
                }
                attempts.host = endpoint.tries();
                Some(Duration::ZERO)
            }
        }
    }

    /// A token that ran out is renewed. A Region that does not take a token which works elsewhere is
    /// `unavailable`, and the account is not broken.
    async fn after_identity<T>(
        &self,
        operation: &'static Operation,
        region: &Region,
        attempts: &mut Attempts,
        failure: &Failure,
        generation: u64,
    ) -> Next<T> {
        let expired = is_expiry(failure.code.as_deref());
        let Some(session) = &self.session else {
            // Where the caller's credentials come from, new ones may be on their way. Who asks only
            // who he is wants the answer at once.
            let may_come = expired || failure.stage == Stage::NoCredentials;
            let retry = may_come && operation.grant != Grant::Always;
            return self.after_fault(operation, region, attempts, failure, FaultKind::Identity, retry);
        };
        if is_clock(operation, failure) {
            // No other Region, and no new session, has another clock.
            return self.after_fault(operation, region, attempts, failure, FaultKind::Identity, false);
        }
        if !expired && session.works().await {
            return Next::Stop(Reading::Unread(fault_of(FaultKind::Unavailable, failure)));
        }
        if let Err(fault) = session.renew(generation).await {
            // Why there is no session any more says more than that the old one ran out.
            return Next::Stop(Reading::Unread(fault));
        }
        self.after_fault(operation, region, attempts, failure, FaultKind::Identity, true)
    }

    fn after_fault<T>(
        &self,
        operation: &'static Operation,
        region: &Region,
        attempts: &mut Attempts,
        failure: &Failure,
        kind: FaultKind,
        retry: bool,
    ) -> Next<T> {
        if retry && attempts.host.sent < self.allowed(operation, region) {
            attempts.backoff = self.jitter(attempts.backoff);
            return Next::Again(attempts.backoff);
        }
        if retry {
            self.failed(operation, region);
        }
        let fault = fault_of(kind, failure);
        if let (FaultKind::Identity, Some(session)) = (kind, &self.session) {
            session.refused(&fault, is_clock(operation, failure));
        }
        Next::Stop(Reading::Unread(fault))
    }

    fn allowed(&self, operation: &'static Operation, region: &Region) -> u32 {
        if self.is_tired(operation, region) { 1 } else { self.shared.max_attempts }
    }

    /// Decorrelated jitter: between the base and three times the last pause.
    fn jitter(&self, last: Duration) -> Duration {
        let mut random = self.shared.random.lock().unwrap_or_else(PoisonError::into_inner);
        let spread = last.as_secs_f64() * 3.0 - BACKOFF_BASE.as_secs_f64();
        let pause = BACKOFF_BASE.as_secs_f64() + random.f64() * spread;
        Duration::from_secs_f64(pause).min(BACKOFF_CAP)
    }

    fn is_tired(&self, operation: &'static Operation, region: &Region) -> bool {
        let failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        failing.get(&(operation.id, region.clone())).is_some_and(|count| *count >= TIRED_AFTER)
    }

    fn failed(&self, operation: &'static Operation, region: &Region) {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        *failing.entry((operation.id, region.clone())).or_default() += 1;
    }

    fn answered(&self, operation: &'static Operation, region: &Region) {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        failing.remove(&(operation.id, region.clone()));
    }
}

fn is_clock(operation: &Operation, failure: &Failure) -> bool {
    let (code, message) = (failure.code.as_deref(), failure.message.as_deref());
    let said = Said { operation: operation.id, code, message, clock_ahead: failure.clock_ahead };
    matches!(cause(said), Some(Cause::Clock(_)))
}

fn fault_in<T>(reading: &Reading<T>) -> Option<&Fault> {
    match reading {
        Reading::Unread(fault) => Some(fault),
        _ => None,
    }
}

fn timeout_of(operation: &Operation) -> Duration {
    if operation.grant == Grant::Lake { LAKE_TIMEOUT } else { ATTEMPT_TIMEOUT }
}

fn too_slow(operation: &Operation) -> Failure {
    let message = format!("no answer came within {} seconds", timeout_of(operation).as_secs());
    Failure { stage: Stage::NotAnswered, message: Some(message), ..Failure::default() }
}

fn is_throttle(operation: &Operation, failure: &Failure) -> bool {
    matches!(classify(operation, failure), Meaning::Fault { kind: FaultKind::Throttled, .. })
}

/// The only place where an SDK error is taken apart.
pub fn failure_of<E>(error: &SdkError<E, HttpResponse>) -> Failure
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let raw = error.raw_response();
    if let Some(reason) = provider::refusal(error) {
        return Failure { stage: Stage::NoCredentials, message: Some(reason), ..Failure::default() };
    }
    let broken = causes::chain(error).find_map(|cause| cause.downcast_ref::<Broken>());
    let stage = match error {
        _ if broken.is_some() => Stage::NotUnderstood,
        SdkError::ConstructionFailure(_) => Stage::NotSent,
        // A response error is a body that broke off; one that is whole and cannot be read is the
        // service's, without a code.
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => {
            Stage::NotAnswered
        }
        SdkError::ServiceError(_) => Stage::Answered,
        _ => Stage::NotUnderstood,
    };
    let service = error.as_service_error();
    let unreached = Unreached::find(error);
    let stays = unreached.is_some_and(|unreached| !unreached.may_pass()) || broken.is_some_and(Broken::stays);
    let message = service.and_then(ProvideErrorMetadata::message).map(str::to_owned);
    let message = broken.map(ToString::to_string).or(message);
    Failure {
        stage,
        code: service.and_then(ProvideErrorMetadata::code).filter(|code| !code.is_empty()).map(str::to_owned),
        message: message.or_else(|| reason(error)),
        status: raw.map(|raw| raw.status().as_u16()),
        clock_ahead: None,
        request_id: request_id_of(error),
        bucket_region: raw.and_then(|raw| raw.headers().get("x-amz-bucket-region")).map(str::to_owned),
        stays,
        existence: unreached.map(Unreached::existence).unwrap_or_default(),
    }
}

/// Why there was no answer: where the network's client met it, in its sentence.
fn reason<E>(error: &SdkError<E, HttpResponse>) -> Option<String>
where
    E: std::error::Error + Send + Sync + 'static,
{
    match error {
        SdkError::DispatchFailure(_) => Unreached::find(error).map(ToString::to_string),
        SdkError::ResponseError(_) => Some("the answer ended before it was complete".to_owned()),
        _ => None,
    }
}

fn request_id_of<E>(error: &SdkError<E, HttpResponse>) -> Option<String> {
    let headers = error.raw_response()?.headers();
    ["x-amz-request-id", "x-amzn-requestid"].iter().find_map(|name| headers.get(*name)).map(str::to_owned)
}
