//! `[api]`: what callers of the API are held to.

use std::time::Duration;

use super::ConfigError;
use super::values::Values;

/// The section `api`; sources: contract section 7, security rules sections 1, 4 and 10.
#[derive(Debug, Clone)]
pub struct Api {
    /// Requests of one API key in a second.
    pub requests_per_second: u32,
    /// Requests of one API key at once.
    pub burst: u32,
    /// Requests with a wrong API key from one address, in a minute.
    pub failed_keys_per_minute: u32,
    /// How long the answer to an idempotency key is kept.
    pub idempotency_hours: u64,
    /// Longest life of an API key.
    pub key_days: u64,
}

impl Api {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        let section = values.section("api");
        let count = |name| section.number(name, 1..=1_000_000_u32);
        Ok(Self {
            requests_per_second: count("requests_per_second")?,
            burst: count("burst")?,
            failed_keys_per_minute: count("failed_keys_per_minute")?,
            idempotency_hours: section.number("idempotency_hours", 1..=168)?,
            // Longer than a year, a key is no longer one that anybody renews.
            key_days: section.number("key_days", 1..=365)?,
        })
    }

    /// How long the answer to an idempotency key is kept.
    pub fn idempotency(&self) -> Duration {
        Duration::from_secs(self.idempotency_hours * 3600)
    }

    /// Longest life of an API key.
    pub fn key(&self) -> Duration {
        Duration::from_secs(self.key_days * 86_400)
    }
}
