//! A gateway of one's own: JSON, signed as Standard Webhooks do.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::CONTENT_TYPE;
use secrecy::{ExposeSecret, SecretString};

use crate::domain::clock::Clock;

use super::delivery::{by_status, deliver, hmac_sha256};
use super::{CodeMessage, SmsError};

/// Where the gateway is, and what it knows us by.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// Takes the POST.
    pub url: String,
    /// Signs it; used as it stands, byte by byte.
    pub secret: SecretString,
}

/// Posts to the gateway.
#[derive(Clone)]
pub struct Gateway {
    settings: HttpSettings,
    http: reqwest::Client,
    clock: Arc<dyn Clock>,
}

impl Gateway {
    pub(super) fn new(settings: HttpSettings, http: reqwest::Client, clock: Arc<dyn Clock>) -> Self {
        Self { settings, http, clock }
    }

    /// Posts `{"id","phone","code","text"}`; any 2xx is a yes.
    pub(super) async fn send(&self, message: &CodeMessage<'_>) -> Result<(), SmsError> {
        let body = serde_json::json!({
            "id": message.id, "phone": message.phone, "code": message.code, "text": message.text,
        })
        .to_string();
        let timestamp = self.clock.now().seconds().to_string();
        let signature = signature(self.settings.secret.expose_secret(), message.id, &timestamp, &body);
        let request = self
            .http
            .post(&self.settings.url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", message.id)
            .header("webhook-timestamp", timestamp)
            .header("webhook-signature", signature)
            .body(body);
        match deliver(request).await?.status {
            200..=299 => Ok(()),
            status => Err(by_status(status)),
        }
    }
}

/// `v1,` and the base64 of HMAC-SHA256 over `{id}.{timestamp}.{body}`.
fn signature(secret: &str, id: &str, timestamp: &str, body: &str) -> String {
    let signed = format!("{id}.{timestamp}.{body}");
    format!("v1,{}", STANDARD.encode(hmac_sha256(secret.as_bytes(), signed.as_bytes())))
}
