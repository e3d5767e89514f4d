//! Reading a log: verify the seal first, then give the records one at a time.

use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::lines::lines_of;
use super::malformed;
use super::{Header, LOG_VERSION, Reason, Record};
use crate::model::Region;

/// More kinds of record are in no log, whoever wrote it.
const MOST_KINDS: usize = 100;

/// A log that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// It has no good footer: it was cut short or changed. It is scanned again.
    #[error("the log {key} is not sealed: {reason}")]
    NotSealed {
        /// The log's key in the lake.
        key: String,
        /// What is wrong with it.
        #[source]
        reason: Reason,
    },
    /// It is whole, and not of the run in whose folder it lies.
    #[error(
        "the log {key} is {what}: move it away, or start a new run: it cannot be published as this census"
    )]
    Foreign {
        /// The log's key in the lake.
        key: String,
        /// What it is.
        what: String,
    },
    /// A newer version of the tool wrote it.
    #[error(
        "the log {key} has version {found}, and this atrest reads up to {LOG_VERSION}: use a newer atrest"
    )]
    Newer {
        /// The log's key in the lake.
        key: String,
        /// Its version.
        found: u32,
    },
}

impl LogError {
    /// A log that was cut short or changed, and why it is known.
    pub fn not_sealed(key: &str, reason: impl Into<Reason>) -> Self {
        Self::NotSealed { key: key.to_owned(), reason: reason.into() }
    }
}

/// A record as it is written.
#[derive(Debug)]
pub struct Line(Vec<u8>);

impl Line {
    /// The record's name: `bucket`, `key`, …
    pub fn name(&self) -> &str {
        record_name(&self.0)
    }
}

/// Where a bucket or key stands among those of its account: buckets by their names, keys by Region and id.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(from = "Named")]
pub struct Place(String, String);

impl Place {
    /// A bucket's.
    pub fn of_bucket(name: &str) -> Self {
        Self(name.to_owned(), String::new())
    }

    /// A key's.
    pub fn of_key(region: &Region, key_id: &str) -> Self {
        Self(region.as_str().to_owned(), key_id.to_owned())
    }
}

/// The fields of a record that tell its place.
#[derive(serde::Deserialize)]
struct Named {
    name: Option<String>,
    region: Option<String>,
    key_id: Option<String>,
}

impl From<Named> for Place {
    fn from(Named { name, region, key_id }: Named) -> Self {
        match key_id {
            Some(id) => Self(region.unwrap_or_default(), id),
            None => Self(name.unwrap_or_default(), String::new()),
        }
    }
}

/// A sealed log in memory, compressed.
#[derive(Debug, Clone)]
pub struct Segment {
    key: String,
    bytes: Vec<u8>,
    header: Header,
}

impl Segment {
    /// Takes a log whose footer is good.
    pub fn open(key: &str, bytes: Vec<u8>) -> Result<Self, LogError> {
        let header = verify(key, &bytes)?;
        Ok(Self { key: key.to_owned(), bytes, header })
    }

    /// The log's key in the lake.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The compressed bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The first record.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The records between header and footer, in order. `wanted` sees the name of each record and
    /// tells whether to parse it: skipping is what makes the join's first pass cheap.
    pub fn records<'a>(
        &'a self,
        wanted: impl Fn(&str) -> bool + 'a,
    ) -> impl Iterator<Item = Result<Record, LogError>> + 'a {
        self.lines(wanted).map(|line| self.record(&line?))
    }

    /// The same records as they are written: whoever holds many of them parses them when their turn comes.
    pub fn lines<'a>(
        &'a self,
        wanted: impl Fn(&str) -> bool + 'a,
    ) -> impl Iterator<Item = Result<Line, LogError>> + 'a {
        let mut lines = lines_of(&self.bytes).fuse();
        std::iter::from_fn(move || {
            loop {
                let line = match lines.next()? {
                    Ok(line) => line,
                    Err(reason) => return Some(Err(self.not_sealed(reason))),
                };
                let name = record_name(&line);
                if !matches!(name, "header" | "footer") && wanted(name) {
                    return Some(Ok(Line(line)));
                }
            }
        })
    }

    /// Parses a line of this log.
    pub fn record(&self, line: &Line) -> Result<Record, LogError> {
        // Most lines are these. Their name is known: to find it again, serde would take each line apart twice.
        match line.name() {
            "bucket" => self.parsed(line).map(Record::Bucket),
            "key" => self.parsed(line).map(Record::Key),
            "policy" => self.parsed(line).map(Record::Policy),
            _ => self.parsed(line),
        }
    }

    /// The place of a bucket or key among those of its account.
    pub fn place(&self, line: &Line) -> Result<Place, LogError> {
        self.parsed(line)
    }

    /// Parses a line of this log whose kind is known from its name.
    pub fn parsed<T: DeserializeOwned>(&self, line: &Line) -> Result<T, LogError> {
        serde_json::from_slice(&line.0).map_err(|error| self.not_sealed(malformed(&line.0, error)))
    }

    fn not_sealed(&self, reason: impl Into<Reason>) -> LogError {
        LogError::not_sealed(&self.key, reason)
    }
}

