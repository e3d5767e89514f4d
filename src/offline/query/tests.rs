//! The registry's form, and that nothing a caller gives becomes SQL. What the questions answer is tested
//! on lakes, in `tests/it/query.rs`.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::model::Severity;

#[test]
fn every_question_is_whole() {
    let names: BTreeSet<&str> = QUERIES.iter().map(|query| query.name).collect();
    assert_eq!(names.len(), QUERIES.len(), "a name twice");
    for query in QUERIES {
        let (header, name) = (query.header(), query.name);
        assert!(!header.title.is_empty() && header.question.contains('?'), "{name}: {header:?}");
        assert!(header.columns.iter().all(|column| !column.is_empty()), "{name}: {header:?}");
        let written = query.text.lines().filter(|line| line.starts_with("-- parameter: ")).count();
        assert_eq!(header.parameters.len(), written, "{name}: a parameter that cannot be read");
        let (_, used) = positional(query.text);
        let declared: BTreeSet<_> = header.parameters.iter().map(|it| it.name.clone()).collect();
        assert_eq!(used.into_iter().collect::<BTreeSet<_>>(), declared, "{name}");
        for parameter in &header.parameters {
            let example = [(parameter.name.clone(), parameter.example.clone())];
            let all = header.parameters.iter().map(|it| (it.name.clone(), it.example.clone()));
            let given = all.chain(example).filter_map(|(name, value)| Some((name, value?))).collect();
            fill(query.text, &header.parameters, &given).unwrap();
        }
    }
}

#[test]
fn every_question_keeps_to_what_the_engines_share() {
    for Query { name, text, .. } in QUERIES {
        let code: Vec<&str> = text.lines().filter(|line| !line.starts_with("--")).collect();
        // Without what stands in quotes.
        let lower = code.join("\n").split('\'').step_by(2).collect::<String>().to_lowercase();
        for word in
            ["now()", "current_", "::", "limit ", "ilike", "qualify", "group by all", "select *\n", "`", ";"]
        {
            assert!(!lower.contains(word), "{name} has {word}");
        }
        let (_, order) = lower.rsplit_once("\norder by ").unwrap_or_else(|| panic!("{name} has no order"));
        let keys = order.matches(" asc").count() + order.matches(" desc").count();
        assert_eq!(keys, order.matches(" nulls ").count(), "{name}: NULL's place is not said");
        assert!(text.ends_with('\n') && text.lines().all(|line| line.len() <= 250), "{name}");
    }
}

fn parameter(kind: &str) -> Parameter {
    Parameter::read(&format!("x, {kind}, required: A value.")).unwrap()
}

fn filled(kind: &str, value: &str) -> Result<String, ParameterError> {
    let given = BTreeMap::from([("x".to_owned(), value.to_owned())]);
    fill("<${x}>", &[parameter(kind)], &given)
}

#[test]
fn values_are_of_their_kind() {
    for (kind, value, literal) in [
        ("text", "it's", "<'it''s'>"),
        ("text", "${x}", "<'${x}'>"),
        ("text", "", "<''>"),
        ("integer", "007", "<7>"),
        ("day", "2026-11-21", "<'2026-11-21'>"),
        ("account", "111122223333", "<'111122223333'>"),
        ("low|high", "low", "<'low'>"),
        (
            "key_arn",
            "arn:aws:kms:eu-west-1:111122223333:key/mrk-1",
            "<'arn:aws:kms:eu-west-1:111122223333:key/mrk-1'>",
        ),
    ] {
        assert_eq!(filled(kind, value).as_deref(), Ok(literal));
    }
    for (kind, value) in [
        ("text", "a\nb"),
        ("text", "a\0"),
        ("integer", ""),
        ("integer", "-1"),
        ("integer", "1000001"),
        ("integer", "1; DROP"),
        ("day", "2026-11-31"),
        ("day", "2026-11-21T03:00:00Z"),
        ("day", "yesterday"),
        ("account", "12"),
        ("account", "'12345678901"),
        ("key_arn", "1234abcd-12ab-34cd-56ef-1234567890ab"),
        ("key_arn", "arn:aws:kms:eu-west-1:111122223333:alias/a"),
        ("key_arn", "arn:aws:kms:eu-west-1:111122223333:key/"),
        ("key_arn", "arn:aws:kms:eu-west-1:111122223333:key/a "),
        ("key_arn", "arn:aws:s3:eu-west-1:111122223333:key/a"),
        ("low|high", "High"),
        ("low|high", "low|high"),
        ("low|high", ""),
    ] {
        let refused = filled(kind, value).unwrap_err();
        assert!(matches!(refused, ParameterError::IllFormed { .. }), "{kind} {value}: {refused}");
    }
}

#[test]
fn the_words_that_a_parameter_takes_are_those_of_the_statement() {
    for query in QUERIES {
        let code: Vec<&str> = query.text.lines().filter(|line| !line.starts_with("--")).collect();
        let code = code.join("\n");
        for parameter in query.header().parameters {
            let Kind::OneOf(words) = &parameter.kind else { continue };
            match parameter.name.as_str() {
                "severity" => {
                    let known: Vec<&str> = Severity::ALL.iter().map(|severity| severity.word()).collect();
                    assert_eq!(*words, known, "{}", query.name);
                }
                _ => words.iter().for_each(|word| {
                    assert!(code.contains(&format!("'{word}'")), "{}: {word}", query.name);
                }),
            }
            let wrong = BTreeMap::from([(parameter.name.clone(), "nothing".to_owned())]);
            let refused = fill(query.text, &query.header().parameters, &wrong).unwrap_err();
            assert!(refused.to_string().contains(&words.join(", ")), "{}: {refused}", query.name);
        }
    }
}

