//! The only user of stdout and stderr: data on the one, words for people on the other.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

use super::error::CliError;
use crate::aws::message::without_secrets;
use crate::printable::printable;

/// Writes data to stdout. A reader that has gone away (`| head`) is no error; a full disk is one.
pub fn data(text: &str) -> Result<(), CliError> {
    written(line(text))?;
    flushed()
}

/// Writes a line of data to stdout, as it comes; an error where the reader has gone, too.
pub fn line(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    // A file or a pipe gets every byte as it is.
    let text = if out.is_terminal() { printable(text) } else { Cow::Borrowed(text) };
    out.write_all(text.as_bytes())
}

/// Hands on what stdout still holds.
pub fn flushed() -> Result<(), CliError> {
    written(io::stdout().flush())
}

/// What became of data that went to stdout.
pub fn written(result: io::Result<()>) -> Result<(), CliError> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(not_written(&error)),
        _ => Ok(()),
    }
}

/// Stdout that takes no data: what the caller sees of it is not all.
pub fn not_written(error: &io::Error) -> CliError {
    CliError::internal(format!("failed to write to stdout: {error}"))
        .hint("the output is not complete: free some space, and run the command again")
}

/// Writes a line for people to stderr.
pub fn say(line: impl std::fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "{}", printable(&line.to_string()));
}

/// Where the log goes: to stderr, an event at a time. Other crates' events contain what they got from a
/// credential process or an endpoint, and no secret may stand in a log.
#[derive(Debug)]
pub struct Log;

impl Write for Log {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        io::stderr().lock().write_all(printable(&without_secrets(&text)).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// Whether people watch.
pub fn is_terminal() -> bool {
    io::stderr().is_terminal()
}

/// The text in lines of at most 80 columns: the first one after `lead`, the others under it. A word
/// is never broken.
pub fn wrapped(text: &str, lead: &str) -> String {
    let indent = " ".repeat(lead.chars().count());
    let (mut lines, mut line) = (Vec::new(), lead.trim_end().to_owned());
    let mut is_empty = true;
    for word in text.split_whitespace() {
        let width = line.chars().count() + 1 + word.chars().count();
        if is_empty {
            line = format!("{lead}{word}");
        } else if width <= 80 {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(std::mem::replace(&mut line, format!("{indent}{word}")));
        }
        is_empty = false;
    }
    lines.push(line);
    lines.join("\n")
}
