//! Coverage: how many reads the plan called for, and what came of each.
//!
//! The equation `asked = known + absent + gone + faults` holds by construction: `asked` is not
//! stored, it is the sum.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{AccountId, DeniedBy, DenyType, FaultKind, NotAsked, Observation, Reading, Region};

/// The reads of one operation in one Region of one account.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Reads that gave a value.
    pub known: u64,
    /// Reads that the service answered with "not configured".
    pub absent: u64,
    /// Reads of resources that were gone.
    pub gone: u64,
    /// Reads that failed, by what AWS said.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    faults: Vec<FaultCount>,
    /// Reads that were not sent, by why.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    not_asked: BTreeMap<NotAsked, u64>,
}

/// Faults that are alike, counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct FaultCount {
    kind: FaultKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    denied_by: Option<DeniedBy>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deny_type: Option<DenyType>,
    count: u64,
}

impl Tally {
    /// Counts one reading.
    pub fn add<T>(&mut self, reading: &Reading<T>) {
        match reading {
            Reading::Known(_) => self.known += 1,
            Reading::Absent => self.absent += 1,
            Reading::Gone => self.gone += 1,
            Reading::Unread(fault) => self.add_fault(FaultCount {
                kind: fault.kind,
                code: fault.code.clone(),
                denied_by: fault.denied_by,
                deny_type: fault.deny_type,
                count: 1,
            }),
            Reading::NotAsked(why) => self.add_not_asked(*why, 1),
        }
    }

    /// Counts reads that were not sent.
    pub fn add_not_asked(&mut self, why: NotAsked, count: u64) {
        if why.planned() && count > 0 {
            *self.not_asked.entry(why).or_default() += count;
        }
    }

    fn add_fault(&mut self, fault: FaultCount) {
        let key = |f: &FaultCount| (f.kind, f.code.clone(), f.denied_by, f.deny_type);
        match self.faults.binary_search_by_key(&key(&fault), key) {
            Ok(at) => self.faults[at].count += fault.count,
            Err(at) => self.faults.insert(at, fault),
        }
    }

    /// Adds another tally to this one.
    pub fn merge(&mut self, other: &Self) {
        self.known += other.known;
        self.absent += other.absent;
        self.gone += other.gone;
        for fault in &other.faults {
            self.add_fault(fault.clone());
        }
        for (why, count) in &other.not_asked {
            *self.not_asked.entry(*why).or_default() += count;
        }
    }

    /// Reads that were sent.
    pub fn asked(&self) -> u64 {
        self.known + self.absent + self.gone + self.faults.iter().map(|f| f.count).sum::<u64>()
    }

    /// Reads that failed in this way.
    pub fn faults_of(&self, kind: FaultKind) -> u64 {
        self.faults.iter().filter(|f| f.kind == kind).map(|f| f.count).sum()
    }

    /// Reads that the plan called for and that were not sent.
    pub fn not_asked(&self) -> u64 {
        self.not_asked.values().sum()
    }

    /// Whether the plan called for any read at all.
    pub fn is_empty(&self) -> bool {
        self.asked() == 0 && self.not_asked() == 0
    }

    /// Whether every read that the plan called for was answered. What `--region` left out does not
    /// stand against it.
    pub fn complete(&self) -> bool {
        self.faults.is_empty() && !self.not_asked.keys().any(|why| why.leaves_a_gap())
    }

    /// Who denied most of the denied reads, and how.
    pub fn denial(&self) -> Option<(DeniedBy, Option<DenyType>)> {
        let denied = self.faults.iter().filter(|f| f.kind == FaultKind::Denied);
        let most = first_of_most(denied)?;
        Some((most.denied_by.unwrap_or(DeniedBy::Unstated), most.deny_type))
    }

