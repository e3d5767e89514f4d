//! Access gaps: what was not read, which policy denied it, where, and the text that fixes it.

use std::collections::BTreeSet;

use maud::{Markup, html};

use super::super::page::Page;
use super::super::page::coverage::{Extent, Gap};
use super::super::page::fix::fix;
use super::shared::{account, counted, number, paste, size, spoken};

/// Accounts of a gap that are named.
const ACCOUNTS: usize = 20;

/// The section.
pub fn section(page: &Page) -> Markup {
    let mut gaps: Vec<(&Gap, &Extent)> = page.coverage.gaps.iter().collect();
    // What was never sent follows from a read that failed: the fix is there.
    gaps.sort_by_key(|(gap, _)| (gap.accepted, gap.word == "not_asked"));
    html! {
        @if gaps.is_empty() { p.good { "Every planned read succeeded." } }
        @if page.coverage.left_out > 0 {
            p { (counted(page.coverage.left_out, "read")) " left out by the Region filter: what depends on them is unknown." }
        }
        @for (gap, extent) in &gaps { (one(page, gap, extent)) }
        @if !gaps.is_empty() {
            p.muted {
                "The kind of policy comes from AWS's error message, which is stored without secrets. It helps you to find the policy and does not affect a verdict. "
                "If a gap has to stay, accept it in the standard (" code { "[[gap]]" } "). What depends on it stays unknown."
            }
        }
    }
}

fn one(page: &Page, gap: &Gap, extent: &Extent) -> Markup {
    let only = extent.places.keys().next().filter(|_| extent.places.len() == 1);
    let fix = fix(gap, &page.audit_role(only.map(String::as_str)));
    html! {
        details.gap {
            summary {
                code { (gap.operation) } " " strong { (failure(gap.word)) }
                @if let Some(denied_by) = &gap.denied_by { " by " (who(denied_by)) }
                @if let Some(deny_type) = &gap.deny_type { " (" (deny_type) ")" }
                " · " (counted(extent.reads, "read")) " in " (counted(extent.places.len() as u64, "account"))
                @if gap.accepted { " · accepted gap" }
            }
            @if let Some(code) = &gap.code { p { "AWS's error code: " code { (code) } "." } }
            @if let Some(message) = &extent.message {
                p { @if extent.reads > 1 { "One of AWS's messages: " } @else { "AWS's message: " } q { (message) } }
            }
            ul.plain {
                @for (account_id, regions) in extent.places.iter().take(ACCOUNTS) {
                    li {
                        (account(page, account_id)) ": " (regions.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
                        (named(page, gap, account_id, regions))
                    }
                }
                @if extent.places.len() > ACCOUNTS {
                    li { "and " (size(extent.places.len() - ACCOUNTS)) " more accounts, in the table " code { "coverage" } }
                }
            }
            p { strong { "Remediation: " } (fix.words) }
            @if let Some((what, text)) = &fix.paste { (paste(what, text)) }
        }
    }
}

/// The buckets that were affected.
fn named(page: &Page, gap: &Gap, account_id: &str, regions: &BTreeSet<String>) -> Markup {
    let found = page.buckets.unread.iter().filter(|((operation, account, region, word), _)| {
        *operation == gap.operation && account == account_id && word == gap.word && regions.contains(region)
    });
    html! {
        @for (_, unread) in found {
            ", such as "
            @for (at, bucket) in unread.named.iter().enumerate() {
                @if at > 0 { ", " }
                span.name { (bucket) }
            }
            @if unread.count > unread.named.len() as u64 { " (" (number(unread.count)) " in total)" }
        }
    }
}

/// A *read* word as a person reads it.
fn failure(word: &str) -> String {
    let words = match word {
        "denied" => "access denied",
        "transport" => "no answer",
        "service" => "service error",
        "protocol" => "invalid answer",
        "identity" => "credentials not accepted",
        "unavailable" => "Region not available",
        "not_asked" => "not sent",
        other => return spoken(other),
    };
    words.to_owned()
}

fn who(denied_by: &str) -> &str {
    match denied_by {
        "identity" => "the role's own policies",
        "resource_policy" => "a resource's policy",
        "scp" => "a service control policy",
        "rcp" => "a resource control policy",
        "boundary" => "a permissions boundary",
        "session" => "the session's policy",
        "vpc_endpoint" => "a VPC endpoint's policy",
        "unstated" => "a policy that AWS's message does not name",
        other => other,
    }
}
