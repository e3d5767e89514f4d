//! What is of one account alone: its facts, whether all of it was seen, and the index of all accounts.

use maud::{Markup, PreEscaped, html};

use super::super::SCOPE;
use super::super::page::Page;
use super::super::page::owner::{Line, Owners};
use super::picture::small;
use super::shared::{Head, cell_of, counted, number, numbers, size, spoken, table, words};
use super::standard::standing_parts;
use super::{INDEX_MARK, html_page};
use crate::model::{Standing, Standings};

/// The file of an account's page.
pub fn file_name(account_id: &str) -> String {
    format!("{account_id}.html")
}

/// The section on the run, and on the account.
pub fn run(page: &Page) -> Markup {
    let account_id = page.account_id().unwrap_or_default();
    let account = page.accounts.by_id.get(account_id);
    html! {
        (super::run::section(page))
        dl.facts {
            div { dt { "Account" } dd { code { (account_id) } } }
            @if let Some(account) = account {
                div { dt { "Organizational unit" } dd { (account.unit) } }
                div { dt { "Scan" } dd { (status(&account.status, account.reason.as_deref())) } }
            }
        }
    }
}

fn status(status: &str, reason: Option<&str>) -> String {
    match reason {
        Some(reason) => format!("{}, {}", spoken(status), spoken(reason)),
        None => spoken(status),
    }
}

/// The section on what was seen of the account.
pub fn coverage(page: &Page) -> Markup {
    let (buckets, keys, coverage) = (&page.buckets, &page.keys, &page.coverage);
    let gaps = coverage.gaps.keys().filter(|gap| !gap.accepted).count();
    html! {
        ul.plain {
            li {
                (counted(buckets.modes.values().sum(), "bucket")) " listed, default encryption of " (number(buckets.read)) " read"
                @if buckets.gone > 0 { ", " (number(buckets.gone)) " gone by then" }
            }
            li { (counted(keys.by_manager.values().sum(), "key")) " listed, " (number(keys.described)) " described" }
            li {
                (counted(coverage.asked, "read")) " asked = " (number(coverage.answered)) " answered + "
                (number(coverage.failed)) " failed; " (number(coverage.not_asked)) " never sent"
                @if coverage.left_out > 0 { ", and " (number(coverage.left_out)) " left out by the filter on Regions" }
            }
        }
        @if coverage.asked + coverage.not_asked == 0 {
            p { "Nothing was asked of the account." }
        } @else if gaps == 0 {
            p.good { "Everything that the plan called for was read, or is an accepted gap." }
        } @else {
            p.bad { (counted(gaps as u64, "kind")) " of reads failed or never went out." }
            p { a href="#denied" { "What was not read, and the fix" } }
        }
    }
}

/// The index over the pages of all accounts.
pub fn index(owners: &Owners, lines: &[Line]) -> Markup {
    let manifest = &owners.run.manifest;
    let organization = manifest.org_id.as_deref().unwrap_or("accounts without an organization");
    let mut buckets = Standings::default();
    for line in lines {
        buckets.merge(&line.resources.buckets);
    }
    let content = html! {
        header { p.brand { "atrest" } nav aria-label="Sections" { ul { li { a href="#accounts" { "The accounts" } } } } }
        main #main tabindex="-1" {
            h1 { "Encryption at rest of " (organization) ", by account" }
            @for band in super::run::bands(&owners.run) { p.band { (band) } }
            p.lead {
                strong { (number(buckets.clean)) " of " (counted(buckets.all(), "bucket")) }
                " have no fail at medium or worse and no unknown"
            }
            p { "Run " code { (manifest.run_id) } ", observed " (manifest.started_at) ". " (SCOPE) }
            section #accounts aria-labelledby="accounts-heading" {
                h2 #accounts-heading { (size(lines.len())) " accounts" }
                (table("Accounts, each with its own page", &HEADS, &html! {
                    @for line in lines { (row(owners, line)) }
                }))
            }
        }
    };
    let title = format!("Encryption at rest of {organization}, by account, {}", manifest.started_at.date());
    html_page(&title, &owners.run, &html! { (PreEscaped(INDEX_MARK)) }, &content)
}

const HEADS: [Head; 9] = [
    words("Account"),
    words("Organizational unit"),
    words("Scan"),
    words("Share"),
    numbers("Buckets that fail"),
    numbers("Unknown"),
    numbers("Exempt"),
    numbers("No fail, no unknown"),
    words("Worst fail"),
];

fn row(owners: &Owners, line: &Line) -> Markup {
    let account = owners.accounts.by_id.get(&line.account_id);
    let name = owners.accounts.name_of(&line.account_id);
    html! {
        tr {
            th scope="row" {
                a href=(file_name(&line.account_id)) rel="noreferrer" { (name) }
                @if name != line.account_id { " " code { (line.account_id) } }
            }
            td { span.name { @if let Some(account) = account { (account.unit) } } }
            td { @if let Some(account) = account { (status(&account.status, account.reason.as_deref())) } }
            td.bar { (small(&standing_parts(&line.resources.buckets))) }
            @for standing in [Standing::Fails, Standing::Unknown, Standing::Exempt, Standing::Clean] {
                (cell_of(account.is_none_or(|it| it.buckets.is_some()), line.resources.buckets.of(standing)))
            }
            td { @if let Some((severity, _)) = line.resources.worst.last_key_value() { (super::findings::chip(*severity)) } }
        }
    }
}
