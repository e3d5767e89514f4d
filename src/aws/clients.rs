//! SDK clients: built per account and Region, never per call, over one shared HTTP client.
//!
//! Retries and the identity cache of the SDK are off, because the door and the session do both;
//! time comes from the injected clock, so that a frozen run signs the same requests.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use aws_config::identity::IdentityCache;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_s3::config::{ConfigBag, Intercept, RequestChecksumCalculation, RuntimeComponents};
use aws_smithy_async::time::TimeSource;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::{
    AfterDeserializationInterceptorContextRef, BeforeDeserializationInterceptorContextMut,
    BeforeDeserializationInterceptorContextRef, BeforeSerializationInterceptorContextRef,
    BeforeTransmitInterceptorContextRef,
};
use aws_smithy_types::config_bag::{Storable, StoreReplace};
use aws_types::endpoint_config::{UseDualStack, UseFips};
use aws_types::service_config::ServiceConfigKey;

use super::answer;
use super::dates::Dates;
use super::endpoint::Endpoint;
use super::provider::Usable;
use super::secrets::Secrets;
use super::session::{RoleAssumer, Session, SessionCredentials};
use super::variant::{Variants, Wish, Wishes};
use crate::clock::SharedClock;
use crate::model::Region;

/// How S3 buckets are addressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum S3Addressing {
    /// `https://s3.<region>…/<bucket>`: one warm connection pool serves all buckets of a Region.
    #[default]
    Path,
    /// `https://<bucket>.s3.<region>…`: a look-up and a handshake a bucket.
    Virtual,
}

/// The configuration that every client is made from.
#[derive(Debug, Clone)]
pub struct ClientFactory {
    base: SdkConfig,
    addressing: S3Addressing,
    clock: SharedClock,
    dates: Dates,
    variants: Arc<Variants>,
}

/// A client and the host that it talks to.
#[derive(Debug, Clone)]
pub struct Client<C> {
    /// The SDK's client.
    pub sdk: C,
    /// Its host, once it has sent a request.
    pub endpoint: Endpoint,
}

impl ClientFactory {
    /// Takes the environment's configuration and turns off what the door does itself.
    pub fn new(
        base: &SdkConfig,
        addressing: S3Addressing,
        wishes: Wishes,
        clock: SharedClock,
        secrets: Secrets,
    ) -> Self {
        let wishes = Wishes {
            fips: wishes.fips.or(base.use_fips().filter(|wanted| *wanted).map(|_| Wish::Require)),
            dual_stack: wishes.dual_stack.or(base.use_dual_stack().filter(|it| *it).map(|_| Wish::Require)),
        };
        let mut builder = base.to_builder();
        builder.set_credentials_provider(
            base.credentials_provider()
                .map(|given| SharedCredentialsProvider::new(Usable::new(given, secrets))),
        );
        let base = builder
            .app_name(AppName::new("atrest").expect("the name has only letters"))
            .retry_config(RetryConfig::disabled())
            // The door times each attempt; the SDK's connect time-out stays.
            .timeout_config(TimeoutConfig::builder().connect_timeout(super::CONNECT_TIMEOUT).build())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .time_source(ClockTime(SharedClock::clone(&clock)))
            .build();
        Self { base, addressing, clock, dates: Dates::default(), variants: Arc::new(Variants::new(wishes)) }
    }

    /// The same for clients whose answers' dates are noted apart.
    #[must_use]
    pub fn noting(&self, dates: &Dates) -> Self {
        Self { dates: dates.clone(), ..self.clone() }
    }

    /// The dates of the answers so far.
    pub fn dates(&self) -> &Dates {
        &self.dates
    }

    fn probe(&self, service: &'static str, region: &Region) -> (Endpoint, Probe) {
        let endpoint = Endpoint::new(service, region, &self.variants);
        let (clock, dates) = (SharedClock::clone(&self.clock), self.dates.clone());
        (endpoint.clone(), Probe { endpoint, clock, dates })
    }

    /// The Region of the caller's configuration.
    pub fn home(&self) -> Option<&str> {
        self.base.region().map(AsRef::as_ref)
    }

    /// The server that a service's clients ask in the place of AWS's own, where the configuration names one.
    pub fn server(&self, service: &str) -> Option<String> {
        let of_service = self.base.service_config().and_then(|config| {
            let key = ServiceConfigKey::builder().service_id(service);
            config.load_config(key.env("AWS_ENDPOINT_URL").profile("endpoint_url").build().ok()?)
        });
        of_service.or_else(|| self.base.endpoint_url().map(str::to_owned))
    }

