//! Whatever the order of a log and the bounds of a pass: each resource once, in order, with its policy and coverage.

use proptest::prelude::*;

use super::super::run_log::AccountSegment;
use super::super::texts::Look;
use super::{Bounds, Kind, Pieces, Stand};
use crate::clock::Timestamp;
use crate::log::{Place, Record, Segment, SegmentWriter, digest};
use crate::model::{
    AccessPath, AccountId, AccountScan, BucketObservation, Calls, KeyObservation, NotAsked, Observation,
    OrganizationIdentity, PolicyHash, Reading, Region, RegionsFrom, RunHeader, RunId, RunKind, ScanSettings,
    Source, Witness,
};

/// A resource: which one of its account, and its policy.
type Resource = (usize, Option<usize>);

fn region() -> Region {
    "eu-west-1".parse().unwrap()
}

/// A policy that parses; of one number, one text.
fn policy(number: usize) -> String {
    format!(
        r#"{{"Statement":[{{"Sid":"n{number}","Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}}]}}"#
    )
}

fn names(operation: &'static str, policy: Option<&String>) -> Observation<PolicyHash> {
    let reading = policy.map_or(Reading::Absent, |text| Reading::Known(PolicyHash(digest(text.as_bytes()))));
    Observation { reading, ..Observation::not_asked(operation, region(), NotAsked::DoesNotApply) }
}

fn add_bucket(writer: &mut SegmentWriter, (number, text): Resource) {
    let text = text.map(policy);
    let observation = BucketObservation {
        name: format!("bucket-{number:02}"),
        region: Some(region()),
        created_at: None,
        location: None,
        encryption: Observation::not_asked("s3:GetBucketEncryption", region(), NotAsked::DoesNotApply),
        policy: names("s3:GetBucketPolicy", text.as_ref()),
    };
    writer.bucket(observation, text);
}

fn add_key(writer: &mut SegmentWriter, (number, text): Resource) {
    let (text, key_id) = (text.map(policy), format!("key-{number:02}"));
    let not_asked = NotAsked::DoesNotApply;
    let observation = KeyObservation {
        region: region(),
        key_arn: format!("arn:aws:kms:eu-west-1:111122223333:key/{key_id}"),
        key_id,
        describe: Observation::not_asked("kms:DescribeKey", region(), not_asked),
        rotation: Observation::not_asked("kms:GetKeyRotationStatus", region(), not_asked),
        rotations: Observation::not_asked("kms:ListKeyRotations", region(), not_asked),
        policy: names("kms:GetKeyPolicy", text.as_ref()),
    };
    writer.key(observation, text);
}

fn account(number: usize, keys: &[Resource], buckets: &[Resource]) -> AccountSegment {
    let at = Timestamp::from_millis(0);
    let run = RunHeader {
        run_id: RunId::new(at, 1),
        started_at: at,
        kind: RunKind::Census,
        source: Source::Aws,
        tool_version: String::new(),
        settings: ScanSettings::default(),
        settings_sha256: String::new(),
    };
    let scan = AccountScan {
        account_id: format!("{:012}", 100_000_000_000 + number).parse().unwrap(),
        role_arn: None,
        access_path: Some(AccessPath::Caller),
        regions: vec![region()],
        regions_disabled: Vec::new(),
        regions_from: RegionsFrom::Listed,
        started_at: at,
        finished_at: at,
    };
    let mut writer = SegmentWriter::default();
    // Both are read at the same time.
    for key in keys {
        add_key(&mut writer, *key);
    }
    for bucket in buckets {
        add_bucket(&mut writer, *bucket);
    }
    let identity = OrganizationIdentity::default();
    let bytes = writer.seal(&run, &identity, &scan, &Calls::default(), &Witness::default());
    AccountSegment { segment: Segment::open("segment", bytes).unwrap(), scan }
}

