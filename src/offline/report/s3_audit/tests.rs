//! The four columns over every combination that a bucket's row can have, and over some that it cannot.

use super::*;

const READS: [&str; 11] = [
    "known",
    "absent",
    "gone",
    "denied",
    "throttled",
    "transport",
    "service",
    "protocol",
    "identity",
    "unavailable",
    "not_asked",
];
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234";

fn bucket(encryption: &'static str, read: &'static str) -> BucketRow<'static> {
    BucketRow {
        aws_partition: Some("aws"),
        account_id: Some("111122223333"),
        region: Some("eu-west-1"),
        bucket: Some("b"),
        bucket_arn: Some("arn:aws:s3:::b"),
        encryption: Some(encryption),
        encryption_read: Some(read),
        sse_algorithm: None,
        kms_key_ref: None,
        kms_key_arn: None,
        kms_key_account_id: None,
        kms_key_link: None,
        kms_key_manager: None,
        kms_key_state: None,
        kms_key_rotation: None,
        kms_key_rotation_reason: None,
        bucket_key_enabled: None,
        policy_read: Some("absent"),
        observed_at: None,
    }
}

/// A bucket under a customer's key.
fn keyed(link: &'static str, manager: Option<&'static str>) -> BucketRow<'static> {
    BucketRow {
        sse_algorithm: Some("aws:kms"),
        kms_key_ref: Some(KEY),
        kms_key_arn: Some(KEY),
        kms_key_account_id: Some("111122223333"),
        kms_key_link: Some(link),
        kms_key_manager: manager,
        ..bucket("sse_kms", "known")
    }
}

/// `B | C | reason`.
#[track_caller]
fn line(bucket: &BucketRow<'static>, key_read: Option<&str>) -> String {
    let Line { mode, key_type, reason } = Line::of(bucket, key_read).unwrap();
    format!("{mode} | {key_type} | {reason}")
}

#[test]
fn a_bucket_without_kms_has_no_key() {
    assert_eq!(line(&bucket("sse_s3", "known"), None), "AES256 | N/A | ");
    assert_eq!(line(&bucket("not_configured", "absent"), None), "SSEConfigNotFound | N/A | ");
    assert_eq!(
        line(&bucket("not_configured", "known"), None),
        "SSEConfigNotFound | N/A | The configuration has a rule without a default."
    );
    let other = BucketRow { sse_algorithm: Some("aws:new"), ..bucket("other", "known") };
    assert_eq!(line(&other, None), "aws:new | Unknown | The algorithm is not one that this version knows.");
}

#[test]
fn what_was_not_read_is_access_denied_only_where_access_was_denied() {
    let said: Vec<String> = READS[2..].iter().map(|read| line(&bucket("unknown", read), None)).collect();
    assert_eq!(
        said,
        [
            "Unknown | Unknown | The bucket was deleted between its listing and its reading.",
            "AccessDenied | Unknown | The encryption configuration was not read: access was denied.",
            "Unknown | Unknown | The encryption configuration was not read: AWS throttled every attempt.",
            "Unknown | Unknown | The encryption configuration was not read: no answer came.",
            "Unknown | Unknown | The encryption configuration was not read: the service failed.",
            "Unknown | Unknown | The encryption configuration was not read: the answer was not what the API promises.",
            "Unknown | Unknown | The encryption configuration was not read: the credentials were not accepted.",
            "Unknown | Unknown | The encryption configuration was not read: the Region is not available to the account.",
            "Unknown | Unknown | The encryption configuration was not read: the read was not sent.",
        ]
    );
}

#[test]
fn a_key_is_what_the_organization_wide_join_says() {
    let of = |bucket: BucketRow<'static>, key_read| line(&bucket, key_read).replace(KEY, "KEY");
    for link in ["same_account", "same_org"] {
        assert_eq!(of(keyed(link, Some("CUSTOMER")), None), "KEY | CUSTOMER | ");
        for (read, said) in [
            (Some("denied"), "AccessDenied | The key was not described: access was denied."),
            (Some("throttled"), "Unknown | The key was not described: AWS throttled every attempt."),
            (Some("not_asked"), "Unknown | The key was not described: the read was not sent."),
            (Some("gone"), "KeyNotFound | The key was deleted between its listing and its reading."),
            (None, "Unknown | AWS did not report who manages the key."),
        ] {
            assert_eq!(of(keyed(link, None), read), format!("KEY | {said}"));
        }
    }
    assert_eq!(of(keyed("aws_managed", Some("AWS")), None), "KEY | AWS | ");
    let no_key = BucketRow { kms_key_ref: None, kms_key_arn: None, ..keyed("aws_managed", Some("AWS")) };
    assert_eq!(of(no_key, None), "alias/aws/s3 | AWS | No key is named: S3 uses the AWS managed key aws/s3.");
    assert_eq!(
        of(keyed("missing", None), None),
        "KEY | KeyNotFound | The key is not in the complete listing of the keys of account 111122223333."
    );
    assert_eq!(
        of(keyed("outside_org", None), None),
        "KEY | Unknown | The key belongs to account 111122223333, outside the organization: it was not read."
    );
    assert_eq!(
        of(keyed("unproven", None), None),
        "KEY | Unknown | It is not known which key this is: the keys of account 111122223333 were not all read."
    );
    // Listed, not described, and its aliases not listed either.
    assert_eq!(
        of(keyed("unproven", None), Some("denied")),
        "KEY | AccessDenied | The key was not described: access was denied."
    );
    let malformed =
        BucketRow { kms_key_ref: Some("arn:broken"), kms_key_account_id: None, ..keyed("unproven", None) };
    assert_eq!(
        of(malformed, None),
        "arn:broken | Unknown | It is not known which key this is: the reference is not the ARN of a KMS key."
    );
}

