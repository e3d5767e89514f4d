//! Whether an exception kept to what was agreed.
//!
//! An exception is agreed for a number of resources. One that matches more would hide what no person
//! has looked at, and so it applies to none of them, and says so here.

use super::{Check, Context, ExceptionSubject, Judge, Outcome, Reason};
use crate::model::{Category, Severity};

static WITHIN: Reason = Reason::pass("within_max_matches", "The exception matches no more than was agreed.");
static MORE: Reason = Reason::fail(
    "more_matches_than_agreed",
    "The exception matches more than was agreed, and applies to none.",
);

/// The check.
pub static CHECK: Check = Check {
    id: "exception_max_matches",
    version: 1,
    title: "Exceptions match no more than was agreed",
    question: "Does the exception match at most `max_matches` findings?",
    category: Category::Evidence,
    severity: Severity::Medium,
    parameters: &[],
    reasons: &[&WITHIN, &MORE],
    rationale: "An exception is a decision about known resources. If it matches more, there is no decision about the rest. The \
                exception then applies to none of them until a person says which are meant.",
    remedy: "Narrow the exception's scope, or have a higher `max_matches` approved under a new id that supersedes it.",
    judge: Judge::Exception(judge),
};

fn judge(exception: &ExceptionSubject<'_>, _: &Context<'_>) -> Outcome {
    let ExceptionSubject { id, matches, max_matches } = exception;
    if matches <= max_matches {
        return Outcome::from(&WITHIN);
    }
    Outcome::from(&MORE).saying(format!(
        "Exception {id} matches {matches} findings where {max_matches} were agreed, and applies to none of them."
    ))
}
