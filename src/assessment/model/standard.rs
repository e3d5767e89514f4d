//! The organization's standard, as plain data: what is asked of which accounts, and what is accepted.
//!
//! The `standard` room reads it from TOML and holds it to its rules; the `check` room asks it.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::reading::words;
use super::{AccountId, DeniedBy, Encryption, Region, Severity};
use crate::clock::Timestamp;

/// A check instance's parameters by name.
pub type Parameters = BTreeMap<String, i64>;

/// Where something of a standard holds. Empty: in the whole organization.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scope {
    /// Organizational units, by id or name; all accounts under them.
    pub ous: BTreeSet<String>,
    /// Accounts.
    pub accounts: BTreeSet<AccountId>,
}

/// An account as a scope sees it.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The account.
    pub account_id: AccountId,
    /// Its units from the root to its parent.
    pub ou_ids: &'a [String],
    /// Their names, in the same order; none where one was not read.
    pub ou_names: &'a [Option<String>],
    /// Whether the units were reported at all.
    pub path_known: bool,
}

/// How closely a scope names an account; the closer one wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Specificity {
    /// The whole organization.
    Organization,
    /// The unit at this depth of the account's path.
    Unit(usize),
    /// The account by its id.
    Account,
}

impl Scope {
    /// Whether it is the whole organization.
    pub fn is_everywhere(&self) -> bool {
        self.ous.is_empty() && self.accounts.is_empty()
    }

    /// How closely it would name the account if one of its units whose name was not read were meant; none
    /// where no such unit can be.
    pub fn possible_specificity(&self, place: &Place<'_>) -> Option<Specificity> {
        if self.ous.is_empty() {
            return None;
        }
        if !place.path_known {
            return Some(Specificity::Unit(usize::MAX));
        }
        let is_name = |unit: &String| !unit.starts_with("ou-") && !unit.starts_with("r-");
        let unread = place.ou_names.iter().rposition(Option::is_none);
        unread.filter(|_| self.ous.iter().any(is_name)).map(Specificity::Unit)
    }

    /// How closely it names the account; none where it does not.
    pub fn specificity(&self, place: &Place<'_>) -> Option<Specificity> {
        if self.is_everywhere() {
            return Some(Specificity::Organization);
        }
        if self.accounts.contains(&place.account_id) {
            return Some(Specificity::Account);
        }
        self.unit(place).map(Specificity::Unit)
    }

    /// Whether it names the account in each of the ways that are given: what is accepted is accepted for no more
    /// than was meant.
    pub fn names(&self, place: &Place<'_>) -> bool {
        (self.accounts.is_empty() || self.accounts.contains(&place.account_id))
            && (self.ous.is_empty() || self.unit(place).is_some())
    }

    /// The lowest unit of the account's path that it names.
    fn unit(&self, place: &Place<'_>) -> Option<usize> {
        let named = |(at, id): (usize, &String)| {
            let name = place.ou_names.get(at).and_then(Option::as_ref);
            (self.ous.contains(id) || name.is_some_and(|name| self.ous.contains(name))).then_some(at)
        };
        place.ou_ids.iter().enumerate().filter_map(named).max()
    }
}

/// What one organization asks for, on which version and by whom it was agreed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standard {
    /// Its name, the same over versions.
    pub id: String,
    /// Its version.
    pub version: String,
    /// Who answers for it.
    pub owner: String,
    /// Who approved it.
    pub approved_by: String,
    /// When.
    pub approved_at: Timestamp,
    /// From when on it holds.
    pub effective_from: Timestamp,
    /// When it must be looked at again.
    pub review_by: Timestamp,
    /// What default encryption must be, by scope.
    pub encryption: Vec<EncryptionEntry>,
    /// Which check instances run, by scope.
    pub checks: Vec<CheckEntry>,
    /// Accounts outside the organization whose keys may be used, and which key policies may admit.
    pub trusted_accounts: Vec<TrustedAccount>,
    /// Accounts whose scan matters most: log archive, security tooling. The management account is
    /// one without being named.
    pub critical_accounts: BTreeSet<AccountId>,
    /// Buckets to which services deliver that take SSE-S3 only.
    pub service_destinations: Vec<ServiceDestination>,
    /// What the organization accepts not to see.
    pub gaps: Vec<AcceptedGap>,
    /// What an exception must keep to.
    pub exceptions: ExceptionRules,
    /// The hex SHA-256 of the file.
    pub sha256: String,
    /// The file as it was read: the lake keeps what a run was judged by.
    pub text: String,
}

