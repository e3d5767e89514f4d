//! What a run was judged from and by: the log, held to the hashes that were committed, and the texts, kept
//! under theirs.

use std::collections::BTreeMap;
use std::sync::Arc;

use atrest::aws::environment::{Environment, Tuning};
use atrest::clock::FrozenClock;
use atrest::control;
use atrest::lake::{LakeError, Manifest, MemoryStore, PublishError, policy_key, sha256_hex};
use atrest::log;
use atrest::model::{Exceptions, Reading, RunId, Source};
use atrest::publish::FinalizeError;
use atrest::sim::{Schedule, Simulator};
use atrest::standard;

use crate::support::night::{Morning, NOW, Night, Rules, excepting, exception, region, rejudge, rows_of};
use crate::support::shell::{RUN, Shell, Simulated, files};
use crate::support::worlds::healthy;

const AGAIN: u32 = 2;

fn judged(rules: Rules) -> Morning {
    Night::over(healthy().world).judged_by(rules).run()
}

/// The same lake with other objects: none takes one out.
fn with(morning: &Morning, changes: impl IntoIterator<Item = (String, Option<Vec<u8>>)>) -> Arc<MemoryStore> {
    let mut objects = morning.store.objects();
    for (key, bytes) in changes {
        match bytes {
            Some(bytes) => drop(objects.insert(key, bytes)),
            None => drop(objects.remove(&key).expect("the object is there")),
        }
    }
    let store = Arc::new(MemoryStore::new());
    for (key, bytes) in &objects {
        store.plant(key, bytes);
    }
    store
}

fn manifest(store: &MemoryStore, run_id: &RunId) -> Manifest {
    serde_json::from_slice(&store.objects()[&format!("manifests/{run_id}.json")]).unwrap()
}

/// Judges again, and gives the key and the reason of the damage that was found.
#[track_caller]
fn damaged(store: &Arc<MemoryStore>, morning: &Morning) -> (String, String) {
    let again = RunId::new(NOW, AGAIN);
    let found = match rejudge(store, &morning.run_id, &again, &Rules::default()) {
        Err(FinalizeError::Lake(LakeError::Damaged { key, reason, .. })) => (key, reason.to_string()),
        other => panic!("the log is not as it was committed, and judging it gave {other:?}"),
    };
    assert!(!store.objects().keys().any(|key| key.contains(again.as_str())), "nothing is published");
    found
}

// The log

#[test]
fn a_segment_that_is_missing_or_changed_is_not_an_account_that_was_not_scanned() {
    let (here, morning) = (healthy(), judged(Rules::default()));
    let entries = manifest(&morning.store, &morning.run_id).segments;
    assert!(entries.len() > 2);
    for entry in entries {
        let bytes = morning.store.objects()[&entry.key].clone();
        assert_eq!(sha256_hex(&bytes), entry.sha256);
        let missing = with(&morning, [(entry.key.clone(), None)]);
        let said = format!("it is not there, and the run's manifest names it with SHA-256 {}", entry.sha256);
        assert_eq!(damaged(&missing, &morning), (entry.key.clone(), said));
        // Cut short, emptied, and another account's sealed segment in its place.
        let other = morning.store.objects()[&log::segment_key(&morning.run_id, here.one)].clone();
        for changed in [bytes[..bytes.len() - 1].to_vec(), Vec::new(), [&other[..], &[0]].concat()] {
            let (found, is_longer) = (sha256_hex(&changed), changed.len() as u64 > entry.bytes);
            let store = with(&morning, [(entry.key.clone(), Some(changed))]);
            // One that has grown is not read to its end.
            let said = match is_longer {
                true => format!("it is longer than the {} bytes that the run's manifest says", entry.bytes),
                false => format!("its SHA-256 is {found}, and the run's manifest says {}", entry.sha256),
            };
            assert_eq!(damaged(&store, &morning), (entry.key.clone(), said));
        }
    }
}

