//! What is known of a key's automatic rotation (contract §4).

use crate::model::{
    CompletedRotation, KeyObservation, KeyRotation, Reading, RotationFacts, RotationReason, RotationRule,
};

/// The rotation as the key's own reads tell it. A replica's is its primary's: see [`with_primary`].
pub fn own_rotation(key: &KeyObservation) -> RotationFacts {
    let rule = key.describe.reading.known().map(|metadata| metadata.rotation_rule(&key.key_arn));
    let (rotation, reason) = match (rule, &key.rotation.reading) {
        (Some(RotationRule::AwsManaged), _) => (KeyRotation::Enabled, Some(RotationReason::AwsManagedYearly)),
        (Some(RotationRule::NotApplicable(reason)), _) => (KeyRotation::NotApplicable, Some(reason)),
        (_, Reading::Known(status)) if status.enabled => (KeyRotation::Enabled, None),
        (_, Reading::Known(_)) => (KeyRotation::Disabled, None),
        // KMS said that the operation does not apply to this key.
        (_, Reading::Absent) => (KeyRotation::NotApplicable, None),
        _ => (KeyRotation::Unknown, None),
    };
    let status = key.rotation.reading.known();
    let history = key.rotations.reading.known();
    let last = history.and_then(|rotations| rotations.iter().filter(|r| r.at.is_some()).max_by_key(|r| r.at));
    RotationFacts {
        rotation,
        reason,
        state: key.describe.reading.known().and_then(|metadata| metadata.state.clone()),
        read: key.rotation.reading.word(),
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
        None => RotationFacts { rotation: KeyRotation::Unknown, reason, state: None, ..own.clone() },
    }
}
