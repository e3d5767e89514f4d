//! `atrest schema`: the lake's tables as statements, a template or JSON, for each reader.
//!
//! What is printed is what is checked in under `queries/schema` and `deploy/athena.yaml`: whoever has the binary alone
//! needs no copy of the repository, and gets the tables of the version that writes the lake.

use super::args::{Reader, SchemaArgs};
use super::error::CliError;
use super::print;
use crate::query::{cloudformation, schema};

/// Prints the tables for one reader.
pub fn run(args: &SchemaArgs) -> Result<(), CliError> {
    print::data(&text(args)?)
}

fn text(args: &SchemaArgs) -> Result<String, CliError> {
    let lake = args.lake.as_ref();
    if let Some(folder) = lake.filter(|lake| lake.folder().is_some())
        && matches!(args.reader, Reader::Athena | Reader::Cloudformation)
    {
        return Err(CliError::usage(format!(
            "Athena reads lakes in S3 only, and {} is a folder",
            folder.as_str()
        ))
        .hint("give the lake as --lake s3://bucket/prefix, or use --for duckdb"));
    }
    let lake = lake.map(|lake| lake.as_str());
    Ok(match args.reader {
        Reader::Athena => with_views(&schema::athena(lake)),
        Reader::Trino => with_views(&schema::trino(lake)),
        Reader::Duckdb => {
            lake.map(schema::set_lake).unwrap_or_default() + &with_views(&schema::duckdb_file())
        }
        Reader::Cloudformation => cloudformation::template(lake),
        Reader::Json => schema::json(),
    })
}

fn with_views(tables: &str) -> String {
    format!("{tables}\n{}", schema::views_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(reader: Reader, lake: Option<&str>) -> Result<String, CliError> {
        text(&SchemaArgs { reader, lake: lake.map(|lake| lake.parse().unwrap()) })
    }

    #[test]
    fn the_lake_stands_where_the_statements_leave_it_open() {
        for reader in [Reader::Athena, Reader::Trino] {
            let open = printed(reader, None).unwrap();
            assert!(
                open.contains("'${lake}/buckets/'") && open.contains("CREATE OR REPLACE VIEW buckets_latest")
            );
            let filled = printed(reader, Some("s3://audit-lake/census")).unwrap();
            assert!(
                filled.contains("'s3://audit-lake/census/buckets/'") && !filled.contains("${lake}"),
                "{filled}"
            );
            assert!(filled.contains("/dt=${dt}/"), "the day is the engine's to fill in");
        }
        let filled = printed(Reader::Duckdb, Some("./o'lake[1]")).unwrap();
        assert!(filled.starts_with("SET VARIABLE lake = './o''lake[[]1]';\n"), "{filled}");
        let template = printed(Reader::Cloudformation, Some("s3://audit-lake/census")).unwrap();
        assert!(template.contains("    Default: \"s3://audit-lake/census\"\n"), "{template}");
    }

    #[test]
    fn athena_reads_no_folder() {
        for reader in [Reader::Athena, Reader::Cloudformation] {
            let error = printed(reader, Some("./lake")).unwrap_err();
            assert!(error.to_string().contains("./lake is a folder"), "{error}");
        }
    }

    #[test]
    fn the_tables_as_json_are_those_of_the_registry() {
        let tables: serde_json::Value = serde_json::from_str(&printed(Reader::Json, None).unwrap()).unwrap();
        let first = &tables["tables"][0];
        assert_eq!((&first["name"], &first["columns"][0]["name"]), (&"accounts".into(), &"run_id".into()));
        assert_eq!(tables["schema_version"], crate::table::SCHEMA_VERSION);
    }
}
