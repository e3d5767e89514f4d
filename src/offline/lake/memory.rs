//! A lake in memory that can break at any write: what the tests and benches stand on.
//!
//! It is compiled always, since integration tests and benches see the library from outside.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures::FutureExt;
use futures::future::{BoxFuture, ready};

use super::{OF_ITS_KIND, Put, Store, StoreError, StoreFault, sha256_hex};

/// How a write breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing is written.
    Before,
    /// The object is written, and the writer does not learn of it.
    After,
}

/// A lake in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    objects: BTreeMap<String, Vec<u8>>,
    /// The keys of all writes that were tried, in order.
    writes: Vec<String>,
    /// From which write on all fail, counted from 0 as `writes` is.
    fault: Option<(usize, Fault)>,
    /// Beginnings of keys whose objects cannot be read.
    lost: Vec<(String, StoreFault)>,
}

impl MemoryStore {
    /// An empty lake.
    pub fn new() -> Self {
        Self::default()
    }

    /// Breaks the lake at the `nth` write from now, counted from 0: that write and all that follow
    /// fail, as for a process that is killed there.
    pub fn break_at(&self, nth: usize, fault: Fault) {
        let mut state = self.lock();
        state.fault = Some((state.writes.len() + nth, fault));
    }

    /// Ends what [`break_at`](Self::break_at) began.
    pub fn heal(&self) {
        self.lock().fault = None;
    }

    /// The keys of all writes that were tried, in order.
    pub fn writes(&self) -> Vec<String> {
        self.lock().writes.clone()
    }

    /// Everything in the lake.
    pub fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        self.lock().objects.clone()
    }

    /// Puts an object there as if it had always been.
    pub fn plant(&self, key: &str, bytes: &[u8]) {
        self.lock().objects.insert(key.to_owned(), bytes.to_vec());
    }

    /// Makes what begins with `key` unreadable from now on, as an archive or a policy does.
    pub fn lose(&self, key: &str, fault: StoreFault) {
        self.lock().lost.push((key.to_owned(), fault));
    }

    fn read(&self, key: &str, most: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let state = self.lock();
        match state.lost.iter().find(|(lost, _)| key.starts_with(lost.as_str())) {
            Some((_, fault)) => Err(StoreError {
                action: "read",
                uri: format!("memory://lake/{key}"),
                reason: "the test lost it".into(),
                advice: None,
                by_user: true,
                fault: *fault,
            }),
            None => match state.objects.get(key) {
                Some(bytes) if bytes.len() as u64 > most => {
                    Err(StoreError::too_long(format!("memory://lake/{key}"), most, OF_ITS_KIND))
                }
                found => Ok(found.cloned()),
            },
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, key: &str, bytes: &[u8], replace: bool) -> Result<Put, StoreError> {
        let mut state = self.lock();
        let nth = state.writes.len();
        state.writes.push(key.to_owned());
        let fault = state.fault.filter(|(from, _)| nth >= *from);
        // Only the write at which it breaks may still have happened.
        if fault.is_some_and(|(from, fault)| fault == Fault::Before || nth > from) {
            return Err(broken(key));
        }
        if !replace && state.objects.contains_key(key) {
            return if fault.is_some() { Err(broken(key)) } else { Ok(Put::Exists) };
        }
        state.objects.insert(key.to_owned(), bytes.to_vec());
        // What is written again is no archived object any more.
        state.lost.retain(|(lost, fault)| *fault != StoreFault::Archived || lost != key);
        if fault.is_some() { Err(broken(key)) } else { Ok(Put::Created) }
    }
}

fn broken(key: &str) -> StoreError {
    StoreError {
        action: "write",
        uri: format!("memory://lake/{key}"),
        reason: "the test broke it".into(),
        advice: None,
        by_user: false,
        fault: StoreFault::Unanswered,
    }
}

impl Store for MemoryStore {
    fn uri(&self) -> &'static str {
        "memory://lake"
    }

    fn get_within<'a>(
        &'a self,
        key: &'a str,
        most: u64,
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, StoreError>> {
        ready(self.read(key, most)).boxed()
    }

    fn put_new<'a>(&'a self, key: &'a str, bytes: &'a [u8]) -> BoxFuture<'a, Result<Put, StoreError>> {
        ready(self.write(key, bytes, false)).boxed()
    }

    fn replace<'a>(&'a self, key: &'a str, bytes: &'a [u8]) -> BoxFuture<'a, Result<(), StoreError>> {
        ready(self.write(key, bytes, true).map(|_| ())).boxed()
    }

    fn replace_found<'a>(
        &'a self,
        key: &'a str,
        sha256: &'a str,
        bytes: &'a [u8],
    ) -> BoxFuture<'a, Result<Put, StoreError>> {
        // Nothing is awaited in between.
        let is_there = self.lock().objects.get(key).is_some_and(|found| sha256_hex(found) == sha256);
        let put = if is_there { self.write(key, bytes, true) } else { Ok(Put::Exists) };
        ready(put).boxed()
    }

    fn replace_archived<'a>(
        &'a self,
        key: &'a str,
        bytes: &'a [u8],
    ) -> BoxFuture<'a, Result<Put, StoreError>> {
        // Nothing is awaited in between.
        let is_archived = self.read(key, u64::MAX).is_err_and(|error| error.fault == StoreFault::Archived);
        let put = if is_archived { self.write(key, bytes, true) } else { Ok(Put::Exists) };
        ready(put).boxed()
    }

    fn list<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Vec<String>, StoreError>> {
        let keys = self.lock().objects.keys().filter(|key| key.starts_with(prefix)).cloned().collect();
        ready(Ok(keys)).boxed()
    }
}
