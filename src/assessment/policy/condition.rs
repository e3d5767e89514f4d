//! One test of a condition: an operator, a key, its values, and what it says of a request.

use std::fmt;

use super::glob::{Glob, OfAccount, Syntax};
use super::index::Index;
use super::kleene::Kleene;
use super::network::Networks;
use super::operator::{Family, Value, family, value};
use crate::clock::Timestamp;
use crate::model::AccountId;

/// `ForAllValues:` and `ForAnyValue:`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Quantifier {
    None,
    All,
    Any,
}

/// One operator on one key. All tests of a statement must hold.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Test {
    /// As it is in the policy.
    operator: String,
    name: String,
    /// In lower case: keys are the same in any.
    pub(super) key: String,
    family: Family,
    pub(super) negated: bool,
    if_exists: bool,
    pub(super) quantifier: Quantifier,
    texts: Vec<String>,
    pub(super) values: Vec<Value>,
    index: Box<Index>,
}

impl Test {
    /// A test as it is in the policy; `variables` where its version knows them.
    pub(super) fn new(operator: &str, name: &str, texts: Vec<String>, variables: bool) -> Self {
        let lower = operator.to_ascii_lowercase();
        let (quantifier, rest) = match lower.split_once(':') {
            Some(("forallvalues", rest)) => (Quantifier::All, rest),
            Some(("foranyvalue", rest)) => (Quantifier::Any, rest),
            _ => (Quantifier::None, lower.as_str()),
        };
        let (if_exists, rest) = rest.strip_suffix("ifexists").map_or((false, rest), |rest| (true, rest));
        let (family, negated) = match family(rest) {
            // Whether a key is there has no "if it is there", and no values to quantify over.
            (Family::Null, _) if if_exists || quantifier != Quantifier::None => (Family::Strange, false),
            known => known,
        };
        let values: Vec<Value> = texts.iter().map(|text| value(family, text, variables)).collect();
        Self {
            index: Box::new(Index::of(&values)),
            operator: operator.to_owned(),
            name: name.to_owned(),
            key: name.to_ascii_lowercase(),
            family,
            negated,
            if_exists,
            quantifier,
            texts,
            values,
        }
    }

    /// What it says of a request with those values of the key, or none.
    pub(super) fn weigh(&self, given: Option<&[String]>) -> Kleene {
        match (self.family, given) {
            (Family::Strange, _) => Kleene::Unknown,
            (Family::Null, _) => self.weigh_presence(given.is_some()),
            (_, None) => self.weigh_absent(),
            (_, Some(given)) => self.weigh_values(given),
        }
    }

    fn weigh_presence(&self, present: bool) -> Kleene {
        Kleene::any(self.values.iter().map(|value| match value {
            Value::Bool(absent) => Kleene::from(*absent != present),
            _ => Kleene::Unknown,
        }))
    }

    fn weigh_absent(&self) -> Kleene {
        Kleene::from(match self.quantifier {
            _ if self.if_exists => true,
            Quantifier::All => true,
            Quantifier::Any => false,
            Quantifier::None => self.negated,
        })
    }

    fn weigh_values(&self, given: &[String]) -> Kleene {
        let each = given.iter().map(|text| self.weigh_value(text));
        match self.quantifier {
            Quantifier::All => Kleene::all(each),
            Quantifier::Any => Kleene::any(each),
            // A key of several values without a quantifier: one match is a match.
            Quantifier::None if self.negated => Kleene::all(each),
            Quantifier::None => Kleene::any(each),
        }
    }

    fn weigh_value(&self, text: &str) -> Kleene {
        // A number that is none, and the like, equals nothing.
        let given = value(self.family, text, false);
        let is_named = self.index.texts.contains(text)
            || matches!(&given, Value::Network(address) if self.index.networks.contain(address));
        let found = match is_named {
            true => Kleene::True,
            false => Kleene::any(self.index.open(text).map(|at| match &self.values[at] {
                Value::Pattern(glob) => glob.matches(text),
                Value::Strange => Kleene::Unknown,
                named => self.compare(&given, named).into(),
            })),
        };
        if self.negated { found.not() } else { found }
    }

    fn compare(&self, given: &Value, named: &Value) -> bool {
        match (self.family, given, named) {
            (Family::Number(order), Value::Number(given), Value::Number(named)) => order.holds(given, named),
            (Family::Date(order), Value::Date(given), Value::Date(named)) => order.holds(given, named),
            (_, Value::Bool(given), Value::Bool(named)) => given == named,
            _ => false,
        }
    }

