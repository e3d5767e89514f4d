//! For whom AWS services may use a resource by its policy: what the checks of keys and buckets share.

use std::collections::BTreeSet;

use super::outsiders::{LetIn, Outsiders, listed};
use super::policy_reading::POLICY_UNDECIDED;
use super::{Context, Outcome, Reason};
use crate::model::AccountId;
use crate::policy::{AdmittedService, ServiceAccess};

/// No service comes in.
pub static NO_SERVICE: Reason = Reason::pass("no_service_admitted", "The policy admits no AWS service.");
/// Every service is bound to the organization.
pub static SERVICES_BOUND: Reason = Reason::pass(
    "services_bound_to_organization",
    "The policy admits AWS services only on behalf of the organization and its accounts.",
);
/// Every service is bound, and some to an account that is trusted.
pub static SERVICES_BOUND_TO_TRUSTED: Reason = Reason::pass(
    "services_bound_to_trusted",
    "The policy admits AWS services only on behalf of the organization, its accounts, and accounts that the \
     standard trusts.",
);
/// A service is admitted for an account that is not known.
pub static FOR_ANYONE: Reason =
    Reason::fail("service_for_any_account", "The policy admits an AWS service on behalf of any AWS account.");
/// Everyone is admitted, and services are no exception.
pub static WITH_EVERYONE: Reason = Reason::fail(
    "everyone_and_services_admitted",
    "The policy admits everyone, and so AWS services on behalf of any AWS account too.",
)
.with_remedy(
    "Name the principals of the statement, or add conditions that keep others out. What keeps out principals alone, \
     such as aws:PrincipalOrgID in a Deny that makes an exception for services, leaves services in.",
);
/// A service comes in where it does not say for whom.
pub static SOURCE_MAY_BE_ABSENT: Reason = Reason::fail(
    "service_source_may_be_absent",
    "The policy admits an AWS service whose request does not tell its source.",
);
/// A service comes in for a bucket by its name, which another account may come to own.
pub static BY_BUCKET_NAME: Reason = Reason::fail(
    "service_bound_to_bucket_name",
    "The policy binds an AWS service to a bucket's ARN alone, which names no account.",
);
/// A service comes in for an account from outside.
pub static FOR_OUTSIDE_ACCOUNT: Reason = Reason::fail(
    "service_for_outside_account",
    "The policy admits an AWS service on behalf of an account from outside the organization that the standard does \
     not trust.",
);
/// A service comes in for another organization.
pub static FOR_OTHER_ORGANIZATION: Reason = Reason::fail(
    "service_for_other_organization",
    "The policy admits an AWS service on behalf of another organization.",
);

/// What a resource is called, and what its check adds.
pub struct Of<'a> {
    /// `key` or `bucket`.
    pub resource: &'a str,
    /// Who judges whether everyone may come in, in words.
    pub public: &'a str,
    /// The account of the resource.
    pub account_id: AccountId,
    /// What to say of unbound services where AWS documents that they tell no source.
    pub sends_no_source: &'a dyn Fn(&AdmittedService) -> Option<Outcome>,
}

/// The outcome of what a policy lets services do.
pub fn judge(access: &ServiceAccess, of: &Of<'_>, context: &Context<'_>) -> Outcome {
    let outsiders = Outsiders::of(&let_in(access), of.account_id, context);
    let admits = format!("The {} policy admits AWS services on behalf of", of.resource);
    unbound(access, of)
        .or_else(|| outside(&outsiders, &admits))
        .or_else(|| undecided(access, of))
        .or_else(|| outsiders.not_known(&admits))
        .unwrap_or_else(|| pass(access, &outsiders, of))
}

/// The accounts and organizations on whose behalf services come in.
fn let_in(access: &ServiceAccess) -> LetIn {
    LetIn {
        accounts: access.accounts.iter().map(|(id, by)| (*id, all_of(by))).collect(),
        members: access.members.iter().map(|(id, by)| (id.clone(), all_of(by))).collect(),
        organizations: access.organizations.iter().map(|(id, by)| (id.clone(), all_of(by))).collect(),
    }
}

