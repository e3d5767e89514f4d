//! `NO_PROXY`: which hosts are asked directly, in all the forms that other tools take.
//!
//! The SDK's own matcher decides on names, addresses and networks. It knows neither ports nor lists with
//! blanks, and takes what it does not understand for a name, which then matches nothing. So the value is
//! put into its form here, a port is compared here, and an entry without any effect is reported.

use std::fmt;
use std::net::IpAddr;

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use ipnet::IpNet;

/// The hosts that are asked directly.
#[derive(Default)]
pub struct NoProxy {
    /// `*`. The matcher takes it for names, and not for addresses.
    all: bool,
    /// Entries without a port, in one matcher.
    any_port: Option<Matcher>,
    /// Entries with one.
    by_port: Vec<(u16, Matcher)>,
    text: String,
    without_effect: Vec<String>,
}

impl fmt::Debug for NoProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NoProxy").field(&self.text).finish()
    }
}

impl Clone for NoProxy {
    fn clone(&self) -> Self {
        Self::parse(&self.text)
    }
}

impl NoProxy {
    /// Reads a list. Entries stand apart by commas, semicolons or blanks.
    pub fn parse(text: &str) -> Self {
        let is_between = |letter: char| letter.is_whitespace() || letter == ',' || letter == ';';
        let (mut all, mut plain, mut by_port, mut without_effect) =
            (false, Vec::new(), Vec::new(), Vec::new());
        for entry in text.split(is_between).filter(|entry| !entry.is_empty()) {
            match Entry::parse(entry) {
                Some(Entry::All) => all = true,
                Some(Entry::Host(host)) => plain.push(host),
                Some(Entry::Port(host, port)) => by_port.push((port, matcher(&host))),
                None => without_effect.push(entry.to_owned()),
            }
        }
        let any_port = (!plain.is_empty()).then(|| matcher(&plain.join(",")));
        Self { all, any_port, by_port, text: text.to_owned(), without_effect }
    }

    /// Entries that no host can match.
    pub fn without_effect(&self) -> &[String] {
        &self.without_effect
    }

    /// Whether a request goes to its host directly.
    pub fn has(&self, uri: &Uri) -> bool {
        let port = uri.port_u16().unwrap_or(if uri.scheme_str() == Some("https") { 443 } else { 80 });
        // The matcher gives a proxy to what it does not know.
        let is_of = |matcher: &Matcher| matcher.intercept(uri).is_none();
        self.all
            || self.any_port.as_ref().is_some_and(is_of)
            || self.by_port.iter().any(|(of, matcher)| *of == port && is_of(matcher))
    }
}

/// A matcher that sends everything through a proxy but these.
fn matcher(hosts: &str) -> Matcher {
    Matcher::builder().all("http://proxy").no(hosts).build()
}

/// One entry, as the matcher takes it.
#[derive(Debug, PartialEq, Eq)]
enum Entry {
    All,
    Host(String),
    Port(String, u16),
}

impl Entry {
    fn parse(entry: &str) -> Option<Self> {
        if entry == "*" {
            return Some(Self::All);
        }
        if let Some(host) = host(entry) {
            return Some(Self::Host(host));
        }
        // `https://host:443/` is a URL, and means its host.
        let rest = entry.split_once("://").map_or(entry, |(_, rest)| rest).trim_end_matches('/');
        let (name, port) = match rest.rsplit_once(':') {
            Some((name, port)) => (name, Some(port.parse().ok()?)),
            None => (rest, None),
        };
        let host = host(name)?;
        Some(port.map_or(Self::Host(host.clone()), |port| Self::Port(host, port)))
    }
}

/// A name, an address or a network. `*.example.com` is written as often as `.example.com`, and means the
/// same; as other tools do, the matcher takes both for `example.com` itself, too.
fn host(text: &str) -> Option<String> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    if bare.parse::<IpAddr>().is_ok() || bare.parse::<IpNet>().is_ok() {
        return Some(bare.to_owned());
    }
    let name = text.strip_prefix('*').filter(|rest| rest.starts_with('.')).unwrap_or(text);
    let name = name.trim_start_matches('.').trim_end_matches('.');
    let is_name =
        |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    // `192.168.` and `10.0.0` are no addresses, and no name ends with a number.
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_number = last.bytes().all(|byte| byte.is_ascii_digit());
    (is_name(name) && !is_number).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has(list: &str, url: &str) -> bool {
        NoProxy::parse(list).has(&url.parse().unwrap())
    }

    #[test]
    fn every_form_that_other_tools_take_has_its_effect() {
        for (list, direct, proxied) in [
            ("example.com", "https://a.example.com/", "https://notexample.com/"),
            (".example.com", "https://a.example.com/", "https://notexample.com/"),
            ("*.example.com", "https://a.example.com/", "https://notexample.com/"),
            ("..example.com.", "https://example.com/", "https://example.org/"),
            ("EXAMPLE.com", "https://a.Example.COM/", "https://example.org/"),
            ("localhost a.example", "http://a.example/", "http://b.example/"),
            ("x,\ta.example ;\n b.example,", "http://b.example/", "http://c.example/"),
            ("emulator:4566", "http://emulator:4566/", "http://emulator:4567/"),
            (".example.com:8443", "https://a.example.com:8443/", "https://a.example.com/"),
            ("example.com:443", "https://a.example.com/", "http://a.example.com/"),
            ("127.0.0.1:4566", "http://127.0.0.1:4566/", "http://127.0.0.1:4567/"),
            ("127.0.0.1", "http://127.0.0.1:4566/", "http://127.0.0.2:4566/"),
            ("10.0.0.0/8", "http://10.1.2.3/", "http://11.1.2.3/"),
            ("fd00::/8 [::1]", "http://[::1]:4566/", "http://[fe80::1]/"),
            ("[::1]:4566", "http://[::1]:4566/", "http://[::1]:4567/"),
            ("::1", "http://[::1]/", "http://[::2]/"),
            ("https://example.com:8443/", "https://example.com:8443/", "https://example.com/"),
        ] {
            assert!(has(list, direct), "{list}: {direct}");
            assert!(!has(list, proxied), "{list}: {proxied}");
            assert!(NoProxy::parse(list).without_effect().is_empty(), "{list}");
        }
        for url in ["https://any.example/", "https://192.0.2.1/", "http://[::1]/"] {
            assert!(has("a *", url) && has(" * ", url) && !has("", url), "{url}");
        }
    }

    #[test]
    fn an_entry_without_effect_is_known() {
        let list = "127.* a.example 10.0.0.0/33 192.168. <local> *example.com me:pw@h b.example:port";
        let rules = NoProxy::parse(list);
        assert_eq!(
            rules.without_effect(),
            ["127.*", "10.0.0.0/33", "192.168.", "<local>", "*example.com", "me:pw@h", "b.example:port"]
        );
        assert!(rules.clone().has(&"http://a.example/".parse().unwrap()), "the others have theirs");
    }
}
