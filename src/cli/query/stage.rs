//! What duckdb is given to read: the files of committed runs, as links in a folder of its own.
//!
//! Left to search the lake by itself, it would take a part that is not there for a table with fewer rows, a
//! copied folder for one more night, and every `name=value` folder above the lake for a column. The runs'
//! manifests say which files there are.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::super::error::CliError;
use super::super::print;
use super::links::Links;
use super::lost;
use crate::lake::committed::commit_key;
use crate::lake::{FileEntry, HeldFolder, Lake, LakeError, regular};
use crate::log::Reason;
use crate::model::{RunId, RunKind};
use crate::query::{is_part, schema};
use crate::table;

/// Files that a note names before it counts the rest.
const NAMED: usize = 3;

/// The folder; it goes with the value.
#[derive(Debug)]
pub struct Stage {
    folder: Links,
    root: PathBuf,
    tables: BTreeSet<String>,
    has_census: bool,
    unverified: Option<Unverified>,
    /// Nights before the newest census that cannot be read, the newest first, and why.
    left_out: Vec<(RunId, String)>,
}

/// What was found without a look at any hash.
#[derive(Debug, Default)]
struct Unverified {
    changed: Vec<String>,
    without_manifest: Vec<String>,
}

/// The tables that a statement reads.
struct Wanted {
    all: BTreeSet<&'static str>,
    /// Of these, the tables of which it reads more than the newest census.
    of_all_runs: BTreeSet<&'static str>,
}

impl Stage {
    /// Links the committed files that a statement reads, each compared with its hash: a file, a manifest or a row of
    /// `runs` that is not as it was committed is an error.
    ///
    /// A statement over `…_latest` alone needs the runs down to the newest census, and no older one. An older night
    /// that is lost is left out, and [`Stage::say`] tells of it.
    pub async fn verified(
        lake: &Lake,
        held: &mut HeldFolder<'_>,
        sql: &str,
        is_shipped: bool,
    ) -> Result<Self, CliError> {
        let wanted = Wanted::by(sql, is_shipped);
        let mut stage = Self::empty(held.root().to_path_buf())?;
        let (mut entries, mut read) = (Vec::new(), Vec::new());
        for run_id in lake.runs().rev() {
            let manifest = match held.manifest(run_id).await {
                Err(error) => match lost::by(&stage.root, run_id, &error).filter(|_| stage.has_census) {
                    Some(why) => {
                        stage.left_out.push((run_id.clone(), why));
                        continue;
                    }
                    None => return Err(error.into()),
                },
                Ok(manifest) => manifest,
            };
            let is_newest_census = manifest.kind == RunKind::Census && !stage.has_census;
            stage.has_census |= is_newest_census;
            let tables = if is_newest_census { &wanted.all } else { &wanted.of_all_runs };
            let files = manifest.files.iter().filter(|file| tables.contains(file.table.as_str()));
            if !is_newest_census
                && stage.has_census
                && let Some(why) = lost::among(&stage.root, files.clone())
            {
                stage.left_out.push((run_id.clone(), why));
                continue;
            }
            entries.extend(files.cloned());
            if tables.contains(table::runs::TABLE.name) {
                stage.link(&commit_key(run_id))?;
            }
            let is_enough = is_newest_census && wanted.of_all_runs.is_empty();
            read.push(manifest);
            if is_enough {
                break;
            }
        }
        for manifest in &read {
            held.follows(manifest)?;
        }
        held.files(&entries)?;
        held.keep();
        for entry in &entries {
            stage.link(&entry.key)?;
        }
        Ok(stage)
    }

