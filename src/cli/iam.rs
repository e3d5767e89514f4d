//! `atrest iam`: least-privilege policies, made from the operations table.

use serde_json::{Value, json};

use super::args::{IamArgs, IamRole};
use super::error::CliError;
use super::lake::LakeUri;
use super::print;
use crate::aws::ops::{Grant, actions};
use crate::model::Partition;

/// Prints one policy as JSON.
pub fn run(args: &IamArgs) -> Result<(), CliError> {
    let policy = match args.role {
        IamRole::Audit => policy(vec![statement("AtrestAudit", &actions(Grant::Audit), json!("*"))]),
        IamRole::Scan => policy(scan(&args.partition, &args.role_name)),
        IamRole::Lake => policy(lake(&args.partition, args.lake.as_ref())?),
        IamRole::Remediation => {
            return Err(CliError::usage(
                "`atrest iam --role remediation` is reserved: atrest writes nothing yet",
            ));
        }
    };
    print::data(&format!("{policy:#}\n"));
    Ok(())
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

fn lake(partition: &Partition, lake: Option<&LakeUri>) -> Result<Vec<Value>, CliError> {
    let Some((bucket, prefix)) = lake.and_then(LakeUri::s3) else {
        return Err(
            CliError::usage("the lake's policy is for one lake").hint("add --lake s3://bucket/prefix")
        );
    };
    let (list, objects): (Vec<&str>, Vec<&str>) =
        actions(Grant::Lake).into_iter().partition(|action| *action == "s3:ListBucket");
    let inside = if prefix.is_empty() { "*".to_owned() } else { format!("{prefix}/*") };
    let mut listing = statement("AtrestListLake", &list, json!(format!("arn:{partition}:s3:::{bucket}")));
    if !prefix.is_empty() {
        listing["Condition"] = json!({ "StringLike": { "s3:prefix": [inside.clone()] } });
    }
    let resource = json!(format!("arn:{partition}:s3:::{bucket}/{inside}"));
    Ok(vec![listing, statement("AtrestWriteLake", &objects, resource)])
}
