//! A file that a person names, read within a bound.
//!
//! It may be a pipe (`<(…)`, `/dev/stdin`), so its kind tells nothing: its bytes are counted. A device, and a pipe whose
//! writer does not end, would else be read until the memory is full.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

use super::error::CliError;

/// The most that is read of one, in MiB: a standard, the exceptions, settings and a bundle of certificates have some
/// kilobytes, and thousands of exceptions one or two megabytes. What is read is parsed in memory, in several times as
/// much.
const MOST_MIB: u64 = 16;
const MOST: u64 = MOST_MIB * 1_024 * 1_024;

/// What to do about a file that is too long.
const TOO_LONG: &str = "name the file itself, and no device or pipe that goes on without an end";

/// Reads a file whole. A longer one is [`ErrorKind::FileTooLarge`].
pub fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MOST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MOST {
        let why = format!("it is longer than {MOST_MIB} MiB, and no more is read of such a file");
        return Err(io::Error::new(ErrorKind::FileTooLarge, why));
    }
    Ok(bytes)
}

/// Reads a text whole. `what` says what it is, before its path.
pub fn text(what: &str, path: &Path) -> Result<String, CliError> {
    let not_text = |_| io::Error::new(ErrorKind::InvalidData, "it is not text in UTF-8");
    let text = bytes(path).and_then(|bytes| String::from_utf8(bytes).map_err(not_text));
    text.map_err(|error| {
        let told = CliError::usage(format!("failed to read {what} {}: {error}", path.display()));
        if error.kind() == ErrorKind::FileTooLarge { told.hint(TOO_LONG) } else { told }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_is_read_than_the_bound() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sparse");
        let file = File::create(&path).unwrap();
        file.set_len(MOST).unwrap();
        assert_eq!(bytes(&path).unwrap().len() as u64, MOST);
        for length in [MOST + 1, 5_000 * MOST_MIB * 1_024 * 1_024] {
            file.set_len(length).unwrap();
            assert_eq!(bytes(&path).unwrap_err().kind(), ErrorKind::FileTooLarge);
        }
        for path in [path.as_path(), Path::new("/dev/zero")] {
            let error = text("the standard in", path).unwrap_err();
            let words = format!("the standard in {}: it is longer than 16 MiB", path.display());
            assert!(error.message.contains(&words), "{error}");
            assert_eq!((error.exit, error.hint.as_deref()), (crate::cli::exit::Exit::Usage, Some(TOO_LONG)));
        }
        assert_eq!(text("x", Path::new("/dev/null")).unwrap(), "");
    }
}
