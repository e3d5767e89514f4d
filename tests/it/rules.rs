//! The standard and the exceptions as typed: the files, their mistakes, the exit codes, and a run
//! that is judged again.

use crate::support::python::Finished;
use crate::support::shell::{RUN, Shell, Simulated, assert_narrow, committed};

const STANDARD: &str = include_str!("../standards/standard.toml");
const EXCEPTIONS: &str = include_str!("../standards/exceptions.toml");
/// A small organization without trouble, whose every bucket fails something.
const SMALL: &str = "--accounts 3 --buckets 12 --keys 6";

#[track_caller]
fn refused(finished: Finished, words: &[&str]) {
    let finished = finished.ended(2);
    for words in words {
        assert!(finished.stderr.contains(words), "{words}: {finished}");
    }
    assert_eq!(finished.stdout, "", "{finished}");
}

fn shell_with_files() -> Shell {
    let shell = Shell::new();
    shell.write("standard.toml", STANDARD);
    shell.write("exceptions.toml", EXCEPTIONS);
    shell
}

#[test]
fn the_checks_are_documented() {
    let shell = shell_with_files();
    let built_in = shell.atrest("checks").succeeded();
    assert_eq!(built_in.stderr, "");
    assert_narrow(&built_in.stdout);
    for check in atrest::check::CHECKS {
        assert!(built_in.stdout.contains(&format!("\n{} (", check.id)), "{}", check.id);
        for reason in check.reasons {
            let line = format!("    {:<15} {}:", reason.verdict.word(), reason.code);
            assert!(built_in.stdout.contains(&line), "{}: {line}", check.id);
        }
    }
    insta::assert_snapshot!("checks", built_in.stdout);
    let own = shell.atrest("checks --standard standard.toml --exceptions exceptions.toml").succeeded();
    assert_narrow(&own.stdout);
    for words in
        ["Standard example-corp, version 2026-11", "Sandbox: low", "777788889999: off", "EX-2026-001"]
    {
        assert!(own.stdout.contains(words), "{words}: {own}");
    }
}

#[test]
fn a_mistake_in_a_file_is_told_with_its_line_and_nothing_is_done() {
    let shell = shell_with_files();
    shell.write("slip.toml", &STANDARD.replace("severity = \"high\"", "severty = \"high\""));
    shell.write("syntax.toml", "id = [");
    for command in ["checks", "scan --lake lake", &format!("finalize --lake lake --run {RUN}")] {
        let with = |rest: &str| shell.atrest(&format!("{command} {rest}"));
        refused(with("--standard nowhere.toml"), &["failed to read the standard in nowhere.toml"]);
        refused(with("--standard syntax.toml"), &["syntax.toml: line 1: not TOML"]);
        refused(
            with("--standard slip.toml"),
            &["nothing was judged", "slip.toml: line ", "`severty`", "did you mean `severity`?"],
        );
        refused(
            with("--exceptions exceptions.toml"),
            &["exceptions.toml: no one can approve an exception", "write a standard with"],
        );
        shell.write("late.toml", &EXCEPTIONS.replace("expires = 2026-12-15", "expires = 2026-11-01"));
        refused(
            with("--standard standard.toml --exceptions late.toml"),
            &["late.toml: line ", "`expires` must be after `starts`"],
        );
    }
    assert!(!shell.path("lake").exists(), "a mistake comes before the lake");
}

#[test]
fn exceptions_are_imported_and_refused_until_a_person_fills_them() {
    let shell = shell_with_files();
    shell.write("old.tfvars", "{\"sample-s3-bucket\"=\"12/31/99 00:00\",\"sample2-s3-bucket2\"=\"None\"}");
    let imported = shell.atrest("checks --standard standard.toml --import-exceptions old.tfvars").succeeded();
    assert!(imported.stdout.contains("imported_without_expiry = true"), "{imported}");
    shell.write("imported.toml", &imported.stdout);
    let check = "checks --standard standard.toml --exceptions imported.toml";
    refused(shell.atrest(check), &["imported.toml: line ", "empty `owner`"]);
    let filled = imported.stdout.replace("approved_at = \"\"", "approved_at = 2026-01-01");
    let filled = filled.replace("approved_by = \"\"", "approved_by = \"ciso@example.com\"");
    shell.write("imported.toml", &filled.replace(" = \"\"", " = \"filled\""));
    let checked = shell.atrest(check).succeeded();
    assert!(checked.stdout.contains("-sample2-s3-bucket2: s3_encryption_standard"), "{checked}");
    shell.write("old.tfvars", "{\"a\"=\"31/12/26\"}");
    refused(shell.atrest("checks --import-exceptions old.tfvars"), &["old.tfvars: line 1"]);
}