#[test]
fn the_reason_has_what_the_columns_would_hide() {
    let dsse = BucketRow {
        encryption: Some("dsse_kms"),
        kms_key_state: Some("PendingDeletion"),
        ..keyed("same_org", Some("CUSTOMER"))
    };
    assert_eq!(
        Line::of(&dsse, None).unwrap().reason,
        "The mode is DSSE-KMS, which encrypts twice. The key's state is PendingDeletion."
    );
    for (state, reason) in [("Enabled", ""), ("Disabled", "The key's state is Disabled.")] {
        let bucket = BucketRow { kms_key_state: Some(state), ..keyed("same_account", Some("CUSTOMER")) };
        assert_eq!(Line::of(&bucket, None).unwrap().reason, reason);
    }
}

#[test]
fn no_combination_claims_what_was_not_read() {
    let links = std::iter::once(None).chain(KeyLink::ALL.iter().map(|link| Some(link.word())));
    for link in links {
        let modes = || Encryption::ALL.iter().copied().map(Some).chain([None]);
        for (encryption, read) in modes().flat_map(|it| READS.map(|read| (it, read))) {
            for manager in [None, Some("AWS"), Some("CUSTOMER")] {
                for key_read in std::iter::once(None).chain(READS.map(Some)) {
                    let row = BucketRow {
                        encryption: Some(encryption.map_or(MODE_UNKNOWN, Encryption::word)),
                        encryption_read: Some(read),
                        kms_key_link: link,
                        ..keyed("none", manager)
                    };
                    let line = Line::of(&row, key_read).unwrap();
                    let case = format!("{encryption:?} {read} {link:?} {manager:?} {key_read:?}: {line:?}");
                    assert_honest(encryption, &row, key_read, &line, &case);
                }
            }
        }
    }
}

fn assert_honest(
    encryption: Option<Encryption>,
    row: &BucketRow<'_>,
    key_read: Option<&str>,
    line: &Line<'_>,
    case: &str,
) {
    let known = ["CUSTOMER", "AWS", "N/A", "AccessDenied", "Unknown", "KeyNotFound"];
    assert!(known.contains(&line.key_type), "{case}");
    let denied = encryption.is_none() && row.encryption_read == Some("denied");
    assert_eq!(line.mode == "AccessDenied", denied, "{case}");
    let without_kms = matches!(encryption, Some(Encryption::NotConfigured | Encryption::SseS3));
    assert_eq!(line.key_type == "N/A", without_kms, "{case}");
    if encryption.is_none() {
        assert_eq!(line.key_type, "Unknown", "{case}");
    }
    match line.key_type {
        "AccessDenied" => assert_eq!((row.kms_key_manager, key_read), (None, Some("denied")), "{case}"),
        "CUSTOMER" => assert_eq!(row.kms_key_manager, Some("CUSTOMER"), "{case}"),
        "KeyNotFound" => assert!(row.kms_key_link == Some("missing") || key_read == Some("gone"), "{case}"),
        "Unknown" => assert!(!line.reason.is_empty(), "{case}"),
        _ => {}
    }
}

#[test]
fn the_bucket_key_is_the_flag_on_the_rule() {
    for (flag, said) in [(Some(true), "True"), (Some(false), "False"), (None, "")] {
        let row = BucketRow { bucket_key_enabled: flag, ..keyed("same_account", Some("CUSTOMER")) };
        let line = Line::of(&row, None).unwrap();
        assert_eq!(
            line.fields(&row),
            ["b", KEY, "CUSTOMER", said, "111122223333", "eu-west-1", "sse_kms", ""]
        );
    }
}

#[test]
fn a_word_of_a_newer_tool_is_no_guess() {
    for row in [bucket("sse_quantum", "known"), keyed("same_planet", None)] {
        let error = Line::of(&row, None).unwrap_err().to_string();
        assert!(error.contains("does not know the word `same_planet`") || error.contains("`sse_quantum`"));
    }
}
