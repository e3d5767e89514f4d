//! What the head of an answer says where its body says nothing: an object that is passed on as it is, and a write whose
//! answer has no body. A proxy's page with status 200 would be an object, or a write that is done.

use super::Broken;

/// Encodings that leave the bytes as they are: SDKs that sign a body in chunks leave the second one with the object.
const PLAIN: [&str; 3] = ["", "identity", "aws-chunked"];

/// Holds an answer's head to what S3 promises of the operation.
pub fn head_held<'a>(
    operation: &str,
    status: u16,
    header: impl Fn(&str) -> Option<&'a str>,
) -> Result<(), Broken> {
    if !matches!(operation, "GetObject" | "PutObject") || !(200..300).contains(&status) {
        return Ok(());
    }
    let told = |name: &str| header(name).filter(|value| !value.trim().is_empty());
    if operation == "GetObject" {
        // It was asked for whole.
        if status == 206 || told("content-range").is_some() {
            return Err(Broken::Part);
        }
        if status != 200 {
            return Err(Broken::OtherStatus(status));
        }
        let encoding = told("content-encoding").unwrap_or_default().trim().to_ascii_lowercase();
        if !PLAIN.contains(&encoding.as_str()) {
            return Err(Broken::Encoded(encoding));
        }
        let is_chunked =
            told("transfer-encoding").is_some_and(|it| it.trim().eq_ignore_ascii_case("chunked"));
        if told("content-length").is_none() && !is_chunked && !CHECKSUMS.iter().any(|it| told(it).is_some()) {
            // It ends where the connection ends, and might be cut.
            return Err(Broken::Lacks("Content-Length".to_owned()));
        }
    }
    // Each object has one, of every server that has S3's API.
    told("etag").map(drop).ok_or_else(|| Broken::Lacks("ETag".to_owned()))
}

/// Checksums that the SDK holds a body to.
const CHECKSUMS: [&str; 5] = [
    "x-amz-checksum-crc32",
    "x-amz-checksum-crc32c",
    "x-amz-checksum-crc64nvme",
    "x-amz-checksum-sha1",
    "x-amz-checksum-sha256",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn of(operation: &str, status: u16, headers: &[(&str, &'static str)]) -> Result<(), Broken> {
        head_held(operation, status, |name| headers.iter().find(|(known, _)| *known == name).map(|it| it.1))
    }

    #[test]
    fn an_object_is_whole_and_has_a_tag() {
        let (tag, length) = (("etag", "\"x\""), ("content-length", "3"));
        for more in [
            vec![length],
            vec![("transfer-encoding", "chunked")],
            vec![("x-amz-checksum-crc32", "AAAAAA==")],
            vec![length, ("content-encoding", "aws-chunked")],
            vec![length, ("content-encoding", "")],
        ] {
            let headers = [vec![tag], more].concat();
            assert_eq!(of("GetObject", 200, &headers), Ok(()), "{headers:?}");
        }
        let lacks = |name: &str| Err(Broken::Lacks(name.to_owned()));
        assert_eq!(of("GetObject", 200, &[length]), lacks("ETag"));
        assert_eq!(of("GetObject", 200, &[length, ("etag", " ")]), lacks("ETag"));
        assert_eq!(of("GetObject", 200, &[tag]), lacks("Content-Length"));
        assert_eq!(of("GetObject", 206, &[tag, length]), Err(Broken::Part));
        assert_eq!(of("GetObject", 203, &[tag, length]), Err(Broken::OtherStatus(203)));
        assert_eq!(of("GetObject", 200, &[tag, length, ("content-range", "bytes 0-2/9")]), Err(Broken::Part));
        let gzip = Broken::Encoded("gzip".to_owned());
        assert_eq!(of("GetObject", 200, &[tag, length, ("content-encoding", "GZIP")]), Err(gzip));
    }

    #[test]
    fn a_write_has_a_tag_and_other_answers_need_none() {
        assert_eq!(of("PutObject", 200, &[("etag", "\"x\"")]), Ok(()));
        assert_eq!(of("PutObject", 200, &[]), Err(Broken::Lacks("ETag".to_owned())));
        for (operation, status) in
            [("PutObject", 412), ("GetObject", 404), ("GetObject", 304), ("ListObjectsV2", 200)]
        {
            assert_eq!(of(operation, status, &[]), Ok(()), "{operation} {status}");
        }
    }
}
