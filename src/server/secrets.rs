//! All nodes, and every start, have the same secrets: what differs is told before anything is read or written with it.

use crate::config::{Config, ConfigError};
use crate::domain::keys::{hex, hmac_parts};
use crate::store::secret_marks::SecretMark;
use crate::store::{Store, StoreError};

const INDEX_KEY: &str = "secrets.index_key";
const SIGNING_KEY: &str = "secrets.signing_key";

/// Refuses secrets that are not those of the rows, and remembers new ones.
///
/// # Errors
/// A [`ConfigError`] with the key's name when a secret differs, or the database is away.
pub(super) async fn agree(store: &Store, config: &Config) -> anyhow::Result<()> {
    let marks = marks(config);
    store.mark_secrets(&marks).await?;
    for name in store.changed_secrets(&marks).await? {
        if name != SIGNING_KEY {
            return Err(differs(&name).into());
        }
        // It may be changed: what it signed lives for minutes.
        tracing::warn!("secrets.signing_key is another one than before: all nodes must have the same");
        if let Some(mark) = marks.iter().find(|mark| mark.name == name) {
            store.remark_secret(mark).await?;
        }
    }
    Ok(())
}

/// What differs from the secrets of the rows; the signing key too, which the nodes that run have.
///
/// # Errors
/// The database is away.
pub async fn disagreements(store: &Store, config: &Config) -> Result<Vec<ConfigError>, StoreError> {
    Ok(store.changed_secrets(&marks(config)).await?.iter().map(|name| differs(name)).collect())
}

fn differs(name: &str) -> ConfigError {
    let (key, id) = name.split_once(':').unwrap_or((name, ""));
    let which = if id.is_empty() { String::new() } else { format!(" of the id {id:?}") };
    ConfigError::new(
        key,
        format!(
            "the key{which} is not the one that this database was written with; take it from another node or from your backup"
        ),
    )
}

fn marks(config: &Config) -> Vec<SecretMark> {
    let secrets = &config.secrets;
    let mark = |name: String, key: &[u8; 32]| {
        let mark = hex(&hmac_parts(key, "secret mark", &[name.as_bytes()]));
        SecretMark { name, mark }
    };
    let sealing = secrets.encryption_keys.iter();
    let sealing = sealing.map(|key| mark(format!("secrets.encryption_keys:{}", key.id), key.key.expose()));
    let others = [
        mark(INDEX_KEY.into(), secrets.index_key.expose()),
        mark(SIGNING_KEY.into(), secrets.signing_key.expose()),
    ];
    sealing.chain(others).collect()
}
