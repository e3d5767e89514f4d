//! The assessment: what follows from the observations of a night, decided without I/O.
//!
//! The first two floors of the census, as a package: the types, the reading of policies, the join across
//! accounts, the checks, the standard with its exceptions, and the controls. It cannot name the SDK, arrow
//! or tokio, because its manifest does not: so the compiler holds that a verdict is a function of what was
//! read. It is built while the SDK still is. The census has its modules as its own, `atrest::model` and so on.

pub use atrest_core::{clock, glob};

pub mod advice;
pub mod check;
pub mod control;
pub mod judge;
pub mod model;
pub mod operation;
pub mod policy;
pub mod printable;
pub mod resolve;
pub mod spelling;
pub mod standard;
