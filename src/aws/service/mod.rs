//! Collectors: list, read, and turn the SDK's answers into observations.

pub mod account;
pub mod kms;
pub mod organizations;
pub mod s3;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::call::Door;
use super::clients::AccountClients;
use crate::clock::Timestamp;
use crate::log::SegmentWriter;
use crate::model::AccountId;

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
    /// Whether the history of rotations is read.
    pub rotation_history: bool,
}

impl AccountReader {
    /// The segment, locked for one record.
    pub fn segment(&self) -> MutexGuard<'_, SegmentWriter> {
        self.segment.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The SDK's instant as ours.
fn timestamp(at: &aws_smithy_types::DateTime) -> Option<Timestamp> {
    at.to_millis().ok().map(Timestamp::from_millis)
}
