//! KMS's reads and refusals.

use aws_sdk_kms::Client;

use crate::support::{caller, config, member, now, said, simulator, world};
use crate::world::{CompletedRotation, MultiRegion, PageSizes, Rotation};

#[tokio::test(start_paused = true)]
async fn keys_and_aliases_are_listed_in_pages() {
    let mut world = world();
    let account = world.add_account("payments");
    let ids: Vec<String> = (0..5).map(|_| world.add_key(account, "eu-west-1").id.clone()).collect();
    for (index, id) in ids.iter().enumerate() {
        world.add_alias(account, "eu-west-1", &format!("alias/k{index}"), Some(id));
    }
    world.add_alias(account, "eu-west-1", "alias/aws/s3", None);
    world.pages = PageSizes::all(2);
    let simulator = simulator(world);
    let client = Client::new(&member(&simulator, account, "eu-west-1").await);
    let keys: Vec<_> =
        client.list_keys().limit(1000).into_paginator().items().send().try_collect().await.unwrap();
    assert_eq!(keys.iter().map(|key| key.key_id().unwrap()).collect::<Vec<_>>(), ids);
    let arn = format!("arn:aws:kms:eu-west-1:{account}:key/{}", ids[0]);
    assert_eq!(keys[0].key_arn(), Some(arn.as_str()));
    let aliases: Vec<_> = client.list_aliases().into_paginator().items().send().try_collect().await.unwrap();
    let names: Vec<_> = aliases.iter().map(|alias| alias.alias_name().unwrap()).collect();
    assert_eq!(names, ["alias/aws/s3", "alias/k0", "alias/k1", "alias/k2", "alias/k3", "alias/k4"]);
    assert_eq!(aliases[0].target_key_id(), None);
    assert_eq!(aliases[1].target_key_id(), Some(ids[0].as_str()));
    let wrong = client.list_keys().marker("nonsense").send().await;
    assert!(said(wrong).starts_with("400 InvalidMarkerException"));
    assert!(said(client.list_grants().key_id(&ids[0]).send().await).starts_with("400 UnknownOperation"));
}

#[tokio::test(start_paused = true)]
async fn metadata_is_read_by_id_arn_and_alias() {
    let mut world = world();
    let account = world.add_account("payments");
    let key = world.add_key(account, "eu-west-1");
    key.multi_region = Some(MultiRegion {
        primary: "us-east-1".parse().unwrap(),
        replicas: vec!["eu-west-1".parse().unwrap()],
    });
    key.origin = "EXTERNAL".into();
    key.valid_to = Some(now().plus_millis(1500));
    let id = key.id.clone();
    world.add_alias(account, "eu-west-1", "alias/k", Some(&id));
    let simulator = simulator(world);
    let client = Client::new(&member(&simulator, account, "eu-west-1").await);
    let arn = format!("arn:aws:kms:eu-west-1:{account}:key/{id}");
    let alias_arn = format!("arn:aws:kms:eu-west-1:{account}:alias/k");
    for reference in [id.as_str(), &arn, "alias/k", &alias_arn] {
        let key = client.describe_key().key_id(reference).send().await.unwrap().key_metadata.unwrap();
        assert_eq!(key.arn(), Some(arn.as_str()));
        assert_eq!(key.valid_to().unwrap().to_millis().unwrap(), now().millis() + 1500);
        let part = key.multi_region_configuration().unwrap();
        assert_eq!(part.multi_region_key_type().unwrap().as_str(), "REPLICA");
        assert_eq!(part.replica_keys()[0].arn(), Some(arn.as_str()));
        assert!(part.primary_key().unwrap().arn().unwrap().contains(":us-east-1:"));
    }
    let ask = |reference: &str| client.describe_key().key_id(reference).send();
    assert!(said(ask("nope").await).starts_with("400 NotFoundException: Key 'arn:aws:kms:eu-west-1"));
    assert!(said(ask("alias/nope").await).ends_with("alias/nope is not found."));
    let elsewhere = arn.replace("eu-west-1", "us-east-1");
    assert_eq!(said(ask(&elsewhere).await), "400 NotFoundException: Invalid arn us-east-1");
    let foreign = arn.replace(&account.to_string(), "999999999999");
    assert!(said(ask(&foreign).await).contains("because the resource does not exist in this Region"));
    let policy = client.get_key_policy().key_id(&id).send().await.unwrap();
    assert!(policy.policy().unwrap().contains("Enable IAM User Permissions"));
    assert_eq!(policy.policy_name(), Some("default"));
}

#[tokio::test(start_paused = true)]
async fn rotation_is_told_where_it_applies() {
    let mut world = world();
    let account = world.add_account("payments");
    let key = world.add_key(account, "eu-west-1");
    key.rotation = Rotation {
        enabled: true,
        period_days: Some(180),
        next_at: Some(now()),
        on_demand_started_at: Some(now()),
    };
    key.history = (0..3).map(|_| CompletedRotation { at: now(), kind: "ON_DEMAND".into() }).collect();
    let id = key.id.clone();
    world.pages = PageSizes::all(2);
    let simulator = simulator(world);
    let client = Client::new(&member(&simulator, account, "eu-west-1").await);
    let status = || client.get_key_rotation_status().key_id(&id).send();
    let answer = status().await.unwrap();
    assert_eq!((answer.key_rotation_enabled(), answer.rotation_period_in_days()), (true, Some(180)));
    assert!(answer.next_rotation_date().is_some() && answer.on_demand_rotation_start_date().is_some());
    let pages = client.list_key_rotations().key_id(&id).into_paginator().items().send();
    let rotations: Vec<_> = pages.try_collect().await.unwrap();
    assert_eq!(rotations.len(), 3);
    assert_eq!(rotations[0].rotation_type().unwrap().as_str(), "ON_DEMAND");
    let set = |change: fn(&mut crate::world::Key)| {
        simulator.change(|world| change(world.region_mut(account, "eu-west-1").keys.get_mut(&id).unwrap()));
    };
    set(|key| key.state = "PendingDeletion".into());
    assert!(!status().await.unwrap().key_rotation_enabled());
    set(|key| key.state = "Unavailable".into());
    assert!(said(status().await).starts_with("400 KMSInvalidStateException"));
    set(|key| key.spec = "RSA_2048".into());
    assert!(said(status().await).starts_with("400 UnsupportedOperationException"));
    let rotations = client.list_key_rotations().key_id(&id).send().await;
    assert!(said(rotations).starts_with("400 UnsupportedOperationException"));
    set(|key| key.origin = "EXTERNAL".into());
    assert!(said(status().await).contains("origin is EXTERNAL"));
}

#[tokio::test(start_paused = true)]
async fn describing_a_predefined_alias_makes_its_key_and_is_recorded() {
    let mut world = world();
    let management = world.organization.management_account;
    world.add_alias(management, "us-east-1", "alias/aws/s3", None);
    let simulator = simulator(world);
    let client = Client::new(&config(&simulator, "us-east-1", simulator.credentials()));
    assert_eq!(client.list_keys().send().await.unwrap().keys().len(), 0);
    assert!(simulator.recorder().mutating().is_empty());
    let key = client.describe_key().key_id("alias/aws/s3").send().await.unwrap().key_metadata.unwrap();
    assert_eq!(key.key_manager().unwrap().as_str(), "AWS");
    assert_eq!(simulator.recorder().mutating().len(), 1);
    client.describe_key().key_id("alias/aws/s3").send().await.unwrap();
    assert_eq!(simulator.recorder().mutating().len(), 1);
    assert_eq!(client.list_keys().send().await.unwrap().keys().len(), 1);
    drop(caller(&simulator));
}
