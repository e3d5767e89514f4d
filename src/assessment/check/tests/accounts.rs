//! The account check, over every status, reason and gap in what Organizations told.

use std::collections::{BTreeMap, BTreeSet};

use super::Surroundings;
use super::truth_table::{Column, Made, hold, words};
use crate::check::{Check, Judge, Outcome};
use crate::clock::Timestamp;
use crate::model::*;
use crate::resolve::{CoverageDigest, ScannedAccount, account_facts};

/// An account as it was listed and scanned; the facts are the join's own.
#[derive(Clone, PartialEq)]
struct Case {
    account: Account,
    filter: ScanFilter,
    scan: Option<AccountScan>,
    coverage: CoverageDigest,
    organization: Organization,
    critical_accounts: BTreeSet<AccountId>,
}

fn id() -> AccountId {
    "111122223333".parse().unwrap()
}

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn case() -> Case {
    Case {
        account: Account {
            state: Some("ACTIVE".to_owned()),
            joined_at: Some(at("2020-01-01")),
            ..Account::unlisted(id())
        },
        filter: ScanFilter::default(),
        scan: Some(AccountScan {
            account_id: id(),
            role_arn: Some("arn:aws:iam::111122223333:role/audit".to_owned()),
            access_path: Some(AccessPath::AssumedRole),
            regions: Vec::new(),
            regions_disabled: Vec::new(),
            regions_from: RegionsFrom::Listed,
            started_at: at("2026-11-21T03:00:00Z"),
            finished_at: at("2026-11-21T03:01:00Z"),
        }),
        coverage: CoverageDigest {
            complete: true,
            denied: 0,
            asked: 10,
            buckets_listed: true,
            keys_listed: true,
        },
        organization: Organization::default(),
        critical_accounts: BTreeSet::new(),
    }
}

fn no_session(case: &mut Case) {
    if let Some(scan) = &mut case.scan {
        (scan.access_path, scan.regions_from) = (None, RegionsFrom::NoSession);
    }
    case.coverage = CoverageDigest { asked: 1, ..CoverageDigest::default() };
}

fn refused(case: &mut Case) {
    no_session(case);
    case.coverage.denied = 1;
}

fn partial(case: &mut Case, buckets_listed: bool, keys_listed: bool) {
    case.coverage = CoverageDigest { complete: false, buckets_listed, keys_listed, ..case.coverage };
}

fn no_regions(case: &mut Case) {
    partial(case, true, true);
    if let Some(scan) = &mut case.scan {
        scan.regions_from = RegionsFrom::Fallback;
    }
}

/// An account whose state is not told is tried; one that is not active does not let the role in.
fn unlisted(case: &mut Case) {
    if !case.account.is_active() {
        refused(case);
    }
    case.account.state = None;
}

impl Made for Case {
    fn judge(&self, check: &'static Check) -> Outcome {
        let scanned = self.scan.as_ref().map(|scan| ScannedAccount {
            scan,
            coverage: self.coverage,
            buckets: 0,
            keys: 0,
            gaps_accepted: false,
        });
        let identity = OrganizationIdentity::default();
        let facts = account_facts(&identity, &BTreeMap::new(), &self.filter, self.account.clone(), scanned);
        let surroundings = Surroundings {
            organization: self.organization.clone(),
            critical_accounts: self.critical_accounts.clone(),
            ..Surroundings::at("2026-11-21T03:00:00Z")
        };
        match check.judge {
            Judge::Account(judge) => judge(&facts, &surroundings.context()),
            _ => panic!("{} is not about accounts", check.id),
        }
    }

    /// What a fault can take away: the listing's details, the session, reads, the whole scan.
    fn losses(&self) -> Vec<(&'static str, Self)> {
        type Loss = (&'static str, fn(&mut Case));
        let changes: [Loss; 8] = [
            ("State", unlisted),
            ("JoinedTimestamp", |case| case.account.joined_at = None),
            ("the account's details", |case| {
                unlisted(case);
                case.account = Account::unlisted(id());
            }),
            ("the session", |case| {
                // A refusal is an answer that a fault takes away, and never brings.
                no_session(case);
            }),
            ("reads", |case| case.coverage.complete = false),
            ("ListRegions", no_regions),
            ("the scan", |case| case.scan = None),
            ("the organization", |case| case.organization = Organization::default()),
        ];
        let less = |(what, change): &Loss| {
            let mut less = self.clone();
            change(&mut less);
            (*what, less)
        };
        changes.iter().map(less).collect()
    }
}

fn columns() -> Vec<Column<Case>> {
    let state =
        |state: Option<&'static str>| move |case: &mut Case| case.account.state = state.map(str::to_owned);
    let joined =
        |joined: Option<&'static str>| move |case: &mut Case| case.account.joined_at = joined.map(at);
    vec![
        Column::new("state")
            .value("ACTIVE", state(Some("ACTIVE")))
            .value("SUSPENDED", state(Some("SUSPENDED")))
            .value("CLOSED", state(Some("CLOSED")))
            .value("YET_TO_COME", state(Some("YET_TO_COME")))
            .value("not told", state(None)),
        Column::new("filter").value("admits", |_: &mut Case| {}).value("leaves out", |case| {
            case.filter.exclude_accounts.insert(id());
        }),
        Column::new("scan")
            .value("complete", |_: &mut Case| {})
            .value("no reads of buckets", |case| partial(case, false, true))
            .value("no reads of keys", |case| partial(case, true, false))
            .value("some reads failed", |case| partial(case, true, true))
            .value("Regions not listed", no_regions)
            .value("session refused", refused)
            .value("session failed", no_session)
            .value("none", |case| case.scan = None),
        Column::new("joined")
            .value("long ago", joined(Some("2020-01-01")))
            .value("24 hours before", joined(Some("2026-11-20T03:00:00Z")))
            .value("1 ms less", joined(Some("2026-11-20T03:00:00.001Z")))
            .value("not told", joined(None)),
        Column::new("critical")
            .value("no", |_: &mut Case| {})
            .value("management account", |case| case.organization.management_account_id = Some(id()))
            .value("by the standard", |case| {
                case.critical_accounts.insert(id());
            }),
    ]
}

#[test]
fn account_scanned() {
    hold("account_scanned", vec![("every account", case(), columns())]);
}

#[test]
fn what_is_missing_is_in_the_words() {
    let with = |change: &dyn Fn(&mut Case)| {
        let mut case = case();
        change(&mut case);
        case
    };
    let cases = vec![
        ("refused", with(&refused)),
        (
            "joined recently",
            with(&|case| {
                refused(case);
                case.account.joined_at = Some(at("2026-11-20T13:00:00Z"));
            }),
        ),
        ("suspended", with(&|case| case.account.state = Some("SUSPENDED".to_owned()))),
        ("no reads at all", with(&|case| partial(case, false, false))),
        ("no reads of buckets", with(&|case| partial(case, false, true))),
        ("no reads of keys", with(&|case| partial(case, true, false))),
        ("some reads failed", with(&|case| partial(case, true, true))),
        ("Regions not listed", with(&no_regions)),
    ];
    insta::assert_snapshot!(words("account_scanned", cases));
}