fn all_of(services: &BTreeSet<AdmittedService>) -> String {
    listed(&services.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap_or_default()
}

/// A service that is bound to no source, the worst first.
fn unbound(access: &ServiceAccess, of: &Of<'_>) -> Option<Outcome> {
    let resource = of.resource;
    let told = |services: Vec<&AdmittedService>| {
        let names: Vec<String> = services.into_iter().map(ToString::to_string).collect();
        listed(&names)
    };
    let (documented, others): (Vec<_>, Vec<_>) =
        access.for_anyone.iter().partition(|service| (of.sends_no_source)(service).is_some());
    if let Some(services) = told(others) {
        let text = format!(
            "On behalf of any AWS account, the {resource} policy admits {services}: no condition binds every request to \
             a source."
        );
        return Some(Outcome::from(&FOR_ANYONE).saying(text));
    }
    if let Some(services) = told(access.without_source.iter().collect()) {
        let text = format!(
            "Where a request does not tell on whose behalf it is made, the {resource} policy admits {services}."
        );
        return Some(Outcome::from(&SOURCE_MAY_BE_ABSENT).saying(text));
    }
    if let Some(services) = told(access.by_bucket_name.iter().collect()) {
        let text = format!(
            "The ARN of a bucket, which names no account, is all that binds {services} in the {resource} policy: \
             aws:SourceAccount is needed too."
        );
        return Some(Outcome::from(&BY_BUCKET_NAME).saying(text));
    }
    if let Some(service) = access.with_everyone.first() {
        let text = format!(
            "The {resource} policy admits everyone by {}, and so AWS services on behalf of any AWS account too. {}",
            service.statement, of.public
        );
        return Some(Outcome::from(&WITH_EVERYONE).saying(text));
    }
    documented.first().and_then(|service| (of.sends_no_source)(service))
}

fn outside(outsiders: &Outsiders, admits: &str) -> Option<Outcome> {
    let (accounts, whom) = outsiders.not_trusted()?;
    let reason = if accounts { &FOR_OUTSIDE_ACCOUNT } else { &FOR_OTHER_ORGANIZATION };
    Some(Outcome::from(reason).saying(format!("{admits} {whom}, from outside the organization.")))
}

fn undecided(access: &ServiceAccess, of: &Of<'_>) -> Option<Outcome> {
    let why = access.undecided.as_ref()?;
    let text = format!(
        "On whose behalf the {} policy admits AWS services depends on what the policy does not say: {why}.",
        of.resource
    );
    Some(Outcome::from(&POLICY_UNDECIDED).saying(text))
}

fn pass(access: &ServiceAccess, outsiders: &Outsiders, of: &Of<'_>) -> Outcome {
    let services: Vec<String> = access.services().into_iter().map(ToString::to_string).collect();
    let Some(services) = listed(&services) else {
        let why =
            if access.is_named { ": its conditions admit none of the services that it names" } else { "" };
        return Outcome::from(&NO_SERVICE)
            .saying(format!("The {} policy admits no AWS service{why}.", of.resource));
    };
    let (reason, trusted) = match outsiders.trusted() {
        Some(accounts) => (&SERVICES_BOUND_TO_TRUSTED, format!(" and the trusted {accounts}")),
        None => (&SERVICES_BOUND, String::new()),
    };
    let by_path = match access.by_log_path.first() {
        Some(service) => format!(
            " No condition names the source of {service}: Elastic Load Balancing writes only under AWSLogs/ and the \
             account of the load balancer."
        ),
        None => String::new(),
    };
    Outcome::from(reason).saying(format!(
        "The {} policy admits AWS services only on behalf of the organization{trusted}: {services}.{by_path}",
        of.resource
    ))
}
