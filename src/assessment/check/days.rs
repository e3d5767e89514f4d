//! Days and counts: how they are reckoned, and how they are said.

use crate::clock::{DAY_MS, Timestamp};

/// Whole days from one instant to a later one; negative where it is an earlier one.
pub fn days_between(from: Timestamp, to: Timestamp) -> i64 {
    to.millis().saturating_sub(from.millis()).div_euclid(DAY_MS)
}

/// Whether no more than so many days lie between the two, to the millisecond.
pub fn within_days(from: Timestamp, to: Timestamp, days: i64) -> bool {
    to.millis().saturating_sub(from.millis()) <= days.saturating_mul(DAY_MS)
}

/// `1 day`, `90 days`.
pub fn days(count: i64) -> String {
    counted(count, "day")
}

/// A count and its noun.
pub fn counted(count: impl Into<i128>, noun: &str) -> String {
    let count = count.into();
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
