//! `standard.toml`: what an organization asks, over what is built in.

use std::collections::{BTreeMap, BTreeSet};

use super::destinations;
use super::file::{Document, Problem, Table, any_text, listed, of_form, one_of, quoted, sha256, suggestion};
use super::scope::Scoped;
use crate::check::{self, CHECKS, Check};
use crate::clock::Timestamp;
use crate::model::{
    AcceptedGap, AccountId, Arn, CheckEntry, DeniedBy, Encryption, EncryptionEntry, EncryptionRequirement,
    ExceptionRules, Parameters, Scope, Severity, Standard, TrustedAccount, Verdict,
};
use crate::spelling::nearest;

const TOP: &[&str] = &["id", "version", "owner", "approved_by", "approved_at", "effective_from", "review_by"];

/// What can be read of a file, and what is wrong with the rest. Without a base it stands by itself.
pub(super) fn read(text: &str, base: Option<&Standard>) -> Result<(Standard, Vec<Problem>), Vec<Problem>> {
    let document = Document::parse(text)?;
    let mut top = document.top("the standard", TOP);
    let mut said = |key| top.text(key).unwrap_or_default();
    let (id, version, owner, approved_by) = (said("id"), said("version"), said("owner"), said("approved_by"));
    let mut instant = |key| top.instant(key);
    let (approved_at, effective_from, review_by) =
        (instant("approved_at"), instant("effective_from"), instant("review_by"));
    if effective_from.zip(review_by).is_some_and(|(from, review)| review <= from)
        && let Some(value) = top.value("review_by")
    {
        value.problem("must be after `effective_from`", None);
    }
    let epoch = Timestamp::from_millis(0);
    let exceptions = exception_rules(&mut top, base);
    let standard = Standard {
        id,
        version,
        owner,
        approved_by,
        approved_at: approved_at.unwrap_or(epoch),
        effective_from: effective_from.unwrap_or(epoch),
        review_by: review_by.unwrap_or(epoch),
        encryption: encryption(&mut top, base),
        checks: checks(&mut top, base),
        trusted_accounts: trusted_accounts(&mut top),
        critical_accounts: set(top.list("critical_accounts", of_form)),
        service_destinations: destinations::read(&mut top, &exceptions),
        gaps: top.tables("gap", "[[gap]]", GAP).into_iter().filter_map(gap).collect(),
        exceptions,
        sha256: sha256(text),
        text: text.to_owned(),
    };
    top.finish();
    Ok((standard, document.end()))
}

fn set<T: Ord>(list: Option<Vec<T>>) -> BTreeSet<T> {
    list.into_iter().flatten().collect()
}

/// `ous` and `accounts` of an entry; none where they cannot be read.
pub(super) fn scope_in(table: &mut Table<'_>) -> Option<Scope> {
    let mut whole = true;
    // An empty list is not the whole organization by accident.
    let ous = list_of(table, "ous", &mut whole, any_text);
    let accounts = list_of(table, "accounts", &mut whole, of_form);
    whole.then_some(Scope { ous, accounts })
}

/// A list that may be left out, and says something where it is not.
fn list_of<T: Ord>(
    table: &mut Table<'_>,
    key: &'static str,
    whole: &mut bool,
    parse: impl super::file::Parse<T>,
) -> BTreeSet<T> {
    let there = table.value(key).is_some();
    let list = set(table.list_of_some(key, parse));
    *whole &= !there || !list.is_empty();
    list
}

