//! Python for the tests: a virtual environment made once, scripts, and servers that die with us.
//!
//! Other people's clients and readers (boto3, moto, DuckDB, pandas, pyarrow) are how the tests learn
//! what an outsider sees. They come from `tests/python/requirements.txt` into a folder under the
//! target directory that is named by the file's hash, so that a change of a version makes a new one
//! and nothing is installed twice, also not by two test processes at a time. Where Python or the
//! packages are missing the tests fail and say what to install: a test that returns has tested nothing.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// Installing the packages from an empty cache takes some half a minute; a slow line takes longer.
const INSTALL_BOUND: Duration = Duration::from_mins(15);
/// A script that takes longer than this hangs.
const SCRIPT_BOUND: Duration = Duration::from_mins(5);
/// A server that is not ready after this will not be.
const READY_BOUND: Duration = Duration::from_mins(1);
/// How often a bounded wait looks whether the process has ended.
const LOOK: Duration = Duration::from_millis(10);

/// A virtual environment with the packages of `tests/python/requirements.txt`.
#[derive(Debug, Clone)]
pub struct Venv {
    python: PathBuf,
}

/// What is missing for an environment, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Missing(String);

/// The environment. The first test of a process that asks makes it; all fail with one sentence where it cannot be made.
#[track_caller]
pub fn venv() -> Venv {
    static VENV: OnceLock<Result<Venv, Missing>> = OnceLock::new();
    match VENV.get_or_init(|| make("python3", &scripts().join("requirements.txt"))) {
        Ok(venv) => venv.clone(),
        Err(Missing(what)) => panic!("this test needs Python: {what}"),
    }
}

/// The folder of the scripts.
pub fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python")
}

fn make(program: &str, requirements: &Path) -> Result<Venv, Missing> {
    let version = python_version(program)?;
    let home = home_of(requirements, &version)?;
    let venv = Venv { python: home.join("bin/python") };
    // Held until the end of this function: another process waits here, and then finds it done.
    let lock = home.with_extension("lock");
    let lock = File::create(&lock).map_err(|error| cannot(&format!("write {}", lock.display()), &error))?;
    lock.lock().map_err(|error| cannot("lock the environment", &error))?;
    let done = home.join("complete");
    if !done.exists() {
        install(program, &home, &venv.python, requirements)?;
        fs::write(&done, version).map_err(|error| cannot(&format!("write {}", done.display()), &error))?;
    }
    Ok(venv)
}

fn cannot(action: &str, error: &dyn std::fmt::Display) -> Missing {
    Missing(format!("failed to {action}: {error}"))
}

fn python_version(program: &str) -> Result<String, Missing> {
    let script = "import sys; print(sys.version); sys.exit(sys.version_info < (3, 11))";
    let output = Command::new(program).args(["-c", script]).output().map_err(|error| {
        Missing(format!(
            "`{program}` does not start ({error}); install Python 3.11 or newer with its venv module \
             (on Debian: apt-get install python3 python3-venv)"
        ))
    })?;
    let version = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    match output.status.success() {
        true => Ok(version),
        false => {
            let found = if version.is_empty() { output.status.to_string() } else { version };
            Err(Missing(format!("`{program}` is too old ({found}); install Python 3.11 or newer")))
        }
    }
}

/// The environment's folder, named by what would be in it.
fn home_of(requirements: &Path, version: &str) -> Result<PathBuf, Missing> {
    let pinned = fs::read(requirements)
        .map_err(|error| cannot(&format!("read {}", requirements.display()), &error))?;
    let stamp = atrest::log::digest(&[&pinned, version.as_bytes()].concat());
    Ok(Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("python-{}", &stamp[..16])))
}

fn install(program: &str, home: &Path, python: &Path, requirements: &Path) -> Result<(), Missing> {
    let mut venv = Command::new(program);
    venv.args(["-m", "venv", "--clear"]).arg(home);
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "install", "--quiet", "--requirement"]).arg(requirements);
    for (command, advice) in [
        (venv, "install Python's venv module (on Debian: apt-get install python3-venv)"),
        (pip, "pip must reach a package index, or have these packages in its cache"),
    ] {
        let finished = finish(command, INSTALL_BOUND);
        if !finished.status.success() {
            return Err(Missing(format!("{advice}: {finished}")));
        }
    }
    Ok(())
}

