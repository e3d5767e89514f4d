//! What may come into the build: licences, one stack of each kind, and no simulator in the container.
//!
//! It asks `cargo tree` and not `cargo metadata`, whose graph also has what weak features could turn
//! on and did not (today `ring`, which is not built). A crate that needs another licence, a second
//! version or a second stack fails here; whether it is worth that is a decision, taken by changing a
//! list below with the reason in the commit.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Licences that ask for no more than a notice. One of them must do for every crate.
const LICENCES: &[&str] =
    &["0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "Unicode-3.0", "Zlib"];

/// A second HTTP, TLS, crypto or async stack costs build time, memory, audits and bugs: the SDK's own
/// (hyper 1, rustls, aws-lc, tokio) is there and does all of it.
const BANNED: &[(&str, &str)] = &[
    ("actix-rt", "tokio is the one runtime"),
    ("async-global-executor", "tokio is the one runtime"),
    ("async-std", "tokio is the one runtime"),
    ("curl", "hyper 1 is the one HTTP client"),
    ("isahc", "hyper 1 is the one HTTP client"),
    ("native-tls", "rustls is the one TLS"),
    ("object_store", "the lake on S3 goes through the S3 SDK that is there"),
    ("openssl", "rustls is the one TLS"),
    ("openssl-sys", "rustls is the one TLS"),
    ("reqwest", "hyper 1 is the one HTTP client"),
    ("ring", "aws-lc is the one crypto library"),
    ("rusoto_core", "the AWS SDK is the one client"),
    ("smol", "tokio is the one runtime"),
    ("ureq", "hyper 1 is the one HTTP client"),
    ("webpki-roots", "the system's trust store is the one that counts"),
];

/// What must be there once: two of them are two stacks.
const ONCE: &[&str] =
    &["arrow-schema", "aws-lc-rs", "h2", "http", "hyper", "hyper-util", "parquet", "rustls", "tokio"];

/// Crates that are there in two versions today: SHA-1 and its base, because the SDK is half way to the
/// next one, the parser of derive macros, and what `aws login` signs its requests for new credentials with
/// (aws-config's `credentials-login`: P-256 of the older generation, and its source of chance). A shorter
/// list is welcome; a longer one is a decision.
const TWICE: &[&str] = &[
    "block-buffer",
    "const-oid",
    "cpufeatures",
    "crypto-common",
    "digest",
    "getrandom",
    "hmac",
    "sha1",
    "sha2",
    "syn",
];

/// A crate of the build.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Crate {
    name: String,
    version: String,
    licence: String,
    features: BTreeSet<String>,
}

impl Crate {
    /// A line of `cargo tree`: `name v1.2.3 (proc-macro)|licence|feature,feature`.
    fn parse(line: &str) -> Option<Self> {
        let mut parts = line.split('|');
        let mut words = parts.next()?.split_whitespace();
        Some(Self {
            name: words.next()?.to_owned(),
            version: words.next()?.trim_start_matches('v').to_owned(),
            licence: parts.next()?.trim().to_owned(),
            features: parts.next()?.split(',').map(|it| it.trim_end_matches(" (*)").to_owned()).collect(),
        })
    }
}

/// The crates that are built for this machine.
fn tree(arguments: &[&str]) -> BTreeSet<Crate> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command.args([
        "tree",
        "--package",
        "atrest",
        "--offline",
        "--locked",
        "--prefix",
        "none",
        "--no-dedupe",
        "--format",
        "{p}|{l}|{f}",
    ]);
    let output = command.args(arguments).output().unwrap();
    assert!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let crates: BTreeSet<Crate> = text.lines().filter_map(Crate::parse).collect();
    assert!(crates.len() > 100, "cargo tree answers in another form:\n{text}");
    crates
}

/// Whether a package is of this repository.
fn is_own(name: &str) -> bool {
    name == "atrest" || name.starts_with("atrest-")
}

/// Whether a licence expression can be met with [`LICENCES`]: `/` is an old `OR`, `OR` is weaker than
/// `AND`, and `WITH` only adds permissions.
fn is_allowed(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let allowed = any_of(&words, &mut at);
    allowed && at == words.len()
}

fn any_of(words: &[&str], at: &mut usize) -> bool {
    let mut allowed = all_of(words, at);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        allowed |= all_of(words, at);
    }
    allowed
}

fn all_of(words: &[&str], at: &mut usize) -> bool {
    let mut allowed = one(words, at);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        allowed &= one(words, at);
    }
    allowed
}

