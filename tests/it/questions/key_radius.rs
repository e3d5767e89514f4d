//! What a key takes down: its own buckets, its replicas', and those of which it cannot be said.

use std::collections::BTreeSet;

use atrest::sim::world::Encryption;
use atrest::sim::{Effect, Rule, Schedule};
use serde_json::Value;

use super::{Lake, REPLICA, line};
use crate::support::night::{Night, region};
use crate::support::python::venv;
use crate::support::worlds::healthy;

/// `dependence reason via bucket` of a key's answer, the key by its Region.
fn radius(lake: &Lake, key_arn: &str) -> Vec<String> {
    let rows = lake.ask(&format!("key_blast_radius --param key_arn={key_arn}"));
    let short = |row: &Value| {
        let via = row["via_key_arn"].as_str().map_or("-", |arn| arn.split(':').nth(3).unwrap());
        let place = row["bucket"].as_str().or(row["account_name"].as_str()).unwrap_or("-");
        format!("{} {via} {place}", line(row, &["dependence", "unproven_reason"]))
    };
    rows.iter().map(short).collect()
}

#[test]
fn a_replicas_buckets_are_found_whatever_of_the_family_was_seen() {
    let venv = venv();
    let healthy = healthy();
    let arn = |place: &str| format!("arn:aws:kms:{place}:{}:key/{REPLICA}", healthy.two);
    let unlisted = |place: &str| {
        Schedule::of([Rule::always(Effect::AccessDenied)
            .on("kms:ListKeys")
            .account(healthy.two)
            .region(place)])
    };
    let undescribed = |place: &str| {
        Schedule::of([Rule::always(Effect::AccessDenied)
            .on("kms:DescribeKey")
            .resource(REPLICA)
            .region(place)])
    };
    let everything = Schedule::of(
        ["kms:ListKeys", "kms:DescribeKey"].map(|operation| Rule::always(Effect::AccessDenied).on(operation)),
    );
    let nights = [
        Schedule::none(),
        unlisted("eu-west-1"),
        unlisted("us-east-1"),
        undescribed("eu-west-1"),
        undescribed("us-east-1"),
        everything,
    ];
    for schedule in nights {
        let lake = Lake::of(Night::over(healthy.world.clone()).with(schedule.clone()), &venv);
        for (place, is_relative) in [("eu-west-1", true), ("us-east-1", false)] {
            let rows = lake.ask(&format!("key_blast_radius --param key_arn={}", arn(place)));
            let proven: Vec<&Value> = rows.iter().filter(|row| row["dependence"] == "proven").collect();
            assert_eq!(proven.len(), 1, "{place} {schedule:?}: {rows:?}");
            assert_eq!(
                line(proven[0], &["bucket", "via_key_arn", "is_replica_or_primary"]),
                format!("kms-replica {} {is_relative}", arn("us-east-1")),
                "{schedule:?}"
            );
        }
    }
}

#[test]
fn a_family_is_of_one_account_and_a_single_key_has_none() {
    let venv = venv();
    let mut healthy = healthy();
    let one = healthy.one;
    // Another account's key of the same id, and a key of one Region whose id is in another one too.
    for place in ["eu-west-1", "us-east-1"] {
        let single = "00000000-0000-4000-8000-00000000000b";
        for id in [REPLICA, single] {
            let arn = format!("arn:aws:kms:{place}:{one}:key/{id}");
            let name = format!("{}-{place}", if id == REPLICA { "of-one" } else { "single" });
            healthy.world.add_bucket(one, place, &name).encryption = Some(Encryption::kms(Some(&arn)));
        }
    }
    let lake = Lake::of(Night::over(healthy.world.clone()), &venv);
    assert_eq!(
        radius(&lake, &format!("arn:aws:kms:eu-west-1:{}:key/{REPLICA}", healthy.two)),
        ["proven - us-east-1 kms-replica"]
    );
    assert_eq!(
        radius(&lake, &format!("arn:aws:kms:eu-west-1:{one}:key/{REPLICA}")),
        [
            "proven - eu-west-1 of-one-eu-west-1",
            "proven - us-east-1 of-one-us-east-1",
            "unproven key_not_known - -"
        ]
    );
    assert_eq!(
        radius(&lake, &format!("arn:aws:kms:eu-west-1:{one}:key/00000000-0000-4000-8000-00000000000b")),
        ["proven - eu-west-1 single-eu-west-1", "unproven key_not_known - -"]
    );
}