    /// The same test with other texts for its policy variables; none where nothing changes.
    pub(super) fn with_texts(&self, replace: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        // Without a variable, `${` is text: the policy's version has no variables.
        self.patterns().find_map(Glob::variable)?;
        let texts: Vec<Option<String>> = self.texts.iter().map(|text| replace(text)).collect();
        if texts.iter().all(Option::is_none) {
            return None;
        }
        let each = self.texts.iter().zip(texts);
        let texts = each.map(|(old, new)| new.unwrap_or_else(|| old.clone())).collect();
        Some(Self::new(&self.operator, &self.name, texts, true))
    }

    /// A test of this key, which holds `value`, against the variable of another key, as a test of that
    /// other key against the value. Only where both say the same of a request that lacks the other key.
    pub(super) fn turned(&self, value: &str) -> Option<Self> {
        let is_text = matches!(self.family, Family::Text { syntax: Syntax::Plain | Syntax::Wild, .. });
        if !is_text || self.negated || self.if_exists || self.quantifier != Quantifier::None {
            return None;
        }
        let mut open = self.patterns().filter(|glob| glob.matches(value) == Kleene::Unknown);
        let (Some(only), None) = (open.next(), open.next()) else { return None };
        let name = only.text().strip_prefix("${")?.strip_suffix('}')?;
        let is_key =
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b":/_-".contains(&b));
        is_key.then(|| Self::new(&self.operator, name, vec![value.to_owned()], true))
    }

    /// The same of another key, whose values go with those of this one, in its words; where each value is one text.
    pub(super) fn of_key(&self, key: &str, same: &dyn Fn(&str) -> String) -> Option<Self> {
        let is_texts = self.is_null()
            || self.values.iter().all(|value| matches!(value, Value::Pattern(glob) if glob.is_one_text()));
        let of_key =
            Self::new(&self.operator, key, self.texts.iter().map(|text| same(text)).collect(), false);
        is_texts.then(|| Self { name: self.name.clone(), texts: self.texts.clone(), ..of_key })
    }

    /// The instants that it compares with, in dates or in seconds since 1970.
    pub(super) fn instants(&self) -> impl Iterator<Item = Timestamp> {
        self.values.iter().filter_map(|value| match value {
            Value::Date(at) => Some(*at),
            #[expect(
                clippy::cast_possible_truncation,
                reason = "a number beyond all instants is cut to the last"
            )]
            Value::Number(seconds) => Some(Timestamp::from_millis((seconds * 1000.0) as i64)),
            _ => None,
        })
    }

    /// The key as it is in the policy.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is about that key.
    pub(super) fn is_about(&self, key: &str) -> bool {
        self.key == key
    }

    pub(super) fn is_null(&self) -> bool {
        self.family == Family::Null
    }

    /// Whether it distinguishes texts by their characters.
    pub(super) fn patterns(&self) -> impl Iterator<Item = &Glob> {
        self.values
            .iter()
            .filter_map(|value| if let Value::Pattern(glob) = value { Some(glob) } else { None })
    }

    /// The numbers that it compares with.
    pub(super) fn numbers(&self) -> impl Iterator<Item = f64> {
        self.values
            .iter()
            .filter_map(|value| if let Value::Number(number) = value { Some(*number) } else { None })
    }

    /// The patterns that ARNs in an account may match, or ARNs in none that the test names.
    pub(super) fn patterns_in(&self, account: Option<AccountId>) -> impl Iterator<Item = &Glob> {
        let in_account = move |glob: &&Glob| match glob.account() {
            OfAccount::Whole(id) => account == Some(id),
            OfAccount::Alike | OfAccount::Some => true,
        };
        self.patterns().filter(in_account)
    }

    /// The networks that it names.
    pub(super) const fn networks(&self) -> &Networks {
        &self.index.networks
    }

    /// About how many steps it takes to hold it against the text.
    pub(super) fn steps(&self, text: &str) -> usize {
        let open = self.index.open(text).map(|at| match &self.values[at] {
            Value::Pattern(glob) => glob.steps(text),
            _ => 1,
        });
        1 + open.sum::<usize>()
    }

    /// Why the test cannot always be decided, if so.
    pub(super) fn doubt(&self) -> Option<String> {
        if self.family == Family::Strange {
            return Some(format!("the operator `{}` is not known", self.operator));
        }
        let strange = self.values.iter().position(|value| *value == Value::Strange);
        if let Some(text) = strange.and_then(|at| self.texts.get(at)) {
            return Some(format!("`{text}` is nothing that {} compares", self.operator));
        }
        let variable = self.patterns().find_map(Glob::variable)?;
        Some(format!("the policy variable `{variable}` of {} is not known", self.name))
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.operator, self.name, some_of(&self.texts))
    }
}

