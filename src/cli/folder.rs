//! `-o` of a report that is a folder of pages: there whole or not at all.
//!
//! It is written beside its place and renamed at the end. A folder of the same report is replaced, for that is
//! what a job of every night wants; any other that holds something is refused.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::error::CliError;
use super::output::UNFINISHED;
use crate::report::{Files, INDEX, ReportError, Split};

/// Bytes of an index in which its mark stands, with room to spare.
const HEAD: usize = 8_192;

/// A folder that is being written.
#[derive(Debug)]
pub struct Folder {
    temporary: TempDir,
    place: PathBuf,
    split: Split,
    files: usize,
}

impl Folder {
    /// Opens a folder, before any work is done for it.
    pub fn open(place: &Path, split: Split) -> Result<Self, CliError> {
        if place == Path::new("-") {
            return Err(CliError::usage("--split-by writes many files, and stdout is one")
                .hint("name a folder with -o"));
        }
        let failed =
            |error: io::Error| CliError::usage(format!("failed to write {}: {error}", place.display()));
        // A link stays a link: what it leads to is replaced.
        let place = match fs::metadata(place) {
            Ok(found) if !found.is_dir() => {
                return Err(CliError::usage(format!(
                    "failed to write {}: it is not a folder",
                    place.display()
                )));
            }
            Ok(_) => fs::canonicalize(place).map_err(failed)?,
            Err(_) => place.to_owned(),
        };
        replaceable(&place, split)?;
        let parent = place.parent().filter(|it| *it != Path::new("")).unwrap_or(Path::new("."));
        if !parent.is_dir() {
            let message =
                format!("failed to write {}: there is no folder {}", place.display(), parent.display());
            return Err(CliError::usage(message).hint("make it, or choose another path with -o"));
        }
        let temporary = tempfile::Builder::new().prefix(UNFINISHED).tempdir_in(parent).map_err(failed)?;
        fs::create_dir(temporary.path().join(PAGES)).map_err(failed)?;
        Ok(Self { temporary, place, split, files: 0 })
    }

    /// Where it is until it is in its place.
    pub fn unfinished(&self) -> &Path {
        self.temporary.path()
    }

    /// Ends it: from here on it is there. Gives the count of its files.
    pub fn finish(self) -> Result<usize, CliError> {
        let shown = self.place.display();
        let failed = |error: io::Error| CliError::usage(format!("failed to write {shown}: {error}"));
        // Once more: what came while the pages were made is not ours to take away.
        replaceable(&self.place, self.split)?;
        let old = self.temporary.path().join("old");
        if self.place.exists() {
            fs::rename(&self.place, &old).map_err(failed)?;
        }
        let pages = self.temporary.path().join(PAGES);
        if let Err(error) = fs::rename(&pages, &self.place) {
            // The old one comes back: a report that was there is not lost for one that could not be put there.
            let _ = fs::rename(&old, &self.place);
            return Err(failed(error));
        }
        Ok(self.files)
    }
}

/// The pages, in the temporary folder: a folder of its own has the permissions of any that is made here.
const PAGES: &str = "pages";

impl Files for Folder {
    fn file(
        &mut self,
        name: &str,
        write: &mut dyn FnMut(&mut dyn Write) -> Result<(), ReportError>,
    ) -> Result<(), ReportError> {
        let mut file = BufWriter::new(File::create_new(self.temporary.path().join(PAGES).join(name))?);
        write(&mut file)?;
        file.into_inner().map_err(|error| ReportError::Write(error.into_error()))?.sync_all()?;
        self.files += 1;
        Ok(())
    }
}

/// Refuses a folder that holds anything but nothing or such a report.
fn replaceable(place: &Path, split: Split) -> Result<(), CliError> {
    let entries = match fs::read_dir(place) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(CliError::usage(format!("failed to read {}: {error}", place.display()))),
    };
    let names: Result<Vec<String>, io::Error> =
        entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect();
    let names =
        names.map_err(|error| CliError::usage(format!("failed to read {}: {error}", place.display())))?;
    if names.is_empty()
        || (names.iter().all(|name| is_page(name, split)) && is_index(&place.join(INDEX), split))
    {
        return Ok(());
    }
    Err(CliError::usage(format!(
        "{} holds more than a report by {}, and is not changed",
        place.display(),
        split.spoken()
    ))
    .hint("give another folder with -o"))
}

/// The index, and the page of an account or of a unit.
fn is_page(name: &str, split: Split) -> bool {
    let is_account = |id: &str| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit());
    // https://docs.aws.amazon.com/organizations/latest/APIReference/API_OrganizationalUnit.html
    let is_unit = |id: &str| {
        let is_id = |rest: &str| {
            rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        id.strip_prefix("ou-").or_else(|| id.strip_prefix("r-")).is_some_and(is_id)
            || id == "units_not_reported"
    };
    let is_part = |id: &str| match split {
        Split::Account => is_account(id),
        Split::Unit => is_unit(id),
    };
    name == INDEX || name.strip_suffix(".html").is_some_and(is_part)
}

fn is_index(path: &Path, split: Split) -> bool {
    let read = || -> io::Result<Vec<u8>> {
        let mut head = Vec::new();
        io::Read::read_to_end(&mut io::Read::take(File::open(path)?, HEAD as u64), &mut head)?;
        Ok(head)
    };
    read().is_ok_and(|head| String::from_utf8_lossy(&head).contains(split.mark()))
}
