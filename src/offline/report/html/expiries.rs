//! Upcoming key expiries: keys that are scheduled for deletion, imported material that expires, and keys
//! that an account outside the organization can withdraw at any time.

use maud::{Markup, html};

use super::super::page::Page;
use super::super::page::keys::{Expiry, ExpiryKind};
use super::shared::{account, counted, number, paste, query, size};
use crate::clock::DAY_MS;

/// Dates that are listed; the others are counted.
const SHOWN: usize = 6;

/// The section.
pub fn section(page: &Page) -> Markup {
    let expiries = &page.keys.expiries;
    let outside = &page.keys.outside;
    html! {
        @if expiries.is_empty() && outside.is_empty() {
            p.good { "In what was read: no key in use is scheduled for deletion, no imported key material expires within 90 days, and no bucket uses a key outside the organization." }
        }
        ul.dates {
            @for expiry in expiries.iter().take(SHOWN) { (dated(page, expiry)) }
        }
        @if page.keys.expiries_total > SHOWN as u64 {
            @if page.is_summary() { p { "and " (number(page.keys.expiries_total - SHOWN as u64)) " more dates, on the full page" } }
            @else { (more(page)) }
        }
        @for (account_id, found) in outside.iter().take(SHOWN) {
            p {
                "At any time: " strong { (counted(found.buckets, "bucket")) } " in "
                (counted(found.accounts.len() as u64, "account")) " with default keys of "
                @if account_id.is_empty() { "an unnamed account" } @else { "account " code { (account_id) } }
                ", which is outside the organization and can withdraw them."
            }
        }
        @if page.keys.deleted_unnamed > 0 {
            p.muted {
                (counted(page.keys.deleted_unnamed, "key")) " scheduled for deletion without being the default key of any bucket. Stored objects "
                "and other services may still need such a key."
            }
        }
        @if outside.len() > SHOWN { p { "and " (size(outside.len() - SHOWN)) " more outside accounts" } }
    }
}

fn dated(page: &Page, expiry: &Expiry) -> Markup {
    html! {
        li {
            (date(page, expiry))
            ": "
            @match expiry.kind {
                ExpiryKind::Deletion => { "scheduled deletion of " },
                ExpiryKind::MaterialExpires => { "expiry of the imported material of " },
            }
            (key(page, expiry)) ", "
            @if expiry.buckets == 0 { "not the default key of any bucket" }
            @else { "default key of " (counted(expiry.buckets, "bucket")) @if expiry.accounts > 1 { " in " (counted(expiry.accounts, "account")) } }
        }
    }
}

/// The date, and how far it is from the date of judgement.
fn date(page: &Page, expiry: &Expiry) -> Markup {
    let Some(at) = expiry.at else { return html! { span.date { "No date" } } };
    let days = (at.millis() - page.run.manifest.as_of.millis()).div_euclid(DAY_MS);
    html! {
        span.date { (at.date()) }
        span.muted { @match days {
            ..=-1 => { " (before the date of judgement)" },
            0 => { " today" },
            1 => { " tomorrow" },
            _ => { " in " (days) " days" },
        } }
    }
}

/// The key by its alias or id, with its account and Region. The section on failing keys has its whole ARN.
fn key(page: &Page, expiry: &Expiry) -> Markup {
    let mut parts = expiry.key_arn.splitn(6, ':').skip(3);
    let (region, account_id) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let id = expiry.key_arn.rsplit_once('/').map_or(expiry.key_arn.as_str(), |(_, id)| id);
    html! {
        @match expiry.aliases.first() {
            Some(alias) => { span.name { (alias) } },
            None => { code { (id) } },
        }
        " in " (account(page, account_id)) " " (region)
    }
}

/// The other dates open in place, so that none is hidden.
fn more(page: &Page) -> Markup {
    let rest = page.keys.expiries_total - SHOWN as u64;
    let unnamed = page.keys.expiries_total - page.keys.expiries.len() as u64;
    html! {
        details {
            summary { (number(rest)) " more dates" }
            ul.dates { @for expiry in page.keys.expiries.iter().skip(SHOWN) { (dated(page, expiry)) } }
            @if unnamed > 0 {
                p { "and " (number(unnamed)) " later dates. Query for all of them:" }
                (paste("query", &query(page, "key_arn, key_state, deletion_at, material_expires_at, default_key_of_buckets", "keys", "(deletion_at IS NOT NULL OR material_expires_at IS NOT NULL)")))
            }
        }
    }
}