    /// The caller's own credentials.
    pub fn caller_credentials(&self) -> Option<SharedCredentialsProvider> {
        self.base.credentials_provider()
    }

    fn config(&self, region: &Region, session: Option<&SessionCredentials>) -> SdkConfig {
        let region = aws_config::Region::new(region.as_str().to_owned());
        let builder = self.base.to_builder().region(region);
        match session {
            None => builder.build(),
            Some(credentials) => builder
                .credentials_provider(SharedCredentialsProvider::new(credentials.clone()))
                .identity_cache(IdentityCache::no_cache())
                .build(),
        }
    }

    /// A client of AWS Organizations, with the caller's credentials.
    pub fn organizations(&self, region: &Region) -> Client<aws_sdk_organizations::Client> {
        let (endpoint, probe) = self.probe("organizations", region);
        let config = aws_sdk_organizations::config::Builder::from(&self.config(region, None));
        let sdk = aws_sdk_organizations::Client::from_conf(config.interceptor(probe).build());
        Client { sdk, endpoint }
    }

    /// A client of the Region's own STS endpoint.
    pub fn sts(&self, region: &Region, session: Option<&SessionCredentials>) -> Client<aws_sdk_sts::Client> {
        let (endpoint, probe) = self.probe("sts", region);
        let config = aws_sdk_sts::config::Builder::from(&self.config(region, session));
        Client { sdk: aws_sdk_sts::Client::from_conf(config.interceptor(probe).build()), endpoint }
    }

    /// A client of AWS Account Management.
    pub fn account(
        &self,
        region: &Region,
        session: Option<&SessionCredentials>,
    ) -> Client<aws_sdk_account::Client> {
        let (endpoint, probe) = self.probe("account", region);
        let config = aws_sdk_account::config::Builder::from(&self.config(region, session));
        Client { sdk: aws_sdk_account::Client::from_conf(config.interceptor(probe).build()), endpoint }
    }

    /// A client of KMS.
    pub fn kms(&self, region: &Region, session: Option<&SessionCredentials>) -> Client<aws_sdk_kms::Client> {
        let (endpoint, probe) = self.probe("kms", region);
        let config = aws_sdk_kms::config::Builder::from(&self.config(region, session));
        Client { sdk: aws_sdk_kms::Client::from_conf(config.interceptor(probe).build()), endpoint }
    }

    /// A client of S3.
    pub fn s3(&self, region: &Region, session: Option<&SessionCredentials>) -> Client<aws_sdk_s3::Client> {
        let (endpoint, probe) = self.probe("s3", region);
        let config = aws_sdk_s3::config::Builder::from(&self.config(region, session))
            .force_path_style(self.addressing == S3Addressing::Path)
            .disable_s3_express_session_auth(true);
        Client { sdk: aws_sdk_s3::Client::from_conf(config.interceptor(probe).build()), endpoint }
    }

    /// A client of the S3 that a lake is on, with the caller's credentials. Another server than the one that is
    /// scanned is asked as its URL says, without FIPS and dual-stack host names.
    pub fn lake(
        &self,
        region: &Region,
        server: Option<&str>,
        is_access_point: bool,
    ) -> Client<aws_sdk_s3::Client> {
        // The hosts that are wished for are those of the S3 that is scanned.
        let wishes = server.map(|_| Arc::new(Variants::new(Wishes::default())));
        let variants = wishes.unwrap_or_else(|| Arc::clone(&self.variants));
        let (endpoint, probe) = Self { variants, ..self.clone() }.probe("s3", region);
        let config = self.config(region, None);
        let path_style = self.addressing == S3Addressing::Path && !is_access_point;
        let builder = match server {
            Some(url) => {
                let config = config.to_builder().use_fips(false).use_dual_stack(false).build();
                aws_sdk_s3::config::Builder::from(&config).endpoint_url(url)
            }
            None => aws_sdk_s3::config::Builder::from(&config),
        };
        let builder = builder
            .force_path_style(path_style)
            .disable_s3_express_session_auth(true)
            // A bucket with a default retention refuses what has no checksum, whatever the environment says of
            // checksums. It goes into a header, for what is written is in memory.
            .request_checksum_calculation(RequestChecksumCalculation::WhenSupported);
        Client { sdk: aws_sdk_s3::Client::from_conf(builder.interceptor(probe).build()), endpoint }
    }

