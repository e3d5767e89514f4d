//! A lake in a real company's bucket: what goes with every request, and what is made of each refusal.
//!
//! The store and the SDK are the real ones; the server is a few lines that keep what they were sent.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use atrest::aws::environment::{Environment, Tuning};
use atrest::aws::s3_lake::{LakeSettings, S3Store, Sse};
use atrest::clock::FrozenClock;
use atrest::lake::{Put, Store, StoreError, StoreFault};
use atrest::model::Source;
use atrest::sim::{Schedule, Simulator};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::checksum_config::RequestChecksumCalculation;

use crate::support::night::{NOW, region};
use crate::support::worlds::healthy;

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555";
const OWNER: &str = "111122223333";

/// A request as it left.
#[derive(Debug, Clone)]
pub struct Sent {
    method: String,
    uri: String,
    headers: BTreeMap<String, String>,
}

impl Sent {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    fn is_list(&self) -> bool {
        self.uri.contains("list-type=2")
    }
}

/// What the server says: a status, headers and a body.
pub type Said = (u16, Vec<(&'static str, String)>, String);

fn fine(sent: &Sent) -> Said {
    let body = match (sent.is_list(), sent.method.as_str()) {
        (true, _) => "<ListBucketResult><KeyCount>0</KeyCount></ListBucketResult>",
        (false, "GET") => "{}",
        (false, _) => "",
    };
    (200, Vec::new(), body.to_owned())
}

fn refusal(status: u16, code: &str, message: &str) -> Said {
    (status, Vec::new(), format!("<Error><Code>{code}</Code><Message>{message}</Message></Error>"))
}

/// The server, which answers by a function and keeps what it was sent.
#[derive(Clone)]
struct Server {
    answer: Arc<dyn Fn(&Sent) -> Said + Send + Sync>,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Server")
    }
}

impl HttpConnector for Server {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let headers = request.headers().iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let sent = Sent {
            method: request.method().to_owned(),
            uri: request.uri().to_owned(),
            headers: headers.collect(),
        };
        let (status, headers, body) = (self.answer)(&sent);
        // S3 tells both of every object.
        let length = body.len().to_string();
        let usual = [("etag", "\"x\"".to_owned()), ("content-length", length)];
        let headers: Vec<_> = usual.into_iter().chain(headers).collect();
        self.sent.lock().unwrap().push(sent);
        let mut response = HttpResponse::new(status.try_into().unwrap(), SdkBody::from(body));
        for (name, value) in headers {
            response.headers_mut().insert(name, value);
        }
        HttpConnectorFuture::ready(Ok(response))
    }
}

impl HttpClient for Server {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// A lake on a server, and what the server was sent.
pub struct Lake {
    pub store: S3Store,
    server: Server,
}

impl Lake {
    pub fn new(settings: LakeSettings, answer: impl Fn(&Sent) -> Said + Send + Sync + 'static) -> Self {
        Self::at("audit-lake", settings, answer)
    }

    fn at(
        bucket: &str,
        settings: LakeSettings,
        answer: impl Fn(&Sent) -> Said + Send + Sync + 'static,
    ) -> Self {
        let server = Server { answer: Arc::new(answer), sent: Arc::default() };
        let store = store(bucket, settings, SharedHttpClient::new(server.clone()));
        Self { store, server }
    }

    fn sent(&self) -> Vec<Sent> {
        self.server.sent.lock().unwrap().clone()
    }

    /// The error of a write.
    fn refused(&self) -> StoreError {
        in_time(self.store.put_new("runs/x", b"row")).unwrap_err()
    }
}

/// A lake's store over a network of the test's own.
pub fn store(bucket: &str, settings: LakeSettings, network: SharedHttpClient) -> S3Store {
    let home = region("eu-west-1");
    let clock = Arc::new(FrozenClock(NOW));
    let simulator = Arc::new(Simulator::new(healthy().world, Schedule::default(), clock.clone()));
    let base = simulator.configuration(&home).to_builder();
    let base = base.http_client(network);
    // As AWS_REQUEST_CHECKSUM_CALCULATION=when_required, which many set for older servers.
    let base = base.request_checksum_calculation(RequestChecksumCalculation::WhenRequired).build();
    let aws = Environment::new(&base, clock, Tuning::default(), Source::Aws, home.clone(), 1);
    S3Store::new(bucket, "census", settings, aws.factory.clone(), Arc::clone(&aws.door), home)
}

pub fn in_time<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.unwrap().block_on(future)
}

