//! How AWS is called, and how fast: flags of every command that calls it, and of a scan.

use clap::{Args, ValueEnum};

use super::value::{positive, share};
use crate::aws::clients::S3Addressing;
use crate::aws::environment::Tuning;
use crate::aws::pace::Pace;
use crate::aws::variant::{Wish, Wishes};
use crate::scan::Limits;

/// How AWS is called.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Tuning")]
pub struct TuningArgs {
    /// How S3 buckets are addressed
    #[arg(long, value_name = "STYLE", value_enum, default_value_t = Addressing::Path, env = "ATREST_S3_ADDRESSING")]
    pub s3_addressing: Addressing,
    /// Attempts of each call, the first included
    #[arg(long, value_name = "N", default_value_t = 6, env = "ATREST_MAX_ATTEMPTS", value_parser = clap::value_parser!(u32).range(1..=20))]
    pub max_attempts: u32,
    /// AWS's FIPS hosts: only those, or the standard host if a service has none in a Region
    #[arg(long, value_name = "WISH", value_enum, env = "ATREST_FIPS")]
    pub fips: Option<HostWish>,
    /// AWS's dual-stack hosts (IPv6), in the same way
    #[arg(long, value_name = "WISH", value_enum, env = "ATREST_DUAL_STACK")]
    pub dual_stack: Option<HostWish>,
}

/// How much a kind of host is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum HostWish {
    /// Only such hosts: if there is none, the call fails and names the host
    Require,
    /// Such a host if there is one
    Prefer,
}

impl From<HostWish> for Wish {
    fn from(wish: HostWish) -> Self {
        match wish {
            HostWish::Require => Self::Require,
            HostWish::Prefer => Self::Prefer,
        }
    }
}

impl TuningArgs {
    /// For what makes a handful of calls: at the pace that a scan has where nothing else is said.
    pub fn tuning(&self) -> Tuning {
        Tuning {
            max_attempts: self.max_attempts,
            addressing: match self.s3_addressing {
                Addressing::Path => S3Addressing::Path,
                Addressing::Virtual => S3Addressing::Virtual,
            },
            hosts: Wishes { fips: self.fips.map(Wish::from), dual_stack: self.dual_stack.map(Wish::from) },
            ..Tuning::default()
        }
    }
}

/// How fast a scan is.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Tuning")]
pub struct PaceArgs {
    /// Accounts scanned at the same time
    #[arg(long, value_name = "N", default_value_t = 32, env = "ATREST_ACCOUNTS_IN_FLIGHT", value_parser = positive)]
    pub accounts_in_flight: usize,
    /// Buckets, and keys per Region, read at the same time in one account
    #[arg(long, value_name = "N", default_value_t = 16, env = "ATREST_RESOURCES_IN_FLIGHT", value_parser = positive)]
    pub resources_in_flight: usize,
    /// S3 configuration calls in flight per account and Region; S3 publishes no rate for them
    #[arg(long, value_name = "N", default_value_t = 20, env = "ATREST_S3_IN_FLIGHT", value_parser = clap::value_parser!(u32).range(1..))]
    pub s3_in_flight: u32,
    /// Share of each published AWS quota that a scan may use
    #[arg(long, value_name = "SHARE", default_value_t = 0.5, env = "ATREST_QUOTA_SHARE", value_parser = share)]
    pub quota_share: f64,
}

impl PaceArgs {
    /// The pace of calls.
    pub fn pace(&self) -> Pace {
        Pace { quota_share: self.quota_share, in_flight: self.s3_in_flight }
    }

    /// How much is done at a time.
    pub fn limits(&self) -> Limits {
        Limits { accounts_in_flight: self.accounts_in_flight, resources_in_flight: self.resources_in_flight }
    }
}

/// How S3 buckets are addressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Addressing {
    /// s3.REGION…/BUCKET: one connection pool for each Region
    Path,
    /// BUCKET.s3.REGION…: a DNS lookup and a TLS handshake for each bucket
    Virtual,
}
