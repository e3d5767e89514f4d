//! A TOML file as a careful reader takes it apart: each value with its line, every problem collected.
//!
//! A [`Table`] notes which keys it was asked for; a key that no rule asked for is an unknown key. So the
//! code that reads an entry is also the list of the keys that it may have.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use sha2::{Digest, Sha256};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::clock::Timestamp;
use crate::spelling::nearest;

/// Something of a file that cannot stand as it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The line, counted from 1; none where it is about the whole file.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
    /// What to do, where that is known.
    pub fix: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        f.write_str(&self.what)?;
        match &self.fix {
            Some(fix) => write!(f, "; {fix}"),
            None => Ok(()),
        }
    }
}

/// The lower-case hex SHA-256 of a text.
pub(super) fn sha256(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

/// A text as a person finds it again in a file: in backquotes, on one line.
pub(super) fn quoted(text: &str) -> String {
    format!("`{}`", text.escape_debug())
}

/// What was probably meant, or else all that there is.
pub(super) fn suggestion<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest(text, known.iter().copied()) {
        Some(near) => Some(format!("did you mean `{near}`?")),
        None if known.is_empty() => None,
        None => Some(format!("it takes {}", listed(&known))),
    }
}

/// `a`, `b`, `c`.
pub(super) fn listed(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

/// A file, and what is wrong with it so far.
pub(super) struct Document<'t> {
    /// Where its lines end.
    ends: Vec<usize>,
    root: Spanned<DeTable<'t>>,
    problems: RefCell<Vec<Problem>>,
}

impl<'t> Document<'t> {
    /// Takes the text for TOML. What follows an error of syntax mostly follows from it: one is reported.
    pub(super) fn parse(text: &'t str) -> Result<Self, Vec<Problem>> {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect();
        match DeTable::parse(text) {
            Ok(root) => Ok(Self { ends, root, problems: RefCell::default() }),
            Err(error) => {
                let line = error.span().map(|span| line_of(&ends, span.start));
                let what = format!("not TOML: {}", error.message().trim_end().replace('\n', ", "));
                Err(vec![Problem { line, what, fix: None }])
            }
        }
    }

    /// The whole file as a table.
    pub(super) fn top(&self, name: &'static str, required: &'static [&'static str]) -> Table<'_> {
        Table::new(self, name, None, self.root.get_ref(), required)
    }

    /// Adds a problem. It is one line, whatever of the file it quotes.
    pub(super) fn problem(&self, line: Option<usize>, what: impl Into<String>, fix: Option<String>) {
        let plain = |letter: char| match letter.is_control() {
            true => letter.escape_debug().to_string(),
            false => letter.to_string(),
        };
        let what = what.into().chars().map(plain).collect();
        self.problems.borrow_mut().push(Problem { line, what, fix });
    }

    fn line_of(&self, span: &Range<usize>) -> usize {
        line_of(&self.ends, span.start)
    }

    /// What is wrong with it, by line.
    pub(super) fn end(self) -> Vec<Problem> {
        let mut problems = self.problems.into_inner();
        problems.sort();
        problems.dedup();
        problems
    }
}

fn line_of(ends: &[usize], offset: usize) -> usize {
    ends.partition_point(|end| *end < offset) + 1
}

/// A table of the file, and which of its keys were asked for.
pub(super) struct Table<'d> {
    document: &'d Document<'d>,
    /// What the file calls it, such as `[[check]]`.
    name: &'static str,
    line: Option<usize>,
    entries: &'d DeTable<'d>,
    required: &'static [&'static str],
    asked: Vec<&'static str>,
    empty: Vec<&'static str>,
}

