//! How long an object of a lake can be, by its kind: what is longer is none that atrest wrote, and is not read.
//!
//! Without a bound, one object that does not end takes the memory of every reader. A file that a manifest names has
//! a closer one: its committed length. Pure: a key in, a number out.

use crate::table;

const MIB: u64 = 1_024 * 1_024;
const GIB: u64 = 1_024 * MIB;

/// An organization of 50,000 accounts has a manifest of some 17 MB.
const MANIFEST: u64 = 64 * MIB;
/// A standard or the exceptions as they were written: 100,000 exceptions have some 50 MB.
const TEXT: u64 = 64 * MIB;
/// One row of `runs` has some 15 kB.
const COMMIT: u64 = MIB;
/// A million buckets are 161 MB of a log, and their findings a file of the same order.
const DATA: u64 = 4 * GIB;
/// Nothing else has a kilobyte.
const OTHER: u64 = MIB;

/// The most bytes that the object of a key can have.
pub fn longest(key: &str) -> u64 {
    match key.split_once('/') {
        Some(("manifests", _)) => MANIFEST,
        Some(("policies", _)) => TEXT,
        Some(("observations", name)) if name.rsplit('/').next() == Some("publication.json") => MANIFEST,
        Some(("observations", _)) => DATA,
        Some((name, _)) if name == table::runs::TABLE.name => COMMIT,
        Some((name, _)) if table::find(name).is_some() => DATA,
        _ => OTHER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_object_has_its_bound() {
        for (key, most) in [
            ("manifests/20261121T030000Z-0badcafe.json", MANIFEST),
            ("observations/20261121T030000Z-0badcafe/publication.json", MANIFEST),
            ("observations/20261121T030000Z-0badcafe/organization.jsonl.zst", DATA),
            ("policies/abc", TEXT),
            ("runs/dt=2026-11-21/20261121T030000Z-0badcafe-00000.parquet", COMMIT),
            ("buckets/dt=2026-11-21/20261121T030000Z-0badcafe-00000.parquet", DATA),
            ("strange", OTHER),
            ("strange/buckets", OTHER),
        ] {
            assert_eq!(longest(key), most, "{key}");
        }
    }
}
