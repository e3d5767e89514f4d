//! The simulated organization as plain state: what the wire reads from, and nothing that acts.
//!
//! Every field is public, so that a test can build any state, also one that AWS's own API would
//! refuse. AWS's own words are texts and not enums for the same reason: a test may invent a word
//! that AWS has yet to. Whether a caller may see a thing is decided in `access`, from the rules kept
//! here; how it looks on the wire is decided in `wire`.

mod account;
mod bucket;
mod build;
mod key;
mod organization;

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Serialize;

pub use account::{Account, AccountState, Actions, Denial, DeniedBy, OptStatus, RegionState, Role};
pub use bucket::{Bucket, DefaultEncryption, Encryption, EncryptionRule, Object};
pub(crate) use build::default_key_policy;
pub use build::{DEFAULT_REGIONS, DEFAULT_ROLE_NAME};
pub use key::{Alias, CompletedRotation, Key, MultiRegion, Rotation};
pub use organization::{Organization, OrganizationalUnit};

use atrest_core::clock::Timestamp;
use atrest_core::{AccountId, Partition};

/// A word of AWS's: usually one of a known few, sometimes one of a test's own.
pub type Word = Cow<'static, str>;

/// The whole simulated organization.
#[derive(Debug, Clone, Serialize)]
pub struct World {
    /// The partition of every ARN.
    pub partition: Partition,
    /// The organization and its units.
    pub organization: Organization,
    /// Its accounts, the management account too.
    pub accounts: BTreeMap<AccountId, Account>,
    /// Who holds the fixed credentials.
    pub caller: Caller,
    /// The role that `add_account` gives each account.
    pub role_name: String,
    /// The most that a listing answers with.
    pub pages: PageSizes,
    /// The instant that creation dates are set to by the helpers.
    pub made_at: Timestamp,
}

/// The identity behind the fixed credentials.
#[derive(Debug, Clone, Serialize)]
pub struct Caller {
    /// The account that it belongs to: the management account, or an audit account.
    pub account: AccountId,
    /// Its ARN.
    pub arn: String,
    /// What its identity-based policies allow.
    pub actions: Actions,
}

/// The most items that one page of a listing holds, whatever the request asks for.
///
/// The defaults are AWS's maxima from the service models, so that a client which asks for more than
/// it may have gets what AWS would give.
#[derive(Debug, Clone, Serialize)]
pub struct PageSizes {
    /// `organizations:ListAccounts`.
    pub accounts: usize,
    /// `organizations:ListOrganizationalUnitsForParent`, `ListRoots`, `ListParents`.
    pub units: usize,
    /// `account:ListRegions`.
    pub regions: usize,
    /// `kms:ListKeys`.
    pub keys: usize,
    /// `kms:ListAliases`.
    pub aliases: usize,
    /// `kms:ListKeyRotations`.
    pub rotations: usize,
    /// `s3:ListBuckets`.
    pub buckets: usize,
    /// `s3:ListObjectsV2`.
    pub objects: usize,
    /// Whether `ListAccounts` begins with an empty page that carries a token, as AWS's may.
    pub empty_first_accounts_page: bool,
    /// Whether each page begins with the last item of the one before, as where a list changes meanwhile.
    pub overlap: bool,
}

impl Default for PageSizes {
    fn default() -> Self {
        Self {
            accounts: 20,
            units: 20,
            regions: 50,
            keys: 1000,
            aliases: 100,
            rotations: 1000,
            buckets: 10_000,
            objects: 1000,
            empty_first_accounts_page: false,
            overlap: false,
        }
    }
}

impl PageSizes {
    /// Every listing in pages of at most `size`, for tests of paging.
    pub fn all(size: usize) -> Self {
        Self {
            accounts: size.min(20),
            units: size.min(20),
            regions: size.min(50),
            keys: size.min(1000),
            aliases: size.min(100),
            rotations: size.min(1000),
            buckets: size.min(10_000),
            objects: size.min(1000),
            empty_first_accounts_page: false,
            overlap: false,
        }
    }
}

impl World {
    /// The account that owns a bucket of that name, and the bucket.
    ///
    /// Looks through every account; the simulator keeps an index of its own.
    pub fn bucket(&self, name: &str) -> Option<(&Account, &Bucket)> {
        self.accounts.values().find_map(|account| Some((account, account.buckets.get(name)?)))
    }

    /// An account's ARN.
    pub fn account_arn(&self, account: AccountId) -> String {
        let Organization { id, management_account, .. } = &self.organization;
        format!("arn:{}:organizations::{management_account}:account/{id}/{account}", self.partition)
    }

    /// A bucket's ARN.
    pub fn bucket_arn(&self, name: &str) -> String {
        format!("arn:{}:s3:::{name}", self.partition)
    }

    /// A key's ARN.
    pub fn key_arn(&self, key: &Key) -> String {
        format!("arn:{}:kms:{}:{}:key/{}", self.partition, key.region, key.account, key.id)
    }

    /// A role's ARN.
    pub fn role_arn(&self, account: AccountId, name: &str) -> String {
        format!("arn:{}:iam::{account}:role/{name}", self.partition)
    }

    /// The whole state as JSON, for a client in another language to hold answers against.
    ///
    /// The bytes of objects are left out; their sizes and ETags are there.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("plain state has only text keys")
    }
}
