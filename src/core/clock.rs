//! Instants and the clock that gives them: the only file that may ask the system for the time.
//!
//! Wall time is injected everywhere else, so that a frozen clock gives the same bytes twice and a
//! simulated night can pass in a second. An instant is UTC milliseconds, because that is what the
//! lake stores (`timestamp`, INT64 ms).

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::{Date, Month, OffsetDateTime, Time, UtcOffset};

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
        parse_date(text)
            .map(|date| OffsetDateTime::new_utc(date, Time::MIDNIGHT))
            .or_else(|| parse_rfc3339(text))
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
        let at = self.utc();
        format!("{:04}-{:02}-{:02}", at.year(), u8::from(at.month()), at.day())
    }

    /// `20261121T030000Z`: the first part of a run id.
    pub fn compact(self) -> String {
        let at = self.utc();
        format!(
            "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
            at.year(),
            u8::from(at.month()),
            at.day(),
            at.hour(),
            at.minute(),
            at.second()
        )
    }

    fn utc(self) -> OffsetDateTime {
        // Out of range only for years that no AWS resource has; shown as the epoch, never a panic.
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

impl Timestamp {
    /// RFC 3339 in UTC, always with milliseconds: a column of them has one width, and sorts as text.
    pub fn in_full(self) -> String {
        format!("{}.{:03}Z", self.to_the_second(), self.0.rem_euclid(1000))
    }

    fn to_the_second(self) -> String {
        let at = self.utc();
        format!("{}T{:02}:{:02}:{:02}", self.date(), at.hour(), at.minute(), at.second())
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC; milliseconds only where there are any.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.rem_euclid(1000) {
            0 => write!(f, "{}Z", self.to_the_second()),
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

fn digits<T: std::str::FromStr>(text: &str, from: usize, to: usize) -> Option<T> {
    let part = text.get(from..to)?;
    part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?
}

fn parse_date(text: &str) -> Option<Date> {
    let bytes = text.as_bytes();
    if text.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let month = Month::try_from(digits::<u8>(text, 5, 7)?).ok()?;
    Date::from_calendar_date(digits(text, 0, 4)?, month, digits(text, 8, 10)?).ok()
}

/// `2026-11-21T03:00:00[.fraction](Z|±hh:mm)`.
fn parse_rfc3339(text: &str) -> Option<OffsetDateTime> {
    if !text.is_ascii() || text.len() < 20 {
        return None;
    }
    let date = parse_date(&text[..10])?;
    let bytes = text.as_bytes();
    if !matches!(bytes[10], b'T' | b't' | b' ') || bytes[13] != b':' || bytes[16] != b':' {
        return None;
    }
    let (hour, minute, second) = (digits(text, 11, 13)?, digits(text, 14, 16)?, digits(text, 17, 19)?);
    let mut rest = &text[19..];
    let mut nanos = 0;
    if let Some(fraction) = rest.strip_prefix('.') {
        let length = fraction.bytes().take_while(u8::is_ascii_digit).count();
        let kept = &fraction[..length.min(9)];
        nanos = format!("{kept:0<9}").parse().ok().filter(|_| length > 0)?;
        rest = &fraction[length..];
    }
    let time = Time::from_hms_nano(hour, minute, second, nanos).ok()?;
    Some(OffsetDateTime::new_in_offset(date, time, parse_offset(rest)?))
}

fn parse_offset(text: &str) -> Option<UtcOffset> {
    if matches!(text, "Z" | "z") {
        return Some(UtcOffset::UTC);
    }
    let sign: i8 = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    if text.len() != 6 || text.as_bytes()[3] != b':' {
        return None;
    }
    let (hours, minutes) = (digits::<i8>(text, 1, 3)?, digits::<i8>(text, 4, 6)?);
    UtcOffset::from_hms(sign * hours, sign * minutes, 0).ok()
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
            ("1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z"),
        ] {
            assert_eq!(Timestamp::parse(text).unwrap().to_string(), printed, "{text}");
        }
        for wrong in ["", "today", "2026-13-01", "2026-11-21T25:00:00Z", "2026-11-21T03:00:00", "２026-11-21"]
        {
            assert!(Timestamp::parse(wrong).is_err(), "{wrong}");
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
