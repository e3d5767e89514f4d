//! The buckets of a page: by default encryption, for the organization, its units and its accounts.

use std::collections::BTreeMap;

use super::super::ReportError;
use super::super::rows::BucketRow;
use super::accounts::Accounts;
use super::findings::Findings;
use super::keys::Keys;
use super::text;
use crate::model::Encryption;

/// Buckets that were not read, kept by name for each account and call.
const UNREAD_NAMED: usize = 5;

/// The counts of an encryption mode each.
pub type Modes = BTreeMap<Option<Encryption>, u64>;

/// Buckets that one call could not read in an account.
#[derive(Debug, Default)]
pub struct Unread {
    /// All of them.
    pub count: u64,
    /// The first of them.
    pub named: Vec<String>,
}

/// The buckets.
#[derive(Debug, Default)]
pub struct Buckets {
    /// The partition of the first bucket.
    pub partition: Option<String>,
    /// Buckets whose default encryption was read.
    pub read: u64,
    /// Buckets that were gone when read.
    pub gone: u64,
    /// All.
    pub modes: Modes,
    /// By the path of the account's units.
    pub by_unit: BTreeMap<String, Modes>,
    /// By account.
    pub by_account: BTreeMap<String, Modes>,
    /// Buckets whose read failed, by operation, account, Region and the read's word.
    pub unread: BTreeMap<(&'static str, String, String, String), Unread>,
}

impl Buckets {
    /// Counts a bucket.
    pub fn add(
        &mut self,
        row: &BucketRow<'_>,
        accounts: &Accounts,
        findings: &Findings,
        keys: &mut Keys,
    ) -> Result<(), ReportError> {
        if self.partition.is_none() {
            self.partition = row.aws_partition.map(str::to_owned);
        }
        let account = row.account_id.unwrap_or_default();
        match row.encryption_read {
            Some("known" | "absent") => self.read += 1,
            Some("gone") => self.gone += 1,
            _ => {}
        }
        let mode = Encryption::of_lake(row.encryption);
        *self.modes.entry(mode).or_default() += 1;
        *modes_of(&mut self.by_unit, accounts.unit_of(account)).entry(mode).or_default() += 1;
        *modes_of(&mut self.by_account, account).entry(mode).or_default() += 1;
        self.unread(row, "s3:GetBucketEncryption", row.encryption_read);
        self.unread(row, "s3:GetBucketPolicy", row.policy_read);
        keys.bucket(row, findings);
        Ok(())
    }

    fn unread(&mut self, row: &BucketRow<'_>, operation: &'static str, read: Option<&str>) {
        let Some(word) = read.filter(|word| !["known", "absent", "gone", "not_asked"].contains(word)) else {
            return;
        };
        let place = (operation, text(row.account_id), text(row.region), word.to_owned());
        let unread = self.unread.entry(place).or_default();
        unread.count += 1;
        if unread.named.len() < UNREAD_NAMED {
            unread.named.push(text(row.bucket));
        }
    }
}

fn modes_of<'m>(map: &'m mut BTreeMap<String, Modes>, key: &str) -> &'m mut Modes {
    if !map.contains_key(key) {
        map.insert(key.to_owned(), Modes::new());
    }
    map.get_mut(key).expect("it was put there")
}
