//! What the comparison of engines is made of (tests/athena/run): lakes that were written as `atrest` writes
//! them, every statement with its parameters filled in and beside it, and the columns of every table. Left where
//! `ATREST_ATHENA` says; the test itself holds that every question can be filled for every lake, and that the
//! nights are what they should be.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use atrest::clock::{DAY_MS, Timestamp};
use atrest::lake::MemoryStore;
use atrest::model::RunKind;
use atrest::query::{self, Need, Parameter, QUERIES, schema};
use atrest::sim::World;
use atrest::sim::world::Encryption;
use atrest::table::{TABLES, TableInfo};
use bytes::Bytes;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};

use crate::support::night::{NOW, Night, Row, Rules, only_accounts, rejudge, rows_of, rows_of_file};
use crate::support::shell::{Shell, files};
use crate::support::worlds::healthy;

/// Nights of the lake that has many; a plain `cargo test` makes the first few.
const NIGHTS: i64 = 30;
const FEW: i64 = 3;
/// Nights that are not a plain census, counted from 0.
const FILTERED: i64 = 10;
const REJUDGED: i64 = 12;
/// Its row in `runs` is taken away: nobody may read the rest.
const UNCOMMITTED: i64 = 15;
/// Nights before this one were written by an older version, which did not have [`YOUNGER`] columns.
const TODAYS: i64 = 2;
/// Columns of every kind that an older version could have been without: each may be NULL.
const YOUNGER: &[(&str, &[&str])] = &[
    ("accounts", &["ou_names", "joined_at", "calls"]),
    ("buckets", &["tls_only", "sse_c_blocked", "blocked_encryption_types"]),
    ("keys", &["material_expires_at", "on_demand_rotations", "default_key_of_accounts"]),
    ("findings", &["related_arn", "exception_expires_at"]),
    ("coverage", &["denied_by", "accepted_gap"]),
];

fn night_at(number: i64) -> Timestamp {
    NOW.plus_millis((number - NIGHTS + 1) * DAY_MS)
}

/// What the world is that night: buckets are mended, fall back and come.
fn world_of(number: i64) -> World {
    let here = healthy();
    let mut world = here.world;
    for at in 0..=number {
        let bucket = world.add_bucket(here.two, "us-east-1", &format!("night-{at}"));
        if (number - at) % 4 == 0 {
            bucket.encryption = Some(Encryption::blocked_only(&["SSE-C"]));
        }
    }
    world
}

/// A lake of several nights, in memory.
fn nights(count: i64) -> Arc<MemoryStore> {
    let store = Arc::new(MemoryStore::new());
    for number in 0..count {
        let mut night = Night::over(world_of(number)).on(&store).at(night_at(number));
        if number == FILTERED {
            night = night.filtered(only_accounts([healthy().one]));
        }
        let morning = night.run();
        let kind = morning.census().run.kind;
        assert_eq!(kind == RunKind::Filtered, number == FILTERED);
        if number == REJUDGED {
            let run_id = format!("{}-00000002", night_at(number).compact()).parse().unwrap();
            let later = Rules { as_of: Some(night_at(number).plus_millis(40 * DAY_MS)), ..Rules::default() };
            rejudge(&store, &morning.run_id, &run_id, &later).unwrap();
        }
    }
    store
}

/// A Parquet file's rows without some of its columns, as a version that had them not would write it.
fn without(bytes: Vec<u8>, columns: &[&str]) -> Vec<u8> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).unwrap();
    let names: Vec<_> = reader.schema().fields().iter().map(|field| field.name().clone()).collect();
    let missing: Vec<_> = columns.iter().filter(|column| !names.iter().any(|it| it == *column)).collect();
    assert!(missing.is_empty(), "{missing:?} is no column that the file has");
    let kept: Vec<usize> = (0..names.len()).filter(|at| !columns.contains(&names[*at].as_str())).collect();
    let schema = Arc::new(reader.schema().project(&kept).unwrap());
    let mut writer = ArrowWriter::try_new(Vec::new(), schema, None).unwrap();
    for batch in reader.build().unwrap() {
        writer.write(&batch.unwrap().project(&kept).unwrap()).unwrap();
    }
    writer.into_inner().unwrap()
}

/// Writes a lake's tables into a folder, but for the row that would commit one of its nights.
fn leave(store: &MemoryStore, folder: &Path) {
    let lost = format!("runs/dt={}/", night_at(UNCOMMITTED).date());
    let older: Vec<String> = (0..TODAYS).map(|number| format!("/dt={}/", night_at(number).date())).collect();
    for (key, bytes) in store.objects() {
        if key.ends_with(".parquet") && !key.starts_with(&lost) {
            let is_older = older.iter().any(|day| key.contains(day));
            let younger = YOUNGER.iter().find(|(table, _)| is_older && key.starts_with(&format!("{table}/")));
            write(folder.join(&key), &younger.map_or(bytes.clone(), |(_, columns)| without(bytes, columns)));
        }
    }
}

