//! The lake's tables as data: one entry a column drives the Parquet schema, the CSV header, the
//! Glue table and the documentation, so that they cannot disagree.
//!
//! A table is a list of columns over one row type; a column is a name, a kind, what it means, and
//! the function that takes its value out of a row. Nothing here knows Arrow, files or AWS. The
//! column that every table begins with, [`RUN_ID`], is added here and in no table's own file.
//!
//! To add a column, append one entry to its table's file; to add a table, add a file and a line in
//! [`TABLES`]. Names, order and types are public contract: the tests below hold them as text.

pub mod accounts;
pub mod buckets;
pub mod calls;
pub mod checks;
pub mod controls;
pub mod coverage;
pub mod findings;
pub mod keys;
pub mod runs;
mod value;

use std::fmt::{self, Write as _};

pub use value::Value;

/// The version of the schema that this code writes, and the newest that it reads.
pub const SCHEMA_VERSION: i32 = 1;

/// The column that every table begins with. It is never NULL.
pub const RUN_ID: ColumnInfo = ColumnInfo {
    name: "run_id",
    kind: Kind::String,
    doc: "The run that wrote the row, `<YYYYMMDDTHHMMSSZ>-<8 hex>`. Read only runs that the `runs` table has.",
};

/// The tables in the contract's order.
pub static TABLES: &[TableInfo] = &[
    TableInfo { name: "accounts", doc: accounts::TABLE.doc, own: || infos(&accounts::TABLE) },
    TableInfo { name: "buckets", doc: buckets::TABLE.doc, own: || infos(&buckets::TABLE) },
    TableInfo { name: "keys", doc: keys::TABLE.doc, own: || infos(&keys::TABLE) },
    TableInfo { name: "findings", doc: findings::TABLE.doc, own: || infos(&findings::TABLE) },
    TableInfo { name: "checks", doc: checks::TABLE.doc, own: || infos(&checks::TABLE) },
    TableInfo { name: "controls", doc: controls::TABLE.doc, own: || infos(&controls::TABLE) },
    TableInfo { name: "coverage", doc: coverage::TABLE.doc, own: || infos(&coverage::TABLE) },
    TableInfo { name: "calls", doc: calls::TABLE.doc, own: || infos(&calls::TABLE) },
    TableInfo { name: "runs", doc: runs::TABLE.doc, own: || infos(&runs::TABLE) },
];

/// What a column holds. The words are Athena's, and what the contract calls them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// UTF-8 text.
    String,
    /// A 64-bit signed integer: every count, and milliseconds.
    Bigint,
    /// A 32-bit signed integer.
    Int,
    /// True or false.
    Boolean,
    /// An instant: milliseconds since the epoch, in UTC.
    Timestamp,
    /// A list of texts.
    StringArray,
}

impl Kind {
    /// The type's name in Athena's DDL and in the documentation.
    pub const fn word(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Bigint => "bigint",
            Self::Int => "int",
            Self::Boolean => "boolean",
            Self::Timestamp => "timestamp",
            Self::StringArray => "array<string>",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// One column of a table over rows of type `R`.
#[derive(Debug)]
pub struct Column<R: 'static> {
    /// Lower snake case; public contract.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Its meaning, its unit, and the AWS field that it comes from.
    pub doc: &'static str,
    /// Takes the value out of a row. It gives a value of `kind`, or [`Value::Null`].
    pub value: for<'a> fn(&'a R) -> Value<'a>,
}

impl<R> Column<R> {
    /// The column without its row type.
    pub const fn info(&self) -> ColumnInfo {
        ColumnInfo { name: self.name, kind: self.kind, doc: self.doc }
    }
}

/// A table over rows of type `R`.
#[derive(Debug)]
pub struct Table<R: 'static> {
    /// The folder's and the Glue table's name.
    pub name: &'static str,
    /// What a row is.
    pub doc: &'static str,
    /// The columns that follow [`RUN_ID`].
    pub columns: &'static [Column<R>],
}

/// A column without its row type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ColumnInfo {
    /// See [`Column::name`].
    pub name: &'static str,
    /// See [`Column::kind`].
    pub kind: Kind,
    /// See [`Column::doc`].
    pub doc: &'static str,
}

/// A table without its row type: for schemas, DDL, CSV headers and documentation.
#[derive(Debug)]
pub struct TableInfo {
    /// See [`Table::name`].
    pub name: &'static str,
    /// See [`Table::doc`].
    pub doc: &'static str,
    own: fn() -> Vec<ColumnInfo>,
}

impl TableInfo {
    /// Every column in order, [`RUN_ID`] first.
    pub fn columns(&self) -> Vec<ColumnInfo> {
        (self.own)()
    }
}

/// Finds a table by its name.
pub fn find(name: &str) -> Option<&'static TableInfo> {
    TABLES.iter().find(|table| table.name == name)
}

/// The columns of a table without their row type, [`RUN_ID`] first.
pub fn infos<R>(table: &Table<R>) -> Vec<ColumnInfo> {
    std::iter::once(RUN_ID).chain(table.columns.iter().map(Column::info)).collect()
}

/// The tables as Markdown, for the manual: a heading, a sentence and a list of columns each.
pub fn markdown() -> String {
    let mut text = String::new();
    for table in TABLES {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "## {}\n\n{}\n\n| column | type | meaning |\n|---|---|---|\n",
            table.name, table.doc
        );
        for column in table.columns() {
            let doc = column.doc.replace('|', "\\|");
            let _ = writeln!(text, "| `{}` | `{}` | {doc} |", column.name, column.kind);
        }
        text.push('\n');
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

#[cfg(test)]
mod tests;
