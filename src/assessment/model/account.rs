//! Accounts: what Organizations listed, and what came of scanning one.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::reading::words;
use super::{AccountId, Arn, NotAsked, Partition, Region};
use crate::clock::Timestamp;

/// An account as `organizations:ListAccounts` gave it. The e-mail address is not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The account.
    pub id: AccountId,
    /// Its ARN, which carries the partition, the organization and the management account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// From the root to the account's parent; none where `Paths` was not reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ou_ids: Option<Vec<String>>,
    /// `State`, or `Status` where that is not sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// When it joined the organization.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined_at: Option<Timestamp>,
}

impl Account {
    /// An account that is known by its id alone: given by `--account` where nothing can be listed.
    pub fn unlisted(id: AccountId) -> Self {
        Self { id, arn: None, name: None, ou_ids: None, state: None, joined_at: None }
    }

    /// Only active accounts can be scanned. A state that is not told, or that Organizations does not have, counts
    /// as active: the role will tell.
    pub fn is_active(&self) -> bool {
        let state = self.state.as_deref().unwrap_or_default();
        // AccountState but `ACTIVE` (Organizations API reference, Account), and AccountStatus, which it replaces.
        !matches!(state, "PENDING_ACTIVATION" | "SUSPENDED" | "PENDING_CLOSURE" | "CLOSED")
    }
}

/// Whether an account is one of an organization's, of which `complete` says whether `members` are all;
/// none where that cannot be said.
pub fn membership(members: &BTreeSet<AccountId>, complete: bool, account_id: AccountId) -> Option<bool> {
    match members.contains(&account_id) {
        true => Some(true),
        false => complete.then_some(false),
    }
}

/// An organizational unit's id and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationalUnit {
    /// `ou-…`, or `r-…` for the root.
    pub id: String,
    /// Its name.
    pub name: String,
}

words! {
    /// How atrest got an account's session.
    AccessPath {
        /// The audit role was assumed.
        AssumedRole = "assumed_role",
        /// The caller's own credentials, in the caller's own account, where the role is not there.
        Caller = "caller",
    }
}

words! {
    /// What came of an account's scan.
    ScanStatus {
        /// Every coverage row is complete.
        Complete = "complete",
        /// There was a session, and something could not be read.
        Partial = "partial",
        /// There was no session.
        Unreachable = "unreachable",
        /// It was not tried.
        NotScanned = "not_scanned",
    }
}

words! {
    /// Why an account is not complete.
    ScanReason {
        /// Suspended, closing, closed or not yet activated.
        NotActive = "not_active",
        /// Left out by `--account`, `--exclude-account` or `--ou`.
        Excluded = "excluded",
        /// STS refused the role: it is missing, or does not trust the caller.
        RoleNotAssumable = "role_not_assumable",
        /// STS refused the role, and the account joined so lately that the role may still come.
        JoinedRecently = "joined_recently",
        /// The account's Regions could not be listed.
        RegionIncomplete = "region_incomplete",
        /// Reads failed; the coverage table says which.
        Faults = "faults",
        /// The run was interrupted before this account was done.
        Interrupted = "interrupted",
    }
}

/// What one account's segment says of the scan as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountScan {
    /// The account.
    pub account_id: AccountId,
    /// The role's ARN; none where the caller's own credentials were used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    /// How atrest got the session; none where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_path: Option<AccessPath>,
    /// The Regions that were scanned, sorted.
    pub regions: Vec<Region>,
    /// The Regions that are disabled for the account, sorted.
    pub regions_disabled: Vec<Region>,
    /// Where the Regions came from.
    pub regions_from: RegionsFrom,
    /// When the scan of the account began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
}

words! {
    /// Where an account's set of Regions came from.
    RegionsFrom {
        /// `--region`.
        Filter = "filter",
        /// `account:ListRegions`.
        Listed = "listed",
        /// A built-in list, in a partition that has no `account` endpoint.
        BuiltIn = "built_in",
        /// The partition's default set and the Regions of listed buckets: `ListRegions` failed.
        Fallback = "fallback",
        /// There was no session to ask with.
        NoSession = "no_session",
    }
}

impl AccountScan {
    /// The partition that the account is in: its role's, or its Regions'; none where neither is known.
    pub fn partition(&self) -> Option<Partition> {
        let role = self.role_arn.as_deref().and_then(Arn::parse);
        let of_role = role.and_then(|arn| arn.partition.parse().ok());
        of_role.or_else(|| self.regions.first().map(Region::partition))
    }

    /// Why a read in `region` was not sent: the filter's doing, or the account's.
    pub fn why_not_scanned(&self, region: &Region) -> Option<NotAsked> {
        if self.regions.contains(region) {
            return None;
        }
        Some(match self.regions_from {
            RegionsFrom::Filter => NotAsked::RegionFiltered,
            _ => NotAsked::RegionNotScanned,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_partition_is_the_roles_or_the_regions() {
        let scan = |role: Option<&str>, regions: &[&str]| AccountScan {
            account_id: "111122223333".parse().unwrap(),
            role_arn: role.map(str::to_owned),
            access_path: None,
            regions: regions.iter().map(|name| name.parse().unwrap()).collect(),
            regions_disabled: Vec::new(),
            regions_from: RegionsFrom::NoSession,
            started_at: Timestamp::from_millis(0),
            finished_at: Timestamp::from_millis(0),
        };
        let of = |scan: AccountScan| scan.partition().map(|it| it.as_str().to_owned());
        assert_eq!(of(scan(Some("arn:aws-cn:iam::111122223333:role/x"), &[])).as_deref(), Some("aws-cn"));
        assert_eq!(of(scan(None, &["us-gov-west-1"])).as_deref(), Some("aws-us-gov"));
        assert_eq!(of(scan(None, &[])), None);
    }
}
