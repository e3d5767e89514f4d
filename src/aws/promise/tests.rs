//! Bodies as AWS sends them, and what must not pass for one.

use super::table::PROMISES;
use super::xml::NOT_XML;
use super::*;
use crate::operation::OPERATIONS;

const ENCRYPTION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
    <ServerSideEncryptionConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Rule>\
    <ApplyServerSideEncryptionByDefault><SSEAlgorithm>aws:kms</SSEAlgorithm><KMSMasterKeyID>k</KMSMasterKeyID>\
    </ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled>\
    <BlockedEncryptionTypes><EncryptionType>SSE-C</EncryptionType></BlockedEncryptionTypes></Rule>\
    </ServerSideEncryptionConfiguration>";

fn hold(operation: &str, body: &str) -> Result<(), Broken> {
    held(operation, 200, "https://s3.eu-west-1.amazonaws.com/b?encryption", body.as_bytes())
}

#[test]
fn every_operation_has_a_promise() {
    for operation in OPERATIONS {
        assert!(of(operation.name).is_some(), "{}", operation.id);
    }
    assert_eq!(PROMISES.len(), OPERATIONS.len());
}

#[test]
fn answers_as_aws_sends_them_hold() {
    for (operation, body) in [
        ("GetKeyRotationStatus", r#"{"KeyRotationEnabled":false,"KeyId":"k"}"#),
        ("GetBucketEncryption", ENCRYPTION),
        ("ListKeys", r#"{"Keys":[{"KeyId":"a","KeyArn":"b"},{"KeyId":"a"}],"KeyCount":2,"Truncated":false}"#),
        (
            "ListBuckets",
            "<ListAllMyBucketsResult><Buckets><Bucket><Name>a</Name></Bucket><Bucket><Name>b</Name></Bucket></Buckets></ListAllMyBucketsResult>",
        ),
        ("GetBucketLocation", "<LocationConstraint xmlns='x'/>"),
        (
            "ListObjectsV2",
            "<ListBucketResult><Contents><Key>a</Key></Contents><Contents><Key>b</Key></Contents></ListBucketResult>",
        ),
        ("GetBucketPolicy", "{ not looked at"),
    ] {
        assert_eq!(hold(operation, body), Ok(()), "{operation}");
    }
}

#[test]
fn what_the_sdk_would_fill_in_is_missing() {
    let lacks = |name: &str| Err(Broken::Lacks(name.to_owned()));
    for body in ["{}", r#"{"KeyRotationEnabled":null}"#, r#"{"KeyId":"k"}"#] {
        assert_eq!(hold("GetKeyRotationStatus", body), lacks("KeyRotationEnabled"), "{body}");
    }
    assert_eq!(hold("ListKeys", r#"{"Keys":[]}"#), lacks("Truncated"));
    assert_eq!(hold("ListKeys", r#"{"Truncated":false}"#), lacks("Keys"));
    assert_eq!(hold("DescribeKey", r#"{"KeyMetadata":{"KeyId":"","Arn":"a"}}"#), lacks("KeyMetadata.KeyId"));
    let no_algorithm = ENCRYPTION.replace("<SSEAlgorithm>aws:kms</SSEAlgorithm>", "<SSEAlgorithm/>");
    assert_eq!(
        hold("GetBucketEncryption", &no_algorithm),
        lacks("Rule.ApplyServerSideEncryptionByDefault.SSEAlgorithm")
    );
    let no_rule = "<ServerSideEncryptionConfiguration/>";
    assert_eq!(hold("GetBucketEncryption", no_rule), lacks("Rule"));
}

#[test]
fn of_two_members_of_one_name_none_is_believed() {
    let twice = r#"{"KeyRotationEnabled":true,"KeyId":"k","KeyRotationEnabled":false}"#;
    assert_eq!(hold("GetKeyRotationStatus", twice), Err(Broken::Twice("KeyRotationEnabled".into())));
    let twice = ENCRYPTION.replace("<KMS", "<SSEAlgorithm>AES256</SSEAlgorithm><KMS");
    let path = "Rule.ApplyServerSideEncryptionByDefault.SSEAlgorithm";
    assert_eq!(hold("GetBucketEncryption", &twice), Err(Broken::Twice(path.into())));
}

#[test]
fn a_body_that_breaks_off_is_not_whole_wherever_it_does() {
    for end in 0..ENCRYPTION.len() {
        assert!(hold("GetBucketEncryption", &ENCRYPTION[..end]).is_err(), "{}", &ENCRYPTION[..end]);
    }
    let status = r#"{"KeyRotationEnabled":true,"KeyId":"k"}"#;
    for end in 0..status.len() {
        assert_eq!(hold("GetKeyRotationStatus", &status[..end]), Err(Broken::NotWhole("JSON object")));
    }
    for body in
        ["[]", "null", "true", r#"{"KeyRotationEnabled":true} {}"#, r#"[{"KeyRotationEnabled":true}]"#]
    {
        assert_eq!(hold("GetKeyRotationStatus", body), Err(Broken::NotWhole("JSON object")), "{body}");
    }
    for body in ["<Other/>", "<LocationConstraint></Other>", "<LocationConstraint/><LocationConstraint/>"] {
        assert_eq!(hold("GetBucketLocation", body), Err(NOT_XML), "{body}");
    }
    let text = "<ListAllMyBucketsResult><Buckets>text</Buckets></ListAllMyBucketsResult>";
    assert_eq!(hold("ListBuckets", text), Err(NOT_XML));
    assert!(Broken::Lacks("x".into()).stays() && !NOT_XML.stays());
}

#[test]
fn a_list_has_its_entries_alone() {
    let buckets = |entries: &str| {
        hold(
            "ListBuckets",
            &format!("<ListAllMyBucketsResult><Buckets>{entries}</Buckets></ListAllMyBucketsResult>"),
        )
    };
    assert_eq!(buckets("<Bucket><Name>a</Name></Bucket><Bucket><Name>b</Name></Bucket>"), Ok(()));
    let strange = buckets("<Bucket><Name>a</Name></Bucket><bucket><Name>b</Name></bucket>");
    assert_eq!(strange, Err(Broken::Strange("Buckets.bucket".into())));
}

#[test]
fn a_text_is_in_one_piece() {
    let bucket = |name: &str| {
        let body = format!(
            "<ListAllMyBucketsResult><Buckets><Bucket><Name>{name}</Name></Bucket></Buckets></ListAllMyBucketsResult>"
        );
        hold("ListBuckets", &body)
    };
    assert_eq!(bucket("by-arn"), Ok(()));
    // The SDK reads `by-a`, which is another bucket, of each of these, or none.
    for name in [
        "by-a<![CDATA[]]>rn",
        "by-a<!-- a -->rn",
        "by-a<?a b?>rn",
        " <!-- a -->by-arn",
        "by-a<b/>rn",
        "by-a<b>rn</b>",
        "<![CDATA[by-arn]]>",
    ] {
        assert_eq!(bucket(name), Err(Broken::InPieces("Buckets.Bucket.Name".into())), "{name}");
    }
    assert!(Broken::InPieces("x".into()).stays());
}

#[test]
fn a_404_is_s3s_own_and_about_the_bucket_that_was_asked_for() {
    let url = "https://s3.eu-west-1.amazonaws.com/my-bucket?policy";
    let error = |body: &str| held("GetBucketPolicy", 404, url, body.as_bytes());
    let named = |bucket: &str| {
        format!("<Error><Code>NoSuchBucketPolicy</Code><BucketName>{bucket}</BucketName></Error>")
    };
    assert_eq!(error("<Error><Code>NoSuchBucketPolicy</Code><Message/></Error>"), Ok(()));
    assert_eq!(error(&named("my-bucket")), Ok(()));
    assert_eq!(error(&named("my-bucket2")), Err(Broken::OtherBucket));
    assert_eq!(error("<html><Code>NoSuchBucketPolicy</Code></html>"), Err(NOT_XML));
    assert_eq!(
        error("<Error><a><Code>NoSuchBucketPolicy</Code></a></Error>"),
        Err(Broken::Lacks("Code".into()))
    );
    let twice = "<Error><Code>AccessDenied</Code><Code>NoSuchBucketPolicy</Code></Error>";
    assert_eq!(error(twice), Err(Broken::Twice("Code".into())));
    let host = "https://my-bucket.s3.eu-west-1.amazonaws.com/?policy";
    assert_eq!(held("GetBucketPolicy", 404, host, named("my-bucket").as_bytes()), Ok(()));
}
