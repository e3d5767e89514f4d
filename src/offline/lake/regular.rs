//! Opening what lies in a lake's folder: a regular file below it, and nothing else.
//!
//! To open a FIFO waits for a writer, for ever; a device has no end; a link may lead to any file of the machine. A
//! link to a file of the same lake is a file, and so is one in a lake that is reached by a link.

use std::fs::{self, File, FileType, OpenOptions};
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

/// Where a path below a lake really is; an error where that is outside.
pub fn place(root: &Path, path: &Path) -> io::Result<PathBuf> {
    let place = fs::canonicalize(path)?;
    if place.starts_with(fs::canonicalize(root)?) {
        return Ok(place);
    }
    let to = place.display();
    Err(refused(format!("it is a link that leads out of the lake, to {to}: put the file itself there")))
}

/// That a folder, which may not be there yet, is to be made below the lake.
pub fn below(root: &Path, folder: &Path) -> io::Result<()> {
    let there = folder.ancestors().find(|above| above.exists()).unwrap_or(root);
    place(root, there).map(drop)
}

/// Where a regular file of a lake really is.
pub fn file(root: &Path, key: &str) -> io::Result<PathBuf> {
    let place = place(root, &root.join(key))?;
    is_regular(fs::metadata(&place)?.file_type())?;
    Ok(place)
}

/// Opens a regular file of a lake, and waits for no one.
pub fn open(root: &Path, key: &str) -> io::Result<File> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    let file =
        OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(file(root, key)?)?;
    // It may have become another one meanwhile.
    is_regular(file.metadata()?.file_type())?;
    Ok(file)
}

/// Opens a folder, and nothing else.
pub fn open_folder(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK | OFlags::DIRECTORY;
    OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
}

/// Reads a regular file of a lake. A longer one than `most` bytes is [`ErrorKind::FileTooLarge`], before it is read.
pub fn read(root: &Path, key: &str, most: u64) -> io::Result<Vec<u8>> {
    let file = open(root, key)?;
    let length = file.metadata()?.len();
    let mut bytes = Vec::new();
    if length <= most {
        bytes.try_reserve_exact(usize::try_from(length).unwrap_or(usize::MAX))?;
        // It may grow while it is read.
        file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    }
    if length > most || bytes.len() as u64 > most {
        return Err(ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

fn is_regular(kind: FileType) -> io::Result<()> {
    let what = match kind {
        kind if kind.is_file() => return Ok(()),
        kind if kind.is_dir() => "a folder",
        kind if kind.is_fifo() => "a FIFO",
        kind if kind.is_socket() => "a socket",
        _ => "a device",
    };
    Err(refused(format!("it is {what}, not a file: a lake holds only regular files")))
}

fn refused(why: String) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use rustix::fs::{CWD, Mode, mkfifoat};

    use super::*;

    #[test]
    fn what_is_no_regular_file_below_the_lake_is_told_and_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let (lake, outside) = (folder.path().join("lake"), folder.path().join("outside"));
        fs::create_dir_all(lake.join("folder")).unwrap();
        fs::write(&outside, "theirs").unwrap();
        fs::write(lake.join("file"), "ours").unwrap();
        mkfifoat(CWD, lake.join("fifo"), Mode::from_bits_truncate(0o600)).unwrap();
        let _listener = UnixListener::bind(lake.join("socket")).unwrap();
        symlink("file", lake.join("inside")).unwrap();
        symlink(&outside, lake.join("out")).unwrap();
        symlink("/dev/zero", lake.join("device")).unwrap();
        symlink("loop", lake.join("loop")).unwrap();
        symlink(&lake, folder.path().join("way")).unwrap();
        for root in [lake.clone(), folder.path().join("way")] {
            for key in ["file", "inside"] {
                assert_eq!(read(&root, key, 4).unwrap(), b"ours");
                assert_eq!(read(&root, key, 3).unwrap_err().kind(), ErrorKind::FileTooLarge);
            }
            for (key, said) in [
                ("folder", "it is a folder"),
                ("fifo", "it is a FIFO"),
                ("socket", "it is a socket"),
                ("out", "leads out of the lake"),
                ("device", "leads out of the lake"),
                ("loop", "symbolic link"),
            ] {
                let error = read(&root, key, 4).unwrap_err().to_string();
                assert!(error.contains(said), "{key}: {error}");
            }
            assert_eq!(read(&root, "none", 4).unwrap_err().kind(), ErrorKind::NotFound);
        }
    }
}
