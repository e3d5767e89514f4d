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

/// A *read* word as a person says it.
pub fn spoken(read: &str) -> &'static str {
    match read {
        "denied" => "access was denied",
        "throttled" => "AWS throttled every attempt",
        "transport" => "no answer came",
        "service" => "the service failed",
        "protocol" => "the answer was not what the API promises",
        "identity" => "the credentials were not accepted",
        "unavailable" => "the Region is not available to the account",
        "not_asked" => "the read was not sent",
        "gone" => "it was gone",
        "absent" => "there is none",
        _ => "it is not known",
    }
}
