//! What a person reads at the end of a scan: 80 columns, plain text.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::print;
use crate::clock::{DAY_MS, Timestamp};
use crate::judge::{Example, Findings};
use crate::model::{
    DeniedBy, Encryption, ExceptionState, ExceptionUse, KeyRotation, ScanReason, ScanStatus, Severity,
    Verdict,
};
use crate::report::SCOPE;
use crate::resolve::Gaps;
use crate::sink::Census;

/// Kinds of fails that are shown.
const WORST: usize = 10;
/// Fails of a kind that are shown by name.
const EXAMPLES: usize = 1;
/// Exceptions that are shown.
const EXCEPTIONS: usize = 20;
/// Characters of a reason that are shown: four lines.
const REASON: usize = 300;
/// An exception is said to expire soon in its last 30 days.
const EXPIRING_MS: i64 = 30 * DAY_MS;

/// What to suggest next.
#[derive(Debug)]
pub enum Next<'a> {
    /// A census in this lake.
    Lake(&'a str),
    /// The demo's lake, and its page.
    #[cfg_attr(not(feature = "sim"), expect(dead_code, reason = "the demo comes with the simulator"))]
    Demo {
        /// The lake.
        lake: &'a str,
        /// The page.
        page: &'a str,
    },
}

/// The summary of a census.
pub fn render(census: &Census, next: &Next<'_>) -> String {
    let mut text = String::new();
    head(&mut text, census);
    accounts(&mut text, census);
    counts(&mut text, census);
    verdicts(&mut text, census);
    exceptions(&mut text, census);
    worst(&mut text, &census.findings);
    gaps(&mut text, &census.summary.gaps);
    let _ = write!(text, "\nScope\n{}", print::wrapped(SCOPE, "  "));
    what_next(&mut text, census, next);
    text
}

fn head(text: &mut String, census: &Census) {
    let run = &census.run;
    let organization = run.organization.org_id.as_deref().unwrap_or("no organization");
    let _ = writeln!(text, "\nEncryption at rest of {organization}, {}", run.started_at);
    let _ = writeln!(
        text,
        "run {} · {} · {} · source {}",
        run.run_id,
        run.kind.word(),
        run.status.word().replace('_', " "),
        run.source.word()
    );
}

fn accounts(text: &mut String, census: &Census) {
    let totals = &census.run.totals;
    let _ = writeln!(text, "\nAccounts  {:>6} listed", totals.accounts_listed);
    let mut by: BTreeMap<(ScanStatus, Option<ScanReason>), u64> = BTreeMap::new();
    for account in &census.accounts {
        *by.entry((account.status, account.reason)).or_default() += 1;
    }
    for ((status, reason), count) in by {
        let reason = reason.map(|reason| format!(" ({})", spoken(reason.word()))).unwrap_or_default();
        let _ = writeln!(text, "          {count:>6} {}{reason}", spoken(status.word()));
    }
}

fn counts(text: &mut String, census: &Census) {
    let _ = writeln!(text, "\nBuckets   {:>6} by default encryption", census.run.totals.buckets);
    for mode in Encryption::ALL {
        if let Some(count) = census.summary.encryption.get(mode) {
            let _ = writeln!(text, "          {count:>6} {}", mode.spoken());
        }
    }
    let _ = writeln!(text, "\nKeys      {:>6} by automatic rotation", census.run.totals.keys);
    for rotation in KeyRotation::ALL {
        if let Some(count) = census.summary.rotation.get(rotation) {
            let _ = writeln!(text, "          {count:>6} {}", spoken(rotation.word()));
        }
    }
}

fn verdicts(text: &mut String, census: &Census) {
    let found = &census.findings;
    let of = |verdict| found.of_verdict(verdict);
    let all: u64 = Verdict::ALL.iter().map(|verdict| of(*verdict)).sum();
    let _ = writeln!(text, "\nFindings  {all:>6} by verdict");
    for verdict in Verdict::ALL {
        if of(*verdict) == 0 {
            continue;
        }
        let severities = match verdict {
            Verdict::Fail => by_severity(found),
            _ => String::new(),
        };
        let line = format!("{}{severities}", spoken(verdict.word()));
        let _ = writeln!(text, "{}", print::wrapped(&line, &format!("          {:>6} ", of(*verdict))));
    }
    let to = |verdict| found.buckets_to_standard(verdict);
    let judged: u64 =
        Verdict::ALL.iter().map(|verdict| to(*verdict)).sum::<u64>() - to(Verdict::NotApplicable);
    let line = format!(
        "{} of {judged} buckets meet the standard's default encryption; {} fail, {} unknown, {} exempt, {} not applicable",
        to(Verdict::Pass),
        to(Verdict::Fail),
        to(Verdict::Unknown),
        to(Verdict::Exempt),
        to(Verdict::NotApplicable),
    );
    let _ = writeln!(text, "\nStandard  {}", census.standard);
    let _ = writeln!(text, "{}", print::wrapped(&line, "          "));
}

