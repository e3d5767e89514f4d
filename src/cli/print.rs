//! The only user of stdout and stderr: data on the one, words for people on the other.

use std::io::{self, IsTerminal, Write};

/// Writes data to stdout. A reader that has gone away (`| head`) is no error.
pub fn data(text: &str) {
    let mut out = io::stdout().lock();
    // Nobody is left to tell where even stderr is gone.
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Writes a line for people to stderr.
pub fn say(line: impl std::fmt::Display) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Whether people watch.
pub fn is_terminal() -> bool {
    io::stderr().is_terminal()
}
