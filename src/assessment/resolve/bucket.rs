//! From a bucket's observation to its facts: the default mode, and the join with its key.

use super::key_index::{Found, KeyIndex};
use super::key_ref::{AWS_S3_ALIAS, KeyRef, NamedPlace, Target};
use super::policies::Policies;
use crate::clock::Timestamp;
use crate::model::{
    AccountId, BucketEncryption, BucketFacts, BucketObservation, DefaultEncryption, Encryption,
    EncryptionConfiguration, KeyJoin, KeyLink, KeyRotation, Organization, Partition, PolicyHash, Reading,
    Region, RotationReason, TlsOnly,
};
use crate::policy::{self, Setting};

/// By what policies are weighed where facts are made: the run's organization, and the instant that the
/// run is judged as of. A rejudged run weighs them anew, at its own instant.
#[derive(Debug, Clone, Copy)]
pub struct Weighed<'a> {
    /// The organization.
    pub organization: &'a Organization,
    /// The instant.
    pub as_of: Timestamp,
}

/// The facts of one bucket.
pub fn bucket_facts(
    index: &KeyIndex,
    partition: &Partition,
    account_id: AccountId,
    bucket: BucketObservation,
    policies: &Policies,
    weighed: Weighed<'_>,
) -> BucketFacts {
    let partition = bucket.region.as_ref().map_or_else(|| partition.clone(), Region::partition);
    let arn = BucketFacts::arn_of(&partition, &bucket.name);
    let setting = Setting::of_bucket(account_id, bucket.region.as_ref(), weighed.organization, weighed.as_of);
    let home = Place {
        partition: &partition,
        account_id,
        region: bucket.region.as_ref(),
        bucket_arn: &arn,
        bucket_key: None,
    };
    BucketFacts {
        account_id,
        encryption: bucket.encryption.reading.map(|configuration| encryption(index, home, configuration)),
        tls_only: tls_only(&bucket.policy.reading, policies, &setting, &arn),
        policy: bucket.policy.reading,
        observed_at: bucket.encryption.at,
        partition,
        region: bucket.region,
        name: bucket.name,
        created_at: bucket.created_at,
    }
}

/// What a configuration comes to, and what its key is.
fn encryption(index: &KeyIndex, home: Place<'_>, configuration: EncryptionConfiguration) -> BucketEncryption {
    let default = configuration.rules.iter().find_map(|rule| rule.default.as_ref());
    let mode = mode_of(default);
    let reference = KeyRef::parse(default.and_then(|default| default.kms_key_ref.as_deref()));
    let bucket_key_enabled = bucket_key(&configuration);
    let home = Place { bucket_key: bucket_key_enabled.filter(|_| mode == Encryption::SseKms), ..home };
    BucketEncryption {
        mode,
        kms_key_ref_kind: reference.kind(),
        key: join(index, home, mode, &reference, default),
        bucket_key_enabled,
        sse_c_blocked: configuration.sse_c_blocked(),
        blocked_encryption_types: blocked_types(&configuration),
        sse_algorithm: default.map(|default| default.sse_algorithm.clone()),
        kms_key_ref: default.and_then(|default| default.kms_key_ref.clone()),
    }
}

fn mode_of(default: Option<&DefaultEncryption>) -> Encryption {
    match default.map(|default| default.sse_algorithm.as_str()) {
        None => Encryption::NotConfigured,
        Some("AES256") => Encryption::SseS3,
        Some("aws:kms") => Encryption::SseKms,
        Some("aws:kms:dsse") => Encryption::DsseKms,
        Some(_) => Encryption::Other,
    }
}

/// The flag of the rule that holds the default, else of the first rule that sets it.
fn bucket_key(configuration: &EncryptionConfiguration) -> Option<bool> {
    let rules = &configuration.rules;
    let with_default = rules.iter().find(|rule| rule.default.is_some());
    with_default.or_else(|| rules.first()).and_then(|rule| rule.bucket_key_enabled)
}

fn blocked_types(configuration: &EncryptionConfiguration) -> Option<Vec<String>> {
    let mut lists = configuration.rules.iter().filter_map(|rule| rule.blocked_encryption_types.as_ref());
    let mut types = lists.next()?.clone();
    lists.for_each(|more| types.extend(more.iter().cloned()));
    Some(types)
}

/// A bucket without a policy refuses nothing.
fn tls_only(
    policy: &Reading<PolicyHash>,
    policies: &Policies,
    setting: &Setting<'_>,
    bucket_arn: &str,
) -> Reading<TlsOnly> {
    let decide = |hash: &PolicyHash| match policies.of_bucket(hash) {
        Some(Ok(policy)) => policy::tls_only(&policy.settled(setting), bucket_arn).into(),
        _ => TlsOnly::Unknown,
    };
    match policy.settled() {
        Ok(Some(hash)) => Reading::Known(decide(hash)),
        Ok(None) => Reading::Known(TlsOnly::Absent),
        Err(why) => why.into(),
    }
}

/// The bucket, and where a bare id or alias resolves: S3 resolves it in the requester's account, which is the
/// bucket's own for all that an auditor can say.
#[derive(Clone, Copy)]
struct Place<'a> {
    partition: &'a Partition,
    account_id: AccountId,
    region: Option<&'a Region>,
    bucket_arn: &'a str,
    /// The S3 Bucket Key, where the default is one that uses it.
    bucket_key: Option<bool>,
}