/// What default encryption must be in a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncryptionEntry {
    /// Where.
    pub scope: Scope,
    /// What.
    pub requirement: EncryptionRequirement,
}

/// What a bucket's default encryption must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncryptionRequirement {
    /// SSE-S3, SSE-KMS or DSSE-KMS; what is stronger meets it too.
    pub minimum_mode: Encryption,
    /// Whether the key must be a customer managed one.
    pub customer_managed_key: bool,
    /// Key ARNs, of which one must be used; empty: any key.
    pub approved_keys: BTreeSet<String>,
    /// Alias names (`alias/…`) or ARNs by which a key may be named instead.
    pub approved_aliases: BTreeSet<String>,
    /// Accounts whose keys may be used instead.
    pub approved_key_accounts: BTreeSet<AccountId>,
}

impl EncryptionRequirement {
    /// Whether a key must be one of a list.
    pub fn names_keys(&self) -> bool {
        !(self.approved_keys.is_empty()
            && self.approved_aliases.is_empty()
            && self.approved_key_accounts.is_empty())
    }
}

/// A check instance in a scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckEntry {
    /// Where.
    pub scope: Scope,
    /// The check.
    pub check_id: &'static str,
    /// Its parameters; every one of the check's.
    pub parameters: Parameters,
    /// How bad a fail is; the check's own severity where none is given.
    pub severity: Option<Severity>,
    /// Whether it runs at all in this scope.
    pub enabled: bool,
}

/// An account outside the organization that is trusted with keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedAccount {
    /// The account.
    pub account_id: AccountId,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// From when on it is trusted no more.
    pub expires: Timestamp,
}

words! {
    /// A service that delivers logs to buckets and takes SSE-S3 only.
    DestinationService {
        /// Server access logs of S3.
        S3ServerAccessLogs = "s3_server_access_logs",
        /// Access logs, connection logs and health check logs of Application and Classic Load Balancers.
        ElbAccessLogs = "elb_access_logs",
    }
}

/// Buckets to which a service delivers that takes SSE-S3 only, as the organization approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceDestination {
    /// The accounts of the buckets.
    pub scope: Scope,
    /// Their names, `*` and `?` for any part.
    pub buckets: Vec<String>,
    /// The service.
    pub service: DestinationService,
    /// Why they are.
    pub reason: String,
    /// Who answers for them.
    pub owner: String,
    /// Who approved it.
    pub approver: String,
    /// From when on it holds no more.
    pub expires: Timestamp,
}

/// A service destination as it holds in an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldDestination {
    /// The entry.
    pub destination: ServiceDestination,
    /// Whether it is known that its scope has the account.
    pub scope_known: bool,
}

/// Something that the organization accepts not to see. It changes `runs.status` and the exit code,
/// and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcceptedGap {
    /// The accounts.
    pub scope: Scope,
    /// The Region; none: any.
    pub region: Option<Region>,
    /// `service:Operation`, `*` for any part of it; none: any.
    pub operation: Option<String>,
    /// Who denies; none: whatever the fault.
    pub denied_by: Option<DeniedBy>,
    /// Why it is accepted.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// Who accepted it.
    pub approver: String,
    /// From when on it is accepted no more.
    pub expires: Timestamp,
}

/// What an exception must keep to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExceptionRules {
    /// Who may approve.
    pub approvers: BTreeSet<String>,
    /// The longest life in days, by severity.
    pub max_days: BTreeMap<Severity, i64>,
    /// Reason codes that may be exempted although a check says that they may not.
    pub exemptible: BTreeSet<String>,
}
