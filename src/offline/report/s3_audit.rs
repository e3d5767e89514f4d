//! `s3-audit-csv`: the report of aws-samples' S3 default encryption audit, of a whole organization.
//!
//! Its four columns keep their names, order and words, so that who reads that report reads this one;
//! the account, the Region, the lake's own word and the reason follow. It is right where the script is
//! not: every bucket has a row, whatever form its key reference has; the Bucket Key is the flag on the
//! rule; `AccessDenied` is said of a denial alone, and of all else that was not read `Unknown`; DSSE-KMS
//! and a key that is disabled or about to be deleted stand in the reason. The file is RFC 4180, where the
//! script puts a space after each comma.
//!
//! Chosen where the script's own text is silent: SSE-KMS without a key reads `alias/aws/s3` and `AWS`
//! (the script writes `aws:kms` and `N/A`, which its README keeps for "SSE-KMS is not configured"); an
//! algorithm that this version does not know reads as S3 wrote it; a key outside the organization is
//! `Unknown`, because it was not read.

use std::collections::BTreeMap;
use std::io::Write;

use super::ReportError;
use super::dump::csv_writer;
use super::rows::{BucketRow, DescribedKeyRow};
use crate::lake::CommittedRun;
use crate::model::{Encryption, FaultKind, KeyLink, MODE_UNKNOWN, Undecided};

/// The script's four names, and ours.
const HEADER: [&str; 8] = [
    "Bucket Name",
    "Default Encryption Mode",
    "SSE-KMS Key Type",
    "Bucket Key",
    "Account",
    "Region",
    "Encryption",
    "Reason",
];

/// A value that the script has for what it could not read.
const ACCESS_DENIED: &str = "AccessDenied";
/// A value that is not known, for another reason than a denial.
const UNKNOWN: &str = "Unknown";
/// The key that S3 uses where SSE-KMS names none.
const AWS_S3_ALIAS: &str = "alias/aws/s3";

/// Writes a line a bucket. The keys are walked first: what a bucket's row does not tell is why its key
/// was not described.
pub async fn write(run: &CommittedRun, out: &mut dyn Write) -> Result<(), ReportError> {
    let undescribed = undescribed_keys(run).await?;
    let mut writer = csv_writer(out);
    // Not before the first file was compared with its hash: what is refused has printed nothing.
    let mut header = Some(HEADER);
    BucketRow::each(run, |bucket| {
        if let Some(header) = header.take() {
            writer.write_record(header)?;
        }
        let key_read = bucket.kms_key_arn.and_then(|arn| undescribed.get(arn)).map(String::as_str);
        let line = Line::of(&bucket, key_read)?;
        Ok::<(), ReportError>(writer.write_record(line.fields(&bucket))?)
    })
    .await?;
    if let Some(header) = header.take() {
        writer.write_record(header)?;
    }
    Ok(writer.flush()?)
}

/// The *read* word of each key that was not described, by ARN: few, where a census goes well.
async fn undescribed_keys(run: &CommittedRun) -> Result<BTreeMap<String, String>, ReportError> {
    let mut undescribed = BTreeMap::new();
    DescribedKeyRow::each(run, |key| {
        if let (Some(arn), Some(read)) = (key.key_arn, key.describe_read.filter(|read| *read != "known")) {
            undescribed.insert(arn.to_owned(), read.to_owned());
        }
        Ok::<(), ReportError>(())
    })
    .await?;
    Ok(undescribed)
}

/// What is concluded of a bucket; the other columns are its row's own.
#[derive(Debug, PartialEq, Eq)]
struct Line<'a> {
    mode: &'a str,
    key_type: &'a str,
    reason: String,
}

impl<'a> Line<'a> {
    fn of(bucket: &BucketRow<'a>, key_read: Option<&str>) -> Result<Self, ReportError> {
        let encryption = match bucket.encryption {
            Some(MODE_UNKNOWN) => None,
            mode => Some(word("encryption", mode, Encryption::from_word)?),
        };
        let link = match bucket.kms_key_link {
            Some(link) => Some(word("kms_key_link", Some(link), KeyLink::from_word)?),
            None => None,
        };
        let subject = Subject { bucket, encryption, link, key_read };
        Ok(Self { mode: subject.mode(), key_type: subject.key_type(), reason: subject.reason() })
    }

    fn fields(&self, bucket: &BucketRow<'a>) -> [&str; 8] {
        let bucket_key = match bucket.bucket_key_enabled {
            Some(true) => "True",
            Some(false) => "False",
            None => "",
        };
        [
            bucket.bucket.unwrap_or_default(),
            self.mode,
            self.key_type,
            bucket_key,
            bucket.account_id.unwrap_or_default(),
            bucket.region.unwrap_or_default(),
            bucket.encryption.unwrap_or_default(),
            &self.reason,
        ]
    }
}

/// A word that is not known is an error: whatever stood in its place would be a guess.
fn word<T>(
    column: &'static str,
    word: Option<&str>,
    from_word: fn(&str) -> Option<T>,
) -> Result<T, ReportError> {
    let word = word.unwrap_or_default();
    from_word(word).ok_or_else(|| ReportError::Word { table: "buckets", column, word: word.to_owned() })
}

