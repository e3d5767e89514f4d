//! An account: its place, its Regions, its roles, and what its policies refuse.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Alias, Bucket, Key, Word};
use atrest_core::clock::Timestamp;
use atrest_core::{AccountId, Region};

/// An account of the organization.
#[derive(Debug, Clone, Serialize)]
pub struct Account {
    /// Twelve digits.
    pub id: AccountId,
    /// The name that the organization shows.
    pub name: String,
    /// Its root user's address.
    pub email: String,
    /// The unit or root that holds it.
    pub parent: String,
    /// Where it is in its life.
    pub state: AccountState,
    /// When it joined.
    pub joined_at: Timestamp,
    /// Every Region that it could use, also those that it does not.
    pub regions: BTreeMap<Region, RegionState>,
    /// Its buckets, by name.
    pub buckets: BTreeMap<String, Bucket>,
    /// Its roles, by name with path and without a leading slash.
    pub roles: BTreeMap<String, Role>,
    /// What the policies over the account refuse.
    pub denials: Vec<Denial>,
}

/// The states of an account, in AWS's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AccountState {
    /// Made, not yet usable.
    PendingActivation,
    /// The only state whose roles can be assumed.
    Active,
    /// Suspended by AWS.
    Suspended,
    /// Closed by its owner, within the 90 days in which it can be reopened.
    PendingClosure,
    /// Closed.
    Closed,
}

impl AccountState {
    /// AWS's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::PendingActivation => "PENDING_ACTIVATION",
            Self::Active => "ACTIVE",
            Self::Suspended => "SUSPENDED",
            Self::PendingClosure => "PENDING_CLOSURE",
            Self::Closed => "CLOSED",
        }
    }

    /// The word that the retired `Status` had for it, which knew three.
    pub fn status_word(self) -> &'static str {
        match self {
            Self::PendingActivation | Self::Active => "ACTIVE",
            Self::Suspended | Self::Closed => "SUSPENDED",
            Self::PendingClosure => "PENDING_CLOSURE",
        }
    }
}

/// One Region of one account.
#[derive(Debug, Clone, Serialize)]
pub struct RegionState {
    /// Whether the account can use it.
    pub opt_status: OptStatus,
    /// KMS keys by id.
    pub keys: BTreeMap<String, Key>,
    /// KMS aliases by name, `alias/…`.
    pub aliases: BTreeMap<String, Alias>,
}

impl RegionState {
    /// A Region without keys.
    pub fn new(opt_status: OptStatus) -> Self {
        Self { opt_status, keys: BTreeMap::new(), aliases: BTreeMap::new() }
    }
}

/// Whether an account has a Region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OptStatus {
    /// Every account has it.
    EnabledByDefault,
    /// Opted in.
    Enabled,
    /// On its way in; not usable yet.
    Enabling,
    /// On its way out; still usable.
    Disabling,
    /// Not opted in.
    Disabled,
}

impl OptStatus {
    /// AWS's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::EnabledByDefault => "ENABLED_BY_DEFAULT",
            Self::Enabled => "ENABLED",
            Self::Enabling => "ENABLING",
            Self::Disabling => "DISABLING",
            Self::Disabled => "DISABLED",
        }
    }

    /// Whether requests with the account's credentials are known there.
    pub fn usable(self) -> bool {
        matches!(self, Self::EnabledByDefault | Self::Enabled | Self::Disabling)
    }
}

/// A set of IAM actions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Actions {
    /// Every action.
    All,
    /// These, `service:Name`, where `*` stands for any text and case does not matter, as in IAM.
    Only(BTreeSet<String>),
}

impl Actions {
    /// The set of these.
    pub fn only<'a>(actions: impl IntoIterator<Item = &'a str>) -> Self {
        Self::Only(actions.into_iter().map(str::to_owned).collect())
    }
}

/// A role that others may assume.
#[derive(Debug, Clone, Serialize)]
pub struct Role {
    /// Whether its trust policy admits the organization's callers.
    pub trusts_callers: bool,
    /// The external id that its trust policy requires.
    pub external_id: Option<String>,
    /// What its identity-based policies allow.
    pub actions: Actions,
    /// Its permissions boundary, where it has one.
    pub boundary: Option<Actions>,
    /// The longest session in seconds.
    pub longest_session: u64,
}

impl Default for Role {
    fn default() -> Self {
        Self {
            trusts_callers: true,
            external_id: None,
            actions: Actions::All,
            boundary: None,
            longest_session: 3600,
        }
    }
}

/// The kind of policy that refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeniedBy {
    /// The principal's own policies.
    Identity,
    /// A bucket policy or key policy.
    ResourcePolicy,
    /// A service control policy.
    Scp,
    /// A resource control policy.
    Rcp,
    /// A permissions boundary.
    Boundary,
    /// A session policy.
    Session,
    /// The policy of the VPC endpoint that the request came through.
    VpcEndpoint,
}

/// A refusal that holds for a whole account, or for a part of it.
#[derive(Debug, Clone, Serialize)]
pub struct Denial {
    /// The kind of policy.
    pub by: DeniedBy,
    /// True: a Deny statement. False: no Allow statement.
    pub explicit: bool,
    /// The actions refused, with `*` as in IAM.
    pub actions: Vec<Word>,
    /// Actions spared although listed: what a `NotAction` names.
    pub exempt: Vec<Word>,
    /// Where it holds; everywhere if `None`.
    pub region: Option<Region>,
    /// The bucket name or key id that it is about; all if `None`.
    pub resource: Option<String>,
}

/// What the Region-deny policy of Control Tower spares, from the actions that the scan uses.
const CONTROL_TOWER_EXEMPT: [&str; 5] =
    ["kms:*", "sts:*", "account:*", "organizations:*", "s3:ListAllMyBuckets"];

impl Denial {
    /// An explicit denial of one action, everywhere.
    pub fn of(by: DeniedBy, action: &'static str) -> Self {
        Self {
            by,
            explicit: true,
            actions: vec![action.into()],
            exempt: Vec::new(),
            region: None,
            resource: None,
        }
    }

    /// A denial because no policy of that kind allows the action.
    pub fn by_silence(by: DeniedBy, action: &'static str) -> Self {
        Self { explicit: false, ..Self::of(by, action) }
    }

    /// A service control policy that closes a Region in the way of Control Tower.
    pub fn of_region(region: Region) -> Self {
        Self {
            exempt: CONTROL_TOWER_EXEMPT.iter().map(|&action| action.into()).collect(),
            region: Some(region),
            ..Self::of(DeniedBy::Scp, "*")
        }
    }

    /// The same in one Region.
    #[must_use]
    pub fn in_region(mut self, region: Region) -> Self {
        self.region = Some(region);
        self
    }

    /// The same for one bucket name or key id.
    #[must_use]
    pub fn on(mut self, resource: &str) -> Self {
        self.resource = Some(resource.to_owned());
        self
    }
}
