//! What a flag's text must be, beyond what its type says: AWS's own rules, and one sentence where they are
//! broken, which clap puts after the flag and the value.

use crate::aws::endpoint_url::plain;
use crate::clock::Timestamp;
use crate::model::{ExternalId, Region, RunId};

/// `--run`: an id, or an instant that an id is made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunArg {
    /// A run id.
    Id(RunId),
    /// A scheduler's own timestamp.
    At(Timestamp),
}

/// The year in which Amazon S3 began.
const FIRST_YEAR: &str = "2006";

impl std::str::FromStr for RunArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let run = match text.parse::<RunId>() {
            Ok(id) => Self::Id(id),
            Err(_) => Timestamp::parse(text).map(Self::At).map_err(|_| {
                "it is neither a run id (20261121T030000Z-0badcafe) nor an instant (2026-11-21T03:00:00Z)"
                    .to_owned()
            })?,
        };
        let date = match &run {
            Self::Id(id) => id.date(),
            Self::At(at) => at.date(),
        };
        // Dates of four digits are ordered as texts are.
        if date.as_str() < FIRST_YEAR {
            return Err(format!("there was no AWS to scan on {date}: the run's date is wrong"));
        }
        Ok(run)
    }
}

/// An instant, or a day's first.
pub fn instant(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).map_err(|_| "write it as 2026-11-21 or 2026-11-21T03:00:00Z".to_owned())
}

/// A Region that has an endpoint.
pub fn region(text: &str) -> Result<Region, String> {
    let region: Region = text.parse().map_err(|_| "a Region looks like eu-west-1".to_owned())?;
    if region == Region::global() { Err("`global` is not a Region".to_owned()) } else { Ok(region) }
}

/// IAM's own rules: 64 of `[\w+=,.@-]`, and a path of printable ASCII between slashes (IAM API
/// reference, CreateRole).
pub fn role_name(text: &str) -> Result<String, String> {
    let trimmed = text.strip_prefix('/').unwrap_or(text);
    let (path, name) = trimmed.rsplit_once('/').unwrap_or(("", trimmed));
    let in_name = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
    let good_name = (1..=64).contains(&name.len()) && name.chars().all(in_name);
    let good_path = path.len() <= 510 && path.chars().all(|c| c.is_ascii_graphic());
    if text.starts_with("arn:") {
        Err("give the role's name, not its ARN: the account is filled in".to_owned())
    } else if good_name && good_path {
        Ok(trimmed.to_owned())
    } else {
        Err("a role's name has up to 64 letters, digits or _+=,.@- and may have a path before it".to_owned())
    }
}

/// STS's own rule.
pub fn external_id(text: &str) -> Result<ExternalId, String> {
    ExternalId::new(text)
        .ok_or_else(|| "an external id has 2 to 1,224 letters, digits or _+=,.@:/-".to_owned())
}

/// An OU's id or name; an id that is almost one is a mistake and not a name.
pub fn unit(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.split('-').collect();
    let lower = |part: &&str, from: usize, to: usize| {
        (from..=to).contains(&part.len())
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    match parts.as_slice() {
        ["ou", root, id] if lower(root, 4, 32) && lower(id, 8, 32) => Ok(text.to_owned()),
        ["r", root] if lower(root, 4, 32) => Ok(text.to_owned()),
        ["ou", ..] => Err("an organizational unit's id looks like ou-ab12-11111111".to_owned()),
        _ if text.is_empty() || text.len() > 128 => {
            Err("an organizational unit's name has 1 to 128 characters".to_owned())
        }
        _ => Ok(text.to_owned()),
    }
}

/// The URL of a server.
pub fn endpoint(text: &str) -> Result<String, String> {
    plain(text)
        .map(|url| url.trim_end_matches('/').to_owned())
        .map_err(|why| format!("{why}; write a server's URL, such as https://s3.example.com:9000"))
}

/// A KMS key, by its ARN.
pub fn kms_key(text: &str) -> Result<String, String> {
    crate::aws::s3_lake::settings::not_a_key(text)
        .map_or_else(|| Ok(text.to_owned()), |why| Err(why.to_owned()))
}

/// How many at a time.
pub fn positive(text: &str) -> Result<usize, String> {
    text.parse()
        .ok()
        .filter(|n| (1..=10_000).contains(n))
        .ok_or_else(|| "give a number from 1 to 10000".to_owned())
}

/// A part of a whole.
pub fn share(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|share| (0.01..=1.0).contains(share))
        .ok_or_else(|| "give a share from 0.01 to 1".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_what_its_message_says() {
        for (text, right) in [("0.01", 0.01), ("1", 1.0), ("0.5", 0.5)] {
            assert_eq!(share(text), Ok(right));
        }
        for wrong in ["0", "0.0099", "1e-30", "1.01", "-0.5", "NaN", "inf", "", "half"] {
            assert!(share(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn malformed_values_are_refused() {
        for wrong in ["", "arn:aws:iam::111122223333:role/x", "a b", "päth", "a/b c"] {
            assert!(role_name(wrong).is_err(), "{wrong}");
        }
        assert_eq!(role_name("/security/audit").as_deref(), Ok("security/audit"));
        for wrong in ["ou-ab12", "ou-AB12-11111111", "ou-ab12-1", ""] {
            assert!(unit(wrong).is_err(), "{wrong}");
        }
        assert!(unit("Prod EU").is_ok() && unit("ou-ab12-11111111").is_ok() && unit("r-ab12").is_ok());
        assert!(region("global").is_err() && region("eu-west-1").is_ok());
        assert!("yesterday".parse::<RunArg>().is_err());
        for wrong in ["00000101T000000Z-0badcafe", "20051231T235959Z-0badcafe", "1970-01-01T00:00:00Z"] {
            let why = wrong.parse::<RunArg>().unwrap_err();
            assert!(why.starts_with("there was no AWS to scan on "), "{wrong}: {why}");
        }
        assert!("20060314T000000Z-0badcafe".parse::<RunArg>().is_ok());
        for wrong in
            ["", "minio:9000", "ftp://a", "http://", "https://key:secret@host", "http://a:b", "http://a?x"]
        {
            assert!(endpoint(wrong).is_err(), "{wrong}");
        }
        for good in ["http://127.0.0.1:9000", "http://[::1]:9000", "https://s3.example.com/base"] {
            assert_eq!(endpoint(&format!("{good}/")).as_deref(), Ok(good));
        }
    }
}
