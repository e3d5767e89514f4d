//! The thin binary: hands its arguments to the shell and gives back the exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    atrest::cli::main()
}
