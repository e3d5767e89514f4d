//! The Regions of an account, asked in the account's own session: asked centrally, ListRegions is
//! 5 a second for the whole organization (Account Management Reference, "Quotas").

use aws_sdk_account::operation::list_regions::ListRegionsOutput;
use aws_sdk_account::types::Region as Entry;

use super::{AccountReader, believed, region};
use crate::aws::walk::{Page, Walk, told};
use crate::model::{Observation, Region};
use crate::operation::LIST_REGIONS;

/// An account's Regions by their opt-in status.
#[derive(Debug, Default)]
pub struct Regions {
    /// `ENABLED`, `ENABLED_BY_DEFAULT`, and `DISABLING`, which still holds resources.
    pub enabled: Vec<Region>,
    /// The others.
    pub disabled: Vec<Region>,
}

/// Lists the account's Regions.
pub async fn list_regions(reader: &AccountReader, home: &Region) -> (Observation<()>, Regions) {
    let client = reader.clients.account(home);
    let mut regions = Regions::default();
    let mut walk = Walk::default();
    while walk.goes_on() {
        let token = walk.token();
        // 50 is the API's maximum.
        let send = || client.sdk.list_regions().max_results(50).set_next_token(token.clone()).send();
        let answer = reader.door.call(&LIST_REGIONS, home, &client.endpoint, send).await;
        let page_of = |output: ListRegionsOutput| Page {
            entries: output.regions,
            next: output.next_token,
            goes_on: None,
            count: None,
        };
        let page = walk.take(answer.observation, page_of, understand, |(region, _)| region.to_string());
        for (region, is_enabled) in page {
            let regions = if is_enabled { &mut regions.enabled } else { &mut regions.disabled };
            regions.push(region);
        }
    }
    let (observation, listed) = walk.end();
    // An account always has Regions: without one, nothing of it would be looked at, and all of it seen.
    let mut observation = believed(observation, |()| match regions.enabled.is_empty() {
        true => Err("the answer has no Region that is enabled".to_owned()),
        false => Ok(()),
    });
    regions.enabled.sort();
    regions.disabled.sort();
    observation.region = Region::global();
    reader.segment().listing(&observation, listed);
    (observation, regions)
}

/// A Region, and whether the account may have resources there.
fn understand(entry: Entry) -> Result<(Region, bool), String> {
    let (name, status) = (entry.region_name, entry.region_opt_status);
    let status = status.as_ref().map(|status| status.as_str());
    // RegionOptStatus (Account Management API reference, ListRegions).
    let is_enabled = match status {
        Some("ENABLED" | "ENABLED_BY_DEFAULT" | "DISABLING") => Some(true),
        Some("ENABLING" | "DISABLED") => Some(false),
        _ => None,
    };
    match (name.as_deref().and_then(region), is_enabled) {
        (Some(region), Some(is_enabled)) => Ok((region, is_enabled)),
        _ => {
            let (name, status) = (told("RegionName", name.as_deref()), told("RegionOptStatus", status));
            Err(format!("a Region with {name} and {status}"))
        }
    }
}