pub fn owned() -> LakeSettings {
    LakeSettings { owner: Some(OWNER.parse().unwrap()), ..LakeSettings::default() }
}

#[test]
fn every_request_demands_the_owner_and_a_write_the_encryption() {
    let settings = LakeSettings { sse: Some(Sse::Kms), kms_key: Some(KEY.to_owned()), ..owned() };
    let lake = Lake::new(settings, fine);
    in_time(async {
        lake.store.list("runs/").await.unwrap();
        lake.store.get("manifests/x.json").await.unwrap();
        assert_eq!(lake.store.put_new("runs/x", b"row").await.unwrap(), Put::Created);
        lake.store.replace("observations/x", b"log").await.unwrap();
    });
    let sent = lake.sent();
    assert_eq!(sent.len(), 4, "no call more than there are requests: {sent:?}");
    for request in &sent {
        assert_eq!(request.header("x-amz-expected-bucket-owner"), Some(OWNER), "{request:?}");
        let is_write = request.method == "PUT";
        let encryption = request.header("x-amz-server-side-encryption");
        assert_eq!(encryption, is_write.then_some("aws:kms"), "{request:?}");
        let key = request.header("x-amz-server-side-encryption-aws-kms-key-id");
        assert_eq!(key, is_write.then_some(KEY), "{request:?}");
        // What a bucket with a default retention asks of each object.
        assert_eq!(request.header("x-amz-checksum-crc32").is_some(), is_write, "{request:?}");
    }
    assert_eq!(sent[2].header("if-none-match"), Some("*"));
    assert_eq!(sent[3].header("if-none-match"), None);
}

#[test]
fn without_settings_a_request_is_as_it_was() {
    let lake = Lake::new(LakeSettings::default(), fine);
    in_time(lake.store.put_new("runs/x", b"row")).unwrap();
    let sent = &lake.sent()[0];
    let ours = ["x-amz-expected-bucket-owner", "x-amz-server-side-encryption", "x-amz-request-payer"];
    assert!(ours.iter().all(|name| sent.header(name).is_none()), "{sent:?}");
}

/// An archived object cannot be read, and so not be told by its bytes: it is replaced by its tag, or not at all.
#[test]
fn an_archived_object_is_replaced_where_it_is_still_the_same() {
    let archived =
        || refusal(403, "InvalidObjectState", "The operation is not valid for the object's storage class");
    let answer = move |is_archived: bool, written: u16| {
        move |sent: &Sent| match (sent.is_list(), sent.method.as_str()) {
            (true, _) => {
                let object = "<Contents><Key>census/observations/x</Key><ETag>\"t\"</ETag></Contents>";
                (
                    200,
                    Vec::new(),
                    format!("<ListBucketResult><KeyCount>1</KeyCount>{object}</ListBucketResult>"),
                )
            }
            (_, "GET") if is_archived => archived(),
            (_, "GET") => (200, Vec::new(), "sealed".to_owned()),
            _ if written == 412 => refusal(412, "PreconditionFailed", "x"),
            _ if written == 404 => refusal(404, "NoSuchKey", "x"),
            _ => (200, Vec::new(), String::new()),
        }
    };
    for (is_archived, written, put) in [
        (true, 200, Put::Created),
        // Another one replaced it, or took it away.
        (true, 412, Put::Exists),
        (true, 404, Put::Exists),
        (false, 200, Put::Exists),
    ] {
        let lake = Lake::new(owned(), answer(is_archived, written));
        let replaced = in_time(lake.store.replace_archived("observations/x", b"log")).unwrap();
        assert_eq!(replaced, put, "{is_archived} {written}");
        let sent = lake.sent();
        let writes: Vec<_> = sent.iter().filter(|sent| sent.method == "PUT").collect();
        assert_eq!(writes.len(), usize::from(is_archived), "{sent:?}");
        assert!(writes.iter().all(|sent| sent.header("if-match") == Some("\"t\"")), "{sent:?}");
    }
}

