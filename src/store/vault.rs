//! Secrets and phones at rest: XChaCha20-Poly1305 with a random nonce, bound to table, column, row and organization,
//! the key's id in front (`k1:base64`); phones are found by a keyed index under a key of its own.

use std::fmt::Display;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

use crate::domain::clock::{Entropy, random};
use crate::domain::ids::OrgId;
use crate::domain::keys::{hex, hmac_parts};
use crate::domain::phone_number::PhoneNumber;

use super::error::{StoreError, inconsistent};

/// The keys of everything that is sealed at rest.
#[derive(Clone)]
pub struct Vault {
    ciphers: Vec<(String, XChaCha20Poly1305)>,
    index_key: [u8; 32],
}

/// Where a sealed value stands; a value moved elsewhere does not open.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a, I: Display> {
    pub(crate) table: &'static str,
    pub(crate) column: &'static str,
    pub(crate) row: &'a I,
    pub(crate) organization: OrgId,
}

impl<I: Display> Place<'_, I> {
    fn aad(&self) -> Vec<u8> {
        format!("{}|{}|{}|{}", self.table, self.column, self.row, self.organization).into_bytes()
    }
}

impl Vault {
    /// Takes the keys: the first one seals, all of them open.
    pub fn new(keys: &[(String, [u8; 32])], index_key: [u8; 32]) -> Self {
        let ciphers = keys.iter().map(|(id, key)| (id.clone(), XChaCha20Poly1305::new(key.into()))).collect();
        Self { ciphers, index_key }
    }

    /// The index by which a phone is found without being readable.
    pub fn phone_index(&self, phone: &PhoneNumber) -> String {
        hex(&hmac_parts(&self.index_key, "phone index", &[phone.as_str().as_bytes()]))
    }

    /// What a row to hold is called when its own name says who somebody is.
    pub(crate) fn lock_name(&self, name: &str) -> String {
        hex(&hmac_parts(&self.index_key, "lock name", &[name.as_bytes()]))
    }

    /// Whether a sealed value already uses the key that seals now.
    pub fn is_current(&self, sealed: &str) -> bool {
        let current = self.ciphers.first().map(|(id, _)| id.as_str());
        sealed.split_once(':').map(|(id, _)| id) == current
    }

    pub(crate) fn seal<I: Display>(
        &self,
        place: &Place<'_, I>,
        clear: &str,
        entropy: &dyn Entropy,
    ) -> Result<String, StoreError> {
        let unsealable = || inconsistent(place.table, place.column, place.row);
        let (id, cipher) = self.ciphers.first().ok_or_else(unsealable)?;
        let nonce: [u8; 24] = random(entropy);
        let payload = Payload { msg: clear.as_bytes(), aad: &place.aad() };
        let sealed = cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| unsealable())?;
        Ok(format!("{id}:{}", STANDARD_NO_PAD.encode([&nonce[..], &sealed].concat())))
    }

    pub(crate) fn open<I: Display>(&self, place: &Place<'_, I>, sealed: &str) -> Result<String, StoreError> {
        self.try_open(place, sealed).ok_or_else(|| inconsistent(place.table, place.column, place.row))
    }

    fn try_open<I: Display>(&self, place: &Place<'_, I>, sealed: &str) -> Option<String> {
        let (id, text) = sealed.split_once(':')?;
        let (_, cipher) = self.ciphers.iter().find(|(known, _)| known == id)?;
        let bytes = STANDARD_NO_PAD.decode(text).ok()?;
        let (nonce, body) = bytes.split_at_checked(24)?;
        let nonce: [u8; 24] = nonce.try_into().ok()?;
        let clear = cipher.decrypt(&XNonce::from(nonce), Payload { msg: body, aad: &place.aad() }).ok()?;
        String::from_utf8(clear).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    struct Sevens;

    impl Entropy for Sevens {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(7);
        }
    }

    #[test]
    fn a_value_opens_only_in_its_place_and_with_its_key() {
        let vault = Vault::new(&[("k2".into(), [2; 32]), ("k1".into(), [1; 32])], [3; 32]);
        let place = |row| Place { table: "t", column: "c", row, organization: OrgId(Uuid::nil()) };
        let old = Vault::new(&[("k1".into(), [1; 32])], [3; 32]).seal(&place(&1), "secret", &Sevens).unwrap();
        assert_eq!(vault.open(&place(&1), &old).unwrap(), "secret");
        assert!(vault.open(&place(&2), &old).is_err(), "moved to another row");
        let new = vault.seal(&place(&1), "secret", &Sevens).unwrap();
        assert!(vault.is_current(&new) && !vault.is_current(&old) && !new.contains("secret"));
        assert!(
            Vault::new(&[("k1".into(), [9; 32])], [3; 32]).open(&place(&1), &old).is_err(),
            "another key"
        );
    }
}
