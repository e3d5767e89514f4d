//! GetKeyRotationStatus and ListKeyRotations, and which keys they refuse.

use serde_json::json;

use super::{Call, Refusal, epoch, find, json_reply, page_reply, read_paging};
use crate::message::Reply;
use crate::wire::paging::Limits;
use crate::world::Key;

pub(super) fn status(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let key = find::by_id(call)?;
    let arn = call.world.key_arn(key);
    if key.origin != "AWS_KMS" {
        return Err(unsupported(format!(
            "{arn} origin is {} which is not valid for this operation.",
            key.origin
        )));
    }
    refuse_wrong_spec(&arn, key)?;
    if matches!(key.state.as_ref(), "Unavailable" | "Creating") {
        return Err(Refusal::new(400, "KMSInvalidStateException", format!("{arn} is {}.", key.state)));
    }
    // Pending deletion reads false and comes back with a cancellation ("Key states", KMS guide).
    let enabled = key.rotation.enabled && !key.state.starts_with("Pending");
    let mut body = json!({ "KeyId": key.id, "KeyRotationEnabled": enabled });
    if enabled {
        body["RotationPeriodInDays"] = key.rotation.period_days.unwrap_or(365).into();
        if let Some(at) = key.rotation.next_at {
            body["NextRotationDate"] = epoch(at);
        }
    }
    if let Some(at) = key.rotation.on_demand_started_at {
        body["OnDemandRotationStartDate"] = epoch(at);
    }
    json_reply(&body)
}

pub(super) fn list(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let key = find::by_id(call)?;
    let arn = call.world.key_arn(key);
    // Imported material may be rotated on demand since June 2025; custom stores may not.
    if !matches!(key.origin.as_ref(), "AWS_KMS" | "EXTERNAL") {
        return Err(unsupported(format!(
            "{arn} origin is {} which is not valid for this operation.",
            key.origin
        )));
    }
    refuse_wrong_spec(&arn, key)?;
    let limits = Limits {
        default: 100.min(call.world.pages.rotations),
        most: call.world.pages.rotations,
        overlap: call.world.pages.overlap,
    };
    let paging = read_paging(call, limits)?;
    let rows = key.history.iter().enumerate().map(|(index, rotation)| {
        let row = json!({
            "KeyId": key.id,
            "RotationDate": epoch(rotation.at),
            "RotationType": rotation.kind,
        });
        (format!("{index:06}"), row)
    });
    let (page, next) = paging.cut(rows);
    page_reply("Rotations", page, next)
}

fn refuse_wrong_spec(arn: &str, key: &Key) -> Result<(), Refusal> {
    if key.is_symmetric() {
        return Ok(());
    }
    Err(unsupported(format!("{arn} key spec is {} which is not valid for this operation.", key.spec)))
}

fn unsupported(message: String) -> Refusal {
    Refusal::new(400, "UnsupportedOperationException", message)
}