/// Reports entries that cannot stand together whatever the organization looks like.
fn hold_apart<T: Scoped>(top: &Table<'_>, entries: &[(Option<usize>, T)]) {
    for (at, (line, entry)) in entries.iter().enumerate() {
        for (earlier, other) in entries[..at].iter().filter(|(_, other)| other.subject() == entry.subject()) {
            let subject = entry.subject();
            let other_entry = format!("the entry of line {}", earlier.unwrap_or_default());
            let (what, fix) = if entry.scope() == other.scope() {
                let Some(clash) = entry.clash(other) else { continue };
                (format!("{subject} {clash} {other_entry}"), "keep one of them")
            } else if let Some(shared) = shared(entry.scope(), other.scope()) {
                let shared = quoted(&shared);
                let what = format!("{subject} names {shared}, as {other_entry} does, and neither is closer");
                (what, "name it in one of them")
            } else {
                continue;
            };
            top.problem_at(*line, what, Some(fix.to_owned()));
        }
    }
}

/// What two scopes name alike.
fn shared(one: &Scope, other: &Scope) -> Option<String> {
    let account = one.accounts.intersection(&other.accounts).next().map(ToString::to_string);
    account.or_else(|| one.ous.intersection(&other.ous).next().cloned())
}

/// The base's entries that the file says nothing about, then the file's.
fn over<T: Scoped + Clone>(base: &[T], entries: Vec<(Option<usize>, T)>) -> Vec<T> {
    let replaced = |built_in: &&T| {
        entries
            .iter()
            .any(|(_, entry)| entry.scope().is_everywhere() && entry.subject() == built_in.subject())
    };
    let mut all: Vec<T> = base.iter().filter(|entry| !replaced(entry)).cloned().collect();
    all.extend(entries.into_iter().map(|(_, entry)| entry));
    all
}

fn encryption(top: &mut Table<'_>, base: Option<&Standard>) -> Vec<EncryptionEntry> {
    let tables = top.tables("encryption", "[[encryption]]", &["minimum_mode"]).into_iter();
    let entries: Vec<_> =
        tables.filter_map(|table| table.line().map(Some).zip(encryption_entry(table))).collect();
    hold_apart(top, &entries);
    over(base.map_or(&[], |base| &base.encryption), entries)
}

fn encryption_entry(mut table: Table<'_>) -> Option<EncryptionEntry> {
    let modes = [Encryption::SseS3, Encryption::SseKms, Encryption::DsseKms];
    let minimum_mode = table.parsed("minimum_mode", one_of(&modes, Encryption::word));
    let customer_managed_key = table.flag("customer_managed_key").unwrap_or_default();
    let approved_keys = set(table.list("approved_keys", key_arn));
    let approved_aliases = set(table.list("approved_aliases", alias));
    let approved_key_accounts = set(table.list("approved_key_accounts", of_form));
    let scope = scope_in(&mut table);
    table.finish();
    let requirement = EncryptionRequirement {
        minimum_mode: minimum_mode?,
        customer_managed_key,
        approved_keys,
        approved_aliases,
        approved_key_accounts,
    };
    Some(EncryptionEntry { scope: scope?, requirement })
}

fn key_arn(text: &str) -> Result<String, (String, Option<String>)> {
    let good = |arn: &Arn<'_>| arn.service == "kms" && arn.resource.starts_with("key/");
    match Arn::parse(text).filter(good) {
        Some(_) => Ok(text.to_owned()),
        None => Err((format!("{} is not the ARN of a key", quoted(text)), None)),
    }
}

fn alias(text: &str) -> Result<String, (String, Option<String>)> {
    let named = Arn::parse(text).filter(|arn| arn.service == "kms").map_or(text, |arn| arn.resource);
    match named.strip_prefix("alias/").is_some_and(|name| !name.is_empty()) {
        true => Ok(text.to_owned()),
        false => Err((
            format!("{} is not an alias", quoted(text)),
            Some("write alias/NAME, or its ARN".to_owned()),
        )),
    }
}

fn checks(top: &mut Table<'_>, base: Option<&Standard>) -> Vec<CheckEntry> {
    let tables = top.tables("check", "[[check]]", &["id"]).into_iter();
    let entries: Vec<_> = tables.filter_map(|table| table.line().map(Some).zip(check_entry(table))).collect();
    hold_apart(top, &entries);
    over(base.map_or(&[], |base| &base.checks), entries)
}

