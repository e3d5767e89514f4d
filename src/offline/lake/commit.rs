//! Publishing a run: what it was judged by, tables, then the manifest, then the `runs` row, which is the commit.
//!
//! A crash anywhere before that row leaves nothing that a reader sees, and the same run published
//! again ends in one committed run. What a write finds in its place decides: the same content is success;
//! other content belongs to a run that is committed by now, or to another publish, and is never replaced.
//! A write whose answer is lost may have happened: the object is read once, and tells.

use super::committed::{commit_key, committed_runs, table_key};
use super::{
    EncodeError, FileEntry, Interrupt, Lake, Manifest, ParquetTable, Part, Put, Store, StoreError,
    StoreFault, canonical_json, manifest_key, policy_key, sha256_hex,
};
use crate::model::{RunFacts, RunId};
use crate::table;

/// A run that could not be published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The lake could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A text that runs were judged by has other content than its name says.
    #[error(
        "failed to publish run {run_id}: {uri}/{key} has other content than its name says; restore it from a backup or an earlier version of the object"
    )]
    OtherText {
        /// The run.
        run_id: RunId,
        /// The lake.
        uri: String,
        /// The object.
        key: String,
    },
    /// The `runs` row could not be encoded.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// It was asked to stop, before its commit.
    #[error("interrupted before run {0} was published")]
    Interrupted(RunId),
    /// No answer came to the write that commits the run, and its object cannot be read either.
    #[error(
        "it is not known whether run {run_id} is committed: {}; and then {}. Start the same run again with \
         `--run {run_id}`, or `atrest report --run {run_id}`: both tell",
        wrote.what(),
        read.what()
    )]
    Unknown {
        /// The run.
        run_id: RunId,
        /// What came of the write.
        #[source]
        wrote: Box<StoreError>,
        /// What came of the read.
        read: Box<StoreError>,
    },
    /// There is other content, and the run is not committed.
    #[error(
        "failed to publish run {run_id}: another process publishes this run or was cut short, for {key} has other \
         content than ours; wait until it has ended and start the same run again, or start a new run"
    )]
    OtherPublisher {
        /// The run.
        run_id: RunId,
        /// The object in the way.
        key: String,
    },
}

/// What came of publishing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Published {
    /// The run is committed, as this manifest says.
    Committed {
        /// The manifest's key.
        manifest_key: String,
        /// The manifest's hash.
        manifest_sha256: String,
        /// Whether another process committed it first, with the same content.
        by_another: bool,
    },
    /// The run was committed by another, with other content; it was left alone.
    AlreadyCommitted,
}

/// A run while it is being published.
#[derive(Debug)]
pub struct Publication<'a> {
    store: &'a dyn Store,
    run_id: RunId,
    files: Vec<FileEntry>,
    already: bool,
    interrupt: Interrupt,
}

/// What a write came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Written {
    Ours,
    /// It was there, with the same content.
    Same,
    AlreadyCommitted,
}

impl<'a> Publication<'a> {
    /// Begins to publish a run. Of a run that the lake has committed, nothing is written.
    pub fn new(lake: &'a Lake, run_id: RunId) -> Self {
        let already = lake.committed(&run_id);
        let interrupt = Interrupt::default();
        Self { store: lake.store().as_ref(), run_id, files: Vec::new(), already, interrupt }
    }

    /// The same, which can be stopped until its commit begins.
    #[must_use]
    pub fn unless(self, interrupt: &Interrupt) -> Self {
        Self { interrupt: interrupt.clone(), ..self }
    }

    /// An error where it was asked to stop.
    pub(crate) fn goes_on(&self) -> Result<(), PublishError> {
        self.interrupt.goes_on(&self.run_id)
    }

    /// Keeps a text that the run is judged by, under its hash. It is written once: who judges by the same text
    /// finds it there.
    pub async fn keep(&mut self, text: &str) -> Result<(), PublishError> {
        let key = policy_key(&sha256_hex(text.as_bytes()));
        if self.already || self.store.put_new(&key, text.as_bytes()).await? == Put::Created {
            return Ok(());
        }
        match self.store.get(&key).await {
            Ok(Some(found)) if found == text.as_bytes() => Ok(()),
            // It went to an archive with what is old, or may not be read: this is its text, as its name says.
            Err(error) if matches!(error.fault, StoreFault::Archived | StoreFault::Denied) => {
                Ok(self.store.replace(&key, text.as_bytes()).await?)
            }
            Err(error) => Err(error.into()),
            Ok(_) => Err(PublishError::OtherText {
                run_id: self.run_id.clone(),
                uri: self.store.uri().to_owned(),
                key,
            }),
        }
    }

