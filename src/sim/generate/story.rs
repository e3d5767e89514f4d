//! What happened in the month before the last night and left no date in the state.
//!
//! Each chapter is a difference from the last night's state, and the nights on which it held, counted
//! back from the last one (0). Where an organization is too small for a chapter, it is left out.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::policies::tls_policy;
use super::{ACQUIRED, DAY, Shape, Site};
use crate::world::{Account, AccountState, Bucket, DEFAULT_ROLE_NAME, Encryption, Key, World};
use atrest_core::Region;
use atrest_core::clock::Timestamp;

const PAYMENTS: usize = 4;
const PAYMENTS_TEST: usize = 5;
const DATA_LAKE: usize = 6;
const WEBSHOP: usize = 7;
const CLOSING: usize = 8;

/// A difference from the last night.
type Change = fn(&mut Scene<'_>);

/// For ever, as far as a demo goes.
const EARLIER: i64 = i64::MAX;

const CHAPTERS: &[(RangeInclusive<i64>, Change)] = &[
    // The sandbox was closed nine nights ago; its role is gone with it.
    (9..=EARLIER, |scene| {
        if let Some(account) = scene.account(CLOSING) {
            account.state = AccountState::Active;
        }
    }),
    // The acquired company's account joined, and had no role for its first three nights.
    (13..=15, |scene| scene.without_role(ACQUIRED)),
    // A stack instance failed: the test account had no role for three nights.
    (18..=20, |scene| scene.without_role(PAYMENTS_TEST)),
    // The incident: a key of production was scheduled for deletion, while buckets used it. It was found
    // in the second night, the deletion was cancelled, which leaves a key disabled, and the key enabled.
    (9..=10, |scene| {
        let deletion = scene.last.plus_millis(20 * DAY);
        scene.key_in_use(PAYMENTS).into_iter().for_each(|key| {
            key.state = "PendingDeletion".into();
            key.deletion_at = Some(deletion);
        });
    }),
    (8..=8, |scene| scene.key_in_use(PAYMENTS).into_iter().for_each(|key| key.state = "Disabled".into())),
    // Rotation was off for a key of the test account, until the check found it.
    (22..=EARLIER, |scene| {
        if let Some(key) = scene.key(PAYMENTS_TEST, 0) {
            key.rotation.enabled = false;
        }
    }),
    // The data lake moved its oldest buckets to keys of its own, two every other night.
    (6..=EARLIER, |scene| scene.sse_s3(DATA_LAKE, &[1, 7])),
    (12..=EARLIER, |scene| scene.sse_s3(DATA_LAKE, &[8, 10])),
    (16..=EARLIER, |scene| scene.sse_s3(DATA_LAKE, &[15, 19])),
    (24..=EARLIER, |scene| scene.sse_s3(DATA_LAKE, &[25, 28])),
    // Drift: a policy lost its refusal of plain HTTP five nights ago, and still does not have it.
    (5..=EARLIER, |scene| scene.policy(WEBSHOP, &[0, 2], true)),
    // One was lost and given back.
    (12..=16, |scene| scene.policy(PAYMENTS_TEST, &[0, 5], false)),
    // Last night: a policy was lost in production, another is lost again that had been fixed, and a
    // bucket got its bucket key.
    (1..=EARLIER, |scene| scene.policy(DATA_LAKE, &[11], true)),
    (1..=6, |scene| scene.policy(WEBSHOP, &[9], true)),
    (1..=EARLIER, |scene| scene.bucket(PAYMENTS, 5).into_iter().for_each(without_bucket_key)),
    // The web shop's oldest bucket was emptied and deleted.
    (11..=EARLIER, |scene| scene.old_bucket(WEBSHOP)),
];

/// The organization on its way back to a night.
struct Scene<'a> {
    world: &'a mut World,
    shape: &'a Shape,
    regions: &'a [Region],
    last: Timestamp,
}

