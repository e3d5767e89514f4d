//! How a resource stands when all of its findings are looked at together, and how many stand so.
//!
//! One check says little of a bucket: most that pass one fail another. So what comes first in a report is
//! this: of each resource the worst that any check says of it. Each resource is counted once, and nothing is
//! added up over checks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::reading::words;
use super::{ResourceType, Severity, Verdict};

/// From here on a fail counts against a resource.
pub const COUNTS_FROM: Severity = Severity::Medium;

words! {
    /// How a resource stands, the worst first.
    Standing {
        /// A check fails at [`COUNTS_FROM`] or worse.
        Fails = "fails",
        /// None does, and of some check it cannot be said.
        Unknown = "unknown",
        /// Neither, and an exception accepts a fail at [`COUNTS_FROM`] or worse.
        Exempt = "exempt",
        /// No fail at [`COUNTS_FROM`] or worse, no exception for one, and no unknown.
        Clean = "clean",
        /// No check applies to it.
        NotJudged = "not_judged",
    }
}

/// Resources by how they stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Standings {
    /// See [`Standing::Clean`].
    pub clean: u64,
    /// See [`Standing::Fails`].
    pub fails: u64,
    /// See [`Standing::Unknown`].
    pub unknown: u64,
    /// See [`Standing::Exempt`].
    pub exempt: u64,
    /// See [`Standing::NotJudged`].
    pub not_judged: u64,
}

impl Standings {
    /// Counts a resource.
    pub fn add(&mut self, standing: Standing) {
        *self.slot(standing) += 1;
    }

    /// Adds other resources.
    pub fn merge(&mut self, other: &Self) {
        for standing in Standing::ALL {
            *self.slot(*standing) += other.of(*standing);
        }
    }

    /// Resources that stand so.
    pub fn of(&self, standing: Standing) -> u64 {
        let mut this = *self;
        *this.slot(standing)
    }

    /// All resources.
    pub fn all(&self) -> u64 {
        Standing::ALL.iter().map(|standing| self.of(*standing)).sum()
    }

    fn slot(&mut self, standing: Standing) -> &mut u64 {
        match standing {
            Standing::Clean => &mut self.clean,
            Standing::Fails => &mut self.fails,
            Standing::Unknown => &mut self.unknown,
            Standing::Exempt => &mut self.exempt,
            Standing::NotJudged => &mut self.not_judged,
        }
    }
}

/// What the findings of one resource come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// The worst fail.
    pub worst_fail: Option<Severity>,
    is_unknown: bool,
    is_exempt: bool,
    is_judged: bool,
}

impl Sum {
    /// Adds a finding.
    pub fn add(&mut self, severity: Severity, verdict: Verdict) {
        match verdict {
            Verdict::Fail => self.worst_fail = self.worst_fail.max(Some(severity)),
            Verdict::Unknown => self.is_unknown = true,
            Verdict::Exempt => self.is_exempt |= severity >= COUNTS_FROM,
            Verdict::Pass | Verdict::NotApplicable => {}
        }
        self.is_judged |= verdict != Verdict::NotApplicable;
    }

    /// Adds other findings of the same resource.
    pub fn merge(&mut self, other: Self) {
        self.worst_fail = self.worst_fail.max(other.worst_fail);
        self.is_unknown |= other.is_unknown;
        self.is_exempt |= other.is_exempt;
        self.is_judged |= other.is_judged;
    }

    /// How the resource stands.
    pub fn standing(self) -> Standing {
        if self.worst_fail >= Some(COUNTS_FROM) {
            Standing::Fails
        } else if self.is_unknown {
            Standing::Unknown
        } else if self.is_exempt {
            Standing::Exempt
        } else if self.is_judged {
            Standing::Clean
        } else {
            Standing::NotJudged
        }
    }
}

/// A resource, and what its findings come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// Its account.
    pub account_id: String,
    /// Its type.
    pub kind: ResourceType,
    /// Its ARN.
    pub arn: String,
    /// What its findings come to.
    pub sum: Sum,
}

/// Puts the findings of a resource together, where they come one after the other, as in the lake.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Together(Option<Whole>);