/// A bucket with what its conclusions depend on.
struct Subject<'r, 'a> {
    bucket: &'r BucketRow<'a>,
    /// None where the configuration was not read.
    encryption: Option<Encryption>,
    /// None where the configuration was not read.
    link: Option<KeyLink>,
    /// The *read* word of the key, where it was listed and not described.
    key_read: Option<&'r str>,
}

impl<'a> Subject<'_, 'a> {
    fn uses_kms(&self) -> bool {
        matches!(self.encryption, Some(Encryption::SseKms | Encryption::DsseKms))
    }

    /// The key as configured, where one is named.
    fn named_key(&self) -> Option<&'a str> {
        self.bucket.kms_key_ref.filter(|reference| !reference.is_empty())
    }

    /// Column B.
    fn mode(&self) -> &'a str {
        match self.encryption {
            Some(Encryption::NotConfigured) => "SSEConfigNotFound",
            Some(Encryption::SseS3) => "AES256",
            Some(Encryption::SseKms | Encryption::DsseKms) => self.named_key().unwrap_or(AWS_S3_ALIAS),
            Some(Encryption::Other) => self.bucket.sse_algorithm.unwrap_or(UNKNOWN),
            None if self.bucket.encryption_read == Some("denied") => ACCESS_DENIED,
            None => UNKNOWN,
        }
    }

    /// Column C.
    fn key_type(&self) -> &'a str {
        match (self.encryption, self.link) {
            (Some(Encryption::NotConfigured | Encryption::SseS3), _) => "N/A",
            (None | Some(Encryption::Other), _) => UNKNOWN,
            (_, Some(KeyLink::AwsManaged)) => "AWS",
            (_, Some(KeyLink::Missing)) => "KeyNotFound",
            (_, Some(KeyLink::OutsideOrg | KeyLink::None) | None) => UNKNOWN,
            (_, Some(KeyLink::SameAccount | KeyLink::SameOrg | KeyLink::Unproven)) => self.manager(),
        }
    }

    fn manager(&self) -> &'a str {
        match (self.bucket.kms_key_manager, self.key_read) {
            (Some(manager), _) => manager,
            (None, Some("denied")) => ACCESS_DENIED,
            // What the script reads as NotFoundException.
            (None, Some("gone")) => "KeyNotFound",
            (None, _) => UNKNOWN,
        }
    }

    /// Why a value is not known, and what the four columns would hide.
    fn reason(&self) -> String {
        let sentences = [self.about_configuration(), self.about_key(), self.about_state()];
        sentences.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    fn about_configuration(&self) -> Option<String> {
        let read = self.bucket.encryption_read.unwrap_or_default();
        Some(match self.encryption {
            None if read == "gone" => {
                "The bucket was deleted between its listing and its reading.".to_owned()
            }
            None => format!("The encryption configuration was not read: {}.", spoken(read)),
            Some(Encryption::NotConfigured) if read == "known" => {
                "The configuration has a rule without a default.".to_owned()
            }
            Some(Encryption::Other) => "The algorithm is not one that this version knows.".to_owned(),
            Some(Encryption::DsseKms) => "The mode is DSSE-KMS, which encrypts twice.".to_owned(),
            Some(Encryption::NotConfigured | Encryption::SseS3 | Encryption::SseKms) => return None,
        })
    }

    fn about_key(&self) -> Option<String> {
        if !self.uses_kms() {
            return None;
        }
        let owner = match self.bucket.kms_key_account_id {
            Some(id) => format!("account {id}"),
            None => "its account".to_owned(),
        };
        Some(match (self.link, self.bucket.kms_key_manager, self.key_read) {
            (Some(KeyLink::AwsManaged), ..) if self.named_key().is_none() => {
                "No key is named: S3 uses the AWS managed key aws/s3.".to_owned()
            }
            (Some(KeyLink::Missing), ..) => {
                format!("The key is not in the complete listing of the keys of {owner}.")
            }
            (Some(KeyLink::OutsideOrg), ..) => {
                format!("The key belongs to {owner}, outside the organization: it was not read.")
            }
            (Some(KeyLink::None) | None, ..) => "AWS did not report what kind of key this is.".to_owned(),
            (Some(KeyLink::AwsManaged), ..) | (_, Some(_), _) => return None,
            (_, None, Some("gone")) => "The key was deleted between its listing and its reading.".to_owned(),
            (_, None, Some(read)) => format!("The key was not described: {}.", spoken(read)),
            (Some(KeyLink::Unproven), None, None) if self.bucket.kms_key_account_id.is_none() => {
                "It is not known which key this is: the reference is not the ARN of a KMS key.".to_owned()
            }
            (Some(KeyLink::Unproven), None, None) => {
                format!("It is not known which key this is: the keys of {owner} were not all read.")
            }
            (_, None, None) => "AWS did not report who manages the key.".to_owned(),
        })
    }

    /// The script says of a key that is about to be deleted what it says of any other.
    fn about_state(&self) -> Option<String> {
        let state = self.bucket.kms_key_state.filter(|state| self.uses_kms() && *state != "Enabled")?;
        Some(format!("The key's state is {state}."))
    }
}

/// A *read* word as the end of a sentence.
fn spoken(read: &str) -> &'static str {
    match read {
        "not_asked" => "the read was not sent",
        "absent" => "there is none",
        word => FaultKind::from_word(word).map_or("it is not known", |kind| Undecided::Unread(kind).spoken()),
    }
}

#[cfg(test)]
mod tests;
