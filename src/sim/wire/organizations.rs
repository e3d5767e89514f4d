//! The Organizations API: the account list, and the tree of units above it.

use serde_json::{Value, json};

use super::paging::{Limits, Paging};
use super::{Call, Operation, Refusal, Service, epoch, json_reply};
use crate::message::Reply;
use crate::world::{Account, World};

const SERVICE: Service = Service::Organizations;

/// What of the Organizations API is simulated.
pub(super) const OPERATIONS: &[Operation] = &[
    Operation::listing(SERVICE, "ListAccounts", "organizations:ListAccounts", list_accounts),
    Operation::read(
        SERVICE,
        "DescribeOrganization",
        "organizations:DescribeOrganization",
        describe_organization,
    ),
    Operation::listing(SERVICE, "ListRoots", "organizations:ListRoots", list_roots),
    Operation::listing(
        SERVICE,
        "ListOrganizationalUnitsForParent",
        "organizations:ListOrganizationalUnitsForParent",
        list_units,
    ),
    Operation::listing(SERVICE, "ListParents", "organizations:ListParents", list_parents),
];

fn list_accounts(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    enter(call, true)?;
    let (most, pages) = (call.world.pages.accounts, &call.world.pages);
    let mut paging = read_paging(call, most)?;
    if pages.empty_first_accounts_page && paging.is_first() && call.input.text("NextToken").is_none() {
        call.empty_page = Some(u32::MAX);
        paging = read_paging(call, most)?;
    }
    let world = &*call.world;
    let accounts = world.accounts.values().map(|account| (account.id.to_string(), account));
    let (page, next) = paging.cut(accounts);
    let rows: Vec<Value> = page.into_iter().map(|account| account_row(world, account)).collect();
    page_reply("Accounts", rows, next)
}

fn account_row(world: &World, account: &Account) -> Value {
    let mut row = json!({
        "Id": account.id.to_string(),
        "Arn": world.account_arn(account.id),
        "Email": account.email,
        "Name": account.name,
        "State": account.state.word(),
        "JoinedMethod": "CREATED",
        "JoinedTimestamp": epoch(account.joined_at),
    });
    if world.organization.sends_status {
        row["Status"] = account.state.status_word().into();
    }
    if world.organization.sends_paths {
        row["Paths"] = json!([world.account_path(account.id)]);
    }
    row
}

fn describe_organization(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    enter(call, false)?;
    let world = &*call.world;
    let organization = &world.organization;
    let (id, management) = (&organization.id, organization.management_account);
    let email = world.accounts.get(&management).map(|account| account.email.as_str());
    json_reply(&json!({ "Organization": {
        "Id": id,
        "Arn": format!("arn:{}:organizations::{management}:organization/{id}", world.partition),
        "FeatureSet": "ALL",
        "MasterAccountArn": world.account_arn(management),
        "MasterAccountId": management.to_string(),
        "MasterAccountEmail": email,
        "AvailablePolicyTypes": [],
    }}))
}

fn list_roots(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    enter(call, true)?;
    let paging = read_paging(call, call.world.pages.units)?;
    let root = &call.world.organization.root;
    let row = json!({ "Id": root, "Arn": arn(call.world, "root", root), "Name": "Root", "PolicyTypes": [] });
    let (page, next) = paging.cut(std::iter::once((root.clone(), row)));
    page_reply("Roots", page, next)
}

fn list_units(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    enter(call, true)?;
    let paging = read_paging(call, call.world.pages.units)?;
    let parent = required(call, "ParentId")?;
    let world = &*call.world;
    if parent != world.organization.root && !world.organization.units.iter().any(|unit| unit.id == parent) {
        let message = "You specified a root or organizational unit that doesn't exist.";
        return Err(Refusal::new(400, "ParentNotFoundException", message));
    }
    let mut rows: Vec<(String, Value)> = world
        .organization
        .units
        .iter()
        .filter(|unit| unit.parent == parent)
        .map(|unit| {
            let row = json!({ "Id": unit.id, "Arn": arn(world, "ou", &unit.id), "Name": unit.name });
            (unit.id.clone(), row)
        })
        .collect();
    rows.sort_by(|left, right| left.0.cmp(&right.0));
    let (page, next) = paging.cut(rows.into_iter());
    page_reply("OrganizationalUnits", page, next)
}

fn list_parents(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    enter(call, true)?;
    let paging = read_paging(call, call.world.pages.units)?;
    let child = required(call, "ChildId")?;
    let organization = &call.world.organization;
    let of_account = child.parse().ok().and_then(|id| call.world.accounts.get(&id)).map(|a| &a.parent);
    let of_unit = || organization.units.iter().find(|unit| unit.id == child).map(|unit| &unit.parent);
    let Some(parent) = of_account.or_else(of_unit) else {
        let message = "You specified an account or organizational unit that doesn't exist.";
        return Err(Refusal::new(400, "ChildNotFoundException", message));
    };
    let kind = if *parent == organization.root { "ROOT" } else { "ORGANIZATIONAL_UNIT" };
    let row = json!({ "Id": parent, "Type": kind });
    let (page, next) = paging.cut(std::iter::once((parent.clone(), row)));
    page_reply("Parents", page, next)
}

/// Lets in who may: everybody in the organization to describe it, only its top to list.
fn enter(call: &Call<'_>, top_only: bool) -> Result<(), Refusal> {
    call.authorize_account_wide(Some("*"))?;
    if !call.world.organization.in_use {
        let message = "Your account is not a member of an organization.";
        return Err(Refusal::new(400, "AWSOrganizationsNotInUseException", message));
    }
    if top_only && !call.world.organization.admits(call.principal.account) {
        return Err(SERVICE.access_denied("You don't have permissions to access this resource."));
    }
    Ok(())
}

fn read_paging(call: &Call<'_>, most: usize) -> Result<Paging, Refusal> {
    let size = call.input.count("MaxResults");
    // The service model's maximum is 20 for all of them.
    if size.is_some_and(|size| !(1..=20).contains(&size)) {
        return Err(SERVICE.invalid_input("You specified an invalid value for MaxResults."));
    }
    let token = call.input.text("NextToken");
    Paging::read(
        SERVICE,
        token,
        size,
        Limits { default: most, most, overlap: call.world.pages.overlap },
        call.empty_page,
    )
}

fn required<'a>(call: &'a Call<'_>, name: &str) -> Result<&'a str, Refusal> {
    call.input.text(name).ok_or_else(|| SERVICE.invalid_input(format!("You must specify {name}.")))
}

fn arn(world: &World, kind: &str, id: &str) -> String {
    let organization = &world.organization;
    let management = organization.management_account;
    format!("arn:{}:organizations::{management}:{kind}/{}/{id}", world.partition, organization.id)
}

fn page_reply(member: &str, rows: Vec<Value>, next: Option<String>) -> Result<Reply, Refusal> {
    let mut body = json!({ member: rows });
    if let Some(next) = next {
        body["NextToken"] = next.into();
    }
    json_reply(&body)
}
