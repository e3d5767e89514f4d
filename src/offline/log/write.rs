//! Writing a log: records go into compressed sections as they come, and a seal joins them.
//!
//! An account's keys and buckets are read at the same time, while the format wants keys first. So
//! each kind has a section of its own, compressed in memory (125 to 161 bytes a bucket, as the benchmark measures), and the seal
//! streams them into one frame. Nothing reaches the lake before the seal: an account that is
//! interrupted leaves nothing behind.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read, Write};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{CallsOf, Entries, Footer, Header, LOG_VERSION, Listing, PolicyText, Record};
use crate::model::{
    Account, AccountScan, AliasObservation, BucketObservation, Calls, Coverage, KeyObservation, Observation,
    OrganizationIdentity, OrganizationalUnit, PolicyHash, RunHeader, Witness,
};

/// zstd's own default, which Athena's documentation names too.
const LEVEL: i32 = 3;
/// A section is compressed only to wait, and every account in flight has two. The fastest level's
/// tables are small: with 32 accounts in flight a scan's peak fell from some 145 MB to 105.
const SECTION_LEVEL: i32 = 1;
/// 128 kB: some hundreds of records are enough to find the next one's like in.
const SECTION_WINDOW_LOG: u32 = 17;

/// A run of lines, compressed in memory.
struct Section {
    encoder: zstd::Encoder<'static, Vec<u8>>,
    records: BTreeMap<String, u64>,
}

impl Section {
    fn new() -> Self {
        let mut encoder =
            zstd::Encoder::new(Vec::new(), SECTION_LEVEL).expect("a level of zstd's own is accepted");
        encoder.window_log(SECTION_WINDOW_LOG).expect("a window that zstd has");
        Self { encoder, records: BTreeMap::new() }
    }

    fn push(&mut self, kind: &str, record: &Record) {
        let line = line_of(record);
        self.encoder.write_all(&line).expect("memory takes every write");
        *self.records.entry(kind.to_owned()).or_default() += 1;
    }

    fn finish(self) -> (Vec<u8>, BTreeMap<String, u64>) {
        (self.encoder.finish().expect("memory takes every write"), self.records)
    }
}

fn line_of<T: Serialize>(record: &T) -> Vec<u8> {
    let mut line = serde_json::to_vec(record).expect("records have string keys and finite numbers");
    line.push(b'\n');
    line
}

/// Joins lines into one frame, hashing them on the way.
struct Seal {
    encoder: zstd::Encoder<'static, Vec<u8>>,
    hasher: Sha256,
    records: BTreeMap<String, u64>,
}

impl Seal {
    fn new() -> Self {
        let encoder = zstd::Encoder::new(Vec::new(), LEVEL).expect("a level of zstd's own is accepted");
        Self { encoder, hasher: Sha256::new(), records: BTreeMap::new() }
    }

    fn write(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.encoder.write_all(bytes).expect("memory takes every write");
    }

    fn record(&mut self, kind: &str, record: &Record) {
        self.write(&line_of(record));
        *self.records.entry(kind.to_owned()).or_default() += 1;
    }

    fn section(&mut self, section: Section) {
        let (bytes, records) = section.finish();
        self.copy(&bytes).expect("a section that was just written reads back");
        for (kind, count) in records {
            *self.records.entry(kind).or_default() += count;
        }
    }

    fn copy(&mut self, compressed: &[u8]) -> io::Result<()> {
        let mut decoder = zstd::Decoder::new(compressed)?;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match decoder.read(&mut buffer)? {
                0 => return Ok(()),
                read => self.write(&buffer[..read]),
            }
        }
    }

    fn finish(mut self) -> Vec<u8> {
        let sha256 = hex::encode(self.hasher.finalize_reset());
        let footer = Record::Footer(Footer { records: std::mem::take(&mut self.records), sha256 });
        self.encoder.write_all(&line_of(&footer)).expect("memory takes every write");
        self.encoder.finish().expect("memory takes every write")
    }
}

/// Collects one account's records, and counts its coverage from the same observations.
pub struct SegmentWriter {
    keys: Section,
    buckets: Section,
    key_policies: BTreeSet<String>,
    bucket_policies: BTreeSet<String>,
    coverage: Coverage,
}

impl std::fmt::Debug for SegmentWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SegmentWriter").finish_non_exhaustive()
    }
}

impl Default for SegmentWriter {
    fn default() -> Self {
        Self {
            keys: Section::new(),
            buckets: Section::new(),
            key_policies: BTreeSet::new(),
            bucket_policies: BTreeSet::new(),
            coverage: Coverage::default(),
        }
    }
}

impl SegmentWriter {
    /// Counts an account-wide read without a record of its own, and keeps it as a listing.
    pub fn listing<T>(&mut self, observation: &Observation<T>, entries: impl Into<Entries>) {
        self.coverage.add(observation);
        self.keys.push("listing", &Record::Listing(listing_of(observation, entries.into())));
    }

    /// Counts reads that were planned and have no resource to be kept with.
    pub fn coverage(&mut self) -> &mut Coverage {
        &mut self.coverage
    }

