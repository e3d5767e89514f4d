//! The standard's tests: what holds, and every way in which a file can be wrong.

mod exceptions;
mod parameters;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use super::*;
use crate::check::CHECKS;
use crate::clock::Timestamp;
use crate::model::{
    CoverageRow, DeniedBy, Encryption, Fault, FaultKind, NotAsked, Place, Reading, Severity, Standard, Tally,
};

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
        ("2", "4ca1d75a071ba0b0da00182ddf4f1a7a369a3ff2ab6f67bd2c0a068148bb2ab5"),
        "a new text is a new version: raise it in built_in.toml, and pin both here"
    );
    assert_eq!(built_in::problems(), []);
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
fn the_built_in_standard_asks_for_a_year_and_counts_what_turns_faster() {
    let instances = all_instances(&built_in());
    let with_parameters = instances.iter().filter(|instance| instance.params_json.is_some());
    let lines = with_parameters.map(|instance| {
        let Instance { check, params_json, severity, .. } = instance;
        format!("{} {} {}", check.id, params_json.as_deref().unwrap_or_default(), severity.word())
    });
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r#"
    kms_rotation_period {"max_days":90} informational
    kms_rotation_period {"max_days":180} informational
    kms_rotation_period {"max_days":365} medium
    kms_key_material_age {"max_days":365} medium
    kms_key_material_age {"max_days":365,"replaced_max_days":365,"signing_max_days":365} informational
    kms_material_expiring {"days":30} high
    "#);
}

#[test]
fn an_entry_for_the_organization_takes_the_place_of_what_is_built_in() {
    let of = |text: &str| {
        let standard = parse(&format!("{LEAST}[[check]]\nid = \"kms_rotation_period\"\n{text}")).unwrap();
        let instances = all_instances(&standard);
        let periods = instances.iter().filter(|instance| instance.check.id == "kms_rotation_period");
        periods.map(|instance| instance.parameters["max_days"]).collect::<Vec<_>>()
    };
    assert_eq!(of("parameters = { max_days = 200 }"), [200]);
    assert_eq!(of("parameters = { max_days = 200 }\nous = [\"Prod\"]"), [90, 180, 200, 365]);
    assert_eq!(of("enabled = false"), [0; 0]);
    assert_eq!(of("enabled = false\naccounts = [\"111122223333\"]"), [90, 180, 365]);
}

#[test]
fn a_file_that_says_nothing_asks_what_is_built_in() {
    let (standard, built_in) = (parse(LEAST).unwrap(), built_in());
    assert_eq!(standard.checks, built_in.checks);
    assert_eq!(standard.encryption, built_in.encryption);
    assert_eq!(standard.exceptions, built_in.exceptions);
    assert_eq!(standard.review_by.to_string(), "2027-11-01T00:00:00Z");
}

/// A file of several wrong inputs, each under its name, with the problems that are reported.
fn problems(cases: &[(&str, &str)], read: impl Fn(&str) -> Vec<Problem>) -> String {
    let case = |(name, text): &(&str, &str)| {
        let problems = read(text).into_iter().map(|problem| problem.to_string());
        std::iter::once(format!("## {name}")).chain(problems).collect::<Vec<_>>()
    };
    cases.iter().flat_map(case).collect::<Vec<_>>().join("\n")
}

fn wrong(text: &str) -> Vec<Problem> {
    parse(&format!("{LEAST}{text}")).err().unwrap_or_default()
}

