//! `[database]`: where everything is kept.

use std::time::Duration;

use super::server_url::ServerUrl;
use super::values::Values;
use super::{ConfigError, Secret};

/// What may stand after the `?`: nothing by which the driver would go to another server than the URL says, and nothing that it does
/// not know, for that it writes into the log with its value.
const POSTGRES_TAKES: &[&str] = &[
    "sslmode",
    "ssl-mode",
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "application_name",
    "options",
    "statement-cache-capacity",
];
/// The same of MySQL.
const MYSQL_TAKES: &[&str] = &[
    "sslmode",
    "ssl-mode",
    "sslca",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    "statement-cache-capacity",
];

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
        let takes = if url.starts_with("postgres") { POSTGRES_TAKES } else { MYSQL_TAKES };
        if !server.takes_only(takes) {
            let wanted = format!("must have nothing after the ? but these, each once: {}", takes.join(", "));
            return Err(ConfigError::new("database.url", wanted));
        }
        if !server.names_a_database() {
            return Err(ConfigError::new(
                "database.url",
                "must name the database after the host: …@HOST/DATABASE",
            ));
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn validate(url: &str, insecure: bool) -> Result<(), String> {
        let database = Database {
            url: url.into(),
            insecure,
            readers: 1,
            acquire_seconds: 1,
            connections: 2,
            background_connections: 2,
            answer_milliseconds: 100,
            transaction_seconds: 1,
        };
        database.validate().map_err(|error| error.to_string())
    }

    #[test]
    fn a_url_is_not_talked_out_of_its_server_or_its_tls() {
        for url in [
            "postgres://localhost/m?host=10.0.0.7",
            "postgres://localhost/m?%68ostaddr=10.0.0.7",
            "postgres://h/m?sslmode=verify-full&sslmode=disable",
            "postgresql://h/m?sslmode=verify-full&ssl-mode=disable",
            "postgres://h/m?sslmode=verify-full&pasword=hush",
            "mysql://h/m?ssl-mode=VERIFY_IDENTITY&sslmode=DISABLED",
            "mysql://localhost/m?socket=/tmp/hush",
        ] {
            for insecure in [false, true] {
                let error = validate(url, insecure).unwrap_err();
                assert!(error.contains("after the ?") && !error.contains("hush"), "{url}: {error}");
            }
        }
    }

    #[test]
    fn a_url_may_say_how_to_connect() {
        for url in [
            "postgres://h/m?sslmode=verify-full&sslrootcert=/etc/ca.pem&application_name=menfang",
            "mariadb://h/m?ssl-mode=VERIFY_CA&ssl-ca=/etc/ca.pem",
            "mysql://localhost/m?statement-cache-capacity=0",
        ] {
            validate(url, false).unwrap();
        }
    }
}
