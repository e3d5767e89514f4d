//! Whether a key's policy lets in accounts from outside the organization.

use super::key::{KEY_GONE, KEY_NOT_READ, MANAGER_NOT_TOLD};
use super::key_policy::{
    AWS_MANAGED_POLICY, POLICY_ABSENT, POLICY_ADMITS_ANYONE, admitted, anyone, undecided,
};
use super::policy_reading::{POLICY_NOT_READ, POLICY_NOT_UNDERSTOOD, POLICY_UNDECIDED};
use super::support::{MEMBERSHIP_UNPROVEN, decided};
use super::{Check, Context, Judge, KeySubject, Outcome, Reason};
use crate::clock::Timestamp;
use crate::model::{AccountId, Category, Severity};
use crate::policy::Admitted;

/// How many of a kind are named in a text.
const NAMED: usize = 5;

static INSIDE: Reason = Reason::pass(
    "policy_admits_organization_only",
    "The key policy admits nobody from outside the organization.",
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
static ORGANIZATION_NOT_KNOWN: Reason = Reason::unknown(
    "organization_not_known",
    "The key policy admits an organization, and it is not known which organization this is.",
);

/// The check.
pub static CHECK: Check = Check {
    id: "kms_policy_outside_org",
    version: 1,
    title: "Key policies admit nobody from outside the organization who is not trusted",
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
                key policy allows.",
    remedy: "Take the account or organization out of the key policy with kms:PutKeyPolicy, or have it entered among \
             the trusted accounts of the standard, with an owner, a reason and an end date.",
    judge: Judge::Key(judge),
};

fn judge(key: &KeySubject<'_>, context: &Context<'_>) -> Outcome {
    decided(admitted(key).map(|admitted| {
        let outsiders = Outsiders::of(&admitted, key.facts.account_id, context);
        anyone(&admitted)
            .or_else(|| outsiders.fail())
            .or_else(|| undecided(&admitted))
            .or_else(|| outsiders.unknown())
            .unwrap_or_else(|| outsiders.pass())
    }))
}

/// Whom the policy admits beside the organization's own, each with its words.
#[derive(Default)]
struct Outsiders {
    untrusted: Vec<String>,
    trusted: Vec<String>,
    other_organizations: Vec<String>,
    not_known_accounts: Vec<String>,
    not_known_organizations: Vec<String>,
}

impl Outsiders {
    fn of(admitted: &Admitted, own: AccountId, context: &Context<'_>) -> Self {
        let mut outsiders = Self::default();
        for (id, by) in admitted.accounts.iter().filter(|(id, _)| **id != own) {
            match (context.organization.is_member(*id), Trust::of(*id, context)) {
                (Some(true), _) => {}
                (_, Trust::Until(end)) => outsiders.trusted.push(format!("{id} until {}", end.date())),
                (Some(false), Trust::Never) => outsiders.untrusted.push(format!("{id} ({by})")),
                (Some(false), Trust::Ended(end)) => {
                    outsiders.untrusted.push(format!("{id} ({by}; its trust ended on {})", end.date()));
                }
                (None, _) => outsiders.not_known_accounts.push(format!("{id} ({by})")),
            }
        }
        for (id, by) in &admitted.organizations {
            match context.organization.org_id.as_ref() {
                Some(own) if own == id => {}
                Some(_) => outsiders.other_organizations.push(format!("{id} ({by})")),
                None => outsiders.not_known_organizations.push(format!("{id} ({by})")),
            }
        }
        outsiders
    }

    fn fail(&self) -> Option<Outcome> {
        let accounts = some_of("account", &self.untrusted);
        let organizations = some_of("organization", &self.other_organizations);
        let reason = if accounts.is_some() { &OUTSIDE_ACCOUNT } else { &OTHER_ORGANIZATION };
        let whom: Vec<String> = accounts.into_iter().chain(organizations).collect();
        (!whom.is_empty()).then(|| {
            Outcome::from(reason).saying(format!(
                "From outside the organization, the key policy admits {}.",
                whom.join(", and ")
            ))
        })
    }

    fn unknown(&self) -> Option<Outcome> {
        let accounts = some_of("account", &self.not_known_accounts).map(|accounts| {
            Outcome::from(&MEMBERSHIP_UNPROVEN).saying(format!(
                "The key policy admits {accounts}; the organization's accounts are not all known."
            ))
        });
        accounts.or_else(|| {
            let organizations = some_of("organization", &self.not_known_organizations)?;
            Some(Outcome::from(&ORGANIZATION_NOT_KNOWN).saying(format!(
                "The key policy admits {organizations}; it is not known which organization this is."
            )))
        })
    }

    fn pass(&self) -> Outcome {
        match some_of("account", &self.trusted) {
            Some(accounts) => Outcome::from(&ONLY_TRUSTED).saying(format!(
                "From outside the organization, the key policy admits the trusted {accounts}."
            )),
            None => Outcome::from(&INSIDE),
        }
    }
}

/// Whether the standard trusts an account.
enum Trust {
    Until(Timestamp),
    Ended(Timestamp),
    Never,
}

impl Trust {
    fn of(id: AccountId, context: &Context<'_>) -> Self {
        match context.trust_in(id).map(|trusted| trusted.expires) {
            Some(end) if context.as_of < end => Self::Until(end),
            Some(end) => Self::Ended(end),
            None => Self::Never,
        }
    }
}

/// `account a`, `accounts a, b`, `accounts a, b, c, d, e and 4 more`; none where there are none.
fn some_of(noun: &str, all: &[String]) -> Option<String> {
    let (named, rest) = all.split_at(all.len().min(NAMED));
    let plural = if all.len() == 1 { "" } else { "s" };
    let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
    (!all.is_empty()).then(|| format!("{noun}{plural} {}{more}", named.join(", ")))
}
