//! The questions about more than one night, one key or one trail, each over a lake in which a plausible answer
//! would be wrong: what is apart stays apart, and what could not be seen is said.

use std::sync::Arc;

use atrest::clock::DAY_MS;
use atrest::model::RunId;
use atrest::sink::MemoryStore;
use serde_json::Value;

use crate::support::night::{Morning, NOW, Night, Rules, only_accounts, rejudge};
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

    /// A question's rows.
    #[track_caller]
    fn ask(&self, venv: &Venv, line: &str) -> Vec<Value> {
        asked(self.store.objects(), venv, line)
    }
}

/// A question's rows on a lake.
#[track_caller]
fn asked(objects: impl IntoIterator<Item = (String, Vec<u8>)>, venv: &Venv, line: &str) -> Vec<Value> {
    let shell = Shell::holding(objects).with("ATREST_DUCKDB", &venv.duckdb().to_string_lossy());
    let answer = shell.atrest(&format!("query --lake lake --format json {line}")).succeeded();
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

    let rows = nights.ask(&venv, "standards_in_effect");
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
