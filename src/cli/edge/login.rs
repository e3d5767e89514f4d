//! Who logs in, and how: what the profile says before the SDK tries it, and what to do where the
//! SDK could not.

use std::path::Path;

use aws_config::profile::ProfileSet;
use aws_types::os_shim_internal::{Env, Fs};
use serde_json::Value;

use super::Variables;
use crate::aws::message;
use crate::aws::provider;
use crate::cli::error::CliError;
use crate::cli::loss::quoted;
use crate::clock::Timestamp;

/// The profiles of `~/.aws/config` and `~/.aws/credentials`, or of the files that stand for them.
#[derive(Debug)]
pub struct Profiles(Option<ProfileSet>);

impl Profiles {
    /// Reads the files. That there are none is no error.
    pub async fn load() -> Result<Self, CliError> {
        let set = aws_config::profile::load(&Fs::real(), &Env::real(), &<_>::default(), None).await;
        set.map(|set| Self(Some(set))).map_err(|error| {
            CliError::usage(format!(
                "failed to read the AWS configuration: {}",
                message::kept(&provider::reason(&error))
                    .unwrap_or_else(|| "the reason is not known".to_owned())
            ))
            .hint("check ~/.aws/config and ~/.aws/credentials, or AWS_CONFIG_FILE")
        })
    }

    #[cfg(test)]
    pub fn none() -> Self {
        Self(None)
    }

    #[cfg(test)]
    pub async fn of(config: &str, selected: &str) -> Self {
        let fs = Fs::from_slice(&[("config", config)]);
        let env = Env::from_slice(&[("AWS_CONFIG_FILE", "config"), ("AWS_PROFILE", selected)]);
        Self(Some(aws_config::profile::load(&fs, &env, &<_>::default(), None).await.unwrap()))
    }

    /// The profile of `AWS_PROFILE`, or `default`.
    pub fn selected(&self) -> &str {
        self.0.as_ref().map_or("default", ProfileSet::selected_profile)
    }

    /// The names of all profiles.
    pub fn names(&self) -> Vec<&str> {
        self.0.iter().flat_map(ProfileSet::profiles).collect()
    }

    fn start_url(&self, profile: &str) -> Option<String> {
        let session = || {
            let name = self.get(profile, "sso_session")?;
            self.0.as_ref()?.sso_session(&name)?.get("sso_start_url").map(str::to_owned)
        };
        session().or_else(|| self.get(profile, "sso_start_url"))
    }

    /// A setting of a profile.
    pub fn get(&self, profile: &str, key: &str) -> Option<String> {
        self.0.as_ref()?.get_profile(profile)?.get(key).map(str::to_owned)
    }
}

/// Where the caller's credentials come from, as far as the settings tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Login {
    /// `AWS_ACCESS_KEY_ID` and its like. Nothing renews them.
    Environment,
    /// `aws sso login`.
    Sso(String),
    /// `aws login`.
    Console(String),
    /// A program of the user's own.
    Process(String),
    /// Keys that a profile has.
    Keys(String),
    /// A token in a file, of `AWS_WEB_IDENTITY_TOKEN_FILE` or of a profile.
    WebIdentity,
    /// A container's endpoint.
    Container,
    /// Something else, such as an instance; or nothing.
    Other,
}

impl Login {
    /// The profile that the credentials come from, where the settings lead to one.
    pub(super) fn source(profiles: &Profiles) -> Option<String> {
        chain(profiles.selected(), |profile, key| profiles.get(profile, key)).pop()
    }

