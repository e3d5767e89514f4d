//! ListObjectsV2: prefixes, delimiters and pages over a bucket's names.

use super::{Call, NAMESPACE, Refusal, SERVICE, open};
use crate::message::{Reply, percent_encode};
use crate::wire::paging::{Limits, Paging};
use crate::wire::xml::Xml;
use crate::world::Object;

enum Entry<'a> {
    Key(&'a str, &'a Object),
    Prefix(String),
}

pub(super) fn list_objects(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let (_, bucket) = open(call)?;
    let asked = |name: &str| call.request.query.get(name).map(String::as_str);
    let (prefix, delimiter) = (asked("prefix").unwrap_or_default(), asked("delimiter").unwrap_or_default());
    let start_after = asked("start-after").unwrap_or_default();
    let size = asked("max-keys").map(|text| text.parse::<usize>().map_err(|_| bad_size())).transpose()?;
    let most = call.world.pages.objects;
    let token = asked("continuation-token");
    let paging =
        Paging::read(SERVICE, token, size, Limits { default: most, most, overlap: false }, call.empty_page)?;
    let mut entries: Vec<(String, Entry<'_>)> = Vec::new();
    let keys = bucket
        .objects
        .iter()
        .filter(|(key, _)| key.starts_with(prefix) && (start_after.is_empty() || key.as_str() > start_after));
    for (key, object) in keys {
        let cut = key[prefix.len()..].find(delimiter).filter(|_| !delimiter.is_empty());
        let Some(at) = cut else {
            entries.push((key.clone(), Entry::Key(key, object)));
            continue;
        };
        let common = &key[..prefix.len() + at + delimiter.len()];
        // Names come in order, so a common prefix can only repeat the entry before it.
        if entries.last().is_none_or(|(last, _)| last != common) {
            entries.push((common.to_owned(), Entry::Prefix(common.to_owned())));
        }
    }
    let (page, next) = paging.cut(entries.into_iter());
    Ok(listing(call, &page, size.unwrap_or(most).min(most), next.as_deref()))
}

fn bad_size() -> Refusal {
    SERVICE.invalid_input("Provided max-keys not an integer or within integer range")
}

fn listing(call: &Call<'_>, page: &[Entry<'_>], size: usize, next: Option<&str>) -> Reply {
    let asked = |name: &str| call.request.query.get(name).map(String::as_str);
    let encoded = asked("encoding-type") == Some("url");
    let name = |text: &str| if encoded { percent_encode(text) } else { text.to_owned() };
    let mut xml = Xml::document();
    xml.open_in("ListBucketResult", NAMESPACE).text("Name", &call.input.bucket);
    xml.text("Prefix", &name(asked("prefix").unwrap_or_default()));
    xml.maybe("Delimiter", asked("delimiter").map(name).as_deref());
    xml.maybe("StartAfter", asked("start-after").map(name).as_deref());
    xml.maybe("ContinuationToken", asked("continuation-token")).maybe("NextContinuationToken", next);
    xml.text("KeyCount", &page.len().to_string()).text("MaxKeys", &size.to_string());
    xml.maybe("EncodingType", asked("encoding-type"));
    xml.text("IsTruncated", if next.is_some() { "true" } else { "false" });
    for entry in page {
        match entry {
            Entry::Key(key, object) => {
                xml.open("Contents").text("Key", &name(key));
                xml.text("LastModified", &object.modified_at.to_string()).text("ETag", &object.etag);
                xml.text("Size", &object.bytes.len().to_string()).text("StorageClass", "STANDARD");
                xml.close("Contents");
            }
            Entry::Prefix(prefix) => {
                xml.open("CommonPrefixes").text("Prefix", &name(prefix)).close("CommonPrefixes");
            }
        }
    }
    xml.close("ListBucketResult");
    Reply::new(200, "application/xml", xml.finish())
}
