//! The house's own rules, held by reading the sources: who may name whom, no file forgotten, nothing
//! left half done.
//!
//! Clippy's bans are for the whole package, so what differs from room to room is here. [`ROOMS`] is
//! the layer table of the crate documentation; a room's row changes with the design, not with the
//! need of a day. Test code inside a room (`#[cfg(test)]`) stands outside the layers: a test may
//! bring the SDK to the simulator. Every rule is a function from text to complaints, so that the
//! tests at the end can feed it something bad and see that it bites.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use atrest::model::FaultKind;

use crate::support::rust::{Module, Source, read};

/// What a room, or one file of it, may name beside itself and `std`.
struct Room {
    /// The path under `src`, without `.rs`; the longest that fits a file decides.
    path: &'static str,
    floor: Floor,
    /// Other rooms.
    rooms: &'static [&'static str],
    /// Crates.
    crates: &'static [&'static str],
}

/// How far from pure data a room is; the crate documentation has the table.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Floor {
    Data,
    Pure,
    Local,
    Edge,
    Night,
    Shell,
}

/// Parts of `std` that reach outside: not on the first two floors.
const OUTSIDE: &[&str] = &["env", "fs", "io", "net", "process", "thread", "time"];

/// The SDK, as the edge may name it.
const SDK: &[&str] = &[
    "aws_config",
    "aws_credential_types",
    "aws_sdk_account",
    "aws_sdk_kms",
    "aws_sdk_organizations",
    "aws_sdk_s3",
    "aws_sdk_sts",
    "aws_smithy_async",
    "aws_smithy_http_client",
    "aws_smithy_runtime_api",
    "aws_smithy_types",
    "aws_types",
];

