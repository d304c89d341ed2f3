//! API keys: what a backend proves itself with; `mf_<id>_<secret>`, the secret shown once and kept as a hash.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::clock::{Clock, Entropy, Millis, random};
use super::ids::{ApiKeyId, OrgId};
use super::keys::{hex, same_secret, sha256};
use super::right::Scope;

const PREFIX: &str = "mf_";

/// A key as its owner holds it: the id finds the row, the secret proves it.
#[derive(Clone)]
pub struct KeyText {
    /// The row.
    pub id: ApiKeyId,
    secret: String,
}

impl KeyText {
    /// A new key with a secret of 256 bits.
    pub fn generate(clock: &dyn Clock, entropy: &dyn Entropy) -> Self {
        let secret = URL_SAFE_NO_PAD.encode(random::<32>(entropy));
        Self { id: ApiKeyId::generate(clock, entropy), secret }
    }

    /// Reads a key; anything else is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (id, secret) = text.strip_prefix(PREFIX)?.split_once('_')?;
        let id = format!("key_{id}").parse().ok()?;
        let long_enough = URL_SAFE_NO_PAD.decode(secret).is_ok_and(|bytes| bytes.len() == 32);
        long_enough.then(|| Self { id, secret: secret.to_owned() })
    }

    /// The whole key, for its owner's eyes.
    pub fn reveal(&self) -> String {
        let id = self.id.to_string();
        format!("{PREFIX}{}_{}", id.trim_start_matches("key_"), self.secret)
    }

    /// What is kept of the secret. A plain hash is enough for 256 random bits.
    pub fn secret_hash(&self) -> String {
        hex(&sha256(self.secret.as_bytes()))
    }
}

impl std::fmt::Debug for KeyText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyText({}, [redacted])", self.id)
    }
}

/// A key as it stands in its row.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// Its id.
    pub id: ApiKeyId,
    /// Its organization; none for a key of the platform.
    pub organization: Option<OrgId>,
    /// What it is called.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// The hash of its secret.
    pub secret_hash: String,
    /// When it was made.
    pub created_at: Millis,
    /// When it ends.
    pub expires_at: Millis,
    /// When it was taken back.
    pub revoked_at: Option<Millis>,
    /// When it was last used (kept to the minute).
    pub last_used_at: Option<Millis>,
}

impl ApiKey {
    /// Whether a text is this key, and the key counts.
    pub fn accepts(&self, text: &KeyText, now: Millis) -> bool {
        let same = same_secret(self.secret_hash.as_bytes(), text.secret_hash().as_bytes());
        same && self.id == text.id && self.counts(now)
    }

    /// Whether it was not taken back and has not ended.
    pub fn counts(&self, now: Millis) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }

    /// Whether it may do something.
    pub fn may(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }
}

/// Under which organization a key's kept answers stand: the platform's have the nil id.
pub fn owner(organization: Option<OrgId>) -> OrgId {
    organization.unwrap_or(OrgId(Uuid::nil()))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Count;

    impl Entropy for Count {
        fn fill(&self, bytes: &mut [u8]) {
            for (place, byte) in bytes.iter_mut().enumerate() {
                *byte = u8::try_from(place).unwrap();
            }
        }
    }

    impl Clock for Count {
        fn now(&self) -> Millis {
            Millis(1_000)
        }
    }

    #[test]
    fn a_key_reads_back_and_counts_until_it_ends_or_is_revoked() {
        let text = KeyText::generate(&Count, &Count);
        let read = KeyText::parse(&text.reveal()).unwrap();
        let mut key = ApiKey {
            id: text.id,
            organization: None,
            name: "x".into(),
            scopes: vec![Scope::AppsRead],
            secret_hash: text.secret_hash(),
            created_at: Millis(0),
            expires_at: Millis(10),
            revoked_at: None,
            last_used_at: None,
        };
        assert!(key.accepts(&read, Millis(9)) && !key.accepts(&read, Millis(10)));
        assert!(key.may(Scope::AppsRead) && !key.may(Scope::AppsWrite));
        key.revoked_at = Some(Millis(5));
        assert!(!key.accepts(&read, Millis(9)));
        assert!(!format!("{text:?}").contains(&text.secret));
    }

    #[test]
    fn other_texts_are_no_keys() {
        let whole = KeyText::generate(&Count, &Count).reveal();
        for text in ["", "mf_", "mf_x_y", &whole[1..], &whole[..whole.len() - 1], &format!("{whole}A")] {
            assert!(KeyText::parse(text).is_none(), "{text}");
        }
    }
}
