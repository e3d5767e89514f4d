//! Exceptions at work: which fails they accept, and which of them may not.
//!
//! Only a `fail` becomes `exempt`, and never an `unknown`: an exception accepts what is known.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::AccountRules;
use super::exception_index::ExceptionIndex;
use crate::check;
use crate::clock::{DAY_MS, Timestamp};
use crate::model::{Exception, ExceptionRules, ExceptionState, ExceptionUse, Exceptions, Finding, Verdict};

/// How many findings each exception matches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Matches(BTreeMap<usize, Count>);

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Count {
    /// Findings that it may make exempt.
    within: u64,
    /// Findings of a severity that its life is too long for.
    too_long: u64,
}

#[derive(Debug)]
pub(super) struct Exempter<'a> {
    records: Vec<Record<'a>>,
    by_check: BTreeMap<&'static str, ExceptionIndex<'a>>,
    rules: &'a ExceptionRules,
    as_of: Timestamp,
    /// None until the line is drawn.
    counts: Option<Matches>,
    void: BTreeSet<usize>,
}

#[derive(Debug)]
struct Record<'a> {
    exception: &'a Exception,
    id: Arc<str>,
}

impl<'a> Exempter<'a> {
    pub(super) fn new(exceptions: &'a Exceptions, rules: &'a ExceptionRules, as_of: Timestamp) -> Self {
        let record = |exception: &'a Exception| Record { exception, id: exception.id.as_str().into() };
        let records: Vec<Record<'_>> = exceptions.records.iter().map(record).collect();
        let mut active: BTreeMap<&'static str, Vec<(usize, &Exception)>> = BTreeMap::new();
        let is_active = |(_, record): &(usize, &Record<'_>)| record.exception.is_active(as_of);
        for (at, record) in records.iter().enumerate().filter(is_active) {
            active.entry(record.exception.check_id).or_default().push((at, record.exception));
        }
        let by_check = active.into_iter().map(|(id, active)| (id, ExceptionIndex::of(&active))).collect();
        Self { records, by_check, rules, as_of, counts: None, void: BTreeSet::new() }
    }

    pub(super) fn any_active(&self) -> bool {
        !self.by_check.is_empty()
    }

    /// Whether a check's findings matter as yet: until the line is drawn, only those that an exception in
    /// force may match.
    pub(super) fn wants(&self, check_id: &str) -> bool {
        self.counts.is_some() || !self.any_active() || self.by_check.contains_key(check_id)
    }

    pub(super) fn count(&self, account: &AccountRules, finding: &Finding, counts: &mut Matches) {
        for (at, record) in self.matching(account, finding) {
            let count = counts.0.entry(at).or_default();
            match self.may_last(record.exception, finding) {
                true => count.within += 1,
                false => count.too_long += 1,
            }
        }
    }

    pub(super) fn settle(&mut self, counts: Matches) {
        let is_void = |(at, count): &(&usize, &Count)| {
            count.within + count.too_long > self.records[**at].exception.max_matches
        };
        self.void = counts.0.iter().filter(is_void).map(|(at, _)| *at).collect();
        self.counts = Some(counts);
    }

    /// The first exception by id that accepts the finding makes it exempt.
    pub(super) fn apply(&self, account: &AccountRules, finding: &mut Finding) {
        let accepts = |(at, record): &(usize, &Record<'_>)| {
            !self.void.contains(at) && self.may_last(record.exception, finding)
        };
        let found = self.matching(account, finding).find(accepts);
        let found = found.map(|(_, record)| (Arc::clone(&record.id), record.exception.expires));
        if let Some((id, expires)) = found {
            finding.verdict = Verdict::Exempt;
            finding.exception_id = Some(id);
            finding.exception_expires_at = Some(expires);
        }
    }

    /// The records that match a finding, by id.
    fn matching<'s>(
        &'s self,
        account: &'s AccountRules,
        finding: &'s Finding,
    ) -> impl Iterator<Item = (usize, &'s Record<'a>)> + 's {
        let fails = finding.verdict_before_exception == Verdict::Fail;
        let of_check = self.by_check.get(finding.check_id).filter(|_| fails && self.is_exemptible(finding));
        let places = of_check.map(|of_check| of_check.naming(&account.place(), &finding.resource_arn));
        let records = places.into_iter().flatten().map(|at| (at, &self.records[at]));
        records.filter(move |(_, record)| record.exception.accepts.contains(finding.reason_code))
    }

    fn is_exemptible(&self, finding: &Finding) -> bool {
        let Some(check) = check::find(finding.check_id) else { return false };
        // What is said of exceptions no exception takes back: such findings are in no count.
        if matches!(check.judge, check::Judge::Exception(_)) {
            return false;
        }
        let reason = check.reasons.iter().find(|reason| reason.code == finding.reason_code);
        reason.is_some_and(|reason| reason.exemptible) || self.rules.exemptible.contains(finding.reason_code)
    }

    /// Whether the exception's whole life fits what findings of that severity may be exempt.
    fn may_last(&self, exception: &Exception, finding: &Finding) -> bool {
        let most = self.rules.max_days.get(&finding.severity).copied().unwrap_or_default();
        exception.expires.millis() - exception.starts.millis() <= most * DAY_MS
    }

    /// What each exception came to, by id.
    pub(super) fn uses(&self) -> Vec<ExceptionUse> {
        let of = |(at, record): (usize, &Record<'_>)| {
            let exception = record.exception;
            let counts = self.counts.as_ref();
            let count = counts.and_then(|counts| counts.0.get(&at)).copied().unwrap_or_default();
            let state = match count {
                _ if exception.expires <= self.as_of => ExceptionState::Expired,
                _ if self.as_of < exception.starts => ExceptionState::NotYet,
                _ if self.void.contains(&at) => ExceptionState::TooManyMatches,
                Count { within: 0, too_long: 0 } => ExceptionState::Unused,
                Count { within: 0, .. } => ExceptionState::TooLong,
                Count { .. } => ExceptionState::Used,
            };
            ExceptionUse {
                id: exception.id.clone(),
                state,
                matches: count.within + count.too_long,
                max_matches: exception.max_matches,
                starts: exception.starts,
                expires: exception.expires,
                check_id: exception.check_id.to_owned(),
                owner: exception.owner.clone(),
                ticket: exception.ticket.clone(),
                requested_by: exception.requested_by.clone(),
                approved_by: exception.approved_by.clone(),
                approved_at: Some(exception.approved_at),
                reason: exception.reason.clone(),
                compensating_control: exception.compensating_control.clone(),
                supersedes: exception.supersedes.clone(),
                imported_without_expiry: exception.imported_without_expiry,
                sha256: exception.sha256.clone(),
            }
        };
        self.records.iter().enumerate().map(of).collect()
    }
}
