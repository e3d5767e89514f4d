//! The identifiers of the field, parsed once at the edge: account, Region, partition, ARN, run.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::clock::Timestamp;

/// A text that is not what it should be: which kind, and the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct Malformed {
    /// What was expected, as a noun phrase with its form.
    pub expected: &'static str,
    /// What was given.
    pub text: String,
}

impl Malformed {
    fn new(expected: &'static str, text: &str) -> Self {
        Self { expected, text: text.to_owned() }
    }
}

macro_rules! text_serde {
    ($type:ty) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    };
}

/// An AWS account id: twelve digits, kept as a number because there are millions in an index.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(u64);

impl FromStr for AccountId {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let good = text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
        good.then(|| text.parse().ok())
            .flatten()
            .map(Self)
            .ok_or_else(|| Malformed::new("an account id (twelve digits, such as 111122223333)", text))
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012}", self.0)
    }
}

text_serde!(AccountId);

/// A Region's name, such as `eu-west-1`, or `global` for account-wide operations.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Region(Arc<str>);

impl Region {
    /// The label of account-wide operations in the coverage table.
    pub fn global() -> Self {
        Self("global".into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The partition that a Region of this name belongs to.
    ///
    /// From the SDK's own `partitions.json`, by the prefix of the Region's name.
    pub fn partition(&self) -> Partition {
        let name = match self.0.as_ref() {
            r if r.starts_with("cn-") => "aws-cn",
            r if r.starts_with("us-gov-") => "aws-us-gov",
            r if r.starts_with("eusc-") => "aws-eusc",
            r if r.starts_with("us-iso-") => "aws-iso",
            r if r.starts_with("us-isob-") => "aws-iso-b",
            r if r.starts_with("eu-isoe-") => "aws-iso-e",
            r if r.starts_with("us-isof-") || r.starts_with("eu-isof-") => "aws-iso-f",
            _ => "aws",
        };
        Partition(name.into())
    }
}

impl FromStr for Region {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let parts: Vec<&str> = text.split('-').collect();
        let word = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
        let last_is_number =
            parts.last().is_some_and(|last| !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit()));
        let good = text == "global"
            || (parts.len() >= 3 && last_is_number && parts[..parts.len() - 1].iter().all(word));
        good.then(|| Self(text.into())).ok_or_else(|| Malformed::new("a Region (such as eu-west-1)", text))
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_serde!(Region);

/// A partition's name: `aws`, `aws-cn`, `aws-us-gov`, and those to come.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition(Arc<str>);

impl Partition {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The Regions that every account of the partition has without opting in.
    ///
    /// Used where `account:ListRegions` cannot answer. From the AWS General Reference, "AWS
    /// Regions", the Regions with opt-in status "not required"; an unlisted partition gives none.
    pub fn default_regions(&self) -> Vec<Region> {
        let names: &[&str] = match self.as_str() {
            "aws" => &[
                "ap-northeast-1",
                "ap-northeast-2",
                "ap-northeast-3",
                "ap-south-1",
                "ap-southeast-1",
                "ap-southeast-2",
                "ca-central-1",
                "eu-central-1",
                "eu-north-1",
                "eu-west-1",
                "eu-west-2",
                "eu-west-3",
                "sa-east-1",
                "us-east-1",
                "us-east-2",
                "us-west-1",
                "us-west-2",
            ],
            "aws-cn" => &["cn-north-1", "cn-northwest-1"],
            "aws-us-gov" => &["us-gov-east-1", "us-gov-west-1"],
            "aws-eusc" => &["eusc-de-east-1"],
            _ => &[],
        };
        names.iter().map(|name| Region((*name).into())).collect()
    }
}

impl FromStr for Partition {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let good = text.starts_with("aws")
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        good.then(|| Self(text.into()))
            .ok_or_else(|| Malformed::new("a partition (such as aws or aws-cn)", text))
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_serde!(Partition);

/// The parts of an ARN: `arn:partition:service:region:account:resource`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arn<'a> {
    /// `aws`, `aws-cn`, …
    pub partition: &'a str,
    /// `kms`, `s3`, …
    pub service: &'a str,
    /// May be empty.
    pub region: &'a str,
    /// May be empty.
    pub account: &'a str,
    /// All that follows, colons included.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Splits an ARN; `None` where the text has not its six parts.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next()? != "arn" {
            return None;
        }
        Some(Self {
            partition: parts.next()?,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next().filter(|r| !r.is_empty())?,
        })
    }
}

/// A run's id: `<YYYYMMDDTHHMMSSZ>-<8 hex>`, sortable by time.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(String);

impl RunId {
    /// The id of a run that opened at `at`, told apart by `suffix`.
    pub fn new(at: Timestamp, suffix: u32) -> Self {
        Self(format!("{}-{suffix:08x}", at.compact()))
    }

    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The instant in the id.
    pub fn at(&self) -> Timestamp {
        instant_of(&self.0).unwrap_or(Timestamp::from_millis(0))
    }

    /// The UTC date in the id: the `dt` partition.
    pub fn date(&self) -> String {
        self.at().date()
    }
}

fn instant_of(id: &str) -> Option<Timestamp> {
    Timestamp::parse_compact(id.get(..16)?)
}

impl FromStr for RunId {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let bytes = text.as_bytes();
        let good = text.is_ascii()
            && bytes.len() == 25
            && bytes[16] == b'-'
            && bytes[17..].iter().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(b))
            && instant_of(text).is_some();
        good.then(|| Self(text.to_owned()))
            .ok_or_else(|| Malformed::new("a run id (such as 20261121T030000Z-0badcafe)", text))
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

text_serde!(RunId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_parsed_strictly() {
        assert_eq!("000000000042".parse::<AccountId>().unwrap().to_string(), "000000000042");
        for wrong in ["", "42", "11112222333", "1111222233334", "11112222333x", "+11122223333"] {
            assert!(wrong.parse::<AccountId>().is_err(), "{wrong}");
        }
        for good in ["eu-west-1", "us-gov-west-1", "ap-southeast-12", "global", "mx-central-1"] {
            assert!(good.parse::<Region>().is_ok(), "{good}");
        }
        for wrong in ["", "eu", "eu-west", "EU-WEST-1", "eu-west-1a", "eu--1", "eu west 1", "../x-y-1"] {
            assert!(wrong.parse::<Region>().is_err(), "{wrong}");
        }
        for wrong in ["", "20261121T030000Z", "20261321T030000Z-00000000", "20261121T030000Z-0BADCAFE"] {
            assert!(wrong.parse::<RunId>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_run_id_gives_its_partition() {
        let id: RunId = "20261121T235959Z-0badcafe".parse().unwrap();
        assert_eq!(id.date(), "2026-11-21");
        assert_eq!(RunId::new(id.at(), 0x0bad_cafe), id);
    }

    #[test]
    fn an_arn_keeps_the_colons_of_its_resource() {
        let arn = Arn::parse("arn:aws-cn:kms:cn-north-1:111122223333:alias/a:b").unwrap();
        assert_eq!((arn.partition, arn.region, arn.resource), ("aws-cn", "cn-north-1", "alias/a:b"));
        assert!(Arn::parse("arn:aws:kms:us-east-1:111122223333").is_none());
        assert!(Arn::parse("key/1").is_none());
    }
}
