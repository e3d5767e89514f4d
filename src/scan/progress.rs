//! What a scan tells while it goes on. The listener decides what becomes of it: a bar, a line a
//! minute, nothing.

use crate::model::AccountId;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// So many more accounts will be scanned.
    Accounts(u64),
    /// An account's scan begins.
    Begun(AccountId),
    /// The account list has ended.
    Listed,
    /// An account is done; true where there was a session.
    Done(AccountId, bool),
    /// Sealed segments of an earlier attempt are used as they are.
    Resumed(u64),
    /// Something that the reader of a log should know.
    Note(String),
}

/// Who listens.
pub trait Progress: Send + Sync {
    /// Takes note of an event.
    fn tell(&self, event: Event);
}

/// No one watches.
#[derive(Debug, Clone, Copy)]
pub struct Silent;

impl Progress for Silent {
    fn tell(&self, _: Event) {}
}
