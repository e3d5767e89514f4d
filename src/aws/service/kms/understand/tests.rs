//! Answers about something else, and answers that KMS does not give.

use aws_sdk_kms::types::{KeyState, MultiRegionKey, MultiRegionKeyType, RotationType};

use super::*;

const ARN: &str = "arn:aws:kms:eu-west-1:111122223333:key/k";
const NOW: i64 = 1_795_230_000;

fn key() -> ListedKey {
    ListedKey { id: "k".to_owned(), arn: ARN.to_owned() }
}

fn now() -> Timestamp {
    Timestamp::from_millis(NOW * 1_000)
}

#[test]
fn what_is_listed_is_of_the_place_that_was_asked() {
    let region: Region = "eu-west-1".parse().unwrap();
    let place = Place { account_id: "111122223333".parse().unwrap(), region: &region };
    let listed = |id: Option<&str>, arn: Option<&str>| {
        let entry = KeyListEntry::builder();
        let entry = entry.set_key_id(id.map(str::to_owned)).set_key_arn(arn.map(str::to_owned)).build();
        listed_key(entry, place)
    };
    assert_eq!(listed(Some("k"), Some(ARN)), Ok(key()));
    let elsewhere = [
        ARN.replace("eu-west-1", "eu-west-2"),
        ARN.replace("111122223333", "999988887777"),
        ARN.replace(":kms:", ":s3:"),
        ARN.replace("key/k", "alias/k"),
        ARN.replace("key/k", "key/other"),
        String::new(),
    ];
    for arn in elsewhere.iter().map(|arn| Some(arn.as_str())).chain([None]) {
        assert!(listed(Some("k"), arn).is_err(), "{arn:?}");
    }
    assert_eq!(listed(None, Some(ARN)), Err(format!("a key with no KeyId and KeyArn `{ARN}`")));
    assert!(listed(Some(""), Some("arn:aws:kms:eu-west-1:111122223333:key/")).is_err());

    let aliased = |name: &str, arn: &str, target: Option<&str>| {
        let entry = AliasListEntry::builder().alias_name(name).alias_arn(arn);
        alias(entry.set_target_key_id(target.map(str::to_owned)).build(), place)
    };
    let arn = |name: &str| ARN.replace("key/k", name);
    assert_eq!(aliased("alias/a", &arn("alias/a"), Some("k")).unwrap().target_key_id.as_deref(), Some("k"));
    assert_eq!(aliased("alias/aws/s3", &arn("alias/aws/s3"), None).unwrap().target_key_id, None);
    for (name, arn, target) in [
        ("alias/a", arn("alias/b"), Some("k")),
        ("alias/a", arn("alias/a").replace("eu-west-1", "us-east-1"), Some("k")),
        ("alias/a", arn("alias/a").replace("111122223333", "999988887777"), Some("k")),
        ("alias/a", arn("alias/a"), None),
        ("alias/a", arn("alias/a"), Some("")),
        ("a", arn("a"), Some("k")),
    ] {
        assert!(aliased(name, &arn, target).is_err(), "{name} {arn} {target:?}");
    }
}

fn described() -> aws_sdk_kms::types::builders::KeyMetadataBuilder {
    Metadata::builder().key_id("k").arn(ARN).aws_account_id("111122223333").key_state(KeyState::Enabled)
}

fn read(built: aws_sdk_kms::types::builders::KeyMetadataBuilder) -> Result<KeyMetadata, String> {
    metadata(built.build().unwrap(), &key(), now())
}

#[test]
fn a_description_is_of_the_key_that_was_asked_for() {
    assert_eq!(read(described()).unwrap().state.as_deref(), Some("Enabled"));
    for other in [
        described().key_id("other"),
        described().arn("arn:aws:kms:eu-west-1:111122223333:key/other"),
        described().set_arn(None),
        described().aws_account_id("999988887777"),
    ] {
        let why = read(other).unwrap_err();
        assert!(why.starts_with("the answer is about another key"), "{why}");
    }
}