/// Finds a check by the name that a file gives it.
pub(super) fn known_check(id: &str) -> Result<&'static Check, (String, Option<String>)> {
    check::find(id).ok_or_else(|| {
        let near = nearest(id, CHECKS.iter().map(|check| check.id));
        let fix =
            near.map_or("`atrest checks` lists them".to_owned(), |near| format!("did you mean `{near}`?"));
        (format!("there is no check {}", quoted(id)), Some(fix))
    })
}

fn check_entry(mut table: Table<'_>) -> Option<CheckEntry> {
    let check = table.parsed("id", known_check);
    let severity = table.parsed("severity", one_of(Severity::ALL, Severity::word));
    let enabled = table.flag("enabled").unwrap_or(true);
    let scope = scope_in(&mut table);
    let parameters = parameters(&mut table, check, enabled);
    table.finish();
    Some(CheckEntry { scope: scope?, check_id: check?.id, parameters: parameters?, severity, enabled })
}

/// An instance has every parameter of its check that is not optional; an entry that turns the check off may have none.
pub(super) fn parameters(
    table: &mut Table<'_>,
    check: Option<&'static Check>,
    enabled: bool,
) -> Option<Parameters> {
    let there = table.value("parameters").is_some();
    let given = table.numbers("parameters");
    let check = check?;
    let mut parameters = Parameters::new();
    let mut good = !there || given.is_some();
    for (name, number, value) in given.into_iter().flatten() {
        let names = || check.parameters.iter().map(|parameter| parameter.name);
        let Some(parameter) = check.parameters.iter().find(|parameter| parameter.name == name) else {
            value.problem(format!("is not a parameter of `{}`", check.id), suggestion(name, names()));
            good = false;
            continue;
        };
        let Some(number) = number else {
            good = false;
            continue;
        };
        if !(parameter.minimum..=parameter.maximum).contains(&number) {
            let (least, most) = (parameter.minimum, parameter.maximum);
            value.problem(format!("is {number}"), Some(format!("it takes {least} to {most}")));
            good = false;
        }
        parameters.insert(name.to_owned(), number);
    }
    if !good {
        return None;
    }
    let required = || check.parameters.iter().filter(|parameter| !parameter.optional);
    let missing = required().filter(|parameter| !parameters.contains_key(parameter.name));
    let missing: Vec<&str> = missing.map(|parameter| parameter.name).collect();
    if !missing.is_empty() && (enabled || !parameters.is_empty()) {
        let example: Vec<String> = required().map(|parameter| format!("{} = …", parameter.name)).collect();
        table.problem(
            format!("`{}` needs {}", check.id, listed(&missing)),
            Some(format!("write parameters = {{ {} }}", example.join(", "))),
        );
        return None;
    }
    Some(parameters)
}

fn trusted_accounts(top: &mut Table<'_>) -> Vec<TrustedAccount> {
    let required = &["account", "owner", "reason", "expires"];
    let mut lines: BTreeMap<AccountId, Option<usize>> = BTreeMap::new();
    let mut trusted = Vec::new();
    for mut table in top.tables("trusted_account", "[[trusted_account]]", required) {
        let account = table.parsed("account", of_form::<AccountId>);
        let (owner, reason) = (table.text("owner"), table.text("reason"));
        let expires = table.instant("expires");
        if let Some(account) = account {
            if let Some(Some(line)) = lines.get(&account) {
                table.problem(
                    format!("[[trusted_account]] names {account}, as line {line} does"),
                    Some("keep one of them".to_owned()),
                );
            }
            lines.entry(account).or_insert(table.line());
        }
        table.finish();
        if let (Some(account_id), Some(owner), Some(reason), Some(expires)) =
            (account, owner, reason, expires)
        {
            trusted.push(TrustedAccount { account_id, owner, reason, expires });
        }
    }
    trusted
}

