//! Logins: what a session cookie stands for; one app, one person, one browser.

use std::time::Duration;

use super::clock::Millis;
use super::ids::{AppId, LoginId, OrgId, UserId};
use super::policy::Lifetimes;

/// Where somebody signed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginKind {
    /// On a computer, by a scanned code.
    Pc,
    /// Inside WeChat, by the portal's link.
    WeChat,
}

impl LoginKind {
    /// The word in its row.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pc => "pc",
            Self::WeChat => "wechat",
        }
    }

    /// Reads the word of a row.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Pc, Self::WeChat].into_iter().find(|value| value.name() == name)
    }
}

/// A login.
#[derive(Clone, Debug)]
pub struct Login {
    /// Its id.
    pub id: LoginId,
    /// Its organization.
    pub organization: OrgId,
    /// The one app it is good for.
    pub app: AppId,
    /// Whose it is.
    pub user: UserId,
    /// Where it was made.
    pub kind: LoginKind,
    /// When it was last used (kept to the minute).
    pub last_seen_at: Millis,
    /// When it ends whatever happens.
    pub expires_at: Millis,
}

/// How stale `last_seen_at` may get before a request writes it anew: idle logins cost no writes, busy ones few.
pub const SEEN_EVERY: Duration = Duration::from_mins(1);

impl Login {
    /// Whether it still counts.
    pub fn is_alive(&self, now: Millis, lifetimes: &Lifetimes) -> bool {
        let idle = match self.kind {
            LoginKind::Pc => lifetimes.idle_pc,
            LoginKind::WeChat => lifetimes.idle_wechat,
        };
        now <= self.expires_at && now <= self.last_seen_at.plus(idle)
    }
}
