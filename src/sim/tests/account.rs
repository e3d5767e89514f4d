//! The Account API.

use crate::support::{caller, member, said, simulator, world};
use crate::world::{OptStatus, PageSizes};

#[tokio::test(start_paused = true)]
async fn regions_are_listed_with_their_status() {
    let mut world = world();
    let account = world.add_account("payments");
    world.region_mut(account, "af-south-1").opt_status = OptStatus::Disabled;
    world.pages = PageSizes::all(3);
    let simulator = simulator(world);
    let client = aws_sdk_account::Client::new(&member(&simulator, account, "eu-west-1").await);
    let mut pages = client.list_regions().into_paginator().send();
    let mut seen = Vec::new();
    while let Some(page) = pages.next().await {
        for region in page.unwrap().regions() {
            let status = region.region_opt_status().unwrap().as_str();
            seen.push(format!("{} {status}", region.region_name().unwrap()));
        }
    }
    let wanted = [
        "af-south-1 DISABLED",
        "eu-central-1 ENABLED_BY_DEFAULT",
        "eu-west-1 ENABLED_BY_DEFAULT",
        "us-east-1 ENABLED_BY_DEFAULT",
    ];
    assert_eq!(seen, wanted);
    let some = client.list_regions().region_opt_status_contains("DISABLED".into()).send().await.unwrap();
    assert_eq!(some.regions().len(), 1);
    let top = aws_sdk_account::Client::new(&caller(&simulator));
    assert_eq!(said(top.list_regions().account_id(account.to_string()).send().await), "ok");
    let sideways = client.list_regions().account_id("100000000001").send().await;
    assert!(said(sideways).starts_with("403 AccessDeniedException"));
    assert!(said(client.get_contact_information().send().await).starts_with("404 UnknownOp"));
}
