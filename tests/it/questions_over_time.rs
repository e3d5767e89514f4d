//! The questions about more than one night, one key or one trail, each over a lake in which a plausible answer
//! would be wrong: what is apart stays apart, and what could not be seen is said.

use std::collections::BTreeSet;
use std::sync::Arc;

use atrest::clock::DAY_MS;
use atrest::model::RunId;
use atrest::sim::world::Encryption;
use atrest::sim::{Effect, Rule, Schedule};
use atrest::sink::MemoryStore;
use serde_json::Value;

use crate::support::night::{Morning, NOW, Night, Rules, only_accounts, region, rejudge};
use crate::support::python::{Venv, venv_or_skip};
use crate::support::shell::Shell;
use crate::support::worlds::healthy;

/// The nights of one lake, a day apart.
struct Nights {
    store: Arc<MemoryStore>,
    count: i64,
}

impl Nights {
    fn new() -> Self {
        Self { store: Arc::new(MemoryStore::new()), count: 0 }
    }

    /// One more.
    fn then(&mut self, night: Night) -> Morning {
        let at = NOW.plus_millis(self.count * DAY_MS);
        self.count += 1;
        let morning = night.on(&self.store).at(at).run();
        morning.census();
        morning
    }

    /// A shell in which the lake lies.
    fn lake(&self, venv: &Venv) -> Shell {
        Shell::holding(self.store.objects()).with("ATREST_DUCKDB", &venv.duckdb().to_string_lossy())
    }
}

/// The lake of one night.
fn lake_of(night: Night, venv: &Venv) -> Shell {
    let mut nights = Nights::new();
    nights.then(night);
    nights.lake(venv)
}

/// A question's rows.
#[track_caller]
fn ask(lake: &Shell, line: &str) -> Vec<Value> {
    let answer = lake.atrest(&format!("query --lake lake --format json {line}")).succeeded();
    answer.json().as_array().unwrap().clone()
}

