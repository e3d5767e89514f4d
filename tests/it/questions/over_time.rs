//! What is told of more than one night: standards, how long a fail lasts, buckets as they were last seen.

use std::collections::BTreeMap;

use atrest::model::RunId;
use atrest::sim::{Effect, Rule, Schedule};
use serde_json::Value;

use super::{Nights, line, lines};
use crate::support::night::{NOW, Night, Rules, only_accounts, rejudge, reword};
use crate::support::python::venv;
use crate::support::worlds::healthy;

// Which standard applied when

fn another_standard() -> Rules {
    let mut rules = Rules::default();
    "next-year".clone_into(&mut rules.standard.version);
    reword(&mut rules.standard, "next year's");
    rules
}

#[test]
fn a_night_has_one_standard_whatever_else_was_run_that_day() {
    let venv = venv();
    let healthy = healthy();
    let mut nights = Nights::new();
    let first = nights.then(Night::over(healthy.world.clone()));
    let again = RunId::new(NOW, 2);
    rejudge(&nights.store, &first.run_id, &again, &another_standard()).unwrap();
    let part = Night::over(healthy.world.clone()).filtered(only_accounts([healthy.one]));
    nights.then(part.judged_by(another_standard()));
    nights.then(Night::over(healthy.world.clone()));
    nights.then(Night::over(healthy.world).judged_by(another_standard()));

    let rows = nights.lake(&venv).ask("standards_in_effect");
    let standard = Rules::default().standard.sha256;
    let other = another_standard().standard.sha256;
    assert_eq!(
        lines(&rows, &["kind", "standard_sha256", "first_started_at", "last_started_at", "runs"]),
        [
            format!("census {standard} 2026-11-21 03:00:00 2026-11-23 03:00:00 2"),
            format!("census {other} 2026-11-24 03:00:00 2026-11-24 03:00:00 1"),
            format!("filtered {other} 2026-11-22 03:00:00 2026-11-22 03:00:00 1"),
            format!("rejudged {other} 2026-11-21 03:00:00 2026-11-21 03:00:00 1"),
        ]
    );
    assert_eq!(rows[3]["first_run_id"], again.to_string());
}

// How long it fails

/// What a night says of a key's rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Pass,
    Fail,
    NotApplicable,
    Unknown,
}

const SAID: [Said; 4] = [Said::Pass, Said::Fail, Said::NotApplicable, Said::Unknown];

/// The nights, counted from 0, between which the stretch of fails around the last fail lies, and the first pass
/// after it: what both questions are held against. None where it never failed.
fn stretch(nights: &[Said]) -> Option<(usize, Option<usize>)> {
    let last_fail = nights.iter().rposition(|said| *said == Said::Fail)?;
    let pass_before = nights[..last_fail].iter().rposition(|said| *said == Said::Pass);
    let from = pass_before.map_or(0, |night| night + 1);
    let first_fail = from + nights[from..].iter().position(|said| *said == Said::Fail)?;
    let pass_after = nights[last_fail..].iter().position(|said| *said == Said::Pass);
    Some((first_fail, pass_after.map(|after| last_fail + after)))
}

