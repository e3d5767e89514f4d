//! Why no answer came, in a sentence that names the host, its port and the proxy on the way.
//!
//! The network's client is the one place where all three are known, so it wraps what the HTTP stack
//! gave, and `cause` tells what that was.

mod cause;

use std::error::Error;
use std::fmt;

use aws_smithy_runtime_api::client::result::ConnectorError;

use self::cause::{Link, cause};
use super::causes::chain;
use super::tunnel::Refusal;

/// hyper-util's words for a 407.
pub(super) const PROXY_CREDENTIALS: &str = "proxy authorization required";

/// A request that got no answer.
#[derive(Debug)]
pub struct Unreached {
    /// Host and port that were meant.
    pub host: String,
    /// Host and port of the proxy that was asked, if one was. Never its credentials.
    pub proxy: Option<String>,
    /// Whether the host hands out credentials on this machine: to a container, or to an instance.
    pub hands_out_credentials: bool,
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
    ProxyRefused(Refusal),
    /// The certificate is not trusted.
    Certificate(Peer, String),
    /// The handshake failed in another way.
    Handshake(Peer, String),
    /// The connection ended before the answer did.
    Closed,
    /// In the HTTP stack's own words.
    Other(String),
}

/// What an error says of a host's being there at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Existence {
    /// Nothing.
    #[default]
    Unsaid,
    /// A proxy did not go there: perhaps there is none, perhaps the proxy is busy.
    Doubted,
    /// There is no such host.
    Denied,
}

/// Who was spoken to: with a proxy on the way there are two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    /// The host that was meant.
    Host,
    /// The proxy.
    Proxy,
}

/// What a request was to reach.
#[derive(Debug, Clone, Default)]
pub struct Meant {
    /// Host and port.
    pub host: String,
    /// Host and port of the proxy on the way.
    pub proxy: Option<String>,
    /// Whether it goes through a tunnel of the proxy's.
    pub is_tunnel: bool,
    /// Whether the host hands out credentials on this machine.
    pub hands_out_credentials: bool,
}

/// Whether the HTTP stack says that a proxy refused the tunnel, of which it keeps no status.
pub fn is_refused_tunnel(error: &ConnectorError) -> bool {
    matches!(cause(&Link::all(error), false, Peer::Host, Refusal::Unknown), Cause::ProxyRefused(_))
}

