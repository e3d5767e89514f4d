//! From a run's log to its committed tables: offline, ordered, the same log to the same bytes.
//!
//! The sealed segments are fetched once and kept as they are, compressed (some 100 bytes a bucket);
//! each pass reads them account by account, so that what is in memory in the clear is a handful of
//! accounts, whatever the organization's size.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, TryStreamExt, stream};
use rayon::prelude::*;

use super::{
    CoverageTotals, EncodeError, Lake, Manifest, ParquetTable, Part, Publication, PublishError, Published,
    SegmentEntry, StoreError, canonical_json, sha256_hex,
};
use crate::clock::Timestamp;
use crate::log::{self, LogError, Record, Segment};
use crate::model::{
    Account, AccountFacts, AccountId, AccountScan, BucketFacts, BucketObservation, Calls, CoverageRow,
    KeyFacts, KeyObservation, OrganizationIdentity, Region, RunFacts, RunHeader, RunId, RunKind, RunStatus,
    RunTotals, ScanStatus,
};
use crate::resolve::{self, CoverageDigest, KeyIndex, ScannedAccount, Summary};
use crate::table::{self, calls::CallsRow, coverage::CoverageFacts};

/// Segments that are fetched at the same time.
const FETCHES: usize = 16;
/// Accounts that are parsed and joined at the same time.
const ACCOUNTS_AT_ONCE: usize = 16;

/// A run that could not be finalized.
#[derive(Debug, thiserror::Error)]
pub enum FinalizeError {
    /// The log has no sealed account list: the scan has not come that far.
    #[error(
        "failed to finalize run {0}: its log has no sealed account list; continue it with `atrest scan --run {0}`"
    )]
    NoAccountList(RunId),
    /// A log that cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The lake could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A row could not be encoded.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The tables could not be published.
    #[error(transparent)]
    Publish(#[from] PublishError),
}

/// What to publish a log as.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// The run whose log is judged.
    pub observed_run_id: RunId,
    /// The run that is published: the same, or a new `rejudged` one.
    pub run_id: RunId,
    /// The instant that exceptions and dates are judged at; the log's start where none is given.
    pub as_of: Option<Timestamp>,
    /// When it is judged.
    pub judged_at: Timestamp,
    /// The version of this tool.
    pub tool_version: String,
}

/// A published run, for the summary that a person reads.
#[derive(Debug, Clone)]
pub struct Census {
    /// The `runs` row.
    pub run: RunFacts,
    /// The accounts.
    pub accounts: Vec<AccountFacts>,
    /// The counts, the worst by name, and what could not be seen.
    pub summary: Summary,
    /// What was published.
    pub published: Published,
}

/// Resolves a run's log and publishes its tables.
pub async fn finalize(lake: &Lake, judgement: &Judgement) -> Result<Census, FinalizeError> {
    let log = RunLog::fetch(lake, &judgement.observed_run_id).await?;
    let mut index = log.key_index()?;
    let mut publication = Publication::new(lake, judgement.run_id.clone());

    let mut tables = Tables::new(&judgement.run_id);
    let mut coverage = CoverageTotals::default();
    let mut counts: BTreeMap<AccountId, Counts> = BTreeMap::new();
    for chunk in log.segments.chunks(ACCOUNTS_AT_ONCE) {
        for account in RunLog::join_buckets(&index, chunk)? {
            let count = counts.entry(account.account_id).or_default();
            for bucket in &account.buckets {
                if let Some(arn) = bucket.key.as_ref().and_then(|key| key.key_arn.as_deref()) {
                    index.count_bucket(arn, account.account_id);
                }
                count.buckets += 1;
                tables.summary.bucket(bucket);
                publish(&mut publication, tables.buckets.push(bucket)?).await?;
            }
            count.coverage = CoverageDigest::of(&account.coverage);
            for row in account.coverage {
                coverage.add(&row.tally);
                tables.summary.coverage(&row);
                let facts = CoverageFacts { row, accepted_gap: false };
                publish(&mut publication, tables.coverage.push(&facts)?).await?;
            }
        }
    }
    for chunk in log.segments.chunks(ACCOUNTS_AT_ONCE) {
        for (account_id, keys) in RunLog::join_keys(&index, chunk)? {
            counts.entry(account_id).or_default().keys += keys.len() as u64;
            for key in &keys {
                tables.summary.key(key);
                publish(&mut publication, tables.keys.push(key)?).await?;
            }
        }
    }
    let accounts = log.account_facts(&counts);
    for account in &accounts {
        publish(&mut publication, tables.accounts.push(account)?).await?;
    }
    for (operation, tally) in log.calls.0.clone() {
        publish(&mut publication, tables.calls.push(&CallsRow { operation, tally })?).await?;
    }
    let summary = tables.finish(&mut publication).await?;

    let previous = match lake.previous_manifest(&judgement.run_id).await {
        Ok(previous) => previous,
        Err(error) => return Err(FinalizeError::Store(unreadable_manifest(lake, &error))),
    };
    let run = log.run_facts(judgement, &accounts, previous.as_ref().map(|(run_id, _)| run_id.clone()));
    let manifest = log.manifest(&run, coverage, previous.map(|(_, sha256)| sha256));
    let published = publication.finish(manifest, run.clone()).await?;
    let mut run = run;
    if let Published::Committed { manifest_key, manifest_sha256 } = &published {
        run.manifest_key.clone_from(manifest_key);
        run.manifest_sha256.clone_from(manifest_sha256);
    }
    Ok(Census { run, accounts, summary, published })
}

