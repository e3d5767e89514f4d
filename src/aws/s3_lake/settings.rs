//! What every request to a lake on S3 carries, and where it goes: the one place that all commands obey.

use crate::model::AccountId;

/// How the lake is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LakeSettings {
    /// Another server than the one that is scanned.
    pub endpoint: Option<String>,
    /// The account that the bucket has to belong to; S3 refuses every request where it does not.
    pub owner: Option<AccountId>,
    /// The encryption that a write asks for; without it the bucket's default decides.
    pub sse: Option<Sse>,
    /// The ARN of the KMS key that a write asks for.
    pub kms_key: Option<String>,
}

impl LakeSettings {
    /// The value of `x-amz-server-side-encryption`: a key alone means SSE-KMS.
    pub fn algorithm(&self) -> Option<Sse> {
        self.sse.or_else(|| self.kms_key.as_ref().map(|_| Sse::Kms))
    }
}

/// The encryption that a write asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sse {
    /// `AES256`: SSE-S3.
    S3,
    /// `aws:kms`: SSE-KMS.
    Kms,
    /// `aws:kms:dsse`: DSSE-KMS.
    Dsse,
}

impl Sse {
    /// AWS's word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::S3 => "AES256",
            Self::Kms => "aws:kms",
            Self::Dsse => "aws:kms:dsse",
        }
    }
}

/// Whether a server is AWS's own, whose buckets belong to accounts.
pub fn is_aws(endpoint: &str) -> bool {
    let authority = endpoint.split("://").nth(1).unwrap_or(endpoint);
    let authority = authority.split(['/', '?']).next().unwrap_or_default();
    let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host).to_ascii_lowercase();
    [".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".api.aws"].iter().any(|end| host.ends_with(end))
}

/// Why a bucket's name cannot be a lake on S3. Other servers have other rules, and are asked.
pub fn unusable(bucket: &str) -> Option<&'static str> {
    if bucket.starts_with("arn:") {
        return Some(
            "an ARN is not supported: write s3://bucket/prefix, or the alias of an access point, which ends \
             with -s3alias (`aws s3control get-access-point` prints it)",
        );
    }
    let kinds = [
        ("--x-s3", "it is a directory bucket; a lake needs a general purpose bucket"),
        ("--xa-s3", "it is an access point of a directory bucket; a lake needs a general purpose bucket"),
        ("--op-s3", "it is an access point on Outposts; a lake needs a bucket in a Region"),
        ("--ol-s3", "it is an Object Lambda access point, which cannot be written; name the bucket"),
        ("--table-s3", "it is a table bucket; a lake needs a general purpose bucket"),
        (".mrap", "it is a Multi-Region Access Point; name the bucket of one Region"),
    ];
    kinds.iter().find(|(end, _)| bucket.ends_with(end)).map(|(_, why)| *why)
}

/// Whether the name is the alias of an access point, which S3 takes for a bucket's.
pub fn is_access_point(bucket: &str) -> bool {
    bucket.ends_with("-s3alias")
}

/// Why a text is not the ARN of a KMS key. An alias is refused: policies name keys by their ARN.
pub fn not_a_key(text: &str) -> Option<&'static str> {
    const SHAPE: &str =
        "give the ARN of a KMS key (arn:aws:kms:REGION:ACCOUNT:key/ID), not an id and not an alias";
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    let ["arn", partition, "kms", region, account, resource] = parts.as_slice() else { return Some(SHAPE) };
    let id = resource.strip_prefix("key/").unwrap_or_default();
    let is_key = partition.starts_with("aws")
        && !region.is_empty()
        && account.parse::<AccountId>().is_ok()
        && !id.is_empty()
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (!is_key).then_some(SHAPE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aws_is_known_by_its_hosts() {
        for ours in [
            "https://s3.eu-west-1.amazonaws.com",
            "https://bucket.vpce-1a2b-5e6f.s3.eu-west-1.vpce.amazonaws.com:443/",
            "https://s3.cn-north-1.amazonaws.com.cn",
            "https://S3.Dualstack.eu-west-1.amazonaws.com/x",
        ] {
            assert!(is_aws(ours), "{ours}");
        }
        for other in
            ["http://127.0.0.1:9000", "https://minio.example.com", "https://amazonaws.com.example.org"]
        {
            assert!(!is_aws(other), "{other}");
        }
    }

    #[test]
    fn a_key_alone_asks_for_sse_kms() {
        let key = LakeSettings { kms_key: Some("arn".to_owned()), ..LakeSettings::default() };
        assert_eq!(key.algorithm(), Some(Sse::Kms));
        assert_eq!(LakeSettings { sse: Some(Sse::Dsse), ..key }.algorithm(), Some(Sse::Dsse));
        assert_eq!(LakeSettings::default().algorithm(), None);
    }

    #[test]
    fn a_bucket_that_cannot_be_a_lake_is_known_by_its_name() {
        for wrong in [
            "arn:aws:s3:eu-west-1:111122223333:accesspoint",
            "census--euw1-az1--x-s3",
            "census--ol-s3",
            "census--op-s3",
            "census--xa-s3",
            "census--table-s3",
            "mfzwi23gnjvgw.mrap",
        ] {
            assert!(unusable(wrong).is_some(), "{wrong}");
        }
        for good in ["census", "census-a1b2-s3alias", "census.example.com"] {
            assert_eq!(unusable(good), None, "{good}");
        }
    }

    #[test]
    fn a_key_is_named_by_its_arn() {
        let id = "11111111-2222-3333-4444-555555555555";
        assert_eq!(not_a_key(&format!("arn:aws:kms:eu-west-1:111122223333:key/{id}")), None);
        assert_eq!(not_a_key("arn:aws-cn:kms:cn-north-1:111122223333:key/mrk-1a2b"), None);
        for wrong in [
            id,
            "alias/lake",
            "arn:aws:kms:eu-west-1:111122223333:alias/lake",
            "arn:aws:s3:::key/x",
            "arn:aws:kms:eu-west-1:1:key/x",
            "arn:aws:kms:eu-west-1:111122223333:key/*",
            "",
        ] {
            assert!(not_a_key(wrong).is_some(), "{wrong}");
        }
    }
}
