//! The checks of the standard: what each asks, why, its source, and links to its findings.

use maud::{Markup, html};

use super::super::page::findings::Instance;
use super::super::page::{Check, Page};
use super::findings::{Anchors, check_anchor};
use super::shared::{number, spoken};

/// The section: a check by its id, with its instances where it has parameters.
pub fn section(page: &Page) -> Markup {
    let instances: Vec<(&Instance, &Check)> = page.checks.iter().collect();
    let anchors = Anchors::of(page.findings.groups.keys());
    html! {
        p.muted { "Every check of the standard, with its rationale and source. The remediation of a finding depends on its reason." }
        @for of_check in instances.chunk_by(|(a, _), (b, _)| a.check_id == b.check_id) { (one(page, &anchors, of_check)) }
    }
}

fn one(page: &Page, anchors: &Anchors, instances: &[(&Instance, &Check)]) -> Markup {
    let Some((instance, check)) = instances.first() else { return html! {} };
    html! {
        details.check id=(check_anchor(&instance.check_id)) {
            summary { code { (instance.check_id) } " · " (check.title) }
            p { (check.question) }
            @if let Some(rationale) = &check.rationale { p { (rationale) } }
            @if let Some(address) = &check.documentation {
                p { a href=(address) rel="noreferrer" { "AWS documentation" } }
            }
            ul.plain {
                @for (instance, check) in instances {
                    li {
                        @if let Some(params) = &instance.params { code { (params) } ": " }
                        "severity " (check.severity)
                        @if let Some(most) = check.severity_max.as_ref().filter(|most| **most != check.severity) {
                            ", up to " (most) " depending on the facts"
                        }
                    }
                }
            }
            p { strong { "Remediation: " } (check.remedy) }
            (found(page, anchors, &instance.check_id))
        }
    }
}

/// What it found here, by reason.
fn found(page: &Page, anchors: &Anchors, check_id: &str) -> Markup {
    let groups = &page.findings.groups;
    let own = groups.iter().zip(&anchors.ids).filter(|((group, _), _)| group.instance.check_id == check_id);
    html! {
        ul.plain {
            @for ((group, members), anchor) in own {
                li {
                    a href={ "#" (anchor) } { (number(members.count)) " " (group.verdict.word()) ": " (spoken(&group.reason_code)) }
                }
            }
        }
    }
}
