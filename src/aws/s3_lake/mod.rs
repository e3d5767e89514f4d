//! A lake on `s3://`: the same objects by key, through the same door as every other call.
//!
//! [`settings`] is what every request carries, `refusal` what a refused one means, `body` how an object is read.

mod body;
mod refusal;
pub mod settings;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_s3::operation::list_objects_v2::ListObjectsV2Output;
use aws_sdk_s3::primitives::{ByteStream, SdkBody};
use aws_sdk_s3::types::{Object, ServerSideEncryption};
use futures::future::BoxFuture;

use super::call::{Answer, Door};
use super::clients::{Client, ClientFactory};
use super::dates::Dates;
use super::walk::{Page, Walk, told};
use crate::lake::{Put, Store, StoreError, StoreFault, longest, sha256_hex};
use crate::model::{Fault, FaultKind, Reading, Region};
use crate::operation::{GET_OBJECT, LIST_OBJECTS, PUT_OBJECT};

pub use settings::{LakeSettings, Sse};

use body::TooLong;
use refusal::{Cause, Refusal, explain};

/// How often a write that met another one (409) is tried again.
const CONFLICTS: usize = 5;
/// How often a request follows S3 to the Region that it names.
const FOLLOWS: usize = 2;
/// How long to wait before a write is tried again.
const CONFLICT_PAUSE: Duration = Duration::from_millis(200);

/// A bucket and prefix.
#[derive(Debug)]
pub struct S3Store {
    uri: String,
    bucket: String,
    prefix: String,
    settings: LakeSettings,
    factory: ClientFactory,
    door: Arc<Door>,
    place: Mutex<(Region, Client<aws_sdk_s3::Client>)>,
}

/// What the same request is sent without, or with, to find out why it was refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Trial {
    any_owner: bool,
    paying: bool,
}

impl S3Store {
    /// A lake at `s3://bucket/prefix`. The bucket's Region is learned from S3 when it is not `home`.
    pub fn new(
        bucket: &str,
        prefix: &str,
        settings: LakeSettings,
        factory: ClientFactory,
        door: Arc<Door>,
        home: Region,
    ) -> Self {
        let prefix = prefix.trim_matches('/');
        let uri = match prefix {
            "" => format!("s3://{bucket}"),
            prefix => format!("s3://{bucket}/{prefix}"),
        };
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        // What holds the lake need not be AWS, and its dates are no part of what AWS's clock says.
        let factory = factory.noting(&Dates::default());
        let client = client(&factory, &home, &settings, bucket);
        let place = Mutex::new((home, client));
        Self { uri, bucket: bucket.to_owned(), prefix, settings, factory, door, place }
    }

