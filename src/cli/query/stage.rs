//! What duckdb is given to read: the files of committed runs, as links in a folder of its own.
//!
//! Left to search the lake by itself, it would take a part that is not there for a table with fewer rows, a
//! copied folder for one more night, and every `name=value` folder above the lake for a column. The runs'
//! manifests say which files there are.

use std::collections::BTreeSet;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::super::error::CliError;
use super::super::print;
use crate::model::{RunId, RunKind};
use crate::query::is_part;
use crate::sink::lake::commit_key;
use crate::sink::{FileEntry, Lake, LakeError, Manifest};
use crate::table;

/// Files that a note names before it counts the rest.
const NAMED: usize = 3;

/// The folder; it goes with the value.
#[derive(Debug)]
pub struct Stage {
    folder: TempDir,
    root: PathBuf,
    tables: BTreeSet<String>,
    has_census: bool,
    changed: Vec<String>,
    without_manifest: Vec<String>,
}

impl Stage {
    /// Links the committed files of some tables of the lake in that folder. One that is not there is an error;
    /// one that is not as it was committed is told by [`Stage::say`].
    pub async fn of(lake: &Lake, folder: &Path, tables: &BTreeSet<&str>) -> Result<Self, CliError> {
        let failed = |error: io::Error| {
            CliError::internal(format!("failed to make a folder of links to {}: {error}", folder.display()))
                .hint("TMPDIR says where; it needs a few kilobytes")
        };
        let links = TempDir::new().map_err(failed)?;
        // DuckDB takes every `name=value` folder of a path for a column, in the place of the file's own.
        if links.path().to_str().is_none_or(|path| path.contains(['=', '\\'])) {
            let path = links.path().display();
            return Err(CliError::usage(format!("duckdb would take the path {path} for something else"))
                .hint("set TMPDIR to a folder without `=` and `\\` in its path, such as /tmp"));
        }
        let mut stage = Self {
            folder: links,
            root: folder.canonicalize().map_err(failed)?,
            tables: BTreeSet::new(),
            has_census: false,
            changed: Vec::new(),
            without_manifest: Vec::new(),
        };
        for run_id in lake.runs() {
            let keys = stage.keys(lake, run_id, tables).await?;
            for key in keys {
                stage.link(&key).map_err(failed)?;
            }
        }
        Ok(stage)
    }

    /// The folder's path.
    pub fn path(&self) -> String {
        self.folder.path().display().to_string()
    }

    /// Whether a table has any file.
    pub fn has(&self, table: &str) -> bool {
        self.tables.contains(table)
    }

    /// Whether the lake has a census that its manifest tells of.
    pub fn has_census(&self) -> bool {
        self.has_census
    }

    /// Says what is not as it was committed, and was read all the same.
    pub fn say(&self) {
        if !self.changed.is_empty() {
            print::say(format!("note: not as it was committed: {}", in_short(&self.changed)));
        }
        if !self.without_manifest.is_empty() {
            let runs = in_short(&self.without_manifest);
            print::say(format!(
                "note: whether all files are there cannot be told, without a manifest: {runs}"
            ));
        }
    }

    /// The files that a run has of these tables.
    async fn keys(
        &mut self,
        lake: &Lake,
        run_id: &RunId,
        tables: &BTreeSet<&str>,
    ) -> Result<Vec<String>, CliError> {
        let mut keys = match lake.manifest(run_id).await {
            Ok(manifest) => self.of_manifest(lake, &manifest, tables)?,
            Err(LakeError::NoManifest { .. }) => {
                self.without_manifest.push(run_id.to_string());
                by_name(lake, run_id, tables).await?
            }
            Err(error) => return Err(error.into()),
        };
        if tables.contains(table::runs::TABLE.name) {
            keys.push(commit_key(run_id));
        }
        Ok(keys)
    }

    fn of_manifest(
        &mut self,
        lake: &Lake,
        manifest: &Manifest,
        tables: &BTreeSet<&str>,
    ) -> Result<Vec<String>, CliError> {
        self.has_census |= manifest.kind == RunKind::Census;
        let files = manifest.files.iter().filter(|file| tables.contains(file.table.as_str()));
        files.map(|file| self.checked(lake, file).map(|()| file.key.clone())).collect()
    }

    /// The length alone: to read every file for its hash would take longer than the question.
    fn checked(&mut self, lake: &Lake, file: &FileEntry) -> Result<(), CliError> {
        match self.root.join(&file.key).metadata() {
            Ok(found) if found.len() == file.bytes => {}
            Ok(_) => self.changed.push(file.key.clone()),
            Err(error) => {
                let reason = match error.kind() {
                    io::ErrorKind::NotFound => "it is not there".to_owned(),
                    _ => error.to_string(),
                };
                let (uri, key) = (lake.uri().to_owned(), file.key.clone());
                return Err(LakeError::Damaged { uri, key, reason }.into());
            }
        }
        Ok(())
    }

    fn link(&mut self, key: &str) -> io::Result<()> {
        let link = self.folder.path().join(key);
        if let Some(folder) = link.parent() {
            std::fs::create_dir_all(folder)?;
        }
        symlink(self.root.join(key), link)?;
        self.tables.extend(key.split_once('/').map(|(table, _)| table.to_owned()));
        Ok(())
    }
}

/// The parts that lie there under the run's name.
async fn by_name(lake: &Lake, run_id: &RunId, tables: &BTreeSet<&str>) -> Result<Vec<String>, CliError> {
    let mut keys = Vec::new();
    for table in tables.iter().filter(|table| **table != table::runs::TABLE.name) {
        let prefix = format!("{table}/dt={}/{run_id}-", run_id.date());
        let found = lake.store().list(&prefix).await?;
        keys.extend(found.into_iter().filter(|key| is_part(key)));
    }
    Ok(keys)
}

fn in_short(names: &[String]) -> String {
    let more = names.len().saturating_sub(NAMED);
    let named = names.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    if more == 0 { named } else { format!("{named} and {more} more") }
}
