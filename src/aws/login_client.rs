//! The HTTP client of the credential providers: a container's or an instance's endpoint, SSO, `aws login`, STS for a
//! profile's role.
//!
//! The SDK collects their answers to the end, however long they are, and repeats in its errors what they say. So no more
//! comes through than any of them has, and what they are sent to know the caller by is a secret in use.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::connector_metadata::ConnectorMetadata;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use super::secrets::Secrets;

/// The most that is read of an answer. Credentials have a few KiB, with the longest token.
const MOST_KIB: usize = 256;
const MOST: usize = MOST_KIB * 1_024;

/// An answer that no provider gives.
#[derive(Debug, thiserror::Error)]
#[error("the answer is longer than {MOST_KIB} KiB, which no credentials are")]
struct TooLong;

/// The same client, for the credential providers.
pub fn login_client(client: SharedHttpClient, secrets: Secrets) -> SharedHttpClient {
    SharedHttpClient::new(Client { client, secrets })
}

#[derive(Debug)]
struct Client {
    client: SharedHttpClient,
    secrets: Secrets,
}

impl HttpClient for Client {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let connector = self.client.http_connector(settings, components);
        SharedHttpConnector::new(Connector { connector, secrets: self.secrets.clone() })
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.client.connector_metadata()
    }
}

#[derive(Debug)]
struct Connector {
    connector: SharedHttpConnector,
    secrets: Secrets,
}

/// Headers that say who asks: STS's, the SSO portal's, an instance's, and a container's own.
const SECRET: [&str; 4] =
    ["x-amz-security-token", "x-amz-sso_bearer_token", "x-aws-ec2-metadata-token", "authorization"];

/// Members of a request's body that do: of STS's form, and of the JSON of the SSO and sign-in services.
const SECRET_MEMBERS: [&str; 7] = [
    "WebIdentityToken",
    "SAMLAssertion",
    "accessToken",
    "clientSecret",
    "refreshToken",
    "code",
    "codeVerifier",
];

/// What of a body says who asks.
fn secrets_of(body: &[u8]) -> Vec<String> {
    let Ok(text) = std::str::from_utf8(body) else { return Vec::new() };
    if let Ok(serde_json::Value::Object(members)) = serde_json::from_str(text) {
        let secret = members.iter().filter(|(name, _)| SECRET_MEMBERS.contains(&name.as_str()));
        return secret.filter_map(|(_, value)| value.as_str().map(str::to_owned)).collect();
    }
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    let secret = pairs.filter(|(name, _)| SECRET_MEMBERS.contains(name)).map(|(_, value)| value);
    // As it is sent, and as it is: tokens have no other characters that a form encodes.
    secret
        .flat_map(|sent| {
            let plain = sent.replace("%3D", "=").replace("%2B", "+").replace("%2F", "/");
            [sent.to_owned(), plain]
        })
        .collect()
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        self.secrets.learn(SECRET.iter().filter_map(|name| request.headers().get(*name)));
        let sent = secrets_of(request.body().bytes().unwrap_or_default());
        self.secrets.learn(sent.iter().map(String::as_str));
        let answer = self.connector.call(request);
        HttpConnectorFuture::new(async move { answer.await.map(bounded) })
    }
}

fn bounded(mut response: HttpResponse) -> HttpResponse {
    let body = Limited::new(response.take_body(), MOST).map_err(|error: BoxError| -> BoxError {
        if error.is::<LengthLimitError>() { TooLong.into() } else { error }
    });
    *response.body_mut() = SdkBody::from_body_1_x(body);
    response
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http_body_util::Full;

    use super::*;

    #[test]
    fn what_a_body_says_of_the_caller_is_known() {
        for (body, secrets) in [
            ("Action=X&WebIdentityToken=zq7%2Ftok%3D&RoleArn=r", vec!["zq7%2Ftok%3D", "zq7/tok="]),
            (r#"{"clientId":"c","clientSecret":"zq7","refreshToken":"zq8","n":1}"#, vec!["zq7", "zq8"]),
            ("Action=GetCallerIdentity&Version=2011-06-15", vec![]),
            ("{", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(secrets_of(body.as_bytes()), secrets, "{body}");
        }
        assert!(secrets_of(&[0xff]).is_empty());
    }

    #[tokio::test]
    async fn no_more_of_an_answer_is_collected_than_credentials_have() {
        for (length, is_whole) in [(MOST, true), (MOST + 1, false), (64 * MOST, false)] {
            let body = SdkBody::from_body_1_x(Full::new(Bytes::from(vec![b' '; length])));
            let answer =
                bounded(HttpResponse::new(200.try_into().unwrap(), body)).take_body().collect().await;
            match answer {
                Ok(body) => assert_eq!((body.to_bytes().len(), is_whole), (length, true)),
                Err(error) => assert!(error.is::<TooLong>() && !is_whole, "{error}"),
            }
        }
    }
}