    fn place(&self) -> (Region, Client<aws_sdk_s3::Client>) {
        self.place.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    fn owner(&self) -> Option<String> {
        self.settings.owner.map(|owner| owner.to_string())
    }

    /// Follows the bucket to the Region that S3 named. True where that is worth another try.
    fn follow<T>(&self, answer: &Answer<T>) -> bool {
        let failed = matches!(answer.observation.reading, Reading::Unread(_));
        let Some(region) = answer.bucket_region.clone().filter(|_| failed) else { return false };
        let client = client(&self.factory, &region, &self.settings, &self.bucket);
        *self.place.lock().unwrap_or_else(PoisonError::into_inner) = (region, client);
        true
    }

    /// The error of a request, with what can be found out about it.
    async fn error(&self, action: &'static str, key: &str, fault: &Fault) -> StoreError {
        let cause = self.cause(fault).await;
        let host = self.place().1.endpoint.host().map(str::to_owned);
        let refusal = Refusal { action, fault, settings: &self.settings, cause, host };
        let explained = explain(&refusal);
        StoreError {
            action,
            uri: format!("{}/{key}", self.uri),
            reason: explained.reason.into(),
            advice: explained.advice,
            by_user: explained.by_user,
            fault: explained.fault,
        }
    }

    /// S3 says "Access Denied" and no more where the bucket is another account's, and where the requester
    /// has to pay. A listing of the same place tells: it reads one name at most, and only after a refusal.
    async fn cause(&self, fault: &Fault) -> Cause {
        let message = fault.message.as_deref().unwrap_or_default();
        let is_bare = fault.kind == FaultKind::Denied && !message.contains(" is not authorized ");
        if !is_bare || self.tried(Trial::default()).await {
            return Cause::Unknown;
        }
        let is_owned = self.settings.owner.is_some();
        let of = |any_owner, paying| Trial { any_owner, paying };
        let trials = [
            (of(true, false), Cause::OtherOwner),
            (of(false, true), Cause::RequesterPays),
            (of(true, true), Cause::OtherOwnerAndPays),
        ];
        for (trial, cause) in trials {
            // Without the owner's condition there is nothing to leave out.
            if (is_owned || !trial.any_owner) && self.tried(trial).await {
                return cause;
            }
        }
        Cause::Unknown
    }

    /// Whether a listing is answered.
    async fn tried(&self, trial: Trial) -> bool {
        let (region, client) = self.place();
        let owner = self.owner().filter(|_| !trial.any_owner);
        let payer = trial.paying.then_some(aws_sdk_s3::types::RequestPayer::Requester);
        let send = || {
            let request = client.sdk.list_objects_v2().bucket(&self.bucket).prefix(&self.prefix).max_keys(1);
            request.set_expected_bucket_owner(owner.clone()).set_request_payer(payer.clone()).send()
        };
        let answer = self.door.call(&LIST_OBJECTS, &region, &client.endpoint, send).await;
        answer.observation.reading.known().is_some()
    }

    async fn get_object(&self, key: &str, most: u64) -> Result<Option<Tagged>, StoreError> {
        let full = self.key(key);
        let mut follows = FOLLOWS;
        loop {
            let (region, client) = self.place();
            // The body is part of the read: one that breaks off is read again.
            let send = || async {
                let request = client.sdk.get_object().bucket(&self.bucket).key(&full);
                let output = request.set_expected_bucket_owner(self.owner()).send().await?;
                body::read(output, key, most).await
            };
            let answer = self.door.call(&GET_OBJECT, &region, &client.endpoint, send).await;
            if follows > 0 && self.follow(&answer) {
                follows -= 1;
                continue;
            }
            return match answer.observation.reading {
                Reading::Known(body) => match body.bytes {
                    Ok(bytes) => Ok(Some((bytes, body.etag))),
                    Err(TooLong { most, why }) => {
                        Err(StoreError::too_long(format!("{}/{key}", self.uri), most, why))
                    }
                },
                Reading::Absent | Reading::Gone => Ok(None),
                Reading::Unread(fault) => Err(self.error("read", key, &fault).await),
                Reading::NotAsked(_) => Ok(None),
            };
        }
    }

    async fn put(&self, key: &str, bytes: &[u8], only: Only) -> Result<Put, StoreError> {
        let full = self.key(key);
        let body = SdkBody::from(bytes.to_vec());
        let sse = self.settings.algorithm().map(|sse| ServerSideEncryption::from(sse.word()));
        let (if_none, if_match) = match only {
            Only::Always => (None, None),
            Only::New => (Some("*".to_owned()), None),
            Only::Over(etag) => (None, Some(etag)),
        };
        let mut last = Fault::new(FaultKind::Protocol);
        for left in (0..CONFLICTS).rev() {
            let (region, client) = self.place();
            let send = || {
                let request = client.sdk.put_object().bucket(&self.bucket).key(&full);
                let request = request.set_if_none_match(if_none.clone()).set_if_match(if_match.clone());
                let request = request.set_expected_bucket_owner(self.owner());
                let request = request.set_server_side_encryption(sse.clone());
                let request = request.set_ssekms_key_id(self.settings.kms_key.clone());
                request
                    .body(ByteStream::new(body.try_clone().expect("bytes in memory can be sent again")))
                    .send()
            };
            let answer = self.door.call(&PUT_OBJECT, &region, &client.endpoint, send).await;
            if left > 0 && self.follow(&answer) {
                continue;
            }
            match answer.observation.reading {
                Reading::Unread(fault) => match fault.code.as_deref() {
                    Some("PreconditionFailed") => return Ok(Put::Exists),
                    // What was to be replaced is gone.
                    Some("NoSuchKey") if if_match.is_some() => return Ok(Put::Exists),
                    // Another conditional write was under way: S3 says to try again.
                    Some("ConditionalRequestConflict" | "OperationAborted") => {
                        last = fault;
                        tokio::time::sleep(CONFLICT_PAUSE).await;
                    }
                    _ => return Err(self.error("write", key, &fault).await),
                },
                _ => return Ok(Put::Created),
            }
        }
        Err(self.error("write", key, &last).await)
    }

    /// The tag of an object, by a listing: one that is archived can be listed.
    async fn etag(&self, key: &str) -> Result<Option<String>, StoreError> {
        let found = self.list_objects(key).await?.into_iter().find(|it| it.key == key);
        Ok(found.and_then(|it| it.etag))
    }

    async fn list_objects(&self, prefix: &str) -> Result<Vec<Listed>, StoreError> {
        let full = self.key(prefix);
        let (mut walk, mut found, mut follows) = (Walk::default(), Vec::new(), FOLLOWS);
        while walk.goes_on() {
            let (region, client) = self.place();
            let token = walk.token();
            let send = || {
                let request = client.sdk.list_objects_v2().bucket(&self.bucket).prefix(&full);
                let request = request.set_expected_bucket_owner(self.owner());
                request.set_continuation_token(token.clone()).send()
            };
            let answer = self.door.call(&LIST_OBJECTS, &region, &client.endpoint, send).await;
            if follows > 0 && self.follow(&answer) {
                follows -= 1;
                continue;
            }
            let page_of = |output: ListObjectsV2Output| Page {
                // S3 leaves `Contents` out where there is none; `KeyCount` says that it is an answer.
                entries: output.contents.or_else(|| output.key_count.filter(|n| *n == 0).map(|_| Vec::new())),
                next: output.next_continuation_token,
                goes_on: output.is_truncated,
                count: output.key_count.map(|count| usize::try_from(count).unwrap_or(usize::MAX)),
            };
            let understand = |object: Object| match object.key.as_deref() {
                Some(whole) if whole.starts_with(&full) => {
                    let key = whole.strip_prefix(&self.prefix).unwrap_or(whole).to_owned();
                    Ok(Listed { key, etag: object.e_tag })
                }
                key => Err(format!("an object with {}", told("Key", key))),
            };
            found.extend(walk.take(answer.observation, page_of, understand, |it| it.key.clone()));
        }
        if let (Reading::Unread(fault), ()) = (walk.end().0.reading, ()) {
            return Err(self.error("list", prefix, &fault).await);
        }
        Ok(found)
    }
}

/// The client of the lake's own server, which is S3 where no other is named.
fn client(
    factory: &ClientFactory,
    region: &Region,
    settings: &LakeSettings,
    bucket: &str,
) -> Client<aws_sdk_s3::Client> {
    // S3 documents access points for host names alone.
    factory.lake(region, settings.endpoint.as_deref(), settings::is_access_point(bucket))
}

/// An object's bytes, and the tag by which S3 tells them apart.
type Tagged = (Vec<u8>, Option<String>);

/// An object of a listing.
#[derive(Debug, PartialEq, Eq)]
struct Listed {
    key: String,
    etag: Option<String>,
}

/// What has to hold for a write.
enum Only {
    Always,
    /// Nothing is there.
    New,
    /// What is there has this tag.
    Over(String),
}

impl Store for S3Store {
    fn uri(&self) -> &str {
        &self.uri
    }

