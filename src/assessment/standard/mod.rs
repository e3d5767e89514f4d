//! An organization's standard and its exceptions: from TOML to plain data, or to every problem of the file.
//!
//! A standard states what differs from the built-in one ([`built_in`]). What holds in an account is the
//! entry that names it most closely ([`effective`]); two that are as close are an error, never a choice.
//! Nothing here reads a file or asks for the time.

mod built_in;
mod destinations;
mod exceptions;
mod file;
mod import;
mod parse;
mod scope;
#[cfg(test)]
mod tests;
mod write;

pub use built_in::{built_in, parse};
pub use exceptions::parse_exceptions;
pub use file::Problem;
pub use import::import;
pub use scope::{Effective, Instance, Tie, all_instances, effective, gap_accepts};
