//! `-o`: a file that is there whole or not at all.
//!
//! It is written beside its place, under a name that goes away with the process's interest in it, and
//! renamed at the end: who opens the path sees the old report or the new one. `-` is stdout, and what
//! is no file (a pipe, `/dev/stdout`) is written as it comes, for there is nothing to rename.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use tempfile::NamedTempFile;

use super::error::CliError;
use super::print;

/// How the name of a file begins that is not in its place yet.
pub const UNFINISHED: &str = ".atrest-";
/// Links that are followed, as Linux does (path_resolution(7)).
const LINKS: usize = 40;

/// An output that is being written.
#[derive(Debug)]
pub struct Output {
    /// As the caller wrote it.
    path: PathBuf,
    sink: Sink,
}

#[derive(Debug)]
enum Sink {
    /// Not in its place yet.
    File {
        temporary: BufWriter<NamedTempFile>,
        place: PathBuf,
    },
    Stream(BufWriter<File>),
    Stdout(BufWriter<io::Stdout>),
}

impl Output {
    /// Opens an output, before any work is done for it: a folder that is missing or cannot be written is
    /// said at once.
    pub fn open(path: &Path) -> Result<Self, CliError> {
        let sink = match fs::metadata(path) {
            _ if path == Path::new("-") => stdout()?,
            _ if path.as_os_str().as_encoded_bytes().ends_with(b"/") => return Err(is_folder(path)),
            Ok(found) if found.is_dir() => return Err(is_folder(path)),
            Ok(found) if !found.is_file() => {
                let file = OpenOptions::new().write(true).open(path);
                Sink::Stream(BufWriter::new(file.map_err(|error| refused(path, &error))?))
            }
            Ok(found) if found.permissions().readonly() => {
                return Err(CliError::usage(format!("failed to write {}: it is read-only", path.display())));
            }
            // A link stays a link: what it leads to is replaced.
            Ok(found) => {
                let place = fs::canonicalize(path).map_err(|error| refused(path, &error))?;
                beside(&place, Some(found.permissions()))?
            }
            // The same of a link to what is not there yet.
            Err(_) => beside(&end_of_links(path)?, None)?,
        };
        Ok(Self { path: path.to_owned(), sink })
    }

    /// What the caller reads of it: the path, or that it went to stdout.
    pub fn name(&self) -> String {
        match self.sink {
            Sink::Stdout(_) => "stdout".to_owned(),
            _ => self.path.display().to_string(),
        }
    }

    /// Where it is until it is in its place, where that is a file.
    pub fn unfinished(&self) -> Option<&Path> {
        match &self.sink {
            Sink::File { temporary, .. } => Some(temporary.get_ref().path()),
            Sink::Stream(_) | Sink::Stdout(_) => None,
        }
    }

    /// Ends the output: from here on it is there.
    pub fn finish(self) -> Result<(), CliError> {
        let path = self.path;
        let failed = |error: io::Error| refused(&path, &error);
        match self.sink {
            Sink::File { temporary, place } => {
                let temporary = temporary.into_inner().map_err(|error| failed(error.into_error()))?;
                temporary.as_file().sync_all().map_err(failed)?;
                temporary.persist(place).map_err(|error| failed(error.error))?;
                Ok(())
            }
            Sink::Stream(mut stream) => read_or_left(stream.flush()).map_err(failed),
            Sink::Stdout(mut stdout) => print::written(stdout.flush()),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.sink {
            Sink::File { temporary, .. } => temporary.write(bytes),
            Sink::Stream(stream) => stream.write(bytes),
            Sink::Stdout(stdout) => stdout.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.sink {
            Sink::File { temporary, .. } => temporary.flush(),
            Sink::Stream(stream) => stream.flush(),
            Sink::Stdout(stdout) => stdout.flush(),
        }
    }
}

/// Stdout, where there is one. Rust opens `/dev/null` for reading and writing where the caller closed it (`>&-`),
/// and everything would seem to be written; who wants nothing kept says `>/dev/null`, which is open for writing alone.
fn stdout() -> Result<Sink, CliError> {
    let out = io::stdout();
    let is_open_for_both = rustix::fs::fcntl_getfl(&out).is_ok_and(|it| it & OFlags::ACCMODE == OFlags::RDWR);
    let is_null = || {
        let of_null = fs::metadata("/dev/null").map(|found| found.rdev());
        rustix::fs::fstat(&out).is_ok_and(|found| of_null.is_ok_and(|null| found.st_rdev == null))
    };
    if is_open_for_both && is_null() {
        return Err(CliError::internal("failed to write to stdout: it is closed")
            .hint("name a file with -o, or send stdout to one"));
    }
    Ok(Sink::Stdout(BufWriter::new(io::stdout())))
}

/// `| head` has what it wanted.
fn read_or_left(flushed: io::Result<()>) -> io::Result<()> {
    flushed.or_else(|error| if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) })
}

/// A file beside its place. What takes the place of another has that one's permissions.
fn beside(place: &Path, permissions: Option<fs::Permissions>) -> Result<Sink, CliError> {
    if place.file_name().is_none() {
        return Err(CliError::usage(format!("failed to write {}: it names no file", place.display())));
    }
    let folder = folder_of(place);
    if !folder.is_dir() {
        let message = format!("failed to write {}: there is no folder {}", place.display(), folder.display());
        return Err(CliError::usage(message).hint("make it, or choose another path with -o"));
    }
    // A report is for others to read, as any file that is made here; what a temporary file is by default
    // is for its owner alone.
    let temporary = tempfile::Builder::new()
        .prefix(UNFINISHED)
        .permissions(new_file())
        .tempfile_in(folder)
        .map_err(|error| refused(place, &error))?;
    if let Some(permissions) = permissions {
        fs::set_permissions(temporary.path(), permissions).map_err(|error| refused(place, &error))?;
    }
    Ok(Sink::File { temporary: BufWriter::new(temporary), place: place.to_owned() })
}

/// Where a link that leads to nothing yet leads to, through other links.
fn end_of_links(path: &Path) -> Result<PathBuf, CliError> {
    let mut end = path.to_owned();
    for _ in 0..LINKS {
        match fs::read_link(&end) {
            Ok(target) => end = folder_of(&end).join(target),
            Err(_) => return Ok(end),
        }
    }
    Err(CliError::usage(format!("failed to write {}: its links form a loop", path.display())))
}

fn is_folder(path: &Path) -> CliError {
    CliError::usage(format!("failed to write {}: it is a folder", path.display()))
        .hint("name a file in it with -o")
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."))
}

/// What `open` asks for: the user's umask takes from it.
pub fn new_file() -> fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;
    fs::Permissions::from_mode(0o666)
}

/// The system's reason, without the name of the temporary file, which the user did not choose.
fn refused(path: &Path, error: &io::Error) -> CliError {
    let reason = match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code).to_string(),
        None => error.kind().to_string(),
    };
    CliError::usage(format!("failed to write {}: {reason}", path.display()))
}
