//! The org-wide join: contract §4's `kms_key_link` and a replica's rotation, row by row of its
//! precedence, and against a reference that is too simple to be wrong.

use std::collections::{BTreeMap, BTreeSet};

use atrest::clock::Timestamp;
use atrest::model::{
    AccountId, AliasObservation, BucketFacts, BucketObservation, DefaultEncryption, EncryptionConfiguration,
    EncryptionRule, Ended, Fault, FaultKind, KeyJoin, KeyMetadata, KeyObservation, KeyRotation, MultiRegion,
    NotAsked, Observation, Organization, Reading, Region, RotationStatus, Undecided,
};
use atrest::resolve::{KeyIndex, Policies, Weighed, bucket_facts, key_facts};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use crate::support::night::region;

const HOME: &str = "eu-west-1";
const AWAY: &str = "us-east-1";

fn account(number: u32) -> AccountId {
    format!("{number:012}").parse().expect("twelve digits")
}

/// The bucket's owner, another member, and a stranger.
const OWNER: u32 = 1;
const MEMBER: u32 = 2;
const STRANGER: u32 = 9;

fn read<T>(operation: &'static str, place: &str, reading: Reading<T>) -> Observation<T> {
    let blank = Observation::<T>::not_asked(operation, region(place), NotAsked::DoesNotApply);
    Observation { reading, attempts: 1, ..blank }
}

fn denied<T>() -> Reading<T> {
    Reading::Unread(Fault::new(FaultKind::Denied))
}

fn bucket(algorithm: &str, reference: Option<&str>) -> BucketObservation {
    let default =
        DefaultEncryption { sse_algorithm: algorithm.into(), kms_key_ref: reference.map(str::to_owned) };
    let rule = EncryptionRule { default: Some(default), ..EncryptionRule::default() };
    of_reading(Reading::Known(EncryptionConfiguration { rules: vec![rule] }))
}

fn of_reading(reading: Reading<EncryptionConfiguration>) -> BucketObservation {
    BucketObservation {
        name: "a-bucket".to_owned(),
        region: Some(region(HOME)),
        created_at: None,
        location: None,
        encryption: read("s3:GetBucketEncryption", HOME, reading),
        policy: read("s3:GetBucketPolicy", HOME, Reading::Absent),
    }
}

fn key_arn(owner: u32, place: &str, id: &str) -> String {
    format!("arn:aws:kms:{place}:{}:key/{id}", account(owner))
}

fn alias_arn(owner: u32, place: &str, name: &str) -> String {
    format!("arn:aws:kms:{place}:{}:{name}", account(owner))
}

/// A key that rotates, described as given.
fn key(owner: u32, place: &str, id: &str, described: Reading<KeyMetadata>) -> KeyObservation {
    let asked = described.known().is_some_and(|metadata| !metadata.is_aws_managed());
    let status = RotationStatus {
        enabled: true,
        period_days: Some(365),
        next_rotation_at: None,
        on_demand_started_at: None,
    };
    let rotation = if asked { Reading::Known(status) } else { Reading::NotAsked(NotAsked::DependencyUnread) };
    KeyObservation {
        region: region(place),
        key_id: id.to_owned(),
        key_arn: key_arn(owner, place, id),
        describe: read("kms:DescribeKey", place, described),
        rotation: read("kms:GetKeyRotationStatus", place, rotation),
        rotations: read("kms:ListKeyRotations", place, denied()),
        policy: read("kms:GetKeyPolicy", place, denied()),
    }
}

fn managed_by(manager: &str) -> Reading<KeyMetadata> {
    Reading::Known(KeyMetadata {
        manager: Some(manager.to_owned()),
        origin: Some("AWS_KMS".to_owned()),
        state: Some("Enabled".to_owned()),
        spec: Some("SYMMETRIC_DEFAULT".to_owned()),
        ..KeyMetadata::default()
    })
}

/// An organization of two members; each has, at home, the keys `ours` and `theirs` (AWS's own), the
/// alias `alias/ours`, and `alias/aws/s3`; both listings ran to their end.
fn index() -> KeyIndex {
    let mut index = KeyIndex::new(BTreeSet::from([account(OWNER), account(MEMBER)]), true);
    for owner in [OWNER, MEMBER] {
        index.add_key(account(owner), &key(owner, HOME, "ours", managed_by("CUSTOMER")));
        index.add_key(account(owner), &key(owner, HOME, "theirs", managed_by("AWS")));
        index.add_key(account(owner), &key(owner, HOME, "barred", denied()));
        for (name, target) in [("alias/ours", "ours"), ("alias/aws/s3", "theirs"), ("alias/barred", "barred")]
        {
            index.add_alias(account(owner), &alias(HOME, name, Some(target)));
        }
        index.keys_listed(account(owner), &region(HOME), true);
        index.aliases_listed(account(owner), &region(HOME), Ended::Known);
    }
    index
}

