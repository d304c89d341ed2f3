//! Menfang's program: parse, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    menfang::cli::main()
}
