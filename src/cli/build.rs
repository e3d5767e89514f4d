//! Which program this is: the hash of its own file, for the evidence that it writes.

use std::path::PathBuf;

use crate::lake::held::hash;

/// The hex SHA-256 of the running program's file; none where it cannot be read.
pub fn sha256() -> Option<String> {
    hash(&file()?).ok()
}

/// Linux keeps the file that was started, also where an update has put another one in its place.
fn file() -> Option<PathBuf> {
    if cfg!(target_os = "linux") { Some("/proc/self/exe".into()) } else { std::env::current_exe().ok() }
}
