//! The walk over a run's facts: join, judge, write, a bounded number of resources at a time.
//!
//! Buckets come first, for they are counted into the key index, and the keys' rows carry the counts.
//! Joining and judging are rayon's, while the next pieces of the log are read; rows are written in order, so that the
//! bytes are always the same.

use std::collections::BTreeMap;

use super::judgement::{FinalizeError, Judgement};
use super::judging::{Done, Judged, Judging};
use super::pieces::{Kind, Piece, Pieces};
use super::run_log::Counts;
use super::tables::Tables;
use super::texts::Stand;
use super::unique;
use crate::check;
use crate::control;
use crate::judge::{AccountRules, Matches};
use crate::lake::CoverageTotals;
use crate::log::LogError;
use crate::model::{AcceptedGap, AccountFacts, AccountId, BucketFacts, CoverageRow, Finding, KeyFacts};
use crate::resolve::CoverageDigest;
use crate::standard;
use crate::table::{calls::CallsRow, checks::CheckRow, coverage::CoverageFacts};

/// What a pass saw beside the rows that it wrote.
pub(super) struct Seen {
    pub(super) accounts: Vec<AccountFacts>,
    pub(super) coverage: CoverageTotals,
}

/// How the resources of each account stand in its segment.
pub(super) struct Stands {
    pub(super) buckets: Vec<Stand>,
    pub(super) keys: Vec<Stand>,
}

/// One walk over a run's facts.
pub(super) struct Pass<'a, 'p, 'l> {
    pub(super) judging: Judging<'a>,
    pub(super) stands: Stands,
    pub(super) tables: Tables<'p, 'l>,
    pub(super) gaps: &'a [AcceptedGap],
}

