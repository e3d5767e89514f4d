//! The Account API: ListRegions, for oneself or, from the organization's top, for a member.

use serde_json::{Value, json};

use super::paging::{Limits, Paging};
use super::{Call, Identified, Input, Operation, Refusal, Service};
use crate::message::{Reply, Request};
use atrest_core::AccountId;

/// What of the Account API is simulated.
pub(super) const OPERATIONS: &[Operation] =
    &[Operation::listing(Service::Account, "ListRegions", "account:ListRegions", list_regions)];

pub(super) fn identify(request: &Request) -> Identified {
    let json = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    let input = Input { json, ..Input::default() };
    let resource = input.text("AccountId").unwrap_or_default().to_owned();
    let account = resource.parse().ok();
    let path = request.path.trim_matches('/');
    let name = if request.method == "POST" && path == "listRegions" { "ListRegions" } else { path };
    Identified::new(Service::Account, name, input, resource).about(account)
}

fn list_regions(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let account = subject(call)?;
    call.authorize_account_wide(Some(&call.world.account_arn(account)))?;
    let limits = Limits {
        default: call.world.pages.regions,
        most: call.world.pages.regions,
        overlap: call.world.pages.overlap,
    };
    let token = call.input.text("NextToken");
    let size = call.input.count("MaxResults");
    let paging = Paging::read(Service::Account, token, size, limits, call.empty_page)?;
    let wanted = wanted_statuses(call.input);
    let regions = call.world.accounts.get(&account).map(|found| &found.regions);
    let items = regions
        .into_iter()
        .flatten()
        .filter(|(_, state)| wanted.is_empty() || wanted.contains(&state.opt_status.word()))
        .map(|(region, state)| {
            let row = json!({ "RegionName": region.as_str(), "RegionOptStatus": state.opt_status.word() });
            (region.as_str().to_owned(), row)
        });
    let (page, next) = paging.cut(items);
    let mut body = json!({ "Regions": page });
    if let Some(next) = next {
        body["NextToken"] = next.into();
    }
    Ok(Reply::new(200, "application/json", body.to_string()))
}

/// The account asked about: only the organization's top may name another than its own.
fn subject(call: &Call<'_>) -> Result<AccountId, Refusal> {
    let own = call.principal.account;
    let Some(text) = call.input.text("AccountId") else { return Ok(own) };
    let named: AccountId = text
        .parse()
        .map_err(|_| Service::Account.invalid_input("Value at 'accountId' failed to satisfy constraint"))?;
    let admitted = call.world.organization.admits(own) && call.world.accounts.contains_key(&named);
    // Naming one's own account is refused to a management account (Account Management API reference).
    if named == own || !admitted {
        let message = "User: is not authorized to access this resource";
        return Err(Service::Account.access_denied(message));
    }
    Ok(named)
}

fn wanted_statuses(input: &Input) -> Vec<&str> {
    let list = input.json.get("RegionOptStatusContains").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).collect()
}
