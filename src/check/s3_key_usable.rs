//! Whether S3 can encrypt and decrypt with the key of the default encryption.

use super::bucket::{
    AWS_MANAGED_KEY, BUCKET_GONE, ENCRYPTION_NOT_READ, KEY_MISSING, KEY_NOT_VISIBLE, KEY_UNPROVEN,
    NO_KMS_KEY, about_key, key_name, key_not_visible, key_of, key_unproven, missing_text, no_kms_key,
};
use super::key::{KEY_DISABLED, KEY_NOT_READ, ORIGIN_NOT_KNOWN};
use super::support::decided;
use super::{BucketSubject, Check, Context, Judge, Outcome, Reason};
use crate::model::{Arn, BucketFacts, Category, KeyJoin, KeyLink, Severity, Verdict};

static ENABLED: Reason = Reason::pass("key_enabled", "The key is enabled.");
static NOT_SYMMETRIC: Reason = Reason::fail(
    "key_not_symmetric",
    "The key is no symmetric encryption key, and S3 can use no other kind.",
)
    .with_remedy(
        "Name a symmetric encryption key in the bucket's Region with PutBucketEncryption: the kind of a key cannot be changed.",
    );
static OTHER_REGION: Reason = Reason::fail(
    "key_in_other_region",
    "The key is in another Region than the bucket.",
)
.with_remedy(
    "Name a key in the bucket's Region with PutBucketEncryption; of a multi-Region key, its replica there.",
);
static PENDING_DELETION: Reason = Reason::fail("key_pending_deletion", "The key is scheduled for deletion.")
    .with_remedy(
        "Cancel the deletion with kms:CancelKeyDeletion, then enable the key with kms:EnableKey. Objects stored under it are lost once it is deleted.",
    );
static PENDING_REPLICA_DELETION: Reason = Reason::fail(
    "key_pending_replica_deletion",
    "The multi-Region primary key is scheduled for deletion, after its replicas and a waiting period.",
)
    .with_remedy(
        "Cancel the deletion of the primary key with kms:CancelKeyDeletion, then enable it with kms:EnableKey. Objects stored under it are lost once it is deleted.",
    );
static PENDING_IMPORT: Reason = Reason::fail(
    "key_pending_import",
    "The key has no key material: it was never imported, was deleted, or expired.",
)
    .with_remedy(
        "Import the same key material again with kms:ImportKeyMaterial: KMS takes no other for the objects that are stored under the key.",
    );
static UNAVAILABLE: Reason =
    Reason::fail("key_unavailable", "The key's custom key store is disconnected or cannot be reached.")
    .with_remedy(
        "Connect the custom key store with kms:ConnectCustomKeyStore; where it does not connect, mend its AWS CloudHSM cluster or its external key store proxy.",
    );
static BACKING_KEY: Reason = Reason::unknown(
    "backing_key_unproven",
    "The key is in a custom key store, where Enabled does not prove that the backing key exists.",
)
    .with_remedy(
        "Encrypt something with the key to see that its backing key is there, or name a key with origin AWS_KMS with PutBucketEncryption.",
    );
static CREATING: Reason = Reason::unknown("key_creating", "The key is being created.");
static UNRECOGNIZED: Reason =
    Reason::unknown("key_state_unrecognized", "The key is in a state that this version does not know.");
static BUCKET_REGION: Reason = Reason::unknown(
    "bucket_region_not_read",
    "The bucket's Region is not known, so that the key's cannot be compared with it.",
);

/// The check.
pub static CHECK: Check = Check {
    id: "s3_key_usable",
    version: 1,
    title: "The key of the default encryption can be used",
    question: "Can S3 encrypt and decrypt with the AWS KMS key that the bucket's default encryption names?",
    category: Category::Availability,
    severity: Severity::High,
    parameters: &[],
    reasons: &[
        &ENABLED,
        &AWS_MANAGED_KEY,
        &KEY_MISSING,
        &NOT_SYMMETRIC,
        &OTHER_REGION,
        &KEY_DISABLED,
        &PENDING_DELETION,
        &PENDING_REPLICA_DELETION,
        &PENDING_IMPORT,
        &UNAVAILABLE,
        &BACKING_KEY,
        &ORIGIN_NOT_KNOWN,
        &CREATING,
        &UNRECOGNIZED,
        &KEY_UNPROVEN,
        &KEY_NOT_VISIBLE,
        &KEY_NOT_READ,
        &BUCKET_REGION,
        &NO_KMS_KEY,
        &ENCRYPTION_NOT_READ,
        &BUCKET_GONE,
    ],
    rationale: "S3 does not check the key when a default encryption is set (Amazon S3 API Reference, \
                \"PutBucketEncryption\"). With a key that is gone, disabled, of another kind or in another Region, \
                uploads under the default fail, and objects under that key cannot be read (AWS KMS Developer Guide, \
                \"Key states of AWS KMS keys\"). Once a key is deleted, what was encrypted under it is lost.",
    remedy: "Bring the key back (kms:CancelKeyDeletion, kms:EnableKey, import the key material again, connect the \
             custom key store), or name a symmetric encryption key in the bucket's Region with \
             PutBucketEncryption. Objects stored under the old key still need it.",
    judge: Judge::Bucket(judge),
};

