//! From the text in `KeyId` to a key, with KMS's refusals on the way.

use super::{Call, Refusal, SERVICE, region_of};
use crate::access::Asked;
use crate::world::Key;
use atrest_core::{AccountId, Arn};

/// A key reference taken apart.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reference<'a> {
    pub account: AccountId,
    /// A key's id, or `alias/…`.
    pub name: &'a str,
}

impl Reference<'_> {
    pub fn is_alias(&self) -> bool {
        self.name.starts_with("alias/")
    }
}

/// Reads `KeyId`: an id, an ARN, an alias or an alias's ARN.
pub(super) fn reference<'a>(call: &'a Call<'_>) -> Result<Reference<'a>, Refusal> {
    let text = call.input.text("KeyId").unwrap_or_default();
    if text.is_empty() {
        return Err(SERVICE.invalid_input("Value null at 'keyId' failed to satisfy constraint"));
    }
    let own = call.principal.account;
    if !text.starts_with("arn:") {
        return Ok(Reference { account: own, name: text });
    }
    let invalid = || Refusal::new(400, "InvalidArnException", format!("Invalid arn {text}"));
    let arn = Arn::parse(text).filter(|arn| arn.service == "kms").ok_or_else(invalid)?;
    if arn.region != call.region.as_str() {
        return Err(not_found(format!("Invalid arn {}", arn.region)));
    }
    let name = arn.resource.strip_prefix("key/").unwrap_or(arn.resource);
    Ok(Reference { account: arn.account.parse().map_err(|_| invalid())?, name })
}

/// The key that the request names by id or ARN, if the caller may use the operation on it.
pub(super) fn by_id<'a>(call: &'a Call<'_>) -> Result<&'a Key, Refusal> {
    let reference = reference(call)?;
    if reference.is_alias() {
        let text = call.input.text("KeyId").unwrap_or_default();
        return Err(Refusal::new(400, "InvalidArnException", format!("{text} is not a valid key")));
    }
    key(call, reference.account, reference.name)
}

/// The key of that account and id, if the caller may use the operation on it.
pub(super) fn key<'a>(call: &'a Call<'_>, account: AccountId, id: &str) -> Result<&'a Key, Refusal> {
    let arn = format!("arn:{}:kms:{}:{account}:key/{id}", call.world.partition, call.region);
    let found = region_of(call, account).and_then(|state| state.keys.get(id));
    if account != call.principal.account {
        return Err(of_another_account(call, &arn));
    }
    let key = found.ok_or_else(|| not_found(format!("Key '{arn}' does not exist")))?;
    call.authorize(&Asked {
        arn: Some(arn),
        name: id,
        owner: account,
        admits_account: key.admits_account,
        ..call.question(call.operation.action)
    })?;
    Ok(key)
}

/// KMS tells strangers nothing: not even whether the key is there.
pub(super) fn of_another_account(call: &Call<'_>, arn: &str) -> Refusal {
    SERVICE.access_denied(format!(
        "User: {} is not authorized to perform: {} on resource: {arn} because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access",
        call.principal.arn, call.operation.action
    ))
}

pub(super) fn not_found(message: String) -> Refusal {
    Refusal::new(400, "NotFoundException", message)
}
