//! What a night must survive: for each kind of trouble, what the tables say of it, and that nothing
//! that is listed is lost and no value is false.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use atrest::lake::{LakeError, Published};
use atrest::model::{RunId, RunKind, RunStatus, ScanFilter};
use atrest::scan::ScanError;
use atrest::sim::world::{AccountState, Denial, DeniedBy, Encryption, OptStatus, RegionState};
use atrest::sim::{Effect, Rule, Schedule};

use crate::laws::{agrees_with_itself, clean, loses_only, same_bytes};
use crate::support::night::{
    Change, LAWFUL, Morning, MovingClock, NOW, Night, Row, Rules, Stop, only_accounts, only_regions, region,
    rejudge, rows_of,
};
use crate::support::worlds::{STRANGER, healthy};

/// The values of these columns, `-` for NULL.
fn values(row: &Row, columns: &[&str]) -> String {
    let words = columns.iter().map(|name| row[*name].as_deref().unwrap_or("-"));
    words.collect::<Vec<_>>().join(" ")
}

fn bucket(morning: &Morning, name: &str, columns: &[&str]) -> String {
    values(&morning.row("buckets", "bucket", name), columns)
}

const KEY: [&str; 3] = ["kms_key_link", "kms_key_state", "kms_key_rotation"];

/// Runs a night of trouble and holds it against the night without.
fn survived(night: Night, without_trouble: &Morning) -> Morning {
    let morning = night.run();
    loses_only(without_trouble, &morning);
    morning
}

fn is_partial(morning: &Morning) {
    // Exit code 4.
    assert_eq!(morning.census().run.status, RunStatus::Partial);
    assert!(morning.census().is_partial());
}

#[test]
fn a_role_that_cannot_be_assumed() {
    let healthy = healthy();
    let before = clean(&healthy.world);
    for is_there in [true, false] {
        let mut world = healthy.world.clone();
        let roles = &mut world.account_mut(healthy.two).roles;
        if is_there {
            for role in roles.values_mut() {
                role.trusts_callers = false;
            }
        } else {
            roles.clear();
        }
        let morning = survived(Night::over(world), &before);
        is_partial(&morning);
        assert_eq!(morning.status(healthy.two), "unreachable/role_not_assumable");
        let assume = morning.coverage(healthy.two, "global", "sts:AssumeRole");
        assert_eq!(assume, "asked 1 denied 1 incomplete unstated AccessDenied");
        assert_eq!(morning.coverage(healthy.two, "global", "s3:ListBuckets"), "not_asked 1 incomplete");
        assert_eq!(values(&morning.account(healthy.two), &["buckets", "keys", "regions_disabled"]), "- - -");
        assert_eq!(bucket(&morning, "kms-same-org", &KEY), "unproven - -");
        assert_eq!(bucket(&morning, "kms-alias-arn", &KEY), "unproven - -");
        assert_eq!(bucket(&morning, "kms-key-arn", &KEY), "same_account Enabled enabled");
        assert_eq!(morning.status(healthy.one), "complete/-");
    }
}

#[test]
fn an_account_that_joined_recently() {
    let mut healthy = healthy();
    for (hours, status) in [(1, "unreachable/joined_recently"), (48, "unreachable/role_not_assumable")] {
        let account = healthy.world.account_mut(healthy.two);
        account.roles.clear();
        account.joined_at = NOW.plus_millis(-hours * 3_600_000);
        let morning = Night::over(healthy.world.clone()).run();
        agrees_with_itself(&morning);
        assert_eq!(morning.status(healthy.two), status);
    }
}

#[test]
fn a_key_policy_that_bars_the_auditor() {
    let healthy = healthy();
    let before = clean(&healthy.world);
    let mut world = healthy.world.clone();
    let keys = &mut world.region_mut(healthy.one, "eu-west-1").keys;
    let key = keys.values_mut().find(|key| key.rotation.enabled).unwrap();
    key.admits_account = false;
    let id = key.id.clone();
    let morning = survived(Night::over(world), &before);
    is_partial(&morning);
    assert_eq!(morning.status(healthy.one), "partial/faults");
    assert_eq!(
        morning.coverage(healthy.one, "eu-west-1", "kms:DescribeKey"),
        "asked 3 known 2 denied 1 incomplete resource_policy implicit AccessDeniedException"
    );
    for operation in ["kms:GetKeyRotationStatus", "kms:GetKeyPolicy"] {
        let coverage = morning.coverage(healthy.one, "eu-west-1", operation);
        assert_eq!(coverage, "asked 1 known 1 not_asked 1 incomplete", "{operation}");
    }
    let row = morning.row("keys", "key_id", &id);
    let columns =
        ["describe_read", "rotation", "rotation_read", "key_manager", "multi_region", "policy_read"];
    assert_eq!(values(&row, &columns), "denied unknown not_asked - - not_asked");
    assert_eq!(bucket(&morning, "kms-key-arn", &KEY), "same_account - unknown");
}

