//! An object's body: read to its end within a bound, and held to what its head says of it.
//!
//! Who reads a lake gets the bytes that were written, or an error. S3 tells the length and the checksum of what atrest
//! wrote, and the SDK holds a body to the checksum that comes with it. A server between may answer in S3's place: what
//! it says is looked at here as far as bytes can tell.

use std::error::Error;

use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::{GetObjectError, GetObjectOutput};
use aws_sdk_s3::primitives::ByteStream;
use aws_types::request_id::RequestId;

use crate::aws::causes::chain;
use crate::aws::promise::Broken;
use crate::lake::OF_ITS_KIND;

/// The longest body that is read without a word of its length: S3 gives the length of each object.
const UNTOLD: u64 = 64 * 1_024 * 1_024;

type GetError = SdkError<GetObjectError>;

/// A body that is longer than it can be; the rest was not read.
pub(super) struct TooLong {
    pub most: u64,
    pub why: &'static str,
}

/// An object's body, with the request id that the door keeps.
pub(super) struct Body {
    pub bytes: Result<Vec<u8>, TooLong>,
    pub etag: Option<String>,
    request_id: Option<String>,
}

impl RequestId for Body {
    fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }
}

/// Reads the body of the object of a key.
pub(super) async fn read(output: GetObjectOutput, key: &str, most: u64) -> Result<Body, GetError> {
    let request_id = output.request_id().map(str::to_owned);
    let etag = output.e_tag().map(str::to_owned);
    let told = output.content_length().and_then(|length| u64::try_from(length).ok());
    let of_its_kind = TooLong { most, why: OF_ITS_KIND };
    let bytes = match told {
        Some(told) if told > most => Err(of_its_kind),
        None if most > UNTOLD => {
            let why = "the most that is read of an object without Content-Length";
            collected(output.body, TooLong { most: UNTOLD, why }).await?
        }
        _ => collected(output.body, of_its_kind).await?,
    };
    if let Ok(bytes) = &bytes {
        hold(key, bytes, told).map_err(GetError::timeout_error)?;
    }
    Ok(Body { bytes, etag, request_id })
}

/// What a body has, up to its bound.
async fn collected(mut body: ByteStream, bound: TooLong) -> Result<Result<Vec<u8>, TooLong>, GetError> {
    let mut bytes = Vec::new();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| match broken(&error) {
            Some(broken) => GetError::timeout_error(broken),
            None => GetError::timeout_error(error),
        })?;
        if (bytes.len() + chunk.len()) as u64 > bound.most {
            return Ok(Err(bound));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Ok(bytes))
}

/// What the SDK met in a body that it holds to its head. Its errors have no public types here.
fn broken(error: &(dyn Error + 'static)) -> Option<Broken> {
    chain(error).map(ToString::to_string).find_map(|words| match words {
        words if words.starts_with("body checksum mismatch") => Some(Broken::OtherBytes),
        words if words.starts_with("Invalid Content-Length") => Some(Broken::OtherLength),
        _ => None,
    })
}

/// Holds bytes to their length, and to what every object of a lake is: something, and neither HTML nor XML.
fn hold(key: &str, bytes: &[u8], told: Option<u64>) -> Result<(), Broken> {
    if told.is_some_and(|told| told != bytes.len() as u64) {
        return Err(Broken::OtherLength);
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    // A standard or the exceptions may be an empty file.
    match text.first() {
        Some(b'<') => Err(Broken::Page),
        None if bytes.is_empty() && !key.starts_with("policies/") => Err(Broken::Empty),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_held_to_their_length_and_their_kind() {
        let key = "runs/x";
        assert_eq!(hold(key, b"PAR1", Some(4)), Ok(()));
        assert_eq!(hold(key, b"{}", None), Ok(()));
        assert_eq!(hold(key, b"PAR", Some(4)), Err(Broken::OtherLength));
        assert_eq!(hold(key, b"PAR11", Some(4)), Err(Broken::OtherLength));
        for page in ["<html>", " \r\n<?xml?><Error/>", "\u{feff}<!doctype html>"] {
            assert_eq!(hold(key, page.as_bytes(), None), Err(Broken::Page), "{page:?}");
        }
        assert_eq!(hold(key, b"", Some(0)), Err(Broken::Empty));
        assert_eq!(hold("policies/e3b0", b"", Some(0)), Ok(()));
    }
}
