//! `atrest report` as typed: which run it takes, what it refuses, what it leaves behind, and the first
//! screen of its page as a person reads it.

use std::path::Path;

use crate::support::python::{Finished, venv};
use crate::support::shell::{BOUND, RUN, Shell, Simulated, committed, files, names, signal};

/// A small organization without trouble.
const SMALL: &str = "--accounts 3 --buckets 12 --keys 6";

/// A demo's lake in the shell's folder.
fn demo() -> Shell {
    let shell = Shell::new();
    shell.atrest(&format!("demo --nights 1 --out demo {SMALL}")).succeeded();
    shell
}

/// What a browser would show, one text a line, up to the first section that is looked up.
fn first_screen(page: &str) -> String {
    let main = page.split_once("<main").unwrap().1;
    let first = main.split_once('>').unwrap().1.split_once("<section id=\"trend\"").unwrap().0;
    let mut lines = Vec::new();
    for block in first.split("</p>").flat_map(|it| it.split("</li>")).flat_map(|it| it.split("</h2>")) {
        let mut text = String::new();
        let mut is_text = true;
        for letter in block.chars() {
            match letter {
                '<' => is_text = false,
                '>' if !is_text => {
                    is_text = true;
                    text.push(' ');
                }
                letter if is_text => text.push(letter),
                _ => {}
            }
        }
        let words: Vec<&str> = text.split_whitespace().filter(|word| *word != ">").collect();
        if !words.is_empty() {
            lines.push(words.join(" "));
        }
    }
    lines.join("\n")
}

