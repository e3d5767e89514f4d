//! The walk over a run's facts: join, judge, write, a bounded number of resources at a time.
//!
//! Buckets come first, for they are counted into the key index, and the keys' rows carry the counts.
//! Joining and judging are rayon's; rows are written in order, so that the bytes are always the same.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::judgement::{FinalizeError, Judgement};
use super::run_log::{Counts, JoinedBuckets, JoinedKeys, RunLog};
use super::tables::Tables;
use super::{CoverageTotals, unique};
use crate::check;
use crate::clock::Timestamp;
use crate::control;
use crate::judge::{AccountRules, Judge, Matches, Rules};
use crate::model::{AcceptedGap, AccountFacts, AccountId, BucketFacts, Finding, KeyFacts};
use crate::resolve::{CoverageDigest, KeyIndex};
use crate::standard;
use crate::table::{calls::CallsRow, checks::CheckRow, coverage::CoverageFacts};

/// Accounts that are parsed and joined at the same time.
const ACCOUNTS_AT_ONCE: usize = 16;

/// Resources whose findings are in memory at the same time.
const JUDGED_AT_ONCE: usize = 4_096;

/// What a pass saw beside the rows that it wrote.
pub(super) struct Seen {
    pub(super) accounts: Vec<AccountFacts>,
    pub(super) coverage: CoverageTotals,
}

/// One walk over a run's facts.
pub(super) struct Pass<'a, 'p, 'l> {
    pub(super) log: &'a RunLog,
    pub(super) rules: &'a Rules,
    pub(super) judge: Judge<'a>,
    pub(super) index: KeyIndex,
    pub(super) tables: Tables<'p, 'l>,
    pub(super) gaps: &'a [AcceptedGap],
    pub(super) as_of: Timestamp,
}

