//! The manifest: one canonical JSON file a run that names every byte the run stands on.
//!
//! It is hashed into the `runs` row and into the next run's manifest, so its bytes must not depend
//! on a map's order or on a library's taste: [`canonical_json`] follows RFC 8785 for what is in it
//! (objects, arrays, texts, integers, booleans; there are no floats).

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::agreed::StandardEntry;
use crate::clock::Timestamp;
use crate::model::{
    AccountId, AwsClock, ExceptionUse, FaultKind, Posture, RunId, RunKind, RunStatus, RunTotals, Source,
    Tally, Witness,
};

/// What a run wrote and what it was made from.
///
/// Fields that a reader does not know are left alone: a newer tool may write more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The run.
    pub run_id: RunId,
    /// What it covers.
    pub kind: RunKind,
    /// What it came to.
    pub status: RunStatus,
    /// `o-…`; null where no organization could be read.
    pub org_id: Option<String>,
    /// The organization's management account.
    pub management_account_id: Option<AccountId>,
    /// Where the answers came from.
    pub source: Source,
    /// When the scan began.
    pub started_at: Timestamp,
    /// When the last account's scan ended. None in manifests of before it was kept.
    #[serde(default)]
    pub finished_at: Option<Timestamp>,
    /// When the log was judged; the same.
    #[serde(default)]
    pub judged_at: Option<Timestamp>,
    /// The run whose log was judged.
    pub observed_run_id: RunId,
    /// The instant that exceptions and dates are judged at.
    pub as_of: Timestamp,
    /// The version of the tool that published.
    pub tool_version: String,
    /// The hex SHA-256 of that tool's own file; none in a demo, whose bytes are the same from every build.
    #[serde(default)]
    pub build_sha256: Option<String>,
    /// Who observed what was judged. None in manifests of before it was kept.
    #[serde(default)]
    pub observed: Option<Observed>,
    /// The version of the tables: [`crate::table::SCHEMA_VERSION`] of the writer.
    pub schema_version: i32,
    /// The version of the observation log's format.
    pub log_version: u32,
    /// What was asked for.
    pub settings: Value,
    /// The hex SHA-256 of `settings` in canonical JSON.
    pub settings_sha256: String,
    /// The hash of the standard.
    pub standard_sha256: Option<String>,
    /// The hash of the exceptions.
    pub exceptions_sha256: Option<String>,
    /// The standard by its name. None in manifests of before there was one.
    #[serde(default)]
    pub standard: Option<StandardEntry>,
    /// The exceptions, by id, and what each came to.
    #[serde(default)]
    pub exceptions: Vec<ExceptionUse>,
    /// The hash of the control map.
    pub control_map_sha256: Option<String>,
    /// Every table file, by key. The file of the `runs` row is not here: it names this manifest.
    pub files: Vec<FileEntry>,
    /// Every sealed file of the log that was judged, by key.
    pub segments: Vec<SegmentEntry>,
    /// The sum of the coverage table.
    pub coverage: CoverageTotals,
    /// First attempts by `service:Operation`: what the next night is predicted from.
    #[serde(default)]
    pub calls: BTreeMap<String, u64>,
    /// The totals of the `runs` row.
    pub totals: RunTotals,
    /// How the resources stand: the headline. None in manifests of before there was one.
    #[serde(default)]
    pub posture: Option<Posture>,
    /// The run that was committed before this one.
    pub previous_run_id: Option<RunId>,
    /// The hex SHA-256 of that run's manifest.
    pub previous_manifest_sha256: Option<String>,
}

/// Who observed, with which program, and by which clock: of all parts of the log together.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// The ARNs of the callers: more than one where a run was continued by another.
    pub caller_arns: BTreeSet<String>,
    /// The version of the tool that began the scan.
    pub tool_version: String,
    /// The hashes of the tools' own files.
    pub build_sha256s: BTreeSet<String>,
    /// AWS's own clock beside the scanner's.
    pub aws_clock: Option<AwsClock>,
}

impl Observed {
    /// Adds what one part of the log says.
    pub fn add(&mut self, witness: &Witness) {
        self.caller_arns.extend(witness.caller_arn.clone());
        self.build_sha256s.extend(witness.build_sha256.clone());
        self.aws_clock = match (self.aws_clock, witness.aws_clock) {
            (Some(one), Some(other)) => Some(one.and(other)),
            (one, other) => one.or(other),
        };
    }
}

/// A file of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileEntry {
    /// Relative to the lake.
    pub key: String,
    /// The lower-case hex SHA-256 of its bytes.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// Rows in it.
    pub rows: u64,
    /// The table.
    pub table: String,
}

/// A sealed file of the observation log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentEntry {
    /// Relative to the lake.
    pub key: String,
    /// The lower-case hex SHA-256 of its bytes.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// The account; null for the organization's own log.
    pub account_id: Option<AccountId>,
    /// The ARN of the role that read the account, or that refused to; null for the organization's own log and
    /// where the caller's own credentials did.
    #[serde(default)]
    pub role_arn: Option<String>,
}