impl Pass<'_, '_, '_> {
    /// Writes every row that is about a resource, and the calls.
    pub(super) async fn run(&mut self) -> Result<Seen, FinalizeError> {
        let is_counted = self.judging.judge.counts_exceptions();
        if is_counted {
            self.count_exceptions().await?;
        }
        let mut coverage = CoverageTotals::default();
        let mut counts: BTreeMap<AccountId, Counts> = BTreeMap::new();
        let log = self.judging.log;
        let stands = std::mem::take(&mut self.stands.buckets);
        let mut walk = Walk::over(Pieces::of(Kind::Buckets, &log.segments, &stands))?;
        while let Some(judged) = walk.judged(&self.tables, |pieces| self.judging.buckets(pieces)).await? {
            for done in judged {
                if !is_counted {
                    self.judging.count_keys_of(&done);
                }
                let count = counts.entry(done.account_id).or_default();
                count.buckets += done.resources.len() as u64;
                self.buckets(done.resources).await?;
                if let Some(rows) = done.coverage {
                    (count.coverage, count.gaps_accepted) =
                        self.coverage(done.account_id, rows, &mut coverage).await?;
                }
            }
        }
        let stands = std::mem::take(&mut self.stands.keys);
        let mut walk = Walk::over(Pieces::of(Kind::Keys, &log.segments, &stands))?;
        while let Some(judged) = walk.judged(&self.tables, |pieces| self.judging.keys(pieces)).await? {
            for done in judged {
                counts.entry(done.account_id).or_default().keys += done.resources.len() as u64;
                self.keys(done.resources).await?;
            }
        }
        let accounts = self.judging.log.account_facts(&counts);
        self.accounts(&accounts).await?;
        for (operation, tally) in self.judging.log.calls.0.clone() {
            self.tables.call(&CallsRow { operation, tally }).await?;
        }
        Ok(Seen { accounts, coverage })
    }

    async fn buckets(&mut self, judged: Vec<Judged<BucketFacts>>) -> Result<(), FinalizeError> {
        for (bucket, findings) in judged {
            self.tables.bucket(&bucket).await?;
            self.findings(findings).await?;
        }
        Ok(())
    }

    async fn keys(&mut self, judged: Vec<Judged<KeyFacts>>) -> Result<(), FinalizeError> {
        for (key, findings) in judged {
            self.tables.key(&key).await?;
            self.findings(findings).await?;
        }
        Ok(())
    }

    /// Writes an account's coverage; gives its digest, and whether every gap in it is accepted.
    async fn coverage(
        &mut self,
        account_id: AccountId,
        rows: Vec<CoverageRow>,
        totals: &mut CoverageTotals,
    ) -> Result<(CoverageDigest, bool), FinalizeError> {
        let place = self.judging.rules.get(account_id).map(AccountRules::place);
        unique::of_coverage(account_id, &rows)?;
        let digest = CoverageDigest::of(&rows);
        let mut all_accepted = true;
        for row in rows {
            let accepts =
                |gap| place.is_some_and(|place| standard::gap_accepts(gap, &row, &place, self.judging.as_of));
            let accepted_gap = !row.tally.complete() && self.gaps.iter().any(accepts);
            all_accepted &= row.tally.complete() || accepted_gap;
            totals.add(&row.tally);
            self.tables.coverage(&CoverageFacts { row, accepted_gap }).await?;
        }
        Ok((digest, all_accepted))
    }

    async fn accounts(&mut self, accounts: &[AccountFacts]) -> Result<(), FinalizeError> {
        for account in accounts {
            self.tables.account(account).await?;
            if let Some(rules) = self.judging.rules.get(account.account.id) {
                self.findings(self.judging.judge.account(rules, account)).await?;
            }
        }
        let management = self.judging.log.organization.management_account_id;
        let answers = accounts.iter().find(|account| Some(account.account.id) == management);
        if let Some(account) = answers.or_else(|| accounts.first())
            && let Some(rules) = self.judging.rules.get(account.account.id)
        {
            self.findings(self.judging.judge.exceptions(rules, account)).await?;
        }
        Ok(())
    }

    /// Writes the findings of one resource.
    async fn findings(&mut self, findings: Vec<Finding>) -> Result<(), FinalizeError> {
        unique::of_findings(&findings)?;
        for finding in findings {
            self.tables.finding(&finding).await?;
        }
        Ok(())
    }

    /// How often each exception matches: judged once without writing, since one that matches too
    /// often applies to nothing.
    async fn count_exceptions(&mut self) -> Result<(), FinalizeError> {
        let mut matches = Matches::default();
        let mut counts: BTreeMap<AccountId, Counts> = BTreeMap::new();
        let mut walk =
            Walk::over(Pieces::of(Kind::Buckets, &self.judging.log.segments, &self.stands.buckets))?;
        while let Some(judged) = walk.judged(&self.tables, |pieces| self.judging.buckets(pieces)).await? {
            for done in judged {
                self.judging.count_keys_of(&done);
                if let Some(rows) = &done.coverage {
                    counts.entry(done.account_id).or_default().coverage = CoverageDigest::of(rows);
                }
                self.count(&done, &mut matches);
            }
        }
        let mut walk = Walk::over(Pieces::of(Kind::Keys, &self.judging.log.segments, &self.stands.keys))?;
        while let Some(judged) = walk.judged(&self.tables, |pieces| self.judging.keys(pieces)).await? {
            for done in judged {
                self.count(&done, &mut matches);
            }
        }
        for account in self.judging.log.account_facts(&counts) {
            if let Some(rules) = self.judging.rules.get(account.account.id) {
                for finding in self.judging.judge.account(rules, &account) {
                    self.judging.judge.matches(rules, &finding, &mut matches);
                }
            }
        }
        self.judging.judge.settle(matches);
        Ok(())
    }

    fn count<T>(&self, done: &Done<T>, matches: &mut Matches) {
        let Some(rules) = self.judging.rules.get(done.account_id) else { return };
        for finding in done.resources.iter().flat_map(|(_, findings)| findings) {
            self.judging.judge.matches(rules, finding, matches);
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

/// The pieces of a log, each judged while the next is read.
struct Walk<'l> {
    pieces: Pieces<'l>,
    next: Vec<Piece<'l>>,
}

impl<'l> Walk<'l> {
    fn over(mut pieces: Pieces<'l>) -> Result<Self, FinalizeError> {
        let next = pieces.next()?;
        Ok(Self { pieces, next })
    }

    /// The next pieces, judged; none after the last. Whoever waits for a pass, which may take minutes, may stop it here.
    async fn judged<T: Send>(
        &mut self,
        tables: &Tables<'_, '_>,
        judge: impl FnOnce(Vec<Piece<'l>>) -> Result<Vec<Done<T>>, LogError> + Send,
    ) -> Result<Option<Vec<Done<T>>>, FinalizeError> {
        tokio::task::yield_now().await;
        let pieces = std::mem::take(&mut self.next);
        if pieces.is_empty() {
            return Ok(None);
        }
        tables.goes_on()?;
        let (judged, following) = rayon::join(|| judge(pieces), || self.pieces.next());
        let judged = judged?;
        self.next = following?;
        Ok(Some(judged))
    }
}
