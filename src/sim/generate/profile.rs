//! What an account is like: how much it has, how it encrypts, what its keys are, who may use them.
//!
//! Real accounts differ: a payments account is kept as the standard wants, an old web shop is not, a
//! company that was bought a fortnight ago still uses its old owner's keys. Each list is a cycle, and
//! its first entries are different in every profile, so that an organization with a few buckets an
//! account has every kind, too.

use super::buckets::Way;
use super::keys::Kind;
use super::policies::{BucketPolicy, KeyPolicy};

/// One kind of account.
#[derive(Debug)]
pub(super) struct Profile {
    /// Its share of the organization's buckets and keys.
    pub buckets: usize,
    pub keys: usize,
    /// How its buckets encrypt by default.
    pub ways: &'static [Way],
    /// What its customer keys are.
    pub kinds: &'static [Kind],
    pub bucket_policies: &'static [BucketPolicy],
    pub key_policies: &'static [KeyPolicy],
    /// What its buckets are for: a part of their names.
    pub purposes: &'static [&'static str],
    /// The days since its youngest and its oldest bucket were made.
    pub ages: (u64, u64),
    /// One bucket in so many was made in the last weeks; none where it is 0.
    pub recent: usize,
}

/// The profile of the account at an index.
pub(super) fn of(index: usize) -> &'static Profile {
    match index {
        0 => &MANAGEMENT,
        1 => &LOG_ARCHIVE,
        2 => &AUDIT,
        3 => &ACQUIRED,
        4 => &MODEL,
        5 => &TEST,
        6 => &DATA_LAKE,
        7 => &NEGLECTED,
        // Those that cannot be read, or not yet.
        8..=11 => &DEVELOPMENT,
        // Prod, test and dev in turn, as the names say; one team in sixteen has been left alone.
        later if (later / 3).is_multiple_of(16) => &NEGLECTED,
        later => [&MODEL, &TEST, &DEVELOPMENT][later % 3],
    }
}

const MANAGEMENT: Profile = Profile {
    buckets: 2,
    keys: 1,
    ways: &[Way::S3, Way::AwsKey, Way::S3, Way::Key, Way::AwsKey, Way::S3Old, Way::ByAlias],
    kinds: &[Kind::Rotating(365), Kind::Still, Kind::Rotating(365), Kind::Rotating(180)],
    bucket_policies: &[BucketPolicy::Tls, BucketPolicy::Organization, BucketPolicy::TlsSplit],
    key_policies: &[KeyPolicy::Default, KeyPolicy::Application],
    purposes: &["billing-exports", "cfn-templates", "stacksets", "config", "organization-trail"],
    ages: (40, 2400),
    recent: 0,
};

const LOG_ARCHIVE: Profile = Profile {
    buckets: 3,
    keys: 2,
    ways: &[Way::Key, Way::S3, Way::S3, Way::S3, Way::Key, Way::S3, Way::AwsKey, Way::Key],
    kinds: &[Kind::Rotating(365), Kind::Rotating(180), Kind::Rotating(365), Kind::RotatedOnDemand],
    bucket_policies: &[
        BucketPolicy::CloudTrail,
        BucketPolicy::LoadBalancerLogs,
        BucketPolicy::AccessLogs,
        BucketPolicy::FlowLogs,
        BucketPolicy::CloudTrail,
        BucketPolicy::AccessLogs,
        BucketPolicy::FlowLogs,
        BucketPolicy::Tls,
    ],
    key_policies: &[KeyPolicy::CloudTrail, KeyPolicy::LogDelivery],
    purposes: &[
        "cloudtrail",
        "elb-logs",
        "s3-access-logs",
        "vpc-flow-logs",
        "config-history",
        "cdn-logs",
        "dns-query-logs",
        "archive",
    ],
    ages: (60, 2000),
    recent: 0,
};

/// Security tooling, and the keys that other accounts share.
const AUDIT: Profile = Profile {
    buckets: 2,
    keys: 3,
    ways: &[Way::Key, Way::Unreadable, Way::Key, Way::Store, Way::AwsKeyByArn, Way::Key],
    kinds: &[
        Kind::Rotating(365),
        Kind::Primary,
        Kind::RotatedOnDemand,
        Kind::Rotating(365),
        Kind::Rotating(90),
        Kind::CloudHsm,
        Kind::Other("ML_DSA_65", "SIGN_VERIFY"),
        Kind::Rotating(365),
        Kind::Other("RSA_4096", "SIGN_VERIFY"),
        Kind::Rotating(180),
    ],
    bucket_policies: &[BucketPolicy::Perimeter, BucketPolicy::Tls, BucketPolicy::TlsCased],
    key_policies: &[KeyPolicy::Organization, KeyPolicy::Organization, KeyPolicy::Application],
    purposes: &["findings", "evidence", "athena-results", "inspector-reports", "quarantine"],
    ages: (60, 1500),
    recent: 0,
};

