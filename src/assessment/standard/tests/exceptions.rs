//! Exceptions: what a record must keep to, and what its hash is over.

use super::*;
use crate::check;
use crate::model::Verdict;

/// A standard with an approver.
fn standard() -> Standard {
    parse(&format!("{LEAST}[exceptions]\napprovers = [\"CISO \", \"board\"]\n")).unwrap()
}

/// A record that keeps to all rules, with some lines in other words.
fn record(changes: &[(&str, &str)]) -> String {
    let fields = [
        ("id", "\"E-1\""),
        ("check", "\"kms_rotation_enabled\""),
        ("accepts", "[\"rotation_disabled\"]"),
        ("scope", "{ resources = [\"arn:aws:kms:*:key/1\"] }"),
        ("max_matches", "1"),
        ("reason", "\"a\""),
        ("owner", "\"b\""),
        ("requested_by", "\"c\""),
        ("approved_by", "\"ciso\""),
        ("approved_at", "2026-11-01"),
        ("ticket", "\"d\""),
        ("starts", "2026-11-01"),
        ("expires", "2026-12-01"),
    ];
    let mut lines = vec!["[[exception]]".to_owned()];
    for (key, value) in fields {
        let value = changes.iter().find(|(changed, _)| *changed == key).map_or(value, |(_, value)| value);
        if !value.is_empty() {
            lines.push(format!("{key} = {value}"));
        }
    }
    let more = changes.iter().filter(|(key, _)| fields.iter().all(|(known, _)| known != key));
    lines.extend(more.map(|(key, value)| format!("{key} = {value}")));
    lines.join("\n") + "\n"
}

#[test]
fn every_slip_in_an_exception_is_named() {
    let standard = standard();
    let one = |changes: &[(&str, &str)]| record(changes);
    let two = |first: &[(&str, &str)], second: &[(&str, &str)]| record(first) + &record(second);
    let cases = [
        ("no field at all", "[[exception]]".to_owned()),
        (
            "empty fields",
            one(&[("owner", "\"\""), ("ticket", "\" \""), ("approved_at", "\"\""), ("accepts", "[]")]),
        ),
        ("an unknown key", one(&[("expirse", "2026-12-01")])),
        ("an unknown check", one(&[("check", "\"kms_rotation_enable\""), ("accepts", "[\"x\"]")])),
        (
            "reasons that cannot be accepted",
            one(&[("accepts", "[\"rotation_disable\", \"rotation_enabled\", \"rotation_not_read\"]")]),
        ),
        ("a scope that names nothing", one(&[("scope", "{}")])),
        ("a scope in wrong words", one(&[("scope", "{ account = [], resources = [], ous = [\"\"] }")])),
        ("a scope that is none", one(&[("scope", "\"*\"")])),
        ("resources that are none", one(&[("scope", "{ resources = [\"my bucket\", \"a\\u0007\"] }")])),
        ("no match", one(&[("max_matches", "0")])),
        ("approved by its owner", one(&[("owner", "\" Ciso\"")])),
        ("approved by who asked", one(&[("requested_by", "\"CISO\"")])),
        ("approved by a name that is not on the list", one(&[("approved_by", "\"bord\"")])),
        ("ends before it starts", one(&[("expires", "2026-11-01")])),
        ("approved too late", one(&[("approved_at", "2026-11-01T00:00:01Z")])),
        ("too long", one(&[("expires", "2027-04-30T00:00:01Z")])),
        ("an id twice", two(&[], &[])),
        (
            "about exceptions",
            one(&[("check", "\"exception_max_matches\""), ("accepts", "[\"more_matches_than_agreed\"]")]),
        ),
        ("supersedes itself", one(&[("supersedes", "\"E-1\"")])),
        (
            "supersede each other",
            two(&[("supersedes", "\"E-2\"")], &[("id", "\"E-2\""), ("supersedes", "\"E-1\"")]),
        ),
    ];
    let cases: Vec<(&str, &str)> = cases.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let read = |text: &str| parse_exceptions(text, &standard).err().unwrap_or_default();
    insta::assert_snapshot!("exception_problems", problems(&cases, read));
}

#[test]
fn the_built_in_standard_admits_no_exception() {
    let problems = parse_exceptions(&record(&[]), &built_in()).unwrap_err();
    assert_eq!(problems.len(), 1);
    insta::assert_snapshot!(
        problems[0],
        @r#"no one can approve an exception: the standard `atrest-built-in` names no approvers; write a standard with [exceptions] approvers = ["…"]"#
    );
    assert_eq!(parse_exceptions("", &built_in()).unwrap().records, []);
}

#[test]
fn what_is_grave_needs_the_standards_leave() {
    let grave = CHECKS.iter().find_map(|check| {
        let is_grave = |reason: &&&check::Reason| reason.verdict == Verdict::Fail && !reason.exemptible;
        Some((check.id, check.reasons.iter().find(is_grave)?.code))
    });
    let (check, code) = grave.expect("some reason is grave");
    let text = record(&[
        ("check", &format!("\"{check}\"")),
        ("accepts", &format!("[\"{code}\"]")),
        ("expires", "2026-11-10"),
    ]);
    let problems = parse_exceptions(&text, &standard()).unwrap_err();
    assert!(problems.iter().all(|problem| problem.what.contains("too severe")), "{problems:?}");
    let mut lenient = standard();
    lenient.exceptions.exemptible.insert(code.to_owned());
    assert!(parse_exceptions(&text, &lenient).is_ok());
}

