//! The findings: resources by their worst fail, checks, accounts and frameworks, then findings by name, the
//! worst first.
//!
//! A group is what one check says for one reason. Each shows its first findings and the query for the
//! rest, so that a page of a hundred thousand opens as fast as one of a hundred.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::super::page::Page;
use super::super::page::findings::{Attention, Group, Members, NAMED, Named, Resources, Verdicts, count_of};
use super::console::console;
use super::picture::small;
use super::shared::{
    Head, account, broken, cell, cell_of, counted, link, literal, number, numbers, paste, prose, query, size,
    spoken, table, words,
};
use super::standard::{parts, standing_parts};
use crate::model::{ResourceType, Severity, Standing, Verdict};

/// Findings on the page, over all groups: some megabyte and a half.
const ON_PAGE: usize = 2_400;
/// A group shows this many at least, however many groups there are.
const LEAST: usize = 25;
/// Groups on the first screen.
const WORST: usize = 8;
/// Accounts in the table, those with the worst fails.
const ACCOUNTS: usize = 100;
/// Accounts that the filter offers, those with the worst fails.
const CHOICES: usize = 1_000;

/// The section.
pub fn section(page: &Page) -> Markup {
    let groups = &page.findings.groups;
    let each = each(page);
    let anchors = Anchors::of(groups.keys());
    let choices = worst_accounts(page).into_iter().take(CHOICES).collect::<Vec<_>>();
    html! {
        (by_worst(page))
        (by_check(page))
        @if page.account_id().is_none() { (by_account(page)) }
        (super::controls::by_framework(page))
        h3 #by-name { "Findings by resource" }
        @if groups.is_empty() { p.good { "No finding fails, is unknown or is exempt." } }
        (filter(page, &choices))
        @for ((group, members), at) in groups.iter().zip(0..) { (one(page, (&anchors, at), group, members, (each, &choices))) }
        @if !groups.is_empty() {
            p {
                "To link to a finding, use " code { "#f-" } " and its " code { "finding_uid" }
                ". The name of a bucket or key links to AWS's console; sign in to its account first. "
                "The table " code { "findings" } " has all findings, also those that pass:"
            }
            (paste("command", &format!("atrest report --lake LAKE --run {} --format csv --table findings -o findings.csv", page.run.manifest.run_id)))
        }
    }
}

/// How many of each group are shown: all, where the page has room for all of them.
fn each(page: &Page) -> usize {
    let groups = &page.findings.groups;
    if page.account_id().is_some() {
        return usize::MAX;
    }
    let shown = |each: usize| groups.values().map(|members| members.named.len().min(each)).sum::<usize>();
    // From what a page always has room for, to what it has room for: the most that fits.
    let mut each = (ON_PAGE / groups.len().max(1)).clamp(LEAST, NAMED);
    while each < NAMED && shown(each + 1) <= ON_PAGE {
        each += 1;
    }
    each
}

/// The accounts with something to look at, the worst first.
fn worst_accounts(page: &Page) -> Vec<&str> {
    let named = page.findings.groups.values().flat_map(|members| members.accounts.keys());
    let mut accounts: Vec<&str> = named.map(String::as_str).collect::<BTreeSet<_>>().into_iter().collect();
    accounts.sort_by_key(|id| (Reverse(worst_of(page, id)), *id));
    accounts
}