impl<'a> Scene<'a> {
    fn site(&self, account: usize) -> Site<'a> {
        Site::at(self.shape, self.regions, account, self.last)
    }

    fn account(&mut self, account: usize) -> Option<&mut Account> {
        self.world.accounts.get_mut(&self.shape.account_id(account))
    }

    /// A bucket by its number; of those whose name has their Region in it, none.
    fn bucket(&mut self, account: usize, index: usize) -> Option<&mut Bucket> {
        let name = self.site(account).bucket_name(index, &self.regions[0]);
        self.account(account)?.buckets.get_mut(&name)
    }

    /// A customer key by its number.
    fn key(&mut self, account: usize, index: usize) -> Option<&mut Key> {
        let site = self.site(account);
        let place = (index < site.key_count()).then(|| site.key_place(index))?;
        self.account(account)?.regions.get_mut(&place.region)?.keys.get_mut(&place.id)
    }

    /// The key that the most buckets of an account name by its ARN, of those that an auditor can read.
    fn key_in_use(&mut self, account: usize) -> Option<&mut Key> {
        let account = self.account(account)?;
        let mut uses: BTreeMap<String, usize> = BTreeMap::new();
        for bucket in account.buckets.values() {
            let rules = bucket.encryption.iter().flat_map(|encryption| &encryption.rules);
            for key in rules.filter_map(|rule| rule.default.as_ref()?.key.clone()) {
                *uses.entry(key).or_default() += 1;
            }
        }
        let keys = account.regions.values_mut().flat_map(|region| region.keys.values_mut());
        let mut keys = keys.filter(|key| key.admits_account);
        let used = |key: &Key| {
            let arn = format!(":kms:{}:{}:key/{}", key.region, key.account, key.id);
            uses.iter().filter(|(name, _)| name.ends_with(&arn)).map(|(_, count)| *count).sum::<usize>()
        };
        let first = keys.next()?;
        let most =
            keys.fold(
                (used(first), first),
                |(most, at), key| {
                    if used(key) > most { (used(key), key) } else { (most, at) }
                },
            );
        Some(most.1).filter(|_| most.0 > 0)
    }

    fn without_role(&mut self, account: usize) {
        if let Some(account) = self.account(account) {
            account.roles.remove(DEFAULT_ROLE_NAME);
        }
    }

    /// Buckets that had SSE-S3.
    fn sse_s3(&mut self, account: usize, indexes: &[usize]) {
        for index in indexes {
            if let Some(bucket) = self.bucket(account, *index) {
                bucket.encryption = Some(Encryption::by("AES256", None));
            }
        }
    }

    /// Buckets whose policy refused plain HTTP, or that had no policy.
    fn policy(&mut self, account: usize, indexes: &[usize], refuses: bool) {
        for index in indexes {
            if let Some(bucket) = self.bucket(account, *index) {
                bucket.policy = refuses.then(|| tls_policy(&bucket.name));
            }
        }
    }

    /// A bucket more, old and without a policy.
    fn old_bucket(&mut self, account: usize) {
        let Some(like) = self.bucket(account, 0).map(|bucket| bucket.clone()) else { return };
        let bucket = Bucket {
            name: format!("{}-2014", like.name),
            created_at: like.created_at.plus_millis(-400 * DAY),
            encryption: None,
            policy: None,
            ..like
        };
        if let Some(account) = self.account(account) {
            account.buckets.insert(bucket.name.clone(), bucket);
        }
    }
}

fn without_bucket_key(bucket: &mut Bucket) {
    bucket.encryption = bucket.encryption.take().map(|encryption| encryption.bucket_key(false));
}

/// Applies what held that many nights before the last.
pub(super) fn tell(world: &mut World, shape: &Shape, last: Timestamp, days: i64) {
    let regions = shape.region_names();
    let mut scene = Scene { world, shape, regions: &regions, last };
    for (nights, change) in CHAPTERS {
        if days > 0 && nights.contains(&days) {
            change(&mut scene);
        }
    }
}
