//! The pager, held to a naive reading of pages at random, for every operation that has pages.
//!
//! Pages lack their list, lose their token, repeat it, say that there are more and give none, are empty, come in
//! other words, or have entries that are none and entries that came before. The reading here is what the API
//! promises, in a few lines: a listing is complete where every page is a page, each token is new, the last one has
//! none, and each entry is understood. Nothing else is complete, what is kept are the entries, and it ends.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use atrest::aws::environment::{Environment, Tuning};
use atrest::aws::s3_lake::{LakeSettings, S3Store};
use atrest::clock::FrozenClock;
use atrest::lake::Store;
use atrest::log::{Record, Segment, organization_key};
use atrest::model::{AccountId, Source};
use atrest::scan::ScanError;
use atrest::sim::{Schedule, Simulator, World};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use crate::answers_law::config;
use crate::support::night::{Morning, NOW, Night, in_paused_time, only_regions, region};
use crate::support::wire::{Asked, Reply, Wire};

const PLACE: &str = "eu-west-1";
/// Entries of a kind that a page can have.
const ENTRIES: usize = 5;

/// How a page goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// With a token of its own.
    Token,
    /// With the token of the page before.
    Again,
    /// With an empty token.
    Empty,
    /// It does not.
    End,
}

#[expect(clippy::struct_excessive_bools, reason = "each is a fault of its own")]
#[derive(Debug, Clone)]
struct Page {
    entries: Vec<usize>,
    next: Next,
    /// Whether what the page says of its end is what its token says.
    agrees: bool,
    has_list: bool,
    /// An entry that is none.
    strange: bool,
    /// Whether its count, where it has one, is that of its entries.
    counts: bool,
}

fn page() -> impl Strategy<Value = Page> {
    let next = prop_oneof![
        12 => Just(Next::Token),
        1 => Just(Next::Again),
        1 => Just(Next::Empty),
        3 => Just(Next::End),
    ];
    let seldom = || prop::bool::weighted(0.06);
    let entries = proptest::collection::vec(0..ENTRIES, 0..=ENTRIES);
    let faults = (seldom(), seldom(), seldom(), seldom());
    (entries, next, faults).prop_map(|(mut entries, next, (contradicts, lacks, strange, miscounts))| {
        // The same entry twice on a page is another test's.
        let mut seen = BTreeSet::new();
        entries.retain(|entry| seen.insert(*entry));
        Page { entries, next, agrees: !contradicts, has_list: !lacks, strange, counts: !miscounts }
    })
}

fn pages() -> impl Strategy<Value = Vec<Page>> {
    proptest::collection::vec(page(), 1..=6)
}

/// What a listing comes to.
#[derive(Debug, PartialEq, Eq)]
struct Listing {
    is_complete: bool,
    entries: BTreeSet<usize>,
}

/// Pages as a server sends them: the n-th for the n-th request, and the last one, without a token, for all others.
struct Script {
    pages: Vec<Page>,
    /// Whether the operation has a word for "there are more".
    has_flag: bool,
    /// Whether its answers say how many entries they have.
    has_count: bool,
}

impl Script {
    fn page(&self, at: usize) -> (Page, Option<String>) {
        let end = Page {
            entries: vec![],
            next: Next::End,
            agrees: true,
            has_list: true,
            strange: false,
            counts: true,
        };
        let page = self.pages.get(at).cloned().unwrap_or(end);
        let token = match page.next {
            Next::Token => Some(format!("token-{at}")),
            Next::Again => Some(self.token_before(at)),
            Next::Empty => Some(String::new()),
            Next::End => None,
        };
        (page, token)
    }

    fn token_before(&self, at: usize) -> String {
        let before = (0..at).rev().find(|at| self.pages[*at].next == Next::Token);
        format!("token-{}", before.unwrap_or(at))
    }

    /// The naive reading, and the requests that it takes.
    fn read(&self) -> (Listing, Vec<Option<String>>) {
        let (mut entries, mut sent, mut tokens, mut strange) =
            (BTreeSet::new(), Vec::new(), BTreeSet::new(), false);
        let mut token = None;
        let is_complete = loop {
            let (page, next) = self.page(sent.len());
            sent.push(token.clone());
            if !page.has_list {
                break false;
            }
            entries.extend(page.entries);
            strange |= page.strange;
            token = next.filter(|token| !token.is_empty());
            match &token {
                _ if self.has_flag && !page.agrees => break false,
                _ if self.has_count && !page.counts => break false,
                None => break !strange,
                Some(token) if !tokens.insert(token.clone()) => break false,
                Some(_) => {}
            }
        };
        (Listing { is_complete, entries }, sent)
    }
}