/// The first few of a list of texts.
pub(super) fn some_of<T: AsRef<str>>(texts: &[T]) -> String {
    let shown: Vec<&str> = texts.iter().take(3).map(AsRef::as_ref).collect();
    let more = texts.len().saturating_sub(shown.len());
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{tail}", shown.join(", "))
}

#[cfg(test)]
mod tests {
    use super::Kleene::{False, True, Unknown};
    use super::*;

    #[track_caller]
    fn check(operator: &str, values: &[&str], cases: &[(Option<&str>, Kleene)]) {
        let texts = values.iter().map(|it| (*it).to_owned()).collect();
        let test = Test::new(operator, "aws:Key", texts, true);
        for (given, expected) in cases {
            let given = given.map(|given| given.split('|').map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(test.weigh(given.as_deref()), *expected, "{test} on {given:?}");
        }
    }

    #[test]
    fn an_absent_key_is_no_match_and_a_negation_of_it_is() {
        check("StringEquals", &["a", "b"], &[(None, False), (Some("b"), True), (Some("c"), False)]);
        check("StringNotEquals", &["a", "b"], &[(None, True), (Some("b"), False), (Some("c"), True)]);
        check("stringequalsIFEXISTS", &["a"], &[(None, True), (Some("b"), False)]);
        check("StringNotEqualsIfExists", &["a"], &[(None, True), (Some("a"), False)]);
        check("Null", &["true"], &[(None, True), (Some("a"), False)]);
        check("Null", &["false"], &[(None, False), (Some("a"), True)]);
        check("StringEquals", &[], &[(None, False), (Some("a"), False)]);
    }

    #[test]
    fn every_family_compares_its_own_way() {
        check("StringLike", &["a*"], &[(Some("ab"), True), (Some("b"), False)]);
        check("StringEqualsIgnoreCase", &["aB"], &[(Some("Ab"), True)]);
        check("Bool", &["False"], &[(Some("false"), True), (Some("true"), False), (None, False)]);
        check("NumericLessThan", &["1.2"], &[(Some("1.1"), True), (Some("1.2"), False), (None, False)]);
        check("NumericNotEquals", &["1"], &[(Some("1.0"), False), (Some("2"), True), (None, True)]);
        let midnight = Some("2026-11-21T00:00:00Z");
        check("DateGreaterThanEquals", &["2026-11-21"], &[(midnight, True), (Some("0"), False)]);
        check("IpAddress", &["10.0.0.0/8"], &[(Some("10.1.2.3"), True), (Some("::1"), False)]);
        check("NotIpAddress", &["10.1.2.3"], &[(Some("10.1.2.3"), False), (None, True)]);
        check("BinaryEquals", &["YQ=="], &[(Some("YQ=="), True)]);
        check("ArnLike", &["arn:aws:iam::*:role/x"], &[(Some("arn:aws:iam::1:role/x"), True)]);
    }

    #[test]
    fn sets_are_quantified_over() {
        check(
            "ForAllValues:StringEquals",
            &["a", "b"],
            &[(None, True), (Some("a|b"), True), (Some("a|c"), False)],
        );
        check("ForAnyValue:StringEquals", &["a"], &[(None, False), (Some("a|c"), True), (Some("c"), False)]);
        check(
            "ForAnyValue:StringNotEquals",
            &["a"],
            &[(None, False), (Some("a|c"), True), (Some("a"), False)],
        );
        check(
            "ForAllValues:StringNotEquals",
            &["a"],
            &[(None, True), (Some("a|c"), False), (Some("c"), True)],
        );
    }

    #[test]
    fn what_cannot_be_decided_says_why() {
        let doubt =
            |operator, value: &str| Test::new(operator, "aws:Key", vec![value.to_owned()], true).doubt();
        check("StringEquals", &["${aws:username}"], &[(None, False), (Some("a"), Unknown)]);
        check("StringEquals", &["a", "${aws:username}"], &[(Some("a"), True), (Some("b"), Unknown)]);
        check("StringSounds", &["a"], &[(None, Unknown), (Some("a"), Unknown)]);
        check("NullIfExists", &["true"], &[(None, Unknown)]);
        check("Bool", &["maybe"], &[(None, False), (Some("true"), Unknown)]);
        check("ArnLike", &["*"], &[(Some("arn:aws:iam::1:role/x"), Unknown)]);
        assert!(doubt("StringEquals", "${aws:username}").unwrap().contains("`${aws:username}`"));
        assert!(doubt("StringSounds", "a").unwrap().contains("`StringSounds`"));
        assert!(doubt("IpAddress", "x").unwrap().contains("`x`"));
        assert_eq!(doubt("StringEquals", "a"), None);
    }
}
