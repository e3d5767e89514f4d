//! The controls of a page: for each framework, what its controls' evidence came to.

use std::collections::BTreeMap;

use super::super::ReportError;
use super::super::rows::ControlRow;
use super::findings::{Findings, Instance, Verdicts};
use super::text;

/// A framework's name and version.
pub type Framework = (String, String);

/// A control and its evidence.
#[derive(Debug, Default)]
pub struct Control {
    /// The framework's own words.
    pub title: String,
    /// The check instances, with how far each goes.
    pub evidence: Vec<(Instance, String)>,
    /// Their findings, together.
    pub verdicts: Verdicts,
}

/// The controls.
#[derive(Debug, Default)]
pub struct Controls {
    /// By framework, then by the control's id.
    pub frameworks: BTreeMap<Framework, BTreeMap<String, Control>>,
}

impl Controls {
    /// Adds a check instance to a control.
    pub fn add(&mut self, row: &ControlRow<'_>, findings: &Findings) -> Result<(), ReportError> {
        let framework = (text(row.framework), text(row.framework_version));
        let control = self.frameworks.entry(framework).or_default().entry(text(row.control_id)).or_default();
        control.title = text(row.control_title);
        let instance = Instance::of(row.check_id, row.check_params);
        for (verdict, count) in findings.by_instance.get(&instance).into_iter().flatten() {
            *control.verdicts.entry(*verdict).or_default() += count;
        }
        control.evidence.push((instance, text(row.relation)));
        Ok(())
    }
}