    /// Links the files of committed runs as they lie there. One that is missing is an error; what can be seen
    /// to differ from what was committed is reported by [`Stage::say`].
    pub async fn unverified(lake: &Lake, folder: &Path, sql: &str) -> Result<Self, CliError> {
        let mut stage = Self::empty(folder.canonicalize().map_err(|error| failed(folder, &error))?)?;
        let (tables, mut found) = (schema::tables(sql), Unverified::default());
        for run_id in lake.runs().rev() {
            let keys = match lake.manifest(run_id).await {
                Ok(manifest) => {
                    let files = manifest.files.iter().filter(|file| tables.contains(file.table.as_str()));
                    if stage.has_census
                        && let Some(why) = lost::among(&stage.root, files)
                    {
                        stage.left_out.push((run_id.clone(), why));
                        continue;
                    }
                    stage.has_census |= manifest.kind == RunKind::Census;
                    let files = manifest.files.iter().filter(|file| tables.contains(file.table.as_str()));
                    let checked = files.map(|file| found.checked(lake, &stage.root, file));
                    checked.collect::<Result<Vec<_>, _>>()?
                }
                Err(error) if error.is_lost_night() => {
                    found.without_manifest.push(run_id.to_string());
                    by_name(lake, run_id, &tables).await?
                }
                Err(error) => return Err(error.into()),
            };
            for key in keys {
                stage.link(&key)?;
            }
            if tables.contains(table::runs::TABLE.name) {
                stage.link(&commit_key(run_id))?;
            }
        }
        stage.unverified = Some(found);
        Ok(stage)
    }

    fn empty(root: PathBuf) -> Result<Self, CliError> {
        let links = Links::new().map_err(|error| failed(&root, &error))?;
        // DuckDB takes every `name=value` folder of a path for a column, in the place of the file's own.
        if links.path().to_str().is_none_or(|path| path.contains(['=', '\\'])) {
            let path = links.path().display();
            return Err(CliError::usage(format!("duckdb would take the path {path} for something else"))
                .hint("set TMPDIR to a folder without `=` and `\\` in its path, such as /tmp"));
        }
        let tables = BTreeSet::new();
        Ok(Self { folder: links, root, tables, has_census: false, unverified: None, left_out: Vec::new() })
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

    /// Says which nights are left out, what was not compared with its hash, and what can be seen of it all the same.
    pub fn say(&self) {
        if let Some((_, why)) = self.left_out.first() {
            let runs: Vec<String> = self.left_out.iter().map(|(run_id, _)| run_id.to_string()).collect();
            print::say(format!("note: left out because they cannot be read: {} ({why})", in_short(&runs)));
        }
        let Some(found) = &self.unverified else { return };
        print::say("note: with --no-verify the lake's files are not compared with the hashes of their runs");
        if !found.changed.is_empty() {
            print::say(format!("note: different from what was committed: {}", in_short(&found.changed)));
        }
        if !found.without_manifest.is_empty() {
            let runs = in_short(&found.without_manifest);
            print::say(format!(
                "note: without a manifest it is not known whether all files are there: {runs}"
            ));
        }
    }

    fn link(&mut self, key: &str) -> Result<(), CliError> {
        let link = self.folder.path().join(key);
        let made = link.parent().map_or(Ok(()), fs::create_dir_all);
        // Of a file of the lake alone: duckdb would wait for what is none, and show what lies elsewhere.
        let file = regular::file(&self.root, key)
            .map_err(|error| LakeError::damaged(&self.root.display().to_string(), key, Reason::of(error)))?;
        made.and_then(|()| symlink(file, link)).map_err(|error| failed(&self.root, &error))?;
        self.tables.extend(key.split_once('/').map(|(table, _)| table.to_owned()));
        Ok(())
    }
}

impl Wanted {
    fn by(sql: &str, is_shipped: bool) -> Self {
        Self { all: schema::tables(sql), of_all_runs: schema::tables_of_all_runs(sql, is_shipped) }
    }
}

impl Unverified {
    /// The length alone can be seen without reading the file.
    fn checked(&mut self, lake: &Lake, root: &Path, file: &FileEntry) -> Result<String, CliError> {
        match regular::file(root, &file.key).and_then(fs::metadata) {
            Ok(found) if found.len() == file.bytes => {}
            Ok(_) => self.changed.push(file.key.clone()),
            Err(error) => {
                let reason = match error.kind() {
                    io::ErrorKind::NotFound => Reason::worded("it is not there", error),
                    _ => Reason::of(error),
                };
                return Err(LakeError::damaged(lake.uri(), &file.key, reason).into());
            }
        }
        Ok(file.key.clone())
    }
}

fn failed(lake: &Path, error: &io::Error) -> CliError {
    CliError::internal(format!("failed to make a folder of links to {}: {error}", lake.display()))
        .hint("TMPDIR says where; it needs a few kilobytes")
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
