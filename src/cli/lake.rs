//! `--lake`: a folder, or `s3://bucket/prefix`.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use super::error::CliError;
use crate::aws::call::Door;
use crate::aws::environment::Environment;
use crate::aws::lake::S3Store;
use crate::sink::{FolderStore, Store};

/// Where a lake is, as the caller wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LakeUri {
    text: String,
    place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Folder(PathBuf),
    S3 { bucket: String, prefix: String },
}

impl LakeUri {
    /// The URI without a trailing slash: what the id of `--run INSTANT` is made from.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The bucket and prefix of a lake on S3.
    pub fn s3(&self) -> Option<(&str, &str)> {
        match &self.place {
            Place::S3 { bucket, prefix } => Some((bucket, prefix)),
            Place::Folder(_) => None,
        }
    }

    /// The folder; `None` for a lake on S3.
    pub fn folder(&self) -> Option<&Path> {
        match &self.place {
            Place::Folder(path) => Some(path),
            Place::S3 { .. } => None,
        }
    }

    /// Opens a folder; `None` for a lake on S3.
    pub fn open_folder(&self, create: bool) -> Option<Result<Arc<dyn Store>, CliError>> {
        let path = self.folder()?;
        let opened = FolderStore::open(path, create);
        Some(opened.map(|store| Arc::new(store) as Arc<dyn Store>).map_err(CliError::from))
    }

    /// Opens the lake, wherever it is.
    pub fn open(&self, create: bool, environment: &Environment) -> Result<Arc<dyn Store>, CliError> {
        match (&self.place, self.open_folder(create)) {
            (Place::S3 { bucket, prefix }, _) => {
                // A door of its own: a census counts the calls that it reads by, and not its storage.
                let door = Arc::new(Door::caller(Arc::clone(&environment.shared)));
                let (factory, home) = (environment.factory.clone(), environment.home.clone());
                Ok(Arc::new(S3Store::new(bucket, prefix, factory, door, home)))
            }
            (Place::Folder(_), Some(opened)) => opened,
            (Place::Folder(path), None) => Err(CliError::internal(path.display())),
        }
    }
}

impl FromStr for LakeUri {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let trimmed = match text.trim_end_matches('/') {
            "" if text.starts_with('/') => "/",
            trimmed => trimmed,
        };
        let place = match text.split_once("://") {
            Some(("s3", rest)) => {
                let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
                if bucket.is_empty() {
                    return Err("it names no bucket: write s3://bucket/prefix".to_owned());
                }
                Place::S3 { bucket: bucket.to_owned(), prefix: prefix.trim_matches('/').to_owned() }
            }
            Some((scheme, _)) => {
                return Err(format!("`{scheme}://` is not supported: give a folder or s3://bucket/prefix"));
            }
            None if text.is_empty() => {
                return Err("it is empty: give a folder or s3://bucket/prefix".to_owned());
            }
            None => Place::Folder(PathBuf::from(text)),
        };
        Ok(Self { text: trimmed.to_owned(), place })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lake_is_a_folder_or_a_bucket() {
        let lake: LakeUri = "s3://b/p/q/".parse().unwrap();
        assert_eq!((lake.as_str(), lake.s3()), ("s3://b/p/q", Some(("b", "p/q"))));
        let lake: LakeUri = "./lake/".parse().unwrap();
        assert_eq!((lake.as_str(), lake.s3()), ("./lake", None));
        for wrong in ["", "s3://", "s3:///p", "gs://b", "https://b.s3.amazonaws.com/"] {
            assert!(wrong.parse::<LakeUri>().is_err(), "{wrong}");
        }
    }
}
