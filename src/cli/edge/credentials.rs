//! The caller's own credentials at the start: settings without usable credentials are an error, before the
//! SDK passes over it; and where a provider gave none, one sentence says which, why, and what to do.

use std::time::SystemTime;

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider, future};

use super::Variables;
use super::login::{Login, Profiles};
use crate::aws::message;
use crate::aws::provider;
use crate::aws::secrets::Secrets;
use crate::aws::unreached;
use crate::cli::error::CliError;
use crate::clock::{Clock, SystemClock, Timestamp};

const FILES: &str =
    "~/.aws/config and ~/.aws/credentials (or AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE)";

/// Settings that name credentials and have none. The SDK would pass over them, and take the next best: those of
/// an instance, say.
pub fn refuse_half(variables: Variables<'_>, profiles: &Profiles, login: &Login) -> Result<(), CliError> {
    let set = |name: &str| variables(name).is_some_and(|value| !value.trim().is_empty());
    if set("AWS_ACCESS_KEY_ID") && !set("AWS_SECRET_ACCESS_KEY") && !set("SECRET_ACCESS_KEY") {
        return Err(CliError::usage("AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not").hint(
            "export both, with AWS_SESSION_TOKEN where the keys are temporary; or unset AWS_ACCESS_KEY_ID",
        ));
    }
    // Who has these is not asked for a profile.
    if *login == Login::Environment || set("AWS_WEB_IDENTITY_TOKEN_FILE") {
        return Ok(());
    }
    let names = profiles.names();
    if let Some(name) =
        variables("AWS_PROFILE").filter(|name| !name.is_empty() && !names.contains(&name.as_str()))
    {
        let known = match names[..] {
            [] => "no profile is defined there".to_owned(),
            _ => format!("defined are: {}", some_of(&names)),
        };
        return Err(CliError::usage(format!("AWS_PROFILE names the profile `{name}`, which is not defined"))
            .hint(format!("correct AWS_PROFILE, or define the profile in {FILES}; {known}")));
    }
    let Some(name) = Login::source(profiles).filter(|_| is_by_keys(login)) else { return Ok(()) };
    let has = |key: &str| profiles.get(&name, key).is_some_and(|value| !value.trim().is_empty());
    let is_plain = |key: &&str| {
        let value = profiles.get(&name, key).unwrap_or_default();
        value.trim().bytes().all(|byte| byte.is_ascii_graphic())
    };
    let keys = ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"];
    if let Some(key) = keys.iter().find(|key| !is_plain(key)) {
        return Err(CliError::usage(format!(
            "the {key} of the profile `{name}` has a character that is not allowed, such as a blank or a letter \
             with an accent: only visible ASCII characters are allowed"
        ))
        .hint(format!("write it again, in {FILES}")));
    }
    let (has_id, has_secret) = (has("aws_access_key_id"), has("aws_secret_access_key"));
    if has_id == has_secret {
        return Ok(());
    }
    let (there, missing) = match has_id {
        true => ("aws_access_key_id", "aws_secret_access_key"),
        false => ("aws_secret_access_key", "aws_access_key_id"),
    };
    Err(CliError::usage(format!("the profile `{name}` has {there}, but no {missing}"))
        .hint(format!("write both into the profile, in {FILES}; or choose another with AWS_PROFILE")))
}

/// What is secret of the settings: a server, or the SDK, may repeat it.
pub fn known(variables: Variables<'_>, profiles: &Profiles) -> Secrets {
    let of_variables = [
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    ];
    let of_profile = ["aws_access_key_id", "aws_secret_access_key", "aws_session_token", "external_id"];
    let of_profiles = profiles
        .names()
        .into_iter()
        .flat_map(|profile| of_profile.into_iter().filter_map(move |key| profiles.get(profile, key)));
    let values: Vec<String> = of_variables.into_iter().filter_map(variables).chain(of_profiles).collect();
    let secrets = Secrets::default();
    secrets.learn(values.iter().map(|value| value.trim()));
    secrets
}

/// So many names are shown.
const SHOWN: usize = 20;

/// The first names, and how many more there are: a company's file may define hundreds.
fn some_of(names: &[&str]) -> String {
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown}, and {more} more"),
    }
}

/// Whether the keys of a profile are what is looked at first.
const fn is_by_keys(login: &Login) -> bool {
    !matches!(login, Login::Environment | Login::Sso(_) | Login::Console(_) | Login::Process(_))
}

