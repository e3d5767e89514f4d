//! SDK clients: built per account and Region, never per call, over one shared HTTP client.
//!
//! Retries and the identity cache of the SDK are off, because the door and the session do both;
//! time comes from the injected clock, so that a frozen run signs the same requests.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
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
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};

use super::call::Endpoint;
use super::dates::Dates;
use super::session::{RoleAssumer, Session, SessionCredentials};
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
    pub fn new(base: &SdkConfig, addressing: S3Addressing, clock: SharedClock) -> Self {
        let base = base
            .to_builder()
            .app_name(AppName::new("atrest").expect("the name has only letters"))
            .retry_config(RetryConfig::disabled())
            // The door times each attempt; the SDK's connect time-out stays.
            .timeout_config(TimeoutConfig::builder().connect_timeout(super::CONNECT_TIMEOUT).build())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .time_source(ClockTime(SharedClock::clone(&clock)))
            .build();
        Self { base, addressing, clock, dates: Dates::default() }
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

    fn probe(&self) -> (Endpoint, Probe) {
        let endpoint: Endpoint = Arc::new(OnceLock::new());
        let (clock, dates) = (SharedClock::clone(&self.clock), self.dates.clone());
        (Arc::clone(&endpoint), Probe { endpoint, clock, dates })
    }

    /// The Region of the caller's configuration.
    pub fn home(&self) -> Option<&str> {
        self.base.region().map(AsRef::as_ref)
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
        let (endpoint, probe) = self.probe();
        let config = aws_sdk_organizations::config::Builder::from(&self.config(region, None));
        let sdk = aws_sdk_organizations::Client::from_conf(config.interceptor(probe).build());
        Client { sdk, endpoint }
    }

    /// A client of the Region's own STS endpoint.
    pub fn sts(&self, region: &Region, session: Option<&SessionCredentials>) -> Client<aws_sdk_sts::Client> {
        let (endpoint, probe) = self.probe();
        let config = aws_sdk_sts::config::Builder::from(&self.config(region, session));
        Client { sdk: aws_sdk_sts::Client::from_conf(config.interceptor(probe).build()), endpoint }
    }

    /// A client of AWS Account Management.
    pub fn account(
        &self,
        region: &Region,
        session: Option<&SessionCredentials>,
    ) -> Client<aws_sdk_account::Client> {
        let (endpoint, probe) = self.probe();
        let config = aws_sdk_account::config::Builder::from(&self.config(region, session));
        Client { sdk: aws_sdk_account::Client::from_conf(config.interceptor(probe).build()), endpoint }
    }

    /// A client of KMS.
    pub fn kms(&self, region: &Region, session: Option<&SessionCredentials>) -> Client<aws_sdk_kms::Client> {
        let (endpoint, probe) = self.probe();
        let config = aws_sdk_kms::config::Builder::from(&self.config(region, session));
        Client { sdk: aws_sdk_kms::Client::from_conf(config.interceptor(probe).build()), endpoint }
    }

    /// A client of S3.
    pub fn s3(&self, region: &Region, session: Option<&SessionCredentials>) -> Client<aws_sdk_s3::Client> {
        let (endpoint, probe) = self.probe();
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
        let (endpoint, probe) = self.probe();
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

/// Learns a client's host from the first request that leaves it, and AWS's time from every answer.
#[derive(Debug)]
struct Probe {
    endpoint: Endpoint,
    clock: SharedClock,
    dates: Dates,
}

impl Intercept for Probe {
    fn name(&self) -> &'static str {
        "Probe"
    }

    /// Of refusals, too: they have a date like any answer.
    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.dates.note(context.response().headers().get("date"), self.clock.now());
        Ok(())
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _config: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if self.endpoint.get().is_none() {
            let uri = context.request().uri();
            let host = uri.split("://").nth(1).unwrap_or(uri).split(['/', '?']).next().unwrap_or_default();
            // A second request that got here first has told the same.
            let _ = self.endpoint.set(host.to_owned());
        }
        Ok(())
    }
}
