//! `accounts`: who the organization is made of, and how well each account was seen.
//!
//! An account that was not scanned keeps its row: the reader must see who is missing.

use super::{Column, Kind, Table};
use crate::model::{AccountFacts, AccountScan, RegionsFrom};

/// The table.
pub static TABLE: Table<AccountFacts> = Table {
    name: "accounts",
    doc: "An account that the organization listed, scanned or not.",
    columns: &[
        Column {
            name: "org_id",
            kind: Kind::String,
            doc: "The organization, `o-…`, from the ARNs of organizations:ListAccounts. NULL where no organization could be read.",
            value: |row| row.org_id.as_deref().into(),
        },
        Column {
            name: "account_id",
            kind: Kind::String,
            doc: "The account's twelve digits: organizations:ListAccounts `Id`.",
            value: |row| row.account.id.into(),
        },
        Column {
            name: "account_name",
            kind: Kind::String,
            doc: "The account's name: organizations:ListAccounts `Name`. NULL where the account is known by its id alone.",
            value: |row| row.account.name.as_deref().into(),
        },
        Column {
            name: "ou_ids",
            kind: Kind::StringArray,
            doc: "The root and the organizational units from it down to the account's parent: organizations:ListAccounts `Paths`. NULL where not reported, and where the paths are none or contradict each other.",
            value: |row| row.account.ou_ids.as_ref().into(),
        },
        Column {
            name: "ou_names",
            kind: Kind::StringArray,
            doc: "The names of `ou_ids`, in the same order: organizations:ListOrganizationalUnitsForParent `Name`. An entry is NULL where its name was not read.",
            value: |row| row.ou_names.as_ref().into(),
        },
        Column {
            name: "state",
            kind: Kind::String,
            doc: "The account's state in AWS's words: organizations:ListAccounts `State`, or `Status` where that is not sent.",
            value: |row| row.account.state.as_deref().into(),
        },
        Column {
            name: "joined_at",
            kind: Kind::Timestamp,
            doc: "When the account joined the organization: organizations:ListAccounts `JoinedTimestamp`.",
            value: |row| row.account.joined_at.into(),
        },
        Column {
            name: "access_path",
            kind: Kind::String,
            doc: "How atrest got the account's session: `assumed_role` (sts:AssumeRole) or `caller` (the caller's own credentials). NULL where there was no session.",
            value: |row| scan(row).and_then(|scan| scan.access_path).map(|path| path.word()).into(),
        },
        Column {
            name: "scan_status",
            kind: Kind::String,
            doc: "The result of the scan: `complete`, `partial`, `unreachable` (no session) or `not_scanned`.",
            value: |row| row.status.word().into(),
        },
        Column {
            name: "scan_reason",
            kind: Kind::String,
            doc: "Why it is not complete: `not_active`, `excluded`, `role_not_assumable`, `joined_recently`, `region_incomplete`, `faults` or `interrupted`. NULL where it is complete.",
            value: |row| row.reason.map(|reason| reason.word()).into(),
        },
        Column {
            name: "regions",
            kind: Kind::StringArray,
            doc: "The Regions that were scanned, sorted: account:ListRegions, unless `--region` or a built-in list gave them. NULL where the account was not tried.",
            value: |row| scan(row).map(|scan| &scan.regions).into(),
        },
        Column {
            name: "regions_disabled",
            kind: Kind::StringArray,
            doc: "The Regions that are disabled for the account, sorted: account:ListRegions `RegionOptStatus`. NULL where that call has no answer.",
            value: |row| {
                scan(row).filter(|scan| disabled_are_known(scan)).map(|scan| &scan.regions_disabled).into()
            },
        },
        Column {
            name: "buckets",
            kind: Kind::Bigint,
            doc: "General purpose buckets listed (s3:ListBuckets), a count. NULL where they were not listed.",
            value: |row| row.buckets.into(),
        },
        Column {
            name: "keys",
            kind: Kind::Bigint,
            doc: "KMS keys listed (kms:ListKeys), a count over all scanned Regions, each replica one. NULL where they were not listed.",
            value: |row| row.keys.into(),
        },
        Column {
            name: "calls",
            kind: Kind::Bigint,
            doc: "Logical reads of the account that were sent, a count; a read that was retried or paged is one.",
            value: |row| row.calls.into(),
        },
        Column {
            name: "started_at",
            kind: Kind::Timestamp,
            doc: "When the scan of the account began, by the scanner's clock. NULL where it was not tried.",
            value: |row| scan(row).map(|scan| scan.started_at).into(),
        },
        Column {
            name: "finished_at",
            kind: Kind::Timestamp,
            doc: "When the scan of the account ended, by the scanner's clock. NULL where it was not tried.",
            value: |row| scan(row).map(|scan| scan.finished_at).into(),
        },
    ],
};

fn scan(row: &AccountFacts) -> Option<&AccountScan> {
    row.scan.as_ref()
}

/// Only `ListRegions` says which Regions are disabled: an empty list from elsewhere is no answer.
fn disabled_are_known(scan: &AccountScan) -> bool {
    scan.regions_from == RegionsFrom::Listed || !scan.regions_disabled.is_empty()
}
