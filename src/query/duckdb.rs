//! The `duckdb` executable: found, started, fed a script, and its rows handed on as they come.
//!
//! No SQL engine is linked in (it would be most of the build); an analyst's machine has this one, or gets
//! it in a line. The one place of the house that starts a process.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

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
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum DuckdbError {
    /// There is no such program.
    #[error("failed to start {}: there is no such program", .0.display())]
    NotFound(PathBuf),
    /// It cannot be started.
    #[error("failed to start {}: {reason}", program.display())]
    NotStarted {
        /// The program.
        program: PathBuf,
        /// Why.
        reason: io::Error,
    },
    /// It could not be talked to, or its rows could not be handed on.
    #[error("failed to read what duckdb says: {0}")]
    Pipe(#[from] io::Error),
    /// It refused the script, in its own words.
    #[error("{0}")]
    Refused(String),
}

/// The executable.
#[derive(Debug, Clone)]
pub struct Duckdb(PathBuf);

impl Duckdb {
    /// A path, or a name that is looked for where programs are.
    pub fn at(program: &Path) -> Self {
        Self(program.to_owned())
    }

    /// Runs a script and hands on every line of its answer. Where `line` gives an error, the reader has gone:
    /// the process is ended, and that error returned.
    pub fn run(
        &self,
        script: &str,
        format: Format,
        mut line: impl FnMut(&str) -> io::Result<()>,
    ) -> Result<(), DuckdbError> {
        let mut child = self.start(format)?;
        let answer = std::thread::scope(|scope| {
            let (stdin, stderr) = (child.stdin.take(), child.stderr.take());
            // Beside the reading of rows, or a long script and a long answer would wait for each other.
            scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(script.as_bytes())));
            let said = scope.spawn(move || {
                let mut said = String::new();
                stderr.map(|mut stderr| stderr.read_to_string(&mut said));
                said
            });
            let handed = hand_on(&mut child, &mut line);
            if handed.is_err() {
                // It has ended already where this fails.
                let _ = child.kill();
            }
            handed.map(|()| said.join().unwrap_or_default())
        });
        let status = child.wait()?;
        let said = answer?;
        if status.success() { Ok(()) } else { Err(DuckdbError::Refused(said.trim().to_owned())) }
    }

    fn start(&self, format: Format) -> Result<Child, DuckdbError> {
        let mut command = Command::new(&self.0);
        // The caller's ~/.duckdbrc may change what rows look like.
        command.args(["-init", "/dev/null", "-batch", "-bail"]).args(format.arguments());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().map_err(|reason| match reason.kind() {
            io::ErrorKind::NotFound => DuckdbError::NotFound(self.0.clone()),
            _ => DuckdbError::NotStarted { program: self.0.clone(), reason },
        })
    }
}

fn hand_on(child: &mut Child, line: &mut impl FnMut(&str) -> io::Result<()>) -> io::Result<()> {
    let Some(stdout) = child.stdout.take() else { return Ok(()) };
    let (mut rows, mut bytes) = (BufReader::new(stdout), Vec::new());
    while rows.read_until(b'\n', &mut bytes)? > 0 {
        line(&String::from_utf8_lossy(&bytes))?;
        bytes.clear();
    }
    Ok(())
}
