//! The laws of a night, over the tables `accounts`, `buckets`, `keys`, `findings` and `coverage`: faults
//! only lose information, faults that heal leave no trace, order does not matter, and a night may be
//! killed anywhere.

use std::collections::{BTreeMap, BTreeSet};

use atrest::lake::{Fault, Published};
use atrest::operation::{Grant, OPERATIONS};
use atrest::scan::ScanError;
use atrest::sim::world::PageSizes;
use atrest::sim::{Effect, Rule, Schedule, World};

use crate::support::night::{COUNTS, Morning, Night, Row, Stop};
use crate::support::worlds::{healthy, troubled};

/// The *read* words that say that a value was not seen.
const UNSEEN: [&str; 8] =
    ["denied", "throttled", "transport", "service", "protocol", "identity", "unavailable", "not_asked"];

/// What may become of a column's value under faults.
#[derive(Debug, Clone, Copy)]
enum May {
    /// Nothing: it comes from the listing that the row comes from.
    Stay,
    /// It may become NULL.
    Null,
    /// It may become that word, or NULL where what it depends on was not read.
    Become(&'static str),
    /// It may become one of these words.
    BecomeOneOf(&'static [&'static str]),
    /// A *read* word may become one that says that nothing was seen.
    Unsee,
    /// A count of what was seen may fall, or become NULL.
    Fall,
    /// It tells of the night and not of AWS; [`accounts_agree`] holds it against the coverage.
    TellsOfTheNight,
}

use May::{Become, BecomeOneOf, Fall, Null, Stay, TellsOfTheNight, Unsee};

const ACCOUNTS: [(&str, May); 18] = [
    ("run_id", Stay),
    ("org_id", Stay),
    ("account_id", Stay),
    ("account_name", Stay),
    ("ou_ids", Stay),
    ("ou_names", TellsOfTheNight),
    ("state", Stay),
    ("joined_at", Stay),
    ("access_path", TellsOfTheNight),
    ("scan_status", TellsOfTheNight),
    ("scan_reason", TellsOfTheNight),
    ("regions", TellsOfTheNight),
    ("regions_disabled", Null),
    ("buckets", Fall),
    ("keys", Fall),
    ("calls", TellsOfTheNight),
    ("started_at", Null),
    ("finished_at", Null),
];

const BUCKETS: [(&str, May); 28] = [
    ("run_id", Stay),
    ("aws_partition", Stay),
    ("account_id", Stay),
    ("region", Stay),
    ("bucket", Stay),
    ("bucket_arn", Stay),
    ("bucket_type", Stay),
    ("created_at", Stay),
    ("encryption", Become("unknown")),
    ("encryption_read", Unsee),
    ("sse_algorithm", Null),
    ("kms_key_ref", Null),
    ("kms_key_ref_kind", Null),
    ("kms_key_arn", Null),
    ("kms_key_account_id", Null),
    ("kms_key_link", Become("unproven")),
    ("kms_key_manager", Null),
    ("kms_key_origin", Null),
    ("kms_key_state", Null),
    ("kms_key_rotation", Become("unknown")),
    ("kms_key_rotation_reason", Null),
    ("bucket_key_enabled", Null),
    ("blocked_encryption_types", Null),
    ("sse_c_blocked", Null),
    ("tls_only", Become("unknown")),
    ("policy_read", Unsee),
    ("policy_sha256", Null),
    ("observed_at", Null),
];

const KEYS: [(&str, May); 33] = [
    ("run_id", Stay),
    ("aws_partition", Stay),
    ("account_id", Stay),
    ("region", Stay),
    ("key_id", Stay),
    ("key_arn", Stay),
    ("aliases", Null),
    ("aliases_read", Unsee),
    ("key_manager", Null),
    ("key_origin", Null),
    ("key_spec", Null),
    ("key_usage", Null),
    ("key_state", Null),
    ("created_at", Null),
    ("deletion_at", Null),
    ("multi_region", Null),
    ("primary_key_arn", Null),
    ("custom_key_store_id", Null),
    ("material_expires_at", Null),
    ("describe_read", Unsee),
    ("rotation", Become("unknown")),
    ("rotation_reason", Null),
    ("rotation_read", Unsee),
    ("rotation_period_days", Null),
    ("next_rotation_at", Null),
    ("last_rotation_at", Null),
    ("last_rotation_type", Null),
    ("on_demand_rotations", Null),
    ("policy_read", Unsee),
    ("policy_sha256", Null),
    ("default_key_of_buckets", Fall),
    ("default_key_of_accounts", Fall),
    ("observed_at", Null),
];

