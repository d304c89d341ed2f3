//! `[notifications]`: how notifications are spread and repeated.

use super::ConfigError;
use super::values::Values;

/// The section `notifications`.
#[derive(Debug, Clone)]
pub struct Notifications {
    /// Share of the daily quota that is kept for urgent messages, in hundredths.
    pub urgent_reserve_percent: u8,
    /// Share of the sends that one app may use, in hundredths.
    pub app_share_percent: u8,
    /// Messages that one person gets in a day; 0 for no limit.
    pub per_person_per_day: u32,
    /// How long what was not sent for not following is kept, in hours.
    pub follow_wait_hours: u32,
    /// The pause after the first failure, in milliseconds.
    pub retry_first_ms: u64,
    /// How often a delivery is tried at most.
    pub tries: i32,
    /// How long a dispatcher may be silent.
    pub lease_seconds: u64,
    /// Recipients that an order may name one by one.
    pub named_recipients: usize,
}

impl Notifications {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        let section = values.section("notifications");
        Ok(Self {
            urgent_reserve_percent: section.number("urgent_reserve_percent", 0..=100)?,
            app_share_percent: section.number("app_share_percent", 1..=100)?,
            per_person_per_day: section.number("per_person_per_day", 0..=10_000)?,
            follow_wait_hours: section.number("follow_wait_hours", 0..=720)?,
            retry_first_ms: section.number("retry_first_ms", 1..=3_600_000)?,
            tries: section.number("tries", 1..=100)?,
            lease_seconds: section.number("lease_seconds", 2..=300)?,
            named_recipients: section.number("named_recipients", 1..=1_500)?,
        })
    }
}
