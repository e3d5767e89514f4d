//! KMS's reads: listings, metadata, rotation and policies, with KMS's own refusals.
//!
//! `DescribeKey` of a predefined alias without a target makes the AWS managed key, as in AWS
//! (DescribeKey, API reference): a read that changes state, recorded as such.

mod find;
mod metadata;
mod rotation;

use serde_json::{Value, json};

use super::paging::{Limits, Paging};
use super::{Call, Operation, Refusal, Service, epoch, json_reply};
use crate::message::Reply;
use crate::world::RegionState;
use atrest_core::AccountId;

const SERVICE: Service = Service::Kms;

/// What of KMS is simulated.
pub(super) const OPERATIONS: &[Operation] = &[
    Operation::listing(SERVICE, "ListKeys", "kms:ListKeys", list_keys),
    Operation::listing(SERVICE, "ListAliases", "kms:ListAliases", list_aliases),
    Operation::read(SERVICE, "DescribeKey", "kms:DescribeKey", metadata::describe_key),
    Operation::read(SERVICE, "GetKeyRotationStatus", "kms:GetKeyRotationStatus", rotation::status),
    Operation::listing(SERVICE, "ListKeyRotations", "kms:ListKeyRotations", rotation::list),
    Operation::read(SERVICE, "GetKeyPolicy", "kms:GetKeyPolicy", get_key_policy),
];

/// A key reference as the recorder and the faults know it: the id or alias, without the ARN before it.
pub(super) fn short_name(reference: &str) -> String {
    let name = reference.rsplit(':').next().unwrap_or(reference);
    name.strip_prefix("key/").unwrap_or(name).to_owned()
}

fn list_keys(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    call.authorize_account_wide(Some("*"))?;
    let paging = read_paging(
        call,
        Limits { default: 100, most: call.world.pages.keys, overlap: call.world.pages.overlap },
    )?;
    let prefix = format!("arn:{}:kms:{}:{}", call.world.partition, call.region, call.principal.account);
    let keys = own_region(call).into_iter().flat_map(|state| state.keys.keys()).map(|id| {
        let row = json!({ "KeyId": id, "KeyArn": format!("{prefix}:key/{id}") });
        (id.clone(), row)
    });
    let (page, next) = paging.cut(keys);
    page_reply("Keys", page, next)
}

fn list_aliases(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    call.authorize_account_wide(Some("*"))?;
    let limits = Limits {
        default: 50.min(call.world.pages.aliases),
        most: call.world.pages.aliases,
        overlap: call.world.pages.overlap,
    };
    let paging = read_paging(call, limits)?;
    let of_key = call.input.text("KeyId").map(short_name);
    let prefix = format!("arn:{}:kms:{}:{}", call.world.partition, call.region, call.principal.account);
    let aliases = own_region(call)
        .into_iter()
        .flat_map(|state| state.aliases.values())
        .filter(|alias| of_key.is_none() || alias.target == of_key)
        .map(|alias| {
            let mut row = json!({
                "AliasName": alias.name,
                "AliasArn": format!("{prefix}:{}", alias.name),
            });
            if let Some(target) = &alias.target {
                row["TargetKeyId"] = target.as_str().into();
            }
            if let Some(at) = alias.created_at {
                row["CreationDate"] = epoch(at);
                row["LastUpdatedDate"] = epoch(at);
            }
            (alias.name.clone(), row)
        });
    let (page, next) = paging.cut(aliases);
    page_reply("Aliases", page, next)
}

fn get_key_policy(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let key = find::by_id(call)?;
    if call.input.text("PolicyName").is_some_and(|name| name != "default") {
        return Err(Refusal::new(400, "NotFoundException", "No such policy exists"));
    }
    json_reply(&json!({ "Policy": key.policy, "PolicyName": "default" }))
}

fn own_region<'a>(call: &'a Call<'_>) -> Option<&'a RegionState> {
    region_of(call, call.principal.account)
}

fn region_of<'a>(call: &'a Call<'_>, account: AccountId) -> Option<&'a RegionState> {
    call.world.accounts.get(&account)?.regions.get(&call.region)
}

fn read_paging(call: &Call<'_>, limits: Limits) -> Result<Paging, Refusal> {
    let size = call.input.count("Limit");
    if size.is_some_and(|size| !(1..=1000).contains(&size)) {
        return Err(SERVICE.invalid_input("Value at 'limit' failed to satisfy constraint: 1 to 1000"));
    }
    Paging::read(SERVICE, call.input.text("Marker"), size, limits, call.empty_page)
}

fn page_reply(member: &str, rows: Vec<Value>, next: Option<String>) -> Result<Reply, Refusal> {
    let mut body = json!({ member: rows, "Truncated": next.is_some() });
    if let Some(next) = next {
        body["NextMarker"] = next.into();
    }
    json_reply(&body)
}
