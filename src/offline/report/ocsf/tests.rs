//! What one finding becomes, field by field; the whole report is held to the schema in the tests of the
//! files.

use super::*;
use crate::clock::Timestamp;

const KEY: &str = "arn:aws:kms:eu-west-1:444455556666:key/1234";

fn shared() -> Shared {
    let mut shared = Shared {
        run_id: "20261121T030000Z-0badcafe".to_owned(),
        org_id: Some("o-exampleorg".to_owned()),
        tool_version: Some("0.1.0".to_owned()),
        started_at: 7,
        ..Shared::default()
    };
    let unit = ["r-1", "ou-1"].map(Some);
    let row = AccountRow {
        account_id: Some("111122223333"),
        account_name: Some("pay"),
        ou_ids: Some(unit.to_vec()),
        ou_names: Some(vec![Some("Root"), None]),
        state: None,
        access_path: None,
        scan_status: None,
        scan_reason: None,
        regions: None,
        regions_disabled: None,
        buckets: None,
        keys: None,
    };
    shared.accounts.insert("111122223333".to_owned(), Member::of(&row));
    let instance = shared.instance_mut(Some("s3_key_rotation"), Some(r#"{"max_days":90,"who":"x"}"#));
    instance.title = Some("The key rotates".to_owned());
    instance.question = Some("Does the key rotate?".to_owned());
    instance.parameters = parameters(Some(r#"{"max_days":90,"who":"x"}"#));
    let of_customer_keys = Some(r#"{"about":["customer_managed_key"]}"#);
    let of_kms_keys = Some(r#"{"fail":["sse_s3"],"pass":["customer_managed_key"]}"#);
    for (framework, control_id, relation, condition, note) in [
        ("CIS", "3.6", "direct", of_customer_keys, None),
        ("PCI DSS", "3.5.1", "partial", None, Some("It goes so far.")),
        ("PCI DSS", "3.7.4", "direct", of_kms_keys, None),
        ("SOC 2", "CC6.1", "supporting", None, Some("It helps.")),
    ] {
        let row = ControlRow {
            check_id: None,
            check_params: None,
            framework: Some(framework),
            framework_version: Some(if framework == "SOC 2" { "2017" } else { "4.0.1" }),
            control_id: Some(control_id),
            control_title: None,
            relation: Some(relation),
            source: None,
            condition,
            note,
        };
        instance.add(&row).unwrap();
    }
    shared
}

fn finding(verdict: &'static str) -> FindingRow<'static> {
    FindingRow {
        finding_uid: Some("f1"),
        account_id: Some("111122223333"),
        region: Some("eu-west-1"),
        resource_type: Some("AWS::S3::Bucket"),
        resource_arn: Some("arn:aws:s3:::b"),
        related_arn: Some(KEY),
        check_id: Some("s3_key_rotation"),
        check_params: Some(r#"{"max_days":90,"who":"x"}"#),
        check_version: Some(2),
        category: Some("security"),
        severity: Some("high"),
        verdict: Some(verdict),
        verdict_before_exception: Some("fail"),
        reason_code: Some("too_old"),
        reason: Some("The \"key\"\u{2028}is old."),
        exception_id: None,
        exception_expires_at: None,
        remedy: None,
        observed_at: None,
        subject: Some("customer_managed_key"),
    }
}

fn event(finding: &FindingRow<'_>) -> serde_json::Value {
    serde_json::to_value(shared().event(finding).unwrap()).unwrap()
}

#[test]
fn an_exempt_finding_is_a_suppressed_fail_with_all_that_is_known() {
    let exempt = FindingRow {
        exception_id: Some("X-1"),
        exception_expires_at: Some(Timestamp::parse("2027-01-01").unwrap()),
        remedy: Some("Rotate it."),
        observed_at: Some(Timestamp::from_millis(1_795_230_000_123)),
        ..finding("exempt")
    };
    let text = serde_json::to_string_pretty(&shared().event(&exempt).unwrap()).unwrap();
    insta::assert_snapshot!("exempt", text);
}

#[test]
fn what_is_not_known_is_left_out() {
    let bare = FindingRow {
        account_id: Some("999900001111"),
        region: None,
        related_arn: None,
        check_params: None,
        reason: None,
        ..finding("pass")
    };
    let event = event(&bare);
    assert_eq!(event["time"], 7, "the run's start, where nothing was read");
    assert_eq!(event["cloud"]["account"]["uid"], "999900001111");
    let text = event.to_string();
    for absent in [
        "null",
        "region",
        "remediation",
        "last_seen_time",
        "exception_id",
        "standards",
        "ou_uid",
        "status_details",
    ] {
        assert!(!text.contains(absent), "{absent}: {text}");
    }
}

#[test]
fn every_verdict_has_its_status() {
    let statuses = Verdict::ALL.iter().map(|verdict| {
        let event = event(&finding(verdict.word()));
        assert_eq!(event["compliance"]["status_id"], event["compliance"]["checks"][0]["status_id"]);
        let of = |path: &str| event.pointer(path).unwrap().to_string();
        format!(
            "{}: {} {} {}",
            verdict.word(),
            of("/compliance/status_id"),
            of("/compliance/status"),
            of("/status_id")
        )
    });
    assert_eq!(
        statuses.collect::<Vec<_>>(),
        [
            "pass: 1 \"Pass\" 1",
            "fail: 3 \"Fail\" 1",
            "unknown: 2 \"Warning\" 1",
            "not_applicable: 99 \"not_applicable\" 1",
            "exempt: 3 \"Fail\" 3",
        ]
    );
}

/// A reader takes what stands in `requirements` for a pass or a fail of it.
#[test]
fn a_finding_names_only_the_controls_that_it_is_evidence_for() {
    let named = |verdict: &'static str, subject: Option<&'static str>| {
        let event = event(&FindingRow { subject, ..finding(verdict) });
        let list = |path: &str| event.pointer(path).and_then(|it| it.as_array()).cloned().unwrap_or_default();
        let requirements = list("/compliance/requirements");
        assert_eq!(list("/unmapped/requirement_relations").len(), requirements.len());
        assert_eq!(list("/unmapped/requirement_notes").len(), requirements.len());
        let short = requirements.iter().map(|it| it.as_str().unwrap().rsplit(' ').next().unwrap().to_owned());
        format!("{} of {}", short.collect::<Vec<_>>().join(" "), list("/compliance/standards").len())
    };
    assert_eq!(named("pass", Some("customer_managed_key")), "3.6 3.5.1 3.7.4 CC6.1 of 3");
    assert_eq!(named("pass", Some("sse_s3")), "3.5.1 CC6.1 of 2");
    assert_eq!(named("fail", Some("customer_managed_key")), "3.6 3.5.1 CC6.1 of 3");
    assert_eq!(named("fail", Some("sse_s3")), "3.5.1 3.7.4 CC6.1 of 2");
    assert_eq!(named("pass", Some("kms_key")), "3.5.1 CC6.1 of 2", "whose key it is, is not known");
    assert_eq!(named("pass", None), "3.5.1 CC6.1 of 2", "of a lake that was written before");
}

#[test]
fn a_word_of_a_newer_tool_is_no_guess() {
    for wrong in [
        finding("perhaps"),
        FindingRow { severity: Some("apocalyptic"), ..finding("pass") },
        FindingRow { subject: Some("quantum_key"), ..finding("pass") },
    ] {
        assert!(matches!(shared().event(&wrong), Err(ReportError::Word { .. })));
    }
}
