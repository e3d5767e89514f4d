//! The views that the questions stand on, one text for Athena, Trino and DuckDB.
//!
//! *Committed* are rows whose run has its row in `runs`; *latest* is the newest census, and its days are
//! found by `dt`, so that an engine reads one day and no more; *last known* is, of every resource that any
//! census listed, the newest row that knows something, with its age against the newest census. *Unlisted* is
//! what the newest census has no rows of, because a listing did not come to its end. *Control evidence* says
//! what a verdict is as evidence for a control.
//!
//! A view is a list of columns, each with what it holds: the SELECT is written from it, and so is what a
//! catalog needs to know about the view, because AWS Glue does not find that out by itself.

use crate::model::{Subject, Verdict};
use crate::table::{Kind, TABLES, TableInfo};

/// A view.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Its name.
    pub name: String,
    /// Which rows it has.
    pub doc: &'static str,
    /// What it selects, without a semicolon.
    pub sql: String,
    /// Its columns in order. The kinds are those of Trino: `date_diff` and `row_number` give a bigint.
    pub columns: Vec<(String, Kind)>,
}

impl View {
    /// The statement that makes it, without a semicolon.
    pub fn statement(&self) -> String {
        format!("CREATE OR REPLACE VIEW {} AS\n{}", self.name, self.sql)
    }

    /// A view that selects these columns; `rest` is the statement from its FROM on.
    fn of(name: String, doc: &'static str, columns: Vec<Column>, rest: &str) -> Self {
        let list: Vec<String> = columns.iter().map(Column::item).collect();
        let sql = format!("SELECT\n{}\n{rest}", list.join(",\n"));
        Self { name, doc, sql, columns: columns.into_iter().map(|it| (it.name, it.kind)).collect() }
    }
}

/// A column of a view, and what it is selected as.
struct Column {
    name: String,
    kind: Kind,
    expression: String,
}

impl Column {
    fn new(name: &str, kind: Kind, expression: &str) -> Self {
        Self { name: name.to_owned(), kind, expression: expression.to_owned() }
    }

    /// Its line in the SELECT.
    fn item(&self) -> String {
        let Self { name, expression, .. } = self;
        let is_named = expression.rsplit('.').next().is_some_and(|last| last == name);
        if is_named { format!("    {expression}") } else { format!("    {expression} AS {name}") }
    }
}

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

/// The views in an order in which each finds what it stands on.
pub fn views() -> Vec<View> {
    let mut views = vec![censuses()];
    views.extend(TABLES.iter().filter(|table| table.name != "runs").map(committed));
    views.extend(TABLES.iter().map(latest));
    views.push(unlisted());
    views.extend(control_evidence());
    views.extend(IDENTITIES.iter().filter_map(last_known));
    views
}

fn censuses() -> View {
    let columns = vec![
        Column::new("run_id", Kind::String, "run_id"),
        Column::new("dt", Kind::String, "dt"),
        Column::new("started_at", Kind::Timestamp, "started_at"),
        Column::new("previous_run_id", Kind::String, "lag(run_id) OVER (ORDER BY run_id ASC)"),
        Column::new("previous_dt", Kind::String, "lag(dt) OVER (ORDER BY run_id ASC)"),
        Column::new("newest_first", Kind::Bigint, "row_number() OVER (ORDER BY run_id DESC)"),
    ];
    let doc = "The censuses, the newest first, each with the one before it.";
    View::of("censuses".to_owned(), doc, columns, "FROM runs\nWHERE kind = 'census'")
}

/// The table's columns and its partition, as `t` has them.
fn columns(table: &TableInfo) -> Vec<Column> {
    let of_table = table.columns().into_iter().map(|column| (column.name, column.kind));
    let all = of_table.chain([("dt", Kind::String)]);
    all.map(|(name, kind)| Column::new(name, kind, &format!("t.{name}"))).collect()
}

fn committed(table: &TableInfo) -> View {
    let (name, mut columns) = (table.name, columns(table));
    columns.push(Column::new("run_kind", Kind::String, "r.kind"));
    columns.push(Column::new("run_started_at", Kind::Timestamp, "r.started_at"));
    let doc = "Rows of committed runs, with the kind and the start of their run.";
    let rest = format!("FROM {name} t\nJOIN runs r ON r.dt = t.dt AND r.run_id = t.run_id");
    View::of(format!("{name}_committed"), doc, columns, &rest)
}

fn latest(table: &TableInfo) -> View {
    let name = table.name;
    let doc = "Rows of the newest census; only its day is read.";
    let rest = format!(
        "FROM {name} t\nWHERE t.dt = (SELECT max(dt) FROM runs WHERE kind = 'census')\n    \
         AND t.run_id = (SELECT max(run_id) FROM runs WHERE kind = 'census')"
    );
    View::of(format!("{name}_latest"), doc, columns(table), &rest)
}

