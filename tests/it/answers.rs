//! Answers that AWS should never give: each member of each answer of a night is taken away, emptied, made of another
//! type, garbled, made another's or repeated, and each body is cut. What follows may be unknown. It is never another
//! verdict, nothing disappears from an account that is complete, and nothing new comes up.
//!
//! A change that makes another good answer cannot be told from one, and is left out: [`is_good`] says which.

use std::collections::{BTreeMap, BTreeSet};

use atrest::scan::ScanError;
use atrest::sim::World;
use atrest::sim::world::{Encryption, MultiRegion};

use serde_json::{Value, json};
use xmlparser::{ElementEnd, Token, Tokenizer};

use crate::support::night::{Morning, NOW, Night, Row, only_regions, region};
use crate::support::wire::{Answer, Wire};

/// What is done to a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    Gone,
    Null,
    Emptied,
    OtherType,
    Negative,
    Huge,
    /// The same text with a letter more.
    Garbled,
    /// The same text with another last letter: the name of something else.
    Others,
    /// There twice, and different.
    Repeated,
    /// The body ends here.
    Cut,
}

use Change::*;

const CHANGES: [Change; 10] =
    [Gone, Null, Emptied, OtherType, Negative, Huge, Garbled, Others, Repeated, Cut];

/// Changes to a good answer that make another good answer.
const GOOD: &[(&str, &str, &[Change])] = &[
    // A bucket of another name, or in another Region; an account with another Region.
    ("ListBuckets", "Bucket", &[Gone]),
    ("ListBuckets", "Buckets", &[Emptied]),
    ("ListBuckets", "Name", &[Garbled, Others]),
    ("ListBuckets", "BucketRegion", &[Others]),
    ("ListRegions", "RegionName", &[Others]),
    // S3 has defaults of its own: a configuration without a key is under aws/s3, and one of blocked types alone has no
    // default encryption.
    ("GetBucketEncryption", "KMSMasterKeyID", &[Gone, Emptied, Garbled, Others]),
    ("GetBucketEncryption", "BucketKeyEnabled", &[Gone]),
    ("GetBucketEncryption", "ApplyServerSideEncryptionByDefault", &[Gone]),
];

fn is_good(operation: &str, path: &str, change: Change) -> bool {
    let name = path.rsplit('.').next().unwrap_or_default();
    GOOD.iter().any(|(of, member, changes)| *of == operation && *member == name && changes.contains(&change))
}

fn another(text: &str) -> String {
    let mut text = text.to_owned();
    let last = text.pop().unwrap_or_default();
    text.push(if last == '1' { '2' } else { '1' });
    text
}

/// The changed bodies of a JSON answer, with the path of the member that was changed.
fn json_changes(body: &str) -> Vec<(String, Change, String)> {
    let whole: Value = serde_json::from_str(body).expect("the simulator's JSON");
    let mut changed = Vec::new();
    for pointer in members_of(&whole) {
        let (holder, name) = pointer.rsplit_once('/').expect("a member has a holder");
        let value = whole.pointer(&pointer).expect("it is there");
        for change in CHANGES {
            let mut other = whole.clone();
            let members = other.pointer_mut(holder).and_then(Value::as_object_mut).expect("an object");
            let new = match (change, value) {
                (Cut, _) => continue,
                (Gone, _) => None,
                (Null, _) => Some(Value::Null),
                (Emptied, Value::String(_)) => Some(json!("")),
                (Emptied, Value::Object(_)) => Some(json!({})),
                (OtherType, Value::String(_)) => Some(json!(7)),
                (OtherType, Value::Array(_)) => Some(json!({})),
                (OtherType, Value::Object(_)) => Some(json!([])),
                (OtherType, other) => Some(json!(other.to_string())),
                (Emptied, Value::Number(_)) => Some(json!(0)),
                (Negative, Value::Number(_)) => Some(json!(-5)),
                (Huge, Value::Number(_)) => Some(json!(1e300)),
                (Garbled, Value::String(text)) => Some(json!(format!("{text}x"))),
                (Others, Value::String(text)) => Some(json!(another(text))),
                (Repeated, Value::Bool(it)) => Some(json!(!it)),
                (Repeated, _) => Some(json!("other")),
                _ => continue,
            };
            let text = match (change, new) {
                (Repeated, Some(new)) => {
                    members.insert("\u{1}again".to_owned(), new);
                    other.to_string().replace("\"\\u0001again\"", &format!("\"{name}\""))
                }
                (_, Some(new)) => {
                    members.insert(name.to_owned(), new);
                    other.to_string()
                }
                (_, None) => {
                    members.remove(name);
                    other.to_string()
                }
            };
            changed.push((pointer.trim_start_matches('/').replace('/', "."), change, text));
        }
    }
    changed
}

