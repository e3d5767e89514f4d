//! What the body of each operation's answer holds, as the API promises it: a pure function over the raw body.
//!
//! The SDK fills in what an answer lacks: a boolean becomes false, a required text "", a list of rules empty, and XML
//! that breaks off ends where it breaks off. It takes the last of two members of one name. None of that shows in
//! its types, and each turns "not told" into a value. So the raw body is read once more, before the SDK's types
//! are believed. What a collector can see for itself (optional members, words, identities) is not asked here.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use xmlparser::{ElementEnd, Token, Tokenizer};

/// What an operation's answer holds.
#[derive(Debug)]
pub struct Promise {
    /// The API's name.
    pub operation: &'static str,
    /// How the body is written.
    pub format: Format,
    /// Members that are always there and never empty, wherever the member is that holds them: its path from the
    /// outside, joined by dots, and theirs. The outermost has the path "".
    pub members: &'static [(&'static str, &'static [&'static str])],
    /// Elements that XML repeats because they are a list's, by their path.
    pub lists: &'static [&'static str],
    /// Elements that have the entries of one list and nothing else, by their path: what else is there is an entry
    /// that is not understood, and the SDK drops it.
    pub holders: &'static [&'static str],
}

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object.
    Json,
    /// One XML element of this name.
    Xml(&'static str),
    /// Something that is passed on as it is, or nothing.
    Opaque,
}

/// How a body breaks the promise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// The body is not what it says it is, or not all of it came. Another attempt may do better.
    #[error("the answer is no {0}, or not all of it")]
    NotWhole(&'static str),
    /// A member that is always there is not.
    #[error("the answer lacks {0}")]
    Lacks(String),
    /// A member is there twice.
    #[error("the answer has {0} twice")]
    Twice(String),
    /// A list has something else than its entries.
    #[error("the answer has {0}, which the API has not")]
    Strange(String),
    /// A text of XML that is not one text: the SDK takes the first piece for all of it, and skips CDATA.
    #[error("the text of {0} is in pieces")]
    InPieces(String),
    /// An answer of more kinds of member than any API has.
    #[error("the answer has more members than the API")]
    TooMany,
    /// More than the operation's answers have.
    #[error("the answer is longer than {0} bytes, and so none of the API's")]
    TooLong(usize),
    /// An error that is about another bucket than the one asked for.
    #[error("the error is about another bucket")]
    OtherBucket,
}

impl Broken {
    /// Whether another attempt would meet the same: the answer is whole, and not what the API promises.
    pub fn stays(&self) -> bool {
        !matches!(self, Self::NotWhole(_))
    }
}

const fn json(
    operation: &'static str,
    members: &'static [(&'static str, &'static [&'static str])],
) -> Promise {
    Promise { operation, format: Format::Json, members, lists: &[], holders: &[] }
}

const fn opaque(operation: &'static str) -> Promise {
    Promise { operation, format: Format::Opaque, members: &[], lists: &[], holders: &[] }
}

/// Every operation's promise, from its page in the API reference of its service.
pub static PROMISES: &[Promise] = &[
    json("ListAccounts", &[("", &["Accounts"])]),
    json("ListOrganizationalUnitsForParent", &[("", &["OrganizationalUnits"])]),
    Promise {
        operation: "AssumeRole",
        format: Format::Xml("AssumeRoleResponse"),
        members: &[
            ("", &["AssumeRoleResult"]),
            ("AssumeRoleResult", &["Credentials", "AssumedRoleUser"]),
            (
                "AssumeRoleResult.Credentials",
                &["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"],
            ),
            ("AssumeRoleResult.AssumedRoleUser", &["Arn"]),
        ],
        lists: &[],
        holders: &[],
    },
    // Who calls is asked for its own sake, and also to see whether credentials are taken: the reader looks.
    Promise {
        operation: "GetCallerIdentity",
        format: Format::Xml("GetCallerIdentityResponse"),
        members: &[("", &["GetCallerIdentityResult"])],
        lists: &[],
        holders: &[],
    },
    json("ListRegions", &[("", &["Regions"])]),
    Promise {
        operation: "ListBuckets",
        format: Format::Xml("ListAllMyBucketsResult"),
        members: &[],
        lists: &["Buckets.Bucket"],
        holders: &["Buckets"],
    },
    Promise {
        operation: "GetBucketLocation",
        format: Format::Xml("LocationConstraint"),
        members: &[],
        lists: &[],
        holders: &[],
    },
    Promise {
        operation: "GetBucketEncryption",
        format: Format::Xml("ServerSideEncryptionConfiguration"),
        members: &[
            ("", &["Rule"]),
            ("Rule.ApplyServerSideEncryptionByDefault", &["SSEAlgorithm"]),
            ("Rule.BlockedEncryptionTypes", &["EncryptionType"]),
        ],
        lists: &["Rule", "Rule.BlockedEncryptionTypes.EncryptionType"],
        holders: &[],
    },
    opaque("GetBucketPolicy"),
    json("ListKeys", &[("", &["Keys", "Truncated"])]),
    json("ListAliases", &[("", &["Aliases", "Truncated"])]),
    json("DescribeKey", &[("", &["KeyMetadata"]), ("KeyMetadata", &["KeyId", "Arn"])]),
    json("GetKeyRotationStatus", &[("", &["KeyRotationEnabled"])]),
    json("ListKeyRotations", &[("", &["Rotations", "Truncated"])]),
    json("GetKeyPolicy", &[("", &["Policy"])]),
    Promise {
        operation: "ListObjectsV2",
        format: Format::Xml("ListBucketResult"),
        members: &[("Contents", &["Key"])],
        lists: &["Contents", "CommonPrefixes", "Contents.ChecksumAlgorithm"],
        holders: &[],
    },
    opaque("GetObject"),
    opaque("PutObject"),
];