/// Every course of four nights, each by a key of its own: one law for what fails still and for what is mended.
#[test]
fn only_a_pass_ends_a_fail() {
    const NIGHTS: usize = 4;
    let venv = venv();
    let mut healthy = healthy();
    let mut course = |number: usize| {
        let said: [Said; NIGHTS] = [number, number / 4, number / 16, number / 64].map(|it| SAID[it % 4]);
        (healthy.world.add_key(healthy.two, "eu-west-1").id.clone(), said)
    };
    let courses: Vec<(String, [Said; NIGHTS])> = (0..256).map(&mut course).collect();
    let mut nights = Nights::new();
    for night in 0..NIGHTS {
        let mut world = healthy.world.clone();
        let keys = &mut world.region_mut(healthy.two, "eu-west-1").keys;
        let mut denied = Vec::new();
        for (id, said) in &courses {
            let key = keys.get_mut(id).unwrap();
            key.rotation.enabled = said[night] == Said::Pass;
            match said[night] {
                Said::NotApplicable => key.state = "PendingDeletion".into(),
                Said::Unknown => {
                    denied
                        .push(Rule::always(Effect::AccessDenied).on("kms:GetKeyRotationStatus").resource(id));
                }
                Said::Pass | Said::Fail => {}
            }
        }
        nights.then(Night::over(world).with(Schedule::of(denied)));
    }
    let lake = nights.lake(&venv);
    let day = |night: usize| format!("2026-11-{} 03:00:00", 21 + night);
    let answered = |question: &str, columns: &[&str]| -> BTreeMap<String, String> {
        let rows = lake.ask(question);
        let of_check = rows.iter().filter(|row| row["check_id"] == "kms_rotation_enabled");
        let id = |row: &Value| row["resource_arn"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let of_courses = of_check.filter(|row| courses.iter().any(|(course, _)| *course == id(row)));
        of_courses.map(|row| (id(row), line(row, columns))).collect()
    };
    let mut failing = BTreeMap::new();
    let mut mended = BTreeMap::new();
    for (id, said) in &courses {
        let first_fail = said.iter().position(|said| *said == Said::Fail);
        match (said[NIGHTS - 1], stretch(said)) {
            (Said::Fail, Some((since, _))) => {
                let line = format!("{} {} {}", day(first_fail.unwrap()), day(since), NIGHTS - 1 - since);
                failing.insert(id.clone(), line);
            }
            (Said::Pass, Some((since, Some(passed)))) => {
                mended.insert(id.clone(), format!("{} {} {}", day(since), day(passed), passed - since));
            }
            _ => {}
        }
    }
    assert_eq!(answered("first_seen", &["first_failed_at", "failing_since", "days_failing"]), failing);
    assert_eq!(answered("time_to_remediate", &["failed_at", "passed_at", "days_failed"]), mended);
    assert!(failing.len() == 64 && mended.len() > 30, "{} {}", failing.len(), mended.len());
}

// Buckets as they were last seen

#[test]
fn a_deleted_bucket_is_told_from_one_that_nobody_sees() {
    let venv = venv();
    let mut healthy = healthy();
    let leaver = healthy.world.add_account("leaver");
    healthy.world.add_bucket(leaver, "eu-west-1", "of-leaver");
    for (account, name) in [
        (healthy.two, "deleted"),
        (healthy.two, "deleted-earlier"),
        (healthy.two, "gone-at-read"),
        (healthy.two, "denied"),
        (healthy.one, "unlisted"),
        (healthy.one, "deleted-and-unlisted"),
    ] {
        healthy.world.add_bucket(account, "eu-west-1", name);
    }
    let mut nights = Nights::new();
    nights.then(Night::over(healthy.world.clone()));

    // One bucket is deleted before the account goes dark, and another account's list proves one gone.
    let mut world = healthy.world.clone();
    world.account_mut(healthy.one).buckets.remove("deleted-and-unlisted").unwrap();
    world.account_mut(healthy.two).buckets.remove("deleted-earlier").unwrap();
    nights.then(Night::over(world.clone()));

    let two = world.account_mut(healthy.two);
    two.buckets.remove("deleted").unwrap();
    two.buckets.get_mut("gone-at-read").unwrap().vanished = true;
    world.accounts.remove(&leaver).unwrap();
    let denied = |operation: &str| Rule::always(Effect::AccessDenied).on(operation);
    let dark = Schedule::of([
        denied("s3:ListBuckets").account(healthy.one),
        denied("s3:GetBucketEncryption").resource("denied"),
    ]);
    // What a part of the organization was asked later is no census, and proves nothing.
    nights.then(Night::over(world.clone()).with(dark));
    nights.then(Night::over(world).filtered(only_accounts([healthy.one])));

    let rows = nights.lake(&venv).ask("last_known_buckets");
    let ours = |row: &&Value| {
        let name = row["bucket"].as_str().unwrap();
        ["de", "go", "un", "of"].iter().any(|start| name.starts_with(start))
    };
    let told: Vec<Value> = rows.iter().filter(ours).cloned().collect();
    let mut told = lines(&told, &["bucket", "whereabouts", "read_now", "age_days", "encryption"]);
    told.sort();
    assert_eq!(
        told,
        [
            "deleted gone - 1 sse_s3",
            "deleted-and-unlisted gone - 2 sse_s3",
            "deleted-earlier gone - 2 sse_s3",
            "denied not_read denied 1 sse_s3",
            "gone-at-read gone gone 1 sse_s3",
            "of-leaver account_left - 1 sse_s3",
            "unlisted not_listed - 1 sse_s3",
        ]
    );
    // The other buckets of the dark account are there too, and nothing else is.
    let dark = rows.iter().filter(|row| row["account_id"] == healthy.one.to_string());
    assert!(
        dark.clone().all(|row| row["whereabouts"] == "not_listed" || row["bucket"] == "deleted-and-unlisted")
    );
    assert_eq!(dark.count(), healthy.world.accounts[&healthy.one].buckets.len());
    assert_eq!(rows.len(), 5 + healthy.world.accounts[&healthy.one].buckets.len());
}
