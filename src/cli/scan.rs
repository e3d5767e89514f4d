//! `atrest scan`: one night, from the settings to the summary.

use std::sync::Arc;
use std::time::Duration;

use super::args::{ExitZeroFor, RunArg, ScanArgs};
use super::edge::login::Ending;
use super::error::CliError;
use super::exit::Exit;
use super::progress::Watch;
use super::rules::{self, Rules};
use super::work::Work;
use super::{committed, edge, estimate, expiry, future, loss, print, summary};
use crate::aws::environment::{Caller, Environment, Tuning};
use crate::clock::{Clock, SystemClock, Timestamp};
use crate::lake::{Hold, Lake, PublishError, Published, Store, canonical_json, sha256_hex, unchanged};
use crate::log;
use crate::model::{
    ExternalId, RotationHistory, RunHeader, RunId, RunKind, RunStatus, ScanFilter, ScanSettings, Source,
};
use crate::operation::GET_CALLER_IDENTITY;
use crate::publish::{self, FinalizeError, Judgement};
use crate::scan::{self, Edge, ScanError};

/// What an interruption leaves before the run is opened.
pub fn left(args: &ScanArgs) -> String {
    match &args.run {
        _ if args.estimate => "no estimate was made; run the command again".to_owned(),
        Some(RunArg::Id(id)) => format!("complete accounts are kept; continue with --run {id}"),
        Some(RunArg::At(at)) => format!("complete accounts are kept; continue with --run {at}"),
        None => "nothing was scanned yet; start it again".to_owned(),
    }
}

/// Runs the scan.
pub async fn run(args: &ScanArgs, work: &Arc<Work>) -> Result<Exit, CliError> {
    let rules = Rules::read(&args.rules)?;
    refuse_before_the_folder(args)?;
    // A lake in a folder is tried first: it costs nothing, and its mistakes are the commonest.
    let folder = args.lake.open_folder(true)?;
    let tuning = Tuning { pace: args.pace.pace(), ..args.tuning.tuning() };
    let (environment, ending) = edge::load_with_ending(tuning, work).await?;
    let (store, caller) = match folder {
        Some(store) => (store, None),
        None => {
            let caller = edge::caller(&environment, work).await?;
            let store = args.lake.s3.open(&args.lake.uri, &environment, Some(&caller), work).await?;
            (store, Some(caller))
        }
    };
    let now = environment.shared.clock.now();
    let run_id = run_id(args.run.as_ref(), args.lake.uri.as_str(), now);
    let opened = Opened { environment, ending, store, caller, rules, now, run_id };
    match Box::pin(census(args, &opened, work)).await {
        // A lake that is refused may be a caller whose session is over.
        Err(error) if error.exit == Exit::Usage && args.lake.uri.s3().is_some() => {
            work.does(format!("waiting for {}", GET_CALLER_IDENTITY.id));
            let fault = scan::lost_caller(&opened.environment).await.ok_or(error)?;
            let lost = ScanError::CallerLost { run_id: opened.run_id, sealed: None, fault };
            Err(edge::renewing(lost.into(), &opened.environment))
        }
        ended => ended,
    }
}

/// Refuses a run of the future before the lake's folder is made. A folder that is there may hold the run, committed.
fn refuse_before_the_folder(args: &ScanArgs) -> Result<(), CliError> {
    let is_new = args.lake.uri.folder().is_some_and(|folder| !folder.exists());
    if !is_new {
        return Ok(());
    }
    let now = SystemClock.now();
    let run_id = run_id(args.run.as_ref(), args.lake.uri.as_str(), now);
    future::refuse(&run_id, now, args.future.allow_future_run)
}

/// What a night stands on, once it is known.
struct Opened {
    environment: Environment,
    /// When the caller's credentials end, where that is known.
    ending: Option<Ending>,
    store: Arc<dyn Store>,
    /// Known already where the lake is on S3.
    caller: Option<Caller>,
    rules: Rules,
    now: Timestamp,
    run_id: RunId,
}