/// An error of S3, as its API reference has it ("Error responses").
static S3_ERROR: Promise = Promise {
    operation: "",
    format: Format::Xml("Error"),
    members: &[("", &["Code"])],
    lists: &[],
    holders: &[],
};

/// The longest body of an operation's answer, in bytes. A bucket policy has 20 KB at
/// most, a key policy 32 KB before it is written as JSON, a page of buckets 10,000 entries.
pub fn longest(operation: &str) -> usize {
    const KIB: usize = 1_024;
    match operation {
        "GetBucketPolicy" => 64 * KIB,
        _ if operation.starts_with("List") => 16 * KIB * KIB,
        _ => 256 * KIB,
    }
}

/// Whether an answer's body is what the caller asked to have, as long as that may be: who reads it bounds it.
pub fn is_streamed(operation: &str, status: u16) -> bool {
    operation == "GetObject" && (200..300).contains(&status)
}

/// What of an operation's answer says that it is a list, where the promise alone does not: XML has no empty list, and
/// the SDK makes nothing of it.
pub fn list_of(operation: &str) -> Option<&'static str> {
    match operation {
        "ListBuckets" => Some("Buckets"),
        "ListObjectsV2" => Some("KeyCount and Contents"),
        _ => None,
    }
}

/// The promise of an operation, by the API's name.
fn of(operation: &str) -> Option<&'static Promise> {
    PROMISES.iter().find(|promise| promise.operation == operation)
}

/// Holds a body to an operation's promise. `status` is the answer's, `url` what was asked.
pub fn held(operation: &str, status: u16, url: &str, body: &[u8]) -> Result<(), Broken> {
    match (of(operation), status) {
        (Some(promise), 200..300) => promise.hold(body),
        // Only here can an error of S3's mean that something is not there.
        (Some(promise), 404) if promise.is_of_s3() && !body.is_empty() => {
            let is_about_bucket = operation.starts_with("GetBucket");
            hold_s3_error(body, |bucket| !is_about_bucket || names(url, bucket))
        }
        _ => Ok(()),
    }
}

/// Whether a URL is of this bucket, in its path or its host.
fn names(url: &str, bucket: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let in_host = rest.strip_prefix(bucket).is_some_and(|rest| rest.starts_with('.'));
    in_host || rest.split(['/', '?']).nth(1) == Some(bucket)
}

impl Promise {
    fn is_of_s3(&self) -> bool {
        self.operation.contains("Bucket") || self.operation.contains("Object")
    }

    /// Holds a body to it.
    fn hold(&'static self, body: &[u8]) -> Result<(), Broken> {
        match self.format {
            Format::Opaque => Ok(()),
            Format::Json => hold_json(self, body),
            Format::Xml(root) => hold_xml(self, root, body, |_, _| {}),
        }
    }

    fn needed(&self, path: &str) -> &'static [&'static str] {
        self.members.iter().find(|(holder, _)| *holder == path).map_or(&[], |(_, names)| names)
    }

    /// What the member at this path lacks, of those that it has told.
    fn held_at(&self, path: &str, told: impl Fn(&str) -> bool) -> Result<(), Broken> {
        match self.needed(path).iter().find(|name| !told(name)) {
            Some(name) => Err(Broken::Lacks(joined(path, name))),
            None => Ok(()),
        }
    }
}

