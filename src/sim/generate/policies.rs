//! Policy texts: keys' and buckets', the latter with TLS denied well, badly and not at all.

use serde_json::{Value, json};

use super::{Shape, Site};
use crate::sim::world::default_key_policy;

/// A key's policy: the default one, or one in which the account's policies and an application share.
pub(super) fn key_policy(site: &Site<'_>, index: usize) -> String {
    let partition = Shape::partition();
    if index % 3 != 1 {
        return default_key_policy(&partition, site.id);
    }
    let root = format!("arn:{partition}:iam::{}:root", site.id);
    let application = format!("arn:{partition}:iam::{}:role/application", site.id);
    json!({
        "Version": "2012-10-17",
        "Statement": [
            { "Sid": "Administrators", "Effect": "Allow", "Principal": { "AWS": root },
              "Action": "kms:*", "Resource": "*" },
            { "Sid": "Use", "Effect": "Allow", "Principal": { "AWS": application },
              "Action": ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey*"], "Resource": "*" },
        ],
    })
    .to_string()
}

/// A key's policy that names one role only, and so bars every auditor.
pub(super) fn barring_key_policy(site: &Site<'_>) -> String {
    let role = format!("arn:{}:iam::{}:role/vault", Shape::partition(), site.id);
    json!({
        "Version": "2012-10-17",
        "Statement": [{ "Sid": "VaultOnly", "Effect": "Allow", "Principal": { "AWS": role },
                        "Action": "kms:*", "Resource": "*" }],
    })
    .to_string()
}

/// A bucket's policy, or none.
pub(super) fn bucket_policy(site: &Site<'_>, name: &str, index: usize, closed: bool) -> Option<String> {
    let bucket = format!("arn:{}:s3:::{name}", Shape::partition());
    let objects = format!("{bucket}/*");
    let both = json!([bucket, objects]);
    let plain = json!({ "Bool": { "aws:SecureTransport": "false" } });
    if closed {
        let condition = json!({ "StringNotEquals": { "aws:SourceVpce": "vpce-0a1b2c3d4e5f60718" } });
        return Some(document(vec![deny("OnlyFromOurEndpoint", json!("*"), both, condition)]));
    }
    let root = json!({ "AWS": format!("arn:{}:iam::{}:root", Shape::partition(), site.id) });
    Some(document(match (index + 3 * site.index) % 10 {
        0..=3 => vec![deny("DenyPlainHttp", json!("*"), both, plain)],
        4 => {
            let condition = json!({ "Bool": { "AWS:securetransport": [false] } });
            vec![deny("DenyPlainHttp", json!({ "AWS": "*" }), both, condition)]
        }
        5 => vec![
            deny("Bucket", json!("*"), json!(bucket), plain.clone()),
            deny("Objects", json!("*"), json!(objects), plain),
        ],
        6 => vec![deny("ObjectsOnly", json!("*"), json!(objects), plain)],
        7 => vec![deny("OneAccountOnly", root, both, plain)],
        8 => vec![json!({ "Sid": "AllowTls", "Effect": "Allow", "Principal": root, "Action": "s3:GetObject",
                          "Resource": objects, "Condition": { "Bool": { "aws:SecureTransport": "true" } } })],
        _ => return None,
    }))
}

fn deny(sid: &str, principal: Value, resource: Value, condition: Value) -> Value {
    json!({ "Sid": sid, "Effect": "Deny", "Principal": principal, "Action": "s3:*",
            "Resource": resource, "Condition": condition })
}

fn document(statements: Vec<Value>) -> String {
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}
