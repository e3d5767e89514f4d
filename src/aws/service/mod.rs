//! Collectors: list, read, and turn the SDK's answers into observations.

pub mod account;
pub mod kms;
pub mod organizations;
pub mod s3;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::call::Door;
use super::clients::AccountClients;
use super::environment::Environment;
use super::pace::Pacer;
use super::session::Session;
use crate::clock::Timestamp;
use crate::log::SegmentWriter;
use crate::model::{AccountId, RotationHistory};

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

/// The SDK's instant as ours.
fn timestamp(at: &aws_smithy_types::DateTime) -> Option<Timestamp> {
    at.to_millis().ok().map(Timestamp::from_millis)
}
