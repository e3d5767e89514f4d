//! Findings: what a check says of one resource, as the `findings` table keeps it.

use std::borrow::Cow;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::reading::words;
use super::{AccountId, Region};
use crate::clock::Timestamp;

words! {
    /// What a check came to.
    Verdict {
        /// The resource meets the check.
        Pass = "pass",
        /// It does not.
        Fail = "fail",
        /// It cannot be said. Never counted as a pass, never as a fail.
        Unknown = "unknown",
        /// The check does not apply to this resource.
        NotApplicable = "not_applicable",
        /// It fails, and a dated exception accepts that.
        Exempt = "exempt",
    }
}

words! {
    /// How bad a fail is, the least first.
    Severity {
        /// Worth knowing.
        Informational = "informational",
        /// Fix at some time.
        Low = "low",
        /// Fix.
        Medium = "medium",
        /// Fix soon.
        High = "high",
        /// Fix now.
        Critical = "critical",
    }
}

words! {
    /// What a check is about.
    Category {
        /// Whether data is kept from those who may not see it.
        Security = "security",
        /// Whether data can still be read tomorrow.
        Availability = "availability",
        /// What it costs.
        Cost = "cost",
        /// Whether the census saw what it judges.
        Evidence = "evidence",
    }
}

words! {
    /// What is judged, in the words of AWS CloudFormation and AWS Config.
    ResourceType {
        /// An S3 general purpose bucket.
        Bucket = "AWS::S3::Bucket",
        /// A KMS key.
        Key = "AWS::KMS::Key",
        /// An account.
        Account = "AWS::Organizations::Account",
    }
}

words! {
    /// What a verdict is about, as far as the condition of a control asks: a bucket by its default
    /// encryption, a key by who manages it.
    Subject {
        /// An AWS managed key, or a bucket whose default encryption uses one.
        AwsManagedKey = "aws_managed_key",
        /// A customer managed key, or a bucket whose default encryption uses one.
        CustomerManagedKey = "customer_managed_key",
        /// A KMS key, or a bucket whose default encryption names one, where it is not known who manages it.
        KmsKey = "kms_key",
        /// A bucket without a default encryption.
        NotConfigured = "not_configured",
        /// A bucket whose default encryption is SSE-S3.
        SseS3 = "sse_s3",
        /// It was not read, or its algorithm is not known to this version.
        Unknown = "unknown",
    }
}

/// One row of the `findings` table: a check instance's verdict on a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The same for the same organization, check instance and resource, night after night.
    pub uid: String,
    /// The resource's account.
    pub account_id: AccountId,
    /// The resource's Region, where it has one and it is known.
    pub region: Option<Region>,
    /// The resource's type.
    pub resource_type: ResourceType,
    /// The resource's ARN, shared by its findings.
    pub resource_arn: Arc<str>,
    /// Another resource that the verdict stands on: a bucket's key, as a rule.
    pub related_arn: Option<String>,
    /// The check.
    pub check_id: &'static str,
    /// The instance's parameters in canonical JSON; none where the check has none.
    pub check_params: Option<Arc<str>>,
    /// The version of the check's logic.
    pub check_version: i32,
    /// What the check is about.
    pub category: Category,
    /// How bad a fail is here.
    pub severity: Severity,
    /// What counts.
    pub verdict: Verdict,
    /// The same before exceptions were looked at.
    pub verdict_before_exception: Verdict,
    /// Which of the check's reasons decided.
    pub reason_code: &'static str,
    /// The reason in words, with what was seen.
    pub reason: Cow<'static, str>,
    /// The exception that applies.
    pub exception_id: Option<Arc<str>>,
    /// When it ends.
    pub exception_expires_at: Option<Timestamp>,
    /// What to do; none where there is nothing to do.
    pub remedy: Option<&'static str>,
    /// When the fact was read.
    pub observed_at: Option<Timestamp>,
    /// What is judged, as the conditions of controls tell it apart; none for accounts.
    pub subject: Option<Subject>,
}
