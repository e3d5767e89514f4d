//! What the body of each operation's answer holds, as the API promises it: a pure function over the raw body.
//!
//! The SDK fills in what an answer lacks: a boolean becomes false, a required text "", a list of rules empty, and XML
//! that breaks off ends where it breaks off. It takes the last of two members of one name. None of that shows in
//! its types, and each turns "not told" into a value. So the raw body is read once more, before the SDK's types
//! are believed. What a collector can see for itself (optional members, words, identities) is not asked here.

mod head;
mod json;
mod table;
mod xml;

pub use self::head::head_held;
use self::json::hold_json;
use self::table::{S3_ERROR, of};
pub use self::table::{is_streamed, list_of, longest};
use self::xml::hold_xml;

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
    /// Something that is passed on as it is.
    Opaque,
    /// Nothing: the head says all.
    Nothing,
}

/// How a body breaks the promise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// The body is not what it says it is, or not all of it came. Another attempt may do better.
    #[error("the answer is not a complete {0}")]
    NotWhole(&'static str),
    /// A member that is always there is not.
    #[error("the answer lacks {0}")]
    Lacks(String),
    /// A member is there twice.
    #[error("the answer has {0} twice")]
    Twice(String),
    /// A list has something else than its entries.
    #[error("the answer has {0}, which the API does not have")]
    Strange(String),
    /// A text of XML that is not one text: the SDK takes the first piece for all of it, and skips CDATA.
    #[error("the text of {0} is split into several parts")]
    InPieces(String),
    /// An answer of more kinds of member than any API has.
    #[error("the answer has more members than the API has")]
    TooMany,
    /// More than the operation's answers have.
    #[error("the answer is longer than {0} bytes, the most that the API sends")]
    TooLong(usize),
    /// An error that is about another bucket than the one asked for.
    #[error("the error is about another bucket")]
    OtherBucket,
    /// A body where S3 sends none, such as a proxy's page. Another attempt may reach S3.
    #[error("the answer has a body, and S3 sends none: it may be a proxy's page")]
    HasBody,
    /// A part of an object that was asked for whole.
    #[error("the answer has only a part of the object")]
    Part,
    /// A status with which S3 gives no object.
    #[error("the answer has status {0}, and S3 gives an object with status 200")]
    OtherStatus(u16),
    /// An object that something on the way has encoded.
    #[error("the answer is encoded as {0}, and atrest asks for objects as they are")]
    Encoded(String),
    /// Fewer or more bytes than the answer says that it has.
    #[error("the number of bytes in the answer is not its Content-Length")]
    OtherLength,
    /// Other bytes than the answer's own checksum is of.
    #[error("the bytes of the answer do not match its checksum")]
    OtherBytes,
    /// Text that begins as HTML and XML do, which no object of a lake does.
    #[error("the answer is a page or an error, and not the object")]
    Page,
    /// No byte at all.
    #[error("the answer is empty, and no object of a lake is")]
    Empty,
}

impl Broken {
    /// Whether another attempt would meet the same: the answer is whole, and not what the API promises.
    pub const fn stays(&self) -> bool {
        !matches!(self, Self::NotWhole(_) | Self::HasBody | Self::OtherLength | Self::OtherBytes | Self::Page)
    }
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
            Format::Nothing if body.iter().all(u8::is_ascii_whitespace) => Ok(()),
            Format::Nothing => Err(Broken::HasBody),
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
    #[inline]
    fn enter(&mut self, name: &str) -> usize {
        let before = self.0.len();
        if before > 0 {
            self.0.push('.');
        }
        self.0.push_str(name);
        before
    }

    #[inline]
    fn leave(&mut self, before: usize) {
        self.0.truncate(before);
    }
}

#[cfg(test)]
mod tests;
