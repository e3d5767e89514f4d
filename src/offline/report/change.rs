//! What became of every fail since the last census.
//!
//! Compared are censuses alone: a filtered run saw a part, and a rejudged one asked other questions of
//! an old night. The previous census is the newest committed one before this run. A finding is identified by
//! its uid, which no night's verdict, severity or reason changes; other parameters make another check
//! instance, and so another finding. A census that cannot be read (archived, deleted, denied, torn) is a
//! missing night: the one before it takes its place, and the page says which were passed over.
//!
//! *Of the fails of now*: `still_failing` failed in the previous census too. `reopened` did not, or an
//! exception held it there; an earlier census has it as a fail before exceptions. `newly_checked` is of
//! a check instance that the previous census did not have, so it says nothing of the resource. The rest
//! is `new`; of it [`How`] tells apart what the previous census could not say.
//!
//! *Of the fails of then*: the verdict decides where there is one. A `pass` is `fixed`, an `unknown` is
//! `lost_sight`, never fixed. Where there is none, the question comes first: a check instance that no
//! account has any more, or that is not asked of a resource that is there, is `no_longer_checked`. Then
//! the resource: it is gone, and so `fixed`, only where a complete listing proves it, s3:ListBuckets of
//! its account for a bucket, kms:ListKeys of its account and Region for a key. The account list is
//! always read in full in a census, so an account that it lacks is gone. What is *in* such an account is
//! there as before, and no listing shows it: `lost_sight`.
//!
//! So both sums hold, and the tests hold them: the fails of then are still failing, fixed, lost from
//! sight, excepted, no longer applicable or no longer checked; the fails of now are new, newly checked,
//! reopened or still failing.
//!
//! Memory: the uids of the previous census's fails and of the new ones, and the names of the resources
//! that have fails and no row any more. Everything else is streamed: the findings of both censuses are
//! walked twice, the first time for their verdicts alone, and those of the previous one a third time
//! where some have no row any more.

mod law;
mod places;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::ReportError;
use super::rows::{self, CheckRow, OutcomeRow, VerdictRow};
use crate::check;
use crate::lake::{CommittedRun, Earlier, LakeError};
use crate::model::{ResourceType, RunId, RunKind, Severity, Verdict};
use law::{Asked, Fails, Fresh};
use places::{Places, resource_type};

pub use law::{ChangeKind, How};

/// Earlier censuses that `reopened` is looked for in. Each is a walk through its findings, of which a
/// large organization has millions; a month is as far as "again" says something.
pub const LOOKED_BACK: usize = 30;

/// Findings of a kind that are given by name.
pub const NAMED: usize = 25;

/// What a run is to the census before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comparison {
    /// The lake has no earlier census.
    First,
    /// The run is none, and is not compared.
    NotACensus(RunKind),
    /// No census before can be read: their files are damaged, archived, or no longer there.
    Unreadable(String),
    /// What changed.
    Since(Changes),
}

/// What became of every fail between two censuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changes {
    /// The previous census.
    pub since: RunId,
    /// The censuses that `reopened` was looked for in, the newest first: the previous one leads.
    pub looked_back: Vec<RunId>,
    /// Runs before this one that cannot be read, the newest first, and why: missing nights.
    pub passed_over: Vec<(RunId, String)>,
    /// Every kind, also where there is nothing of it.
    pub kinds: BTreeMap<ChangeKind, Changed>,
}

/// The changes of one kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changed {
    /// How many.
    pub count: u64,
    /// How many came about in which way; their sum is the count.
    pub by_how: BTreeMap<How, u64>,
    /// Some by name: the worst severity first, then by account, ARN and check.
    pub examples: Vec<Example>,
}

/// A change by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// How it came about.
    pub how: How,
    /// The fail's severity: of this run where it fails now, else of the previous census.
    pub severity: Severity,
    /// The finding.
    pub finding_uid: String,
    /// The resource's account.
    pub account_id: String,
    /// The resource's Region, where it is known.
    pub region: Option<String>,
    /// The resource's type.
    pub resource_type: ResourceType,
    /// The resource.
    pub resource_arn: String,
    /// The check.
    pub check_id: String,
    /// The check instance's parameters, canonical JSON.
    pub check_params: Option<String>,
}

