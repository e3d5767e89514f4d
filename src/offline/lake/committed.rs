//! A lake as its readers see it: only what a `runs` row has committed, whatever else lies there.
//!
//! Which runs are committed is read from the names of the `runs` files alone; what the lake holds
//! (organization, source) from the newest committed run's manifest. Foreign files, and the tables of
//! runs that crashed, are passed over.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Deserialize;

use super::{Manifest, Store, StoreError, StoreFault, bounds, commit_row, keys, manifest_key, sha256_hex};
use crate::log::{Reason, malformed};
use crate::model::{RunId, Source};
use crate::table::SCHEMA_VERSION;

/// Runs that are looked at for a manifest that can be read: a month of nights.
const LOOKED_AT: usize = 31;

/// A lake that cannot be used, or not for this.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// It could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A committed run's manifest is not there.
    #[error(
        "failed to read {uri}/{key}: the run is committed, but its manifest is missing; restore it from a backup or an \
         earlier version of the object"
    )]
    NoManifest {
        /// The lake.
        uri: String,
        /// The manifest.
        key: String,
    },
    /// A manifest cannot be read.
    #[error(
        "failed to read {uri}/{key}: it is not a manifest ({reason}); restore it from a backup or an earlier version of \
         the object"
    )]
    Manifest {
        /// The lake.
        uri: String,
        /// The manifest.
        key: String,
        /// What the parser said.
        #[source]
        reason: Reason,
    },
    /// A committed run's file is not what was committed.
    #[error(
        "failed to read {uri}/{key}: {reason}; restore it from a backup or an earlier version of the object"
    )]
    Damaged {
        /// The lake.
        uri: String,
        /// The file.
        key: String,
        /// What is wrong with it.
        #[source]
        reason: Reason,
    },
    /// Nothing is committed.
    #[error("failed to use {uri}: it holds no committed run; `atrest scan` publishes one")]
    NoRun {
        /// The lake.
        uri: String,
    },
    /// The run is not committed.
    #[error("failed to use {uri}: it holds no committed run {run_id}; its newest is {newest}")]
    NotCommitted {
        /// The lake.
        uri: String,
        /// The run.
        run_id: RunId,
        /// The newest committed run.
        newest: RunId,
    },
    /// A newer tool wrote the lake.
    #[error(
        "failed to use {uri}: run {run_id} has schema version {found}, and this atrest knows up to {known}; update it"
    )]
    NewerSchema {
        /// The lake.
        uri: String,
        /// The run.
        run_id: RunId,
        /// Its schema version.
        found: i32,
        /// [`SCHEMA_VERSION`].
        known: i32,
    },
    /// The lake holds another organization.
    #[error(
        "failed to use {uri}: it holds {}, and this run would add {}; choose another lake",
        organization(held.as_deref()),
        organization(asked.as_deref())
    )]
    OtherOrganization {
        /// The lake.
        uri: String,
        /// The organization that it holds.
        held: Option<String>,
        /// The organization of the run.
        asked: Option<String>,
    },
    /// The lake holds answers from elsewhere.
    #[error(
        "failed to use {uri}: it holds answers of source `{}`, and this run's source is `{}`; choose another lake",
        held.word(),
        asked.word()
    )]
    OtherSource {
        /// The lake.
        uri: String,
        /// The source that it holds.
        held: Source,
        /// The source of the run.
        asked: Source,
    },
}

impl LakeError {
    /// A committed run's file that is not what was committed, and how it is known.
    pub fn damaged(uri: &str, key: &str, reason: impl Into<Reason>) -> Self {
        Self::Damaged { uri: uri.to_owned(), key: key.to_owned(), reason: reason.into() }
    }

    /// Whether the lake holds another organization than the one asked for.
    pub fn is_about_organization(&self) -> bool {
        matches!(self, Self::OtherOrganization { .. })
    }

    /// A committed file whose hash is not the one that was committed; none where there is no such file.
    pub(super) fn changed(lake: &Lake, key: &str, committed: &str, found: Option<&str>) -> Self {
        let reason = match found {
            Some(found) => format!("its SHA-256 is {found}, and the run's manifest says {committed}"),
            None => format!("it is not there, and the run's manifest names it with SHA-256 {committed}"),
        };
        Self::damaged(lake.uri(), key, reason)
    }

    /// A committed file that is longer than it was when it was committed; it was not read.
    pub(super) fn grown(lake: &Lake, key: &str, committed: u64) -> Self {
        let reason = format!("it is longer than the {committed} bytes that the run's manifest says");
        Self::damaged(lake.uri(), key, reason)
    }

    /// Whether what was committed is not there as it was.
    pub fn is_damage(&self) -> bool {
        matches!(self, Self::NoManifest { .. } | Self::Manifest { .. } | Self::Damaged { .. })
    }

