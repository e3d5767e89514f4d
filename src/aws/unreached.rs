//! Why no answer came, in a sentence that names the host, its port and the proxy on the way.
//!
//! The network's client is the one place where all three are known, so it wraps what the HTTP stack
//! gave. What it gave is told apart by its chain of sources: by type where the type is public, else
//! by the libraries' own words, which `tests/it/network.rs` holds to real sockets.

use std::error::Error;
use std::fmt;
use std::io;

use aws_smithy_runtime_api::client::result::ConnectorError;
use rustls::CertificateError;

/// hyper-util's words for a 407.
pub(super) const PROXY_CREDENTIALS: &str = "proxy authorization required";

/// A request that got no answer.
#[derive(Debug)]
pub struct Unreached {
    /// Host and port that were meant.
    pub host: String,
    /// Host and port of the proxy that was asked, if one was. Never its credentials.
    pub proxy: Option<String>,
    /// What went wrong.
    pub cause: Cause,
    source: Box<dyn Error + Send + Sync>,
}

/// What went wrong on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// The name of the peer, or of the proxy, is not known.
    NoName(Peer),
    /// The name server gave no answer.
    NoNameServer(Peer),
    /// The connection was refused.
    Refused(Peer),
    /// The network has no way there.
    NoRoute(Peer),
    /// No connection in time.
    Slow,
    /// The proxy wants other credentials: 407.
    ProxyCredentials,
    /// The proxy answered CONNECT with another status.
    ProxyRefused,
    /// The certificate is not trusted.
    Certificate(Peer, String),
    /// The handshake failed in another way.
    Handshake(Peer, String),
    /// The connection ended before the answer did.
    Closed,
    /// In the HTTP stack's own words.
    Other(String),
}

/// Who was spoken to: with a proxy on the way there are two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// The host that was meant.
    Host,
    /// The proxy.
    Proxy,
}

impl Unreached {
    /// Wraps what the HTTP stack gave; the SDK's class of the error stays.
    pub fn wrap(error: ConnectorError, host: &str, proxy: Option<&str>, is_tunnel: bool) -> ConnectorError {
        let (is_timeout, is_io, is_user) = (error.is_timeout(), error.is_io(), error.is_user());
        let (kind, connection) = (error.as_other(), error.connection_metadata().cloned());
        let links = Link::all(&error);
        // A plain request goes to the proxy as to a host; a tunnel has the proxy's part and the host's.
        let near = if proxy.is_some() && !is_tunnel { Peer::Proxy } else { Peer::Host };
        let cause = cause(&links, is_timeout, near);
        let wrapped: Box<dyn Error + Send + Sync> = Box::new(Self {
            host: host.to_owned(),
            proxy: proxy.map(str::to_owned),
            cause,
            source: Box::new(error),
        });
        let wrapped = match (is_timeout, is_io, is_user) {
            (true, ..) => ConnectorError::timeout(wrapped),
            (_, true, _) => ConnectorError::io(wrapped),
            (.., true) => ConnectorError::user(wrapped),
            _ => ConnectorError::other(wrapped, kind),
        };
        match connection {
            Some(connection) => wrapped.with_connection(connection),
            None => wrapped,
        }
    }

    /// The one in an error's chain, if it has one.
    pub fn find<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a Self> {
        chain(error).find_map(|link| link.downcast_ref::<Self>())
    }

    /// Whether another attempt may do better: a proxy's password and a trust store stay as they are.
    pub fn may_pass(&self) -> bool {
        !matches!(self.cause, Cause::ProxyCredentials | Cause::Certificate(..))
    }

    /// Whether the host may well not exist: its name is unknown, or a proxy would not go there.
    pub fn may_not_exist(&self) -> bool {
        matches!(self.cause, Cause::NoName(Peer::Host) | Cause::ProxyRefused)
    }

    fn peer(&self, peer: Peer) -> String {
        match (peer, &self.proxy) {
            (Peer::Proxy, Some(proxy)) => format!("the proxy {proxy}"),
            _ => self.host.clone(),
        }
    }

