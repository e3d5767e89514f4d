//! A lake's folder whose committed files are compared with their hashes before anything reads them.
//!
//! To hash a year's nights takes seconds, and a second question finds the same files: what was hashed is
//! remembered outside the lake, by the file's length, times and number, and the hash is compared with the
//! manifest's each time. A file that was written within the last seconds is hashed again, for its next
//! change may bear the same time. The memory is no evidence: where it cannot be read or written, a question
//! takes longer, and that is all.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::committed::commit_key;
use super::{FileEntry, Lake, LakeError, Manifest, commit_row, regular, sha256_hex};
use crate::clock::Timestamp;
use crate::log::{self, Reason};
use crate::model::RunId;

/// How a file is read: large enough for the disk, small beside the files.
const CHUNK: usize = 256 * 1024;
/// A file system's clock may be this coarse (FAT: two seconds).
const COARSE_MS: i64 = 2_000;

/// A lake's folder, and what is remembered of its files.
#[derive(Debug)]
pub struct HeldFolder<'a> {
    lake: &'a Lake,
    root: PathBuf,
    now: Timestamp,
    memory: Memory,
    /// The manifests' hashes so far.
    manifests: BTreeMap<RunId, String>,
}

/// What a file looked like when it was hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Look {
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
    inode: u64,
}

/// A file that was hashed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    look: Look,
    /// Of a table's file, its own hash; of the file of a `runs` row, that of the manifest which it agrees with.
    sha256: String,
}

/// What was hashed before, by the files' keys.
#[derive(Debug, Default)]
struct Memory {
    file: Option<PathBuf>,
    known: BTreeMap<String, Known>,
    is_new: bool,
}

impl<'a> HeldFolder<'a> {
    /// The lake's folder; `memories` is the folder where what was hashed is remembered, if there is one.
    pub fn new(lake: &'a Lake, folder: &Path, memories: Option<&Path>, now: Timestamp) -> io::Result<Self> {
        let root = folder.canonicalize()?;
        let memory = memories.map(|memories| Memory::read(memories, &root)).unwrap_or_default();
        Ok(Self { lake, root, now, memory, manifests: BTreeMap::new() })
    }

    /// The folder's path from the root of the file system.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A run's manifest, once the run's row agrees with it.
    pub async fn manifest(&mut self, run_id: &RunId) -> Result<Manifest, LakeError> {
        let (manifest, bytes) = self.lake.manifest_and_bytes(run_id).await?;
        let (key, sha256) = (commit_key(run_id), sha256_hex(&bytes));
        let look = self.look(&key, None)?;
        if self.memory.sha256(&key, look) != Some(&sha256) {
            let file = self.lake.store().get(&key).await?.unwrap_or_default();
            commit_row::check(self.lake.uri(), run_id, file, &manifest, &sha256)?;
            self.remember(&key, look, &sha256);
        }
        self.manifests.insert(run_id.clone(), sha256);
        Ok(manifest)
    }

    /// Refuses a run whose manifest names the one before it by another hash than that has.
    ///
    /// An edited manifest and a row that was made to fit it agree with each other, and not with the next run's.
    pub fn follows(&self, manifest: &Manifest) -> Result<(), LakeError> {
        let (Some(run_id), Some(named)) = (&manifest.previous_run_id, &manifest.previous_manifest_sha256)
        else {
            return Ok(());
        };
        match self.manifests.get(run_id) {
            Some(found) if found != named => Err(LakeError::damaged(
                self.lake.uri(),
                &super::manifest_key(run_id),
                format!(
                    "its SHA-256 is {found}, and the manifest of the next run, {}, says {named}",
                    manifest.run_id
                ),
            )),
            _ => Ok(()),
        }
    }

