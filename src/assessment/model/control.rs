//! One row of the control map: which check instance is evidence for which control, and who says so.
//!
//! The rows themselves are data, in [`crate::control`]; the type is here because the table shows it and
//! the checks share the text of their parameters with it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::Condition;
use super::reading::words;

/// A check instance as evidence for a control. It never says that the control is met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the lake's column names: an id alone could be the check's")]
pub struct Control {
    /// The check, such as `kms_rotation_period`.
    pub check_id: String,
    /// The parameters that make an instance of it, such as `max_days = 90`; empty where it has none.
    #[serde(default)]
    pub parameters: BTreeMap<String, i64>,
    /// The framework, such as `PCI DSS`.
    pub framework: String,
    /// Its version, such as `4.0.1`.
    pub framework_version: String,
    /// The control, as the framework numbers it.
    pub control_id: String,
    /// The control's title, or a short paraphrase where the text is not free.
    pub control_title: String,
    /// How far the check goes.
    pub relation: Relation,
    /// Document and section that the row rests on.
    pub source: String,
    /// Which verdicts are evidence; none: every one of the instance.
    #[serde(default)]
    pub condition: Option<Condition>,
    /// Where sources differ, or what a pass does not show.
    #[serde(default)]
    pub note: Option<String>,
}

words! {
    /// How far a check's verdict goes as evidence for a control.
    Relation {
        /// It answers what the control asks, for the resource that it judges.
        Direct = "direct",
        /// It answers a part of what the control asks.
        Partial = "partial",
        /// It is used with other evidence, and answers no part alone.
        Supporting = "supporting",
    }
}

/// The parameters of a check instance as the lake writes them: canonical JSON, none where there are none.
pub fn params_json(parameters: &BTreeMap<String, i64>) -> Option<String> {
    if parameters.is_empty() {
        return None;
    }
    let mut text = String::new();
    for (name, value) in parameters {
        // Names are ours, lower snake case, and need no escape. Writing to a String cannot fail.
        let _ = write!(text, "{}\"{name}\":{value}", if text.is_empty() { '{' } else { ',' });
    }
    text.push('}');
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_sorted_and_without_spaces() {
        let text = |pairs: &[(&str, i64)]| {
            params_json(&pairs.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect())
        };
        assert_eq!(text(&[]), None);
        assert_eq!(text(&[("max_days", 90)]).as_deref(), Some(r#"{"max_days":90}"#));
        assert_eq!(text(&[("b", -1), ("a", 2)]).as_deref(), Some(r#"{"a":2,"b":-1}"#));
    }
}
