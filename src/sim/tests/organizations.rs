//! Organizations: the account list, the units, and who may ask.

use crate::support::{caller, member, said, simulator, world};
use crate::world::{AccountState, PageSizes};

#[tokio::test(start_paused = true)]
async fn accounts_come_in_pages_also_after_an_empty_one() {
    let mut world = world();
    let workloads = world.add_unit("Workloads", "r-ab12");
    let prod = world.add_unit("Prod", &workloads);
    let payments = world.add_account("payments");
    world.account_mut(payments).parent = prod.clone();
    let old = world.add_account("old");
    world.account_mut(old).state = AccountState::Closed;
    world.pages = PageSizes { accounts: 2, empty_first_accounts_page: true, ..PageSizes::default() };
    let simulator = simulator(world);
    let client = aws_sdk_organizations::Client::new(&caller(&simulator));
    let mut pages = client.list_accounts().into_paginator().send();
    let (mut accounts, mut sizes) = (Vec::new(), Vec::new());
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        sizes.push(page.accounts().len());
        accounts.extend(page.accounts().to_vec());
    }
    assert_eq!(sizes, [0, 2, 1]);
    let states: Vec<&str> = accounts.iter().map(|account| account.state().unwrap().as_str()).collect();
    assert_eq!(states, ["ACTIVE", "ACTIVE", "CLOSED"]);
    let path = format!("o-a1b2c3d4e5/r-ab12/{workloads}/{prod}/{payments}/");
    assert_eq!(accounts[1].paths(), [path]);
    assert_eq!(accounts[1].joined_timestamp().unwrap().secs() * 1000, crate::support::now().millis());
    let arn = format!("arn:aws:organizations::100000000001:account/o-a1b2c3d4e5/{payments}");
    assert_eq!(accounts[1].arn(), Some(arn.as_str()));
}

#[tokio::test(start_paused = true)]
async fn the_tree_is_walked_down_and_up() {
    let mut world = world();
    let workloads = world.add_unit("Workloads", "r-ab12");
    let prod = world.add_unit("Prod", &workloads);
    let payments = world.add_account("payments");
    world.account_mut(payments).parent = prod.clone();
    let simulator = simulator(world);
    let client = aws_sdk_organizations::Client::new(&caller(&simulator));
    let organization = client.describe_organization().send().await.unwrap().organization.unwrap();
    assert_eq!(organization.master_account_id(), Some("100000000001"));
    assert_eq!(client.list_roots().send().await.unwrap().roots()[0].id(), Some("r-ab12"));
    let under = |parent: &str| client.list_organizational_units_for_parent().parent_id(parent).send();
    assert_eq!(under("r-ab12").await.unwrap().organizational_units()[0].name(), Some("Workloads"));
    assert_eq!(under(&workloads).await.unwrap().organizational_units()[0].id(), Some(prod.as_str()));
    assert!(said(under("ou-no").await).starts_with("400 ParentNotFoundException"));
    let parents = client.list_parents().child_id(payments.to_string()).send().await.unwrap();
    assert_eq!(parents.parents()[0].id(), Some(prod.as_str()));
    assert!(said(client.list_parents().child_id("1").send().await).starts_with("400 ChildNotFoundException"));
    assert!(said(client.list_accounts().max_results(21).send().await).starts_with("400 InvalidInput"));
}

#[tokio::test(start_paused = true)]
async fn only_the_top_lists_accounts() {
    let mut world = world();
    let [member_account, delegate] = ["a", "b"].map(|name| world.add_account(name));
    world.organization.delegated_administrators.insert(delegate);
    let simulator = simulator(world);
    let client = aws_sdk_organizations::Client::new(&member(&simulator, member_account, "eu-west-1").await);
    assert_eq!(said(client.describe_organization().send().await), "ok");
    let refused = said(client.list_accounts().send().await);
    assert_eq!(refused, "400 AccessDeniedException: You don't have permissions to access this resource.");
    let client = aws_sdk_organizations::Client::new(&member(&simulator, delegate, "eu-west-1").await);
    assert_eq!(said(client.list_accounts().send().await), "ok");
    simulator.change(|world| world.organization.in_use = false);
    let none = said(client.list_accounts().send().await);
    assert!(none.starts_with("400 AWSOrganizationsNotInUseException"));
    assert!(said(client.list_tags_for_resource().resource_id("x").send().await).starts_with("400 UnknownOp"));
}
