//! What holds an outbox up: quotas, and trouble with its account. Each pause ends by itself; a quota is asked about before, because
//! an operator may have it reset, and WeChat does not promise when its day ends.

use std::time::Duration;

use crate::domain::clock::Millis;
use crate::domain::notification::{Pause, Priority, QuotaDay};
use crate::wechat::Credentials;

use super::answer::Beyond;
use super::session::{Session, StepError};

/// The pause when the calls of a minute are used up.
const MINUTE: Duration = Duration::from_mins(1);
/// The first pause when something is wrong with the account; it doubles.
const FIRST_TROUBLE: Duration = Duration::from_mins(1);
/// The longest of these pauses.
const LONGEST_TROUBLE: Duration = Duration::from_mins(10);
/// The first wait before the quota is asked about; it doubles.
const FIRST_PROBE: Duration = Duration::from_secs(5);
/// The longest of these waits.
const LONGEST_PROBE: Duration = Duration::from_mins(5);
/// How long WeChat's word about the quota counts while messages are sent by this server only.
const QUOTA_COUNTS_FOR: Duration = Duration::from_hours(1);

/// Whether WeChat is asked if a pause still has to be.
pub(super) fn is_probed(pause: &Pause) -> bool {
    matches!(pause.reason.as_str(), Pause::DAILY_QUOTA | Pause::DAILY_RESERVE)
}

/// How much of a day's quota may be used by messages of a priority.
pub(super) fn share_of(limit: i32, reserve_percent: u8, priority: Priority) -> i32 {
    match priority {
        Priority::Urgent => limit,
        Priority::Normal | Priority::Bulk => {
            let reserve = i64::from(limit) * i64::from(reserve_percent) / 100;
            limit - i32::try_from(reserve).unwrap_or(limit)
        }
    }
}

fn doubled(first: Duration, longest: Duration, times: u32) -> Duration {
    first.saturating_mul(2_u32.saturating_pow(times)).min(longest)
}

