//! `[limits]`: how much of something is allowed.

use std::time::Duration;

use super::ConfigError;
use super::values::Values;

/// The section `limits`; source of the values: security rules sections 1, 4 and 5.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Shortest time between two codes for one phone in one app.
    pub code_interval_seconds: u64,
    /// Codes for one phone in one app, in an hour.
    pub codes_per_phone_hour: u32,
    /// Codes for one phone in one app, in 24 hours.
    pub codes_per_phone_day: u32,
    /// Codes for one phone in all organizations, in 24 hours.
    pub codes_per_phone_day_all: u32,
    /// Codes asked for by one openid, in 10 minutes.
    pub codes_per_openid_10min: u32,
    /// Codes asked for by one openid, in 24 hours.
    pub codes_per_openid_day: u32,
    /// Different phones tried by one openid, in 24 hours.
    pub phones_per_openid_day: u32,
    /// Codes asked for from one address, in an hour.
    pub codes_per_address_hour: u32,
    /// Codes asked for from one address, in 24 hours.
    pub codes_per_address_day: u32,
    /// Codes of one organization, in 24 hours.
    pub codes_per_organization_day: u32,
    /// Guesses at one code.
    pub guesses_per_code: u32,
    /// Wrong guesses for one phone in one app, in 24 hours.
    pub wrong_guesses_per_phone_day: u32,
    /// QR codes shown to one address, in a minute.
    pub qr_per_address_minute: u32,
    /// QR codes of one address that can be scanned at the same time.
    pub qr_live_per_address: u32,
    /// QR codes of one browser that can be scanned at the same time.
    pub qr_live_per_browser: u32,
    /// Logins of one external user at the same time.
    pub logins_per_user: u32,
    /// QR sessions that one node watches at the same time.
    pub qr_sessions_per_node: usize,
}

impl Limits {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        let section = values.section("limits");
        let count = |name| section.number(name, 1..=10_000_000_u32);
        Ok(Self {
            code_interval_seconds: section.number("code_interval_seconds", 0..=3600)?,
            codes_per_phone_hour: count("codes_per_phone_hour")?,
            codes_per_phone_day: count("codes_per_phone_day")?,
            codes_per_phone_day_all: count("codes_per_phone_day_all")?,
            codes_per_openid_10min: count("codes_per_openid_10min")?,
            codes_per_openid_day: count("codes_per_openid_day")?,
            phones_per_openid_day: count("phones_per_openid_day")?,
            codes_per_address_hour: count("codes_per_address_hour")?,
            codes_per_address_day: count("codes_per_address_day")?,
            codes_per_organization_day: count("codes_per_organization_day")?,
            // More than ten guesses at six digits would no longer be a limit.
            guesses_per_code: section.number("guesses_per_code", 1..=10)?,
            wrong_guesses_per_phone_day: count("wrong_guesses_per_phone_day")?,
            qr_per_address_minute: count("qr_per_address_minute")?,
            qr_live_per_address: count("qr_live_per_address")?,
            qr_live_per_browser: count("qr_live_per_browser")?,
            logins_per_user: section.number("logins_per_user", 1..=100)?,
            qr_sessions_per_node: section.number("qr_sessions_per_node", 1..=10_000_000)?,
        })
    }

    /// Shortest time between two codes for one phone in one app.
    pub fn code_interval(&self) -> Duration {
        Duration::from_secs(self.code_interval_seconds)
    }
}
