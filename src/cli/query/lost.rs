//! Nights that a question goes without: their files are not there, may not be read, or are cut short.
//!
//! That is what an archive, a clean-up, a policy or a full disk does to an old night. A file of the right
//! length with other content is none of these: it was changed, and that is an error.

use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use crate::lake::committed::commit_key;
use crate::lake::{FileEntry, LakeError, regular};
use crate::model::RunId;

/// The four bytes that end a Parquet file.
const MAGIC: [u8; 4] = *b"PAR1";

/// Why the first of these files cannot be read, if one cannot.
pub fn among<'a>(root: &Path, files: impl IntoIterator<Item = &'a FileEntry>) -> Option<String> {
    files.into_iter().find_map(|file| {
        let found = regular::open(root, &file.key).and_then(|opened| opened.metadata());
        let why = match found {
            Ok(found) if found.len() < file.bytes => {
                format!("it has {} of its {} bytes", found.len(), file.bytes)
            }
            Ok(_) => return None,
            Err(error) => said(&error),
        };
        Some(format!("{}: {why}", file.key))
    })
}

/// Why a run cannot be read, where the error is of a loss and of no change.
pub fn by(root: &Path, run_id: &RunId, error: &LakeError) -> Option<String> {
    match error {
        LakeError::Damaged { key, .. } if *key == commit_key(run_id) => {
            let torn = is_torn(root, key);
            torn.map_or_else(|error| Some(said(&error)), |torn| torn.then(|| "it is cut short".to_owned()))
                .map(|why| format!("{key}: {why}"))
        }
        LakeError::Damaged { .. } => None,
        error if error.is_lost_night() => Some(error.to_string()),
        _ => None,
    }
}

fn is_torn(root: &Path, key: &str) -> io::Result<bool> {
    let mut file = regular::open(root, key)?;
    let mut end = [0; MAGIC.len()];
    let length = file.metadata()?.len();
    if length < 2 * MAGIC.len() as u64 {
        return Ok(true);
    }
    file.seek(SeekFrom::Start(length - MAGIC.len() as u64))?;
    file.read_exact(&mut end)?;
    Ok(end != MAGIC)
}

fn said(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "it is not there".to_owned(),
        _ => error.to_string(),
    }
}
