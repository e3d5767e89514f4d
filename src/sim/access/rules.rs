//! The small part of IAM's evaluation that the audit meets.
//!
//! The order is IAM's: an explicit denial in any policy first, then the policies that must each
//! allow. Not evaluated: resources and conditions inside identity and session policies, and the text
//! of bucket and key policies; `Bucket::denied_actions` and `Key::admits_account` say what those do.

use super::credentials::{Principal, PrincipalKind};
use super::wording::{Quoting, Verdict};
use crate::world::{Actions, Denial, DeniedBy, Word, World};
use atrest_core::{AccountId, Region, glob};

/// A question put to the policies.
#[derive(Debug)]
pub(crate) struct Asked<'a> {
    /// The IAM action, `s3:GetEncryptionConfiguration`.
    pub action: &'a str,
    /// Where the request was sent.
    pub region: &'a Region,
    /// The resource's ARN; `None` where the action has none.
    pub arn: Option<String>,
    /// The bucket's name or the key's id, for denials that name one.
    pub name: &'a str,
    /// Who owns the resource.
    pub owner: AccountId,
    /// What the resource's own policy denies.
    pub denied_actions: &'a [Word],
    /// Whether the resource's own policy leaves the decision to the account's policies.
    pub admits_account: bool,
    /// How the service writes the resource.
    pub quoting: Quoting,
}

fn allows(actions: &Actions, action: &str) -> bool {
    match actions {
        Actions::All => true,
        // The exact action first: it is the usual case and needs no look at the others.
        Actions::Only(set) => {
            set.contains(action) || set.iter().any(|one| glob::matches_ignoring_case(one, action))
        }
    }
}

fn any_matches<T: AsRef<str>>(patterns: &[T], action: &str) -> bool {
    patterns.iter().any(|pattern| glob::matches_ignoring_case(pattern.as_ref(), action))
}

/// Says yes, or AWS's sentence for no.
pub(crate) fn authorize(world: &World, principal: &Principal, asked: &Asked<'_>) -> Result<(), String> {
    let verdict = explicit_denial(world, principal, asked)
        .map(|by| Verdict { by, explicit: true })
        .or_else(|| silent_denial(world, principal, asked).map(|by| Verdict { by, explicit: false }));
    match verdict {
        None => Ok(()),
        Some(verdict) => Err(verdict.sentence(principal, asked)),
    }
}

fn applies(world: &World, account: AccountId, denial: &Denial, asked: &Asked<'_>) -> bool {
    // SCPs and RCPs never restrict the management account (Organizations user guide).
    let spared = matches!(denial.by, DeniedBy::Scp | DeniedBy::Rcp)
        && account == world.organization.management_account;
    !spared
        && denial.region.as_ref().is_none_or(|region| region == asked.region)
        && denial.resource.as_deref().is_none_or(|name| name == asked.name)
        && any_matches(&denial.actions, asked.action)
        && !any_matches(&denial.exempt, asked.action)
}

/// The first policy of an account whose denial applies.
fn denial_of(world: &World, principal: &Principal, asked: &Asked<'_>, explicit: bool) -> Option<DeniedBy> {
    let over = |account: AccountId, about_resource: bool| {
        let denials = world.accounts.get(&account).map_or(&[][..], |found| &found.denials);
        denials
            .iter()
            .filter(move |denial| {
                matches!(denial.by, DeniedBy::Rcp | DeniedBy::ResourcePolicy) == about_resource
            })
            .find(|denial| denial.explicit == explicit && applies(world, account, denial, asked))
            .map(|denial| denial.by)
    };
    over(principal.account, false).or_else(|| over(asked.owner, true))
}

fn explicit_denial(world: &World, principal: &Principal, asked: &Asked<'_>) -> Option<DeniedBy> {
    if let Some(by) = denial_of(world, principal, asked, true) {
        return Some(by);
    }
    if any_matches(asked.denied_actions, asked.action) {
        return Some(DeniedBy::ResourcePolicy);
    }
    match &principal.kind {
        PrincipalKind::Session { policy: Some(policy), .. } if any_matches(&policy.denied, asked.action) => {
            Some(DeniedBy::Session)
        }
        _ => None,
    }
}

fn silent_denial(world: &World, principal: &Principal, asked: &Asked<'_>) -> Option<DeniedBy> {
    if let Some(by) = denial_of(world, principal, asked, false) {
        return Some(by);
    }
    if !asked.admits_account || asked.owner != principal.account {
        return Some(DeniedBy::ResourcePolicy);
    }
    let role = principal.role(world);
    let identity = match (&principal.kind, role) {
        (PrincipalKind::Caller, _) => allows(&world.caller.actions, asked.action),
        (PrincipalKind::Session { .. }, Some(role)) => allows(&role.actions, asked.action),
        (PrincipalKind::Session { .. }, None) => false,
    };
    if !identity {
        return Some(DeniedBy::Identity);
    }
    if role.and_then(|role| role.boundary.as_ref()).is_some_and(|boundary| !allows(boundary, asked.action)) {
        return Some(DeniedBy::Boundary);
    }
    match &principal.kind {
        PrincipalKind::Session { policy: Some(policy), .. }
            if !any_matches(&policy.allowed, asked.action) =>
        {
            Some(DeniedBy::Session)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_iam() {
        for (pattern, action, matched) in [
            ("*", "s3:GetBucketPolicy", true),
            ("s3:*", "s3:GetBucketPolicy", true),
            ("s3:Get*", "s3:GetBucketPolicy", true),
            ("S3:getbucketpolicy", "s3:GetBucketPolicy", true),
            ("s3:Get*Policy", "s3:GetBucketPolicyStatus", false),
            ("s3:GetBucketPolic?", "s3:GetBucketPolicy", true),
            ("kms:*", "s3:GetBucketPolicy", false),
            ("s3:Get", "s3:GetBucketPolicy", false),
        ] {
            assert_eq!(glob::matches_ignoring_case(pattern, action), matched, "{pattern} {action}");
        }
    }
}