#[test]
fn every_slip_in_a_standard_is_named() {
    let cases = [
        ("a bad line", "[[check]\nid = 5"),
        (
            "unknown keys at every level",
            "critical_account = [\"111122223333\"]\n[[check]]\nid = \"kms_rotation_enabled\"\nsevrity = \"low\"\nqqq = 1\n[exceptions]\nzzz = 1",
        ),
        ("an unknown check", "[[check]]\nid = \"kms_rotation_enabeld\""),
        ("no check", "[[check]]\nseverity = \"low\"\n[[check]]\nid = \" \""),
        (
            "texts of several lines",
            "[[check]]\nid = \"zz\\nzz\"\naccounts = [\"1\\u001b[2J\"]\nparameters = {}\n[exceptions]\nmax_days = { \"a\\nb\" = 1 }\n\"c\\nd\" = 1",
        ),
        ("an unknown severity", "[[check]]\nid = \"kms_rotation_enabled\"\nseverity = \"hihg\""),
        (
            "parameters that are not there",
            "[[check]]\nid = \"kms_rotation_enabled\"\nparameters = { max_days = 90 }",
        ),
        (
            "wrong types",
            "[[check]]\nid = 7\nenabled = \"yes\"\nous = \"Workloads\"\naccounts = [11]\nparameters = 9\n[exceptions]\nmax_days = { low = \"9\" }\n[trusted_account]\n",
        ),
        (
            "a scope that says nothing",
            "[[check]]\nid = \"kms_rotation_enabled\"\naccounts = []\nous = [\"\"]",
        ),
        (
            "an account that is none",
            "[[check]]\nid = \"kms_rotation_enabled\"\naccounts = [\"1234\", \"111122223333\", \"111122223333\"]",
        ),
        (
            "an entry twice",
            "[[check]]\nid = \"kms_rotation_enabled\"\nous = [\"A\"]\n[[check]]\nid = \"kms_rotation_enabled\"\nous = [\"A\"]\nenabled = false",
        ),
        (
            "an account in two scopes",
            "[[check]]\nid = \"kms_rotation_enabled\"\naccounts = [\"111122223333\"]\n[[check]]\nid = \"kms_rotation_enabled\"\naccounts = [\"111122223333\", \"444455556666\"]\nenabled = false",
        ),
        (
            "a unit in two scopes",
            "[[encryption]]\nminimum_mode = \"sse_s3\"\nous = [\"A\"]\n[[encryption]]\nminimum_mode = \"sse_kms\"\nous = [\"A\", \"B\"]",
        ),
        (
            "encryption twice",
            "[[encryption]]\nminimum_mode = \"sse_s3\"\n[[encryption]]\nminimum_mode = \"sse_kms\"",
        ),
        (
            "encryption in wrong words",
            "[[encryption]]\nminimum_mode = \"sse_kns\"\napproved_keys = [\"alias/a\"]\napproved_aliases = [\"a\", \"alias/\", \"arn:aws:kms:eu-west-1:111122223333:key/1\"]\napproved_key_accounts = [\"x\"]\n[[encryption]]\nous = [\"A\"]",
        ),
        (
            "trusted twice",
            "[[trusted_account]]\naccount = \"111122223333\"\nowner = \"a\"\nreason = \"b\"\nexpires = 2020-01-01\n[[trusted_account]]\naccount = \"111122223333\"\nowner = \"a\"\nreason = \"b\"\nexpires = 2028-01-01",
        ),
        (
            "a service destination in wrong words",
            "[[service_destination]]\nservice = \"s3_logs\"\nbuckets = [\"Logs/*\"]\ntag = \"logs\"\naccounts = []\nreason = \"\"\napprover = \"me\"\nexpires = 1",
        ),
        (
            "a service destination without buckets, approved by no one on the list",
            "[[service_destination]]\nservice = \"elb_access_logs\"\nbuckets = []\nreason = \"a\"\nowner = \"b\"\napprover = \"rsik\"\nexpires = 2027-01-01\n[exceptions]\napprovers = [\"risk\"]",
        ),
        (
            "a gap without a place",
            "[[gap]]\nregion = \"eu-west-1\"\nreason = \"a\"\nowner = \"b\"\napprover = \"c\"\nexpires = 2027-01-01",
        ),
        (
            "a gap in wrong words",
            "[[gap]]\nou = \"A\"\nregion = \"Ireland\"\noperation = \"GetBucketEncryption\"\ndenied_by = \"scpp\"\nreason = \"\"\nexpires = \"tomorrow\"",
        ),
        (
            "rules for exceptions",
            "[exceptions]\napprovers = [\"a\", \"\", \"a\"]\nmax_days = { critical = 31, high = 0, hihg = 3, low = 9223372036854775808 }\nexemptible = [\"rotation_disabeld\", \"rotation_enabled\"]",
        ),
    ];
    insta::assert_snapshot!("standard_problems", problems(&cases, wrong));
}

