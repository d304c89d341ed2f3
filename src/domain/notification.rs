//! Notifications: one order to tell an audience something, and how far it has come.

use serde::{Deserialize, Serialize};

use super::clock::Millis;
use super::delivery::DeliveryState;
use super::ids::{AppId, NotificationId, OrgId};

/// Ways to reach people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// A template message of the service account, to followers.
    Wechat,
    /// A message in the inbox of a member or collaborator.
    StationMessage,
    /// An approval in the inbox.
    Approval,
    /// A form to fill in, in the inbox.
    FillIn,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 4] = [Self::Wechat, Self::StationMessage, Self::Approval, Self::FillIn];

    /// The contract's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Wechat => "wechat",
            Self::StationMessage => "station_message",
            Self::Approval => "approval",
            Self::FillIn => "fill_in",
        }
    }

    /// Reads the contract's word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| channel.name() == name)
    }
}

/// What goes first: everything urgent before anything normal, that before anything in bulk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// At once, and with a share of the day's quota kept for it.
    Urgent,
    /// In its turn.
    Normal,
    /// When nothing else waits.
    Bulk,
}

impl Priority {
    /// Every priority, the first one first.
    pub const ALL: [Self; 3] = [Self::Urgent, Self::Normal, Self::Bulk];

    /// The contract's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Urgent => "urgent",
            Self::Normal => "normal",
            Self::Bulk => "bulk",
        }
    }

    /// Reads the contract's word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|priority| priority.name() == name)
    }

    /// Its number in rows: the lower, the sooner.
    pub fn lane(self) -> i16 {
        match self {
            Self::Urgent => 0,
            Self::Normal => 1,
            Self::Bulk => 2,
        }
    }

    /// Reads the number of a row.
    pub fn from_lane(lane: i16) -> Option<Self> {
        Self::ALL.into_iter().find(|priority| priority.lane() == lane)
    }
}

/// What a notification's row says it is at; `paused` is no row's word but its outbox's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotificationState {
    /// Stored.
    Queued,
    /// Being spread over its audience.
    Expanding,
    /// Everybody has a delivery, and some wait to be sent.
    Sending,
    /// Nothing is left to send.
    Done,
    /// Called off: what was not yet being sent is not sent.
    Cancelled,
}

impl NotificationState {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Queued, Self::Expanding, Self::Sending, Self::Done, Self::Cancelled];

    /// The contract's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Expanding => "expanding",
            Self::Sending => "sending",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads the contract's word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether nothing more is sent.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Cancelled)
    }
}

/// Why the rest of a notification is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A backend called it off.
    Cancelled,
    /// Its time is over.
    Expired,
    /// WeChat does not know the template any more (40036, 40037).
    TemplateGone,
    /// WeChat has banned the template (43116).
    TemplateBanned,
    /// WeChat refuses the message itself, whoever it is for (47003 and its like).
    MessageRefused,
    /// The service account was unbound.
    Unbound,
    /// A backup was put back, and somebody may have been told since it was taken of whom it does not know.
    Restored,
}

impl Stop {
    const ALL: [Self; 7] = [
        Self::Cancelled,
        Self::Expired,
        Self::TemplateGone,
        Self::TemplateBanned,
        Self::MessageRefused,
        Self::Unbound,
        Self::Restored,
    ];

    /// Its word, also as the reason of what was not sent for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::TemplateGone => "template_gone",
            Self::TemplateBanned => "template_banned",
            Self::MessageRefused => "message_refused",
            Self::Unbound => "service_account_unbound",
            Self::Restored => "restored",
        }
    }

    /// Reads the word of a row.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stop| stop.name() == name)
    }

    /// What becomes of a delivery that was not yet being sent; nothing where only nobody is added any more.
    pub fn ends_as(self) -> Option<DeliveryState> {
        match self {
            Self::Cancelled | Self::Expired => Some(DeliveryState::Skipped),
            Self::TemplateGone | Self::TemplateBanned | Self::MessageRefused | Self::Unbound => {
                Some(DeliveryState::Failed)
            }
            Self::Restored => None,
        }
    }
}

