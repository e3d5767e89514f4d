//! Whether a key's policy lets in accounts from outside the organization.

use super::key::{KEY_GONE, KEY_NOT_READ, MANAGER_NOT_TOLD};
use super::key_policy::{
    AWS_MANAGED_POLICY, POLICY_ABSENT, POLICY_ADMITS_ANYONE, anyone, judged, undecided, with_services,
};
use super::outsiders::{LetIn, ORGANIZATION_NOT_KNOWN, Outsiders};
use super::policy_reading::{POLICY_NOT_READ, POLICY_NOT_UNDERSTOOD, POLICY_UNDECIDED};
use super::support::MEMBERSHIP_UNPROVEN;
use super::{Check, Context, Judge, KeySubject, Outcome, Reason};
use crate::model::{Category, Severity};
use crate::policy::Admitted;

static INSIDE: Reason = Reason::pass(
    "policy_admits_organization_only",
    "The key policy admits no account or organization from outside the organization.",
);
static ONLY_TRUSTED: Reason = Reason::pass(
    "only_trusted_outside",
    "From outside the organization, the key policy admits only accounts that the standard trusts.",
);
static OUTSIDE_ACCOUNT: Reason = Reason::fail(
    "policy_admits_outside_account",
    "The key policy admits an account from outside the organization that the standard does not trust.",
);
static OTHER_ORGANIZATION: Reason =
    Reason::fail("policy_admits_other_organization", "The key policy admits another organization.")
    .with_remedy(
        "Take the organization out of the key policy with kms:PutKeyPolicy, or name the accounts of it that need the key and have them entered among the trusted accounts of the standard.",
    );

/// The check.
pub static CHECK: Check = Check {
    id: "kms_policy_outside_org",
    version: 2,
    title: "Key policies admit no outside account or organization that is not trusted",
    question: "Does the key policy admit only accounts of the organization, and outside accounts that the standard \
               trusts?",
    category: Category::Security,
    severity: Severity::High,
    parameters: &[],
    reasons: &[
        &INSIDE,
        &ONLY_TRUSTED,
        &POLICY_ADMITS_ANYONE,
        &OUTSIDE_ACCOUNT,
        &OTHER_ORGANIZATION,
        &AWS_MANAGED_POLICY,
        &POLICY_UNDECIDED,
        &MEMBERSHIP_UNPROVEN,
        &ORGANIZATION_NOT_KNOWN,
        &POLICY_NOT_READ,
        &POLICY_ABSENT,
        &POLICY_NOT_UNDERSTOOD,
        &MANAGER_NOT_TOLD,
        &KEY_NOT_READ,
        &KEY_GONE,
    ],
    rationale: "An outside account that a key policy admits can hand the key on to its own users by its own IAM \
                policies (AWS KMS Developer Guide, \"Allowing users in other accounts to use a KMS key\"). Each such \
                account should be known, with an owner and an end date. Only the key policy is judged: grants and IAM \
                policies are not judged, nor are the service and resource control policies that may forbid what the \
                key policy allows. AWS services that act for an account or organization that the policy does not \
                name are judged by kms_policy_service_confused_deputy.",
    remedy: "Take the account or organization out of the key policy with kms:PutKeyPolicy, or have it entered among \
             the trusted accounts of the standard, with an owner, a reason and an end date.",
    judge: Judge::Key(judge),
};

fn judge(key: &KeySubject<'_>, context: &Context<'_>) -> Outcome {
    judged(key, context, &|policy| {
        let admitted = policy.admitted();
        let outsiders = Outsiders::of(&let_in(admitted), key.facts.account_id, context);
        anyone(admitted)
            .or_else(|| fail(&outsiders))
            .or_else(|| undecided(admitted))
            .or_else(|| outsiders.not_known("The key policy admits"))
            .unwrap_or_else(|| with_services(pass(&outsiders), policy))
    })
}

/// Whom the policy admits by name.
fn let_in(admitted: &Admitted) -> LetIn {
    LetIn {
        accounts: admitted.accounts.clone().into_iter().collect(),
        members: admitted.members.clone().into_iter().collect(),
        organizations: admitted.organizations.clone().into_iter().collect(),
    }
}

fn fail(outsiders: &Outsiders) -> Option<Outcome> {
    let (accounts, whom) = outsiders.not_trusted()?;
    let reason = if accounts { &OUTSIDE_ACCOUNT } else { &OTHER_ORGANIZATION };
    let text = format!("From outside the organization, the key policy admits {whom}.");
    Some(Outcome::from(reason).saying(text))
}

fn pass(outsiders: &Outsiders) -> Outcome {
    match outsiders.trusted() {
        Some(accounts) => Outcome::from(&ONLY_TRUSTED)
            .saying(format!("From outside the organization, the key policy admits the trusted {accounts}.")),
        None => Outcome::from(&INSIDE),
    }
}
