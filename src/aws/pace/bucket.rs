//! The rate of one quota: a token bucket whose rate falls on throttles and rises again.
//!
//! A pure state machine, with time passed in, so that its law can be tested without waiting: in any
//! second no more than `rate + burst` calls leave, whatever AWS answers.

use std::time::Duration;

/// The rate falls to this share on a throttle.
const CUT: f64 = 0.7;
/// After a cut, further throttles of the same overload are not counted for this long.
const SETTLING: Duration = Duration::from_secs(1);
/// The rate regains this share of its ceiling with each second without a throttle.
const REGAIN: f64 = 0.1;
/// The rate never falls below this share of its ceiling, nor below a call in five seconds.
const FLOOR: f64 = 0.02;

/// A token bucket with additive increase and multiplicative decrease.
#[derive(Debug, Clone)]
pub struct TokenBucket {
    ceiling: f64,
    rate: f64,
    burst: f64,
    tokens: f64,
    updated: Duration,
    settled_at: Duration,
}

impl TokenBucket {
    /// A full bucket at `now`, at most `ceiling` calls a second and `burst` at once.
    pub fn new(ceiling: f64, burst: f64, now: Duration) -> Self {
        let burst = burst.max(1.0);
        Self { ceiling, rate: ceiling, burst, tokens: burst, updated: now, settled_at: Duration::ZERO }
    }

    /// Takes a token, or says how long to wait before asking again.
    pub fn take(&mut self, now: Duration) -> Result<(), Duration> {
        self.refill(now);
        if self.tokens >= 1.0 {
            self.tokens -= 1.0;
            return Ok(());
        }
        let wait = Duration::from_secs_f64((1.0 - self.tokens) / self.rate);
        Err(wait.max(Duration::from_millis(1)))
    }

    /// Slows down, once for each overload.
    pub fn throttled(&mut self, now: Duration) {
        self.refill(now);
        if now >= self.settled_at {
            self.rate = (self.rate * CUT).max(self.floor());
            self.tokens = self.tokens.min(1.0);
            self.settled_at = now + SETTLING;
        }
    }

    /// Calls a second, now.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    fn floor(&self) -> f64 {
        (self.ceiling * FLOOR).max(0.2).min(self.ceiling)
    }

    fn refill(&mut self, now: Duration) {
        let elapsed = now.saturating_sub(self.updated).as_secs_f64();
        self.updated = self.updated.max(now);
        self.tokens = (self.tokens + elapsed * self.rate).min(self.burst);
        self.rate = (self.rate + elapsed * self.ceiling * REGAIN).min(self.ceiling);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn millis(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn one_overload_is_one_cut() {
        let mut bucket = TokenBucket::new(100.0, 10.0, Duration::ZERO);
        (0..50).for_each(|n| bucket.throttled(millis(n)));
        assert!(bucket.rate() > 69.0, "{}", bucket.rate());
        bucket.throttled(millis(1_500));
        assert!(bucket.rate() < 60.0, "{}", bucket.rate());
    }

    #[test]
    fn the_rate_comes_back() {
        let mut bucket = TokenBucket::new(100.0, 10.0, Duration::ZERO);
        (0..20).for_each(|n| bucket.throttled(millis(n * 1_100)));
        let _ = bucket.take(millis(60_000));
        assert!((bucket.rate() - 100.0).abs() < f64::EPSILON);
    }

    proptest! {
        /// The law: whatever the arrivals and throttles, no second holds more than rate + burst.
        #[test]
        fn no_second_passes_rate_and_burst(
            ceiling in 1.0..200.0_f64,
            burst in 1.0..50.0_f64,
            steps in prop::collection::vec((0_u64..80, prop::bool::weighted(0.1)), 1..600),
        ) {
            let mut bucket = TokenBucket::new(ceiling, burst, Duration::ZERO);
            let (mut now, mut sent) = (0_u64, Vec::<u64>::new());
            for (step, throttle) in steps {
                now += step;
                if throttle { bucket.throttled(millis(now)); }
                if bucket.take(millis(now)).is_ok() { sent.push(now); }
            }
            for (at, first) in sent.iter().enumerate() {
                let within = sent[at..].iter().filter(|t| **t < first + 1_000).count();
                #[expect(clippy::cast_precision_loss, reason = "a count of calls")]
                let within = within as f64;
                prop_assert!(within <= ceiling + burst + 1e-6, "{within} in a second");
            }
        }
    }
}
