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
    /// One message of theirs: messages name resources, so that each may have its own. The first in the
    /// alphabet, so that the order of the reads does not matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    message: Option<String>,
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
                message: fault.message.clone(),
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
            Ok(at) => {
                let held = &mut self.faults[at];
                held.count += fault.count;
                held.message = match (held.message.take(), fault.message) {
                    (Some(held), Some(more)) => Some(held.min(more)),
                    (held, more) => held.or(more),
                };
            }
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

    /// Whether a read failed.
    pub fn has_faults(&self) -> bool {
        !self.faults.is_empty()
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
        self.sample()?.code.as_deref()
    }

    /// A message of the reads that `sample_code` is of.
    pub fn sample_message(&self) -> Option<&str> {
        self.sample()?.message.as_deref()
    }

    /// Where no failed read has a code, those with a message: a credential provider has no codes.
    fn sample(&self) -> Option<&FaultCount> {
        let with_code = first_of_most(self.faults.iter().filter(|f| f.code.is_some()));
        with_code.or_else(|| first_of_most(self.faults.iter().filter(|f| f.message.is_some())))
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
            code: Some(code.into()),
            status: Some(403),
            denied_by: Some(DeniedBy::Scp),
            deny_type: Some(DenyType::Explicit),
            ..Fault::new(FaultKind::Denied)
        })
    }

    fn with_message(reading: Reading<()>, text: &str) -> Reading<()> {
        match reading {
            Reading::Unread(fault) => Reading::Unread(Fault { message: Some(text.into()), ..fault }),
            other => other,
        }
    }

    #[test]
    fn one_message_of_the_commonest_fault_is_kept_in_any_order() {
        let readings = [
            with_message(denied("A"), "of a"),
            with_message(denied("B"), "second of b"),
            with_message(denied("B"), "first of b"),
            denied("B"),
        ];
        let tally = |readings: &mut dyn Iterator<Item = &Reading<()>>| {
            let (mut all, mut part) = (Tally::default(), Tally::default());
            for (at, reading) in readings.enumerate() {
                if at % 2 == 0 { &mut all } else { &mut part }.add(reading);
            }
            all.merge(&part);
            all
        };
        let forth = tally(&mut readings.iter());
        assert_eq!(forth, tally(&mut readings.iter().rev()));
        assert_eq!((forth.sample_code(), forth.sample_message()), (Some("B"), Some("first of b")));
        // A message without a code, of a credential provider.
        let mut tally = Tally::default();
        tally.add(&with_message(
            Reading::Unread(Fault::new(FaultKind::Identity)),
            "the SSO session has expired",
        ));
        assert_eq!(
            (tally.sample_code(), tally.sample_message()),
            (None, Some("the SSO session has expired"))
        );
    }

    #[test]
    fn a_log_of_before_messages_reads_back() {
        let old =
            r#"{"known":1,"absent":0,"gone":0,"faults":[{"kind":"denied","code":"AccessDenied","count":2}]}"#;
        let tally: Tally = serde_json::from_str(old).unwrap();
        assert_eq!(
            (tally.asked(), tally.sample_code(), tally.sample_message()),
            (3, Some("AccessDenied"), None)
        );
        assert_eq!(serde_json::to_string(&tally).unwrap(), old, "and is written as before");
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