/// An operation with pages.
struct Paged {
    operation: &'static str,
    has_flag: bool,
    /// One entry, or one that is none.
    entry: fn(&Stage, Option<usize>) -> String,
    /// The whole page: its list, its token, and whether it goes on.
    body: fn(Option<String>, Option<String>, bool) -> String,
    /// What of a request is its token.
    token: &'static str,
    /// What came of it; none where nothing was published.
    seen: fn(&Stage, &Morning) -> Option<Listing>,
}

struct Stage {
    world: World,
    management: AccountId,
    one: AccountId,
    others: Vec<AccountId>,
}

const REGIONS: [&str; ENTRIES] = ["eu-west-1", "eu-central-1", "us-east-1", "us-west-2", "ap-south-1"];

impl Stage {
    fn new(others: usize) -> Self {
        let mut world = World::new(NOW);
        let management = world.organization.management_account;
        let root = world.organization.root.clone();
        let one = world.add_account("one");
        let others = (1..=others).map(|n| world.add_account(&format!("other-{n}"))).collect();
        let unit = world.add_unit("unit-0", &root);
        world.account_mut(one).parent = unit;
        for account in world.accounts.values_mut() {
            account.joined_at = NOW.plus_millis(-400 * 86_400_000);
            account.regions.retain(|name, _| name.as_str() == PLACE);
        }
        for n in 0..ENTRIES {
            let key = world.new_key(one, region(PLACE), &key_id(n));
            world.region_mut(one, PLACE).keys.insert(key.id.clone(), key);
            world.add_bucket(one, PLACE, &format!("bucket-{n}"));
            world.add_alias(one, PLACE, &format!("alias/a-{n}"), Some(&key_id(n)));
        }
        let rotating = world.region_mut(one, PLACE).keys.get_mut(&key_id(0)).expect("it was added");
        rotating.rotation.enabled = true;
        Self { world, management, one, others }
    }

    fn arn(&self, resource: &str) -> String {
        format!("arn:aws:kms:{PLACE}:{}:{resource}", self.one)
    }
}

fn key_id(n: usize) -> String {
    format!("0000000{n}-0000-4000-8000-000000000000")
}

/// Whether the account's coverage of an operation is complete, and the rows of a table that are its entries.
fn covered(
    stage: &Stage,
    morning: &Morning,
    operation: &str,
    place: &str,
    entry: impl Fn(usize) -> bool,
) -> Option<Listing> {
    let coverage = morning.coverage(stage.one, place, operation);
    let is_complete = coverage.split(' ').any(|word| word == "complete");
    Some(Listing { is_complete, entries: (0..ENTRIES).filter(|n| entry(*n)).collect() })
}

/// Whether every listing of an operation in the organization's own log ran to its end.
fn of_organization(morning: &Morning, operation: &str) -> bool {
    let key = organization_key(&morning.run_id);
    let segment = Segment::open(&key, morning.store.objects()[&key].clone()).expect("it is sealed");
    let listings = segment.records(|name| name == "listing").map(|record| match record {
        Ok(Record::Listing(listing)) => listing,
        other => panic!("no listing: {other:?}"),
    });
    let of: Vec<bool> =
        listings.filter(|it| it.observation.operation == operation).map(|it| it.is_complete()).collect();
    assert!(!of.is_empty(), "{operation} is in the log");
    of.into_iter().all(|is_complete| is_complete)
}

fn has_row(morning: &Morning, table: &str, column: &str, text: &str) -> bool {
    morning.rows(table).iter().any(|row| row[column].as_deref().is_some_and(|it| it.contains(text)))
}

fn json(
    list: &str,
    token: &str,
    entries: Option<String>,
    next: Option<String>,
    flag: Option<bool>,
) -> String {
    let mut members = Vec::new();
    members.extend(entries.map(|entries| format!("\"{list}\":[{entries}]")));
    members.extend(next.map(|next| format!("\"{token}\":\"{next}\"")));
    members.extend(flag.map(|flag| format!("\"Truncated\":{flag}")));
    format!("{{{}}}", members.join(","))
}

