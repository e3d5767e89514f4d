//! What the URL of an endpoint must be: a scheme, a host, and perhaps a port and a path.
//!
//! The HTTP stack makes something of almost any text: a port above 65535 becomes port 80, and of
//! `http://user:part#of@host` it asks the host `user`. Such a run would ask another server than the one that was
//! meant, and sign its requests there. So every endpoint is read here before anything is asked.

use std::net::Ipv6Addr;

/// Why a text is not the URL of an endpoint. The text stays out of it: it may hold a password or a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotEndpoint {
    /// A blank, a line end, or a character that a URL writes percent-encoded.
    #[error("it has a blank, a line end or another character that is not allowed in a URL")]
    Character,
    /// A user and a password, or what a URL writes in their place.
    #[error("it has an `@`: an endpoint takes no user and no password")]
    Credentials,
    /// More than a server and a path.
    #[error("it has a `?` or a `#`: an endpoint takes no query and no fragment")]
    Query,
    /// Another scheme, or none.
    #[error("it does not begin with http:// or https://")]
    Scheme,
    /// No host.
    #[error("it has no host")]
    NoHost,
    /// A host that no server can have.
    #[error("its host is neither a host name nor an address (an IPv6 address stands in brackets)")]
    Host,
    /// A port that does not exist.
    #[error("its port is not a number from 1 to 65535")]
    Port,
}

/// The URL of an endpoint, as it was written.
pub fn plain(text: &str) -> Result<&str, NotEndpoint> {
    // An `@` comes first: wherever it is, the rest may be a password.
    if text.contains('@') {
        return Err(NotEndpoint::Credentials);
    }
    if text.contains(['?', '#']) {
        return Err(NotEndpoint::Query);
    }
    let rest = after_scheme(text).ok_or(NotEndpoint::Scheme)?;
    let is_of_url = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte);
    if !text.bytes().all(is_of_url) {
        return Err(NotEndpoint::Character);
    }
    let authority = rest.split('/').next().unwrap_or_default();
    let after_address = authority.rfind(']').unwrap_or_default();
    let (host, port) = match authority[after_address..].rfind(':') {
        Some(at) => (&authority[..after_address + at], Some(&authority[after_address + at + 1..])),
        None => (authority, None),
    };
    if host.is_empty() {
        return Err(NotEndpoint::NoHost);
    }
    if !is_host(host) {
        return Err(NotEndpoint::Host);
    }
    match port {
        Some(port) if !is_port(port) => Err(NotEndpoint::Port),
        _ => Ok(text),
    }
}

fn after_scheme(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://")?;
    ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known)).then_some(rest)
}

/// A name by the rules of DNS, with the underscore that containers have in theirs, or an address.
fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return address.parse::<Ipv6Addr>().is_ok();
    }
    let name = host.strip_suffix('.').unwrap_or(host);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    name.len() <= 253 && name.split('.').all(is_label)
}

fn is_port(port: &str) -> bool {
    // A number is also what begins with a plus, to the library.
    port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_a_server_and_perhaps_a_path() {
        for good in [
            "http://127.0.0.1:4566",
            "http://localhost",
            "http://minio_1:9000/",
            "HTTPS://S3.example.com.:65535",
            "http://[::1]:9000/base",
            "http://[fd00:ec2::254]",
            "https://vpce-1.kms.eu-west-1.vpce.amazonaws.com/a/b%20c",
        ] {
            assert_eq!(plain(good), Ok(good));
            // What the HTTP stack makes of it is what was written.
            let uri: http::Uri = good.parse().unwrap();
            assert_eq!(uri.port().is_some(), uri.port_u16().is_some());
        }
    }

    #[test]
    fn any_other_form_is_refused_with_its_reason() {
        use NotEndpoint::{Character, Credentials, Host, NoHost, Port, Query, Scheme};
        for (reason, texts) in [
            (Scheme, &["", "127.0.0.1:4566", "localhost", "ftp://a", "//a", "http:/a", " http://a"][..]),
            (NoHost, &["http://", "http:///p", "http://:80", "https://:"]),
            (
                Host,
                &["http://a..b", "http://.", "http://a,b", "http://::1:80", "http://[::1", "http://[::1]x:1"],
            ),
            (Host, &["http://[zz]", "http://[::1%25eth0]", "http://$HOST", "http://a%2Fb", "http://a:1:2"]),
            (Port, &["http://a:99999", "http://a:65536", "http://a:0", "http://a:", "http://a:+80"]),
            (Port, &["http://a:b", "http://[::1]:", "http://a:-1", "http://[::1]:99999"]),
            (Query, &["http://a?token=x", "http://a/#", "https://a/p?", "http://u:p#x"]),
            (
                Credentials,
                &["http://u:p#x@h", "http://u:p/x@h", "http://u@h", "http://u:p@h", "u:p@h", "http://@"],
            ),
            (Character, &["http://a b", "http://a\n", "http://a\r", "http://ä", "http://a\\b", "http://{a}"]),
        ] {
            for text in texts {
                assert_eq!(plain(text), Err(reason), "{text}");
            }
        }
    }
}