fn alias(place: &str, name: &str, target: Option<&str>) -> AliasObservation {
    AliasObservation {
        region: region(place),
        name: name.to_owned(),
        target_key_id: target.map(str::to_owned),
    }
}

fn facts(index: &KeyIndex, bucket: BucketObservation) -> BucketFacts {
    let weighed = Weighed { organization: &Organization::default(), as_of: Timestamp::from_millis(0) };
    bucket_facts(index, &region(HOME).partition(), account(OWNER), bucket, &Policies::default(), weighed)
}

/// `link account manager rotation/reason`, and the ARN.
fn told(join: Option<&KeyJoin>) -> (String, Option<String>) {
    let Some(join) = join else { return ("NULL".to_owned(), None) };
    let account = join
        .account_id
        .map_or_else(|| "-".to_owned(), |id| id.to_string().trim_start_matches('0').to_owned());
    let rotation = join.rotation.map_or("-", word_of);
    let reason = join.rotation_reason.map_or("-", |reason| reason.word());
    let manager = join.manager.as_deref().unwrap_or("-");
    (format!("{} {account} {manager} {rotation}/{reason}", join.link.word()), join.key_arn.clone())
}

/// How a listing ended.
fn ended(complete: bool) -> Ended {
    if complete { Ended::Known } else { Ended::Undecided(Undecided::Unread(FaultKind::Denied)) }
}

fn word_of(rotation: Result<KeyRotation, Undecided>) -> &'static str {
    rotation.map_or("unknown", KeyRotation::word)
}

