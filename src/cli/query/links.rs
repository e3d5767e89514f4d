//! The folder of links of one question. It goes with its value; what a killed question left goes with the next one.
//!
//! A lock says whether a folder is in use: the system takes it back from a process that ends, however it ends. A number
//! of a process would not: containers that share a folder count their processes apart.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::process::geteuid;
use tempfile::TempDir;

use crate::clock::{Clock, SystemClock, Timestamp};

/// How such folders begin.
const PREFIX: &str = "atrest-query-";

/// A younger one may not have its lock yet.
const YOUNG_MS: i64 = 60_000;

/// The folder.
#[derive(Debug)]
pub struct Links {
    // Removed before its lock is given back.
    folder: TempDir,
    _lock: Option<File>,
}

impl Links {
    /// Makes one where the system has its temporary folders, and clears those that were left there.
    pub fn new() -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix(PREFIX).tempdir()?;
        if let Some(above) = folder.path().parent() {
            clear(above, SystemClock.now());
        }
        let lock = File::open(folder.path()).ok().filter(|folder| folder.try_lock().is_ok());
        Ok(Self { folder, _lock: lock })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

fn clear(above: &Path, now: Timestamp) {
    let Ok(entries) = fs::read_dir(above) else { return };
    for entry in entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX)) {
        if let Some((path, _lock)) = left(entry.path(), now) {
            // What cannot be removed does no harm.
            let _ = fs::remove_dir_all(path);
        }
    }
}

/// A folder of this user's own that no process holds.
fn left(path: PathBuf, now: Timestamp) -> Option<(PathBuf, File)> {
    let found = fs::symlink_metadata(&path).ok()?;
    let is_old = found.mtime().saturating_mul(1_000) < now.millis() - YOUNG_MS;
    if !found.is_dir() || found.uid() != geteuid().as_raw() || !is_old {
        return None;
    }
    let folder = File::open(&path).ok()?;
    // Where a file system has no locks, it stays.
    folder.try_lock().ok()?;
    Some((path, folder))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_folder_that_no_process_holds_is_cleared_and_no_other() {
        let above = tempfile::tempdir().unwrap();
        let make = |name: &str| {
            let path = above.path().join(name);
            fs::create_dir(&path).unwrap();
            symlink("/nowhere", path.join("link")).unwrap();
            path
        };
        let (dead, live, other) =
            (make("atrest-query-dead"), make("atrest-query-live"), make("atrest-other"));
        fs::write(above.path().join("atrest-query-file"), "").unwrap();
        symlink(&other, above.path().join("atrest-query-link")).unwrap();
        let lock = File::open(&live).unwrap();
        lock.try_lock().unwrap();
        let now = SystemClock.now();
        clear(above.path(), now);
        assert!(dead.exists(), "it is young");
        clear(above.path(), now.plus_millis(2 * YOUNG_MS));
        assert!(!dead.exists() && live.exists() && other.join("link").is_symlink());
        assert_eq!(fs::read_dir(above.path()).unwrap().count(), 4);
        drop(lock);
        clear(above.path(), now.plus_millis(2 * YOUNG_MS));
        assert!(!live.exists());
    }

    #[test]
    fn a_folder_goes_with_its_value() {
        let links = Links::new().unwrap();
        let path = links.path().to_owned();
        assert!(left(path.clone(), SystemClock.now().plus_millis(2 * YOUNG_MS)).is_none(), "it is held");
        drop(links);
        assert!(!path.exists());
    }
}
