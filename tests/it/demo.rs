//! `atrest demo`: the first command of the README, as a newcomer types it.

use std::collections::BTreeSet;

use crate::support::python::{finish, venv};
use crate::support::shell::{BOUND, Shell, assert_narrow, committed, files, names};

/// The bytes of every file under a folder of the shell's.
fn contents(shell: &Shell, folder: &str) -> Vec<(String, Vec<u8>)> {
    let all = files(&shell.path(folder));
    all.into_iter().map(|(name, path)| (name, std::fs::read(path).unwrap())).collect()
}

#[test]
fn the_same_command_gives_the_same_bytes_in_any_folder() {
    let (here, there) = (Shell::new(), Shell::new());
    let first = here.atrest("demo --nights 3").succeeded();
    there.atrest("demo --nights 3 --out some/where/else").succeeded();
    let lake = contents(&here, "atrest-demo/lake");
    assert_eq!(lake.iter().map(|(name, _)| name).collect::<Vec<_>>(), {
        let other = contents(&there, "some/where/else/lake");
        assert!(lake == other, "the lakes differ");
        lake.iter().map(|(name, _)| name).collect::<Vec<_>>()
    });
    for night in ["19", "20", "21"] {
        assert!(lake.iter().any(|(name, _)| name.starts_with(&format!("buckets/dt=2026-11-{night}/"))));
    }
    // Again over the first one: it is replaced by itself, to the byte, and says the same.
    let again = here.atrest("demo --nights 3").succeeded();
    assert!(lake == contents(&here, "atrest-demo/lake"), "the second demo differs");
    assert_eq!(first.stderr, again.stderr);
    // Alone, the last night has the same tables.
    there.atrest("demo --nights 1 --out one").succeeded();
    let alone = contents(&there, "one/lake");
    let tables = ["accounts", "buckets", "keys", "findings", "checks", "controls", "coverage", "calls"];
    for table in tables {
        let of = |lake: &[(String, Vec<u8>)]| -> Vec<(String, Vec<u8>)> {
            let is_part = |name: &str| name.starts_with(&format!("{table}/dt=2026-11-21/"));
            lake.iter().filter(|(name, _)| is_part(name)).cloned().collect()
        };
        assert!(!of(&alone).is_empty() && of(&alone) == of(&lake), "{table} differs");
    }
}

#[test]
fn earlier_nights_have_something_to_show() {
    let venv = venv();
    let shell = Shell::new().asking(&venv);
    // The last eleven: from the incident on, and in a smaller organization, for a test is run often.
    let said = shell.atrest("demo --nights 11 --buckets 120 --keys 48 --out d").succeeded().stderr;
    assert!(said.starts_with("taking 11 censuses, 2026-11-11 to 2026-11-21\n"), "{said}");
    assert!(said.contains("the lake has 10 earlier nights, 2026-11-11 to 2026-11-20"), "{said}");
    assert_eq!(committed(&shell.path("d/lake")).len(), 11);
    let ask = |line: &str| {
        let line = format!("query --lake d/lake --format json {line}");
        shell.atrest(&line).succeeded().json().as_array().unwrap().clone()
    };
    let words = |rows: &[serde_json::Value], column: &str| -> BTreeSet<String> {
        rows.iter().map(|row| row[column].as_str().unwrap_or_default().to_owned()).collect()
    };
    let trend = ask("trend_by_night");
    let of = |column: &str| trend.iter().map(|row| row[column].to_string()).collect::<BTreeSet<_>>();
    for moves in ["accounts_listed", "accounts_complete", "buckets", "fails", "fails_critical", "exempt"] {
        assert!(of(moves).len() > 1, "{moves} is the same on every night: {:?}", of(moves));
    }
    let changes = words(&ask("changes_since_last_census"), "kind");
    for kind in ["new", "reopened", "fixed"] {
        assert!(changes.contains(kind), "{kind} is not in {changes:?}");
    }
    let mended = words(&ask("time_to_remediate"), "check_id");
    for check in ["kms_key_pending_deletion", "kms_key_disabled", "s3_key_usable", "s3_bucket_key"] {
        assert!(mended.contains(check), "{check} is not in {mended:?}");
    }
    assert_eq!(words(&ask("exceptions_in_force"), "exception_id").len(), 2);
    assert!(!ask("exempt_findings").is_empty());
    let failing: BTreeSet<i64> =
        ask("first_seen").iter().filter_map(|row| row["days_failing"].as_i64()).collect();
    assert!(failing.len() > 1, "{failing:?}");
    let page = std::fs::read_to_string(shell.path("d/report.html")).unwrap();
    assert!(page.contains("Findings that fail: ") && page.contains("EX-2026-014"));
}

