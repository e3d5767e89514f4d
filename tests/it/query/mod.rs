//! `atrest query`: every shipped question over lakes that `atrest` wrote, through the `duckdb` executable,
//! and each way in which it can be asked wrong.

mod files;
mod held;
mod process;

use std::collections::BTreeMap;
use std::path::PathBuf;

use atrest::query::{self, Need, QUERIES, Query, schema};
use serde_json::Value;

use crate::support::python::{Venv, venv};
use crate::support::shell::{Shell, files};

/// Questions that the demo's lake, which has no trail, answers with no row.
const NO_ROWS: &[&str] = &["who_changed_it"];

/// A shell with the last night of the demo's lake in `lake`, and DuckDB where it is looked for.
fn demo(venv: &Venv) -> Shell {
    nights(venv, 1)
}

/// The same with that many nights.
fn nights(venv: &Venv, count: u16) -> Shell {
    let shell = Shell::new().asking(venv);
    shell.atrest(&format!("demo --out d --nights {count}")).succeeded();
    std::fs::rename(shell.path("d/lake"), shell.path("lake")).unwrap();
    shell
}

/// Runs an SQL statement over the lake.
#[track_caller]
fn sql(shell: &Shell, sql: &str) -> Value {
    shell.run(["query", "--lake", "lake", "--format", "json", "--sql", sql]).succeeded().json()
}

/// The same over a lake whose files were made by hand, and so are no run's.
#[track_caller]
fn unverified(shell: &Shell, sql: &str) -> Value {
    shell.run(["query", "--lake", "lake", "--no-verify", "--format", "json", "--sql", sql]).succeeded().json()
}

/// A value for each parameter that has no default.
fn required(shell: &Shell, query: &Query) -> Vec<String> {
    let needed = query.header().parameters.into_iter().filter(|it| it.need == Need::Required);
    let value = |name: &str| match name {
        "from" => "2026-11-19".to_owned(),
        "to" => "2026-11-22".to_owned(),
        "since" => "2026-11-01".to_owned(),
        "key_arn" => {
            let most =
                "SELECT key_arn FROM keys_latest ORDER BY default_key_of_buckets DESC, key_arn LIMIT 1";
            sql(shell, most)[0]["key_arn"].as_str().unwrap().to_owned()
        }
        other => panic!("no value for {other}"),
    };
    needed.map(|it| format!("--param={}={}", it.name, value(&it.name))).collect()
}

/// The parts of the lake's tables for one more day, as copies of the day that is there.
fn also_on(shell: &Shell, day: &str) {
    for (name, path) in files(&shell.path("lake")) {
        if let Some((table, file)) = name.split_once("/dt=2026-11-21/") {
            let folder = shell.path("lake").join(format!("{table}/dt={day}"));
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::copy(path, folder.join(file.replace("20261121", &day.replace('-', "")))).unwrap();
        }
    }
}

fn part(shell: &Shell, table: &str) -> PathBuf {
    files(&shell.path(&format!("lake/{table}"))).pop().unwrap().1
}

// The questions

#[test]
fn the_demos_lake_answers_every_question() {
    let venv = venv();
    // The last two nights know what the night before was; on both something is mended.
    let shell = nights(&venv, 2);
    for query in QUERIES {
        let mut arguments =
            ["query", "--lake", "lake", query.name, "--format", "csv"].map(String::from).to_vec();
        arguments.extend(required(&shell, query));
        let answer = shell.run(&arguments).succeeded();
        let mut rows = csv::Reader::from_reader(answer.stdout.as_bytes());
        assert_eq!(
            rows.headers().unwrap().iter().collect::<Vec<_>>(),
            query.header().columns,
            "{}",
            query.name
        );
        assert_eq!(rows.records().count() == 0, NO_ROWS.contains(&query.name), "{}", query.name);
        assert_eq!(shell.run(&arguments).stdout, answer.stdout, "{}: another order", query.name);
    }
}

