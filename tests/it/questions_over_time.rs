//! The questions about more than one night, one key or one trail, each over a lake in which a plausible answer
//! would be wrong: what is apart stays apart, and what could not be seen is said.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::Arc;

use atrest::clock::DAY_MS;
use atrest::model::{AccountId, RunId};
use atrest::query::{self, schema};
use atrest::sim::world::Encryption;
use atrest::sim::{Effect, Rule, Schedule, World};
use atrest::sink::MemoryStore;
use serde_json::{Value, json};

use crate::support::night::{Morning, NOW, Night, Rules, only_accounts, region, rejudge};
use crate::support::python::{Venv, finish, hermetic, venv_or_skip};
use crate::support::shell::{BOUND, Shell, files};
use crate::support::worlds::{Healthy, healthy, troubled};

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

/// A script in DuckDB, without atrest.
#[track_caller]
fn duckdb(lake: &Shell, venv: &Venv, script: &str) -> String {
    let mut command = Command::new(venv.duckdb());
    command.env_clear().envs(hermetic()).current_dir(lake.path(""));
    command.args(["-batch", "-bail", "-json", "-c", script]);
    finish(command, BOUND).succeeded().stdout
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
    "next-year".clone_into(&mut rules.standard.version);
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

// Who changed it

/// An event of the trail: `region name request [response]`, the last two JSON.
struct Event<'a> {
    account: AccountId,
    region: &'a str,
    name: &'a str,
    request: String,
    response: Option<String>,
}

fn event<'a>(account: AccountId, region: &'a str, name: &'a str, request: &Value) -> Event<'a> {
    Event { account, region, name, request: request.to_string(), response: None }
}

impl Event<'_> {
    fn answered(mut self, key_arn: &str) -> Self {
        self.response = Some(json!({ "keyId": key_arn }).to_string());
        self
    }

    fn row(&self, number: usize) -> String {
        let text = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let source = if self.name.contains("Bucket") { "s3.amazonaws.com" } else { "kms.amazonaws.com" };
        format!(
            "SELECT '{number}' AS eventid, '2026-11-22T02:00:00Z' AS eventtime, '{source}' AS eventsource,
             {} AS eventname, {} AS requestparameters, {} AS responseelements, '{}' AS recipientaccountid,
             {} AS awsregion, '192.0.2.1' AS sourceipaddress, CAST(NULL AS varchar) AS errorcode,
             {{'arn': 'arn:aws:iam::111122223333:user/dev', 'accountid': '111122223333'}} AS useridentity",
            text(self.name),
            text(&self.request),
            self.response.as_deref().map_or_else(|| "CAST(NULL AS varchar)".to_owned(), text),
            self.account,
            text(self.region),
        )
    }
}

