//! One account's scan: a session, its Regions, the collectors, a sealed segment.

use std::sync::{Arc, PoisonError};

use futures::future::join_all;

use super::Edge;
use crate::aws::call::Door;
use crate::aws::dates::Dates;
use crate::aws::service::{AccountReader, account, kms, s3};
use crate::aws::session::{Renewal, RoleAssumer, Session};
use crate::log::SegmentWriter;
use crate::model::{
    AccessPath, Account, AccountId, AccountScan, Arn, Calls, Coverage, Fault, FaultKind, NotAsked,
    Observation, OrganizationIdentity, Partition, Reading, Region, RegionsFrom, RunHeader,
};
use crate::operation::{LIST_ALIASES, LIST_BUCKETS, LIST_KEYS, LIST_REGIONS};

/// A sealed segment, and the code with which the account refused the role, if it did.
#[derive(Debug)]
pub struct Scanned {
    /// The segment.
    pub bytes: Vec<u8>,
    /// Why there was no session.
    pub refused: Option<Fault>,
    /// What the caller's own credentials were refused with, if they were: then what is not read is not the
    /// account's doing.
    pub doubted: Option<Fault>,
}

/// A session, or what STS said instead.
enum Access {
    Session { session: Arc<Session>, path: AccessPath, observation: Option<Observation<()>> },
    Refused(Observation<()>),
}

/// Scans one account.
pub async fn scan_account(
    edge: &Edge,
    run: &RunHeader,
    organization: &OrganizationIdentity,
    account: &Account,
) -> Scanned {
    // An account's own: whoever reads its segment alone sees by which clock AWS answered it.
    let dates = Dates::default();
    let edge = &Edge { aws: edge.aws.noting(&dates), ..edge.clone() };
    let started_at = edge.aws.shared.clock.now();
    let partition = partition_of(account, edge);
    let role_arn = edge.assumer.role_arn(&partition, account.id);
    let sts = Arc::new(Door::caller(Arc::clone(&edge.aws.shared)));
    let assumer = edge.assumer.through(Arc::clone(&sts));
    let access = open_session(edge, &assumer, account.id, &role_arn).await;

    let mut scan = AccountScan {
        account_id: account.id,
        role_arn: Some(role_arn),
        access_path: None,
        regions: Vec::new(),
        regions_disabled: Vec::new(),
        regions_from: RegionsFrom::NoSession,
        started_at,
        finished_at: started_at,
    };
    let (mut segment, mut calls) = (SegmentWriter::default(), Calls::default());
    let mut refused = None;
    match access {
        Access::Refused(observation) => {
            refused = Some(refusal_of(&observation.reading));
            segment.listing(&observation, 0);
            plan_without_session(edge, &mut segment);
        }
        Access::Session { session, path, observation } => {
            if let Some(observation) = observation {
                segment.listing(&observation, 1);
            }
            if path == AccessPath::Caller {
                scan.role_arn = None;
            }
            scan.access_path = Some(path);
            let reader = reader(edge, account.id, session, segment);
            read_account(edge, &reader, &partition, &mut scan).await;
            calls = reader.door.take_calls();
            segment = reader.segment.into_inner().unwrap_or_else(PoisonError::into_inner);
        }
    }
    calls.merge(&sts.take_calls());
    scan.finished_at = edge.aws.shared.clock.now();
    let witness = edge.witness(&dates);
    tell_gaps(segment.coverage(), account.id);
    let bytes = segment.seal(run, organization, &scan, &calls, &witness);
    Scanned { bytes, refused, doubted: assumer.doubted().cloned() }
}

/// What was not read, for whoever asked for a log of the accounts.
fn tell_gaps(coverage: &Coverage, account_id: AccountId) {
    for row in coverage.rows(account_id).filter(|row| row.tally.has_faults()) {
        tracing::info!(
            account.id = %account_id,
            operation = row.operation,
            region = %row.region,
            code = row.tally.sample_code(),
            aws.message = row.tally.sample_message(),
            "not read"
        );
    }
}

fn partition_of(account: &Account, edge: &Edge) -> Partition {
    let arn = account.arn.as_deref().and_then(Arn::parse);
    arn.and_then(|arn| arn.partition.parse().ok()).unwrap_or_else(|| edge.caller.partition.clone())
}

