//! Files that a user gives, in shapes that no hand writes: deep, long, with everything twice, in other letters.
//!
//! The law: a file is accepted, or refused with sentences that are printable and whose lines are lines of the file.
//! What is accepted says the same when it is read again from the text that is kept of it. Nothing ends the process.
//! `src/assessment/standard/tests` spoils good files letter by letter, and `policy::exercise` policies.

use std::fmt::Write as _;
use std::fs;

use atrest::clock::Timestamp;
use atrest::policy;
use atrest::standard::{self, Problem};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::answers_law::config;
use crate::support::shell::Shell;

const STANDARD: &str = include_str!("../standards/standard.toml");
const EXCEPTIONS: &str = include_str!("../standards/exceptions.toml");

/// Deeper than any stack that a recursion without a bound has.
const DEEP: usize = 50_000;

/// Texts that a parser of TOML may trip over.
fn shapes() -> Vec<(&'static str, String)> {
    let many = |line: &dyn Fn(usize) -> String| (0..2_000).map(line).collect::<String>();
    vec![
        ("deep lists", format!("a = {}{}", "[".repeat(DEEP), "]".repeat(DEEP))),
        ("deep tables", format!("a = {}1{}", "{ b = ".repeat(DEEP), "}".repeat(DEEP))),
        ("a deep key", format!("{}a = 1", "a.".repeat(DEEP))),
        ("a deep header", format!("[{}a]\nb = 1", "a.".repeat(DEEP))),
        ("a long list", format!("approvers = [{}]", "\"x\", ".repeat(DEEP))),
        ("many keys", many(&|n| format!("key-{n} = {n}\n"))),
        ("many checks", many(&|n| format!("[[check]]\nid = \"check-{n}\"\n"))),
        ("many exceptions", many(&|n| format!("[[exception]]\nid = \"E-{n}\"\n"))),
        ("one key many times", many(&|_| "id = \"x\"\n".to_owned())),
        ("a long key", format!("{} = 1", "k".repeat(DEEP))),
        ("a long text", format!("id = \"{}\"", "x".repeat(DEEP))),
        ("an open text", format!("id = \"\"\"{}", "x\n".repeat(DEEP))),
        (
            "letters of all kinds",
            "\u{feff}id = \"\u{202e}\u{200b}\u{1f600}\"\nо = 1\n\"\\u0000\" = 2".to_owned(),
        ),
        ("other ends of lines", "id = \"a\"\r\nversion = \"1\"\rowner = \"b\"\u{2028}".to_owned()),
        ("numbers", "max_days = 99999999999999999999\nx = 1e999\ny = -nan\nz = 0x_1".to_owned()),
        (
            "dates",
            "approved_at = 9999-99-99\neffective_from = 0000-01-01\nreview_by = 2026-02-30T25:61:61Z"
                .to_owned(),
        ),
        ("nothing", String::new()),
        ("a NUL", "\0".to_owned()),
    ]
}

/// What is wrong with the problems of a text.
fn unsaid(problems: &[Problem], text: &str) -> Option<String> {
    let lines = text.matches('\n').count() + 1;
    for problem in problems {
        if problem.line.is_some_and(|line| line == 0 || line > lines) {
            return Some(format!("line {:?} of {lines}", problem.line));
        }
        let said = problem.to_string();
        if said.trim().is_empty() || said.chars().any(|letter| letter.is_control() && letter != '\n') {
            return Some(format!("not printable: {said:?}"));
        }
    }
    problems.is_empty().then(|| "refused without a word".to_owned())
}

/// Reads a text as each of the files that are TOML; what is wrong with how.
fn read(text: &str) -> Option<String> {
    let parsed = standard::parse(text);
    let standard = match &parsed {
        Ok(standard) => {
            if standard::parse(&standard.text).as_ref() != Ok(standard) {
                return Some("the standard's text is another standard".to_owned());
            }
            standard.clone()
        }
        Err(problems) => {
            if let Some(wrong) = unsaid(problems, text) {
                return Some(format!("standard: {wrong}"));
            }
            standard::parse(STANDARD).expect("the example is good")
        }
    };
    match standard::parse_exceptions(text, &standard) {
        Ok(exceptions) => {
            let kept = exceptions.text.clone().unwrap_or_default();
            let again = standard::parse_exceptions(&kept, &standard);
            if exceptions.text.is_some() && again.as_ref() != Ok(&exceptions) {
                return Some("the exceptions' text is other exceptions".to_owned());
            }
        }
        Err(problems) => {
            if let Some(wrong) = unsaid(&problems, text) {
                return Some(format!("exceptions: {wrong}"));
            }
        }
    }
    match standard::import(text, Timestamp::from_millis(0), &standard) {
        Ok(_) => None,
        Err(problems) => unsaid(&problems, text).map(|wrong| format!("import: {wrong}")),
    }
}

#[test]
fn a_file_in_any_shape_is_accepted_or_refused_with_sentences() {
    for (name, text) in shapes() {
        for text in [text.clone(), format!("{STANDARD}\n{text}"), format!("{EXCEPTIONS}\n{text}")] {
            assert_eq!(read(&text), None, "{name}");
        }
    }
}

