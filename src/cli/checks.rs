//! `atrest checks`: the standard in effect, check by check, with every reason code; or the import of
//! exceptions from the form of an older tool.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::args::ChecksArgs;
use super::error::CliError;
use super::print;
use super::rules::{Rules, read, refuse};
use crate::check::{CHECKS, Check, Judge, Reason, SCOPE_NOT_KNOWN};
use crate::clock::{Clock, SystemClock};
use crate::model::{EncryptionRequirement, Exceptions, Scope, ServiceDestination, Severity, Standard};
use crate::standard;

/// Prints what was asked for to stdout.
pub fn run(args: &ChecksArgs) -> Result<(), CliError> {
    let rules = Rules::read(&args.rules)?;
    let Some(path) = &args.import_exceptions else {
        return print::data(&text(&rules.standard, &rules.exceptions));
    };
    let given = read("the exceptions to import", path)?;
    let imported = standard::import(&given, SystemClock.now(), &rules.standard)
        .map_err(|problems| refuse("the exceptions to import", path, &problems))?;
    print::data(&imported)?;
    print::say("fill in the empty fields: owner, requester, approver, ticket, reason");
    Ok(())
}

fn text(standard: &Standard, exceptions: &Exceptions) -> String {
    let mut text = String::new();
    head(&mut text, standard);
    encryption(&mut text, standard);
    for check in CHECKS {
        one(&mut text, standard, check);
    }
    any_check(&mut text);
    accepted(&mut text, standard, exceptions);
    text
}

fn head(text: &mut String, standard: &Standard) {
    let Standard { id, version, owner, approved_by, .. } = standard;
    let _ = writeln!(text, "Standard {id}, version {version}");
    let _ = writeln!(text, "  owner        {owner}");
    let _ = writeln!(text, "  approved by  {approved_by} on {}", standard.approved_at.date());
    let _ = writeln!(text, "  in effect    from {}", standard.effective_from.date());
    let _ = writeln!(text, "  review by    {}", standard.review_by.date());
    let _ = writeln!(text, "  sha256       {}", standard.sha256);
}

fn encryption(text: &mut String, standard: &Standard) {
    let _ = writeln!(text, "\nDefault encryption");
    for entry in &standard.encryption {
        let asked = format!("{}: {}", place(&entry.scope), requirement(&entry.requirement));
        let _ = writeln!(text, "{}", print::wrapped(&asked, "  "));
    }
}

fn requirement(asked: &EncryptionRequirement) -> String {
    let mut parts = vec![format!("at least {}", asked.minimum_mode.spoken())];
    if asked.customer_managed_key {
        parts.push("a customer managed key".to_owned());
    }
    if asked.names_keys() {
        let accounts = asked.approved_key_accounts.iter().map(ToString::to_string);
        let names = asked.approved_keys.iter().chain(&asked.approved_aliases).cloned();
        parts.push(format!("a key of {}", names.chain(accounts).collect::<Vec<_>>().join(", ")));
    }
    parts.join(", ")
}

fn one(text: &mut String, standard: &Standard, check: &Check) {
    let kind = match check.judge {
        Judge::Bucket(_) => "bucket",
        Judge::Key(_) => "key",
        Judge::Account(_) => "account",
        Judge::Exception(_) => "exception",
    };
    let _ = writeln!(text, "\n{} ({kind}, {})", check.id, check.category.word());
    let _ = writeln!(text, "{}", print::wrapped(check.question, "  "));
    let mut runs = standard.checks.iter().filter(|entry| entry.check_id == check.id).peekable();
    if runs.peek().is_none() {
        let _ = writeln!(text, "  off: the standard does not ask for it");
    }
    for entry in runs {
        let parameters = entry.parameters.iter().map(|(name, value)| format!(", {name} = {value}"));
        let severity = entry.severity.unwrap_or(check.severity).word();
        let what = match entry.enabled {
            true => format!("{severity}{}", parameters.collect::<String>()),
            false => "off".to_owned(),
        };
        let _ = writeln!(text, "{}", print::wrapped(&what, &format!("  {}: ", place(&entry.scope))));
    }
    let _ = writeln!(text, "{}", print::wrapped(check.rationale, "  why: "));
    let _ = writeln!(text, "{}", print::wrapped(check.remedy, "  remedy: "));
    for reason in check.reasons {
        reason_line(text, reason);
    }
}

