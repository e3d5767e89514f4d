//! DescribeKey.

use serde_json::{Value, json};

use super::find::{self, not_found};
use super::{Call, Refusal, epoch, json_reply, region_of};
use crate::access::Asked;
use crate::hash::uuid;
use crate::message::Reply;
use crate::world::{Key, MultiRegion, Rotation, World};
use atrest_core::AccountId;

pub(super) fn describe_key(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let reference = find::reference(call)?;
    let (account, name) = (reference.account, reference.name.to_owned());
    let id = if reference.is_alias() { target_of(call, account, &name)? } else { name };
    let key = find::key(call, account, &id)?;
    json_reply(&json!({ "KeyMetadata": metadata(call.world, key) }))
}

/// The id behind an alias; a predefined one without a key gets its key now.
fn target_of(call: &mut Call<'_>, account: AccountId, name: &str) -> Result<String, Refusal> {
    let arn = format!("arn:{}:kms:{}:{account}:{name}", call.world.partition, call.region);
    if account != call.principal.account {
        return Err(find::of_another_account(call, &arn));
    }
    let alias = region_of(call, account).and_then(|state| state.aliases.get(name));
    match alias.map(|alias| alias.target.clone()) {
        None => Err(not_found(format!("Alias {arn} is not found."))),
        Some(Some(id)) => Ok(id),
        Some(None) => {
            call.authorize(&Asked { arn: Some(arn), ..call.question(call.operation.action) })?;
            Ok(make_managed_key(call, account, name))
        }
    }
}

fn make_managed_key(call: &mut Call<'_>, account: AccountId, alias: &str) -> String {
    let id = uuid(0, &[&account.to_string(), call.region.as_str(), alias]);
    let mut key = call.world.new_key(account, call.region.clone(), &id);
    key.manager = "AWS".into();
    key.created_at = call.now;
    key.rotation = Rotation { enabled: true, period_days: Some(365), ..Rotation::default() };
    let now = call.now;
    let state = call.world.region_mut(account, call.region.as_str());
    state.keys.insert(id.clone(), key);
    if let Some(alias) = state.aliases.get_mut(alias) {
        alias.target = Some(id.clone());
        alias.created_at = Some(now);
    }
    call.mutated = true;
    id
}

fn metadata(world: &World, key: &Key) -> Value {
    let mut metadata = json!({
        "AWSAccountId": key.account.to_string(),
        "Arn": world.key_arn(key),
        "CreationDate": epoch(key.created_at),
        "CustomerMasterKeySpec": key.spec,
        "Description": key.description,
        "Enabled": key.state == "Enabled",
        "KeyId": key.id,
        "KeyManager": key.manager,
        "KeySpec": key.spec,
        "KeyState": key.state,
        "KeyUsage": key.usage,
        "MultiRegion": key.multi_region.is_some(),
        "Origin": key.origin,
    });
    if key.is_symmetric() {
        metadata["EncryptionAlgorithms"] = json!(["SYMMETRIC_DEFAULT"]);
    }
    if let Some(at) = key.deletion_at {
        metadata["DeletionDate"] = epoch(at);
    }
    if key.state == "PendingReplicaDeletion" {
        metadata["PendingDeletionWindowInDays"] = 7.into();
    }
    if key.origin == "EXTERNAL" && key.state != "PendingImport" {
        let expires = key.valid_to.is_some();
        let model = if expires { "KEY_MATERIAL_EXPIRES" } else { "KEY_MATERIAL_DOES_NOT_EXPIRE" };
        metadata["ExpirationModel"] = model.into();
    }
    if let Some(at) = key.valid_to {
        metadata["ValidTo"] = epoch(at);
    }
    if let Some(store) = &key.custom_key_store_id {
        metadata["CustomKeyStoreId"] = store.as_str().into();
        match key.origin.as_ref() {
            "AWS_CLOUDHSM" => metadata["CloudHsmClusterId"] = "cluster-1a23b4cdefg".into(),
            _ => metadata["XksKeyConfiguration"] = json!({ "Id": key.id }),
        }
    }
    if let Some(part) = &key.multi_region {
        metadata["MultiRegionConfiguration"] = multi_region(world, key, part);
    }
    metadata
}

fn multi_region(world: &World, key: &Key, part: &MultiRegion) -> Value {
    let member = |region: &atrest_core::Region| {
        let sibling = Key { region: region.clone(), ..key.clone() };
        json!({ "Arn": world.key_arn(&sibling), "Region": region.as_str() })
    };
    let replicas: Vec<Value> = part.replicas.iter().map(member).collect();
    json!({
        "MultiRegionKeyType": if key.is_primary() { "PRIMARY" } else { "REPLICA" },
        "PrimaryKey": member(&part.primary),
        "ReplicaKeys": replicas,
    })
}
