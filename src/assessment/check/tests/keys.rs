//! The key checks, over every class of key and every way of not reading one.

use super::made_key::*;

use super::truth_table::{Column, hold, words};
use crate::clock::Timestamp;
use crate::model::*;

type Unread<T> = (&'static str, fn() -> Reading<T>);

/// Every reading that is not a value, by its *read* word.
fn unread<T>() -> [Unread<T>; 10] {
    [
        ("absent", || Reading::Absent),
        ("gone", || Reading::Gone),
        ("denied", || Reading::Unread(Fault::new(FaultKind::Denied))),
        ("throttled", || Reading::Unread(Fault::new(FaultKind::Throttled))),
        ("transport", || Reading::Unread(Fault::new(FaultKind::Transport))),
        ("service", || Reading::Unread(Fault::new(FaultKind::Service))),
        ("protocol", || Reading::Unread(Fault::new(FaultKind::Protocol))),
        ("identity", || Reading::Unread(Fault::new(FaultKind::Identity))),
        ("unavailable", || Reading::Unread(Fault::new(FaultKind::Unavailable))),
        ("not_asked", || Reading::NotAsked(NotAsked::DependencyUnread)),
    ]
}

/// A column with all that is no value.
fn or_unread<T: 'static>(column: Column<Case>, set: fn(&mut Case, Reading<T>)) -> Column<Case> {
    unread().into_iter().fold(column, |column, (word, reading)| {
        column.value(word, move |case: &mut Case| set(case, reading()))
    })
}

pub(super) fn describe() -> Column<Case> {
    let column = Column::new("describe").value("known", |_| {});
    unread().into_iter().fold(column, |column, (word, reading)| {
        column.end(word, move |case: &mut Case| case.key.describe.reading = reading())
    })
}

/// Texts of AWS's; those after a tilde are of the class of another.
fn texts(
    name: &'static str,
    values: &'static [&'static str],
    field: fn(&mut KeyMetadata) -> &mut Option<String>,
) -> Column<Case> {
    let set = move |case: &mut Case, value: Option<&str>| {
        if let Some(metadata) = metadata(case) {
            *field(metadata) = value.map(str::to_owned);
        }
    };
    let column = Column::new(name);
    let column = values.iter().fold(column, |column, value| match value.strip_prefix('~') {
        Some(value) => column.alike(value, move |case| set(case, Some(value))),
        None => column.value(*value, move |case| set(case, Some(value))),
    });
    column.value("not told", move |case| set(case, None))
}

pub(super) fn manager() -> Column<Case> {
    texts("manager", &["CUSTOMER", "AWS"], |m| &mut m.manager)
}

fn origin() -> Column<Case> {
    const ORIGINS: &[&str] = &["AWS_KMS", "EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE", "~YET_TO_COME"];
    texts("origin", ORIGINS, |m| &mut m.origin)
}

/// States that rotation and age ask for, and one for all others.
fn few_states() -> Column<Case> {
    const STATES: &[&str] =
        &["Enabled", "Disabled", "PendingDeletion", "~PendingReplicaDeletion", "PendingImport", "~YetToCome"];
    texts("state", STATES, |m| &mut m.state)
}

fn few_specs() -> Column<Case> {
    texts("spec", &["SYMMETRIC_DEFAULT", "RSA_4096", "~ML_DSA_65", "~HMAC_256", "~YET_TO_COME"], |m| {
        &mut m.spec
    })
}

pub(super) fn state() -> Column<Case> {
    const STATES: &[&str] = &[
        "~Creating",
        "Enabled",
        "Disabled",
        "PendingDeletion",
        "PendingImport",
        "~PendingReplicaDeletion",
        "~Unavailable",
        "~Updating",
        "~YetToCome",
    ];
    texts("state", STATES, |m| &mut m.state)
}

