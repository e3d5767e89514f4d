//! The questions that auditors and platform teams ask of a lake, as SQL that runs on Athena, on Trino and,
//! through the `duckdb` executable, on a laptop.
//!
//! A question is a file under `queries/`, embedded in the binary: a header ([`Header`]) and one statement.
//! Its text is the same for every engine, so it keeps to what they share: no `now()`, instants in UTC, `dt`
//! a string, every order spelled out. What differs is in the tables and views that it stands on
//! ([`schema`], [`views`]), which are made from the columns registry and checked in under `queries/schema`.
//! The one thing that a file leaves open is a parameter, `${name}`, which [`fill`] replaces by a literal. It
//! stands in WHERE where that can be: Athena's guide promises execution parameters nowhere else.
//!
//! To add a question, add a file under its topic and a line in [`QUERIES`].

pub mod cloudformation;
mod duckdb;
mod header;
mod parameter;
pub mod schema;
pub mod views;

pub use duckdb::{Duckdb, DuckdbError, Format, Process};
pub use header::Header;
pub use parameter::{Kind, Need, Parameter, ParameterError, fill, positional};
pub use schema::is_part;

/// A question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query {
    /// The folder that it stands in.
    pub topic: &'static str,
    /// The file's name, without its ending; no two queries share it.
    pub name: &'static str,
    /// The whole file.
    pub text: &'static str,
}

impl Query {
    /// What the file says of itself.
    pub fn header(&self) -> Header {
        Header::of(self.text)
    }
}

macro_rules! query {
    ($topic:literal, $name:literal) => {
        Query {
            topic: $topic,
            name: $name,
            text: include_str!(concat!("../../../queries/", $topic, "/", $name, ".sql")),
        }
    };
}

/// The questions in the order of their listing.
pub static QUERIES: &[Query] = &[
    query!("posture", "posture_by_ou"),
    query!("posture", "posture_by_account"),
    query!("posture", "posture_by_check"),
    query!("buckets", "buckets_below_standard"),
    query!("buckets", "buckets_without_rotating_customer_key"),
    query!("buckets", "buckets_by_encryption"),
    query!("buckets", "buckets_with_keys_of_others"),
    query!("buckets", "buckets_open_to_plain_http"),
    query!("keys", "key_blast_radius"),
    query!("keys", "keys_by_reach"),
    query!("keys", "keys_rotation_due"),
    query!("keys", "keys_last_rotation"),
    query!("keys", "keys_going_away_in_use"),
    query!("keys", "keys_material_expiring"),
    query!("keys", "keys_open_to_others"),
    query!("coverage", "coverage_gaps"),
    query!("coverage", "accounts_not_seen"),
    query!("coverage", "nights"),
    query!("coverage", "last_known_buckets"),
    query!("change", "changes_since_last_census"),
    query!("change", "trend_by_night"),
    query!("change", "first_seen"),
    query!("change", "time_to_remediate"),
    query!("change", "who_changed_it"),
    query!("exceptions", "exceptions_in_force"),
    query!("exceptions", "exempt_findings"),
    query!("evidence", "evidence_by_control"),
    query!("evidence", "standards_in_effect"),
    query!("evidence", "sample_of_population"),
    query!("evidence", "population"),
    query!("operations", "calls_and_throttles"),
    query!("operations", "runs_of_period"),
];

/// Finds a question by its name.
pub fn find(name: &str) -> Option<&'static Query> {
    QUERIES.iter().find(|query| query.name == name)
}

#[cfg(test)]
mod tests;