#[test]
fn what_is_not_given_is_a_default_or_an_error() {
    let read = |text: &str| Parameter::read(text).unwrap();
    let (any, seven) = (read("a, account, default null: A."), read("b, integer, default 7: B."));
    let none = BTreeMap::new();
    assert_eq!(fill("${a} ${b} ${b}", &[any, seven], &none).as_deref(), Ok("CAST(NULL AS varchar) 7 7"));
    assert_eq!(fill("${x}", &[parameter("text")], &none), Err(ParameterError::Missing("x".to_owned())));
    let given = BTreeMap::from([("y".to_owned(), String::new())]);
    assert_eq!(fill("", &[], &given), Err(ParameterError::Unknown("y".to_owned())));
    assert_eq!(
        positional("${a} ${b} ${a}"),
        ("? ? ?".to_owned(), ["a", "b", "a"].map(String::from).to_vec())
    );
    for wrong in ["x", "x, text: X.", "x, word, required: X.", "x, text, maybe: X."] {
        assert_eq!(Parameter::read(wrong), None, "{wrong}");
    }
}

#[test]
fn a_prelude_has_what_a_statement_stands_on_and_no_more() {
    let made = |sql: &str| {
        let script = schema::prelude("it's/a [lake]", sql, |table| table != "calls");
        let views = script.lines().filter_map(|line| line.strip_prefix("CREATE OR REPLACE VIEW "));
        (views.map(|view| view.trim_end_matches(" AS").to_owned()).collect::<Vec<_>>(), script)
    };
    let (names, script) = made("-- buckets\nSELECT * FROM KEYS_latest");
    assert_eq!(names, ["keys", "runs", "keys_latest"]);
    assert!(script.contains("SET VARIABLE lake = 'it''s/a [[]lake]';"), "{script}");
    assert_eq!(script.matches("read_parquet(").count(), 2);
    let (names, script) = made("SHOW TABLES");
    assert_eq!(names.len(), crate::table::TABLES.len() + 1 + views::views().len());
    assert_eq!(script.matches("read_parquet(").count(), crate::table::TABLES.len() - 1);
}

#[test]
fn a_view_knows_its_columns() {
    let views = views::views();
    assert_eq!(
        views.len(),
        1 + 8 + 9 + 1 + 1 + 4,
        "censuses, the tables' committed and latest, unlisted, control evidence, and last known"
    );
    for view in &views {
        let (list, _) = view.sql.strip_prefix("SELECT\n").unwrap().split_once("\nFROM ").unwrap();
        let last_word = |item: &str| item.rsplit([' ', '.']).next().unwrap().to_owned();
        let selected: Vec<String> = list.split(",\n").map(last_word).collect();
        let known: Vec<String> = view.columns.iter().map(|(name, _)| name.clone()).collect();
        assert_eq!(selected, known, "{}", view.name);
        assert_eq!(known.iter().collect::<BTreeSet<_>>().len(), known.len(), "{}: a name twice", view.name);
        assert!(view.statement().starts_with(&format!("CREATE OR REPLACE VIEW {} AS\nSELECT\n", view.name)));
    }
    let last = |name: &str, count: usize| {
        let view = views.iter().find(|view| view.name == name).unwrap();
        let columns =
            view.columns[view.columns.len() - count..].iter().map(|(name, kind)| format!("{name} {kind}"));
        columns.collect::<Vec<_>>().join(", ")
    };
    let all = "run_id string, dt string, started_at timestamp, previous_run_id string, previous_dt string, \
               newest_first bigint";
    assert_eq!(last("censuses", 6), all);
    assert_eq!(
        last("calls_committed", 4),
        "p99_ms bigint, dt string, run_kind string, run_started_at timestamp"
    );
    assert_eq!(last("calls_latest", 2), "p99_ms bigint, dt string");
    let evidence =
        "condition string, note string, dt string, subject string, verdict string, evidence string";
    assert_eq!(last("control_evidence_latest", 6), evidence);
    assert_eq!(last("accounts_last_known", 3), "dt string, newest_run_id string, age_days bigint");
}

proptest! {
    /// Whatever a caller gives, the text between the outer quotes ends at the outer quote.
    #[test]
    fn a_text_never_leaves_its_quotes(value in "[a-z'${}; -]{0,40}") {
        let filled = filled("text", &value).unwrap();
        let inner = filled.strip_prefix("<'").and_then(|it| it.strip_suffix("'>")).unwrap();
        prop_assert!(!inner.replace("''", "").contains('\''));
        prop_assert_eq!(inner.replace("''", "'"), value);
    }
}

#[test]
fn what_reads_the_newest_census_alone_is_known() {
    let all = |sql: &str| schema::tables_of_all_runs(sql, false).into_iter().collect::<Vec<_>>();
    assert!(all("SELECT * FROM buckets_latest JOIN keys_latest USING (key_arn)").is_empty());
    assert!(all("SELECT * FROM unlisted_latest").is_empty());
    assert_eq!(all("SELECT * FROM buckets_latest b JOIN keys k USING (key_arn)"), ["keys"]);
    assert_eq!(all("select * from censuses"), ["runs"]);
    assert_eq!(all("SELECT * FROM findings_committed"), ["findings", "runs"]);
    assert_eq!(all("SELECT * FROM keys_last_known"), ["keys", "runs"]);
    // What it does not name it may find in another way.
    assert_eq!(all("SHOW TABLES").len(), crate::table::TABLES.len());
    // A column may have a table's name, and a statement of one's own any form.
    assert_eq!(all("SELECT buckets FROM accounts_latest"), ["buckets"]);
    let of = |name: &str| schema::tables_of_all_runs(find(name).unwrap().text, true);
    assert!(of("keys_by_reach").is_empty());
    assert!(of("trend_by_night").contains("runs") && of("first_seen").contains("findings"));
}
