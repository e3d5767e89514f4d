//! Everything after the network: a log written straight from the generator, and its finalization.
//!
//! The log is what a scan of the same organization would seal, without the wire: one account is made,
//! observed and sealed at a time. Request ids are scattered as AWS's are, because they are most of
//! what does not compress.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use atrest::clock::Timestamp;
use atrest::lake::{FolderStore, Lake};
use atrest::log::{self, OrganizationWriter, SegmentWriter};
use atrest::model::{
    AccessPath, Account, AccountScan, AliasObservation, BucketObservation, Calls, CompletedRotation,
    DefaultEncryption, EncryptionConfiguration, EncryptionRule, Exceptions, KeyMetadata, KeyObservation,
    MultiRegion, NotAsked, Observation, OrganizationIdentity, PolicyHash, Reading, Region, RegionsFrom,
    RotationRule, RotationStatus, RunHeader, Source, Standard, Witness,
};
use atrest::publish::{self, Judgement};
use atrest::sim::{self, Shape, World, generate};
use tokio::runtime::Builder;

use super::Failed;
use super::process::{Figures, cpu_seconds, peak_mb};
use super::worlds::{self, NOW};

/// Writes the log of an organization, and says what that took beyond the making of it.
pub fn write_log(shape: &Shape, lake: &str) -> Result<Figures, Failed> {
    let run = worlds::header(Source::Simulator);
    let frame = generate::frame(shape, NOW);
    let organization = OrganizationIdentity {
        org_id: Some(frame.organization.id.clone()),
        management_account_id: Some(frame.organization.management_account),
    };
    let runtime = Builder::new_current_thread().build()?;
    let (mut seconds, mut resources) = (0.0, 0_usize);
    runtime.block_on(async {
        let lake = Lake::open(Arc::new(FolderStore::open(lake, true)?)).await?;
        let mut list = OrganizationWriter::default();
        for index in 0..shape.accounts {
            let account = generate::account(shape, index, NOW);
            list.account(listed(&frame, &account));
            let started = Instant::now();
            let (bytes, count) = segment(&frame, &run, &organization, &account);
            seconds += started.elapsed().as_secs_f64();
            resources += count;
            lake.store().replace(&log::segment_key(&run.run_id, account.id), &bytes).await?;
        }
        let listing = Observer::new(&Region::global(), 0).saw("organizations:ListAccounts", ());
        list.listing(&listing, shape.accounts as u64);
        let bytes = list.seal(&run, &organization, &Calls::default(), &Witness::default());
        lake.store().replace(&log::organization_key(&run.run_id), &bytes).await?;
        Ok::<_, Failed>(())
    })?;
    let resources = resources as f64;
    Ok(Figures::from([("seconds".to_owned(), seconds), ("resources".to_owned(), resources)]))
}

/// Judges and publishes a log that is there.
pub fn finalize(
    shape: &Shape,
    lake: &str,
    standard: &Standard,
    exceptions: Exceptions,
) -> Result<Figures, Failed> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    let at_rest = peak_mb()?;
    let (started, cpu_before) = (Instant::now(), cpu_seconds()?);
    let (manifest, totals) = runtime.block_on(async {
        let lake = Lake::open(Arc::new(FolderStore::open(lake, false)?)).await?;
        // The run's id is the same whatever the source.
        let judgement = worlds::judgement(&worlds::header(Source::Simulator), standard);
        let judgement = Judgement { exceptions, ..judgement };
        let census = publish::finalize(&lake, &judgement).await?;
        let lake = Lake::open(Arc::clone(lake.store())).await?;
        Ok::<_, Failed>((lake.manifest(&judgement.run_id).await?, census.run.totals))
    })?;
    let (seconds, cpu, peak) = (started.elapsed().as_secs_f64(), cpu_seconds()? - cpu_before, peak_mb()?);
    if totals.buckets < shape.buckets as u64 {
        return Err(format!("{} of {} buckets are in the table", totals.buckets, shape.buckets).into());
    }
    let rows: u64 = manifest.files.iter().map(|file| file.rows).sum();
    let parquet = |table: &str| {
        let files = manifest.files.iter().filter(|file| file.table == table);
        files.map(|file| file.bytes).sum::<u64>()
    };
    let findings: u64 =
        manifest.files.iter().filter(|file| file.table == "findings").map(|file| file.rows).sum();
    let log: u64 = manifest.segments.iter().map(|segment| segment.bytes).sum();
    Ok(Figures::from(
        [
            ("at_rest_mb", at_rest),
            ("peak_mb", peak),
            ("seconds", seconds),
            ("cpu_seconds", cpu),
            ("rows", rows as f64),
            ("buckets", totals.buckets as f64),
            ("keys", totals.keys as f64),
            ("log_bytes", log as f64),
            ("bucket_bytes", parquet("buckets") as f64),
            ("key_bytes", parquet("keys") as f64),
            ("finding_bytes", parquet("findings") as f64),
            ("findings", findings as f64),
        ]
        .map(|(name, figure)| (name.to_owned(), figure)),
    ))
}

