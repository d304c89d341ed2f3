//! `[lifetimes]`: how long things live.

use std::time::Duration;

use super::ConfigError;
use super::values::Values;

/// The section `lifetimes`; sources: contract section 3, security rules sections 1, 2 and 5.
#[derive(Debug, Clone)]
pub struct Lifetimes {
    /// How long a QR code can be scanned.
    pub qr_seconds: u64,
    /// How long a person has for phone and code after the scan.
    pub bind_seconds: u64,
    /// How long a person has to confirm or decline.
    pub decision_seconds: u64,
    /// How long the waiting browser has to take up an approved sign-in.
    pub claim_seconds: u64,
    /// How long a browser waits for the organization's approval.
    pub held_seconds: u64,
    /// Life of the cookies of one attempt.
    pub browser_seconds: u64,
    /// How long WeChat's authorization may take.
    pub oauth_state_seconds: u64,
    /// How long a verification code is good.
    pub code_seconds: u64,
    /// How long a browser is remembered.
    pub device_days: u64,
    /// Hours without use that end a login on a computer.
    pub login_idle_hours_pc: u64,
    /// Hours without use that end a login inside WeChat.
    pub login_idle_hours_wechat: u64,
}

const DAY_SECONDS: u64 = 86_400;

impl Lifetimes {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        let section = values.section("lifetimes");
        let seconds = |name| section.number(name, 1..=DAY_SECONDS);
        Ok(Self {
            qr_seconds: seconds("qr_seconds")?,
            bind_seconds: seconds("bind_seconds")?,
            decision_seconds: seconds("decision_seconds")?,
            claim_seconds: seconds("claim_seconds")?,
            held_seconds: seconds("held_seconds")?,
            browser_seconds: seconds("browser_seconds")?,
            oauth_state_seconds: seconds("oauth_state_seconds")?,
            code_seconds: seconds("code_seconds")?,
            device_days: section.number("device_days", 1..=400)?,
            login_idle_hours_pc: section.number("login_idle_hours_pc", 1..=336)?,
            login_idle_hours_wechat: section.number("login_idle_hours_wechat", 1..=336)?,
        })
    }

    /// How long a QR code can be scanned.
    pub fn qr(&self) -> Duration {
        Duration::from_secs(self.qr_seconds)
    }

    /// How long a person has for phone and code.
    pub fn bind(&self) -> Duration {
        Duration::from_secs(self.bind_seconds)
    }

    /// How long a person has to confirm or decline.
    pub fn decision(&self) -> Duration {
        Duration::from_secs(self.decision_seconds)
    }

    /// How long the waiting browser has to claim.
    pub fn claim(&self) -> Duration {
        Duration::from_secs(self.claim_seconds)
    }

    /// How long a browser waits for the organization's approval.
    pub fn held(&self) -> Duration {
        Duration::from_secs(self.held_seconds)
    }

    /// Life of the cookies of one attempt.
    pub fn browser(&self) -> Duration {
        Duration::from_secs(self.browser_seconds)
    }

    /// How long WeChat's authorization may take.
    pub fn oauth_state(&self) -> Duration {
        Duration::from_secs(self.oauth_state_seconds)
    }

    /// How long a verification code is good.
    pub fn code(&self) -> Duration {
        Duration::from_secs(self.code_seconds)
    }

    /// How long a browser is remembered.
    pub fn device(&self) -> Duration {
        Duration::from_secs(self.device_days * DAY_SECONDS)
    }

    /// Idle time that ends a login on a computer.
    pub fn login_idle_pc(&self) -> Duration {
        Duration::from_secs(self.login_idle_hours_pc * 3600)
    }

    /// Idle time that ends a login inside WeChat.
    pub fn login_idle_wechat(&self) -> Duration {
        Duration::from_secs(self.login_idle_hours_wechat * 3600)
    }
}