/// The credentials, or one sentence that says what to do.
pub async fn require(
    provider: Option<SharedCredentialsProvider>,
    login: &Login,
    secrets: &Secrets,
) -> Result<Credentials, CliError> {
    let Some(provider) = provider else {
        return Err(CliError::usage("no AWS credentials are configured").hint(login.remedy()));
    };
    provider::given(&provider, provider::GIVEN_WITHIN).await.map_err(|error| {
        if matches!(error, CredentialsError::ProviderTimedOut(_)) {
            return hung(login);
        }
        // The provider's own text may name files and URLs.
        let reason = message::kept(&provider::reason_without(secrets, &error)).unwrap_or_default();
        let hint = hint(login, &reason);
        CliError::usage(failed(login, &told(login, &reason, provider::is_not_there(&error)))).hint(hint)
    })
}

/// A login that does not end: no setting is wrong, as far as can be told.
fn hung(login: &Login) -> CliError {
    let what = match login {
        Login::Process(_) => "the process did not end",
        _ => "there was no answer",
    };
    let told = format!("{what} within {} s", provider::GIVEN_WITHIN.as_secs());
    CliError::organization(failed(login, &told)).hint(login.remedy())
}

/// The configuration, whose provider begins with the credentials that it gave already: a process that asks a person is
/// not started twice.
pub fn begun_with(base: SdkConfig, given: &Credentials) -> SdkConfig {
    let Some(provider) = base.credentials_provider() else { return base };
    let first = First { given: given.clone(), at: SystemClock.now(), provider };
    base.into_builder().credentials_provider(SharedCredentialsProvider::new(first)).build()
}

/// For how long the first credentials are given again: until every client has them.
const BEGINNING_MS: i64 = 60_000;

/// A provider that was just asked.
#[derive(Debug)]
struct First {
    given: Credentials,
    at: Timestamp,
    provider: SharedCredentialsProvider,
}

impl First {
    fn is_fresh(&self, now: Timestamp) -> bool {
        let is_young = now.millis() - self.at.millis() < BEGINNING_MS;
        is_young && expiry(&self.given).is_none_or(|ends| now.millis() + BEGINNING_MS < ends.millis())
    }
}

impl ProvideCredentials for First {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        match self.is_fresh(SystemClock.now()) {
            true => future::ProvideCredentials::ready(Ok(self.given.clone())),
            false => self.provider.provide_credentials(),
        }
    }
}

/// When a provider says that its credentials end.
pub fn expiry(credentials: &Credentials) -> Option<Timestamp> {
    let since = credentials.expiry()?.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok().map(Timestamp::from_millis)
}

/// What to do: about the network, where the network failed; else by the login.
fn hint(login: &Login, reason: &str) -> String {
    // AWS's code, and then its message.
    let is_refused = reason.split(':').next().is_some_and(|code| code.ends_with("Exception"));
    let remedy = unreached::advice(reason).map_or_else(|| login.remedy(), str::to_owned);
    match login {
        Login::Sso(_) if is_refused => format!(
            "{remedy}; if it is refused again, check sso_account_id and sso_role_name: the role must be assigned to you"
        ),
        _ => remedy,
    }
}

fn failed(login: &Login, told: &str) -> String {
    let of = match login {
        Login::Sso(profile) => format!(" of the SSO login of the profile `{profile}`"),
        Login::Console(profile) => format!(" of the `aws login` session of the profile `{profile}`"),
        Login::Process(profile) => format!(" of the credential_process of the profile `{profile}`"),
        Login::Keys(profile) => format!(" of the profile `{profile}`"),
        _ if told.starts_with("no credentials found in chain") => {
            return "failed to load AWS credentials: no credentials in the environment, in a profile, or from a container \
                    or instance"
                .to_owned();
        }
        _ => String::new(),
    };
    format!("failed to load AWS credentials{of}: {told}")
}

