//! `exceptions.toml`: fails that the organization accepts for a time, held to the standard's rules.
//!
//! A record never changes under its id, for a finding of last year names it: its hash is over what it
//! says, not over how the file is laid out. What must change is a new record that supersedes it.

use std::collections::{BTreeMap, BTreeSet};

use super::file::{Document, Problem, Table, any_text, quoted, sha256, suggestion};
use super::parse::{known_check, scope_in};
use super::scope::all_instances;
use super::write;
use crate::check::{Check, Judge};
use crate::clock::{DAY_MS, Timestamp};
use crate::model::{Exception, Exceptions, Scope, Severity, Standard, Verdict};

const REQUIRED: &[&str] = &[
    "id",
    "check",
    "accepts",
    "scope",
    "max_matches",
    "reason",
    "owner",
    "requested_by",
    "approved_by",
    "approved_at",
    "ticket",
    "starts",
    "expires",
];

/// Reads an exceptions file under a standard; or every problem that it has.
pub fn parse_exceptions(text: &str, standard: &Standard) -> Result<Exceptions, Vec<Problem>> {
    let document = Document::parse(text)?;
    let rules = Rules::of(standard);
    let mut top = document.top("the file", &[]);
    let mut ids = Ids::default();
    let mut records = Vec::new();
    let tables = top.tables("exception", "[[exception]]", REQUIRED);
    if rules.approvers.is_empty() && !tables.is_empty() {
        document.problem(
            None,
            format!("no one can approve an exception: the standard `{}` names no approvers", standard.id),
            Some("write a standard with [exceptions] approvers = [\"…\"]".to_owned()),
        );
    }
    for table in tables {
        records.extend(exception(table, &rules, &mut ids));
    }
    top.finish();
    ids.refuse_circles(&document);
    let problems = document.end();
    if !problems.is_empty() {
        return Err(problems);
    }
    supersede(&mut records);
    records.sort_by(|one, other| one.id.cmp(&other.id));
    Ok(Exceptions { records, sha256: Some(sha256(text)), text: Some(text.to_owned()) })
}

/// The standard's rules, in the form in which they are asked for.
pub(super) struct Rules<'a> {
    standard: &'a Standard,
    approvers: BTreeSet<String>,
    severities: BTreeMap<&'static str, Severity>,
}

impl<'a> Rules<'a> {
    pub(super) fn of(standard: &'a Standard) -> Self {
        let mut severities = BTreeMap::new();
        for instance in all_instances(standard) {
            let held = severities.entry(instance.check.id).or_insert(instance.severity);
            *held = instance.severity.max(*held);
        }
        let approvers = standard.exceptions.approvers.iter().map(|name| same(name)).collect();
        Self { standard, approvers, severities }
    }

    /// How bad a fail of the check can be: its severest instance's severity.
    pub(super) fn severity(&self, check: &Check) -> Severity {
        self.severities.get(check.id).copied().unwrap_or(check.severity)
    }

    /// How many days an exception from the check may last.
    pub(super) fn max_days(&self, check: &Check) -> i64 {
        self.standard.exceptions.max_days.get(&self.severity(check)).copied().unwrap_or_default()
    }

    /// Whether an exception may accept a reason of the check.
    pub(super) fn may_accept(&self, reason: &crate::check::Reason) -> bool {
        reason.verdict == Verdict::Fail
            && (reason.exemptible || self.standard.exceptions.exemptible.contains(reason.code))
    }
}

/// A person's name as it is compared: blanks around it and capitals make no other person.
pub(super) fn same(name: &str) -> String {
    name.trim().to_lowercase()
}

/// The ids of a file, and which takes the place of which.
#[derive(Default)]
struct Ids {
    lines: BTreeMap<String, Option<usize>>,
    supersedes: BTreeMap<String, String>,
}

impl Ids {
    fn add(&mut self, table: &Table<'_>, id: &str, supersedes: Option<&String>) {
        if let Some(line) = self.lines.get(id) {
            let line = line.unwrap_or_default();
            table.problem(
                format!("the id {} is that of line {line}", quoted(id)),
                Some("an id is for one record: give the later record another id".to_owned()),
            );
            return;
        }
        self.lines.insert(id.to_owned(), table.line());
        self.supersedes.extend(supersedes.map(|other| (id.to_owned(), other.clone())));
    }

    /// Two exceptions cannot take each other's place, whatever stands between them.
    fn refuse_circles(&self, document: &Document<'_>) {
        for (id, line) in &self.lines {
            let mut seen = BTreeSet::new();
            let mut at = id;
            while let Some(next) = self.supersedes.get(at).filter(|next| seen.insert(next.as_str())) {
                at = next;
                // Each circle once, at the first of its ids.
                if at == id && seen.iter().all(|other| *other >= id.as_str()) {
                    let what = format!("{} supersedes itself", quoted(id));
                    document.problem(*line, what, Some("remove one `supersedes`".to_owned()));
                }
            }
        }
    }
}

