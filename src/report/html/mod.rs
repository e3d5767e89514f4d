//! The page for people: one file that opens anywhere, asks the network for nothing, and prints.
//!
//! Every text goes through maud's escaping, and the finished document through [`printable`], so that
//! no name from AWS can become markup, script or a change of direction. The page's own policy (CSP)
//! allows the one style and the one script that it carries, by their hashes, and nothing else.
//! A section is one file and one line in [`SECTIONS`].

mod changes;
mod controls;
mod coverage;
mod dangers;
mod denied;
mod encryption;
mod exceptions;
mod findings;
mod keys;
mod method;
mod picture;
mod rotation;
mod run;
mod shared;
mod standard;

use std::io::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::page::{self, Page};
use super::{ReportError, SCOPE};
use crate::printable::printable;
use crate::sink::CommittedRun;

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

/// What is read first, in the order of what it is for: is this the right run, was everything seen, how
/// does it stand, what will break, what is new, what is accepted, what is not judged at all.
const FIRST: &[Section] = &[
    Section { id: "run", title: "The run", content: run::section },
    Section { id: "coverage", title: "Was everything seen?", content: coverage::section },
    Section { id: "standard", title: "The standard", content: standard::section },
    Section { id: "dangers", title: "Dated dangers", content: dangers::section },
    Section { id: "changes", title: "Since the last census", content: changes::section },
    Section { id: "exceptions", title: "Exceptions", content: exceptions::section },
    Section { id: "scope", title: "Scope", content: scope },
    Section { id: "manifest", title: "Manifest", content: method::manifest },
];

/// What is looked up.
const SECTIONS: &[Section] = &[
    Section { id: "encryption", title: "Default encryption", content: encryption::section },
    Section { id: "rotation", title: "Key rotation", content: rotation::section },
    Section { id: "findings", title: "Findings", content: findings::section },
    Section { id: "keys", title: "Failing keys", content: keys::section },
    Section { id: "denied", title: "What was not read", content: denied::section },
    Section { id: "method", title: "How it was obtained", content: method::section },
];

/// Writes the page of a run.
pub async fn write(run: &CommittedRun, out: &mut dyn Write) -> Result<(), ReportError> {
    let page = page::gather(run).await?;
    let document = document(&page).into_string();
    out.write_all(printable(&document).as_bytes())?;
    Ok(())
}

fn document(page: &Page) -> Markup {
    let organization = shared::organization(page);
    let date = page.run.manifest.started_at.date();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="referrer" content="no-referrer";
                meta http-equiv="Content-Security-Policy" content=(policy());
                title { "Encryption at rest of " (organization) ", " (date) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { "Skip to the report" }
                header {
                    p.brand { "atrest" }
                    nav aria-label="Sections" {
                        ul {
                            @for section in FIRST.iter().chain(SECTIONS) {
                                li { a href={ "#" (section.id) } { (section.title) } }
                            }
                        }
                    }
                }
                main #main tabindex="-1" {
                    h1 { "Encryption at rest of " (organization) }
                    div.first { @for section in FIRST { (rendered(section, page)) } }
                    @for section in SECTIONS { (rendered(section, page)) }
                }
                script { (PreEscaped(SCRIPT)) }
            }
        }
    }
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
fn policy() -> String {
    let hash = |text: &str| BASE64.encode(Sha256::digest(text.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
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
