//! What KMS's answers say, held to what was asked: pure functions from the SDK's types to ours.
//!
//! An answer about another key, account or Region is no answer; neither is one that contradicts itself, or has a
//! number or an instant that KMS does not have. Words of lists that grow (states, origins, specifications) are
//! kept as they are, for the checks to say that they do not know them.

use aws_sdk_kms::operation::get_key_policy::GetKeyPolicyOutput;
use aws_sdk_kms::operation::get_key_rotation_status::GetKeyRotationStatusOutput;
use aws_sdk_kms::types::{
    AliasListEntry, ExpirationModelType, KeyListEntry, KeyMetadata as Metadata, MultiRegionConfiguration,
    RotationsListEntry,
};
use aws_smithy_types::DateTime;

use crate::aws::service::instant;
use crate::aws::walk::{told, word};
use crate::clock::{DAY_MS, Timestamp};
use crate::model::{
    AccountId, AliasObservation, Arn, CompletedRotation, KeyMetadata, MultiRegion, Region, RotationStatus,
};

/// `RotationPeriodInDays` (KMS API reference, EnableKeyRotation).
const PERIODS: std::ops::RangeInclusive<i32> = 90..=2_560;

/// The account and Region that were asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) account_id: AccountId,
    pub(super) region: &'a Region,
}

impl Place<'_> {
    /// Whether an ARN is that of a resource in this place.
    fn has(&self, arn: &str, resource: &str) -> bool {
        Arn::parse(arn).is_some_and(|arn| {
            arn.service == "kms"
                && arn.region == self.region.as_str()
                && arn.account.parse() == Ok(self.account_id)
                && arn.resource == resource
        })
    }
}

/// A key as ListKeys gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ListedKey {
    pub(super) id: String,
    pub(super) arn: String,
}

pub(super) fn listed_key(entry: KeyListEntry, place: Place<'_>) -> Result<ListedKey, String> {
    match (entry.key_id, entry.key_arn) {
        (Some(id), Some(arn)) if !id.is_empty() && place.has(&arn, &format!("key/{id}")) => {
            Ok(ListedKey { id, arn })
        }
        (id, arn) => {
            Err(format!("a key with {} and {}", told("KeyId", id.as_deref()), told("KeyArn", arn.as_deref())))
        }
    }
}

pub(super) fn alias(entry: AliasListEntry, place: Place<'_>) -> Result<AliasObservation, String> {
    let (name, arn) = (entry.alias_name, entry.alias_arn);
    let target = entry.target_key_id.filter(|id| !id.is_empty());
    match (&name, &arn) {
        (Some(text), Some(arn)) if text.starts_with("alias/") && place.has(arn, text) => {}
        _ => {
            let (name, arn) = (told("AliasName", name.as_deref()), told("AliasArn", arn.as_deref()));
            return Err(format!("an alias with {name} and {arn}"));
        }
    }
    let name = name.unwrap_or_default();
    // Only a predefined alias has none, until its key is made (KMS API reference, ListAliases).
    if target.is_none() && !name.starts_with("alias/aws/") {
        return Err(format!("an alias with {} and no TargetKeyId", told("AliasName", Some(&name))));
    }
    Ok(AliasObservation { region: place.region.clone(), name, target_key_id: target })
}

pub(super) fn metadata(metadata: Metadata, key: &ListedKey, now: Timestamp) -> Result<KeyMetadata, String> {
    let owner = Arn::parse(&key.arn).map(|arn| arn.account);
    let is_owners = metadata.aws_account_id.as_deref().is_none_or(|account| Some(account) == owner);
    if metadata.arn.as_deref() != Some(&key.arn) || metadata.key_id != key.id || !is_owners {
        return Err(format!("the answer is about another key, {}", told("Arn", metadata.arn.as_deref())));
    }
    let manager = metadata.key_manager.map(|value| word(value.as_str()));
    if let Some(word) = manager.as_deref().filter(|word| !matches!(*word, "AWS" | "CUSTOMER")) {
        return Err(format!("KMS has no {}", told("KeyManager", Some(word))));
    }
    let created_at = instant("CreationDate", metadata.creation_date.as_ref())?;
    Ok(KeyMetadata {
        manager,
        origin: metadata.origin.map(|value| word(value.as_str())),
        spec: metadata.key_spec.map(|value| word(value.as_str())),
        usage: metadata.key_usage.map(|value| word(value.as_str())),
        state: metadata.key_state.map(|value| word(value.as_str())),
        created_at: created_at.map(|at| past("CreationDate", at, now)).transpose()?,
        deletion_at: instant("DeletionDate", metadata.deletion_date.as_ref())?,
        multi_region: multi_region(metadata.multi_region, metadata.multi_region_configuration, key)?,
        custom_key_store_id: metadata.custom_key_store_id,
        material_expires_at: expiry(metadata.expiration_model.as_ref(), metadata.valid_to.as_ref())?,
    })
}

