//! Writes that replace nothing, two writers at one key, and what is wrong with a path.

use super::*;

fn lake() -> (tempfile::TempDir, FolderStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = FolderStore::open(folder.path().join("a/lake/"), true).unwrap();
    (folder, store)
}

fn left_over(store: &FolderStore) -> usize {
    fs::read_dir(store.root.join(TEMPORARY)).unwrap().count()
}

#[tokio::test]
async fn what_was_found_is_replaced_once() {
    let folder = tempfile::tempdir().unwrap();
    let (one, other) =
        (FolderStore::open(folder.path(), true).unwrap(), FolderStore::open(folder.path(), true).unwrap());
    let (key, torn) = ("observations/a/b.json", sha256_hex(b"torn"));
    assert_eq!(one.replace_found(key, &torn, b"one").await.unwrap(), Put::Exists, "nothing is there");
    one.put_new(key, b"torn").await.unwrap();
    assert_eq!(one.replace_found(key, &torn, b"one").await.unwrap(), Put::Created);
    assert_eq!(other.replace_found(key, &torn, b"other").await.unwrap(), Put::Exists);
    assert_eq!(one.get(key).await.unwrap().unwrap(), b"one");
}

#[tokio::test]
async fn writes_read_back_and_new_ones_replace_nothing() {
    let (_folder, store) = lake();
    assert!(store.uri().ends_with("a/lake"));
    let key = "runs/dt=2026-11-21/x.parquet";
    assert_eq!(store.get(key).await.unwrap(), None);
    assert_eq!(store.put_new(key, b"one").await.unwrap(), Put::Created);
    assert_eq!(store.put_new(key, b"two").await.unwrap(), Put::Exists);
    assert_eq!(store.get(key).await.unwrap().unwrap(), b"one");
    store.replace(key, b"three").await.unwrap();
    assert_eq!(store.get(key).await.unwrap().unwrap(), b"three");
    assert_eq!(store.get(&format!("{key}/below")).await.unwrap(), None);
    assert_eq!(left_over(&store), 0);
}

#[tokio::test]
async fn listing_is_sorted_by_prefix_and_hides_what_is_hidden() {
    let (_folder, store) = lake();
    for key in ["runs/b", "runs/a/z", "runs/a-b", "manifests/m"] {
        store.put_new(key, b"").await.unwrap();
    }
    fs::write(store.root.join("runs/.DS_Store"), b"").unwrap();
    fs::write(store.root.join(TEMPORARY).join("1-1"), b"half").unwrap();
    assert_eq!(store.list("runs/").await.unwrap(), ["runs/a-b", "runs/a/z", "runs/b"]);
    assert_eq!(store.list("runs/a").await.unwrap(), ["runs/a-b", "runs/a/z"]);
    assert_eq!(store.list("").await.unwrap().len(), 4);
    assert!(store.list("nothing/").await.unwrap().is_empty());
}

#[tokio::test]
async fn keys_cannot_leave_the_lake() {
    let (_folder, store) = lake();
    for key in ["", "/etc/x", "../x", "a/../../x", "a//b", "./a", "a/.", ".tmp/x", "a\\b"] {
        assert!(store.put_new(key, b"").await.is_err(), "{key}");
        assert!(store.get(key).await.is_err(), "{key}");
    }
    assert!(store.list("../").await.is_err());
}

#[test]
fn of_two_writers_one_creates() {
    let (_folder, store) = lake();
    for round in 0..20 {
        let key = format!("runs/{round}");
        let puts = race(|bytes| store.put_file(&key, bytes).unwrap());
        let created = puts.iter().filter(|(put, _)| *put == Put::Created).count();
        assert_eq!(created, 1, "{puts:?}");
        let winner = puts.iter().find(|(put, _)| *put == Put::Created).unwrap();
        assert_eq!(fs::read(store.root.join(&key)).unwrap(), winner.1);
    }
    assert_eq!(left_over(&store), 0);
}

#[test]
fn of_two_writers_without_hard_links_one_creates() {
    let (_folder, store) = lake();
    for round in 0..20 {
        let key = format!("{round}");
        let path = store.root.join(&key);
        let puts = race(|bytes| {
            let temporary = store.write_temporary(bytes).unwrap();
            // The other writer may be told that it came between: that is no creation either.
            store.put_by_claim(&key, &temporary, &path).unwrap_or(Put::Exists)
        });
        let winners: Vec<_> = puts.iter().filter(|(put, _)| *put == Put::Created).collect();
        assert_eq!(winners.len(), 1, "{puts:?}");
        assert_eq!(fs::read(&path).unwrap(), winners[0].1);
    }
}

fn race(put: impl Fn(&[u8]) -> Put + Sync) -> Vec<(Put, Vec<u8>)> {
    let barrier = std::sync::Barrier::new(4);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4u8)
            .map(|n| {
                let (barrier, put) = (&barrier, &put);
                scope.spawn(move || {
                    barrier.wait();
                    let bytes = vec![n; 10_000];
                    (put(&bytes), bytes)
                })
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    })
}

#[test]
fn a_claim_that_was_left_is_told_with_its_path() {
    let (_folder, store) = lake();
    let claim = store.root.join(TEMPORARY).join(format!("{}.claim", sha256_hex(b"x")));
    fs::write(&claim, b"").unwrap();
    let temporary = store.write_temporary(b"1").unwrap();
    let error = store.put_by_claim("x", &temporary, &store.root.join("x")).unwrap_err();
    assert!(error.to_string().contains(&claim.display().to_string()), "{error}");
}

#[test]
fn what_is_wrong_with_a_path_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let open = |create| FolderStore::open(&path, create).map(|_| ()).unwrap_err();
    let missing = open(false);
    assert!(missing.by_user && missing.reason.as_str().starts_with("there is no such folder"), "{missing}");
    assert!(!path.exists());
    fs::write(&path, b"").unwrap();
    for create in [true, false] {
        let file = open(create);
        assert!(file.by_user && file.reason.as_str().starts_with("it is a file"), "{file}");
    }
    let under_a_file = FolderStore::open(path.join("lake"), true).unwrap_err();
    assert!(under_a_file.by_user, "{under_a_file}");
    assert!(FolderStore::open("", true).unwrap_err().by_user);
    for create in [true, false] {
        let too_long = FolderStore::open(folder.path().join("a".repeat(300)), create).unwrap_err();
        assert!(too_long.by_user, "{too_long}");
    }
}
