//! Short ways to build a world by hand, for tests that need three buckets and not three hundred.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Account, AccountState, Actions, Alias, Bucket, Caller, Encryption, Key, OptStatus, Organization,
    OrganizationalUnit, PageSizes, RegionState, Role, Rotation, World,
};
use atrest_core::clock::Timestamp;
use atrest_core::{AccountId, Partition, Region};

/// The role that every account has unless a test takes it away.
pub const DEFAULT_ROLE_NAME: &str = "atrest-audit";

/// The Regions of every account that `add_account` makes; in other partitions than `aws`, all of theirs.
pub const DEFAULT_REGIONS: [&str; 3] = ["eu-central-1", "eu-west-1", "us-east-1"];

impl World {
    /// An organization with a management account and nothing else; the caller belongs to it.
    pub fn new(now: Timestamp) -> Self {
        Self::in_partition("aws".parse().expect("a partition"), now)
    }

    /// The same in another partition.
    pub fn in_partition(partition: Partition, now: Timestamp) -> Self {
        let management = numbered(1);
        let mut world = Self {
            caller: Caller {
                account: management,
                arn: format!("arn:{partition}:iam::{management}:user/auditor"),
                actions: Actions::All,
            },
            partition,
            organization: Organization {
                id: "o-a1b2c3d4e5".to_owned(),
                root: "r-ab12".to_owned(),
                management_account: management,
                delegated_administrators: BTreeSet::new(),
                units: Vec::new(),
                in_use: true,
                sends_status: true,
                sends_paths: true,
            },
            accounts: BTreeMap::new(),
            role_name: DEFAULT_ROLE_NAME.to_owned(),
            pages: PageSizes::default(),
            made_at: now,
        };
        world.add_account("management");
        world
    }

    /// Adds an active account under the root, with the role and three Regions; gives its id.
    pub fn add_account(&mut self, name: &str) -> AccountId {
        let id = numbered(self.accounts.len() + 1);
        let usual = |name: &&str| name.parse().expect("a Region's name");
        let names: Vec<Region> = match self.partition.as_str() {
            "aws" => DEFAULT_REGIONS.iter().map(usual).collect(),
            _ => self.partition.default_regions(),
        };
        let regions = names.into_iter().map(|name| (name, RegionState::new(OptStatus::EnabledByDefault)));
        let account = Account {
            id,
            name: name.to_owned(),
            email: format!("aws+{name}@example.com"),
            parent: self.organization.root.clone(),
            state: AccountState::Active,
            joined_at: self.made_at,
            regions: regions.collect(),
            buckets: BTreeMap::new(),
            roles: BTreeMap::from([(self.role_name.clone(), Role::default())]),
            denials: Vec::new(),
        };
        self.accounts.insert(id, account);
        id
    }

    /// Adds a unit under a parent (a unit's id, or the root's); gives its id.
    pub fn add_unit(&mut self, name: &str, parent: &str) -> String {
        let root = self.organization.root.trim_start_matches("r-");
        let id = format!("ou-{root}-{:08x}", self.organization.units.len() + 1);
        let unit = OrganizationalUnit { id: id.clone(), name: name.to_owned(), parent: parent.to_owned() };
        self.organization.units.push(unit);
        id
    }

    /// The account of that id.
    ///
    /// # Panics
    /// Where there is none: a mistake in the test that asks.
    pub fn account_mut(&mut self, id: AccountId) -> &mut Account {
        self.accounts.get_mut(&id).expect("the account was added")
    }

    /// Adds a bucket with the encryption of a new one.
    ///
    /// # Panics
    /// Where the account is not there or the Region has no such name.
    pub fn add_bucket(&mut self, account: AccountId, region: &str, name: &str) -> &mut Bucket {
        let bucket = Bucket {
            name: name.to_owned(),
            region: region.parse().expect("a Region's name"),
            created_at: self.made_at,
            encryption: Some(Encryption::sse_s3()),
            policy: None,
            denied_actions: Vec::new(),
            vanished: false,
            objects: BTreeMap::new(),
        };
        self.account_mut(account).buckets.entry(name.to_owned()).insert_entry(bucket).into_mut()
    }

    /// Adds a customer managed symmetric key, enabled and not rotating.
    ///
    /// # Panics
    /// Where the account is not there or the Region has no such name.
    pub fn add_key(&mut self, account: AccountId, region: &str) -> &mut Key {
        let count: usize =
            self.accounts.values().flat_map(|a| a.regions.values()).map(|r| r.keys.len()).sum();
        let id = format!("{:08x}-0000-4000-8000-{account}", count + 1);
        let key = self.new_key(account, region.parse().expect("a Region's name"), &id);
        let keys = &mut self.region_mut(account, region).keys;
        keys.entry(id).insert_entry(key).into_mut()
    }

    /// A key as `add_key` adds it, not added.
    pub fn new_key(&self, account: AccountId, region: Region, id: &str) -> Key {
        Key {
            id: id.to_owned(),
            region,
            account,
            manager: "CUSTOMER".into(),
            origin: "AWS_KMS".into(),
            spec: "SYMMETRIC_DEFAULT".into(),
            usage: "ENCRYPT_DECRYPT".into(),
            state: "Enabled".into(),
            description: String::new(),
            created_at: self.made_at,
            deletion_at: None,
            multi_region: None,
            custom_key_store_id: None,
            valid_to: None,
            rotation: Rotation::default(),
            history: Vec::new(),
            policy: default_key_policy(&self.partition, account),
            admits_account: true,
        }
    }

    /// Adds an alias, `alias/…`, to a key or to nothing.
    ///
    /// # Panics
    /// Where the account is not there or the Region has no such name.
    pub fn add_alias(&mut self, account: AccountId, region: &str, name: &str, target: Option<&str>) {
        let alias = Alias {
            name: name.to_owned(),
            target: target.map(str::to_owned),
            created_at: target.map(|_| self.made_at),
        };
        self.region_mut(account, region).aliases.insert(name.to_owned(), alias);
    }

    /// One Region of one account, made where it was not there.
    ///
    /// # Panics
    /// Where the account is not there or the Region has no such name.
    pub fn region_mut(&mut self, account: AccountId, region: &str) -> &mut RegionState {
        let region = region.parse().expect("a Region's name");
        let regions = &mut self.account_mut(account).regions;
        regions.entry(region).or_insert_with(|| RegionState::new(OptStatus::EnabledByDefault))
    }
}

/// The policy that KMS gives a key made without one: the account's own policies decide.
pub(crate) fn default_key_policy(partition: &Partition, account: AccountId) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Id":"key-default-1","Statement":[{{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{{"AWS":"arn:{partition}:iam::{account}:root"}},"Action":"kms:*","Resource":"*"}}]}}"#
    )
}

/// The n-th account of a hand-built world: 100000000001, 100000000002, …
fn numbered(index: usize) -> AccountId {
    format!("1{index:011}").parse().expect("twelve digits")
}
