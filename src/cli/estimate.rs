//! `--estimate`: the calls that a night is predicted to make, by API.
//!
//! From the calls of the lake's last census where there is one; on a first night from assumptions, which are
//! printed with the figures. Only the account list is read from AWS.

use std::fmt::Write;

use super::error::CliError;
use super::work::Work;
use super::{expiry, print};
use crate::aws::service::organizations::{self, Unplaced};
use crate::lake::{Lake, Manifest};
use crate::model::{Reading, RunHeader, RunKind};
use crate::operation::LIST_ACCOUNTS;
use crate::scan::{Edge, ScanError};

/// How many runs are looked at for a census.
const LOOKED_AT: usize = 30;

/// What an account is assumed to hold on a first night: no source knows an organization that was
/// never read. They are printed, and a census replaces them.
struct Assumptions {
    buckets: u64,
    keys_per_region: u64,
    rotating_share: f64,
    regions: u64,
}

/// Counts that calls follow from.
struct Volume {
    accounts: u64,
    regions: u64,
    buckets: u64,
    keys: u64,
    customer_keys: u64,
    rotating_keys: u64,
}

/// Prints the estimate.
pub async fn run(edge: &Edge, lake: &Lake, run: &RunHeader, work: &Work) -> Result<(), CliError> {
    work.does(format!("waiting for {}", LIST_ACCOUNTS.id));
    let client = edge.aws.factory.organizations(&edge.aws.home);
    let (mut accounts, mut unplaced) = (Vec::new(), Unplaced::default());
    let (door, home) = (&edge.aws.door, &edge.aws.home);
    let (observation, _) = organizations::list_accounts(door, &client, home, &mut unplaced, async |page| {
        accounts.extend(page);
    })
    .await;
    if let Reading::Unread(fault) = observation.reading
        && run.settings.filter.accounts.is_empty()
    {
        return Err(ScanError::Organization { fault: Box::new(fault) }.into());
    }
    let filter = &run.settings.filter;
    let names = std::collections::BTreeMap::new();
    let active =
        accounts.iter().filter(|account| account.is_active() && filter.admits(account, &names)).count();
    let active = (active as u64).max(filter.accounts.len() as u64);
    let night = Night { active, listed: accounts.len() as u64, regions: edge.regions.len() as u64 };
    print::data(&text(&night, last_census(lake).await?.as_ref()))
}

/// What the night is to scan.
struct Night {
    active: u64,
    listed: u64,
    /// Of `--region`; 0 for all.
    regions: u64,
}

/// The newest census that says what it cost; a filtered run says little about a whole night.
pub(super) async fn last_census(lake: &Lake) -> Result<Option<Manifest>, CliError> {
    for run_id in lake.runs().rev().take(LOOKED_AT) {
        let manifest = match lake.manifest(run_id).await {
            // A night that is lost says nothing of what it cost.
            Err(error) if error.is_lost_night() => continue,
            manifest => manifest?,
        };
        if manifest.kind == RunKind::Census && !manifest.calls.is_empty() {
            return Ok(Some(manifest));
        }
    }
    Ok(None)
}

fn text(night: &Night, last: Option<&Manifest>) -> String {
    let mut text = String::new();
    let rows = match last {
        Some(manifest) => {
            let _ = writeln!(
                text,
                "From the calls of the census {},\nin proportion to the accounts.",
                manifest.run_id
            );
            if let Some(took) = expiry::took(manifest) {
                let _ = writeln!(text, "Its scan took {}.", expiry::span(took));
            }
            if night.regions > 0 {
                let _ = writeln!(text, "It was of every Region: with --region there are fewer calls.");
            }
            from_last(manifest, night)
        }
        None => {
            let assumed = Assumptions { buckets: 30, keys_per_region: 4, rotating_share: 0.5, regions: 17 };
            let _ = writeln!(
                text,
                "No census in this lake yet. Assumed: {} buckets per account, {} keys per account\n\
                 and Region, half of them customer managed with rotation, and {} Regions\n\
                 unless --region is given.",
                assumed.buckets, assumed.keys_per_region, assumed.regions
            );
            predicted(&first_night(&assumed, night.active, night.regions), night.listed)
        }
    };
    let _ = writeln!(
        text,
        "{} accounts listed, {} to scan\n\n{:<48}{:>12}",
        night.listed, night.active, "operation", "calls"
    );
    let mut total = 0;
    for (operation, calls) in rows {
        total += calls;
        let _ = writeln!(text, "{operation:<48}{calls:>12}");
    }
    let _ = writeln!(text, "{:<48}{total:>12}", "total");
    text
}

/// The organization's own calls follow the accounts listed, the others those that are asked.
fn from_last(last: &Manifest, night: &Night) -> Vec<(String, u64)> {
    let totals = &last.totals;
    let asked = totals.accounts_complete + totals.accounts_partial + totals.accounts_unreachable;
    let scaled = |(operation, calls): (&String, &u64)| {
        let (now, then) = match operation.starts_with("organizations:") {
            true => (night.listed, totals.accounts_listed),
            false => (night.active, asked),
        };
        (operation.clone(), (calls * now).div_ceil(then.max(1)))
    };
    last.calls.iter().map(scaled).collect()
}

fn first_night(assumed: &Assumptions, active: u64, regions: u64) -> Volume {
    let regions = if regions == 0 { assumed.regions } else { regions };
    let keys = active * regions * assumed.keys_per_region;
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an estimate of a count"
    )]
    let rotating = (keys as f64 * assumed.rotating_share) as u64;
    Volume {
        accounts: active,
        regions,
        buckets: active * assumed.buckets,
        keys,
        customer_keys: rotating,
        rotating_keys: rotating,
    }
}

/// Pages: 20 accounts, 10,000 buckets, 1,000 keys (see the collectors).
fn predicted(volume: &Volume, listed: u64) -> Vec<(String, u64)> {
    let per_region = volume.accounts * volume.regions;
    let rows = [
        ("organizations:ListAccounts", listed.div_ceil(20).max(1)),
        ("sts:AssumeRole", volume.accounts),
        ("account:ListRegions", volume.accounts),
        ("s3:ListBuckets", volume.accounts),
        ("s3:GetBucketEncryption", volume.buckets),
        ("s3:GetBucketPolicy", volume.buckets),
        ("kms:ListKeys", per_region),
        ("kms:ListAliases", per_region),
        ("kms:DescribeKey", volume.keys),
        ("kms:GetKeyRotationStatus", volume.customer_keys),
        ("kms:ListKeyRotations", volume.rotating_keys),
        ("kms:GetKeyPolicy", volume.customer_keys),
    ];
    rows.map(|(operation, calls)| (operation.to_owned(), calls)).into()
}
