//! Collectors: list, read, and turn the SDK's answers into observations.

pub mod account;
pub mod kms;
pub mod organizations;
pub mod s3;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::call::Door;
use super::clients::AccountClients;
use super::environment::Environment;
use super::message;
use super::pace::Pacer;
use super::session::Session;
use crate::clock::Timestamp;
use crate::log::SegmentWriter;
use crate::model::{AccountId, Fault, FaultKind, Observation, Reading, Region, RotationHistory};

/// What a collector needs to read one account.
#[derive(Debug)]
pub struct AccountReader {
    /// The account.
    pub account_id: AccountId,
    /// Its door.
    pub door: Arc<Door>,
    /// Its clients.
    pub clients: AccountClients,
    /// Its segment, while it is being written.
    pub segment: Mutex<SegmentWriter>,
    /// Resources of one kind that are read at the same time, per Region.
    pub concurrency: usize,
    /// Of which keys the history of rotations is read.
    pub history: RotationHistory,
}

impl AccountReader {
    /// A reader of an account through its session. Its limits are its own, or the caller's where it
    /// is the caller's account.
    pub fn new(
        aws: &Environment,
        caller: AccountId,
        account_id: AccountId,
        session: Arc<Session>,
        concurrency: usize,
        history: RotationHistory,
    ) -> Self {
        let member = if account_id == caller {
            Arc::clone(&aws.shared.caller)
        } else {
            Arc::new(Pacer::for_another_owner(&aws.shared.caller))
        };
        Self {
            account_id,
            door: Arc::new(Door::new(Arc::clone(&aws.shared), member, Some(Arc::clone(&session)))),
            clients: AccountClients::new(aws.factory.clone(), session),
            segment: Mutex::default(),
            concurrency,
            history,
        }
    }

    /// The segment, locked for one record.
    pub fn segment(&self) -> MutexGuard<'_, SegmentWriter> {
        self.segment.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The SDK's instant as ours; none where it is none that AWS has.
fn timestamp(at: &aws_smithy_types::DateTime) -> Option<Timestamp> {
    at.to_millis().ok().filter(|millis| INSTANTS.contains(millis)).map(Timestamp::from_millis)
}

/// 2006, before which AWS had no account, key or bucket, to 9999, as far as an RFC 3339 text goes.
const INSTANTS: std::ops::Range<i64> = 1_136_073_600_000..253_402_300_800_000;

/// An instant of an answer, where it has one; an error where that is none.
fn instant(name: &str, at: Option<&aws_smithy_types::DateTime>) -> Result<Option<Timestamp>, String> {
    let read = |at| timestamp(at).ok_or_else(|| format!("{name} is not a date and time"));
    at.map(read).transpose()
}

/// A Region that an answer names. `global` is our own word, and no Region.
fn region(name: &str) -> Option<Region> {
    name.parse().ok().filter(|region| *region != Region::global())
}

/// What an answer says, where it can be believed; an answer that cannot is no answer, and the log keeps why.
fn believed<O, T>(observation: Observation<O>, read: impl FnOnce(O) -> Result<T, String>) -> Observation<T> {
    observation.and_then(|output| match read(output) {
        Ok(value) => Reading::Known(value),
        Err(why) => Reading::Unread(Fault::saying(FaultKind::Protocol, message::kept(&why))),
    })
}
