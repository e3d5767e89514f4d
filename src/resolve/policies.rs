//! The policies of one account, parsed once a text and only where somebody asks: many buckets share
//! one text, and a pass over the keys never asks for the buckets'.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::model::PolicyHash;
use crate::policy::{Policy, PolicyError};

/// Policies by the hash of their text.
#[derive(Debug, Default)]
pub struct Policies(HashMap<String, Entry>);

#[derive(Debug)]
struct Entry {
    text: String,
    of_bucket: OnceLock<Result<Policy, PolicyError>>,
    of_key: OnceLock<Result<Policy, PolicyError>>,
}

impl Policies {
    /// Adds a text.
    pub fn add(&mut self, hash: String, text: String) {
        self.0.insert(hash, Entry { text, of_bucket: OnceLock::new(), of_key: OnceLock::new() });
    }

    /// The bucket policy with that hash; none where the log has no text of it. What cannot be parsed
    /// is kept as such: it makes an answer unknown.
    pub fn of_bucket(&self, hash: &PolicyHash) -> Option<Result<&Policy, &PolicyError>> {
        let entry = self.0.get(&hash.0)?;
        Some(entry.of_bucket.get_or_init(|| Policy::parse(&entry.text)).as_ref())
    }

    /// The key policy with that hash, likewise: KMS stored statements that S3 refuses.
    pub fn of_key(&self, hash: &PolicyHash) -> Option<Result<&Policy, &PolicyError>> {
        let entry = self.0.get(&hash.0)?;
        Some(entry.of_key.get_or_init(|| Policy::parse_of_key(&entry.text)).as_ref())
    }
}