/// The files in the shell's folder that are not the demo's, hidden ones among them.
fn beside_the_demo(shell: &Shell) -> Vec<String> {
    names(&shell.path("")).into_iter().filter(|name| !name.starts_with("demo/")).collect()
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn the_first_screen_reads_as_a_person_asks() {
    let shell = Shell::new();
    let said = shell.atrest("demo --nights 3 --out demo").succeeded();
    assert!(said.stderr.contains("the page, for any browser: demo/report.html"), "{said}");
    let page = read(&shell.path("demo/report.html"));
    insta::assert_snapshot!("first_screen", first_screen(&page));

    // One file: nothing is fetched, and nothing runs but what its policy names.
    for outside in ["src=", "http://", "url(", "@import", "<link", "<iframe", " onload", "style=\""] {
        assert!(!page.contains(outside), "{outside}");
    }
    // An address is a link that the reader may follow, and that tells nobody where from.
    let links = page.matches("<a href=\"https://").count();
    assert_eq!(page.matches("https://").count(), links);
    let quiet = page
        .split("<a href=\"https://")
        .skip(1)
        .filter(|it| it.split_once('>').is_some_and(|(tag, _)| tag.ends_with("\" rel=\"noreferrer\"")));
    assert_eq!(quiet.count(), links);
    assert_eq!(page.matches("<script>").count(), 1);
    assert!(page.contains("default-src 'none'; style-src 'sha256-"));
}

#[test]
fn the_same_run_gives_the_same_bytes_and_replaces_the_old_report() {
    let shell = demo();
    let made = read(&shell.path("demo/report.html"));
    shell.write("page.html", "an older report");
    let said = shell.atrest("report --lake demo/lake --format html -o page.html").succeeded();
    assert_eq!(said.stdout, "");
    assert!(said.stderr.contains(" as html in page.html\n"), "{said}");
    assert_eq!(read(&shell.path("page.html")), made);
    let piped = shell.atrest("report --lake demo/lake --format html -o -").succeeded();
    assert_eq!(piped.stdout, made);
    assert_eq!(beside_the_demo(&shell), ["page.html"], "nothing else is left");
}

#[test]
fn the_newest_census_is_taken_and_a_part_only_where_there_is_no_census() {
    let simulated = Simulated::start(SMALL);
    let shell = Shell::on(&simulated);
    let account = simulated.account(|_| true);
    let reported = |lake: &str| {
        let said = shell.atrest(&format!("report --lake {lake} --format html -o page.html")).succeeded();
        said.stderr.split_whitespace().nth(1).unwrap().to_owned()
    };
    let part = format!("--account {account} --run 2026-11-22T03:00:00Z");
    shell.atrest(&format!("scan --lake parts {part}")).ended(0);
    assert_eq!(reported("parts"), committed(&shell.path("parts"))[0]);
    assert!(read(&shell.path("page.html")).contains(&format!("Filters: --account {account}.")));

    shell.atrest(&format!("scan --lake lake --run {RUN}")).ended(0);
    shell.atrest(&format!("scan --lake lake {part}")).ended(0);
    assert_eq!(reported("lake"), RUN, "the filtered run is newer, and is no census");
    let page = read(&shell.path("page.html"));
    assert!(page.contains("Not AWS: the answers came from an endpoint") && !page.contains("Filtered:"));

    shell.atrest(&format!("finalize --lake lake --run {RUN} --as-of 2027-01-01")).ended(0);
    let runs = committed(&shell.path("lake"));
    let rejudged = runs.iter().find(|run| *run != RUN && !run.starts_with("20261122")).unwrap();
    shell.atrest(&format!("report --lake lake --run {rejudged} --format html -o page.html")).succeeded();
    let page = read(&shell.path("page.html"));
    assert!(page.contains(&format!("Re-judged: the observations of run {RUN} were judged again")));
    assert!(page.contains("Not compared: only a census is compared"));
}

#[track_caller]
fn refused(finished: Finished, words: &str) {
    let finished = finished.ended(2);
    assert!(finished.stderr.contains(words), "{words}: {finished}");
    assert_eq!(finished.stderr.matches("error: ").count(), 1, "{finished}");
    assert_eq!(finished.stdout, "", "{finished}");
}

#[test]
fn what_cannot_be_reported_is_one_sentence_and_leaves_nothing() {
    let shell = demo();
    std::fs::create_dir(shell.path("empty")).unwrap();
    std::fs::create_dir(shell.path("folder")).unwrap();
    let before = files(&shell.path(""));
    for (line, words) in [
        (
            "--lake nowhere --format html -o page.html",
            "failed to open the lake nowhere: there is no such folder",
        ),
        ("--lake empty --format html -o page.html", "failed to use empty: it holds no committed run"),
        (
            "--lake demo/lake --run 20200101T000000Z-00000000 --format html -o page.html",
            "it holds no committed run 20200101T000000Z-00000000; its newest is 20261121T030000Z-",
        ),
        (
            "--lake demo/lake --run yesterday --format html -o page.html",
            "invalid value 'yesterday' for '--run",
        ),
        ("--lake demo/lake --format csv --table bukets -o page.html", "a similar value exists: 'buckets'"),
        ("--lake demo/lake --format csv -o page.html", "--format csv needs --table"),
        (
            "--lake demo/lake --format html --table buckets -o page.html",
            "--table goes with --format csv and json",
        ),
        ("--lake demo/lake --format pdf -o page.html", "invalid value 'pdf' for '--format"),
        ("--lake demo/lake --format html", "--output <PATH>"),
        (
            "--lake demo/lake --format html -o none/page.html",
            "failed to write none/page.html: there is no folder none",
        ),
        ("--lake demo/lake --format html -o folder", "failed to write folder: it is a folder"),
        ("--lake demo/lake --format html -o demo/lake/", "it is a folder"),
    ] {
        refused(shell.atrest(&format!("report {line}")), words);
        assert_eq!(files(&shell.path("")), before, "{line}");
    }
}

#[test]
fn a_newer_lake_and_a_changed_file_are_said_and_an_old_report_stays() {
    let shell = demo();
    let lake = shell.path("demo/lake");
    shell.write("page.html", "an older report");
    let run = committed(&lake)[0].clone();
    let findings = lake.join(format!("findings/dt=2026-11-21/{run}-00000.parquet"));
    let mut bytes = std::fs::read(&findings).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&findings, bytes).unwrap();
    let said = shell.atrest("report --lake demo/lake --format html -o page.html").ended(1);
    let named =
        format!("failed to read demo/lake/findings/dt=2026-11-21/{run}-00000.parquet: its SHA-256 is ");
    assert!(said.stderr.contains(&named), "{said}");

    let manifest = lake.join(format!("manifests/{run}.json"));
    let newer = read(&manifest).replace("\"schema_version\":1", "\"schema_version\":2");
    std::fs::write(&manifest, newer).unwrap();
    let newer = shell.atrest("report --lake demo/lake --format html -o page.html");
    refused(newer, "has schema version 2, and this atrest knows up to 1; update it");
    assert_eq!(read(&shell.path("page.html")), "an older report");
    assert_eq!(beside_the_demo(&shell), ["page.html"]);
}

#[test]
fn a_lake_in_a_bucket_gives_the_same_bytes() {
    let venv = venv();
    let simulated = Simulated::start(SMALL);
    let shell = Shell::on(&simulated);
    let lake = "s3://atrest-lake/census";
    shell.atrest(&format!("scan --lake {lake} --run {RUN}")).ended(0);
    shell.atrest(&format!("report --lake {lake} --format html -o from-s3.html")).succeeded();

    let mut download = venv.script("s3_lake.py");
    download.args([&simulated.server.endpoint, "atrest-lake", "download", "census/"]);
    download.arg(shell.path("lake")).envs(simulated.variables.iter().cloned());
    crate::support::python::finish(download, BOUND).succeeded();
    shell.atrest("report --lake lake --format html -o from-folder.html").succeeded();
    assert_eq!(read(&shell.path("from-s3.html")), read(&shell.path("from-folder.html")));

    let none = shell.atrest("report --lake s3://atrest-lake/elsewhere --format html -o none.html");
    refused(none, "failed to use s3://atrest-lake/elsewhere: it holds no committed run");
}

