//! A bucket: where it is, how it encrypts by default, its policy, and the objects of a lake.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use super::Word;
use atrest_core::Region;
use atrest_core::clock::Timestamp;

/// A general purpose bucket.
#[derive(Debug, Clone, Serialize)]
pub struct Bucket {
    /// Its name, unique in the partition.
    pub name: String,
    /// Where it is.
    pub region: Region,
    /// When it was made.
    pub created_at: Timestamp,
    /// Its default encryption; `None` answers 404, as before 2023 and in some emulators.
    pub encryption: Option<Encryption>,
    /// Its policy as text; `None` answers NoSuchBucketPolicy.
    pub policy: Option<String>,
    /// Actions that its policy denies to everyone who asks here, with `*` as in IAM.
    pub denied_actions: Vec<Word>,
    /// True: it is listed, and every other call answers NoSuchBucket.
    pub vanished: bool,
    /// What is stored in it.
    pub objects: BTreeMap<String, Object>,
}

/// A bucket's default encryption as configured.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Encryption {
    /// Its rules; S3 keeps one.
    pub rules: Vec<EncryptionRule>,
}

/// A rule of the default encryption.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct EncryptionRule {
    /// `ApplyServerSideEncryptionByDefault`; a rule may hold only blocked types.
    pub default: Option<DefaultEncryption>,
    /// `BucketKeyEnabled`, where it is set at all.
    pub bucket_key: Option<bool>,
    /// `BlockedEncryptionTypes`, where it is there at all: `NONE` or `SSE-C`.
    pub blocked: Option<Vec<Word>>,
}

/// What new objects are encrypted with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DefaultEncryption {
    /// `AES256`, `aws:kms`, `aws:kms:dsse`, or a word to come.
    pub algorithm: Word,
    /// The key as configured: id, ARN, alias name or alias ARN, never checked by S3.
    pub key: Option<String>,
}

impl Encryption {
    /// One rule with that algorithm and key reference.
    pub fn by(algorithm: impl Into<Word>, key: Option<&str>) -> Self {
        let default = DefaultEncryption { algorithm: algorithm.into(), key: key.map(str::to_owned) };
        Self { rules: vec![EncryptionRule { default: Some(default), bucket_key: None, blocked: None }] }
    }

    /// What a bucket made today has: S3's own keys, and SSE-C blocked.
    pub fn sse_s3() -> Self {
        Self::by("AES256", None).blocking(&["SSE-C"])
    }

    /// SSE-KMS with a key reference, or with `aws/s3`.
    pub fn kms(key: Option<&str>) -> Self {
        Self::by("aws:kms", key)
    }

    /// A rule that only blocks.
    pub fn blocked_only(types: &[&'static str]) -> Self {
        Self { rules: vec![EncryptionRule::default()] }.blocking(types)
    }

    /// The same with the bucket key flag set on every rule.
    #[must_use]
    pub fn bucket_key(mut self, on: bool) -> Self {
        self.rules.iter_mut().for_each(|rule| rule.bucket_key = Some(on));
        self
    }

    /// The same with blocked types on every rule.
    #[must_use]
    pub fn blocking(mut self, types: &[&'static str]) -> Self {
        let types: Vec<Word> = types.iter().map(|&word| word.into()).collect();
        self.rules.iter_mut().for_each(|rule| rule.blocked = Some(types.clone()));
        self
    }
}

/// A stored object.
#[derive(Debug, Clone, Serialize)]
pub struct Object {
    /// Its content; only the size is dumped.
    #[serde(serialize_with = "size", rename = "size")]
    pub bytes: Arc<[u8]>,
    /// Its ETag with quotes: a digest of the content, opaque to clients.
    pub etag: String,
    /// When it was written.
    pub modified_at: Timestamp,
    /// Content type and user metadata, by header name.
    pub headers: BTreeMap<String, String>,
    /// The checksums that came with it, by header name.
    pub checksums: BTreeMap<String, String>,
}

impl Object {
    /// An object of those bytes, with nothing said about them.
    pub fn new(bytes: &[u8], modified_at: Timestamp) -> Self {
        Self {
            bytes: bytes.into(),
            etag: etag(bytes),
            modified_at,
            headers: BTreeMap::new(),
            checksums: BTreeMap::new(),
        }
    }
}

/// S3's ETag is the MD5 for plain objects and opaque for others; here it is always opaque.
fn etag(bytes: &[u8]) -> String {
    format!("\"{}\"", hex::encode(&Sha256::digest(bytes)[..16]))
}

fn size<S: Serializer>(bytes: &Arc<[u8]>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(bytes.len() as u64)
}
