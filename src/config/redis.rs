//! `[redis]`: what connects several nodes.

use super::values::Values;
use super::{ConfigError, Secret};

/// The section `redis`.
#[derive(Debug, Clone)]
pub struct Redis {
    /// Empty in this version; secret, because it would hold a password.
    pub url: Secret,
}

impl Redis {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        let redis = Self { url: values.section("redis").secret("url")? };
        redis.validate()?;
        Ok(redis)
    }

    /// Refuses a URL: a second node would not hear the first one, which is worse than not starting.
    ///
    /// # Errors
    /// Names `redis.url`, without its value.
    pub fn validate(&self) -> Result<(), ConfigError> {
        if self.url.is_empty() {
            return Ok(());
        }
        Err(ConfigError::new(
            "redis.url",
            "must be empty: this version runs as one process with a bus inside it",
        ))
    }
}
