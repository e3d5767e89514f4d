//! Between the passes: which keys of other accounts buckets name, and whether the policies of those admit them.
//!
//! The buckets are read for their references, and the keys and policies of those accounts alone whose keys others
//! name. What is kept is an answer a key and account. As every bucket is read here, how they stand in their segments
//! is noted, too.

use rayon::prelude::*;

use super::run_log::{AccountSegment, RunLog};
use super::texts::{Look, Stand, Texts};
use crate::clock::Timestamp;
use crate::log::{LogError, Place, Record};
use crate::resolve::{Admissions, ForeignReferences, KeyIndex, Policies, WantedKeys};

impl RunLog {
    /// The index, with the answers of key policies to buckets of other accounts; and how the buckets of each account
    /// stand. `keys` says it of the keys.
    pub(super) fn with_admissions(
        &self,
        index: KeyIndex,
        keys: &[Stand],
        as_of: Timestamp,
    ) -> Result<(KeyIndex, Vec<Stand>), LogError> {
        let looked = self.segments.par_iter().map(references).collect::<Result<Vec<_>, _>>()?;
        let (references, buckets): (Vec<_>, Vec<_>) = looked.into_iter().unzip();
        let references = references.into_iter().fold(ForeignReferences::default(), ForeignReferences::and);
        let wanted = references.keys(&index);
        let none = || Admissions::new(self.organization.clone(), as_of);
        let owners = self.segments.par_iter().zip(keys).filter_map(|(owner, stand)| {
            let keys = wanted.get(&owner.scan.account_id)?;
            Some(admissions(owner, stand, keys, none()))
        });
        let admissions = owners.try_reduce(none, |one, other| Ok(one.and(other)))?;
        Ok((index.with_admissions(admissions), buckets))
    }
}

fn references(account: &AccountSegment) -> Result<(ForeignReferences, Stand), LogError> {
    let AccountSegment { segment, scan } = account;
    let (mut references, mut look) = (ForeignReferences::default(), Look::default());
    for line in segment.lines(|name| matches!(name, "bucket" | "policy" | "key")) {
        let line = line?;
        if line.name() == "key" {
            look.other();
            continue;
        }
        match segment.record(&line)? {
            Record::Bucket(bucket) => {
                references.note(scan.account_id, &bucket);
                look.resource(Place::of_bucket(&bucket.name), &bucket.policy);
            }
            Record::Policy(policy) => look.text(policy.sha256),
            _ => {}
        }
    }
    Ok((references, look.end()))
}

fn admissions(
    owner: &AccountSegment,
    stand: &Stand,
    wanted: &WantedKeys,
    mut admissions: Admissions,
) -> Result<Admissions, LogError> {
    let mut texts = Texts::of(stand);
    let lines = owner.segment.lines(|name| matches!(name, "key" | "policy" | "bucket"));
    for line in lines.take_while(|line| line.as_ref().map_or(true, |line| line.name() != "bucket")) {
        match owner.segment.record(&line?)? {
            Record::Key(key) => match wanted.get(&(key.region.clone(), key.key_id.as_str().into())) {
                Some(accounts) => {
                    let mut policies = Policies::default();
                    texts.give(&mut policies);
                    policies.set_kept(texts.kept());
                    admissions.weigh(owner.scan.account_id, &key, &policies, accounts);
                }
                None => texts.passed(),
            },
            Record::Policy(policy) => texts.text(policy),
            _ => {}
        }
    }
    Ok(admissions)
}
