//! The definitions of the lake's tables for each engine, from the columns registry.
//!
//! Athena and Trino find a night's files by projection on `dt`, so that no partitions have to be added.
//! DuckDB reads the same files through views of the same names, which have every column of the registry
//! also where an older file has it not, and instants without a zone, as the others see them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::parameter::quoted;
use super::views::views;
use crate::table::{ColumnInfo, Kind, SCHEMA_VERSION, TABLES, TableInfo};

/// A table or view, and the statement that makes it.
#[derive(Debug, Clone)]
struct Relation {
    name: String,
    /// Without a semicolon.
    statement: String,
}

impl Relation {
    fn new(name: &str, statement: String) -> Self {
        Self { name: name.to_owned(), statement }
    }
}

/// The first day that projection looks at, where nothing else is said: before any lake.
pub const FIRST_DAY: &str = "2026-01-01";

/// The format of `dt`, for projection.
const DAY_FORMAT: &str = "yyyy-MM-dd";

/// The first statements for DuckDB. No extension is fetched: what the questions need is built in.
const SETTINGS: &str = "\
SET autoinstall_known_extensions = false;
SET enable_progress_bar = false;
";

/// What Athena has and DuckDB has not, or has otherwise, with Athena's meaning.
const MACROS: &str = "\
CREATE OR REPLACE MACRO array_join(texts, separator) AS
    CASE WHEN texts IS NOT NULL THEN coalesce(array_to_string(texts, separator), '') END,
(texts, separator, instead) AS
    CASE WHEN texts IS NOT NULL
    THEN coalesce(array_to_string([coalesce(text, instead) FOR text IN texts], separator), '') END;
CREATE OR REPLACE MACRO cardinality(items) AS len(items);
CREATE OR REPLACE MACRO sequence(start, stop, step) AS generate_series(start, stop, step);
CREATE OR REPLACE MACRO to_utf8(text) AS encode(text);
CREATE OR REPLACE MACRO json_extract_scalar(document, path) AS
    CASE WHEN json_valid(document) AND json_type(document, path) NOT IN ('OBJECT', 'ARRAY')
    THEN json_extract_string(document, path) END;
CREATE OR REPLACE MACRO json_array_contains(list, value) AS json_contains(list, to_json(value));
";

/// The organization's trail, as far as a question reads it: an empty one, where no trail is at hand.
const TRAIL_NAME: &str = "cloudtrail_logs";
const TRAIL: &[(&str, bool)] = &[
    ("eventtime", false),
    ("eventsource", false),
    ("eventname", false),
    ("awsregion", false),
    ("sourceipaddress", false),
    ("errorcode", false),
    ("requestparameters", false),
    ("responseelements", false),
    ("eventid", false),
    ("recipientaccountid", false),
    ("useridentity", true),
];

/// Names of files of committed or crashed runs; anything else that lies there is passed over.
const PARTS: &str = "????????T??????Z-????????-?????.parquet";

/// Whether a key is that of a part of a table, by its form: the others are passed over.
pub fn is_part(key: &str) -> bool {
    let Some((folder, name)) = key.rsplit_once('/') else { return false };
    let fits = |(letter, asked): (char, char)| asked == '?' || letter == asked;
    let is_day = folder.rsplit('/').next().is_some_and(|day| day.starts_with("dt="));
    is_day && name.chars().count() == PARTS.len() && name.chars().zip(PARTS.chars()).all(fits)
}

/// The tables as JSON, for programs:
/// `{"schema_version", "tables": [{"name", "doc", "columns": [{"name", "type", "doc"}]}]}`.
/// The types are the words of Athena's DDL.
pub fn json() -> String {
    let tables: Vec<Value> = TABLES.iter().map(json_table).collect();
    format!("{:#}\n", json!({ "schema_version": SCHEMA_VERSION, "tables": tables }))
}

fn json_table(table: &TableInfo) -> Value {
    let column =
        |column: &ColumnInfo| json!({ "name": column.name, "type": column.kind.word(), "doc": column.doc });
    let columns: Vec<Value> = table.columns().iter().map(column).collect();
    json!({ "name": table.name, "doc": table.doc, "columns": columns })
}

