//! The flags of the audit role, which `scan` and `doctor` share.

use clap::Args;

use super::value::{external_id, role_name};
use crate::model::ExternalId;

/// Which role, in every account.
#[derive(Debug, Clone, Args)]
pub struct RoleArgs {
    /// Audit role in every account, with its path if it has one
    #[arg(long, value_name = "[PATH/]NAME", default_value = "atrest-audit", env = "ATREST_ROLE_NAME", value_parser = role_name)]
    pub role_name: String,
    /// External id that the role's trust policy requires
    #[arg(long, value_name = "ID", env = "ATREST_EXTERNAL_ID", hide_env_values = true, hide_default_value = true, value_parser = external_id)]
    pub external_id: Option<ExternalId>,
    /// Assume the role without a session policy, if the tags of the caller's session leave no room for it:
    /// the session can then do everything that the role allows
    #[arg(long, env = "ATREST_NO_SESSION_POLICY")]
    pub no_session_policy: bool,
}
