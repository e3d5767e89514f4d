//! S3: which operation a request is, where its bucket is named, and who may reach it.

mod bucket;
mod list;
mod object;

use super::{Body, Call, Identified, Input, Operation, Refusal, Service};
use crate::access::Asked;
use crate::message::{Request, percent_decode};
use crate::world::Bucket;
use atrest_core::AccountId;

const SERVICE: Service = Service::S3;
const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";

/// What of S3 is simulated.
pub(super) const OPERATIONS: &[Operation] = &[
    Operation::listing(SERVICE, "ListBuckets", "s3:ListAllMyBuckets", bucket::list_buckets),
    Operation::read(SERVICE, "GetBucketLocation", "s3:GetBucketLocation", bucket::get_location),
    Operation::read(SERVICE, "GetBucketEncryption", "s3:GetEncryptionConfiguration", bucket::get_encryption),
    Operation {
        body: Body::Raw,
        ..Operation::read(SERVICE, "GetBucketPolicy", "s3:GetBucketPolicy", bucket::get_policy)
    },
    Operation {
        body: Body::Nothing,
        ..Operation::read(SERVICE, "HeadBucket", "s3:ListBucket", bucket::head)
    },
    Operation::listing(SERVICE, "ListObjectsV2", "s3:ListBucket", list::list_objects),
    Operation { body: Body::Raw, ..Operation::read(SERVICE, "GetObject", "s3:GetObject", object::get) },
    Operation { body: Body::Nothing, ..Operation::read(SERVICE, "HeadObject", "s3:GetObject", object::head) },
    write("PutObject", "s3:PutObject", object::put),
    write("DeleteObject", "s3:DeleteObject", object::delete),
];

const fn write(name: &'static str, action: &'static str, handler: super::Handler) -> Operation {
    Operation { mutating: true, body: Body::Nothing, ..Operation::read(SERVICE, name, action, handler) }
}

pub(super) fn identify(request: &Request) -> Identified {
    let (bucket, key) = names(request);
    let resource = if key.is_empty() { bucket.clone() } else { format!("{bucket}/{key}") };
    let name = operation_name(request, &bucket, &key);
    Identified::new(SERVICE, name, Input { bucket, key, ..Input::default() }, resource)
}

/// The bucket and key: from the host where it begins with a bucket, else from the path.
fn names(request: &Request) -> (String, String) {
    let path = request.path.trim_start_matches('/');
    if let Some(bucket) = bucket_in_host(&request.host) {
        return (bucket.to_owned(), percent_decode(path));
    }
    let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
    (percent_decode(bucket), percent_decode(key))
}

fn bucket_in_host(host: &str) -> Option<&str> {
    if host.starts_with("s3.") || host.starts_with("s3-") {
        return None;
    }
    if let Some(at) = host.find(".s3.").or_else(|| host.find(".s3-")) {
        return Some(&host[..at]);
    }
    // For the socket: `bucket.localhost`.
    host.strip_suffix(".localhost")
}

/// Query parameters that do not choose another operation.
const PARAMETERS: [&str; 12] = [
    "x-id",
    "bucket-region",
    "continuation-token",
    "delimiter",
    "encoding-type",
    "fetch-owner",
    "list-type",
    "max-buckets",
    "max-keys",
    "prefix",
    "start-after",
    "versionid",
];

fn operation_name(request: &Request, bucket: &str, key: &str) -> &'static str {
    const UNKNOWN: &str = "Unknown";
    let mut others = request.query.keys().filter(|name| !PARAMETERS.contains(&name.to_lowercase().as_str()));
    let subresource = others.next().map_or("", String::as_str);
    if others.next().is_some() || request.headers.contains_key("x-amz-copy-source") {
        return UNKNOWN;
    }
    let version_2 = request.query.get("list-type").is_some_and(|version| version == "2");
    match (request.method.as_str(), bucket.is_empty(), key.is_empty(), subresource) {
        ("GET", true, _, "") => "ListBuckets",
        ("GET", false, true, "location") => "GetBucketLocation",
        ("GET", false, true, "encryption") => "GetBucketEncryption",
        ("GET", false, true, "policy") => "GetBucketPolicy",
        ("GET", false, true, "") if version_2 => "ListObjectsV2",
        ("HEAD", false, true, "") => "HeadBucket",
        ("GET", false, false, "") => "GetObject",
        ("HEAD", false, false, "") => "HeadObject",
        ("PUT", false, false, "") => "PutObject",
        ("DELETE", false, false, "") => "DeleteObject",
        _ => UNKNOWN,
    }
}

