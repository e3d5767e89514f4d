//! `controls`: which check instance is evidence for which control of which framework.

use super::{Column, Kind, Table, Value};
use crate::model::Control;
use crate::model::control::params_json;

/// The table.
pub static TABLE: Table<Control> = Table {
    name: "controls",
    doc: "A check instance as evidence for a control of a framework; it never says that the control is met.",
    columns: &[
        Column {
            name: "check_id",
            kind: Kind::String,
            doc: "The check, such as `kms_rotation_period`.",
            value: |control| (&control.check_id).into(),
        },
        Column {
            name: "check_params",
            kind: Kind::String,
            doc: "The parameters of the check instance, canonical JSON such as `{\"max_days\":90}`. NULL where it has none.",
            value: |control| params_json(&control.parameters).map_or(Value::Null, Value::printed),
        },
        Column {
            name: "framework",
            kind: Kind::String,
            doc: "The framework, such as `PCI DSS`.",
            value: |control| (&control.framework).into(),
        },
        Column {
            name: "framework_version",
            kind: Kind::String,
            doc: "The framework's version, such as `4.0.1`.",
            value: |control| (&control.framework_version).into(),
        },
        Column {
            name: "control_id",
            kind: Kind::String,
            doc: "The control as the framework numbers it, such as `3.7.4`.",
            value: |control| (&control.control_id).into(),
        },
        Column {
            name: "control_title",
            kind: Kind::String,
            doc: "The control's title, or a short paraphrase where the framework's text is not free.",
            value: |control| (&control.control_title).into(),
        },
        Column {
            name: "relation",
            kind: Kind::String,
            doc: "How far the check goes: `direct` (it answers what the control asks, for the resource that it judges), `partial` (a part of it) or `supporting` (evidence used with others).",
            value: |control| control.relation.word().into(),
        },
        Column {
            name: "source",
            kind: Kind::String,
            doc: "The document and section that the row rests on.",
            value: |control| (&control.source).into(),
        },
        Column {
            name: "condition",
            kind: Kind::String,
            doc: "What must hold for a finding of the check to be evidence here, canonical JSON over `findings.subject`, such as `{\"about\":[\"customer_managed_key\"]}`: `about` has the subjects that the control speaks of, `pass` those of which a pass is evidence, `fail` those of which a fail is. NULL where every finding of the check is.",
            value: |control| control.condition.as_ref().map_or(Value::Null, Value::printed),
        },
        Column {
            name: "note",
            kind: Kind::String,
            doc: "How far the check goes, where sources differ, and what a verdict does not show. NULL where there is nothing to add.",
            value: |control| control.note.as_ref().into(),
        },
    ],
};
