//! The controls of a page: for each framework its controls, and for each control its evidence, a check
//! instance at a time.
//!
//! A resource is judged by many checks, and a check is evidence for many controls: so nothing is added up
//! over checks, relations or controls. What a verdict is as evidence is [`Condition`]'s to say.

use std::collections::BTreeMap;

use super::super::ReportError;
use super::super::rows::{self, ControlRow, FindingRow};
use super::findings::{Instance, Verdicts};
use super::text;
use crate::model::{Condition, Evidence, Subject, Verdict};

/// A framework's name and version.
pub type Framework = (String, String);

/// A control and its evidence.
#[derive(Debug, Default)]
pub struct Control {
    /// The framework's own words.
    pub title: String,
    /// The check instances that are evidence for it.
    pub evidence: Vec<Row>,
}

impl Control {
    /// Whether the fail of some resource is evidence here.
    pub fn has_fails(&self) -> bool {
        self.evidence.iter().any(|row| row.verdicts.contains_key(&Verdict::Fail))
    }
}

/// A row of the control map, and how the resources of its check stand.
#[derive(Debug)]
pub struct Row {
    /// The check instance.
    pub instance: Instance,
    /// How far it goes.
    pub relation: String,
    /// Which verdicts are evidence; none: every one.
    pub condition: Option<Condition>,
    /// What else there is to say of it.
    pub note: Option<String>,
    /// Resources whose verdict is evidence, each once.
    pub verdicts: Verdicts,
    /// Resources whose verdict is none, for the condition does not hold.
    pub not_evidence: u64,
}

/// Verdicts by what they are about, for each check instance.
#[derive(Debug, Default)]
pub struct Judged(BTreeMap<Instance, BTreeMap<(Option<Subject>, Verdict), u64>>);

impl Judged {
    /// Counts a finding.
    pub fn add(&mut self, row: &FindingRow<'_>) -> Result<(), ReportError> {
        let about = (rows::subject(row.subject)?, rows::verdict(row.verdict)?);
        let counts = self.0.entry(Instance::of(row.check_id, row.check_params)).or_default();
        *counts.entry(about).or_default() += 1;
        Ok(())
    }
}

/// The controls.
#[derive(Debug, Default)]
pub struct Controls {
    /// By framework, then by the control's id.
    pub frameworks: BTreeMap<Framework, BTreeMap<String, Control>>,
}

impl Controls {
    /// Adds a check instance to a control.
    pub fn add(&mut self, row: &ControlRow<'_>, judged: &Judged) -> Result<(), ReportError> {
        let condition = rows::condition(row.condition)?;
        let instance = Instance::of(row.check_id, row.check_params);
        let (mut verdicts, mut not_evidence) = (Verdicts::new(), 0);
        for ((subject, verdict), count) in judged.0.get(&instance).into_iter().flatten() {
            match as_verdict(Condition::evidence(condition.as_ref(), *verdict, *subject)) {
                Some(verdict) => *verdicts.entry(verdict).or_default() += count,
                None => not_evidence += count,
            }
        }
        let framework = (text(row.framework), text(row.framework_version));
        let control = self.frameworks.entry(framework).or_default().entry(text(row.control_id)).or_default();
        control.title = text(row.control_title);
        let (relation, note) = (text(row.relation), row.note.map(str::to_owned));
        control.evidence.push(Row { instance, relation, condition, note, verdicts, not_evidence });
        Ok(())
    }
}

/// Evidence in the words of the other tables; none where it is none.
fn as_verdict(evidence: Evidence) -> Option<Verdict> {
    Some(match evidence {
        Evidence::Pass => Verdict::Pass,
        Evidence::Fail => Verdict::Fail,
        Evidence::Exempt => Verdict::Exempt,
        Evidence::Unknown => Verdict::Unknown,
        Evidence::NotApplicable => Verdict::NotApplicable,
        Evidence::None => return None,
    })
}