const GAP: &[&str] = &["reason", "owner", "approver", "expires"];

fn gap(mut table: Table<'_>) -> Option<AcceptedGap> {
    let scope = scope_in(&mut table);
    let (account, ou) = (table.value("account").is_some(), table.value("ou").is_some());
    let (account_id, unit) = (table.parsed("account", of_form::<AccountId>), table.text("ou"));
    let region = table.parsed("region", of_form);
    let operation = table.parsed("operation", operation);
    let denied_by = table.parsed("denied_by", one_of(DeniedBy::ALL, DeniedBy::word));
    let said = ["reason", "owner", "approver"].map(|key| table.text(key));
    let expires = table.instant("expires");
    if scope.as_ref().is_some_and(Scope::is_everywhere) && !account && !ou {
        table.problem(
            "[[gap]] names no account and no unit",
            Some("give it `account`, `accounts`, `ou` or `ous`".to_owned()),
        );
    }
    table.finish();
    let mut scope = scope?;
    scope.accounts.extend(account_id);
    scope.ous.extend(unit);
    let [reason, owner, approver] = said;
    let (reason, owner, approver, expires) = (reason?, owner?, approver?, expires?);
    Some(AcceptedGap { scope, region, operation, denied_by, reason, owner, approver, expires })
}

/// `service:Operation`, with `*` for any part of it.
fn operation(text: &str) -> Result<String, (String, Option<String>)> {
    let good = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'*' | b':' | b'-'))
        && (text.contains('*') || text.contains(':'));
    match good {
        true => Ok(text.to_owned()),
        false => Err((
            format!("{} is not an operation", quoted(text)),
            Some("write it as s3:GetBucketEncryption, with * for any part".to_owned()),
        )),
    }
}

fn exception_rules(top: &mut Table<'_>, base: Option<&Standard>) -> ExceptionRules {
    let mut rules = base.map_or_else(
        || ExceptionRules {
            approvers: BTreeSet::new(),
            max_days: BTreeMap::new(),
            exemptible: BTreeSet::new(),
        },
        |base| base.exceptions.clone(),
    );
    let Some(mut table) = top.table("exceptions", "[exceptions]", &[]) else { return rules };
    rules.approvers.extend(set(table.list("approvers", any_text)));
    for (name, days, value) in table.numbers("max_days").into_iter().flatten() {
        let Some(severity) = Severity::ALL.iter().copied().find(|severity| severity.word() == name) else {
            let words = Severity::ALL.iter().map(|severity| severity.word());
            value.problem("is not a severity", suggestion(name, words));
            continue;
        };
        let Some(days) = days else { continue };
        let most = base.and_then(|base| base.exceptions.max_days.get(&severity)).copied();
        match most {
            _ if days < 1 => value.problem(format!("is {days}; the minimum is 1 day"), None),
            Some(most) if days > most => value.problem(
                format!("is {days}; the maximum is {most}"),
                Some(format!("a standard may shorten it: 1 to {most}")),
            ),
            _ => {
                rules.max_days.insert(severity, days);
            }
        }
    }
    rules.exemptible.extend(set(table.list("exemptible", exemptible)));
    table.finish();
    rules
}

/// A code that some check fails with.
fn exemptible(code: &str) -> Result<String, (String, Option<String>)> {
    let reasons = || CHECKS.iter().flat_map(|check| check.reasons);
    let fails: BTreeSet<&str> =
        reasons().filter(|reason| reason.verdict == Verdict::Fail).map(|reason| reason.code).collect();
    if fails.contains(code) {
        return Ok(code.to_owned());
    }
    if reasons().any(|reason| reason.code == code) {
        return Err((
            format!("{} is not a reason code of a fail: there is nothing to exempt", quoted(code)),
            None,
        ));
    }
    let what = format!("no check has the reason code {}", quoted(code));
    Err((what, nearest(code, fails).map(|near| format!("did you mean `{near}`?"))))
}