#[test]
fn every_row_of_the_links_precedence() {
    let index = index();
    let (ours, theirs) = (key_arn(OWNER, HOME, "ours"), key_arn(OWNER, HOME, "theirs"));
    let same_org = key_arn(MEMBER, HOME, "ours");
    let missing = key_arn(MEMBER, HOME, "nowhere");
    let away = key_arn(MEMBER, AWAY, "ours");
    let outside = key_arn(STRANGER, HOME, "ours");
    let aws = "aws_managed 1 AWS enabled/aws_managed_yearly";
    let barred = key_arn(OWNER, HOME, "barred");
    let (theirs_there, of_member) =
        (key_arn(MEMBER, HOME, "theirs"), "same_org 2 AWS enabled/aws_managed_yearly");
    let elsewhere = ours.replacen("arn:aws:", "arn:aws-cn:", 1);
    let elsewhere_s3 = alias_arn(OWNER, HOME, "alias/aws/s3").replacen("arn:aws:", "arn:aws-cn:", 1);
    let table: &[(&str, Option<String>, &str, Option<&str>)] = &[
        // No key of KMS.
        ("AES256", None, "none - - -/-", None),
        // AWS managed: by silence, by any name of alias/aws/s3, by a key whose manager is AWS.
        ("aws:kms", None, aws, Some(&theirs)),
        ("aws:kms:dsse", None, aws, Some(&theirs)),
        ("aws:kms", Some("alias/aws/s3".into()), aws, Some(&theirs)),
        ("aws:kms", Some(alias_arn(OWNER, HOME, "alias/aws/s3")), aws, Some(&theirs)),
        ("aws:kms", Some(theirs.clone()), aws, Some(&theirs)),
        ("aws:kms", Some("theirs".into()), aws, Some(&theirs)),
        // It is the bucket's own account's and Region's only: of others it is what the owner's listing makes of it.
        ("aws:kms", Some(alias_arn(STRANGER, HOME, "alias/aws/s3")), "outside_org 9 - -/-", None),
        ("aws:kms", Some(alias_arn(MEMBER, HOME, "alias/aws/s3")), of_member, Some(&theirs_there)),
        ("aws:kms", Some(theirs_there.clone()), of_member, Some(&theirs_there)),
        ("aws:kms", Some(alias_arn(OWNER, AWAY, "alias/aws/s3")), "unproven 1 - -/-", None),
        // Names of aliases are case-sensitive.
        ("aws:kms", Some("alias/aws/S3".into()), "missing 1 - -/-", None),
        // Another partition is another account, whatever its number.
        ("aws:kms", Some(elsewhere.clone()), "outside_org 1 - -/-", Some(&elsewhere)),
        ("aws:kms", Some(elsewhere_s3), "outside_org 1 - -/-", None),
        // Outside: also where the alias or id is one that a member has.
        ("aws:kms", Some(outside.clone()), "outside_org 9 - -/-", Some(&outside)),
        ("aws:kms", Some(alias_arn(STRANGER, HOME, "alias/ours")), "outside_org 9 - -/-", None),
        // Found.
        ("aws:kms", Some(ours.clone()), "same_account 1 CUSTOMER enabled/-", Some(&ours)),
        ("aws:kms", Some("ours".into()), "same_account 1 CUSTOMER enabled/-", Some(&ours)),
        ("aws:kms", Some("alias/ours".into()), "same_account 1 CUSTOMER enabled/-", Some(&ours)),
        (
            "aws:kms",
            Some(alias_arn(OWNER, HOME, "alias/ours")),
            "same_account 1 CUSTOMER enabled/-",
            Some(&ours),
        ),
        ("aws:kms", Some(same_org.clone()), "same_org 2 CUSTOMER enabled/-", Some(&same_org)),
        (
            "aws:kms:dsse",
            Some(alias_arn(MEMBER, HOME, "alias/ours")),
            "same_org 2 CUSTOMER enabled/-",
            Some(&same_org),
        ),
        // Found, and not described: no alias of AWS's names it, so it is the customer's.
        ("aws:kms", Some(barred.clone()), "same_account 1 - unknown/-", Some(&barred)),
        // Missing from a complete listing.
        ("aws:kms", Some(missing.clone()), "missing 2 - -/-", Some(&missing)),
        ("aws:kms", Some("nowhere".into()), "missing 1 - -/-", None),
        ("aws:kms", Some("alias/nowhere".into()), "missing 1 - -/-", None),
        ("aws:kms", Some(alias_arn(MEMBER, HOME, "alias/nowhere")), "missing 2 - -/-", None),
        // A Region without listings.
        ("aws:kms", Some(away.clone()), "unproven 2 - -/-", Some(&away)),
        ("aws:kms", Some(alias_arn(MEMBER, AWAY, "alias/ours")), "unproven 2 - -/-", None),
    ];
    for (algorithm, reference, expected, arn) in table {
        let facts = facts(&index, bucket(algorithm, reference.as_deref()));
        let found = told(facts.key());
        assert_eq!((found.0.as_str(), found.1.as_deref()), (*expected, *arn), "{algorithm} {reference:?}");
    }
    let no_default = facts(&index, of_reading(Reading::Absent));
    assert_eq!(told(no_default.key()).0, "none - - -/-");
    let unread = facts(&index, of_reading(denied()));
    assert!(unread.key().is_none() && unread.default_encryption().is_err(), "not read: NULL, and not `none`");
}

#[test]
fn a_listing_that_did_not_end_proves_nothing() {
    for (keys, aliases) in [(true, false), (false, true), (false, false)] {
        let mut index = index();
        index.keys_listed(account(MEMBER), &region(HOME), keys);
        index.aliases_listed(account(MEMBER), &region(HOME), ended(aliases));
        let link = |reference: String| told(facts(&index, bucket("aws:kms", Some(&reference))).key()).0;
        let word = |listed: bool| if listed { "missing 2 - -/-" } else { "unproven 2 - -/-" };
        assert_eq!(link(key_arn(MEMBER, HOME, "nowhere")), word(keys));
        assert_eq!(link(alias_arn(MEMBER, HOME, "alias/nowhere")), word(aliases));
        // What was listed is found all the same.
        assert_eq!(link(key_arn(MEMBER, HOME, "ours")), "same_org 2 CUSTOMER enabled/-");
        // Listed, not described, and perhaps AWS's own.
        let barred = if aliases { "same_org 2 - unknown/-" } else { "unproven 2 - -/-" };
        assert_eq!(link(key_arn(MEMBER, HOME, "barred")), barred);
    }
}

#[test]
fn a_key_that_aws_owns_is_aws_managed_though_it_was_not_described() {
    let mut index = KeyIndex::new(BTreeSet::from([account(OWNER)]), true);
    index.add_key(account(OWNER), &key(OWNER, HOME, "theirs", denied()));
    index.add_alias(account(OWNER), &alias(HOME, "alias/aws/s3", Some("theirs")));
    let arn = key_arn(OWNER, HOME, "theirs");
    let (found, named) = told(facts(&index, bucket("aws:kms", Some(&arn))).key());
    assert_eq!(found, "aws_managed 1 AWS enabled/aws_managed_yearly");
    assert_eq!(named.as_deref(), Some(arn.as_str()));
}