/// `: 2 critical, 7 high`, the worst first.
fn by_severity(found: &Findings) -> String {
    let counts = Severity::ALL.iter().rev().map(|severity| (severity, found.fails_of(*severity)));
    let parts: Vec<String> = counts
        .filter(|(_, count)| *count > 0)
        .map(|(severity, count)| format!("{count} {}", severity.word()))
        .collect();
    format!(": {}", parts.join(", "))
}

fn exceptions(text: &mut String, census: &Census) {
    if census.exceptions.is_empty() {
        return;
    }
    let _ = writeln!(text, "\nExceptions");
    // What asks for somebody's attention comes first.
    let mut uses: Vec<&ExceptionUse> = census.exceptions.iter().collect();
    uses.sort_by_key(|used| (urgency(used, census.run.as_of), &used.id));
    for used in uses.iter().take(EXCEPTIONS) {
        let until = used.expires.date();
        let state = match used.state {
            ExceptionState::Used if expires_soon(used, census.run.as_of) => {
                format!("accepts {} findings and expires soon, on {until}", used.matches)
            }
            ExceptionState::Used => format!("accepts {} findings until {until}", used.matches),
            ExceptionState::Unused => format!("matches nothing, until {until}"),
            ExceptionState::TooManyMatches => format!(
                "rejected: matches {} findings where {} were agreed; it applies to none",
                used.matches, used.max_matches
            ),
            ExceptionState::TooLong => {
                "rejected: it lasts longer than findings of that severity may be exempt".to_owned()
            }
            ExceptionState::NotYet => "has not begun".to_owned(),
            ExceptionState::Expired => format!("expired on {until}"),
        };
        let id = cut(&used.id, 40);
        let _ = writeln!(text, "{}", print::wrapped(&state, &format!("  {id}: ")));
    }
    if uses.len() > EXCEPTIONS {
        let count = |state| uses[EXCEPTIONS..].iter().filter(|used| used.state == state).count();
        let parts: Vec<String> = STATES
            .iter()
            .map(|(state, word)| (count(*state), word))
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        let more = format!("and {} more: {}", uses.len() - EXCEPTIONS, parts.join(", "));
        let _ = writeln!(text, "{}", print::wrapped(&more, "  "));
    }
}

const STATES: [(ExceptionState, &str); 6] = [
    (ExceptionState::TooManyMatches, "rejected for their matches"),
    (ExceptionState::TooLong, "rejected for their length"),
    (ExceptionState::Expired, "expired"),
    (ExceptionState::Unused, "matching nothing"),
    (ExceptionState::Used, "in use"),
    (ExceptionState::NotYet, "not begun"),
];

fn expires_soon(used: &ExceptionUse, as_of: Timestamp) -> bool {
    as_of >= used.expires.plus_millis(-EXPIRING_MS)
}

fn urgency(used: &ExceptionUse, as_of: Timestamp) -> usize {
    match used.state {
        ExceptionState::TooManyMatches | ExceptionState::TooLong => 0,
        ExceptionState::Used if expires_soon(used, as_of) => 1,
        ExceptionState::Expired => 2,
        ExceptionState::Unused => 3,
        ExceptionState::Used => 4,
        ExceptionState::NotYet => 5,
    }
}