/// The sum of the coverage table, column by column.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageTotals {
    /// Reads that were sent or tried: the sum of the ten that follow.
    pub asked: u64,
    /// Reads that gave a value.
    pub known: u64,
    /// Reads that the service answered with "not configured".
    pub absent: u64,
    /// Reads of what was no longer there.
    pub gone: u64,
    /// See [`FaultKind::Denied`].
    pub denied: u64,
    /// See [`FaultKind::Throttled`].
    pub throttled: u64,
    /// See [`FaultKind::Transport`].
    pub transport: u64,
    /// See [`FaultKind::Service`].
    pub service: u64,
    /// See [`FaultKind::Protocol`].
    pub protocol: u64,
    /// See [`FaultKind::Identity`].
    pub identity: u64,
    /// See [`FaultKind::Unavailable`].
    pub unavailable: u64,
    /// Reads that the plan called for and that were not sent.
    pub not_asked: u64,
}

impl CoverageTotals {
    /// Adds the counts of one row.
    pub fn add(&mut self, tally: &Tally) {
        self.asked += tally.asked();
        self.known += tally.known;
        self.absent += tally.absent;
        self.gone += tally.gone;
        for kind in FaultKind::ALL {
            *self.of(*kind) += tally.faults_of(*kind);
        }
        self.not_asked += tally.not_asked();
    }

    fn of(&mut self, kind: FaultKind) -> &mut u64 {
        match kind {
            FaultKind::Denied => &mut self.denied,
            FaultKind::Throttled => &mut self.throttled,
            FaultKind::Transport => &mut self.transport,
            FaultKind::Service => &mut self.service,
            FaultKind::Protocol => &mut self.protocol,
            FaultKind::Identity => &mut self.identity,
            FaultKind::Unavailable => &mut self.unavailable,
        }
    }
}

/// The key of a run's manifest.
pub fn manifest_key(run_id: &RunId) -> String {
    format!("manifests/{run_id}.json")
}

/// The key of a text that runs were judged by, by its hash.
pub fn policy_key(sha256: &str) -> String {
    format!("policies/{sha256}")
}

/// JSON whose bytes follow from the value alone: keys sorted as RFC 8785 sorts them, no whitespace.
pub fn canonical_json<T: Serialize>(value: &T) -> String {
    let value = serde_json::to_value(value).expect("plain data with text keys is always JSON");
    let mut text = String::new();
    write_canonical(&value, &mut text);
    text
}

fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Array(entries) => {
            text.push('[');
            for (at, entry) in entries.iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                write_canonical(entry, text);
            }
            text.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            // RFC 8785 sorts by UTF-16 code units, which is not UTF-8's order above U+FFFF.
            fields.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
            text.push('{');
            for (at, (key, entry)) in fields.into_iter().enumerate() {
                if at > 0 {
                    text.push(',');
                }
                text.push_str(&Value::from(key.as_str()).to_string());
                text.push(':');
                write_canonical(entry, text);
            }
            text.push('}');
        }
        plain => text.push_str(&plain.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lake::sha256_hex;
    use crate::model::{NotAsked, Reading};
    use serde_json::json;

    #[test]
    fn canonical_json_is_sorted_tight_and_stable() {
        let value = json!({"b": [1, null, true], "a": {"z": "\u{1}é\"\n/", "y": -5}, "é": {}, "A": []});
        assert_eq!(
            canonical_json(&value),
            "{\"A\":[],\"a\":{\"y\":-5,\"z\":\"\\u0001é\\\"\\n/\"},\"b\":[1,null,true],\"é\":{}}"
        );
        assert_eq!(
            canonical_json(&json!({"\u{10000}": 1, "\u{ffff}": 2})),
            "{\"\u{10000}\":1,\"\u{ffff}\":2}"
        );
    }

    #[test]
    fn hashes_are_lower_case_hex() {
        // FIPS 180-4's example "abc".
        assert_eq!(sha256_hex(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn coverage_totals_keep_the_equation() {
        let mut tally = Tally::default();
        tally.add(&Reading::Known(()));
        tally.add(&Reading::<()>::Gone);
        tally.add(&Reading::<()>::NotAsked(NotAsked::NoSession));
        for kind in FaultKind::ALL {
            tally.add(&Reading::<()>::Unread(crate::model::Fault::new(*kind)));
        }
        let mut totals = CoverageTotals::default();
        totals.add(&tally);
        totals.add(&tally);
        assert_eq!((totals.asked, totals.known, totals.gone, totals.not_asked), (18, 2, 2, 2));
        assert_eq!((totals.denied, totals.unavailable, totals.absent), (2, 2, 0));
    }
}