/// Streams the lines through the hash and holds them against the footer.
fn verify(key: &str, bytes: &[u8]) -> Result<Header, LogError> {
    let not_sealed = |reason: &str| LogError::not_sealed(key, reason);
    let mut hasher = Sha256::new();
    let mut header = None;
    let mut footer = None;
    let mut records = std::collections::BTreeMap::<String, u64>::new();
    for line in lines_of(bytes) {
        let line = line.map_err(|reason| LogError::not_sealed(key, reason))?;
        if footer.is_some() {
            return Err(not_sealed("there are lines after the footer"));
        }
        match record_name(&line) {
            "footer" => footer = Some(parse(&line).map_err(|reason| LogError::not_sealed(key, reason))?),
            name => {
                if header.is_none() {
                    header = Some(header_of(key, &line)?);
                }
                if records.len() == MOST_KINDS {
                    return Err(not_sealed("it has more kinds of record than a log"));
                }
                *records.entry(name.to_owned()).or_default() += 1;
                hasher.update(&line);
            }
        }
    }
    let Some(Record::Footer(footer)) = footer else {
        return Err(not_sealed("it has no footer"));
    };
    if footer.sha256 != hex::encode(hasher.finalize()) || footer.records != records {
        return Err(not_sealed("its footer does not match its records"));
    }
    header.ok_or_else(|| not_sealed("it has no header"))
}

fn parse(line: &[u8]) -> Result<Record, Reason> {
    serde_json::from_slice(line).map_err(|error| malformed(line, error))
}

fn header_of(key: &str, line: &[u8]) -> Result<Header, LogError> {
    #[derive(serde::Deserialize)]
    struct Version {
        log_version: u32,
    }
    let not_sealed = |reason: Reason| LogError::not_sealed(key, reason);
    let version: Version =
        serde_json::from_slice(line).map_err(|error| not_sealed(malformed(line, error)))?;
    if version.log_version > LOG_VERSION {
        return Err(LogError::Newer { key: key.to_owned(), found: version.log_version });
    }
    match parse(line).map_err(not_sealed)? {
        Record::Header(header) => Ok(*header),
        _ => Err(LogError::not_sealed(key, "its first record is not a header")),
    }
}

/// The name of a record, from the tag that the writer puts first.
fn record_name(line: &[u8]) -> &str {
    const TAG: &[u8] = br#"{"record":""#;
    let rest = line.strip_prefix(TAG).unwrap_or_default();
    let end = rest.iter().position(|byte| *byte == b'"').unwrap_or(0);
    std::str::from_utf8(&rest[..end]).unwrap_or_default()
}

/// The lower-case hex SHA-256 of some bytes.
pub fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::log::SegmentWriter;
    use crate::model::*;

    fn sealed() -> Vec<u8> {
        let at = Timestamp::parse("2026-11-21").unwrap();
        let region: Region = "eu-west-1".parse().unwrap();
        let account_id: AccountId = "111122223333".parse().unwrap();
        let run = RunHeader {
            run_id: RunId::new(at, 1),
            started_at: at,
            kind: RunKind::Census,
            source: Source::Aws,
            tool_version: "0.0.0".into(),
            settings: ScanSettings::default(),
            settings_sha256: String::new(),
        };
        let scan = AccountScan {
            account_id,
            role_arn: None,
            access_path: Some(AccessPath::Caller),
            regions: vec![region.clone()],
            regions_disabled: vec![],
            regions_from: RegionsFrom::Listed,
            started_at: at,
            finished_at: at,
        };
        let mut writer = SegmentWriter::default();
        let not_asked = || NotAsked::DependencyUnread;
        for n in 0..3 {
            let bucket = BucketObservation {
                name: format!("bucket-{n}"),
                region: Some(region.clone()),
                created_at: None,
                location: None,
                encryption: Observation::not_asked("s3:GetBucketEncryption", region.clone(), not_asked()),
                policy: Observation {
                    reading: Reading::Known(PolicyHash(digest(b"{}"))),
                    ..Observation::not_asked("s3:GetBucketPolicy", region.clone(), not_asked())
                },
            };
            writer.bucket(bucket, Some("{}".into()));
        }
        writer.alias(AliasObservation { region, name: "alias/a".into(), target_key_id: None });
        let mut calls = Calls::default();
        calls.of("s3:ListBuckets").add_latency(7);
        writer.seal(&run, &OrganizationIdentity::default(), &scan, &calls, &Witness::default())
    }

    fn names(segment: &Segment) -> Vec<String> {
        let records = segment.records(|_| true).map(Result::unwrap);
        records.map(|r| serde_json::to_value(r).unwrap()["record"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_sealed_segment_reads_back_in_the_formats_order() {
        let segment = Segment::open("k", sealed()).unwrap();
        assert_eq!(
            names(&segment),
            ["alias", "policy", "bucket", "bucket", "bucket", "coverage", "coverage", "calls"]
        );
        let only_buckets = segment.records(|name| name == "bucket").count();
        assert_eq!(only_buckets, 3);
    }

    #[test]
    fn a_segment_cut_anywhere_is_not_sealed() {
        let bytes = sealed();
        for length in 0..bytes.len() {
            let cut = Segment::open("k", bytes[..length].to_vec());
            assert!(matches!(cut, Err(LogError::NotSealed { .. })), "cut at {length}");
        }
    }

    #[test]
    fn a_changed_line_breaks_the_seal() {
        let text = zstd::decode_all(&sealed()[..]).unwrap();
        let changed = String::from_utf8(text).unwrap().replace("bucket-1", "bucket-9");
        let bytes = zstd::encode_all(changed.as_bytes(), 3).unwrap();
        assert!(matches!(Segment::open("k", bytes), Err(LogError::NotSealed { .. })));
    }

    #[test]
    fn a_newer_log_is_named_as_such() {
        let text = String::from_utf8(zstd::decode_all(&sealed()[..]).unwrap()).unwrap();
        let newer = text.replacen(r#""log_version":1"#, r#""log_version":2"#, 1);
        let bytes = zstd::encode_all(newer.as_bytes(), 3).unwrap();
        assert!(matches!(Segment::open("k", bytes), Err(LogError::Newer { found: 2, .. })));
    }
}
