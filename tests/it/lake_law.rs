//! A lake whose objects are changed at random: cut, flipped, emptied, repeated, lost, or another object's.
//!
//! The law: who reads such a lake gets an error, or the rows that were published. A log that is not published yet
//! gives an error, or a census in which a verdict stays, becomes `unknown`, or goes with an account that is not
//! complete; and it agrees with itself. Forgeries with a good footer are held to what their header and records say.
//! `ATREST_TRIES=50` tries fifty times as many.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use atrest::lake::{CommittedRun, Fault, Lake, LakeError, MemoryStore};
use atrest::log::{Footer, Record, digest};
use atrest::model::{AccountId, RunId};
use atrest::sim::World;
use atrest::sim::world::Encryption;
use atrest::table::TABLES;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::TestRunner;
use serde_json::Value;

use crate::answers_law::config;
use crate::support::night::{NOW, Night, Row, Rules, in_paused_time, publish, rejudge, rows_of};

type Objects = BTreeMap<String, Vec<u8>>;

/// What is done to an object.
#[derive(Debug, Clone)]
enum Harm {
    Cut(Index),
    Flip(Index, u8),
    Emptied,
    Lost,
    /// Bytes from here on, so many, are there again.
    Again(Index, usize),
    Without(Index, usize),
    Zeroed(Index, usize),
    /// Another object's bytes.
    Others(Index),
    After(&'static str),
    /// Of a JSON file: a member that is another's, by the file's own words.
    Word(Index, &'static str),
}

fn harm() -> impl Strategy<Value = Harm> {
    use Harm::*;
    let words =
        ["null", "0", "-1", "\"x\"", "[]", "{}", "18446744073709551615", "1e300", "true", "\"../../../x\""];
    prop_oneof![
        2 => any::<Index>().prop_map(Cut),
        3 => (any::<Index>(), 0_u8..8).prop_map(|(at, bit)| Flip(at, bit)),
        1 => Just(Emptied),
        1 => Just(Lost),
        1 => (any::<Index>(), 1_usize..400).prop_map(|(at, many)| Again(at, many)),
        1 => (any::<Index>(), 1_usize..400).prop_map(|(at, many)| Without(at, many)),
        1 => (any::<Index>(), 1_usize..400).prop_map(|(at, many)| Zeroed(at, many)),
        2 => any::<Index>().prop_map(Others),
        1 => select(&["\n", " ", "{}", "\0", "PAR1"][..]).prop_map(After),
        3 => (any::<Index>(), select(words.to_vec())).prop_map(|(at, word)| Word(at, word)),
    ]
}

/// The objects with one of them changed; none where the change does not suit it.
fn harmed(objects: &Objects, which: Index, harm: &Harm) -> Option<(String, Objects)> {
    let keys: Vec<&String> = objects.keys().collect();
    let key = (*which.get(&keys)).clone();
    let bytes = &objects[&key];
    let range = |at: &Index, many: usize| {
        let start = at.index(bytes.len().max(1));
        start..(start + many).min(bytes.len())
    };
    let new = match harm {
        Harm::Cut(at) => bytes[..range(at, 0).start].to_vec(),
        Harm::Flip(at, bit) => {
            let mut bytes = bytes.clone();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            bytes
        }
        Harm::Emptied => Vec::new(),
        Harm::Lost => {
            let mut objects = objects.clone();
            objects.remove(&key);
            return Some((key, objects));
        }
        Harm::Again(at, many) => {
            let range = range(at, *many);
            [&bytes[..range.end], &bytes[range.clone()], &bytes[range.end..]].concat()
        }
        Harm::Without(at, many) => {
            let range = range(at, *many);
            [&bytes[..range.start], &bytes[range.end..]].concat()
        }
        Harm::Zeroed(at, many) => {
            let mut bytes = bytes.clone();
            bytes[range(at, *many)].fill(0);
            bytes
        }
        Harm::Others(at) => objects[*at.get(&keys)].clone(),
        Harm::After(text) => [bytes, text.as_bytes()].concat(),
        Harm::Word(at, word) => worded(bytes, *at, word)?,
    };
    let mut objects = objects.clone();
    let is_other = new != *bytes;
    objects.insert(key.clone(), new);
    is_other.then_some((key, objects))
}

/// A JSON file with one of its values in another word.
fn worded(bytes: &[u8], at: Index, word: &str) -> Option<Vec<u8>> {
    let mut value: Value = serde_json::from_slice(bytes).ok()?;
    let mut pointers = Vec::new();
    pointers_of(&value, &mut String::new(), &mut pointers);
    let word = serde_json::from_str(word).ok()?;
    *value.pointer_mut(at.get::<String>(&pointers))? = word;
    Some(value.to_string().into_bytes())
}

fn pointers_of(value: &Value, at: &mut String, found: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(entries) => {
            entries.iter().enumerate().map(|(n, value)| (n.to_string(), value)).collect()
        }
        _ => Vec::new(),
    };
    for (name, child) in children {
        let before = at.len();
        at.push('/');
        at.push_str(&name.replace('~', "~0").replace('/', "~1"));
        found.push(at.clone());
        pointers_of(child, at, found);
        at.truncate(before);
    }
}

fn world() -> World {
    let mut world = World::new(NOW);
    let (one, two) = (world.add_account("one"), world.add_account("two"));
    for account in world.accounts.values_mut() {
        account.joined_at = NOW.plus_millis(-400 * 86_400_000);
        account.regions.retain(|name, _| name.as_str() == "eu-west-1");
    }
    for id in [one, two] {
        let key = world.add_key(id, "eu-west-1");
        key.rotation.enabled = id == one;
        let arn = format!("arn:aws:kms:eu-west-1:{id}:key/{}", key.id);
        world.add_bucket(id, "eu-west-1", &format!("kms-{id}")).encryption =
            Some(Encryption::kms(Some(&arn)).bucket_key(true));
        world.add_bucket(id, "eu-west-1", &format!("plain-{id}"));
    }
    world
}

/// A published night, and what it left.
struct Published {
    objects: Objects,
    run_id: RunId,
    tables: BTreeMap<&'static str, Vec<String>>,
    findings: BTreeMap<String, Row>,
}

impl Published {
    fn new() -> Self {
        let morning = Night::over(world()).run();
        morning.census();
        let (objects, run_id) = (morning.store.objects(), morning.run_id.clone());
        let tables = read_all(&store_of(&objects), &run_id).expect("a good lake is read");
        let findings = findings(&morning.store, &run_id);
        Self { objects, run_id, tables, findings }
    }

