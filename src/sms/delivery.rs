//! The one way a request leaves for a gateway: with a deadline, a cap on the answer, and errors that show no URL.

use std::fmt::Write as _;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::SmsError;

/// Longest a gateway may take, its answer's body included.
const DEADLINE: Duration = Duration::from_secs(5);

/// Longest answer that is read, in bytes.
const ANSWER_LIMIT: usize = 64 * 1024;

/// Longest code of a gateway's that is passed on, in characters.
const CODE_LIMIT: usize = 80;

/// What a gateway answered.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// Sends one request and reads its answer whole.
pub(super) async fn deliver(request: reqwest::RequestBuilder) -> Result<Answer, SmsError> {
    let away = |_: reqwest::Error| SmsError::Unavailable;
    let mut response = request.timeout(DEADLINE).send().await.map_err(away)?;
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(away)? {
        if body.len() + piece.len() > ANSWER_LIMIT {
            return Err(SmsError::Unavailable);
        }
        body.extend_from_slice(&piece);
    }
    Ok(Answer { status, body })
}

/// A refusal with the gateway's code, of which only harmless characters are kept.
pub(super) fn refused(code: &str) -> SmsError {
    let harmless = |c: &char| c.is_ascii_alphanumeric() || "._-".contains(*c);
    SmsError::Refused { code: code.chars().filter(harmless).take(CODE_LIMIT).collect() }
}

/// What stands for a body that is not JSON: the status decides, and 4xx is a no.
pub(super) fn by_status(status: u16) -> SmsError {
    match status {
        429 => SmsError::Limited,
        400..=499 => refused(&format!("HTTP-{status}")),
        _ => SmsError::Unavailable,
    }
}

/// HMAC-SHA256; a key of any length is good.
pub(super) fn hmac_sha256(key: &[u8], text: &[u8]) -> [u8; 32] {
    // HMAC takes keys of every length, so the error has no case; an empty key stands where it would.
    let mut mac =
        Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| Hmac::<Sha256>::new(&Default::default()));
    mac.update(text);
    mac.finalize().into_bytes().into()
}

/// SHA-256 in lower-case hex.
pub(super) fn sha256_hex(text: &[u8]) -> String {
    hex(&Sha256::digest(text))
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
