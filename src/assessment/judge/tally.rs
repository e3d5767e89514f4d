//! The findings in short: how many of each verdict, and the worst by name. Bounded by the reason
//! codes that there are, whatever the organization's size.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::Arc;

use crate::check;
use crate::model::posture::Together;
use crate::model::{AccountId, Finding, Posture, Severity, Verdict};

/// Findings of one kind that are kept by name; the rest are counted.
const NAMED: usize = 5;

/// A kind of finding, the worst first: by severity, then by the checks' order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind {
    severity: Reverse<Severity>,
    check: usize,
    /// The check instance's parameters: instances with other ones ask of the same resources.
    pub params: Option<Arc<str>>,
    /// The reason.
    pub reason_code: &'static str,
}

impl Kind {
    fn of(finding: &Finding) -> Self {
        let check = check::CHECKS.iter().position(|check| check.id == finding.check_id);
        let check = check.unwrap_or(check::CHECKS.len());
        let params = finding.check_params.clone();
        Self { severity: Reverse(finding.severity), check, params, reason_code: finding.reason_code }
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.severity.0
    }

    /// The check.
    pub fn check(&self) -> Option<&'static check::Check> {
        check::CHECKS.get(self.check).copied()
    }
}

/// One finding by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The resource's account.
    pub account_id: AccountId,
    /// The resource's ARN.
    pub resource_arn: String,
    /// What was seen.
    pub reason: String,
}

/// Findings of a run in short.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    verdicts: BTreeMap<(Severity, Verdict), u64>,
    posture: Posture,
    together: Together,
    fails: BTreeMap<Kind, (u64, Vec<Example>)>,
}

impl Findings {
    /// Counts a finding.
    pub fn add(&mut self, finding: &Finding) {
        *self.verdicts.entry((finding.severity, finding.verdict)).or_default() += 1;
        if finding.check_id == check::STANDARD_CHECK {
            *self.posture.default_encryption.entry(finding.verdict).or_default() += 1;
        }
        let resource = (&*finding.account_id.to_string(), finding.resource_type, &*finding.resource_arn);
        if let Some(whole) = self.together.add(resource, finding.severity, finding.verdict) {
            self.posture.add(&whole);
        }
        if finding.verdict != Verdict::Fail {
            return;
        }
        let (count, examples) = self.fails.entry(Kind::of(finding)).or_default();
        *count += 1;
        if examples.len() < NAMED {
            examples.push(Example {
                account_id: finding.account_id,
                resource_arn: finding.resource_arn.to_string(),
                reason: finding.reason.to_string(),
            });
        }
    }

    /// Findings of that verdict.
    pub fn of_verdict(&self, verdict: Verdict) -> u64 {
        self.verdicts.iter().filter(|((_, found), _)| *found == verdict).map(|(_, count)| count).sum()
    }

    /// Fails of that severity or a worse one.
    pub fn fails_at_least(&self, severity: Severity) -> u64 {
        let fails = self.verdicts.range((severity, Verdict::Pass)..);
        fails.filter(|((_, verdict), _)| *verdict == Verdict::Fail).map(|(_, count)| count).sum()
    }

    /// Fails of that severity.
    pub fn fails_of(&self, severity: Severity) -> u64 {
        self.verdicts.get(&(severity, Verdict::Fail)).copied().unwrap_or_default()
    }

    /// How the resources stand, each by all of its findings.
    pub fn posture(&self) -> Posture {
        let mut posture = self.posture.clone();
        if let Some(last) = self.together.clone().finish() {
            posture.add(&last);
        }
        posture
    }

    /// The kinds of fails, the worst first: how many, and some by name.
    pub fn worst(&self) -> impl Iterator<Item = (&Kind, u64, &[Example])> {
        self.fails.iter().map(|(kind, (count, examples))| (kind, *count, examples.as_slice()))
    }
}
