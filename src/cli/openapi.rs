//! `menfang openapi`.

use std::process::ExitCode;

use crate::server;

use super::out;

/// Prints the description (`OpenAPI`) of every route.
pub fn run() -> ExitCode {
    out::line(server::openapi().trim_end());
    ExitCode::SUCCESS
}