#[test]
fn findings_end_a_scan_with_three_unless_told_otherwise() {
    let simulated = Simulated::start(SMALL);
    let shell = Shell::on(&simulated);
    let code = |line: &str, code| {
        let lake = format!("lake{}", line.len());
        let finished = shell.atrest(&format!("scan --lake {lake} {line}")).ended(code);
        assert_eq!(committed(&shell.path(&lake)).len(), 1, "{finished}");
        finished
    };
    let finished = code("", 0);
    assert!(finished.stderr.contains("\nMost severe findings\n"), "{finished}");
    assert_narrow(&finished.stderr);
    code("--fail-on informational", 3);
    code("--fail-on informational --exit-zero-for findings", 0);
    code("--fail-on low --exit-zero-for coverage", 3);
    let misspelt = shell.atrest("scan --lake lake --fail-on hihg").ended(2);
    assert!(misspelt.stderr.contains("'high'"), "{misspelt}");
}

#[test]
fn what_could_not_be_seen_comes_before_what_was_found() {
    let simulated = Simulated::start("--accounts 12 --buckets 40 --keys 20");
    let shell = Shell::on(&simulated);
    shell.atrest("scan --lake one --fail-on informational").ended(4);
    shell.atrest("scan --lake two --fail-on informational --exit-zero-for coverage").ended(3);
    shell.atrest("scan --lake three --fail-on low --exit-zero-for coverage,findings").ended(0);
}

#[test]
fn many_exceptions_are_told_in_a_few_lines() {
    let simulated = Simulated::start(SMALL);
    let shell = Shell::on(&simulated);
    shell.write("standard.toml", STANDARD);
    let first = EXCEPTIONS.split("[[exception]]").nth(1).unwrap();
    let id = first.lines().find(|line| line.starts_with("id = ")).unwrap();
    let record = |n| format!("[[exception]]{}", first.replace(id, &format!("id = \"EX-{n:02}\"")));
    shell.write("exceptions.toml", &(0..25).map(record).collect::<String>());
    let rules = "--standard standard.toml --exceptions exceptions.toml";
    let finished = shell.atrest(&format!("scan --lake lake {rules}")).succeeded();
    assert_narrow(&finished.stderr);
    assert!(finished.stderr.contains("\n  EX-19: "), "{finished}");
    assert!(!finished.stderr.contains("EX-20"), "{finished}");
    assert!(finished.stderr.contains("\n  and 5 more: 5 "), "{finished}");
}

#[test]
fn a_run_is_judged_again_by_another_standard() {
    let simulated = Simulated::start(SMALL);
    let shell = Shell::on(&simulated);
    shell.write("standard.toml", STANDARD);
    shell.write(
        "changed.toml",
        &STANDARD.replace("customer_managed_key = true", "customer_managed_key = false"),
    );
    // A night of its own: runs of one second would have no order.
    shell.atrest("scan --lake lake --run 2026-11-20T03:00:00Z").succeeded();
    let run = committed(&shell.path("lake"))[0].clone();
    let again = format!("finalize --lake lake --run {run}");
    let judged = shell.atrest(&format!("{again} --standard standard.toml --as-of 2026-12-01")).succeeded();
    assert!(judged.stderr.contains(" · rejudged · "), "{judged}");
    assert!(judged.stderr.contains("Standard  example-corp, version 2026-11\n"), "{judged}");
    let late = shell.atrest(&format!("{again} --standard standard.toml --as-of 2027-05-15")).succeeded();
    assert!(late.stderr.contains("version 2026-11, to be reviewed since 2027-05-15\n"), "{late}");
    assert_eq!(committed(&shell.path("lake")).len(), 3);
    let judged = committed(&shell.path("lake")).into_iter().find(|id| *id != run).unwrap();
    let once_more = shell.atrest(&format!("finalize --lake lake --run {judged} --standard standard.toml"));
    let once_more = once_more.succeeded();
    assert!(once_more.stderr.contains(" · rejudged · "), "{once_more}");
    assert_eq!(committed(&shell.path("lake")).len(), 4);
    refused(
        shell.atrest(&format!("{again} --standard changed.toml")),
        &[
            "version 2026-11 differs from the same version in the lake's last run; give the changed standard a new \
           version",
            "hint: the standard is in changed.toml",
        ],
    );
    refused(
        shell.atrest("scan --lake lake --standard changed.toml"),
        &["give the changed standard a new version", "hint: the standard is in changed.toml"],
    );
    assert_eq!(committed(&shell.path("lake")).len(), 4);
}