fn one(words: &[&str], at: &mut usize) -> bool {
    let word = words.get(*at).copied().unwrap_or_default();
    *at += 1;
    if word == "(" {
        let allowed = any_of(words, at);
        *at += 1;
        return allowed;
    }
    if words.get(*at) == Some(&"WITH") {
        *at += 2;
    }
    LICENCES.contains(&word)
}

fn versions(crates: &BTreeSet<Crate>) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for it in crates {
        versions.entry(&it.name).or_default().insert(&it.version);
    }
    versions
}

/// What is wrong with the licences and stacks of a build.
fn complaints(crates: &BTreeSet<Crate>) -> Vec<String> {
    let mut complaints = Vec::new();
    for it in crates.iter().filter(|it| !is_own(&it.name) && !is_allowed(&it.licence)) {
        complaints.push(format!("{} {}: licence `{}`", it.name, it.version, it.licence));
    }
    let versions = versions(crates);
    for (name, why) in BANNED.iter().filter(|(name, _)| versions.contains_key(name)) {
        complaints.push(format!("{name} came in: {why}; `cargo tree -i {name}` says through whom"));
    }
    for (name, found) in versions.iter().filter(|(_, found)| found.len() > 1) {
        if ONCE.contains(name) || !TWICE.contains(name) {
            complaints.push(format!("{name} is there {} times: {found:?}", found.len()));
        }
    }
    complaints
}

#[test]
fn licences_and_stacks_are_those_that_were_chosen() {
    let crates = tree(&["--edges", "normal"]);
    let complaints = complaints(&crates);
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
    let versions = versions(&crates);
    let missing: Vec<_> = ONCE.iter().filter(|name| !versions.contains_key(*name)).collect();
    assert!(missing.is_empty(), "gone, so take it off the list: {missing:?}");
    let settled: Vec<_> =
        TWICE.iter().filter(|name| versions.get(*name).is_none_or(|it| it.len() < 2)).collect();
    assert!(settled.is_empty(), "in one version now, so take it off the list: {settled:?}");
}

#[test]
fn what_only_builds_and_tests_has_a_licence_too() {
    let crates = tree(&["--edges", "normal,build,dev"]);
    let bad: Vec<_> = crates.iter().filter(|it| !is_own(&it.name) && !is_allowed(&it.licence)).collect();
    assert!(bad.is_empty(), "{bad:#?}");
}

#[test]
fn without_the_simulator_nothing_listens_and_time_cannot_be_stopped() {
    let has = |crates: &BTreeSet<Crate>, name: &str, feature: &str| {
        crates.iter().any(|it| it.name == name && it.features.contains(feature))
    };
    let (with, without) =
        (tree(&["--edges", "normal"]), tree(&["--edges", "normal", "--no-default-features"]));
    for (name, feature) in [("hyper", "server"), ("hyper-util", "server"), ("tokio", "test-util")] {
        assert!(has(&with, name, feature), "`sim` needs {name}/{feature}");
        assert!(!has(&without, name, feature), "{name}/{feature} is in the container's build");
    }
}

#[test]
fn a_bad_build_is_seen() {
    let lines = [
        "hyper v1.12.0|MIT|client",
        "hyper v0.14.32|MIT|client",
        "ring v0.17.14|Apache-2.0 AND ISC|",
        "gnu v1.0.0|GPL-3.0-only OR LGPL-3.0|",
        "nothing v1.0.0||",
        "twin v1.0.0 (proc-macro)|MIT/Apache-2.0|",
        "twin v2.0.0|(MIT OR GPL-2.0) AND Unicode-3.0|",
    ];
    let found = complaints(&lines.iter().filter_map(|line| Crate::parse(line)).collect());
    let about = ["gnu 1.0.0", "nothing 1.0.0", "ring came in", "hyper is there 2", "twin is there 2"];
    assert_eq!(found.len(), about.len(), "{found:#?}");
    for about in about {
        assert!(found.iter().any(|it| it.starts_with(about)), "{about}: {found:#?}");
    }
    for (expression, allowed) in [
        ("Apache-2.0 WITH LLVM-exception OR GPL-3.0", true),
        ("ISC AND (Apache-2.0 OR OpenSSL)", true),
        ("ISC AND (GPL-3.0 OR OpenSSL)", false),
        ("MIT AND OpenSSL", false),
        ("MIT OpenSSL", false),
    ] {
        assert_eq!(is_allowed(expression), allowed, "{expression}");
    }
}
