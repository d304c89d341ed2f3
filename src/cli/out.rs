//! What commands say: results on stdout, everything else on stderr.

use std::io::Write;
use std::process::ExitCode;

use crate::config::ConfigError;
use crate::store::connect::OpenError;
use crate::usecases::administration::ChangeError;

/// Bad usage or configuration.
pub const USAGE: u8 = 2;

/// Bad usage that only the command itself can see.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(pub String);

/// A line on stdout; a reader who has gone is no failure of ours.
pub fn line(text: &str) {
    let mut out = std::io::stdout().lock();
    drop(writeln!(out, "{text}").and_then(|()| out.flush()));
}

/// A line on stderr.
pub fn note(text: &str) {
    drop(writeln!(std::io::stderr().lock(), "{text}"));
}

/// Says what went wrong, and gives the exit code for it.
pub fn fail(error: &anyhow::Error) -> ExitCode {
    note(&format!("menfang: {error:#}"));
    let usage = error.chain().any(|cause| {
        cause.is::<ConfigError>()
            || cause.is::<UsageError>()
            || matches!(cause.downcast_ref(), Some(ChangeError::Invalid { .. } | ChangeError::NotFound))
            || matches!(
                cause.downcast_ref(),
                Some(OpenError::Unsupported | OpenError::Url(_) | OpenError::File(..))
            )
    });
    ExitCode::from(if usage { USAGE } else { 1 })
}
