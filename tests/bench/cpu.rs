//! CPU of a scan's call against the same call in a bare loop over the SDK.
//!
//! Both send GetBucketEncryption and GetBucketPolicy for the same buckets to the same simulator,
//! through the same connector, without latency, on one thread with the paused clock. The scan's
//! share has everything in it that a scan does until its segment is sealed: the door, the pace, the
//! classification, the log with its JSON, Zstandard and SHA-256. What the simulator itself takes is
//! in both, and is measured apart by replaying the requests, so that it can be taken off.

use std::sync::{Arc, Mutex, PoisonError};

use atrest::clock::FrozenClock;
use atrest::lake::{Lake, MemoryStore};
use atrest::model::Source;
use atrest::scan::{self, Silent};
use atrest::sim::message::Request;
use atrest::sim::{Latency, Schedule, Simulator};
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::context::BeforeTransmitInterceptorContextRef;
use aws_types::SdkConfig;
use futures::{StreamExt, stream};
use tokio::runtime::Builder;
use tokio_util::sync::CancellationToken;

use super::Failed;
use super::process::{Figures, cpu_seconds};
use super::worlds::{self, NOW};

/// As many buckets at a time as a scan reads by default.
const AT_A_TIME: usize = 16;

/// Measures `scan`, `bare` or `simulator`: CPU seconds, and the calls that they were for.
pub fn run(subject: &str, buckets: usize) -> Result<Figures, Failed> {
    let clock = Arc::new(FrozenClock(NOW));
    let simulator = Simulator::new(worlds::plain(1, buckets, 0), Schedule::none(), clock);
    let simulator = Arc::new(simulator.with_latency(Latency::ZERO));
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build()?;
    let (seconds, calls) = runtime.block_on(async {
        match subject {
            "scan" => scan(&simulator).await,
            "bare" => bare(&simulator).await,
            "simulator" => replay(&simulator).await,
            _ => Err(format!("there is no subject {subject}").into()),
        }
    })?;
    if calls < 2 * buckets {
        return Err(format!("{calls} calls for {buckets} buckets").into());
    }
    Ok(Figures::from([("seconds".to_owned(), seconds), ("calls".to_owned(), calls as f64)]))
}

async fn scan(simulator: &Arc<Simulator>) -> Result<(f64, usize), Failed> {
    let base = simulator.configuration(&"eu-west-1".parse()?);
    let run = worlds::header(Source::Simulator);
    let edge = worlds::edge(&base, Arc::new(FrozenClock(NOW)), &run).await?;
    let lake = Lake::open(Arc::new(MemoryStore::new())).await?;
    simulator.forget_calls();
    let before = cpu_seconds()?;
    scan::scan(&edge, &lake, &run, &Silent, &CancellationToken::new()).await?;
    let seconds = cpu_seconds()? - before;
    Ok((seconds, simulator.recorder().records().len()))
}

async fn bare(simulator: &Arc<Simulator>) -> Result<(f64, usize), Failed> {
    let config = configuration(simulator).await?;
    let client = client(&config, None);
    simulator.forget_calls();
    let before = cpu_seconds()?;
    read_all(simulator, &client).await?;
    let seconds = cpu_seconds()? - before;
    Ok((seconds, simulator.recorder().records().len()))
}

/// Keeps the bare loop's requests, and measures the simulator alone on them.
async fn replay(simulator: &Arc<Simulator>) -> Result<(f64, usize), Failed> {
    let config = configuration(simulator).await?;
    let kept = Kept::default();
    read_all(simulator, &client(&config, Some(kept.clone()))).await?;
    let requests = std::mem::take(&mut *kept.0.lock().unwrap_or_else(PoisonError::into_inner));
    let before = cpu_seconds()?;
    for parts in &requests {
        let headers = parts.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let request = Request::new(&parts.method, &parts.uri, headers, Vec::new());
        std::hint::black_box(simulator.handle(&request));
    }
    Ok((cpu_seconds()? - before, requests.len()))
}

/// The member's configuration, as a program would make it that does nothing else.
async fn configuration(simulator: &Arc<Simulator>) -> Result<SdkConfig, Failed> {
    let base = simulator.configuration(&"eu-west-1".parse()?);
    let sts = aws_sdk_sts::Client::new(&base);
    let role = simulator.look(|world| world.role_arn(world.caller.account, &world.role_name));
    let answer = sts.assume_role().role_arn(role).role_session_name("bare").send().await?;
    let given = answer.credentials.ok_or("no credentials")?;
    let token = Some(given.session_token);
    let credentials = Credentials::new(given.access_key_id, given.secret_access_key, token, None, "bare");
    Ok(base
        .to_builder()
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build())
}

fn client(config: &SdkConfig, kept: Option<Kept>) -> aws_sdk_s3::Client {
    let mut config = aws_sdk_s3::config::Builder::from(config).force_path_style(true);
    if let Some(kept) = kept {
        config = config.interceptor(kept);
    }
    aws_sdk_s3::Client::from_conf(config.build())
}

async fn read_all(simulator: &Arc<Simulator>, client: &aws_sdk_s3::Client) -> Result<(), Failed> {
    let (owner, names) = simulator.look(|world| {
        let account = &world.accounts[&world.caller.account];
        (account.id.to_string(), account.buckets.keys().cloned().collect::<Vec<_>>())
    });
    let owner = owner.as_str();
    let reads = names.iter().map(async |name| {
        let encryption = client.get_bucket_encryption().bucket(name).expected_bucket_owner(owner).send();
        let policy = client.get_bucket_policy().bucket(name).expected_bucket_owner(owner).send();
        let (encryption, policy) = futures::join!(encryption, policy);
        // Every other bucket has no policy, which is an error.
        (encryption.is_ok(), policy.is_ok())
    });
    let read: Vec<(bool, bool)> = stream::iter(reads).buffer_unordered(AT_A_TIME).collect().await;
    let encrypted = read.iter().filter(|(encryption, _)| *encryption).count();
    let policies = read.iter().filter(|(_, policy)| *policy).count();
    if (encrypted, policies) != (names.len(), names.len().div_ceil(2)) {
        return Err(format!("{encrypted} and {policies} answers for {} buckets", names.len()).into());
    }
    Ok(())
}

/// The parts of a request that the simulator reads.
#[derive(Debug)]
struct Parts {
    method: String,
    uri: String,
    headers: Vec<(String, String)>,
}

/// Requests as they were when they left.
#[derive(Debug, Clone, Default)]
struct Kept(Arc<Mutex<Vec<Parts>>>);

impl Intercept for Kept {
    fn name(&self) -> &'static str {
        "Kept"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request();
        let headers = request.headers().iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
        let parts = Parts {
            method: request.method().to_owned(),
            uri: request.uri().to_owned(),
            headers: headers.collect(),
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(parts);
        Ok(())
    }
}
