//! A run of the future would hide every night until its date has come: it is refused until it is meant, and told
//! wherever it stands before the run that a user thinks of.

use crate::support::http::serve;
use crate::support::python::venv;
use crate::support::shell::{Shell, Simulated, files};

const SMALL: &str = "--accounts 3 --buckets 12 --keys 6";
const FLAG: &str = "ATREST_ALLOW_FUTURE_RUN";

/// A run that is older than the clock of any machine, and one that is newer.
const PAST: &str = "20071121T030000Z-0badcafe";
const FUTURE: &str = "29991121T030000Z-0badcafe";

#[test]
fn a_run_of_the_future_is_refused_until_it_is_meant_and_told_from_then_on() {
    let simulated = Simulated::start(SMALL);
    let shell = Shell::on(&simulated).without(FLAG);
    for run in [FUTURE, "2999-11-21T03:00:00Z"] {
        let refused = shell.run(["scan", "--lake", "lake", "--run", run]).ended(2);
        let said = ["is dated 2999-11-21T03:00:00", "the clock says 2", "--allow-future-run"];
        assert!(said.iter().all(|words| refused.stderr.contains(words)), "{refused}");
        assert!(!shell.path("lake").exists(), "not even the folder is made");
    }
    let before_aws = shell.run(["scan", "--lake", "lake", "--run", "00000101T000000Z-0badcafe"]).ended(2);
    assert!(before_aws.stderr.contains("there was no AWS to scan on 0000-01-01"), "{before_aws}");
    std::fs::create_dir(shell.path("lake")).unwrap();
    let missing = shell.run(["finalize", "--lake", "lake", "--run", FUTURE]).ended(2);
    assert!(
        missing.stderr.contains("lake has no log of it") && !missing.stderr.contains("clock"),
        "{missing}"
    );
    shell.run(["scan", "--lake", "lake", "--run", FUTURE]).ended(2);
    assert_eq!(files(&shell.path("lake/observations")), [], "nothing of it was scanned");
    let before = shell.run(["scan", "--lake", "lake", "--run", PAST]).ended(0);
    assert!(!before.stderr.contains("newer"), "{before}");

    shell.run(["scan", "--lake", "lake", "--run", FUTURE, "--allow-future-run"]).ended(0);
    // What is committed is left alone, whatever its date.
    shell.run(["scan", "--lake", "lake", "--run", FUTURE]).ended(0);
    let commit = format!("delete lake/runs/dt=2999-11-21/{FUTURE}-00000.parquet");
    for line in ["scan --lake lake", "report --lake lake --format csv --table accounts -o accounts.csv"] {
        let told = shell.atrest(line).ended(0);
        assert!(told.stderr.contains(FUTURE), "{line}: {told}");
        // Lines are wrapped for a person.
        let said = told.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(&commit), "{line}: {told}");
    }
    // A run that is judged again takes no census's place, and a run that is asked for is the one that is read.
    for line in [
        format!("finalize --lake lake --run {PAST}"),
        format!("report --lake lake --run {PAST} --format csv --table accounts -o accounts.csv"),
    ] {
        let said = shell.atrest(&line).ended(0).stderr;
        assert!(!said.contains(FUTURE), "{line}: {said}");
    }
    let venv = venv();
    let shell = shell.asking(&venv);
    let told = shell.atrest("query --lake lake buckets_by_encryption");
    assert!(told.stderr.contains(FUTURE), "{told}");
}

#[test]
fn a_run_that_is_no_census_hides_none() {
    let simulated = Simulated::start(SMALL);
    let shell = Shell::on(&simulated).without(FLAG);
    shell
        .run(["scan", "--lake", "lake", "--run", FUTURE, "--allow-future-run", "--region", "eu-west-1"])
        .ended(0);
    for line in ["scan --lake lake", "report --lake lake --format csv --table accounts -o accounts.csv"] {
        let said = shell.atrest(line).ended(0).stderr;
        assert!(!said.contains(FUTURE), "{line}: {said}");
    }
}

#[test]
fn a_clock_that_aws_contradicts_is_refused() {
    let who = "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
               <Arn>arn:aws:iam::111122223333:user/a</Arn><UserId>AIDA</UserId><Account>111122223333</Account>\
               </GetCallerIdentityResult></GetCallerIdentityResponse>";
    // A header more: the server's clock stands in 1999.
    let address = serve("200 OK", "text/xml\r\ndate: Sun, 21 Nov 1999 03:00:00 GMT", who);
    let shell = Shell::new()
        .with("AWS_ENDPOINT_URL", &format!("http://{address}"))
        .with("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        .with("AWS_SECRET_ACCESS_KEY", "example")
        .with("AWS_REGION", "eu-west-1");
    let refused = shell.atrest("scan --lake lake").ended(2);
    assert!(refused.stderr.contains("AWS's answers are dated 1999-11-21T03:00:00"), "{refused}");
    assert!(refused.stderr.contains("--allow-future-run"), "{refused}");
    // Who knows goes on: to the account list, which this server has not.
    shell.atrest("scan --lake lake --allow-future-run").ended(5);
}
