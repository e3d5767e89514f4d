//! A scan over a socket: the simulated organization takes memory too, and is in a process of its own.
//!
//! The published rates are off (on a real clock they would make this a measurement of waiting) and
//! there is no TLS, which in production adds some tens of kB to each pooled connection.

use std::io::Read;
use std::sync::Arc;
use std::time::Instant;

use atrest::clock::{FrozenClock, SystemClock};
use atrest::lake::{FolderStore, Lake};
use atrest::model::Source;
use atrest::scan::{self, Silent};
use atrest::sim::{self, Latency, Schedule, Shape, Simulator};
use aws_config::BehaviorVersion;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_types::SdkConfig;
use tokio::net::TcpListener;
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::Failed;
use super::process::{Figures, cpu_seconds, peak_mb};
use super::worlds::{self, NOW};

/// Serves an organization until its input ends.
pub fn serve(shape: &Shape) -> Result<Figures, Failed> {
    let world = sim::generate::world(shape, NOW);
    let simulator = Simulator::new(world, Schedule::none(), Arc::new(FrozenClock(NOW)));
    let simulator = Arc::new(simulator.with_latency(Latency::ZERO));
    let (ended, end) = oneshot::channel::<()>();
    std::thread::spawn(move || {
        // Whatever ends the input ends the server.
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        drop(ended);
    });
    Builder::new_current_thread().enable_all().build()?.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("{}", listener.local_addr()?);
        let stop = async {
            let _ = end.await;
        };
        sim::serve(listener, simulator, stop).await?;
        Ok::<_, Failed>(Figures::new())
    })
}

/// Scans what is served at an address into a lake in a folder.
pub fn scan(shape: &Shape, address: &str, lake: &str) -> Result<Figures, Failed> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let at_rest = peak_mb()?;
    let started = Instant::now();
    runtime.block_on(async {
        let base = over(address);
        let run = worlds::header(Source::Endpoint);
        let edge = worlds::edge(&base, Arc::new(SystemClock), &run).await?;
        let lake = Lake::open(Arc::new(FolderStore::open(lake, true)?)).await?;
        scan::scan(&edge, &lake, &run, &Silent, &CancellationToken::new()).await?;
        Ok::<_, Failed>(())
    })?;
    Ok(Figures::from(
        [
            ("at_rest_mb", at_rest),
            ("peak_mb", peak_mb()?),
            ("seconds", started.elapsed().as_secs_f64()),
            ("cpu_seconds", cpu_seconds()?),
            ("buckets", shape.buckets as f64),
        ]
        .map(|(name, figure)| (name.to_owned(), figure)),
    ))
}

/// A configuration of the simulator's caller over the SDK's own HTTP client.
fn over(address: &str) -> SdkConfig {
    let (key, secret) = (sim::CALLER_ACCESS_KEY_ID, sim::CALLER_SECRET_ACCESS_KEY);
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(aws_config::Region::new("eu-west-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            key, secret, None, None, "sim",
        )))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .endpoint_url(format!("http://{address}"))
        .build()
}
