//! `[database]`: where everything is kept.

use std::time::Duration;

use super::values::Values;
use super::{ConfigError, Secret};

/// The section `database`.
#[derive(Debug, Clone)]
pub struct Database {
    /// `sqlite://PATH`; secret, because the URL of a database server holds its password.
    pub url: Secret,
    /// Connections that read at the same time.
    pub readers: u32,
    /// Longest wait for a free connection.
    pub acquire_seconds: u64,
    /// Longest life of a writing transaction.
    pub transaction_seconds: u64,
}

impl Database {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        let section = values.section("database");
        let database = Self {
            url: section.secret("url")?,
            readers: section.number("readers", 1..=256)?,
            acquire_seconds: section.number("acquire_seconds", 1..=60)?,
            // The change feed reads the last 10 s again: no transaction may be committed later than that.
            transaction_seconds: section.number("transaction_seconds", 1..=8)?,
        };
        database.validate()?;
        Ok(database)
    }

    /// Checks that the URL is one of a database that this version speaks.
    ///
    /// # Errors
    /// Names `database.url`, without its value.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if self.url.expose().strip_prefix("sqlite://").is_some_and(|path| !path.is_empty()) {
            return Ok(());
        }
        Err(ConfigError::new("database.url", "must be sqlite://PATH: this version speaks SQLite only"))
    }

    /// Longest wait for a free connection.
    pub fn acquire(&self) -> Duration {
        Duration::from_secs(self.acquire_seconds)
    }

    /// Longest life of a writing transaction.
    pub fn transaction(&self) -> Duration {
        Duration::from_secs(self.transaction_seconds)
    }
}
