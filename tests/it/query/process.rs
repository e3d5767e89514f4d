//! The `duckdb` executable: looked for, started, ended, and not believed to be what it is not.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use super::demo;
use crate::support::python::{finish, hermetic, venv};
use crate::support::shell::{BOUND, Shell, signal};

/// A demo's lake, and a shell script for the executable. Of its arguments one begins with `.print`, and has a line
/// that is to be printed.
fn scripted(script: &str) -> Shell {
    let shell = Shell::new().with("ATREST_DUCKDB", "./duckdb");
    shell.atrest("demo --out d --accounts 2 --buckets 1 --keys 1").succeeded();
    let program = shell.write("duckdb", &format!("#!/bin/sh\n{script}\n"));
    std::fs::set_permissions(program, PermissionsExt::from_mode(0o755)).unwrap();
    shell
}

/// Answers as duckdb does, so far.
const ANSWERS: &str = "for it; do case \"$it\" in .print*) echo \"${it#.print }\";; esac; done";

#[test]
fn without_duckdb_it_says_how_to_get_it() {
    let shell = Shell::new().with("ATREST_DUCKDB", "no-such-duckdb");
    shell.atrest("demo --out d --accounts 2 --buckets 1 --keys 1").succeeded();
    let refused = shell.atrest("query --lake d/lake population").ended(2);
    assert!(refused.stderr.contains("failed to start no-such-duckdb: there is no such program"), "{refused}");
    assert!(refused.stderr.contains("pip install duckdb-cli"), "{refused}");
}

#[test]
fn a_reader_that_has_enough_is_no_mistake() {
    let venv = venv();
    let shell = demo(&venv);
    let script = format!(
        "{{ {} query --lake lake --format csv --sql 'FROM range(10000000)' 2>said; echo $? >code; }} | head -n 1",
        env!("CARGO_BIN_EXE_atrest")
    );
    let mut command = Command::new("sh");
    command.env_clear().envs(hermetic()).env("ATREST_DUCKDB", venv.duckdb());
    command.arg("-c").arg(script).current_dir(shell.path(""));
    assert_eq!(finish(command, BOUND).succeeded().stdout, "range\n");
    assert_eq!(std::fs::read_to_string(shell.path("code")).unwrap(), "0\n");
    assert_eq!(std::fs::read_to_string(shell.path("said")).unwrap(), "");
}

#[test]
fn the_program_has_none_of_the_callers_secrets() {
    let names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "ATREST_EXTERNAL_ID"];
    let shell = names.iter().fold(scripted("env > seen; exit 0"), |shell, name| shell.with(name, "S3CRET"));
    let shell = shell.with("KEPT", "kept");
    shell.atrest("query --lake d/lake population").ended(2);
    let seen = std::fs::read_to_string(shell.path("seen")).unwrap();
    assert!(seen.contains("KEPT=kept") && !seen.contains("S3CRET"), "{seen}");
}

#[test]
fn a_program_that_is_not_duckdb_has_no_answer() {
    for (script, words) in [
        ("exit 0", "it does not answer as duckdb does\n"),
        ("echo hello", "it does not answer as duckdb does\n"),
        ("echo 'a long story' >&2; echo 'no such module' >&2; exit 1", "as duckdb does: no such module\n"),
    ] {
        let refused = scripted(script).atrest("query --lake d/lake population").ended(2);
        assert!(refused.stderr.contains(words), "{refused}");
        assert!(refused.stderr.contains("pip install duckdb-cli") && refused.stdout.is_empty(), "{refused}");
    }
}

#[test]
fn an_end_without_a_word_is_no_empty_answer() {
    let shell = scripted(&format!("{ANSWERS}; kill -9 $$"));
    let failed = shell.atrest("query --lake d/lake population").ended(1);
    assert!(failed.stderr.contains("it ended without a word (signal: 9"), "{failed}");
    assert_eq!(failed.stdout, "");
}

/// A process with a session, and so with a group, of its own.
const APART: &str = if cfg!(target_os = "linux") { "setsid sleep" } else { "sleep" };

/// A program that hears no SIGTERM, and waits for one that it has started.
fn waiting(sleep: &str) -> String {
    format!("trap '' TERM; {ANSWERS}; {sleep} 600 & echo $! >started; mv started child; wait")
}

