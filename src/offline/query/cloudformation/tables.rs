//! The tables: what is projected and how a file is read, with the registry's meaning beside each column.

use std::fmt::Write as _;

use crate::query::schema;
use crate::table::{ColumnInfo, TABLES, TableInfo};

use super::{logical, quoted};

/// The longest comment that Glue takes on a column (API reference, `Column`).
const LONGEST_COMMENT: usize = 255;

pub(super) fn resources() -> impl Iterator<Item = String> {
    TABLES.iter().map(table)
}

fn table(table: &TableInfo) -> String {
    let name = table.name;
    let mut text = format!(
        r#"  {}Table:
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
{}        PartitionKeys:
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
        logical(name),
        quoted(table.doc),
        projection(name),
    );
    table.columns().iter().for_each(|it| text.push_str(&column(it)));
    text
}

/// As `queries/schema/athena.sql` has it, with the parameters in their places.
fn projection(table: &str) -> String {
    let mut text = String::new();
    for (property, value) in schema::projection(table, "${LakeUri}", "${FirstNight}", "${!dt}") {
        let sub = if value.contains("${") { "!Sub " } else { "" };
        let _ = writeln!(text, "          {property}: {sub}{}", quoted(&value));
    }
    text
}

fn column(column: &ColumnInfo) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "            - Name: {}", column.name);
    let _ = writeln!(text, "              Type: {}", column.kind);
    let _ = writeln!(text, "              Comment: {}", quoted(&comment(column.doc)));
    text
}

/// As many whole sentences as Glue takes; the manual has them all.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_end_with_a_sentence() {
        let long = format!("One. Two `word`. {}", "x".repeat(300));
        assert_eq!(comment(&long), "One. Two word.");
        assert_eq!(comment(&"y".repeat(300)).chars().count(), LONGEST_COMMENT);
        assert_eq!(comment("Short."), "Short.");
    }
}
