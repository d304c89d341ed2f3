//! Parametric QR codes (带参数二维码): who scans one comes to follow the account, and WeChat's event says by which.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::client::{Credentials, WeChat};
use super::error::WeChatError;

/// The longest life of a temporary code: 30 days.
pub const LONGEST: Duration = Duration::from_hours(30 * 24);

/// A code that leads to the account.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub struct ParametricCode {
    /// What gets WeChat's own picture of it.
    pub ticket: String,
    /// What it encodes: anybody may draw it.
    pub url: String,
    /// How long it lives, in seconds; a permanent code has none.
    pub expire_seconds: Option<u64>,
}

impl WeChat {
    /// Makes a code that lives as long as WeChat allows; `scene`, of 1 to 64 characters, comes back in the events of those who
    /// scan it (`qrcode/create`, `QR_STR_SCENE`).
    ///
    /// # Errors
    /// See [`WeChatError`].
    pub async fn create_qr_code(
        &self,
        credentials: &Credentials,
        scene: &str,
    ) -> Result<ParametricCode, WeChatError> {
        let body = json!({
            "expire_seconds": LONGEST.as_secs(),
            "action_name": "QR_STR_SCENE",
            "action_info": {"scene": {"scene_str": scene}},
        });
        self.post_as_account(credentials, "/cgi-bin/qrcode/create", &body).await
    }
}
