//! What holds an outbox up: quotas, and trouble with its account. Each pause ends by itself; a quota is asked about before, because
//! an operator may have it reset, and WeChat does not promise when its day ends.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::domain::delivery::Answer;
use crate::domain::notification::{Pause, Priority, QuotaDay};
use crate::store::{StoreError, Unit};
use crate::wechat::{Credentials, Quota};

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
/// The first pause when WeChat does not answer; it doubles.
const FIRST_UNREACHABLE: Duration = Duration::from_secs(5);
/// So many messages in a row without an answer hold the outbox up.
const UNANSWERED: u32 = 20;
/// The word for that.
const UNREACHABLE: &str = "unreachable";
/// How long what is not urgent waits for the first word about the quota.
const FIRST_ANSWER: Duration = Duration::from_secs(2);
/// How long WeChat's word that nothing is left counts.
const ANSWER_COUNTS_FOR: Duration = Duration::from_secs(2);
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

/// A question about the quota that is on its way.
pub(super) struct Asking {
    answer: JoinHandle<Option<Quota>>,
    since: Instant,
    /// Whether a pause hangs on it.
    probes: bool,
}

/// WeChat's answer about the quota; none when it did not say.
pub(super) async fn answer_of(asking: &mut Option<Asking>) -> Option<Quota> {
    match asking {
        Some(asking) => (&mut asking.answer).await.unwrap_or_default(),
        None => std::future::pending().await,
    }
}