const FINDINGS: [(&str, May); 21] = [
    ("run_id", Stay),
    ("finding_uid", Stay),
    ("account_id", Stay),
    ("region", Stay),
    ("resource_type", Stay),
    ("resource_arn", Stay),
    ("related_arn", TellsOfTheNight),
    ("check_id", Stay),
    ("check_params", Stay),
    ("check_version", Stay),
    ("category", Stay),
    // A key whose buckets were not seen is not known to be in use.
    ("severity", TellsOfTheNight),
    ("verdict", Become("unknown")),
    ("verdict_before_exception", Become("unknown")),
    ("reason_code", TellsOfTheNight),
    ("reason", TellsOfTheNight),
    ("exception_id", Stay),
    ("exception_expires_at", Stay),
    ("remedy", TellsOfTheNight),
    ("observed_at", Null),
    // Who manages a key, or all of it, may not be known any more.
    ("subject", BecomeOneOf(&["kms_key", "unknown"])),
];

fn allowed(may: May, clean: Option<&str>, faulty: Option<&str>) -> bool {
    if clean == faulty {
        return true;
    }
    match may {
        Stay => false,
        Null => faulty.is_none(),
        // What was unknown on a clean night may be unknown in another way.
        Become(word) => faulty.is_none() || (faulty == Some(word) && clean.is_some()),
        BecomeOneOf(words) => clean.is_some() && faulty.is_some_and(|word| words.contains(&word)),
        Unsee => faulty.is_some_and(|word| UNSEEN.contains(&word)),
        Fall => match (clean.map(str::parse::<u64>), faulty.map(str::parse::<u64>)) {
            (_, None) => true,
            (Some(Ok(clean)), Some(Ok(faulty))) => faulty <= clean,
            _ => false,
        },
        TellsOfTheNight => true,
    }
}

fn text<'a>(row: &'a Row, column: &str) -> Option<&'a str> {
    row[column].as_deref()
}

fn count(row: &Row, column: &str) -> u64 {
    text(row, column).unwrap_or_else(|| panic!("{column} is NULL in {row:?}")).parse().expect("a count")
}

fn keyed(rows: Vec<Row>, columns: &[&str]) -> BTreeMap<Vec<String>, Row> {
    let total = rows.len();
    let key = |row: &Row| columns.iter().map(|name| row[*name].clone().unwrap_or_default()).collect();
    let map: BTreeMap<Vec<String>, Row> = rows.into_iter().map(|row| (key(&row), row)).collect();
    assert_eq!(map.len(), total, "no row is there twice");
    map
}

/// The coverage rows by account, Region and operation.
fn coverage(morning: &Morning) -> BTreeMap<Vec<String>, Row> {
    keyed(morning.rows("coverage"), &["account_id", "region", "operation"])
}

fn is_complete(coverage: &BTreeMap<Vec<String>, Row>, account: &str, region: &str, operation: &str) -> bool {
    let key = [account, region, operation].map(str::to_owned).to_vec();
    coverage.get(&key).is_some_and(|row| text(row, "complete") == Some("true"))
}

/// Compares the rows of a table that both nights have, and says which the faulty night lacks.
fn only_lost(
    table: &str,
    key: &[&str],
    rules: &[(&str, May)],
    clean: &Morning,
    faulty: &Morning,
) -> Vec<Row> {
    let (clean, mut faulty) = (keyed(clean.rows(table), key), keyed(faulty.rows(table), key));
    let mut lost = Vec::new();
    for (key, clean) in clean {
        let Some(faulty) = faulty.remove(&key) else {
            lost.push(clean);
            continue;
        };
        let columns: BTreeSet<&str> = faulty.keys().map(String::as_str).collect();
        assert_eq!(
            columns,
            rules.iter().map(|(name, _)| *name).collect(),
            "every column of {table} has a rule"
        );
        for (column, may) in rules {
            let (before, after) = (text(&clean, column), text(&faulty, column));
            assert!(
                allowed(*may, before, after),
                "{table}.{column} of {key:?} went from {before:?} to {after:?}\nclean:  {clean:?}\nfaulty: {faulty:?}"
            );
        }
    }
    assert!(faulty.is_empty(), "{table} has rows that a clean night has not: {faulty:?}");
    lost
}

