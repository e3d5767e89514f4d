//! From facts to findings, as a night publishes them: every check on every resource, exceptions and
//! gaps with their bounds, and the same again in another light.

use std::collections::{BTreeMap, BTreeSet};

use atrest::check::{self, CHECKS, Judge};
use atrest::clock::Timestamp;
use atrest::lake::{Changed, sha256_hex};
use atrest::model::{
    AcceptedGap, AccountId, Exception, ExceptionState, RunId, RunStatus, Scope, Severity, Standard,
};
use atrest::publish::FinalizeError;
use atrest::sim::world::CompletedRotation;
use atrest::sim::{Effect, Rule, Schedule};
use atrest::standard;

use crate::support::night::{
    Morning, NOW, Night, Row, Rules, excepting, exception, rejudge, reword, rows_of,
};
use crate::support::worlds::{healthy, troubled};

const DAY: i64 = 86_400_000;

fn text<'a>(row: &'a Row, column: &str) -> &'a str {
    row[column].as_deref().unwrap_or_else(|| panic!("{column} is NULL in {row:?}"))
}

fn findings(morning: &Morning) -> Vec<Row> {
    morning.rows("findings")
}

/// The findings of a check, by resource.
fn of_check(rows: &[Row], check: &str) -> BTreeMap<String, Row> {
    let rows = rows.iter().filter(|row| text(row, "check_id") == check);
    rows.map(|row| (text(row, "resource_arn").to_owned(), row.clone())).collect()
}

fn with(exceptions: impl IntoIterator<Item = Exception>) -> Rules {
    Rules { exceptions: excepting(exceptions), ..Rules::default() }
}

fn judged(rules: Rules) -> Morning {
    let morning = Night::over(healthy().world).judged_by(rules).run();
    morning.census();
    morning
}

// Findings

#[test]
fn every_instance_is_judged_once_on_every_resource_of_its_kind() {
    for world in [healthy().world, troubled(1)] {
        let morning = Night::over(world).run();
        let rows = findings(&morning);
        let instances = standard::all_instances(&standard::built_in());
        let count = |kind: fn(&Judge) -> bool| {
            instances.iter().filter(|instance| kind(&instance.check.judge)).count()
        };
        let expected = count(|judge| matches!(judge, Judge::Bucket(_))) * morning.rows("buckets").len()
            + count(|judge| matches!(judge, Judge::Key(_))) * morning.rows("keys").len()
            + count(|judge| matches!(judge, Judge::Account(_))) * morning.rows("accounts").len();
        assert_eq!(rows.len(), expected);
        let uids: BTreeSet<&str> = rows.iter().map(|row| text(row, "finding_uid")).collect();
        assert_eq!(uids.len(), rows.len(), "no uid is there twice");
    }
}

#[test]
fn a_finding_says_what_its_check_says() {
    let morning = Night::over(troubled(0)).run();
    let checks: BTreeSet<_> = morning
        .rows("checks")
        .iter()
        .map(|row| (row["check_id"].clone(), row["check_params"].clone()))
        .collect();
    for row in findings(&morning) {
        assert!(checks.contains(&(row["check_id"].clone(), row["check_params"].clone())), "{row:?}");
        let check = check::find(text(&row, "check_id")).expect("a check");
        let reason = check.reasons.iter().find(|reason| reason.code == text(&row, "reason_code"));
        let reason = reason.unwrap_or_else(|| panic!("{} lacks the reason of {row:?}", check.id));
        assert_eq!(reason.verdict.word(), text(&row, "verdict"), "{row:?}");
        assert_eq!(row["verdict"], row["verdict_before_exception"]);
        let ends_well = text(&row, "reason").ends_with(['.', '…']);
        assert!(ends_well && text(&row, "reason").len() > 10, "{row:?}");
        let asks_for_something = matches!(text(&row, "verdict"), "fail" | "unknown");
        assert_eq!(row["remedy"].is_some(), asks_for_something, "{row:?}");
    }
    for control in morning.rows("controls") {
        assert!(
            checks.contains(&(control["check_id"].clone(), control["check_params"].clone())),
            "{control:?}"
        );
    }
}

