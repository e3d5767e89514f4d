//! Changes since the last census: what is new, what is fixed, and what can no longer be decided.

use maud::{Markup, html};

use super::super::change::{ChangeKind, Changed, Changes, Comparison, Example, How};
use super::super::page::Page;
use super::findings::{chip, resource};
use super::shared::{Head, account, counted, number, spoken, table, words};
use crate::model::RunKind;

/// The section.
pub fn section(page: &Page) -> Markup {
    match &page.comparison {
        Comparison::First => {
            html! { p { "This is the first census of its lake. There is no earlier one to compare with." } }
        }
        Comparison::NotACensus(kind) => html! {
            p {
                "Not compared: only a census is compared with an earlier census, and this run is "
                @match kind {
                    RunKind::Filtered => { "filtered" },
                    RunKind::Rejudged => { "re-judged" },
                    RunKind::Census => { "without a place among the censuses" },
                }
                "."
            }
        },
        Comparison::Unreadable(reason) => html! {
            p.bad { "Not compared: the previous census cannot be read." }
            p.muted { (reason) }
        },
        Comparison::Since(changes) => since(page, changes),
    }
}

/// What needs attention first, then the rest, so that the sums add up.
const KINDS: [(ChangeKind, &str); 9] = [
    (ChangeKind::New, "new"),
    (ChangeKind::Reopened, "reopened"),
    (ChangeKind::Fixed, "fixed"),
    (ChangeKind::LostSight, "lost sight"),
    (ChangeKind::NewlyChecked, "newly checked"),
    (ChangeKind::Excepted, "excepted"),
    (ChangeKind::NoLongerApplicable, "no longer applicable"),
    (ChangeKind::NoLongerChecked, "no longer checked"),
    (ChangeKind::StillFailing, "still failing"),
];
/// The first of them are shown also if the count is zero.
const ALWAYS: usize = 4;

fn since(page: &Page, changes: &Changes) -> Markup {
    let of = |kind: ChangeKind| changes.kinds.get(&kind);
    let told = KINDS.into_iter().filter(|(kind, _)| *kind != ChangeKind::StillFailing);
    let named: Vec<(&str, &Changed)> = told.filter_map(|(kind, words)| Some((words, of(kind)?))).collect();
    html! {
        p { "Findings that fail: " (number(changes.fails_then())) " in the previous census " code { (changes.since) } ", " (number(changes.fails_now())) " now." }
        ul.plain {
            @for (at, (kind, words)) in KINDS.into_iter().enumerate() {
                @if at < ALWAYS || changes.count(kind) > 0 {
                    li {
                        strong { (number(changes.count(kind))) } " " (words)
                        @if let Some(changed) = of(kind) { (courses(changed)) }
                    }
                }
            }
        }
        @if !page.is_summary() && named.iter().any(|(_, changed)| changed.count > 0) {
            details {
                summary { "Show the findings" }
                @for (words, changed) in &named { (by_name(page, words, changed)) }
            }
        }
        p.muted {
            "Fixed: passes now, or is no longer in a complete listing. Lost sight: failed before and cannot be decided now. "
            "Reopened: failed again after an earlier census, among the last " (looked_back(changes)) "."
        }
        @if let Some((_, why)) = changes.passed_over.first() {
            p.bad { (counted(changes.passed_over.len() as u64, "earlier run")) " could not be read and is not in the comparison: " (passed_over(changes)) "." }
            p.muted { (why) }
        }
    }
}

fn passed_over(changes: &Changes) -> String {
    changes.passed_over.iter().map(|(run_id, _)| run_id.as_str()).collect::<Vec<_>>().join(", ")
}

fn looked_back(changes: &Changes) -> String {
    match changes.looked_back.len() {
        1 => "census".to_owned(),
        more => format!("{more} censuses"),
    }
}

/// How the change happened, if there is more than one way.
fn courses(changed: &Changed) -> Markup {
    let said: Vec<String> = changed
        .by_how
        .iter()
        .filter_map(|(how, count)| Some(format!("{} {}", number(*count), course(*how)?)))
        .collect();
    html! { @if !said.is_empty() { span.muted { " (" (said.join(", ")) ")" } } }
}

fn course(how: How) -> Option<&'static str> {
    match how {
        How::WasUnknown => Some("unknown before"),
        How::Passes => Some("pass now"),
        How::Gone => Some("no longer in a complete listing"),
        How::Unknown => Some("unknown now"),
        How::NotListed => Some("not listed, and the listing is incomplete"),
        How::AccountLeft => Some("the account left the organization"),
        How::CheckOff => Some("the check is off"),
        How::NotAsked => Some("the check no longer applies here"),
        How::New
        | How::NewlyChecked
        | How::Reopened
        | How::StillFailing
        | How::Exempt
        | How::NotApplicable => None,
    }
}

fn by_name(page: &Page, words: &str, changed: &Changed) -> Markup {
    let shown = changed.examples.len() as u64;
    html! {
        @if changed.count > 0 {
            (table(&format!("{} {words}", number(changed.count)), &HEADS, &html! {
                @for example in &changed.examples { (row(page, example)) }
            }))
        }
        @if changed.count > shown { p { "and " (number(changed.count - shown)) " more" } }
    }
}

const HEADS: [Head; 3] = [words("Severity"), words("Resource"), words("Check")];

fn row(page: &Page, example: &Example) -> Markup {
    html! {
        tr {
            td { (chip(example.severity)) }
            td { code.long { (resource(&example.resource_arn)) } br; (account(page, &example.account_id)) }
            td {
                code { (example.check_id) @if let Some(params) = &example.check_params { " " (params) } }
                @if course(example.how).is_some() { br; (spoken(example.how.word())) }
            }
        }
    }
}
