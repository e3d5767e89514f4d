//! Parameters of check instances, on a check that is made for it.

use super::file::Document;
use super::parse::parameters;
use super::scope::Scoped;
use super::*;
use crate::check::{Check, Judge, Outcome, Parameter, Reason};
use crate::model::{Category, CheckEntry, Parameters, Scope};

static YOUNG: Reason = Reason::pass("young", "It is young.");

const fn parameter(name: &'static str, minimum: i64, maximum: i64) -> Parameter {
    Parameter { name, doc: "A number.", minimum, maximum, optional: false }
}

static CHECK: Check = Check {
    id: "age",
    version: 1,
    title: "",
    question: "",
    category: Category::Security,
    severity: Severity::Low,
    parameters: &[parameter("max_days", 90, 2560), parameter("grace_days", 0, 30)],
    reasons: &[&YOUNG],
    rationale: "",
    remedy: "",
    judge: Judge::Key(|_, _| Outcome::from(&YOUNG)),
};

fn read(text: &str, enabled: bool) -> (Option<Parameters>, Vec<Problem>) {
    let document = Document::parse(text).unwrap();
    let mut table = document.top("[[check]]", &[]);
    let read = parameters(&mut table, Some(&CHECK), enabled);
    table.finish();
    (read, document.end())
}

#[test]
fn every_slip_in_parameters_is_named() {
    let cases = [
        ("none", ""),
        ("too few", "parameters = { max_days = 90 }"),
        ("unknown", "parameters = { max_days = 90, grace_days = 1, max_age = 3 }"),
        ("misspelt", "parameters = { max_day = 90, grace_days = 1 }"),
        ("out of bounds", "parameters = { max_days = 89, grace_days = 31 }"),
        ("no whole numbers", "parameters = { max_days = 90.5, grace_days = \"1\" }"),
    ];
    insta::assert_snapshot!(problems(&cases, |text| read(text, true).1), @"
    ## none
    `age` needs `max_days`, `grace_days`; write parameters = { max_days = …, grace_days = … }
    ## too few
    `age` needs `grace_days`; write parameters = { max_days = …, grace_days = … }
    ## unknown
    line 1: `max_age` is not a parameter of `age`; did you mean `max_days`?
    ## misspelt
    line 1: `max_day` is not a parameter of `age`; did you mean `max_days`?
    ## out of bounds
    line 1: `grace_days` is 31; it takes 0 to 30
    line 1: `max_days` is 89; it takes 90 to 2560
    ## no whole numbers
    line 1: `grace_days` must be a whole number, but is a text
    line 1: `max_days` must be a whole number, but is a number with a fraction
    ");
    for text in ["", "parameters = {}"] {
        assert_eq!(read(text, false), (Some(Parameters::new()), vec![]), "what turns a check off needs none");
    }
    let (some, wrong) = read("parameters = { grace_days = 1 }", false);
    assert!(some.is_none() && wrong.len() == 1, "but then all or none");
}

#[test]
fn parameters_are_kept_in_canonical_json() {
    let (parameters, problems) = read("parameters = { max_days = 0x5a, grace_days = 1 }", true);
    assert_eq!(problems, []);
    let instance = Instance::new(&CHECK, &parameters.unwrap(), Severity::Low);
    assert_eq!(instance.params_json.as_deref(), Some(r#"{"grace_days":1,"max_days":90}"#));
    assert_eq!(Instance::new(&CHECK, &Parameters::new(), Severity::Low).params_json, None);
}

#[test]
fn what_two_entries_of_a_scope_may_say() {
    let entry = |days: Option<i64>, enabled| CheckEntry {
        scope: Scope::default(),
        check_id: CHECK.id,
        parameters: days.map(|days| ("max_days".to_owned(), days)).into_iter().collect(),
        severity: None,
        enabled,
    };
    let clash = |one: &CheckEntry, other: &CheckEntry| one.clash(other).is_some();
    assert!(!clash(&entry(Some(90), true), &entry(Some(180), true)), "two instances");
    assert!(!clash(&entry(Some(90), true), &entry(Some(180), false)), "one of them off");
    assert!(clash(&entry(Some(90), true), &entry(Some(90), false)), "on and off");
    assert!(clash(&entry(None, false), &entry(Some(90), true)), "one, and the whole check off");
}
