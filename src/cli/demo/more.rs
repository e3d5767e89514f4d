//! What a folder holds beyond a demo as it was made: all of it is looked at before any of it is removed.
//!
//! A run that the demo did not scan is the user's, and so is a file that no run writes. A run that was judged again from
//! a log of the demo can be made again, and is no more than the demo.

use std::collections::BTreeSet;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use super::folder::{EXCEPTIONS, LAKE, MARKER, PAGE, STANDARD};
use crate::cli::output::UNFINISHED;
use crate::lake::{Manifest, manifest_key, policy_key, regular, sha256_hex};
use crate::model::RunId;
use crate::table;

/// A year of nights has a marker of some 15 kB.
const LONGEST_MARKER: u64 = 1_024 * 1_024;
/// A month's demo has manifests of some 10 kB.
const LONGEST_MANIFEST: u64 = 16 * 1_024 * 1_024;

/// A file's line in the marker.
pub fn marked(name: &str, text: &[u8]) -> String {
    format!("{name} {}", sha256_hex(text))
}

/// A run's line in the marker.
pub fn marked_run(run_id: &RunId) -> String {
    format!("run {run_id}")
}

/// What a folder holds beyond a demo as it was made, if anything.
pub fn than_a_demo(folder: &Path) -> io::Result<Option<String>> {
    if !fs::symlink_metadata(folder.join(MARKER)).is_ok_and(|found| found.is_file()) {
        return Ok(Some("`atrest demo` did not make it".to_owned()));
    }
    let marker = regular::read(folder, MARKER, LONGEST_MARKER)?;
    let marker = String::from_utf8_lossy(&marker);
    let runs: BTreeSet<RunId> =
        marker.lines().filter_map(|line| line.strip_prefix("run ")?.parse().ok()).collect();
    let device = fs::metadata(folder)?.dev();
    for name in names(folder)? {
        // A page that a killed demo did not end lies under a name of its own.
        if name.starts_with(UNFINISHED) && name != MARKER {
            continue;
        }
        let path = folder.join(&name);
        let more = match name.as_str() {
            LAKE => in_lake(&path, device, &runs)?,
            MARKER | PAGE => not_a_file(&name, &fs::symlink_metadata(&path)?),
            name if [STANDARD.0, EXCEPTIONS.0].contains(&name) => edited(folder, name, &marker)?,
            name => Some(format!("{name} is not part of a demo")),
        };
        if more.is_some() {
            return Ok(more);
        }
    }
    Ok(None)
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    let names = fs::read_dir(folder)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let mut names = names.collect::<io::Result<Vec<_>>>()?;
    names.sort();
    Ok(names)
}

fn edited(folder: &Path, name: &str, marker: &str) -> io::Result<Option<String>> {
    if let Some(what) = not_a_file(name, &fs::symlink_metadata(folder.join(name))?) {
        return Ok(Some(what));
    }
    let text = fs::read(folder.join(name))?;
    let is_ours = marker.lines().any(|line| line == marked(name, &text));
    Ok((!is_ours).then(|| format!("{name} was edited")))
}

fn not_a_file(name: &str, found: &Metadata) -> Option<String> {
    match found.file_type() {
        kind if kind.is_file() => None,
        kind if kind.is_symlink() => Some(format!("{name} is a link")),
        _ => Some(format!("{name} is not a file")),
    }
}

/// What a lake holds beyond the demo's runs.
fn in_lake(lake: &Path, device: u64, runs: &BTreeSet<RunId>) -> io::Result<Option<String>> {
    let mut files = Vec::new();
    if let Some(strange) = walk(lake, "", device, &mut files)? {
        return Ok(Some(strange));
    }
    let mut known = runs.clone();
    for key in files.iter().filter(|key| key.starts_with("manifests/")) {
        match judged_again(lake, key, runs)? {
            Some(run_id) => drop(known.insert(run_id)),
            None => return Ok(Some(format!("{LAKE}/{key} does not belong to a run of the demo"))),
        }
    }
    let strange = files.into_iter().find(|key| !is_of(key, &known));
    Ok(strange.map(|key| format!("{LAKE}/{key} does not belong to a run of the demo")))
}

/// Collects the files of a folder; gives the first that is none, and the first folder of another file system.
fn walk(lake: &Path, folder: &str, device: u64, files: &mut Vec<String>) -> io::Result<Option<String>> {
    let shown = |key: &str| if key.is_empty() { LAKE.to_owned() } else { format!("{LAKE}/{key}") };
    // Of a path that ends with a slash, a link would be followed.
    let place = if folder.is_empty() { lake.to_owned() } else { lake.join(folder) };
    let found = fs::symlink_metadata(&place)?;
    if !found.is_dir() {
        files.push(folder.to_owned());
        return Ok(not_a_file(&shown(folder), &found));
    }
    if found.dev() != device {
        return Ok(Some(format!("{} is on another file system", shown(folder))));
    }
    for name in names(&place)? {
        let key = if folder.is_empty() { name } else { format!("{folder}/{name}") };
        if let Some(strange) = walk(lake, &key, device, files)? {
            return Ok(Some(strange));
        }
    }
    Ok(None)
}

/// The run of a manifest that is the demo's, or was judged from a log of the demo.
fn judged_again(lake: &Path, key: &str, runs: &BTreeSet<RunId>) -> io::Result<Option<RunId>> {
    let manifest = regular::read(lake, key, LONGEST_MANIFEST)?;
    let Ok(manifest) = serde_json::from_slice::<Manifest>(&manifest) else { return Ok(None) };
    let is_of_demo = runs.contains(&manifest.observed_run_id) && manifest_key(&manifest.run_id) == key;
    Ok(is_of_demo.then_some(manifest.run_id))
}

/// Whether a key is of one of these runs, or of none.
fn is_of(key: &str, runs: &BTreeSet<RunId>) -> bool {
    let is_run = |text: &str| text.parse().is_ok_and(|run_id| runs.contains(&run_id));
    match key.split('/').collect::<Vec<_>>()[..] {
        [".tmp", _] => true,
        ["policies", sha256] => sha256.len() == 64 && key == policy_key(sha256),
        ["manifests", name] => name.strip_suffix(".json").is_some_and(is_run),
        ["observations", run_id, _] => is_run(run_id),
        [name, _, file] if table::find(name).is_some() => {
            let part = file.strip_suffix(".parquet").and_then(|file| file.rsplit_once('-'));
            part.is_some_and(|(run_id, _)| is_run(run_id))
        }
        _ => false,
    }
}
