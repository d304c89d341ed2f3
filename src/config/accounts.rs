//! `[accounts]`: what platform accounts are held to.

use std::time::Duration;

use super::ConfigError;
use super::values::Values;

/// The section `accounts`; source: security rules section 5, NIST SP 800-63B for the passwords.
#[derive(Debug, Clone)]
pub struct Accounts {
    /// How long an invitation can be taken up.
    pub invitation_days: u64,
    /// Minutes without use that end a login.
    pub login_idle_minutes: u64,
    /// Hours that end a login.
    pub login_hours: u64,
    /// Logins of one account at the same time.
    pub logins: u32,
    /// Tries to sign in with one phone in 15 minutes.
    pub sign_ins_per_phone: u32,
    /// Tries to sign in from one address in 15 minutes.
    pub sign_ins_per_address: u32,
    /// Fewest characters of a password.
    pub password_min_length: usize,
    /// Most characters of a password.
    pub password_max_length: usize,
}

impl Accounts {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        let section = values.section("accounts");
        Ok(Self {
            invitation_days: section.number("invitation_days", 1..=90)?,
            login_idle_minutes: section.number("login_idle_minutes", 1..=1440)?,
            login_hours: section.number("login_hours", 1..=336)?,
            logins: section.number("logins", 1..=100)?,
            // NIST SP 800-63B: never more than a hundred failures in a row.
            sign_ins_per_phone: section.number("sign_ins_per_phone", 1..=100)?,
            sign_ins_per_address: section.number("sign_ins_per_address", 1..=1_000_000)?,
            // NIST SP 800-63B: never fewer than 8 characters, and 64 have to be possible.
            password_min_length: section.number("password_min_length", 8..=64)?,
            password_max_length: section.number("password_max_length", 64..=1024)?,
        })
    }

    /// How long an invitation can be taken up.
    pub fn invitation(&self) -> Duration {
        Duration::from_secs(self.invitation_days * 86_400)
    }

    /// Idle time that ends a login.
    pub fn login_idle(&self) -> Duration {
        Duration::from_secs(self.login_idle_minutes * 60)
    }

    /// Longest life of a login.
    pub fn login(&self) -> Duration {
        Duration::from_secs(self.login_hours * 3600)
    }
}
