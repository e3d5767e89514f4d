//! The endpoints that the environment and the profile name in the place of AWS's own: which there are, and that each
//! is one that can be asked.
//!
//! The SDK passes over a general endpoint that is not a URL, and asks AWS itself. Of other texts the HTTP stack makes
//! another server than the one that was meant ([`crate::aws::endpoint_url`]).

use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

use super::Variables;
use crate::aws::endpoint_url::{NotEndpoint, plain};
use crate::cli::error::CliError;

const GENERAL: &str = "AWS_ENDPOINT_URL";

/// The services that a scan asks, by the SDK's ids.
const OF_SCAN: [&str; 5] = ["STS", "Organizations", "Account", "S3", "KMS"];
/// Those that a login may ask.
const OF_LOGIN: [&str; 3] = ["SSO", "SSO OIDC", "Signin"];

/// Whether the answers of a scan may come from another server than AWS's.
pub fn is_overridden(base: &SdkConfig) -> bool {
    base.endpoint_url().is_some() || OF_SCAN.iter().any(|service| written(base, service).is_some())
}

/// Refuses endpoints that are anything else than a scheme, a host, a port and a path.
pub fn refuse_others(base: &SdkConfig, variables: Variables<'_>, profile: &str) -> Result<(), CliError> {
    let services = OF_SCAN.iter().chain(&OF_LOGIN);
    let wrong = services.filter_map(|service| {
        let text = written(base, service)?;
        plain(&text).err().map(|why| refused(&named(service, variables, profile), why))
    });
    wrong.map(Err).next().unwrap_or(Ok(()))
}

/// A service's endpoint, as the environment or the profile writes it.
fn written(base: &SdkConfig, service: &str) -> Option<String> {
    let key = ServiceConfigKey::builder().service_id(service).env(GENERAL).profile("endpoint_url").build();
    base.service_config()?.load_config(key.ok()?)
}

/// What names a service's endpoint, in the SDK's order: the service's own variable, the general one, the profile.
fn named(service: &str, variables: Variables<'_>, profile: &str) -> String {
    let of_service = format!("{GENERAL}_{}", service.replace(' ', "_").to_ascii_uppercase());
    let is_set = |name: &String| variables(name).is_some();
    [of_service, GENERAL.to_owned()]
        .into_iter()
        .find(is_set)
        .unwrap_or_else(|| format!("the endpoint_url of the profile `{profile}`"))
}

/// The value stays out of it: it may hold a password or a token.
fn refused(name: &str, why: NotEndpoint) -> CliError {
    CliError::usage(format!("failed to use {name}: {why}")).hint(
        "write it as http://HOST:PORT or https://HOST:PORT; the port may be left out, and a path may follow. Without \
         it, AWS's own endpoint is used",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_told_by_what_names_it() {
        let with =
            |names: &'static [&str]| move |name: &str| names.contains(&name).then(|| "http://a".to_owned());
        let by = |names| named("SSO OIDC", &with(names), "audit");
        assert_eq!(by(&["AWS_ENDPOINT_URL_SSO_OIDC", GENERAL]), "AWS_ENDPOINT_URL_SSO_OIDC");
        assert_eq!(by(&["AWS_ENDPOINT_URL_SSO", GENERAL]), GENERAL);
        assert_eq!(by(&[]), "the endpoint_url of the profile `audit`");
    }
}
