//! The state machine: one request in, one answer out, in one place for every operation.

mod facts;
mod turn;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_credential_types::Credentials as SdkCredentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_runtime_api::client::behavior_version::BehaviorVersion;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_types::SdkConfig;
use tokio::time::Instant;

use self::facts::Facts;
use self::turn::{Turn, status_of};
use super::access::{Authorization, CALLER_ACCESS_KEY_ID, CALLER_SECRET_ACCESS_KEY, Sessions};
use super::connector::Connector;
use super::fault::{Counters, Effect, Schedule};
use super::hash::{mix, uuid};
use super::message::{Reply, Request};
use super::recorder::{Record, Recorder};
use super::wire::{Identified, Service};
use super::world::World;
use atrest_core::clock::SharedClock;
use atrest_core::{AccountId, Region};

/// How a call ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// With an answer.
    Reply(Reply),
    /// With an answer whose body breaks off after that many bytes.
    Cut(Reply, usize),
    /// With a broken connection.
    Reset,
    /// With a connection that closes after a time without traffic.
    Silence,
}

/// What comes of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// How long the network and the service take on a usual day.
    pub latency: Duration,
    /// What a fault adds to it.
    pub delay: Duration,
    /// How it ends.
    pub ending: Ending,
}

/// How long a call takes: a pure function of the operation and the resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latency {
    /// At least.
    pub least: Duration,
    /// And up to that much more.
    pub spread: Duration,
}

impl Latency {
    /// No time at all.
    pub const ZERO: Self = Self { least: Duration::ZERO, spread: Duration::ZERO };

    /// 5 to 40 ms: an invented number, enough to mix the order of answers.
    pub const SMALL: Self = Self { least: Duration::from_millis(5), spread: Duration::from_millis(35) };

    fn of(self, seed: u64, name: &str, resource: &str) -> Duration {
        let spread = u64::try_from(self.spread.as_millis()).unwrap_or(u64::MAX);
        let extra = mix(seed, &["latency", name, resource]) % spread.saturating_add(1).max(1);
        self.least + Duration::from_millis(extra)
    }
}

/// A simulated organization that answers requests.
pub struct Simulator {
    state: Mutex<State>,
    schedule: Schedule,
    clock: SharedClock,
    seed: u64,
    latency: Latency,
}

struct State {
    world: World,
    /// Bucket names of the whole partition, so that none is searched for in every account.
    owners: HashMap<String, AccountId>,
    sessions: Sessions,
    counters: Counters,
    attempts: HashMap<Subject, u32>,
    recorder: Recorder,
    started: Option<Instant>,
}

/// What attempts are counted by.
type Subject = (Service, &'static str, Option<AccountId>, String, String);

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator").field("seed", &self.seed).finish_non_exhaustive()
    }
}

impl Simulator {
    /// A simulator of that world, with those faults, by that wall clock.
    pub fn new(world: World, schedule: Schedule, clock: SharedClock) -> Self {
        let state = State {
            owners: owners_of(&world),
            world,
            sessions: Sessions::default(),
            counters: Counters::default(),
            attempts: HashMap::new(),
            recorder: Recorder::default(),
            started: None,
        };
        Self { state: Mutex::new(state), schedule, clock, seed: 0, latency: Latency::SMALL }
    }

    /// The same with another seed for latencies and request ids.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// The same with another latency.
    #[must_use]
    pub fn with_latency(mut self, latency: Latency) -> Self {
        self.latency = latency;
        self
    }

    /// An HTTP client for the SDK that leads here.
    pub fn client(self: &Arc<Self>) -> SharedHttpClient {
        SharedHttpClient::new(Connector::new(Arc::clone(self)))
    }

    /// An SDK configuration of the fixed caller, whose calls come here.
    pub fn configuration(self: &Arc<Self>, home: &Region) -> SdkConfig {
        SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(aws_types::region::Region::new(home.as_str().to_owned()))
            .credentials_provider(SharedCredentialsProvider::new(self.credentials()))
            .http_client(self.client())
            .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
            .build()
    }

    /// The fixed caller's credentials.
    pub fn credentials(&self) -> SdkCredentials {
        SdkCredentials::new(CALLER_ACCESS_KEY_ID, CALLER_SECRET_ACCESS_KEY, None, None, "simulator")
    }

