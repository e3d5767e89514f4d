//! What the shell says when something goes wrong: one sentence, a hint, an exit code.
//!
//! An error of any room is a whole sentence: what failed, where, why, and what to do. So the shell prints the error
//! alone, and never the errors under it; they stay its sources, for code that asks which kind of trouble it is.

use std::fmt;

use super::exit::Exit;
use crate::advice::{RENEW, Said, cause};
use crate::aws::class_advice::by_class;
use crate::lake::{LakeError, PublishError, StoreError};
use crate::log::LogError;
use crate::model::Fault;
use crate::operation::{ASSUME_ROLE, GET_CALLER_IDENTITY, LIST_ACCOUNTS};
use crate::publish::FinalizeError;
use crate::scan::ScanError;

/// An error as a person sees it.
#[derive(Debug)]
pub struct CliError {
    /// How the program ends.
    pub exit: Exit,
    /// What went wrong.
    pub message: String,
    /// What to do, where that is known.
    pub hint: Option<String>,
}

impl CliError {
    /// Something that the caller can fix.
    pub fn usage(message: impl fmt::Display) -> Self {
        Self { exit: Exit::Usage, message: message.to_string(), hint: None }
    }

    /// A fault of ours, or of the machine.
    pub fn internal(message: impl fmt::Display) -> Self {
        Self { exit: Exit::Internal, message: message.to_string(), hint: None }
    }

    /// The organization cannot be read.
    pub fn organization(message: impl fmt::Display) -> Self {
        Self { exit: Exit::Organization, message: message.to_string(), hint: None }
    }

    /// The same with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// What to do about a fault: by AWS's message where that tells the cause, by its class where it is no refusal, else the
/// usual advice.
pub fn advice_or(operation: &str, fault: &Fault, usual: &str) -> String {
    match cause(Said::of(operation, fault)) {
        Some(cause) => cause.advice(operation),
        None => by_class(operation, fault).unwrap_or(usual).to_owned(),
    }
}

/// A hint in lines of 80 columns. What stands in lines of its own in it is a command to paste, and is not broken.
fn hint_lines(hint: &str) -> Vec<String> {
    let mut lines = hint.lines();
    let words = super::print::wrapped(lines.next().unwrap_or_default(), "  hint: ");
    std::iter::once(words).chain(lines.map(|command| format!("    {command}"))).collect()
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\n{}", hint_lines(hint).join("\n")),
            None => Ok(()),
        }
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        if error.by_user { Self::usage(error) } else { Self::internal(error) }
    }
}

impl From<LakeError> for CliError {
    fn from(error: LakeError) -> Self {
        if error.by_user() { Self::usage(error) } else { Self::internal(error) }
    }
}

impl From<LogError> for CliError {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Newer { .. } | LogError::Foreign { .. } => Self::usage(error),
            LogError::NotSealed { .. } => Self::internal(error),
        }
    }
}

impl From<FinalizeError> for CliError {
    fn from(error: FinalizeError) -> Self {
        match error {
            FinalizeError::NoAccountList(_)
            | FinalizeError::Standard(_)
            | FinalizeError::Changed(_)
            | FinalizeError::CommittedByAnother(_)
            | FinalizeError::BegunOtherwise { .. } => Self::usage(error),
            // What to do names the lake: the commands add it.
            FinalizeError::Lost { .. } => Self::organization(error),
            FinalizeError::Log(error) => error.into(),
            FinalizeError::Lake(error) => error.into(),
            FinalizeError::Store(error) | FinalizeError::Publish(PublishError::Store(error)) => error.into(),
            FinalizeError::Publish(PublishError::Interrupted(_)) => {
                Self { exit: Exit::Interrupted, message: error.to_string(), hint: None }
            }
            FinalizeError::Text { .. }
            | FinalizeError::Twice { .. }
            | FinalizeError::Encode(_)
            | FinalizeError::Publish(_) => Self::internal(error),
        }
    }
}

impl From<ScanError> for CliError {
    fn from(error: ScanError) -> Self {
        match error {
            ScanError::Interrupted { .. } => {
                Self { exit: Exit::Interrupted, message: error.to_string(), hint: None }
            }
            ScanError::Organization { ref fault } => {
                let hint = advice_or(
                    LIST_ACCOUNTS.id,
                    fault,
                    "run as the management account or a delegated administrator with the permissions of \
                     `atrest iam --role scan`, or name accounts with --account",
                );
                Self::organization(error).hint(hint)
            }
            ScanError::EveryRoleRefused { ref fault, .. } => {
                let hint = advice_or(
                    ASSUME_ROLE.id,
                    fault,
                    "check --role-name and --external-id, that the role is deployed, and that it trusts this caller; \
                     `atrest doctor` tries one account",
                );
                Self::organization(error).hint(hint)
            }
            ScanError::CallerLost { ref run_id, ref fault, .. } => {
                let first = advice_or(GET_CALLER_IDENTITY.id, fault, RENEW);
                Self::organization(&error).hint(format!("{first}; then continue with --run {run_id}"))
            }
            ScanError::Filter(_) | ScanError::OtherSettings { .. } => Self::usage(error),
            ScanError::Lake(error) => error.into(),
            ScanError::Store(error) => error.into(),
            ScanError::Log(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::io;
    use std::sync::Arc;

    use crate::aws::causes::{chain, telling};
    use crate::lake::{FolderStore, Lake, MemoryStore, Store};
    use crate::log::Segment;

    /// The error keeps one of type `E` under it, and its sentence has all that the chain has to say to people.
    #[track_caller]
    fn keeps<E: Error + 'static>(error: &(dyn Error + 'static), words: &str) {
        assert!(chain(error).skip(1).any(|link| link.is::<E>()), "{error:?}");
        let said = error.to_string();
        assert_eq!(said.matches(words).count(), 1, "{said}");
    }

    #[tokio::test]
    async fn an_error_keeps_its_cause_and_says_it_once() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("runs")).unwrap();
        let store = FolderStore::open(folder.path(), false).unwrap();
        let error = store.get("runs").await.unwrap_err();
        keeps::<io::Error>(&error, "it is a folder, not a file");
        assert_eq!(telling(&error, |_| false), [error.to_string()]);

        let store = Arc::new(MemoryStore::new());
        let run_id: crate::model::RunId = "20261121T030000Z-00000001".parse().unwrap();
        store.put_new(&crate::lake::manifest_key(&run_id), b"{}").await.unwrap();
        let lake = Lake::open(store).await.unwrap();
        let error = lake.manifest(&run_id).await.unwrap_err();
        keeps::<serde_json::Error>(&error, "it has no field `schema_version`");

        let error = Segment::open("observations/x", b"no frame".to_vec()).unwrap_err();
        keeps::<io::Error>(&error, "the log observations/x is not sealed: ");
    }
}