/// Law 1 for one night.
pub fn loses_only(clean: &Morning, faulty: &Morning) {
    match &faulty.scan {
        Ok(()) => {}
        Err(ScanError::Organization { .. } | ScanError::EveryRoleRefused { .. }) => {
            assert!(!faulty.is_published(), "nothing is published");
            return;
        }
        Err(other) => panic!("a night of faults ended with {other}"),
    }
    faulty.census();
    agrees_with_itself(faulty);
    let seen = coverage(faulty);
    let statuses = keyed(faulty.rows("accounts"), &["account_id"]);
    let account_of = |row: &Row| text(row, "account_id").expect("never NULL").to_owned();
    let is_unreachable =
        |id: &str| text(&statuses[&vec![id.to_owned()]], "scan_status") == Some("unreachable");

    assert!(
        only_lost("accounts", &["account_id"], &ACCOUNTS, clean, faulty).is_empty(),
        "no account is lost"
    );
    for bucket in only_lost("buckets", &["account_id", "bucket"], &BUCKETS, clean, faulty) {
        let id = account_of(&bucket);
        let listed = is_complete(&seen, &id, "global", "s3:ListBuckets");
        assert!(!listed || is_unreachable(&id), "a listed bucket is lost: {bucket:?}");
    }
    for key in only_lost("keys", &["account_id", "region", "key_id"], &KEYS, clean, faulty) {
        let (id, region) = (account_of(&key), text(&key, "region").expect("never NULL"));
        let listed = is_complete(&seen, &id, region, "kms:ListKeys");
        assert!(!listed || is_unreachable(&id), "a listed key is lost: {key:?}");
    }
    verdicts_only_lost(clean, faulty);
    for (key, before) in coverage(clean) {
        let Some(after) = seen.get(&key) else { continue };
        for column in ["known", "absent", "gone"] {
            assert!(count(after, column) <= count(&before, column), "{key:?} {column}: {before:?} {after:?}");
        }
    }
    for (key, before) in keyed(clean.rows("accounts"), &["account_id"]) {
        let (before, after) = (text(&before, "scan_status"), text(&statuses[&key], "scan_status"));
        let rank = |status: Option<&str>| {
            ["complete", "partial", "unreachable"].iter().position(|s| Some(*s) == status)
        };
        assert!(rank(before) <= rank(after), "{key:?} went from {before:?} to {after:?}");
        let names = |morning: &Morning| morning.row("accounts", "account_id", &key[0])["ou_names"].clone();
        names_only_lost(names(clean).as_deref(), names(faulty).as_deref());
    }
}

/// A verdict may become `unknown`, and nothing else: never a pass a fail, never a fail a pass. A finding
/// is lost with its resource alone. Whether an account was scanned is told of the night itself: a
/// refusal by STS is an answer to that question.
fn verdicts_only_lost(clean: &Morning, faulty: &Morning) {
    let resources = |table: &str, column: &str| -> BTreeSet<String> {
        faulty.rows(table).iter().filter_map(|row| row[column].clone()).collect()
    };
    let mut seen = resources("buckets", "bucket_arn");
    seen.extend(resources("keys", "key_arn"));
    let of = |morning: &Morning| -> BTreeMap<String, Row> {
        let rows = keyed(morning.rows("findings"), &["finding_uid"]);
        rows.into_iter().map(|(uid, row)| (uid.concat(), row)).collect()
    };
    let (clean, mut faulty) = (of(clean), of(faulty));
    for (uid, clean) in clean {
        let Some(faulty) = faulty.remove(&uid) else {
            let arn = text(&clean, "resource_arn").expect("never NULL");
            assert!(!seen.contains(arn), "a finding is lost and its resource is not: {clean:?}");
            continue;
        };
        assert_eq!(faulty.len(), FINDINGS.len(), "every column of findings has a rule");
        if text(&clean, "check_id") == Some("account_scanned") {
            continue;
        }
        for (column, may) in FINDINGS {
            let (before, after) = (text(&clean, column), text(&faulty, column));
            let kept = allowed(may, before, after) && !(column.starts_with("verdict") && after.is_none());
            assert!(
                kept,
                "findings.{column} went from {before:?} to {after:?}\nclean:  {clean:?}\nfaulty: {faulty:?}"
            );
        }
    }
    assert!(faulty.is_empty(), "findings that a clean night has not: {faulty:?}");
}

