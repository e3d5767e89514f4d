//! An old night that is archived, deleted, denied or torn is a missing night: reports and questions do without
//! it and say so, and the next night is published as ever.

use std::fs;
use std::sync::Arc;

use atrest::clock::{DAY_MS, Timestamp};
use atrest::lake::{CommittedRun, Lake, Manifest, MemoryStore, StoreFault, sha256_hex};
use atrest::model::RunId;
use atrest::report::change::{Comparison, since_last_census};
use atrest::report::{self, Format};

use crate::support::night::{NOW, Night};
use crate::support::python::venv;
use crate::support::shell::{Shell, files};
use crate::support::worlds::healthy;

/// What happens to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Loss {
    Archived,
    Denied,
    Deleted,
    Torn,
    /// The server answers that it failed, and does not cease to.
    Broken,
}

const LOSSES: [Loss; 5] = [Loss::Archived, Loss::Denied, Loss::Deleted, Loss::Torn, Loss::Broken];

/// Nights of one lake, one a day, the last one on the day of [`NOW`].
fn nights(count: i64) -> (Arc<MemoryStore>, Vec<RunId>) {
    let (store, world) = (Arc::new(MemoryStore::new()), healthy().world);
    let run = |ago: i64| night(&store, &world, -ago);
    let runs = (0..count).rev().map(run).collect();
    (store, runs)
}

fn night(store: &Arc<MemoryStore>, world: &atrest::sim::World, days: i64) -> RunId {
    let at = Timestamp::from_millis(NOW.millis() + days * DAY_MS);
    let morning = Night::over(world.clone()).at(at).on(store).run();
    morning.census();
    morning.run_id
}

/// The same lake, in which what has `part` in its key is lost.
fn without(store: &MemoryStore, part: &str, loss: Loss) -> Arc<MemoryStore> {
    let lost = MemoryStore::new();
    let mut hit = 0;
    for (key, bytes) in store.objects() {
        let is_hit = key.contains(part);
        hit += usize::from(is_hit);
        match loss {
            Loss::Deleted if is_hit => continue,
            Loss::Torn if is_hit => lost.plant(&key, &bytes[..bytes.len() / 2]),
            _ => lost.plant(&key, &bytes),
        }
        match loss {
            Loss::Archived if is_hit => lost.lose(&key, StoreFault::Archived),
            Loss::Denied if is_hit => lost.lose(&key, StoreFault::Denied),
            Loss::Broken if is_hit => lost.lose(&key, StoreFault::Other),
            _ => {}
        }
    }
    assert!(hit > 0, "nothing is lost: {part}");
    Arc::new(lost)
}

fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn opened(store: &Arc<MemoryStore>) -> Lake {
    in_time(Lake::open(Arc::<MemoryStore>::clone(store))).unwrap()
}

fn written(store: &Arc<MemoryStore>, format: Format) -> String {
    in_time(async {
        let lake = Lake::open(Arc::<MemoryStore>::clone(store)).await.unwrap();
        let run = CommittedRun::newest(&lake).await.unwrap();
        let mut out = Vec::new();
        report::write(&run, format, &mut out).await.unwrap();
        String::from_utf8(out).unwrap()
    })
}

fn compared(store: &Arc<MemoryStore>) -> Comparison {
    in_time(async {
        let lake = Lake::open(Arc::<MemoryStore>::clone(store)).await.unwrap();
        since_last_census(&CommittedRun::newest(&lake).await.unwrap()).await.unwrap()
    })
}

// Reports

