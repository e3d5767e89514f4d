//! The audit policy is exact: with it a night sees everything, and without any one of its actions
//! it loses just what is predicted here, by hand. And a night only reads.

use std::collections::{BTreeMap, BTreeSet};

use atrest::model::{AccountId, RunStatus};
use atrest::operation::{Grant, actions};
use atrest::sim::world::Actions;
use atrest::sim::{Schedule, World};

use crate::laws::{agrees_with_itself, clean, loses_only, same_bytes};
use crate::support::night::{Night, in_short};
use crate::support::worlds::{healthy, troubled};

/// What each account's role may do, in every account.
fn grant(world: &mut World, allowed: &[&str]) {
    for role in world.accounts.values_mut().flat_map(|account| account.roles.values_mut()) {
        role.actions = Actions::only(allowed.iter().copied());
    }
}

/// A coverage row's Region, operation and new text.
type Change = (&'static str, &'static str, &'static str);

/// The coverage rows of account `one` that differ from the night with the whole policy, without each
/// action in turn; an empty text where the row is not there any more. `one` has two Regions, 12
/// buckets in eu-west-1, three keys there (one of AWS's own, one that rotates), and two in us-east-1
/// to which rotation does not apply.
const PREDICTED: &[(&str, &[Change])] = &[
    (
        // The Regions that are scanned instead are the partition's: the others do not know the session.
        "account:ListRegions",
        &[(
            "global",
            "account:ListRegions",
            "asked 1 denied 1 incomplete identity implicit AccessDeniedException",
        )],
    ),
    (
        "kms:DescribeKey",
        &[
            (
                "eu-west-1",
                "kms:DescribeKey",
                "asked 3 denied 3 incomplete identity implicit AccessDeniedException",
            ),
            ("eu-west-1", "kms:GetKeyPolicy", "not_asked 3 incomplete"),
            ("eu-west-1", "kms:GetKeyRotationStatus", "not_asked 3 incomplete"),
            ("eu-west-1", "kms:ListKeyRotations", "not_asked 3 incomplete"),
            (
                "us-east-1",
                "kms:DescribeKey",
                "asked 2 denied 2 incomplete identity implicit AccessDeniedException",
            ),
            ("us-east-1", "kms:GetKeyPolicy", "not_asked 2 incomplete"),
            ("us-east-1", "kms:GetKeyRotationStatus", "not_asked 2 incomplete"),
            ("us-east-1", "kms:ListKeyRotations", "not_asked 2 incomplete"),
        ],
    ),
    (
        "kms:GetKeyPolicy",
        &[
            (
                "eu-west-1",
                "kms:GetKeyPolicy",
                "asked 2 denied 2 incomplete identity implicit AccessDeniedException",
            ),
            (
                "us-east-1",
                "kms:GetKeyPolicy",
                "asked 2 denied 2 incomplete identity implicit AccessDeniedException",
            ),
        ],
    ),
    (
        "kms:GetKeyRotationStatus",
        &[
            (
                "eu-west-1",
                "kms:GetKeyRotationStatus",
                "asked 2 denied 2 incomplete identity implicit AccessDeniedException",
            ),
            ("eu-west-1", "kms:ListKeyRotations", "not_asked 2 incomplete"),
        ],
    ),
    (
        "kms:ListAliases",
        &[
            (
                "eu-west-1",
                "kms:ListAliases",
                "asked 1 denied 1 incomplete identity implicit AccessDeniedException",
            ),
            (
                "us-east-1",
                "kms:ListAliases",
                "asked 1 denied 1 incomplete identity implicit AccessDeniedException",
            ),
        ],
    ),
    (
        "kms:ListKeyRotations",
        &[(
            "eu-west-1",
            "kms:ListKeyRotations",
            "asked 1 denied 1 incomplete identity implicit AccessDeniedException",
        )],
    ),
    (
        "kms:ListKeys",
        &[
            ("eu-west-1", "kms:DescribeKey", ""),
            ("eu-west-1", "kms:GetKeyPolicy", ""),
            ("eu-west-1", "kms:GetKeyRotationStatus", ""),
            ("eu-west-1", "kms:ListKeyRotations", ""),
            (
                "eu-west-1",
                "kms:ListKeys",
                "asked 1 denied 1 incomplete identity implicit AccessDeniedException",
            ),
            ("us-east-1", "kms:DescribeKey", ""),
            ("us-east-1", "kms:GetKeyPolicy", ""),
            (
                "us-east-1",
                "kms:ListKeys",
                "asked 1 denied 1 incomplete identity implicit AccessDeniedException",
            ),
        ],
    ),
    // S3 names each bucket's Region in the listing: GetBucketLocation is for endpoints that do not.
    ("s3:GetBucketLocation", &[]),
    (
        "s3:GetBucketPolicy",
        &[(
            "eu-west-1",
            "s3:GetBucketPolicy",
            "asked 12 denied 12 incomplete identity implicit AccessDenied",
        )],
    ),
    (
        "s3:GetEncryptionConfiguration",
        &[(
            "eu-west-1",
            "s3:GetBucketEncryption",
            "asked 12 denied 12 incomplete identity implicit AccessDenied",
        )],
    ),
    (
        "s3:ListAllMyBuckets",
        &[
            ("eu-west-1", "s3:GetBucketEncryption", ""),
            ("eu-west-1", "s3:GetBucketPolicy", ""),
            ("global", "s3:ListBuckets", "asked 1 denied 1 incomplete identity implicit AccessDenied"),
        ],
    ),
];

type Coverage = BTreeMap<(String, String), String>;

fn coverage(morning: &crate::support::night::Morning, account: AccountId) -> Coverage {
    let id = account.to_string();
    let rows = morning.rows("coverage").into_iter().filter(|row| row["account_id"].as_deref() == Some(&id));
    let place = |name: &str, row: &crate::support::night::Row| row[name].clone().expect("never NULL");
    rows.map(|row| ((place("region", &row), place("operation", &row)), in_short(&row))).collect()
}

#[test]
fn the_audit_policy_is_enough() {
    let healthy = healthy();
    let everything = clean(&healthy.world);
    let mut world = healthy.world;
    grant(&mut world, &actions(Grant::Audit));
    world.caller.actions = Actions::only(actions(Grant::Scan));
    let morning = Night::over(world).run();
    assert_eq!(morning.census().run.status, RunStatus::Complete);
    same_bytes(&everything.bytes(), &morning.bytes());
}

#[test]
fn without_any_one_action_just_what_is_predicted_is_lost() {
    let healthy = healthy();
    let everything = clean(&healthy.world);
    let full = coverage(&everything, healthy.one);
    let audit = actions(Grant::Audit);
    assert_eq!(audit, PREDICTED.iter().map(|(action, _)| *action).collect::<Vec<_>>(), "a prediction each");
    for (action, predicted) in PREDICTED {
        let mut world = healthy.world.clone();
        let rest: Vec<&str> = audit.iter().copied().filter(|other| other != action).collect();
        grant(&mut world, &rest);
        let morning = Night::over(world).run();
        loses_only(&everything, &morning);
        let found = coverage(&morning, healthy.one);
        let places: BTreeSet<_> = full.keys().chain(found.keys()).collect();
        let text = |coverage: &Coverage, place| coverage.get(place).cloned().unwrap_or_default();
        let mut changed: Vec<(&str, &str, String)> = places
            .into_iter()
            .filter(|place| full.get(*place) != found.get(*place))
            .map(|place| (place.0.as_str(), place.1.as_str(), text(&found, place)))
            .collect();
        if *action == "account:ListRegions" {
            // The Regions that this account has not: 15 of the 17 default ones.
            let more = changed.len();
            changed.retain(|(_, _, told)| {
                told != "asked 1 unavailable 1 incomplete UnrecognizedClientException"
            });
            assert_eq!(more - changed.len(), 2 * 15, "the keys and aliases of 15 Regions");
        }
        let predicted: Vec<(&str, &str, String)> = predicted
            .iter()
            .map(|(region, operation, told)| (*region, *operation, (*told).to_owned()))
            .collect();
        assert_eq!(changed, predicted, "without {action}");
    }
}

/// What the session policy takes away is away, whatever the role may do; what the role has not, the
/// session policy does not give.
#[test]
fn every_session_is_narrowed_to_the_audit_actions() {
    let healthy = healthy();
    let morning = clean(&healthy.world);
    let asked: BTreeSet<String> = morning.recorder().records().iter().map(|record| record.name()).collect();
    let member = morning.recorder();
    let by_sessions = member.records().iter().filter(|record| {
        record.principal.as_deref().is_some_and(|arn| arn.contains(":assumed-role/atrest-audit/"))
    });
    let audit: BTreeSet<&str> = atrest::operation::OPERATIONS
        .iter()
        .filter(|operation| operation.grant == Grant::Audit)
        .map(|operation| operation.id)
        .collect();
    for record in by_sessions {
        assert!(audit.contains(record.name().as_str()), "{} is no audit operation", record.name());
    }
    assert!(asked.contains("organizations:ListAccounts") && asked.contains("kms:ListKeyRotations"));
}

#[test]
fn a_night_only_reads() {
    for (seed, world) in [(1, healthy().world), (2, troubled(0)), (3, troubled(1))] {
        for schedule in [Schedule::none(), Schedule::random(seed, 0.3, None)] {
            let morning = Night::over(world.clone()).with(schedule).run();
            agrees_with_itself(&morning);
            let recorder = morning.recorder();
            // AssumeRole makes a session and changes nothing.
            assert_eq!(recorder.mutating(), Vec::<&atrest::sim::Record>::new());
            for record in recorder.records() {
                let reads = ["Get", "List", "Describe", "AssumeRole"];
                assert!(reads.iter().any(|verb| record.operation.starts_with(verb)), "{}", record.name());
                assert!(!record.resource.starts_with("alias/"), "DescribeKey on an alias can make a key");
            }
        }
    }
}