/// The policy that atrest ships, asked by the names of the headers that it sends.
#[test]
fn our_own_policy_lets_our_own_writes_through() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/policies/deny-other-encryption.json");
    let policy: serde_json::Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let statements = policy["Statement"].as_array().unwrap().clone();
    let denies = move |sent: &Sent| {
        statements.iter().any(|statement| {
            let (operator, keys) = statement["Condition"].as_object().unwrap().iter().next().unwrap();
            let (key, wanted) = keys.as_object().unwrap().iter().next().unwrap();
            let found = sent.header(key.strip_prefix("s3:").unwrap());
            match operator.as_str() {
                "StringNotEquals" => found != wanted.as_str(),
                "Null" => found.is_none() == (wanted == "true"),
                other => panic!("{other}"),
            }
        })
    };
    let answer = move |sent: &Sent| match sent.method == "PUT" && denies(sent) {
        true => refusal(
            403,
            "AccessDenied",
            "User: x is not authorized to perform: s3:PutObject on resource: \"arn:aws:s3:::audit-lake/x\" with an \
             explicit deny in a resource-based policy",
        ),
        false => fine(sent),
    };
    let kms = LakeSettings { sse: Some(Sse::Kms), ..owned() };
    for (settings, passes) in [
        (owned(), false),
        (kms.clone(), true),
        (LakeSettings { kms_key: Some(KEY.to_owned()), ..owned() }, true),
        (LakeSettings { sse: Some(Sse::S3), ..owned() }, false),
    ] {
        let lake = Lake::new(settings.clone(), answer.clone());
        let written = in_time(lake.store.put_new("runs/x", b"row"));
        assert_eq!(written.is_ok(), passes, "{settings:?}");
        if let Err(error) = written {
            assert!(error.by_user && error.to_string().contains("the bucket policy denies it"), "{error}");
            let hint = if settings.sse.is_none() {
                "give --lake-sse"
            } else {
                "another encryption header than AES256"
            };
            assert!(error.to_string().contains(hint), "{error}");
        }
    }
}

#[test]
fn another_server_is_asked_by_its_url_and_a_lake_on_aws_by_its_region() {
    let there = LakeSettings { endpoint: Some("http://minio.example.com:9000".to_owned()), ..owned() };
    let lake = Lake::new(there, fine);
    in_time(lake.store.list("runs/")).unwrap();
    let uri = &lake.sent()[0].uri;
    assert!(
        uri.starts_with("http://minio.example.com:9000/audit-lake?")
            || uri.starts_with("http://minio.example.com:9000/audit-lake/?"),
        "{uri}"
    );
    let lake = Lake::new(owned(), fine);
    in_time(lake.store.list("runs/")).unwrap();
    assert!(
        lake.sent()[0].uri.starts_with("https://s3.eu-west-1.amazonaws.com/audit-lake"),
        "{:?}",
        lake.sent()
    );
    // An access point has a host name of its own, whatever the style of buckets is.
    let lake = Lake::at("census-a1b2c3-s3alias", owned(), fine);
    in_time(lake.store.list("runs/")).unwrap();
    let uri = &lake.sent()[0].uri;
    assert!(uri.starts_with("https://census-a1b2c3-s3alias.s3.eu-west-1.amazonaws.com/"), "{uri}");
}

