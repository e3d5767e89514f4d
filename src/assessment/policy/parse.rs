//! A policy's text, read strictly: what cannot be read as AWS would read it is an error.
//!
//! A reader that skips what it does not know would weigh a policy that is not there: with
//! `Conditions` for `Condition`, a Deny on plain HTTP becomes a Deny on everything.

use std::collections::BTreeMap;

use super::condition::Test;
use super::glob::{Glob, Syntax};
use super::json::Json;
use super::kleene::Kleene;
use super::principal::{Caller, Principal, Principals};

/// More than ten times what S3 and KMS store, and small enough to weigh whatever it says.
const LONGEST: usize = 512 * 1024;

/// A policy of a bucket or a key, as it was written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Policy {
    pub(super) statements: Vec<Statement>,
    /// The same policy with its tests of the time, where it was settled at an instant and has some.
    pub(super) untimed: Option<Box<Policy>>,
    /// Statements that KMS gives no effect, and why; left out of the others.
    pub(super) ignored: Vec<String>,
}

/// Whose policy a text is: KMS stored statements that S3 refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bucket,
    Key,
}

/// Why a text is not a policy: what, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Too long to be one.
    #[error("the policy has {0} bytes, more than any that S3 or KMS stores")]
    TooLong(usize),
    /// Not JSON, or an object with the same key twice. In the parser's words: this error is data that is compared and
    /// shared, and serde's is neither.
    #[error("the policy is not JSON as AWS takes it: {0}")]
    Json(String),
    /// An element that the policy language does not have.
    #[error("{place} has the unknown element `{element}`")]
    UnknownElement {
        /// The policy, or which statement.
        place: String,
        /// As it is written.
        element: String,
    },
    /// An element without which there is no statement.
    #[error("{place} has no {element}")]
    Missing {
        /// The policy, or which statement.
        place: String,
        /// Its name, or both names where either would do.
        element: &'static str,
    },
    /// An element beside its own opposite.
    #[error("{place} has both {one} and {other}")]
    Both {
        /// Which statement.
        place: String,
        /// The element.
        one: &'static str,
        /// Its opposite.
        other: &'static str,
    },
    /// A value of another kind than the element takes.
    #[error("{place}: {element} must be {expected}, and is {found}")]
    Value {
        /// The policy, or which statement.
        place: String,
        /// Which element, with the path below it.
        element: String,
        /// What it takes.
        expected: &'static str,
        /// What is there.
        found: String,
    },
}

/// What a statement does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    Allow,
    Deny,
}

/// An element and its opposite: `Action` and `NotAction`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope<T> {
    pub(super) negated: bool,
    pub(super) entries: Vec<T>,
}

impl<T> Scope<T> {
    /// Whether something is in scope, by what each entry says of it.
    pub(super) fn covers(&self, matches: impl FnMut(&T) -> Kleene) -> Kleene {
        let found = Kleene::any(self.entries.iter().map(matches));
        if self.negated { found.not() } else { found }
    }
}

/// One statement.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Statement {
    /// How sentences call it: `statement 2 (\`Sid\`)`.
    pub(super) place: String,
    pub(super) effect: Effect,
    pub(super) principals: Principals,
    pub(super) actions: Scope<Glob>,
    pub(super) resources: Scope<Glob>,
    pub(super) tests: Vec<Test>,
}

impl Statement {
    pub(super) fn names(&self, caller: &Caller) -> Kleene {
        match self.effect {
            Effect::Allow => self.principals.cover(caller),
            Effect::Deny => self.principals.refuse(caller),
        }
    }

    pub(super) fn acts_on(&self, resource: &str) -> Kleene {
        self.resources.covers(|glob| glob.matches(resource))
    }

    pub(super) fn is_of_action(&self, action: &str) -> Kleene {
        self.actions.covers(|glob| glob.matches(action))
    }

    /// Whether a condition is about that key, in lower case.
    pub(super) fn asks_for(&self, key: &str) -> bool {
        self.tests.iter().any(|test| test.is_about(key))
    }

    /// Why its reach cannot always be decided, if so.
    pub(super) fn doubt(&self) -> Option<String> {
        let principal = self.principals.entries.iter().find_map(|entry| match entry {
            Principal::Strange(text) => Some(format!("`{text}` is no principal")),
            _ => None,
        });
        let resource = self.resources.entries.iter().find_map(|glob| {
            Some(format!("the policy variable `{}` of Resource is not known", glob.variable()?))
        });
        let spared = || self.principals.spared_in_doubt().filter(|_| self.effect == Effect::Deny);
        let doubt = principal.or(resource).or_else(|| self.tests.iter().find_map(Test::doubt));
        let doubt = doubt.or_else(spared)?;
        Some(format!("{}: {doubt}", self.place))
    }
}