/// Who is told, in the words of the contract; its JSON is the same in requests and rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Audience {
    /// These users, by their ids.
    Users(Vec<String>),
    /// Everybody with this role, by its id.
    Role(String),
    /// Everybody in this department, by its id.
    Department(String),
    /// Everybody of the app; always true.
    All(bool),
    /// Everybody who follows the service account; always [`EVERYBODY`].
    Followers(String),
    /// These people at the service account.
    Openids(Vec<String>),
    /// All members of the organization; always [`EVERYBODY`].
    Members(String),
}

/// The one word of [`Audience::Followers`] and [`Audience::Members`].
pub const EVERYBODY: &str = "all";

/// How many deliveries are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Waiting.
    pub pending: i32,
    /// Being sent.
    pub sending: i32,
    /// Taken by WeChat.
    pub sent: i32,
    /// Arrived.
    pub delivered: i32,
    /// Taken by WeChat, and not delivered.
    pub rejected: i32,
    /// Not sent, for a reason that was known before.
    pub skipped: i32,
    /// Not sent, and not tried again.
    pub failed: i32,
    /// Perhaps sent, and too old to repeat safely.
    pub uncertain: i32,
}

impl Counts {
    /// The count of a state.
    pub fn of(&mut self, state: DeliveryState) -> &mut i32 {
        match state {
            DeliveryState::Pending => &mut self.pending,
            DeliveryState::Sending => &mut self.sending,
            DeliveryState::Sent => &mut self.sent,
            DeliveryState::Delivered => &mut self.delivered,
            DeliveryState::Rejected => &mut self.rejected,
            DeliveryState::Skipped => &mut self.skipped,
            DeliveryState::Failed => &mut self.failed,
            DeliveryState::Uncertain => &mut self.uncertain,
        }
    }

    /// Counts `many` deliveries that went from one state to another; a new one comes from none.
    pub fn went(&mut self, from: Option<DeliveryState>, to: DeliveryState, many: i32) {
        if let Some(from) = from {
            *self.of(from) -= many;
        }
        *self.of(to) += many;
    }

    /// All of them.
    pub fn total(&self) -> i32 {
        let Self { pending, sending, sent, delivered, rejected, skipped, failed, uncertain } = self;
        pending + sending + sent + delivered + rejected + skipped + failed + uncertain
    }
}

/// A notification, as its row is.
#[derive(Clone, Debug)]
pub struct Notification {
    /// Its id.
    pub id: NotificationId,
    /// Whose.
    pub organization: OrgId,
    /// Of which app.
    pub app: AppId,
    /// Which outbox it goes out by.
    pub outbox: Outbox,
    /// How it reaches people.
    pub channel: Channel,
    /// WeChat's id of the template; for inboxes a word for the client, if any.
    pub template: Option<String>,
    /// The fields, as a JSON object of texts.
    pub data: String,
    /// What a tap opens.
    pub url: Option<String>,
    /// Who is told.
    pub audience: Audience,
    /// What goes first.
    pub priority: Priority,
    /// What it is at.
    pub state: NotificationState,
    /// Why the rest of it is not sent, if so.
    pub stopped: Option<Stop>,
    /// Not before.
    pub send_at: Millis,
    /// Not after.
    pub expires_at: Option<Millis>,
    /// Behind whom spreading goes on.
    pub position: Option<String>,
    /// How many deliveries are in which state.
    pub counts: Counts,
    /// The key that ordered it.
    pub created_by: String,
    /// When it was ordered.
    pub created_at: Millis,
    /// When nothing was left to send.
    pub finished_at: Option<Millis>,
}

impl Notification {
    /// Whether it came too late.
    pub fn expired(&self, now: Millis) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }
}

/// What messages go out by: a service account, or an organization's way into inboxes. Its id is that of one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Outbox(pub uuid::Uuid);

impl std::fmt::Display for Outbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Why nothing goes out for a while.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// A stable word: one of those below, or what is wrong with the account.
    pub reason: String,
    /// When it goes on by itself, at the latest.
    pub resumes_at: Millis,
}

impl Pause {
    /// The calls of the day are used up.
    pub const DAILY_QUOTA: &'static str = "daily_quota";
    /// What is left of the day's calls is kept for urgent messages.
    pub const DAILY_RESERVE: &'static str = "daily_reserve";
    /// The calls of the minute are used up.
    pub const MINUTE_QUOTA: &'static str = "minute_quota";