/// `event matched_by region resource` of the answer, the resource by the end of its ARN.
fn who(lake: &Shell, venv: &Venv, events: &[Event<'_>]) -> Vec<String> {
    let question = query::find("who_changed_it").unwrap();
    let given = BTreeMap::from([("since".to_owned(), "2026-11-22".to_owned())]);
    let statement = query::fill(question.text, &question.header().parameters, &given).unwrap();
    let trail: Vec<String> = events.iter().enumerate().map(|(number, event)| event.row(number)).collect();
    let script = format!(
        "{}CREATE OR REPLACE VIEW cloudtrail_logs AS {};\n{statement};",
        schema::prelude("lake", &statement, |_| true),
        trail.join(" UNION ALL ")
    );
    let said = duckdb(lake, venv, &script);
    let rows: Vec<Value> =
        if said.trim().is_empty() { Vec::new() } else { serde_json::from_str(&said).unwrap() };
    let short = |row: &Value| {
        let resource = row["resource_arn"].as_str().map_or("-", |arn| arn.rsplit([':', '/']).next().unwrap());
        format!("{} {resource}", line(row, &["event_id", "matched_by", "event_region", "region"]))
    };
    let mut found: Vec<String> = rows.iter().map(short).collect();
    found.sort();
    found
}

/// The healthy world with another key under an alias of the same name elsewhere, and the id of `alias/plain`.
fn with_plain() -> (Healthy, String) {
    let mut healthy = healthy();
    let place = |account: AccountId, place: &str, world: &mut World| {
        let id = world.add_key(account, place).id.clone();
        world.add_alias(account, place, "alias/plain", Some(&id));
    };
    place(healthy.one, "us-east-1", &mut healthy.world);
    place(healthy.two, "eu-west-1", &mut healthy.world);
    for place in ["eu-west-1", "us-east-1"] {
        let key = healthy.world.region_mut(healthy.two, place).keys.get_mut(FAMILY).unwrap();
        key.rotation.enabled = false;
    }
    let aliases = &healthy.world.accounts[&healthy.one].regions[&region("eu-west-1")].aliases;
    let plain = aliases["alias/plain"].target.clone().unwrap();
    (healthy, plain)
}

#[test]
fn an_event_counts_in_the_region_of_its_resource() {
    let Some(venv) = venv_or_skip() else { return };
    let (healthy, _) = with_plain();
    let (one, two) = (healthy.one, healthy.two);
    let lake = lake_of(Night::over(healthy.world), &venv);
    let bucket = json!({ "bucketName": "kms-missing" });
    let events = [
        event(two, "eu-west-1", "DisableKeyRotation", &json!({ "keyId": FAMILY })),
        event(two, "ap-south-1", "DisableKeyRotation", &json!({ "keyId": FAMILY })),
        event(one, "eu-west-1", "PutBucketEncryption", &bucket),
        event(one, "us-east-1", "PutBucketEncryption", &bucket),
        event(one, "us-east-1", "CreateBucket", &bucket),
        event(two, "us-east-1", "CreateBucket", &bucket),
    ];
    assert_eq!(
        who(&lake, &venv, &events),
        [
            format!("0 name eu-west-1 eu-west-1 {FAMILY}"),
            "2 name eu-west-1 eu-west-1 kms-missing".to_owned(),
            "4 name us-east-1 eu-west-1 kms-missing".to_owned(),
        ]
    );
}

#[test]
fn an_alias_names_the_key_that_a_census_saw_it_on() {
    let Some(venv) = venv_or_skip() else { return };
    let (healthy, plain) = with_plain();
    let (one, two) = (healthy.one, healthy.two);
    let mut moved = healthy.world.clone();
    let other = moved.add_key(one, "eu-west-1").id.clone();
    let mut nights = Nights::new();
    nights.then(Night::over(moved.clone()));
    moved.add_alias(one, "eu-west-1", "alias/plain", Some(&other));
    nights.then(Night::over(moved));
    let lake = nights.lake(&venv);

    let alias_arn = format!("arn:aws:kms:eu-west-1:{one}:alias/plain");
    let by_key = |id: &str| json!({ "keyId": id });
    let of_alias = json!({ "aliasName": "alias/plain", "targetKeyId": other });
    let gone = json!({ "aliasName": "alias/nowhere" });
    let events = [
        event(one, "eu-west-1", "DisableKey", &by_key(&alias_arn)),
        event(one, "eu-west-1", "DisableKey", &by_key("alias/plain"))
            .answered(&format!("arn:aws:kms:eu-west-1:{one}:key/{plain}")),
        event(one, "eu-west-1", "UpdateAlias", &of_alias),
        event(one, "eu-west-1", "DeleteAlias", &gone),
        event(one, "us-east-1", "DeleteAlias", &gone),
        event(two, "eu-west-1", "DeleteAlias", &gone),
        event(two, "us-east-1", "DisableKey", &by_key("alias/plain")),
        // What a bucket's default names is changed by a change of the alias, not by one of the key.
        event(one, "eu-west-1", "DisableKey", &by_key("alias/nowhere")),
    ];
    assert_eq!(
        who(&lake, &venv, &events),
        [
            format!("0 alias eu-west-1 eu-west-1 {plain}"),
            format!("0 alias eu-west-1 eu-west-1 {other}"),
            format!("1 name eu-west-1 eu-west-1 {plain}"),
            format!("2 alias eu-west-1 eu-west-1 {plain}"),
            "2 bucket_key_alias eu-west-1 eu-west-1 kms-alias".to_owned(),
            format!("2 name eu-west-1 eu-west-1 {other}"),
            "3 bucket_key_alias eu-west-1 eu-west-1 kms-missing-alias".to_owned(),
        ]
    );
}

#[test]
fn an_alias_that_could_not_be_read_is_said() {
    let Some(venv) = venv_or_skip() else { return };
    let (healthy, _) = with_plain();
    let denied = Rule::always(Effect::AccessDenied).on("kms:ListAliases").account(healthy.one);
    let night = Night::over(healthy.world.clone()).with(Schedule::of([denied.region("eu-west-1")]));
    let lake = lake_of(night, &venv);
    let disabled = |place| event(healthy.one, place, "DisableKey", &json!({ "keyId": "alias/unheard-of" }));
    assert_eq!(
        who(&lake, &venv, &[disabled("eu-west-1"), disabled("us-east-1")]),
        ["0 unread_alias eu-west-1 eu-west-1 -"]
    );
}

// The population

/// The counts that do not add up, as `counted expected_by`.
fn apart(lake: &Shell) -> Vec<String> {
    let rows = ask(lake, "population");
    assert_eq!(rows.len(), 15, "{rows:?}");
    let apart: Vec<Value> = rows.into_iter().filter(|row| row["adds_up"] != true).collect();
    lines(&apart, &["counted", "expected_by"])
}

#[test]
fn every_night_adds_up_whatever_went_wrong() {
    let Some(venv) = venv_or_skip() else { return };
    for seed in 0..3 {
        let schedule = Schedule::random(seed, 0.3, None);
        assert_eq!(apart(&lake_of(Night::over(troubled(seed)).with(schedule), &venv)), [""; 0], "{seed}");
    }
}

#[test]
fn a_table_that_lost_its_rows_does_not_add_up() {
    let Some(venv) = venv_or_skip() else { return };
    // A denied policy makes verdicts that are `unknown`, and accounts that are `partial`.
    let denied = Schedule::of([Rule::always(Effect::AccessDenied).on("s3:GetBucketPolicy")]);
    let night = Night::over(healthy().world).with(denied);
    for (table, expected) in [
        ("buckets", &["buckets runs.buckets", "buckets accounts.buckets", "judged_buckets findings"][..]),
        ("keys", &["keys runs.keys", "keys accounts.keys", "judged_keys findings"]),
        ("findings", &["findings_fail runs.findings_fail", "findings_unknown runs.findings_unknown"]),
        ("coverage", &["calls runs.calls"]),
        (
            "accounts",
            &[
                "accounts runs.accounts_listed",
                "accounts_partial runs.accounts_partial",
                "buckets accounts.buckets",
                "keys accounts.keys",
                "judged_accounts findings",
            ],
        ),
    ] {
        let lake = lake_of(night.clone().on(&Arc::default()), &venv);
        std::fs::remove_dir_all(lake.path("lake").join(table)).unwrap();
        assert_eq!(apart(&lake), expected, "{table}");
    }
}

#[test]
fn a_population_says_whose_lists_it_lacks() {
    let Some(venv) = venv_or_skip() else { return };
    let healthy = healthy();
    let denied = |operation: &str, account| Rule::always(Effect::AccessDenied).on(operation).account(account);
    let blind = Schedule::of([
        denied("s3:ListBuckets", healthy.one),
        denied("kms:ListKeys", healthy.one).region("us-east-1"),
        denied("sts:AssumeRole", healthy.two),
    ]);
    let unlisted = |lake: &Shell| {
        let rows = ask(lake, "population");
        assert!(rows.iter().all(|row| row["adds_up"] == true), "{rows:?}");
        let counted = |what: &str| {
            let row = rows.iter().find(|row| row["counted"] == what).unwrap();
            row["accounts_not_listed"].as_u64().unwrap()
        };
        [counted("buckets"), counted("keys")]
    };
    assert_eq!(unlisted(&lake_of(Night::over(healthy.world.clone()), &venv)), [0, 0]);
    assert_eq!(unlisted(&lake_of(Night::over(healthy.world.clone()).with(blind), &venv)), [2, 2]);
}

// Evidence

#[test]
fn two_sources_of_one_control_are_two_rows_of_the_same_counts() {
    let Some(venv) = venv_or_skip() else { return };
    let lake = lake_of(Night::over(healthy().world), &venv);
    let counts =
        ["control_id", "check_id", "check_params", "pass", "fail", "exempt", "unknown", "not_applicable"];
    let before = ask(&lake, "evidence_by_control");
    assert!(before.iter().any(|row| row["fail"].as_u64() > Some(0)), "{before:?}");
    let (_, part) = files(&lake.path("lake/controls")).pop().unwrap();
    let also = "SELECT * FROM part UNION ALL SELECT * REPLACE ('Another document' AS source) FROM part";
    let script = format!(
        "COPY (WITH part AS (SELECT * FROM read_parquet('{part}', hive_partitioning = false)) {also}) TO 'two.parquet'",
        part = part.display()
    );
    duckdb(&lake, &venv, &script);
    std::fs::rename(lake.path("two.parquet"), part).unwrap();
    let after = ask(&lake, "evidence_by_control");
    let (other, own): (Vec<Value>, Vec<Value>) =
        after.into_iter().partition(|row| row["source"] == "Another document");
    assert_eq!(lines(&own, &counts), lines(&before, &counts));
    assert_eq!(lines(&other, &counts), lines(&before, &counts));
}

#[test]
fn evidence_says_that_something_was_not_seen() {
    let Some(venv) = venv_or_skip() else { return };
    let healthy = healthy();
    let status = |schedule: Schedule| {
        let rows =
            ask(&lake_of(Night::over(healthy.world.clone()).with(schedule), &venv), "evidence_by_control");
        rows.iter().map(|row| line(row, &["run_status"])).collect::<BTreeSet<_>>()
    };
    let denied = Rule::always(Effect::AccessDenied).on("s3:ListBuckets").account(healthy.one);
    assert_eq!(status(Schedule::none()), BTreeSet::from(["complete".to_owned()]));
    assert_eq!(status(Schedule::of([denied])), BTreeSet::from(["partial".to_owned()]));
}

// How long it fails

/// What a night says of a key's rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Pass,
    Fail,
    NotApplicable,
    Unknown,
}

