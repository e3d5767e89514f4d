//! What may be done to an answer on its way: a change of one member, or of the whole.
//!
//! A [`Mutation`] is plain data, so that proptest draws and shows it. None of them makes another good answer of a
//! good one, but where [`Mutation::of`] leaves that out by the member's name: what can be told must be told.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::tree::{Format, Kind, Node, escaped, read};
use super::wire::{Answer, Reply};

/// One change.
#[derive(Debug, Clone)]
pub enum Mutation {
    /// Of a member: which, and how.
    Member(Index, Change),
    /// Of the bytes.
    Bytes(Bytes),
    /// Of how it comes.
    Envelope(Envelope),
    /// The answer to another request, of the same operation or any.
    Swapped(Index, bool),
}

/// What is done to a member.
#[derive(Debug, Clone)]
pub enum Change {
    Gone,
    Null,
    Emptied,
    /// Another type, as JSON writes it.
    Type(&'static str),
    Number(&'static str),
    Text(Respell),
    /// There twice: before or after, the same or another.
    Twice {
        first: bool,
        same: bool,
    },
    /// A member that the API does not have beside it.
    Stranger(&'static str),
    /// So deep below it.
    Deep(usize),
    Renamed(fn(&str) -> String),
    /// As an entry of a list, or as a member of an object.
    Wrapped(&'static str),
    /// One entry of a list, without the list.
    Unwrapped,
    /// The account, Region or key of something else.
    Others(&'static str),
}

/// What is done to a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Respell {
    More(&'static str),
    Before(&'static str),
    Upper,
    Lower,
    Wide,
    Cut,
    Is(&'static str),
    Long,
    /// Another last letter.
    Last,
    /// The same text, in a spelling of its format that only a parser undoes.
    Spelt,
    /// The text, and something within it that its format skips.
    Interrupted,
}

#[derive(Debug, Clone)]
pub enum Bytes {
    Cut(Index),
    /// A byte that no UTF-8 text has.
    Foreign(Index),
    Inserted(Index, u8),
    Is(&'static str),
    Before(&'static str),
    After(&'static str),
    Twice,
    Utf16,
}

#[derive(Debug, Clone)]
pub enum Envelope {
    ContentType(&'static str),
    Status(u16),
}

const TYPES: [&str; 9] = ["7", "true", "false", "\"text\"", "[]", "{}", "[{}]", "{\"a\":\"b\"}", "[null]"];

/// None is an instant that AWS has, a period or a count.
const NUMBERS: [&str; 14] = [
    "-5",
    "0",
    "1e300",
    "-1e300",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551616",
    "0.5",
    "365.5",
    "NaN",
    "1e999",
    "\"365\"",
    "01",
    "-",
];

const BODIES: [&str; 12] = [
    "",
    " ",
    "{}",
    "[]",
    "null",
    "<html><body><Code>NoSuchBucketPolicy</Code></body></html>",
    "<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in</body></html>",
    "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code><Message>no</Message></Error>",
    r#"{"__type":"AccessDeniedException","message":"no"}"#,
    "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>",
    "\u{feff}",
    "\0\0\0\0",
];

const CONTENT_TYPES: [&str; 6] = [
    "text/html; charset=utf-8",
    "application/json; charset=utf-16",
    "application/xml; charset=iso-8859-1",
    "application/cbor",
    "",
    "image/png",
];

/// With the usual body. A redirect of S3's has a header that is not there.
const STATUSES: [u16; 14] = [201, 204, 206, 299, 301, 307, 400, 401, 403, 404, 409, 429, 500, 503];

fn respell() -> impl Strategy<Value = Respell> {
    use Respell::*;
    let words =
        ["Zombie", "null", "None", "NULL", "undefined", "0", "*", "${aws:username}", "../../x", "\u{200b}"];
    prop_oneof![
        select(&["x", " ", "\n", "\0", "\u{301}", ",", "/"][..]).prop_map(More),
        select(&[" ", "\t", "\u{feff}", "x", "-", "arn:"][..]).prop_map(Before),
        Just(Upper),
        Just(Lower),
        Just(Wide),
        Just(Cut),
        select(words.to_vec()).prop_map(Is),
        Just(Long),
        Just(Last),
        Just(Spelt),
        Just(Interrupted),
    ]
}

fn change() -> impl Strategy<Value = Change> {
    use Change::*;
    let names: [fn(&str) -> String; 4] = [
        |name| name.to_lowercase(),
        |name| name.to_uppercase(),
        |name| format!("{name}s"),
        |name| format!("a{name}"),
    ];
    prop_oneof![
        2 => Just(Gone),
        1 => Just(Null),
        1 => Just(Emptied),
        2 => select(&TYPES[..]).prop_map(Type),
        3 => select(&NUMBERS[..]).prop_map(Number),
        6 => respell().prop_map(Text),
        2 => any::<(bool, bool)>().prop_map(|(first, same)| Twice { first, same }),
        1 => select(&TYPES[..]).prop_map(Stranger),
        1 => select(&[2_usize, 60, 200, 20_000][..]).prop_map(Deep),
        1 => select(names.to_vec()).prop_map(Renamed),
        1 => select(&["list", "object"][..]).prop_map(Wrapped),
        1 => Just(Unwrapped),
        2 => select(&["account", "region", "key"][..]).prop_map(Others),
    ]
}

fn bytes() -> impl Strategy<Value = Bytes> {
    use Bytes::*;
    prop_oneof![
        3 => any::<Index>().prop_map(Cut),
        1 => any::<Index>().prop_map(Foreign),
        1 => (any::<Index>(), select(&[0, 1, 0x1f][..])).prop_map(|(at, byte)| Inserted(at, byte)),
        2 => select(&BODIES[..]).prop_map(Is),
        1 => select(&["\u{feff}", "\n\n", "x", "{}", ")]}',\n", "<a/>"][..]).prop_map(Before),
        1 => select(&["x", "{}", "\n\n", "<a/>", "\0", "<!-- a -->"][..]).prop_map(After),
        1 => Just(Twice),
        1 => Just(Utf16),
    ]
}

/// Any change.
pub fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        10 => (any::<Index>(), change()).prop_map(|(at, change)| Mutation::Member(at, change)),
        3 => bytes().prop_map(Mutation::Bytes),
        1 => select(&CONTENT_TYPES[..]).prop_map(|it| Mutation::Envelope(Envelope::ContentType(it))),
        1 => select(&STATUSES[..]).prop_map(|it| Mutation::Envelope(Envelope::Status(it))),
        1 => (any::<Index>(), any::<bool>()).prop_map(|(of, same)| Mutation::Swapped(of, same)),
    ]
}

/// A changed answer: what was changed of it, and what it is.
#[derive(Debug, Clone)]
pub struct Changed {
    /// Of which member, and by what.
    pub what: String,
    /// The member that was changed, by its name; empty for the whole.
    pub member: String,
    pub reply: Reply,
}

impl Mutation {
    /// The changed answer; none where the change does not suit it, or makes another good answer of it.
    pub fn of(&self, answer: &Answer, others: &[Answer]) -> Option<Changed> {
        let (member, reply) = match self {
            Self::Member(at, change) => of_member(answer, *at, change)?,
            Self::Bytes(bytes) => (String::new(), Reply::with(of_bytes(&answer.body, bytes)?)),
            Self::Envelope(envelope) => (String::new(), of_envelope(answer, envelope)?),
            Self::Swapped(of, same) => (String::new(), swapped(answer, others, *of, *same)?),
        };
        let is_other =
            reply.body != answer.body.as_bytes() || reply.status.is_some() || reply.content_type.is_some();
        let what = format!("{}, {member}: {self:?}", answer.operation);
        is_other.then_some(Changed { what, member, reply })
    }
}

fn of_envelope(answer: &Answer, envelope: &Envelope) -> Option<Reply> {
    let usual = Reply::with(answer.body.as_str());
    match envelope {
        Envelope::ContentType(it) => Some(Reply { content_type: Some((*it).to_owned()), ..usual }),
        // An error under another error's status may be one of AWS's.
        Envelope::Status(it) => (answer.status < 300).then_some(Reply { status: Some(*it), ..usual }),
    }
}

/// Answers that do not name what they are about.
const NAMELESS: &[&str] =
    &["GetBucketEncryption", "GetBucketPolicy", "GetBucketLocation", "GetKeyPolicy", "ListBuckets"];

fn swapped(answer: &Answer, others: &[Answer], of: Index, same: bool) -> Option<Reply> {
    let is_same =
        |other: &&Answer| (other.operation == answer.operation) == same && other.body != answer.body;
    let others: Vec<&Answer> = others.iter().filter(is_same).collect();
    if others.is_empty() || (same && NAMELESS.contains(&&*answer.operation)) {
        return None;
    }
    let other = of.get(&others);
    // An empty list names nothing; a policy is passed on as it is.
    let says_nothing = same && !other.body.contains("arn:");
    let is_opaque = answer.operation == "GetBucketPolicy" && other.body.starts_with('{');
    (other.status < 300 && !says_nothing && !is_opaque).then(|| Reply::with(other.body.as_str()))
}

fn of_bytes(body: &str, bytes: &Bytes) -> Option<Vec<u8>> {
    let raw = body.as_bytes();
    Some(match bytes {
        Bytes::Cut(at) => raw[..at.index(raw.len().max(1)).min(raw.len())].to_vec(),
        Bytes::Foreign(at) | Bytes::Inserted(at, _) if raw.is_empty() => {
            let _ = at;
            return None;
        }
        Bytes::Foreign(at) => {
            let mut raw = raw.to_vec();
            let at = at.index(raw.len());
            raw[at] = 0xff;
            raw
        }
        Bytes::Inserted(at, byte) => {
            let mut raw = raw.to_vec();
            raw.insert(at.index(raw.len()), *byte);
            raw
        }
        Bytes::Is(text) => text.as_bytes().to_vec(),
        Bytes::Before(text) => [text.as_bytes(), raw].concat(),
        Bytes::After(text) => [raw, text.as_bytes()].concat(),
        Bytes::Twice => [raw, raw].concat(),
        Bytes::Utf16 => body.encode_utf16().flat_map(u16::to_le_bytes).collect(),
    })
}

fn of_member(answer: &Answer, at: Index, change: &Change) -> Option<(String, Reply)> {
    let (format, mut tree) = read(&answer.body)?;
    let paths = tree.paths();
    if paths.is_empty() {
        return None;
    }
    let path = at.get(&paths);
    let member = tree.named(path);
    let (last, holder) = path.split_last()?;
    let node = tree.at(path).clone();
    let siblings = tree.at_mut(holder);
    let is_entry = siblings.kind == Kind::List;
    let changed = match change {
        Change::Gone if is_entry => return None,
        Change::Gone => None,
        Change::Null => Some(Node { kind: Kind::Raw(null(format)), children: Vec::new(), ..node.clone() }),
        Change::Emptied => Some(emptied(&node)?),
        Change::Type(it) => Some(raw(&node, format, it)),
        Change::Number(it) => Some(raw(&node, format, is_number(&node).then_some(it)?)),
        Change::Text(how) => Some(respelt(&node, format, *how)?),
        Change::Twice { first, same } => {
            let again = if *same { node.clone() } else { other(&node) };
            let at = if *first { *last } else { last + 1 };
            siblings.children.insert(at, again);
            Some(siblings.children[*last].clone())
        }
        Change::Stranger(it) => {
            let name = if is_entry { "" } else { "Stranger" };
            siblings.children.insert(*last, raw(&Node::new(name, Kind::Object), format, it));
            Some(siblings.children[*last].clone())
        }
        Change::Deep(depth) => Some(deep(&node, format, *depth)),
        Change::Renamed(_) if is_entry => return None,
        Change::Renamed(how) => Some(Node { name: how(&node.name), ..node.clone() }),
        Change::Wrapped(how) => Some(wrapped(&node, format, how)),
        Change::Unwrapped => Some(unwrapped(&node)?),
        Change::Others(of) => Some(others(&node, of)?),
    };
    match changed {
        Some(changed) => siblings.children[*last] = changed,
        None => drop(siblings.children.remove(*last)),
    }
    Some((member, Reply::with(tree.write(format))))
}

fn null(format: Format) -> String {
    match format {
        Format::Json => "null".to_owned(),
        Format::Xml => String::new(),
    }
}

fn emptied(node: &Node) -> Option<Node> {
    let kind = match &node.kind {
        Kind::Text(_) => Kind::Text(String::new()),
        Kind::Object => Kind::Object,
        Kind::List | Kind::Raw(_) => return None,
    };
    Some(Node { kind, children: Vec::new(), ..node.clone() })
}

fn raw(node: &Node, format: Format, value: &str) -> Node {
    let value = match format {
        Format::Json => value.to_owned(),
        Format::Xml if value.starts_with(['{', '[']) => "<a>b</a>".to_owned(),
        Format::Xml => escaped(value.trim_matches('"')),
    };
    Node { kind: Kind::Raw(value), children: Vec::new(), ..node.clone() }
}

fn is_number(node: &Node) -> bool {
    matches!(&node.kind, Kind::Raw(raw) if raw.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
}

fn respelt(node: &Node, format: Format, how: Respell) -> Option<Node> {
    let text = node.text()?;
    let spelt = |text: &str| match format {
        Format::Json => {
            let letters: Vec<String> = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
            format!("\"{}\"", letters.concat())
        }
        Format::Xml => {
            let letters = text.chars().map(|letter| format!("&#x{:x};", u32::from(letter)));
            letters.collect::<Vec<_>>().concat()
        }
    };
    let middle = text.floor_char_boundary(text.len() / 2);
    let new = match how {
        Respell::More(more) => format!("{text}{more}"),
        Respell::Before(before) => format!("{before}{text}"),
        Respell::Upper => text.to_uppercase(),
        Respell::Lower => text.to_lowercase(),
        Respell::Wide => text.chars().map(wide).collect(),
        Respell::Cut => text[..middle].to_owned(),
        Respell::Is(it) => it.to_owned(),
        Respell::Long => text.repeat(5_000),
        Respell::Last => {
            let mut text = text.to_owned();
            let last = text.pop()?;
            format!("{text}{}", if last == '1' { '2' } else { '1' })
        }
        Respell::Spelt => return Some(Node { kind: Kind::Raw(spelt(text)), ..node.clone() }),
        Respell::Interrupted => {
            let within = match format {
                Format::Json => return None,
                Format::Xml => ["<!-- a -->", "<?a b?>", "<![CDATA[]]>"][text.len() % 3],
            };
            let raw = format!("{}{within}{}", escaped(&text[..middle]), escaped(&text[middle..]));
            return Some(Node { kind: Kind::Raw(raw), ..node.clone() });
        }
    };
    Some(Node { kind: Kind::Text(new), ..node.clone() })
}

/// A digit as a full-width one, which is a digit to who asks Unicode.
fn wide(letter: char) -> char {
    match letter {
        '0'..='9' => char::from_u32(u32::from(letter) - u32::from('0') + 0xff10).expect("a digit"),
        other => other,
    }
}

fn other(node: &Node) -> Node {
    let kind = match &node.kind {
        Kind::Text(text) => Kind::Text(format!("{text}1")),
        Kind::Raw(raw) if raw == "true" => Kind::Raw("false".to_owned()),
        Kind::Raw(raw) if raw == "false" => Kind::Raw("true".to_owned()),
        Kind::Raw(raw) => Kind::Raw(format!("{raw}1")),
        kind => kind.clone(),
    };
    Node { kind, children: node.children.iter().map(other).collect(), ..node.clone() }
}

fn deep(node: &Node, format: Format, depth: usize) -> Node {
    let (open, close) = match format {
        Format::Json => ("[", "]"),
        Format::Xml => ("<a>", "</a>"),
    };
    let value = format!("{}{}", open.repeat(depth), close.repeat(depth));
    Node { kind: Kind::Raw(value), children: Vec::new(), ..node.clone() }
}

fn wrapped(node: &Node, format: Format, how: &str) -> Node {
    let outer = Node { children: Vec::new(), kind: Kind::Object, ..node.clone() };
    match (format, how) {
        (Format::Json, "list") => Node { kind: Kind::List, ..outer }.with(vec![node.clone()]),
        _ => outer.with(vec![Node { name: "Value".to_owned(), ..node.clone() }]),
    }
}

fn unwrapped(node: &Node) -> Option<Node> {
    let first = node.children.first()?;
    (node.kind == Kind::List).then(|| Node { name: node.name.clone(), ..first.clone() })
}

/// An account that is in no test's organization.
pub const STRANGER: &str = "999900001111";

/// The same of another account, Region or key: in every text below, so that the answer agrees with itself.
fn others(node: &Node, of: &str) -> Option<Node> {
    let change = |text: &str| match of {
        "account" => text
            .split(['/', ':'])
            .filter(|part| part.len() == 12 && part.bytes().all(|b| b.is_ascii_digit()))
            .fold(text.to_owned(), |text, part| text.replace(part, STRANGER)),
        "region" => text.replace("eu-west-1", "ap-southeast-2"),
        _ => match text.strip_suffix(|last: char| last.is_ascii_hexdigit()) {
            Some(rest) if text.len() > 30 => format!("{rest}{}", if text.ends_with('e') { 'f' } else { 'e' }),
            _ => text.to_owned(),
        },
    };
    let changed = with_texts(node, &change);
    (changed != *node).then_some(changed)
}

/// A node with every text below it changed.
fn with_texts(node: &Node, change: &impl Fn(&str) -> String) -> Node {
    let kind = match &node.kind {
        Kind::Text(text) => Kind::Text(change(text)),
        kind => kind.clone(),
    };
    let children = node.children.iter().map(|child| with_texts(child, change)).collect();
    Node { kind, children, ..node.clone() }
}
