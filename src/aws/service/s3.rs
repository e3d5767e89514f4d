//! S3 general purpose buckets of one account.
//!
//! One listing, then two reads a bucket: its encryption configuration and its policy, in the
//! bucket's own Region and with `ExpectedBucketOwner`, so that a bucket that changed hands is denied
//! and never mixed up.

use aws_sdk_s3::operation::list_buckets::ListBucketsOutput;
use aws_sdk_s3::types::Bucket;
use futures::{StreamExt, stream};

use super::kms::policy_of;
use super::{AccountReader, believed, region, timestamp};
use crate::aws::walk::{Page, Walk, told, word};
use crate::clock::Timestamp;
use crate::log::Entries;
use crate::model::{
    BucketObservation, DefaultEncryption, EncryptionConfiguration, EncryptionRule, NotAsked, Observation,
    PolicyHash, Reading, Region,
};
use crate::operation::{
    GET_BUCKET_ENCRYPTION, GET_BUCKET_LOCATION, GET_BUCKET_POLICY, LIST_BUCKETS, Operation,
};

/// A bucket as ListBuckets gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedBucket {
    /// The name.
    pub name: String,
    /// `BucketRegion`, which some endpoints leave out.
    pub region: Option<Region>,
    /// `CreationDate`.
    pub created_at: Option<Timestamp>,
}

/// Lists the account's buckets: at `home`, or at `second` where home is denied.
pub async fn list_buckets(
    reader: &AccountReader,
    home: &Region,
    second: Option<&Region>,
) -> (Observation<()>, Vec<ListedBucket>) {
    let (mut observation, mut listed, mut buckets) = list_at(reader, home).await;
    if let (Reading::Unread(_), Some(second)) = (&observation.reading, second) {
        let (again, listed_again, more) = list_at(reader, second).await;
        if again.reading.known().is_some() {
            let attempts = observation.attempts + again.attempts;
            (observation, listed, buckets) = (Observation { attempts, ..again }, listed_again, more);
        }
    }
    observation.region = Region::global();
    reader.segment().listing(&observation, listed);
    (observation, buckets)
}

async fn list_at(reader: &AccountReader, region: &Region) -> (Observation<()>, Entries, Vec<ListedBucket>) {
    let client = reader.clients.s3(region);
    let (mut walk, mut buckets) = (Walk::default(), Vec::new());
    while walk.goes_on() {
        let token = walk.token();
        // 10,000 is the API's maximum; any parameter makes S3 name each bucket's Region.
        let send =
            || client.sdk.list_buckets().max_buckets(10_000).set_continuation_token(token.clone()).send();
        let answer = reader.door.call(&LIST_BUCKETS, region, &client.endpoint, send).await;
        let page_of = |output: ListBucketsOutput| Page {
            entries: output.buckets,
            next: output.continuation_token,
            goes_on: None,
            count: None,
        };
        buckets.extend(walk.take(answer.observation, page_of, listed_bucket, |bucket| bucket.name.clone()));
    }
    let (observation, listed) = walk.end();
    (observation, listed, buckets)
}

