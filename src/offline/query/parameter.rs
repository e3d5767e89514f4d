//! What a question leaves open, and how a caller's words come into a statement.
//!
//! Athena binds by position alone, Trino and DuckDB each in their own way; so the file has `${name}`, and
//! a value becomes a literal of the type that the header gives. Nothing of a caller's text is ever SQL: a
//! number is parsed and printed again, and of a text only the quote means anything inside of quotes.

use std::collections::BTreeMap;

use crate::clock::Timestamp;
use crate::model::{AccountId, Arn, Region};

/// The largest whole number that is taken: more days than the calendars of the engines hold.
const LARGEST: u32 = 1_000_000;

/// What a parameter takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// Any text on one line.
    Text,
    /// A whole number, not negative.
    Integer,
    /// A UTC day as `dt` is written.
    Day,
    /// Twelve digits.
    Account,
    /// The ARN of a KMS key: not its id, and not an alias.
    KeyArn,
    /// One of some words: any other would find nothing, and nothing can be mistaken for good news.
    OneOf(Vec<String>),
}

impl Kind {
    /// The kind's word in a header; some words with `|` between them are the words that it takes.
    pub fn word(&self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Integer => "integer".to_owned(),
            Self::Day => "day".to_owned(),
            Self::Account => "account".to_owned(),
            Self::KeyArn => "key_arn".to_owned(),
            Self::OneOf(words) => words.join("|"),
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        if word.contains('|') {
            return Some(Self::OneOf(word.split('|').map(str::to_owned).collect()));
        }
        let kinds = [Self::Text, Self::Integer, Self::Day, Self::Account, Self::KeyArn];
        kinds.into_iter().find(|kind| kind.word() == word)
    }

    /// What a value has to be.
    pub fn asked(&self) -> String {
        match self {
            Self::Text => "a text without control characters".to_owned(),
            Self::Integer => "a whole number from 0 to 1000000".to_owned(),
            Self::Day => "a day such as 2026-11-21".to_owned(),
            Self::Account => "an account's twelve digits".to_owned(),
            Self::KeyArn => "a key's ARN, arn:aws:kms:REGION:ACCOUNT:key/ID, and no alias".to_owned(),
            Self::OneOf(words) => format!("one of {}", words.join(", ")),
        }
    }

    /// The value as a literal that every engine reads; none where it is no such value.
    fn literal(&self, value: &str) -> Option<String> {
        match self {
            Self::Text => (!value.contains(char::is_control)).then(|| quoted(value)),
            Self::Integer => {
                value.parse::<u32>().ok().filter(|number| *number <= LARGEST).map(|number| number.to_string())
            }
            Self::Day => {
                let is_day = value.len() == "2026-11-21".len() && Timestamp::parse(value).is_ok();
                is_day.then(|| quoted(value))
            }
            Self::Account => value.parse::<AccountId>().ok().map(|account| quoted(&account.to_string())),
            Self::KeyArn => is_key_arn(value).then(|| quoted(value)),
            Self::OneOf(words) => words.iter().find(|word| *word == value).map(|word| quoted(word)),
        }
    }

    /// NULL of the type, which an engine could not tell from the word alone.
    const fn null(&self) -> &'static str {
        match self {
            Self::Integer => "CAST(NULL AS bigint)",
            Self::Text | Self::Day | Self::Account | Self::KeyArn | Self::OneOf(_) => "CAST(NULL AS varchar)",
        }
    }
}

fn is_key_arn(text: &str) -> bool {
    let Some(arn) = Arn::parse(text) else { return false };
    let id = arn.resource.strip_prefix("key/").unwrap_or_default();
    arn.service == "kms"
        && arn.region.parse::<Region>().is_ok()
        && arn.account.parse::<AccountId>().is_ok()
        && !id.is_empty()
        && id.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
}

/// Whether a caller must give a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// There is no default.
    Required,
    /// NULL, which the question reads as "any".
    Any,
    /// This value.
    Default(String),
}

/// A parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// As it is named between `${` and `}`.
    pub name: String,
    /// What it takes.
    pub kind: Kind,
    /// Whether it must be given.
    pub need: Need,
    /// A value, for readers.
    pub example: Option<String>,
    /// What it means.
    pub doc: String,
}

impl Parameter {
    /// Reads `name, kind, required|default VALUE[, such as EXAMPLE]: meaning`.
    pub fn read(text: &str) -> Option<Self> {
        let (specification, doc) = text.split_once(": ")?;
        let mut parts = specification.splitn(4, ", ");
        let (name, kind, need) = (parts.next()?, Kind::from_word(parts.next()?)?, parts.next()?);
        let need = match need.strip_prefix("default ") {
            None if need == "required" => Need::Required,
            None => return None,
            Some("null") => Need::Any,
            Some(value) => Need::Default(value.to_owned()),
        };
        let example = parts.next().and_then(|part| part.strip_prefix("such as ")).map(str::to_owned);
        Some(Self { name: name.to_owned(), kind, need, example, doc: doc.to_owned() })
    }

    fn literal(&self, given: Option<&str>) -> Result<String, ParameterError> {
        let value = match (given, &self.need) {
            (Some(value), _) => value,
            (None, Need::Default(value)) => value,
            (None, Need::Any) => return Ok(self.kind.null().to_owned()),
            (None, Need::Required) => return Err(ParameterError::Missing(self.name.clone())),
        };
        self.kind.literal(value).ok_or_else(|| ParameterError::IllFormed {
            name: self.name.clone(),
            value: value.to_owned(),
            asked: self.kind.asked(),
        })
    }
}

/// A parameter that is not as the question asks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// It has no default and was not given.
    #[error("it needs --param {0}=VALUE")]
    Missing(String),
    /// It is not of its kind.
    #[error("--param {name}={value} is not {asked}")]
    IllFormed {
        /// The parameter.
        name: String,
        /// As it was given.
        value: String,
        /// What it takes.
        asked: String,
    },
    /// The question has none of that name.
    #[error("it has no parameter `{0}`")]
    Unknown(String),
}

/// The statement with every parameter in its place.
pub fn fill(
    text: &str,
    parameters: &[Parameter],
    given: &BTreeMap<String, String>,
) -> Result<String, ParameterError> {
    if let Some(name) = given.keys().find(|name| !parameters.iter().any(|known| known.name == **name)) {
        return Err(ParameterError::Unknown(name.clone()));
    }
    let mut literals = BTreeMap::new();
    for parameter in parameters {
        let value = given.get(&parameter.name).map(String::as_str);
        literals.insert(parameter.name.as_str(), parameter.literal(value)?);
    }
    replaced(text, |name| literals.get(name).cloned().ok_or_else(|| ParameterError::Unknown(name.to_owned())))
}

/// The statement as Athena's execution parameters want it: `?` in each place, and which parameter it is.
pub fn positional(text: &str) -> (String, Vec<String>) {
    let mut names = Vec::new();
    let Ok(statement) = replaced::<std::convert::Infallible>(text, |name| {
        names.push(name.to_owned());
        Ok("?".to_owned())
    });
    (statement, names)
}

/// One walk from the left: what is put in is not looked at again.
fn replaced<E>(text: &str, mut with: impl FnMut(&str) -> Result<String, E>) -> Result<String, E> {
    let mut made = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, after)) = after.split_once('}') else { break };
        made.push_str(before);
        made.push_str(&with(name)?);
        rest = after;
    }
    made.push_str(rest);
    Ok(made)
}

/// A text as an SQL literal.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
