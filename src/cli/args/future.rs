//! The flag for runs of the future, which `scan` and `finalize` share.

use clap::Args;

/// Whether a run of the future is meant.
#[derive(Debug, Clone, Args)]
pub struct FutureArgs {
    /// Publish a run whose id is more than a day ahead of the clock, or under a clock that AWS's differs from by
    /// more than a day: readers take such a run for the latest until its date has come
    #[arg(long, env = "ATREST_ALLOW_FUTURE_RUN")]
    pub allow_future_run: bool,
}
