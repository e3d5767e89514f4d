//! The offline half: what follows once the network has stopped.
//!
//! The log of observations, the lake's tables, publication, reports and questions, as a package. It does local I/O and
//! cannot name the SDK, because its manifest does not: so the compiler holds that a run is published from its log
//! alone. It is built while the SDK still is. The census has its modules as its own, `atrest::lake` and so on.

pub use atrest_assessment::{
    advice, check, clock, control, judge, model, operation, policy, printable, resolve, spelling, standard,
};

pub mod lake;
pub mod log;
pub mod publish;
pub mod query;
pub mod report;
pub mod table;
