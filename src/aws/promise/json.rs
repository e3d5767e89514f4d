//! Reads a JSON body against its promise, once, without building a tree: each call's answer comes by here.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{Broken, MOST_NAMES, Place, Promise, joined};

/// Walks a JSON body.
pub(super) fn hold_json(promise: &'static Promise, body: &[u8]) -> Result<(), Broken> {
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
        // The breach is reported; this error only ends the walk.
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
