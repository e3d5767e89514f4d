//! The text of `KMSMasterKeyID`, read: a key id, a key ARN, an alias or an alias ARN.

use crate::model::{AccountId, Arn, KeyRefKind, Partition, Region};

/// A bucket's reference to its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyRef<'a> {
    /// No key is named: the AWS managed key `aws/s3`.
    None,
    /// A key id or alias, in the place that it names, or in the bucket's own.
    Named {
        /// The place of an ARN.
        place: Option<NamedPlace<'a>>,
        /// The key or alias.
        target: Target<'a>,
    },
    /// An ARN whose parts cannot be read.
    Malformed(KeyRefKind),
}

/// Where an ARN points to. An account number of another partition is another account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPlace<'a> {
    /// `aws`, `aws-cn`, …, as written.
    pub partition: &'a str,
    /// The account.
    pub account_id: AccountId,
    /// The Region.
    pub region: Region,
}

/// What a reference names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// A key, by its id.
    Key(&'a str),
    /// An alias, `alias/…`.
    Alias(&'a str),
}

/// The alias of the AWS managed key of S3.
pub const AWS_S3_ALIAS: &str = "alias/aws/s3";

impl<'a> KeyRef<'a> {
    /// Reads a reference as it is configured.
    pub fn parse(text: Option<&'a str>) -> Self {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return Self::None };
        if text.starts_with("arn:") {
            return Self::of_arn(text);
        }
        let target = if text.starts_with("alias/") { Target::Alias(text) } else { Target::Key(text) };
        Self::Named { place: None, target }
    }

    fn of_arn(text: &'a str) -> Self {
        let arn = Arn::parse(text).filter(|arn| arn.service == "kms");
        let resource = arn.map_or("", |arn| arn.resource);
        let is_alias = resource.starts_with("alias/") || (arn.is_none() && text.contains(":alias/"));
        let kind = if is_alias { KeyRefKind::AliasArn } else { KeyRefKind::KeyArn };
        let target = match resource.strip_prefix("key/") {
            Some(id) if !id.is_empty() => Target::Key(id),
            _ if is_alias => Target::Alias(resource),
            _ => return Self::Malformed(kind),
        };
        let place = |arn: Arn<'a>| {
            let (account_id, region) = (arn.account.parse().ok()?, arn.region.parse().ok()?);
            Some(NamedPlace { partition: arn.partition, account_id, region })
        };
        match arn.and_then(place) {
            Some(place) => Self::Named { place: Some(place), target },
            None => Self::Malformed(kind),
        }
    }

    /// The form of the reference.
    pub fn kind(&self) -> KeyRefKind {
        match self {
            Self::None => KeyRefKind::None,
            Self::Malformed(kind) => *kind,
            Self::Named { place, target: Target::Key(_) } if place.is_some() => KeyRefKind::KeyArn,
            Self::Named { target: Target::Key(_), .. } => KeyRefKind::KeyId,
            Self::Named { place, .. } if place.is_some() => KeyRefKind::AliasArn,
            Self::Named { .. } => KeyRefKind::AliasName,
        }
    }

    /// Whether the reference is to the `aws/s3` of this place, by silence or by name. An alias of another
    /// account or Region names another key. Names of aliases are case-sensitive (AWS KMS API Reference,
    /// CreateAlias).
    pub fn is_aws_s3_of(
        &self,
        partition: &Partition,
        account_id: AccountId,
        region: Option<&Region>,
    ) -> bool {
        match self {
            Self::None | Self::Named { place: None, target: Target::Alias(AWS_S3_ALIAS) } => true,
            Self::Named { place: Some(place), target: Target::Alias(AWS_S3_ALIAS) } => {
                place.partition == partition.as_str()
                    && place.account_id == account_id
                    && Some(&place.region) == region
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_told_apart() {
        use KeyRefKind::*;
        let home: Region = "us-east-1".parse().unwrap();
        let (partition, owner) = (home.partition(), "111122223333".parse().unwrap());
        for (text, kind, aws_s3) in [
            ("", None, true),
            ("1234abcd-12ab-34cd-56ef-1234567890ab", KeyId, false),
            ("mrk-1234abcd12ab34cd56ef1234567890ab", KeyId, false),
            ("alias/prod", AliasName, false),
            ("alias/aws/s3", AliasName, true),
            ("arn:aws:kms:eu-west-1:111122223333:key/1234", KeyArn, false),
            ("arn:aws-cn:kms:cn-north-1:111122223333:alias/prod", AliasArn, false),
            ("alias/aws/S3", AliasName, false),
            ("arn:aws:kms:us-east-1:111122223333:alias/aws/s3", AliasArn, true),
            ("arn:aws:kms:us-east-1:444455556666:alias/aws/s3", AliasArn, false),
            ("arn:aws:kms:eu-west-1:111122223333:alias/aws/s3", AliasArn, false),
            ("arn:aws-cn:kms:us-east-1:111122223333:alias/aws/s3", AliasArn, false),
            ("arn:aws:kms:us-east-1:none:alias/prod", AliasArn, false),
            ("arn:aws:kms:us-east-1:111122223333:key/", KeyArn, false),
            ("arn:aws:s3:::bucket", KeyArn, false),
            ("arn:broken", KeyArn, false),
        ] {
            let reference = KeyRef::parse(Some(text));
            let is_aws_s3 = reference.is_aws_s3_of(&partition, owner, Some(&home));
            assert_eq!((reference.kind(), is_aws_s3), (kind, aws_s3), "{text}");
        }
        assert_eq!(KeyRef::parse(Option::None), KeyRef::None);
    }
}
