//! Several processes at one run: a scheduler delivers at least once, and a person publishes what still runs.
//!
//! Whatever their order, and wherever one of them is killed, the lake holds one committed run whose every file is as
//! its manifest says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use atrest::lake::{
    CommittedRun, Lake, Manifest, MemoryStore, Published, Put, Store, StoreError, StoreFault, sha256_hex,
};
use atrest::model::{RunId, RunStatus};
use atrest::publish::FinalizeError;
use atrest::scan::ScanError;
use atrest::sim::World;
use futures::FutureExt;
use futures::future::{BoxFuture, join_all};

use crate::laws::{clean, same_bytes};
use crate::support::night::{LAWFUL, NOW, Night, Rules, in_paused_time, publish, reword};
use crate::support::python::{Finished, Running, venv};
use crate::support::relay::Relay;
use crate::support::shell::{BOUND, RUN, Shell, Simulated, committed, files, names, signal};

// In one process, by seed

/// One process's way to a lake that others use, too: others come between its requests, and it may be killed at a
/// write.
#[derive(Debug)]
struct Way {
    lake: Arc<MemoryStore>,
    random: Mutex<fastrand::Rng>,
    /// Writes that are left to it.
    lives: Mutex<usize>,
}

impl Way {
    fn to(lake: &Arc<MemoryStore>, seed: u64, lives: usize) -> Arc<dyn Store> {
        let random = Mutex::new(fastrand::Rng::with_seed(seed));
        Arc::new(Self { lake: Arc::clone(lake), random, lives: Mutex::new(lives) })
    }

    async fn others(&self) {
        let turns = self.random.lock().unwrap().usize(..6);
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
    }

    /// Waits for as long as another one may take to scan and publish.
    async fn stall(&self) {
        let stall = self.random.lock().unwrap().u64(..2_000);
        tokio::time::sleep(Duration::from_millis(stall)).await;
    }

    /// Whether it still lives; a write is one life less.
    fn lives(&self, less: usize) -> Result<(), StoreError> {
        let mut lives = self.lives.lock().unwrap();
        if *lives == 0 {
            return Err(StoreError {
                action: "write",
                uri: self.lake.uri().to_owned(),
                reason: "the process was killed".into(),
                advice: None,
                by_user: false,
                fault: StoreFault::Caller,
            });
        }
        *lives -= less;
        Ok(())
    }
}

impl Store for Way {
    fn uri(&self) -> &str {
        self.lake.uri()
    }

    fn get_within<'a>(
        &'a self,
        key: &'a str,
        most: u64,
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, StoreError>> {
        async move {
            self.others().await;
            self.lives(0)?;
            self.lake.get_within(key, most).await
        }
        .boxed()
    }

    fn put_new<'a>(&'a self, key: &'a str, bytes: &'a [u8]) -> BoxFuture<'a, Result<Put, StoreError>> {
        async move {
            self.others().await;
            self.lives(1)?;
            self.lake.put_new(key, bytes).await
        }
        .boxed()
    }

    fn replace<'a>(&'a self, key: &'a str, bytes: &'a [u8]) -> BoxFuture<'a, Result<(), StoreError>> {
        async move {
            self.stall().await;
            self.lives(1)?;
            self.lake.replace(key, bytes).await
        }
        .boxed()
    }

    fn replace_found<'a>(
        &'a self,
        key: &'a str,
        sha256: &'a str,
        bytes: &'a [u8],
    ) -> BoxFuture<'a, Result<Put, StoreError>> {
        async move {
            self.stall().await;
            self.lives(1)?;
            self.lake.replace_found(key, sha256, bytes).await
        }
        .boxed()
    }

    fn replace_archived<'a>(
        &'a self,
        key: &'a str,
        bytes: &'a [u8],
    ) -> BoxFuture<'a, Result<Put, StoreError>> {
        async move {
            self.stall().await;
            self.lives(1)?;
            self.lake.replace_archived(key, bytes).await
        }
        .boxed()
    }

    fn list<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Vec<String>, StoreError>> {
        async move {
            self.others().await;
            self.lives(0)?;
            self.lake.list(prefix).await
        }
        .boxed()
    }
}

