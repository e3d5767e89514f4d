//! `atrest simulate`: a simulated organization behind a socket, for any AWS client.

use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use super::args::SimulateArgs;
use super::error::CliError;
use super::exit::Exit;
use super::print;
use super::work::Work;
use crate::clock::{Clock, SystemClock};
use crate::sim::{self, Schedule, Simulator};

/// The bucket that a lake may be kept in.
const LAKE_BUCKET: &str = "atrest-lake";

/// Serves until it is stopped.
pub async fn run(args: &SimulateArgs, work: &Work) -> Result<Exit, CliError> {
    if !args.listen.ip().is_loopback() {
        return Err(CliError::usage(format!("--listen {} is not a loopback address", args.listen))
            .hint("the simulator checks no signatures: listen on 127.0.0.1"));
    }
    let shape = args.shape.shape();
    let mut world = sim::generate::world(&shape, SystemClock.now());
    let (audit, home) = (world.caller.account, shape.region_names()[0].clone());
    world.add_bucket(audit, home.as_str(), LAKE_BUCKET);
    if let Some(path) = &args.dump {
        let text = format!("{:#}\n", world.to_json());
        std::fs::write(path, text)
            .map_err(|error| CliError::usage(format!("failed to write {}: {error}", path.display())))?;
    }
    let simulator = Arc::new(
        Simulator::new(world, Schedule::none(), Arc::new(SystemClock))
            .with_seed(shape.seed)
            .with_latency(sim::Latency { least: Duration::from_millis(args.latency), ..sim::Latency::ZERO }),
    );
    let listener = TcpListener::bind(args.listen).await.map_err(|error| {
        CliError::usage(format!("failed to listen on {}: {error}", args.listen))
            .hint("port 0 takes a free one")
    })?;
    let address = listener.local_addr().map_err(CliError::internal)?;
    let mut exports = String::new();
    for (name, value) in sim::environment(address, &simulator) {
        let _ = writeln!(exports, "export {name}={value}");
    }
    print::data(&exports)?;
    print::say(format!(
        "listening on {address}; a lake may be kept in s3://{LAKE_BUCKET}/census; Ctrl-C ends"
    ));
    work.is_quiet(true);
    sim::serve(listener, simulator, work.stop().cancelled())
        .await
        .map_err(|error| CliError::internal(format!("failed to serve: {error}")))?;
    print::say("stopped: the simulated organization is no longer served");
    Ok(Exit::Done)
}
