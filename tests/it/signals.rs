//! A scan that is stopped: by Ctrl-C, by SIGTERM, twice, by `kill -9`; and continued after each.

use std::path::PathBuf;
#[cfg(target_os = "linux")]
use std::process::Command;
use std::time::Duration;

use crate::support::python::{Finished, Running, venv};
use crate::support::shell::{BOUND, RUN, Shell, Simulated, committed, names, signal};

/// What the contract allows a scan to take after the first signal (§5).
const STOPPED: Duration = Duration::from_secs(30);

/// Another run, for the scan that nothing breaks off.
const UNBROKEN: &str = "20261121T040000Z-0badcafe";

/// An organization that answers slowly, and a scan of it, one account at a time: some eight seconds.
struct Slow {
    simulated: Simulated,
    shell: Shell,
}

impl Slow {
    fn new() -> Self {
        let simulated = Simulated::start("--latency 100");
        let shell = Shell::on(&simulated);
        Self { simulated, shell }
    }

    /// Starts the scan, and waits until an account is sealed.
    fn start(&self) -> Running {
        let line = format!("scan --lake lake --run {RUN} --accounts-in-flight 1");
        let mut running = self.shell.start(&line);
        running.until(BOUND, |_| (!self.sealed().is_empty()).then_some(()));
        running
    }

    /// The sealed accounts.
    fn sealed(&self) -> Vec<String> {
        let names = names(&self.shell.path("lake").join("observations").join(RUN));
        let whole = names.into_iter().filter(|name| name.ends_with(".jsonl.zst"));
        whole.filter(|name| !name.starts_with("organization")).collect()
    }

    fn lake(&self) -> PathBuf {
        self.shell.path("lake")
    }

    /// Nothing that a reader would see.
    #[track_caller]
    fn assert_unpublished(&self) {
        for table in ["runs", "manifests", "accounts", "buckets", "keys", "coverage", "calls"] {
            assert_eq!(names(&self.lake().join(table)), Vec::<String>::new(), "{table}");
        }
    }

    /// Continues the run to its end, and holds it against a scan that nothing broke off.
    #[track_caller]
    fn continues(&self) -> Finished {
        let sealed = self.sealed();
        let before = self.bytes_of(&sealed);
        let finished = self.shell.run(["scan", "--lake", "lake", "--run", RUN]).ended(4);
        let plural = if sealed.len() == 1 { "" } else { "s" };
        let told = format!("{} account{plural} already complete", sealed.len());
        assert!(finished.stderr.contains(&told), "{told}: {finished}");
        assert_eq!(committed(&self.lake()), [RUN]);
        assert!(before == self.bytes_of(&sealed), "what was sealed was written again");
        self.shell.run(["scan", "--lake", "whole", "--run", UNBROKEN]).ended(4);
        let venv = venv();
        venv.run("compare_lake.py", [self.lake()]).succeeded();
        venv.run("compare_state.py", [self.lake(), self.simulated.dump()]).succeeded();
        let (lake, whole) = (self.lake(), self.shell.path("whole"));
        let runs = [whole.as_os_str(), UNBROKEN.as_ref(), lake.as_os_str(), RUN.as_ref()];
        venv.run("same_rows.py", runs).succeeded();
        finished
    }

    fn bytes_of(&self, segments: &[String]) -> Vec<Vec<u8>> {
        let folder = self.lake().join("observations").join(RUN);
        segments.iter().map(|name| std::fs::read(folder.join(name)).unwrap()).collect()
    }
}

#[track_caller]
fn assert_stopped_well(slow: &Slow, finished: &Finished) {
    assert!(finished.stderr.contains("stopping: accounts that are being scanned are dropped"), "{finished}");
    assert!(finished.stderr.contains(&format!("continue with --run {RUN}")), "{finished}");
    assert!(!finished.stderr.contains("panicked"), "{finished}");
    assert_eq!(finished.stdout, "");
    assert!(!slow.sealed().is_empty(), "what is sealed is kept");
    slow.assert_unpublished();
}

#[test]
fn one_ctrl_c_stops_the_scan_keeps_what_is_sealed_and_lets_it_be_continued() {
    let slow = Slow::new();
    let running = slow.start();
    signal("INT", running.id());
    let finished = running.end(STOPPED).ended(130);
    assert_stopped_well(&slow, &finished);
    slow.continues();
}

