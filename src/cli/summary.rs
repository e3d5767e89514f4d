//! What a person reads at the end of a scan: what was seen, the worst of what was found, and the counts.
//!
//! 80 columns and plain text, the same in a terminal and in a file: the words carry what a colour
//! would. The counts come last, for the end is what a terminal still shows.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::print;
use crate::clock::{DAY_MS, Timestamp};
use crate::judge::{Example, Findings};
use crate::model::{
    AccountScan, DeniedBy, Encryption, ExceptionState, ExceptionUse, FaultKind, KeyRotation, Posture, Region,
    RunKind, ScanReason, ScanStatus, Severity, Standing, Verdict,
};
use crate::publish::Census;
use crate::report::SCOPE;
use crate::resolve::{Gap, Gaps};

/// Kinds of fails that are shown, each with one of its fails by name: the ten worst fails would be ten
/// of the first kind wherever it has ten, and say nothing of the others.
const WORST: usize = 10;
/// Kinds of reads that failed and are shown.
const GAPS: usize = 10;
/// Columns of the counts that stand beside others.
const HALF: usize = 41;
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
        /// The nights before the last one: how many, and the dates of the first and the last of them.
        earlier: Option<(usize, String, String)>,
    },
}

/// The summary of a census.
pub fn render(census: &Census, next: &Next<'_>) -> String {
    let mut text = String::new();
    head(&mut text, census);
    coverage(&mut text, census);
    posture(&mut text, census);
    worst(&mut text, &census.findings);
    verdicts(&mut text, census);
    exceptions(&mut text, census);
    counts(&mut text, census);
    let _ = write!(text, "\nScope\n{}", print::wrapped(SCOPE, "  "));
    what_next(&mut text, census, next);
    text
}

