//! Processes: starting a scenario in one of its own, and reading from `/proc` what it cost.
//!
//! `/proc` and not `getrusage`, since that would need `unsafe`. CPU time comes in ticks of 10 ms, so
//! that what is compared must take a second or so.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use super::{Failed, SCENARIO};

/// A scenario's figures by name.
pub type Figures = BTreeMap<String, f64>;

/// Hands the figures of this process to the one that started it.
pub fn give(figures: &Figures) {
    println!("{}", serde_json::json!(figures));
}

/// Runs a scenario to its end.
pub fn run(words: &[&str]) -> Result<Figures, Failed> {
    let started = std::time::Instant::now();
    let output = command(words)?.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("scenario {} failed: {}", words.join(" "), output.status).into());
    }
    let text = String::from_utf8(output.stdout)?;
    let figures = serde_json::from_str(text.lines().last().unwrap_or_default())?;
    eprintln!("{:7.1} s  {}", started.elapsed().as_secs_f64(), words[..words.len().min(3)].join(" "));
    Ok(figures)
}

fn command(words: &[&str]) -> Result<Command, Failed> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(SCENARIO).args(words);
    Ok(command)
}

/// A process that serves until this is dropped.
pub struct Server {
    child: Child,
    /// Open as long as the server may print.
    _output: BufReader<ChildStdout>,
    /// The first line that it printed.
    pub address: String,
}

impl Server {
    /// Starts it, and waits until it says where it listens.
    pub fn start(words: &[&str]) -> Result<Self, Failed> {
        // It ends with its input, so that it does not outlive this process whatever becomes of it.
        let mut child = command(words)?.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut address = String::new();
        let mut output = BufReader::new(child.stdout.take().ok_or("no output")?);
        output.read_line(&mut address)?;
        if address.is_empty() {
            return Err(format!("{} ended at once: {}", words.join(" "), child.wait()?).into());
        }
        Ok(Self { child, _output: output, address: address.trim().to_owned() })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // What the server ends with changes no figure.
        let _ = self.child.wait();
    }
}

/// The most memory that this process has held, in MB.
pub fn peak_mb() -> Result<f64, Failed> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kilobytes * 1024.0 / 1e6)
}

/// User and system CPU seconds of this process so far.
pub fn cpu_seconds() -> Result<f64, Failed> {
    // The kernel's USER_HZ, which is 100 on every architecture that Rust's tier 1 has.
    const TICKS: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The second field is the name in parentheses, which may hold anything.
    let (_, fields) = stat.rsplit_once(") ").ok_or("no fields")?;
    let fields: Vec<&str> = fields.split(' ').collect();
    let ticks = |at: usize| fields.get(at).ok_or("too few fields")?.parse::<f64>().map_err(Failed::from);
    // utime and stime are the fields 14 and 15, and the third is the first here.
    Ok((ticks(11)? + ticks(12)?) / TICKS)
}