fn listed(frame: &World, account: &sim::world::Account) -> Account {
    Account {
        id: account.id,
        arn: Some(frame.account_arn(account.id)),
        name: Some(account.name.clone()),
        ou_ids: Some(vec![frame.organization.root.clone(), account.parent.clone()]),
        state: Some("ACTIVE".to_owned()),
        joined_at: Some(account.joined_at),
    }
}

/// An account's sealed segment, and how many buckets and keys are in it.
fn segment(
    frame: &World,
    run: &RunHeader,
    organization: &OrganizationIdentity,
    account: &sim::world::Account,
) -> (Vec<u8>, usize) {
    let mut writer = SegmentWriter::default();
    let seed = account.id.to_string().parse().unwrap_or_default();
    let regions = || account.regions.iter().filter(|(_, region)| region.opt_status.usable());
    let mut resources = account.buckets.len();
    for (name, region) in regions() {
        let mut observer = Observer::new(name, seed ^ name.as_str().len() as u64);
        writer.listing(&observer.saw("kms:ListKeys", ()), region.keys.len() as u64);
        writer.listing(&observer.saw("kms:ListAliases", ()), region.aliases.len() as u64);
        for alias in region.aliases.values() {
            let (name, target_key_id) = (alias.name.clone(), alias.target.clone());
            writer.alias(AliasObservation { region: observer.region.clone(), name, target_key_id });
        }
        for key in region.keys.values() {
            let policy = (key.manager != "AWS").then(|| key.policy.clone());
            writer.key(observer.key(frame, key, policy.as_deref()), policy);
        }
        resources += region.keys.len();
    }
    let mut observer = Observer::new(&Region::global(), seed);
    writer.listing(&observer.saw("s3:ListBuckets", ()), account.buckets.len() as u64);
    for bucket in account.buckets.values() {
        observer.region.clone_from(&bucket.region);
        writer.bucket(observer.bucket(bucket), bucket.policy.clone());
    }
    let scan = AccountScan {
        account_id: account.id,
        role_arn: Some(frame.role_arn(account.id, &run.settings.role_name)),
        access_path: Some(AccessPath::AssumedRole),
        regions: regions().map(|(name, _)| name.clone()).collect(),
        regions_disabled: Vec::new(),
        regions_from: RegionsFrom::Listed,
        started_at: NOW,
        finished_at: observer.at,
    };
    (writer.seal(run, organization, &scan, &Calls::default(), &Witness::default()), resources)
}

/// Makes observations as the door does.
struct Observer {
    region: Region,
    at: Timestamp,
    random: fastrand::Rng,
}

impl Observer {
    fn new(region: &Region, seed: u64) -> Self {
        Self { region: region.clone(), at: NOW, random: fastrand::Rng::with_seed(seed) }
    }

    fn answered<T>(&mut self, operation: &'static str, reading: Reading<T>) -> Observation<T> {
        self.at = self.at.plus_millis(self.random.i64(0..20));
        let service = operation.split(':').next().unwrap_or_default();
        let request_id = match service {
            "s3" => format!("{:016X}", self.random.u64(..)),
            _ => {
                let (high, low) = (self.random.u64(..), self.random.u64(..));
                let (a, b, c) = (high >> 32, (high >> 16) & 0xffff, high & 0xffff);
                format!("{a:08x}-{b:04x}-{c:04x}-{:04x}-{:012x}", low >> 48, low & 0xffff_ffff_ffff)
            }
        };
        Observation {
            operation: Cow::Borrowed(operation),
            region: self.region.clone(),
            at: Some(self.at),
            endpoint: Some(format!("{service}.{}.amazonaws.com", self.region)),
            request_id: Some(request_id),
            attempts: 1,
            reading,
        }
    }