#[test]
fn a_page_does_without_a_lost_night_and_names_it() {
    let (store, runs) = nights(4);
    let whole = written(&store, Format::S3AuditCsv);
    for loss in LOSSES {
        for part in [
            format!("manifests/{}", runs[2]),
            format!("findings/dt={}/", runs[2].date()),
            format!("runs/dt={}/", runs[2].date()),
        ] {
            // The row says that the run is committed: without its name there is no such run.
            if loss == Loss::Deleted && part.starts_with("runs/") {
                continue;
            }
            let store = without(&store, &part, loss);
            let Comparison::Since(changes) = compared(&store) else { panic!("{part} {loss:?}") };
            assert_eq!(changes.since, runs[1], "{part} {loss:?}: the census before takes its place");
            let passed_over: Vec<_> = changes.passed_over.iter().map(|(run_id, _)| run_id).collect();
            assert_eq!(passed_over, [&runs[2]], "{part} {loss:?}");
            let page = written(&store, Format::Html);
            assert!(page.contains("1 earlier run could not be read and is not in"), "{part} {loss:?}");
            assert!(page.contains(runs[2].as_str()), "{part} {loss:?}");
            assert_eq!(written(&store, Format::S3AuditCsv), whole, "{part} {loss:?}");
        }
    }
}

