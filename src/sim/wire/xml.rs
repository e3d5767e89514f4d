//! A writer for the little XML that S3 and STS speak.

use std::fmt::Write as _;

/// XML under construction.
#[derive(Debug, Default)]
pub(crate) struct Xml(String);

impl Xml {
    /// Begins with an XML declaration, as S3 does.
    pub fn document() -> Self {
        Self("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned())
    }

    /// Begins with nothing, as STS does.
    pub fn bare() -> Self {
        Self::default()
    }

    /// Opens an element.
    pub fn open(&mut self, name: &str) -> &mut Self {
        let _ = write!(self.0, "<{name}>");
        self
    }

    /// Opens an element in a namespace.
    pub fn open_in(&mut self, name: &str, namespace: &str) -> &mut Self {
        let _ = write!(self.0, "<{name} xmlns=\"{namespace}\">");
        self
    }

    /// Closes an element.
    pub fn close(&mut self, name: &str) -> &mut Self {
        let _ = write!(self.0, "</{name}>");
        self
    }

    /// Writes an element that holds text.
    pub fn text(&mut self, name: &str, value: &str) -> &mut Self {
        self.open(name);
        self.raw(value);
        self.close(name)
    }

    /// Writes an element where there is a value.
    pub fn maybe(&mut self, name: &str, value: Option<&str>) -> &mut Self {
        if let Some(value) = value {
            self.text(name, value);
        }
        self
    }

    /// Writes text, escaped.
    pub fn raw(&mut self, value: &str) -> &mut Self {
        for character in value.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\r' => self.0.push_str("&#13;"),
                other => self.0.push(other),
            }
        }
        self
    }

    /// The text.
    pub fn finish(self) -> String {
        self.0
    }
}
