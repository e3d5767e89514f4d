//! An answer on its way into the SDK: bounded before it is collected, and held to its operation's promise after.
//!
//! The SDK collects a body to its end, however long it is, and believes what it finds there.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::orchestrator::{HttpResponse, Metadata};
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};

use super::promise::{self, Broken};

/// Lets no more of a body through than an answer of the operation has. What is in memory is there already.
pub(super) fn bound(response: &mut HttpResponse, config: &ConfigBag) {
    let Some(metadata) = config.load::<Metadata>() else { return };
    let status = response.status().as_u16();
    if response.body().bytes().is_some() || promise::is_streamed(metadata.name(), status) {
        return;
    }
    let most = promise::longest(metadata.name());
    let body = Limited::new(response.take_body(), most).map_err(move |error: BoxError| -> BoxError {
        if error.is::<LengthLimitError>() { Broken::TooLong(most).into() } else { error }
    });
    *response.body_mut() = SdkBody::from_body_1_x(body);
}

/// Holds an answer to what its operation promises. A body that is streamed is not there to be looked at, but its head.
pub(super) fn hold(response: &HttpResponse, url: &str, config: &ConfigBag) -> Result<(), BoxError> {
    let Some(metadata) = config.load::<Metadata>() else { return Ok(()) };
    let (operation, status) = (metadata.name(), response.status().as_u16());
    promise::head_held(operation, status, |name| response.headers().get(name))?;
    if let Some(body) = response.body().bytes() {
        promise::held(operation, status, url, body)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::config_bag::Layer;
    use bytes::Bytes;
    use http_body_util::Full;

    use super::*;

    const LONG: usize = 17 * 1_024 * 1_024;

    /// How much of a long answer is collected.
    async fn collected(operation: &'static str, status: u16) -> Result<usize, BoxError> {
        let body = SdkBody::from_body_1_x(Full::new(Bytes::from(vec![b' '; LONG])));
        let mut response = HttpResponse::new(status.try_into()?, body);
        let mut layer = Layer::new("test");
        layer.store_put(Metadata::new(operation, "s3"));
        bound(&mut response, &ConfigBag::of_layers(vec![layer]));
        Ok(response.take_body().collect().await?.to_bytes().len())
    }

    #[tokio::test]
    async fn no_more_of_a_body_is_collected_than_the_operation_has() {
        for (operation, status, most) in [
            ("GetBucketPolicy", 200, 64 * 1_024),
            ("ListBuckets", 200, 16 * 1_024 * 1_024),
            ("ListObjectsV2", 200, 16 * 1_024 * 1_024),
            ("PutObject", 200, 256 * 1_024),
            // Its error is none of the object's bytes.
            ("GetObject", 500, 256 * 1_024),
        ] {
            let error = collected(operation, status).await.unwrap_err();
            assert_eq!(error.downcast_ref(), Some(&Broken::TooLong(most)), "{operation}");
        }
        assert_eq!(collected("GetObject", 200).await.unwrap(), LONG);
    }
}
