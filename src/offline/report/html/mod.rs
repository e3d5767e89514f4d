//! The page for people: one file that opens in any browser, loads nothing from the network, and prints.
//!
//! Every text goes through maud's escaping, and the finished document through [`printable`], so that
//! no name from AWS can become markup, script or a change of direction. The page's own policy (CSP)
//! allows the one style and the one script that it carries, by their hashes, and nothing else.
//! A section is one file and one line in [`SECTIONS`].

mod changes;
mod checks;
mod console;
mod controls;
mod coverage;
mod denied;
mod encryption;
mod exceptions;
mod expiries;
mod findings;
mod index;
mod inventory;
mod keys;
mod method;
mod owner;
mod picture;
mod rotation;
mod run;
mod shared;
mod standard;
mod trend;

use std::io::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::page::owner::{AT_ONCE, Owners};
use super::page::{self, Page, Run, View};
use super::{Files, ReportError, SCOPE, Split};
use crate::lake::CommittedRun;
use crate::printable::printable;

const STYLE: &str = include_str!("style.css");
const SCRIPT: &str = include_str!("script.js");

/// A part of the page.
struct Section {
    /// Its anchor.
    id: &'static str,
    /// Its heading, and its name in the navigation.
    title: &'static str,
    content: fn(&Page) -> Markup,
}

// Sections that stand on more than one kind of page.
const RUN: Section = Section { id: "run", title: "Run", content: run::section };
const COVERAGE: Section = Section { id: "coverage", title: "Coverage", content: coverage::section };
const STANDARD: Section = Section { id: "standard", title: "Results", content: standard::section };
const EXPIRIES: Section =
    Section { id: "expiries", title: "Upcoming key expiries", content: expiries::section };
const CHANGES: Section =
    Section { id: "changes", title: "Changes since the last census", content: changes::section };
const EXCEPTIONS: Section = Section { id: "exceptions", title: "Exceptions", content: exceptions::section };
const WHAT_IS_JUDGED: Section = Section { id: "scope", title: "Scope", content: scope };
const MANIFEST: Section = Section { id: "manifest", title: "Manifest", content: method::manifest };
const TREND: Section = Section { id: "trend", title: "Last 90 nights", content: trend::section };
const ENCRYPTION: Section =
    Section { id: "encryption", title: "Default encryption", content: encryption::section };
const ROTATION: Section = Section { id: "rotation", title: "Key rotation", content: rotation::section };
const FINDINGS: Section = Section { id: "findings", title: "Findings", content: findings::section };
const KEYS: Section = Section { id: "keys", title: "Failing keys", content: keys::section };
const DENIED: Section = Section { id: "denied", title: "Access gaps", content: denied::section };
const CHECKS: Section = Section { id: "checks", title: "Checks", content: checks::section };

/// What is read first: which run, whether everything was seen, the results, what expires soon, what is new,
/// what is accepted, what is not judged at all.
const FIRST: &[Section] = &[RUN, COVERAGE, STANDARD, EXPIRIES, CHANGES, EXCEPTIONS, WHAT_IS_JUDGED, MANIFEST];

/// What a reader looks up.
const SECTIONS: &[Section] = &[
    TREND,
    ENCRYPTION,
    ROTATION,
    FINDINGS,
    KEYS,
    DENIED,
    CHECKS,
    Section { id: "method", title: "Methodology", content: method::section },
];

/// The summary on two sheets of paper, with the earlier nights.
const SHEETS: &[Section] =
    &[RUN, COVERAGE, STANDARD, TREND, EXPIRIES, CHANGES, EXCEPTIONS, WHAT_IS_JUDGED, MANIFEST];

/// What comes first on the page of an account or a unit.
const FIRST_OF_PART: &[Section] = &[
    Section { id: "run", title: "Run", content: owner::run },
    Section { id: "coverage", title: "Coverage", content: owner::coverage },
    STANDARD,
    EXPIRIES,
    WHAT_IS_JUDGED,
    MANIFEST,
];

/// What a reader looks up on the page of a unit.
const SECTIONS_OF_UNIT: &[Section] = &[ENCRYPTION, ROTATION, FINDINGS, KEYS, DENIED, CHECKS];

/// What a reader looks up on the page of an account.
const SECTIONS_OF_ACCOUNT: &[Section] = &[
    ENCRYPTION,
    ROTATION,
    FINDINGS,
    KEYS,
    Section { id: "inventory", title: "Buckets and keys", content: inventory::section },
    DENIED,
    CHECKS,
];

/// The index of the parts' pages.
pub const INDEX: &str = "index.html";

