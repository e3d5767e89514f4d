//! What a question's file says of itself: the comment that it begins with.
//!
//! A line `-- word: text` begins an entry, `--   more` goes on with it, and the statement begins where the
//! comment ends. A test holds every file to the whole form, so that reading needs no error.

use super::parameter::Parameter;

/// A question's header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// A few words.
    pub title: String,
    /// What is asked, and what to know of the answer.
    pub question: String,
    /// What the statement leaves open.
    pub parameters: Vec<Parameter>,
    /// The answer's columns, in order.
    pub columns: Vec<String>,
}

impl Header {
    /// Reads a file's header.
    pub fn of(text: &str) -> Self {
        let entries = entries(text);
        let first = |word: &str| {
            let found = entries.iter().find(|(known, _)| known == word);
            found.map(|(_, text)| text.clone()).unwrap_or_default()
        };
        let parameters = entries.iter().filter(|(word, _)| word == "parameter");
        Self {
            title: first("title"),
            question: first("question"),
            parameters: parameters.filter_map(|(_, text)| Parameter::read(text)).collect(),
            columns: first("columns").split(", ").map(str::to_owned).collect(),
        }
    }
}

fn entries(text: &str) -> Vec<(String, String)> {
    let mut entries: Vec<(String, String)> = Vec::new();
    for line in text.lines().map_while(|line| line.strip_prefix("--")) {
        match (line.strip_prefix("   "), entries.last_mut()) {
            (Some(more), Some((_, text))) => {
                text.push(' ');
                text.push_str(more.trim());
            }
            _ => {
                let (word, text) = line.split_once(": ").unwrap_or((line, ""));
                entries.push((word.trim().to_owned(), text.trim().to_owned()));
            }
        }
    }
    entries
}
