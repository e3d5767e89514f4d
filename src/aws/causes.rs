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

/// What is under an error, without those that `says_nothing`, and without a link that repeats the one above it.
pub fn telling<'a>(
    error: &'a (dyn Error + 'static),
    says_nothing: impl Fn(&(dyn Error + 'static)) -> bool,
) -> Vec<String> {
    let mut words: Vec<String> =
        chain(error).filter(|link| !says_nothing(*link)).map(ToString::to_string).collect();
    words.dedup();
    words
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
}
