//! A run's log in memory: fetched once, kept compressed, read in passes.
//!
//! The sealed segments stay as they were written (125 to 161 bytes a bucket, as the benchmark measures). Each pass reads
//! them account by account and line by line, so that what is in the clear is bounded, whatever the size of the
//! organization, or of an account.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt, stream};
use rayon::prelude::*;

use super::Begun;
use super::judgement::FinalizeError;
use super::texts::{Look, Stand};
use crate::clock::Timestamp;
use crate::lake::{
    CommittedRun, Lake, LakeError, Observed, SegmentEntry, StoreError, StoreFault, sha256_hex,
};
use crate::log::{self, Listing, LogError, Place, Record, Segment};
use crate::model::{
    Account, AccountFacts, AccountId, AccountScan, Calls, Organization, OrganizationIdentity, Partition,
    Region, RunHeader, RunId,
};
use crate::resolve::{self, CoverageDigest, KeyIndex, ScannedAccount, Weighed};

/// Segments that are fetched at the same time.
const FETCHES: usize = 16;

/// What the passes counted of an account.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) buckets: u64,
    pub(super) keys: u64,
    pub(super) coverage: CoverageDigest,
    pub(super) gaps_accepted: bool,
}

/// A run's log in memory, compressed.
pub(super) struct RunLog {
    pub(super) header: RunHeader,
    pub(super) identity: OrganizationIdentity,
    /// Who belongs to it.
    pub(super) organization: Arc<Organization>,
    pub(super) accounts: Vec<Account>,
    pub(super) accounts_complete: bool,
    pub(super) unit_names: BTreeMap<String, String>,
    pub(super) segments: Vec<AccountSegment>,
    pub(super) entries: Vec<SegmentEntry>,
    pub(super) calls: Calls,
    pub(super) observed: Observed,
}

pub(super) struct AccountSegment {
    pub(super) segment: Segment,
    pub(super) scan: AccountScan,
}

impl RunLog {
    /// Reads a run's log: of a committed run what its manifest names, each compared with its hash; of any other what
    /// is sealed.
    pub(super) async fn fetch(lake: &Lake, run_id: &RunId) -> Result<Self, FinalizeError> {
        if lake.committed(run_id) {
            return Self::committed(lake, run_id).await;
        }
        let organization = log::organization_key(run_id);
        let bytes = lake.store().get(&organization).await?;
        let bytes = bytes.ok_or_else(|| FinalizeError::NoAccountList(run_id.clone()))?;
        let organization = match Segment::open(&organization, bytes) {
            Err(LogError::NotSealed { .. }) => return Err(FinalizeError::NoAccountList(run_id.clone())),
            opened => opened?,
        };
        Self::of(run_id, &organization, fetch_segments(lake, run_id).await?)
    }

    /// Reads the log with which a run's publish was begun, each part compared with its hash.
    pub(super) async fn begun(lake: &Lake, begun: &Begun) -> Result<Self, FinalizeError> {
        Self::named(lake, &begun.run_id, &begun.segments).await
    }

    /// A segment that is not there would read as an account whose scan was interrupted, and one that the
    /// manifest does not name is not what was judged: neither may change what the run saw.
    async fn committed(lake: &Lake, run_id: &RunId) -> Result<Self, FinalizeError> {
        let run = CommittedRun::open(lake, run_id).await?;
        Self::named(lake, run_id, &run.manifest().segments).await
    }

    async fn named(lake: &Lake, run_id: &RunId, entries: &[SegmentEntry]) -> Result<Self, FinalizeError> {
        let list = entries.iter().find(|entry| entry.account_id.is_none());
        let list = list.ok_or_else(|| FinalizeError::NoAccountList(run_id.clone()))?;
        let organization = Segment::open(&list.key, held(lake, list).await?)?;
        let fetched = stream::iter(entries.iter().filter(|entry| entry.account_id.is_some()))
            .map(async |entry| Ok::<_, LakeError>((entry.key.clone(), held(lake, entry).await?)))
            .buffered(FETCHES)
            .try_collect::<Vec<_>>()
            .await?;
        let opened = fetched.into_par_iter().map(|(key, bytes)| of_account(Segment::open(&key, bytes)?));
        Self::of(run_id, &organization, opened.collect::<Result<Vec<_>, LogError>>()?)
    }

