//! The environment's AWS: profiles, SSO, credential processes and endpoints as every AWS tool reads
//! them, made into what a scan needs.

use std::sync::Arc;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::provider::ProvideCredentials;
use aws_types::service_config::ServiceConfigKey;

use super::args::TuningArgs;
use super::error::CliError;
use crate::aws::environment::{Caller, Environment};
use crate::clock::SystemClock;
use crate::model::{FaultKind, Reading, Region, Source};

/// Reads the environment. No Region, or no credentials: one sentence that says what to do.
pub async fn load(tuning: &TuningArgs) -> Result<Environment, CliError> {
    let base = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let home = home_region(&base)?;
    require_credentials(&base).await?;
    let source = if has_endpoint(&base) { Source::Endpoint } else { Source::Aws };
    let (clock, seed) = (Arc::new(SystemClock), u64::from(super::random_u32()));
    Ok(Environment::new(&base, clock, tuning.tuning(), source, home, seed))
}

/// Asks STS who calls.
pub async fn caller(environment: &Environment) -> Result<Caller, CliError> {
    let observation = environment.identify().await;
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

fn home_region(base: &SdkConfig) -> Result<Region, CliError> {
    let Some(region) = base.region() else {
        return Err(CliError::usage("no AWS Region is configured")
            .hint("set AWS_REGION (such as AWS_REGION=eu-west-1), or `region` in the profile"));
    };
    region.as_ref().parse().map_err(|error| CliError::usage(format!("AWS_REGION: {error}")))
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
            .service_id(service)
            .env("AWS_ENDPOINT_URL")
            .profile("endpoint_url")
            .build();
        key.is_ok_and(|key| config.load_config(key).is_some())
    })
}
