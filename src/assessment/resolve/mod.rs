//! From observations to facts: pure, offline and ordered.
//!
//! Two passes over the log. The first fills the [`KeyIndex`], which is small; the second streams
//! the buckets past it and counts which keys they name. The keys come last, since their rows carry
//! those counts.

mod account;
mod bucket;
mod key;
mod key_admission;
mod key_index;
mod key_ref;
mod policies;
mod rotation;
mod summary;

pub use account::{CoverageDigest, ScannedAccount, account_facts, run_status};
pub use bucket::{Weighed, bucket_facts};
pub use key::key_facts;
pub use key_admission::{Admissions, ForeignReferences, WantedKeys};
pub use key_index::{AliasesOf, Found, IndexedKey, KeyIndex};
pub use key_ref::{KeyRef, NamedPlace, Target};
pub use policies::Policies;
pub use summary::{Gap, Gaps, Summary};