impl Together {
    /// Adds a finding; gives the resource before, where that is whole now.
    pub fn add(
        &mut self,
        (account_id, kind, arn): (&str, ResourceType, &str),
        severity: Severity,
        verdict: Verdict,
    ) -> Option<Whole> {
        let is_same =
            |whole: &Whole| whole.arn == arn && whole.account_id == account_id && whole.kind == kind;
        let before = if self.0.as_ref().is_some_and(is_same) { None } else { self.0.take() };
        let fresh =
            || Whole { account_id: account_id.to_owned(), kind, arn: arn.to_owned(), sum: Sum::default() };
        self.0.get_or_insert_with(fresh).sum.add(severity, verdict);
        before
    }

    /// Gives the last resource.
    pub fn finish(&mut self) -> Option<Whole> {
        self.0.take()
    }
}

/// The posture of a run: what its headline and the trend of nights say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Posture {
    /// Buckets by how they stand.
    pub buckets: Standings,
    /// Keys by how they stand.
    pub keys: Standings,
    /// Buckets by the verdict of the check on the standard's default encryption, by that alone.
    pub default_encryption: BTreeMap<Verdict, u64>,
}

impl Posture {
    /// Counts a resource; what is neither a bucket nor a key is in no count.
    pub fn add(&mut self, whole: &Whole) {
        match whole.kind {
            ResourceType::Bucket => self.buckets.add(whole.sum.standing()),
            ResourceType::Key => self.keys.add(whole.sum.standing()),
            ResourceType::Account => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(findings: &[(Severity, Verdict)]) -> Standing {
        let mut sum = Sum::default();
        for (severity, verdict) in findings {
            sum.add(*severity, *verdict);
        }
        sum.standing()
    }

    #[test]
    fn the_worst_that_any_check_says_is_what_a_resource_is() {
        use Severity::{High, Low, Medium};
        use Verdict::{Exempt, Fail, NotApplicable, Pass, Unknown};
        for (findings, wanted) in [
            (&[][..], Standing::NotJudged),
            (&[(High, NotApplicable)], Standing::NotJudged),
            (&[(High, NotApplicable), (High, Pass)], Standing::Clean),
            (&[(Low, Fail), (High, Pass)], Standing::Clean),
            (&[(Low, Exempt), (High, Pass)], Standing::Clean),
            (&[(Medium, Exempt), (High, Pass)], Standing::Exempt),
            (&[(Low, Unknown), (Medium, Exempt)], Standing::Unknown),
            (&[(High, Unknown), (Medium, Fail), (High, Pass)], Standing::Fails),
        ] {
            assert_eq!(standing(findings), wanted, "{findings:?}");
        }
    }

    #[test]
    fn every_resource_is_counted_once() {
        let mut standings = Standings::default();
        for standing in Standing::ALL {
            standings.add(*standing);
        }
        let twice = standings;
        standings.merge(&twice);
        assert!(Standing::ALL.iter().all(|standing| standings.of(*standing) == 2));
        assert_eq!(standings.all(), 2 * Standing::ALL.len() as u64);
    }

    #[test]
    fn findings_that_come_together_are_one_resource() {
        let (mut together, mut posture) = (Together::default(), Posture::default());
        for (kind, arn, verdict) in [
            (ResourceType::Bucket, "one", Verdict::Pass),
            (ResourceType::Bucket, "one", Verdict::Fail),
            (ResourceType::Bucket, "two", Verdict::Pass),
            (ResourceType::Key, "two", Verdict::Unknown),
            (ResourceType::Account, "1", Verdict::Fail),
        ] {
            let whole = together.add(("1", kind, arn), Severity::High, verdict);
            if let Some(whole) = whole {
                posture.add(&whole);
            }
        }
        posture.add(&together.finish().unwrap());
        let Posture { buckets, keys, .. } = posture;
        assert_eq!((buckets.fails, buckets.clean, buckets.all()), (1, 1, 2));
        assert_eq!((keys.unknown, keys.all()), (1, 1));
    }

    #[test]
    fn a_posture_of_an_older_tool_reads_as_what_it_has() {
        let read: Posture = serde_json::from_str(r#"{"buckets":{"clean":3},"to_come":1}"#).unwrap();
        assert_eq!((read.buckets.clean, read.buckets.fails, read.keys.all()), (3, 0, 0));
    }
}
