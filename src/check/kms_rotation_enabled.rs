//! Whether a key rotates by itself.

use super::support::{KEY_GONE, KEY_NOT_READ, decided, metadata};
use super::{Check, Context, Judge, KeySubject, Outcome, Reason};
use crate::model::{Category, KeyRotation, RotationReason, Severity};

static ENABLED: Reason = Reason::pass("rotation_enabled", "The key rotates automatically.");
static AWS_MANAGED: Reason =
    Reason::pass("aws_managed_yearly", "AWS rotates its own managed keys every year.");
static DISABLED: Reason = Reason::fail("rotation_disabled", "Automatic rotation is off.");
static CANNOT: Reason =
    Reason::not_applicable("rotation_not_applicable", "Automatic rotation cannot apply to this key.");
static REPLICA: Reason = Reason::not_applicable(
    "replica_of_primary",
    "The key is a replica: its rotation is its primary's, and is judged there.",
);
static NOT_READ: Reason = Reason::unknown("rotation_not_read", "The key's rotation could not be read.");

/// The check.
pub static CHECK: Check = Check {
    id: "kms_rotation_enabled",
    version: 1,
    title: "Keys rotate automatically",
    question: "Is automatic rotation on, where KMS can rotate the key?",
    category: Category::Security,
    severity: Severity::Medium,
    parameters: &[],
    reasons: &[&ENABLED, &AWS_MANAGED, &DISABLED, &CANNOT, &REPLICA, &NOT_READ, &KEY_NOT_READ, &KEY_GONE],
    rationale: "Rotation limits how much data one piece of key material protects (KMS Developer Guide, \"Rotating AWS \
                KMS keys\"). Rotation adds key material for what is encrypted from then on; it does not re-encrypt \
                stored data.",
    remedy: "Turn automatic rotation on with kms:EnableKeyRotation.",
    judge: Judge::Key(judge),
};

fn judge(key: &KeySubject<'_>, _: &Context<'_>) -> Outcome {
    decided(metadata(key).map(|metadata| {
        let rotation = &key.facts.rotation;
        if metadata.is_replica(&key.facts.observation.key_arn) {
            return Outcome::from(&REPLICA);
        }
        match (rotation.rotation, rotation.reason) {
            (KeyRotation::Enabled, Some(RotationReason::AwsManagedYearly)) => Outcome::from(&AWS_MANAGED),
            (KeyRotation::Enabled, _) => Outcome::from(&ENABLED),
            (KeyRotation::Disabled, _) => Outcome::from(&DISABLED),
            (KeyRotation::NotApplicable, _) => Outcome::from(&CANNOT),
            (KeyRotation::Unknown, _) => Outcome::from(&NOT_READ),
        }
    }))
}