impl<'d> Table<'d> {
    fn new(
        document: &'d Document<'d>,
        name: &'static str,
        line: Option<usize>,
        entries: &'d DeTable<'d>,
        required: &'static [&'static str],
    ) -> Self {
        Self { document, name, line, entries, required, asked: Vec::new(), empty: Vec::new() }
    }

    /// Its line.
    pub(super) fn line(&self) -> Option<usize> {
        self.line
    }

    /// Adds a problem of the whole table.
    pub(super) fn problem(&self, what: impl Into<String>, fix: Option<String>) {
        self.document.problem(self.line, what, fix);
    }

    /// Adds a problem of another line.
    pub(super) fn problem_at(&self, line: Option<usize>, what: impl Into<String>, fix: Option<String>) {
        self.document.problem(line, what, fix);
    }

    /// The value of a key.
    pub(super) fn value(&mut self, key: &'static str) -> Option<Value<'d>> {
        if !self.asked.contains(&key) {
            self.asked.push(key);
        }
        let item = self.entries.get(key)?;
        Some(Value { document: self.document, key, item, span: item.span() })
    }

    /// A text of at least one letter, without the blanks around it.
    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        let text = self.value(key)?.text()?.trim().to_owned();
        if text.is_empty() {
            self.empty.push(key);
            return None;
        }
        Some(text)
    }

    /// A text that must be read as something.
    pub(super) fn parsed<T>(&mut self, key: &'static str, parse: impl Parse<T>) -> Option<T> {
        let text = self.text(key)?;
        self.value(key)?.parsed(&text, parse)
    }

    /// An instant: a TOML date, or a text.
    pub(super) fn instant(&mut self, key: &'static str) -> Option<Timestamp> {
        let value = self.value(key)?;
        let text = match value.item.get_ref() {
            DeValue::Datetime(at) => at.to_string(),
            DeValue::String(_) => self.text(key)?,
            _ => return value.wrong_type("a date, such as 2026-11-21 or 2026-11-21T03:00:00Z"),
        };
        value.parsed(&text, |text: &str| Timestamp::parse(text).map_err(|error| (error.to_string(), None)))
    }

    /// True or false.
    pub(super) fn flag(&mut self, key: &'static str) -> Option<bool> {
        let value = self.value(key)?;
        value.item.get_ref().as_bool().or_else(|| value.wrong_type("true or false"))
    }

    /// A whole number.
    pub(super) fn number(&mut self, key: &'static str) -> Option<i64> {
        self.value(key)?.number()
    }

    /// A list of texts that must each be read as something; each but once.
    pub(super) fn list<T>(&mut self, key: &'static str, parse: impl Parse<T>) -> Option<Vec<T>> {
        let value = self.value(key)?;
        let Some(items) = value.item.get_ref().as_array() else {
            return value.wrong_type("a list of texts");
        };
        let mut seen = BTreeSet::new();
        let mut list = Some(Vec::new());
        for item in items {
            let item = Value { span: item.span(), item, ..value };
            let parsed = item.text().map(str::trim).and_then(|text| {
                if text.is_empty() {
                    item.problem("has an empty text", None);
                    return None;
                }
                if !seen.insert(text) {
                    item.problem(format!("names {} twice", quoted(text)), None);
                    return None;
                }
                item.parsed(text, &parse)
            });
            list = list.zip(parsed).map(|(mut list, parsed)| {
                list.push(parsed);
                list
            });
        }
        list
    }

    /// A list that says something.
    pub(super) fn list_of_some<T>(&mut self, key: &'static str, parse: impl Parse<T>) -> Option<Vec<T>> {
        let list = self.list(key, parse)?;
        if list.is_empty() {
            self.empty.push(key);
        }
        Some(list)
    }

    /// A table within.
    pub(super) fn table(
        &mut self,
        key: &'static str,
        name: &'static str,
        required: &'static [&'static str],
    ) -> Option<Table<'d>> {
        let value = self.value(key)?;
        value.table(name, required)
    }

    /// The entries of an array of tables.
    pub(super) fn tables(
        &mut self,
        key: &'static str,
        name: &'static str,
        required: &'static [&'static str],
    ) -> Vec<Table<'d>> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Some(items) = value.item.get_ref().as_array() else {
            return value.wrong_type(&format!("written `{name}`")).unwrap_or_default();
        };
        let items = items.iter().map(|item| Value { span: item.span(), item, ..value });
        items.filter_map(|item| item.table(name, required)).collect()
    }

    /// Whole numbers under names that the reader knows.
    pub(super) fn numbers(&mut self, key: &'static str) -> Option<Vec<(&'d str, Option<i64>, Value<'d>)>> {
        let value = self.value(key)?;
        let Some(entries) = value.item.get_ref().as_table() else {
            return value.wrong_type("a table of whole numbers");
        };
        let numbers = entries.iter().map(|(name, number)| {
            let key = name.get_ref().as_ref();
            let at = Value { span: name.span(), item: number, key, ..value };
            (key, at.number(), at)
        });
        Some(numbers.collect())
    }

    /// Ends the reading: what is missing, what is empty, and keys that no rule asked for.
    pub(super) fn finish(self) {
        let has = |key: &&&str| self.entries.contains_key(**key);
        let missing: Vec<&str> = self.required.iter().filter(|key| !has(key)).copied().collect();
        for (keys, what) in [(missing, "lacks"), (self.empty.clone(), "has empty")] {
            if !keys.is_empty() {
                self.problem(format!("{} {what} {}", self.name, listed(&keys)), None);
            }
        }
        for key in self.entries.keys() {
            let name = key.get_ref().as_ref();
            if !self.asked.contains(&name) {
                let line = self.document.line_of(&key.span());
                let what = format!("{} has the unknown key {}", self.name, quoted(name));
                self.document.problem(Some(line), what, suggestion(name, self.asked.iter().copied()));
            }
        }
    }
}

