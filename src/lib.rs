//! The encryption-at-rest census of a whole AWS Organization.

pub mod clock;
pub mod model;
pub mod sink;
pub mod table;
