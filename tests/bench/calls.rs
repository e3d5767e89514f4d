//! Calls by API: counted by the simulator's recorder, which sees what was sent and not what was meant.

use std::sync::Arc;

use atrest::clock::FrozenClock;
use atrest::lake::{Lake, MemoryStore};
use atrest::model::Source;
use atrest::operation::{OPERATIONS, Scope, Service};
use atrest::publish;
use atrest::scan::{self, Silent};
use atrest::sim::{Schedule, Shape, Simulator, generate};
use tokio::runtime::Builder;
use tokio_util::sync::CancellationToken;

use super::Failed;
use super::process::Figures;
use super::worlds::{self, NOW};

/// What a plain world sends for every bucket, once.
pub const FOR_A_BUCKET: [&str; 2] = ["s3:GetBucketEncryption", "s3:GetBucketPolicy"];
/// What a plain world sends for every key, once.
pub const FOR_A_KEY: [&str; 4] =
    ["kms:DescribeKey", "kms:GetKeyPolicy", "kms:GetKeyRotationStatus", "kms:ListKeyRotations"];

/// Scans a world on the paused clock: the calls of each API, and what was listed.
pub fn run(name: &str) -> Result<Figures, Failed> {
    let world = match name {
        "default" => generate::world(&Shape::default(), NOW),
        "plain" => worlds::plain(12, 25, 10),
        _ => return Err(format!("there is no world {name}").into()),
    };
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build()?;
    let figures = runtime.block_on(async {
        let clock = Arc::new(FrozenClock(NOW));
        let simulator = Arc::new(Simulator::new(world, Schedule::none(), clock.clone()));
        let base = simulator.configuration(&"eu-west-1".parse()?);
        let run = worlds::header(Source::Simulator);
        let edge = worlds::edge(&base, clock, &run).await?;
        let lake = Lake::open(Arc::new(MemoryStore::new())).await?;
        scan::scan(&edge, &lake, &run, &Silent, &CancellationToken::new()).await?;
        let recorder = simulator.recorder();
        if let Some(call) = recorder.mutating().first() {
            return Err(format!("the scan sent {}, which changes state", call.name()).into());
        }
        let census =
            publish::finalize(&lake, &worlds::judgement(&run, &atrest::standard::built_in())).await?;
        let totals = census.run.totals;
        let mut figures = Figures::new();
        for (operation, count) in recorder.counts() {
            figures.insert(operation, count as f64);
        }
        figures.insert("buckets".to_owned(), totals.buckets as f64);
        figures.insert("keys".to_owned(), totals.keys as f64);
        let read = totals.accounts_complete + totals.accounts_partial;
        figures.insert("accounts".to_owned(), read as f64);
        Ok::<_, Failed>(figures)
    })?;
    if name == "plain" {
        check(&figures, "buckets", &FOR_A_BUCKET)?;
        check(&figures, "keys", &FOR_A_KEY)?;
    }
    Ok(figures)
}

fn check(figures: &Figures, resources: &str, operations: &[&str]) -> Result<(), Failed> {
    for operation in operations {
        let (calls, resources_listed) = (figures.get(*operation), figures.get(resources));
        if calls != resources_listed {
            return Err(format!("{calls:?} calls of {operation} for {resources_listed:?} {resources}").into());
        }
    }
    Ok(())
}

/// What the calls of an operation are divided by.
pub fn per(operation: &str) -> &'static str {
    let known = OPERATIONS.iter().find(|known| known.id == operation);
    match known.map(|known| (known.scope, known.service)) {
        Some((Scope::Resource, Service::S3)) => "buckets",
        Some((Scope::Resource, Service::Kms)) => "keys",
        _ => "accounts",
    }
}
