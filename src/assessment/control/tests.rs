//! What no row of the map may say, and what the map must have.

use std::collections::BTreeSet;

use super::*;
use crate::model::control::params_json;
use crate::model::{Condition, Relation, Subject, Verdict};
use crate::standard::{self, Instance};

/// The frameworks, each with its versions.
const FRAMEWORKS: &[(&str, &[&str])] = &[
    ("AWS Security Hub", &["consolidated"]),
    ("AWS Well-Architected", &["Security Pillar"]),
    ("BSI C5", &["2020"]),
    ("CIS AWS Foundations", &["1.4", "1.5", "2.0", "3.0", "4.0.1", "5.0", "6.0", "7.0"]),
    ("CMMC", &["2.0 Level 2"]),
    ("CSA CCM", &["4.0"]),
    ("DORA", &["RTS (EU) 2024/1774", "Regulation (EU) 2022/2554"]),
    ("FINOS CCC", &["Core 2025.10", "KeyMgmt 2025.07", "ObjStor 2025.10"]),
    ("FedRAMP", &["Rev 5 Moderate"]),
    ("GDPR", &["Regulation (EU) 2016/679"]),
    ("HIPAA", &["45 CFR 164 Subpart C"]),
    ("ISO/IEC 27001", &["2022"]),
    ("ISO/IEC 27017", &["2015"]),
    ("ISO/IEC 27018", &["2019"]),
    ("NIS2", &["Implementing Regulation (EU) 2024/2690"]),
    ("NIST CSF", &["2.0"]),
    ("NIST SP 800-171", &["r3"]),
    ("NIST SP 800-53", &["r5"]),
    ("PCI DSS", &["4.0.1"]),
    ("SOC 2", &["TSC 2017, points of focus 2022"]),
];

/// The rows of a framework.
fn of<'a>(map: &'a ControlMap, framework: &'a str) -> impl Iterator<Item = &'a Control> {
    map.controls.iter().filter(move |control| control.framework == framework)
}

/// A row as a test's message names it.
fn name(control: &Control) -> String {
    format!("{} {} {} {}", control.framework, control.framework_version, control.control_id, control.check_id)
}

fn instance_of(control: &Control) -> (String, Option<String>) {
    (control.check_id.clone(), params_json(&control.parameters))
}

/// What the built-in standard runs, and the one check that it leaves to others.
#[test]
fn every_instance_is_a_check_and_all_that_are_evidence_of_something_are_mapped() {
    let instances = standard::all_instances(&standard::built_in());
    let of = |instance: &Instance| {
        (instance.check.id.to_owned(), instance.params_json.as_deref().map(str::to_owned))
    };
    let mut known: BTreeSet<_> = instances.iter().map(of).collect();
    known.insert(("s3_upload_encryption_enforced".to_owned(), None));
    // What a request costs, and how an exception was kept, are no framework's concern.
    for check in ["s3_bucket_key", "exception_max_matches"] {
        assert!(known.remove(&(check.to_owned(), None)), "{check}");
    }
    let mapped: BTreeSet<_> = built_in().controls.iter().map(instance_of).collect();
    assert_eq!(mapped, known);
}

#[test]
fn every_row_says_what_it_rests_on() {
    for control in built_in().controls {
        let name = name(&control);
        for text in [&control.control_id, &control.control_title, &control.source] {
            assert!(!text.is_empty() && text.trim() == text, "{name}");
        }
        let note = control.note.as_deref().unwrap_or_default();
        assert!(
            control.relation == Relation::Direct || !note.is_empty(),
            "{name}: no note says how far it goes"
        );
        assert!(note.is_empty() || note.ends_with('.'), "{name}: a note ends with a full stop");
        let told = format!("{} {note}", control.control_title).to_lowercase();
        for word in ["compliant", "control passed", "satisfies", "guarantee"] {
            assert!(!told.contains(word), "{name}: evidence for a control, never `{word}`");
        }
    }
}

#[test]
fn the_rows_are_sorted_and_none_is_there_twice() {
    let map = built_in();
    let key = |it: &Control| {
        let control = (it.framework.clone(), it.framework_version.clone(), it.control_id.clone());
        (control, it.check_id.clone(), it.parameters.clone())
    };
    for pair in map.controls.windows(2) {
        assert!(key(&pair[0]) < key(&pair[1]), "{} stands before {}", name(&pair[0]), name(&pair[1]));
    }
}

#[test]
fn every_framework_is_there_in_the_versions_of_the_list() {
    let map = built_in();
    let found: BTreeSet<_> =
        map.controls.iter().map(|it| (it.framework.as_str(), it.framework_version.as_str())).collect();
    let listed = FRAMEWORKS.iter().flat_map(|(name, versions)| versions.iter().map(move |it| (*name, *it)));
    assert_eq!(found, listed.collect());
}

