//! Where a resource is in AWS's console: a link for the reader, who signs in there.
//!
//! Each partition has a console of its own (AWS Documentation: Amazon S3 User Guide, "Accessing Amazon S3";
//! Amazon S3 in China; AWS GovCloud (US) User Guide, "Signing in"). A partition that is not known here has
//! no link.

use crate::model::Arn;

/// The console's page of a resource; `region` is a bucket's, whose ARN does not say it.
pub fn console(arn: &str, region: Option<&str>) -> Option<String> {
    let parts = Arn::parse(arn)?;
    let host = host(parts.partition)?;
    match parts.service {
        "s3" if is_plain(parts.resource) => Some(match region.filter(|region| is_plain(region)) {
            Some(region) => format!("https://{host}/s3/buckets/{}?region={region}", parts.resource),
            None => format!("https://{host}/s3/buckets/{}", parts.resource),
        }),
        "kms" if is_plain(parts.region) => {
            let id = parts.resource.strip_prefix("key/").filter(|id| is_plain(id))?;
            Some(format!("https://{host}/kms/home?region={}#/kms/keys/{id}", parts.region))
        }
        _ => None,
    }
}

fn host(partition: &str) -> Option<&'static str> {
    match partition {
        "aws" => Some("console.aws.amazon.com"),
        "aws-cn" => Some("console.amazonaws.cn"),
        "aws-us-gov" => Some("console.amazonaws-us-gov.com"),
        _ => None,
    }
}

/// What stands in an address as it is: all that AWS has in a bucket's name, a key's id or a Region.
fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_partition_has_its_console() {
        for (arn, region, address) in [
            (
                "arn:aws:s3:::logs.example",
                Some("eu-west-1"),
                Some("https://console.aws.amazon.com/s3/buckets/logs.example?region=eu-west-1"),
            ),
            ("arn:aws-cn:s3:::logs", None, Some("https://console.amazonaws.cn/s3/buckets/logs")),
            (
                "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/mrk-1",
                None,
                Some("https://console.amazonaws-us-gov.com/kms/home?region=us-gov-west-1#/kms/keys/mrk-1"),
            ),
            ("arn:aws-iso:s3:::logs", Some("us-iso-east-1"), None),
            ("arn:aws:organizations::111122223333:account/o-1/111122223333", None, None),
            ("arn:aws:s3:::a\"b", None, None),
            ("arn:aws:s3:::logs", Some("x&y"), Some("https://console.aws.amazon.com/s3/buckets/logs")),
            ("alias/gone", None, None),
        ] {
            assert_eq!(console(arn, region).as_deref(), address, "{arn}");
        }
    }
}
