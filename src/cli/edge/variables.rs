//! The variables of AWS as they are: one that is no text, and a file that has no end, of a variable or in its usual
//! place.
//!
//! The SDK takes a value that is not UTF-8 for none, and goes another way than the one that was asked for; where it
//! does say so, it repeats the value, which may be a secret. The files it reads whole.

use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use super::login::{Login, Profiles};
use crate::cli::error::CliError;
use crate::cli::given;

/// What is read beside all that begins with `AWS_`; of the proxies also in small letters.
const PROXIES: [&str; 4] = ["ALL_PROXY", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"];
const OTHERS: [&str; 2] = ["SECRET_ACCESS_KEY", "HOME"];

/// Variables that name a file which the SDK reads, and the file that it reads without them, under the home folder.
const FILES: [(&str, Option<&str>); 4] = [
    ("AWS_CONFIG_FILE", Some("~/.aws/config")),
    ("AWS_SHARED_CREDENTIALS_FILE", Some("~/.aws/credentials")),
    ("AWS_WEB_IDENTITY_TOKEN_FILE", None),
    ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", None),
];

/// Refuses what the SDK would pass over, or read for ever.
pub fn refuse_odd() -> Result<(), CliError> {
    #[expect(clippy::disallowed_methods, reason = "the shell is where the environment is read")]
    let all: Vec<_> = std::env::vars_os().collect();
    refuse_no_text(&all)?;
    refuse_endless(&all)
}

fn is_read(name: &str) -> bool {
    let is_proxy = PROXIES.iter().any(|proxy| name == *proxy || name == proxy.to_ascii_lowercase());
    name.starts_with("AWS_") || is_proxy || OTHERS.contains(&name)
}

/// Names them, and shows no value.
fn refuse_no_text(all: &[(OsString, OsString)]) -> Result<(), CliError> {
    let no_text = all.iter().filter(|(_, value)| value.to_str().is_none());
    let names: Vec<_> = no_text.filter_map(|(name, _)| name.to_str().filter(|name| is_read(name))).collect();
    let told = match names[..] {
        [] => return Ok(()),
        [name] => format!("{name} is not text in UTF-8"),
        _ => format!("these variables are not text in UTF-8: {}", names.join(", ")),
    };
    Err(CliError::usage(told)
        .hint("write the value again, or unset the variable; AWS's own values are ASCII"))
}

fn refuse_endless(all: &[(OsString, OsString)]) -> Result<(), CliError> {
    let value = |name: &str| all.iter().find(|(known, _)| known == OsStr::new(name)).map(|(_, value)| value);
    for (name, usual) in FILES {
        let (what, path, hint) = match (value(name), usual) {
            (Some(path), _) => (format!("{name}, "), path.as_os_str(), "name the file itself".to_owned()),
            (None, Some(usual)) => {
                let hint = format!("correct the file, or name another one with {name}");
                (String::new(), OsStr::new(usual), hint)
            }
            (None, None) => continue,
        };
        let path = below_home(Path::new(path), value("HOME"));
        if let Some(why) = endless(&path) {
            return Err(CliError::usage(format!("failed to read {what}{}: {why}", path.display())).hint(hint));
        }
    }
    Ok(())
}

/// Refuses a file that a profile names, for the same reasons.
pub fn refuse_endless_token(profiles: &Profiles) -> Result<(), CliError> {
    let Some(profile) = Login::source(profiles) else { return Ok(()) };
    let Some(path) = profiles.get(&profile, TOKEN_FILE) else { return Ok(()) };
    match endless(Path::new(&path)) {
        Some(why) => Err(CliError::usage(format!(
            "failed to read {TOKEN_FILE} of the profile `{profile}`, {path}: {why}"
        ))
        .hint("name the file itself")),
        None => Ok(()),
    }
}

/// A profile's file with a token.
const TOKEN_FILE: &str = "web_identity_token_file";

/// The path as the SDK takes it: it knows `~/`, as a shell does.
fn below_home(path: &Path, home: Option<&OsString>) -> PathBuf {
    match (path.strip_prefix("~"), home) {
        (Ok(rest), Some(home)) => Path::new(home).join(rest),
        _ => path.to_owned(),
    }
}

/// Why a file cannot be read to its end, as often as it is read. What else is wrong with it, the SDK says.
fn endless(path: &Path) -> Option<String> {
    if std::fs::metadata(path).ok()?.file_type().is_fifo() {
        return Some("it is a pipe, which can be read once, and it is read several times".to_owned());
    }
    let error = given::bytes(path).err().filter(|error| error.kind() == ErrorKind::FileTooLarge)?;
    Some(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt as _;

    use super::*;
    use crate::cli::exit::Exit;

    fn of(pairs: &[(&str, &[u8])]) -> Vec<(OsString, OsString)> {
        pairs.iter().map(|(name, value)| ((*name).into(), OsStr::from_bytes(value).to_owned())).collect()
    }

    #[test]
    fn a_variable_that_is_no_text_is_named_without_its_value() {
        let odd = b"Zq7\xff";
        for name in [
            "AWS_ACCESS_KEY_ID",
            "AWS_SESSION_TOKEN",
            "AWS_ENDPOINT_URL_STS",
            "AWS_PROFILE",
            "AWS_CREDENTIAL_EXPIRATION",
            "SECRET_ACCESS_KEY",
            "HTTPS_PROXY",
            "https_proxy",
            "no_proxy",
            "HOME",
        ] {
            let error = refuse_no_text(&of(&[("AWS_REGION", b"eu-west-1"), (name, odd)])).unwrap_err();
            assert_eq!(error.exit, Exit::Usage);
            assert!(error.message.starts_with(name) && !error.to_string().contains("Zq7"), "{error}");
        }
        let error = refuse_no_text(&of(&[("AWS_A", odd), ("AWS_B", odd)])).unwrap_err();
        assert!(error.message.ends_with("AWS_A, AWS_B"), "{error}");
        let others =
            of(&[("PS1", odd), ("FTP_PROXY", odd), ("MY_AWS_X", odd), ("AWS_X", "\u{e9}".as_bytes())]);
        assert!(refuse_no_text(&others).is_ok());
    }

    #[test]
    fn a_file_of_a_variable_has_an_end_and_is_read_more_than_once() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &pipe, rustix::fs::Mode::from_bits_truncate(0o600)).unwrap();
        let error = refuse_endless(&of(&[(FILES[0].0, b"/dev/zero")])).unwrap_err();
        assert!(error.message.contains("AWS_CONFIG_FILE, /dev/zero: it is longer than 16 MiB"), "{error}");
        let error = refuse_endless(&of(&[(FILES[3].0, pipe.as_os_str().as_bytes())])).unwrap_err();
        assert!(error.message.contains("it is a pipe"), "{error}");
        for other in ["/dev/null", "/none", "~/x", ""] {
            assert!(refuse_endless(&of(&[(FILES[1].0, other.as_bytes())])).is_ok(), "{other}");
        }
    }

    #[test]
    fn the_files_in_the_home_folder_have_an_end_too() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().as_os_str().as_bytes();
        std::fs::create_dir(folder.path().join(".aws")).unwrap();
        assert!(refuse_endless(&of(&[("HOME", home)])).is_ok(), "there is none");
        for name in ["config", "credentials"] {
            let path = folder.path().join(".aws").join(name);
            std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
            let error = refuse_endless(&of(&[("HOME", home)])).unwrap_err();
            assert_eq!(error.exit, Exit::Usage);
            let words = format!("failed to read {}: it is longer than 16 MiB", path.display());
            assert_eq!(error.message.split(", and").next(), Some(words.as_str()));
            // As it is written in the variable, too.
            let written = format!("~/.aws/{name}");
            let error = refuse_endless(&of(&[("HOME", home), (FILES[2].0, written.as_bytes())])).unwrap_err();
            assert!(error.message.contains("it is longer than 16 MiB"), "{error}");
            // Another file stands for it.
            let others = [("HOME", home), (FILES[0].0, b"/dev/null".as_slice()), (FILES[1].0, b"/dev/null")];
            assert!(refuse_endless(&of(&others)).is_ok());
            std::fs::remove_file(&path).unwrap();
        }
    }

    #[tokio::test]
    async fn a_token_file_of_a_profile_has_an_end() {
        let config =
            "[profile a]\nrole_arn = x\nweb_identity_token_file = /dev/zero\n[profile b]\nregion = x\n";
        let error = refuse_endless_token(&Profiles::of(config, "a").await).unwrap_err();
        assert!(error.message.contains("web_identity_token_file of the profile `a`, /dev/zero"), "{error}");
        assert!(refuse_endless_token(&Profiles::of(config, "b").await).is_ok());
    }
}
