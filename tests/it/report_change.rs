//! What a report says changed, over nights of one lake: each course that a fail can take, and that no
//! fail is lost or counted twice on the way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use atrest::clock::Timestamp;
use atrest::lake::{CommittedRun, Lake, MemoryStore};
use atrest::model::{Exception, RunId, RunKind, Severity};
use atrest::report::change::{ChangeKind, Changes, Comparison, How, LOOKED_BACK, NAMED, since_last_census};
use atrest::sim::world::{Denial, DeniedBy, Encryption};
use atrest::sim::{Effect, Rule, Schedule, World};

use crate::support::night::{self, Morning, NOW, Night, Rules, only_accounts, region, rejudge, rows_of};
use crate::support::python::venv;
use crate::support::shell::Shell;
use crate::support::worlds::{healthy, troubled};

const DAY: i64 = 86_400_000;

/// The nights of one lake.
struct Nights {
    store: Arc<MemoryStore>,
    runs: u32,
}

impl Nights {
    fn new() -> Self {
        Self { store: Arc::new(MemoryStore::new()), runs: 0 }
    }

    /// One more.
    fn then(&mut self, night: Night) -> Morning {
        self.runs += 1;
        let mut night = night.on(&self.store);
        night.run = self.runs;
        let morning = night.run();
        morning.census();
        morning
    }

    fn census(&mut self, world: &World) -> Morning {
        self.then(Night::over(world.clone()))
    }

    fn judged_by(&mut self, world: &World, rules: &Rules) -> Morning {
        self.then(Night::over(world.clone()).judged_by(rules.clone()))
    }
}

fn compared(store: &Arc<MemoryStore>, run_id: &RunId) -> Comparison {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let lake = Lake::open(Arc::<MemoryStore>::clone(store)).await.unwrap();
        let run = CommittedRun::open(&lake, run_id).await.unwrap();
        since_last_census(&run).await.unwrap()
    })
}

fn fails(store: &MemoryStore, run_id: &RunId) -> u64 {
    let rows = rows_of(store, "findings", run_id);
    rows.iter().filter(|row| row["verdict"].as_deref() == Some("fail")).count() as u64
}

/// What changed, once both sums hold.
fn changes(morning: &Morning) -> Changes {
    let Comparison::Since(changes) = compared(&morning.store, &morning.run_id) else {
        panic!("nothing to compare {} with", morning.run_id)
    };
    assert_eq!(changes.fails_now(), fails(&morning.store, &morning.run_id), "{changes:#?}");
    assert_eq!(changes.fails_then(), fails(&morning.store, &changes.since), "{changes:#?}");
    for (kind, changed) in &changes.kinds {
        assert_eq!(changed.by_how.values().sum::<u64>(), changed.count);
        assert!(changed.by_how.keys().all(|how| how.kind() == *kind), "{changed:?}");
        assert_eq!(changed.examples.len(), NAMED.min(usize::try_from(changed.count).unwrap()));
    }
    assert_sql_agrees(morning, &changes);
    changes
}

