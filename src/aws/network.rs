//! The way out: proxies, the trust store, and the one HTTP client that all of the SDK shares.
//!
//! The stack is the SDK's own. Three things are ours: the bundle of `AWS_CA_BUNDLE`, which the SDK for
//! Rust does not read; that the endpoints which hand out credentials on this machine are never asked
//! through a proxy; and that an error says where it happened ([`super::unreached`]).

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext};
use aws_smithy_http_client::{Builder, ConnectorBuilder};
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;

use super::no_proxy::NoProxy;
use super::trust::Bundle;
use super::tunnel::{self, Refusal};
use super::unreached::{Meant, PROXY_CREDENTIALS, Unreached, is_refused_tunnel};

/// A proxy as a variable names it. Its URL may hold a password, so it is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// The URL with its scheme and, if it has them, its user and password.
    url: Uri,
    /// Host and port: all of it that may be shown.
    shown: String,
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Proxy").field(&self.shown).finish()
    }
}

/// Why a variable names no proxy. The value stays out of it: it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// No URL.
    #[error("it is not a URL of a proxy")]
    NotUrl,
    /// SOCKS and the like.
    #[error("the scheme `{0}` is not supported: a proxy is http:// or https://")]
    Scheme(&'static str),
}

/// Schemes of proxies that other tools have.
const OTHER_SCHEMES: &[&str] =
    &["ftp", "pac+http", "pac+https", "quic", "socks", "socks4", "socks4a", "socks5", "socks5h"];

impl Proxy {
    /// Reads `http://USER:PASSWORD@HOST:PORT`; the scheme may be left out.
    pub fn parse(text: &str) -> Result<Self, ProxyError> {
        let text = text.trim();
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let scheme = scheme.to_ascii_lowercase();
        if !matches!(scheme.as_str(), "http" | "https") {
            // What stands before `://` may be a password: only a scheme that proxies have is repeated.
            let known = OTHER_SCHEMES.iter().find(|known| **known == scheme);
            return Err(known.map_or(ProxyError::NotUrl, |known| ProxyError::Scheme(known)));
        }
        // A password with one of these would be cut there, and what is before it would be the host.
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#']) || rest.matches('@').count() > 1 {
            return Err(ProxyError::NotUrl);
        }
        let url: Uri = format!("{scheme}://{rest}").parse().map_err(|_| ProxyError::NotUrl)?;
        let host = url.host().filter(|host| !host.is_empty()).ok_or(ProxyError::NotUrl)?;
        let port = match rest.rsplit_once(host).map(|(_, port)| port) {
            None | Some("") => Some(if scheme == "https" { 443 } else { 80 }),
            Some(_) => url.port_u16(),
        };
        let shown = format!("{host}:{}", port.ok_or(ProxyError::NotUrl)?);
        Ok(Self { url, shown })
    }

    /// Why this proxy refused a tunnel. One of `https://` is not asked again: its TLS is the HTTP stack's.
    async fn refusal(&self, host: &str) -> Refusal {
        if is_https(&self.url) {
            return Refusal::Unknown;
        }
        // The header is made of user and password as the HTTP stack makes it.
        let matcher = Matcher::builder().all(self.url.to_string()).build();
        let intercept = Uri::try_from(format!("https://{host}")).ok().and_then(|uri| matcher.intercept(&uri));
        let authorization = intercept.as_ref().and_then(|intercept| intercept.basic_auth());
        tunnel::ask(&self.shown, host, authorization.map(|value| value.as_bytes())).await
    }
}

/// Which requests go through which proxy.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    /// For `http://`: `HTTP_PROXY`, else `ALL_PROXY`.
    pub http: Option<Proxy>,
    /// For `https://`: `HTTPS_PROXY`, else `ALL_PROXY`.
    pub https: Option<Proxy>,
    /// `NO_PROXY`.
    pub no_proxy: NoProxy,
    /// Authorities that hand out credentials on this machine, beside the link-local ones.
    pub local: BTreeSet<String>,
}

/// The way out of this machine.
#[derive(Debug, Clone, Default)]
pub struct Network {
    /// The proxies.
    pub proxies: Proxies,
    /// The bundle that takes the place of the system's trust store.
    pub bundle: Option<Bundle>,
}

