//! What policies do, case by case: the traps that look like a Deny on plain HTTP, the header games of
//! uploads, and the doors of key policies.

use std::fs;
use std::path::Path;

use atrest::policy::{
    Admitted, KeyChoice, LogBucket, Policy, Refusal, UploadHeader, admitted, plain_http, sse_c_uploads,
    sse_s3_only_writers, tls_only, uploads,
};

const BUCKET: &str = "arn:aws:s3:::amzn-s3-demo-bucket";
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

/// A policy of statements as written, with `BOTH` for the bucket and its objects.
fn policy(statements: &str) -> Policy {
    let both = format!(r#"["{BUCKET}", "{BUCKET}/*"]"#);
    let text = statements.replace("BOTH", &both).replace("BUCKET", BUCKET);
    let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{text}]}}"#);
    Policy::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

fn file(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policies");
    fs::read_to_string(folder.join(name)).unwrap()
}

fn word(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Every => "every".to_owned(),
        Refusal::None => "none".to_owned(),
        Refusal::Part(text) => format!("part: {text}"),
        Refusal::Undecided(text) => format!("undecided: {text}"),
    }
}

#[track_caller]
fn refuses(cases: &[(&str, &str)], ask: fn(&Policy, &str) -> Refusal) {
    for (statements, expected) in cases {
        let found = word(&ask(&policy(statements), BUCKET));
        assert!(found.starts_with(expected), "{statements}\n  gives {found}\n  and not {expected}");
    }
}

#[test]
fn the_shipped_policies_do_what_they_say() {
    let tls = Policy::parse(&file("deny-plain-http.json")).unwrap();
    assert_eq!(plain_http(&tls, BUCKET), Refusal::Every);
    assert_eq!(plain_http(&tls, "arn:aws:s3:::another"), Refusal::None);
    assert!(uploads(&tls, BUCKET).iter().all(|(_, refusal)| word(refusal).contains("aws:SecureTransport")));
    let kms = Policy::parse(&file("deny-other-encryption.json")).unwrap();
    let http = word(&plain_http(&kms, BUCKET));
    assert!(http.starts_with("part: "), "it refuses some uploads, by whatever protocol: {http}");
    for (header, refusal) in uploads(&kms, BUCKET) {
        let lets_through = matches!(header, UploadHeader::SseKms(_));
        assert_eq!(refusal, if lets_through { Refusal::None } else { Refusal::Every }, "{header:?}");
    }
    assert_eq!(sse_c_uploads(&kms, BUCKET), Refusal::Every);
}

#[test]
fn the_broken_ones_are_seen_through() {
    let error = Policy::parse(&file("broken/conditions.json")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "statement 1 (`AllowSSLRequestsOnly`) has the unknown element `Conditions`"
    );
    let misspelt = Policy::parse(&file("broken/put-oject.json")).unwrap();
    for bucket in [BUCKET, "arn:aws:s3:::<bukect_name>"] {
        assert!(uploads(&misspelt, bucket).iter().all(|(_, refusal)| *refusal == Refusal::None));
    }
}