#[rustfmt::skip]
const ROOMS: &[Room] = &[
    Room { path: "core", floor: Floor::Data, rooms: &[], crates: &["serde", "thiserror"] },
    Room { path: "core/clock", floor: Floor::Data, rooms: &[], crates: &["serde", "thiserror", "time"] },
    Room { path: "model", floor: Floor::Data, rooms: &["clock"], crates: &["atrest_core", "serde", "thiserror"] },
    Room { path: "printable", floor: Floor::Data, rooms: &[], crates: &[] },
    Room { path: "spelling", floor: Floor::Data, rooms: &[], crates: &["strsim"] },
    Room { path: "policy", floor: Floor::Pure, rooms: &["clock", "model"],
           crates: &["ipnet", "serde", "serde_json", "thiserror"] },
    Room { path: "control", floor: Floor::Pure, rooms: &["model"], crates: &["serde", "toml"] },
    Room { path: "check", floor: Floor::Pure, rooms: &["clock", "model", "policy"], crates: &[] },
    Room { path: "resolve", floor: Floor::Pure, rooms: &["clock", "model", "policy"], crates: &[] },
    Room { path: "standard", floor: Floor::Pure, rooms: &["check", "clock", "glob", "model", "spelling"],
           crates: &["hex", "sha2", "thiserror", "toml"] },
    Room { path: "judge", floor: Floor::Pure, rooms: &["check", "clock", "glob", "model", "resolve", "standard"],
           crates: &["aho_corasick", "hex", "sha2"] },
    Room { path: "operation", floor: Floor::Pure, rooms: &["model"], crates: &["serde_json"] },
    // What AWS said, and what to do about it: decisions over texts.
    Room { path: "advice", floor: Floor::Pure, rooms: &["clock", "model", "operation"], crates: &[] },
    Room { path: "table", floor: Floor::Pure, rooms: &["clock", "model"], crates: &[] },
    Room { path: "log", floor: Floor::Local, rooms: &["clock", "model"],
           crates: &["hex", "serde", "serde_json", "sha2", "thiserror", "zstd"] },
    Room { path: "lake", floor: Floor::Local, rooms: &["clock", "log", "model", "table"],
           crates: &["arrow_array", "arrow_schema", "bytes", "futures", "hex", "parquet", "rayon", "rustix", "serde",
                     "serde_json", "sha2", "thiserror", "tokio"] },
    Room { path: "publish", floor: Floor::Local,
           rooms: &["check", "clock", "control", "judge", "lake", "log", "model", "resolve", "standard", "table"],
           crates: &["futures", "rayon", "serde", "serde_json", "thiserror", "tokio"] },
    Room { path: "report", floor: Floor::Local,
           rooms: &["advice", "check", "clock", "model", "operation", "printable", "lake", "table"],
           crates: &["base64", "csv", "futures", "hex", "maud", "serde", "serde_json", "sha2", "thiserror"] },
    // The one room that starts a process: the executable that answers the questions.
    Room { path: "query", floor: Floor::Local, rooms: &["clock", "model", "table"],
           crates: &["rustix", "serde_json", "thiserror"] },
    // The lake on S3 is a `lake::Store` made of the SDK: the edge knows the trait, the lake not the edge.
    Room { path: "aws", floor: Floor::Edge,
           rooms: &["advice", "clock", "lake", "log", "model", "operation", "printable"],
           crates: &["aho_corasick", "fastrand", "futures", "serde", "serde_json", "thiserror", "tokio", "tracing",
                     "http_body_util"] },
    Room { path: "aws/class_advice", floor: Floor::Pure, rooms: &["advice", "model"], crates: &[] },
    Room { path: "aws/message", floor: Floor::Pure, rooms: &["printable"], crates: &["regex"] },
    // What a raw body holds: a decision over bytes.
    Room { path: "aws/promise", floor: Floor::Pure, rooms: &[],
           crates: &["serde", "serde_json", "thiserror", "xmlparser"] },
    // The HTTP stack that the SDK brings, where it is set up: the way out, its trust, and what went wrong on it.
    Room { path: "aws/network", floor: Floor::Edge, rooms: &[],
           crates: &["aws_smithy_http_client", "aws_smithy_runtime_api", "http", "hyper_util", "thiserror"] },
    Room { path: "aws/no_proxy", floor: Floor::Edge, rooms: &[], crates: &["http", "hyper_util", "ipnet"] },
    Room { path: "aws/tunnel", floor: Floor::Edge, rooms: &[], crates: &["tokio"] },
    Room { path: "aws/trust", floor: Floor::Edge, rooms: &[],
           crates: &["aws_smithy_http_client", "base64", "rustls", "thiserror"] },
    Room { path: "aws/unreached", floor: Floor::Edge, rooms: &[], crates: &["aws_smithy_runtime_api", "rustls"] },
    Room { path: "scan", floor: Floor::Night,
           rooms: &["aws", "clock", "lake", "log", "model", "operation", "publish", "spelling"],
           crates: &["futures", "thiserror", "tokio", "tokio_util", "tracing"] },
    // Beside the layers: under the SDK, and so without a word of it but the types of its seam: HTTP, and
    // the configuration that hands the SDK its connector, its caller and its sleep.
    Room { path: "sim", floor: Floor::Edge, rooms: &[],
           crates: &["atrest_core", "aws_credential_types", "aws_smithy_async", "aws_smithy_runtime_api", "aws_smithy_types",
                     "aws_types", "hex", "http_body_util", "hyper", "hyper_util", "percent_encoding", "serde", "serde_json",
                     "sha2", "tokio"] },
    Room { path: "cli", floor: Floor::Shell,
           rooms: &["advice", "aws", "check", "clock", "judge", "lake", "log", "model", "operation", "printable", "publish",
                    "query", "report", "resolve", "scan", "sim", "spelling", "standard", "table"],
           crates: &["clap", "clap_complete", "clap_mangen", "fastrand", "futures", "indicatif", "rustix", "serde_json", "tempfile",
                     "tokio", "tokio_util", "toml", "tracing", "tracing_subscriber"] },
    // Reads the caller's environment, and that is the SDK's to read: profiles, SSO, endpoints.
    Room { path: "cli/edge", floor: Floor::Shell, rooms: &["advice", "aws", "clock", "model", "operation"],
           crates: &["aws_config", "aws_credential_types", "aws_types", "http", "serde_json"] },
    Room { path: "lib", floor: Floor::Shell, rooms: &[], crates: &["atrest_assessment", "atrest_core", "atrest_offline", "atrest_sim"] },
    Room { path: "main", floor: Floor::Shell, rooms: &["cli"], crates: &[] },
];

