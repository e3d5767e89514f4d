//! The keys that a manifest names: of its own run's files, and of nothing else.
//!
//! They come from a file that anyone may have written, and become paths: to be read, linked and shown. So they are held
//! to how a run's keys are made, once, where a manifest is read. A table that this version does not know is no error:
//! a newer one may write more. Pure: a manifest in, a sentence out.

use std::collections::BTreeSet;

use super::committed::table_key;
use super::{FileEntry, Manifest, SegmentEntry};
use crate::log;
use crate::model::RunId;

/// Folders of a lake that are no tables of a manifest.
const NO_TABLES: [&str; 4] = ["manifests", "observations", "policies", "runs"];

/// What a manifest names that is no file of its run, or that it names twice.
pub fn strange(manifest: &Manifest) -> Option<String> {
    let file = manifest.files.iter().find(|file| !is_of_table(&manifest.run_id, file));
    let strange = file.map(|file| none(&file.key, "file of this run"));
    let files = manifest.files.iter().map(|file| &file.key);
    strange
        .or_else(|| strange_segment(&manifest.observed_run_id, &manifest.segments))
        .or_else(|| twice(files))
}

/// What these entries name that is no log of a run, or twice.
pub fn strange_segment(run_id: &RunId, segments: &[SegmentEntry]) -> Option<String> {
    let segment = segments.iter().find(|segment| !is_of_log(run_id, segment));
    let strange = segment.map(|segment| none(&segment.key, &format!("log of run {run_id}")));
    strange.or_else(|| twice(segments.iter().map(|segment| &segment.key)))
}

fn is_of_table(run_id: &RunId, file: &FileEntry) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    let is_table = !file.table.is_empty()
        && file.table.bytes().all(is_word)
        && !NO_TABLES.contains(&file.table.as_str());
    let number = file.key.strip_suffix(".parquet").and_then(|key| key.rsplit('-').next()?.parse().ok());
    is_table && number.is_some_and(|number| file.key == table_key(&file.table, run_id, number))
}

fn is_of_log(run_id: &RunId, segment: &SegmentEntry) -> bool {
    let Some(account_id) = segment.account_id else {
        return segment.key == log::organization_key(run_id);
    };
    log::account_of(run_id, &segment.key).is_some_and(|(found, nth)| {
        found == account_id && segment.key == log::later_segment_key(run_id, account_id, nth)
    })
}

fn none(key: &str, what: &str) -> String {
    format!("it names `{}`, which is not the key of a {what}", key.escape_debug())
}

fn twice<'a>(keys: impl Iterator<Item = &'a String>) -> Option<String> {
    let mut seen = BTreeSet::new();
    keys.into_iter().find(|key| !seen.insert(*key)).map(|key| format!("it names `{key}` twice"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = "20261121T030000Z-0badcafe";

    fn file(table: &str, key: &str) -> FileEntry {
        FileEntry { key: key.to_owned(), sha256: String::new(), bytes: 0, rows: 0, table: table.to_owned() }
    }

    fn segment(account: Option<&str>, key: &str) -> SegmentEntry {
        SegmentEntry {
            key: key.to_owned(),
            sha256: String::new(),
            bytes: 0,
            account_id: account.map(|id| id.parse().unwrap()),
            role_arn: None,
        }
    }

    #[test]
    fn only_a_files_own_key_is_its_tables() {
        let run_id: RunId = RUN.parse().unwrap();
        let good = format!("buckets/dt=2026-11-21/{RUN}-00000.parquet");
        assert!(is_of_table(&run_id, &file("buckets", &good)));
        assert!(is_of_table(&run_id, &file("buckets", &good.replace("-00000.", "-00012."))));
        // Of a newer version.
        assert!(is_of_table(&run_id, &file("key_uses", &good.replace("buckets", "key_uses"))));
        for key in [
            "",
            "/etc/passwd",
            "../outside.parquet",
            &format!("../{good}"),
            &format!("./{good}"),
            &format!("/{good}"),
            &good.replace("/dt", "//dt"),
            &good.replace("/dt", "/../buckets/dt"),
            &good.replace("/dt", "\\dt"),
            &good.replace("dt=", "dt=\0"),
            &good.replace("2026-11-21", "2026-11-22"),
            &good.replace("0badcafe", "0badbeef"),
            &good.replace("00000", "0"),
            &good.replace("00000", "+0000"),
            &good.replace("buckets", "keys"),
            &format!("{good}/x"),
        ] {
            assert!(!is_of_table(&run_id, &file("buckets", key)), "{key:?}");
        }
        for table in
            ["..", "", ".", "a/b", "a\\b", "Buckets", "runs", "observations", "manifests", "policies"]
        {
            assert!(!is_of_table(&run_id, &file(table, &good.replace("buckets", table))), "{table:?}");
        }
    }

    #[test]
    fn only_a_segments_own_key_is_its_runs() {
        let run_id: RunId = RUN.parse().unwrap();
        let (list, one) =
            (log::organization_key(&run_id), log::segment_key(&run_id, "111122223333".parse().unwrap()));
        let good = [
            segment(None, &list),
            segment(Some("111122223333"), &one),
            segment(Some("111122223333"), &one.replace(".jsonl", "-2.jsonl")),
        ];
        assert_eq!(strange_segment(&run_id, &good), None);
        for (account, key) in [
            (None, "../organization.jsonl.zst".to_owned()),
            (None, one.clone()),
            (Some("111122223333"), list.clone()),
            (Some("111122223333"), one.replace("observations/", "observations/../")),
            (Some("111122223333"), one.replace("observations/", "/observations/")),
            (Some("444455556666"), one.clone()),
            (Some("111122223333"), one.replace(".jsonl", "-02.jsonl")),
        ] {
            let said = strange_segment(&run_id, &[segment(account, &key)]).unwrap();
            assert!(said.contains(&key) && said.contains("not the key of a log of run"), "{said}");
        }
        let twice = [segment(None, &list), segment(None, &list)];
        assert!(strange_segment(&run_id, &twice).unwrap().ends_with("twice"));
    }
}