impl Changes {
    fn new(looked_back: Vec<RunId>, since: RunId) -> Self {
        let kinds = ChangeKind::ALL.iter().map(|kind| (*kind, Changed::default())).collect();
        Self { since, looked_back, passed_over: Vec::new(), kinds }
    }

    /// How many of a kind.
    pub fn count(&self, kind: ChangeKind) -> u64 {
        self.kinds.get(&kind).map_or(0, |changed| changed.count)
    }

    /// The fails of this run.
    pub fn fails_now(&self) -> u64 {
        use ChangeKind::{New, NewlyChecked, Reopened, StillFailing};
        [New, NewlyChecked, Reopened, StillFailing].iter().map(|kind| self.count(*kind)).sum()
    }

    /// The fails of the previous census.
    pub fn fails_then(&self) -> u64 {
        use ChangeKind::{Excepted, Fixed, LostSight, NoLongerApplicable, NoLongerChecked, StillFailing};
        let kinds = [StillFailing, Fixed, LostSight, Excepted, NoLongerApplicable, NoLongerChecked];
        kinds.iter().map(|kind| self.count(*kind)).sum()
    }

    fn add(&mut self, how: How, row: &OutcomeRow<'_>) -> Result<(), ReportError> {
        self.kinds.entry(how.kind()).or_default().add(how, row)
    }
}

impl Changed {
    fn add(&mut self, how: How, row: &OutcomeRow<'_>) -> Result<(), ReportError> {
        self.count += 1;
        *self.by_how.entry(how).or_default() += 1;
        let severity = rows::severity(row.severity)?;
        let (account_id, arn) = (row.account_id.unwrap_or_default(), row.resource_arn.unwrap_or_default());
        let check_id = row.check_id.unwrap_or_default();
        let place = (Reverse(severity), account_id, arn, check_id, row.check_params);
        let at = self.examples.partition_point(|example| example.place() <= place);
        if at == NAMED {
            return Ok(());
        }
        self.examples.truncate(NAMED - 1);
        self.examples.insert(
            at,
            Example {
                how,
                severity,
                finding_uid: row.finding_uid.unwrap_or_default().to_owned(),
                account_id: account_id.to_owned(),
                region: row.region.map(str::to_owned),
                resource_type: resource_type(row)?,
                resource_arn: arn.to_owned(),
                check_id: check_id.to_owned(),
                check_params: row.check_params.map(str::to_owned),
            },
        );
        Ok(())
    }
}

impl Example {
    fn place(&self) -> (Reverse<Severity>, &str, &str, &str, Option<&str>) {
        let params = self.check_params.as_deref();
        (Reverse(self.severity), &self.account_id, &self.resource_arn, &self.check_id, params)
    }
}

/// What changed since the last census.
pub async fn since_last_census(run: &CommittedRun) -> Result<Comparison, ReportError> {
    let kind = run.manifest().kind;
    if kind != RunKind::Census {
        return Ok(Comparison::NotACensus(kind));
    }
    compare(run).await
}

async fn compare(run: &CommittedRun) -> Result<Comparison, ReportError> {
    let Earlier { censuses, mut lost } = run.earlier(LOOKED_BACK).await?;
    for at in 0..censuses.len() {
        match compare_with(run, &censuses[at..]).await {
            Err(ReportError::Lake(error)) if error.is_lost_night() => {
                lost.push((censuses[at].clone(), error.to_string()));
            }
            compared => {
                let mut changes = compared?;
                changes.passed_over.append(&mut lost);
                changes.passed_over.sort_by(|one, other| other.cmp(one));
                return Ok(Comparison::Since(changes));
            }
        }
    }
    lost.sort_by(|one, other| other.cmp(one));
    Ok(lost.into_iter().next().map_or(Comparison::First, |(_, reason)| Comparison::Unreadable(reason)))
}

