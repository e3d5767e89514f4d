//! A log of before, judged by the code of today: what was observed once is judged for ever.
//!
//! `tests/golden/lake` is a lake of two nights as an earlier atrest left it: one on which calls fail in every way, and
//! one without a fault. It never changes. Its logs, published again by the standard that is kept beside them, give the
//! rows under `tests/golden/rows`, one file a night and table, so that a change of any verdict is seen in review.
//! `ATREST_BLESS=1 cargo test golden` writes the rows; the lake is written only where there is none.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use atrest::clock::DAY_MS;
use atrest::lake::{CommittedRun, Lake, Manifest, MemoryStore};
use atrest::model::RunId;
use atrest::operation::{Grant, OPERATIONS};
use atrest::report::{self, Format};
use atrest::sim::{Effect, Rule, Schedule};
use atrest::standard;

use crate::support::night::{LAWFUL, NOW, Night, Row, Rules, in_paused_time, publish, rows_of};
use crate::support::rust::read;
use crate::support::worlds::troubled;

fn golden(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(folder)
}

fn is_blessed() -> bool {
    std::env::var_os("ATREST_BLESS").is_some()
}

/// The lake as it lies there, read once.
static LAKE: LazyLock<Arc<MemoryStore>> = LazyLock::new(|| {
    let folder = golden("lake");
    if !folder.exists() && is_blessed() {
        written_first(&folder);
    }
    let store = MemoryStore::new();
    let mut open = vec![folder.clone()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(&next).unwrap_or_else(|error| panic!("{}: {error}", next.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let key = path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
                store.plant(&key, &fs::read(&path).unwrap());
            }
        }
    }
    Arc::new(store)
});

/// Two nights of one organization. On the first some calls of each operation of the accounts fail, for as long as they
/// are tried.
fn written_first(folder: &Path) {
    let faulty = Night::over(troubled(7)).with(faults()).at(NOW.plus_millis(-DAY_MS)).run();
    faulty.census();
    let whole = Night::over(troubled(7)).on(&faulty.store).run();
    whole.census();
    for (key, bytes) in whole.store.objects() {
        let path = folder.join(key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

fn faults() -> Schedule {
    let in_account = OPERATIONS.iter().filter(|operation| operation.grant == Grant::Audit);
    let effects = [Effect::AccessDenied, Effect::InternalError, Effect::Html(200), Effect::ConnectionReset];
    // As many calls as there are attempts, so that the last of them fails too.
    let rule = |(at, effect): (usize, Effect), name: String| {
        let first = 4 + 9 * u32::try_from(at).unwrap();
        Rule::always(effect).on(&name).calls(first, first + 5)
    };
    Schedule::of(in_account.flat_map(|operation| {
        effects.clone().into_iter().enumerate().map(move |effect| rule(effect, operation.id.to_owned()))
    }))
}

/// The runs of the lake, the older first.
fn runs(store: &Arc<MemoryStore>) -> Vec<RunId> {
    in_paused_time(async {
        Lake::open(Arc::<MemoryStore>::clone(store)).await.unwrap().runs().cloned().collect()
    })
}

/// The same lake as the scan of a run left it, before anything was published.
fn unpublished(store: &MemoryStore, run_id: &RunId) -> Arc<MemoryStore> {
    let log = MemoryStore::new();
    let folder = format!("observations/{run_id}/");
    for (key, bytes) in store.objects() {
        if key.starts_with(&folder) && !key.ends_with("/publication.json") {
            log.plant(&key, &bytes);
        }
    }
    Arc::new(log)
}

/// What a run was judged by: the standard's text is kept under its hash.
fn rules(store: &MemoryStore, run_id: &RunId) -> Rules {
    let objects = store.objects();
    let manifest: Manifest = serde_json::from_slice(&objects[&format!("manifests/{run_id}.json")]).unwrap();
    let text = &objects[&format!("policies/{}", manifest.standard_sha256.unwrap())];
    let standard = standard::parse(std::str::from_utf8(text).unwrap()).unwrap();
    Rules { standard, ..Rules::default() }
}

/// A table as text: a line a row, and in it `column=value` where there is a value.
fn text(rows: &[Row]) -> String {
    let line = |row: &Row| {
        let cells =
            row.iter().filter_map(|(name, value)| Some(format!("{name}={}", value.as_ref()?.escape_debug())));
        cells.collect::<Vec<_>>().join("\t")
    };
    rows.iter().map(|row| line(row) + "\n").collect()
}

#[test]
fn an_old_log_gives_the_rows_that_it_gave() {
    let store = &*LAKE;
    for run_id in runs(store) {
        let log = unpublished(store, &run_id);
        in_paused_time(async {
            let lake = Lake::open(Arc::<MemoryStore>::clone(&log)).await.unwrap();
            publish(&lake, &run_id, &rules(store, &run_id)).await.unwrap();
        });
        for table in LAWFUL {
            let (file, found) =
                (golden("rows").join(format!("{run_id}-{table}.tsv")), text(&rows_of(&log, table, &run_id)));
            assert!(!found.is_empty(), "{table} of {run_id} has no row");
            if is_blessed() {
                fs::create_dir_all(file.parent().unwrap()).unwrap();
                fs::write(&file, &found).unwrap();
            }
            let expected = read(&file);
            let differing = expected.lines().zip(found.lines()).find(|(expected, found)| expected != found);
            assert_eq!(
                differing, None,
                "{table} of {run_id}; if it is meant: ATREST_BLESS=1 cargo test golden"
            );
            assert_eq!(expected.lines().count(), found.lines().count(), "{table} of {run_id}");
        }
    }
}

#[test]
fn an_old_lake_is_read() {
    let store = &*LAKE;
    for run_id in runs(store) {
        in_paused_time(async {
            let lake = Lake::open(Arc::<MemoryStore>::clone(store)).await.unwrap();
            let run = CommittedRun::open(&lake, &run_id).await.unwrap();
            for format in [Format::Html, Format::Ocsf, Format::S3AuditCsv] {
                let mut out = Vec::new();
                report::write(&run, format, &mut out).await.unwrap();
                assert!(!out.is_empty(), "{format:?} of {run_id}");
            }
        });
        for table in LAWFUL {
            let count = rows_of(store, table, &run_id).len();
            let file = golden("rows").join(format!("{run_id}-{table}.tsv"));
            assert_eq!(count, read(&file).lines().count(), "{table} of {run_id}");
        }
    }
}
