//! The views, as Athena itself leaves them in Glue: a table without files, whose text is JSON in base64.
//!
//! AWS documents no resource for it. What Athena writes was read off by Theo Tolv (Stack Overflow, answer
//! 56347331) and is what his `iconara/terraform-aws-athena-view` makes; `mapbox/cloudfriend`
//! (`glue-presto-view.js`) makes it by CloudFormation, with Athena's fixed words for `comment` and the
//! expanded text. Of there: the keys of the JSON (`originalSql`, `catalog`, `schema`, `columns`), the type
//! words of Presto in the JSON and of Hive in the descriptor, and an empty `SerdeInfo`, without which Athena
//! says "Table storage descriptor is missing SerDe info" (terraform-provider-aws#28517). `timestamp(3)` is
//! what engine 3 calls Hive's timestamp (terraform-provider-aws#47079). It is Trino's
//! `ConnectorViewDefinition`; the owner and the flags that Athena adds may be left out there, and then a
//! view reads with the rights of whoever asks. Trino 435 was given the 22 texts, with a catalog and a schema
//! of its own, and read them; Athena was not at hand. An engine that finds other columns than are said here
//! calls the view stale (prestodb/presto#14208).

use std::fmt::Write as _;

use atrest::query::schema::trino_type;
use atrest::query::views::{View, views};

use super::{block, logical, quoted};
use crate::support::python::venv;
use crate::support::shell::Shell;

pub fn resources() -> impl Iterator<Item = String> {
    views().into_iter().map(|view| resource(&view))
}

fn resource(view: &View) -> String {
    let mut text = format!(
        r#"  {}View:
    Type: AWS::Glue::Table
    Properties:
      CatalogId: !Ref AWS::AccountId
      DatabaseName: !Ref DatabaseName
      TableInput:
        Name: {}
        Description: {}
        TableType: VIRTUAL_VIEW
        Parameters:
          presto_view: "true"
          comment: Presto View
        ViewExpandedText: /* Presto View */
        ViewOriginalText: !Join
          - ""
          - - "/* Presto View: "
            - Fn::Base64: !Sub |-
{}            - " */"
        StorageDescriptor:
          SerdeInfo: {{}}
          Columns:
"#,
        logical(&view.name),
        view.name,
        quoted(view.doc),
        block(&definition(view), 16),
    );
    for (name, kind) in &view.columns {
        let _ = writeln!(text, "            - Name: {name}\n              Type: {kind}");
    }
    text
}

/// The JSON, with a reference for the database.
fn definition(view: &View) -> String {
    assert!(!view.sql.contains("${"), "{}: what is left open has no place in a view", view.name);
    let column =
        |(name, kind): &(String, _)| format!(r#"    {{"name": "{name}", "type": "{}"}}"#, trino_type(*kind));
    let columns: Vec<String> = view.columns.iter().map(column).collect();
    format!(
        "{{\n  \"originalSql\": {},\n  \"catalog\": \"awsdatacatalog\",\n  \"schema\": \"${{DatabaseName}}\",\n  \
         \"columns\": [\n{}\n  ]\n}}",
        quoted(&view.sql),
        columns.join(",\n")
    )
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