#[test]
fn a_control_has_one_title() {
    let map = built_in();
    for pair in map.controls.windows(2) {
        let same = |get: fn(&Control) -> &String| get(&pair[0]) == get(&pair[1]);
        if same(|it| &it.framework) && same(|it| &it.framework_version) && same(|it| &it.control_id) {
            assert!(same(|it| &it.control_title) && same(|it| &it.source), "{}", name(&pair[1]));
        }
    }
}

#[test]
fn a_rotation_interval_has_the_instance_of_its_own_days_only() {
    let map = built_in();
    let days = |control_id: &str| match control_id {
        "CCC.Core.CN11.AR02" => Some(180),
        "CCC.Core.CN11.AR05" | "CCC.KeyMgmt.CN03.AR01" => Some(365),
        "CCC.Core.CN11.AR06" => Some(90),
        _ => None,
    };
    let mut intervals = BTreeSet::new();
    for control in of(&map, "FINOS CCC") {
        let max_days = control.parameters.get("max_days").copied();
        assert_eq!(max_days, days(&control.control_id), "{}", name(control));
        intervals.extend(max_days.map(|_| control.control_id.clone()));
    }
    assert_eq!(intervals.len(), 4);
}

#[test]
fn what_is_left_out_on_purpose_stays_out() {
    let map = built_in();
    let ids = |framework| of(&map, framework).map(|it| it.control_id.as_str()).collect::<Vec<_>>();
    assert!(ids("SOC 2").iter().all(|id| !id.starts_with("PI1")), "processing integrity");
    assert!(ids("ISO/IEC 27001").iter().all(|id| *id != "A.8.11"), "data masking");
    assert!(ids("PCI DSS").iter().all(|id| !id.starts_with("8.3.2")), "authentication factors");
    assert!(
        ids("FINOS CCC").iter().all(|id| !matches!(*id, "CCC.ObjStor.CN01.AR01" | "CCC.ObjStor.CN01.AR02"))
    );
    for control in of(&map, "HIPAA").filter(|it| it.control_id.starts_with("164.312(e)")) {
        assert_eq!(control.check_id, "s3_tls_only", "paragraph (e) is about transmission");
    }
    for control in of(&map, "CIS AWS Foundations") {
        let name = name(control);
        let early = matches!(control.framework_version.as_str(), "1.4" | "1.5");
        assert!(early || control.check_id != "s3_default_encryption", "{name}");
        assert_ne!(control.check_id, "s3_key_rotation", "{name}: AWS managed keys count there");
    }
}

/// What a verdict on a bucket or key is for a control, as a word.
fn evidence(control: &Control, verdict: Verdict, subject: Subject) -> &'static str {
    Condition::evidence(control.condition.as_ref(), verdict, Some(subject)).word()
}

#[test]
fn a_row_about_customer_keys_or_kms_has_a_condition() {
    let (mut about_keys, mut with_condition) = (0, 0);
    for control in built_in().controls {
        with_condition += usize::from(control.condition.is_some());
        let title = control.control_title.to_lowercase();
        let of_keys = ["customer", "cmk", "kms", "organization-controlled"];
        // A key that the organization trusts may be AWS's own.
        let is_about_trust = control.control_id.starts_with("CCC.ObjStor.CN01");
        let is_about_keys = of_keys.iter().any(|word| title.contains(word)) && !is_about_trust;
        assert!(!is_about_keys || control.condition.is_some(), "{}", name(&control));
        about_keys += usize::from(is_about_keys);
    }
    assert!(about_keys >= 16 && with_condition > about_keys, "{about_keys} {with_condition}");
}

#[test]
fn a_control_of_customer_keys_counts_no_aws_managed_key() {
    let map = built_in();
    let rotation = |control: &&Control| {
        control.check_id == "kms_rotation_enabled"
            && matches!(control.framework.as_str(), "CIS AWS Foundations" | "AWS Security Hub")
    };
    let rows: Vec<&Control> = map.controls.iter().filter(rotation).collect();
    assert_eq!(rows.len(), 9, "KMS.4, and a recommendation of each version of CIS");
    for row in rows {
        assert_eq!(evidence(row, Verdict::Pass, Subject::AwsManagedKey), "not_evidence", "{}", name(row));
        for (verdict, word) in [(Verdict::Pass, "pass"), (Verdict::Fail, "fail")] {
            assert_eq!(evidence(row, verdict, Subject::CustomerManagedKey), word, "{}", name(row));
        }
    }
}

