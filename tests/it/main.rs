//! The one integration binary: a module a subject, so that everything links once.

#![expect(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "the tests are outside the house: they start processes, read the environment and fail by panic"
)]

mod support {
    pub mod night;
    pub mod python;
    pub mod rust;
    pub mod worlds;
}

mod dependencies;
mod generated;
mod laws;
mod moto;
mod tidy;