#[test]
fn plain_http_is_refused_in_whole_in_part_or_not_at_all() {
    refuses(
        &[
            // The whole, in the forms that mean the same.
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":BOTH,"Condition":{"Bool":{"aws:SecureTransport":"false"}}}"#,
                "every",
            ),
            (
                r#"{"Effect":"Deny","Principal":{"AWS":"*"},"Action":"*","Resource":"*","Condition":{"bool":{"AWS:securetransport":[false]}}}"#,
                "every",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"S3:*","Resource":"BUCKET*","Condition":{"BoolIfExists":{"aws:SecureTransport":["false"]}}}"#,
                "every",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":BOTH,"Condition":{"StringNotEquals":{"aws:SecureTransport":"true"}}}"#,
                "every",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":BOTH,"Condition":{"Null":{"s3:TlsVersion":"true"}}}"#,
                "every",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":BOTH,"Condition":{"NumericLessThanIfExists":{"s3:TlsVersion":"1.2"}}}"#,
                "every",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","NotAction":"iam:*","Resource":BOTH,"Condition":{"Bool":{"aws:SecureTransport":"false"}}}"#,
                "every",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","NotResource":"arn:aws:s3:::other","Condition":{"Bool":{"aws:SecureTransport":"false"}}}"#,
                "every",
            ),
            // Not at all.
            ("", "none"),
            (
                r#"{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":BOTH,"Condition":{"Bool":{"aws:SecureTransport":"true"}}}"#,
                "none",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":BOTH,"Condition":{"Bool":{"aws:SecureTransport":"true"}}}"#,
                "none",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":BOTH,"Condition":{"NumericLessThan":{"s3:TlsVersion":"1.2"}}}"#,
                "none",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"arn:aws:s3:::other/*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}"#,
                "none",
            ),
            (r#"{"Effect":"Deny","Principal":"*","Action":"iam:*","Resource":"*"}"#, "none"),
            (r#"{"Effect":"Deny","NotPrincipal":"*","Action":"s3:*","Resource":"*"}"#, "none"),
            // In part.
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"BUCKET","Condition":{"Bool":{"aws:SecureTransport":"false"}}}"#,
                "part: only on the bucket, not on its objects",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"BUCKET/*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}"#,
                "part: only on objects, not on the bucket",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["BUCKET","BUCKET/logs/*"],"Condition":{"Bool":{"aws:SecureTransport":"false"}}}"#,
                "part: only on arn:aws:s3:::amzn-s3-demo-bucket, arn",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":["s3:Get*","s3:PutObject"],"Resource":BOTH,"Condition":{"Bool":{"aws:SecureTransport":"false"}}}"#,
                "part: only s3:Get*, s3:PutObject",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","NotAction":"s3:ListBucket","Resource":BOTH,"Condition":{"Bool":{"aws:SecureTransport":"false"}}}"#,
                "part: not s3:ListBucket",
            ),
            (
                r#"{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::111122223333:role/x"},"Action":"s3:*","Resource":BOTH,"Condition":{"Bool":{"aws:SecureTransport":"false"}}}"#,
                "part: only for Principal arn:aws:iam::111122223333:role/x",
            ),
            (
                r#"{"Effect":"Deny","NotPrincipal":{"AWS":["arn:aws:iam::111122223333:role/x","111122223333"]},"Action":"s3:*","Resource":BOTH,"Condition":{"Bool":{"aws:SecureTransport":"false"}}}"#,
                "part: not for Principal arn:aws:iam::111122223333:role/x",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":BOTH,"Condition":{"Bool":{"aws:SecureTransport":"false"},"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}}"#,
                "part: only where IpAddress aws:SourceIp 10.0.0.0/8",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":BOTH,"Condition":{"Bool":{"aws:SecureTransport":"false"},"StringNotEquals":{"aws:SourceVpce":"vpce-1"}}}"#,
                "part: only where StringNotEquals aws:SourceVpce vpce-1",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":BOTH,"Condition":{"Bool":{"aws:SecureTransport":"false","aws:ViaAWSService":"false"}}}"#,
                "part: only where Bool aws:ViaAWSService false",
            ),
        ],
        plain_http,
    );
}

