//! What the simulator's own tests share: SDK clients that lead into it, without retries.

use std::sync::Arc;

use aws_credential_types::Credentials;
use aws_smithy_types::retry::RetryConfig;
use aws_types::SdkConfig;
use aws_types::region::Region as SdkRegion;

use super::{Latency, Schedule, Simulator, World};
use atrest_core::AccountId;
use atrest_core::clock::{FrozenClock, Timestamp};

/// The instant of every test.
pub fn now() -> Timestamp {
    Timestamp::parse("2026-11-21T03:00:00Z").unwrap()
}

/// An empty world.
pub fn world() -> World {
    World::new(now())
}

/// A simulator without faults or latency.
pub fn simulator(world: World) -> Arc<Simulator> {
    faulty(world, Schedule::none())
}

/// A simulator with faults and without latency.
pub fn faulty(world: World, schedule: Schedule) -> Arc<Simulator> {
    Arc::new(Simulator::new(world, schedule, Arc::new(FrozenClock(now()))).with_latency(Latency::ZERO))
}

/// What the SDK needs to reach the simulator.
pub fn config(simulator: &Arc<Simulator>, region: &str, credentials: Credentials) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(aws_config::BehaviorVersion::latest())
        .http_client(simulator.client())
        .region(SdkRegion::new(region.to_owned()))
        .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::disabled())
        .sleep_impl(aws_smithy_async::rt::sleep::default_async_sleep().unwrap())
        .build()
}

/// The caller's configuration in eu-west-1.
pub fn caller(simulator: &Arc<Simulator>) -> SdkConfig {
    config(simulator, "eu-west-1", simulator.credentials())
}

/// Credentials of the default role in an account.
pub async fn assume(simulator: &Arc<Simulator>, account: AccountId) -> Credentials {
    let arn = simulator.look(|world| world.role_arn(account, &world.role_name));
    let answer = aws_sdk_sts::Client::new(&caller(simulator))
        .assume_role()
        .role_arn(arn)
        .role_session_name("test")
        .send()
        .await
        .unwrap();
    let given = answer.credentials.unwrap();
    Credentials::new(given.access_key_id, given.secret_access_key, Some(given.session_token), None, "test")
}

/// The member's configuration in a Region.
pub async fn member(simulator: &Arc<Simulator>, account: AccountId, region: &str) -> SdkConfig {
    let credentials = assume(simulator, account).await;
    config(simulator, region, credentials)
}

/// An S3 client that addresses buckets by path.
pub fn s3(config: &SdkConfig) -> aws_sdk_s3::Client {
    aws_sdk_s3::Client::from_conf(aws_sdk_s3::config::Builder::from(config).force_path_style(true).build())
}

/// `status code: message` of an SDK error, or how the call broke.
pub fn said<E, T>(result: Result<T, aws_sdk_s3::error::SdkError<E>>) -> String
where
    E: aws_sdk_s3::error::ProvideErrorMetadata,
{
    match result {
        Ok(_) => "ok".to_owned(),
        Err(error) => match (&error, error.raw_response().map(|raw| raw.status().as_u16())) {
            (aws_sdk_s3::error::SdkError::ServiceError(inner), Some(status)) => format!(
                "{status} {}: {}",
                inner.err().code().unwrap_or("-"),
                inner.err().message().unwrap_or("-")
            ),
            (aws_sdk_s3::error::SdkError::DispatchFailure(inner), _) if inner.is_io() => "io".to_owned(),
            (aws_sdk_s3::error::SdkError::DispatchFailure(inner), _) if inner.is_timeout() => {
                "timeout".to_owned()
            }
            (aws_sdk_s3::error::SdkError::TimeoutError(_), _) => "timeout".to_owned(),
            (aws_sdk_s3::error::SdkError::ResponseError(_), status) => {
                format!("response {}", status.unwrap_or_default())
            }
            (aws_sdk_s3::error::SdkError::DispatchFailure(inner), _) if inner.is_other() => {
                "closed".to_owned()
            }
            _ => "other".to_owned(),
        },
    }
}
