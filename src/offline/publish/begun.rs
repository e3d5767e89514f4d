//! What a run's publish was begun with: written once, before its first table.
//!
//! Two processes may publish one run: a scheduler delivers at least once, and a publish that was cut short is taken
//! up. The first of them decides which segments are judged, by what and as of when. Every other one does the same,
//! and so writes the same bytes, or gets an error that it would not.

use serde::{Deserialize, Serialize};

use super::Judgement;
use super::judgement::FinalizeError;
use crate::clock::Timestamp;
use crate::lake::{LakeError, Put, SegmentEntry, Store, StoreError, canonical_json, strange_segment};
use crate::log;
use crate::model::RunId;

/// What a publish was begun with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begun {
    /// The run.
    pub run_id: RunId,
    /// When it is judged.
    pub judged_at: Timestamp,
    /// The instant that exceptions and dates are judged at; none for the log's start.
    pub as_of: Option<Timestamp>,
    /// The version of the tool.
    pub tool_version: String,
    /// The hash of the tool's own file.
    pub build_sha256: Option<String>,
    /// The hash of the standard.
    pub standard_sha256: String,
    /// The hash of the exceptions.
    pub exceptions_sha256: Option<String>,
    /// The run that was committed before this one.
    pub previous_run_id: Option<RunId>,
    /// The hash of that run's manifest.
    pub previous_manifest_sha256: Option<String>,
    /// The sealed logs that are judged, by key.
    pub segments: Vec<SegmentEntry>,
}

/// The key of what a run's publish was begun with.
fn key(run_id: &RunId) -> String {
    format!("{}publication.json", log::prefix(run_id))
}

impl Begun {
    /// What a publish begins with.
    pub(super) fn new(
        judgement: &Judgement,
        previous: Option<&(RunId, Option<String>)>,
        segments: &[SegmentEntry],
    ) -> Self {
        let mut segments = segments.to_vec();
        segments.sort_by(|one, other| one.key.cmp(&other.key));
        Self {
            run_id: judgement.run_id.clone(),
            judged_at: judgement.judged_at,
            as_of: judgement.as_of,
            tool_version: judgement.tool_version.clone(),
            build_sha256: judgement.build_sha256.clone(),
            standard_sha256: judgement.standard.sha256.clone(),
            exceptions_sha256: judgement.exceptions.sha256.clone(),
            previous_run_id: previous.map(|(run_id, _)| run_id.clone()),
            previous_manifest_sha256: previous.and_then(|(_, sha256)| sha256.clone()),
            segments,
        }
    }

    /// Whether a run's publish has begun: then its log is settled.
    pub async fn is_there(store: &dyn Store, run_id: &RunId) -> Result<bool, StoreError> {
        Ok(store.get(&key(run_id)).await?.is_some())
    }

    /// What a run's publish was begun with, where it was.
    pub(super) async fn read(store: &dyn Store, run_id: &RunId) -> Result<Option<Self>, FinalizeError> {
        let key = key(run_id);
        let Some(bytes) = store.get(&key).await? else { return Ok(None) };
        let begun: Result<Self, _> = serde_json::from_slice(&bytes);
        let reason = match begun {
            Ok(begun) if begun.run_id != *run_id => format!("it is of run {}", begun.run_id).into(),
            Ok(begun) => match strange_segment(run_id, &begun.segments) {
                None => return Ok(Some(begun)),
                Some(reason) => reason.into(),
            },
            Err(error) => log::malformed(&bytes, error),
        };
        Err(LakeError::damaged(store.uri(), &key, reason).into())
    }

    /// Begins; false where another process began before.
    pub(super) async fn write(&self, store: &dyn Store) -> Result<bool, StoreError> {
        let put = store.put_new(&key(&self.run_id), canonical_json(self).as_bytes()).await?;
        Ok(put == Put::Created)
    }

    /// The judgement as it was begun. One by other rules would write other tables.
    pub(super) fn taken_up(&self, judgement: &Judgement) -> Result<Judgement, FinalizeError> {
        let other = [
            ("--standard", self.standard_sha256 != judgement.standard.sha256),
            ("--exceptions", self.exceptions_sha256 != judgement.exceptions.sha256),
            ("--as-of", judgement.as_of.is_some() && self.as_of != judgement.as_of),
            ("version of atrest", self.tool_version != judgement.tool_version),
        ];
        if let Some((what, _)) = other.into_iter().find(|(_, differs)| *differs) {
            return Err(FinalizeError::BegunOtherwise { run_id: self.run_id.clone(), what });
        }
        Ok(Judgement {
            judged_at: self.judged_at,
            as_of: self.as_of,
            build_sha256: self.build_sha256.clone(),
            ..judgement.clone()
        })
    }

    /// The run that was committed before.
    pub(super) fn previous(&self) -> Option<(RunId, Option<String>)> {
        Some((self.previous_run_id.clone()?, self.previous_manifest_sha256.clone()))
    }
}
