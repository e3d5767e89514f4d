//! The environment's AWS: profiles, SSO, credential processes and endpoints as every AWS tool reads
//! them, made into what a scan needs.

use std::sync::Arc;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_credential_types::provider::ProvideCredentials;
use aws_types::service_config::ServiceConfigKey;

use super::error::{CliError, advice_or};
use crate::aws::environment::{Caller, Environment, Tuning};
use crate::aws::message;
use crate::aws::ops::GET_CALLER_IDENTITY;
use crate::clock::SystemClock;
use crate::model::{FaultKind, Reading, Region, Source};

/// Reads the environment. No Region, or no credentials: one sentence that says what to do.
pub async fn load(tuning: Tuning) -> Result<Environment, CliError> {
    let base = aws_config::load_defaults(BehaviorVersion::latest()).await;
    let home = home_region(&base)?;
    let endpoints = endpoints(&base);
    if let Some(wrong) = endpoints.iter().find(|url| !is_url(url)) {
        // The SDK passes over what is no URL, and would ask AWS itself.
        return Err(CliError::usage(format!("the endpoint `{wrong}` is not a URL"))
            .hint("write AWS_ENDPOINT_URL, or the profile's endpoint_url, as http://127.0.0.1:4566"));
    }
    require_credentials(&base).await?;
    let is_overridden = base.endpoint_url().is_some() || !endpoints.is_empty();
    let source = if is_overridden { Source::Endpoint } else { Source::Aws };
    let (clock, seed) = (Arc::new(SystemClock), u64::from(super::random_u32()));
    Ok(Environment::new(&base, clock, tuning, source, home, seed))
}

/// Asks STS who calls.
pub async fn caller(environment: &Environment) -> Result<Caller, CliError> {
    let observation = environment.identify().await;
    let fault = match observation.reading {
        Reading::Known(caller) => return Ok(caller),
        Reading::Unread(fault) => fault,
        other => return Err(CliError::internal(format!("STS answered {}", other.word()))),
    };
    let code = match (&fault.code, fault.status) {
        (Some(code), _) => code.clone(),
        (None, Some(status)) => format!("HTTP {status}"),
        (None, None) => fault.kind.word().to_owned(),
    };
    let endpoint = observation.endpoint.unwrap_or_else(|| "STS".to_owned());
    let message = fault.message.as_deref().map(|message| format!(": {message}")).unwrap_or_default();
    Err(match fault.kind {
        FaultKind::Identity if fault.code.is_none() => {
            CliError::usage(format!("failed to load the AWS credentials{message}")).hint(RENEW)
        }
        FaultKind::Identity | FaultKind::Denied => {
            CliError::usage(format!("failed to use the AWS credentials: {endpoint} answered {code}{message}"))
                .hint(advice_or(GET_CALLER_IDENTITY.id, &fault, RENEW))
        }
        FaultKind::Protocol => {
            CliError::organization(format!("{endpoint} does not answer like AWS ({code})"))
                .hint("check AWS_ENDPOINT_URL and the profile's endpoint_url")
        }
        FaultKind::Transport => {
            CliError::organization(format!("failed to reach AWS: no answer from {endpoint}"))
                .hint("check the network, AWS_REGION and AWS_ENDPOINT_URL")
        }
        _ => CliError::organization(format!("failed to use AWS: {endpoint} answered {code}{message}"))
            .hint("check the network, AWS_REGION and AWS_ENDPOINT_URL"),
    })
}

const RENEW: &str = "renew them (`aws sso login`, a new session), or choose others with AWS_PROFILE";

fn home_region(base: &SdkConfig) -> Result<Region, CliError> {
    let Some(region) = base.region() else {
        return Err(CliError::usage("no AWS Region is configured")
            .hint("set AWS_REGION (such as AWS_REGION=eu-west-1), or `region` in the profile"));
    };
    region.as_ref().parse().map_err(|error| {
        CliError::usage(format!("failed to use the configured AWS Region: {error}"))
            .hint("set AWS_REGION, or mend `region` in the profile")
    })
}

async fn require_credentials(base: &SdkConfig) -> Result<(), CliError> {
    let hint = "set AWS_PROFILE, run `aws sso login`, or export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
    let Some(provider) = base.credentials_provider() else {
        return Err(CliError::usage("no AWS credentials are configured").hint(hint));
    };
    match provider.provide_credentials().await {
        Ok(_) => Ok(()),
        // The provider's own text may name files and URLs, and repeat what a process printed.
        Err(error) => {
            let reason = message::kept(&reason(&root(&error))).unwrap_or_default();
            let hint = match reason.contains("process") {
                true => "run the profile's credential_process by hand, or choose another with AWS_PROFILE",
                false => hint,
            };
            Err(CliError::usage(format!("failed to load AWS credentials: {reason}")).hint(hint))
        }
    }
}

/// The provider's reason in one line. Where every provider was tried, the list says only of the
/// profile what is not known anyway.
fn reason(text: &str) -> String {
    if let Some((_, rest)) = text.split_once("provider was not enabled: profile `")
        && let Some((name, _)) = rest.split_once("` was not defined")
    {
        return format!("the profile `{name}` is not defined");
    }
    let first = text.lines().next().unwrap_or_default();
    first.trim_end_matches("Attempted:").trim().trim_end_matches("Stderr:").trim().to_owned()
}

fn root(error: &dyn std::error::Error) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}

/// Every endpoint override that a scan meets, as the environment or the profile writes it.
fn endpoints(base: &SdkConfig) -> Vec<String> {
    let Some(config) = base.service_config() else { return Vec::new() };
    let written = |service: &&str| {
        let key = ServiceConfigKey::builder()
            .service_id(service)
            .env("AWS_ENDPOINT_URL")
            .profile("endpoint_url")
            .build();
        config.load_config(key.ok()?)
    };
    ["STS", "Organizations", "Account", "S3", "KMS"].iter().filter_map(written).collect()
}

fn is_url(text: &str) -> bool {
    let uri: Option<http::Uri> = text.parse().ok();
    uri.is_some_and(|uri| matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_url() {
        assert!(
            is_url("http://127.0.0.1:4566") && is_url("https://vpce-1.kms.eu-west-1.vpce.amazonaws.com/")
        );
        for wrong in ["127.0.0.1:4566", "localhost", "", "ftp://a", "http://"] {
            assert!(!is_url(wrong), "{wrong}");
        }
    }

    #[test]
    fn a_reason_is_one_line() {
        let chain = "no credentials found in chain. Attempted:\n  Environment: not enabled";
        assert_eq!(reason(chain), "no credentials found in chain.");
        let profile = "no credentials found in chain. Attempted:\n  Profile: the credential provider was not \
                       enabled: profile `x` was not defined: could not find source profile";
        assert_eq!(reason(profile), "the profile `x` is not defined");
    }
}
