//! Crashes at every write, and what a second publish makes of each.

use std::sync::Arc;

use super::*;
use crate::clock::Timestamp;
use crate::lake::{CoverageTotals, Fault, LakeError, MemoryStore};
use crate::model::{OrganizationIdentity, RunKind, RunStatus, RunTotals, Source};

pub(crate) fn run_id(suffix: u32) -> RunId {
    RunId::new(Timestamp::parse("2026-11-21T03:00:00Z").unwrap(), suffix)
}

pub(crate) fn manifest(run_id: &RunId) -> Manifest {
    Manifest {
        run_id: run_id.clone(),
        kind: RunKind::Census,
        status: RunStatus::Complete,
        org_id: Some("o-one".into()),
        management_account_id: None,
        source: Source::Simulator,
        started_at: run_id.at(),
        finished_at: None,
        judged_at: None,
        observed_run_id: run_id.clone(),
        as_of: run_id.at(),
        tool_version: "0".into(),
        build_sha256: None,
        observed: None,
        schema_version: 1,
        log_version: 1,
        settings: serde_json::json!({}),
        settings_sha256: sha256_hex(b"{}"),
        standard_sha256: None,
        exceptions_sha256: None,
        standard: None,
        exceptions: Vec::new(),
        control_map_sha256: None,
        files: Vec::new(),
        segments: Vec::new(),
        coverage: CoverageTotals::default(),
        calls: std::collections::BTreeMap::new(),
        totals: RunTotals::default(),
        posture: None,
        previous_run_id: None,
        previous_manifest_sha256: None,
    }
}

pub(crate) fn facts(run_id: &RunId) -> RunFacts {
    RunFacts {
        run_id: run_id.clone(),
        kind: RunKind::Census,
        organization: OrganizationIdentity { org_id: Some("o-one".into()), management_account_id: None },
        started_at: run_id.at(),
        finished_at: run_id.at(),
        status: RunStatus::Complete,
        source: Source::Simulator,
        observed_run_id: run_id.clone(),
        as_of: run_id.at(),
        judged_at: run_id.at(),
        previous_run_id: None,
        tool_version: "0".into(),
        schema_version: 1,
        totals: RunTotals::default(),
        settings_sha256: sha256_hex(b"{}"),
        standard_sha256: None,
        exceptions_sha256: None,
        manifest_key: String::new(),
        manifest_sha256: String::new(),
    }
}

/// Publishes three files of one run: five writes with the manifest and the row.
async fn publish(store: &Arc<MemoryStore>, content: &str) -> Result<Published, PublishError> {
    let store: Arc<dyn Store> = Arc::<MemoryStore>::clone(store);
    let lake = Lake::open(store).await.map_err(|error| match error {
        LakeError::Store(error) => PublishError::Store(error),
        other => panic!("{other}"),
    })?;
    let id = run_id(1);
    let mut publication = Publication::new(&lake, id.clone());
    for (table, number) in [("accounts", 0), ("buckets", 0), ("buckets", 1)] {
        let bytes = format!("{table} {number} {content}").into_bytes();
        publication.add_file(Part { table, number, bytes, rows: 1 }).await?;
    }
    publication.finish(manifest(&id), facts(&id)).await
}

const WRITES: usize = 5;

async fn is_committed(store: &Arc<MemoryStore>) -> bool {
    let store: Arc<dyn Store> = Arc::<MemoryStore>::clone(store);
    Lake::open(store).await.unwrap().committed(&run_id(1))
}

#[tokio::test]
async fn the_order_is_tables_manifest_runs() {
    let store = Arc::new(MemoryStore::new());
    let published = publish(&store, "a").await.unwrap();
    assert_eq!(
        store.writes(),
        [
            "accounts/dt=2026-11-21/20261121T030000Z-00000001-00000.parquet",
            "buckets/dt=2026-11-21/20261121T030000Z-00000001-00000.parquet",
            "buckets/dt=2026-11-21/20261121T030000Z-00000001-00001.parquet",
            "manifests/20261121T030000Z-00000001.json",
            "runs/dt=2026-11-21/20261121T030000Z-00000001-00000.parquet",
        ]
    );
    let objects = store.objects();
    let bytes = &objects["manifests/20261121T030000Z-00000001.json"];
    let Published::Committed { manifest_sha256, .. } = published else { panic!("{published:?}") };
    assert_eq!(manifest_sha256, sha256_hex(bytes));
    let written: Manifest = serde_json::from_slice(bytes).unwrap();
    for file in &written.files {
        assert_eq!(file.sha256, sha256_hex(&objects[&file.key]), "{}", file.key);
        assert_eq!(file.bytes, objects[&file.key].len() as u64);
    }
    assert_eq!(written.files.len(), 3);
}