impl Venv {
    /// A script of `tests/python`, with nothing of the caller's AWS settings.
    pub fn script(&self, name: &str) -> Command {
        let mut command = self.command();
        command.arg(name);
        command
    }

    /// Runs a script to its end, whatever that is.
    pub fn run<S: AsRef<OsStr>>(&self, name: &str, args: impl IntoIterator<Item = S>) -> Finished {
        let mut command = self.script(name);
        command.args(args);
        finish(command, SCRIPT_BOUND)
    }

    /// Runs the unit tests of a script.
    pub fn unittest(&self, module: &str) -> Finished {
        let mut command = self.command();
        command.args(["-m", "unittest", module]);
        finish(command, SCRIPT_BOUND)
    }

    /// The `duckdb` executable.
    pub fn duckdb(&self) -> PathBuf {
        self.python.with_file_name("duckdb")
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.python);
        command.current_dir(scripts()).env_clear().envs(hermetic());
        command.env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONUTF8", "1");
        command
    }
}

/// What every process of these tests gets, and all that it gets: no profile, no proxy, no metadata
/// service, so that it reaches what it is pointed at and nothing else.
pub fn hermetic() -> Vec<(&'static str, &'static str)> {
    vec![
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("PATH", "/usr/local/bin:/usr/bin:/bin"),
        ("TZ", "UTC"),
    ]
}

/// A process that has ended, and what it said.
#[derive(Debug)]
pub struct Finished {
    /// The command as one would type it.
    pub command: String,
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Finished {
    /// Itself, where the process ended 0; panics with all that it said where not.
    #[track_caller]
    pub fn succeeded(self) -> Self {
        self.ended(0)
    }

    /// Itself, where the process ended so; panics with all that it said where not.
    #[track_caller]
    pub fn ended(self, code: i32) -> Self {
        assert_eq!(self.status.code(), Some(code), "{self}");
        self
    }

    /// Its standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("not JSON: {error}\n{self}"))
    }
}

