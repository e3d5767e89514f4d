//! The findings of a page: counted every way that it shows, and by name as far as a person reads.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::super::ReportError;
use super::super::rows::{FindingRow, resource_type, severity, verdict};
use super::text;
use crate::check::{CHECKS, STANDARD_CHECK};
use crate::model::posture::{Sum, Together, Whole};
use crate::model::{ResourceType, Severity, Standings, Verdict};

/// Findings of a group that are kept by name.
pub const NAMED: usize = 200;

/// The checks of a bucket whose fail is its key's.
pub const KEY_CHECKS: [&str; 2] = ["s3_key_usable", "s3_key_in_org"];

/// What tells a check instance from others. In the checks' own order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instance {
    /// The check's place among the checks; past them all for one that this version does not know.
    place: usize,
    /// Its id.
    pub check_id: String,
    /// Its parameters, canonical JSON.
    pub params: Option<String>,
}

impl Instance {
    /// From a row's columns.
    pub fn of(check_id: Option<&str>, params: Option<&str>) -> Self {
        let check_id = text(check_id);
        let place = CHECKS.iter().position(|check| check.id == check_id).unwrap_or(CHECKS.len());
        Self { place, check_id, params: params.map(str::to_owned) }
    }

    /// `kms_rotation_period {"max_days":90}`.
    pub fn spoken(&self) -> String {
        match &self.params {
            Some(params) => format!("{} {params}", self.check_id),
            None => self.check_id.clone(),
        }
    }
}

/// What findings of a group have in common: the worst group first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Group {
    /// Fails, then what cannot be said, then what is accepted.
    pub verdict: Attention,
    /// How bad it is.
    pub severity: Reverse<Severity>,
    /// What asked.
    pub instance: Instance,
    /// What decided.
    pub reason_code: String,
}

/// The verdicts that need attention, in that order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Attention {
    /// It fails.
    Fail,
    /// It cannot be said.
    Unknown,
    /// It fails, and that is accepted.
    Exempt,
}

impl Attention {
    fn of(verdict: Verdict) -> Option<Self> {
        match verdict {
            Verdict::Fail => Some(Self::Fail),
            Verdict::Unknown => Some(Self::Unknown),
            Verdict::Exempt => Some(Self::Exempt),
            Verdict::Pass | Verdict::NotApplicable => None,
        }
    }

    /// The lake's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Unknown => "unknown",
            Self::Exempt => "exempt",
        }
    }
}

/// The findings of a group.
#[derive(Debug, Default)]
pub struct Members {
    /// All of them.
    pub count: u64,
    /// The first of them, in the lake's order.
    pub named: Vec<Named>,
    /// All of them by account.
    pub accounts: BTreeMap<String, u64>,
    /// What to do about them.
    pub remedy: Option<String>,
}

/// A finding by name.
#[derive(Debug, Clone)]
pub struct Named {
    /// Its uid.
    pub finding_uid: String,
    /// The account.
    pub account_id: String,
    /// The Region.
    pub region: Option<String>,
    /// What is judged.
    pub resource_arn: String,
    /// What was seen.
    pub reason: String,
    /// The exception that accepts it.
    pub exception_id: Option<String>,
}

/// The resources of an account, each counted once, by all of its findings.
#[derive(Debug, Default)]
pub struct Resources {
    /// Buckets by how they stand.
    pub buckets: Standings,
    /// Keys by how they stand.
    pub keys: Standings,
    /// Resources with a fail, by the worst of theirs.
    pub worst: BTreeMap<Severity, u64>,
}

impl Resources {
    /// Adds other resources.
    pub fn merge(&mut self, other: &Self) {
        self.buckets.merge(&other.buckets);
        self.keys.merge(&other.keys);
        for (severity, count) in &other.worst {
            *self.worst.entry(*severity).or_default() += count;
        }
    }
}

/// Why a key endangers what it encrypts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyFault {
    /// How bad it is.
    pub severity: Reverse<Severity>,
    /// What asked.
    pub check_id: String,
    /// What decided.
    pub reason_code: String,
}

