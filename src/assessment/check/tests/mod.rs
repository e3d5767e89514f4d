//! Checks, held by their truth tables; and the registry, by rules for all of them.

mod accounts;
mod bucket_policies;
mod buckets;
mod exceptions;
mod key_policies;
mod keys;
mod made_bucket;
mod made_key;
mod policy_text;
mod truth_table;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use super::{CHECKS, Check, Context, Judge, ROTATION_FOOTNOTE, Reason, documentation, find};
use crate::clock::Timestamp;
use crate::model::{
    AccountId, Encryption, EncryptionRequirement, Organization, Parameters, Severity, TrustedAccount, Verdict,
};

/// What a check may ask beside its subject. At first nothing is asked for, and nothing is known.
struct Surroundings {
    as_of: Timestamp,
    parameters: Parameters,
    encryption: EncryptionRequirement,
    organization: Organization,
    trusted_accounts: Vec<TrustedAccount>,
    critical_accounts: BTreeSet<AccountId>,
}

impl Surroundings {
    fn at(as_of: &str) -> Self {
        Self {
            as_of: Timestamp::parse(as_of).unwrap(),
            parameters: Parameters::new(),
            encryption: EncryptionRequirement {
                minimum_mode: Encryption::SseS3,
                customer_managed_key: false,
                approved_keys: BTreeSet::new(),
                approved_aliases: BTreeSet::new(),
                approved_key_accounts: BTreeSet::new(),
            },
            organization: Organization::default(),
            trusted_accounts: Vec::new(),
            critical_accounts: BTreeSet::new(),
        }
    }

    fn context(&self) -> Context<'_> {
        Context {
            as_of: self.as_of,
            parameters: &self.parameters,
            encryption: &self.encryption,
            organization: &self.organization,
            trusted_accounts: &self.trusted_accounts,
            critical_accounts: &self.critical_accounts,
        }
    }
}

/// The names in a folder of this room, of the files whose text is accepted.
fn files(folder: &str, accept: fn(&str) -> bool) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("check").join(folder);
    let paths =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let accepted = paths.filter(|path| accept(&fs::read_to_string(path).unwrap()));
    accepted.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

fn ids() -> BTreeSet<String> {
    CHECKS.iter().map(|check| check.id.to_owned()).collect()
}

fn is_snake_case(name: &str) -> bool {
    let is_word =
        |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    name.starts_with(|c: char| c.is_ascii_lowercase()) && name.split('_').all(is_word)
}

/// Whether a text says something, to its last character, in one paragraph.
fn is_prose(text: &str, end: char) -> bool {
    text.len() > 1
        && text.ends_with(end)
        && text.trim() == text
        && !text.contains("  ")
        && !text.contains('\n')
}

#[test]
fn every_file_with_a_check_is_in_the_registry_under_its_name() {
    assert_eq!(files("", |text| text.contains("static CHECK: Check =")), ids());
    assert_eq!(ids().len(), CHECKS.len(), "an id is one check's");
}

#[test]
fn every_check_has_its_table() {
    let prefix = "atrest_assessment__check__tests__truth_table__";
    let tables = files("tests/snapshots", |text| text.contains("truth_table.rs"));
    assert_eq!(tables, ids().iter().map(|id| format!("{prefix}{id}")).collect());
}

#[test]
fn buckets_come_first_then_keys_accounts_and_exceptions() {
    let order = |check: &&Check| match check.judge {
        Judge::Bucket(_) => (0, "s3_"),
        Judge::Key(_) => (1, "kms_"),
        Judge::Account(_) => (2, "account_"),
        Judge::Exception(_) => (3, "exception_"),
    };
    assert!(CHECKS.iter().map(order).is_sorted());
    for check in CHECKS {
        assert!(check.id.starts_with(order(check).1), "{} is about something else", check.id);
    }
}

#[test]
fn a_code_is_one_reason_wherever_it_is_used() {
    let mut known: BTreeMap<&str, &Reason> = BTreeMap::new();
    for check in CHECKS {
        let codes: BTreeSet<&str> = check.reasons.iter().map(|reason| reason.code).collect();
        assert_eq!(codes.len(), check.reasons.len(), "{} lists a code twice", check.id);
        for reason in check.reasons {
            assert_eq!(*known.entry(reason.code).or_insert(reason), *reason, "{}", check.id);
        }
    }
}