    /// ` (through the proxy …)`, or ` (on the way to …)` where the proxy itself is at fault.
    fn way(&self, peer: Peer) -> String {
        match (peer, &self.proxy) {
            (_, None) => String::new(),
            (Peer::Host, Some(proxy)) => format!(" (through the proxy {proxy})"),
            (Peer::Proxy, Some(_)) => format!(" (on the way to {})", self.host),
        }
    }
}

impl fmt::Display for Unreached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = &self.host;
        let proxy = self.proxy.as_deref().unwrap_or("on the way");
        match &self.cause {
            Cause::NoName(at) => {
                write!(f, "the name of {} does not resolve{}", self.peer(*at), self.way(*at))
            }
            Cause::NoNameServer(at) => {
                write!(f, "the name server did not answer for {}{}", self.peer(*at), self.way(*at))
            }
            Cause::Refused(at) => write!(f, "{} refused the connection{}", self.peer(*at), self.way(*at)),
            Cause::NoRoute(at) => {
                write!(f, "the network has no route to {}{}", self.peer(*at), self.way(*at))
            }
            Cause::Slow => {
                write!(f, "no connection to {host} within the time limit{}", self.way(Peer::Host))
            }
            Cause::ProxyCredentials => {
                write!(f, "the proxy {proxy} asks for a user and a password (HTTP 407) to connect to {host}")
            }
            Cause::ProxyRefused => write!(f, "the proxy {proxy} refused to connect to {host}"),
            Cause::Certificate(at, why) => {
                write!(f, "the TLS certificate of {} is not trusted: {why}{}", self.peer(*at), self.way(*at))
            }
            Cause::Handshake(at, why) => {
                write!(f, "the TLS handshake with {} failed: {why}{}", self.peer(*at), self.way(*at))
            }
            Cause::Closed => {
                write!(
                    f,
                    "the connection to {host} was closed before the answer came{}",
                    self.way(Peer::Host)
                )
            }
            Cause::Other(words) => {
                write!(f, "no answer from {host}: {words}{}", self.way(Peer::Host))
            }
        }
    }
}

impl Error for Unreached {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&*self.source)
    }
}

/// What to do about a sentence of [`Unreached`], wherever it was kept. None for other sentences.
pub fn advice(sentence: &str) -> Option<&'static str> {
    const ADVICE: [(&str, &str); 10] = [
        (
            "(HTTP 407)",
            "write the user and the password into the proxy's URL (HTTPS_PROXY, HTTP_PROXY): \
             http://USER:PASSWORD@HOST:PORT, special characters percent-encoded",
        ),
        (
            " refused to connect to ",
            "have the host put on the proxy's allow list, or name it in NO_PROXY where it can be reached directly",
        ),
        (
            " is not trusted: ",
            "set AWS_CA_BUNDLE, or the profile's ca_bundle, to a PEM file with the certificate authority that \
             signed it; where a proxy inspects TLS, that is the proxy's own",
        ),
        ("the name of the proxy ", "check HTTPS_PROXY"),
        (
            " does not resolve",
            "check DNS, AWS_REGION and AWS_ENDPOINT_URL. Not every service has a FIPS or a dual-stack host in every \
             Region: --fips prefer and --dual-stack prefer use the standard host there",
        ),
        ("the name server ", "check the DNS of this machine"),
        (" handshake with ", "check that the port speaks TLS, and what proxies and firewalls are on the way"),
        (
            " within the time limit",
            "check routes, security groups and VPC endpoints; where the network needs a proxy, set HTTPS_PROXY",
        ),
        ("the proxy ", "check HTTPS_PROXY, and that the proxy is running"),
        (" refused the connection", "check AWS_ENDPOINT_URL, and that a server listens there"),
    ];
    ADVICE.iter().find(|(mark, _)| sentence.contains(mark)).map(|(_, advice)| *advice)
}

/// One error of a chain, as plain data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Link {
    words: String,
    io: Option<io::ErrorKind>,
    tls: Option<Tls>,
}

/// What TLS says.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Tls {
    Certificate(String),
    Other(String),
}

