//! A lake in a local folder, as safe as the file system allows.
//!
//! Every write is made whole in `<lake>/.tmp/`, which no reader lists, synced, and then given its
//! name: by a hard link where nothing may be replaced, which fails where the name is taken, and by a
//! rename where it may. So a name never shows half a file, and of two writers one wins.
//!
//! A file system without hard links (exFAT, some network and FUSE mounts) cannot do the first in one
//! step. Writing under the final name would show half a file after a crash, and a half `runs` file
//! would be a commit; so there a claim file in `.tmp/` keeps other writers out while the name is
//! looked at and the file renamed. A crash in between leaves the claim, and the next writer gets an error, unless it is
//! alone: who is, clears the hidden folder first (`writers`).
//!
//! The calls block: a lake's files are few and large, and a thread pool would cost a copy of each.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Component, Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use futures::FutureExt;
use futures::future::{BoxFuture, ready};

use super::{Hold, OF_ITS_KIND, Put, Store, StoreError, StoreFault, bounds, regular, sha256_hex, writers};
use crate::log::{self, Reason};
use crate::model::RunId;

/// Where files are written before they have a name. On the lake's own file system, for a link
/// cannot leave it; hidden, so that query engines pass it over.
const TEMPORARY: &str = ".tmp";

/// How the names of a lake's objects end.
const OBJECTS: [&str; 3] = [".parquet", ".json", ".jsonl.zst"];

/// A lake in a local folder.
#[derive(Debug)]
pub struct FolderStore {
    root: PathBuf,
    uri: String,
    /// Tells this process's temporary files apart.
    next: AtomicU64,
    /// That this process writes here, from its first write on.
    writing: OnceLock<Option<File>>,
}

impl FolderStore {
    /// Opens a lake; where `create` is set, makes the folder and tries that it can be written.
    pub fn open(path: impl AsRef<Path>, create: bool) -> Result<Self, StoreError> {
        let root = path.as_ref().to_path_buf();
        let text = root.to_string_lossy();
        let trimmed = text.trim_end_matches('/');
        let uri = if trimmed.is_empty() { text.to_string() } else { trimmed.to_owned() };
        let store = Self { root, uri, next: AtomicU64::new(0), writing: OnceLock::new() };
        store.check_root(create)?;
        Ok(store)
    }