    fn get_within<'a>(
        &'a self,
        key: &'a str,
        most: u64,
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, StoreError>> {
        Box::pin(async move { Ok(self.get_object(key, most).await?.map(|(bytes, _)| bytes)) })
    }

    fn put_new<'a>(&'a self, key: &'a str, bytes: &'a [u8]) -> BoxFuture<'a, Result<Put, StoreError>> {
        Box::pin(self.put(key, bytes, Only::New))
    }

    fn replace<'a>(&'a self, key: &'a str, bytes: &'a [u8]) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move { self.put(key, bytes, Only::Always).await.map(drop) })
    }

    fn replace_found<'a>(
        &'a self,
        key: &'a str,
        sha256: &'a str,
        bytes: &'a [u8],
    ) -> BoxFuture<'a, Result<Put, StoreError>> {
        Box::pin(async move {
            match self.get_object(key, longest(key)).await? {
                Some((found, etag)) if sha256_hex(&found) == sha256 => {
                    // A server that gives no tag knows no condition on it.
                    self.put(key, bytes, etag.map_or(Only::Always, Only::Over)).await
                }
                _ => Ok(Put::Exists),
            }
        })
    }

    fn replace_archived<'a>(
        &'a self,
        key: &'a str,
        bytes: &'a [u8],
    ) -> BoxFuture<'a, Result<Put, StoreError>> {
        Box::pin(async move {
            // The tag comes first: what is written after this look has another one.
            let etag = self.etag(key).await?;
            match self.get_object(key, longest(key)).await {
                Err(error) if error.fault == StoreFault::Archived => {
                    self.put(key, bytes, etag.map_or(Only::Always, Only::Over)).await
                }
                found => found.map(|_| Put::Exists),
            }
        })
    }

    fn list<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Vec<String>, StoreError>> {
        Box::pin(async move {
            let mut keys: Vec<String> =
                self.list_objects(prefix).await?.into_iter().map(|it| it.key).collect();
            keys.sort_unstable();
            Ok(keys)
        })
    }
}
