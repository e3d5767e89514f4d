//! The demo's folder: emptied where it holds a demo and nothing else, refused where it holds more.
//!
//! The standard and the exceptions of the demo's organization lie in it, to be read and edited. What a
//! user has edited is the user's: the marker holds the hash of each as it was written.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use crate::cli::error::CliError;
use crate::cli::output::UNFINISHED;
use crate::cli::rules::Rules;
use crate::sink::sha256_hex;
use crate::standard;

/// The file that says that a folder holds a demo and nothing else.
const MARKER: &str = ".atrest-demo";
/// The lake.
const LAKE: &str = "lake";
/// The page, beside the lake.
pub const PAGE: &str = "report.html";
/// What the organization asks for, and what it accepts for a time.
const STANDARD: (&str, &str) = ("standard.toml", include_str!("standard.toml"));
const EXCEPTIONS: (&str, &str) = ("exceptions.toml", include_str!("exceptions.toml"));

/// Makes a folder with the organization's rules; gives the place of the lake.
pub fn prepare(out: &Path) -> Result<(PathBuf, Rules), CliError> {
    let shown = out.display();
    let failed =
        |what: &str, error: std::io::Error| CliError::usage(format!("failed to {what} {shown}: {error}"));
    if out.is_file() {
        return Err(CliError::usage(format!("{shown} is a file: give a folder with --out")));
    }
    if out.exists() && !is_empty(out).map_err(|error| failed("read", error))? {
        if let Some(more) = more_than_a_demo(out).map_err(|error| failed("read", error))? {
            return Err(CliError::usage(format!(
                "{shown} holds more than a demo, and is left alone: {more}"
            ))
            .hint("give another folder with --out"));
        }
        std::fs::remove_dir_all(out).map_err(|error| failed("empty", error))?;
    }
    write(out).map_err(|error| failed("write to", error))?;
    Ok((out.join(LAKE), rules()?))
}

/// The rules as they are written.
fn rules() -> Result<Rules, CliError> {
    let internal = |problems: Vec<standard::Problem>| {
        let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
        CliError::internal(format!("the demo's rules have mistakes: {}", texts.join("; ")))
    };
    let standard = standard::parse(STANDARD.1).map_err(internal)?;
    let exceptions = standard::parse_exceptions(EXCEPTIONS.1, &standard).map_err(internal)?;
    Ok(Rules { standard, exceptions })
}

fn write(out: &Path) -> std::io::Result<()> {
    let mut marker = "made by `atrest demo`, which replaces this folder\n".to_owned();
    for (name, text) in [STANDARD, EXCEPTIONS] {
        let _ = writeln!(marker, "{}", marked(name, text.as_bytes()));
    }
    std::fs::create_dir_all(out)?;
    // The marker comes first: a folder that a killed demo leaves is a demo's.
    std::fs::write(out.join(MARKER), marker)?;
    for (name, text) in [STANDARD, EXCEPTIONS] {
        std::fs::write(out.join(name), text)?;
    }
    Ok(())
}

fn marked(name: &str, text: &[u8]) -> String {
    format!("{name} {}", sha256_hex(text))
}

fn is_empty(folder: &Path) -> std::io::Result<bool> {
    Ok(std::fs::read_dir(folder)?.next().is_none())
}

/// What a folder holds beyond a demo as it was made, if anything.
fn more_than_a_demo(folder: &Path) -> std::io::Result<Option<String>> {
    let marker = folder.join(MARKER);
    if !marker.is_file() {
        return Ok(Some("no demo made it".to_owned()));
    }
    let marker = std::fs::read_to_string(marker)?;
    let mut names = std::fs::read_dir(folder)?
        .map(|entry| entry.map(|it| it.file_name()))
        .collect::<std::io::Result<Vec<_>>>()?;
    names.sort();
    for name in names {
        let shown = name.to_string_lossy();
        // A page that a killed demo did not end lies under a name of its own.
        let is_left_over = name.as_encoded_bytes().starts_with(UNFINISHED.as_bytes());
        if is_left_over || [MARKER, LAKE, PAGE].iter().any(|known| name == *known) {
            continue;
        }
        if ![STANDARD, EXCEPTIONS].iter().any(|(known, _)| name == *known) {
            return Ok(Some(format!("{shown} is no part of it")));
        }
        let text = std::fs::read(folder.join(&name))?;
        if !marker.lines().any(|line| line == marked(&shown, &text)) {
            return Ok(Some(format!("{shown} was edited")));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demos_rules_have_no_mistake() {
        let rules = rules().unwrap();
        assert!(!rules.exceptions.records.is_empty());
    }
}
