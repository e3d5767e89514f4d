//! The environment's AWS: profiles, SSO, credential processes and endpoints as every AWS tool reads
//! them, made into what a scan needs.

mod credentials;
mod endpoints;
pub mod login;
pub mod network;
mod variables;

use std::sync::Arc;
use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::{BehaviorVersion, SdkConfig};

use self::login::{Ending, Login, Profiles};
use super::error::{CliError, advice_or};
use super::work::Work;
use crate::advice::RENEW;
use crate::aws::environment::{Caller, Environment, Tuning};
use crate::aws::login_client::login_client;
use crate::aws::provider::RENEWED_WITHIN;
use crate::aws::variant::{Wish, Wishes};
use crate::clock::{Clock, SystemClock};
use crate::model::{FaultKind, Reading, Region, Source};
use crate::operation::GET_CALLER_IDENTITY;

/// A variable of the environment, by its name.
pub type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

#[expect(clippy::disallowed_methods, reason = "the shell is where the environment is read")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Reads the environment. No Region, or no credentials: one sentence that says what to do.
pub async fn load(tuning: Tuning, work: &Work) -> Result<Environment, CliError> {
    Ok(load_with_ending(tuning, work).await?.0)
}

/// The same, and when the caller's credentials end where nothing renews them without being asked.
pub async fn load_with_ending(
    tuning: Tuning,
    work: &Work,
) -> Result<(Environment, Option<Ending>), CliError> {
    variables::refuse_odd()?;
    let profiles = Profiles::load().await?;
    variables::refuse_endless_token(&profiles)?;
    let network = network::read(&variable, &profiles)?;
    let login = Login::of(&variable, &profiles);
    work.does(format!("waiting for {}", login.of_what()));
    credentials::refuse_half(&variable, &profiles, &login)?;
    login::refuse_mfa(&login, &profiles)?;
    // The provider has a bound of its own, which comes first and says why.
    let within = RENEWED_WITHIN + Duration::from_secs(1);
    let cache = IdentityCache::lazy().load_timeout(within).build();
    let (client, secrets) = (network.client(), credentials::known(&variable, &profiles));
    // Of the providers, which are made here. The services' own answers are bounded by their operations.
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(login_client(client.clone(), secrets.clone()))
        .identity_cache(cache);
    // What is required, the calls for the caller's own credentials keep to as well.
    if tuning.hosts.fips == Some(Wish::Require) {
        loader = loader.use_fips(true);
    }
    if tuning.hosts.dual_stack == Some(Wish::Require) {
        loader = loader.use_dual_stack(true);
    }
    hosts_are_told()?;
    let base = loader.load().await;
    let home = home_region(&base)?;
    endpoints::refuse_others(&base, &variable, profiles.selected())?;
    let is_overridden = endpoints::is_overridden(&base);
    if is_overridden && (tuning.hosts != Wishes::default() || wants_special_hosts(&base)) {
        return Err(CliError::usage(
            "FIPS or dual-stack hosts are requested, and an endpoint is set: both together are not possible",
        )
        .hint(
            "unset AWS_ENDPOINT_URL and its like (or the profile's endpoint_url), or AWS_USE_FIPS_ENDPOINT, \
                   AWS_USE_DUALSTACK_ENDPOINT, --fips and --dual-stack",
        ));
    }
    let given = credentials::require(base.credentials_provider(), &login, &secrets).await?;
    let base = credentials::begun_with(base, &given).into_builder().http_client(client).build();
    let expiry = credentials::expiry(&given);
    let ending = Ending::of(&login, &profiles, &variable, expiry);
    let ends = ending.as_ref().map(|ending| ending.at).or(expiry);
    login::refuse_ended(&login, ends, SystemClock.now())?;
    let source = if is_overridden { Source::Endpoint } else { Source::Aws };
    let (clock, seed) = (Arc::new(SystemClock), u64::from(super::random_u32()));
    let mut environment = Environment::knowing(secrets, &base, clock, tuning, source, home, seed);
    environment.renew = login.remedy().into();
    Ok((environment, ending))
}