    /// The same, killed before its publish wrote anything but what says that it began.
    fn unpublished(&self) -> Objects {
        let is_log = |key: &String| key.starts_with("observations/");
        self.objects.iter().filter(|(key, _)| is_log(key)).map(|(k, v)| (k.clone(), v.clone())).collect()
    }
}

fn store_of(objects: &Objects) -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::new());
    for (key, bytes) in objects {
        store.plant(key, bytes);
    }
    store
}

fn findings(store: &Arc<MemoryStore>, run_id: &RunId) -> BTreeMap<String, Row> {
    let of = |row: Row| (row["finding_uid"].clone().expect("never NULL"), row);
    rows_of(store, "findings", run_id).into_iter().map(of).collect()
}

/// Every row of every table, as a report reads them.
fn read_all(
    store: &Arc<MemoryStore>,
    run_id: &RunId,
) -> Result<BTreeMap<&'static str, Vec<String>>, LakeError> {
    in_paused_time(async {
        let lake = Lake::open(Arc::<MemoryStore>::clone(store)).await?;
        let run = CommittedRun::open(&lake, run_id).await?;
        let mut tables = BTreeMap::new();
        for table in TABLES {
            let columns: Vec<&str> = table.columns().iter().map(|column| column.name).collect();
            let mut rows = Vec::new();
            let row = |row: atrest::lake::Row<'_>| {
                let cells = (0..columns.len()).map(|at| format!("{:?}", row.value(at)));
                rows.push(cells.collect::<Vec<_>>().join("|"));
                Ok::<(), LakeError>(())
            };
            run.each(table, &columns, row).await?;
            tables.insert(table.name, rows);
        }
        Ok(tables)
    })
}