fn names_only_lost(clean: Option<&str>, faulty: Option<&str>) {
    let (Some(clean), Some(faulty)) = (clean, faulty) else {
        return assert_eq!(clean, faulty, "unit names come with the account's path");
    };
    let names = |list: &str| list.trim_matches(['[', ']']).split(", ").map(str::to_owned).collect::<Vec<_>>();
    let (clean, faulty) = (names(clean), names(faulty));
    assert_eq!(clean.len(), faulty.len());
    let lost_only = clean.iter().zip(&faulty).all(|(clean, faulty)| clean == faulty || faulty == "∅");
    assert!(lost_only, "{clean:?} {faulty:?}");
}

/// What holds of every published night, whatever went wrong: the coverage's equation, statuses that
/// follow from the coverage, and counts that add up.
pub fn agrees_with_itself(morning: &Morning) {
    let seen = coverage(morning);
    for (key, row) in &seen {
        let counts = COUNTS.map(|name| count(row, name));
        let (asked, answers, not_asked) = (counts[0], &counts[1..11], counts[11]);
        assert_eq!(asked, answers.iter().sum::<u64>(), "{key:?}: {row:?}");
        assert!(asked + not_asked > 0, "{key:?} says nothing");
        let complete = asked == answers[0] + answers[1] + answers[2] && not_asked == 0;
        assert_eq!(text(row, "complete"), Some(if complete { "true" } else { "false" }), "{key:?}: {row:?}");
        assert_eq!(text(row, "denied_by").is_some(), count(row, "denied") > 0, "{key:?}: {row:?}");
    }
    accounts_agree(morning, &seen);
    reads_agree(morning, &seen, "buckets", "encryption_read", "s3:GetBucketEncryption");
    reads_agree(morning, &seen, "buckets", "policy_read", "s3:GetBucketPolicy");
    reads_agree(morning, &seen, "keys", "describe_read", "kms:DescribeKey");
    reads_agree(morning, &seen, "keys", "policy_read", "kms:GetKeyPolicy");
    let totals = morning.census().run.totals;
    assert_eq!(
        totals.accounts_listed,
        totals.accounts_complete
            + totals.accounts_partial
            + totals.accounts_unreachable
            + totals.accounts_not_scanned
    );
    assert_eq!(totals.accounts_listed, morning.rows("accounts").len() as u64);
    assert_eq!(totals.buckets, morning.rows("buckets").len() as u64);
    assert_eq!(totals.keys, morning.rows("keys").len() as u64);
}

fn accounts_agree(morning: &Morning, seen: &BTreeMap<Vec<String>, Row>) {
    for account in morning.rows("accounts") {
        let id = text(&account, "account_id").expect("never NULL");
        let rows: Vec<&Row> = seen.iter().filter(|(key, _)| key[0] == id).map(|(_, row)| row).collect();
        let all_complete = rows.iter().all(|row| text(row, "complete") == Some("true"));
        let has_session = text(&account, "access_path").is_some();
        let reason = text(&account, "scan_reason");
        let lists_regions = is_complete(seen, id, "global", "account:ListRegions");
        let expected = match text(&account, "scan_status").expect("never NULL") {
            "complete" => has_session && all_complete && reason.is_none(),
            "partial" if !lists_regions => has_session && reason == Some("region_incomplete"),
            "partial" => has_session && !all_complete && reason == Some("faults"),
            "unreachable" => {
                let words = ["role_not_assumable", "joined_recently", "faults"];
                !has_session && !all_complete && reason.is_some_and(|reason| words.contains(&reason))
            }
            "not_scanned" => !has_session && rows.is_empty() && reason.is_some(),
            _ => false,
        };
        assert!(expected, "{account:?} does not follow from {rows:?}");
        for (table, operation) in [("buckets", "s3:ListBuckets"), ("keys", "kms:ListKeys")] {
            let rows = morning.rows(table).iter().filter(|row| text(row, "account_id") == Some(id)).count();
            let listed =
                seen.iter().any(|(key, row)| key[0] == id && key[2] == operation && count(row, "known") > 0);
            let expected = (listed || rows > 0).then(|| rows.to_string());
            assert_eq!(account[table], expected, "0 is said only of a list that came: {account:?}");
        }
    }
}

