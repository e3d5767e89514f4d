//! Answers that are changed at random, for every operation of a night: `answers` tries each member in turn, this law
//! any change, of several accounts a night.
//!
//! The law: a verdict stays or becomes `unknown`; what disappears, disappears from an account that is not complete,
//! and a run that calls itself complete has lost nothing; nothing new comes up; an account whose answers are as they
//! were has the findings that it had; and the counts add up. `ATREST_TRIES=50` tries fifty times as many.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};

use atrest::model::AccountId;
use atrest::operation::{OPERATIONS, Scope};
use atrest::scan::ScanError;
use atrest::sim::world::{CompletedRotation, Encryption, MultiRegion};
use atrest::sim::{Effect, Rule, Schedule, World};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngSeed, TestRunner};

use crate::laws::agrees_with_itself;
use crate::support::mutate::{Bytes, Change, Changed, Mutation, Respell, mutation};
use crate::support::night::{Morning, NOW, Night, Row, only_regions, region};
use crate::support::wire::{Answer, Reply, Wire};

const DAY: i64 = 86_400_000;
const PLACE: &str = "eu-west-1";

/// Accounts whose answers are changed in one night, each by itself.
const MEMBERS: usize = 8;
/// The one whose buckets are listed without their Regions.
const WITHOUT_REGIONS: usize = 0;
/// The one whose credentials are refused in a Region, so that STS is asked whose they are.
const REFUSED: usize = 1;

/// Deterministic, and as many times `cases` as `ATREST_TRIES` says.
pub fn config(cases: u32, seed: u64) -> Config {
    let times = std::env::var("ATREST_TRIES").ok().and_then(|it| it.parse().ok()).unwrap_or(1);
    Config {
        cases: cases * times,
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        // What fails is one change of one answer, which the failure shows: nothing is left to shrink.
        max_shrink_iters: 0,
        ..Config::default()
    }
}

/// The organization, its members, and what is wrong with it on a usual night.
struct Stage {
    world: World,
    members: Vec<AccountId>,
    /// Answers that are as they are on every night.
    usual: BTreeMap<String, Reply>,
}

impl Stage {
    fn new(members: usize) -> Self {
        let mut world = World::new(NOW);
        let management = world.organization.management_account;
        let root = world.organization.root.clone();
        let unit = world.add_unit("Workloads", &root);
        let inner = world.add_unit("Payments", &unit);
        let members: Vec<AccountId> =
            (0..members).map(|n| world.add_account(&format!("member-{n}"))).collect();
        for (n, id) in members.iter().copied().chain([management]).enumerate() {
            let account = world.account_mut(id);
            account.joined_at = NOW.plus_millis(-400 * DAY);
            account.parent.clone_from([&root, &unit, &inner][n % 3]);
            let is_kept = |name: &str| name == PLACE || (name == "us-east-1" && n == REFUSED);
            account.regions.retain(|name, _| is_kept(name.as_str()));
        }
        for (n, id) in members.iter().enumerate() {
            furnish(&mut world, *id, n);
        }
        let mut stage = Self { world, members, usual: BTreeMap::new() };
        let (_, answers) = stage.recorded();
        stage.usual = answers
            .into_iter()
            .filter(|(_, answer)| answer.operation == "ListBuckets")
            .filter(|(name, _)| name.starts_with(&format!("ListBuckets {} ", stage.members[WITHOUT_REGIONS])))
            .map(|(name, answer)| (name, Reply::with(without(&answer.body, "BucketRegion"))))
            .collect();
        stage
    }

    fn night(&self, mut replies: BTreeMap<String, Reply>) -> (Morning, Wire) {
        for (name, reply) in &self.usual {
            replies.entry(name.clone()).or_insert_with(|| reply.clone());
        }
        let wire = Wire::replacing(replies);
        let refused = Effect::Error {
            status: 403,
            code: "InvalidClientTokenId".to_owned(),
            message: "The security token included in the request is invalid.".to_owned(),
        };
        let rule = Rule::always(refused).account(self.members[REFUSED]).region("us-east-1").on("kms:*");
        let mut night =
            Night::over(self.world.clone()).with(Schedule::of([rule])).filtered(only_regions(&[]));
        night.wire = Some(wire.clone());
        (night.run(), wire)
    }

    /// A usual night, and its answers by their requests.
    fn recorded(&self) -> (Morning, BTreeMap<String, Answer>) {
        let (morning, wire) = self.night(BTreeMap::new());
        let mut answers = wire.answers();
        for (name, reply) in &self.usual {
            let answer = answers.get_mut(name).expect("it is asked each night");
            answer.body = String::from_utf8(reply.body.clone()).expect("XML");
        }
        (morning, answers)
    }
}