/// A bucket whose name S3 can have had: since 2018 3 to 63 characters, before in us-east-1 up to 255 (Amazon S3 User
/// Guide, "General purpose bucket naming rules"). A Region that is not understood is asked for.
fn listed_bucket(entry: Bucket) -> Result<ListedBucket, String> {
    let is_name = |name: &String| {
        (1..=255).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    let name = match entry.name {
        Some(name) if is_name(&name) => name,
        name => return Err(format!("a bucket with {}", told("Name", name.as_deref()))),
    };
    Ok(ListedBucket {
        name,
        region: entry.bucket_region.and_then(|name| region(&name)),
        created_at: entry.creation_date.as_ref().and_then(timestamp),
    })
}

/// Fills in the Regions that the listing left out, with GetBucketLocation.
pub async fn locate(
    reader: &AccountReader,
    home: &Region,
    buckets: Vec<ListedBucket>,
) -> Vec<(ListedBucket, Option<Observation<Region>>)> {
    let located = buckets.into_iter().map(|bucket| locate_one(reader, home, bucket));
    stream::iter(located).buffered(reader.concurrency).collect().await
}

async fn locate_one(
    reader: &AccountReader,
    home: &Region,
    mut bucket: ListedBucket,
) -> (ListedBucket, Option<Observation<Region>>) {
    if bucket.region.is_some() {
        return (bucket, None);
    }
    let location = location(reader, home, &bucket.name).await;
    bucket.region = location.reading.known().cloned();
    (bucket, Some(location))
}

async fn location(reader: &AccountReader, home: &Region, bucket: &str) -> Observation<Region> {
    let client = reader.clients.s3(home);
    let owner = reader.account_id.to_string();
    let send = || client.sdk.get_bucket_location().bucket(bucket).expected_bucket_owner(&owner).send();
    let answer = reader.door.call(&GET_BUCKET_LOCATION, home, &client.endpoint, send).await;
    let mut observation = believed(answer.observation, |output| {
        // No constraint is us-east-1, and `EU` is eu-west-1 (API reference, GetBucketLocation).
        let name = match output.location_constraint.as_ref().map(|constraint| constraint.as_str()) {
            None | Some("") => "us-east-1",
            Some("EU") => "eu-west-1",
            Some(name) => name,
        };
        region(name).ok_or_else(|| told("LocationConstraint", Some(name)))
    });
    observation.region = Region::global();
    observation
}

/// Reads the buckets. `why_not` says of a Region that is not scanned why not.
pub async fn collect(
    reader: &AccountReader,
    home: &Region,
    buckets: Vec<(ListedBucket, Option<Observation<Region>>)>,
    why_not: impl Fn(&Region) -> Option<NotAsked>,
) {
    let reads = buckets.into_iter().map(|(bucket, location)| {
        let why = bucket.region.as_ref().and_then(&why_not);
        read_bucket(reader, home, bucket, location, why)
    });
    // In order: S3 lists by name, and a log in order compresses and reads better.
    let mut read = stream::iter(reads).buffered(reader.concurrency);
    while let Some((bucket, policy)) = read.next().await {
        reader.segment().bucket(bucket, policy);
    }
}

async fn read_bucket(
    reader: &AccountReader,
    home: &Region,
    bucket: ListedBucket,
    location: Option<Observation<Region>>,
    why_not: Option<NotAsked>,
) -> (BucketObservation, Option<String>) {
    let mut region = bucket.region.clone();
    let asked = region.clone().unwrap_or_else(|| home.clone());
    let is_gone = location.as_ref().is_some_and(|l| matches!(l.reading, Reading::Gone));
    let why_not = if is_gone { Some(NotAsked::DoesNotApply) } else { why_not };
    let (encryption, (policy, text)) = match why_not {
        Some(why) => (
            not_asked(&GET_BUCKET_ENCRYPTION, &asked, why),
            (not_asked(&GET_BUCKET_POLICY, &asked, why), None),
        ),
        None => {
            let (mut answer, mut moved) = read_in(reader, &asked, &bucket.name).await;
            if let Some(elsewhere) = moved.take() {
                (answer, _) = read_in(reader, &elsewhere, &bucket.name).await;
                region = Some(elsewhere);
            }
            answer
        }
    };
    let ListedBucket { name, created_at, .. } = bucket;
    (BucketObservation { name, region, created_at, location, encryption, policy }, text)
}

type Read = (Observation<EncryptionConfiguration>, (Observation<PolicyHash>, Option<String>));

/// Reads a bucket in a Region; also gives the Region that S3 named instead, where the read failed.
async fn read_in(reader: &AccountReader, region: &Region, bucket: &str) -> (Read, Option<Region>) {
    let client = reader.clients.s3(region);
    let owner = reader.account_id.to_string();
    let encryption =
        || client.sdk.get_bucket_encryption().bucket(bucket).expected_bucket_owner(&owner).send();
    let policy = || client.sdk.get_bucket_policy().bucket(bucket).expected_bucket_owner(&owner).send();
    let (encryption, policy) = futures::join!(
        reader.door.call(&GET_BUCKET_ENCRYPTION, region, &client.endpoint, encryption),
        reader.door.call(&GET_BUCKET_POLICY, region, &client.endpoint, policy),
    );
    let failed = matches!(encryption.observation.reading, Reading::Unread(_));
    let moved = encryption.bucket_region.filter(|_| failed);
    let encryption = believed(encryption.observation, |output| {
        let configuration = output.server_side_encryption_configuration;
        configuration_of(configuration.ok_or_else(|| "the answer has no configuration".to_owned())?)
    });
    let policy = policy_of(policy.observation, |output| {
        output.policy.ok_or_else(|| "the answer has no policy".to_owned())
    });
    ((encryption, policy), moved)
}

fn not_asked<T>(operation: &'static Operation, region: &Region, why: NotAsked) -> Observation<T> {
    Observation::not_asked(operation.id, region.clone(), why)
}

fn configuration_of(
    configuration: aws_sdk_s3::types::ServerSideEncryptionConfiguration,
) -> Result<EncryptionConfiguration, String> {
    let rules = configuration.rules.into_iter().map(|rule| EncryptionRule {
        default: rule.apply_server_side_encryption_by_default.map(|default| DefaultEncryption {
            sse_algorithm: word(default.sse_algorithm.as_str()),
            kms_key_ref: default.kms_master_key_id.filter(|key| !key.is_empty()),
        }),
        bucket_key_enabled: rule.bucket_key_enabled,
        blocked_encryption_types: rule
            .blocked_encryption_types
            .and_then(|blocked| blocked.encryption_type)
            .map(|types| types.iter().map(|kind| word(kind.as_str())).collect()),
    });
    EncryptionConfiguration::of(rules.collect()).map_err(str::to_owned)
}