#[test]
fn a_segment_that_the_manifest_does_not_name_is_not_read() {
    let here = healthy();
    // Sealed by a run that left an account out.
    let part = Night::over(here.world.clone()).filtered(atrest::model::ScanFilter {
        exclude_accounts: [here.one].into(),
        ..atrest::model::ScanFilter::default()
    });
    let (part, whole) = (part.run(), judged(Rules::default()));
    let key = log::segment_key(&whole.run_id, here.one);
    assert_eq!(part.run_id, whole.run_id);
    assert!(!part.store.objects().contains_key(&key));
    let store = with(&part, [(key.clone(), Some(whole.store.objects()[&key].clone()))]);
    let again = RunId::new(NOW, AGAIN);
    rejudge(&store, &part.run_id, &again, &Rules::default()).unwrap();
    for table in ["accounts", "buckets", "keys"] {
        let rows = |run: &RunId| {
            let mut rows = rows_of(&store, table, run);
            for row in &mut rows {
                row.remove("run_id");
            }
            rows
        };
        assert_eq!(rows(&again), rows(&part.run_id), "{table}");
    }
    assert!(manifest(&store, &again).segments.iter().all(|entry| entry.key != key));
}

#[test]
fn a_log_is_held_to_the_manifest_that_was_committed() {
    let morning = judged(Rules::default());
    let key = format!("manifests/{}.json", morning.run_id);
    let mut edited: serde_json::Value = serde_json::from_slice(&morning.store.objects()[&key]).unwrap();
    edited["segments"].as_array_mut().unwrap().pop();
    let store = with(&morning, [(key.clone(), Some(edited.to_string().into_bytes()))]);
    let (found, reason) = damaged(&store, &morning);
    assert!(found == key && reason.contains("and the run's row of `runs` says `"), "{found}: {reason}");
}

#[test]
fn the_command_line_says_which_file_and_what_to_do() {
    let simulated = Simulated::start("--accounts 2 --buckets 4 --keys 2");
    let shell = Shell::on(&simulated);
    shell.atrest(&format!("scan --lake lake --run {RUN}")).succeeded();
    let (name, path) = files(&shell.path("lake/observations"))
        .into_iter()
        .find(|(name, _)| !name.contains("organization"))
        .unwrap();
    let bytes = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    let refused = shell.atrest(&format!("finalize --lake lake --run {RUN}")).ended(1);
    let said = refused.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    let sentence = format!(
        "error: failed to read lake/observations/{name}: it is not there, and the run's manifest names it \
         with SHA-256 {}; restore it from a backup or an earlier version of the object",
        sha256_hex(&bytes)
    );
    assert_eq!(said, sentence);
    std::fs::write(&path, bytes).unwrap();
    shell.atrest(&format!("finalize --lake lake --run {RUN}")).succeeded();
}

// The texts

#[test]
fn what_a_run_was_judged_by_is_kept_under_its_hash() {
    let exceptions = excepting([exception("E-1", "s3_tls_only", "no_policy")]);
    let morning = judged(Rules { exceptions: exceptions.clone(), ..Rules::default() });
    let (objects, manifest) = (morning.store.objects(), manifest(&morning.store, &morning.run_id));
    let standard = standard::built_in();
    let texts: BTreeMap<String, &str> = [
        (manifest.standard_sha256.clone(), standard.text.as_str()),
        (manifest.exceptions_sha256.clone(), exceptions.text.as_deref().unwrap()),
        (manifest.control_map_sha256.clone(), control::built_in_text()),
    ]
    .map(|(sha256, text)| (policy_key(&sha256.unwrap()), text))
    .into();
    let kept = objects.iter().filter(|(key, _)| key.starts_with("policies/"));
    let kept: BTreeMap<String, &str> =
        kept.map(|(key, bytes)| (key.clone(), std::str::from_utf8(bytes).unwrap())).collect();
    assert_eq!(kept, texts);
    // They are there before the manifest that names them.
    let writes = morning.store.writes();
    let place = |key: &str| writes.iter().position(|written| written == key).unwrap();
    let last = texts.keys().map(|key| place(key)).max().unwrap();
    assert!(last < place(&format!("manifests/{}.json", morning.run_id)));

    // Judged by the same again, nothing is written over.
    let again = RunId::new(NOW, AGAIN);
    rejudge(&morning.store, &morning.run_id, &again, &Rules { exceptions, ..Rules::default() }).unwrap();
    assert_eq!(morning.store.objects().keys().filter(|key| key.starts_with("policies/")).count(), 3);
}

