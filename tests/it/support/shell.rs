//! The binary as a user runs it: its own folder, nothing in the environment but what a test says.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::python::{Finished, Running, Server, Venv, finish, hermetic};

/// No command of these tests takes longer than some seconds on an idle machine.
pub const BOUND: Duration = Duration::from_secs(120);

/// A run id as a scheduler might give it.
pub const RUN: &str = "20261121T030000Z-0badcafe";

/// A folder to run in.
#[derive(Debug)]
pub struct Shell {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

impl Shell {
    /// An empty folder, and no variable.
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), variables: Vec::new() }
    }

    /// A folder with these objects as the files of `lake`.
    pub fn holding(objects: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        let shell = Self::new();
        for (key, bytes) in objects {
            let path = shell.path("lake").join(key);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
        shell
    }

    /// The same with the variables that lead to a simulator. [`RUN`] has a date of its own, which a machine's clock
    /// need not have reached.
    pub fn on(simulator: &Simulated) -> Self {
        let mut shell = Self::new();
        shell.variables.clone_from(&simulator.variables);
        shell.with("ATREST_ALLOW_FUTURE_RUN", "true")
    }

    /// The same with another variable.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same with DuckDB where `atrest query` looks for it.
    pub fn asking(self, venv: &Venv) -> Self {
        self.with("ATREST_DUCKDB", &venv.duckdb().to_string_lossy())
    }

    /// The same without a variable.
    pub fn without(mut self, name: &str) -> Self {
        self.variables.retain(|(known, _)| known != name);
        self
    }

    /// Runs a script in DuckDB, in the folder and without atrest; gives its rows as JSON.
    #[track_caller]
    pub fn duckdb(&self, venv: &Venv, script: &str) -> String {
        let mut command = Command::new(venv.duckdb());
        command.env_clear().envs(hermetic()).current_dir(self.folder.path());
        command.args(["-batch", "-bail", "-json", "-c", script]);
        finish(command, BOUND).succeeded().stdout
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file into the folder.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// `atrest` with these arguments, not started yet.
    pub fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = hearing(env!("CARGO_BIN_EXE_atrest"));
        command.args(arguments).current_dir(self.folder.path());
        command.env_clear().envs(hermetic()).envs(self.variables.iter().cloned());
        command
    }

    /// Runs `atrest` to its end.
    #[track_caller]
    pub fn run<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Finished {
        finish(self.command(arguments), BOUND)
    }

    /// Runs `atrest` with what a user typed, words apart by spaces.
    #[track_caller]
    pub fn atrest(&self, line: &str) -> Finished {
        self.run(line.split_whitespace())
    }

    /// Starts `atrest` with what a user typed.
    #[track_caller]
    pub fn start(&self, line: &str) -> Running {
        Running::start(self.command(line.split_whitespace()))
    }
}

/// `atrest simulate` on a port of the system's choice.
#[derive(Debug)]
pub struct Simulated {
    /// The server.
    pub server: Server,
    /// The variables that it says to export.
    pub variables: Vec<(String, String)>,
    state: serde_json::Value,
    folder: tempfile::TempDir,
}

impl Simulated {
    /// Starts a simulator with more arguments, such as `--seed 2`.
    #[track_caller]
    pub fn start(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dump = folder.path().join("state.json");
        let mut command = Command::new(env!("CARGO_BIN_EXE_atrest"));
        command.env_clear().envs(hermetic()).args(["simulate", "--listen", "127.0.0.1:0", "--dump"]);
        command.arg(&dump).args(more.split_whitespace());
        // The last variable: then the server listens.
        let server = Server::start_until(command, |line| line.contains("AWS_EC2_METADATA_DISABLED"));
        let exported = |line: &String| {
            let (name, value) = line.strip_prefix("export ")?.split_once('=')?;
            Some((name.to_owned(), value.to_owned()))
        };
        let variables = server.said.iter().filter_map(exported).collect();
        let state = serde_json::from_slice(&std::fs::read(&dump).unwrap()).unwrap();
        Self { server, variables, state, folder }
    }

    /// The file that the state was dumped to.
    pub fn dump(&self) -> PathBuf {
        self.folder.path().join("state.json")
    }

    /// The dumped state.
    pub fn state(&self) -> &serde_json::Value {
        &self.state
    }

    /// A variable that it says to export.
    pub fn variable(&self, name: &str) -> &str {
        let found = self.variables.iter().find(|(known, _)| known == name);
        &found.unwrap_or_else(|| panic!("{name} is not exported: {:?}", self.server.said)).1
    }

    /// The first account that `is_so`.
    #[track_caller]
    pub fn account(&self, is_so: impl Fn(&serde_json::Value) -> bool) -> String {
        let accounts = self.state["accounts"].as_object().unwrap();
        accounts.iter().find(|(_, account)| is_so(account)).expect("an account of that kind").0.clone()
    }
}

/// A program that ignores no signal, whoever started the tests: atrest leaves ignored what is ignored when it starts.
fn hearing(program: &str) -> Command {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    // Hang-up is the first signal, and Ctrl-C the second.
    if mask.trailing_zeros() >= 2 {
        return Command::new(program);
    }
    let mut command = Command::new("env");
    command.args(["--default-signal=HUP,INT", program]);
    command
}

/// Sends a signal, such as `INT`.
#[track_caller]
pub fn signal(name: &str, process: u32) {
    let mut command = Command::new("sh");
    command.env_clear().envs(hermetic()).arg("-c").arg(format!("kill -{name} {process}"));
    finish(command, BOUND).succeeded();
}

/// Every file under a folder, by its path there, sorted.
pub fn files(folder: &Path) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(next) = waiting.pop() {
        let Ok(entries) = std::fs::read_dir(&next) else { continue };
        for entry in entries.map(Result::unwrap) {
            match entry.file_type().unwrap().is_dir() {
                true => waiting.push(entry.path()),
                false => found.push(entry.path()),
            }
        }
    }
    let name = |path: &PathBuf| path.strip_prefix(folder).unwrap().to_string_lossy().into_owned();
    let mut named: Vec<_> = found.into_iter().map(|path| (name(&path), path)).collect();
    named.sort();
    named
}

/// The names of the files under a folder.
pub fn names(folder: &Path) -> Vec<String> {
    files(folder).into_iter().map(|(name, _)| name).collect()
}

/// The committed runs of a lake in a folder.
pub fn committed(lake: &Path) -> Vec<String> {
    let runs = names(&lake.join("runs"));
    runs.iter().filter_map(|name| Some(name.rsplit_once('/')?.1[..25].to_owned())).collect()
}

/// Asserts that what a person reads fits 80 columns.
#[track_caller]
pub fn assert_narrow(text: &str) {
    for line in text.lines() {
        assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
    }
}
