//! What a page counts and advises, from rows made by hand.

use std::cmp::Reverse;

use super::accounts::{Accounts, NO_UNITS};
use super::buckets::Buckets;
use super::controls::{Controls, Judged};
use super::coverage::{Coverage, Gap};
use super::findings::{Attention, Findings, Instance, NAMED, count_of};
use super::fix::{AuditRole, Fix, cause, fix};
use super::keys::{ExpiryKind, Keys};
use crate::check::STANDARD_CHECK;
use crate::clock::{DAY_MS, Timestamp};
use crate::model::{ResourceType, Severity, Verdict};
use crate::report::ReportError;
use crate::report::rows::{AccountRow, BucketRow, ControlRow, CoverageRow, FindingRow, KeyRow};

const NOW: Timestamp = Timestamp::from_millis(1_795_230_000_000);
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1";

fn days(days: i64) -> Timestamp {
    NOW.plus_millis(days * DAY_MS)
}

fn finding(check_id: &'static str, verdict: &'static str) -> FindingRow<'static> {
    FindingRow {
        account_id: Some("111122223333"),
        resource_type: Some("AWS::S3::Bucket"),
        resource_arn: Some("arn:aws:s3:::one"),
        check_id: Some(check_id),
        category: Some("security"),
        severity: Some("high"),
        verdict: Some(verdict),
        reason_code: Some("a_reason"),
        ..FindingRow::default()
    }
}

#[test]
fn findings_are_counted_every_way_and_named_up_to_a_bound() {
    let mut findings = Findings::default();
    for verdict in ["pass", "fail", "unknown", "not_applicable", "exempt"] {
        findings.add(&finding(STANDARD_CHECK, verdict)).unwrap();
    }
    for _ in 0..NAMED {
        findings.add(&finding(STANDARD_CHECK, "fail")).unwrap();
    }
    let of = |verdict| count_of(&findings.to_standard(), verdict);
    assert_eq!([of(Verdict::Pass), of(Verdict::Fail), of(Verdict::Exempt)], [1, NAMED as u64 + 1, 1]);
    assert_eq!(findings.verdicts, findings.to_standard(), "there is no other check");
    findings.finish();
    assert_eq!((findings.buckets().fails, findings.buckets().all()), (1, 1), "all are of one bucket");
    assert_eq!(findings.worst[&(Reverse(Severity::High), ResourceType::Bucket)], 1);
    let groups: Vec<_> =
        findings.groups.iter().map(|(group, it)| (group.verdict, it.count, it.named.len())).collect();
    let full = NAMED as u64 + 1;
    assert_eq!(
        groups,
        [(Attention::Fail, full, NAMED), (Attention::Unknown, 1, 1), (Attention::Exempt, 1, 1)]
    );
}

#[test]
fn a_resource_is_counted_once_whatever_is_asked_of_it() {
    let mut findings = Findings::default();
    let mut add = |arn, kind, check_id, severity, verdict| {
        let row = FindingRow {
            resource_arn: Some(arn),
            resource_type: Some(kind),
            severity: Some(severity),
            ..finding(check_id, verdict)
        };
        findings.add(&row).unwrap();
    };
    let (bucket, key, account) = ("AWS::S3::Bucket", "AWS::KMS::Key", "AWS::Organizations::Account");
    add("arn:aws:s3:::a", bucket, STANDARD_CHECK, "high", "pass");
    add("arn:aws:s3:::a", bucket, "s3_tls_only", "medium", "fail");
    add("arn:aws:s3:::a", bucket, "s3_key_usable", "critical", "fail");
    add("arn:aws:s3:::b", bucket, STANDARD_CHECK, "high", "pass");
    add("arn:aws:s3:::b", bucket, "s3_bucket_key", "low", "fail");
    add("arn:aws:s3:::c", bucket, STANDARD_CHECK, "high", "unknown");
    add(KEY, key, "kms_key_disabled", "high", "exempt");
    // An exception's finding comes after those of all accounts, and is of the account that was there before.
    add("arn:account/1", account, "account_scanned", "high", "fail");
    add("arn:account/2", account, "account_scanned", "high", "pass");
    add("arn:account/1", account, "exception_max_matches", "medium", "fail");
    findings.finish();
    let buckets = findings.buckets();
    assert_eq!([buckets.clean, buckets.fails, buckets.unknown, buckets.all()], [1, 1, 1, 3]);
    assert_eq!((findings.keys().exempt, findings.keys().all()), (1, 1));
    let worst: Vec<_> = findings.worst.iter().map(|((it, kind), count)| (it.0, *kind, *count)).collect();
    assert_eq!(
        worst,
        [
            (Severity::Critical, ResourceType::Bucket, 1),
            (Severity::High, ResourceType::Account, 1),
            (Severity::Low, ResourceType::Bucket, 1),
        ]
    );
    let of = |verdict| count_of(&findings.to_standard(), verdict);
    assert_eq!(
        [of(Verdict::Pass), of(Verdict::Unknown)],
        [2, 1],
        "the standard's default encryption by itself"
    );
}

