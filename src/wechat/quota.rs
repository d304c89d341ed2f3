//! How many calls of a day an account has left (`openapi/quota/get`).

use serde::Deserialize;
use serde_json::json;

use super::client::{Credentials, WeChat};
use super::error::WeChatError;

/// The path of sending template messages, as the quota call names it.
const SEND: &str = "/cgi-bin/message/template/send";

/// The calls of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Quota {
    /// All of them.
    pub daily_limit: i64,
    /// Those made.
    pub used: i64,
    /// Those left.
    pub remain: i64,
}

#[derive(Deserialize)]
struct Answer {
    quota: Quota,
}

impl WeChat {
    /// How many template messages an account may still send today.
    ///
    /// # Errors
    /// See [`WeChatError`].
    pub async fn send_quota(&self, credentials: &Credentials) -> Result<Quota, WeChatError> {
        let body = json!({"cgi_path": SEND});
        let answer: Answer = self.post_as_account(credentials, "/cgi-bin/openapi/quota/get", &body).await?;
        Ok(answer.quota)
    }
}
