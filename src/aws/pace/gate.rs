//! A bound on calls in flight that shrinks on throttles: for APIs that publish no rate.
//!
//! A pure state machine. S3 publishes no rate for its bucket configuration calls; the field starts
//! at 10 to 20 in flight per account and Region, which is a setting here.

use std::time::Duration;

const SETTLING: Duration = Duration::from_secs(1);

/// How many calls may be in flight.
#[derive(Debug, Clone)]
pub struct Gate {
    limit: f64,
    ceiling: f64,
    in_flight: u32,
    settled_at: Duration,
}

impl Gate {
    /// A gate that admits `ceiling` at once.
    pub fn new(ceiling: u32) -> Self {
        let ceiling = f64::from(ceiling.max(1));
        Self { limit: ceiling, ceiling, in_flight: 0, settled_at: Duration::ZERO }
    }

    /// Admits a call, if there is room.
    pub fn enter(&mut self) -> bool {
        let room = f64::from(self.in_flight) + 1.0 <= self.limit;
        self.in_flight += u32::from(room);
        room
    }

    /// Lets a call out; one that was not throttled widens the gate a little.
    pub fn leave(&mut self, throttled: bool, now: Duration) {
        self.in_flight = self.in_flight.saturating_sub(1);
        if !throttled {
            self.limit = (self.limit + 1.0 / self.limit).min(self.ceiling);
        } else if now >= self.settled_at {
            self.limit = (self.limit * 0.5).max(1.0);
            self.settled_at = now + SETTLING;
        }
    }

    /// Calls admitted at once, now.
    pub fn limit(&self) -> f64 {
        self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_throttle_halves_once_and_successes_widen() {
        let mut gate = Gate::new(16);
        (0..16).for_each(|_| assert!(gate.enter()));
        assert!(!gate.enter());
        (0..16).for_each(|_| gate.leave(true, Duration::from_millis(1)));
        assert!((gate.limit() - 8.0).abs() < f64::EPSILON);
        for _ in 0..400 {
            assert!(gate.enter());
            gate.leave(false, Duration::from_millis(2));
        }
        assert!((gate.limit() - 16.0).abs() < f64::EPSILON);
    }

    #[test]
    fn one_call_always_passes() {
        let mut gate = Gate::new(0);
        for second in 0..100 {
            assert!(gate.enter());
            gate.leave(true, Duration::from_secs(second));
        }
    }
}
