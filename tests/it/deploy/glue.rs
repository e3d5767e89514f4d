//! The Glue tables of `deploy/glue.yaml`, which is made whole from the columns registry.
//!
//! `ATREST_BLESS=1 cargo test deploy` writes it. A table's days are projected from a date and not
//! registered one by one, so that a committed night can be asked for at once and nothing has to crawl.

use std::fmt::Write as _;
use std::fs;

use atrest::table::{ColumnInfo, TABLES, TableInfo};

use super::{deploy, is_blessed};
use crate::support::rust::read;

/// The longest comment that Glue takes on a column (API reference, `Column`).
const LONGEST_COMMENT: usize = 255;

const HEAD: &str = r#"# The census's tables, as Athena sees them. Generated from the columns registry: change src/table, and
# write this file with ATREST_BLESS=1 cargo test deploy.
#
# Parquet by name, so that nights of an older schema read as well; days are projected on dt, so that no night
# has to be registered. Only runs with a row in `runs` are committed: join on dt and run_id.
AWSTemplateFormatVersion: "2010-09-09"
Description: "atrest: the tables of the census"

Parameters:
  DatabaseName:
    Type: String
    Description: The Glue database, as census.yaml made it
    Default: atrest
    AllowedPattern: "^[a-z0-9_]{1,255}$"
  LakeUri:
    Type: String
    Description: The lake, as census.yaml gives it out
    AllowedPattern: "^s3://[a-z0-9.-]{3,63}(/[^/]+)*$"
    ConstraintDescription: s3://bucket/prefix without a slash at the end
  FirstNight:
    Type: String
    Description: The date of the oldest night that can be asked for
    Default: "2026-01-01"
    AllowedPattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"

Resources:
"#;

/// The whole template.
fn template() -> String {
    let tables: Vec<String> = TABLES.iter().map(table).collect();
    HEAD.to_owned() + &tables.join("\n")
}

fn table(table: &TableInfo) -> String {
    let name = table.name;
    let (first, rest) = name.split_at(1);
    let mut text = format!(
        r#"  {}{rest}Table:
    Type: AWS::Glue::Table
    Properties:
      CatalogId: !Ref AWS::AccountId
      DatabaseName: !Ref DatabaseName
      TableInput:
        Name: {name}
        Description: {}
        TableType: EXTERNAL_TABLE
        Parameters:
          EXTERNAL: "TRUE"
          classification: parquet
          projection.enabled: "true"
          projection.dt.type: date
          projection.dt.format: yyyy-MM-dd
          projection.dt.interval: "1"
          projection.dt.interval.unit: DAYS
          projection.dt.range: !Sub "${{FirstNight}},NOW"
          storage.location.template: !Sub "${{LakeUri}}/{name}/dt=${{!dt}}/"
        PartitionKeys:
          - Name: dt
            Type: string
            Comment: The UTC date of the run
        StorageDescriptor:
          Location: !Sub "${{LakeUri}}/{name}/"
          InputFormat: org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat
          OutputFormat: org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat
          SerdeInfo:
            SerializationLibrary: org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe
            Parameters:
              parquet.column.index.access: "false"
          Columns:
"#,
        first.to_uppercase(),
        quoted(table.doc),
    );
    table.columns().iter().for_each(|it| text.push_str(&column(it)));
    text
}

fn column(column: &ColumnInfo) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "            - Name: {}", column.name);
    let _ = writeln!(text, "              Type: {}", column.kind);
    let _ = writeln!(text, "              Comment: {}", quoted(&comment(column.doc)));
    text
}

/// As many whole sentences as Glue takes; the README has them all.
fn comment(doc: &str) -> String {
    // CloudFormation's own texts are ASCII: what else comes back as question marks.
    let plain = doc.replace('`', "").replace('…', "...");
    let mut kept = String::new();
    for sentence in plain.split_inclusive(". ") {
        if kept.chars().count() + sentence.trim_end().chars().count() > LONGEST_COMMENT {
            break;
        }
        kept.push_str(sentence);
    }
    if kept.is_empty() {
        kept = plain.chars().take(LONGEST_COMMENT).collect();
    }
    kept.trim_end().to_owned()
}

/// In YAML's double quotes, which know JSON's escapes.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[test]
fn the_glue_tables_are_what_the_registry_says() {
    let path = deploy("glue.yaml");
    let new = template();
    if is_blessed() {
        fs::write(&path, &new).unwrap();
    }
    assert!(read(&path) == new, "deploy/glue.yaml is stale: write it with ATREST_BLESS=1 cargo test deploy");
}

#[test]
fn comments_end_with_a_sentence() {
    let long = format!("One. Two `word`. {}", "x".repeat(300));
    assert_eq!(comment(&long), "One. Two word.");
    assert_eq!(comment(&"y".repeat(300)).chars().count(), LONGEST_COMMENT);
    assert_eq!(comment("Short."), "Short.");
}
