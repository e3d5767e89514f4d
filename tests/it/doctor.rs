//! `atrest doctor`: every step with pass, fail and the fix.

use crate::support::http::{element, post};
use crate::support::python::Finished;
use crate::support::shell::{Shell, Simulated, names};

/// What doctor says, without what differs from one run to the next.
fn told(finished: &Finished) -> &str {
    assert_eq!(finished.stdout, "", "words for people: {finished}");
    &finished.stderr
}

/// Every failed step is followed by what to do about it.
#[track_caller]
fn assert_fixes(finished: &Finished) {
    let lines: Vec<&str> = finished.stderr.lines().collect();
    let failed: Vec<usize> = (0..lines.len()).filter(|at| lines[*at].starts_with("  FAIL  ")).collect();
    assert!(!failed.is_empty(), "{finished}");
    for at in &failed {
        let fix = lines[*at + 1..].iter().take_while(|line| line.starts_with("        ")).copied();
        assert!(fix.collect::<String>().contains("fix: "), "{finished}");
    }
    let plural = if failed.len() == 1 { "" } else { "s" };
    assert!(finished.stderr.ends_with(&format!("{} step{plural} to fix\n", failed.len())), "{finished}");
}

#[test]
fn a_night_that_will_work_passes_every_step() {
    let simulated = Simulated::start("");
    let shell = Shell::on(&simulated);
    let finished = shell.atrest("doctor --lake s3://atrest-lake/census").succeeded();
    assert!(!finished.stderr.contains("FAIL"), "{finished}");
    insta::assert_snapshot!("doctor_passes", told(&finished));
    let in_a_folder = shell.atrest("doctor --lake lake").succeeded();
    assert!(in_a_folder.stderr.contains("lake can be listed, written and read"), "{in_a_folder}");
    // What it tried with is gone, or where no reader of a table looks.
    assert!(names(&shell.path("lake")).iter().all(|name| name.starts_with("observations/")));
}

#[test]
fn a_role_that_is_refused_is_to_be_deployed_or_named() {
    let simulated = Simulated::start("");
    let finished = Shell::on(&simulated).atrest("doctor --role-name no-such-role").ended(2);
    assert_fixes(&finished);
    insta::assert_snapshot!("doctor_role_refused", told(&finished));
}

#[test]
fn a_closed_region_and_barred_resources_are_told_with_who_denied() {
    let simulated = Simulated::start("");
    let closed = simulated.account(|account| !account["denials"].as_array().unwrap().is_empty());
    let shell = Shell::on(&simulated);
    let finished = shell.atrest(&format!("doctor --account {closed}")).ended(2);
    assert_fixes(&finished);
    assert!(finished.stderr.contains("not read: access denied by an SCP (AccessDenied"), "{finished}");
    // The session's name has the instant.
    insta::with_settings!({filters => [(r"atrest-doctor-\d{8}T\d{6}Z", "atrest-doctor-INSTANT")]}, {
        insta::assert_snapshot!("doctor_region_closed", told(&finished));
    });
    let barred = simulated.account(|account| {
        account["buckets"].as_object().unwrap().values().any(|b| b["denied_actions"] != serde_json::json!([]))
    });
    let finished = shell.atrest(&format!("doctor --account {barred}")).ended(2);
    assert_fixes(&finished);
    assert!(finished.stderr.contains("by a resource policy"), "{finished}");
}

#[test]
fn a_lake_that_cannot_be_written_is_told_with_the_fix() {
    let simulated = Simulated::start("");
    let shell = Shell::on(&simulated);
    shell.write("file", "in the way");
    let caller = simulated.state()["caller"]["account"].clone();
    let other = simulated.account(|account| account["id"] != caller);
    let buckets = simulated.state()["accounts"][&other]["buckets"].as_object().unwrap();
    let (barred, _) = buckets.iter().find(|(_, bucket)| bucket["vanished"] == false).unwrap();
    for lake in ["file", "file/below", "s3://no-such-bucket-of-ours/x", &format!("s3://{barred}/x")] {
        let finished = shell.atrest(&format!("doctor --lake {lake}")).ended(2);
        assert_fixes(&finished);
        assert!(finished.stderr.contains("  FAIL  lake: failed to "), "{finished}");
    }
    // What a scan says to do about it is the fix.
    for lake in ["s3://no-such-bucket-of-ours/x".to_owned(), format!("s3://{barred}/x")] {
        let scan = shell.atrest(&format!("scan --lake {lake}")).ended(2);
        let (_, advice) = scan.stderr.trim().split_once("; ").unwrap();
        let visit = shell.atrest(&format!("doctor --lake {lake}"));
        let (_, fix) = visit.stderr.split_once("FAIL  lake: ").unwrap().1.split_once("fix: ").unwrap();
        let fix = fix.split("\n\n").next().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(fix, advice, "{visit}");
    }
}

#[test]
fn a_lake_of_another_organization_is_told() {
    let (first, second) = (Simulated::start("--accounts 2"), Simulated::start("--accounts 2 --seed 2"));
    let shell = Shell::on(&first);
    shell.atrest("scan --lake lake");
    let lake = shell.path("lake");
    let finished = Shell::on(&second).run(["doctor", "--lake", lake.to_str().unwrap()]).ended(2);
    assert_fixes(&finished);
    assert!(finished.stderr.contains("it holds organization o-"), "{finished}");
}

#[test]
fn an_organization_that_cannot_be_read_ends_with_5() {
    let simulated = Simulated::start("");
    let caller = simulated.state()["caller"]["account"].clone();
    let member = simulated.account(|account| {
        account["id"] != caller && account["roles"]["atrest-audit"]["trusts_callers"] == true
    });
    // A session in a member account, which may not list the organization.
    let form = format!(
        "Action=AssumeRole&Version=2011-06-15&RoleSessionName=test&\
         RoleArn=arn%3Aaws%3Aiam%3A%3A{member}%3Arole%2Fatrest-audit"
    );
    let answer = post(&simulated.server.endpoint, simulated.variable("AWS_ACCESS_KEY_ID"), "sts", &form);
    let shell = Shell::on(&simulated)
        .with("AWS_ACCESS_KEY_ID", element(&answer, "AccessKeyId"))
        .with("AWS_SECRET_ACCESS_KEY", element(&answer, "SecretAccessKey"))
        .with("AWS_SESSION_TOKEN", element(&answer, "SessionToken"));
    let finished = shell.atrest("doctor").ended(5);
    assert_fixes(&finished);
    assert!(finished.stderr.contains("FAIL  organization: organizations:ListAccounts denied"), "{finished}");
    // A scan ends alike, and makes nothing.
    let finished = shell.atrest("scan --lake lake").ended(5);
    assert!(finished.stderr.contains("failed to list the organization's accounts: "), "{finished}");
    assert!(finished.stderr.contains("hint: "), "{finished}");
    assert!(names(&shell.path("lake")).iter().all(|name| name.starts_with("observations/")), "{finished}");
    shell.atrest("scan --lake lake --estimate").ended(5);
}

#[test]
fn without_credentials_or_a_region_it_says_so() {
    let simulated = Simulated::start("--accounts 1");
    let refused = Shell::on(&simulated).without("AWS_REGION").without("AWS_DEFAULT_REGION").atrest("doctor");
    assert!(refused.ended(2).stderr.contains("no AWS Region is configured"));
    let refused = Shell::on(&simulated).without("AWS_ACCESS_KEY_ID").atrest("doctor").ended(2);
    assert!(refused.stderr.contains("hint: set AWS_PROFILE"), "{refused}");
}