    /// The client that asks STS whether a session is good.
    pub fn session_probe(&self, assumer: &RoleAssumer) -> super::session::Probe {
        let (factory, region) = (self.clone(), assumer.region.clone());
        Box::new(move |credentials| {
            let client = factory.sts(&region, Some(&credentials));
            (client.sdk, client.endpoint)
        })
    }
}

/// The clients of one account, one of each service and Region, made when first needed.
#[derive(Debug)]
pub struct AccountClients {
    factory: ClientFactory,
    session: SessionCredentials,
    s3: Mutex<HashMap<Region, Client<aws_sdk_s3::Client>>>,
    kms: Mutex<HashMap<Region, Client<aws_sdk_kms::Client>>>,
}

impl AccountClients {
    /// The clients of a session.
    pub fn new(factory: ClientFactory, session: Arc<Session>) -> Self {
        let session = SessionCredentials(session);
        Self { factory, session, s3: Mutex::default(), kms: Mutex::default() }
    }

    /// AWS Account Management, at home.
    pub fn account(&self, region: &Region) -> Client<aws_sdk_account::Client> {
        self.factory.account(region, Some(&self.session))
    }

    /// S3 in a Region.
    pub fn s3(&self, region: &Region) -> Client<aws_sdk_s3::Client> {
        once(&self.s3, region, || self.factory.s3(region, Some(&self.session)))
    }

    /// KMS in a Region.
    pub fn kms(&self, region: &Region) -> Client<aws_sdk_kms::Client> {
        once(&self.kms, region, || self.factory.kms(region, Some(&self.session)))
    }
}

fn once<C: Clone>(
    clients: &Mutex<HashMap<Region, Client<C>>>,
    region: &Region,
    make: impl FnOnce() -> Client<C>,
) -> Client<C> {
    let mut clients = clients.lock().unwrap_or_else(PoisonError::into_inner);
    clients.entry(region.clone()).or_insert_with(make).clone()
}

/// The injected clock, as the SDK asks for it.
#[derive(Debug)]
struct ClockTime(SharedClock);

impl TimeSource for ClockTime {
    fn now(&self) -> SystemTime {
        let millis = u64::try_from(self.0.now().millis()).unwrap_or_default();
        SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(millis)
    }
}

/// Learns a client's host from the first request that leaves it, and AWS's time from every answer; holds each
/// answer to what its operation promises.
#[derive(Debug)]
struct Probe {
    endpoint: Endpoint,
    clock: SharedClock,
    dates: Dates,
}

/// The URL that a request was sent to.
#[derive(Debug)]
struct Sent(String);

impl Sent {
    fn host(&self) -> &str {
        let rest = self.0.split_once("://").map_or(self.0.as_str(), |(_, rest)| rest);
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        // An endpoint's URL may hold a password.
        authority.rsplit('@').next().unwrap_or_default()
    }
}

impl Storable for Sent {
    type Storer = StoreReplace<Self>;
}

