//! Whether a key's policy lets in anyone.

use super::key::{KEY_GONE, KEY_NOT_READ, MANAGER_NOT_TOLD};
use super::key_policy::{
    AWS_MANAGED_POLICY, POLICY_ABSENT, POLICY_ADMITS_ANYONE, anyone, judged, undecided, with_services,
};
use super::policy_reading::{POLICY_NOT_READ, POLICY_NOT_UNDERSTOOD, POLICY_UNDECIDED};
use super::{Check, Context, Judge, KeySubject, Outcome, Reason};
use crate::model::{Category, Severity};

static NAMED_ONLY: Reason = Reason::pass(
    "policy_admits_named_only",
    "Of AWS accounts and organizations, the key policy admits only those that it names.",
);

/// The check.
pub static CHECK: Check = Check {
    id: "kms_policy_public",
    version: 2,
    title: "Key policies do not admit anyone",
    question: "Does the key policy keep out callers whose account and organization it does not name?",
    category: Category::Security,
    severity: Severity::Critical,
    parameters: &[],
    reasons: &[
        &NAMED_ONLY,
        &POLICY_ADMITS_ANYONE,
        &AWS_MANAGED_POLICY,
        &POLICY_UNDECIDED,
        &POLICY_NOT_READ,
        &POLICY_ABSENT,
        &POLICY_NOT_UNDERSTOOD,
        &MANAGER_NOT_TOLD,
        &KEY_NOT_READ,
        &KEY_GONE,
    ],
    rationale: "The key policy is the first gate to everything under the key, and a principal of * opens it to every \
                AWS account (AWS KMS Developer Guide, \"Key policies in AWS KMS\"). The conditions kms:CallerAccount, \
                aws:PrincipalAccount and aws:PrincipalOrgID narrow such a statement to the accounts or the \
                organization that they name. kms:ViaService alone narrows nothing, for the service can be used in any \
                account. The policy is judged in every state of the key, because it outlives the state. Grants, IAM \
                policies and the organization's own policies are not judged. AWS services that act for others are judged \
                by kms_policy_service_confused_deputy.",
    remedy: "Name the principals with kms:PutKeyPolicy, or add a condition on kms:CallerAccount or aws:PrincipalOrgID; \
             then look in AWS CloudTrail for use by accounts that are not known.",
    judge: Judge::Key(judge),
};

fn judge(key: &KeySubject<'_>, context: &Context<'_>) -> Outcome {
    judged(key, context, &|policy| {
        let admitted = policy.admitted();
        anyone(admitted)
            .or_else(|| undecided(admitted))
            .unwrap_or_else(|| with_services(Outcome::from(&NAMED_ONLY), policy))
    })
}
