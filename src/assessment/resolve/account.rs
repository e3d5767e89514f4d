//! From an account's listing and segment to its facts, and from the accounts to the run's status.

use std::collections::BTreeMap;

use crate::clock::DAY_MS;
use crate::model::{
    Account, AccountFacts, AccountScan, CoverageRow, FaultKind, OrganizationIdentity, RegionsFrom, RunStatus,
    ScanFilter, ScanReason, ScanStatus,
};

/// A role may take this long to reach a new account before its absence is a finding: StackSets
/// deploy to new accounts by themselves, within minutes as a rule.
const JOINED_RECENTLY_MS: i64 = DAY_MS;

/// What an account's segment gave.
#[derive(Debug, Clone, Copy)]
pub struct ScannedAccount<'a> {
    /// The scan.
    pub scan: &'a AccountScan,
    /// Its coverage, in short.
    pub coverage: CoverageDigest,
    /// Buckets listed.
    pub buckets: u64,
    /// Keys listed.
    pub keys: u64,
    /// Whether the standard accepts every row that is not complete.
    pub gaps_accepted: bool,
}

/// What an account's status needs of its coverage: small, because there is one an account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CoverageDigest {
    /// Whether every row is complete.
    pub complete: bool,
    /// Reads that were denied.
    pub denied: u64,
    /// Reads that were sent.
    pub asked: u64,
    /// Whether the buckets were listed to the end: only then is none a count.
    pub buckets_listed: bool,
    /// Whether the keys of some Region were.
    pub keys_listed: bool,
}

impl CoverageDigest {
    /// The digest of an account's rows.
    pub fn of(rows: &[CoverageRow]) -> Self {
        Self {
            complete: rows.iter().all(|row| row.tally.complete()),
            denied: rows.iter().map(|row| row.tally.faults_of(FaultKind::Denied)).sum(),
            asked: rows.iter().map(|row| row.tally.asked()).sum(),
            buckets_listed: listed(rows, "s3:ListBuckets"),
            keys_listed: listed(rows, "kms:ListKeys"),
        }
    }
}

fn listed(rows: &[CoverageRow], operation: &str) -> bool {
    rows.iter().any(|row| row.operation == operation && row.tally.known > 0)
}

/// The facts of one account; `scanned` is none where no segment was sealed.
pub fn account_facts(
    organization: &OrganizationIdentity,
    unit_names: &BTreeMap<String, String>,
    filter: &ScanFilter,
    account: Account,
    scanned: Option<ScannedAccount<'_>>,
) -> AccountFacts {
    let names = |ids: &Vec<String>| ids.iter().map(|id| unit_names.get(id).cloned()).collect::<Vec<_>>();
    let ou_names = account.ou_ids.as_ref().map(names);
    let (status, reason) = status_of(&account, filter, unit_names, scanned.as_ref());
    AccountFacts {
        org_id: organization.org_id.clone(),
        ou_names,
        status,
        reason,
        buckets: scanned.filter(|s| s.coverage.buckets_listed || s.buckets > 0).map(|s| s.buckets),
        keys: scanned.filter(|s| s.coverage.keys_listed || s.keys > 0).map(|s| s.keys),
        calls: scanned.map_or(0, |scanned| scanned.coverage.asked),
        gaps_accepted: scanned.is_some_and(|scanned| scanned.gaps_accepted),
        scan: scanned.map(|scanned| scanned.scan.clone()),
        account,
    }
}

fn status_of(
    account: &Account,
    filter: &ScanFilter,
    unit_names: &BTreeMap<String, String>,
    scanned: Option<&ScannedAccount<'_>>,
) -> (ScanStatus, Option<ScanReason>) {
    if !account.is_active() {
        return (ScanStatus::NotScanned, Some(ScanReason::NotActive));
    }
    if !filter.admits(account, unit_names) {
        return (ScanStatus::NotScanned, Some(ScanReason::Excluded));
    }
    let Some(scanned) = scanned else { return (ScanStatus::NotScanned, Some(ScanReason::Interrupted)) };
    if scanned.scan.access_path.is_none() {
        return (ScanStatus::Unreachable, Some(why_unreachable(account, scanned)));
    }
    if scanned.coverage.complete {
        return (ScanStatus::Complete, None);
    }
    let reason = match scanned.scan.regions_from {
        RegionsFrom::Fallback => ScanReason::RegionIncomplete,
        _ => ScanReason::Faults,
    };
    (ScanStatus::Partial, Some(reason))
}

fn why_unreachable(account: &Account, scanned: &ScannedAccount<'_>) -> ScanReason {
    let refused = scanned.coverage.denied > 0;
    let is_new = account
        .joined_at
        .is_some_and(|joined| scanned.scan.started_at.millis() - joined.millis() < JOINED_RECENTLY_MS);
    match (refused, is_new) {
        (true, true) => ScanReason::JoinedRecently,
        (true, false) => ScanReason::RoleNotAssumable,
        (false, _) => ScanReason::Faults,
    }
}

/// What the run came to: complete where every active account that is not excluded is; with accepted
/// gaps where the standard accepts every shortfall of the others.
pub fn run_status(accounts: &[AccountFacts]) -> RunStatus {
    let is_complete = |account: &&AccountFacts| {
        account.status == ScanStatus::Complete
            || matches!(account.reason, Some(ScanReason::NotActive | ScanReason::Excluded))
    };
    let mut short = accounts.iter().filter(|account| !is_complete(account)).peekable();
    if short.peek().is_none() {
        RunStatus::Complete
    } else if short.all(|account| account.gaps_accepted) {
        RunStatus::CompleteWithAcceptedGaps
    } else {
        RunStatus::Partial
    }
}
