//! A lake on `s3://`: on the socket simulator and on moto, read back with boto3.

use std::path::PathBuf;

use serde_json::Value;

use crate::moto::{Emulator, named_regions};
use crate::support::python::{Finished, Venv, finish, venv};
use crate::support::shell::{BOUND, RUN, Shell, Simulated, assert_narrow, files};

/// The bucket that `atrest simulate` makes for lakes.
const BUCKET: &str = "atrest-lake";

/// A small organization with trouble: an account in it is not readable.
const SMALL: &str = "--accounts 11 --buckets 40 --keys 20";

/// A lake in a bucket, and the environment that leads to it.
pub struct Bucket<'a> {
    venv: &'a Venv,
    endpoint: String,
    variables: Vec<(String, String)>,
    name: &'static str,
}

impl<'a> Bucket<'a> {
    pub fn of(venv: &'a Venv, simulated: &Simulated) -> Self {
        let endpoint = simulated.server.endpoint.clone();
        Self { venv, endpoint, variables: simulated.variables.clone(), name: BUCKET }
    }

    #[track_caller]
    fn ask(&self, rest: &[&str]) -> Finished {
        let mut command = self.venv.script("s3_lake.py");
        command.arg(&self.endpoint).arg(self.name).args(rest).envs(self.variables.iter().cloned());
        finish(command, BOUND).succeeded()
    }

    /// Every object under the prefix, with its ETag and when it was written.
    #[track_caller]
    pub fn objects(&self, prefix: &str) -> serde_json::Map<String, Value> {
        self.ask(&["list", prefix]).json().as_object().unwrap().clone()
    }

    /// The lake, downloaded into a folder.
    #[track_caller]
    fn download(&self, shell: &Shell, prefix: &str) -> PathBuf {
        let folder = shell.path("downloaded");
        self.ask(&["download", &format!("{prefix}/"), folder.to_str().unwrap()]);
        folder
    }
}

#[test]
fn a_census_is_published_to_a_bucket_once() {
    let venv = venv();
    let simulated = Simulated::start(SMALL);
    let (shell, bucket) = (Shell::on(&simulated), Bucket::of(&venv, &simulated));
    let line = format!("scan --lake s3://{BUCKET}/census --run {RUN}");
    let finished = shell.atrest(&line).ended(4);
    assert!(finished.stderr.contains("s3://atrest-lake/census/<table>/dt=2026-11-21/"), "{finished}");
    assert_narrow(&finished.stderr);
    let lake = bucket.download(&shell, "census");
    venv.run("compare_lake.py", [&lake]).succeeded();
    venv.run("compare_state.py", [&lake, &simulated.dump()]).succeeded();

    // The same command again: one line, the same exit code, and not a byte is written.
    let before = bucket.objects("census/");
    let again = shell.atrest(&line).ended(4);
    assert_eq!(again.stderr, format!("run {RUN} is already committed (partial) and is not changed\n"));
    assert_eq!(bucket.objects("census/"), before);
    shell.atrest(&format!("{line} --exit-zero-for coverage")).ended(0);
}

#[test]
fn a_scheduler_that_delivers_twice_gets_one_run() {
    let venv = venv();
    let simulated = Simulated::start("--accounts 2 --buckets 4 --keys 2");
    let (shell, bucket) = (Shell::on(&simulated), Bucket::of(&venv, &simulated));
    shell.atrest(&format!("scan --lake s3://{BUCKET}/a/b/ --run 2026-11-21T03:00:00Z")).ended(0);
    let before = bucket.objects("a/b/");
    // Written otherwise, the same instant and the same lake.
    let again = shell.atrest(&format!("scan --lake s3://{BUCKET}/a/b --run 2026-11-21T04:00:00.5+01:00"));
    assert!(again.ended(0).stderr.contains("is already committed (complete)"));
    assert_eq!(bucket.objects("a/b/"), before);
    assert!(before.keys().any(|key| key.starts_with("a/b/runs/dt=2026-11-21/20261121T030000Z-")));
    // Another lake in the same bucket knows nothing of it.
    shell.atrest(&format!("scan --lake s3://{BUCKET}/a --run 2026-11-21T03:00:00Z")).ended(0);
}