/// What the judge says in a check's place.
fn any_check(text: &mut String) {
    let _ = writeln!(text, "\nAny check");
    reason_line(text, &SCOPE_NOT_KNOWN);
}

fn reason_line(text: &mut String, reason: &Reason) {
    let lead = format!("    {:<15} ", reason.verdict.word());
    let _ = writeln!(text, "{}", print::wrapped(&format!("{}: {}", reason.code, reason.meaning), &lead));
}

fn place(scope: &Scope) -> String {
    if scope.is_everywhere() {
        return "the whole organization".to_owned();
    }
    let accounts = scope.accounts.iter().map(ToString::to_string);
    scope.ous.iter().cloned().chain(accounts).collect::<Vec<_>>().join(", ")
}

fn accepted(text: &mut String, standard: &Standard, exceptions: &Exceptions) {
    if !standard.trusted_accounts.is_empty() {
        let _ = writeln!(text, "\nTrusted accounts outside the organization");
        for trusted in &standard.trusted_accounts {
            let (id, until) = (trusted.account_id, trusted.expires.date());
            let why = format!("until {until}: {} (owner {})", trusted.reason, trusted.owner);
            let _ = writeln!(text, "{}", print::wrapped(&why, &format!("  {id} ")));
        }
    }
    if !standard.service_destinations.is_empty() {
        let _ = writeln!(text, "\nBuckets to which a service delivers that takes SSE-S3 only");
        for destination in &standard.service_destinations {
            let ServiceDestination { scope, buckets, service, reason, approver, expires, .. } = destination;
            let (place, until, buckets) = (place(scope), expires.date(), buckets.join(", "));
            let service = service.word();
            let what =
                format!("{place}: {buckets} for {service} until {until}: {reason} (approver {approver})");
            let _ = writeln!(text, "{}", print::wrapped(&what, "  "));
        }
    }
    if !standard.gaps.is_empty() {
        let _ = writeln!(text, "\nAccepted gaps");
        for gap in &standard.gaps {
            let operation = gap.operation.as_deref().unwrap_or("every operation");
            let region = gap.region.as_ref().map(|region| format!(" in {region}")).unwrap_or_default();
            let (place, until) = (place(&gap.scope), gap.expires.date());
            let what = format!("{place}: {operation}{region} until {until}: {}", gap.reason);
            let _ = writeln!(text, "{}", print::wrapped(&what, "  "));
        }
    }
    let limits: BTreeMap<&Severity, &i64> = standard.exceptions.max_days.iter().collect();
    let limits: Vec<String> =
        limits.into_iter().map(|(severity, days)| format!("{} {days}", severity.word())).collect();
    let _ = writeln!(text, "\nExceptions");
    let limits = format!("at most this many days, by severity: {}", limits.join(", "));
    let _ = writeln!(text, "{}", print::wrapped(&limits, "  "));
    let approvers: Vec<&str> = standard.exceptions.approvers.iter().map(String::as_str).collect();
    let approvers = if approvers.is_empty() { "no one".to_owned() } else { approvers.join(", ") };
    let _ = writeln!(text, "  approved by: {approvers}");
    for exception in &exceptions.records {
        let until = exception.expires.date();
        let what = format!("{} until {until}: {}", exception.check_id, exception.reason);
        let _ = writeln!(text, "{}", print::wrapped(&what, &format!("  {}: ", exception.id)));
    }
}
