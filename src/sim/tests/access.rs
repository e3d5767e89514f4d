//! Refusals: each kind of policy in AWS's own words, and what a session may be.

use std::time::Duration;

use aws_sdk_kms::Client as Kms;

use crate::World;
use crate::support::{caller, config, member, s3, said, simulator, world};
use crate::wire::operations;
use crate::world::{Actions, Denial, DeniedBy, OptStatus, Role};
use atrest_core::AccountId;

const ACTION: &str = "s3:GetEncryptionConfiguration";

fn one_bucket() -> (World, AccountId) {
    let mut world = world();
    let account = world.add_account("payments");
    world.add_bucket(account, "eu-west-1", "b");
    (world, account)
}

async fn refusal(world: World, account: AccountId) -> String {
    let simulator = simulator(world);
    let client = s3(&member(&simulator, account, "eu-west-1").await);
    said(client.get_bucket_encryption().bucket("b").send().await)
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_policy_refuses_in_its_own_words() {
    let start = "403 AccessDenied: User: arn:aws:sts::100000000002:assumed-role/atrest-audit/test is not authorized to perform: s3:GetEncryptionConfiguration on resource: \"arn:aws:s3:::b\" ";
    for (by, article, words) in [
        (DeniedBy::Identity, "an", "identity-based policy"),
        (DeniedBy::ResourcePolicy, "a", "resource-based policy"),
        (DeniedBy::Scp, "a", "service control policy"),
        (DeniedBy::Rcp, "a", "resource control policy"),
        (DeniedBy::Boundary, "a", "permissions boundary"),
        (DeniedBy::Session, "a", "session policy"),
        (DeniedBy::VpcEndpoint, "a", "VPC endpoint policy"),
    ] {
        let (mut world, account) = one_bucket();
        world.account_mut(account).denials = vec![Denial::of(by, ACTION)];
        assert_eq!(
            refusal(world, account).await,
            format!("{start}with an explicit deny in {article} {words}")
        );
        let (mut world, account) = one_bucket();
        world.account_mut(account).denials = vec![Denial::by_silence(by, ACTION)];
        let sentence = format!("{start}because no {words} allows the {ACTION} action");
        assert_eq!(refusal(world, account).await, sentence);
    }
}

#[tokio::test(start_paused = true)]
async fn roles_boundaries_and_buckets_refuse_from_their_state() {
    let (mut world, account) = one_bucket();
    let narrow = Role { actions: Actions::only(["s3:List*"]), ..Role::default() };
    world.account_mut(account).roles.insert("atrest-audit".to_owned(), narrow);
    assert!(refusal(world, account).await.contains("no identity-based policy allows"));
    let (mut world, account) = one_bucket();
    let bounded = Role { boundary: Some(Actions::only(["kms:*"])), ..Role::default() };
    world.account_mut(account).roles.insert("atrest-audit".to_owned(), bounded);
    assert!(refusal(world, account).await.contains("no permissions boundary allows"));
    let (mut world, account) = one_bucket();
    world.account_mut(account).buckets.get_mut("b").unwrap().denied_actions = vec!["s3:GetE*".into()];
    assert!(refusal(world, account).await.ends_with("with an explicit deny in a resource-based policy"));
    let (mut world, account) = one_bucket();
    world.account_mut(account).denials = vec![Denial::of_region("us-east-1".parse().unwrap())];
    assert_eq!(refusal(world, account).await, "ok");
}

#[tokio::test(start_paused = true)]
async fn a_region_closed_by_control_tower_still_lists() {
    let (mut world, account) = one_bucket();
    world.account_mut(account).denials = vec![Denial::of_region("eu-west-1".parse().unwrap())];
    let management = world.organization.management_account;
    world.account_mut(management).denials = vec![Denial::of_region("eu-west-1".parse().unwrap())];
    let simulator = simulator(world);
    let settings = member(&simulator, account, "eu-west-1").await;
    assert_eq!(said(s3(&settings).list_buckets().send().await), "ok");
    assert_eq!(said(Kms::new(&settings).list_keys().send().await), "ok");
    let denied = said(s3(&settings).get_bucket_encryption().bucket("b").send().await);
    assert!(denied.ends_with("with an explicit deny in a service control policy"));
    // The management account is above its own policies.
    let own = s3(&caller(&simulator)).head_bucket().bucket("none").send().await;
    assert_eq!(own.unwrap_err().raw_response().unwrap().status().as_u16(), 404);
}

#[tokio::test(start_paused = true)]
async fn a_key_policy_may_bar_the_auditor() {
    let mut world = world();
    let account = world.add_account("payments");
    let key = world.add_key(account, "eu-west-1");
    key.admits_account = false;
    let id = key.id.clone();
    let simulator = simulator(world);
    let client = Kms::new(&member(&simulator, account, "eu-west-1").await);
    let sentence = format!(
        "400 AccessDeniedException: User: arn:aws:sts::{account}:assumed-role/atrest-audit/test is not authorized to perform: kms:DescribeKey on resource: arn:aws:kms:eu-west-1:{account}:key/{id} because no resource-based policy allows the kms:DescribeKey action"
    );
    assert_eq!(said(client.describe_key().key_id(&id).send().await), sentence);
    assert_eq!(said(client.list_keys().send().await), "ok");
}

#[tokio::test(start_paused = true)]
async fn a_disabled_region_does_not_know_the_credentials() {
    let (mut world, account) = one_bucket();
    world.region_mut(account, "af-south-1").opt_status = OptStatus::Disabled;
    let simulator = simulator(world);
    let settings = member(&simulator, account, "af-south-1").await;
    let keys = said(Kms::new(&settings).list_keys().send().await);
    assert!(keys.starts_with("400 UnrecognizedClientException"));
    let identity = aws_sdk_sts::Client::new(&settings).get_caller_identity().send().await;
    assert!(said(identity).starts_with("403 InvalidClientTokenId"));
    assert!(said(s3(&settings).list_buckets().send().await).starts_with("400 InvalidToken"));
    assert_eq!(said(aws_sdk_account::Client::new(&settings).list_regions().send().await), "ok");
}

#[tokio::test(start_paused = true)]
async fn sessions_end_on_the_virtual_clock() {
    let (world, account) = one_bucket();
    let simulator = simulator(world);
    let settings = member(&simulator, account, "eu-west-1").await;
    tokio::time::advance(Duration::from_secs(3599)).await;
    assert_eq!(said(s3(&settings).list_buckets().send().await), "ok");
    tokio::time::advance(Duration::from_secs(1)).await;
    assert!(said(s3(&settings).list_buckets().send().await).starts_with("400 ExpiredToken"));
    assert!(said(Kms::new(&settings).list_keys().send().await).starts_with("400 ExpiredTokenException"));
    let identity = aws_sdk_sts::Client::new(&settings).get_caller_identity().send().await;
    assert!(said(identity).starts_with("403 ExpiredToken"));
}

#[tokio::test(start_paused = true)]
async fn a_session_policy_narrows_the_role() {
    let (world, account) = one_bucket();
    let simulator = simulator(world);
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:ListAllMyBuckets","kms:List*"],"Resource":"*"},{"Effect":"Deny","Action":"kms:ListAliases","Resource":"*"}]}"#;
    let given = aws_sdk_sts::Client::new(&caller(&simulator))
        .assume_role()
        .role_arn(format!("arn:aws:iam::{account}:role/atrest-audit"))
        .role_session_name("test")
        .policy(policy)
        .send()
        .await
        .unwrap()
        .credentials
        .unwrap();
    let credentials = aws_credential_types::Credentials::new(
        given.access_key_id,
        given.secret_access_key,
        Some(given.session_token),
        None,
        "test",
    );
    let settings = config(&simulator, "eu-west-1", credentials);
    assert_eq!(said(s3(&settings).list_buckets().send().await), "ok");
    assert_eq!(said(Kms::new(&settings).list_keys().send().await), "ok");
    let aliases = said(Kms::new(&settings).list_aliases().send().await);
    assert!(aliases.ends_with("with an explicit deny in a session policy"));
    let encryption = said(s3(&settings).get_bucket_encryption().bucket("b").send().await);
    assert!(encryption.contains("because no session policy allows"));
}

#[test]
fn every_operation_but_one_needs_an_action() {
    let free: Vec<String> = operations().filter(|op| op.action.is_empty()).map(|op| op.full_name()).collect();
    assert_eq!(free, ["sts:GetCallerIdentity"]);
    assert_eq!(operations().count(), 24);
}