#[test]
fn a_lake_without_a_prefix_is_the_bucket() {
    let venv = venv();
    let simulated = Simulated::start("--accounts 2 --buckets 4 --keys 2");
    let (shell, bucket) = (Shell::on(&simulated), Bucket::of(&venv, &simulated));
    shell.atrest(&format!("scan --lake s3://{BUCKET} --run {RUN}")).ended(0);
    let objects = bucket.objects("");
    assert!(objects.contains_key(&format!("manifests/{RUN}.json")), "{objects:?}");
    assert!(objects.keys().all(|key| !key.starts_with('/')), "{objects:?}");
}

#[test]
fn a_missing_bucket_is_said_before_anything_is_scanned() {
    let simulated = Simulated::start("--accounts 2 --buckets 4 --keys 2");
    let shell = Shell::on(&simulated);
    for command in ["scan", "finalize"] {
        let line = format!("{command} --lake s3://no-such-bucket-of-ours/census --run {RUN}");
        let refused = shell.atrest(&line).ended(2);
        let sentence =
            "error: failed to list s3://no-such-bucket-of-ours/census/runs/: S3 answered NoSuchBucket";
        assert!(refused.stderr.starts_with(sentence), "{refused}");
        assert!(refused.stderr.contains("create the bucket first"), "{refused}");
    }
}

#[test]
fn a_bucket_that_bars_the_caller_is_said_with_what_to_do() {
    let simulated = Simulated::start("");
    let shell = Shell::on(&simulated);
    let other = simulated.account(|account| {
        account["id"] != simulated.state()["caller"]["account"]
            && account["buckets"].as_object().unwrap().values().any(|bucket| bucket["vanished"] == false)
    });
    let buckets = simulated.state()["accounts"][&other]["buckets"].as_object().unwrap();
    let (name, _) = buckets.iter().find(|(_, bucket)| bucket["vanished"] == false).unwrap();
    let refused = shell.atrest(&format!("scan --lake s3://{name}/census")).ended(2);
    assert!(refused.stderr.contains("S3 answered AccessDenied"), "{refused}");
    assert!(refused.stderr.contains("atrest iam --role lake"), "{refused}");
}

#[test]
fn a_bucket_in_another_region_is_followed() {
    let venv = venv();
    let simulated = Simulated::start("--accounts 2 --buckets 4 --keys 2");
    // The bucket is in eu-west-1; asked elsewhere, S3 answers 301 and names the Region.
    let shell = Shell::on(&simulated).with("AWS_REGION", "us-east-1").with("AWS_DEFAULT_REGION", "us-east-1");
    shell.atrest(&format!("scan --lake s3://{BUCKET}/census --run {RUN}")).ended(0);
    let lake = Bucket::of(&venv, &simulated).download(&shell, "census");
    venv.run("compare_lake.py", [lake]).succeeded();
}

#[test]
fn a_committed_run_is_judged_again_as_another_run() {
    let venv = venv();
    let simulated = Simulated::start(SMALL);
    let (shell, bucket) = (Shell::on(&simulated), Bucket::of(&venv, &simulated));
    shell.atrest(&format!("scan --lake s3://{BUCKET}/census --run {RUN}")).ended(4);
    let before = bucket.objects("census/");
    let line = format!("finalize --lake s3://{BUCKET}/census --run {RUN} --as-of 2026-12-24");
    let finished = shell.atrest(&line).ended(4);
    assert!(finished.stderr.contains(" · rejudged · partial · "), "{finished}");
    let after = bucket.objects("census/");
    let manifests = after.keys().filter(|key| key.starts_with("census/manifests/"));
    assert_eq!(manifests.count(), 2);
    for (key, was) in &before {
        assert_eq!(after.get(key), Some(was), "{key}");
    }
}

#[test]
fn a_log_in_a_bucket_is_held_to_its_hashes_and_the_texts_are_kept() {
    let venv = venv();
    let simulated = Simulated::start("--accounts 2 --buckets 4 --keys 2");
    let (shell, bucket) = (Shell::on(&simulated), Bucket::of(&venv, &simulated));
    let lake = format!("s3://{BUCKET}/census");
    shell.atrest(&format!("scan --lake {lake} --run {RUN}")).ended(0);
    let objects = bucket.objects("census/");
    assert_eq!(objects.keys().filter(|key| key.starts_with("census/policies/")).count(), 2, "{objects:?}");
    let folder = bucket.download(&shell, "census");
    for (sha256, path) in files(&folder.join("policies")) {
        assert_eq!(sha256, atrest::lake::sha256_hex(&std::fs::read(path).unwrap()));
    }
    let line = format!("finalize --lake {lake} --run {RUN}");
    shell.atrest(&line).ended(0);
    let segment = objects.keys().find(|key| key.contains("/observations/") && !key.contains("organization"));
    let segment = segment.unwrap();
    bucket.ask(&["delete", segment]);
    let refused = shell.atrest(&line).ended(1);
    let sentence =
        format!("error: failed to read s3://{BUCKET}/{segment}: it is not there, and the run's manifest");
    assert!(refused.stderr.starts_with(&sentence), "{refused}");
    assert!(refused.stderr.contains("restore it from a backup or an earlier version"), "{refused}");
}