/// Rooms that are packages of their own: what they name of the others, their manifests say and the compiler holds.
const MEMBERS: &[&str] = &["assessment", "core", "offline", "sim"];

/// Packages of several rooms: each room has its row as if it were the census's own.
const FLOORS: &[&str] = &["assessment/", "offline/"];

/// The row that decides for a file: `aws/pace/mod` falls under `aws`.
fn room_of(module: &str) -> Option<&'static Room> {
    let fits = |room: &&Room| {
        module.strip_prefix(room.path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    ROOMS.iter().filter(fits).max_by_key(|room| room.path.len())
}

/// The imports of one file of `src` that its room does not allow. `path` is without `src/`.
fn forbidden_imports(path: &str, text: &str, dependencies: &BTreeSet<String>) -> Vec<String> {
    let module = path.trim_end_matches(".rs").trim_end_matches("/mod");
    let module = FLOORS.iter().find_map(|floor| module.strip_prefix(floor)).unwrap_or(module);
    let Some(room) = room_of(module) else {
        return vec![format!(
            "src/{path}: no row of ROOMS covers it; a new room needs one, see tests/it/tidy.rs"
        )];
    };
    let home = module.split('/').next().unwrap_or(module);
    let source = Source::of(text);
    let mut complaints = BTreeSet::new();
    let mut complain = |what: String, may: &[&str]| {
        complaints.insert(format!(
            "src/{path} names {what}; `{}` may name {}",
            room.path,
            if may.is_empty() { "none".to_owned() } else { may.join(", ") }
        ));
    };
    let own_crate = source.paths_from("crate").into_iter().chain(source.paths_from("atrest"));
    let is_whole = home == "lib" || MEMBERS.contains(&home);
    for other in own_crate.filter(|other| other != home && !is_whole) {
        if !room.rooms.contains(&other.as_str()) {
            complain(format!("the room `{other}`"), room.rooms);
        }
    }
    for name in source.roots(dependencies) {
        let sdk = home == "aws" && room.path == "aws" && SDK.contains(&name.as_str());
        if !sdk && !room.crates.contains(&name.as_str()) {
            complain(format!("the crate `{name}`"), room.crates);
        }
    }
    if room.floor <= Floor::Pure {
        // The clock is the one room where the system's time comes in.
        let may = |part: &String| room.path == "core/clock" && part == "time";
        for part in
            source.paths_from("std").into_iter().filter(|part| OUTSIDE.contains(&part.as_str()) && !may(part))
        {
            complain(format!("`std::{part}`, which reaches outside"), &["the rest of std"]);
        }
    }
    let depth = if matches!(module, "lib" | "main") { 0 } else { module.split('/').count() };
    if source.most_supers_beyond_inline() >= depth.max(1) {
        complain("another room by climbing out with `super::`".to_owned(), &["`crate::<room>` instead"]);
    }
    complaints.into_iter().collect()
}

/// Things that no file of ours has.
fn left_overs(path: &str, text: &str) -> Vec<String> {
    let source = Source::of(text);
    let mut complaints = Vec::new();
    if !text.starts_with("//!") {
        complaints
            .push(format!("{path}: its first line is no `//!`: say what the file owns, and why it is so"));
    }
    for (tokens, why) in [
        (&["#", "[", "ignore"][..], "`#[ignore]` hides a test: make it pass, or take it out"),
        (&["#", "[", "allow", "("], "`#[allow]` outlives its reason: use `#[expect(…, reason = \"…\")]`"),
        (
            &["#", "!", "[", "allow", "("],
            "`#![allow]` outlives its reason: use `#![expect(…, reason = \"…\")]`",
        ),
        (&["todo", "!"], "`todo!` panics in the night: finish it, or return an error"),
        (&["unimplemented", "!"], "`unimplemented!` panics in the night: finish it, or return an error"),
    ] {
        if source.has(tokens) {
            complaints.push(format!("{path}: {why}"));
        }
    }
    let fence = |line: &str| {
        let doc = line.trim_start();
        (doc.starts_with("///") || doc.starts_with("//!"))
            && doc.contains("```")
            && doc.split("```").nth(1).is_some_and(|info| info.contains("ignore"))
    };
    if text.lines().any(fence) {
        complaints
            .push(format!("{path}: a documentation example is ignored: let it compile, or mark it `text`"));
    }
    complaints
}

/// How a check may not come by a value: round [`atrest::model::Reading::settled`], or by the lake's words for how a read
/// ended. What was not read would be one comparison away from a pass.
fn unsettled(path: &str, text: &str) -> Vec<String> {
    let source = Source::of(text);
    let mut complaints = Vec::new();
    for (tokens, what) in [
        (&[".", "known", "(", ")"][..], "`.known()`"),
        (&["Reading", "::", "Known"], "`Reading::Known`"),
        (&["Reading", "::", "Absent"], "`Reading::Absent`"),
        (&[".", "ended", "(", ")"], "`.ended()`"),
    ] {
        if source.has(tokens) {
            complaints.push(format!("src/{path} has {what}: a check takes a value by `settled()?` alone"));
        }
    }
    let words =
        ["known", "absent", "gone", "not_asked"].into_iter().chain(FaultKind::ALL.iter().map(|it| it.word()));
    for word in words.filter(|word| text.contains(&format!("\"{word}\""))) {
        complaints.push(format!("src/{path} has the *read* word \"{word}\": compare what `settled()` gives"));
    }
    complaints
}

/// Lines in any file that belong to somebody's machine or merge. The pieces keep this file from finding itself.
fn machine_words(path: &str, text: &str) -> Vec<String> {
    let folders = [
        concat!("/ho", "me/"),
        concat!("/ro", "ot/"),
        concat!("/Us", "ers/"),
        concat!("/wo", "rk/"),
        "C:\\Users\\",
    ];
    let settings = [
        concat!("--index", "-url"),
        concat!("--extra-index", "-url"),
        concat!("index", "-url ="),
        concat!("replace", "-with"),
        concat!("[regis", "tries"),
    ];
    let mut complaints = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let at = format!("{path}:{}", number + 1);
        for folder in folders {
            let starts_a_path = |at: usize| {
                !line[..at].ends_with(|c: char| {
                    c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '}' | '>' | '*')
                })
            };
            if line.match_indices(folder).any(|(found, _)| starts_a_path(found)) {
                complaints.push(format!(
                    "{at}: `{folder}…` is a folder of one machine: take it from the environment"
                ));
            }
        }
        if ["<<<<<<< ", ">>>>>>> "].iter().any(|marker| line.starts_with(marker)) {
            complaints.push(format!("{at}: a merge that nobody finished"));
        }
        for setting in settings.iter().filter(|setting| line.contains(**setting)) {
            complaints
                .push(format!("{at}: `{setting}` is a registry of one machine: leave it to that machine"));
        }
        if path == "Cargo.lock"
            && line.starts_with("source = ")
            && !line.contains("github.com/rust-lang/crates.io-index")
        {
            complaints.push(format!("{at}: a dependency that is not from crates.io"));
        }
    }
    complaints
}

