//! Each row names another thing than every row before it: an assertion of publishing.
//!
//! A key of a table that is there twice counts a resource twice, and two findings of one `finding_uid` are two
//! verdicts on one question. Rows are written in the order of their keys, so that one key is enough to remember; a
//! resource's findings are few, and another resource's have other uids because the resource is another.

use std::collections::BTreeSet;
use std::fmt::{Display, Write as _};

use super::judgement::FinalizeError;
use crate::model::{AccountId, CoverageRow, Finding};

/// The keys of one table's rows, which rise from row to row.
#[derive(Debug)]
pub(super) struct Rising {
    table: &'static str,
    last: String,
    next: String,
}

impl Rising {
    pub(super) fn of(table: &'static str) -> Self {
        Self { table, last: String::new(), next: String::new() }
    }

    /// Takes the next row's key, by its parts.
    pub(super) fn take(&mut self, parts: &[&dyn Display]) -> Result<(), FinalizeError> {
        self.next.clear();
        for part in parts {
            // Writing to a String cannot fail.
            let _ = writeln!(self.next, "{part}");
        }
        if self.next <= self.last {
            return Err(twice(self.table, self.next.trim_end().replace('\n', " ")));
        }
        std::mem::swap(&mut self.last, &mut self.next);
        Ok(())
    }
}

fn twice(table: &'static str, key: String) -> FinalizeError {
    FinalizeError::Twice { table, key }
}

/// The rows of one account's coverage.
pub(super) fn of_coverage(account_id: AccountId, rows: &[CoverageRow]) -> Result<(), FinalizeError> {
    let mut seen = BTreeSet::new();
    match rows.iter().find(|row| !seen.insert((row.region.as_str(), row.operation.as_str()))) {
        Some(row) => Err(twice("coverage", format!("{account_id} {} {}", row.region, row.operation))),
        None => Ok(()),
    }
}

/// The findings of one resource.
pub(super) fn of_findings(findings: &[Finding]) -> Result<(), FinalizeError> {
    let mut seen: Vec<&str> = findings.iter().map(|finding| finding.uid.as_str()).collect();
    seen.sort_unstable();
    match seen.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(twice("findings", pair[0].to_owned())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_comes_again_is_an_error_wherever_it_comes() {
        let take = |keys: &[(&str, &str)]| {
            let mut rising = Rising::of("keys");
            keys.iter().try_for_each(|(region, id)| rising.take(&[region, id])).map_err(|it| it.to_string())
        };
        assert_eq!(take(&[("a", "k"), ("a", "k-2"), ("a", "k2"), ("a-b", "a"), ("b", "a")]), Ok(()));
        for wrong in [[("a", "k"), ("a", "k")], [("a", "l"), ("a", "k")], [("b", "k"), ("a", "k")]] {
            let error = take(&wrong).unwrap_err();
            assert!(error.contains("keys") && error.contains("a k"), "{error}");
        }
    }
}
