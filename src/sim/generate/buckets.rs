//! The buckets of an account: how each encrypts, with references right and wrong.

use std::collections::BTreeMap;

use super::keys::{Kind, Place, alias_of, disabled_region_key};
use super::policies::{OUTSIDE_ACCOUNT, bucket_policy, endpoint_policy};
use super::{DISABLED_REGION, Shape, Site};
use crate::hash::uuid;
use crate::world::{Account, Bucket, Encryption};
use atrest_core::Region;

/// A way to encrypt by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// SSE-S3 as a bucket has it that is made today.
    S3,
    /// SSE-S3 without a word on SSE-C, as before April 2026.
    S3Old,
    /// SSE-S3, and SSE-C let in again.
    S3Unblocked,
    /// A key of the account by its ARN, with a bucket key, SSE-C blocked.
    Key,
    /// The same without a word on SSE-C.
    Unblocked,
    /// The same with the bucket key off.
    NoBucketKey,
    /// The same, and nothing said about the bucket key.
    BucketKeyUnset,
    /// A key by its id alone.
    ById,
    /// A key by its alias alone.
    ByAlias,
    /// A key by the ARN of its alias.
    ByAliasArn,
    /// No key named: the AWS managed one.
    AwsKey,
    /// The same, and SSE-C let in again.
    AwsKeyUnblocked,
    /// `alias/aws/s3`.
    AwsKeyByAlias,
    /// The AWS managed key by its ARN.
    AwsKeyByArn,
    /// Two layers.
    Dual,
    /// An algorithm to come.
    Future,
    /// A rule that only blocks.
    BlockedOnly,
    /// No default at all.
    Nothing,
    /// A key that the security account shares.
    Hub,
    /// A key of the account before, which does not share it.
    Neighbour,
    /// A key outside of the organization.
    Outside,
    /// A key that is not there.
    Missing,
    /// An alias that is not there.
    MissingAlias,
    /// A key that waits for its deletion.
    Deleting,
    /// A disabled key.
    Disabled,
    /// A key that is not symmetric.
    NotSymmetric,
    /// A key in a custom key store.
    Store,
    /// A key in a Region that the account has opted out of.
    ClosedRegion,
    /// A multi-Region key.
    Replicated,
    /// A key of an account that cannot be read.
    Unreadable,
    /// A key whose material expires.
    Expiring,
    /// A key that could rotate, and does not.
    Still,
    /// A key in another Region than the bucket.
    OtherRegion,
}

/// Puts all buckets into an account.
pub(super) fn fill(site: &Site<'_>, account: &mut Account) {
    let places: Vec<Place> = (0..site.key_count()).map(|number| site.key_place(number)).collect();
    for index in 0..site.bucket_count() {
        let bucket = bucket(site, &places, index);
        account.buckets.insert(bucket.name.clone(), bucket);
    }
}

impl Site<'_> {
    /// How many buckets the account has.
    pub fn bucket_count(&self) -> usize {
        self.shape.portion(self.shape.buckets, self.index, |profile| profile.buckets)
    }

    /// The bucket's Region: an account is at home in one, and has a few things in the others.
    fn bucket_region(&self, index: usize) -> &Region {
        let others = self.regions.len() - 1;
        let at = if others > 0 && index % 4 == 2 { 1 + index / 4 % others } else { 0 };
        &self.regions[(at + usize::from(self.index % 5 == 3)) % self.regions.len()]
    }

    /// The name of the bucket of that number in a Region.
    pub fn bucket_name(&self, index: usize, region: &Region) -> String {
        let (account, purposes) = (self.name(), self.profile().purposes);
        let purpose = purposes[index % purposes.len()];
        match index % 9 {
            // The account-regional namespace of March 2026.
            4 => format!("{purpose}{index}-{}-{region}-an", self.id),
            5 => format!("acme.{account}.{purpose}{index}"),
            _ => format!("acme-{account}-{purpose}-{index}"),
        }
    }
}