/// The word that conditions of controls ask in is what the resource's own row says.
#[test]
fn a_finding_says_what_it_is_about() {
    let managed_by = |manager: Option<&str>| match manager {
        Some("AWS") => "aws_managed_key",
        Some("CUSTOMER") => "customer_managed_key",
        _ => "kms_key",
    };
    let mut seen = BTreeSet::new();
    for seed in 0..4 {
        let morning = Night::over(troubled(seed)).with(Schedule::random(seed, 0.2, None)).run();
        let mut expected = BTreeMap::new();
        for row in morning.rows("buckets") {
            let subject = match text(&row, "encryption") {
                mode @ ("not_configured" | "sse_s3") => mode.to_owned(),
                "sse_kms" | "dsse_kms" => managed_by(row["kms_key_manager"].as_deref()).to_owned(),
                _ => "unknown".to_owned(),
            };
            expected
                .insert((text(&row, "account_id").to_owned(), text(&row, "bucket_arn").to_owned()), subject);
        }
        for row in morning.rows("keys") {
            let subject = managed_by(row["key_manager"].as_deref()).to_owned();
            expected.insert((text(&row, "account_id").to_owned(), text(&row, "key_arn").to_owned()), subject);
        }
        for row in findings(&morning) {
            let resource = (text(&row, "account_id").to_owned(), text(&row, "resource_arn").to_owned());
            assert_eq!(row["subject"], expected.get(&resource).cloned(), "{row:?}");
            seen.extend(row["subject"].clone());
        }
    }
    assert_eq!(seen.len(), atrest::model::Subject::ALL.len(), "{seen:?}");
}

#[test]
fn a_finding_keeps_its_uid_from_night_to_night() {
    let uids = |morning: &Morning| -> BTreeMap<String, (String, String)> {
        let of = |row: &Row| (text(row, "resource_arn").to_owned(), text(row, "check_id").to_owned());
        findings(morning).iter().map(|row| (text(row, "finding_uid").to_owned(), of(row))).collect()
    };
    let world = healthy().world;
    let first = Night::over(world.clone()).run();
    let mut night = Night::over(world)
        .with(Schedule::of([Rule::always(Effect::AccessDenied).on("s3:GetBucketEncryption")]));
    night.run = 2;
    let second = night.run();
    assert_eq!(uids(&first), uids(&second), "a denied read changes no uid");
}

#[test]
fn what_is_off_is_not_judged_and_says_nothing() {
    let mut rules = Rules::default();
    rules.standard.checks.retain(|entry| entry.check_id == "s3_tls_only");
    let morning = judged(rules);
    assert!(findings(&morning).iter().all(|row| text(row, "check_id") == "s3_tls_only"));
    assert_eq!(morning.rows("checks").len(), 1);
    assert!(morning.rows("controls").iter().all(|row| text(row, "check_id") == "s3_tls_only"));
}

/// Imported material is rotated on demand alone, so that its age hangs on a history that a scan reads
/// where it is told to.
#[test]
fn the_age_of_imported_material_is_known_where_its_history_is_read() {
    let mut world = healthy().world;
    let account = healthy().two;
    let key = world.region_mut(account, "us-east-1").keys.values_mut().find(|key| key.origin == "EXTERNAL");
    let key = key.expect("the healthy world has an imported key");
    key.created_at = NOW.plus_millis(-800 * DAY);
    key.history = vec![CompletedRotation { at: NOW.plus_millis(-10 * DAY), kind: "ON_DEMAND".into() }];
    let arn = format!("arn:aws:kms:us-east-1:{account}:key/{}", key.id);
    let judged = |imported: bool| {
        let mut night = Night::over(world.clone());
        night.history.imported = imported;
        let morning = night.run();
        let finding = of_check(&findings(&morning), "kms_key_material_age")[&arn].clone();
        let key = morning.row("keys", "key_arn", &arn)["last_rotation_type"].clone();
        (text(&finding, "verdict").to_owned(), text(&finding, "reason_code").to_owned(), key)
    };
    assert_eq!(judged(false), ("unknown".to_owned(), "rotation_history_not_read".to_owned(), None));
    assert_eq!(
        judged(true),
        ("pass".to_owned(), "material_young_enough".to_owned(), Some("ON_DEMAND".to_owned()))
    );
}