#[test]
fn an_older_night_that_is_damaged_takes_the_comparison_and_not_the_page() {
    let simulated = Simulated::start(SMALL);
    let shell = Shell::on(&simulated);
    for night in ["2026-11-20", "2026-11-21"] {
        shell.atrest(&format!("scan --lake lake --run {night}T03:00:00Z")).ended(0);
    }
    shell.atrest("report --lake lake --format html -o page.html").succeeded();
    assert!(read(&shell.path("page.html")).contains("Findings that fail: "));
    std::fs::remove_dir_all(shell.path("lake/findings/dt=2026-11-20")).unwrap();
    shell.atrest("report --lake lake --format html -o page.html").succeeded();
    let page = read(&shell.path("page.html"));
    assert!(page.contains("Not compared: the previous census cannot be read."));
    assert!(page.contains("lake/findings/dt=2026-11-20/"));
}

#[test]
fn an_output_keeps_what_it_was_and_refuses_what_it_cannot_be() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let shell = demo();
    let report = |output: &str| shell.atrest(&format!("report --lake demo/lake --format html -o {output}"));
    let private = shell.write("private.html", "an older report");
    std::fs::set_permissions(&private, std::fs::Permissions::from_mode(0o600)).unwrap();
    report("private.html").succeeded();
    assert_eq!(std::fs::metadata(&private).unwrap().permissions().mode() & 0o777, 0o600);

    symlink("two", shell.path("one")).unwrap();
    symlink("three.html", shell.path("two")).unwrap();
    report("one").succeeded();
    assert!(shell.path("two").is_symlink() && shell.path("three.html").is_file());
    symlink("there", shell.path("here")).unwrap();
    symlink("here", shell.path("there")).unwrap();
    refused(report("here"), "its links form a loop");
    refused(report("private.html/"), "it is a folder");
}

#[test]
fn a_pipe_that_nobody_reads_does_not_hold_ctrl_c() {
    let shell = demo();
    std::process::Command::new("mkfifo").arg(shell.path("pipe")).status().unwrap();
    // It says so once it listens for signals.
    let mut running = shell.start("report --lake demo/lake --format html -o pipe -v");
    let id = running.id();
    running.until(BOUND, |it| it.stderr().contains("opening pipe").then_some(()));
    signal("INT", id);
    running.end(BOUND).ended(130);
}

#[test]
fn a_page_for_each_account_is_a_folder_that_is_there_whole_or_not_at_all() {
    let shell = demo();
    let split = "report --lake demo/lake --format html --split-by account";
    let said = shell.atrest(&format!("{split} -o pages")).succeeded();
    assert_eq!(said.stdout, "");
    assert!(said.stderr.contains(" as 4 pages in pages; begin with pages/index.html"), "{said}");
    let made = files(&shell.path("pages"));
    // The same report again, and over what an older one left.
    shell.write("pages/000000000000.html", "of an account that is no more");
    shell.atrest(&format!("{split} -o pages")).succeeded();
    assert_eq!(files(&shell.path("pages")), made);
    assert!(shell.path("pages/index.html").is_file() && !shell.path("pages/000000000000.html").exists());

    // What is not ours is left alone, and what cannot be done is said before anything is.
    std::fs::create_dir(shell.path("notes")).unwrap();
    shell.write("notes/index.html", "<p>my own</p>");
    for (line, words) in [
        ("-o notes".to_owned(), "holds more than a report by account"),
        ("-o notes/index.html".to_owned(), "it is not a folder"),
        ("-o missing/pages".to_owned(), "there is no folder missing"),
        ("-o -".to_owned(), "stdout is one"),
        ("-o x --table findings".to_owned(), "--table goes with"),
    ] {
        let refused = shell.atrest(&format!("{split} {line}")).ended(2);
        assert!(refused.stderr.contains(words), "{refused}");
    }
    // By unit: a folder of the other kind is not replaced either.
    let by_unit = "report --lake demo/lake --format html --split-by ou";
    let refused = shell.atrest(&format!("{by_unit} -o pages")).ended(2);
    assert!(refused.stderr.contains("holds more than a report by organizational unit"), "{refused}");
    let said = shell.atrest(&format!("{by_unit} -o units")).succeeded();
    assert!(said.stderr.contains("pages in units; begin with units/index.html"), "{said}");
    shell.atrest(&format!("{by_unit} -o units")).succeeded();

    let other = shell.atrest("report --lake demo/lake --format ocsf --split-by account -o x").ended(2);
    assert!(other.stderr.contains("--split-by goes with --format html"), "{other}");
    shell.atrest("report --lake nowhere --format html --split-by account -o x").ended(2);
    assert_eq!(read(&shell.path("notes/index.html")), "<p>my own</p>");
    assert!(!shell.path("x").exists());
    let left = beside_the_demo(&shell).into_iter().filter(|name| name.starts_with('.')).count();
    assert_eq!(left, 0, "nothing is left of what was not finished");
}

#[test]
fn a_summary_is_a_page_and_no_file_of_rows() {
    let shell = demo();
    shell.atrest("report --lake demo/lake --format html --summary -o page.html").succeeded();
    let page = read(&shell.path("page.html"));
    assert!(page.contains("no fail at medium or worse and no unknown") && !page.contains("<details"));
    let refused =
        shell.atrest("report --lake demo/lake --format csv --table keys --summary -o x.csv").ended(2);
    assert!(refused.stderr.contains("--summary goes with --format html"), "{refused}");
    shell.atrest("report --lake demo/lake --format html --summary --split-by account -o x").ended(2);
}
