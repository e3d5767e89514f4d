//! Faults under the real SDK: each kind on each operation, healing, order, rates.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::support::{caller, faulty, member, s3, said, simulator, world};
use crate::{Effect, Quotas, Rate, Rule, Schedule, Simulator, World};
use atrest_core::AccountId;

fn one_bucket() -> (World, AccountId) {
    let mut world = world();
    let account = world.organization.management_account;
    world.add_bucket(account, "eu-west-1", "b");
    world.add_alias(account, "eu-west-1", "alias/aws/s3", None);
    (world, account)
}

/// One call of each protocol under one fault.
async fn under(effect: Effect) -> [String; 5] {
    let (world, account) = one_bucket();
    let simulator = faulty(world, Schedule::of([Rule::always(effect)]));
    let settings = caller(&simulator);
    let role = format!("arn:aws:iam::{account}:role/atrest-audit");
    [
        said(s3(&settings).get_bucket_encryption().bucket("b").send().await),
        said(aws_sdk_kms::Client::new(&settings).list_aliases().send().await),
        said(
            aws_sdk_sts::Client::new(&settings)
                .assume_role()
                .role_arn(role)
                .role_session_name("ab")
                .send()
                .await,
        ),
        said(aws_sdk_organizations::Client::new(&settings).list_accounts().send().await),
        said(aws_sdk_account::Client::new(&settings).list_regions().send().await),
    ]
    .map(|text| text.split(':').next().unwrap_or_default().to_owned())
}

