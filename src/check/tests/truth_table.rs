//! A truth table of everything that a check may be given, printed so short that a person can read it.
//!
//! A table is the product of its columns. It is printed as a decision tree: values that lead to the
//! same rows stand together, and a column that makes no difference is left out. So what is printed is
//! the whole product, and a column that should not matter can be given to show that it does not.

use std::collections::BTreeSet;
use std::fmt::{Debug, Write as _};

use crate::check::{Check, Outcome};
use crate::model::Verdict;

/// One input and the values that it takes.
pub struct Column<C> {
    name: &'static str,
    values: Vec<Value<C>>,
}

struct Value<C> {
    label: String,
    set: Box<dyn Fn(&mut C)>,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Class,
    Alike,
    End,
}

impl<C> Column<C> {
    pub fn new(name: &'static str) -> Self {
        Self { name, values: Vec::new() }
    }

    /// Adds a value.
    pub fn value(self, label: impl Into<String>, set: impl Fn(&mut C) + 'static) -> Self {
        self.add(label.into(), set, Kind::Class)
    }

    /// Adds a value of the same class as another: it stands in the table, and its losses are the other's.
    pub fn alike(self, label: impl Into<String>, set: impl Fn(&mut C) + 'static) -> Self {
        self.add(label.into(), set, Kind::Alike)
    }

    /// Adds a value with which there is nothing more to vary in the columns to the right.
    pub fn end(self, label: impl Into<String>, set: impl Fn(&mut C) + 'static) -> Self {
        self.add(label.into(), set, Kind::End)
    }

    fn add(mut self, label: String, set: impl Fn(&mut C) + 'static, kind: Kind) -> Self {
        self.values.push(Value { label, set: Box::new(set), kind });
        self
    }
}

#[derive(PartialEq, Eq)]
enum Tree {
    Leaf(String),
    Branch(&'static str, Vec<(Vec<String>, Tree)>),
}

/// Walks the product of the columns. `each` sees every case, with whether it stands for its class, and says what
/// is printed of it.
fn grow<C: Clone>(
    case: &C,
    stands: bool,
    columns: &[Column<C>],
    each: &mut dyn FnMut(&C, bool) -> String,
) -> Tree {
    let Some((column, rest)) = columns.split_first() else { return Tree::Leaf(each(case, stands)) };
    let mut branches: Vec<(Vec<String>, Tree)> = Vec::new();
    for value in &column.values {
        let mut case = case.clone();
        (value.set)(&mut case);
        let rest = if value.kind == Kind::End { &[] } else { rest };
        let tree = grow(&case, stands && value.kind != Kind::Alike, rest, each);
        match branches.iter_mut().find(|(_, other)| *other == tree) {
            Some((labels, _)) => labels.push(value.label.clone()),
            None => branches.push((vec![value.label.clone()], tree)),
        }
    }
    if branches.len() == 1 && column.values.len() > 1 {
        return branches.remove(0).1;
    }
    Tree::Branch(column.name, branches)
}

/// A column and its values a line, and what follows from them below; what follows at once stands beside.
fn print(tree: &Tree, depth: usize, text: &mut String) {
    match tree {
        Tree::Leaf(outcome) => writeln!(text, " → {outcome}").unwrap(),
        Tree::Branch(name, branches) => {
            if depth > 0 {
                text.push('\n');
            }
            for (labels, tree) in branches {
                write!(text, "{:depth$}{name}: {}", "", labels.join(" | "), depth = 2 * depth).unwrap();
                print(tree, depth + 1, text);
            }
        }
    }
}

/// The table of a check over the product of the columns.
///
/// On its way it holds every case to what must be so of all: a reason of the check's own list, words
/// that end as a sentence, and the law that a fault only loses information, for every loss that
/// `losses` names of a case. At the end every reason of the list was reached.
pub fn truth_table<C: Clone + PartialEq + Debug>(
    check: &'static Check,
    base: &C,
    columns: &[Column<C>],
    judge: impl Fn(&C) -> Outcome,
    losses: impl Fn(&C) -> Vec<(&'static str, C)>,
) -> String {
    let mut reached = BTreeSet::new();
    let tree = grow(base, true, columns, &mut |case, stands| {
        let outcome = judge(case);
        let code = outcome.reason.code;
        assert!(
            check.reasons.contains(&outcome.reason),
            "{} says {code}, which is not in its list: {case:?}",
            check.id
        );
        assert!(outcome.text.ends_with('.'), "{}: {:?}", check.id, outcome.text);
        reached.insert(code);
        let losses = if stands { losses(case) } else { Vec::new() };
        for (lost, less) in losses.into_iter().filter(|(_, less)| less != case) {
            let verdict = judge(&less).reason.verdict;
            assert!(
                [Verdict::Unknown, outcome.reason.verdict].contains(&verdict),
                "{}: {} became {} when {lost} was lost: {case:?}",
                check.id,
                outcome.reason.verdict.word(),
                verdict.word()
            );
        }
        let raised =
            outcome.at_least.map(|severity| format!(" (at least {})", severity.word())).unwrap_or_default();
        format!("{} {code}{raised}", outcome.reason.verdict.word())
    });
    for reason in check.reasons {
        assert!(reached.contains(reason.code), "{} never says {}", check.id, reason.code);
    }
    let mut text = String::new();
    print(&tree, 0, &mut text);
    text
}

/// What a check says in words, one line a case.
pub fn words<C>(cases: Vec<(&str, C)>, judge: impl Fn(&C) -> Outcome) -> String {
    let mut text = String::new();
    for (name, case) in cases {
        let outcome = judge(&case);
        writeln!(text, "{name}\n  {}: {}", outcome.reason.code, outcome.text).unwrap();
    }
    text
}

mod tests {
    use super::*;

    #[test]
    fn a_column_without_effect_is_left_out_and_like_values_stand_together() {
        let columns = [
            Column::new("idle").value("x", |_| {}).value("y", |_| {}),
            Column::new("add").value("one", |n| *n += 1).value("two", |n| *n += 2).end("three", |n| *n += 1),
            Column::new("more").value("none", |_| {}).value("much", |n: &mut i32| *n += 100),
        ];
        let mut cases = 0;
        let tree = grow(&0, true, &columns, &mut |n, _| {
            cases += 1;
            if *n > 50 { "big".to_owned() } else { "small".to_owned() }
        });
        let mut text = String::new();
        print(&tree, 0, &mut text);
        assert_eq!(cases, 10);
        assert_eq!(text, "add: one | two\n  more: none → small\n  more: much → big\nadd: three → small\n");
    }
}
