//! Reads all sections: defaults, then the file, then the environment, then what the command line says.

use std::path::Path;

use toml::Value;

use super::values::{Values, flatten, syntax_error};
use super::{
    Accounts, Api, Billing, ConfigError, Database, Http, Lifetimes, Limits, Notifications, Ops, Redis,
    Retention, Seats, Secrets, Sms, Telemetry, WeChat,
};

/// The defaults: `config/default.toml` as it was when the program was built.
pub const DEFAULTS: &str = include_str!("../../config/default.toml");

const ENVIRONMENT_PREFIX: &str = "MENFANG__";

/// Everything that can be set, checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// The public port.
    pub http: Http,
    /// The port of probes and metrics.
    pub ops: Ops,
    /// Where everything is kept.
    pub database: Database,
    /// What connects several nodes.
    pub redis: Redis,
    /// How WeChat is reached.
    pub wechat: WeChat,
    /// How verification codes are sent.
    pub sms: Sms,
    /// The server's own keys.
    pub secrets: Secrets,
    /// How long things live.
    pub lifetimes: Lifetimes,
    /// How much of something is allowed.
    pub limits: Limits,
    /// What callers of the API are held to.
    pub api: Api,
    /// What platform accounts are held to.
    pub accounts: Accounts,
    /// Member seats of each edition.
    pub seats: Seats,
    /// What expansion packs cost.
    pub billing: Billing,
    /// How notifications are spread and repeated.
    pub notifications: Notifications,
    /// How long what is over is kept.
    pub retention: Retention,
    /// Logs.
    pub telemetry: Telemetry,
}

impl Config {
    /// Reads the defaults, `file`, the environment of this process, and `overrides` (dotted key and value), each stronger than the
    /// one before.
    ///
    /// # Errors
    /// The first key that is unknown, has a value that cannot be used, or is missing.
    pub fn load(file: Option<&Path>, overrides: &[(&str, String)]) -> Result<Self, ConfigError> {
        Self::load_from(file, process_environment()?, overrides)
    }

    /// The same with other defaults for some keys, which anything else is stronger than.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn load_with(
        defaults: &[(&str, String)],
        file: Option<&Path>,
        overrides: &[(&str, String)],
    ) -> Result<Self, ConfigError> {
        Self::layered(defaults, file, process_environment()?, overrides)
    }

    /// The same with the environment given, so that a test knows all that counts.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn load_from(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
        overrides: &[(&str, String)],
    ) -> Result<Self, ConfigError> {
        Self::layered(&[], file, environment, overrides)
    }

    fn layered(
        defaults: &[(&str, String)],
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
        overrides: &[(&str, String)],
    ) -> Result<Self, ConfigError> {
        let mut values = Values::from_defaults(DEFAULTS)?;
        let own = defaults.iter().map(|(key, value)| ((*key).to_owned(), Value::from(value.as_str())));
        values.lay(own.collect(), |_| "by this command".to_owned())?;
        if let Some(path) = file {
            values.lay(read_file(path)?, |_| format!("in the file {}", path.display()))?;
        }
        values.lay(read_environment(environment), |key| format!("environment variable {}", variable(key)))?;
        let flags = overrides.iter().map(|(key, value)| ((*key).to_owned(), Value::from(value.as_str())));
        values.lay(flags.collect(), |_| "on the command line".to_owned())?;
        Self::read(&values)
    }

    fn read(values: &Values) -> Result<Self, ConfigError> {
        Ok(Self {
            http: Http::read(values)?,
            ops: Ops::read(values)?,
            database: Database::read(values)?,
            redis: Redis::read(values)?,
            wechat: WeChat::read(values)?,
            sms: Sms::read(values)?,
            secrets: Secrets::read(values)?,
            lifetimes: Lifetimes::read(values)?,
            limits: Limits::read(values)?,
            api: Api::read(values)?,
            accounts: Accounts::read(values)?,
            seats: Seats::read(values)?,
            billing: Billing::read(values)?,
            notifications: Notifications::read(values)?,
            retention: Retention::read(values)?,
            telemetry: Telemetry::read(values)?,
        })
    }
}

/// The environment variable of a dotted key: `http.listen` is `MENFANG__HTTP__LISTEN`.
pub fn variable(key: &str) -> String {
    format!("{ENVIRONMENT_PREFIX}{}", key.replace('.', "__").to_uppercase())
}

fn read_file(path: &Path) -> Result<Vec<(String, Value)>, ConfigError> {
    let place = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|error| ConfigError::new("--config", format!("cannot read {place} ({error})")))?;
    let table: toml::Table = text.parse().map_err(|error| syntax_error(&text, &place, &error))?;
    let mut layer = Vec::new();
    flatten("", table, &mut |key, value| layer.push((key, value)));
    Ok(layer)
}

fn read_environment(variables: impl IntoIterator<Item = (String, String)>) -> Vec<(String, Value)> {
    let ours = variables.into_iter().filter_map(|(name, value)| {
        let key = name.strip_prefix(ENVIRONMENT_PREFIX)?.to_lowercase().replace("__", ".");
        Some((key, Value::String(value)))
    });
    ours.collect()
}

fn process_environment() -> Result<Vec<(String, String)>, ConfigError> {
    let mut ours = Vec::new();
    #[expect(clippy::disallowed_methods, reason = "this room is the one door to the environment")]
    let variables = std::env::vars_os();
    for (name, value) in variables {
        let Some(name) = name.to_str().filter(|name| name.starts_with(ENVIRONMENT_PREFIX)) else {
            continue;
        };
        let value = value.into_string().map_err(|_| ConfigError::new(name, "must be written in UTF-8"))?;
        ours.push((name.to_owned(), value));
    }
    Ok(ours)
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