#[test]
fn the_length_is_that_of_the_severest_instance() {
    let long = record(&[("expires", "2027-04-30")]);
    assert!(parse_exceptions(&long, &standard()).is_ok(), "180 days, medium");
    let severe = "[[check]]\nid = \"kms_rotation_enabled\"\nous = [\"Prod\"]\nseverity = \"critical\"";
    let severe = parse(&format!("{LEAST}[exceptions]\napprovers = [\"ciso\"]\n{severe}")).unwrap();
    let problems = parse_exceptions(&long, &severe).unwrap_err();
    assert!(problems[0].what.contains("30 days"), "{problems:?}");
}

#[test]
fn a_superseded_record_ends_where_the_next_one_starts() {
    let next = |starts| {
        let next =
            [("id", "\"E-2\""), ("supersedes", "\"E-1\""), ("starts", starts), ("expires", "2026-12-20")];
        parse_exceptions(&(record(&next) + &record(&[])), &standard()).unwrap().records
    };
    let at = |text| Timestamp::parse(text).unwrap();
    let records = next("2026-11-20");
    let active = |at: Timestamp| {
        let active = records.iter().filter(|record| record.is_active(at));
        active.map(|record| record.id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(active(at("2026-10-31T23:59:59Z")), [""; 0]);
    assert_eq!(active(at("2026-11-01")), ["E-1"]);
    assert_eq!(active(at("2026-11-20")), ["E-2"]);
    assert_eq!(active(at("2026-12-20")), [""; 0], "its end does not bring the first one back");
    let alone = parse_exceptions(&record(&[]), &standard()).unwrap().records;
    assert_eq!(records[0].sha256, alone[0].sha256, "the record is the same");
    assert_eq!(next("2026-11-01").len(), 1, "it never holds");
    let third = [("id", "\"E-3\""), ("supersedes", "\"E-2\""), ("starts", "2026-11-10")];
    let second = [("id", "\"E-2\""), ("supersedes", "\"E-1\""), ("starts", "2026-11-20")];
    let chain = record(&third) + &record(&second) + &record(&[]);
    let chain = parse_exceptions(&chain, &standard()).unwrap().records;
    let spans: Vec<_> = chain.iter().map(|record| (record.id.as_str(), record.expires)).collect();
    let days = [at("2026-11-10"), at("2026-12-01")];
    assert_eq!(spans, [("E-1", days[0]), ("E-3", days[1])], "a third before the second ends the first");
    let elsewhere = record(&[("supersedes", "\"E-0\"")]);
    assert_eq!(parse_exceptions(&elsewhere, &standard()).unwrap().records.len(), 1, "E-0 may be gone");
}

#[test]
fn a_records_hash_is_over_what_it_says() {
    let hash = |text: &str| parse_exceptions(text, &standard()).unwrap().records[0].sha256.clone();
    let scope = |order| [("scope", order), ("reason", "\"a\"")];
    let first = hash(&record(&scope("{ accounts = [\"111122223333\"], resources = [\"a\", \"b\"] }")));
    let laid_out = record(&[
        ("scope", "{ resources = [ 'b', \"a\" ], accounts = [\"111122223333\"] } # the two"),
        ("reason", "'''\n  a'''"),
        ("starts", "\"2026-11-01T01:00:00+01:00\""),
        ("imported_without_expiry", "false"),
    ]);
    assert_eq!(hash(&laid_out), first);
    for change in [
        ("id", "\"E-2\""),
        ("reason", "\"A\""),
        ("scope", "{ accounts = [\"111122223333\"], resources = [\"a\"] }"),
        ("expires", "2026-12-02"),
        ("imported_without_expiry", "true"),
        ("compensating_control", "\"an alarm\""),
        ("supersedes", "\"E-0\""),
    ] {
        let mut changes = scope("{ accounts = [\"111122223333\"], resources = [\"a\", \"b\"] }").to_vec();
        changes.retain(|(key, _)| *key != change.0);
        changes.push(change);
        assert_ne!(hash(&record(&changes)), first, "{change:?}");
    }
    // A lake knows its records by this hash: it may not change with a version of the program.
    assert_eq!(hash(&record(&[])), "58dadcd4a41670b2764d792a360d64dfa5be4abce7201d3541d3818c2d76d2f9");
}

// Import

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn imported(text: &str) -> Result<String, Vec<Problem>> {
    let check = check::find("s3_default_encryption").unwrap();
    import::import_for(check, text, at("2026-11-21T09:30:00Z"), &standard())
}

/// As a home-grown set-up documents it.
const LIST: &str = r#"
# exceptions of the buckets
bucket_exceptions = {
  "sample-s3-bucket" = "12/31/20 00:00", "sample2-s3-bucket2"="None"
  "sample3-bucket" : "12/31/26 18:30",
  sample4-bucket = "1/1/30 0:00"
}
"#;

#[test]
fn an_import_waits_for_a_person_and_is_then_read() {
    let text = imported(LIST).unwrap();
    insta::assert_snapshot!("imported", text);
    let problems = parse_exceptions(&text, &standard()).unwrap_err();
    assert_eq!(problems.len(), 3, "{problems:?}");
    for problem in &problems {
        let empty = "has empty `reason`, `ticket`, `owner`, `requested_by`, `approved_by`, `approved_at`";
        for field in empty.split(", ").filter_map(|field| field.split('`').nth(1)) {
            assert!(problem.what.contains(&format!("`{field}`")), "{problem} does not name {field}");
        }
    }
    let filled = text
        .replace("approved_by = \"\"", "approved_by = \"board\"")
        .replace("approved_at = \"\"", "approved_at = 2026-11-21")
        .replace("= \"\"", "= \"said\"");
    let read = parse_exceptions(&filled, &standard()).unwrap();
    let resources: Vec<_> = read.records.iter().flat_map(|record| &record.resources).collect();
    assert_eq!(resources, ["sample2-s3-bucket2", "sample3-bucket", "sample4-bucket"]);
    assert_eq!(
        read.records.iter().map(|record| record.imported_without_expiry).collect::<Vec<_>>(),
        [true, false, false]
    );
}

#[test]
fn an_import_accepts_another_encryption_and_not_a_broken_one() {
    let text = import("{\"a-bucket\" = \"None\"}", at("2026-11-21T09:30:00Z"), &standard()).unwrap();
    assert!(text.contains("check = \"s3_encryption_standard\""), "{text}");
    let check = check::find("s3_encryption_standard").unwrap();
    for reason in check.reasons.iter().filter(|reason| reason.verdict == Verdict::Fail) {
        let accepted = text.contains(&format!("\"{}\"", reason.code));
        assert_eq!(accepted, reason.code != "key_missing", "{}", reason.code);
    }
}

#[test]
fn the_shortest_lists() {
    let one = |text: &str| imported(text).unwrap().matches("[[exception]]").count();
    assert_eq!(one(r#"{"sample-s3-bucket"="12/31/20 00:00","sample2-s3-bucket2"="None"}"#), 1);
    assert_eq!(one(r#"{"sample-s3-bucket": "None"}"#), 1);
    assert_eq!(one("{}"), 0);
    assert_eq!(one("// none yet\nx = {\n}"), 0);
}

#[test]
fn every_slip_in_a_list_is_named() {
    let cases = [
        ("nothing", ""),
        ("no list", "\"a-bucket\" = \"None\""),
        ("another variable", "region = \"eu-west-1\""),
        ("no end", "{\"a-bucket\" = }"),
        ("an end without quotes", "{\"a-bucket\" = None}"),
        ("no closing brace", "{\"a-bucket\" = \"None\""),
        ("no closing quote", "{\n\"a-bucket = None\n}"),
        ("two lists", "{} {}"),
        ("a bad escape", "{\"a\\x\" = \"None\"}"),
        ("a broken escape", "{\"a\\u00\" = \"None\"}"),
        (
            "bad ends",
            "{\"bucket-1\" = \"\"\n\"bucket-2\" = \"2026-12-31\"\n\"bucket-3\" = \"13/31/26 00:00\"\n\
             \"bucket-4\" = \"02/30/26 00:00\"\n\"bucket-5\" = \"12/31/2026 00:00\"\n\"bucket-6\" = \"12/31/26 24:00\"}",
        ),
        ("twice", "{\"a-bucket\" = \"None\",\n\"a-bucket\" = \"12/31/26 00:00\"}"),
        ("names that are none", "{\"*\" = \"None\"\n\"a\\\"]\\n[[exception]]\" = \"None\"\n\"\" = \"None\"}"),
    ];
    insta::assert_snapshot!(
        "import_problems",
        problems(&cases, |text| imported(text).err().unwrap_or_default())
    );
}

#[test]
fn two_digit_years_are_pythons() {
    let end = |text: &str| imported(&format!("{{\"a-bucket\" = \"{text}\"}}")).unwrap();
    assert!(end("12/31/69 00:00").contains("ended at 1969-12-31T00:00:00Z"));
    assert!(end("12/31/68 00:00").contains("The list says 2068-12-31T00:00:00Z"));
    assert!(end("11/21/26 09:30").contains("is not imported"), "an end is the first instant without it");
    assert!(end("11/21/26 09:31").contains("expires = 2026-11-21T09:31:00Z"));
}

proptest! {
    #![proptest_config(few())]

    /// Whatever is quoted comes back as it was.
    #[test]
    fn quoted_texts_come_back(text in ".*") {
        let quoted = format!("text = {}", write::text(&text));
        let table: toml::Table = toml::from_str(&quoted).unwrap();
        prop_assert_eq!(table["text"].as_str(), Some(text.as_str()));
    }
}