/// Holds the body of a 404 of S3 to what an error of S3's is: a page of another server that has a `<Code>` in it
/// somewhere does not say that something is not configured, and neither does the error of another bucket.
/// `is_asked` says whether a bucket is the one that was asked for.
fn hold_s3_error(body: &[u8], is_asked: impl Fn(&str) -> bool) -> Result<(), Broken> {
    let mut other = false;
    hold_xml(&S3_ERROR, "Error", body, |path, text| {
        other |= path == "BucketName" && !is_asked(text);
    })?;
    if other { Err(Broken::OtherBucket) } else { Ok(()) }
}

/// So many members of different names are in no answer.
const MOST_NAMES: usize = 200;

fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// Where a walk is, from the outside.
#[derive(Debug, Default)]
struct Place(String);

impl Place {
    /// Goes into a member; gives what `leave` needs.
    fn enter(&mut self, name: &str) -> usize {
        let before = self.0.len();
        if before > 0 {
            self.0.push('.');
        }
        self.0.push_str(name);
        before
    }

    fn leave(&mut self, before: usize) {
        self.0.truncate(before);
    }
}

fn hold_json(promise: &'static Promise, body: &[u8]) -> Result<(), Broken> {
    let mut broken = None;
    let mut place = Place::default();
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let member = Member { promise, place: &mut place, broken: &mut broken, is_outermost: true };
    let read = member.deserialize(&mut deserializer).and_then(|told| deserializer.end().map(|()| told));
    match (broken, read) {
        (Some(broken), _) => Err(broken),
        (None, Ok(_)) => Ok(()),
        (None, Err(_)) => Err(Broken::NotWhole("JSON object")),
    }
}

/// A member of a JSON body; its value is whether it tells something: null and "" do not.
struct Member<'a> {
    promise: &'static Promise,
    place: &'a mut Place,
    broken: &'a mut Option<Broken>,
    is_outermost: bool,
}

impl Member<'_> {
    fn inside(&mut self) -> Member<'_> {
        let Self { promise, place, broken, .. } = self;
        Member { promise, place, broken, is_outermost: false }
    }

    fn breaks<E: Error>(&mut self, broken: Broken) -> E {
        *self.broken = Some(broken);
        // What is told is the breach; this error only ends the walk.
        E::custom("broken")
    }
}

impl<'de> DeserializeSeed<'de> for Member<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        if self.is_outermost {
            deserializer.deserialize_map(self)
        } else {
            deserializer.deserialize_any(self)
        }
    }
}

