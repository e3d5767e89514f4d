//! The wire between the SDK and the simulator, where an answer can be noted and put in another's place.

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

/// Notes every answer by its request, and gives another body to those of one request.
#[derive(Clone, Default)]
pub struct Wire {
    answers: Arc<Mutex<BTreeMap<String, Answer>>>,
    changed: Option<(String, String)>,
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").field("changed", &self.changed).finish_non_exhaustive()
    }
}

impl Wire {
    /// A wire on which every answer to this request has this body.
    pub fn changing(request: &str, body: String) -> Self {
        Self { answers: Arc::default(), changed: Some((request.to_owned(), body)) }
    }

    /// The answers so far, by their requests.
    pub fn answers(&self) -> BTreeMap<String, Answer> {
        self.answers.lock().expect("no other thread").clone()
    }

    /// The client that goes over this wire.
    pub fn over(&self, inner: SharedHttpClient) -> SharedHttpClient {
        SharedHttpClient::new(Over { wire: self.clone(), inner })
    }
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
        let (operation, name) = named(&request);
        let (wire, answer) = (self.wire.clone(), self.inner.call(request));
        HttpConnectorFuture::new(async move {
            let response = answer.await?;
            let Some(body) = response.body().bytes().map(|it| String::from_utf8_lossy(it).into_owned())
            else {
                return Ok(response);
            };
            let status = response.status().as_u16();
            wire.answers.lock().expect("no other thread").entry(name.clone()).or_insert(Answer {
                operation,
                status,
                body,
            });
            Ok(match wire.changed {
                Some((changed, body)) if changed == name => with_body(response, body),
                _ => response,
            })
        })
    }
}

fn with_body(response: HttpResponse, body: String) -> HttpResponse {
    let mut changed = HttpResponse::new(response.status(), SdkBody::from(body.clone()));
    for (name, value) in response.headers() {
        changed.headers_mut().append(name.to_owned(), value.to_owned());
    }
    changed.headers_mut().insert("content-length", body.len().to_string());
    changed
}

/// A request's operation, and a name that the same request has each time: by whom, where, and what of.
fn named(request: &HttpRequest) -> (String, String) {
    let header = |name: &str| request.headers().get(name).unwrap_or_default();
    let body = request.body().bytes().map(|it| String::from_utf8_lossy(it).into_owned()).unwrap_or_default();
    let path = request.uri().splitn(4, '/').nth(3).unwrap_or_default();
    let of_s3 = || match path.split_once('?').map_or("", |(_, query)| query) {
        query if query.contains("encryption") => "GetBucketEncryption",
        query if query.contains("policy") => "GetBucketPolicy",
        query if query.contains("location") => "GetBucketLocation",
        _ => "ListBuckets",
    };
    let target = header("x-amz-target").rsplit('.').next().unwrap_or_default();
    let action = body.strip_prefix("Action=").and_then(|rest| rest.split('&').next());
    let operation = match (target, action, path) {
        ("", Some(action), _) => action,
        ("", None, "listRegions") => "ListRegions",
        ("", None, _) => of_s3(),
        (target, ..) => target,
    };
    let signed = header("authorization").split("Credential=").nth(1).unwrap_or_default();
    let who = signed.split('/').next().unwrap_or_default();
    (operation.to_owned(), format!("{operation} {who} {} {body}", request.uri()))
}