impl Policy {
    /// Reads a bucket policy's text, as S3 returned it.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        Self::read(text, Kind::Bucket)
    }

    /// Reads a key policy's text, as KMS returned it.
    ///
    /// Until August 2025 KMS stored statements without Resource or without Action. Such a statement has
    /// no effect, and the rest of the policy holds (KMS API Reference, `CreateKey`).
    pub fn parse_of_key(text: &str) -> Result<Self, PolicyError> {
        Self::read(text, Kind::Key)
    }

    fn read(text: &str, kind: Kind) -> Result<Self, PolicyError> {
        if text.len() > LONGEST {
            return Err(PolicyError::TooLong(text.len()));
        }
        let json: Json = serde_json::from_str(text).map_err(|error| PolicyError::Json(error.to_string()))?;
        let mut elements = Elements::of("the policy", json)?;
        let variables = match elements.text("Version")?.as_deref() {
            None | Some("2008-10-17") => false,
            Some("2012-10-17") => true,
            Some(other) => return Err(elements.value("Version", "2012-10-17 or 2008-10-17", other)),
        };
        elements.text("Id")?;
        let statements = match elements.take("Statement") {
            None => return Err(elements.missing("Statement")),
            Some(Json::List(list)) => list,
            Some(one) => vec![one],
        };
        elements.finish()?;
        let statements = statements.into_iter().enumerate();
        let statements = statements.map(|(at, json)| statement(at + 1, json, variables, kind));
        let (mut effective, mut ignored) = (Vec::new(), Vec::new());
        for statement in statements {
            match statement? {
                Ok(statement) => effective.push(statement),
                Err(why) => ignored.push(why),
            }
        }
        Ok(Self { statements: effective, untimed: None, ignored })
    }

    /// The statements of a key policy that have no effect, each with its reason: `statement 2, which has no Action`.
    pub fn ignored(&self) -> &[String] {
        &self.ignored
    }

    pub(super) fn with(&self, effect: Effect) -> Vec<&Statement> {
        self.statements.iter().filter(|statement| statement.effect == effect).collect()
    }
}

/// A statement; in its place why it has no effect.
fn statement(
    number: usize,
    json: Json,
    variables: bool,
    kind: Kind,
) -> Result<Result<Statement, String>, PolicyError> {
    let mut elements = Elements::of(&format!("statement {number}"), json)?;
    if let Some(sid) = elements.text("Sid")?.filter(|sid| !sid.is_empty()) {
        elements.place = format!("statement {number} (`{sid}`)");
    }
    let effect = match elements.text("Effect")?.as_deref() {
        Some("Allow") => Effect::Allow,
        Some("Deny") => Effect::Deny,
        Some(other) => return Err(elements.value("Effect", "Allow or Deny", other)),
        None => return Err(elements.missing("Effect")),
    };
    let principals = elements.principals()?;
    let actions = elements.scope("Action", "NotAction", "Action or NotAction", Glob::lower);
    let resource = |text: &str| Glob::new(text, Syntax::Wild, variables);
    let resources = elements.scope("Resource", "NotResource", "Resource or NotResource", resource);
    let (actions, resources) = match kind {
        Kind::Bucket => (Some(actions?), Some(resources?)),
        Kind::Key => (unless_missing(actions)?, unless_missing(resources)?),
    };
    let tests = elements.tests(variables)?;
    let place = elements.place.clone();
    elements.finish()?;
    Ok(match (actions, resources) {
        (Some(actions), Some(resources)) => {
            Ok(Statement { place, effect, principals, actions, resources, tests })
        }
        (None, Some(_)) => Err(format!("{place}, which has no Action")),
        (_, None) => Err(format!("{place}, which has no Resource")),
    })
}

/// An element, or none where there is no such element.
fn unless_missing<T>(element: Result<T, PolicyError>) -> Result<Option<T>, PolicyError> {
    match element {
        Err(PolicyError::Missing { .. }) => Ok(None),
        other => other.map(Some),
    }
}

/// The elements of the policy, or of a statement, that are not read yet.
struct Elements {
    place: String,
    left: BTreeMap<String, Json>,
}

impl Elements {
    fn of(place: &str, json: Json) -> Result<Self, PolicyError> {
        match json {
            Json::Map(left) => Ok(Self { place: place.to_owned(), left }),
            other => Err(PolicyError::Value {
                place: place.to_owned(),
                element: "it".to_owned(),
                expected: "an object",
                found: other.kind().to_owned(),
            }),
        }
    }

