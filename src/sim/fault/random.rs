//! Faults by chance, where the chance is a hash of the call.

use std::time::Duration;

use super::{Effect, Occasion};
use crate::hash::{mix, share};

/// A share of all calls fails.
#[derive(Debug, Clone, PartialEq)]
pub struct Random {
    /// Another seed, other faults.
    pub seed: u64,
    /// The share, 0 to 1.
    pub density: f64,
    /// The last call of an operation on a resource that may fail; any may if `None`.
    pub heal_after: Option<u32>,
    /// What may happen; each that suits an operation is as likely as the others.
    pub effects: Vec<Effect>,
}

impl Random {
    /// The faults of a bad night; without `heal_after` also refusals, which no patience gets over.
    pub fn new(seed: u64, density: f64, heal_after: Option<u32>) -> Self {
        let mut effects = vec![
            Effect::Throttle,
            Effect::Throttle,
            Effect::InternalError,
            Effect::ServiceUnavailable,
            Effect::ConnectionReset,
            Effect::AnswerLost,
            Effect::Timeout(Duration::from_mins(1)),
            Effect::CutBody,
            Effect::Html(200),
            Effect::Html(502),
            Effect::ExpiredToken,
            Effect::EmptyPage,
            Effect::FalseNoSuchBucket,
            Effect::Latency(Duration::from_millis(1500)),
        ];
        if heal_after.is_none() {
            effects.push(Effect::AccessDenied);
        }
        Self { seed, density, heal_after, effects }
    }

    pub(super) fn decide(&self, occasion: &Occasion<'_>) -> Option<Effect> {
        if self.heal_after.is_some_and(|last| occasion.attempt > last) {
            return None;
        }
        let account = occasion.account.map(|account| account.to_string()).unwrap_or_default();
        let attempt = occasion.attempt.to_string();
        let words = [occasion.name, &account, occasion.region, occasion.resource, &attempt];
        if share(self.seed, &words) >= self.density {
            return None;
        }
        let suits = |effect: &&Effect| {
            effect.suits(occasion.operation, occasion.resource)
                // Said twice, it is the truth: a client that looks again must find the bucket.
                && (**effect != Effect::FalseNoSuchBucket || occasion.attempt == 1)
        };
        let choice: Vec<&Effect> = self.effects.iter().filter(suits).collect();
        let drawn = mix(self.seed.wrapping_add(1), &words) % (choice.len().max(1) as u64);
        choice.get(usize::try_from(drawn).unwrap_or(0)).map(|&effect| effect.clone())
    }
}
