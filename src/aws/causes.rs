//! What is under an error: its sources, one by one.
//!
//! The one walk for all that ask for an error's reason. An `io::Error` hides what it was made of from
//! `source()`: that link is walked, too.

use std::error::Error;
use std::io;

/// An error and all that is under it.
pub fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| match error.downcast_ref::<io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
        None => error.source(),
    })
}

/// What is under an error, without those that `says_nothing`, and without a link whose words the one above it has: an
/// error of ours is a whole sentence, with what its source says.
pub fn telling<'a>(
    error: &'a (dyn Error + 'static),
    says_nothing: impl Fn(&(dyn Error + 'static)) -> bool,
) -> Vec<String> {
    let links = chain(error).filter(|link| !says_nothing(*link)).map(ToString::to_string);
    links.fold(Vec::new(), |mut told, words| {
        if !told.last().is_some_and(|above: &String| above.contains(&words)) {
            told.push(words);
        }
        told
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] io::Error);

    #[test]
    fn a_chain_goes_through_what_io_errors_hold_and_tells_each_once() {
        let inner = io::Error::new(io::ErrorKind::InvalidData, "inner");
        let error = Outer(io::Error::other(inner));
        assert_eq!(chain(&error).count(), 4);
        assert_eq!(telling(&error, |_| false), ["outer", "inner"]);
        assert_eq!(telling(&error, |link| link.is::<Outer>()), ["inner"]);
    }

    #[derive(Debug, thiserror::Error)]
    #[error("failed to read x: {0}; restore it")]
    struct Whole(#[source] io::Error);

    #[test]
    fn a_whole_sentence_is_told_once() {
        let error = Whole(io::Error::other("disk on fire"));
        assert_eq!(telling(&error, |_| false), ["failed to read x: disk on fire; restore it"]);
    }
}