#[test]
fn a_bucket_policy_that_denies_the_encryption_configuration() {
    let healthy = healthy();
    let before = clean(&healthy.world);
    let mut world = healthy.world.clone();
    let barred = world.account_mut(healthy.two).buckets.get_mut("plain-s3").unwrap();
    barred.denied_actions.push("s3:GetEncryptionConfiguration".into());
    let morning = survived(Night::over(world), &before);
    is_partial(&morning);
    assert_eq!(
        morning.coverage(healthy.two, "us-east-1", "s3:GetBucketEncryption"),
        "asked 3 known 1 absent 1 denied 1 incomplete resource_policy explicit AccessDenied"
    );
    let columns =
        ["encryption", "encryption_read", "kms_key_ref_kind", "kms_key_link", "sse_c_blocked", "policy_read"];
    assert_eq!(bucket(&morning, "plain-s3", &columns), "unknown denied - - - absent");
}

#[test]
fn a_region_that_a_service_control_policy_denies() {
    let healthy = healthy();
    let before = clean(&healthy.world);
    let mut world = healthy.world.clone();
    world.account_mut(healthy.two).denials.push(Denial::of_region(region("us-east-1")));
    let morning = survived(Night::over(world), &before);
    is_partial(&morning);
    assert_eq!(morning.status(healthy.two), "partial/faults");
    let denied = "asked 3 denied 3 incomplete scp explicit AccessDenied";
    assert_eq!(morning.coverage(healthy.two, "us-east-1", "s3:GetBucketEncryption"), denied);
    assert_eq!(morning.coverage(healthy.two, "us-east-1", "kms:ListKeys"), "asked 1 known 1 complete");

    let mut world = healthy.world.clone();
    let all = Denial { exempt: Vec::new(), ..Denial::of_region(region("us-east-1")) };
    world.account_mut(healthy.two).denials.push(all);
    let morning = survived(Night::over(world), &before);
    let denied = "asked 1 denied 1 incomplete scp explicit AccessDeniedException";
    assert_eq!(morning.coverage(healthy.two, "us-east-1", "kms:ListKeys"), denied);
    assert_eq!(morning.coverage(healthy.two, "us-east-1", "kms:ListAliases"), denied);
    assert_eq!(morning.coverage(healthy.two, "eu-west-1", "kms:ListKeys"), "asked 1 known 1 complete");
    assert_eq!(bucket(&morning, "kms-replica", &KEY), "unproven - -");
}

#[test]
fn a_region_that_is_disabled() {
    let mut healthy = healthy();
    healthy.disable(healthy.one, "us-east-1");
    healthy.disable(healthy.two, "us-east-1");
    let morning = Night::over(healthy.world.clone()).run();
    agrees_with_itself(&morning);
    let regions = ["regions", "regions_disabled"];
    assert_eq!(values(&morning.account(healthy.one), &regions), "[eu-west-1] [us-east-1]");
    assert_eq!(morning.status(healthy.one), "complete/-");
    assert_eq!(morning.coverage(healthy.one, "us-east-1", "kms:ListKeys"), "", "nothing is planned there");
    // Buckets stay where they are when a Region is taken away: they are listed, and cannot be read.
    assert_eq!(morning.status(healthy.two), "partial/faults");
    assert_eq!(
        morning.coverage(healthy.two, "us-east-1", "s3:GetBucketEncryption"),
        "not_asked 3 incomplete"
    );
    assert_eq!(bucket(&morning, "plain-s3", &["encryption", "encryption_read"]), "unknown not_asked");
    assert_eq!(bucket(&morning, "kms-replica", &KEY), "unproven - -");
    is_partial(&morning);
}

