//! Where Elastic Load Balancing writes access logs.
//!
//! It writes only under `AWSLogs/` and the account that owns the load balancer, and its guide has a policy without a
//! condition (Application Load Balancers, "Enable access logs for your Application Load Balancer"): so a path binds it.

use std::collections::BTreeSet;

use super::glob::Glob;
use super::index::accounts_in;
use super::parse::Policy;
use crate::model::AccountId;

/// Its service principals, in Regions since August 2022 and in Outposts.
pub(super) const ELB_SERVICES: [&str; 2] =
    ["logdelivery.elasticloadbalancing.amazonaws.com", "logdelivery.elb.amazonaws.com"];

const ACCOUNT_DIGITS: usize = 12;

/// The paths in a bucket, and the accounts that its policy tells apart there.
pub(super) struct LogPaths {
    bucket_arn: String,
    pub(super) accounts: BTreeSet<AccountId>,
}

impl LogPaths {
    pub(super) fn of(policy: &Policy, bucket_arn: &str) -> Self {
        let globs = policy.statements.iter().flat_map(|it| &it.resources.entries);
        let accounts = globs.flat_map(|glob| accounts_in(glob.text())).collect();
        Self { bucket_arn: bucket_arn.to_owned(), accounts }
    }

    /// Patterns of the objects of each account, and of any other.
    pub(super) fn all(&self) -> Vec<Glob> {
        let ids = self.accounts.iter().map(ToString::to_string).chain(["????????????".to_owned()]);
        ids.flat_map(|id| self.of_account(&id)).collect()
    }

    fn of_account(&self, id: &str) -> [Glob; 2] {
        ["", "*/"].map(|start| Glob::wild(&format!("{}/{start}AWSLogs/{id}/*", self.bucket_arn)))
    }

    /// Whether they are of a bucket.
    pub(super) fn are_of_bucket(&self) -> bool {
        self.bucket_arn.contains(":s3:")
    }

    /// Whether a load balancer of that account, or of one that is not named, writes there; what is no object, whatever
    /// the account.
    ///
    /// The prefix that a customer chooses "must not include the string AWSLogs" (Application Load Balancers, "Access
    /// logs for your Application Load Balancer"), so that there is one.
    pub(super) fn are_of(&self, account: Option<AccountId>, resource: &str) -> bool {
        let Some(name) = resource.strip_prefix(&self.bucket_arn).and_then(|rest| rest.strip_prefix('/'))
        else {
            return resource == self.bucket_arn;
        };
        let Some((prefix, rest)) = name.split_once("AWSLogs/") else { return false };
        let is_log = (prefix.is_empty() || prefix.ends_with('/')) && !rest.contains("AWSLogs/");
        let end = rest.char_indices().nth(ACCOUNT_DIGITS).map_or(rest.len(), |(end, _)| end);
        let (owner, log) = rest.split_at(end);
        if !is_log || !log.starts_with('/') {
            return false;
        }
        let owner_is = |id: &AccountId| owner == id.to_string();
        match account.filter(|id| self.accounts.contains(id)) {
            Some(id) => owner_is(&id),
            None => !self.accounts.iter().any(owner_is),
        }
    }
}
