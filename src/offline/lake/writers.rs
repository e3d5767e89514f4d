//! Who writes a lake in a folder at this time: locks on its folders, which leave no file behind and which the
//! system takes back from a process that ends, however it ends.
//!
//! Nothing stands on them: where a file system has no locks, the writes that replace nothing still decide. They say
//! when what a killed process left can be cleared, and whether another process scans or publishes a run.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;

use super::regular;

/// A run that is held for as long as this lives.
#[derive(Debug, Default)]
pub struct Hold(Option<File>);

impl Hold {
    /// Whether the system knows of it.
    pub const fn is_lock(&self) -> bool {
        self.0.is_some()
    }
}

/// Joins those who write in this hidden folder. Who is alone clears what killed ones left.
pub(super) fn join(folder: &Path) -> Option<File> {
    let lock = File::open(folder).ok()?;
    if lock.try_lock().is_ok() {
        clear(folder);
    }
    // Waits for no longer than another one clears.
    lock.lock_shared().ok()?;
    Some(lock)
}

/// Holds a run's folder; none where another process holds it.
pub(super) fn hold(folder: &Path) -> io::Result<Option<Hold>> {
    let lock = regular::open_folder(folder)?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(Hold(Some(lock)))),
        Err(TryLockError::WouldBlock) => Ok(None),
        // No locks here.
        Err(TryLockError::Error(_)) => Ok(Some(Hold::default())),
    }
}

/// Waits until this process alone replaces a file; none where there are no locks. The lock is on the file as it is now:
/// who gets it after another looks at the path again.
pub(super) fn alone_at(root: &Path, key: &str) -> Option<File> {
    let file = regular::open(root, key).ok()?;
    file.lock().ok()?;
    Some(file)
}

fn clear(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        // What cannot be removed does no harm.
        let _ = fs::remove_file(entry.path());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lake::{FolderStore, Store};

    #[test]
    fn what_a_killed_process_left_is_cleared_by_the_next_and_not_under_a_living_one() {
        let folder = tempfile::tempdir().unwrap();
        let first = FolderStore::open(folder.path(), true).unwrap();
        let left = folder.path().join(".tmp/1-1");
        fs::write(&left, b"half").unwrap();
        let another = FolderStore::open(folder.path(), true).unwrap();
        assert!(left.exists(), "the first one may still be writing it");
        drop((first, another));
        let _next = FolderStore::open(folder.path(), true).unwrap();
        assert_eq!(fs::read_dir(folder.path().join(".tmp")).unwrap().count(), 0);
    }

    #[test]
    fn a_run_is_held_by_one_process_until_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let open = || FolderStore::open(folder.path(), true).unwrap();
        let (one, another) = (open(), open());
        let run_id = "20261121T030000Z-0badcafe".parse().unwrap();
        let held = one.hold(&run_id, true).unwrap();
        assert!(held.as_ref().is_some_and(Hold::is_lock));
        for opens in [true, false] {
            assert!(another.hold(&run_id, opens).unwrap().is_none());
        }
        let never_scanned = "20261121T030000Z-0badbeef".parse().unwrap();
        assert!(another.hold(&never_scanned, false).unwrap().is_some());
        drop(held);
        let after = another.hold(&run_id, false).unwrap();
        assert!(after.is_some() && one.hold(&run_id, true).unwrap().is_none());
    }
}
