//! Runs: what one night was asked to do, and what it came to.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::reading::words;
use super::{Account, AccountId, Region, RunId};
use crate::clock::Timestamp;

words! {
    /// What a run covers.
    RunKind {
        /// The whole organization.
        Census = "census",
        /// A part of it, by `--account`, `--exclude-account`, `--ou` or `--region`.
        Filtered = "filtered",
        /// An old log judged again.
        Rejudged = "rejudged",
    }
}

words! {
    /// Where the answers came from.
    Source {
        /// AWS.
        Aws = "aws",
        /// An endpoint that the environment or the profile names instead.
        Endpoint = "endpoint",
        /// The simulator inside this process.
        Simulator = "simulator",
    }
}

words! {
    /// What a run came to.
    RunStatus {
        /// Every active account that was not excluded is complete.
        Complete = "complete",
        /// Every shortfall matches an accepted gap of the standard.
        CompleteWithAcceptedGaps = "complete_with_accepted_gaps",
        /// Something could not be seen.
        Partial = "partial",
    }
}

/// What a run's log says of the run: written once, the same in every segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunHeader {
    /// The run.
    pub run_id: RunId,
    /// When the scan began.
    pub started_at: Timestamp,
    /// A census or a part of one.
    pub kind: RunKind,
    /// Where the answers come from.
    pub source: Source,
    /// The version of the tool that scanned.
    pub tool_version: String,
    /// What was asked for; a continued run must ask for the same.
    pub settings: ScanSettings,
    /// The hex SHA-256 of `settings`.
    pub settings_sha256: String,
}

impl RunHeader {
    /// The first flag in which two parts of one run's log differ so that they are no one census. The session policy
    /// changes nothing of the log, and who meets its limit goes on with the same run without it.
    pub fn difference(&self, other: &Self) -> Option<&'static str> {
        let (held, asked) = (&self.settings, &other.settings);
        [
            ("--role-name", held.role_name != asked.role_name),
            ("--external-id", held.external_id_sha256 != asked.external_id_sha256),
            ("--account", held.filter.accounts != asked.filter.accounts),
            ("--exclude-account", held.filter.exclude_accounts != asked.filter.exclude_accounts),
            ("--ou", held.filter.ous != asked.filter.ous),
            ("--region", held.filter.regions != asked.filter.regions),
            ("--no-rotation-history", held.history.automatic != asked.history.automatic),
            ("--imported-rotation-history", held.history.imported != asked.history.imported),
            ("the endpoint", self.source != other.source),
        ]
        .into_iter()
        .find(|(_, differs)| *differs)
        .map(|(name, _)| name)
    }
}

/// What a scan was asked for, as far as it changes what the log holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanSettings {
    /// The audit role's name, with its path.
    pub role_name: String,
    /// The hex SHA-256 of the external id, which itself is kept out of the lake.
    #[serde(default)]
    pub external_id_sha256: Option<String>,
    /// Which part of the organization.
    #[serde(flatten)]
    pub filter: ScanFilter,
    /// Whose history of rotations is read.
    #[serde(flatten)]
    pub history: RotationHistory,
    /// Whether the role's sessions were not narrowed to the audit actions.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_session_policy: bool,
}

/// Of which keys the history of rotations is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RotationHistory {
    /// Of customer keys that rotate automatically.
    #[serde(rename = "rotation_history")]
    pub automatic: bool,
    /// Of symmetric keys with imported material, which are rotated on demand alone.
    #[serde(rename = "imported_rotation_history", default, skip_serializing_if = "std::ops::Not::not")]
    pub imported: bool,
}

impl Default for RotationHistory {
    fn default() -> Self {
        Self { automatic: true, imported: false }
    }
}

/// Which part of the organization a scan covers. All empty: the whole of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanFilter {
    /// Only these accounts.
    pub accounts: BTreeSet<AccountId>,
    /// Not these accounts.
    pub exclude_accounts: BTreeSet<AccountId>,
    /// Only accounts under these units, by id or name.
    pub ous: BTreeSet<String>,
    /// Only these Regions.
    pub regions: BTreeSet<Region>,
}

impl ScanFilter {
    /// Whether the scan covers the whole organization.
    pub fn is_census(&self) -> bool {
        *self == Self::default()
    }

    /// Whether an account is in the scan. `unit_names` gives the names of its units.
    pub fn admits(&self, account: &Account, unit_names: &BTreeMap<String, String>) -> bool {
        let in_unit = |unit: &String| {
            let ids = account.ou_ids.iter().flatten();
            ids.clone().any(|id| id == unit)
                || ids.filter_map(|id| unit_names.get(id)).any(|name| name == unit)
        };
        (self.accounts.is_empty() || self.accounts.contains(&account.id))
            && !self.exclude_accounts.contains(&account.id)
            && (self.ous.is_empty() || self.ous.iter().any(in_unit))
    }
}