/// Three accounts beside management, with a bucket each.
fn small() -> World {
    let mut world = World::new(NOW);
    for n in 0..3 {
        let id = world.add_account(&format!("a-{n}"));
        world.add_bucket(id, "eu-west-1", &format!("b-{n}"));
    }
    world
}

fn night(world: &World, seed: u64) -> Night {
    Night { seed, ..Night::over(world.clone()).at_once(2, 2) }
}

/// Holds every file of the one committed run to its manifest; gives the manifest.
fn assert_whole(store: &Arc<MemoryStore>, run_id: &RunId, seed: u64) -> Manifest {
    let objects = store.objects();
    let run = in_paused_time(async {
        let lake = Lake::open(Arc::<MemoryStore>::clone(store)).await.unwrap();
        assert_eq!(lake.runs().collect::<Vec<_>>(), [run_id], "seed {seed}");
        CommittedRun::open(&lake, run_id).await.unwrap()
    });
    let manifest = run.manifest().clone();
    let named: BTreeMap<&str, &str> = (manifest.files.iter().map(|it| (it.key.as_str(), it.sha256.as_str())))
        .chain(manifest.segments.iter().map(|it| (it.key.as_str(), it.sha256.as_str())))
        .collect();
    for (key, sha256) in &named {
        assert_eq!(sha256_hex(&objects[*key]), *sha256, "seed {seed}: {key}");
    }
    for key in objects.keys().filter(|key| LAWFUL.iter().any(|table| key.starts_with(&format!("{table}/")))) {
        assert!(named.contains_key(key.as_str()), "seed {seed}: {key} is of no manifest");
    }
    manifest
}

/// How much later than the first the last one may begin, in milliseconds, by turns: a scan takes less than the last.
const LATEST: [u64; 3] = [50, 400, 2_000];
/// Orders that are tried.
const SEEDS: u64 = 200;
/// The same over a log that was cut short.
const TORN_SEEDS: u64 = 40;

