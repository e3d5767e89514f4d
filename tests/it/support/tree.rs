//! A body as a tree that can hold what no good body does: members twice, numbers that are none, text among elements.
//!
//! `serde_json::Value` has one member of a name, and the SDK's writers write what is right. This one writes what a
//! test makes of it.

use serde_json::Value;
use xmlparser::{ElementEnd, Token, Tokenizer};

/// How a tree is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Json,
    Xml,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A JSON object, or an XML element with elements.
    Object,
    /// A JSON list.
    List,
    /// A JSON text, or an XML element with text.
    Text(String),
    /// Written as it is.
    Raw(String),
}

/// A member, an entry of a list, or the whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    pub name: String,
    pub kind: Kind,
    /// An XML element's attributes, with the blank before them.
    pub attributes: String,
    pub children: Vec<Node>,
}

impl Node {
    pub fn new(name: &str, kind: Kind) -> Self {
        Self { name: name.to_owned(), kind, attributes: String::new(), children: Vec::new() }
    }

    pub fn with(mut self, children: Vec<Self>) -> Self {
        self.children = children;
        self
    }

    /// A text's own; none of what has none.
    pub fn text(&self) -> Option<&str> {
        match &self.kind {
            Kind::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The paths of all nodes below this one, by their places among their siblings.
    pub fn paths(&self) -> Vec<Vec<usize>> {
        let mut paths = Vec::new();
        for (at, child) in self.children.iter().enumerate() {
            paths.push(vec![at]);
            paths.extend(child.paths().into_iter().map(|path| [vec![at], path].concat()));
        }
        paths
    }

    pub fn at(&self, path: &[usize]) -> &Self {
        path.iter().fold(self, |node, at| &node.children[*at])
    }

    pub fn at_mut(&mut self, path: &[usize]) -> &mut Self {
        path.iter().fold(self, |node, at| &mut node.children[*at])
    }

    /// The names along a path, joined by dots; entries of lists have none.
    pub fn named(&self, path: &[usize]) -> String {
        let (mut node, mut names) = (self, Vec::new());
        for at in path {
            node = &node.children[*at];
            names.push(node.name.as_str());
        }
        names.retain(|name| !name.is_empty());
        names.join(".")
    }

    pub fn write(&self, format: Format) -> String {
        match format {
            Format::Json => self.json(),
            Format::Xml => format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}", self.xml()),
        }
    }

    fn json(&self) -> String {
        let each = |write: fn(&Self) -> String| self.children.iter().map(write).collect::<Vec<_>>().join(",");
        match &self.kind {
            Kind::Object => {
                format!("{{{}}}", each(|child| format!("{}:{}", quoted(&child.name), child.json())))
            }
            Kind::List => format!("[{}]", each(Self::json)),
            Kind::Text(text) => quoted(text),
            Kind::Raw(raw) => raw.clone(),
        }
    }

    fn xml(&self) -> String {
        let content = match &self.kind {
            Kind::Text(text) => escaped(text),
            Kind::Raw(raw) => raw.clone(),
            Kind::Object | Kind::List => self.children.iter().map(Self::xml).collect(),
        };
        // A raw node without a name stands between elements.
        match self.name.as_str() {
            "" => content,
            name => format!("<{name}{}>{content}</{name}>", self.attributes),
        }
    }
}

pub fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The tree of a good body; none of what is neither JSON nor XML.
pub fn read(body: &str) -> Option<(Format, Node)> {
    match body.trim_start().as_bytes().first()? {
        b'{' => Some((Format::Json, json("", &serde_json::from_str(body).ok()?))),
        b'<' => Some((Format::Xml, xml(body)?)),
        _ => None,
    }
}

fn json(name: &str, value: &Value) -> Node {
    match value {
        Value::Object(members) => Node::new(name, Kind::Object)
            .with(members.iter().map(|(name, value)| json(name, value)).collect()),
        Value::Array(entries) => {
            Node::new(name, Kind::List).with(entries.iter().map(|value| json("", value)).collect())
        }
        Value::String(text) => Node::new(name, Kind::Text(text.clone())),
        other => Node::new(name, Kind::Raw(other.to_string())),
    }
}

fn xml(body: &str) -> Option<Node> {
    let mut open: Vec<Node> = Vec::new();
    for token in Tokenizer::from(body) {
        let closed = match token.ok()? {
            Token::ElementStart { local, .. } => {
                open.push(Node::new(local.as_str(), Kind::Object));
                None
            }
            Token::Attribute { span, .. } => {
                let attributes = &mut open.last_mut()?.attributes;
                attributes.push(' ');
                attributes.push_str(span.as_str());
                None
            }
            Token::Text { text } => {
                let text = text.as_str();
                if let Some(node) = open.last_mut().filter(|_| !text.trim().is_empty()) {
                    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
                    node.kind = Kind::Text(text.replace("&amp;", "&"));
                }
                None
            }
            Token::ElementEnd { end: ElementEnd::Open, .. } => None,
            Token::ElementEnd { .. } => open.pop(),
            _ => None,
        };
        match (closed, open.last_mut()) {
            (Some(node), Some(holder)) => holder.children.push(node),
            (Some(node), None) => return Some(node),
            (None, _) => {}
        }
    }
    None
}

#[test]
fn a_body_is_written_as_it_was_read() {
    for body in [
        r#"{"Keys":[{"KeyId":"a\"b","n":1.5},null],"Truncated":false}"#,
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<A xmlns=\"x\"><B>1 &amp; 2</B><B><C></C></B></A>",
    ] {
        let (format, tree) = read(body).expect("a good body");
        assert_eq!(tree.write(format), body);
    }
}
