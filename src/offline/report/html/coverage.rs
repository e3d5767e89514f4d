//! Whether everything was seen: the counts that must add up, and who is missing, by name.

use maud::{Markup, html};

use super::super::page::Page;
use super::shared::{account, counted, number, size, spoken};

/// Accounts with a gap that are named here; the section on what was not read has all.
const NAMED: usize = 8;

/// The section.
pub fn section(page: &Page) -> Markup {
    let totals = &page.run.manifest.totals;
    let (buckets, keys, coverage) = (&page.buckets, &page.keys, &page.coverage);
    html! {
        p.sum {
            strong { (number(totals.accounts_listed)) } " accounts listed = "
            (number(totals.accounts_complete)) " complete + " (number(totals.accounts_partial)) " partial + "
            (number(totals.accounts_unreachable)) " unreachable + "
            (number(totals.accounts_not_scanned)) " not scanned"
        }
        ul.plain {
            li { (regions(page)) }
            li {
                (counted(totals.buckets, "bucket")) " listed, default encryption of " (number(buckets.read)) " read"
                @if buckets.gone > 0 { ", " (number(buckets.gone)) " gone by then" }
            }
            li { (counted(totals.keys, "key")) " listed, " (number(keys.described)) " described" }
            li {
                (counted(coverage.asked, "read")) " asked = " (number(coverage.answered)) " answered + "
                (number(coverage.failed)) " failed; " (number(coverage.not_asked)) " never sent"
                @if coverage.left_out > 0 { ", and " (number(coverage.left_out)) " left out by the filter on Regions" }
            }
        }
        (gaps(page))
    }
}

fn regions(page: &Page) -> String {
    let scanned = counted(page.accounts.regions.len() as u64, "Region");
    match page.accounts.regions_disabled.len() {
        0 => format!("{scanned} scanned"),
        disabled => format!("{scanned} scanned; {} disabled in some account", size(disabled)),
    }
}

fn gaps(page: &Page) -> Markup {
    let coverage = &page.coverage;
    let open = page.coverage.accounts_with_gaps();
    let silent = page.accounts.by_id.iter().filter(|(_, account)| account.status == "not_scanned");
    html! {
        @if open.is_empty() {
            p.good {
                "Everything that the plan called for was read, or is an accepted gap"
                @if coverage.left_out > 0 { "; the plan was of some Regions" } "."
            }
        } @else {
            p.bad { (counted(open.len() as u64, "account")) " with gaps that nobody accepted:" }
            ul.plain {
                @for account_id in open.iter().take(NAMED) {
                    li { (account(page, account_id)) ": " (why(page, account_id)) }
                }
                @if open.len() > NAMED { li { "and " (size(open.len() - NAMED)) " more" } }
            }
            @if !page.is_summary() { p { a href="#denied" { "What was not read, and the fix" } } }
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
        None => "not in the account list".to_owned(),
    }
}