impl Network {
    /// The HTTP client.
    pub fn client(&self) -> SharedHttpClient {
        let tls = self.bundle.as_ref().map(Bundle::tls_context).unwrap_or_default();
        let through = |proxy: &Proxy| {
            let config = ProxyConfig::all(proxy.url.clone()).expect("a proxy's URL has a scheme and a host");
            stack(tls.clone(), config)
        };
        SharedHttpClient::new(Client {
            direct: stack(tls.clone(), ProxyConfig::disabled()),
            http: self.proxies.http.as_ref().map(through),
            https: self.proxies.https.as_ref().map(through),
            routes: Arc::new(Routes(self.proxies.clone())),
        })
    }
}

/// The SDK's own stack with its own settings, which `default-https-client` makes in the same way.
fn stack(tls: TlsContext, proxy: ProxyConfig) -> SharedHttpClient {
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut builder = ConnectorBuilder::default()
            .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
            .tls_context(tls.clone())
            .proxy_config(proxy.clone());
        builder.set_connector_settings(settings.cloned());
        if let Some(components) = components {
            builder.set_sleep_impl(components.sleep_impl());
        }
        builder.build()
    })
}

/// What decides which way a request goes.
#[derive(Debug)]
struct Routes(Proxies);

impl Routes {
    /// The proxy for a request; none where it goes directly.
    fn proxy(&self, uri: &Uri) -> Option<&Proxy> {
        if self.hands_out_credentials(uri) || self.0.no_proxy.has(uri) {
            return None;
        }
        if is_https(uri) { self.0.https.as_ref() } else { self.0.http.as_ref() }
    }

    /// Whether the host hands out credentials on this machine.
    fn hands_out_credentials(&self, uri: &Uri) -> bool {
        let is_own = uri.authority().is_some_and(|authority| self.0.local.contains(authority.as_str()));
        is_own || uri.host().is_some_and(is_link_local)
    }
}

fn is_https(uri: &Uri) -> bool {
    uri.scheme_str() == Some("https")
}

/// The metadata endpoints of EC2 (169.254.169.254, fd00:ec2::254), ECS (169.254.170.2) and EKS
/// (169.254.170.23, fd00:ec2::23). A proxy would answer with credentials of its own machine, or not at all.
fn is_link_local(host: &str) -> bool {
    match host.trim_start_matches('[').trim_end_matches(']').parse() {
        Ok(IpAddr::V4(address)) => address.is_link_local(),
        Ok(IpAddr::V6(address)) => address.segments()[..2] == [0xfd00, 0x0ec2],
        Err(_) => false,
    }
}

/// Chooses the way of each request.
#[derive(Debug)]
struct Client {
    direct: SharedHttpClient,
    http: Option<SharedHttpClient>,
    https: Option<SharedHttpClient>,
    routes: Arc<Routes>,
}

impl HttpClient for Client {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let of = |client: &SharedHttpClient| client.http_connector(settings, components);
        SharedHttpConnector::new(Connector {
            direct: of(&self.direct),
            http: self.http.as_ref().map(of),
            https: self.https.as_ref().map(of),
            routes: Arc::clone(&self.routes),
        })
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.direct.connector_metadata()
    }
}

#[derive(Debug)]
struct Connector {
    direct: SharedHttpConnector,
    http: Option<SharedHttpConnector>,
    https: Option<SharedHttpConnector>,
    routes: Arc<Routes>,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Ok(uri) = request.uri().parse::<Uri>() else { return self.direct.call(request) };
        let is_tunnel = is_https(&uri);
        let connector = if is_tunnel { &self.https } else { &self.http };
        let way = self.routes.proxy(&uri).zip(connector.as_ref());
        let (proxy, connector) =
            way.map_or((None, &self.direct), |(proxy, connector)| (Some(proxy.clone()), connector));
        let meant = Meant {
            host: shown(&uri),
            proxy: proxy.as_ref().map(|proxy| proxy.shown.clone()),
            is_tunnel,
            hands_out_credentials: self.routes.hands_out_credentials(&uri),
        };
        let answer = connector.call(request);
        HttpConnectorFuture::new(async move {
            match answer.await {
                Err(error) => {
                    let refusal = match &proxy {
                        Some(proxy) if is_tunnel && is_refused_tunnel(&error) => {
                            proxy.refusal(&meant.host).await
                        }
                        _ => Refusal::Unknown,
                    };
                    Err(Unreached::wrap(error, &meant, refusal))
                }
                // Without a tunnel the proxy's own answer comes as if it were the host's.
                Ok(response) if response.status().as_u16() == 407 && !is_tunnel && proxy.is_some() => {
                    let error = ConnectorError::other(PROXY_CREDENTIALS.into(), None);
                    Err(Unreached::wrap(error, &meant, Refusal::Unknown))
                }
                Ok(response) => Ok(response),
            }
        })
    }
}

