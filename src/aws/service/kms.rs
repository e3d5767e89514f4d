//! KMS keys and aliases of one Region.
//!
//! Only keys that ListKeys gave are described: `DescribeKey` on a predefined alias without a target
//! can create the key, and this is a reader. A read is sent only where its answer can tell
//! something; [`KeyMetadata::rotation_rule`] says where.

use aws_sdk_kms::operation::list_aliases::ListAliasesOutput;
use aws_sdk_kms::operation::list_key_rotations::ListKeyRotationsOutput;
use aws_sdk_kms::operation::list_keys::ListKeysOutput;
use aws_sdk_kms::types::{KeyListEntry, RotationsListEntry};
use futures::{StreamExt, stream};

use super::{AccountReader, timestamp};
use crate::aws::clients::Client;
use crate::aws::ops::{
    DESCRIBE_KEY, GET_KEY_POLICY, GET_KEY_ROTATION_STATUS, LIST_ALIASES, LIST_KEY_ROTATIONS, LIST_KEYS,
    Operation,
};
use crate::aws::walk::{Page, Walk};
use crate::log::digest;
use crate::model::{
    AliasObservation, CompletedRotation, Fault, FaultKind, KeyMetadata, KeyObservation, MultiRegion,
    NotAsked, Observation, PolicyHash, Reading, Region, RotationReason, RotationRule, RotationStatus,
};

/// Reads one Region of an account.
pub async fn collect(reader: &AccountReader, region: &Region) {
    let collector = Collector { reader, region, client: reader.clients.kms(region) };
    futures::join!(collector.keys(), collector.aliases());
}

struct Collector<'a> {
    reader: &'a AccountReader,
    region: &'a Region,
    client: Client<aws_sdk_kms::Client>,
}

/// A key as ListKeys gives it.
struct ListedKey {
    id: String,
    arn: String,
}

impl Collector<'_> {
    async fn keys(&self) {
        let mut walk = Walk::default();
        while walk.goes_on() {
            let token = walk.token();
            // 1,000 is the API's maximum.
            let send = || self.client.sdk.list_keys().limit(1000).set_marker(token.clone()).send();
            let answer = self.reader.door.call(&LIST_KEYS, self.region, &self.client.endpoint, send).await;
            let page_of = |output: ListKeysOutput| Page {
                entries: output.keys,
                next: output.next_marker,
                goes_on: Some(output.truncated),
            };
            let page = walk.distinct(answer.observation, page_of, |key| key.key_id.clone());
            self.read_keys(page).await;
        }
        let (observation, listed) = walk.end();
        self.reader.segment().listing(&observation, listed);
    }

    async fn read_keys(&self, page: Vec<KeyListEntry>) {
        let keys = page.into_iter().filter_map(|key| Some(ListedKey { id: key.key_id?, arn: key.key_arn? }));
        let mut read = stream::iter(keys.map(|key| self.key(key))).buffer_unordered(self.reader.concurrency);
        while let Some((key, policy)) = read.next().await {
            self.reader.segment().key(key, policy);
        }
    }

    async fn aliases(&self) {
        let mut walk = Walk::default();
        while walk.goes_on() {
            let token = walk.token();
            // 100 is the API's maximum.
            let send = || self.client.sdk.list_aliases().limit(100).set_marker(token.clone()).send();
            let answer = self.reader.door.call(&LIST_ALIASES, self.region, &self.client.endpoint, send).await;
            let page_of = |output: ListAliasesOutput| Page {
                entries: output.aliases,
                next: output.next_marker,
                goes_on: Some(output.truncated),
            };
            let page = walk.distinct(answer.observation, page_of, |alias| alias.alias_name.clone());
            for alias in page {
                let Some(name) = alias.alias_name else { continue };
                let region = self.region.clone();
                let alias = AliasObservation { region, name, target_key_id: alias.target_key_id };
                self.reader.segment().alias(alias);
            }
        }
        let (observation, listed) = walk.end();
        self.reader.segment().listing(&observation, listed);
    }

    async fn key(&self, key: ListedKey) -> (KeyObservation, Option<String>) {
        let describe = self.describe(&key.id).await;
        let rule = describe.reading.known().map(|metadata| metadata.rotation_rule(&key.arn));
        let (rotation, policy) =
            futures::join!(self.rotation(&key.id, &describe, rule), self.policy(&key.id, &describe));
        let imported = rule == Some(RotationRule::NotApplicable(RotationReason::ImportedMaterial))
            && describe
                .reading
                .known()
                .is_some_and(|metadata| metadata.state.as_deref() != Some("PendingImport"));
        let rotations = self.rotations(&key.id, &rotation, imported).await;
        let (policy, text) = policy;
        let observation = KeyObservation {
            region: self.region.clone(),
            key_id: key.id,
            key_arn: key.arn,
            describe,
            rotation,
            rotations,
            policy,
        };
        (observation, text)
    }

    async fn describe(&self, key_id: &str) -> Observation<KeyMetadata> {
        let send = || self.client.sdk.describe_key().key_id(key_id).send();
        let answer = self.reader.door.call(&DESCRIBE_KEY, self.region, &self.client.endpoint, send).await;
        understood(answer.observation, |output| output.key_metadata.map(metadata_of))
    }

    async fn rotation(
        &self,
        key_id: &str,
        describe: &Observation<KeyMetadata>,
        rule: Option<RotationRule>,
    ) -> Observation<RotationStatus> {
        let why = match rule {
            Some(RotationRule::Ask) => None,
            Some(_) => Some(NotAsked::DoesNotApply),
            None => Some(because_of(&describe.reading)),
        };
        if let Some(why) = why {
            return self.not_asked(&GET_KEY_ROTATION_STATUS, why);
        }
        let send = || self.client.sdk.get_key_rotation_status().key_id(key_id).send();
        let door = &self.reader.door;
        let answer = door.call(&GET_KEY_ROTATION_STATUS, self.region, &self.client.endpoint, send).await;
        answer.observation.map(|output| RotationStatus {
            enabled: output.key_rotation_enabled,
            period_days: output.rotation_period_in_days,
            next_rotation_at: output.next_rotation_date.as_ref().and_then(timestamp),
            on_demand_started_at: output.on_demand_rotation_start_date.as_ref().and_then(timestamp),
        })
    }

    async fn rotations(
        &self,
        key_id: &str,
        rotation: &Observation<RotationStatus>,
        imported: bool,
    ) -> Observation<Vec<CompletedRotation>> {
        let why = match &rotation.reading {
            // Never rotated automatically, and on demand all the same.
            Reading::NotAsked(_) if imported && self.reader.history.imported => None,
            Reading::Known(status) if !status.enabled => Some(NotAsked::DoesNotApply),
            Reading::NotAsked(why) => Some(*why),
            _ if !self.reader.history.automatic => Some(NotAsked::TurnedOff),
            Reading::Known(_) => None,
            other => Some(because_of(other)),
        };
        if let Some(why) = why {
            return self.not_asked(&LIST_KEY_ROTATIONS, why);
        }
        let (mut walk, mut rotations) = (Walk::default(), Vec::new());
        while walk.goes_on() {
            let token = walk.token();
            let send = || {
                // 1,000 is the API's maximum.
                let request = self.client.sdk.list_key_rotations().key_id(key_id).limit(1000);
                request.set_marker(token.clone()).send()
            };
            let door = &self.reader.door;
            let answer = door.call(&LIST_KEY_ROTATIONS, self.region, &self.client.endpoint, send).await;
            let page_of = |output: ListKeyRotationsOutput| Page {
                entries: output.rotations,
                next: output.next_marker,
                goes_on: Some(output.truncated),
            };
            // A key is rotated once at an instant.
            let page = walk.distinct(answer.observation, page_of, |entry: &RotationsListEntry| {
                let (at, kind) = (entry.rotation_date.as_ref()?, entry.rotation_type.as_ref());
                Some(format!("{at:?} {kind:?}"))
            });
            rotations.extend(page.into_iter().map(|entry| CompletedRotation {
                at: entry.rotation_date.as_ref().and_then(timestamp),
                rotation_type: entry.rotation_type.map(|kind| kind.as_str().to_owned()),
            }));
        }
        let (observation, _) = walk.end();
        observation.map(|()| rotations)
    }

    async fn policy(
        &self,
        key_id: &str,
        describe: &Observation<KeyMetadata>,
    ) -> (Observation<PolicyHash>, Option<String>) {
        let why = match describe.reading.known() {
            Some(metadata) if metadata.is_aws_managed() => Some(NotAsked::DoesNotApply),
            Some(_) => None,
            None => Some(because_of(&describe.reading)),
        };
        if let Some(why) = why {
            return (self.not_asked(&GET_KEY_POLICY, why), None);
        }
        let send = || self.client.sdk.get_key_policy().key_id(key_id).policy_name("default").send();
        let answer = self.reader.door.call(&GET_KEY_POLICY, self.region, &self.client.endpoint, send).await;
        policy_of(answer.observation, |output| output.policy)
    }

    fn not_asked<T>(&self, operation: &'static Operation, why: NotAsked) -> Observation<T> {
        Observation::not_asked(operation.id, self.region.clone(), why)
    }
}

