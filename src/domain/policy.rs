//! The numbers that rules are asked with: how long things live, and how many there may be.

use std::time::Duration;

use super::delivery::SendRules;
use super::organization::Edition;

/// How long each thing lives.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// A QR code, until it is scanned.
    pub qr: Duration,
    /// From the scan until phone and code are proved.
    pub bind: Duration,
    /// The confirmation page.
    pub decision: Duration,
    /// From the approval until the browser has claimed it.
    pub claim: Duration,
    /// Waiting for the organization's approval.
    pub held: Duration,
    /// The browser's handle and cookie, and the phone's cookie.
    pub browser: Duration,
    /// OAuth's state.
    pub oauth_state: Duration,
    /// A verification code.
    pub code: Duration,
    /// The device cookie.
    pub device: Duration,
    /// A login on a PC that is not used.
    pub idle_pc: Duration,
    /// A login inside WeChat that is not used.
    pub idle_wechat: Duration,
}

/// How many there may be; windows are part of the name.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Least time between two codes to one phone in one app.
    pub code_interval: Duration,
    /// Codes per phone and app in an hour.
    pub codes_per_phone_hour: u32,
    /// Codes per phone and app in a day.
    pub codes_per_phone_day: u32,
    /// Codes per phone in a day, over all organizations.
    pub codes_per_phone_day_all: u32,
    /// Codes per openid in ten minutes.
    pub codes_per_openid_10min: u32,
    /// Codes per openid in a day.
    pub codes_per_openid_day: u32,
    /// Different phones per openid in a day.
    pub phones_per_openid_day: u32,
    /// Codes per network address in an hour.
    pub codes_per_address_hour: u32,
    /// Codes per network address in a day.
    pub codes_per_address_day: u32,
    /// Codes per organization in a day.
    pub codes_per_organization_day: u32,
    /// Guesses of one code.
    pub guesses_per_code: u32,
    /// Wrong guesses per phone and app in a day.
    pub wrong_guesses_per_phone_day: u32,
    /// QR sessions a network address may start in a minute.
    pub qr_per_address_minute: u32,
    /// QR sessions of one network address that live at once.
    pub qr_live_per_address: u32,
    /// QR sessions of one browser that live at once.
    pub qr_live_per_browser: u32,
    /// Logins of one external user that live at once.
    pub logins_per_user: u32,
}

/// Member seats that come with each edition.
#[derive(Clone, Copy, Debug)]
pub struct MemberSeats {
    /// With the free edition.
    pub free: i32,
    /// With a trial.
    pub trial: i32,
    /// With the standard edition.
    pub standard: i32,
    /// With the enterprise edition.
    pub enterprise: i32,
    /// With the ultimate edition.
    pub ultimate: i32,
}

impl MemberSeats {
    /// Those of `edition`.
    pub fn of(&self, edition: Edition) -> i32 {
        match edition {
            Edition::Free => self.free,
            Edition::Trial => self.trial,
            Edition::Standard => self.standard,
            Edition::Enterprise => self.enterprise,
            Edition::Ultimate => self.ultimate,
        }
    }
}

/// How long a password is, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordLength {
    /// At least.
    pub least: usize,
    /// At most.
    pub most: usize,
}

/// What platform accounts are held to.
#[derive(Clone, Copy, Debug)]
pub struct AccountRules {
    /// How long an invitation can be taken up.
    pub invitation: Duration,
    /// A login that is not used.
    pub login_idle: Duration,
    /// A login at most.
    pub login: Duration,
    /// Logins of one account that live at once.
    pub logins: u32,
    /// Tries to sign in with one phone in a quarter of an hour.
    pub sign_ins_per_phone: u32,
    /// Tries to sign in from one network address in a quarter of an hour.
    pub sign_ins_per_address: u32,
    /// How long a password is.
    pub password: PasswordLength,
}

/// What callers of the API are held to.
#[derive(Clone, Copy, Debug)]
pub struct ApiRules {
    /// Requests of one key in a second.
    pub requests_per_second: u32,
    /// Requests of one key at once, after a pause.
    pub burst: u32,
    /// Requests of one network address with a wrong key in a minute.
    pub failed_keys_per_minute: u32,
    /// How long the answer to an idempotency key is kept.
    pub idempotency: Duration,
    /// A key at most.
    pub key: Duration,
}

/// How notifications are taken and sent.
#[derive(Clone, Copy, Debug)]
pub struct DispatchRules {
    /// Template messages a second, for each service account.
    pub per_second: u32,
    /// Template messages at once, on top of that.
    pub burst: u32,
    /// Template messages on their way at the same time.
    pub in_flight: usize,
    /// Template messages a day, until WeChat says another number.
    pub daily_quota: i32,
    /// Share of the daily quota that is kept for urgent messages, in hundredths.
    pub urgent_reserve_percent: u8,
    /// Share of the sends that one app may use, in hundredths.
    pub app_share_percent: u8,
    /// Template messages that one person gets in a day; 0 for no limit.
    pub per_person_per_day: u32,
    /// How long what was not sent for not following is kept for those who follow.
    pub follow_wait: Duration,
    /// How sends are repeated.
    pub sends: SendRules,
    /// How long a dispatcher may be silent.
    pub lease: Duration,
    /// Recipients that an order may name one by one.
    pub named_recipients: usize,
}