    /// In the SDK's order: the environment comes before the profile.
    pub fn of(variables: Variables<'_>, profiles: &Profiles) -> Self {
        let set = |name: &str| variables(name).is_some_and(|value| !value.trim().is_empty());
        // The SDK takes the older name of the secret, too.
        if set("AWS_ACCESS_KEY_ID") && (set("AWS_SECRET_ACCESS_KEY") || set("SECRET_ACCESS_KEY")) {
            return Self::Environment;
        }
        let Some(name) = Self::source(profiles) else { return Self::Other };
        let has = |key: &str| profiles.get(&name, key).is_some_and(|value| !value.trim().is_empty());
        if has("sso_session") || has("sso_start_url") {
            Self::Sso(name)
        } else if has("login_session") {
            Self::Console(name)
        } else if has("credential_process") {
            Self::Process(name)
        } else if has("aws_access_key_id") && has("aws_secret_access_key") {
            Self::Keys(name)
        } else if has("web_identity_token_file") || set("AWS_WEB_IDENTITY_TOKEN_FILE") {
            Self::WebIdentity
        } else if set("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") || set("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
            Self::Container
        } else {
            Self::Other
        }
    }

    /// What is waited for.
    pub(super) fn of_what(&self) -> String {
        match self {
            Self::Sso(profile) => format!("the SSO login of the profile `{profile}`"),
            Self::Console(profile) => format!("the `aws login` session of the profile `{profile}`"),
            Self::Process(profile) => format!("the credential_process of the profile `{profile}`"),
            Self::Keys(_) | Self::Environment | Self::WebIdentity | Self::Container | Self::Other => {
                "the AWS credentials".to_owned()
            }
        }
    }

    /// What to do where it gave no credentials. A profile's name may have blanks, and a hint is a command to paste.
    pub(super) fn remedy(&self) -> String {
        match self {
            Self::Sso(profile) => format!("run `aws sso login --profile {}`", quoted(profile)),
            Self::Console(profile) => format!("run `aws login --profile {}`", quoted(profile)),
            Self::Process(profile) => format!(
                "run the profile's credential_process by hand (profile `{profile}`), or choose another with \
                 AWS_PROFILE"
            ),
            Self::Environment => "export new AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, with AWS_SESSION_TOKEN if the \
                                  keys are temporary; or unset them and set AWS_PROFILE"
                .to_owned(),
            Self::Keys(profile) => format!(
                "write valid keys into the profile `{profile}`, with aws_session_token if they are temporary; or choose \
                 another profile with AWS_PROFILE"
            ),
            Self::WebIdentity => {
                "check the token file that AWS_WEB_IDENTITY_TOKEN_FILE (or web_identity_token_file of the profile) names, \
                 and the role of AWS_ROLE_ARN (or role_arn)"
                    .to_owned()
            }
            Self::Container => {
                "check the role of the container (the task role, or the Pod Identity association), and \
                 AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or AWS_CONTAINER_CREDENTIALS_FULL_URI"
                    .to_owned()
            }
            Self::Other => {
                "set AWS_PROFILE to a profile that has credentials, or export AWS_ACCESS_KEY_ID and \
                 AWS_SECRET_ACCESS_KEY"
                    .to_owned()
            }
        }
    }
}

/// A profile and those that it takes its credentials from, the source last. As in the SDK, a source with
/// keys gives these, whatever role it has.
fn chain(selected: &str, get: impl Fn(&str, &str) -> Option<String>) -> Vec<String> {
    let mut names = vec![selected.to_owned()];
    while let Some(last) = names.last()
        && get(last, "role_arn").is_some()
        && (names.len() == 1 || get(last, "aws_access_key_id").is_none())
        && let Some(next) = get(last, "source_profile")
        && !names.contains(&next)
    {
        names.push(next);
    }
    names
}

