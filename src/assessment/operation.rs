//! The operations table: one row for each AWS operation that atrest sends.
//!
//! Operations are data. From a row come the classifier's words for "absent" and "gone", the
//! limiter's starting rate, the least-privilege policies, the coverage rows and the simulator's
//! route test. To add an operation, add a row here and to [`OPERATIONS`].
//!
//! Rates are requests a second: KMS from the Developer Guide, "Request quotas" (per account and
//! Region); Organizations from the User Guide, "Quotas and service limits" (per calling account);
//! Account Management from its Reference, "Quotas"; STS 600 a second per account and Region (AWS
//! re:Post, "How do I resolve API throttling errors for IAM and AWS STS"). S3 publishes none for
//! its control plane: an in-flight gate paces it instead.

/// A service's name as IAM and the SDK's endpoints know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// AWS Security Token Service.
    Sts,
    /// AWS Organizations.
    Organizations,
    /// AWS Account Management.
    Account,
    /// Amazon S3.
    S3,
    /// AWS Key Management Service.
    Kms,
}

impl Service {
    /// The IAM prefix.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Sts => "sts",
            Self::Organizations => "organizations",
            Self::Account => "account",
            Self::S3 => "s3",
            Self::Kms => "kms",
        }
    }
}

/// Whose permission a call needs: which of the policies of `atrest iam` has its action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grant {
    /// The audit role, in every member account.
    Audit,
    /// The census role, which lists the organization and assumes the audit role.
    Scan,
    /// The census role's access to the lake.
    Lake,
    /// None is needed: AWS always allows the call.
    Always,
}

/// What one call covers; account-wide operations have the coverage Region `global`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The organization.
    Organization,
    /// An account.
    Account,
    /// A Region of an account.
    Region,
    /// A resource.
    Resource,
}

/// How a call is paced.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Quota {
    /// A published rate a second, with the burst that it admits.
    Rate {
        /// Requests a second.
        per_second: f64,
        /// Requests at once after a pause.
        burst: f64,
    },
    /// No published rate: calls in flight are bounded instead.
    InFlight,
}

/// Whose quota a call spends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuotaOwner {
    /// The account that is read.
    Member,
    /// The account that calls.
    Caller,
}

/// One AWS operation.
#[derive(Debug)]
pub struct Operation {
    /// The service.
    pub service: Service,
    /// The API's name.
    pub name: &'static str,
    /// `service:Name`, as the tables print it.
    pub id: &'static str,
    /// The IAM action that it needs, which is not always its name.
    pub iam_action: &'static str,
    /// Whose policy has the action.
    pub grant: Grant,
    /// What one call covers.
    pub scope: Scope,
    /// Its pace.
    pub quota: Quota,
    /// Whose quota it spends.
    pub owner: QuotaOwner,
    /// Codes that mean "not configured".
    pub absent_codes: &'static [&'static str],
    /// Codes that mean "the resource is not there".
    pub gone_codes: &'static [&'static str],
    /// Whether "gone" needs a second answer, since it also appears falsely under load.
    pub confirm_gone: bool,
}

const fn rate(per_second: f64) -> Quota {
    Quota::Rate { per_second, burst: per_second }
}

const fn rate_and_burst(per_second: f64, burst: f64) -> Quota {
    Quota::Rate { per_second, burst }
}

macro_rules! operation {
    ($const:ident, $service:ident, $name:literal, $id:literal, $action:literal, $grant:ident, $scope:ident,
     $quota:expr, $owner:ident $(, absent $absent:expr)? $(, gone $gone:expr, confirm $confirm:literal)?) => {
        #[doc = concat!("`", $id, "`.")]
        pub static $const: Operation = Operation {
            service: Service::$service,
            name: $name,
            id: $id,
            iam_action: $action,
            grant: Grant::$grant,
            scope: Scope::$scope,
            quota: $quota,
            owner: QuotaOwner::$owner,
            absent_codes: operation!(@codes $($absent)?),
            gone_codes: operation!(@codes $($gone)?),
            confirm_gone: operation!(@flag $($confirm)?),
        };
    };
    (@codes) => { &[] };
    (@codes $codes:expr) => { &$codes };
    (@flag) => { false };
    (@flag $flag:literal) => { $flag };
}

