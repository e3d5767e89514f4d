//! Which files of a lake a question reads: what committed runs wrote, all of it, and nothing else.

use atrest::model::RunId;

use super::{also_on, demo, part, sql, unverified};
use crate::support::night::{NOW, Night, Rules, only_accounts, rejudge};
use crate::support::python::venv;
use crate::support::shell::{Shell, names};
use crate::support::worlds::healthy;

/// How many nights a lake has buckets of.
const NIGHTS: &str = "SELECT count(DISTINCT dt) AS nights FROM buckets";

#[test]
fn a_run_without_its_row_is_not_there() {
    let venv = venv();
    let shell = demo(&venv);
    let count = "SELECT count(*) AS n FROM buckets_committed";
    let before = sql(&shell, count);
    also_on(&shell, "2026-11-22");
    std::fs::remove_dir_all(shell.path("lake/runs/dt=2026-11-22")).unwrap();
    assert_eq!(sql(&shell, count), before);
    assert_eq!(sql(&shell, "SELECT max(dt) AS dt FROM buckets_latest")[0]["dt"], "2026-11-21");
    assert_eq!(sql(&shell, "SELECT max(dt) AS dt FROM buckets")[0]["dt"], "2026-11-21");
}

#[test]
fn an_older_schema_lacks_a_column_and_is_read() {
    let venv = venv();
    let shell = demo(&venv);
    let path = part(&shell, "buckets");
    let old = path.display();
    shell.duckdb(
        &venv,
        &format!(
            "COPY (SELECT * EXCLUDE (tls_only, blocked_encryption_types) FROM '{old}') TO 'old.parquet'"
        ),
    );
    std::fs::rename(shell.path("old.parquet"), &path).unwrap();
    let counts = "SELECT count(*) > 0 AS rows, count(tls_only) + count(blocked_encryption_types) AS n FROM buckets_latest";
    assert_eq!(unverified(&shell, counts), serde_json::json!([{"rows": true, "n": 0}]));
    shell.atrest("query --lake lake --no-verify buckets_open_to_plain_http").succeeded();
}

#[test]
fn an_older_schema_beside_todays_is_read() {
    let venv = venv();
    let shell = demo(&venv);
    also_on(&shell, "2026-11-20");
    let folder = shell.path("lake/buckets/dt=2026-11-20");
    let path = folder.join(&names(&folder)[0]);
    let old = path.display();
    shell.duckdb(&venv, &format!("COPY (SELECT * EXCLUDE (encryption) FROM '{old}') TO 'old.parquet'"));
    std::fs::rename(shell.path("old.parquet"), &path).unwrap();
    let counts = "SELECT dt, count(encryption) > 0 AS any FROM buckets GROUP BY dt ORDER BY dt";
    let expected = serde_json::json!([{"dt": "2026-11-20", "any": false}, {"dt": "2026-11-21", "any": true}]);
    assert_eq!(unverified(&shell, counts), expected);
}

#[test]
fn a_torn_file_is_named_and_a_foreign_one_passed_over() {
    let venv = venv();
    let shell = demo(&venv);
    let path = part(&shell, "keys");
    shell.write("lake/keys/dt=2026-11-21/notes.parquet", "no Parquet");
    shell.atrest("query --lake lake keys_by_reach").succeeded();
    let bytes = std::fs::read(&path).unwrap();
    for torn in [&bytes[..bytes.len() / 2], b"", b"some text, which is no Parquet"] {
        std::fs::write(&path, torn).unwrap();
        for line in ["query --lake lake keys_by_reach", "query --lake lake --no-verify keys_by_reach"] {
            let refused = shell.atrest(line).ended(1);
            assert!(refused.stderr.contains("error: failed to read lake/keys/dt=2026-11-21/"), "{refused}");
            assert_eq!(refused.stderr.matches("error: ").count(), 1, "{refused}");
        }
    }
    // What does not stand on the file is answered.
    shell.atrest("query --lake lake standards_in_effect").succeeded();
}

#[test]
fn a_path_is_a_path_whatever_its_letters() {
    let venv = venv();
    let shell = demo(&venv);
    let name = "a 'lake' [of] *?";
    std::fs::rename(shell.path("lake"), shell.path(name)).unwrap();
    let answer = shell.run(["query", "--lake", name, "--format", "json", "population"]).succeeded();
    assert_eq!(answer.json()[0]["adds_up"], true);
}

#[test]
fn a_lake_without_a_run_has_no_answers() {
    let shell = Shell::new();
    std::fs::create_dir(shell.path("lake")).unwrap();
    let refused = shell.atrest("query --lake lake population").ended(2);
    assert!(refused.stderr.contains("it holds no committed run"), "{refused}");
}

#[test]
fn a_part_that_is_gone_is_not_fewer_rows() {
    let venv = venv();
    let shell = demo(&venv);
    std::fs::remove_file(part(&shell, "keys")).unwrap();
    let refused = shell.atrest("query --lake lake keys_by_reach").ended(1);
    assert!(refused.stderr.contains("lake/keys/dt=2026-11-21/"), "{refused}");
    assert!(refused.stderr.contains("it is not there") && refused.stdout.is_empty(), "{refused}");
    // What does not stand on the file is answered.
    shell.atrest("query --lake lake standards_in_effect").succeeded();
}

