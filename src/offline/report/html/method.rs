//! How the numbers were obtained, and how to see that nobody changed them.

use maud::{Markup, html};

use super::super::page::Page;
use super::shared::{cell, counted, number, numbers, paste, table, words};

/// The manifest, which names every byte that the run stands on.
pub fn manifest(page: &Page) -> Markup {
    html! {
        p { "SHA-256 of the run's manifest: " code.long { (page.run.manifest_sha256) } }
        p.muted { "It names every table file of the run by its hash, and the run's row in " code { "runs" } " names it; each was held to its hash before it was read." }
    }
}

/// The section.
pub fn section(page: &Page) -> Markup {
    let manifest = &page.run.manifest;
    let (role, totals) = (page.audit_role(None), &manifest.totals);
    let segments = manifest.segments.iter().filter(|segment| segment.account_id.is_some()).count();
    let bytes: u64 = manifest.files.iter().map(|file| file.bytes).sum();
    html! {
        ul {
            li {
                @if manifest.org_id.is_some() { "The accounts are those that AWS Organizations listed. " }
                @else { "The accounts are those that the command named: no organization could be read. " }
                "Of " (counted(totals.accounts_listed, "account")) ", " (number(totals.accounts_complete + totals.accounts_partial))
                " were entered: by the role " code { (role.name) } ", with a session that allows reads of configuration and nothing else."
                @if page.accounts.by_caller > 0 {
                    " In " (counted(page.accounts.by_caller, "account")) ", the caller's own, the caller's credentials were used."
                }
            }
            li {
                "What each answer said was kept, one sealed file an account (" (counted(segments as u64, "file"))
                "); buckets and keys were joined and judged from those files, without AWS."
            }
            li { "A read that failed is counted as failed, and what hangs on it is unknown: never a pass, never a fail, never an empty list." }
            li { "A key is called missing only where the listing of its owner's keys in that Region ran to its end." }
            li {
                (counted(manifest.files.len() as u64, "file")) " of tables, " (number(bytes)) " bytes; judged as of " (manifest.as_of)
                @if let Some(at) = page.run.judged_at { ", on " (at) } "."
            }
            @if let Some(previous) = &manifest.previous_run_id {
                li { "The run before is " code { (previous) } @if let Some(hash) = &manifest.previous_manifest_sha256 { ", its manifest " code.long { (hash) } } "." }
            }
            @for (what, hash) in hashes(page) { li { "SHA-256 of the " (what) ": " code.long { (hash) } } }
        }
        (table("What was asked of AWS", &HEADS, &html! {
            @for calls in &page.calls {
                tr {
                    th scope="row" { code { (calls.operation) } }
                    @for attempts in calls.attempts { (cell(attempts)) }
                    @for latency in calls.latency_ms { td.n { @if let Some(ms) = latency { (number(ms)) } } }
                }
            }
        }))
        p { "To check the manifest of a lake in a folder:" }
        (paste("command", &format!("sha256sum manifests/{}.json", manifest.run_id)))
    }
}

const HEADS: [super::shared::Head; 6] = [
    words("Operation"),
    numbers("Attempts"),
    numbers("Retries"),
    numbers("Throttles"),
    numbers("Median, ms"),
    numbers("99th percentile, ms"),
];

fn hashes(page: &Page) -> Vec<(&'static str, &str)> {
    let manifest = &page.run.manifest;
    let hashes = [
        ("standard", &manifest.standard_sha256),
        ("exceptions", &manifest.exceptions_sha256),
        ("control map", &manifest.control_map_sha256),
    ];
    hashes.into_iter().filter_map(|(what, hash)| Some((what, hash.as_deref()?))).collect()
}