#[test]
fn suspended_and_closing_accounts() {
    let healthy = healthy();
    let states = [
        AccountState::Suspended,
        AccountState::PendingClosure,
        AccountState::Closed,
        AccountState::PendingActivation,
    ];
    for state in states {
        let mut world = healthy.world.clone();
        world.account_mut(healthy.two).state = state;
        let morning = Night::over(world).run();
        agrees_with_itself(&morning);
        assert_eq!(morning.status(healthy.two), "not_scanned/not_active");
        assert_eq!(
            values(&morning.account(healthy.two), &["state", "buckets", "regions"]),
            format!("{} - -", state.word())
        );
        assert!(morning.recorder().records().iter().all(|record| record.account != Some(healthy.two)));
        assert_eq!(bucket(&morning, "kms-same-org", &KEY), "unproven - -");
        assert_eq!(morning.census().run.status, RunStatus::Complete, "it was not there to be scanned");
    }
}

/// Throttling everywhere for a while, 500 and 503, reset connections, bodies cut short, answers that
/// are neither XML nor JSON, expired tokens, empty pages with a token, false NoSuchBucket.
#[test]
fn trouble_everywhere_for_a_while() {
    let healthy = healthy();
    let before = clean(&healthy.world);
    let effects = [
        (Effect::Throttle, 4),
        (Effect::InternalError, 4),
        (Effect::ServiceUnavailable, 4),
        (Effect::ConnectionReset, 4),
        (Effect::AnswerLost, 4),
        (Effect::Timeout(Duration::from_secs(60)), 4),
        (Effect::CutBody, 4),
        (Effect::Html(200), 4),
        (Effect::Html(502), 4),
        (Effect::ExpiredToken, 2),
        (Effect::EmptyPage, 3),
        (Effect::FalseNoSuchBucket, 1),
        (Effect::Latency(Duration::from_secs(14)), 100),
    ];
    for (effect, times) in effects {
        println!("{effect:?}");
        let schedule = Schedule::of([Rule::always(effect).first_of_each(times)]);
        let morning = Night::over(healthy.world.clone()).with(schedule).run();
        assert!(morning.recorder().records().iter().any(|record| record.faulted));
        assert_eq!(morning.census().run.status, RunStatus::Complete);
        same_bytes(&before.bytes(), &morning.bytes());
    }
}

/// The same where it does not end, for one operation: the coverage says which, and what AWS said.
#[test]
fn trouble_without_end_is_told_by_its_class() {
    let healthy = healthy();
    let before = clean(&healthy.world);
    let future = Effect::Error { status: 400, code: "CodeOfTheFuture".into(), message: String::new() };
    let effects = [
        (Effect::Throttle, "throttled 12 incomplete SlowDown"),
        (Effect::InternalError, "service 12 incomplete InternalError"),
        (Effect::ServiceUnavailable, "service 12 incomplete ServiceUnavailable"),
        (Effect::ConnectionReset, "transport 12 incomplete"),
        (Effect::AnswerLost, "transport 12 incomplete"),
        (Effect::Timeout(Duration::from_secs(60)), "transport 12 incomplete"),
        (Effect::CutBody, "transport 12 incomplete"),
        (Effect::Html(200), "protocol 12 incomplete"),
        (Effect::Html(502), "service 12 incomplete"),
        (Effect::ExpiredToken, "identity 12 incomplete ExpiredToken"),
        (Effect::AccessDenied, "denied 12 incomplete unstated AccessDenied"),
        (future, "service 12 incomplete CodeOfTheFuture"),
    ];
    for (effect, told) in effects {
        println!("{effect:?}");
        let rule = Rule::always(effect).on("s3:GetBucketEncryption").account(healthy.one);
        let morning = survived(Night::over(healthy.world.clone()).with(Schedule::of([rule])), &before);
        is_partial(&morning);
        let coverage = morning.coverage(healthy.one, "eu-west-1", "s3:GetBucketEncryption");
        assert_eq!(coverage, format!("asked 12 {told}"));
        assert_eq!(morning.status(healthy.one), "partial/faults");
        assert_eq!(morning.status(healthy.two), "complete/-");
        assert_eq!(bucket(&morning, "kms-key-arn", &["encryption", "kms_key_link"]), "unknown -");
    }
    for (operation, effect, told) in [
        ("kms:ListKeys", Effect::Html(200), "asked 1 protocol 1 incomplete"),
        ("kms:ListAliases", Effect::EmptyPage, "asked 1 protocol 1 incomplete"),
        ("kms:ListKeys", Effect::Throttle, "asked 1 throttled 1 incomplete ThrottlingException"),
    ] {
        let rule = Rule::always(effect).on(operation).account(healthy.one).region("eu-west-1");
        let morning = survived(Night::over(healthy.world.clone()).with(Schedule::of([rule])), &before);
        assert_eq!(morning.coverage(healthy.one, "eu-west-1", operation), told);
    }
}

