//! The encryption-at-rest census of a whole AWS Organization.
//!
//! A library and a thin binary. What a user sees is in the README and in the manual (`docs/`). `ARCHITECTURE.md` has the
//! overview on one page; this page has the layers and the rules for those who change the code.
//!
//! # The pipeline
//!
//! ```text
//! scan ─ ListAccounts ─► AssumeRole ─► Regions ─► collectors of S3 and KMS       the network,
//!          every call through aws::call: pace, send, classify, retry, tally      in any order
//!                                  │ observations
//!                                  ▼
//! log     one sealed segment an account ═══════════════════ the network stops here ═══════════
//!                                  │
//! publish::finalize  pass 1: resolve::KeyIndex   pass 2: buckets past the index     offline, ordered,
//!                                  │ facts                                      the same log, the same bytes
//! judge      standard and exceptions ─► each check on each resource
//!                                  │ findings
//!                                  ▼
//! table   columns ─► lake::parquet ─► lake::commit: tables, manifest, then the row in `runs`
//!                                  │ rows
//!                                  ▼
//! report  lake::rows, each file held to its hash ─► a page, CSV, JSON, OCSF     the same run, the same bytes
//! ```
//!
//! Four words, four types, never mixed: an *observation* is what a call answered, a *fact* what follows
//! for one resource after the org-wide join, a *finding* a check's verdict on a fact, a *step* a change
//! that would clear a finding. Steps have no room yet.
//!
//! Two rules explain most of the types. **"We could not see it" is a value**: what a call reads is a
//! [`model::Reading`], and a fault in it can become `unknown`, never a yes or a no. **"Missing" is
//! earned**: it is concluded only from a listing that ran to its end.
//!
//! # The layers
//!
//! | floor | rooms | may | never |
//! |---|---|---|---|
//! | data | [`model`], [`clock`], [`spelling`], [`printable`] | serde; the clock alone asks the system for the time | I/O, async, arrow, the SDK, chance |
//! | pure | [`policy`], [`resolve`], [`check`], [`standard`], [`judge`], [`control`], [`operation`], [`advice`], [`table`] | the floor above | the same |
//! | local I/O | [`log`], [`lake`], [`publish`], [`report`], [`query`] | files, arrow, parquet, zstd | the SDK |
//! | the AWS edge | [`aws`] | tokio, the SDK | print, read the environment, judge |
//! | the night | [`scan`] | tasks, and all of the above | parse flags, format text |
//! | the shell | [`cli`], `main` | flags, environment, terminal, exit codes | census logic |
//!
//! [`sim`] stands beside them, under the SDK: it knows the HTTP types of the SDK's connector and
//! `atrest_core` (the ids of [`model`], and [`clock`]), and nothing of the census.
//!
//! Four packages of their own hold a part of this by their manifests, and are built while the SDK still is: `src/core`,
//! `src/sim`, `src/assessment`, which is the first two floors but for [`table`] and cannot name the SDK, arrow or
//! tokio, and `src/offline`, which is [`table`] and the floor of local I/O and cannot name the SDK.
//! `tests/it/tidy.rs` has the table room by room, with the crates that each may name, and reads the sources to hold
//! it; `.clippy.toml` bans what only one room may do.
//!
//! # Where to begin
//!
//! [`model::reading`] for the central type, [`operation`] for what is asked of AWS, [`aws::call`] for how,
//! [`scan::scan`] for the whole night, [`resolve`] for the join, [`check`] and [`policy`] for what is asked
//! of the facts, [`judge`] for how it becomes findings, [`table`] for what readers get, [`report`] for what people open.
//! `cargo run -- demo` runs all of it. `tests/it/laws.rs` says what must always hold.
//!
//! # What to touch
//!
//! | to add | touch |
//! |---|---|
//! | a column | one entry at the end of its table's file in [`table`], and its field in [`model`]; `ATREST_BLESS=1 cargo test generated` writes `queries/schema`, `docs/src/tables.md` and Athena's template; a line in CHANGELOG.md |
//! | a table | a file in [`table`], a line in [`table::TABLES`], and its rows in [`publish::finalize`] |
//! | a check | a file in `src/assessment/check` ([`check`]) and a line in [`check::CHECKS`], with its reasons (each with a remedy of its own where the check's does not fit, and `at_most` where facts raise the severity), its truth table and its page in `check/documentation.rs`; [`standard`]'s built-in runs it, `control/controls.toml` says what it is evidence for; in `tests/it/questions/verdicts.rs` the question that stands for it |
//! | a control | a row of `src/assessment/control/controls.toml`, whose head says how; a condition asks in the words of [`model::Subject`], which `judge/subject.rs` finds; `cargo test -p atrest-assessment control` |
//! | a section of the page | a file in `report/html` and a line in its `SECTIONS`; what it shows is gathered in [`report::page`]; `tests/pages/run` looks at it in a browser |
//! | a report | a file in [`report`], a variant of [`report::Format`] and of the shell's `--format` |
//! | an operation of a known service | a row in [`operation`] and in [`operation::OPERATIONS`], a field in [`model`], the call in `aws/service/<service>.rs`, an answer and a row under `sim/wire`; coverage and pacing follow from the row, and so do the policies (`ATREST_BLESS=1 cargo test generated` writes them) |
//! | a cause that AWS's message tells | a variant of [`advice::Cause`], where it is recognized, and its sentence; a secret that a message may hold: a pattern of [`aws::message`] |
//! | a service | `aws/service/<service>.rs`, its client in [`aws::clients`], its types in [`model`], its answers under `sim/wire`, rows in [`operation`] |
//! | a question | a file under `queries/`, a line in [`query::QUERIES`]; the tests run it on the demo's lake, and `tests/it/questions/verdicts.rs` says which checks it must agree with; `ATREST_BLESS=1 cargo test generated` saves it in Athena's template |
//! | a crate | a line in Cargo.toml, its room in `tests/it/tidy.rs`; `deny.toml` says what may come with it (`cargo deny check`) |
//! | a package | its folder and Cargo.toml under `src`, `members` in Cargo.toml, `MEMBERS` in `tests/it/tidy.rs` |
//! | a room | its row in `tests/it/tidy.rs` and in the table above |
//!
//! Tests stand beside the code where they are of one file, and in `tests/it`, one binary, where they are
//! of the whole: a night on the simulator, an emulator that this project did not write, the command line as typed.

pub use atrest_assessment::{
    advice, check, clock, control, judge, model, operation, policy, printable, resolve, spelling, standard,
};
pub use atrest_offline::{lake, log, publish, query, report, table};
#[cfg(feature = "sim")]
pub use atrest_sim as sim;

pub mod aws;
pub mod cli;
pub mod scan;
