//! Plain data that every other room speaks in. No I/O, no AWS types, no time of its own.

pub mod ids;

pub use ids::{AccountId, Arn, Malformed, Partition, Region, RunId};
