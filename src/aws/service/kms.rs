//! KMS keys and aliases of one Region.
//!
//! Only keys that ListKeys gave are described: `DescribeKey` on a predefined alias without a target
//! can create the key, and this is a reader. A read is sent only where its answer can tell
//! something; [`KeyMetadata::rotation_rule`] says where. What the answers say is `understand`'s.

mod understand;

use aws_sdk_kms::operation::list_aliases::ListAliasesOutput;
use aws_sdk_kms::operation::list_key_rotations::ListKeyRotationsOutput;
use aws_sdk_kms::operation::list_keys::ListKeysOutput;
use futures::{StreamExt, stream};

use self::understand::{ListedKey, Place};
use super::{AccountReader, believed};
use crate::aws::clients::Client;
use crate::aws::walk::{Page, Walk};
use crate::clock::Timestamp;
use crate::log::digest;
use crate::model::{
    CompletedRotation, KeyMetadata, KeyObservation, NotAsked, Observation, PolicyHash, Reading, Region,
    RotationReason, RotationRule, RotationStatus,
};
use crate::operation::{
    DESCRIBE_KEY, GET_KEY_POLICY, GET_KEY_ROTATION_STATUS, LIST_ALIASES, LIST_KEY_ROTATIONS, LIST_KEYS,
    Operation,
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

impl Collector<'_> {
    fn place(&self) -> Place<'_> {
        Place { account_id: self.reader.account_id, region: self.region }
    }

    fn now(&self) -> Timestamp {
        self.reader.door.shared().clock.now()
    }

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
                count: None,
            };
            let understand = |entry| understand::listed_key(entry, self.place());
            let page = walk.take(answer.observation, page_of, understand, |key| key.id.clone());
            self.read_keys(page).await;
        }
        let (observation, listed) = walk.end();
        self.reader.segment().listing(&observation, listed);
    }

    async fn read_keys(&self, keys: Vec<ListedKey>) {
        let keys = keys.into_iter();
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
                count: None,
            };
            let understand = |entry| understand::alias(entry, self.place());
            let page = walk.take(answer.observation, page_of, understand, |alias| alias.name.clone());
            for alias in page {
                self.reader.segment().alias(alias);
            }
        }
        let (observation, listed) = walk.end();
        self.reader.segment().listing(&observation, listed);
    }

    async fn key(&self, key: ListedKey) -> (KeyObservation, Option<String>) {
        let describe = self.describe(&key).await;
        let rule = describe.reading.known().map(|metadata| metadata.rotation_rule(&key.arn));
        let (rotation, policy) =
            futures::join!(self.rotation(&key, &describe, rule), self.policy(&key.id, &describe));
        let imported = rule == Some(RotationRule::NotApplicable(RotationReason::ImportedMaterial))
            && describe
                .reading
                .known()
                .is_some_and(|metadata| metadata.state.as_deref() != Some("PendingImport"));
        let rotations = self.rotations(&key, &rotation, imported).await;
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

    async fn describe(&self, key: &ListedKey) -> Observation<KeyMetadata> {
        let send = || self.client.sdk.describe_key().key_id(&key.id).send();
        let answer = self.reader.door.call(&DESCRIBE_KEY, self.region, &self.client.endpoint, send).await;
        believed(answer.observation, |output| {
            let metadata = output.key_metadata.ok_or_else(|| "the answer lacks KeyMetadata".to_owned())?;
            understand::metadata(metadata, key, self.now())
        })
    }

    async fn rotation(
        &self,
        key: &ListedKey,
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
        let send = || self.client.sdk.get_key_rotation_status().key_id(&key.id).send();
        let door = &self.reader.door;
        let answer = door.call(&GET_KEY_ROTATION_STATUS, self.region, &self.client.endpoint, send).await;
        believed(answer.observation, |output| understand::rotation_status(output, key))
    }

    async fn rotations(
        &self,
        key: &ListedKey,
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
                let request = self.client.sdk.list_key_rotations().key_id(&key.id).limit(1000);
                request.set_marker(token.clone()).send()
            };
            let door = &self.reader.door;
            let answer = door.call(&LIST_KEY_ROTATIONS, self.region, &self.client.endpoint, send).await;
            let page_of = |output: ListKeyRotationsOutput| Page {
                entries: output.rotations,
                next: output.next_marker,
                goes_on: Some(output.truncated),
                count: None,
            };
            let understand = |entry| understand::rotation(entry, key, self.now());
            // A key is rotated once at an instant.
            let page = walk.take(answer.observation, page_of, understand, |entry| {
                format!("{:?} {:?}", entry.at, entry.rotation_type)
            });
            rotations.extend(page);
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
        policy_of(answer.observation, understand::policy)
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

/// A policy's hash and text. A text that is not JSON is no policy.
pub(super) fn policy_of<O>(
    observation: Observation<O>,
    text: impl FnOnce(O) -> Result<String, String>,
) -> (Observation<PolicyHash>, Option<String>) {
    let is_json = |text: &String| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    let text = believed(observation, |output| {
        let text = text(output)?;
        if is_json(&text) { Ok(text) } else { Err("the policy is not JSON".to_owned()) }
    });
    let kept = text.reading.known().cloned();
    (text.map(|text| PolicyHash(digest(text.as_bytes()))), kept)
}