/// A night that takes longer than a session lasts: on a clock that goes, sessions are renewed ahead
/// of time; on one that stands still, AWS's refusal tells.
#[test]
fn a_session_that_expires_in_mid_scan() {
    let mut healthy = healthy();
    for n in 0..400 {
        healthy.world.add_bucket(healthy.two, "eu-west-1", &format!("many-{n:03}"));
    }
    let slow = Schedule::of([Rule::always(Effect::Latency(Duration::from_secs(10))).account(healthy.two)]);
    for moves in [true, false] {
        let mut night = Night::over(healthy.world.clone()).with(slow.clone()).at_once(4, 1);
        if moves {
            night.clock = Arc::new(MovingClock::default());
        }
        let morning = night.run();
        agrees_with_itself(&morning);
        assert_eq!(morning.census().run.status, RunStatus::Complete);
        let recorder = morning.recorder();
        let assumed =
            recorder.of("sts:AssumeRole").filter(|record| record.account == Some(healthy.two)).count();
        assert_eq!(assumed, 2, "renewed once");
        assert_eq!(recorder.with_code("ExpiredToken").count() == 0, moves);
        assert_eq!(morning.account(healthy.two)["buckets"].as_deref(), Some("403"));
    }
}

#[test]
fn an_empty_first_page_of_accounts() {
    let mut world = healthy().world;
    let before = clean(&world);
    world.pages.empty_first_accounts_page = true;
    same_bytes(&before.bytes(), &clean(&world).bytes());
}

#[test]
fn a_bucket_that_is_deleted_between_list_and_read() {
    let healthy = healthy();
    let before = clean(&healthy.world);
    let mut world = healthy.world.clone();
    world.account_mut(healthy.one).buckets.get_mut("kms-key-arn").unwrap().vanished = true;
    let morning = Night::over(world).run();
    agrees_with_itself(&morning);
    let columns = ["encryption", "encryption_read", "kms_key_link", "policy_read", "tls_only"];
    assert_eq!(bucket(&morning, "kms-key-arn", &columns), "unknown gone - gone unknown");
    assert_eq!(
        morning.coverage(healthy.one, "eu-west-1", "s3:GetBucketEncryption"),
        "asked 12 known 11 gone 1 complete"
    );
    assert_eq!(morning.status(healthy.one), "complete/-");
    assert_eq!(morning.census().run.status, RunStatus::Complete);
    assert_eq!(morning.rows("buckets").len(), before.rows("buckets").len());
    let recorder = morning.recorder();
    let asked =
        recorder.of("s3:GetBucketEncryption").filter(|record| record.resource == "kms-key-arn").count();
    assert_eq!(asked, 2, "`gone` is said twice before it is believed");
}

/// A bucket's name may be free and taken again, elsewhere or by another account, while the scan runs.
#[test]
fn a_bucket_that_moves_between_list_and_read() {
    let healthy = healthy();
    let before = clean(&healthy.world);
    let records = before.recorder();
    let read = |record: &atrest::sim::Record| {
        record.resource == "plain-s3" && record.name().starts_with("s3:GetBucket")
    };
    let first = records.records().iter().position(read).unwrap() + 1;
    let changes: [(Change, &str, &str); 3] = [
        // S3 says where the bucket is now, and it is read there.
        (
            |world| {
                world.accounts.values_mut().for_each(|account| {
                    if let Some(bucket) = account.buckets.get_mut("plain-s3") {
                        bucket.region = region("eu-west-1");
                        bucket.encryption = Some(Encryption::kms(None));
                    }
                });
            },
            "sse_kms known eu-west-1",
            "complete/-",
        ),
        (
            |world| world.accounts.values_mut().for_each(|account| drop(account.buckets.remove("plain-s3"))),
            "unknown gone us-east-1",
            "complete/-",
        ),
        // Another's: the expected owner is not the one, and S3 denies.
        (
            |world| {
                let taken =
                    world.accounts.values_mut().find_map(|account| account.buckets.remove("plain-s3"));
                let management = world.organization.management_account;
                world.account_mut(management).buckets.insert("plain-s3".to_owned(), taken.unwrap());
            },
            "unknown denied us-east-1",
            "partial/faults",
        ),
    ];
    for (change, told, status) in changes {
        let morning = Night::over(healthy.world.clone()).changing_at(first, change).run();
        agrees_with_itself(&morning);
        let row = morning.rows("buckets").into_iter().find(|row| {
            row["bucket"].as_deref() == Some("plain-s3") && row["account_id"] == Some(healthy.two.to_string())
        });
        assert_eq!(values(&row.unwrap(), &["encryption", "encryption_read", "region"]), told);
        assert_eq!(morning.status(healthy.two), status);
    }
}