fn unreadable_manifest(lake: &Lake, error: &super::LakeError) -> StoreError {
    StoreError {
        action: "read the previous manifest of",
        uri: lake.uri().to_owned(),
        reason: error.to_string(),
        by_user: error.by_user(),
    }
}

async fn publish(publication: &mut Publication<'_>, part: Option<Part>) -> Result<(), PublishError> {
    match part {
        Some(part) => publication.add_file(part).await,
        None => Ok(()),
    }
}

/// The tables while they are being written.
struct Tables {
    accounts: ParquetTable<AccountFacts>,
    buckets: ParquetTable<BucketFacts>,
    keys: ParquetTable<KeyFacts>,
    coverage: ParquetTable<CoverageFacts>,
    calls: ParquetTable<CallsRow>,
    summary: Summary,
}

impl Tables {
    fn new(run_id: &RunId) -> Self {
        Self {
            accounts: ParquetTable::new(&table::accounts::TABLE, run_id.clone()),
            buckets: ParquetTable::new(&table::buckets::TABLE, run_id.clone()),
            keys: ParquetTable::new(&table::keys::TABLE, run_id.clone()),
            coverage: ParquetTable::new(&table::coverage::TABLE, run_id.clone()),
            calls: ParquetTable::new(&table::calls::TABLE, run_id.clone()),
            summary: Summary::default(),
        }
    }

    async fn finish(self, publication: &mut Publication<'_>) -> Result<Summary, FinalizeError> {
        let parts = [
            self.accounts.finish()?,
            self.buckets.finish()?,
            self.keys.finish()?,
            self.coverage.finish()?,
            self.calls.finish()?,
        ];
        for part in parts.into_iter().flatten() {
            publication.add_file(part).await?;
        }
        Ok(self.summary)
    }
}

/// What the passes counted of an account.
#[derive(Debug, Default)]
struct Counts {
    buckets: u64,
    keys: u64,
    coverage: CoverageDigest,
}

/// One account after the second pass.
struct JoinedBuckets {
    account_id: AccountId,
    buckets: Vec<BucketFacts>,
    coverage: Vec<CoverageRow>,
}

/// A run's log in memory, compressed.
struct RunLog {
    header: RunHeader,
    organization: OrganizationIdentity,
    accounts: Vec<Account>,
    accounts_complete: bool,
    unit_names: BTreeMap<String, String>,
    segments: Vec<AccountSegment>,
    entries: Vec<SegmentEntry>,
    calls: Calls,
}

struct AccountSegment {
    segment: Segment,
    scan: AccountScan,
}

