//! The environment's AWS: profiles, SSO, credential processes and endpoints as every AWS tool reads
//! them, made into what a scan needs.

use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::provider::ProvideCredentials;
use aws_types::service_config::ServiceConfigKey;
use tokio::sync::Semaphore;

use super::args::{RoleArgs, TuningArgs};
use super::error::CliError;
use crate::aws::call::{Door, Shared};
use crate::aws::clients::{ClientFactory, S3Addressing};
use crate::aws::pace::{Pace, Pacer};
use crate::aws::session::{RoleAssumer, RoleSettings};
use crate::clock::{SharedClock, SystemClock};
use crate::model::{FaultKind, Reading, Region, RunHeader, Source};
use crate::scan::{Caller, Edge, Limits, identify};

/// Calls in flight of the whole process: bounds sockets and memory.
const SOCKETS: usize = 512;

/// AWS as the environment gives it.
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
}

impl Environment {
    /// Reads the environment. No Region, or no credentials: one sentence that says what to do.
    pub async fn load(tuning: &TuningArgs) -> Result<Self, CliError> {
        let base = aws_config::load_defaults(BehaviorVersion::latest()).await;
        let home = home_region(&base)?;
        require_credentials(&base).await?;
        let source = if has_endpoint(&base) { Source::Endpoint } else { Source::Aws };
        Ok(Self::new(&base, Arc::new(SystemClock), tuning, source, home, u64::from(super::random_u32())))
    }

    /// An environment over a given configuration.
    pub fn new(
        base: &SdkConfig,
        clock: SharedClock,
        tuning: &TuningArgs,
        source: Source,
        home: Region,
        seed: u64,
    ) -> Self {
        let pace = Pace { quota_share: tuning.quota_share, in_flight: tuning.s3_in_flight };
        let shared = Shared {
            clock: Arc::clone(&clock),
            max_attempts: tuning.max_attempts,
            random: Mutex::new(fastrand::Rng::with_seed(seed)),
            caller: Arc::new(Pacer::new(pace, Arc::new(Semaphore::new(SOCKETS)))),
        };
        let factory = ClientFactory::new(base, tuning.s3_addressing.into(), clock);
        Self { factory, shared: Arc::new(shared), home, source }
    }

    /// Asks STS who calls.
    pub async fn caller(&self) -> Result<Caller, CliError> {
        let observation = identify(&self.factory, &self.shared, &self.home).await;
        let fault = match observation.reading {
            Reading::Known(caller) => return Ok(caller),
            Reading::Unread(fault) => fault,
            other => return Err(CliError::internal(format!("STS answered {}", other.word()))),
        };
        let code = fault.code.clone().unwrap_or_else(|| fault.kind.word().to_owned());
        let endpoint = observation.endpoint.unwrap_or_else(|| "STS".to_owned());
        Err(match fault.kind {
            FaultKind::Identity | FaultKind::Denied => {
                CliError::usage(format!("failed to use the AWS credentials: {endpoint} answered {code}"))
                    .hint("renew them (`aws sso login`, a new session), or choose others with AWS_PROFILE")
            }
            FaultKind::Protocol => {
                CliError::organization(format!("{endpoint} does not answer like AWS ({code})"))
                    .hint("check AWS_ENDPOINT_URL and the profile's endpoint_url")
            }
            _ => CliError::organization(format!("failed to reach AWS: {endpoint} gave {code}"))
                .hint("check the network, AWS_REGION and AWS_ENDPOINT_URL"),
        })
    }

    /// What a scan holds of AWS.
    pub fn edge(&self, caller: Caller, role: &RoleArgs, tuning: &TuningArgs, run: &RunHeader) -> Edge {
        let settings = RoleSettings {
            role_name: role.role_name.clone(),
            external_id: role.external_id.clone(),
            session_name: format!("atrest-{}", run.run_id),
        };
        let door = Arc::new(Door::caller(Arc::clone(&self.shared)));
        let client = self.factory.sts(&self.home, None);
        Edge {
            factory: self.factory.clone(),
            shared: Arc::clone(&self.shared),
            assumer: RoleAssumer::new(client, door, self.home.clone(), settings),
            caller,
            home: self.home.clone(),
            regions: run.settings.filter.regions.clone(),
            rotation_history: run.settings.rotation_history,
            limits: Limits {
                accounts_in_flight: tuning.accounts_in_flight,
                resources_in_flight: tuning.resources_in_flight,
            },
        }
    }
}

fn home_region(base: &SdkConfig) -> Result<Region, CliError> {
    let Some(region) = base.region() else {
        return Err(CliError::usage("no AWS Region is configured")
            .hint("set AWS_REGION (such as AWS_REGION=eu-west-1), or `region` in the profile"));
    };
    region.as_ref().parse().map_err(CliError::usage)
}

async fn require_credentials(base: &SdkConfig) -> Result<(), CliError> {
    let hint = "set AWS_PROFILE, run `aws sso login`, or export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
    let Some(provider) = base.credentials_provider() else {
        return Err(CliError::usage("no AWS credentials are configured").hint(hint));
    };
    match provider.provide_credentials().await {
        Ok(_) => Ok(()),
        // The provider's own text may name files and URLs, never the secret itself.
        Err(error) => {
            Err(CliError::usage(format!("failed to load AWS credentials: {}", root(&error))).hint(hint))
        }
    }
}

fn root(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}

/// Whether any endpoint that a scan uses is overridden, by the environment or by the profile.
fn has_endpoint(base: &SdkConfig) -> bool {
    if base.endpoint_url().is_some() {
        return true;
    }
    let Some(config) = base.service_config() else { return false };
    ["STS", "Organizations", "Account", "S3", "KMS"].iter().any(|service| {
        let key = ServiceConfigKey::builder()
            .service_id(*service)
            .env("AWS_ENDPOINT_URL")
            .profile("endpoint_url")
            .build();
        key.is_ok_and(|key| config.load_config(key).is_some())
    })
}

impl From<super::args::Addressing> for S3Addressing {
    fn from(addressing: super::args::Addressing) -> Self {
        match addressing {
            super::args::Addressing::Path => Self::Path,
            super::args::Addressing::Virtual => Self::Virtual,
        }
    }
}
