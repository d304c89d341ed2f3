//! `[wechat]`: how WeChat is reached.

use std::time::Duration;

use super::values::Values;
use super::{BaseUrl, ConfigError, Origin};

/// The section `wechat`.
#[derive(Debug, Clone)]
pub struct WeChat {
    /// What every call to WeChat's API is built on.
    pub api_url: BaseUrl,
    /// What WeChat's authorization pages are built on.
    pub open_url: BaseUrl,
    /// Template messages a second for each service account.
    pub sends_per_second: u32,
    /// Template messages at once, on top of that; 0 for a tenth of it.
    pub send_burst: u32,
    /// Template messages on their way at the same time.
    pub sends_in_flight: u32,
    /// Template messages a day, until WeChat says another number.
    pub daily_quota: i32,
    /// How long WeChat drops a repeat with the same `client_msg_id`.
    pub dedupe_window_seconds: u64,
    /// Where pictures of people may come from.
    pub avatar_origins: Vec<Origin>,
}

impl WeChat {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        let section = values.section("wechat");
        Ok(Self {
            api_url: section.parse("api_url", BASE_WANTED)?,
            open_url: section.parse("open_url", BASE_WANTED)?,
            sends_per_second: section.number("sends_per_second", 1..=100_000)?,
            send_burst: section.number("send_burst", 0..=10_000)?,
            sends_in_flight: section.number("sends_in_flight", 1..=1_000)?,
            daily_quota: section.number("daily_quota", 1..=1_000_000_000)?,
            dedupe_window_seconds: section.number("dedupe_window_seconds", 1..=86_400)?,
            avatar_origins: section.parse_list("avatar_origins", "absolute http(s) URLs without a path")?,
        })
    }

    /// How long WeChat drops a repeat with the same `client_msg_id`.
    pub fn dedupe_window(&self) -> Duration {
        Duration::from_secs(self.dedupe_window_seconds)
    }
}

pub(super) const BASE_WANTED: &str = "an absolute http(s) URL in lower case without a slash at the end";
