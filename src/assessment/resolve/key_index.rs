//! The organization's keys and aliases, by account, Region and id: the first pass of the join.
//!
//! "Missing" must be earned. A listing that did not run to its end proves nothing about what it
//! lacks, so the index keeps, for each account and Region, whether it did.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::key_admission::Admissions;
use super::key_ref::AWS_S3_ALIAS;
use super::rotation::own_rotation;
use crate::model::{
    AccountId, AliasObservation, Arn, Ended, KeyAdmission, KeyMetadata, KeyObservation, NotAsked, Reading,
    Region, RotationFacts, membership,
};

/// Buckets that are kept by name of a key that takes them down with it; the rest are counted.
const NAMED: usize = 20;

/// All keys and aliases that the census saw.
#[derive(Debug, Default)]
pub struct KeyIndex {
    members: BTreeSet<AccountId>,
    members_complete: bool,
    regions: HashMap<(AccountId, Region), RegionKeys>,
    admissions: Option<Admissions>,
}

#[derive(Debug, Default)]
struct RegionKeys {
    keys_listed: bool,
    /// How ListAliases ended; none where it has no record.
    aliases_read: Option<Ended>,
    keys: HashMap<Box<str>, IndexedKey>,
    aliases: HashMap<Box<str>, Option<Box<str>>>,
    /// The keys that an alias of AWS names, and whether it is that of S3.
    aws_managed: BTreeMap<Box<str>, bool>,
}

impl RegionKeys {
    /// Whether the aliases were listed to their end.
    fn aliases_are_listed(&self) -> bool {
        self.aliases_read == Some(Ended::Known)
    }
}

/// What the join needs of a key.
#[derive(Debug)]
pub struct IndexedKey {
    /// The key ARN.
    pub arn: Box<str>,
    /// `KeyManager`, where it was read.
    pub manager: Option<Box<str>>,
    /// `Origin`, where it was read.
    pub origin: Option<Box<str>>,
    /// `KeyState`, where it was read.
    pub state: Option<Box<str>>,
    /// Whether S3 can encrypt under a key of its kind.
    pub is_for_s3: Option<bool>,
    rotation: RotationFacts,
    primary_arn: Option<Box<str>>,
    is_replica: bool,
    buckets: u64,
    accounts: u64,
    last_account: Option<AccountId>,
    named: Vec<String>,
}

impl IndexedKey {
    /// Whether the key is disabled or about to be deleted: only then are its buckets kept by name.
    fn fails_its_buckets(&self) -> bool {
        matches!(self.state.as_deref(), Some("Disabled" | "PendingDeletion" | "PendingReplicaDeletion"))
    }
}

/// What a look-up found.
#[derive(Debug)]
pub enum Found<'a> {
    /// The key is in its owner's listing.
    Key(&'a str, &'a IndexedKey),
    /// An AWS managed key that an `alias/aws/…` names, and that no listing has: its id.
    AwsManaged(&'a str),
    /// A complete listing does not have it.
    Missing,
    /// It cannot be said.
    Unproven,
}

impl KeyIndex {
    /// An index of an organization's members. `complete` says whether these are all of them.
    pub fn new(members: BTreeSet<AccountId>, complete: bool) -> Self {
        Self { members, members_complete: complete, regions: HashMap::new(), admissions: None }
    }

    /// Adds what the policies of keys say of buckets of other accounts.
    pub fn with_admissions(self, admissions: Admissions) -> Self {
        Self { admissions: Some(admissions), ..self }
    }

    /// Whether a key's policy admits a bucket of another account (its owner, its ARN, its S3 Bucket Key); `None`
    /// where that was not weighed.
    pub fn admission(
        &self,
        owner: AccountId,
        region: &Region,
        found: &Found<'_>,
        bucket: (AccountId, &str, Option<bool>),
    ) -> Option<KeyAdmission> {
        let Found::Key(id, key) = found else { return None };
        self.admissions.as_ref()?.of((owner, region, id), &key.arn, bucket)
    }

    /// Whether an account belongs to the organization; `None` where that cannot be said.
    pub fn is_member(&self, account_id: AccountId) -> Option<bool> {
        membership(&self.members, self.members_complete, account_id)
    }