/// DuckDB's statement that says where the lake is.
pub fn set_lake(lake: &str) -> String {
    format!("SET VARIABLE lake = {};\n", quoted(&glob_free(lake)))
}

/// The tables for Athena and Glue. Where no lake is given, `${lake}` stands for its URI.
pub fn athena(lake: Option<&str>) -> String {
    let head = format!(
        "-- The lake's tables for Athena: generated from the columns registry by `atrest schema`.\n{}\
         -- Run the statements one by one, the views after the tables.\n",
        to_replace(lake, ", s3://bucket/prefix")
    );
    let lake = in_quotes(lake);
    let tables = TABLES.iter().map(|table| athena_table(table, &lake) + ";\n");
    std::iter::once(head).chain(tables).collect::<Vec<_>>().join("\n")
}

fn athena_table(table: &TableInfo, lake: &str) -> String {
    let name = table.name;
    let properties = projection(name, lake, FIRST_DAY, "${dt}");
    let properties: Vec<String> =
        properties.iter().map(|(property, value)| format!("    '{property}' = '{value}'")).collect();
    format!(
        "CREATE EXTERNAL TABLE IF NOT EXISTS {name} (\n{}\n)\nPARTITIONED BY (`dt` string)\nSTORED AS PARQUET\n\
         LOCATION '{lake}/{name}/'\nTBLPROPERTIES (\n{}\n)",
        listed(table, |name, kind| format!("`{name}` {}", kind.word())),
        properties.join(",\n")
    )
}

/// What stands for the lake's URI within a text's quotes.
fn in_quotes(lake: Option<&str>) -> String {
    lake.map_or_else(|| "${lake}".to_owned(), |lake| lake.replace('\'', "''"))
}

/// What is left to do where no lake is given.
fn to_replace(lake: Option<&str>, example: &str) -> String {
    match lake {
        Some(_) => String::new(),
        None => format!("-- Replace ${{lake}} by the lake's URI{example}, or print them with --lake.\n"),
    }
}

/// How Athena finds a table's days without a catalog of them: properties of the table. The lake's URI and
/// the day stand as whoever writes them down has to spell them.
pub fn projection(table: &str, lake: &str, first_day: &str, dt: &str) -> [(&'static str, String); 7] {
    [
        ("projection.enabled", "true".to_owned()),
        ("projection.dt.type", "date".to_owned()),
        ("projection.dt.format", DAY_FORMAT.to_owned()),
        ("projection.dt.interval", "1".to_owned()),
        ("projection.dt.interval.unit", "DAYS".to_owned()),
        ("projection.dt.range", format!("{first_day},NOW")),
        ("storage.location.template", format!("{lake}/{table}/dt={dt}/")),
    ]
}

/// The tables for Trino's Hive connector, whose words for the same things are others.
pub fn trino(lake: Option<&str>) -> String {
    let head = format!(
        "-- The lake's tables for Trino's Hive connector: generated from the columns registry by `atrest schema`.\n{}\
         -- Run the statements one by one, the views after the tables. The catalog needs\n\
         -- hive.partition-projection-enabled=true.\n",
        to_replace(lake, "")
    );
    let lake = in_quotes(lake);
    let tables = TABLES.iter().map(|table| trino_table(table, &lake) + ";\n");
    let trail = trail("varchar", "row(arn varchar, accountid varchar)") + ";\n";
    std::iter::once(head).chain(tables).chain([trail]).collect::<Vec<_>>().join("\n")
}

fn trino_table(table: &TableInfo, lake: &str) -> String {
    let name = table.name;
    format!(
        "CREATE TABLE IF NOT EXISTS {name} (\n{},\n    dt varchar WITH (\n        \
         partition_projection_type = 'DATE',\n        partition_projection_format = '{DAY_FORMAT}',\n        \
         partition_projection_range = ARRAY['{FIRST_DAY}', 'NOW']\n    )\n)\nWITH (\n    \
         external_location = '{lake}/{name}/',\n    format = 'PARQUET',\n    \
         partitioned_by = ARRAY['dt'],\n    partition_projection_enabled = true,\n    \
         partition_projection_location_template = '{lake}/{name}/dt=${{dt}}/'\n)",
        listed(table, |name, kind| format!("{name} {}", trino_type(kind)))
    )
}

/// The type's name in Trino, and so in Athena's queries; its DDL has [`Kind::word`].
pub const fn trino_type(kind: Kind) -> &'static str {
    match kind {
        Kind::String => "varchar",
        Kind::Bigint => "bigint",
        Kind::Int => "integer",
        Kind::Boolean => "boolean",
        Kind::Timestamp => "timestamp(3)",
        Kind::StringArray => "array(varchar)",
    }
}