    /// Every part must have been read.
    fn finish(self) -> Result<(), PolicyError> {
        match self.left.into_keys().next() {
            Some(element) => Err(PolicyError::UnknownElement { place: self.place, element }),
            None => Ok(()),
        }
    }

    fn missing(&self, element: &'static str) -> PolicyError {
        PolicyError::Missing { place: self.place.clone(), element }
    }

    fn value(&self, element: &str, expected: &'static str, found: &str) -> PolicyError {
        PolicyError::Value {
            place: self.place.clone(),
            element: element.to_owned(),
            expected,
            found: found.to_owned(),
        }
    }

    fn take(&mut self, element: &str) -> Option<Json> {
        self.left.remove(element)
    }

    fn text(&mut self, element: &str) -> Result<Option<String>, PolicyError> {
        match self.take(element) {
            None => Ok(None),
            Some(Json::Text(text)) => Ok(Some(text)),
            Some(other) => Err(self.value(element, "a text", other.kind())),
        }
    }

    /// A text, or a list of at least one.
    fn texts(&self, element: &str, json: Json) -> Result<Vec<String>, PolicyError> {
        let list = match json {
            Json::List(list) if list.is_empty() => {
                return Err(self.value(element, "a text or a list of texts", "empty"));
            }
            Json::List(list) => list,
            one => vec![one],
        };
        let text = |json| match json {
            Json::Text(text) => Ok(text),
            other => Err(self.value(element, "a text or a list of texts", other.kind())),
        };
        list.into_iter().map(text).collect()
    }

    /// The one of two opposite elements that is there.
    fn either(
        &mut self,
        one: &'static str,
        other: &'static str,
        names: &'static str,
    ) -> Result<(bool, Json), PolicyError> {
        match (self.take(one), self.take(other)) {
            (Some(json), None) => Ok((false, json)),
            (None, Some(json)) => Ok((true, json)),
            (None, None) => Err(self.missing(names)),
            (Some(_), Some(_)) => Err(PolicyError::Both { place: self.place.clone(), one, other }),
        }
    }

    fn scope(
        &mut self,
        one: &'static str,
        other: &'static str,
        names: &'static str,
        read: impl Fn(&str) -> Glob,
    ) -> Result<Scope<Glob>, PolicyError> {
        let (negated, json) = self.either(one, other, names)?;
        let entries = self.texts(one, json)?.iter().map(|text| read(text)).collect();
        Ok(Scope { negated, entries })
    }

    fn principals(&mut self) -> Result<Principals, PolicyError> {
        const EXPECTED: &str = "`*` or an object of AWS, Service, Federated and CanonicalUser";
        let (negated, json) = self.either("Principal", "NotPrincipal", "Principal or NotPrincipal")?;
        let entries = match json {
            Json::Text(text) if text == "*" => vec![Principal::Everyone],
            Json::Map(kinds) if !kinds.is_empty() => {
                let mut entries = Vec::new();
                for (kind, json) in kinds {
                    entries.extend(self.principals_of(&kind, json)?);
                }
                entries
            }
            Json::Text(text) => return Err(self.value("Principal", EXPECTED, &text)),
            other => return Err(self.value("Principal", EXPECTED, other.kind())),
        };
        Ok(Principals::new(negated, entries))
    }

    fn principals_of(&self, kind: &str, json: Json) -> Result<Vec<Principal>, PolicyError> {
        let read: fn(&str) -> Principal = match kind {
            "AWS" => Principal::aws,
            "Service" => |text| Principal::of(text, Principal::Service),
            "Federated" => |text| Principal::of(text, Principal::Federated),
            "CanonicalUser" => |text| Principal::of(text, Principal::CanonicalUser),
            _ => {
                let place = format!("Principal of {}", self.place);
                return Err(PolicyError::UnknownElement { place, element: kind.to_owned() });
            }
        };
        Ok(self.texts(&format!("Principal.{kind}"), json)?.iter().map(|text| read(text)).collect())
    }

    fn tests(&mut self, variables: bool) -> Result<Vec<Test>, PolicyError> {
        let operators = match self.take("Condition") {
            None => return Ok(Vec::new()),
            Some(json) => self.map("Condition", json)?,
        };
        let mut tests = Vec::new();
        for (operator, keys) in operators {
            for (key, values) in self.map(&format!("Condition.{operator}"), keys)? {
                let texts = self.scalars(&format!("Condition.{operator}.{key}"), values)?;
                tests.push(Test::new(&operator, &key, texts, variables));
            }
        }
        Ok(tests)
    }

    fn map(&self, element: &str, json: Json) -> Result<BTreeMap<String, Json>, PolicyError> {
        match json {
            Json::Map(map) => Ok(map),
            other => Err(self.value(element, "an object", other.kind())),
        }
    }

