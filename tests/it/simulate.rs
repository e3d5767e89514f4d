//! `atrest simulate`: the simulated organization behind a socket, judged by boto3 and scanned by the
//! binary as any other AWS.

use std::collections::BTreeSet;
use std::net::TcpListener;

use atrest::sim::wire;

use crate::support::python::{Finished, Venv, finish, venv};
use crate::support::shell::{BOUND, RUN, Shell, Simulated, assert_narrow, signal};

/// What boto3 says of a served world and a told state.
fn judged(venv: &Venv, served: &Simulated, told: &std::path::Path) -> Finished {
    let mut command = venv.script("conformance.py");
    command.arg(&served.server.endpoint).arg(told).envs(served.variables.iter().cloned());
    finish(command, BOUND)
}

#[test]
fn boto3_calls_every_operation_and_agrees_with_the_state() {
    let venv = venv();
    let simulated = Simulated::start("");
    let told = judged(&venv, &simulated, &simulated.dump()).succeeded();
    let agreed: BTreeSet<&str> = told.stdout.lines().filter_map(|line| line.split(' ').nth(1)).collect();
    for operation in wire::operations() {
        assert!(agreed.contains(operation.full_name().as_str()), "{operation:?} was not called\n{told}");
    }
}

#[test]
fn boto3_notices_a_state_that_is_not_so() {
    let venv = venv();
    let simulated = Simulated::start("");
    let mut other = simulated.state().clone();
    let caller = other["caller"]["account"].as_str().unwrap().to_owned();
    let buckets = other["accounts"][&caller]["buckets"].as_object_mut().unwrap();
    let read =
        buckets.values_mut().find(|bucket| bucket["vanished"] == false && bucket["encryption"].is_object());
    read.unwrap()["encryption"]["rules"][0]["default"] =
        serde_json::json!({ "algorithm": "aws:never", "key": null });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.json");
    std::fs::write(&path, other.to_string()).unwrap();
    let told = judged(&venv, &simulated, &path).ended(1);
    assert!(told.stderr.contains("disagree: s3:GetBucketEncryption"), "{told}");
}

#[test]
fn a_scan_over_the_socket_finds_what_is_there() {
    let venv = venv();
    let simulated = Simulated::start("");
    let shell = Shell::on(&simulated);
    // The default world has trouble of every kind: the census is published, and partial.
    let finished = shell.run(["scan", "--lake", "lake", "--run", RUN]).ended(4);
    assert_eq!(finished.stdout, "");
    assert_narrow(&finished.stderr);
    venv.run("compare_lake.py", [shell.path("lake")]).succeeded();
    venv.run("compare_state.py", [shell.path("lake"), simulated.dump()]).succeeded();
}

#[test]
fn a_state_that_differs_from_the_rows_is_noticed() {
    let venv = venv();
    let simulated = Simulated::start("--accounts 3 --buckets 20 --keys 10");
    let shell = Shell::on(&simulated);
    shell.run(["scan", "--lake", "lake"]);
    let other = Simulated::start("--accounts 3 --buckets 21 --keys 10");
    venv.run("compare_state.py", [shell.path("lake"), other.dump()]).ended(1);
}

#[test]
fn it_prints_the_environment_to_export_and_nothing_else() {
    let simulated = Simulated::start("--accounts 2 --buckets 4 --keys 2");
    for line in &simulated.server.said {
        assert!(line.starts_with("export AWS_"), "{line}");
    }
    assert!(simulated.variable("AWS_ENDPOINT_URL").starts_with("http://127.0.0.1:"));
    for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"] {
        assert!(!simulated.variable(name).is_empty());
    }
    assert_eq!(simulated.state()["accounts"].as_object().unwrap().len(), 2);
}

#[test]
fn only_the_loopback_is_served() {
    for address in ["0.0.0.0:0", "192.0.2.1:80", "[::]:0"] {
        let refused = Shell::new().atrest(&format!("simulate --listen {address}")).ended(2);
        assert!(refused.stderr.contains("is not a loopback address"), "{refused}");
        assert!(refused.stderr.contains("hint: "), "{refused}");
        assert_eq!(refused.stdout, "");
    }
    Shell::new().atrest("simulate --listen nowhere").ended(2);
}

#[test]
fn a_port_in_use_is_said_in_one_sentence() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let refused = Shell::new().atrest(&format!("simulate --listen {address}")).ended(2);
    assert!(refused.stderr.starts_with(&format!("error: failed to listen on {address}: ")), "{refused}");
    assert_eq!(refused.stdout, "", "nothing to export");
}

#[test]
fn a_dump_that_cannot_be_written_is_refused() {
    let shell = Shell::new();
    let refused = shell.atrest("simulate --listen 127.0.0.1:0 --dump nowhere/state.json").ended(2);
    assert!(refused.stderr.contains("failed to write nowhere/state.json"), "{refused}");
}

#[test]
fn a_signal_ends_it_well() {
    for name in ["INT", "TERM"] {
        let shell = Shell::new();
        let mut running = shell.start("simulate --listen 127.0.0.1:0");
        running.until(BOUND, |running| running.stderr().contains("listening on").then_some(()));
        signal(name, running.id());
        let finished = running.end(BOUND).succeeded();
        assert!(finished.stderr.contains("Ctrl-C ends"), "{finished}");
        assert!(
            finished.stderr.ends_with("stopped: the simulated organization is no longer served\n"),
            "{finished}"
        );
        assert!(!finished.stderr.contains("account"), "a scan's words: {finished}");
    }
}