/// The views, for every engine.
pub fn views_file() -> String {
    let head = "\
-- The views that the questions stand on, for Athena, Trino and DuckDB: generated by `atrest schema`.
-- Run the statements one by one, in this order, after the tables.
";
    let views = views().into_iter().map(|view| view.statement() + ";\n");
    std::iter::once(head.to_owned()).chain(views).collect::<Vec<_>>().join("\n")
}

/// What DuckDB reads before views.sql: settings, functions, tables.
pub fn duckdb_file() -> String {
    let head = "\
-- The lake's tables for DuckDB: generated from the columns registry by `atrest schema`.
-- `atrest query` does all of this. By hand: SET VARIABLE lake = 'path/to/lake'; then .read this file and views.sql.
";
    let mut texts = vec![head.to_owned(), SETTINGS.to_owned(), MACROS.to_owned()];
    texts.extend(duckdb_tables(|_| true).into_iter().map(|table| table.statement + ";\n"));
    texts.join("\n")
}

/// The script that readies DuckDB for a statement: only what it names, for a view's making reads the foot
/// of every file under it. `has_files` says of a table whether the lake has any; one that has none is empty.
pub fn prelude(lake: &str, sql: &str, has_files: impl Fn(&str) -> bool) -> String {
    let mut script = format!("{SETTINGS}{MACROS}{}", set_lake(lake));
    for relation in needed(relations(has_files), sql) {
        script.push_str(&relation.statement);
        script.push_str(";\n");
    }
    script
}

/// The lake's tables that a statement reads, by their names.
pub fn tables(sql: &str) -> BTreeSet<&'static str> {
    let named = named(sql);
    TABLES.iter().map(|table| table.name).filter(|name| named.contains(*name)).collect()
}

/// The lake's tables of which a statement may read more than the newest census: those that it names itself,
/// and those that one of its other views stands on. Of the rest it sees what `…_latest` shows.
///
/// A shipped question names its tables after FROM and JOIN; of any other statement each word may be a table.
pub fn tables_of_all_runs(sql: &str, is_shipped: bool) -> BTreeSet<&'static str> {
    let relations = needed(relations(|_| true), sql);
    let mut read = if is_shipped { sources(sql).collect() } else { code_words(sql) };
    // Where it names nothing that is known, everything is made for it.
    let names_nothing = !relations.iter().any(|relation| read.contains(&relation.name));
    let all = relations.iter().filter(|relation| !relation.name.ends_with("_latest"));
    read.extend(all.flat_map(|relation| sources(&relation.statement)));
    TABLES.iter().map(|table| table.name).filter(|name| names_nothing || read.contains(*name)).collect()
}

/// Whether a statement reads views that have rows of censuses alone.
pub fn reads_censuses(sql: &str) -> bool {
    let of_censuses =
        |name: &String| name == "censuses" || name.ends_with("_latest") || name.ends_with("_last_known");
    named(sql).iter().any(of_censuses)
}

/// Whether a statement reads the organization's trail, which is in no lake.
pub fn reads_trail(sql: &str) -> bool {
    sql.to_lowercase().contains(TRAIL_NAME)
}

/// The names of the relations that a statement needs.
fn named(sql: &str) -> BTreeSet<String> {
    needed(relations(|_| true), sql).into_iter().map(|relation| relation.name).collect()
}

/// All tables and views, in an order in which each finds what it stands on.
fn relations(has_files: impl Fn(&str) -> bool) -> Vec<Relation> {
    let views = views().into_iter().map(|view| Relation::new(&view.name, view.statement()));
    duckdb_tables(has_files).into_iter().chain(views).collect()
}

