//! What went wrong on the way, read from the errors of the HTTP stack: by type where the type is public, else by
//! the libraries' own words, which `tests/it/network.rs` holds to real sockets.

use std::error::Error;
use std::io;

use rustls::CertificateError;

use super::super::causes::chain;
use super::super::tunnel::Refusal;
use super::{Cause, PROXY_CREDENTIALS, Peer};

/// One error of a chain, as plain data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Link {
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
    pub(super) fn all(error: &(dyn Error + 'static)) -> Vec<Self> {
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

/// What went wrong on the way to `near`, by the errors of a chain from the outermost in.
pub(super) fn cause(links: &[Link], is_timeout: bool, near: Peer, refusal: Refusal) -> Cause {
    let says = |words: &str| links.iter().any(|link| link.says(words));
    let is_io = |kind: io::ErrorKind| links.iter().any(|link| link.io == Some(kind));
    // hyper-util's words for a tunnel (client/legacy/connect/proxy/tunnel.rs): its type is not public.
    if says(PROXY_CREDENTIALS) || matches!(refusal, Refusal::Status { code: 407, .. }) {
        return Cause::ProxyCredentials;
    }
    if says("tunnel error: unsuccessful") || says("tunnel error: proxy response headers too long") {
        return Cause::ProxyRefused(refusal);
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

    #[test]
    fn each_cause_is_told_apart() {
        use Peer::{Host, Proxy};
        let tunnel = || link("tunnel error: failed to create underlying connection");
        let gai = |why: &str| link(&format!("failed to lookup address information: {why}"));
        let untrusted =
            Link { tls: Some(Tls::Certificate("why".to_owned())), ..link("invalid peer certificate") };
        for (links, near, expected) in [
            (vec![link("tunnel error: proxy authorization required")], Host, Cause::ProxyCredentials),
            (vec![link("tunnel error: unsuccessful")], Host, Cause::ProxyRefused(Refusal::Unknown)),
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
            assert_eq!(cause(&links, false, near, Refusal::Unknown), expected, "{links:?}");
        }
        assert_eq!(cause(&[link("any")], true, Host, Refusal::Unknown), Cause::Slow);
        let refused = Refusal::Status { code: 503, no_such_host: false };
        let links = [link("tunnel error: unsuccessful")];
        assert_eq!(cause(&links, false, Host, refused), Cause::ProxyRefused(refused));
        let wants = Refusal::Status { code: 407, no_such_host: false };
        assert_eq!(cause(&links, false, Host, wants), Cause::ProxyCredentials);
    }

    #[test]
    fn a_chain_goes_through_what_io_errors_hold() {
        let rustls = rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let error = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, rustls));
        let issuer = "its issuer is not in the trust store".to_owned();
        assert_eq!(
            cause(&Link::all(&error), false, Peer::Host, Refusal::Unknown),
            Cause::Certificate(Peer::Host, issuer)
        );
    }
}