/// Files that no `mod` reaches: they compile never, and rot.
fn forgotten(files: &BTreeSet<PathBuf>, reached: &BTreeSet<PathBuf>) -> Vec<String> {
    files
        .difference(reached)
        .map(|file| format!("{} is in no `mod` declaration: declare it, or delete it", file.display()))
        .collect()
}

/// Names that are there and not in their registry, or the other way round.
fn unregistered(
    what: &str,
    registry: &str,
    there: &BTreeSet<String>,
    registered: &BTreeSet<String>,
) -> Vec<String> {
    let forgotten = there.difference(registered).map(|name| format!("{what} `{name}` is not in {registry}"));
    let gone =
        registered.difference(there).map(|name| format!("{registry} has `{name}`, which is no {what}"));
    forgotten.chain(gone).collect()
}

/// The operations that a text defines, and those that its registry lists.
fn operations(text: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let source = Source::of(text);
    let defined = source.after(&["operation", "!", "("]).filter(|name| name.starts_with(char::is_uppercase));
    let list = text.split_once("OPERATIONS: &[&Operation] = &[").and_then(|(_, rest)| rest.split_once("];"));
    let listed =
        list.map_or("", |(list, _)| list).split(',').filter_map(|entry| entry.trim().strip_prefix('&'));
    (defined.collect(), listed.map(str::to_owned).collect())
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file under a folder with its path from the package's root, without what tools leave behind.
fn files(folder: &str) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut open = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name();
            let left_behind = [".git", "target", "atrest-demo", "__pycache__"].iter().any(|it| name == *it);
            match entry.file_type().unwrap() {
                _ if left_behind => {}
                kind if kind.is_dir() => open.push(entry.path()),
                _ => {
                    found.insert(entry.path().strip_prefix(root()).unwrap().to_owned());
                }
            }
        }
    }
    found
}