/// Ends each superseded record where a later one starts, the next or one after it, so that no two of a
/// chain ever hold at one time; what is left of no record at all goes.
fn supersede(records: &mut Vec<Exception>) {
    let next: BTreeMap<&str, &str> = records
        .iter()
        .filter_map(|record| Some((record.id.as_str(), record.supersedes.as_deref()?)))
        .collect();
    let mut ends: BTreeMap<String, Timestamp> = BTreeMap::new();
    for record in &*records {
        let mut at = record.id.as_str();
        // Circles were refused; what has ended by then already has told all before it.
        while let Some(earlier) = next.get(at) {
            let end = ends.entry((*earlier).to_owned()).or_insert(Timestamp::from_millis(i64::MAX));
            if *end <= record.starts {
                break;
            }
            *end = record.starts;
            at = earlier;
        }
    }
    records.retain_mut(|record| {
        record.expires = ends.get(&record.id).map_or(record.expires, |end| record.expires.min(*end));
        record.starts < record.expires
    });
}

fn exception(mut table: Table<'_>, rules: &Rules<'_>, ids: &mut Ids) -> Option<Exception> {
    let id = table.text("id");
    let supersedes = table.text("supersedes");
    let check = table.parsed("check", exceptable);
    let accepts = table.list_of_some("accepts", |code: &str| accepted(code, check, rules));
    let matched = matched(&mut table);
    let max_matches = table.number("max_matches");
    let people = ["owner", "requested_by", "approved_by"].map(|key| table.text(key));
    let [reason, ticket, compensating_control] =
        ["reason", "ticket", "compensating_control"].map(|key| table.text(key));
    let [approved_at, starts, expires] = ["approved_at", "starts", "expires"].map(|key| table.instant(key));
    let imported_without_expiry = table.flag("imported_without_expiry").unwrap_or_default();
    if let Some(id) = &id {
        ids.add(&table, id, supersedes.as_ref());
    }
    if max_matches.is_some_and(|most| most < 1) {
        table.problem("`max_matches` must be at least 1", None);
    }
    hold_people(&mut table, &people, rules);
    hold_dates(&mut table, [approved_at, starts, expires], check, rules);
    table.finish();
    let [owner, requested_by, approved_by] = people;
    let (scope, resources) = matched?;
    let mut exception = Exception {
        id: id?,
        check_id: check?.id,
        accepts: accepts?.into_iter().collect(),
        scope,
        resources,
        max_matches: u64::try_from(max_matches?).ok()?,
        reason: reason?,
        compensating_control,
        owner: owner?,
        requested_by: requested_by?,
        approved_by: approved_by?,
        approved_at: approved_at?,
        ticket: ticket?,
        starts: starts?,
        expires: expires?,
        supersedes,
        imported_without_expiry,
        sha256: String::new(),
    };
    exception.sha256 = sha256(&canonical(&exception));
    Some(exception)
}

/// A check that there may be an exception from: any but those of the exceptions themselves.
fn exceptable(id: &str) -> Result<&'static Check, (String, Option<String>)> {
    let check = known_check(id)?;
    match check.judge {
        Judge::Exception(_) => {
            Err((format!("{} is about exceptions, and no exception can be for it", quoted(id)), None))
        }
        _ => Ok(check),
    }
}

/// A reason code that an exception from the check may accept.
fn accepted(
    code: &str,
    check: Option<&'static Check>,
    rules: &Rules<'_>,
) -> Result<String, (String, Option<String>)> {
    let Some(check) = check else { return Ok(code.to_owned()) };
    let Some(reason) = check.reasons.iter().find(|reason| reason.code == code) else {
        let fails = check.reasons.iter().filter(|reason| reason.verdict == Verdict::Fail);
        let what = format!("`{}` has no reason {}", check.id, quoted(code));
        return Err((what, suggestion(code, fails.map(|reason| reason.code))));
    };
    if reason.verdict != Verdict::Fail {
        let what = format!("{} is not a reason code of a fail: there is nothing to accept", quoted(code));
        return Err((what, None));
    }
    if !rules.may_accept(reason) {
        return Err((
            format!("{} is too severe for an exception", quoted(code)),
            Some(format!("only the standard can allow it, with [exceptions] exemptible = [\"{code}\"]")),
        ));
    }
    Ok(code.to_owned())
}

