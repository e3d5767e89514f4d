//! Requests and replies without any HTTP library's types, so that the connector under the SDK and
//! the server on a socket share one state machine.
//!
//! Bodies are held whole: the largest thing that is sent here is one Parquet file of a test's lake.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// A request as it came in, with its name and values decoded where that is safe.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// `GET`, `POST`, …
    pub method: String,
    /// The host that it was sent to, without a port.
    pub host: String,
    /// The path, still percent-encoded, beginning with a slash.
    pub path: String,
    /// The query, decoded; a name without a value has an empty one.
    pub query: BTreeMap<String, String>,
    /// Headers by lower-case name.
    pub headers: BTreeMap<String, String>,
    /// The body as sent, with any `aws-chunked` framing.
    pub body: Vec<u8>,
}

impl Request {
    /// A request from its parts; `target` is a path with a query or a whole URI.
    pub fn new<'a>(
        method: &str,
        target: &str,
        headers: impl Iterator<Item = (&'a str, &'a str)>,
        body: Vec<u8>,
    ) -> Self {
        let headers: BTreeMap<String, String> =
            headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
        let (authority, target) = match target.split_once("://") {
            Some((_, rest)) => match rest.find(['/', '?']) {
                Some(at) => rest.split_at(at),
                None => (rest, "/"),
            },
            None => ("", target),
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let host = headers.get("host").map_or(authority, String::as_str);
        Self {
            method: method.to_owned(),
            host: without_port(host).to_ascii_lowercase(),
            path: if path.starts_with('/') { path.to_owned() } else { format!("/{path}") },
            query: pairs(query, false),
            headers,
            body,
        }
    }

    /// A header's value by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// The body read as a form, as the query protocol sends it.
    pub fn form(&self) -> BTreeMap<String, String> {
        pairs(&String::from_utf8_lossy(&self.body), true)
    }

    /// The body without `aws-chunked` framing, and the trailers that came after it.
    ///
    /// `None` where the framing is broken.
    pub fn payload(&self) -> Option<(Vec<u8>, BTreeMap<String, String>)> {
        let streamed = self.header("x-amz-content-sha256").is_some_and(|hash| hash.starts_with("STREAMING-"));
        let chunked = self.header("content-encoding").is_some_and(|coding| coding.contains("aws-chunked"));
        if streamed || chunked { unchunk(&self.body) } else { Some((self.body.clone(), BTreeMap::new())) }
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

fn pairs(text: &str, form: bool) -> BTreeMap<String, String> {
    let part = |text: &str| percent_decode(&if form { text.replace('+', " ") } else { text.to_owned() });
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (part(name), part(value)))
        .collect()
}

/// Decodes `%41`; a broken escape is kept as it is.
pub fn percent_decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Encodes all but the unreserved characters and the slash, as S3 does under `encoding-type=url`.
pub fn percent_encode(text: &str) -> String {
    const ENCODED: &AsciiSet =
        &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'/');
    utf8_percent_encode(text, ENCODED).to_string()
}

/// Takes `aws-chunked` apart: `size[;chunk-signature=…]\r\n data \r\n … 0\r\n trailers \r\n`.
fn unchunk(body: &[u8]) -> Option<(Vec<u8>, BTreeMap<String, String>)> {
    let mut rest = body;
    let mut payload = Vec::with_capacity(body.len());
    loop {
        let (line, after) = line_of(rest)?;
        let size = usize::from_str_radix(line.split(';').next()?.trim(), 16).ok()?;
        if size == 0 {
            return Some((payload, trailers(after)));
        }
        payload.extend_from_slice(after.get(..size)?);
        rest = after.get(size..)?.strip_prefix(b"\r\n")?;
    }
}

fn trailers(mut rest: &[u8]) -> BTreeMap<String, String> {
    let mut trailers = BTreeMap::new();
    while let Some((line, after)) = line_of(rest) {
        if let Some((name, value)) = line.split_once(':') {
            trailers.insert(name.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
        rest = after;
    }
    trailers
}

fn line_of(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.windows(2).position(|pair| pair == b"\r\n")?;
    Some((std::str::from_utf8(&bytes[..end]).ok()?, &bytes[end + 2..]))
}

/// A reply that is ready to be sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// Headers, `content-length` left to the transport unless the reply is to a HEAD.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// A reply with a body of that type.
    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        Self { status, headers, body: body.into() }
    }

    /// A reply with nothing in it.
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new() }
    }

    /// The same with one more header.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_split_into_host_path_and_query() {
        let whole = Request::new(
            "GET",
            "https://S3.eu-west-1.amazonaws.com:443/b/k%20x?a=1%2B&b",
            [].into_iter(),
            vec![],
        );
        assert_eq!(whole.host, "s3.eu-west-1.amazonaws.com");
        assert_eq!(whole.path, "/b/k%20x");
        assert_eq!(whole.query["a"], "1+");
        assert_eq!(whole.query["b"], "");
        let relative = Request::new("GET", "/?encryption=", [("Host", "127.0.0.1:80")].into_iter(), vec![]);
        assert_eq!((relative.host.as_str(), relative.path.as_str()), ("127.0.0.1", "/"));
        let bare = Request::new("GET", "https://h?x=1", [].into_iter(), vec![]);
        assert_eq!((bare.host.as_str(), bare.path.as_str()), ("h", "/"));
    }

    #[test]
    fn chunked_bodies_lose_their_frame_and_keep_their_trailers() {
        let body =
            b"3;chunk-signature=ab\r\nabc\r\n2\r\nde\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n".to_vec();
        let headers = [("content-encoding", "aws-chunked")];
        let request = Request::new("PUT", "/b/k", headers.into_iter(), body);
        let (payload, trailers) = request.payload().unwrap();
        assert_eq!(payload, b"abcde");
        assert_eq!(trailers["x-amz-checksum-crc32"], "AAAA");
        let broken = Request { body: b"9\r\nabc\r\n".to_vec(), ..request };
        assert!(broken.payload().is_none());
    }

    #[test]
    fn escapes_are_read_and_written() {
        assert_eq!(percent_decode("a%20b%C3%A9%zz%"), "a bé%zz%");
        assert_eq!(percent_encode("dt=2026/a b"), "dt%3D2026/a%20b");
    }
}
