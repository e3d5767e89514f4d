//! Whom a key policy admits, for the checks that judge it.

use super::key::{KEY_GONE, MANAGER_NOT_TOLD, metadata};
use super::outsiders::listed;
use super::policy_reading::{POLICY_UNDECIDED, now_and_later, policy};
use super::support::{decided, told};
use super::{Context, KeySubject, Outcome, Reason};
use crate::policy::{self, Admitted, Policy};

/// The customer sets no policy on a key of AWS's.
pub static AWS_MANAGED_POLICY: Reason = Reason::not_applicable(
    "aws_managed_policy",
    "The key is an AWS managed key, and AWS alone sets its key policy.",
);
/// Nothing keeps out somebody whom nobody knows.
pub static POLICY_ADMITS_ANYONE: Reason =
    Reason::grave("policy_admits_anyone", "The key policy admits anyone in any AWS account.");
/// Every key has a policy; an answer that has none says nothing.
pub static POLICY_ABSENT: Reason =
    Reason::unknown("policy_absent", "KMS gave no key policy, and every KMS key has one.");

/// What is said of the policy of a customer managed key, now and at later instants; else what there is to say.
pub fn judged(key: &KeySubject<'_>, context: &Context<'_>, judge: &dyn Fn(&Policy) -> Outcome) -> Outcome {
    decided(readable(key).map(|policy| now_and_later(policy, context.as_of, judge)))
}

fn readable<'a>(key: &KeySubject<'a>) -> Result<&'a Policy, Outcome> {
    let metadata = metadata(key)?;
    told(metadata.manager.as_ref(), &MANAGER_NOT_TOLD)?;
    if metadata.is_aws_managed() {
        return Err(Outcome::from(&AWS_MANAGED_POLICY));
    }
    policy(key.policy, "key", &KEY_GONE)?.ok_or_else(|| Outcome::from(&POLICY_ABSENT))
}

/// A pass, with the services that come in beside those whom the check is about.
pub fn with_services(pass: Outcome, policy: &Policy, key_arn: &str) -> Outcome {
    let access = policy::services_of_key(policy, key_arn);
    let services: Vec<String> = access.services().into_iter().map(ToString::to_string).collect();
    let Some(services) = listed(&services) else { return pass };
    let text = format!(
        "{} Of AWS services, it admits {services}; kms_policy_service_confused_deputy judges on whose behalf.",
        pass.text
    );
    pass.saying(text)
}

/// The policy admits anyone, if it does.
pub fn anyone(admitted: &Admitted) -> Option<Outcome> {
    let why = admitted.anyone.as_ref()?;
    Some(
        Outcome::from(&POLICY_ADMITS_ANYONE)
            .saying(format!("The key policy admits anyone in any AWS account: {why}.")),
    )
}

/// The policy may admit more than it names, if it may.
pub fn undecided(admitted: &Admitted) -> Option<Outcome> {
    let why = admitted.undecided.as_ref()?;
    Some(
        Outcome::from(&POLICY_UNDECIDED)
            .saying(format!("Whom the key policy admits depends on what the policy does not say: {why}.")),
    )
}
