//! The standard's tests: what holds, and every way in which a file can be wrong.

use super::*;
use crate::check::CHECKS;
use crate::model::{Encryption, Severity};

/// A standard that says nothing but who answers for it.
const LEAST: &str = r#"
id = "example"
version = "3"
owner = "cloud-security"
approved_by = "ciso"
approved_at = 2026-10-01
effective_from = "2026-11-01"
review_by = 2027-11-01T00:00:00Z
"#;

#[test]
fn the_built_in_standard_changes_with_its_version() {
    let standard = built_in();
    assert_eq!(
        (standard.version.as_str(), standard.sha256.as_str()),
        ("1", "d4bc76c62227fa7fa516f3f62c3417c26847a02bf23520c54182b184354c858d"),
        "a new text is a new version: raise it in built_in.toml, and pin both here"
    );
    assert!(built_in::problems().iter().all(|problem| problem.what.contains("there is no check")));
}

#[test]
fn the_built_in_standard_runs_every_check_but_one() {
    let standard = built_in();
    for check in CHECKS {
        let instances = standard.checks.iter().filter(|entry| entry.check_id == check.id);
        let expected = check.id != "s3_upload_encryption_enforced";
        assert_eq!(instances.count() > 0, expected, "{}", check.id);
    }
    assert!(standard.checks.iter().all(|entry| entry.scope.is_everywhere() && entry.enabled));
    let [entry] = &standard.encryption[..] else { panic!("one requirement") };
    assert_eq!(entry.requirement.minimum_mode, Encryption::SseKms);
    assert!(!entry.requirement.customer_managed_key && !entry.requirement.names_keys());
    assert!(standard.exceptions.approvers.is_empty());
    let days: Vec<i64> =
        Severity::ALL.iter().map(|severity| standard.exceptions.max_days[severity]).collect();
    assert_eq!(days, [365, 365, 180, 90, 30]);
}

#[test]
fn a_file_that_says_nothing_asks_what_is_built_in() {
    let (standard, built_in) = (parse(LEAST).unwrap(), built_in());
    assert_eq!(standard.checks, built_in.checks);
    assert_eq!(standard.encryption, built_in.encryption);
    assert_eq!(standard.exceptions, built_in.exceptions);
    assert_eq!(standard.review_by.to_string(), "2027-11-01T00:00:00Z");
}
