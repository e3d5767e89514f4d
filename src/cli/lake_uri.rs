//! `--lake`: a folder, or `s3://bucket/prefix`.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use super::args::{LakeArgs, LakeS3Args};
use super::error::CliError;
use super::work::Work;
use super::{edge, print};
use crate::aws::call::Door;
use crate::aws::environment::{Caller, Environment, Tuning};
use crate::aws::s3_lake::settings::{is_aws, unusable};
use crate::aws::s3_lake::{LakeSettings, S3Store, Sse};
use crate::lake::{FolderStore, Lake, Store};

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
}

/// Reads what a lake holds, and tells of runs that are passed over.
pub async fn opened(store: Arc<dyn Store>, work: &Work) -> Result<Lake, CliError> {
    work.does(format!("reading what the lake {} holds", store.uri()));
    let lake = Lake::open(store).await?;
    for note in lake.notes() {
        print::say(format!("note: {note}"));
    }
    Ok(lake)
}

/// Reads what a lake holds for a command that reads a committed run. Runs that are passed over are reported once that run
/// is found (see [`tell_passed_over`]): the error of a run that cannot be read says the same.
pub async fn read(store: Arc<dyn Store>, work: &Work) -> Result<Lake, CliError> {
    work.does(format!("reading what the lake {} holds", store.uri()));
    Ok(Lake::open(store).await?)
}

/// Tells a reader of runs that are passed over.
pub fn tell_passed_over(lake: &Lake) {
    for note in lake.passed_over() {
        print::say(format!("note: {note}"));
    }
}

impl LakeArgs {
    /// Opens a lake in a folder, which costs nothing and needs no AWS; `None` for a lake on S3.
    pub fn open_folder(&self, create: bool) -> Result<Option<Arc<dyn Store>>, CliError> {
        self.s3.fit(&self.uri)?;
        self.uri.open_folder(create).transpose()
    }

    /// Opens the lake, wherever it is, for a command that needs AWS for a lake on S3 alone.
    pub async fn open(&self, tuning: Tuning, work: &Work) -> Result<Arc<dyn Store>, CliError> {
        match self.open_folder(false)? {
            Some(store) => Ok(store),
            None => self.s3.open(&self.uri, &edge::load(tuning, work).await?, None, work).await,
        }
    }
}

impl LakeS3Args {
    /// Refuses what cannot be meant.
    pub fn fit(&self, lake: &LakeUri) -> Result<(), CliError> {
        let given = [
            ("--lake-endpoint", self.endpoint.is_some()),
            ("--lake-owner", self.owner.is_some()),
            ("--lake-sse", self.sse.is_some()),
            ("--lake-kms-key", self.kms_key.is_some()),
        ];
        let named = given.iter().find(|(_, is_given)| *is_given).map(|(flag, _)| *flag);
        match named {
            Some(flag) if lake.s3().is_none() => {
                Err(CliError::usage(format!("{flag} is for a lake on S3, and {} is a folder", lake.as_str()))
                    .hint("give --lake s3://bucket/prefix, or leave out the flag and its ATREST_… variable"))
            }
            _ if self.kms_key.is_some() && self.sse.map(Sse::from) == Some(Sse::S3) => {
                Err(CliError::usage("--lake-kms-key names a KMS key, and --lake-sse AES256 uses none")
                    .hint("give --lake-sse aws:kms, or leave --lake-sse out"))
            }
            _ => Ok(()),
        }
    }

    /// Opens a lake on S3. Who calls is asked, unless it is known or does not matter.
    pub async fn open(
        &self,
        lake: &LakeUri,
        environment: &Environment,
        caller: Option<&Caller>,
        work: &Work,
    ) -> Result<Arc<dyn Store>, CliError> {
        self.fit(lake)?;
        let Some((bucket, prefix)) = lake.s3() else {
            let opened = lake.open_folder(true);
            return opened.unwrap_or_else(|| Err(CliError::internal(lake.as_str())));
        };
        let settings = self.settings(environment, caller, work).await?;
        // A door of its own: a census counts the calls that it reads by, and not its storage.
        let door = Arc::new(Door::caller(Arc::clone(&environment.shared)));
        let (factory, home) = (environment.factory.clone(), environment.home.clone());
        Ok(Arc::new(S3Store::new(bucket, prefix, settings, factory, door, home)))
    }

    /// The owner decides something only where the lake's server knows the accounts that STS names. Any other server
    /// has owners of its own: it is sent none, and STS is not asked.
    async fn settings(
        &self,
        environment: &Environment,
        caller: Option<&Caller>,
        work: &Work,
    ) -> Result<LakeSettings, CliError> {
        let endpoint = self.endpoint.clone();
        let server = endpoint.clone().or_else(|| environment.factory.server("S3"));
        let knows_accounts = knows_accounts(server.as_deref(), environment.factory.server("STS").as_deref());
        let owner = match (self.owner, caller) {
            (Some(owner), _) => Some(owner),
            (None, _) if !knows_accounts => None,
            (None, Some(caller)) => Some(caller.account_id),
            (None, None) => match environment.account_of_credentials().await {
                Some(account_id) => Some(account_id),
                None => Some(edge::caller(environment, work).await.map_err(or_named)?.account_id),
            },
        };
        Ok(LakeSettings { endpoint, owner, sse: self.sse.map(Sse::from), kms_key: self.kms_key.clone() })
    }
}

/// Whether the lake's server is AWS, or is the very server that stands in for STS.
fn knows_accounts(lake: Option<&str>, sts: Option<&str>) -> bool {
    let plain = |url: &str| url.trim_end_matches('/').to_owned();
    lake.is_none_or(|lake| is_aws(lake) || sts.is_some_and(|sts| plain(sts) == plain(lake)))
}

/// Who cannot ask STS may say what it would have told.
fn or_named(error: CliError) -> CliError {
    let hint = "if you give --lake-owner (the account of the lake's bucket), STS is not asked";
    let hint = error.hint.as_ref().map_or_else(|| hint.to_owned(), |known| format!("{known}; {hint}"));
    error.hint(hint)
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
                if let Some(why) = unusable(bucket) {
                    return Err(why.to_owned());
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
    fn an_owner_is_demanded_where_the_server_knows_the_accounts_of_sts() {
        let (aws, minio) = ("https://s3.eu-west-1.amazonaws.com", "http://minio:9000");
        for (lake, sts, knows) in [
            (None, None, true),
            (None, Some("http://127.0.0.1:4566"), true),
            (Some(aws), None, true),
            (Some(minio), None, false),
            (Some(minio), Some("http://127.0.0.1:4566"), false),
            (Some("http://127.0.0.1:4566/"), Some("http://127.0.0.1:4566"), true),
        ] {
            assert_eq!(knows_accounts(lake, sts), knows, "{lake:?} {sts:?}");
        }
    }

    #[test]
    fn a_lake_is_a_folder_or_a_bucket() {
        let lake: LakeUri = "s3://b/p/q/".parse().unwrap();
        assert_eq!((lake.as_str(), lake.s3()), ("s3://b/p/q", Some(("b", "p/q"))));
        let lake: LakeUri = "./lake/".parse().unwrap();
        assert_eq!((lake.as_str(), lake.s3()), ("./lake", None));
        let access_point = "s3://arn:aws:s3:eu-west-1:111122223333:accesspoint/census/prod";
        for wrong in ["", "s3://", "s3:///p", "gs://b", "https://b.s3.amazonaws.com/", access_point] {
            assert!(wrong.parse::<LakeUri>().is_err(), "{wrong}");
        }
    }
}
