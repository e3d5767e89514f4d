//! The control map: check instances as evidence for controls of CIS, NIST, PCI DSS and others.
//!
//! The map is data, in `controls.toml` beside this file: an auditor can read and dispute a row without
//! reading Rust, and a run's manifest carries the hash of the exact text. It is compiled in, so that a
//! binary and its map cannot be told apart. The tests hold what no row may say.

use serde::{Deserialize, Serialize};

use crate::model::Control;

/// The map of one version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlMap {
    /// The version of the map: the day of its last change.
    pub version: String,
    /// The rows, sorted by framework, version, control, check and parameters.
    pub controls: Vec<Control>,
}

/// The map that this binary was built with.
pub fn built_in() -> ControlMap {
    toml::from_str(built_in_text()).expect("the embedded map is parsed by this module's tests")
}

/// The text of the map, for its hash.
pub fn built_in_text() -> &'static str {
    include_str!("controls.toml")
}

#[cfg(test)]
mod tests;
