//! AWS as a run sees it: the configuration, the clock and the limits that all its doors share.
//!
//! Made by the shell from the caller's environment, or by a test from the simulator: the same from
//! here on, so that what is tested is what runs.

use std::sync::{Arc, Mutex};

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use tokio::sync::Semaphore;

use super::call::{Door, Shared};
use super::clients::{ClientFactory, S3Addressing};
use super::dates::Dates;
use super::pace::{Pace, Pacer};
use super::secrets::Secrets;
use super::session::{RoleAssumer, RoleSettings};
use super::variant::Wishes;
use crate::advice::RENEW;
use crate::clock::SharedClock;
use crate::model::{AccountId, Arn, Fault, FaultKind, Observation, Partition, Reading, Region, Source};
use crate::operation::GET_CALLER_IDENTITY;

/// How fast calls may go, and how they are addressed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tuning {
    /// The pace against AWS's quotas.
    pub pace: Pace,
    /// Attempts of each read, the first included.
    pub max_attempts: u32,
    /// Calls in flight of the whole process: bounds sockets and memory.
    pub sockets: usize,
    /// How S3 buckets are addressed.
    pub addressing: S3Addressing,
    /// FIPS and dual-stack hosts, where the environment does not say it.
    pub hosts: Wishes,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            pace: Pace { quota_share: 0.5, in_flight: 20 },
            max_attempts: 6,
            sockets: 512,
            addressing: S3Addressing::Path,
            hosts: Wishes::default(),
        }
    }
}

/// AWS as a run sees it.
#[derive(Debug, Clone)]
pub struct Environment {
    /// Makes clients.
    pub factory: ClientFactory,
    /// What every door shares.
    pub shared: Arc<Shared>,
    /// The Region of the caller's configuration.
    pub home: Region,
    /// Where the answers come from.
    pub source: Source,
    /// The door of the caller's own calls; the organization's log keeps their tally.
    pub door: Arc<Door>,
    /// What a person does where AWS does not accept the caller's credentials: by where they come from.
    pub renew: Arc<str>,
}

/// Who calls, from `sts:GetCallerIdentity`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The caller's account.
    pub account_id: AccountId,
    /// The caller's ARN.
    pub arn: String,
    /// The partition, from that ARN.
    pub partition: Partition,
}

impl Environment {
    /// An environment over a configuration. `seed` feeds the jitter of backoffs.
    pub fn new(
        base: &SdkConfig,
        clock: SharedClock,
        tuning: Tuning,
        source: Source,
        home: Region,
        seed: u64,
    ) -> Self {
        Self::knowing(Secrets::default(), base, clock, tuning, source, home, seed)
    }

    /// The same, where secrets are known that may be repeated.
    pub fn knowing(
        secrets: Secrets,
        base: &SdkConfig,
        clock: SharedClock,
        tuning: Tuning,
        source: Source,
        home: Region,
        seed: u64,
    ) -> Self {
        let sockets = Arc::new(Semaphore::new(tuning.sockets));
        let shared = Shared {
            clock: Arc::clone(&clock),
            max_attempts: tuning.max_attempts,
            random: Mutex::new(fastrand::Rng::with_seed(seed)),
            caller: Arc::new(Pacer::new(tuning.pace, sockets)),
            secrets: secrets.clone(),
        };
        let factory = ClientFactory::new(base, tuning.addressing, tuning.hosts, clock, secrets);
        let shared = Arc::new(shared);
        let door = Arc::new(Door::caller(Arc::clone(&shared)));
        Self { factory, shared, home, source, door, renew: Arc::from(RENEW) }
    }

    /// The same, for clients whose answers' dates are noted apart.
    #[must_use]
    pub fn noting(&self, dates: &Dates) -> Self {
        Self { factory: self.factory.noting(dates), ..self.clone() }
    }

    /// Asks STS who calls.
    pub async fn identify(&self) -> Observation<Caller> {
        let client = self.factory.sts(&self.home, None);
        let send = || client.sdk.get_caller_identity().send();
        let answer = self.door.call(&GET_CALLER_IDENTITY, &self.home, &client.endpoint, send).await;
        answer.observation.and_then(|output| {
            let caller = output.arn.as_deref().and_then(Arn::parse).and_then(|arn| {
                Some(Caller {
                    // Both name it, and have to name the same.
                    account_id: output.account.as_deref().filter(|id| *id == arn.account)?.parse().ok()?,
                    partition: arn.partition.parse().ok()?,
                    arn: output.arn.clone()?,
                })
            });
            caller.map_or(Reading::Unread(Fault::new(FaultKind::Protocol)), Reading::Known)
        })
    }

    /// The caller's own credentials, if they can be loaded.
    pub async fn caller_credentials(&self) -> Option<(SharedCredentialsProvider, Credentials)> {
        let provider = self.factory.caller_credentials()?;
        let credentials = provider.provide_credentials().await.ok()?;
        Some((provider, credentials))
    }

    /// The caller's account, where its credentials say it: who has it so does not ask STS.
    pub async fn account_of_credentials(&self) -> Option<AccountId> {
        let (_, credentials) = self.caller_credentials().await?;
        credentials.account_id()?.as_str().parse().ok()
    }

    /// What assumes the audit role.
    pub fn assumer(&self, settings: RoleSettings) -> RoleAssumer {
        if let Some(external_id) = &settings.external_id {
            self.shared.secrets.learn([external_id.expose()]);
        }
        RoleAssumer::new(
            self.factory.sts(&self.home, None),
            Arc::clone(&self.door),
            self.home.clone(),
            settings,
        )
    }
}