#[test]
fn whatever_the_order_one_run_is_committed_and_whole() {
    let world = small();
    let whole = clean(&world);
    let (expected, writes) = (whole.bytes(), whole.store.writes().len());
    let (mut same, mut took_over, mut cut) = (0, 0, 0);
    for seed in 0..SEEDS {
        let mut random = fastrand::Rng::with_seed(seed);
        let store = Arc::new(MemoryStore::new());
        let run_id = whole.run_id.clone();
        let scans = random.u64(2..=3);
        // One in three is killed somewhere; one in four nights has a person who publishes by hand.
        let lives = |random: &mut fastrand::Rng| {
            if random.u8(..3) == 0 { random.usize(1..=writes) } else { usize::MAX }
        };
        let ways: Vec<_> = (0..scans).map(|n| Way::to(&store, seed * 10 + n, lives(&mut random))).collect();
        let by_hand = (random.u8(..4) == 0).then(|| Way::to(&store, seed * 10 + 9, usize::MAX));
        // On the paused clock, which goes on where all wait for AWS.
        let latest = LATEST[usize::try_from(seed).unwrap() % LATEST.len()];
        let late = |random: &mut fastrand::Rng| Duration::from_millis(random.u64(..latest));
        let lates: Vec<_> = (0..scans).map(|_| late(&mut random)).collect();
        let hand_at = Duration::from_millis(random.u64(..1_000));
        let (ended, _) = in_paused_time(async {
            let nights: Vec<_> = (0..scans).map(|n| night(&world, seed * 10 + n)).collect();
            let runs = nights.iter().zip(&ways).zip(&lates).map(async |((night, way), late)| {
                tokio::time::sleep(*late).await;
                night.beside(Arc::clone(way)).await
            });
            let hand = async {
                let way = by_hand.clone()?;
                tokio::time::sleep(hand_at).await;
                let lake = Lake::open(way).await.ok()?;
                Some(publish(&lake, &run_id, &Rules::default()).await)
            };
            futures::join!(join_all(runs), hand)
        });
        for (scan, census) in ended {
            match (scan, census) {
                (Ok(()), Some(Ok(census))) => match census.published {
                    Published::Committed { by_another, .. } => same += usize::from(by_another),
                    Published::AlreadyCommitted => took_over += 1,
                },
                // It was killed.
                (Err(ScanError::Store(error)), None) | (Ok(()), Some(Err(FinalizeError::Store(error)))) => {
                    assert_eq!(error.fault, StoreFault::Caller, "seed {seed}: {error}");
                }
                (scan, census) => {
                    let (scan, census) = (format!("{scan:?}"), format!("{census:?}"));
                    assert!((scan + &census).contains("the process was killed"), "seed {seed}: {census}");
                }
            }
        }
        // Where all were killed, the next delivery ends it.
        let next = Night::over(world.clone()).on(&store).run();
        next.census();
        let manifest = assert_whole(&store, &run_id, seed);
        if manifest.status == RunStatus::Complete {
            same_bytes(&expected, &next.bytes());
        } else {
            assert!(by_hand.is_some(), "seed {seed}: only who publishes by hand cuts a scan");
            cut += 1;
        }
    }
    println!("{same} found their own census committed, {took_over} another, {cut} were cut by hand");
    assert!(same > 20, "the others came to the end, too: {same}");
    assert!(cut > 0, "and a scan was cut by hand");
}

#[test]
fn a_torn_or_archived_segment_is_replaced_once_however_many_come_to_it() {
    let world = small();
    let whole = clean(&world);
    let run_id = whole.run_id.clone();
    let log = format!("observations/{run_id}/");
    let segments: Vec<String> = (whole.store.objects().into_keys())
        .filter(|key| key.starts_with(&log) && !key.ends_with("/publication.json"))
        .collect();
    assert!(segments.len() > 3, "{segments:?}");
    for seed in 0..TORN_SEEDS {
        let mut random = fastrand::Rng::with_seed(seed);
        let store = Arc::new(MemoryStore::new());
        // What a killed run left: each segment whole, cut short, in an archive by now, or not there, and one at least
        // cut short.
        let cut = random.usize(..segments.len());
        for (at, key) in segments.iter().enumerate() {
            let bytes = &whole.store.objects()[key];
            match random.u8(..4) {
                _ if at == cut => store.plant(key, &bytes[..random.usize(1..bytes.len())]),
                0 => store.plant(key, &bytes[..random.usize(..bytes.len())]),
                1 => store.plant(key, bytes),
                2 => {
                    store.plant(key, bytes);
                    store.lose(key, StoreFault::Archived);
                }
                _ => {}
            }
        }
        let scans = random.u64(2..=3);
        let latest = LATEST[usize::try_from(seed).unwrap() % LATEST.len()];
        let lates: Vec<_> = (0..scans).map(|_| Duration::from_millis(random.u64(..latest))).collect();
        let ended = in_paused_time(async {
            let runs = (0..scans).zip(lates).map(async |(n, late)| {
                tokio::time::sleep(late).await;
                night(&world, seed * 10 + n).beside(Way::to(&store, seed * 10 + n, usize::MAX)).await
            });
            join_all(runs).await
        });
        for (scan, census) in ended {
            scan.unwrap();
            census.unwrap().unwrap();
        }
        assert_eq!(assert_whole(&store, &run_id, seed).status, RunStatus::Complete, "seed {seed}");
    }
}