#[tokio::test(start_paused = true)]
async fn every_service_fails_in_its_own_words() {
    for (effect, words) in [
        (
            Effect::Throttle,
            [
                "503 SlowDown",
                "400 ThrottlingException",
                "400 Throttling",
                "400 TooManyRequestsException",
                "429 TooManyRequestsException",
            ],
        ),
        (
            Effect::ExpiredToken,
            [
                "400 ExpiredToken",
                "400 ExpiredTokenException",
                "403 ExpiredToken",
                "400 ExpiredTokenException",
                "403 ExpiredTokenException",
            ],
        ),
        (
            Effect::InternalError,
            [
                "500 InternalError",
                "500 KMSInternalException",
                "500 InternalFailure",
                "500 ServiceException",
                "500 InternalServerException",
            ],
        ),
        (Effect::ConnectionReset, ["io"; 5]),
        (Effect::AnswerLost, ["io"; 5]),
        (Effect::Timeout(Duration::from_secs(9)), ["closed"; 5]),
    ] {
        assert_eq!(under(effect.clone()).await, words, "{effect:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn broken_bodies_are_never_answers() {
    for effect in [Effect::CutBody, Effect::Html(200), Effect::Html(502)] {
        for said in under(effect.clone()).await {
            assert_ne!(said, "ok", "{effect:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn rules_count_and_choose() {
    let (world, _) = one_bucket();
    let simulator = faulty(
        world,
        Schedule::of([
            Rule::always(Effect::Throttle).on("s3:GetBucketEncryption").resource("b").calls(2, 3),
            Rule::always(Effect::FalseNoSuchBucket).on("s3:GetBucketPolicy").first_of_each(1),
            Rule::always(Effect::AccessDenied).on("kms:*").region("us-east-1"),
        ]),
    );
    let settings = caller(&simulator);
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(said(s3(&settings).get_bucket_encryption().bucket("b").send().await)[..2].to_owned());
    }
    assert_eq!(seen, ["ok", "50", "50", "ok"]);
    let policy = || async { said(s3(&settings).get_bucket_policy().bucket("b").send().await) };
    assert!(policy().await.starts_with("404 NoSuchBucket:"));
    assert!(policy().await.starts_with("404 NoSuchBucketPolicy:"));
    assert_eq!(said(aws_sdk_kms::Client::new(&settings).list_keys().send().await), "ok");
    let records = simulator.recorder();
    assert_eq!(records.counts()["s3:GetBucketEncryption"], 4);
    assert_eq!(records.with_code("SlowDown").count(), 2);
    assert!(records.records().iter().filter(|record| record.faulted).count() == 3);
}

#[tokio::test(start_paused = true)]
async fn an_empty_page_leads_on() {
    let (mut world, account) = one_bucket();
    for name in ["c", "d"] {
        world.add_bucket(account, "eu-west-1", name);
    }
    world.pages = crate::world::PageSizes::all(2);
    let simulator = faulty(world, Schedule::of([Rule::always(Effect::EmptyPage).calls(2, 3)]));
    let mut pages = s3(&caller(&simulator)).list_buckets().max_buckets(2).into_paginator().send();
    let mut sizes = Vec::new();
    while let Some(page) = pages.next().await {
        sizes.push(page.unwrap().buckets().len());
    }
    assert_eq!(sizes, [2, 0, 0, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_timeout_takes_its_time_and_the_sdk_may_be_quicker() {
    let (world, _) = one_bucket();
    let simulator = faulty(world, Schedule::of([Rule::always(Effect::Timeout(Duration::from_mins(1)))]));
    let started = tokio::time::Instant::now();
    assert_eq!(said(s3(&caller(&simulator)).list_buckets().send().await), "closed");
    assert_eq!(started.elapsed().as_secs(), 60);
    let timeouts = aws_smithy_types::timeout::TimeoutConfig::builder()
        .operation_attempt_timeout(Duration::from_secs(10))
        .build();
    let hasty = caller(&simulator).to_builder().timeout_config(timeouts).build();
    assert_eq!(said(s3(&hasty).list_buckets().send().await), "timeout");
    assert_eq!(started.elapsed().as_secs(), 70);
}

/// What each of six buckets says, call by call, asked in that order.
async fn told(simulator: &Arc<Simulator>, account: AccountId, order: &[usize]) -> BTreeSet<String> {
    let client = s3(&member(simulator, account, "eu-west-1").await);
    let mut told = BTreeSet::new();
    for attempt in 1..=4 {
        for index in order {
            let answer = client.get_bucket_encryption().bucket(format!("b{index}")).send().await;
            told.insert(format!("b{index} {attempt} {}", said(answer)));
        }
    }
    told
}

#[tokio::test(start_paused = true)]
async fn chance_depends_on_the_call_and_not_on_the_order() {
    let mut world = world();
    let account = world.add_account("payments");
    for index in 0..6 {
        world.add_bucket(account, "eu-west-1", &format!("b{index}"));
    }
    let schedule = || {
        let mut schedule = Schedule::random(7, 0.6, Some(3));
        // The session itself must come at once here, without a client that tries again.
        schedule.rules.push(Rule::always(Effect::Latency(Duration::ZERO)).on("sts:*"));
        schedule
    };
    let forth = told(&faulty(world.clone(), schedule()), account, &[0, 1, 2, 3, 4, 5]).await;
    let back = told(&faulty(world.clone(), schedule()), account, &[5, 3, 1, 4, 2, 0]).await;
    assert_eq!(forth, back);
    assert!(forth.iter().filter(|line| line.contains(" 4 ")).all(|line| line.ends_with(" ok")));
    assert!(forth.iter().any(|line| !line.ends_with(" ok")));
    let clean = told(&simulator(world), account, &[0, 1, 2, 3, 4, 5]).await;
    assert_ne!(clean, forth);
}

#[tokio::test(start_paused = true)]
async fn rates_are_by_account_and_refill_in_virtual_time() {
    let (mut world, _) = one_bucket();
    let other = world.add_account("other");
    let quotas = Quotas::uniform(Rate { per_second: 2.0, burst: 3.0 });
    let simulator = faulty(world, Schedule::none().with_quotas(quotas));
    let settings = caller(&simulator);
    let ask = || async { said(aws_sdk_kms::Client::new(&settings).list_keys().send().await)[..2].to_owned() };
    let mut seen = Vec::new();
    for _ in 0..5 {
        seen.push(ask().await);
    }
    assert_eq!(seen, ["ok", "ok", "ok", "40", "40"]);
    let member = member(&simulator, other, "eu-west-1").await;
    assert_eq!(said(aws_sdk_kms::Client::new(&member).list_keys().send().await), "ok");
    tokio::time::advance(Duration::from_millis(500)).await;
    assert_eq!([ask().await, ask().await], ["ok", "40"]);
    let busiest = simulator.recorder().busiest_second_by_quota();
    assert!(busiest.values().any(|&calls| calls == 7));
}

#[tokio::test(start_paused = true)]
async fn ids_do_not_depend_on_the_order() {
    let (mut world, account) = one_bucket();
    world.add_bucket(account, "eu-west-1", "c");
    let ids = async |order: [&str; 2]| {
        let simulator = simulator(world.clone());
        for name in order {
            s3(&caller(&simulator)).get_bucket_encryption().bucket(name).send().await.unwrap();
        }
        let records = simulator.recorder();
        let ids: BTreeSet<String> =
            records.records().iter().map(|record| record.request_id.clone()).collect();
        ids
    };
    assert_eq!(ids(["b", "c"]).await, ids(["c", "b"]).await);
}
