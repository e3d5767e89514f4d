//! How a check reaches a value: through a `Result` whose error is an outcome that says why there is none.

use super::{Outcome, Reason};

/// The first of the two that decides: lets a check use `?` on what was not read.
pub fn decided(outcome: Result<Outcome, Outcome>) -> Outcome {
    outcome.unwrap_or_else(|unknown| unknown)
}

/// What `DescribeKey` promises to tell, where it did.
pub fn told<'a>(value: Option<&'a String>, not_told: &'static Reason) -> Result<&'a str, Outcome> {
    value.map(String::as_str).ok_or_else(|| Outcome::from(not_told))
}

/// The organization's accounts were not all listed, and this one is not among those that were.
pub static MEMBERSHIP_UNPROVEN: Reason = Reason::unknown(
    "membership_unproven",
    "It cannot be said whether the account belongs to the organization.",
);
