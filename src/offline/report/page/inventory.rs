//! Every bucket and every key of one account, by name: what its owner checks the page against.

use super::super::rows::{BucketRow, KeyRow};
use super::text;
use crate::model::Encryption;

/// A bucket.
#[derive(Debug)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Its Region, where it was read.
    pub region: Option<String>,
    /// Its default encryption.
    pub encryption: Option<Encryption>,
    /// The key, as the bucket names it.
    pub key: Option<String>,
}

/// A key.
#[derive(Debug)]
pub struct Key {
    /// Its ARN.
    pub arn: String,
    /// Its Region.
    pub region: String,
    /// Its first alias.
    pub alias: Option<String>,
    /// Who manages it.
    pub manager: Option<String>,
    /// Its state.
    pub state: Option<String>,
    /// Whether it rotates.
    pub rotation: Option<String>,
}

/// What an account has.
#[derive(Debug, Default)]
pub struct Inventory {
    /// Its buckets.
    pub buckets: Vec<Bucket>,
    /// Its keys.
    pub keys: Vec<Key>,
}

impl Inventory {
    /// Keeps a bucket.
    pub fn bucket(&mut self, row: &BucketRow<'_>) {
        self.buckets.push(Bucket {
            name: text(row.bucket),
            arn: text(row.bucket_arn),
            region: row.region.map(str::to_owned),
            encryption: Encryption::of_lake(row.encryption),
            key: row.kms_key_ref.map(str::to_owned),
        });
    }

    /// Keeps a key.
    pub fn key(&mut self, row: &KeyRow<'_>) {
        let kept = |value: Option<&str>| value.map(str::to_owned);
        self.keys.push(Key {
            arn: text(row.key_arn),
            region: text(row.region),
            alias: row.aliases.as_ref().and_then(|aliases| kept(aliases.first().copied().flatten())),
            manager: kept(row.key_manager),
            state: kept(row.key_state),
            rotation: kept(row.rotation),
        });
    }
}
