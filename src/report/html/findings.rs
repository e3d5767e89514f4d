//! The findings: counted by severity, check, account and framework, then by name, the worst first.
//!
//! A group is what one check says for one reason. Each shows its first findings and the query for the
//! rest, so that a page of a hundred thousand opens as fast as one of a hundred.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::super::page::Page;
use super::super::page::findings::{Attention, Group, Members, NAMED, Named, Verdicts, count_of};
use super::picture::small;
use super::shared::{
    Head, account, cell, counted, literal, number, numbers, paste, query, size, spoken, table, words,
};
use super::standard::parts;
use crate::model::{Severity, Verdict};

/// Findings on the page, over all groups: some two megabytes.
const ON_PAGE: usize = 4_000;
/// A group shows this many at least, however many groups there are.
const LEAST: usize = 25;
/// Groups on the first screen.
const WORST: usize = 8;
/// Accounts in the table, those with the worst fails.
const ACCOUNTS: usize = 100;

/// The section.
pub fn section(page: &Page) -> Markup {
    let groups = &page.findings.groups;
    let each = (ON_PAGE / groups.len().max(1)).clamp(LEAST, NAMED);
    html! {
        (by_severity(page))
        (by_check(page))
        (by_account(page))
        (super::controls::by_framework(page))
        h3 #by-name { "By name" }
        @if groups.is_empty() { p.good { "Nothing fails, nothing is unknown, nothing is accepted." } }
        (filter(page, each))
        @for (at, (group, members)) in groups.iter().enumerate() { (one(page, &anchor(at), group, members, each)) }
        @if !groups.is_empty() {
            p { "All findings, passes among them, are in the table " code { "findings" } ":" }
            (paste("command", &format!("atrest report --lake LAKE --run {} --format csv --table findings -o findings.csv", page.run.manifest.run_id)))
        }
    }
}

/// The verdicts in the order of the tables.
const VERDICTS: [Verdict; 5] =
    [Verdict::Fail, Verdict::Unknown, Verdict::Exempt, Verdict::Pass, Verdict::NotApplicable];

fn heads(first: &'static str) -> Vec<Head> {
    let mut heads = vec![words(first), words("Share")];
    heads.extend([
        numbers("Fail"),
        numbers("Unknown"),
        numbers("Exempt"),
        numbers("Pass"),
        numbers("Not applicable"),
    ]);
    heads
}

fn row(name: Markup, verdicts: &Verdicts) -> Markup {
    html! {
        tr {
            th scope="row" { (name) }
            td.bar { (small(&parts(verdicts))) }
            @for verdict in VERDICTS { (cell(count_of(verdicts, verdict))) }
        }
    }
}

fn by_severity(page: &Page) -> Markup {
    table(
        "By severity",
        &heads("Severity"),
        &html! {
            @for (severity, verdicts) in page.findings.by_severity.iter().rev() { (row(chip(*severity), verdicts)) }
            (row(html! { "All" }, &page.findings.verdicts))
        },
    )
}

fn by_check(page: &Page) -> Markup {
    table(
        "By check",
        &heads("Check"),
        &html! {
            @for (instance, verdicts) in &page.findings.by_instance {
                (row(html! {
                    @if let Some(check) = page.checks.get(instance) { (check.title) br; }
                    code { (instance.spoken()) }
                }, verdicts))
            }
        },
    )
}

fn by_account(page: &Page) -> Markup {
    let fails = |account_id: &str| {
        let fails = page.findings.fails_by_account.get(account_id);
        Severity::ALL
            .iter()
            .rev()
            .map(|severity| fails.and_then(|fails| fails.get(severity)).copied().unwrap_or_default())
            .collect::<Vec<u64>>()
    };
    let mut accounts: Vec<(&String, &Verdicts)> = page.findings.by_account.iter().collect();
    accounts.sort_by_key(|(id, _)| (Reverse(fails(id)), *id));
    html! {
        (table("By account, the worst first", &heads("Account"), &html! {
            @for (account_id, verdicts) in accounts.iter().take(ACCOUNTS) { (row(account(page, account_id), verdicts)) }
        }))
        @if accounts.len() > ACCOUNTS {
            p { "and " (size(accounts.len() - ACCOUNTS)) " accounts more:" }
            (paste("query", &query(page, "account_id, verdict, count(*)", "findings", "verdict <> 'not_applicable'\nGROUP BY 1, 2 ORDER BY 1, 2")))
        }
    }
}

