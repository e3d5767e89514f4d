//! From a key's observation to its facts.

use super::key_index::{AliasesOf, KeyIndex};
use super::rotation::{own_rotation, with_primary};
use crate::model::{AccountId, KeyFacts, KeyObservation, Partition};

/// The facts of one key, once every bucket of the organization was counted.
pub fn key_facts(
    index: &KeyIndex,
    aliases: &AliasesOf<'_>,
    partition: &Partition,
    account_id: AccountId,
    key: KeyObservation,
) -> KeyFacts {
    let metadata = key.describe.reading.known();
    let is_replica = metadata.is_some_and(|metadata| metadata.is_replica(&key.key_arn));
    let primary = metadata.and_then(|m| m.multi_region.as_ref()?.primary_key_arn.as_deref());
    let primary = primary.and_then(|arn| index.own_rotation_of(arn));
    let (buckets, accounts) = index.bucket_counts(account_id, &key.region, &key.key_id);
    KeyFacts {
        partition: partition.clone(),
        account_id,
        aliases: aliases.of(&key.key_id),
        rotation: with_primary(&own_rotation(&key), is_replica, primary),
        default_key_of_buckets: buckets,
        default_key_of_accounts: accounts,
        observation: key,
    }
}