/// The JSON pointers of all members: of lists, of their first and last entries.
fn members_of(whole: &Value) -> Vec<String> {
    let (mut found, mut open) = (Vec::new(), vec![String::new()]);
    while let Some(at) = open.pop() {
        match whole.pointer(&at) {
            Some(Value::Object(members)) => {
                for name in members.keys() {
                    found.push(format!("{at}/{name}"));
                    open.push(format!("{at}/{name}"));
                }
            }
            Some(Value::Array(entries)) => {
                let ends = BTreeSet::from([0, entries.len().saturating_sub(1)]);
                open.extend(ends.into_iter().map(|index| format!("{at}/{index}")));
            }
            _ => {}
        }
    }
    found
}

/// An XML element: its path, where it begins and ends, and where its content does.
struct Element {
    path: String,
    whole: std::ops::Range<usize>,
    content: std::ops::Range<usize>,
}

fn elements_of(body: &str) -> Vec<Element> {
    let (mut open, mut found): (Vec<(String, usize, usize)>, Vec<Element>) = (Vec::new(), Vec::new());
    for token in Tokenizer::from(body) {
        match token.expect("the simulator's XML") {
            Token::ElementStart { local, span, .. } => {
                let path = open.last().map_or("", |(path, ..)| path);
                open.push((format!("{path}.{local}"), span.start(), 0));
            }
            Token::ElementEnd { end: ElementEnd::Open, span } => {
                open.last_mut().expect("it began").2 = span.end();
            }
            Token::ElementEnd { span, .. } => {
                let (path, start, content) = open.pop().expect("it began");
                let content = content..span.start().max(content);
                found.push(Element { path, whole: start..span.end(), content });
            }
            _ => {}
        }
    }
    found
}

fn xml_changes(body: &str) -> Vec<(String, Change, String)> {
    let mut changed = Vec::new();
    for Element { path, whole, content } in elements_of(body) {
        if path.matches('.').count() < 2 || content.start == 0 {
            continue;
        }
        let (element, text) = (&body[whole.clone()], &body[content.clone()]);
        let is_leaf = !text.contains('<');
        for change in CHANGES {
            let in_content = |new: &str| format!("{}{new}{}", &body[..content.start], &body[content.end..]);
            let new = match change {
                Gone => format!("{}{}", &body[..whole.start], &body[whole.end..]),
                Emptied => in_content(""),
                OtherType if is_leaf => in_content("<a>b</a>"),
                OtherType => in_content("text"),
                Garbled if is_leaf => in_content(&format!("{text}x")),
                Others if is_leaf => in_content(&another(text)),
                Repeated if is_leaf => {
                    let again = element.replace(text, &another(text));
                    format!("{}{again}{}", &body[..whole.end], &body[whole.end..])
                }
                Cut => body[..whole.end].to_owned(),
                _ => continue,
            };
            changed.push((path.clone(), change, new));
        }
    }
    changed
}

/// Every changed body of an answer.
fn changes_of(answer: &Answer) -> Vec<(String, Change, String)> {
    let mut changes = match (answer.operation.as_str(), answer.body.as_bytes().first()) {
        ("GetBucketPolicy", Some(b'{')) | (_, None) => Vec::new(),
        (_, Some(b'{')) => json_changes(&answer.body),
        _ => xml_changes(&answer.body),
    };
    let middle = answer.body.floor_char_boundary(answer.body.len() / 2);
    changes.push(("the body".to_owned(), Cut, answer.body[..middle].to_owned()));
    changes.push(("the body".to_owned(), Gone, String::new()));
    changes.retain(|(path, change, body)| {
        !is_good(&answer.operation, path, *change) && *body != answer.body && answer.status < 500
    });
    changes
}

/// Two accounts in one Region, whose every check has something to pass and something to fail.
fn world() -> World {
    let mut world = World::new(NOW);
    let management = world.organization.management_account;
    let one = world.add_account("one");
    for id in [management, one] {
        let account = world.account_mut(id);
        account.joined_at = NOW.plus_millis(-400 * 86_400_000);
        account.regions.retain(|name, _| name.as_str() == "eu-west-1");
    }
    let rotating = {
        let key = world.add_key(one, "eu-west-1");
        (key.rotation.enabled, key.rotation.period_days) = (true, Some(365));
        key.rotation.next_at = Some(NOW.plus_millis(86_400_000));
        key.id.clone()
    };
    world.add_alias(one, "eu-west-1", "alias/data", Some(&rotating));
    world.add_alias(one, "eu-west-1", "alias/aws/s3", None);
    let expiring = world.add_key(one, "eu-west-1");
    expiring.origin = "EXTERNAL".into();
    expiring.valid_to = Some(NOW.plus_millis(400 * 86_400_000));
    world.add_key(one, "eu-west-1").spec = "RSA_4096".into();
    let mut primary = world.new_key(one, region("eu-west-1"), "mrk-0000000000000000000000000000000a");
    primary.multi_region = Some(MultiRegion { primary: region("eu-west-1"), replicas: Vec::new() });
    world.region_mut(one, "eu-west-1").keys.insert(primary.id.clone(), primary);
    let arn = format!("arn:aws:kms:eu-west-1:{one}:key/{rotating}");
    for (name, reference) in
        [("by-arn", arn.as_str()), ("by-alias", "alias/data"), ("missing", "alias/nowhere")]
    {
        world.add_bucket(one, "eu-west-1", name).encryption =
            Some(Encryption::kms(Some(reference)).bucket_key(true));
    }
    world.add_bucket(one, "eu-west-1", "blocked").encryption = Some(Encryption::blocked_only(&["SSE-C"]));
    world.add_bucket(one, "eu-west-1", "none").encryption = None;
    world
}

