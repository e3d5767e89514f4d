//! The census for Athena as one CloudFormation template: the tables from the columns registry, the views, and the
//! shipped questions as saved queries.
//!
//! Every resource is data about data: deploying the template again, or deleting it, touches no row of the lake.

mod named_queries;
mod tables;
mod views;

use std::fmt::Write as _;

use super::schema::FIRST_DAY;

const HEAD: &str = r#"# The census as Athena sees it: tables, views and questions. Generated from the columns registry, the views and
# the files under queries/: change those, and write this file with ATREST_BLESS=1 cargo test generated. An installed
# atrest prints it: atrest schema --for cloudformation
#
# Parquet by name, so that nights of an older schema read as well; days are projected on dt, so that no night
# has to be registered. Only runs with a row in `runs` are committed: the views see to it.
#
# It is larger than what a request may carry: deploy it by way of a bucket (--s3-bucket), as README.md says.
AWSTemplateFormatVersion: "2010-09-09"
Description: "atrest: the tables, views and questions of the census"

Parameters:
  DatabaseName:
    Type: String
    Description: The Glue database, as census.yaml made it
    Default: atrest
    AllowedPattern: "^[a-z0-9_]{1,255}$"
  WorkGroup:
    Type: String
    Description: The Athena workgroup that the questions are saved in, as census.yaml made it
    Default: atrest
    AllowedPattern: "^[a-zA-Z0-9._-]{1,128}$"
  LakeUri:
    Type: String
    Description: The lake, as census.yaml gives it out
LAKE_DEFAULT    AllowedPattern: "^s3://[a-z0-9.-]{3,63}(/[^/]+)*$"
    ConstraintDescription: s3://bucket/prefix without a slash at the end
  FirstNight:
    Type: String
    Description: The date of the first night. A query that names no day asks S3 for every day since
    Default: "FIRST_DAY"
    AllowedPattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"

Resources:
"#;

/// The whole template, as `deploy/athena.yaml` has it; a lake that is given is its parameter's default.
pub fn template(lake: Option<&str>) -> String {
    let default = lake.map(|lake| format!("    Default: {}\n", quoted(lake))).unwrap_or_default();
    let head = HEAD.replace("FIRST_DAY", FIRST_DAY).replace("LAKE_DEFAULT", &default);
    let resources = tables::resources().chain(views::resources()).chain(named_queries::resources());
    head + &resources.collect::<Vec<_>>().join("\n")
}

/// `posture_by_ou` as a logical name begins: `PostureByOu`.
fn logical(name: &str) -> String {
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('_').map(word).collect()
}

/// In YAML's double quotes, which know JSON's escapes.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The text as a block of YAML, so deep.
fn block(text: &str, indent: usize) -> String {
    let mut made = String::new();
    for line in text.lines() {
        let _ = writeln!(made, "{:indent$}{line}", "");
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_logical_names() {
        assert_eq!(logical("posture_by_ou"), "PostureByOu");
        assert_eq!(block("a\n  b\n", 4), "    a\n      b\n");
    }
}