/// A row's columns as one line, NULL as `-`.
fn line(row: &Value, columns: &[&str]) -> String {
    let word = |column: &&str| match &row[*column] {
        Value::Null if row.get(*column).is_some() => "-".to_owned(),
        Value::Null => panic!("no column {column} in {row}"),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    columns.iter().map(word).collect::<Vec<_>>().join(" ")
}

fn lines(rows: &[Value], columns: &[&str]) -> Vec<String> {
    rows.iter().map(|row| line(row, columns)).collect()
}

// Which standard applied when

fn another_standard() -> Rules {
    let mut rules = Rules::default();
    rules.standard.version = "next-year".to_owned();
    rules.standard.sha256 = "b".repeat(64);
    rules
}

#[test]
fn a_night_has_one_standard_whatever_else_was_run_that_day() {
    let Some(venv) = venv_or_skip() else { return };
    let healthy = healthy();
    let mut nights = Nights::new();
    let first = nights.then(Night::over(healthy.world.clone()));
    let again = RunId::new(NOW, 2);
    rejudge(&nights.store, &first.run_id, &again, &another_standard()).unwrap();
    let part = Night::over(healthy.world.clone()).filtered(only_accounts([healthy.one]));
    nights.then(part.judged_by(another_standard()));
    nights.then(Night::over(healthy.world.clone()));
    nights.then(Night::over(healthy.world).judged_by(another_standard()));

    let rows = ask(&nights.lake(&venv), "standards_in_effect");
    let standard = Rules::default().standard.sha256;
    let other = another_standard().standard.sha256;
    assert_eq!(
        lines(&rows, &["kind", "standard_sha256", "first_started_at", "last_started_at", "runs"]),
        [
            format!("census {standard} 2026-11-21 03:00:00 2026-11-23 03:00:00 2"),
            format!("census {other} 2026-11-24 03:00:00 2026-11-24 03:00:00 1"),
            format!("filtered {other} 2026-11-22 03:00:00 2026-11-22 03:00:00 1"),
            format!("rejudged {other} 2026-11-21 03:00:00 2026-11-21 03:00:00 1"),
        ]
    );
    assert_eq!(rows[3]["first_run_id"], again.to_string());
}

// What a key takes down

const FAMILY: &str = "mrk-0000000000000000000000000000000a";

/// `dependence reason via bucket` of a key's answer, the key by its Region.
fn radius(lake: &Shell, key_arn: &str) -> Vec<String> {
    let rows = ask(lake, &format!("key_blast_radius --param key_arn={key_arn}"));
    let short = |row: &Value| {
        let via = row["via_key_arn"].as_str().map_or("-", |arn| arn.split(':').nth(3).unwrap());
        let place = row["bucket"].as_str().or(row["account_name"].as_str()).unwrap();
        format!("{} {via} {place}", line(row, &["dependence", "unproven_reason"]))
    };
    rows.iter().map(short).collect()
}

#[test]
fn a_replicas_buckets_are_found_whatever_of_the_family_was_seen() {
    let Some(venv) = venv_or_skip() else { return };
    let healthy = healthy();
    let arn = |place: &str| format!("arn:aws:kms:{place}:{}:key/{FAMILY}", healthy.two);
    let unlisted = |place: &str| {
        Schedule::of([Rule::always(Effect::AccessDenied)
            .on("kms:ListKeys")
            .account(healthy.two)
            .region(place)])
    };
    let undescribed = |place: &str| {
        Schedule::of([Rule::always(Effect::AccessDenied)
            .on("kms:DescribeKey")
            .resource(FAMILY)
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
        let lake = lake_of(Night::over(healthy.world.clone()).with(schedule.clone()), &venv);
        for (place, is_relative) in [("eu-west-1", true), ("us-east-1", false)] {
            let rows = ask(&lake, &format!("key_blast_radius --param key_arn={}", arn(place)));
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
    let Some(venv) = venv_or_skip() else { return };
    let mut healthy = healthy();
    let one = healthy.one;
    // Another account's key of the same id, and a key of one Region whose id is in another one too.
    for place in ["eu-west-1", "us-east-1"] {
        let single = "00000000-0000-4000-8000-00000000000b";
        for id in [FAMILY, single] {
            let arn = format!("arn:aws:kms:{place}:{one}:key/{id}");
            let name = format!("{}-{place}", if id == FAMILY { "of-one" } else { "single" });
            healthy.world.add_bucket(one, place, &name).encryption = Some(Encryption::kms(Some(&arn)));
        }
    }
    let lake = lake_of(Night::over(healthy.world.clone()), &venv);
    assert_eq!(
        radius(&lake, &format!("arn:aws:kms:eu-west-1:{}:key/{FAMILY}", healthy.two)),
        ["proven - us-east-1 kms-replica"]
    );
    assert_eq!(
        radius(&lake, &format!("arn:aws:kms:eu-west-1:{one}:key/{FAMILY}")),
        ["proven - eu-west-1 of-one-eu-west-1", "proven - us-east-1 of-one-us-east-1"]
    );
    assert_eq!(
        radius(&lake, &format!("arn:aws:kms:eu-west-1:{one}:key/00000000-0000-4000-8000-00000000000b")),
        ["proven - eu-west-1 single-eu-west-1"]
    );
}

#[test]
fn what_may_stand_on_a_key_is_said() {
    let Some(venv) = venv_or_skip() else { return };
    let healthy = healthy();
    let plain = &healthy.world.accounts[&healthy.one].regions[&region("eu-west-1")].aliases["alias/plain"];
    let plain = format!("arn:aws:kms:eu-west-1:{}:key/{}", healthy.one, plain.target.as_ref().unwrap());
    let clean = lake_of(Night::over(healthy.world.clone()), &venv);
    assert_eq!(radius(&clean, &plain), ["proven - eu-west-1 kms-alias", "proven - eu-west-1 kms-key-id"]);

    let denied = |operation: &str| Rule::always(Effect::AccessDenied).on(operation);
    let blind = Schedule::of([
        denied("kms:ListAliases").account(healthy.one),
        denied("kms:ListKeys").account(healthy.one),
        denied("s3:GetBucketEncryption").resource("plain-s3"),
        denied("s3:ListBuckets").account(healthy.management),
    ]);
    let lake = lake_of(Night::over(healthy.world.clone()).with(blind), &venv);
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
        ]
    );
    // A key of another Region is not what an alias of this one names.
    let elsewhere = format!("arn:aws:kms:us-east-1:{}:key/00000000-0000-4000-8000-00000000000b", healthy.one);
    assert_eq!(
        radius(&lake, &elsewhere),
        ["unproven buckets_not_listed - management", "unproven encryption_not_read - plain-s3"]
    );
}

/// What stands on a key in a clean night does so, or may, in any other; and nothing else is proven.
#[test]
fn no_fault_takes_a_bucket_out_of_a_keys_radius() {
    let Some(venv) = venv_or_skip() else { return };
    let world = healthy().world;
    let keys: Vec<String> = {
        let morning = Night::over(world.clone()).run();
        let named = morning.rows("buckets").into_iter().filter_map(|row| row["kms_key_arn"].clone());
        let listed = morning.rows("keys").into_iter().filter_map(|row| row["key_arn"].clone());
        named.chain(listed).collect::<BTreeSet<_>>().into_iter().collect()
    };
    let places = |lake: &Shell, key: &str| -> (BTreeSet<String>, BTreeSet<String>) {
        let rows = ask(lake, &format!("key_blast_radius --param key_arn={key}"));
        let (proven, unproven): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row["dependence"] == "proven");
        let place = |row: &&Value| line(row, &["account_id", "bucket"]);
        (proven.iter().map(place).collect(), unproven.iter().map(place).collect())
    };
    let clean = lake_of(Night::over(world.clone()), &venv);
    let expected: Vec<_> = keys.iter().map(|key| places(&clean, key)).collect();
    assert!(expected.iter().any(|(proven, _)| proven.len() > 1));
    assert!(expected.iter().all(|(_, unproven)| unproven.is_empty()), "{expected:?}");
    for seed in 0..4 {
        let lake = lake_of(Night::over(world.clone()).with(Schedule::random(seed, 0.3, None)), &venv);
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