#[test]
fn a_night_of_a_newer_atrest_is_a_missing_night_where_it_is_not_the_newest() {
    let (store, runs) = nights(3);
    let key = format!("manifests/{}.json", runs[1]);
    store.plant(&key, br#"{"schema_version":99}"#);
    let Comparison::Since(changes) = compared(&store) else { panic!("not compared") };
    assert_eq!(changes.since, runs[0]);
    assert!(changes.passed_over[0].1.contains("has schema version 99"), "{:?}", changes.passed_over);
    assert!(written(&store, Format::Html).contains("1 earlier run could not be read and is not in"));
    // Nor does it bar the next night, where the newest one is this atrest's.
    let next = night(&store, &healthy().world, 1);
    assert_eq!(opened(&store).newest().unwrap().run_id, next);
    // As the newest it does: this atrest does not know what else the lake holds by now.
    store.plant(&format!("manifests/{next}.json"), br#"{"schema_version":99}"#);
    assert!(in_time(Lake::open(Arc::<MemoryStore>::clone(&store))).is_err());
}

#[test]
fn a_caller_who_is_not_known_any_more_loses_no_night() {
    let (store, runs) = nights(2);
    store.lose(&format!("findings/dt={}/", runs[0].date()), StoreFault::Caller);
    let error = in_time(async {
        let lake = Lake::open(Arc::<MemoryStore>::clone(&store)).await.unwrap();
        since_last_census(&CommittedRun::newest(&lake).await.unwrap()).await
    });
    assert!(error.is_err(), "{error:?}");
}

#[test]
fn a_night_further_back_is_a_hole_in_the_trend_and_no_more() {
    let (store, runs) = nights(4);
    for loss in LOSSES {
        let store = without(&store, &format!("manifests/{}", runs[0]), loss);
        let Comparison::Since(changes) = compared(&store) else { panic!("{loss:?}") };
        assert_eq!(
            (&changes.since, &changes.looked_back),
            (&runs[2], &vec![runs[2].clone(), runs[1].clone()])
        );
        let page = written(&store, Format::Html);
        assert!(
            page.contains(&format!("1 earlier run could not be read and left empty: {}", runs[0])),
            "{loss:?}"
        );
    }
}

#[test]
fn without_any_night_before_the_page_says_why_it_compares_nothing() {
    let (store, runs) = nights(2);
    for loss in LOSSES {
        let store = without(&store, &format!("findings/dt={}/", runs[0].date()), loss);
        let Comparison::Unreadable(reason) = compared(&store) else { panic!("{loss:?}") };
        assert!(reason.contains(&format!("findings/dt={}/", runs[0].date())), "{reason}");
        assert!(written(&store, Format::Html).contains("Not compared: the previous census cannot be read."));
    }
}

#[test]
fn the_newest_night_is_not_passed_over_in_silence() {
    let (store, runs) = nights(2);
    for loss in LOSSES {
        let lake = opened(&without(&store, &format!("manifests/{}", runs[1]), loss));
        let error = in_time(CommittedRun::newest(&lake)).unwrap_err();
        assert!(error.to_string().contains(&format!("manifests/{}", runs[1])), "{error}");
        in_time(CommittedRun::open(&lake, &runs[0])).unwrap();
    }
}

// The next night

#[test]
fn the_next_night_is_published_whatever_became_of_those_before() {
    let (store, runs) = nights(2);
    let world = healthy().world;
    let true_hash = sha256_hex(&store.objects()[&format!("manifests/{}.json", runs[1])]);
    for loss in LOSSES {
        for (part, hash) in [
            (format!("manifests/{}", runs[1]), Some(&true_hash)),
            ("manifests/2026".to_owned(), Some(&true_hash)),
            (runs[1].to_string(), None),
        ] {
            // Without its row the night before is the one before it.
            if loss == Loss::Deleted && hash.is_none() {
                continue;
            }
            let store = without(&store, &part, loss);
            let next = night(&store, &world, 1);
            let manifest: Manifest =
                serde_json::from_slice(&store.objects()[&format!("manifests/{next}.json")]).unwrap();
            assert_eq!(manifest.previous_run_id.as_ref(), Some(&runs[1]), "{part} {loss:?}");
            let named = manifest.previous_manifest_sha256.as_ref();
            assert_eq!(
                named, hash,
                "{part} {loss:?}: the chain goes by the hash that was committed, or by none"
            );
        }
    }
}

#[test]
fn texts_that_went_to_an_archive_are_written_again() {
    let (store, _) = nights(1);
    let kept = |store: &MemoryStore| {
        let objects = store.objects();
        objects.into_iter().filter(|(key, _)| key.starts_with("policies/")).collect::<Vec<_>>()
    };
    for loss in [Loss::Archived, Loss::Denied] {
        let lost = without(&store, "policies/", loss);
        night(&lost, &healthy().world, 1);
        assert_eq!(kept(&lost), kept(&store), "{loss:?}");
    }
    // One that was changed is no lost one.
    let torn = without(&store, "policies/", Loss::Torn);
    let at = Timestamp::from_millis(NOW.millis() + DAY_MS);
    assert!(matches!(Night::over(healthy().world).at(at).on(&torn).run().census, Some(Err(_))));
}

// Questions

#[test]
fn a_question_goes_without_a_lost_night_and_says_so() {
    let venv = venv();
    let (store, runs) = nights(3);
    let count = ["--format", "json", "--sql", "SELECT count(DISTINCT dt) AS nights FROM buckets"];
    let verified = ["query", "--lake", "lake"].into_iter().chain(count);
    let unverified = ["query", "--lake", "lake", "--no-verify"].into_iter().chain(count);
    for part in [format!("manifests/{}", runs[1]), format!("buckets/dt={}/", runs[1].date())] {
        for loss in [Loss::Deleted, Loss::Torn] {
            let shell = Shell::holding(without(&store, &part, loss).objects()).asking(&venv);
            let answer = shell.run(verified.clone()).succeeded();
            assert_eq!(answer.json(), serde_json::json!([{ "nights": 2 }]), "{part} {loss:?}");
            let note = format!("note: left out because they cannot be read: {}", runs[1]);
            assert!(answer.stderr.contains(&note), "{answer}");
            if part.starts_with("buckets/") {
                let answer = shell.run(unverified.clone()).succeeded();
                assert_eq!(answer.json(), serde_json::json!([{ "nights": 2 }]), "{part} {loss:?}");
                assert!(answer.stderr.contains(&note), "{answer}");
            }
            // What does not stand on it is answered without a word.
            let latest = shell.atrest("query --lake lake keys_by_reach").succeeded();
            assert!(!latest.stderr.contains("left out"), "{latest}");
        }
    }
    // A row of `runs` that is cut short is a loss, too.
    let shell = Shell::holding(store.objects()).asking(&venv);
    let (_, row) = files(&shell.path(&format!("lake/runs/dt={}", runs[1].date()))).pop().unwrap();
    let bytes = fs::read(&row).unwrap();
    fs::write(&row, &bytes[..bytes.len() - 9]).unwrap();
    let answer = shell.atrest("query --lake lake trend_by_night --format json").succeeded();
    assert!(answer.stderr.contains("it is cut short"), "{answer}");
    // The newest census is the answer: without it there is none.
    let newest = without(&store, &format!("buckets/dt={}/", runs[2].date()), Loss::Deleted);
    let shell = Shell::holding(newest.objects()).asking(&venv);
    shell.run(verified).ended(1);
}