    /// Writes a part of a table. Every table needs its part 0, which is there without a row, too.
    pub async fn add_file(&mut self, part: Part) -> Result<(), PublishError> {
        let key = table_key(part.table, &self.run_id, part.number);
        self.write(&key, &part.bytes).await?;
        self.files.push(FileEntry {
            key,
            sha256: sha256_hex(&part.bytes),
            bytes: part.bytes.len() as u64,
            rows: part.rows,
            table: part.table.to_owned(),
        });
        Ok(())
    }

    /// Writes the manifest and commits.
    ///
    /// `manifest.files`, `run.manifest_key` and `run.manifest_sha256` are filled in here; the order of
    /// files and segments is made the keys'.
    pub async fn finish(
        mut self,
        mut manifest: Manifest,
        mut run: RunFacts,
    ) -> Result<Published, PublishError> {
        manifest.files = std::mem::take(&mut self.files);
        manifest.files.sort_by(|a, b| a.key.cmp(&b.key));
        manifest.segments.sort_by(|a, b| a.key.cmp(&b.key));
        let bytes = canonical_json(&manifest).into_bytes();
        run.manifest_key = manifest_key(&self.run_id);
        run.manifest_sha256 = sha256_hex(&bytes);
        self.write(&run.manifest_key, &bytes).await?;
        let row = runs_file(&run)?;
        self.interrupt.commits(&self.run_id)?;
        let written = self.write(&commit_key(&self.run_id), &row).await?;
        if self.already {
            return Ok(Published::AlreadyCommitted);
        }
        let (manifest_key, manifest_sha256) = (run.manifest_key, run.manifest_sha256);
        Ok(Published::Committed { manifest_key, manifest_sha256, by_another: written == Written::Same })
    }

    /// Writes an object, unless the run turned out to be committed.
    async fn write(&mut self, key: &str, bytes: &[u8]) -> Result<Written, PublishError> {
        if self.already {
            return Ok(Written::AlreadyCommitted);
        }
        let written = self.put(key, bytes).await?;
        self.already = written == Written::AlreadyCommitted;
        Ok(written)
    }

    async fn put(&self, key: &str, bytes: &[u8]) -> Result<Written, PublishError> {
        match self.store.put_new(key, bytes).await {
            Ok(Put::Created) => return Ok(Written::Ours),
            Ok(Put::Exists) if self.store.get(key).await?.as_deref() == Some(bytes) => {
                return Ok(Written::Same);
            }
            Ok(Put::Exists) => {}
            Err(error) => match self.store.get(key).await {
                Ok(Some(found)) if found == bytes => return Ok(Written::Ours),
                Ok(Some(_)) => {}
                Ok(None) => return Err(error.into()),
                Err(read) => return Err(self.unknown(key, error, read)),
            },
        }
        // Only a commit is under this key.
        if key == commit_key(&self.run_id) {
            return Ok(Written::AlreadyCommitted);
        }
        if committed_runs(self.store).await?.contains(&self.run_id) {
            return Ok(Written::AlreadyCommitted);
        }
        Err(PublishError::OtherPublisher { run_id: self.run_id.clone(), key: key.to_owned() })
    }

    /// The error of a write whose object cannot be read back. What was refused, or is no commit, is simply not
    /// written.
    fn unknown(&self, key: &str, wrote: StoreError, read: StoreError) -> PublishError {
        if wrote.fault != StoreFault::Unanswered || key != commit_key(&self.run_id) {
            return wrote.into();
        }
        PublishError::Unknown { run_id: self.run_id.clone(), wrote: wrote.into(), read: read.into() }
    }
}

/// The file of a run's one row.
fn runs_file(run: &RunFacts) -> Result<Vec<u8>, EncodeError> {
    let mut rows = ParquetTable::new(&table::runs::TABLE, run.run_id.clone());
    let early = rows.push(run)?;
    let part = early.into_iter().chain(rows.finish()?).next();
    Ok(part.map(|part| part.bytes).unwrap_or_default())
}

#[cfg(test)]
pub(crate) mod tests;
