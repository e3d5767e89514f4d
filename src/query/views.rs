//! The views that the questions stand on, one text for Athena, Trino and DuckDB.
//!
//! *Committed* are rows whose run has its row in `runs`; *latest* is the newest census, and its days are
//! found by `dt`, so that an engine reads one day and no more; *last known* is, of every resource that any
//! census listed, the newest row that knows something, with its age against the newest census.

use super::schema::Relation;
use crate::table::{TABLES, TableInfo};

/// How the rows of one resource are known, and which of them say something.
struct Identity {
    table: &'static str,
    columns: &'static str,
    knows: &'static str,
}

const IDENTITIES: &[Identity] = &[
    Identity {
        table: "accounts",
        columns: "c.account_id",
        knows: "c.scan_status IN ('complete', 'partial')",
    },
    Identity {
        table: "buckets",
        columns: "c.account_id, c.bucket_arn",
        knows: "c.encryption_read IN ('known', 'absent')",
    },
    Identity { table: "keys", columns: "c.account_id, c.key_arn", knows: "c.describe_read = 'known'" },
    Identity { table: "findings", columns: "c.finding_uid", knows: "c.verdict <> 'unknown'" },
];

/// The censuses, the newest first, each with the one before it.
const CENSUSES: &str = "\
CREATE OR REPLACE VIEW censuses AS
SELECT run_id, dt, started_at,
    lag(run_id) OVER (ORDER BY run_id ASC) AS previous_run_id,
    lag(dt) OVER (ORDER BY run_id ASC) AS previous_dt,
    row_number() OVER (ORDER BY run_id DESC) AS newest_first
FROM runs
WHERE kind = 'census'";

/// The views in an order in which each finds what it stands on.
pub fn views() -> Vec<Relation> {
    let mut views = vec![Relation::new("censuses", CENSUSES.to_owned())];
    views.extend(TABLES.iter().filter(|table| table.name != "runs").map(committed));
    views.extend(TABLES.iter().map(latest));
    views.extend(IDENTITIES.iter().filter_map(last_known));
    views
}

/// The table's columns and its partition, as `t` has them.
fn columns(table: &TableInfo) -> String {
    let mut names: Vec<String> =
        table.columns().iter().map(|column| format!("    t.{}", column.name)).collect();
    names.push("    t.dt".to_owned());
    names.join(",\n")
}

fn committed(table: &TableInfo) -> Relation {
    let (name, columns) = (table.name, columns(table));
    Relation::new(
        &format!("{name}_committed"),
        format!(
            "CREATE OR REPLACE VIEW {name}_committed AS\nSELECT\n{columns},\n    r.kind AS run_kind,\n    \
             r.started_at AS run_started_at\nFROM {name} t\nJOIN runs r ON r.dt = t.dt AND r.run_id = t.run_id"
        ),
    )
}

fn latest(table: &TableInfo) -> Relation {
    let (name, columns) = (table.name, columns(table));
    Relation::new(
        &format!("{name}_latest"),
        format!(
            "CREATE OR REPLACE VIEW {name}_latest AS\nSELECT\n{columns}\nFROM {name} t\n\
             WHERE t.dt = (SELECT max(dt) FROM runs WHERE kind = 'census')\n    \
             AND t.run_id = (SELECT max(run_id) FROM runs WHERE kind = 'census')"
        ),
    )
}

fn last_known(identity: &Identity) -> Option<Relation> {
    let Identity { table: name, columns: identity, knows } = identity;
    let columns = columns(TABLES.iter().find(|table| table.name == *name)?);
    Some(Relation::new(
        &format!("{name}_last_known"),
        format!(
            "CREATE OR REPLACE VIEW {name}_last_known AS\nSELECT\n{columns},\n    t.newest_run_id,\n    t.age_days\n\
             FROM (\n    SELECT c.*, n.run_id AS newest_run_id,\n        \
             date_diff('day', CAST(c.run_started_at AS date), CAST(n.started_at AS date)) AS age_days,\n        \
             row_number() OVER (\n            PARTITION BY {identity}\n            \
             ORDER BY CASE WHEN {knows} THEN 0 ELSE 1 END ASC, c.run_id DESC\n        ) AS place\n    \
             FROM {name}_committed c\n    CROSS JOIN runs_latest n\n    WHERE c.run_kind = 'census'\n) t\n\
             WHERE t.place = 1"
        ),
    ))
}
