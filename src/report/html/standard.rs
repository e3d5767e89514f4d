//! How the buckets stand to the standard: never a score without what it is out of.

use maud::{Markup, html};

use super::super::page::Page;
use super::super::page::findings::{Verdicts, count_of};
use super::picture::{Part, stacked};
use super::shared::number;
use crate::model::{Severity, Verdict};

/// The section.
pub fn section(page: &Page) -> Markup {
    let verdicts = page.findings.to_standard();
    html! {
        p.lead { (sentence(&verdicts)) }
        (stacked("Buckets by how they stand to the standard", &parts(&verdicts)))
        p {
            "All checks: " strong { (number(count_of(&page.findings.verdicts, Verdict::Fail))) } " fail"
            @if let Some(severities) = severities(page) { " (" (severities) ")" } ", "
            (number(count_of(&page.findings.verdicts, Verdict::Unknown))) " unknown. The worst:"
        }
        (super::findings::worst(page))
    }
}

/// `207 of 300 buckets meet the standard; …`: out of all but those that it does not apply to.
fn sentence(verdicts: &Verdicts) -> Markup {
    let of = |verdict| count_of(verdicts, verdict);
    let all: u64 = verdicts.values().sum();
    html! {
        strong { (number(of(Verdict::Pass))) " of " (number(all - of(Verdict::NotApplicable))) " buckets meet the standard" }
        "; " (number(of(Verdict::Fail))) " fail, " (number(of(Verdict::Unknown))) " unknown, "
        (number(of(Verdict::Exempt))) " exempt, " (number(of(Verdict::NotApplicable))) " not applicable"
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

/// `13 critical, 81 high`, the worst first.
fn severities(page: &Page) -> Option<String> {
    let fails = |severity: &Severity| {
        page.findings.by_severity.get(severity).map_or(0, |verdicts| count_of(verdicts, Verdict::Fail))
    };
    let said: Vec<String> = Severity::ALL
        .iter()
        .rev()
        .filter(|severity| fails(severity) > 0)
        .map(|severity| format!("{} {}", number(fails(severity)), severity.word()))
        .collect();
    (!said.is_empty()).then(|| said.join(", "))
}
