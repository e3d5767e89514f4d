//! Why a JSON file of the lake cannot be read, in words for people: which field, what it holds, what belongs there.
//!
//! The library says it in the words of Rust ("invalid type: sequence, expected i32"), and without the field.

use serde_json::error::Category;

use super::Reason;

/// What is wrong with these bytes, by the library's error.
pub fn malformed(bytes: &[u8], error: serde_json::Error) -> Reason {
    Reason::worded(words(bytes, &error), error)
}

fn words(bytes: &[u8], error: &serde_json::Error) -> String {
    match error.classify() {
        Category::Syntax => {
            format!("it is not valid JSON at line {}, column {}", error.line(), error.column())
        }
        Category::Eof => "it is not complete: the JSON ends too early".to_owned(),
        Category::Data | Category::Io => data(bytes, error),
    }
}

fn data(bytes: &[u8], error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    if let Some(name) = text.strip_prefix("missing field ") {
        return format!("it has no field {name}");
    }
    if let Some(name) = text.strip_prefix("duplicate field ") {
        return format!("it has the field {name} twice");
    }
    let place = match field(bytes, error) {
        Some(name) => format!("the field `{name}`"),
        None => "the file".to_owned(),
    };
    let mismatch = text.strip_prefix("invalid type: ").or_else(|| text.strip_prefix("invalid value: "));
    match mismatch.and_then(|rest| rest.rsplit_once(", expected ")) {
        Some((found, expected)) if word(found) == word(expected) => {
            format!("{place} holds a number that is out of range")
        }
        Some((found, expected)) => {
            format!("{place} holds {}, but must hold {}", word(found), word(expected))
        }
        None => format!("{place} has a value that is not understood: {text}"),
    }
}

/// The field whose value the error is about: the last name before its place.
fn field<'a>(bytes: &'a [u8], error: &serde_json::Error) -> Option<&'a str> {
    let above = error.line().checked_sub(1)?;
    let line_start: usize = bytes.split_inclusive(|byte| *byte == b'\n').take(above).map(<[u8]>::len).sum();
    let end = line_start.saturating_add(error.column()).min(bytes.len());
    let before = std::str::from_utf8(bytes.get(..end)?).ok()?;
    before.rmatch_indices("\":").chain(before.rmatch_indices("\" :")).map(|(at, _)| at).max().and_then(|at| {
        let name = before[..at].rsplit('"').next()?;
        (!name.is_empty() && name.len() <= 64 && !name.contains(char::is_whitespace)).then_some(name)
    })
}

/// A type of Rust or of the library, in words for people.
fn word(kind: &str) -> &str {
    let is_of = |names: &[&str]| names.iter().any(|name| kind.split([' ', '`']).next() == Some(name));
    match kind {
        "a string" | "a borrowed string" => "a text",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object",
        _ if kind.starts_with("floating point") => "a number with a fraction",
        _ if is_of(&["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64", "usize", "integer"]) => {
            "a whole number"
        }
        _ if is_of(&["f32", "f64"]) => "a number",
        _ if is_of(&["string", "character"]) => "a text",
        _ if is_of(&["boolean"]) => "true or false",
        _ if is_of(&["sequence", "tuple"]) => "a list",
        _ if is_of(&["map", "struct", "internally"]) => "an object",
        _ => kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct File {
        #[serde(rename = "schema_version")]
        _version: u32,
        #[serde(rename = "files")]
        _files: Vec<Entry>,
    }

    #[derive(Debug, serde::Deserialize)]
    struct Entry {
        #[serde(rename = "key")]
        _key: String,
    }

    #[test]
    fn what_is_wrong_names_the_field_and_what_belongs_there() {
        for (text, told) in [
            ("", "it is not complete: the JSON ends too early"),
            ("{\"schema_version\": 1, \"files\": [", "it is not complete: the JSON ends too early"),
            ("{\"schema_version\" 1}", "it is not valid JSON at line 1, column 19"),
            ("\"all\"", "the file holds a text, but must hold an object"),
            (
                "{\"schema_version\": []}",
                "the field `schema_version` holds a list, but must hold a whole number",
            ),
            (
                "{\n\"schema_version\":\n \"1\"}",
                "the field `schema_version` holds a text, but must hold a whole number",
            ),
            ("{\"schema_version\": -1}", "the field `schema_version` holds a number that is out of range"),
            (
                "{\"schema_version\": 1.5}",
                "the field `schema_version` holds a number with a fraction, but must hold a whole number",
            ),
            ("{\"schema_version\": 1}", "it has no field `files`"),
            (
                "{\"schema_version\": 1, \"files\": 5}",
                "the field `files` holds a whole number, but must hold a list",
            ),
            (
                "{\"schema_version\": 1, \"files\": [{\"key\": null}]}",
                "the field `key` holds null, but must hold a text",
            ),
            ("{\"schema_version\": 1, \"schema_version\": 1}", "it has the field `schema_version` twice"),
        ] {
            let error = serde_json::from_str::<File>(text).unwrap_err();
            assert_eq!(words(text.as_bytes(), &error), told, "{error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_are_a_panic(text in "[{}\\[\\]\": ,a0\n\u{e9}-]{0,60}") {
            if let Err(error) = serde_json::from_str::<File>(&text) {
                proptest::prop_assert!(!words(text.as_bytes(), &error).is_empty());
            }
        }
    }
}
