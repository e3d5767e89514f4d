//! Whether the census saw an account.

use std::fmt::Write as _;

use super::{Check, Context, Judge, Outcome, Reason};
use crate::model::{AccountFacts, Category, ScanReason, ScanStatus, Severity};

static COMPLETE: Reason =
    Reason::pass("account_complete", "Everything in the account that the census asks for was read.");
static REFUSED: Reason = Reason::fail(
    "role_not_assumable",
    "AWS STS refused the audit role: it is missing from the account, or does not trust the caller.",
)
.at_most(Severity::Critical);
static NOT_ACTIVE: Reason =
    Reason::not_applicable("not_active", "The account is not active, and cannot be scanned.");
static EXCLUDED: Reason =
    Reason::not_applicable("excluded", "The account was left out of the scan by its settings.");
static JOINED_RECENTLY: Reason = Reason::unknown(
    "joined_recently",
    "AWS STS refused the audit role, and the account joined the organization so lately that the role may still come.",
);
static STATE_NOT_TOLD: Reason = Reason::unknown(
    "account_state_not_told",
    "AWS STS refused the audit role, and AWS Organizations did not report an account state that this version of the tool knows.",
);
static JOINING_NOT_TOLD: Reason = Reason::unknown(
    "joining_date_not_told",
    "AWS STS refused the audit role, and AWS Organizations did not say when the account joined; the role may still come.",
);
static NO_SESSION: Reason = Reason::unknown(
    "faults",
    "A session in the account could not be had, for a fault that says nothing about the account.",
);
static REGION_INCOMPLETE: Reason = Reason::unknown(
    "region_incomplete",
    "The account's Regions could not be listed, so that there may be more of them.",
);
static PARTIAL: Reason = Reason::unknown("partial", "Some of the account could not be read.");
static INTERRUPTED: Reason =
    Reason::unknown("interrupted", "The run was interrupted before the account was scanned.");

/// The check.
pub static CHECK: Check = Check {
    id: "account_scanned",
    version: 2,
    title: "The census sees every account",
    question: "Did the census read everything that it needs in the account?",
    category: Category::Evidence,
    severity: Severity::High,
    parameters: &[],
    reasons: &[
        &COMPLETE,
        &REFUSED,
        &NOT_ACTIVE,
        &EXCLUDED,
        &JOINED_RECENTLY,
        &STATE_NOT_TOLD,
        &JOINING_NOT_TOLD,
        &NO_SESSION,
        &REGION_INCOMPLETE,
        &PARTIAL,
        &INTERRUPTED,
    ],
    rationale: "A statement about the whole organization is worth as much as its coverage. A role that AWS STS refuses \
                is an answer (AWS STS API Reference, AssumeRole): the audit does not see the account until the role \
                is fixed. A read that failed is not an answer, so the verdict is unknown and not fail. An account \
                that joined within a day before the scan gets the time that AWS CloudFormation StackSets need to \
                deploy the role.",
    remedy: "Deploy the audit role to the account and let it trust the audit's caller; where it is there, look for a \
             service control policy that denies sts:AssumeRole.",
    judge: Judge::Account(judge),
};

fn judge(account: &AccountFacts, context: &Context<'_>) -> Outcome {
    let outcome = seen(account);
    let id = account.account.id;
    let is_critical =
        context.organization.management_account_id == Some(id) || context.critical_accounts.contains(&id);
    if is_critical { outcome.at_least(Severity::Critical) } else { outcome }
}

fn seen(account: &AccountFacts) -> Outcome {
    match (account.status, account.reason) {
        (ScanStatus::Complete, _) => Outcome::from(&COMPLETE),
        (_, Some(ScanReason::NotActive)) => not_active(account),
        (_, Some(ScanReason::Excluded)) => Outcome::from(&EXCLUDED),
        (_, Some(ScanReason::RoleNotAssumable)) => refused(account),
        (_, Some(ScanReason::JoinedRecently)) => with_joining_date(account, &JOINED_RECENTLY),
        (_, Some(ScanReason::Interrupted)) => Outcome::from(&INTERRUPTED),
        (_, Some(ScanReason::RegionIncomplete)) => partial(account, &REGION_INCOMPLETE),
        (ScanStatus::Unreachable, _) => Outcome::from(&NO_SESSION),
        (_, Some(ScanReason::Faults) | None) => partial(account, &PARTIAL),
    }
}

fn not_active(account: &AccountFacts) -> Outcome {
    let outcome = Outcome::from(&NOT_ACTIVE);
    match &account.account.state {
        Some(state) => {
            outcome.saying(format!("The account is not active, and cannot be scanned: its state is {state}."))
        }
        None => outcome,
    }
}

/// A refusal is a fail only where the role ought to be there: in an active account that is not new.
fn refused(account: &AccountFacts) -> Outcome {
    if account.account.state.as_deref() != Some("ACTIVE") {
        return Outcome::from(&STATE_NOT_TOLD);
    }
    if account.account.joined_at.is_none() {
        return Outcome::from(&JOINING_NOT_TOLD);
    }
    match account.scan.as_ref().and_then(|scan| scan.role_arn.as_deref()) {
        Some(role) => Outcome::from(&REFUSED).saying(format!(
            "AWS STS refused the audit role {role}: it is missing from the account, or does not trust the caller."
        )),
        None => Outcome::from(&REFUSED),
    }
}

fn with_joining_date(account: &AccountFacts, reason: &'static Reason) -> Outcome {
    let outcome = Outcome::from(reason);
    match account.account.joined_at {
        Some(joined) => outcome.saying(format!(
            "AWS STS refused the audit role, and the account joined the organization only on {}: the role may still \
             come.",
            joined.date()
        )),
        None => outcome,
    }
}

/// What is missing, as far as the account's facts tell; the coverage table has each read.
fn partial(account: &AccountFacts, reason: &'static Reason) -> Outcome {
    let mut text = reason.meaning.trim_end_matches('.').to_owned();
    let missing = match (account.buckets, account.keys) {
        (None, None) => "neither buckets nor, in any Region, KMS keys were listed",
        (None, Some(_)) => "buckets were not listed",
        (Some(_), None) => "KMS keys were listed in no Region",
        (Some(_), Some(_)) => "other reads than the listings of buckets failed, of one Region at least",
    };
    let _ = write!(text, ": {missing}; the coverage table names every read.");
    Outcome::from(reason).saying(text)
}
