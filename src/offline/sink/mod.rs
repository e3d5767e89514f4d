//! The lake: where tables become files, and where a run becomes visible, all of it at once.
//!
//! A [`Store`] is objects by key, a folder here and `s3://` in the AWS edge. [`parquet`] turns rows
//! into files, [`manifest`] says what a run wrote, [`lake`] reads what is committed, [`Begun`] is what a
//! publish was begun with, and [`commit`] writes in the one order that leaves a crash without a trace.

mod admissions;
mod agreed;
mod begun;
mod bounds;
pub mod commit;
mod commit_row;
pub mod finalize;
pub mod folder;
pub mod held;
mod interrupt;
mod judgement;
mod judging;
mod keys;
pub mod lake;
mod loss;
pub mod manifest;
pub mod memory;
mod pages;
pub mod parquet;
mod pass;
mod pieces;
pub mod regular;
pub mod rows;
mod run_log;
pub mod store;
mod tables;
mod texts;
mod unique;
mod writers;

pub use crate::log::digest as sha256_hex;
pub use agreed::{Changed, StandardEntry, unchanged};
pub use begun::Begun;
pub use bounds::longest;
pub use commit::{Publication, PublishError, Published};
pub use finalize::{Census, finalize, finalize_unless};
pub use folder::FolderStore;
pub use held::HeldFolder;
pub use interrupt::Interrupt;
pub use judgement::{FinalizeError, Judgement};
pub use lake::{Lake, LakeError};
pub use loss::{Loss, MAX_LOST};
pub use manifest::{
    CoverageTotals, FileEntry, Manifest, Observed, SegmentEntry, canonical_json, manifest_key, policy_key,
};
pub use memory::{Fault, MemoryStore};
pub use parquet::{EncodeError, ParquetTable, Part};
pub use rows::{CommittedRun, Earlier, Row};
pub use store::{OF_ITS_KIND, Put, Store, StoreError, StoreFault};
pub use writers::Hold;
