//! Truth with a third value, and the range that a truth may still have while a question is open.
//!
//! A policy variable makes a comparison unknown, not the whole answer: a condition that is false
//! without it stays false, and a Deny that covers everything still covers everything. Kleene's
//! logic is that sentence: "and" is the lesser, "or" the greater.

/// False, not known, or true, in that order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kleene {
    False,
    Unknown,
    True,
}

impl Kleene {
    pub(super) const fn not(self) -> Self {
        match self {
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
            Self::True => Self::False,
        }
    }

    pub(super) fn all(values: impl IntoIterator<Item = Self>) -> Self {
        values.into_iter().min().unwrap_or(Self::True)
    }

    pub(super) fn any(values: impl IntoIterator<Item = Self>) -> Self {
        values.into_iter().max().unwrap_or(Self::False)
    }
}

impl From<bool> for Kleene {
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}

/// The least and the greatest value that is still possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) low: Kleene,
    pub(super) high: Kleene,
}

impl Span {
    pub(super) const OPEN: Self = Self { low: Kleene::False, high: Kleene::True };

    pub(super) const fn of(value: Kleene) -> Self {
        Self { low: value, high: value }
    }

    /// The one value, once it is certain.
    pub(super) fn settled(self) -> Option<Kleene> {
        (self.low == self.high).then_some(self.low)
    }

    pub(super) fn not(self) -> Self {
        Self { low: self.high.not(), high: self.low.not() }
    }

    pub(super) fn and(self, other: Self) -> Self {
        Self { low: self.low.min(other.low), high: self.high.min(other.high) }
    }

    pub(super) fn or(self, other: Self) -> Self {
        Self { low: self.low.max(other.low), high: self.high.max(other.high) }
    }
}

#[cfg(test)]
mod tests {
    use super::Kleene::{False, True, Unknown};
    use super::*;

    #[test]
    fn what_is_not_known_decides_nothing_that_is_settled_without_it() {
        assert_eq!(Kleene::all([True, Unknown, False]), False);
        assert_eq!(Kleene::any([False, Unknown, True]), True);
        assert_eq!(Kleene::all([True, Unknown]), Unknown);
        assert_eq!(Kleene::all([]), True);
        assert_eq!(Kleene::any([]), False);
        assert_eq!(Unknown.not(), Unknown);
    }

    #[test]
    fn an_open_part_settles_with_the_whole() {
        assert_eq!(Span::OPEN.and(Span::of(False)).settled(), Some(False));
        assert_eq!(Span::OPEN.or(Span::of(True)).not().settled(), Some(False));
        assert_eq!(Span::OPEN.and(Span::of(True)).settled(), None);
    }
}