#[test]
fn another_text_under_a_hash_is_refused() {
    let key = policy_key(&standard::built_in().sha256);
    for other in ["", "another text"] {
        let night = Night::over(healthy().world);
        night.store.plant(&key, other.as_bytes());
        let morning = night.run();
        match morning.census {
            Some(Err(FinalizeError::Publish(error @ PublishError::OtherText { .. }))) => {
                assert!(
                    error.to_string().contains(&format!("memory://lake/{key} has other content")),
                    "{error}"
                );
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(morning.store.objects()[&key], other.as_bytes());
    }
}

#[test]
fn a_hash_without_its_text_is_refused() {
    let text = |text: Option<&str>| Exceptions {
        sha256: Some(sha256_hex(b"one")),
        text: text.map(str::to_owned),
        ..Exceptions::default()
    };
    for exceptions in [text(None), text(Some("another")), Exceptions { sha256: None, ..text(Some("one")) }] {
        let morning = judged(Rules { exceptions, ..Rules::default() });
        assert!(matches!(morning.census, Some(Err(FinalizeError::Text { what: "the exceptions", .. }))));
    }
}

#[test]
fn every_exception_says_who_and_why() {
    let mut given = exception("E-1", "s3_tls_only", "no_policy");
    given.compensating_control = Some("the network is closed".to_owned());
    given.supersedes = Some("E-0".to_owned());
    let morning = judged(Rules { exceptions: excepting([given.clone()]), ..Rules::default() });
    let used = &manifest(&morning.store, &morning.run_id).exceptions[0];
    assert_eq!(
        (&used.owner, &used.requested_by, &used.approved_by, &used.reason, &used.ticket),
        (&given.owner, &given.requested_by, &given.approved_by, &given.reason, &given.ticket)
    );
    assert_eq!(
        (used.approved_at, used.starts, used.expires),
        (Some(given.approved_at), given.starts, given.expires)
    );
    assert_eq!(
        (&used.compensating_control, &used.supersedes),
        (&given.compensating_control, &given.supersedes)
    );
}

// Who observed

#[test]
fn the_manifest_says_who_observed_through_which_roles_and_by_which_clock() {
    let here = healthy();
    let morning = judged(Rules::default());
    let manifest = manifest(&morning.store, &morning.run_id);
    let observed = manifest.observed.expect("it is kept");
    assert_eq!(observed.caller_arns, [here.world.caller.arn.clone()].into());
    assert_eq!(observed.tool_version, "0.0.0");
    let clock = observed.aws_clock.expect("the answers have dates");
    assert_eq!((clock.first, clock.last), (NOW, NOW));
    assert_eq!((clock.least_ahead_seconds, clock.most_ahead_seconds), (0, 0));
    // Nothing was asked that was not answered, but by the caller's own door before the list was sealed.
    assert!(clock.answers > 0 && clock.answers <= morning.recorder().records().len() as u64);
    for entry in &manifest.segments {
        let role = entry.account_id.filter(|id| *id != here.world.caller.account);
        let expected = role.map(|id| format!("arn:aws:iam::{id}:role/atrest-audit"));
        assert!(
            entry.role_arn == expected || entry.account_id == Some(here.world.caller.account),
            "{entry:?}"
        );
    }
}

#[test]
fn a_clock_that_is_not_awss_is_seen() {
    let (aws, ours) = (Arc::new(FrozenClock(NOW.plus_millis(90_000))), Arc::new(FrozenClock(NOW)));
    let simulator = Arc::new(Simulator::new(healthy().world, Schedule::none(), aws));
    let base = simulator.configuration(&region("eu-west-1"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let seen = runtime.unwrap().block_on(async {
        let environment =
            Environment::new(&base, ours, Tuning::default(), Source::Simulator, region("eu-west-1"), 1);
        assert!(matches!(environment.identify().await.reading, Reading::Known(_)));
        environment.factory.dates().seen()
    });
    let seen = seen.expect("the answer has a date");
    assert_eq!((seen.first, seen.answers), (NOW.plus_millis(90_000), 1));
    assert_eq!((seen.least_ahead_seconds, seen.most_ahead_seconds), (90, 90));
}

#[test]
fn a_scan_names_its_caller_and_its_own_file_and_no_secret() {
    let simulated = Simulated::start("--accounts 3 --buckets 4 --keys 2");
    let shell = Shell::on(&simulated);
    let secret = "an-external-id-that-nobody-may-read";
    shell
        .run(["scan", "--lake", "lake", "--run", RUN, "--external-id", secret, "--exit-zero-for", "coverage"])
        .succeeded();
    let text = std::fs::read_to_string(shell.path(&format!("lake/manifests/{RUN}.json"))).unwrap();
    let manifest: Manifest = serde_json::from_str(&text).unwrap();
    let program = sha256_hex(&std::fs::read(env!("CARGO_BIN_EXE_atrest")).unwrap());
    let observed = manifest.observed.unwrap();
    assert_eq!((manifest.build_sha256, observed.build_sha256s), (Some(program.clone()), [program].into()));
    let account = simulated.state()["caller"]["account"].as_str().unwrap();
    assert!(observed.caller_arns.iter().all(|arn| arn.contains(account)), "{:?}", observed.caller_arns);
    assert_eq!(observed.caller_arns.len(), 1);
    assert!(observed.aws_clock.is_some_and(|clock| clock.answers > 0));

    let secrets = [secret, simulated.variable("AWS_SECRET_ACCESS_KEY")];
    for (name, path) in files(&shell.path("lake")) {
        let bytes = std::fs::read(path).unwrap();
        let bytes = if name.starts_with("observations/") && !name.contains("publication") {
            zstd::decode_all(&bytes[..]).unwrap()
        } else {
            bytes
        };
        let text = String::from_utf8_lossy(&bytes);
        assert!(secrets.iter().all(|secret| !text.contains(secret)), "{name}");
    }
}

#[test]
fn a_manifest_of_before_is_read() {
    let morning = judged(Rules {
        exceptions: excepting([exception("E-1", "s3_tls_only", "no_policy")]),
        ..Rules::default()
    });
    let manifest = manifest(&morning.store, &morning.run_id);
    let mut value = serde_json::to_value(&manifest).unwrap();
    let members = value.as_object_mut().unwrap();
    for name in ["finished_at", "judged_at", "build_sha256", "observed"] {
        assert!(members.remove(name).is_some(), "{name}");
    }
    for entry in members["segments"].as_array_mut().unwrap() {
        assert!(entry.as_object_mut().unwrap().remove("role_arn").is_some());
    }
    for used in members["exceptions"].as_array_mut().unwrap() {
        for name in [
            "requested_by",
            "approved_by",
            "approved_at",
            "reason",
            "compensating_control",
            "supersedes",
            "imported_without_expiry",
        ] {
            assert!(used.as_object_mut().unwrap().remove(name).is_some(), "{name}");
        }
    }
    let read: Manifest = serde_json::from_value(value).unwrap();
    assert_eq!((read.files, read.totals, read.observed), (manifest.files, manifest.totals, None));
}