#[test]
fn an_account_without_a_bucket() {
    let mut healthy = healthy();
    healthy.world.account_mut(healthy.two).buckets.clear();
    let morning = clean(&healthy.world);
    assert_eq!(morning.status(healthy.two), "complete/-");
    assert_eq!(morning.account(healthy.two)["buckets"].as_deref(), Some("0"));
    assert_eq!(morning.coverage(healthy.two, "global", "s3:ListBuckets"), "asked 1 known 1 complete");
    assert_eq!(morning.coverage(healthy.two, "us-east-1", "s3:GetBucketEncryption"), "");
}

/// More than one page of S3's largest; most lie outside `--region`, so that the test takes seconds.
#[test]
fn ten_thousand_buckets_in_one_account() {
    let mut healthy = healthy();
    for n in 0..10_001 {
        let place = if n % 100 == 0 { "us-east-1" } else { "eu-west-1" };
        healthy.world.add_bucket(healthy.two, place, &format!("many-{n:05}"));
    }
    let morning = Night::over(healthy.world.clone()).filtered(only_regions(&["us-east-1"])).run();
    let recorder = morning.recorder();
    let pages = recorder.of("s3:ListBuckets").filter(|record| record.account == Some(healthy.two)).count();
    assert_eq!(pages, 2);
    assert_eq!(morning.account(healthy.two)["buckets"].as_deref(), Some("10004"));
    assert_eq!(morning.rows("buckets").len(), 10_017);
    assert_eq!(
        morning.coverage(healthy.two, "us-east-1", "s3:GetBucketPolicy"),
        "asked 104 absent 104 complete"
    );
    assert_eq!(morning.coverage(healthy.two, "eu-west-1", "s3:GetBucketPolicy"), "not_asked 9900 complete");
}

#[test]
fn every_role_refused_and_mended() {
    let healthy = healthy();
    let before = clean(&healthy.world);
    let mut world = healthy.world.clone();
    for id in [healthy.one, healthy.two] {
        world.account_mut(id).roles.clear();
    }
    let refused = Night::over(world).run();
    match &refused.scan {
        // Exit code 5.
        Err(ScanError::EveryRoleRefused { role_name, accounts, fault }) => {
            let code = fault.code.as_deref().unwrap();
            assert_eq!((role_name.as_str(), *accounts, code), ("atrest-audit", 2, "AccessDenied"));
        }
        other => panic!("{other:?}"),
    }
    assert!(!refused.is_published() && refused.bytes().is_empty());
    let mended = Night::over(healthy.world).on(&refused.store).run();
    mended.census();
    same_bytes(&before.bytes(), &mended.bytes());
}

#[test]
fn the_first_fifty_refusals_are_enough() {
    let mut world = healthy().world;
    for n in 0..200 {
        world.add_account(&format!("more-{n}"));
    }
    let management = world.organization.management_account;
    world
        .accounts
        .values_mut()
        .filter(|account| account.id != management)
        .for_each(|account| account.roles.clear());
    let refused = Night::over(world).at_once(4, 1).run();
    assert!(matches!(refused.scan, Err(ScanError::EveryRoleRefused { accounts: 50, .. })), "{refused:?}");
    assert!(!refused.is_published());
    let asked = refused.recorder().of("sts:AssumeRole").count();
    assert!((51..60).contains(&asked), "{asked} accounts were asked");
}