impl<'de> Visitor<'de> for Member<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member of an answer")
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_bool<E>(self, _: bool) -> Result<bool, E> {
        Ok(true)
    }

    fn visit_i64<E>(self, _: i64) -> Result<bool, E> {
        Ok(true)
    }

    fn visit_u64<E>(self, _: u64) -> Result<bool, E> {
        Ok(true)
    }

    fn visit_f64<E>(self, _: f64) -> Result<bool, E> {
        Ok(true)
    }

    fn visit_str<E>(self, text: &str) -> Result<bool, E> {
        Ok(!text.is_empty())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut entries: A) -> Result<bool, A::Error> {
        while entries.next_element_seed(self.inside())?.is_some() {}
        Ok(true)
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<bool, A::Error> {
        let mut names: Vec<(Cow<'de, str>, bool)> = Vec::new();
        while let Some(name) = members.next_key_seed(Name)? {
            if names.iter().any(|(other, _)| *other == name) {
                let twice = Broken::Twice(joined(&self.place.0, &name));
                return Err(self.breaks(twice));
            }
            if names.len() == MOST_NAMES {
                return Err(self.breaks(Broken::TooMany));
            }
            let before = self.place.enter(&name);
            let told = members.next_value_seed(self.inside())?;
            self.place.leave(before);
            names.push((name, told));
        }
        let told = |wanted: &str| names.iter().any(|(name, told)| *told && *name == wanted);
        if let Err(lacks) = self.promise.held_at(&self.place.0, told) {
            return Err(self.breaks(lacks));
        }
        Ok(true)
    }
}

/// A member's name, borrowed where it has no escapes.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member's name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

/// An open XML element.
struct Element<'a> {
    name: &'a str,
    before: usize,
    /// Its elements' names, each once, and whether they tell something.
    names: Vec<(&'a str, bool)>,
    /// The pieces of its text, blank ones too, and whether there is anything in them.
    pieces: usize,
    has_text: bool,
    told: bool,
}

const NOT_XML: Broken = Broken::NotWhole("XML document");

/// Walks an XML body; `leaf` is shown each text with its path.
fn hold_xml(
    promise: &Promise,
    root: &str,
    body: &[u8],
    mut leaf: impl FnMut(&str, &str),
) -> Result<(), Broken> {
    let text = std::str::from_utf8(body).map_err(|_| NOT_XML)?;
    let mut walk = XmlWalk { promise, root, place: Place::default(), open: Vec::new(), ended: false };
    for token in Tokenizer::from(text) {
        match token.map_err(|_| NOT_XML)? {
            Token::ElementStart { local, .. } => walk.open(local.as_str())?,
            Token::ElementEnd { end: ElementEnd::Empty, .. } => walk.close(None)?,
            Token::ElementEnd { end: ElementEnd::Close(_, local), .. } => {
                walk.close(Some(local.as_str()))?;
            }
            Token::Text { text } => {
                walk.text(text.as_str())?;
                leaf(&walk.place.0, text.as_str());
            }
            Token::Cdata { .. } => return Err(walk.in_pieces()),
            // No answer of AWS's declares entities, and they are how XML grows.
            Token::DtdStart { .. } | Token::EmptyDtd { .. } | Token::EntityDeclaration { .. } => {
                return Err(NOT_XML);
            }
            _ => {}
        }
    }
    if walk.ended { Ok(()) } else { Err(NOT_XML) }
}

struct XmlWalk<'a, 'p> {
    promise: &'p Promise,
    root: &'p str,
    place: Place,
    open: Vec<Element<'a>>,
    ended: bool,
}

impl<'a> XmlWalk<'a, '_> {
    fn open(&mut self, name: &'a str) -> Result<(), Broken> {
        if self.ended || (self.open.is_empty() && name != self.root) {
            return Err(NOT_XML);
        }
        let before = self.place.0.len();
        if let Some(holder) = self.open.last_mut() {
            holder.told = true;
            let is_new = !holder.names.iter().any(|(other, _)| *other == name);
            if holder.names.len() == MOST_NAMES {
                return Err(Broken::TooMany);
            }
            if is_new {
                holder.names.push((name, false));
            }
            let is_in_list = self.promise.holders.contains(&self.place.0.as_str());
            self.place.enter(name);
            let is_entry = self.promise.lists.contains(&self.place.0.as_str());
            match (is_in_list, is_new, is_entry) {
                (true, _, false) => return Err(Broken::Strange(self.place.0.clone())),
                (_, false, false) => return Err(Broken::Twice(self.place.0.clone())),
                _ => {}
            }
        }
        self.open.push(Element { name, before, names: Vec::new(), pieces: 0, has_text: false, told: false });
        Ok(())
    }

    fn in_pieces(&self) -> Broken {
        Broken::InPieces(self.place.0.clone())
    }

    fn text(&mut self, text: &str) -> Result<(), Broken> {
        if let Some(element) = self.open.last_mut() {
            element.pieces += 1;
        }
        if text.trim().is_empty() {
            return Ok(());
        }
        // A list has entries, and no text: the SDK would take it for an empty one.
        let holder =
            |list: &&'static str| list.rsplit_once('.').map_or("", |(holder, _)| holder) == self.place.0;
        if self.promise.lists.iter().any(holder) {
            return Err(NOT_XML);
        }
        if let Some(element) = self.open.last_mut() {
            (element.has_text, element.told) = (true, true);
        }
        Ok(())
    }

    fn close(&mut self, name: Option<&str>) -> Result<(), Broken> {
        let Some(element) = self.open.pop().filter(|element| name.is_none_or(|name| name == element.name))
        else {
            return Err(NOT_XML);
        };
        if element.has_text && (element.pieces > 1 || !element.names.is_empty()) {
            return Err(self.in_pieces());
        }
        let told = |wanted: &str| element.names.iter().any(|(name, told)| *told && *name == wanted);
        self.promise.held_at(&self.place.0, told)?;
        self.place.leave(element.before);
        match self.open.last_mut() {
            Some(holder) => {
                let seen = holder.names.iter_mut().find(|(name, _)| *name == element.name);
                if let Some((_, told)) = seen {
                    *told |= element.told;
                }
            }
            None => self.ended = true,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
