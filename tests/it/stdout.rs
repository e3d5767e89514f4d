//! Where data goes: a disk that is full and a stdout that is closed are said, and a reader that has gone is not.

use std::process::Command;

use crate::support::python::{Finished, finish, hermetic, venv};
use crate::support::shell::{BOUND, Shell};

fn demo() -> Shell {
    let shell = Shell::new();
    shell.atrest("demo --out d --accounts 2 --buckets 2 --keys 1 --nights 1").succeeded();
    shell
}

/// A command with its stdout as a shell would redirect it.
fn redirected(shell: &Shell, line: &str, to: &str) -> Finished {
    scripted(shell, &format!("{} {line} {to}", env!("CARGO_BIN_EXE_atrest")))
}

fn scripted(shell: &Shell, script: &str) -> Finished {
    let mut command = Command::new("sh");
    command.env_clear().envs(hermetic()).current_dir(shell.path(""));
    command.arg("-c").arg(script);
    finish(command, BOUND)
}

/// Every command that writes data to stdout.
const DATA: [&str; 8] = [
    "--help",
    "scan --help",
    "--version",
    "checks",
    "completions bash",
    "iam --role audit",
    "query",
    "report --lake d/lake --format csv --table buckets -o -",
];

#[test]
fn a_full_disk_is_said_by_every_command() {
    let shell = demo();
    for line in DATA {
        let failed = redirected(&shell, line, ">/dev/full").ended(1);
        assert!(
            failed.stderr.contains("failed to write to stdout: No space left on device"),
            "{line}: {failed}"
        );
        assert!(failed.stderr.contains("hint: "), "{line}: {failed}");
    }
}

#[test]
fn a_full_disk_is_said_of_an_answer() {
    let venv = venv();
    let shell = demo();
    let line = format!("query --lake d/lake --format csv --duckdb {} population", venv.duckdb().display());
    let failed = redirected(&shell, &line, ">/dev/full").ended(1);
    assert!(failed.stderr.contains("failed to write to stdout: No space left on device"), "{failed}");
}

#[test]
fn a_reader_that_has_gone_and_a_stdout_that_nobody_wants_are_no_mistake() {
    let shell = demo();
    for line in DATA {
        redirected(&shell, line, ">/dev/null").succeeded();
        let script = format!("{{ {} {line}; echo $? >code; }} | true", env!("CARGO_BIN_EXE_atrest"));
        let said = scripted(&shell, &script).succeeded();
        assert_eq!(std::fs::read_to_string(shell.path("code")).unwrap(), "0\n", "{line}: {said}");
    }
}

#[test]
fn a_report_to_a_closed_stdout_is_refused() {
    let shell = demo();
    let failed = redirected(&shell, "report --lake d/lake --format ocsf -o -", ">&-").ended(1);
    assert!(failed.stderr.contains("failed to write to stdout: it is closed"), "{failed}");
}

#[test]
fn a_table_that_is_refused_has_printed_nothing() {
    let shell = demo();
    let lake = shell.path("d/lake");
    for (table, format) in [
        ("buckets", "csv --table buckets"),
        ("buckets", "s3-audit-csv"),
        ("findings", "json --table findings"),
    ] {
        let nights = std::fs::read_dir(lake.join(table)).unwrap().next().unwrap().unwrap().path();
        let file = std::fs::read_dir(nights).unwrap().next().unwrap().unwrap().path();
        let whole = std::fs::read(&file).unwrap();
        std::fs::write(&file, [whole.as_slice(), b"x"].concat()).unwrap();
        let refused = shell.atrest(&format!("report --lake d/lake --format {format} -o -")).ended(1);
        assert!(refused.stdout.is_empty() && refused.stderr.contains(table), "{refused}");
        std::fs::write(&file, whole).unwrap();
    }
}

#[test]
fn a_manifest_that_is_missing_is_said_once_with_what_to_do() {
    let shell = demo();
    let folder = shell.path("d/lake/manifests");
    let manifest = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    std::fs::remove_file(manifest).unwrap();
    let refused = shell.atrest("report --lake d/lake --format csv --table buckets -o -").ended(1);
    let said = &refused.stderr;
    assert_eq!(said.matches("its manifest is missing").count(), 1, "{refused}");
    assert!(said.contains("restore it from a backup") && !said.contains("hint: or "), "{refused}");
}
