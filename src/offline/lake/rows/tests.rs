//! What is read back of a committed run: the rows as they were written, or an error that names the file.

use std::sync::Arc;

use super::*;
use crate::lake::commit::Publication;
use crate::lake::commit::tests::{facts, manifest, run_id};
use crate::lake::{MemoryStore, ParquetTable, Store, StoreFault, manifest_key};
use crate::model::RunFacts;
use crate::table::{Column, Table};

/// A row of an `accounts` table that an older tool might have written.
struct Old {
    id: &'static str,
    names: Option<Vec<Option<String>>>,
    buckets: Option<i32>,
}

static OLD: Table<Old> = Table {
    name: "accounts",
    doc: "Some columns, in another order.",
    columns: &[
        Column { name: "buckets", kind: Kind::Bigint, doc: "", value: |row| row.buckets.into() },
        Column { name: "account_id", kind: Kind::String, doc: "", value: |row| row.id.into() },
        Column { name: "ou_names", kind: Kind::StringArray, doc: "", value: |row| row.names.as_ref().into() },
    ],
};

/// The same with a column of a type that is not the contract's.
static ODD: Table<Old> = Table {
    name: "accounts",
    doc: "An account id is no number.",
    columns: &[Column { name: "account_id", kind: Kind::Bigint, doc: "", value: |row| row.buckets.into() }],
};

const COLUMNS: [&str; 5] = ["account_id", "ou_names", "buckets", "account_name", "joined_at"];

fn rows() -> Vec<Old> {
    let names = |names: &[Option<&str>]| Some(names.iter().map(|it| it.map(str::to_owned)).collect());
    vec![
        Old { id: "1", names: names(&[Some("Root"), None, Some("a,\"b\"\n")]), buckets: Some(3) },
        Old { id: "2", names: None, buckets: None },
        Old { id: "3", names: names(&[]), buckets: Some(0) },
        Old { id: "4", names: names(&[None]), buckets: Some(-1) },
        Old { id: "5", names: names(&[Some("")]), buckets: Some(7) },
    ]
}

/// Two rows a part, so that five make three.
async fn publish(store: &Arc<MemoryStore>, table: &'static Table<Old>, suffix: u32, kind: RunKind) -> RunId {
    let (lake, id) = (lake(store).await, run_id(suffix));
    let mut publication = Publication::new(&lake, id.clone());
    let mut parts = ParquetTable::new(table, id.clone()).with_part_rows(2);
    for row in rows() {
        if let Some(part) = parts.push(&row).unwrap() {
            publication.add_file(part).await.unwrap();
        }
    }
    for part in parts.finish().unwrap() {
        publication.add_file(part).await.unwrap();
    }
    let manifest = Manifest { kind, ..manifest(&id) };
    let facts = RunFacts { kind, ..facts(&id) };
    publication.finish(manifest, facts).await.unwrap();
    id
}

async fn lake(store: &Arc<MemoryStore>) -> Lake {
    let store: Arc<dyn Store> = Arc::<MemoryStore>::clone(store);
    Lake::open(store).await.unwrap()
}

/// A lake with one run, and that run's id.
async fn one_run() -> (Arc<MemoryStore>, RunId) {
    let store = Arc::new(MemoryStore::new());
    let id = publish(&store, &OLD, 1, RunKind::Census).await;
    (store, id)
}

/// Every value of the accounts, as `Debug` prints it.
async fn values(run: &CommittedRun) -> Result<Vec<String>, LakeError> {
    let mut values = Vec::new();
    run.each(table::find("accounts").unwrap(), &COLUMNS, |row| {
        let cells: Vec<_> = (0..COLUMNS.len()).map(|column| row.value(column)).collect();
        values.push(format!("{cells:?}"));
        Ok::<(), LakeError>(())
    })
    .await?;
    Ok(values)
}

/// What opening the run and reading it comes to.
async fn read(store: &Arc<MemoryStore>, id: &RunId) -> Result<Vec<String>, LakeError> {
    values(&CommittedRun::open(&lake(store).await, id).await?).await
}

#[track_caller]
fn assert_damaged(result: Result<Vec<String>, LakeError>, file: &str, words: &str) {
    match result {
        Err(LakeError::Damaged { uri, key, reason }) => {
            assert_eq!((uri.as_str(), key.as_str()), ("memory://lake", file));
            assert!(reason.as_str().contains(words), "{reason}");
        }
        other => panic!("{file} is damaged, and it reads as {other:?}"),
    }
}

