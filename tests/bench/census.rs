//! `cargo bench --bench census`: what a census costs in calls, CPU, memory and bytes.
//!
//! A harness of its own, since peak memory is a process's and not a function's: every scenario runs
//! in a process of this same executable, which prints its figures as one line of JSON. Nothing here
//! asserts a time. Figures that depend on the machine are given as ratios within one run, or as what
//! they are; what does not depend on it (calls a resource, rows that must not be lost) is asserted,
//! and a scenario that fails makes the bench exit with 1.
//!
//! ```text
//! cargo bench --bench census               # all of it, some minutes
//! cargo bench --bench census -- --quick    # smaller, under a minute
//! ```

#![expect(
    clippy::cast_precision_loss,
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    clippy::format_push_string,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a bench prints, reads its arguments and the time, and rounds"
)]

mod calls;
mod cpu;
mod offline;
mod policy;
mod process;
mod report;
mod wire;
mod worlds;

use std::process::ExitCode;

use atrest::model::Exceptions;
use atrest::standard;

use process::Figures;

/// Why a scenario failed, in words.
type Failed = Box<dyn std::error::Error>;

/// The word before a scenario's name on the command line of its process.
const SCENARIO: &str = "scenario";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        [SCENARIO, name, rest @ ..] => scenario(name, rest).map(|figures| process::give(&figures)),
        // `cargo bench` adds `--bench`; without it this is `cargo test --all-targets`.
        all => report::run(all.contains(&"--quick") || !all.contains(&"--bench")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("census bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What a process of its own does.
fn scenario(name: &str, rest: &[&str]) -> Result<Figures, Failed> {
    match (name, rest) {
        ("calls", [world]) => calls::run(world),
        ("cpu", [subject, buckets]) => cpu::run(subject, buckets.parse()?),
        ("policy", [of, spread]) => policy::run(of, spread),
        ("serve", [accounts, buckets]) => wire::serve(&worlds::shape(accounts, buckets)?),
        ("scan", [accounts, buckets, address, lake]) => {
            wire::scan(&worlds::shape(accounts, buckets)?, address, lake)
        }
        ("log", [accounts, buckets, keys, lake]) => {
            offline::write_log(&worlds::shape_with(accounts, buckets, keys)?, lake)
        }
        ("finalize", [accounts, buckets, keys, lake]) => {
            let shape = worlds::shape_with(accounts, buckets, keys)?;
            offline::finalize(&shape, lake, &standard::built_in(), Exceptions::default())
        }
        ("finalize-by-one-check", [accounts, buckets, keys, lake]) => {
            let shape = worlds::shape_with(accounts, buckets, keys)?;
            offline::finalize(&shape, lake, &worlds::one_check(), Exceptions::default())
        }
        ("finalize-with-exceptions", [accounts, buckets, keys, count, lake]) => {
            let shape = worlds::shape_with(accounts, buckets, keys)?;
            offline::finalize(&shape, lake, &standard::built_in(), worlds::exceptions(&shape, count.parse()?))
        }
        _ => Err(format!("there is no scenario {name} {rest:?}").into()),
    }
}
