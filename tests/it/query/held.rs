//! What a question reads is what was committed: each file, each manifest and each row of `runs`, by its hash.

use std::fs::{self, File, FileTimes};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use atrest::clock::{DAY_MS, Timestamp};
use atrest::lake::{MemoryStore, ParquetTable, sha256_hex};
use atrest::model::{RunFacts, RunId, RunKind};
use atrest::query::QUERIES;
use atrest::table;
use serde_json::Value;

use super::{demo, part, required};
use crate::support::night::{NOW, Night};
use crate::support::python::{Finished, Venv, venv};
use crate::support::shell::{Shell, files};
use crate::support::worlds::healthy;

/// A question about the newest census alone, of two tables; and one about every night.
const LATEST: &str = "query --lake lake keys_by_reach";
const NIGHTS: &str = "query --lake lake trend_by_night";

const HOUR_MS: i64 = 3_600_000;

/// A change of a run's row.
type Edit = fn(&mut RunFacts);

/// Changes a byte in a file's middle, and not its length.
fn flip(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[track_caller]
fn refused(finished: Finished, file: &str, words: &str) {
    let finished = finished.ended(1);
    let said = finished.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.starts_with(&format!("error: failed to read lake/{file}")), "{finished}");
    assert!(said.contains(words) && said.contains("restore it from a backup"), "{finished}");
    assert_eq!((finished.stdout.as_str(), finished.stderr.matches("error: ").count()), ("", 1), "{finished}");
}

/// Three nights, one a day, and what their rows of `runs` say.
fn nights(venv: &Venv) -> (Shell, [RunFacts; 3]) {
    let (world, at) = (healthy().world, |day: i64| Timestamp::from_millis(NOW.millis() + day * DAY_MS));
    let store = Arc::new(MemoryStore::new());
    let runs = [0, 1, 2].map(|day| {
        let night = Night::over(world.clone()).at(at(day)).on(&store).run();
        night.census().run.clone()
    });
    (Shell::holding(store.objects()).asking(venv), runs)
}

fn of_day(shell: &Shell, table: &str, day: &str) -> PathBuf {
    files(&shell.path(&format!("lake/{table}/dt={day}"))).pop().unwrap().1
}

fn manifest(shell: &Shell, day: &str) -> PathBuf {
    let mut manifests = files(&shell.path("lake/manifests"));
    manifests.retain(|(name, _)| name.starts_with(&day.replace('-', "")));
    manifests.pop().unwrap().1
}

/// Writes rows in the place of a run's own, as atrest writes them.
fn rewrite(shell: &Shell, day: &str, rows: &[RunFacts]) {
    let mut table = ParquetTable::new(&table::runs::TABLE, rows[0].run_id.clone());
    for row in rows {
        assert!(table.push(row).unwrap().is_none());
    }
    let part = table.finish().unwrap().pop().unwrap();
    fs::write(of_day(shell, "runs", day), part.bytes).unwrap();
}

// Tables

#[test]
fn a_file_of_the_same_length_is_not_the_same_file() {
    let venv = venv();
    let shell = demo(&venv);
    flip(&part(&shell, "keys"));
    for line in [LATEST, "query --lake lake --sql SELECT\tcount(*)\tFROM\tkeys"] {
        let line: Vec<_> = line.split(' ').map(|word| word.replace('\t', " ")).collect();
        refused(shell.run(&line), "keys/dt=2026-11-21/", "its SHA-256 is ");
    }
    // What does not stand on the file is answered.
    shell.atrest("query --lake lake standards_in_effect").succeeded();
}

#[test]
fn a_file_with_fewer_rows_is_not_read() {
    let venv = venv();
    let shell = demo(&venv);
    let path = part(&shell, "keys");
    shell.duckdb(&venv, &format!("COPY (FROM '{}' LIMIT 1) TO 'fewer.parquet'", path.display()));
    fs::rename(shell.path("fewer.parquet"), path).unwrap();
    refused(shell.atrest(LATEST), "keys/dt=2026-11-21/", "and the run's manifest says ");
    let answer = shell.atrest(&format!("{LATEST} --no-verify --format json")).succeeded();
    assert!(answer.stderr.contains("note: with --no-verify the lake's files are not compared"), "{answer}");
    assert!(
        answer.stderr.contains("note: different from what was committed: keys/dt=2026-11-21/"),
        "{answer}"
    );
}

// Runs

