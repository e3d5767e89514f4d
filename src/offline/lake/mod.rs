//! The lake: where tables become files, and where a run becomes visible, all of it at once.
//!
//! A [`Store`] is objects by key, a folder here and `s3://` in the AWS edge. [`parquet`] turns rows
//! into files, [`manifest`] says what a run wrote, [`committed`] reads what is committed, and [`commit`] writes in the
//! one order that leaves a crash without a trace. What a run's rows are is [`crate::publish`]'s.

mod agreed;
mod bounds;
pub mod commit;
mod commit_row;
pub mod committed;
pub mod folder;
pub mod held;
mod interrupt;
mod keys;
pub mod manifest;
pub mod memory;
mod pages;
pub mod parquet;
pub mod regular;
pub mod rows;
pub mod store;
mod writers;

pub use crate::log::digest as sha256_hex;
pub use agreed::{Changed, StandardEntry, unchanged};
pub use bounds::longest;
pub use commit::{Publication, PublishError, Published};
pub use committed::{Lake, LakeError};
pub use folder::FolderStore;
pub use held::HeldFolder;
pub use interrupt::Interrupt;
pub use keys::strange_segment;
pub use manifest::{
    CoverageTotals, FileEntry, Manifest, Observed, SegmentEntry, canonical_json, manifest_key, policy_key,
};
pub use memory::{Fault, MemoryStore};
pub use parquet::{EncodeError, ParquetTable, Part};
pub use rows::{CommittedRun, Earlier, Row};
pub use store::{OF_ITS_KIND, Put, Store, StoreError, StoreFault};
pub use writers::Hold;
