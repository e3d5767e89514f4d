//! What a lake's runs have agreed on: which standard a version means, and which record an id.
//!
//! A version of a standard, and an exception's id, mean one text for ever. The manifest keeps their
//! hashes, and a run that brings another text under the same name is refused: who reads two nights
//! must be able to say which standard applied when.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Manifest;
use crate::model::{Exception, Exceptions, Standard};

/// The standard of a run, as its manifest names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandardEntry {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// The hex SHA-256 of its file.
    pub sha256: String,
}

impl StandardEntry {
    /// The entry of a standard.
    pub fn of(standard: &Standard) -> Self {
        Self { id: standard.id.clone(), version: standard.version.clone(), sha256: standard.sha256.clone() }
    }
}

/// Something has another text than the lake's last run knew it by.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Changed {
    /// The standard.
    #[error(
        "failed to use standard `{id}`: version {version} differs from the same version in the lake's last run; \
         give the changed standard a new version"
    )]
    Standard {
        /// Its id.
        id: String,
        /// Its version.
        version: String,
    },
    /// An exception.
    #[error(
        "failed to use exception `{id}`: it differs from the lake's last run; give the changed exception a new id \
         that supersedes this one"
    )]
    Exception {
        /// Its id.
        id: String,
    },
}

/// Refuses what has another text than the lake's last run knew it by.
pub fn unchanged(
    last: Option<&Manifest>,
    standard: &Standard,
    exceptions: &Exceptions,
) -> Result<(), Changed> {
    let Some(last) = last else { return Ok(()) };
    if let Some(known) = &last.standard
        && (&known.id, &known.version) == (&standard.id, &standard.version)
        && known.sha256 != standard.sha256
    {
        return Err(Changed::Standard { id: known.id.clone(), version: known.version.clone() });
    }
    let known: BTreeMap<&str, &str> =
        last.exceptions.iter().map(|used| (used.id.as_str(), used.sha256.as_str())).collect();
    let is_other =
        |record: &&Exception| known.get(record.id.as_str()).is_some_and(|sha| *sha != record.sha256);
    match exceptions.records.iter().find(is_other) {
        Some(record) => Err(Changed::Exception { id: record.id.clone() }),
        None => Ok(()),
    }
}
