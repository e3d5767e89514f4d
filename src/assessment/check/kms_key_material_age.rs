//! Whether the material of a key that does not rotate by itself is young enough.

use super::days::{days, days_between, within_days};
use super::key::{
    KEY_GONE, KEY_NOT_READ, MANAGER_NOT_TOLD, ORIGIN_NOT_KNOWN, ORIGIN_NOT_TOLD, PENDING_DELETION,
    SPEC_NOT_TOLD, STATE_NOT_TOLD, STATE_UNRECOGNIZED, is_pending_deletion, metadata, origin_not_known,
    state,
};
use super::rotation::REPLICA_OF_PRIMARY;
use super::support::{Decided, decided, told};
use super::{Check, Context, Judge, KeySubject, Outcome, Parameter, Reason};
use crate::clock::Timestamp;
use crate::model::{
    Category, CompletedRotation, KeyMetadata, NotAsked, Reading, RotationReason, RotationRule, Severity,
    Undecided,
};

/// The longest use that NIST suggests for a private signature key: one to three years (SP 800-57 Part 1 Rev. 5,
/// section 5.3.6 and table 1).
const SIGNING_DAYS: i64 = 3 * 365;

/// The same for symmetric authentication keys (HMAC), private key-transport and key-agreement keys, and symmetric keys
/// that encrypt data or wrap keys: two years.
const REPLACED_DAYS: i64 = 2 * 365;

static YOUNG: Reason = Reason::pass("material_young_enough", "The key material is no older than is allowed.");
static TOO_OLD: Reason = Reason::fail("material_too_old", "The key material is older than is allowed.");
static BY_PERIOD: Reason = Reason::not_applicable(
    "judged_by_rotation_period",
    "KMS can rotate the key automatically; the check kms_rotation_period judges that.",
);
static NO_MATERIAL: Reason = Reason::not_applicable(
    "no_key_material",
    "The key has no key material: it waits for its import, the first or another.",
);
static OUTSIDE: Reason = Reason::unknown(
    "rotation_outside_kms",
    "The key material is in an external key store, outside AWS: KMS cannot see how old it is.",
);
static HISTORY_NOT_READ: Reason = Reason::unknown(
    "rotation_history_not_read",
    "Imported key material can be rotated on demand, and the key's rotations were not read.",
);
static USAGE_NOT_TOLD: Reason = Reason::unknown(
    "key_usage_not_told",
    "KMS did not say what the key is used for, and its greatest age hangs on that.",
);
static SPEC_NOT_KNOWN: Reason = Reason::unknown(
    "key_spec_not_known",
    "The key is of a kind that this version of the tool does not know.",
);
static CREATION_NOT_TOLD: Reason =
    Reason::unknown("creation_date_not_told", "KMS did not say when the key was created.");

