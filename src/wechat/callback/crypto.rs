//! Opening what WeChat encrypted: AES-256-CBC, the appid inside, padding to 32 bytes.

use std::fmt;

use aes::cipher::block_padding::NoPadding;
use aes::cipher::{BlockModeDecrypt, KeyIvInit};
use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use zeroize::Zeroizing;

type Decryptor = cbc::Decryptor<aes::Aes256>;

/// 43 characters carry 258 bits for a key of 256: the spare ones are seldom zero, and the strict engines refuse that.
const KEY_ENGINE: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

/// Random bytes in front of the message.
const RANDOM_LENGTH: usize = 16;

/// Padding goes up to this, twice AES's own block.
const PADDING_BLOCK: usize = 32;

/// A service account's `EncodingAESKey`, wiped from memory when dropped.
#[derive(Clone)]
pub struct EncodingAesKey(Zeroizing<[u8; 32]>);

/// A text that is no `EncodingAESKey`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an EncodingAESKey has 43 characters of base64")]
pub struct InvalidKey;

impl EncodingAesKey {
    /// Reads the 43 characters that WeChat's console shows.
    ///
    /// # Errors
    /// `InvalidKey` for anything else.
    pub fn parse(text: &str) -> Result<Self, InvalidKey> {
        if text.len() != 43 {
            return Err(InvalidKey);
        }
        let mut key = Zeroizing::new([0; 32]);
        match KEY_ENGINE.decode_slice(text, &mut *key) {
            Ok(32) => Ok(Self(key)),
            _ => Err(InvalidKey),
        }
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for EncodingAesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncodingAesKey([redacted])")
    }
}

/// The message inside, if this key opens it and it was meant for `appid`; call it only on a text whose signature fits.
pub(super) fn open(key: &EncodingAesKey, sealed: &str, appid: &str) -> Option<Vec<u8>> {
    let mut bytes = STANDARD.decode(sealed).ok()?;
    let (key, iv) = (&*key.0, &key.0[..16]);
    let decryptor = Decryptor::new_from_slices(key, iv).ok()?;
    let plain = decryptor.decrypt_padded::<NoPadding>(&mut bytes).ok()?;
    let plain = without_padding(plain)?;
    let (length, rest) = plain.get(RANDOM_LENGTH..)?.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (message, receiver) = rest.split_at_checked(length)?;
    (receiver == appid.as_bytes()).then(|| message.to_vec())
}

/// Strips 1 to 32 bytes that all say how many they are; AES's own unpadding stops at 16.
fn without_padding(plain: &[u8]) -> Option<&[u8]> {
    let count = usize::from(*plain.last()?);
    let (message, padding) = plain.split_at_checked(plain.len().checked_sub(count)?)?;
    let fits = (1..=PADDING_BLOCK).contains(&count) && padding.iter().all(|&byte| usize::from(byte) == count);
    fits.then_some(message)
}