    /// Keeps a key, and its policy's text once.
    pub fn key(&mut self, key: KeyObservation, policy: Option<String>) {
        self.coverage.add(&key.describe);
        self.coverage.add(&key.rotation);
        self.coverage.add(&key.rotations);
        self.coverage.add(&key.policy);
        keep_policy(&mut self.keys, &mut self.key_policies, &key.policy, policy);
        self.keys.push("key", &Record::Key(Box::new(key)));
    }

    /// Keeps an alias.
    pub fn alias(&mut self, alias: AliasObservation) {
        self.keys.push("alias", &Record::Alias(alias));
    }

    /// Keeps a bucket, and its policy's text once.
    pub fn bucket(&mut self, bucket: BucketObservation, policy: Option<String>) {
        if let Some(location) = &bucket.location {
            self.coverage.add(location);
        }
        self.coverage.add(&bucket.encryption);
        self.coverage.add(&bucket.policy);
        keep_policy(&mut self.buckets, &mut self.bucket_policies, &bucket.policy, policy);
        self.buckets.push("bucket", &Record::Bucket(Box::new(bucket)));
    }

    /// The segment's bytes, sealed.
    pub fn seal(
        self,
        run: &RunHeader,
        organization: &OrganizationIdentity,
        scan: &AccountScan,
        calls: &Calls,
        witness: &Witness,
    ) -> Vec<u8> {
        let mut seal = Seal::new();
        let account_id = scan.account_id;
        seal.record("header", &header(run, organization, Some(scan.clone()), witness));
        seal.section(self.keys);
        seal.section(self.buckets);
        for row in self.coverage.rows(account_id) {
            seal.record("coverage", &Record::Coverage(row));
        }
        seal_calls(&mut seal, calls);
        seal.finish()
    }
}

fn listing_of<T>(observation: &Observation<T>, entries: Entries) -> Listing {
    let Entries { kept, repeated } = entries;
    Listing { observation: observation_of_count(observation, kept), entries: kept, repeated }
}

fn observation_of_count<T>(observation: &Observation<T>, entries: u64) -> Observation<u64> {
    use crate::model::Reading;
    let reading = match &observation.reading {
        Reading::Known(_) => Reading::Known(entries),
        Reading::Absent => Reading::Absent,
        Reading::Gone => Reading::Gone,
        Reading::Unread(fault) => Reading::Unread(fault.clone()),
        Reading::NotAsked(why) => Reading::NotAsked(*why),
    };
    Observation {
        operation: observation.operation.clone(),
        region: observation.region.clone(),
        at: observation.at,
        endpoint: observation.endpoint.clone(),
        request_id: observation.request_id.clone(),
        attempts: observation.attempts,
        reading,
    }
}

fn keep_policy(
    section: &mut Section,
    kept: &mut BTreeSet<String>,
    observation: &Observation<PolicyHash>,
    text: Option<String>,
) {
    if let (Some(PolicyHash(sha256)), Some(text)) = (observation.reading.known(), text)
        && kept.insert(sha256.clone())
    {
        section.push("policy", &Record::Policy(PolicyText { sha256: sha256.clone(), text }));
    }
}

fn seal_calls(seal: &mut Seal, calls: &Calls) {
    for (operation, tally) in &calls.0 {
        let record = Record::Calls(CallsOf { operation: operation.clone(), tally: tally.clone() });
        seal.record("calls", &record);
    }
}

fn header(
    run: &RunHeader,
    organization: &OrganizationIdentity,
    scan: Option<AccountScan>,
    witness: &Witness,
) -> Record {
    Record::Header(Box::new(Header {
        log_version: LOG_VERSION,
        run: run.clone(),
        organization: organization.clone(),
        scan,
        witness: witness.clone(),
    }))
}

/// Collects the organization's own log: its accounts and the names of its units.
#[derive(Debug, Default)]
pub struct OrganizationWriter {
    accounts: Vec<Account>,
    units: Vec<OrganizationalUnit>,
    listings: Vec<Listing>,
}

impl OrganizationWriter {
    /// Keeps an account.
    pub fn account(&mut self, account: Account) {
        self.accounts.push(account);
    }

    /// Keeps a unit's name.
    pub fn unit(&mut self, unit: OrganizationalUnit) {
        self.units.push(unit);
    }

    /// Keeps what came of a listing.
    pub fn listing<T>(&mut self, observation: &Observation<T>, entries: impl Into<Entries>) {
        self.listings.push(listing_of(observation, entries.into()));
    }

    /// The log's bytes, sealed; accounts and units by id.
    pub fn seal(
        mut self,
        run: &RunHeader,
        organization: &OrganizationIdentity,
        calls: &Calls,
        witness: &Witness,
    ) -> Vec<u8> {
        self.accounts.sort_by_key(|account| account.id);
        self.units.sort_by(|a, b| a.id.cmp(&b.id));
        let mut seal = Seal::new();
        seal.record("header", &header(run, organization, None, witness));
        for listing in self.listings {
            seal.record("listing", &Record::Listing(listing));
        }
        for account in self.accounts {
            seal.record("account", &Record::Account(account));
        }
        for unit in self.units {
            seal.record("organizational_unit", &Record::OrganizationalUnit(unit));
        }
        seal_calls(&mut seal, calls);
        seal.finish()
    }
}
