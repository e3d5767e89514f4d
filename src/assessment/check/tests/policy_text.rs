//! Policies as tables give them: each is parsed once, and every table has what there can be instead of one.

use std::fmt;
use std::rc::Rc;

use super::truth_table::{UNREAD, undecided};
use crate::check::PolicyReading;
use crate::policy::{Policy, PolicyError};

/// A resource's policy, or why there is none.
#[derive(Clone)]
pub enum PolicyText {
    Read(Rc<Result<Policy, PolicyError>>),
    Absent,
    Unread(&'static str),
}

impl PolicyText {
    pub fn parsed(text: &str) -> Self {
        Self::Read(Rc::new(Policy::parse(text)))
    }

    /// A key policy, of which a statement may have no effect.
    pub fn parsed_of_key(text: &str) -> Self {
        Self::Read(Rc::new(Policy::parse_of_key(text)))
    }

    pub fn reading(&self) -> PolicyReading<'_> {
        match self {
            Self::Read(parsed) => match &**parsed {
                Ok(policy) => PolicyReading::Known(policy),
                Err(error) => PolicyReading::Unparsed(error),
            },
            Self::Absent => PolicyReading::Absent,
            Self::Unread(word) => PolicyReading::Unread(undecided(word)),
        }
    }
}

/// In a word, by which no two policies of a table are the same.
impl fmt::Debug for PolicyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(parsed) => write!(f, "read {:p}", Rc::as_ptr(parsed)),
            Self::Absent => f.write_str("absent"),
            Self::Unread(word) => f.write_str(word),
        }
    }
}

/// The same text is the same only where it was parsed at once: tables compare often.
impl PartialEq for PolicyText {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Read(one), Self::Read(other)) => Rc::ptr_eq(one, other),
            (Self::Absent, Self::Absent) => true,
            (Self::Unread(one), Self::Unread(other)) => one == other,
            _ => false,
        }
    }
}

/// Bucket policies by name, and what there can be instead of one.
pub fn or_none(texts: impl IntoIterator<Item = (&'static str, String)>) -> Vec<(&'static str, PolicyText)> {
    with_none(texts.into_iter().map(|(name, text)| (name, PolicyText::parsed(&text))))
}

/// Policies by name, and what there can be instead of one.
pub fn with_none(
    policies: impl IntoIterator<Item = (&'static str, PolicyText)>,
) -> Vec<(&'static str, PolicyText)> {
    let unread = ["gone"].into_iter().chain(UNREAD).map(|word| (word, PolicyText::Unread(word)));
    policies
        .into_iter()
        .chain([("not understood", PolicyText::parsed("[]")), ("no policy", PolicyText::Absent)])
        .chain(unread)
        .collect()
}