fn rust_files(folder: &str) -> BTreeSet<PathBuf> {
    files(folder).into_iter().filter(|file| file.extension().is_some_and(|it| it == "rs")).collect()
}

/// Every file that the package's targets reach through `mod`.
fn modules() -> BTreeMap<PathBuf, Module> {
    let manifest: toml::Table = toml::from_str(&read(&root().join("Cargo.toml"))).unwrap();
    let named = ["bench", "test", "example", "bin"].iter().filter_map(|kind| manifest.get(*kind)?.as_array());
    let named = named.flatten().filter_map(|target| target.get("path")?.as_str()).map(PathBuf::from);
    // The fuzz target is of a package of its own, which the build does not know.
    let usual = ["src/lib.rs", "src/main.rs", "tests/it/main.rs", "tests/fuzz/policy.rs"].map(PathBuf::from);
    let members = MEMBERS.iter().map(|member| PathBuf::from(format!("src/{member}/lib.rs")));
    let mut reached = BTreeMap::new();
    for target in usual.into_iter().chain(members).chain(named) {
        Module::reach(root(), &target, &mut reached);
    }
    reached
}

/// The folders of the packages.
fn packages() -> impl Iterator<Item = PathBuf> {
    [PathBuf::new()].into_iter().chain(MEMBERS.iter().map(|member| Path::new("src").join(member)))
}

/// The crates of a package's manifest as code names them.
fn dependencies_of(package: &Path) -> BTreeSet<String> {
    let manifest: toml::Table = toml::from_str(&read(&root().join(package).join("Cargo.toml"))).unwrap();
    let table = manifest["dependencies"].as_table().unwrap();
    table.keys().map(|name| name.replace('-', "_")).collect()
}

/// The crates of all manifests.
fn dependencies() -> BTreeSet<String> {
    packages().flat_map(|package| dependencies_of(&package)).collect()
}

/// Whether a file is of a package, and not of one within it.
fn is_of(file: &Path, package: &Path) -> bool {
    packages().filter(|it| file.starts_with(it)).max_by_key(|it| it.components().count()).as_deref()
        == Some(package)
}