impl Session<'_> {
    /// Whether messages of this priority wait.
    pub(super) fn is_held(&self, priority: Priority) -> bool {
        let now = self.now();
        self.pause.as_ref().is_some_and(|pause| pause.holds(priority, now))
    }

    fn limit(&self) -> i32 {
        self.quota.limit.unwrap_or(self.tools().rules.daily_quota)
    }

    /// How many messages of a priority may go today.
    pub(super) fn left_today(&mut self, priority: Priority) -> usize {
        let today = QuotaDay::of(self.now());
        if self.quota.day != today {
            (self.quota.day, self.quota.used) = (today, 0);
        }
        let percent = self.tools().rules.urgent_reserve_percent;
        let left = i64::from(share_of(self.limit(), percent, priority)) - i64::from(self.quota.used);
        usize::try_from(left).unwrap_or(0)
    }

    /// Begins to ask WeChat how much of the quota is left; nothing waits for the answer.
    pub(super) fn ask_quota(&mut self, probes: bool) {
        let Some(account) = self.account.clone() else { return };
        if let Some(asking) = &mut self.asking {
            asking.probes |= probes;
            return;
        }
        self.quota.asked_at = self.now();
        let (wechat, organization) = (self.tools().wechat.clone(), self.lease.organization);
        let answer = tokio::spawn(async move {
            let credentials = Credentials {
                account: account.id,
                organization,
                appid: account.appid.clone(),
                secret: account.secret.clone(),
            };
            match wechat.send_quota(&credentials).await {
                Ok(quota) => Some(quota),
                Err(error) => {
                    tracing::info!(organization.id = %organization, error = %error, "WeChat did not say how many messages are left today");
                    None
                }
            }
        });
        self.asking = Some(Asking { answer, since: Instant::now(), probes });
    }

    /// Takes WeChat's word about the quota; what it does not say stays as it was counted.
    pub(super) async fn take_quota(&mut self, quota: Option<Quota>) -> Result<(), StepError> {
        let probes = self.asking.take().is_some_and(|asking| asking.probes);
        self.answered_at = Some(Instant::now());
        if let Some(quota) = quota {
            let number = |number: i64| i32::try_from(number.max(0)).unwrap_or(i32::MAX);
            let used = number(quota.used).max(number(quota.daily_limit) - number(quota.remain));
            self.quota.day = QuotaDay::of(self.now());
            self.quota.limit = Some(number(quota.daily_limit));
            // WeChat may or may not have counted what is on its way: it is counted here until it is asked again.
            self.quota.used = used.saturating_add(i32::try_from(self.taken).unwrap_or(i32::MAX));
        }
        let Some(pause) = self.pause.clone().filter(|pause| probes && is_probed(pause)) else {
            return Ok(());
        };
        let needed = if pause.reason == Pause::DAILY_QUOTA { Priority::Urgent } else { Priority::Bulk };
        // Only WeChat's own word undoes what it said.
        if quota.is_some() && self.left_today(needed) > 0 {
            return self.go_on().await;
        }
        self.probe_at = self.now().plus(doubled(FIRST_PROBE, LONGEST_PROBE, self.setback()));
        self.write_pause().await
    }

    /// Whether what WeChat said of the quota is too old to count on.
    pub(super) fn quota_is_unknown(&self) -> bool {
        let now = self.now();
        self.quota.asked_at.plus(QUOTA_COUNTS_FOR) <= now
            || (self.quota.day != QuotaDay::of(now) && self.quota.asked_at < QuotaDay::of(now).begins_at())
    }

    /// Whether the first word about the quota is on its way, and still worth waiting for.
    pub(super) fn awaits_quota(&self) -> bool {
        self.quota.limit.is_none()
            && self.asking.as_ref().is_some_and(|asking| asking.since.elapsed() < FIRST_ANSWER)
    }

    /// Nothing of this priority may go today, by our own count: WeChat is asked, and when it says the same, the outbox is held up.
    pub(super) async fn used_up(&mut self, priority: Priority) -> Result<(), StepError> {
        let fresh = |at: Instant| at.elapsed() < ANSWER_COUNTS_FOR;
        if self.asking.is_some() || !self.answered_at.is_some_and(fresh) {
            self.ask_quota(false);
            return Ok(());
        }
        let reason = if priority == Priority::Urgent { Pause::DAILY_QUOTA } else { Pause::DAILY_RESERVE };
        self.hold_up(Pause { reason: reason.into(), resumes_at: QuotaDay::of(self.now()).ends_at() });
        self.write_pause().await
    }

    /// Holds the outbox up for what an answer said of it.
    pub(super) fn beyond(&mut self, beyond: Beyond) {
        let now = self.now();
        let pause = match beyond {
            Beyond::DayQuota => {
                self.quota.used = self.quota.used.max(self.limit());
                Pause { reason: Pause::DAILY_QUOTA.into(), resumes_at: QuotaDay::of(now).ends_at() }
            }
            Beyond::MinuteQuota => Pause { reason: Pause::MINUTE_QUOTA.into(), resumes_at: now.plus(MINUTE) },
            Beyond::Account(word) => self.trouble(word, FIRST_TROUBLE),
            Beyond::Template(_) | Beyond::Notification(_) => return,
        };
        self.hold_up_once(pause);
    }

    /// Counts whether answers come, and holds the outbox up when many in a row do not: each that is tried meanwhile would be one of
    /// which nobody knows.
    pub(super) fn count_answer(&mut self, answer: &Answer) {
        let unanswered = &self.desk.unanswered;
        match answer {
            Answer::Untried | Answer::TooLate => {}
            Answer::Unknown | Answer::Later(_) => {
                if unanswered.fetch_add(1, Ordering::Relaxed) + 1 >= UNANSWERED {
                    let pause = self.trouble(UNREACHABLE, FIRST_UNREACHABLE);
                    self.hold_up_once(pause);
                }
            }
            _ => {
                unanswered.store(0, Ordering::Relaxed);
                self.desk.setbacks.store(0, Ordering::Relaxed);
                self.careful = false;
            }
        }
    }

    fn trouble(&self, word: &str, first: Duration) -> Pause {
        let wait = doubled(first, LONGEST_TROUBLE, self.desk.setbacks.load(Ordering::Relaxed));
        Pause { reason: word.to_owned(), resumes_at: self.now().plus(wait) }
    }

    /// Messages that were on their way together tell the same: the first one counts.
    fn hold_up_once(&mut self, pause: Pause) {
        let now = self.now();
        let known = |known: &Pause| now < known.resumes_at && known.reason != Pause::DAILY_RESERVE;
        if !self.pause.as_ref().is_some_and(known) {
            self.hold_up(pause);
        }
    }

    fn hold_up(&mut self, pause: Pause) {
        tracing::warn!(organization.id = %self.lease.organization, reason = pause.reason, resumes_at = pause.resumes_at.rfc3339(), "messages of a service account wait");
        metrics::counter!("menfang_dispatch_pauses_total", "reason" => pause.reason.clone()).increment(1);
        self.probe_at = self.now().plus(doubled(FIRST_PROBE, LONGEST_PROBE, self.setback()));
        (self.pause, self.pause_is_news) = (Some(pause), true);
    }

    /// One setback more; gives how many there were before.
    fn setback(&self) -> u32 {
        self.desk.setbacks.fetch_add(1, Ordering::Relaxed).min(30)
    }

    /// Asks, when it is time, whether a quota that was used up is so still, and ends a pause that is over.
    pub(super) async fn probe(&mut self) -> Result<(), StepError> {
        let now = self.now();
        let Some(pause) = &self.pause else { return Ok(()) };
        if now >= pause.resumes_at {
            return self.go_on().await;
        }
        if is_probed(pause) && now >= self.probe_at {
            self.ask_quota(true);
        }
        Ok(())
    }

    async fn go_on(&mut self) -> Result<(), StepError> {
        tracing::info!(organization.id = %self.lease.organization, "messages of a service account go on");
        (self.pause, self.pause_is_news) = (None, true);
        (self.careful, self.more) = (true, true);
        self.write_pause().await
    }

    /// Writes the pause, or its end, and tells those who watch what waits for it.
    async fn write_pause(&mut self) -> Result<(), StepError> {
        let unit = self.begin_unit().await?;
        self.add_pause(&unit).await?;
        self.commit(unit).await?;
        self.pause_is_news = false;
        self.tools().bus.nudge(crate::bus::Nudge::Changes);
        Ok(())
    }

    /// The same as a part of a unit.
    pub(super) async fn add_pause(&self, unit: &Unit) -> Result<(), StoreError> {
        unit.pause_outbox(&self.lease, self.pause.as_ref(), self.probe_at).await?;
        unit.set_used_quota(&self.lease, &self.quota).await?;
        unit.tell_open(self.lease.outbox).await
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