impl Intercept for Probe {
    fn name(&self) -> &'static str {
        "Probe"
    }

    /// Before the SDK asks its endpoint rules.
    fn read_before_execution(
        &self,
        _context: &BeforeSerializationInterceptorContextRef<'_>,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let variant = self.endpoint.variant();
        config
            .interceptor_state()
            .store_put(UseFips(variant.fips))
            .store_put(UseDualStack(variant.dual_stack));
        Ok(())
    }

    /// Of refusals, too: they have a date like any answer.
    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.dates.note(context.response().headers().get("date"), self.clock.now());
        if let Some(sent) = config.load::<Sent>() {
            self.endpoint.told(sent.host());
        }
        Ok(())
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        answer::bound(context.response_mut(), config);
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let url = config.load::<Sent>().map_or("", |sent| sent.0.as_str());
        answer::hold(context.response(), url, config)
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let sent = Sent(context.request().uri().to_owned());
        // A host that may not exist is reported once it has answered.
        if !self.endpoint.may_change() {
            self.endpoint.told(sent.host());
        }
        config.interceptor_state().store_put(sent);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aws_smithy_runtime_api::client::http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
    };
    use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_types::body::SdkBody;

    use super::super::environment::{Environment, Tuning};
    use super::super::tunnel::Refusal;
    use super::super::unreached::{Meant, Unreached};
    use super::*;
    use crate::clock::{FrozenClock, Timestamp};
    use crate::model::Source;
    use crate::operation::GET_CALLER_IDENTITY;

    /// A network where hosts of some kinds do not exist.
    #[derive(Debug, Clone)]
    struct Missing(Arc<Mutex<Vec<String>>>, &'static [&'static str]);

    impl HttpClient for Missing {
        fn http_connector(
            &self,
            _settings: &HttpConnectorSettings,
            _components: &RuntimeComponents,
        ) -> SharedHttpConnector {
            SharedHttpConnector::new(self.clone())
        }
    }

    impl HttpConnector for Missing {
        fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
            let host = request.uri().split('/').nth(2).unwrap().to_owned();
            let is_missing = self.1.iter().any(|part| host.contains(part));
            self.0.lock().unwrap().push(host.clone());
            if is_missing {
                let error = "failed to lookup address information: Name or service not known";
                let error = ConnectorError::io(error.into());
                let meant = Meant { host, ..Meant::default() };
                return HttpConnectorFuture::ready(Err(Unreached::wrap(error, &meant, Refusal::Unknown)));
            }
            let answer = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
                          <GetCallerIdentityResult/></GetCallerIdentityResponse>";
            HttpConnectorFuture::ready(Ok(HttpResponse::new(200.try_into().unwrap(), SdkBody::from(answer))))
        }
    }

    /// Two calls of one client, and one of another: the hosts, and what the first client is known by.
    async fn hosts(
        base_fips: bool,
        wishes: Wishes,
        missing: &'static [&'static str],
    ) -> (Vec<String>, Option<String>) {
        let network = Missing(Arc::default(), missing);
        let credentials = aws_credential_types::Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
        let base = SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(aws_config::Region::new("eu-west-1"))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .use_fips(base_fips)
            .http_client(network.clone())
            .build();
        let clock = Arc::new(FrozenClock(Timestamp::from_millis(1_795_230_000_000)));
        let region: Region = "eu-west-1".parse().unwrap();
        // One attempt: a host that does not exist costs none.
        let tuning = Tuning { max_attempts: 1, hosts: wishes, ..Tuning::default() };
        let environment = Environment::new(&base, clock, tuning, Source::Endpoint, region.clone(), 1);
        let (door, factory) = (&environment.door, &environment.factory);
        let client = factory.sts(&region, None);
        for client in [&client, &client, &factory.sts(&region, None)] {
            let send = || client.sdk.get_caller_identity().send();
            door.call(&GET_CALLER_IDENTITY, &region, &client.endpoint, send).await;
        }
        let sent = network.0.lock().unwrap().clone();
        (sent, client.endpoint.host().map(str::to_owned))
    }

    const FIPS: &str = "sts-fips.eu-west-1.amazonaws.com";
    const STANDARD: &str = "sts.eu-west-1.amazonaws.com";

    #[tokio::test]
    async fn a_preferred_host_that_does_not_exist_is_tried_once() {
        let prefer = Wishes { fips: Some(Wish::Prefer), dual_stack: None };
        let (sent, endpoint) = hosts(false, prefer, &["-fips"]).await;
        assert_eq!(sent, [FIPS, STANDARD, STANDARD, STANDARD]);
        assert_eq!(endpoint.as_deref(), Some(STANDARD));
        let (sent, endpoint) = hosts(true, prefer, &[]).await;
        assert_eq!(sent, [FIPS; 3]);
        assert_eq!(endpoint.as_deref(), Some(FIPS));
    }

    #[tokio::test]
    async fn a_required_host_never_falls_back() {
        for (base, wishes) in
            [(true, Wishes::default()), (false, Wishes { fips: Some(Wish::Require), dual_stack: None })]
        {
            let (sent, endpoint) = hosts(base, wishes, &["-fips"]).await;
            assert_eq!(sent, [FIPS; 3]);
            assert_eq!(endpoint.as_deref(), Some(FIPS), "the host that is missing is named");
        }
        let (sent, _) = hosts(false, Wishes::default(), &[]).await;
        assert_eq!(sent, [STANDARD; 3]);
    }

    #[tokio::test]
    async fn dual_stack_is_given_up_before_fips() {
        let both = Wishes { fips: Some(Wish::Prefer), dual_stack: Some(Wish::Prefer) };
        let (sent, _) = hosts(false, both, &[".api.aws"]).await;
        assert_eq!(sent, ["sts-fips.eu-west-1.api.aws", FIPS, FIPS, FIPS]);
    }
}