impl Session<'_> {
    /// Whether messages of this priority wait.
    pub(super) fn is_held(&self, priority: Priority) -> bool {
        let now = self.now();
        self.pause.as_ref().is_some_and(|pause| pause.holds(priority, now))
    }

    /// How many messages of a priority may go today.
    pub(super) fn left_today(&mut self, priority: Priority) -> usize {
        let today = QuotaDay::of(self.now());
        if self.quota.day != today {
            (self.quota.day, self.quota.used) = (today, 0);
        }
        let rules = &self.tools().rules;
        let limit = self.quota.limit.unwrap_or(rules.daily_quota);
        let left = share_of(limit, rules.urgent_reserve_percent, priority) - self.quota.used;
        usize::try_from(left).unwrap_or(0)
    }

    /// Asks WeChat how much of the quota is left; what it does not say stays as it was counted.
    pub(super) async fn ask_quota(&mut self) {
        let Some(account) = self.account.clone() else { return };
        let credentials = Credentials {
            account: account.id,
            organization: account.organization,
            appid: account.appid.clone(),
            secret: account.secret.clone(),
        };
        self.quota.asked_at = self.now();
        match self.tools().wechat.send_quota(&credentials).await {
            Ok(quota) => {
                let number = |number: i64| i32::try_from(number.max(0)).unwrap_or(i32::MAX);
                self.quota.day = QuotaDay::of(self.now());
                let used = number(quota.used).max(number(quota.daily_limit) - number(quota.remain));
                // WeChat may or may not have counted what is on its way: it is counted here until it is asked again.
                self.quota.used = used.saturating_add(i32::try_from(self.taken).unwrap_or(i32::MAX));
                self.quota.limit = Some(number(quota.daily_limit));
            }
            Err(error) => {
                tracing::info!(organization.id = %self.lease.organization, error = %error, "WeChat did not say how many messages are left today");
            }
        }
    }

    /// Whether what WeChat said of the quota is too old to count on.
    pub(super) fn quota_is_unknown(&self) -> bool {
        let now = self.now();
        self.quota.asked_at.plus(QUOTA_COUNTS_FOR) <= now
            || (self.quota.day != QuotaDay::of(now) && self.quota.asked_at < QuotaDay::of(now).begins_at())
    }

    /// Holds the outbox up because nothing of this priority may go today.
    pub(super) fn used_up(&mut self, priority: Priority) -> Pause {
        let reason = if priority == Priority::Urgent { Pause::DAILY_QUOTA } else { Pause::DAILY_RESERVE };
        let now = self.now();
        let pause = Pause { reason: reason.into(), resumes_at: QuotaDay::of(now).ends_at() };
        self.hold_up(pause)
    }

    /// Holds the outbox up for what an answer said of it.
    pub(super) fn beyond(&mut self, beyond: Beyond) -> Option<Pause> {
        let now = self.now();
        let pause = match beyond {
            Beyond::DayQuota => {
                Pause { reason: Pause::DAILY_QUOTA.into(), resumes_at: QuotaDay::of(now).ends_at() }
            }
            Beyond::MinuteQuota => Pause { reason: Pause::MINUTE_QUOTA.into(), resumes_at: now.plus(MINUTE) },
            Beyond::Account(word) => {
                let wait = doubled(FIRST_TROUBLE, LONGEST_TROUBLE, self.setbacks);
                Pause { reason: word.into(), resumes_at: now.plus(wait) }
            }
            Beyond::Template(_) | Beyond::Notification(_) => return None,
        };
        // Messages that were on their way together tell the same: the first one counts.
        let known =
            self.pause.as_ref().is_some_and(|known| known.reason == pause.reason && now < known.resumes_at);
        (!known).then(|| self.hold_up(pause))
    }

    fn hold_up(&mut self, pause: Pause) -> Pause {
        let now = self.now();
        tracing::warn!(organization.id = %self.lease.organization, reason = pause.reason, resumes_at = pause.resumes_at.rfc3339(), "messages of a service account wait");
        metrics::counter!("menfang_dispatch_pauses_total", "reason" => pause.reason.clone()).increment(1);
        self.probe_at = now.plus(doubled(FIRST_PROBE, LONGEST_PROBE, self.setbacks));
        self.setbacks = self.setbacks.saturating_add(1);
        self.pause = Some(pause.clone());
        pause
    }

    /// Asks, when it is time, whether a quota that was used up is so still.
    pub(super) async fn probe(&mut self) -> Result<(), StepError> {
        let now = self.now();
        let Some(pause) = self.pause.clone() else { return Ok(()) };
        if now >= pause.resumes_at {
            return self.go_on().await;
        }
        if !is_probed(&pause) || now < self.probe_at {
            return Ok(());
        }
        self.ask_quota().await;
        let needed = if pause.reason == Pause::DAILY_QUOTA { Priority::Urgent } else { Priority::Bulk };
        if self.left_today(needed) > 0 {
            return self.go_on().await;
        }
        self.probe_at = self.now().plus(doubled(FIRST_PROBE, LONGEST_PROBE, self.setbacks));
        self.setbacks = self.setbacks.saturating_add(1);
        let (probe_at, quota) = (self.probe_at, self.quota);
        let unit = self.begin_unit().await?;
        unit.pause_outbox(&self.lease, Some(&pause), probe_at).await?;
        unit.set_used_quota(&self.lease, &quota).await?;
        Ok(unit.commit().await?)
    }

    async fn go_on(&mut self) -> Result<(), StepError> {
        tracing::info!(organization.id = %self.lease.organization, "messages of a service account go on");
        self.pause = None;
        self.more = true;
        let quota = self.quota;
        let unit = self.begin_unit().await?;
        unit.pause_outbox(&self.lease, None, Millis(0)).await?;
        unit.set_used_quota(&self.lease, &quota).await?;
        unit.tell_open(self.lease.outbox).await?;
        unit.commit().await?;
        self.tools().bus.nudge(crate::bus::Nudge::Changes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_of_the_day_is_kept_for_what_is_urgent() {
        let share = |limit, percent| Priority::ALL.map(|priority| share_of(limit, percent, priority));
        assert_eq!(share(1_000, 5), [1_000, 950, 950]);
        assert_eq!(share(10, 5), [10, 10, 10], "half a message is none");
        assert_eq!(share(i32::MAX, 100), [i32::MAX, 0, 0]);
        assert_eq!(share(500, 0), [500, 500, 500]);
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let probes = [0, 1, 2, 6, 40].map(|times| doubled(FIRST_PROBE, LONGEST_PROBE, times).as_secs());
        assert_eq!(probes, [5, 10, 20, 300, 300]);
    }
}
