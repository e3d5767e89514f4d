//! The object calls that a lake needs: put, with its conditions, get, head, delete.

use std::collections::BTreeMap;

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

use super::{Call, Refusal, open};
use crate::message::Reply;
use crate::world::Object;
use atrest_core::clock::Timestamp;

pub(super) fn put(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let (owner, bucket) = open(call)?;
    check_conditions(call, bucket.objects.get(&call.input.key))?;
    let Some((bytes, trailers)) = call.request.payload() else {
        return Err(Refusal::new(400, "IncompleteBody", "The request body terminated unexpectedly"));
    };
    check_length(call, bytes.len())?;
    let mut object = Object::new(&bytes, call.now);
    let etag = object.etag.clone();
    let all = call.request.headers.iter().chain(&trailers);
    object.checksums = all.clone().filter(|(name, _)| is_checksum(name)).map(own).collect();
    let described = |name: &str| name == "content-type" || name.starts_with("x-amz-meta-");
    object.headers = all.filter(|(name, _)| described(name)).map(own).collect();
    let (name, key) = (call.input.bucket.clone(), call.input.key.clone());
    let account = call.world.accounts.get_mut(&owner).expect("opened above");
    account.buckets.get_mut(&name).expect("opened above").objects.insert(key, object);
    Ok(Reply::empty(200).with("etag", etag))
}

fn own((name, value): (&String, &String)) -> (String, String) {
    (name.clone(), value.clone())
}

/// `x-amz-checksum-crc32` and its kin, which hold a value; not `-algorithm`, `-mode` and `-type`.
fn is_checksum(name: &str) -> bool {
    let kind = name.strip_prefix("x-amz-checksum-");
    kind.is_some_and(|kind| kind.starts_with("crc") || kind.starts_with("sha"))
}

/// A conditional write: only if nothing is there, or only over what is known to be there.
fn check_conditions(call: &Call<'_>, present: Option<&Object>) -> Result<(), Refusal> {
    let failed = |condition: &str| {
        let message = "At least one of the pre-conditions you specified did not hold";
        Refusal::new(412, "PreconditionFailed", message).detail("Condition", condition)
    };
    if call.request.header("if-none-match") == Some("*") && present.is_some() {
        return Err(failed("If-None-Match"));
    }
    match (call.request.header("if-match"), present) {
        (None, _) => Ok(()),
        (Some(_), None) => Err(no_such_key(&call.input.key)),
        (Some(wanted), Some(object)) if wanted == "*" || same_etag(wanted, &object.etag) => Ok(()),
        (Some(_), Some(_)) => Err(failed("If-Match")),
    }
}

fn same_etag(left: &str, right: &str) -> bool {
    left.trim_matches('"') == right.trim_matches('"')
}

fn check_length(call: &Call<'_>, length: usize) -> Result<(), Refusal> {
    let declared = call.request.header("x-amz-decoded-content-length");
    if declared.is_some_and(|declared| declared != length.to_string()) {
        let message = "You did not provide the number of bytes specified by the Content-Length HTTP header";
        return Err(Refusal::new(400, "IncompleteBody", message));
    }
    Ok(())
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let object = find(call)?;
    let total = object.bytes.len();
    let whole = call.request.header("range").is_none();
    let (from, to) = match call.request.header("range") {
        None => (0, total),
        Some(range) => byte_range(range, total).ok_or_else(|| {
            Refusal::new(416, "InvalidRange", "The requested range is not satisfiable")
                .detail("ActualObjectSize", total.to_string())
        })?,
    };
    let mut reply = describe(call, object, if whole { 200 } else { 206 }, whole);
    if !whole {
        reply = reply.with("content-range", format!("bytes {from}-{}/{total}", to - 1));
    }
    reply.body = object.bytes[from..to].to_vec();
    Ok(reply)
}

pub(super) fn head(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let object = find(call)?;
    Ok(describe(call, object, 200, true).with("content-length", object.bytes.len().to_string()))
}

pub(super) fn delete(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let (owner, _) = open(call)?;
    let (name, key) = (call.input.bucket.clone(), call.input.key.clone());
    let account = call.world.accounts.get_mut(&owner).expect("opened above");
    account.buckets.get_mut(&name).expect("opened above").objects.remove(&key);
    Ok(Reply::empty(204))
}

fn find<'a>(call: &'a Call<'_>) -> Result<&'a Object, Refusal> {
    let (_, bucket) = open(call)?;
    bucket.objects.get(&call.input.key).ok_or_else(|| no_such_key(&call.input.key))
}

fn no_such_key(key: &str) -> Refusal {
    Refusal::new(404, "NoSuchKey", "The specified key does not exist.").detail("Key", key)
}

fn describe(call: &Call<'_>, object: &Object, status: u16, whole: bool) -> Reply {
    let mut reply = Reply::empty(status)
        .with("accept-ranges", "bytes")
        .with("etag", &object.etag)
        .with("last-modified", http_date(object.modified_at));
    reply.headers.extend(object.headers.clone());
    // Clients ask for the checksum and then hold the whole body against it.
    if whole && call.request.header("x-amz-checksum-mode").is_some_and(|m| m.eq_ignore_ascii_case("enabled"))
    {
        let checksums: BTreeMap<String, String> = object.checksums.clone();
        reply.headers.extend(checksums);
    }
    reply
}

/// `bytes=from-to`, `bytes=from-`, `bytes=-last`, as a half-open span.
fn byte_range(text: &str, total: usize) -> Option<(usize, usize)> {
    let (from, to) = text.strip_prefix("bytes=")?.split_once('-')?;
    let (from, to) = match (from.is_empty(), to.is_empty()) {
        (false, true) => (from.parse().ok()?, total),
        (false, false) => (from.parse().ok()?, to.parse::<usize>().ok()?.checked_add(1)?.min(total)),
        (true, false) => (total.saturating_sub(to.parse().ok()?), total),
        (true, true) => return None,
    };
    (from < to).then_some((from, to))
}

/// `Sat, 21 Nov 2026 03:00:00 GMT`. No year of an object is beyond the format.
fn http_date(at: Timestamp) -> String {
    DateTime::from_millis(at.whole_seconds().millis()).fmt(Format::HttpDate).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_half_open_inside() {
        assert_eq!(byte_range("bytes=0-3", 10), Some((0, 4)));
        assert_eq!(byte_range("bytes=4-", 10), Some((4, 10)));
        assert_eq!(byte_range("bytes=-8", 10), Some((2, 10)));
        assert_eq!(byte_range("bytes=2-99", 10), Some((2, 10)));
        assert_eq!(byte_range("bytes=10-", 10), None);
        assert_eq!(byte_range("bytes=-", 10), None);
    }

    #[test]
    fn http_dates_have_their_weekday() {
        let at = Timestamp::parse("2026-11-21T03:00:00Z").unwrap();
        assert_eq!(http_date(at), "Sat, 21 Nov 2026 03:00:00 GMT");
    }
}
