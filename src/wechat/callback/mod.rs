//! What WeChat pushes to us: proved to be WeChat's, opened, and read as an event.
//! Not here: the HTTP route, which account a path means, remembering what has been seen.
//! Called by the HTTP callback; knows `domain` and nothing else of ours.

pub mod crypto;
pub mod document;
pub mod event;
pub mod signature;

use secrecy::SecretString;
use serde::Deserialize;

use crate::domain::clock::Millis;

pub use crypto::{EncodingAesKey, InvalidKey};
pub use event::{Event, NICKNAME_AND_PICTURE, Push, SendStatus};

/// Longest body that is looked at, in bytes; WeChat's have a few hundred.
pub const BODY_LIMIT: usize = 64 * 1024;

/// How far WeChat's clock and ours may be apart, in seconds; also how long a recorded push can be replayed.
const WINDOW_SECONDS: u64 = 300;

/// Longest timestamp or nonce that is hashed, in bytes; WeChat's have about ten digits.
const PARAMETER_LIMIT: usize = 64;

/// Longest echo that is sent back, in bytes; WeChat's has about twenty digits.
const ECHO_LIMIT: usize = 512;

/// How the service account's binding says that pushes come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// In clear, signed over the query only: for development.
    Plain,
    /// In clear and encrypted in one document; only the encrypted part counts.
    Compatible,
    /// Encrypted only.
    Safe,
}

/// What proves and opens one service account's pushes; chosen by the path, never by the push.
#[derive(Clone)]
pub struct CallbackKeys {
    /// WeChat's public name for the account.
    pub appid: String,
    /// What signatures are made with.
    pub token: SecretString,
    /// The present key, then the previous one.
    pub aes_keys: Vec<EncodingAesKey>,
    /// What the binding allows.
    pub mode: Mode,
    /// The `gh_…` name that pushes must be addressed to, where it is known.
    pub original_id: Option<String>,
}

/// The query of a push or of the verification; nothing in it is believed before the signature fits.
#[derive(Clone, Default, Deserialize)]
pub struct PushQuery {
    /// Over token, timestamp and nonce.
    pub signature: Option<String>,
    /// Over token, timestamp, nonce and the encrypted body.
    pub msg_signature: Option<String>,
    /// Unix seconds.
    pub timestamp: Option<String>,
    /// WeChat's random digits.
    pub nonce: Option<String>,
    /// `aes` when the body is encrypted; absent or `raw` in plain mode.
    pub encrypt_type: Option<String>,
    /// The sender; signed by nothing, so used for nothing.
    pub openid: Option<String>,
    /// What the verification wants back.
    pub echostr: Option<String>,
}

/// A push that is not taken: one and the same answer whatever was wrong, so nobody learns which check failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("push refused")]
pub struct Refused {
    /// For the audit log only, never for the answer.
    pub reason: &'static str,
}

impl Refused {
    pub(super) fn because(reason: &'static str) -> Self {
        Self { reason }
    }
}

/// Answers the verification that WeChat makes when the URL is saved: the echo to send back verbatim.
///
/// # Errors
/// `Refused` when the signature does not fit or the echo is not what WeChat sends.
pub fn verify_url(keys: &CallbackKeys, query: &PushQuery) -> Result<String, Refused> {
    check_signature(keys, query)?;
    let echo = query.echostr.as_deref().ok_or(Refused::because("no echostr"))?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"+/=_-".contains(&b);
    // It becomes our answer's body, so it must not be able to be anything else.
    if echo.is_empty() || echo.len() > ECHO_LIMIT || !echo.bytes().all(plain) {
        return Err(Refused::because("strange echostr"));
    }
    Ok(echo.to_owned())
}

/// Proves, opens and reads one push, size first, then signature, key, account and age; de-duplication by the key is the caller's.
///
/// # Errors
/// `Refused`, for whatever reason.
pub fn open(keys: &CallbackKeys, query: &PushQuery, body: &[u8], now: Millis) -> Result<Push, Refused> {
    if body.len() > BODY_LIMIT {
        return Err(Refused::because("body too long"));
    }
    let encrypted = query.encrypt_type.as_deref() == Some("aes");
    let message = match (keys.mode, encrypted) {
        (_, true) => decrypted(keys, query, body)?,
        (Mode::Plain, false) => {
            check_signature(keys, query)?;
            body.to_vec()
        }
        (Mode::Safe | Mode::Compatible, false) => return Err(Refused::because("not encrypted")),
    };
    let fields = document::read(&message)?;
    if let Some(original_id) = &keys.original_id
        && fields.get("ToUserName") != Some(original_id)
    {
        return Err(Refused::because("another account's ToUserName"));
    }
    check_age(query, now)?;
    event::read(&fields, &keys.appid)
}

/// Plain mode and the verification: the signature covers no body.
fn check_signature(keys: &CallbackKeys, query: &PushQuery) -> Result<(), Refused> {
    let (timestamp, nonce) = stamp(query)?;
    let given = query.signature.as_deref().ok_or(Refused::because("no signature"))?;
    if signature::same(given, &signature::of_query(&keys.token, timestamp, nonce)) {
        return Ok(());
    }
    Err(Refused::because("wrong signature"))
}

/// Signature over the encrypted text first, then decryption with each key, then the appid inside.
fn decrypted(keys: &CallbackKeys, query: &PushQuery, body: &[u8]) -> Result<Vec<u8>, Refused> {
    let envelope = document::read(body)?;
    let sealed = envelope.get("Encrypt").ok_or(Refused::because("nothing encrypted"))?;
    let (timestamp, nonce) = stamp(query)?;
    // `signature` does not cover the body and must not pass for it.
    let given = query.msg_signature.as_deref().ok_or(Refused::because("no msg_signature"))?;
    if !signature::same(given, &signature::of_message(&keys.token, timestamp, nonce, sealed)) {
        return Err(Refused::because("wrong msg_signature"));
    }
    keys.aes_keys
        .iter()
        .find_map(|key| crypto::open(key, sealed, &keys.appid))
        .ok_or(Refused::because("cannot be decrypted for this account"))
}

fn stamp(query: &PushQuery) -> Result<(&str, &str), Refused> {
    match (query.timestamp.as_deref(), query.nonce.as_deref()) {
        (Some(timestamp), Some(nonce))
            if timestamp.len() <= PARAMETER_LIMIT && nonce.len() <= PARAMETER_LIMIT =>
        {
            Ok((timestamp, nonce))
        }
        _ => Err(Refused::because("no timestamp or nonce")),
    }
}

fn check_age(query: &PushQuery, now: Millis) -> Result<(), Refused> {
    let stated = query.timestamp.as_deref().and_then(|text| text.parse::<i64>().ok());
    match stated {
        Some(seconds) if seconds.abs_diff(now.seconds()) <= WINDOW_SECONDS => Ok(()),
        _ => Err(Refused::because("timestamp out of window")),
    }
}

#[cfg(test)]
mod tests;
