//! Keys by what stands on them, by whose they are, and by how they rotate.

use std::collections::{BTreeMap, BTreeSet};

use atrest::clock::DAY_MS;
use atrest::sim::Schedule;
use serde_json::Value;

use super::{Lake, REPLICA, arn, counted, denied, night, rotating_key, said, text, with};
use crate::support::night::{NOW, Night};
use crate::support::python::{Venv, venv};
use crate::support::worlds::{healthy, troubled};

// Keys of others, and keys by reach

#[test]
fn a_filter_by_link_keeps_what_may_be_under_it() {
    let venv = venv();
    let here = healthy();
    let shared = denied("kms:ListAliases").account(here.two);
    let lake = night(&venv, &here.world, [shared]);
    let whys = |line: &str| counted(&lake.ask(line), "why");
    let unproven = ("unknown: the key is unproven".to_owned(), 1);
    let outside = ("the key is outside the organization".to_owned(), 1);
    let inside = ("the key is of the organization".to_owned(), 2);
    assert_eq!(
        whys("buckets_with_keys_of_others --param link=outside_org"),
        BTreeMap::from([outside.clone(), unproven.clone()])
    );
    assert_eq!(
        whys("buckets_with_keys_of_others --param link=same_org"),
        BTreeMap::from([inside.clone(), unproven.clone()])
    );
    assert_eq!(whys("buckets_with_keys_of_others"), BTreeMap::from([outside, inside, unproven]));
}

#[test]
fn a_key_that_no_listing_has_is_there_by_its_buckets() {
    let venv = venv();
    let here = healthy();
    let lake = night(&venv, &here.world, [denied("kms:ListKeys").account(here.two).region("us-east-1")]);
    let replica = arn(here.two, "us-east-1", REPLICA);
    for list in ["keys_by_reach", "keys_going_away_in_use"] {
        let rows = lake.ask(list);
        assert_eq!(said(&rows, "key_arn", &replica), "unknown: the key is unproven/", "{list}");
        assert_eq!(said(&rows, "kms_key_ref", "alias/nowhere"), "the key is missing/", "{list}");
        let outside = with(&rows, "why", "unknown: the key is outside the organization");
        assert_eq!(outside.len(), 1, "{list}");
        assert_eq!(
            (text(outside[0], "region"), &outside[0]["default_key_of_buckets"]),
            ("eu-west-1", &1.into())
        );
    }
    let going = lake.ask("keys_going_away_in_use");
    assert!(with(&going, "kms_key_ref", "alias/aws/s3").is_empty(), "AWS keeps its own");
}

/// Every bucket that has a key, or may have one, is counted once.
#[test]
fn the_reach_of_all_keys_is_all_buckets_under_a_key() {
    let venv = venv();
    let hold = |lake: &Lake, what: &str| {
        let rows = lake.ask("keys_by_reach --param at_least=0");
        let reached: u64 = rows.iter().filter_map(|row| row["default_key_of_buckets"].as_u64()).sum();
        let buckets = lake.sql(
            "SELECT count(*) FILTER (WHERE encryption = 'unknown' OR kms_key_link <> 'none') AS n FROM buckets_latest",
        );
        assert_eq!(Some(reached), buckets[0]["n"].as_u64(), "{what}");
        let identity = |row: &Value| {
            ["key_arn", "kms_key_ref", "account_id", "region", "why", "read"]
                .map(|it| row[it].clone())
                .to_vec()
        };
        let identities: BTreeSet<String> = rows.iter().map(|row| format!("{:?}", identity(row))).collect();
        assert_eq!(identities.len(), rows.len(), "{what}: a row twice");
    };
    hold(&night(&venv, &healthy().world, []), "healthy");
    hold(&night(&venv, &healthy().world, [denied("kms:ListAliases")]), "without aliases");
    hold(
        &night(&venv, &healthy().world, [denied("kms:ListAliases"), denied("kms:DescribeKey")]),
        "undescribed",
    );
    for seed in 0..3 {
        let troubled = Night::over(troubled(seed)).with(Schedule::random(seed, 0.2, None)).run();
        hold(&Lake::holding(&troubled.store, &venv), &format!("troubled {seed}"));
    }
}

// Rotation that is suspended

/// The healthy world with a key in another state, and what is said of it and of the bucket on it.
fn in_state(venv: &Venv, state: &'static str) -> (String, String) {
    let mut here = healthy();
    let id = rotating_key(&here);
    let key = here.world.region_mut(here.one, "eu-west-1").keys.get_mut(&id).unwrap();
    key.state = state.into();
    let lake = night(venv, &here.world, []);
    let due = lake.ask("keys_rotation_due");
    let due = match with(&due, "key_arn", &arn(here.one, "eu-west-1", &id))[..] {
        [] => "-".to_owned(),
        [row] => format!("{} {}", text(row, "why"), text(row, "key_state")),
        _ => panic!("{due:?}"),
    };
    let buckets = lake.ask("buckets_without_rotating_customer_key");
    let bucket =
        with(&buckets, "bucket", "kms-key-arn").first().map_or("-", |row| text(row, "why")).to_owned();
    (due, bucket)
}

#[test]
fn a_key_that_is_not_enabled_does_not_rotate() {
    let venv = venv();
    let suspended = "rotation is suspended: the key is not enabled";
    assert_eq!(in_state(&venv, "Enabled"), ("due Enabled".to_owned(), "-".to_owned()));
    assert_eq!(
        in_state(&venv, "Disabled"),
        ("suspended: the key is not enabled Disabled".to_owned(), suspended.to_owned())
    );
    assert_eq!(
        in_state(&venv, "PendingDeletion"),
        ("-".to_owned(), "the key is pending deletion".to_owned()),
        "KMS tells no rotation of it"
    );
}

#[test]
fn a_replica_rotates_with_its_primary() {
    let venv = venv();
    let primary_in = |state: &'static str| {
        let mut here = healthy();
        let primary = here.world.region_mut(here.two, "eu-west-1").keys.get_mut(REPLICA).unwrap();
        primary.state = state.into();
        primary.rotation.next_at = Some(NOW.plus_millis(DAY_MS));
        let lake = night(&venv, &here.world, []);
        let due = lake.ask("keys_rotation_due");
        let due = with(&due, "key_arn", &arn(here.two, "us-east-1", REPLICA))
            .first()
            .map(|row| text(row, "why").to_owned());
        let buckets = lake.ask("buckets_without_rotating_customer_key");
        let bucket = with(&buckets, "bucket", "kms-replica").first().map(|row| text(row, "why").to_owned());
        (due.unwrap_or_default(), bucket.unwrap_or_default())
    };
    assert_eq!(primary_in("Enabled"), ("due".to_owned(), String::new()));
    assert_eq!(
        primary_in("Disabled"),
        (
            "suspended: the key is not enabled".to_owned(),
            "rotation is suspended: the primary key is not enabled".to_owned()
        )
    );
}

#[test]
fn a_rotation_that_should_have_been_is_overdue() {
    let venv = venv();
    let mut here = healthy();
    let id = rotating_key(&here);
    let key = here.world.region_mut(here.one, "eu-west-1").keys.get_mut(&id).unwrap();
    key.rotation.next_at = Some(NOW.plus_millis(-DAY_MS));
    let rows = night(&venv, &here.world, []).ask("keys_rotation_due --param days=0");
    let key = arn(here.one, "eu-west-1", &id);
    assert_eq!(said(&rows, "key_arn", &key), "overdue/");
    assert_eq!(with(&rows, "key_arn", &key)[0]["days_left"], -1);
}
