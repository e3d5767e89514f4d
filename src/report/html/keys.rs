//! The keys that fail, each with every bucket that it takes down or would take down.

use maud::{Markup, html};

use super::super::page::Page;
use super::super::page::keys::FailingKey;
use super::shared::{account, counted, literal, number, paste, query, size, spoken, table, words};

/// Keys that are shown; the rest by query.
const SHOWN: usize = 100;
/// Buckets of a key that are shown.
const BUCKETS: usize = 100;

/// The section.
pub fn section(page: &Page) -> Markup {
    let mut keys: Vec<(&String, &FailingKey)> = page.keys.failing.iter().collect();
    keys.sort_by_key(|(arn, key)| (key.faults.first().cloned(), std::cmp::Reverse(key.buckets), *arn));
    let all = page.findings.failing_keys.len();
    html! {
        p {
            (counted(all as u64, "key")) " with a fail that can keep data from being read: disabled, to be deleted, "
            "without material, missing, in another Region or another organization. A key that no bucket's default names "
            "may still be needed by objects and by other services."
        }
        @for (arn, key) in keys.iter().take(SHOWN) { (failing(page, arn, key)) }
        @if all > SHOWN {
            p { "and " (size(all - SHOWN)) " keys more:" }
            (paste("query", &query(page, "resource_arn, related_arn, check_id, reason", "findings", "verdict = 'fail' AND (category = 'availability' OR check_id = 's3_key_in_org')")))
        }
    }
}

fn failing(page: &Page, arn: &str, key: &FailingKey) -> Markup {
    html! {
        details.key {
            summary {
                @if let Some(worst) = key.faults.first() {
                    span.severity.(worst.severity.0.word()) { (worst.severity.0.word()) } " "
                }
                @if let Some(alias) = key.aliases.first() { span.name { (alias) } " " }
                code.long { (arn) } " · " strong { (counted(key.buckets, "bucket")) }
            }
            ul.plain {
                @for fault in &key.faults {
                    li { span.severity.(fault.severity.0.word()) { (fault.severity.0.word()) } " " code { (fault.check_id) } ": " (spoken(&fault.reason_code)) }
                }
                @if let Some(state) = &key.state { li { "state " (state) } }
                @if let Some(at) = key.deletion_at { li { "deleted on " (at.date()) } }
            }
            @if key.named.is_empty() {
                p { "It is the default key of no bucket that was read." }
            } @else {
                (table(&format!("Buckets whose default key is {arn}"), &HEADS, &html! {
                    @for [account_id, region, bucket] in key.named.iter().take(BUCKETS) {
                        tr { th scope="row" { (bucket) } td { (account(page, account_id)) } td { (region) } }
                    }
                }))
            }
            @if key.buckets > BUCKETS as u64 {
                p { "and " (number(key.buckets - BUCKETS as u64)) " buckets more:" }
                (paste("query", &query(page, "account_id, region, bucket", "buckets", &format!("coalesce(kms_key_arn, kms_key_ref) = {}", literal(arn)))))
            }
        }
    }
}

const HEADS: [super::shared::Head; 3] = [words("Bucket"), words("Account"), words("Region")];