#[test]
fn a_state_that_kms_does_not_have_is_kept_and_an_instant_that_it_does_not_have_is_not() {
    assert_eq!(read(described().key_state("Zombie".into())).unwrap().state.as_deref(), Some("Zombie"));
    assert!(read(described().key_manager("Customer".into())).is_err());
    let at = DateTime::from_secs;
    for wrong in [
        described().valid_to(at(i64::MAX / 1_000)),
        described().valid_to(at(253_402_300_800)),
        described().valid_to(at(-1)),
        described().creation_date(at(NOW + 2 * 86_400)),
        described().deletion_date(at(-1)),
    ] {
        assert!(read(wrong).is_err());
    }
    let imported = |model: &str, valid_to: Option<i64>| {
        read(described().expiration_model(model.into()).set_valid_to(valid_to.map(at)))
    };
    for (model, valid_to, is_right) in [
        ("KEY_MATERIAL_EXPIRES", Some(NOW), true),
        ("KEY_MATERIAL_EXPIRES", None, false),
        ("KEY_MATERIAL_DOES_NOT_EXPIRE", None, true),
        ("KEY_MATERIAL_DOES_NOT_EXPIRE", Some(NOW), false),
        ("KEY_MATERIAL_MAY_EXPIRE", None, false),
        ("", None, false),
    ] {
        assert_eq!(imported(model, valid_to).is_ok(), is_right, "{model} {valid_to:?}");
    }
    let right = described().valid_to(at(NOW + 86_400)).creation_date(at(NOW)).deletion_date(at(NOW + 86_400));
    assert!(read(right).is_ok());
}

#[test]
fn a_multi_region_key_agrees_with_itself() {
    let config = |kind: Option<&str>, primary: Option<&str>| {
        let config = MultiRegionConfiguration::builder();
        let config = config.set_multi_region_key_type(kind.map(MultiRegionKeyType::from));
        let primary = primary.map(|arn| MultiRegionKey::builder().arn(arn).build());
        described().multi_region(true).multi_region_configuration(config.set_primary_key(primary).build())
    };
    let sibling = ARN.replace("eu-west-1", "us-east-1");
    for (kind, primary) in [
        (Some("PRIMARY"), Some(ARN)),
        (Some("PRIMARY"), None),
        (Some("REPLICA"), Some(sibling.as_str())),
        (Some("REPLICA"), Some(ARN)),
        (Some("REPLICA"), None),
        (None, Some(sibling.as_str())),
    ] {
        assert!(read(config(kind, primary)).is_ok(), "{kind:?} {primary:?}");
    }
    for (kind, primary) in [
        (Some("PRIMARY"), Some(sibling.as_str())),
        (Some("REPLICA"), Some("arn:aws:kms:us-east-1:111122223333:key/other")),
        (Some("primary"), Some(ARN)),
        (None, None),
    ] {
        assert!(read(config(kind, primary)).is_err(), "{kind:?} {primary:?}");
    }
    assert!(read(config(Some("PRIMARY"), Some(ARN)).multi_region(false)).is_err());
    assert!(read(described().multi_region(true)).is_err(), "without its configuration");
}

#[test]
fn a_rotation_status_is_of_the_key_and_has_a_period_that_kms_has() {
    let status = |id: Option<&str>, period: Option<i32>| {
        let output = GetKeyRotationStatusOutput::builder().key_rotation_enabled(true);
        let output = output.set_key_id(id.map(str::to_owned)).set_rotation_period_in_days(period);
        rotation_status(output.build(), &key())
    };
    for (id, period) in [(Some("k"), Some(90)), (Some(ARN), Some(2_560)), (None, None)] {
        assert_eq!(status(id, period).unwrap().period_days, period);
    }
    for period in [i32::MIN, -5, 0, 89, 2_561, i32::MAX] {
        assert_eq!(
            status(Some("k"), Some(period)),
            Err(format!("RotationPeriodInDays is {period}; KMS has 90 to 2560"))
        );
    }
    assert!(status(Some("other"), Some(90)).is_err());
}

#[test]
fn a_completed_rotation_is_of_the_key_and_done() {
    let entry = || {
        let entry = RotationsListEntry::builder().key_id("k").rotation_type(RotationType::Automatic);
        entry.rotation_date(DateTime::from_secs(NOW - 5))
    };
    assert!(rotation(entry().build(), &key(), now()).is_ok());
    for wrong in [
        entry().key_id("other"),
        entry().set_rotation_date(None),
        entry().rotation_date(DateTime::from_secs(NOW + 2 * 86_400)),
        entry().set_rotation_type(None),
        entry().rotation_type("automatic".into()),
    ] {
        assert!(rotation(wrong.build(), &key(), now()).is_err());
    }
}