#[test]
fn another_accounts_bucket_and_one_that_lets_requesters_pay_are_told() {
    let bare = || refusal(403, "AccessDenied", "Access Denied");
    let stranger = move |sent: &Sent| match sent.header("x-amz-expected-bucket-owner") {
        Some(_) => bare(),
        None => fine(sent),
    };
    let lake = Lake::new(owned(), stranger);
    for error in [lake.refused(), in_time(lake.store.list("runs/")).unwrap_err()] {
        assert!(
            error.by_user && error.to_string().contains(&format!("does not belong to account {OWNER}")),
            "{error}"
        );
        assert!(error.to_string().contains("--lake-owner"), "{error}");
    }
    assert!(
        lake.sent().iter().all(|sent| sent.is_list() || sent.header("x-amz-expected-bucket-owner").is_some())
    );

    let paid = move |sent: &Sent| match sent.header("x-amz-request-payer") {
        Some("requester") => fine(sent),
        _ => bare(),
    };
    let error = Lake::new(owned(), paid).refused();
    assert!(error.by_user && error.to_string().contains("makes the requester pay"), "{error}");

    // Both at once: each alone is refused.
    let both = move |sent: &Sent| match sent.header("x-amz-expected-bucket-owner") {
        Some(_) => bare(),
        None => paid(sent),
    };
    let error = Lake::new(owned(), both).refused();
    let told = error.to_string();
    assert!(error.by_user && told.contains(&format!("does not belong to account {OWNER}")), "{told}");
    assert!(told.contains("--lake-owner") && told.contains("makes the requester pay"), "{told}");
    // Where no owner is demanded, who pays is found out all the same.
    let error = Lake::new(LakeSettings::default(), paid).refused();
    assert!(error.by_user && error.to_string().contains("makes the requester pay"), "{error}");

    // A denial that says what denied is not asked about.
    let denied = Lake::new(owned(), |_| {
        refusal(403, "AccessDenied", "User: x is not authorized to perform: s3:PutObject")
    });
    assert!(denied.refused().to_string().contains("`atrest iam --role lake`"));
    assert_eq!(denied.sent().len(), 1);
}

#[test]
fn a_bucket_in_another_region_is_followed_or_told() {
    let elsewhere = |sent: &Sent| match sent.header("authorization").unwrap().contains("/eu-central-1/s3/") {
        true => fine(sent),
        false => {
            let (status, _, body) = refusal(301, "PermanentRedirect", "x");
            (status, vec![("x-amz-bucket-region", "eu-central-1".to_owned())], body)
        }
    };
    let lake = Lake::new(owned(), elsewhere);
    assert_eq!(in_time(lake.store.put_new("runs/x", b"row")).unwrap(), Put::Created);
    for (endpoint, words) in [
        (None, "set AWS_REGION"),
        (Some("https://s3.eu-west-1.amazonaws.com"), "give --lake-endpoint of the bucket's Region"),
    ] {
        let settings = LakeSettings { endpoint: endpoint.map(str::to_owned), ..owned() };
        let error = Lake::new(settings, |_| refusal(301, "PermanentRedirect", "x")).refused();
        assert!(error.by_user && error.to_string().contains(words), "{error}");
    }
}

/// A request to a lake's store.
type Try = fn(&S3Store) -> Result<(), StoreError>;

/// Two Regions that each send to the other: the redirects are followed a few times, and then told.
#[test]
fn redirects_without_end_end() {
    let other = |sent: &Sent| {
        let is_home = sent.header("authorization").unwrap().contains("/eu-west-1/s3/");
        let (status, _, body) = refusal(301, "PermanentRedirect", "x");
        let region = if is_home { "eu-central-1" } else { "eu-west-1" };
        (status, vec![("x-amz-bucket-region", region.to_owned())], body)
    };
    let tries: [(&str, Try); 3] = [
        ("GET", |store| in_time(store.get("runs/x")).map(|_| ())),
        ("GET", |store| in_time(store.list("runs/")).map(|_| ())),
        ("PUT", |store| in_time(store.put_new("runs/x", b"row")).map(|_| ())),
    ];
    for (method, attempt) in tries {
        let lake = Lake::new(owned(), other);
        let error = attempt(&lake.store).unwrap_err();
        assert!(error.by_user && error.to_string().contains("the bucket is in another Region"), "{error}");
        let sent = lake.sent().iter().filter(|sent| sent.method == method).count();
        assert!((2..=6).contains(&sent), "{method}: {sent}");
    }
}

