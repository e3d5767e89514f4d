//! No question contradicts a verdict: what a question says of a resource, and what a check says of it, can both be
//! true. Held over the generator's organizations, over one in which every state and reference is odd, and over faults.
//!
//! [`PAIRS`] says which question stands for which check, and [`APART`] why the others stand for none: a question or a
//! check that is in neither fails the test.

use std::collections::{BTreeMap, BTreeSet};

use atrest::check::CHECKS;
use atrest::clock::DAY_MS;
use atrest::query::QUERIES;
use atrest::sim::world::Encryption;
use atrest::sim::{Schedule, World};
use serde_json::Value;

use super::{Lake, REPLICA, arn, text};
use crate::support::night::{NOW, Night, region};
use crate::support::python::{Venv, venv};
use crate::support::worlds::{STRANGER, healthy, troubled};

/// A question that says of a resource what a check judges.
struct Pair {
    /// As it is asked, so that it lists all that it can.
    question: &'static str,
    check: &'static str,
    /// The check's parameters; none where it has none.
    params: Option<&'static str>,
    /// The column that names the resource.
    subject: Subject,
    /// What the question says of it: one of its columns; none where it says nothing of it.
    says: &'static str,
    /// Whether both can be: what the question says, the verdict, and its reason code.
    agree: fn(Option<&str>, &str, &str) -> bool,
}

#[derive(Clone, Copy)]
enum Subject {
    Bucket,
    Key,
    Account,
}