    /// Whether nothing is missing but what policies of this one kind denied.
    pub fn only_denied_by(&self, who: DeniedBy) -> bool {
        let denied = |fault: &FaultCount| {
            fault.kind == FaultKind::Denied && fault.denied_by.unwrap_or(DeniedBy::Unstated) == who
        };
        !self.faults.is_empty()
            && self.faults.iter().all(denied)
            && !self.not_asked.keys().any(|why| why.leaves_a_gap())
    }

    /// The code of most of the failed reads.
    pub fn sample_code(&self) -> Option<&str> {
        first_of_most(self.faults.iter().filter(|f| f.code.is_some()))?.code.as_deref()
    }
}

/// The largest count; of equals the first in the tally's order, so that the choice is stable.
fn first_of_most<'a>(faults: impl Iterator<Item = &'a FaultCount>) -> Option<&'a FaultCount> {
    faults.fold(None, |best: Option<&FaultCount>, fault| match best {
        Some(held) if held.count >= fault.count => Some(held),
        _ => Some(fault),
    })
}

/// One row of the coverage table, before accepted gaps are applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageRow {
    /// The account.
    pub account_id: AccountId,
    /// The Region, or `global`.
    pub region: Region,
    /// `service:Operation`.
    pub operation: String,
    /// The counts.
    #[serde(flatten)]
    pub tally: Tally,
}

/// The coverage of one account while it is being scanned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    tallies: BTreeMap<(Region, String), Tally>,
}

impl Coverage {
    /// Counts one observation.
    pub fn add<T>(&mut self, observation: &Observation<T>) {
        self.tally(&observation.region, &observation.operation).add(&observation.reading);
    }

    /// Counts reads that were planned and not sent.
    pub fn add_not_asked(&mut self, region: &Region, operation: &str, why: NotAsked, count: u64) {
        self.tally(region, operation).add_not_asked(why, count);
    }

    fn tally(&mut self, region: &Region, operation: &str) -> &mut Tally {
        self.tallies.entry((region.clone(), operation.to_owned())).or_default()
    }

    /// The rows with anything in them, by Region and operation.
    pub fn rows(&self, account_id: AccountId) -> impl Iterator<Item = CoverageRow> + '_ {
        self.tallies.iter().filter(|(_, tally)| !tally.is_empty()).map(move |((region, operation), tally)| {
            CoverageRow {
                account_id,
                region: region.clone(),
                operation: operation.clone(),
                tally: tally.clone(),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Fault;

    fn denied(code: &str) -> Reading<()> {
        Reading::Unread(Fault {
            kind: FaultKind::Denied,
            code: Some(code.into()),
            status: Some(403),
            denied_by: Some(DeniedBy::Scp),
            deny_type: Some(DenyType::Explicit),
            message: None,
        })
    }

    #[test]
    fn the_equation_holds_and_order_does_not_matter() {
        let readings =
            [Reading::Known(()), Reading::Absent, denied("B"), Reading::Gone, denied("A"), denied("B")];
        let (mut forth, mut back) = (Tally::default(), Tally::default());
        for reading in &readings {
            forth.add(reading);
        }
        for reading in readings.iter().rev() {
            back.add(reading);
        }
        assert_eq!(forth, back);
        assert_eq!(forth.asked(), 6);
        assert_eq!(forth.faults_of(FaultKind::Denied), 3);
        assert_eq!(forth.sample_code(), Some("B"));
        assert_eq!(forth.denial(), Some((DeniedBy::Scp, Some(DenyType::Explicit))));
        assert!(!forth.complete());
    }

    #[test]
    fn a_read_that_cannot_apply_is_not_planned() {
        let mut tally = Tally::default();
        tally.add(&Reading::<()>::NotAsked(NotAsked::DoesNotApply));
        assert!(tally.is_empty() && tally.complete());
        tally.add(&Reading::<()>::NotAsked(NotAsked::RegionFiltered));
        assert!(tally.not_asked() == 1 && tally.complete());
        tally.add(&Reading::<()>::NotAsked(NotAsked::DependencyUnread));
        assert!(tally.not_asked() == 2 && !tally.complete());
    }
}
