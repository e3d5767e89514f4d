//! The buckets of an account: a cycle of ways to encrypt, with references right and wrong.

use super::keys::{Kind, Place, alias_of, disabled_region_key};
use super::policies::bucket_policy;
use super::{DISABLED_REGION, Shape, Site, people};
use crate::model::Region;
use crate::sim::hash::uuid;
use crate::sim::world::{Account, Bucket, Encryption};

const PURPOSES: [&str; 12] = [
    "logs",
    "uploads",
    "backups",
    "data",
    "tfstate",
    "artifacts",
    "reports",
    "assets",
    "exports",
    "archive",
    "config",
    "cloudtrail",
];

/// Somebody outside the organization: AWS's example account.
const OUTSIDE_ACCOUNT: &str = "111122223333";

/// Puts all buckets into an account.
pub(super) fn fill(site: &Site<'_>, account: &mut Account) {
    let places: Vec<Place> = (0..site.key_count()).map(|number| site.key_place(number)).collect();
    let regions = site.regions;
    for index in 0..site.shape.portion(site.shape.buckets, site.index) {
        let region = &regions[(index + index / 7) % regions.len()];
        let bucket = bucket(site, &places, index, region);
        account.buckets.insert(bucket.name.clone(), bucket);
    }
}

fn bucket(site: &Site<'_>, places: &[Place], index: usize, region: &Region) -> Bucket {
    let (account, _) = people::name_and_unit(site.index);
    let purpose = PURPOSES[index % PURPOSES.len()];
    let name = match index % 9 {
        // The account-regional namespace of March 2026.
        4 => format!("{purpose}{index}-{}-{region}-an", site.id),
        5 => format!("acme.{account}.{purpose}{index}"),
        _ => format!("acme-{account}-{purpose}-{index}"),
    };
    // One bucket of payments-prod admits its VPC endpoint only, and its like later.
    let closed = site.index % 24 == 4 && index == 3;
    Bucket {
        created_at: site.days_ago(&["bucket", &name], 3, 2500),
        encryption: encryption(site, places, index, region),
        policy: bucket_policy(site, &name, index, closed),
        denied_actions: if closed { vec!["s3:*".into()] } else { Vec::new() },
        // One bucket of payments-test goes away between the listing and the reads.
        vanished: site.index % 24 == 5 && index == 2,
        region: region.clone(),
        name,
        objects: std::collections::BTreeMap::new(),
    }
}

/// How many ways there are before they repeat.
const WAYS: usize = 36;

fn encryption(site: &Site<'_>, places: &[Place], index: usize, region: &Region) -> Option<Encryption> {
    let own = |wanted: fn(Kind) -> bool| own_key(places, region, index / WAYS, wanted);
    let any = || own(good);
    let arn = |place: Option<Place>| place.map(|place| site.key_arn(&place));
    let kms = |key: Option<String>| Encryption::kms(key.as_deref());
    let missing_id = uuid(site.shape.seed, &["missing", &site.id.to_string(), &index.to_string()]);
    Some(match (index + 11 * site.index) % WAYS {
        0 | 9 | 18 | 27 => Encryption::sse_s3(),
        1 | 28 => Encryption::by("AES256", None),
        2 => Encryption::by("AES256", None).blocking(&["NONE"]),
        3 | 12 | 21 | 30 => kms(arn(any())).bucket_key(true).blocking(&["SSE-C"]),
        4 => kms(arn(any())).bucket_key(false),
        5 => kms(arn(any())),
        6 => kms(any().map(|place| place.id)).bucket_key(true),
        7 => kms(any().and_then(|place| alias_of(&place))).bucket_key(true),
        8 => kms(any().and_then(|place| alias_arn(site, &place))).bucket_key(true),
        10 => Encryption::kms(None).blocking(&["NONE"]),
        11 => kms(Some(format!("arn:{}:kms:{region}:{}:alias/aws/s3", Shape::partition(), site.id))),
        13 => Encryption::by("aws:kms:dsse", arn(any()).as_deref()),
        14 => Encryption::by("aws:future", None),
        15 => Encryption::blocked_only(&["SSE-C"]),
        16 => return None,
        17 | 26 => kms(Some(neighbour_key(site, region, 1))).bucket_key(true),
        19 => kms(Some(outside_key(region, &missing_id))).bucket_key(true),
        20 => kms(Some(site.key_arn_of(region.as_str(), &missing_id))),
        22 => kms(Some("alias/was-here-once".to_owned())),
        23 => kms(arn(own(|kind| kind == Kind::PendingDeletion))).bucket_key(true),
        24 => kms(arn(own(|kind| kind == Kind::Disabled))).bucket_key(true),
        25 => kms(arn(own(|kind| matches!(kind, Kind::Other(..))))),
        29 => kms(Some(site.key_arn_of(DISABLED_REGION, &disabled_region_key(site)))),
        31 => kms(arn(own(|kind| kind == Kind::Primary))).bucket_key(true),
        32 => kms(Some(unreadable_key(site, region))).bucket_key(true),
        33 => kms(arn(own(|kind| kind == Kind::ImportedExpiring))).bucket_key(true),
        34 => kms(site.managed_key(region).map(|id| site.key_arn_of(region.as_str(), &id))),
        _ => kms(arn(own(|kind| kind == Kind::Still))).bucket_key(true),
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

fn alias_arn(site: &Site<'_>, place: &Place) -> Option<String> {
    let alias = alias_of(place)?;
    Some(format!("arn:{}:kms:{}:{}:{alias}", Shape::partition(), place.region, site.id))
}

/// A key of another readable account.
fn neighbour_key(site: &Site<'_>, region: &Region, step: usize) -> String {
    let readable = site.shape.accounts.clamp(1, 8);
    let neighbour = site.elsewhere((site.index + step) % readable);
    let places = || (0..neighbour.key_count().min(48)).map(|number| neighbour.key_place(number));
    let near = places().find(|place| good(place.kind) && place.region == *region);
    let found = near.or_else(|| places().find(|place| good(place.kind)));
    found.map_or_else(|| dangling(&neighbour, region), |place| neighbour.key_arn(&place))
}

/// A key of the account whose role cannot be assumed: listed by nobody, so nobody can say it is missing.
fn unreadable_key(site: &Site<'_>, region: &Region) -> String {
    let closed = site.elsewhere(10.min(site.shape.accounts.max(1) - 1));
    let place = (closed.key_count() > 0).then(|| closed.key_place(0));
    place.map_or_else(|| dangling(&closed, region), |place| closed.key_arn(&place))
}

fn dangling(site: &Site<'_>, region: &Region) -> String {
    site.key_arn_of(region.as_str(), &uuid(site.shape.seed, &["nothing"]))
}

fn outside_key(region: &Region, id: &str) -> String {
    format!("arn:{}:kms:{region}:{OUTSIDE_ACCOUNT}:key/{id}", Shape::partition())
}
