//! AWS's sentences for a refusal, from "Troubleshoot access denied error messages" in the IAM user
//! guide: the scan's `denied_by` is read from them, so they must be the real ones.

use super::credentials::Principal;
use super::rules::Asked;
use crate::world::DeniedBy;

/// How a service writes the resource into the sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quoting {
    /// `on resource: "arn…"`, as S3 does.
    Quoted,
    /// `on resource: arn…`, as the others do.
    Bare,
}

/// Which kind of policy refused, and whether in so many words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Verdict {
    pub by: DeniedBy,
    pub explicit: bool,
}

impl Verdict {
    /// The whole sentence.
    pub fn sentence(self, principal: &Principal, asked: &Asked<'_>) -> String {
        let action = asked.action;
        let resource = match (&asked.arn, asked.quoting) {
            (None, _) => String::new(),
            (Some(arn), Quoting::Quoted) => format!(" on resource: \"{arn}\""),
            (Some(arn), Quoting::Bare) => format!(" on resource: {arn}"),
        };
        let policy = policy_words(self.by);
        let cause = match (self.explicit, article(self.by)) {
            (true, article) => format!("with an explicit deny in {article} {policy}"),
            (false, _) => format!("because no {policy} allows the {action} action"),
        };
        format!("User: {} is not authorized to perform: {action}{resource} {cause}", principal.arn)
    }
}

fn policy_words(by: DeniedBy) -> &'static str {
    match by {
        DeniedBy::Identity => "identity-based policy",
        DeniedBy::ResourcePolicy => "resource-based policy",
        DeniedBy::Scp => "service control policy",
        DeniedBy::Rcp => "resource control policy",
        DeniedBy::Boundary => "permissions boundary",
        DeniedBy::Session => "session policy",
        DeniedBy::VpcEndpoint => "VPC endpoint policy",
    }
}

fn article(by: DeniedBy) -> &'static str {
    if by == DeniedBy::Identity { "an" } else { "a" }
}