fn bucket(site: &Site<'_>, places: &[Place], index: usize) -> Bucket {
    let profile = site.profile();
    let way = profile.ways[index % profile.ways.len()];
    let region = site.bucket_region(index);
    let place = way.own_key().and_then(|wanted| own_key(places, region, index / profile.ways.len(), wanted));
    // S3 can use a key of the bucket's own Region only: a bucket is where its key is.
    let region = place.as_ref().map_or(region, |place| &place.region).clone();
    let name = site.bucket_name(index, &region);
    // One bucket of payments-prod admits its VPC endpoint only, and its like later.
    let closed = site.index % 24 == 4 && index == 3;
    let policy = profile.bucket_policies[index % profile.bucket_policies.len()];
    let is_recent = profile.recent > 0 && index % profile.recent == profile.recent - 1;
    let (least, most) = if is_recent { (1, 29) } else { profile.ages };
    let place = if way == Way::OtherRegion { far_key(places, &region).or(place) } else { place };
    Bucket {
        created_at: site.days_ago(&["bucket", &name], least, most),
        encryption: encryption(site, way, place, index, &region),
        policy: if closed { Some(endpoint_policy(&name)) } else { bucket_policy(site, policy, &name) },
        denied_actions: if closed { vec!["s3:*".into()] } else { Vec::new() },
        // One bucket of payments-test goes away between the listing and the reads.
        vanished: site.index % 24 == 5 && index == 2,
        region,
        name,
        objects: BTreeMap::new(),
    }
}

impl Way {
    /// Which key of the account it uses, where it uses one.
    fn own_key(self) -> Option<fn(Kind) -> bool> {
        Some(match self {
            Self::Key | Self::Unblocked | Self::NoBucketKey | Self::BucketKeyUnset | Self::Dual => good,
            Self::ById | Self::ByAlias | Self::ByAliasArn | Self::OtherRegion => good,
            Self::Deleting => |kind| kind == Kind::PendingDeletion,
            Self::Disabled => |kind| kind == Kind::Disabled,
            Self::NotSymmetric => |kind| matches!(kind, Kind::Other(..)),
            Self::Store => |kind| matches!(kind, Kind::CloudHsm | Kind::External),
            Self::Replicated => |kind| kind == Kind::Primary,
            Self::Expiring => |kind| kind == Kind::ImportedExpiring,
            Self::Still => |kind| kind == Kind::Still,
            _ => return None,
        })
    }
}

/// The default encryption of a bucket in a Region; `place` is the account's own key that it uses.
fn encryption(
    site: &Site<'_>,
    way: Way,
    place: Option<Place>,
    index: usize,
    region: &Region,
) -> Option<Encryption> {
    let kms = |key: Option<String>| Encryption::kms(key.as_deref()).bucket_key(true);
    let own = || place.as_ref().map(|place| site.key_arn(place));
    let missing_id = || uuid(site.shape.seed, &["missing", &site.id.to_string(), &index.to_string()]);
    Some(match way {
        Way::S3 => Encryption::sse_s3(),
        Way::S3Old => Encryption::by("AES256", None),
        Way::S3Unblocked => Encryption::by("AES256", None).blocking(&["NONE"]),
        Way::Key | Way::Replicated => kms(own()).blocking(&["SSE-C"]),
        Way::Unblocked | Way::Deleting | Way::Disabled | Way::NotSymmetric => kms(own()),
        Way::Expiring | Way::Still | Way::Store | Way::OtherRegion => kms(own()),
        Way::NoBucketKey => kms(own()).bucket_key(false).blocking(&["SSE-C"]),
        Way::BucketKeyUnset => Encryption::kms(own().as_deref()),
        Way::Dual => Encryption::by("aws:kms:dsse", own().as_deref()).blocking(&["SSE-C"]),
        Way::ById => kms(place.map(|place| place.id)),
        Way::ByAlias => kms(place.as_ref().and_then(alias_of)),
        Way::ByAliasArn => kms(place.and_then(|place| alias_arn(site, &place))).blocking(&["SSE-C"]),
        Way::AwsKey => kms(None).blocking(&["SSE-C"]),
        Way::AwsKeyUnblocked => kms(None).blocking(&["NONE"]),
        Way::AwsKeyByAlias => {
            kms(Some(format!("arn:{}:kms:{region}:{}:alias/aws/s3", Shape::partition(), site.id)))
        }
        Way::AwsKeyByArn => kms(site.managed_key(region).map(|id| site.key_arn_of(region.as_str(), &id))),
        Way::Future => Encryption::by("aws:future", None),
        Way::BlockedOnly => Encryption::blocked_only(&["SSE-C"]),
        Way::Nothing => return None,
        Way::Hub => kms(Some(key_of(&site.elsewhere(site.hub()), region))).blocking(&["SSE-C"]),
        Way::Neighbour => kms(Some(key_of(&site.elsewhere(site.index.saturating_sub(1)), region))),
        Way::Outside => kms(Some(outside_key(site, region, index / 3 % 2))),
        Way::Missing => kms(Some(site.key_arn_of(region.as_str(), &missing_id()))),
        Way::MissingAlias => kms(Some("alias/was-here-once".to_owned())),
        Way::ClosedRegion => kms(Some(site.key_arn_of(DISABLED_REGION, &disabled_region_key(site)))),
        Way::Unreadable => kms(Some(unreadable_key(site, region))),
    })
}

