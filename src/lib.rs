//! The encryption-at-rest census of a whole AWS Organization.

pub mod aws;
pub mod cli;
pub mod clock;
pub mod log;
pub mod model;
pub mod resolve;
pub mod scan;
#[cfg(feature = "sim")]
pub mod sim;
pub mod sink;
pub mod table;
