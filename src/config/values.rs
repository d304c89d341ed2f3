//! The layers laid over each other: dotted key to value, each of the kind that its default has.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use toml::Value;

use super::{ConfigError, Secret};

/// Keys that may not be shown, and may also be given as the path of a file (`…_file`).
pub(super) const SECRET_KEYS: [&str; 8] = [
    "database.url",
    "redis.url",
    "secrets.encryption_keys",
    "secrets.index_key",
    "secrets.signing_key",
    "sms.aliyun.access_key_secret",
    "sms.http.secret",
    "sms.tencent.secret_key",
];

/// All keys with the values that count at the moment.
#[derive(Debug)]
pub(super) struct Values(BTreeMap<String, Value>);

impl Values {
    /// Takes the defaults, which also say which keys exist and what kind each value is.
    pub(super) fn from_defaults(text: &str) -> Result<Self, ConfigError> {
        let table: toml::Table =
            text.parse().map_err(|error| syntax_error(text, "config/default.toml", &error))?;
        let mut known = BTreeMap::new();
        flatten("", table, &mut |key, value| {
            known.insert(key, value);
        });
        Ok(Self(known))
    }

    /// The keys in alphabetical order.
    #[cfg(test)]
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Takes a key away, as if it had been left out of the defaults.
    #[cfg(test)]
    pub(super) fn forget(&mut self, key: &str) {
        self.0.remove(key);
    }

    /// The value of a key that exists.
    pub(super) fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key)
    }

    /// Lays one layer over what is there. `origin` says where it comes from.
    pub(super) fn lay(
        &mut self,
        layer: Vec<(String, Value)>,
        origin: impl Fn(&str) -> String,
    ) -> Result<(), ConfigError> {
        let mut seen = BTreeMap::new();
        for (key, value) in layer {
            let place = origin(&key);
            let (target, value) = self.resolve(&key, value, &place)?;
            if let Some(other) = seen.insert(target.clone(), key.clone()) {
                return Err(ConfigError::new(
                    &target,
                    format!("given twice, as {other} and as {key}: keep one"),
                ));
            }
            self.0.insert(target, value);
        }
        Ok(())
    }

    fn resolve(&self, key: &str, value: Value, place: &str) -> Result<(String, Value), ConfigError> {
        if let Some(default) = self.0.get(key) {
            return Ok((key.to_owned(), like(key, default, value)?));
        }
        let named_by_file = key.strip_suffix("_file").filter(|secret| SECRET_KEYS.contains(secret));
        let Some((secret, default)) = named_by_file.and_then(|secret| Some((secret, self.0.get(secret)?)))
        else {
            return Err(ConfigError::new(
                key,
                format!("no such key ({place}); docs/configuration.md lists all of them"),
            ));
        };
        let Value::String(path) = value else {
            return Err(ConfigError::new(key, "must be the path of a file"));
        };
        let text = std::fs::read_to_string(&path)
            .map_err(|error| ConfigError::new(key, format!("cannot read the file {path:?} ({error})")))?;
        let text = text.trim_end_matches(['\r', '\n']);
        // A list in a file reads best with one entry a line.
        let text = if default.is_array() { text.replace(['\r', '\n'], ",") } else { text.to_owned() };
        Ok((secret.to_owned(), like(secret, default, Value::String(text))?))
    }

    pub(super) fn section<'v>(&'v self, name: &'static str) -> Section<'v> {
        Section { values: self, name }
    }
}

/// Walks a table down to its values, giving each with its dotted key.
pub(super) fn flatten(prefix: &str, table: toml::Table, take: &mut impl FnMut(String, Value)) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
        match value {
            // An empty table is handed on, so that a misspelt section is told even when nothing stands in it.
            Value::Table(inner) if !inner.is_empty() => flatten(&key, inner, take),
            value => take(key, value),
        }
    }
}

/// Says where a text is no TOML, without quoting the line: a secret may stand in it.
pub(super) fn syntax_error(text: &str, place: &str, error: &toml::de::Error) -> ConfigError {
    let line = error
        .span()
        .and_then(|span| text.get(..span.start))
        .map_or(1, |before| before.matches('\n').count() + 1);
    ConfigError::new("--config", format!("{place} line {line} is not valid TOML: {}", error.message()))
}

