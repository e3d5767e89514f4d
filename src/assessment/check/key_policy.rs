//! Whom a key policy admits, for the checks that judge it.
//!
//! Three checks ask the same two questions of a policy, and each question weighs every kind of request: so
//! what the policy answers is kept with the key while its checks are asked.

use std::cell::OnceCell;

use super::key::{KEY_GONE, MANAGER_NOT_TOLD, metadata};
use super::outsiders::listed;
use super::policy_reading::{POLICY_UNDECIDED, now_and_later, policy};
use super::support::{Decided, decided, told};
use super::{Context, KeySubject, Outcome, Reason};
use crate::policy::{self, Admitted, Policy, ServiceAccess};

/// The customer sets no policy on a key of AWS's.
pub static AWS_MANAGED_POLICY: Reason = Reason::not_applicable(
    "aws_managed_policy",
    "The key is an AWS managed key, and AWS alone sets its key policy.",
);
/// Nothing keeps out a caller who is not known.
pub static POLICY_ADMITS_ANYONE: Reason =
    Reason::grave("policy_admits_anyone", "The key policy admits anyone in any AWS account.");
/// Every key has a policy; an answer that has none says nothing.
pub static POLICY_ABSENT: Reason =
    Reason::unknown("policy_absent", "KMS gave no key policy, and every KMS key has one.");

/// What a key's policy answers now, each question asked once.
#[derive(Debug, Default)]
pub struct KeyAnswers {
    admitted: OnceCell<Admitted>,
    services: OnceCell<ServiceAccess>,
}

/// A key's policy, now or at a later instant, and what it answers then.
pub struct Asked<'a> {
    policy: &'a Policy,
    key_arn: &'a str,
    answers: &'a KeyAnswers,
}

impl Asked<'_> {
    /// Whom it lets in.
    pub fn admitted(&self) -> &Admitted {
        self.answers.admitted.get_or_init(|| policy::admitted(self.policy, self.key_arn))
    }

    /// For whom it lets AWS services in.
    pub fn services(&self) -> &ServiceAccess {
        self.answers.services.get_or_init(|| policy::services_of_key(self.policy, self.key_arn))
    }
}

/// What is said of the policy of a customer managed key, now and at later instants; else what there is to say.
pub fn judged(key: &KeySubject<'_>, context: &Context<'_>, judge: &dyn Fn(&Asked<'_>) -> Outcome) -> Outcome {
    let key_arn = &key.facts.observation.key_arn;
    decided(readable(key).map(|now| {
        let outcome = now_and_later(now, context.as_of, &|policy| {
            // The policy of a later instant is another one, with answers of its own.
            let later = KeyAnswers::default();
            let answers = if std::ptr::eq(policy, now) { key.answers } else { &later };
            judge(&Asked { policy, key_arn, answers })
        });
        with_ignored(outcome, now)
    }))
}

/// An outcome, with the statements that KMS gives no effect (KMS API Reference, `CreateKey`).
fn with_ignored(outcome: Outcome, policy: &Policy) -> Outcome {
    let Some(ignored) = listed(policy.ignored()) else { return outcome };
    let text = format!("{} KMS gives no effect to {ignored}.", outcome.text);
    outcome.saying(text)
}

fn readable<'a>(key: &KeySubject<'a>) -> Decided<&'a Policy> {
    let metadata = metadata(key)?;
    told(metadata.manager.as_ref(), &MANAGER_NOT_TOLD)?;
    if metadata.is_aws_managed() {
        return Err(Outcome::from(&AWS_MANAGED_POLICY));
    }
    policy(key.policy, "key", &KEY_GONE)?.ok_or_else(|| Outcome::from(&POLICY_ABSENT))
}

/// A pass, with the services that come in beside those whom the check is about.
pub fn with_services(pass: Outcome, policy: &Asked<'_>) -> Outcome {
    let services: Vec<String> = policy.services().services().into_iter().map(ToString::to_string).collect();
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
