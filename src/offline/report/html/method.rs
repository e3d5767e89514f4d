//! Methodology: how the numbers were obtained, and how to verify that they are unchanged.

use maud::{Markup, html};

use super::super::page::Page;
use super::shared::{cell, counted, number, numbers, paste, table, words};

/// The manifest, which has the hash of every file of the run.
pub fn manifest(page: &Page) -> Markup {
    html! {
        p { "SHA-256 of the run's manifest: " code.long { (page.run.manifest_sha256) } }
        p.muted { "The manifest has the hash of every table file of the run, and the run's row in " code { "runs" } " has the hash of the manifest. atrest compared each file with its hash before it read the file." }
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
                @if manifest.org_id.is_some() { "AWS Organizations listed the accounts. " }
                @else { "The command named the accounts, because no organization could be read. " }
                (number(totals.accounts_complete + totals.accounts_partial)) " of " (counted(totals.accounts_listed, "account"))
                " were scanned through the role " code { (role.name) } ", with a session that allows only reads of configuration."
                @if page.accounts.by_caller > 0 {
                    " " (counted(page.accounts.by_caller, "account")) ", the caller's own, was scanned with the caller's credentials."
                }
            }
            li {
                "AWS's answers are stored in one sealed file for each account (" (counted(segments as u64, "file"))
                "). Buckets and keys were joined and judged from those files, without AWS."
            }
            li { "A read that failed counts as failed, and what depends on it is unknown. It never becomes a pass, a fail or an empty list." }
            li { "A key counts as missing only if the listing of its owner's keys in that Region is complete." }
            li {
                (counted(manifest.files.len() as u64, "file")) " of tables with " (number(bytes)) " bytes; date of judgement " (manifest.as_of)
                @if let Some(at) = page.run.judged_at { ", judged on " (at) } "."
            }
            @if let Some(previous) = &manifest.previous_run_id {
                li { "The previous run is " code { (previous) } @if let Some(hash) = &manifest.previous_manifest_sha256 { ", with the manifest " code.long { (hash) } } "." }
            }
            @for (what, hash) in hashes(page) { li { "SHA-256 of the " (what) ": " code.long { (hash) } } }
        }
        (table("Calls to AWS", &HEADS, &html! {
            @for calls in &page.calls {
                tr {
                    th scope="row" { code { (calls.operation) } }
                    @for attempts in calls.attempts { (cell(attempts)) }
                    @for latency in calls.latency_ms { td.n { @if let Some(ms) = latency { (number(ms)) } } }
                }
            }
        }))
        p { "To verify the manifest of a lake in a folder:" }
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
