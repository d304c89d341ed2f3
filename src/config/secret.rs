//! Values that must not be seen: they print as `[redacted]` and are wiped when dropped.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

/// A secret text; empty means "not set". It has no `Display`, so that it cannot slip into a message.
#[derive(Clone, Default)]
pub struct Secret(SecretString);

impl Secret {
    /// Whether nothing was set.
    pub fn is_empty(&self) -> bool {
        self.expose().is_empty()
    }

    /// The value itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// A key of 32 bytes.
#[derive(Clone)]
pub struct Key(Zeroizing<[u8; 32]>);

impl Key {
    /// Reads base64 (the standard alphabet with padding, as `openssl rand -base64 32` prints it); `None` when it is not that, or
    /// not 32 bytes.
    pub fn from_base64(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(STANDARD.decode(text).ok()?);
        Some(Self(Zeroizing::new(bytes.as_slice().try_into().ok()?)))
    }

    /// The bytes, for the one place that needs them.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_print_redacted() {
        let key = Key::from_base64(&STANDARD.encode([7; 32])).unwrap();
        assert_eq!(format!("{:?} {key:?}", Secret::from("hush")), "[redacted] [redacted]");
    }

    #[test]
    fn a_key_is_32_bytes_of_canonical_base64() {
        assert_eq!(Key::from_base64(&STANDARD.encode([7; 32])).unwrap().expose(), &[7; 32]);
        for bad in [String::new(), STANDARD.encode([7; 31]), STANDARD.encode([7; 33]), "*".repeat(44)] {
            assert!(Key::from_base64(&bad).is_none(), "{bad}");
        }
    }
}