/// The check.
pub static CHECK: Check = Check {
    id: "kms_key_material_age",
    version: 3,
    title: "Key material that KMS does not rotate is not too old",
    question: "Is the key material no older than the standard allows, for every key that KMS cannot rotate \
               automatically?",
    category: Category::Security,
    severity: Severity::Medium,
    parameters: &[
        Parameter {
            name: "max_days",
            doc: "The greatest age of imported material of symmetric encryption keys in days, from its last rotation, or \
                  else from the key's creation. KMS can rotate it on demand.",
            minimum: 1,
            maximum: 36_500,
            optional: false,
        },
        Parameter {
            name: "signing_max_days",
            doc: "The greatest age in days of keys that sign, which can only be replaced; without it 1,095 (three \
                  years), or max_days where that is more.",
            minimum: 1,
            maximum: 36_500,
            optional: true,
        },
        Parameter {
            name: "replaced_max_days",
            doc: "The greatest age in days of all other keys that can only be replaced: HMAC keys, asymmetric keys for \
                  encryption and key agreement, and keys in an AWS CloudHSM key store; without it 730 (two years), or \
                  max_days where that is more.",
            minimum: 1,
            maximum: 36_500,
            optional: true,
        },
    ],
    reasons: &[
        &YOUNG,
        &TOO_OLD,
        &BY_PERIOD,
        &PENDING_DELETION,
        &REPLICA_OF_PRIMARY,
        &NO_MATERIAL,
        &OUTSIDE,
        &HISTORY_NOT_READ,
        &CREATION_NOT_TOLD,
        &ORIGIN_NOT_KNOWN,
        &MANAGER_NOT_TOLD,
        &STATE_NOT_TOLD,
        &STATE_UNRECOGNIZED,
        &SPEC_NOT_TOLD,
        &SPEC_NOT_KNOWN,
        &ORIGIN_NOT_TOLD,
        &USAGE_NOT_TOLD,
        &KEY_NOT_READ,
        &KEY_GONE,
    ],
    rationale: concat!(
        "KMS does not rotate imported key material by itself, and cannot rotate asymmetric keys, HMAC \
         keys and keys in custom key stores at all: they are replaced by a new key and an alias that \
         is pointed at it (AWS KMS Developer Guide, \"Rotate keys manually\"). How long such a key may be \
         used depends on its kind: NIST suggests one to three years for a private signature key, and two \
         years at most for keys that authenticate, encrypt, transport or agree on keys (NIST SP 800-57 Part \
         1 Rev. 5, section 5.3.6 and table 1); the parameters signing_max_days and replaced_max_days set \
         other limits. Imported material of \
         symmetric encryption keys can be rotated on demand since June 2025 (AWS KMS Developer Guide, \
         \"Perform on-demand key rotation\"). The age is counted from the last completed rotation, or \
         else from the key's creation, which is never later than the import; how old material was \
         when it was imported, KMS cannot see. ",
        rotation_footnote!(),
    ),
    remedy: "Imported key material: import new material with kms:ImportKeyMaterial, then kms:RotateKeyOnDemand. Other \
             keys: create a new key, point the alias and every reference at it, and keep the old key as long as data \
             is encrypted under it.",
    judge: Judge::Key(judge),
};

fn judge(key: &KeySubject<'_>, context: &Context<'_>) -> Outcome {
    decided(age(key, context.as_of, &Limits::of(context)))
}

/// The greatest ages, in days.
struct Limits {
    imported: i64,
    signing: i64,
    replaced: i64,
}

impl Limits {
    fn of(context: &Context<'_>) -> Self {
        let imported = context.parameter("max_days");
        let or = |name: &str, days: i64| context.optional_parameter(name).unwrap_or(days.max(imported));
        Self {
            imported,
            signing: or("signing_max_days", SIGNING_DAYS),
            replaced: or("replaced_max_days", REPLACED_DAYS),
        }
    }

    /// That of a key which can only be replaced.
    fn by_kind(&self, metadata: &KeyMetadata, why: RotationReason) -> Decided<i64> {
        if why != RotationReason::Asymmetric {
            return Ok(self.replaced);
        }
        Ok(match told(metadata.usage.as_ref(), &USAGE_NOT_TOLD)? {
            "SIGN_VERIFY" => self.signing,
            "ENCRYPT_DECRYPT" | "GENERATE_VERIFY_MAC" | "KEY_AGREEMENT" | "ENCAPSULATE_DECAPSULATE" => {
                self.replaced
            }
            usage => return Err(Outcome::from(&USAGE_NOT_TOLD).saying(format!(
                "The key's usage is {usage}, which this version of the tool does not know; its greatest age hangs on that."
            ))),
        })
    }
}