fn part(number: u32) -> String {
    format!("accounts/dt=2026-11-21/20261121T030000Z-00000001-{number:05}.parquet")
}

#[tokio::test]
async fn the_rows_of_every_part_come_in_order_and_what_is_not_there_is_null() {
    let (store, id) = one_run().await;
    let run = CommittedRun::open(&lake(&store).await, &id).await.unwrap();
    assert_eq!(run.files("accounts"), [part(0), part(1), part(2)]);
    assert_eq!((run.count("accounts"), run.count("runs")), (5, 0));
    assert_eq!(
        values(&run).await.unwrap(),
        [
            r#"[Text("1"), Texts([Some("Root"), None, Some("a,\"b\"\n")]), Integer(3), Null, Null]"#,
            r#"[Text("2"), Null, Null, Null, Null]"#,
            r#"[Text("3"), Texts([]), Integer(0), Null, Null]"#,
            r#"[Text("4"), Texts([None]), Integer(-1), Null, Null]"#,
            r#"[Text("5"), Texts([Some("")]), Integer(7), Null, Null]"#,
        ]
    );
    // A table of which the run has no file: written by a tool that did not know it.
    let mut found = 0;
    let keys = table::find("keys").unwrap();
    run.each(keys, &["key_id"], |_| {
        found += 1;
        Ok::<(), LakeError>(())
    })
    .await
    .unwrap();
    assert_eq!(found, 0);
}

#[tokio::test]
async fn the_run_has_its_own_row() {
    let (store, id) = one_run().await;
    let run = CommittedRun::open(&lake(&store).await, &id).await.unwrap();
    let mut seen = Vec::new();
    run.each(table::find("runs").unwrap(), &["org_id", "schema_version", "started_at"], |row| {
        seen.push((row.text(0).map(str::to_owned), row.integer(1), row.timestamp(2)));
        // Asked for as what it is not, a value is none.
        assert_eq!((row.integer(0), row.boolean(1), row.text(2), row.texts(0)), (None, None, None, None));
        Ok::<(), LakeError>(())
    })
    .await
    .unwrap();
    assert_eq!(seen, [(Some("o-one".to_owned()), Some(1), Some(id.at()))]);
}

#[tokio::test]
async fn an_error_of_the_caller_ends_the_walk() {
    let (store, id) = one_run().await;
    let run = CommittedRun::open(&lake(&store).await, &id).await.unwrap();
    let mut seen = 0;
    let ended = run
        .each(table::find("accounts").unwrap(), &["account_id"], |_| {
            seen += 1;
            if seen < 3 { Ok(()) } else { Err(LakeError::NoRun { uri: "enough".to_owned() }) }
        })
        .await;
    assert!(matches!(ended, Err(LakeError::NoRun { uri }) if uri == "enough"));
    assert_eq!(seen, 3);
}

#[tokio::test]
async fn a_changed_file_is_damaged_by_its_name_at_any_place() {
    for number in 0..3 {
        let (store, id) = one_run().await;
        let mut bytes = store.objects()[&part(number)].clone();
        *bytes.last_mut().unwrap() ^= 1;
        store.plant(&part(number), &bytes);
        assert_damaged(read(&store, &id).await, &part(number), "and the run's manifest says ");
        // Cut short.
        store.plant(&part(number), &bytes[..bytes.len() / 2]);
        assert_damaged(read(&store, &id).await, &part(number), "its SHA-256 is ");
        store.plant(&part(number), b"");
        assert_damaged(read(&store, &id).await, &part(number), "its SHA-256 is e3b0c44298fc1c149afb");
    }
}

#[tokio::test]
async fn a_missing_file_is_damaged_by_its_name() {
    let (store, id) = one_run().await;
    let without = Arc::new(MemoryStore::new());
    for (key, bytes) in store.objects() {
        if key != part(1) {
            without.plant(&key, &bytes);
        }
    }
    assert_damaged(read(&without, &id).await, &part(1), "it is not there");
}

#[tokio::test]
async fn a_manifest_that_was_changed_since_is_not_the_one_that_was_committed() {
    let (store, id) = one_run().await;
    let key = manifest_key(&id);
    let mut bytes = store.objects()[&key].clone();
    bytes.push(b'\n');
    store.plant(&key, &bytes);
    assert_damaged(read(&store, &id).await, &key, "and the run's row of `runs` says `");
}

