//! An object on S3, whose answers are changed on the way: cut, longer, another's, a page, an error, empty, without end.
//!
//! The law: who reads gets the bytes that were written, or an error, and never "there is none". A write counts as done
//! only where the server has its bytes, and "something is there" is told only where something is. Each ends within a
//! bound of requests.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use atrest::aws::s3_lake::LakeSettings;
use atrest::lake::{Put, Store, StoreError};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body::Frame;
use http_body_util::StreamBody;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::TestRunner;

use crate::answers_law::config;
use crate::lake_bucket::{in_time, store};

/// An object of each kind that a lake has, by its key.
const KEYS: [&str; 5] = [
    "runs/dt=2026-11-21/x-00000.parquet",
    "manifests/x.json",
    "observations/x/1.jsonl.zst",
    "findings/dt=2026-11-21/x-00000.parquet",
    "policies/x",
];

/// Pages and errors that come with status 200.
const PAGES: [&str; 5] = [
    "<html><body>Sign in to the network</body></html>",
    "<!DOCTYPE html>\n<title>Blocked</title>",
    "<?xml version=\"1.0\"?>\n<Error><Code>InternalError</Code><Message>We failed.</Message></Error>",
    "<Error><Code>SlowDown</Code></Error>",
    "\u{feff}\n  <html/>",
];

/// An answer while it is changed.
#[derive(Debug, Clone)]
struct Answer {
    status: u16,
    headers: BTreeMap<&'static str, String>,
    body: Vec<u8>,
    end: End,
}

/// How a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Whole,
    /// The connection breaks.
    Broken,
    /// It does not.
    Never,
}