/// What changed since the first of these censuses; the others are older, the newest first.
async fn compare_with(run: &CommittedRun, earlier: &[RunId]) -> Result<Changes, ReportError> {
    let since = earlier[0].clone();
    let previous = CommittedRun::open(run.lake(), &since).await?;
    let (mut then, excepted) = fails_of(&previous).await?;
    let mut fresh = fresh_fails(run, &mut then).await?;
    for uid in excepted {
        fresh.note_failed(uid);
    }
    let passed_over = look_back(run, &earlier[1..], &mut fresh).await?;
    let is_read = |run_id: &&RunId| !passed_over.iter().any(|(lost, _)| lost == *run_id);
    let looked_back = earlier.iter().filter(is_read).cloned().collect();
    let mut changes = Changes { passed_over, ..Changes::new(looked_back, since) };
    add_what_became(run, &previous, &then, &mut fresh, &mut changes).await?;
    add_fails_of_now(run, &previous, &then, &fresh, &mut changes).await?;
    Ok(changes)
}

/// The previous census's fails, and the fails that an exception accepted.
async fn fails_of(previous: &CommittedRun) -> Result<(Fails, Vec<u128>), ReportError> {
    let (mut fails, mut excepted) = (Vec::new(), Vec::new());
    VerdictRow::each(previous, |row| {
        match rows::verdict(row.verdict)? {
            Verdict::Fail => fails.push(uid(previous, row.finding_uid)?),
            _ if failed(&row)? => excepted.push(uid(previous, row.finding_uid)?),
            _ => {}
        }
        Ok::<(), ReportError>(())
    })
    .await?;
    Ok((Fails::of(fails), excepted))
}

/// Notes what this run says of the fails of then, and gives the fails that are not among them.
async fn fresh_fails(run: &CommittedRun, then: &mut Fails) -> Result<Fresh, ReportError> {
    let mut fresh = Vec::new();
    VerdictRow::each(run, |row| {
        let (uid, verdict) = (uid(run, row.finding_uid)?, rows::verdict(row.verdict)?);
        if !then.note(uid, verdict) && verdict == Verdict::Fail {
            fresh.push(uid);
        }
        Ok::<(), ReportError>(())
    })
    .await?;
    Ok(Fresh::of(fresh))
}

/// Looks for the new fails in older censuses, the newest first, until none is left. Gives those that cannot be
/// looked at: what is damaged, archived, or has been let go is a missing night.
async fn look_back(
    run: &CommittedRun,
    older: &[RunId],
    fresh: &mut Fresh,
) -> Result<Vec<(RunId, String)>, ReportError> {
    let mut lost = Vec::new();
    for run_id in older {
        if fresh.is_settled() {
            break;
        }
        match note_fails(run, run_id, fresh).await {
            Err(ReportError::Lake(error)) if error.is_lost_night() => {
                lost.push((run_id.clone(), error.to_string()));
            }
            noted => noted?,
        }
    }
    Ok(lost)
}

async fn note_fails(run: &CommittedRun, run_id: &RunId, fresh: &mut Fresh) -> Result<(), ReportError> {
    let census = CommittedRun::open(run.lake(), run_id).await?;
    VerdictRow::each(&census, |row| {
        if failed(&row)? {
            fresh.note_failed(uid(&census, row.finding_uid)?);
        }
        Ok::<(), ReportError>(())
    })
    .await
}

async fn add_fails_of_now(
    run: &CommittedRun,
    previous: &CommittedRun,
    then: &Fails,
    fresh: &Fresh,
    changes: &mut Changes,
) -> Result<(), ReportError> {
    let checked = Checks::of(previous).await?;
    OutcomeRow::each(run, |row| {
        if rows::verdict(row.verdict)? != Verdict::Fail {
            return Ok(());
        }
        let uid = uid(run, row.finding_uid)?;
        let was_checked = checked.asked(&row) != Asked::Nowhere;
        changes.add(law::came(then.has(uid), fresh.earlier(uid), was_checked), &row)
    })
    .await
}

/// Adds what became of the fails of then, and notes what could not be said then. Those that fail still
/// are counted among the fails of now.
async fn add_what_became(
    run: &CommittedRun,
    previous: &CommittedRun,
    then: &Fails,
    fresh: &mut Fresh,
    changes: &mut Changes,
) -> Result<(), ReportError> {
    let checks = Checks::of(run).await?;
    let places = Places::of(run, previous, then).await?;
    OutcomeRow::each(previous, |row| {
        let (uid, verdict) = (uid(previous, row.finding_uid)?, rows::verdict(row.verdict)?);
        if verdict == Verdict::Unknown {
            fresh.note_unknown(uid);
        }
        if verdict != Verdict::Fail {
            return Ok(());
        }
        match law::became(then.now(uid), checks.asked(&row), places.of_resource(&row)?) {
            How::StillFailing => Ok(()),
            how => changes.add(how, &row),
        }
    })
    .await
}

