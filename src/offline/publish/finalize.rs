//! From a run's log to its committed tables: offline, ordered, the same log to the same bytes.
//!
//! The log is `run_log`'s, the walk over its facts `pass`'s; this file orders them and publishes.

use std::collections::BTreeMap;

use super::Begun;
use super::judgement::{FinalizeError, Judgement};
use super::judging::Judging;
use super::loss::{self, Compared};
use super::pass::{Pass, Stands};
use super::run_log::RunLog;
use super::tables::Tables;
use crate::clock::Timestamp;
use crate::control;
use crate::judge::{Findings, Judge, Rules};
use crate::lake::committed::committed_runs;
use crate::lake::{
    CoverageTotals, Interrupt, Lake, Manifest, Publication, Published, StandardEntry, canonical_json,
    sha256_hex, unchanged,
};
use crate::log;
use crate::model::{
    AccountFacts, ExceptionUse, RunFacts, RunId, RunKind, RunStatus, RunTotals, ScanStatus, Standard, Verdict,
};
use crate::resolve::{self, Summary};
use crate::table;

/// A published run, for the summary that a person reads.
#[derive(Debug, Clone)]
pub struct Census {
    /// The `runs` row.
    pub run: RunFacts,
    /// The accounts.
    pub accounts: Vec<AccountFacts>,
    /// The counts, and what could not be seen.
    pub summary: Summary,
    /// The verdicts, and the worst fails by name.
    pub findings: Findings,
    /// What each exception came to.
    pub exceptions: Vec<ExceptionUse>,
    /// The standard's id and version, as a person names it.
    pub standard: String,
    /// What was published.
    pub published: Published,
    /// Why the census was not held against the last one; none where it was, or there is none.
    pub not_compared: Option<String>,
}

/// Resolves a run's log, judges it, and publishes its tables.
pub async fn finalize(lake: &Lake, judgement: &Judgement) -> Result<Census, FinalizeError> {
    finalize_unless(lake, judgement, &Interrupt::default()).await
}

/// The same, which can be stopped until its commit begins.
pub async fn finalize_unless(
    lake: &Lake,
    judgement: &Judgement,
    interrupt: &Interrupt,
) -> Result<Census, FinalizeError> {
    unchanged(lake.newest(), &judgement.standard, &judgement.exceptions)?;
    let Ready { log, judgement, previous, not_compared } = &begin(lake, judgement).await?;
    let as_of = judgement.as_of.unwrap_or(log.header.started_at);
    let rules = Rules::of(&judgement.standard, &log.accounts, &log.unit_names)?;
    let judge = Judge::new(&judgement.standard, &judgement.exceptions, &log.organization, as_of);
    let mut publication = Publication::new(lake, judgement.run_id.clone()).unless(interrupt);
    for text in judged_by(judgement)? {
        publication.keep(text).await?;
    }

    publication.goes_on()?;
    let (index, keys) = log.key_index()?;
    publication.goes_on()?;
    let (index, buckets) = log.with_admissions(index, &keys, as_of)?;
    let tables = Tables::new(&mut publication, &judgement.run_id);
    let gaps = &judgement.standard.gaps;
    let judging = Judging { log, rules: &rules, judge, index, as_of };
    let mut pass = Pass { judging, stands: Stands { buckets, keys }, tables, gaps };
    let seen = pass.run().await?;
    let exceptions = pass.judging.judge.exception_uses();
    pass.catalogue(judgement).await?;
    let (summary, findings) = pass.tables.finish().await?;

    let run =
        log.run_facts(judgement, &seen.accounts, &findings, previous.as_ref().map(|(id, _)| id.clone()));
    let manifest = log.manifest(
        judgement,
        &run,
        &exceptions,
        seen.coverage,
        previous.clone().and_then(|(_, sha256)| sha256),
    );
    let manifest = Manifest { posture: Some(findings.posture()), ..manifest };
    let published = publication.finish(manifest, run.clone()).await?;
    let mut run = run;
    if let Published::Committed { manifest_key, manifest_sha256, .. } = &published {
        run.manifest_key.clone_from(manifest_key);
        run.manifest_sha256.clone_from(manifest_sha256);
    }
    let standard = named(&judgement.standard, as_of);
    Ok(Census {
        run,
        accounts: seen.accounts,
        summary,
        findings,
        exceptions,
        standard,
        published,
        not_compared: not_compared.clone(),
    })
}