/// A role with MFA would be assumed without its code, and refused by AWS in words that do not say so.
pub fn refuse_mfa(login: &Login, profiles: &Profiles) -> Result<(), CliError> {
    let get = |profile: &str, key: &str| profiles.get(profile, key);
    let has = |profile: &str, key: &str| get(profile, key).is_some();
    let selected = profiles.selected();
    let with_mfa = |profile: &String| {
        let gives_keys = profile != selected && has(profile, "aws_access_key_id");
        has(profile, "role_arn") && has(profile, "mfa_serial") && !gives_keys
    };
    let Some(profile) = chain(selected, get).into_iter().find(with_mfa) else { return Ok(()) };
    // Keys in the environment come first: the profile is not asked.
    if *login == Login::Environment {
        return Ok(());
    }
    Err(CliError::usage(format!(
        "the profile `{profile}` assumes its role with MFA (mfa_serial), and atrest cannot ask for a code"
    ))
    .hint(format!(
        "get a session first, and run again in the same shell: \
         eval \"$(aws configure export-credentials --profile {} --format env)\"",
        quoted(selected)
    )))
}

/// When the caller's credentials end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// Who logs in, and how.
    pub login: Login,
    /// When.
    pub at: Timestamp,
}

impl Ending {
    /// Of credentials that nothing renews without being asked. `expiry` is what their provider says.
    pub fn of(
        login: &Login,
        profiles: &Profiles,
        variables: Variables<'_>,
        expiry: Option<Timestamp>,
    ) -> Option<Self> {
        let at = match login {
            // As `aws configure export-credentials --format env` writes it; the SDK does not read it.
            Login::Environment => Timestamp::parse(&variables("AWS_CREDENTIAL_EXPIRATION")?).ok()?,
            Login::Process(_) => expiry?,
            Login::Sso(profile) => {
                let start_url = profiles.start_url(profile)?;
                let is_of_session = profiles.get(profile, "sso_session").is_some();
                let cache = Path::new(&variables("HOME")?).join(".aws/sso/cache");
                sso_token_end(&start_url, is_of_session, &cache)?
            }
            _ => return None,
        };
        Some(Self { login: login.clone(), at })
    }
}

/// That the credentials have not ended before the run begins.
pub fn refuse_ended(login: &Login, ends: Option<Timestamp>, now: Timestamp) -> Result<(), CliError> {
    let Some(at) = ends.filter(|at| *at <= now) else { return Ok(()) };
    let hint = match login {
        Login::Environment => {
            "export new ones with their AWS_SESSION_TOKEN and AWS_CREDENTIAL_EXPIRATION; if \
             AWS_CREDENTIAL_EXPIRATION is older than the keys, unset it"
                .to_owned()
        }
        Login::Process(profile) => format!(
            "the credential_process of the profile `{profile}` gave them: log in again with the program that it runs"
        ),
        _ => login.remedy(),
    };
    let text = format!("the AWS credentials expired at {at}; this host's clock says {now}");
    Err(CliError::organization(text).hint(hint))
}

/// When the token of `aws sso login` ends, where it is one that is not refreshed. The cache's files differ by
/// what the AWS CLI writes into them. A profile with an `sso-session` has a token that is refreshed; another one that is
/// still there from before says nothing about it.
fn sso_token_end(start_url: &str, is_of_session: bool, cache: &Path) -> Option<Timestamp> {
    let files = std::fs::read_dir(cache).ok()?.filter_map(Result::ok);
    let of_url = |token: &Value| token["startUrl"] == start_url;
    let tokens: Vec<Value> = files.filter_map(|file| cached(&file.path())).filter(of_url).collect();
    let is_refreshed = |token: &&Value| !token["refreshToken"].is_null();
    if is_of_session && tokens.iter().any(|token| is_refreshed(&token)) {
        return None;
    }
    let left = tokens.iter().filter(|token| !is_refreshed(token));
    left.filter_map(|token| Timestamp::parse(token["expiresAt"].as_str()?).ok()).max()
}

/// A token has a few kilobytes.
const LONGEST_TOKEN: u64 = 1_048_576;

