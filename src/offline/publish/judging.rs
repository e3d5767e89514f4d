//! Joining and judging some pieces of a log at the same time: rayon's part of a pass, without a row written.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::pieces::Piece;
use super::run_log::{RunLog, partition_of};
use crate::clock::Timestamp;
use crate::judge::{Judge, Rules};
use crate::log::LogError;
use crate::model::{AccountId, BucketFacts, CoverageRow, Finding, KeyFacts, Region};
use crate::resolve::{self, AliasesOf, KeyIndex};

/// What resources are joined with and judged by.
pub(super) struct Judging<'a> {
    pub(super) log: &'a RunLog,
    pub(super) rules: &'a Rules,
    pub(super) judge: Judge<'a>,
    pub(super) index: KeyIndex,
    pub(super) as_of: Timestamp,
}

/// A resource, and what the standard says of it.
pub(super) type Judged<T> = (T, Vec<Finding>);

/// What one piece came to.
pub(super) struct Done<T> {
    pub(super) account_id: AccountId,
    pub(super) resources: Vec<Judged<T>>,
    /// None but after the account's last.
    pub(super) coverage: Option<Vec<CoverageRow>>,
}

impl Judging<'_> {
    /// Joins the buckets of some pieces with their keys, and judges them.
    pub(super) fn buckets(&self, pieces: Vec<Piece<'_>>) -> Result<Vec<Done<BucketFacts>>, LogError> {
        let weighed = self.log.weighed(self.as_of);
        let judged = pieces.into_par_iter().map(|mut piece| {
            let account_id = piece.account.scan.account_id;
            let partition = partition_of(piece.account);
            let rules = self.rules.get(account_id);
            let judged = piece.lines.par_iter().map(|line| {
                let bucket = piece.bucket(line)?;
                let facts = resolve::bucket_facts(
                    &self.index,
                    &partition,
                    account_id,
                    bucket,
                    &piece.policies,
                    weighed,
                );
                let findings = rules.map(|rules| self.judge.bucket(rules, &facts, &piece.policies));
                Ok((facts, findings.unwrap_or_default()))
            });
            let resources = judged.collect::<Result<_, _>>()?;
            Ok(Done { account_id, resources, coverage: piece.coverage.take() })
        });
        judged.collect()
    }

    /// The same for keys, once every bucket was counted.
    pub(super) fn keys(&self, pieces: Vec<Piece<'_>>) -> Result<Vec<Done<KeyFacts>>, LogError> {
        let judged = pieces.into_par_iter().map(|piece| {
            let account_id = piece.account.scan.account_id;
            let keys = piece.lines.par_iter().map(|line| piece.key(line)).collect::<Result<Vec<_>, _>>()?;
            let mut aliases: BTreeMap<Region, AliasesOf<'_>> = BTreeMap::new();
            for key in &keys {
                if !aliases.contains_key(&key.region) {
                    aliases.insert(key.region.clone(), self.index.aliases_of(account_id, &key.region));
                }
            }
            let rules = self.rules.get(account_id);
            let judged = keys.into_par_iter().map(|key| {
                let (region, key_id) = (key.region.clone(), key.key_id.clone());
                let partition = region.partition();
                let facts = resolve::key_facts(&self.index, &aliases[&region], &partition, account_id, key);
                let findings = rules.map(|rules| {
                    let buckets = self.index.named_buckets(account_id, &region, &key_id);
                    self.judge.key(rules, &facts, &piece.policies, buckets)
                });
                (facts, findings.unwrap_or_default())
            });
            Ok(Done { account_id, resources: judged.collect(), coverage: None })
        });
        judged.collect()
    }

    /// Counts the buckets whose defaults name a key.
    pub(super) fn count_keys_of(&mut self, done: &Done<BucketFacts>) {
        for (bucket, _) in &done.resources {
            if let Some(arn) = bucket.key().and_then(|key| key.key_arn.as_deref()) {
                self.index.count_bucket(arn, done.account_id, &bucket.name);
            }
        }
    }
}