#[test]
fn an_organization_that_cannot_be_read() {
    let world = healthy().world;
    for effect in
        [Effect::AccessDenied, Effect::InternalError, Effect::Throttle, Effect::Html(200), Effect::EmptyPage]
    {
        println!("{effect:?}");
        let rule = Rule::always(effect).on("organizations:ListAccounts");
        let morning = Night::over(world.clone()).with(Schedule::of([rule])).run();
        // Exit code 5.
        assert!(matches!(morning.scan, Err(ScanError::Organization { .. })), "{morning:?}");
        assert!(!morning.is_published());
    }
    let mut world = world;
    world.organization.in_use = false;
    match Night::over(world).run().scan {
        Err(ScanError::Organization { fault }) => {
            assert_eq!(fault.code.as_deref(), Some("AWSOrganizationsNotInUseException"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn accounts_by_name_where_there_is_no_organization() {
    let healthy = healthy();
    let mut without = healthy.world.clone();
    without.organization.in_use = false;
    let denied = Rule::always(Effect::AccessDenied).on("organizations:ListAccounts");
    for night in [Night::over(without), Night::over(healthy.world.clone()).with(Schedule::of([denied]))] {
        let morning = night.filtered(only_accounts([healthy.one])).run();
        agrees_with_itself(&morning);
        let run = &morning.census().run;
        assert_eq!((run.kind, run.status), (RunKind::Filtered, RunStatus::Complete));
        assert_eq!(run.organization.org_id, None);
        assert_eq!(morning.rows("accounts").len(), 1);
        assert_eq!(
            values(&morning.account(healthy.one), &["org_id", "state", "scan_status"]),
            "- - complete"
        );
        // Whose the other accounts are cannot be said.
        for (name, expected) in [
            ("kms-key-arn", "same_account Enabled enabled"),
            ("kms-same-org", "unproven - -"),
            ("kms-outside", "unproven - -"),
            ("kms-missing", "missing - -"),
        ] {
            assert_eq!(bucket(&morning, name, &KEY), expected, "{name}");
        }
    }
}

#[test]
fn a_filter_never_makes_a_key_a_strangers() {
    let healthy = healthy();
    let morning = Night::over(healthy.world).filtered(only_accounts([healthy.one])).run();
    agrees_with_itself(&morning);
    assert_eq!(morning.census().run.status, RunStatus::Complete);
    assert_eq!(morning.status(healthy.two), "not_scanned/excluded");
    assert_eq!(bucket(&morning, "kms-same-org", &KEY), "unproven - -");
    assert_eq!(bucket(&morning, "kms-outside", &KEY), "outside_org - -");
    assert_eq!(bucket(&morning, "kms-outside", &["kms_key_account_id"]), STRANGER);
}

#[test]
fn regions_that_cannot_be_listed() {
    let mut healthy = healthy();
    // An opted-in Region that only a bucket's listing tells of.
    let far = RegionState::new(OptStatus::Enabled);
    healthy.world.account_mut(healthy.one).regions.insert(region("ap-east-1"), far);
    healthy.world.add_bucket(healthy.one, "ap-east-1", "far-away");
    healthy.world.add_key(healthy.one, "ap-east-1");
    let before = clean(&healthy.world);
    let rule = Rule::always(Effect::AccessDenied).on("account:ListRegions").account(healthy.one);
    let morning = survived(Night::over(healthy.world.clone()).with(Schedule::of([rule])), &before);
    is_partial(&morning);
    assert_eq!(morning.status(healthy.one), "partial/region_incomplete");
    assert_eq!(
        morning.coverage(healthy.one, "global", "account:ListRegions"),
        "asked 1 denied 1 incomplete unstated AccessDeniedException"
    );
    let account = morning.account(healthy.one);
    let regions = account["regions"].as_deref().unwrap();
    for name in ["eu-west-1", "us-east-1", "us-west-2", "ap-east-1"] {
        assert!(regions.contains(name), "{name} is not among {regions}");
    }
    assert_eq!(account["regions_disabled"], None);
    assert_eq!(bucket(&morning, "far-away", &["encryption", "encryption_read"]), "sse_s3 known");
    assert_eq!(morning.coverage(healthy.one, "ap-east-1", "kms:ListKeys"), "asked 1 known 1 complete");
    // The account has no such Region: its session is good, and not known there.
    assert_eq!(
        morning.coverage(healthy.one, "us-west-2", "kms:ListKeys"),
        "asked 1 unavailable 1 incomplete UnrecognizedClientException"
    );
    assert_eq!(morning.rows("buckets"), before.rows("buckets"), "every bucket is read all the same");
    assert_eq!(morning.rows("keys"), before.rows("keys"));
}

#[test]
fn what_the_region_filter_leaves_out_is_not_asked_and_no_gap() {
    let healthy = healthy();
    let morning = Night::over(healthy.world).filtered(only_regions(&["us-east-1"])).run();
    let run = &morning.census().run;
    assert_eq!((run.kind, run.status), (RunKind::Filtered, RunStatus::Complete));
    assert_eq!(morning.status(healthy.one), "complete/-");
    for operation in ["s3:GetBucketEncryption", "s3:GetBucketPolicy"] {
        assert_eq!(morning.coverage(healthy.one, "eu-west-1", operation), "not_asked 12 complete");
    }
    assert_eq!(
        bucket(&morning, "kms-key-arn", &["encryption", "encryption_read", "region"]),
        "unknown not_asked eu-west-1"
    );
    assert_eq!(bucket(&morning, "plain-s3", &["encryption", "encryption_read"]), "sse_s3 known");
    assert_eq!(morning.recorder().of("account:ListRegions").count(), 0);
    assert_eq!(values(&morning.account(healthy.one), &["regions", "regions_disabled"]), "[us-east-1] -");
    assert!(
        morning
            .recorder()
            .records()
            .iter()
            .all(|record| record.service != "kms" || record.region == "us-east-1")
    );
}

#[test]
fn a_region_that_does_not_know_the_session() {
    let healthy = healthy();
    let before = clean(&healthy.world);
    let unknown = |code: &str| Effect::Error { status: 403, code: code.to_owned(), message: String::new() };
    let rule = Rule::always(unknown("UnrecognizedClientException"))
        .on("kms:*")
        .account(healthy.one)
        .region("us-east-1");
    let morning = survived(Night::over(healthy.world.clone()).with(Schedule::of([rule])), &before);
    is_partial(&morning);
    assert_eq!(morning.status(healthy.one), "partial/faults");
    let told = "asked 1 unavailable 1 incomplete UnrecognizedClientException";
    assert_eq!(morning.coverage(healthy.one, "us-east-1", "kms:ListKeys"), told);
    assert_eq!(morning.coverage(healthy.one, "us-east-1", "kms:ListAliases"), told);
    assert_eq!(morning.coverage(healthy.one, "eu-west-1", "kms:ListKeys"), "asked 1 known 1 complete");

    // A session that is known nowhere is another matter.
    let rules = ["kms:*", "s3:*", "account:*", "sts:GetCallerIdentity"];
    let rules = rules.map(|name| Rule::always(unknown("InvalidClientTokenId")).on(name).account(healthy.one));
    let morning = survived(Night::over(healthy.world.clone()).with(Schedule::of(rules)), &before);
    assert_eq!(morning.status(healthy.one), "partial/region_incomplete");
    let told = "asked 1 identity 1 incomplete InvalidClientTokenId";
    assert_eq!(morning.coverage(healthy.one, "global", "s3:ListBuckets"), told);
    assert_eq!(morning.coverage(healthy.one, "eu-west-1", "kms:ListKeys"), told);
    assert_eq!(morning.status(healthy.two), "complete/-");
}

#[test]
fn the_callers_own_account_without_the_role() {
    let mut healthy = healthy();
    healthy.world.account_mut(healthy.management).roles.clear();
    let morning = clean(&healthy.world);
    assert_eq!(morning.status(healthy.management), "complete/-");
    assert_eq!(morning.account(healthy.management)["access_path"].as_deref(), Some("caller"));
    assert_eq!(morning.account(healthy.one)["access_path"].as_deref(), Some("assumed_role"));
    assert_eq!(morning.coverage(healthy.management, "global", "sts:AssumeRole"), "");
    assert_eq!(bucket(&morning, "policed", &["encryption", "policy_read"]), "sse_s3 known");
}

/// A list of accounts that fails half-way must not pass for a shorter list.
#[test]
fn a_listing_that_fails_on_a_later_page_is_not_complete() {
    let healthy = healthy();
    let before = clean(&healthy.world);
    let mut world = healthy.world.clone();
    world.pages.buckets = 5;
    world.pages.keys = 1;
    let rules = ["s3:ListBuckets", "kms:ListKeys"].map(|operation| Rule {
        from: 2,
        ..Rule::always(Effect::AccessDenied).on(operation).account(healthy.one)
    });
    let morning = survived(Night::over(world).with(Schedule::of(rules)), &before);
    is_partial(&morning);
    let listed = morning.coverage(healthy.one, "global", "s3:ListBuckets");
    assert!(listed.starts_with("asked 1 denied 1 incomplete"), "{listed}");
    assert_eq!(morning.account(healthy.one)["buckets"].as_deref(), Some("5"), "what was listed is kept");
    assert!(morning.rows("buckets").iter().all(|row| row["kms_key_link"].as_deref() != Some("missing")));
}

#[test]
fn a_committed_run_is_judged_again_as_another_run() {
    let world = healthy().world;
    let morning = clean(&world);
    let again = RunId::new(NOW, 2);
    let census = rejudge(&morning.store, &morning.run_id, &again, &Rules::default()).unwrap();
    assert_eq!(census.run.kind, RunKind::Rejudged);
    assert_eq!((&census.run.run_id, &census.run.observed_run_id), (&again, &morning.run_id));
    assert_eq!(census.run.as_of, NOW);
    for table in LAWFUL {
        let without_run = |rows: Vec<Row>| -> Vec<Row> {
            rows.into_iter()
                .map(|mut row| {
                    row.remove("run_id");
                    row
                })
                .collect()
        };
        let rows = without_run(rows_of(&morning.store, table, &again));
        assert_eq!(rows, without_run(morning.rows(table)), "{table}");
    }
    // The same again changes nothing.
    let before = morning.store.objects();
    let census = rejudge(&morning.store, &morning.run_id, &again, &Rules::default()).unwrap();
    assert_eq!(census.published, Published::AlreadyCommitted);
    assert_eq!(morning.store.objects(), before);
}

#[test]
fn another_organizations_lake_is_refused() {
    let world = healthy().world;
    let morning = clean(&world);
    let before = morning.store.objects();
    let mut another = world;
    another.organization.id = "o-another000".to_owned();
    let mut night = Night::over(another.clone()).on(&morning.store);
    night.run = 2;
    let refused = night.run();
    // Exit code 2.
    assert!(
        matches!(refused.scan, Err(ScanError::Lake(LakeError::OtherOrganization { .. }))),
        "{:?}",
        refused.scan
    );
    another.organization.in_use = false;
    let management = another.organization.management_account;
    let mut night = Night::over(another).on(&morning.store).filtered(only_accounts([management]));
    night.run = 3;
    assert!(matches!(night.run().scan, Err(ScanError::Lake(LakeError::OtherOrganization { .. }))));
    assert_eq!(morning.store.objects(), before, "the lake is as it was");
}

#[test]
fn a_run_is_not_continued_with_other_settings() {
    let healthy = healthy();
    let begun = Night::over(healthy.world.clone()).at_once(1, 1).stopped_at(60, Stop::Told).run();
    assert!(
        matches!(begun.scan, Err(ScanError::Interrupted { sealed, .. }) if sealed > 0),
        "{:?}",
        begun.scan
    );
    let before = begun.store.objects();
    let two = BTreeSet::from([healthy.two]);
    let all = ScanFilter::default;
    let continued = |change: &dyn Fn(&mut Night)| {
        let mut night = Night::over(healthy.world.clone()).on(&begun.store);
        change(&mut night);
        match night.run().scan {
            Err(ScanError::OtherSettings { difference, .. }) => difference,
            other => panic!("{other:?}"),
        }
    };
    let differences = [
        continued(&|night| night.role_name = "another".to_owned()),
        continued(&|night| night.filter = ScanFilter { accounts: two.clone(), ..all() }),
        continued(&|night| night.filter = ScanFilter { exclude_accounts: two.clone(), ..all() }),
        continued(&|night| night.filter = ScanFilter { ous: ["Workloads".to_owned()].into(), ..all() }),
        continued(&|night| night.filter = only_regions(&["us-east-1"])),
    ];
    let names = ["--role-name", "--account", "--exclude-account", "--ou", "--region"];
    assert_eq!(differences.to_vec(), names.map(|name| format!("{name} differs")));
    assert_eq!(begun.store.objects(), before, "nothing was written");
}

/// A list that AWS's policy spares and a bucket read that it does not: denials by every kind of policy.
#[test]
fn who_denied_is_told() {
    let healthy = healthy();
    let before = clean(&healthy.world);
    for (by, word) in [
        (DeniedBy::Identity, "identity"),
        (DeniedBy::Scp, "scp"),
        (DeniedBy::Rcp, "rcp"),
        (DeniedBy::Boundary, "boundary"),
        (DeniedBy::Session, "session"),
        (DeniedBy::VpcEndpoint, "vpc_endpoint"),
    ] {
        for (denial, how) in [
            (Denial::of(by, "s3:GetBucketPolicy"), "explicit"),
            (Denial::by_silence(by, "s3:GetBucketPolicy"), "implicit"),
        ] {
            let mut world = healthy.world.clone();
            world.account_mut(healthy.two).denials.push(denial);
            let morning = survived(Night::over(world), &before);
            assert_eq!(
                morning.coverage(healthy.two, "us-east-1", "s3:GetBucketPolicy"),
                format!("asked 3 denied 3 incomplete {word} {how} AccessDenied")
            );
            assert_eq!(
                bucket(&morning, "plain-s3", &["encryption", "tls_only", "policy_read"]),
                "sse_s3 unknown denied"
            );
        }
    }
}