/// Resources of an account with a fail, by the worst of theirs, the worst first.
fn worst_of(page: &Page, account_id: &str) -> Vec<u64> {
    let worst = page.findings.resources.get(account_id).map(|resources| &resources.worst);
    let of = |severity: &Severity| worst.and_then(|worst| worst.get(severity)).copied().unwrap_or_default();
    Severity::ALL.iter().rev().map(of).collect()
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

/// Each resource once: what is added up is resources, and never findings of several checks.
fn by_worst(page: &Page) -> Markup {
    const KINDS: [ResourceType; 3] = [ResourceType::Bucket, ResourceType::Key, ResourceType::Account];
    let of = |severity: Severity, kind: ResourceType| {
        page.findings.worst.get(&(Reverse(severity), kind)).copied().unwrap_or_default()
    };
    let heads = [words("Worst fail"), numbers("Buckets"), numbers("Keys"), numbers("Accounts")];
    table(
        "Resources with a fail, each counted once by its worst severity",
        &heads,
        &html! {
            @for severity in Severity::ALL.iter().rev() {
                tr {
                    th scope="row" { (chip(*severity)) }
                    @for kind in KINDS { (cell(of(*severity, kind))) }
                }
            }
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
    let mut accounts: Vec<(&String, &Resources)> = page.findings.resources.iter().collect();
    accounts.sort_by_key(|(id, _)| (Reverse(worst_of(page, id)), *id));
    html! {
        (table("Buckets and keys by account, each counted once, the worst account first", &ACCOUNT_HEADS, &html! {
            @for (account_id, resources) in accounts.iter().take(ACCOUNTS) { (account_row(page, account_id, resources)) }
        }))
        @if accounts.len() > ACCOUNTS {
            p { "and " (size(accounts.len() - ACCOUNTS)) " more accounts. Commands for all of them, and for a page for each account:" }
            (paste("command", &by_query("posture_by_account")))
            (paste("command", &split(page)))
        }
    }
}

const ACCOUNT_HEADS: [Head; 8] = [
    words("Account"),
    words("Share"),
    numbers("Buckets that fail"),
    numbers("Unknown"),
    numbers("Exempt"),
    numbers("No fail, no unknown"),
    numbers("Keys that fail"),
    words("Worst fail"),
];

fn account_row(page: &Page, account_id: &str, resources: &Resources) -> Markup {
    let Resources { buckets, keys, worst } = resources;
    let found = page.accounts.by_id.get(account_id);
    let listed = found.map(|account| (account.buckets.is_some(), account.keys.is_some()));
    let (buckets_listed, keys_listed) = listed.unwrap_or((true, true));
    html! {
        tr {
            th scope="row" { (account(page, account_id)) }
            td.bar { (small(&standing_parts(buckets))) }
            @for standing in [Standing::Fails, Standing::Unknown, Standing::Exempt, Standing::Clean] {
                (cell_of(buckets_listed, buckets.of(standing)))
            }
            (cell_of(keys_listed, keys.of(Standing::Fails)))
            td { @if let Some((severity, _)) = worst.last_key_value() { (chip(*severity)) } }
        }
    }
}

/// A question that lists all.
fn by_query(name: &str) -> String {
    format!("atrest query --lake LAKE {name}")
}

/// A page for each account.
pub fn split(page: &Page) -> String {
    let run = &page.run.manifest.run_id;
    format!("atrest report --lake LAKE --run {run} --format html --split-by account -o FOLDER")
}

/// Shown by the script, which does what it offers. What it counts is the lake's: each group says how many it
/// has of each account that can be chosen.
fn filter(page: &Page, choices: &[&str]) -> Markup {
    let groups = &page.findings.groups;
    let checks: BTreeSet<&str> = groups.keys().map(|group| group.instance.check_id.as_str()).collect();
    let severities: BTreeSet<Severity> = groups.keys().map(|group| group.severity.0).collect();
    let verdicts: BTreeMap<Attention, &str> =
        groups.keys().map(|group| (group.verdict, group.verdict.word())).collect();
    let more = worst_accounts(page).len() - choices.len();
    html! {
        form #filter hidden {
            (select("verdict", "Verdict", verdicts.values().map(|word| ((*word).to_owned(), (*word).to_owned()))))
            (select("severity", "Severity", severities.iter().rev().map(|it| (it.word().to_owned(), it.word().to_owned()))))
            (select("check", "Check", checks.iter().map(|it| ((*it).to_owned(), (*it).to_owned()))))
            (select("account", "Account", choices.iter().map(|it| {
                let name = page.accounts.name_of(it);
                ((*it).to_owned(), if name == *it { name.to_owned() } else { format!("{name} ({it})") })
            })))
            label { "Text " input type="search" name="text" autocomplete="off"; }
            button type="reset" { "Show all" }
            output #shown role="status" {}
        }
        @if more > 0 {
            p { (size(more)) " more accounts are not in this filter. The page of an account has all of its findings:" }
            (paste("command", &split(page)))
        }
        @if !groups.is_empty() {
            div #rest { (paste("query for all matching findings", &query(page, COLUMNS, "findings", "verdict IN ('fail', 'unknown', 'exempt')"))) }
        }
    }
}

const COLUMNS: &str = "account_id, region, resource_arn, check_id, severity, verdict, reason";

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

/// The anchor of a check.
pub fn check_anchor(check_id: &str) -> String {
    format!("check-{check_id}")
}

/// The anchors of the groups, in their order. Each follows from the group alone, so that a link holds from one
/// night to the next.
#[derive(Debug)]
pub struct Anchors {
    /// Of each group, by all that tells it from others.
    pub ids: Vec<String>,
    /// By check and reason, of the first group that has them.
    short: Vec<Option<String>>,
}

impl Anchors {
    /// Of those groups.
    pub fn of<'g>(groups: impl Iterator<Item = &'g Group>) -> Self {
        let mut anchors = Self { ids: Vec::new(), short: Vec::new() };
        let mut seen = BTreeSet::new();
        for group in groups {
            let short = format!("{}--{}", check_anchor(&group.instance.check_id), group.reason_code);
            let params = group.instance.params.as_deref().map(|params| format!("-{}", slug(params)));
            let (verdict, severity) = (group.verdict.word(), group.severity.0.word());
            anchors.ids.push(format!("{short}--{verdict}-{severity}{}", params.unwrap_or_default()));
            anchors.short.push(seen.insert(short.clone()).then_some(short));
        }
        anchors
    }
}

/// A text as a part of an anchor: `{"max_days":90}` is `max_days-90`.
fn slug(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

/// The worst groups in short, for the first screen.
pub fn worst(page: &Page) -> Markup {
    let anchors = Anchors::of(page.findings.groups.keys());
    let groups = page.findings.groups.iter().zip(&anchors.ids);
    let fails = groups.filter(|((group, _), _)| group.verdict == Attention::Fail);
    html! {
        ul.plain {
            @for ((group, members), anchor) in fails.take(WORST) {
                li {
                    (chip(group.severity.0)) " "
                    (link(page, anchor, &format!("{} × {}", number(members.count), spoken(&group.reason_code))))
                    " " span.muted { (group.instance.check_id) }
                }
            }
        }
    }
}

/// Anchors and the place of a group among them, as [`one`] takes them.
type At<'a> = (&'a Anchors, usize);

fn one(page: &Page, at: At<'_>, group: &Group, members: &Members, shown: (usize, &[&str])) -> Markup {
    let ((anchors, at), (each, choices)) = (at, shown);
    let severity = group.severity.0;
    let caption = format!(
        "{} {}, {}: {}",
        number(members.count),
        group.verdict.word(),
        group.instance.spoken(),
        spoken(&group.reason_code)
    );
    html! {
        details.group id=(anchors.ids[at]) data-verdict=(group.verdict.word()) data-check=(group.instance.check_id)
            data-severity=(severity.word()) data-count=(members.count) data-accounts=(by_choice(members, choices)) {
            summary id=[anchors.short[at].as_ref()] {
                span.verdict.(group.verdict.word()) { (group.verdict.word()) } " " (chip(severity)) " "
                strong { (number(members.count)) } " × " code { (group.instance.spoken()) } " · "
                (spoken(&group.reason_code)) " · " (counted(members.accounts.len() as u64, "account"))
            }
            (about(page, group, members))
            (table(&caption, &HEADS, &html! {
                @for named in members.named.iter().take(each) { (finding(page, named)) }
            }))
            @if members.count > each as u64 {
                p { "These are the first " (size(each)) " of " (number(members.count)) ". Query for all of them:" }
                (paste("query", &rest(page, group)))
            }
        }
    }
}

/// What the check asks, and what to do about what it says.
fn about(page: &Page, group: &Group, members: &Members) -> Markup {
    let check = page.checks.get(&group.instance);
    html! {
        @if let Some(check) = check {
            p { (check.question) " " a href={ "#" (check_anchor(&group.instance.check_id)) } { "About the check" } }
        }
        @match group.verdict {
            Attention::Fail | Attention::Unknown => {
                @if let Some(remedy) = &members.remedy { p { strong { "Remediation: " } (remedy) } }
            },
            Attention::Exempt => {},
        }
    }
}

/// How many a group has of each account, by the account's place among those that can be chosen.
fn by_choice(members: &Members, choices: &[&str]) -> String {
    let count = |(place, id): (usize, &&str)| Some(format!("{place}:{}", members.accounts.get(*id)?));
    choices.iter().enumerate().filter_map(count).collect::<Vec<_>>().join(" ")
}

const HEADS: [Head; 4] = [words("Account"), words("Region"), words("Resource"), words("What was found")];

fn finding(page: &Page, named: &Named) -> Markup {
    html! {
        tr id={ "f-" (named.finding_uid) } data-account=(named.account_id) {
            td { (account(page, &named.account_id)) }
            td.whole { @if let Some(region) = &named.region { (region) } }
            td {
                (resource_link(&named.resource_arn, named.region.as_deref()))
            }
            td {
                (prose(&named.reason))
                @if let Some(exception_id) = &named.exception_id { " Accepted by " code { (exception_id) } "." }
            }
        }
    }
}

/// A resource by its name, which leads to AWS's console where it has a place there.
pub fn resource_link(arn: &str, region: Option<&str>) -> Markup {
    let name = html! { code { (broken(resource(arn))) } };
    html! {
        @match console(arn, region) {
            Some(address) => { a href=(address) rel="noreferrer" { (name) } },
            None => { (name) },
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_follows_from_the_group_alone() {
        let group = |verdict, severity, params| Group {
            verdict,
            severity: Reverse(severity),
            instance: super::super::super::page::findings::Instance::of(Some("kms_rotation_period"), params),
            reason_code: "period_too_long".to_owned(),
        };
        let groups = [
            group(Attention::Fail, Severity::High, Some("{\"max_days\":90}")),
            group(Attention::Fail, Severity::High, Some("{\"max_days\":365}")),
            group(Attention::Exempt, Severity::Low, None),
        ];
        let all = Anchors::of(groups.iter());
        assert_eq!(
            all.ids,
            [
                "check-kms_rotation_period--period_too_long--fail-high-max_days-90",
                "check-kms_rotation_period--period_too_long--fail-high-max_days-365",
                "check-kms_rotation_period--period_too_long--exempt-low",
            ]
        );
        let short = Some("check-kms_rotation_period--period_too_long");
        let shorts: Vec<_> = all.short.iter().map(|it| it.as_deref()).collect();
        assert_eq!(shorts, [short, None, None], "the worst group is what the check and the reason lead to");
        let last = Anchors::of(groups[1..].iter());
        assert_eq!(last.ids, all.ids[1..], "another night has the same anchors");
    }
}
