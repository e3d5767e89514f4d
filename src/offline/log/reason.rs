//! Why something of the lake cannot be used: a sentence for people that keeps the error under it.

use std::error::Error;
use std::fmt;

/// Why something cannot be used, in words for people, and the error that says so where there was one.
///
/// The errors of the lake put these words into a longer sentence. The error itself stays their source, for who wants to
/// know more than the sentence: which kind of I/O error, at which byte of a file.
#[derive(Debug)]
pub struct Reason {
    words: String,
    cause: Option<Box<dyn Error + Send + Sync>>,
}

impl Reason {
    /// An error in its own words.
    pub fn of(cause: impl Error + Send + Sync + 'static) -> Self {
        Self { words: cause.to_string(), cause: Some(Box::new(cause)) }
    }

    /// An error in other words: its own are for programmers.
    pub fn worded(words: impl Into<String>, cause: impl Error + Send + Sync + 'static) -> Self {
        Self { words: words.into(), cause: Some(Box::new(cause)) }
    }

    /// The words.
    pub fn as_str(&self) -> &str {
        &self.words
    }
}

impl From<String> for Reason {
    fn from(words: String) -> Self {
        Self { words, cause: None }
    }
}

impl From<&str> for Reason {
    fn from(words: &str) -> Self {
        words.to_owned().into()
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl Error for Reason {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}