#[test]
fn members_that_are_not_all_known_make_no_stranger() {
    let mut index = KeyIndex::new(BTreeSet::from([account(OWNER)]), false);
    index.keys_listed(account(OWNER), &region(HOME), true);
    let (found, _) = told(facts(&index, bucket("aws:kms", Some(&key_arn(STRANGER, HOME, "k")))).key());
    assert_eq!(found, "unproven 9 - -/-");
}

#[test]
fn a_replica_carries_its_primarys_rotation() {
    let part = |kind: &str| MultiRegion {
        key_type: Some(kind.to_owned()),
        primary_key_arn: Some(key_arn(OWNER, HOME, "mrk-1")),
    };
    let described = |kind: &str, state: &str| {
        let Reading::Known(metadata) = managed_by("CUSTOMER") else { unreachable!("it is known") };
        Reading::Known(KeyMetadata {
            multi_region: Some(part(kind)),
            state: Some(state.to_owned()),
            ..metadata
        })
    };
    for (primary, expected) in [
        (Some(described("PRIMARY", "Enabled")), "enabled/replica_of_primary"),
        (Some(described("PRIMARY", "PendingDeletion")), "not_applicable/replica_of_primary"),
        (Some(denied()), "unknown/replica_of_primary"),
        (None, "unknown/replica_of_primary"),
    ] {
        let mut index = KeyIndex::new(BTreeSet::from([account(OWNER)]), true);
        if let Some(primary) = primary {
            index.add_key(account(OWNER), &key(OWNER, HOME, "mrk-1", primary));
        }
        // Its own answer, should an emulator give one, is not the truth of a replica.
        let replica = key(OWNER, AWAY, "mrk-1", described("REPLICA", "Enabled"));
        index.add_key(account(OWNER), &replica);
        for place in [HOME, AWAY] {
            index.keys_listed(account(OWNER), &region(place), true);
        }
        let arn = key_arn(OWNER, AWAY, "mrk-1");
        let join = facts(&index, bucket("aws:kms", Some(&arn))).key().cloned().unwrap();
        let of_bucket = (word_of(join.rotation.unwrap()), join.rotation_reason.unwrap().word());
        assert_eq!(format!("{}/{}", of_bucket.0, of_bucket.1), expected);
        let aliases = index.aliases_of(account(OWNER), &region(AWAY));
        let partition = region(AWAY).partition();
        let row = key_facts(&index, &aliases, &partition, account(OWNER), replica);
        assert_eq!((word_of(row.rotation.rotation), row.rotation.reason.unwrap().word()), of_bucket);
    }
}

/// A small organization by chance: what each (account, Region) lists.
#[derive(Debug, Clone)]
struct Listed {
    keys: BTreeMap<u8, Manager>,
    aliases: BTreeMap<u8, u8>,
    keys_complete: bool,
    aliases_complete: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manager {
    Customer,
    Aws,
    NotRead,
}

#[derive(Debug, Clone, Copy)]
enum Reference {
    None,
    AwsS3,
    Id(u8),
    Alias(u8),
    KeyArn(u32, bool, u8),
    AliasArn(u32, bool, u8),
}

fn listed() -> impl Strategy<Value = Option<Listed>> {
    let manager = prop_oneof![Just(Manager::Customer), Just(Manager::Aws), Just(Manager::NotRead)];
    let keys = prop::collection::btree_map(0_u8..4, manager, 0..4);
    let aliases = prop::collection::btree_map(0_u8..3, 0_u8..4, 0..3);
    let listed = (keys, aliases, any::<bool>(), any::<bool>()).prop_map(
        |(keys, aliases, keys_complete, aliases_complete)| Listed {
            keys,
            aliases,
            keys_complete,
            aliases_complete,
        },
    );
    prop::option::weighted(0.85, listed)
}

fn reference() -> impl Strategy<Value = Reference> {
    let owner = || prop_oneof![Just(OWNER), Just(MEMBER), Just(STRANGER)];
    prop_oneof![
        Just(Reference::None),
        Just(Reference::AwsS3),
        (0_u8..4).prop_map(Reference::Id),
        (0_u8..3).prop_map(Reference::Alias),
        (owner(), any::<bool>(), 0_u8..4).prop_map(|(owner, home, id)| Reference::KeyArn(owner, home, id)),
        (owner(), any::<bool>(), 0_u8..3).prop_map(|(owner, home, id)| Reference::AliasArn(owner, home, id)),
    ]
}

fn place(home: bool) -> &'static str {
    if home { HOME } else { AWAY }
}