fn age(key: &KeySubject<'_>, as_of: Timestamp, limits: &Limits) -> Decided {
    let metadata = metadata(key)?;
    told(metadata.manager.as_ref(), &MANAGER_NOT_TOLD)?;
    if metadata.is_aws_managed() {
        return Ok(Outcome::from(&BY_PERIOD));
    }
    let key_arn = &key.facts.observation.key_arn;
    if metadata.is_replica(key_arn) {
        return Ok(Outcome::from(&REPLICA_OF_PRIMARY));
    }
    let state = state(metadata)?;
    if is_pending_deletion(state) {
        return Ok(Outcome::from(&PENDING_DELETION));
    }
    told(metadata.spec.as_ref(), &SPEC_NOT_TOLD)?;
    let origin = told(metadata.origin.as_ref(), &ORIGIN_NOT_TOLD)?;
    // Asymmetric material is imported too, or outside KMS.
    match origin {
        "EXTERNAL" if state == "PendingImport" => return Ok(Outcome::from(&NO_MATERIAL)),
        "EXTERNAL_KEY_STORE" => return Ok(Outcome::from(&OUTSIDE)),
        _ => {}
    }
    // Which limit a key has depends on its kind.
    if metadata.is_for_s3().is_none() {
        return Ok(Outcome::from(&SPEC_NOT_KNOWN));
    }
    match metadata.rotation_rule(key_arn) {
        RotationRule::NotApplicable(RotationReason::ImportedMaterial) => {
            imported(key, created(metadata)?, as_of, limits.imported)
        }
        RotationRule::NotApplicable(why) => {
            let max_days = limits.by_kind(metadata, why)?;
            Ok(Since::Creation(created(metadata)?).judged(as_of, max_days))
        }
        _ if origin == "AWS_KMS" => Ok(Outcome::from(&BY_PERIOD)),
        _ => Ok(origin_not_known(origin)),
    }
}

/// Imported material of a symmetric encryption key, which can be rotated on demand.
fn imported(key: &KeySubject<'_>, created: Timestamp, as_of: Timestamp, max_days: i64) -> Decided {
    let rotations = &key.facts.observation.rotations.reading;
    let dated = |history: &&Vec<CompletedRotation>| history.iter().all(|entry| entry.at.is_some());
    let Some(history) = rotations.settled().ok().flatten().filter(dated) else {
        if within_days(created, as_of, max_days) {
            return Ok(Since::Creation(created).judged(as_of, max_days));
        }
        return Err(Outcome::from(&HISTORY_NOT_READ).saying(format!(
            "The key was created on {}, {} ago, and at most {} are allowed; imported key material can be rotated on \
             demand, and the key's rotations were not read: {}.",
            created.date(),
            days(days_between(created, as_of)),
            days(max_days),
            why_no_history(rotations)
        )));
    };
    let last = history.iter().filter_map(|entry| entry.at).max().filter(|last| *last > created);
    Ok(last.map_or(Since::Creation(created), Since::Rotation).judged(as_of, max_days))
}

fn why_no_history<T>(rotations: &Reading<T>) -> &'static str {
    match rotations.settled() {
        Ok(Some(_)) => "one of them has no date",
        Ok(None) => "there is none",
        Err(Undecided::NotAsked(NotAsked::DoesNotApply | NotAsked::TurnedOff)) => {
            "the scan's --imported-rotation-history reads them"
        }
        Err(why) => why.spoken(),
    }
}

fn created(metadata: &KeyMetadata) -> Decided<Timestamp> {
    metadata.created_at.ok_or_else(|| Outcome::from(&CREATION_NOT_TOLD))
}

/// What the age is counted from.
#[derive(Clone, Copy)]
enum Since {
    Creation(Timestamp),
    Rotation(Timestamp),
}

impl Since {
    fn judged(self, as_of: Timestamp, max_days: i64) -> Outcome {
        let (since, words) = match self {
            Self::Creation(at) => (at, "The key was created on"),
            Self::Rotation(at) => (at, "The key material was last rotated on"),
        };
        let reason = if within_days(since, as_of, max_days) { &YOUNG } else { &TOO_OLD };
        Outcome::from(reason).saying(format!(
            "{words} {}, {} ago; at most {} are allowed.",
            since.date(),
            days(days_between(since, as_of)),
            days(max_days)
        ))
    }
}
