//! STS: sessions, and what a role refuses.

use crate::support::{caller, config, member, said, simulator, world};
use crate::world::{AccountState, Role};

#[tokio::test(start_paused = true)]
async fn a_session_speaks_for_its_account() {
    let mut world = world();
    let account = world.add_account("payments");
    let simulator = simulator(world);
    let own = aws_sdk_sts::Client::new(&caller(&simulator)).get_caller_identity().send().await.unwrap();
    assert_eq!(own.arn(), Some("arn:aws:iam::100000000001:user/auditor"));
    let settings = member(&simulator, account, "eu-west-1").await;
    let session = aws_sdk_sts::Client::new(&settings).get_caller_identity().send().await.unwrap();
    assert_eq!(session.arn(), Some("arn:aws:sts::100000000002:assumed-role/atrest-audit/test"));
    assert_eq!(session.account(), Some("100000000002"));
}

#[tokio::test(start_paused = true)]
async fn every_refused_role_sounds_alike() {
    let mut world = world();
    let [missing, distrust, closed, external] = ["a", "b", "c", "d"].map(|name| world.add_account(name));
    world.account_mut(missing).roles.clear();
    let role = Role { trusts_callers: false, ..Role::default() };
    world.account_mut(distrust).roles.insert("atrest-audit".to_owned(), role);
    world.account_mut(closed).state = AccountState::Suspended;
    let role = Role { external_id: Some("x-1".to_owned()), ..Role::default() };
    world.account_mut(external).roles.insert("path/atrest-audit".to_owned(), role);
    let simulator = simulator(world);
    let client = aws_sdk_sts::Client::new(&caller(&simulator));
    let ask = |arn: String, id: Option<&str>| {
        client
            .assume_role()
            .role_arn(arn)
            .role_session_name("s-1")
            .set_external_id(id.map(str::to_owned))
            .send()
    };
    for account in [missing, distrust, closed] {
        let arn = format!("arn:aws:iam::{account}:role/atrest-audit");
        let sentence = format!(
            "403 AccessDenied: User: arn:aws:iam::100000000001:user/auditor is not authorized to perform: sts:AssumeRole on resource: {arn}"
        );
        assert_eq!(said(ask(arn, None).await), sentence);
    }
    let arn = format!("arn:aws:iam::{external}:role/path/atrest-audit");
    for (id, start) in [(None, "403"), (Some("x-2"), "403"), (Some("x-1"), "ok")] {
        assert!(said(ask(arn.clone(), id).await).starts_with(start), "{id:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn wishes_are_checked() {
    let mut world = world();
    let account = world.add_account("a");
    let simulator = simulator(world);
    let arn = format!("arn:aws:iam::{account}:role/atrest-audit");
    let client = aws_sdk_sts::Client::new(&caller(&simulator));
    let ask = || client.assume_role().role_arn(&arn).role_session_name("s-1");
    assert!(said(ask().role_session_name("a b").send().await).starts_with("400 ValidationError"));
    assert!(said(ask().duration_seconds(7200).send().await).contains("MaxSessionDuration"));
    assert!(said(ask().policy("{").send().await).starts_with("400 MalformedPolicyDocument"));
    assert!(said(ask().policy("x".repeat(2049)).send().await).starts_with("400 ValidationError"));
    let chained = aws_sdk_sts::Client::new(&member(&simulator, account, "eu-west-1").await);
    let longer = chained.assume_role().role_arn(&arn).role_session_name("s-2").duration_seconds(7200);
    assert!(said(longer.send().await).contains("role chaining"));
}

#[tokio::test(start_paused = true)]
async fn strangers_are_not_recognised() {
    let simulator = simulator(world());
    let stranger = aws_credential_types::Credentials::new("AKIANOBODY", "x", None, None, "test");
    let settings = config(&simulator, "eu-west-1", stranger);
    let identity = aws_sdk_sts::Client::new(&settings).get_caller_identity().send().await;
    assert!(said(identity).starts_with("403 InvalidClientTokenId"));
    let buckets = aws_sdk_s3::Client::new(&settings).list_buckets().send().await;
    assert!(said(buckets).starts_with("403 InvalidAccessKeyId"));
    let keys = aws_sdk_kms::Client::new(&settings).list_keys().send().await;
    assert!(said(keys).starts_with("400 UnrecognizedClientException"));
    let regions = aws_sdk_account::Client::new(&settings).list_regions().send().await;
    assert!(said(regions).starts_with("403 UnrecognizedClientException"));
}