impl Unreached {
    /// Wraps what the HTTP stack gave; the SDK's class of the error stays. `refusal` is what a proxy said to CONNECT.
    pub fn wrap(error: ConnectorError, meant: &Meant, refusal: Refusal) -> ConnectorError {
        let (is_timeout, is_io, is_user) = (error.is_timeout(), error.is_io(), error.is_user());
        let (kind, connection) = (error.as_other(), error.connection_metadata().cloned());
        let links = Link::all(&error);
        // A plain request goes to the proxy as to a host; a tunnel has the proxy's part and the host's.
        let near = if meant.proxy.is_some() && !meant.is_tunnel { Peer::Proxy } else { Peer::Host };
        let cause = cause(&links, is_timeout, near, refusal);
        let wrapped: Box<dyn Error + Send + Sync> = Box::new(Self {
            host: meant.host.clone(),
            proxy: meant.proxy.clone(),
            hands_out_credentials: meant.hands_out_credentials,
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

    /// What this says of the host's being there at all.
    pub fn existence(&self) -> Existence {
        match self.cause {
            Cause::NoName(Peer::Host) => Existence::Denied,
            Cause::ProxyRefused(Refusal::Status { no_such_host: true, .. }) => Existence::Denied,
            // Asked again, the proxy went there.
            Cause::ProxyRefused(Refusal::Passing) => Existence::Unsaid,
            Cause::ProxyRefused(_) => Existence::Doubted,
            _ => Existence::Unsaid,
        }
    }

    fn host(&self) -> String {
        let what = if self.hands_out_credentials { "the credentials' endpoint " } else { "" };
        format!("{what}{}", self.host)
    }

    fn peer(&self, peer: Peer) -> String {
        match (peer, &self.proxy) {
            (Peer::Proxy, Some(proxy)) => format!("the proxy {proxy}"),
            _ => self.host(),
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
        let host = &self.host();
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
            Cause::ProxyRefused(why) => {
                write!(f, "the proxy {proxy} refused to connect to {host} ({})", Why(*why))
            }
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

/// Why a proxy refused, in words.
struct Why(Refusal);

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Refusal::Unknown => f.write_str("its status is not known: the HTTP library keeps none"),
            Refusal::Passing => f.write_str("when asked again, it connected"),
            Refusal::Status { code, no_such_host: false } => write!(f, "HTTP {code}"),
            Refusal::Status { code, no_such_host: true } => {
                write!(f, "HTTP {code}: it says that there is no such host")
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
    ADVICE
        .iter()
        .find(|(marks, _)| marks.iter().all(|mark| sentence.contains(mark)))
        .map(|(_, advice)| *advice)
}

/// The first line whose words are all in the sentence decides.
const ADVICE: &[(&[&str], &str)] = &[
    (
        &["(HTTP 407)"],
        "write the user and the password into the proxy's URL (HTTPS_PROXY, HTTP_PROXY): \
         http://USER:PASSWORD@HOST:PORT, special characters percent-encoded",
    ),
    (
        &["the credentials' endpoint "],
        "it is the endpoint that hands out credentials to this container or instance: check that its agent runs, \
         AWS_CONTAINER_CREDENTIALS_FULL_URI or AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, and on an instance \
         AWS_EC2_METADATA_SERVICE_ENDPOINT",
    ),
    (
        &[" refused to connect to ", "no such host"],
        "check AWS_REGION, AWS_ENDPOINT_URL and the name servers of the proxy. Not every service has a FIPS or a \
         dual-stack host in every Region: --fips prefer and --dual-stack prefer use the standard host there",
    ),
    (
        &[" refused to connect to ", "(HTTP 5"],
        "the proxy could not reach the host, or is busy: check its log, its name servers and its routes, and run \
         again; if this machine can reach the host directly, add it to NO_PROXY",
    ),
    (
        &[" refused to connect to ", "when asked again, it connected"],
        "the proxy refuses some connections: check its log for limits, and run again",
    ),
    (
        &[" refused to connect to "],
        "add the host to the proxy's allow list; or, if this machine can reach the host directly, add it to NO_PROXY",
    ),
    (
        &[" is not trusted: "],
        "set AWS_CA_BUNDLE, or the profile's ca_bundle, to a PEM file with the certificate authority that \
         signed it; where a proxy inspects TLS, that is the proxy's own",
    ),
    (&["the name of the proxy "], "check HTTPS_PROXY, and HTTP_PROXY for endpoints of http://"),
    (
        &["the name of ", " does not resolve"],
        "check DNS, AWS_REGION and AWS_ENDPOINT_URL. Some services have no FIPS or dual-stack host in some Regions: \
         --fips prefer and --dual-stack prefer use the standard host there",
    ),
    (&["the name server "], "check the DNS of this machine"),
    (
        &[" handshake with "],
        "check that the port uses TLS, and check the proxies and firewalls between this host \
        and AWS",
    ),
    (
        &[" within the time limit"],
        "check routes, security groups and VPC endpoints; where the network needs a proxy, set HTTPS_PROXY",
    ),
    (
        &["the proxy "],
        "check HTTPS_PROXY, HTTP_PROXY for endpoints of http://, and that the proxy is running",
    ),
    (&[" refused the connection"], "check AWS_ENDPOINT_URL, and that a server listens there"),
    (
        &["the connection to ", " was closed before the answer came"],
        "run again; if it fails again, check the firewalls and proxies between this host and AWS",
    ),
    (
        &["the network has no route to "],
        "check the routes of this machine; where the network needs a proxy, set HTTPS_PROXY",
    ),
    (&["no answer from "], "check the network, AWS_REGION and AWS_ENDPOINT_URL"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(cause: Cause, proxy: Option<&str>) -> String {
        let host = "sts.eu-west-1.amazonaws.com:443".to_owned();
        let proxy = proxy.map(str::to_owned);
        Unreached { host, proxy, hands_out_credentials: false, cause, source: "x".into() }.to_string()
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
                Cause::ProxyRefused(Refusal::Unknown),
                Cause::ProxyRefused(Refusal::Passing),
                Cause::ProxyRefused(Refusal::Status { code: 503, no_such_host: true }),
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
            (Cause::ProxyRefused(Refusal::Unknown), "allow list"),
            (Cause::ProxyRefused(Refusal::Status { code: 403, no_such_host: false }), "allow list"),
            (
                Cause::ProxyRefused(Refusal::Status { code: 502, no_such_host: false }),
                "its name servers and its routes",
            ),
            (Cause::ProxyRefused(Refusal::Status { code: 503, no_such_host: true }), "--fips prefer"),
            (Cause::ProxyRefused(Refusal::Passing), "refuses some connections"),
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
        let of = |cause| {
            let (host, source) = ("h:1".to_owned(), "x".into());
            Unreached { host, proxy: None, hands_out_credentials: false, cause, source }
        };
        assert!(!of(Cause::ProxyCredentials).may_pass());
        assert!(!of(Cause::Certificate(Peer::Host, String::new())).may_pass());
        assert!(of(Cause::Refused(Peer::Host)).may_pass());
    }

    /// A busy proxy is no proof that a host does not exist, and neither is anything on the way.
    #[test]
    fn only_who_knows_says_that_there_is_no_such_host() {
        let refused = |code, no_such_host| Cause::ProxyRefused(Refusal::Status { code, no_such_host });
        for (cause, expected) in [
            (Cause::NoName(Peer::Host), Existence::Denied),
            (refused(503, true), Existence::Denied),
            (refused(503, false), Existence::Doubted),
            (refused(403, false), Existence::Doubted),
            (Cause::ProxyRefused(Refusal::Unknown), Existence::Doubted),
            (Cause::ProxyRefused(Refusal::Passing), Existence::Unsaid),
            (Cause::NoName(Peer::Proxy), Existence::Unsaid),
            (Cause::NoNameServer(Peer::Host), Existence::Unsaid),
            (Cause::Slow, Existence::Unsaid),
            (Cause::Closed, Existence::Unsaid),
        ] {
            let (host, source) = ("h:1".to_owned(), "x".into());
            let unreached = Unreached { host, proxy: None, hands_out_credentials: false, cause, source };
            assert_eq!(unreached.existence(), expected, "{unreached}");
        }
    }

    #[test]
    fn an_endpoint_that_hands_out_credentials_is_told_as_one() {
        let meant =
            Meant { host: "169.254.170.2:80".to_owned(), hands_out_credentials: true, ..Meant::default() };
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        let error = Unreached::wrap(ConnectorError::io(refused.into()), &meant, Refusal::Unknown);
        let text = Unreached::find(&error).unwrap().to_string();
        assert_eq!(text, "the credentials' endpoint 169.254.170.2:80 refused the connection");
        let advice = advice(&text).unwrap();
        assert!(
            advice.contains("AWS_CONTAINER_CREDENTIALS_FULL_URI") && !advice.contains("AWS_ENDPOINT_URL")
        );
    }
}