/// Shown by the script, which does what it offers.
fn filter(page: &Page, each: usize) -> Markup {
    let groups = &page.findings.groups;
    let shown = groups.values().flat_map(|members| members.named.iter().take(each));
    let accounts: BTreeSet<&str> = shown.map(|named| named.account_id.as_str()).collect();
    let checks: BTreeSet<&str> = groups.keys().map(|group| group.instance.check_id.as_str()).collect();
    let severities: BTreeSet<Severity> = groups.keys().map(|group| group.severity.0).collect();
    let verdicts: BTreeMap<Attention, &str> =
        groups.keys().map(|group| (group.verdict, group.verdict.word())).collect();
    html! {
        form #filter hidden {
            (select("verdict", "Verdict", verdicts.values().map(|word| ((*word).to_owned(), (*word).to_owned()))))
            (select("severity", "Severity", severities.iter().rev().map(|it| (it.word().to_owned(), it.word().to_owned()))))
            (select("check", "Check", checks.iter().map(|it| ((*it).to_owned(), (*it).to_owned()))))
            (select("account", "Account", accounts.iter().map(|it| {
                let name = page.accounts.name_of(it);
                ((*it).to_owned(), if name == *it { name.to_owned() } else { format!("{name} ({it})") })
            })))
            label { "Text " input type="search" name="text" autocomplete="off"; }
            button type="reset" { "Show all" }
            output #shown role="status" {}
        }
    }
}

fn select(name: &str, label: &str, options: impl Iterator<Item = (String, String)>) -> Markup {
    html! {
        label {
            (label) " "
            select name=(name) {
                option value="" { "all" }
                @for (value, words) in options { option value=(value) { (words) } }
            }
        }
    }
}

/// The anchor of a group, by its place.
fn anchor(at: usize) -> String {
    format!("group-{}", at + 1)
}

/// The worst groups in short, for the first screen.
pub fn worst(page: &Page) -> Markup {
    let fails =
        page.findings.groups.iter().enumerate().filter(|(_, (group, _))| group.verdict == Attention::Fail);
    html! {
        ul.plain {
            @for (at, (group, members)) in fails.take(WORST) {
                li {
                    (chip(group.severity.0)) " "
                    a href={ "#" (anchor(at)) } { (number(members.count)) " × " (spoken(&group.reason_code)) }
                    " " span.muted { (group.instance.check_id) }
                }
            }
        }
    }
}

fn one(page: &Page, anchor: &str, group: &Group, members: &Members, each: usize) -> Markup {
    let check = page.checks.get(&group.instance);
    let severity = group.severity.0;
    let caption = format!(
        "{} {}, {}: {}",
        number(members.count),
        group.verdict.word(),
        group.instance.spoken(),
        spoken(&group.reason_code)
    );
    html! {
        details.group id=(anchor) data-verdict=(group.verdict.word()) data-check=(group.instance.check_id) data-severity=(severity.word()) {
            summary {
                span.verdict.(group.verdict.word()) { (group.verdict.word()) } " " (chip(severity)) " "
                strong { (number(members.count)) } " × " code { (group.instance.spoken()) } " · "
                (spoken(&group.reason_code)) " · " (counted(members.accounts.len() as u64, "account"))
            }
            @if let Some(check) = check {
                p { (check.question) }
                @if group.verdict == Attention::Fail && !check.remedy.is_empty() { p { strong { "To mend: " } (check.remedy) } }
            }
            (table(&caption, &HEADS, &html! {
                @for named in members.named.iter().take(each) { (finding(page, named)) }
            }))
            @if members.count > each as u64 {
                p { "These are the first " (size(each)) " of " (number(members.count)) ". All of them:" }
                (paste("query", &rest(page, group)))
            }
        }
    }
}

const HEADS: [Head; 4] = [words("Account"), words("Region"), words("Resource"), words("What was seen")];

fn finding(page: &Page, named: &Named) -> Markup {
    html! {
        tr data-account=(named.account_id) {
            td { (account(page, &named.account_id)) }
            td.whole { @if let Some(region) = &named.region { (region) } }
            td { code.long { (resource(&named.resource_arn)) } }
            td {
                (named.reason)
                @if let Some(exception_id) = &named.exception_id { " Accepted by " code { (exception_id) } "." }
            }
        }
    }
}

/// A bucket by its name alone: its ARN says no more. Any other ARN names its account and Region.
pub fn resource(arn: &str) -> &str {
    arn.rsplit_once(":s3:::").map_or(arn, |(_, bucket)| bucket)
}

fn rest(page: &Page, group: &Group) -> String {
    let params = match &group.instance.params {
        Some(params) => format!("check_params = {}", literal(params)),
        None => "check_params IS NULL".to_owned(),
    };
    let condition = format!(
        "verdict = '{}' AND severity = '{}'\n  AND check_id = {} AND {params}\n  AND reason_code = {}",
        group.verdict.word(),
        group.severity.0.word(),
        literal(&group.instance.check_id),
        literal(&group.reason_code)
    );
    query(page, "account_id, region, resource_arn, reason", "findings", &condition)
}

/// A severity, coloured.
pub fn chip(severity: Severity) -> Markup {
    html! { span.severity.(severity.word()) { (severity.word()) } }
}