impl Link {
    fn all(error: &(dyn Error + 'static)) -> Vec<Self> {
        chain(error).map(Self::of).collect()
    }

    fn of(error: &(dyn Error + 'static)) -> Self {
        let io = error.downcast_ref::<io::Error>().map(io::Error::kind);
        let tls = error.downcast_ref::<rustls::Error>().map(|error| match error {
            rustls::Error::InvalidCertificate(why) => Tls::Certificate(untrusted(why)),
            // Servers that ask for a client's certificate, or that know only old versions, say so here.
            other => Tls::Other(other.to_string()),
        });
        Self { words: error.to_string(), io, tls }
    }

    fn says(&self, words: &str) -> bool {
        self.words.contains(words)
    }
}

/// An error and what is under it. An `io::Error` hides its payload from `source()`.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| match error.downcast_ref::<io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
        None => error.source(),
    })
}

fn untrusted(why: &CertificateError) -> String {
    match why {
        CertificateError::UnknownIssuer => "its issuer is not in the trust store".to_owned(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "it has expired".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet by this machine's clock".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it is for another name".to_owned()
        }
        other => other.to_string(),
    }
}

fn cause(links: &[Link], is_timeout: bool, near: Peer) -> Cause {
    let says = |words: &str| links.iter().any(|link| link.says(words));
    let is_io = |kind: io::ErrorKind| links.iter().any(|link| link.io == Some(kind));
    // hyper-util's words for a tunnel (client/legacy/connect/proxy/tunnel.rs): its type is not public.
    if says(PROXY_CREDENTIALS) {
        return Cause::ProxyCredentials;
    }
    if says("tunnel error: unsuccessful") || says("tunnel error: proxy response headers too long") {
        return Cause::ProxyRefused;
    }
    let peer = if says("failed to create underlying connection") { Peer::Proxy } else { near };
    if let Some(tls) = links.iter().find_map(|link| link.tls.clone()) {
        return match tls {
            Tls::Certificate(why) => Cause::Certificate(peer, why),
            Tls::Other(why) => Cause::Handshake(peer, why),
        };
    }
    // getaddrinfo's words, of glibc and of musl.
    if says("failed to lookup address information") || says("dns error") {
        let later = says("Temporary failure") || says("Try again");
        return if later { Cause::NoNameServer(peer) } else { Cause::NoName(peer) };
    }
    if is_io(io::ErrorKind::ConnectionRefused) {
        return Cause::Refused(peer);
    }
    if is_io(io::ErrorKind::NetworkUnreachable) || is_io(io::ErrorKind::HostUnreachable) {
        return Cause::NoRoute(peer);
    }
    if is_timeout || is_io(io::ErrorKind::TimedOut) {
        return Cause::Slow;
    }
    let closed = [
        io::ErrorKind::ConnectionReset,
        io::ErrorKind::ConnectionAborted,
        io::ErrorKind::BrokenPipe,
        io::ErrorKind::UnexpectedEof,
    ];
    if closed.into_iter().any(is_io)
        || says("connection closed before message completed")
        || says("unexpected end of file")
    {
        return Cause::Closed;
    }
    Cause::Other(links.last().map(|link| link.words.clone()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(words: &str) -> Link {
        Link { words: words.to_owned(), ..Link::default() }
    }

    fn io(kind: io::ErrorKind) -> Link {
        Link { io: Some(kind), ..link("io") }
    }

    fn sentence(cause: Cause, proxy: Option<&str>) -> String {
        let host = "sts.eu-west-1.amazonaws.com:443".to_owned();
        Unreached { host, proxy: proxy.map(str::to_owned), cause, source: "x".into() }.to_string()
    }

    #[test]
    fn each_cause_is_told_apart() {
        use Peer::{Host, Proxy};
        let tunnel = || link("tunnel error: failed to create underlying connection");
        let gai = |why: &str| link(&format!("failed to lookup address information: {why}"));
        let untrusted =
            Link { tls: Some(Tls::Certificate("why".to_owned())), ..link("invalid peer certificate") };
        for (links, near, expected) in [
            (vec![link("tunnel error: proxy authorization required")], Host, Cause::ProxyCredentials),
            (vec![link("tunnel error: unsuccessful")], Host, Cause::ProxyRefused),
            (vec![link("dns error"), gai("Name or service not known")], Host, Cause::NoName(Host)),
            (vec![gai("Name does not resolve")], Proxy, Cause::NoName(Proxy)),
            (vec![tunnel(), gai("Name or service not known")], Host, Cause::NoName(Proxy)),
            (vec![gai("Temporary failure in name resolution")], Host, Cause::NoNameServer(Host)),
            (vec![gai("Try again")], Host, Cause::NoNameServer(Host)),
            (vec![io(io::ErrorKind::ConnectionRefused)], Host, Cause::Refused(Host)),
            (vec![tunnel(), io(io::ErrorKind::ConnectionRefused)], Host, Cause::Refused(Proxy)),
            (vec![io(io::ErrorKind::NetworkUnreachable)], Host, Cause::NoRoute(Host)),
            (vec![untrusted.clone()], Host, Cause::Certificate(Host, "why".to_owned())),
            (vec![tunnel(), untrusted], Host, Cause::Certificate(Proxy, "why".to_owned())),
            (vec![io(io::ErrorKind::TimedOut)], Host, Cause::Slow),
            (vec![io(io::ErrorKind::ConnectionReset)], Host, Cause::Closed),
            (vec![link("tunnel error: unexpected end of file")], Host, Cause::Closed),
            (vec![link("outer"), link("inner")], Host, Cause::Other("inner".to_owned())),
        ] {
            assert_eq!(cause(&links, false, near), expected, "{links:?}");
        }
        assert_eq!(cause(&[link("any")], true, Host), Cause::Slow);
    }

    #[test]
    fn a_chain_goes_through_what_io_errors_hold() {
        let rustls = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let error = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, rustls));
        let issuer = "its issuer is not in the trust store".to_owned();
        assert_eq!(cause(&Link::all(&error), false, Peer::Host), Cause::Certificate(Peer::Host, issuer));
    }

    #[test]
    fn every_sentence_names_host_and_proxy_and_has_its_advice() {
        use Peer::{Host, Proxy};
        let causes = |peer| {
            [
                Cause::NoName(peer),
                Cause::NoNameServer(peer),
                Cause::Refused(peer),
                Cause::NoRoute(peer),
                Cause::Certificate(peer, "it has expired".to_owned()),
                Cause::Handshake(peer, "no version in common".to_owned()),
                Cause::Slow,
                Cause::ProxyCredentials,
                Cause::ProxyRefused,
                Cause::Closed,
                Cause::Other("words".to_owned()),
            ]
        };
        for cause in causes(Host).into_iter().chain(causes(Proxy)) {
            let text = sentence(cause.clone(), Some("proxy.example.com:3128"));
            assert!(text.contains("sts.eu-west-1.amazonaws.com:443"), "{text}");
            assert!(text.contains("proxy.example.com:3128"), "{text}");
            assert!(advice(&text).is_some(), "{text}");
        }
        for (cause, words) in [
            (Cause::ProxyCredentials, "USER:PASSWORD@"),
            (Cause::ProxyRefused, "NO_PROXY"),
            (Cause::Certificate(Host, String::new()), "AWS_CA_BUNDLE"),
            (Cause::NoName(Host), "--fips prefer"),
            (Cause::NoName(Proxy), "HTTPS_PROXY"),
        ] {
            let text = sentence(cause, Some("p:1"));
            assert!(advice(&text).is_some_and(|advice| advice.contains(words)), "{text}");
        }
        assert_eq!(advice("AWS's own message"), None);
    }

    #[test]
    fn what_stays_as_it_is_is_not_tried_again() {
        let of = |cause| Unreached { host: "h:1".to_owned(), proxy: None, cause, source: "x".into() };
        assert!(!of(Cause::ProxyCredentials).may_pass());
        assert!(!of(Cause::Certificate(Peer::Host, String::new())).may_pass());
        assert!(of(Cause::Refused(Peer::Host)).may_pass());
        assert!(of(Cause::NoName(Peer::Host)).may_not_exist() && of(Cause::ProxyRefused).may_not_exist());
        assert!(!of(Cause::NoNameServer(Peer::Host)).may_not_exist());
        assert!(!of(Cause::NoName(Peer::Proxy)).may_not_exist());
    }
}