/// The rows' *read* words, counted, are the coverage's columns.
fn reads_agree(
    morning: &Morning,
    seen: &BTreeMap<Vec<String>, Row>,
    table: &str,
    column: &str,
    operation: &str,
) {
    let mut counted: BTreeMap<(String, String), u64> = BTreeMap::new();
    for row in morning.rows(table) {
        let (id, word) =
            (row["account_id"].clone().expect("never NULL"), row[column].clone().expect("never NULL"));
        if word != "not_asked" {
            *counted.entry((id, word)).or_default() += 1;
        }
    }
    for (key, row) in seen.iter().filter(|(key, _)| key[2] == operation) {
        for word in &COUNTS[1..11] {
            let left = count(row, word);
            let rows = counted.entry((key[0].clone(), (*word).to_owned())).or_default();
            *rows = rows
                .checked_sub(left)
                .unwrap_or_else(|| panic!("{operation} {word} of {key:?}: more than rows"));
        }
    }
    assert!(counted.values().all(|left| *left == 0), "{table}.{column} beyond the coverage: {counted:?}");
}

/// The night in which nothing goes wrong.
pub fn clean(world: &World) -> Morning {
    let morning = Night::over(world.clone()).run();
    agrees_with_itself(&morning);
    morning
}

/// Densities from a bad hour to a dead network.
const DENSITIES: [f64; 5] = [0.05, 0.2, 0.5, 0.8, 0.97];

#[test]
fn faults_only_lose_information_where_all_could_be_read() {
    let world = healthy().world;
    let clean = clean(&world);
    for seed in 0..40 {
        let density = DENSITIES[usize::try_from(seed).unwrap() % DENSITIES.len()];
        println!("seed {seed}, density {density}");
        let mut night = Night::over(world.clone()).with(Schedule::random(seed, density, None));
        night.seed = seed;
        loses_only(&clean, &night.run());
    }
}

#[test]
fn faults_only_lose_information_in_a_troubled_organization() {
    for seed in 0..20 {
        let world = troubled(seed % 3);
        let clean = clean(&world);
        let density = DENSITIES[usize::try_from(seed).unwrap() % DENSITIES.len()];
        println!("seed {seed}, density {density}");
        loses_only(&clean, &Night::over(world).with(Schedule::random(100 + seed, density, None)).run());
    }
}

/// What the schedule's chance rarely draws: one operation that never works, all else well.
#[test]
fn one_operation_that_always_fails_loses_only_what_it_reads() {
    let world = healthy().world;
    let clean = clean(&world);
    let code = "CodeOfTheFuture".to_owned();
    let effects = [
        Effect::Throttle,
        Effect::CutBody,
        Effect::ExpiredToken,
        Effect::AccessDenied,
        Effect::EmptyPage,
        Effect::Error { status: 400, code, message: "Not in any list.".to_owned() },
    ];
    for operation in OPERATIONS.iter().filter(|operation| operation.grant != Grant::Lake) {
        for effect in &effects {
            println!("{} {}", operation.id, effect.name());
            let rule = Rule::always(effect.clone()).on(operation.id);
            loses_only(&clean, &Night::over(world.clone()).with(Schedule::of([rule])).run());
        }
    }
}

#[test]
fn faults_that_heal_leave_no_trace() {
    let worlds = [healthy().world, troubled(0)];
    let cleans = worlds.each_ref().map(|world| clean(world).bytes());
    for seed in 0..32 {
        let which = usize::from(seed % 4 == 3);
        let (density, heal_after) =
            [(0.2, 3), (0.6, 2), (1.0, 2), (0.9, 3)][usize::try_from(seed).unwrap() / 2 % 4];
        println!("world {which}, seed {seed}, density {density}, heals after {heal_after}");
        let schedule = Schedule::random(seed, density, Some(heal_after));
        let mut night = Night::over(worlds[which].clone()).with(schedule);
        night.seed = seed;
        let morning = night.run();
        morning.census();
        assert!(morning.recorder().records().iter().any(|record| record.faulted), "something went wrong");
        same_bytes(&cleans[which], &morning.bytes());
    }
}