    /// Whether it holds up messages of this priority at this instant.
    pub fn holds(&self, priority: Priority, now: Millis) -> bool {
        now < self.resumes_at && !(self.reason == Self::DAILY_RESERVE && priority == Priority::Urgent)
    }
}

/// Days of WeChat's quotas. WeChat does not promise when its day begins; midnight in Beijing (UTC+8) is what is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuotaDay(pub i32);

impl QuotaDay {
    const LENGTH: i64 = 24 * 3_600 * 1_000;
    const BEIJING: i64 = 8 * 3_600 * 1_000;

    /// The day of an instant.
    pub fn of(now: Millis) -> Self {
        Self(i32::try_from((now.0 + Self::BEIJING).div_euclid(Self::LENGTH)).unwrap_or(i32::MAX))
    }

    /// Its first instant.
    pub fn begins_at(self) -> Millis {
        Millis(i64::from(self.0) * Self::LENGTH - Self::BEIJING)
    }

    /// The first instant of the next day.
    pub fn ends_at(self) -> Millis {
        Self(self.0 + 1).begins_at()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_reads_back() {
        for channel in Channel::ALL {
            assert_eq!(Channel::from_name(channel.name()), Some(channel));
        }
        for priority in Priority::ALL {
            assert_eq!(Priority::from_name(priority.name()), Some(priority));
            assert_eq!(Priority::from_lane(priority.lane()), Some(priority));
        }
        for state in NotificationState::ALL {
            assert_eq!(NotificationState::from_name(state.name()), Some(state));
        }
        for stop in Stop::ALL {
            assert_eq!(Stop::from_name(stop.name()), Some(stop));
        }
    }

    #[test]
    fn an_audience_is_written_in_the_words_of_the_contract() {
        for (audience, text) in [
            (Audience::Users(vec!["usr_1".into()]), r#"{"users":["usr_1"]}"#),
            (Audience::All(true), r#"{"all":true}"#),
            (Audience::Followers(EVERYBODY.into()), r#"{"followers":"all"}"#),
            (Audience::Openids(vec![]), r#"{"openids":[]}"#),
        ] {
            assert_eq!(serde_json::to_string(&audience).unwrap(), text);
            assert_eq!(serde_json::from_str::<Audience>(text).unwrap(), audience);
        }
        assert!(serde_json::from_str::<Audience>(r#"{"all":true,"users":[]}"#).is_err());
    }

    #[test]
    fn counts_move_from_state_to_state() {
        let mut counts = Counts::default();
        counts.went(None, DeliveryState::Pending, 3);
        counts.went(Some(DeliveryState::Pending), DeliveryState::Sending, 2);
        counts.went(Some(DeliveryState::Sending), DeliveryState::Sent, 1);
        assert_eq!((counts.pending, counts.sending, counts.sent, counts.total()), (1, 1, 1, 3));
    }

    #[test]
    fn urgent_messages_pass_a_pause_of_the_others_only() {
        let pause = |reason: &str| Pause { reason: reason.into(), resumes_at: Millis(10) };
        assert!(pause(Pause::DAILY_QUOTA).holds(Priority::Urgent, Millis(9)));
        assert!(!pause(Pause::DAILY_RESERVE).holds(Priority::Urgent, Millis(9)));
        assert!(pause(Pause::DAILY_RESERVE).holds(Priority::Bulk, Millis(9)));
        assert!(!pause(Pause::DAILY_RESERVE).holds(Priority::Bulk, Millis(10)));
    }

    #[test]
    fn quota_days_begin_at_midnight_in_beijing() {
        let before = Millis::from_rfc3339("2026-11-22T15:59:59.999Z").unwrap();
        let day = QuotaDay::of(before);
        assert_eq!(day.ends_at().rfc3339(), "2026-11-22T16:00:00.000Z");
        assert_eq!(day.begins_at().rfc3339(), "2026-11-21T16:00:00.000Z");
        assert_eq!(QuotaDay::of(day.ends_at()), QuotaDay(day.0 + 1));
    }
}