/// Refuses a census that lost too many of the accounts that the last one reached.
async fn compared(lake: &Lake, log: &RunLog, judgement: &Judgement) -> Result<Option<String>, FinalizeError> {
    let Judgement { run_id, max_lost, .. } = judgement;
    match loss::compare(lake, log, run_id, *max_lost).await? {
        Compared::Fine => Ok(None),
        Compared::Unreadable(error) => Ok(Some(error.to_string())),
        Compared::Lost { previous, loss } => {
            Err(FinalizeError::Lost { run_id: run_id.clone(), previous, loss, max_lost: *max_lost })
        }
    }
}

/// What a publish stands on, from its first write to its commit.
struct Ready {
    log: RunLog,
    judgement: Judgement,
    previous: Option<(RunId, Option<String>)>,
    not_compared: Option<String>,
}

/// Reads the log, and begins to publish it, or goes on as the first process began. What can be refused is refused
/// before: a run that is begun is published by the same rules.
async fn begin(lake: &Lake, judgement: &Judgement) -> Result<Ready, FinalizeError> {
    let store = lake.store().as_ref();
    let is_begun = judgement.run_id == judgement.observed_run_id && !lake.committed(&judgement.run_id);
    if is_begun && let Some(begun) = Begun::read(store, &judgement.run_id).await? {
        return Ready::as_begun(lake, judgement, &begun).await;
    }
    let log = RunLog::fetch(lake, &judgement.observed_run_id).await?;
    let not_compared = compared(lake, &log, judgement).await?;
    let previous = lake.previous_manifest(&judgement.run_id).await?;
    Rules::of(&judgement.standard, &log.accounts, &log.unit_names)?;
    judged_by(judgement)?;
    if is_begun {
        let ours = Begun::new(judgement, previous.as_ref(), &log.entries);
        if !ours.write(store).await?
            && let Some(theirs) = Begun::read(store, &judgement.run_id).await?
            && theirs != ours
        {
            return Ready::as_begun(lake, judgement, &theirs).await;
        }
    }
    Ok(Ready { log, judgement: judgement.clone(), previous, not_compared })
}

impl Ready {
    /// As another process, or an earlier attempt, began.
    async fn as_begun(lake: &Lake, judgement: &Judgement, begun: &Begun) -> Result<Self, FinalizeError> {
        let judgement = match begun.taken_up(judgement) {
            Err(_) if committed_runs(lake.store().as_ref()).await?.contains(&begun.run_id) => {
                return Err(FinalizeError::CommittedByAnother(begun.run_id.clone()));
            }
            taken_up => taken_up?,
        };
        let log = RunLog::begun(lake, begun).await?;
        Ok(Self { log, judgement, previous: begun.previous(), not_compared: None })
    }
}

/// The texts whose hashes the manifest names.
fn judged_by(judgement: &Judgement) -> Result<Vec<&str>, FinalizeError> {
    let Judgement { standard, exceptions, .. } = judgement;
    let mut texts = vec![control::built_in_text()];
    let given = [
        ("the standard", Some(&standard.sha256), Some(&standard.text)),
        ("the exceptions", exceptions.sha256.as_ref(), exceptions.text.as_ref()),
    ];
    for (what, sha256, text) in given {
        match (sha256, text) {
            (None, None) => {}
            (Some(sha256), Some(text)) if sha256_hex(text.as_bytes()) == *sha256 => texts.push(text),
            (sha256, _) => {
                return Err(FinalizeError::Text { what, sha256: sha256.cloned().unwrap_or_default() });
            }
        }
    }
    Ok(texts)
}

/// The standard as a person names it, and whether it is past its time or before it.
fn named(standard: &Standard, as_of: Timestamp) -> String {
    let Standard { id, version, effective_from, review_by, .. } = standard;
    let when = if as_of < *effective_from {
        format!(", in effect from {} only", effective_from.date())
    } else if *review_by <= as_of {
        format!(", to be reviewed since {}", review_by.date())
    } else {
        String::new()
    };
    format!("{id}, version {version}{when}")
}