/// Says that a census was not compared with the last one, so that the limit of losses was not applied.
pub fn tell_not_compared(census: &Census) {
    if let Some(error) = &census.not_compared {
        print::say(format!("note: the last census cannot be read, so --max-lost was not applied: {error}"));
    }
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

/// Accounts, Regions and reads: how much of the organization the census saw.
fn coverage(text: &mut String, census: &Census) {
    let mut by: BTreeMap<(ScanStatus, Option<ScanReason>), u64> = BTreeMap::new();
    for account in &census.accounts {
        *by.entry((account.status, account.reason)).or_default() += 1;
    }
    let in_words = |((status, reason), count): (&(ScanStatus, Option<ScanReason>), &u64)| {
        let reason = reason.map(|reason| format!(" ({})", spoken(reason.word()))).unwrap_or_default();
        format!("{count} {}{reason}", spoken(status.word()))
    };
    let accounts = by.iter().map(in_words).collect::<Vec<_>>().join(", ");
    let _ = writeln!(text, "\nCoverage");
    row(text, "Accounts", census.run.totals.accounts_listed, &format!("listed: {accounts}"));
    regions(text, census);
    reads(text, census);
    gaps(text, &census.summary.gaps);
}

fn regions(text: &mut String, census: &Census) {
    let scans: Vec<&AccountScan> = census.accounts.iter().filter_map(|it| it.scan.as_ref()).collect();
    let scanned: u64 = scans.iter().map(|scan| scan.regions.len() as u64).sum();
    let disabled: usize = scans.iter().map(|scan| scan.regions_disabled.len()).sum();
    let different: BTreeSet<&Region> = scans.iter().flat_map(|scan| &scan.regions).collect();
    let accounts = match scans.iter().filter(|scan| !scan.regions.is_empty()).count() {
        1 => "1 account".to_owned(),
        accounts => format!("{accounts} accounts"),
    };
    let disabled = if disabled > 0 { format!("; {disabled} more are disabled") } else { String::new() };
    row(text, "Regions", scanned, &format!("scanned in {accounts}, {} different{disabled}", different.len()));
}

fn reads(text: &mut String, census: &Census) {
    let reads = &census.summary.reads;
    let faults = FaultKind::ALL.iter().map(|kind| (kind.word(), reads.faults_of(*kind)));
    let faults: Vec<(&str, u64)> = faults.filter(|(_, count)| *count > 0).collect();
    let unread: u64 = faults.iter().map(|(_, count)| count).sum();
    let (known, absent, gone) = (reads.known, reads.absent, reads.gone);
    let line = format!("sent = {known} known + {absent} absent + {gone} gone + {unread} not read");
    row(text, "Reads", reads.asked(), &line);
    if unread > 0 {
        let words: Vec<String> = faults.iter().map(|(word, count)| format!("{count} {word}")).collect();
        row(text, "", unread, &format!("not read: {}", words.join(", ")));
    }
    let why = match census.summary.gaps.is_empty() {
        true => "more were left out by --region",
        false => "more were planned but not sent",
    };
    if reads.not_asked() > 0 {
        row(text, "", reads.not_asked(), why);
    }
}

fn row(text: &mut String, label: &str, count: u64, words: &str) {
    let _ = writeln!(text, "{}", print::wrapped(words, &format!("  {label:<9}{count:>8} ")));
}

/// Buckets and keys, side by side.
fn counts(text: &mut String, census: &Census) {
    let line = |count: u64, words: &str| format!("{count:>8} {words}");
    let totals = &census.run.totals;
    let mut buckets = vec![format!("Buckets {}", line(totals.buckets, "by default encryption"))];
    for mode in Encryption::ALL {
        if let Some(count) = census.summary.encryption.get(mode) {
            buckets.push(format!("        {}", line(*count, mode.spoken())));
        }
    }
    if census.summary.encryption_unread > 0 {
        let words = Encryption::spoken_of(None);
        buckets.push(format!("        {}", line(census.summary.encryption_unread, words)));
    }
    let mut keys = vec![format!("Keys {}", line(totals.keys, "by automatic rotation"))];
    for rotation in KeyRotation::ALL {
        if let Some(count) = census.summary.rotation.get(rotation) {
            keys.push(format!("     {}", line(*count, &spoken(rotation.word()))));
        }
    }
    if census.summary.rotation_unread > 0 {
        keys.push(format!("     {}", line(census.summary.rotation_unread, "unknown")));
    }
    let _ = writeln!(text);
    for at in 0..buckets.len().max(keys.len()) {
        let cell = |lines: &[String]| lines.get(at).cloned().unwrap_or_default();
        let _ = writeln!(text, "{}", format!("{:<HALF$}{}", cell(&buckets), cell(&keys)).trim_end());
    }
}

fn verdicts(text: &mut String, census: &Census) {
    let found = &census.findings;
    let of = |verdict| found.of_verdict(verdict);
    let all: u64 = Verdict::ALL.iter().map(|verdict| of(*verdict)).sum();
    let _ = writeln!(text, "\nFindings {all:>8} by verdict, one for each resource and check");
    for verdict in Verdict::ALL {
        if of(*verdict) == 0 {
            continue;
        }
        let severities = match verdict {
            Verdict::Fail => by_severity(found),
            _ => String::new(),
        };
        let line = format!("{}{severities}", spoken(verdict.word()));
        let _ = writeln!(text, "{}", print::wrapped(&line, &format!("         {:>8} ", of(*verdict))));
    }
}

/// The results of the buckets, each counted once; then default encryption alone.
fn posture(text: &mut String, census: &Census) {
    let Posture { buckets, default_encryption, .. } = census.findings.posture();
    let _ = writeln!(text, "\nStandard  {}", census.standard);
    row(text, "Buckets", buckets.of(Standing::Clean), &format!("of {} {CLEAN}", buckets.all()));
    for (standing, words) in OTHERS {
        if buckets.of(standing) > 0 {
            row(text, "", buckets.of(standing), words);
        }
    }
    let to = |verdict| default_encryption.get(&verdict).copied().unwrap_or_default();
    let judged: u64 =
        Verdict::ALL.iter().map(|verdict| to(*verdict)).sum::<u64>() - to(Verdict::NotApplicable);
    let line = format!(
        "Default encryption alone: {} of {judged} buckets meet the standard; {} fail, {} unknown, {} exempt, \
         {} not applicable",
        to(Verdict::Pass),
        to(Verdict::Fail),
        to(Verdict::Unknown),
        to(Verdict::Exempt),
        to(Verdict::NotApplicable),
    );
    let _ = writeln!(text, "{}", print::wrapped(&line, "  "));
}

const CLEAN: &str = "have no fail at medium or worse and no unknown";

/// The other results, each without those above it.
const OTHERS: [(Standing, &str); 4] = [
    (Standing::Fails, "have a fail at medium or worse"),
    (Standing::Unknown, "have no such fail, but a check that is unknown"),
    (Standing::Exempt, "have neither, but an exception that accepts such a fail"),
    (Standing::NotJudged, "have no check that applies to them"),
];

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
    // What needs attention comes first.
    let mut uses: Vec<&ExceptionUse> = census.exceptions.iter().collect();
    uses.sort_by_key(|used| (urgency(used, census.run.as_of), &used.id));
    for used in uses.iter().take(EXCEPTIONS) {
        let until = used.expires.date();
        let state = match used.state {
            ExceptionState::Used if expires_soon(used, census.run.as_of) => {
                format!("accepts {} findings and expires soon, on {until}", used.matches)
            }
            ExceptionState::Used => format!("accepts {} findings until {until}", used.matches),
            ExceptionState::Unused => format!("matches no finding, in force until {until}"),
            ExceptionState::TooManyMatches => format!(
                "rejected: matches {} findings, but {} were agreed; it applies to none",
                used.matches, used.max_matches
            ),
            ExceptionState::TooLong => {
                "rejected: it lasts longer than findings of that severity may be exempt".to_owned()
            }
            ExceptionState::NotYet => "not yet in force".to_owned(),
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
    (ExceptionState::TooManyMatches, "rejected, with too many matches"),
    (ExceptionState::TooLong, "rejected, with too long a term"),
    (ExceptionState::Expired, "expired"),
    (ExceptionState::Unused, "without a matching finding"),
    (ExceptionState::Used, "in use"),
    (ExceptionState::NotYet, "not yet in force"),
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
    let kinds = found.worst().count();
    if kinds == 0 {
        return;
    }
    let _ = writeln!(text, "\nMost severe findings");
    for (kind, count, examples) in found.worst().take(WORST) {
        let check = kind.check().map_or("", |check| check.id);
        let (severity, reason) = (kind.severity(), spoken(kind.reason_code));
        let params = kind.params.as_ref().map(|params| format!(" {params}")).unwrap_or_default();
        let line = format!("{} · {check}{params}: {reason}", severity.word());
        let _ = writeln!(text, "{}", print::wrapped(&line, &format!("  {count:>6} × ")));
        let Some(example) = examples.first() else { continue };
        let _ = writeln!(text, "    {}", cut(&named(example), 76));
        if severity == Severity::Critical {
            let reason = cut(&example.reason, REASON);
            let words = reason.split_whitespace().map(|word| cut(word, 76));
            let _ = writeln!(text, "{}", print::wrapped(&words.collect::<Vec<_>>().join(" "), "    "));
        }
    }
    if kinds > WORST {
        let _ = writeln!(text, "  and {} more kinds, in the table findings", kinds - WORST);
    }
}

/// The account, then the bucket, or the Region and the key; any other ARN as it is.
fn named(example: &Example) -> String {
    let Example { account_id, resource_arn, .. } = example;
    if let Some((_, bucket)) = resource_arn.rsplit_once(":s3:::") {
        return format!("{account_id} {bucket}");
    }
    match resource_arn.split(':').collect::<Vec<_>>()[..] {
        ["arn", _, "kms", region, _, key] => format!("{account_id} {region} {key}"),
        _ => resource_arn.clone(),
    }
}

/// What was not read and where, the widest gap first; what was not asked follows from it.
fn gaps(text: &mut String, gaps: &Gaps) {
    if gaps.is_empty() {
        let _ = writeln!(text, "  Every planned read succeeded.");
        return;
    }
    let is_not_asked = |word: &str| word == "not_asked";
    let (not_asked, mut unread): (Vec<_>, Vec<_>) = gaps.iter().partition(|(_, word, ..)| is_not_asked(word));
    unread.sort_by_key(|(operation, word, by, gap)| {
        (Reverse(gap.accounts), Reverse(gap.reads), *operation, *word, *by)
    });
    let _ = writeln!(text, "\nAccess gaps");
    for (operation, word, denied_by, gap) in unread.iter().take(GAPS) {
        let what = format!("{operation} {}{}", failure(word), denied_by.map(by).unwrap_or_default());
        let lead = format!("  {:>6} × ", gap.reads);
        let _ = writeln!(text, "{}", print::wrapped(&format!("{what} in {}", place(gap)), &lead));
    }
    if unread.len() > GAPS {
        let _ = writeln!(text, "  and {} more kinds, in the table coverage", unread.len() - GAPS);
    }
    if !not_asked.is_empty() {
        let parts = not_asked.iter().map(|(operation, _, _, gap)| format!("{operation} ({})", gap.reads));
        let line = format!("planned but not sent: {}", parts.collect::<Vec<_>>().join(", "));
        let _ = writeln!(text, "{}", print::wrapped(&line, "  "));
    }
}

/// One place by name, and how many more accounts.
fn place(gap: &Gap) -> String {
    let (account_id, region) = &gap.places[0];
    let region = if *region == Region::global() { String::new() } else { format!(" {region}") };
    match gap.accounts - 1 {
        0 => format!("{account_id}{region}"),
        1 => format!("{account_id}{region} and 1 more account"),
        more => format!("{account_id}{region} and {more} more accounts"),
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
    if !lake.starts_with("s3://") && census.run.kind == RunKind::Census {
        let _ =
            writeln!(text, "  a question, with the duckdb executable (`atrest query` lists all questions):");
        let _ = writeln!(text, "    atrest query --lake {lake} buckets_without_rotating_customer_key");
    }
    match next {
        Next::Demo { earlier, .. } => {
            if let Some((count, first, last)) = earlier {
                let nights = if *count == 1 { "night" } else { "nights" };
                let _ = writeln!(text, "  the lake has {count} earlier {nights}, {first} to {last}");
            }
            let _ = writeln!(text, "  your own organization: what will work, and what to fix:");
            let _ = write!(text, "    atrest doctor --role-name OrganizationAccountAccessRole");
        }
        Next::Lake(_) if census.is_partial() => {
            let _ = write!(text, "  how to close the access gaps: atrest doctor");
        }
        Next::Lake(_) => {
            let _ = write!(text, "  what changed: scan again tomorrow into the same lake");
        }
    }
}

/// A *read* word of a gap; a denial in the words of AWS.
fn failure(word: &str) -> String {
    if word == "denied" { "access denied".to_owned() } else { spoken(word) }
}

fn spoken(word: &str) -> String {
    word.replace('_', " ")
}

/// ` by an SCP`; nothing where AWS's message names no policy.
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
