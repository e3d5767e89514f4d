//! What is too long, or no regular file, in the place of a lake's object: each reader ends soon, in little memory, and
//! says what it is and where.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use atrest::lake::{Store, StoreFault};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http_body::Frame;
use http_body_util::StreamBody;

use crate::lake_bucket::{Lake, in_time, owned, store};
use crate::support::night::{Morning, Night};
use crate::support::python::{Finished, finish, hermetic, venv};
use crate::support::shell::{BOUND, Shell, Simulated};
use crate::support::worlds::healthy;

// On S3

/// Of a body that is given in parts, as from a network: with its length, or without one.
#[derive(Debug, Clone)]
struct Endless {
    length: Option<u64>,
    /// Parts that were taken.
    taken: Arc<AtomicUsize>,
}

/// The bytes of a part.
const PART: usize = 64 * 1_024;

impl HttpConnector for Endless {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        let taken = Arc::clone(&self.taken);
        let parts = futures::stream::repeat_with(move || {
            taken.fetch_add(1, Ordering::Relaxed);
            Ok::<_, std::convert::Infallible>(Frame::data(Bytes::from(vec![b' '; PART])))
        });
        let body = SdkBody::from_body_1_x(StreamBody::new(parts));
        let mut response = HttpResponse::new(200.try_into().unwrap(), body);
        response.headers_mut().insert("etag", "\"x\"");
        match self.length {
            Some(length) => response.headers_mut().insert("content-length", length.to_string()),
            None => response.headers_mut().insert("transfer-encoding", "chunked"),
        };
        HttpConnectorFuture::ready(Ok(response))
    }
}