/// The contract's `kms_key_link`: the first match wins.
fn join(
    index: &KeyIndex,
    home: Place<'_>,
    encryption: Encryption,
    reference: &KeyRef<'_>,
    default: Option<&DefaultEncryption>,
) -> KeyJoin {
    let uses_kms = matches!(encryption, Encryption::SseKms | Encryption::DsseKms);
    let names_key = encryption == Encryption::Other && *reference != KeyRef::None;
    if !uses_kms && !names_key {
        return KeyJoin::linked(KeyLink::None, None);
    }
    if reference.is_aws_s3_of(home.partition, home.account_id, home.region) {
        let found = home.region.map(|region| index.alias(home.account_id, region, AWS_S3_ALIAS));
        return aws_managed(home.account_id, None, found.as_ref(), Some(true));
    }
    let KeyRef::Named { place, target } = reference else { return KeyJoin::linked(KeyLink::Unproven, None) };
    let named_arn = match (place, target) {
        (Some(_), Target::Key(_)) => default.and_then(|default| default.kms_key_ref.as_deref()),
        _ => None,
    };
    if let Some(place) = place
        && place.partition != home.partition.as_str()
    {
        return of_other_partition(place, named_arn);
    }
    let (owner, region) = match place {
        Some(place) => (place.account_id, Some(&place.region)),
        None => (home.account_id, home.region),
    };
    let found = region.map_or(Found::Unproven, |region| match target {
        Target::Key(id) => index.key(owner, region, id),
        Target::Alias(name) => index.alias(owner, region, name),
    });
    let is_aws_managed = match (&found, region) {
        (Found::Key(id, key), Some(region)) => index.is_aws_managed(owner, region, id, key),
        (Found::AwsManaged(_), _) => Some(true),
        _ => Some(false),
    };
    match is_aws_managed {
        // AWS's own key works in its own account only: elsewhere it is not what the contract calls `aws_managed`.
        Some(true) if owner == home.account_id => {
            let is_for_s3 = region.and_then(|region| index.is_aws_s3(owner, region, &found));
            aws_managed(owner, named_arn, Some(&found), is_for_s3)
        }
        Some(true) => as_of_aws(customer_key(index, home.account_id, owner, named_arn, &found)),
        Some(false) => {
            let join = customer_key(index, home.account_id, owner, named_arn, &found);
            let asked = (home.account_id, home.bucket_arn, home.bucket_key);
            let admission = region.filter(|_| join.link == KeyLink::SameOrg);
            KeyJoin {
                admission: admission.and_then(|region| index.admission(owner, region, &found, asked)),
                ..join
            }
        }
        // Listed and not described: whose it is cannot be said.
        None => customer_key(index, home.account_id, owner, named_arn, &Found::Unproven),
    }
}

/// An organization has its accounts in one partition: the same number in another is no account of it, and no
/// key that was listed here.
fn of_other_partition(place: &NamedPlace<'_>, named_arn: Option<&str>) -> KeyJoin {
    let link = KeyJoin::linked(KeyLink::OutsideOrg, Some(place.account_id));
    KeyJoin { key_arn: named_arn.map(str::to_owned), ..link }
}

/// An AWS managed key of another account: what is known of it without its description.
fn as_of_aws(join: KeyJoin) -> KeyJoin {
    match join.link {
        KeyLink::SameOrg => KeyJoin {
            manager: Some("AWS".to_owned()),
            rotation: Some(Ok(KeyRotation::Enabled)),
            rotation_reason: Some(RotationReason::AwsManagedYearly),
            ..join
        },
        _ => join,
    }
}

fn aws_managed(
    bucket_owner: AccountId,
    named_arn: Option<&str>,
    found: Option<&Found<'_>>,
    is_for_s3: Option<bool>,
) -> KeyJoin {
    let listed = match found {
        Some(Found::Key(_, key)) => Some(key),
        _ => None,
    };
    KeyJoin {
        key_arn: named_arn.map(str::to_owned).or_else(|| listed.map(|key| key.arn.to_string())),
        manager: Some("AWS".to_owned()),
        origin: listed.and_then(|key| key.origin.as_deref()).map(str::to_owned),
        state: listed.and_then(|key| key.state.as_deref()).map(str::to_owned),
        is_for_s3,
        rotation: Some(Ok(KeyRotation::Enabled)),
        rotation_reason: Some(RotationReason::AwsManagedYearly),
        ..KeyJoin::linked(KeyLink::AwsManaged, Some(bucket_owner))
    }
}

fn customer_key(
    index: &KeyIndex,
    bucket_owner: AccountId,
    owner: AccountId,
    named_arn: Option<&str>,
    found: &Found<'_>,
) -> KeyJoin {
    let named =
        |link| KeyJoin { key_arn: named_arn.map(str::to_owned), ..KeyJoin::linked(link, Some(owner)) };
    match (index.is_member(owner), found) {
        (Some(false), _) => named(KeyLink::OutsideOrg),
        (_, Found::Key(_, key)) => {
            let rotation = index.rotation(key);
            let link = if owner == bucket_owner { KeyLink::SameAccount } else { KeyLink::SameOrg };
            KeyJoin {
                key_arn: Some(named_arn.map_or_else(|| key.arn.to_string(), str::to_owned)),
                manager: key.manager.as_deref().map(str::to_owned),
                origin: key.origin.as_deref().map(str::to_owned),
                state: key.state.as_deref().map(str::to_owned),
                is_for_s3: key.is_for_s3,
                rotation: Some(rotation.rotation),
                rotation_reason: rotation.reason,
                rotating_state: rotation.state,
                ..KeyJoin::linked(link, Some(owner))
            }
        }
        (_, Found::Missing) => named(KeyLink::Missing),
        _ => named(KeyLink::Unproven),
    }
}