/// What is done to an answer on its way.
#[derive(Debug, Clone)]
enum Change {
    Cut(Index),
    /// The head says how many bytes are left.
    CutAndTold(Index),
    Longer(Vec<u8>),
    LongerAndTold(Vec<u8>),
    Flipped(Index, u8),
    Emptied,
    EmptiedAndTold,
    /// The connection breaks here.
    Broken(Index),
    /// Without an end, and without a length.
    Endless,
    /// A page, or an error in XML, with status 200; with a tag or without.
    Page(&'static str, bool),
    /// The same with another status.
    PageOf(&'static str, u16),
    /// Without one of its headers.
    Without(&'static str),
    /// With another header.
    With(&'static str, &'static str),
    Status(u16),
    /// There is no answer.
    Lost,
}

fn change() -> impl Strategy<Value = Change> {
    use Change::*;
    let at = any::<Index>;
    let more = || proptest::collection::vec(any::<u8>(), 1..40);
    prop_oneof![
        2 => at().prop_map(Cut),
        2 => at().prop_map(CutAndTold),
        1 => more().prop_map(Longer),
        1 => more().prop_map(LongerAndTold),
        2 => (at(), 0_u8..8).prop_map(|(at, bit)| Flipped(at, bit)),
        1 => Just(Emptied),
        1 => Just(EmptiedAndTold),
        2 => at().prop_map(Broken),
        1 => Just(Endless),
        3 => (select(&PAGES[..]), any::<bool>()).prop_map(|(page, tagged)| Page(page, tagged)),
        2 => (select(&PAGES[..]), select(vec![203_u16, 302, 403, 404, 500, 503])).prop_map(|(page, status)| PageOf(page, status)),
        2 => select(vec!["etag", "content-length", "x-amz-checksum-crc32"]).prop_map(Without),
        2 => select(vec![
            ("content-encoding", "gzip"),
            ("content-range", "bytes 0-3/9"),
            ("x-amz-checksum-crc32", "AAAAAA=="),
            ("x-amz-checksum-crc32", "none"),
            ("content-length", "0"),
            ("etag", "\"another\""),
        ])
        .prop_map(|(name, value)| With(name, value)),
        1 => select(vec![203_u16, 204, 206, 304, 500]).prop_map(Status),
        1 => Just(Lost),
    ]
}

impl Change {
    /// The answer as it comes; none where none does.
    fn apply(&self, answer: &Answer) -> Option<Answer> {
        let mut answer = answer.clone();
        let length = answer.body.len();
        let told = |answer: &mut Answer| {
            let length = answer.body.len().to_string();
            answer.headers.insert("content-length", length);
        };
        match self {
            Self::Cut(at) => answer.body.truncate(at.index(length.max(1))),
            Self::CutAndTold(at) => {
                answer.body.truncate(at.index(length.max(1)));
                told(&mut answer);
            }
            Self::Longer(more) => answer.body.extend(more),
            Self::LongerAndTold(more) => {
                answer.body.extend(more);
                told(&mut answer);
            }
            Self::Flipped(at, bit) => {
                if let Some(byte) = answer.body.get_mut(at.index(length.max(1))) {
                    *byte ^= 1 << bit;
                }
            }
            Self::Emptied => answer.body.clear(),
            Self::EmptiedAndTold => {
                answer.body.clear();
                told(&mut answer);
            }
            Self::Broken(at) => {
                answer.body.truncate(at.index(length.max(1)));
                answer.end = End::Broken;
            }
            Self::Endless => {
                answer.headers.remove("content-length");
                answer.headers.insert("transfer-encoding", "chunked".to_owned());
                answer.end = End::Never;
            }
            Self::Page(page, tagged) => {
                answer.body = page.as_bytes().to_vec();
                answer.headers.clear();
                told(&mut answer);
                answer.status = 200;
                if *tagged {
                    answer.headers.insert("etag", "\"x\"".to_owned());
                }
            }
            Self::PageOf(page, status) => {
                answer.body = page.as_bytes().to_vec();
                told(&mut answer);
                answer.status = *status;
            }
            Self::Without(name) => drop(answer.headers.remove(name)),
            Self::With(name, value) => drop(answer.headers.insert(name, (*value).to_owned())),
            Self::Status(status) => answer.status = *status,
            Self::Lost => return None,
        }
        Some(answer)
    }

    /// Whether what comes may be the very object: only its head is other, and still one that S3 may send.
    fn leaves_bytes(&self) -> bool {
        matches!(self, Self::Without(_) | Self::With(..))
    }
}

/// A server with one object, behind a network that changes some of its answers.
#[derive(Debug, Clone)]
struct Server(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    /// The bytes, and the checksum that came with them.
    object: Option<(Vec<u8>, String)>,
    change: Option<Change>,
    /// How many answers are changed, and how many came.
    changed: usize,
    requests: usize,
    /// Whether a write does its work before its answer is changed.
    works: bool,
}

impl Server {
    fn new(change: Option<Change>, changed: usize, works: bool) -> Self {
        let state = State { object: None, change, changed, requests: 0, works };
        Self(Arc::new(Mutex::new(state)))
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn answer(&self, request: &HttpRequest) -> Option<Answer> {
        let mut state = self.state();
        state.requests += 1;
        let is_changed = state.requests <= state.changed && state.change.is_some();
        let is_write = request.method() == "PUT";
        let change = state.change.clone().filter(|_| is_changed);
        let done = Answer::of(200, Vec::new());
        let instead = change.as_ref().map(|change| change.apply(&done));
        // What S3 says of a write that is done, nobody says of one that is not.
        let says_done = instead.as_ref().is_some_and(|it| it.as_ref().is_some_and(Answer::is_done));
        if let Some(instead) = instead
            && is_write
            && !state.works
            && !says_done
        {
            return instead;
        }
        let honest = if is_write { state.put(request) } else { state.get() };
        change.map_or(Some(honest.clone()), |change| change.apply(&honest))
    }
}

impl State {
    fn put(&mut self, request: &HttpRequest) -> Answer {
        if request.headers().get("if-none-match").is_some() && self.object.is_some() {
            return Answer::refusal(412, "PreconditionFailed");
        }
        let checksum = request.headers().get("x-amz-checksum-crc32").unwrap().to_owned();
        self.object = Some((request.body().bytes().unwrap().to_vec(), checksum));
        Answer::of(200, Vec::new())
    }

    fn get(&self) -> Answer {
        let Some((bytes, checksum)) = &self.object else { return Answer::refusal(404, "NoSuchKey") };
        let mut answer = Answer::of(200, bytes.clone());
        answer.headers.insert("x-amz-checksum-crc32", checksum.clone());
        answer
    }
}

impl Answer {
    fn of(status: u16, body: Vec<u8>) -> Self {
        let length = body.len().to_string();
        let headers = BTreeMap::from([("etag", "\"x\"".to_owned()), ("content-length", length)]);
        Self { status, headers, body, end: End::Whole }
    }

    /// Whether it is S3's answer to a write.
    fn is_done(&self) -> bool {
        let is_tagged = self.headers.get("etag").is_some_and(|tag| !tag.trim().is_empty());
        let is_empty = self.end == End::Whole && self.body.trim_ascii().is_empty();
        (200..300).contains(&self.status) && is_tagged && is_empty
    }

    fn refusal(status: u16, code: &str) -> Self {
        let mut answer =
            Self::of(status, format!("<Error><Code>{code}</Code><Message>m</Message></Error>").into());
        answer.headers.remove("etag");
        answer
    }

    fn sent(self) -> HttpResponse {
        let body = match self.end {
            End::Whole => SdkBody::from(self.body),
            End::Broken => {
                let broken = io::Error::new(io::ErrorKind::UnexpectedEof, "it broke off");
                let parts = [Ok(Frame::data(Bytes::from(self.body))), Err(broken)];
                SdkBody::from_body_1_x(StreamBody::new(futures::stream::iter(parts)))
            }
            End::Never => {
                let part = Bytes::from(vec![b'{'; 64 * 1_024]);
                let parts =
                    futures::stream::repeat_with(move || Ok::<_, io::Error>(Frame::data(part.clone())));
                SdkBody::from_body_1_x(StreamBody::new(parts))
            }
        };
        let mut response = HttpResponse::new(self.status.try_into().unwrap(), body);
        for (name, value) in self.headers {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl HttpConnector for Server {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let lost = || {
            let reset = io::Error::new(io::ErrorKind::ConnectionReset, "connection reset by peer");
            ConnectorError::io(Box::new(reset))
        };
        HttpConnectorFuture::ready(self.answer(&request).map(Answer::sent).ok_or_else(lost))
    }
}

impl HttpClient for Server {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

fn lake(server: &Server) -> impl Store + use<> {
    store("audit-lake", LakeSettings::default(), SharedHttpClient::new(server.clone()))
}

/// A call has six attempts; what is found out about a refusal, and a write that is tried again, have a few more.
const MOST_REQUESTS: usize = 40;

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    // No object of a lake begins as a page does, or is empty.
    proptest::collection::vec(any::<u8>(), 1..300).prop_map(|mut bytes| {
        bytes.insert(0, b'P');
        bytes
    })
}

/// For how many answers the change lasts.
fn lasting() -> impl Strategy<Value = usize> {
    select(vec![1_usize, 2, 4, usize::MAX])
}

#[test]
fn who_reads_an_object_gets_its_bytes_or_an_error() {
    let mut runner = TestRunner::new(config(600, 20_261_160));
    let (read, refused) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(0)));
    let outcome =
        runner.run(&(select(&KEYS[..]), bytes(), change(), lasting()), |(key, bytes, change, lasting)| {
            let server = Server::new(Some(change.clone()), 0, true);
            let lake = lake(&server);
            in_time(lake.put_new(key, &bytes)).unwrap();
            {
                let mut state = server.state();
                (state.changed, state.requests) = (lasting, 0);
            }
            match in_time(lake.get(key)) {
                Ok(found) => {
                    prop_assert_eq!(found.as_deref(), Some(&bytes[..]), "{:?}", change);
                    prop_assert!(
                        lasting < usize::MAX || change.leaves_bytes(),
                        "{:?} is taken for the object",
                        change
                    );
                    *read.lock().unwrap() += 1;
                }
                Err(StoreError { reason, .. }) => {
                    let reason = reason.to_string();
                    prop_assert!(!reason.is_empty() && reason.len() < 2_000, "{}", reason);
                    *refused.lock().unwrap() += 1;
                }
            }
            let requests = server.state().requests;
            prop_assert!(requests <= MOST_REQUESTS, "{} requests: {:?}", requests, change);
            Ok(())
        });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    let (read, refused) = (*read.lock().unwrap(), *refused.lock().unwrap());
    println!("{read} were read, {refused} refused");
    assert!(read > 50 && refused > 50, "{read} {refused}");
}

#[test]
fn a_write_is_done_only_where_the_server_has_its_bytes() {
    let mut runner = TestRunner::new(config(600, 20_261_161));
    let inputs = (select(&KEYS[..]), bytes(), change(), lasting(), any::<bool>(), any::<bool>());
    let outcome = runner.run(&inputs, |(key, bytes, change, lasting, works, only_new)| {
        let server = Server::new(Some(change.clone()), lasting, works);
        let lake = lake(&server);
        let written = match only_new {
            true => in_time(lake.put_new(key, &bytes)),
            false => in_time(lake.replace(key, &bytes)).map(|()| Put::Created),
        };
        let state = server.state();
        let there = state.object.as_ref().map(|(there, _)| there.as_slice());
        match written {
            Ok(Put::Created) => prop_assert_eq!(there, Some(&bytes[..]), "{:?}", change),
            Ok(Put::Exists) => prop_assert!(only_new && there.is_some(), "{:?}", change),
            Err(StoreError { reason, .. }) => {
                let reason = reason.to_string();
                prop_assert!(!reason.is_empty() && reason.len() < 2_000, "{}", reason);
            }
        }
        prop_assert!(state.requests <= MOST_REQUESTS, "{} requests: {:?}", state.requests, change);
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// What an error says of each, in words.
#[test]
fn an_answer_that_is_not_the_object_is_told_as_what_it_is() {
    use Change::{EmptiedAndTold, Longer, LongerAndTold, Page, Status, With, Without};
    for (change, words) in [
        (Page(PAGES[0], true), "the answer is a page or an error, and not the object"),
        (Page(PAGES[0], false), "the answer lacks ETag"),
        (Page(PAGES[2], true), "the answer is a page or an error, and not the object"),
        (Without("etag"), "the answer lacks ETag"),
        (With("content-encoding", "gzip"), "the answer is encoded as gzip"),
        (With("content-range", "bytes 0-3/9"), "the answer has only a part of the object"),
        (Status(206), "the answer has only a part of the object"),
        (Longer(vec![0]), "the number of bytes in the answer is not its Content-Length"),
        (LongerAndTold(vec![0]), "the bytes of the answer do not match its checksum"),
        (EmptiedAndTold, "the bytes of the answer do not match its checksum"),
    ] {
        let server = Server::new(Some(change.clone()), 0, true);
        let lake = lake(&server);
        in_time(lake.put_new("runs/x", b"PAR1")).unwrap();
        {
            let mut state = server.state();
            (state.changed, state.requests) = (usize::MAX, 0);
        }
        let error = in_time(lake.get("runs/x")).unwrap_err().to_string();
        let said = "failed to read s3://audit-lake/census/runs/x: the answer of ";
        assert!(error.starts_with(said) && error.contains(words), "{change:?}: {error}");
    }
    let server = Server::new(Some(Page(PAGES[0], true)), usize::MAX, false);
    let error = in_time(lake(&server).put_new("runs/x", b"PAR1")).unwrap_err().to_string();
    assert!(error.contains("the answer has a body, and S3 sends none: it may be a proxy's page"), "{error}");
}