impl Pass<'_, '_, '_> {
    /// Writes every row that is about a resource, and the calls.
    pub(super) async fn run(&mut self) -> Result<Seen, FinalizeError> {
        let is_counted = self.judge.counts_exceptions();
        if is_counted {
            self.count_exceptions()?;
        }
        let mut coverage = CoverageTotals::default();
        let mut counts: BTreeMap<AccountId, Counts> = BTreeMap::new();
        for chunk in self.log.segments.chunks(ACCOUNTS_AT_ONCE) {
            for joined in self.log.join_buckets(&self.index, self.as_of, chunk)? {
                if !is_counted {
                    count_buckets(&mut self.index, &joined);
                }
                let count = counts.entry(joined.account_id).or_default();
                count.buckets = joined.buckets.len() as u64;
                self.buckets(&joined).await?;
                (count.coverage, count.gaps_accepted) = self.coverage(joined, &mut coverage).await?;
            }
        }
        for chunk in self.log.segments.chunks(ACCOUNTS_AT_ONCE) {
            for joined in RunLog::join_keys(&self.index, chunk)? {
                counts.entry(joined.account_id).or_default().keys = joined.keys.len() as u64;
                self.keys(&joined).await?;
            }
        }
        let accounts = self.log.account_facts(&counts);
        self.accounts(&accounts).await?;
        for (operation, tally) in self.log.calls.0.clone() {
            self.tables.call(&CallsRow { operation, tally }).await?;
        }
        Ok(Seen { accounts, coverage })
    }

    async fn buckets(&mut self, joined: &JoinedBuckets) -> Result<(), FinalizeError> {
        for buckets in joined.buckets.chunks(JUDGED_AT_ONCE) {
            self.tables.goes_on()?;
            let findings = match self.rules.get(joined.account_id) {
                Some(rules) => judge_buckets(&self.judge, rules, joined, buckets),
                None => Vec::new(),
            };
            for bucket in buckets {
                self.tables.bucket(bucket).await?;
            }
            self.findings(findings).await?;
        }
        Ok(())
    }

    async fn keys(&mut self, joined: &JoinedKeys) -> Result<(), FinalizeError> {
        for keys in joined.keys.chunks(JUDGED_AT_ONCE) {
            self.tables.goes_on()?;
            let findings = match self.rules.get(joined.account_id) {
                Some(rules) => judge_keys(&self.judge, rules, &self.index, joined, keys),
                None => Vec::new(),
            };
            for key in keys {
                self.tables.key(key).await?;
            }
            self.findings(findings).await?;
        }
        Ok(())
    }

    /// Writes an account's coverage; gives its digest, and whether every gap in it is accepted.
    async fn coverage(
        &mut self,
        joined: JoinedBuckets,
        totals: &mut CoverageTotals,
    ) -> Result<(CoverageDigest, bool), FinalizeError> {
        let place = self.rules.get(joined.account_id).map(AccountRules::place);
        unique::of_coverage(joined.account_id, &joined.coverage)?;
        let digest = CoverageDigest::of(&joined.coverage);
        let mut all_accepted = true;
        for row in joined.coverage {
            let accepts =
                |gap| place.is_some_and(|place| standard::gap_accepts(gap, &row, &place, self.as_of));
            let accepted_gap = !row.tally.complete() && self.gaps.iter().any(accepts);
            all_accepted &= row.tally.complete() || accepted_gap;
            totals.add(&row.tally);
            self.tables.coverage(&CoverageFacts { row, accepted_gap }).await?;
        }
        Ok((digest, all_accepted))
    }

    async fn accounts(&mut self, accounts: &[AccountFacts]) -> Result<(), FinalizeError> {
        let mut findings = Vec::new();
        for account in accounts {
            self.tables.account(account).await?;
            if let Some(rules) = self.rules.get(account.account.id) {
                findings.push(self.judge.account(rules, account));
            }
        }
        let management = self.log.organization.management_account_id;
        let answers = accounts.iter().find(|account| Some(account.account.id) == management);
        if let Some(account) = answers.or_else(|| accounts.first())
            && let Some(rules) = self.rules.get(account.account.id)
        {
            findings.push(self.judge.exceptions(rules, account));
        }
        self.findings(findings).await
    }

    async fn findings(&mut self, findings: Vec<Vec<Finding>>) -> Result<(), FinalizeError> {
        for findings in findings {
            unique::of_findings(&findings)?;
            for finding in findings {
                self.tables.finding(&finding).await?;
            }
        }
        Ok(())
    }

    /// How often each exception matches: judged once without writing, since one that matches too
    /// often applies to nothing.
    fn count_exceptions(&mut self) -> Result<(), FinalizeError> {
        let mut matches = Matches::default();
        let mut counts: BTreeMap<AccountId, Counts> = BTreeMap::new();
        for chunk in self.log.segments.chunks(ACCOUNTS_AT_ONCE) {
            for joined in self.log.join_buckets(&self.index, self.as_of, chunk)? {
                count_buckets(&mut self.index, &joined);
                counts.entry(joined.account_id).or_default().coverage = CoverageDigest::of(&joined.coverage);
                let Some(rules) = self.rules.get(joined.account_id) else { continue };
                for buckets in joined.buckets.chunks(JUDGED_AT_ONCE) {
                    self.tables.goes_on()?;
                    let findings = judge_buckets(&self.judge, rules, &joined, buckets);
                    self.count(rules, &findings, &mut matches);
                }
            }
        }
        for chunk in self.log.segments.chunks(ACCOUNTS_AT_ONCE) {
            for joined in RunLog::join_keys(&self.index, chunk)? {
                let Some(rules) = self.rules.get(joined.account_id) else { continue };
                for keys in joined.keys.chunks(JUDGED_AT_ONCE) {
                    self.tables.goes_on()?;
                    let findings = judge_keys(&self.judge, rules, &self.index, &joined, keys);
                    self.count(rules, &findings, &mut matches);
                }
            }
        }
        for account in self.log.account_facts(&counts) {
            if let Some(rules) = self.rules.get(account.account.id) {
                let findings = vec![self.judge.account(rules, &account)];
                self.count(rules, &findings, &mut matches);
            }
        }
        self.judge.settle(matches);
        Ok(())
    }

    fn count(&self, rules: &AccountRules, findings: &[Vec<Finding>], matches: &mut Matches) {
        for finding in findings.iter().flatten() {
            self.judge.matches(rules, finding, matches);
        }
    }

    /// Writes what the findings are of: the check instances, and the controls that they are evidence for.
    pub(super) async fn catalogue(&mut self, judgement: &Judgement) -> Result<(), FinalizeError> {
        let without_exceptions = judgement.exceptions.records.is_empty();
        let mut instances = standard::all_instances(&judgement.standard);
        instances.retain(|instance| {
            !(without_exceptions && matches!(instance.check.judge, check::Judge::Exception(_)))
        });
        for instance in &instances {
            let check = instance.check;
            let row = CheckRow {
                check_id: check.id,
                check_params: instance.params_json.clone(),
                check_version: check.version,
                title: check.title,
                question: check.question,
                category: check.category,
                severity: instance.severity,
                remedy: check.remedy,
                severity_max: check.severity_max(instance.severity),
                rationale: check.rationale,
                documentation: check::documentation(check.id),
            };
            self.tables.check(&row).await?;
        }
        for row in control::built_in().controls {
            let is_asked = |instance: &standard::Instance| {
                instance.check.id == row.check_id && instance.parameters == row.parameters
            };
            if instances.iter().any(is_asked) {
                self.tables.control(&row).await?;
            }
        }
        Ok(())
    }
}

fn count_buckets(index: &mut KeyIndex, joined: &JoinedBuckets) {
    for bucket in &joined.buckets {
        if let Some(arn) = bucket.key.as_ref().and_then(|key| key.key_arn.as_deref()) {
            index.count_bucket(arn, joined.account_id, &bucket.name);
        }
    }
}

fn judge_buckets(
    judge: &Judge<'_>,
    rules: &AccountRules,
    joined: &JoinedBuckets,
    buckets: &[BucketFacts],
) -> Vec<Vec<Finding>> {
    buckets.par_iter().map(|bucket| judge.bucket(rules, bucket, &joined.policies)).collect()
}

fn judge_keys(
    judge: &Judge<'_>,
    rules: &AccountRules,
    index: &KeyIndex,
    joined: &JoinedKeys,
    keys: &[KeyFacts],
) -> Vec<Vec<Finding>> {
    let findings = keys.par_iter().map(|key| {
        let observation = &key.observation;
        let buckets = index.named_buckets(joined.account_id, &observation.region, &observation.key_id);
        judge.key(rules, key, &joined.policies, buckets)
    });
    findings.collect()
}
