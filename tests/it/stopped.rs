//! The first signal ends every command, whatever it waits for: a credential process, STS, the organization, the lake.
//! It ends with 130, says what is kept and how to go on, and leaves no process behind.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use atrest::lake::{Interrupt, Lake, MemoryStore, PublishError, Published, Put, Store, StoreError};
use atrest::model::RunId;
use atrest::publish::{FinalizeError, Judgement, finalize, finalize_unless};
use atrest::sim::World;
use futures::future::BoxFuture;

use crate::support::night::{NOW, Night, Rules, in_paused_time};
use crate::support::python::{Finished, Running, finish, hermetic};
use crate::support::shell::{BOUND, RUN, Shell, Simulated, committed, names, signal};

/// What the contract allows after the first signal (§5).
const STOPPED: Duration = Duration::from_secs(30);

/// A server that accepts, and never answers.
struct Silent {
    address: SocketAddr,
    met: Arc<Mutex<Vec<TcpStream>>>,
}

impl Silent {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, met) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<TcpStream>>>::default());
        let kept = Arc::clone(&met);
        std::thread::spawn(move || {
            listener.incoming().flatten().for_each(|stream| kept.lock().unwrap().push(stream));
        });
        Self { address, met }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    fn is_met(&self) -> Option<()> {
        (!self.met.lock().unwrap().is_empty()).then_some(())
    }
}

/// What is asked of AWS by each command that asks anything, with a lake that needs it.
const COMMANDS: [&str; 5] = [
    "scan --lake s3://atrest-lake/census",
    "scan --lake s3://atrest-lake/census --estimate",
    "doctor --lake s3://atrest-lake/census",
    "report --lake s3://atrest-lake/census --format csv --table buckets -o buckets.csv",
    "finalize --lake s3://atrest-lake/census --run 20261121T030000Z-0badcafe",
];

/// Ended by the signal, with a sentence and no more.
#[track_caller]
fn assert_obeyed(running: Running, name: &str, words: &[&str]) -> Finished {
    signal(name, running.id());
    let finished = running.end(STOPPED).ended(130);
    for words in words {
        assert!(finished.stderr.contains(words), "{words}: {finished}");
    }
    assert!(!finished.stderr.contains("panicked"), "{finished}");
    assert_eq!(finished.stderr.matches("error: ").count(), 1, "one sentence: {finished}");
    assert_eq!(finished.stdout, "", "{finished}");
    finished
}

/// Whether a process is no more, or only waits to be reaped.
fn is_gone(process: &str) -> bool {
    let mut state = Command::new("ps");
    state.env_clear().envs(hermetic()).args(["-o", "stat=", "-p", process]);
    let state = finish(state, BOUND).stdout;
    state.is_empty() || state.starts_with('Z')
}

/// A credential process that hangs behind another one, and says which it is.
fn hanging_login() -> Shell {
    let shell = Shell::new().with("AWS_CONFIG_FILE", "config").with("AWS_REGION", "eu-west-1");
    let process = "sh -c 'sleep 600 & echo $! > begun; mv begun child; wait'";
    shell.write("config", &format!("[default]\ncredential_process = {process} --token S3CRET\n"));
    shell
}

#[test]
fn a_credential_process_that_hangs_holds_no_signal_and_is_ended() {
    for (line, name) in COMMANDS.iter().zip(["TERM", "INT", "HUP", "HUP", "TERM"]) {
        let shell = hanging_login();
        let mut running = shell.start(line);
        let child = running.until(BOUND, |_| std::fs::read_to_string(shell.path("child")).ok());
        let ended = assert_obeyed(running, name, &["interrupted"]);
        assert!(!ended.stderr.contains("S3CRET"), "{line}: {ended}");
        assert!(is_gone(child.trim()), "{line}: the credential process still runs");
    }
}

#[test]
fn a_containers_endpoint_that_hangs_holds_no_signal() {
    let silent = Silent::start();
    let shell = Shell::new().with("AWS_REGION", "eu-west-1");
    let shell = shell.with("AWS_CONTAINER_CREDENTIALS_FULL_URI", &silent.url());
    let mut running = shell.start(COMMANDS[0]);
    running.until(BOUND, |_| silent.is_met());
    assert_obeyed(running, "TERM", &["interrupted"]);
}

