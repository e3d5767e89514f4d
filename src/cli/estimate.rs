//! `--estimate`: the calls that a night is predicted to make, by API.
//!
//! From the lake's last census where there is one; on a first night from assumptions, which are
//! printed with the figures. Only the account list is read from AWS.

use std::fmt::Write;

use super::error::CliError;
use super::print;
use crate::aws::call::Door;
use crate::aws::service::organizations;
use crate::model::{Reading, RunHeader};
use crate::scan::{Edge, ScanError};
use crate::sink::{Lake, Manifest};

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
pub async fn run(edge: &Edge, lake: &Lake, run: &RunHeader) -> Result<(), CliError> {
    let door = Door::caller(std::sync::Arc::clone(&edge.aws.shared));
    let client = edge.aws.factory.organizations(&edge.aws.home);
    let mut accounts = Vec::new();
    let (observation, _) = organizations::list_accounts(&door, &client, &edge.aws.home, async |page| {
        accounts.extend(page);
    })
    .await;
    if let Reading::Unread(fault) = observation.reading
        && run.settings.filter.accounts.is_empty()
    {
        let reason = fault.code.unwrap_or_else(|| fault.kind.word().to_owned());
        return Err(ScanError::Organization { reason }.into());
    }
    let filter = &run.settings.filter;
    let names = std::collections::BTreeMap::new();
    let active =
        accounts.iter().filter(|account| account.is_active() && filter.admits(account, &names)).count();
    let active = (active as u64).max(filter.accounts.len() as u64);
    print::data(&text(active, edge.regions.len() as u64, accounts.len() as u64, lake.newest()));
    Ok(())
}

fn text(active: u64, regions: u64, listed: u64, last: Option<&Manifest>) -> String {
    let mut text = String::new();
    let volume = match last {
        Some(manifest) if manifest.totals.accounts_complete > 0 => {
            let _ = writeln!(text, "From the census {}:", manifest.run_id);
            from_last(manifest, active, regions)
        }
        _ => {
            let assumed = Assumptions { buckets: 30, keys_per_region: 4, rotating_share: 0.5, regions: 17 };
            let _ = writeln!(
                text,
                "No census in this lake yet. Assumed: {} buckets an account, {} keys an account and Region,\n\
                 half of them customer managed and rotating, {} Regions where --region is not given.",
                assumed.buckets, assumed.keys_per_region, assumed.regions
            );
            first_night(&assumed, active, regions)
        }
    };
    let _ =
        writeln!(text, "{listed} accounts listed, {active} to scan\n\n{:<48}{:>12}", "operation", "calls");
    let mut total = 0;
    for (operation, calls) in predicted(&volume, listed) {
        total += calls;
        let _ = writeln!(text, "{operation:<48}{calls:>12}");
    }
    let _ = writeln!(text, "{:<48}{total:>12}", "total");
    text
}

fn from_last(manifest: &Manifest, active: u64, regions: u64) -> Volume {
    let seen = manifest.totals.accounts_complete + manifest.totals.accounts_partial;
    let scaled = |count: u64| count * active / seen.max(1);
    let keys = scaled(manifest.totals.keys);
    Volume {
        accounts: active,
        regions: if regions == 0 { 17 } else { regions },
        buckets: scaled(manifest.totals.buckets),
        keys,
        customer_keys: keys,
        rotating_keys: keys,
    }
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
fn predicted(volume: &Volume, listed: u64) -> Vec<(&'static str, u64)> {
    let per_region = volume.accounts * volume.regions;
    vec![
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
    ]
}