#[test]
fn a_row_of_runs_that_was_edited_is_refused() {
    let venv = venv();
    let (shell, runs) = nights(&venv);
    let edits: [(Edit, &str); 5] = [
        (
            |row| row.totals.findings_fail = 0,
            "its column `findings_fail` says 0, and the run's manifest says ",
        ),
        (
            |row| row.kind = RunKind::Filtered,
            "its column `kind` says `filtered`, and the run's manifest says `census`",
        ),
        (
            |row| row.judged_at = row.judged_at.plus_millis(HOUR_MS),
            "its column `judged_at` says 2026-11-21T04:00:00Z",
        ),
        (|row| row.finished_at = row.finished_at.plus_millis(HOUR_MS), "its column `finished_at` says "),
        (
            |row| row.run_id = RunId::new(row.started_at, 9),
            "its column `run_id` says `20261123T030000Z-00000009`",
        ),
    ];
    for (edit, words) in edits {
        let mut row = runs[2].clone();
        edit(&mut row);
        rewrite(&shell, "2026-11-23", &[row]);
        refused(shell.atrest(LATEST), "runs/dt=2026-11-23/", words);
        refused(shell.atrest(NIGHTS), "runs/dt=2026-11-23/", words);
        let report = "report --lake lake --format csv --table keys -o out.csv";
        refused(shell.atrest(report), "runs/dt=2026-11-23/", words);
    }
    rewrite(&shell, "2026-11-23", &[runs[2].clone(), runs[2].clone()]);
    refused(shell.atrest(LATEST), "runs/dt=2026-11-23/", "it has 2 rows, and a run has one");
    rewrite(&shell, "2026-11-23", &[runs[2].clone()]);
    shell.atrest(LATEST).succeeded();
}

#[test]
fn a_manifest_that_was_edited_is_refused() {
    let venv = venv();
    let (shell, _) = nights(&venv);
    let path = manifest(&shell, "2026-11-23");
    let mut edited: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    edited["totals"]["findings_fail"] = 0.into();
    fs::write(&path, edited.to_string()).unwrap();
    let words = "and the run's row of `runs` says `";
    refused(shell.atrest(LATEST), "manifests/20261123T030000Z-", words);
    refused(shell.atrest(NIGHTS), "manifests/20261123T030000Z-", words);
}

#[test]
fn a_night_that_was_edited_with_its_row_is_refused_by_the_next() {
    let venv = venv();
    let (shell, [_, mut row, _]) = nights(&venv);
    let path = manifest(&shell, "2026-11-22");
    let mut edited: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    edited["totals"]["findings_fail"] = 0.into();
    let text = edited.to_string();
    fs::write(&path, &text).unwrap();
    (row.manifest_sha256, row.totals.findings_fail) = (sha256_hex(text.as_bytes()), 0);
    rewrite(&shell, "2026-11-22", &[row]);
    refused(
        shell.atrest(NIGHTS),
        "manifests/20261122T030000Z-",
        "the manifest of the next run, 20261123T030000Z-",
    );
    // A question about the newest census stands on no older night.
    shell.atrest(LATEST).succeeded();
}

#[test]
fn an_older_nights_files_matter_where_they_are_read() {
    let venv = venv();
    let (shell, _) = nights(&venv);
    flip(&of_day(&shell, "findings", "2026-11-21"));
    shell.atrest(LATEST).succeeded();
    shell.atrest("query --lake lake posture_by_check").succeeded();
    refused(shell.atrest("query --lake lake first_seen"), "findings/dt=2026-11-21/", "its SHA-256 is ");
    flip(&of_day(&shell, "keys", "2026-11-21"));
    let all = ["query", "--lake", "lake", "--sql", "SELECT count(*) FROM keys"];
    refused(shell.run(all), "keys/dt=2026-11-21/", "its SHA-256 is ");
}

#[test]
fn a_question_has_the_same_answer_over_all_runs() {
    let venv = venv();
    let (shell, _) = nights(&venv);
    for query in QUERIES {
        let mut asked = ["query", "--lake", "lake", query.name, "--format", "csv"].map(String::from).to_vec();
        asked.extend(required(&shell, query));
        let answer = shell.run(&asked).succeeded().stdout;
        asked.push("--no-verify".to_owned());
        assert_eq!(shell.run(&asked).succeeded().stdout, answer, "{}", query.name);
    }
}

// What is remembered

/// A demo whose files were written before today, so that they are remembered, and the folder of the memory.
fn remembering(venv: &Venv) -> (Shell, PathBuf) {
    let shell = demo(venv);
    let caches = shell.path("caches");
    let shell = shell.with("XDG_CACHE_HOME", &caches.to_string_lossy());
    for (_, path) in files(&shell.path("lake")) {
        let file = File::options().write(true).open(path).unwrap();
        file.set_times(FileTimes::new().set_modified(SystemTime::UNIX_EPOCH)).unwrap();
    }
    (shell, caches.join("atrest"))
}

fn times(path: &Path) -> FileTimes {
    let found = fs::metadata(path).unwrap();
    FileTimes::new().set_accessed(found.accessed().unwrap()).set_modified(found.modified().unwrap())
}