#[tokio::test]
async fn the_manifest_of_another_run_is_not_a_runs_own() {
    let (store, first) = one_run().await;
    let second = publish(&store, &OLD, 2, RunKind::Census).await;
    store.plant(&manifest_key(&second), &store.objects()[&manifest_key(&first)]);
    let words = format!("it is the manifest of run {first}");
    assert_damaged(read(&store, &second).await, &manifest_key(&second), &words);
}

#[tokio::test]
async fn a_row_of_runs_that_cannot_be_read_is_damaged() {
    let (store, id) = one_run().await;
    store.plant(&commit_key(&id), b"PAR1 and nothing else");
    assert_damaged(read(&store, &id).await, &commit_key(&id), "");
}

#[tokio::test]
async fn a_column_of_another_type_is_damage_and_no_null() {
    let store = Arc::new(MemoryStore::new());
    let id = publish(&store, &ODD, 1, RunKind::Census).await;
    assert_damaged(read(&store, &id).await, &part(0), "its column `account_id` is not of type string");
}

#[tokio::test]
async fn only_a_committed_run_is_opened() {
    let empty = Arc::new(MemoryStore::new());
    let nothing = lake(&empty).await;
    assert!(matches!(CommittedRun::open(&nothing, &run_id(1)).await, Err(LakeError::NoRun { .. })));
    assert!(matches!(CommittedRun::newest(&nothing).await, Err(LakeError::NoRun { .. })));
    let (store, id) = one_run().await;
    let unknown = CommittedRun::open(&lake(&store).await, &run_id(2)).await.unwrap_err();
    assert!(
        matches!(&unknown, LakeError::NotCommitted { run_id: asked, newest, .. } if (asked, newest) == (&run_id(2), &id)),
        "{unknown}"
    );
    // All of a run but its row.
    let crashed = Arc::new(MemoryStore::new());
    for (key, bytes) in store.objects() {
        if !key.starts_with("runs/") {
            crashed.plant(&key, &bytes);
        }
    }
    assert!(matches!(read(&crashed, &id).await, Err(LakeError::NoRun { .. })));
}

#[tokio::test]
async fn the_newest_is_the_newest_census_and_else_the_newest_run() {
    let store = Arc::new(MemoryStore::new());
    for (suffix, kind, newest) in [
        (1, RunKind::Filtered, 1),
        (2, RunKind::Rejudged, 2),
        (3, RunKind::Census, 3),
        (4, RunKind::Filtered, 3),
        (5, RunKind::Rejudged, 3),
        (6, RunKind::Census, 6),
    ] {
        publish(&store, &OLD, suffix, kind).await;
        let found = CommittedRun::newest(&lake(&store).await).await.unwrap();
        assert_eq!(found.manifest().run_id, run_id(newest), "after run {suffix}");
    }
    let newest = CommittedRun::newest(&lake(&store).await).await.unwrap();
    assert_eq!(newest.earlier(9).await.unwrap().censuses, [run_id(3)]);
    assert_eq!(newest.earlier(0).await.unwrap(), Earlier::default());
    assert_eq!(newest.manifest_sha256(), sha256_hex(&store.objects()[&manifest_key(&run_id(6))]));
    let before = async |suffix| lake(&store).await.census_before(Some(&run_id(suffix))).await.unwrap();
    assert_eq!((before(6).await, before(3).await), (Some(run_id(3)), None));
    store.lose(&manifest_key(&run_id(5)), StoreFault::Denied);
    assert_eq!(before(6).await, Some(run_id(3)));
    // An older run that is archived is a missing night; the newest is not passed over in silence.
    store.lose(&manifest_key(&run_id(3)), StoreFault::Archived);
    let earlier = newest.earlier(9).await.unwrap();
    assert_eq!((earlier.censuses.len(), earlier.lost.len()), (0, 2));
    assert_eq!((&earlier.lost[0].0, &earlier.lost[1].0), (&run_id(5), &run_id(3)));
    assert_eq!(before(6).await, None);
    store.lose(&manifest_key(&run_id(6)), StoreFault::Archived);
    let lost = CommittedRun::newest(&lake(&store).await).await.unwrap_err();
    assert!(lost.is_lost_night() && lost.by_user(), "{lost}");
}
