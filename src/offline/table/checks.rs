//! `checks`: the check instances that the run's standard has, with their texts.

use super::{Column, Kind, Table};
use crate::model::{Category, Severity};

/// One row: a check instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckRow {
    /// The check.
    pub check_id: &'static str,
    /// The instance's parameters in canonical JSON.
    pub check_params: Option<std::sync::Arc<str>>,
    /// The version of its logic.
    pub check_version: i32,
    /// What is so where it passes.
    pub title: &'static str,
    /// What it asks.
    pub question: &'static str,
    /// What it is about.
    pub category: Category,
    /// How bad a fail is.
    pub severity: Severity,
    /// What to do about a fail.
    pub remedy: &'static str,
    /// How bad a fail can be.
    pub severity_max: Severity,
    /// Why it matters, with its source.
    pub rationale: &'static str,
    /// The page of AWS's documentation that it is based on.
    pub documentation: Option<&'static str>,
}

/// The table.
pub static TABLE: Table<CheckRow> = Table {
    name: "checks",
    doc: "A check instance that the run's standard asks for, somewhere in the organization.",
    columns: &[
        Column {
            name: "check_id",
            kind: Kind::String,
            doc: "The check: public, and never another check's.",
            value: |row| row.check_id.into(),
        },
        Column {
            name: "check_params",
            kind: Kind::String,
            doc: "The instance's parameters, canonical JSON such as `{\"max_days\":90}`. NULL where the check has none.",
            value: |row| row.check_params.as_deref().into(),
        },
        Column {
            name: "check_version",
            kind: Kind::Int,
            doc: "The version of the check's logic: it is raised when the same facts would get another verdict.",
            value: |row| row.check_version.into(),
        },
        Column {
            name: "title",
            kind: Kind::String,
            doc: "What is so where the check passes.",
            value: |row| row.title.into(),
        },
        Column {
            name: "question",
            kind: Kind::String,
            doc: "What the check asks of each resource.",
            value: |row| row.question.into(),
        },
        Column {
            name: "category",
            kind: Kind::String,
            doc: "`security`, `availability`, `cost` or `evidence`.",
            value: |row| row.category.word().into(),
        },
        Column {
            name: "severity",
            kind: Kind::String,
            doc: "How bad a fail is: the highest that the standard gives the instance anywhere.",
            value: |row| row.severity.word().into(),
        },
        Column {
            name: "remedy",
            kind: Kind::String,
            doc: "What to do about a fail; `findings.remedy` is of the finding's own reason.",
            value: |row| row.remedy.into(),
        },
        Column {
            name: "severity_max",
            kind: Kind::String,
            doc: "The highest severity that a fail of the instance can have: the facts may raise `severity`, as a key in use does whose deletion is scheduled.",
            value: |row| row.severity_max.word().into(),
        },
        Column {
            name: "rationale",
            kind: Kind::String,
            doc: "Why it matters, with its source.",
            value: |row| row.rationale.into(),
        },
        Column {
            name: "documentation",
            kind: Kind::String,
            doc: "The page of AWS's documentation that the check is based on; NULL where it is not about AWS.",
            value: |row| row.documentation.into(),
        },
    ],
};
