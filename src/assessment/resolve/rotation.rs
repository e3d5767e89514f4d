//! What is known of a key's automatic rotation (contract §4).

use crate::model::{
    CompletedRotation, KeyObservation, KeyRotation, NotAsked, RotationFacts, RotationReason, RotationRule,
    Undecided,
};

/// The rotation as the key's own reads tell it. A replica's is its primary's: see [`with_primary`].
pub fn own_rotation(key: &KeyObservation) -> RotationFacts {
    let rule = key.describe.reading.known().map(|metadata| metadata.rotation_rule(&key.key_arn));
    let (rotation, reason) = match (rule, key.rotation.reading.settled()) {
        (Some(RotationRule::AwsManaged), _) => {
            (Ok(KeyRotation::Enabled), Some(RotationReason::AwsManagedYearly))
        }
        (Some(RotationRule::NotApplicable(reason)), _) => (Ok(KeyRotation::NotApplicable), Some(reason)),
        (_, Ok(Some(status))) if status.enabled => (Ok(KeyRotation::Enabled), None),
        (_, Ok(Some(_))) => (Ok(KeyRotation::Disabled), None),
        // KMS said that the operation does not apply to this key.
        (_, Ok(None)) => (Ok(KeyRotation::NotApplicable), None),
        (_, Err(why)) => (Err(why), None),
    };
    let status = key.rotation.reading.known();
    let history = key.rotations.reading.known();
    let last = history.and_then(|rotations| rotations.iter().filter(|r| r.at.is_some()).max_by_key(|r| r.at));
    RotationFacts {
        rotation,
        reason,
        state: key.describe.reading.known().and_then(|metadata| metadata.state.clone()),
        read: key.rotation.reading.ended(),
        period_days: status.and_then(|status| status.period_days),
        next_rotation_at: status.and_then(|status| status.next_rotation_at),
        last_rotation_at: last.and_then(|rotation| rotation.at),
        last_rotation_type: last.and_then(|rotation| rotation.rotation_type.clone()),
        on_demand_rotations: history.map(|rotations| on_demand(rotations)),
    }
}

fn on_demand(rotations: &[CompletedRotation]) -> i32 {
    let on_demand = rotations.iter().filter(|r| r.rotation_type.as_deref() == Some("ON_DEMAND"));
    i32::try_from(on_demand.count()).unwrap_or(i32::MAX)
}

/// A replica carries its primary's rotation; `unknown` where the primary was not read.
pub fn with_primary(own: &RotationFacts, is_replica: bool, primary: Option<&RotationFacts>) -> RotationFacts {
    if !is_replica {
        return own.clone();
    }
    let reason = Some(RotationReason::ReplicaOfPrimary);
    match primary {
        Some(primary) => RotationFacts { reason, ..primary.clone() },
        None => {
            let rotation = Err(Undecided::NotAsked(NotAsked::DependencyUnread));
            RotationFacts { rotation, reason, state: None, ..own.clone() }
        }
    }
}