#[test]
fn the_worst_group_is_first_and_checks_keep_their_order() {
    let mut findings = Findings::default();
    for (check_id, severity, verdict) in [
        ("kms_key_disabled", "critical", "unknown"),
        ("kms_key_disabled", "high", "fail"),
        ("s3_tls_only", "high", "fail"),
        ("a_check_to_come", "high", "fail"),
        ("s3_tls_only", "critical", "fail"),
    ] {
        findings.add(&FindingRow { severity: Some(severity), ..finding(check_id, verdict) }).unwrap();
    }
    let order: Vec<_> =
        findings.groups.keys().map(|it| (it.instance.check_id.as_str(), it.severity.0)).collect();
    assert_eq!(
        order,
        [
            ("s3_tls_only", Severity::Critical),
            ("s3_tls_only", Severity::High),
            ("kms_key_disabled", Severity::High),
            ("a_check_to_come", Severity::High),
            ("kms_key_disabled", Severity::Critical),
        ]
    );
}

#[test]
fn a_word_that_is_not_known_is_an_error_and_never_a_count() {
    let mut findings = Findings::default();
    let error = findings.add(&finding(STANDARD_CHECK, "maybe")).unwrap_err();
    assert!(matches!(error, ReportError::Word { column: "verdict", .. }), "{error}");
    let worse = FindingRow { severity: Some("catastrophic"), ..finding(STANDARD_CHECK, "fail") };
    assert!(matches!(findings.add(&worse).unwrap_err(), ReportError::Word { column: "severity", .. }));
}

