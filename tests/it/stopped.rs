//! The first signal ends every command, whatever it waits for: a credential process, STS, the organization, the lake.
//! It ends with 130, says what is kept and how to go on, and leaves no process behind.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

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
    for (line, name) in COMMANDS.iter().zip(["TERM", "INT", "TERM", "INT", "TERM"]) {
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
