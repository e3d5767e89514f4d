//! The value of one cell, borrowed from its row where it can be.
//!
//! The conversions keep a table's file down to one line a column; `None` is NULL everywhere.

use std::borrow::Cow;
use std::fmt::Display;

use super::Kind;
use crate::clock::Timestamp;
use crate::model::{AccountId, Partition, Region, RunId};

/// The value of one cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value<'a> {
    /// Not known, or not applicable.
    Null,
    /// Of a [`Kind::String`] column.
    Text(Cow<'a, str>),
    /// Of a [`Kind::Bigint`] or [`Kind::Int`] column.
    Integer(i64),
    /// Of a [`Kind::Boolean`] column.
    Boolean(bool),
    /// Of a [`Kind::Timestamp`] column.
    Timestamp(Timestamp),
    /// Of a [`Kind::StringArray`] column; an entry may be unknown.
    Texts(Vec<Option<Cow<'a, str>>>),
}

impl<'a> Value<'a> {
    /// The text that something prints as.
    pub fn printed(what: impl Display) -> Self {
        Self::Text(Cow::Owned(what.to_string()))
    }

    /// A list of known texts.
    pub fn texts(texts: impl IntoIterator<Item = &'a str>) -> Self {
        Self::Texts(texts.into_iter().map(|text| Some(Cow::Borrowed(text))).collect())
    }

    /// Whether a column of that kind may hold the value.
    pub fn fits(&self, kind: Kind) -> bool {
        match self {
            Self::Null => true,
            Self::Text(_) => kind == Kind::String,
            Self::Integer(_) => matches!(kind, Kind::Bigint | Kind::Int),
            Self::Boolean(_) => kind == Kind::Boolean,
            Self::Timestamp(_) => kind == Kind::Timestamp,
            Self::Texts(_) => kind == Kind::StringArray,
        }
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl<'a> From<&'a String> for Value<'a> {
    fn from(text: &'a String) -> Self {
        Self::from(text.as_str())
    }
}

impl<'a> From<&'a Region> for Value<'a> {
    fn from(region: &'a Region) -> Self {
        Self::from(region.as_str())
    }
}

impl<'a> From<&'a Partition> for Value<'a> {
    fn from(partition: &'a Partition) -> Self {
        Self::from(partition.as_str())
    }
}

impl<'a> From<&'a RunId> for Value<'a> {
    fn from(run_id: &'a RunId) -> Self {
        Self::from(run_id.as_str())
    }
}

impl From<AccountId> for Value<'_> {
    fn from(account_id: AccountId) -> Self {
        Self::printed(account_id)
    }
}

impl From<u64> for Value<'_> {
    /// A count that no world has, past 2^63, is held at the largest that a bigint can say.
    fn from(count: u64) -> Self {
        Self::Integer(i64::try_from(count).unwrap_or(i64::MAX))
    }
}

impl From<i32> for Value<'_> {
    fn from(number: i32) -> Self {
        Self::Integer(i64::from(number))
    }
}

impl From<bool> for Value<'_> {
    fn from(flag: bool) -> Self {
        Self::Boolean(flag)
    }
}

impl From<Timestamp> for Value<'_> {
    fn from(at: Timestamp) -> Self {
        Self::Timestamp(at)
    }
}

impl<'a> From<&'a Vec<String>> for Value<'a> {
    fn from(texts: &'a Vec<String>) -> Self {
        Self::texts(texts.iter().map(String::as_str))
    }
}

impl<'a> From<&'a Vec<Region>> for Value<'a> {
    fn from(regions: &'a Vec<Region>) -> Self {
        Self::texts(regions.iter().map(Region::as_str))
    }
}

impl<'a> From<&'a Vec<Option<String>>> for Value<'a> {
    fn from(texts: &'a Vec<Option<String>>) -> Self {
        Self::Texts(texts.iter().map(|text| text.as_deref().map(Cow::Borrowed)).collect())
    }
}