fn text<'a>(row: &'a Row, column: &str) -> &'a str {
    row[column].as_deref().unwrap_or_default()
}

/// What is wrong with the census of a changed log.
fn wrong(clean: &BTreeMap<String, Row>, store: &Arc<MemoryStore>, run_id: &RunId) -> Option<String> {
    let accounts = rows_of(store, "accounts", run_id);
    let is_complete = |id: &str| {
        accounts.iter().any(|row| text(row, "account_id") == id && text(row, "scan_status") == "complete")
    };
    let mut found = findings(store, run_id);
    for (uid, before) in clean {
        let what = format!("{} of {}", text(before, "check_id"), text(before, "resource_arn"));
        let Some(after) = found.remove(uid) else {
            if is_complete(text(before, "account_id")) {
                return Some(format!("{what} is gone, and its account is complete"));
            }
            continue;
        };
        let (before, after) = (text(before, "verdict"), text(&after, "verdict"));
        if before != after && after != "unknown" {
            return Some(format!("{what} went from {before} to {after}"));
        }
    }
    found.values().next().map(|row| format!("a finding came up: {row:?}"))
}

/// Finalizes a log, and says what is wrong with what came of it.
fn finalized(published: &Published, objects: &Objects) -> Option<String> {
    let store = store_of(objects);
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        in_paused_time(async {
            let lake = Lake::open(Arc::<MemoryStore>::clone(&store)).await.map_err(|e| e.to_string())?;
            let census = publish(&lake, &published.run_id, &Rules::default()).await;
            census.map(drop).map_err(|error| error.to_string())
        })
    }));
    match outcome {
        Err(_) => Some("a panic".to_owned()),
        Ok(Err(_)) => None,
        Ok(Ok(())) => wrong(&published.findings, &store, &published.run_id),
    }
}

