//! Whether a publish goes on. An interruption stops it before its commit, and never in it.
//!
//! Judging keeps its thread busy for minutes, and a future that does not rest cannot be dropped: so the passes look
//! here between their parts. The answer says whether the commit has begun, because then the run may be committed.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use super::PublishError;
use crate::model::RunId;

const OPEN: u8 = 0;
const STOPPED: u8 = 1;
const COMMITTING: u8 = 2;

/// One publish's, in the hands of those who may stop it.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<AtomicU8>);

impl Interrupt {
    /// Asks it to stop. False where its commit has begun, which goes on to its end.
    pub fn ask(&self) -> bool {
        let before = self.0.compare_exchange(OPEN, STOPPED, Ordering::AcqRel, Ordering::Acquire);
        before != Err(COMMITTING)
    }

    /// Whether the commit has begun.
    pub fn is_committing(&self) -> bool {
        self.0.load(Ordering::Acquire) == COMMITTING
    }

    /// For another publish after one that was committed.
    pub fn again(&self) {
        // One that was asked to stop stays stopped.
        let _ = self.0.compare_exchange(COMMITTING, OPEN, Ordering::AcqRel, Ordering::Acquire);
    }

    /// An error where it was asked to stop.
    pub(super) fn goes_on(&self, run_id: &RunId) -> Result<(), PublishError> {
        match self.0.load(Ordering::Acquire) {
            STOPPED => Err(PublishError::Interrupted(run_id.clone())),
            _ => Ok(()),
        }
    }

    /// Begins the commit: from here on nothing stops it.
    pub(super) fn commits(&self, run_id: &RunId) -> Result<(), PublishError> {
        match self.0.compare_exchange(OPEN, COMMITTING, Ordering::AcqRel, Ordering::Acquire) {
            Err(STOPPED) => Err(PublishError::Interrupted(run_id.clone())),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_that_has_begun_is_not_stopped_and_a_stopped_publish_does_not_commit() {
        let run_id: RunId = "20261121T030000Z-0badcafe".parse().unwrap();
        let committing = Interrupt::default();
        committing.goes_on(&run_id).unwrap();
        committing.commits(&run_id).unwrap();
        assert!(!committing.ask() && committing.is_committing());
        committing.goes_on(&run_id).unwrap();
        committing.again();
        assert!(committing.ask(), "the next one can be stopped");
        committing.again();
        assert!(committing.goes_on(&run_id).is_err() && committing.commits(&run_id).is_err());
        assert!(committing.ask() && !committing.is_committing());
    }
}