#[test]
fn an_sts_that_does_not_answer_holds_no_signal() {
    let simulated = Simulated::start("--accounts 2 --buckets 1 --keys 1");
    for (line, name) in COMMANDS.iter().zip(["INT", "TERM", "INT", "TERM", "INT"]) {
        let silent = Silent::start();
        let shell = Shell::on(&simulated).with("AWS_ENDPOINT_URL_STS", &silent.url());
        // A server that neither knows STS's accounts nor is asked for them.
        let line = line.replace("s3://atrest-lake/census", "lake");
        if !line.starts_with("scan") && !line.starts_with("doctor") {
            continue;
        }
        let mut running = shell.start(&line);
        running.until(BOUND, |_| silent.is_met());
        assert_obeyed(running, name, &["interrupted"]);
    }
}

#[test]
fn an_organization_that_does_not_answer_holds_no_signal() {
    let simulated = Simulated::start("--accounts 2 --buckets 1 --keys 1");
    for line in ["scan --lake lake --run 20261121T030000Z-0badcafe", "scan --lake lake --estimate", "doctor"]
    {
        let silent = Silent::start();
        let shell = Shell::on(&simulated).with("AWS_ENDPOINT_URL_ORGANIZATIONS", &silent.url());
        let mut running = shell.start(line);
        running.until(BOUND, |_| silent.is_met());
        let words = if line.contains("--run") { format!("--run {RUN}") } else { "interrupted".to_owned() };
        assert_obeyed(running, "TERM", &[&words]);
        assert_eq!(committed(&shell.path("lake")), Vec::<String>::new());
    }
}

#[test]
fn a_lake_that_does_not_answer_holds_no_signal() {
    let simulated = Simulated::start("--accounts 2 --buckets 1 --keys 1");
    for (line, name) in COMMANDS.iter().zip(["TERM", "TERM", "INT", "INT", "TERM"]) {
        let silent = Silent::start();
        let shell = Shell::on(&simulated);
        let mut running = shell.start(&format!("{line} --lake-endpoint {}", silent.url()));
        running.until(BOUND, |_| silent.is_met());
        assert_obeyed(running, name, &["interrupted"]);
        assert!(
            !names(&shell.path("")).iter().any(|name| name.starts_with(".atrest-")),
            "{line}: it left a file"
        );
    }
}

#[test]
fn a_demo_that_is_stopped_says_how_far_it_came_and_is_replaced_by_the_next() {
    for name in ["TERM", "INT"] {
        let shell = Shell::new();
        let mut running = shell.start("demo --accounts 3 --buckets 4 --keys 2 --nights 366");
        let lake = shell.path("atrest-demo/lake");
        running.until(BOUND, |_| (!committed(&lake).is_empty()).then_some(()));
        let ended = assert_obeyed(running, name, &[" of 366 censuses", "atrest demo"]);
        assert!(!ended.stderr.contains("Encryption at rest"), "no summary: {ended}");
        shell.atrest("demo --accounts 3 --buckets 4 --keys 2 --nights 1").succeeded();
        assert_eq!(committed(&lake).len(), 1);
    }
}

#[test]
fn what_reads_a_file_that_nobody_writes_holds_no_signal() {
    let shell = Shell::new();
    Command::new("mkfifo").arg(shell.path("pipe")).status().unwrap();
    for line in [
        "checks --standard pipe",
        "checks --exceptions pipe",
        "checks --import-exceptions pipe",
        "scan --config pipe --lake lake",
        "scan --lake lake --standard pipe",
        "finalize --lake lake --run 20261121T030000Z-0badcafe --standard pipe",
    ] {
        let mut running = shell.start(line);
        // Once it listens; before, the signal ends it by itself.
        let id = running.id();
        running.until(BOUND, |_| (threads(id) > 1).then_some(()));
        assert_obeyed(running, "TERM", &["interrupted"]);
    }
}

/// Threads of a process, where the system tells.
fn threads(process: u32) -> usize {
    std::fs::read_dir(format!("/proc/{process}/task")).map_or(2, Iterator::count)
}