#[test]
fn a_run_is_published_as_it_was_begun_or_not_at_all() {
    let (world, store) = (small(), Arc::new(MemoryStore::new()));
    let opened = || Lake::open(Arc::<MemoryStore>::clone(&store));
    let mut others = Rules::default();
    reword(&mut others.standard, "another standard");
    others.standard.version = "another".to_owned();
    let run_id = night(&world, 1).run_id();
    let writes = clean(&world).store.writes();
    let begins = writes.iter().position(|key| key.ends_with("/publication.json")).unwrap() + 1;
    in_paused_time(async {
        let before = opened().await.unwrap();
        // Cut short right behind its beginning.
        let (scan, census) = night(&world, 1).beside(Way::to(&store, 1, begins)).await;
        assert!(scan.is_ok() && census.unwrap().is_err());
        let begun = store.objects();
        let error = publish(&before, &run_id, &others).await.unwrap_err();
        assert!(error.to_string().contains("was begun with another --standard"), "{error}");
        assert_eq!(store.objects(), begun);
        let census = publish(&before, &run_id, &Rules::default()).await.unwrap();
        assert!(matches!(census.published, Published::Committed { by_another: false, .. }));
        // Now it is committed, which a lake that was opened before does not know.
        let late = publish(&before, &run_id, &others).await.unwrap_err();
        assert!(matches!(late, FinalizeError::CommittedByAnother(_)), "{late}");
        let same = publish(&before, &run_id, &Rules::default()).await.unwrap();
        assert!(matches!(same.published, Published::Committed { by_another: true, .. }));
    });
}

/// A segment that is sealed is never written again, and an account that refused is asked again beside it.
#[test]
fn a_refusal_that_is_sealed_stays_beside_the_session_that_came_later() {
    let mut world = small();
    let ids: Vec<_> = world.accounts.keys().copied().filter(|id| *id != world.caller.account).collect();
    let whole = clean(&world);
    let healthy = world.clone();
    world.account_mut(ids[0]).roles.clear();
    let refused = Night::over(world).run();
    refused.census();
    // As if the publish had never begun.
    let store = Arc::new(MemoryStore::new());
    let log = |key: &str| key.starts_with("observations/") && !key.ends_with("/publication.json");
    for (key, bytes) in refused.store.objects().into_iter().filter(|(key, _)| log(key)) {
        store.plant(&key, &bytes);
    }
    let before = store.objects();
    let mended = Night::over(healthy).on(&store).run();
    mended.census();
    let after = store.objects();
    assert!(before.iter().all(|(key, bytes)| after[key] == *bytes), "what is sealed was written again");
    let manifest = assert_whole(&store, &mended.run_id, 0);
    let of_account: Vec<_> = manifest.segments.iter().filter(|it| it.account_id == Some(ids[0])).collect();
    assert_eq!(of_account.len(), 1);
    assert!(of_account[0].key.ends_with(&format!("{}-1.jsonl.zst", ids[0])), "{of_account:?}");
    same_bytes(&whole.bytes(), &mended.bytes());
}

// Processes

/// A simulator that takes its time, so that processes meet.
fn slow() -> Simulated {
    Simulated::start("--accounts 12 --buckets 60 --keys 30 --latency 15")
}

/// The same, where others have to be started while one scans.
fn slower() -> Simulated {
    Simulated::start("--accounts 12 --buckets 60 --keys 30 --latency 60")
}

fn scan(shell: &Shell, lake: &str) -> Running {
    shell.start(&format!("scan --lake {lake} --run {RUN} --accounts-in-flight 2"))
}

/// All of them ended alike, whoever committed.
#[track_caller]
fn assert_alike(ended: &[Finished]) {
    let codes: BTreeSet<_> = ended.iter().map(|finished| finished.status.code()).collect();
    assert_eq!(codes, BTreeSet::from([Some(4)]), "{ended:?}");
    for finished in ended {
        let head = format!("run {RUN} · census · partial");
        let left = format!("run {RUN} is already committed (partial) and is not changed");
        assert!(finished.stderr.contains(&head) || finished.stderr.contains(&left), "{finished}");
    }
}

