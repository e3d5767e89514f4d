//! From a run's log to its committed tables: offline, ordered, the same log to the same bytes.
//!
//! The passes over the log are `run_log`'s; this file orders them, fills the tables as rows come,
//! and publishes.

use std::collections::BTreeMap;

use super::run_log::{Counts, RunLog};
use super::{
    CoverageTotals, EncodeError, Lake, Manifest, ParquetTable, Part, Publication, PublishError, Published,
    StoreError, canonical_json,
};
use crate::clock::Timestamp;
use crate::log::{self, LogError};
use crate::model::{
    AccountFacts, AccountId, BucketFacts, KeyFacts, RunFacts, RunId, RunKind, RunStatus, RunTotals,
    ScanStatus,
};
use crate::resolve::{self, CoverageDigest, Summary};
use crate::table::{self, calls::CallsRow, coverage::CoverageFacts};

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

impl RunLog {
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