#[test]
fn names_are_lower_snake_case() {
    for check in CHECKS {
        let codes = check.reasons.iter().map(|reason| reason.code);
        let parameters = check.parameters.iter().map(|parameter| parameter.name);
        for name in [check.id].into_iter().chain(codes).chain(parameters) {
            assert!(is_snake_case(name), "{}: {name}", check.id);
        }
    }
}

#[test]
fn texts_are_whole() {
    for check in CHECKS {
        let Check { id, title, question, rationale, remedy, .. } = check;
        assert!(is_prose(&format!("{title}."), '.') && !title.ends_with('.'), "{id}: {title}");
        assert!(is_prose(question, '?'), "{id}: {question}");
        assert!(is_prose(rationale, '.'), "{id}: {rationale}");
        assert!(is_prose(remedy, '.'), "{id}: {remedy}");
        for reason in check.reasons {
            assert!(is_prose(reason.meaning, '.'), "{id}: {}", reason.meaning);
            if let Some(remedy) = reason.remedy {
                assert!(is_prose(remedy, '.'), "{id}: {remedy}");
                assert!([Verdict::Fail, Verdict::Unknown].contains(&reason.verdict), "{id}: {}", reason.code);
            }
        }
        for parameter in check.parameters {
            assert!(is_prose(parameter.doc, '.'), "{id}: {}", parameter.doc);
            assert!(parameter.minimum < parameter.maximum, "{id}: {}", parameter.name);
        }
    }
}

#[test]
fn a_remedy_fits_its_reason() {
    let of = |check: &str, reason: &str| find(check).unwrap().remedy_of(reason);
    assert!(of("s3_key_usable", "key_not_symmetric").starts_with("Name a symmetric encryption key"));
    assert!(of("s3_key_usable", "key_pending_deletion").starts_with("Cancel the deletion"));
    assert_eq!(of("s3_tls_only", "no_policy"), find("s3_tls_only").unwrap().remedy);
}

#[test]
fn the_worst_that_a_check_can_be_is_said() {
    let worst = |id: &str| {
        let check = find(id).unwrap();
        check.severity_max(check.severity)
    };
    assert_eq!(worst("kms_key_pending_deletion"), Severity::Critical);
    assert_eq!(worst("kms_key_disabled"), Severity::High);
    assert_eq!(worst("account_scanned"), Severity::Critical);
    assert_eq!(worst("s3_bucket_key"), find("s3_bucket_key").unwrap().severity);
    // The standard may ask for more than the facts raise it to.
    assert_eq!(find("kms_key_disabled").unwrap().severity_max(Severity::Critical), Severity::Critical);
}

#[test]
fn a_rationale_names_its_source() {
    // What an exception is, is the house's own word.
    for check in CHECKS.iter().filter(|check| !matches!(check.judge, Judge::Exception(_))) {
        let named = ["Guide, \"", "API Reference, ", "FINOS Common Cloud Controls, "];
        assert!(named.iter().any(|source| check.rationale.contains(source)), "{}", check.id);
    }
}

#[test]
fn who_asks_about_aws_names_its_page_there() {
    for check in CHECKS {
        let page = documentation(check.id);
        match check.judge {
            Judge::Exception(_) => assert_eq!(page, None, "{}", check.id),
            _ => {
                assert!(
                    page.is_some_and(|it| it.starts_with("https://docs.aws.amazon.com/")),
                    "{}",
                    check.id
                );
            }
        }
    }
}

#[test]
fn who_judges_rotation_says_what_it_is_not() {
    for id in ["kms_rotation_enabled", "kms_rotation_period", "kms_key_material_age", "s3_key_rotation"] {
        assert!(find(id).unwrap().rationale.ends_with(ROTATION_FOOTNOTE), "{id}");
    }
    let others = CHECKS.iter().filter(|check| check.reasons.iter().any(|it| it.code == "rotation_disabled"));
    for check in others {
        assert!(check.rationale.ends_with(ROTATION_FOOTNOTE), "{}", check.id);
    }
}