/// A line of a good file that is gone, there again, in another place, or in other words.
#[test]
fn a_good_file_with_a_line_changed_is_accepted_or_refused_with_sentences() {
    let words = [
        "",
        "null",
        "[]",
        "{}",
        "\"\"",
        "-1",
        "9223372036854775807",
        "true",
        "2026-11-01",
        "\"*\"",
        "[\"\", \"*\"]",
        "{ accounts = [\"111122223333\"] }",
        "\"\\u0000\\u202e\"",
        "nan",
        "'''\n'''",
    ];
    let file = select(vec![STANDARD, EXCEPTIONS]);
    let strategy = (file, any::<Index>(), any::<Index>(), 0..4_u8, select(words.to_vec()));
    let outcome = TestRunner::new(config(400, 20_261_160)).run(&strategy, |(file, at, to, how, word)| {
        let mut lines: Vec<String> = file.lines().map(str::to_owned).collect();
        let (at, to) = (at.index(lines.len()), to.index(lines.len()));
        match how {
            0 => drop(lines.remove(at)),
            1 => lines.insert(to, lines[at].clone()),
            2 => lines.swap(at, to),
            _ => {
                let key = lines[at].split('=').next().unwrap_or_default().to_owned();
                lines[at] = format!("{key}= {word}");
            }
        }
        prop_assert_eq!(read(&lines.join("\n")), None, "{}", lines.join("\n"));
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

/// Any JSON, with a policy's words among its members.
fn document() -> impl Strategy<Value = Value> {
    let word = select(vec![
        "Allow",
        "Deny",
        "*",
        "s3:*",
        "kms:Decrypt",
        "arn:aws:s3:::b/*",
        "${aws:username}",
        "${",
        "",
        "\u{0}",
        "111122223333",
        "aws:SecureTransport",
        "2012-10-17",
        "\u{1f600}",
        "arn:aws:iam::*:role/?",
    ]);
    let name = select(vec![
        "Version",
        "Statement",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
        "Bool",
        "StringEquals",
        "ForAllValues:StringLike",
        "ArnLikeIfExists",
        "Null",
        "IpAddress",
        "AWS",
        "Service",
        "aws:SecureTransport",
        "aws:SourceIp",
        "Sid",
        "statement",
        "",
    ]);
    let leaf = prop_oneof![
        word.prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        any::<i64>().prop_map(Value::from),
        Just(Value::Null),
    ];
    leaf.prop_recursive(6, 60, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::vec((name.clone(), inner), 0..6).prop_map(|members| {
                Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
            }),
        ]
    })
}

#[test]
fn any_json_is_a_policy_or_is_refused() {
    let statement = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":X}]}"#;
    let outcome = TestRunner::new(config(300, 20_261_161)).run(&document(), |document| {
        let text = document.to_string();
        policy::exercise(text.as_bytes());
        policy::exercise(statement.replace('X', &text).as_bytes());
        let whole = format!(r#"{{"Version":"2012-10-17","Statement":{text}}}"#);
        policy::exercise(whole.as_bytes());
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    let same = |text: &str, many: usize| vec![text; many].join(",");
    let deny = r#"{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}"#;
    let mut policies = 0;
    for text in [
        format!("{}{}", "[".repeat(DEEP), "]".repeat(DEEP)),
        format!("{}1{}", r#"{"Statement":"#.repeat(DEEP), "}".repeat(DEEP)),
        format!(r#"{{"Version":"2012-10-17","Statement":[{}]}}"#, same(deny, 100)),
        deny.replace("\"s3:*\"", &format!("[{}]", same("\"s3:Get*\"", 500))),
        format!("{{{}}}", same("\"Version\":\"2012-10-17\"", 10_000)),
        statement
            .replace('X', &format!("{{\"StringLike\":{{\"aws:PrincipalArn\":\"{}\"}}}}", "*?".repeat(300))),
        statement
            .replace('X', &format!("{{\"StringLike\":{{\"aws:PrincipalArn\":\"{}\"}}}}", "${".repeat(2_000))),
        r#"{"Version":"2012-10-17","Version":"2008-10-17","Statement":[]}"#.to_owned(),
        "\"\\ud800\"".to_owned(),
    ] {
        policies += usize::from(policy::exercise(text.as_bytes()));
    }
    assert!(policies >= 2, "a long policy is a policy: {policies}");
}

#[test]
fn a_settings_file_in_any_shape_is_refused_with_a_sentence() {
    let shell = Shell::new();
    let values = [
        "= 1",
        "= \"x\"",
        "= []",
        "= [[]]",
        "= {}",
        "= 1979-05-27",
        "= nan",
        "= \"\\u0000\"",
        "= \"\"\"\n\n\"\"\"",
    ];
    let mut keys = String::new();
    for (n, value) in values.iter().enumerate() {
        let _ = writeln!(keys, "unknown_{n} {value}");
    }
    let mut texts = shapes();
    texts.retain(|(name, _)| *name != "nothing");
    texts.push(("unknown keys", keys));
    for value in ["[[]]", "{}", "nan", "[1, 2]"] {
        texts.push(("a flag", format!("accounts_in_flight = {value}")));
    }
    for (name, text) in texts {
        let path = shell.path("settings.toml");
        fs::write(&path, &text).unwrap();
        let finished = shell.atrest("scan --config settings.toml --lake lake").ended(2);
        assert!(finished.stderr.contains("settings.toml"), "{name}: {finished}");
        assert!(finished.stderr.len() < 4_000 && !finished.stderr.contains('\0'), "{name}");
    }
}
