//! Between the passes: which keys of other accounts buckets name, and whether the policies of those admit them.
//!
//! The buckets are read for their references, and the keys and policies of those accounts alone whose keys others
//! name. What is kept is an answer a key and account.

use rayon::prelude::*;

use super::run_log::{AccountSegment, RunLog};
use crate::clock::Timestamp;
use crate::log::{LogError, Record};
use crate::resolve::{Admissions, ForeignReferences, KeyIndex, Policies, WantedKeys};

impl RunLog {
    /// The index, with the answers of key policies to buckets of other accounts.
    pub(super) fn with_admissions(&self, index: KeyIndex, as_of: Timestamp) -> Result<KeyIndex, LogError> {
        let references = self.segments.par_iter().map(references);
        let references =
            references.try_reduce(ForeignReferences::default, |one, other| Ok(one.and(other)))?;
        let wanted = references.keys(&index);
        let none = || Admissions::new(self.organization.clone(), as_of);
        let owners = self.segments.par_iter().filter_map(|owner| {
            let keys = wanted.get(&owner.scan.account_id)?;
            Some(admissions(owner, keys, none()))
        });
        let admissions = owners.try_reduce(none, |one, other| Ok(one.and(other)))?;
        Ok(index.with_admissions(admissions))
    }
}

fn references(account: &AccountSegment) -> Result<ForeignReferences, LogError> {
    let mut references = ForeignReferences::default();
    for record in account.segment.records(|name| name == "bucket") {
        if let Record::Bucket(bucket) = record? {
            references.note(account.scan.account_id, &bucket);
        }
    }
    Ok(references)
}

fn admissions(
    owner: &AccountSegment,
    wanted: &WantedKeys,
    mut admissions: Admissions,
) -> Result<Admissions, LogError> {
    let (mut keys, mut policies) = (Vec::new(), Policies::default());
    for record in owner.segment.records(|name| matches!(name, "key" | "policy")) {
        match record? {
            Record::Key(key) => {
                if let Some(accounts) = wanted.get(&(key.region.clone(), key.key_id.as_str().into())) {
                    keys.push((key, accounts));
                }
            }
            Record::Policy(policy) => policies.add(policy.sha256, policy.text),
            _ => {}
        }
    }
    for (key, accounts) in keys {
        admissions.weigh(owner.scan.account_id, &key, &policies, accounts);
    }
    Ok(admissions)
}