/// Who observed, with which program, and by which clock: what one log says beside its records.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witness {
    /// The ARN of the caller, from `sts:GetCallerIdentity`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller_arn: Option<String>,
    /// The hex SHA-256 of the program's file; none where it was not hashed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build_sha256: Option<String>,
    /// AWS's own clock; none where no answer had a date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aws_clock: Option<AwsClock>,
}

/// AWS's own clock beside the scanner's, from the `Date` of answers, which counts whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AwsClock {
    /// The earliest date.
    pub first: Timestamp,
    /// The latest.
    pub last: Timestamp,
    /// Answers that had a date.
    pub answers: u64,
    /// The least that AWS's clock was ahead of the scanner's, in seconds: negative where it was behind.
    pub least_ahead_seconds: i64,
    /// The most.
    pub most_ahead_seconds: i64,
}

impl AwsClock {
    /// One answer's date, and the scanner's time when it came.
    pub fn of(date: Timestamp, now: Timestamp) -> Self {
        let ahead = (date.whole_seconds().millis() - now.whole_seconds().millis()) / 1_000;
        Self { first: date, last: date, answers: 1, least_ahead_seconds: ahead, most_ahead_seconds: ahead }
    }

    /// Both of them, in any order.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            first: self.first.min(other.first),
            last: self.last.max(other.last),
            answers: self.answers + other.answers,
            least_ahead_seconds: self.least_ahead_seconds.min(other.least_ahead_seconds),
            most_ahead_seconds: self.most_ahead_seconds.max(other.most_ahead_seconds),
        }
    }
}

/// The organization that a log describes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationIdentity {
    /// `o-…`; none where no organization could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub org_id: Option<String>,
    /// The management account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub management_account_id: Option<AccountId>,
}

/// One row of the `runs` table: the commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFacts {
    /// The run.
    pub run_id: RunId,
    /// What it covers.
    pub kind: RunKind,
    /// The organization.
    pub organization: OrganizationIdentity,
    /// When the scan began.
    pub started_at: Timestamp,
    /// When the last account's scan ended.
    pub finished_at: Timestamp,
    /// What it came to.
    pub status: RunStatus,
    /// Where the answers came from.
    pub source: Source,
    /// The run whose log was judged.
    pub observed_run_id: RunId,
    /// The instant that exceptions and dates are judged at.
    pub as_of: Timestamp,
    /// When it was judged.
    pub judged_at: Timestamp,
    /// The run that was committed before this one.
    pub previous_run_id: Option<RunId>,
    /// The version of the tool that published.
    pub tool_version: String,
    /// The version of the lake's schema.
    pub schema_version: i32,
    /// Totals.
    pub totals: RunTotals,
    /// The hash of the settings.
    pub settings_sha256: String,
    /// The hash of the standard.
    pub standard_sha256: Option<String>,
    /// The hash of the exceptions.
    pub exceptions_sha256: Option<String>,
    /// The manifest's key in the lake.
    pub manifest_key: String,
    /// The manifest's hash.
    pub manifest_sha256: String,
}

/// A run's totals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunTotals {
    /// Accounts that the organization listed.
    pub accounts_listed: u64,
    /// Of these, complete.
    pub accounts_complete: u64,
    /// Of these, partial.
    pub accounts_partial: u64,
    /// Of these, unreachable.
    pub accounts_unreachable: u64,
    /// Of these, not scanned.
    pub accounts_not_scanned: u64,
    /// Buckets listed.
    pub buckets: u64,
    /// Keys listed.
    pub keys: u64,
    /// Findings that fail.
    pub findings_fail: u64,
    /// Findings that are not known.
    pub findings_unknown: u64,
    /// Logical reads.
    pub calls: u64,
}

/// An account after the scan: what the `accounts` table says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountFacts {
    /// The organization.
    pub org_id: Option<String>,
    /// As listed.
    pub account: Account,
    /// The names of `account.ou_ids`, in the same order; a name that was not read is none.
    pub ou_names: Option<Vec<Option<String>>>,
    /// How atrest got its session.
    pub scan: Option<super::AccountScan>,
    /// What came of it.
    pub status: super::ScanStatus,
    /// Why it is not complete.
    pub reason: Option<super::ScanReason>,
    /// Buckets listed; none where they were not.
    pub buckets: Option<u64>,
    /// Keys listed; none where they were not.
    pub keys: Option<u64>,
    /// Logical reads.
    pub calls: u64,
    /// Whether the standard accepts everything that could not be seen. No column.
    pub gaps_accepted: bool,
}