fn multi_region() -> Column<Case> {
    fn of(case: &mut Case, key_type: &str, primary: Option<&str>) {
        if let Some(metadata) = metadata(case) {
            metadata.multi_region = Some(MultiRegion {
                key_type: Some(key_type.to_owned()),
                primary_key_arn: primary.map(str::to_owned),
            });
        }
    }
    Column::new("multi_region")
        .value("none", |_| {})
        .alike("primary", |case| of(case, "PRIMARY", Some(KEY_ARN)))
        .alike("replica, primary not read", |case| of(case, "REPLICA", Some(PRIMARY_ARN)))
        .value("replica, primary read", |case| {
            of(case, "REPLICA", Some(PRIMARY_ARN));
            case.primary = Some(key(PRIMARY_ARN));
        })
        .alike("replica, primary not named", |case| of(case, "REPLICA", None))
}

fn rotation() -> Column<Case> {
    let known = |enabled, period| {
        move |case: &mut Case| case.key.rotation.reading = Reading::Known(status(enabled, period))
    };
    let column = Column::new("rotation")
        .alike("enabled, 90 days", known(true, Some(90)))
        .value("enabled, 365 days", known(true, Some(365)))
        .alike("enabled, 366 days", known(true, Some(366)))
        .value("enabled, period not told", known(true, None))
        .value("disabled", known(false, None));
    or_unread(column, |case, reading| case.key.rotation.reading = reading)
}

fn created() -> Column<Case> {
    let at = |at: Option<Timestamp>| {
        move |case: &mut Case| {
            if let Some(metadata) = metadata(case) {
                metadata.created_at = at;
            }
        }
    };
    Column::new("created")
        .alike("after as_of", at(Some(ago(-1, 0))))
        .value("365 days ago", at(Some(ago(365, 0))))
        .value("365 days and 1 ms ago", at(Some(ago(365, 1))))
        .value("not told", at(None))
}

fn completed(dates: &[Option<Timestamp>]) -> Reading<Vec<CompletedRotation>> {
    let on_demand =
        |at: &Option<Timestamp>| CompletedRotation { at: *at, rotation_type: Some("ON_DEMAND".to_owned()) };
    Reading::Known(dates.iter().map(on_demand).collect())
}

fn rotated(dates: &'static [Option<(i64, i64)>]) -> impl Fn(&mut Case) {
    move |case| {
        let date = |date: &Option<(i64, i64)>| date.map(|(days, millis)| ago(days, millis));
        case.key.rotations.reading = completed(&dates.iter().map(date).collect::<Vec<_>>());
    }
}

/// A history for each way in which it can decide.
fn few_rotations() -> Column<Case> {
    Column::new("rotations")
        .value("none", rotated(&[]))
        .alike("last 365 days ago", rotated(&[Some((900, 0)), Some((365, 0))]))
        .value("denied", |case| case.key.rotations.reading = Reading::Unread(Fault::new(FaultKind::Denied)))
}

fn rotations() -> Column<Case> {
    let column = Column::new("rotations")
        .value("none", rotated(&[]))
        .value("last 365 days ago", rotated(&[Some((900, 0)), Some((365, 0))]))
        .value("last 365 days and 1 ms ago", rotated(&[Some((365, 1)), Some((900, 0))]))
        .value("one without a date", rotated(&[None, Some((900, 0))]));
    or_unread(column, |case, reading| case.key.rotations.reading = reading)
}

fn limit(limits: &[i64]) -> Column<Case> {
    let column = Column::new("limit");
    limits.iter().fold(column, |column, limit| {
        let limit = *limit;
        column.value(limit.to_string(), move |case: &mut Case| case.limit = limit)
    })
}

fn used() -> Column<Case> {
    Column::new("buckets")
        .value("0", |_| {})
        .value("1", |case: &mut Case| (case.buckets, case.named) = (1, vec!["logs".to_owned()]))
        .value("12", |case| {
            (case.buckets, case.named) = (12, ["a", "b", "c"].map(str::to_owned).to_vec());
        })
}

pub(super) fn every_key(check_id: &str, columns: Vec<Column<Case>>) {
    hold(check_id, vec![("every key", case(), columns)]);
}

