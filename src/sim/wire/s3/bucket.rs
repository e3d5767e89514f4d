//! The bucket's configuration: list, location, encryption, policy, head.

use super::{Call, NAMESPACE, Refusal, SERVICE, open};
use crate::message::Reply;
use crate::wire::paging::{Limits, Paging};
use crate::wire::xml::Xml;
use crate::world::Bucket;

pub(super) fn list_buckets(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    call.authorize_account_wide(None)?;
    let asked = |name: &str| call.request.query.get(name).map(String::as_str);
    let (prefix, region) = (asked("prefix").unwrap_or_default(), asked("bucket-region"));
    if region.is_some_and(|region| region != call.region.as_str()) {
        // "Requests made to a Regional endpoint that is different from bucket-region are not supported".
        return Err(SERVICE.invalid_input("Argument value for bucket-region is not valid for this endpoint."));
    }
    let size = page_size(asked("max-buckets"))?;
    // Any parameter brings the Regions and pages; without one the answer is whole, as it was in 2006.
    let modern = ["prefix", "bucket-region", "max-buckets", "continuation-token"]
        .iter()
        .any(|name| call.request.query.contains_key(*name));
    let most = if modern { call.world.pages.buckets } else { usize::MAX };
    let limits = Limits { default: most, most, overlap: call.world.pages.overlap };
    let paging = Paging::read(SERVICE, asked("continuation-token"), size, limits, call.empty_page)?;
    let buckets = call.world.accounts.get(&call.principal.account).into_iter().flat_map(|a| &a.buckets);
    let matching = buckets
        .filter(|(name, bucket)| {
            name.starts_with(prefix) && region.is_none_or(|region| region == bucket.region.as_str())
        })
        .map(|(name, bucket)| (name.clone(), bucket));
    let (page, next) = paging.cut(matching);
    Ok(listing(call, &page, modern, next.as_deref(), asked("prefix")))
}

fn page_size(text: Option<&str>) -> Result<Option<usize>, Refusal> {
    let size = text.map(|text| text.parse::<usize>().ok().filter(|size| (1..=10_000).contains(size)));
    match size {
        Some(None) => {
            Err(SERVICE.invalid_input("Argument max-buckets must be an integer between 1 and 10000"))
        }
        Some(good) => Ok(good),
        None => Ok(None),
    }
}

fn listing(
    call: &Call<'_>,
    page: &[&Bucket],
    with_region: bool,
    next: Option<&str>,
    prefix: Option<&str>,
) -> Reply {
    let mut xml = Xml::document();
    xml.open_in("ListAllMyBucketsResult", NAMESPACE);
    xml.open("Owner").text("ID", &format!("{:0>64}", call.principal.account)).close("Owner").open("Buckets");
    for bucket in page {
        xml.open("Bucket").text("Name", &bucket.name).text("CreationDate", &bucket.created_at.to_string());
        xml.maybe("BucketRegion", with_region.then_some(bucket.region.as_str())).close("Bucket");
    }
    xml.close("Buckets").maybe("ContinuationToken", next).maybe("Prefix", prefix);
    xml.close("ListAllMyBucketsResult");
    Reply::new(200, "application/xml", xml.finish())
}

pub(super) fn get_location(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let (_, bucket) = open(call)?;
    let mut xml = Xml::document();
    xml.open_in("LocationConstraint", NAMESPACE);
    // The oldest Region has no name here.
    if bucket.region.as_str() != "us-east-1" {
        xml.raw(bucket.region.as_str());
    }
    xml.close("LocationConstraint");
    Ok(Reply::new(200, "application/xml", xml.finish()))
}

pub(super) fn get_encryption(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let (_, bucket) = open(call)?;
    let Some(encryption) = &bucket.encryption else {
        let message = "The server side encryption configuration was not found";
        return Err(Refusal::new(404, "ServerSideEncryptionConfigurationNotFoundError", message)
            .detail("BucketName", &bucket.name));
    };
    let mut xml = Xml::document();
    xml.open_in("ServerSideEncryptionConfiguration", NAMESPACE);
    for rule in &encryption.rules {
        xml.open("Rule");
        if let Some(default) = &rule.default {
            xml.open("ApplyServerSideEncryptionByDefault").text("SSEAlgorithm", &default.algorithm);
            xml.maybe("KMSMasterKeyID", default.key.as_deref()).close("ApplyServerSideEncryptionByDefault");
        }
        xml.maybe("BucketKeyEnabled", rule.bucket_key.map(|on| if on { "true" } else { "false" }));
        if let Some(blocked) = &rule.blocked {
            xml.open("BlockedEncryptionTypes");
            for word in blocked {
                xml.text("EncryptionType", word);
            }
            xml.close("BlockedEncryptionTypes");
        }
        xml.close("Rule");
    }
    xml.close("ServerSideEncryptionConfiguration");
    Ok(Reply::new(200, "application/xml", xml.finish()))
}

pub(super) fn get_policy(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let (_, bucket) = open(call)?;
    match &bucket.policy {
        Some(policy) => Ok(Reply::new(200, "application/json", policy.as_str())),
        None => Err(Refusal::new(404, "NoSuchBucketPolicy", "The bucket policy does not exist")
            .detail("BucketName", &bucket.name)),
    }
}

pub(super) fn head(call: &mut Call<'_>) -> Result<Reply, Refusal> {
    let (_, bucket) = open(call)?;
    Ok(Reply::empty(200)
        .with("content-type", "application/xml")
        .with("x-amz-bucket-region", bucket.region.as_str())
        .with("x-amz-access-point-alias", "false"))
}
