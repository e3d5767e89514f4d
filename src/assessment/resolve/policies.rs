//! The policies of one account, each text parsed once, and only on demand: many buckets share
//! one text, and a pass over the keys never asks for the buckets'.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use crate::model::PolicyHash;
use crate::policy::{Policy, PolicyError};

/// Policies by the hash of their text: some of their own, and those of a larger part of the account.
#[derive(Debug, Default, Clone)]
pub struct Policies {
    texts: BTreeMap<String, Arc<Entry>>,
    kept: Option<Arc<Policies>>,
}

#[derive(Debug)]
struct Entry {
    text: String,
    of_bucket: OnceLock<Result<Policy, PolicyError>>,
    of_key: OnceLock<Result<Policy, PolicyError>>,
}

impl Entry {
    fn new(text: String) -> Self {
        Self { text, of_bucket: OnceLock::new(), of_key: OnceLock::new() }
    }

    fn is_parsed(&self) -> bool {
        self.of_bucket.get().is_some() || self.of_key.get().is_some()
    }
}

impl Policies {
    /// Finds those that are kept for longer, too.
    pub fn set_kept(&mut self, kept: Arc<Self>) {
        self.kept = Some(kept);
    }

    /// Adds a text.
    pub fn add(&mut self, hash: String, text: String) {
        self.texts.insert(hash, Arc::new(Entry::new(text)));
    }

    /// The bucket policy with that hash; none where the log has no text of it. What cannot be parsed
    /// is kept as such: it makes an answer unknown.
    pub fn of_bucket(&self, hash: &PolicyHash) -> Option<Result<&Policy, &PolicyError>> {
        let entry = self.entry(hash)?;
        Some(entry.of_bucket.get_or_init(|| Policy::parse(&entry.text)).as_ref())
    }

    /// The key policy with that hash, likewise: KMS stored statements that S3 refuses.
    pub fn of_key(&self, hash: &PolicyHash) -> Option<Result<&Policy, &PolicyError>> {
        let entry = self.entry(hash)?;
        Some(entry.of_key.get_or_init(|| Policy::parse_of_key(&entry.text)).as_ref())
    }

    fn entry(&self, hash: &PolicyHash) -> Option<&Entry> {
        let own = self.texts.get(&hash.0).map(Arc::as_ref);
        own.or_else(|| self.kept.as_ref()?.entry(hash))
    }

    /// Whether more than so many texts are parsed.
    pub fn are_parsed(&self, most: usize) -> bool {
        self.texts.len() > most && self.texts.values().filter(|entry| entry.is_parsed()).count() > most
    }

    /// Forgets what was parsed, and not the texts: parsed, a policy takes many times its text.
    pub fn forget_parsed(&mut self) {
        for entry in self.texts.values_mut().filter(|entry| entry.is_parsed()) {
            *entry = Arc::new(Entry::new(entry.text.clone()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str =
        r#"{"Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}]}"#;

    fn hash(name: &str) -> PolicyHash {
        PolicyHash(name.to_owned())
    }

    #[test]
    fn a_text_is_found_among_its_own_and_among_those_that_are_kept() {
        let mut kept = Policies::default();
        kept.add("kept".to_owned(), POLICY.to_owned());
        let mut own = Policies::default();
        own.set_kept(Arc::new(kept));
        own.add("own".to_owned(), "{".to_owned());
        assert!(matches!(own.of_bucket(&hash("kept")), Some(Ok(_))));
        assert!(matches!(own.of_bucket(&hash("own")), Some(Err(_))));
        assert!(own.of_key(&hash("none")).is_none());
    }

    #[test]
    fn what_was_parsed_is_forgotten_and_parsed_again() {
        let mut policies = Policies::default();
        for name in ["a", "b", "c"] {
            policies.add(name.to_owned(), POLICY.to_owned());
        }
        for name in ["a", "b"] {
            assert!(matches!(policies.of_bucket(&hash(name)), Some(Ok(_))));
        }
        assert_eq!([0, 1, 2].map(|most| policies.are_parsed(most)), [true, true, false]);
        policies.forget_parsed();
        assert!(!policies.are_parsed(0));
        assert!(matches!(policies.of_key(&hash("a")), Some(Ok(_))));
    }
}
