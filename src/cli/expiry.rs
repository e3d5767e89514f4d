//! Credentials that end before the scan does: told before it starts, with the time that it will need.
//!
//! Only of credentials that nothing renews by itself: keys in the environment, those of a program that may
//! ask a person, an SSO token without refresh. What else SSO, `aws login`, containers and instances give is
//! renewed on the way.

use super::edge::login::{Ending, Login};
use super::print;
use crate::clock::Timestamp;
use crate::lake::{Lake, Manifest};

const MINUTE_MS: i64 = 60_000;
/// Where no census tells how long one takes, credentials that end sooner are worth a word.
const SHORT_MS: i64 = 60 * MINUTE_MS;

/// Says it, where it is so.
pub async fn warn(now: Timestamp, ending: Option<&Ending>, lake: &Lake) {
    let Some(ending) = ending else { return };
    // A lake that cannot be read will say so itself.
    let last = super::estimate::last_census(lake).await.ok().flatten();
    if let Some(warning) = warning(now, ending.at, &ending.login, last.as_ref().and_then(took)) {
        print::say(print::wrapped(&warning, "warning: "));
    }
}

/// How long a census took, from its start to its last account, in milliseconds.
pub fn took(manifest: &Manifest) -> Option<i64> {
    Some(manifest.finished_at?.millis() - manifest.started_at.millis()).filter(|took| *took > 0)
}

fn warning(now: Timestamp, ends: Timestamp, login: &Login, took: Option<i64>) -> Option<String> {
    let left = ends.millis() - now.millis();
    // What is publishing comes on top of the scan, and nights differ: a quarter more.
    if left >= took.map_or(SHORT_MS, |took| took.saturating_mul(5) / 4) {
        return None;
    }
    let need = match took {
        Some(took) => format!("the last census took {}", span(took)),
        None => "no census in this lake shows yet how long a census takes".to_owned(),
    };
    let then = match login {
        Login::Process(profile) => format!(
            "Then the credential_process of the profile `{profile}` is run again: it must give new ones without a \
             person"
        ),
        Login::Sso(profile) => format!("Run `aws sso login --profile {profile}` first"),
        _ => {
            "Start with credentials that last longer; if they expire during the scan, the accounts that are \
              complete are kept, and the scan can continue with --run"
                .to_owned()
        }
    };
    Some(format!("the AWS credentials expire at {ends}, in {}, and {need}. {then}.", span(left)))
}

/// A time in words, rounded up to minutes.
pub fn span(millis: i64) -> String {
    let minutes = (millis.max(0) + MINUTE_MS - 1) / MINUTE_MS;
    let of = |count: i64, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    match (minutes / 60, minutes % 60) {
        (0, minutes) => of(minutes, "minute"),
        (hours, 0) => of(hours, "hour"),
        (hours, minutes) => format!("{} {}", of(hours, "hour"), of(minutes, "minute")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn credentials_that_end_sooner_than_the_last_census_took_are_told_with_both_times() {
        let (now, ends) = (at("2026-11-21T03:00:00Z"), at("2026-11-21T03:30:00Z"));
        let hour = Some(72 * MINUTE_MS);
        let text = warning(now, ends, &Login::Environment, hour).unwrap();
        for words in ["expire at 2026-11-21T03:30:00Z, in 30 minutes", "took 1 hour 12 minutes", "--run"] {
            assert!(text.contains(words), "{text}");
        }
        let process = warning(now, ends, &Login::Process("audit".to_owned()), hour).unwrap();
        assert!(process.contains("credential_process of the profile `audit`"), "{process}");
        assert_eq!(warning(now, ends, &Login::Environment, Some(24 * MINUTE_MS)), None);
        assert!(warning(now, ends, &Login::Environment, Some(25 * MINUTE_MS)).is_some(), "too near");
        let first = warning(now, ends, &Login::Environment, None).unwrap();
        assert!(first.contains("no census"), "{first}");
        assert_eq!(warning(now, at("2026-11-21T04:00:00Z"), &Login::Environment, None), None);
    }

    #[test]
    fn a_span_is_in_words() {
        for (millis, words) in [
            (1, "1 minute"),
            (25 * MINUTE_MS, "25 minutes"),
            (60 * MINUTE_MS, "1 hour"),
            (121 * MINUTE_MS, "2 hours 1 minute"),
            (-5, "0 minutes"),
        ] {
            assert_eq!(span(millis), words);
        }
    }
}
