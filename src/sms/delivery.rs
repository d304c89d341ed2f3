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

/// HMAC-SHA256 with a key of any length, which the standard fits to one block: longer ones by their hash.
pub(super) fn hmac_sha256(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut block = [0; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let mut mac = Hmac::<Sha256>::new(&block.into());
    mac.update(text);
    mac.finalize().into_bytes().into()
}

/// What the `Host` header says: the port only where it is not the scheme's own.
pub(super) fn authority(url: &reqwest::Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
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