const SAID: [Said; 4] = [Said::Pass, Said::Fail, Said::NotApplicable, Said::Unknown];

/// The nights, counted from 0, between which the stretch of fails around the last fail lies, and the first pass
/// after it: what both questions are held against. None where it never failed.
fn stretch(nights: &[Said]) -> Option<(usize, Option<usize>)> {
    let last_fail = nights.iter().rposition(|said| *said == Said::Fail)?;
    let pass_before = nights[..last_fail].iter().rposition(|said| *said == Said::Pass);
    let from = pass_before.map_or(0, |night| night + 1);
    let first_fail = from + nights[from..].iter().position(|said| *said == Said::Fail)?;
    let pass_after = nights[last_fail..].iter().position(|said| *said == Said::Pass);
    Some((first_fail, pass_after.map(|after| last_fail + after)))
}

/// Every course of four nights, each by a key of its own: one law for what fails still and for what is mended.
#[test]
fn only_a_pass_ends_a_fail() {
    const NIGHTS: usize = 4;
    let Some(venv) = venv_or_skip() else { return };
    let mut healthy = healthy();
    let mut course = |number: usize| {
        let said: [Said; NIGHTS] = [number, number / 4, number / 16, number / 64].map(|it| SAID[it % 4]);
        (healthy.world.add_key(healthy.two, "eu-west-1").id.clone(), said)
    };
    let courses: Vec<(String, [Said; NIGHTS])> = (0..256).map(&mut course).collect();
    let mut nights = Nights::new();
    for night in 0..NIGHTS {
        let mut world = healthy.world.clone();
        let keys = &mut world.region_mut(healthy.two, "eu-west-1").keys;
        let mut denied = Vec::new();
        for (id, said) in &courses {
            let key = keys.get_mut(id).unwrap();
            key.rotation.enabled = said[night] == Said::Pass;
            match said[night] {
                Said::NotApplicable => key.state = "PendingDeletion".into(),
                Said::Unknown => {
                    denied
                        .push(Rule::always(Effect::AccessDenied).on("kms:GetKeyRotationStatus").resource(id));
                }
                Said::Pass | Said::Fail => {}
            }
        }
        nights.then(Night::over(world).with(Schedule::of(denied)));
    }
    let lake = nights.lake(&venv);
    let day = |night: usize| format!("2026-11-{} 03:00:00", 21 + night);
    let answered = |question: &str, columns: &[&str]| -> BTreeMap<String, String> {
        let rows = ask(&lake, question);
        let of_check = rows.iter().filter(|row| row["check_id"] == "kms_rotation_enabled");
        let id = |row: &Value| row["resource_arn"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let of_courses = of_check.filter(|row| courses.iter().any(|(course, _)| *course == id(row)));
        of_courses.map(|row| (id(row), line(row, columns))).collect()
    };
    let mut failing = BTreeMap::new();
    let mut mended = BTreeMap::new();
    for (id, said) in &courses {
        let first_fail = said.iter().position(|said| *said == Said::Fail);
        match (said[NIGHTS - 1], stretch(said)) {
            (Said::Fail, Some((since, _))) => {
                let line = format!("{} {} {}", day(first_fail.unwrap()), day(since), NIGHTS - 1 - since);
                failing.insert(id.clone(), line);
            }
            (Said::Pass, Some((since, Some(passed)))) => {
                mended.insert(id.clone(), format!("{} {} {}", day(since), day(passed), passed - since));
            }
            _ => {}
        }
    }
    assert_eq!(answered("first_seen", &["first_failed_at", "failing_since", "days_failing"]), failing);
    assert_eq!(answered("time_to_remediate", &["failed_at", "passed_at", "days_failed"]), mended);
    assert!(failing.len() == 64 && mended.len() > 30, "{} {}", failing.len(), mended.len());
}

// Buckets as they were last seen

#[test]
fn a_deleted_bucket_is_told_from_one_that_nobody_sees() {
    let Some(venv) = venv_or_skip() else { return };
    let mut healthy = healthy();
    let leaver = healthy.world.add_account("leaver");
    healthy.world.add_bucket(leaver, "eu-west-1", "of-leaver");
    for (account, name) in [
        (healthy.two, "deleted"),
        (healthy.two, "deleted-earlier"),
        (healthy.two, "gone-at-read"),
        (healthy.two, "denied"),
        (healthy.one, "unlisted"),
        (healthy.one, "deleted-and-unlisted"),
    ] {
        healthy.world.add_bucket(account, "eu-west-1", name);
    }
    let mut nights = Nights::new();
    nights.then(Night::over(healthy.world.clone()));

    // One bucket is deleted before the account goes dark, and another account's list proves one gone.
    let mut world = healthy.world.clone();
    world.account_mut(healthy.one).buckets.remove("deleted-and-unlisted").unwrap();
    world.account_mut(healthy.two).buckets.remove("deleted-earlier").unwrap();
    nights.then(Night::over(world.clone()));

    let two = world.account_mut(healthy.two);
    two.buckets.remove("deleted").unwrap();
    two.buckets.get_mut("gone-at-read").unwrap().vanished = true;
    world.accounts.remove(&leaver).unwrap();
    let denied = |operation: &str| Rule::always(Effect::AccessDenied).on(operation);
    let dark = Schedule::of([
        denied("s3:ListBuckets").account(healthy.one),
        denied("s3:GetBucketEncryption").resource("denied"),
    ]);
    // What a part of the organization was asked later is no census, and proves nothing.
    nights.then(Night::over(world.clone()).with(dark));
    nights.then(Night::over(world).filtered(only_accounts([healthy.one])));

    let rows = ask(&nights.lake(&venv), "last_known_buckets");
    let ours = |row: &&Value| {
        let name = row["bucket"].as_str().unwrap();
        ["de", "go", "un", "of"].iter().any(|start| name.starts_with(start))
    };
    let told: Vec<Value> = rows.iter().filter(ours).cloned().collect();
    let mut told = lines(&told, &["bucket", "whereabouts", "read_now", "age_days", "encryption"]);
    told.sort();
    assert_eq!(
        told,
        [
            "deleted gone - 1 sse_s3",
            "deleted-and-unlisted gone - 2 sse_s3",
            "deleted-earlier gone - 2 sse_s3",
            "denied not_read denied 1 sse_s3",
            "gone-at-read gone gone 1 sse_s3",
            "of-leaver account_left - 1 sse_s3",
            "unlisted not_listed - 1 sse_s3",
        ]
    );
    // The other buckets of the dark account are there too, and nothing else is.
    let dark = rows.iter().filter(|row| row["account_id"] == healthy.one.to_string());
    assert!(
        dark.clone().all(|row| row["whereabouts"] == "not_listed" || row["bucket"] == "deleted-and-unlisted")
    );
    assert_eq!(dark.count(), healthy.world.accounts[&healthy.one].buckets.len());
    assert_eq!(rows.len(), 5 + healthy.world.accounts[&healthy.one].buckets.len());
}