#[test]
fn without_a_manifest_a_run_is_read_only_unverified() {
    let venv = venv();
    let shell = demo(&venv);
    also_on(&shell, "2026-11-20");
    let verified = shell.run(["query", "--lake", "lake", "--format", "json", "--sql", NIGHTS]).succeeded();
    assert_eq!(verified.json(), serde_json::json!([{"nights": 1}]));
    let note = "note: left out because they cannot be read: 20261120T030000Z-";
    assert!(verified.stderr.contains(note), "{verified}");
    assert!(verified.stderr.contains("its manifest is missing"), "{verified}");
    let counted = shell
        .run(["query", "--lake", "lake", "--no-verify", "--format", "json", "--sql", NIGHTS])
        .succeeded();
    assert_eq!(counted.json(), serde_json::json!([{"nights": 2}]));
    assert!(counted.stderr.contains("whether all files are there: 20261120T030000Z-"), "{counted}");
}

#[test]
fn a_copy_beside_the_lakes_own_folders_is_no_night() {
    let venv = venv();
    let shell = demo(&venv);
    for table in ["buckets", "runs"] {
        let folder = shell.path(&format!("lake/{table}/dt=2026-11-21.bak"));
        std::fs::create_dir(&folder).unwrap();
        let from = part(&shell, table);
        std::fs::copy(&from, folder.join(from.file_name().unwrap())).unwrap();
    }
    let counted = shell.run(["query", "--lake", "lake", "--format", "json", "--sql", NIGHTS]).succeeded();
    assert_eq!(counted.json(), serde_json::json!([{"nights": 1}]));
}

#[test]
fn a_folder_above_the_lake_is_no_column() {
    let venv = venv();
    let shell = demo(&venv);
    let accounts = "SELECT min(account_id) AS least FROM buckets";
    let before = sql(&shell, accounts);
    std::fs::create_dir_all(shell.path("account_id=1/dt=2020-01-01")).unwrap();
    std::fs::rename(shell.path("lake"), shell.path("account_id=1/dt=2020-01-01/lake")).unwrap();
    let lake = "account_id=1/dt=2020-01-01/lake";
    let after = shell.run(["query", "--lake", lake, "--format", "json", "--sql", accounts]).succeeded();
    assert_eq!(after.json(), before);
}

#[test]
fn a_lake_without_a_census_is_no_answer() {
    let venv = venv();
    let healthy = healthy();
    let night = Night::over(healthy.world).filtered(only_accounts([healthy.one]));
    let shell = Shell::holding(night.run().store.objects()).asking(&venv);
    let refused = shell.atrest("query --lake lake buckets_below_standard").ended(2);
    assert!(refused.stderr.contains("lake holds no census: its newest run, 20261121T030000Z-"), "{refused}");
    // What is no question about censuses is answered; a statement of one's own is, with a note.
    shell.atrest("query --lake lake runs_of_period").succeeded();
    let own = shell.run(["query", "--lake", "lake", "--sql", "SELECT * FROM buckets_latest"]).succeeded();
    assert!(own.stderr.contains("note: lake holds no census"), "{own}");
}

#[test]
fn without_its_manifest_a_run_is_no_census() {
    let venv = venv();
    let healthy = healthy();
    let night = Night::over(healthy.world).filtered(only_accounts([healthy.one]));
    let morning = night.run();
    let again = RunId::new(NOW, 2);
    rejudge(&morning.store, &morning.run_id, &again, &Rules::default()).unwrap();
    let lake = morning.store.objects();
    let manifest = format!("manifests/{}.json", morning.run_id);
    assert!(lake.contains_key(&manifest), "{:?}", lake.keys());
    let shell = Shell::holding(lake.into_iter().filter(|(key, _)| *key != manifest)).asking(&venv);
    let refused = shell.atrest("query --lake lake buckets_by_encryption").ended(1);
    assert!(refused.stderr.contains("its manifest is missing"), "{refused}");
    let refused = shell.atrest("query --lake lake --no-verify buckets_by_encryption").ended(2);
    assert!(refused.stderr.contains("lake holds no census"), "{refused}");
}

#[test]
fn a_folder_above_the_links_is_no_column() {
    let venv = venv();
    let shell = demo(&venv);
    let folder = shell.path("verdict=pass");
    std::fs::create_dir(&folder).unwrap();
    let shell = shell.with("TMPDIR", &folder.to_string_lossy());
    let refused = shell.atrest("query --lake lake posture_by_check").ended(2);
    assert!(refused.stderr.contains("set TMPDIR to a folder without `=`"), "{refused}");
    let shell = shell.with("TMPDIR", "nowhere");
    let refused = shell.atrest("query --lake lake posture_by_check").ended(1);
    assert!(refused.stderr.contains("nowhere") && refused.stderr.contains("TMPDIR says where"), "{refused}");
}