#[tokio::test]
async fn a_crash_at_any_write_leaves_no_trace() {
    let clean = Arc::new(MemoryStore::new());
    publish(&clean, "a").await.unwrap();
    assert_eq!(clean.writes().len(), WRITES);
    for nth in 0..WRITES {
        for fault in [Fault::Before, Fault::After] {
            let store = Arc::new(MemoryStore::new());
            store.break_at(nth, fault);
            let published = publish(&store, "a").await;
            let committed = nth == WRITES - 1 && fault == Fault::After;
            assert_eq!(published.is_ok(), committed, "write {nth} {fault:?}");
            assert_eq!(is_committed(&store).await, committed, "write {nth} {fault:?}");
            store.heal();
            let again = publish(&store, "a").await.unwrap();
            assert_eq!(again == Published::AlreadyCommitted, committed, "write {nth} {fault:?}");
            assert_eq!(store.objects(), clean.objects(), "write {nth} {fault:?}");
        }
    }
}

#[tokio::test]
async fn a_crashed_publish_with_other_content_is_never_replaced() {
    let clean = Arc::new(MemoryStore::new());
    publish(&clean, "b").await.unwrap();
    for nth in 0..WRITES {
        let store = Arc::new(MemoryStore::new());
        store.break_at(nth, Fault::Before);
        publish(&store, "a").await.unwrap_err();
        store.heal();
        let left = store.objects();
        match publish(&store, "b").await {
            Ok(_) => {
                assert_eq!(nth, 0, "nothing was left");
                assert_eq!(store.objects(), clean.objects());
            }
            Err(error) => {
                assert!(matches!(error, PublishError::OtherPublisher { .. }), "write {nth}: {error}");
                assert!(nth > 0 && !is_committed(&store).await);
                assert_eq!(store.objects(), left, "write {nth}");
                // Who writes the same goes on.
                publish(&store, "a").await.unwrap();
            }
        }
    }
}

#[tokio::test]
async fn a_committed_run_is_left_alone() {
    let store = Arc::new(MemoryStore::new());
    publish(&store, "a").await.unwrap();
    let before = store.objects();
    assert_eq!(publish(&store, "b").await.unwrap(), Published::AlreadyCommitted);
    assert_eq!(store.objects(), before);
    assert_eq!(store.writes().len(), WRITES, "nothing is even tried");
}

#[tokio::test]
async fn a_run_that_another_process_commits_meanwhile_is_left_alone() {
    let store = Arc::new(MemoryStore::new());
    let opened: Arc<dyn Store> = Arc::<MemoryStore>::clone(&store);
    let lake = Lake::open(opened).await.unwrap();
    let mut publication = Publication::new(&lake, run_id(1));
    publish(&store, "a").await.unwrap();
    let before = store.objects();
    let part = Part { table: "accounts", number: 0, bytes: b"other".to_vec(), rows: 1 };
    publication.add_file(part).await.unwrap();
    let published = publication.finish(manifest(&run_id(1)), facts(&run_id(1))).await.unwrap();
    assert_eq!(published, Published::AlreadyCommitted);
    assert_eq!(store.objects(), before);
}

#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_read_back() {
    let lost = async |planted: Option<&[u8]>, is_readable: bool| {
        let store = Arc::new(MemoryStore::new());
        store.break_at(WRITES - 1, Fault::After);
        let key = commit_key(&run_id(1));
        // Nothing planted: this process's own row is there, and it does not learn of it.
        let opened: Arc<dyn Store> = Arc::<MemoryStore>::clone(&store);
        let lake = Lake::open(opened).await.unwrap();
        if let Some(row) = planted {
            store.plant(&key, row);
        }
        if !is_readable {
            store.lose(&key, StoreFault::Unanswered);
        }
        let mut publication = Publication::new(&lake, run_id(1));
        for (table, number) in [("accounts", 0), ("buckets", 0), ("buckets", 1)] {
            publication.add_file(Part { table, number, bytes: vec![1], rows: 1 }).await.unwrap();
        }
        publication.finish(manifest(&run_id(1)), facts(&run_id(1))).await
    };
    let ours = lost(None, true).await.unwrap();
    assert!(matches!(ours, Published::Committed { by_another: false, .. }), "{ours:?}");
    assert_eq!(lost(Some(b"another's"), true).await.unwrap(), Published::AlreadyCommitted);
    let unknown = lost(None, false).await.unwrap_err();
    let said = unknown.to_string();
    assert!(matches!(unknown, PublishError::Unknown { .. }), "{said}");
    for words in
        ["not known whether run 20261121T030000Z-00000001 is committed", "--run 20261121T030000Z-00000001"]
    {
        assert!(said.contains(words), "{said}");
    }
}
