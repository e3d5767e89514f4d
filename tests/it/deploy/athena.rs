//! `deploy/athena.yaml`, which `atrest schema --for cloudformation` prints: tables, views and questions.
//!
//! `ATREST_BLESS=1 cargo test generated` writes it. Every resource is data about data: deploying it again, or
//! deleting it, touches no row of the lake.

use atrest::query::QUERIES;
use atrest::query::cloudformation;
use atrest::query::schema::trino_type;
use atrest::query::views::views;

use super::resolved;
use crate::support::python::{Server, venv};
use crate::support::shell::Shell;

/// The largest template that CloudFormation takes from a bucket (user guide, "CloudFormation quotas").
const LARGEST: usize = 1_000_000;

#[test]
fn the_athena_template_is_one_that_cloudformation_takes() {
    let bytes = cloudformation::template(None).len();
    assert!(bytes < LARGEST, "{bytes} bytes");
}

/// Made in an emulator by Glue's and Athena's own APIs, and read back: what an analyst would find.
#[test]
fn the_athena_template_is_what_an_analyst_finds() {
    let venv = venv();
    let server = Server::start(venv.script("serve_moto.py"));
    let found = venv.run("athena_template.py", [&server.endpoint]).succeeded();
    let counted = format!("9 tables, {} views, {} questions", views().len(), QUERIES.len());
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

/// Names and types as another engine finds them: DuckDB types `date_diff`, `lag` and `row_number` as Trino does.
#[test]
fn an_engine_finds_the_columns_that_a_view_says() {
    let venv = venv();
    let shell = Shell::new().asking(&venv);
    shell.atrest("demo --nights 1 --out d").succeeded();
    let in_duckdb = |kind| match trino_type(kind) {
        "timestamp(3)" => "TIMESTAMP".to_owned(),
        "array(varchar)" => "VARCHAR[]".to_owned(),
        plain => plain.to_uppercase(),
    };
    for view in views() {
        let described = format!("SELECT column_name, column_type FROM (DESCRIBE {})", view.name);
        let line = ["query", "--lake", "d/lake", "--format", "json", "--sql", &described];
        let found = shell.run(line).succeeded().json();
        let pair = |row: &serde_json::Value| {
            (row["column_name"].as_str().unwrap().to_owned(), row["column_type"].as_str().unwrap().to_owned())
        };
        let found: Vec<_> = found.as_array().unwrap().iter().map(pair).collect();
        let said: Vec<_> = view.columns.into_iter().map(|(name, kind)| (name, in_duckdb(kind))).collect();
        assert_eq!(found, said, "{}", view.name);
    }
}
