//! S3's objects: what the lake's upload stands on.

use aws_sdk_s3::primitives::ByteStream;

use crate::support::{caller, s3, said, simulator, world};
use crate::world::PageSizes;
use atrest_core::AccountId;

fn client() -> aws_sdk_s3::Client {
    let mut world = world();
    let management: AccountId = world.organization.management_account;
    world.add_bucket(management, "eu-west-1", "lake");
    world.pages = PageSizes::all(2);
    s3(&caller(&simulator(world)))
}

async fn put(client: &aws_sdk_s3::Client, key: &str, text: &str) -> String {
    let body = ByteStream::from(text.as_bytes().to_vec());
    said(client.put_object().bucket("lake").key(key).body(body).if_none_match("*").send().await)
}

#[tokio::test(start_paused = true)]
async fn what_is_put_is_got_whole_and_in_part() {
    let client = client();
    assert_eq!(put(&client, "dt=2026-11-21/a b+é.parquet", "hello, lake").await, "ok");
    let get = || client.get_object().bucket("lake").key("dt=2026-11-21/a b+é.parquet");
    let whole = get().send().await.unwrap();
    let etag = whole.e_tag().unwrap().to_owned();
    // The SDK holds the body against the checksum that it sent with the put.
    assert!(whole.checksum_crc32().is_some());
    assert_eq!(whole.body.collect().await.unwrap().to_vec(), b"hello, lake");
    let part = get().range("bytes=-4").send().await.unwrap();
    assert_eq!(part.content_range(), Some("bytes 7-10/11"));
    assert_eq!(part.body.collect().await.unwrap().to_vec(), b"lake");
    assert!(said(get().range("bytes=11-").send().await).starts_with("416 InvalidRange"));
    let head = client.head_object().bucket("lake").key("dt=2026-11-21/a b+é.parquet").send().await.unwrap();
    assert_eq!((head.content_length(), head.e_tag()), (Some(11), Some(etag.as_str())));
    let missing = client.head_object().bucket("lake").key("no").send().await;
    assert!(missing.unwrap_err().into_service_error().is_not_found());
    assert!(said(client.get_object().bucket("lake").key("no").send().await).starts_with("404 NoSuchKey"));
}

#[tokio::test(start_paused = true)]
async fn conditions_hold() {
    let client = client();
    assert_eq!(put(&client, "k", "one").await, "ok");
    assert!(put(&client, "k", "two").await.starts_with("412 PreconditionFailed"));
    let etag = client.head_object().bucket("lake").key("k").send().await.unwrap().e_tag.unwrap();
    let over = |etag: &str| {
        let body = ByteStream::from_static(b"three");
        client.put_object().bucket("lake").key("k").body(body).if_match(etag).send()
    };
    assert!(said(over("\"0\"").await).starts_with("412 PreconditionFailed"));
    assert_eq!(said(over(&etag).await), "ok");
    let now = client.get_object().bucket("lake").key("k").send().await.unwrap();
    assert_eq!(now.body.collect().await.unwrap().to_vec(), b"three");
    client.delete_object().bucket("lake").key("k").send().await.unwrap();
    assert_eq!(put(&client, "k", "four").await, "ok");
}

#[tokio::test(start_paused = true)]
async fn objects_are_listed_by_prefix_and_delimiter_in_pages() {
    let client = client();
    for key in ["a/1", "a/2", "b/x/1", "b/x/2", "b/y", "c&<d>"] {
        assert_eq!(put(&client, key, "v").await, "ok");
    }
    let mut pages = client.list_objects_v2().bucket("lake").into_paginator().send();
    let mut keys = Vec::new();
    while let Some(page) = pages.next().await {
        keys.extend(page.unwrap().contents().iter().map(|object| object.key().unwrap().to_owned()));
    }
    assert_eq!(keys, ["a/1", "a/2", "b/x/1", "b/x/2", "b/y", "c&<d>"]);
    let mut pages = client.list_objects_v2().bucket("lake").delimiter("/").into_paginator().send();
    let (mut prefixes, mut keys) = (Vec::new(), Vec::new());
    while let Some(page) = pages.next().await {
        let page = page.unwrap();
        prefixes.extend(page.common_prefixes().iter().map(|p| p.prefix().unwrap().to_owned()));
        keys.extend(page.contents().iter().map(|object| object.key().unwrap().to_owned()));
    }
    assert_eq!((prefixes, keys), (vec!["a/".to_owned(), "b/".to_owned()], vec!["c&<d>".to_owned()]));
    let some =
        client.list_objects_v2().bucket("lake").prefix("b/").start_after("b/x/1").send().await.unwrap();
    assert_eq!(some.contents()[0].key(), Some("b/x/2"));
}