    fn saw<T>(&mut self, operation: &'static str, value: T) -> Observation<T> {
        self.answered(operation, Reading::Known(value))
    }

    fn not_asked<T>(&self, operation: &'static str) -> Observation<T> {
        Observation::not_asked(operation, self.region.clone(), NotAsked::DoesNotApply)
    }

    fn bucket(&mut self, bucket: &sim::world::Bucket) -> BucketObservation {
        let encryption = match &bucket.encryption {
            Some(encryption) => Reading::Known(configuration(encryption)),
            None => Reading::Absent,
        };
        let policy = match &bucket.policy {
            Some(policy) => Reading::Known(PolicyHash(log::digest(policy.as_bytes()))),
            None => Reading::Absent,
        };
        BucketObservation {
            name: bucket.name.clone(),
            region: Some(bucket.region.clone()),
            created_at: Some(bucket.created_at),
            location: None,
            encryption: self.answered("s3:GetBucketEncryption", encryption),
            policy: self.answered("s3:GetBucketPolicy", policy),
        }
    }

    fn key(&mut self, frame: &World, key: &sim::world::Key, policy: Option<&str>) -> KeyObservation {
        let key_arn = frame.key_arn(key);
        let metadata = metadata(key, &key_arn);
        let asks = metadata.rotation_rule(&key_arn) == RotationRule::Ask;
        let describe = self.saw("kms:DescribeKey", metadata);
        let rotation = if asks {
            self.saw("kms:GetKeyRotationStatus", rotation(&key.rotation))
        } else {
            self.not_asked("kms:GetKeyRotationStatus")
        };
        let rotations = if asks && key.rotation.enabled {
            let entry = |done: &sim::world::CompletedRotation| CompletedRotation {
                at: Some(done.at),
                rotation_type: Some(done.kind.to_string()),
            };
            self.saw("kms:ListKeyRotations", key.history.iter().map(entry).collect())
        } else {
            self.not_asked("kms:ListKeyRotations")
        };
        let policy = match policy {
            Some(policy) => self.saw("kms:GetKeyPolicy", PolicyHash(log::digest(policy.as_bytes()))),
            None => self.not_asked("kms:GetKeyPolicy"),
        };
        let (region, key_id) = (self.region.clone(), key.id.clone());
        KeyObservation { region, key_id, key_arn, describe, rotation, rotations, policy }
    }
}

fn configuration(encryption: &sim::world::Encryption) -> EncryptionConfiguration {
    let rules = encryption.rules.iter().map(|rule| EncryptionRule {
        default: rule.default.as_ref().map(|default| DefaultEncryption {
            sse_algorithm: default.algorithm.to_string(),
            kms_key_ref: default.key.clone(),
        }),
        bucket_key_enabled: rule.bucket_key,
        blocked_encryption_types: rule
            .blocked
            .as_ref()
            .map(|types| types.iter().map(ToString::to_string).collect()),
    });
    EncryptionConfiguration { rules: rules.collect() }
}

fn metadata(key: &sim::world::Key, key_arn: &str) -> KeyMetadata {
    let multi_region = key.multi_region.as_ref().map(|multi| {
        let primary_key_arn = key_arn.replace(key.region.as_str(), multi.primary.as_str());
        let key_type = if key.is_primary() { "PRIMARY" } else { "REPLICA" };
        MultiRegion { key_type: Some(key_type.to_owned()), primary_key_arn: Some(primary_key_arn) }
    });
    KeyMetadata {
        manager: Some(key.manager.to_string()),
        origin: Some(key.origin.to_string()),
        spec: Some(key.spec.to_string()),
        usage: Some(key.usage.to_string()),
        state: Some(key.state.to_string()),
        created_at: Some(key.created_at),
        deletion_at: key.deletion_at,
        multi_region,
        custom_key_store_id: key.custom_key_store_id.clone(),
        material_expires_at: key.valid_to,
    }
}

fn rotation(rotation: &sim::world::Rotation) -> RotationStatus {
    RotationStatus {
        enabled: rotation.enabled,
        period_days: rotation.period_days.and_then(|days| i32::try_from(days).ok()),
        next_rotation_at: rotation.next_at,
        on_demand_started_at: rotation.on_demand_started_at,
    }
}
