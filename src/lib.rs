//! The encryption-at-rest census of a whole AWS Organization.

pub mod clock;
pub mod model;
#[cfg(feature = "sim")]
pub mod sim;
