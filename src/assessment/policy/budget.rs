//! How much work one question may be.
//!
//! Other people write policies, and 20 KB of one can name more combinations than a night has
//! time for. What is weighed is counted, over all parts of a question together; a question whose
//! budget is spent stays undecided.

use std::cell::Cell;

/// Steps of one question: a step is a character that a pattern is held against, or as much work. Far
/// more than the policies of people take, and less than a second in a release build.
const STEPS: usize = 2_000_000;

/// More combinations than are weighed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooMany;

/// What is left of the work that a question may be.
#[derive(Debug)]
pub(super) struct Budget(Cell<usize>);

impl Budget {
    /// A question's.
    pub(super) const fn of_question() -> Self {
        Self(Cell::new(STEPS))
    }

    /// Takes steps of it; an error from the moment on that it does not have them.
    pub(super) fn take(&self, steps: usize) -> Result<(), TooMany> {
        let left = self.0.get().checked_sub(steps);
        self.0.set(left.unwrap_or_default());
        left.map(|_| ()).ok_or(TooMany)
    }

    /// Whether nothing is left of it.
    pub(super) fn is_spent(&self) -> bool {
        self.0.get() == 0
    }
}
