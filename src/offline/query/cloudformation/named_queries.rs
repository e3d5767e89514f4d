//! The questions, saved in the workgroup: Athena's console lists them, and asks for each `?`.
//!
//! A parameter that a file names becomes `?` in each of its places, and a value is given by position, as SQL:
//! a text in single quotes, NULL as an expression (user guide, "Use parameterized queries"). No comment has a
//! question mark or a semicolon, for there are clients that look for them without reading SQL. The guide also
//! says that `?` stands in WHERE alone; Trino 435 took every question, with its defaults by position, and which
//! of the two Athena does was not tried: a question that cannot do without says so.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::query::{Kind, Parameter, QUERIES, Query, fill, positional};

use super::{block, logical, quoted};

const TRAIL: &str = " Reads the organization's CloudTrail table by the name cloudtrail_logs, which must be in this \
                     database: make a view of that name over yours, or edit the name.";
const ELSEWHERE: &str = " AWS's guide allows execution parameters in WHERE alone: if one is refused, put the \
                         values into the text.";

pub(super) fn resources() -> impl Iterator<Item = String> {
    QUERIES.iter().map(resource)
}

fn resource(query: &Query) -> String {
    format!(
        "  {}Query:\n    Type: AWS::Athena::NamedQuery\n    Properties:\n      Database: !Ref DatabaseName\n      \
         WorkGroup: !Ref WorkGroup\n      Name: {}\n      Description: {}\n      QueryString: |-\n{}",
        logical(query.name),
        query.name,
        quoted(&description(query)),
        block(&statement(query), 8),
    )
}

/// The file with `?` in each place, below a comment that says what each is.
fn statement(query: &Query) -> String {
    let (header, code): (Vec<&str>, Vec<&str>) = query.text.lines().partition(|line| line.starts_with("--"));
    let (code, names) = positional(&code.join("\n"));
    let header = header.join("\n").replace('?', ".").replace(';', ",");
    let positions = match names.is_empty() {
        true => String::new(),
        false => format!("\n-- parameters by position: {}", positions(&names)),
    };
    format!("{header}{positions}\n{code}\n")
}

/// `1 ou, 2 ou`.
fn positions(names: &[String]) -> String {
    let numbered = names.iter().zip(1..).map(|(name, number)| format!("{number} {name}"));
    numbered.collect::<Vec<_>>().join(", ")
}

fn description(query: &Query) -> String {
    let header = query.header();
    let (_, names) = positional(query.text);
    let mut text = format!("{}.", header.title);
    if !names.is_empty() {
        let _ = write!(text, " Parameters by position: {}.", positions(&names));
    }
    header.parameters.iter().for_each(|parameter| text.push_str(&meaning(parameter)));
    if query.text.contains("cloudtrail_logs") {
        text.push_str(TRAIL);
    }
    if has_parameter_outside_where(query.text) {
        text.push_str(ELSEWHERE);
    }
    text
}

/// What a value has to look like, and the one to give where none is wanted.
fn meaning(parameter: &Parameter) -> String {
    let kind = match &parameter.kind {
        Kind::Integer => "integer".to_owned(),
        Kind::Text => "text in single quotes".to_owned(),
        Kind::Day => "day as '2026-11-21'".to_owned(),
        Kind::Account => "account as '111122223333'".to_owned(),
        Kind::KeyArn => "key's ARN in single quotes".to_owned(),
        Kind::OneOf(words) => format!("one of '{}'", words.join("', '")),
    };
    let default =
        fill(&format!("${{{}}}", parameter.name), std::slice::from_ref(parameter), &BTreeMap::new());
    let need = default.map_or_else(|_| "required".to_owned(), |literal| format!("default {literal}"));
    format!(" {}: {kind}, {need}.", parameter.name)
}

/// Whether a parameter stands in another clause than WHERE, by the last clause that began before it.
fn has_parameter_outside_where(text: &str) -> bool {
    const CLAUSES: [&str; 8] = ["SELECT", "FROM", "JOIN", "ON", "WHERE", "GROUP", "HAVING", "ORDER"];
    let clause = |before: &str| {
        let words: Vec<&str> =
            before.split(|letter: char| !letter.is_alphanumeric() && letter != '_').collect();
        words.into_iter().rev().find(|word| CLAUSES.contains(word)).map(str::to_owned)
    };
    text.match_indices("${").any(|(at, _)| clause(&text[..at]).as_deref() != Some("WHERE"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The longest description that Athena takes (API reference, `NamedQuery`).
    const LONGEST_DESCRIPTION: usize = 1024;

    #[test]
    fn a_saved_question_says_what_each_position_is() {
        let query = crate::query::find("buckets_without_rotating_customer_key").unwrap();
        let title = "Buckets not under a rotating customer key";
        let text = statement(query);
        assert!(text.starts_with(&format!("-- title: {title}\n-- question: Which buckets")));
        assert!(
            text.contains("\n-- parameters by position: 1 ou, 2 ou, 3 ou, 4 ou\nSELECT b.account_id,"),
            "{text}"
        );
        assert_eq!(
            description(query),
            format!(
                "{title}. Parameters by position: 1 ou, 2 ou, 3 ou, 4 ou. ou: text in single quotes, default \
                 CAST(NULL AS varchar)."
            )
        );
        let read = |text: &str| meaning(&Parameter::read(text).unwrap());
        assert_eq!(read("a, integer, default 7: A."), " a: integer, default 7.");
        assert_eq!(read("a, text, default buckets: A."), " a: text in single quotes, default 'buckets'.");
        assert_eq!(read("a, day, required: A."), " a: day as '2026-11-21', required.");
    }

    #[test]
    fn saved_questions_are_what_athena_takes() {
        for query in QUERIES {
            let (name, text, description) = (query.name, statement(query), description(query));
            assert!(
                description.len() <= LONGEST_DESCRIPTION && description.is_ascii(),
                "{name}: {description}"
            );
            assert!(!text.contains("${") && text.len() <= 262_144 && text.is_ascii(), "{name}");
            let comments = text.lines().filter(|line| line.starts_with("--"));
            assert!(comments.clone().all(|line| !line.contains(['?', ';'])), "{name}: a comment with a mark");
            let (_, names) = positional(query.text);
            assert_eq!(
                text.matches('?').count(),
                names.len(),
                "{name}: a question mark that is no parameter"
            );
        }
    }

    #[test]
    fn the_questions_that_need_a_parameter_outside_of_where_are_known() {
        let found: BTreeSet<&str> =
            QUERIES.iter().filter(|it| has_parameter_outside_where(it.text)).map(|it| it.name).collect();
        assert_eq!(
            found,
            BTreeSet::from(["sample_of_population"]),
            "Athena's guide allows `?` in WHERE alone"
        );
        let trail = QUERIES.iter().filter(|it| description(it).contains("cloudtrail_logs")).map(|it| it.name);
        assert_eq!(trail.collect::<Vec<_>>(), ["who_changed_it"]);
    }
}
