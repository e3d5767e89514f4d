//! Identifiers, instants and patterns: what the census and its simulator both speak of.
//!
//! A package of its own, so that the simulator needs nothing of the census: the two are built side by
//! side, and neither can lean on the other. The census has them as `atrest::clock` and in `atrest::model`.

pub mod clock;
pub mod glob;
pub mod ids;

pub use ids::{AccountId, Arn, Malformed, Partition, Region, RunId};
