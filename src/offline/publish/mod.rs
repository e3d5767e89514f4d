//! The offline phase: a run's log is joined, judged and published, and nothing is asked of AWS.
//!
//! [`finalize`] orders it: a first pass indexes the keys, a second joins and judges a bounded number of resources at a
//! time and writes their rows into a [`crate::lake::Publication`]. [`Begun`] is what a publish was begun with, so that
//! another process goes on by the same rules.

mod admissions;
mod begun;
mod finalize;
mod judgement;
mod judging;
mod loss;
mod pass;
mod pieces;
mod run_log;
mod tables;
mod texts;
mod unique;

pub use begun::Begun;
pub use finalize::{Census, finalize, finalize_unless};
pub use judgement::{FinalizeError, Judgement};
pub use loss::{Loss, MAX_LOST};