    /// Refuses the first of these files that is missing or has another hash.
    pub fn files(&mut self, entries: &[FileEntry]) -> Result<(), LakeError> {
        let mut unknown = Vec::new();
        for entry in entries {
            let look = self.look(&entry.key, Some(&entry.sha256))?;
            if look.bytes > entry.bytes {
                return Err(LakeError::grown(self.lake, &entry.key, entry.bytes));
            }
            match self.memory.sha256(&entry.key, look) {
                Some(found) if *found == entry.sha256 => {}
                _ => unknown.push((entry, look)),
            }
        }
        let hash = |(entry, look): &(&FileEntry, Look)| {
            // It may grow while it is read: no more than a byte of that is.
            let file = regular::open(&self.root, &entry.key);
            let found = file.and_then(|file| hashed(file.take(entry.bytes.saturating_add(1))));
            found
                .map_err(|error| self.unreadable(&entry.key, Some(&entry.sha256), error))
                .map(|it| (it, *look))
        };
        let found: Vec<_> = unknown.par_iter().map(hash).collect::<Vec<_>>();
        for ((entry, _), found) in unknown.into_iter().zip(found) {
            let (sha256, look) = found?;
            if sha256 != entry.sha256 {
                return Err(LakeError::changed(self.lake, &entry.key, &entry.sha256, Some(&sha256)));
            }
            self.remember(&entry.key, look, &sha256);
        }
        Ok(())
    }

    /// Keeps what was hashed for the next question.
    pub fn keep(&self) {
        // Without it the next question takes longer.
        let _ = self.memory.write();
    }

    fn look(&self, key: &str, sha256: Option<&str>) -> Result<Look, LakeError> {
        let found = regular::file(&self.root, key).and_then(fs::metadata);
        found.map(|found| Look::of(&found)).map_err(|error| self.unreadable(key, sha256, error))
    }

    /// Notes a hash, unless the file changed while it was read or may yet change within its time's grain.
    fn remember(&mut self, key: &str, look: Look, sha256: &str) {
        let settled = look.modified_ms().saturating_add(COARSE_MS) < self.now.millis();
        if settled && self.look(key, None).is_ok_and(|after| after == look) {
            self.memory.known.insert(key.to_owned(), Known { look, sha256: sha256.to_owned() });
            self.memory.is_new = true;
        }
    }

    fn unreadable(&self, key: &str, sha256: Option<&str>, error: io::Error) -> LakeError {
        match (error.kind(), sha256) {
            (ErrorKind::NotFound, Some(sha256)) => LakeError::changed(self.lake, key, sha256, None),
            _ => LakeError::damaged(self.lake.uri(), key, Reason::of(error)),
        }
    }
}

impl Look {
    fn of(found: &Metadata) -> Self {
        Self {
            bytes: found.len(),
            modified: (found.mtime(), found.mtime_nsec()),
            // The system sets it at each change, and no caller can set it back.
            changed: (found.ctime(), found.ctime_nsec()),
            inode: found.ino(),
        }
    }

    fn modified_ms(&self) -> i64 {
        self.modified.0.saturating_mul(1_000).saturating_add(self.modified.1 / 1_000_000)
    }
}

impl Memory {
    fn read(memories: &Path, root: &Path) -> Self {
        let name = format!("{}.json", log::digest(root.as_os_str().as_encoded_bytes()));
        let file = memories.join(name);
        let known = fs::read(&file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Self { file: Some(file), known: known.unwrap_or_default(), is_new: false }
    }

    fn sha256(&self, key: &str, look: Look) -> Option<&String> {
        self.known.get(key).filter(|known| known.look == look).map(|known| &known.sha256)
    }

    fn write(&self) -> io::Result<()> {
        let Some(file) = self.file.as_ref().filter(|_| self.is_new) else { return Ok(()) };
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        // Under a name of its own first: two questions at a time must not mix their bytes.
        let unfinished = file.with_extension(std::process::id().to_string());
        fs::write(&unfinished, serde_json::to_vec(&self.known)?)?;
        fs::rename(&unfinished, file).inspect_err(|_| {
            let _ = fs::remove_file(&unfinished);
        })
    }
}

/// The lower-case hex SHA-256 of a file.
pub fn hash(path: &Path) -> io::Result<String> {
    hashed(File::open(path)?)
}

fn hashed(mut file: impl io::Read) -> io::Result<String> {
    let (mut hasher, mut chunk) = (Sha256::new(), vec![0; CHUNK]);
    loop {
        match file.read(&mut chunk) {
            Ok(0) => return Ok(hex::encode(hasher.finalize())),
            Ok(read) => hasher.update(&chunk[..read]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}