/// The check instances of a run.
#[derive(Debug, Default)]
struct Checks(BTreeMap<String, BTreeSet<Option<String>>>);

impl Checks {
    async fn of(run: &CommittedRun) -> Result<Self, ReportError> {
        let mut checks = Self::default();
        CheckRow::each(run, |row| {
            let params = checks.0.entry(row.check_id.unwrap_or_default().to_owned()).or_default();
            params.insert(row.check_params.map(str::to_owned));
            Ok::<(), ReportError>(())
        })
        .await?;
        Ok(checks)
    }

    /// What the run does with the check instance of a finding.
    fn asked(&self, row: &OutcomeRow<'_>) -> Asked {
        let check_id = row.check_id.unwrap_or_default();
        let is_of_row = |params: &Option<String>| params.as_deref() == row.check_params;
        if !self.0.get(check_id).is_some_and(|instances| instances.iter().any(is_of_row)) {
            return Asked::Nowhere;
        }
        match check::find(check_id).map(|check| &check.judge) {
            Some(check::Judge::Exception(_)) => Asked::OnlyFails,
            _ => Asked::EachTime,
        }
    }
}

/// Whether it fails, with or without an exception.
fn failed(row: &VerdictRow<'_>) -> Result<bool, ReportError> {
    Ok(rows::verdict(row.verdict_before_exception)? == Verdict::Fail)
}

fn uid(run: &CommittedRun, text: Option<&str>) -> Result<u128, ReportError> {
    let text = text.unwrap_or_default();
    let damaged = || {
        let run_id = &run.manifest().run_id;
        ReportError::Lake(LakeError::damaged(
            run.lake().uri(),
            &format!("findings/dt={}/{run_id}", run_id.date()),
            format!("its finding_uid `{text}` is not 32 hex digits"),
        ))
    };
    law::uid(text).ok_or_else(damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row<'a>(severity: &'a str, account_id: &'a str, arn: &'a str) -> OutcomeRow<'a> {
        OutcomeRow {
            finding_uid: Some("00000000000000000000000000000001"),
            account_id: Some(account_id),
            region: None,
            resource_type: Some("AWS::S3::Bucket"),
            resource_arn: Some(arn),
            check_id: Some("s3_tls_only"),
            check_params: None,
            severity: Some(severity),
            verdict: Some("fail"),
            verdict_before_exception: Some("fail"),
        }
    }

    #[test]
    fn the_worst_are_named_in_whatever_order_they_come() {
        let names: Vec<String> = (0..NAMED * 3).map(|at| format!("arn:aws:s3:::bucket-{at:03}")).collect();
        let of = |name: &String| match name.ends_with('5') {
            true => "high",
            false => "low",
        };
        let named = |names: &mut dyn Iterator<Item = &String>| {
            let mut changed = Changed::default();
            for name in names {
                changed.add(How::New, &row(of(name), "111122223333", name)).unwrap();
            }
            assert_eq!((changed.count, changed.by_how[&How::New]), (75, 75));
            changed.examples
        };
        let examples = named(&mut names.iter());
        assert_eq!(examples, named(&mut names.iter().rev()));
        let mut expected: Vec<&String> = names.iter().collect();
        expected.sort_by_key(|name| (of(name) != "high", *name));
        assert_eq!(examples.iter().map(|it| &it.resource_arn).collect::<Vec<_>>(), expected[..NAMED]);
    }

    #[test]
    fn a_word_of_a_newer_version_is_an_error() {
        let mut changed = Changed::default();
        let strange = OutcomeRow { resource_type: Some("AWS::S3::Vector"), ..row("low", "1", "a") };
        let error = changed.add(How::New, &strange).unwrap_err().to_string();
        assert!(error.contains("findings.resource_type") && error.contains("AWS::S3::Vector"), "{error}");
    }
}
