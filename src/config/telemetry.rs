//! `[telemetry]`: logs.

use std::str::FromStr;

use tracing_subscriber::EnvFilter;

use super::ConfigError;
use super::values::Values;

/// How a log line is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line, for machines.
    Json,
    /// Text, for people.
    Text,
}

impl FromStr for LogFormat {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            _ => Err(()),
        }
    }
}

/// The section `telemetry`.
#[derive(Debug, Clone)]
pub struct Telemetry {
    /// How a log line is written.
    pub log_format: LogFormat,
    /// What is logged: a level, or directives such as `info,menfang=debug`.
    pub log_level: String,
}

impl Telemetry {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        let section = values.section("telemetry");
        let telemetry = Self {
            log_format: section.parse("log_format", "\"json\" or \"text\"")?,
            log_level: section.text("log_level")?,
        };
        telemetry.validate()?;
        Ok(telemetry)
    }

    /// Checks that the level is one.
    ///
    /// # Errors
    /// Names `telemetry.log_level`.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let level = &self.log_level;
        // A bare word that is no level would be taken for the name of a module and switch everything else off.
        let bare_words = level.split(',').map(str::trim).filter(|part| !part.contains('='));
        let known = |word: &str| tracing::level_filters::LevelFilter::from_str(word).is_ok();
        if !level.is_empty() && bare_words.clone().all(known) && EnvFilter::builder().parse(level).is_ok() {
            return Ok(());
        }
        let wanted = "must be error, warn, info, debug or trace, or a list such as \"info,menfang=debug\"";
        Err(ConfigError::new("telemetry.log_level", format!("{wanted} (got {level:?})")))
    }
}