const PAIRS: &[Pair] = &[
    Pair {
        question: "buckets_below_standard",
        check: "s3_encryption_standard",
        params: None,
        subject: Subject::Bucket,
        says: "verdict",
        agree: same_verdict,
    },
    Pair {
        question: "buckets_without_rotating_customer_key",
        check: "s3_key_rotation",
        params: None,
        subject: Subject::Bucket,
        says: "why",
        agree: |why, verdict, reason| match why {
            None => reason == "rotation_enabled",
            Some("no KMS key") => reason == "no_kms_key",
            Some("AWS managed key") => {
                ["aws_managed_yearly", "rotation_of_unusable_key"].contains(&reason) || verdict == "unknown"
            }
            Some("the key is missing") => {
                ["rotation_of_missing_key", "rotation_of_unusable_key"].contains(&reason)
            }
            Some("the key is pending deletion") => {
                ["pending_deletion", "replica_of_primary", "rotation_in_state_not_known"].contains(&reason)
            }
            Some("rotation is off") => reason == "rotation_disabled",
            Some("the key cannot rotate by itself") => verdict == "not_applicable",
            Some(why) if why.starts_with("rotation is suspended") => reason == "rotation_suspended",
            Some(_) => verdict == "unknown",
        },
    },
    Pair {
        question: "buckets_with_keys_of_others",
        check: "s3_key_in_org",
        params: None,
        subject: Subject::Bucket,
        says: "why",
        agree: |why, verdict, reason| match why {
            None => verdict == "pass" || reason == "no_kms_key" || reason == "algorithm_not_known",
            Some("the key is of the organization") => reason == "key_in_org",
            Some("the key is outside the organization") => {
                ["key_outside_org", "trusted_account", "trust_expired"].contains(&reason)
            }
            Some("the key is missing" | "unknown: the key is unproven") => verdict != "not_applicable",
            Some(_) => verdict == "unknown",
        },
    },
    Pair {
        question: "buckets_open_to_plain_http",
        check: "s3_tls_only",
        params: None,
        subject: Subject::Bucket,
        says: "tls_only",
        agree: |tls, verdict, _| match tls {
            None => verdict == "pass",
            Some("unknown") => verdict == "unknown",
            Some(_) => verdict == "fail",
        },
    },
    Pair {
        question: "keys_rotation_due --param days=100000",
        check: "kms_rotation_enabled",
        params: None,
        subject: Subject::Key,
        says: "why",
        agree: |why, verdict, reason| {
            reason == "replica_of_primary"
                || match why {
                    // Of a key that has rotation off, the question says nothing.
                    None => {
                        verdict == "not_applicable"
                            || verdict == "fail"
                            || ["aws_managed_yearly", "key_state_unrecognized", "key_state_not_told"]
                                .contains(&reason)
                    }
                    Some("due" | "overdue") => verdict == "pass",
                    Some("suspended: the key is not enabled") => reason == "rotation_suspended",
                    Some("unknown: the next rotation was not reported") => verdict == "pass",
                    Some(_) => verdict == "unknown",
                }
        },
    },
    Pair {
        question: "keys_rotation_due --param days=100000",
        check: "kms_rotation_period",
        params: Some(r#"{"max_days":365}"#),
        subject: Subject::Key,
        says: "why",
        agree: |why, verdict, reason| {
            let rotates = ["period_within_limit", "period_too_long", "period_not_told"];
            reason == "replica_of_primary"
                || match why {
                    None => {
                        verdict == "not_applicable"
                            || verdict == "fail"
                            || ["aws_managed_yearly", "key_state_unrecognized", "key_state_not_told"]
                                .contains(&reason)
                    }
                    Some("due" | "overdue" | "unknown: the next rotation was not reported") => {
                        rotates.contains(&reason)
                    }
                    Some("suspended: the key is not enabled") => reason == "rotation_suspended",
                    Some(_) => verdict == "unknown",
                }
        },
    },
    Pair {
        question: "keys_last_rotation",
        check: "kms_rotation_enabled",
        params: None,
        subject: Subject::Key,
        says: "why",
        agree: |why, verdict, reason| match why {
            Some("the key cannot rotate") => verdict == "not_applicable" || verdict == "unknown",
            Some("unknown: the key was not read") => verdict == "unknown",
            Some("unknown: the rotation was not read") => {
                verdict == "unknown" || reason == "replica_of_primary"
            }
            _ => true,
        },
    },
    Pair {
        question: "keys_material_expiring --param days=30",
        check: "kms_material_expiring",
        params: Some(r#"{"days":30}"#),
        subject: Subject::Key,
        says: "why",
        agree: |why, verdict, reason| match why {
            None => verdict == "pass" || reason == "origin_not_external",
            Some("there is no material") => ["material_missing", "material_expired"].contains(&reason),
            Some("the material expires") => ["material_expires_soon", "material_expired"].contains(&reason),
            Some(_) => verdict == "unknown",
        },
    },
    Pair {
        question: "keys_going_away_in_use",
        check: "kms_key_pending_deletion",
        params: None,
        subject: Subject::Key,
        says: "why",
        agree: |why, verdict, reason| match why {
            None => reason != "pending_deletion_in_use",
            Some("the key is pending deletion") => reason == "pending_deletion_in_use",
            Some(why) if why.starts_with("unknown") => verdict == "unknown",
            Some(_) => verdict == "pass",
        },
    },
    Pair {
        question: "keys_going_away_in_use",
        check: "kms_key_disabled",
        params: None,
        subject: Subject::Key,
        says: "why",
        agree: |why, verdict, reason| match why {
            None => reason != "key_disabled_in_use",
            Some("the key is disabled") => reason == "key_disabled_in_use",
            Some(why) if why.starts_with("unknown") => verdict == "unknown",
            Some(_) => verdict != "fail",
        },
    },
    Pair {
        question: "keys_open_to_others",
        check: "kms_policy_public",
        params: None,
        subject: Subject::Key,
        says: "verdict",
        agree: same_verdict,
    },
    Pair {
        question: "keys_open_to_others",
        check: "kms_policy_outside_org",
        params: None,
        subject: Subject::Key,
        says: "verdict",
        agree: same_verdict,
    },
    Pair {
        question: "accounts_not_seen",
        check: "account_scanned",
        params: None,
        subject: Subject::Account,
        says: "scan_status",
        agree: |status, verdict, _| match status {
            None => verdict == "pass",
            Some(_) => verdict != "pass",
        },
    },
];

/// Questions and checks that stand for no verdict of the other kind, and why.
const APART: &[(&str, &[&str])] = &[
    (
        "they count or list findings as they are",
        &[
            "posture_by_ou",
            "posture_by_account",
            "posture_by_check",
            "changes_since_last_census",
            "trend_by_night",
            "first_seen",
            "time_to_remediate",
            "exceptions_in_force",
            "exempt_findings",
            "evidence_by_control",
            "sample_of_population",
            "population",
        ],
    ),
    (
        "they say nothing of good or bad",
        &[
            "buckets_by_encryption",
            "key_blast_radius",
            "keys_by_reach",
            "coverage_gaps",
            "nights",
            "last_known_buckets",
            "who_changed_it",
            "standards_in_effect",
            "calls_and_throttles",
            "runs_of_period",
        ],
    ),
    (
        "no question asks what they ask",
        &[
            "s3_default_encryption",
            "s3_key_usable",
            "s3_key_reference_by_arn",
            "s3_bucket_key",
            "s3_sse_c_blocked",
            "s3_policy_service_confused_deputy",
            "kms_policy_service_confused_deputy",
            "s3_upload_encryption_enforced",
            "kms_key_material_age",
            "exception_max_matches",
        ],
    ),
];

/// A question that lists all but passes and what does not apply.
fn same_verdict(said: Option<&str>, verdict: &str, _: &str) -> bool {
    match said {
        None => verdict == "pass" || verdict == "not_applicable",
        Some(said) => said == verdict,
    }
}

#[test]
fn every_question_and_every_check_is_in_the_table() {
    let apart = APART.iter().flat_map(|(_, names)| names.iter().copied());
    let paired = PAIRS.iter().flat_map(|pair| [name_of(pair.question), pair.check]);
    let listed: BTreeSet<&str> = apart.clone().chain(paired.clone()).collect();
    let all: BTreeSet<&str> =
        QUERIES.iter().map(|query| query.name).chain(CHECKS.iter().map(|check| check.id)).collect();
    assert_eq!(listed, all, "say in PAIRS or in APART what it stands for");
    let paired: BTreeSet<&str> = paired.collect();
    assert_eq!(apart.filter(|name| paired.contains(name)).count(), 0, "in both");
}

fn name_of(question: &str) -> &str {
    question.split(' ').next().unwrap()
}

/// What a question and a check say of the resources of a lake.
#[derive(Default)]
struct Compared {
    /// What cannot both be.
    contradictions: Vec<String>,
    /// Everything that stands together, each once.
    together: BTreeSet<String>,
}

fn compare(lake: &Lake) -> Compared {
    let findings = lake.sql(
        "SELECT check_id, check_params, account_id, resource_arn, verdict, reason_code FROM findings_latest",
    );
    let mut compared = Compared::default();
    for pair in PAIRS {
        let rows = lake.ask(pair.question);
        // Where a question has a row for each of two checks, the check is in it.
        let of_check = |row: &&Value| row.get("check_id").is_none_or(|id| id == pair.check);
        let said: BTreeMap<&str, &str> = rows
            .iter()
            .filter(of_check)
            .map(|row| (subject(row, pair.subject), text(row, pair.says)))
            .collect();
        let judged = findings.iter().filter(|finding| {
            finding["check_id"] == pair.check && finding["check_params"].as_str() == pair.params
        });
        let mut count = 0;
        for finding in judged {
            count += 1;
            let resource = match pair.subject {
                Subject::Bucket => text(finding, "resource_arn").rsplit(":::").next().unwrap(),
                Subject::Key => text(finding, "resource_arn"),
                Subject::Account => text(finding, "account_id"),
            };
            let (verdict, reason) = (text(finding, "verdict"), text(finding, "reason_code"));
            let said = said.get(resource).copied();
            let both = format!(
                "{}: {}, {}: {verdict} {reason}",
                name_of(pair.question),
                said.unwrap_or("-"),
                pair.check
            );
            if !(pair.agree)(said, verdict, reason) {
                compared.contradictions.push(format!("{resource}: {both}"));
            }
            compared.together.insert(both);
        }
        assert!(count > 0, "{} judged nothing", pair.check);
    }
    compared
}

fn subject(row: &Value, subject: Subject) -> &str {
    match subject {
        Subject::Bucket => text(row, "bucket"),
        Subject::Key => text(row, "key_arn"),
        Subject::Account => text(row, "account_id"),
    }
}

#[track_caller]
fn hold(venv: &Venv, world: World, schedule: Schedule, what: &str) -> BTreeSet<String> {
    let morning = Night::over(world).with(schedule).run();
    morning.census();
    let Compared { contradictions, together } = compare(&Lake::holding(&morning.store, venv));
    assert!(contradictions.is_empty(), "{what}:\n{}", contradictions.join("\n"));
    together
}

#[test]
fn no_question_contradicts_a_verdict_on_the_generators_organizations() {
    let venv = venv();
    for seed in 0..2 {
        hold(&venv, troubled(seed), Schedule::default(), &format!("troubled {seed}"));
    }
    hold(&venv, troubled(2), Schedule::random(2, 0.2, None), "troubled, with faults");
}

#[test]
fn no_question_contradicts_a_verdict_on_what_is_odd() {
    let venv = venv();
    let world = odd();
    let together = hold(&venv, world.clone(), Schedule::default(), "odd");
    insta::assert_snapshot!(together.into_iter().collect::<Vec<_>>().join("\n"));
    for (seed, share) in [(1, 0.1), (2, 0.3)] {
        hold(&venv, world.clone(), Schedule::random(seed, share, None), &format!("odd, with faults {seed}"));
    }
}

/// An organization in which every state, origin, expiry and reference stands beside every other, each with a bucket.
fn odd() -> World {
    let mut here = healthy();
    let (one, two) = (here.one, here.two);
    let states = [
        "Enabled",
        "Updating",
        "Disabled",
        "PendingDeletion",
        "PendingReplicaDeletion",
        "PendingImport",
        "Unavailable",
        "Creating",
        "YetToCome",
    ];
    let mut references: Vec<(String, String)> = Vec::new();
    for state in states {
        for (origin, rotates) in [
            ("AWS_KMS", true),
            ("AWS_KMS", false),
            ("EXTERNAL", false),
            ("AWS_CLOUDHSM", false),
            ("NEW", true),
        ] {
            let key = here.world.add_key(one, "eu-west-1");
            (key.state, key.origin, key.rotation.enabled) = (state.into(), origin.into(), rotates);
            key.rotation.period_days = rotates.then_some(365);
            key.rotation.next_at = rotates.then(|| NOW.plus_millis(40 * DAY_MS));
            if state.starts_with("Pending") && state.ends_with("Deletion") {
                key.deletion_at = Some(NOW.plus_millis(9 * DAY_MS));
            }
            let name = format!(
                "state-{}-{}-{rotates}",
                state.to_lowercase(),
                origin.to_lowercase().replace('_', "-")
            );
            references.push((name, arn(one, "eu-west-1", &key.id)));
        }
    }
    // Expiry on both sides of the notice, to the millisecond, and on an origin that has none.
    let notice = 30 * DAY_MS;
    for (origin, millis) in [
        ("EXTERNAL", notice - 1),
        ("EXTERNAL", notice),
        ("EXTERNAL", notice + 1),
        ("EXTERNAL", -1),
        ("AWS_KMS", 5),
    ] {
        let key = here.world.add_key(one, "us-east-1");
        (key.origin, key.valid_to) = (origin.into(), Some(NOW.plus_millis(millis)));
    }
    // The primary of the replica that a bucket names.
    let primary = here.world.region_mut(two, "eu-west-1").keys.get_mut(REPLICA).unwrap();
    primary.state = "Disabled".into();
    let alias =
        |account: &str, place: &str, name: &str| format!("arn:aws:kms:{place}:{account}:alias/{name}");
    let (one_id, two_id) = (one.to_string(), two.to_string());
    let managed = |world: &World, account| {
        let keys = &world.accounts[&account].regions[&region("eu-west-1")].keys;
        keys.values().find(|key| key.manager == "AWS").map(|key| key.id.clone())
    };
    let theirs = {
        let key = here.world.add_key(two, "eu-west-1");
        key.manager = "AWS".into();
        key.id.clone()
    };
    here.world.add_alias(two, "eu-west-1", "alias/aws/s3", Some(&theirs));
    let ours = managed(&here.world, one).unwrap();
    let more = [
        ("s3-own", alias(&one_id, "eu-west-1", "aws/s3")),
        ("s3-member", alias(&two_id, "eu-west-1", "aws/s3")),
        ("s3-member-key", arn(two, "eu-west-1", &theirs)),
        ("s3-stranger", alias(STRANGER, "eu-west-1", "aws/s3")),
        ("s3-elsewhere", alias(&one_id, "us-east-1", "aws/s3")),
        ("s3-capital", "alias/aws/S3".to_owned()),
        ("s3-ebs", "alias/aws/ebs".to_owned()),
        ("cn", arn(one, "eu-west-1", &ours).replacen("arn:aws:", "arn:aws-cn:", 1)),
        ("no-arn", "arn:aws:s3:::elsewhere".to_owned()),
    ];
    references.extend(more.map(|(name, reference)| (name.to_owned(), reference)));
    for (name, reference) in references {
        here.world.add_bucket(one, "eu-west-1", &name).encryption = Some(Encryption::kms(Some(&reference)));
    }
    for (name, key) in [("new-algorithm", None), ("new-algorithm-key", Some(arn(one, "eu-west-1", &ours)))] {
        here.world.add_bucket(one, "eu-west-1", name).encryption =
            Some(Encryption::by("aws:new", key.as_deref()));
    }
    here.world
}
