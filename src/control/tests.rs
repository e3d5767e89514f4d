//! What no row of the map may say, and what the map must have.

use std::collections::BTreeSet;

use super::*;
use crate::model::Relation;
use crate::model::control::params_json;
use crate::standard::{self, Instance};
use crate::table::{self, Value};

/// The frameworks, each with its versions.
const FRAMEWORKS: &[(&str, &[&str])] = &[
    ("AWS Security Hub", &["consolidated"]),
    ("CIS AWS Foundations", &["1.4", "3.0", "5.0", "6.0"]),
    ("DORA", &["RTS (EU) 2024/1774", "Regulation (EU) 2022/2554"]),
    ("FINOS CCC", &["Core 2025.10", "KeyMgmt 2025.07", "ObjStor 2025.10"]),
    ("HIPAA", &["45 CFR 164 Subpart C"]),
    ("ISO/IEC 27001", &["2022"]),
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
    // Those of services are not mapped yet.
    let of_services = ["kms_policy_service_confused_deputy", "s3_policy_service_confused_deputy"];
    for check in ["s3_bucket_key", "exception_max_matches"].into_iter().chain(of_services) {
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
        assert!(control.framework_version == "1.4" || control.check_id != "s3_default_encryption", "{name}");
        assert_ne!(control.check_id, "s3_key_rotation", "{name}: AWS managed keys count there");
    }
}

#[test]
fn the_version_is_a_day() {
    let version = built_in().version;
    let parts: Vec<usize> = version.split('-').map(str::len).collect();
    assert!(parts == [4, 2, 2] && version.bytes().all(|b| b.is_ascii_digit() || b == b'-'), "{version}");
}

#[test]
fn the_table_shows_every_row() {
    for control in built_in().controls {
        let name = name(&control);
        for column in table::controls::TABLE.columns {
            let value = (column.value)(&control);
            assert!(value.fits(column.kind), "{name}: {}", column.name);
            let none = column.name == "check_params" && control.parameters.is_empty();
            assert_eq!(value == Value::Null, none, "{name}: {}", column.name);
        }
    }
}