impl RunLog {
    async fn fetch(lake: &Lake, run_id: &RunId) -> Result<Self, FinalizeError> {
        let organization = log::organization_key(run_id);
        let bytes = lake.store().get(&organization).await?;
        let bytes = bytes.ok_or_else(|| FinalizeError::NoAccountList(run_id.clone()))?;
        let organization = match Segment::open(&organization, bytes) {
            Err(LogError::NotSealed { .. }) => return Err(FinalizeError::NoAccountList(run_id.clone())),
            opened => opened?,
        };
        let mut log = Self::of_organization(&organization)?;
        let fetched = fetch_segments(lake, run_id).await?;
        for segment in fetched {
            let entry = segment_entry(&segment.segment, Some(segment.scan.account_id));
            log.entries.push(entry);
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
        let mut log = Self {
            header: header.run,
            organization: header.organization,
            accounts: Vec::new(),
            accounts_complete: false,
            unit_names: BTreeMap::new(),
            segments: Vec::new(),
            entries: vec![segment_entry(segment, None)],
            calls: Calls::default(),
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
        Ok(log)
    }

    /// The first pass.
    fn key_index(&self) -> Result<KeyIndex, LogError> {
        let members: BTreeSet<AccountId> = self.accounts.iter().map(|account| account.id).collect();
        let mut index = KeyIndex::new(members, self.accounts_complete);
        for AccountSegment { segment, scan } in &self.segments {
            let account_id = scan.account_id;
            for record in segment.records(|name| matches!(name, "key" | "alias" | "listing")) {
                match record? {
                    Record::Key(key) => index.add_key(account_id, &key),
                    Record::Alias(alias) => index.add_alias(account_id, &alias),
                    Record::Listing(listing) => match listing.observation.operation.as_ref() {
                        "kms:ListKeys" => {
                            index.keys_listed(account_id, listing.region(), listing.is_complete());
                        }
                        "kms:ListAliases" => index.aliases_listed(
                            account_id,
                            listing.region(),
                            listing.is_complete(),
                            listing.observation.reading.word(),
                        ),
                        _ => {}
                    },
                    _ => {}
                }
            }
        }
        Ok(index)
    }

    /// The second pass, a few accounts at a time; rows by bucket name.
    fn join_buckets(index: &KeyIndex, segments: &[AccountSegment]) -> Result<Vec<JoinedBuckets>, LogError> {
        segments.par_iter().map(|account| join_buckets(index, account)).collect()
    }

    /// The keys' rows, once every bucket was counted; by Region and key id.
    fn join_keys(
        index: &KeyIndex,
        segments: &[AccountSegment],
    ) -> Result<Vec<(AccountId, Vec<KeyFacts>)>, LogError> {
        segments.par_iter().map(|account| join_keys(index, account)).collect()
    }

    fn account_facts(&self, counts: &BTreeMap<AccountId, Counts>) -> Vec<AccountFacts> {
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
            });
            let filter = &self.header.settings.filter;
            resolve::account_facts(&self.organization, &self.unit_names, filter, account.clone(), scanned)
        };
        self.accounts.iter().map(facts).collect()
    }

    fn run_facts(
        &self,
        judgement: &Judgement,
        accounts: &[AccountFacts],
        previous_run_id: Option<RunId>,
    ) -> RunFacts {
        let rejudged = judgement.run_id != judgement.observed_run_id;
        let ends = self.segments.iter().map(|segment| segment.scan.finished_at);
        RunFacts {
            run_id: judgement.run_id.clone(),
            kind: if rejudged { RunKind::Rejudged } else { self.header.kind },
            organization: self.organization.clone(),
            started_at: self.header.started_at,
            finished_at: ends.max().unwrap_or(self.header.started_at),
            status: resolve::run_status(accounts.iter()),
            source: self.header.source,
            observed_run_id: judgement.observed_run_id.clone(),
            as_of: judgement.as_of.unwrap_or(self.header.started_at),
            judged_at: judgement.judged_at,
            previous_run_id,
            tool_version: judgement.tool_version.clone(),
            schema_version: table::SCHEMA_VERSION,
            totals: totals_of(accounts),
            settings_sha256: self.header.settings_sha256.clone(),
            standard_sha256: None,
            exceptions_sha256: None,
            manifest_key: String::new(),
            manifest_sha256: String::new(),
        }
    }

    fn manifest(&self, run: &RunFacts, coverage: CoverageTotals, previous: Option<String>) -> Manifest {
        let settings = serde_json::from_str(&canonical_json(&self.header.settings));
        Manifest {
            run_id: run.run_id.clone(),
            kind: run.kind,
            status: run.status,
            org_id: run.organization.org_id.clone(),
            management_account_id: run.organization.management_account_id,
            source: run.source,
            started_at: run.started_at,
            observed_run_id: run.observed_run_id.clone(),
            as_of: run.as_of,
            tool_version: run.tool_version.clone(),
            schema_version: run.schema_version,
            log_version: log::LOG_VERSION,
            settings: settings.expect("canonical JSON reads back"),
            settings_sha256: run.settings_sha256.clone(),
            standard_sha256: run.standard_sha256.clone(),
            exceptions_sha256: run.exceptions_sha256.clone(),
            control_map_sha256: None,
            files: Vec::new(),
            segments: self.entries.clone(),
            coverage,
            calls: self.first_attempts(),
            totals: run.totals,
            previous_run_id: run.previous_run_id.clone(),
            previous_manifest_sha256: previous,
        }
    }

    fn first_attempts(&self) -> BTreeMap<String, u64> {
        let tallies = self.calls.0.iter();
        tallies.map(|(operation, tally)| (operation.clone(), tally.calls - tally.retries)).collect()
    }
}