    /// Whether an older night is lost by it, and not the lake: what was committed is not there as it was, lies in
    /// an archive, may not be read, is not given out, or is a newer tool's. A caller who is not known any more reads
    /// no night.
    pub fn is_lost_night(&self) -> bool {
        match self {
            Self::Store(error) => error.fault != StoreFault::Caller,
            Self::NewerSchema { .. } => true,
            error => error.is_damage(),
        }
    }

    /// The kind of trouble that the lake's storage has.
    fn store_fault(&self) -> Option<StoreFault> {
        match self {
            Self::Store(error) => Some(error.fault),
            _ => None,
        }
    }

    /// Whether the caller can fix it (exit code 2), or the program cannot go on (exit code 1).
    pub fn by_user(&self) -> bool {
        match self {
            Self::Store(error) => error.by_user,
            Self::NoManifest { .. } | Self::Manifest { .. } | Self::Damaged { .. } => false,
            Self::NoRun { .. }
            | Self::NotCommitted { .. }
            | Self::NewerSchema { .. }
            | Self::OtherOrganization { .. }
            | Self::OtherSource { .. } => true,
        }
    }
}

fn organization(id: Option<&str>) -> String {
    id.map_or_else(|| "runs without an organization".to_owned(), |id| format!("organization {id}"))
}

/// A lake and what its newest committed run says of it, as of when it was opened.
#[derive(Debug, Clone)]
pub struct Lake {
    store: Arc<dyn Store>,
    runs: BTreeSet<RunId>,
    newest: Option<Arc<Manifest>>,
    /// Newer runs than that, whose manifest cannot be read, and why.
    lost: Arc<Vec<(RunId, String)>>,
}

impl Lake {
    /// Reads which runs are committed, and the newest one's manifest. Where that cannot be read, an older one
    /// says what the lake holds: the next night is not lost for it.
    pub async fn open(store: Arc<dyn Store>) -> Result<Self, LakeError> {
        let runs = committed_runs(store.as_ref()).await?;
        let mut lake = Self { store, runs, newest: None, lost: Arc::default() };
        let mut lost = Vec::new();
        for run_id in lake.runs.iter().rev().take(LOOKED_AT) {
            match lake.manifest(run_id).await {
                Ok(manifest) => {
                    lake.newest = Some(Arc::new(manifest));
                    break;
                }
                // Beside what a newer tool wrote last, this one publishes nothing.
                Err(error @ LakeError::NewerSchema { .. }) if lost.is_empty() => return Err(error),
                Err(error) if error.is_lost_night() => {
                    if lost.is_empty() && lake.nothing_can_be_read(&error).await {
                        return Err(error);
                    }
                    lost.push((run_id.clone(), error.to_string()));
                }
                Err(error) => return Err(error),
            }
        }
        lake.lost = Arc::new(lost);
        Ok(lake)
    }

    /// Whether a read of what cannot be there fails alike: then it is the permission or the server, and no one object.
    async fn nothing_can_be_read(&self, first: &LakeError) -> bool {
        match first.store_fault() {
            Some(fault @ (StoreFault::Denied | StoreFault::Unanswered | StoreFault::Other)) => {
                self.store.get("manifests/none.json").await.is_err_and(|error| error.fault == fault)
            }
            _ => false,
        }
    }

    /// What to tell a reader of runs that are passed over.
    pub fn passed_over(&self) -> Vec<String> {
        let note = |(run_id, why): &(RunId, String)| format!("run {run_id} is passed over: {why}");
        self.lost.iter().map(note).collect()
    }