#[test]
fn kms_rotation_enabled() {
    let columns = vec![describe(), manager(), multi_region(), state(), few_specs(), origin(), rotation()];
    every_key("kms_rotation_enabled", columns);
}

#[test]
fn kms_rotation_period() {
    let columns = vec![
        describe(),
        manager(),
        limit(&[364, 365]),
        multi_region(),
        few_states(),
        few_specs(),
        origin(),
        rotation(),
    ];
    every_key("kms_rotation_period", columns);
}

/// Kinds of keys that are replaced rather than rotated, by specification, usage and origin.
fn replaced_kinds() -> Column<Case> {
    let kinds = [
        ("RSA that signs", ("RSA_4096", Some("SIGN_VERIFY"), "AWS_KMS")),
        ("ML-DSA that signs, imported", ("ML_DSA_65", Some("SIGN_VERIFY"), "EXTERNAL")),
        ("RSA that encrypts", ("RSA_4096", Some("ENCRYPT_DECRYPT"), "AWS_KMS")),
        ("ECC that agrees on keys", ("ECC_NIST_P256", Some("KEY_AGREEMENT"), "AWS_KMS")),
        ("ECC of no told usage", ("ECC_NIST_P256", None, "AWS_KMS")),
        ("HMAC", ("HMAC_256", Some("GENERATE_VERIFY_MAC"), "AWS_KMS")),
        ("symmetric in CloudHSM", ("SYMMETRIC_DEFAULT", Some("ENCRYPT_DECRYPT"), "AWS_CLOUDHSM")),
    ];
    Column::of("kind", kinds, |case: &mut Case, (spec, usage, origin)| {
        if let Some(metadata) = metadata(case) {
            metadata.spec = Some(spec.to_owned());
            metadata.usage = usage.map(str::to_owned);
            metadata.origin = Some(origin.to_owned());
        }
    })
}

#[test]
fn kms_key_material_age() {
    let columns = vec![
        describe(),
        manager(),
        multi_region(),
        few_states(),
        few_specs(),
        origin(),
        created(),
        few_rotations(),
    ];
    let imported = vec![few_states(), multi_region(), created(), rotations()];
    let days = [365, 730, 1095];
    let ages = days.into_iter().flat_map(|days| [(days, 0), (days, 1)]).map(|(days, millis)| {
        let more = if millis == 0 { "" } else { " and a moment" };
        (format!("{days} days{more} ago"), ago(days, millis))
    });
    let ages = Column::of("created", ages.collect::<Vec<_>>(), |case: &mut Case, at| {
        if let Some(metadata) = metadata(case) {
            metadata.created_at = Some(at);
        }
    });
    hold(
        "kms_key_material_age",
        vec![
            ("every key", case(), columns),
            ("every history of imported material", described(self::imported), imported),
            (
                "every kind that can only be replaced",
                case(),
                vec![replaced_kinds(), limit(&[365, 1000]), ages],
            ),
        ],
    );
}

#[test]
fn kms_key_pending_deletion() {
    let columns =
        vec![describe(), manager(), origin(), few_specs(), multi_region(), state(), deletion(), used()];
    every_key("kms_key_pending_deletion", columns);
}

#[test]
fn kms_key_disabled() {
    let columns = vec![describe(), manager(), origin(), few_specs(), multi_region(), state(), used()];
    every_key("kms_key_disabled", columns);
}

#[test]
fn kms_material_expiring() {
    let columns = vec![describe(), manager(), few_specs(), origin(), state(), expires()];
    every_key("kms_material_expiring", columns);
}

fn deletion() -> Column<Case> {
    let at = |at: Option<Timestamp>| {
        move |case: &mut Case| {
            if let Some(metadata) = metadata(case) {
                metadata.deletion_at = at;
            }
        }
    };
    Column::new("deletion")
        .value("in 7 days", at(Some(ago(-7, 0))))
        .value("past", at(Some(ago(2, 0))))
        .value("not told", at(None))
}