#[test]
fn rows_are_a_table_csv_or_json() {
    let venv = venv();
    let shell = demo(&venv);
    let ask =
        |format: &str| shell.atrest(&format!("query --lake lake population --format {format}")).succeeded();
    let table = ask("table");
    assert!(table.stdout.contains("│") && table.stderr.is_empty(), "{table}");
    assert!(ask("csv").stdout.starts_with("run_id,started_at,status,"));
    let row = &ask("json").json()[0];
    assert_eq!((&row["adds_up"], &row["started_at"]), (&true.into(), &"2026-11-21 03:00:00".into()));
    let none = shell.atrest("query --lake lake time_to_remediate --format json").succeeded();
    assert_eq!(none.json(), Value::Array(Vec::new()));
}

#[test]
fn a_sample_can_be_drawn_again() {
    let venv = venv();
    let shell = demo(&venv);
    let draw = |more: &str| {
        let line = format!("query --lake lake sample_of_population --format json --param size=5 {more}");
        let rows = shell.atrest(&line).succeeded().json();
        assert_eq!(rows.as_array().unwrap().len(), 5);
        rows.as_array().unwrap().iter().map(|row| row["resource_arn"].to_string()).collect::<Vec<_>>()
    };
    let first = draw("--param seed=a");
    assert_eq!(first, draw("--param seed=a"));
    assert_ne!(first, draw("--param seed=b"));
    assert!(draw("--param population=keys").iter().all(|arn| arn.contains(":kms:")));
}

#[test]
fn a_trail_says_who_it_was() {
    let venv = venv();
    let shell = demo(&venv);
    let query = query::find("who_changed_it").unwrap();
    let given = BTreeMap::from([("since".to_owned(), "2026-11-20".to_owned())]);
    let asked = query::fill(query.text, &query.header().parameters, &given).unwrap();
    let event = |id: &str, time: &str, name: &str| {
        format!(
            "SELECT '{id}' AS eventid, '{time}' AS eventtime, 's3.amazonaws.com' AS eventsource, '{name}' AS eventname,
             '{{\"bucketName\":\"' || bucket || '\"}}' AS requestparameters, NULL AS responseelements,
             account_id AS recipientaccountid, region AS awsregion, '192.0.2.1' AS sourceipaddress, NULL AS errorcode,
             {{'arn': 'arn:aws:iam::111122223333:user/dev', 'accountid': account_id}} AS useridentity
             FROM (SELECT bucket, account_id, region FROM buckets WHERE bucket_arn = (
                SELECT min(resource_arn) FROM findings WHERE verdict = 'fail' AND resource_type = 'AWS::S3::Bucket'))"
        )
    };
    let trail = [
        event("1", "2026-11-20T22:00:00Z", "PutBucketEncryption"),
        event("2", "2026-11-19T22:00:00Z", "PutBucketEncryption"),
        event("3", "2026-11-20T23:00:00Z", "PutObject"),
    ];
    let script = format!(
        "{}CREATE OR REPLACE VIEW cloudtrail_logs AS {};\n{asked};",
        schema::prelude("lake", &asked, |_| true),
        trail.join(" UNION ALL ")
    );
    let rows: Value = serde_json::from_str(&shell.duckdb(&venv, &script)).unwrap();
    assert_eq!(rows.as_array().unwrap().len(), 1, "{rows}");
    assert_eq!(rows[0]["event_at"], "2026-11-20 22:00:00");
    assert_eq!(rows[0]["actor_arn"], "arn:aws:iam::111122223333:user/dev");
}

// The views

#[test]
fn the_latest_views_read_the_newest_day_alone() {
    let venv = venv();
    let shell = demo(&venv);
    also_on(&shell, "2026-11-20");
    also_on(&shell, "2026-11-19");
    for table in ["accounts", "buckets", "keys", "findings", "checks", "controls", "coverage", "calls"] {
        let statement = format!("EXPLAIN (ANALYZE, FORMAT JSON) SELECT max(run_id) FROM {table}_latest");
        let plan = shell
            .run(["query", "--lake", "lake", "--no-verify", "--format", "csv", "--sql", &statement])
            .succeeded()
            .stdout;
        let plan = plan.replace("\"\"", "\"");
        assert!(plan.contains(&format!("{table}/dt=2026-11-21/")), "{table}: {plan}");
        for other in ["19", "20", "*"] {
            assert!(!plan.contains(&format!("{table}/dt=2026-11-{other}/")), "{table}: {plan}");
        }
    }
}