fn judge(bucket: &BucketSubject<'_>, _: &Context<'_>) -> Outcome {
    decided(key_of(bucket).and_then(|key| {
        let facts = bucket.facts;
        match key.link {
            KeyLink::None => Ok(no_kms_key(facts)),
            KeyLink::AwsManaged => {
                let text = format!("The key {} is an AWS managed key.", key_name(facts));
                Ok(about_key(facts, &AWS_MANAGED_KEY, text))
            }
            KeyLink::Missing => Ok(about_key(facts, &KEY_MISSING, missing_text(facts))),
            KeyLink::Unproven => Err(key_unproven(facts)),
            KeyLink::OutsideOrg => Err(key_not_visible(facts)),
            KeyLink::SameAccount | KeyLink::SameOrg => described(facts, key),
        }
    }))
}

/// A key of the organization, by what `DescribeKey` told.
fn described(facts: &BucketFacts, key: &KeyJoin) -> Result<Outcome, Outcome> {
    let name = key_name(facts);
    let about = |reason, text| about_key(facts, reason, text);
    if key.is_for_s3 == Some(false) {
        let text = format!("The key {name} is no symmetric encryption key, and S3 can use no other kind.");
        return Ok(about(&NOT_SYMMETRIC, text));
    }
    let key_region = key.key_arn.as_deref().and_then(Arn::parse).map(|arn| arn.region);
    let bucket_region = facts.region.as_ref().map(|region| region.as_str());
    if let (Some(key_region), Some(bucket_region)) = (key_region, bucket_region)
        && key_region != bucket_region
    {
        let text = format!(
            "The key {name} is in {key_region}, and the bucket is in {bucket_region}; \
             S3 needs a key of the same Region."
        );
        return Ok(about(&OTHER_REGION, text));
    }
    let not_read = |what: &str| about(&KEY_NOT_READ, format!("{what} of the key {name} was not read."));
    let state = key.state.as_deref().ok_or_else(|| not_read("The state"))?;
    let reason = match state {
        "Enabled" | "Updating" => &ENABLED,
        "Disabled" => &KEY_DISABLED,
        "PendingDeletion" => &PENDING_DELETION,
        "PendingReplicaDeletion" => &PENDING_REPLICA_DELETION,
        "PendingImport" => &PENDING_IMPORT,
        "Unavailable" => &UNAVAILABLE,
        "Creating" => &CREATING,
        _ => &UNRECOGNIZED,
    };
    let owner = key.account_id.map(|id| format!(" in account {id}")).unwrap_or_default();
    let seen = format!("The key {name}{owner} is in the state {state}");
    match reason.verdict {
        Verdict::Pass => {}
        Verdict::Fail => {
            let text = format!("{seen}: S3 can neither encrypt nor decrypt with it.");
            return Ok(about(reason, text));
        }
        _ => return Ok(about(reason, format!("{seen}: whether S3 can use it cannot be said."))),
    }
    // What would still speak against an enabled key: it must be known before the key can pass.
    if bucket_region.is_none() {
        return Err(about(
            &BUCKET_REGION,
            format!("{seen}; the bucket's Region, which must be the key's, is not known."),
        ));
    }
    if key.is_for_s3.is_none() || key_region.is_none() {
        return Err(not_read("The specification"));
    }
    match key.origin.as_deref() {
        None => Err(not_read("The origin")),
        Some(store @ ("AWS_CLOUDHSM" | "EXTERNAL_KEY_STORE")) => {
            let text =
                format!("{seen}, which does not prove that its backing key exists: its origin is {store}.");
            Err(about(&BACKING_KEY, text))
        }
        Some("AWS_KMS" | "EXTERNAL") => Ok(about(reason, format!("{seen}."))),
        Some(origin) => {
            let text =
                format!("{seen}; its origin is {origin}, which this version of the tool does not know.");
            Err(about(&ORIGIN_NOT_KNOWN, text))
        }
    }
}
