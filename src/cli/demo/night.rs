//! One night of the demo: the scan of `atrest scan` over the simulator, and its judgement.

use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::aws::environment::{Environment, Tuning};
use crate::cli::error::CliError;
use crate::cli::rules::Rules;
use crate::cli::{VERSION, scan::header};
use crate::clock::{FrozenClock, Timestamp};
use crate::lake::{FolderStore, Interrupt, Lake};
use crate::log;
use crate::model::{Reading, RotationHistory, RunId, ScanFilter, ScanSettings, Source};
use crate::publish::{self, Census, Judgement};
use crate::scan::{self, Edge, Limits, Silent};
use crate::sim::{Schedule, Shape, Simulator, World, generate};

/// What every night of a demo has in common.
#[derive(Debug)]
pub struct Plan {
    /// The folder of the lake.
    pub lake: PathBuf,
    /// The organization.
    pub shape: Shape,
    /// What it asks for, and what it accepts for a time.
    pub rules: Rules,
}

impl Plan {
    /// The organization as it is on the last night.
    pub fn organization(&self, last: Timestamp) -> World {
        generate::world(&self.shape, last)
    }

    async fn open_lake(&self) -> Result<Lake, CliError> {
        Ok(Lake::open(Arc::new(FolderStore::open(&self.lake, true)?)).await?)
    }
}

/// A night whose log is whole.
#[derive(Debug)]
pub struct Scanned {
    run_id: RunId,
    at: Timestamp,
}

/// Scans the organization as it was on a night; `last` is how it is on the last one.
pub async fn scan(
    plan: &Plan,
    last: &World,
    at: Timestamp,
    stop: &CancellationToken,
) -> Result<Scanned, CliError> {
    let shape = &plan.shape;
    let clock = Arc::new(FrozenClock(at));
    let home = shape.region_names()[0].clone();
    let world = generate::on_night(last, shape, at);
    let simulator = Simulator::new(world, Schedule::none(), clock.clone()).with_seed(shape.seed);
    let base = Arc::new(simulator).configuration(&home);
    let aws = Environment::new(&base, clock, Tuning::default(), Source::Simulator, home, shape.seed);
    let Reading::Known(caller) = aws.identify().await.reading else {
        return Err(CliError::internal("the simulator does not know its own caller"));
    };
    let settings = ScanSettings {
        role_name: "atrest-audit".to_owned(),
        external_id_sha256: None,
        filter: ScanFilter::default(),
        history: RotationHistory::default(),
        no_session_policy: false,
    };
    let run = header(run_id(shape, at), at, settings, Source::Simulator);
    let edge = Edge::new(aws, caller, None, &run, Limits::default());
    let lake = plan.open_lake().await?;
    scan::scan(&edge, &lake, &run, &Silent, stop).await?;
    Ok(Scanned { run_id: run.run_id, at })
}

/// Judges a scanned night, and publishes it.
pub async fn publish(plan: &Plan, night: &Scanned, interrupt: &Interrupt) -> Result<Census, CliError> {
    let judgement = Judgement {
        observed_run_id: night.run_id.clone(),
        run_id: night.run_id.clone(),
        as_of: None,
        judged_at: night.at,
        tool_version: VERSION.to_owned(),
        // The same bytes from every build of this version.
        build_sha256: None,
        standard: plan.rules.standard.clone(),
        exceptions: plan.rules.exceptions.clone(),
        max_lost: publish::MAX_LOST,
    };
    Ok(publish::finalize_unless(&plan.open_lake().await?, &judgement, interrupt).await?)
}

/// From seed, sizes and the night's instant, and not from the path (contract §1).
pub fn run_id(shape: &Shape, at: Timestamp) -> RunId {
    let Shape { seed, accounts, buckets, keys, regions } = shape;
    let text = format!("demo\n{seed}\n{accounts}\n{buckets}\n{keys}\n{regions}\n{at}");
    let hash = log::digest(text.as_bytes());
    RunId::new(at, u32::from_str_radix(&hash[..8], 16).expect("a hash is hex"))
}