/// Why a read that depends on another was not sent.
fn because_of<T>(reading: &Reading<T>) -> NotAsked {
    match reading {
        Reading::Gone | Reading::Absent => NotAsked::DoesNotApply,
        _ => NotAsked::DependencyUnread,
    }
}

/// Takes the part of an answer that the API promises; an answer without it is no answer.
pub(super) fn understood<O, T>(
    observation: Observation<O>,
    part: impl FnOnce(O) -> Option<T>,
) -> Observation<T> {
    observation.and_then(|output| {
        part(output).map_or(Reading::Unread(Fault::new(FaultKind::Protocol)), Reading::Known)
    })
}

/// A policy's hash and text. A text that is not JSON is no policy.
pub(super) fn policy_of<O>(
    observation: Observation<O>,
    text: impl FnOnce(O) -> Option<String>,
) -> (Observation<PolicyHash>, Option<String>) {
    let is_json = |text: &String| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    let text = understood(observation, |output| text(output).filter(is_json));
    let kept = text.reading.known().cloned();
    (text.map(|text| PolicyHash(digest(text.as_bytes()))), kept)
}

fn metadata_of(metadata: aws_sdk_kms::types::KeyMetadata) -> KeyMetadata {
    KeyMetadata {
        manager: metadata.key_manager.map(|value| value.as_str().to_owned()),
        origin: metadata.origin.map(|value| value.as_str().to_owned()),
        spec: metadata.key_spec.map(|value| value.as_str().to_owned()),
        usage: metadata.key_usage.map(|value| value.as_str().to_owned()),
        state: metadata.key_state.map(|value| value.as_str().to_owned()),
        created_at: metadata.creation_date.as_ref().and_then(timestamp),
        deletion_at: metadata.deletion_date.as_ref().and_then(timestamp),
        multi_region: metadata.multi_region_configuration.map(|multi| MultiRegion {
            key_type: multi.multi_region_key_type.map(|value| value.as_str().to_owned()),
            primary_key_arn: multi.primary_key.and_then(|primary| primary.arn),
        }),
        custom_key_store_id: metadata.custom_key_store_id,
        material_expires_at: metadata.valid_to.as_ref().and_then(timestamp),
    }
}