/// The bucket that a call names, once it is found, in this Region, permitted, and of the right owner.
///
/// That is S3's order: a bucket in another Region redirects also those who may not read it.
fn open<'a>(call: &'a Call<'_>) -> Result<(AccountId, &'a Bucket), Refusal> {
    let name = call.input.bucket.as_str();
    let missing = || no_such_bucket(name);
    let owner = *call.owners.get(name).ok_or_else(missing)?;
    let account = call.world.accounts.get(&owner).ok_or_else(missing)?;
    let bucket = account.buckets.get(name).filter(|bucket| !bucket.vanished).ok_or_else(missing)?;
    let here = |refusal: Refusal| refusal.header("x-amz-bucket-region", bucket.region.as_str());
    // GetBucketLocation is the one that answers from everywhere: it is how a client finds out.
    if bucket.region != call.region && call.operation.name != "GetBucketLocation" {
        return Err(here(redirect(call, bucket)));
    }
    let arn = match call.input.key.as_str() {
        "" => call.world.bucket_arn(name),
        key => format!("{}/{key}", call.world.bucket_arn(name)),
    };
    call.authorize(&Asked {
        arn: Some(arn),
        name,
        owner,
        denied_actions: &bucket.denied_actions,
        ..call.question(call.operation.action)
    })
    .map_err(here)?;
    let expected = call.request.header("x-amz-expected-bucket-owner");
    if expected.is_some_and(|expected| expected != owner.to_string()) {
        return Err(here(SERVICE.access_denied("Access Denied")));
    }
    Ok((owner, bucket))
}

pub(crate) fn no_such_bucket(name: &str) -> Refusal {
    Refusal::new(404, "NoSuchBucket", "The specified bucket does not exist").detail("BucketName", name)
}

fn redirect(call: &Call<'_>, bucket: &Bucket) -> Refusal {
    let message = "The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.";
    let endpoint = format!("s3.{}.{}", bucket.region, suffix(call.world.partition.as_str()));
    Refusal::new(301, "PermanentRedirect", message)
        .detail("Endpoint", endpoint)
        .detail("Bucket", &bucket.name)
}

fn suffix(partition: &str) -> &'static str {
    if partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(method: &str, target: &str) -> (String, String, String) {
        let identified = identify(&Request::new(method, target, [].into_iter(), vec![]));
        (identified.name, identified.input.bucket, identified.input.key)
    }

    #[test]
    fn a_bucket_is_read_from_the_host_or_the_path() {
        for (target, bucket, key) in [
            ("https://s3.eu-west-1.amazonaws.com/b.c/k/l%20m", "b.c", "k/l m"),
            ("https://b.c.s3.eu-west-1.amazonaws.com/k/l%20m", "b.c", "k/l m"),
            ("https://b.s3-fips.us-east-1.amazonaws.com/k", "b", "k"),
            ("http://b.localhost:9000/k", "b", "k"),
            ("http://localhost:9000/b/k", "b", "k"),
            ("http://127.0.0.1:9000/b/k", "b", "k"),
        ] {
            let (_, found_bucket, found_key) = named("GET", target);
            assert_eq!((found_bucket.as_str(), found_key.as_str()), (bucket, key), "{target}");
        }
    }

    #[test]
    fn an_unknown_subresource_is_not_taken_for_a_known_one() {
        for (method, target, operation) in [
            ("GET", "https://s3.x.amazonaws.com/?x-id=ListBuckets", "ListBuckets"),
            ("GET", "https://s3.x.amazonaws.com/b?encryption", "GetBucketEncryption"),
            ("GET", "https://s3.x.amazonaws.com/b/?list-type=2&prefix=a", "ListObjectsV2"),
            ("GET", "https://s3.x.amazonaws.com/b?acl", "Unknown"),
            ("GET", "https://s3.x.amazonaws.com/b", "Unknown"),
            ("PUT", "https://s3.x.amazonaws.com/b?encryption", "Unknown"),
            ("PUT", "https://s3.x.amazonaws.com/b/k?partNumber=1&uploadId=x", "Unknown"),
            ("DELETE", "https://s3.x.amazonaws.com/b", "Unknown"),
        ] {
            assert_eq!(named(method, target).0, operation, "{method} {target}");
        }
    }
}