/// The relations that a statement names, and those that they name; all, where it names none.
fn needed(relations: Vec<Relation>, sql: &str) -> Vec<Relation> {
    let mut named = code_words(sql);
    let mut kept = Vec::new();
    for relation in relations.iter().rev() {
        if named.contains(&relation.name) {
            named.extend(sources(&relation.statement));
            kept.push(relation.clone());
        }
    }
    kept.reverse();
    if kept.is_empty() { relations } else { kept }
}

/// The words of a statement without its comments, in lower case.
fn code_words(sql: &str) -> BTreeSet<String> {
    let code = sql.to_lowercase();
    let code = code.lines().filter(|line| !line.starts_with("--"));
    code.flat_map(words).map(str::to_owned).collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_')
}

/// What follows FROM and JOIN: a column may have a table's name.
fn sources(statement: &str) -> impl Iterator<Item = String> {
    let follows = words(statement).zip(words(statement).skip(1));
    follows.filter(|(word, _)| matches!(*word, "FROM" | "JOIN")).map(|(_, name)| name.to_owned())
}

fn duckdb_tables(has_files: impl Fn(&str) -> bool) -> Vec<Relation> {
    let mut tables: Vec<Relation> =
        TABLES.iter().map(|table| duckdb_table(table, has_files(table.name))).collect();
    tables.push(Relation::new(TRAIL_NAME, trail("VARCHAR", "STRUCT(arn VARCHAR, accountid VARCHAR)")));
    tables
}

fn duckdb_table(table: &TableInfo, has_files: bool) -> Relation {
    let name = table.name;
    // An instant comes with the zone UTC and goes without, by way of its milliseconds: no zone database.
    let columns = listed(table, |name, kind| match kind {
        Kind::Timestamp => format!("epoch_ms(epoch_ms({name})) AS {name}"),
        _ => format!("CAST({name} AS {}) AS {name}", duckdb_type(kind)),
    });
    let typed = listed(table, |name, kind| format!("    CAST(NULL AS {}) AS {name}", duckdb_type(kind)));
    let files = format!(
        "    UNION ALL BY NAME\n    SELECT * FROM read_parquet(\n        \
         getvariable('lake') || '/{name}/dt=*/{PARTS}',\n        \
         hive_partitioning = true, hive_types = {{'dt': VARCHAR}}, union_by_name = true\n    )\n"
    );
    let statement = format!(
        "CREATE OR REPLACE VIEW {name} AS\nSELECT\n{columns},\n    dt\nFROM (\n    SELECT\n{typed},\n        \
         CAST(NULL AS VARCHAR) AS dt\n    WHERE FALSE\n{})",
        if has_files { files.as_str() } else { "" }
    );
    Relation::new(name, statement)
}

const fn duckdb_type(kind: Kind) -> &'static str {
    match kind {
        Kind::String => "VARCHAR",
        Kind::Bigint => "BIGINT",
        Kind::Int => "INTEGER",
        Kind::Boolean => "BOOLEAN",
        Kind::Timestamp => "TIMESTAMP WITH TIME ZONE",
        Kind::StringArray => "VARCHAR[]",
    }
}

fn trail(text: &str, identity: &str) -> String {
    let column = |(name, is_identity): &(&str, bool)| {
        let kind = if *is_identity { identity } else { text };
        format!("    CAST(NULL AS {kind}) AS {name}")
    };
    let columns = TRAIL.iter().map(column).collect::<Vec<_>>().join(",\n");
    format!("CREATE OR REPLACE VIEW cloudtrail_logs AS\nSELECT\n{columns}\nWHERE FALSE")
}

fn listed(table: &TableInfo, line: impl Fn(&str, Kind) -> String) -> String {
    let columns = table.columns();
    columns
        .iter()
        .map(|column| format!("    {}", line(column.name, column.kind)))
        .collect::<Vec<_>>()
        .join(",\n")
}

/// A path of which no letter means anything to DuckDB's search for files.
fn glob_free(path: &str) -> String {
    let letter = |letter: char| match letter {
        '*' | '?' | '[' => format!("[{letter}]"),
        _ => letter.to_string(),
    };
    path.chars().map(letter).collect()
}