/// A company that was bought: its buckets still use the keys of its old owner.
const ACQUIRED: Profile = Profile {
    buckets: 5,
    keys: 3,
    ways: &[
        Way::Outside,
        Way::ById,
        Way::Nothing,
        Way::ClosedRegion,
        Way::Still,
        Way::Outside,
        Way::S3Old,
        Way::ById,
        Way::Outside,
        Way::S3Old,
        Way::NoBucketKey,
        Way::NotSymmetric,
    ],
    kinds: &[
        Kind::Still,
        Kind::External,
        Kind::Imported,
        Kind::Still,
        Kind::Unavailable,
        Kind::PendingImport,
        Kind::Other("RSA_2048", "ENCRYPT_DECRYPT"),
        Kind::Rotating(365),
        Kind::Disabled,
    ],
    bucket_policies: &[
        BucketPolicy::OldOwner,
        BucketPolicy::Nothing,
        BucketPolicy::TlsObjectsOnly,
        BucketPolicy::Nothing,
        BucketPolicy::AllowTls,
        BucketPolicy::Tls,
    ],
    key_policies: &[KeyPolicy::OldOwner, KeyPolicy::Default, KeyPolicy::Default],
    purposes: &["shipments", "labels", "tracking-events", "customs-forms", "db-dumps", "partner-edi"],
    ages: (120, 2600),
    recent: 0,
};

/// As the standard wants it.
const MODEL: Profile = Profile {
    buckets: 5,
    keys: 4,
    ways: &[
        Way::Key,
        Way::Dual,
        Way::Replicated,
        Way::Key,
        Way::Hub,
        Way::Key,
        Way::Key,
        Way::ByAliasArn,
        Way::Key,
        Way::Key,
        Way::Dual,
        Way::Key,
    ],
    kinds: &[
        Kind::Rotating(90),
        Kind::Rotating(365),
        Kind::OnDemandUnderWay,
        Kind::Other("ECC_NIST_P256", "KEY_AGREEMENT"),
        Kind::Rotating(90),
        Kind::Primary,
        Kind::Rotating(365),
        Kind::RotatedOnDemand,
        Kind::Rotating(180),
        Kind::Other("RSA_4096", "SIGN_VERIFY"),
    ],
    bucket_policies: &[
        BucketPolicy::Perimeter,
        BucketPolicy::Tls,
        BucketPolicy::Perimeter,
        BucketPolicy::Tls,
        BucketPolicy::Distribution,
    ],
    key_policies: &[KeyPolicy::Application, KeyPolicy::CallerAccount, KeyPolicy::BoundService],
    purposes: &["transactions", "settlements", "statements", "card-exports", "tfstate", "fraud-models"],
    ages: (90, 1600),
    recent: 12,
};

/// As production, with what was tried and left.
const TEST: Profile = Profile {
    buckets: 4,
    keys: 2,
    ways: &[
        Way::ByAlias,
        Way::NoBucketKey,
        Way::S3,
        Way::Neighbour,
        Way::Key,
        Way::Key,
        Way::S3,
        Way::MissingAlias,
        Way::BucketKeyUnset,
        Way::AwsKeyByAlias,
        Way::Key,
        Way::ClosedRegion,
    ],
    kinds: &[
        Kind::Rotating(365),
        Kind::PendingImport,
        Kind::Rotating(365),
        Kind::Other("HMAC_256", "GENERATE_VERIFY_MAC"),
        Kind::Still,
        Kind::PendingDeletion,
    ],
    bucket_policies: &[
        BucketPolicy::Tls,
        BucketPolicy::Nothing,
        BucketPolicy::Tls,
        BucketPolicy::TlsObjectsOnly,
        BucketPolicy::TlsSplit,
    ],
    key_policies: &[KeyPolicy::Default, KeyPolicy::Application],
    purposes: &["test-data", "artifacts", "replay", "tfstate", "load-results", "fixtures"],
    ages: (10, 900),
    recent: 6,
};