/// A standard may admit SSE-S3, and it may ask for more than a control does.
#[test]
fn a_control_of_kms_keys_counts_no_pass_without_one_and_no_fail_with_one() {
    let map = built_in();
    let row = |control_id: &str| {
        let found = map.controls.iter().find(|it| {
            it.control_id == control_id
                && it.check_id == "s3_encryption_standard"
                && it.framework != "FedRAMP"
        });
        found.unwrap_or_else(|| panic!("{control_id}"))
    };
    for control_id in ["S3.17", "SC-28(3)", "3.6.1.2", "3.5.1.2"] {
        let row = row(control_id);
        for subject in [Subject::AwsManagedKey, Subject::CustomerManagedKey, Subject::KmsKey] {
            assert_eq!(evidence(row, Verdict::Pass, subject), "pass", "{control_id}");
            assert_eq!(evidence(row, Verdict::Fail, subject), "not_evidence", "{control_id}");
        }
        assert_eq!(evidence(row, Verdict::Pass, Subject::SseS3), "not_evidence", "{control_id}");
        // SSE-S3 is no KMS key; that its keys are not well kept does not follow.
        let fail = if control_id == "S3.17" { "fail" } else { "not_evidence" };
        assert_eq!(evidence(row, Verdict::Fail, Subject::SseS3), fail, "{control_id}");
    }
    for control_id in ["CCC.Core.CN11.AR03", "SA-9(6)"] {
        let row = row(control_id);
        for subject in [Subject::SseS3, Subject::AwsManagedKey] {
            assert_eq!(evidence(row, Verdict::Pass, subject), "not_evidence", "{control_id}");
            assert_eq!(evidence(row, Verdict::Fail, subject), "fail", "{control_id}");
        }
        assert_eq!(evidence(row, Verdict::Pass, Subject::CustomerManagedKey), "pass", "{control_id}");
        assert_eq!(evidence(row, Verdict::Fail, Subject::CustomerManagedKey), "not_evidence", "{control_id}");
        assert_eq!(evidence(row, Verdict::Pass, Subject::KmsKey), "unknown", "{control_id}");
    }
    for control_id in
        ["SC-28", "SC-28(1)", "3.5.1", "164.312(a)(2)(iv)", "CCC.Core.CN02.AR01", "Art. 32(1)(a)"]
    {
        let row = row(control_id);
        assert_eq!(evidence(row, Verdict::Pass, Subject::SseS3), "pass", "{control_id}");
        assert_eq!(evidence(row, Verdict::Fail, Subject::SseS3), "not_evidence", "{control_id}");
        assert_eq!(evidence(row, Verdict::Fail, Subject::NotConfigured), "fail", "{control_id}");
    }
}

#[test]
fn a_condition_is_about_what_its_check_judges() {
    for control in built_in().controls {
        let Some(condition) = &control.condition else { continue };
        let lists =
            [&condition.about, &condition.fail, &condition.pass].map(|it| it.clone().unwrap_or_default());
        let named: BTreeSet<Subject> = lists.iter().flatten().copied().collect();
        let of_bucket = [Subject::NotConfigured, Subject::SseS3];
        let is_key = control.check_id.starts_with("kms_");
        assert!(
            is_key || control.check_id.starts_with("s3_"),
            "{}: accounts have no subject",
            name(&control)
        );
        assert!(!named.is_empty() && !named.contains(&Subject::Unknown), "{}", name(&control));
        assert!(!is_key || of_bucket.iter().all(|it| !named.contains(it)), "{}", name(&control));
        let [_, fail, pass] = &lists;
        assert!(pass.is_disjoint(fail), "{}: both shown and denied", name(&control));
    }
}

/// What an auditor found to go further than the verdict does.
#[test]
fn a_relation_goes_no_further_than_the_verdict() {
    let map = built_in();
    let relation = |control_id: &str, check_id: &str| {
        let found = map.controls.iter().find(|it| it.control_id == control_id && it.check_id == check_id);
        found.map(|it| it.relation)
    };
    for (control_id, check_id, expected) in [
        ("CCC.Core.CN11.AR05", "kms_key_material_age", Some(Relation::Partial)),
        ("CCC.Core.CN11.AR05", "kms_rotation_period", Some(Relation::Partial)),
        ("CCC.ObjStor.CN01.AR03", "s3_key_in_org", Some(Relation::Supporting)),
        ("CCC.ObjStor.CN01.AR04", "s3_key_in_org", Some(Relation::Supporting)),
        ("CCC.ObjStor.CN01.AR03", "s3_upload_encryption_enforced", None),
        ("CCC.KeyMgmt.CN02.AR01", "kms_policy_public", Some(Relation::Supporting)),
        ("CCC.KeyMgmt.CN02.AR01", "kms_policy_outside_org", Some(Relation::Supporting)),
        ("3.5.1.2", "s3_encryption_standard", Some(Relation::Supporting)),
        ("12.5.1", "account_scanned", Some(Relation::Supporting)),
        ("A.8.9", "s3_encryption_standard", Some(Relation::Supporting)),
        ("A.5.36", "s3_encryption_standard", Some(Relation::Supporting)),
        ("A.8.3", "kms_policy_public", Some(Relation::Supporting)),
        ("A.5.15", "kms_policy_outside_org", Some(Relation::Supporting)),
    ] {
        assert_eq!(relation(control_id, check_id), expected, "{control_id} {check_id}");
    }
}

#[test]
fn the_version_is_a_day() {
    let version = built_in().version;
    let parts: Vec<usize> = version.split('-').map(str::len).collect();
    assert!(parts == [4, 2, 2] && version.bytes().all(|b| b.is_ascii_digit() || b == b'-'), "{version}");
}
