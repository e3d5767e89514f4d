//! The only user of stdout and stderr: data on the one, words for people on the other.

use std::borrow::Cow;
use std::io::{self, IsTerminal, Write};

/// Writes data to stdout. A reader that has gone away (`| head`) is no error.
pub fn data(text: &str) {
    let mut out = io::stdout().lock();
    // A file or a pipe gets every byte as it is.
    let text = if out.is_terminal() { plain(text) } else { Cow::Borrowed(text) };
    // Nobody is left to tell where even stderr is gone.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Writes a line for people to stderr.
pub fn say(line: impl std::fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "{}", plain(&line.to_string()));
}

/// The text without what a terminal would obey: names, reasons and policies are other people's words.
/// Control characters, and those that turn the direction of what follows, are shown as `\u{1b}`.
fn plain(text: &str) -> Cow<'_, str> {
    let obeyed = |letter: char| {
        let turns =
            matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        turns || (letter.is_control() && !matches!(letter, '\n' | '\t'))
    };
    if !text.contains(obeyed) {
        return Cow::Borrowed(text);
    }
    let shown = |letter: char| match obeyed(letter) {
        true => letter.escape_unicode().to_string(),
        false => letter.to_string(),
    };
    Cow::Owned(text.chars().map(shown).collect())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_obeys_nobody_elses_words() {
        assert_eq!(plain("a\u{1b}[2J\r\u{9b}b\u{202e}\u{7f}"), "a\\u{1b}[2J\\u{d}\\u{9b}b\\u{202e}\\u{7f}");
        let good = "é … 4 × high\n\tnext";
        assert!(matches!(plain(good), Cow::Borrowed(text) if text == good));
    }
}