fn night(wire: Wire) -> Morning {
    let mut night = Night::over(world());
    night.wire = Some(wire);
    // The Regions are listed for their own sake; those that a failure falls back on are not there.
    night.filter = only_regions(&[]);
    night.run()
}

fn findings(morning: &Morning) -> BTreeMap<String, Row> {
    let of = |row: Row| (row["finding_uid"].clone().expect("never NULL"), row);
    morning.rows("findings").into_iter().map(of).collect()
}

fn text<'a>(row: &'a Row, column: &str) -> &'a str {
    row[column].as_deref().unwrap_or_default()
}

/// What is wrong with a night of changed answers, beside a clean one.
fn wrong(clean: &BTreeMap<String, Row>, changed: &Morning) -> Option<String> {
    match &changed.scan {
        Ok(()) => {}
        Err(ScanError::Organization { .. } | ScanError::EveryRoleRefused { .. })
            if !changed.is_published() =>
        {
            return None;
        }
        Err(error) => return Some(format!("the scan ended with {error}")),
    }
    if let Some(Err(error)) = &changed.census {
        return Some(format!("it was not published: {error}"));
    }
    let mut found = findings(changed);
    let incomplete: BTreeSet<String> = changed
        .rows("accounts")
        .into_iter()
        .filter(|row| text(row, "scan_status") != "complete")
        .filter_map(|row| row["account_id"].clone())
        .collect();
    for (uid, before) in clean {
        let what = format!("{} of {}", text(before, "check_id"), text(before, "resource_arn"));
        let Some(after) = found.remove(uid) else {
            if !incomplete.contains(text(before, "account_id")) {
                return Some(format!("{what} is gone, and its account is complete"));
            }
            continue;
        };
        let (before, after) = (text(before, "verdict"), text(&after, "verdict"));
        if before != after && after != "unknown" {
            return Some(format!("{what} went from {before} to {after}"));
        }
    }
    found.values().next().map(|row| format!("a finding came up: {row:?}"))
}

/// One changed answer: of which request and operation, what was changed of it, and the body that it has then.
struct Case {
    request: String,
    operation: String,
    path: String,
    change: Change,
    body: String,
}

/// The findings of a clean night, and every case.
fn cases() -> (BTreeMap<String, Row>, Vec<Case>) {
    let wire = Wire::default();
    let clean = night(wire.clone());
    clean.census();
    let mut cases = Vec::new();
    for (request, answer) in wire.answers() {
        cases.extend(changes_of(&answer).into_iter().map(|(path, change, body)| Case {
            request: request.clone(),
            operation: answer.operation.clone(),
            path,
            change,
            body,
        }));
    }
    (findings(&clean), cases)
}

/// One night in so many of all cases; each member of each operation has its turn. `ATREST_EVERY=1` tries all.
const EVERY: usize = 23;

#[test]
fn no_change_of_an_answer_changes_a_verdict() {
    let every = std::env::var("ATREST_EVERY").ok().and_then(|it| it.parse().ok()).unwrap_or(EVERY);
    let (clean, cases) = cases();
    let mut failed = Vec::new();
    let (mut tried, mut operations) = (0, BTreeSet::new());
    for Case { request, operation, path, change, body } in cases.iter().step_by(every) {
        let changed = night(Wire::changing(request, body.clone()));
        (tried, _) = (tried + 1, operations.insert(operation));
        if let Some(what) = wrong(&clean, &changed) {
            println!("{operation}, {path} {change:?}: {what}");
            failed.push(format!("{operation}, {path} {change:?}: {what}\n    {body}"));
        }
    }
    println!("{tried} of {} cases, {} operations", cases.len(), operations.len());
    assert!(failed.is_empty(), "{} of {tried} are wrong:\n{}", failed.len(), failed.join("\n"));
}
