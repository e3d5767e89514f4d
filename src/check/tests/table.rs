//! Truth tables: every value of every column is judged, and rows that end alike are drawn together.
//!
//! Beside the text for the snapshot, a table holds its check to what no reader would count by hand:
//! every reason that the check lists is reached, none is reached that it does not list, and a fault
//! only loses information: whatever input goes from read to not read, the verdict stays or becomes
//! `unknown`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::check::{Check, Outcome};
use crate::model::Verdict;

/// What a table is made of.
pub trait Made: Clone {
    /// Whether it can be at all; other rows are left out.
    fn can_be(&self) -> bool {
        true
    }
    /// What the check says of it.
    fn judge(&self, check: &Check) -> Outcome;
    /// The same with one input less, and what it is.
    fn faults(&self) -> Vec<(&'static str, Self)>;
}

/// The *read* words of what gave no answer, which a table draws together as `unread`.
pub const UNREAD: [&str; 8] =
    ["denied", "throttled", "transport", "service", "protocol", "identity", "unavailable", "not_asked"];

/// One value of a column, and how it is made.
pub type Value<M> = (String, Box<dyn Fn(&mut M)>);

/// An input and the values that it can have.
pub struct Column<M> {
    pub name: &'static str,
    pub values: Vec<Value<M>>,
}

/// A column of named values.
pub fn column<M, T: Copy + 'static>(
    name: &'static str,
    values: impl IntoIterator<Item = (impl Into<String>, T)>,
    set: impl Fn(&mut M, T) + Copy + 'static,
) -> Column<M> {
    let value = |(name, value): (_, T)| -> Value<M> {
        (Into::<String>::into(name), Box::new(move |made: &mut M| set(made, value)))
    };
    Column { name, values: values.into_iter().map(value).collect() }
}

/// The truth table of a check over one or more sets of columns, each with a title. One without a title
/// is judged and not drawn: all of it, where the table shows what there is to see.
pub fn truth_table<M: Made>(check: &'static Check, parts: Vec<(&str, M, Vec<Column<M>>)>) -> String {
    let mut text = format!("{} version {}\n(unread: {})\n", check.id, check.version, UNREAD.join(", "));
    let mut words = BTreeMap::new();
    for (title, start, columns) in parts {
        let rows = judged(check, &start, &columns, &mut words);
        if !title.is_empty() {
            let _ = write!(text, "\n{title}\n{}", drawn(&columns, together(&columns, rows)));
        }
    }
    let listed: BTreeSet<&str> = check.reasons.iter().map(|reason| reason.code).collect();
    let reached: BTreeSet<&str> = words.keys().copied().collect();
    assert_eq!(reached, listed, "{}: what is reached, and what is listed", check.id);
    text.push_str("\nin words\n");
    for (code, (verdict, said)) in words {
        let _ = writeln!(text, "  {} {code}: {said}", verdict.word());
    }
    text
}

/// A row: the values of each column, and the outcome of all of them.
type Row = (Vec<BTreeSet<usize>>, String);
type Words = BTreeMap<&'static str, (Verdict, String)>;

fn judged<M: Made>(check: &Check, start: &M, columns: &[Column<M>], words: &mut Words) -> Vec<Row> {
    let mut cases = vec![(Vec::new(), start.clone())];
    for column in columns {
        let with = |(row, made): (Vec<BTreeSet<usize>>, M)| {
            let values = column.values.iter().enumerate();
            let next = values.map(move |(at, (_, make))| {
                let (mut row, mut made) = (row.clone(), made.clone());
                row.push(BTreeSet::from([at]));
                make(&mut made);
                (row, made)
            });
            next.collect::<Vec<_>>()
        };
        cases = cases.into_iter().flat_map(with).collect();
    }
    let judge = |(row, made): (Vec<BTreeSet<usize>>, M)| {
        let outcome = made.judge(check);
        let verdict = outcome.reason.verdict;
        assert!(check.reasons.contains(&outcome.reason), "{}: {outcome:?} is not listed", check.id);
        assert!(outcome.text.ends_with('.'), "{}: {outcome:?} is no sentence", check.id);
        for (fault, less) in made.faults() {
            let then = less.judge(check);
            assert!(
                then.reason.verdict == verdict || then.reason.verdict == Verdict::Unknown,
                "{}: {fault} makes {outcome:?} of {} to {then:?}",
                check.id,
                named(columns, &row).join(", ")
            );
        }
        let said = (verdict, outcome.text.into_owned());
        let (reason, _) = (outcome.reason, words.entry(outcome.reason.code).or_insert(said));
        (row, format!("{} {}", reason.verdict.word(), reason.code))
    };
    cases.into_iter().filter(|(_, made)| made.can_be()).map(judge).collect()
}

/// Rows that differ in one column only and end alike become one, until none is left.
fn together<M>(columns: &[Column<M>], mut rows: Vec<Row>) -> Vec<Row> {
    loop {
        let before = rows.len();
        for at in (0..columns.len()).rev() {
            let mut groups: Vec<Row> = Vec::new();
            let mut known: BTreeMap<Row, usize> = BTreeMap::new();
            for (values, outcome) in rows {
                let mut rest = values.clone();
                rest[at].clear();
                let group = *known.entry((rest, outcome.clone())).or_insert_with(|| {
                    groups.push((values.clone(), outcome));
                    groups.len() - 1
                });
                groups[group].0[at].extend(&values[at]);
            }
            rows = groups;
        }
        if rows.len() == before {
            return rows;
        }
    }
}

fn named<M>(columns: &[Column<M>], row: &[BTreeSet<usize>]) -> Vec<String> {
    let name = |(column, values): (&Column<M>, &BTreeSet<usize>)| {
        if values.len() == column.values.len() && values.len() > 1 {
            return "*".to_owned();
        }
        let mut names: Vec<&str> = values.iter().map(|at| column.values[*at].0.as_str()).collect();
        if UNREAD.iter().all(|word| names.contains(word)) {
            names.retain(|name| !UNREAD.contains(name));
            names.push("unread");
        }
        names.join(" | ")
    };
    columns.iter().zip(row).map(name).collect()
}

fn drawn<M>(columns: &[Column<M>], rows: Vec<Row>) -> String {
    let head = (columns.iter().map(|column| column.name.to_owned()).collect(), "verdict reason".to_owned());
    let lines: Vec<(Vec<String>, String)> = std::iter::once(head)
        .chain(rows.into_iter().map(|(row, outcome)| (named(columns, &row), outcome)))
        .collect();
    let width = |at: usize| lines.iter().map(|(cells, _)| cells[at].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns.len()).map(width).collect();
    let mut text = String::new();
    for (cells, outcome) in lines {
        let cells: Vec<String> =
            cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        let _ = writeln!(text, "  {} -> {outcome}", cells.join("  "));
    }
    text
}
