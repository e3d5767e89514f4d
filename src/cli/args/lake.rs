//! The lake: where it is, and what every request to a lake on S3 carries.

use clap::{Args, ValueEnum};

use super::value::{endpoint, kms_key};
use crate::aws::s3_lake::Sse;
use crate::cli::lake_uri::LakeUri;
use crate::model::AccountId;

const HEADING: &str = "Lake on S3";

/// A lake that exists or will be created.
#[derive(Debug, Clone, Args)]
pub struct LakeArgs {
    /// The lake: a folder, or s3://bucket/prefix
    #[arg(long = "lake", value_name = "URI", env = "ATREST_LAKE")]
    pub uri: LakeUri,
    /// Requests to a lake on S3
    #[command(flatten)]
    pub s3: LakeS3Args,
}

/// Requests to a lake on S3.
#[derive(Debug, Clone, Args)]
pub struct LakeS3Args {
    /// URL of the S3 server that holds the lake, if it is not the one that is scanned
    #[arg(long = "lake-endpoint", value_name = "URL", env = "ATREST_LAKE_ENDPOINT", help_heading = HEADING, value_parser = endpoint)]
    pub endpoint: Option<String>,
    /// Account that must own the lake's bucket [default: the caller's]
    #[arg(long = "lake-owner", value_name = "ACCOUNT", env = "ATREST_LAKE_OWNER", help_heading = HEADING)]
    pub owner: Option<AccountId>,
    /// Encryption that each write requests [default: none; the bucket's default applies]
    #[arg(long = "lake-sse", value_name = "ALGORITHM", value_enum, env = "ATREST_LAKE_SSE", help_heading = HEADING)]
    pub sse: Option<LakeSse>,
    /// ARN of the KMS key that each write requests; without --lake-sse, the encryption is aws:kms
    #[arg(long = "lake-kms-key", value_name = "ARN", env = "ATREST_LAKE_KMS_KEY", help_heading = HEADING, value_parser = kms_key)]
    pub kms_key: Option<String>,
}

/// Encryption of the lake, in AWS's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LakeSse {
    /// SSE-KMS; without --lake-kms-key, S3 uses the AWS managed key aws/s3
    #[value(name = "aws:kms")]
    Kms,
    /// DSSE-KMS: two layers
    #[value(name = "aws:kms:dsse")]
    Dsse,
    /// SSE-S3
    #[value(name = "AES256")]
    S3,
}

impl From<LakeSse> for Sse {
    fn from(word: LakeSse) -> Self {
        match word {
            LakeSse::Kms => Self::Kms,
            LakeSse::Dsse => Self::Dsse,
            LakeSse::S3 => Self::S3,
        }
    }
}