#[test]
fn a_question_that_was_killed_leaves_no_folder_for_long() {
    let temporary = tempfile::tempdir().unwrap();
    let folders =
        || std::fs::read_dir(temporary.path()).unwrap().map(|it| it.unwrap().path()).collect::<Vec<_>>();
    let shell = scripted(&waiting("sleep")).with("TMPDIR", &temporary.path().display().to_string());
    let mut asked = shell.start("query --lake d/lake population");
    asked.until(BOUND, |_| std::fs::read_to_string(shell.path("child")).ok());
    signal("KILL", asked.id());
    asked.end(BOUND);
    let left = folders();
    assert_eq!(left.len(), 1, "{left:?}");
    // As if it had been some time ago.
    std::fs::File::open(&left[0]).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
    shell.write("duckdb", "#!/bin/sh\nexit 0\n");
    shell.atrest("query --lake d/lake population").ended(2);
    assert_eq!(folders(), Vec::<std::path::PathBuf>::new());
}

#[test]
fn a_signal_ends_what_was_started_too() {
    for (name, sleep) in [("INT", "sleep"), ("TERM", APART), ("HUP", "sleep")] {
        // As pip's `duckdb`, which starts the real one.
        let shell = scripted(&waiting(sleep));
        let mut asked = shell.start("query --lake d/lake population");
        let child: u32 = asked.until(BOUND, |_| {
            std::fs::read_to_string(shell.path("child")).ok().map(|id| id.trim().parse().unwrap())
        });
        signal(name, asked.id());
        let ended = asked.end(BOUND).ended(130);
        assert_eq!(ended.stdout, "", "{ended}");
        let mut state = Command::new("ps");
        state.env_clear().envs(hermetic()).args(["-o", "stat=", "-p", &child.to_string()]);
        let state = finish(state, BOUND).stdout;
        assert!(state.is_empty() || state.starts_with('Z'), "{name}: the child still runs: {state}");
    }
}

/// Whatever ends atrest: no question goes on that has no reader.
#[test]
fn a_kill_that_cannot_be_caught_ends_what_was_started_too() {
    for (name, sleep) in [("KILL", APART), ("QUIT", "sleep")] {
        let shell = scripted(&waiting(sleep));
        let mut asked = shell.start("query --lake d/lake population");
        let child = asked.until(BOUND, |_| std::fs::read_to_string(shell.path("child")).ok());
        signal(name, asked.id());
        asked.end(BOUND);
        let mut state = Command::new("sh");
        state.env_clear().envs(hermetic());
        // Until it is gone, or only waits to be reaped.
        let is_there = "ps -o stat= -p $0 | grep -q '^[^Z]'";
        state.args(["-c", &format!("while {is_there}; do :; done"), child.trim()]);
        finish(state, BOUND).succeeded();
    }
}

#[test]
fn no_row_is_told() {
    let venv = venv();
    let shell = demo(&venv);
    for format in ["table", "csv", "json"] {
        let none = format!("query --lake lake --format {format} --sql");
        let none = shell.run(none.split(' ').chain(["SELECT 1 AS one WHERE 1 = 0"])).succeeded();
        assert_eq!(none.stderr, "no rows\n", "{none}");
        let line = "exempt_findings --param exception_id=E-1";
        let none = shell.atrest(&format!("query --lake lake --format {format} {line}")).succeeded();
        assert!(none.stderr.contains("as they are written, here exception_id=E-1"), "{none}");
        let some = shell.atrest(&format!("query --lake lake --format {format} population")).succeeded();
        assert_eq!(some.stderr, "", "{some}");
        let one = "query --lake lake --format csv --sql".split(' ').chain(["SELECT 1 AS one"]);
        assert_eq!(shell.run(one).succeeded().stderr, "");
    }
}

#[test]
fn a_statement_may_begin_with_a_comment() {
    let venv = venv();
    let shell = demo(&venv);
    let statement = "-- title: One\nSELECT 1 AS one";
    let answer = shell.run(["query", "--lake", "lake", "--format", "csv", "--sql", statement]).succeeded();
    assert_eq!(answer.stdout, "one\n1\n");
}

#[test]
fn a_trail_that_is_not_there_was_not_looked_at() {
    let venv = venv();
    let shell = demo(&venv);
    let answer = shell.atrest("query --lake lake who_changed_it --param since=2026-11-01").succeeded();
    assert!(answer.stderr.contains("has no CloudTrail") && !answer.stderr.contains("no rows"), "{answer}");
}
