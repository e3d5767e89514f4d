//! Whether S3 can encrypt and decrypt with the key of the default encryption.

use super::bucket::{
    ALGORITHM_NOT_KNOWN, AWS_MANAGED_KEY, AWS_MANAGED_OF_OTHER_ACCOUNT, BUCKET_GONE, BUCKET_REGION,
    ENCRYPTION_NOT_READ, KEY_IN_OTHER_PARTITION, KEY_IN_OTHER_REGION, KEY_MISSING, KEY_NOT_VISIBLE,
    KEY_UNPROVEN, NO_KMS_KEY, about_key, is_aws_managed, is_usable_aws_key, key_in_use, key_name,
    key_not_visible, key_unproven, misplaced, missing_text, no_kms_key,
};
use super::key::{KEY_DISABLED, KEY_NOT_READ, ORIGIN_NOT_KNOWN, STATE_UNRECOGNIZED};
use super::policy_reading::{POLICY_NOT_READ, POLICY_NOT_UNDERSTOOD, POLICY_UNDECIDED};
use super::support::{Decided, decided};
use super::{BucketSubject, Check, Context, Judge, Outcome, Reason};
use crate::model::{
    Arn, BucketFacts, Category, KeyAdmission, KeyJoin, KeyLink, NotAsked, Severity, Undecided, Verdict,
};

static ENABLED: Reason = Reason::pass("key_enabled", "The key is enabled.");
static NOT_SYMMETRIC: Reason = Reason::fail(
    "key_not_symmetric",
    "The key is no symmetric encryption key, and S3 can use no other kind.",
)
    .with_remedy(
        "Name a symmetric encryption key in the bucket's Region with PutBucketEncryption: the kind of a key cannot be changed.",
    );
static OTHER_SERVICE: Reason = Reason::fail(
    "aws_managed_of_other_service",
    "The key is an AWS managed key of another service than S3, which alone can use it.",
)
.with_remedy(
    "Name a symmetric encryption key in the bucket's Region with PutBucketEncryption, or none for aws/s3.",
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
        "Connect the custom key store with kms:ConnectCustomKeyStore; where it does not connect, repair its AWS CloudHSM cluster or its external key store proxy.",
    );
static BACKING_KEY: Reason = Reason::unknown(
    "backing_key_unproven",
    "The key is in a custom key store, where Enabled does not prove that the backing key exists.",
)
    .with_remedy(
        "Encrypt something with the key to see that its backing key is there, or name a key with origin AWS_KMS with PutBucketEncryption.",
    );
static CREATING: Reason = Reason::unknown("key_creating", "The key is being created.");

static BARRED: Reason = Reason::fail(
    "key_policy_bars_account",
    "The key is another account's, and its key policy admits no principal of the bucket's account.",
)
.with_remedy(
    "Let the owner of the key allow kms:GenerateDataKey and kms:Decrypt to the bucket's account with kms:PutKeyPolicy, or name a key that admits it with PutBucketEncryption.",
);

/// The check.
pub static CHECK: Check = Check {
    id: "s3_key_usable",
    version: 2,
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
        &KEY_IN_OTHER_REGION,
        &KEY_IN_OTHER_PARTITION,
        &AWS_MANAGED_OF_OTHER_ACCOUNT,
        &OTHER_SERVICE,
        &KEY_DISABLED,
        &PENDING_DELETION,
        &PENDING_REPLICA_DELETION,
        &PENDING_IMPORT,
        &UNAVAILABLE,
        &BARRED,
        &BACKING_KEY,
        &ORIGIN_NOT_KNOWN,
        &CREATING,
        &STATE_UNRECOGNIZED,
        &KEY_UNPROVEN,
        &KEY_NOT_VISIBLE,
        &KEY_NOT_READ,
        &POLICY_NOT_READ,
        &POLICY_NOT_UNDERSTOOD,
        &POLICY_UNDECIDED,
        &BUCKET_REGION,
        &ALGORITHM_NOT_KNOWN,
        &NO_KMS_KEY,
        &ENCRYPTION_NOT_READ,
        &BUCKET_GONE,
    ],
    rationale: "S3 does not check the key when a default encryption is set (Amazon S3 API Reference, \
                \"PutBucketEncryption\"). With a key that is gone, disabled, of another kind or in another Region, \
                uploads under the default fail, and objects under that key cannot be read (AWS KMS Developer Guide, \
                \"Key states of AWS KMS keys\"). An AWS managed key works for one service in one account and Region \
                (AWS KMS Developer Guide, \"AWS managed keys\"). A key of another account needs a permission in its own key \
                policy and one in the IAM policies of the bucket's account (AWS KMS Developer Guide, \"Allowing users \
                in other accounts to use a KMS key\"); the key policy is judged for kms:GenerateDataKey and kms:Decrypt, \
                IAM policies and grants are not seen. For a key of the bucket's own account the key policy mostly \
                hands over to IAM policies, so that it is not judged. Once a key is deleted, what was encrypted \
                under it is lost.",
    remedy: "Bring the key back (kms:CancelKeyDeletion, kms:EnableKey, import the key material again, connect the \
             custom key store), or let the policy of another account's key admit the bucket's account, or name a \
             symmetric encryption key in the bucket's Region with PutBucketEncryption. Objects stored under the old \
             key still need it.",
    judge: Judge::Bucket(judge),
};