impl std::fmt::Display for Finished {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { command, status, stdout, stderr } = self;
        write!(f, "`{command}` ended with {status}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}

/// Runs a process to its end; kills it and panics where it takes longer than `bound`.
#[track_caller]
pub fn finish(command: Command, bound: Duration) -> Finished {
    Running::start(command).end(bound)
}

/// A process that runs beside the test, and is killed when this value is dropped.
#[derive(Debug)]
pub struct Running {
    command: String,
    child: Child,
    // Files, and not pipes: a process that says much must not wait for a reader.
    stdout: tempfile::NamedTempFile,
    stderr: tempfile::NamedTempFile,
}

impl Running {
    /// Starts it.
    #[track_caller]
    pub fn start(mut command: Command) -> Self {
        let shown = shown(&command);
        let (stdout, stderr) = (said(), said());
        command.stdin(Stdio::null());
        command.stdout(stdout.reopen().unwrap()).stderr(stderr.reopen().unwrap());
        let child = command.spawn().unwrap_or_else(|error| panic!("failed to start {shown}: {error}"));
        Self { command: shown, child, stdout, stderr }
    }

    /// The process's id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has written to its standard error so far.
    pub fn stderr(&self) -> String {
        read(self.stderr.path())
    }

    /// Waits until `is_so` gives something; panics where the process ends first, or after `bound`.
    #[track_caller]
    pub fn until<T>(&mut self, bound: Duration, mut is_so: impl FnMut(&Self) -> Option<T>) -> T {
        let deadline = Instant::now() + bound;
        loop {
            if let Some(found) = is_so(self) {
                return found;
            }
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "ended too early: {}", self.finished(ended.unwrap()));
            assert!(Instant::now() < deadline, "waited in vain for {bound:?}: {}", self.stderr());
            std::thread::sleep(LOOK);
        }
    }

    /// Waits for its end; kills it and panics where that takes longer than `bound`.
    #[track_caller]
    pub fn end(mut self, bound: Duration) -> Finished {
        match wait(&mut self.child, bound) {
            Some(status) => self.finished(status),
            None => {
                self.child.kill().unwrap();
                let status = self.child.wait().unwrap();
                panic!("still running after {bound:?}: {}", self.finished(status))
            }
        }
    }

    fn finished(&self, status: ExitStatus) -> Finished {
        Finished {
            command: self.command.clone(),
            status,
            stdout: read(self.stdout.path()),
            stderr: self.stderr(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already: then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn wait(child: &mut Child, bound: Duration) -> Option<ExitStatus> {
    let deadline = Instant::now() + bound;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        if Instant::now() >= deadline {
            return None;
        }
        std::thread::sleep(LOOK);
    }
}

fn said() -> tempfile::NamedTempFile {
    tempfile::NamedTempFile::new().unwrap()
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
}

fn shown(command: &Command) -> String {
    let args = command.get_args().map(OsStr::to_string_lossy);
    std::iter::once(command.get_program().to_string_lossy()).chain(args).collect::<Vec<_>>().join(" ")
}

/// A server process on a loopback port of its own choice.
///
/// It says `READY http://127.0.0.1:PORT` on a line of its own when it can be asked. It is killed when
/// this value is dropped; and since its standard input ends with this process, a server that heeds
/// that ends also where nothing is dropped.
#[derive(Debug)]
pub struct Server {
    /// `http://127.0.0.1:PORT`.
    pub endpoint: String,
    /// What it said until it was ready, line by line.
    pub said: Vec<String>,
    child: Child,
}

impl Server {
    /// Starts a server and waits, with a bound, until it is ready.
    #[track_caller]
    pub fn start(command: Command) -> Self {
        Self::start_until(command, |line| line.starts_with("READY "))
    }

    /// The same with a server that says in another way that it is ready. The endpoint is the first
    /// `http://…` that it has said by then.
    #[track_caller]
    pub fn start_until(mut command: Command, is_last: impl Fn(&str) -> bool) -> Self {
        let shown = shown(&command);
        let stderr = said();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr.reopen().unwrap());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("failed to start {shown}: {error}"));
        let lines = lines_of(&mut child);
        let mut server = Self { endpoint: String::new(), said: Vec::new(), child };
        // A panic here drops the server, which ends it.
        server.said = ready(&lines, is_last)
            .unwrap_or_else(|error| panic!("{shown} is not ready: {error}\n{}", read(stderr.path())));
        let named = server.said.iter().find_map(|line| line.find("http://").map(|at| &line[at..]));
        server.endpoint = named.unwrap_or_default().trim().to_owned();
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already: then there is nothing to kill.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A process's lines, read by a thread of their own so that waiting for one can have a bound, and so
/// that the process never waits for a reader.
fn lines_of(child: &mut Child) -> Receiver<String> {
    let (send, lines) = channel();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    std::thread::spawn(move || {
        for line in stdout.lines().map_while(Result::ok) {
            // Nobody listens any more once the server is ready; its lines are still to be taken.
            let _ = send.send(line);
        }
    });
    lines
}

fn ready(lines: &Receiver<String>, is_last: impl Fn(&str) -> bool) -> Result<Vec<String>, RecvTimeoutError> {
    let deadline = Instant::now() + READY_BOUND;
    let mut said = Vec::new();
    loop {
        let line = lines.recv_timeout(deadline.saturating_duration_since(Instant::now()))?;
        let last = is_last(&line);
        said.push(line);
        if last {
            return Ok(said);
        }
    }
}

#[test]
fn a_missing_or_old_python_is_said_with_what_to_install() {
    let requirements = scripts().join("requirements.txt");
    let Err(Missing(said)) = make("python3-of-no-machine", &requirements) else { panic!("it is not there") };
    for part in ["`python3-of-no-machine` does not start", "Python 3.11 or newer", "python3-venv"] {
        assert!(said.contains(part), "{said}");
    }
    // A program that starts and is no Python of these tests.
    let Err(Missing(said)) = make("false", &requirements) else { panic!("it is no Python") };
    assert!(said.contains("`false` is too old (exit status: 1); install Python 3.11 or newer"), "{said}");
}
