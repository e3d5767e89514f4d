//! The `duckdb` executable: found, started, given a script, and its rows handed on as they come.
//!
//! The script is an argument and not its input: in a script that it reads, a line that begins with a dot is one of
//! the program's own commands, and `.shell` among them starts any other program.
//!
//! No SQL engine is linked in (it would be most of the build); an analyst's machine has this one, or gets
//! it in a line. The one place of the house that starts a process.

use std::io::{self, BufRead as _, BufReader, Read as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};

/// What the script has printed before anything else: another program would not.
const FIRST: &str = "-- atrest asks";

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Boxes, for people.
    Table,
    /// With a header, NULL as an empty field.
    Csv,
    /// One array of objects.
    Json,
}

impl Format {
    const fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Table => &["-box"],
            Self::Csv => &["-csv", "-nullvalue", ""],
            Self::Json => &["-json"],
        }
    }

    /// Whether a line of an answer, counted from 0, shows that the answer has rows: what frames them comes
    /// without any, too.
    pub fn tells_of_rows(self, number: usize, line: &str) -> bool {
        match self {
            // Three lines of heading, and one that closes the box.
            Self::Table => number >= 4,
            Self::Csv => number >= 1,
            Self::Json => line.trim() != "[]",
        }
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum DuckdbError {
    /// There is no such program.
    #[error("failed to start {}: there is no such program", .0.display())]
    NotFound(PathBuf),
    /// It cannot be started.
    #[error("failed to start {}: {source}", program.display())]
    NotStarted {
        /// The program.
        program: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It could not be talked to.
    #[error("failed to read what duckdb says: {0}")]
    Pipe(#[from] io::Error),
    /// The reader of the answer has gone.
    #[error("failed to write the answer: {0}")]
    Answer(#[source] io::Error),
    /// It refused the script, in its own words.
    #[error("{0}")]
    Refused(String),
    /// It ended without a word.
    #[error("failed to ask duckdb: it ended without a word ({0})")]
    Died(ExitStatus),
    /// It does not do as duckdb does.
    #[error("failed to ask {}: it does not answer as duckdb does{}", program.display(), reason(.said))]
    NotDuckdb {
        /// What was started.
        program: PathBuf,
        /// What it said of itself, if anything.
        said: String,
    },
}

/// The process that was started, and what it started: pip's `duckdb` is a script that starts the real one.
#[derive(Debug, Clone, Copy)]
pub struct Process(Pid);

impl Process {
    /// Ends all of it, at once: it only reads.
    pub fn end(self) {
        // Where this fails, it has ended by itself.
        let _ = kill_process_group(self.0, Signal::KILL);
    }
}

/// A shell in the process's group that waits for this program's end, and then ends the group and all that descends from
/// its process: what cannot be caught (`kill -9`, a machine without memory) leaves no question behind that works on for
/// no reader.
#[derive(Debug)]
struct Guard(Option<Child>);

/// Who has left the group is found by its parent, where the machine has `ps`.
const GUARD: &str = r#"read -r _
all=; next=$0
while [ -n "$next" ]; do
  next=$(ps -A -o pid= -o ppid= | while read -r process parent; do
    for one in $next; do [ "$parent" = "$one" ] && echo "$process"; done
  done)
  all="$all $next"
done
kill -s KILL $all
kill -s KILL -- "-$0""#;

impl Guard {
    fn of(process: Process) -> Self {
        let group = process.0.as_raw_nonzero().get();
        let mut command = Command::new("sh");
        // The pipe is closed when this program is no more, however it ended.
        command.args(["-c", GUARD, &group.to_string()]);
        command.env_clear().process_group(group);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        // Without a shell, or where the process has ended already, there is none.
        Self(command.spawn().ok())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let Some(guard) = &mut self.0 else { return };
        // Before its pipe is closed: the group's number may be another's by then.
        let _ = guard.kill();
        let _ = guard.wait();
    }
}

/// The executable.
#[derive(Debug, Clone)]
pub struct Duckdb(PathBuf);

impl Duckdb {
    /// A path, or a name that is looked for where programs are.
    pub fn at(program: &Path) -> Self {
        Self(program.to_owned())
    }

    /// Runs a script, tells which process it is, and hands on every line of its answer. Where `line` gives an
    /// error, the reader has gone: the process is ended by `end`, and that error returned.
    pub fn run(
        &self,
        script: &str,
        format: Format,
        started: impl FnOnce(Process),
        end: impl FnOnce(Process),
        mut line: impl FnMut(&str) -> io::Result<()>,
    ) -> Result<(), DuckdbError> {
        let mut child = self.start(script, format)?;
        let process = Process(Pid::from_child(&child));
        let guard = Guard::of(process);
        started(process);
        let answer = std::thread::scope(|scope| {
            let stderr = child.stderr.take();
            // Beside the reading of rows, or long words and a long answer would wait for each other.
            let said = scope.spawn(move || {
                let mut said = String::new();
                stderr.map(|mut stderr| stderr.read_to_string(&mut said));
                said.trim().to_owned()
            });
            let handed = hand_on(&mut child, &mut line);
            if !matches!(handed, Ok(true)) {
                end(process);
            }
            handed.map(|is_duckdb| (is_duckdb, said.join().unwrap_or_default()))
        });
        let status = child.wait()?;
        drop(guard);
        match answer? {
            (true, _) if status.success() => Ok(()),
            (true, said) if said.is_empty() => Err(DuckdbError::Died(status)),
            (true, said) => Err(DuckdbError::Refused(said)),
            (false, said) => Err(DuckdbError::NotDuckdb { program: self.0.clone(), said }),
        }
    }

    fn start(&self, script: &str, format: Format) -> Result<Child, DuckdbError> {
        let mut command = Command::new(&self.0);
        // The caller's ~/.duckdbrc may change what rows look like.
        command.args(["-init", "/dev/null", "-batch", "-bail"]).args(format.arguments());
        command.args(["-c", &format!(".print {FIRST}"), "-c", script]);
        // Questions are asked of files: the program has no use for what may hold a secret.
        for name in SECRETS {
            command.env_remove(name);
        }
        // A group of its own: it is ended as one.
        command.process_group(0);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => DuckdbError::NotFound(self.0.clone()),
            _ => DuckdbError::NotStarted { program: self.0.clone(), source },
        })
    }
}

/// Variables of the caller's that are, or may hold, secrets.
const SECRETS: &[&str] = &[
    "ATREST_EXTERNAL_ID",
    "AWS_ACCESS_KEY_ID",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_ACCOUNT",
    "AWS_ENDPOINT_URL_KMS",
    "AWS_ENDPOINT_URL_ORGANIZATIONS",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_STS",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SECURITY_TOKEN",
    "AWS_SESSION_TOKEN",
    "SECRET_ACCESS_KEY",
];

/// Hands on what follows the first line; whether that is what the script prints.
fn hand_on(child: &mut Child, line: &mut impl FnMut(&str) -> io::Result<()>) -> Result<bool, DuckdbError> {
    let Some(stdout) = child.stdout.take() else { return Ok(false) };
    let (mut rows, mut bytes) = (BufReader::new(stdout), Vec::new());
    rows.read_until(b'\n', &mut bytes)?;
    if bytes.trim_ascii() != FIRST.as_bytes() {
        return Ok(false);
    }
    bytes.clear();
    while rows.read_until(b'\n', &mut bytes)? > 0 {
        line(&String::from_utf8_lossy(&bytes)).map_err(DuckdbError::Answer)?;
        bytes.clear();
    }
    Ok(true)
}

/// The last line: where a script fails, that is the reason.
fn reason(words: &str) -> String {
    words.lines().last().map(|line| format!(": {}", line.trim())).unwrap_or_default()
}