/// A file of the cache. A FIFO would keep the reader waiting without end, and anything else is no token.
fn cached(path: &Path) -> Option<Value> {
    let found = std::fs::metadata(path).ok()?;
    let is_token = found.is_file() && found.len() <= LONGEST_TOKEN;
    serde_json::from_slice(&is_token.then(|| std::fs::read(path).ok())??).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_that_have_ended_begin_no_run() {
        let at = |text: &str| Timestamp::parse(text).unwrap();
        let now = at("2026-11-21T03:00:00Z");
        for (login, words) in [
            (Login::Environment, "unset it"),
            (Login::Process("p".to_owned()), "credential_process of the profile `p`"),
            (Login::Sso("p".to_owned()), "aws sso login --profile p"),
            (Login::Console("p".to_owned()), "aws login --profile p"),
            (Login::Other, "AWS_PROFILE"),
        ] {
            for ends in ["2020-01-01T00:00:00Z", "2026-11-21T03:00:00Z"] {
                let error = refuse_ended(&login, Some(at(ends)), now).unwrap_err();
                assert_eq!(error.exit, crate::cli::exit::Exit::Organization);
                let text = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(text.contains(&format!("expired at {ends}")) && text.contains(words), "{text}");
            }
            assert!(refuse_ended(&login, Some(now.plus_millis(1)), now).is_ok());
            assert!(refuse_ended(&login, None, now).is_ok());
        }
    }

    async fn profiles(config: &str, selected: &str) -> Profiles {
        Profiles::of(config, selected).await
    }

    const CONFIG: &str = "
[profile audit]
role_arn = arn:aws:iam::111122223333:role/audit
source_profile = guarded

[profile guarded]
role_arn = arn:aws:iam::111122223333:role/hub
mfa_serial = arn:aws:iam::111122223333:mfa/me
source_profile = base

[profile base]
sso_session = company
sso_account_id = 111122223333
sso_role_name = Audit

[sso-session company]
sso_start_url = https://example.awsapps.com/start
sso_region = eu-west-1

[profile console]
login_session = arn:aws:iam::111122223333:user/me

[profile program]
credential_process = /bin/program

[profile over-keys]
role_arn = arn:aws:iam::111122223333:role/audit
source_profile = keys

[profile keys]
aws_access_key_id = AKIDEXAMPLE
aws_secret_access_key = example
role_arn = arn:aws:iam::111122223333:role/hub
mfa_serial = arn:aws:iam::111122223333:mfa/me
source_profile = keys

[profile loop]
role_arn = arn:aws:iam::111122223333:role/x
source_profile = loop2

[profile loop2]
role_arn = arn:aws:iam::111122223333:role/y
source_profile = loop
";

    #[tokio::test]
    async fn a_role_with_mfa_anywhere_in_the_chain_is_refused() {
        for (selected, refused) in [
            ("audit", Some("`guarded`")),
            ("guarded", Some("`guarded`")),
            ("base", None),
            ("over-keys", None),
            ("keys", Some("`keys`")),
            ("loop", None),
            ("undefined", None),
        ] {
            let profiles = profiles(CONFIG, selected).await;
            let login = Login::of(&|_| None, &profiles);
            let error = refuse_mfa(&login, &profiles).err().map(|error| error.to_string());
            match refused {
                Some(name) => {
                    let error = error.unwrap();
                    assert!(error.contains(name) && error.contains("mfa_serial"), "{error}");
                    assert!(error.contains(&format!("--profile {selected} ")), "{error}");
                }
                None => assert_eq!(error, None),
            }
        }
        let profiles = profiles(CONFIG, "audit").await;
        assert!(refuse_mfa(&Login::Environment, &profiles).is_ok());
    }

    #[tokio::test]
    async fn the_end_of_an_sso_token_is_known_where_nothing_refreshes_it() {
        let url = "https://example.awsapps.com/start";
        assert_eq!(profiles(CONFIG, "base").await.start_url("base").as_deref(), Some(url));
        let cache = tempfile::tempdir().unwrap();
        let write = |name: &str, text: String| std::fs::write(cache.path().join(name), text).unwrap();
        assert_eq!(sso_token_end(url, true, &cache.path().join("none")), None);
        write("client.json", r#"{"clientId":"c","expiresAt":"2099-01-01T00:00:00Z"}"#.to_owned());
        write("other.json", r#"{"startUrl":"https://other","expiresAt":"2099-01-01T00:00:00Z"}"#.to_owned());
        write("broken.json", "{".to_owned());
        let token =
            |more: &str| format!(r#"{{"startUrl":"{url}","expiresAt":"2026-11-21T04:00:00Z"{more}}}"#);
        write("token.json", token(r#","refreshToken":"r""#));
        assert_eq!(sso_token_end(url, true, cache.path()), None);
        write("old.json", token(""));
        // The session's token is refreshed, whatever is left from before; without a session the old one is used.
        assert_eq!(sso_token_end(url, true, cache.path()), None);
        assert_eq!(sso_token_end(url, false, cache.path()), Timestamp::parse("2026-11-21T04:00:00Z").ok());
        std::fs::remove_file(cache.path().join("old.json")).unwrap();
        write("token.json", token(""));
        assert_eq!(sso_token_end(url, true, cache.path()), Timestamp::parse("2026-11-21T04:00:00Z").ok());
    }

    #[test]
    fn what_is_not_a_file_of_the_cache_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo.json");
        assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        assert_eq!(cached(&fifo), None);
        assert_eq!(cached(folder.path()), None);
        let token = folder.path().join("token.json");
        std::fs::write(&token, "[1]").unwrap();
        assert_eq!(cached(&token), Some(serde_json::json!([1])));
        std::fs::File::create(&token).unwrap().set_len(LONGEST_TOKEN + 1).unwrap();
        assert_eq!(cached(&token), None);
    }

    #[tokio::test]
    async fn the_source_of_a_chain_says_how_to_log_in() {
        for (selected, login) in [
            ("audit", Login::Sso("base".to_owned())),
            ("console", Login::Console("console".to_owned())),
            ("program", Login::Process("program".to_owned())),
            ("over-keys", Login::Keys("keys".to_owned())),
            ("loop", Login::Other),
        ] {
            let profiles = profiles(CONFIG, selected).await;
            assert_eq!(Login::of(&|_| None, &profiles), login);
            assert_eq!(Login::of(&|_| Some("x".to_owned()), &profiles), Login::Environment);
            let old_name = |name: &str| {
                ["AWS_ACCESS_KEY_ID", "SECRET_ACCESS_KEY"].contains(&name).then(|| "x".to_owned())
            };
            assert_eq!(Login::of(&old_name, &profiles), Login::Environment);
            assert_eq!(Login::of(&|_| Some(" ".to_owned()), &profiles), login, "a blank is no key");
        }
        let by = |names: &'static [&'static str]| {
            Login::of(&|name: &str| names.contains(&name).then(|| "x".to_owned()), &Profiles::none())
        };
        assert_eq!(by(&["AWS_WEB_IDENTITY_TOKEN_FILE"]), Login::WebIdentity);
        assert_eq!(by(&["AWS_CONTAINER_CREDENTIALS_FULL_URI"]), Login::Container);
        assert_eq!(by(&["AWS_ACCESS_KEY_ID"]), Login::Other);
        // Who has no SSO is not told to log in with it.
        for other in [
            Login::Environment,
            Login::Keys("p".to_owned()),
            Login::Process("p".to_owned()),
            Login::WebIdentity,
            Login::Container,
            Login::Other,
        ] {
            assert!(!other.remedy().contains(" login"), "{}", other.remedy());
        }
        assert!(Login::Sso("base".to_owned()).remedy().contains("aws sso login --profile base"));
        let blank = Login::Sso("my team's".to_owned()).remedy();
        assert!(blank.contains(r"aws sso login --profile 'my team'\''s'"), "{blank}");
        assert!(Login::Console("c".to_owned()).remedy().contains("aws login --profile c"));
    }
}