fn none(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn every_file_names_only_what_its_room_may() {
    let dependencies = dependencies();
    let product = modules().into_iter().filter(|(path, module)| path.starts_with("src") && !module.test);
    let complaints = product.flat_map(|(path, module)| {
        let path = path.strip_prefix("src").unwrap().display().to_string();
        forbidden_imports(&path, &module.text, &dependencies)
    });
    none(complaints.collect());
}

#[test]
fn checks_reach_values_through_settled_alone() {
    let product = modules().into_iter().filter(|(_, module)| !module.test);
    let complaints = product.flat_map(|(path, module)| {
        let path = path.strip_prefix("src").unwrap_or(&path).display().to_string();
        let is_check = path.starts_with("assessment/check/");
        if is_check { unsettled(&path, &module.text) } else { Vec::new() }
    });
    none(complaints.collect());
}

#[test]
fn every_dependency_is_named_somewhere() {
    let modules = modules();
    let unnamed = |package: PathBuf| {
        let dependencies = dependencies_of(&package);
        let own = modules.iter().filter(|(file, _)| is_of(file, &package));
        let named: BTreeSet<String> =
            own.flat_map(|(_, module)| Source::with_tests(&module.text).roots(&dependencies)).collect();
        let manifest = package.join("Cargo.toml").display().to_string();
        let unnamed = dependencies.difference(&named);
        unnamed.map(|name| format!("{manifest}: nothing names `{name}`")).collect::<Vec<_>>()
    };
    none(packages().flat_map(unnamed).collect());
}

#[test]
fn no_file_is_left_half_done() {
    let sources = rust_files("src").into_iter().chain(rust_files("tests"));
    none(
        sources
            .flat_map(|path| left_overs(&path.display().to_string(), &read(&root().join(&path))))
            .collect(),
    );
}

#[test]
fn no_file_is_forgotten() {
    let there = rust_files("src").into_iter().chain(rust_files("tests")).collect();
    none(forgotten(&there, &modules().into_keys().collect()));
}

#[test]
fn no_table_is_forgotten() {
    let helpers = ["mod", "value", "tests"];
    let stems =
        rust_files("src/offline/table").into_iter().map(|it| it.file_stem().unwrap().display().to_string());
    let there = stems.filter(|stem| !helpers.contains(&stem.as_str())).collect();
    let registered = atrest::table::TABLES.iter().map(|table| table.name.to_owned()).collect();
    none(unregistered("table", "table::TABLES", &there, &registered));
}

#[test]
fn no_query_is_forgotten() {
    let files = files("queries").into_iter().filter(|file| !file.starts_with("queries/schema"));
    let there = files.map(|file| file.display().to_string()).collect();
    let path = |query: &atrest::query::Query| format!("queries/{}/{}.sql", query.topic, query.name);
    let registered = atrest::query::QUERIES.iter().map(path).collect();
    none(unregistered("query", "query::QUERIES", &there, &registered));
}

#[test]
fn no_operation_is_forgotten() {
    let (defined, listed) = operations(&read(&root().join("src/assessment/operation.rs")));
    assert_eq!(listed.len(), atrest::operation::OPERATIONS.len(), "the list is read as it is");
    none(unregistered("operation", "operation::OPERATIONS", &defined, &listed));
}

#[test]
fn no_file_knows_the_machine_that_it_was_written_on() {
    let complaints = files(".").into_iter().flat_map(|path| {
        // What is not text has no path to leak that a person wrote.
        let text = fs::read_to_string(root().join(&path)).unwrap_or_default();
        machine_words(&path.display().to_string(), &text)
    });
    none(complaints.collect());
}

/// Every rule bites: each sample has exactly the faults that are written beside it.
mod bites {
    use super::*;

    #[track_caller]
    fn complains(complaints: &[String], about: &[&str]) {
        assert_eq!(complaints.len(), about.len(), "{complaints:#?}");
        for (complaint, about) in complaints.iter().zip(about) {
            assert!(complaint.contains(about), "{complaint:?} does not speak of {about:?}");
        }
    }

    fn imports(path: &str, text: &str) -> Vec<String> {
        forbidden_imports(path, text, &dependencies())
    }

    #[test]
    fn imports_across_rooms() {
        complains(&imports("model/key.rs", "use crate::clock::Timestamp; use super::ids::Arn;"), &[]);
        complains(
            &imports("model/key.rs", "use crate::{clock::Timestamp, aws::{ops, call}};"),
            &["room `aws`"],
        );
        complains(&imports("table/keys.rs", "fn f() { crate::lake::put() }"), &["room `lake`"]);
        complains(&imports("resolve/key.rs", "use super::super::aws::ops;"), &["climbing out"]);
        complains(&imports("printable.rs", "use super::model::Arn;"), &["climbing out"]);
        complains(&imports("main.rs", "fn main() { atrest::scan::scan() }"), &["room `scan`"]);
        complains(&imports("new_room/mod.rs", ""), &["no row of ROOMS"]);
    }

    #[test]
    fn crates_out_of_place() {
        complains(&imports("aws/service/kms.rs", "use aws_sdk_kms::types::KeyMetadata;"), &[]);
        complains(&imports("lake/committed.rs", "use aws_sdk_s3::Client;"), &["crate `aws_sdk_s3`"]);
        complains(&imports("sim/world.rs", "use aws_sdk_kms as kms;"), &["crate `aws_sdk_kms`"]);
        complains(
            &imports("scan/mod.rs", "fn f() -> indicatif::ProgressBar { clap::go() }"),
            &["`clap`", "`indicatif`"],
        );
        complains(&imports("operation.rs", "use tokio::time;"), &["crate `tokio`"]);
        complains(&imports("resolve/mod.rs", "use std::{collections::BTreeMap, fs::File};"), &["`std::fs`"]);
        complains(&imports("model/run.rs", "use std::time::Instant;"), &["`std::time`"]);
    }

    #[test]
    fn words_and_tests_are_not_imports() {
        let words = r##"
            // use crate::operation;
            /* use clap::Parser; /* aws_sdk_s3:: */ */
            const A: &str = "use crate::operation"; const B: &str = r#"" tokio::spawn "#; const C: char = '"';
            fn f<'a>(x: &'a str) -> &'a str { x }
            #[cfg(test)]
            mod tests { use crate::operation; use tokio::time; fn f() { super::super::f() } }
        "##;
        complains(&imports("model/run.rs", words), &[]);
        let after = format!("{words} fn g() {{ crate::aws::f() }}");
        complains(&imports("model/run.rs", &after), &["room `aws`"]);
    }

    #[test]
    fn values_that_are_not_settled() {
        let path = "assessment/check/x.rs";
        complains(&unsettled(path, "fn f() { facts.encryption.settled()?; }"), &[]);
        complains(&unsettled(path, "fn f() { facts.encryption.known(); }"), &["`.known()`"]);
        complains(&unsettled(path, "fn f() { matches!(r, Reading::Known(_)) }"), &["`Reading::Known`"]);
        complains(&unsettled(path, "fn f() { read == \"denied\" }"), &["\"denied\""]);
    }

    #[test]
    fn left_over_work() {
        let whole = "//! A file.\n/// ```text\n/// ```\n#[expect(dead_code, reason = \"…\")]\nfn f() {}";
        complains(&left_overs("a.rs", whole), &[]);
        complains(
            &left_overs(
                "a.rs",
                "//! ``\u{60}ignore\n//! ```\n#\u{5b}ignore = \"slow\"]\nfn f() { todo\u{21}() }",
            ),
            &["#[ignore]", "todo!", "example is ignored"],
        );
        complains(
            &left_overs("a.rs", "#![allow(dead_code)]\n#[allow(unused)] fn f() { unimplemented\u{21}() }"),
            &["first line", "#[allow]", "#![allow]", "unimplemented!"],
        );
    }

    #[test]
    fn a_machines_words() {
        let home = concat!("/ho", "me/somebody/lake");
        complains(&machine_words("a.md", &format!("see {home}\nor https://example.com{home}")), &["a.md:1"]);
        complains(
            &machine_words("pip.conf", concat!("index", "-url = https://example.com/simple")),
            &["registry"],
        );
        let locked = "source = \"registry+https://example.com/index\"";
        complains(&machine_words("Cargo.lock", locked), &["not from crates.io"]);
        complains(&machine_words("a.rs", "a\n<<<<<<< HEAD\nb\n=======\n>>>>>>> c"), &["a.rs:2", "a.rs:5"]);
        complains(&machine_words("a.sh", "cache=\"$HOME/work/x\"; cd ./root/y"), &[]);
    }

    #[test]
    fn forgotten_files_and_entries() {
        let there = ["src/a.rs", "src/b.rs"].map(PathBuf::from).into();
        complains(&forgotten(&there, &[PathBuf::from("src/a.rs")].into()), &["src/b.rs"]);
        let (here, listed) = operations(
            "operation!(\n    LIST_KEYS,\n    Kms); operation!(GET_KEY, Kms);
             pub static OPERATIONS: &[&Operation] = &[\n    &LIST_KEYS,\n    &LIST_GONE,\n];",
        );
        complains(&unregistered("operation", "OPERATIONS", &here, &listed), &["GET_KEY", "LIST_GONE"]);
    }
}