fn judge(bucket: &BucketSubject<'_>, _: &Context<'_>) -> Outcome {
    decided(key_in_use(bucket).and_then(|key| {
        let facts = bucket.facts;
        // Where the reference points is enough, whatever could be read there. A listed key, and one that a listing
        // lacks, has more to say first.
        let customers = !is_aws_managed(facts);
        let is_told = matches!(key.link, KeyLink::SameAccount | KeyLink::SameOrg | KeyLink::Missing);
        if let Some(misplaced) = misplaced(facts).filter(|_| !(customers && is_told)) {
            return Ok(misplaced);
        }
        match key.link {
            KeyLink::None => Ok(no_kms_key(facts)),
            KeyLink::AwsManaged => aws_managed(facts, key),
            KeyLink::Missing => Ok(about_key(facts, &KEY_MISSING, missing_text(facts))),
            KeyLink::Unproven => Err(key_unproven(facts)),
            KeyLink::OutsideOrg => Err(key_not_visible(facts)),
            KeyLink::SameAccount | KeyLink::SameOrg => described(facts, key),
        }
    }))
}

/// An AWS managed key of the bucket's own account.
fn aws_managed(facts: &BucketFacts, key: &KeyJoin) -> Decided {
    let name = key_name(facts);
    Ok(match is_usable_aws_key(facts, key)? {
        true => about_key(facts, &AWS_MANAGED_KEY, format!("The key {name} is an AWS managed key.")),
        false => {
            let text =
                format!("The key {name} is the AWS managed key of another service, and S3 cannot use it.");
            about_key(facts, &OTHER_SERVICE, text)
        }
    })
}

/// A key of the organization, by what `DescribeKey` told.
fn described(facts: &BucketFacts, key: &KeyJoin) -> Decided {
    let name = key_name(facts);
    let about = |reason, text| about_key(facts, reason, text);
    if key.is_for_s3 == Some(false) {
        let text = format!("The key {name} is no symmetric encryption key, and S3 can use no other kind.");
        return Ok(about(&NOT_SYMMETRIC, text));
    }
    if let Some(misplaced) = misplaced(facts) {
        return Ok(misplaced);
    }
    let key_region = key.key_arn.as_deref().and_then(Arn::parse).map(|arn| arn.region);
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
        _ => &STATE_UNRECOGNIZED,
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
    let admitted = admitted(facts, key);
    if let Err(barred) = &admitted
        && barred.reason.verdict == Verdict::Fail
    {
        return Ok(barred.clone());
    }
    // What would still speak against an enabled key: it must be known before the key can pass.
    if facts.region.is_none() {
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
        Some("AWS_KMS" | "EXTERNAL") => admitted.map(|also| about(reason, format!("{seen}{also}."))),
        Some(origin) => {
            let text =
                format!("{seen}; its origin is {origin}, which this version of the tool does not know.");
            Err(about(&ORIGIN_NOT_KNOWN, text))
        }
    }
}

/// Where no pass asked the key's policy.
const NOT_ASKED: KeyAdmission = KeyAdmission::NotRead(Undecided::NotAsked(NotAsked::DependencyUnread));

/// What the policy of another account's key says of the bucket's account, as the pass is worded; else the outcome.
fn admitted(facts: &BucketFacts, key: &KeyJoin) -> Decided<String> {
    if key.link != KeyLink::SameOrg {
        return Ok(String::new());
    }
    let (name, account) = (key_name(facts), facts.account_id);
    let about = |reason, what: String| {
        let owner = key.account_id.map(|id| format!(" of account {id}")).unwrap_or_default();
        Err(about_key(facts, reason, format!("The policy of the key {name}{owner} {what}.")))
    };
    match key.admission.as_ref().unwrap_or(&NOT_ASKED) {
        KeyAdmission::Admits => Ok(format!(
            ", and its key policy admits principals of account {account}; the IAM policies there, which must admit them \
             too, are not seen"
        )),
        KeyAdmission::Bars(why) => {
            about(&BARRED, format!("keeps the bucket's account {account} out: {why}; grants are not seen"))
        }
        KeyAdmission::Undecided(why) => about(
            &POLICY_UNDECIDED,
            format!("leaves open whether it admits principals of account {account}: {why}"),
        ),
        KeyAdmission::NotUnderstood(why) => {
            about(&POLICY_NOT_UNDERSTOOD, format!("was read and not understood: {why}"))
        }
        KeyAdmission::NotRead(why) => about(&POLICY_NOT_READ, format!("was not read: {}", why.spoken())),
    }
}
