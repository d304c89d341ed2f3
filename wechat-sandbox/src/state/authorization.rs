//! Web authorization: codes that are good once for five minutes, and the user tokens they turn into.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::instant::{DAY, HOUR, MINUTE, Millis};

/// How long a code can be exchanged.
const CODE_LIFE: Millis = 5 * MINUTE;
/// How long a code is remembered, so that a second use is told from garbage.
const CODE_MEMORY: Millis = HOUR;
/// The life of a user's access token.
const USER_TOKEN_LIFE: Millis = 2 * HOUR;
/// The life of a refresh token.
const REFRESH_LIFE: Millis = 30 * DAY;
/// Dead codes and tokens are swept out after every so many new ones.
const SWEEP_EVERY: u64 = 1024;

/// How much a page may learn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Scope {
    /// Silent: only the openid.
    #[serde(rename = "snsapi_base")]
    Base,
    /// With consent: nickname and picture.
    #[serde(rename = "snsapi_userinfo")]
    Userinfo,
}

impl Scope {
    /// The name in URLs and answers.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Base => "snsapi_base",
            Self::Userinfo => "snsapi_userinfo",
        }
    }
}

/// An authorization code, bound to one account and one person.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Code {
    pub(crate) appid: String,
    pub(crate) person: String,
    pub(crate) openid: String,
    pub(crate) scope: Scope,
    /// Made in snapshot mode: the openid is a virtual one.
    pub(crate) snapshot: bool,
    pub(crate) at: Millis,
    /// Whether it has been exchanged.
    #[serde(default)]
    pub(crate) used: bool,
}

/// What a presented code is worth to an account.
pub(crate) enum CodeStanding<'a> {
    /// Can be exchanged.
    Good(&'a Code),
    /// Exchanged before: 40163.
    Used,
    /// Unknown, expired, or another account's: 40029.
    Invalid,
}

/// A user's access token.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct UserToken {
    pub(crate) appid: String,
    pub(crate) person: String,
    pub(crate) openid: String,
    pub(crate) scope: Scope,
    pub(crate) snapshot: bool,
    at: Millis,
}

impl UserToken {
    /// Whether its two hours are over.
    pub(crate) const fn is_expired(&self, now: Millis) -> bool {
        now >= self.at + USER_TOKEN_LIFE
    }
}

/// What a presented refresh token is worth to an account.
pub(crate) enum RefreshStanding<'a> {
    /// Can be renewed.
    Good(&'a UserToken),
    /// Older than thirty days: 42002.
    Expired,
    /// Unknown, rotated away, or another account's: 40030.
    Invalid,
}

/// All codes and user tokens.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Authorizations {
    codes: BTreeMap<String, Code>,
    access: BTreeMap<String, UserToken>,
    refresh: BTreeMap<String, UserToken>,
    issued: u64,
}

impl Authorizations {
    /// What the code is worth to the account at `now`.
    pub(crate) fn code(&self, code: &str, appid: &str, now: Millis) -> CodeStanding<'_> {
        match self.codes.get(code) {
            Some(record) if record.appid != appid => CodeStanding::Invalid,
            Some(record) if record.used => CodeStanding::Used,
            Some(record) if now < record.at + CODE_LIFE => CodeStanding::Good(record),
            _ => CodeStanding::Invalid,
        }
    }

    /// The holder of a user's access token, expired or not.
    pub(crate) fn user_token(&self, access_token: &str) -> Option<&UserToken> {
        self.access.get(access_token)
    }

    /// What the refresh token is worth to the account at `now`.
    pub(crate) fn refresh_token(&self, token: &str, appid: &str, now: Millis) -> RefreshStanding<'_> {
        match self.refresh.get(token) {
            Some(grant) if grant.appid != appid => RefreshStanding::Invalid,
            Some(grant) if now < grant.at + REFRESH_LIFE => RefreshStanding::Good(grant),
            Some(_) => RefreshStanding::Expired,
            None => RefreshStanding::Invalid,
        }
    }

    pub(super) fn issue_code(&mut self, code: String, record: Code) {
        self.issued += 1;
        if self.issued.is_multiple_of(SWEEP_EVERY) {
            let now = record.at;
            self.codes.retain(|_, code| now < code.at + CODE_MEMORY);
            self.access.retain(|_, token| now < token.at + DAY);
            self.refresh.retain(|_, token| now < token.at + REFRESH_LIFE + DAY);
        }
        self.codes.insert(code, record);
    }

    pub(super) fn exchange(&mut self, code: &str, access_token: String, refresh_token: String, at: Millis) {
        let Some(record) = self.codes.get_mut(code) else { return };
        record.used = true;
        let grant = UserToken {
            appid: record.appid.clone(),
            person: record.person.clone(),
            openid: record.openid.clone(),
            scope: record.scope,
            snapshot: record.snapshot,
            at,
        };
        self.access.insert(access_token, grant.clone());
        self.refresh.insert(refresh_token, grant);
    }

    pub(super) fn refresh(&mut self, old: &str, access_token: String, refresh_token: String, at: Millis) {
        let Some(grant) = self.refresh.remove(old) else { return };
        let grant = UserToken { at, ..grant };
        self.access.insert(access_token, grant.clone());
        self.refresh.insert(refresh_token, grant);
    }
}

#[cfg(test)]
#[path = "authorization_tests.rs"]
mod tests;