    fn check_root(&self, create: bool) -> Result<(), StoreError> {
        let refused = |reason: &str, advice: &str| StoreError {
            action: "open the lake",
            uri: self.uri.clone(),
            reason: reason.into(),
            advice: Some(advice.to_owned()),
            by_user: true,
            fault: StoreFault::Other,
        };
        if self.uri.is_empty() {
            return Err(refused("no path is given", "name a folder or s3://bucket/prefix"));
        }
        match fs::metadata(&self.root) {
            Ok(found) if !found.is_dir() => return Err(refused("it is a file", "name a folder")),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound && !create => {
                return Err(refused(
                    "there is no such folder",
                    "check the path, or run `atrest scan`, which makes it",
                ));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(self.error("open the lake", "", error)),
        }
        if create {
            self.try_writing().map_err(|error| {
                let advice = "give this user write permission or choose another folder";
                refused(&format!("this user cannot write to it ({error})"), advice)
            })?;
        }
        Ok(())
    }

    fn try_writing(&self) -> io::Result<()> {
        make_folders(&self.root)?;
        let temporary = self.write_temporary(b"")?;
        fs::remove_file(temporary)
    }

    /// The hidden folder, cleared of what killed processes left there.
    fn temporary(&self) -> io::Result<PathBuf> {
        let folder = self.root.join(TEMPORARY);
        regular::below(&self.root, &folder)?;
        fs::create_dir_all(&folder)?;
        self.writing.get_or_init(|| writers::join(&folder));
        Ok(folder)
    }

    /// Writes and syncs a file that has no name in the lake yet.
    fn write_temporary(&self, bytes: &[u8]) -> io::Result<PathBuf> {
        let folder = self.temporary()?;
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let path = folder.join(format!("{}-{number}", std::process::id()));
            // Another host's process, or a dead one, may have had this number.
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(mut file) => {
                    let written = file.write_all(bytes).and_then(|()| file.sync_all());
                    return removed_unless(written.map(|()| path.clone()), &path);
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn put_file(&self, key: &str, bytes: &[u8]) -> io::Result<Put> {
        let path = self.root.join(key);
        if path.try_exists()? {
            return Ok(Put::Exists);
        }
        let folder = self.make_parent(&path)?;
        let temporary = self.write_temporary(bytes)?;
        let put = match fs::hard_link(&temporary, &path) {
            Ok(()) => Ok(Put::Created),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(Put::Exists),
            Err(error) if links_are_missing(&error) => self.put_by_claim(key, &temporary, &path),
            Err(error) => Err(error),
        };
        // Gone already where the claim renamed it.
        let _ = fs::remove_file(&temporary);
        if put.as_ref().is_ok_and(|put| *put == Put::Created) {
            sync_folder(&folder)?;
        }
        put
    }

    /// Gives a file its name on a file system without hard links.
    fn put_by_claim(&self, key: &str, temporary: &Path, path: &Path) -> io::Result<Put> {
        let claim = self.root.join(TEMPORARY).join(format!("{}.claim", sha256_hex(key.as_bytes())));
        if let Err(error) = OpenOptions::new().write(true).create_new(true).open(&claim) {
            return match error.kind() {
                ErrorKind::AlreadyExists if path.try_exists()? => Ok(Put::Exists),
                ErrorKind::AlreadyExists => Err(io::Error::new(
                    ErrorKind::ResourceBusy,
                    format!("another process is writing it; if none is, remove {}", claim.display()),
                )),
                _ => Err(error),
            };
        }
        let put = match path.try_exists() {
            Ok(true) => Ok(Put::Exists),
            Ok(false) => fs::rename(temporary, path).map(|()| Put::Created),
            Err(error) => Err(error),
        };
        fs::remove_file(&claim)?;
        put
    }

    fn replace_file(&self, key: &str, bytes: &[u8]) -> io::Result<()> {
        let path = self.root.join(key);
        let folder = self.make_parent(&path)?;
        let temporary = self.write_temporary(bytes)?;
        removed_unless(fs::rename(&temporary, &path), &temporary)?;
        sync_folder(&folder)
    }

    /// One process at a time, where the file system has locks: who waits finds the new file.
    fn replace_found_file(&self, key: &str, sha256: &str, bytes: &[u8]) -> io::Result<Put> {
        let alone = writers::alone_at(&self.root, key);
        let found = self.get_file(key, bounds::longest(key))?;
        let is_there = found.is_some_and(|found| sha256_hex(&found) == sha256);
        let put =
            if is_there { self.replace_file(key, bytes).map(|()| Put::Created) } else { Ok(Put::Exists) };
        drop(alone);
        put
    }

    fn make_parent(&self, path: &Path) -> io::Result<PathBuf> {
        let folder = path.parent().unwrap_or(&self.root).to_path_buf();
        regular::below(&self.root, &folder)?;
        make_folders(&folder)?;
        Ok(folder)
    }

    fn get_file(&self, key: &str, most: u64) -> io::Result<Option<Vec<u8>>> {
        match regular::read(&self.root, key, most) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if is_missing(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn list_files(&self, prefix: &str) -> io::Result<Vec<String>> {
        let mut keys = Vec::new();
        let folder = prefix.rfind('/').map_or("", |at| &prefix[..at]);
        self.walk(folder, &mut keys)?;
        keys.retain(|key| key.starts_with(prefix));
        keys.sort();
        Ok(keys)
    }

    /// Collects the files under a folder. What no lake has (hidden files, names that are not UTF-8)
    /// is passed over; links are not followed into folders, so that no loop can catch us. What bears an object's name
    /// and is no file is listed, too: its reader gets an error that says what it is. Without it, the lake would look complete.
    fn walk(&self, folder: &str, keys: &mut Vec<String>) -> io::Result<()> {
        let entries = match fs::read_dir(self.root.join(folder)) {
            Ok(entries) => entries,
            Err(error) if is_missing(&error) => return Ok(()),
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if name.starts_with('.') {
                continue;
            }
            let key = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            let is_object = OBJECTS.iter().any(|ending| key.ends_with(ending));
            if is_object || entry.path().is_file() {
                keys.push(key);
            } else if entry.file_type()?.is_dir() {
                self.walk(&key, keys)?;
            }
        }
        Ok(())
    }

    /// Runs a file operation on a key that cannot leave the lake.
    fn on<T>(
        &self,
        action: &'static str,
        key: &str,
        operation: impl FnOnce() -> io::Result<T>,
    ) -> Result<T, StoreError> {
        if !stays_inside(key) {
            return Err(StoreError {
                action,
                uri: format!("{}/{key}", self.uri),
                reason: "the key does not stay inside the lake".into(),
                advice: None,
                by_user: false,
                fault: StoreFault::Other,
            });
        }
        operation().map_err(|error| self.error(action, key, error))
    }

    fn error(&self, action: &'static str, key: &str, error: io::Error) -> StoreError {
        let uri = if key.is_empty() { self.uri.clone() } else { format!("{}/{key}", self.uri) };
        let fault = match error.kind() {
            ErrorKind::PermissionDenied => StoreFault::Denied,
            _ => StoreFault::Other,
        };
        let by_user = user_can_mend(error.kind());
        StoreError { action, uri, reason: Reason::of(error), advice: None, by_user, fault }
    }
}

impl Store for FolderStore {
    fn uri(&self) -> &str {
        &self.uri
    }

    fn get_within<'a>(
        &'a self,
        key: &'a str,
        most: u64,
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, StoreError>> {
        let mut too_long = false;
        let found = self.on("read", key, || {
            let found = self.get_file(key, most);
            too_long = found.as_ref().is_err_and(|error| error.kind() == ErrorKind::FileTooLarge);
            found
        });
        let found = found.map_err(|error| match too_long {
            true => StoreError::too_long(error.uri, most, OF_ITS_KIND),
            false => error,
        });
        ready(found).boxed()
    }

    fn put_new<'a>(&'a self, key: &'a str, bytes: &'a [u8]) -> BoxFuture<'a, Result<Put, StoreError>> {
        ready(self.on("write", key, || self.put_file(key, bytes))).boxed()
    }

    fn replace<'a>(&'a self, key: &'a str, bytes: &'a [u8]) -> BoxFuture<'a, Result<(), StoreError>> {
        ready(self.on("write", key, || self.replace_file(key, bytes))).boxed()
    }

    fn replace_found<'a>(
        &'a self,
        key: &'a str,
        sha256: &'a str,
        bytes: &'a [u8],
    ) -> BoxFuture<'a, Result<Put, StoreError>> {
        ready(self.on("write", key, || self.replace_found_file(key, sha256, bytes))).boxed()
    }

    fn list<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Vec<String>, StoreError>> {
        let folder = prefix.strip_suffix('/').unwrap_or(prefix);
        let checked = if folder.is_empty() { "." } else { folder };
        let listed = match checked {
            "." => self.list_files(prefix).map_err(|error| self.error("list", prefix, error)),
            _ => self.on("list", checked, || self.list_files(prefix)),
        };
        ready(listed).boxed()
    }

    /// By a lock on the run's log, which a scan has to have: who publishes finds none where nothing was scanned.
    fn hold(&self, run_id: &RunId, opens: bool) -> Result<Option<Hold>, StoreError> {
        let prefix = log::prefix(run_id);
        let folder = self.root.join(&prefix);
        let made = || if opens { make_folders(&folder) } else { Ok(()) };
        match regular::below(&self.root, &folder).and_then(|()| made()).and_then(|()| writers::hold(&folder))
        {
            Err(error) if !opens && is_missing(&error) => Ok(Some(Hold::default())),
            held => held.map_err(|error| self.error("write", &prefix, error)),
        }
    }
}

