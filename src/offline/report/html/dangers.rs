//! What will break, with its date: keys in use that are to be deleted, material that expires, and keys
//! that somebody outside can take away any day.

use maud::{Markup, html};

use super::super::page::Page;
use super::super::page::keys::{Danger, DangerKind};
use super::shared::{account, counted, number, paste, query, size};
use crate::clock::DAY_MS;

/// Dates that are shown here; past them they are counted.
const SHOWN: usize = 6;

/// The section.
pub fn section(page: &Page) -> Markup {
    let dangers = &page.keys.dangers;
    let outside = &page.keys.outside;
    html! {
        @if dangers.is_empty() && outside.is_empty() {
            p.good { "No key in use is scheduled for deletion, no imported material expires within 90 days, and no bucket's key is outside the organization, as far as was read." }
        }
        ul.dates {
            @for danger in dangers.iter().take(SHOWN) { (dated(page, danger)) }
        }
        @if page.keys.dangers_total > SHOWN as u64 {
            @if page.is_summary() { p { "and " (number(page.keys.dangers_total - SHOWN as u64)) " dates more, on the page" } }
            @else { (more(page)) }
        }
        @for (account_id, found) in outside.iter().take(SHOWN) {
            p {
                "Any day: " strong { (counted(found.buckets, "bucket")) } " in "
                (counted(found.accounts.len() as u64, "account")) ", under keys of "
                @if account_id.is_empty() { "an unnamed account" } @else { "account " code { (account_id) } }
                ", which is outside the organization."
            }
        }
        @if page.keys.deleted_unnamed > 0 {
            p.muted {
                (counted(page.keys.deleted_unnamed, "key")) " to be deleted that no bucket's default names: stored objects "
                "and other services may still need them."
            }
        }
        @if outside.len() > SHOWN { p { "and " (size(outside.len() - SHOWN)) " outside accounts more" } }
    }
}

fn dated(page: &Page, danger: &Danger) -> Markup {
    html! {
        li {
            (date(page, danger))
            ": "
            @match danger.kind {
                DangerKind::Deletion => { "deletion of " },
                DangerKind::MaterialExpires => { "expiry of the material of " },
            }
            (key(page, danger)) ", "
            @if danger.buckets == 0 { "no bucket's default key" }
            @else { "default key of " (counted(danger.buckets, "bucket")) @if danger.accounts > 1 { " in " (counted(danger.accounts, "account")) } }
        }
    }
}

/// The date, and how far it is from the instant that is judged at.
fn date(page: &Page, danger: &Danger) -> Markup {
    let Some(at) = danger.at else { return html! { span.date { "No date yet" } } };
    let days = (at.millis() - page.run.manifest.as_of.millis()).div_euclid(DAY_MS);
    html! {
        span.date { (at.date()) }
        span.muted { @match days {
            ..=-1 => { " (before the date judged at)" },
            0 => { " today" },
            1 => { " tomorrow" },
            _ => { " in " (days) " days" },
        } }
    }
}

/// The key by its alias, or its id, and where it lives; its whole ARN where it is listed with its buckets.
fn key(page: &Page, danger: &Danger) -> Markup {
    let mut parts = danger.key_arn.splitn(6, ':').skip(3);
    let (region, account_id) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let id = danger.key_arn.rsplit_once('/').map_or(danger.key_arn.as_str(), |(_, id)| id);
    html! {
        @match danger.aliases.first() {
            Some(alias) => { span.name { (alias) } },
            None => { code { (id) } },
        }
        " in " (account(page, account_id)) " " (region)
    }
}

/// The rest opens in place: a date that is not seen is a date that is missed.
fn more(page: &Page) -> Markup {
    let rest = page.keys.dangers_total - SHOWN as u64;
    let unnamed = page.keys.dangers_total - page.keys.dangers.len() as u64;
    html! {
        details {
            summary { (number(rest)) " dates more" }
            ul.dates { @for danger in page.keys.dangers.iter().skip(SHOWN) { (dated(page, danger)) } }
            @if unnamed > 0 {
                p { "and " (number(unnamed)) " later dates. All of them:" }
                (paste("query", &query(page, "key_arn, key_state, deletion_at, material_expires_at, default_key_of_buckets", "keys", "(deletion_at IS NOT NULL OR material_expires_at IS NOT NULL)")))
            }
        }
    }
}