#[test]
fn a_publish_that_crashed_before_its_commit_is_taken_up() {
    let venv = venv();
    let simulated = Simulated::start(SMALL);
    let (shell, bucket) = (Shell::on(&simulated), Bucket::of(&venv, &simulated));
    shell.atrest(&format!("scan --lake s3://{BUCKET}/census --run {RUN}")).ended(4);
    let before = bucket.objects("census/");
    let commit = before.keys().find(|key| key.starts_with("census/runs/")).unwrap().clone();
    // All but the commit is there, with the same content: 412 to each conditional put is a success.
    for line in [
        format!("finalize --lake s3://{BUCKET}/census --run {RUN}"),
        format!("scan --lake s3://{BUCKET}/census --run {RUN}"),
    ] {
        bucket.ask(&["delete", &commit]);
        let finished = shell.atrest(&line).ended(4);
        assert!(finished.stderr.contains(" · census · partial · "), "{finished}");
        let after = bucket.objects("census/");
        assert_eq!(after.keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>());
        for (key, was) in before.iter().filter(|(key, _)| **key != commit && !key.contains("/observations/"))
        {
            assert_eq!(after.get(key), Some(was), "{key}");
        }
    }
    venv.run("compare_lake.py", [bucket.download(&shell, "census")]).succeeded();
}

