//! Whether a key's policy lets AWS services in on behalf of any account.

use super::key::{KEY_GONE, KEY_NOT_READ, MANAGER_NOT_TOLD};
use super::key_policy::{AWS_MANAGED_POLICY, POLICY_ABSENT, judged};
use super::outsiders::ORGANIZATION_NOT_KNOWN;
use super::policy_reading::{POLICY_NOT_READ, POLICY_NOT_UNDERSTOOD, POLICY_UNDECIDED};
use super::service_deputy::{
    self, BY_BUCKET_NAME, FOR_ANYONE, FOR_OTHER_ORGANIZATION, FOR_OUTSIDE_ACCOUNT, NO_SERVICE, Of,
    SERVICES_BOUND, SERVICES_BOUND_TO_TRUSTED, SOURCE_MAY_BE_ABSENT, WITH_EVERYONE,
};
use super::support::MEMBERSHIP_UNPROVEN;
use super::{Check, Context, Judge, KeySubject, Outcome, Reason};
use crate::model::{Category, Severity};
use crate::policy::AdmittedService;

/// The Amazon SNS guide says that its source cannot be asked for on the way to encrypted topics.
const EVENT_BRIDGE: [&str; 2] = ["events.amazonaws.com", "events.amazonaws.com.cn"];

static SENDS_NO_SOURCE: Reason = Reason::fail(
    "service_sends_no_source",
    "The key policy admits EventBridge on behalf of any AWS account, and EventBridge does not tell KMS its source for \
     every target.",
);

/// The check.
pub static CHECK: Check = Check {
    id: "kms_policy_service_confused_deputy",
    version: 1,
    title: "Key policies admit AWS services only on behalf of accounts that are known",
    question: "Does the key policy bind each AWS service that it admits to the organization, to accounts of it, or to \
               accounts that the standard trusts?",
    category: Category::Security,
    severity: Severity::Medium,
    parameters: &[],
    reasons: &[
        &NO_SERVICE,
        &SERVICES_BOUND,
        &SERVICES_BOUND_TO_TRUSTED,
        &FOR_ANYONE,
        &WITH_EVERYONE,
        &SOURCE_MAY_BE_ABSENT,
        &BY_BUCKET_NAME,
        &SENDS_NO_SOURCE,
        &FOR_OUTSIDE_ACCOUNT,
        &FOR_OTHER_ORGANIZATION,
        &AWS_MANAGED_POLICY,
        &POLICY_UNDECIDED,
        &MEMBERSHIP_UNPROVEN,
        &ORGANIZATION_NOT_KNOWN,
        &POLICY_NOT_READ,
        &POLICY_ABSENT,
        &POLICY_NOT_UNDERSTOOD,
        &MANAGER_NOT_TOLD,
        &KEY_NOT_READ,
        &KEY_GONE,
    ],
    rationale: "An AWS service acts for every customer, and a customer can have it use a key that the customer may not \
                use: the service is a confused deputy (IAM User Guide, \"The confused deputy problem\"). The \
                conditions aws:SourceAccount, aws:SourceArn, aws:SourceOrgID and aws:SourceOrgPaths bind a service to \
                a source; an ARN without an account, as of a bucket, needs aws:SourceAccount beside it. \
                kms:CallerAccount binds too, and so does the ARN that a service puts into the encryption context, such \
                as kms:EncryptionContext:aws:logs:arn. An operator with IfExists, and one that negates, admit a request \
                that does not tell its source. A statement that admits everyone admits services too, which is a reason \
                of its own: kms_policy_public judges it first. All statements of the key policy count together. Grants, IAM policies \
                and resource control policies are not judged.",
    remedy: "Add to the statement a condition StringEquals on aws:SourceAccount or aws:SourceOrgID, or ArnLike on \
             aws:SourceArn with the account in it. For EventBridge and encrypted SNS topics, which tell no source, \
             use kms:EncryptionContext:aws:sns:topicArn.",
    judge: Judge::Key(judge),
};

fn judge(key: &KeySubject<'_>, context: &Context<'_>) -> Outcome {
    let of = Of {
        resource: "key",
        public: "Whether anyone may use the key is judged by kms_policy_public.",
        account_id: key.facts.account_id,
        sends_no_source: &sends_no_source,
    };
    judged(key, context, &|policy| service_deputy::judge(policy.services(), &of, context))
}

/// "Adding the aws:SourceAccount, aws:SourceArn, and aws:SourceOrgID to a AWS KMS policy is not supported for
/// EventBridge-to-encrypted topics" (Amazon SNS Developer Guide, "Managing Amazon SNS encryption keys and costs").
fn sends_no_source(service: &AdmittedService) -> Option<Outcome> {
    let name = service.name.as_deref().filter(|name| EVENT_BRIDGE.contains(name))?;
    Some(Outcome::from(&SENDS_NO_SOURCE).saying(format!(
        "The key policy admits {name} on behalf of any AWS account ({}), and EventBridge does not tell KMS its source \
         for encrypted SNS topics: only the encryption context can bind it.",
        service.statement
    )))
}
