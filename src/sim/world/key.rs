//! A KMS key and its aliases, in AWS's own words.

use serde::Serialize;

use super::Word;
use atrest_core::clock::Timestamp;
use atrest_core::{AccountId, Region};

/// A KMS key; each replica of a multi-Region key is one of its own.
#[derive(Debug, Clone, Serialize)]
pub struct Key {
    /// A UUID, or `mrk-…`.
    pub id: String,
    /// Where it is.
    pub region: Region,
    /// Who owns it.
    pub account: AccountId,
    /// `CUSTOMER` or `AWS`.
    pub manager: Word,
    /// `AWS_KMS`, `EXTERNAL`, `AWS_CLOUDHSM`, `EXTERNAL_KEY_STORE`.
    pub origin: Word,
    /// `SYMMETRIC_DEFAULT`, `RSA_2048`, …
    pub spec: Word,
    /// `ENCRYPT_DECRYPT`, …
    pub usage: Word,
    /// `Enabled`, `PendingDeletion`, …
    pub state: Word,
    /// What its owner wrote.
    pub description: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it will be deleted.
    pub deletion_at: Option<Timestamp>,
    /// Its part in a multi-Region key.
    pub multi_region: Option<MultiRegion>,
    /// Its custom key store, `cks-…`.
    pub custom_key_store_id: Option<String>,
    /// When its imported material expires.
    pub valid_to: Option<Timestamp>,
    /// Its automatic rotation.
    pub rotation: Rotation,
    /// Completed rotations, oldest first.
    pub history: Vec<CompletedRotation>,
    /// Its policy as text.
    pub policy: String,
    /// Whether its policy lets the account's own policies decide; false bars every auditor.
    pub admits_account: bool,
}

/// A key's part in a multi-Region key.
#[derive(Debug, Clone, Serialize)]
pub struct MultiRegion {
    /// The primary's Region; the key is the primary where this is its own.
    pub primary: Region,
    /// The Regions of the replicas.
    pub replicas: Vec<Region>,
}

/// Automatic rotation, and a rotation on demand that is under way.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Rotation {
    /// Whether it is on.
    pub enabled: bool,
    /// Days, 90 to 2560.
    pub period_days: Option<u32>,
    /// The next automatic one.
    pub next_at: Option<Timestamp>,
    /// Only while a rotation on demand is in progress.
    pub on_demand_started_at: Option<Timestamp>,
}

/// A rotation that is done.
#[derive(Debug, Clone, Serialize)]
pub struct CompletedRotation {
    /// When.
    pub at: Timestamp,
    /// `AUTOMATIC` or `ON_DEMAND`.
    pub kind: Word,
}

/// An alias.
#[derive(Debug, Clone, Serialize)]
pub struct Alias {
    /// `alias/…`.
    pub name: String,
    /// The key's id; a predefined alias has none until its key is first used.
    pub target: Option<String>,
    /// When it was made; a predefined alias without a key has no date.
    pub created_at: Option<Timestamp>,
}

impl Key {
    /// Whether it is the primary or a single-Region key.
    pub fn is_primary(&self) -> bool {
        self.multi_region.as_ref().is_none_or(|part| part.primary == self.region)
    }

    /// Whether it is a symmetric encryption key, the only kind that rotates.
    pub fn is_symmetric(&self) -> bool {
        self.spec == "SYMMETRIC_DEFAULT"
    }
}
