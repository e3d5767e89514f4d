//! The flag of what a census may lose, which `scan` and `finalize` share.

use clap::Args;

use crate::publish::MAX_LOST;

/// How much a census may lose.
#[derive(Debug, Clone, Args)]
pub struct LossArgs {
    /// Publish nothing and end with 5 if more than this share of the accounts that the last census reached,
    /// and more than five, are now refused or no longer listed
    #[arg(long, value_name = "PERCENT", default_value_t = MAX_LOST, env = "ATREST_MAX_LOST", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub max_lost: u8,
}