#[test]
fn statements_count_together() {
    refuses(
        &[
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"BUCKET"},
                {"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"BUCKET/*"}"#,
                "every",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:Get*","Resource":BOTH},
                {"Effect":"Deny","Principal":"*","NotAction":"s3:GetObject*","Resource":BOTH}"#,
                "every",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":BOTH},
                {"Effect":"Deny","Principal":"*","NotAction":"s3:Get*","Resource":BOTH}"#,
                "part: statement 1 only s3:GetObject; statement 2 not s3:Get*",
            ),
            (
                r#"{"Effect":"Deny","Principal":{"AWS":"111122223333"},"Action":"s3:*","Resource":BOTH},
                {"Effect":"Deny","NotPrincipal":{"AWS":"arn:aws:iam::111122223333:role/x"},"Action":"s3:*","Resource":BOTH}"#,
                "every",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":BOTH,"Condition":{"StringEquals":{"aws:SourceVpce":"vpce-1"}}},
                {"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":BOTH,"Condition":{"StringNotEquals":{"aws:SourceVpce":"vpce-1"}}}"#,
                "every",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":BOTH,"Condition":{"StringNotLike":{"aws:UserAgent":"a*"}}},
                {"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":BOTH,"Condition":{"StringNotLike":{"aws:UserAgent":"*b"}}}"#,
                "part: statement 1 only where StringNotLike aws:UserAgent a*; statement 2",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":BOTH,"Condition":{"NumericLessThan":{"s3:max-keys":"10"}}},
                {"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":BOTH,"Condition":{"NumericGreaterThanEquals":{"s3:max-keys":"10"}}},
                {"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":BOTH,"Condition":{"Null":{"s3:max-keys":"true"}}}"#,
                "every",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":BOTH,"Condition":{"IpAddress":{"aws:SourceIp":["0.0.0.0/1","128.0.0.0/1"]}}},
                {"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":BOTH,"Condition":{"IpAddress":{"aws:SourceIp":"::/0"}}},
                {"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":BOTH,"Condition":{"Null":{"aws:SourceIp":"true"}}}"#,
                "every",
            ),
            (
                r#"{"Effect":"Deny","NotPrincipal":{"CanonicalUser":"abc"},"Action":"s3:*","Resource":BOTH},
                {"Effect":"Deny","NotPrincipal":{"AWS":"111122223333"},"Action":"s3:*","Resource":BOTH}"#,
                "part: ",
            ),
        ],
        plain_http,
    );
}

#[test]
fn a_variable_decides_only_where_nothing_else_does() {
    refuses(
        &[
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":BOTH,"Condition":{"StringNotEquals":{"aws:PrincipalAccount":"${aws:ResourceAccount}"}}}"#,
                "undecided: ",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":BOTH,"Condition":{"StringEqualsIfExists":{"aws:userid":"${x}"},"Null":{"aws:userid":"false"}}}"#,
                "undecided: statement 1: the policy variable `${x}`",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":BOTH,"Condition":{"StringEquals":{"aws:userid":"${x}"},"Bool":{"aws:SecureTransport":"true"}}}"#,
                "none",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"},
                {"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"BUCKET/${aws:username}/*"}"#,
                "every",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"BUCKET/${aws:username}/*"}"#,
                "undecided: statement 1: the policy variable `${aws:username}` of Resource",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":BOTH,"Condition":{"StringResembles":{"aws:userid":"x"}}}"#,
                "undecided: statement 1: the operator `StringResembles` is not known",
            ),
            (
                r#"{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::111122223333:role/*"},"Action":"s3:*","Resource":BOTH}"#,
                "undecided: statement 1: `arn:aws:iam::111122223333:role/*` is no principal",
            ),
        ],
        plain_http,
    );
    let old = r#"{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*",
        "Resource": "arn:aws:s3:::amzn-s3-demo-bucket/${aws:username}/*"}]}"#;
    let found = word(&plain_http(&Policy::parse(old).unwrap(), BUCKET));
    assert!(found.starts_with("part: only on arn:"), "2008's language has no variables: {found}");
}

/// What refuses something else refuses it over plain HTTP as well, and makes nothing of TLS.
#[test]
fn tls_is_a_matter_of_statements_about_the_transport() {
    const HALF: &str = r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"BUCKET/*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}"#;
    const DELETE: &str =
        r#"{"Effect":"Deny","Principal":"*","Action":"s3:DeleteBucket","Resource":"BUCKET"}"#;
    const VARIABLE: &str = r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":BOTH,"Condition":{"StringNotEquals":{"aws:PrincipalAccount":"${aws:ResourceAccount}"}}}"#;
    let both = |one: &str, other: &str| format!("{one},{other}");
    refuses(
        &[
            (DELETE, "none"),
            (VARIABLE, "none"),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"BUCKET/*","Condition":{"StringNotEquals":{"s3:x-amz-server-side-encryption":"aws:kms"}}}"#,
                "none",
            ),
            (&both(HALF, DELETE), "part: only on objects, not on the bucket"),
            (&both(HALF, VARIABLE), "undecided: statement 2: the policy variable"),
            (r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":BOTH}"#, "every"),
            (
                &both(HALF, r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"BUCKET"}"#),
                "every",
            ),
        ],
        tls_only,
    );
}

#[test]
fn sse_c_is_refused_by_its_own_header_or_for_want_of_another() {
    refuses(
        &[
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"BUCKET/*","Condition":{"Null":{"s3:x-amz-server-side-encryption-customer-algorithm":"false"}}}"#,
                "every",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:Put*","Resource":"BUCKET/*","Condition":{"StringEquals":{"s3:x-amz-server-side-encryption-customer-algorithm":"AES256"}}}"#,
                "every",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"BUCKET/*","Condition":{"Null":{"s3:x-amz-server-side-encryption":"true"}}}"#,
                "every",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"BUCKET/a/*","Condition":{"Null":{"s3:x-amz-server-side-encryption-customer-algorithm":"false"}}}"#,
                "part: only on arn:",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"BUCKET/*","Condition":{"Null":{"s3:x-amz-server-side-encryption-customer-algorithm":"true"}}}"#,
                "none",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"BUCKET","Condition":{"Null":{"s3:x-amz-server-side-encryption-customer-algorithm":"false"}}}"#,
                "none",
            ),
            (r#"{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"BUCKET/*"}"#, "none"),
            // S3 takes SSE-C over TLS only.
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":BOTH,"Condition":{"Bool":{"aws:SecureTransport":"false"}}}"#,
                "none",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":BOTH,"Condition":{"Null":{"s3:TlsVersion":"true"}}}"#,
                "none",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":BOTH,"Condition":{"NumericLessThan":{"s3:TlsVersion":"1.3"}}}"#,
                "part: ",
            ),
            (
                r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":BOTH,"Condition":{"Bool":{"aws:SecureTransport":"true"}}}"#,
                "every",
            ),
        ],
        sse_c_uploads,
    );
}

/// The classes of uploads that are refused as a whole, and those in part.
fn refused(condition: &str) -> (Vec<UploadHeader>, Vec<UploadHeader>) {
    let statement =
        r#"{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"BUCKET/*","Condition":{IF}}"#;
    let found = uploads(&policy(&statement.replace("IF", condition)), BUCKET);
    let with = |wanted: &str| {
        let alike = found.iter().filter(|(_, refusal)| word(refusal).starts_with(wanted));
        alike.map(|(header, _)| header.clone()).collect()
    };
    (with("every"), with("part"))
}

#[test]
fn uploads_are_told_apart_by_what_they_ask_for() {
    use KeyChoice::{Other, Unnamed};
    use UploadHeader::{DsseKms, Missing, Other as Another, SseKms, SseS3};
    let (dsse, kms) = ([DsseKms(Unnamed), DsseKms(Other)], [SseKms(Unnamed), SseKms(Other)]);
    let and_dsse = |list: &[UploadHeader]| [list, &dsse, &[Another]].concat();
    for (condition, whole, part) in [
        (r#""StringNotEquals":{"HEADER":"aws:kms"}"#, and_dsse(&[Missing, SseS3]), vec![]),
        (r#""StringNotEqualsIfExists":{"HEADER":"aws:kms"}"#, and_dsse(&[Missing, SseS3]), vec![]),
        (r#""Null":{"HEADER":"false"},"StringNotEquals":{"HEADER":"aws:kms"}"#, and_dsse(&[SseS3]), vec![]),
        (r#""Null":{"HEADER":"true"}"#, vec![Missing], vec![]),
        (r#""StringEquals":{"HEADER":"AES256"}"#, vec![SseS3], vec![]),
        (r#""StringLike":{"HEADER":"aws:kms*"}"#, [kms, dsse.clone()].concat(), vec![Another]),
    ] {
        let found = refused(&condition.replace("HEADER", "s3:x-amz-server-side-encryption"));
        assert_eq!(found, (whole, part), "{condition}");
    }
}

#[test]
fn an_upload_may_be_pinned_to_a_key() {
    use UploadHeader::{DsseKms, Other, SseKms};
    let pin = r#""StringNotEquals":{"s3:x-amz-server-side-encryption-aws-kms-key-id":"arn:aws:kms:eu-west-1:111122223333:key/1"}"#;
    let (whole, part) = refused(pin);
    let named = KeyChoice::Named("arn:aws:kms:eu-west-1:111122223333:key/1".to_owned());
    assert_eq!(whole.len(), 6, "all but those that name the key: {whole:?}");
    assert!(!whole.contains(&SseKms(named.clone())) && !whole.contains(&DsseKms(named)));
    assert_eq!(part, [Other], "which may name it or not");
}

fn log_bucket() -> LogBucket<'static> {
    let account_id = "111122223333".parse().unwrap();
    LogBucket { arn: BUCKET, account_id, region: Some("us-east-1"), org_id: None }
}

#[test]
fn a_log_bucket_is_known_by_its_writer() {
    let allow = |principal: &str, rest: &str| {
        format!(
            r#"{{"Effect":"Allow","Principal":{principal},"Action":"s3:PutObject","Resource":"BUCKET/logs/*"{rest}}}"#
        )
    };
    let writer = |statements: &str| {
        let writers = sse_s3_only_writers(&policy(statements), &log_bucket());
        let delivers = writers.into_iter().filter(|writer| writer.delivers == Some(true));
        delivers.map(|writer| writer.principal).next()
    };
    let s3 = r#"{"Service":"logging.s3.amazonaws.com"}"#;
    let source = r#","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::source"}}"#;
    assert_eq!(writer(&allow(s3, source)).as_deref(), Some("logging.s3.amazonaws.com"));
    let balancer =
        r#"{"Service":["delivery.logs.amazonaws.com","logdelivery.elasticloadbalancing.amazonaws.com"]}"#;
    assert_eq!(
        writer(&allow(balancer, "")).as_deref(),
        Some("logdelivery.elasticloadbalancing.amazonaws.com")
    );
    let account = r#"{"AWS":"arn:aws:iam::127311923021:root"}"#;
    assert_eq!(
        writer(&allow(account, "")).as_deref(),
        Some("account 127311923021 of Elastic Load Balancing (us-east-1)")
    );
    let tls = r#",{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":BOTH,"Condition":{"Bool":{"aws:SecureTransport":"false"}}}"#;
    assert!(writer(&format!("{}{tls}", allow(s3, ""))).is_some(), "deliveries come by TLS");
    for other in [r#""*""#, r#"{"Service":"delivery.logs.amazonaws.com"}"#, r#"{"AWS":"111122223333"}"#] {
        assert_eq!(writer(&allow(other, "")), None, "{other}");
    }
    let taken_back = r#",{"Effect":"Deny","Principal":"*","Action":"s3:Put*","Resource":"BUCKET/*"}"#;
    assert_eq!(writer(&format!("{}{taken_back}", allow(s3, ""))), None);
    let kms_only =
        r#",{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"BUCKET/other/*"}"#;
    assert!(writer(&format!("{}{kms_only}", allow(s3, ""))).is_some(), "it takes nothing back");
    assert_eq!(writer(&allow(s3, "").replace("PutObject", "GetBucketAcl")), None);
}

/// A key policy's answer in one line: `anyone`, then accounts, accounts as members of an organization
/// only, and organizations, then `?`.
fn door(statements: &str) -> String {
    let Admitted { anyone, accounts, members, organizations, undecided } = admitted(&policy(statements), KEY);
    let mut words: Vec<String> = anyone.into_iter().map(|_| "anyone".to_owned()).collect();
    words.extend(accounts.keys().map(ToString::to_string));
    words.extend(members.keys().map(|(id, organization)| format!("{id}@{organization}")));
    words.extend(organizations.into_keys());
    words.extend(undecided.map(|_| "?".to_owned()));
    words.join(" ")
}

#[test]
fn a_key_policy_lets_in_whom_it_names_and_no_others() {
    let root = r#"{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}"#;
    assert_eq!(door(root), "111122223333");
    let everyone = |condition: &str| {
        format!(
            r#"{{"Effect":"Allow","Principal":{{"AWS":"*"}},"Action":["kms:Decrypt","kms:GenerateDataKey*"],"Resource":"*","Condition":{{{condition}}}}}"#
        )
    };
    for (condition, expected) in [
        ("", "anyone"),
        (r#""StringEquals":{"kms:ViaService":"s3.eu-west-1.amazonaws.com"}"#, "anyone"),
        (
            r#""StringEquals":{"kms:ViaService":"s3.eu-west-1.amazonaws.com","kms:CallerAccount":"111122223333"}"#,
            "111122223333",
        ),
        (
            r#""StringEquals":{"aws:PrincipalAccount":["111122223333","444455556666"]}"#,
            "111122223333 444455556666",
        ),
        (r#""StringEquals":{"aws:PrincipalOrgID":"o-abcdefghij"}"#, "o-abcdefghij"),
        (r#""StringEqualsIfExists":{"aws:PrincipalOrgID":"o-abcdefghij"}"#, "anyone o-abcdefghij"),
        (
            r#""ForAnyValue:StringLike":{"aws:PrincipalOrgPaths":"o-abcdefghij/r-ab12/ou-ab12-11111111/*"}"#,
            "o-abcdefghij",
        ),
        (r#""ForAllValues:StringLike":{"aws:PrincipalOrgPaths":"o-abcdefghij/*"}"#, "anyone o-abcdefghij"),
        (r#""StringLike":{"aws:PrincipalOrgID":"o-*"}"#, "anyone"),
        (r#""ArnLike":{"aws:PrincipalArn":"arn:aws:iam::444455556666:role/*"}"#, "444455556666"),
        (r#""ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/ci"}"#, "anyone"),
        (r#""StringLike":{"aws:PrincipalArn":"arn:aws:iam::444455556666*"}"#, "444455556666"),
        (r#""StringLike":{"kms:CallerAccount":"4444*"}"#, "anyone"),
        (r#""StringNotEquals":{"kms:CallerAccount":"444455556666"}"#, "anyone"),
        (r#""StringEquals":{"aws:PrincipalTag/team":"a","kms:EncryptionContext:x":"y"}"#, "anyone"),
        (r#""StringEquals":{"aws:SourceVpce":"vpce-1"}"#, "?"),
        // An organization's or an account's endpoints are no statement on the principal's organization.
        (r#""StringEquals":{"aws:VpceOrgID":"o-abcdefghij"}"#, "?"),
        (r#""ForAnyValue:StringLike":{"aws:VpceOrgPaths":"o-abcdefghij/r-ab12/*"}"#, "?"),
        (r#""StringEquals":{"aws:VpceAccount":"444455556666"}"#, "444455556666 ?"),
        (r#""StringLike":{"aws:VpceOrgID":"*"}"#, "anyone"),
        (r#""IpAddress":{"aws:SourceIp":"203.0.113.0/24"}"#, "?"),
        (r#""IpAddress":{"aws:SourceIp":"0.0.0.0/0"}"#, "anyone"),
        (r#""StringLike":{"aws:userid":"AROAEXAMPLEEXAMPLE123:*"}"#, "?"),
        (r#""StringEquals":{"aws:PrincipalAccount":"${aws:ResourceAccount}"}"#, "?"),
        (r#""StringEquals":{"aws:SourceAccount":"444455556666"}"#, "444455556666"),
        (r#""Bool":{"aws:PrincipalIsAWSService":"true"}"#, ""),
    ] {
        assert_eq!(door(&everyone(condition)), expected, "{condition}");
    }
}

#[test]
fn a_deny_takes_back_and_its_exceptions_let_in() {
    let everyone = r#"{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}"#;
    let deny =
        |rest: &str| format!(r#"{everyone},{{"Effect":"Deny","Action":"kms:*","Resource":"*",{rest}}}"#);
    for (rest, expected) in [
        (r#""Principal":"*""#, ""),
        (
            r#""Principal":"*","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"o-abcdefghij"}}"#,
            "o-abcdefghij",
        ),
        (
            r#""Principal":"*","Condition":{"StringNotEqualsIfExists":{"aws:PrincipalOrgID":"o-abcdefghij"}}"#,
            "o-abcdefghij",
        ),
        (
            r#""Principal":"*","Condition":{"StringNotEquals":{"kms:CallerAccount":["111122223333","444455556666"]}}"#,
            "111122223333 444455556666",
        ),
        (r#""NotPrincipal":{"AWS":"444455556666"}"#, "444455556666"),
        (r#""Principal":{"AWS":"444455556666"}"#, "anyone"),
        (r#""Principal":"*","Condition":{"StringNotEquals":{"aws:PrincipalOrgID":"${x}"}}"#, "?"),
    ] {
        assert_eq!(door(&deny(rest)), expected, "{rest}");
    }
}

#[test]
fn principals_are_let_in_by_what_they_are() {
    let allow = |principal: &str| {
        format!(r#"{{"Effect":"Allow",{principal},"Action":"kms:Decrypt","Resource":"*"}}"#)
    };
    for (principal, expected) in [
        (
            r#""Principal":{"AWS":["arn:aws:iam::444455556666:role/x","arn:aws:sts::777788889999:assumed-role/y/z"]}"#,
            "444455556666 777788889999",
        ),
        (r#""Principal":{"AWS":"AROAEXAMPLEEXAMPLE123"}"#, ""),
        (r#""NotPrincipal":{"AWS":"arn:aws:iam::444455556666:root"}"#, "anyone"),
        (r#""Principal":{"Service":"logs.eu-west-1.amazonaws.com"}"#, ""),
        (
            r#""Principal":{"Service":"s3.amazonaws.com"},"Condition":{"StringEquals":{"aws:SourceAccount":"444455556666"}}"#,
            "444455556666",
        ),
        (
            r#""Principal":{"Service":"s3.amazonaws.com"},"Condition":{"StringEquals":{"aws:SourceOrgID":"o-abcdefghij"}}"#,
            "o-abcdefghij",
        ),
        (
            r#""Principal":{"Service":"logs.eu-west-1.amazonaws.com"},"Condition":{"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:aws:logs:eu-west-1:444455556666:*"}}"#,
            "444455556666",
        ),
        (r#""Principal":{"Federated":"cognito-identity.amazonaws.com"}"#, "?"),
        (r#""Principal":{"CanonicalUser":"abc"}"#, "?"),
    ] {
        assert_eq!(door(&allow(principal)), expected, "{principal}");
    }
    assert_eq!(door(&allow(r#""Principal":"*""#).replace("kms:Decrypt", "s3:*")), "", "no operation of KMS");
    assert_eq!(
        door(
            &allow(r#""Principal":"*""#)
                .replace(r#""Resource":"*""#, r#""Resource":"arn:aws:kms:eu-west-1:111122223333:key/other""#)
        ),
        ""
    );
}

#[test]
fn an_answer_names_the_statement_that_gives_it() {
    let found = admitted(
        &policy(
            r#"{"Sid":"Wide","Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"StringEquals":{"kms:ViaService":"s3.eu-west-1.amazonaws.com"}}},
            {"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"kms:*","Resource":"*"}"#,
        ),
        KEY,
    );
    assert_eq!(
        found.anyone.as_deref(),
        Some(
            "statement 1 (`Wide`) lets in Principal *, and StringEquals kms:ViaService s3.eu-west-1.amazonaws.com alone keeps out no account"
        )
    );
    let texts: Vec<_> = found.accounts.into_values().collect();
    assert_eq!(texts, ["statement 2, by Principal 444455556666"]);
}
