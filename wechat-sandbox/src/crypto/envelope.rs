//! The encrypted envelope: AES-256-CBC over `random ‖ length ‖ message ‖ appid`, padded to blocks of 32 bytes.

use aes::Aes256;
use base64::{
    Engine,
    alphabet::STANDARD as ALPHABET,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, block_padding::NoPadding};

/// The 43 characters of an `EncodingAESKey` carry 258 bits, so the last one may have bits to spare: a strict decoder
/// refuses two thirds of the keys that WeChat hands out.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// WeChat pads to 32 bytes although the cipher's block has 16.
const PADDING_BLOCK: usize = 32;
/// Sixteen random bytes and the four of the length.
const HEAD: usize = 20;

/// Why an envelope is not opened.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum EnvelopeError {
    /// Not base64, not whole blocks, or a length or padding that cannot be.
    Malformed,
    /// Sealed for another account.
    ForeignAppid,
}

/// An account's decoded `EncodingAESKey`.
#[derive(Clone)]
pub(crate) struct EncodingKey([u8; 32]);

impl EncodingKey {
    /// Reads the 43 characters of the console; `None` if they are no such key.
    pub(crate) fn parse(encoded: &str) -> Option<Self> {
        if encoded.len() != 43 {
            return None;
        }
        LENIENT.decode(encoded).ok()?.try_into().ok().map(Self)
    }

    /// Seals a message for the account `appid`. `random` is the envelope's head, fresh for each message.
    pub(crate) fn seal(&self, random: [u8; 16], message: &str, appid: &str) -> String {
        let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
        let mut plain = Vec::with_capacity(HEAD + message.len() + appid.len() + PADDING_BLOCK);
        plain.extend_from_slice(&random);
        plain.extend_from_slice(&length.to_be_bytes());
        plain.extend_from_slice(message.as_bytes());
        plain.extend_from_slice(appid.as_bytes());
        let padding = PADDING_BLOCK - plain.len() % PADDING_BLOCK;
        plain.resize(plain.len() + padding, u8::try_from(padding).unwrap_or_default());
        let cipher = cbc::Encryptor::<Aes256>::new(&self.0.into(), &self.initial_vector().into());
        LENIENT.encode(cipher.encrypt_padded_vec::<NoPadding>(&plain))
    }

    /// Opens an envelope and gives its message.
    ///
    /// # Errors
    /// [`EnvelopeError`] says whether it was broken or meant for another account.
    pub(crate) fn open(&self, envelope: &str, appid: &str) -> Result<String, EnvelopeError> {
        let sealed = LENIENT.decode(envelope.trim()).map_err(|_| EnvelopeError::Malformed)?;
        let cipher = cbc::Decryptor::<Aes256>::new(&self.0.into(), &self.initial_vector().into());
        let plain = cipher.decrypt_padded_vec::<NoPadding>(&sealed).map_err(|_| EnvelopeError::Malformed)?;
        let (message, owner) = split(&plain).ok_or(EnvelopeError::Malformed)?;
        if owner != appid.as_bytes() {
            return Err(EnvelopeError::ForeignAppid);
        }
        String::from_utf8(message.to_vec()).map_err(|_| EnvelopeError::Malformed)
    }

    fn initial_vector(&self) -> [u8; 16] {
        let mut vector = [0; 16];
        vector.copy_from_slice(&self.0[..16]);
        vector
    }
}

/// Takes the padding off and parts message and appid.
fn split(plain: &[u8]) -> Option<(&[u8], &[u8])> {
    let padding = usize::from(*plain.last()?);
    if !(1..=PADDING_BLOCK).contains(&padding) {
        return None;
    }
    let content = plain.get(..plain.len().checked_sub(padding)?)?;
    let length: [u8; 4] = content.get(16..HEAD)?.try_into().ok()?;
    let end = HEAD.checked_add(usize::try_from(u32::from_be_bytes(length)).ok()?)?;
    Some((content.get(HEAD..end)?, content.get(end..)?))
}

#[cfg(test)]
#[path = "envelope_tests.rs"]
mod tests;