/// Reads a text as something, or says what is wrong with it and what would be right.
pub(super) trait Parse<T>: Fn(&str) -> Result<T, (String, Option<String>)> {}

impl<T, F: Fn(&str) -> Result<T, (String, Option<String>)>> Parse<T> for F {}

/// A text as it stands.
pub(super) fn any_text(text: &str) -> Result<String, (String, Option<String>)> {
    Ok(text.to_owned())
}

/// A text in a form of ours.
pub(super) fn of_form<T: std::str::FromStr<Err: fmt::Display>>(
    text: &str,
) -> Result<T, (String, Option<String>)> {
    text.parse().map_err(|error: T::Err| (error.to_string(), None))
}

/// One of some words.
pub(super) fn one_of<T: Copy>(all: &[T], word: impl Fn(T) -> &'static str) -> impl Parse<T> {
    move |text: &str| {
        let found = all.iter().copied().find(|one| word(*one) == text);
        found.ok_or_else(|| {
            let known = all.iter().map(|one| word(*one));
            (format!("{} is not an allowed value", quoted(text)), suggestion(text, known))
        })
    }
}

/// A value of the file with its key.
#[derive(Clone)]
pub(super) struct Value<'d> {
    document: &'d Document<'d>,
    key: &'d str,
    item: &'d Spanned<DeValue<'d>>,
    span: Range<usize>,
}

impl<'d> Value<'d> {
    /// Adds a problem of this value: what it has, or is.
    pub(super) fn problem(&self, what: impl fmt::Display, fix: Option<String>) {
        let line = self.document.line_of(&self.span);
        self.document.problem(Some(line), format!("{} {what}", quoted(self.key)), fix);
    }

    fn wrong_type<T>(&self, expected: &str) -> Option<T> {
        let found = match self.item.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) => "a whole number",
            DeValue::Float(_) => "a number with a fraction",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        };
        self.problem(format!("must be {expected}, but is {found}"), None);
        None
    }

    fn text(&self) -> Option<&'d str> {
        match self.item.get_ref() {
            DeValue::String(text) => Some(text.as_ref()),
            // An account id without its quotes loses its leading zeros.
            _ => self.wrong_type("a text in quotes"),
        }
    }

    fn number(&self) -> Option<i64> {
        let Some(number) = self.item.get_ref().as_integer() else {
            return self.wrong_type("a whole number");
        };
        let parsed = i64::from_str_radix(number.as_str(), number.radix()).ok();
        if parsed.is_none() {
            self.problem("is out of range", None);
        }
        parsed
    }

    fn parsed<T>(&self, text: &str, parse: impl Parse<T>) -> Option<T> {
        parse(text).map_err(|(what, fix)| self.problem(format!("is wrong: {what}"), fix)).ok()
    }

    fn table(&self, name: &'static str, required: &'static [&'static str]) -> Option<Table<'d>> {
        let Some(entries) = self.item.get_ref().as_table() else {
            return self.wrong_type(&format!("written `{name}`"));
        };
        let line = Some(self.document.line_of(&self.span));
        Some(Table::new(self.document, name, line, entries, required))
    }
}
