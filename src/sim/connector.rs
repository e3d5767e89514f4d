//! The simulator as the SDK's HTTP connector.
//!
//! Latency is slept on tokio's clock: nothing on a paused one, and real on a running one.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::retry::ErrorKind;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Bytes, Frame, SizeHint};

use super::message::{Reply, Request};
use super::simulator::{Ending, Simulator};

/// The connector, and the client that makes it.
#[derive(Debug, Clone)]
pub(super) struct Connector {
    simulator: Arc<Simulator>,
    read_timeout: Option<Duration>,
}

impl Connector {
    pub fn new(simulator: Arc<Simulator>) -> Self {
        Self { simulator, read_timeout: None }
    }

    async fn answer(self, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let request = read(request).await?;
        let answer = self.simulator.handle(&request);
        let wait = answer.latency + answer.delay;
        if let Some(patience) = self.read_timeout.filter(|patience| *patience < wait) {
            tokio::time::sleep(patience).await;
            return Err(ConnectorError::timeout("read timeout".into()));
        }
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        match answer.ending {
            Ending::Reply(reply) => respond(&reply, SdkBody::from(reply.body.clone())),
            Ending::Cut(reply, kept) => {
                let body =
                    CutBody { rest: Some(reply.body[..kept].to_vec().into()), whole: reply.body.len() };
                respond(&reply, SdkBody::from_body_1_x(body))
            }
            Ending::Reset => Err(broken(io::ErrorKind::ConnectionReset, "connection reset by peer")),
            Ending::Silence => Err(closed()),
        }
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::new(self.clone().answer(request))
    }
}

impl HttpClient for Connector {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(Self { read_timeout: settings.read_timeout(), ..self.clone() })
    }
}

async fn read(request: HttpRequest) -> Result<Request, ConnectorError> {
    let (method, uri) = (request.method().to_owned(), request.uri().to_owned());
    let parts = request.into_parts();
    let body = parts.body.collect().await.map_err(ConnectorError::user)?.to_bytes();
    Ok(Request::new(&method, &uri, parts.headers.iter(), body.to_vec()))
}

fn respond(reply: &Reply, body: SdkBody) -> Result<HttpResponse, ConnectorError> {
    let status = reply.status.try_into().map_err(|error| ConnectorError::other(Box::new(error), None))?;
    let mut response = HttpResponse::new(status, body);
    for (name, value) in &reply.headers {
        response.headers_mut().append(name.clone(), value.clone());
    }
    if !reply.headers.iter().any(|(name, _)| name == "content-length") {
        response.headers_mut().insert("content-length", reply.body.len().to_string());
    }
    Ok(response)
}

fn broken(kind: io::ErrorKind, what: &'static str) -> ConnectorError {
    ConnectorError::io(Box::new(io::Error::new(kind, what)))
}

/// What the SDK's own client makes of a connection that closes before an answer: not an I/O error,
/// but hyper's incomplete message (aws-smithy-http-client 1.5.2, `downcast_error`).
fn closed() -> ConnectorError {
    let source = io::Error::new(io::ErrorKind::UnexpectedEof, "connection closed before message completed");
    ConnectorError::other(Box::new(source), Some(ErrorKind::TransientError))
}

/// A body that promises more than it holds.
#[derive(Debug)]
pub(super) struct CutBody {
    rest: Option<Bytes>,
    whole: usize,
}

impl CutBody {
    /// The first `kept` bytes of a body.
    pub fn of(body: &[u8], kept: usize) -> Self {
        Self { rest: Some(Bytes::copy_from_slice(&body[..kept])), whole: body.len() }
    }
}

impl Body for CutBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(Some(match self.rest.take() {
            Some(bytes) => Ok(Frame::data(bytes)),
            None => Err(io::Error::new(io::ErrorKind::UnexpectedEof, "connection closed inside a body")),
        }))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.whole as u64)
    }
}
