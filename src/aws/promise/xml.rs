//! Reads an XML body against its promise, once, without building a tree: each call's answer comes by here.

use xmlparser::{ElementEnd, Token, Tokenizer};

use super::{Broken, MOST_NAMES, Place, Promise};

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

pub(super) const NOT_XML: Broken = Broken::NotWhole("XML document");

/// Walks an XML body; `leaf` is shown each text with its path.
pub(super) fn hold_xml(
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