fn sealed(lake: &Path) -> usize {
    names(&lake.join("observations").join(RUN)).len()
}

#[test]
fn scans_of_one_run_at_the_same_time_leave_one_whole_run_in_a_folder() {
    let simulated = slow();
    // How many are sealed when the next one starts: 0 is at once.
    for apart in [0, 1, 4] {
        let shell = Shell::on(&simulated);
        let lake = shell.path("lake");
        let mut running: Vec<Running> = Vec::new();
        for n in 0..3 {
            if let Some(last) = running.last_mut() {
                last.until(BOUND, |_| (sealed(&lake) >= apart * n).then_some(()));
            }
            running.push(scan(&shell, "lake"));
        }
        let ended: Vec<Finished> = running.into_iter().map(|running| running.end(BOUND)).collect();
        assert_alike(&ended);
        assert_eq!(committed(&lake), [RUN]);
        // Each file of the run is held to its hash, each segment too.
        shell.atrest("report --lake lake --format html -o page.html").succeeded();
        venv().run("compare_state.py", [lake, simulated.dump()]).succeeded();
        shell.atrest(&format!("finalize --lake lake --run {RUN}")).ended(4);
    }
}

const WAITS: &str = "another atrest process scans or publishes run 20261121T030000Z-0badcafe: waiting";

#[test]
fn a_later_scan_of_a_run_in_a_folder_waits_and_reads_no_account() {
    let simulated = slower();
    let shell = Shell::on(&simulated);
    let lake = shell.path("lake");
    let mut first = scan(&shell, "lake");
    first.until(BOUND, |_| (sealed(&lake) >= 1).then_some(()));
    let relay = Relay::start(&simulated.server.endpoint, Vec::new());
    let through = shell.with("AWS_ENDPOINT_URL", &relay.endpoint);
    let mut later = scan(&through, "lake");
    later.until(BOUND, |later| later.stderr().contains(WAITS).then_some(()));
    first.end(BOUND).ended(4);
    let ended = later.end(BOUND).ended(4);
    assert!(ended.stderr.contains(&format!("run {RUN} is already committed (partial)")), "{ended}");
    // It asked who it is, and no more.
    let heads = relay.heads();
    assert!(heads.len() <= 2 && heads.iter().all(|head| head.contains("/sts/")), "{heads:?}");
}

#[test]
fn a_scan_that_waits_goes_on_where_the_first_is_killed() {
    let simulated = slower();
    let shell = Shell::on(&simulated);
    let lake = shell.path("lake");
    let mut first = scan(&shell, "lake");
    first.until(BOUND, |_| (sealed(&lake) >= 2).then_some(()));
    let mut later = scan(&shell, "lake");
    later.until(BOUND, |later| later.stderr().contains(WAITS).then_some(()));
    // One that is told to stop while it waits ends, and the first goes on.
    let mut stopped = scan(&shell, "lake");
    stopped.until(BOUND, |stopped| stopped.stderr().contains(WAITS).then_some(()));
    signal("TERM", stopped.id());
    let stopped = stopped.end(BOUND).ended(130);
    assert!(stopped.stderr.contains(&format!("continue with --run {RUN}")), "{stopped}");
    signal("KILL", first.id());
    let ended = later.end(BOUND).ended(4);
    assert!(ended.stderr.contains(&format!("run {RUN} · census · partial")), "{ended}");
    assert_eq!(committed(&lake), [RUN]);
    shell.atrest("report --lake lake --format html -o page.html").succeeded();
}