/// Turns `value` into the kind of `default`; texts (environment, flags) are read as that kind.
fn like(key: &str, default: &Value, value: Value) -> Result<Value, ConfigError> {
    let wanted = match (default, value) {
        (Value::String(_), value @ Value::String(_))
        | (Value::Integer(_), value @ Value::Integer(_))
        | (Value::Boolean(_), value @ Value::Boolean(_)) => return Ok(value),
        (Value::Array(_), Value::Array(items)) if items.iter().all(Value::is_str) => {
            return Ok(Value::Array(items));
        }
        (Value::Array(_), Value::String(text)) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            return Ok(Value::Array(items.map(Value::from).collect()));
        }
        (Value::Integer(_), Value::String(text)) => match text.trim().parse() {
            Ok(number) => return Ok(Value::Integer(number)),
            Err(_) => "must be a whole number",
        },
        (Value::Boolean(_), Value::String(text)) => match text.trim() {
            "true" => return Ok(Value::Boolean(true)),
            "false" => return Ok(Value::Boolean(false)),
            _ => "must be true or false",
        },
        (Value::Integer(_), _) => "must be a whole number",
        (Value::Boolean(_), _) => "must be true or false",
        (Value::Array(_), _) => "must be a list of texts",
        _ => "must be a text in quotes",
    };
    Err(ConfigError::new(key, wanted))
}

/// The values of one section, read as what their fields are.
#[derive(Clone, Copy)]
pub(super) struct Section<'v> {
    values: &'v Values,
    name: &'static str,
}

impl<'v> Section<'v> {
    /// The dotted key of a name in this section.
    pub(super) fn key(self, name: &str) -> String {
        format!("{}.{name}", self.name)
    }

    fn value(self, name: &str) -> Result<&'v Value, ConfigError> {
        let key = self.key(name);
        self.values.get(&key).ok_or_else(|| ConfigError::new(key, "has no default"))
    }

    /// A whole number within `range`.
    pub(super) fn number<T: TryFrom<i64> + PartialOrd + Display>(
        self,
        name: &str,
        range: RangeInclusive<T>,
    ) -> Result<T, ConfigError> {
        let given = self.value(name)?.as_integer().unwrap_or_default();
        T::try_from(given).ok().filter(|number| range.contains(number)).ok_or_else(|| {
            let wanted =
                format!("must be a whole number from {} to {} (got {given})", range.start(), range.end());
            ConfigError::new(self.key(name), wanted)
        })
    }

    /// True or false.
    pub(super) fn flag(self, name: &str) -> Result<bool, ConfigError> {
        Ok(self.value(name)?.as_bool().unwrap_or_default())
    }

    /// A text as it stands.
    pub(super) fn text(self, name: &str) -> Result<String, ConfigError> {
        Ok(self.value(name)?.as_str().unwrap_or_default().to_owned())
    }

    /// A secret text.
    pub(super) fn secret(self, name: &str) -> Result<Secret, ConfigError> {
        Ok(self.value(name)?.as_str().unwrap_or_default().into())
    }

    /// A list of secret texts.
    pub(super) fn secrets(self, name: &str) -> Result<Vec<Secret>, ConfigError> {
        Ok(self.items(name)?.map(Secret::from).collect())
    }

    /// A text read as `T`; `wanted` completes "must be …".
    pub(super) fn parse<T: FromStr>(self, name: &str, wanted: &str) -> Result<T, ConfigError> {
        self.parse_one(name, self.value(name)?.as_str().unwrap_or_default(), wanted)
    }

    /// A text read as `T`, or nothing when it is empty.
    pub(super) fn parse_unless_empty<T: FromStr>(
        self,
        name: &str,
        wanted: &str,
    ) -> Result<Option<T>, ConfigError> {
        if self.text(name)?.is_empty() { Ok(None) } else { self.parse(name, wanted).map(Some) }
    }

    /// A list of texts, each read as `T`; `wanted` completes "must be …" for one of them.
    pub(super) fn parse_list<T: FromStr>(self, name: &str, wanted: &str) -> Result<Vec<T>, ConfigError> {
        self.items(name)?.map(|item| self.parse_one(name, item, wanted)).collect()
    }

    fn items(self, name: &str) -> Result<impl Iterator<Item = &'v str>, ConfigError> {
        Ok(self.value(name)?.as_array().into_iter().flatten().filter_map(Value::as_str))
    }

    fn parse_one<T: FromStr>(self, name: &str, given: &str, wanted: &str) -> Result<T, ConfigError> {
        given.parse().map_err(|_| {
            // A URL with a user's name may hold a password too.
            let shown = if given.contains('@') { "…".to_owned() } else { format!("{given:?}") };
            ConfigError::new(self.key(name), format!("must be {wanted} (got {shown})"))
        })
    }
}
