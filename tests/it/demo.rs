//! `atrest demo`: the first command of the README, as a newcomer types it.

use crate::support::python::venv_or_skip;
use crate::support::shell::{Shell, assert_narrow, committed, files, names};

/// The bytes of every file under a folder of the shell's.
fn contents(shell: &Shell, folder: &str) -> Vec<(String, Vec<u8>)> {
    let all = files(&shell.path(folder));
    all.into_iter().map(|(name, path)| (name, std::fs::read(path).unwrap())).collect()
}

#[test]
fn the_same_command_gives_the_same_bytes_in_any_folder() {
    let (here, there) = (Shell::new(), Shell::new());
    let first = here.atrest("demo").succeeded();
    there.atrest("demo --out some/where/else").succeeded();
    let lake = contents(&here, "atrest-demo/lake");
    assert_eq!(lake.iter().map(|(name, _)| name).collect::<Vec<_>>(), {
        let other = contents(&there, "some/where/else/lake");
        assert!(lake == other, "the lakes differ");
        lake.iter().map(|(name, _)| name).collect::<Vec<_>>()
    });
    assert!(lake.iter().any(|(name, _)| name.starts_with("buckets/dt=2026-11-21/")));
    // Again over the first one: it is replaced by itself, to the byte, and says the same.
    let again = here.atrest("demo").succeeded();
    assert!(lake == contents(&here, "atrest-demo/lake"), "the second demo differs");
    assert_eq!(first.stderr, again.stderr);
}

#[test]
fn the_summary_is_what_a_person_wants_to_read() {
    let shell = Shell::new();
    let finished = shell.atrest("demo").succeeded();
    assert_eq!(finished.stdout, "", "the summary is for people");
    assert_narrow(&finished.stderr);
    assert!(!finished.stderr.contains('\x1b'), "no colour where nobody sees it");
    assert!(finished.stderr.lines().count() <= 90, "two screens, and not of a small terminal");
    assert!(finished.stderr.contains("Judged: S3 general purpose buckets and KMS keys."), "{finished}");
    insta::assert_snapshot!("demo_summary", finished.stderr);
}

#[test]
fn another_seed_and_other_sizes_are_other_runs() {
    let shell = Shell::new();
    let mut runs = Vec::new();
    for (place, shape) in
        [("a", ""), ("b", "--seed 2"), ("c", "--accounts 5"), ("d", "--buckets 7"), ("e", "--keys 9")]
    {
        let finished = shell.atrest(&format!("demo --out {place} {shape}")).succeeded();
        assert_narrow(&finished.stderr);
        runs.extend(committed(&shell.path(place).join("lake")));
    }
    runs.sort();
    runs.dedup();
    assert_eq!(runs.len(), 5);
}

#[test]
fn the_smallest_organizations_have_a_census_too() {
    let Some(venv) = venv_or_skip() else { return };
    let shell = Shell::new();
    for (place, shape) in
        [("one", "--accounts 1 --buckets 0 --keys 0"), ("two", "--accounts 2 --buckets 1 --keys 0")]
    {
        let finished = shell.atrest(&format!("demo --out {place} {shape}")).succeeded();
        assert!(finished.stderr.contains("Scope"), "{finished}");
        venv.run("compare_lake.py", [shell.path(place).join("lake")]).succeeded();
    }
}

#[test]
fn duckdb_pyarrow_and_pandas_open_every_table() {
    let Some(venv) = venv_or_skip() else { return };
    let shell = Shell::new();
    shell.atrest("demo").succeeded();
    venv.run("compare_lake.py", [shell.path("atrest-demo/lake")]).succeeded();
}

#[test]
fn a_folder_that_holds_more_than_a_demo_is_left_alone() {
    let shell = Shell::new();
    shell.atrest("demo --out d").succeeded();
    shell.write("d/thesis.txt", "years of work");
    let before = names(&shell.path("d"));
    let refused = shell.atrest("demo --out d").ended(2);
    assert!(refused.stderr.contains("d holds more than a demo, and is left alone"), "{refused}");
    assert_eq!(before, names(&shell.path("d")));
    std::fs::create_dir(shell.path("mine")).unwrap();
    shell.write("mine/notes.txt", "mine");
    shell.atrest("demo --out mine").ended(2);
    assert_eq!(names(&shell.path("mine")), ["notes.txt"]);
}

#[test]
fn a_file_in_the_place_of_the_folder_is_refused() {
    let shell = Shell::new();
    shell.write("d", "a file");
    for out in ["d", "d/below"] {
        let refused = shell.atrest(&format!("demo --out {out}")).ended(2);
        assert!(refused.stderr.starts_with("error: "), "{refused}");
        assert_eq!(refused.stderr.matches("error: ").count(), 1, "{refused}");
    }
    assert_eq!(std::fs::read_to_string(shell.path("d")).unwrap(), "a file");
}

#[test]
fn sizes_that_cannot_be_are_refused() {
    for wrong in ["--accounts 0", "--accounts 50001", "--accounts x", "--seed -1", "--buckets 1.5"] {
        let refused = Shell::new().atrest(&format!("demo {wrong}")).ended(2);
        assert!(refused.stderr.starts_with("error: "), "{refused}");
    }
}
