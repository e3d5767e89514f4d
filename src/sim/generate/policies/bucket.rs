//! Bucket policies: plain HTTP denied well, badly and not at all, and beside it what buckets are for.

use serde_json::{Value, json};

use super::{OUTSIDE_ACCOUNT, document};
use crate::generate::{Shape, Site, organization_id};

/// What a bucket's policy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::generate) enum BucketPolicy {
    /// There is none.
    Nothing,
    /// Plain HTTP is refused.
    Tls,
    /// The same in another spelling of the key, as a list of one.
    TlsCased,
    /// The same in two statements.
    TlsSplit,
    /// Of the objects alone.
    TlsObjectsOnly,
    /// Of one account alone.
    TlsOneAccount,
    /// TLS is allowed, and plain HTTP not refused.
    AllowTls,
    /// A data perimeter: it refuses every principal from outside of the organization but AWS's services, and
    /// plain HTTP.
    Perimeter,
    /// Everyone in the organization may read.
    Organization,
    /// CloudTrail writes to it, for the organization's trail.
    CloudTrail,
    /// Load balancers write their logs to it.
    LoadBalancerLogs,
    /// S3 writes server access logs to it.
    AccessLogs,
    /// The log delivery service writes flow logs to it.
    FlowLogs,
    /// One CloudFront distribution reads it.
    Distribution,
    /// CloudFront reads it, whoever's distribution asks.
    DistributionUnbound,
    /// An acquired company's old owner still reads it.
    OldOwner,
}

/// A bucket's policy, or none.
pub(in crate::generate) fn bucket_policy(
    site: &Site<'_>,
    policy: BucketPolicy,
    name: &str,
) -> Option<String> {
    let place = Place::of(name);
    let mut statements = match policy {
        BucketPolicy::Nothing => return None,
        BucketPolicy::Tls => Vec::new(),
        BucketPolicy::TlsCased => {
            let condition = json!({ "Bool": { "AWS:securetransport": [false] } });
            return Some(document(vec![deny(
                "DenyPlainHttp",
                json!({ "AWS": "*" }),
                place.both(),
                condition,
            )]));
        }
        BucketPolicy::TlsSplit => {
            return Some(document(vec![
                deny("Bucket", json!("*"), json!(place.bucket), plain_http()),
                deny("Objects", json!("*"), json!(place.objects), plain_http()),
            ]));
        }
        BucketPolicy::TlsObjectsOnly => {
            let objects = json!(place.objects);
            return Some(document(vec![deny("ObjectsOnly", json!("*"), objects, plain_http())]));
        }
        BucketPolicy::TlsOneAccount => {
            let own = json!({ "AWS": root(site.id) });
            return Some(document(vec![deny("OneAccountOnly", own, place.both(), plain_http())]));
        }
        BucketPolicy::AllowTls => {
            let condition = json!({ "Bool": { "aws:SecureTransport": "true" } });
            let own = json!({ "AWS": root(site.id) });
            let read = allow("AllowTls", own, json!("s3:GetObject"), json!(place.objects), Some(condition));
            return Some(document(vec![read]));
        }
        BucketPolicy::Perimeter => vec![perimeter(site, &place)],
        BucketPolicy::Organization => vec![organization(site, &place)],
        BucketPolicy::CloudTrail => cloud_trail(site, &place),
        BucketPolicy::LoadBalancerLogs => load_balancer(site, &place),
        BucketPolicy::AccessLogs => access_logs(site, &place),
        BucketPolicy::FlowLogs => flow_logs(site, &place),
        BucketPolicy::Distribution => vec![distribution(site, &place, true)],
        BucketPolicy::DistributionUnbound => return Some(document(vec![distribution(site, &place, false)])),
        BucketPolicy::OldOwner => return Some(document(vec![old_owner(&place)])),
    };
    statements.insert(0, deny("DenyPlainHttp", json!("*"), place.both(), plain_http()));
    Some(document(statements))
}

/// A bucket's policy that refuses plain HTTP and says nothing else.
pub(in crate::generate) fn tls_policy(name: &str) -> String {
    document(vec![deny("DenyPlainHttp", json!("*"), Place::of(name).both(), plain_http())])
}

/// A bucket's policy that admits one VPC endpoint, and so bars every auditor.
pub(in crate::generate) fn endpoint_policy(name: &str) -> String {
    let condition = json!({ "StringNotEquals": { "aws:SourceVpce": "vpce-0a1b2c3d4e5f60718" } });
    document(vec![deny("OnlyFromOurEndpoint", json!("*"), Place::of(name).both(), condition)])
}

/// A bucket's ARN, and that of all its objects.
struct Place {
    bucket: String,
    objects: String,
}

impl Place {
    fn of(name: &str) -> Self {
        let bucket = format!("arn:{}:s3:::{name}", Shape::partition());
        Self { objects: format!("{bucket}/*"), bucket }
    }

    fn both(&self) -> Value {
        json!([self.bucket, self.objects])
    }
}

fn root(account: impl std::fmt::Display) -> String {
    format!("arn:{}:iam::{account}:root", Shape::partition())
}

fn plain_http() -> Value {
    json!({ "Bool": { "aws:SecureTransport": "false" } })
}

fn deny(sid: &str, principal: Value, resource: Value, condition: Value) -> Value {
    json!({ "Sid": sid, "Effect": "Deny", "Principal": principal, "Action": "s3:*",
            "Resource": resource, "Condition": condition })
}