fn look(kind: Kind, account: &AccountSegment) -> Stand {
    let mut look = Look::default();
    for line in account.segment.lines(|_| true) {
        match (account.segment.record(&line.unwrap()).unwrap(), kind) {
            (Record::Policy(policy), _) => look.text(policy.sha256),
            (Record::Bucket(bucket), Kind::Buckets) => {
                look.resource(Place::of_bucket(&bucket.name), &bucket.policy);
            }
            (Record::Key(key), Kind::Keys) => {
                look.resource(Place::of_key(&key.region, &key.key_id), &key.policy);
            }
            (Record::Key(_) | Record::Bucket(_), _) => look.other(),
            _ => {}
        }
    }
    look.end()
}

/// What the pieces give: each account's resources by name, and how many rows of coverage.
fn given(kind: Kind, bounds: Bounds, accounts: &[AccountSegment]) -> Vec<(AccountId, String)> {
    let stands: Vec<Stand> = accounts.iter().map(|account| look(kind, account)).collect();
    let mut pieces = Pieces { bounds, ..Pieces::of(kind, accounts, &stands) };
    let mut given = Vec::new();
    loop {
        let next = pieces.next().unwrap();
        if next.is_empty() {
            return given;
        }
        assert!(next.iter().map(|piece| piece.lines.len()).sum::<usize>() <= bounds.read);
        for piece in next {
            let account_id = piece.account.scan.account_id;
            for line in &piece.lines {
                let (name, policy) = match kind {
                    Kind::Buckets => piece.bucket(line).map(|bucket| (bucket.name, bucket.policy)),
                    Kind::Keys => piece.key(line).map(|key| (key.key_id, key.policy)),
                }
                .unwrap();
                if let Some(hash) = policy.reading.known() {
                    assert!(matches!(piece.policies.of_bucket(hash), Some(Ok(_))), "{name} lacks its policy");
                }
                given.push((account_id, name));
            }
            if let Some(rows) = piece.coverage {
                given.push((account_id, format!("coverage {}", rows.len())));
            }
        }
    }
}

fn expected(
    kind: Kind,
    made: &[(Vec<Resource>, Vec<Resource>)],
    accounts: &[AccountSegment],
) -> Vec<(AccountId, String)> {
    let mut expected = Vec::new();
    for ((keys, buckets), account) in made.iter().zip(accounts) {
        let (word, resources) = if kind == Kind::Keys { ("key", keys) } else { ("bucket", buckets) };
        let mut names: Vec<String> =
            resources.iter().map(|(number, _)| format!("{word}-{number:02}")).collect();
        names.sort();
        let rows = account.segment.records(|name| kind == Kind::Buckets && name == "coverage").count();
        names.push(format!("coverage {rows}"));
        expected.extend(names.into_iter().map(|name| (account.scan.account_id, name)));
    }
    expected
}

fn resources() -> impl Strategy<Value = Vec<Resource>> {
    // Few policies, so that they are shared; an order that often rises.
    let texts = prop::collection::vec(prop::option::of(0_usize..6), 0..14);
    (texts, any::<bool>()).prop_flat_map(|(texts, is_mixed)| {
        let resources: Vec<Resource> = texts.into_iter().enumerate().collect();
        if is_mixed { Just(resources).prop_shuffle().boxed() } else { Just(resources).boxed() }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn each_resource_is_given_once_in_order_and_with_its_policy(
        made in prop::collection::vec((resources(), resources()), 1..4),
        read in 1_usize..8,
        sorted in 1_usize..8,
    ) {
        let accounts: Vec<AccountSegment> =
            made.iter().enumerate().map(|(number, (keys, buckets))| account(number, keys, buckets)).collect();
        for kind in [Kind::Buckets, Kind::Keys] {
            let given = given(kind, Bounds { read, sorted }, &accounts);
            prop_assert_eq!(given, expected(kind, &made, &accounts));
        }
    }
}

#[test]
fn a_bucket_that_stands_twice_is_given_twice_for_the_table_to_refuse() {
    let accounts = [account(0, &[], &[(1, None), (0, None), (1, None), (2, None)])];
    let names: Vec<String> = given(Kind::Buckets, Bounds { read: 2, sorted: 2 }, &accounts)
        .into_iter()
        .map(|(_, name)| name)
        .collect();
    assert_eq!(names[..4], ["bucket-00", "bucket-01", "bucket-01", "bucket-02"]);
}
