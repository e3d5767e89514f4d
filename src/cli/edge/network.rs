//! The way out, as the environment and the profile describe it: `HTTPS_PROXY` and its like in either
//! letter case, and `AWS_CA_BUNDLE` or the profile's `ca_bundle`.

use std::collections::BTreeSet;
use std::path::Path;

use http::Uri;

use super::Variables;
use super::login::Profiles;
use crate::aws::message;
use crate::aws::network::{Network, Proxies, Proxy};
use crate::aws::no_proxy::NoProxy;
use crate::aws::trust::Bundle;
use crate::cli::error::CliError;
use crate::cli::given;
use crate::cli::print;

/// Reads the way out. A proxy or a bundle that cannot be used is named, with exit code 2: without it
/// the run would go another way than the one that was asked for.
pub fn read(variables: Variables<'_>, profiles: &Profiles) -> Result<Network, CliError> {
    Ok(Network { proxies: proxies(variables)?, bundle: bundle(variables, profiles)? })
}

fn proxies(variables: Variables<'_>) -> Result<Proxies, CliError> {
    let all = proxy(variables, "ALL_PROXY")?;
    let https = proxy(variables, "HTTPS_PROXY")?;
    let http = proxy(variables, "HTTP_PROXY")?;
    let no_proxy = no_proxy(variables);
    let own = ["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_EC2_METADATA_SERVICE_ENDPOINT"];
    let local = own.iter().filter_map(|name| authority(&variables(name)?)).collect::<BTreeSet<_>>();
    Ok(Proxies { http: http.or_else(|| all.clone()), https: https.or(all), no_proxy, local })
}

/// Which hosts are asked directly. An entry that no host matches gives a warning, because its host is reached through
/// the proxy.
fn no_proxy(variables: Variables<'_>) -> NoProxy {
    let Some((name, value)) = either(variables, "NO_PROXY") else { return NoProxy::default() };
    let list = NoProxy::parse(&value);
    if !list.without_effect().is_empty() {
        print::say(print::wrapped(&without_effect(&name, &list), "warning: "));
    }
    list
}

fn without_effect(name: &str, list: &NoProxy) -> String {
    // What has an `@` may hold a password.
    let shown = |entry: &String| match message::kept(entry) {
        Some(entry) if !entry.contains('@') => format!("`{entry}`"),
        _ => "one with an @".to_owned(),
    };
    let entries: Vec<_> = list.without_effect().iter().map(shown).collect();
    format!(
        "{name} has entries that have no effect: {}. An entry is HOST, .DOMAIN, HOST:PORT, an address, a network \
         such as \
         10.0.0.0/8, or *",
        entries.join(", ")
    )
}

fn proxy(variables: Variables<'_>, name: &str) -> Result<Option<Proxy>, CliError> {
    let Some((name, value)) = either(variables, name) else { return Ok(None) };
    // The value may hold a password: the error has the variable's name only.
    Proxy::parse(&value).map(Some).map_err(|error| {
        CliError::usage(format!("failed to use the proxy of {name}: {error}")).hint(format!(
            "write {name}=http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT with special characters \
             percent-encoded"
        ))
    })
}

/// A variable in capitals or in small letters, whichever is not empty.
fn either(variables: Variables<'_>, name: &str) -> Option<(String, String)> {
    let names = [name.to_owned(), name.to_ascii_lowercase()];
    let found = names.into_iter().filter_map(|name| Some((variables(&name)?, name)));
    found.map(|(value, name)| (name, value)).find(|(_, value)| !value.trim().is_empty())
}

fn authority(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    uri.authority().map(ToString::to_string)
}

fn bundle(variables: Variables<'_>, profiles: &Profiles) -> Result<Option<Bundle>, CliError> {
    let of_variable = variables("AWS_CA_BUNDLE").map(|path| ("AWS_CA_BUNDLE".to_owned(), path));
    let of_profile = || {
        let path = profiles.get(profiles.selected(), "ca_bundle")?;
        Some((format!("`ca_bundle` of the profile `{}`", profiles.selected()), path))
    };
    let given = of_variable.filter(|(_, path)| !path.is_empty()).or_else(of_profile);
    let Some((what, path)) = given.filter(|(_, path)| !path.is_empty()) else { return Ok(None) };
    read_bundle(&what, Path::new(&path)).map(Some)
}