/// Whether a key is a relative path of plain names.
fn stays_inside(key: &str) -> bool {
    let plain = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.contains(['\\', '\0']);
    key.split('/').all(plain) && Path::new(key).components().all(|part| matches!(part, Component::Normal(_)))
}

fn removed_unless<T>(done: io::Result<T>, temporary: &Path) -> io::Result<T> {
    if done.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(temporary);
    }
    done
}

/// Makes a folder and those above it, each on disk before anything is named in it.
fn make_folders(folder: &Path) -> io::Result<()> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    let above = folder.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    make_folders(above)?;
    match fs::create_dir(folder) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => sync_folder(above),
    }
}

/// Puts a folder's names on disk. Some file systems cannot, and have no way to do better.
fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => Ok(()),
        // A folder that may be written and not read cannot be opened to be synced.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(()),
        synced => synced,
    }
}

fn is_missing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// `EPERM` is Linux's word for "no hard links here" (link(2)); the others are FUSE's and macOS's.
fn links_are_missing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::Unsupported | ErrorKind::TooManyLinks)
}

fn user_can_mend(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::PermissionDenied
            | ErrorKind::ReadOnlyFilesystem
            | ErrorKind::StorageFull
            | ErrorKind::QuotaExceeded
            | ErrorKind::NotADirectory
            | ErrorKind::IsADirectory
            | ErrorKind::InvalidFilename
            | ErrorKind::ResourceBusy
    )
}

#[cfg(test)]
mod tests;