/// What a listing did not tell has no row in `buckets` and `keys`, and an empty answer over them would look clean.
/// Keys have their Regions to be listed first; where these were not, there may be more of them.
fn unlisted() -> View {
    let columns = vec![
        Column::new("account_id", Kind::String, "t.account_id"),
        Column::new("region", Kind::String, "t.region"),
        Column::new("resource_type", Kind::String, "CAST(t.resource_type AS varchar)"),
        Column::new("read", Kind::String, "CAST(min(t.read) AS varchar)"),
    ];
    let doc = "Where the newest census did not list buckets or keys to the end, or their Regions, and what came of it.";
    let faults = ["denied", "throttled", "transport", "service", "protocol", "identity", "unavailable"];
    let cases: Vec<String> =
        faults.iter().map(|word| format!("            WHEN c.{word} > 0 THEN '{word}'\n")).collect();
    let rest = format!(
        "FROM (\n    SELECT a.account_id, nullif(c.region, 'global') AS region, o.resource_type,\n        CASE\n\
         {}            ELSE 'not_asked'\n        END AS read\n    FROM accounts_latest a\n    CROSS JOIN (\n        \
         VALUES ('AWS::S3::Bucket', 's3:ListBuckets'), ('AWS::KMS::Key', 'kms:ListKeys'),\n            \
         ('AWS::KMS::Key', 'account:ListRegions')\n    ) AS o (resource_type, operation)\n    \
         LEFT JOIN coverage_latest c ON c.account_id = a.account_id AND c.operation = o.operation\n    \
         WHERE CASE WHEN c.operation IS NULL THEN o.operation <> 'account:ListRegions'\n        \
         ELSE NOT (c.complete AND c.known > 0) END\n) t\nGROUP BY t.account_id, t.region, t.resource_type",
        cases.concat()
    );
    View::of("unlisted_latest".to_owned(), doc, columns, &rest)
}

/// What stands for the subject of a finding that has none.
pub const NO_SUBJECT: &str = "none";

/// Every verdict of every subject as evidence for a row of the control map: [`crate::model::Condition`] in SQL.
/// It has no finding in it, so that a question can count findings first and look up afterwards.
fn control_evidence() -> Option<View> {
    let controls = TABLES.iter().find(|table| table.name == "controls")?;
    let mut columns = columns(controls);
    columns.push(Column::new("subject", Kind::String, "CAST(t.subject AS varchar)"));
    columns.push(Column::new("verdict", Kind::String, "CAST(t.verdict AS varchar)"));
    let evidence = "CAST(CASE\n        WHEN t.is_about = 'no' OR t.is_of_verdict = 'no' THEN 'not_evidence'\n        \
         WHEN t.verdict IN ('unknown', 'not_applicable') THEN t.verdict\n        \
         WHEN t.is_about = 'open' OR t.is_of_verdict = 'open' THEN 'unknown'\n        \
         ELSE t.verdict\n    END AS varchar)";
    columns.push(Column::new("evidence", Kind::String, evidence));
    let doc = "What each verdict of each subject is as evidence for a control: join findings by check, parameters, \
         subject (`none` where a finding has none) and verdict.";
    let values = |words: Vec<&str>| {
        let words: Vec<String> = words.iter().map(|word| format!("('{word}')")).collect();
        words.join(", ")
    };
    let subjects = values(Subject::ALL.iter().map(|it| it.word()).chain([NO_SUBJECT]).collect());
    let verdicts = values(Verdict::ALL.iter().map(|it| it.word()).collect());
    let rest = format!(
        "FROM (\n    SELECT l.*,\n        {} AS is_about,\n        {} AS is_of_verdict\n    FROM (\n        \
         SELECT c.*, s.subject, v.verdict, json_extract(c.condition, '$.about') AS about,\n            \
         CASE WHEN v.verdict = 'pass' THEN json_extract(c.condition, '$.pass')\n                \
         WHEN v.verdict IN ('fail', 'exempt') THEN json_extract(c.condition, '$.fail') END AS of_verdict\n        \
         FROM controls_latest c\n        CROSS JOIN (VALUES {subjects}) AS s (subject)\n        \
         CROSS JOIN (VALUES {verdicts}) AS v (verdict)\n    ) l\n) t",
        has_subject("l.about"),
        has_subject("l.of_verdict"),
    );
    Some(View::of("control_evidence_latest".to_owned(), doc, columns, &rest))
}

/// Whether a list of the condition has the subject: `yes`, `no`, or `open` where the subject does not tell.
fn has_subject(list: &str) -> String {
    let has = |subject: &str| format!("json_array_contains({list}, {subject})");
    let word = |subject: Subject| format!("'{}'", subject.word());
    format!(
        "CASE WHEN {list} IS NULL OR {} THEN 'yes'\n            WHEN json_array_length({list}) = 0 THEN 'no'\n            \
         WHEN l.subject IN ('{NO_SUBJECT}', {}) THEN 'open'\n            WHEN l.subject = {} AND ({}\n                \
         OR {}) THEN 'open' ELSE 'no' END",
        has("l.subject"),
        word(Subject::Unknown),
        word(Subject::KmsKey),
        has(&word(Subject::AwsManagedKey)),
        has(&word(Subject::CustomerManagedKey)),
    )
}

fn last_known(identity: &Identity) -> Option<View> {
    let Identity { table: name, columns: identity, knows } = identity;
    let mut columns = columns(TABLES.iter().find(|table| table.name == *name)?);
    columns.push(Column::new("newest_run_id", Kind::String, "t.newest_run_id"));
    columns.push(Column::new("age_days", Kind::Bigint, "t.age_days"));
    let doc = "Of each that any census listed, the newest row that knows something, with its age.";
    let rest = format!(
        "FROM (\n    SELECT c.*, n.run_id AS newest_run_id,\n        \
         date_diff('day', CAST(c.run_started_at AS date), CAST(n.started_at AS date)) AS age_days,\n        \
         row_number() OVER (\n            PARTITION BY {identity}\n            \
         ORDER BY CASE WHEN {knows} THEN 0 ELSE 1 END ASC, c.run_id DESC\n        ) AS place\n    \
         FROM {name}_committed c\n    CROSS JOIN runs_latest n\n    WHERE c.run_kind = 'census'\n) t\n\
         WHERE t.place = 1"
    );
    Some(View::of(format!("{name}_last_known"), doc, columns, &rest))
}
