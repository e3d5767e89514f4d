//! `schema`: for which reader the lake's tables are described.

use clap::{Args, ValueEnum};

use crate::cli::lake_uri::LakeUri;

/// `schema`.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// The reader of the lake
    #[arg(long = "for", value_name = "READER", value_enum, env = "ATREST_FOR")]
    pub reader: Reader,
    /// The lake [default: the statements say where to write it]
    #[arg(long, value_name = "URI", env = "ATREST_LAKE")]
    pub lake: Option<LakeUri>,
}

/// A reader of the lake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Reader {
    /// Statements for Athena: tables, then views
    Athena,
    /// Statements for Trino's Hive connector: tables, then views
    Trino,
    /// Statements for DuckDB: settings, tables, then views
    Duckdb,
    /// A CloudFormation template for Athena: tables, views and questions
    Cloudformation,
    /// Tables, columns and types as JSON, for programs
    Json,
}