    fn of(
        run_id: &RunId,
        organization: &Segment,
        fetched: Vec<AccountSegment>,
    ) -> Result<Self, FinalizeError> {
        let mut log = Self::of_organization(organization)?;
        let run = RunHeader { run_id: run_id.clone(), ..log.header.clone() };
        organization.belongs(&run, &log.identity)?;
        // Before one of an account is chosen: another's in its place must not pass for a second one of its own.
        fetched.iter().try_for_each(|it| it.segment.belongs(&run, &log.identity))?;
        for segment in chosen(fetched) {
            // Listed by another process alone, whose list came too late to be the run's.
            if log.accounts.binary_search_by_key(&segment.scan.account_id, |it| it.id).is_err() {
                continue;
            }
            log.entries.push(segment_entry(&segment.segment, Some(&segment.scan)));
            log.observed.add(&segment.segment.header().witness);
            for record in segment.segment.records(|name| name == "calls") {
                if let Record::Calls(calls) = record? {
                    log.calls.merge(&Calls(BTreeMap::from([(calls.operation, calls.tally)])));
                }
            }
            log.segments.push(segment);
        }
        log.segments.sort_by_key(|segment| segment.scan.account_id);
        Ok(log)
    }

    fn of_organization(segment: &Segment) -> Result<Self, LogError> {
        let header = segment.header().clone();
        let mut observed = Observed { tool_version: header.run.tool_version.clone(), ..Observed::default() };
        observed.add(&header.witness);
        let mut log = Self {
            header: header.run,
            identity: header.organization,
            organization: Arc::default(),
            accounts: Vec::new(),
            accounts_complete: false,
            unit_names: BTreeMap::new(),
            segments: Vec::new(),
            entries: vec![segment_entry(segment, None)],
            calls: Calls::default(),
            observed,
        };
        for record in segment.records(|_| true) {
            match record? {
                Record::Account(account) => log.accounts.push(account),
                Record::OrganizationalUnit(unit) => drop(log.unit_names.insert(unit.id, unit.name)),
                Record::Listing(listing) if listing.observation.operation == "organizations:ListAccounts" => {
                    log.accounts_complete = listing.is_complete();
                }
                Record::Calls(calls) => {
                    log.calls.merge(&Calls(BTreeMap::from([(calls.operation, calls.tally)])));
                }
                _ => {}
            }
        }
        log.accounts.sort_by_key(|account| account.id);
        log.organization = Arc::new(Organization::of(&log.identity, &log.accounts, log.accounts_complete));
        Ok(log)
    }

    /// The first pass: the index of keys and aliases, and how the keys of each account stand in its segment.
    pub(super) fn key_index(&self) -> Result<(KeyIndex, Vec<Stand>), LogError> {
        let members: BTreeSet<AccountId> = self.accounts.iter().map(|account| account.id).collect();
        let mut index = KeyIndex::new(members, self.accounts_complete);
        let stands =
            self.segments.iter().map(|account| index_keys(account, &mut index)).collect::<Result<_, _>>()?;
        Ok((index, stands))
    }

    /// By what the policies of its resources are weighed.
    pub(super) fn weighed(&self, as_of: Timestamp) -> Weighed<'_> {
        Weighed { organization: &self.organization, as_of }
    }

    pub(super) fn account_facts(&self, counts: &BTreeMap<AccountId, Counts>) -> Vec<AccountFacts> {
        let scans: BTreeMap<AccountId, &AccountScan> =
            self.segments.iter().map(|segment| (segment.scan.account_id, &segment.scan)).collect();
        let none = Counts::default();
        let facts = |account: &Account| {
            let count = counts.get(&account.id).unwrap_or(&none);
            let scanned = scans.get(&account.id).map(|scan| ScannedAccount {
                scan,
                coverage: count.coverage,
                buckets: count.buckets,
                keys: count.keys,
                gaps_accepted: count.gaps_accepted,
            });
            let filter = &self.header.settings.filter;
            resolve::account_facts(&self.identity, &self.unit_names, filter, account.clone(), scanned)
        };
        self.accounts.iter().map(facts).collect()
    }
}

fn segment_entry(segment: &Segment, scan: Option<&AccountScan>) -> SegmentEntry {
    SegmentEntry {
        key: segment.key().to_owned(),
        sha256: sha256_hex(segment.bytes()),
        bytes: segment.bytes().len() as u64,
        account_id: scan.map(|scan| scan.account_id),
        role_arn: scan.and_then(|scan| scan.role_arn.clone()),
    }
}