fn good(kind: Kind) -> bool {
    matches!(kind, Kind::Rotating(_) | Kind::RotatedOnDemand | Kind::Still | Kind::OnDemandUnderWay)
}

/// A key of the account of a wanted kind: in the Region if there is one, else anywhere, else any.
fn own_key(places: &[Place], region: &Region, turn: usize, wanted: fn(Kind) -> bool) -> Option<Place> {
    let pick = |fits: &dyn Fn(&Place) -> bool| {
        // A few turns through the fitting ones are enough: more would read all keys for every bucket.
        let fitting: Vec<&Place> = places.iter().filter(|place| fits(place)).take(turn % 8 + 1).collect();
        fitting.last().copied()
    };
    let near = pick(&|place| wanted(place.kind) && place.region == *region);
    near.or_else(|| pick(&|place| wanted(place.kind))).or_else(|| places.first()).cloned()
}

/// A good key of the account in another Region.
fn far_key(places: &[Place], region: &Region) -> Option<Place> {
    places.iter().find(|place| good(place.kind) && place.region != *region).cloned()
}

fn alias_arn(site: &Site<'_>, place: &Place) -> Option<String> {
    let alias = alias_of(place)?;
    Some(format!("arn:{}:kms:{}:{}:{alias}", Shape::partition(), place.region, site.id))
}

/// A key of another account.
fn key_of(other: &Site<'_>, region: &Region) -> String {
    let places = || (0..other.key_count().min(48)).map(|number| other.key_place(number));
    let near = places().find(|place| good(place.kind) && place.region == *region);
    let found = near.or_else(|| places().find(|place| good(place.kind)));
    found.map_or_else(|| dangling(other, region), |place| other.key_arn(&place))
}

/// A key of the account whose role cannot be assumed: no listing has it, so it cannot be called missing.
fn unreadable_key(site: &Site<'_>, region: &Region) -> String {
    let closed = site.elsewhere(10.min(site.shape.accounts.max(1) - 1));
    let place = (closed.key_count() > 0).then(|| closed.key_place(0));
    place.map_or_else(|| dangling(&closed, region), |place| closed.key_arn(&place))
}

fn dangling(site: &Site<'_>, region: &Region) -> String {
    site.key_arn_of(region.as_str(), &uuid(site.shape.seed, &["nothing"]))
}

/// A key of the old owner of an acquired company: one or two a Region are in use.
fn outside_key(site: &Site<'_>, region: &Region, which: usize) -> String {
    let id = uuid(site.shape.seed, &["outside", region.as_str(), &which.to_string()]);
    format!("arn:{}:kms:{region}:{OUTSIDE_ACCOUNT}:key/{id}", Shape::partition())
}
