//! `[retention]`: how long what is over is kept.

use std::time::Duration;

use super::ConfigError;
use super::values::Values;

/// The section `retention`.
#[derive(Debug, Clone)]
pub struct Retention {
    /// QR sessions that are over.
    pub qr_sessions_hours: u64,
    /// Lines of the change feed.
    pub changes_hours: u64,
    /// Verification codes; at least the 24 hours that the limits look back.
    pub codes_hours: u64,
    /// What WeChat told us; at least the 24 hours in which a repeat is to be known.
    pub callback_events_hours: u64,
    /// Logins that have ended.
    pub ended_logins_days: u64,
    /// Invitations that are over.
    pub invitations_days: u64,
    /// Notifications with their deliveries and inbox items, after their end.
    pub notifications_days: u64,
    /// Openids that a notification names as its audience, after its end.
    pub audiences_days: u64,
    /// Audit lines.
    pub audit_days: u64,
}

const TEN_YEARS_DAYS: u64 = 3650;
const TEN_YEARS_HOURS: u64 = TEN_YEARS_DAYS * 24;

impl Retention {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        let section = values.section("retention");
        Ok(Self {
            qr_sessions_hours: section.number("qr_sessions_hours", 1..=TEN_YEARS_HOURS)?,
            changes_hours: section.number("changes_hours", 1..=TEN_YEARS_HOURS)?,
            codes_hours: section.number("codes_hours", 24..=TEN_YEARS_HOURS)?,
            callback_events_hours: section.number("callback_events_hours", 24..=TEN_YEARS_HOURS)?,
            ended_logins_days: section.number("ended_logins_days", 1..=TEN_YEARS_DAYS)?,
            invitations_days: section.number("invitations_days", 1..=TEN_YEARS_DAYS)?,
            notifications_days: section.number("notifications_days", 1..=TEN_YEARS_DAYS)?,
            audiences_days: section.number("audiences_days", 1..=TEN_YEARS_DAYS)?,
            audit_days: section.number("audit_days", 1..=TEN_YEARS_DAYS)?,
        })
    }

    /// How long QR sessions are kept.
    pub fn qr_sessions(&self) -> Duration {
        hours(self.qr_sessions_hours)
    }

    /// How long the change feed is kept.
    pub fn changes(&self) -> Duration {
        hours(self.changes_hours)
    }

    /// How long verification codes are kept.
    pub fn codes(&self) -> Duration {
        hours(self.codes_hours)
    }

    /// How long WeChat's callbacks are kept.
    pub fn callback_events(&self) -> Duration {
        hours(self.callback_events_hours)
    }

    /// How long ended logins are kept.
    pub fn ended_logins(&self) -> Duration {
        hours(self.ended_logins_days * 24)
    }

    /// How long invitations are kept after their end.
    pub fn invitations(&self) -> Duration {
        hours(self.invitations_days * 24)
    }

    /// How long notifications are kept after their end.
    pub fn notifications(&self) -> Duration {
        hours(self.notifications_days * 24)
    }

    /// How long named openids are kept after the end of their notification.
    pub fn audiences(&self) -> Duration {
        hours(self.audiences_days * 24)
    }

    /// How long audit lines are kept.
    pub fn audit(&self) -> Duration {
        hours(self.audit_days * 24)
    }
}

fn hours(count: u64) -> Duration {
    Duration::from_secs(count * 3600)
}
