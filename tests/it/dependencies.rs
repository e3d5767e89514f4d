//! What is in the container's build and what is not, by the features that crates are built with.
//!
//! Licenses, banned crates and second versions are `cargo deny`'s to hold, by `deny.toml`: it reads crates, and no
//! features. This asks `cargo tree` and not `cargo metadata`, whose graph also has what weak features could turn on and
//! did not.

use std::collections::BTreeSet;
use std::process::Command;

/// A crate of the build.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Crate {
    name: String,
    features: BTreeSet<String>,
}

impl Crate {
    /// A line of `cargo tree`: `name v1.2.3 (proc-macro)|feature,feature`.
    fn parse(line: &str) -> Option<Self> {
        let (name, features) = line.split_once('|')?;
        let features = features.split(',').map(|it| it.trim_end_matches(" (*)").to_owned());
        Some(Self { name: name.split_whitespace().next()?.to_owned(), features: features.collect() })
    }
}

/// The crates that are built for this machine.
fn tree(arguments: &[&str]) -> BTreeSet<Crate> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command.args(["tree", "--package", "atrest", "--offline", "--locked", "--edges", "normal"]);
    command.args(["--prefix", "none", "--no-dedupe", "--format", "{p}|{f}"]);
    let output = command.args(arguments).output().unwrap();
    assert!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let crates: BTreeSet<Crate> = text.lines().filter_map(Crate::parse).collect();
    assert!(crates.len() > 100, "cargo tree answers in another form:\n{text}");
    crates
}

#[test]
fn without_the_simulator_nothing_listens_and_time_cannot_be_stopped() {
    let has = |crates: &BTreeSet<Crate>, name: &str, feature: &str| {
        crates.iter().any(|it| it.name == name && it.features.contains(feature))
    };
    let (with, without) = (tree(&[]), tree(&["--no-default-features"]));
    for (name, feature) in [("hyper", "server"), ("hyper-util", "server"), ("tokio", "test-util")] {
        assert!(has(&with, name, feature), "`sim` needs {name}/{feature}");
        assert!(!has(&without, name, feature), "{name}/{feature} is in the container's build");
    }
}