operation!(
    ASSUME_ROLE,
    Sts,
    "AssumeRole",
    "sts:AssumeRole",
    "sts:AssumeRole",
    Scan,
    Account,
    rate(600.0),
    Caller
);
operation!(
    GET_CALLER_IDENTITY,
    Sts,
    "GetCallerIdentity",
    "sts:GetCallerIdentity",
    "sts:GetCallerIdentity",
    Always,
    Account,
    rate(600.0),
    Caller
);
operation!(
    LIST_ACCOUNTS,
    Organizations,
    "ListAccounts",
    "organizations:ListAccounts",
    "organizations:ListAccounts",
    Scan,
    Organization,
    rate_and_burst(8.0, 12.0),
    Caller
);
operation!(
    LIST_ORGANIZATIONAL_UNITS,
    Organizations,
    "ListOrganizationalUnitsForParent",
    "organizations:ListOrganizationalUnitsForParent",
    "organizations:ListOrganizationalUnitsForParent",
    Scan,
    Organization,
    rate_and_burst(5.0, 8.0),
    Caller
);
operation!(
    LIST_REGIONS,
    Account,
    "ListRegions",
    "account:ListRegions",
    "account:ListRegions",
    Audit,
    Account,
    rate(5.0),
    Member
);
operation!(
    LIST_BUCKETS,
    S3,
    "ListBuckets",
    "s3:ListBuckets",
    "s3:ListAllMyBuckets",
    Audit,
    Account,
    Quota::InFlight,
    Member
);
operation!(
    GET_BUCKET_LOCATION, S3, "GetBucketLocation", "s3:GetBucketLocation", "s3:GetBucketLocation", Audit,
    Resource, Quota::InFlight, Member, gone ["NoSuchBucket"], confirm true
);
operation!(
    GET_BUCKET_ENCRYPTION, S3, "GetBucketEncryption", "s3:GetBucketEncryption", "s3:GetEncryptionConfiguration",
    Audit, Resource, Quota::InFlight, Member, absent ["ServerSideEncryptionConfigurationNotFoundError"],
    gone ["NoSuchBucket"], confirm true
);
operation!(
    GET_BUCKET_POLICY, S3, "GetBucketPolicy", "s3:GetBucketPolicy", "s3:GetBucketPolicy", Audit, Resource,
    Quota::InFlight, Member, absent ["NoSuchBucketPolicy"], gone ["NoSuchBucket"], confirm true
);
operation!(LIST_KEYS, Kms, "ListKeys", "kms:ListKeys", "kms:ListKeys", Audit, Region, rate(500.0), Member);
operation!(
    LIST_ALIASES,
    Kms,
    "ListAliases",
    "kms:ListAliases",
    "kms:ListAliases",
    Audit,
    Region,
    rate(500.0),
    Member
);
operation!(
    DESCRIBE_KEY, Kms, "DescribeKey", "kms:DescribeKey", "kms:DescribeKey", Audit, Resource, rate(2000.0),
    Member, gone ["NotFoundException"], confirm false
);
operation!(
    GET_KEY_ROTATION_STATUS, Kms, "GetKeyRotationStatus", "kms:GetKeyRotationStatus",
    "kms:GetKeyRotationStatus", Audit, Resource, rate(1000.0), Member,
    absent ["UnsupportedOperationException"], gone ["NotFoundException"], confirm false
);
operation!(
    LIST_KEY_ROTATIONS, Kms, "ListKeyRotations", "kms:ListKeyRotations", "kms:ListKeyRotations", Audit,
    Resource, rate(100.0), Member, absent ["UnsupportedOperationException"], gone ["NotFoundException"],
    confirm false
);
operation!(
    GET_KEY_POLICY, Kms, "GetKeyPolicy", "kms:GetKeyPolicy", "kms:GetKeyPolicy", Audit, Resource, rate(1000.0),
    Member, gone ["NotFoundException"], confirm false
);
operation!(
    GET_OBJECT,
    S3,
    "GetObject",
    "s3:GetObject",
    "s3:GetObject",
    Lake,
    Resource,
    Quota::InFlight,
    Caller,
    absent["NoSuchKey"]
);
operation!(
    PUT_OBJECT,
    S3,
    "PutObject",
    "s3:PutObject",
    "s3:PutObject",
    Lake,
    Resource,
    Quota::InFlight,
    Caller
);
operation!(
    LIST_OBJECTS,
    S3,
    "ListObjectsV2",
    "s3:ListObjectsV2",
    "s3:ListBucket",
    Lake,
    Resource,
    Quota::InFlight,
    Caller
);

/// Every operation, in the order of a night.
pub static OPERATIONS: &[&Operation] = &[
    &LIST_ACCOUNTS,
    &LIST_ORGANIZATIONAL_UNITS,
    &ASSUME_ROLE,
    &GET_CALLER_IDENTITY,
    &LIST_REGIONS,
    &LIST_BUCKETS,
    &GET_BUCKET_LOCATION,
    &GET_BUCKET_ENCRYPTION,
    &GET_BUCKET_POLICY,
    &LIST_KEYS,
    &LIST_ALIASES,
    &DESCRIBE_KEY,
    &GET_KEY_ROTATION_STATUS,
    &LIST_KEY_ROTATIONS,
    &GET_KEY_POLICY,
    &LIST_OBJECTS,
    &GET_OBJECT,
    &PUT_OBJECT,
];

/// What S3 asks of KMS in the caller's name for a lake under a KMS key: one for a write, one for a read. atrest
/// sends neither call.
pub const LAKE_KEY_ACTIONS: &[&str] = &["kms:Decrypt", "kms:GenerateDataKey"];

/// The IAM actions of one grant, sorted, each once.
pub fn actions(grant: Grant) -> Vec<&'static str> {
    let mut actions: Vec<_> =
        OPERATIONS.iter().filter(|operation| operation.grant == grant).map(|o| o.iam_action).collect();
    actions.sort_unstable();
    actions.dedup();
    actions
}

/// The inline session policy that every assumed role is narrowed by: the audit actions and no more.
///
/// STS takes at most 2,048 characters of inline and managed session policies together; a test holds
/// this to 1,800.
pub fn session_policy() -> String {
    serde_json::json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Action": actions(Grant::Audit), "Resource": "*" }],
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_agree_with_themselves() {
        let mut ids = std::collections::BTreeSet::new();
        for operation in OPERATIONS {
            assert_eq!(operation.id, format!("{}:{}", operation.service.prefix(), operation.name));
            assert!(operation.iam_action.starts_with(operation.service.prefix()), "{}", operation.id);
            assert!(ids.insert(operation.id), "{} is there twice", operation.id);
        }
    }

    #[test]
    fn the_session_policy_is_short_and_reads_only() {
        let policy = session_policy();
        assert!(policy.len() <= 1_800, "{} characters", policy.len());
        for action in actions(Grant::Audit) {
            let name = action.split(':').nth(1).unwrap();
            assert!(["Get", "List", "Describe"].iter().any(|verb| name.starts_with(verb)), "{action}");
        }
    }
}
