//! The parts of checked-in files that come from code: made again and compared.
//!
//! A section stands between `<!-- generated: NAME -->` and `<!-- end -->`. After a change of what it
//! comes from, `ATREST_BLESS=1 cargo test generated` writes it. To add a section, add the two lines
//! to the file and a row to [`SECTIONS`]. Files that are generated as a whole are in [`FILES`].

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use atrest::operation::{Grant, actions};
use atrest::query::{cloudformation, schema};

use crate::support::rust::read;

/// A generated section: its file, its name, and what makes it.
struct Section {
    file: &'static str,
    name: &'static str,
    text: fn() -> String,
}

const SECTIONS: &[Section] = &[
    Section { file: "docs/src/permissions.md", name: "permissions", text: || permissions(Grant::Audit) },
    Section { file: "docs/src/tables.md", name: "tables", text: atrest::table::markdown },
];

/// A file that is generated as a whole.
struct Whole {
    file: &'static str,
    text: fn() -> String,
}

const FILES: &[Whole] = &[
    Whole { file: "queries/schema/athena.sql", text: || schema::athena(None) },
    Whole { file: "queries/schema/trino.sql", text: || schema::trino(None) },
    Whole { file: "queries/schema/duckdb.sql", text: schema::duckdb_file },
    Whole { file: "queries/schema/views.sql", text: schema::views_file },
    Whole { file: "queries/schema/tables.json", text: schema::json },
    Whole { file: "deploy/athena.yaml", text: || cloudformation::template(None) },
];

const END: &str = "<!-- end -->";

fn start(name: &str) -> String {
    format!("<!-- generated: {name} -->")
}

fn permissions(grant: Grant) -> String {
    let mut text = "```text\n".to_owned();
    for action in actions(grant) {
        let _ = writeln!(text, "{action}");
    }
    text + "```\n"
}

/// The text with a section made anew; none where the section's two lines are not there.
fn with_section(text: &str, name: &str, content: &str) -> Option<String> {
    let (before, rest) = text.split_once(&start(name))?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{}\n\n{}\n\n{END}{after}", start(name), content.trim()))
}

/// The sections that a text has.
fn names(text: &str) -> BTreeSet<&str> {
    text.lines().filter_map(|line| line.strip_prefix("<!-- generated: ")?.strip_suffix(" -->")).collect()
}

fn bless() -> bool {
    std::env::var_os("ATREST_BLESS").is_some_and(|it| it == "1")
}

#[test]
fn generated_files_are_what_the_code_says() {
    let mut stale = Vec::new();
    for Whole { file, text } in FILES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let (old, new) = (fs::read_to_string(&path).unwrap_or_default(), text());
        if new != old && bless() {
            fs::write(&path, &new).unwrap();
        } else if new != old {
            let differs = new.lines().zip(old.lines()).find(|(new, old)| new != old);
            stale.push(format!("{file} is stale: {differs:#?}"));
        }
    }
    let schema = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("queries/schema")).unwrap();
    let made = FILES.iter().filter(|whole| whole.file.starts_with("queries/schema/")).count();
    assert_eq!(schema.count(), made, "queries/schema: a file that nothing makes");
    assert!(stale.is_empty(), "{}\nwrite it with ATREST_BLESS=1 cargo test generated", stale.join("\n"));
}

#[test]
fn generated_sections_are_what_the_code_says() {
    let files: BTreeSet<&str> = SECTIONS.iter().map(|section| section.file).collect();
    let mut stale = Vec::new();
    for file in files {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let old = read(&path);
        let mut new = old.clone();
        for section in SECTIONS.iter().filter(|section| section.file == file) {
            new = with_section(&new, section.name, &(section.text)())
                .unwrap_or_else(|| panic!("{file} has no `{}` … `{END}`", start(section.name)));
        }
        let known =
            SECTIONS.iter().filter(|section| section.file == file).map(|section| section.name).collect();
        assert_eq!(names(&new), known, "{file}: a section that nothing makes");
        if new != old && bless() {
            fs::write(&path, &new).unwrap();
        } else if new != old {
            let differs = new.lines().zip(old.lines()).find(|(new, old)| new != old);
            stale.push(format!("{file} is stale: {differs:#?}"));
        }
    }
    assert!(stale.is_empty(), "{}\nwrite it with ATREST_BLESS=1 cargo test generated", stale.join("\n"));
}

#[test]
fn a_stale_section_is_seen_and_only_it_is_written() {
    let text = "a\n<!-- generated: x -->\nold\n<!-- end -->\nb\n<!-- generated: y -->\n<!-- end -->\n";
    let made = with_section(text, "x", "new\n").unwrap();
    assert_eq!(made, text.replace("\nold\n", "\n\nnew\n\n"));
    assert_eq!(with_section(&made, "x", "new").unwrap(), made, "making it twice changes nothing");
    assert_eq!(with_section(text, "z", ""), None);
    assert_eq!(names(text), BTreeSet::from(["x", "y"]));
}
