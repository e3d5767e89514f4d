//! The controls by framework: a row for each check instance that is evidence, with its note and condition.

use maud::{Markup, html};

use super::super::page::Page;
use super::super::page::controls::{Control, Framework, Row};
use super::super::page::findings::count_of;
use super::picture::small;
use super::shared::{Head, cell, counted, numbers, size, spoken, table, words};
use super::standard::parts;
use crate::model::{Condition, Subject, Verdict};

const HEADS: [Head; 9] = [
    words("Control"),
    words("Check"),
    words("Share"),
    numbers("Fail"),
    numbers("Unknown"),
    numbers("Exempt"),
    numbers("Pass"),
    numbers("Not applicable"),
    numbers("No evidence"),
];

const VERDICTS: [Verdict; 5] =
    [Verdict::Fail, Verdict::Unknown, Verdict::Exempt, Verdict::Pass, Verdict::NotApplicable];

/// The part of the section on findings.
pub fn by_framework(page: &Page) -> Markup {
    html! {
        @if !page.controls.frameworks.is_empty() {
            h3 #by-framework { "By framework" }
            p.muted { "Findings are evidence for a control. They are not a verdict on the control, which asks for more than was judged here. A row counts the resources of one check, each once. A resource is in every row of its check, so do not add rows up. No evidence: the check has a verdict, but the resource does not meet the condition of the row." }
        }
        @for (framework, controls) in &page.controls.frameworks { (one(framework, controls.iter())) }
    }
}

fn one<'a>(
    (name, version): &Framework,
    controls: impl ExactSizeIterator<Item = (&'a String, &'a Control)> + Clone,
) -> Markup {
    let with_fails = controls.clone().filter(|(_, control)| control.has_fails()).count();
    html! {
        details.framework {
            summary {
                (name) " " (version) " · " (counted(controls.len() as u64, "control")) ", " (size(with_fails)) " with fails"
            }
            (table(&format!("{name} {version}"), &HEADS, &html! {
                @for (control_id, control) in controls {
                    @for evidence in &control.evidence { (row(control_id, &control.title, evidence)) }
                }
            }))
        }
    }
}

fn row(control_id: &str, title: &str, row: &Row) -> Markup {
    html! {
        tr {
            th scope="row" { strong { (control_id) } " " (title) }
            td {
                code { (row.instance.spoken()) } " (" (row.relation) ")"
                @if let Some(condition) = &row.condition { br; span.condition { (in_words(condition)) } }
                @if let Some(note) = &row.note { br; span.muted.note { (note) } }
            }
            td.bar { (small(&parts(&row.verdicts))) }
            @for verdict in VERDICTS { (cell(count_of(&row.verdicts, verdict))) }
            (cell(row.not_evidence))
        }
    }
}

/// `Evidence only about: customer managed key.`
fn in_words(condition: &Condition) -> String {
    let lists = [
        ("Evidence only about", &condition.about),
        ("A pass counts only of", &condition.pass),
        ("A fail counts only of", &condition.fail),
    ];
    let said = lists.into_iter().filter_map(|(what, subjects)| {
        let named: Vec<String> = subjects.as_ref()?.iter().map(|subject| in_a_word(*subject)).collect();
        let named = if named.is_empty() { "nothing".to_owned() } else { named.join(", ") };
        Some(format!("{what}: {named}."))
    });
    said.collect::<Vec<_>>().join(" ")
}

fn in_a_word(subject: Subject) -> String {
    match subject {
        Subject::AwsManagedKey => "AWS managed key".to_owned(),
        Subject::KmsKey => "KMS key, manager unknown".to_owned(),
        Subject::SseS3 => "SSE-S3".to_owned(),
        Subject::NotConfigured => "no default encryption".to_owned(),
        other => spoken(other.word()),
    }
}
