//! Instants and the clock that gives them: the only file that may ask the system for the time.
//!
//! Wall time is injected everywhere else, so that a frozen clock gives the same bytes twice and a
//! simulated night can pass in a second. An instant is UTC milliseconds, because that is what the
//! lake stores (`timestamp`, INT64 ms).

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Characters of a bare date, `2026-11-21`.
const DATE: usize = 10;

/// A day in milliseconds.
pub const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// An instant in UTC, in milliseconds since the Unix epoch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// A text that is not an instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an instant: write it as 2026-11-21 or 2026-11-21T03:00:00Z")]
pub struct NotAnInstant(pub String);

impl Timestamp {
    /// The instant that many milliseconds after 1970-01-01T00:00:00Z.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// The instant that many milliseconds later.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// Cuts the milliseconds off.
    #[must_use]
    pub const fn whole_seconds(self) -> Self {
        Self(self.0.div_euclid(1000) * 1000)
    }

    /// Reads an RFC 3339 instant or a bare date, which is 00:00Z.
    pub fn parse(text: &str) -> Result<Self, NotAnInstant> {
        let whole = if text.len() == DATE { format!("{text}T00:00:00Z") } else { text.to_owned() };
        // `time` takes any character between date and time: what is not one of these is a slip.
        let is_apart = matches!(whole.as_bytes().get(DATE), Some(b'T' | b't' | b' '));
        OffsetDateTime::parse(&whole, &Rfc3339)
            .ok()
            .filter(|_| is_apart)
            .and_then(|at| i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok())
            .map(Self)
            .ok_or_else(|| NotAnInstant(text.to_owned()))
    }

    /// Reads an instant as [`compact`](Self::compact) writes it, and as AWS's signatures have it.
    pub fn parse_compact(text: &str) -> Option<Self> {
        let shape = b"00000000T000000Z";
        let is_like = |(of, it): (&u8, u8)| if *of == b'0' { it.is_ascii_digit() } else { *of == it };
        if text.len() != shape.len() || !shape.iter().zip(text.bytes()).all(is_like) {
            return None;
        }
        let (date, time) = (&text[..8], &text[9..15]);
        let date = format!("{}-{}-{}", &date[..4], &date[4..6], &date[6..]);
        Self::parse(&format!("{date}T{}:{}:{}Z", &time[..2], &time[2..4], &time[4..])).ok()
    }

    /// The UTC date, `2026-11-21`: the `dt` partition.
    pub fn date(self) -> String {
        self.utc().date().to_string()
    }

    /// `20261121T030000Z`: the first part of a run id.
    pub fn compact(self) -> String {
        self.to_the_second().replace(['-', ':'], "")
    }

    /// Cut to the second.
    fn utc(self) -> OffsetDateTime {
        // Out of range only for years that no AWS resource has; shown as the epoch, never a panic.
        OffsetDateTime::from_unix_timestamp(self.0.div_euclid(1000))
            .ok()
            .filter(|at| (0..=9999).contains(&at.year()))
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

impl Timestamp {
    /// RFC 3339 in UTC, always with milliseconds: a column of them has one width, and sorts as text.
    pub fn in_full(self) -> String {
        format!("{}.{:03}Z", self.to_the_second().trim_end_matches('Z'), self.0.rem_euclid(1000))
    }

    fn to_the_second(self) -> String {
        self.utc().format(&Rfc3339).expect("it is of UTC, in a year of four digits")
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC; milliseconds only where there are any.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.rem_euclid(1000) {
            0 => f.write_str(&self.to_the_second()),
            _ => f.write_str(&self.in_full()),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

/// What gives the wall time.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The present instant.
    fn now(&self) -> Timestamp;
}

/// A clock that many tasks share.
pub type SharedClock = Arc<dyn Clock>;

/// The system's wall clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one room where the system clock is read")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Timestamp(since.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX)))
    }
}

/// A clock that stands still: the demo's and the law tests'.
#[derive(Debug, Clone, Copy)]
pub struct FrozenClock(pub Timestamp);

impl Clock for FrozenClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_read_and_print() {
        for (text, printed) in [
            ("2026-11-21", "2026-11-21T00:00:00Z"),
            ("2026-11-21T03:04:05Z", "2026-11-21T03:04:05Z"),
            ("2026-11-21T03:04:05.1234567Z", "2026-11-21T03:04:05.123Z"),
            ("2026-11-21T03:04:05+01:30", "2026-11-21T01:34:05Z"),
            ("2026-11-21t03:04:05.12z", "2026-11-21T03:04:05.120Z"),
            ("2026-11-21 03:04:05-00:30", "2026-11-21T03:34:05Z"),
            ("2024-02-29", "2024-02-29T00:00:00Z"),
            ("1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z"),
            ("0001-01-01", "0001-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(Timestamp::parse(text).unwrap().to_string(), printed, "{text}");
        }
        for wrong in [
            "",
            "today",
            "2026-13-01",
            "2026-02-29",
            "2026-11-21T",
            "2026-11-21T25:00:00Z",
            "2026-11-21T03:00:00",
            "2026-11-21T03:00:00.Z",
            "2026-11-21T03:00:00+24:00",
            "2026-11-21T03:00:00Z ",
            "2026-11-21_03:00:00Z",
            "+026-11-21",
            "２026-11-21",
        ] {
            assert!(Timestamp::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_instant_of_no_four_digit_year_is_shown_as_the_epoch() {
        for millis in [i64::MIN, -62_167_219_200_001, 253_402_300_800_000, i64::MAX] {
            let at = Timestamp::from_millis(millis);
            assert_eq!((&*at.date(), &*at.compact()), ("1970-01-01", "19700101T000000Z"));
            assert!(at.to_string().starts_with("1970-01-01T00:00:00"), "{at}");
        }
    }

    #[test]
    fn partition_and_compact_forms_are_utc() {
        let at = Timestamp::parse("2026-11-21T00:30:00+01:00").unwrap();
        assert_eq!(at.date(), "2026-11-20");
        assert_eq!(at.compact(), "20261120T233000Z");
        assert_eq!(Timestamp::parse_compact(&at.compact()), Some(at));
        for wrong in [
            "",
            "20261120T233000",
            "20261120T2330000",
            "20261320T233000Z",
            "２0261120T233000",
            "2026-1120T23300",
        ] {
            assert_eq!(Timestamp::parse_compact(wrong), None, "{wrong}");
        }
    }
}
