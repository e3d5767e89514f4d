//! The flag for runs of the future, which `scan` and `finalize` share.

use clap::Args;

/// Whether to accept a run in the future.
#[derive(Debug, Clone, Args)]
pub struct FutureArgs {
    /// Publish a run whose id is more than a day ahead of the clock, or if AWS's clock differs by more than a
    /// day: readers treat such a run as the latest one until its date has passed
    #[arg(long, env = "ATREST_ALLOW_FUTURE_RUN")]
    pub allow_future_run: bool,
}