#[test]
fn a_list_that_is_none_is_told_with_what_it_lacks() {
    let empty =
        |_: &Sent| (200, Vec::new(), "<ListBucketResult><Name>b</Name></ListBucketResult>".to_owned());
    let error = in_time(Lake::new(owned(), empty).store.list("runs/")).unwrap_err();
    let said = "the answer of s3.eu-west-1.amazonaws.com to s3:ListObjectsV2 is not a valid answer of the S3 API: the answer \
                lacks KeyCount and Contents";
    assert!(error.reason.as_str().contains(said), "{error}");
}

#[test]
fn each_refusal_has_its_sentence_and_says_who_corrects_it() {
    let kms = "User: x is not authorized to perform: kms:GenerateDataKey on resource: y because no resource-based \
               policy allows the kms:GenerateDataKey action";
    let lock = "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters";
    for (status, code, message, by_user, fault, words) in [
        (403, "AccessDenied", kms, true, StoreFault::Denied, "KMS denied it"),
        (400, "KMS.DisabledException", "k is disabled.", true, StoreFault::Denied, "is disabled: enable it"),
        (
            400,
            "KMS.NotFoundException",
            "no k",
            true,
            StoreFault::Denied,
            "does not exist in this Region and account",
        ),
        (
            400,
            "KMS.KMSInvalidStateException",
            "k is pending deletion.",
            true,
            StoreFault::Denied,
            "cancel its deletion",
        ),
        (
            400,
            "KMS.InvalidKeyUsageException",
            "k",
            true,
            StoreFault::Denied,
            "not a symmetric encryption key",
        ),
        (404, "NoSuchBucket", "no", true, StoreFault::Other, "create the bucket first"),
        (400, "InvalidRequest", lock, true, StoreFault::Other, "default retention (Object Lock)"),
        (403, "InvalidObjectState", "archived", true, StoreFault::Archived, "restore it"),
        (403, "QuotaExceeded", "full", true, StoreFault::Other, "the lake's storage is full"),
        (
            400,
            "XMinioAdminBucketQuotaExceeded",
            "full",
            true,
            StoreFault::Other,
            "the lake's storage is full",
        ),
        (507, "XMinioStorageFull", "full", true, StoreFault::Other, "the lake's storage is full"),
        (501, "NotImplemented", "no", true, StoreFault::Other, "PutObject with If-None-Match"),
        (400, "ExpiredToken", "expired", true, StoreFault::Caller, "renew the credentials"),
        (
            409,
            "ConditionalRequestConflict",
            "The conditional request cannot succeed.",
            false,
            StoreFault::Other,
            "wait until it has ended; then start the same run again",
        ),
        (
            500,
            "InternalError",
            "We encountered an internal error.",
            false,
            StoreFault::Unanswered,
            "S3 answered InternalError",
        ),
        (400, "CodeOfTheFuture", "new", false, StoreFault::Other, "S3 answered CodeOfTheFuture: new"),
    ] {
        let error = Lake::new(owned(), move |_| refusal(status, code, message)).refused();
        assert_eq!((error.by_user, error.fault), (by_user, fault), "{error}");
        assert!(error.reason.as_str().starts_with(&format!("S3 answered {code}: ")), "{error}");
        assert!(error.to_string().contains(words), "{error}");
        assert_eq!(error.uri, "s3://audit-lake/census/runs/x");
    }
}

#[test]
fn an_encryption_that_the_server_does_not_have_is_the_callers_to_correct() {
    let sse = LakeSettings { sse: Some(Sse::Dsse), ..owned() };
    for (status, code, message) in [
        (400, "InvalidArgument", "The encryption method specified is not supported"),
        (501, "NotImplemented", "Server side encryption specified but KMS is not configured"),
    ] {
        let asked = Lake::new(sse.clone(), move |_| refusal(status, code, message)).refused();
        assert!(
            asked.by_user && asked.to_string().contains("correct --lake-sse and --lake-kms-key"),
            "{asked}"
        );
        let plain = Lake::new(owned(), move |_| refusal(status, code, message)).refused();
        assert!(!plain.to_string().contains("--lake-sse"), "{plain}");
    }
}
