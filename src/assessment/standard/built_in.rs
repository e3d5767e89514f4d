//! The standard of an organization that has none of its own, and what every other one stands on.

use std::sync::LazyLock;

use super::file::Problem;
use super::parse::read;
use crate::check::CHECKS;
use crate::model::{CheckEntry, Parameters, Scope, Standard};

/// The file, as people read it.
pub(super) const TEXT: &str = include_str!("built_in.toml");

/// The check that a standard has to ask for: it would have clients name an encryption that the bucket's
/// default gives them anyway.
const LEFT_OUT: &str = "s3_upload_encryption_enforced";

static BUILT_IN: LazyLock<(Standard, Vec<Problem>)> = LazyLock::new(|| {
    let (mut standard, problems) = read(TEXT, None).expect("the embedded file is TOML, as a test sees");
    let plain = CHECKS.iter().filter(|check| check.parameters.is_empty() && check.id != LEFT_OUT);
    standard.checks.extend(plain.map(|check| CheckEntry {
        scope: Scope::default(),
        check_id: check.id,
        parameters: Parameters::new(),
        severity: None,
        enabled: true,
    }));
    (standard, problems)
});

/// What is asked where an organization says nothing: every check that needs no decision.
pub fn built_in() -> Standard {
    BUILT_IN.0.clone()
}

/// Reads a standard file, over the built-in standard; or every problem that it has.
pub fn parse(text: &str) -> Result<Standard, Vec<Problem>> {
    let (standard, problems) = read(text, Some(&BUILT_IN.0))?;
    if problems.is_empty() { Ok(standard) } else { Err(problems) }
}

/// What the tests hold against the text.
#[cfg(test)]
pub(super) fn problems() -> &'static [Problem] {
    &BUILT_IN.1
}