/// The night, from the lake to the summary.
async fn census(args: &ScanArgs, opened: &Opened, work: &Arc<Work>) -> Result<Exit, CliError> {
    let Opened { environment, ending, rules, now, .. } = opened;
    let (now, run_id) = (*now, opened.run_id.clone());
    let mut lake = super::lake_uri::opened(Arc::clone(&opened.store), work).await?;
    if lake.committed(&run_id) {
        return already_committed(&lake, &run_id, args).await;
    }
    let is_allowed = args.future.allow_future_run;
    future::refuse(&run_id, now, is_allowed)?;
    unchanged(lake.newest(), &rules.standard, &rules.exceptions)
        .map_err(|error| rules::of_file(error.into(), &args.rules))?;
    let run = header(run_id, now, settings(args), environment.source);
    let caller = match &opened.caller {
        Some(caller) => caller.clone(),
        None => edge::caller(environment, work).await?,
    };
    future::refuse_clock(environment.factory.dates().seen(), environment.shared.clock.now(), is_allowed)?;
    future::tell_newer(&lake, &run.run_id, now).await;
    let external_id = args.role.external_id.clone();
    let build_sha256 = super::build::sha256();
    let edge = Edge::new(environment.clone(), caller, external_id, &run, args.pace.limits());
    let edge = Edge { build_sha256: build_sha256.clone(), ..edge };
    if args.estimate {
        estimate::run(&edge, &lake, &run, work).await?;
        expiry::warn(now, ending.as_ref(), &lake).await;
        return Ok(Exit::Done);
    }
    expiry::warn(now, ending.as_ref(), &lake).await;
    let held = held(lake.store().as_ref(), &run.run_id, work).await;
    if held.waited {
        lake = super::lake_uri::opened(Arc::clone(lake.store()), work).await?;
        if lake.committed(&run.run_id) {
            return already_committed(&lake, &run.run_id, args).await;
        }
    }
    work.leaves(format!("complete accounts are kept; continue with --run {}", run.run_id));
    let watch = Watch::start(&run.run_id, Arc::clone(work));
    let scanned = scan::scan(&edge, &lake, &run, &watch, work.stop()).await;
    watch.end();
    scanned.map_err(|error| {
        let is_of_lake = matches!(error, ScanError::Store(_));
        edge::renewing(continuing(error.into(), is_of_lake, &run.run_id), environment)
    })?;
    work.leaves(format!(
        "the census is not published, and complete accounts are kept; continue with --run {}",
        run.run_id
    ));
    let judged_at = environment.shared.clock.now();
    let judgement = Judgement {
        observed_run_id: run.run_id.clone(),
        run_id: run.run_id.clone(),
        as_of: None,
        judged_at,
        tool_version: super::VERSION.to_owned(),
        build_sha256,
        standard: rules.standard.clone(),
        exceptions: rules.exceptions.clone(),
        max_lost: args.loss.max_lost,
    };
    let Some(census) = publish(&lake, &judgement, args, work).await? else {
        return committed_by_another(&lake, &run.run_id, args).await;
    };
    if matches!(census.published, Published::Committed { by_another: true, .. }) {
        committed::tell_same(&run.run_id);
    }
    summary::tell_not_compared(&census);
    print::say(summary::render(&census, &summary::Next::Lake(args.lake.uri.as_str())));
    Ok(exit_of(&census, args))
}

/// The error, with how to go on where the lake failed: what to do about the lake, it tells itself.
fn continuing(error: CliError, is_of_lake: bool, run_id: &RunId) -> CliError {
    match error.hint {
        None if is_of_lake => error.hint(format!("complete accounts are kept: continue with --run {run_id}")),
        _ => error,
    }
}

/// A run that is this process's, as far as the lake can tell.
struct Held {
    _hold: Option<Hold>,
    /// Whether another process had it before.
    waited: bool,
}