#[test]
fn a_failing_key_has_every_bucket_whose_default_it_is() {
    let mut findings = Findings::default();
    let own = FindingRow {
        resource_type: Some("AWS::KMS::Key"),
        resource_arn: Some(KEY),
        category: Some("availability"),
        ..finding("kms_key_disabled", "fail")
    };
    findings.add(&own).unwrap();
    // A key that is missing may have no ARN: then the bucket that names it identifies it.
    for arn in ["arn:aws:s3:::three", "arn:aws:s3:::five"] {
        findings.add(&FindingRow { resource_arn: Some(arn), ..finding("s3_key_usable", "fail") }).unwrap();
    }
    // A rotation that is off takes nothing down; a key that passes neither.
    let off = FindingRow { resource_arn: Some("arn:other"), category: Some("security"), ..own.clone() };
    findings.add(&off).unwrap();
    findings.add(&FindingRow { resource_arn: Some("arn:fine"), verdict: Some("pass"), ..own }).unwrap();
    assert_eq!(findings.failing_keys.keys().collect::<Vec<_>>(), [KEY]);

    let mut keys = Keys::new(NOW, &findings);
    keys.add(&KeyRow { key_arn: Some(KEY), key_state: Some("Disabled"), ..KeyRow::default() }).unwrap();
    let (mut buckets, accounts) = (Buckets::default(), Accounts::default());
    for (bucket, bucket_arn, region, arn, reference) in [
        ("one", "arn:aws:s3:::one", "eu-west-1", Some(KEY), KEY),
        ("two", "arn:aws:s3:::two", "eu-west-1", Some(KEY), "alias/app"),
        ("three", "arn:aws:s3:::three", "eu-west-1", None, "alias/gone"),
        ("four", "arn:aws:s3:::four", "eu-west-1", Some("arn:fine"), "x"),
        // The same alias in another Region is another key.
        ("five", "arn:aws:s3:::five", "us-east-1", None, "alias/gone"),
    ] {
        let row = BucketRow {
            account_id: Some("111122223333"),
            kms_key_account_id: Some("111122223333"),
            region: Some(region),
            bucket: Some(bucket),
            bucket_arn: Some(bucket_arn),
            kms_key_arn: arn,
            kms_key_ref: Some(reference),
            ..BucketRow::default()
        };
        buckets.add(&row, &accounts, &findings, &mut keys).unwrap();
    }
    let failing: Vec<_> =
        keys.failing.iter().map(|(arn, it)| (arn.as_str(), it.buckets, it.state.as_deref())).collect();
    assert_eq!(
        failing,
        [
            ("alias/gone in 111122223333 eu-west-1", 1, None),
            ("alias/gone in 111122223333 us-east-1", 1, None),
            (KEY, 2, Some("Disabled")),
        ]
    );
    assert_eq!(keys.failing_total, 3);
    assert_eq!(keys.failing[KEY].named.iter().map(|it| it[2].as_str()).collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(keys.failing[KEY].faults.first().map(|it| it.severity), Some(Reverse(Severity::High)));
}

#[test]
fn the_worst_failing_keys_are_kept_and_all_are_counted() {
    let mut findings = Findings::default();
    let arns: Vec<String> =
        (0..600).map(|at| format!("arn:aws:kms:eu-west-1:111122223333:key/{at:03}")).collect();
    for (at, arn) in arns.iter().enumerate() {
        let severity = if at < 500 { "high" } else { "critical" };
        let row = FindingRow {
            resource_type: Some("AWS::KMS::Key"),
            resource_arn: Some(arn),
            category: Some("availability"),
            severity: Some(severity),
            ..finding("kms_key_disabled", "fail")
        };
        findings.add(&row).unwrap();
    }
    let keys = Keys::new(NOW, &findings);
    assert_eq!((keys.failing.len(), keys.failing_total), (500, 600));
    assert!(arns[500..].iter().all(|arn| keys.failing.contains_key(arn)), "every critical one is kept");
}

#[test]
fn every_customer_key_has_one_age() {
    let mut keys = Keys::new(NOW, &Findings::default());
    let customer =
        || KeyRow { key_manager: Some("CUSTOMER"), rotation: Some("enabled"), ..KeyRow::default() };
    for ago in [0, 90, 91, 180, 181, 365, 366, 730, 731, 4_000] {
        keys.add(&KeyRow { last_rotation_at: Some(days(-ago)), ..customer() }).unwrap();
    }
    keys.add(&customer()).unwrap();
    keys.add(&KeyRow { on_demand_rotations: Some(0), ..customer() }).unwrap();
    keys.add(&KeyRow { rotation: Some("disabled"), ..customer() }).unwrap();
    let hmac = KeyRow { rotation: Some("not_applicable"), rotation_reason: Some("hmac"), ..customer() };
    keys.add(&hmac).unwrap();
    keys.add(&KeyRow { rotation: Some("unknown"), ..customer() }).unwrap();
    keys.add(&KeyRow { key_manager: Some("AWS"), ..customer() }).unwrap();
    let ages: Vec<String> = keys.ages.iter().map(|(age, count)| format!("{count} {}", age.words)).collect();
    insta::assert_snapshot!(ages.join("\n"), @r"
    2 rotated in the last 90 days
    2 91 to 180 days ago
    2 181 to 365 days ago
    2 1 to 2 years ago
    2 more than 2 years ago
    1 automatic rotation is on; no rotation yet
    1 automatic rotation is on; last rotation not read
    1 automatic rotation is off
    1 cannot rotate automatically: hmac
    1 unknown
    ");
    assert_eq!(keys.by_manager["CUSTOMER"], keys.ages.values().sum::<u64>());
}

#[test]
fn dates_are_those_of_keys_in_use_and_of_material_that_ends_soon() {
    let mut keys = Keys::new(NOW, &Findings::default());
    let used =
        |buckets| KeyRow { key_arn: Some(KEY), default_key_of_buckets: Some(buckets), ..KeyRow::default() };
    keys.add(&KeyRow { deletion_at: Some(days(9)), ..used(2) }).unwrap();
    keys.add(&KeyRow { deletion_at: Some(days(3)), ..used(0) }).unwrap();
    keys.add(&KeyRow { key_state: Some("PendingReplicaDeletion"), ..used(1) }).unwrap();
    for ends in [-1, 90, 91] {
        keys.add(&KeyRow { material_expires_at: Some(days(ends)), ..used(0) }).unwrap();
    }
    let in_days = |at: Timestamp| (at.millis() - NOW.millis()) / DAY_MS;
    let dates: Vec<_> = keys.expiries.iter().map(|it| (it.at.map(in_days), it.kind)).collect();
    assert_eq!(
        dates,
        [
            (None, ExpiryKind::Deletion),
            (Some(-1), ExpiryKind::MaterialExpires),
            (Some(9), ExpiryKind::Deletion),
            (Some(90), ExpiryKind::MaterialExpires),
        ]
    );
    assert_eq!(keys.expiries_total, 4);
    assert_eq!(keys.deleted_unnamed, 1);
}

#[test]
fn an_account_goes_by_its_units_from_the_root_down() {
    let mut accounts = Accounts::default();
    let row = |account_id, ou_ids, ou_names| AccountRow {
        account_id: Some(account_id),
        account_name: Some("payments"),
        ou_ids,
        ou_names,
        ..AccountRow::default()
    };
    accounts.add(&row("1", Some(vec![Some("r-1"), Some("ou-2")]), Some(vec![Some("Root"), None]))).unwrap();
    accounts.add(&row("2", None, None)).unwrap();
    assert_eq!([accounts.unit_of("1"), accounts.unit_of("2")], ["Root / ou-2", NO_UNITS]);
    assert_eq!([accounts.name_of("1"), accounts.name_of("3")], ["payments", "3"]);
}

#[test]
fn reads_add_up_and_what_a_filter_left_out_is_no_gap() {
    let mut coverage = Coverage::default();
    let row = CoverageRow {
        account_id: Some("1"),
        region: Some("eu-west-1"),
        operation: Some("s3:GetBucketEncryption"),
        asked: Some(10),
        known: Some(5),
        absent: Some(1),
        gone: Some(1),
        denied: Some(2),
        throttled: Some(1),
        not_asked: Some(4),
        complete: Some(false),
        denied_by: Some("scp"),
        sample_code: Some("AccessDenied"),
        ..CoverageRow::default()
    };
    coverage.add(&row).unwrap();
    let filtered =
        CoverageRow { complete: Some(true), asked: Some(0), not_asked: Some(3), ..CoverageRow::default() };
    coverage.add(&filtered).unwrap();
    assert_eq!(coverage.asked, coverage.answered + coverage.failed);
    assert_eq!([coverage.asked, coverage.answered, coverage.failed, coverage.not_asked], [10, 7, 3, 4]);
    assert_eq!(coverage.left_out, 3, "what the filter on Regions left out was not in the plan");
    let gaps: Vec<_> =
        coverage.gaps.iter().map(|(gap, it)| (gap.word, gap.denied_by.as_deref(), it.reads)).collect();
    assert_eq!(gaps, [("denied", Some("scp"), 2), ("not_asked", None, 4), ("throttled", None, 1)]);
    assert_eq!(coverage.accounts_with_gaps().into_iter().collect::<Vec<_>>(), ["1"]);
}

fn gap(operation: &str, word: &'static str, denied_by: Option<&str>, deny_type: Option<&str>) -> Gap {
    Gap {
        accepted: false,
        operation: operation.to_owned(),
        word,
        denied_by: denied_by.map(str::to_owned),
        deny_type: deny_type.map(str::to_owned),
        code: None,
        cause: None,
    }
}

fn role(account_id: Option<&str>) -> AuditRole {
    AuditRole {
        partition: "aws-us-gov".to_owned(),
        account_id: account_id.map(str::to_owned),
        name: "security/atrest-audit".to_owned(),
        has_external_id: true,
    }
}

#[test]
fn the_advice_is_for_who_denied() {
    let mut said = Vec::new();
    for (operation, denied_by, deny_type) in [
        ("sts:AssumeRole", Some("unstated"), None),
        ("sts:AssumeRole", Some("scp"), Some("explicit")),
        ("s3:GetBucketPolicy", Some("vpc_endpoint"), Some("implicit")),
        ("s3:GetBucketPolicy", Some("boundary"), Some("explicit")),
        ("s3:GetBucketPolicy", Some("rcp"), Some("implicit")),
        ("s3:GetBucketEncryption", Some("identity"), Some("implicit")),
        ("s3:GetBucketEncryption", Some("resource_policy"), Some("explicit")),
        ("s3:GetBucketPolicy", Some("resource_policy"), Some("implicit")),
        ("kms:DescribeKey", Some("resource_policy"), Some("implicit")),
        ("kms:ListKeys", Some("scp"), Some("explicit")),
        ("kms:ListKeys", Some("scp"), Some("implicit")),
        ("kms:ListKeys", None, None),
    ] {
        let Fix { words, paste } =
            fix(&gap(operation, "denied", denied_by, deny_type), &role(Some("111122223333")));
        said.push(format!("{operation} {denied_by:?} {deny_type:?}\n{words}"));
        if let Some((what, text)) = paste {
            said.push(format!("{what}: {text}"));
        }
        said.push(String::new());
    }
    insta::assert_snapshot!("advice", said.join("\n"));
}

/// The role is there and trusts: what is missing is another action, which AWS's message alone names.
#[test]
fn a_gap_is_told_by_its_message() {
    let refused = |action: &str| {
        format!(
            "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: {action} on resource: arn:aws:iam::2:role/x"
        )
    };
    let (own, tags) = (refused("sts:AssumeRole"), refused("sts:TagSession"));
    let mut coverage = Coverage::default();
    for (account_id, message) in [("3", Some(&own)), ("2", Some(&own)), ("4", Some(&tags)), ("5", None)] {
        let row = CoverageRow {
            account_id: Some(account_id),
            region: Some("global"),
            operation: Some("sts:AssumeRole"),
            asked: Some(1),
            denied: Some(1),
            complete: Some(false),
            denied_by: Some("unstated"),
            sample_code: Some("AccessDenied"),
            sample_message: message.map(String::as_str),
            ..CoverageRow::default()
        };
        coverage.add(&row).unwrap();
    }
    let said: Vec<_> = coverage
        .gaps
        .iter()
        .map(|(gap, extent)| {
            (
                extent.message.as_deref(),
                extent.reads,
                fix(gap, &role(None)).words.contains("allow sts:TagSession"),
            )
        })
        .collect();
    assert_eq!(said, [(Some(own.as_str()), 3, false), (Some(tags.as_str()), 1, true)]);
    let clock = Gap {
        cause: cause("s3:ListBuckets", Some("RequestTimeTooSkewed"), "too large"),
        ..gap("s3:ListBuckets", "identity", None, None)
    };
    let words = fix(&clock, &role(None)).words;
    assert!(words.starts_with("This host's clock differs from AWS's") && words.ends_with('.'), "{words}");
}

#[test]
fn what_is_pasted_is_json_that_aws_takes() {
    for operation in crate::operation::OPERATIONS {
        for denied_by in
            ["identity", "resource_policy", "scp", "rcp", "boundary", "session", "vpc_endpoint", "unstated"]
        {
            for deny_type in [None, Some("explicit"), Some("implicit")] {
                let advice = fix(&gap(operation.id, "denied", Some(denied_by), deny_type), &role(None));
                assert!(advice.words.ends_with(['.', ':']), "{}", advice.words);
                let Some((_, text)) = advice.paste else { continue };
                let value: serde_json::Value = serde_json::from_str(&text).unwrap();
                // A principal has no wildcard for an account; a condition has.
                assert!(!value["Principal"].to_string().contains("::*:"), "{text}");
            }
        }
    }
    for word in ["throttled", "transport", "service", "protocol", "identity", "unavailable", "not_asked"] {
        let advice = fix(&gap("s3:ListBuckets", word, None, None), &role(None));
        assert!(advice.paste.is_none() && advice.words.len() > 20, "{word}");
    }
}

#[test]
fn an_instance_is_told_by_its_parameters() {
    let one = Instance::of(Some("kms_rotation_period"), Some("{\"max_days\":90}"));
    let other = Instance::of(Some("kms_rotation_period"), Some("{\"max_days\":365}"));
    assert_ne!(one, other);
    assert_eq!(one.spoken(), "kms_rotation_period {\"max_days\":90}");
    assert_eq!(Instance::of(Some("s3_tls_only"), None).spoken(), "s3_tls_only");
}

/// 300 buckets under three checks of a control once read as 647 passes.
#[test]
fn a_control_adds_nothing_up_and_counts_only_what_is_evidence() {
    let mut judged = Judged::default();
    let mut judge = |check_id, verdict, subject, count| {
        for _ in 0..count {
            judged.add(&FindingRow { subject: Some(subject), ..finding(check_id, verdict) }).unwrap();
        }
    };
    judge("s3_tls_only", "pass", "sse_s3", 3);
    judge("s3_encryption_standard", "pass", "sse_s3", 2);
    judge("s3_encryption_standard", "pass", "kms_key", 5);
    judge("s3_encryption_standard", "fail", "kms_key", 7);
    judge("s3_encryption_standard", "unknown", "unknown", 1);
    let mut controls = Controls::default();
    let of_kms_keys = r#"{"fail":["not_configured","sse_s3"],"pass":["kms_key"]}"#;
    for (check_id, condition) in [("s3_encryption_standard", Some(of_kms_keys)), ("s3_tls_only", None)] {
        let row = ControlRow {
            check_id: Some(check_id),
            framework: Some("F"),
            framework_version: Some("1"),
            control_id: Some("1.1"),
            relation: Some("partial"),
            condition,
            note: Some("A note."),
            ..ControlRow::default()
        };
        controls.add(&row, &judged).unwrap();
    }
    let control = &controls.frameworks[&("F".to_owned(), "1".to_owned())]["1.1"];
    let said = control.evidence.iter().map(|row| {
        let of = |verdict| count_of(&row.verdicts, verdict);
        let counts = [of(Verdict::Pass), of(Verdict::Fail), of(Verdict::Unknown), row.not_evidence];
        (row.instance.check_id.as_str(), counts, row.note.as_deref())
    });
    assert_eq!(
        said.collect::<Vec<_>>(),
        [
            ("s3_encryption_standard", [5, 0, 1, 9], Some("A note.")),
            ("s3_tls_only", [3, 0, 0, 0], Some("A note.")),
        ]
    );
    assert!(!control.has_fails(), "the fails are under a KMS key, and none of them is evidence");
}