impl RunLog {
    fn run_facts(
        &self,
        judgement: &Judgement,
        accounts: &[AccountFacts],
        findings: &Findings,
        previous_run_id: Option<RunId>,
    ) -> RunFacts {
        let rejudged = judgement.run_id != judgement.observed_run_id;
        let ends = self.segments.iter().map(|segment| segment.scan.finished_at);
        RunFacts {
            run_id: judgement.run_id.clone(),
            kind: if rejudged { RunKind::Rejudged } else { self.header.kind },
            organization: self.identity.clone(),
            started_at: self.header.started_at,
            finished_at: ends.max().unwrap_or(self.header.started_at),
            status: resolve::run_status(accounts),
            source: self.header.source,
            observed_run_id: judgement.observed_run_id.clone(),
            as_of: judgement.as_of.unwrap_or(self.header.started_at),
            judged_at: judgement.judged_at,
            previous_run_id,
            tool_version: judgement.tool_version.clone(),
            schema_version: table::SCHEMA_VERSION,
            totals: totals_of(accounts, findings),
            settings_sha256: self.header.settings_sha256.clone(),
            standard_sha256: Some(judgement.standard.sha256.clone()),
            exceptions_sha256: judgement.exceptions.sha256.clone(),
            manifest_key: String::new(),
            manifest_sha256: String::new(),
        }
    }

    fn manifest(
        &self,
        judgement: &Judgement,
        run: &RunFacts,
        exceptions: &[ExceptionUse],
        coverage: CoverageTotals,
        previous: Option<String>,
    ) -> Manifest {
        let settings = serde_json::from_str(&canonical_json(&self.header.settings));
        Manifest {
            run_id: run.run_id.clone(),
            kind: run.kind,
            status: run.status,
            org_id: run.organization.org_id.clone(),
            management_account_id: run.organization.management_account_id,
            source: run.source,
            started_at: run.started_at,
            finished_at: Some(run.finished_at),
            judged_at: Some(run.judged_at),
            observed_run_id: run.observed_run_id.clone(),
            as_of: run.as_of,
            tool_version: run.tool_version.clone(),
            build_sha256: judgement.build_sha256.clone(),
            observed: Some(self.observed.clone()),
            schema_version: run.schema_version,
            log_version: log::LOG_VERSION,
            settings: settings.expect("canonical JSON reads back"),
            settings_sha256: run.settings_sha256.clone(),
            standard_sha256: run.standard_sha256.clone(),
            exceptions_sha256: run.exceptions_sha256.clone(),
            standard: Some(StandardEntry::of(&judgement.standard)),
            exceptions: exceptions.to_vec(),
            control_map_sha256: Some(sha256_hex(control::built_in_text().as_bytes())),
            files: Vec::new(),
            segments: self.entries.clone(),
            coverage,
            calls: self.first_attempts(),
            totals: run.totals,
            posture: None,
            previous_run_id: run.previous_run_id.clone(),
            previous_manifest_sha256: previous,
        }
    }

    fn first_attempts(&self) -> BTreeMap<String, u64> {
        let tallies = self.calls.0.iter();
        tallies.map(|(operation, tally)| (operation.clone(), tally.calls - tally.retries)).collect()
    }
}

fn totals_of(accounts: &[AccountFacts], findings: &Findings) -> RunTotals {
    let with = |status| accounts.iter().filter(|account| account.status == status).count() as u64;
    RunTotals {
        accounts_listed: accounts.len() as u64,
        accounts_complete: with(ScanStatus::Complete),
        accounts_partial: with(ScanStatus::Partial),
        accounts_unreachable: with(ScanStatus::Unreachable),
        accounts_not_scanned: with(ScanStatus::NotScanned),
        buckets: accounts.iter().filter_map(|account| account.buckets).sum(),
        keys: accounts.iter().filter_map(|account| account.keys).sum(),
        findings_fail: findings.of_verdict(Verdict::Fail),
        findings_unknown: findings.of_verdict(Verdict::Unknown),
        calls: accounts.iter().map(|account| account.calls).sum(),
    }
}

impl Census {
    /// Whether something could not be seen that the standard does not accept.
    pub fn is_partial(&self) -> bool {
        self.run.status == RunStatus::Partial
    }
}
