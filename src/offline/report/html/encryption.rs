//! Default encryption by mode: of the organization, its units, its accounts.

use std::cmp::Reverse;

use maud::{Markup, html};

use super::super::page::Page;
use super::super::page::buckets::Modes;
use super::picture::{Part, small, stacked};
use super::shared::{Head, account, cell, number, numbers, query, size, table, words};
use crate::model::{Encryption, Verdict};

/// Accounts in the table, those with the most buckets; the rest by query.
const ACCOUNTS: usize = 100;
/// Units in the table.
const UNITS: usize = 200;

/// The modes as a reader ranks them, and what is not known at the end.
const MODES: [Option<Encryption>; 6] = [
    Some(Encryption::DsseKms),
    Some(Encryption::SseKms),
    Some(Encryption::SseS3),
    Some(Encryption::Other),
    Some(Encryption::NotConfigured),
    None,
];

/// The section.
pub fn section(page: &Page) -> Markup {
    let mut accounts: Vec<(&String, &Modes)> = page.buckets.by_account.iter().collect();
    accounts.sort_by_key(|(id, modes)| (Reverse(total(modes)), *id));
    let (shown, rest) = accounts.split_at(accounts.len().min(ACCOUNTS));
    html! {
        (stacked("Buckets by default encryption", &parts(&page.buckets.modes)))
        (table("By organizational unit", &heads("Organizational unit"), &html! {
            @for (unit, modes) in page.buckets.by_unit.iter().take(UNITS) {
                (row(html! { span.name { (unit) } }, modes, None))
            }
        }))
        @if page.buckets.by_unit.len() > UNITS {
            p { "and " (size(page.buckets.by_unit.len() - UNITS)) " more units" }
        }
        (table("By account", &heads("Account"), &html! {
            @for (account_id, modes) in shown {
                (row(account(page, account_id), modes, Some(met(page, account_id))))
            }
        }))
        @if !rest.is_empty() {
            p {
                "and " (size(rest.len())) " more accounts, with " (number(rest.iter().map(|(_, modes)| total(modes)).sum()))
                " buckets:"
            }
            (super::shared::paste("query", &query(page, "account_id, encryption, count(*)", "buckets", "encryption IS NOT NULL\nGROUP BY 1, 2 ORDER BY 1, 2")))
        }
    }
}

/// Buckets of an account that meet the standard, and out of how many.
fn met(page: &Page, account_id: &str) -> (u64, u64) {
    let of = |verdict| {
        page.findings
            .standard
            .get(account_id)
            .and_then(|verdicts| verdicts.get(&verdict))
            .copied()
            .unwrap_or(0)
    };
    let all: u64 = page.findings.standard.get(account_id).map_or(0, |verdicts| verdicts.values().sum());
    (of(Verdict::Pass), all - of(Verdict::NotApplicable))
}

fn heads(first: &'static str) -> Vec<Head> {
    let mut heads = vec![words(first), words("Share"), numbers("Buckets")];
    heads.extend(MODES.iter().map(|mode| numbers(Encryption::spoken_of(*mode))));
    if first == "Account" {
        heads.push(numbers("As the standard asks"));
    }
    heads
}

fn row(name: Markup, modes: &Modes, met: Option<(u64, u64)>) -> Markup {
    html! {
        tr {
            th scope="row" { (name) }
            td.bar { (small(&parts(modes))) }
            (cell(total(modes)))
            @for mode in MODES { (cell(modes.get(&mode).copied().unwrap_or_default())) }
            @if let Some((pass, of)) = met { td.n { (number(pass)) " of " (number(of)) } }
        }
    }
}

fn total(modes: &Modes) -> u64 {
    modes.values().sum()
}

fn parts(modes: &Modes) -> Vec<Part> {
    MODES
        .iter()
        .map(|mode| Part {
            class: class(*mode),
            label: Encryption::spoken_of(*mode).to_owned(),
            count: modes.get(mode).copied().unwrap_or_default(),
        })
        .collect()
}

fn class(mode: Option<Encryption>) -> &'static str {
    match mode {
        Some(Encryption::SseKms) => "mode-kms",
        Some(Encryption::DsseKms) => "mode-dsse",
        Some(Encryption::SseS3) => "mode-s3",
        Some(Encryption::NotConfigured) => "mode-none",
        Some(Encryption::Other) => "mode-other",
        None => "mode-unknown",
    }
}