/// The same error, whose hint says how this caller's credentials are renewed.
pub fn renewing(mut error: CliError, environment: &Environment) -> CliError {
    error.hint = error.hint.map(|hint| match hint.strip_prefix(RENEW) {
        Some(rest) => format!("{}{rest}", environment.renew),
        None => hint,
    });
    error
}

/// Asks STS who calls.
pub async fn caller(environment: &Environment, work: &Work) -> Result<Caller, CliError> {
    work.does(format!("waiting for {}", GET_CALLER_IDENTITY.id));
    let observation = environment.identify().await;
    let fault = match observation.reading {
        Reading::Known(caller) => return Ok(caller),
        Reading::Unread(fault) => fault,
        other => return Err(CliError::internal(format!("STS answered {}", other.word()))),
    };
    let code = match (&fault.code, fault.status) {
        (Some(code), _) => code.clone(),
        (None, Some(status)) => format!("HTTP {status}"),
        (None, None) => fault.kind.in_words().to_owned(),
    };
    let endpoint = observation.endpoint.unwrap_or_else(|| "STS".to_owned());
    let message = fault.message.as_deref().map(|message| format!(": {message}")).unwrap_or_default();
    let error = match fault.kind {
        FaultKind::Identity if fault.code.is_none() => CliError::usage(format!(
            "failed to load the AWS credentials{message}"
        ))
        .hint(advice_or(GET_CALLER_IDENTITY.id, &fault, RENEW)),
        FaultKind::Identity | FaultKind::Denied => {
            CliError::usage(format!("failed to use the AWS credentials: {endpoint} answered {code}{message}"))
                .hint(advice_or(GET_CALLER_IDENTITY.id, &fault, RENEW))
        }
        FaultKind::Protocol => CliError::organization(format!("{endpoint} does not answer like AWS: {code}"))
            .hint("check AWS_ENDPOINT_URL and the profile's endpoint_url"),
        FaultKind::Transport => {
            let hint = advice_or(GET_CALLER_IDENTITY.id, &fault, CHECK);
            let reason = fault.message.unwrap_or_else(|| format!("no answer from {endpoint}"));
            CliError::organization(format!("failed to reach AWS: {reason}")).hint(hint)
        }
        _ => CliError::organization(format!("failed to use AWS: {endpoint} answered {code}{message}"))
            .hint(advice_or(GET_CALLER_IDENTITY.id, &fault, CHECK)),
    };
    Err(renewing(error, environment))
}

const CHECK: &str = "check the network, AWS_REGION and AWS_ENDPOINT_URL";

/// The SDK passes over a word that it does not know, and would use the standard hosts without saying so.
fn hosts_are_told() -> Result<(), CliError> {
    for name in ["AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"] {
        let Some(value) = variable(name).filter(|value| !value.is_empty()) else { continue };
        if !["true", "false"].iter().any(|word| value.eq_ignore_ascii_case(word)) {
            return Err(CliError::usage(format!("{name} is neither true nor false: `{value}`"))
                .hint(format!("set {name}=true, or unset it")));
        }
    }
    Ok(())
}

fn wants_special_hosts(base: &SdkConfig) -> bool {
    base.use_fips() == Some(true) || base.use_dual_stack() == Some(true)
}

fn home_region(base: &SdkConfig) -> Result<Region, CliError> {
    let Some(region) = base.region() else {
        return Err(CliError::usage("no AWS Region is configured")
            .hint("set AWS_REGION (such as AWS_REGION=eu-west-1), or `region` in the profile"));
    };
    region.as_ref().parse().map_err(|error| {
        CliError::usage(format!("failed to use the configured AWS Region: {error}"))
            .hint("set AWS_REGION, or correct `region` in the profile")
    })
}
