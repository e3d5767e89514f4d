//! Small organizations for the nights: every kind of bucket and key once, at the price of a few
//! hundred calls.

use atrest::model::AccountId;
use atrest::sim::world::{Encryption, MultiRegion, OptStatus};
use atrest::sim::{Shape, World, generate};

use super::night::{NOW, region};

/// The generator's organization with every kind of trouble, in two Regions.
pub fn troubled(seed: u64) -> World {
    generate::world(&Shape { seed, accounts: 12, buckets: 40, keys: 24, regions: 2 }, NOW)
}

/// An organization in which everything can be read: management, `one` and `two`.
#[derive(Debug, Clone)]
pub struct Healthy {
    pub world: World,
    pub management: AccountId,
    pub one: AccountId,
    pub two: AccountId,
}

/// An account outside of every organization here.
pub const STRANGER: &str = "999900001111";

/// Three accounts, two Regions, 16 buckets, 9 keys: each kind of reference, rotation and key once.
pub fn healthy() -> Healthy {
    let mut world = World::new(NOW);
    let management = world.organization.management_account;
    let unit = world.add_unit("Workloads", &world.organization.root.clone());
    let (one, two) = (world.add_account("one"), world.add_account("two"));
    for id in [management, one, two] {
        let account = world.account_mut(id);
        account.joined_at = NOW.plus_millis(-400 * 86_400_000);
        account.regions.remove(&region("eu-central-1"));
    }
    for id in [one, two] {
        world.account_mut(id).parent.clone_from(&unit);
    }

    let plain = world.add_key(one, "eu-west-1").id.clone();
    let rotating = {
        let key = world.add_key(one, "eu-west-1");
        (key.rotation.enabled, key.rotation.period_days) = (true, Some(365));
        key.rotation.next_at = Some(NOW.plus_millis(86_400_000));
        key.id.clone()
    };
    let managed = {
        let key = world.add_key(one, "eu-west-1");
        key.manager = "AWS".into();
        key.id.clone()
    };
    world.add_alias(one, "eu-west-1", "alias/aws/s3", Some(&managed));
    world.add_alias(one, "us-east-1", "alias/aws/s3", None);
    world.add_alias(one, "eu-west-1", "alias/plain", Some(&plain));
    world.add_key(one, "us-east-1").state = "PendingDeletion".into();
    world.add_key(one, "us-east-1").spec = "RSA_2048".into();
    let shared = {
        let key = world.add_key(two, "eu-west-1");
        key.rotation.enabled = true;
        key.id.clone()
    };
    world.add_alias(two, "eu-west-1", "alias/shared", Some(&shared));
    world.add_key(two, "us-east-1").origin = "EXTERNAL".into();
    let part = MultiRegion { primary: region("eu-west-1"), replicas: vec![region("us-east-1")] };
    for (place, rotates) in [("eu-west-1", true), ("us-east-1", false)] {
        let mut key = world.new_key(two, region(place), "mrk-0000000000000000000000000000000a");
        key.multi_region = Some(part.clone());
        key.rotation.enabled = rotates;
        world.region_mut(two, place).keys.insert(key.id.clone(), key);
    }

    // The keys of `two` that buckets of `one` name admit that account.
    let admits_one = format!(
        r#"{{"Statement":[{{"Effect":"Allow","Principal":{{"AWS":["{two}","{one}"]}},"Action":"kms:*","Resource":"*"}}]}}"#
    );
    for (place, id) in [("eu-west-1", shared.as_str()), ("us-east-1", "mrk-0000000000000000000000000000000a")]
    {
        world.region_mut(two, place).keys.get_mut(id).unwrap().policy.clone_from(&admits_one);
    }

    let arn = |account: AccountId, place: &str, resource: String| {
        format!("arn:aws:kms:{place}:{account}:{resource}")
    };
    let here = |id: &str| arn(one, "eu-west-1", format!("key/{id}"));
    let references = [
        ("kms-no-key", None),
        ("kms-aws-s3", Some("alias/aws/s3".to_owned())),
        ("kms-aws-by-arn", Some(here(&managed))),
        ("kms-key-arn", Some(here(&rotating))),
        ("kms-key-id", Some(plain.clone())),
        ("kms-alias", Some("alias/plain".to_owned())),
        ("kms-alias-arn", Some(arn(two, "eu-west-1", "alias/shared".to_owned()))),
        ("kms-same-org", Some(arn(two, "eu-west-1", format!("key/{shared}")))),
        ("kms-replica", Some(arn(two, "us-east-1", "key/mrk-0000000000000000000000000000000a".to_owned()))),
        ("kms-outside", Some(format!("arn:aws:kms:eu-west-1:{STRANGER}:key/{plain}"))),
        ("kms-missing", Some(here("11111111-2222-4333-8444-555555555555"))),
        ("kms-missing-alias", Some("alias/nowhere".to_owned())),
    ];
    for (name, reference) in references {
        world.add_bucket(one, "eu-west-1", name).encryption =
            Some(Encryption::kms(reference.as_deref()).bucket_key(true));
    }
    world.add_bucket(two, "us-east-1", "plain-s3");
    world.add_bucket(two, "us-east-1", "no-default").encryption = None;
    world.add_bucket(two, "us-east-1", "blocked-only").encryption =
        Some(Encryption::blocked_only(&["SSE-C"]));
    let policed = world.add_bucket(management, "eu-west-1", "policed");
    policed.policy = Some(r#"{"Version":"2012-10-17","Statement":[]}"#.to_owned());
    Healthy { world, management, one, two }
}

impl Healthy {
    /// Takes a Region from an account.
    pub fn disable(&mut self, account: AccountId, place: &str) {
        self.world.region_mut(account, place).opt_status = OptStatus::Disabled;
    }
}