fn shown(uri: &Uri) -> String {
    let port = uri.port_u16().unwrap_or(if is_https(uri) { 443 } else { 80 });
    format!("{}:{port}", uri.host().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(http: &str, https: &str, no_proxy: &str) -> Routes {
        let proxy = |text: &str| (!text.is_empty()).then(|| Proxy::parse(text).unwrap());
        let local = BTreeSet::from(["127.0.0.1:9911".to_owned()]);
        Routes(Proxies { http: proxy(http), https: proxy(https), no_proxy: NoProxy::parse(no_proxy), local })
    }

    fn way(routes: &Routes, url: &str) -> Option<String> {
        routes.proxy(&url.parse().unwrap()).map(|proxy| proxy.shown.clone())
    }

    #[test]
    fn a_proxy_is_a_url_and_its_password_is_never_shown() {
        for (text, shown) in [
            ("http://proxy.example.com:3128", "proxy.example.com:3128"),
            ("proxy.example.com:3128", "proxy.example.com:3128"),
            ("HTTP://proxy.example.com/", "proxy.example.com:80"),
            ("https://proxy.example.com", "proxy.example.com:443"),
            ("http://me:s3cr%40t@proxy.example.com:3128/", "proxy.example.com:3128"),
            ("me:s3cr%40t@proxy.example.com:3128", "proxy.example.com:3128"),
            ("http://[::1]:3128", "[::1]:3128"),
        ] {
            let proxy = Proxy::parse(text).unwrap();
            assert_eq!(proxy.shown, shown, "{text}");
            assert!(
                !format!(
                    "{proxy:?}{:?}",
                    Routes(Proxies { https: Some(proxy.clone()), ..Proxies::default() })
                )
                .contains("s3cr")
            );
        }
        assert_eq!(Proxy::parse("socks5://p:1"), Err(ProxyError::Scheme("socks5")));
        for wrong in [
            "",
            "http://",
            "http://a b:1",
            "http://me:1/2@p:3",
            "http://p:x",
            "http://p:99999",
            "http://me:p#w@p:1",
            "me:a://b@proxy:1",
            "hunter2://me@proxy:1",
            "http://me:a@b@proxy:1",
        ] {
            let error = Proxy::parse(wrong).unwrap_err();
            assert_eq!(error, ProxyError::NotUrl, "{wrong}");
        }
    }

    #[test]
    fn the_scheme_of_the_request_chooses_the_proxy() {
        let both = routes("http://plain:1", "http://me:pw@tunnel:2", "");
        assert_eq!(way(&both, "https://sts.eu-west-1.amazonaws.com/"), Some("tunnel:2".to_owned()));
        assert_eq!(way(&both, "http://emulator:4566/"), Some("plain:1".to_owned()));
        let one = routes("", "http://tunnel:2", "");
        assert_eq!(way(&one, "http://emulator:4566/"), None);
    }

    #[test]
    fn no_proxy_names_what_goes_directly() {
        let rules = routes("http://p:1", "http://p:1", "*.eu-west-1.amazonaws.com, .example.com,10.0.0.0/8");
        for direct in [
            "https://kms.eu-west-1.amazonaws.com/",
            "https://vpce.example.com/",
            "https://example.com/",
            "http://10.1.2.3:4566/",
        ] {
            assert_eq!(way(&rules, direct), None, "{direct}");
        }
        for proxied in ["https://kms.eu-west-2.amazonaws.com/", "https://notexample.com/", "http://11.1.2.3/"]
        {
            assert!(way(&rules, proxied).is_some(), "{proxied}");
        }
        for url in ["https://any.example/", "https://192.0.2.1/", "http://[::1]/"] {
            assert_eq!(way(&routes("http://p:1", "http://p:1", "a, *"), url), None);
        }
    }

    #[test]
    fn metadata_endpoints_never_go_through_a_proxy() {
        let all = routes("http://p:1", "http://p:1", "");
        for direct in [
            "http://169.254.169.254/latest/api/token",
            "http://169.254.170.2/v2/credentials/x",
            "http://169.254.170.23/v1/credentials",
            "http://[fd00:ec2::254]/latest/meta-data",
            "http://[fd00:ec2::23]/v1/credentials",
            "http://127.0.0.1:9911/creds",
        ] {
            assert_eq!(way(&all, direct), None, "{direct}");
        }
        assert!(way(&all, "http://127.0.0.1:9912/creds").is_some());
        assert!(way(&all, "http://[fd00:ec3::254]/").is_some());
    }
}
