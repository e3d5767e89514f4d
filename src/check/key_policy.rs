//! Whom a key policy admits, for the checks that judge it.

use super::key::{KEY_GONE, MANAGER_NOT_TOLD, metadata};
use super::policy_reading::{POLICY_UNDECIDED, policy};
use super::support::told;
use super::{KeySubject, Outcome, Reason};
use crate::policy::{self, Admitted};

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

/// Whom the policy of a customer managed key admits; else what there is to say.
pub fn admitted(key: &KeySubject<'_>) -> Result<Admitted, Outcome> {
    let metadata = metadata(key)?;
    told(metadata.manager.as_ref(), &MANAGER_NOT_TOLD)?;
    if metadata.is_aws_managed() {
        return Err(Outcome::from(&AWS_MANAGED_POLICY));
    }
    let policy = policy(key.policy, "key", &KEY_GONE)?.ok_or_else(|| Outcome::from(&POLICY_ABSENT))?;
    Ok(policy::admitted(policy, &key.facts.observation.key_arn))
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
