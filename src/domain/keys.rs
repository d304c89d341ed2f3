//! Keyed hashes: one signing key, a label for every purpose, so that no value made for one can serve another.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

type HmacSha256 = Hmac<Sha256>;

/// The server's signing key (256 bits, from configuration): everything handed out and taken back is bound to it.
#[derive(Clone)]
pub struct SigningKey([u8; 32]);

impl SigningKey {
    /// Takes the key material.
    pub fn new(material: [u8; 32]) -> Self {
        Self(material)
    }

    /// HMAC-SHA-256 over `label` and `parts`; every part is length-prefixed, so that no two lists give one text.
    pub fn mac(&self, label: &str, parts: &[&[u8]]) -> [u8; 32] {
        hmac_parts(&self.0, label, parts)
    }

    /// A key of its own for one purpose.
    #[must_use]
    pub fn derive(&self, label: &str) -> [u8; 32] {
        self.mac(label, &[])
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningKey([redacted])")
    }
}

/// HMAC-SHA-256 over a label and length-prefixed parts.
pub fn hmac_parts(key: &[u8], label: &str, parts: &[&[u8]]) -> [u8; 32] {
    // HMAC takes keys of any length (RFC 2104), so this cannot fail; an empty MAC would match nothing.
    let Ok(mut mac) = HmacSha256::new_from_slice(key) else { return [0; 32] };
    for part in std::iter::once(label.as_bytes()).chain(parts.iter().copied()) {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// SHA-256 of `bytes`, as tokens are stored.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Compares two secrets in constant time, whatever their lengths (both are hashed first).
pub fn same_secret(left: &[u8], right: &[u8]) -> bool {
    sha256(left).ct_eq(&sha256(right)).into()
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cannot_be_shifted_into_each_other() {
        let key = SigningKey::new([7; 32]);
        assert_ne!(key.mac("x", &[b"ab", b"c"]), key.mac("x", &[b"a", b"bc"]));
        assert_ne!(key.mac("x", &[]), key.mac("y", &[]));
    }

    #[test]
    fn secrets_of_other_lengths_differ() {
        assert!(same_secret(b"abc", b"abc"));
        assert!(!same_secret(b"abc", b"abcd"));
    }
}
