//! Key policies: who may use a key, and through what.

use serde_json::{Value, json};

use super::{OUTSIDE_ACCOUNT, document};
use crate::generate::{Shape, Site, organization_id};
use crate::world::default_key_policy;

/// What a key's policy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::generate) enum KeyPolicy {
    /// As KMS makes it: the account's own policies decide.
    Default,
    /// The same, and an application uses it.
    Application,
    /// The same, and everyone in the organization uses it through S3.
    Organization,
    /// The same, and CloudTrail encrypts with it for the organization's trail.
    CloudTrail,
    /// The same, and the log delivery service uses it for the account's own logs.
    LogDelivery,
    /// The same, and whoever is of the account uses it through S3, as AWS managed keys have it.
    CallerAccount,
    /// The same, and S3 uses it for the account's own buckets.
    BoundService,
    /// The same, and S3 uses it, whoever's bucket asks.
    UnboundService,
    /// The same, and any account uses it through S3.
    ThroughService,
    /// The same, and an acquired company's old owner still uses it.
    OldOwner,
}

const USE: [&str; 5] =
    ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"];

/// A key's policy.
pub(in crate::generate) fn key_policy(site: &Site<'_>, policy: KeyPolicy) -> String {
    let partition = Shape::partition();
    let (own, s3) = (site.id.to_string(), json!("s3.*.amazonaws.com"));
    let used = json!(USE);
    let by_service = |name: &str| json!({ "Service": name });
    let statement = match policy {
        KeyPolicy::Default => return default_key_policy(&partition, site.id),
        KeyPolicy::Application => {
            let role = json!({ "AWS": format!("arn:{partition}:iam::{own}:role/application") });
            let actions = json!(["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey*"]);
            allow("Use", role, actions, None)
        }
        KeyPolicy::Organization => {
            let condition = json!({
                "StringEquals": { "aws:PrincipalOrgID": organization_id(site.shape) },
                "StringLike": { "kms:ViaService": s3 },
            });
            allow("UseInOurOrganizationThroughS3", json!({ "AWS": "*" }), used, Some(condition))
        }
        KeyPolicy::CloudTrail => {
            let management = site.shape.account_id(0);
            let trail = format!("arn:{partition}:cloudtrail:eu-west-1:{management}:trail/organization");
            let condition = json!({
                "StringEquals": { "aws:SourceArn": trail },
                "StringLike": { "kms:EncryptionContext:aws:cloudtrail:arn":
                                format!("arn:{partition}:cloudtrail:*:{management}:trail/*") },
            });
            let actions = json!(["kms:GenerateDataKey*", "kms:DescribeKey"]);
            allow("CloudTrailEncrypts", by_service("cloudtrail.amazonaws.com"), actions, Some(condition))
        }
        KeyPolicy::LogDelivery => {
            let condition = json!({ "StringEquals": { "aws:SourceAccount": own } });
            allow("LogDelivery", by_service("delivery.logs.amazonaws.com"), used, Some(condition))
        }
        KeyPolicy::CallerAccount => {
            let condition = json!({
                "StringEquals": { "kms:CallerAccount": own },
                "StringLike": { "kms:ViaService": s3 },
            });
            allow("UseInTheAccountThroughS3", json!({ "AWS": "*" }), used, Some(condition))
        }
        KeyPolicy::BoundService => {
            let condition = json!({ "StringEquals": { "aws:SourceAccount": own } });
            allow("S3ForOurBuckets", by_service("s3.amazonaws.com"), used, Some(condition))
        }
        KeyPolicy::UnboundService => allow("S3", by_service("s3.amazonaws.com"), used, None),
        KeyPolicy::ThroughService => {
            let condition = json!({ "StringLike": { "kms:ViaService": s3 } });
            allow("ThroughS3", json!({ "AWS": "*" }), used, Some(condition))
        }
        KeyPolicy::OldOwner => {
            let owner = json!({ "AWS": format!("arn:{partition}:iam::{OUTSIDE_ACCOUNT}:root") });
            allow("OldParentCompany", owner, used, None)
        }
    };
    let root = json!({ "AWS": format!("arn:{partition}:iam::{own}:root") });
    document(vec![allow("Administrators", root, json!("kms:*"), None), statement])
}

/// A key's policy that names one role only, and so bars every auditor.
pub(in crate::generate) fn barring_key_policy(site: &Site<'_>) -> String {
    let role = format!("arn:{}:iam::{}:role/vault", Shape::partition(), site.id);
    document(vec![allow("VaultOnly", json!({ "AWS": role }), json!("kms:*"), None)])
}

fn allow(sid: &str, principal: Value, action: Value, condition: Option<Value>) -> Value {
    let mut statement = json!({ "Sid": sid, "Effect": "Allow", "Principal": principal, "Action": action,
                                "Resource": "*" });
    if let Some(condition) = condition {
        statement["Condition"] = condition;
    }
    statement
}
