//! `atrest man`: a manual page for atrest and one for each command, made of the command line's own definition.

use std::fs;
use std::path::Path;

use clap::CommandFactory;

use super::args::Cli;
use super::error::CliError;

/// Writes `atrest.1`, `atrest-scan.1` and so on into a folder. They have no date: two builds of a package give the same
/// bytes.
pub fn run(folder: &Path) -> Result<(), CliError> {
    fs::create_dir_all(folder).and_then(|()| clap_mangen::generate_to(Cli::command(), folder)).map_err(
        |error| {
            CliError::usage(format!("failed to write the manual pages to {}: {error}", folder.display()))
                .hint("give a folder that can be written to")
        },
    )
}
