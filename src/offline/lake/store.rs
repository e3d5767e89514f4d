//! Where a lake lives, seen as keys and bytes: a folder here, `s3://` in the AWS edge.
//!
//! There are two kinds of write because the commit depends on it: [`Store::put_new`] never replaces
//! what is there, and says so. Keys are relative to the lake, with `/` between their parts.

use std::fmt;

use futures::future::BoxFuture;

use super::{Hold, bounds, sha256_hex};
use crate::log::Reason;
use crate::model::RunId;

/// What came of a write that replaces nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// The object was written.
    Created,
    /// An object is there already; it was left alone.
    Exists,
}

/// A lake that could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{}{}", self.what(), advice.as_ref().map(|advice| format!("; {advice}")).unwrap_or_default())]
pub struct StoreError {
    /// `read`, `write`, `list`, …
    pub action: &'static str,
    /// The object's full path or URI.
    pub uri: String,
    /// What the system or AWS said.
    #[source]
    pub reason: Reason,
    /// What to do about it, where that is known.
    pub advice: Option<String>,
    /// Whether the caller can fix it: the path, the permission.
    pub by_user: bool,
    /// What kind of trouble it is.
    pub fault: StoreFault,
}

impl StoreError {
    /// An object that is longer than it can be; it was not read to its end. `why` says what bounds it.
    pub fn too_long(uri: String, most: u64, why: &str) -> Self {
        Self {
            action: "read",
            uri,
            reason: format!("it is longer than {most} bytes, {why}").into(),
            advice: Some("restore it from a backup or an earlier version of the object".to_owned()),
            by_user: false,
            fault: StoreFault::TooLong,
        }
    }

    /// What was tried, where, and what came of it, without the advice.
    pub fn what(&self) -> String {
        format!("failed to {} {}: {}", self.action, self.uri, self.reason)
    }
}

/// What kind of trouble a lake has: one object's, or the lake's as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreFault {
    /// The object is in an archive, and has to be restored before it can be read.
    Archived,
    /// The caller may not, or the key that the object lies under cannot be used.
    Denied,
    /// The caller's own credentials do not hold, or cannot be had: that is no object's trouble.
    Caller,
    /// The object is longer than any of its kind, or than it was when it was committed.
    TooLong,
    /// No answer came that tells what became of the request: a write may have happened.
    Unanswered,
    /// Anything else.
    Other,
}

/// Why an object cannot be longer: of its kind. See [`StoreError::too_long`].
pub const OF_ITS_KIND: &str = "the most that an object of its kind has";

/// A lake's objects.
pub trait Store: Send + Sync + fmt::Debug {
    /// The lake's URI, without a trailing slash.
    fn uri(&self) -> &str;

    /// Reads an object of at most so many bytes; `None` where there is none. A longer one is
    /// [`StoreFault::TooLong`], and is not read to its end.
    fn get_within<'a>(
        &'a self,
        key: &'a str,
        most: u64,
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, StoreError>>;

    /// Reads an object, which is no longer than any of its kind; `None` where there is none.
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, StoreError>> {
        self.get_within(key, bounds::longest(key))
    }

    /// Writes an object that must not be there yet, all of it or nothing.
    fn put_new<'a>(&'a self, key: &'a str, bytes: &'a [u8]) -> BoxFuture<'a, Result<Put, StoreError>>;

    /// Writes an object, in place of what may be there, all of it or nothing.
    fn replace<'a>(&'a self, key: &'a str, bytes: &'a [u8]) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Writes an object in place of the one that was found, by the hex SHA-256 of that, all of it or nothing.
    /// [`Put::Exists`] where another one is there by now, or none: of two that found the same, one writes. A storage
    /// that cannot do it in one step looks first.
    fn replace_found<'a>(
        &'a self,
        key: &'a str,
        sha256: &'a str,
        bytes: &'a [u8],
    ) -> BoxFuture<'a, Result<Put, StoreError>> {
        Box::pin(async move {
            match self.get(key).await? {
                Some(found) if sha256_hex(&found) == sha256 => {
                    self.replace(key, bytes).await.map(|()| Put::Created)
                }
                _ => Ok(Put::Exists),
            }
        })
    }

    /// Writes an object in place of one that lies in an archive, all of it or nothing. It cannot be read, and so not be
    /// told by its hash. [`Put::Exists`] where it lies in no archive any more, or is another by now: of two that found it
    /// so, one writes. A storage that cannot do it in one step looks first.
    fn replace_archived<'a>(
        &'a self,
        key: &'a str,
        bytes: &'a [u8],
    ) -> BoxFuture<'a, Result<Put, StoreError>> {
        Box::pin(async move {
            match self.get(key).await {
                Err(error) if error.fault == StoreFault::Archived => {
                    self.replace(key, bytes).await.map(|()| Put::Created)
                }
                found => found.map(|_| Put::Exists),
            }
        })
    }

    /// The keys under `prefix`, sorted.
    fn list<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Vec<String>, StoreError>>;

    /// Holds a run, to scan it or to publish it; none where another process holds it. Who `opens` a run makes a place
    /// for its log. A storage that cannot tell who is there lets everyone in.
    fn hold(&self, _run_id: &RunId, _opens: bool) -> Result<Option<Hold>, StoreError> {
        Ok(Some(Hold::default()))
    }
}
