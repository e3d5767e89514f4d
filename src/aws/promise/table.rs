//! The table: what each operation's answer promises, and how long it may be.

use super::{Format, Promise};

const fn json(
    operation: &'static str,
    members: &'static [(&'static str, &'static [&'static str])],
) -> Promise {
    Promise { operation, format: Format::Json, members, lists: &[], holders: &[] }
}

const fn opaque(operation: &'static str) -> Promise {
    Promise { operation, format: Format::Opaque, members: &[], lists: &[], holders: &[] }
}

/// Every operation's promise, from its page in the API reference of its service.
pub(super) static PROMISES: &[Promise] = &[
    json("ListAccounts", &[("", &["Accounts"])]),
    json("ListOrganizationalUnitsForParent", &[("", &["OrganizationalUnits"])]),
    Promise {
        operation: "AssumeRole",
        format: Format::Xml("AssumeRoleResponse"),
        members: &[
            ("", &["AssumeRoleResult"]),
            ("AssumeRoleResult", &["Credentials", "AssumedRoleUser"]),
            (
                "AssumeRoleResult.Credentials",
                &["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"],
            ),
            ("AssumeRoleResult.AssumedRoleUser", &["Arn"]),
        ],
        lists: &[],
        holders: &[],
    },
    // Who calls is asked for its own sake, and also to see whether credentials are taken: the reader looks.
    Promise {
        operation: "GetCallerIdentity",
        format: Format::Xml("GetCallerIdentityResponse"),
        members: &[("", &["GetCallerIdentityResult"])],
        lists: &[],
        holders: &[],
    },
    json("ListRegions", &[("", &["Regions"])]),
    Promise {
        operation: "ListBuckets",
        format: Format::Xml("ListAllMyBucketsResult"),
        members: &[],
        lists: &["Buckets.Bucket"],
        holders: &["Buckets"],
    },
    Promise {
        operation: "GetBucketLocation",
        format: Format::Xml("LocationConstraint"),
        members: &[],
        lists: &[],
        holders: &[],
    },
    Promise {
        operation: "GetBucketEncryption",
        format: Format::Xml("ServerSideEncryptionConfiguration"),
        members: &[
            ("", &["Rule"]),
            ("Rule.ApplyServerSideEncryptionByDefault", &["SSEAlgorithm"]),
            ("Rule.BlockedEncryptionTypes", &["EncryptionType"]),
        ],
        lists: &["Rule", "Rule.BlockedEncryptionTypes.EncryptionType"],
        holders: &[],
    },
    opaque("GetBucketPolicy"),
    json("ListKeys", &[("", &["Keys", "Truncated"])]),
    json("ListAliases", &[("", &["Aliases", "Truncated"])]),
    json("DescribeKey", &[("", &["KeyMetadata"]), ("KeyMetadata", &["KeyId", "Arn"])]),
    json("GetKeyRotationStatus", &[("", &["KeyRotationEnabled"])]),
    json("ListKeyRotations", &[("", &["Rotations", "Truncated"])]),
    json("GetKeyPolicy", &[("", &["Policy"])]),
    Promise {
        operation: "ListObjectsV2",
        format: Format::Xml("ListBucketResult"),
        members: &[("Contents", &["Key"])],
        lists: &["Contents", "CommonPrefixes", "Contents.ChecksumAlgorithm"],
        holders: &[],
    },
    opaque("GetObject"),
    Promise { operation: "PutObject", format: Format::Nothing, members: &[], lists: &[], holders: &[] },
];

/// An error of S3, as its API reference has it ("Error responses").
pub(super) static S3_ERROR: Promise = Promise {
    operation: "",
    format: Format::Xml("Error"),
    members: &[("", &["Code"])],
    lists: &[],
    holders: &[],
};

/// The longest body of an operation's answer, in bytes. A bucket policy has 20 KB at
/// most, a key policy 32 KB before it is written as JSON, a page of buckets 10,000 entries.
pub fn longest(operation: &str) -> usize {
    const KIB: usize = 1_024;
    match operation {
        "GetBucketPolicy" => 64 * KIB,
        _ if operation.starts_with("List") => 16 * KIB * KIB,
        _ => 256 * KIB,
    }
}

/// Whether an answer's body is what the caller asked to have, as long as that may be: who reads it bounds it.
pub fn is_streamed(operation: &str, status: u16) -> bool {
    operation == "GetObject" && (200..300).contains(&status)
}

/// What of an operation's answer says that it is a list, where the promise alone does not: XML has no empty list, and
/// the SDK makes nothing of it.
pub fn list_of(operation: &str) -> Option<&'static str> {
    match operation {
        "ListBuckets" => Some("Buckets"),
        "ListObjectsV2" => Some("KeyCount and Contents"),
        _ => None,
    }
}

/// The promise of an operation, by the API's name.
pub(super) fn of(operation: &str) -> Option<&'static Promise> {
    PROMISES.iter().find(|promise| promise.operation == operation)
}
