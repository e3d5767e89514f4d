//! The exception check, below, at and beyond what was agreed.

use super::Surroundings;
use super::truth_table::{Column, Made, hold};
use crate::check::{Check, ExceptionSubject, Judge, Outcome};

/// An exception with the findings that it matches, and the most that was agreed.
#[derive(Clone, PartialEq)]
struct Case {
    matches: u64,
    max_matches: u64,
}

impl Made for Case {
    fn judge(&self, check: &'static Check) -> Outcome {
        let Judge::Exception(judge) = check.judge else { panic!("{} judges no exceptions", check.id) };
        let Self { matches, max_matches } = *self;
        let surroundings = Surroundings::at("2026-11-21T03:00:00Z");
        judge(&ExceptionSubject { id: "ex-1", matches, max_matches }, &surroundings.context())
    }

    /// The exceptions and what they match are counted, not read.
    fn losses(&self) -> Vec<(&'static str, Self)> {
        Vec::new()
    }
}

#[test]
fn exception_max_matches() {
    let counts = |name, set: fn(&mut Case, u64), counts: &[u64]| {
        Column::of(name, counts.iter().map(|count| (count.to_string(), *count)).collect::<Vec<_>>(), set)
    };
    let columns = vec![
        counts("agreed", |case, count| case.max_matches = count, &[1, 3]),
        counts("matches", |case, count| case.matches = count, &[0, 1, 2, 3, 4]),
    ];
    hold("exception_max_matches", vec![("every count", Case { matches: 0, max_matches: 0 }, columns)]);
}
