//! The wire between the SDK and the simulator, where an answer can be noted and put in another's place.
//!
//! A request is known by its operation, whose session sends it, and what it asks: the same each night, whatever
//! the order of a night's sessions is.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;

/// An answer as it came: the API's operation, the status and the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub operation: String,
    pub status: u16,
    pub body: String,
}

/// An answer to be sent in another's place; what is not told here stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    pub status: Option<u16>,
    pub content_type: Option<String>,
    pub body: Vec<u8>,
}

impl Reply {
    /// The usual answer with this body.
    pub fn with(body: impl Into<Vec<u8>>) -> Self {
        Self { status: None, content_type: None, body: body.into() }
    }
}

/// What is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The API's operation.
    pub operation: String,
    /// The account in whose session it is asked; `caller` for the caller's own credentials.
    pub session: String,
    pub url: String,
    pub body: String,
}

impl Asked {
    /// A name that the same request has each time.
    pub fn name(&self) -> String {
        let Self { operation, session, url, body } = self;
        format!("{operation} {session} {url} {body}")
    }
}

/// Gives an answer in the place of the simulator's, or none.
type Responder = Arc<dyn Fn(&Asked) -> Option<Reply> + Send + Sync>;

/// Notes every answer by its request, and puts others in their places.
#[derive(Clone, Default)]
pub struct Wire {
    answers: Arc<Mutex<BTreeMap<String, Answer>>>,
    /// The accounts of the sessions that STS gave, by their access key ids.
    sessions: Arc<Mutex<BTreeMap<String, String>>>,
    responder: Option<Responder>,
    /// What every answer has for its request id.
    request_id: Option<String>,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").finish_non_exhaustive()
    }
}

impl Wire {
    /// A wire on which every answer to this request has this body.
    pub fn changing(request: &str, body: String) -> Self {
        Self::replacing(BTreeMap::from([(request.to_owned(), Reply::with(body))]))
    }

    /// A wire on which every answer to each of these requests is that one.
    pub fn replacing(replies: BTreeMap<String, Reply>) -> Self {
        Self::answering(move |asked| replies.get(&asked.name()).cloned())
    }

    /// A wire on which this answers first.
    pub fn answering(responder: impl Fn(&Asked) -> Option<Reply> + Send + Sync + 'static) -> Self {
        Self { responder: Some(Arc::new(responder)), ..Self::default() }
    }

    /// A wire on which every answer has this request id.
    pub fn with_request_id(id: &str) -> Self {
        Self { request_id: Some(id.to_owned()), ..Self::default() }
    }

    /// The answers so far, by their requests.
    pub fn answers(&self) -> BTreeMap<String, Answer> {
        self.answers.lock().expect("no other thread").clone()
    }

    /// The client that goes over this wire.
    pub fn over(&self, inner: SharedHttpClient) -> SharedHttpClient {
        SharedHttpClient::new(Over { wire: self.clone(), inner })
    }

    fn note(&self, asked: &Asked, status: u16, body: &str) {
        if asked.operation == "AssumeRole"
            && let (Some(key), Some(arn)) = (element(body, "AccessKeyId"), element(body, "Arn"))
        {
            let account = arn.split(':').nth(4).unwrap_or_default();
            self.sessions.lock().expect("no other thread").insert(key.to_owned(), account.to_owned());
        }
        let answer = Answer { operation: asked.operation.clone(), status, body: body.to_owned() };
        self.answers.lock().expect("no other thread").entry(asked.name()).or_insert(answer);
    }

    fn asked(&self, request: &HttpRequest) -> Asked {
        let signed = request.headers().get("authorization").unwrap_or_default();
        let key = signed.split("Credential=").nth(1).and_then(|rest| rest.split('/').next());
        let session = self.sessions.lock().expect("no other thread").get(key.unwrap_or_default()).cloned();
        let body = request.body().bytes().map(|it| String::from_utf8_lossy(it).into_owned());
        Asked {
            operation: operation_of(request),
            session: session.unwrap_or_else(|| "caller".to_owned()),
            url: request.uri().to_owned(),
            body: body.unwrap_or_default(),
        }
    }
}

fn element<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = body.split_once(&format!("<{name}>"))?;
    rest.split('<').next()
}

#[derive(Debug, Clone)]
struct Over<C> {
    wire: Wire,
    inner: C,
}

impl HttpClient for Over<SharedHttpClient> {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Over { wire: self.wire.clone(), inner })
    }
}

impl HttpConnector for Over<SharedHttpConnector> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let asked = self.wire.asked(&request);
        let (wire, answer) = (self.wire.clone(), self.inner.call(request));
        HttpConnectorFuture::new(async move {
            let mut response = answer.await?;
            for name in ["x-amz-request-id", "x-amzn-requestid"] {
                if let Some(id) = &wire.request_id {
                    response.headers_mut().insert(name, id.clone());
                }
            }
            let Some(body) = response.body().bytes().map(|it| String::from_utf8_lossy(it).into_owned())
            else {
                return Ok(response);
            };
            wire.note(&asked, response.status().as_u16(), &body);
            let reply = wire.responder.as_ref().and_then(|responder| responder(&asked));
            Ok(match reply {
                Some(reply) => replaced(&response, reply),
                None => response,
            })
        })
    }
}

fn replaced(response: &HttpResponse, reply: Reply) -> HttpResponse {
    let status = reply.status.and_then(|status| status.try_into().ok()).unwrap_or(response.status());
    let length = reply.body.len().to_string();
    let mut changed = HttpResponse::new(status, SdkBody::from(reply.body));
    for (name, value) in response.headers() {
        changed.headers_mut().append(name.to_owned(), value.to_owned());
    }
    changed.headers_mut().insert("content-length", length);
    if let Some(content_type) = reply.content_type {
        changed.headers_mut().insert("content-type", content_type);
    }
    changed
}

/// Which of the API's operations a request is.
fn operation_of(request: &HttpRequest) -> String {
    let header = |name: &str| request.headers().get(name).unwrap_or_default();
    let body = request.body().bytes().map(|it| String::from_utf8_lossy(it).into_owned()).unwrap_or_default();
    let path = request.uri().splitn(4, '/').nth(3).unwrap_or_default();
    let of_s3 = || match path.split_once('?').map_or("", |(_, query)| query) {
        query if query.contains("encryption") => "GetBucketEncryption",
        query if query.contains("policy") => "GetBucketPolicy",
        query if query.contains("location") => "GetBucketLocation",
        query if query.contains("list-type=2") => "ListObjectsV2",
        _ if path.split('?').next().is_some_and(|path| path.contains('/')) => match request.method() {
            "PUT" => "PutObject",
            _ => "GetObject",
        },
        _ => "ListBuckets",
    };
    let target = header("x-amz-target").rsplit('.').next().unwrap_or_default();
    let action = body.strip_prefix("Action=").and_then(|rest| rest.split('&').next());
    match (target, action, path) {
        ("", Some(action), _) => action,
        ("", None, "listRegions") => "ListRegions",
        ("", None, _) => of_s3(),
        (target, ..) => target,
    }
    .to_owned()
}
