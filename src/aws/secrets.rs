//! The secrets in use: what a server repeats of them in a message is not kept.
//!
//! A secret that atrest does not have is recognized by its form ([`super::message`]). One that is in use is known,
//! whatever its form: the external id, the caller's credentials, those of a session, and what a login sends.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use aho_corasick::{AhoCorasick, AhoCorasickKind, Input, Match, MatchKind};
use aws_credential_types::Credentials;

use super::message::{REMOVED, visible};

/// A secret of fewer characters is a part of many words: it counts as a word of its own.
const SHORT: usize = 6;

/// Secrets as a server may repeat them: as they are, and percent-encoded.
#[derive(Default)]
pub struct Known {
    finder: Option<AhoCorasick>,
    /// Of each pattern, whether it is a word of its own.
    words: Vec<bool>,
}

impl Known {
    /// These.
    pub fn of<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let (mut patterns, mut words) = (Vec::new(), Vec::new());
        for secret in secrets.into_iter().filter(|secret| !secret.is_empty()) {
            let is_word = secret.len() < SHORT && secret.chars().all(|it| it.is_ascii_alphanumeric());
            let upper = percent_encoded(secret, |byte| format!("%{byte:02X}"));
            let lower = percent_encoded(secret, |byte| format!("%{byte:02x}"));
            for pattern in [secret.to_owned(), upper, lower] {
                if !patterns.contains(&pattern) {
                    patterns.push(pattern);
                    words.push(is_word);
                }
            }
        }
        // Of the kinds the one that is small, and made soon: every session has its own.
        let finder = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(patterns);
        Self { finder: finder.ok(), words }
    }

    /// What of credentials is secret, and their id.
    pub fn of_credentials<'a>(all: impl IntoIterator<Item = &'a Credentials>) -> Self {
        Self::of(all.into_iter().flat_map(values))
    }

    /// The text without them.
    pub fn removed_from(&self, text: &str) -> String {
        let Some(finder) = &self.finder else { return text.to_owned() };
        // What has no width would part a secret, and is not shown.
        let text = visible(text);
        let (mut left, mut copied, mut at) = (String::with_capacity(text.len()), 0, 0);
        while let Some(found) = finder.find(Input::new(&*text).range(at..)) {
            if self.words[found.pattern()] && !stands_alone(&text, found) {
                at = found.start() + 1;
                continue;
            }
            left.push_str(&text[copied..found.start()]);
            left.push_str(REMOVED);
            (copied, at) = (found.end(), found.end());
        }
        left.push_str(&text[copied..]);
        left
    }
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Known([redacted])")
    }
}

fn stands_alone(text: &str, found: Match) -> bool {
    let is_in_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let before = text[..found.start()].chars().next_back();
    let after = text[found.end()..].chars().next();
    !before.is_some_and(is_in_word) && !after.is_some_and(is_in_word)
}

fn percent_encoded(secret: &str, encoded: impl Fn(u8) -> String) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    secret
        .bytes()
        .map(|byte| if plain(byte) { char::from(byte).to_string() } else { encoded(byte) })
        .collect()
}

fn values(credentials: &Credentials) -> impl Iterator<Item = &str> {
    let both = [credentials.access_key_id(), credentials.secret_access_key()];
    both.into_iter().chain(credentials.session_token())
}

/// The secrets of a whole run, as they become known. A night renews its credentials a few dozen times.
#[derive(Clone, Default)]
pub struct Secrets(Arc<RwLock<Held>>);

#[derive(Default)]
struct Held {
    values: Vec<String>,
    known: Known,
}

impl Secrets {
    /// From now on, these are known.
    pub fn learn<'a>(&self, secrets: impl IntoIterator<Item = &'a str>) {
        let secrets: Vec<&str> = secrets.into_iter().filter(|secret| !secret.is_empty()).collect();
        let is_news = |held: &Held| secrets.iter().any(|secret| !held.values.iter().any(|it| it == secret));
        if !is_news(&self.0.read().unwrap_or_else(PoisonError::into_inner)) {
            return;
        }
        let mut held = self.0.write().unwrap_or_else(PoisonError::into_inner);
        held.values.extend(secrets.into_iter().map(str::to_owned));
        held.values.sort_unstable();
        held.values.dedup();
        held.known = Known::of(held.values.iter().map(String::as_str));
    }

    /// From now on, these credentials are known.
    pub fn learn_credentials(&self, credentials: &Credentials) {
        self.learn(values(credentials));
    }

    /// The text without them.
    pub fn removed_from(&self, text: &str) -> String {
        self.0.read().unwrap_or_else(PoisonError::into_inner).known.removed_from(text)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_secret_is_removed_however_it_is_written() {
        let known = Known::of(["Zq7/MARK=1"]);
        for (text, expected) in [
            ("not with external id Zq7/MARK=1.", "not with external id [removed]."),
            ("ExternalId=Zq7%2FMARK%3D1&x", "ExternalId=[removed]&x"),
            ("ExternalId=Zq7%2fMARK%3d1&x", "ExternalId=[removed]&x"),
            ("aZq7/MARK=1Zq7/MARK=1b", "a[removed][removed]b"),
            ("Zq7\u{200b}/MARK=1", "[removed]"),
            ("zq7/mark=1", "zq7/mark=1"),
        ] {
            assert_eq!(known.removed_from(text), expected);
        }
        assert!(!format!("{known:?}").contains("Zq7"));
        let short = Known::of(["to"]);
        assert_eq!(
            short.removed_from("not authorized to perform, id:to"),
            "not authorized [removed] perform, id:[removed]"
        );
        assert_eq!(short.removed_from("token, éto"), "token, éto");
    }

    #[test]
    fn all_of_the_credentials_in_use_are_known_also_those_before() {
        let secrets = Secrets::default();
        assert_eq!(secrets.removed_from("as it is"), "as it is");
        let of = |id: &str, token: Option<&str>| {
            Credentials::new(id, format!("{id}/secret"), token.map(str::to_owned), None, "test")
        };
        secrets.learn(["ext-id"]);
        secrets.learn_credentials(&of("first-id", None));
        secrets.learn_credentials(&of("second-id", Some("second+token")));
        let left =
            secrets.removed_from("ext-id first-id first-id/secret second-id second-id/secret second%2Btoken");
        assert_eq!(left, ["[removed]"; 6].join(" "));
        assert!(!format!("{secrets:?}").contains("second"));
    }

    proptest::proptest! {
        /// Whatever stands around it, and whatever else is known.
        #[test]
        fn nothing_of_a_known_secret_is_left(
            before in "[ -~\u{e9}]{0,30}",
            secret in "[A-Za-z0-9+/=_.-]{6,40}",
            other in "[A-Za-z0-9+/=]{1,8}",
            after in "[ -~\u{e9}]{0,30}",
        ) {
            let left = Known::of([&*other, &secret]).removed_from(&format!("{before}{secret}{after}"));
            proptest::prop_assert!(!left.contains(&secret), "{}", left);
        }
    }
}
