//! The results: buckets by all of their findings, then default encryption alone. A number always has its
//! total beside it, and no number is a sum over checks.

use std::cmp::Reverse;

use maud::{Markup, html};

use super::super::page::Page;
use super::super::page::findings::{Verdicts, count_of};
use super::picture::{Part, stacked, told};
use super::shared::{counted, number};
use crate::model::{ResourceType, Severity, Standing, Standings, Verdict};

/// The section.
pub fn section(page: &Page) -> Markup {
    let buckets = page.findings.buckets();
    html! {
        p.lead { strong { (number(buckets.clean)) " of " (counted(buckets.all(), "bucket")) } " " (CLEAN) }
        (stacked("Buckets by result over all of their checks", &standing_parts(&buckets)))
        (alone(&page.findings.to_standard()))
        p {
            "Buckets and keys with a fail, by the worst severity of each: " (severities(page)) ". The most severe kinds of finding:"
        }
        (super::findings::worst(page))
    }
}

const CLEAN: &str = "have no fail at medium or worse and no unknown";

/// The parts of a bar, with the words that say them.
pub const STANDINGS: [(Standing, &str, &str); 5] = [
    (Standing::Clean, "pass", "no fail at medium or worse, no unknown"),
    (Standing::Exempt, "exempt", "exempt: an exception accepts the fail"),
    (Standing::Unknown, "unknown", "no such fail, but a check is unknown"),
    (Standing::Fails, "fail", "a fail at medium or worse"),
    (Standing::NotJudged, "not_applicable", "no check applies"),
];

/// Resources by their result, as parts of a bar.
pub fn standing_parts(standings: &Standings) -> Vec<Part> {
    let part = |(standing, class, label): &(Standing, &'static str, &str)| Part {
        class,
        label: (*label).to_owned(),
        count: standings.of(*standing),
    };
    STANDINGS.iter().map(part).collect()
}

/// `Default encryption alone: 207 of 300 buckets meet the standard; …`: one check, out of all buckets that it
/// applies to.
fn alone(verdicts: &Verdicts) -> Markup {
    let of = |verdict| count_of(verdicts, verdict);
    let all: u64 = verdicts.values().sum();
    html! {
        p {
            "Default encryption alone: "
            strong { (number(of(Verdict::Pass))) " of " (number(all - of(Verdict::NotApplicable))) " buckets" }
            " meet the standard; " (number(of(Verdict::Fail))) " fail, " (number(of(Verdict::Unknown)))
            " unknown, " (number(of(Verdict::Exempt))) " exempt, " (number(of(Verdict::NotApplicable))) " not applicable"
        }
        (told("Buckets by the check on default encryption", &parts(verdicts)))
    }
}

/// The verdicts as parts of a bar.
pub fn parts(verdicts: &Verdicts) -> Vec<Part> {
    let order = [Verdict::Pass, Verdict::Exempt, Verdict::Unknown, Verdict::Fail, Verdict::NotApplicable];
    order
        .into_iter()
        .map(|verdict| Part {
            class: verdict.word(),
            label: super::shared::spoken(verdict.word()),
            count: count_of(verdicts, verdict),
        })
        .collect()
}

/// `13 critical, 81 high`, the worst first: buckets and keys, each once.
fn severities(page: &Page) -> String {
    let of = |severity: Severity, kind| {
        page.findings.worst.get(&(Reverse(severity), kind)).copied().unwrap_or_default()
    };
    let count = |severity: &Severity| of(*severity, ResourceType::Bucket) + of(*severity, ResourceType::Key);
    let counts = Severity::ALL.iter().rev().map(|severity| (severity, count(severity)));
    let said: Vec<String> = counts
        .filter(|(_, count)| *count > 0)
        .map(|(severity, count)| format!("{} {}", number(count), severity.word()))
        .collect();
    if said.is_empty() { "none".to_owned() } else { said.join(", ") }
}
