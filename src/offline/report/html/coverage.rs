//! Coverage: counts that must add up, and the accounts with gaps, by name.

use maud::{Markup, html};

use super::super::page::Page;
use super::shared::{account, counted, number, size, spoken};

/// Accounts with a gap that are named here; the section on access gaps has all.
const NAMED: usize = 8;

/// The section.
pub fn section(page: &Page) -> Markup {
    let totals = &page.run.manifest.totals;
    html! {
        p.sum {
            strong { (number(totals.accounts_listed)) } " accounts listed = "
            (number(totals.accounts_complete)) " complete + " (number(totals.accounts_partial)) " partial + "
            (number(totals.accounts_unreachable)) " unreachable + "
            (number(totals.accounts_not_scanned)) " not scanned"
        }
        ul.plain {
            li { (regions(page)) }
            (counts(page, totals.buckets, totals.keys))
        }
        (gaps(page))
    }
}

/// How many buckets and keys were listed, and what of them was read.
pub(super) fn counts(page: &Page, listed_buckets: u64, listed_keys: u64) -> Markup {
    let (buckets, keys, coverage) = (&page.buckets, &page.keys, &page.coverage);
    html! {
        li {
            (counted(listed_buckets, "bucket")) " listed; default encryption read for " (number(buckets.read))
            @if buckets.gone > 0 { "; " (number(buckets.gone)) " deleted before the read" }
        }
        li { (counted(listed_keys, "key")) " listed; description read for " (number(keys.described)) }
        li {
            (counted(coverage.asked, "read")) " sent = " (number(coverage.answered)) " answered + "
            (number(coverage.failed)) " failed; " (number(coverage.not_asked)) " planned but not sent"
            @if coverage.left_out > 0 { "; " (number(coverage.left_out)) " left out by the Region filter" }
        }
    }
}

fn regions(page: &Page) -> String {
    let scanned = counted(page.accounts.regions.len() as u64, "Region");
    match page.accounts.regions_disabled.len() {
        0 => format!("{scanned} scanned"),
        disabled => format!("{scanned} scanned; {} disabled in at least one account", size(disabled)),
    }
}

fn gaps(page: &Page) -> Markup {
    let coverage = &page.coverage;
    let open = page.coverage.accounts_with_gaps();
    let silent = page.accounts.by_id.iter().filter(|(_, account)| account.status == "not_scanned");
    html! {
        @if open.is_empty() {
            p.good {
                "Every planned read succeeded or is an accepted gap"
                @if coverage.left_out > 0 { "; the plan covered some Regions only" } "."
            }
        } @else {
            p.bad { (counted(open.len() as u64, "account")) " with access gaps that are not accepted:" }
            ul.plain {
                @for account_id in open.iter().take(NAMED) {
                    li { (account(page, account_id)) ": " (why(page, account_id)) }
                }
                @if open.len() > NAMED { li { "and " (size(open.len() - NAMED)) " more" } }
            }
            @if !page.is_summary() { p { a href="#denied" { "Access gaps and remediation" } } }
        }
        @for (account_id, found) in silent.clone().take(NAMED) {
            p.muted {
                "Not scanned: " (account(page, account_id)) @if let Some(reason) = &found.reason { ", " (spoken(reason)) }
            }
        }
        @if silent.clone().count() > NAMED { p.muted { "and " (size(silent.count() - NAMED)) " more" } }
    }
}

fn why(page: &Page, account_id: &str) -> String {
    match page.accounts.by_id.get(account_id) {
        Some(account) => match &account.reason {
            Some(reason) => format!("{}, {}", spoken(&account.status), spoken(reason)),
            None => spoken(&account.status),
        },
        None => "not in the list of accounts".to_owned(),
    }
}
