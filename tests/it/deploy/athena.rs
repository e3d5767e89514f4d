//! `deploy/athena.yaml`, which is made whole: the tables from the columns registry, the views from
//! `query::views`, the questions from `queries/`.
//!
//! `ATREST_BLESS=1 cargo test deploy` writes it. Every resource is data about data: deploying it again, or
//! deleting it, touches no row of the lake.

mod named_queries;
mod tables;
mod views;

use std::fmt::Write as _;
use std::fs;

use atrest::query::{QUERIES, schema};

use super::{deploy, is_blessed, resolved};
use crate::support::python::{Server, venv};
use crate::support::rust::read;

/// The largest template that CloudFormation takes from a bucket (user guide, "CloudFormation quotas").
const LARGEST: usize = 1_000_000;

const HEAD: &str = r#"# The census as Athena sees it: tables, views and questions. Generated from the columns registry, the views and
# the files under queries/: change those, and write this file with ATREST_BLESS=1 cargo test deploy.
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
    AllowedPattern: "^s3://[a-z0-9.-]{3,63}(/[^/]+)*$"
    ConstraintDescription: s3://bucket/prefix without a slash at the end
  FirstNight:
    Type: String
    Description: The date of the first night. A query that names no day asks S3 for every day since
    Default: "FIRST_DAY"
    AllowedPattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"

Resources:
"#;

/// The whole template.
fn template() -> String {
    let head = HEAD.replace("FIRST_DAY", schema::FIRST_DAY);
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

#[test]
fn the_athena_template_is_what_the_code_says() {
    let path = deploy("athena.yaml");
    let new = template();
    if is_blessed() {
        fs::write(&path, &new).unwrap();
    }
    assert!(
        read(&path) == new,
        "deploy/athena.yaml is stale: write it with ATREST_BLESS=1 cargo test deploy"
    );
    assert!(new.len() < LARGEST, "{} bytes", new.len());
}

/// Made in an emulator by Glue's and Athena's own APIs, and read back: what an analyst would find.
#[test]
fn the_athena_template_is_what_an_analyst_finds() {
    let venv = venv();
    let server = Server::start(venv.script("serve_moto.py"));
    let found = venv.run("athena_template.py", [&server.endpoint]).succeeded();
    let counted =
        format!("9 tables, {} views, {} questions", atrest::query::views::views().len(), QUERIES.len());
    assert!(found.stdout.contains(&counted), "{found}");
}

#[test]
fn the_census_and_its_tables_fit_together() {
    let venv = venv();
    let (census, athena) = (resolved(&venv, "census.yaml"), resolved(&venv, "athena.yaml"));
    // The README's commands give the lake's URI; the other two are defaults on both sides.
    for (output, parameter) in
        [("DatabaseName", "DatabaseName"), ("WorkGroupName", "WorkGroup"), ("LakeUri", "LakeUri")]
    {
        let (given, taken) = (&census["Outputs"][output]["Value"], &athena["Parameters"][parameter]);
        assert!(given.is_string() && given == taken, "{output} is {given}, {parameter} {taken}");
    }
}

#[test]
fn names_become_logical_names() {
    assert_eq!(logical("posture_by_ou"), "PostureByOu");
    assert_eq!(block("a\n  b\n", 4), "    a\n      b\n");
}
