//! What finds the values of a test that a text has to be held against.
//!
//! Policies list hundreds of ARNs, accounts or networks, and each question holds hundreds of texts against them. A text
//! is looked up, an address is looked up, and of the patterns those are tried that are about an account of the text.

use std::collections::{HashMap, HashSet};

use super::glob::OfAccount;
use super::network::Networks;
use super::operator::Value;
use crate::model::AccountId;

/// The values of a test by what finds them: lists of hundreds are common, and each is held against hundreds of texts.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Index {
    /// Values that are one text.
    pub(super) texts: HashSet<String>,
    pub(super) networks: Networks,
    /// Patterns that have an account's number, by the number: what matches has it too.
    by_account: HashMap<AccountId, Vec<usize>>,
    /// All others, by their place.
    others: Vec<usize>,
}

impl Index {
    pub(super) fn of(values: &[Value]) -> Self {
        let mut index = Self::default();
        let mut networks = Vec::new();
        for (at, value) in values.iter().enumerate() {
            match value {
                Value::Network(network) => networks.push(*network),
                Value::Pattern(glob) if glob.is_one_text() => {
                    index.texts.insert(glob.text().to_owned());
                }
                Value::Pattern(glob) => match glob.account() {
                    OfAccount::Whole(id) => index.by_account.entry(id).or_default().push(at),
                    OfAccount::Alike | OfAccount::Some => index.others.push(at),
                },
                _ => index.others.push(at),
            }
        }
        index.networks = Networks::of(networks);
        index
    }

    /// The places of the values that a text has to be held against, beside those that are found whole.
    pub(super) fn open(&self, text: &str) -> impl Iterator<Item = usize> {
        let ids = accounts_in(text).filter(|_| !self.by_account.is_empty());
        let by_account = ids.filter_map(|id| self.by_account.get(&id)).flatten();
        by_account.chain(&self.others).copied()
    }
}

/// The accounts in a text: twelve digits on their own.
pub(super) fn accounts_in(text: &str) -> impl Iterator<Item = AccountId> {
    text.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::super::condition::Test;
    use super::super::kleene::Kleene;

    #[test]
    fn a_value_is_found_whatever_finds_it() {
        let values = [
            "arn:aws:iam::111122223333:role/a",
            "arn:aws:iam::111122223333:role/b*",
            "arn:aws:iam:*:444455556666:role/c",
            "arn:aws:iam::7777*:role/d",
            "*:role/e",
        ];
        let test = Test::new("StringLike", "aws:PrincipalArn", values.map(str::to_owned).to_vec(), true);
        for (text, expected) in [
            ("arn:aws:iam::111122223333:role/a", true),
            ("arn:aws:iam::444455556666:role/a", false),
            ("arn:aws:iam::111122223333:role/bb", true),
            ("arn:aws:iam::444455556666:role/bb", false),
            ("arn:aws:iam:x:444455556666:role/c", true),
            // The star takes colons, so that the account may stand elsewhere.
            ("arn:aws:iam::999988887777:x:444455556666:role/c", true),
            ("arn:aws:iam::777788889999:role/d", true),
            ("arn:aws:iam::999988887777:role/e", true),
            ("", false),
        ] {
            assert_eq!(test.weigh(Some(&[text.to_owned()])), Kleene::from(expected), "{text}");
        }
    }
}