#[test]
fn a_standard_says_who_answers_for_it() {
    let read = |text: &str| parse(text).err().unwrap_or_default();
    let cases = [
        ("nothing", ""),
        (
            "empty and reversed",
            &LEAST.replace("\"ciso\"", "\" \"").replace("2027-11-01T00:00:00Z", "2026-11-01"),
        ),
        (
            "times that are none",
            &LEAST.replace("2026-10-01", "2026-10-01T00:00:00").replace("\"2026-11-01\"", "5"),
        ),
    ];
    insta::assert_snapshot!(problems(&cases, read), @"
    ## nothing
    the standard lacks `id`, `version`, `owner`, `approved_by`, `approved_at`, `effective_from`, `review_by`
    ## empty and reversed
    the standard has empty `approved_by`
    line 8: `review_by` must be after `effective_from`
    ## times that are none
    line 6: `approved_at` is wrong: `2026-10-01T00:00:00` is not an instant: write it as 2026-11-21 or 2026-11-21T03:00:00Z
    line 7: `effective_from` must be a date, such as 2026-11-21 or 2026-11-21T03:00:00Z, but is a whole number
    ");
}

fn place<'a>(account: &str, ou_ids: &'a [String], ou_names: &'a [Option<String>]) -> Place<'a> {
    Place { account_id: account.parse().unwrap(), ou_ids, ou_names, path_known: true }
}

fn units(names: &[&str]) -> (Vec<String>, Vec<Option<String>>) {
    let ids = names.iter().enumerate().map(|(at, _)| format!("ou-{at}")).collect();
    (ids, names.iter().map(|name| Some((*name).to_owned())).collect())
}

fn severity_of(standard: &Standard, check: &str, place: &Place<'_>) -> Option<Severity> {
    let effective = effective(standard, place).unwrap();
    effective.instances.iter().find(|instance| instance.check.id == check).map(|instance| instance.severity)
}

#[test]
fn the_closest_entry_holds() {
    let entry = |scope: &str, severity: &str| {
        format!("[[check]]\nid = \"kms_rotation_enabled\"\n{scope}\nseverity = \"{severity}\"\n")
    };
    let text = [
        LEAST.to_owned(),
        entry("", "informational"),
        entry("ous = [\"Workloads\"]", "low"),
        entry("ous = [\"ou-2\"]", "medium"),
        entry("accounts = [\"111122223333\"]", "high"),
        "[[check]]\nid = \"kms_rotation_enabled\"\nous = [\"Sandbox\"]\nenabled = false".to_owned(),
    ];
    let standard = parse(&text.concat()).unwrap();
    let of = |account: &str, path: &[&str]| {
        let (ids, names) = units(path);
        severity_of(&standard, "kms_rotation_enabled", &place(account, &ids, &names))
    };
    assert_eq!(of("111122223333", &["Root", "Workloads", "Prod"]), Some(Severity::High), "the account");
    assert_eq!(of("444455556666", &["Root", "Workloads", "Prod"]), Some(Severity::Medium), "the deeper unit");
    assert_eq!(of("444455556666", &["Root", "Workloads"]), Some(Severity::Low), "the unit");
    assert_eq!(of("444455556666", &["Root"]), Some(Severity::Informational), "the organization");
    assert_eq!(of("444455556666", &["Root", "Sandbox"]), None, "turned off");
    assert_eq!(of("444455556666", &[]), Some(Severity::Informational), "no unit is known");
    let all = all_instances(&standard);
    let all: Vec<_> = all.iter().filter(|instance| instance.check.id == "kms_rotation_enabled").collect();
    assert_eq!((all.len(), all[0].severity), (1, Severity::High), "one instance, at its highest severity");
}

#[test]
fn encryption_is_the_closest_entrys() {
    let text = "[[encryption]]\nminimum_mode = \"dsse_kms\"\ncustomer_managed_key = true\naccounts = [\"111122223333\"]";
    let standard = parse(&format!("{LEAST}{text}")).unwrap();
    let mode = |account| effective(&standard, &place(account, &[], &[])).unwrap().encryption.minimum_mode;
    assert_eq!(mode("111122223333"), Encryption::DsseKms);
    assert_eq!(mode("444455556666"), Encryption::SseKms, "what is built in");
}

#[test]
fn a_tie_that_only_the_organization_shows_is_an_error() {
    let text = "[[encryption]]\nminimum_mode = \"sse_s3\"\nous = [\"Prod\"]\n\
                [[encryption]]\nminimum_mode = \"dsse_kms\"\nous = [\"ou-1\"]";
    let standard = parse(&format!("{LEAST}{text}")).unwrap();
    let (ids, names) = units(&["Root", "Prod", "Payments"]);
    let tie = effective(&standard, &place("111122223333", &ids, &names)).unwrap_err();
    insta::assert_snapshot!(
        tie,
        @"account 111122223333 is named equally closely by two entries of [[encryption]]: `Prod` and `ou-1`; name it, or a unit closer to it, in one of them"
    );
    assert!(effective(&standard, &place("111122223333", &ids[..1], &names[..1])).is_ok());
}

#[test]
fn instances_are_in_the_order_of_the_registry() {
    let all = all_instances(&built_in());
    let order = |id: &str| CHECKS.iter().position(|check| check.id == id);
    assert!(all.is_sorted_by_key(|instance| (order(instance.check.id), instance.parameters.clone())));
    for instance in &all {
        let known = |name: &String| instance.check.parameters.iter().any(|parameter| parameter.name == name);
        assert!(instance.parameters.keys().all(known));
        let mut required = instance.check.parameters.iter().filter(|parameter| !parameter.optional);
        assert!(required.all(|parameter| instance.parameters.contains_key(parameter.name)));
        assert_eq!(instance.params_json.is_none(), instance.check.parameters.is_empty());
    }
    let here = effective(&built_in(), &place("111122223333", &[], &[])).unwrap().instances;
    assert_eq!(here.len(), all.len());
}

/// A row of reads: denied by an SCP, failed on the way, never sent.
fn row(denied: u64, transport: u64, unsent: u64) -> CoverageRow {
    let mut tally = Tally::default();
    let denial = Fault { denied_by: Some(DeniedBy::Scp), ..Fault::new(FaultKind::Denied) };
    (0..denied).for_each(|_| tally.add(&Reading::<()>::Unread(denial.clone())));
    (0..transport).for_each(|_| tally.add(&Reading::<()>::Unread(Fault::new(FaultKind::Transport))));
    tally.add_not_asked(NotAsked::DependencyUnread, unsent);
    CoverageRow {
        account_id: "111122223333".parse().unwrap(),
        region: "eu-west-1".parse().unwrap(),
        operation: "s3:GetBucketEncryption".to_owned(),
        tally,
    }
}

#[test]
fn a_gap_accepts_what_it_names_and_nothing_else() {
    let accepts = |keys: &str, row: &CoverageRow, at: &str| {
        let text = format!(
            "{LEAST}[[gap]]\n{keys}\nreason = \"a\"\nowner = \"b\"\napprover = \"c\"\nexpires = 2027-01-01"
        );
        let standard = parse(&text).unwrap();
        let (ids, names) = units(&["Root", "Prod"]);
        gap_accepts(
            &standard.gaps[0],
            row,
            &place("111122223333", &ids, &names),
            Timestamp::parse(at).unwrap(),
        )
    };
    let now = "2026-12-31T23:59:59Z";
    for keys in [
        "account = \"111122223333\"",
        "accounts = [\"111122223333\"]",
        "ou = \"Prod\"",
        "ous = [\"ou-0\"]",
        "ou = \"Prod\"\nregion = \"eu-west-1\"\noperation = \"s3:Get*\"\ndenied_by = \"scp\"",
    ] {
        assert!(accepts(keys, &row(2, 0, 0), now), "{keys}");
        assert!(!accepts(keys, &row(2, 0, 0), "2027-01-01"), "{keys}: expired");
        assert!(!accepts(keys, &row(0, 0, 0), now), "{keys}: nothing is missing");
    }
    for keys in [
        "account = \"444455556666\"",
        "ou = \"Sandbox\"",
        "ou = \"Prod\"\nregion = \"us-east-1\"",
        "ou = \"Prod\"\noperation = \"kms:*\"",
        "ou = \"Prod\"\ndenied_by = \"identity\"",
    ] {
        assert!(!accepts(keys, &row(2, 0, 0), now), "{keys}");
    }
    let (any, scp) = ("ou = \"Prod\"", "ou = \"Prod\"\ndenied_by = \"scp\"");
    assert!(accepts(any, &row(1, 1, 0), now) && !accepts(scp, &row(1, 1, 0), now), "another fault");
    assert!(accepts(any, &row(0, 0, 1), now) && !accepts(scp, &row(0, 0, 1), now), "never sent");
    assert!(!accepts(scp, &row(1, 0, 1), now), "some never sent");
}

// Nothing that a file holds makes the reader fall over

fn few() -> Config {
    Config {
        cases: 256,
        rng_seed: RngSeed::Fixed(20_261_121),
        failure_persistence: None,
        ..Config::default()
    }
}

const EXAMPLES: [&str; 2] = [
    include_str!("../../../../tests/standards/standard.toml"),
    include_str!("../../../../tests/standards/exceptions.toml"),
];

#[test]
fn the_examples_are_good() {
    let standard = parse(EXAMPLES[0]).unwrap();
    let exceptions = parse_exceptions(EXAMPLES[1], &standard).unwrap();
    assert_eq!(exceptions.records.len(), 2);
    assert_eq!(exceptions.records[0].expires, exceptions.records[1].starts);
    assert_eq!((standard.gaps.len(), standard.trusted_accounts.len()), (1, 1));
    let [destination] = &standard.service_destinations[..] else { panic!("one destination") };
    assert_eq!((destination.buckets.len(), destination.service.word()), (1, "s3_server_access_logs"));
    assert_eq!(
        (standard.exceptions.max_days[&Severity::Critical], standard.exceptions.max_days[&Severity::Low]),
        (14, 365)
    );
}

fn read_all(text: &str) {
    let standard = parse(text).unwrap_or_else(|_| built_in());
    let _ = parse_exceptions(text, &standard);
    let _ = import(text, Timestamp::from_millis(0), &standard);
}

proptest! {
    #![proptest_config(few())]

    #[test]
    fn any_text_is_read_or_refused(text in ".*") {
        read_all(&text);
    }

    /// A good file with a piece of it taken out, doubled, or put in another's place.
    #[test]
    fn a_spoilt_file_is_read_or_refused(
        example in 0..2_usize,
        from in any::<prop::sample::Index>(),
        length in 0..80_usize,
        to in any::<prop::sample::Index>(),
        put in prop_oneof![Just(String::new()), "[\\[\\]{}=\"'#a-z0-9.,*\n -]{0,8}", Just("9".repeat(40))],
    ) {
        let letters: Vec<char> = EXAMPLES[example].chars().collect();
        let from = from.index(letters.len());
        let piece = &letters[from..letters.len().min(from + length)];
        let to = to.index(letters.len());
        let until = letters.len().min(to + length);
        let spoilt = letters[..to].iter().chain(piece).copied().chain(put.chars());
        read_all(&spoilt.chain(letters[until..].iter().copied()).collect::<String>());
    }
}

/// What an entry for a unit may decide is not known where the unit was not read, and nothing else is.
#[test]
fn an_entry_for_a_unit_that_was_not_read_may_hold() {
    let text = format!(
        "{LEAST}[[check]]\nid = \"s3_tls_only\"\nous = [\"Prod\"]\nseverity = \"high\"\n\
         [[check]]\nid = \"s3_bucket_key\"\naccounts = [\"111122223333\"]\nenabled = false\n"
    );
    let standard = parse(&text).unwrap();
    let known = |account: &str, names: &[Option<&str>], path_known: bool| {
        let ids: Vec<String> = (0..names.len()).map(|at| format!("ou-{at}")).collect();
        let names: Vec<Option<String>> = names.iter().map(|name| name.map(str::to_owned)).collect();
        let place = Place { path_known, ..place(account, &ids, &names) };
        let effective = effective(&standard, &place).unwrap();
        let unsure = effective.instances.iter().filter(|instance| !instance.scope_known);
        unsure.map(|instance| instance.check.id).collect::<Vec<_>>()
    };
    assert_eq!(known("444455556666", &[Some("Root"), Some("Sandbox")], true), Vec::<&str>::new());
    assert_eq!(known("444455556666", &[Some("Root"), None], true), ["s3_tls_only"]);
    assert_eq!(known("444455556666", &[], false), ["s3_tls_only"], "no path at all");
    assert_eq!(known("444455556666", &[None, Some("Prod")], true), Vec::<&str>::new(), "nothing is closer");
}