#[test]
fn a_second_question_remembers_the_files_and_sees_a_change() {
    let venv = venv();
    let (shell, memories) = remembering(&venv);
    let keys = part(&shell, "keys");
    let answer = shell.atrest(LATEST).succeeded();
    let (_, memory) = files(&memories).pop().expect("it remembers");
    let known: Value = serde_json::from_slice(&fs::read(&memory).unwrap()).unwrap();
    let name = format!("keys/dt=2026-11-21/{}", keys.file_name().unwrap().to_str().unwrap());
    assert_eq!(known[&name]["sha256"], sha256_hex(&fs::read(&keys).unwrap()), "{known}");
    assert_eq!(shell.atrest(LATEST).succeeded().stdout, answer.stdout);

    // What is remembered is believed: the file is not hashed again.
    let mut wrong = known.clone();
    wrong[&name]["sha256"] = "0".repeat(64).into();
    fs::write(&memory, wrong.to_string()).unwrap();
    assert_eq!(shell.atrest(LATEST).succeeded().stdout, answer.stdout, "another hash is looked at again");
    fs::write(&memory, known.to_string()).unwrap();

    // The same length, and the same time as before: the system knows that it was changed.
    let before = times(&keys);
    flip(&keys);
    File::options().write(true).open(&keys).unwrap().set_times(before).unwrap();
    refused(shell.atrest(LATEST), "keys/dt=2026-11-21/", "its SHA-256 is ");
    assert_eq!(fs::read(&memory).unwrap(), known.to_string().into_bytes(), "a refusal is not remembered");
    flip(&keys);
    assert_eq!(shell.atrest(LATEST).succeeded().stdout, answer.stdout);
}

#[test]
fn what_is_remembered_is_not_hashed_again() {
    let venv = venv();
    let (shell, memories) = remembering(&venv);
    shell.atrest(LATEST).succeeded();
    let (_, memory) = files(&memories).pop().unwrap();
    // A file whose bytes are others, and which the memory knows as it looks now with the committed hash.
    let keys = part(&shell, "keys");
    let name = format!("keys/dt=2026-11-21/{}", keys.file_name().unwrap().to_str().unwrap());
    flip(&keys);
    let found = fs::metadata(&keys).unwrap();
    let mut known: Value = serde_json::from_slice(&fs::read(&memory).unwrap()).unwrap();
    known[&name]["look"] = {
        use std::os::unix::fs::MetadataExt as _;
        serde_json::json!({
            "bytes": found.len(),
            "modified": [found.mtime(), found.mtime_nsec()],
            "changed": [found.ctime(), found.ctime_nsec()],
            "inode": found.ino(),
        })
    };
    fs::write(&memory, known.to_string()).unwrap();
    let answer = shell.atrest(LATEST);
    assert!(!answer.stderr.contains("SHA-256"), "{answer}");
}

#[test]
fn a_memory_that_cannot_be_used_costs_time_alone() {
    let venv = venv();
    let (shell, memories) = remembering(&venv);
    let answer = shell.atrest(LATEST).succeeded();
    let (_, memory) = files(&memories).pop().unwrap();
    for nonsense in ["", "{", "[1,2]", "{\"keys\": 1}"] {
        fs::write(&memory, nonsense).unwrap();
        let again = shell.atrest(LATEST).succeeded();
        assert_eq!(
            (again.stdout.as_str(), again.stderr.as_str()),
            (answer.stdout.as_str(), ""),
            "{nonsense}"
        );
    }
    // A file where the folder would be.
    fs::remove_dir_all(&memories).unwrap();
    fs::write(&memories, "").unwrap();
    let again = shell.atrest(LATEST).succeeded();
    assert_eq!((again.stdout, again.stderr), (answer.stdout, String::new()));
}

#[test]
fn a_question_writes_nothing_into_the_lake() {
    let venv = venv();
    let (shell, _) = remembering(&venv);
    let before = files(&shell.path("lake"));
    shell.atrest(LATEST).succeeded();
    shell.atrest(NIGHTS).succeeded();
    assert_eq!(files(&shell.path("lake")), before);
}

#[test]
fn what_was_written_just_now_is_hashed_again() {
    let venv = venv();
    let shell = demo(&venv);
    let caches = shell.path("caches");
    let shell = shell.with("XDG_CACHE_HOME", &caches.to_string_lossy());
    // In the future of any test: the next change of the file may bear the same time.
    for (_, path) in files(&shell.path("lake")) {
        let later = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(32_503_680_000);
        File::options().write(true).open(path).unwrap().set_modified(later).unwrap();
    }
    shell.atrest(LATEST).succeeded();
    assert_eq!(files(&caches).len(), 0);
}