/// A body without the elements of this name.
fn without(body: &str, name: &str) -> String {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let mut parts = body.split(&open);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |kept, part| kept + part.split_once(&close).map_or(part, |(_, rest)| rest))
}

/// Keys and buckets whose every check has something to pass and something to fail.
fn furnish(world: &mut World, id: AccountId, n: usize) {
    let rotating = {
        let key = world.add_key(id, PLACE);
        (key.rotation.enabled, key.rotation.period_days) = (true, Some(365));
        key.rotation.next_at = Some(NOW.plus_millis(DAY));
        key.history.push(CompletedRotation { at: NOW.plus_millis(-364 * DAY), kind: "AUTOMATIC".into() });
        key.id.clone()
    };
    world.add_alias(id, PLACE, "alias/data", Some(&rotating));
    world.add_alias(id, PLACE, "alias/aws/s3", None);
    match n % 4 {
        0 => {
            let expiring = world.add_key(id, PLACE);
            expiring.origin = "EXTERNAL".into();
            expiring.valid_to = Some(NOW.plus_millis(400 * DAY));
        }
        1 => world.add_key(id, PLACE).spec = "RSA_4096".into(),
        2 => {
            let name = format!("mrk-0000000000000000000000000000000{n}");
            let mut primary = world.new_key(id, region(PLACE), &name);
            primary.multi_region = Some(MultiRegion { primary: region(PLACE), replicas: Vec::new() });
            world.region_mut(id, PLACE).keys.insert(primary.id.clone(), primary);
        }
        _ => {
            let going = world.add_key(id, PLACE);
            going.state = "PendingDeletion".into();
            going.deletion_at = Some(NOW.plus_millis(10 * DAY));
        }
    }
    let arn = format!("arn:aws:kms:{PLACE}:{id}:key/{rotating}");
    for (name, reference) in
        [("by-arn", arn.as_str()), ("by-alias", "alias/data"), ("missing", "alias/nowhere")]
    {
        world.add_bucket(id, PLACE, &format!("{name}-{n}")).encryption =
            Some(Encryption::kms(Some(reference)).bucket_key(true));
    }
    world.add_bucket(id, PLACE, &format!("blocked-{n}")).encryption =
        Some(Encryption::blocked_only(&["SSE-C"]));
    let plain = world.add_bucket(id, PLACE, &format!("plain-{n}"));
    plain.encryption = None;
    plain.policy = Some(format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::plain-{n}","arn:aws:s3:::plain-{n}/*"],"Condition":{{"Bool":{{"aws:SecureTransport":"false"}}}}}}]}}"#
    ));
}

/// Whether a change can make another good answer of a good one, which nothing tells from the first.
fn is_good(answer: &Answer, member: &str, mutation: &Mutation) -> bool {
    use Change::*;
    let name = member.rsplit('.').next().unwrap_or_default();
    let operation = answer.operation.as_str();
    let change = match mutation {
        Mutation::Member(_, change) => change,
        // A policy is a text of its own, and no operation's.
        Mutation::Bytes(Bytes::Inserted(..)) => return operation == "GetBucketPolicy",
        _ => return false,
    };
    let respells = matches!(change, Text(how) if !matches!(how, Respell::Spelt | Respell::Interrupted));
    let is_other = respells || matches!(change, Type(_) | Others(_) | Number(_) | Null | Emptied | Gone);
    match (operation, name) {
        // An error's code may be another; that of one that is told to be there is not.
        _ if operation == "GetBucketPolicy" && answer.status < 300 => true,
        // What a list has may be more, less, and in another order.
        ("ListBuckets", "Bucket") => matches!(change, Gone | Twice { same: false, .. }),
        ("ListBuckets", "Buckets") => matches!(change, Null | Emptied),
        ("ListKeys", "Keys") => matches!(change, Twice { same: false, .. } | Others("key") | Type("[]")),
        ("ListAliases", "Aliases")
        | ("ListRegions", "Regions")
        | ("ListAccounts", "Accounts")
        | ("ListKeyRotations", "Rotations") => matches!(change, Twice { same: false, .. } | Type("[]")),
        ("ListBuckets", "Name") => respells || matches!(change, Type(_)),
        ("ListBuckets", "BucketRegion") => matches!(change, Text(Respell::Last) | Others(_)),
        ("ListRegions", "RegionName") => matches!(change, Text(Respell::Last) | Others(_)),
        ("GetBucketLocation", _) => matches!(change, Text(Respell::Last) | Others(_)),
        ("GetBucketEncryption", "KMSMasterKeyID") => is_other || matches!(change, Renamed(_)),
        ("GetBucketEncryption", _) if matches!(change, Others(_)) => true,
        ("GetBucketEncryption", "BucketKeyEnabled") => matches!(change, Gone | Renamed(_) | Type(_)),
        ("GetBucketEncryption", "ApplyServerSideEncryptionByDefault") => matches!(change, Gone | Renamed(_)),
        ("GetKeyRotationStatus", "KeyRotationEnabled") => matches!(change, Type(_)),
        ("GetKeyPolicy", "Policy") => {
            matches!(change, Others(_) | Text(Respell::Wide | Respell::Lower | Respell::Upper))
        }
        _ => false,
    }
}

/// A change of an answer: of which operation, which of its answers, and what of it.
type Try = (Index, Index, Mutation);

/// What is changed of one account's answers in a night.
#[derive(Debug, Clone)]
enum Tries {
    /// One or two answers of any operation.
    Any(Vec<Try>),
    /// Many answers, each about one resource: they do not hide each other.
    OfResources(Vec<Try>),
}

fn tries() -> impl Strategy<Value = Tries> {
    let of = || (any::<Index>(), any::<Index>(), mutation());
    prop_oneof![
        proptest::collection::vec(of(), 1..=2).prop_map(Tries::Any),
        proptest::collection::vec(of(), 4..=12).prop_map(Tries::OfResources),
    ]
}

/// Whether an operation's answer is about one resource.
fn is_of_resource(operation: &str) -> bool {
    OPERATIONS.iter().any(|of| of.name == operation && of.scope == Scope::Resource)
}

/// The answers of one account, or of the caller's own calls, by operation.
type Answers = BTreeMap<String, Vec<(String, Answer)>>;

fn of_account(answers: &BTreeMap<String, Answer>, account: &str) -> Answers {
    let mut of: Answers = BTreeMap::new();
    for (name, answer) in answers {
        let session = name.split(' ').nth(1).unwrap_or_default();
        // A role is assumed by the caller, and is the account's all the same.
        let is_its = match answer.operation.as_str() {
            "AssumeRole" => name.contains(&format!("%3A%3A{account}%3Arole")),
            _ => session == account,
        };
        if is_its {
            of.entry(answer.operation.clone()).or_default().push((name.clone(), answer.clone()));
        }
    }
    of
}

/// The changed answer, with its request; none where the change does not suit it.
fn changed<'a>(
    (operation, which, mutation): &Try,
    of: impl Iterator<Item = &'a Vec<(String, Answer)>>,
    all: &[Answer],
) -> Option<(String, Changed)> {
    let operations: Vec<&Vec<(String, Answer)>> = of.collect();
    let (name, answer) = which.get(operation.get(&operations).as_slice());
    let changed = mutation.of(answer, all)?;
    (!is_good(answer, &changed.member, mutation)).then(|| (name.clone(), changed))
}

fn findings(morning: &Morning) -> BTreeMap<String, Row> {
    let of = |row: Row| (row["finding_uid"].clone().expect("never NULL"), row);
    morning.rows("findings").into_iter().map(of).collect()
}

fn text<'a>(row: &'a Row, column: &str) -> &'a str {
    row[column].as_deref().unwrap_or_default()
}

/// What is wrong with a night, with the account that it is about.
fn wrong(
    clean: &BTreeMap<String, Row>,
    night: &Morning,
    touched: &BTreeSet<String>,
) -> Vec<(String, String)> {
    let all = |what: String| vec![(String::new(), what)];
    match &night.scan {
        Ok(()) => {}
        Err(
            ScanError::Organization { .. }
            | ScanError::EveryRoleRefused { .. }
            | ScanError::CallerLost { .. },
        ) if !night.is_published() => return Vec::new(),
        Err(error) => return all(format!("the scan ended with {error}")),
    }
    if let Some(Err(error)) = &night.census {
        return all(format!("it was not published: {error}"));
    }
    agrees_with_itself(night);
    let statuses: BTreeMap<String, Row> =
        night.rows("accounts").into_iter().map(|row| (text(&row, "account_id").to_owned(), row)).collect();
    let is_complete = |id: &str| statuses.get(id).is_some_and(|row| text(row, "scan_status") == "complete");
    let run_is_complete = night.rows("runs").iter().all(|row| text(row, "status") == "complete");
    let mut found = findings(night);
    let mut wrong = Vec::new();
    for (uid, before) in clean {
        let id = text(before, "account_id").to_owned();
        let what = format!("{} of {}", text(before, "check_id"), text(before, "resource_arn"));
        let Some(after) = found.remove(uid) else {
            if is_complete(&id) || run_is_complete || !touched.contains(&id) {
                wrong.push((id, format!("{what} is gone")));
            }
            continue;
        };
        let (before, after) = (text(before, "verdict"), text(&after, "verdict"));
        if before != after && (after != "unknown" || !touched.contains(&id)) {
            wrong.push((id, format!("{what} went from {before} to {after}")));
        }
    }
    wrong.extend(
        found.into_values().map(|row| (text(&row, "account_id").to_owned(), format!("new: {row:?}"))),
    );
    wrong
}

fn shown(changed: &Changed) -> String {
    let body = String::from_utf8_lossy(&changed.reply.body);
    let body: String = body.chars().take(1_500).collect();
    format!("{}\n        {:?} {:?} {body}", changed.what, changed.reply.status, changed.reply.content_type)
}

/// The law over the answers of each of these accounts.
struct Law<'a> {
    stage: &'a Stage,
    clean: BTreeMap<String, Row>,
    all: Vec<Answer>,
    of: Vec<(String, Answers)>,
}

impl Law<'_> {
    /// Runs nights; every wrong verdict is told, with what was changed of that account's answers.
    fn hold(&self, nights: u32, seed: u64) {
        let mut runner = TestRunner::new(config(nights, seed));
        let (count, failed) = (RefCell::new(Count::default()), RefCell::new(BTreeMap::new()));
        let strategy = proptest::collection::vec(tries(), self.of.len());
        let outcome = runner.run(&strategy, |tries| {
            let cases = self.cases(&tries);
            count.borrow_mut().add(&cases);
            for (id, what) in self.wrong(&cases) {
                let of_account =
                    |(account, _): &&(String, (String, Changed))| *account == id || id.is_empty();
                let shown: Vec<String> =
                    cases.iter().filter(of_account).map(|(_, (_, changed))| shown(changed)).collect();
                let mut failed = failed.borrow_mut();
                failed.entry(shown.join("\n    ")).or_insert_with(Vec::new).push(what);
            }
            Ok(())
        });
        outcome.expect("no case is refused");
        let (count, failed) = (count.into_inner(), failed.into_inner());
        println!("{} changed answers in {} nights: {:?}", count.tried, count.nights, count.operations);
        let each = failed
            .iter()
            .map(|(cases, what)| format!("{} (and {} more)\n    {cases}", what[0], what.len() - 1));
        assert!(failed.is_empty(), "{} are wrong:\n{}", failed.len(), each.collect::<Vec<_>>().join("\n"));
    }

    /// The changed answers by account, with their requests.
    fn cases(&self, tries: &[Tries]) -> Vec<(String, (String, Changed))> {
        let of_account = |(tries, (account, answers)): (&Tries, &(String, Answers))| {
            let (tries, is_any) = match tries {
                Tries::Any(tries) => (&tries[..], true),
                // A list that is not believed hides all else that the organization answers.
                Tries::OfResources(tries) if self.of.len() == 1 => (&tries[..2], true),
                Tries::OfResources(tries) => (&tries[..], false),
            };
            let of = || answers.iter().filter(|(name, _)| is_any || is_of_resource(name)).map(|(_, of)| of);
            let changed = tries.iter().filter_map(|one| changed(one, of(), &self.all));
            changed.map(|changed| (account.clone(), changed)).collect::<Vec<_>>()
        };
        tries.iter().zip(&self.of).flat_map(of_account).collect()
    }

    fn wrong(&self, cases: &[(String, (String, Changed))]) -> Vec<(String, String)> {
        let replies =
            cases.iter().map(|(_, (name, changed))| (name.clone(), changed.reply.clone())).collect();
        // What the caller's own calls answer is about every account.
        let touched: BTreeSet<String> = match &self.of[..] {
            [_] => self.clean.values().map(|row| text(row, "account_id").to_owned()).collect(),
            _ => cases.iter().map(|(account, _)| account.clone()).collect(),
        };
        let night = catch_unwind(AssertUnwindSafe(|| {
            let (night, _) = self.stage.night(replies);
            wrong(&self.clean, &night, &touched)
        }));
        night.unwrap_or_else(|_| vec![(String::new(), "a panic".to_owned())])
    }
}

/// What was tried, for the closing line.
#[derive(Default)]
struct Count {
    nights: usize,
    tried: usize,
    operations: BTreeMap<String, usize>,
}

impl Count {
    fn add(&mut self, cases: &[(String, (String, Changed))]) {
        self.nights += 1;
        self.tried += cases.len();
        for (_, (_, changed)) in cases {
            let operation = changed.what.split(',').next().unwrap_or_default().to_owned();
            *self.operations.entry(operation).or_default() += 1;
        }
    }
}

#[test]
fn no_change_of_an_accounts_answers_changes_a_verdict() {
    let stage = Stage::new(MEMBERS);
    let (clean, answers) = stage.recorded();
    clean.census();
    let all: Vec<Answer> = answers.values().cloned().collect();
    let of: Vec<(String, Answers)> =
        stage.members.iter().map(|id| (id.to_string(), of_account(&answers, &id.to_string()))).collect();
    let operations: BTreeSet<&str> = of.iter().flat_map(|(_, of)| of.keys().map(String::as_str)).collect();
    assert_eq!(
        operations.into_iter().collect::<Vec<_>>(),
        [
            "AssumeRole",
            "DescribeKey",
            "GetBucketEncryption",
            "GetBucketLocation",
            "GetBucketPolicy",
            "GetCallerIdentity",
            "GetKeyPolicy",
            "GetKeyRotationStatus",
            "ListAliases",
            "ListBuckets",
            "ListKeyRotations",
            "ListKeys",
            "ListRegions",
        ]
    );
    Law { stage: &stage, clean: findings(&clean), all, of }.hold(50, 20_261_121);
}

#[test]
fn no_change_of_the_organizations_answers_changes_a_verdict() {
    let stage = Stage::new(2);
    let (clean, answers) = stage.recorded();
    let all: Vec<Answer> = answers.values().cloned().collect();
    let caller: Answers = of_account(&answers, "caller")
        .into_iter()
        .filter(|(operation, _)| {
            ["ListAccounts", "ListOrganizationalUnitsForParent"].contains(&operation.as_str())
        })
        .collect();
    assert_eq!(caller.len(), 2);
    let of = vec![("caller".to_owned(), caller)];
    Law { stage: &stage, clean: findings(&clean), all, of }.hold(80, 20_261_122);
}

/// A night on which the first answer of an operation that has this text has another in its place.
fn night_with(stage: &Stage, operation: &str, text: &str, other: &str) -> Morning {
    let (_, answers) = stage.recorded();
    let found = answers.iter().find(|(_, it)| it.operation == operation && it.body.contains(text));
    let (name, answer) = found.expect("the stage has such an answer");
    let reply = Reply::with(answer.body.replacen(text, other, 1));
    stage.night(BTreeMap::from([(name.clone(), reply)])).0
}

#[test]
fn a_key_that_waits_for_deletion_is_not_failed_for_its_rotation_where_its_state_is_no_word_of_kms() {
    let stage = Stage::new(4);
    for word in ["", "PENDINGDELETION", "Zombie"] {
        let state = |word: &str| format!("\"KeyState\":\"{word}\"");
        let night = night_with(&stage, "DescribeKey", &state("PendingDeletion"), &state(word));
        let id = stage.members[3].to_string();
        let of = |check: &str| -> Vec<(String, String)> {
            let rows = night.rows("findings").into_iter();
            let rows = rows.filter(|row| text(row, "check_id") == check && text(row, "account_id") == id);
            rows.map(|row| (text(&row, "verdict").to_owned(), text(&row, "reason_code").to_owned())).collect()
        };
        for check in ["kms_rotation_enabled", "kms_rotation_period"] {
            let unknown = ("unknown".to_owned(), "key_state_unrecognized".to_owned());
            assert!(of(check).contains(&unknown), "{check} {word}: {:?}", of(check));
        }
    }
}

#[test]
fn a_buckets_name_in_pieces_is_no_name_of_another_bucket() {
    let stage = Stage::new(4);
    let id = stage.members[3];
    for name in ["by-a<![CDATA[]]>rn-3", " <!-- -->by-arn-3", "<![CDATA[by-arn-3]]>"] {
        let night =
            night_with(&stage, "ListBuckets", "<Name>by-arn-3</Name>", &format!("<Name>{name}</Name>"));
        let coverage = night.coverage(id, "global", "s3:ListBuckets");
        assert!(coverage.contains("protocol 1") && coverage.contains("incomplete"), "{name}: {coverage}");
        assert!(night.status(id).starts_with("partial/"), "{name}: {}", night.status(id));
    }
}
