//! Every bucket and key of an account, the worst result first. The findings section has the fails; this section
//! has everything.

use std::cmp::Reverse;

use maud::{Markup, html};

use super::super::page::Page;
use super::super::page::inventory::{Bucket, Key};
use super::findings::{chip, resource_link};
use super::shared::{Head, broken, counted, spoken, table, words};
use crate::model::posture::Sum;
use crate::model::{Encryption, Standing};

/// The section.
pub fn section(page: &Page) -> Markup {
    let (buckets, keys) = (&page.inventory.buckets, &page.inventory.keys);
    let sum = |arn: &str| page.findings.standing.get(arn).copied().unwrap_or_default();
    let mut buckets: Vec<(&Bucket, Sum)> = buckets.iter().map(|bucket| (bucket, sum(&bucket.arn))).collect();
    buckets.sort_by_key(|(bucket, sum)| (sum.standing(), Reverse(sum.worst_fail), &bucket.name));
    let mut keys: Vec<(&Key, Sum)> = keys.iter().map(|key| (key, sum(&key.arn))).collect();
    keys.sort_by_key(|(key, sum)| (sum.standing(), Reverse(sum.worst_fail), &key.arn));
    html! {
        p { "Every bucket and key that was listed, the worst result first, with the result of all of its checks." }
        details {
            summary { (counted(buckets.len() as u64, "bucket")) }
            (table("Buckets of the account", &BUCKETS, &html! { @for (bucket, sum) in &buckets { (bucket_row(bucket, *sum)) } }))
        }
        details {
            summary { (counted(keys.len() as u64, "key")) }
            (table("Keys of the account", &KEYS, &html! { @for (key, sum) in &keys { (key_row(key, *sum)) } }))
        }
    }
}

const BUCKETS: [Head; 5] =
    [words("Bucket"), words("Region"), words("Default encryption"), words("Key"), words("Result")];

fn bucket_row(bucket: &Bucket, sum: Sum) -> Markup {
    html! {
        tr {
            th scope="row" { (resource_link(&bucket.arn, bucket.region.as_deref())) }
            td.whole { @if let Some(region) = &bucket.region { (region) } }
            td { (Encryption::spoken_of(bucket.encryption)) }
            td { @if let Some(key) = &bucket.key { code { (broken(key)) } } }
            td { (stands(sum)) }
        }
    }
}

const KEYS: [Head; 6] = [
    words("Key"),
    words("Region"),
    words("Manager"),
    words("State"),
    words("Automatic rotation"),
    words("Result"),
];

fn key_row(key: &Key, sum: Sum) -> Markup {
    html! {
        tr {
            th scope="row" {
                @if let Some(alias) = &key.alias { span.name { (alias) } br; }
                (resource_link(&key.arn, None))
            }
            td.whole { (key.region) }
            @for value in [&key.manager, &key.state] {
                td { @match value { Some(value) => { (value) }, None => { span.none { "not read" } } } }
            }
            td { (key.rotation.as_deref().map(spoken).unwrap_or_default()) }
            td { (stands(sum)) }
        }
    }
}

fn stands(sum: Sum) -> Markup {
    html! {
        @match sum.standing() {
            Standing::Fails | Standing::Clean => {
                @match sum.worst_fail { Some(worst) => { "fails " (chip(worst)) }, None => { "no fail, no unknown" } }
            },
            Standing::Unknown => { "unknown" },
            Standing::Exempt => { "exempt" },
            Standing::NotJudged => { "no check applies" },
        }
    }
}
