//! What belongs to one account or one organizational unit only: its facts and its coverage.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::super::page::accounts::{Account, Unit};
use super::super::page::{Page, View};
use super::coverage::counts;
use super::shared::{account, counted, size, spoken};

/// Accounts of a unit that are named, where not all of an account was seen.
const NAMED: usize = 20;

/// The file of a page. An id of the lake is no path: what AWS's ids do not have is replaced.
pub fn file_name(view: &View) -> String {
    let id = match view {
        View::Account(account_id) => account_id,
        View::Unit(unit) => unit.id.as_deref().unwrap_or("units_not_reported"),
        View::Whole | View::Summary => "run",
    };
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    format!("{}.html", id.chars().map(plain).collect::<String>())
}

/// The section on the run, and on the account or unit.
pub fn run(page: &Page) -> Markup {
    html! {
        (super::run::section(page))
        dl.facts {
            @match &page.view {
                View::Account(account_id) => { (of_account(page, account_id)) }
                View::Unit(unit) => { (of_unit(page, unit)) }
                View::Whole | View::Summary => {}
            }
        }
    }
}

fn of_account(page: &Page, account_id: &str) -> Markup {
    html! {
        div { dt { "Account" } dd { code { (account_id) } } }
        @if let Some(account) = page.accounts.by_id.get(account_id) {
            div { dt { "Organizational unit" } dd { (account.unit) } }
            div { dt { "Scan" } dd { (status(&account.status, account.reason.as_deref())) } }
        }
    }
}

fn of_unit(page: &Page, unit: &Unit) -> Markup {
    let mut statuses: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, account) in members(page) {
        *statuses.entry(&account.status).or_default() += 1;
    }
    html! {
        div { dt { "Organizational unit" } dd { (unit.path) @if let Some(id) = &unit.id { " " code { (id) } } } }
        div { dt { "Accounts in it" } dd { (size(members(page).count())) } }
        div { dt { "Scan" } dd {
            @for (at, (status, accounts)) in statuses.iter().enumerate() {
                @if at > 0 { ", " }
                (size(*accounts)) " " (spoken(status))
            }
        } }
    }
}

/// The accounts that the page is of.
fn members(page: &Page) -> impl Iterator<Item = (&String, &Account)> {
    page.accounts.by_id.iter().filter(|(id, account)| match &page.view {
        View::Account(account_id) => *id == account_id,
        View::Unit(unit) => account.units.contains(unit),
        View::Whole | View::Summary => true,
    })
}

/// How the scan of an account ended, and why.
pub fn status(status: &str, reason: Option<&str>) -> String {
    match reason {
        Some(reason) => format!("{}, {}", spoken(status), spoken(reason)),
        None => spoken(status),
    }
}

/// The section on what was seen of the account or unit.
pub fn coverage(page: &Page) -> Markup {
    let coverage = &page.coverage;
    let gaps = coverage.gaps.keys().filter(|gap| !gap.accepted).count();
    html! {
        ul.plain {
            (counts(page, page.buckets.modes.values().sum(), page.keys.by_manager.values().sum()))
        }
        @if coverage.asked + coverage.not_asked == 0 {
            p { "No read was planned for " (this(page)) "." }
        } @else if gaps == 0 {
            p.good { "Every planned read succeeded or is an accepted gap." }
        } @else {
            p.bad { (counted(gaps as u64, "kind")) " of reads failed or were not sent." }
            p { a href="#denied" { "Access gaps and remediation" } }
        }
        @if page.account_id().is_none() { (not_complete(page)) }
    }
}

fn this(page: &Page) -> &'static str {
    if page.account_id().is_some() { "the account" } else { "the accounts" }
}

/// The accounts of a unit that were not seen, or not to the end.
fn not_complete(page: &Page) -> Markup {
    let found: Vec<_> = members(page).filter(|(_, it)| it.status != "complete").collect();
    html! {
        @if !found.is_empty() {
            ul.plain {
                @for (account_id, found) in found.iter().take(NAMED) {
                    li { (account(page, account_id)) ": " (status(&found.status, found.reason.as_deref())) }
                }
                @if found.len() > NAMED { li { "and " (size(found.len() - NAMED)) " more" } }
            }
        }
    }
}