    fn region(&mut self, account_id: AccountId, region: &Region) -> &mut RegionKeys {
        self.regions.entry((account_id, region.clone())).or_default()
    }

    /// Notes what came of ListKeys.
    pub fn keys_listed(&mut self, account_id: AccountId, region: &Region, complete: bool) {
        self.region(account_id, region).keys_listed = complete;
    }

    /// Notes how ListAliases ended: it ran to its end where it is known.
    pub fn aliases_listed(&mut self, account_id: AccountId, region: &Region, read: Ended) {
        self.region(account_id, region).aliases_read = Some(read);
    }

    /// Adds a key.
    pub fn add_key(&mut self, account_id: AccountId, key: &KeyObservation) {
        let metadata = key.describe.reading.known();
        let text = |field: fn(&KeyMetadata) -> &Option<String>| {
            metadata.and_then(|m| field(m).as_deref()).map(Box::from)
        };
        let primary = metadata.and_then(|m| m.multi_region.as_ref()?.primary_key_arn.as_deref());
        let indexed = IndexedKey {
            arn: key.key_arn.as_str().into(),
            manager: text(|m| &m.manager),
            origin: text(|m| &m.origin),
            state: text(|m| &m.state),
            is_for_s3: metadata.and_then(KeyMetadata::is_for_s3),
            rotation: own_rotation(key),
            primary_arn: primary.map(Box::from),
            is_replica: metadata.is_some_and(|metadata| metadata.is_replica(&key.key_arn)),
            buckets: 0,
            accounts: 0,
            last_account: None,
            named: Vec::new(),
        };
        self.region(account_id, &key.region).keys.insert(key.key_id.as_str().into(), indexed);
    }

    /// Adds an alias.
    pub fn add_alias(&mut self, account_id: AccountId, alias: &AliasObservation) {
        let keys = self.region(account_id, &alias.region);
        let target: Option<Box<str>> = alias.target_key_id.as_deref().map(Box::from);
        if let (true, Some(target)) = (alias.name.starts_with("alias/aws/"), &target) {
            keys.aws_managed.insert(target.clone(), alias.name == AWS_S3_ALIAS);
        }
        keys.aliases.insert(alias.name.as_str().into(), target);
    }

