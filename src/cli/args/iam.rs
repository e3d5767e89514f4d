//! `iam`: whose policy is printed.

use clap::{Args, ValueEnum};

use super::value::{kms_key, role_name};
use crate::cli::lake_uri::LakeUri;

/// `iam`.
#[derive(Debug, Args)]
pub struct IamArgs {
    /// Whose policy
    #[arg(long, value_enum, env = "ATREST_ROLE")]
    pub role: IamRole,
    /// The lake that the policy is for: s3://bucket/prefix
    #[arg(long, value_name = "URI", env = "ATREST_LAKE")]
    pub lake: Option<LakeUri>,
    /// ARN of the KMS key that the lake is encrypted with [default: any key, for this lake alone]
    #[arg(long, value_name = "ARN", env = "ATREST_LAKE_KMS_KEY", value_parser = kms_key)]
    pub lake_kms_key: Option<String>,
    /// Name of the audit role, with its path if it has one
    #[arg(long, value_name = "[PATH/]NAME", default_value = "atrest-audit", env = "ATREST_ROLE_NAME", value_parser = role_name)]
    pub role_name: String,
    /// Partition of the ARNs
    #[arg(long, default_value = "aws", env = "ATREST_PARTITION")]
    pub partition: crate::model::Partition,
}

/// Whose policy `atrest iam` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum IamRole {
    /// The audit role in every account
    Audit,
    /// The census role, which lists the organization and assumes the audit role
    Scan,
    /// The census role's access to the lake
    Lake,
    /// Reserved for the remediation role
    Remediation,
}
