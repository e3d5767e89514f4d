//! The demo's folder: emptied where it holds a demo and nothing else, refused where it holds more.
//!
//! The standard and the exceptions of the demo's organization lie in it, to be read and edited. What a
//! user has edited is the user's (`more`): the marker holds the hash of each as it was written, and the runs.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use tempfile::TempDir;

use super::more;
use crate::cli::error::CliError;
use crate::cli::output::{UNFINISHED, new_file};
use crate::cli::print;
use crate::cli::rules::Rules;
use crate::model::RunId;
use crate::standard;

/// The file that says that a folder holds a demo and nothing else.
pub(super) const MARKER: &str = ".atrest-demo";
/// The lake.
pub(super) const LAKE: &str = "lake";
/// The page, beside the lake.
pub const PAGE: &str = "report.html";
/// What the organization asks for, and what it accepts for a time.
pub(super) const STANDARD: (&str, &str) = ("standard.toml", include_str!("standard.toml"));
pub(super) const EXCEPTIONS: (&str, &str) = ("exceptions.toml", include_str!("exceptions.toml"));

/// Makes a folder with the organization's rules; gives the place of the lake. `runs` are those that the demo will scan.
///
/// An older demo is set aside within the folder, and removed once the new one has begun: the folder stays where it is,
/// for it may be the one that the command runs in, and what cannot be replaced is put back.
pub fn prepare(out: &Path, runs: &[RunId]) -> Result<(PathBuf, Rules), CliError> {
    let rules = rules()?;
    let shown = out.display();
    let failed = |what: &str, error: io::Error| failed(out, what, &error);
    if out.is_symlink() && !out.exists() {
        return Err(CliError::usage(format!("{shown} is a link to a folder that is not there"))
            .hint("make the folder that it links to, or give another folder with --out"));
    }
    if out.exists() && !out.is_dir() {
        return Err(CliError::usage(format!("{shown} is not a folder")).hint("give a folder with --out"));
    }
    // Before it is looked at: `missing/..` is a folder once `missing` is there, and may be a full one.
    fs::create_dir_all(out).map_err(|error| failed("write to", error))?;
    if is_empty(out).map_err(|error| failed("read", error))? {
        write(out, runs).map_err(|error| failed("write to", error))?;
        return Ok((out.join(LAKE), rules));
    }
    let left_alone = |why: String| {
        CliError::usage(format!("{shown} holds more than a demo, and is not changed: {why}"))
            .hint("give another folder with --out")
    };
    if let Some(more) = more::than_a_demo(out).map_err(|error| failed("read", error))? {
        return Err(left_alone(more));
    }
    if runs_within(out).map_err(|error| failed("read", error))? {
        return Err(CliError::usage(format!(
            "{shown} cannot be replaced, because this command runs in a folder inside it"
        ))
        .hint("run the command in another folder, or give another folder with --out"));
    }
    // A path may lead through what is moved: `d/lake/..`.
    let place = fs::canonicalize(out).map_err(|error| failed("read", error))?;
    let aside = set_aside(&place).map_err(|error| failed("replace", error))?;
    if let Err(error) = write(&place, runs) {
        aside.put_back(&place);
        return Err(failed("write to", error));
    }
    let older = aside.folder.path().to_owned();
    if let Err(error) = aside.folder.close() {
        print::say(format!("note: the older demo is left in {}: {error}", older.display()));
    }
    Ok((out.join(LAKE), rules))
}

/// What the system said of the folder, and what to do about it.
fn failed(out: &Path, what: &str, error: &io::Error) -> CliError {
    let hint = match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "give this user write permission there, or give another folder with --out"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "free some space, or give a folder on another disk with --out"
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            "a part of the path is a file, not a folder: give another folder with --out"
        }
        _ => "give another folder with --out",
    };
    CliError::usage(format!("failed to {what} {}: {error}", out.display())).hint(hint)
}

/// Whether the command runs in a folder that is to be removed.
fn runs_within(out: &Path) -> io::Result<bool> {
    let (out, here) = (fs::canonicalize(out)?, fs::canonicalize("."));
    Ok(here.is_ok_and(|here| here != out && here.starts_with(out)))
}

/// What was in the folder.
struct Aside {
    folder: TempDir,
    names: Vec<OsString>,
    marker: Vec<u8>,
}

/// Moves all but the marker into a folder of the same folder, or nothing: what cannot be moved, could not be removed.
/// The marker stays, so that a demo that is killed here leaves a demo's folder.
fn set_aside(out: &Path) -> io::Result<Aside> {
    let marker = fs::read(out.join(MARKER))?;
    let entries = fs::read_dir(out)?.map(|entry| entry.map(|it| it.file_name()));
    let names: Vec<OsString> = entries.collect::<io::Result<_>>()?;
    let folder = tempfile::Builder::new().prefix(UNFINISHED).tempdir_in(out)?;
    let mut aside = Aside { folder, names: Vec::new(), marker };
    for name in names.into_iter().filter(|name| name != MARKER) {
        if let Err(error) = fs::rename(out.join(&name), aside.folder.path().join(&name)) {
            aside.put_back(out);
            return Err(error);
        }
        aside.names.push(name);
    }
    Ok(aside)
}

impl Aside {
    /// In the place of what came since.
    fn put_back(self, out: &Path) {
        let _ = fs::write(out.join(MARKER), &self.marker);
        let failed = self
            .names
            .iter()
            .filter(|name| fs::rename(self.folder.path().join(name), out.join(name)).is_err())
            .count();
        if failed > 0 {
            // Never removed: it is all that is left.
            let kept = self.folder.keep();
            print::say(format!("note: the older demo is in {}", kept.display()));
        }
    }
}

/// The rules as they are written.
fn rules() -> Result<Rules, CliError> {
    let internal = |problems: Vec<standard::Problem>| {
        let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
        CliError::internal(format!("the demo's rules have mistakes: {}", texts.join("; ")))
    };
    let standard = standard::parse(STANDARD.1).map_err(internal)?;
    let exceptions = standard::parse_exceptions(EXCEPTIONS.1, &standard).map_err(internal)?;
    Ok(Rules { standard, exceptions })
}

/// The marker comes first: a folder that a killed demo leaves is a demo's.
fn write(out: &Path, runs: &[RunId]) -> io::Result<()> {
    let mut marker = "made by `atrest demo`, which replaces this folder\n".to_owned();
    for (name, text) in [STANDARD, EXCEPTIONS] {
        let _ = writeln!(marker, "{}", more::marked(name, text.as_bytes()));
    }
    for run_id in runs {
        let _ = writeln!(marker, "{}", more::marked_run(run_id));
    }
    fs::write(out.join(MARKER), marker)?;
    for (name, text) in [STANDARD, EXCEPTIONS] {
        // Whole or not at all: a file that a killed demo leaves torn would be taken for one that was edited.
        let mut file =
            tempfile::Builder::new().prefix(UNFINISHED).permissions(new_file()).tempfile_in(out)?;
        file.write_all(text.as_bytes())?;
        file.persist(out.join(name))?;
    }
    Ok(())
}

fn is_empty(folder: &Path) -> io::Result<bool> {
    Ok(fs::read_dir(folder)?.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demos_rules_have_no_mistake() {
        let rules = rules().unwrap();
        assert!(!rules.exceptions.records.is_empty());
    }
}
