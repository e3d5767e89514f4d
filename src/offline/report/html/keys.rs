//! The keys that fail, each with the buckets whose data depends on it.

use maud::{Markup, html};

use super::super::page::Page;
use super::super::page::findings::KEY_CHECKS;
use super::super::page::keys::FailingKey;
use super::shared::{account, broken, counted, literal, number, paste, query, spoken, table, words};

/// Keys that are shown; the rest by query.
const SHOWN: usize = 100;
/// Buckets of a key that are shown.
const BUCKETS: usize = 100;

/// The section.
pub fn section(page: &Page) -> Markup {
    let mut keys: Vec<(&String, &FailingKey)> = page.keys.failing.iter().collect();
    keys.sort_by_key(|(arn, key)| (key.faults.first().cloned(), std::cmp::Reverse(key.buckets), *arn));
    let all = page.keys.failing_total;
    let shown = keys.len().min(SHOWN) as u64;
    html! {
        p {
            (counted(all, "key")) " with a fail that can make data unreadable: disabled, scheduled for deletion, "
            "without key material, missing, not symmetric, in another Region or in another organization. Objects and other services may "
            "need a key that is not the default key of any bucket."
        }
        @for (arn, key) in keys.iter().take(SHOWN) { (failing(page, arn, key)) }
        @if all > shown {
            p { "These are the first " (number(shown)) " of " (number(all)) ", the worst first. Query for all of them, one line for each key and account:" }
            (paste("query", &all_keys(page)))
        }
    }
}

/// The query for every failing key. A key without a known ARN is NULL, with the account that names it.
fn all_keys(page: &Page) -> String {
    let columns = "DISTINCT CASE WHEN resource_type = 'AWS::KMS::Key' THEN resource_arn ELSE related_arn END AS key_arn,\n  account_id, severity, check_id, reason_code";
    let condition = format!(
        "verdict = 'fail'\n  AND ((resource_type = 'AWS::KMS::Key' AND category = 'availability') OR check_id IN ({}))",
        KEY_CHECKS.map(literal).join(", ")
    );
    query(page, columns, "findings", &condition)
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
                @if let Some(state) = &key.state { li { "state: " (state) } }
                @if let Some(at) = key.deletion_at { li { "scheduled for deletion on " (at.date()) } }
            }
            @if key.named.is_empty() {
                p { "It is not the default key of any bucket that was read." }
            } @else {
                (table(&format!("Buckets whose default key is {arn}"), &HEADS, &html! {
                    @for [account_id, region, bucket] in key.named.iter().take(BUCKETS) {
                        tr { th scope="row" { span.name { (broken(bucket)) } } td { (account(page, account_id)) } td { (region) } }
                    }
                }))
            }
            @if key.buckets > BUCKETS as u64 {
                p { "and " (number(key.buckets - BUCKETS as u64)) " more buckets:" }
                (paste("query", &query(page, "account_id, region, bucket", "buckets", &format!("coalesce(kms_key_arn, kms_key_ref) = {}", literal(arn)))))
            }
        }
    }
}

const HEADS: [super::shared::Head; 3] = [words("Bucket"), words("Account"), words("Region")];