/// The shipped query is the same law in SQL. It is about the newest census, so it is asked only there.
fn assert_sql_agrees(morning: &Morning, changes: &Changes) {
    let venv = venv();
    let shell = Shell::holding(morning.store.objects()).asking(&venv);
    let newest = ["query", "--lake", "lake", "--format", "csv", "--sql", "SELECT run_id FROM runs_latest"];
    let newest = shell.run(newest).succeeded();
    if !newest.stdout.contains(&morning.run_id.to_string()) {
        return;
    }
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for more in ["", " --param kind=still_failing"] {
        let asked = shell.atrest(&format!("query --lake lake changes_since_last_census --format json{more}"));
        for row in asked.succeeded().json().as_array().unwrap() {
            *counts.entry(row["how"].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    let all = changes.kinds.values().flat_map(|changed| &changed.by_how);
    let expected: BTreeMap<String, u64> = all.map(|(how, count)| (how.word().to_owned(), *count)).collect();
    assert_eq!(counts, expected, "{}", morning.run_id);
}

/// The kinds of which there are any, but for what fails as before.
fn kinds(changes: &Changes) -> Vec<ChangeKind> {
    let moved = changes
        .kinds
        .iter()
        .filter(|(kind, changed)| changed.count > 0 && **kind != ChangeKind::StillFailing);
    moved.map(|(kind, _)| *kind).collect()
}

/// `how check resource` of the changes of one kind, the resource by the end of its ARN.
fn named(changes: &Changes, kind: ChangeKind) -> BTreeSet<String> {
    let examples = &changes.kinds[&kind].examples;
    let line = |how: How, check: &str, arn: &str| {
        format!("{} {check} {}", how.word(), arn.rsplit([':', '/']).next().unwrap())
    };
    examples.iter().map(|it| line(it.how, &it.check_id, &it.resource_arn)).collect()
}

fn exception(id: &str, max_matches: u64) -> Exception {
    let sha256 = format!("{max_matches:0>64}");
    Exception { max_matches, sha256, ..night::exception(id, "s3_tls_only", "no_policy") }
}

fn with(exception: Exception, as_of: Timestamp) -> Rules {
    let exceptions = night::excepting([exception]);
    Rules { exceptions, as_of: Some(as_of), ..Rules::default() }
}

/// Night by night the same organization, but for one bucket: does it have a default encryption?
fn with_default(world: &World, is_there: bool) -> World {
    let mut world = world.clone();
    let owner = world.bucket("no-default").expect("the bucket").0.id;
    let bucket = world.account_mut(owner).buckets.get_mut("no-default").expect("the bucket");
    bucket.encryption = is_there.then(|| Encryption::kms(None).bucket_key(true));
    world
}

// What is compared

#[test]
fn the_first_census_has_nothing_before_it() {
    let mut nights = Nights::new();
    let first = nights.census(&healthy().world);
    assert_eq!(compared(&nights.store, &first.run_id), Comparison::First);
}

#[test]
fn two_nights_alike_have_no_changes() {
    let mut nights = Nights::new();
    let world = healthy().world;
    let first = nights.census(&world);
    let changes = changes(&nights.census(&world));
    assert_eq!(kinds(&changes), []);
    assert_eq!(changes.since, first.run_id);
    assert!(changes.count(ChangeKind::StillFailing) > 0);
    assert_eq!(changes.kinds.len(), ChangeKind::ALL.len(), "also those that there are none of");
}

#[test]
fn what_is_no_census_is_passed_over() {
    let healthy = healthy();
    let mut nights = Nights::new();
    let first = nights.census(&healthy.world);
    let mut world = healthy.world.clone();
    world.account_mut(healthy.two).buckets.clear();
    let filtered = nights.then(Night::over(world.clone()).filtered(only_accounts([healthy.two])));
    assert_eq!(compared(&nights.store, &filtered.run_id), Comparison::NotACensus(RunKind::Filtered));
    nights.runs += 1;
    let again = RunId::new(NOW, nights.runs);
    let mut stricter = Rules::default();
    stricter.standard.encryption[0].requirement.customer_managed_key = true;
    rejudge(&nights.store, &first.run_id, &again, &stricter).unwrap();
    assert_eq!(compared(&nights.store, &again), Comparison::NotACensus(RunKind::Rejudged));
    let changes = changes(&nights.census(&healthy.world));
    assert_eq!((&changes.since, kinds(&changes)), (&first.run_id, vec![]));
    assert_eq!(changes.looked_back, [first.run_id]);
}

// What is mended, gone, or out of sight

#[test]
fn a_bucket_is_mended_and_breaks_again() {
    let mut nights = Nights::new();
    let world = healthy().world;
    let mended = with_default(&world, true);
    let first = nights.census(&world);
    let second = nights.census(&mended);
    let fixed = changes(&second);
    assert_eq!(kinds(&fixed), [ChangeKind::Fixed]);
    assert!(
        named(&fixed, ChangeKind::Fixed).contains("passes s3_encryption_standard no-default"),
        "{fixed:#?}"
    );
    let reopened = changes(&nights.census(&world));
    assert_eq!(kinds(&reopened), [ChangeKind::Reopened]);
    assert_eq!(reopened.looked_back, [second.run_id, first.run_id]);
    assert_eq!(reopened.count(ChangeKind::Reopened), fixed.count(ChangeKind::Fixed));
    // On a lake that begins with the mended one, the same is new.
    let mut nights = Nights::new();
    nights.census(&mended);
    let new = changes(&nights.census(&world));
    assert_eq!(kinds(&new), [ChangeKind::New]);
    assert_eq!(new.count(ChangeKind::New), fixed.count(ChangeKind::Fixed));
    let worst = &new.kinds[&ChangeKind::New].examples[0];
    assert_eq!(
        (worst.resource_arn.as_str(), worst.region.as_deref()),
        ("arn:aws:s3:::no-default", Some("us-east-1"))
    );
}

#[test]
fn a_deleted_bucket_is_fixed_where_the_listing_proves_it() {
    let healthy = healthy();
    let mut world = healthy.world.clone();
    world.account_mut(healthy.two).buckets.remove("no-default").expect("the bucket");
    let mut nights = Nights::new();
    nights.census(&healthy.world);
    let changes = changes(&nights.census(&world));
    assert_eq!(kinds(&changes), [ChangeKind::Fixed]);
    let fixed = named(&changes, ChangeKind::Fixed);
    assert!(fixed.contains("gone s3_encryption_standard no-default"), "{fixed:?}");
    assert!(fixed.iter().all(|line| line.starts_with("gone ") && line.ends_with(" no-default")), "{fixed:?}");
}

#[test]
fn a_bucket_that_nobody_lists_is_out_of_sight() {
    let healthy = healthy();
    let mut world = healthy.world.clone();
    let two = world.account_mut(healthy.two);
    two.buckets.remove("no-default").expect("the bucket");
    two.denials.push(Denial::of(DeniedBy::Scp, "s3:ListAllMyBuckets"));
    let mut nights = Nights::new();
    nights.census(&healthy.world);
    let changes = changes(&nights.census(&world));
    assert_eq!(changes.count(ChangeKind::Fixed), 0, "{changes:#?}");
    let lost = named(&changes, ChangeKind::LostSight);
    assert!(lost.contains("not_listed s3_encryption_standard no-default"), "{lost:?}");
}

#[test]
fn a_key_is_gone_only_from_its_own_regions_listing() {
    let healthy = healthy();
    let mut world = healthy.world.clone();
    let places = ["eu-west-1", "us-east-1"];
    let ids = places.map(|place| world.add_key(healthy.two, place).id.clone());
    let mut gone = world.clone();
    for (place, id) in places.iter().zip(&ids) {
        gone.region_mut(healthy.two, place).keys.remove(id).expect("the key");
    }
    let mut half_seen = gone.clone();
    let denial = Denial::of(DeniedBy::Scp, "kms:ListKeys").in_region(region("us-east-1"));
    half_seen.account_mut(healthy.two).denials.push(denial);
    let found = [gone, half_seen].map(|second| {
        let mut nights = Nights::new();
        nights.census(&world);
        let changes = changes(&nights.census(&second));
        [ChangeKind::Fixed, ChangeKind::LostSight].map(|kind| {
            let examples = changes.kinds[&kind].examples.iter();
            let of_keys = examples.filter(|it| ids.iter().any(|id| it.resource_arn.ends_with(id)));
            let of_check = of_keys.filter(|it| it.check_id == "kms_rotation_enabled");
            of_check
                .map(|it| format!("{} {}", it.how.word(), it.region.as_deref().unwrap()))
                .collect::<Vec<_>>()
        })
    });
    let text = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    assert_eq!(found[0], [text(&["gone eu-west-1", "gone us-east-1"]), vec![]]);
    assert_eq!(found[1], [text(&["gone eu-west-1"]), text(&["not_listed us-east-1"])]);
}

#[test]
fn a_read_that_is_denied_fixes_nothing() {
    let mut nights = Nights::new();
    let world = healthy().world;
    nights.census(&world);
    let denied = Schedule::of([Rule::always(Effect::AccessDenied).on("s3:GetBucketPolicy")]);
    let changes = changes(&nights.then(Night::over(world.clone()).with(denied)));
    let lost = named(&changes, ChangeKind::LostSight);
    assert!(lost.contains("unknown s3_tls_only kms-alias"), "{lost:?}");
    assert_eq!(changes.count(ChangeKind::Fixed), 0);
    let lost_from_sight = changes.count(ChangeKind::LostSight);
    // What is seen again failed earlier.
    let seen = self::changes(&nights.census(&world));
    assert!(named(&seen, ChangeKind::Reopened).contains("reopened s3_tls_only kms-alias"), "{seen:#?}");
    assert_eq!(seen.count(ChangeKind::New), 0);
    // On a lake that begins with the denied night it is new, and may be old.
    let mut nights = Nights::new();
    let denied = Schedule::of([Rule::always(Effect::AccessDenied).on("s3:GetBucketPolicy")]);
    nights.then(Night::over(world.clone()).with(denied));
    let new = self::changes(&nights.census(&world)).kinds.remove(&ChangeKind::New).unwrap();
    assert_eq!(new.by_how, [(How::WasUnknown, lost_from_sight)].into());
}

#[test]
fn an_account_that_leaves_takes_its_resources_out_of_sight() {
    let healthy = healthy();
    let mut nights = Nights::new();
    let mut unreachable = healthy.world.clone();
    unreachable.account_mut(healthy.one).roles.clear();
    nights.census(&unreachable);
    let mut left = unreachable;
    left.accounts.remove(&healthy.one);
    left.accounts.remove(&healthy.two);
    let changes = changes(&nights.census(&left));
    assert_eq!(kinds(&changes), [ChangeKind::Fixed, ChangeKind::LostSight]);
    // The account list is read in full: the account itself is gone.
    let account = format!("gone account_scanned {}", healthy.one);
    assert_eq!(named(&changes, ChangeKind::Fixed), [account].into());
    let lost = named(&changes, ChangeKind::LostSight);
    assert!(lost.iter().all(|line| line.starts_with("account_left ")), "{lost:?}");
    assert!(lost.contains("account_left s3_encryption_standard no-default"), "{lost:?}");
}

// Exceptions

#[test]
fn an_exception_begins_and_ends() {
    let mut nights = Nights::new();
    let world = healthy().world;
    let rules = |as_of| with(exception("E-1", 1_000), as_of);
    nights.judged_by(&world, &rules(NOW.plus_millis(-DAY - 1)));
    let begun = changes(&nights.judged_by(&world, &rules(NOW)));
    assert_eq!(kinds(&begun), [ChangeKind::Excepted]);
    assert!(named(&begun, ChangeKind::Excepted).contains("exempt s3_tls_only no-default"));
    let ended = changes(&nights.judged_by(&world, &rules(NOW.plus_millis(DAY))));
    assert_eq!(kinds(&ended), [ChangeKind::Reopened]);
    assert_eq!(ended.count(ChangeKind::Reopened), begun.count(ChangeKind::Excepted));
    // Also where the lake knows no night before the exception.
    let mut nights = Nights::new();
    nights.judged_by(&world, &rules(NOW));
    let ended = changes(&nights.judged_by(&world, &rules(NOW.plus_millis(DAY))));
    assert_eq!(kinds(&ended), [ChangeKind::Reopened]);
}

#[test]
fn an_exception_that_keeps_its_bound_again_is_fixed() {
    let mut nights = Nights::new();
    let world = healthy().world;
    nights.judged_by(&world, &with(exception("E-1", 1), NOW));
    let agreed = Exception { supersedes: Some("E-1".to_owned()), ..exception("E-2", 1_000) };
    let changes = changes(&nights.judged_by(&world, &with(agreed, NOW)));
    assert_eq!(kinds(&changes), [ChangeKind::Fixed, ChangeKind::Excepted]);
    let fixed = named(&changes, ChangeKind::Fixed);
    assert!(fixed.iter().all(|line| line.starts_with("passes exception_max_matches ")), "{fixed:?}");
    assert_eq!(fixed.len(), 1);
}

// Another standard

#[test]
fn a_check_that_comes_and_goes_is_no_news_of_the_resources() {
    let mut nights = Nights::new();
    let world = healthy().world;
    let mut without = Rules::default();
    without.standard.checks.retain(|entry| entry.check_id != "s3_tls_only");
    nights.judged_by(&world, &without);
    let on = changes(&nights.census(&world));
    assert_eq!(kinds(&on), [ChangeKind::NewlyChecked]);
    assert!(named(&on, ChangeKind::NewlyChecked).contains("newly_checked s3_tls_only no-default"));
    let off = changes(&nights.judged_by(&world, &without));
    assert_eq!(kinds(&off), [ChangeKind::NoLongerChecked]);
    assert!(named(&off, ChangeKind::NoLongerChecked).contains("check_off s3_tls_only no-default"));
    assert_eq!(off.count(ChangeKind::NoLongerChecked), on.count(ChangeKind::NewlyChecked));
}

#[test]
fn a_bucket_that_is_asked_no_more_is_not_fixed() {
    let healthy = healthy();
    let mut nights = Nights::new();
    nights.census(&healthy.world);
    let mut rules = Rules::default();
    let entry = rules.standard.checks.iter().find(|entry| entry.check_id == "s3_tls_only").unwrap();
    let mut of_two = entry.clone();
    of_two.scope.accounts = [healthy.two].into();
    of_two.enabled = false;
    rules.standard.checks.push(of_two);
    // One of them is deleted too, and that is proven.
    let mut world = healthy.world.clone();
    world.account_mut(healthy.two).buckets.remove("blocked-only").expect("the bucket");
    let changes = changes(&nights.judged_by(&world, &rules));
    let ended = named(&changes, ChangeKind::NoLongerChecked);
    assert!(ended.contains("not_asked s3_tls_only no-default"), "{ended:?}");
    assert!(named(&changes, ChangeKind::Fixed).contains("gone s3_tls_only blocked-only"));
    assert_eq!(kinds(&changes), [ChangeKind::Fixed, ChangeKind::NoLongerChecked]);
}

#[test]
fn another_severity_is_the_same_finding() {
    let mut nights = Nights::new();
    let world = healthy().world;
    nights.census(&world);
    let mut rules = Rules::default();
    for entry in &mut rules.standard.checks {
        entry.severity = (entry.check_id == "s3_tls_only").then_some(Severity::Critical).or(entry.severity);
    }
    let changes = changes(&nights.judged_by(&world, &rules));
    assert_eq!(kinds(&changes), []);
    let worst = &changes.kinds[&ChangeKind::StillFailing].examples;
    let of_check = worst.iter().find(|it| it.check_id == "s3_tls_only").expect("a fail");
    assert_eq!(of_check.severity, Severity::Critical, "as it is now");
}

// Any two nights

#[test]
fn no_fail_is_lost_between_any_two_nights() {
    let mut nights = Nights::new();
    let mut seen = BTreeSet::new();
    for seed in 0..6 {
        let mut world = troubled(3);
        for account in world.accounts.values_mut() {
            let mut nth = seed;
            account.buckets.retain(|_, _| {
                nth += 1;
                nth % 4 != 0
            });
        }
        let morning = nights.then(Night::over(world).with(Schedule::random(seed, 0.3, None)));
        if seed > 0 {
            // Its sums are held there.
            seen.extend(kinds(&changes(&morning)));
        }
    }
    assert!(seen.len() >= 4, "{seen:?}");
}

#[test]
fn reopened_is_looked_for_in_so_many_censuses_and_no_more() {
    let mut world = World::new(NOW);
    let management = world.organization.management_account;
    for name in ["at-the-edge", "beyond-it"] {
        world.add_bucket(management, "eu-west-1", name);
    }
    let night = |broken: &[&str]| {
        let mut world = world.clone();
        for (name, bucket) in &mut world.account_mut(management).buckets {
            let is_broken = broken.contains(&name.as_str());
            bucket.encryption = (!is_broken).then(|| Encryption::kms(None).bucket_key(true));
        }
        world
    };
    let mut nights = Nights::new();
    nights.census(&night(&["at-the-edge", "beyond-it"]));
    for _ in 1..LOOKED_BACK {
        nights.census(&night(&[]));
    }
    let edge = changes(&nights.census(&night(&["at-the-edge"])));
    assert_eq!((edge.looked_back.len(), kinds(&edge)), (LOOKED_BACK, vec![ChangeKind::Reopened]));
    let beyond = changes(&nights.census(&night(&["at-the-edge", "beyond-it"])));
    assert_eq!((beyond.looked_back.len(), kinds(&beyond)), (LOOKED_BACK, vec![ChangeKind::New]));
}