#[test]
fn scans_of_one_run_at_the_same_time_leave_one_whole_run_in_a_bucket() {
    let simulated = slow();
    let shell = Shell::on(&simulated);
    for lake in ["s3://atrest-lake/two", "s3://atrest-lake/four"] {
        let count = if lake.ends_with("two") { 2 } else { 4 };
        let running: Vec<Running> = (0..count).map(|_| scan(&shell, lake)).collect();
        let ended: Vec<Finished> = running.into_iter().map(|running| running.end(BOUND)).collect();
        assert_alike(&ended);
        shell.atrest(&format!("report --lake {lake} --format html -o page.html")).succeeded();
        let again = shell.atrest(&format!("finalize --lake {lake} --run {RUN}")).ended(4);
        assert!(again.stderr.contains(" · rejudged · partial · "), "{again}");
    }
}

#[test]
fn a_run_that_is_still_scanned_is_not_published_by_hand() {
    let simulated = slow();
    let shell = Shell::on(&simulated);
    let lake = shell.path("lake");
    let mut running = scan(&shell, "lake");
    running.until(BOUND, |_| (sealed(&lake) >= 2).then_some(()));
    let refused = shell.atrest(&format!("finalize --lake lake --run {RUN}")).ended(2);
    assert!(refused.stderr.contains("another atrest process scans or publishes it"), "{refused}");
    assert_eq!(committed(&lake), Vec::<String>::new());
    assert_alike(&[running.end(BOUND)]);
    assert_eq!(committed(&lake), [RUN]);
    // No lock is left.
    assert!(names(&lake).iter().all(|name| !name.contains(".tmp/")));
}

// Logs that are not of this run

/// A lake's log, with what is done to it.
fn log_of(simulated: &Simulated, run: &str) -> (Shell, std::path::PathBuf) {
    let shell = Shell::on(simulated);
    shell.atrest(&format!("scan --lake lake --run {run}"));
    let folder = shell.path("lake/observations").join(run);
    std::fs::remove_file(folder.join("publication.json")).unwrap();
    (shell, folder)
}

#[track_caller]
fn assert_foreign(shell: &Shell, run: &str, words: &str) {
    for line in [format!("scan --lake new --run {run}"), format!("finalize --lake new --run {run}")] {
        let refused = shell.atrest(&line).ended(2);
        assert!(refused.stderr.contains(words), "{words}: {refused}");
        assert_eq!(committed(&shell.path("new")), Vec::<String>::new());
    }
}

fn copied(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for (name, path) in files(from) {
        std::fs::copy(path, to.join(name)).unwrap();
    }
}

#[test]
fn a_log_of_another_run_account_or_organization_is_refused() {
    const TONIGHT: &str = "20261122T030000Z-0badcafe";
    let simulated = Simulated::start("--accounts 3 --buckets 6 --keys 2");
    let (shell, folder) = log_of(&simulated, RUN);
    let tonight = shell.path("new/observations").join(TONIGHT);
    copied(&folder, &tonight);
    assert_foreign(&shell, TONIGHT, &format!("is of run {RUN}: move it away"));
    std::fs::remove_dir_all(shell.path("new")).unwrap();

    let same = shell.path("new/observations").join(RUN);
    copied(&folder, &same);
    let segments: Vec<_> =
        names(&same).into_iter().filter(|name| !name.starts_with("organization")).collect();
    std::fs::copy(same.join(&segments[0]), same.join(&segments[1])).unwrap();
    let account = segments[0].split('.').next().unwrap();
    assert_foreign(&shell, RUN, &format!("is of account {account}: move it away"));
    std::fs::remove_dir_all(shell.path("new")).unwrap();

    let (_other, theirs) = log_of(&Simulated::start("--accounts 3 --buckets 6 --keys 2 --seed 2"), RUN);
    copied(&folder, &same);
    let segment = names(&theirs).into_iter().find(|name| !name.starts_with("organization")).unwrap();
    std::fs::copy(theirs.join(&segment), same.join(&segment)).unwrap();
    assert_foreign(&shell, RUN, "is of organization o-");
}