fn told(failed: &[String], tried: usize) {
    println!("{tried} changed lakes");
    assert!(failed.is_empty(), "{} of {tried} are wrong:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn a_changed_lake_gives_its_rows_or_an_error() {
    let published = Published::new();
    let (mut failed, mut tried) = (Vec::new(), 0);
    let mut runner = TestRunner::new(config(300, 20_261_150));
    let outcome = runner.run(&(any::<Index>(), harm()), |(which, harm)| {
        let Some((key, objects)) = harmed(&published.objects, which, &harm) else { return Ok(()) };
        let store = store_of(&objects);
        let read = catch_unwind(AssertUnwindSafe(|| read_all(&store, &published.run_id)));
        let wrong = match read {
            Err(_) => Some("a panic".to_owned()),
            Ok(Ok(tables)) if tables != published.tables => Some("other rows".to_owned()),
            Ok(_) => None,
        };
        prop_assert!(wrong.is_none(), "{key} {harm:?}: {wrong:?}");
        Ok(())
    });
    tried += 300;
    failed.extend(outcome.err().map(|error| error.to_string()));
    told(&failed, tried);
}

#[test]
fn a_changed_lake_is_judged_again_alike_or_not_at_all() {
    let published = Published::new();
    let again = RunId::new(NOW, 2);
    let mut runner = TestRunner::new(config(100, 20_261_151));
    let is_read = |key: &str| ["observations/", "manifests/", "runs/"].iter().any(|it| key.starts_with(it));
    let part: Objects = published
        .objects
        .iter()
        .filter(|(key, _)| is_read(key))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    let outcome = runner.run(&(any::<Index>(), harm()), |(which, harm)| {
        let Some((key, objects)) = harmed(&part, which, &harm) else { return Ok(()) };
        let store = store_of(&objects);
        let census =
            catch_unwind(AssertUnwindSafe(|| rejudge(&store, &published.run_id, &again, &Rules::default())));
        let Ok(census) = census else { panic!("{key} {harm:?}: a panic") };
        if census.is_ok() {
            let verdicts = |store: &Arc<MemoryStore>, run_id: &RunId| -> BTreeMap<String, String> {
                let of = |(uid, row): (String, Row)| (uid, text(&row, "verdict").to_owned());
                findings(store, run_id).into_iter().map(of).collect()
            };
            let before: BTreeMap<String, String> = published
                .findings
                .iter()
                .map(|(uid, row)| (uid.clone(), text(row, "verdict").to_owned()))
                .collect();
            prop_assert_eq!(verdicts(&store, &again), before, "{} {:?}", key, harm);
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[test]
fn a_changed_log_loses_only() {
    let published = Published::new();
    let log = published.unpublished();
    let mut runner = TestRunner::new(config(100, 20_261_152));
    let outcome = runner.run(&(any::<Index>(), harm()), |(which, harm)| {
        let Some((key, objects)) = harmed(&log, which, &harm) else { return Ok(()) };
        let wrong = finalized(&published, &objects);
        prop_assert!(wrong.is_none(), "{key} {harm:?}: {wrong:?}");
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// What a forger does to a segment, before it gets a good footer.
#[derive(Debug, Clone)]
enum Forgery {
    /// A member of the header that is another run's, account's or organization's.
    Header(&'static str, &'static str),
    /// A record is there again, here.
    Again(Index, Index),
    /// Records change places.
    Swapped(Index, Index),
    /// A record of the other account's.
    Others(Index, Index),
    /// The whole segment is the other account's.
    Whole,
    /// A value of a record is another word.
    Word(Index, Index, &'static str),
}

const HEADERS: [(&str, &str); 14] = [
    ("/log_version", "2"),
    ("/log_version", "0"),
    ("/run_id", "\"20261120T030000Z-00000001\""),
    ("/kind", "\"filtered\""),
    ("/source", "\"aws\""),
    ("/settings_sha256", "\"0\""),
    ("/settings/role_name", "\"other\""),
    ("/settings/filter/regions", "[\"eu-west-1\"]"),
    ("/organization/org_id", "\"o-other00000\""),
    ("/organization/management_account_id", "\"999900001111\""),
    ("/scan/account_id", "\"999900001111\""),
    ("/started_at", "\"2026-11-20T03:00:00.000Z\""),
    ("/scan/regions_from", "\"filter\""),
    ("/scan/access_path", "\"caller\""),
];

fn forgery() -> impl Strategy<Value = Forgery> {
    use Forgery::*;
    let words = ["null", "0", "-1", "\"x\"", "[]", "{}", "18446744073709551615", "true", "\"0\""];
    let pair = || (any::<Index>(), any::<Index>());
    prop_oneof![
        3 => select(&HEADERS[..]).prop_map(|(at, value)| Header(at, value)),
        2 => pair().prop_map(|(from, to)| Again(from, to)),
        2 => pair().prop_map(|(from, to)| Swapped(from, to)),
        2 => pair().prop_map(|(from, to)| Others(from, to)),
        1 => Just(Whole),
        4 => (any::<Index>(), any::<Index>(), select(words.to_vec())).prop_map(|(of, at, word)| Word(of, at, word)),
    ]
}

fn lines_of(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8(zstd_decoded(bytes)).expect("JSON lines");
    text.lines().map(str::to_owned).collect()
}

fn zstd_decoded(bytes: &[u8]) -> Vec<u8> {
    zstd::decode_all(bytes).expect("a good segment")
}

/// Lines without their footer as a segment with a good one.
fn sealed(lines: &[String]) -> Vec<u8> {
    let mut records: BTreeMap<String, u64> = BTreeMap::new();
    for line in lines {
        let value: Value = serde_json::from_str(line).expect("a record");
        *records.entry(value["record"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
    }
    let text = [lines.join("\n").as_str(), "\n"].concat();
    let footer = Record::Footer(Footer { records, sha256: digest(text.as_bytes()) });
    let text = format!("{text}{}\n", serde_json::to_string(&footer).expect("a footer"));
    zstd::encode_all(text.as_bytes(), 3).expect("in memory")
}

/// A line with the value at a pointer in another word; the record's name stays first.
fn reworded(line: &str, pointer: &str, word: &str) -> Option<String> {
    let mut value: Value = serde_json::from_str(line).ok()?;
    *value.pointer_mut(pointer)? = serde_json::from_str(word).ok()?;
    let name = value.as_object_mut()?.remove("record")?;
    let rest = value.to_string();
    Some(format!("{{\"record\":{name},{}", rest.strip_prefix('{')?))
}

/// The forged lines, and whether the verdicts may be others: a value of a record may be another good value.
fn forged(lines: &[String], others: &[String], forgery: &Forgery) -> Option<(Vec<String>, bool)> {
    let mut lines = lines.to_vec();
    let last = lines.len();
    match forgery {
        Forgery::Header(pointer, word) => lines[0] = reworded(&lines[0], pointer, word)?,
        Forgery::Again(from, to) => {
            let again = lines[from.index(last)].clone();
            lines.insert(1 + to.index(last), again);
        }
        Forgery::Swapped(from, to) => lines.swap(from.index(last), to.index(last)),
        Forgery::Others(from, to) => {
            lines.insert(1 + to.index(last), others[from.index(others.len())].clone());
        }
        Forgery::Whole => lines = others.to_vec(),
        Forgery::Word(of, at, word) => {
            let of = of.index(last);
            let value: Value = serde_json::from_str(&lines[of]).ok()?;
            let mut pointers = Vec::new();
            pointers_of(&value, &mut String::new(), &mut pointers);
            lines[of] = reworded(&lines[of], at.get::<String>(&pointers), word)?;
            return Some((lines, true));
        }
    }
    Some((lines, false))
}

#[test]
fn a_forged_segment_with_a_good_footer_is_held_to_what_it_says() {
    let published = Published::new();
    let log = published.unpublished();
    let accounts: Vec<&String> = log.keys().filter(|key| is_of_account(key)).collect();
    let mut runner = TestRunner::new(config(200, 20_261_153));
    let outcome = runner.run(&(0..2_usize, forgery()), |(of, forgery)| {
        let (key, other) = (accounts[1 + of], accounts[2 - of]);
        let without_footer = |key: &String| {
            let mut lines = lines_of(&log[key]);
            lines.pop();
            lines
        };
        let Some((lines, may_differ)) = forged(&without_footer(key), &without_footer(other), &forgery) else {
            return Ok(());
        };
        let mut objects = log.clone();
        objects.insert(key.clone(), sealed(&lines));
        let wrong = finalized(&published, &objects);
        let is_wrong = match may_differ {
            true => wrong.as_deref() == Some("a panic"),
            false => wrong.is_some(),
        };
        prop_assert!(!is_wrong, "{key} {forgery:?}: {wrong:?}");
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

fn is_of_account(key: &str) -> bool {
    let name = key.rsplit('/').next().and_then(|name| name.split('.').next());
    name.is_some_and(|name| name.parse::<AccountId>().is_ok())
}

#[test]
fn a_publish_that_was_begun_and_whose_papers_were_changed_loses_only() {
    // Killed after its tables began to be written: what says that it began is there.
    let whole = Published::new();
    let begun = {
        let store = Arc::new(MemoryStore::new());
        let mut night = Night::over(world());
        night = night.on(&store);
        let all = Night::over(world()).run();
        let first_table = all.store.writes().iter().position(|key| key.starts_with("accounts/"));
        store.break_at(first_table.expect("it is published"), Fault::Before);
        night.run();
        store.heal();
        store.objects()
    };
    let papers: Vec<&String> = begun.keys().filter(|key| key.ends_with("publication.json")).collect();
    assert_eq!(papers.len(), 1, "{:?}", begun.keys());
    let mut runner = TestRunner::new(config(100, 20_261_154));
    let outcome = runner.run(&(any::<Index>(), any::<bool>(), harm()), |(which, of_papers, harm)| {
        let one: Objects = [(papers[0].clone(), begun[papers[0]].clone())].into();
        let part = if of_papers { &one } else { &begun };
        let Some((key, changed)) = harmed(part, which, &harm) else { return Ok(()) };
        let mut objects = begun.clone();
        match changed.get(&key) {
            Some(bytes) => drop(objects.insert(key.clone(), bytes.clone())),
            None => drop(objects.remove(&key)),
        }
        let wrong = finalized(&whole, &objects);
        prop_assert!(wrong.is_none(), "{key} {harm:?}: {wrong:?}");
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
