//! How a check reaches a value: through [`Decided`], whose error is the outcome where there is none.

use super::{Outcome, Reason};

/// What a step of a check comes to: what the check goes on with, or the outcome that ends it here.
///
/// `Err` is no failure of the program. It is an outcome like any other, given early: `unknown` because a fact was not
/// read, `not_applicable` because the question does not arise, and in some checks a fail that needs no more facts. The
/// operator `?` hands it on, and [`decided`] makes one outcome of the two at the check's end. Where nothing is left to
/// go on with (`Decided` alone), `Ok` is the outcome of a check that has asked all its facts.
pub type Decided<T = Outcome> = Result<T, Outcome>;

/// The outcome of a check, whether it came to its end or was decided before.
pub fn decided(outcome: Decided) -> Outcome {
    outcome.unwrap_or_else(|early| early)
}

/// What `DescribeKey` promises to tell, where it did.
pub fn told<'a>(value: Option<&'a String>, not_told: &'static Reason) -> Decided<&'a str> {
    value.map(String::as_str).ok_or_else(|| Outcome::from(not_told))
}

/// The organization's accounts were not all listed, and this one is not among those that were.
pub static MEMBERSHIP_UNPROVEN: Reason = Reason::unknown(
    "membership_unproven",
    "It cannot be said whether the account belongs to the organization.",
);