/// The counts of a verdict each.
pub type Verdicts = BTreeMap<Verdict, u64>;

/// The findings.
#[derive(Debug)]
pub struct Findings {
    /// Findings of a group that are kept by name.
    named: usize,
    /// All.
    pub verdicts: Verdicts,
    /// The resources, by account.
    pub resources: BTreeMap<String, Resources>,
    /// Resources with a fail, by their type and the worst of their fails.
    pub worst: BTreeMap<(Reverse<Severity>, ResourceType), u64>,
    /// The resource whose findings are being read.
    together: Together,
    /// What each resource comes to, where all are kept by name.
    pub standing: BTreeMap<String, Sum>,
    /// Accounts as resources: an exception's finding comes after those of all accounts.
    accounts: BTreeMap<String, Whole>,
    /// By check instance.
    pub by_instance: BTreeMap<Instance, Verdicts>,
    /// Of the check by which a bucket meets the standard, by account.
    pub standard: BTreeMap<String, Verdicts>,
    /// What needs attention.
    pub groups: BTreeMap<Group, Members>,
    /// Keys that fail in a way that can keep data from being read, by ARN.
    pub failing_keys: BTreeMap<String, BTreeSet<KeyFault>>,
    /// The same for keys without an ARN, because an alias or id alone does not identify a key: by the bucket that
    /// names one.
    pub failing_unnamed: BTreeMap<String, KeyFault>,
}

impl Default for Findings {
    fn default() -> Self {
        Self::naming(NAMED)
    }
}

impl Findings {
    /// None yet; of each group so many will be kept by name.
    pub fn naming(named: usize) -> Self {
        Self {
            named,
            verdicts: Verdicts::new(),
            resources: BTreeMap::new(),
            worst: BTreeMap::new(),
            together: Together::default(),
            standing: BTreeMap::new(),
            accounts: BTreeMap::new(),
            by_instance: BTreeMap::new(),
            standard: BTreeMap::new(),
            groups: BTreeMap::new(),
            failing_keys: BTreeMap::new(),
            failing_unnamed: BTreeMap::new(),
        }
    }

    /// Counts a finding.
    pub fn add(&mut self, row: &FindingRow<'_>) -> Result<(), ReportError> {
        let (verdict, severity) = (verdict(row.verdict)?, severity(row.severity)?);
        let resource = (
            row.account_id.unwrap_or_default(),
            resource_type(row.resource_type)?,
            row.resource_arn.unwrap_or_default(),
        );
        let whole = self.together.add(resource, severity, verdict);
        self.resource(whole);
        let account = row.account_id.unwrap_or_default();
        let instance = Instance::of(row.check_id, row.check_params);
        tally(&mut self.verdicts, verdict);
        if instance.check_id == STANDARD_CHECK {
            tally(of(&mut self.standard, account), verdict);
        }
        if verdict == Verdict::Fail {
            self.failing_key(row, severity);
        }
        if let Some(attention) = Attention::of(verdict) {
            self.member(row, attention, severity, instance.clone());
        }
        tally(self.by_instance.entry(instance).or_default(), verdict);
        Ok(())
    }

    /// Ends the count: the last resource is whole, and so are the accounts.
    pub fn finish(&mut self) {
        let last = self.together.finish();
        self.resource(last);
        for (_, account) in std::mem::take(&mut self.accounts) {
            self.count(&account);
        }
    }

    fn resource(&mut self, whole: Option<Whole>) {
        match whole {
            Some(whole) if whole.kind == ResourceType::Account => {
                self.accounts
                    .entry(whole.arn.clone())
                    .and_modify(|it| it.sum.merge(whole.sum))
                    .or_insert(whole);
            }
            Some(whole) => self.count(&whole),
            None => {}
        }
    }