/// A lake whose publish is asked to stop at its n-th write.
#[derive(Debug)]
struct Asked {
    lake: Arc<MemoryStore>,
    interrupt: Interrupt,
    writes_left: Mutex<usize>,
    /// What it was told, and the object that was about to be written.
    told: Mutex<Option<(bool, String)>>,
}

impl Store for Asked {
    fn uri(&self) -> &str {
        self.lake.uri()
    }

    fn get_within<'a>(
        &'a self,
        key: &'a str,
        most: u64,
    ) -> BoxFuture<'a, Result<Option<Vec<u8>>, StoreError>> {
        self.lake.get_within(key, most)
    }

    fn put_new<'a>(&'a self, key: &'a str, bytes: &'a [u8]) -> BoxFuture<'a, Result<Put, StoreError>> {
        let mut left = self.writes_left.lock().unwrap();
        if *left == 0 && self.told.lock().unwrap().is_none() {
            *self.told.lock().unwrap() = Some((self.interrupt.ask(), key.to_owned()));
        }
        *left = left.saturating_sub(1);
        self.lake.put_new(key, bytes)
    }

    fn replace<'a>(&'a self, key: &'a str, bytes: &'a [u8]) -> BoxFuture<'a, Result<(), StoreError>> {
        self.lake.replace(key, bytes)
    }

    fn list<'a>(&'a self, prefix: &'a str) -> BoxFuture<'a, Result<Vec<String>, StoreError>> {
        self.lake.list(prefix)
    }
}

fn judged_as(run_id: &RunId, observed: &RunId) -> Judgement {
    let rules = Rules::default();
    Judgement {
        observed_run_id: observed.clone(),
        run_id: run_id.clone(),
        as_of: None,
        judged_at: NOW,
        tool_version: "0.0.0".to_owned(),
        build_sha256: None,
        standard: rules.standard,
        exceptions: rules.exceptions,
        max_lost: rules.max_lost,
    }
}

#[test]
fn a_publish_that_is_told_to_stop_is_not_visible_and_one_that_commits_is_whole() {
    let mut world = World::new(NOW);
    let id = world.add_account("a");
    world.add_bucket(id, "eu-west-1", "b");
    let night = Night::over(world).run();
    night.census();
    let (mut stopped, mut committed) = (0, 0);
    for n in 0.. {
        let run_id: RunId = format!("20261122T030000Z-{n:08x}").parse().unwrap();
        let (interrupt, lake) = (Interrupt::default(), Arc::clone(&night.store));
        let store = Arc::new(Asked {
            lake,
            interrupt: interrupt.clone(),
            writes_left: Mutex::new(n),
            told: Mutex::default(),
        });
        let judgement = judged_as(&run_id, &night.run_id);
        let (ended, runs, again) = in_paused_time(async {
            let open = || Lake::open(Arc::<Asked>::clone(&store));
            let ended = finalize_unless(&open().await.unwrap(), &judgement, &interrupt).await;
            let runs: Vec<RunId> = open().await.unwrap().runs().cloned().collect();
            let again = finalize(&open().await.unwrap(), &judgement).await;
            (ended, runs, again)
        });
        let told = store.told.lock().unwrap().clone();
        match (&ended, told) {
            (Err(FinalizeError::Publish(PublishError::Interrupted(of))), Some((true, key))) => {
                assert!(!key.starts_with("runs/") && *of == run_id && !runs.contains(&run_id), "{key}");
                // The next one ends it.
                assert!(matches!(again.unwrap().published, Published::Committed { .. }), "write {n}");
                stopped += 1;
            }
            // Asked in the commit itself: the run is committed, and its process says so.
            (Ok(census), Some((false, key))) => {
                assert!(key.starts_with("runs/") && runs.contains(&run_id), "{key}");
                assert!(matches!(census.published, Published::Committed { by_another: false, .. }));
                committed += 1;
            }
            // The whole publish has fewer writes.
            (Ok(_), None) => break,
            (ended, told) => panic!("write {n}: {told:?}: {ended:?}"),
        }
    }
    assert!(stopped > 8 && committed == 1, "{stopped} stopped, {committed} committed");
}