/// The provider's reason in one line.
fn told(login: &Login, reason: &str, is_not_there: bool) -> String {
    match login {
        Login::Console(_) if is_not_there => {
            return "there is no cached login, or its file was removed".to_owned();
        }
        Login::WebIdentity | Login::Other if is_not_there => {
            return "the token file is not there: AWS_WEB_IDENTITY_TOKEN_FILE, or web_identity_token_file of the \
                    profile, names it"
                .to_owned();
        }
        _ => {}
    }
    if reason.starts_with("the auth token could not be used as an HTTP header value") {
        return "the token for the container's endpoint has a character that is not allowed, such as a line end: \
                check AWS_CONTAINER_AUTHORIZATION_TOKEN, or the file that AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE \
                names"
            .to_owned();
    }
    if reason.starts_with("invalid header value") {
        return "they have a character that is not allowed, such as a line end: only visible ASCII characters are \
                allowed".to_owned();
    }
    // Where every provider was tried, the list says only of the profile what is not known anyway.
    if let Some((_, rest)) = reason.split_once("provider was not enabled: profile `")
        && let Some((name, _)) = rest.split_once("` was not defined")
    {
        return format!("the profile `{name}` is not defined");
    }
    match reason.split("Attempted:").next().unwrap_or_default().trim() {
        "" => "the provider gives no reason".to_owned(),
        reason => reason.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::exit::Exit;

    #[test]
    fn a_reason_is_one_line() {
        let chain = "no credentials found in chain. Attempted: Environment: not enabled";
        assert_eq!(told(&Login::Other, chain, false), "no credentials found in chain.");
        let profile = "no credentials found in chain. Attempted: Profile: the credential provider was not \
                       enabled: profile `x` was not defined: could not find source profile";
        assert_eq!(told(&Login::Other, profile, false), "the profile `x` is not defined");
        let missing = "No such file or directory (os error 2)";
        let console = Login::Console("p".to_owned());
        assert_eq!(told(&console, missing, true), "there is no cached login, or its file was removed");
        assert_eq!(told(&Login::Other, "", false), "the provider gives no reason");
        let names = ["p"; SHOWN + 2];
        assert!(some_of(&names).ends_with("p, p, and 2 more") && some_of(&names[..2]) == "p, p");
        assert!(told(&Login::WebIdentity, missing, true).contains("AWS_WEB_IDENTITY_TOKEN_FILE"));
        assert_eq!(told(&Login::Process("p".to_owned()), missing, true), missing);
    }

    #[test]
    fn a_login_that_hangs_is_told_with_its_profile_and_its_time() {
        let error = hung(&Login::Process("audit".to_owned()));
        assert_eq!(error.exit, Exit::Organization);
        let words = "credential_process of the profile `audit`: the process did not end within 50 s";
        assert!(error.message.ends_with(words), "{}", error.message);
        assert!(hung(&Login::Other).message.ends_with("AWS credentials: there was no answer within 50 s"));
    }

    #[tokio::test]
    async fn credentials_that_were_just_given_are_not_asked_for_again() {
        let of = |id: &str, ends: Option<SystemTime>| Credentials::new(id, "secret", None, ends, "test");
        let first = |given: Credentials, at: Timestamp| First {
            given,
            at,
            provider: SharedCredentialsProvider::new(of("second", None)),
        };
        let now = SystemClock.now();
        let long_ago = now.plus_millis(-BEGINNING_MS);
        let ended = Some(SystemTime::UNIX_EPOCH);
        for (first, id) in [
            (first(of("first", None), now), "first"),
            (first(of("first", None), long_ago), "second"),
            (first(of("first", ended), now), "second"),
        ] {
            assert_eq!(first.provide_credentials().await.unwrap().access_key_id(), id);
        }
    }

    const CONFIG: &str = "
[profile half]
aws_access_key_id = AKIDEXAMPLE

[profile other-half]
aws_secret_access_key = example

[profile whole]
aws_access_key_id = AKIDEXAMPLE
aws_secret_access_key = example

[profile over-half]
role_arn = arn:aws:iam::111122223333:role/audit
source_profile = half

[profile program]
credential_process = /bin/program
aws_access_key_id = AKIDEXAMPLE
";

    #[tokio::test]
    async fn half_a_login_is_told_by_what_is_missing() {
        let keys = [("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "x")];
        let file = [("AWS_WEB_IDENTITY_TOKEN_FILE", "x")];
        let id = [("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "")];
        for (selected, more, words) in [
            ("whole", &[][..], None),
            ("program", &[], None),
            ("half", &[], Some("the profile `half` has aws_access_key_id, but no aws_secret_access_key")),
            ("other-half", &[], Some("`other-half` has aws_secret_access_key, but no aws_access_key_id")),
            ("over-half", &[], Some("the profile `half` has aws_access_key_id")),
            ("nope", &[], Some("AWS_PROFILE names the profile `nope`, which is not defined")),
            ("nope", &keys, None),
            ("nope", &file, None),
            ("whole", &id, Some("AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not")),
        ] {
            let profiles = Profiles::of(CONFIG, selected).await;
            let variables = |name: &str| {
                let found = more.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
                found.or((name == "AWS_PROFILE").then_some(selected)).map(str::to_owned)
            };
            let login = Login::of(&variables, &profiles);
            let error = refuse_half(&variables, &profiles, &login).err().map(|error| error.to_string());
            match words {
                Some(words) => assert!(error.as_ref().is_some_and(|text| text.contains(words)), "{error:?}"),
                None => assert_eq!(error, None, "{selected}"),
            }
        }
        let unknown = Profiles::of(CONFIG, "nope").await;
        let variables = |name: &str| (name == "AWS_PROFILE").then(|| "nope".to_owned());
        let text = refuse_half(&variables, &unknown, &Login::Other).unwrap_err().to_string();
        assert!(text.contains("whole") && text.contains("AWS_CONFIG_FILE"), "{text}");
    }
}