const PAGED: &[Paged] = &[
    Paged {
        operation: "ListAccounts",
        has_flag: false,
        entry: |stage, entry| match entry {
            Some(n) => {
                let id = if n == 0 { stage.management } else { stage.others[n - 1] };
                let (management, org) = (stage.management, &stage.world.organization.id);
                format!(
                    r#"{{"Id":"{id}","Arn":"arn:aws:organizations::{management}:account/{org}/{id}","State":"ACTIVE"}}"#
                )
            }
            None => r#"{"Id":"12345"}"#.to_owned(),
        },
        body: |entries, next, _| json("Accounts", "NextToken", entries, next, None),
        token: "NextToken",
        seen: |stage, morning| {
            if let Err(ScanError::Organization { .. }) = morning.scan {
                return None;
            }
            morning.census();
            let of = |n: usize| if n == 0 { stage.management } else { stage.others[n - 1] };
            let is_there = |n: &usize| has_row(morning, "accounts", "account_id", &of(*n).to_string());
            Some(Listing { is_complete: true, entries: (0..ENTRIES).filter(is_there).collect() })
        },
    },
    Paged {
        operation: "ListOrganizationalUnitsForParent",
        has_flag: false,
        entry: |stage, entry| match entry {
            Some(0) => {
                format!(r#"{{"Id":"{}","Name":"unit-0"}}"#, stage.world.organization.units[0].id)
            }
            Some(n) => format!(r#"{{"Id":"ou-other-{n:08}","Name":"unit-{n}"}}"#),
            None => r#"{"Id":"r-abcd"}"#.to_owned(),
        },
        body: |entries, next, _| json("OrganizationalUnits", "NextToken", entries, next, None),
        token: "NextToken",
        seen: |_, morning| {
            let is_complete = of_organization(morning, "organizations:ListOrganizationalUnitsForParent");
            // The others have no account, and so no row.
            let known = has_row(morning, "accounts", "ou_names", "unit-0");
            Some(Listing { is_complete, entries: known.then_some(0).into_iter().collect() })
        },
    },
    Paged {
        operation: "ListRegions",
        has_flag: false,
        entry: |_, entry| match entry {
            Some(n) => format!(r#"{{"RegionName":"{}","RegionOptStatus":"ENABLED"}}"#, REGIONS[n]),
            None => r#"{"RegionName":"eu-north-1","RegionOptStatus":"PERHAPS"}"#.to_owned(),
        },
        body: |entries, next, _| json("Regions", "NextToken", entries, next, None),
        token: "NextToken",
        seen: |stage, morning| {
            let regions = morning.account(stage.one)["regions"].clone().unwrap_or_default();
            covered(stage, morning, "account:ListRegions", "global", |n| regions.contains(REGIONS[n]))
        },
    },
    Paged {
        operation: "ListBuckets",
        has_flag: false,
        entry: |_, entry| match entry {
            Some(n) => {
                format!("<Bucket><Name>bucket-{n}</Name><BucketRegion>{PLACE}</BucketRegion></Bucket>")
            }
            None => "<Bucket/>".to_owned(),
        },
        body: |entries, next, _| {
            let list = entries.map(|entries| format!("<Buckets>{entries}</Buckets>")).unwrap_or_default();
            let token =
                next.map(|it| format!("<ContinuationToken>{it}</ContinuationToken>")).unwrap_or_default();
            format!("<ListAllMyBucketsResult>{list}{token}</ListAllMyBucketsResult>")
        },
        token: "continuation-token",
        seen: |stage, morning| {
            covered(stage, morning, "s3:ListBuckets", "global", |n| {
                has_row(morning, "buckets", "bucket", &format!("bucket-{n}"))
            })
        },
    },
    Paged {
        operation: "ListKeys",
        has_flag: true,
        entry: |stage, entry| match entry {
            Some(n) => {
                let (id, arn) = (key_id(n), stage.arn(&format!("key/{}", key_id(n))));
                format!(r#"{{"KeyId":"{id}","KeyArn":"{arn}"}}"#)
            }
            None => format!(r#"{{"KeyId":"{}"}}"#, key_id(9)),
        },
        body: |entries, next, more| json("Keys", "NextMarker", entries, next, Some(more)),
        token: "Marker",
        seen: |stage, morning| {
            covered(stage, morning, "kms:ListKeys", PLACE, |n| has_row(morning, "keys", "key_id", &key_id(n)))
        },
    },
    Paged {
        operation: "ListAliases",
        has_flag: true,
        entry: |stage, entry| match entry {
            Some(n) => {
                let (name, arn) = (format!("alias/a-{n}"), stage.arn(&format!("alias/a-{n}")));
                format!(r#"{{"AliasName":"{name}","AliasArn":"{arn}","TargetKeyId":"{}"}}"#, key_id(n))
            }
            None => r#"{"AliasName":"alias/x"}"#.to_owned(),
        },
        body: |entries, next, more| json("Aliases", "NextMarker", entries, next, Some(more)),
        token: "Marker",
        seen: |stage, morning| {
            let listing = covered(stage, morning, "kms:ListAliases", PLACE, |n| {
                has_row(morning, "keys", "aliases", &format!("alias/a-{n}"))
            })?;
            Some(listing)
        },
    },
    Paged {
        operation: "ListKeyRotations",
        has_flag: true,
        entry: |_, entry| match entry {
            Some(n) => {
                let before = 40_000_000 * (1 + i64::try_from(n).expect("a few"));
                let (id, at) = (key_id(0), NOW.millis() / 1_000 - before);
                format!(r#"{{"KeyId":"{id}","RotationDate":{at},"RotationType":"ON_DEMAND"}}"#)
            }
            None => r#"{"RotationType":"SIDEWAYS"}"#.to_owned(),
        },
        body: |entries, next, more| json("Rotations", "NextMarker", entries, next, Some(more)),
        token: "Marker",
        seen: |stage, morning| {
            let row = morning.row("keys", "key_id", &key_id(0));
            // A history that is not whole tells nothing: its entries are counted, and not shown.
            let count = row["on_demand_rotations"].as_deref().and_then(|n| n.parse().ok()).unwrap_or(0);
            let listing = covered(stage, morning, "kms:ListKeyRotations", PLACE, |_| false)?;
            Some(Listing { entries: (0..count).collect(), ..listing })
        },
    },
];

fn body_of(paged: &Paged, stage: &Stage, script: &Script, at: usize) -> String {
    let (page, next) = script.page(at);
    let entries = page.entries.iter().map(|n| Some(*n)).chain(page.strange.then_some(None));
    let is_json = !paged.token.starts_with('c');
    let entries: Vec<String> = entries.map(|entry| (paged.entry)(stage, entry)).collect();
    let entries = page.has_list.then(|| entries.join(if is_json { "," } else { "" }));
    let goes_on = next.as_ref().is_some_and(|token| !token.is_empty());
    (paged.body)(entries, next, goes_on == page.agrees)
}

/// The token that a request sends.
fn token_of(paged: &Paged, asked: &Asked) -> Option<String> {
    let text = format!("{} {}", asked.url, asked.body);
    let (_, rest) = text.split_once(paged.token)?;
    let rest = rest.trim_start_matches(['"', ':', '=', ' ']);
    Some(rest.chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '-').collect())
}

/// One night with these pages of one operation, in one account; the tokens that were sent.
fn night(paged: &'static Paged, stage: &Stage, script: &Script) -> (Morning, Vec<Option<String>>) {
    let bodies: Vec<String> = (0..=script.pages.len()).map(|at| body_of(paged, stage, script, at)).collect();
    let (count, sent) = (AtomicUsize::new(0), Arc::new(Mutex::new(Vec::new())));
    let session = match paged.operation {
        "ListAccounts" | "ListOrganizationalUnitsForParent" => "caller".to_owned(),
        _ => stage.one.to_string(),
    };
    let noted = Arc::clone(&sent);
    let mut night = Night::over(stage.world.clone()).filtered(only_regions(&[]));
    night.wire = Some(Wire::answering(move |asked| {
        if asked.operation != paged.operation || asked.session != session {
            return None;
        }
        // Region by Region there is a listing of each: the script is of one.
        if !asked.url.contains(PLACE) && asked.url.contains("kms") {
            return None;
        }
        noted.lock().unwrap().push(token_of(paged, asked));
        let at = count.fetch_add(1, Ordering::Relaxed).min(bodies.len() - 1);
        Some(Reply { status: Some(200), ..Reply::with(bodies[at].as_str()) })
    }));
    let morning = night.run();
    let sent = sent.lock().unwrap().clone();
    (morning, sent)
}

/// What the law says of an operation's reading, where that differs from the listing's.
fn expected(paged: &Paged, script: &Script) -> Option<Listing> {
    let (mut listing, _) = script.read();
    match paged.operation {
        // Nothing is published of a list that is not complete, or has not the caller's own account.
        "ListAccounts" if !listing.is_complete || !listing.entries.contains(&0) => return None,
        "ListOrganizationalUnitsForParent" => listing.entries.retain(|n| *n == 0),
        // An account has Regions; where they cannot be listed, others are taken in their place.
        "ListRegions" if listing.entries.is_empty() => listing.is_complete = false,
        // An alias is shown where all of them are known, and a history where it is whole.
        "ListAliases" | "ListKeyRotations" if !listing.is_complete => listing.entries.clear(),
        "ListKeyRotations" => listing.entries = (0..listing.entries.len()).collect(),
        _ => {}
    }
    Some(listing)
}

#[test]
fn every_listing_is_what_a_naive_reading_of_its_pages_is() {
    let mut tried = 0;
    for (n, paged) in (0_u64..).zip(PAGED) {
        let stage = Stage::new(if paged.operation == "ListAccounts" { ENTRIES - 1 } else { 0 });
        let mut runner = TestRunner::new(config(24, 20_261_130 + n));
        let outcome = runner.run(&pages(), |pages| {
            let script = Script { pages, has_flag: paged.has_flag, has_count: false };
            let (morning, sent) = night(paged, &stage, &script);
            let mut seen = (paged.seen)(&stage, &morning);
            let mut expected = expected(paged, &script);
            if let (Some(seen), Some(expected)) = (&mut seen, &mut expected)
                && paged.operation == "ListRegions"
                && !expected.is_complete
            {
                // Then the partition's own Regions are scanned, too.
                seen.entries.clear();
                expected.entries.clear();
            }
            prop_assert_eq!(seen, expected, "{}", paged.operation);
            // A listing that fails is tried at another place, from its beginning.
            let (_, asked) = script.read();
            prop_assert_eq!(&sent[..asked.len().min(sent.len())], &asked[..], "{}", paged.operation);
            prop_assert!(sent.len() <= 2 * asked.len() + 2, "{}: {} requests", paged.operation, sent.len());
            Ok(())
        });
        tried += config(24, 0).cases;
        if let Err(error) = outcome {
            panic!("{}: {error}", paged.operation);
        }
    }
    println!("{tried} listings of {} operations", PAGED.len());
}

fn objects(script: &Script, at: usize) -> String {
    let (page, next) = script.page(at);
    let entries: String = page
        .entries
        .iter()
        .map(|n| ["<Contents><Key>p/runs/", &n.to_string(), "</Key></Contents>"].concat())
        .collect();
    let strange = if page.strange { "<Contents><Key>q/runs/1</Key></Contents>" } else { "" };
    let goes_on = next.as_ref().is_some_and(|token| !token.is_empty());
    let token =
        next.map(|it| format!("<NextContinuationToken>{it}</NextContinuationToken>")).unwrap_or_default();
    let entries = if page.has_list { format!("{entries}{strange}") } else { String::new() };
    // S3 leaves a list out that is empty, and says how many there are.
    let count = if page.has_list { page.entries.len() + usize::from(page.strange) } else { 3 };
    let count = if page.counts { count } else { count + 1 };
    format!(
        "<ListBucketResult><KeyCount>{count}</KeyCount><IsTruncated>{}</IsTruncated>{token}{entries}</ListBucketResult>",
        goes_on == page.agrees
    )
}

#[test]
fn a_listing_of_the_lake_is_what_a_naive_reading_of_its_pages_is() {
    let clock = Arc::new(FrozenClock(NOW));
    let simulator = Arc::new(Simulator::new(World::new(NOW), Schedule::none(), clock.clone()));
    let mut runner = TestRunner::new(config(250, 20_261_140));
    let outcome = runner.run(&pages(), |pages| {
        let script = Script { pages, has_flag: true, has_count: true };
        let bodies: Vec<String> = (0..=script.pages.len()).map(|at| objects(&script, at)).collect();
        let count = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&count);
        let wire = Wire::answering(move |_| {
            let at = counted.fetch_add(1, Ordering::Relaxed).min(bodies.len() - 1);
            Some(Reply { status: Some(200), ..Reply::with(bodies[at].as_str()) })
        });
        let base = simulator.configuration(&region(PLACE)).to_builder();
        let base = base.http_client(wire.over(simulator.client())).build();
        let aws = Environment::new(&base, clock.clone(), Tuning::default(), Source::Aws, region(PLACE), 1);
        let store = S3Store::new(
            "b",
            "p",
            LakeSettings::default(),
            aws.factory.clone(),
            aws.door.clone(),
            region(PLACE),
        );
        let listed = in_paused_time(store.list("runs/"));
        let (listing, asked) = script.read();
        prop_assert_eq!(count.load(Ordering::Relaxed), asked.len());
        let keys: Vec<String> = listing.entries.iter().map(|n| format!("runs/{n}")).collect();
        match listed {
            Ok(listed) => prop_assert!(listing.is_complete && listed == keys, "{:?} {:?}", listed, listing),
            Err(error) => prop_assert!(!listing.is_complete, "{} {:?}", error, listing),
        }
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