#[test]
fn what_may_stand_on_a_key_is_said() {
    let venv = venv();
    let healthy = healthy();
    let plain = &healthy.world.accounts[&healthy.one].regions[&region("eu-west-1")].aliases["alias/plain"];
    let plain = format!("arn:aws:kms:eu-west-1:{}:key/{}", healthy.one, plain.target.as_ref().unwrap());
    let clean = Lake::of(Night::over(healthy.world.clone()), &venv);
    assert_eq!(radius(&clean, &plain), ["proven - eu-west-1 kms-alias", "proven - eu-west-1 kms-key-id"]);

    let denied = |operation: &str| Rule::always(Effect::AccessDenied).on(operation);
    let blind = Schedule::of([
        denied("kms:ListAliases").account(healthy.one),
        denied("kms:ListKeys").account(healthy.one),
        denied("s3:GetBucketEncryption").resource("plain-s3"),
        denied("s3:ListBuckets").account(healthy.management),
    ]);
    let lake = Lake::of(Night::over(healthy.world.clone()).with(blind), &venv);
    assert_eq!(
        radius(&lake, &plain),
        [
            "proven - eu-west-1 kms-key-id",
            "unproven buckets_not_listed - management",
            "unproven reference_not_resolved - kms-alias",
            "unproven reference_not_resolved - kms-aws-s3",
            "unproven reference_not_resolved - kms-missing-alias",
            "unproven reference_not_resolved - kms-no-key",
            "unproven encryption_not_read - plain-s3",
            "unproven key_not_known - -",
        ]
    );
    // A key of another Region is not what an alias of this one names.
    let elsewhere = format!("arn:aws:kms:us-east-1:{}:key/00000000-0000-4000-8000-00000000000b", healthy.one);
    assert_eq!(
        radius(&lake, &elsewhere),
        [
            "unproven buckets_not_listed - management",
            "unproven encryption_not_read - plain-s3",
            "unproven key_not_known - -"
        ]
    );
}

/// What stands on a key in a clean night does so, or may, in any other; and nothing else is proven.
#[test]
fn no_fault_takes_a_bucket_out_of_a_keys_radius() {
    let venv = venv();
    let world = healthy().world;
    let keys: Vec<String> = {
        let morning = Night::over(world.clone()).run();
        let named = morning.rows("buckets").into_iter().filter_map(|row| row["kms_key_arn"].clone());
        let listed = morning.rows("keys").into_iter().filter_map(|row| row["key_arn"].clone());
        named.chain(listed).collect::<BTreeSet<_>>().into_iter().collect()
    };
    let places = |lake: &Lake, key: &str| -> (BTreeSet<String>, BTreeSet<String>) {
        let rows = lake.ask(&format!("key_blast_radius --param key_arn={key}"));
        let of_buckets = rows.iter().filter(|row| row["unproven_reason"] != "key_not_known");
        let (proven, unproven): (Vec<_>, Vec<_>) = of_buckets.partition(|row| row["dependence"] == "proven");
        let place = |row: &&Value| line(row, &["account_id", "bucket"]);
        (proven.iter().map(place).collect(), unproven.iter().map(place).collect())
    };
    let clean = Lake::of(Night::over(world.clone()), &venv);
    let expected: Vec<_> = keys.iter().map(|key| places(&clean, key)).collect();
    assert!(expected.iter().any(|(proven, _)| proven.len() > 1));
    assert!(expected.iter().all(|(_, unproven)| unproven.is_empty()), "{expected:?}");
    for seed in 0..4 {
        let lake = Lake::of(Night::over(world.clone()).with(Schedule::random(seed, 0.3, None)), &venv);
        for (key, (stands, _)) in keys.iter().zip(&expected) {
            let (proven, unproven) = places(&lake, key);
            assert!(proven.is_subset(stands), "{seed} {key}: {proven:?}");
            for place in stands {
                let account = format!("{} -", place.split(' ').next().unwrap());
                let is_said =
                    proven.contains(place) || unproven.contains(place) || unproven.contains(&account);
                assert!(is_said, "{seed} {key}: {place} of {proven:?} {unproven:?}");
            }
        }
    }
}