/// Writes the page of a run.
pub async fn write(run: &CommittedRun, view: View, out: &mut dyn Write) -> Result<(), ReportError> {
    finished(&document(&page::gather(run, view).await?), out)
}

/// Gives a page for each part, by its file's name, and then the index over them.
pub async fn write_split(run: &CommittedRun, split: Split, files: &mut dyn Files) -> Result<(), ReportError> {
    let owners = Owners::of(run, split, AT_ONCE).await?;
    let lines = owners
        .each(run, |page| {
            files.file(&owner::file_name(&page.view), &mut |out| finished(&document(page), out))
        })
        .await?;
    files.file(INDEX, &mut |out| finished(&index::document(&owners, &lines), out))
}

fn finished(document: &Markup, out: &mut dyn Write) -> Result<(), ReportError> {
    Ok(out.write_all(printable(&document.0).as_bytes())?)
}

/// The sections of a page: what is read first, and what is looked up.
fn sections(page: &Page) -> (&'static [Section], &'static [Section]) {
    match page.view {
        View::Whole => (FIRST, SECTIONS),
        View::Summary => (SHEETS, &[]),
        View::Account(_) => (FIRST_OF_PART, SECTIONS_OF_ACCOUNT),
        View::Unit(_) => (FIRST_OF_PART, SECTIONS_OF_UNIT),
    }
}

fn document(page: &Page) -> Markup {
    let (first, looked_up) = sections(page);
    let what = page.part().unwrap_or_else(|| shared::organization(page).to_owned());
    let content = html! {
        header {
            p.brand { "atrest" }
            nav aria-label="Sections" {
                ul {
                    @match page.view {
                        View::Account(_) => { li { a href=(INDEX) rel="noreferrer" { "All accounts" } } }
                        View::Unit(_) => { li { a href=(INDEX) rel="noreferrer" { "All units" } } }
                        View::Whole | View::Summary => {}
                    }
                    @for section in first.iter().chain(looked_up) {
                        li { a href={ "#" (section.id) } { (section.title) } }
                    }
                }
            }
        }
        main #main tabindex="-1" {
            h1 { "Encryption at rest of " (what) }
            div.first.sheet[page.is_summary()] { @for section in first { (rendered(section, page)) } }
            @for section in looked_up { (rendered(section, page)) }
        }
    };
    let date = page.run.manifest.started_at.date();
    html_page(&format!("Encryption at rest of {what}, {date}"), &page.run, &html! {}, &content)
}

/// A document: what every page has, whatever is on it.
fn html_page(title: &str, run: &Run, more: &Markup, content: &Markup) -> Markup {
    let paper = paper(run);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                meta http-equiv="Content-Security-Policy" content=(policy(&paper));
                (more)
                title { (title) }
                style { (PreEscaped(STYLE)) }
                style { (PreEscaped(&paper)) }
            }
            body {
                a.skip href="#main" { "Skip to the report" }
                (content)
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

/// The footer of each sheet of paper: the run, and the number of the sheet. An id has no character that
/// ends a text of CSS.
fn paper(run: &Run) -> String {
    format!(
        "@page {{ size: A4; margin: 14mm 12mm 16mm; @bottom-left {{ content: \"atrest · run {}\"; font: 8pt sans-serif; }} \
         @bottom-right {{ content: \"page \" counter(page) \" of \" counter(pages); font: 8pt sans-serif; }} }}",
        run.manifest.run_id
    )
}

fn rendered(section: &Section, page: &Page) -> Markup {
    let heading = format!("{}-heading", section.id);
    html! {
        section id=(section.id) aria-labelledby=(heading) {
            h2 id=(heading) { (section.title) }
            ((section.content)(page))
        }
    }
}

fn scope(_: &Page) -> Markup {
    html! { p { (SCOPE) } }
}

/// The page's Content-Security-Policy.
fn policy(paper: &str) -> String {
    let hash = |text: &str| BASE64.encode(Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{}' 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(paper),
        hash(SCRIPT)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_carries_only_what_its_policy_allows() {
        // What would end the element early, or need more than the policy gives.
        assert!(!STYLE.contains("</") && !STYLE.contains("url(") && !STYLE.contains("@import"));
        assert!(!SCRIPT.contains("</") && !SCRIPT.contains("<!--") && !SCRIPT.contains("innerHTML"));
        // `printable` goes over the whole document: it must leave our own part of it alone.
        assert_eq!(printable(STYLE), STYLE);
        assert_eq!(printable(SCRIPT), SCRIPT);
    }
}