    fn count(&mut self, whole: &Whole) {
        let resources = of(&mut self.resources, &whole.account_id);
        match whole.kind {
            ResourceType::Bucket => resources.buckets.add(whole.sum.standing()),
            ResourceType::Key => resources.keys.add(whole.sum.standing()),
            ResourceType::Account => {}
        }
        if self.named == usize::MAX {
            self.standing.insert(whole.arn.clone(), whole.sum);
        }
        if let Some(worst) = whole.sum.worst_fail {
            *resources.worst.entry(worst).or_default() += 1;
            *self.worst.entry((Reverse(worst), whole.kind)).or_default() += 1;
        }
    }

    /// Buckets by how they stand, each by all of its findings.
    pub fn buckets(&self) -> Standings {
        let mut sum = Standings::default();
        for resources in self.resources.values() {
            sum.merge(&resources.buckets);
        }
        sum
    }

    /// Keys by how they stand, each by all of its findings.
    pub fn keys(&self) -> Standings {
        let mut sum = Standings::default();
        for resources in self.resources.values() {
            sum.merge(&resources.keys);
        }
        sum
    }

    /// Buckets by how they stand to the standard's default encryption.
    pub fn to_standard(&self) -> Verdicts {
        let mut sum = Verdicts::new();
        for (verdict, count) in self.standard.values().flatten() {
            *sum.entry(*verdict).or_default() += count;
        }
        sum
    }

    fn member(&mut self, row: &FindingRow<'_>, verdict: Attention, severity: Severity, instance: Instance) {
        let group =
            Group { verdict, severity: Reverse(severity), instance, reason_code: text(row.reason_code) };
        let members = self.groups.entry(group).or_default();
        members.count += 1;
        let account_id = row.account_id.unwrap_or_default();
        *of(&mut members.accounts, account_id) += 1;
        if members.remedy.is_none() {
            members.remedy = row.remedy.map(str::to_owned);
        }
        if members.named.len() < self.named {
            members.named.push(Named {
                finding_uid: text(row.finding_uid),
                account_id: account_id.to_owned(),
                region: row.region.map(str::to_owned),
                resource_arn: text(row.resource_arn),
                reason: text(row.reason),
                exception_id: row.exception_id.map(str::to_owned),
            });
        }
    }

    /// A key's own fail counts where it is about being able to read tomorrow; a bucket's, where it is
    /// about the bucket's key.
    fn failing_key(&mut self, row: &FindingRow<'_>, severity: Severity) {
        let check_id = row.check_id.unwrap_or_default();
        let arn = match row.resource_type {
            Some("AWS::KMS::Key") if row.category == Some("availability") => row.resource_arn,
            Some("AWS::S3::Bucket") if KEY_CHECKS.contains(&check_id) => row.related_arn,
            _ => None,
        };
        let is_bucket = row.resource_type == Some("AWS::S3::Bucket");
        let fault = KeyFault {
            severity: Reverse(severity),
            check_id: check_id.to_owned(),
            reason_code: text(row.reason_code),
        };
        match arn {
            Some(arn) => {
                of(&mut self.failing_keys, arn).insert(fault);
            }
            None if is_bucket && KEY_CHECKS.contains(&check_id) => {
                self.failing_unnamed.insert(text(row.resource_arn), fault);
            }
            None => {}
        }
    }

    /// The worst of the failing keys, at most that many.
    pub fn worst_keys(&self, most: usize) -> Vec<(&String, &BTreeSet<KeyFault>)> {
        let mut keys: Vec<(&String, &BTreeSet<KeyFault>)> = self.failing_keys.iter().collect();
        keys.sort_by_key(|(arn, faults)| (faults.first(), *arn));
        keys.truncate(most);
        keys
    }
}

/// The entry of a key that is copied only where it is new.
fn of<'m, V: Default>(map: &'m mut BTreeMap<String, V>, key: &str) -> &'m mut V {
    if !map.contains_key(key) {
        map.insert(key.to_owned(), V::default());
    }
    map.get_mut(key).expect("it was put there")
}

fn tally(verdicts: &mut Verdicts, verdict: Verdict) {
    *verdicts.entry(verdict).or_default() += 1;
}

/// The count of a verdict.
pub fn count_of(verdicts: &Verdicts, verdict: Verdict) -> u64 {
    verdicts.get(&verdict).copied().unwrap_or_default()
}