    /// Looks a key up by its id.
    pub fn key(&self, account_id: AccountId, region: &Region, key_id: &str) -> Found<'_> {
        let Some(keys) = self.regions.get(&(account_id, region.clone())) else { return Found::Unproven };
        match keys.keys.get_key_value(key_id) {
            Some((id, key)) => Found::Key(id, key),
            None => match keys.aws_managed.get_key_value(key_id) {
                Some((id, _)) => Found::AwsManaged(id),
                None if keys.keys_listed => Found::Missing,
                None => Found::Unproven,
            },
        }
    }

    /// Looks a key up by an alias.
    pub fn alias(&self, account_id: AccountId, region: &Region, alias: &str) -> Found<'_> {
        let Some(keys) = self.regions.get(&(account_id, region.clone())) else { return Found::Unproven };
        match keys.aliases.get(alias) {
            Some(Some(target)) => match self.key(account_id, region, target) {
                // The alias was listed, so its key is there: the two listings only crossed.
                Found::Missing => Found::Unproven,
                found => found,
            },
            Some(None) => Found::Unproven,
            None if keys.aliases_are_listed() => Found::Missing,
            None => Found::Unproven,
        }
    }

    /// Whether a listed key is AWS's own; `None` where that cannot be said. Where it was not
    /// described, its alias tells: every AWS managed key has one, and no other key's begins so (KMS
    /// Developer Guide, "AWS managed keys").
    pub fn is_aws_managed(
        &self,
        account_id: AccountId,
        region: &Region,
        key_id: &str,
        key: &IndexedKey,
    ) -> Option<bool> {
        if let Some(manager) = key.manager.as_deref() {
            return Some(manager == "AWS");
        }
        let keys = self.regions.get(&(account_id, region.clone()))?;
        match keys.aws_managed.contains_key(key_id) {
            true => Some(true),
            false => keys.aliases_are_listed().then_some(false),
        }
    }

    /// Whether an AWS managed key is that of S3, and not of another service; `None` where that cannot be said.
    /// Its alias names the service.
    pub fn is_aws_s3(&self, account_id: AccountId, region: &Region, found: &Found<'_>) -> Option<bool> {
        let keys = self.regions.get(&(account_id, region.clone()))?;
        let (Found::Key(id, _) | Found::AwsManaged(id)) = found else { return None };
        keys.aws_managed.get(*id).copied().or_else(|| keys.aliases_are_listed().then_some(true))
    }

    /// A key's rotation: its own, or its primary's for a replica.
    pub fn rotation(&self, key: &IndexedKey) -> RotationFacts {
        super::rotation::with_primary(
            &key.rotation,
            key.is_replica,
            key.primary_arn.as_deref().and_then(|arn| self.own_rotation_of(arn)),
        )
    }

    /// The rotation of the key with this ARN, where the census has it.
    pub fn own_rotation_of(&self, key_arn: &str) -> Option<&RotationFacts> {
        let arn = Arn::parse(key_arn)?;
        let place = (arn.account.parse().ok()?, arn.region.parse().ok()?);
        let key = self.regions.get(&place)?.keys.get(arn.resource.strip_prefix("key/")?)?;
        (!key.is_replica).then_some(&key.rotation)
    }

    /// The aliases of each key of a Region; `None` where they were not read.
    pub fn aliases_of(&self, account_id: AccountId, region: &Region) -> AliasesOf<'_> {
        let keys = self.regions.get(&(account_id, region.clone()));
        let mut by_key: HashMap<&str, Vec<&str>> = HashMap::new();
        for (name, target) in keys.iter().flat_map(|keys| &keys.aliases) {
            if let Some(target) = target {
                by_key.entry(target).or_default().push(name);
            }
        }
        AliasesOf { by_key, read: keys.and_then(|keys| keys.aliases_read) }
    }

    /// Counts a bucket whose default names this key. Buckets come account by account.
    pub fn count_bucket(&mut self, key_arn: &str, bucket_owner: AccountId, bucket: &str) {
        let Some(arn) = Arn::parse(key_arn) else { return };
        let (Ok(account_id), Ok(region)) = (arn.account.parse(), arn.region.parse()) else { return };
        let id = arn.resource.strip_prefix("key/").unwrap_or_default();
        let key = self.regions.get_mut(&(account_id, region)).and_then(|keys| keys.keys.get_mut(id));
        // By the whole ARN: the key of another partition is another key.
        if let Some(key) = key.filter(|key| *key.arn == *key_arn) {
            key.buckets += 1;
            key.accounts += u64::from(key.last_account != Some(bucket_owner));
            key.last_account = Some(bucket_owner);
            if key.fails_its_buckets() && key.named.len() < NAMED {
                key.named.push(bucket.to_owned());
            }
        }
    }

    /// Some of the buckets that a key takes down with it, where its state does so.
    pub fn named_buckets(&self, account_id: AccountId, region: &Region, key_id: &str) -> &[String] {
        match self.key(account_id, region, key_id) {
            Found::Key(_, key) => &key.named,
            _ => &[],
        }
    }

    /// Buckets, and accounts of buckets, whose default names this key.
    pub fn bucket_counts(&self, account_id: AccountId, region: &Region, key_id: &str) -> (u64, u64) {
        match self.key(account_id, region, key_id) {
            Found::Key(_, key) => (key.buckets, key.accounts),
            _ => (0, 0),
        }
    }
}

/// The aliases of one Region's keys.
#[derive(Debug)]
pub struct AliasesOf<'a> {
    by_key: HashMap<&'a str, Vec<&'a str>>,
    /// How ListAliases ended; none where it has no record.
    read: Option<Ended>,
}

impl AliasesOf<'_> {
    /// A key's aliases, sorted, where the listing ran to its end.
    pub fn of(&self, key_id: &str) -> Reading<Vec<String>> {
        match self.read {
            Some(Ended::Known) => {}
            Some(Ended::Absent) => return Reading::Absent,
            Some(Ended::Undecided(why)) => return why.into(),
            None => return Reading::NotAsked(NotAsked::NoSession),
        }
        let mut names: Vec<String> =
            self.by_key.get(key_id).into_iter().flatten().map(|name| (*name).to_owned()).collect();
        names.sort_unstable();
        Reading::Known(names)
    }
}
