//! The index over the pages of accounts or organizational units.

use maud::{Markup, PreEscaped, html};

use super::super::page::View;
use super::super::page::accounts::Account;
use super::super::page::owner::{Line, Lines, Owners};
use super::super::{SCOPE, Split};
use super::html_page;
use super::owner::{file_name, status};
use super::picture::small;
use super::shared::{Head, cell, cell_of, counted, number, numbers, size, table, words};
use super::standard::standing_parts;
use crate::model::{Standing, Standings};

/// The document.
pub fn document(owners: &Owners, index: &Lines) -> Markup {
    let manifest = &owners.run.manifest;
    let organization = manifest.org_id.as_deref().unwrap_or("accounts without an organization");
    let by = owners.split.spoken();
    let mut buckets = Standings::default();
    for resources in index.accounts.values() {
        buckets.merge(&resources.buckets);
    }
    let (id, anchor, parts) = match owners.split {
        Split::Account => ("accounts", "#accounts", "accounts"),
        Split::Unit => ("units", "#units", "organizational units"),
    };
    let heading = format!("{id}-heading");
    let content = html! {
        header { p.brand { "atrest" } nav aria-label="Sections" { ul { li { a href=(anchor) { "The " (parts) } } } } }
        main #main tabindex="-1" {
            h1 { "Encryption at rest of " (organization) ", by " (by) }
            @for band in super::run::bands(&owners.run) { p.band { (band) } }
            p.lead {
                strong { (number(buckets.clean)) " of " (counted(buckets.all(), "bucket")) }
                " have no fail at medium or worse and no unknown"
            }
            p { "Run " code { (manifest.run_id) } ", observed " (manifest.started_at) ". " (SCOPE) }
            section id=(id) aria-labelledby=(heading) {
                h2 id=(heading) { (size(index.lines.len())) " " (parts) }
                @if owners.split == Split::Unit {
                    p.muted { "An account counts in every unit above it, so do not add rows up." }
                }
                (rows(owners, index))
            }
        }
    };
    let title = format!("Encryption at rest of {organization}, by {by}, {}", manifest.started_at.date());
    html_page(&title, &owners.run, &html! { (PreEscaped(owners.split.mark())) }, &content)
}

const SHARE: [Head; 6] = [
    words("Share"),
    numbers("Buckets that fail"),
    numbers("Unknown"),
    numbers("Exempt"),
    numbers("No fail, no unknown"),
    words("Worst fail"),
];

fn rows(owners: &Owners, index: &Lines) -> Markup {
    let (caption, first) = match owners.split {
        Split::Account => {
            ("Accounts, each with a page", [words("Account"), words("Organizational unit"), words("Scan")])
        }
        Split::Unit => (
            "Organizational units, each with a page",
            [words("Organizational unit"), numbers("Accounts"), numbers("Complete")],
        ),
    };
    let heads: Vec<Head> = first.into_iter().chain(SHARE).collect();
    table(caption, &heads, &html! { @for line in &index.lines { (row(owners, line)) } })
}

fn row(owners: &Owners, line: &Line) -> Markup {
    let accounts: Vec<&Account> =
        line.accounts.iter().filter_map(|id| owners.accounts.by_id.get(id)).collect();
    // An account that the table of accounts has not is one that findings name: it was listed.
    let listed = accounts.is_empty() || accounts.iter().any(|account| account.buckets.is_some());
    html! {
        tr {
            @match &line.view {
                View::Unit(unit) => {
                    th scope="row" {
                        a href=(file_name(&line.view)) rel="noreferrer" { (unit.path) }
                        @if let Some(id) = &unit.id { " " code { (id) } }
                    }
                    (cell(line.accounts.len() as u64))
                    (cell(accounts.iter().filter(|account| account.status == "complete").count() as u64))
                }
                _ => { (of_account(owners, line)) }
            }
            td.bar { (small(&standing_parts(&line.resources.buckets))) }
            @for standing in [Standing::Fails, Standing::Unknown, Standing::Exempt, Standing::Clean] {
                (cell_of(listed, line.resources.buckets.of(standing)))
            }
            td { @if let Some((severity, _)) = line.resources.worst.last_key_value() { (super::findings::chip(*severity)) } }
        }
    }
}

fn of_account(owners: &Owners, line: &Line) -> Markup {
    let account_id = line.accounts.first().map(String::as_str).unwrap_or_default();
    let account = owners.accounts.by_id.get(account_id);
    let name = owners.accounts.name_of(account_id);
    html! {
        th scope="row" {
            a href=(file_name(&line.view)) rel="noreferrer" { (name) }
            @if name != account_id { " " code { (account_id) } }
        }
        td { span.name { @if let Some(account) = account { (account.unit) } } }
        td { @if let Some(account) = account { (status(&account.status, account.reason.as_deref())) } }
    }
}