#[test]
fn the_summary_is_what_a_person_wants_to_read() {
    let shell = Shell::new();
    let finished = shell.atrest("demo --nights 2").succeeded();
    assert_eq!(finished.stdout, "", "the summary is for people");
    assert_narrow(&finished.stderr);
    assert!(!finished.stderr.contains('\x1b'), "no colour where nobody sees it");
    assert!(finished.stderr.lines().count() <= 110, "two screens, and not of a small terminal");
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
        let finished = shell.atrest(&format!("demo --nights 1 --out {place} {shape}")).succeeded();
        assert_narrow(&finished.stderr);
        runs.extend(committed(&shell.path(place).join("lake")));
    }
    runs.sort();
    runs.dedup();
    assert_eq!(runs.len(), 5);
}

#[test]
fn the_smallest_organizations_have_a_census_too() {
    let venv = venv();
    let shell = Shell::new();
    for (place, shape) in
        [("one", "--accounts 1 --buckets 0 --keys 0"), ("two", "--accounts 2 --buckets 1 --keys 0")]
    {
        let finished = shell.atrest(&format!("demo --nights 1 --out {place} {shape}")).succeeded();
        assert!(finished.stderr.contains("Scope"), "{finished}");
        venv.run("compare_lake.py", [shell.path(place).join("lake")]).succeeded();
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_told_with_what_to_do() {
    let shell = Shell::new();
    std::os::unix::fs::symlink(shell.path("gone"), shell.path("link")).unwrap();
    shell.write("file", "");
    for (out, words) in [
        ("link", "link is a link to a folder that is not there"),
        ("file", "file is not a folder"),
        ("file/demo", "a part of the path is a file, not a folder"),
    ] {
        let refused = shell.atrest(&format!("demo --nights 1 --out {out}")).ended(2);
        assert!(refused.stderr.contains(words) && refused.stderr.contains("hint: "), "{refused}");
        assert!(refused.stderr.contains("--out"), "{refused}");
    }
}

#[test]
fn duckdb_pyarrow_and_pandas_open_every_table() {
    let venv = venv();
    let shell = Shell::new();
    shell.atrest("demo --nights 1").succeeded();
    venv.run("compare_lake.py", [shell.path("atrest-demo/lake")]).succeeded();
}

#[test]
fn a_folder_that_holds_more_than_a_demo_is_left_alone() {
    let shell = Shell::new();
    shell.atrest("demo --nights 1 --out d").succeeded();
    shell.write("d/thesis.txt", "years of work");
    let before = names(&shell.path("d"));
    let refused = shell.atrest("demo --nights 1 --out d").ended(2);
    assert!(refused.stderr.contains("d holds more than a demo, and is not changed"), "{refused}");
    assert_eq!(before, names(&shell.path("d")));
    std::fs::create_dir(shell.path("mine")).unwrap();
    shell.write("mine/notes.txt", "mine");
    shell.atrest("demo --out mine").ended(2);
    // A path that is a folder only once a part of it is there: this one, which is full.
    std::fs::write(shell.path("standard.toml"), "mine").unwrap();
    let refused = shell.atrest("demo --nights 1 --out missing/..").ended(2);
    assert!(refused.stderr.contains("is not changed"), "{refused}");
    assert_eq!(std::fs::read_to_string(shell.path("standard.toml")).unwrap(), "mine");
    assert_eq!(names(&shell.path("mine")), ["notes.txt"]);
}

#[test]
fn the_organizations_rules_lie_in_the_folder_and_what_a_user_edits_is_kept() {
    let shell = Shell::new();
    shell.atrest("demo --nights 1 --out d --accounts 3 --buckets 9 --keys 3").succeeded();
    let run = committed(&shell.path("d/lake")).pop().unwrap();
    // They are what the night was judged by: again, the same standard under the same version.
    let again = format!(
        "finalize --lake d/lake --run {run} --standard d/standard.toml --exceptions d/exceptions.toml"
    );
    shell.atrest(&again).succeeded();
    let text = std::fs::read_to_string(shell.path("d/standard.toml")).unwrap();
    let edited = text.replace("version = \"2026-10\"", "version = \"mine\"");
    assert_ne!(text, edited);
    shell.write("d/standard.toml", &edited);
    let refused = shell.atrest("demo --nights 1 --out d").ended(2);
    assert!(refused.stderr.contains("is not changed: standard.toml was edited"), "{refused}");
    assert_eq!(std::fs::read_to_string(shell.path("d/standard.toml")).unwrap(), edited);
    shell.write("d/standard.toml", &text);
    shell.atrest("demo --nights 1 --out d --accounts 1 --buckets 1 --keys 1").succeeded();
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
    for wrong in [
        "--accounts 0",
        "--accounts 50001",
        "--accounts x",
        "--seed -1",
        "--buckets 1.5",
        "--nights 0",
        "--nights 367",
    ] {
        let refused = Shell::new().atrest(&format!("demo {wrong}")).ended(2);
        assert!(refused.stderr.starts_with("error: "), "{refused}");
    }
}

const SMALL: &str = "demo --nights 1 --accounts 1 --buckets 1 --keys 1";

#[test]
fn a_demo_is_replaced_where_it_is_run() {
    let shell = Shell::new();
    shell.atrest(&format!("{SMALL} --out .")).succeeded();
    let before = contents(&shell, "");
    // The second time by a way that leads through what is replaced.
    for out in [".", "./lake/.."] {
        shell.atrest(&format!("{SMALL} --out {out}")).succeeded();
        assert_eq!(contents(&shell, ""), before, "{out}");
    }
    // From within, the folder that the command runs in would go.
    let mut command = shell.command(format!("{SMALL} --out ..").split_whitespace());
    command.current_dir(shell.path("lake"));
    let refused = finish(command, BOUND).ended(2);
    assert!(refused.stderr.contains("cannot be replaced, because this command runs"), "{refused}");
    assert_eq!(contents(&shell, ""), before);
}

/// Puts something into a demo's folder.
type Add = fn(&std::path::Path);

#[test]
fn what_no_demo_made_is_seen_before_anything_is_removed() {
    use std::os::unix::fs::symlink;
    let shell = Shell::new();
    shell.atrest(&format!("{SMALL} --out d")).succeeded();
    shell.write("outside", "theirs");
    let run = committed(&shell.path("d/lake")).pop().unwrap();
    let other = "20261121T030000Z-00000001";
    let add: [(&str, String, Add); 7] = [
        ("a note", "d/lake/notes.txt".to_owned(), |path| std::fs::write(path, "mine").unwrap()),
        ("a table of their own", "d/lake/mine.parquet".to_owned(), |path| {
            std::fs::write(path, "mine").unwrap();
        }),
        ("a run of their own", format!("d/lake/observations/{other}"), |path| {
            std::fs::create_dir(path).unwrap();
            std::fs::write(path.join("organization.jsonl.zst"), "mine").unwrap();
        }),
        ("their manifest", format!("d/lake/manifests/{other}.json"), |path| {
            std::fs::write(path, "{}").unwrap();
        }),
        ("a link in the lake", format!("d/lake/observations/{run}/x"), |path| symlink("/", path).unwrap()),
        ("a FIFO", format!("d/lake/observations/{run}/y"), |path| {
            assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
        }),
        ("a file beside the lake", "d/.hidden".to_owned(), |path| std::fs::write(path, "mine").unwrap()),
    ];
    for (what, name, make) in add {
        let path = shell.path(&name);
        make(&path);
        let before = names(&shell.path("d"));
        let refused = shell.atrest(&format!("{SMALL} --out d")).ended(2);
        assert!(refused.stderr.contains("holds more than a demo, and is not changed"), "{what}: {refused}");
        assert_eq!(names(&shell.path("d")), before, "{what}");
        if path.is_dir() {
            std::fs::remove_dir_all(&path).unwrap();
        } else {
            std::fs::remove_file(&path).unwrap();
        }
    }
    // In the place of a part.
    for part in ["lake", "report.html", "standard.toml", ".atrest-demo"] {
        let path = shell.path(&format!("d/{part}"));
        std::fs::rename(&path, shell.path("moved")).unwrap();
        symlink(shell.path("moved"), &path).unwrap();
        let refused = shell.atrest(&format!("{SMALL} --out d")).ended(2);
        assert!(refused.stderr.contains("is not changed"), "{part}: {refused}");
        assert!(shell.path("moved").exists());
        std::fs::remove_file(&path).unwrap();
        std::fs::rename(shell.path("moved"), &path).unwrap();
    }
    shell.atrest(&format!("{SMALL} --out d")).succeeded();
}

/// What stands in the way of the new one leaves the old one as it was.
#[test]
fn a_demo_that_cannot_be_written_removes_nothing() {
    use std::os::unix::fs::PermissionsExt as _;
    let shell = Shell::new();
    shell.atrest(&format!("{SMALL} --out d")).succeeded();
    let before = contents(&shell, "d");
    let folder = shell.path("d");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o555)).unwrap();
    // A superuser may write all the same.
    let may_write = std::fs::write(folder.join("probe"), "").is_ok();
    let finished = shell.atrest(&format!("{SMALL} --out d"));
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    if may_write {
        let refused = finished.ended(2);
        assert!(refused.stderr.contains("probe is not part of a demo"), "{refused}");
        std::fs::remove_file(folder.join("probe")).unwrap();
    } else {
        finished.ended(2);
    }
    assert_eq!(contents(&shell, "d"), before);
}
