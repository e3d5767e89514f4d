//! Whether a key's policy admits the buckets of another account, for the keys that such buckets name.
//!
//! The policies are in the segments of the keys' owners, and the join is at the buckets. So the references that cross
//! an account's border are gathered first; then the policies of the keys that they lead to are weighed once for each
//! account, and the answers are kept. A policy itself is kept only where it tells the account's buckets apart.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::key_index::{Found, KeyIndex};
use super::key_ref::{KeyRef, Target};
use super::policies::Policies;
use crate::clock::Timestamp;
use crate::model::{
    AccountId, BucketObservation, FaultKind, KeyAdmission, KeyObservation, Organization, PolicyHash, Reading,
    Region, Undecided,
};
use crate::policy::{KeyUse, KeyUseAnswer, Policy, Setting, UsedBy, key_use, tells_buckets_apart};

/// A key by its place and id.
type KeyId = (AccountId, Region, Box<str>);

/// The references by which buckets name keys of other accounts, each once an account.
#[derive(Debug, Default)]
pub struct ForeignReferences(BTreeSet<(AccountId, String)>);

impl ForeignReferences {
    /// Notes a bucket's reference, if it is one.
    pub fn note(&mut self, bucket_owner: AccountId, bucket: &BucketObservation) {
        let rules = bucket.encryption.reading.known().into_iter().flat_map(|known| &known.rules);
        let references = rules.filter_map(|rule| rule.default.as_ref()?.kms_key_ref.as_ref());
        for reference in references {
            if let KeyRef::Named { place: Some(place), .. } = KeyRef::parse(Some(reference))
                && place.account_id != bucket_owner
            {
                self.0.insert((bucket_owner, reference.clone()));
            }
        }
    }

    /// Those of two parts of the organization.
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// The listed keys that they lead to, by owner, with the accounts whose buckets name them.
    pub fn keys(&self, index: &KeyIndex) -> BTreeMap<AccountId, WantedKeys> {
        let mut wanted: BTreeMap<AccountId, WantedKeys> = BTreeMap::new();
        for (bucket_owner, reference) in &self.0 {
            let KeyRef::Named { place: Some(place), target } = KeyRef::parse(Some(reference)) else {
                continue;
            };
            let (owner, region) = (place.account_id, place.region);
            let found = match target {
                Target::Key(id) => index.key(owner, &region, id),
                Target::Alias(name) => index.alias(owner, &region, name),
            };
            if let Found::Key(id, _) = found {
                let id = Box::from(id);
                wanted.entry(owner).or_default().entry((region, id)).or_default().insert(*bucket_owner);
            }
        }
        wanted
    }
}

/// Keys of one owner, with the accounts whose buckets name them.
pub type WantedKeys = BTreeMap<(Region, Box<str>), BTreeSet<AccountId>>;

/// Which accounts the policies of the keys admit.
#[derive(Debug)]
pub struct Admissions {
    organization: Arc<Organization>,
    as_of: Timestamp,
    answers: HashMap<KeyId, BTreeMap<AccountId, Answer>>,
}

#[derive(Debug, Clone)]
enum Answer {
    Alike(KeyAdmission),
    /// It depends on the bucket.
    ByBucket(Arc<Policy>),
}

impl Admissions {
    /// No answers yet.
    pub fn new(organization: Arc<Organization>, as_of: Timestamp) -> Self {
        Self { organization, as_of, answers: HashMap::new() }
    }

    /// Weighs the policy of a key for the accounts that want to use it.
    pub fn weigh(
        &mut self,
        owner: AccountId,
        key: &KeyObservation,
        policies: &Policies,
        accounts: &BTreeSet<AccountId>,
    ) {
        let of_account = |account: &AccountId| (*account, self.answer(owner, key, policies, *account));
        let answers = accounts.iter().map(of_account).collect();
        self.answers.insert((owner, key.region.clone(), key.key_id.as_str().into()), answers);
    }

    fn answer(
        &self,
        owner: AccountId,
        key: &KeyObservation,
        policies: &Policies,
        account: AccountId,
    ) -> Answer {
        let policy = match policy_of(&key.policy.reading, policies) {
            Ok(policy) => policy,
            Err(why) => return Answer::Alike(why),
        };
        let policy = policy.settled(&Setting::of_key(owner, key, &self.organization, self.as_of));
        match tells_buckets_apart(&policy) {
            true => Answer::ByBucket(Arc::new(policy.into_owned())),
            false => Answer::Alike(self.ask(&policy, &key.key_arn, account, UsedBy::Any)),
        }
    }

    fn ask(&self, policy: &Policy, key_arn: &str, account_id: AccountId, bucket: UsedBy<'_>) -> KeyAdmission {
        let membership = self.organization.membership_of(account_id);
        let asked = KeyUse { key_arn, account_id, membership, bucket };
        match key_use(policy, &asked) {
            KeyUseAnswer::Admits => KeyAdmission::Admits,
            KeyUseAnswer::Bars(why) => KeyAdmission::Bars(why.into()),
            KeyUseAnswer::Undecided(why) => KeyAdmission::Undecided(why.into()),
        }
    }

    /// Whether a key's policy admits a bucket of another account; none if no check needs it.
    pub fn of(
        &self,
        key: (AccountId, &Region, &str),
        key_arn: &str,
        bucket: (AccountId, &str, Option<bool>),
    ) -> Option<KeyAdmission> {
        let ((owner, region, id), (account, arn, bucket_key)) = (key, bucket);
        let answers = self.answers.get(&(owner, region.clone(), Box::from(id)))?;
        Some(match answers.get(&account)? {
            Answer::Alike(admission) => admission.clone(),
            Answer::ByBucket(policy) => {
                let used_by = match bucket_key {
                    Some(true) => UsedBy::WithBucketKey(arn),
                    _ => UsedBy::WithoutBucketKey(arn),
                };
                self.ask(policy, key_arn, account, used_by)
            }
        })
    }

    /// Those of two parts of the organization.
    pub fn and(mut self, others: Self) -> Self {
        self.answers.extend(others.answers);
        self
    }
}

/// The log promises the text of each hash.
const NO_TEXT: Undecided = Undecided::Unread(FaultKind::Protocol);

/// A key's policy; else why it says nothing.
fn policy_of<'p>(reading: &Reading<PolicyHash>, policies: &'p Policies) -> Result<&'p Policy, KeyAdmission> {
    let hash = match reading.settled() {
        Ok(Some(hash)) => hash,
        // Every key has a policy: an answer that it has none is no answer of KMS's.
        Ok(None) => return Err(KeyAdmission::NotRead(NO_TEXT)),
        Err(why) => return Err(KeyAdmission::NotRead(why)),
    };
    match policies.of_key(hash) {
        Some(Ok(policy)) => Ok(policy),
        Some(Err(error)) => Err(KeyAdmission::NotUnderstood(error.to_string().into())),
        None => Err(KeyAdmission::NotRead(NO_TEXT)),
    }
}
