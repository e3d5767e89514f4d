//! `atrest iam`: least-privilege policies, made from the operations table.

use serde_json::{Value, json};

use super::args::{IamArgs, IamRole};
use super::error::CliError;
use super::lake_uri::LakeUri;
use super::print;
use crate::aws::s3_lake::settings::is_access_point;
use crate::model::Partition;
use crate::operation::{Grant, LAKE_KEY_ACTIONS, actions};

/// Prints one policy as JSON.
pub fn run(args: &IamArgs) -> Result<(), CliError> {
    let policy = match args.role {
        IamRole::Audit => policy(vec![statement("AtrestAudit", &actions(Grant::Audit), json!("*"))]),
        IamRole::Scan => policy(scan(&args.partition, &args.role_name)),
        IamRole::Lake => policy(lake(args)?),
        IamRole::Remediation => {
            return Err(CliError::usage(
                "`atrest iam --role remediation` is reserved: atrest writes nothing yet",
            ));
        }
    };
    print::data(&format!("{policy:#}\n"))
}

fn policy(statements: Vec<Value>) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn statement(sid: &str, actions: &[&str], resource: Value) -> Value {
    json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource })
}

/// Lists the organization, which knows no narrower resource, and assumes the one role.
fn scan(partition: &Partition, role_name: &str) -> Vec<Value> {
    let (assume, list): (Vec<&str>, Vec<&str>) =
        actions(Grant::Scan).into_iter().partition(|action| *action == "sts:AssumeRole");
    vec![
        statement("AtrestListOrganization", &list, json!("*")),
        statement(
            "AtrestAssumeAuditRole",
            &assume,
            json!(format!("arn:{partition}:iam::*:role/{role_name}")),
        ),
    ]
}

fn lake(args: &IamArgs) -> Result<Vec<Value>, CliError> {
    let partition = &args.partition;
    let Some((bucket, prefix)) = args.lake.as_ref().and_then(LakeUri::s3) else {
        return Err(
            CliError::usage("the lake's policy is for one lake").hint("add --lake s3://bucket/prefix")
        );
    };
    if let Some(wildcard) = ["*", "?", "${"].into_iter().find(|it| bucket.contains(it) || prefix.contains(it))
    {
        return Err(CliError::usage(format!(
            "s3://{bucket}/{prefix} has `{wildcard}`, which a policy reads as a pattern: it would allow more than one lake"
        ))
        .hint("name the bucket and the prefix of one lake"));
    }
    if is_access_point(bucket) {
        return Err(CliError::usage(format!(
            "{bucket} is the alias of an access point, which no policy can name"
        ))
        .hint(
            "give the bucket in --lake, and add the access point's own ARN to the policy's resources: \
                 arn:aws:s3:REGION:ACCOUNT:accesspoint/NAME, and …/object/PREFIX/* for the objects",
        ));
    }
    let (list, objects): (Vec<&str>, Vec<&str>) =
        actions(Grant::Lake).into_iter().partition(|action| *action == "s3:ListBucket");
    let inside = if prefix.is_empty() { "*".to_owned() } else { format!("{prefix}/*") };
    let bucket_arn = format!("arn:{partition}:s3:::{bucket}");
    let mut listing = statement("AtrestListLake", &list, json!(bucket_arn));
    if !prefix.is_empty() {
        listing["Condition"] = json!({ "StringLike": { "s3:prefix": [inside.clone()] } });
    }
    let resource = json!(format!("{bucket_arn}/{inside}"));
    let key =
        key(partition, args.lake_kms_key.as_deref(), &[bucket_arn.clone(), format!("{bucket_arn}/{inside}")]);
    Ok(vec![key, listing, statement("AtrestWriteLake", &objects, resource)])
}

/// What S3 asks of KMS in the caller's name, where the lake is encrypted with a KMS key. A key that is not
/// named is bound by what S3 tells KMS of the object: the bucket's ARN with an S3 Bucket Key, else its own
/// (S3 User Guide, "Protecting data with server-side encryption with AWS KMS keys": encryption context).
fn key(partition: &Partition, key: Option<&str>, encrypted: &[String]) -> Value {
    let suffix = if partition.as_str() == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
    let service = |region: &str| format!("s3.{region}.{suffix}");
    let (resource, condition) = match key {
        // S3 and the key that it uses are in one Region.
        Some(key) => {
            let region = key.split(':').nth(3).unwrap_or("*");
            (key.to_owned(), json!({ "StringEquals": { "kms:ViaService": service(region) } }))
        }
        None => (
            format!("arn:{partition}:kms:*:*:key/*"),
            json!({ "StringLike": {
                "kms:ViaService": service("*"),
                "kms:EncryptionContext:aws:s3:arn": encrypted,
            } }),
        ),
    };
    let mut statement = statement("AtrestLakeKey", LAKE_KEY_ACTIONS, json!(resource));
    statement["Condition"] = condition;
    statement
}
