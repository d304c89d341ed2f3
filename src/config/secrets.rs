//! `[secrets]`: the server's own keys. Without them it does not start.

use super::values::Values;
use super::{ConfigError, Key, Secret};

const MOST_KEYS: usize = 4;
const LONGEST_ID: usize = 16;
const ENCRYPTION_KEYS: &str = "secrets.encryption_keys";

/// The section `secrets`, parsed.
#[derive(Debug, Clone)]
pub struct Secrets {
    /// One to four keys with different ids; the first one seals, all of them open.
    pub encryption_keys: Vec<EncryptionKey>,
    /// Key of the index by which phones are found.
    pub index_key: Key,
    /// Key that signs tickets, states and form tokens.
    pub signing_key: Key,
}

/// A key that seals what is stored, with the id that is stored in front of what it sealed.
#[derive(Debug, Clone)]
pub struct EncryptionKey {
    /// 1 to 16 of `a-z A-Z 0-9 _ -`.
    pub id: String,
    /// The key itself.
    pub key: Key,
}

impl Secrets {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        let section = values.section("secrets");
        let entries = section.secrets("encryption_keys")?;
        let secrets = Self {
            encryption_keys: entries.iter().map(read_encryption_key).collect::<Result<_, _>>()?,
            index_key: read_key("secrets.index_key", &section.secret("index_key")?)?,
            signing_key: read_key("secrets.signing_key", &section.secret("signing_key")?)?,
        };
        secrets.validate()?;
        Ok(secrets)
    }

    /// Checks that there is something to seal with, and that no key is used for two things.
    ///
    /// # Errors
    /// Names the key, never its value.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let keys = &self.encryption_keys;
        if keys.is_empty() {
            return Err(ConfigError::new(
                ENCRYPTION_KEYS,
                "must hold a key \"id:base64 of 32 bytes\": make one with `openssl rand -base64 32`",
            ));
        }
        if keys.len() > MOST_KEYS {
            return Err(ConfigError::new(
                ENCRYPTION_KEYS,
                format!("must hold at most {MOST_KEYS} keys: drop the oldest"),
            ));
        }
        let repeated = |(at, key): (usize, &EncryptionKey)| {
            keys[..at].iter().any(|other| other.id == key.id || other.key.expose() == key.key.expose())
        };
        if keys.iter().enumerate().any(repeated) {
            return Err(ConfigError::new(ENCRYPTION_KEYS, "must hold each id and each key once"));
        }
        if self.index_key.expose() == self.signing_key.expose() {
            return Err(ConfigError::new("secrets.index_key", "must differ from secrets.signing_key"));
        }
        Ok(())
    }
}

fn read_key(key: &str, text: &Secret) -> Result<Key, ConfigError> {
    let problem = if text.is_empty() {
        "must be set: make one with `openssl rand -base64 32`"
    } else {
        "must be base64 of exactly 32 bytes: make one with `openssl rand -base64 32`"
    };
    Key::from_base64(text.expose()).ok_or_else(|| ConfigError::new(key, problem))
}

fn read_encryption_key(entry: &Secret) -> Result<EncryptionKey, ConfigError> {
    let parsed = entry
        .expose()
        .split_once(':')
        .filter(|(id, _)| is_id(id))
        .and_then(|(id, key)| Some(EncryptionKey { id: id.to_owned(), key: Key::from_base64(key)? }));
    parsed.ok_or_else(|| {
        ConfigError::new(
            ENCRYPTION_KEYS,
            "each entry must be \"id:base64 of 32 bytes\", such as \"2026:…\" (id: letters and digits)",
        )
    })
}

fn is_id(text: &str) -> bool {
    let fine = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=LONGEST_ID).contains(&text.len()) && text.bytes().all(fine)
}