/// A value for each parameter that has no default.
fn required(name: &str, keys: &[Row]) -> String {
    match name {
        "from" | "since" => "2026-10-01".to_owned(),
        "to" => "2026-11-22".to_owned(),
        "key_arn" => {
            let uses =
                |row: &&Row| row["default_key_of_buckets"].as_deref().and_then(|it| it.parse::<u64>().ok());
            keys.iter().max_by_key(uses).and_then(|row| row["key_arn"].clone()).unwrap()
        }
        other => panic!("no value for {other}"),
    }
}

/// A question as it is asked: its statement, and its parameters as literals in the order of their places.
struct Asked {
    statement: String,
    literals: Vec<String>,
}

fn asked(query: &query::Query, parameters: &[Parameter], given: &BTreeMap<String, String>) -> Asked {
    let fill = |text: &str| {
        query::fill(text, parameters, given).unwrap_or_else(|error| panic!("{}: {error}", query.name))
    };
    let places = query::positional(query.text).1;
    let literals = places.iter().map(|name| fill(&format!("${{{name}}}"))).collect();
    Asked { statement: fill(query.text), literals }
}

/// Every question as it is asked of a lake: with its defaults, and with its examples where it has other ones.
fn questions(keys: &[Row]) -> BTreeMap<String, Asked> {
    let mut statements = BTreeMap::new();
    for query in QUERIES {
        let parameters = query.header().parameters;
        let needed = parameters.iter().filter(|it| it.need == Need::Required);
        let needed: BTreeMap<_, _> = needed.map(|it| (it.name.clone(), required(&it.name, keys))).collect();
        statements.insert(query.name.to_owned(), asked(query, &parameters, &needed));
        let optional = parameters.iter().filter(|it| it.need != Need::Required);
        let examples = optional.filter_map(|it| it.example.clone().map(|example| (it.name.clone(), example)));
        let examples: BTreeMap<_, _> = examples.chain(needed.clone()).collect();
        if examples != needed {
            statements.insert(format!("{}-example", query.name), asked(query, &parameters, &examples));
        }
    }
    statements
}

/// The tables' columns in order, with their types in Athena's words.
fn columns() -> String {
    let columns = |table: &TableInfo| {
        let columns = table.columns().into_iter().map(|it| json!([it.name, it.kind.word()]));
        columns.collect::<Value>()
    };
    TABLES.iter().map(|table| (table.name, columns(table))).collect::<Value>().to_string()
}

fn write(path: PathBuf, content: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
}

#[test]
fn lakes_and_statements_for_the_other_engine() {
    let asked = std::env::var_os("ATREST_ATHENA").map(PathBuf::from);
    let shell = Shell::new();
    let out = asked.clone().unwrap_or_else(|| shell.path("athena"));

    shell.atrest("demo --nights 1 --out demo").succeeded();
    let demo = out.join("lakes/demo");
    for (name, path) in
        files(&shell.path("demo/lake")).into_iter().filter(|(name, _)| name.ends_with(".parquet"))
    {
        write(demo.join(name), &std::fs::read(path).unwrap());
    }
    let demo_keys = files(&demo.join("keys"))
        .into_iter()
        .flat_map(|(_, path)| rows_of_file(std::fs::read(path).unwrap()));
    let count = if asked.is_some() { NIGHTS } else { FEW };
    let store = nights(count);
    leave(&store, &out.join("lakes/nights"));
    let last = format!("{}-00000001", night_at(count - 1).compact()).parse().unwrap();
    let keys = rows_of(&store, "keys", &last);

    for (lake, keys) in [("demo", demo_keys.collect::<Vec<_>>()), ("nights", keys)] {
        for (name, asked) in questions(&keys) {
            assert!(!asked.statement.contains("${"), "{name}");
            write(out.join(format!("sql/{lake}/{name}.sql")), asked.statement.as_bytes());
            write(out.join(format!("sql/{lake}/{name}.json")), json!(asked.literals).to_string().as_bytes());
        }
    }
    let texts = [
        ("trino.sql", schema::trino(None)),
        ("duckdb.sql", schema::duckdb_file()),
        ("views.sql", schema::views_file()),
        ("columns.json", columns()),
    ];
    for (name, text) in texts {
        write(out.join(name), text.as_bytes());
    }
}