impl HttpClient for Endless {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

#[test]
fn no_object_is_read_beyond_its_bound() {
    const MIB: u64 = 1_024 * 1_024;
    for (key, length, most, parts) in [
        ("runs/x", None, MIB, MIB),
        ("runs/x", Some(MIB + 1), MIB, 0),
        ("manifests/x.json", Some(u64::MAX / 4), 64 * MIB, 0),
        ("manifests/x.json", None, 64 * MIB, 64 * MIB),
        // The largest kind is not read without a word of its length.
        ("observations/x/1.jsonl.zst", None, 64 * MIB, 64 * MIB),
    ] {
        let server = Endless { length, taken: Arc::default() };
        let store = store("audit-lake", owned(), SharedHttpClient::new(server.clone()));
        let error = in_time(store.get(key)).unwrap_err();
        assert_eq!((error.fault, error.by_user), (StoreFault::TooLong, false), "{error}");
        let said =
            format!("failed to read s3://audit-lake/census/{key}: it is longer than {most} bytes, the most");
        assert!(error.to_string().starts_with(&said), "{error}");
        assert!(error.to_string().contains("restore it from a backup"), "{error}");
        // One attempt, and one part at most beyond the bound.
        let taken = server.taken.load(Ordering::Relaxed) * PART;
        assert!(taken as u64 <= parts + PART as u64, "{key}: {taken} bytes");
    }
}

#[test]
fn a_committed_length_is_the_bound_of_a_read() {
    let lake = Lake::new(owned(), |_| (200, Vec::new(), "12345".to_owned()));
    assert_eq!(in_time(lake.store.get_within("buckets/x", 5)).unwrap().unwrap(), b"12345");
    let error = in_time(lake.store.get_within("buckets/x", 4)).unwrap_err();
    assert_eq!(error.fault, StoreFault::TooLong, "{error}");
}

// In a folder

/// A committed night as the files of `lake`.
fn night() -> (Shell, Morning) {
    let morning = Night::over(healthy().world).run();
    (Shell::holding(morning.store.objects()), morning)
}

fn said(finished: &Finished) -> String {
    finished.stderr.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What lies in the place of a file, and how it is told.
type Spoiled = (&'static str, fn(&Path));

const SPOILED: &[Spoiled] = &[
    ("it is a FIFO, not a file", |path| {
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    }),
    ("it is a socket, not a file", |path| {
        // A socket's path is short.
        let short = tempfile::tempdir().unwrap();
        let folder = short.path().join("l");
        symlink(path.parent().unwrap(), &folder).unwrap();
        drop(UnixListener::bind(folder.join("s")).unwrap());
        fs::rename(folder.join("s"), path).unwrap();
    }),
    ("it is a folder, not a file", |path| fs::create_dir(path).unwrap()),
    ("it is a link that leads out of the lake, to /dev/zero", |path| symlink("/dev/zero", path).unwrap()),
    ("it is longer than", |path| fs::File::create(path).unwrap().set_len(1 << 40).unwrap()),
];

#[test]
fn what_is_no_file_in_the_place_of_one_is_told_by_every_reader() {
    let (shell, morning) = night();
    let run_id = &morning.run_id;
    let day = run_id.date();
    let segment = morning.store.objects().into_keys().find(|key| key.starts_with("observations/")).unwrap();
    let report = "report --lake lake --format csv --table buckets -o -".to_owned();
    let finalize = format!("finalize --lake lake --run {run_id}");
    for (key, lines) in [
        (format!("manifests/{run_id}.json"), vec![&report, &finalize]),
        (format!("runs/dt={day}/{run_id}-00000.parquet"), vec![&report, &finalize]),
        (format!("buckets/dt={day}/{run_id}-00000.parquet"), vec![&report]),
        (segment, vec![&finalize]),
    ] {
        let (path, aside) = (shell.path("lake").join(&key), shell.path("aside"));
        for (what, spoil) in SPOILED {
            fs::rename(&path, &aside).unwrap();
            spoil(&path);
            for line in &lines {
                let refused = shell.atrest(line).ended(1);
                let all = said(&refused);
                assert!(
                    all.contains(&format!("error: failed to read lake/{key}: {what}")),
                    "{line}: {refused}"
                );
            }
            if path.is_dir() {
                fs::remove_dir(&path).unwrap();
            } else {
                fs::remove_file(&path).unwrap();
            }
            fs::rename(&aside, &path).unwrap();
        }
    }
    shell.atrest(&report).succeeded();
}

#[test]
fn a_question_reads_regular_files_of_the_lake_alone() {
    let venv = venv();
    let (shell, morning) = night();
    let shell = shell.asking(&venv);
    let day = morning.run_id.date();
    let ask = |more: &str| {
        shell.run(
            ["query", "--lake", "lake", "--sql", "SELECT count(*) FROM buckets, runs"]
                .iter()
                .chain(more.split_whitespace().collect::<Vec<_>>().iter()),
        )
    };
    for table in ["buckets", "runs"] {
        let key = format!("{table}/dt={day}/{}-00000.parquet", morning.run_id);
        let (path, aside) = (shell.path("lake").join(&key), shell.path("aside"));
        // The length of a file alone is not seen without a look at its hash.
        for (what, spoil) in &SPOILED[..4] {
            fs::rename(&path, &aside).unwrap();
            spoil(&path);
            for more in ["", "--no-verify"] {
                let refused = ask(more).ended(1);
                assert!(said(&refused).contains(&format!("{key}: {what}")), "{more}: {refused}");
            }
            if path.is_dir() {
                fs::remove_dir(&path).unwrap();
            } else {
                fs::remove_file(&path).unwrap();
            }
            fs::rename(&aside, &path).unwrap();
        }
        // A link within the lake is a file of it.
        let moved = shell.path("lake/moved");
        fs::rename(&path, &moved).unwrap();
        symlink(&moved, &path).unwrap();
        ask("").succeeded();
        fs::remove_file(&path).unwrap();
        fs::rename(&moved, &path).unwrap();
    }
}

#[test]
fn a_lake_that_is_reached_by_a_link_is_a_lake() {
    let (shell, morning) = night();
    symlink(shell.path("lake"), shell.path("way")).unwrap();
    shell.atrest(&format!("finalize --lake way --run {}", morning.run_id)).succeeded();
    shell.atrest("report --lake way --format csv --table buckets -o -").succeeded();
}

#[test]
fn nothing_is_written_through_a_link_out_of_the_lake() {
    let simulated = Simulated::start("--accounts 1 --buckets 1 --keys 1");
    let shell = Shell::on(&simulated);
    for folder in ["manifests", "observations", ".tmp"] {
        let outside = shell.path(&format!("outside-{folder}"));
        fs::create_dir_all(&outside).unwrap();
        fs::create_dir_all(shell.path(&format!("lake-{folder}"))).unwrap();
        symlink(&outside, shell.path(&format!("lake-{folder}/{folder}"))).unwrap();
        let refused = shell.atrest(&format!("scan --lake lake-{folder}"));
        assert!(matches!(refused.status.code(), Some(1 | 2)), "{refused}");
        assert!(said(&refused).contains("leads out of the lake"), "{refused}");
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 0, "{folder}");
    }
}

#[test]
fn a_manifest_that_names_another_file_is_damage_and_leads_nowhere() {
    let (shell, morning) = night();
    let outside = shell.write("outside.parquet", "theirs");
    let path = shell.path("lake").join(format!("manifests/{}.json", morning.run_id));
    let manifest: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    let outside = outside.display().to_string();
    for key in ["../outside.parquet", "buckets/../../outside.parquet", &outside, "buckets\\x", ""] {
        for list in ["files", "segments"] {
            let mut edited = manifest.clone();
            edited[list][0]["key"] = key.into();
            fs::write(&path, edited.to_string()).unwrap();
            for line in [
                "report --lake lake --format csv --table buckets -o -".to_owned(),
                format!("finalize --lake lake --run {}", morning.run_id),
                "query --lake lake keys_by_reach".to_owned(),
            ] {
                let refused = shell.atrest(&line).ended(1);
                let told = format!("manifests/{}.json: it names `{}`", morning.run_id, key.escape_debug());
                assert!(said(&refused).contains(&told), "{line}: {refused}");
                assert!(said(&refused).contains("restore it from a backup"), "{refused}");
            }
        }
    }
}

/// Under a limit of the system's own, as a container has one.
#[test]
fn a_log_that_grows_without_bound_takes_little_memory() {
    const LIMIT_KB: u64 = 1_536 * 1_024;
    let (shell, morning) = night();
    let folder = shell.path("lake").join(format!("observations/{}", morning.run_id));
    // As of a scan that was interrupted: what is sealed is judged.
    for table in fs::read_dir(shell.path("lake")).unwrap().flatten() {
        if table.file_name() != "observations" {
            fs::remove_dir_all(table.path()).unwrap();
        }
    }
    fs::remove_file(folder.join("publication.json")).unwrap();
    let path = fs::read_dir(&folder).unwrap().flatten().map(|entry| entry.path());
    let path = path.filter(|path| !path.ends_with("organization.jsonl.zst")).min().unwrap();
    // Two gigabytes of one line.
    let (mut encoder, zeros) = (zstd::Encoder::new(Vec::new(), 1).unwrap(), vec![0; 16 << 20]);
    (0..128).for_each(|_| encoder.write_all(&zeros).unwrap());
    let bomb = encoder.finish().unwrap();
    assert!(bomb.len() < 1 << 20);
    fs::write(&path, bomb).unwrap();
    let mut command = Command::new("sh");
    command.args(["-c", &format!("ulimit -v {LIMIT_KB} && exec \"$0\" \"$@\"")]);
    command.arg(env!("CARGO_BIN_EXE_atrest"));
    command.args(["finalize", "--lake", "lake", "--run", morning.run_id.as_str()]);
    command.current_dir(shell.path("")).env_clear().envs(hermetic());
    // The account counts as one whose scan was interrupted.
    finish(command, BOUND).ended(4);
}
