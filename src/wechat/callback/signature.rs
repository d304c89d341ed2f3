//! WeChat's two signatures: SHA-1 over the sorted parts, in lower-case hex.

use std::fmt::Write as _;

use secrecy::{ExposeSecret, SecretString};
use sha1::Sha1;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// `signature`: over the query only.
pub fn of_query(token: &SecretString, timestamp: &str, nonce: &str) -> String {
    sorted_sha1(&mut [token.expose_secret(), timestamp, nonce])
}

/// `msg_signature`: over the query and the encrypted body as it stands in base64.
pub fn of_message(token: &SecretString, timestamp: &str, nonce: &str, sealed: &str) -> String {
    sorted_sha1(&mut [token.expose_secret(), timestamp, nonce, sealed])
}

/// Compares in a time that tells nothing about where the two differ, nor about their lengths.
pub fn same(given: &str, right: &str) -> bool {
    Sha256::digest(given.as_bytes()).ct_eq(&Sha256::digest(right.as_bytes())).into()
}

fn sorted_sha1(parts: &mut [&str]) -> String {
    parts.sort_unstable();
    let mut hash = Sha1::new();
    for part in parts.iter() {
        hash.update(part.as_bytes());
    }
    hex(&hash.finalize())
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
