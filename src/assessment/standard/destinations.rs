//! `[[service_destination]]`: buckets to which a service delivers logs that takes SSE-S3 only.
//!
//! What is asked of default encryption is not asked of them, and so each entry is approved as an exception is: by an
//! approver of the standard, and until a day. Buckets are named by their names; tags are not read.

use super::exceptions::same;
use super::file::{Table, any_text, one_of, quoted, suggestion};
use super::parse::scope_in;
use crate::model::{DestinationService, ExceptionRules, ServiceDestination};

const REQUIRED: &[&str] = &["service", "buckets", "reason", "owner", "approver", "expires"];

/// The entries of a standard.
pub(super) fn read(top: &mut Table<'_>, rules: &ExceptionRules) -> Vec<ServiceDestination> {
    let tables = top.tables("service_destination", "[[service_destination]]", REQUIRED);
    tables.into_iter().filter_map(|table| destination(table, rules)).collect()
}

fn destination(mut table: Table<'_>, rules: &ExceptionRules) -> Option<ServiceDestination> {
    let service = table.parsed("service", one_of(DestinationService::ALL, DestinationService::word));
    let buckets = table.list_of_some("buckets", bucket);
    let scope = scope_in(&mut table);
    let said = ["reason", "owner", "approver"].map(|key| table.text(key));
    let expires = table.instant("expires");
    if let Some(approver) = &said[2] {
        hold_approver(&mut table, approver, rules);
    }
    table.finish();
    let [reason, owner, approver] = said;
    Some(ServiceDestination {
        scope: scope?,
        buckets: buckets?,
        service: service?,
        reason: reason?,
        owner: owner?,
        approver: approver?,
        expires: expires?,
    })
}

/// The approver is one of the standard's.
fn hold_approver(table: &mut Table<'_>, approver: &str, rules: &ExceptionRules) {
    let is_listed = rules.approvers.iter().any(|name| same(name) == same(approver));
    let Some(value) = table.value("approver").filter(|_| !is_listed) else { return };
    let what = format!("is {}, who is not an approver of the standard", quoted(approver));
    let fix = match rules.approvers.is_empty() {
        true => Some("write [exceptions] approvers = [\"…\"]".to_owned()),
        false => suggestion(approver, rules.approvers.iter().map(String::as_str)),
    };
    value.problem(what, fix);
}

/// A bucket's name, with `*` for any letters and `?` for one.
fn bucket(text: &str) -> Result<String, (String, Option<String>)> {
    let good = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'_' | b'*' | b'?')
    };
    match text.bytes().all(good) {
        true => any_text(text),
        false => Err((
            format!("{} is not the name of a bucket", quoted(text)),
            Some("write it as S3 does, with * for any letters and ? for one".to_owned()),
        )),
    }
}