    /// The calls so far.
    pub fn recorder(&self) -> Recorder {
        self.lock().recorder.clone()
    }

    /// Forgets the calls so far; attempts, sessions and the world stay.
    pub fn forget_calls(&self) {
        self.lock().recorder = Recorder::default();
    }

    /// Looks at the world.
    pub fn look<T>(&self, with: impl FnOnce(&World) -> T) -> T {
        with(&self.lock().world)
    }

    /// Changes the world between two calls.
    pub fn change<T>(&self, with: impl FnOnce(&mut World) -> T) -> T {
        let state = &mut *self.lock();
        let result = with(&mut state.world);
        state.owners = owners_of(&state.world);
        result
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A test that panicked elsewhere must not hide its own message behind this one.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers a request: recognise, fault, authenticate, route, record.
    pub fn handle(&self, request: &Request) -> Answer {
        let at = Instant::now();
        let mut state = self.lock();
        let state = &mut *state;
        let authorization = Authorization::of(request);
        let Some(identified) = Identified::of(request, authorization.as_ref()) else {
            return refuse_service(authorization);
        };
        let facts = Facts::gather(state, &identified, authorization.as_ref(), at);
        let request_id = self.request_id(&facts);
        let effect = facts.operation.and_then(|operation| {
            let occasion = facts.occasion(operation, at);
            self.schedule.decide(&mut state.counters, &occasion)
        });
        let mut turn =
            Turn { simulator: self, identified: &identified, request, request_id, at, mutated: false };
        let (mut ending, code) = turn.play(state, authorization.as_ref(), effect.as_ref());
        self.date(&mut ending);
        let started = *state.started.get_or_insert(at);
        state.recorder.add(Record {
            at: at - started,
            service: identified.service.name(),
            operation: identified.name.clone(),
            region: facts.region.clone(),
            principal: facts.principal.as_ref().map(|principal| principal.arn.clone()),
            caller_account: facts.caller_account(),
            account: facts.account,
            resource: identified.resource.clone(),
            status: status_of(&ending),
            code,
            request_id: turn.request_id,
            mutating: turn.mutated || facts.operation.is_some_and(|operation| operation.mutating),
            faulted: effect.is_some(),
        });
        let delay = match effect {
            Some(Effect::Latency(more) | Effect::Timeout(more)) => more,
            _ => Duration::ZERO,
        };
        Answer { latency: self.latency.of(self.seed, &facts.name, &identified.resource), delay, ending }
    }

    /// The simulator's own clock, as AWS's answers tell the time.
    fn date(&self, ending: &mut Ending) {
        let date = aws_smithy_types::DateTime::from_millis(self.clock.now().millis());
        let date = date.fmt(aws_smithy_types::date_time::Format::HttpDate);
        if let (Ending::Reply(reply) | Ending::Cut(reply, _), Ok(date)) = (ending, date) {
            reply.headers.push(("date".to_owned(), date));
        }
    }

    /// A function of the call and its attempt, so that the order of tasks does not show in it.
    fn request_id(&self, facts: &Facts) -> String {
        let account = facts.caller_account().map(|account| account.to_string()).unwrap_or_default();
        let attempt = facts.attempt.to_string();
        let words = [facts.name.as_str(), &account, &facts.region, &facts.resource, &attempt];
        match facts.service {
            Service::S3 => format!("{:016X}", mix(self.seed, &words)),
            _ => uuid(self.seed, &words),
        }
    }
}

fn owners_of(world: &World) -> HashMap<String, AccountId> {
    let names =
        world.accounts.values().flat_map(|account| account.buckets.keys().map(|name| (name, account.id)));
    names.map(|(name, id)| (name.clone(), id)).collect()
}

fn refuse_service(authorization: Option<Authorization>) -> Answer {
    let service = authorization.map(|found| found.service).unwrap_or_default();
    let message = format!("The simulator has no service {service:?}.");
    let body = serde_json::json!({ "__type": "UnknownOperationException", "message": message });
    let reply = Reply::new(404, "application/json", body.to_string());
    Answer { latency: Duration::ZERO, delay: Duration::ZERO, ending: Ending::Reply(reply) }
}
