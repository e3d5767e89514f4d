//! Where the resources are that a census says nothing of any more.
//!
//! Gone is only what a complete listing does not have; nothing is read where every fail of then has its row.

use std::collections::{BTreeMap, BTreeSet};

use super::super::ReportError;
use super::super::rows::{AccountRow, CoverageRow, ListedBucketRow, ListedKeyRow, OutcomeRow};
use super::law::{Fails, Place};
use crate::lake::CommittedRun;
use crate::model::ResourceType;

/// Where the resources are that this run says nothing of.
#[derive(Debug, Default)]
pub struct Places {
    accounts: BTreeSet<String>,
    /// Accounts whose buckets were listed to the end.
    buckets_listed: BTreeSet<String>,
    /// Accounts, and their Regions whose keys were.
    keys_listed: BTreeMap<String, BTreeSet<String>>,
    /// Buckets and keys with a row of their own and a fail of then without one, by account.
    there: BTreeMap<String, BTreeSet<String>>,
}

impl Places {
    /// Reads of the run what is needed for the fails of then that it has no row of.
    pub async fn of(run: &CommittedRun, previous: &CommittedRun, then: &Fails) -> Result<Self, ReportError> {
        let mut places = Self::default();
        if !then.any_without_a_row() {
            return Ok(places);
        }
        places.read_accounts(run).await?;
        places.read_listings(run).await?;
        let without = without_a_row(previous, then).await?;
        ListedBucketRow::each(run, |row| places.add(&without, row.account_id, row.bucket_arn)).await?;
        ListedKeyRow::each(run, |row| places.add(&without, row.account_id, row.key_arn)).await?;
        Ok(places)
    }

    async fn read_accounts(&mut self, run: &CommittedRun) -> Result<(), ReportError> {
        AccountRow::each(run, |row| {
            self.accounts.extend(row.account_id.map(str::to_owned));
            Ok(())
        })
        .await
    }

    async fn read_listings(&mut self, run: &CommittedRun) -> Result<(), ReportError> {
        CoverageRow::each(run, |row| {
            // `complete` alone is also said of what the plan left out.
            let is_proof = row.complete == Some(true) && row.known.is_some_and(|known| known > 0);
            let account_id = row.account_id.unwrap_or_default();
            match row.operation {
                Some("s3:ListBuckets") if is_proof => {
                    self.buckets_listed.insert(account_id.to_owned());
                }
                Some("kms:ListKeys") if is_proof => {
                    let regions = self.keys_listed.entry(account_id.to_owned()).or_default();
                    regions.extend(row.region.map(str::to_owned));
                }
                _ => {}
            }
            Ok(())
        })
        .await
    }

    fn add(
        &mut self,
        without: &BTreeMap<String, BTreeSet<String>>,
        account_id: Option<&str>,
        arn: Option<&str>,
    ) -> Result<(), ReportError> {
        let (account_id, arn) = (account_id.unwrap_or_default(), arn.unwrap_or_default());
        if without.get(account_id).is_some_and(|arns| arns.contains(arn)) {
            self.there.entry(account_id.to_owned()).or_default().insert(arn.to_owned());
        }
        Ok(())
    }

    /// Where the resource of a finding of then is.
    pub fn of_resource(&self, row: &OutcomeRow<'_>) -> Result<Place, ReportError> {
        let account_id = row.account_id.unwrap_or_default();
        let arn = row.resource_arn.unwrap_or_default();
        let is_listed = match resource_type(row)? {
            ResourceType::Account if self.accounts.contains(account_id) => return Ok(Place::There),
            ResourceType::Account => return Ok(Place::Gone),
            ResourceType::Bucket => self.buckets_listed.contains(account_id),
            ResourceType::Key => self
                .keys_listed
                .get(account_id)
                .is_some_and(|regions| row.region.is_some_and(|region| regions.contains(region))),
        };
        Ok(match self.there.get(account_id) {
            Some(arns) if arns.contains(arn) => Place::There,
            _ if is_listed => Place::Gone,
            _ if self.accounts.contains(account_id) => Place::NotListed,
            _ => Place::AccountLeft,
        })
    }
}

/// The resources with a fail of then that this run says nothing of, by account.
async fn without_a_row(
    previous: &CommittedRun,
    then: &Fails,
) -> Result<BTreeMap<String, BTreeSet<String>>, ReportError> {
    let mut without: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    OutcomeRow::each(previous, |row| {
        let uid = super::uid(previous, row.finding_uid)?;
        if then.has(uid) && then.now(uid).is_none() {
            let account_id = row.account_id.unwrap_or_default().to_owned();
            without.entry(account_id).or_default().extend(row.resource_arn.map(str::to_owned));
        }
        Ok::<(), ReportError>(())
    })
    .await?;
    Ok(without)
}

/// What kind of resource a finding is about.
pub fn resource_type(row: &OutcomeRow<'_>) -> Result<ResourceType, ReportError> {
    let word = row.resource_type.unwrap_or_default();
    let unknown = || ReportError::Word { table: "findings", column: "resource_type", word: word.to_owned() };
    ResourceType::from_word(word).ok_or_else(unknown)
}
