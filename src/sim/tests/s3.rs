//! S3's bucket reads.

use aws_sdk_s3::types::{EncryptionType, ServerSideEncryption};

use crate::support::{assume, caller, config, member, s3, said, simulator, world};
use crate::world::{Encryption, PageSizes};

#[tokio::test(start_paused = true)]
async fn buckets_are_listed_in_pages_with_their_regions() {
    let mut world = world();
    let account = world.add_account("payments");
    for index in 0..5 {
        world.add_bucket(
            account,
            if index % 2 == 0 { "eu-west-1" } else { "us-east-1" },
            &format!("b{index}"),
        );
    }
    world.pages = PageSizes::all(2);
    let simulator = simulator(world);
    let client = s3(&member(&simulator, account, "eu-west-1").await);
    let mut pages = client.list_buckets().max_buckets(10_000).into_paginator().send();
    let mut seen = Vec::new();
    while let Some(page) = pages.next().await {
        for bucket in page.unwrap().buckets() {
            seen.push(format!("{} {}", bucket.name().unwrap(), bucket.bucket_region().unwrap()));
        }
    }
    assert_eq!(seen, ["b0 eu-west-1", "b1 us-east-1", "b2 eu-west-1", "b3 us-east-1", "b4 eu-west-1"]);
    let bare = client.list_buckets().send().await.unwrap();
    assert_eq!((bare.buckets().len(), bare.buckets()[0].bucket_region()), (5, None));
    let one = client.list_buckets().prefix("b").bucket_region("eu-west-1").send().await.unwrap();
    assert_eq!(one.buckets().len(), 2);
    let wrong = client.list_buckets().bucket_region("us-east-1").send().await;
    assert!(said(wrong).starts_with("400 InvalidArgument"));
}

#[tokio::test(start_paused = true)]
async fn encryption_is_read_in_every_form() {
    let mut world = world();
    let account = world.add_account("payments");
    let forms = [
        ("s3", Some(Encryption::sse_s3())),
        ("key", Some(Encryption::kms(Some("alias/x")).bucket_key(true).blocking(&["NONE"]))),
        ("managed", Some(Encryption::kms(None).bucket_key(false))),
        ("future", Some(Encryption::by("aws:future", None))),
        ("blocked", Some(Encryption::blocked_only(&["SSE-C"]))),
        ("none", None),
    ];
    for (name, encryption) in &forms {
        world.add_bucket(account, "eu-west-1", name).encryption = encryption.clone();
    }
    let simulator = simulator(world);
    let client = s3(&member(&simulator, account, "eu-west-1").await);
    for (name, encryption) in forms {
        let answer = client.get_bucket_encryption().bucket(name).send().await;
        let Some(encryption) = encryption else {
            assert!(said(answer).starts_with("404 ServerSideEncryptionConfigurationNotFoundError"));
            continue;
        };
        let answer = answer.unwrap();
        let rule = &answer.server_side_encryption_configuration().unwrap().rules()[0];
        let wanted = &encryption.rules[0];
        let default = rule.apply_server_side_encryption_by_default();
        assert_eq!(
            default.map(|d| (d.sse_algorithm().as_str(), d.kms_master_key_id())),
            wanted.default.as_ref().map(|d| (d.algorithm.as_ref(), d.key.as_deref()))
        );
        assert_eq!(rule.bucket_key_enabled(), wanted.bucket_key);
        let blocked: Option<Vec<&str>> = rule
            .blocked_encryption_types()
            .map(|types| types.encryption_type().iter().map(EncryptionType::as_str).collect());
        assert_eq!(blocked, wanted.blocked.as_ref().map(|words| words.iter().map(AsRef::as_ref).collect()));
    }
    assert_eq!(ServerSideEncryption::from("AES256"), ServerSideEncryption::Aes256);
}

#[tokio::test(start_paused = true)]
async fn a_bucket_is_reached_in_its_region_only_and_by_both_addresses() {
    let mut world = world();
    let account = world.add_account("payments");
    world.add_bucket(account, "eu-west-1", "here").policy = Some("{\"a\":\"<&>\"}".to_owned());
    world.add_bucket(account, "us-east-1", "there").policy = None;
    world.add_bucket(account, "eu-west-1", "gone").vanished = true;
    let simulator = simulator(world);
    let settings = member(&simulator, account, "eu-west-1").await;
    for client in [s3(&settings), aws_sdk_s3::Client::new(&settings)] {
        let policy = client.get_bucket_policy().bucket("here").send().await.unwrap();
        assert_eq!(policy.policy(), Some("{\"a\":\"<&>\"}"));
        let moved = client.get_bucket_encryption().bucket("there").send().await;
        let region = moved.as_ref().unwrap_err().raw_response().unwrap().headers().get("x-amz-bucket-region");
        assert_eq!(region, Some("us-east-1"));
        assert!(said(moved).starts_with("301 PermanentRedirect"));
        let location = client.get_bucket_location().bucket("there").send().await.unwrap();
        assert_eq!(location.location_constraint().map_or("", |place| place.as_str()), "");
        let location = client.get_bucket_location().bucket("here").send().await.unwrap();
        assert_eq!(location.location_constraint().unwrap().as_str(), "eu-west-1");
        for name in ["gone", "never"] {
            let answer = client.get_bucket_encryption().bucket(name).send().await;
            assert_eq!(said(answer), "404 NoSuchBucket: The specified bucket does not exist");
        }
        let head = client.head_bucket().bucket("here").send().await.unwrap();
        assert_eq!(head.bucket_region(), Some("eu-west-1"));
        let head = client.head_bucket().bucket("there").send().await;
        assert_eq!(head.unwrap_err().raw_response().unwrap().status().as_u16(), 301);
    }
    let listed = s3(&settings).list_buckets().send().await.unwrap();
    assert!(listed.buckets().iter().any(|bucket| bucket.name() == Some("gone")));
    let us = config(&simulator, "us-east-1", assume(&simulator, account).await);
    let none = s3(&us).get_bucket_policy().bucket("there").send().await;
    assert_eq!(said(none), "404 NoSuchBucketPolicy: The bucket policy does not exist");
}

#[tokio::test(start_paused = true)]
async fn a_bucket_of_another_owner_is_refused() {
    let mut world = world();
    let account = world.add_account("payments");
    world.add_bucket(account, "eu-west-1", "theirs");
    let simulator = simulator(world);
    let stranger = s3(&caller(&simulator)).get_bucket_encryption().bucket("theirs").send().await;
    assert!(
        said(stranger).contains("because no resource-based policy allows the s3:GetEncryptionConfiguration")
    );
    let client = s3(&member(&simulator, account, "eu-west-1").await);
    let ask =
        |owner: &str| client.get_bucket_encryption().bucket("theirs").expected_bucket_owner(owner).send();
    assert_eq!(said(ask("999999999999").await), "403 AccessDenied: Access Denied");
    assert_eq!(said(ask(&account.to_string()).await), "ok");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_simulated_says_so() {
    let mut world = world();
    let account = world.add_account("payments");
    world.add_bucket(account, "eu-west-1", "b");
    let simulator = simulator(world);
    let client = s3(&member(&simulator, account, "eu-west-1").await);
    assert!(said(client.get_bucket_acl().bucket("b").send().await).starts_with("501 NotImplemented"));
}
