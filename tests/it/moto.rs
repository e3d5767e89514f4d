//! The census of an organization in an emulator that this project did not write.
//!
//! moto is seeded through boto3, scanned by the binary as a user runs it, and the lake is read by
//! DuckDB, pyarrow and pandas and held against the truth that was written down beside each resource
//! (`tests/python/seed_moto.py`). What is judged is the scanner: where moto differs from AWS, the
//! truth says so and the scanner must be right on both.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::support::python::{Finished, Server, Venv, finish, hermetic, venv};

/// A scan of the seeded organization takes seconds: moto answers some 200 requests a second.
const SCAN_BOUND: Duration = Duration::from_mins(5);

/// A seeded moto server, and the truth about what is in it.
pub struct Emulator {
    /// The server.
    pub server: Server,
    /// What is in it.
    pub truth: Value,
    truth_file: PathBuf,
    recording: PathBuf,
    folder: tempfile::TempDir,
}

impl Emulator {
    /// Starts moto and seeds it.
    pub fn seeded(venv: &Venv) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let recording = folder.path().join("recording");
        let mut moto = venv.script("serve_moto.py");
        moto.env("MOTO_RECORDER_FILEPATH", &recording);
        let server = Server::start(moto);
        let seeded = venv.run("seed_moto.py", [&server.endpoint]).succeeded();
        let truth_file = folder.path().join("truth.json");
        std::fs::write(&truth_file, &seeded.stdout).unwrap();
        Self { server, truth: seeded.json(), truth_file, recording, folder }
    }

    fn lake(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs `atrest scan` as a caller of the management account would, with nothing else set.
    fn scan(&self, lake: &Path, regions: &[String]) -> Finished {
        let mut command = Command::new(env!("CARGO_BIN_EXE_atrest"));
        command.env_clear().envs(hermetic()).current_dir(self.folder.path());
        command.env("AWS_ENDPOINT_URL", &self.server.endpoint);
        command.env("AWS_ACCESS_KEY_ID", "AKIAMANAGEMENT000000").env("AWS_SECRET_ACCESS_KEY", "any");
        command.env("AWS_REGION", "us-east-1");
        let role = self.truth["role_name"].as_str().unwrap();
        command.args(["scan", "--role-name", role, "--lake"]).arg(lake);
        for region in regions {
            command.args(["--region", region]);
        }
        finish(command, SCAN_BOUND)
    }

    /// Scans and holds the exit code and the lake against the truth.
    fn scan_and_compare(&self, venv: &Venv, scenario: &str, regions: &[String]) -> PathBuf {
        let lake = self.lake(scenario);
        let code = self.truth["scenarios"][scenario]["exit_code"].as_i64().unwrap();
        self.scan(&lake, regions).ended(i32::try_from(code).unwrap());
        let compared =
            [lake.as_os_str(), self.truth_file.as_os_str(), "--scenario".as_ref(), scenario.as_ref()];
        venv.run("compare_lake.py", compared).succeeded();
        lake
    }
}

/// The Regions that the scenario `named` is scanned in.
pub fn named_regions(truth: &Value) -> Vec<String> {
    let regions = truth["named_regions"].as_array().unwrap();
    regions.iter().map(|region| region.as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_census_of_named_regions_equals_the_truth() {
    let venv = venv();
    let emulator = Emulator::seeded(&venv);
    let regions = named_regions(&emulator.truth);
    venv.run("record_moto.py", [&emulator.server.endpoint, "start"]).succeeded();
    let lake = emulator.scan_and_compare(&venv, "named", &regions);
    venv.run("record_moto.py", [&emulator.server.endpoint, "stop"]).succeeded();
    // What came in over the wire: reads only, none twice, and as many as the lake says.
    venv.run("requests_made.py", [&lake, &emulator.recording]).succeeded();
}

#[test]
fn without_list_regions_the_census_is_partial_and_its_rows_are_right() {
    let venv = venv();
    let emulator = Emulator::seeded(&venv);
    emulator.scan_and_compare(&venv, "fallback", &[]);
    // A census changes nothing: what a second one finds is the same.
    std::fs::remove_dir_all(emulator.lake("fallback")).unwrap();
    emulator.scan_and_compare(&venv, "fallback", &[]);
}

#[test]
fn the_truth_is_what_boto3_reads_back() {
    let venv = venv();
    venv.unittest("test_seed").succeeded();
}

#[test]
fn the_comparison_notices_what_is_wrong() {
    let venv = venv();
    venv.unittest("test_compare").succeeded();
    venv.unittest("test_requests").succeeded();
}

#[test]
fn a_server_ends_with_the_value_that_holds_it() {
    let venv = venv();
    let server = Server::start(venv.script("serve_moto.py"));
    let address = server.endpoint.strip_prefix("http://").unwrap().to_owned();
    assert!(TcpStream::connect(&address).is_ok(), "{address} said that it was ready");
    drop(server);
    assert!(TcpStream::connect(&address).is_err(), "{address} still answers");
}
