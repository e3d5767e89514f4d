//! Whether imported key material is there, and stays for a while.

use super::days::{days, days_between, within_days};
use super::key::{
    KEY_GONE, KEY_NOT_READ, ORIGIN_NOT_KNOWN, ORIGIN_NOT_TOLD, STATE_NOT_TOLD, STATE_UNRECOGNIZED, metadata,
    origin_not_known, state,
};
use super::support::{Decided, decided, told};
use super::{Check, Context, Judge, KeySubject, Outcome, Parameter, Reason};
use crate::clock::Timestamp;
use crate::model::{Category, Severity};

static LATER: Reason =
    Reason::pass("material_expires_later", "The imported key material does not expire soon.");
static NEVER: Reason =
    Reason::pass("material_does_not_expire", "The imported key material has no expiry date.");
static SOON: Reason = Reason::fail("material_expires_soon", "The imported key material expires soon.");
static EXPIRED: Reason = Reason::fail("material_expired", "The imported key material has expired.");
// Also where the material never came: KMS says the same of both, and were an expired key not a fail any more, the
// finding would close on the day of the outage.
static MISSING: Reason = Reason::fail(
    "material_missing",
    "The key has no key material: it expired, was deleted or was never imported, and the key encrypts and decrypts nothing.",
)
    .with_remedy(
        "Import the key's material with kms:ImportKeyMaterial: the same as before, where it had any. Where it never had any and is not needed, schedule its deletion.",
    );
static NOT_IMPORTED: Reason = Reason::not_applicable(
    "origin_not_external",
    "The key's material is not imported, and so cannot expire.",
);

/// The check.
pub static CHECK: Check = Check {
    id: "kms_material_expiring",
    version: 2,
    title: "Imported key material does not expire soon",
    question: "Does imported key material exist, and does it last longer than the standard's notice period?",
    category: Category::Availability,
    severity: Severity::High,
    parameters: &[Parameter {
        name: "days",
        doc: "The notice in days: material that expires within so many days fails.",
        minimum: 1,
        maximum: 3650,
        optional: false,
    }],
    reasons: &[
        &LATER,
        &NEVER,
        &SOON,
        &EXPIRED,
        &MISSING,
        &NOT_IMPORTED,
        &STATE_NOT_TOLD,
        &STATE_UNRECOGNIZED,
        &ORIGIN_NOT_TOLD,
        &ORIGIN_NOT_KNOWN,
        &KEY_NOT_READ,
        &KEY_GONE,
    ],
    rationale: "When imported key material expires, KMS deletes it, and the key cannot be used until the very same \
                material is imported again (AWS KMS Developer Guide, \"Importing key material for AWS KMS keys\"). \
                Where a key has several materials, the earliest expiry counts, because the key needs all of them. A \
                key in the state PendingImport has no usable material: it fails too, whether the material expired or \
                never came, because KMS does not tell the two apart.",
    remedy: "Import the same key material again with kms:ImportKeyMaterial, with a later expiry date or none.",
    judge: Judge::Key(judge),
};

fn judge(key: &KeySubject<'_>, context: &Context<'_>) -> Outcome {
    decided(expiry(key, context.as_of, context.parameter("days")))
}

fn expiry(key: &KeySubject<'_>, as_of: Timestamp, notice: i64) -> Decided {
    let metadata = metadata(key)?;
    match told(metadata.origin.as_ref(), &ORIGIN_NOT_TOLD)? {
        "EXTERNAL" => {}
        "AWS_KMS" | "AWS_CLOUDHSM" | "EXTERNAL_KEY_STORE" => return Ok(Outcome::from(&NOT_IMPORTED)),
        origin => return Ok(origin_not_known(origin)),
    }
    told(metadata.state.as_ref(), &STATE_NOT_TOLD)?;
    if let Some(at) = metadata.material_expires_at.filter(|at| *at <= as_of) {
        return Ok(Outcome::from(&EXPIRED).saying(format!(
            "The imported key material expired on {}, {} ago.",
            at.date(),
            days(days_between(at, as_of))
        )));
    }
    let state = state(metadata)?;
    Ok(match metadata.material_expires_at {
        _ if state == "PendingImport" => Outcome::from(&MISSING),
        Some(at) => {
            let reason = if within_days(as_of, at, notice) { &SOON } else { &LATER };
            Outcome::from(reason).saying(format!(
                "The imported key material expires on {}, {} from now; the notice is {}.",
                at.date(),
                days(days_between(as_of, at)),
                days(notice)
            ))
        }
        None => Outcome::from(&NEVER),
    })
}