fn read_bundle(what: &str, path: &Path) -> Result<Bundle, CliError> {
    let wrong = |why: &dyn std::fmt::Display| {
        CliError::usage(format!("failed to use {what}, {}: {why}", path.display()))
            .hint("it is a file with the certificate authorities to trust, in PEM; without it, the system's are trusted")
    };
    let pem = given::bytes(path).map_err(|error| wrong(&error))?;
    let bundle = Bundle::parse(&pem).map_err(|error| wrong(&error))?;
    if bundle.passed_over > 0 {
        let (over, path) = (bundle.passed_over, path.display());
        print::say(format!("warning: {path} has certificates that cannot be used and are ignored: {over}"));
    }
    Ok(bundle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Network, CliError> {
        let variables = |name: &str| {
            let found = pairs.iter().find(|(key, _)| *key == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        super::read(&variables, &Profiles::none())
    }

    #[test]
    fn proxies_are_read_in_either_letter_case() {
        let proxy = |text: &str| Some(Proxy::parse(text).unwrap());
        let network = read(&[("https_proxy", "http://small:1"), ("HTTP_PROXY", "http://big:2")]).unwrap();
        assert_eq!(
            (network.proxies.https, network.proxies.http),
            (proxy("http://small:1"), proxy("http://big:2"))
        );
        // An empty variable is as good as none.
        let network = read(&[("HTTPS_PROXY", ""), ("https_proxy", "http://small:1")]).unwrap();
        assert_eq!(network.proxies.https, proxy("http://small:1"));
        let network = read(&[("all_proxy", "http://all:3"), ("no_proxy", "a,b")]).unwrap();
        assert_eq!(network.proxies.https, proxy("http://all:3"));
        assert_eq!(network.proxies.http, proxy("http://all:3"));
        assert!(network.proxies.no_proxy.has(&"https://b/".parse().unwrap()));
    }

    #[test]
    fn a_proxy_that_cannot_be_used_is_named_without_its_password() {
        for wrong in [
            "http://me:s3cr#t@proxy:1",
            "socks5://me:s3cr@proxy:1",
            "me:s3cr://t@proxy:1",
            "s3cr://p:1",
            "http://",
        ] {
            let error = read(&[("https_proxy", wrong)]).unwrap_err();
            let text = error.to_string();
            assert!(text.contains("https_proxy") && !text.contains("s3cr"), "{text}");
            assert_eq!(error.exit, crate::cli::exit::Exit::Usage);
        }
    }

    #[test]
    fn an_entry_without_effect_is_told_and_no_password_with_it() {
        let list = NoProxy::parse("a.example 127.* me:s3cr@b.example http://x:s3cr/t@c");
        let text = without_effect("no_proxy", &list);
        assert!(
            text.starts_with("no_proxy has entries that have no effect: `127.*`, one with an @, "),
            "{text}"
        );
        assert!(!text.contains("s3cr") && !text.contains("a.example"), "{text}");
    }

    #[test]
    fn the_endpoints_of_credentials_are_kept_from_the_proxy() {
        let network = read(&[
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://localhost:1338/latest/credentials"),
            ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:9911"),
        ]);
        let local: Vec<String> = network.unwrap().proxies.local.into_iter().collect();
        assert_eq!(local, ["127.0.0.1:9911", "localhost:1338"]);
    }

    #[test]
    fn a_bundle_that_cannot_be_used_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let page = folder.path().join("page.pem");
        std::fs::write(&page, "<html>blocked</html>").unwrap();
        let missing = folder.path().join("missing.pem");
        for (path, why) in
            [(&page, "no certificate"), (&missing, "No such file"), (&folder.path().into(), "directory")]
        {
            let path = path.to_str().unwrap();
            let error = read(&[("AWS_CA_BUNDLE", path)]).unwrap_err();
            let text = error.to_string();
            assert!(text.contains("AWS_CA_BUNDLE") && text.contains(path) && text.contains(why), "{text}");
            assert_eq!(error.exit, crate::cli::exit::Exit::Usage);
        }
        assert!(read(&[("AWS_CA_BUNDLE", "")]).unwrap().bundle.is_none());
    }
}