/// A key of another account: its own policy must admit the bucket's account, whatever may be said of IAM there.
#[test]
fn another_accounts_key_is_usable_where_its_policy_admits_the_bucket() {
    let here = healthy();
    let (one, two) = (here.one, here.two);
    let statement = |principal: &str, condition: &str| {
        format!(
            r#"{{"Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"kms:*","Resource":"*","Condition":{{{condition}}}}}]}}"#
        )
    };
    let context = |bucket: &str| {
        let test =
            format!(r#""StringEquals":{{"kms:EncryptionContext:aws:s3:arn":"arn:aws:s3:::{bucket}"}}"#);
        statement(r#""*""#, &test)
    };
    let judged = |policy: String, denied: bool| {
        let mut world = here.world.clone();
        for key in world.region_mut(two, "eu-west-1").keys.values_mut() {
            key.policy.clone_from(&policy);
        }
        let rule = Rule::always(Effect::AccessDenied).on("kms:GetKeyPolicy").account(two);
        let schedule = Schedule::of(denied.then_some(rule));
        let morning = Night::over(world).with(schedule).run();
        let found = of_check(&findings(&morning), "s3_key_usable");
        // By its key ARN, and by the ARN of an alias.
        ["kms-same-org", "kms-alias-arn"].map(|bucket| {
            let finding = &found[&format!("arn:aws:s3:::{bucket}")];
            format!("{} {}", text(finding, "verdict"), text(finding, "reason_code"))
        })
    };
    let both = |said: &str| [said.to_owned(), said.to_owned()];
    let pass = both("pass key_enabled");
    let organization =
        r#""StringEquals":{"aws:PrincipalOrgID":"ORG"}"#.replace("ORG", &here.world.organization.id);
    let via = r#""StringEquals":{"kms:CallerAccount":"ONE","kms:ViaService":"s3.eu-west-1.amazonaws.com"}"#;
    assert_eq!(judged(statement(&format!(r#"{{"AWS":"{one}"}}"#), ""), false), pass);
    assert_eq!(judged(statement(r#""*""#, &organization), false), pass);
    assert_eq!(judged(statement(r#""*""#, &via.replace("ONE", &one.to_string())), false), pass);
    let barred = both("fail key_policy_bars_account");
    assert_eq!(judged(statement(&format!(r#"{{"AWS":"{two}"}}"#), ""), false), barred);
    assert_eq!(judged(statement(r#""*""#, &via.replace("ONE", &two.to_string())), false), barred);
    assert_eq!(
        judged(statement(&format!(r#"{{"AWS":"{one}"}}"#), ""), true),
        both("unknown policy_not_read")
    );
    let odd = statement(r#""*""#, r#""StringFoo":{"aws:PrincipalTag/team":"a"}"#);
    assert_eq!(judged(odd, false), both("unknown policy_undecided"));
    assert_eq!(judged("[]".to_owned(), false), both("unknown policy_not_understood"));
    // A policy may know buckets by name.
    let one_of_two = ["pass key_enabled", "fail key_policy_bars_account"].map(str::to_owned);
    assert_eq!(judged(context("kms-same-org"), false), one_of_two);
}

/// A log destination is spared where the standard lists it, and nobody else can spare it.
#[test]
fn a_log_destination_is_spared_where_the_standard_lists_it() {
    let mut here = healthy();
    let policy = r#"{"Statement":[{"Effect":"Allow","Principal":{"Service":"logging.s3.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::plain-s3/NAME"}]}"#;
    let mut judged = |name: &str, listed: &str| {
        let bucket = here.world.account_mut(here.two).buckets.get_mut("plain-s3").unwrap();
        bucket.policy = Some(policy.replace("NAME", name));
        let text_of = format!(
            "id = \"example\"\nversion = \"1\"\nowner = \"a\"\napproved_by = \"a\"\napproved_at = 2026-01-01\n\
             effective_from = 2026-01-01\nreview_by = 2027-01-01\n{listed}\n[exceptions]\napprovers = [\"risk\"]\n"
        );
        let rules = Rules { standard: standard::parse(&text_of).unwrap(), ..Rules::default() };
        let morning = Night::over(here.world.clone()).judged_by(rules).run();
        let finding =
            of_check(&findings(&morning), "s3_encryption_standard")["arn:aws:s3:::plain-s3"].clone();
        (text(&finding, "reason_code").to_owned(), text(&finding, "reason").to_owned())
    };
    let entry = |buckets: &str, expires: &str| {
        format!(
            "[[service_destination]]\nservice = \"s3_server_access_logs\"\nbuckets = [\"{buckets}\"]\n\
             reason = \"logs\"\nowner = \"a\"\napprover = \"Risk\"\nexpires = {expires}\n"
        )
    };
    assert_eq!(judged("logs/*", &entry("plain-*", "2027-01-01")).0, "service_requires_sse_s3");
    let (reason, words) = judged("logs/*", "");
    assert_eq!(reason, "perhaps_service_destination");
    assert!(
        words
            .contains(r#"[[service_destination]] service = "s3_server_access_logs", buckets = ["plain-s3"]"#),
        "{words}"
    );
    assert_eq!(judged("logs/*", &entry("plain-*", "2026-11-21")).0, "perhaps_service_destination");
    assert_eq!(judged("logs/*", &entry("other-*", "2027-01-01")).0, "perhaps_service_destination");
    assert_eq!(judged("one-object", &entry("plain-*", "2027-01-01")).0, "perhaps_service_destination");
}

// Exceptions

#[test]
fn an_exception_makes_a_fail_exempt_and_nothing_else() {
    let before = of_check(&findings(&judged(Rules::default())), "s3_encryption_standard");
    let morning = judged(with([exception("E-1", "s3_encryption_standard", "no_default_configured")]));
    let after = of_check(&findings(&morning), "s3_encryption_standard");
    let mut exempt = 0;
    for (arn, before) in before {
        let after = &after[&arn];
        assert_eq!(before["verdict"], after["verdict_before_exception"], "{after:?}");
        assert_eq!(before["reason_code"], after["reason_code"]);
        if text(&before, "reason_code") == "no_default_configured" {
            assert_eq!((text(after, "verdict"), text(after, "exception_id")), ("exempt", "E-1"));
            assert!(after["exception_expires_at"].is_some());
            exempt += 1;
        } else {
            assert_eq!((&after["verdict"], &after["exception_id"]), (&before["verdict"], &None));
        }
    }
    assert!(exempt > 0);
    let census = morning.census();
    assert_eq!(census.exceptions[0].state, ExceptionState::Used);
    assert_eq!(census.exceptions[0].matches, exempt);
    let manifest = morning.store.objects().remove(&census.run.manifest_key).expect("the manifest");
    let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
    assert_eq!(
        (&manifest["exceptions"][0]["id"], &manifest["exceptions"][0]["state"]),
        (&"E-1".into(), &"used".into())
    );
    let given = excepting([exception("E-1", "s3_tls_only", "no_policy")]);
    assert_eq!(
        (&census.run.exceptions_sha256, census.run.exceptions_sha256.is_some()),
        (&given.sha256, true)
    );
}

/// An exception for every reason of every check, over nights in which much could not be read.
#[test]
fn an_exception_never_hides_an_unknown() {
    let everything = CHECKS.iter().flat_map(|check| {
        let reasons = check.reasons.iter();
        reasons.map(|reason| exception(&format!("{}-{}", check.id, reason.code), check.id, reason.code))
    });
    let mut rules = with(everything);
    rules.standard.exceptions.exemptible =
        CHECKS.iter().flat_map(|check| check.reasons.iter().map(|reason| reason.code.to_owned())).collect();
    for seed in 0..6 {
        let schedule = Schedule::random(seed, 0.4, None);
        let plain = Night::over(troubled(seed % 3)).with(schedule.clone()).run();
        let excepted = Night::over(troubled(seed % 3)).with(schedule).judged_by(rules.clone()).run();
        for (plain, excepted) in findings(&plain).iter().zip(&findings(&excepted)) {
            assert_eq!(plain["finding_uid"], excepted["finding_uid"]);
            let expected = match text(plain, "verdict") {
                "fail" => "exempt",
                verdict => verdict,
            };
            assert_eq!(text(excepted, "verdict"), expected, "{plain:?}\n{excepted:?}");
        }
    }
}

#[test]
fn one_match_too_many_and_an_exception_applies_to_nothing_and_is_a_finding() {
    let all = exception("E-1", "s3_bucket_key", "bucket_key_off");
    let matches = judged(with([all.clone()])).census().exceptions[0].matches;
    // Nothing in the healthy world lacks a bucket key, so another check has to serve.
    let all = match matches {
        0 => exception("E-1", "s3_tls_only", "no_policy"),
        _ => all,
    };
    let matches = judged(with([all.clone()])).census().exceptions[0].matches;
    assert!(matches > 1);
    let exactly = judged(with([Exception { max_matches: matches, ..all.clone() }]));
    assert_eq!(exactly.census().exceptions[0].state, ExceptionState::Used);
    // A second one that would hide what is said of the first has no effect.
    let hides = exception("E-2", "exception_max_matches", "more_matches_than_agreed");
    let too_many = judged(with([Exception { max_matches: matches - 1, ..all }, hides]));
    assert_eq!(too_many.census().exceptions[0].state, ExceptionState::TooManyMatches);
    let rows = findings(&too_many);
    assert!(rows.iter().all(|row| text(row, "verdict") != "exempt"));
    let told: Vec<&Row> =
        rows.iter().filter(|row| text(row, "check_id") == "exception_max_matches").collect();
    assert_eq!(told.len(), 1);
    assert_eq!((text(told[0], "verdict"), text(told[0], "exception_id")), ("fail", "E-1"));
    assert_eq!(text(told[0], "resource_type"), "AWS::Organizations::Account");
}

#[test]
fn an_exception_holds_from_its_start_to_before_its_end() {
    let at = |as_of: Timestamp| {
        let rules = with([exception("E-1", "s3_tls_only", "no_policy")]);
        let morning = judged(Rules { as_of: Some(as_of), ..rules });
        let exempt = findings(&morning).iter().filter(|row| text(row, "verdict") == "exempt").count();
        (exempt > 0, morning.census().exceptions[0].state)
    };
    assert_eq!(at(NOW.plus_millis(-DAY - 1)), (false, ExceptionState::NotYet));
    assert_eq!(at(NOW.plus_millis(-DAY)), (true, ExceptionState::Used));
    assert_eq!(at(NOW.plus_millis(DAY - 1)), (true, ExceptionState::Used));
    assert_eq!(at(NOW.plus_millis(DAY)), (false, ExceptionState::Expired));
}

#[test]
fn an_exception_holds_where_its_scope_and_its_resources_say() {
    let healthy = healthy();
    let exempt_in = |exception: Exception| -> BTreeSet<String> {
        let rows = findings(&judged(with([exception])));
        let exempt = rows.iter().filter(|row| text(row, "verdict") == "exempt");
        exempt.map(|row| text(row, "resource_arn").to_owned()).collect()
    };
    let all = exception("E-1", "s3_tls_only", "no_policy");
    let everywhere = exempt_in(all.clone());
    let scope = |accounts: &[AccountId], ous: &[&str]| Scope {
        accounts: accounts.iter().copied().collect(),
        ous: ous.iter().map(|unit| (*unit).to_owned()).collect(),
    };
    let in_two = exempt_in(Exception { scope: scope(&[healthy.two], &[]), ..all.clone() });
    assert!(!in_two.is_empty() && in_two.len() < everywhere.len());
    let in_unit = exempt_in(Exception { scope: scope(&[], &["Workloads"]), ..all.clone() });
    assert_eq!(in_unit, everywhere, "only the management account's bucket is elsewhere, and it has a policy");
    assert!(exempt_in(Exception { scope: scope(&[], &["Nowhere"]), ..all.clone() }).is_empty());
    let named = |pattern: &str| exempt_in(Exception { resources: vec![pattern.to_owned()], ..all.clone() });
    assert_eq!(named("plain-s?"), BTreeSet::from(["arn:aws:s3:::plain-s3".to_owned()]));
    assert_eq!(named("arn:aws:s3:::plain-*"), named("plain-s?"));
    assert!(named("kms-*").len() > 5 && named("nothing").is_empty());
    assert_eq!(named("plain-s3"), named("plain-s?"));
    assert_eq!(named("arn:aws:s3:::plain-s3"), named("plain-s?"));
}

#[test]
fn of_two_exceptions_for_one_finding_both_count_and_the_first_is_shown() {
    let by = |id: &str, resources: &[&str]| Exception {
        resources: resources.iter().map(|it| (*it).to_owned()).collect(),
        ..exception(id, "s3_tls_only", "no_policy")
    };
    let morning = judged(with([by("E-1", &["plain-*"]), by("E-2", &["plain-s3", "arn:aws:s3:::plain-s3"])]));
    let row = of_check(&findings(&morning), "s3_tls_only")["arn:aws:s3:::plain-s3"].clone();
    assert_eq!((text(&row, "verdict"), text(&row, "exception_id")), ("exempt", "E-1"));
    let matches: Vec<u64> = morning.census().exceptions.iter().map(|used| used.matches).collect();
    assert_eq!(matches, [1, 1], "named twice is matched once");
}

#[test]
fn what_is_too_grave_is_not_exempted_without_the_standards_leave() {
    let outside = exception("E-1", "s3_key_in_org", "key_outside_org");
    let verdict = |rules: Rules| {
        let row = of_check(&findings(&judged(rules)), "s3_key_in_org")["arn:aws:s3:::kms-outside"].clone();
        text(&row, "verdict").to_owned()
    };
    assert_eq!(verdict(with([outside.clone()])), "fail");
    let mut rules = with([outside.clone()]);
    rules.standard.exceptions.exemptible = ["key_outside_org".to_owned()].into();
    assert_eq!(verdict(rules.clone()), "exempt");
    // A critical finding may be exempt for 30 days, whatever the exception says.
    rules.exceptions.records[0].expires = NOW.plus_millis(30 * DAY);
    assert_eq!(verdict(rules), "fail", "31 days from start to end");
}

// The standard

#[test]
fn the_closest_scope_decides() {
    let healthy = healthy();
    let mut rules = Rules::default();
    let entry = rules.standard.checks.iter().find(|entry| entry.check_id == "s3_tls_only").unwrap().clone();
    let (mut unit, mut account) = (entry.clone(), entry);
    unit.scope.ous = ["Workloads".to_owned()].into();
    unit.severity = Some(Severity::Critical);
    account.scope.accounts = [healthy.two].into();
    account.enabled = false;
    rules.standard.checks.extend([unit, account]);
    let rows = of_check(&findings(&judged(rules)), "s3_tls_only");
    assert_eq!(text(&rows["arn:aws:s3:::kms-alias"], "severity"), "critical");
    assert_eq!(text(&rows["arn:aws:s3:::policed"], "severity"), "medium");
    assert!(!rows.contains_key("arn:aws:s3:::plain-s3"), "off in its account");
}

/// A stricter entry for a unit by its name may hold where that name was not read: the laxer one for the
/// whole organization must not pass in its place.
#[test]
fn an_entry_for_a_unit_that_was_not_read_makes_the_verdict_unknown() {
    let mut rules = Rules::default();
    let mut strict = rules.standard.encryption[0].clone();
    strict.scope.ous = ["Workloads".to_owned()].into();
    strict.requirement.customer_managed_key = true;
    rules.standard.encryption.push(strict);
    let night = |rules: &Rules, operation: &str| {
        let denied = Rule::always(Effect::AccessDenied).on(operation);
        let night = Night::over(healthy().world).with(Schedule::of([denied])).judged_by(rules.clone());
        of_check(&findings(&night.run()), "s3_encryption_standard")["arn:aws:s3:::kms-no-key"].clone()
    };
    let verdict = |row: Row| (text(&row, "verdict").to_owned(), text(&row, "reason_code").to_owned());
    let fail = ("fail".to_owned(), "key_not_customer_managed".to_owned());
    assert_eq!(verdict(night(&rules, "s3:GetBucketPolicy")), fail, "the names were read");
    let units = "organizations:ListOrganizationalUnitsForParent";
    let unknown = ("unknown".to_owned(), "scope_not_known".to_owned());
    assert_eq!(verdict(night(&rules, units)), unknown);
    // By its id the unit is known without its name.
    let mut world = healthy().world;
    let unit = world.account_mut(healthy().one).parent.clone();
    rules.standard.encryption[1].scope.ous = [unit].into();
    assert_eq!(verdict(night(&rules, units)), fail);
    // Entries for the whole organization need no names.
    assert_eq!(verdict(night(&Rules::default(), units)).0, "pass");
}

#[test]
fn another_standard_judges_an_old_run_in_a_new_one() {
    let morning = judged(Rules::default());
    let again = RunId::new(NOW, 2);
    let mut rules = Rules::default();
    rules.standard.version = "3".to_owned();
    reword(&mut rules.standard, "the second version");
    rules.standard.encryption[0].requirement.customer_managed_key = true;
    let census = rejudge(&morning.store, &morning.run_id, &again, &rules).unwrap();
    assert_eq!(census.run.standard_sha256, Some(sha256_hex(b"the second version")));
    let arn = "arn:aws:s3:::kms-no-key";
    let before = of_check(&findings(&morning), "s3_encryption_standard")[arn].clone();
    let after = of_check(&rows_of(&morning.store, "findings", &again), "s3_encryption_standard")[arn].clone();
    assert_eq!((text(&before, "verdict"), text(&after, "verdict")), ("pass", "fail"));
    assert_eq!(before["finding_uid"], after["finding_uid"]);
}

#[test]
fn the_same_name_with_another_text_is_refused() {
    let morning = judged(with([exception("E-1", "s3_tls_only", "no_policy")]));
    let refused = |rules: &Rules| {
        let error = rejudge(&morning.store, &morning.run_id, &RunId::new(NOW, 2), rules).unwrap_err();
        match error {
            FinalizeError::Changed(changed) => changed,
            other => panic!("{other}"),
        }
    };
    let mut rules = Rules::default();
    reword(&mut rules.standard, "another text");
    assert!(matches!(refused(&rules), Changed::Standard { .. }));
    let mut rules = with([exception("E-1", "s3_tls_only", "no_policy")]);
    rules.exceptions.records[0].sha256 = "d".repeat(64);
    assert_eq!(refused(&rules), Changed::Exception { id: "E-1".to_owned() });
    assert_eq!(morning.store.objects().keys().filter(|key| key.starts_with("runs/")).count(), 1);
}

// Gaps

fn gap(account: AccountId, operation: Option<&str>, expires: Timestamp) -> AcceptedGap {
    AcceptedGap {
        scope: Scope { accounts: [account].into(), ..Scope::default() },
        region: None,
        operation: operation.map(str::to_owned),
        denied_by: None,
        reason: "the account is being handed over".to_owned(),
        owner: "platform".to_owned(),
        approver: "ciso".to_owned(),
        expires,
    }
}

fn accepting(gaps: Vec<AcceptedGap>) -> Rules {
    Rules { standard: Standard { gaps, ..standard::built_in() }, ..Rules::default() }
}

#[test]
fn an_accepted_gap_changes_the_runs_status_and_nothing_else() {
    let healthy = healthy();
    let tomorrow = NOW.plus_millis(DAY);
    let night = |rules: Rules| {
        let denied = Rule::always(Effect::AccessDenied).on("s3:GetBucketPolicy");
        let morning = Night::over(healthy.world.clone()).with(Schedule::of([denied])).judged_by(rules).run();
        morning.census();
        morning
    };
    let plain = night(Rules::default());
    assert_eq!(plain.census().run.status, RunStatus::Partial);
    let accounts = [healthy.management, healthy.one, healthy.two];
    let all = |operation: Option<&str>, expires| accounts.map(|id| gap(id, operation, expires)).to_vec();
    let accepted = night(accepting(all(Some("s3:GetBucket*"), tomorrow)));
    assert_eq!(accepted.census().run.status, RunStatus::CompleteWithAcceptedGaps);
    for table in ["accounts", "buckets", "keys", "findings"] {
        assert_eq!(plain.rows(table), accepted.rows(table), "{table}");
    }
    for row in accepted.rows("coverage") {
        let is_gap = text(&row, "operation") == "s3:GetBucketPolicy";
        assert_eq!(
            (text(&row, "accepted_gap"), text(&row, "complete")),
            if is_gap { ("true", "false") } else { ("false", "true") }
        );
    }
    for (gaps, why) in [
        (all(Some("s3:GetBucketEncryption"), tomorrow), "another operation"),
        (all(None, NOW), "a gap that has ended"),
        (all(None, tomorrow)[..2].to_vec(), "not every account"),
    ] {
        assert_eq!(night(accepting(gaps)).census().run.status, RunStatus::Partial, "{why}");
    }
}