fn expires() -> Column<Case> {
    let at = |at: Option<Timestamp>| {
        move |case: &mut Case| {
            if let Some(metadata) = metadata(case) {
                metadata.material_expires_at = at;
            }
        }
    };
    Column::new("expires")
        .value("never", at(None))
        .value("past", at(Some(ago(3, 0))))
        .value("at as_of", at(Some(ago(0, 0))))
        .value("in 1 ms", at(Some(ago(0, -1))))
        .value("in 365 days", at(Some(ago(-365, 0))))
        .value("in 365 days and 1 ms", at(Some(ago(-365, -1))))
}

#[test]
fn rotation_in_words() {
    let mut rotating = status(true, Some(365));
    rotating.next_rotation_at = Some(ago(-30, 0));
    let cases = vec![
        ("enabled", with(|case| case.key.rotation.reading = Reading::Known(rotating.clone()))),
        ("denied", with(|case| case.key.rotation.reading = Reading::Unread(Fault::new(FaultKind::Denied)))),
    ];
    let enabled = words("kms_rotation_enabled", cases);
    let aws_managed = |case: &mut Case| {
        (case.limit, metadata(case).unwrap().manager) = (90, Some("AWS".to_owned()));
    };
    let cases = vec![("too long", with(|case| case.limit = 90)), ("AWS managed", with(aws_managed))];
    insta::assert_snapshot!([enabled, words("kms_rotation_period", cases)].join("\n"));
}

#[test]
fn material_in_words() {
    let history = |reading: Reading<Vec<CompletedRotation>>| {
        with(|case| {
            imported(metadata(case).unwrap());
            case.key.rotations.reading = reading;
        })
    };
    let cases = vec![
        ("history not asked", described(imported)),
        ("history denied", history(Reading::Unread(Fault::new(FaultKind::Denied)))),
        ("history without a date", history(completed(&[None]))),
        ("rotated", history(completed(&[Some(ago(1, 0))]))),
        ("HMAC", described(|m| (m.spec, m.created_at) = (Some("HMAC_256".to_owned()), Some(ago(366, 0))))),
        ("an origin to come", described(|m| m.origin = Some("YET_TO_COME".to_owned()))),
    ];
    let age = words("kms_key_material_age", cases);
    let expiring = |at: Timestamp| {
        described(|m| {
            imported(m);
            m.material_expires_at = Some(at);
        })
    };
    let cases = vec![
        ("past", expiring(ago(3, 0))),
        ("soon", expiring(ago(-1, 0))),
        ("later", expiring(ago(-400, 0))),
    ];
    insta::assert_snapshot!([age, words("kms_material_expiring", cases)].join("\n"));
}

#[test]
fn states_in_words() {
    let pending = |at: Option<Timestamp>| {
        described(|m| {
            in_state(m, "PendingDeletion");
            m.deletion_at = at;
        })
    };
    let mut in_use = pending(Some(ago(-7, 0)));
    used_by(&mut in_use, 12, &["a", "b", "c"]);
    let cases = vec![
        ("a date to come", pending(Some(ago(-7, 0)))),
        ("less than a day to come", pending(Some(ago(0, -1)))),
        ("a date gone by", pending(Some(ago(2, 0)))),
        ("no date", pending(None)),
        ("after its replicas", described(|m| in_state(m, "PendingReplicaDeletion"))),
        ("in use", in_use),
    ];
    let deletion = words("kms_key_pending_deletion", cases);
    let disabled = |all, named: &[&str]| {
        let mut case = described(|m| in_state(m, "Disabled"));
        used_by(&mut case, all, named);
        case
    };
    let cases = vec![
        ("not", described(|m| in_state(m, "Unavailable"))),
        ("in use", disabled(1, &["logs"])),
        ("in use, no name at hand", disabled(3, &[])),
    ];
    insta::assert_snapshot!([deletion, words("kms_key_disabled", cases)].join("\n"));
}