impl Reference {
    fn text(self) -> Option<String> {
        match self {
            Self::None => None,
            Self::AwsS3 => Some("alias/aws/s3".to_owned()),
            Self::Id(id) => Some(format!("key-{id}")),
            Self::Alias(name) => Some(format!("alias/{name}")),
            Self::KeyArn(owner, home, id) => Some(key_arn(owner, place(home), &format!("key-{id}"))),
            Self::AliasArn(owner, home, name) => {
                Some(alias_arn(owner, place(home), &format!("alias/{name}")))
            }
        }
    }
}

type Listings = BTreeMap<(u32, bool), Listed>;

/// The contract's sentence, word for word.
fn naive_link(organization: &Listings, members_complete: bool, reference: Reference) -> &'static str {
    let (owner, home, key, alias) = match reference {
        Reference::None | Reference::AwsS3 => return "aws_managed",
        Reference::Id(id) => (OWNER, true, Some(id), None),
        Reference::Alias(name) => (OWNER, true, None, Some(name)),
        Reference::KeyArn(owner, home, id) => (owner, home, Some(id), None),
        Reference::AliasArn(owner, home, name) => (owner, home, None, Some(name)),
    };
    if owner == STRANGER {
        return if members_complete { "outside_org" } else { "unproven" };
    }
    let Some(listed) = organization.get(&(owner, home)) else { return "unproven" };
    let key = match (key, alias) {
        (Some(key), _) => key,
        (None, Some(alias)) => match listed.aliases.get(&alias) {
            Some(target) => *target,
            None => return if listed.aliases_complete { "missing" } else { "unproven" },
        },
        (None, None) => unreachable!("a reference names one of them"),
    };
    match listed.keys.get(&key) {
        Some(Manager::Aws) if owner == OWNER => "aws_managed",
        // No alias here is AWS's, so a complete list of them says: the customer's.
        Some(Manager::NotRead) if !listed.aliases_complete => "unproven",
        Some(_) => {
            if owner == OWNER {
                "same_account"
            } else {
                "same_org"
            }
        }
        None if alias.is_some() => "unproven",
        None if listed.keys_complete => "missing",
        None => "unproven",
    }
}

fn index_of(organization: &Listings, members_complete: bool) -> KeyIndex {
    let mut index = KeyIndex::new(BTreeSet::from([account(OWNER), account(MEMBER)]), members_complete);
    for ((owner, home), listed) in organization {
        let (id, at): (AccountId, Region) = (account(*owner), region(place(*home)));
        for (key_id, manager) in &listed.keys {
            let described = match manager {
                Manager::Customer => managed_by("CUSTOMER"),
                Manager::Aws => managed_by("AWS"),
                Manager::NotRead => denied(),
            };
            index.add_key(id, &key(*owner, place(*home), &format!("key-{key_id}"), described));
        }
        for (name, target) in &listed.aliases {
            index.add_alias(
                id,
                &alias(place(*home), &format!("alias/{name}"), Some(&format!("key-{target}"))),
            );
        }
        index.keys_listed(id, &at, listed.keys_complete);
        index.aliases_listed(id, &at, ended(listed.aliases_complete));
    }
    index
}

proptest! {
    #![proptest_config(Config {
        cases: 2_000,
        rng_seed: RngSeed::Fixed(20_261_121),
        failure_persistence: None,
        ..Config::default()
    })]

    #[test]
    fn the_link_is_the_contracts_sentence(
        places in prop::array::uniform4(listed()),
        members_complete in any::<bool>(),
        references in prop::collection::vec(reference(), 1..12),
    ) {
        let where_from = [(OWNER, true), (OWNER, false), (MEMBER, true), (MEMBER, false)];
        let organization: Listings =
            where_from.into_iter().zip(places).filter_map(|(at, listed)| Some((at, listed?))).collect();
        let index = index_of(&organization, members_complete);
        for reference in references {
            let text = reference.text();
            let facts = facts(&index, bucket("aws:kms", text.as_deref()));
            let link = facts.key().expect("it was read").link.word();
            prop_assert_eq!(link, naive_link(&organization, members_complete, reference), "{:?}", reference);
        }
    }
}
