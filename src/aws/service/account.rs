//! The Regions of an account, asked in the account's own session: asked centrally, ListRegions is
//! 5 a second for the whole organization (Account Management Reference, "Quotas").

use aws_sdk_account::operation::list_regions::ListRegionsOutput;

use super::AccountReader;
use crate::aws::ops::LIST_REGIONS;
use crate::aws::walk::{Page, Walk};
use crate::model::{Observation, Region};

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
        };
        let page = walk.distinct(answer.observation, page_of, |region| region.region_name.clone());
        for entry in page {
            let Some(Ok(region)) = entry.region_name.map(|name| name.parse::<Region>()) else { continue };
            match entry.region_opt_status.as_ref().map(|status| status.as_str()) {
                Some("ENABLED" | "ENABLED_BY_DEFAULT" | "DISABLING") => regions.enabled.push(region),
                _ => regions.disabled.push(region),
            }
        }
    }
    let (mut observation, listed) = walk.end();
    regions.enabled.sort();
    regions.disabled.sort();
    observation.region = Region::global();
    reader.segment().listing(&observation, listed);
    (observation, regions)
}
