//! What the name of a condition's operator and the texts of its values mean (IAM User Guide, "IAM JSON policy
//! elements: Condition operators"). How they are held against a request is in `condition`.

use ipnet::IpNet;

use super::glob::{Glob, Syntax};
use crate::clock::Timestamp;

/// How a number or an instant is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    pub(super) fn holds<T: PartialOrd>(self, given: &T, named: &T) -> bool {
        match self {
            Self::Equal => given == named,
            Self::Less => given < named,
            Self::LessOrEqual => given <= named,
            Self::Greater => given > named,
            Self::GreaterOrEqual => given >= named,
        }
    }
}

/// What an operator compares, without its negation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Text {
        syntax: Syntax,
        ignore_case: bool,
    },
    Number(Order),
    Date(Order),
    Bool,
    Address,
    Null,
    /// An operator that this version does not know.
    Strange,
}

/// A value of a condition, as its operator reads it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Pattern(Glob),
    Number(f64),
    Date(Timestamp),
    Bool(bool),
    Network(IpNet),
    /// Not what the operator compares.
    Strange,
}

/// What an operator of that lower-case name compares, and whether it is a negation.
pub(super) fn family(name: &str) -> (Family, bool) {
    let text = |syntax| Family::Text { syntax, ignore_case: false };
    let any_case = Family::Text { syntax: Syntax::Plain, ignore_case: true };
    match name {
        "stringequals" | "binaryequals" => (text(Syntax::Plain), false),
        "stringnotequals" => (text(Syntax::Plain), true),
        "stringequalsignorecase" => (any_case, false),
        "stringnotequalsignorecase" => (any_case, true),
        "stringlike" => (text(Syntax::Wild), false),
        "stringnotlike" => (text(Syntax::Wild), true),
        "arnequals" | "arnlike" => (text(Syntax::Arn), false),
        "arnnotequals" | "arnnotlike" => (text(Syntax::Arn), true),
        "bool" => (Family::Bool, false),
        "ipaddress" => (Family::Address, false),
        "notipaddress" => (Family::Address, true),
        "null" => (Family::Null, false),
        _ => ordered(name),
    }
}

fn ordered(name: &str) -> (Family, bool) {
    let (family, rest): (fn(Order) -> Family, &str) = match name.strip_prefix("numeric") {
        Some(rest) => (Family::Number, rest),
        None => (Family::Date, name.strip_prefix("date").unwrap_or_default()),
    };
    match rest {
        "equals" => (family(Order::Equal), false),
        "notequals" => (family(Order::Equal), true),
        "lessthan" => (family(Order::Less), false),
        "lessthanequals" => (family(Order::LessOrEqual), false),
        "greaterthan" => (family(Order::Greater), false),
        "greaterthanequals" => (family(Order::GreaterOrEqual), false),
        _ => (Family::Strange, false),
    }
}

/// A value as the operator reads it; with `variables`, `${…}` stands for a text that is not known here.
pub(super) fn value(family: Family, text: &str, variables: bool) -> Value {
    match family {
        Family::Text { syntax, ignore_case } => {
            let glob = Glob::new(text, syntax, variables);
            match syntax {
                Syntax::Arn if !glob.is_arn() => Value::Strange,
                _ if ignore_case => Value::Pattern(glob.ignoring_case()),
                _ => Value::Pattern(glob),
            }
        }
        Family::Number(_) => number(text).map_or(Value::Strange, Value::Number),
        Family::Date(_) => instant(text).map_or(Value::Strange, Value::Date),
        Family::Bool | Family::Null => boolean(text).map_or(Value::Strange, Value::Bool),
        Family::Address => network(text).map_or(Value::Strange, Value::Network),
        Family::Strange => Value::Strange,
    }
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// An instant as IAM takes them: ISO 8601 as the W3C has it, or seconds since 1970 (IAM User Guide, "IAM JSON policy
/// elements: Condition operators").
fn instant(text: &str) -> Option<Timestamp> {
    let seconds = || text.parse::<i64>().ok()?.checked_mul(1000).map(Timestamp::from_millis);
    w3c(text).or_else(seconds)
}

/// The W3C's profile of ISO 8601 ("Date and Time Formats"): a year alone, a month, a day, or an instant with or without
/// seconds. Four digits are a year: no policy means a second of 1970.
fn w3c(text: &str) -> Option<Timestamp> {
    let is = |shape: &str| {
        let same = |(of, it): (u8, u8)| if of == b'0' { it.is_ascii_digit() } else { of == it };
        text.len() == shape.len() && shape.bytes().zip(text.bytes()).all(same)
    };
    let whole = match text.split_once('T') {
        None if is("0000") => format!("{text}-01-01"),
        None if is("0000-00") => format!("{text}-01"),
        None => text.to_owned(),
        Some((day, time)) => {
            let zone = time.find(['Z', '+', '-'])?;
            let (clock, zone) = time.split_at(zone);
            let seconds = if clock.len() == "00:00".len() { ":00" } else { "" };
            format!("{day}T{clock}{seconds}{zone}")
        }
    };
    Timestamp::parse(&whole).ok()
}

fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// A network; an address is one of itself.
fn network(text: &str) -> Option<IpNet> {
    let whole = if text.contains(':') { 128 } else { 32 };
    if text.contains('/') { text.parse().ok() } else { format!("{text}/{whole}").parse().ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_w3c_or_seconds() {
        let at = |text: &str| instant(text).map(|at| at.to_string());
        for (text, expected) in [
            ("2099", "2099-01-01T00:00:00Z"),
            ("2099-05", "2099-05-01T00:00:00Z"),
            ("2099-05-06", "2099-05-06T00:00:00Z"),
            ("2099-05-06T07:08Z", "2099-05-06T07:08:00Z"),
            ("2099-05-06T07:08+01:00", "2099-05-06T06:08:00Z"),
            ("2099-05-06T07:08:09Z", "2099-05-06T07:08:09Z"),
            ("2099-05-06T07:08:09.5-01:30", "2099-05-06T08:38:09.500Z"),
            ("1795230000", "2026-11-21T03:00:00Z"),
            ("0", "1970-01-01T00:00:00Z"),
        ] {
            assert_eq!(at(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["", "2099-5", "2099-05-06T07", "2099-05-06T07:08", "2099-13", "tomorrow", "T07:08Z"] {
            assert_eq!(at(text), None, "{text}");
        }
    }
}
