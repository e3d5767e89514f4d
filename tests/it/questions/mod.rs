//! The questions, each over lakes in which a plausible answer would be wrong: what could not be seen is listed and
//! marked, what is apart stays apart, and an empty answer is one that was looked for.

mod evidence;
mod key_radius;
mod keys;
mod over_time;
mod population;
mod trail;
mod unseen;
mod verdicts;

use std::collections::BTreeMap;
use std::sync::Arc;

use atrest::clock::DAY_MS;
use atrest::lake::MemoryStore;
use atrest::model::AccountId;
use atrest::sim::{Effect, Rule, Schedule, World};
use serde_json::Value;

use crate::support::night::{Morning, NOW, Night, region};
use crate::support::python::Venv;
use crate::support::shell::Shell;
use crate::support::worlds::Healthy;

/// The key id of a family of multi-Region keys.
const REPLICA: &str = "mrk-0000000000000000000000000000000a";

/// A lake, to be asked.
struct Lake(Shell);

impl Lake {
    fn holding(store: &MemoryStore, venv: &Venv) -> Self {
        Self(Shell::holding(store.objects()).asking(venv))
    }

    /// The lake of one night.
    fn of(night: Night, venv: &Venv) -> Self {
        let mut nights = Nights::new();
        nights.then(night);
        nights.lake(venv)
    }

    /// The rows of a question, by its name and parameters.
    #[track_caller]
    fn ask(&self, line: &str) -> Vec<Value> {
        let answer = self.0.atrest(&format!("query --lake lake --format json {line}")).succeeded().json();
        answer.as_array().unwrap().clone()
    }

    /// The same of a lake whose files are not as they were committed.
    #[track_caller]
    fn ask_unheld(&self, line: &str) -> Vec<Value> {
        self.ask(&format!("--no-verify {line}"))
    }

    #[track_caller]
    fn sql(&self, sql: &str) -> Vec<Value> {
        let answer = self.0.run(["query", "--lake", "lake", "--format", "json", "--sql", sql]).succeeded();
        answer.json().as_array().unwrap().clone()
    }
}

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

    /// The lake, in a folder.
    fn lake(&self, venv: &Venv) -> Lake {
        Lake::holding(&self.store, venv)
    }
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

fn night(venv: &Venv, world: &World, rules: impl IntoIterator<Item = Rule>) -> Lake {
    Lake::of(Night::over(world.clone()).with(Schedule::of(rules)), venv)
}

fn denied(operation: &str) -> Rule {
    Rule::always(Effect::AccessDenied).on(operation)
}

/// A column's text; empty for NULL.
fn text<'a>(row: &'a Value, column: &str) -> &'a str {
    assert!(row.get(column).is_some(), "no {column} in {row}");
    row[column].as_str().unwrap_or_default()
}

/// The rows that have that text.
fn with<'a>(rows: &'a [Value], column: &str, wanted: &str) -> Vec<&'a Value> {
    rows.iter().filter(|row| text(row, column) == wanted).collect()
}

/// What a question says of the one row that has that text, such as `unknown: the key was not read/denied`.
#[track_caller]
fn said(rows: &[Value], column: &str, wanted: &str) -> String {
    let found = with(rows, column, wanted);
    assert_eq!(found.len(), 1, "{column} = {wanted}: {rows:?}");
    format!("{}/{}", text(found[0], "why"), text(found[0], "read"))
}

fn counted(rows: &[Value], column: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(text(row, column).to_owned()).or_default() += 1;
    }
    counts
}

/// The healthy world's key that rotates tomorrow.
fn rotating_key(here: &Healthy) -> String {
    let place = &here.world.accounts[&here.one].regions[&region("eu-west-1")];
    place.keys.values().find(|key| key.rotation.next_at.is_some()).unwrap().id.clone()
}

fn arn(account: AccountId, place: &str, id: &str) -> String {
    format!("arn:aws:kms:{place}:{account}:key/{id}")
}