#[test]
fn one_sigterm_stops_the_scan_alike() {
    let slow = Slow::new();
    let running = slow.start();
    signal("TERM", running.id());
    let finished = running.end(STOPPED).ended(130);
    assert_stopped_well(&slow, &finished);
    slow.continues();
}

/// As by `nohup`, and in the background of a shell without job control.
#[cfg(target_os = "linux")]
#[test]
fn what_was_ignored_when_the_scan_began_stays_ignored() {
    let simulated = Simulated::start("--accounts 3 --buckets 2 --keys 1 --latency 100");
    let shell = Shell::on(&simulated);
    for (number, ignored) in ["HUP", "INT"].into_iter().enumerate() {
        let scan = shell.command(["scan", "--lake", &format!("lake{number}"), "--run", RUN]);
        let mut nohup = Command::new("env");
        nohup.arg(format!("--ignore-signal={ignored}")).arg(scan.get_program()).args(scan.get_args());
        nohup.current_dir(shell.path("")).env_clear();
        nohup.envs(scan.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let mut running = Running::start(nohup);
        // Said before the organization is listed.
        running.until(BOUND, |running| running.stderr().contains(&format!("run {RUN}")).then_some(()));
        signal(ignored, running.id());
        let finished = running.end(BOUND);
        assert!(matches!(finished.status.code(), Some(0 | 4)), "{ignored}: {finished}");
        assert!(!finished.stderr.contains("stopping"), "{finished}");
    }
}

#[test]
fn a_second_signal_aborts_at_once() {
    let slow = Slow::new();
    let running = slow.start();
    // Held still, so that both are pending when it goes on.
    for name in ["STOP", "INT", "TERM", "CONT"] {
        signal(name, running.id());
    }
    let finished = running.end(STOPPED).ended(130);
    assert!(finished.stderr.contains("stopping: "), "{finished}");
    slow.assert_unpublished();
    slow.continues();
}

#[test]
fn after_kill_9_the_run_is_continued_as_if_nothing_had_been() {
    let slow = Slow::new();
    let running = slow.start();
    signal("KILL", running.id());
    let finished = running.end(BOUND);
    assert_eq!(finished.status.code(), None, "{finished}");
    slow.assert_unpublished();
    slow.continues();
}

#[test]
fn an_interrupted_run_is_not_published_as_it_is() {
    let slow = Slow::new();
    let running = slow.start();
    signal("KILL", running.id());
    running.end(BOUND);
    // Continued with other settings it would be neither the one census nor the other.
    let refused = slow.shell.run(["scan", "--lake", "lake", "--run", RUN, "--region", "eu-west-1"]).ended(2);
    assert!(refused.stderr.contains("was opened with other settings: --region differs"), "{refused}");
    slow.assert_unpublished();
}

#[test]
fn a_scan_that_is_stopped_before_anything_is_sealed_can_be_continued_too() {
    let slow = Slow::new();
    let mut running = slow.shell.start(&format!("scan --lake lake --run {RUN}"));
    // Said before the organization is listed.
    running.until(BOUND, |running| running.stderr().contains(&format!("run {RUN}")).then_some(()));
    signal("INT", running.id());
    let finished = running.end(STOPPED).ended(130);
    assert!(finished.stderr.contains(&format!("continue with --run {RUN}")), "{finished}");
    slow.assert_unpublished();
    slow.shell.run(["scan", "--lake", "lake", "--run", RUN]).ended(4);
    assert_eq!(committed(&slow.lake()), [RUN]);
}

#[test]
fn a_torn_segment_is_as_none_and_its_account_is_scanned_again() {
    let slow = Slow::new();
    let running = slow.start();
    signal("KILL", running.id());
    running.end(BOUND);
    let torn = slow.lake().join("observations").join(RUN).join(&slow.sealed()[0]);
    let whole = std::fs::read(&torn).unwrap();
    std::fs::write(&torn, &whole[..whole.len() / 2]).unwrap();
    slow.shell.run(["scan", "--lake", "lake", "--run", RUN]).ended(4);
    assert!(std::fs::read(&torn).unwrap().len() > whole.len() / 2, "it was not written again");
    let venv = venv();
    venv.run("compare_lake.py", [slow.lake()]).succeeded();
    venv.run("compare_state.py", [slow.lake(), slow.simulated.dump()]).succeeded();
}
