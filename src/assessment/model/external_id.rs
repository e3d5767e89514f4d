//! The external id that a role's trust policy asks for: told to STS, and to no one else.
//!
//! Shown, it is `[redacted]`, wherever a type that holds one is printed.

use std::fmt;

/// An external id.
#[derive(Clone, PartialEq, Eq)]
pub struct ExternalId(String);

impl ExternalId {
    /// By STS's own rule: 2 to 1,224 of `[\w+=,.@:\/-]` (STS API reference, AssumeRole); none for any other text.
    pub fn new(text: &str) -> Option<Self> {
        let in_id = |c: char| c.is_ascii_alphanumeric() || "_+=,.@:/-".contains(c);
        let is_id = (2..=1_224).contains(&text.len()) && text.chars().all(in_id);
        is_id.then(|| Self(text.to_owned()))
    }

    /// The id itself: for STS, and for a hash.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl fmt::Display for ExternalId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_external_id_is_not_shown() {
        let id = ExternalId::new("S3CRET").unwrap();
        let shown = format!("{id} {id:?} {:#?} {:?}", Some(&id), std::slice::from_ref(&id));
        assert!(!shown.contains("S3CRET") && shown.contains("[redacted]"), "{shown}");
        assert_eq!(id.expose(), "S3CRET");
    }

    #[test]
    fn an_external_id_is_by_the_rule_of_sts() {
        for wrong in ["", "x", "a b", "x\n", "x\r", "\u{e9}\u{e9}", "{id}", &"x".repeat(1_225)] {
            assert_eq!(ExternalId::new(wrong), None, "{wrong:?}");
        }
        for good in ["--x", "a1_+=,.@:/-", &"x".repeat(1_224)] {
            assert!(ExternalId::new(good).is_some(), "{good:?}");
        }
    }
}
