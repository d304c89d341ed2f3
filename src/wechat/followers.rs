//! Who follows the service account, asked one person at a time.

use serde::Deserialize;

use crate::domain::clock::Millis;

use super::client::{Credentials, WeChat};
use super::error::WeChatError;

/// Whether a person follows the service account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Followership {
    /// Only followers can receive template messages.
    pub follows: bool,
    /// Since when, to the second; only known of followers.
    pub since: Option<Millis>,
}

#[derive(Deserialize)]
struct UserInfo {
    #[serde(default)]
    subscribe: u8,
    subscribe_time: Option<i64>,
}

impl WeChat {
    /// Asks whether `openid` follows the account; a refused access token is repaired once.
    ///
    /// # Errors
    /// WeChat's refusal, or that it cannot be reached; asking again is always safe.
    pub async fn follower(
        &self,
        credentials: &Credentials,
        openid: &str,
    ) -> Result<Followership, WeChatError> {
        let query = [("openid", openid), ("lang", "zh_CN")];
        let info: UserInfo = self.get_as_account(credentials, "/cgi-bin/user/info", &query).await?;
        let follows = info.subscribe == 1;
        // Without `subscribe` nothing else in the answer means anything.
        let since =
            info.subscribe_time.filter(|_| follows).map(|seconds| Millis(seconds.saturating_mul(1000)));
        Ok(Followership { follows, since })
    }
}