#[test]
fn moto_keeps_a_lake_too() {
    let venv = venv();
    let emulator = Emulator::seeded(&venv);
    let variables = [
        ("AWS_ENDPOINT_URL", emulator.server.endpoint.as_str()),
        ("AWS_ACCESS_KEY_ID", "AKIAMANAGEMENT000000"),
        ("AWS_SECRET_ACCESS_KEY", "any"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
    ];
    let variables: Vec<_> = variables.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let shell = variables.iter().fold(Shell::new(), |shell, (name, value)| shell.with(name, value));
    let endpoint = emulator.server.endpoint.clone();
    let bucket = Bucket { venv: &venv, endpoint, variables, name: "atrest-lake-of-a-test" };
    bucket.ask(&["create"]);
    let role = emulator.truth["role_name"].as_str().unwrap();
    let regions = named_regions(&emulator.truth).join(",");
    let line =
        format!("scan --lake s3://{}/census --run {RUN} --role-name {role} --region {regions}", bucket.name);
    let code = emulator.truth["scenarios"]["named"]["exit_code"].as_i64().unwrap();
    shell.atrest(&line).ended(i32::try_from(code).unwrap());
    venv.run("compare_lake.py", [bucket.download(&shell, "census")]).succeeded();
    let before = bucket.objects("census/");
    let again = shell.atrest(&line).ended(i32::try_from(code).unwrap());
    assert!(again.stderr.contains("is already committed"), "{again}");
    assert_eq!(bucket.objects("census/"), before);
}

// What a company's bucket asks for

#[test]
fn a_bucket_of_another_account_is_refused_and_named_ones_are_used() {
    let simulated = Simulated::start("--accounts 3 --buckets 6 --keys 2");
    let shell = Shell::on(&simulated);
    let caller = simulated.state()["caller"]["account"].as_str().unwrap().to_owned();
    let lake = format!("--lake s3://{BUCKET}/census");
    // The simulator's bucket for lakes is the caller's: to expect another owner is as good as another bucket.
    let stranger = format!("scan {lake} --run {RUN} --lake-owner 999988887777");
    let refused = shell.atrest(&stranger).ended(2);
    assert!(refused.stderr.contains("the bucket does not belong to account 999988887777"), "{refused}");
    shell.atrest(&format!("doctor {lake} --lake-owner 999988887777")).ended(2);
    shell.atrest(&format!("scan {lake} --run {RUN} --lake-owner {caller}")).ended(0);
    for line in ["report --format ocsf -o -", &format!("finalize --run {RUN}")] {
        let refused = shell.atrest(&format!("{line} {lake} --lake-owner 999988887777")).ended(2);
        assert!(refused.stderr.contains("name that account with --lake-owner"), "{refused}");
    }
    // By the settings file and by the environment, too.
    shell.write("s.toml", "lake_owner = \"999988887777\"");
    shell.atrest(&format!("scan {lake} --config s.toml")).ended(2);
    shell.atrest(&format!("scan {lake} --config s.toml --lake-owner {caller}")).ended(0);
    Shell::on(&simulated).with("ATREST_LAKE_OWNER", "999988887777").atrest(&format!("scan {lake}")).ended(2);
}

#[test]
fn a_lake_may_lie_on_another_server_than_the_one_that_is_scanned() {
    let venv = venv();
    let scanned = Simulated::start("--accounts 2 --buckets 4 --keys 2");
    let other = Simulated::start("--accounts 1 --buckets 1 --keys 1 --seed 2");
    let shell = Shell::on(&scanned);
    let lake = format!("--lake s3://{BUCKET}/census --lake-endpoint {}", other.server.endpoint);
    shell.atrest(&format!("scan {lake} --run {RUN}")).ended(0);
    let [there, here] = [&other, &scanned].map(|server| Bucket::of(&venv, server).objects("census/"));
    assert!(there.keys().any(|key| key.starts_with("census/runs/")) && here.is_empty(), "{there:?} {here:?}");
    // It is the scanned organization's census, and every command finds it there.
    shell.atrest(&format!("report {lake} --format s3-audit-csv -o audit.csv")).succeeded();
    shell.atrest(&format!("finalize {lake} --run {RUN}")).ended(0);
    // The other server does not know the account that STS names: no owner is demanded of it, and STS is not asked.
    let without_sts = Shell::on(&scanned).with("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9");
    without_sts.atrest(&format!("report {lake} --format ocsf -o findings.json")).succeeded();
    let by_variable = Shell::on(&scanned).with("AWS_ENDPOINT_URL_S3", &other.server.endpoint);
    let by_variable = by_variable.with("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9");
    let line = format!("report --lake s3://{BUCKET}/census --format ocsf -o findings.json");
    by_variable.atrest(&line).succeeded();
    let told = shell.atrest(&format!("doctor {lake}"));
    assert!(told.stderr.contains("can be listed, written and read, 2 committed runs"), "{told}");
    shell.atrest(&format!("report --lake s3://{BUCKET}/census --format ocsf -o -")).ended(2);
}

#[test]
fn what_cannot_be_a_lake_or_its_key_is_refused_before_anything() {
    let shell = Shell::new();
    for (line, words) in [
        ("--lake s3://arn:aws:s3:eu-west-1:111122223333:accesspoint/census/x", "an ARN is not supported"),
        ("--lake s3://census--euw1-az1--x-s3/x", "it is a directory bucket"),
        ("--lake s3://census-abc123--op-s3/x", "it is an access point on Outposts"),
        ("--lake s3://census --lake-kms-key alias/lake", "not an id and not an alias"),
        ("--lake s3://census --lake-endpoint minio:9000", "write a server's URL"),
        ("--lake s3://census --lake-owner me", "--lake-owner"),
        ("--lake s3://census --lake-sse kms", "aws:kms"),
        ("--lake lake --lake-sse aws:kms", "--lake-sse is for a lake on S3, and lake is a folder"),
        ("--lake lake --lake-owner 111122223333", "--lake-owner is for a lake on S3"),
    ] {
        for command in ["scan", "finalize --run 20261121T030000Z-0badcafe", "report --format html -o x.html"]
        {
            let refused = shell.atrest(&format!("{command} {line}")).ended(2);
            assert!(refused.stderr.contains(words), "{refused}");
        }
    }
    let key = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555";
    let simulated = Simulated::start("--accounts 1 --buckets 1 --keys 1");
    let line = format!("scan --lake s3://{BUCKET}/x --lake-sse AES256 --lake-kms-key {key}");
    let refused = Shell::on(&simulated).atrest(&line).ended(2);
    assert!(refused.stderr.contains("--lake-sse AES256 uses none"), "{refused}");
    let alias = shell.atrest("iam --role lake --lake s3://census-a1b2-s3alias/x").ended(2);
    assert!(alias.stderr.contains("no policy can name"), "{alias}");
}
