//! Every call that was made, in the order in which it came: what the tests' assertions stand on.

use std::collections::BTreeMap;
use std::time::Duration;

use atrest_core::{AccountId, Region};

/// One call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Virtual time since the simulator's first call.
    pub at: Duration,
    /// `s3`, `kms`, `sts`, `organizations`, `account`; empty where none was recognised.
    pub service: &'static str,
    /// The operation's name, or what could be read of an unknown one.
    pub operation: String,
    /// The Region that the request was signed for.
    pub region: String,
    /// The ARN behind the credentials, where they are known.
    pub principal: Option<String>,
    /// The account that the credentials belong to: the owner of most quotas.
    pub caller_account: Option<AccountId>,
    /// The account that the call is about: the role's for AssumeRole, else the caller's.
    pub account: Option<AccountId>,
    /// The bucket, `bucket/key`, key id, role ARN or parent id that the request names, or nothing.
    pub resource: String,
    /// The HTTP status; 0 where no answer was given.
    pub status: u16,
    /// The error's code, or the fault's name where no answer was given.
    pub code: Option<String>,
    /// The id in the reply.
    pub request_id: String,
    /// Whether the call changes state in AWS, as DescribeKey on a predefined alias does.
    pub mutating: bool,
    /// Whether a fault of the schedule shaped the answer.
    pub faulted: bool,
}

impl Record {
    /// `service:Operation`.
    pub fn name(&self) -> String {
        format!("{}:{}", self.service, self.operation)
    }
}

/// All the calls so far.
#[derive(Debug, Clone, Default)]
pub struct Recorder {
    records: Vec<Record>,
}

impl Recorder {
    pub(crate) fn add(&mut self, record: Record) {
        self.records.push(record);
    }

    /// Every call, in order.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The calls of one operation, `service:Operation`.
    pub fn of<'a>(&'a self, operation: &'a str) -> impl Iterator<Item = &'a Record> {
        let (service, name) = operation.split_once(':').unwrap_or(("", operation));
        self.records.iter().filter(move |record| record.service == service && record.operation == name)
    }

    /// How many calls each operation had.
    pub fn counts(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for record in &self.records {
            *counts.entry(record.name()).or_default() += 1;
        }
        counts
    }

    /// The calls that change state in AWS: a scan must have none.
    pub fn mutating(&self) -> Vec<&Record> {
        self.records.iter().filter(|record| record.mutating).collect()
    }

    /// For every key, the most calls in any span of one second.
    ///
    /// A span is half-open: calls exactly one second apart are not in the same.
    pub fn busiest_second<K: Ord + Clone>(&self, key: impl Fn(&Record) -> K) -> BTreeMap<K, usize> {
        let mut times: BTreeMap<K, Vec<Duration>> = BTreeMap::new();
        for record in &self.records {
            times.entry(key(record)).or_default().push(record.at);
        }
        times.into_iter().map(|(key, times)| (key, most_within_a_second(times))).collect()
    }

    /// The same by what a quota is counted by: the credentials' account, Region and operation.
    pub fn busiest_second_by_quota(&self) -> BTreeMap<(Option<AccountId>, String, String), usize> {
        self.busiest_second(|record| (record.caller_account, record.region.clone(), record.name()))
    }

    /// The calls that were answered with that code, or ended in the fault of that name.
    pub fn with_code<'a>(&'a self, code: &'a str) -> impl Iterator<Item = &'a Record> {
        self.records.iter().filter(move |record| record.code.as_deref() == Some(code))
    }

    /// The calls in one Region.
    pub fn in_region<'a>(&'a self, region: &'a Region) -> impl Iterator<Item = &'a Record> {
        self.records.iter().filter(move |record| record.region == region.as_str())
    }
}

fn most_within_a_second(mut times: Vec<Duration>) -> usize {
    times.sort_unstable();
    let mut first = 0;
    let mut most = 0;
    for (last, at) in times.iter().enumerate() {
        while at.saturating_sub(times[first]) >= Duration::from_secs(1) {
            first += 1;
        }
        most = most.max(last - first + 1);
    }
    most
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_is_half_open() {
        let times = [0, 500, 999, 1000, 1400, 3000].map(Duration::from_millis).to_vec();
        assert_eq!(most_within_a_second(times), 4);
        assert_eq!(most_within_a_second(vec![Duration::ZERO, Duration::from_secs(1)]), 1);
        assert_eq!(most_within_a_second(vec![]), 0);
    }
}