fn allow(sid: &str, principal: Value, action: Value, resource: Value, condition: Option<Value>) -> Value {
    let mut statement = json!({ "Sid": sid, "Effect": "Allow", "Principal": principal, "Action": action,
                                "Resource": resource });
    if let Some(condition) = condition {
        statement["Condition"] = condition;
    }
    statement
}

fn service(name: &str) -> Value {
    json!({ "Service": name })
}

/// The identity perimeter of AWS's own examples (data-perimeter-policy-examples).
fn perimeter(site: &Site<'_>, place: &Place) -> Value {
    let condition = json!({
        "StringNotEqualsIfExists": { "aws:PrincipalOrgID": organization_id(site.shape) },
        "BoolIfExists": { "aws:PrincipalIsAWSService": "false" },
    });
    deny("EnforceIdentityPerimeter", json!("*"), place.both(), condition)
}

fn organization(site: &Site<'_>, place: &Place) -> Value {
    let condition = json!({ "StringEquals": { "aws:PrincipalOrgID": organization_id(site.shape) } });
    let read = json!(["s3:GetObject", "s3:ListBucket"]);
    allow("ReadInOurOrganization", json!("*"), read, place.both(), Some(condition))
}

/// As CloudTrail's guide has it for an organization's trail.
fn cloud_trail(site: &Site<'_>, place: &Place) -> Vec<Value> {
    let management = site.shape.account_id(0);
    let partition = Shape::partition();
    let trail = format!("arn:{partition}:cloudtrail:eu-west-1:{management}:trail/organization");
    let source = json!({ "StringEquals": { "aws:SourceArn": trail } });
    let written = json!({ "StringEquals": { "aws:SourceArn": trail,
                                            "s3:x-amz-acl": "bucket-owner-full-control" } });
    let logs = format!("{}/AWSLogs/{}/*", place.bucket, organization_id(site.shape));
    let trail = || service("cloudtrail.amazonaws.com");
    vec![
        allow("AWSCloudTrailAclCheck", trail(), json!("s3:GetBucketAcl"), json!(place.bucket), Some(source)),
        allow("AWSCloudTrailWrite", trail(), json!("s3:PutObject"), json!(logs), Some(written)),
    ]
}

/// As the guide of Application Load Balancers has it.
fn load_balancer(site: &Site<'_>, place: &Place) -> Vec<Value> {
    let logs = format!("{}/alb/AWSLogs/{}/*", place.bucket, site.id);
    let delivery = service("logdelivery.elasticloadbalancing.amazonaws.com");
    vec![allow("LoadBalancerLogs", delivery, json!("s3:PutObject"), json!(logs), None)]
}

/// As S3's guide has it for server access logs.
fn access_logs(site: &Site<'_>, place: &Place) -> Vec<Value> {
    let condition = json!({
        "ArnLike": { "aws:SourceArn": format!("arn:{}:s3:::acme-*", Shape::partition()) },
        "StringEquals": { "aws:SourceAccount": site.id.to_string() },
    });
    let logs = format!("{}/access/*", place.bucket);
    let logging = service("logging.s3.amazonaws.com");
    vec![allow("S3ServerAccessLogsPolicy", logging, json!("s3:PutObject"), json!(logs), Some(condition))]
}

/// As the VPC guide has it for flow logs.
fn flow_logs(site: &Site<'_>, place: &Place) -> Vec<Value> {
    let arn = format!("arn:{}:logs:eu-west-1:{}:*", Shape::partition(), site.id);
    let condition = json!({
        "StringEquals": { "aws:SourceAccount": site.id.to_string(),
                          "s3:x-amz-acl": "bucket-owner-full-control" },
        "ArnLike": { "aws:SourceArn": arn },
    });
    let check = json!({
        "StringEquals": { "aws:SourceAccount": site.id.to_string() },
        "ArnLike": { "aws:SourceArn": arn },
    });
    let logs = format!("{}/AWSLogs/{}/*", place.bucket, site.id);
    let delivery = || service("delivery.logs.amazonaws.com");
    let acl = json!(["s3:GetBucketAcl", "s3:ListBucket"]);
    vec![
        allow("AWSLogDeliveryWrite", delivery(), json!("s3:PutObject"), json!(logs), Some(condition)),
        allow("AWSLogDeliveryAclCheck", delivery(), acl, json!(place.bucket), Some(check)),
    ]
}

/// CloudFront's origin access control; without the condition, the distribution of any account reads.
fn distribution(site: &Site<'_>, place: &Place, is_bound: bool) -> Value {
    let arn = format!("arn:{}:cloudfront::{}:distribution/E1A2B3C4D5E6F7", Shape::partition(), site.id);
    let condition = is_bound.then(|| json!({ "StringEquals": { "AWS:SourceArn": arn } }));
    let cloudfront = service("cloudfront.amazonaws.com");
    allow("AllowCloudFront", cloudfront, json!("s3:GetObject"), json!(place.objects), condition)
}

fn old_owner(place: &Place) -> Value {
    let owner = json!({ "AWS": root(OUTSIDE_ACCOUNT) });
    let actions = json!(["s3:GetObject", "s3:PutObject", "s3:ListBucket"]);
    allow("OldParentCompany", owner, actions, place.both(), None)
}
