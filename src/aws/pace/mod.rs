//! The pace of calls: waits until the state machines beside this file admit one.
//!
//! One [`Pacer`] a quota owner. The limits of a member account live with that account's scan and
//! go with it, so that memory does not grow with the organization; those of the calling account
//! (AssumeRole, Organizations, the lake) live as long as the run.

mod bucket;
mod gate;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

pub use bucket::TokenBucket;
pub use gate::Gate;

use crate::model::Region;
use crate::operation::{Operation, Quota};

/// How fast the calls of one quota owner may go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// The share of a published quota that is used: the rest is left to the account's own work.
    pub quota_share: f64,
    /// Calls in flight per Region, for APIs that publish no rate.
    pub in_flight: u32,
}

/// The limits of one quota owner.
#[derive(Debug)]
pub struct Pacer {
    epoch: Instant,
    pace: Pace,
    sockets: Arc<Semaphore>,
    limiters: Mutex<HashMap<(Region, &'static str), Arc<Limiter>>>,
}

#[derive(Debug)]
enum Limiter {
    Rate(Mutex<TokenBucket>),
    InFlight { gate: Mutex<Gate>, left: Notify },
}

/// A call that was admitted. Held only while bytes are on the wire, never across a backoff.
#[derive(Debug)]
pub struct Admission<'a> {
    pacer: &'a Pacer,
    limiter: Arc<Limiter>,
    _socket: OwnedSemaphorePermit,
    throttled: bool,
}

impl Pacer {
    /// Limits at `pace`; `sockets` bounds the calls in flight of the whole process.
    pub fn new(pace: Pace, sockets: Arc<Semaphore>) -> Self {
        Self { epoch: Instant::now(), pace, sockets, limiters: Mutex::new(HashMap::new()) }
    }

    /// Another owner's limits, at the same pace and behind the same sockets.
    pub fn for_another_owner(&self) -> Self {
        Self::new(self.pace, Arc::clone(&self.sockets))
    }

    /// Waits until the call may go out.
    pub async fn admit(&self, operation: &'static Operation, region: &Region) -> Admission<'_> {
        let limiter = self.limiter(operation, region);
        let socket = match &*limiter {
            Limiter::Rate(bucket) => self.take_token(bucket).await,
            Limiter::InFlight { gate, left } => {
                enter(gate, left).await;
                let place = Place { pacer: self, limiter: Some(&limiter) };
                let socket = self.socket().await;
                place.keep();
                socket
            }
        };
        Admission { pacer: self, limiter, _socket: socket, throttled: false }
    }

    /// Takes a token with a socket in hand, and waits for one with none: else the calls that wait for
    /// sockets would hold tokens of seconds that are past, and leave all at once.
    async fn take_token(&self, bucket: &Mutex<TokenBucket>) -> OwnedSemaphorePermit {
        loop {
            let socket = self.socket().await;
            let taken = locked(bucket).take(self.epoch.elapsed());
            match taken {
                Ok(()) => return socket,
                Err(wait) => {
                    drop(socket);
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    async fn socket(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.sockets).acquire_owned().await.expect("the semaphore is never closed")
    }

    fn limiter(&self, operation: &'static Operation, region: &Region) -> Arc<Limiter> {
        let name = match operation.quota {
            Quota::Rate { .. } => operation.id,
            Quota::InFlight => operation.service.prefix(),
        };
        let mut limiters = locked(&self.limiters);
        let limiter = limiters.entry((region.clone(), name)).or_insert_with(|| {
            Arc::new(match operation.quota {
                Quota::Rate { per_second, burst } => Limiter::Rate(Mutex::new(TokenBucket::new(
                    per_second * self.pace.quota_share,
                    burst * self.pace.quota_share,
                    self.epoch.elapsed(),
                ))),
                Quota::InFlight => Limiter::InFlight {
                    gate: Mutex::new(Gate::new(self.pace.in_flight)),
                    left: Notify::new(),
                },
            })
        });
        Arc::clone(limiter)
    }

    fn leave(&self, limiter: &Limiter, throttled: bool) {
        let now: Duration = self.epoch.elapsed();
        match limiter {
            Limiter::Rate(bucket) if throttled => locked(bucket).throttled(now),
            Limiter::Rate(_) => {}
            Limiter::InFlight { gate, left } => {
                locked(gate).leave(throttled, now);
                left.notify_one();
            }
        }
    }
}

async fn enter(gate: &Mutex<Gate>, left: &Notify) {
    loop {
        let notified = left.notified();
        let room = locked(gate).enter();
        if room {
            return;
        }
        // Every call that leaves wakes one waiter, and the gate never shrinks below one.
        notified.await;
    }
}

/// A place in a gate, given back if the wait for a socket is cancelled.
struct Place<'a> {
    pacer: &'a Pacer,
    limiter: Option<&'a Limiter>,
}

impl Place<'_> {
    fn keep(mut self) {
        self.limiter = None;
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(limiter) = self.limiter {
            self.pacer.leave(limiter, false);
        }
    }
}

impl Admission<'_> {
    /// Says that AWS asked for a slower pace.
    pub fn throttled(mut self) {
        self.throttled = true;
    }
}

impl Drop for Admission<'_> {
    fn drop(&mut self) {
        self.pacer.leave(&self.limiter, self.throttled);
    }
}

/// The state machines hold no invariant that a panic could break half-way.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