    /// The same for who publishes beside them.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = self.passed_over();
        if self.newest.is_none() && !self.lost.is_empty() {
            notes.push(
                "no earlier run can be read, so it is not checked whether this run has the same organization and \
                 standard"
                    .to_owned(),
            );
        }
        notes
    }

    /// The objects.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    /// The lake's URI.
    pub fn uri(&self) -> &str {
        self.store.uri()
    }

    /// Whether a run is committed.
    pub fn committed(&self, run_id: &RunId) -> bool {
        self.runs.contains(run_id)
    }

    /// The committed runs, oldest first.
    pub fn runs(&self) -> impl DoubleEndedIterator<Item = &RunId> {
        self.runs.iter()
    }

    /// The manifest of the newest committed run that can be read.
    pub fn newest(&self) -> Option<&Manifest> {
        self.newest.as_deref()
    }

    /// The newest committed run that is older than `before`, by their ids.
    pub fn previous(&self, before: &RunId) -> Option<&RunId> {
        self.runs.range(..before).next_back()
    }

    /// The same, with the hash of its manifest's bytes: what the next manifest names. Where the manifest cannot
    /// be read, its hash is in the run's row; where that cannot either, there is none to name.
    pub async fn previous_manifest(
        &self,
        before: &RunId,
    ) -> Result<Option<(RunId, Option<String>)>, LakeError> {
        let Some(run_id) = self.previous(before) else {
            return Ok(None);
        };
        let hash = match self.manifest_bytes(run_id).await {
            Ok(bytes) if serde_json::from_slice::<Version>(&bytes).is_ok() => Some(sha256_hex(&bytes)),
            Ok(_) => self.hash_in_row(run_id).await?,
            Err(error) if error.is_lost_night() => self.hash_in_row(run_id).await?,
            Err(error) => return Err(error),
        };
        Ok(Some((run_id.clone(), hash)))
    }

    async fn hash_in_row(&self, run_id: &RunId) -> Result<Option<String>, LakeError> {
        match self.store.get(&commit_key(run_id)).await.map_err(LakeError::from) {
            Ok(row) => Ok(row.and_then(commit_row::manifest_sha256)),
            Err(error) if error.is_lost_night() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads a committed run's manifest.
    pub async fn manifest(&self, run_id: &RunId) -> Result<Manifest, LakeError> {
        Ok(self.manifest_and_bytes(run_id).await?.0)
    }

    /// The same with the bytes, whose hash the run's row names.
    pub(super) async fn manifest_and_bytes(&self, run_id: &RunId) -> Result<(Manifest, Vec<u8>), LakeError> {
        let bytes = self.manifest_bytes(run_id).await?;
        let malformed = |error: serde_json::Error| LakeError::Manifest {
            uri: self.uri().to_owned(),
            key: manifest_key(run_id),
            reason: malformed(&bytes, error),
        };
        // The version first: a newer manifest may hold words that would not parse.
        let Version { schema_version } = serde_json::from_slice(&bytes).map_err(malformed)?;
        if schema_version > SCHEMA_VERSION {
            return Err(LakeError::NewerSchema {
                uri: self.uri().to_owned(),
                run_id: run_id.clone(),
                found: schema_version,
                known: SCHEMA_VERSION,
            });
        }
        let manifest: Manifest = serde_json::from_slice(&bytes).map_err(malformed)?;
        match keys::strange(&manifest) {
            None => Ok((manifest, bytes)),
            Some(reason) => Err(LakeError::damaged(self.uri(), &manifest_key(run_id), reason)),
        }
    }

    async fn manifest_bytes(&self, run_id: &RunId) -> Result<Vec<u8>, LakeError> {
        let key = manifest_key(run_id);
        let found = self.store.get(&key).await?;
        found.ok_or_else(|| LakeError::NoManifest { uri: self.uri().to_owned(), key })
    }

    /// Reads a file that a manifest names, held to its committed length and hash.
    pub(crate) async fn held(&self, key: &str, bytes: u64, sha256: &str) -> Result<Vec<u8>, LakeError> {
        let most = bytes.min(bounds::longest(key));
        let read = match self.store.get_within(key, most).await {
            Err(error) if error.fault == StoreFault::TooLong => {
                return Err(LakeError::grown(self, key, bytes));
            }
            read => read?,
        };
        let found = read.as_deref().map(sha256_hex);
        match read {
            Some(read) if found.as_deref() == Some(sha256) => Ok(read),
            _ => Err(LakeError::changed(self, key, sha256, found.as_deref())),
        }
    }

    /// Refuses a run whose answers come from elsewhere, or are of another organization, than what
    /// the lake holds. A run without an organization fits only a lake of such runs.
    pub fn check(&self, source: Source, org_id: Option<&str>) -> Result<(), LakeError> {
        let Some(newest) = self.newest() else {
            return Ok(());
        };
        if newest.source != source {
            let uri = self.uri().to_owned();
            return Err(LakeError::OtherSource { uri, held: newest.source, asked: source });
        }
        if newest.org_id.as_deref() != org_id {
            return Err(LakeError::OtherOrganization {
                uri: self.uri().to_owned(),
                held: newest.org_id.clone(),
                asked: org_id.map(str::to_owned),
            });
        }
        Ok(())
    }
}

/// The one field that every version of a manifest has.
#[derive(Deserialize)]
struct Version {
    schema_version: i32,
}

/// The runs that the lake's `runs` files name, now.
pub(crate) async fn committed_runs(store: &dyn Store) -> Result<BTreeSet<RunId>, StoreError> {
    let keys = store.list("runs/").await?;
    Ok(keys.iter().filter_map(|key| run_of(key)).collect())
}

/// The key of the file that commits a run.
pub fn commit_key(run_id: &RunId) -> String {
    table_key("runs", run_id, 0)
}

/// The key of a part of a table.
pub fn table_key(table: &str, run_id: &RunId, number: usize) -> String {
    format!("{table}/dt={}/{run_id}-{number:05}.parquet", run_id.date())
}

/// The run that a key of `runs/` commits; none for a foreign file.
fn run_of(key: &str) -> Option<RunId> {
    let name = key.rsplit('/').next()?;
    let run_id = name.strip_suffix("-00000.parquet")?.parse().ok()?;
    (commit_key(&run_id) == key).then_some(run_id)
}

#[cfg(test)]
mod tests;