/// Large, kept by a team of its own, with keys from everywhere.
const DATA_LAKE: Profile = Profile {
    buckets: 7,
    keys: 4,
    ways: &[
        Way::Hub,
        Way::Key,
        Way::ByAliasArn,
        Way::Expiring,
        Way::BucketKeyUnset,
        Way::Replicated,
        Way::Future,
        Way::Key,
        Way::Key,
        Way::Hub,
        Way::Key,
        Way::AwsKeyByArn,
        Way::Unreadable,
        Way::Key,
        Way::Unblocked,
        Way::Key,
        Way::OtherRegion,
        Way::NotSymmetric,
    ],
    kinds: &[
        Kind::Primary,
        Kind::ImportedExpiring,
        Kind::Rotating(365),
        Kind::Other("HMAC_256", "GENERATE_VERIFY_MAC"),
        Kind::Rotating(2560),
        Kind::Rotating(365),
        Kind::CloudHsm,
        Kind::Rotating(180),
        Kind::Still,
        Kind::OnDemandUnderWay,
    ],
    bucket_policies: &[
        BucketPolicy::Organization,
        BucketPolicy::Tls,
        BucketPolicy::Perimeter,
        BucketPolicy::TlsSplit,
        BucketPolicy::TlsObjectsOnly,
        BucketPolicy::Tls,
        BucketPolicy::TlsCased,
    ],
    key_policies: &[KeyPolicy::Organization, KeyPolicy::Application, KeyPolicy::BoundService],
    purposes: &["raw", "curated", "marts", "feature-store", "query-results", "backups", "glue-scripts"],
    ages: (30, 1800),
    recent: 8,
};

/// Large, old and neglected: buckets from before encryption was a default.
const NEGLECTED: Profile = Profile {
    buckets: 12,
    keys: 5,
    ways: &[
        Way::S3Old,
        Way::Disabled,
        Way::Missing,
        Way::MissingAlias,
        Way::Nothing,
        Way::S3Unblocked,
        Way::Deleting,
        Way::NotSymmetric,
        Way::BlockedOnly,
        Way::AwsKeyByAlias,
        Way::Still,
        Way::Unreadable,
        Way::S3Old,
        Way::S3Old,
        Way::Still,
        Way::S3Old,
        Way::S3Old,
        Way::Unblocked,
        Way::S3Old,
        Way::AwsKeyUnblocked,
        Way::S3Old,
        Way::S3Old,
        Way::Expiring,
        Way::S3Old,
        Way::Nothing,
        Way::S3Old,
    ],
    kinds: &[
        Kind::Still,
        Kind::Disabled,
        Kind::PendingDeletion,
        Kind::Other("RSA_4096", "SIGN_VERIFY"),
        Kind::ImportedExpiring,
        Kind::Still,
        Kind::Unavailable,
        Kind::Rotating(2560),
        Kind::Disabled,
        Kind::Still,
        Kind::Imported,
        Kind::Other("RSA_2048", "ENCRYPT_DECRYPT"),
    ],
    bucket_policies: &[
        BucketPolicy::Nothing,
        BucketPolicy::AllowTls,
        BucketPolicy::Nothing,
        BucketPolicy::TlsOneAccount,
        BucketPolicy::Nothing,
        BucketPolicy::TlsObjectsOnly,
        BucketPolicy::DistributionUnbound,
        BucketPolicy::Nothing,
        BucketPolicy::Tls,
    ],
    key_policies: &[
        KeyPolicy::Default,
        KeyPolicy::UnboundService,
        KeyPolicy::Default,
        KeyPolicy::Application,
        KeyPolicy::ThroughService,
    ],
    purposes: &[
        "assets",
        "uploads",
        "orders-export",
        "thumbnails",
        "sessions",
        "newsletter",
        "invoices",
        "backups",
        "old-site",
        "logs",
    ],
    ages: (1100, 3600),
    recent: 0,
};

const DEVELOPMENT: Profile = Profile {
    buckets: 4,
    keys: 2,
    ways: &[
        Way::S3,
        Way::S3,
        Way::AwsKey,
        Way::ByAlias,
        Way::Key,
        Way::S3,
        Way::ById,
        Way::BucketKeyUnset,
        Way::Missing,
    ],
    kinds: &[Kind::Still, Kind::Rotating(365), Kind::Disabled, Kind::Still, Kind::PendingDeletion],
    bucket_policies: &[
        BucketPolicy::Nothing,
        BucketPolicy::Tls,
        BucketPolicy::Nothing,
        BucketPolicy::TlsOneAccount,
    ],
    key_policies: &[KeyPolicy::Default],
    purposes: &["scratch", "experiments", "artifacts", "notebooks", "data"],
    ages: (35, 700),
    recent: 5,
};