async fn open_session(edge: &Edge, assumer: &RoleAssumer, account_id: AccountId, role_arn: &str) -> Access {
    let assumer = assumer.clone();
    let (observation, credentials) = assumer.assume(role_arn).await;
    let probe = edge.aws.factory.session_probe(&assumer);
    if let Some(credentials) = credentials {
        let renewal = Renewal::Role(role_arn.to_owned());
        let session = Arc::new(Session::new(assumer, renewal, credentials, probe));
        return Access::Session { session, path: AccessPath::AssumedRole, observation: Some(observation) };
    }
    if account_id != edge.caller.account_id {
        return Access::Refused(observation);
    }
    // The caller's own account needs no role: its credentials are there already.
    match edge.aws.caller_credentials().await {
        Some((provider, credentials)) => {
            let session = Session::new(assumer, Renewal::Caller(provider), credentials, probe);
            Access::Session { session: Arc::new(session), path: AccessPath::Caller, observation: None }
        }
        None => Access::Refused(observation),
    }
}

/// Why there was no session. STS answers nothing but yes or a refusal.
fn refusal_of(reading: &Reading<()>) -> Fault {
    match reading {
        Reading::Unread(fault) => fault.clone(),
        _ => Fault::new(FaultKind::Protocol),
    }
}

/// What the plan would have read, as far as it is known without a session.
fn plan_without_session(edge: &Edge, segment: &mut SegmentWriter) {
    let (global, why) = (Region::global(), NotAsked::NoSession);
    let coverage = segment.coverage();
    coverage.add_not_asked(&global, LIST_BUCKETS.id, why, 1);
    if edge.regions.is_empty() {
        coverage.add_not_asked(&global, LIST_REGIONS.id, why, 1);
    }
    for region in &edge.regions {
        coverage.add_not_asked(region, LIST_KEYS.id, why, 1);
        coverage.add_not_asked(region, LIST_ALIASES.id, why, 1);
    }
}

fn reader(
    edge: &Edge,
    account_id: AccountId,
    session: Arc<Session>,
    segment: SegmentWriter,
) -> AccountReader {
    let (caller, concurrency) = (edge.caller.account_id, edge.limits.resources_in_flight);
    let reader = AccountReader::new(&edge.aws, caller, account_id, session, concurrency, edge.history);
    *reader.segment() = segment;
    reader
}

async fn read_account(edge: &Edge, reader: &AccountReader, partition: &Partition, scan: &mut AccountScan) {
    find_regions(edge, reader, partition, scan).await;
    let regions = scan.regions.clone();
    let second = regions.iter().find(|region| **region != edge.aws.home);
    let keys = read_keys(reader, &regions);
    let buckets = async {
        let (_, listed) = s3::list_buckets(reader, &edge.aws.home, second).await;
        let located = s3::locate(reader, &edge.aws.home, listed).await;
        let more = match scan.regions_from {
            RegionsFrom::Fallback => named_regions(&located, &regions),
            _ => Vec::new(),
        };
        scan.regions.extend(more.iter().cloned());
        scan.regions.sort();
        let collect = s3::collect(reader, &edge.aws.home, located, |region| scan.why_not_scanned(region));
        futures::join!(collect, read_keys(reader, &more));
    };
    futures::join!(keys, buckets);
}

async fn read_keys(reader: &AccountReader, regions: &[Region]) {
    // Every Region has its own quotas and endpoint: they do not wait for each other.
    join_all(regions.iter().map(|region| kms::collect(reader, region))).await;
}

/// The Regions to scan: asked for, listed by the account, or what is known without that.
async fn find_regions(edge: &Edge, reader: &AccountReader, partition: &Partition, scan: &mut AccountScan) {
    if !edge.regions.is_empty() {
        scan.regions = edge.regions.iter().cloned().collect();
        scan.regions_from = RegionsFrom::Filter;
        return;
    }
    if partition.as_str() == "aws-us-gov" {
        // The partition has no Account Management endpoint (botocore's endpoints.json).
        scan.regions = partition.default_regions();
        scan.regions_from = RegionsFrom::BuiltIn;
        return;
    }
    let (observation, regions) = account::list_regions(reader, &edge.aws.home).await;
    scan.regions_disabled = regions.disabled;
    if observation.reading.known().is_some() {
        scan.regions = regions.enabled;
        scan.regions_from = RegionsFrom::Listed;
        return;
    }
    scan.regions_disabled.clear();
    // Those that were listed before the listing failed are the account's, too.
    scan.regions = partition.default_regions();
    scan.regions.extend(regions.enabled);
    scan.regions.push(edge.aws.home.clone());
    scan.regions.sort();
    scan.regions.dedup();
    scan.regions_from = RegionsFrom::Fallback;
}

type Located = (s3::ListedBucket, Option<Observation<Region>>);

/// Regions that listed buckets name, beyond those that are scanned already.
fn named_regions(buckets: &[Located], scanned: &[Region]) -> Vec<Region> {
    let named = buckets.iter().filter_map(|(bucket, _)| bucket.region.clone());
    let mut more: Vec<Region> = named.filter(|region| !scanned.contains(region)).collect();
    more.sort();
    more.dedup();
    more
}
