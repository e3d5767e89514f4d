//! `--standard` and `--exceptions`: two files that are read before anything else is done, so that
//! a mistake in them does not cost a night.

use std::fmt::Display;
use std::path::Path;

use super::args::RulesArgs;
use super::error::CliError;
use super::given;
use crate::lake::Changed;
use crate::model::{Exceptions, Standard};
use crate::publish::FinalizeError;
use crate::standard;

/// What a census is judged by.
#[derive(Debug, Clone)]
pub struct Rules {
    /// What is asked for.
    pub standard: Standard,
    /// What is accepted for a time.
    pub exceptions: Exceptions,
}

impl Rules {
    /// Reads the files that were named.
    pub fn read(args: &RulesArgs) -> Result<Self, CliError> {
        let standard = match &args.standard {
            None => standard::built_in(),
            Some(path) => {
                let text = read("the standard", path)?;
                standard::parse(&text).map_err(|problems| refuse("the standard", path, &problems))?
            }
        };
        let exceptions = match &args.exceptions {
            None => Exceptions::default(),
            Some(path) => {
                let text = read("the exceptions", path)?;
                let parsed = standard::parse_exceptions(&text, &standard);
                parsed.map_err(|problems| refuse("the exceptions", path, &problems))?
            }
        };
        Ok(Self { standard, exceptions })
    }
}

/// The error of a census, with the file at fault where that is the standard's or the exceptions'.
pub fn of_file(error: FinalizeError, args: &RulesArgs) -> CliError {
    let file = match &error {
        FinalizeError::Standard(_) | FinalizeError::Changed(Changed::Standard { .. }) => {
            args.standard.as_ref().map(|path| format!("the standard is in {}", path.display()))
        }
        FinalizeError::Changed(Changed::Exception { .. }) => {
            args.exceptions.as_ref().map(|path| format!("the exceptions are in {}", path.display()))
        }
        _ => None,
    };
    let refused = CliError::from(error);
    match file {
        Some(file) => refused.hint(file),
        None => refused,
    }
}

/// Reads a file whole.
pub fn read(what: &str, path: &Path) -> Result<String, CliError> {
    given::text(&format!("{what} in"), path)
}

/// Every problem of a file at once, one on each line, so that one run shows all of them.
pub fn refuse<P: Display>(what: &str, path: &Path, problems: &[P]) -> CliError {
    let shown = path.display();
    let lines: Vec<String> = problems.iter().map(|problem| format!("  {shown}: {problem}")).collect();
    CliError::usage(format!("failed to use {what}; nothing was judged\n{}", lines.join("\n")))
}