/// Fetches the sealed segments of a run. What is not sealed is as if it were not there.
async fn fetch_segments(lake: &Lake, run_id: &RunId) -> Result<Vec<AccountSegment>, FinalizeError> {
    let keys = lake.store().list(&log::prefix(run_id)).await?;
    let organization = log::organization_key(run_id);
    let is_segment = |key: &String| *key != organization && key.ends_with(".jsonl.zst");
    let fetched = stream::iter(keys.into_iter().filter(is_segment))
        .map(async |key| {
            match lake.store().get(&key).await {
                // It is scanned again, as what was never sealed.
                Err(error) if error.fault == StoreFault::Archived => Ok(None),
                bytes => Ok::<_, StoreError>(bytes?.map(|bytes| (key, bytes))),
            }
        })
        .buffered(FETCHES)
        .try_collect::<Vec<_>>()
        .await?;
    let opened = fetched.into_par_iter().flatten().map(|(key, bytes)| open_segment(&key, bytes));
    Ok(opened.collect::<Result<Vec<_>, LogError>>()?.into_iter().flatten().collect())
}

/// Of each account one segment: the first in which it gave a session, else the first.
fn chosen(segments: Vec<AccountSegment>) -> Vec<AccountSegment> {
    let place = |it: &AccountSegment| {
        (it.scan.access_path.is_none(), it.segment.key().len(), it.segment.key().to_owned())
    };
    let mut chosen: BTreeMap<AccountId, AccountSegment> = BTreeMap::new();
    for segment in segments {
        match chosen.get(&segment.scan.account_id) {
            Some(known) if place(known) <= place(&segment) => {}
            _ => drop(chosen.insert(segment.scan.account_id, segment)),
        }
    }
    chosen.into_values().collect()
}

fn open_segment(key: &str, bytes: Vec<u8>) -> Result<Option<AccountSegment>, LogError> {
    match Segment::open(key, bytes).and_then(of_account) {
        Err(LogError::NotSealed { .. }) => Ok(None),
        opened => opened.map(Some),
    }
}

fn of_account(segment: Segment) -> Result<AccountSegment, LogError> {
    match segment.header().scan.clone() {
        Some(scan) => Ok(AccountSegment { segment, scan }),
        None => Err(LogError::not_sealed(segment.key(), "it names no account")),
    }
}

/// A segment's bytes, as they were when the run was committed.
async fn held(lake: &Lake, entry: &SegmentEntry) -> Result<Vec<u8>, LakeError> {
    lake.held(&entry.key, entry.bytes, &entry.sha256).await
}

/// Adds an account's keys, aliases and listings. They come first in a segment.
fn index_keys(account: &AccountSegment, index: &mut KeyIndex) -> Result<Stand, LogError> {
    let AccountSegment { segment, scan } = account;
    let account_id = scan.account_id;
    let mut look = Look::default();
    let lines = segment.lines(|name| matches!(name, "key" | "alias" | "listing" | "policy" | "bucket"));
    for line in lines.take_while(|line| line.as_ref().map_or(true, |line| line.name() != "bucket")) {
        match segment.record(&line?)? {
            Record::Key(key) => {
                index.add_key(account_id, &key);
                look.resource(Place::of_key(&key.region, &key.key_id), &key.policy);
            }
            Record::Policy(policy) => look.text(policy.sha256),
            Record::Alias(alias) => index.add_alias(account_id, &alias),
            Record::Listing(listing) => add_listing(account_id, &listing, index),
            _ => {}
        }
    }
    Ok(look.end())
}

fn add_listing(account_id: AccountId, listing: &Listing, index: &mut KeyIndex) {
    let region = listing.region();
    match listing.observation.operation.as_ref() {
        "kms:ListKeys" => index.keys_listed(account_id, region, listing.is_complete()),
        "kms:ListAliases" => index.aliases_listed(account_id, region, listing.observation.reading.ended()),
        _ => {}
    }
}

/// The partition of an account, for the buckets whose Region is not known.
pub(super) fn partition_of(account: &AccountSegment) -> Partition {
    account.scan.partition().unwrap_or_else(|| Region::global().partition())
}
