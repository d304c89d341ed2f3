//! How far a notification is, as it is shown: what its row says, and whether its outbox holds it up.

use super::clock::Millis;
use super::ids::NotificationId;
use super::notification::{Counts, Notification, Pause, Stop};

/// The word for one that is held up.
pub const PAUSED: &str = "paused";

/// How far a notification is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Which one.
    pub id: NotificationId,
    /// The contract's word: that of its row, or `paused`.
    pub state: &'static str,
    /// Why it is held up, or why the rest of it was not sent, as a stable word.
    pub reason: Option<String>,
    /// When it goes on by itself, at the latest.
    pub resumes_at: Option<Millis>,
    /// How many deliveries are in which state.
    pub counts: Counts,
    /// Whether nothing follows by itself, but receipts.
    pub over: bool,
}

impl Progress {
    /// How far it is at this instant, where its outbox is held up like this.
    pub fn of(notification: &Notification, pause: Option<&Pause>, now: Millis) -> Self {
        let waits = !notification.state.is_over() && notification.send_at <= now;
        let pause = pause.filter(|pause| waits && pause.holds(notification.priority, now));
        // That it was called off is what its state says.
        let stopped = notification.stopped.filter(|&stop| stop != Stop::Cancelled);
        let counts = notification.counts;
        Self {
            id: notification.id,
            state: pause.map_or(notification.state.name(), |_| PAUSED),
            reason: pause
                .map(|pause| pause.reason.clone())
                .or_else(|| stopped.map(|stop| stop.name().into())),
            resumes_at: pause.map(|pause| pause.resumes_at),
            counts,
            over: notification.state.is_over() && counts.pending == 0 && counts.sending == 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{AppId, OrgId};
    use crate::domain::notification::{Audience, Channel, NotificationState, Outbox, Priority};
    use uuid::Uuid;

    fn notification(state: NotificationState) -> Notification {
        Notification {
            id: NotificationId(Uuid::nil()),
            organization: OrgId(Uuid::nil()),
            app: AppId(Uuid::nil()),
            outbox: Outbox(Uuid::nil()),
            channel: Channel::Wechat,
            template: None,
            data: "{}".into(),
            url: None,
            audience: Audience::All(true),
            priority: Priority::Normal,
            state,
            stopped: None,
            send_at: Millis(10),
            expires_at: None,
            position: None,
            counts: Counts::default(),
            created_by: String::new(),
            created_at: Millis(0),
            finished_at: None,
        }
    }

    #[test]
    fn a_pause_shows_on_what_is_due_and_not_over() {
        use NotificationState::{Cancelled, Done, Expanding, Queued, Sending};
        let pause = Pause { reason: "daily_quota".into(), resumes_at: Millis(100) };
        let at = |state, now| Progress::of(&notification(state), Some(&pause), Millis(now)).state;
        for state in [Queued, Expanding, Sending] {
            assert_eq!((at(state, 9), at(state, 10), at(state, 100)), (state.name(), PAUSED, state.name()));
        }
        assert_eq!((at(Done, 50), at(Cancelled, 50)), ("done", "cancelled"));
        let shown = Progress::of(&notification(Sending), Some(&pause), Millis(50));
        assert_eq!((shown.reason.as_deref(), shown.resumes_at), (Some("daily_quota"), Some(Millis(100))));
        let urgent = Notification { priority: Priority::Urgent, ..notification(Sending) };
        let reserved = Pause { reason: "daily_reserve".into(), ..pause };
        assert_eq!(Progress::of(&urgent, Some(&reserved), Millis(50)).state, "sending");
    }

    #[test]
    fn it_is_over_when_nothing_waits_and_says_why_the_rest_was_not_sent() {
        let mut gone = notification(NotificationState::Done);
        gone.stopped = Some(Stop::TemplateGone);
        let shown = Progress::of(&gone, None, Millis(50));
        assert_eq!((shown.over, shown.reason.as_deref()), (true, Some("template_gone")));
        let mut cancelled = notification(NotificationState::Cancelled);
        (cancelled.stopped, cancelled.counts.pending) = (Some(Stop::Cancelled), 2);
        let shown = Progress::of(&cancelled, None, Millis(50));
        assert_eq!((shown.over, shown.reason), (false, None));
    }
}