#[test]
fn types_are_those_of_athena() {
    let venv = venv();
    let shell = demo(&venv);
    for table in atrest::table::TABLES {
        let rows = sql(&shell, &format!("SELECT column_name, column_type FROM (DESCRIBE {})", table.name));
        let found: Vec<_> = rows
            .as_array()
            .unwrap()
            .iter()
            .map(|row| (row["column_name"].as_str().unwrap(), row["column_type"].as_str().unwrap()))
            .collect();
        let word = |kind: atrest::table::Kind| match kind.word() {
            "string" => "VARCHAR".to_owned(),
            "int" => "INTEGER".to_owned(),
            "array<string>" => "VARCHAR[]".to_owned(),
            other => other.to_uppercase(),
        };
        let mut expected: Vec<_> = table.columns().iter().map(|it| (it.name, word(it.kind))).collect();
        expected.push(("dt", "VARCHAR".to_owned()));
        assert_eq!(
            found,
            expected.iter().map(|(name, kind)| (*name, kind.as_str())).collect::<Vec<_>>(),
            "{}",
            table.name
        );
    }
}

// Nights

/// The night before: uploads over plain HTTP were still refused, no bucket had a default encryption, and there
/// was a bucket more.
fn night_before(shell: &Shell, venv: &Venv) {
    for table in atrest::table::TABLES.iter().map(|table| table.name) {
        let (from, folder) = (part(shell, table), shell.path("lake").join(table).join("dt=2026-11-20"));
        let verdict = |column: &str| {
            format!(
                ", CASE check_id WHEN 's3_default_encryption' THEN 'fail' WHEN 's3_tls_only' THEN 'pass' \
                 ELSE {column} END AS {column}"
            )
        };
        let (replaced, more) = match table {
            "runs" => (", started_at - INTERVAL 1 DAY AS started_at".to_owned(), ""),
            "findings" => (verdict("verdict") + &verdict("verdict_before_exception"), ""),
            "buckets" => (
                String::new(),
                " UNION ALL (SELECT * REPLACE ('arn:aws:s3:::gone' AS bucket_arn, \
                                           'gone' AS bucket, 'known' AS encryption_read) FROM night LIMIT 1)",
            ),
            _ => (String::new(), ""),
        };
        std::fs::create_dir_all(&folder).unwrap();
        let to = folder.join(from.file_name().unwrap().to_str().unwrap().replace("20261121", "20261120"));
        let script = format!(
            "COPY (WITH night AS (SELECT * REPLACE (replace(run_id, '20261121', '20261120') AS run_id{replaced})
                   FROM read_parquet('{}', hive_partitioning = false)) FROM night{more}) TO '{}'",
            from.display(),
            to.display()
        );
        shell.duckdb(venv, &script);
    }
}

#[test]
fn questions_over_nights_know_the_one_before() {
    let venv = venv();
    let shell = demo(&venv);
    night_before(&shell, &venv);
    let ask = |line: &str| {
        let asked = format!("query --lake lake --no-verify --format json {line}");
        shell.atrest(&asked).succeeded().json().as_array().unwrap().clone()
    };
    let remediated = ask("time_to_remediate");
    assert!(!remediated.is_empty());
    for row in remediated {
        assert_eq!((&row["check_id"], &row["days_failed"]), (&"s3_default_encryption".into(), &1.into()));
        assert_eq!(
            (&row["failed_at"], &row["passed_at"]),
            (&"2026-11-20 03:00:00".into(), &"2026-11-21 03:00:00".into())
        );
    }
    for row in ask("first_seen") {
        assert_eq!(row["days_failing"], i32::from(row["check_id"] != "s3_tls_only"), "{row}");
    }
    let changes = ask("changes_since_last_census");
    assert!(changes.iter().any(|row| row["how"] == "new" && row["check_id"] == "s3_tls_only"));
    assert!(changes.iter().any(|row| row["how"] == "passes" && row["check_id"] == "s3_default_encryption"));
    assert_eq!(ask("trend_by_night").len(), 2);
    let old = ask("last_known_buckets --param age_days=1");
    assert!(old.iter().any(|row| row["bucket"] == "gone" && row["age_days"] == 1), "{old:?}");
    let nights = ask("nights --param from=2026-11-19 --param to=2026-11-21");
    assert_eq!(nights.iter().map(|row| &row["has_census"]).collect::<Vec<_>>(), [false, true, true]);
    assert_eq!(ask("standards_in_effect")[0]["runs"], 2);
}