/// When imported material expires. The model says whether it does, and has to agree; KMS leaves both out of keys
/// without imported material.
fn expiry(model: Option<&ExpirationModelType>, at: Option<&DateTime>) -> Result<Option<Timestamp>, String> {
    let at = instant("ValidTo", at)?;
    let model = model.map(ExpirationModelType::as_str);
    match (model, at) {
        (Some("KEY_MATERIAL_EXPIRES"), Some(_))
        | (Some("KEY_MATERIAL_DOES_NOT_EXPIRE"), None)
        | (None, _) => Ok(at),
        _ => {
            let valid_to = at.map(|at| at.to_string());
            let (model, at) = (told("ExpirationModel", model), told("ValidTo", valid_to.as_deref()));
            Err(format!("a key whose expiry contradicts itself: {model}, {at}"))
        }
    }
}

/// Which of several keys a multi-Region key is decides whose rotation it has: all that tells of it has to agree.
fn multi_region(
    is_multi_region: Option<bool>,
    configuration: Option<MultiRegionConfiguration>,
    key: &ListedKey,
) -> Result<Option<MultiRegion>, String> {
    let Some(configuration) = configuration else {
        // The id of a multi-Region key says so, too (KMS Developer Guide, "Multi-Region keys in AWS KMS").
        return match is_multi_region == Some(true) || key.id.starts_with("mrk-") {
            true => Err("a multi-Region key with no MultiRegionConfiguration".to_owned()),
            false => Ok(None),
        };
    };
    let key_type = configuration.multi_region_key_type.map(|value| word(value.as_str()));
    let primary = configuration.primary_key.and_then(|primary| primary.arn);
    let id_of = |arn: &str| Arn::parse(arn).map(|arn| arn.resource.to_owned());
    let is_own = primary.as_deref().map(|primary| primary == key.arn);
    let is_related = primary.as_deref().is_none_or(|primary| id_of(primary) == id_of(&key.arn));
    let agrees = match key_type.as_deref() {
        Some("PRIMARY") => is_own != Some(false),
        // A key that is named as its own primary is one, whatever its type: its own rotation status is asked.
        Some("REPLICA") => true,
        Some(_) => false,
        None => primary.is_some(),
    };
    if is_multi_region == Some(false) || !is_related || !agrees {
        let (key_type, primary) =
            (told("MultiRegionKeyType", key_type.as_deref()), told("primary key", primary.as_deref()));
        return Err(format!("a multi-Region key that contradicts itself: {key_type}, {primary}"));
    }
    Ok(Some(MultiRegion { key_type, primary_key_arn: primary }))
}

/// Whether an answer names the key that was asked for: by its id or its ARN, where it does.
fn is_about(key: &ListedKey, named: Option<&str>) -> Result<(), String> {
    match named {
        Some(other) if other != key.id && other != key.arn => {
            Err(format!("the answer is about another key, {}", told("KeyId", Some(other))))
        }
        _ => Ok(()),
    }
}

pub(super) fn rotation_status(
    output: GetKeyRotationStatusOutput,
    key: &ListedKey,
) -> Result<RotationStatus, String> {
    is_about(key, output.key_id.as_deref())?;
    let period_days = output.rotation_period_in_days;
    if let Some(days) = period_days.filter(|days| !PERIODS.contains(days)) {
        let (least, most) = (PERIODS.start(), PERIODS.end());
        return Err(format!("RotationPeriodInDays is {days}; KMS has {least} to {most}"));
    }
    Ok(RotationStatus {
        enabled: output.key_rotation_enabled,
        period_days,
        next_rotation_at: instant("NextRotationDate", output.next_rotation_date.as_ref())?,
        on_demand_started_at: instant(
            "OnDemandRotationStartDate",
            output.on_demand_rotation_start_date.as_ref(),
        )?,
    })
}

pub(super) fn rotation(
    entry: RotationsListEntry,
    key: &ListedKey,
    now: Timestamp,
) -> Result<CompletedRotation, String> {
    is_about(key, entry.key_id.as_deref())?;
    let at = instant("RotationDate", entry.rotation_date.as_ref())?;
    let at = at.ok_or_else(|| "a rotation with no RotationDate".to_owned())?;
    let kind = entry.rotation_type.map(|kind| word(kind.as_str()));
    if !matches!(kind.as_deref(), Some("AUTOMATIC" | "ON_DEMAND")) {
        return Err(format!("a rotation with {}", told("RotationType", kind.as_deref())));
    }
    Ok(CompletedRotation { at: Some(past("RotationDate", at, now)?), rotation_type: kind })
}

pub(super) fn policy(output: GetKeyPolicyOutput) -> Result<String, String> {
    let name = output.policy_name.as_deref();
    // Every key has one policy, of this name (KMS API reference, GetKeyPolicy).
    if name.is_some_and(|name| name != "default") {
        return Err(format!("the answer is about another policy, {}", told("PolicyName", name)));
    }
    output.policy.ok_or_else(|| "the answer lacks Policy".to_owned())
}

/// What KMS says was done was done before now. A day is left for clocks that differ.
fn past(name: &str, at: Timestamp, now: Timestamp) -> Result<Timestamp, String> {
    if at.millis() > now.millis() + DAY_MS {
        return Err(format!("{name} is {at}, which is in the future"));
    }
    Ok(at)
}

#[cfg(test)]
mod tests;
