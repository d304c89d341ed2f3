//! `[database]`: where everything is kept.

use std::time::Duration;

use super::server_url::ServerUrl;
use super::values::Values;
use super::{ConfigError, Secret};

/// The section `database`.
#[derive(Debug, Clone)]
pub struct Database {
    /// `sqlite://PATH`, `postgres://…` or `mysql://…`; secret, because the URL of a database server holds its password.
    pub url: Secret,
    /// Whether a server on another host may be spoken to without TLS.
    pub insecure: bool,
    /// Connections that read at the same time; SQLite.
    pub readers: u32,
    /// Longest wait for a free connection; SQLite.
    pub acquire_seconds: u64,
    /// Connections to a server for what somebody waits for.
    pub connections: u32,
    /// Connections to a server for sending, importing and tidying up.
    pub background_connections: u32,
    /// How long a server may take for one statement.
    pub answer_milliseconds: u64,
    /// Longest life of a writing transaction.
    pub transaction_seconds: u64,
}

impl Database {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        let section = values.section("database");
        let database = Self {
            url: section.secret("url")?,
            insecure: section.flag("insecure")?,
            readers: section.number("readers", 1..=256)?,
            acquire_seconds: section.number("acquire_seconds", 1..=60)?,
            connections: section.number("connections", 2..=1_000)?,
            background_connections: section.number("background_connections", 2..=1_000)?,
            answer_milliseconds: section.number("answer_milliseconds", 100..=10_000)?,
            // The change feed reads the last 10 s again: no transaction may be committed later than that.
            transaction_seconds: section.number("transaction_seconds", 1..=8)?,
        };
        database.validate()?;
        Ok(database)
    }

    /// Checks that the URL is one of a database that there is, and that nobody on the way to it can listen.
    ///
    /// # Errors
    /// Names `database.url`, without its value.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let url = self.url.expose();
        if url.strip_prefix("sqlite://").is_some_and(|path| !path.is_empty()) {
            return Ok(());
        }
        let server = ServerUrl::read(url, &["postgres", "postgresql", "mysql", "mariadb"]).ok_or_else(|| {
            ConfigError::new(
                "database.url",
                "must be sqlite://PATH, postgres://USER:PASSWORD@HOST/DATABASE or mysql://USER:PASSWORD@HOST/DATABASE",
            )
        })?;
        if self.insecure || server.is_here() || server.asks_for_tls() {
            return Ok(());
        }
        Err(ConfigError::new(
            "database.url",
            "must ask for TLS, because the server is on another host: add ?sslmode=verify-full (PostgreSQL) or \
             ?ssl-mode=VERIFY_IDENTITY (MySQL), or set database.insecure = true where nobody can listen",
        ))
    }

    /// How long a server may take for one statement.
    pub fn answer(&self) -> Duration {
        Duration::from_millis(self.answer_milliseconds)
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
