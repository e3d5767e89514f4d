//! The page of AWS's documentation that a check's rationale stands on: what a reader of a finding opens.

/// The page of a check. None where the check is about this census and not about AWS.
pub fn documentation(check_id: &str) -> Option<&'static str> {
    Some(match check_id {
        "s3_default_encryption" => {
            "https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-bucket-encryption.html"
        }
        "s3_encryption_standard" | "s3_upload_encryption_enforced" => {
            "https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html"
        }
        "s3_key_usable" | "kms_key_disabled" => {
            "https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html"
        }
        "s3_key_in_org" | "kms_policy_outside_org" => {
            "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html"
        }
        "s3_key_rotation" | "kms_rotation_enabled" => {
            "https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys.html"
        }
        "s3_key_reference_by_arn" => {
            "https://docs.aws.amazon.com/AmazonS3/latest/API/API_ServerSideEncryptionByDefault.html"
        }
        "s3_bucket_key" => "https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html",
        "s3_sse_c_blocked" => {
            "https://docs.aws.amazon.com/AmazonS3/latest/userguide/blocking-unblocking-s3-c-encryption-gpb.html"
        }
        "s3_tls_only" => "https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html",
        "kms_rotation_period" => {
            "https://docs.aws.amazon.com/kms/latest/APIReference/API_EnableKeyRotation.html"
        }
        "kms_key_material_age" => {
            "https://docs.aws.amazon.com/kms/latest/developerguide/rotate-keys-manually.html"
        }
        "kms_key_pending_deletion" => {
            "https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html"
        }
        "kms_material_expiring" => {
            "https://docs.aws.amazon.com/kms/latest/developerguide/importing-keys.html"
        }
        "kms_policy_public" => "https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html",
        "kms_policy_service_confused_deputy" | "s3_policy_service_confused_deputy" => {
            "https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html"
        }
        "account_scanned" => "https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html",
        _ => return None,
    })
}