fn worst(text: &mut String, found: &Findings) {
    let mut worst = found.worst().peekable();
    if worst.peek().is_none() {
        return;
    }
    let _ = writeln!(text, "\nWorst first");
    let kinds = found.worst().count();
    for (kind, count, examples) in worst.take(WORST) {
        let check = kind.check().map_or("", |check| check.id);
        let _ = writeln!(
            text,
            "  {count:>4} × {} · {check}: {}",
            kind.severity().word(),
            spoken(kind.reason_code)
        );
        for example in examples.iter().take(EXAMPLES) {
            // 78 columns: a key's ARN in most Regions.
            let _ = writeln!(text, "  {}", cut(&named(example), 78));
            let reason = cut(&example.reason, REASON);
            let words = reason.split_whitespace().map(|word| cut(word, 76));
            let _ = writeln!(text, "{}", print::wrapped(&words.collect::<Vec<_>>().join(" "), "    "));
        }
    }
    if kinds > WORST {
        let _ = writeln!(text, "         and {} kinds more, in the table findings", kinds - WORST);
    }
}

/// The account and the bucket; any other ARN names its account already.
fn named(example: &Example) -> String {
    match example.resource_arn.rsplit_once(":s3:::") {
        Some((_, bucket)) => format!("{} {bucket}", example.account_id),
        None => example.resource_arn.clone(),
    }
}

fn gaps(text: &mut String, gaps: &Gaps) {
    if gaps.is_empty() {
        let _ = writeln!(text, "\nEverything that the plan called for was read.");
        return;
    }
    let _ = writeln!(text, "\nNot seen");
    for (operation, word, denied_by, gap) in gaps.iter() {
        let what = format!("{operation} {}{}", spoken(word), denied_by.map(by).unwrap_or_default());
        let (account_id, region) = &gap.places[0];
        let place = format!("{account_id} {region}");
        let more = match gap.accounts - 1 {
            0 => String::new(),
            1 => " and 1 account more".to_owned(),
            more => format!(" and {more} accounts more"),
        };
        let line = format!("{what} in {place}{more}");
        let line =
            if line.chars().count() <= 71 { line } else { format!("{what}\n         in {place}{more}") };
        let _ = writeln!(text, "  {:>4} × {line}", gap.reads);
    }
}

fn what_next(text: &mut String, census: &Census, next: &Next<'_>) {
    let lake = match next {
        Next::Lake(lake) | Next::Demo { lake, .. } => lake,
    };
    let _ = writeln!(text, "\n\nNext");
    let _ = match next {
        Next::Demo { page, .. } => writeln!(text, "  the page, for any browser: {page}"),
        Next::Lake(lake) => writeln!(
            text,
            "  the page, for any browser:\n    atrest report --lake {lake} --format html -o report.html"
        ),
    };
    let _ = writeln!(text, "  the tables: {lake}/<table>/dt={}/", census.run.run_id.date());
    if !lake.starts_with("s3://") {
        let _ = writeln!(text, "  duckdb -c \"SELECT account_id, bucket, encryption, kms_key_link,");
        let _ = writeln!(text, "             kms_key_state FROM '{lake}/buckets/*/*.parquet'\"");
    }
    match next {
        Next::Demo { .. } => {
            let _ = writeln!(text, "  your own organization, what will work and what to fix:");
            let _ = write!(text, "    atrest doctor --role-name OrganizationAccountAccessRole");
        }
        Next::Lake(_) if census.is_partial() => {
            let _ = write!(text, "  what to fix so that everything is seen: atrest doctor");
        }
        Next::Lake(_) => {
            let _ = write!(text, "  what changed: scan again tomorrow into the same lake");
        }
    }
}

fn spoken(word: &str) -> String {
    word.replace('_', " ")
}

/// ` by an SCP`; nothing where AWS's message names nobody.
pub fn by(denied_by: DeniedBy) -> &'static str {
    match denied_by {
        DeniedBy::Identity => " by the role's own policies",
        DeniedBy::ResourcePolicy => " by a resource policy",
        DeniedBy::Scp => " by an SCP",
        DeniedBy::Rcp => " by an RCP",
        DeniedBy::Boundary => " by a permissions boundary",
        DeniedBy::Session => " by the session policy",
        DeniedBy::VpcEndpoint => " by a VPC endpoint policy",
        DeniedBy::Unstated => "",
    }
}

/// The text with at most `width` characters: what is too long is cut in the middle, for the ends of
/// an ARN or a name are what tells it from others.
fn cut(text: &str, width: usize) -> String {
    let length = text.chars().count();
    if length <= width {
        return text.to_owned();
    }
    let tail = (width - 1) / 2;
    let head: String = text.chars().take(width - 1 - tail).collect();
    let end: String = text.chars().skip(length - tail).collect();
    format!("{head}…{end}")
}