/// How often a run that another process holds is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Holds the run. A scheduler delivers at least once: of two processes, the later one waits until the first has ended,
/// and does not read all of AWS beside it. Where the lake cannot tell, what is sealed and committed first decides.
async fn held(store: &dyn Store, run_id: &RunId, work: &Work) -> Held {
    let mut waited = false;
    loop {
        // Who cannot hold it goes on: what is wrong with the folder, the first write says.
        match store.hold(run_id, true) {
            Ok(None) if !waited => {
                waited = true;
                work.does(format!("waiting for another atrest process that has run {run_id}"));
                print::say(format!(
                    "another atrest process scans or publishes run {run_id}: waiting until it has ended"
                ));
            }
            Ok(None) => {}
            hold => return Held { _hold: hold.ok().flatten(), waited },
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Publishes the run's log; none where another process committed the run otherwise. An interruption leaves nothing
/// that a reader sees, and none breaks the commit off.
async fn publish(
    lake: &Lake,
    judgement: &Judgement,
    args: &ScanArgs,
    work: &Work,
) -> Result<Option<publish::Census>, CliError> {
    work.does(format!("judging and publishing run {}", judgement.run_id));
    let census = publish::finalize_unless(lake, judgement, work.publish()).await;
    committed::unless_by_another(census).map_err(|error| {
        let is_of_lake =
            matches!(error, FinalizeError::Store(_) | FinalizeError::Publish(PublishError::Store(_)));
        let told = loss::refused(error, &args.lake, &args.rules);
        work.or_interrupted(continuing(told, is_of_lake, &judgement.run_id))
    })
}

/// The run's id: as given, made from a scheduler's instant, or new.
fn run_id(run: Option<&RunArg>, lake: &str, now: Timestamp) -> RunId {
    match run {
        Some(RunArg::Id(id)) => id.clone(),
        Some(RunArg::At(at)) => run_id_of_instant(lake, *at),
        None => RunId::new(now, super::random_u32()),
    }
}

/// `<compact UTC>-<first 8 hex of sha256>` over the lake's URI and the instant (contract §1), so
/// that a scheduler which delivers twice opens one run.
fn run_id_of_instant(lake: &str, at: Timestamp) -> RunId {
    let at = at.whole_seconds();
    let hash = sha256_hex(format!("{lake}\n{at}").as_bytes());
    RunId::new(at, u32::from_str_radix(&hash[..8], 16).expect("a hash is hex"))
}

async fn already_committed(lake: &Lake, run_id: &RunId, args: &ScanArgs) -> Result<Exit, CliError> {
    let manifest = lake.manifest(run_id).await?;
    print::say(format!("run {run_id} is already committed ({}) and is not changed", manifest.status.word()));
    Ok(exit(manifest.status, args))
}

/// The run that the lake holds, which is not what was scanned here.
async fn committed_by_another(lake: &Lake, run_id: &RunId, args: &ScanArgs) -> Result<Exit, CliError> {
    let at_least = args.fail_on.filter(|_| !args.exit_zero_for.contains(&ExitZeroFor::Findings));
    let told = committed::tell(lake, run_id, at_least.map(Into::into)).await?;
    Ok(told.exit(args.exit_zero_for.contains(&ExitZeroFor::Coverage)))
}

/// How a census ends: what could not be seen comes before what was found.
fn exit_of(census: &publish::Census, args: &ScanArgs) -> Exit {
    let at_least = args.fail_on.filter(|_| !args.exit_zero_for.contains(&ExitZeroFor::Findings));
    let fails = at_least.map_or(0, |severity| census.findings.fails_at_least(severity.into()));
    match exit(census.run.status, args) {
        Exit::Done if fails > 0 => Exit::Findings,
        exit => exit,
    }
}

fn exit(status: RunStatus, args: &ScanArgs) -> Exit {
    let is_excused = args.exit_zero_for.contains(&ExitZeroFor::Coverage);
    if status == RunStatus::Partial && !is_excused { Exit::Partial } else { Exit::Done }
}

fn settings(args: &ScanArgs) -> ScanSettings {
    let hash = |id: &ExternalId| log::digest(id.expose().as_bytes());
    ScanSettings {
        role_name: args.role.role_name.clone(),
        external_id_sha256: args.role.external_id.as_ref().map(hash),
        filter: ScanFilter {
            accounts: args.filter.account.iter().copied().collect(),
            exclude_accounts: args.filter.exclude_account.iter().copied().collect(),
            ous: args.filter.ou.iter().cloned().collect(),
            regions: args.filter.region.iter().cloned().collect(),
        },
        history: RotationHistory {
            automatic: !args.no_rotation_history,
            imported: args.imported_rotation_history,
        },
        no_session_policy: args.role.no_session_policy,
    }
}

/// The header of a run with these settings.
pub fn header(run_id: RunId, now: Timestamp, settings: ScanSettings, source: Source) -> RunHeader {
    RunHeader {
        run_id,
        started_at: now,
        kind: if settings.filter.is_census() { RunKind::Census } else { RunKind::Filtered },
        source,
        tool_version: super::VERSION.to_owned(),
        settings_sha256: sha256_hex(canonical_json(&settings).as_bytes()),
        settings,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_instant_and_lake_are_the_same_run() {
        let at = Timestamp::parse("2026-11-21T03:00:00.750+01:00").unwrap();
        let id = run_id_of_instant("s3://lake/census", at);
        // printf 's3://lake/census\n2026-11-21T02:00:00Z' | sha256sum
        let hash = log::digest(b"s3://lake/census\n2026-11-21T02:00:00Z");
        assert_eq!(id.as_str(), format!("20261121T020000Z-{}", &hash[..8]));
        assert_ne!(id, run_id_of_instant("s3://lake/other", at));
    }
}
