//! The organizations that are measured, and the run that measures them.

use std::collections::BTreeSet;
use std::sync::Arc;

use atrest::aws::environment::{Environment, Tuning};
use atrest::aws::pace::Pace;
use atrest::clock::{DAY_MS, SharedClock, Timestamp};
use atrest::model::{
    Exception, Exceptions, Reading, RotationHistory, RunHeader, RunId, RunKind, ScanFilter, ScanSettings,
    Scope, Source, Standard,
};
use atrest::publish::Judgement;
use atrest::scan::{Edge, Limits};
use atrest::sim::world::{CompletedRotation, Rotation};
use atrest::sim::{Shape, World, generate};
use atrest::standard;
use aws_types::SdkConfig;

use super::Failed;

/// The instant of every world: 2026-11-21T03:00:00Z.
pub const NOW: Timestamp = Timestamp::from_millis(1_795_230_000_000);

/// An organization with a key for every ten buckets, in three Regions, with trouble of every kind.
pub fn shape(accounts: &str, buckets: &str) -> Result<Shape, Failed> {
    let (accounts, buckets): (usize, usize) = (accounts.parse()?, buckets.parse()?);
    Ok(Shape { accounts, buckets, keys: buckets / 10, ..Shape::default() })
}

/// The same with so many keys.
pub fn shape_with(accounts: &str, buckets: &str, keys: &str) -> Result<Shape, Failed> {
    Ok(Shape { keys: keys.parse()?, ..shape(accounts, buckets)? })
}

/// An organization in which nothing is special: SSE-S3 everywhere, and keys that rotate.
///
/// Every other bucket has a policy, since an error costs another path than an answer.
pub fn plain(accounts: usize, buckets_each: usize, keys_each: usize) -> World {
    let mut world = World::new(NOW);
    let mut ids = vec![world.organization.management_account];
    ids.extend((1..accounts).map(|number| world.add_account(&format!("member-{number}"))));
    for id in ids {
        for number in 0..buckets_each {
            let name = format!("plain-{id}-{number:06}");
            let text = format!(
                r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"TlsOnly","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::{name}","arn:aws:s3:::{name}/*"],"Condition":{{"Bool":{{"aws:SecureTransport":"false"}}}}}}]}}"#
            );
            world.add_bucket(id, "eu-west-1", &name).policy = (number % 2 == 0).then_some(text);
        }
        for _ in 0..keys_each {
            let key = world.add_key(id, "eu-west-1");
            key.rotation = Rotation {
                enabled: true,
                period_days: Some(365),
                next_at: Some(NOW.plus_millis(86_400_000)),
                on_demand_started_at: None,
            };
            key.history.push(CompletedRotation { at: NOW, kind: "AUTOMATIC".into() });
        }
    }
    world
}

/// The run of every scenario.
pub fn header(source: Source) -> RunHeader {
    RunHeader {
        run_id: RunId::new(NOW, 0xbe_5c),
        started_at: NOW,
        kind: RunKind::Census,
        source,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        settings: ScanSettings {
            role_name: "atrest-audit".to_owned(),
            external_id_sha256: None,
            filter: ScanFilter::default(),
            history: RotationHistory::default(),
            no_session_policy: false,
        },
        settings_sha256: String::new(),
    }
}

/// The built-in standard with one check in place of all.
pub fn one_check() -> Standard {
    let mut standard = standard::built_in();
    standard.checks.retain(|entry| entry.check_id == "s3_default_encryption");
    standard
}

/// So many exceptions from one check: of a bucket each by its name, by its beginning, or by its end.
pub fn exceptions(shape: &Shape, count: usize) -> Exceptions {
    let accounts = (0..shape.accounts).map(|index| generate::account(shape, index, NOW));
    let names: Vec<String> = accounts.flat_map(|account| account.buckets.into_keys()).collect();
    // Scattered over the organization: 7,919 is a prime.
    let name = |number: usize| &names[(number * 7_919) % names.len()];
    let records = (0..count).map(|number| exception(number, name(number))).collect();
    Exceptions { records, ..Exceptions::default() }
}

fn exception(number: usize, name: &str) -> Exception {
    let half = name.len() / 2;
    let resource = match number % 3 {
        0 => name.to_owned(),
        1 => format!("{}*", &name[..name.len() - 1]),
        _ => format!("arn:aws:s3:::*{}", &name[half..]),
    };
    let days = |days: i64| NOW.plus_millis(days * DAY_MS);
    Exception {
        id: format!("EX-{number:05}"),
        check_id: "s3_tls_only",
        accepts: BTreeSet::from(["no_policy".to_owned()]),
        scope: Scope::default(),
        resources: vec![resource],
        max_matches: u64::MAX,
        reason: "the bench".to_owned(),
        compensating_control: None,
        owner: "owner".to_owned(),
        requested_by: "owner".to_owned(),
        approved_by: "approver".to_owned(),
        approved_at: days(-6),
        ticket: "SEC-1".to_owned(),
        starts: days(-5),
        expires: days(20),
        supersedes: None,
        imported_without_expiry: false,
        sha256: String::new(),
    }
}

/// The same run's judgement.
pub fn judgement(run: &RunHeader, standard: &Standard) -> Judgement {
    Judgement {
        observed_run_id: run.run_id.clone(),
        run_id: run.run_id.clone(),
        as_of: None,
        judged_at: NOW,
        tool_version: run.tool_version.clone(),
        build_sha256: None,
        standard: standard.clone(),
        exceptions: Exceptions::default(),
        max_lost: atrest::publish::MAX_LOST,
    }
}

/// What a scan holds of AWS: as the command line has it by default, but for the published rates,
/// which on a real clock would make it a measurement of waiting.
pub async fn edge(base: &SdkConfig, clock: SharedClock, run: &RunHeader) -> Result<Edge, Failed> {
    let home = base.region().ok_or("no Region")?.as_ref().parse()?;
    let usual = Tuning::default();
    let tuning = Tuning { pace: Pace { quota_share: 1e6, ..usual.pace }, ..usual };
    let aws = Environment::new(base, Arc::clone(&clock), tuning, run.source, home, 0);
    let Reading::Known(caller) = aws.identify().await.reading else {
        return Err("the simulator does not know its own caller".into());
    };
    Ok(Edge::new(aws, caller, None, run, Limits::default()))
}