#[test]
fn order_does_not_matter() {
    for world in [healthy().world, troubled(1)] {
        let expected = clean(&world).bytes();
        for (seed, (accounts, resources)) in (1..).zip([(1, 1), (64, 64), (1, 64), (64, 1), (3, 2), (2, 7)]) {
            let mut night = Night::over(world.clone()).at_once(accounts, resources);
            night.seed = seed;
            same_bytes(&expected, &night.run().bytes());
        }
        // Other pages, other moments at which each account and key becomes known.
        // Where pages overlap, an account, Region, bucket, key, alias or unit on two of them is one row.
        for (size, overlap) in [(1, false), (2, false), (5, false), (2, true), (5, true)] {
            let mut paged = world.clone();
            paged.pages = PageSizes { overlap, ..PageSizes::all(size) };
            let morning = Night::over(paged).at_once(8, 4).run();
            same_bytes(&expected, &morning.bytes());
        }
    }
}

/// Says which rows differ, where bytes do.
pub fn same_bytes(expected: &BTreeMap<String, Vec<u8>>, found: &BTreeMap<String, Vec<u8>>) {
    if expected == found {
        return;
    }
    assert_eq!(expected.keys().collect::<Vec<_>>(), found.keys().collect::<Vec<_>>());
    // The coverage first: it says why the others differ.
    for (key, bytes) in expected.iter().filter(|(key, _)| key.starts_with("coverage")).chain(expected) {
        let (before, after) = (
            crate::support::night::rows_of_file(bytes.clone()),
            crate::support::night::rows_of_file(found[key].clone()),
        );
        for (before, after) in before.iter().zip(&after) {
            assert_eq!(before, after, "{key}");
        }
        assert_eq!(before.len(), after.len(), "{key}");
        assert!(bytes == &found[key], "{key}: the same rows in other bytes");
    }
}

#[test]
fn a_night_killed_at_any_call_and_continued_is_the_unbroken_night() {
    let world = healthy().world;
    let unbroken = clean(&world);
    let calls = unbroken.recorder().records().len();
    let expected = unbroken.bytes();
    for (nth, how) in (1..=calls).step_by(3).zip([Stop::Told, Stop::Killed].into_iter().cycle()) {
        println!("stopped at call {nth} of {calls}, {how:?}");
        let stopped = Night::over(world.clone()).at_once(2, 3).stopped_at(nth, how).run();
        assert!(matches!(stopped.scan, Err(ScanError::Interrupted { .. })), "{:?}", stopped.scan);
        assert!(!stopped.is_published());
        assert!(stopped.bytes().is_empty(), "no table before the scan's end");
        let continued = Night::over(world.clone()).on(&stopped.store).run();
        continued.census();
        same_bytes(&expected, &continued.bytes());
    }
}

#[test]
fn a_night_killed_again_and_again_comes_to_its_end() {
    let world = troubled(2);
    let expected = clean(&world).bytes();
    let mut night = Night::over(world.clone()).at_once(2, 3).stopped_at(70, Stop::Killed).run();
    let mut attempts = 1;
    while night.scan.is_err() {
        assert!(!night.is_published());
        attempts += 1;
        assert!(attempts < 20, "each attempt seals something");
        let next = Night::over(world.clone()).at_once(2, 3).on(&night.store);
        night = next.stopped_at(70, Stop::Killed).run();
    }
    assert!(attempts > 2, "it was killed more than once");
    night.census();
    same_bytes(&expected, &night.bytes());
}

#[test]
fn a_night_whose_lake_breaks_at_any_write_and_is_continued_is_the_unbroken_night() {
    let world = healthy().world;
    let unbroken = clean(&world);
    let expected = unbroken.bytes();
    let writes = unbroken.store.writes();
    assert!(writes.last().is_some_and(|key| key.starts_with("runs/")), "the commit comes last: {writes:?}");
    for nth in 0..writes.len() {
        for fault in [Fault::Before, Fault::After] {
            println!("broken at write {nth}, {} ({fault:?})", writes[nth]);
            let night = Night::over(world.clone());
            night.store.break_at(nth, fault);
            let broken = night.run();
            let failed = broken.scan.is_err() || broken.census.as_ref().is_some_and(Result::is_err);
            // A commit whose answer alone was lost is read back: the night ends well.
            let is_commit = nth + 1 == writes.len() && fault == Fault::After;
            assert_eq!(failed, !is_commit, "a break is told, and nothing else");
            assert_eq!(broken.is_published(), is_commit, "published before its `runs` row");
            broken.store.heal();
            let continued = Night::over(world.clone()).on(&broken.store).run();
            let committed_before = continued.census().published == Published::AlreadyCommitted;
            assert_eq!(committed_before, is_commit);
            same_bytes(&expected, &continued.bytes());
        }
    }
}
