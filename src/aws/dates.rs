//! AWS's own time: the `Date` of its answers, noted beside the scanner's clock.
//!
//! RFC 9110 (6.6.1) has an origin server with a clock send it. Who reads a run later can tell from it whether
//! the scanner's instants were right.

use std::sync::{Arc, Mutex, PoisonError};

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;

use crate::clock::Timestamp;
use crate::model::AwsClock;

/// What the answers' dates come to, shared by the clients that note them.
#[derive(Debug, Clone, Default)]
pub struct Dates(Arc<Mutex<Option<AwsClock>>>);

impl Dates {
    /// Notes one answer's date. One that is missing or malformed tells nothing.
    pub(super) fn note(&self, date: Option<&str>, now: Timestamp) {
        let Some(date) = date.and_then(read) else { return };
        let noted = AwsClock::of(date, now);
        let mut clock = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *clock = Some(clock.map_or(noted, |before| before.and(noted)));
    }

    /// What the dates so far come to.
    pub fn seen(&self) -> Option<AwsClock> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The instant of a `Date` header.
pub(super) fn read(date: &str) -> Option<Timestamp> {
    let read = DateTime::from_str(date, Format::HttpDate).ok()?;
    read.to_millis().ok().map(Timestamp::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_held_against_the_scanners_clock() {
        let (dates, at) = (Dates::default(), |text: &str| Timestamp::parse(text).unwrap());
        for none in [None, Some(""), Some("2026-11-21T03:00:00Z"), Some("Sat, 31 Feb 2026 03:00:00 GMT")] {
            dates.note(none, at("2026-11-21T03:00:00Z"));
        }
        assert_eq!(dates.seen(), None);
        dates.note(Some("Sat, 21 Nov 2026 03:00:07 GMT"), at("2026-11-21T03:00:02.900Z"));
        dates.note(Some("Sat, 21 Nov 2026 02:59:59 GMT"), at("2026-11-21T03:00:00Z"));
        assert_eq!(
            dates.seen(),
            Some(AwsClock {
                first: at("2026-11-21T02:59:59Z"),
                last: at("2026-11-21T03:00:07Z"),
                answers: 2,
                least_ahead_seconds: -1,
                most_ahead_seconds: 5,
            })
        );
    }
}
