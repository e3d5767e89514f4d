//! The tables of one run while they are written: rows in, finished parts out to the publication.

use super::FinalizeError;
use super::unique::Rising;
use crate::judge::Findings;
use crate::lake::{EncodeError, ParquetTable, Part, Publication};
use crate::model::{AccountFacts, BucketFacts, Control, Finding, KeyFacts, RunId};
use crate::resolve::Summary;
use crate::table::{self, calls::CallsRow, checks::CheckRow, coverage::CoverageFacts};

/// The tables, and what is counted of their rows on the way.
pub(super) struct Tables<'p, 'l> {
    publication: &'p mut Publication<'l>,
    accounts: ParquetTable<AccountFacts>,
    buckets: ParquetTable<BucketFacts>,
    keys: ParquetTable<KeyFacts>,
    findings: ParquetTable<Finding>,
    checks: ParquetTable<CheckRow>,
    controls: ParquetTable<Control>,
    coverage: ParquetTable<CoverageFacts>,
    calls: ParquetTable<CallsRow>,
    summary: Summary,
    found: Findings,
    account_keys: Rising,
    bucket_keys: Rising,
    key_keys: Rising,
}

impl<'p, 'l> Tables<'p, 'l> {
    pub(super) fn new(publication: &'p mut Publication<'l>, run_id: &RunId) -> Self {
        Self {
            publication,
            accounts: ParquetTable::new(&table::accounts::TABLE, run_id.clone()),
            buckets: ParquetTable::new(&table::buckets::TABLE, run_id.clone()),
            keys: ParquetTable::new(&table::keys::TABLE, run_id.clone()),
            findings: ParquetTable::new(&table::findings::TABLE, run_id.clone()),
            checks: ParquetTable::new(&table::checks::TABLE, run_id.clone()),
            controls: ParquetTable::new(&table::controls::TABLE, run_id.clone()),
            coverage: ParquetTable::new(&table::coverage::TABLE, run_id.clone()),
            calls: ParquetTable::new(&table::calls::TABLE, run_id.clone()),
            summary: Summary::default(),
            found: Findings::default(),
            account_keys: Rising::of("accounts"),
            bucket_keys: Rising::of("buckets"),
            key_keys: Rising::of("keys"),
        }
    }

    /// An error where the publish was asked to stop.
    pub(super) fn goes_on(&self) -> Result<(), FinalizeError> {
        Ok(self.publication.goes_on()?)
    }

    pub(super) async fn account(&mut self, account: &AccountFacts) -> Result<(), FinalizeError> {
        self.account_keys.take(&[&account.account.id])?;
        let part = self.accounts.push(account)?;
        self.publish(part).await
    }

    pub(super) async fn bucket(&mut self, bucket: &BucketFacts) -> Result<(), FinalizeError> {
        self.bucket_keys.take(&[&bucket.account_id, &bucket.name])?;
        self.summary.bucket(bucket);
        let part = self.buckets.push(bucket)?;
        self.publish(part).await
    }

    pub(super) async fn key(&mut self, key: &KeyFacts) -> Result<(), FinalizeError> {
        let KeyFacts { account_id, observation, .. } = key;
        self.key_keys.take(&[account_id, &observation.region, &observation.key_id])?;
        self.summary.key(key);
        let part = self.keys.push(key)?;
        self.publish(part).await
    }

    pub(super) async fn finding(&mut self, finding: &Finding) -> Result<(), FinalizeError> {
        self.found.add(finding);
        let part = self.findings.push(finding)?;
        self.publish(part).await
    }

    pub(super) async fn coverage(&mut self, facts: &CoverageFacts) -> Result<(), FinalizeError> {
        self.summary.coverage(&facts.row);
        let part = self.coverage.push(facts)?;
        self.publish(part).await
    }

    pub(super) async fn call(&mut self, row: &CallsRow) -> Result<(), FinalizeError> {
        let part = self.calls.push(row)?;
        self.publish(part).await
    }

    pub(super) async fn check(&mut self, row: &CheckRow) -> Result<(), FinalizeError> {
        let part = self.checks.push(row)?;
        self.publish(part).await
    }

    pub(super) async fn control(&mut self, row: &Control) -> Result<(), FinalizeError> {
        let part = self.controls.push(row)?;
        self.publish(part).await
    }

    async fn publish(&mut self, part: Option<Part>) -> Result<(), FinalizeError> {
        match part {
            Some(part) => Ok(self.publication.add_file(part).await?),
            None => Ok(()),
        }
    }

    /// Ends every table: each has a file, and be it without a row.
    pub(super) async fn finish(self) -> Result<(Summary, Findings), FinalizeError> {
        let parts: Result<Vec<Vec<Part>>, EncodeError> = [
            self.accounts.finish(),
            self.buckets.finish(),
            self.keys.finish(),
            self.findings.finish(),
            self.checks.finish(),
            self.controls.finish(),
            self.coverage.finish(),
            self.calls.finish(),
        ]
        .into_iter()
        .collect();
        for part in parts?.into_iter().flatten() {
            self.publication.add_file(part).await?;
        }
        Ok((self.summary, self.found))
    }
}
