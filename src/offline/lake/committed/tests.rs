//! What a lake is taken for, by what its committed runs say and where they cannot be read.

use super::*;
use crate::lake::MemoryStore;
use crate::lake::canonical_json;
use crate::lake::commit::tests::{manifest, run_id};

fn commit(store: &MemoryStore, id: &RunId) {
    store.plant(&manifest_key(id), canonical_json(&manifest(id)).as_bytes());
    store.plant(&commit_key(id), b"row");
}

#[tokio::test]
async fn foreign_files_commit_nothing() {
    let store = MemoryStore::new();
    for key in [
        "runs/readme.txt",
        "runs/dt=2026-11-21/20261121T030000Z-0badcafe-00001.parquet",
        "runs/dt=2026-11-20/20261121T030000Z-0badcafe-00000.parquet",
        "runs/20261121T030000Z-0badcafe-00000.parquet",
        "runs/dt=2026-11-21/part-00000.parquet",
        "runs/é/-00000.parquet",
        "buckets/dt=2026-11-21/20261121T030000Z-0badcafe-00000.parquet",
    ] {
        store.plant(key, b"");
    }
    let lake = Lake::open(Arc::new(store)).await.unwrap();
    assert_eq!(lake.runs().count(), 0);
    assert!(lake.check(Source::Aws, Some("o-any")).is_ok(), "an empty lake takes any run");
}

#[tokio::test]
async fn the_newest_run_says_what_the_lake_holds() {
    let store = MemoryStore::new();
    let (first, second, third) = (run_id(1), run_id(2), run_id(3));
    commit(&store, &third);
    commit(&store, &first);
    let lake = Lake::open(Arc::new(store)).await.unwrap();
    assert_eq!(lake.newest().unwrap().run_id, third);
    assert_eq!(lake.previous(&second), Some(&first));
    assert_eq!(lake.previous(&first), None);
    assert!(lake.committed(&first) && !lake.committed(&second));
    let (previous, hash) = lake.previous_manifest(&second).await.unwrap().unwrap();
    assert_eq!(
        (previous, hash),
        (first.clone(), Some(sha256_hex(canonical_json(&manifest(&first)).as_bytes())))
    );
}

#[tokio::test]
async fn another_organization_or_source_is_refused_by_name() {
    let store = MemoryStore::new();
    commit(&store, &run_id(1));
    let lake = Lake::open(Arc::new(store)).await.unwrap();
    lake.check(Source::Simulator, Some("o-one")).unwrap();
    let errors = [
        lake.check(Source::Simulator, Some("o-two")).unwrap_err(),
        lake.check(Source::Simulator, None).unwrap_err(),
        lake.check(Source::Aws, Some("o-one")).unwrap_err(),
    ];
    assert!(errors.iter().all(LakeError::by_user));
    assert_eq!(
        errors.map(|error| error.to_string()),
        [
            "failed to use memory://lake: it holds organization o-one, and this run would add organization o-two; choose another lake",
            "failed to use memory://lake: it holds organization o-one, and this run would add runs without an organization; choose another lake",
            "failed to use memory://lake: it holds answers of source `simulator`, and this run's source is `aws`; choose another lake",
        ]
    );
}

#[tokio::test]
async fn a_newer_tools_manifest_is_read_or_refused_by_its_version() {
    let (store, id) = (MemoryStore::new(), run_id(1));
    commit(&store, &id);
    let mut value = serde_json::to_value(manifest(&id)).unwrap();
    value["a_field_to_come"] = true.into();
    store.plant(&manifest_key(&id), value.to_string().as_bytes());
    let store = Arc::new(store);
    assert!(Lake::open(Arc::<MemoryStore>::clone(&store)).await.is_ok());
    value["schema_version"] = 2.into();
    value["kind"] = "a_word_to_come".into();
    store.plant(&manifest_key(&id), value.to_string().as_bytes());
    let error = Lake::open(Arc::<MemoryStore>::clone(&store)).await.unwrap_err();
    assert!(matches!(error, LakeError::NewerSchema { found: 2, .. }), "{error}");
}

fn lose(store: &MemoryStore, id: &RunId, how: Option<StoreFault>) {
    match how {
        Some(fault) => store.lose(&manifest_key(id), fault),
        // Torn: what a file has of which the rest was never written.
        None => store.plant(&manifest_key(id), b"{\"run_id\":"),
    }
}

#[tokio::test]
async fn a_lost_manifest_is_passed_over_and_an_older_one_says_what_the_lake_holds() {
    let faults = [StoreFault::Archived, StoreFault::Denied, StoreFault::TooLong, StoreFault::Other];
    for how in faults.map(Some).into_iter().chain([None]) {
        let store = MemoryStore::new();
        let (first, second, third) = (run_id(1), run_id(2), run_id(3));
        commit(&store, &first);
        commit(&store, &second);
        lose(&store, &second, how);
        let lake = Lake::open(Arc::new(store)).await.unwrap();
        assert_eq!(lake.newest().unwrap().run_id, first, "{how:?}");
        let notes = lake.notes();
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(notes[0].starts_with(&format!("run {second} is passed over: failed to read ")), "{notes:?}");
        lake.check(Source::Aws, Some("o-one")).unwrap_err();
        // The chain has no false hash: its row cannot be read here, either.
        assert_eq!(lake.previous_manifest(&third).await.unwrap(), Some((second, None)), "{how:?}");
    }
}

#[tokio::test]
async fn a_lake_of_lost_nights_takes_the_next_one_and_says_what_is_not_checked() {
    let store = MemoryStore::new();
    store.plant(&commit_key(&run_id(1)), b"row");
    let lake = Lake::open(Arc::new(store)).await.unwrap();
    assert!(lake.newest().is_none() && lake.check(Source::Aws, Some("o-any")).is_ok());
    let notes = lake.notes();
    assert!(notes[0].contains("the run is committed, but its manifest is missing"), "{notes:?}");
    assert!(notes[1].contains("is not checked"), "{notes:?}");
    let error = lake.manifest(&run_id(1)).await.unwrap_err();
    assert!(matches!(error, LakeError::NoManifest { .. }) && !error.by_user());
}

#[tokio::test]
async fn where_nothing_can_be_read_no_night_begins() {
    for fault in [StoreFault::Denied, StoreFault::Other] {
        let store = MemoryStore::new();
        commit(&store, &run_id(1));
        store.lose("manifests/", fault);
        let error = Lake::open(Arc::new(store)).await.unwrap_err();
        assert_eq!(error.store_fault(), Some(fault), "{error}");
    }
}
