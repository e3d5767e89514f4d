//! What the calls cost: attempts, retries, throttles and latency, by API.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The attempts of one API.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallTally {
    /// Attempts sent.
    pub calls: u64,
    /// Attempts after the first of their read.
    pub retries: u64,
    /// Attempts that were answered with a throttle.
    pub throttles: u64,
    /// Attempts by latency in milliseconds, to two significant digits.
    #[serde(with = "pairs")]
    pub latency_ms: BTreeMap<u64, u64>,
}

/// A histogram as a list of pairs: a JSON object's keys are texts, and would have to be read back.
mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(map: &BTreeMap<u64, u64>, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(map)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<u64, u64>, D::Error> {
        Ok(Vec::<(u64, u64)>::deserialize(from)?.into_iter().collect())
    }
}

impl CallTally {
    /// Counts the time that one attempt took.
    pub fn add_latency(&mut self, millis: u64) {
        *self.latency_ms.entry(two_digits(millis)).or_default() += 1;
    }

    /// The latency that `share` of the attempts did not exceed, in milliseconds.
    pub fn percentile_ms(&self, share: f64) -> Option<u64> {
        let total: u64 = self.latency_ms.values().sum();
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "counts of calls are far below 2^52"
        )]
        let rank = ((total as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        self.latency_ms.iter().find_map(|(millis, count)| {
            seen += count;
            (seen >= rank).then_some(*millis)
        })
    }
}

/// Rounds up to two significant digits, so that a histogram stays small at any latency.
fn two_digits(millis: u64) -> u64 {
    let mut unit = 1;
    while millis / unit >= 100 {
        unit *= 10;
    }
    millis.div_ceil(unit) * unit
}

/// The attempts of a whole run or segment, by `service:Operation`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Calls(pub BTreeMap<String, CallTally>);

impl Calls {
    /// The tally of one API.
    pub fn of(&mut self, operation: &str) -> &mut CallTally {
        self.0.entry(operation.to_owned()).or_default()
    }

    /// Adds another's counts to these.
    pub fn merge(&mut self, other: &Self) {
        for (operation, theirs) in &other.0 {
            let ours = self.of(operation);
            ours.calls += theirs.calls;
            ours.retries += theirs.retries;
            ours.throttles += theirs.throttles;
            for (millis, count) in &theirs.latency_ms {
                *ours.latency_ms.entry(*millis).or_default() += count;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_come_from_the_histogram() {
        let mut tally = CallTally::default();
        (1..=100).for_each(|ms| tally.add_latency(ms));
        assert_eq!(tally.percentile_ms(0.5), Some(50));
        assert_eq!(tally.percentile_ms(0.99), Some(99));
        tally.add_latency(12_345);
        assert_eq!(tally.percentile_ms(1.0), Some(13_000));
        assert_eq!(CallTally::default().percentile_ms(0.5), None);
    }
}
