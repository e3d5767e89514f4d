//! Writes to a lake on S3 whose answers are cut on a real connection: the run ends committed or with a sentence, and a
//! continued run changes nothing that is there.

use serde_json::{Map, Value};

use crate::lake_s3::Bucket;
use crate::support::python::{Finished, Venv, venv};
use crate::support::relay::{At, Cut, Relay};
use crate::support::shell::{RUN, Shell, Simulated};

/// Two accounts that can be read as a whole.
const SMALL: &str = "--accounts 2 --buckets 4 --keys 2";

fn line(lake: &str) -> String {
    format!("scan --lake {lake} --run {RUN} --max-attempts 3")
}

/// The tags of objects, which are those of their bytes.
fn tags(objects: &Map<String, Value>) -> Vec<(String, String)> {
    objects.iter().map(|(key, value)| (key.clone(), value[0].to_string())).collect()
}

struct Stage<'a> {
    simulated: Simulated,
    venv: &'a Venv,
    /// Each case has a lake of its own.
    lakes: usize,
}

impl Stage<'_> {
    /// A scan with these cuts, and the same once more without one. Gives how the first ended.
    fn night(&mut self, cuts: Vec<Cut>) -> Finished {
        self.lakes += 1;
        let (prefix, what) = (format!("l-{}", self.lakes), format!("{cuts:?}"));
        let (lake, bucket) = (format!("s3://atrest-lake/{prefix}"), Bucket::of(self.venv, &self.simulated));
        let relay = Relay::start(&self.simulated.server.endpoint, cuts);
        let cutting = Shell::on(&self.simulated).with("AWS_ENDPOINT_URL", &relay.endpoint);
        let ended = cutting.atrest(&line(&lake));
        let before = tags(&bucket.objects(&format!("{prefix}/")));
        let direct = Shell::on(&self.simulated);
        let again = direct.atrest(&line(&lake)).ended(0);
        let after = tags(&bucket.objects(&format!("{prefix}/")));
        // What is there stays, and where the run is committed, that is all.
        assert!(before.iter().all(|object| after.contains(object)), "{what}: {before:?} {after:?}");
        if ended.status.success() {
            let said = format!("run {RUN} is already committed (complete) and is not changed\n");
            assert_eq!((again.stderr, before), (said, after), "{what}");
        } else {
            assert!(again.stderr.contains(&format!("run {RUN} · census · complete")), "{what}: {again}");
        }
        // Each file is held to its hash.
        direct.atrest(&format!("report --lake {lake} --format html -o page.html")).succeeded();
        ended
    }
}

fn stage(venv: &Venv) -> Stage<'_> {
    Stage { simulated: Simulated::start(SMALL), venv, lakes: 0 }
}

fn cut(part: &str, at: At, times: usize) -> Cut {
    Cut { method: "PUT", part: part.to_owned(), at, times }
}

#[test]
fn one_lost_answer_of_each_write_ends_no_night() {
    let venv = venv();
    let mut stage = stage(&venv);
    let segment = format!("/{}.jsonl.zst", stage.simulated.account(|_| true));
    for at in [At::Request, At::Answer, At::Head] {
        let parts =
            ["/organization.jsonl.zst", &segment, "/publication.json", "/findings/", "/manifests/", "/runs/"];
        let ended = stage.night(parts.iter().map(|part| cut(part, at, 1)).collect()).ended(0);
        assert!(ended.stderr.contains(&format!("run {RUN} · census · complete")), "{at:?}: {ended}");
    }
}

#[test]
fn a_write_whose_every_answer_is_lost_is_committed_or_told() {
    let venv = venv();
    let mut stage = stage(&venv);
    let segment = format!("/{}.jsonl.zst", stage.simulated.account(|_| true));
    for part in [segment.as_str(), "/findings/", "/runs/"] {
        // What the server never learns of is not done.
        let ended = stage.night(vec![cut(part, At::Request, usize::MAX)]).ended(1);
        assert!(ended.stderr.contains("error: failed to write s3://atrest-lake/l-"), "{ended}");
        assert!(ended.stderr.contains(part), "{ended}");
        let words = ended.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(words.contains(&format!("continue with --run {RUN}")), "{ended}");
        // What it did is read back where the run is published. A segment is adopted by the next attempt.
        let ended = stage.night(vec![cut(part, At::Answer, usize::MAX)]);
        match part.contains(".zst") {
            false => assert!(ended.ended(0).stderr.contains(&format!("run {RUN} · census · complete"))),
            true => {
                let said = ended.ended(1).stderr;
                assert!(said.contains("error: failed to write s3://") && said.contains(part), "{said}");
            }
        }
    }
}