    fn scalars(&self, element: &str, json: Json) -> Result<Vec<String>, PolicyError> {
        let list = if let Json::List(list) = json { list } else { vec![json] };
        let scalar = |json| match json {
            Json::Text(text) | Json::Number(text) => Ok(text),
            Json::Bool(value) => Ok(value.to_string()),
            other => Err(self.value(element, "a text, number or Boolean, or a list of them", other.kind())),
        };
        list.into_iter().map(scalar).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(text: &str) -> String {
        Policy::parse(text).unwrap_err().to_string()
    }

    fn with(elements: &str) -> String {
        format!(r#"{{"Statement": {{"Effect": "Deny", {elements}}}}}"#)
    }

    #[test]
    fn a_policy_is_read_in_all_its_forms() {
        let text = r#"{"Version": "2012-10-17", "Id": "x", "Statement": [
            {"Sid": "A", "Effect": "Deny", "Principal": "*", "Action": ["s3:*"], "Resource": "*",
             "Condition": {"Bool": {"aws:SecureTransport": false}, "NumericLessThan": {"s3:max-keys": [10]}}},
            {"Effect": "Allow", "NotPrincipal": {"AWS": ["*"], "Service": "a.amazonaws.com"},
             "NotAction": "s3:GetObject", "NotResource": "arn:aws:s3:::b"}]}"#;
        let policy = Policy::parse(text).unwrap();
        let [first, second] = &policy.statements[..] else { panic!("{policy:?}") };
        assert_eq!((first.place.as_str(), first.effect), ("statement 1 (`A`)", Effect::Deny));
        assert_eq!(first.tests[0].to_string(), "Bool aws:SecureTransport false");
        assert_eq!(first.tests[1].to_string(), "NumericLessThan s3:max-keys 10");
        assert_eq!(second.place, "statement 2");
        assert!(second.principals.negated && second.actions.negated && second.resources.negated);
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let rest = r#""Principal": "*", "Action": "s3:*", "Resource": "*""#;
        for (text, says) in [
            ("{", "the policy is not JSON as AWS takes it: EOF"),
            ("[]", "the policy: it must be an object, and is a list"),
            ("{}", "the policy has no Statement"),
            (r#"{"Statement": [], "Statements": []}"#, "the policy has the unknown element `Statements`"),
            (r#"{"Statement": [], "Version": "2020-01-01"}"#, "the policy: Version must be 2012-10-17 or"),
            (r#"{"Statement": [1]}"#, "statement 1: it must be an object, and is a number"),
            (r#"{"Statement": {"Sid": "A"}}"#, "statement 1 (`A`) has no Effect"),
            (&with(r#""Action": "s3:*", "Resource": "*""#), "statement 1 has no Principal or NotPrincipal"),
            (&with(r#""Principal": "*", "Resource": "*""#), "statement 1 has no Action or NotAction"),
            (&with(r#""Principal": "*", "Action": "s3:*""#), "statement 1 has no Resource or NotResource"),
            (&with(&format!(r#"{rest}, "NotAction": "s3:*""#)), "statement 1 has both Action and NotAction"),
            (
                &with(&format!(r#"{rest}, "Conditions": {{}}"#)),
                "statement 1 has the unknown element `Conditions`",
            ),
            (
                &with(&format!(r#"{rest}, "Condition": []"#)),
                "statement 1: Condition must be an object, and is a list",
            ),
            (
                &with(&format!(r#"{rest}, "Condition": {{"Bool": {{"k": null}}}}"#)),
                "statement 1: Condition.Bool.k must",
            ),
            (
                &with(&format!(r#"{rest}, "Condition": {{"Bool": {{"k": 1, "k": 2}}}}"#)),
                "the policy is not JSON as AWS takes it: `k` is there twice",
            ),
            (
                &with(r#""Principal": "bob", "Action": "s3:*", "Resource": "*""#),
                "statement 1: Principal must be `*`",
            ),
            (
                &with(r#""Principal": {"Aws": "*"}, "Action": "s3:*", "Resource": "*""#),
                "Principal of statement 1 has the unknown",
            ),
            (
                &with(r#""Principal": "*", "Action": [], "Resource": "*""#),
                "statement 1: Action must be a text",
            ),
        ] {
            let error = wrong(text);
            assert!(error.starts_with(says), "{text}\n gives {error}");
        }
        assert!(wrong(&"[".repeat(LONGEST + 1)).contains("more than any that S3 or KMS stores"));
        assert!(wrong(&"[".repeat(10_000)).contains("recursion limit"));
    }
}
