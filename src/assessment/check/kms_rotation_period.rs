//! Whether a key rotates often enough.

use super::days::days;
use super::key::{
    KEY_GONE, KEY_NOT_READ, MANAGER_NOT_TOLD, ORIGIN_NOT_TOLD, PENDING_DELETION, SPEC_NOT_TOLD,
    STATE_NOT_TOLD, STATE_UNRECOGNIZED, metadata,
};
use super::rotation::{
    ASYMMETRIC, AWS_MANAGED_YEARLY, CUSTOM_KEY_STORE, HMAC, IMPORTED_MATERIAL, REPLICA_OF_PRIMARY,
    ROTATION_DISABLED, ROTATION_NOT_READ, ROTATION_STATE_NOT_KNOWN, ROTATION_SUSPENDED, ROTATION_UNSUPPORTED,
    suspended_note, switched_on,
};
use super::support::{Decided, decided, told};
use super::{Check, Context, Judge, KeySubject, Outcome, Parameter, Reason};
use crate::model::{Category, Severity};

/// AWS managed keys: "every year (approximately 365 days)" since May 2022 (KMS Developer Guide, "Rotate AWS KMS
/// keys").
const AWS_MANAGED_PERIOD_DAYS: i64 = 365;

static WITHIN: Reason =
    Reason::pass("period_within_limit", "The key rotates automatically, as often as is asked for.");
static TOO_LONG: Reason =
    Reason::fail("period_too_long", "The key rotates automatically, and less often than is asked for.")
    .with_remedy(
        "Set a shorter period with kms:EnableKeyRotation (RotationPeriodInDays), for a multi-Region key on its primary key.",
    );
static AWS_MANAGED_FIXED: Reason = Reason::fail(
    "aws_managed_period_fixed",
    "The key is an AWS managed key: AWS rotates it every year, and the period cannot be changed.",
)
.with_remedy(
    "Use a customer managed key in place of the AWS managed one, with the period that is asked for.",
);
static NOT_TOLD: Reason =
    Reason::unknown("period_not_told", "Automatic rotation is on, and KMS did not say how often.");

/// The check.
pub static CHECK: Check = Check {
    id: "kms_rotation_period",
    version: 2,
    title: "KMS keys rotate often enough",
    question: "Is the rotation period no longer than the standard allows, for every key that KMS can rotate \
               automatically?",
    category: Category::Security,
    severity: Severity::Medium,
    parameters: &[Parameter {
        name: "max_days",
        doc: "The longest rotation period in days; KMS takes periods of 90 to 2,560 days (EnableKeyRotation, \
              RotationPeriodInDays).",
        minimum: 90,
        maximum: 2560,
        optional: false,
    }],
    reasons: &[
        &WITHIN,
        &AWS_MANAGED_YEARLY,
        &TOO_LONG,
        &ROTATION_DISABLED,
        &AWS_MANAGED_FIXED,
        &ROTATION_SUSPENDED,
        &PENDING_DELETION,
        &ASYMMETRIC,
        &HMAC,
        &CUSTOM_KEY_STORE,
        &IMPORTED_MATERIAL,
        &ROTATION_UNSUPPORTED,
        &REPLICA_OF_PRIMARY,
        &NOT_TOLD,
        &ROTATION_STATE_NOT_KNOWN,
        &ROTATION_NOT_READ,
        &MANAGER_NOT_TOLD,
        &STATE_NOT_TOLD,
        &STATE_UNRECOGNIZED,
        &SPEC_NOT_TOLD,
        &ORIGIN_NOT_TOLD,
        &KEY_NOT_READ,
        &KEY_GONE,
    ],
    rationale: concat!(
        "The rotation period is how long one piece of key material protects new data; 365 days unless \
         another was set (AWS KMS API Reference, EnableKeyRotation). AWS managed keys rotate every \
         year, and that cannot be changed (AWS KMS Developer Guide, \"Rotate AWS KMS keys\"). ",
        suspended_note!(),
        rotation_footnote!(),
    ),
    remedy: "Set a shorter period with kms:EnableKeyRotation (RotationPeriodInDays), for a multi-Region key on its \
             primary key. In place of an AWS managed key, use a customer managed one.",
    judge: Judge::Key(judge),
};

fn judge(key: &KeySubject<'_>, context: &Context<'_>) -> Outcome {
    decided(period(key, context.parameter("max_days")))
}

fn period(key: &KeySubject<'_>, max_days: i64) -> Decided {
    let metadata = metadata(key)?;
    told(metadata.manager.as_ref(), &MANAGER_NOT_TOLD)?;
    if metadata.is_aws_managed() {
        return Ok(aws_managed(max_days));
    }
    Ok(match (switched_on(key, metadata)?, key.facts.rotation.period_days) {
        (false, _) => Outcome::from(&ROTATION_DISABLED),
        (true, Some(period)) => configured(period.into(), max_days),
        (true, None) => Outcome::from(&NOT_TOLD),
    })
}

fn configured(period: i64, max_days: i64) -> Outcome {
    let reason = if period <= max_days { &WITHIN } else { &TOO_LONG };
    Outcome::from(reason).saying(format!(
        "The key rotates automatically every {}; at most {} are allowed.",
        days(period),
        days(max_days)
    ))
}

fn aws_managed(max_days: i64) -> Outcome {
    if max_days >= AWS_MANAGED_PERIOD_DAYS {
        return Outcome::from(&AWS_MANAGED_YEARLY);
    }
    Outcome::from(&AWS_MANAGED_FIXED).saying(format!(
        "The key is an AWS managed key: AWS rotates it every {}, the period cannot be changed, and at most {} are allowed.",
        days(AWS_MANAGED_PERIOD_DAYS),
        days(max_days)
    ))
}