/// The accounts and resources that an exception is for: some, never all by silence.
fn matched(table: &mut Table<'_>) -> Option<(Scope, Vec<String>)> {
    let mut inner = table.table("scope", "scope = { … }", &[])?;
    let scope = scope_in(&mut inner);
    let there = inner.value("resources").is_some();
    let resources = inner.list_of_some("resources", resource);
    let good = there == resources.as_ref().is_some_and(|list| !list.is_empty());
    if scope.as_ref().is_some_and(Scope::is_everywhere) && !there {
        inner.problem("`scope` names nothing", Some("give it `accounts`, `ous` or `resources`".to_owned()));
    }
    inner.finish();
    let mut resources = resources.unwrap_or_default();
    resources.sort();
    scope.filter(|_| good).map(|scope| (scope, resources))
}

fn resource(text: &str) -> Result<String, (String, Option<String>)> {
    match text.chars().any(|letter| letter.is_whitespace() || letter.is_control()) {
        true => Err((format!("{} is neither a bucket name nor an ARN", quoted(text)), None)),
        false => any_text(text),
    }
}

/// The approver is neither the requester nor the owner, and is on the list of approvers.
fn hold_people(table: &mut Table<'_>, people: &[Option<String>; 3], rules: &Rules<'_>) {
    let [owner, requested_by, approver] = people;
    let (Some(approver), Some(value)) = (approver, table.value("approved_by")) else { return };
    for (role, person) in [("owner", owner), ("requested_by", requested_by)] {
        if person.as_ref().is_some_and(|person| same(person) == same(approver)) {
            value.problem(
                format!("is {}, who is also its `{role}`", quoted(approver)),
                Some("another person must approve it".to_owned()),
            );
        }
    }
    if !rules.approvers.is_empty() && !rules.approvers.contains(&same(approver)) {
        let names: Vec<&str> = rules.standard.exceptions.approvers.iter().map(String::as_str).collect();
        let what = format!("is {}, who is not an approver of the standard", quoted(approver));
        value.problem(what, suggestion(approver, names));
    }
}

/// Approved, then started, then ended, and not too late.
fn hold_dates(
    table: &mut Table<'_>,
    [approved_at, starts, expires]: [Option<Timestamp>; 3],
    check: Option<&'static Check>,
    rules: &Rules<'_>,
) {
    let (Some(starts), Some(end)) = (starts, table.value("expires")) else { return };
    if let Some(approval) = table.value("approved_at")
        && approved_at.is_some_and(|approved_at| starts < approved_at)
    {
        approval
            .problem("is after `starts`", Some("an exception cannot begin before it is approved".to_owned()));
    }
    let (Some(expires), Some(check)) = (expires, check) else { return };
    let days = rules.max_days(check);
    let last = starts.plus_millis(days.saturating_mul(DAY_MS));
    if expires <= starts {
        end.problem("must be after `starts`", None);
    } else if last < expires {
        let (id, severity) = (check.id, rules.severity(check).word());
        end.problem(
            format!("is too late: `{id}` has severity {severity}, for which {days} days is the maximum"),
            Some(format!("end it by {last}")),
        );
    }
}

/// What a record says, in one form: order and layout of the file make no difference. What is not said
/// is left out, so that a field of a later version changes no hash of a record without it.
fn canonical(exception: &Exception) -> String {
    let texts = |set: &BTreeSet<String>| write::list(set.iter().map(String::as_str));
    let said = |list: String| Some(list).filter(|list| list != "[]");
    let text = |text: &String| Some(write::text(text));
    let accounts: Vec<String> = exception.scope.accounts.iter().map(ToString::to_string).collect();
    let fields = [
        ("id", text(&exception.id)),
        ("check", Some(write::text(exception.check_id))),
        ("accepts", said(texts(&exception.accepts))),
        ("accounts", said(write::list(accounts.iter().map(String::as_str)))),
        ("ous", said(texts(&exception.scope.ous))),
        ("resources", said(write::list(exception.resources.iter().map(String::as_str)))),
        ("max_matches", Some(exception.max_matches.to_string())),
        ("reason", text(&exception.reason)),
        ("compensating_control", exception.compensating_control.as_ref().and_then(text)),
        ("owner", text(&exception.owner)),
        ("requested_by", text(&exception.requested_by)),
        ("approved_by", text(&exception.approved_by)),
        ("approved_at", Some(exception.approved_at.to_string())),
        ("ticket", text(&exception.ticket)),
        ("starts", Some(exception.starts.to_string())),
        ("expires", Some(exception.expires.to_string())),
        ("supersedes", exception.supersedes.as_ref().and_then(text)),
        ("imported_without_expiry", exception.imported_without_expiry.then(|| "true".to_owned())),
    ];
    fields.into_iter().filter_map(|(key, value)| Some(format!("{key} = {}\n", value?))).collect()
}