// What can be asked wrong

#[test]
fn alone_it_lists_the_questions() {
    let said = Shell::new().atrest("query").succeeded();
    crate::support::shell::assert_narrow(&said.stdout);
    for query in QUERIES {
        assert!(said.stdout.contains(&format!("\n  {}\n", query.name)), "{}", query.name);
    }
}

#[test]
fn what_is_asked_wrong_is_said_before_the_lake_is_opened() {
    let shell = Shell::new();
    for (line, words) in [
        ("query --lake lake key_blast_radios", "there is no query `key_blast_radios`"),
        ("query --lake lake key_blast_radios", "did you mean `key_blast_radius`?"),
        ("query --lake lake nights", "it needs --param from=VALUE"),
        ("query --lake lake nights", "--param from=The first day."),
        (
            "query --lake lake nights --param from=today --param to=2026-11-21",
            "from=today is not a day such as",
        ),
        ("query --lake lake nights --param form=2026-11-21", "it has no parameter `form`"),
        ("query --lake lake nights --param form=2026-11-21", "did you mean `from`?"),
        ("query --lake lake nights --param from", "write --param NAME=VALUE"),
        ("query --lake lake nights --param to=2026-11-21 --param to=2026-11-21", "to is given twice"),
        ("query --lake lake key_blast_radius --param key_arn=34883534", "is not a key's ARN, arn:aws:kms:"),
        ("query nights --param from=2026-11-21 --param to=2026-11-21", "it needs --lake DIR"),
        ("query --lake lake --sql .shell", "--sql takes an SQL statement"),
        ("query --lake lake --sql SELECT --param a=b", "goes with the name of a query"),
        ("query --lake s3://bucket/prefix population", "aws s3 sync s3://bucket/prefix"),
        ("query --lake nowhere population", "there is no such folder"),
    ] {
        let refused = shell.atrest(line).ended(2);
        let said = refused.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(words), "{line}: {refused}");
        assert_eq!(refused.stderr.matches("error: ").count(), 1, "{refused}");
        assert_eq!(refused.stdout, "");
    }
}

#[test]
fn bad_sql_is_answered_in_duckdbs_words() {
    let venv = venv();
    let shell = demo(&venv);
    let refused = shell.run(["query", "--lake", "lake", "--sql", "SELECT nothing FROM runs"]).ended(2);
    assert!(
        refused.stderr.contains("failed to run --sql: ") && refused.stderr.contains("nothing"),
        "{refused}"
    );
    assert_eq!(refused.stdout, "");
}

#[test]
fn a_statement_starts_no_other_program() {
    let venv = venv();
    let shell = demo(&venv);
    for (at, command) in
        [".shell touch made", ".sh touch made", ".once made", ".output made"].iter().enumerate()
    {
        for sql in [
            format!("SELECT 1;\n{command}"),
            format!("SELECT 1;\n\n{command}\n;"),
            format!("{command}\nSELECT 1"),
        ] {
            let refused = shell.run(["query", "--lake", "lake", "--sql", &sql]).ended(2);
            assert!(refused.stderr.contains("--sql"), "{at}: {refused}");
        }
    }
    assert!(!shell.path("made").exists());
    // Two statements are two answers, and a line of a text may begin with a dot.
    let two = shell.run([
        "query",
        "--lake",
        "lake",
        "--format",
        "csv",
        "--sql",
        "SELECT 1 AS a; SELECT '\n.5' AS b",
    ]);
    assert_eq!(two.succeeded().stdout, "a\n1\nb\n\"\n.5\"\n");
}

#[test]
fn a_value_is_never_sql() {
    let venv = venv();
    let shell = demo(&venv);
    for value in ["x' OR '1'='1", "x'; DROP VIEW runs; --", "${ou}", "\\'", "é🔐"] {
        let param = format!("exception_id={value}");
        let arguments = ["query", "--lake", "lake", "--format", "json", "exempt_findings", "--param", &param];
        assert_eq!(shell.run(arguments).succeeded().json(), Value::Array(Vec::new()), "{value}");
    }
}
