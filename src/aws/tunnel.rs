//! What a proxy says to CONNECT. The HTTP stack of the SDK (hyper-util, `client/legacy/connect/proxy/tunnel.rs`)
//! keeps of a refusal only that there was one, so the proxy is asked once more: its status says whether the
//! host is not allowed, or could not be reached, and a few proxies say that the host's name does not exist.
//!
//! Only the status line and the headers are reported, and of the body only whether it has one known sentence.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Why a proxy refused a tunnel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Refusal {
    /// It could not be asked: it is a proxy of `https://`, or did not answer again.
    #[default]
    Unknown,
    /// Asked again, it did connect.
    Passing,
    /// It answered with this status.
    Status {
        /// The status.
        code: u16,
        /// Whether it says that the host's name does not exist.
        no_such_host: bool,
    },
}

/// How long the second answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// So much of the answer is looked at. Squid's page for an unknown name has less.
const LOOKED_AT: usize = 16 * 1024;

/// Asks a proxy of `http://` once more. `authorization` is the value of the header, where it wants one.
pub async fn ask(proxy: &str, host: &str, authorization: Option<&[u8]>) -> Refusal {
    let answer = tokio::time::timeout(PATIENCE, answer(proxy, host, authorization)).await;
    match answer {
        Ok(Ok(bytes)) => read(&bytes),
        Ok(Err(_)) | Err(_) => Refusal::Unknown,
    }
}

async fn answer(proxy: &str, host: &str, authorization: Option<&[u8]>) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(proxy).await?;
    let mut request = format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n").into_bytes();
    if let Some(value) = authorization {
        request.extend_from_slice(b"Proxy-Authorization: ");
        request.extend_from_slice(value);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"\r\n");
    stream.write_all(&request).await?;
    let mut bytes = Vec::new();
    loop {
        let read = stream.read_buf(&mut bytes).await?;
        // What follows a tunnel's 200 is the host's, and never comes unasked.
        if read == 0 || bytes.len() >= LOOKED_AT || is_whole(&bytes) {
            return Ok(bytes);
        }
    }
}

/// The head and as much of a body as it announces.
fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    if status(head).is_none_or(|status| (200..300).contains(&status)) {
        return true;
    }
    let length = header(head, "content-length").and_then(|value| value.parse().ok());
    length.is_some_and(|length: usize| body.len() >= length)
}

/// What an answer to CONNECT says.
fn read(answer: &[u8]) -> Refusal {
    let text = String::from_utf8_lossy(answer);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    match status(head) {
        None => Refusal::Unknown,
        Some(200..300) => Refusal::Passing,
        Some(code) => Refusal::Status { code, no_such_host: no_such_host(head, body) },
    }
}

fn status(head: &str) -> Option<u16> {
    let mut words = head.lines().next()?.split(' ');
    words.next().filter(|version| version.starts_with("HTTP/"))?;
    words.next()?.parse().ok().filter(|code| (100..1000).contains(code))
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().skip(1).find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// Two documented answers. `Proxy-Status` has the name server's own code (RFC 9209, "DNS Error"). Squid says
/// `X-Squid-Error: ERR_DNS_FAIL`, also of a name server that is silent, and in its page the words of NXDOMAIN.
fn no_such_host(head: &str, body: &str) -> bool {
    let says = |name: &str, words: &[&str]| {
        let value = header(head, name).map(str::to_ascii_lowercase).unwrap_or_default();
        words.iter().all(|word| value.contains(word))
    };
    says("proxy-status", &["error=dns_error", "rcode", "nxdomain"])
        || (says("x-squid-error", &["err_dns_fail"]) && body.contains("The domain name does not exist"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status_of(code: u16, no_such_host: bool) -> Refusal {
        Refusal::Status { code, no_such_host }
    }

    #[test]
    fn an_answer_tells_its_status_and_whether_the_name_exists() {
        let squid = "HTTP/1.1 503 Service Unavailable\r\nX-Squid-Error: ERR_DNS_FAIL 0\r\n\r\n";
        let page = format!("{squid}<p>Name Error: The domain name does not exist.</p>");
        for (answer, expected) in [
            ("HTTP/1.1 403 Forbidden\r\n\r\n", status_of(403, false)),
            ("HTTP/1.1 407 \r\n\r\n", status_of(407, false)),
            ("HTTP/1.0 503 Service Unavailable\r\n\r\n", status_of(503, false)),
            ("HTTP/1.1 200 Connection established\r\n\r\n", Refusal::Passing),
            (squid, status_of(503, false)),
            (&page, status_of(503, true)),
            (
                "HTTP/1.1 502 Bad\r\nproxy-status: p; error=dns_error; rcode=\"NXDOMAIN\"\r\n\r\n",
                status_of(502, true),
            ),
            (
                "HTTP/1.1 502 Bad\r\nProxy-Status: p; error=dns_error; rcode=SERVFAIL\r\n\r\n",
                status_of(502, false),
            ),
            ("HTTP/1.1 504 Slow\r\nProxy-Status: p; error=dns_timeout\r\n\r\n", status_of(504, false)),
            ("HTTP/1.1 403 No\r\n\r\nThe domain name does not exist", status_of(403, false)),
            ("", Refusal::Unknown),
            ("SSH-2.0 200\r\n\r\n", Refusal::Unknown),
            ("HTTP/1.1 2000 OK\r\n\r\n", Refusal::Unknown),
        ] {
            assert_eq!(read(answer.as_bytes()), expected, "{answer}");
        }
    }

    #[test]
    fn an_answer_is_read_to_the_end_that_it_announces() {
        let head = "HTTP/1.1 503 No\r\nContent-Length: 4\r\n";
        assert!(!is_whole(head.as_bytes()));
        assert!(!is_whole(format!("{head}\r\nabc").as_bytes()));
        assert!(is_whole(format!("{head}\r\nabcd").as_bytes()));
        assert!(is_whole(b"HTTP/1.1 200 OK\r\n\r\n"), "a tunnel has no body");
    }
}