fn segment_entry(segment: &Segment, account_id: Option<AccountId>) -> SegmentEntry {
    SegmentEntry {
        key: segment.key().to_owned(),
        sha256: sha256_hex(segment.bytes()),
        bytes: segment.bytes().len() as u64,
        account_id,
    }
}

/// Fetches the sealed segments of a run. What is not sealed is as if it were not there.
async fn fetch_segments(lake: &Lake, run_id: &RunId) -> Result<Vec<AccountSegment>, FinalizeError> {
    let keys = lake.store().list(&log::prefix(run_id)).await?;
    let organization = log::organization_key(run_id);
    let fetched = stream::iter(keys.into_iter().filter(|key| *key != organization))
        .map(async |key| {
            let bytes = lake.store().get(&key).await?;
            Ok::<_, StoreError>(bytes.map(|bytes| (key, bytes)))
        })
        .buffered(FETCHES)
        .try_collect::<Vec<_>>()
        .await?;
    let opened = fetched.into_par_iter().flatten().map(|(key, bytes)| open_segment(&key, bytes));
    Ok(opened.collect::<Result<Vec<_>, LogError>>()?.into_iter().flatten().collect())
}

fn open_segment(key: &str, bytes: Vec<u8>) -> Result<Option<AccountSegment>, LogError> {
    match Segment::open(key, bytes) {
        Err(LogError::NotSealed { .. }) => Ok(None),
        Err(error) => Err(error),
        Ok(segment) => {
            let scan = segment.header().scan.clone();
            Ok(scan.map(|scan| AccountSegment { segment, scan }))
        }
    }
}

fn join_buckets(index: &KeyIndex, account: &AccountSegment) -> Result<JoinedBuckets, LogError> {
    let account_id = account.scan.account_id;
    let partition = partition_of(account);
    let mut observed: Vec<BucketObservation> = Vec::new();
    let mut coverage = Vec::new();
    for record in account.segment.records(|name| matches!(name, "bucket" | "coverage")) {
        match record? {
            Record::Bucket(bucket) => observed.push(*bucket),
            Record::Coverage(row) => coverage.push(row),
            _ => {}
        }
    }
    observed.sort_by(|a, b| a.name.cmp(&b.name));
    let facts = |bucket| resolve::bucket_facts(index, &partition, account_id, bucket);
    Ok(JoinedBuckets { account_id, buckets: observed.into_iter().map(facts).collect(), coverage })
}

fn join_keys(index: &KeyIndex, account: &AccountSegment) -> Result<(AccountId, Vec<KeyFacts>), LogError> {
    let account_id = account.scan.account_id;
    let mut by_region: BTreeMap<Region, Vec<KeyObservation>> = BTreeMap::new();
    for record in account.segment.records(|name| name == "key") {
        if let Record::Key(key) = record? {
            by_region.entry(key.region.clone()).or_default().push(*key);
        }
    }
    let mut facts = Vec::new();
    for (region, mut keys) in by_region {
        keys.sort_by(|a, b| a.key_id.cmp(&b.key_id));
        let aliases = index.aliases_of(account_id, &region);
        let partition = region.partition();
        facts.extend(
            keys.into_iter().map(|key| resolve::key_facts(index, &aliases, &partition, account_id, key)),
        );
    }
    Ok((account_id, facts))
}

/// The partition of an account, for the buckets whose Region is not known.
fn partition_of(account: &AccountSegment) -> crate::model::Partition {
    let region = account.scan.regions.first().map(Region::partition);
    region.unwrap_or_else(|| Region::global().partition())
}

fn totals_of(accounts: &[AccountFacts]) -> RunTotals {
    let with = |status| accounts.iter().filter(|account| account.status == status).count() as u64;
    RunTotals {
        accounts_listed: accounts.len() as u64,
        accounts_complete: with(ScanStatus::Complete),
        accounts_partial: with(ScanStatus::Partial),
        accounts_unreachable: with(ScanStatus::Unreachable),
        accounts_not_scanned: with(ScanStatus::NotScanned),
        buckets: accounts.iter().filter_map(|account| account.buckets).sum(),
        keys: accounts.iter().filter_map(|account| account.keys).sum(),
        findings_fail: 0,
        findings_unknown: 0,
        calls: accounts.iter().map(|account| account.calls).sum(),
    }
}

impl Census {
    /// Whether something could not be seen that the standard does not accept.
    pub fn is_partial(&self) -> bool {
        self.run.status == RunStatus::Partial
    }
}
